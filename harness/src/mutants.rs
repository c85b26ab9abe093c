//! The proof of the suite: the whole of it is asked of servers with one known fault each, which it must catch, and of
//! servers that are right in another way, which it must not blame.

use std::collections::BTreeSet;
use std::io;
use std::iter::repeat_n;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use corspec_suite::case::{Abilities, Case, Instantiated};
use corspec_suite::judge::Verdict;
use corspec_suite::load::Suite;
use corspec_suite::policy::Policy;
use corspec_suite::run::{RunExchange, judge_over_run};
use corspec_suite::scenario::Level;
use corspec_targets::mutant::{Mutant, Mutants};
use corspec_targets::reference::fault::Fault;
use corspec_targets::reference::{self, Server};

use crate::event::ResultKind;
use crate::runner;
use crate::transport::{Transport, TransportOptions};

mod matrix;
mod published;
pub mod real;

pub use matrix::{Caught, Kind, Matrix, Row, ScenarioRow, Trouble};
pub use published::{Fate, Group, Published, PublishedError, PublishedFault};

/// Asks the whole suite of the reference, of every mutant and of every equivalent.
///
/// A processor asks one server after another, and each of them one case after another: faults may remember.
/// Server and client share a thread, so that neither waits for the other to be woken. With `everything` a mutant is asked
/// all cases under every policy, also where it is caught already.
///
/// # Errors
///
/// A server or a client could not be started.
pub fn run(suite: &Suite, chosen: &Mutants, everything: bool) -> io::Result<Matrix> {
    let asked = Asked::of(suite, chosen, everything);
    let reference = unaltered();
    let of_kind = |kind, all: &'_ [Mutant]| all.iter().map(move |it| (kind, it.clone())).collect();
    let subjects: Vec<(Kind, Mutant)> = [
        of_kind(Kind::Reference, std::slice::from_ref(&reference)),
        of_kind(Kind::Mutant, &chosen.mutants),
        of_kind(Kind::Equivalent, &chosen.equivalents),
    ]
    .into_iter()
    .flat_map(|kind: Vec<_>| kind)
    .collect();
    let next = AtomicUsize::new(0);
    let mut rows = thread::scope(|scope| {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        let worker = || scope.spawn(|| asked.rows(&subjects, &next));
        let workers: Vec<_> = (0..processors).map(|_| worker()).collect();
        let mut rows = Vec::new();
        for worker in workers {
            let of_worker = worker.join().map_err(|_| io::Error::other("a worker panicked"))?;
            rows.extend(of_worker?);
        }
        io::Result::Ok(rows)
    })?;
    rows.sort_by_key(|(index, _)| *index);
    Ok(Matrix::new(suite, rows.into_iter().map(|(_, row)| row).collect()))
}

/// The reference as a subject: a server with no fault.
fn unaltered() -> Mutant {
    Mutant {
        name: "reference".to_owned(),
        says: "The reference server.".to_owned(),
        direction: None,
        also: Vec::new(),
        fault: Fault::default(),
    }
}

/// What every server is asked: the suite under each of its policies, and under each further one what no case of the
/// others asks.
struct Asked {
    policies: Vec<Under>,
    everything: bool,
}

/// A policy, and what is asked under it.
struct Under {
    policy: Policy,
    cases: Vec<Case>,
    /// The scenarios that are no case under it. Only the suite's own policies know: of a further one most are not asked.
    not_applicable: Option<usize>,
}

/// What a worker asks with.
struct Tools {
    transport: Transport,
    elsewhere: Server,
}

impl Asked {
    fn of(suite: &Suite, chosen: &Mutants, everything: bool) -> Self {
        let abilities = Abilities::all();
        let mut asked = BTreeSet::new();
        let mut policies = Vec::new();
        // Under the policies with credentials most can be told apart, so that they come first.
        let (with, without): (Vec<_>, Vec<_>) =
            suite.policies().iter().partition(|(_, policy)| policy.allow_credentials);
        let own = with.into_iter().chain(without).map(|policy| (false, policy));
        let further = chosen.policies.iter().map(|policy| (true, policy));
        for (further, (name, policy)) in own.chain(further) {
            let cases = suite.scenarios().iter().filter_map(|scenario| {
                match suite.case(scenario, (name, policy), &abilities) {
                    Instantiated::Case(case) => Some(*case),
                    Instantiated::NotApplicable(_) => None,
                }
            });
            let cases: Vec<Case> =
                cases.filter(|case| !further || !asked.contains(&case.scenario)).collect();
            asked.extend(cases.iter().map(|case| case.scenario.clone()));
            let not_applicable = (!further).then(|| suite.scenarios().len() - cases.len());
            policies.push(Under { policy: policy.clone(), cases, not_applicable });
        }
        Self { policies, everything }
    }

    /// The rows of the subjects that no other worker has begun, each with its place.
    fn rows(
        &self,
        subjects: &[(Kind, Mutant)],
        next: &AtomicUsize,
    ) -> io::Result<Vec<(usize, Row)>> {
        tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
            let transport = Transport::new(&TransportOptions::default());
            let transport = transport.map_err(io::Error::other)?;
            let tools = Tools { transport, elsewhere: reference::serve_elsewhere().await? };
            let mut rows = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some((kind, mutant)) = subjects.get(index) else { break };
                rows.push((index, self.row(*kind, mutant, &tools).await?));
            }
            tools.elsewhere.stop().await;
            Ok(rows)
        })
    }

    /// What the suite says of a server: the reference and equivalents are asked everything. A mutant that was caught under
    /// one policy is asked under the others what it was not asked yet, unless all is wanted.
    async fn row(&self, kind: Kind, mutant: &Mutant, tools: &Tools) -> io::Result<Row> {
        let mut row = Row::new(kind, mutant);
        let mut asked = BTreeSet::new();
        for Under { policy, cases, not_applicable } in &self.policies {
            let is_done = |case: &&Case| {
                let is_caught = kind == Kind::Mutant && row.is_caught_as_stated();
                is_caught && !self.everything && asked.contains(&case.scenario)
            };
            let cases: Vec<&Case> = cases.iter().filter(|case| !is_done(case)).collect();
            let differs = kind == Kind::Reference || mutant.fault.acts_under(policy);
            if cases.is_empty() || !differs {
                continue;
            }
            asked.extend(cases.iter().map(|case| &case.scenario));
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
            let router = reference::faulty_router(policy, &mutant.fault);
            let server = reference::serve_router(router, address).await?;
            let transport = match kind == Kind::Reference || mutant.fault.remembers() {
                true => tools.transport.clone(),
                false => tools.transport.remembering(),
            };
            let elsewhere = start(&tools.elsewhere);
            let results =
                Subject { server: &server, elsewhere, transport }.ask(&cases, &mut row).await;
            if let Some(others) = *not_applicable {
                row.count(results.into_iter().chain(repeat_n(ResultKind::NotApplicable, others)));
            }
            server.stop().await;
        }
        Ok(row)
    }
}

/// A server and what it is asked with.
struct Subject<'a> {
    server: &'a Server,
    elsewhere: &'a str,
    transport: Transport,
}

impl Subject<'_> {
    /// Asks every case, and judges them once all answers are there: rules over the run look at each of these. The results of
    /// all of them, in no order.
    async fn ask(&self, cases: &[&Case], row: &mut Row) -> Vec<ResultKind> {
        let base = start(self.server);
        let (mut performed, mut results) = (Vec::new(), Vec::new());
        for case in cases {
            let case = Case::clone(case).concretize(base, self.elsewhere);
            let url = self.server.base_url();
            match runner::ask(&case, url, self.elsewhere, &self.transport).await {
                Ok(records) => performed.push((case, records)),
                Err(reason) => {
                    row.unanswered.insert(case.scenario, reason);
                    results.push(ResultKind::TargetError);
                }
            }
        }
        let run = performed.iter().flat_map(|(case, records)| {
            let exchanges = records.iter().flat_map(|record| &record.exchanges);
            exchanges.map(|exchange| RunExchange { scenario: &case.scenario, exchange })
        });
        let run: Vec<_> = run.filter(|it| it.exchange.request.url.starts_with(base)).collect();
        for (case, records) in &performed {
            let verdict = judge_over_run(case, records, &run).0.result;
            results.push(kind_of(&verdict));
            if case.level != Level::Observe {
                row.note(case, verdict, base);
            }
        }
        results
    }
}

/// The result of a case of a server of which no failure is known.
fn kind_of(verdict: &Verdict) -> ResultKind {
    match verdict {
        Verdict::Pass { .. } => ResultKind::Pass,
        Verdict::Fail { .. } => ResultKind::Fail,
        Verdict::NotApplicable(_) => ResultKind::NotApplicable,
        Verdict::Unjudgeable(_) => ResultKind::TargetError,
    }
}

/// Scheme, host and port of a server's URL, without a slash at the end.
fn start(server: &Server) -> &str {
    server.base_url().as_str().trim_end_matches('/')
}
