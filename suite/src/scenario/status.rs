//! Which statuses are right.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::words::joined;

/// One status or class, or several, any of which is right.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "a status such as `200`, a class such as `\"4xx\"`, or a list of them"
)]
pub enum StatusMatch {
    /// One.
    One(StatusPattern),
    /// Any of these.
    AnyOf(Vec<StatusPattern>),
}

/// A status, or the hundred that begin with the same digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a status such as `200`, or a class such as `\"4xx\"`")]
pub enum StatusPattern {
    /// This one.
    Exact(u16),
    /// Each of this class.
    Class(StatusClass),
}

/// The statuses that begin with the same digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum StatusClass {
    /// Successes.
    #[serde(rename = "2xx")]
    Success,
    /// Redirects, and 304.
    #[serde(rename = "3xx")]
    Redirection,
    /// The client's faults.
    #[serde(rename = "4xx")]
    ClientError,
    /// The server's faults.
    #[serde(rename = "5xx")]
    ServerError,
}

impl StatusMatch {
    /// Whether `status` is right.
    #[must_use]
    pub fn accepts(&self, status: u16) -> bool {
        self.patterns().iter().any(|pattern| pattern.accepts(status))
    }

    fn patterns(&self) -> &[StatusPattern] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::AnyOf(all) => all,
        }
    }
}

impl StatusPattern {
    fn accepts(self, status: u16) -> bool {
        match self {
            Self::Exact(exact) => exact == status,
            Self::Class(class) => status / 100 == class.digit(),
        }
    }
}

impl StatusClass {
    fn digit(self) -> u16 {
        match self {
            Self::Success => 2,
            Self::Redirection => 3,
            Self::ClientError => 4,
            Self::ServerError => 5,
        }
    }
}

impl fmt::Display for StatusMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let patterns: Vec<String> = self.patterns().iter().map(ToString::to_string).collect();
        f.write_str(&joined(&patterns, "or"))
    }
}

impl fmt::Display for StatusPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(exact) => write!(f, "{exact}"),
            Self::Class(class) => write!(f, "{}xx", class.digit()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use test_case::test_case;

    #[derive(Deserialize)]
    struct Holder {
        status: StatusMatch,
    }

    #[test_case("200", &[200], &[201, 404], "200" ; "one")]
    #[test_case("'4xx'", &[400, 499], &[399, 500], "4xx" ; "a class")]
    #[test_case("['2xx', '3xx', 501]", &[204, 304, 501], &[400, 500], "2xx, 3xx or 501" ; "several")]
    #[test_case("['5xx']", &[599], &[600, 5], "5xx" ; "the last class")]
    fn statuses_are_matched(text: &str, right: &[u16], wrong: &[u16], shown: &str) {
        let Holder { status } = toml::from_str(&format!("status = {text}")).unwrap();
        assert!(right.iter().all(|it| status.accepts(*it)));
        assert!(!wrong.iter().any(|it| status.accepts(*it)));
        assert_eq!(status.to_string(), shown);
    }

    #[test_case("'6xx'" ; "no such class")]
    #[test_case("'200'" ; "a number is no text")]
    fn what_is_no_status_is_refused(text: &str) {
        assert!(toml::from_str::<Holder>(&format!("status = {text}")).is_err());
    }
}
