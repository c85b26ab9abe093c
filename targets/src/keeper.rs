//! The keeper: the parent of a server, from which nothing that the server starts gets away.
//!
//! A process leaves its group by `setsid`, as daemons do, and a signal to the group does not reach
//! it any more. So the parent of a server is a process of ours, in the server's group, to which the
//! kernel gives every orphan among its descendants (a child subreaper, `prctl(2)`). When the server
//! ends, or the run's end of the pipe on the keeper's standard input closes, it kills all that is
//! left, and ends as the server did. It lives through what a server sends to its own group, as those
//! do that have their workers reload; should it be killed, the server dies with it.
//!
//! Only Linux has this. Elsewhere a gated process becomes the server itself.

use std::ffi::OsString;
use std::io::{self, Read};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode, Stdio};

#[cfg(target_os = "linux")]
mod linux;

#[cfg(target_os = "linux")]
pub(crate) use linux::{await_end, follow, keep};

/// Whether servers have a keeper on this system.
pub(crate) const KEEPS: bool = cfg!(target_os = "linux");

/// The exit status of a gated process whose pipe closed without the byte that it waited for.
const NEVER_STARTED: u8 = 125;

/// The exit status of a process whose program cannot be run, as a shell's.
const CANNOT_RUN: u8 = 127;

/// Becomes the program that `arguments` name, once a byte arrives on standard input.
pub(crate) fn exec(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    match (arguments.next(), gate()) {
        (Some(program), Ok(())) => exec_now(&program, arguments),
        _ => ExitCode::from(NEVER_STARTED),
    }
}

/// Waits for the byte that says that the guardian knows this process.
fn gate() -> io::Result<()> {
    io::stdin().read_exact(&mut [0])
}

fn exec_now(program: &OsString, arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let error = Command::new(program).args(arguments).stdin(Stdio::null()).exec();
    eprintln!("could not run `{}`: {error}", program.display());
    ExitCode::from(CANNOT_RUN)
}
