//! A browser with one page, and the servers that it meets.

use std::time::Duration;

use corspec_fetch::agent::UserAgent;
use corspec_fetch::fetch::{HttpRequest, HttpResponse, Step};
use corspec_fetch::header_list::HeaderList;
use corspec_fetch::origin::Origin;
use corspec_fetch::outcome::{Outcome, Response};
use corspec_fetch::page::Page;
use corspec_fetch::profile::Profile;
use corspec_fetch::request::RequestInit;
use url::Url;

/// The page's own origin.
pub(crate) const PAGE: &str = "https://page.example";
/// An origin of another site.
pub(crate) const API: &str = "https://api.test";
/// Yet another.
pub(crate) const CDN: &str = "https://cdn.invalid";

pub(crate) struct Browser {
    pub(crate) agent: UserAgent,
    pub(crate) page: Page,
    pub(crate) now: Duration,
}

/// What came of a fetch: what the page saw or the name of the cause, and what was sent.
pub(crate) struct Fetched {
    pub(crate) seen: Result<Response, &'static str>,
    pub(crate) sent: Vec<HttpRequest>,
    /// Where the standard decided: anchors and steps.
    pub(crate) decided: Vec<String>,
}

impl Browser {
    /// A browser at a page of [`PAGE`].
    pub(crate) fn new() -> Self {
        Self::at(&format!("{PAGE}/app?q#f"))
    }

    pub(crate) fn at(url: &str) -> Self {
        let url = Url::parse(url).unwrap();
        let page = Page { url: Some(url.clone()), ..Page::at(Origin::of(&url)) };
        Self::with(page)
    }

    pub(crate) fn with(page: Page) -> Self {
        let agent = UserAgent::new(&Profile::SPEC);
        Self { agent, page, now: Duration::from_secs(1_800_000_000) }
    }

    pub(crate) fn cookie(mut self, url: &str, line: &str) -> Self {
        self.agent.set_cookie(&Url::parse(url).unwrap(), line.as_bytes(), self.now);
        self
    }

    /// Fetches from servers that answer every request as `answer` says.
    pub(crate) fn fetch(
        &mut self,
        init: &RequestInit,
        mut answer: impl FnMut(&HttpRequest) -> HttpResponse,
    ) -> Fetched {
        let mut sent = Vec::new();
        let Ok(request) = self.agent.construct(&self.page, init) else {
            return Fetched { seen: Err("type-error"), sent, decided: Vec::new() };
        };
        let mut fetch = self.agent.fetch(&self.page, request);
        loop {
            match fetch.step(&mut self.agent, self.now) {
                Step::Send(request) => {
                    fetch.respond(Ok(answer(&request)));
                    sent.push(request);
                }
                Step::Done(outcome) => {
                    let seen = match outcome {
                        Outcome::Response(seen) => Ok(seen),
                        Outcome::NetworkError(error) => Err(error.cause().slug()),
                    };
                    let steps = fetch.trace().steps.iter();
                    let decided = steps.map(|it| format!("{} {}", it.anchor, it.step)).collect();
                    return Fetched { seen, sent, decided };
                }
            }
        }
    }
}

impl Fetched {
    /// The requests in short: `OPTIONS` for a preflight, and where each went.
    pub(crate) fn story(&self) -> Vec<String> {
        let line = |it: &HttpRequest| format!("{} {}", text(&it.method), it.url);
        self.sent.iter().map(line).collect()
    }

    /// How the fetch ended: the response's type, or the cause.
    pub(crate) fn end(&self) -> &'static str {
        self.seen.as_ref().map_or_else(|cause| *cause, |response| response.kind.name())
    }

    /// A header of the request that was sent as the given one.
    pub(crate) fn header(&self, place: usize, name: &str) -> Option<String> {
        self.sent[place].headers.get(name).map(|value| text(&value))
    }

    pub(crate) fn preflighted(&self) -> bool {
        self.sent.first().is_some_and(|request| request.preflight)
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

pub(crate) fn answer(status: u16, headers: &[(&str, &str)]) -> HttpResponse {
    let headers = headers.iter().copied().collect();
    HttpResponse { status, headers, body: b"hello".to_vec(), ..HttpResponse::default() }
}

/// The headers that allow a request whatever it wants.
pub(crate) fn permission(request: &HttpRequest) -> Vec<(String, String)> {
    let said = |name| request.headers.get(name).map(|value| text(&value));
    let mut headers = vec![("Access-Control-Allow-Credentials".into(), "true".into())];
    for (name, value) in [
        ("Access-Control-Allow-Origin", said("origin")),
        ("Access-Control-Allow-Methods", said("access-control-request-method")),
        ("Access-Control-Allow-Headers", said("access-control-request-headers")),
    ] {
        headers.extend(value.map(|value| (name.to_owned(), value)));
    }
    headers
}

/// An answer with a status and headers that allows whatever is asked.
pub(crate) fn allowing(request: &HttpRequest, status: u16, more: &[(&str, &str)]) -> HttpResponse {
    let more = more.iter().map(|(name, value)| (name.to_string(), value.to_string()));
    let headers: HeaderList = permission(request).into_iter().chain(more).collect();
    HttpResponse { status, headers, body: b"hello".to_vec(), ..HttpResponse::default() }
}

/// A server that allows everything.
pub(crate) fn open(request: &HttpRequest) -> HttpResponse {
    allowing(request, 200, &[])
}

/// Servers that allow everything and redirect each URL of the chain to the next.
pub(crate) fn chain<'a>(
    status: u16,
    urls: &'a [&'a str],
) -> impl FnMut(&HttpRequest) -> HttpResponse + 'a {
    let mut hop = 0;
    move |request| {
        if request.preflight {
            return open(request);
        }
        hop += 1;
        match urls.get(hop) {
            Some(next) => allowing(request, status, &[("Location", next)]),
            None => open(request),
        }
    }
}

/// A request with a method and headers.
pub(crate) fn init(method: &str, url: &str, headers: &[(&str, &str)]) -> RequestInit {
    let lines = headers.iter().map(|(name, value)| (name.as_bytes().into(), latin1(value)));
    let (method, headers) = (method.into(), lines.collect());
    RequestInit { method, headers, ..RequestInit::get(url) }
}

/// The bytes of a text whose characters stand for one byte each.
pub(crate) fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
}
