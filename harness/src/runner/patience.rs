//! How long a run bears a target that does not answer, so that it always ends soon.
//!
//! A path that leaves three exchanges in a row unanswered is asked nothing more: one dead endpoint
//! costs the cases that use it. Where three exchanges in a row went unanswered whatever the path,
//! the target itself is asked once more, at a path of its own; if that is left unanswered too, all
//! of it is given up. Exchanges run side by side, so that the slots of a run may all wait for one
//! dead endpoint of a target that lives: hence the question.

use std::collections::HashMap;
use std::fmt;

use tokio::sync::Mutex;
use url::Url;

use crate::driver::{self, Exchange};
use crate::transport::Transport;

/// So many exchanges in a row may go unanswered.
const PATIENCE: u32 = 3;

/// What one server left unanswered so far.
#[derive(Debug)]
pub(super) struct Patience<'a> {
    transport: &'a Transport,
    /// What a living server answers somehow.
    probe: Url,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    row: Row,
    /// The paths whose last exchange went unanswered, and those that are asked nothing more.
    paths: HashMap<String, Row>,
    given_up: bool,
}

/// Exchanges in a row that went unanswered.
#[derive(Clone, Copy, Debug, Default)]
struct Row {
    length: u32,
    /// Whether one of them began to be answered.
    begun: bool,
}

impl<'a> Patience<'a> {
    /// With the server whose every URL starts as `base` does.
    pub(super) fn with(transport: &'a Transport, base: &Url) -> Self {
        let mut probe = base.clone();
        probe.set_path("/.corspec");
        Self { transport, probe, state: Mutex::default() }
    }

    /// What the server is asked with.
    pub(super) fn transport(&self) -> &'a Transport {
        self.transport
    }

    /// Why nothing more is asked at `url`, if so.
    pub(super) async fn spent(&self, url: &str) -> Option<String> {
        let state = self.state.lock().await;
        if state.given_up {
            return Some(format!("given up after {}", state.row));
        }
        if state.paths.is_empty() {
            return None;
        }
        let url = Url::parse(url).ok()?;
        let path = self.path(&url)?;
        let row = state.paths.get(path)?;
        row.is_too_long().then(|| format!("`{path}` left {row}"))
    }

    /// Whether the server was given up as a whole.
    pub(super) async fn given_up(&self) -> bool {
        self.state.lock().await.given_up
    }

    /// Takes note of an exchange. An answer whose body broke off or never ended is none, for
    /// waiting for the rest takes as long; one that is longer than is read at all is. Who closes the
    /// connection, or answers what is no HTTP, has said so at once, and may answer others.
    pub(super) async fn note(&self, exchange: &Exchange) {
        // What another server leaves unanswered is not this one's doing.
        let Some(path) = self.path(&exchange.request.url) else { return };
        let longest = self.transport.max_body();
        let answered = match &exchange.response {
            Ok(answer) => answer.body_error.is_none() || answer.body.len() >= longest,
            Err(failure) => failure.is_prompt(),
        };
        let begun = exchange.response.is_ok();
        let mut state = self.state.lock().await;
        state.note(path, answered, begun);
        if state.given_up {
            return;
        }
        state.row.note(answered, begun);
        if state.row.is_too_long() {
            match self.lives().await {
                true => state.row = Row::default(),
                false => state.given_up = true,
            }
        }
    }

    /// The path of a URL of the server.
    fn path<'u>(&self, url: &'u Url) -> Option<&'u str> {
        let is_of = url.scheme() == self.probe.scheme()
            && url.host() == self.probe.host()
            && url.port_or_known_default() == self.probe.port_or_known_default();
        is_of.then(|| url.path())
    }

    async fn lives(&self) -> bool {
        let headers = std::iter::empty::<(Vec<u8>, Vec<u8>)>().collect();
        let exchange = driver::wire(self.transport, b"GET", self.probe.clone(), headers, None);
        let answer = exchange.await.response;
        answer.is_ok_and(|it| it.body_error.is_none())
    }
}

impl State {
    /// What an exchange at `path` says of it; of one that is asked nothing more, nothing new.
    fn note(&mut self, path: &str, answered: bool, begun: bool) {
        if self.paths.get(path).is_some_and(|it| it.is_too_long()) {
            return;
        }
        match answered {
            true => drop(self.paths.remove(path)),
            false => self.paths.entry(path.to_owned()).or_default().note(answered, begun),
        }
    }
}

impl Row {
    fn note(&mut self, answered: bool, begun: bool) {
        *self = match answered {
            true => Self::default(),
            false => Self { length: self.length + 1, begun: self.begun || begun },
        };
    }

    fn is_too_long(self) -> bool {
        self.length >= PATIENCE
    }
}

impl fmt::Display for Row {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.begun { "the end of an answer" } else { "an answer" };
        write!(out, "{PATIENCE} exchanges in a row without {what}")
    }
}

#[cfg(test)]
mod tests {
    use corspec_fetch::fetch::{ConnectionFailure, FailureKind, HttpRequest, HttpResponse};
    use corspec_fetch::header_list::HeaderList;
    use test_case::test_case;

    use super::*;
    use crate::transport::TransportOptions;

    const A: &str = "http://127.0.0.1:1/a";

    fn exchange(url: &str, answered: bool) -> Exchange {
        let stalled = || ConnectionFailure { message: String::new(), kind: FailureKind::Stalled };
        Exchange {
            request: HttpRequest {
                preflight: false,
                method: b"GET".to_vec(),
                url: Url::parse(url).unwrap(),
                headers: HeaderList::new(),
                body: None,
            },
            response: if answered { Ok(HttpResponse::default()) } else { Err(stalled()) },
        }
    }

    // Answers at other paths keep the server itself from being asked whether it lives.
    #[test_case(&[(A, false), ("/b", true), (A, false), ("/b", true), (A, false)], A => true; "three in a row")]
    #[test_case(&[(A, false), (A, false), (A, true), (A, false)], A => false; "an answer between")]
    #[test_case(&[(A, false), (A, false), ("/b", true), (A, false), (A, true)], A => true; "an answer too late")]
    #[test_case(&[(A, false), (A, false), ("/b", true), (A, false)], "/b" => false; "another path")]
    #[test_case(&[(A, false), (A, false), ("/b", true), ("/a?q", false)], A => true; "the same path with a query")]
    #[test_case(&[("http://127.0.0.1:2/a", false); 3], A => false; "another port")]
    #[test_case(&[("http://127.0.0.2:1/a", false); 3], A => false; "another host")]
    #[test_case(&[("https://127.0.0.1:1/a", false); 3], A => false; "another scheme")]
    #[tokio::test]
    async fn a_path_is_asked_nothing_more_after(noted: &[(&str, bool)], asked: &str) -> bool {
        let base = Url::parse("http://127.0.0.1:1").unwrap();
        let full = |url: &str| base.join(url).unwrap().to_string();
        let transport = Transport::new(&TransportOptions::default()).unwrap();
        let patience = Patience::with(&transport, &base);
        for (url, answered) in noted {
            patience.note(&exchange(&full(url), *answered)).await;
        }
        patience.spent(&full(asked)).await.is_some()
    }
}
