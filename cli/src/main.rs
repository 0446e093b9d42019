//! The `q4` program: runs, checks and shows the kernels of q4-kernel.
#![forbid(unsafe_code)]

mod accuracy;
mod adapter;
mod architecture;
mod cli;
mod commands;
mod data;
mod failure;
mod grouping;
mod measure;
mod memory;
mod names;
mod output;
mod published;
mod reasons;
mod serving;
mod tables;
#[cfg(test)]
mod testing;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use crate::failure::Failure;

fn main() -> ExitCode {
    let arguments = cli::Cli::read();
    let mut out = io::stdout().lock();
    let ended = commands::run(&arguments.command, &mut out).and_then(|ending| {
        out.flush()?;
        Ok(ending)
    });
    match ended {
        Ok(ending) => ending.into(),
        // Whoever reads the output has seen enough.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            // Where even stderr is closed, the exit code alone has to tell.
            let _ = writeln!(io::stderr(), "error: {failure}");
            ExitCode::from(2)
        }
    }
}
