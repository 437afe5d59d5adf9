//! The command line of lookout: parse, dispatch, and end every failure in one sentence.

use std::error::Error;
use std::io::{IsTerminal, stderr};
use std::process::ExitCode;

use clap::Parser;
use lookout::cli::{self, Cli, Command};
use lookout::config::{ConfigError, SAMPLE};
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match dispatch(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&*error);
            ExitCode::from(2)
        }
    }
}

fn dispatch(cli: Cli) -> Result<(), Box<dyn Error>> {
    match cli.command {
        Some(Command::Check { file }) => {
            println!("{}", cli::check(&file.unwrap_or_else(|| cli.run.file()))?);
        }
        Some(Command::Sample) => print!("{SAMPLE}"),
        None => {
            log();
            lookout::run::run(&cli.run)?;
        }
    }
    Ok(())
}

/// Writes what happens to the standard error output; `RUST_LOG` chooses what.
fn log() {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("info,landspout::access=warn"));
    let colours = stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr).with_ansi(colours).init();
}

/// Mistakes in a file stand for themselves; one sentence after them sums up.
fn report(error: &(dyn Error + 'static)) {
    match error.downcast_ref() {
        Some(ConfigError::Mistakes(mistakes)) => {
            let count = mistakes.iter().len();
            let noun = if count == 1 { "mistake" } else { "mistakes" };
            eprintln!("{mistakes}\n\nlookout: {} has {count} {noun}", mistakes.file());
        }
        _ => eprintln!("lookout: {error}"),
    }
}
