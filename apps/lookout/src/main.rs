//! The command line of lookout: parse, dispatch, and end every failure in one sentence.

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use lookout::cli::{self, Cli, Command};
use lookout::config::{ConfigError, SAMPLE};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Some(Command::Check { file }) => {
            cli::check(&file.unwrap_or_else(|| cli.run.file())).map(|found| println!("{found}"))
        }
        Some(Command::Sample) => {
            print!("{SAMPLE}");
            Ok(())
        }
        _ => Cli::command().error(ErrorKind::MissingSubcommand, "a command is needed").exit(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error);
            ExitCode::from(2)
        }
    }
}

/// Mistakes in a file stand for themselves; one sentence after them sums up.
fn report(error: &ConfigError) {
    match error {
        ConfigError::Mistakes(mistakes) => {
            let count = mistakes.iter().len();
            let noun = if count == 1 { "mistake" } else { "mistakes" };
            eprintln!("{mistakes}\n\nlookout: {} has {count} {noun}", mistakes.file());
        }
        error => eprintln!("lookout: {error}"),
    }
}
