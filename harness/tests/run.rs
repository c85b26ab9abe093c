//! `corspec run` and `corspec serve`: their exit codes, targets that misbehave in the middle of it, and what is left of
//! a run that is interrupted or killed: nothing.
//!
//! The targets are this same executable under other arguments, as [`server`] describes.

use std::env;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

#[path = "run/exits.rs"]
mod exits;
#[path = "run/interrupted.rs"]
mod interrupted;
#[path = "run/misbehaving.rs"]
mod misbehaving;
#[path = "run/project.rs"]
mod project;
#[path = "run/serve.rs"]
mod serve;
#[path = "run/server.rs"]
mod server;

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    if arguments.next().is_some_and(|it| it == server::ARGUMENT) {
        return server::serve();
    }
    let trials: Vec<Trial> = exits::trials()
        .into_iter()
        .chain(misbehaving::trials())
        .chain(interrupted::trials())
        .chain(serve::trials())
        .collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
