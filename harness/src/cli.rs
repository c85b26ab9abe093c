//! The command line: one subcommand a module.

mod browsers;
mod diff;
mod explain;
mod fetch;
mod init;
mod list;
mod mutants;
mod prepare;
mod print;
mod record;
mod run;
mod serve;
mod targets;
mod version;

use std::time::Duration;

use clap::{Parser, Subcommand};

use crate::exit::Exit;

/// A browser-compatible CORS conformance suite for servers.
#[derive(Debug, Parser)]
#[command(name = "corspec", version, about, max_term_width = 100, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Browsers(Box<browsers::BrowsersArgs>),
    Diff(diff::DiffArgs),
    Explain(explain::ExplainArgs),
    Fetch(Box<fetch::FetchArgs>),
    Init(init::InitArgs),
    List(list::ListArgs),
    Mutants(mutants::MutantsArgs),
    Run(Box<run::RunArgs>),
    Serve(serve::ServeArgs),
    Targets(targets::TargetsArgs),
}

impl Cli {
    /// Runs the chosen subcommand and says how it ended.
    pub async fn run(self) -> Exit {
        match self.command {
            Command::Browsers(args) => browsers::command(&args).await,
            Command::Diff(args) => diff::command(&args),
            Command::Explain(args) => explain::command(&args),
            Command::Fetch(args) => fetch::run(*args).await,
            Command::Init(args) => init::command(&args),
            Command::List(args) => list::command(&args),
            Command::Mutants(args) => mutants::command(args).await,
            Command::Run(args) => run::command(*args).await,
            Command::Serve(args) => serve::command(&args).await,
            Command::Targets(args) => targets::command(&args),
        }
    }
}

/// A number of seconds above 0.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().filter(|it| *it > 0.0);
    seconds
        .and_then(|it| Duration::try_from_secs_f64(it).ok())
        .ok_or_else(|| String::from("give a number of seconds above 0"))
}
