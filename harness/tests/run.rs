//! `corspec run` and `corspec serve`: their exit codes, targets that misbehave in the middle of it, and what is left of
//! a run that is interrupted or killed: nothing. And a user's own server in the place of a target.
//!
//! The servers are this same executable under other arguments, as [`server`] and [`own_server`]
//! describe.

use std::env;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

#[path = "run/exits.rs"]
mod exits;
#[path = "run/interrupted.rs"]
mod interrupted;
#[path = "run/mend.rs"]
mod mend;
#[path = "run/misbehaving.rs"]
mod misbehaving;
#[path = "run/order.rs"]
mod order;
#[path = "run/own.rs"]
mod own;
#[path = "run/own_server.rs"]
mod own_server;
#[path = "run/project.rs"]
mod project;
#[path = "run/reach.rs"]
mod reach;
#[path = "run/serve.rs"]
mod serve;
#[path = "run/server.rs"]
mod server;
#[path = "run/version.rs"]
mod version;

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    match arguments.next().as_deref().and_then(|it| it.to_str()) {
        Some(server::ARGUMENT) => return server::serve(),
        Some(own_server::ARGUMENT) => {
            return own_server::serve(arguments.filter_map(|it| it.into_string().ok()));
        }
        Some(_) | None => {}
    }
    let trials: Vec<Trial> = exits::trials()
        .into_iter()
        .chain(misbehaving::trials())
        .chain(interrupted::trials())
        .chain(order::trials())
        .chain(serve::trials())
        .chain(own::trials())
        .chain(reach::trials())
        .chain(version::trials())
        .chain(mend::trials())
        .collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
