//! Runs cases: each target under each policy, and says what came of it as events.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use corspec_suite::case::{Abilities, Instantiated};
use corspec_suite::load::Suite;
use corspec_suite::policy::Policy;
use corspec_suite::scenario::Scenario;
use corspec_targets::guardian::Guardian;
use corspec_targets::known::{Known, KnownError};
use corspec_targets::launch::{self, Launch, Running};
use corspec_targets::reference;
use corspec_targets::registry::{Availability, Target};
use futures_util::stream::{self, StreamExt as _};
use url::Url;

use crate::event::{CaseResult, Event, ResultKind, SuiteInfo, Summary, TargetReport, TargetState};
use crate::transport::Transport;

mod outcome;
mod perform;
mod stable;

use outcome::{Ran, blank, judged};

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
    /// Its `known.toml` cannot be used, or something in it speaks of no case that `suite` has for
    /// this target.
    pub fn new(
        target: &'a Target,
        variant: Option<String>,
        suite: &Suite,
    ) -> Result<Self, Box<KnownError>> {
        let known = target.folder.as_deref().map(Known::read).transpose()?.unwrap_or_default();
        if !known.entries().is_empty() {
            let abilities = abilities(target);
            let policies = suite.policies().iter().map(|(name, policy)| (name.as_str(), policy));
            let pairs = policies
                .flat_map(|policy| suite.scenarios().iter().map(move |it| (it, policy)))
                .filter(|(it, policy)| {
                    matches!(suite.case(it, *policy, &abilities), Instantiated::Case(_))
                });
            let cases: Vec<_> = pairs.map(|(it, (policy, _))| (it.id.as_str(), policy)).collect();
            known.check_matches(&cases)?;
        }
        Ok(Self { target, variant, known })
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

/// A server that answers for a target under one policy.
enum Server {
    Reference(reference::Server),
    Launched(Box<Running>),
}

/// The URL of the server that redirects to targets, or why there is none.
type Elsewhere = Result<String, io::Error>;

/// Scheme, host and port, without a slash at the end.
fn base(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

/// A target under one policy that could not be asked, and why.
enum Absent {
    Refused(String),
    Failed(String),
}

/// What one target gave.
struct TargetRun {
    report: TargetReport,
    results: Vec<CaseResult>,
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
    let mut summary = Summary::default();
    let (elsewhere, origin) = match reference::serve_elsewhere().await {
        Ok(server) => {
            let origin = base(server.base_url());
            (Some(server), Ok(origin))
        }
        Err(error) => (None, Err(error)),
    };
    let runs = plan.targets.iter().map(|asked| plan.target(asked, &origin));
    let mut runs = stream::iter(runs).buffered(2);
    while let Some(TargetRun { report, results }) = runs.next().await {
        emit(&Event::Target(report));
        for result in results {
            summary.count(result.result);
            emit(&Event::Result(Box::new(result)));
        }
    }
    if let Some(elsewhere) = elsewhere {
        elsewhere.stop().await;
    }
    emit(&Event::RunFinished { summary });
    summary
}

impl Plan<'_> {
    async fn target(&self, asked: &Asked<'_>, elsewhere: &Elsewhere) -> TargetRun {
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
        match target.availability(variant) {
            Ok(Availability::Available) => {}
            Ok(Availability::Unavailable { missing, how }) => {
                report.state = TargetState::Unavailable;
                report.reason = Some(format!("{} is missing: {how}", missing.join(", ")));
                return TargetRun { report, results: Vec::new() };
            }
            Err(error) => return failed(report, &error.to_string()),
        }
        let today = jiff::tz::Offset::UTC.to_datetime(jiff::Timestamp::now()).date();
        let mut results = Vec::new();
        for (name, policy) in &self.policies {
            let ran = Ran { target: &id, policy: name, known, today };
            match self.serve(target, variant, policy).await {
                Ok((server, versions)) => {
                    report.versions = versions;
                    let at = (server.base(), elsewhere);
                    results.extend(self.policy(target, &ran, policy, at).await);
                    server.stop().await;
                }
                Err(absent) => {
                    if let Absent::Failed(reason) = &absent {
                        report.state = TargetState::Failed;
                        report.reason = Some(reason.clone());
                    }
                    results.extend(self.scenarios.iter().map(|it| absent.result(it, &ran)));
                }
            }
        }
        TargetRun { report, results }
    }

    async fn serve(
        &self,
        target: &Target,
        variant: Option<&str>,
        policy: &Policy,
    ) -> Result<(Server, BTreeMap<String, String>), Absent> {
        if target.is_builtin() {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
            let server = reference::serve(policy, address).await;
            let server = server.map_err(|error| Absent::Failed(error.to_string()))?;
            let version = env!("CARGO_PKG_VERSION").to_owned();
            return Ok((
                Server::Reference(server),
                BTreeMap::from([("corspec".to_owned(), version)]),
            ));
        }
        let Some(guardian) = &self.guardian else {
            return Err(Absent::Failed("there is no guardian to start it under".to_owned()));
        };
        match launch::launch(target, variant, &policy.to_json(), guardian).await {
            Launch::Running(running) => {
                let versions = running.versions.clone();
                Ok((Server::Launched(running), versions))
            }
            Launch::RefusedConfig { message } => Err(Absent::Refused(message)),
            Launch::Failed { message, output } => {
                Err(Absent::Failed(format!("{message} {output}")))
            }
        }
    }

    /// Every chosen scenario on one server, in order.
    async fn policy(
        &self,
        target: &Target,
        ran: &Ran<'_>,
        policy: &Policy,
        (base, elsewhere): (String, &Elsewhere),
    ) -> Vec<CaseResult> {
        let abilities = abilities(target);
        let stalls = perform::Stalls::default();
        let cases = self.scenarios.iter().map(|scenario| {
            let case = self.suite.case(scenario, (ran.policy, policy), &abilities);
            let (base, stalls) = (base.as_str(), &stalls);
            async move {
                let case = match case {
                    Instantiated::NotApplicable(reason) => {
                        return blank(scenario, ran, ResultKind::NotApplicable, reason);
                    }
                    Instantiated::Case(case) => case,
                };
                let elsewhere = match elsewhere {
                    Ok(elsewhere) => elsewhere,
                    Err(error) => {
                        return blank(scenario, ran, ResultKind::HarnessError, error.to_string());
                    }
                };
                let case = case.concretize(base, elsewhere);
                match perform::perform(&case, base, elsewhere, &self.transport, stalls).await {
                    Ok(records) => {
                        let mut result = judged(scenario, ran, &case, &records);
                        stable::hide_addresses(&mut result, base, elsewhere);
                        result
                    }
                    Err(reason) => blank(scenario, ran, ResultKind::TargetError, reason),
                }
            }
        });
        stream::iter(cases).buffered(self.jobs).collect().await
    }
}

fn failed(mut report: TargetReport, reason: &str) -> TargetRun {
    report.state = TargetState::Failed;
    report.reason = Some(reason.to_owned());
    TargetRun { report, results: Vec::new() }
}

impl Absent {
    fn result(&self, scenario: &Scenario, ran: &Ran<'_>) -> CaseResult {
        match self {
            Self::Refused(why) => blank(scenario, ran, ResultKind::RefusedConfig, why.clone()),
            Self::Failed(why) => blank(scenario, ran, ResultKind::TargetError, why.clone()),
        }
    }
}

impl Server {
    /// Scheme, host and port, without a slash at the end.
    fn base(&self) -> String {
        let url = match self {
            Self::Reference(server) => server.base_url(),
            Self::Launched(running) => &running.base_url,
        };
        base(url)
    }

    async fn stop(self) {
        match self {
            Self::Reference(server) => server.stop().await,
            Self::Launched(running) => running.stop().await,
        }
    }
}
