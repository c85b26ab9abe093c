//! `cargo test` against targets: a trial for each target, policy and scenario.
//!
//! `CORSPEC_CONFIG=corspec.toml` (a path from the workspace's root) has your own server asked in
//! their place, or beside those that `CORSPEC_TARGETS` chooses.
//!
//! `cargo test --test conformance django-cors-headers/credentialed/preflight` runs a part,
//! `CORSPEC_TARGETS=reference` (ids with commas between) chooses targets, and
//! `CORSPEC_REQUIRE_TARGETS=1` makes an unavailable target a failure. A trial more for each area
//! compares its snapshot. A target's servers are started once in this process, at its first trial;
//! listing starts nothing. Under cargo-nextest, where each trial is a process, a whole target is
//! one trial.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use corspec::config::Config;
use corspec::event::{CaseResult, Event, ResultKind};
use corspec::own::Own;
use corspec::runner::{Asked, Plan, run};
use corspec::snapshot;
use corspec::transport::{Transport, TransportOptions};
use corspec_suite::case::{Abilities, Instantiated};
use corspec_suite::load::Suite;
use corspec_suite::policy::Policy;
use corspec_suite::scenario::Scenario;
use corspec_targets::guardian::Guardian;
use corspec_targets::known::KnownError;
use corspec_targets::registry::{Availability, Registry, Target};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use miette::IntoDiagnostic as _;

#[path = "conformance/own.rs"]
mod own;
#[path = "conformance/required.rs"]
mod required;

/// What one target gave, or why it gave nothing.
type Results = Result<Given, String>;

struct Given {
    /// By policy and scenario, with a slash between.
    results: HashMap<String, CaseResult>,
    /// By area: what went over the wire.
    wire: BTreeMap<String, String>,
}

/// Who is asked.
enum Whom {
    Target(Target),
    Own(Own),
}

/// A target, asked at its first trial and only once.
struct Once {
    whom: Whom,
    results: OnceLock<Results>,
}

fn main() -> miette::Result<()> {
    let arguments = Arguments::from_args();
    let suite = Arc::new(Suite::embedded()?);
    let folder = root().join("targets");
    let registry = Registry::discover(Some(&folder))?;
    let chosen = std::env::var("CORSPEC_TARGETS").ok();
    let config = std::env::var_os("CORSPEC_CONFIG");
    let mut trials = Vec::new();
    if let Some(config) = &config {
        let config = Config::read(&root().join(config))?;
        let own = Own::configured(config, None).into_diagnostic()?;
        trials.extend(trials_of(Whom::Own(own), &suite)?);
    } else {
        trials.extend(own::trials());
        trials.push(required::trial());
    }
    if config.is_none() || chosen.is_some() {
        for target in targets(&registry, chosen.as_deref())? {
            trials.extend(trials_of(Whom::Target(target.clone()), &suite)?);
        }
    }
    libtest_mimic::run(&arguments, trials).exit()
}

fn targets<'a>(registry: &'a Registry, chosen: Option<&str>) -> miette::Result<Vec<&'a Target>> {
    match chosen {
        None => Ok(registry.usual().collect()),
        Some(ids) => ids.split(',').map(|id| Ok(registry.target(id.trim())?)).collect(),
    }
}

fn trials_of(whom: Whom, suite: &Arc<Suite>) -> miette::Result<Vec<Trial>> {
    let mut results = OnceLock::new();
    if let Whom::Target(target) = &whom
        && let Availability::Unavailable { missing, how } = target.availability(None)?
    {
        let reason = format!("{} is missing: {how}", missing.join(", "));
        if std::env::var_os("CORSPEC_REQUIRE_TARGETS").is_none() {
            let ignored = move || Ok(Completion::ignored_with(reason));
            return Ok(vec![Trial::ignorable_test(target.id.clone(), ignored)]);
        }
        // Each of its trials fails, so that whatever is chosen of it does.
        results = OnceLock::from(Err(reason));
    }
    let asked = Arc::new(Once { whom, results });
    if std::env::var_os("NEXTEST").is_some() {
        let suite = Arc::clone(suite);
        return Ok(vec![Trial::test(asked.whom.id().to_owned(), move || whole(&asked, &suite))]);
    }
    Ok(cases(&asked, suite).into_iter().chain(snapshots(&asked, suite)).collect())
}

impl Whom {
    fn id(&self) -> &str {
        match self {
            Self::Target(target) => &target.id,
            Self::Own(_) => Own::ID,
        }
    }

    fn abilities(&self) -> Abilities {
        match self {
            Self::Target(target) => Abilities {
                routes: target.routes(),
                other: target.other_abilities().clone(),
                origin: None,
            },
            Self::Own(own) => own.abilities(),
        }
    }

    fn policies<'a>(&'a self, suite: &'a Suite) -> BTreeMap<&'a str, &'a Policy> {
        match self {
            Self::Target(_) => {
                suite.policies().iter().map(|(name, policy)| (name.as_str(), policy)).collect()
            }
            Self::Own(own) => own.policies(),
        }
    }

    fn asked(&self) -> Result<Asked<'_>, Box<KnownError>> {
        match self {
            Self::Target(target) => Asked::new(target, None),
            Self::Own(own) => Asked::own(own),
        }
    }

    /// Whether what it answers is on record.
    fn has_snapshots(&self) -> bool {
        matches!(self, Self::Target(_))
    }
}

/// A trial for each policy and scenario.
fn cases(asked: &Arc<Once>, suite: &Arc<Suite>) -> Vec<Trial> {
    let abilities = asked.whom.abilities();
    let policies = asked.whom.policies(suite).into_iter();
    let pairs = policies
        .flat_map(|policy| suite.scenarios().iter().map(move |scenario| (policy, scenario)));
    let trial = |((policy_name, policy), scenario): ((&str, &Policy), &Scenario)| {
        let key = format!("{policy_name}/{}", scenario.id);
        let name = format!("{}/{key}", asked.whom.id());
        match suite.case(scenario, (policy_name, policy), &abilities) {
            Instantiated::NotApplicable(reason) => {
                Trial::ignorable_test(name, move || Ok(Completion::ignored_with(reason)))
            }
            Instantiated::Case(_) => {
                let (asked, suite) = (Arc::clone(asked), Arc::clone(suite));
                Trial::ignorable_test(name, move || single(&asked, &suite, &key))
            }
        }
    };
    pairs.map(trial).collect()
}

/// A trial for each area, and one for files of no area.
fn snapshots(asked: &Arc<Once>, suite: &Arc<Suite>) -> impl Iterator<Item = Trial> {
    if !asked.whom.has_snapshots() {
        return Vec::new().into_iter();
    }
    let areas = areas(suite);
    let known = areas.clone();
    let target = asked.whom.id().to_owned();
    let unreferenced = Trial::test(format!("{target}/snapshots-of-no-area"), move || {
        let drifts = snapshot::unreferenced(&folder(), &target, |area| known.contains(area))?;
        let paths: Vec<_> = drifts.iter().map(|it| it.path.display().to_string()).collect();
        if paths.is_empty() { Ok(()) } else { Err(Failed::from(paths.join("\n"))) }
    });
    let trials = areas.into_iter().map(|area| {
        let (asked, suite) = (Arc::clone(asked), Arc::clone(suite));
        let name = format!("{}/snapshots/{area}", asked.whom.id());
        Trial::test(name, move || unchanged(&asked, &suite, &area))
    });
    trials.chain([unreferenced]).collect::<Vec<_>>().into_iter()
}

fn areas(suite: &Suite) -> BTreeSet<String> {
    let area = |id: &str| id.split('/').next().map(str::to_owned);
    suite.scenarios().iter().filter_map(|scenario| area(&scenario.id)).collect()
}

fn folder() -> PathBuf {
    root().join("snapshots")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

impl Once {
    fn given(&self, suite: &Suite) -> Result<&Given, Failed> {
        let results = self.results.get_or_init(|| ask(&self.whom, suite));
        results.as_ref().map_err(Failed::from)
    }
}

fn single(asked: &Once, suite: &Suite, key: &str) -> Result<Completion, Failed> {
    match asked.given(suite)?.results.get(key) {
        Some(result) => verdict(result),
        None => Err(Failed::from("the run gave no result for it")),
    }
}

/// Compares one area's snapshot, as `INSTA_UPDATE` says; insta panics on a difference.
fn unchanged(asked: &Once, suite: &Suite, area: &str) -> Result<(), Failed> {
    let given = asked.given(suite)?;
    let text = given.wire.get(area).ok_or_else(|| Failed::from("nothing of it was asked"))?;
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder().join(asked.whom.id()));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(area, text));
    Ok(())
}

fn whole(asked: &Once, suite: &Suite) -> Result<(), Failed> {
    let results = asked.given(suite)?.results.values();
    let failed: Vec<_> = results
        .filter_map(|it| Some(format!("{}: {}", it.scenario, verdict(it).err()?.message()?)))
        .collect();
    if !failed.is_empty() {
        return Err(Failed::from(failed.join("\n")));
    }
    match asked.whom.has_snapshots() {
        true => areas(suite).iter().try_for_each(|area| unchanged(asked, suite, area)),
        false => Ok(()),
    }
}

fn verdict(result: &CaseResult) -> Result<Completion, Failed> {
    match result.result {
        ResultKind::Pass | ResultKind::KnownFailure => Ok(Completion::Completed),
        ResultKind::NotApplicable | ResultKind::RefusedConfig => {
            Ok(Completion::ignored_with(result.reason.as_deref().unwrap_or_default()))
        }
        ResultKind::Fail
        | ResultKind::FixedUnexpectedly
        | ResultKind::TargetError
        | ResultKind::HarnessError => {
            let seen = result
                .failures
                .iter()
                .map(|it| format!("expected {}, saw {}", it.expected, it.seen));
            let parts: Vec<_> = result.reason.clone().into_iter().chain(seen).collect();
            Err(Failed::from(format!("{}: {}", result.result.name(), parts.join("; "))))
        }
    }
}

/// Asks it everything.
fn ask(whom: &Whom, suite: &Suite) -> Results {
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let wrong = |error: Box<KnownError>| format!("{:?}", miette::Report::new(*error));
        let asked = whom.asked().map_err(wrong)?;
        asked.check_known(suite).map_err(wrong)?;
        let guardian = match asked.is_launched() {
            true => {
                let executable = PathBuf::from(env!("CARGO_BIN_EXE_corspec"));
                Some(Guardian::start(executable).map_err(|error| error.to_string())?)
            }
            false => None,
        };
        let transport = Transport::new(&TransportOptions::default()).into_diagnostic();
        let plan = Plan {
            suite,
            scenarios: suite.scenarios().iter().collect(),
            policies: whom.policies(suite),
            targets: vec![asked],
            jobs: NonZeroUsize::MIN.saturating_add(15).get(),
            transport: transport.map_err(|error| error.to_string())?,
            guardian,
            follow_elsewhere: false,
        };
        let mut results = HashMap::new();
        run(&plan, &mut |event| {
            if let Event::Result(result) = event {
                let key = format!("{}/{}", result.policy, result.scenario);
                results.insert(key, (**result).clone());
            }
        })
        .await;
        let wire = snapshot::render(results.values());
        Ok(Given { results, wire })
    })
}
