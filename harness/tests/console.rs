//! What two real browsers printed for fetches that were blocked, held against what is said here.
//!
//! `data/console.json` has for each the call, what the servers answered, and the part of the line
//! that says why. Both browsers log more than one line for some; the first is the cause.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its data has failed")]

use std::collections::BTreeMap;
use std::time::Duration;

use corspec::console::Blocked;
use corspec_fetch::agent::UserAgent;
use corspec_fetch::fetch::{ConnectionFailure, HttpRequest, HttpResponse, Step};
use corspec_fetch::header_list::HeaderList;
use corspec_fetch::origin::Origin;
use corspec_fetch::outcome::Outcome;
use corspec_fetch::page::{EmbedderPolicy, Page};
use corspec_fetch::profile::Profile;
use corspec_fetch::request::{Body, CredentialsMode, Mode, RequestInit};
use rstest::rstest;
use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

#[derive(Deserialize)]
struct File {
    page_origin: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    init: Map<String, Value>,
    page: String,
    target: Value,
    chrome_text: String,
    ff_text: String,
}

/// What the servers of a case answer, by URL.
#[derive(Default)]
struct Servers(BTreeMap<String, Map<String, Value>>);

impl Servers {
    /// The URL of a place, which is one itself or says what is answered there.
    fn url(&mut self, place: &Value) -> String {
        let Value::Object(place) = place else { return place.as_str().unwrap().to_owned() };
        let url = format!("http://{}/{}", place["server"].as_str().unwrap(), self.0.len());
        let mut answers = place["answers"].as_object().unwrap().clone();
        let key = url.replace("user:pw@", "");
        self.0.insert(key.clone(), Map::new());
        for answer in answers.values_mut() {
            let headers = answer.get_mut("headers").and_then(Value::as_array_mut);
            for value in headers.into_iter().flatten().map(|line| &mut line[1]) {
                if value.is_object() {
                    *value = Value::from(self.url(value));
                }
            }
        }
        self.0.insert(key, answers);
        url
    }

    fn answer(&self, request: &HttpRequest) -> Result<HttpResponse, ConnectionFailure> {
        let closed = || ConnectionFailure { message: "closed".to_owned() };
        let answers = self.0.get(request.url.as_str()).ok_or_else(closed)?;
        let method = String::from_utf8(request.method.clone()).unwrap();
        let answer = answers.get(&method).or(answers.get("*")).ok_or_else(closed)?;
        let status = answer["status"].as_u64().ok_or_else(closed)?;
        let origin = request.headers.get("origin").unwrap_or_default();
        let origin = String::from_utf8(origin).unwrap();
        let headers: HeaderList = answer["headers"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|line| {
                let value = line[1].as_str().unwrap().replace("{ORIGIN}", &origin);
                (line[0].as_str().unwrap().to_owned(), value)
            })
            .collect();
        Ok(HttpResponse { status: u16::try_from(status).unwrap(), headers, ..Default::default() })
    }
}

/// What this project says that browsers print; `None` where the page gets a response or a
/// `TypeError` before any fetch.
fn printed(case: &Case, page_origin: &str, profile: &'static Profile) -> Option<[String; 2]> {
    let mut servers = Servers::default();
    let asked = servers.url(&case.target);
    let page = Page {
        url: Some(Url::parse(&format!("{page_origin}{}", case.page)).unwrap()),
        embedder_policy: match case.page.as_str() {
            "/page-coep" => EmbedderPolicy::RequireCorp,
            _ => EmbedderPolicy::UnsafeNone,
        },
        ..Page::at(Origin::parse(page_origin).unwrap())
    };
    let mut agent = UserAgent::new(profile);
    let request = agent.construct(&page, &init(&case.init, &asked)).ok()?;
    let mut fetch = agent.fetch(&page, request);
    let mut last = None;
    let outcome = loop {
        match fetch.step(&mut agent, Duration::ZERO) {
            Step::Done(outcome) => break outcome,
            Step::Send(request) => {
                let answer = servers.answer(&request);
                fetch.respond(answer.clone());
                last = Some((request.url.to_string(), answer));
            }
        }
    };
    let Outcome::NetworkError(error) = outcome else { return None };
    let console = Blocked {
        cause: error.cause(),
        origin: page_origin,
        page: page.url.as_ref(),
        first_url: &asked,
        url: last.as_ref().map_or(&asked, |(url, _)| url),
        answer: last
            .as_ref()
            .and_then(|(_, answer)| answer.as_ref().ok())
            .map(|response| (response.status, &response.headers)),
    }
    .console();
    let hide = |text: Option<String>| {
        let text = text.unwrap_or_default().replace(page_origin, "{PAGE}");
        // The recordings leave out the URLs of servers.
        if asked.starts_with("http") { text.replace(&asked, "URL") } else { text }
    };
    Some([hide(console.chromium), hide(console.firefox)])
}

fn init(init: &Map<String, Value>, url: &str) -> RequestInit {
    let text = |name: &str| init.get(name).and_then(Value::as_str);
    let headers = init.get("headers").and_then(Value::as_object).into_iter().flatten();
    RequestInit {
        method: text("method").unwrap_or_default().into(),
        headers: headers
            .map(|(name, value)| (name.clone().into(), value.as_str().unwrap().into()))
            .collect(),
        credentials: match text("credentials") {
            Some("include") => CredentialsMode::Include,
            _ => CredentialsMode::SameOrigin,
        },
        mode: match text("mode") {
            Some("no-cors") => Mode::NoCors,
            Some("same-origin") => Mode::SameOrigin,
            _ => Mode::Cors,
        },
        body: text("body").map(Body::text),
        ..RequestInit::get(url)
    }
}

#[rstest]
#[case::chromium(&Profile::CHROMIUM, 0)]
#[case::firefox(&Profile::FIREFOX, 1)]
fn browsers_print_what_is_said(#[case] profile: &'static Profile, #[case] browser: usize) {
    let file: File = serde_json::from_str(include_str!("data/console.json")).unwrap();
    let mut problems = Vec::new();
    for case in &file.cases {
        let recorded = [&case.chrome_text, &case.ff_text][browser];
        let first = recorded.split(" ⏎ ").next().unwrap_or_default();
        let Some(said) = printed(case, &file.page_origin, profile) else {
            if !first.is_empty() {
                problems.push(format!("{}: not blocked, and printed `{first}`", case.id));
            }
            continue;
        };
        let said = &said[browser];
        let agrees = if first.is_empty() { said.is_empty() } else { said.ends_with(first) };
        if !agrees {
            problems.push(format!("{}:\n  said    `{said}`\n  printed `{first}`", case.id));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
