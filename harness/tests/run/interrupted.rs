//! A run that is interrupted, and one that is killed.

use std::fs;
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _};
use std::os::unix::net::UnixStream;
use std::process::{Child, Stdio};

use libtest_mimic::{Failed, Trial};
use rustix::process::{Pid, Signal, kill_process};

use crate::project::{Check, Project};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("exit_130_an_interrupted_run_says_what_it_knows", text_report),
        Trial::test("an_interrupted_run_writes_no_json", json_report),
        Trial::test("an_interrupted_run_leaves_an_old_file", old_file),
        Trial::test("a_killed_run_leaves_nothing", killed),
        Trial::test("exit_130_an_interrupted_start_leaves_nothing", interrupted_start),
    ]
}

/// A run that asks the target `hang` something, for ever; what its server holds open.
fn under_way(project: &Project, arguments: &[&str]) -> Result<(Child, UnixStream), Failed> {
    let mut command = project.command(&[arguments, &["--timeout", "100000"]].concat());
    let run = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    loop {
        let alive = project.started()?;
        let mut line = String::new();
        // The servers of another target come and go.
        BufReader::new(&alive).read_line(&mut line)?;
        if line == "asked hang\n" {
            return Ok((run, alive));
        }
    }
}

fn interrupt(run: &Child) -> Check {
    Ok(kill_process(Pid::from_child(run), Signal::INT)?)
}

/// Waits for the end of what only a living server holds open, and sees what else is left.
pub(crate) fn nothing_is_left(project: &Project, mut alive: UnixStream) -> Check {
    match alive.read(&mut [0]) {
        Ok(0) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        other => return Err(format!("the server lives on: {other:?}").into()),
    }
    assert_eq!(project.names("tmp")?, Vec::<String>::new());
    Ok(())
}

fn text_report() -> Check {
    let project = Project::of(&["good", "hang"])?;
    let (mut run, alive) = under_way(&project, &["good", "hang", "--scenario", "simple"])?;
    let mut report = BufReader::new(run.stdout.take().ok_or("no output")?);
    let mut text = String::new();
    while !text.contains("\ngood  ") {
        assert!(report.read_line(&mut text)? > 0, "it ended: {text}");
    }
    interrupt(&run)?;
    report.read_to_string(&mut text)?;
    assert_eq!(run.wait()?.code(), Some(130));
    assert!(text.contains("  ok  "), "what was finished is told: {text}");
    assert!(!text.contains("\nhang  "), "{text}");
    assert!(text.trim_end().lines().next_back().is_some_and(|it| it.starts_with("Interrupted: ")));
    nothing_is_left(&project, alive)
}

fn json_report() -> Check {
    let project = Project::of(&["hang"])?;
    let (run, alive) = under_way(&project, &["hang", "--format", "json"])?;
    interrupt(&run)?;
    let output = run.wait_with_output()?;
    assert_eq!(output.status.code(), Some(130));
    assert!(output.stdout.is_empty());
    nothing_is_left(&project, alive)
}

fn old_file() -> Check {
    let project = Project::of(&["hang"])?;
    project.write("out/report.txt", "old")?;
    let (mut run, alive) = under_way(&project, &["hang", "--output", "out/report.txt"])?;
    interrupt(&run)?;
    assert_eq!(run.wait()?.code(), Some(130));
    assert_eq!(fs::read_to_string(project.path("out/report.txt"))?, "old");
    assert_eq!(project.names("out")?, ["report.txt"]);
    nothing_is_left(&project, alive)
}

fn killed() -> Check {
    let project = Project::of(&["hang"])?;
    project.write("out/report.txt", "old")?;
    let (mut run, alive) = under_way(&project, &["hang", "--output", "out/report.txt"])?;
    run.kill()?;
    run.wait()?;
    nothing_is_left(&project, alive)?;
    assert_eq!(project.names("out")?, ["report.txt"]);
    Ok(())
}

fn interrupted_start() -> Check {
    let project = Project::of(&["mute"])?;
    let mut run = project.command(&["mute"]).stdout(Stdio::null()).spawn()?;
    let alive = project.started()?;
    interrupt(&run)?;
    assert_eq!(run.wait()?.code(), Some(130));
    nothing_is_left(&project, alive)
}
