//! `corspec fetch`: its exit codes, its refusals, its outputs, and servers that misbehave.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};
use std::thread;

use serde_json::Value;
use test_case::test_case;

use self::scripted::Scripted;

#[path = "support/scripted.rs"]
mod scripted;

/// A page of another site fetches `url`; no exchange takes long.
fn fetch(url: &str, arguments: &[&str]) -> Output {
    let limits = ["--timeout", "0.5", "--body-timeout", "0.5", "--max-body", "9000"];
    Command::new(env!("CARGO_BIN_EXE_corspec"))
        .args(["fetch", url])
        .args(arguments)
        .args(limits)
        .output()
        .unwrap()
}

fn from_page(url: &str, arguments: &[&str]) -> Output {
    fetch(url, &[&["--origin", "http://a.test"], arguments].concat())
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A server that gives one connection `answer`; its URL.
fn once(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        stream.write_all(answer).unwrap();
    });
    url
}

#[test]
fn two_locations_are_said_to_be_several() {
    let url =
        once(b"HTTP/1.1 302 Found\r\nAccess-Control-Allow-Origin: *\r\nLocation: /a\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n");
    let answer = json(&from_page(&url, &["--format", "json"]));
    let says = "there are several Location lines, `/a` and `/b`";
    assert!(answer.to_string().contains(says), "{answer}");
}

#[test_case("/ok", 0; "a response")]
#[test_case("/two-allow-origins", 1; "an error")]
#[test_case("/reset", 3; "a reset connection")]
#[test_case("/hang", 3; "silence")]
#[test_case("/hang-in-head", 3; "silence within the headers")]
#[test_case("/hang-in-body", 0; "silence within the body")]
#[test_case("/close", 3; "a closed connection")]
#[test_case("/no-status-line", 3; "no HTTP")]
#[test_case("/endless-head", 3; "endless headers")]
#[test_case("/endless-informational", 3; "endless interim answers")]
#[test_case("/endless-body", 0; "an endless body")]
#[test_case("/many-headers", 3; "too many headers")]
#[test_case("/nul-in-header", 3; "a NUL byte in a header")]
#[test_case("/length-negative", 3; "a negative length")]
#[test_case("/after-preflight/ok", 0; "no preflight needed")]
fn the_exit_code_says_what_the_page_got(path: &str, code: i32) {
    let server = Scripted::start().unwrap();
    let output = from_page(&server.url(path), &[]);
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[test_case("/close-in-body", "broke off"; "a closed connection")]
#[test_case("/reset-in-body", "broke off"; "a reset")]
#[test_case("/close-in-chunk", "broke off"; "an unfinished chunk")]
#[test_case("/hang-in-body", "did not end within 500ms"; "silence")]
#[test_case("/endless-chunks", "longer than 9000 bytes"; "endless chunks")]
fn a_body_that_ends_early_is_said(path: &str, error: &str) {
    let server = Scripted::start().unwrap();
    let answer = json(&from_page(&server.url(path), &["--format", "json"]));
    assert_eq!(answer["outcome"], "response");
    assert!(answer["body-error"].as_str().unwrap().contains(error), "{answer}");
    assert!(answer["body"].as_str().unwrap().starts_with("hello"), "{answer}");
}

/// As Chromium, Firefox and WebKit read it.
#[test_case(b"*\r\nX-A: one\r\n two", Some("one two"); "after a value")]
#[test_case(b"\r\n *\r\nX-A:\r\n\tone \n  two", Some("one two"); "before the value, and with more space")]
#[test_case(b"*\r\n *", None; "into a value that shares with nobody")]
fn a_header_line_that_goes_on_in_the_next_is_one(lines: &[u8], value: Option<&str>) {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nAccess-Control-Expose-Headers: *\r\n";
    let answer = [head, &b"Access-Control-Allow-Origin: "[..], lines, b"\r\n\r\n"].concat();
    let answer = json(&from_page(&once(answer.leak()), &["--format", "json"]));
    let cause = value.is_none().then_some("allow-origin-multiple");
    assert_eq!(answer["cause"].as_str(), cause, "{answer}");
    let headers = answer["headers"].as_array().into_iter().flatten();
    let seen = headers.filter(|it| it[0] == "x-a").map(|it| it[1].as_str());
    assert_eq!(seen.collect::<Vec<_>>(), Vec::from_iter(value.map(Some)), "{answer}");
}

#[test]
fn a_request_after_its_preflight_can_fail_too() {
    let server = Scripted::start().unwrap();
    let output =
        from_page(&server.url("/after-preflight/reset"), &["-X", "PUT", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let exchanges = &json(&output)["exchanges"];
    assert_eq!(exchanges[0]["status"], 204);
    assert!(exchanges[1]["error"].is_string(), "{exchanges}");
}

#[test]
fn a_refused_connection_is_nothing_answered() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let output = from_page(&format!("http://127.0.0.1:{port}/"), &[]);
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stdout).contains("could not connect"), "{output:?}");
}

/// What a browser's console has of a fetch, as the JSON says.
fn console(url: &str, browser: &str) -> Value {
    json(&from_page(url, &["--format", "json"]))["console"][browser].clone()
}

#[test_case("/close", "net::ERR_EMPTY_RESPONSE"; "closed")]
#[test_case("/reset", "net::ERR_CONNECTION_RESET"; "reset")]
fn a_console_says_how_a_connection_failed(path: &str, error: &str) {
    let server = Scripted::start().unwrap();
    let line = format!("Failed to load resource: {error}");
    assert_eq!(console(&server.url(path), "chromium"), line);
}

#[test]
fn a_console_says_that_a_connection_was_refused() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let line = "Failed to load resource: net::ERR_CONNECTION_REFUSED";
    assert_eq!(console(&format!("http://127.0.0.1:{port}/"), "chromium"), line);
}

#[test]
fn a_console_speaks_of_what_no_server_was_asked() {
    let url = "http://127.0.0.1:6666/";
    let line = format!("Not allowed to use restricted network port 6666: {url}");
    assert_eq!(console(url, "webkit"), line);
    let told = String::from_utf8(from_page(url, &[]).stdout).unwrap();
    assert!(told.contains(&line) && told.contains("net::ERR_UNSAFE_PORT"), "{told}");
}

#[test]
fn a_console_has_no_secret_of_a_location() {
    let url = once(
        b"HTTP/1.1 302 Found\r\nAccess-Control-Allow-Origin: *\r\n\
          Location: http://u:s3cret@127.0.0.1/\r\nContent-Length: 0\r\n\r\n",
    );
    let told = String::from_utf8(from_page(&url, &[]).stdout).unwrap();
    assert!(
        told.contains("redirection URL http://<redacted>@127.0.0.1/ has credentials"),
        "{told}"
    );
    assert!(!told.contains("s3cret"), "{told}");
}

#[test]
fn a_blocked_fetch_says_what_mends_it() {
    let server = Scripted::start().unwrap();
    let url = server.url("/two-allow-origins");
    let told = |arguments: &[&str]| String::from_utf8(from_page(&url, arguments).stdout).unwrap();
    let general = told(&[]);
    assert!(
        general.contains("\n   to mend it: Send the header once, with one origin: "),
        "{general}"
    );
    assert!(!general.contains("\n   with "), "{general}");
    let named = told(&["--framework", "Nginx"]);
    let says = "\n   with nginx: proxy_hide_header Access-Control-Allow-Origin;\n      Where the server behind";
    assert!(named.starts_with(&general) && named.contains(says), "{named}");
    assert_eq!(told(&["--framework", "hono"]), general);
}

#[test]
fn what_mends_a_fetch_is_in_the_json() {
    let server = Scripted::start().unwrap();
    let remedy = |path: &str, arguments: &[&str]| {
        let arguments = [&["--format", "json"], arguments].concat();
        json(&from_page(&server.url(path), &arguments))["remedy"].clone()
    };
    let nginx = remedy("/two-allow-origins", &["--framework", "nginx"]);
    assert!(nginx["text"].as_str().unwrap().starts_with("Send the header once"), "{nginx}");
    assert_eq!(nginx["setting"]["framework"], "nginx");
    assert_eq!(remedy("/two-allow-origins", &[])["setting"], Value::Null);
    assert_eq!(remedy("/ok", &["--framework", "nginx"]), Value::Null);
}

#[test_case("not a url", &["--origin", "null"], "`not a url`"; "a URL")]
#[test_case("ftp://127.0.0.1/", &["--origin", "null"], "http://"; "a scheme")]
#[test_case("http://u:s3cret@127.0.0.1:1/", &["--origin", "null"], "`[requests]`"; "userinfo")]
#[test_case("http://127.0.0.1:1/", &[], "--origin"; "no origin")]
#[test_case("http://127.0.0.1:1/", &["--origin", "a.test"], "`a.test`"; "an origin")]
#[test_case("http://127.0.0.1:1/", &["--origin", "null", "-X", "A B"], "A B"; "a method")]
#[test_case("http://127.0.0.1:1/", &["--origin", "null", "-H", "x"], "'name: value'"; "a header")]
#[test_case("http://127.0.0.1:1/", &["--origin", "null", "-H", "x: €"], "a page gets a TypeError"; "a header that no page can send")]
#[test_case("http://127.0.0.1:1/", &["--origin", "null", "--mode", "x"], "no-cors"; "a mode")]
#[test_case("http://127.0.0.1:1/", &["--origin", "null", "--browser", "x"], "webkit"; "a browser")]
#[test_case("http://127.0.0.1:1/", &["--origin", "null", "--framework", "expres"], "did you mean `cors`? Settings are known of "; "a framework")]
fn bad_usage_gets_one_clear_error(url: &str, arguments: &[&str], named: &str) {
    let output = fetch(url, arguments);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains(named) && !error.contains("s3cret"), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(output.stdout.is_empty());
}

#[test]
fn duplicate_lines_stay_apart() {
    let server = Scripted::start().unwrap();
    let answer = json(&from_page(&server.url("/two-allow-origins"), &["--format", "json"]));
    let headers = answer["exchanges"][0]["response-headers"].as_array().unwrap();
    let lines = headers.iter().filter(|it| it[0] == "access-control-allow-origin");
    assert_eq!(lines.count(), 2, "{answer}");
}

#[test_case("text"; "in text")]
#[test_case("json"; "in JSON")]
fn no_control_character_and_no_secret_is_printed(format: &str) {
    let url = once(
        b"HTTP/1.1 200 \x9b31m\r\nAccess-Control-Allow-Origin: \x9b31m\r\nSet-Cookie: a=s3cret\r\n\
          Content-Length: 0\r\nConnection: close\r\n\r\n",
    );
    let arguments = ["--format", format, "--credentials", "include", "--cookie", "b=s3cret"];
    let output = from_page(&url, &arguments);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.trim_end().chars().any(|it| it.is_control() && it != '\n'), "{text:?}");
    assert!(text.contains("a=<redacted>") && !text.contains("s3cret"), "{text}");
}

#[test]
fn output_that_cannot_be_written_is_said() {
    let server = Scripted::start().unwrap();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let status = Command::new(env!("CARGO_BIN_EXE_corspec"))
        .args(["fetch", &server.url("/ok"), "--origin", "null"])
        .stdout(full)
        .stderr(Stdio::null())
        .status();
    assert_eq!(status.unwrap().code(), Some(74));
}
