//! What the model says that a browser would do, in the form in which both are compared.

use corspec_fetch::agent::UserAgent;
use corspec_fetch::origin::Origin;
use corspec_fetch::page::Page;
use corspec_fetch::profile::Profile;
use corspec_vectors::replay::view;
use futures_util::future::try_join_all;
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

/// Performs the steps of `attempt` as the browser of `profile` would, over real HTTP; what is done at
/// the same time, as several browsers that know nothing yet.
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
    for group in attempt.steps.chunk_by(PageStep::is_alongside) {
        clock.advance(group[0].wait);
        match group {
            [step] if step.visitor == 0 => {
                expected.push(done(step, &mut agent, transport, &clock).await?);
            }
            visitors => {
                let (transport, clock) = (&transport.without_pool(), &clock);
                let all = visitors.iter().map(async |step| {
                    done(step, &mut UserAgent::new(profile), transport, clock).await
                });
                expected.extend(try_join_all(all).await?);
            }
        }
    }
    // What the model asked is no browser's doing.
    drop(attempt.received());
    Ok(expected)
}

/// What `agent` makes of a step.
async fn done(
    step: &PageStep,
    agent: &mut UserAgent,
    transport: &Transport,
    clock: &Clock,
) -> Result<Expected, String> {
    let page = page(step)?;
    let Ok(request) = agent.construct(&page, &step.fetch.init()) else {
        return Ok(Expected { view: json!({"rejected": "TypeError"}), requests: Vec::new() });
    };
    let fetch = agent.fetch(&page, request);
    let driven = driver::drive(agent, fetch, transport, clock, &FollowPolicy::Elsewhere).await;
    let view = match driven.ending {
        Ending::Outcome(outcome) => view(&outcome),
        Ending::NotFollowed { .. } => Value::Null,
    };
    Ok(Expected { view, requests: driven.exchanges.iter().map(request_of).collect() })
}

fn page(step: &PageStep) -> Result<Page, String> {
    let url = Url::parse(&step.page_url()).map_err(|error| error.to_string())?;
    let page = step.fetch.page().map_err(|error| error.to_string())?;
    let around = (step.fetch.origin == "null").then(|| Origin::of(&url));
    Ok(Page { url: Some(url), top_level: around.or(page.top_level), ..page })
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
