//! The kill matrix: which scenario catches which mutant, and whether that proves the suite.

use std::collections::{BTreeMap, BTreeSet};

use corspec_suite::case::Case;
use corspec_suite::judge::{Failure, Verdict};
use corspec_suite::load::Suite;
use corspec_suite::scenario::{Direction, Level};
use corspec_targets::mutant::Mutant;
use serde::Serialize;

use super::real::RealTrouble;
use crate::event::{ResultKind, Summary};

/// What kind of server a row is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The reference as it is.
    Reference,
    /// The reference with a fault.
    Mutant,
    /// The reference, right in another way.
    Equivalent,
}

/// What the suite said of one server.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Row {
    /// What kind of server it is.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// What it does, in a sentence.
    pub says: String,
    /// What its fault means to users.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// Directions that its failures may have beside that.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Direction>,
    /// How many cases it was asked that can fail.
    pub cases: usize,
    /// Its results under the suite's own policies, as `corspec run` counts them: of the reference, since nobody else is
    /// asked every case under each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
    /// The scenarios that failed, by id.
    pub caught: BTreeMap<String, Caught>,
    /// The scenarios that got no answer, with the reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub unanswered: BTreeMap<String, String>,
}

/// A scenario that failed on a server.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Caught {
    /// What its failure means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// The policies that it failed under.
    pub policies: Vec<String>,
    /// What was expected, under the first of them.
    pub expected: String,
    /// What was seen there.
    pub seen: String,
}

/// A scenario, and what it catches.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ScenarioRow {
    /// Its id.
    pub id: String,
    /// The names of the mutants that it catches.
    pub catches: Vec<String>,
}

/// What stands against the proof.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "trouble")]
pub enum Trouble {
    /// A mutant that no scenario catches.
    Survived {
        /// Its name.
        name: String,
    },
    /// A mutant that no scenario catches in the direction that it states.
    OtherDirection {
        /// Its name.
        name: String,
        /// What it states.
        stated: Direction,
    },
    /// A mutant that a scenario catches in the direction that excludes the stated one.
    OppositeDirection {
        /// Its name.
        name: String,
        /// The scenario.
        scenario: String,
        /// The direction of its failure.
        reported: Direction,
    },
    /// A right server that a scenario blames.
    Blamed {
        /// Its name.
        name: String,
        /// The scenario.
        scenario: String,
        /// The policies.
        policies: Vec<String>,
        /// What was expected.
        expected: String,
        /// What was seen.
        seen: String,
    },
    /// A server that did not answer.
    Unanswered {
        /// Its name.
        name: String,
        /// The scenario.
        scenario: String,
        /// Why.
        reason: String,
    },
    /// A `must` or `should` that catches no mutant.
    CatchesNothing {
        /// Its id.
        scenario: String,
    },
}

/// What the suite said of every server.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Matrix {
    /// How many scenarios the suite has, those that only observe too.
    pub of_suite: usize,
    /// The servers: the reference, the mutants, the equivalents.
    pub rows: Vec<Row>,
    /// The scenarios that can fail, by id.
    pub scenarios: Vec<ScenarioRow>,
    /// What published versions themselves did that they should not have, where they were asked.
    pub real: Vec<RealTrouble>,
}

impl Row {
    /// The row of `mutant`, which was not asked yet.
    pub(super) fn new(kind: Kind, mutant: &Mutant) -> Self {
        Self {
            kind,
            name: mutant.name.clone(),
            says: mutant.says.clone(),
            direction: mutant.direction,
            also: mutant.also.clone(),
            cases: 0,
            summary: (kind == Kind::Reference).then(Summary::default),
            caught: BTreeMap::new(),
            unanswered: BTreeMap::new(),
        }
    }

    /// Counts results under one of the suite's own policies, if this row has a summary.
    pub(super) fn count(&mut self, results: impl Iterator<Item = ResultKind>) {
        if let Some(summary) = &mut self.summary {
            results.for_each(|result| summary.count(result));
        }
    }

    /// Notes what was said of `case` on the server at `base`.
    pub(super) fn note(&mut self, case: &Case, verdict: Verdict, base: &str) {
        self.cases += 1;
        match verdict {
            Verdict::Pass { .. } | Verdict::NotApplicable(_) => {}
            Verdict::Fail { failures, .. } => self.catch(case, &failures, base),
            Verdict::Unjudgeable(reason) => {
                self.unanswered.insert(case.scenario.clone(), reason);
            }
        }
    }

    fn catch(&mut self, case: &Case, failures: &[Failure], base: &str) {
        let stable = |text: &String| text.replace(base, "http://127.0.0.1:8000");
        let first = failures.first();
        let caught = self.caught.entry(case.scenario.clone()).or_insert_with(|| Caught {
            direction: case.direction,
            policies: Vec::new(),
            expected: first.map(|it| stable(&it.expected)).unwrap_or_default(),
            seen: first.map(|it| stable(&it.seen)).unwrap_or_default(),
        });
        caught.policies.push(case.policy_name.clone());
    }

    /// Whether all is as it must be: a mutant caught as it states, any other server not blamed.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.troubles().is_empty()
    }

    /// Whether a scenario caught it in the direction that it states.
    pub(super) fn is_caught_as_stated(&self) -> bool {
        self.caught.values().any(|it| it.direction.is_some() && it.direction == self.direction)
    }

    fn troubles(&self) -> Vec<Trouble> {
        let name = || self.name.clone();
        let unanswered = self.unanswered.iter().map(|(scenario, reason)| Trouble::Unanswered {
            name: name(),
            scenario: scenario.clone(),
            reason: reason.clone(),
        });
        let mut troubles: Vec<_> = unanswered.collect();
        let Some(stated) = self.direction else {
            troubles.extend(self.caught.iter().map(|(scenario, caught)| Trouble::Blamed {
                name: name(),
                scenario: scenario.clone(),
                policies: caught.policies.clone(),
                expected: caught.expected.clone(),
                seen: caught.seen.clone(),
            }));
            return troubles;
        };
        if self.caught.is_empty() {
            troubles.push(Trouble::Survived { name: name() });
        } else if !self.is_caught_as_stated() {
            troubles.push(Trouble::OtherDirection { name: name(), stated });
        }
        for (scenario, caught) in &self.caught {
            if let Some(reported) = caught.direction.filter(|it| excludes(stated, *it))
                && !self.also.contains(&reported)
            {
                let scenario = scenario.clone();
                troubles.push(Trouble::OppositeDirection { name: name(), scenario, reported });
            }
        }
        troubles
    }
}

/// Whether a failure of direction `reported` contradicts a fault of direction `stated`.
fn excludes(stated: Direction, reported: Direction) -> bool {
    matches!(
        (stated, reported),
        (Direction::FailOpen, Direction::FailClosed) | (Direction::FailClosed, Direction::FailOpen)
    )
}

impl Matrix {
    /// The matrix of `rows`, each of which was asked the whole of `suite`.
    #[must_use]
    pub fn new(suite: &Suite, rows: Vec<Row>) -> Self {
        let binding = suite.scenarios().iter().filter(|it| it.level != Level::Observe);
        let scenarios = binding.map(|scenario| ScenarioRow {
            id: scenario.id.clone(),
            catches: rows
                .iter()
                .filter(|row| row.kind == Kind::Mutant && row.caught.contains_key(&scenario.id))
                .map(|row| row.name.clone())
                .collect(),
        });
        let of_suite = suite.scenarios().len();
        Self { of_suite, scenarios: scenarios.collect(), rows, real: Vec::new() }
    }

    /// What the reference said to all cases under the suite's own policies; `None` where it was not asked.
    #[must_use]
    pub fn summary(&self) -> Option<Summary> {
        self.of(Kind::Reference).find_map(|row| row.summary)
    }

    /// The rows of that kind.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.kind == kind)
    }

    /// How many rows of that kind are right, and how many there are.
    #[must_use]
    pub fn right(&self, kind: Kind) -> (usize, usize) {
        (self.of(kind).filter(|row| row.is_right()).count(), self.of(kind).count())
    }

    /// The names of the mutants that a scenario catches.
    #[must_use]
    pub fn caught(&self) -> BTreeSet<&str> {
        let caught = self.of(Kind::Mutant).filter(|row| !row.caught.is_empty());
        caught.map(|row| row.name.as_str()).collect()
    }

    /// Everything that stands against the proof. `whole` says that every mutant was asked, so that scenarios that catch
    /// nothing count.
    #[must_use]
    pub fn troubles(&self, whole: bool) -> Vec<Trouble> {
        let idle = self.scenarios.iter().filter(|it| whole && it.catches.is_empty());
        let idle = idle.map(|it| Trouble::CatchesNothing { scenario: it.id.clone() });
        self.rows.iter().flat_map(Row::troubles).chain(idle).collect()
    }
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    const OPEN: Direction = Direction::FailOpen;
    const CLOSED: Direction = Direction::FailClosed;
    const MALFORMED: Direction = Direction::Malformed;

    /// A row that states `direction` and was caught by a scenario of each direction in `caught`.
    fn row(direction: Option<Direction>, also: &[Direction], caught: &[Direction]) -> Row {
        let caught = caught.iter().enumerate().map(|(index, direction)| {
            let caught = Caught {
                direction: Some(*direction),
                policies: vec!["public".to_owned()],
                expected: String::new(),
                seen: String::new(),
            };
            (index.to_string(), caught)
        });
        Row {
            kind: if direction.is_some() { Kind::Mutant } else { Kind::Equivalent },
            name: "it".to_owned(),
            says: String::new(),
            direction,
            also: also.to_vec(),
            cases: 1,
            summary: None,
            caught: caught.collect(),
            unanswered: BTreeMap::new(),
        }
    }

    #[test_case(Some(OPEN), &[], &[OPEN] => true; "caught as it states")]
    #[test_case(Some(OPEN), &[], &[] => false; "survived")]
    #[test_case(Some(OPEN), &[], &[MALFORMED] => false; "caught in another direction alone")]
    #[test_case(Some(OPEN), &[], &[MALFORMED, OPEN] => true; "caught in another direction too")]
    #[test_case(Some(OPEN), &[], &[CLOSED, OPEN] => false; "caught in the opposite direction too")]
    #[test_case(Some(CLOSED), &[], &[CLOSED, OPEN] => false; "caught in the opposite direction the other way round")]
    #[test_case(Some(OPEN), &[CLOSED], &[CLOSED, OPEN] => true; "the opposite direction is foreseen")]
    #[test_case(None, &[], &[] => true; "an equivalent without a failure")]
    #[test_case(None, &[], &[MALFORMED] => false; "an equivalent that is blamed")]
    fn a_row_is_right(stated: Option<Direction>, also: &[Direction], caught: &[Direction]) -> bool {
        row(stated, also, caught).is_right()
    }

    #[test]
    fn a_server_that_does_not_answer_is_no_proof() {
        let mut row = row(Some(OPEN), &[], &[OPEN]);
        row.unanswered.insert("simple/get-is-readable".to_owned(), "reset".to_owned());
        assert!(!row.is_right());
    }
}
