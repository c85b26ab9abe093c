//! What the model says that a browser would do, in the form in which both are compared.

use corspec_fetch::agent::UserAgent;
use corspec_fetch::page::Page;
use corspec_fetch::profile::Profile;
use corspec_vectors::replay::view;
use serde_json::{Value, json};
use url::Url;

use super::attempt::{Attempt, PageStep};
use super::compare::Request;
use crate::driver::{self, Clock, Ending, Exchange, FollowPolicy};
use crate::escape::latin1;
use crate::transport::Transport;

/// What one step comes to.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    /// What the page sees.
    pub(super) view: Value,
    /// What servers receive.
    pub(super) requests: Vec<Request>,
}

/// Performs the steps of `attempt` as the browser of `profile` would, over real HTTP.
///
/// # Errors
///
/// A step has no page that the model can stand for; why.
pub(super) async fn expected(
    attempt: &Attempt<'_>,
    profile: &'static Profile,
    transport: &Transport,
) -> Result<Vec<Expected>, String> {
    let mut agent = UserAgent::new(profile);
    let mut clock = Clock::default();
    let mut expected = Vec::new();
    for step in &attempt.steps {
        clock.advance(step.wait);
        let page = page(step)?;
        let Ok(request) = agent.construct(&page, &step.fetch.init()) else {
            let view = json!({"rejected": "TypeError"});
            expected.push(Expected { view, requests: Vec::new() });
            continue;
        };
        let fetch = agent.fetch(&page, request);
        let follow = FollowPolicy::Elsewhere;
        let driven = driver::drive(&mut agent, fetch, transport, &clock, &follow).await;
        let view = match driven.ending {
            Ending::Outcome(outcome) => view(&outcome),
            Ending::NotFollowed { .. } => Value::Null,
        };
        let requests = driven.exchanges.iter().map(request_of).collect();
        expected.push(Expected { view, requests });
    }
    // What the model asked is no browser's doing.
    drop(attempt.recording.take());
    Ok(expected)
}

fn page(step: &PageStep) -> Result<Page, String> {
    let url = Url::parse(&step.page_url()).map_err(|error| error.to_string())?;
    let page = step.fetch.page().map_err(|error| error.to_string())?;
    Ok(match step.fetch.origin.as_str() {
        // A document of an opaque origin gives no referrer.
        "null" => Page { top_level: Some(corspec_fetch::origin::Origin::of(&url)), ..page },
        _ => Page { url: Some(url), ..page },
    })
}

fn request_of(exchange: &Exchange) -> Request {
    let request = &exchange.request;
    let combined = |name: &[u8]| {
        let name = latin1(name).to_ascii_lowercase();
        let value = request.headers.get(&name).unwrap_or_default();
        (name, latin1(&value))
    };
    Request {
        method: latin1(&request.method),
        url: request.url.to_string(),
        headers: request.headers.iter().map(|(name, _)| combined(name)).collect(),
    }
}
