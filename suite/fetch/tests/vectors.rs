//! Real browsers are the test: recorded fetches, replayed in memory.
//!
//! `vectors/vectors.jsonl` says what a page did and what its servers answered;
//! the file of each browser says what the page saw and what went over the wire.
//! `more-vectors.jsonl` and its recordings, made alike, are long redirect chains
//! and repeated requests, where browsers differ most.
//!
//! Under that browser's profile the model must say the same, and under `spec`
//! wherever the three browsers agree. What it does not is listed in
//! `vectors/left-over.json` with the reason, and an entry that agrees by now
//! fails the test as well.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its data has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;

use corspec_fetch::agent::UserAgent;
use corspec_fetch::fetch::{HttpRequest, HttpResponse, Step};
use corspec_fetch::header_list::HeaderList;
use corspec_fetch::origin::Origin;
use corspec_fetch::outcome::Outcome;
use corspec_fetch::page::Page;
use corspec_fetch::profile::Profile;
use corspec_fetch::request::{Body, CacheMode, CredentialsMode, Mode, RedirectMode, RequestInit};
use rstest::rstest;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

const S: &str = "http://localhost:8001";
const Y: &str = "http://localhost:8002";
const X: &str = "http://127.0.0.1:8003";

#[derive(Deserialize)]
struct Vector {
    id: u32,
    hops: Vec<Hop>,
    steps: Vec<Init>,
}

#[derive(Deserialize)]
struct Hop {
    host: String,
    preflight: Answer,
    actual: Answer,
}

#[derive(Deserialize)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct Init {
    method: Option<String>,
    #[serde(default)]
    headers: Vec<(String, String)>,
    body: Option<String>,
    mode: String,
    credentials: String,
    redirect: String,
    cache: Option<String>,
}

/// What a browser recorded, or the model made, of one vector.
#[derive(Clone, Debug, Deserialize, PartialEq)]
struct Recorded {
    id: u32,
    seen: Vec<Value>,
    wire: Vec<Value>,
}

#[derive(Deserialize)]
struct LeftOver {
    browser: String,
    part: String,
    ids: BTreeSet<u32>,
    /// Where the standard says otherwise than the browsers.
    anchor: Option<String>,
    reason: String,
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

fn lines<T: for<'a> Deserialize<'a>>(name: &str) -> Vec<T> {
    let text = fs::read_to_string(folder().join(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn origin_of(letter: &str) -> &'static str {
    match letter {
        "S" => S,
        "Y" => Y,
        "X" => X,
        other => panic!("no server {other}"),
    }
}

/// Replaces the placeholders of a header value by what the request says.
fn filled(value: &str, request: &HeaderList) -> String {
    let said = |name, none: &str| request.get(name).map_or(none.to_owned(), |it| latin1(&it));
    let mut text = value
        .replace("{O}", &said("origin", "none"))
        .replace("{RM}", &said("access-control-request-method", ""))
        .replace("{RH}", &said("access-control-request-headers", ""));
    for (letter, origin) in [("S", S), ("Y", Y), ("X", X)] {
        let (scheme, host) = origin.split_once("://").unwrap();
        text = text.replace(&format!("{{{letter}}}"), origin);
        text = text.replace(&format!("{{{letter}@}}"), &format!("{scheme}://u:p@{host}"));
        text = text.replace(&format!("{{{letter}U}}"), &origin.to_uppercase());
    }
    text
}

/// Puts the placeholders back, as the recordings have them.
fn named(text: &str) -> String {
    text.replace(S, "{S}").replace(Y, "{Y}").replace(X, "{X}")
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

/// What the servers of a vector answer.
fn answer(vector: &Vector, request: &HttpRequest) -> HttpResponse {
    let path = request.url.path();
    let hop: usize = path.rsplit('/').next().unwrap().parse().unwrap();
    let host = Origin::of(&request.url).to_string();
    let Some(place) = vector.hops.get(hop).filter(|place| origin_of(&place.host) == host) else {
        return HttpResponse { status: 404, ..HttpResponse::default() };
    };
    let answer = if request.preflight { &place.preflight } else { &place.actual };
    let mut headers: HeaderList = answer
        .headers
        .iter()
        .map(|(name, value)| {
            let value = filled(value, &request.headers);
            (name.clone(), value.trim_matches([' ', '\t']).to_owned())
        })
        .collect();
    let empty =
        request.preflight || request.method == b"HEAD" || matches!(answer.status, 204 | 304);
    let body = if empty { Vec::new() } else { b"payload".to_vec() };
    if !matches!(answer.status, 204 | 304) {
        headers.append("Content-Length", body.len().to_string());
    }
    HttpResponse { status: answer.status, headers, body, ..HttpResponse::default() }
}

fn init(vector: &Vector, step: &Init) -> RequestInit {
    let first = origin_of(&vector.hops[0].host);
    let bytes = |text: &str| text.chars().map(|it| u8::try_from(u32::from(it)).unwrap()).collect();
    RequestInit {
        url: format!("{first}/v/{}/0", vector.id),
        method: step.method.as_deref().unwrap_or_default().into(),
        headers: step.headers.iter().map(|(name, value)| (bytes(name), bytes(value))).collect(),
        mode: match step.mode.as_str() {
            "cors" => Mode::Cors,
            "no-cors" => Mode::NoCors,
            "same-origin" => Mode::SameOrigin,
            other => panic!("mode {other}"),
        },
        credentials: match step.credentials.as_str() {
            "omit" => CredentialsMode::Omit,
            "same-origin" => CredentialsMode::SameOrigin,
            "include" => CredentialsMode::Include,
            other => panic!("credentials {other}"),
        },
        redirect: match step.redirect.as_str() {
            "follow" => RedirectMode::Follow,
            "error" => RedirectMode::Error,
            "manual" => RedirectMode::Manual,
            other => panic!("redirect {other}"),
        },
        cache: match step.cache.as_deref() {
            None => CacheMode::Default,
            Some("no-store") => CacheMode::NoStore,
            Some("reload") => CacheMode::Reload,
            Some("no-cache") => CacheMode::NoCache,
            Some("force-cache") => CacheMode::ForceCache,
            Some(other) => panic!("cache {other}"),
        },
        body: step.body.as_deref().map(Body::text),
        ..RequestInit::default()
    }
}

/// What the page saw, in the form of the recordings.
fn seen(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::NetworkError(_) => json!({"error": "TypeError"}),
        Outcome::Response(response) => {
            let headers: Vec<_> = response
                .headers
                .iter()
                .map(|(name, value)| json!([latin1(name), named(&latin1(value))]))
                .collect();
            json!({
                "type": response.kind.name(),
                "status": response.status,
                "url": named(&response.url),
                "redirected": response.redirected,
                "headers": headers,
                "body": latin1(&response.body),
            })
        }
    }
}

/// A request, in the form of the recordings. `accept-language` and
/// `content-length` say how the browser was set up, and its body's length.
fn wire(request: &HttpRequest, known: &BTreeSet<String>) -> Value {
    let host = match Origin::of(&request.url).to_string().as_str() {
        S => "S",
        Y => "Y",
        _ => "X",
    };
    let hop: u32 = request.url.path().rsplit('/').next().unwrap().parse().unwrap();
    let mut headers = BTreeMap::new();
    for (name, _) in request.headers.iter() {
        let name = latin1(name).to_ascii_lowercase();
        if known.contains(&name) {
            let value = request.headers.get(&name).unwrap();
            // A server reads a value without the space around it.
            let value = named(latin1(&value).trim_matches([' ', '\t']));
            headers.insert(name, value);
        }
    }
    json!({
        "host": host,
        "hop": hop,
        "method": latin1(&request.method),
        "preflight": request.preflight,
        "headers": headers,
        "body": request.body.as_ref().map_or(0, Vec::len),
    })
}

fn replay(vector: &Vector, profile: &'static Profile, known: &BTreeSet<String>) -> Recorded {
    let mut agent = UserAgent::new(profile);
    let mut now = Duration::from_secs(1_800_000_000);
    let page_url = Url::parse(&format!("{S}/page")).unwrap();
    agent.set_cookie(&page_url, b"c=1; Path=/", now);
    let page = Page { url: Some(page_url.clone()), ..Page::at(Origin::of(&page_url)) };
    let mut recorded = Recorded { id: vector.id, seen: Vec::new(), wire: Vec::new() };
    for step in &vector.steps {
        // The steps of a page followed one another at once.
        now += Duration::from_millis(20);
        let Ok(request) = agent.construct(&page, &init(vector, step)) else {
            recorded.seen.push(json!({"rejected": "TypeError"}));
            continue;
        };
        let mut fetch = agent.fetch(&page, request);
        let outcome = loop {
            match fetch.step(&mut agent, now) {
                Step::Send(request) => {
                    recorded.wire.push(wire(&request, known));
                    fetch.respond(Ok(answer(vector, &request)));
                }
                Step::Done(outcome) => break outcome,
            }
        };
        recorded.seen.push(seen(&outcome));
    }
    recorded
}

/// Headers whose value is the recording's own affair.
const IGNORED: [&str; 2] = ["accept-language", "content-length"];

/// A recording without what the test leaves aside; `accept-language` is the
/// script's affair only where a script set it.
fn comparable(recorded: &Recorded) -> Recorded {
    let mut recorded = recorded.clone();
    for request in &mut recorded.wire {
        let headers = request["headers"].as_object_mut().unwrap();
        for name in IGNORED {
            headers.remove(name);
        }
        headers.sort_keys();
    }
    recorded
}

/// Every header that some recording has.
fn known(recordings: &[Recorded]) -> BTreeSet<String> {
    let headers = recordings.iter().flat_map(|it| &it.wire).map(|it| &it["headers"]);
    headers.flat_map(|it| it.as_object().unwrap().keys().cloned()).collect()
}

fn vectors(set: &str) -> BTreeMap<u32, Vector> {
    let vectors = lines::<Vector>(&format!("{set}vectors.jsonl"));
    vectors.into_iter().map(|vector| (vector.id, vector)).collect()
}

/// The ids whose view, and whose wire, the model has otherwise than recorded.
#[derive(Default)]
struct Wrong {
    view: BTreeSet<u32>,
    wire: BTreeSet<u32>,
}

impl Wrong {
    fn add(&mut self, want: &Recorded, got: &Recorded) {
        if got.seen != want.seen {
            self.view.insert(want.id);
        }
        if got.wire != want.wire {
            self.wire.insert(want.id);
        }
        if std::env::var("CORSPEC_VECTOR").is_ok_and(|id| id == want.id.to_string()) {
            println!("browser saw  {:#?}\nmodel saw {:#?}", want.seen, got.seen);
            println!("browser sent {:#?}\nmodel sent {:#?}", want.wire, got.wire);
        }
    }
}

#[rstest]
fn the_model_says_what_the_browser_did(
    #[values("chromium", "firefox", "webkit")] browser: &str,
    #[values("", "more-")] set: &str,
) {
    let profile = Profile::named(browser).unwrap();
    let vectors = vectors(set);
    let recordings: Vec<Recorded> = lines(&format!("{set}{browser}.jsonl"));
    let known = known(&recordings);
    let mut wrong = Wrong::default();
    for recorded in &recordings {
        let got = comparable(&replay(&vectors[&recorded.id], profile, &known));
        wrong.add(&comparable(recorded), &got);
    }
    let all = recordings.len();
    println!("{set}{browser} view: {} of {all}", all - wrong.view.len());
    println!("{set}{browser} wire: {} of {all}", all - wrong.wire.len());
    let ids = vectors.keys().copied().collect();
    compare_with_left_over(browser, "view", &wrong.view, &ids);
    compare_with_left_over(browser, "wire", &wrong.wire, &ids);
}

#[rstest]
fn the_standard_says_what_all_browsers_did(#[values("", "more-")] set: &str) {
    let recordings = ["chromium", "firefox", "webkit"]
        .map(|browser| lines::<Recorded>(&format!("{set}{browser}.jsonl")));
    let known = known(&recordings.concat());
    let [chromium, firefox, webkit] = &recordings;
    let vectors = vectors(set);
    let (mut wrong, mut views, mut wires) = (Wrong::default(), 0, 0);
    for ((one, two), three) in chromium.iter().zip(firefox).zip(webkit) {
        let [one, two, three] = [one, two, three].map(comparable);
        let got = comparable(&replay(&vectors[&one.id], &Profile::SPEC, &known));
        // Where they do not agree there is nothing to hold the model against.
        let mut want = got.clone();
        if one.seen == two.seen && two.seen == three.seen {
            want.seen = one.seen;
            views += 1;
        }
        if one.wire == two.wire && two.wire == three.wire {
            want.wire = one.wire;
            wires += 1;
        }
        wrong.add(&want, &got);
    }
    println!("{set}spec view: {} of {views}", views - wrong.view.len());
    println!("{set}spec wire: {} of {wires}", wires - wrong.wire.len());
    let ids = vectors.keys().copied().collect();
    compare_with_left_over("spec", "view", &wrong.view, &ids);
    compare_with_left_over("spec", "wire", &wrong.wire, &ids);
}

/// What is listed must still disagree, and what disagrees must be listed.
fn compare_with_left_over(
    browser: &str,
    part: &str,
    wrong: &BTreeSet<u32>,
    replayed: &BTreeSet<u32>,
) {
    let text = fs::read_to_string(folder().join("left-over.json")).unwrap();
    let left_over: Vec<LeftOver> = serde_json::from_str(&text).unwrap();
    assert!(left_over.iter().all(|entry| !entry.reason.is_empty()), "an entry has no reason");
    for entry in left_over.iter().filter(|entry| entry.browser == "spec") {
        let anchor = entry.anchor.as_deref().unwrap_or_default();
        let known = include_str!("../spec/anchors.txt").lines().any(|known| known == anchor);
        assert!(known, "`{anchor}` of {:?} is no anchor of the standard", entry.ids);
    }
    let listed: BTreeSet<u32> = left_over
        .iter()
        .filter(|entry| entry.browser == browser && entry.part == part)
        .flat_map(|entry| entry.ids.iter().copied())
        .filter(|id| replayed.contains(id))
        .collect();
    let unlisted: Vec<_> = wrong.difference(&listed).collect();
    let agreeing: Vec<_> = listed.difference(wrong).collect();
    assert!(unlisted.is_empty(), "{browser} {part}: not listed: {unlisted:?}");
    assert!(agreeing.is_empty(), "{browser} {part}: listed, and agrees: {agreeing:?}");
}
