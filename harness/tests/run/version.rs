//! `corspec run --http2`: of servers that speak it, and of those that do not.

use std::io::{self, Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use libtest_mimic::Trial;

use crate::project::{Check, Project, text};

/// Cases that every target has, and few of them.
const FEW: [&str; 5] = ["--http2", "--scenario", "simple", "--policy", "public"];

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("http2_a_launched_target_is_asked_over_it", launched),
        Trial::test("http2_exit_3_a_launched_target_does_not_speak_it", || {
            let says = "under `allow-list`: it does not speak HTTP/2 without being asked (";
            told_once(&["garbage", "--http2", "--scenario", "simple"], says, "leave out `--http2`")
        }),
        Trial::test("http2_exit_3_your_own_server_does_not_speak_it", other_version),
        Trial::test("http2_exit_3_your_own_server_is_silent", silent),
        Trial::test("http2_exit_3_nothing_listens", unreachable),
        Trial::test("http2_exit_2_and_http_1_at_once", both),
    ]
}

/// A run in a project of a target ends with 3, and says once why and what to do.
fn told_once(arguments: &[&str], why: &str, what: &str) -> Check {
    let output = Project::of(&["garbage"])?.run(arguments)?;
    let report = text(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{report}");
    assert_eq!(report.matches(why).count(), 1, "{why}: {report}");
    assert!(report.contains(what), "{what}: {report}");
    assert!(report.contains(" 0 pass · "), "{report}");
    Ok(())
}

/// Your own server at `url`, as [`told_once`].
fn own(url: &str, why: &str, what: &str) -> Check {
    let more = ["--timeout", "0.2", "--url", url];
    told_once(&[&FEW[..], &more].concat(), &format!("nothing could be asked at {url}{why}"), what)
}

fn launched() -> Check {
    let output = Project::of(&["good"])?.run(&[&["good"][..], &FEW].concat())?;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert!(text(&output.stdout).contains(" cases over HTTP/2 · "), "{}", text(&output.stdout));
    let output = Project::of(&["wrong"])?.run(&[&["wrong"][..], &FEW].concat())?;
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
    let report = text(&output.stdout);
    assert!(report.contains("curl -i --http2-prior-knowledge "), "{report}");
    Ok(())
}

fn other_version() -> Check {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    thread::spawn(move || -> io::Result<()> {
        loop {
            let (mut connection, _) = listener.accept()?;
            let mut head = [0; 24];
            connection.read_exact(&mut head)?;
            let refusal = b"HTTP/1.1 505 HTTP Version Not Supported\r\n\r\n";
            connection.write_all(if head.starts_with(b"PRI * ") { refusal } else { b"" })?;
        }
    });
    own(&url, " over HTTP/2: ", "leave out `--http2` where it speaks HTTP/1.1 alone")
}

/// Connections are made and never answered.
fn silent() -> Check {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    own(&url, " over HTTP/2: no response within 200ms; ", "leave out `--http2`")
}

fn unreachable() -> Check {
    let url = format!("http://{}", TcpListener::bind("127.0.0.1:0")?.local_addr()?);
    own(&url, ": the connection was refused; is the server running?", "")
}

fn both() -> Check {
    let output = Project::of(&["good"])?.run(&["good", "--http2", "--http1.1"])?;
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("cannot be used with '--http1.1'"));
    Ok(())
}
