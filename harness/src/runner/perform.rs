//! Performs a case: its steps, one after another as one browser, or at the same time as several.

use corspec_fetch::agent::UserAgent;
use corspec_fetch::header_list::HeaderList;
use corspec_fetch::origin::Origin;
use corspec_fetch::profile::Profile;
use corspec_suite::case::{Action, Case, FetchStep, WireStep};
use corspec_suite::exchange::{self, SeenResponse, SentRequest, StepRecord};
use futures_util::future::try_join_all;
use url::Url;

use crate::driver::{self, Clock, Driven, Ending, FollowPolicy};
use crate::runner::patience::Patience;
use crate::transport::Transport;

/// Where redirects are followed to: the server at `base`, the one `elsewhere` that redirects to it,
/// and with `anywhere` all others.
///
/// # Errors
///
/// `elsewhere` is no URL.
pub(super) fn follow(base: &Url, elsewhere: &str, anywhere: bool) -> Result<FollowPolicy, String> {
    if anywhere {
        return Ok(FollowPolicy::Elsewhere);
    }
    let elsewhere = Url::parse(elsewhere).map_err(|error| format!("not a URL: {error}"))?;
    Ok(FollowPolicy::Named(vec![Origin::of(base), Origin::of(&elsewhere)]))
}

/// Does everything that the case does to the server that `patience` is with.
///
/// # Errors
///
/// The server or a path of it was given up, or a step makes no request; why.
pub(super) async fn perform(
    case: &Case,
    follow: &FollowPolicy,
    patience: &Patience<'_>,
) -> Result<Vec<StepRecord>, String> {
    let transport = patience.transport();
    let browser = Browser { transport, follow, patience };
    let mut agent = UserAgent::new(&Profile::SPEC);
    let mut clock = Clock::default();
    let mut records: Vec<StepRecord> = Vec::new();
    for group in case.steps.chunk_by(|_, next| next.alongside) {
        clock.advance(group[0].advance);
        let first = records.len();
        let actions: Result<Vec<_>, _> =
            (first..first + group.len()).map(|index| case.action(index, &records)).collect();
        match actions.as_deref() {
            Err(reason) => {
                records
                    .push(StepRecord { unfilled: Some(reason.clone()), ..StepRecord::default() });
                break;
            }
            Ok([action]) => records.push(browser.act(action, &mut agent, &clock).await?),
            Ok(actions) => {
                let transport = &transport.without_pool();
                let visitors = Browser { transport, ..browser };
                let all = actions.iter().map(|action| visitors.visit(action, &clock));
                records.extend(try_join_all(all).await?);
            }
        }
    }
    Ok(records)
}

/// What every step of a case is done with.
#[derive(Clone, Copy)]
struct Browser<'a> {
    transport: &'a Transport,
    follow: &'a FollowPolicy,
    patience: &'a Patience<'a>,
}

impl Browser<'_> {
    /// Does a step as somebody who has never been anywhere.
    async fn visit(&self, action: &Action, clock: &Clock) -> Result<StepRecord, String> {
        self.act(action, &mut UserAgent::new(&Profile::SPEC), clock).await
    }

    async fn act(
        &self,
        action: &Action,
        agent: &mut UserAgent,
        clock: &Clock,
    ) -> Result<StepRecord, String> {
        let &Self { transport, follow, patience } = self;
        let mut done = StepRecord::default();
        match action {
            Action::Fetch(fetch) => {
                bear(patience, &fetch.url).await?;
                let driven = page(fetch, agent, clock, transport, follow).await?;
                for exchange in &driven.exchanges {
                    patience.note(exchange).await;
                }
                return Ok(record(driven));
            }
            Action::Wire(request) => {
                done.exchanges.push(raw(request, transport, patience).await?);
            }
            Action::Differential(probes) => {
                for probe in probes {
                    let request = probe.request_after(&done.exchanges);
                    done.exchanges.push(raw(&request, transport, patience).await?);
                }
            }
        }
        Ok(done)
    }
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
            StepRecord { exchanges, outcome: Some(outcome), ..StepRecord::default() }
        }
        Ending::NotFollowed { location } => {
            StepRecord { exchanges, not_followed: Some(location.into()), ..StepRecord::default() }
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
        response: response.map(|response| SeenResponse {
            status: response.status,
            status_text: response.status_text,
            headers: response.headers,
            body: response.body,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use corspec_suite::case::{Abilities, Instantiated};
    use corspec_suite::load::Suite;
    use corspec_suite::policy::Policy;
    use corspec_suite::scenario::AreaFile;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    use crate::transport::TransportOptions;

    fn case(steps: &str) -> Case {
        let text = format!(
            "area = 's'\nabout = ''\n[[scenario]]\nid = 's/a'\ntitle = ''\nwhy = ''\nimpact = ''\nspec = ''\n\
             basis = 'http'\nlevel = 'observe'\n{steps}"
        );
        let area: AreaFile = toml::from_str(&text).unwrap();
        let (suite, policy) = (Suite::embedded().unwrap(), Policy::default());
        match suite.case(&area.scenario[0], ("p", &policy), &Abilities::all()) {
            Instantiated::Case(case) => *case,
            Instantiated::NotApplicable(reason) => panic!("{reason}"),
        }
    }

    async fn asked(listener: &TcpListener) -> TcpStream {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = [0; 4096];
        assert_ne!(stream.read(&mut head).await.unwrap(), 0);
        stream
    }

    async fn answer(mut stream: TcpStream, headers: &str) {
        let text =
            format!("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n{headers}\r\n");
        stream.write_all(text.as_bytes()).await.unwrap();
    }

    async fn performed(case: &Case, listener: &TcpListener) -> Vec<StepRecord> {
        let base = format!("http://{}", listener.local_addr().unwrap());
        let transport = Transport::new(&TransportOptions::default()).unwrap();
        let url = Url::parse(&base).unwrap();
        let patience = Patience::with(&transport, &url);
        let case = case.clone().concretize(&base, &base);
        let follow = follow(&url, &base, false).unwrap();
        perform(&case, &follow, &patience).await.unwrap()
    }

    #[tokio::test]
    async fn steps_alongside_each_other_are_under_way_at_once() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let step = "[[scenario.step]]\nalongside = true\nwire = { route = 'resource' }\n";
        let case = case(&step.repeat(2).replacen("alongside = true\n", "", 1));
        let server = async {
            // Neither is answered before both are there.
            let (one, other) = (asked(&listener).await, asked(&listener).await);
            answer(one, "").await;
            answer(other, "").await;
        };
        let (records, ()) = tokio::join!(performed(&case, &listener), server);
        assert!(records.iter().all(|it| it.exchanges[0].response.is_ok()));
    }

    #[tokio::test]
    async fn a_step_that_lacks_an_earlier_answer_is_not_done() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let case = case(
            "[[scenario.step]]\nwire = { route = 'resource' }\n\
             [[scenario.step]]\nwire = { route = 'resource', headers = [['if-none-match', '{answer:1:etag}']] }\n",
        );
        let server = async { answer(asked(&listener).await, "x: 1\r\n").await };
        let (records, ()) = tokio::join!(performed(&case, &listener), server);
        assert_eq!(
            records[1].unfilled.as_deref(),
            Some("the answer to the step `1` has no `etag`")
        );
    }
}
