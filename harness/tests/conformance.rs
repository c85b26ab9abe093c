//! `cargo test` against targets: a trial for each target, policy and scenario.
//!
//! `cargo test --test conformance django-cors-headers/credentialed/preflight` runs a part,
//! `CORSPEC_TARGETS=reference` (ids with commas between) chooses targets, and
//! `CORSPEC_REQUIRE_TARGETS=1` makes an unavailable target a failure. A target's servers are
//! started once in this process, at its first trial; listing starts nothing. Under cargo-nextest,
//! where each trial is a process, a whole target is one trial.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use corspec::event::{CaseResult, Event, ResultKind};
use corspec::runner::{Plan, run};
use corspec::transport::{Transport, TransportOptions};
use corspec_suite::case::{Abilities, Instantiated};
use corspec_suite::load::Suite;
use corspec_targets::guardian::Guardian;
use corspec_targets::registry::{Availability, Registry, Target};
use libtest_mimic::{Arguments, Failed, Trial};
use miette::{IntoDiagnostic as _, miette};

/// What one target gave, by policy and scenario; or why it gave nothing.
type Results = Result<HashMap<String, CaseResult>, String>;

/// A target, asked at its first trial and only once.
struct Asked {
    target: Target,
    results: OnceLock<Results>,
}

fn main() -> miette::Result<()> {
    let arguments = Arguments::from_args();
    let suite = Arc::new(Suite::embedded()?);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../targets");
    let registry = Registry::discover(Some(&folder))?;
    let chosen = std::env::var("CORSPEC_TARGETS").ok();
    let mut trials = Vec::new();
    for target in targets(&registry, chosen.as_deref())? {
        trials.extend(trials_of(target, &suite)?);
    }
    if trials.is_empty() {
        return Err(miette!("CORSPEC_TARGETS chooses nothing"));
    }
    libtest_mimic::run(&arguments, trials).exit()
}

fn targets<'a>(registry: &'a Registry, chosen: Option<&str>) -> miette::Result<Vec<&'a Target>> {
    match chosen {
        None => Ok(registry.targets().iter().collect()),
        Some(ids) => ids.split(',').map(|id| Ok(registry.target(id.trim())?)).collect(),
    }
}

fn trials_of(target: &Target, suite: &Arc<Suite>) -> miette::Result<Vec<Trial>> {
    if let Availability::Unavailable { missing, how } = target.availability(None)? {
        let reason = format!("{} is missing: {how}", missing.join(", "));
        let required = std::env::var_os("CORSPEC_REQUIRE_TARGETS").is_some();
        let trial = Trial::test(target.id.clone(), {
            let reason = reason.clone();
            move || Err(Failed::from(reason))
        });
        return Ok(vec![if required { trial } else { trial.with_ignored_flag(true) }]);
    }
    let asked = Arc::new(Asked { target: target.clone(), results: OnceLock::new() });
    if std::env::var_os("NEXTEST").is_some() {
        let suite = Arc::clone(suite);
        return Ok(vec![Trial::test(target.id.clone(), move || whole(&asked, &suite))]);
    }
    let abilities = Abilities { routes: target.routes(), other: target.other_abilities().clone() };
    let mut trials = Vec::new();
    for (policy_name, policy) in suite.policies() {
        for scenario in suite.scenarios() {
            let case = suite.case(scenario, (policy_name, policy), &abilities);
            let key = format!("{policy_name}/{}", scenario.id);
            let (asked, whole) = (Arc::clone(&asked), Arc::clone(suite));
            let name = format!("{}/{key}", target.id);
            let trial = Trial::test(name, move || single(&asked, &whole, &key));
            let ignored = matches!(case, Instantiated::NotApplicable(_));
            trials.push(trial.with_ignored_flag(ignored));
        }
    }
    Ok(trials)
}

fn single(asked: &Asked, suite: &Suite, key: &str) -> Result<(), Failed> {
    let results = asked.results.get_or_init(|| ask(&asked.target, suite));
    match results.as_ref().map_err(Failed::from)?.get(key) {
        Some(result) => verdict(result),
        None => Err(Failed::from("the run gave no result for it")),
    }
}

fn whole(asked: &Asked, suite: &Suite) -> Result<(), Failed> {
    let results = asked.results.get_or_init(|| ask(&asked.target, suite));
    let results = results.as_ref().map_err(Failed::from)?;
    let failed: Vec<_> = results
        .values()
        .filter_map(|it| Some(format!("{}: {}", it.scenario, verdict(it).err()?.message()?)))
        .collect();
    if failed.is_empty() { Ok(()) } else { Err(Failed::from(failed.join("\n"))) }
}

fn verdict(result: &CaseResult) -> Result<(), Failed> {
    match result.result {
        ResultKind::Pass
        | ResultKind::KnownFailure
        | ResultKind::NotApplicable
        | ResultKind::RefusedConfig => Ok(()),
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

/// Asks a target everything.
fn ask(target: &Target, suite: &Suite) -> Results {
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let guardian = if target.is_builtin() {
            None
        } else {
            let executable = PathBuf::from(env!("CARGO_BIN_EXE_corspec"));
            Some(Guardian::start(executable).map_err(|error| error.to_string())?)
        };
        let transport = Transport::new(&TransportOptions::default()).into_diagnostic();
        let plan = Plan {
            suite,
            scenarios: suite.scenarios().iter().collect(),
            policies: suite.policies().iter().map(|(name, it)| (name.as_str(), it)).collect(),
            targets: vec![(target, None)],
            jobs: NonZeroUsize::MIN.saturating_add(15).get(),
            transport: transport.map_err(|error| error.to_string())?,
            guardian,
        };
        let mut results = HashMap::new();
        run(&plan, &mut |event| {
            if let Event::Result(result) = event {
                let key = format!("{}/{}", result.policy, result.scenario);
                results.insert(key, (**result).clone());
            }
        })
        .await;
        Ok(results)
    })
}
