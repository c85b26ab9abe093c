//! Published versions themselves: one with the fault and the one that mended it, as targets that run on demand, and the
//! scenarios that tell them apart.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use corspec_suite::load::Suite;
use corspec_suite::scenario::Direction;
use corspec_targets::guardian::Guardian;
use corspec_targets::known::KnownError;
use corspec_targets::registry::{Registry, RegistryError};
use miette::Diagnostic;
use serde::{Deserialize, Serialize};

use crate::event::{CaseResult, Event, ResultKind, TargetState};
use crate::runner::{Asked, Plan, run};
use crate::transport::Transport;

/// A version with a published fault and the one that mended it, both as targets.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Real {
    /// The target with the version that has the fault.
    pub faulty: String,
    /// The target with the version that has it no more.
    pub fixed: String,
    /// The policy that both are asked under.
    pub policy: String,
    /// The scenarios that fail on the first and pass on the second, by the direction of the failure.
    pub scenarios: BTreeMap<Direction, BTreeSet<String>>,
}

/// What a run of published versions gave that it should not have.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RealTrouble {
    /// The fault's id.
    pub fault: String,
    /// The target.
    pub target: String,
    /// What is wrong.
    pub kind: RealTroubleKind,
}

/// How a published version departs from what is said of it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "trouble")]
pub enum RealTroubleKind {
    /// It could not be asked.
    Unasked {
        /// Why.
        reason: String,
    },
    /// It has the fault, and a scenario does not fail.
    NotCaught {
        /// The scenario.
        scenario: String,
        /// What the suite says instead.
        said: String,
    },
    /// It has the fault no more, and a scenario does not pass.
    Blamed {
        /// The scenario.
        scenario: String,
        /// What the suite says instead.
        said: String,
    },
}

/// What published versions are asked with.
#[derive(Debug)]
pub struct With<'a> {
    /// The suite.
    pub suite: &'a Suite,
    /// The targets.
    pub registry: &'a Registry,
    /// The client.
    pub transport: Transport,
    /// What clears up when the run cannot.
    pub guardian: Guardian,
}

/// Why published versions cannot be asked.
#[derive(Debug, Diagnostic, thiserror::Error)]
pub enum RealError {
    /// A target is not there.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Registry(#[from] RegistryError),
    /// What is known of a target cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Known(#[from] Box<KnownError>),
}

impl Real {
    /// Whether scenarios, a policy or a direction are named that `suite` does not have, and which.
    pub(super) fn problem(&self, suite: &Suite) -> Option<String> {
        if !suite.policies().contains_key(&self.policy) {
            return Some(format!("names the policy `{}`, which there is not", self.policy));
        }
        for (direction, id) in self.pairs() {
            match suite.scenario(id) {
                None => return Some(format!("names the scenario `{id}`, which there is not")),
                Some(it) if it.direction != Some(direction) => {
                    return Some(format!("names `{id}` for a direction that it has not"));
                }
                Some(_) => {}
            }
        }
        let nothing = self.ids().next().is_none();
        nothing.then(|| "has versions as targets, and no scenario to tell them apart".to_owned())
    }

    /// The scenarios, in the order of directions.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.pairs().map(|(_, id)| id.as_str())
    }

    fn pairs(&self) -> impl Iterator<Item = (Direction, &String)> {
        self.scenarios.iter().flat_map(|(direction, ids)| ids.iter().map(|id| (*direction, id)))
    }

    /// Asks both versions, and says what is not as stated for the fault `id`.
    ///
    /// # Errors
    ///
    /// A target is not there, or its `known.toml` cannot be used.
    pub async fn ask(&self, id: &str, with: &With<'_>) -> Result<Vec<RealTrouble>, RealError> {
        let asked = |name: &str| -> Result<Asked<'_>, RealError> {
            Ok(Asked::new(with.registry.target(name)?, None)?)
        };
        let policies = with.suite.policies().iter().filter(|(name, _)| **name == self.policy);
        let plan = Plan {
            suite: with.suite,
            scenarios: self.ids().filter_map(|id| with.suite.scenario(id)).collect(),
            policies: policies.map(|(name, policy)| (name.as_str(), policy)).collect(),
            targets: vec![asked(&self.faulty)?, asked(&self.fixed)?],
            jobs: 1,
            transport: with.transport.clone(),
            guardian: Some(with.guardian.clone()),
            follow_elsewhere: false,
        };
        let (mut unasked, mut results) = (Vec::new(), Vec::new());
        run(&plan, &mut |event| match event {
            Event::Target(report) if report.state != TargetState::Ran => {
                let reason = report.reason.clone().unwrap_or_default();
                unasked.push((report.id.clone(), RealTroubleKind::Unasked { reason }));
            }
            Event::Result(result) => results.push((**result).clone()),
            _ => {}
        })
        .await;
        let wrong =
            results.iter().filter(|it| unasked.iter().all(|(target, _)| it.target != *target));
        let wrong = wrong.filter_map(|it| Some((it.target.clone(), self.wrong(it)?)));
        let wrong: Vec<_> = wrong.collect();
        let trouble = |(target, kind)| RealTrouble { fault: id.to_owned(), target, kind };
        Ok(unasked.into_iter().chain(wrong).map(trouble).collect())
    }

    /// How `result` is not what is stated.
    fn wrong(&self, result: &CaseResult) -> Option<RealTroubleKind> {
        let scenario = result.scenario.clone();
        let reason = result.reason.iter().map(String::as_str);
        let said: Vec<_> = [result.result.name()].into_iter().chain(reason).collect();
        let said = said.join(", ");
        if result.target == self.fixed {
            let passes = result.result == ResultKind::Pass;
            return (!passes).then_some(RealTroubleKind::Blamed { scenario, said });
        }
        let fails = result.result == ResultKind::Fail;
        (!fails).then_some(RealTroubleKind::NotCaught { scenario, said })
    }
}

impl RealTrouble {
    /// Whether the target could not be asked.
    #[must_use]
    pub fn is_unasked(&self) -> bool {
        matches!(self.kind, RealTroubleKind::Unasked { .. })
    }
}

impl fmt::Display for RealTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fault, target, kind } = self;
        match kind {
            RealTroubleKind::Unasked { reason } => {
                write!(f, "{fault}: {target} could not be asked: {reason}")
            }
            RealTroubleKind::NotCaught { scenario, said } => {
                write!(f, "{fault}: {target} has it, and {scenario} does not fail: {said}")
            }
            RealTroubleKind::Blamed { scenario, said } => {
                write!(f, "{fault}: {target} has it no more, and {scenario} does not pass: {said}")
            }
        }
    }
}
