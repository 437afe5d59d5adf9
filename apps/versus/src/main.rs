//! landspout beside what its users would otherwise pick: `versus list`, `versus run`,
//! `versus report`.
//!
//! The README says what is measured and how; each room here does one part of it:
//!
//! | room | what is in it |
//! |---|---|
//! | `catalogue`, `scenario` | who is compared, and in what |
//! | `program`, `server` | a peer as a program, and as a process pinned to its core |
//! | `exchange`, `verify` | requests by hand, and whether all peers answer the same |
//! | `turns`, `round`, `wrk`, `h2load`, `driver` | load from the other core, and what it cost the peer |
//! | `counts`, `callgrind`, `syscalls` | what one request costs, counted instead of timed |
//! | `footprint` | memory of idle connections, start-up, size of the programs |
//! | `curves` | how cost grows |
//! | `results`, `machine`, `report` | what was found, where, and the tables of it |

mod cli;

mod catalogue;
mod scenario;

mod program;
mod server;
mod syscalls;
mod usage;

mod exchange;
mod footprint;
mod h2load;
mod verify;

mod driver;
mod round;
mod wrk;

mod callgrind;
mod counts;
mod curves;

mod machine;
mod results;

mod report;
mod run;
mod turns;

use anyhow::Result;
use clap::Parser;
use cli::{Arguments, Command};

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::List => run::list(),
        Command::Run(options) => run::run(&options),
        Command::Report(options) => report::report(&options),
    }
}
