//! The `corspec` binary: parse, run, map to an exit code.

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
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => ExitCode::from(runtime.block_on(cli.run()).code()),
        Err(error) => {
            eprintln!("error: failed to start the runtime: {error}");
            ExitCode::from(Exit::Fault.code())
        }
    }
}
