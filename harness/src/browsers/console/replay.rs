//! What is said that a browser prints of a provocation.

use std::collections::BTreeMap;
use std::time::Duration;

use corspec_fetch::agent::UserAgent;
use corspec_fetch::fetch::{ConnectionFailure, FailureKind, HttpRequest, HttpResponse, Step};
use corspec_fetch::outcome::Outcome;
use corspec_fetch::profile::Profile;
use corspec_vectors::vector::{InvalidVector, bytes};

use super::provocation::{Failure, Provocation};
use crate::browsers::engine::Engine;
use crate::console::{Blocked, Console, Last};
use crate::escape::latin1;

/// What the model makes of a provocation, as one browser.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// The cause's slug; `None` where the page gets a response, or is refused its request.
    pub cause: Option<&'static str>,
    /// Whether the page is refused its request before any fetch.
    pub rejected: bool,
    /// Which of its [lines](crate::console::lines) each browser prints.
    pub lines: BTreeMap<Engine, &'static str>,
    /// What browsers print of it.
    pub console: Console,
}

/// Performs `provocation` as the browser of `profile`.
///
/// # Errors
///
/// The provocation is none.
pub fn said(provocation: &Provocation, profile: &'static Profile) -> Result<Said, InvalidVector> {
    let page = provocation.page.page()?;
    let asked = provocation.url();
    let mut agent = UserAgent::new(profile);
    let init = provocation.init()?;
    let Ok(request) = agent.construct(&page, &init) else {
        return Ok(Said { rejected: true, ..Said::default() });
    };
    let mut fetch = agent.fetch(&page, request);
    let mut last = None;
    let outcome = loop {
        match fetch.step(&mut agent, Duration::ZERO) {
            Step::Done(outcome) => break outcome,
            Step::Send(request) => {
                let answer = answer(provocation, &request);
                fetch.respond(answer.clone());
                last = Some((request, answer.ok()));
            }
        }
    };
    let Outcome::NetworkError(error) = outcome else { return Ok(Said::default()) };
    let blocked = Blocked {
        cause: error.cause(),
        origin: provocation.page.origin(),
        page: page.url.as_ref(),
        init: &init,
        first_url: &asked,
        last: last.as_ref().map(|(request, answer)| Last::of(request, answer.as_ref())),
    };
    Ok(Said {
        cause: Some(error.cause().slug()),
        rejected: false,
        lines: Engine::ALL.iter().filter_map(|it| Some((*it, blocked.line(*it)?))).collect(),
        console: blocked.console(),
    })
}

/// What the servers answer to a request of the model.
fn answer(
    provocation: &Provocation,
    request: &HttpRequest,
) -> Result<HttpResponse, ConnectionFailure> {
    let folder = format!("/{}/", provocation.id);
    let place = request.url.path().strip_prefix(&folder).and_then(|it| it.parse().ok());
    let origin = latin1(&request.headers.get("origin").unwrap_or_default());
    let place = place.unwrap_or(usize::MAX);
    let reply = provocation.reply(place, request.preflight, &origin).map_err(|failure| {
        // In the words of the transport.
        let (kind, message) = match failure {
            Failure::Closed => (FailureKind::Closed, "connection closed before message completed"),
            Failure::Refused => (FailureKind::Unreachable, "Connection refused"),
            Failure::Reset => (FailureKind::Closed, "Connection reset by peer"),
        };
        ConnectionFailure { message: message.to_owned(), kind }
    })?;
    Ok(HttpResponse {
        status: reply.status,
        headers: reply.headers.iter().map(|(name, it)| (bytes(name), bytes(it))).collect(),
        body: reply.body.into_bytes(),
        ..HttpResponse::default()
    })
}
