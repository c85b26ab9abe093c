//! The misbehaving server of the other tests misbehaves as it should.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};

use rstest::rstest;

use self::scripted::Scripted;

#[path = "support/scripted.rs"]
mod scripted;

/// A connection to `server` on which `method` and `path` were asked.
fn ask(server: &Scripted, method: &str, path: &str) -> TcpStream {
    let url = server.url(path);
    let (authority, path) =
        url["http://".len()..].split_at(url["http://".len()..].find('/').unwrap());
    let mut stream = TcpStream::connect(authority).unwrap();
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: {authority}\r\n\r\n").unwrap();
    stream
}

/// All that `path` answers to a client that leaves when it has asked.
fn answer(path: &str) -> Vec<u8> {
    let server = Scripted::start().unwrap();
    let mut stream = ask(&server, "GET", path);
    stream.shutdown(Shutdown::Write).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    bytes
}

#[rstest]
#[case::whole("/ok", "HTTP/1.1 200 OK", "\r\n\r\nhello")]
#[case::silence("/hang", "", "")]
#[case::silence_in_head("/hang-in-head", "HTTP/1.1 200 OK", "Connection: close\r\n")]
#[case::silence_in_body("/hang-in-body", "HTTP/1.1 200 OK", "Length: 9\r\n\r\nhello")]
#[case::nothing("/close", "", "")]
#[case::short_body("/close-in-body", "HTTP/1.1 200 OK", "Length: 9\r\n\r\nhello")]
#[case::drip("/drip", "HTTP/1.1 200 OK", "\r\n\r\nhello")]
#[case::interim("/informational", "HTTP/1.1 103 Early Hints", "\r\n\r\nhello")]
#[case::garbage("/no-status-line", "hello, this is no HTTP", "\r\n\r\n")]
#[case::unknown("/elsewhere", "HTTP/1.1 404", "\r\n\r\n")]
#[case::after_a_preflight("/after-preflight/status-999", "HTTP/1.1 999", "hello")]
fn a_path_plays_its_script(#[case] path: &str, #[case] start: &str, #[case] end: &str) {
    let bytes = answer(path);
    assert!(bytes.starts_with(start.as_bytes()), "{}", bytes.escape_ascii());
    assert!(bytes.ends_with(end.as_bytes()), "{}", bytes.escape_ascii());
    assert_eq!(bytes.is_empty(), start.is_empty());
}

#[rstest]
#[case::huge("/huge-header", 1 << 20)]
#[case::many("/many-headers", 110_000)]
fn a_large_head_is_sent_whole(#[case] path: &str, #[case] least: usize) {
    let bytes = answer(path);
    assert!(bytes.len() > least);
    assert!(bytes.ends_with(b"\r\n\r\nhello"));
}

#[rstest]
#[case::in_head("/hang-in-head", "Connection: close\r\n")]
#[case::in_body("/hang-in-body", "hello")]
fn a_silent_server_keeps_the_connection(#[case] path: &str, #[case] last: &str) {
    let server = Scripted::start().unwrap();
    let mut silent = ask(&server, "GET", path);
    let mut bytes = Vec::new();
    while !bytes.ends_with(last.as_bytes()) {
        let mut byte = [0];
        silent.read_exact(&mut byte).unwrap();
        bytes.push(byte[0]);
    }
    // The server's only thread has gone on to another connection, so that a close would be here by now.
    ask(&server, "GET", "/ok").read_exact(&mut [0; 8]).unwrap();
    silent.set_nonblocking(true).unwrap();
    assert_eq!(silent.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[rstest]
#[case::at_once("/reset")]
#[case::after_the_head("/reset-in-head")]
fn a_reset_is_not_a_close(#[case] path: &str) {
    let server = Scripted::start().unwrap();
    let mut stream = ask(&server, "GET", path);
    let error = stream.read_to_end(&mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[rstest]
#[case::head("/endless-head")]
#[case::body("/endless-body")]
#[case::chunks("/endless-chunks")]
#[case::interim("/endless-informational")]
fn an_endless_answer_outlasts_its_reader(#[case] path: &str) {
    let server = Scripted::start().unwrap();
    let mut stream = ask(&server, "GET", path);
    stream.read_exact(&mut vec![0; 4 << 20]).unwrap();
    drop(stream);
    // The others are still served, and dropping the server ends what is left.
    let mut other = ask(&server, "GET", "/ok");
    other.shutdown(Shutdown::Write).unwrap();
    assert!(other.read(&mut [0]).unwrap() > 0);
}

#[test]
fn a_preflight_can_be_answered_right() {
    let server = Scripted::start().unwrap();
    let mut stream = ask(&server, "OPTIONS", "/after-preflight/reset");
    stream.shutdown(Shutdown::Write).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 204"));
    assert!(text.contains("Access-Control-Allow-Methods: *\r\n"));
}

#[test]
fn a_dropped_server_ends_its_connections() {
    let server = Scripted::start().unwrap();
    let mut stream = ask(&server, "GET", "/hang-in-head");
    stream.read_exact(&mut [0; 4]).unwrap();
    drop(server);
    let rest = stream.read_to_end(&mut Vec::new());
    assert!(rest.is_ok_and(|read| read > 0));
    assert!(TcpStream::connect(stream.peer_addr().unwrap()).is_err());
}
