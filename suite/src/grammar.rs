//! Grammar rules: what the header lines of every answer must look like, whatever was asked.
//!
//! Source: Fetch, #http-new-header-syntax, with the lists of RFC 9110, section 5.6.1.

use corspec_fetch::header_list::{Extracted, HeaderList};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strsim::damerau_levenshtein;

use crate::exchange::{Exchange, SentRequest};
use crate::judge::shown;

/// What must hold of each answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GrammarRule {
    /// `Access-Control-Allow-Origin` is one line of one origin, `null` or `*`.
    AllowOrigin,
    /// `Access-Control-Allow-Credentials` is one line of `true`, in small letters.
    AllowCredentials,
    /// `Access-Control-Max-Age` is one line of digits.
    MaxAge,
    /// `Access-Control-Allow-Methods` is a list of methods.
    AllowMethods,
    /// `Access-Control-Allow-Headers` is a list of header names.
    AllowHeaders,
    /// `Access-Control-Expose-Headers` is a list of header names.
    ExposeHeaders,
    /// No header has nearly the name of one that browsers read.
    Names,
}

/// The response headers of the CORS protocol.
const KNOWN: [&str; 6] = [
    "access-control-allow-origin",
    "access-control-allow-credentials",
    "access-control-expose-headers",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-max-age",
];

/// How many letters may be wrong, missing or too many in a name that was meant to be another.
const NEAR: usize = 2;

impl GrammarRule {
    /// What it asks, in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::AllowOrigin => "one line of one origin, `null` or `*`",
            Self::AllowCredentials => "one line of `true`, in small letters",
            Self::MaxAge => "one line of digits",
            Self::AllowMethods => "a list of methods with commas between",
            Self::AllowHeaders | Self::ExposeHeaders => {
                "a list of header names with commas between"
            }
            Self::Names => "only names that browsers read",
        }
    }

    /// What of an exchange's answer breaks the rule, in words.
    #[must_use]
    pub fn offence(self, exchange: &Exchange) -> Option<String> {
        let answer = &exchange.response.as_ref().ok()?.headers;
        let Some(name) = self.header() else { return misspelt(answer) };
        let lines: Vec<&[u8]> = answer.get_all(name).collect();
        let holds = match (self, lines.as_slice()) {
            (_, []) => true,
            (Self::AllowOrigin, [line]) => is_origin(line) || is_echo(line, &exchange.request),
            (Self::AllowCredentials, [line]) => *line == b"true",
            (Self::MaxAge, [line]) => !line.is_empty() && line.iter().all(u8::is_ascii_digit),
            (Self::AllowOrigin | Self::AllowCredentials | Self::MaxAge, _) => false,
            _ => answer.extract_tokens(name) != Extracted::Failure,
        };
        let shown = || {
            let lines: Vec<String> =
                lines.iter().map(|line| format!("`{name}: {}`", shown(line))).collect();
            lines.join(" and ")
        };
        (!holds).then(shown)
    }

    /// The header that it is about.
    fn header(self) -> Option<&'static str> {
        match self {
            Self::AllowOrigin => Some("access-control-allow-origin"),
            Self::AllowCredentials => Some("access-control-allow-credentials"),
            Self::MaxAge => Some("access-control-max-age"),
            Self::AllowMethods => Some("access-control-allow-methods"),
            Self::AllowHeaders => Some("access-control-allow-headers"),
            Self::ExposeHeaders => Some("access-control-expose-headers"),
            Self::Names => None,
        }
    }
}

/// Whether `value` is a serialised origin by its form, `null` or `*`.
///
/// Source: RFC 6454, section 7.1, and Fetch, #http-new-header-syntax.
fn is_origin(value: &[u8]) -> bool {
    if value == b"*" || value == b"null" {
        return true;
    }
    let Some((scheme, rest)) = std::str::from_utf8(value).ok().and_then(|it| it.split_once("://"))
    else {
        return false;
    };
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (rest, None),
    };
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    let is_address = host.starts_with('[') && host.ends_with(']');
    let in_host = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || b"-._~%!$&'()*+;=".contains(&byte)
            || is_address && b"[:]".contains(&byte)
    };
    let is_host = !host.is_empty() && host.bytes().all(in_host);
    let is_port = port.is_none_or(|it| !it.is_empty() && it.bytes().all(|b| b.is_ascii_digit()));
    is_scheme && is_host && is_port
}

/// Whether `value` repeats what the request itself said: what is no origin was then none when it was asked.
fn is_echo(value: &[u8], request: &SentRequest) -> bool {
    request.headers.get("origin").is_some_and(|origin| origin == value)
}

/// The first header whose name is nearly one of [`KNOWN`].
fn misspelt(answer: &HeaderList) -> Option<String> {
    answer.iter().find_map(|(name, _)| {
        let spelt = String::from_utf8_lossy(name).to_ascii_lowercase();
        if KNOWN.contains(&spelt.as_str()) {
            return None;
        }
        let plain = spelt.replace('_', "-");
        // Names of other lengths are further away, and most are: this is asked of every answer.
        let is_meant = |known: &&&str| {
            known.len().abs_diff(plain.len()) <= NEAR && damerau_levenshtein(&plain, known) <= NEAR
        };
        let meant = KNOWN.iter().find(is_meant)?;
        Some(format!("`{}`, which no browser reads; `{meant}` is meant", shown(name)))
    })
}

#[cfg(test)]
mod tests;
