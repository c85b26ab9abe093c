//! Cases that were run, and their results: judged once all of a server's are there, for some rules
//! are held against every answer of the run.

use corspec_suite::case::Case;
use corspec_suite::exchange::StepRecord;
use corspec_suite::grammar::RunExchange;
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

/// The result of each case: those that the server was asked are judged.
pub(super) async fn results(
    asked: &[Result<Performed<'_>, Box<CaseResult>>],
    ran: &Ran<'_>,
    server: &Server,
) -> Vec<CaseResult> {
    let base = start(server.base_url());
    let run = exchanges_with(base, asked.iter().flatten());
    let mut results = Vec::new();
    for case in asked {
        results.push(match case {
            Err(result) => (**result).clone(),
            Ok(performed) => {
                let Performed { scenario, case, records, elsewhere } = performed;
                let judged = async {
                    let mut result = judged(scenario, ran, case, records, &run);
                    stable::hide_address(&mut result, elsewhere, stable::STAND_IN_ELSEWHERE);
                    if server.is_ours() {
                        stable::hide_address(&mut result, base, stable::STAND_IN);
                    }
                    result
                };
                let fault = |why| blank(scenario, ran, ResultKind::HarnessError, why);
                fault::caught(judged).await.unwrap_or_else(fault)
            }
        });
    }
    results
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
                response: Err(String::new()),
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
