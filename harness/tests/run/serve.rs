//! `corspec serve`: a target to be asked by hand, and by other targets.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use libtest_mimic::{Failed, Trial};
use rustix::process::{Pid, Signal, kill_process};

use crate::interrupted::nothing_is_left;
use crate::project::{Check, Project, text};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("serve_exit_0_the_reference_answers_until_term", reference),
        Trial::test("serve_exit_130_a_launched_target_answers_until_interrupted", launched),
        Trial::test("serve_takes_a_policy_from_a_file_or_as_json", policies),
        Trial::test("serve_exit_2_bad_usage", bad_usage),
        Trial::test("serve_exit_3_the_port_is_taken", taken),
        Trial::test("serve_exit_3_it_cannot_be_started", not_started),
        Trial::test("serve_exit_3_it_ended_by_itself", ended),
        Trial::test("serve_exit_74_nobody_reads_the_url", nobody_reads),
        Trial::test("serve_exit_78_the_library_refuses_the_policy", refused),
        Trial::test("serve_killed_leaves_nothing", killed),
        Trial::test("serve_interrupted_before_it_answers_leaves_nothing", interrupted_start),
        Trial::test("serve_works_as_a_failure_says_it", as_a_failure_says),
    ]
}

/// A server that answers; its URL.
fn serving(mut command: Command) -> Result<(Child, String), Failed> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
    match line.strip_suffix('\n') {
        Some(url) if url.starts_with("http://127.0.0.1:") => Ok((child, url.to_owned())),
        _ => Err(format!("no URL: {line:?}; {}", text(&child.wait_with_output()?.stderr)).into()),
    }
}

/// What `path` answers to a page of `https://app.example`.
fn asked(url: &str, path: &str) -> Result<String, Failed> {
    let authority = url.strip_prefix("http://").ok_or("no HTTP")?;
    let mut stream = TcpStream::connect(authority)?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {authority}\r\nOrigin: https://app.example\r\n")?;
    write!(stream, "Connection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.to_ascii_lowercase())
}

/// The exit code of a server that gets `signal`.
fn ends_with(mut child: Child, signal: Signal) -> Result<Option<i32>, Failed> {
    kill_process(Pid::from_child(&child), signal)?;
    Ok(child.wait()?.code())
}

fn reference() -> Check {
    let project = Project::of(&[])?;
    let (child, url) = serving(project.corspec(&["serve", "reference", "--policy", "single"]))?;
    let answer = asked(&url, "/resource")?;
    assert!(answer.contains("access-control-allow-origin: https://app.example"), "{answer}");
    assert_eq!(ends_with(child, Signal::TERM)?, Some(0));
    assert!(asked(&url, "/resource").is_err());
    Ok(())
}

fn launched() -> Check {
    let project = Project::of(&["good"])?;
    let free = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port().to_string();
    let arguments = ["serve", "good", "--policy", "public", "--port", &free];
    let (child, url) = serving(project.corspec(&arguments))?;
    assert_eq!(url, format!("http://127.0.0.1:{free}"));
    let answer = asked(&url, "/resource")?;
    assert!(answer.contains("access-control-allow-origin: *"), "{answer}");
    let alive = project.started()?;
    BufReader::new(&alive).read_line(&mut String::new())?;
    assert_eq!(ends_with(child, Signal::INT)?, Some(130));
    nothing_is_left(&project, alive)
}

fn policies() -> Check {
    let project = Project::of(&["good"])?;
    project.write("mine.toml", "allow-origins = [\"https://app.example\"]\nmax-age = 7\n")?;
    project.write("mine.json", "{\"allow-origins\": [\"https://app.example\"]}")?;
    let rows = [
        ("good", "mine.toml"),
        ("reference", "mine.json"),
        ("reference", "{\"allow-origins\": [\"https://app.example\"]}"),
    ];
    for (target, policy) in rows {
        let (child, url) = serving(project.corspec(&["serve", target, "--policy", policy]))?;
        let answer = asked(&url, "/resource")?;
        assert!(answer.contains("access-control-allow-origin: https://app.example"), "{answer}");
        assert_eq!(ends_with(child, Signal::TERM)?, Some(0));
    }
    Ok(())
}

/// It ends so, says that in its error, and prints no URL.
fn fails(project: &Project, arguments: &[&str], code: i32, says: &str) -> Check {
    let output = project.corspec(&[&["serve"], arguments].concat()).output()?;
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
    assert!(error.contains(says), "{arguments:?}: {error}");
    assert!(!error.contains('\u{1b}'), "{arguments:?}: {error}");
    assert!(output.stdout.is_empty(), "{arguments:?}: {}", text(&output.stdout));
    Ok(())
}

fn bad_usage() -> Check {
    let project = Project::of(&["good"])?;
    project.write("bad.toml", "allow-origin = []\n")?;
    let rows: [(&[&str], &str); 9] = [
        (&["goood", "--policy", "public"], "did you mean `good`?"),
        (&["good@docker", "--policy", "public"], "no variant `docker`"),
        (&["good"], "--policy"),
        (&["good", "--policy", "publik"], "did you mean `public`?"),
        (&["good", "--policy", "bad.toml"], "allow-origin"),
        (&["good", "--policy", "targets"], "cannot read the policy"),
        (&["good", "--policy", "{\"allow-origins\": \"*\"}"], "`--policy`: "),
        (&["good", "--policy", "public", "--port", "70000"], "70000"),
        (&["good", "--policy", "public", "--host", "localhost"], "localhost"),
    ];
    rows.iter().try_for_each(|(arguments, says)| fails(&project, arguments, 2, says))
}

fn taken() -> Check {
    let project = Project::of(&["good"])?;
    let other = TcpListener::bind("127.0.0.1:0")?;
    let port = other.local_addr()?.port().to_string();
    for target in ["reference", "good"] {
        let arguments = [target, "--policy", "public", "--port", &port];
        fails(&project, &arguments, 3, &format!("127.0.0.1:{port} is taken"))?;
    }
    Ok(())
}

fn not_started() -> Check {
    let project = Project::of(&["unavailable", "early", "mute"])?;
    let rows = [
        ("unavailable", "`unavailable` needs a rare tool: find it"),
        ("early", "no module named \\u{1b}[31mcors"),
        ("mute", "it did not get ready in time"),
    ];
    let policy = ["--policy", "public"];
    rows.iter().try_for_each(|(id, says)| fails(&project, &[&[*id], &policy[..]].concat(), 3, says))
}

fn ended() -> Check {
    let project = Project::of(&["good"])?;
    let (child, url) = serving(project.corspec(&["serve", "good", "--policy", "public"]))?;
    // It ends in the middle of its answer.
    let _ = asked(&url, "/die");
    let output = child.wait_with_output()?;
    assert_eq!(output.status.code(), Some(3));
    let error = text(&output.stderr);
    assert_eq!(
        error,
        "error: it ended by itself\n  it ended with exit status 9 while it was served\n"
    );
    Ok(())
}

fn nobody_reads() -> Check {
    let project = Project::of(&["good"])?;
    let mut command = project.corspec(&["serve", "good", "--policy", "public"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    drop(child.stdout.take());
    let alive = project.started()?;
    assert_eq!(child.wait()?.code(), Some(74));
    nothing_is_left(&project, alive)
}

fn refused() -> Check {
    let project = Project::of(&["refuse"])?;
    let says = "error: its library refuses the policy\n  this library allows nobody `*`\n";
    fails(&project, &["refuse", "--policy", "public"], 78, says)
}

fn killed() -> Check {
    let project = Project::of(&["good"])?;
    let (child, _) = serving(project.corspec(&["serve", "good", "--policy", "public"]))?;
    let alive = project.started()?;
    assert_eq!(ends_with(child, Signal::KILL)?, None);
    nothing_is_left(&project, alive)
}

fn interrupted_start() -> Check {
    let project = Project::of(&["mute"])?;
    let mut command = project.corspec(&["serve", "mute", "--policy", "public"]);
    let child = command.stdout(Stdio::null()).spawn()?;
    let alive = project.started()?;
    assert_eq!(ends_with(child, Signal::INT)?, Some(130));
    nothing_is_left(&project, alive)
}

/// The command of a failure's block starts the server that failed; only its port is another one.
fn as_a_failure_says() -> Check {
    let project = Project::of(&["wrong"])?;
    let (report, _) = project.json(&["wrong", "--scenario", "simple", "--policy", "single"])?;
    let results = report["results"].as_array().ok_or("no results")?;
    let command = results.iter().find_map(|it| it["reproduce"]["serve"].as_str());
    let command = command.ok_or("nothing failed")?;
    let words: Vec<_> = command.split(' ').collect();
    let ["corspec", arguments @ .., "8000"] = words.as_slice() else {
        return Err(format!("another command: {command}").into());
    };
    let (child, url) = serving(project.corspec(&[arguments, &["0"]].concat()))?;
    let answer = asked(&url, "/resource")?;
    assert!(answer.starts_with("http/1.1 200"), "{answer}");
    assert!(!answer.contains("access-control-allow-origin"), "as it failed: {answer}");
    ends_with(child, Signal::TERM).map(drop)
}
