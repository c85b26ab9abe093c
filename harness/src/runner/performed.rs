//! Cases that were run, and their results: judged once all of a server's are there, for some rules
//! are held against every answer of the run.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::thread;

use corspec_suite::case::Case;
use corspec_suite::exchange::StepRecord;
use corspec_suite::run::RunExchange;
use corspec_suite::scenario::Scenario;

use super::outcome::{Ran, blank, judged};
use super::server::Server;
use super::{fault, stable, start};
use crate::event::{CaseResult, ResultKind};

/// A case that was run, and what came of each of its steps.
pub(super) struct Performed<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) case: Case,
    pub(super) records: Vec<StepRecord>,
    /// Where the harness itself listened.
    pub(super) elsewhere: &'a str,
}

/// The result of each case: those that the server was asked are judged, on every core, for the
/// server has nothing to do meanwhile.
pub(super) fn results(
    asked: Vec<Result<Performed<'_>, Box<CaseResult>>>,
    ran: &Ran<'_>,
    server: &Server,
) -> Vec<CaseResult> {
    let (base, is_ours) = (start(server.base_url()), server.is_ours());
    let performed: Vec<_> = asked.iter().flatten().collect();
    let run = exchanges_with(base, performed.iter().copied());
    let result = |it: &&Performed<'_>| it.result(ran, &run, is_ours.then_some(base));
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let share = performed.len().div_ceil(cores).max(1);
    let judged: Vec<_> = thread::scope(|scope| {
        let judge = |cases| scope.spawn(move || of_share(cases, &result));
        let shares: Vec<_> = performed.chunks(share).map(judge).collect();
        let joined = shares.into_iter().map(|share| share.join());
        joined.flat_map(|it| it.unwrap_or_else(|panic| resume_unwind(panic))).collect()
    });
    let mut judged = judged.into_iter();
    let result = |it: Result<_, Box<CaseResult>>| it.map_or_else(|it| Some(*it), |_| judged.next());
    asked.into_iter().filter_map(result).collect()
}

fn of_share<C, R>(cases: &[C], result: &impl Fn(&C) -> R) -> Vec<R> {
    cases.iter().map(result).collect()
}

impl Performed<'_> {
    /// What came of it, with stand-ins for the addresses of servers that the run itself started;
    /// `ours` is that of the target, where it is one of them.
    fn result(&self, ran: &Ran<'_>, run: &[RunExchange<'_>], ours: Option<&str>) -> CaseResult {
        let Self { scenario, case, records, elsewhere } = self;
        let judged = || {
            let mut result = judged(scenario, ran, case, records, run);
            stable::hide_address(&mut result, elsewhere, stable::STAND_IN_ELSEWHERE);
            if let Some(base) = ours {
                stable::hide_address(&mut result, base, stable::STAND_IN);
            }
            result
        };
        let fault = |why| blank(scenario, ran, ResultKind::HarnessError, why);
        fault::kept(judged).unwrap_or_else(fault)
    }
}

/// Every exchange that the cases had with the server at `base`, in the cases' order.
fn exchanges_with<'a>(
    base: &str,
    performed: impl Iterator<Item = &'a Performed<'a>>,
) -> Vec<RunExchange<'a>> {
    let of_case = |it: &'a Performed<'a>| {
        let exchanges = it.records.iter().flat_map(|record| &record.exchanges);
        exchanges.map(|exchange| RunExchange { scenario: &it.scenario.id, exchange })
    };
    let with_server = |it: &RunExchange<'_>| {
        let path = it.exchange.request.url.strip_prefix(base);
        path.is_some_and(|path| path.starts_with('/'))
    };
    performed.flat_map(of_case).filter(with_server).collect()
}

#[cfg(test)]
mod tests {
    use corspec_fetch::fetch::{ConnectionFailure, FailureKind};
    use corspec_fetch::header_list::HeaderList;
    use corspec_suite::exchange::{Exchange, SentRequest};

    use corspec_suite::case::{Abilities, Instantiated};
    use corspec_suite::load::Suite;

    use super::*;

    #[test]
    fn a_rule_over_the_run_looks_at_the_server_alone_in_the_cases_order() {
        let suite = Suite::embedded().unwrap();
        let policy = &suite.policies()["public"];
        let performed = |id: &str, urls: &[&str]| {
            let scenario = suite.scenario(id).unwrap();
            let Instantiated::Case(case) =
                suite.case(scenario, ("public", policy), &Abilities::all())
            else {
                panic!("{id} is a case under `public`")
            };
            let exchange = |url: &&str| Exchange {
                preflight: false,
                request: SentRequest {
                    method: b"GET".to_vec(),
                    url: (*url).to_owned(),
                    headers: HeaderList::new(),
                    body: None,
                },
                response: Err(ConnectionFailure {
                    message: String::new(),
                    kind: FailureKind::Closed,
                }),
            };
            let exchanges = urls.iter().map(exchange).collect();
            let records = vec![StepRecord { exchanges, ..StepRecord::default() }];
            Performed { scenario, case: *case, records, elsewhere: "http://127.0.0.1:2" }
        };
        let of_run = [
            performed("caching/error-answers-vary", &["http://127.0.0.1:1/a"]),
            performed(
                "caching/redirects-vary",
                &["http://127.0.0.1:2/b", "http://127.0.0.1:10/c", "http://127.0.0.1:1/d"],
            ),
        ];
        let found: Vec<_> = exchanges_with("http://127.0.0.1:1", of_run.iter())
            .iter()
            .map(|it| (it.scenario, it.exchange.request.url.as_str()))
            .collect();
        let want = [
            ("caching/error-answers-vary", "http://127.0.0.1:1/a"),
            ("caching/redirects-vary", "http://127.0.0.1:1/d"),
        ];
        assert_eq!(found, want);
    }
}
