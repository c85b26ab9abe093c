//! The `corspec` binary: parse, run, map to an exit code.

use std::io::{self, Write as _};
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;

use clap::Parser as _;
use corspec::cli::Cli;
use corspec::exit::Exit;
use corspec_targets::guardian;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == guardian::ARGUMENT) {
        return guardian::run(arguments);
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Expected };
            return match error.print() {
                Ok(()) => ExitCode::from(exit.code()),
                Err(_) => ExitCode::from(Exit::Output.code()),
            };
        }
    };
    ExitCode::from(exit(cli).code())
}

/// Runs the command; a panic, whose words are printed by then, is a fault of ours.
fn exit(cli: Cli) -> Exit {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            // Where standard error is gone, the exit code still says it.
            let _ = writeln!(io::stderr(), "error: failed to start the runtime: {error}");
            return Exit::Fault;
        }
    };
    let exit = panic::catch_unwind(AssertUnwindSafe(|| runtime.block_on(cli.run())));
    // Without waiting: a thread may be waiting for a lock that another run holds.
    runtime.shutdown_background();
    exit.unwrap_or(Exit::Fault)
}
