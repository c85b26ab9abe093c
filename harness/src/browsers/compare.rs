//! The model's word and the browser's, side by side.

use std::collections::{BTreeMap, BTreeSet};

use corspec_vectors::compare::Part;
use serde::Serialize;
use serde_json::Value;

use super::attempt::{Attempt, PageStep};
use super::expected::Expected;
use super::world::Received;
use crate::escape::latin1;
use crate::redact;

/// The headers of a request that say what a browser makes of CORS and its neighbours; those that
/// the page's script sets are compared as well.
const HEADERS: [&str; 11] = [
    "accept-encoding",
    "origin",
    "access-control-request-method",
    "access-control-request-headers",
    "authorization",
    "content-type",
    "cookie",
    "referer",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
];

/// What a page is told of the time of day, which differs from one request to the next.
const OF_THE_MOMENT: [&str; 3] = ["date", "age", "expires"];

/// A request, as it is compared.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) url: String,
    /// Each name once, in lower case.
    pub(super) headers: BTreeMap<String, String>,
}

/// One thing that the model says in another way than the browser.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Difference {
    /// The step's name.
    pub step: String,
    /// What is compared.
    pub part: Part,
    /// A header's name, `requests`, or a property of what the page sees.
    pub field: String,
    /// What the model says.
    pub model: String,
    /// What the browser did.
    pub browser: String,
}

impl From<&Received> for Request {
    fn from(received: &Received) -> Self {
        let mut headers: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in &received.headers {
            headers
                .entry(name.clone())
                .and_modify(|all| {
                    all.push_str(if name == "cookie" { "; " } else { ", " });
                    all.push_str(value);
                })
                .or_insert_with(|| value.clone());
        }
        Self { method: received.method.clone(), url: received.url.clone(), headers }
    }
}

impl Request {
    fn named(&self) -> String {
        format!("{} {}", self.method, self.url)
    }

    /// A header's value as reports show it.
    fn shown(&self, name: &str) -> String {
        match self.headers.get(name) {
            None => "absent".to_owned(),
            Some(value) => latin1(&redact::header(name.as_bytes(), value.as_bytes(), &[])),
        }
    }
}

/// Every difference between what the model expects of an attempt and what the browser did, given what
/// servers received of each visitor.
pub(super) fn differences(
    attempt: &Attempt<'_>,
    expected: &[Expected],
    views: &[Value],
    received: &[Vec<Received>],
) -> Vec<Difference> {
    let mut found = Vec::new();
    for (index, (step, expected)) in attempt.steps.iter().zip(expected).enumerate() {
        let view = views.get(index).unwrap_or(&Value::Null);
        for (field, model, browser) in view_differences(&expected.view, view) {
            found.push(difference(attempt, step, Part::View, (&field, model, browser)));
        }
    }
    for (visitor, received) in received.iter().enumerate() {
        let steps = attempt.steps.iter().zip(expected).filter(|(step, _)| step.visitor == visitor);
        let steps: Vec<_> = steps.collect();
        found.extend(wire_differences(attempt, &steps, received));
    }
    found
}

fn difference(
    attempt: &Attempt<'_>,
    step: &PageStep,
    part: Part,
    (field, model, browser): (&str, String, String),
) -> Difference {
    let (model, browser) = (attempt.stable(&model), attempt.stable(&browser));
    Difference { step: step.name.clone(), part, field: field.to_owned(), model, browser }
}

/// What servers received of one visitor's steps otherwise than the model says.
fn wire_differences(
    attempt: &Attempt<'_>,
    steps: &[(&PageStep, &Expected)],
    received: &[Received],
) -> Vec<Difference> {
    let mut found = Vec::new();
    let authors = steps.iter().flat_map(|(step, _)| &step.fetch.headers);
    let mut names: BTreeSet<_> = authors.map(|(name, _)| name.to_ascii_lowercase()).collect();
    names.extend(HEADERS.map(str::to_owned));
    let mut rest: Vec<Request> = received.iter().map(Request::from).collect();
    for (index, (step, expected)) in steps.iter().enumerate() {
        let mut put = |field: &str, model: String, browser: String| {
            found.push(difference(attempt, step, Part::Wire, (field, model, browser)));
        };
        let last = index + 1 == steps.len();
        let count = if last { rest.len() } else { expected.requests.len().min(rest.len()) };
        let sent: Vec<_> = rest.drain(..count).collect();
        let named = |all: &[Request]| all.iter().map(Request::named).collect::<Vec<_>>().join(", ");
        let (model, browser) = (named(&expected.requests), named(&sent));
        if model != browser {
            put("requests", or_none(model), or_none(browser));
            // Where one request is missing, those after it are not each other's counterparts.
            break;
        }
        for (model, browser) in expected.requests.iter().zip(&sent) {
            for name in &names {
                if model.headers.get(name) != browser.headers.get(name) {
                    let field = match model.method.as_str() {
                        "OPTIONS" => format!("{name} of the preflight"),
                        _ => name.clone(),
                    };
                    put(&field, model.shown(name), browser.shown(name));
                }
            }
        }
    }
    found
}

fn or_none(text: String) -> String {
    if text.is_empty() { "none".to_owned() } else { text }
}

/// Field by field; what XMLHttpRequest does not tell is not compared.
fn view_differences(model: &Value, browser: &Value) -> Vec<(String, String, String)> {
    let short = |view: &Value| match view {
        Value::Object(it) if it.contains_key("status") => {
            format!("a response with status {}", view["status"])
        }
        Value::Object(it) => it.iter().map(|(name, value)| format!("{name} {value}")).collect(),
        _ => "nothing".to_owned(),
    };
    if model.get("status").is_none() || browser.get("status").is_none() {
        return match model == browser {
            true => Vec::new(),
            false => vec![("outcome".to_owned(), short(model), short(browser))],
        };
    }
    let fields = ["type", "status", "url", "redirected", "headers", "body"];
    let told = fields.iter().filter(|name| browser.get(name).is_some());
    let pairs =
        told.map(|name| (*name, without_moment(&model[name]), without_moment(&browser[name])));
    pairs
        .filter(|(_, model, browser)| model != browser)
        .map(|(name, model, browser)| (name.to_owned(), model.to_string(), browser.to_string()))
        .collect()
}

/// Headers without those that tell the time, sorted: XMLHttpRequest has an order of its own.
fn without_moment(value: &Value) -> Value {
    let Some(lines) = value.as_array() else { return value.clone() };
    let of_the_moment = |line: &&Value| OF_THE_MOMENT.iter().any(|name| line[0] == *name);
    let mut lines: Vec<_> = lines.iter().filter(|line| !of_the_moment(line)).cloned().collect();
    lines.sort_by_key(ToString::to_string);
    lines.into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn response(status: u16, headers: &Value) -> Value {
        json!({"type": "cors", "status": status, "url": "u", "redirected": false,
               "headers": headers, "body": ""})
    }

    fn fields(model: &Value, browser: &Value) -> Vec<String> {
        view_differences(model, browser).into_iter().map(|(field, ..)| field).collect()
    }

    #[test]
    fn views_differ_by_field_and_not_by_the_time_of_day() {
        let one = response(200, &json!([["date", "now"], ["x-one", "1"]]));
        let other = response(200, &json!([["x-one", "1"], ["date", "then"]]));
        assert!(fields(&one, &other).is_empty());
        assert_eq!(fields(&one, &response(204, &json!([["x-one", "2"]]))), ["status", "headers"]);
        assert_eq!(fields(&one, &json!({"error": "TypeError"})), ["outcome"]);
        assert_eq!(fields(&json!({"error": "TypeError"}), &json!({"hung": true})), ["outcome"]);
    }

    #[test]
    fn what_xmlhttprequest_does_not_tell_is_not_compared() {
        let told = json!({"status": 200, "url": "u", "headers": [], "body": ""});
        assert!(fields(&response(200, &json!([])), &told).is_empty());
    }

    #[test]
    fn lines_of_one_name_are_one_value() {
        let line = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let received = Received {
            method: "GET".to_owned(),
            url: "u".to_owned(),
            headers: vec![line("x", "1"), line("x", "2"), line("cookie", "a"), line("cookie", "b")],
        };
        let request = Request::from(&received);
        assert_eq!(request.headers["x"], "1, 2");
        assert_eq!(request.headers["cookie"], "a; b");
    }
}
