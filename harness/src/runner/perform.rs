//! Performs a case: its steps, one after another, as one browser.

use corspec_fetch::agent::UserAgent;
use corspec_fetch::header_list::HeaderList;
use corspec_fetch::origin::Origin;
use corspec_fetch::profile::Profile;
use corspec_suite::case::{Action, Case, FetchStep, WireStep};
use corspec_suite::exchange::{self, SeenResponse, SentRequest, StepRecord};
use url::Url;

use crate::driver::{self, Clock, Driven, Ending, FollowPolicy};
use crate::runner::patience::Patience;
use crate::transport::Transport;

/// Does everything that the case does to the server at `base`; `elsewhere` is the URL of the
/// server that redirects to it.
///
/// # Errors
///
/// The server or a path of it was given up, or a step makes no request; why.
pub(super) async fn perform(
    case: &Case,
    base: &Url,
    elsewhere: &str,
    transport: &Transport,
    patience: &Patience<'_>,
) -> Result<Vec<StepRecord>, String> {
    let elsewhere = Url::parse(elsewhere).map_err(|error| format!("not a URL: {error}"))?;
    let follow = FollowPolicy::Named(vec![Origin::of(base), Origin::of(&elsewhere)]);
    let mut agent = UserAgent::new(&Profile::SPEC);
    let mut clock = Clock::default();
    let mut records = Vec::new();
    for step in &case.steps {
        clock.advance(step.advance);
        records.push(match &step.action {
            Action::Fetch(fetch) => {
                bear(patience, &fetch.url).await?;
                let driven = page(fetch, &mut agent, &clock, transport, &follow).await?;
                for exchange in &driven.exchanges {
                    patience.note(exchange).await;
                }
                record(driven)
            }
            Action::Wire(request) => {
                let exchanges = vec![raw(request, transport, patience).await?];
                StepRecord { exchanges, ..StepRecord::default() }
            }
            Action::Differential(probes) => {
                let mut record = StepRecord::default();
                for probe in probes {
                    let request = probe.request_after(&record.exchanges);
                    record.exchanges.push(raw(&request, transport, patience).await?);
                }
                record
            }
        });
    }
    Ok(records)
}

async fn page(
    step: &FetchStep,
    agent: &mut UserAgent,
    clock: &Clock,
    transport: &Transport,
    follow: &FollowPolicy,
) -> Result<Driven, String> {
    let page = step.page().map_err(|error| error.to_string())?;
    let request = agent.construct(&page, &step.init()).map_err(|error| error.to_string())?;
    let fetch = agent.fetch(&page, request);
    Ok(driver::drive(agent, fetch, transport, clock, follow).await)
}

fn record(driven: Driven) -> StepRecord {
    let exchanges = driven.exchanges.into_iter().map(plain).collect();
    match driven.ending {
        Ending::Outcome(outcome) => {
            StepRecord { exchanges, outcome: Some(outcome), not_followed: None }
        }
        Ending::NotFollowed { location } => {
            StepRecord { exchanges, outcome: None, not_followed: Some(location.into()) }
        }
    }
}

async fn raw(
    step: &WireStep,
    transport: &Transport,
    patience: &Patience<'_>,
) -> Result<exchange::Exchange, String> {
    bear(patience, &step.url).await?;
    let url =
        Url::parse(&step.url).map_err(|error| format!("`{}` is no URL: {error}", step.url))?;
    let headers: HeaderList = step.headers.iter().cloned().collect();
    let body = step.body.clone().map(String::into_bytes);
    let exchange = driver::wire(transport, step.method.as_bytes(), url, headers, body).await;
    patience.note(&exchange).await;
    Ok(plain(exchange))
}

async fn bear(patience: &Patience<'_>, url: &str) -> Result<(), String> {
    patience.spent(url).await.map_or(Ok(()), Err)
}

fn plain(exchange: driver::Exchange) -> exchange::Exchange {
    let driver::Exchange { request, response } = exchange;
    exchange::Exchange {
        preflight: request.preflight,
        request: SentRequest {
            method: request.method,
            url: request.url.into(),
            headers: request.headers,
            body: request.body,
        },
        response: response.map_err(|failure| failure.message).map(|response| SeenResponse {
            status: response.status,
            status_text: response.status_text,
            headers: response.headers,
            body: response.body,
        }),
    }
}
