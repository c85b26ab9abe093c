//! Performs a case: its steps, one after another, as one browser.

use std::sync::atomic::{AtomicU32, Ordering};

use corspec_fetch::agent::UserAgent;
use corspec_fetch::header_list::HeaderList;
use corspec_fetch::origin::Origin;
use corspec_fetch::profile::Profile;
use corspec_suite::case::{Action, Case, FetchStep, WireStep};
use corspec_suite::exchange::{self, SeenResponse, SentRequest, StepRecord};
use url::Url;

use crate::driver::{self, Clock, Ending, FollowPolicy};
use crate::transport::Transport;

/// After so many exchanges in a row without an answer a target is given up.
const PATIENCE: u32 = 3;

/// How many exchanges in a row a target left without an answer.
#[derive(Debug, Default)]
pub(super) struct Stalls(AtomicU32);

impl Stalls {
    fn note(&self, record: &StepRecord) {
        for exchange in &record.exchanges {
            if exchange.response.is_ok() {
                self.0.store(0, Ordering::Relaxed);
            } else {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn exhausted(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= PATIENCE
    }
}

/// Does everything that the case does to the server at `base`; `elsewhere` is the URL of the
/// server that redirects to it.
///
/// # Errors
///
/// The target was given up, or a step makes no request; why.
pub(super) async fn perform(
    case: &Case,
    base: &str,
    elsewhere: &str,
    transport: &Transport,
    stalls: &Stalls,
) -> Result<Vec<StepRecord>, String> {
    let origin = |url: &str| match Url::parse(url) {
        Ok(url) => Ok(Origin::of(&url)),
        Err(error) => Err(format!("its address is no URL: {error}")),
    };
    let follow = FollowPolicy::Named(vec![origin(base)?, origin(elsewhere)?]);
    let mut agent = UserAgent::new(&Profile::SPEC);
    let mut clock = Clock::default();
    let mut records = Vec::new();
    for step in &case.steps {
        if stalls.exhausted() {
            return Err(format!("given up after {PATIENCE} exchanges in a row without an answer"));
        }
        clock.advance(step.advance);
        let record = match &step.action {
            Action::Fetch(fetch) => page(fetch, &mut agent, &clock, transport, &follow).await?,
            Action::Wire(request) => {
                let exchanges = vec![raw(request, transport).await?];
                StepRecord { exchanges, ..StepRecord::default() }
            }
            Action::Differential(probes) => {
                let mut record = StepRecord::default();
                for probe in probes {
                    let request = probe.request_after(&record.exchanges);
                    record.exchanges.push(raw(&request, transport).await?);
                }
                record
            }
        };
        stalls.note(&record);
        records.push(record);
    }
    Ok(records)
}

async fn page(
    step: &FetchStep,
    agent: &mut UserAgent,
    clock: &Clock,
    transport: &Transport,
    follow: &FollowPolicy,
) -> Result<StepRecord, String> {
    let page = step.page().map_err(|error| error.to_string())?;
    let request = agent.construct(&page, &step.init()).map_err(|error| error.to_string())?;
    let fetch = agent.fetch(&page, request);
    let driven = driver::drive(agent, fetch, transport, clock, follow).await;
    let exchanges = driven.exchanges.into_iter().map(plain).collect();
    Ok(match driven.ending {
        Ending::Outcome(outcome) => {
            StepRecord { exchanges, outcome: Some(outcome), not_followed: None }
        }
        Ending::NotFollowed { location } => {
            StepRecord { exchanges, outcome: None, not_followed: Some(location.into()) }
        }
    })
}

async fn raw(step: &WireStep, transport: &Transport) -> Result<exchange::Exchange, String> {
    let url =
        Url::parse(&step.url).map_err(|error| format!("`{}` is no URL: {error}", step.url))?;
    let headers: HeaderList = step.headers.iter().cloned().collect();
    let body = step.body.clone().map(String::into_bytes);
    Ok(plain(driver::wire(transport, step.method.as_bytes(), url, headers, body).await))
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
