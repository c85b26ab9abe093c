//! `corspec init`: a `corspec.toml` to start from.

use std::io::{self, Write as _};
use std::path::Path;

use clap::Args;

use crate::config::{EXAMPLE, FILE_NAME};
use crate::exit::Exit;
use crate::whole_file;

/// Write a corspec.toml to start from into this folder.
///
/// It describes your own server: where it is, what it is meant to allow, and which of its paths
/// stand for what scenarios ask; every key is explained beside it. `corspec run` in this folder
/// then asks that server.
#[derive(Args, Debug)]
pub(super) struct InitArgs {
    /// Write it also where there is one already, which is lost.
    #[arg(long)]
    force: bool,
}

/// Runs the command.
pub(super) fn command(args: &InitArgs) -> Exit {
    let path = Path::new(FILE_NAME);
    if !args.force && path.symlink_metadata().is_ok() {
        eprintln!("error: there is a {FILE_NAME} here already; `--force` replaces it");
        return Exit::Usage;
    }
    if let Err(error) = whole_file::write(path, EXAMPLE) {
        eprintln!("error: cannot write {FILE_NAME}: {error}");
        return Exit::Output;
    }
    let next = "say in it where your server is and what it allows, then `corspec run`";
    match writeln!(io::stdout(), "written: {FILE_NAME}; {next}") {
        Ok(()) => Exit::Expected,
        Err(_) => Exit::Output,
    }
}
