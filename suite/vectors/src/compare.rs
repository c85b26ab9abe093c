//! Two recordings of one vector, told apart.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::replay::Recorded;
use crate::scripted::Sent;

/// What is compared.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// What the page sees.
    View,
    /// What servers receive.
    Wire,
}

impl Part {
    /// What it is called in a report.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::View => "page's view",
            Self::Wire => "wire",
        }
    }
}

/// One thing that the model says in another way than the browser.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Difference {
    /// What is compared.
    pub part: Part,
    /// A property of what the page sees, `requests`, or a header of a request.
    pub field: String,
    /// Which step, or which request.
    pub at: usize,
    /// What the model says.
    pub model: String,
    /// What the browser did.
    pub browser: String,
}

impl Difference {
    /// What it is a difference of, wherever in the vector it shows.
    #[must_use]
    pub fn kind(&self) -> (Part, &str) {
        (self.part, &self.field)
    }
}

/// Every difference between what the model says and what the browser did. Where the requests are not
/// the same ones, their headers are not compared.
#[must_use]
pub fn differences(model: &Recorded, browser: &Recorded) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut put = |part, field: &str, at, model: String, browser: String| {
        found.push(Difference { part, field: field.to_owned(), at, model, browser });
    };
    for at in 0..model.seen.len().max(browser.seen.len()) {
        let [one, other] =
            [model, browser].map(|it| it.seen.get(at).cloned().unwrap_or(Value::Null));
        for (field, one, other) in of_views(&one, &other) {
            put(Part::View, &field, at, one, other);
        }
    }
    let names = |all: &[Sent]| all.iter().map(Sent::named).collect::<Vec<_>>().join(", ");
    let (one, other) = (names(&model.wire), names(&browser.wire));
    if one != other {
        put(Part::Wire, "requests", 0, one, other);
        return found;
    }
    for (at, (one, other)) in model.wire.iter().zip(&browser.wire).enumerate() {
        for (field, one, other) in of_requests(one, other) {
            put(Part::Wire, &field, at, one, other);
        }
    }
    found
}

impl Sent {
    fn named(&self) -> String {
        let preflight = if self.preflight { " preflight" } else { "" };
        format!("{} {}{}{preflight}", self.method, self.host, self.hop)
    }
}

type Field = (String, String, String);

fn of_views(model: &Value, browser: &Value) -> Vec<Field> {
    let is_response = |view: &Value| view.get("status").is_some();
    if !is_response(model) || !is_response(browser) {
        let short = |view: &Value| match view.get("status") {
            Some(status) => format!("a response with status {status}"),
            None => view.to_string(),
        };
        let same = model == browser;
        return if same { vec![] } else { vec![("outcome".into(), short(model), short(browser))] };
    }
    ["type", "status", "url", "redirected", "headers", "body"]
        .into_iter()
        .filter(|name| model[name] != browser[name])
        .map(|name| (name.to_owned(), model[name].to_string(), browser[name].to_string()))
        .collect()
}

fn of_requests(model: &Sent, browser: &Sent) -> Vec<Field> {
    let kind = if model.preflight { " of a preflight" } else { "" };
    let names: BTreeSet<_> = model.headers.keys().chain(browser.headers.keys()).collect();
    let value = |of: &Sent, name: &str| match of.headers.get(name) {
        None => "absent".to_owned(),
        Some(value) => format!("`{value}`"),
    };
    let headers = names
        .into_iter()
        .filter(|name| model.headers.get(*name) != browser.headers.get(*name))
        .map(|name| (format!("{name}{kind}"), value(model, name), value(browser, name)));
    let mut fields: Vec<_> = headers.collect();
    if model.body != browser.body {
        fields.push(("body".to_owned(), model.body.to_string(), browser.body.to_string()));
    }
    fields
}
