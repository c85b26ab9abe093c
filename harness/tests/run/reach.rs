//! Whether your own server answers at all, at the page that it is asked for, and what is said where
//! it does not.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use libtest_mimic::Trial;

use crate::own::{at, start_at};
use crate::own_server::Served;
use crate::project::{Check, Project, text};

/// What a server of HTTP/2 begins with: its settings, all as by default.
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("reach_exit_3_every_connection_is_closed", closed),
        Trial::test("reach_a_connection_that_is_closed_once_is_tried_again", closed_once),
        Trial::test("reach_exit_3_another_protocol", || other_protocol(b"SSH-2.0-OpenSSH_9.6\r\n")),
        Trial::test("reach_exit_3_http_2_alone", || other_protocol(SETTINGS)),
        Trial::test("reach_exit_3_no_tls", no_tls),
        Trial::test("reach_exit_3_a_started_server_has_no_such_page", no_such_page),
        Trial::test("reach_a_started_server_may_speak_http_2_alone", http_2_alone),
        Trial::test("reach_exit_3_a_started_server_speaks_no_http_2", no_http_2),
        Trial::test("reach_a_page_that_does_not_succeed_is_noted", noted),
        Trial::test("reach_bodies_that_never_end_are_said_to", endless),
    ]
}

/// A run ends with 3, asks nothing more, and says so and why once.
fn told_once(project: &Project, arguments: &[&str], says: &str) -> Check {
    let output = project.run(arguments)?;
    let report = text(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{report}");
    assert_eq!(report.matches(says).count(), 1, "{says}: {report}");
    assert!(report.contains(" 0 pass · ") && !report.contains(" fail · "), "{report}");
    Ok(())
}

/// The URL of a server that does `with` each connection, given its number.
fn raw(with: impl Fn(usize, TcpStream) -> io::Result<()> + Send + 'static) -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    thread::spawn(move || {
        for (number, stream) in listener.incoming().flatten().enumerate() {
            // An error is that the client has left.
            let _ = with(number, stream);
        }
    });
    Ok(url)
}

fn closed() -> Check {
    let url = raw(|_, mut stream| stream.read(&mut [0; 4096]).map(drop))?;
    let project = Project::of(&[])?;
    project.write("corspec.toml", &at(&url, ""))?;
    let says = format!(
        "nothing could be asked at {url}: each connection was closed instead of an answer; check its URL"
    );
    told_once(&project, &[], &says)
}

fn closed_once() -> Check {
    let url = raw(|number, mut stream| {
        let _ = stream.read(&mut [0; 4096])?;
        let answer = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";
        if number > 0 { stream.write_all(answer) } else { Ok(()) }
    })?;
    let project = Project::of(&[])?;
    project.write("corspec.toml", &at(&url, ""))?;
    told_once(&project, &[], &format!("a GET of {url}/resource is answered 404"))
}

/// A server answers `bytes`.
fn other_protocol(bytes: &'static [u8]) -> Check {
    let url = raw(move |_, mut stream| {
        let _ = stream.read(&mut [0; 4096])?;
        stream.write_all(bytes)?;
        // To close over what nobody read would reset the connection.
        stream.read_to_end(&mut Vec::new()).map(drop)
    })?;
    let project = Project::of(&[])?;
    project.write("corspec.toml", &at(&url, ""))?;
    let says = format!(
        "nothing could be asked at {url}: what came is no HTTP that can be read; where it speaks \
         HTTP/2 alone, add `--http2`, and where TLS, its URL has `https://`"
    );
    told_once(&project, &[], &says)
}

fn no_tls() -> Check {
    let server = Served::reference("")?;
    let project = Project::of(&[])?;
    let url = server.url().replace("http://", "https://");
    project.write("corspec.toml", &at(&url, ""))?;
    let says = format!(
        "nothing could be asked at {url}: the server does not speak TLS there; `http://` may be meant\n"
    );
    told_once(&project, &[], &says)
}

fn no_such_page() -> Check {
    let project = Project::of(&[])?;
    project.write("sub/corspec.toml", &start_at("serves", "/ready", 60, "/nowhere")?)?;
    let says =
        "a GET of http://127.0.0.1:8000/nowhere is answered 404: the route `resource` must be";
    told_once(&project, &["--config", "sub/corspec.toml"], says)
}

fn http_2_alone() -> Check {
    let project = Project::of(&[])?;
    project.write("sub/corspec.toml", &start_at("http2", "/ready", 60, "/resource")?)?;
    let few = ["--config", "sub/corspec.toml", "--scenario", "simple"];
    let output = project.run(&[&few[..], &["--http2"]].concat())?;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    Ok(())
}

fn no_http_2() -> Check {
    let project = Project::of(&[])?;
    project.write("sub/corspec.toml", &start_at("http1", "/ready", 60, "/resource")?)?;
    let says = "nothing could be asked at http://127.0.0.1:8000 over HTTP/2: ";
    told_once(&project, &["--config", "sub/corspec.toml", "--http2"], says)
}

fn noted() -> Check {
    let project = Project::of(&[])?;
    let rows = [
        (200, None),
        (401, Some("will fail; headers that it needs go under [requests] in corspec.toml\n")),
        (307, Some("will fail; where the page that it leads to is meant, name that one as")),
        (500, Some("will fail; name another page as `resource` under [routes], or headers")),
    ];
    for (status, says) in rows {
        let server = Served::answering(status)?;
        project.write("corspec.toml", &at(server.url(), ""))?;
        let output = project.run(&["--format", "ndjson", "--scenario", "simple"])?;
        let (report, error) = (text(&output.stdout), text(&output.stderr));
        let start =
            format!("note: a GET of `/resource` is answered {status}: what needs a successful");
        assert_eq!(error.matches(&start).count(), usize::from(says.is_some()), "{status}: {error}");
        assert!(error.contains(says.unwrap_or_default()), "{status}: {error}");
        let is_event = |line: &str| line.starts_with("{\"event\":\"") && !line.contains(&start);
        assert!(report.lines().all(is_event), "{status}: a note is no part of the report");
    }
    Ok(())
}

fn endless() -> Check {
    let server = Served::endless()?;
    let project = Project::of(&[])?;
    project.write("corspec.toml", &at(server.url(), ""))?;
    let few = ["--timeout", "0.2", "--scenario", "simple", "--jobs", "1"];
    let (report, code) = project.json(&few)?;
    assert_eq!(code, Some(3), "{report}");
    let results = report["results"].as_array().into_iter().flatten();
    let mut reasons = results.filter_map(|it| it["reason"].as_str());
    let says = "`/resource` left 3 exchanges in a row without the end of an answer";
    assert!(reasons.any(|it| it == says), "{report}");
    Ok(())
}
