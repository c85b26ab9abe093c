//! What a comparison found: counts, and every disagreement.

use std::collections::BTreeMap;

use corspec_vectors::compare::Part;
use serde::Serialize;

use super::Plan;
use super::attempt::Planned;
use super::compare::Difference;
use super::engine::Engine;
use super::known::Known;

/// What was found in all the browsers that were asked.
#[derive(Clone, Debug, Serialize)]
pub struct Findings {
    /// The form of this document.
    pub schema: &'static str,
    /// The version of corspec.
    pub version: &'static str,
    /// What was asked, as a command line.
    pub command: String,
    /// The targets, in order.
    pub targets: Vec<String>,
    /// The policies that they were asked under.
    pub policies: Vec<String>,
    /// A target under a policy that it refuses, and why, one a line.
    pub refused: Vec<String>,
    /// One for each browser.
    pub engines: Vec<Agreement>,
}

/// How far the model and a browser agree.
#[derive(Clone, Debug, Serialize)]
pub struct Agreement {
    /// The browser.
    pub engine: Engine,
    /// Its version; absent where it is unavailable.
    pub version: Option<String>,
    /// Why it is unavailable.
    pub unavailable: Option<String>,
    /// How many cases a page performed.
    pub cases: usize,
    /// How many of their steps.
    pub steps: usize,
    /// In how many cases the page saw what the model says.
    pub view: usize,
    /// In how many cases servers received what the model says.
    pub wire: usize,
    /// The same of each target, by its name.
    pub targets: BTreeMap<String, Count>,
    /// How many cases agreed only when they were performed again.
    pub unsteady: usize,
    /// How many steps were done sooner than the scenario says, in the browser and in the model.
    pub hurried: usize,
    /// How many steps cannot be done by a page, by the reason.
    pub impossible: BTreeMap<String, usize>,
    /// How many cases were not performed though they can be, by what happened.
    pub troubles: BTreeMap<String, usize>,
    /// The cases that differ.
    pub disagreements: Vec<Disagreement>,
    /// Entries of `known.toml` that nothing needs any more.
    pub stale: Vec<String>,
    #[serde(skip)]
    used: Vec<String>,
}

/// How many cases of a target were performed, and in how many of them both agree.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Count {
    /// How many cases a page performed.
    pub cases: usize,
    /// In how many the page saw what the model says.
    pub view: usize,
    /// In how many servers received what the model says.
    pub wire: usize,
}

/// A case that the model and a browser see in different ways.
#[derive(Clone, Debug, Serialize)]
pub struct Disagreement {
    /// The target.
    pub target: String,
    /// The policy.
    pub policy: String,
    /// The scenario.
    pub scenario: String,
    /// What differs and why, where that is known.
    pub differences: Vec<Explained>,
}

/// A difference, and its cause where that is known.
#[derive(Clone, Debug, Serialize)]
pub struct Explained {
    /// What differs.
    #[serde(flatten)]
    pub difference: Difference,
    /// Why.
    pub cause: Option<String>,
    /// Where more is said.
    pub link: Option<String>,
}

impl Agreement {
    /// Of a browser with nothing performed yet.
    #[must_use]
    pub fn new(engine: Engine, version: String) -> Self {
        Self {
            engine,
            version: Some(version),
            unavailable: None,
            cases: 0,
            steps: 0,
            view: 0,
            wire: 0,
            targets: BTreeMap::new(),
            unsteady: 0,
            hurried: 0,
            impossible: BTreeMap::new(),
            troubles: BTreeMap::new(),
            disagreements: Vec::new(),
            stale: Vec::new(),
            used: Vec::new(),
        }
    }

    /// Of a browser that is not there.
    #[must_use]
    pub fn unavailable(engine: Engine, why: String) -> Self {
        let nothing = Self::new(engine, String::new());
        Self { version: None, unavailable: Some(why), ..nothing }
    }

    /// Whether every difference is known, and every known one still there.
    #[must_use]
    pub fn is_as_known(&self) -> bool {
        let mut differences = self.disagreements.iter().flat_map(|it| &it.differences);
        differences.all(|it| it.cause.is_some()) && self.stale.is_empty()
    }

    /// Counts a step, or why a page cannot do it.
    pub(super) fn count_step(&mut self, why: Option<String>) {
        match why {
            None => self.steps += 1,
            Some(why) => *self.impossible.entry(why).or_default() += 1,
        }
    }

    /// Takes what came of a case.
    pub(super) fn take(
        &mut self,
        planned: &Planned,
        differences: Result<Vec<Difference>, String>,
        known: &[Known],
    ) {
        let differences = match differences {
            Ok(differences) => differences,
            Err(why) => {
                *self.troubles.entry(why).or_default() += 1;
                return;
            }
        };
        let agrees = |part| usize::from(differences.iter().all(|it| it.part != part));
        let (view, wire) = (agrees(Part::View), agrees(Part::Wire));
        self.cases += 1;
        self.view += view;
        self.wire += wire;
        let of_target = self.targets.entry(planned.target.clone()).or_default();
        of_target.cases += 1;
        of_target.view += view;
        of_target.wire += wire;
        if differences.is_empty() {
            return;
        }
        let (scenario, policy) = (&planned.case.scenario, &planned.case.policy_name);
        let explained = differences.into_iter().map(|difference| {
            let known = known
                .iter()
                .find(|it| it.is_about(self.engine, scenario, policy) && it.covers(&difference));
            self.used.extend(known.map(Known::named));
            Explained {
                difference,
                cause: known.map(|it| it.cause().to_owned()),
                link: known.and_then(Known::link).map(str::to_owned),
            }
        });
        let differences = explained.collect();
        self.disagreements.push(Disagreement {
            target: planned.target.clone(),
            policy: policy.clone(),
            scenario: scenario.clone(),
            differences,
        });
    }

    /// Finds the known disagreements that were not needed, though a case of theirs was performed.
    pub(super) fn finish(&mut self, plan: &Plan<'_>) {
        let about = |known: &&Known| {
            let mut cases = plan.cases.iter().map(|it| &it.case);
            cases.any(|it| known.is_about(self.engine, &it.scenario, &it.policy_name))
        };
        let idle = plan.known.iter().filter(|it| !it.is_by_chance()).filter(about);
        let idle = idle.map(Known::named).filter(|named| !self.used.contains(named));
        self.stale = idle.collect();
        self.disagreements.sort_by(|one, other| {
            let key =
                |it: &Disagreement| (it.scenario.clone(), it.target.clone(), it.policy.clone());
            key(one).cmp(&key(other))
        });
    }
}
