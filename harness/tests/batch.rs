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

use corspec_fetch::profile::Profile;
use corspec_vectors::compare::{Part, differences};
use corspec_vectors::corpus::{Corpus, Entry};
use corspec_vectors::place::Place;
use corspec_vectors::replay::{Recorded, unnumbered_view};
use corspec_vectors::scripted::{Asked, Sent, led_to, reply};
use corspec_vectors::vector::{Init, Vector, bytes as vector_bytes, latin1};
use serde_json::{Value, json};
use test_case::test_case;
use url::Url;

/// Of every so many vectors, one is replayed.
const STRIDE: usize = 16;

/// A file of the corpus.
fn read(name: &str) -> Vec<u8> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../suite/vectors/corpus");
    std::fs::read(corpus.join(name)).unwrap()
}

/// The recordings that need no more than three servers on this machine.
fn given() -> Corpus {
    Corpus::unpack(&read("given.jsonl.gz")).unwrap()
}

/// What the model is known to get wrong of a browser.
fn left_over(browser: &str) -> BTreeSet<u64> {
    let all: Vec<Value> = serde_json::from_slice(&read("left-over.json")).unwrap();
    let of = all.iter().filter(|it| it["engine"] == browser);
    let ids = of.flat_map(|it| it["vectors"]["given"].as_array().into_iter().flatten());
    ids.map(|id| id.as_u64().unwrap()).collect()
}

/// The ports that stand in for those of the places, by the place.
type Ports = BTreeMap<Place, (String, String)>;

/// Serves the vectors; the servers live as long as the process.
fn serve(vectors: Vec<Vector>) -> Ports {
    let listeners = [Place::S, Place::Y, Place::X]
        .map(|place| (place, TcpListener::bind("127.0.0.1:0").unwrap()));
    let stand_in = |(place, it): &(Place, TcpListener)| {
        let authority = place.origin().trim_start_matches("http://");
        let host = authority.split(':').next().unwrap();
        let port = it.local_addr().unwrap().port();
        (*place, (authority.to_owned(), format!("{host}:{port}")))
    };
    let ports: Ports = listeners.iter().map(stand_in).collect();
    let shared = Arc::new((vectors, ports.clone()));
    for (place, listener) in listeners {
        let shared = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = Arc::clone(&shared);
                thread::spawn(move || converse(stream.unwrap(), place, &shared));
            }
        });
    }
    ports
}

/// The text with the ports instead of the places.
fn at_ports(text: &str, ports: &Ports) -> String {
    ports.values().fold(text.to_owned(), |text, (place, port)| {
        text.replace(place, port).replace(&place.to_uppercase(), &port.to_uppercase())
    })
}

/// The text with the places instead of the ports.
fn at_places(text: &str, ports: &Ports) -> String {
    ports.values().fold(text.to_owned(), |text, (place, port)| text.replace(port, place))
}

/// Answers the requests of one connection until the client leaves.
fn converse(stream: TcpStream, place: Place, shared: &(Vec<Vector>, Ports)) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut writer = stream;
    while let Some((head, headers)) = request(&mut reader) {
        let answer = answer(&head, headers, place, shared);
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
    headers: BTreeMap<String, String>,
    host: Place,
    (vectors, ports): &(Vec<Vector>, Ports),
) -> Vec<u8> {
    let mut words = head.split(' ');
    let (method, (id, hop)) = (words.next().unwrap().to_owned(), led_to(words.next().unwrap()));
    let vector = vectors.iter().find(|it| Some(it.id) == id).unwrap();
    let headers = headers.into_iter().map(|(name, it)| (name, at_places(&it, ports))).collect();
    let reply = reply(vector, &Asked { host, hop, method, headers, body: 0 });
    let mut bytes = format!("HTTP/1.1 {} \r\n", reply.status).into_bytes();
    for (name, value) in &reply.headers {
        let value = vector_bytes(&at_ports(&latin1(value), ports));
        bytes.extend([name, &b": "[..], &value, b"\r\n"].concat());
    }
    [&bytes, &b"\r\n"[..], reply.body].concat()
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

fn line(vector: &Vector, step: &Init, browser: &str, ports: &Ports) -> Value {
    let mut line = serde_json::to_value(step).unwrap();
    line["url"] = json!(at_ports(&vector.url(), ports));
    line["page"] = json!(at_ports(&vector.page.url(), ports));
    line["agent"] = json!(vector.id.to_string());
    line["profile"] = json!(browser);
    if let Some(cookie) = vector.page.cookie.as_ref().filter(|_| step == &vector.steps[0]) {
        line["cookies"] = json!([{"url": line["page"], "set-cookie": format!("{cookie}; Path=/")}]);
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

/// A request in the form of the recordings.
fn sent(exchange: &Value, vector: &Vector, profile: &Profile) -> Sent {
    let url = Url::parse(exchange["url"].as_str().unwrap()).unwrap();
    let pair = |pair: &Value| {
        let [name, value] = [0, 1].map(|at| pair[at].as_str().unwrap().to_owned());
        (name.to_ascii_lowercase(), value)
    };
    let asked = Asked {
        host: Place::of(&url.origin().ascii_serialization()).unwrap(),
        hop: led_to(url.path()).1,
        method: exchange["method"].as_str().unwrap().to_owned(),
        headers: exchange["request-headers"].as_array().unwrap().iter().map(pair).collect(),
        body: 0,
    };
    let own = [("user-agent", profile.user_agent), ("accept-language", profile.accept_language)];
    asked.recorded(vector, &own)
}

#[test_case("chromium")]
#[test_case("firefox")]
#[test_case("webkit")]
fn a_batch_says_what_the_browser_did(browser: &str) {
    let Corpus { origin, entries } = given();
    let ports = serve(entries.iter().map(|entry| entry.vector.clone()).collect());
    let profile = Profile::named(browser).unwrap();
    let stride = std::env::var("CORSPEC_STRIDE").map_or(STRIDE, |it| it.parse().unwrap());
    let mut batch = Batch::start(&["--follow-elsewhere"]);
    let (mut view, mut wire, mut all) = (Vec::new(), Vec::new(), 0);
    let known_wrong = left_over(browser);
    for Entry { vector, recorded } in entries.iter().step_by(stride) {
        if known_wrong.contains(&u64::from(vector.id)) {
            continue;
        }
        all += 1;
        let mut made = Recorded::default();
        for step in &vector.steps {
            let answer = batch.ask(&line(vector, step, browser, &ports).to_string());
            let answer: Value =
                serde_json::from_str(&at_places(&answer.to_string(), &ports)).unwrap();
            made.seen.push(unnumbered_view(&seen(&answer), vector));
            let exchanges = answer["exchanges"].as_array().into_iter().flatten();
            made.wire.extend(exchanges.map(|it| sent(it, vector, profile)));
        }
        origin.limit(&mut made);
        let mut want = recorded[browser].clone();
        // A batch does not say how long the body was.
        want.wire.iter_mut().for_each(|request| request.body = 0);
        let found = differences(&made, &want);
        for (part, list) in [(Part::View, &mut view), (Part::Wire, &mut wire)] {
            if found.iter().any(|it| it.part == part) {
                list.push(format!("{}: {found:?}", vector.id));
            }
        }
    }
    println!("{browser}: view {} of {all}, wire {} of {all}", all - view.len(), all - wire.len());
    assert!(view.is_empty() && wire.is_empty(), "view: {view:#?}\nwire: {wire:#?}");
    assert_eq!(batch.end(), Some(0));
}

#[test_case("{", "EOF"; "what is no JSON")]
#[test_case("[]", "expected an object"; "a list")]
#[test_case("null", "expected an object"; "null")]
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
    let hops = [hop, json!({"host": "X", "preflight": answer, "actual": answer})];
    let vector = json!({"id": 0, "hops": hops, "steps": []});
    let ports = serve(vec![serde_json::from_value(vector).unwrap()]);
    let url = at_ports("http://localhost:8002/v/0/0", &ports);
    let line = json!({"url": url, "origin": "http://a.test"}).to_string();
    let mut batch = Batch::start(&[]);
    let answer = batch.ask(&line);
    assert_eq!(answer["outcome"], "not-followed");
    assert_eq!(answer["location"], at_ports("http://127.0.0.1:8003/v/0/1", &ports));
    assert_eq!(answer["exchanges"].as_array().unwrap().len(), 1);
}
