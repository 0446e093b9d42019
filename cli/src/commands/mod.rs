//! One file a command.

mod accuracy;
mod bench;
mod check;
mod convert;
mod demo;
mod doctor;
pub(crate) mod emulate;
mod explain;
mod export;
mod inspect;
mod list;
mod report;
mod show;
mod tune;
mod verify;

use std::io::Write;

use crate::{
    cli::Command,
    failure::{Ending, Failure},
};

/// Runs a command. What it has to say goes to `out`; a failure is left to the caller to print.
pub(crate) fn run(command: &Command, out: &mut impl Write) -> Result<Ending, Failure> {
    match command {
        Command::Demo(arguments) => demo::run(arguments, out),
        Command::Doctor(arguments) => doctor::run(arguments, out),
        Command::Check(arguments) => check::run(arguments, out),
        Command::Bench(arguments) => bench::run(arguments, out),
        Command::Tune(arguments) => tune::run(arguments, out),
        Command::List(arguments) => list::run(arguments, out),
        Command::Show(arguments) => show::run(arguments, out),
        Command::Report(arguments) => report::run(arguments, out),
        Command::Explain(arguments) => explain::run(arguments, out),
        Command::Export(arguments) => export::run(arguments, out),
        Command::Verify(arguments) => verify::run(arguments, out),
        Command::Emulate(arguments) => emulate::run(arguments, out),
        Command::Inspect(arguments) => inspect::run(arguments, out),
        Command::Convert(arguments) => convert::run(arguments, out),
        Command::Accuracy(arguments) => accuracy::run(arguments, out),
    }
}
