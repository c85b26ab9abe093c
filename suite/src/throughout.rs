//! Rules of the policy: what no answer may grant beyond it, and whom, whatever was asked.
//!
//! The scenarios that ask for one thing on one route show what a server does there; these look at every route, method and
//! status that a run has come to. Only requests as browsers send them count: what no page can make grants no page anything.
//!
//! Source: Fetch, #http-responses, and what browsers do with it: #cors-check and #cors-preflight-fetch.

use corspec_fetch::construct::{is_forbidden_method, is_forbidden_request_header};
use corspec_fetch::cors_check::cors_check;
use corspec_fetch::filter::{is_always_exposed, is_forbidden_response_header_name};
use corspec_fetch::header_list::HeaderList;
use corspec_fetch::origin::Origin;
use corspec_fetch::request::CredentialsMode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::case::Case;
use crate::exchange::{Exchange, SeenResponse, SentRequest};
use crate::judge::{number, shown};
use crate::policy::{Policy, is_safelisted_method};

/// What no answer may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ThroughoutRule {
    /// A page of a denied origin is let in nowhere.
    Origins,
    /// Where the policy allows no credentials, none are allowed anywhere.
    Credentials,
    /// No preflight grants a method beyond the policy.
    Methods,
    /// No preflight grants a request header beyond the policy.
    Headers,
    /// No answer exposes a header beyond the policy.
    Exposed,
    /// No preflight is remembered for longer than the policy says.
    MaxAge,
    /// No request makes the server fail, but where a failure was asked for.
    ServerErrors,
}

const CREDENTIALS: &str = "access-control-allow-credentials";
const EXPOSED: &str = "access-control-expose-headers";
const HEADERS: &str = "access-control-allow-headers";
const MAX_AGE: &str = "access-control-max-age";
const METHODS: &str = "access-control-allow-methods";
const ORIGIN: &str = "access-control-allow-origin";

/// Request headers that pages set without leave (Fetch, #cors-safelisted-request-header), whatever the value.
const SAFELISTED_REQUEST: [&str; 3] = ["accept", "accept-language", "content-language"];

impl ThroughoutRule {
    /// What it asks, in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Origins => "no page of a denied origin is let in",
            Self::Credentials => "no page is allowed credentials",
            Self::Methods => "no method beyond the policy is granted",
            Self::Headers => "no request header beyond the policy is granted",
            Self::Exposed => "no header beyond the policy is exposed",
            Self::MaxAge => "no preflight is to be remembered for longer than the policy says",
            Self::ServerErrors => "no server error but 501, where none was asked for",
        }
    }

    /// What of an exchange breaks the rule under the policy of `case`, in words.
    #[must_use]
    pub fn offence(self, exchange: &Exchange, case: &Case) -> Option<String> {
        let answer = exchange.response.as_ref().ok()?;
        if self == Self::ServerErrors {
            let path = path(&exchange.request.url);
            let is_due = || case.failing.iter().any(|route| is_of(route, path));
            let fails = answer.status >= 500 && answer.status != 501 && !is_due();
            return fails.then(|| format!("the status is {}", answer.status));
        }
        let page = Page::of(exchange, answer)?;
        // Whose page it was is asked last: few answers are an offence, and it takes the longest.
        page.offence(self, &case.policy).filter(|_| page.is_cross_origin())
    }
}

/// An answer to a request that names its origin.
struct Page<'a> {
    origin: &'a str,
    request: &'a SentRequest,
    answer: &'a SeenResponse,
}

impl<'a> Page<'a> {
    /// The page that asked; none where there is no `Origin`, or not one.
    fn of(exchange: &'a Exchange, answer: &'a SeenResponse) -> Option<Self> {
        let request = &exchange.request;
        let mut lines = request.headers.get_all("origin");
        let (Some(origin), None) = (lines.next(), lines.next()) else { return None };
        Some(Self { origin: std::str::from_utf8(origin).ok()?, request, answer })
    }

    /// Whether it was a page of another origin than the server's own; no browser sends what is no origin.
    fn is_cross_origin(&self) -> bool {
        Origin::parse(self.origin).is_ok() && !is_own(self.origin, self.request)
    }

    /// What breaks one of the rules for what pages are granted, in words.
    fn offence(&self, rule: ThroughoutRule, policy: &Policy) -> Option<String> {
        let offends = |does: bool, names: &[&str]| does.then(|| self.lines(names));
        match rule {
            ThroughoutRule::Origins => {
                let is_let_in = self.is_let_in(CredentialsMode::Omit);
                offends(is_let_in && !policy.allows_origin(self.origin), &[ORIGIN])
            }
            ThroughoutRule::Credentials => {
                let is_denied = !policy.allow_credentials;
                let does = is_denied && self.is_let_in(CredentialsMode::Include);
                offends(does, &[ORIGIN, CREDENTIALS])
            }
            ThroughoutRule::Methods => {
                self.grants_beyond(METHODS, |it| is_method_within(it, policy))
            }
            ThroughoutRule::Headers => {
                self.grants_beyond(HEADERS, |it| is_header_within(it, policy))
            }
            ThroughoutRule::Exposed => self.exposes_beyond(policy),
            ThroughoutRule::MaxAge => {
                let most = policy.max_age.map_or(u64::MAX, u64::from);
                let is_within = |it: &str| number(it.as_bytes()).is_none_or(|age| age <= most);
                self.grants_beyond(MAX_AGE, is_within)
            }
            // What fails grants nothing by that.
            ThroughoutRule::ServerErrors => None,
        }
    }

    fn is_preflight(&self) -> bool {
        self.request.method == b"OPTIONS"
            && self.request.headers.contains("access-control-request-method")
    }

    fn is_ok(&self) -> bool {
        (200..=299).contains(&self.answer.status)
    }

    fn passes_check(&self, credentials: CredentialsMode) -> bool {
        cors_check(self.origin.as_bytes(), credentials, &self.answer.headers).is_ok()
    }

    /// Whether browsers let the page have what it asked for: an answer that it may read without a preflight, or a
    /// preflight that passes. No page sees a redirect, and an answer to another method only after its preflight.
    fn is_let_in(&self, credentials: CredentialsMode) -> bool {
        if !self.passes_check(credentials) {
            return false;
        }
        if self.is_preflight() {
            return self.is_granted();
        }
        let is_redirect = matches!(self.answer.status, 301 | 302 | 303 | 307 | 308);
        let method = std::str::from_utf8(&self.request.method);
        !is_redirect && method.is_ok_and(is_safelisted_method)
    }

    /// Whether a preflight's answer grants the method and the headers that it asked for.
    fn is_granted(&self) -> bool {
        let asked = |name| tokens(&self.request.headers, name);
        let listed = |name, by_case: bool| {
            let listed = tokens(&self.answer.headers, name);
            move |it: &String| {
                let same = |other: &String| {
                    other == "*" || it == other || !by_case && it.eq_ignore_ascii_case(other)
                };
                listed.iter().any(same)
            }
        };
        let (has_method, has_header) = (listed(METHODS, true), listed(HEADERS, false));
        let mut methods = asked("access-control-request-method").into_iter();
        self.is_ok()
            && methods.all(|it| is_safelisted_method(&it) || has_method(&it))
            && asked("access-control-request-headers").iter().all(has_header)
    }

    /// The first member of the list `name` that is not `is_within`, in the answer to a preflight that passes the CORS check.
    fn grants_beyond(&self, name: &str, is_within: impl Fn(&str) -> bool) -> Option<String> {
        let counts =
            self.is_preflight() && self.is_ok() && self.passes_check(CredentialsMode::Omit);
        counts.then(|| self.lists(name, is_within)).flatten()
    }

    /// The first header beyond the policy that an answer exposes that the page may read.
    fn exposes_beyond(&self, policy: &Policy) -> Option<String> {
        let counts = !self.is_preflight() && self.passes_check(CredentialsMode::Omit);
        let is_in_vain = |it: &[u8]| is_always_exposed(it) || is_forbidden_response_header_name(it);
        let is_within = |it: &str| policy.exposes_header(it) || is_in_vain(it.as_bytes());
        counts.then(|| self.lists(EXPOSED, is_within)).flatten()
    }

    /// The first member of the answer's list `name` that is not `is_within`, in words.
    fn lists(&self, name: &str, is_within: impl Fn(&str) -> bool) -> Option<String> {
        let members = tokens(&self.answer.headers, name);
        let beyond = members.iter().find(|it| !is_within(it))?;
        Some(format!("`{name}` has `{beyond}`"))
    }

    /// The lines of these names in the answer, in words.
    fn lines(&self, names: &[&str]) -> String {
        let line = |name: &&str| {
            let value = self.answer.headers.get(name).unwrap_or_default();
            format!("`{name}: {}`", shown(&value))
        };
        let lines: Vec<_> = names.iter().map(line).collect();
        format!("{} for a page of `{}`", lines.join(" and "), self.origin)
    }
}

/// Whether `origin` is that of the server itself, as the request names it.
fn is_own(origin: &str, request: &SentRequest) -> bool {
    let Ok(url) = Url::parse(&request.url) else { return false };
    let named = request.headers.get("host").and_then(|host| String::from_utf8(host).ok());
    let host = named.as_deref().unwrap_or_else(|| url.authority());
    origin == format!("{}://{host}", url.scheme())
}

/// The members of a list; nothing where it is no list, which browsers read as a whole or not at all.
fn tokens(headers: &HeaderList, name: &str) -> Vec<String> {
    let extracted = headers.extract_tokens(name);
    let members = extracted.values().unwrap_or_default().iter();
    members.map(|it| String::from_utf8_lossy(it).into_owned()).collect()
}

fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|it| it.eq_ignore_ascii_case(name))
}

/// Whether the policy allows the method, or granting it grants nothing: what needs no leave, what no page can send, and
/// OPTIONS. Small letters are no other method here.
fn is_method_within(method: &str, policy: &Policy) -> bool {
    let large = method.to_ascii_uppercase();
    policy.allows_method(method)
        || policy.allows_method(&large)
        || large == "OPTIONS"
        || is_forbidden_method(method.as_bytes())
}

/// Whether the policy allows the request header, or granting it grants nothing: what needs no leave, and what no page can
/// set.
fn is_header_within(name: &str, policy: &Policy) -> bool {
    policy.allows_header(name)
        || is_one_of(name, &SAFELISTED_REQUEST)
        || is_forbidden_request_header(name.as_bytes(), b"")
}

/// Path and query of a URL.
fn path(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').map_or("", |at| &rest[at..])
}

/// Whether `path` is of the route, in whose own path `{code}` stands for a status.
fn is_of(route: &str, path: &str) -> bool {
    let (before, after) = route.split_once("{code}").unwrap_or((route, ""));
    let Some(rest) = path.strip_prefix(before) else { return false };
    let rest = match route.contains("{code}") {
        true => rest.trim_start_matches(|it: char| it.is_ascii_digit()),
        false => rest,
    };
    let Some(rest) = rest.strip_prefix(after) else { return false };
    rest.is_empty() || rest.starts_with(['/', '?', '&'])
}

#[cfg(test)]
mod tests;
