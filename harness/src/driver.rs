//! The driver: the one module that knows both the model and the transport.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use corspec_fetch::agent::UserAgent;
use corspec_fetch::fetch::{ConnectionFailure, Fetch, HttpRequest, HttpResponse, Step};
use corspec_fetch::header_list::HeaderList;
use corspec_fetch::origin::Origin;
use corspec_fetch::outcome::Outcome;
use corspec_fetch::trace::Trace;
use url::Url;

use crate::transport::Transport;

/// One request, and what came back.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The request, as the model asked for it.
    pub request: HttpRequest,
    /// The response, or why there was none.
    pub response: Result<HttpResponse, ConnectionFailure>,
}

/// Which origins requests may go to.
#[derive(Clone, Debug)]
pub enum FollowPolicy {
    /// These only: the one that the user named, and the harness's own.
    Named(Vec<Origin>),
    /// Wherever redirects lead.
    Elsewhere,
}

impl FollowPolicy {
    /// Allows only the origin of `url`, or any where `elsewhere` says so.
    #[must_use]
    pub fn of(url: &Url, elsewhere: bool) -> Self {
        if elsewhere { Self::Elsewhere } else { Self::Named(vec![Origin::of(url)]) }
    }

    fn allows(&self, url: &Url) -> bool {
        match self {
            Self::Named(origins) => origins.iter().any(|it| it.same_origin(&Origin::of(url))),
            Self::Elsewhere => true,
        }
    }
}

/// How a driven fetch ended.
#[derive(Clone, Debug)]
pub enum Ending {
    /// What the page saw.
    Outcome(Outcome),
    /// A redirect led to an origin that requests may not go to.
    NotFollowed {
        /// Where it led.
        location: Url,
    },
}

/// A fetch, driven to its end.
#[derive(Clone, Debug)]
pub struct Driven {
    /// How it ended.
    pub ending: Ending,
    /// Every exchange, in order.
    pub exchanges: Vec<Exchange>,
    /// The model's decisions.
    pub trace: Trace,
}

/// An agent's clock: real time, and what it was moved by.
#[derive(Clone, Debug)]
pub struct Clock {
    epoch: Duration,
    started: Instant,
    advanced: Duration,
}

impl Default for Clock {
    fn default() -> Self {
        let epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { epoch, started: Instant::now(), advanced: Duration::ZERO }
    }
}

impl Clock {
    /// The time since the Unix epoch.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.epoch.saturating_add(self.started.elapsed()).saturating_add(self.advanced)
    }

    /// Moves the clock on.
    pub fn advance(&mut self, by: Duration) {
        self.advanced = self.advanced.saturating_add(by);
    }
}

/// Drives `fetch` to its end over real HTTP.
pub async fn drive(
    agent: &mut UserAgent,
    mut fetch: Fetch,
    transport: &Transport,
    clock: &Clock,
    follow: &FollowPolicy,
) -> Driven {
    let mut exchanges = Vec::new();
    let ending = loop {
        match fetch.step(agent, clock.now()) {
            Step::Done(outcome) => break Ending::Outcome(outcome),
            Step::Send(request) if !follow.allows(&request.url) => {
                break Ending::NotFollowed { location: request.url };
            }
            Step::Send(request) => {
                let response = transport.send(&request).await;
                fetch.respond(response.clone());
                exchanges.push(Exchange { request, response });
            }
        }
    };
    Driven { ending, exchanges, trace: fetch.trace().clone() }
}

/// Makes one raw exchange, without a page behind it.
pub async fn wire(
    transport: &Transport,
    method: &[u8],
    url: Url,
    headers: HeaderList,
    body: Option<Vec<u8>>,
) -> Exchange {
    let request = HttpRequest { preflight: false, method: method.to_vec(), url, headers, body };
    let response = transport.send(&request).await;
    Exchange { request, response }
}
