//! What the model of a profile makes of a vector.

use std::time::Duration;

use corspec_fetch::agent::UserAgent;
use corspec_fetch::fetch::{HttpRequest, HttpResponse, Step};
use corspec_fetch::header_list::HeaderList;
use corspec_fetch::origin::Origin;
use corspec_fetch::outcome::Outcome;
use corspec_fetch::profile::Profile;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::place::Place;
use crate::scripted::{Asked, Sent, led_to, lines, reply, unnumbered};
use crate::vector::{InvalidVector, Vector, latin1};

/// What a browser, or the model, made of a vector.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    /// What the page saw, step by step: `{"rejected": NAME}` where `new Request` threw,
    /// `{"error": NAME}` where the fetch failed, else the response.
    pub seen: Vec<Value>,
    /// Every request that reached a server, in order.
    pub wire: Vec<Sent>,
}

/// How long a fetch takes, between one and the next of a page.
const BETWEEN: Duration = Duration::from_millis(20);

/// Performs `vector` as the browser of `profile`, which remembers nothing before.
///
/// # Errors
///
/// The vector is none.
pub fn replay(vector: &Vector, profile: &'static Profile) -> Result<Recorded, InvalidVector> {
    let page = vector.page.page()?;
    let own = [("user-agent", profile.user_agent), ("accept-language", profile.accept_language)];
    let mut agent = UserAgent::new(profile);
    // Any moment will do.
    let mut now = Duration::from_secs(1_800_000_000);
    if let (Some(cookie), Some(url)) = (&vector.page.cookie, &page.url) {
        agent.set_cookie(url, format!("{cookie}; Path=/").as_bytes(), now);
    }
    let mut recorded = Recorded::default();
    for step in &vector.steps {
        now += BETWEEN + Duration::from_millis(step.wait);
        let Ok(request) = agent.construct(&page, &step.request(vector.url())?) else {
            recorded.seen.push(json!({"rejected": "TypeError"}));
            continue;
        };
        let mut fetch = agent.fetch(&page, request);
        let outcome = loop {
            match fetch.step(&mut agent, now) {
                Step::Send(request) => {
                    let (sent, answer) = exchanged(vector, &request, &own);
                    recorded.wire.push(sent);
                    fetch.respond(Ok(answer));
                }
                Step::Done(outcome) => break outcome,
            }
        };
        let mut seen = view(&outcome);
        if let (true, Some(seen)) = (step.upload, seen.as_object_mut()) {
            // XMLHttpRequest does not tell these.
            seen.remove("type");
            seen.remove("redirected");
        }
        recorded.seen.push(unnumbered_view(&seen, vector));
    }
    Ok(recorded)
}

fn exchanged(vector: &Vector, request: &HttpRequest, own: &[(&str, &str)]) -> (Sent, HttpResponse) {
    let asked = Asked {
        host: Place::of(&Origin::of(&request.url).to_string()).unwrap_or_default(),
        hop: led_to(request.url.path()).1,
        method: latin1(&request.method),
        headers: lines(request.headers.iter()),
        body: request.body.as_ref().map_or(0, Vec::len),
    };
    let reply = reply(vector, &asked);
    let trimmed = |value: &[u8]| {
        let blank = |it: &u8| matches!(it, b' ' | b'\t');
        let start = value.iter().position(|it| !blank(it)).unwrap_or(value.len());
        let end = value.iter().rposition(|it| !blank(it)).map_or(start, |last| last + 1);
        value[start..end].to_vec()
    };
    let headers: HeaderList =
        reply.headers.iter().map(|(name, value)| (name.clone(), trimmed(value))).collect();
    let body = reply.body.to_vec();
    let answer = HttpResponse { status: reply.status, headers, body, ..HttpResponse::default() };
    (asked.recorded(vector, own), answer)
}

/// What a page sees of an outcome, as a recording has it.
#[must_use]
pub fn view(outcome: &Outcome) -> Value {
    let Outcome::Response(response) = outcome else { return json!({"error": "TypeError"}) };
    let headers: Vec<_> =
        response.headers.iter().map(|(name, value)| json!([latin1(name), latin1(value)])).collect();
    json!({
        "type": response.kind.name(),
        "status": response.status,
        "url": response.url,
        "redirected": response.redirected,
        "headers": headers,
        "body": latin1(&response.body),
    })
}

/// What a page saw, with letters for origins and `{P}` for the path of the vector.
#[must_use]
pub fn unnumbered_view(view: &Value, vector: &Vector) -> Value {
    match view {
        Value::String(text) => unnumbered(text, vector).into(),
        Value::Array(all) => all.iter().map(|it| unnumbered_view(it, vector)).collect(),
        Value::Object(all) => {
            all.iter().map(|(name, it)| (name.clone(), unnumbered_view(it, vector))).collect()
        }
        other => other.clone(),
    }
}
