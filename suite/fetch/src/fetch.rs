//! One fetch, as a state machine: main fetch, HTTP fetch and what they call.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use url::Url;

use crate::agent::UserAgent;
use crate::cause::Cause;
use crate::header_list::HeaderList;
use crate::network::Context;
use crate::origin::Origin;
use crate::outcome::Outcome;
use crate::page::Page;
use crate::preflight_cache::{Key, site};
use crate::profile::{Profile, TaintedOrigins};
use crate::redirect::{First, taints_origin};
use crate::referrer::Referrals;
use crate::request::{CredentialsMode, Request};
use crate::trace::Trace;

mod answered;
mod ask;

/// A request for the driver to send, exactly as it stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HttpRequest {
    /// Whether it is a CORS-preflight request.
    pub preflight: bool,
    /// The method, byte for byte.
    pub method: Vec<u8>,
    /// The URL, without fragment and userinfo.
    pub url: Url,
    /// Every header but those that HTTP itself needs (`Host`, `Connection` …).
    pub headers: HeaderList,
    /// The body; `None` for no body, which is not an empty one.
    pub body: Option<Vec<u8>>,
}

/// What a server answered.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// The reason phrase.
    pub status_text: Vec<u8>,
    /// The header lines, as sent.
    pub headers: HeaderList,
    /// The body, as far as it came.
    pub body: Vec<u8>,
    /// Why the body ended early.
    pub body_error: Option<String>,
}

/// Nothing that is HTTP came back.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConnectionFailure {
    /// What happened, in words.
    pub message: String,
    /// What kind of failure that is.
    pub kind: FailureKind,
}

impl ConnectionFailure {
    /// Whether the server itself put an end to the exchange, and nobody waited for an answer.
    #[must_use]
    pub fn is_prompt(&self) -> bool {
        matches!(self.kind, FailureKind::Closed | FailureKind::Malformed)
    }
}

/// How an exchange came to nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FailureKind {
    /// There is no connection: it was refused, or its TLS failed.
    Unreachable,
    /// No answer came in time.
    Stalled,
    /// The server closed the connection instead of an answer.
    Closed,
    /// Something else came than HTTP, or HTTP cannot carry the request.
    Malformed,
}

/// What the driver does next.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Step {
    /// Send this, and give the answer to [`Fetch::respond`].
    Send(HttpRequest),
    /// The fetch is over.
    Done(Outcome),
}

/// A request's [response tainting](https://fetch.spec.whatwg.org/#concept-request-response-tainting).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Tainting {
    Basic,
    Cors,
    Opaque,
}

/// One [fetch](https://fetch.spec.whatwg.org/#concept-fetch) under way.
#[derive(Clone, Debug)]
pub struct Fetch {
    /// Which fetch of the user agent it is.
    number: u64,
    page: Page,
    request: Request,
    tainting: Tainting,
    /// Whether the request was preflighted, or found its permission cached.
    make_preflight: bool,
    /// Whether a redirect turned the method into GET, and no later one crossed origins.
    became_get: bool,
    /// The key of the URL that was asked last.
    asked: Option<Key>,
    /// The referrer, from hop to hop.
    referrals: Referrals,
    /// The request as the script made it.
    first: First,
    /// Why the redirect that was followed must not be, which some browsers see late.
    doomed: Option<Cause>,
    /// The headers that a preflight judges.
    judged: HeaderList,
    timing_failed: bool,
    state: State,
    answer: Option<Result<HttpResponse, ConnectionFailure>>,
    trace: Trace,
}

#[derive(Clone, Debug)]
enum State {
    Start,
    Preflight(Box<HttpRequest>),
    Actual(Box<HttpRequest>),
    /// The answer was kept from an earlier request.
    Kept(Box<HttpResponse>),
    Done(Box<Outcome>),
}

/// The two ways that an algorithm ends early: an outcome, or a network error.
type Next = Result<State, Cause>;

impl Fetch {
    pub(crate) fn new(number: u64, page: Page, request: Request) -> Self {
        let first = First { method: request.method.clone(), headers: request.headers.clone() };
        Self {
            number,
            page,
            asked: None,
            referrals: Referrals::new(&request.referrer),
            judged: request.headers.clone(),
            first,
            doomed: None,
            request,
            tainting: Tainting::Basic,
            make_preflight: false,
            became_get: false,
            timing_failed: false,
            state: State::Start,
            answer: None,
            trace: Trace::default(),
        }
    }

    /// The decisions so far.
    #[must_use]
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// Says what to do next. Without an answer in between it says the same again.
    ///
    /// `now` is the time since the Unix epoch; it must not go backwards.
    pub fn step(&mut self, agent: &mut UserAgent, now: Duration) -> Step {
        loop {
            let next = match (&self.state, self.answer.take()) {
                (State::Start, _) => self.main_fetch(agent, now),
                (State::Preflight(_), Some(answer)) => self.preflight_answered(answer, agent, now),
                (State::Actual(request), Some(answer)) => {
                    let request = request.clone();
                    self.actual_answered(&request, answer, agent, now)
                }
                (State::Kept(response), _) => {
                    let response = (**response).clone();
                    self.judge(&response, agent, now)
                }
                (State::Preflight(request) | State::Actual(request), None) => {
                    return Step::Send((**request).clone());
                }
                (State::Done(outcome), _) => return Step::Done((**outcome).clone()),
            };
            self.state = next.unwrap_or_else(|cause| self.failed(cause, agent));
        }
    }

    /// Takes the answer to the request that [`Fetch::step`] asked to send.
    pub fn respond(&mut self, answer: Result<HttpResponse, ConnectionFailure>) {
        self.answer = Some(answer);
    }

    fn context(&self) -> Context<'_> {
        Context {
            page: &self.page,
            request: &self.request,
            tainting: self.tainting,
            first_method: &self.first.method,
            judged: &self.judged,
            became_get: self.became_get,
            referrals: &self.referrals,
        }
    }

    /// The origin that a preflight names.
    fn preflight_origin(&self, profile: &Profile) -> Vec<u8> {
        self.context().preflight_origin(profile)
    }

    /// Whose entries of the preflight cache are the request's; `None` where it has none.
    fn key(&self, profile: &Profile) -> Option<Key> {
        let tainted = taints_origin(&self.page.origin, &self.request.url_list);
        let mut origin = self.preflight_origin(profile);
        let cached = match (&self.page.origin, profile.tainted_origins) {
            (Origin::Opaque, _) => profile.caches_preflights_of_opaque_pages,
            (_, TaintedOrigins::AlwaysNew) => !tainted,
            (_, TaintedOrigins::AlwaysTheSame) => true,
            (_, TaintedOrigins::OneForAFetch) => {
                if tainted {
                    origin.extend_from_slice(&self.number.to_be_bytes());
                }
                true
            }
        };
        let top_level = self.page.top_level_origin();
        cached.then(|| Key::new(top_level, &origin, self.request.current_url()))
    }

    /// The site of the tab.
    fn site(&self) -> String {
        site(self.page.top_level_origin())
    }

    fn include(&self) -> bool {
        self.request.credentials == CredentialsMode::Include
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use test_case::test_case;

    use super::{ConnectionFailure, FailureKind};

    #[test_case(FailureKind::Closed => true)]
    #[test_case(FailureKind::Malformed => true)]
    #[test_case(FailureKind::Stalled => false)]
    #[test_case(FailureKind::Unreachable => false)]
    fn who_ends_an_exchange_is_prompt(kind: FailureKind) -> bool {
        ConnectionFailure { message: String::new(), kind }.is_prompt()
    }
}
