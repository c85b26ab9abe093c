//! Processes that leave their group by `setsid`, as daemons do, and do not outlive the run either; and
//! servers that send signals to it.

use std::io::{self, BufRead, BufReader};
use std::os::unix::net::UnixListener;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::{env, fs};

use corspec_targets::launch::Stopped;
use corspec_targets::process::Exit;
use libtest_mimic::Trial;
use rustix::process::{Pid, Signal, kill_process, setsid};
use signal_hook::consts::{SIGABRT, SIGALRM, SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2};
use signal_hook::flag;

use super::{
    Check, assert_gone, block_on, connect, connect_to, hold_open, launched, on_term,
    outlived_by_nothing, running,
};

/// The socket that the process that ran away holds open.
const SOCKET: &str = "away";

/// A signal without a name of its own, which every C library leaves to programs.
const REAL_TIME: i32 = 40;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("a_process_that_left_the_group_ends_with_the_server", stopped),
        Trial::test("a_process_that_left_the_group_ends_when_the_server_dies", died),
        Trial::test("a_process_that_left_the_group_does_not_outlive_the_run", || {
            outlived_by_nothing("parent", SOCKET, false)
        }),
        Trial::test("a_process_that_left_the_group_does_not_outlive_a_killed_run", || {
            outlived_by_nothing("parent", SOCKET, true)
        }),
        Trial::test("a_server_that_left_the_group_is_asked_to_end", asked_to_end),
        Trial::test("a_server_does_not_outlive_its_keeper", keeper_killed),
        Trial::test("a_server_lives_on_that_sends_signals_to_its_group", signals_to_the_group),
    ]
}

fn stopped() -> Check {
    let (launch, folder) = launched("parent")?;
    let running = running(launch)?;
    let away = connect_to(folder.path(), SOCKET)?;
    block_on(running.stop());
    assert_gone(away)
}

fn died() -> Check {
    let (launch, folder) = launched("parent")?;
    let running = running(launch)?;
    let away = connect_to(folder.path(), SOCKET)?;
    io::Write::write_all(&mut connect(folder.path())?, b"die\n")?;
    assert_gone(away)?;
    block_on(running.ended());
    let Stopped { died, .. } = block_on(running.stop());
    assert_eq!(died, Some(Exit::Status(4)));
    Ok(())
}

fn asked_to_end() -> Check {
    let (launch, _folder) = launched("leaver")?;
    let Stopped { died, output } = block_on(running(launch)?.stop());
    assert_eq!((died, output.as_str()), (None, "ended well"));
    Ok(())
}

fn keeper_killed() -> Check {
    let (launch, folder) = launched("good")?;
    let running = running(launch)?;
    let alive = connect(folder.path())?;
    let keeper = fs::read_to_string(folder.path().join("targets/fake/parent"))?.parse()?;
    kill_process(Pid::from_raw(keeper).ok_or("no id")?, Signal::KILL)?;
    assert_gone(alive)?;
    block_on(running.ended());
    let Stopped { died, .. } = block_on(running.stop());
    assert_eq!(died, Some(Exit::Signal(9)));
    Ok(())
}

fn signals_to_the_group() -> Check {
    let (launch, _folder) = launched("reloader")?;
    let Stopped { died, output } = block_on(running(launch)?.stop());
    assert_eq!((died, output.as_str()), (None, "ended well"));
    Ok(())
}

/// What a server does whose child runs away: it is ready only when the child is out of its group.
/// It ignores TERM, so that it is killed and can end no child itself.
pub(super) fn start_runaway() {
    let started = || -> io::Result<()> {
        let mut child = Command::new(env::current_exe()?)
            .arg("run-away")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let ready = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        BufReader::new(ready).read_line(&mut String::new()).map(drop)
    };
    started().expect("this executable can be run again");
}

/// What that child does.
pub(super) fn run_away() -> ExitCode {
    let (Ok(_), Ok(listener)) = (setsid(), UnixListener::bind(SOCKET)) else {
        return ExitCode::FAILURE;
    };
    println!("away");
    hold_open(&listener);
    ExitCode::SUCCESS
}

/// What a server does that handles signals, sends them to its group, as reloaders do, and lives on;
/// it is ready only when all were sent.
pub(super) fn signal_the_group() {
    on_term(end_well);
    for signal in [SIGHUP, SIGINT, SIGQUIT, SIGABRT, SIGALRM, SIGUSR1, SIGUSR2, REAL_TIME] {
        flag::register(signal, Arc::default()).expect("each can be handled");
        // The shell is of the group, and the signal ends it.
        let kill = format!("kill -{signal} 0");
        Command::new("sh").args(["-c", &kill]).status().expect("every system has a shell");
    }
}

/// What a server does that leaves its group, and says so when it is asked to end.
pub(super) fn leave_and_end_well() {
    on_term(end_well);
    setsid().expect("no leader of a group is kept");
}

fn end_well() {
    eprintln!("ended well");
    std::process::exit(0)
}
