//! HTTP/2: the suite over it, servers that leave a request to another connection, and those that do not speak it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::thread;

use corspec::transport::{Transport, TransportOptions, Version};
use corspec_fetch::fetch::HttpRequest;
use serde_json::Value;
use test_case::test_case;
use url::Url;

use self::served::Served;

#[path = "support/served.rs"]
mod served;

const HTTP_1_OR_2: &[&str] = &["h2", "http/1.1"];

/// The length of what a client of HTTP/2 begins with.
const PREFACE: usize = 24;

/// The type of a frame of HTTP/2 that begins a request, and what says that header fields and stream end with it.
const HEADERS: u8 = 1;
const WHOLE: u8 = 0x5;

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    [&[0, 0, length, kind, flags, 0, 0, 0, stream], payload].concat()
}

/// Waits for a request on a connection of HTTP/2, and answers 204 or with `instead`.
fn answer_http_2(connection: &mut TcpStream, stream: u8, instead: Option<&[u8]>) {
    loop {
        let mut head = [0; 9];
        connection.read_exact(&mut head).unwrap();
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        connection.read_exact(&mut vec![0; length.try_into().unwrap()]).unwrap();
        if head[3] == HEADERS {
            break assert_eq!(head[8], stream);
        }
    }
    // The entry of the static table that is `:status: 204`.
    let answer = frame(HEADERS, WHOLE, stream, &[0x89]);
    connection.write_all(instead.unwrap_or(&answer)).unwrap();
}

/// A connection of HTTP/2, after what both sides begin with.
fn accept_http_2(listener: &TcpListener) -> TcpStream {
    let mut connection = listener.accept().unwrap().0;
    connection.read_exact(&mut [0; PREFACE]).unwrap();
    connection.write_all(&frame(4, 0, 0, &[])).unwrap();
    connection
}

fn transport() -> Transport {
    let options = TransportOptions { version: Version::Http2, ..TransportOptions::default() };
    Transport::new(&options).unwrap()
}

/// A GET of `/` on the server that `listener` is of.
fn request(listener: &TcpListener) -> HttpRequest {
    HttpRequest {
        preflight: false,
        method: b"GET".to_vec(),
        url: Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap(),
        headers: std::iter::empty::<(&str, &str)>().collect(),
        body: None,
    }
}

#[test_case(&frame(3, 0, 3, &[0, 0, 0, 7]), true; "is refused unread")]
#[test_case(&frame(7, 0, 0, &[0, 0, 0, 1, 0, 0, 0, 0]), true; "came after the last of a connection")]
#[test_case(&frame(3, 0, 3, &[0, 0, 0, 2]), false; "is given up by the server")]
#[tokio::test]
async fn a_request_is_sent_again_over_http_2_where_it(instead: &[u8], again: bool) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let request = request(&listener);
    let instead = instead.to_vec();
    let server = thread::spawn(move || {
        let mut connection = accept_http_2(&listener);
        answer_http_2(&mut connection, 1, None);
        answer_http_2(&mut connection, 3, Some(&instead));
        if again {
            connection = accept_http_2(&listener);
            answer_http_2(&mut connection, 1, None);
        }
        // To close before the client has read it could be a reset.
        let _ = connection.read_to_end(&mut Vec::new());
    });
    let transport = transport();
    transport.send(&request).await.unwrap();
    let answer = transport.send(&request).await;
    assert_eq!(answer.is_ok(), again, "{answer:?}");
    drop(transport);
    tokio::task::spawn_blocking(|| server.join()).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_server_that_gives_a_request_up_over_http_2_speaks_it() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = request(&listener).url;
    let server = thread::spawn(move || {
        let mut connection = accept_http_2(&listener);
        answer_http_2(&mut connection, 1, Some(&frame(3, 0, 1, &[0, 0, 0, 2])));
        let _ = connection.read_to_end(&mut Vec::new());
    });
    assert_eq!(transport().reach(&url).await, Ok(None));
    tokio::task::spawn_blocking(|| server.join()).await.unwrap().unwrap();
}

#[tokio::test]
async fn an_answer_in_another_version_is_said_to_be_one() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let request = request(&listener);
    let server = thread::spawn(move || {
        let mut connection = listener.accept().unwrap().0;
        connection.read_exact(&mut [0; PREFACE]).unwrap();
        answer_http_2(&mut connection, 1, Some(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
        // To close before the client has read it could be a reset.
        let _ = connection.read_to_end(&mut Vec::new());
    });
    let failure = transport().send(&request).await.unwrap_err();
    assert_eq!(failure.message, "the exchange failed: the answer is not HTTP/2");
    tokio::task::spawn_blocking(|| server.join()).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_connection_that_closes_without_a_word_is_said_to_be_perhaps_of_another_version() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let request = request(&listener);
    let server = thread::spawn(move || {
        let mut connection = listener.accept().unwrap().0;
        connection.read_exact(&mut [0; PREFACE]).unwrap();
    });
    let failure = transport().send(&request).await.unwrap_err();
    let message = "the exchange failed: the connection was closed instead of an answer; the server \
        may not speak HTTP/2 without being asked";
    assert_eq!(failure.message, message);
    tokio::task::spawn_blocking(|| server.join()).await.unwrap().unwrap();
}

/// `corspec`, in the project's folder.
async fn corspec(arguments: &[&OsStr]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_corspec"));
    command.args(arguments).env("INSTA_UPDATE", "no");
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap()
}

/// `corspec run` with a report of each result, by policy and scenario.
async fn ran(arguments: &[&str]) -> BTreeMap<String, Value> {
    let arguments = [&["run", "--format", "json"], arguments].concat();
    let output = corspec(&Vec::from_iter(arguments.iter().map(OsStr::new))).await;
    let mut report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{error}{}", report["summary"]);
    let named = |result: Value| {
        let name = |key| result[key].as_str().unwrap().to_owned();
        (name("policy") + " " + &name("scenario"), result)
    };
    let Value::Array(results) = report["results"].take() else { panic!("{report}") };
    results.into_iter().map(named).collect()
}

/// A result as it is over any version of HTTP: over HTTP/2 the server's library says also of answers that have no body
/// that it has no bytes, and nobody is told to upgrade.
fn of_any_version(mut result: Value) -> Value {
    for exchange in result["exchanges"].as_array_mut().into_iter().flatten() {
        if [204, 304, 426].iter().any(|status| exchange["status"] == *status) {
            let headers = exchange["response-headers"].as_array_mut().unwrap();
            headers.retain(|line| line[0] != "content-length" && line[0] != "upgrade");
        }
    }
    result
}

/// What stands on record of the reference is compared too: the run ends with 0.
#[tokio::test(flavor = "multi_thread")]
async fn the_reference_says_the_same_over_http_2() {
    let runs = (ran(&["reference"]), ran(&["reference", "--http2"]));
    let (mut one, mut two) = tokio::join!(runs.0, runs.1);
    let mut hosts = 0;
    two.retain(|name, result| {
        let is_host = result["reason"].as_str().is_some_and(|it| it.contains("over HTTP/2"));
        if is_host {
            assert_eq!(result["result"], "not-applicable", "{result}");
            assert!(name.contains(" local-network/strange-host-"), "{name}");
            one.remove(name);
            hosts += 1;
        }
        !is_host
    });
    assert!(hosts > 0 && two.values().filter(|it| it["result"] == "pass").count() > 2000);
    for (name, result) in one {
        let other = two.remove(&name).unwrap();
        assert_eq!(of_any_version(other), of_any_version(result), "{name}");
    }
    assert_eq!(two, BTreeMap::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_of_its_own_is_asked_for_where_tls_does_not_negotiate_http_2() {
    let server = Served::over_tls("localhost", HTTP_1_OR_2).await;
    let url = server.url("/version");
    let run = ["--url", &url, "--policy", "public", "--insecure", "--scenario", "local-network"];
    let name = "public local-network/strange-host-is-refused";
    assert_eq!(ran(&run).await[name]["result"], "not-applicable");
    assert_eq!(ran(&[&run[..], &["--http1.1"]].concat()).await[name]["result"], "pass");
}

/// What the server says that `corspec fetch` with this option spoke.
async fn spoken(server: &Served, arguments: &[&OsStr]) -> Value {
    let url = server.url("/version");
    let fetch = ["fetch", &url, "--origin", "https://app.example", "--format", "json"];
    let output = corspec(&[&fetch.map(OsStr::new)[..], arguments].concat()).await;
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    answer["body"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn fetch_speaks_the_version_that_is_named() {
    let server = Served::plain().await;
    assert_eq!(spoken(&server, &["--http2".as_ref()]).await, "HTTP/2.0");
    let server = Served::over_tls("localhost", HTTP_1_OR_2).await;
    let root = server.root();
    let trusting = ["--cacert".as_ref(), root.as_os_str()];
    assert_eq!(spoken(&server, &trusting).await, "HTTP/2.0");
    let http1 = [&trusting[..], &["--http1.1".as_ref()]].concat();
    assert_eq!(spoken(&server, &http1).await, "HTTP/1.1");
}
