//! Your own server: found, reached, started, and what is kept secret of it.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::TcpListener;
use std::process::Stdio;
use std::thread;

use libtest_mimic::Trial;

use crate::own_server::{self, Served};
use crate::project::{Check, Project, census, text};

/// What every request carries.
const SECRET: &str = "s3cret-k3y";

/// What the server is meant to allow, and really does.
const POLICY: &str = own_server::POLICY;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("own_the_file_of_the_folder_is_found", found),
        Trial::test("own_its_own_origin_may_be_on_the_list", own_origin),
        Trial::test("own_a_named_target_is_asked_instead", target_instead),
        Trial::test("own_a_file_elsewhere_is_named", named_file),
        Trial::test("own_a_url_overrides_the_file", url_overrides),
        Trial::test("own_a_url_and_a_policy_are_enough", url_and_policy),
        Trial::test("own_exit_2_bad_usage", bad_usage),
        Trial::test("own_exit_2_a_file_that_is_wrong", wrong_file),
        Trial::test("own_headers_are_sent_with_every_request_and_never_shown", headers),
        Trial::test("own_exit_3_nothing_listens", unreachable),
        Trial::test("own_exit_3_there_is_no_such_page", no_such_page),
        Trial::test("own_exit_3_a_silent_server_is_given_up", silent),
        Trial::test("own_redirects_elsewhere_are_followed_only_where_asked", elsewhere),
        Trial::test("own_known_failures_stand_beside_the_file", known),
        Trial::test("own_a_started_server_is_stopped", started),
        Trial::test("own_a_started_server_dies_with_a_killed_run", killed),
        Trial::test("own_exit_3_a_start_that_fails_says_why", failed_start),
    ]
}

/// A configuration with the routes of the reference below `prefix`.
fn configuration(server: &str, resource: &str, more: &str) -> String {
    format!("{server}\n[policy]\n{POLICY}[routes]\nresource = '{resource}'\n{more}")
}

/// That of a server that runs at `url`.
pub(crate) fn at(url: &str, more: &str) -> String {
    configuration(&format!("url = '{url}'"), "/resource", more)
}

/// That of a server that the run starts: this executable, which does `what`.
fn start(what: &str, ready: &str, timeout: u32) -> io::Result<String> {
    start_at(what, ready, timeout, "/resource")
}

/// As [`start`], with another path for the route `resource`.
pub(crate) fn start_at(
    what: &str,
    ready: &str,
    timeout: u32,
    resource: &str,
) -> io::Result<String> {
    let executable = std::env::current_exe()?;
    let command =
        format!("['{}', '{}', '{what}', '${{port}}']", executable.display(), own_server::ARGUMENT);
    let start =
        format!("start = {{ command = {command}, ready = '{ready}', timeout = {timeout} }}");
    Ok(configuration(&start, resource, "[requests]\nheaders = { x-api-key = 's3cret-k3y' }\n"))
}

/// A URL at which nothing listens.
fn nowhere() -> io::Result<String> {
    Ok(format!("http://{}", TcpListener::bind("127.0.0.1:0")?.local_addr()?))
}

fn found() -> Check {
    let server = Served::reference("")?;
    let project = Project::of(&[])?;
    project.write("corspec.toml", &at(server.url(), ""))?;
    let output = project.run(&[])?;
    let report = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{report}");
    let title = format!("own-server  {}, as corspec.toml describes it\n", server.url());
    assert!(report.contains(&title), "{report}");
    assert!(report.contains("the target has no route `status`"), "{report}");
    let (report, _) = project.json(&[])?;
    assert_eq!(report["targets"][0]["policies"][0], "corspec.toml");
    assert!(
        census(&report, "own-server").iter().any(|(kind, count)| kind == "pass" && *count > 50)
    );
    Ok(())
}

fn own_origin() -> Check {
    let server = Served::reference("")?;
    let project = Project::of(&[])?;
    let listed = format!("allow-origins = ['{}', ", server.url());
    let file = at(server.url(), "").replacen("allow-origins = [", &listed, 1);
    assert!(file.contains(&listed), "{file}");
    project.write("corspec.toml", &file)?;
    let output = project.run(&[])?;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    Ok(())
}

fn target_instead() -> Check {
    let project = Project::of(&[])?;
    project.write("corspec.toml", &at(&nowhere()?, ""))?;
    let (report, code) = project.json(&["reference", "--scenario", "simple"])?;
    assert_eq!((report["targets"][0]["id"].as_str(), code), (Some("reference"), Some(0)));
    let (report, code) = Project::of(&[])?.json(&["--scenario", "simple"])?;
    assert_eq!((report["targets"][0]["id"].as_str(), code), (Some("reference"), Some(0)));
    Ok(())
}

fn named_file() -> Check {
    let server = Served::reference("")?;
    let project = Project::of(&[])?;
    project.write("corspec.toml", "this is another one")?;
    project.write("sub/mine.toml", &at(server.url(), ""))?;
    let (report, code) = project.json(&["--config", "sub/mine.toml", "--scenario", "simple"])?;
    assert_eq!(code, Some(0));
    assert_eq!(report["targets"][0]["policies"][0], "mine.toml");
    Ok(())
}

fn url_overrides() -> Check {
    let server = Served::reference("/app")?;
    let project = Project::of(&[])?;
    project.write("corspec.toml", &start("fails", "/", 1)?)?;
    let url = format!("{}/app/", server.url());
    let (report, code) = project.json(&["--url", &url, "--scenario", "simple"])?;
    assert_eq!(code, Some(0), "{report}");
    assert_eq!(report["targets"][0]["policies"][0], "corspec.toml");
    assert!(server.seen().iter().all(|(path, _)| path.starts_with("/app/resource")));
    Ok(())
}

fn url_and_policy() -> Check {
    let server = Served::reference("")?;
    let project = Project::of(&[])?;
    project.write("corspec.toml", "no file is looked for")?;
    let url = format!("{}/resource?of=mine", server.url());
    let (report, _) =
        project.json(&["--url", &url, "--policy", "allow-list", "--scenario", "simple"])?;
    assert_eq!(report["targets"][0]["policies"][0], "allow-list");
    assert!(server.seen().iter().all(|(path, _)| path.starts_with("/resource?of=mine")));
    assert!(!server.seen().is_empty());
    Ok(())
}

fn bad_usage() -> Check {
    let project = Project::of(&[])?;
    project.write("sub/corspec.toml", &at("http://127.0.0.1:1", ""))?;
    let rows: [(&[&str], &str); 9] = [
        (&["--url", "http://127.0.0.1:1"], "--policy` (allow-list, closed"),
        (&["--url", "http://me:s3cret-k3y@127.0.0.1:1", "--policy", "public"], "[requests]"),
        (&["--url", "127.0.0.1:8000", "--policy", "public"], "such as http://"),
        (&["--url", "http://127.0.0.1:1", "--policy", "publik"], "did you mean `public`?"),
        (
            &["--url", "http://127.0.0.1:1", "--policy", "public", "--policy", "closed"],
            "one policy",
        ),
        (&["--url", "http://127.0.0.1:1", "reference"], "cannot be used with"),
        (&["--config", "sub/corspec.toml", "reference"], "cannot be used with"),
        (&["--config", "missing.toml"], "corspec init"),
        (&["--config", "sub/corspec.toml", "--url", "http://127.0.0.1:1/?a=b"], "has a query"),
    ];
    for (arguments, says) in rows {
        let output = project.run(arguments)?;
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains(says) && !error.contains(SECRET), "{arguments:?}: {error}");
        assert!(output.stdout.is_empty(), "{arguments:?}: {}", text(&output.stdout));
    }
    project.write("corspec.toml", &at("http://127.0.0.1:1", ""))?;
    let output = project.run(&["--policy", "public"])?;
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("has its own policy"), "{}", text(&output.stderr));
    Ok(())
}

fn wrong_file() -> Check {
    let project = Project::of(&[])?;
    let secret = "[requests]\nheaders = { x-api-key = 's3cret-k3y' }\n";
    let good = at("http://127.0.0.1:1", secret);
    let rows = [
        (good.replace("max-age", "max-aeg"), "corspec.toml:", "`max-aeg`"),
        (good.replace("'/resource'", "'resource'"), "corspec.toml:", "`resource` is not a path"),
        (good.replace("'GET'", "'TRACE'"), "corspec.toml:", "forbidden to pages"),
        (good.replace("x-api-key", "origin"), "corspec.toml:", "cannot be set"),
        (
            good.replace("'s3cret-k3y'", "'s3cret-k3y' 's3cret-k3y'"),
            "corspec.toml:",
            "something else",
        ),
        (
            good.replace("'s3cret-k3y'", "'${NO_SUCH_VARIABLE_OF_CORSPEC}'"),
            "corspec.toml:",
            "is not set",
        ),
    ];
    for (file, place, says) in rows {
        project.write("corspec.toml", &file)?;
        let output = project.run(&[])?;
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{error}");
        let unwrapped = error.replace("\n  │", "");
        assert!(error.contains(place) && unwrapped.contains(says), "{says}: {error}");
        assert!(output.stdout.is_empty() && !error.contains(SECRET), "{error}");
    }
    Ok(())
}

fn headers() -> Check {
    let server = Served::guarded(SECRET)?;
    let project = Project::of(&[])?;
    let requests =
        "[requests]\nheaders = { x-api-key = '${OWN_KEY}', cookie = 'gate=s3cret-k3y' }\n";
    let more = format!("session = '/session'\nprivate = '/private'\n{requests}");
    project.write("corspec.toml", &at(server.url(), &more))?;
    for format in ["text", "json", "ndjson", "junit", "markdown", "html"] {
        let output = project.command(&["--format", format]).env("OWN_KEY", SECRET).output()?;
        let (report, error) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(1), "{report}{error}");
        assert!(report.contains("redacted"), "{format} says that something is not shown");
        assert!(report.contains("curl -i"), "{format} shows how to see a failure by hand");
        assert!(!report.contains(SECRET) && !error.contains(SECRET), "{format}");
    }
    let seen = server.seen();
    assert!(seen.iter().any(|(_, request)| request.method == "OPTIONS"));
    for (path, request) in &seen {
        assert_eq!(request.key.as_deref(), Some(SECRET), "{} {path}", request.method);
    }
    let cookies: Vec<_> = seen.iter().filter_map(|(_, request)| request.cookie.clone()).collect();
    assert_eq!(cookies.len(), seen.len());
    assert!(
        cookies.iter().any(|it| it.len() > "gate=s3cret-k3y; ".len()),
        "the browser's stand beside"
    );
    Ok(())
}

fn unreachable() -> Check {
    let project = Project::of(&[])?;
    let url = nowhere()?;
    project.write("corspec.toml", &at(&url, ""))?;
    let output = project.run(&[])?;
    let report = text(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{report}");
    let says = format!(
        "nothing could be asked at {url}: the connection was refused; is the server running?"
    );
    assert_eq!(report.matches(&says).count(), 1, "{report}");
    let (report, code) = project.json(&[])?;
    assert_eq!(code, Some(3));
    assert_eq!(report["targets"][0]["state"], "failed");
    assert_eq!(report["summary"]["total"], report["summary"]["target-error"]);
    Ok(())
}

/// The path of `resource` is mistyped.
fn no_such_page() -> Check {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    let server = thread::spawn(move || -> io::Result<()> {
        let (mut connection, _) = listener.accept()?;
        assert_ne!(connection.read(&mut [0; 4096])?, 0, "it is asked");
        connection.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
    });
    let project = Project::of(&[])?;
    project.write("corspec.toml", &at(&url, ""))?;
    let output = project.run(&[])?;
    server.join().map_err(|_| "the server panicked")??;
    let report = text(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{report}");
    let says = format!("a GET of {url}/resource is answered 404: the route `resource` must be");
    assert!(report.contains(&says), "{report}");
    Ok(())
}

/// Connections are made and never answered.
fn silent() -> Check {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let project = Project::of(&[])?;
    project.write("corspec.toml", &at(&format!("http://{}", listener.local_addr()?), ""))?;
    let (report, code) = project.json(&["--timeout", "0.2"])?;
    assert_eq!(code, Some(3));
    let kinds = census(&report, "own-server");
    let kinds: Vec<_> = kinds.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["not-applicable", "target-error"]);
    let reason = report["targets"][0]["reason"].as_str().ok_or("no reason")?;
    assert!(reason.contains("given up"), "{reason}");
    Ok(())
}

fn elsewhere() -> Check {
    let other = Served::reference("")?;
    let server = Served::redirecting_to(&format!("{}/resource", other.url()))?;
    let project = Project::of(&[])?;
    let secret = "[requests]\nheaders = { x-api-key = 's3cret-k3y' }\n";
    project.write("corspec.toml", &at(server.url(), secret))?;
    let few = ["--scenario", "simple/get-*"];
    let (report, _) = project.json(&few)?;
    assert_eq!(other.seen().len(), 0);
    let reasons: Vec<_> = report["results"].as_array().into_iter().flatten().collect();
    let says = format!(
        "the redirect to {}/resource is not followed; `--follow-elsewhere` follows it",
        other.url()
    );
    assert!(reasons.iter().any(|it| it["reason"] == says.as_str()), "{report}");
    project.json(&[&few[..], &["--follow-elsewhere"]].concat())?;
    let seen = other.seen();
    assert!(!seen.is_empty());
    assert!(
        seen.iter().all(|(_, request)| request.key.is_none()),
        "the key is for one server alone"
    );
    assert!(server.seen().iter().all(|(_, request)| request.key.is_some()));
    Ok(())
}

fn known() -> Check {
    let server = Served::wrong()?;
    let project = Project::of(&[])?;
    project.write("sub/corspec.toml", &at(server.url(), ""))?;
    let few = ["--config", "sub/corspec.toml"];
    let (report, code) = project.json(&few)?;
    assert_eq!(code, Some(1), "{report}");
    let output = project.run(&[&few[..], &["--write-known"]].concat())?;
    let written = fs::read_to_string(project.path("sub/known.toml"))?;
    assert!(written.contains("[[known]]"), "{written}{}", text(&output.stderr));
    let reasoned = written.replace("reason = \"\"", "reason = \"it shares nothing\"");
    project.write("sub/known.toml", &reasoned)?;
    let (report, code) = project.json(&few)?;
    assert_eq!(code, Some(0), "{reasoned}");
    assert!(census(&report, "own-server").iter().any(|(kind, _)| kind == "known-failure"));
    let stray = "[[known]]\nscenario = \"errors/*\"\nreason = \"it has no such route\"\n";
    project.write("sub/known.toml", stray)?;
    let output = project.run(&few)?;
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("matches no case"), "{}", text(&output.stderr));
    Ok(())
}

fn started() -> Check {
    let project = Project::of(&[])?;
    project.write("sub/corspec.toml", &start("serves", "/ready", 60)?)?;
    let arguments = ["--config", "sub/corspec.toml", "--scenario", "simple"];
    let mut run = project.command(&arguments).stdout(Stdio::piped()).spawn()?;
    let mut alive = project.started()?;
    let mut report = String::new();
    run.stdout.take().ok_or("no output")?.read_to_string(&mut report)?;
    assert_eq!(run.wait()?.code(), Some(0), "{report}");
    assert!(report.contains("own-server  started as sub/corspec.toml says\n"), "{report}");
    alive.read_to_string(&mut String::new())?;
    Ok(())
}

fn killed() -> Check {
    let project = Project::of(&[])?;
    project.write("sub/corspec.toml", &start("hangs", "/ready", 60)?)?;
    let arguments = ["--config", "sub/corspec.toml", "--timeout", "100000"];
    let mut run = project.command(&arguments).stdout(Stdio::null()).spawn()?;
    let mut alive = project.started()?;
    // The first request has arrived, and will never be answered.
    alive.read_exact(&mut [0; 5])?;
    run.kill()?;
    run.wait()?;
    alive.read_to_string(&mut String::new())?;
    Ok(())
}

fn failed_start() -> Check {
    let project = Project::of(&[])?;
    let rows = [
        ("fails", "it ended with exit status 78 before it was ready"),
        ("unready", "it did not get ready in time: `/ready` answered status 503"),
    ];
    for (what, says) in rows {
        project.write("corspec.toml", &start(what, "/ready", 1)?)?;
        let output = project.run(&["--scenario", "simple"])?;
        let report = text(&output.stdout);
        assert_eq!(output.status.code(), Some(3), "{report}");
        assert!(report.contains(says), "{says}: {report}");
        assert!(report.contains("got <redacted>") && !report.contains(SECRET), "{report}");
    }
    Ok(())
}
