//! `corspec fetch --batch` is right: what browsers did, replayed over real HTTP.
//!
//! The recordings are the model's own test data; three loopback servers answer as
//! the recorded ones did. What the model is known to get wrong is left aside.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its data has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::thread;

use serde_json::{Value, json};
use test_case::test_case;

/// Of every so many vectors, one is replayed.
const STRIDE: usize = 16;

fn lines(name: &str) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../suite/fetch/tests/vectors");
    let text = std::fs::read_to_string(folder.join(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The three servers' origins, by letter.
type Origins = BTreeMap<&'static str, String>;

/// Serves the vectors; the servers live as long as the process.
fn serve(vectors: Vec<Value>) -> Origins {
    let listeners: Vec<_> = [("S", "localhost"), ("Y", "localhost"), ("X", "127.0.0.1")]
        .map(|(letter, host)| (letter, host, TcpListener::bind("127.0.0.1:0").unwrap()))
        .into();
    let origins: Origins = listeners
        .iter()
        .map(|(letter, host, it)| {
            (*letter, format!("http://{host}:{}", it.local_addr().unwrap().port()))
        })
        .collect();
    let shared = Arc::new((vectors, origins.clone()));
    for (letter, _, listener) in listeners {
        let shared = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = Arc::clone(&shared);
                thread::spawn(move || converse(stream.unwrap(), letter, &shared));
            }
        });
    }
    origins
}

/// Answers the requests of one connection until the client leaves.
fn converse(stream: TcpStream, letter: &str, shared: &(Vec<Value>, Origins)) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut writer = stream;
    while let Some((head, headers)) = request(&mut reader) {
        let answer = answer(&head, &headers, letter, shared);
        if writer.write_all(&answer).is_err() {
            return;
        }
    }
}

fn request(reader: &mut BufReader<TcpStream>) -> Option<(String, BTreeMap<String, String>)> {
    let mut line = Vec::new();
    let mut read = |reader: &mut BufReader<TcpStream>| {
        line.clear();
        reader.read_until(b'\n', &mut line).ok()?;
        let text: String = line.iter().copied().map(char::from).collect();
        Some(text.trim_end_matches(['\r', '\n']).to_owned()).filter(|it| !it.is_empty())
    };
    let head = read(reader)?;
    let mut headers = BTreeMap::new();
    while let Some(line) = read(reader) {
        let (name, value) = line.split_once(':').unwrap();
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").map_or(0, |it| it.parse().unwrap());
    std::io::Read::read_exact(reader, &mut vec![0; length]).ok()?;
    Some((head, headers))
}

fn answer(
    head: &str,
    headers: &BTreeMap<String, String>,
    letter: &str,
    (vectors, origins): &(Vec<Value>, Origins),
) -> Vec<u8> {
    let mut words = head.split(' ');
    let method = words.next().unwrap();
    let mut path = words.next().unwrap().split('/').skip(2).map(|it| it.parse::<usize>().unwrap());
    let (id, hop) = (path.next().unwrap(), path.next().unwrap());
    let vector = vectors.iter().find(|it| it["id"] == id).unwrap();
    let hop = &vector["hops"][hop];
    if hop["host"] != letter {
        return b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_vec();
    }
    let preflight = method == "OPTIONS" && headers.contains_key("access-control-request-method");
    let answer = &hop[if preflight { "preflight" } else { "actual" }];
    let status = answer["status"].as_u64().unwrap();
    let mut text = format!("HTTP/1.1 {status} \r\n");
    for pair in answer["headers"].as_array().unwrap() {
        let (name, value) = (pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
        let value = filled(value, headers.get("origin").map(String::as_str), origins);
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    let bodiless = matches!(status, 204 | 304);
    let body = if preflight || bodiless || method == "HEAD" { "" } else { "payload" };
    if !bodiless {
        text.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    text.push_str(body);
    text.chars().map(|it| u8::try_from(it).unwrap()).collect()
}

/// Replaces the placeholders of a header value.
fn filled(value: &str, asked: Option<&str>, origins: &Origins) -> String {
    let mut text = value.replace("{O}", asked.unwrap_or("none"));
    for (letter, origin) in origins {
        text = text.replace(&format!("{{{letter}}}"), origin);
        text = text.replace(&format!("{{{letter}@}}"), &origin.replace("://", "://u:p@"));
        text = text.replace(&format!("{{{letter}U}}"), &origin.to_uppercase());
    }
    text
}

/// A running batch: a caller that waits for each answer.
struct Batch {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Batch {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_corspec"))
            .args(["fetch", "--batch"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, input, output }
    }

    fn ask(&mut self, line: &str) -> Value {
        writeln!(self.input, "{line}").unwrap();
        let mut answer = String::new();
        self.output.read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap()
    }

    fn end(mut self) -> Option<i32> {
        drop(self.input);
        self.child.wait().unwrap().code()
    }
}

fn line(vector: &Value, step: &Value, browser: &str, origins: &Origins) -> Value {
    let mut line = step.clone();
    let (id, first) = (&vector["id"], vector["hops"][0]["host"].as_str().unwrap());
    line["url"] = json!(format!("{}/v/{id}/0", origins[first]));
    line["page"] = json!(format!("{}/page", origins["S"]));
    line["agent"] = json!(id.to_string());
    line["profile"] = json!(browser);
    if step == &vector["steps"][0] {
        line["cookies"] = json!([{"url": line["page"], "set-cookie": "c=1; Path=/"}]);
    }
    line
}

fn seen(answer: &Value) -> Value {
    match answer["outcome"].as_str().unwrap() {
        "response" => ["type", "status", "url", "redirected", "headers", "body"]
            .into_iter()
            .map(|key| (key.to_owned(), answer[key].clone()))
            .collect(),
        "network-error" => json!({"error": "TypeError"}),
        "type-error" => json!({"rejected": "TypeError"}),
        other => panic!("outcome {other}: {answer}"),
    }
}

/// A request in the form of the recordings, with the headers that those know.
fn wire(exchange: &Value, known: &BTreeSet<String>, origins: &Origins) -> Value {
    let url = exchange["url"].as_str().unwrap();
    let (host, _) = origins.iter().find(|(_, it)| url.starts_with(&format!("{it}/"))).unwrap();
    let hop: u64 = url.rsplit('/').next().unwrap().parse().unwrap();
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for pair in exchange["request-headers"].as_array().unwrap() {
        let name = pair[0].as_str().unwrap().to_ascii_lowercase();
        let value = pair[1].as_str().unwrap();
        if known.contains(&name) {
            let joined = headers.entry(name).or_default();
            let comma = if joined.is_empty() { "" } else { ", " };
            joined.push_str(comma);
            joined.push_str(value);
        }
    }
    json!({"host": host, "hop": hop, "method": exchange["method"], "preflight": exchange["preflight"], "headers": headers})
}

/// The value with placeholders for the origins.
fn named(value: &Value, origins: &Origins) -> Value {
    let mut text = value.to_string();
    for (letter, origin) in origins {
        text = text.replace(origin, &format!("{{{letter}}}"));
    }
    serde_json::from_str(&text).unwrap()
}

/// What the model is known to get wrong of a browser.
fn left_over(browser: &str) -> BTreeSet<u64> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../suite/fetch/tests/vectors");
    let text = std::fs::read_to_string(folder.join("left-over.json")).unwrap();
    let entries: Vec<Value> = serde_json::from_str(&text).unwrap();
    let entries = entries.iter().filter(|it| it["browser"] == browser);
    entries.flat_map(|it| it["ids"].as_array().unwrap()).map(|it| it.as_u64().unwrap()).collect()
}

#[test_case("chromium")]
#[test_case("firefox")]
#[test_case("webkit")]
fn a_batch_says_what_the_browser_did(browser: &str) {
    let vectors = lines("vectors.jsonl");
    let origins = serve(vectors.clone());
    let recordings = lines(&format!("{browser}.jsonl"));
    let headers = recordings.iter().flat_map(|it| it["wire"].as_array().unwrap());
    let mut known: BTreeSet<String> =
        headers.flat_map(|it| it["headers"].as_object().unwrap().keys().cloned()).collect();
    // How the browser was set up, and the length of its body.
    known.retain(|it| it != "accept-language" && it != "content-length");
    let stride = std::env::var("CORSPEC_STRIDE").map_or(STRIDE, |it| it.parse().unwrap());
    let known_wrong = left_over(browser);
    let mut batch = Batch::start(&["--follow-elsewhere"]);
    let (mut view, mut sent, mut all) = (Vec::new(), Vec::new(), 0);
    for recorded in recordings.iter().step_by(stride) {
        let id = recorded["id"].as_u64().unwrap();
        if known_wrong.contains(&id) {
            continue;
        }
        all += 1;
        let vector = vectors.iter().find(|it| it["id"] == id).unwrap();
        let steps = vector["steps"].as_array().unwrap().iter();
        let answers: Vec<_> = steps
            .map(|step| batch.ask(&line(vector, step, browser, &origins).to_string()))
            .collect();
        let saw: Vec<_> = answers.iter().map(|it| named(&seen(it), &origins)).collect();
        let wires: Vec<_> = answers
            .iter()
            .flat_map(|it| it["exchanges"].as_array().into_iter().flatten())
            .map(|it| named(&wire(it, &known, &origins), &origins))
            .collect();
        let mut want = recorded["wire"].clone();
        for request in want.as_array_mut().unwrap() {
            request.as_object_mut().unwrap().remove("body");
            request["headers"].as_object_mut().unwrap().retain(|name, _| known.contains(name));
        }
        if json!(saw) != recorded["seen"] {
            view.push(format!("{id}: {}", json!(saw)));
        }
        if json!(wires) != want {
            sent.push(format!("{id}: {}\n want {want}", json!(wires)));
        }
    }
    println!("{browser}: view {} of {all}, wire {} of {all}", all - view.len(), all - sent.len());
    assert!(view.is_empty() && sent.is_empty(), "view: {view:#?}\nwire: {sent:#?}");
    assert_eq!(batch.end(), Some(0));
}

#[test_case("{", "EOF"; "what is no JSON")]
#[test_case(r#"{"url":"http://127.0.0.1:1/","origin":"null","colour":1}"#, "colour"; "an unknown key")]
#[test_case(r#"{"url":"http://127.0.0.1:1/"}"#, "origin"; "neither origin nor page")]
#[test_case(r#"{"url":"http://127.0.0.1:1/","origin":"x"}"#, "`x`"; "an invalid origin")]
#[test_case(r#"{"url":"http://127.0.0.1:1/","origin":"null","mode":"navigate"}"#, "navigate"; "a mode that no script has")]
#[test_case(r#"{"url":"http://127.0.0.1:1/","origin":"null","headers":[["a","Ā"]]}"#, "U+0100"; "a character that is no byte")]
#[test_case(r#"{"url":"http://127.0.0.1:1/","origin":"null","advance":-1}"#, "advance"; "a clock that goes back")]
fn an_invalid_line_is_said_and_the_batch_goes_on(line: &str, named: &str) {
    let mut batch = Batch::start(&[]);
    let answer = batch.ask(line);
    assert_eq!(answer["outcome"], "invalid");
    assert!(answer["message"].as_str().unwrap().contains(named), "{answer}");
    let next = r#"{"url":"http://127.0.0.1:1/","origin":"null","method":"put","construct":true,"body":"x"}"#;
    let made = json!({
        "outcome": "request", "method": "PUT", "url": "http://127.0.0.1:1/",
        "headers": [["content-type", "text/plain;charset=UTF-8"]],
    });
    let mut answer = batch.ask(next);
    let name = answer["headers"][0][0].as_str().unwrap().to_ascii_lowercase();
    answer["headers"][0][0] = json!(name);
    assert_eq!(answer, made);
    assert_eq!(batch.end(), Some(2));
}

#[test]
fn a_method_that_scripts_may_not_use_is_a_type_error() {
    let mut batch = Batch::start(&[]);
    let line = r#"{"url":"http://127.0.0.1:1/","origin":"null","method":"TRACE"}"#;
    assert_eq!(batch.ask(line)["outcome"], "type-error");
    assert_eq!(batch.end(), Some(0));
}

#[test]
fn a_redirect_to_another_origin_is_not_followed() {
    let answer = json!({"status": 200, "headers": [["Access-Control-Allow-Origin", "*"]]});
    let headers = json!([["Access-Control-Allow-Origin", "*"], ["Location", "{X}/v/0/1"]]);
    let hop =
        json!({"host": "Y", "preflight": answer, "actual": {"status": 302, "headers": headers}});
    let origins = serve(vec![
        json!({"id": 0, "hops": [hop, {"host": "X", "preflight": answer, "actual": answer}]}),
    ]);
    let line =
        json!({"url": format!("{}/v/0/0", origins["Y"]), "origin": "http://a.test"}).to_string();
    let mut batch = Batch::start(&[]);
    let answer = batch.ask(&line);
    assert_eq!(answer["outcome"], "not-followed");
    assert_eq!(answer["location"], format!("{}/v/0/1", origins["X"]));
    assert_eq!(answer["exchanges"].as_array().unwrap().len(), 1);
}
