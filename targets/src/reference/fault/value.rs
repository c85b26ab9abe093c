//! The values of a fault's edits: header names, and templates of header values.

use std::fmt;

use axum::http::header::{
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, HOST, ORIGIN,
};
use axum::http::{HeaderName, HeaderValue};
use corspec_suite::policy::Policy;
use serde::Deserialize;

use super::Asked;

/// The name of a header.
#[derive(Clone, Deserialize, Eq, PartialEq)]
#[serde(try_from = "String")]
pub struct Name(pub(super) HeaderName);

impl TryFrom<String> for Name {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match HeaderName::try_from(&text) {
            Ok(name) => Ok(Self(name)),
            Err(_) => Err(format!("`{text}` is no header name")),
        }
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

/// A header value in which words in braces stand for what the request or the policy has; see `WORDS`.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Template(String);

/// Where the value of a word comes from; nothing where there is none.
type Source = fn(&Asked, &Policy) -> Option<String>;

/// The words of a template, each with what it stands for.
const WORDS: [(&str, Source); 9] = [
    ("{origin}", |asked, _| asked.header(&ORIGIN).map(str::to_owned)),
    ("{previous-origin}", |asked, _| asked.previous_origin.clone()),
    ("{host}", |asked, _| asked.header(&HOST).map(str::to_owned)),
    ("{asked-method}", |asked, _| asked.header(&ACCESS_CONTROL_REQUEST_METHOD).map(str::to_owned)),
    ("{asked-headers}", |asked, _| asked.lines(&ACCESS_CONTROL_REQUEST_HEADERS)),
    ("{request-names}", |asked, _| {
        Some(asked.headers.keys().map(HeaderName::as_str).collect::<Vec<_>>().join(", "))
    }),
    ("{first}", |_, policy| policy.allow_origins.first().map(ToString::to_string)),
    ("{origins}", |_, policy| origins(policy, ", ")),
    ("{origins-spaced}", |_, policy| origins(policy, " ")),
];

impl Template {
    /// Whether its value depends on earlier requests.
    pub(super) fn remembers(&self) -> bool {
        self.0.contains("{previous-origin}")
    }

    /// The value for a request under a policy; nothing where a word has none there, or where it makes no header value.
    pub(super) fn fill(&self, asked: &Asked, policy: &Policy) -> Option<HeaderValue> {
        let mut text = self.0.clone();
        for (word, source) in WORDS {
            if text.contains(word) {
                text = text.replace(word, &source(asked, policy)?);
            }
        }
        HeaderValue::from_bytes(text.as_bytes()).ok()
    }
}

impl TryFrom<String> for Template {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let rest = WORDS.iter().fold(text.clone(), |rest, (word, _)| rest.replace(word, ""));
        match rest.contains(['{', '}']) {
            true => {
                let words = WORDS.map(|(word, _)| word).join(", ");
                Err(format!("`{text}` has a word that no template knows; there are {words}"))
            }
            false => Ok(Self(text)),
        }
    }
}

fn origins(policy: &Policy, separator: &str) -> Option<String> {
    let all: Vec<_> = policy.allow_origins.iter().map(ToString::to_string).collect();
    (!all.is_empty()).then(|| all.join(separator))
}
