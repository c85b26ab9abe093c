//! The answer to a line of a batch: what the page saw and what went over the wire, exactly.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use corspec_fetch::header_list::HeaderList;
use corspec_fetch::outcome::{Outcome, Response};
use corspec_fetch::request::Request;
use serde_json::{Map, Value, json};

use crate::console::Console;
use crate::driver::{Driven, Ending, Exchange};
use crate::escape::latin1;

/// What `new Request()` made.
pub(super) fn constructed(request: &Request) -> Value {
    json!({
        "outcome": "request",
        "method": latin1(request.method()),
        "url": request.url().as_str(),
        "headers": headers(request.headers()),
    })
}

/// What came of a fetch, with what browsers print of it; `redact` takes the secrets out of messages,
/// or leaves them.
pub(crate) fn driven(
    driven: &Driven,
    console: Option<Console>,
    redact: impl Fn(&str) -> String,
) -> Value {
    let mut answer = match &driven.ending {
        Ending::Outcome(Outcome::Response(it)) => response(it),
        Ending::Outcome(Outcome::NetworkError(error)) => Map::from_iter([
            (String::from("outcome"), json!("network-error")),
            (String::from("cause"), json!(error.cause().slug())),
            (String::from("step"), json!(error.step())),
            (String::from("message"), json!(redact(&error.to_string()))),
            (String::from("console"), json!(console.unwrap_or_default().map(&redact))),
        ]),
        Ending::NotFollowed { location } => Map::from_iter([
            (String::from("outcome"), json!("not-followed")),
            (String::from("location"), json!(redact(location.as_str()))),
        ]),
    };
    let exchanges: Vec<_> = driven.exchanges.iter().map(exchange).collect();
    answer.insert(String::from("exchanges"), exchanges.into());
    let steps = driven.trace.steps.iter();
    let steps: Vec<_> =
        steps.map(|it| json!({"anchor": it.anchor, "step": it.step, "what": it.what})).collect();
    answer.insert(String::from("trace"), steps.into());
    Value::Object(answer)
}

fn response(response: &Response) -> Map<String, Value> {
    let mut answer = Map::new();
    let mut put = |key: &str, value: Value| drop(answer.insert(key.to_owned(), value));
    put("outcome", json!("response"));
    put("type", json!(response.kind.name()));
    put("status", json!(response.status));
    put("status-text", json!(latin1(&response.status_text)));
    put("url", json!(response.url));
    put("redirected", json!(response.redirected));
    put("headers", headers(&response.headers));
    match std::str::from_utf8(&response.body) {
        Ok(text) => put("body", json!(text)),
        Err(_) => put("body-base64", json!(STANDARD.encode(&response.body))),
    }
    if let Some(error) = &response.body_error {
        put("body-error", json!(error));
    }
    answer
}

fn exchange(exchange: &Exchange) -> Value {
    let request = &exchange.request;
    let mut answer = json!({
        "preflight": request.preflight,
        "method": latin1(&request.method),
        "url": request.url.as_str(),
        "request-headers": headers(&request.headers),
    });
    match &exchange.response {
        Ok(response) => {
            answer["status"] = json!(response.status);
            answer["response-headers"] = headers(&response.headers);
        }
        Err(failure) => answer["error"] = json!(failure.message),
    }
    answer
}

fn headers(list: &HeaderList) -> Value {
    list.iter().map(|(name, value)| json!([latin1(name), latin1(value)])).collect()
}
