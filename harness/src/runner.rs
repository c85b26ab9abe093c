//! Runs cases: each target under each policy, and says what came of it as events.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use corspec_suite::case::{Abilities, Case, Instantiated};
use corspec_suite::exchange::StepRecord;
use corspec_suite::load::Suite;
use corspec_suite::policy::Policy;
use corspec_suite::scenario::Scenario;
use corspec_targets::guardian::Guardian;
use corspec_targets::launch::Stopped;
use corspec_targets::reference;
use corspec_targets::registry::Availability;
use futures_util::stream::{self, StreamExt as _};
use tokio::sync::mpsc;
use tokio::time::timeout;
use url::Url;

use crate::driver::FollowPolicy;
use crate::event::{CaseResult, Event, ResultKind, SuiteInfo, Summary, TargetReport, TargetState};
use crate::transport::Transport;

mod asked;
mod fault;
mod mend;
mod outcome;
mod patience;
mod perform;
mod performed;
mod secret;
mod server;
mod stable;
mod tail;
mod version;

pub use asked::Asked;
use outcome::{Ran, blank};
use patience::Patience;
use performed::Performed;
use server::{Absent, Served, Trouble};
pub(crate) use version::field_of_http_1;

/// How long a server that was given up has to show that it ended: its connections close first.
const LAST_BREATH: Duration = Duration::from_secs(1);

/// What a run asks, and whom.
#[derive(Debug)]
pub struct Plan<'a> {
    /// The suite.
    pub suite: &'a Suite,
    /// The scenarios that were chosen.
    pub scenarios: Vec<&'a Scenario>,
    /// The policies that were chosen, by name.
    pub policies: BTreeMap<&'a str, &'a Policy>,
    /// Whom to ask.
    pub targets: Vec<Asked<'a>>,
    /// How many cases of one target are under way at once.
    pub jobs: usize,
    /// The client.
    pub transport: Transport,
    /// What clears up when the run cannot; only launched targets need it.
    pub guardian: Option<Guardian>,
    /// Whether redirects are followed to any origin, and not only to those of the run's servers.
    pub follow_elsewhere: bool,
}

/// The URL of the server that redirects to targets, without a slash at its end, or why there is none.
type Elsewhere = Result<String, io::Error>;

/// What one target gave.
struct TargetRun {
    report: TargetReport,
    results: Vec<CaseResult>,
}

/// What a target gave under one policy.
struct Gave {
    results: Vec<CaseResult>,
    /// Whether it was given up.
    given_up: bool,
}

/// Where the cases of one server are run.
struct Place<'a> {
    /// Scheme, host and port of the server.
    base: &'a str,
    /// Those of the server that redirects to it.
    elsewhere: &'a str,
    /// Where redirects are followed to.
    follow: FollowPolicy,
}

/// Where a target says how far it is.
struct Progress {
    events: mpsc::UnboundedSender<Event>,
    target: String,
    done: usize,
    of: usize,
}

/// Runs the plan. Events come in the order of the plan's targets, of policies and of scenarios.
pub async fn run(plan: &Plan<'_>, emit: &mut (dyn FnMut(&Event) + Send)) -> Summary {
    emit(&Event::RunStarted {
        suite: SuiteInfo {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            fetch: corspec_fetch::STANDARD.to_owned(),
            scenarios: plan.suite.scenarios().len(),
            selected: plan.scenarios.len(),
            http: plan.transport.version().name().map(str::to_owned),
        },
        selected: plan.scenarios.len() * plan.policies.len() * plan.targets.len(),
    });
    let (events, mut progress) = mpsc::unbounded_channel();
    let (elsewhere, origin) = match reference::serve_elsewhere().await {
        Ok(server) => {
            let origin = start(server.base_url()).to_owned();
            (Some(server), Ok(origin))
        }
        Err(error) => (None, Err(error)),
    };
    let runs = plan.targets.iter().map(|asked| plan.target(asked, &origin, events.clone()));
    let mut runs = stream::iter(runs).buffered(2);
    let mut summary = Summary::default();
    loop {
        tokio::select! {
            biased;
            Some(event) = progress.recv() => emit(&event),
            run = runs.next() => {
                // What was said on the way to a target's end comes before it.
                while let Ok(event) = progress.try_recv() {
                    emit(&event);
                }
                match run {
                    Some(run) => run.tell(&mut summary, emit),
                    None => break,
                }
            }
        }
    }
    if let Some(elsewhere) = elsewhere {
        elsewhere.stop().await;
    }
    emit(&Event::RunFinished { summary });
    summary
}

/// Scheme, host and port of a server's URL, without a slash at the end.
fn start(url: &Url) -> &str {
    url.as_str().trim_end_matches('/')
}

/// Does what `case` does to the server at `base`, and says what came of each step.
///
/// # Errors
///
/// A step makes no request; why.
pub(crate) async fn ask(
    case: &Case,
    base: &Url,
    elsewhere: &str,
    transport: &Transport,
) -> Result<Vec<StepRecord>, String> {
    let follow = perform::follow(base, elsewhere, false)?;
    perform::perform(case, &follow, &Patience::with(transport, base)).await
}

impl Plan<'_> {
    async fn target(
        &self,
        asked: &Asked<'_>,
        elsewhere: &Elsewhere,
        events: mpsc::UnboundedSender<Event>,
    ) -> TargetRun {
        let id = asked.name();
        let mut report = TargetReport {
            id: id.clone(),
            name: asked.title(),
            versions: BTreeMap::new(),
            policies: self.policies.keys().map(|name| (*name).to_owned()).collect(),
            state: TargetState::Ran,
            reason: None,
            not_run: 0,
        };
        let of = self.scenarios.len() * self.policies.len();
        match asked.availability().await {
            Ok(Availability::Available) => {}
            Ok(Availability::Unavailable { missing, how }) => {
                let reason = format!("{} is missing: {how}", missing.join(", "));
                return absent(report, TargetState::Unavailable, reason, of);
            }
            Err(error) => return absent(report, TargetState::Failed, error, of),
        }
        let today = jiff::tz::Offset::UTC.to_datetime(jiff::Timestamp::now()).date();
        let mut progress = Progress { events, target: id.clone(), done: 0, of };
        let mut results = Vec::new();
        let mut given_up = None;
        for (name, policy) in &self.policies {
            let version = self.transport.version();
            let ran = Ran { asked, target: &id, policy: name, today, elsewhere, version };
            if let Some(before) = given_up {
                let why = format!("given up under `{before}`");
                results.extend(self.unasked(&ran, ResultKind::TargetError, &why));
            } else {
                let gave = self.under(policy, &ran, &mut report, &mut progress);
                let Gave { results: more, given_up: now } = gave.await;
                results.extend(more);
                given_up = now.then_some(name);
            }
            progress.reach(name, results.len());
        }
        let secrets = asked.secrets();
        secrets.hide_in_report(&mut report);
        results.iter_mut().for_each(|result| secrets.hide_in(result));
        TargetRun { report, results }
    }

    /// Starts the target under a policy, asks it everything, and stops it.
    async fn under(
        &self,
        policy: &Policy,
        ran: &Ran<'_>,
        report: &mut TargetReport,
        progress: &mut Progress,
    ) -> Gave {
        let served = match self.serve(ran.asked, policy).await {
            Ok(served) => served,
            Err(Absent::Refused(why)) => {
                let results = self.unasked(ran, ResultKind::RefusedConfig, &why).collect();
                return Gave { results, given_up: false };
            }
            Err(Absent::Failed { why, lasting }) => {
                let results = self.unasked(ran, ResultKind::TargetError, &why.message).collect();
                blame(report, ran, &why);
                return Gave { results, given_up: lasting };
            }
        };
        if let Some(mut note) = served.note.clone() {
            ran.asked.secrets().hide(&mut note);
            progress.note(note);
        }
        let (mut results, given_up) = self.ask(ran, policy, &served, progress).await;
        let Served { server, versions, .. } = served;
        report.versions = versions;
        if given_up {
            // An error is that it lives on.
            let _ = timeout(LAST_BREATH, server.ended()).await;
        }
        let base = server.base_url().clone();
        let Stopped { died, output } = server.stop().await;
        let message = match &died {
            Some(exit) => Some(exit.told("during the run")),
            None => given_up.then(|| "it stopped answering, and was given up".to_owned()),
        };
        if let Some(message) = message {
            // Who dies answers nothing; that the connection was closed means no more than that.
            for result in &mut results {
                let is_lost = result.exchanges.iter().any(|it| it.failure.is_some());
                if is_lost || result.result == ResultKind::TargetError {
                    result.unanswered(message.clone());
                }
            }
            let output = stable::without_address(&output, &base);
            blame(report, ran, &Trouble { message, output });
        }
        let given_up = given_up && died.is_none();
        Gave { results, given_up }
    }

    /// The results of every chosen scenario where none could be asked.
    fn unasked(
        &self,
        ran: &Ran<'_>,
        kind: ResultKind,
        why: &str,
    ) -> impl Iterator<Item = CaseResult> {
        self.scenarios.iter().map(move |it| blank(it, ran, kind, why.to_owned()))
    }

    /// Every chosen scenario on one server, in order, and whether the server was given up. What was
    /// not asked when it ended is an error of the target: another server may have its port by now.
    async fn ask(
        &self,
        ran: &Ran<'_>,
        policy: &Policy,
        Served { server, is_http2, .. }: &Served,
        progress: &mut Progress,
    ) -> (Vec<CaseResult>, bool) {
        let base = server.base_url();
        let origin = Some(base.origin().ascii_serialization());
        let abilities = Abilities { origin, ..ran.asked.abilities() };
        let transport = self.transport_to(ran.asked, base);
        let patience = Patience::with(&transport, base);
        let place = self.place(ran, base);
        let cases = self.scenarios.iter().enumerate().map(|(at, scenario)| {
            let mut case = self.suite.case(scenario, (ran.policy, policy), &abilities);
            if *is_http2 {
                case = version::over_http2(scenario, case);
            }
            let (place, patience) = (&place, &patience);
            // Boxed, for it is large, and is moved about while it waits for its turn.
            Box::pin(async move {
                let case = self.case(scenario, ran, case, place.as_ref(), patience);
                let fault = |why| Err(boxed(scenario, ran, ResultKind::HarnessError, why));
                (at, fault::caught(case).await.unwrap_or_else(fault))
            })
        });
        // Not in order: a case that waits holds up none but itself.
        let mut cases = stream::iter(cases).buffer_unordered(self.jobs);
        let mut asked: Vec<_> = self.scenarios.iter().map(|_| None).collect();
        let ended = server.ended();
        tokio::pin!(ended);
        loop {
            tokio::select! {
                biased;
                () = &mut ended => break,
                next = cases.next() => match next {
                    Some((at, case)) => asked[at] = Some(case),
                    None => break,
                },
            }
            progress.reach(ran.policy, progress.done + 1);
        }
        drop(cases);
        let unasked = |scenario| {
            let why = "it ended before its turn".to_owned();
            Err(boxed(scenario, ran, ResultKind::TargetError, why))
        };
        let asked = asked.into_iter().zip(&self.scenarios);
        let asked = asked.map(|(case, scenario)| case.unwrap_or_else(|| unasked(scenario)));
        (performed::results(asked.collect(), ran, server), patience.given_up().await)
    }

    /// Where the cases of one server are at.
    ///
    /// # Errors
    ///
    /// The harness could not listen; why.
    fn place<'a>(&self, ran: &'a Ran<'_>, base: &'a Url) -> Result<Place<'a>, String> {
        let elsewhere = ran.elsewhere.as_ref().map_err(ToString::to_string)?;
        let follow = perform::follow(base, elsewhere, self.follow_elsewhere)?;
        Ok(Place { base: start(base), elsewhere, follow })
    }

    async fn case<'a>(
        &self,
        scenario: &'a Scenario,
        ran: &Ran<'a>,
        case: Instantiated,
        place: Result<&Place<'a>, &String>,
        patience: &Patience<'_>,
    ) -> Result<Performed<'a>, Box<CaseResult>> {
        let case = match case {
            Instantiated::NotApplicable(reason) => {
                return Err(boxed(scenario, ran, ResultKind::NotApplicable, reason));
            }
            Instantiated::Case(case) => case,
        };
        let fault = |why: &String| boxed(scenario, ran, ResultKind::HarnessError, why.clone());
        let &Place { base, elsewhere, ref follow } = place.map_err(fault)?;
        let case = case.concretize(base, elsewhere);
        match perform::perform(&case, follow, patience).await {
            Ok(records) => Ok(Performed { scenario, case, records, elsewhere }),
            Err(reason) => Err(boxed(scenario, ran, ResultKind::TargetError, reason)),
        }
    }
}

/// The result of a case that was not judged.
fn boxed(scenario: &Scenario, ran: &Ran<'_>, kind: ResultKind, why: String) -> Box<CaseResult> {
    Box::new(blank(scenario, ran, kind, why))
}

/// A target of which none of its cases was asked.
fn absent(report: TargetReport, state: TargetState, reason: String, not_run: usize) -> TargetRun {
    let report = TargetReport { state, reason: Some(reason), not_run, ..report };
    TargetRun { report, results: Vec::new() }
}

/// Has the report say what befell the target; what befell it first is told, with its last words.
fn blame(report: &mut TargetReport, ran: &Ran<'_>, trouble: &Trouble) {
    report.state = TargetState::Failed;
    report.reason.get_or_insert_with(|| {
        let (policy, message) = (ran.policy, &trouble.message);
        match tail::of(&trouble.output).as_str() {
            "" => format!("under `{policy}`: {message}"),
            output => format!("under `{policy}`: {message}\n{output}"),
        }
    });
}

impl TargetRun {
    fn tell(self, summary: &mut Summary, emit: &mut (dyn FnMut(&Event) + Send)) {
        summary.count_not_run(self.report.not_run);
        emit(&Event::Target(self.report));
        for result in self.results {
            summary.count(result.result);
            emit(&Event::Result(Box::new(result)));
        }
    }
}

impl Progress {
    fn note(&self, note: String) {
        // Nobody listens where the run has been given up.
        let _ = self.events.send(Event::Note(note));
    }

    fn reach(&mut self, policy: &str, done: usize) {
        self.done = done;
        let (target, of) = (self.target.clone(), self.of);
        // Nobody listens where the run has been given up.
        let _ = self.events.send(Event::Progress { target, policy: policy.to_owned(), done, of });
    }
}
