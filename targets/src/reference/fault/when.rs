//! When a rule of a fault applies.

use axum::http::header::{ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, COOKIE, HOST, ORIGIN};
use axum::http::{HeaderMap, Method, StatusCode};
use corspec_suite::policy::{OriginPattern, Policy};
use corspec_suite::requirement::Fact;
use serde::Deserialize;

use super::{Asked, Name};
use crate::route::ROUTES;

/// The methods of RFC 9110 and RFC 5789.
const STANDARD_METHODS: [Method; 9] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
    Method::CONNECT,
    Method::TRACE,
];

/// When a rule applies: where everything that is given here holds. Nothing given: always.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct When {
    /// Whether the request is a CORS-preflight request.
    pub preflight: Option<bool>,
    /// The request's method, one of these.
    pub methods: Vec<String>,
    /// Whether the method is one that the standards do not name.
    pub odd_method: Option<bool>,
    /// The method that a preflight asks for, one of these.
    pub asks: Vec<String>,
    /// The route, one of these.
    pub routes: Vec<Route>,
    /// Texts in the path.
    pub path_contains: Vec<String>,
    /// Who asks, one of these.
    pub origin: Vec<Who>,
    /// Whether a cookie comes with the request.
    pub cookie: Option<bool>,
    /// Whether an `Authorization` comes with it.
    pub authorization: Option<bool>,
    /// Headers that the request has.
    pub request_has: Vec<Name>,
    /// Headers that it has not.
    pub request_lacks: Vec<Name>,
    /// Texts in the lines of headers of the request.
    pub request_contains: Vec<(Name, String)>,
    /// Whole lines of headers of the request.
    pub request_is: Vec<(Name, String)>,
    /// How many bytes a line of a header of the request is longer than.
    pub request_longer: Vec<(Name, usize)>,
    /// Facts of the declared policy.
    pub policy: Vec<PolicyFact>,
    /// Which of the requests with an `Origin`, counted from the server's start.
    pub nth: Option<Nth>,
    /// The response's status, one of these.
    pub status: Vec<StatusPattern>,
    /// Headers that the response has.
    pub has: Vec<Name>,
}

impl When {
    /// Whether everything that is said of requests holds of `asked`.
    pub(super) fn asked(&self, asked: &Asked, policy: &Policy) -> bool {
        let any = |given: &[String], value: Option<&str>| {
            given.is_empty() || given.iter().any(|it| Some(it.as_str()) == value)
        };
        let is = |wanted: Option<bool>, holds: bool| wanted.is_none_or(|wanted| wanted == holds);
        let has = |name: &Name| asked.headers.contains_key(&name.0);
        let contains = |(name, text): &(Name, String)| {
            asked.lines(&name.0).is_some_and(|lines| lines.contains(text))
        };
        let lines = |name: &Name| asked.headers.get_all(&name.0).iter();
        let says = |(name, text): &(Name, String)| lines(name).any(|it| it == text.as_str());
        let is_longer = |(name, most): &(Name, usize)| lines(name).any(|it| it.len() > *most);
        is(self.preflight, asked.preflight)
            && any(&self.methods, Some(asked.method.as_str()))
            && is(self.odd_method, !STANDARD_METHODS.contains(&asked.method))
            && any(&self.asks, asked.header(&ACCESS_CONTROL_REQUEST_METHOD))
            && (self.routes.is_empty() || self.routes.iter().any(|it| it.is_at(&asked.path)))
            && self.path_contains.iter().all(|text| asked.path.contains(text))
            && (self.origin.is_empty() || self.origin.iter().any(|it| it.asks(asked, policy)))
            && is(self.cookie, asked.headers.contains_key(COOKIE))
            && is(self.authorization, asked.headers.contains_key(AUTHORIZATION))
            && self.request_has.iter().all(has)
            && !self.request_lacks.iter().any(has)
            && self.request_contains.iter().all(contains)
            && self.request_is.iter().all(says)
            && self.request_longer.iter().all(is_longer)
            && self.policy.iter().all(|fact| fact.holds(policy))
            && self.nth.is_none_or(|nth| asked.headers.contains_key(ORIGIN) && nth.is(asked.count))
    }

    /// Whether everything that is said of responses holds of one with `status` and `headers`.
    pub(super) fn answered(&self, status: StatusCode, headers: &HeaderMap) -> bool {
        (self.status.is_empty() || self.status.iter().any(|it| it.fits(status)))
            && self.has.iter().all(|name| headers.contains_key(&name.0))
    }
}

/// A route of the target contract, by its name.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(try_from = "String")]
pub struct Route(String);

impl Route {
    /// Whether `path` is of this route; `missing` is every path of no other.
    fn is_at(&self, path: &str) -> bool {
        let first = |path: &str| {
            let end = |c| matches!(c, '/' | '?');
            path.trim_start_matches('/').split(end).next().unwrap_or_default().to_owned()
        };
        let known = |name: &str| name != "missing" && first(path) == name;
        match self.0.as_str() {
            "missing" => !ROUTES.iter().any(|(name, _)| known(name)),
            name => known(name),
        }
    }
}

impl TryFrom<String> for Route {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match ROUTES.iter().any(|(name, _)| *name == text) {
            true => Ok(Self(text)),
            false => Err(format!("there is no route `{text}`")),
        }
    }
}

/// Who asks.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Who {
    /// A request without an `Origin`.
    Absent,
    /// A page of an allowed origin.
    Allowed,
    /// A page of an allowed origin, but not of the list's first.
    OtherAllowed,
    /// A page of the server's own origin.
    Own,
    /// Any other `Origin`.
    Denied,
    /// The origin `null`.
    Null,
    /// What no browser sends: several lines, no origin at all, or one of more than 255 characters.
    Odd,
}

impl Who {
    fn asks(self, asked: &Asked, policy: &Policy) -> bool {
        let present = asked.headers.contains_key(ORIGIN);
        let origin = asked.header(&ORIGIN);
        let allowed = origin.is_some_and(|origin| policy.allows_origin(origin));
        let own = asked.header(&HOST).map(|host| format!("http://{host}"));
        let is_own = origin.is_some() && origin == own.as_deref();
        let is_first = policy.allow_origins.first().map(ToString::to_string).as_deref() == origin;
        match self {
            Self::Absent => !present,
            Self::Allowed => allowed,
            Self::OtherAllowed => allowed && !is_first,
            Self::Own => is_own,
            Self::Denied => present && !allowed && !is_own,
            Self::Null => origin == Some("null"),
            Self::Odd => {
                let is_usual = |it: &str| {
                    let is_origin = matches!(it.parse(), Ok(OriginPattern::Exact(_)));
                    it == "null" || is_origin && it.len() < 256
                };
                let several = asked.headers.get_all(ORIGIN).iter().nth(1).is_some();
                present && (several || !origin.is_some_and(is_usual))
            }
        }
    }
}

/// A fact of a policy, by the name that scenarios require it by.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct PolicyFact(&'static Fact);

impl PolicyFact {
    pub(super) fn holds(self, policy: &Policy) -> bool {
        self.0.holds(policy)
    }
}

impl TryFrom<String> for PolicyFact {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Fact::named(&text).map(Self).ok_or_else(|| format!("there is no fact `{text}`"))
    }
}

/// Which requests of a row.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Nth {
    /// The first alone.
    First,
    /// All but the first.
    Later,
    /// Every second.
    Even,
    /// Every fourth, as where one of four workers runs with old settings.
    Fourth,
}

impl Nth {
    fn is(self, count: usize) -> bool {
        match self {
            Self::First => count == 1,
            Self::Later => count > 1,
            Self::Even => count.is_multiple_of(2),
            Self::Fourth => count.is_multiple_of(4),
        }
    }
}

/// A status, or a class of them such as `4xx`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(try_from = "String")]
pub struct StatusPattern(String);

impl StatusPattern {
    fn fits(&self, status: StatusCode) -> bool {
        self.0.bytes().zip(status.as_str().bytes()).all(|(want, is)| want == b'x' || want == is)
    }
}

impl TryFrom<String> for StatusPattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_bytes() {
            [b'1'..=b'9', rest @ ..]
                if rest.len() == 2 && rest.iter().all(|b| b.is_ascii_digit() || *b == b'x') =>
            {
                Ok(Self(text))
            }
            _ => Err(format!("`{text}` is no status, write `404` or `4xx`")),
        }
    }
}
