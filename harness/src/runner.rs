//! Runs cases: each target under each policy, and says what came of it as events.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::time::Duration;

use corspec_suite::case::{Abilities, Instantiated};
use corspec_suite::load::Suite;
use corspec_suite::policy::Policy;
use corspec_suite::scenario::Scenario;
use corspec_targets::guardian::Guardian;
use corspec_targets::known::{Known, KnownError};
use corspec_targets::launch::Stopped;
use corspec_targets::reference;
use corspec_targets::registry::{Availability, Target};
use futures_util::stream::{self, StreamExt as _};
use tokio::sync::mpsc;
use tokio::time::timeout;
use url::Url;

use crate::event::{CaseResult, Event, ResultKind, SuiteInfo, Summary, TargetReport, TargetState};
use crate::transport::Transport;

mod fault;
mod outcome;
mod patience;
mod perform;
mod performed;
mod server;
mod stable;
mod tail;

use outcome::{Ran, blank};
use patience::Patience;
use performed::Performed;
use server::{Absent, Server, Trouble};

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
}

/// A target that a run asks.
#[derive(Debug)]
pub struct Asked<'a> {
    target: &'a Target,
    variant: Option<String>,
    known: Known,
}

impl<'a> Asked<'a> {
    /// A target, by the variant that was named, with the failures that are known of it.
    ///
    /// # Errors
    ///
    /// Its `known.toml` cannot be used.
    pub fn new(target: &'a Target, variant: Option<String>) -> Result<Self, Box<KnownError>> {
        let known = target.folder.as_deref().map(Known::read).transpose()?.unwrap_or_default();
        Ok(Self { target, variant, known })
    }

    /// Makes sure that everything in its `known.toml` speaks of a case that `suite` has for it.
    ///
    /// # Errors
    ///
    /// What speaks of none.
    pub fn check_known(&self, suite: &Suite) -> Result<(), Box<KnownError>> {
        if self.known.entries().is_empty() {
            return Ok(());
        }
        let abilities = abilities(self.target);
        let policies = suite.policies().iter().map(|(name, policy)| (name.as_str(), policy));
        let pairs = policies
            .flat_map(|policy| suite.scenarios().iter().map(move |it| (it, policy)))
            .filter(|(it, policy)| {
                matches!(suite.case(it, *policy, &abilities), Instantiated::Case(_))
            });
        let cases: Vec<_> = pairs.map(|(it, (policy, _))| (it.id.as_str(), policy)).collect();
        self.known.check_matches(&cases)
    }

    /// The target.
    #[must_use]
    pub fn target(&self) -> &'a Target {
        self.target
    }

    /// The folder that the target is read from; `None` for the built-in one.
    #[must_use]
    pub fn folder(&self) -> Option<&'a Path> {
        self.target.folder.as_deref()
    }

    /// Its name in reports: the id, with the variant after an `@`.
    #[must_use]
    pub fn name(&self) -> String {
        let id = &self.target.id;
        self.variant.as_ref().map_or_else(|| id.clone(), |variant| format!("{id}@{variant}"))
    }
}

fn abilities(target: &Target) -> Abilities {
    Abilities { routes: target.routes(), other: target.other_abilities().clone() }
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

impl Plan<'_> {
    async fn target(
        &self,
        asked: &Asked<'_>,
        elsewhere: &Elsewhere,
        events: mpsc::UnboundedSender<Event>,
    ) -> TargetRun {
        let Asked { target, variant, known } = asked;
        let variant = variant.as_deref();
        let id = asked.name();
        let mut report = TargetReport {
            id: id.clone(),
            name: target.manifest.name.clone(),
            versions: BTreeMap::new(),
            policies: self.policies.keys().map(|name| (*name).to_owned()).collect(),
            state: TargetState::Ran,
            reason: None,
        };
        match availability(target, variant).await {
            Ok(Availability::Available) => {}
            Ok(Availability::Unavailable { missing, how }) => {
                report.state = TargetState::Unavailable;
                report.reason = Some(format!("{} is missing: {how}", missing.join(", ")));
                return TargetRun { report, results: Vec::new() };
            }
            Err(error) => return failed(report, &error),
        }
        let today = jiff::tz::Offset::UTC.to_datetime(jiff::Timestamp::now()).date();
        let of = self.scenarios.len() * self.policies.len();
        let mut progress = Progress { events, target: id.clone(), done: 0, of };
        let mut results = Vec::new();
        let mut given_up = None;
        for (name, policy) in &self.policies {
            let ran = Ran { target: &id, policy: name, known, today, elsewhere };
            if let Some(before) = given_up {
                let why = format!("given up under `{before}`");
                results.extend(self.unasked(&ran, ResultKind::TargetError, &why));
            } else {
                let asked = self.under(target, variant, policy, &ran, &mut report, &mut progress);
                let Gave { results: more, given_up: now } = asked.await;
                results.extend(more);
                given_up = now.then_some(name);
            }
            progress.reach(name, results.len());
        }
        TargetRun { report, results }
    }

    /// Starts the target under a policy, asks it everything, and stops it.
    async fn under(
        &self,
        target: &Target,
        variant: Option<&str>,
        policy: &Policy,
        ran: &Ran<'_>,
        report: &mut TargetReport,
        progress: &mut Progress,
    ) -> Gave {
        let (server, versions) = match self.serve(target, variant, policy).await {
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
        report.versions = versions;
        let (mut results, given_up) = self.ask(target, ran, policy, &server, progress).await;
        if given_up {
            // An error is that it lives on.
            let _ = timeout(LAST_BREATH, server.ended()).await;
        }
        let base = server.base_url().clone();
        let Stopped { died, output } = server.stop().await;
        let message = match &died {
            Some(how) => Some(format!("{how} during the run")),
            None => given_up.then(|| "it stopped answering, and was given up".to_owned()),
        };
        if let Some(message) = message {
            let errors = results.iter_mut().filter(|it| it.result == ResultKind::TargetError);
            errors.for_each(|it| it.reason = Some(message.clone()));
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
        target: &Target,
        ran: &Ran<'_>,
        policy: &Policy,
        server: &Server,
        progress: &mut Progress,
    ) -> (Vec<CaseResult>, bool) {
        let abilities = abilities(target);
        let base = server.base_url();
        let patience = Patience::with(&self.transport, base);
        let cases = self.scenarios.iter().enumerate().map(|(at, scenario)| {
            let case = self.suite.case(scenario, (ran.policy, policy), &abilities);
            let patience = &patience;
            async move {
                let case = self.case(scenario, ran, case, base, patience);
                let fault = |why| Err(boxed(scenario, ran, ResultKind::HarnessError, why));
                (at, fault::caught(case).await.unwrap_or_else(fault))
            }
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
        let unasked = self.unasked(ran, ResultKind::TargetError, "it ended before its turn");
        let asked = asked.into_iter().zip(unasked);
        let asked: Vec<_> =
            asked.map(|(case, unasked)| case.unwrap_or(Err(Box::new(unasked)))).collect();
        (performed::results(&asked, ran, start(base)).await, patience.given_up().await)
    }

    async fn case<'a>(
        &self,
        scenario: &'a Scenario,
        ran: &Ran<'a>,
        case: Instantiated,
        base: &Url,
        patience: &Patience<'_>,
    ) -> Result<Performed<'a>, Box<CaseResult>> {
        let case = match case {
            Instantiated::NotApplicable(reason) => {
                return Err(boxed(scenario, ran, ResultKind::NotApplicable, reason));
            }
            Instantiated::Case(case) => case,
        };
        let elsewhere = ran
            .elsewhere
            .as_ref()
            .map_err(|error| boxed(scenario, ran, ResultKind::HarnessError, error.to_string()))?;
        let case = case.concretize(start(base), elsewhere);
        match perform::perform(&case, base, elsewhere, &self.transport, patience).await {
            Ok(records) => Ok(Performed { scenario, case, records, elsewhere }),
            Err(reason) => Err(boxed(scenario, ran, ResultKind::TargetError, reason)),
        }
    }
}

/// The result of a case that was not judged.
fn boxed(scenario: &Scenario, ran: &Ran<'_>, kind: ResultKind, why: String) -> Box<CaseResult> {
    Box::new(blank(scenario, ran, kind, why))
}

/// Runs the checks of what the target needs, which may take a while.
async fn availability(target: &Target, variant: Option<&str>) -> Result<Availability, String> {
    let (target, variant) = (target.clone(), variant.map(str::to_owned));
    let checked = tokio::task::spawn_blocking(move || target.availability(variant.as_deref()));
    checked.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
}

fn failed(mut report: TargetReport, reason: &str) -> TargetRun {
    report.state = TargetState::Failed;
    report.reason = Some(reason.to_owned());
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
        emit(&Event::Target(self.report));
        for result in self.results {
            summary.count(result.result);
            emit(&Event::Result(Box::new(result)));
        }
    }
}

impl Progress {
    fn reach(&mut self, policy: &str, done: usize) {
        self.done = done;
        let (target, of) = (self.target.clone(), self.of);
        // Nobody listens where the run has been given up.
        let _ = self.events.send(Event::Progress { target, policy: policy.to_owned(), done, of });
    }
}
