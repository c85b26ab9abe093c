//! One entry of `allow-origins`.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::Url;

/// One entry of a policy's `allow-origins`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum OriginPattern {
    /// `*`: every origin, `null` too.
    Any,
    /// One origin, as browsers serialise it.
    Exact(String),
    /// `https://*.example.com`: one or more labels in front of a site's name; not the site itself.
    Subdomains {
        /// The scheme, `https`.
        scheme: String,
        /// What follows the labels, with port where it is not the scheme's own: `example.com`, `example.com:8443`.
        suffix: String,
    },
}

/// Why a text is no entry of `allow-origins`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPattern {
    /// `null` has a key of its own.
    #[error("`null` is not an entry of `allow-origins`, write `allow-null-origin = true`")]
    Null,
    /// Not a serialised origin.
    #[error("`{0}` is not an origin, write a scheme and a host such as `https://app.example`")]
    NotAnOrigin(String),
    /// An origin, but not written as browsers write it.
    #[error("`{0}` never equals what browsers send, write `{1}`")]
    NotSerialized(String, String),
    /// A `*` elsewhere than as the first label of a host.
    #[error("`{0}` has a `*` in the wrong place, write `*` alone or `https://*.example.com`")]
    WrongWildcard(String),
}

impl OriginPattern {
    /// Whether the pattern lets the serialised origin `origin` in.
    #[must_use]
    pub fn matches(&self, origin: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(exact) => exact == origin,
            Self::Subdomains { scheme, suffix } => {
                let labels = origin
                    .strip_prefix(scheme.as_str())
                    .and_then(|rest| rest.strip_prefix("://"))
                    .and_then(|rest| rest.strip_suffix(suffix.as_str()))
                    .and_then(|rest| rest.strip_suffix('.'));
                labels.is_some_and(|labels| labels.split('.').all(is_label))
            }
        }
    }

    /// An origin that the pattern lets in, `label` being the first label where the pattern leaves it open.
    #[must_use]
    pub fn example(&self, label: &str) -> String {
        match self {
            Self::Any => format!("https://{label}.example"),
            Self::Exact(exact) => exact.clone(),
            Self::Subdomains { scheme, suffix } => format!("{scheme}://{label}.{suffix}"),
        }
    }
}

/// Whether `text` is a host's label as browsers write it.
fn is_label(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'))
}

impl FromStr for OriginPattern {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Self, InvalidPattern> {
        match text {
            "*" => return Ok(Self::Any),
            "null" => return Err(InvalidPattern::Null),
            _ => {}
        }
        if let Some((scheme, suffix)) = text.split_once("://*.") {
            if suffix.contains('*') {
                return Err(InvalidPattern::WrongWildcard(text.to_owned()));
            }
            serialized(&format!("{scheme}://{suffix}"), text)
                .map_err(|error| error.with_wildcard(scheme))?;
            return Ok(Self::Subdomains { scheme: scheme.to_owned(), suffix: suffix.to_owned() });
        }
        if text.contains('*') {
            return Err(InvalidPattern::WrongWildcard(text.to_owned()));
        }
        serialized(text, text)?;
        Ok(Self::Exact(text.to_owned()))
    }
}

impl InvalidPattern {
    /// Puts the `*.` back into the origin that the error proposes.
    fn with_wildcard(self, scheme: &str) -> Self {
        match self {
            Self::NotSerialized(text, right) => {
                let wildcard = right.replacen("://", "://*.", 1);
                Self::NotSerialized(text, wildcard)
            }
            Self::NotAnOrigin(text) if scheme.is_empty() => Self::WrongWildcard(text),
            other => other,
        }
    }
}

/// Checks that `origin` is written as browsers serialise it; errors name `written`, what the user wrote.
///
/// Schemes that the URL standard does not know as special (an extension's, an app shell's) have no serialisation there,
/// browsers send scheme and host as they are; of those only the form is checked.
fn serialized(origin: &str, written: &str) -> Result<(), InvalidPattern> {
    let not_an_origin = || InvalidPattern::NotAnOrigin(written.to_owned());
    let url = Url::parse(origin).map_err(|_| not_an_origin())?;
    if !url.has_host() || url.host_str().is_none_or(str::is_empty) {
        return Err(not_an_origin());
    }
    let host = url.host_str().unwrap_or_default();
    let right = match url.port() {
        Some(port) => format!("{}://{host}:{port}", url.scheme()),
        None => format!("{}://{host}", url.scheme()),
    };
    if right == origin {
        Ok(())
    } else {
        Err(InvalidPattern::NotSerialized(written.to_owned(), right))
    }
}

impl fmt::Display for OriginPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Exact(exact) => f.write_str(exact),
            Self::Subdomains { scheme, suffix } => write!(f, "{scheme}://*.{suffix}"),
        }
    }
}

impl Serialize for OriginPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for OriginPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl schemars::JsonSchema for OriginPattern {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "OriginPattern".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "An origin as browsers serialise it, `*`, or `https://*.example.com`."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use test_case::test_case;

    #[test_case("https://*.example.com", "https://a.example.com", true ; "one label")]
    #[test_case("https://*.example.com", "https://a.b.example.com", true ; "two labels")]
    #[test_case("https://*.example.com", "https://example.com", false ; "apex")]
    #[test_case("https://*.example.com", "https://.example.com", false ; "empty label")]
    #[test_case("https://*.example.com", "https://a..example.com", false ; "empty label within")]
    #[test_case("https://*.example.com", "https://evilexample.com", false ; "no dot before the suffix")]
    #[test_case("https://*.example.com", "http://a.example.com", false ; "scheme")]
    #[test_case("https://*.example.com", "https://a.example.com:8443", false ; "port")]
    #[test_case("https://*.example.com", "https://evil.test/.example.com", false ; "path in front")]
    #[test_case("https://*.example.com", "https://evil.test@a.example.com", false ; "userinfo in front")]
    #[test_case("https://*.example.com:8443", "https://a.example.com:8443", true ; "pattern with port")]
    #[test_case("https://*.example.com:8443", "https://a.example.com", false ; "pattern with port wants it")]
    #[test_case("chrome-extension://abc", "chrome-extension://abc", true ; "extension")]
    fn patterns_match(pattern: &str, origin: &str, expected: bool) {
        assert_eq!(pattern.parse::<OriginPattern>().unwrap().matches(origin), expected);
    }

    #[test_case("null", "allow-null-origin" ; "null")]
    #[test_case("app.example", "is not an origin" ; "no scheme")]
    #[test_case("https://app.example/", "write `https://app.example`" ; "slash")]
    #[test_case("https://app.example:443", "write `https://app.example`" ; "default port")]
    #[test_case("https://App.example", "write `https://app.example`" ; "upper case")]
    #[test_case("https://*.Example.com/x", "write `https://*.example.com`" ; "pattern with path")]
    #[test_case("https://u@app.example", "write `https://app.example`" ; "userinfo")]
    #[test_case("https://app.*", "wrong place" ; "star at the end")]
    #[test_case("https://*.*.example.com", "wrong place" ; "two stars")]
    #[test_case("mailto:a@b.example", "is not an origin" ; "no host")]
    fn what_browsers_never_send_is_refused(pattern: &str, expected: &str) {
        let error = pattern.parse::<OriginPattern>().unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test_case("*")]
    #[test_case("https://app.example:8443")]
    #[test_case("https://*.example.com")]
    fn display_gives_back_what_was_read(pattern: &str) {
        assert_eq!(pattern.parse::<OriginPattern>().unwrap().to_string(), pattern);
    }
}
