//! Keeping a server on Linux.

use std::ffi::OsString;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::{env, fs, thread};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, WaitStatus, getpgid, getpgrp, getpid, kill_process,
    pidfd_open, pidfd_send_signal, set_child_subreaper, set_parent_process_death_signal, wait,
};
use signal_hook::consts::SIGTERM;
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use super::{CANNOT_RUN, NEVER_STARTED, exec_now, gate};
use crate::guardian::ARGUMENT;

/// The number of the last signal that there is (`signal(7)`).
const LAST_SIGNAL: i32 = 64;

/// The signals that a keeper needs no handler for, or can have none: those that end no process by
/// default, those that nobody can handle, the one that Rust ignores but for children, and a fault's,
/// which would come again from a handler without end.
const UNHANDLED: [Signal; 14] = [
    Signal::CHILD,
    Signal::CONT,
    Signal::URG,
    Signal::WINCH,
    Signal::TSTP,
    Signal::TTIN,
    Signal::TTOU,
    Signal::KILL,
    Signal::STOP,
    Signal::PIPE,
    Signal::ILL,
    Signal::FPE,
    Signal::SEGV,
    Signal::BUS,
];

/// How long a keeper may take to kill all that it keeps.
const CLEARING: Timespec = Timespec { tv_sec: 5, tv_nsec: 0 };

/// Starts the program that `arguments` name once a byte arrives on standard input, and keeps it.
pub(crate) fn keep(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    if gate().is_err() {
        return ExitCode::from(NEVER_STARTED);
    }
    match kept(arguments) {
        Ok(status) => end_as(status),
        Err(error) => {
            eprintln!("could not be started under a keeper: {error}");
            ExitCode::from(CANNOT_RUN)
        }
    }
}

/// What the keeper's child does: becomes the program that `arguments` name, and dies with the keeper.
pub(crate) fn follow(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    match (arguments.next(), set_parent_process_death_signal(Some(Signal::KILL))) {
        (Some(program), Ok(())) => exec_now(&program, arguments),
        _ => ExitCode::from(CANNOT_RUN),
    }
}

/// Waits until the keeper, which nobody has reaped, has killed all that it keeps and ended, or is out of time.
pub(crate) fn await_end(keeper: Pid) {
    let Ok(keeper) = pidfd_open(keeper, PidfdFlags::empty()) else { return };
    // An interrupted wait is a shorter one.
    let _ = poll(&mut [PollFd::new(&keeper, PollFlags::IN)], Some(&CLEARING));
}

/// Runs the program to its end and kills what it leaves. How it ended.
fn kept(arguments: impl Iterator<Item = OsString>) -> io::Result<WaitStatus> {
    set_child_subreaper(Some(getpid()))?;
    let signals = handled()?;
    let mut command = Command::new(env::current_exe()?);
    command.args([ARGUMENT, "follow"]).args(arguments).stdin(Stdio::null());
    let server = Pid::from_child(&command.spawn()?);
    // Not reaped yet, so that this is the server and nobody else.
    let handle = Arc::new(pidfd_open(server, PidfdFlags::empty())?);
    thread::spawn({
        let handle = Arc::clone(&handle);
        move || kill_at_end_of_pipe(&handle)
    });
    thread::spawn(move || pass_on(signals, server, &handle));
    let ended = loop {
        if let Some((child, status)) = wait_for_any()?
            && child == server
        {
            break status;
        }
    };
    kill_the_rest();
    Ok(ended)
}

/// Has no signal end the keeper that the whole group gets: TERM from the run, and what a server sends
/// to its own group. They are handled and not ignored, so that the server finds each as by default.
fn handled() -> io::Result<Signals> {
    let signals = Signals::new([SIGTERM])?;
    let is_unhandled = |number: i32| UNHANDLED.iter().any(|it| it.as_raw() == number);
    for number in (1..=LAST_SIGNAL).filter(|it| !is_unhandled(*it)) {
        // An error is that the C library keeps it to itself.
        let _ = signals.add_signal(number);
    }
    Ok(signals)
}

fn kill_at_end_of_pipe(server: impl AsFd) {
    let _ = io::stdin().read_to_end(&mut Vec::new());
    let _ = pidfd_send_signal(server, Signal::KILL);
}

/// Sends TERM on to a server that has left the group.
fn pass_on(mut signals: Signals, server: Pid, handle: &OwnedFd) {
    for _ in signals.forever().filter(|it| *it == SIGTERM) {
        if getpgid(Some(server)).is_ok_and(|group| group != getpgrp()) {
            let _ = pidfd_send_signal(handle, Signal::TERM);
        }
    }
}

/// Reaps the next child that ends, an adopted one too; an error where there is no child.
fn wait_for_any() -> io::Result<Option<(Pid, WaitStatus)>> {
    loop {
        match wait(WaitOptions::empty()) {
            Err(Errno::INTR) => {}
            other => return Ok(other?),
        }
    }
}

/// Kills all children, and theirs, which become ours as they are orphaned, until there is none.
fn kill_the_rest() {
    // Not reaped yet, so that a number is a child's and nobody else's.
    while !matches!(wait(WaitOptions::NOHANG), Err(Errno::CHILD)) {
        let killed = children().filter(|child| kill_process(*child, Signal::KILL).is_ok()).count();
        if killed == 0 || wait_for_any().is_err() {
            break;
        }
    }
}

/// The children of this process.
fn children() -> impl Iterator<Item = Pid> {
    let own = getpid();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter_map(Pid::from_raw).filter(move |process| parent(*process) == Some(own))
}

/// The parent of a process: the fourth field of its `stat` (`proc_pid_stat(5)`). The second is the
/// name in parentheses, in which anything may be.
fn parent(process: Pid) -> Option<Pid> {
    let stat = fs::read(format!("/proc/{process}/stat")).ok()?;
    let name_ends = stat.iter().rposition(|byte| *byte == b')')?;
    let rest = std::str::from_utf8(stat.get(name_ends + 1..)?).ok()?;
    Pid::from_raw(rest.split_ascii_whitespace().nth(1)?.parse().ok()?)
}

/// Ends as the server did.
fn end_as(status: WaitStatus) -> ExitCode {
    if let Some(signal) = status.terminating_signal() {
        // Returns only where the signal is none that ends a process.
        let _ = emulate_default_handler(signal);
    }
    ExitCode::from(status.exit_status().and_then(|it| u8::try_from(it).ok()).unwrap_or(u8::MAX))
}
