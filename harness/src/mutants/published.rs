//! Published faults: advisories, releases and threads, each with the mutants that reproduce it.
//!
//! They are data, in `harness/published.toml`. It is here, and not beside the mutants, because it also names scenarios.

use std::collections::BTreeSet;

use corspec_suite::load::Suite;
use corspec_suite::scenario::Direction;
use corspec_targets::mutant::{Mutant, Mutants};
use serde::{Deserialize, Serialize};

use super::real::Real;
use super::{Kind, Matrix, Row};

/// All published faults.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// The groups, in the order of the page.
    #[serde(rename = "group")]
    pub groups: Vec<Group>,
}

/// Published faults of one kind.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Its title.
    pub title: String,
    /// The faults.
    #[serde(rename = "fault")]
    pub faults: Vec<PublishedFault>,
}

/// A fault that was published.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PublishedFault {
    /// The advisory, release or thread that tells of it.
    pub id: String,
    /// The package that has it, and where it is published.
    pub package: String,
    /// The last version that has it.
    #[serde(default)]
    pub faulty: String,
    /// The first that has not.
    #[serde(default)]
    pub fixed: String,
    /// What goes wrong, in a sentence.
    pub says: String,
    /// The mutants that do the same.
    #[serde(default)]
    pub mutants: Vec<String>,
    /// The equivalents that do the same: no page and no cache can tell it from right.
    #[serde(default)]
    pub equivalents: Vec<String>,
    /// Why that is no fault to a page or a cache.
    pub note: Option<String>,
    /// Scenarios that record it without a verdict.
    #[serde(default)]
    pub observed: Vec<String>,
    /// Why nothing reproduces it.
    pub outside: Option<String>,
    /// The published versions themselves, where they are targets.
    pub real: Option<Real>,
}

/// What became of a published fault.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// Every mutant that reproduces it is caught as it states, and so is the published version where that was asked.
    Caught,
    /// One of them is not, or the published version itself is not.
    Missed,
    /// It harms no page and no cache, and is not blamed.
    Harmless,
    /// It is of another kind than what a server answers.
    Outside,
}

/// Why published faults cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PublishedError {
    /// The file is not of its form.
    #[error("published.toml: {0}")]
    Form(#[from] toml::de::Error),
    /// Something is named that there is not, or nothing is.
    #[error("published.toml: `{id}` {problem}")]
    Fault {
        /// The fault.
        id: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl Published {
    /// Those that are part of the program.
    ///
    /// # Errors
    ///
    /// Never for a released build: a test reads them.
    pub fn embedded(suite: &Suite, mutants: &Mutants) -> Result<Self, PublishedError> {
        Self::read(include_str!("../../published.toml"), suite, mutants)
    }

    /// Those in `text`, whose names are held against `suite` and `mutants`.
    ///
    /// # Errors
    ///
    /// The first thing that no such file can say.
    pub fn read(text: &str, suite: &Suite, mutants: &Mutants) -> Result<Self, PublishedError> {
        let published: Self = toml::from_str(text)?;
        let mut ids = BTreeSet::new();
        for fault in published.faults() {
            let problem = match ids.insert(&fault.id) {
                true => fault.problem(suite, mutants),
                false => Some("stands twice".to_owned()),
            };
            if let Some(problem) = problem {
                return Err(PublishedError::Fault { id: fault.id.clone(), problem });
            }
        }
        Ok(published)
    }

    /// All of them, in the order of the page.
    pub fn faults(&self) -> impl Iterator<Item = &PublishedFault> {
        self.groups.iter().flat_map(|group| &group.faults)
    }

    /// How many have that fate.
    #[must_use]
    pub fn of(&self, fate: Fate, matrix: &Matrix) -> usize {
        self.faults().filter(|fault| fault.fate(matrix) == fate).count()
    }

    /// Those of `mutants` that a published fault names.
    #[must_use]
    pub fn chosen(&self, mutants: &Mutants) -> Mutants {
        let named: BTreeSet<&String> =
            self.faults().flat_map(|it| it.mutants.iter().chain(&it.equivalents)).collect();
        let of =
            |all: &[Mutant]| all.iter().filter(|it| named.contains(&it.name)).cloned().collect();
        Mutants {
            mutants: of(&mutants.mutants),
            equivalents: of(&mutants.equivalents),
            policies: mutants.policies.clone(),
        }
    }
}

impl PublishedFault {
    fn problem(&self, suite: &Suite, mutants: &Mutants) -> Option<String> {
        let lacks = |all: &[Mutant], name: &String| all.iter().all(|it| it.name != *name);
        if let Some(name) = self.mutants.iter().find(|name| lacks(&mutants.mutants, name)) {
            return Some(format!("names the mutant `{name}`, which there is not"));
        }
        if let Some(name) = self.equivalents.iter().find(|name| lacks(&mutants.equivalents, name)) {
            return Some(format!("names the equivalent `{name}`, which there is not"));
        }
        if let Some(id) = self.observed.iter().find(|id| suite.scenario(id).is_none()) {
            return Some(format!("names the scenario `{id}`, which there is not"));
        }
        if let Some(problem) = self.real.as_ref().and_then(|real| real.problem(suite)) {
            return Some(problem);
        }
        let nothing = self.mutants.is_empty() && self.equivalents.is_empty();
        match (nothing, &self.outside) {
            (true, None) => Some("has no mutant, no equivalent and no reason why".to_owned()),
            (false, Some(_)) => Some("has a mutant or an equivalent, and is outside".to_owned()),
            _ if self.mutants.is_empty() && self.real.is_some() => {
                Some("has versions that are to be caught, and no mutant".to_owned())
            }
            _ if self.mutants.is_empty() && !nothing && self.note.is_none() => {
                Some("has equivalents alone, and no note why it harms nobody".to_owned())
            }
            _ => None,
        }
    }

    /// What became of it, as `matrix` has it.
    #[must_use]
    pub fn fate(&self, matrix: &Matrix) -> Fate {
        if self.outside.is_some() {
            return Fate::Outside;
        }
        let is_right = |kind, name: &String| row(matrix, kind, name).is_some_and(Row::is_right);
        let right = self.mutants.iter().all(|it| is_right(Kind::Mutant, it))
            && self.equivalents.iter().all(|it| is_right(Kind::Equivalent, it))
            && matrix.real.iter().all(|trouble| trouble.fault != self.id);
        match (right, self.mutants.is_empty()) {
            (false, _) => Fate::Missed,
            (true, true) => Fate::Harmless,
            (true, false) => Fate::Caught,
        }
    }

    /// The scenarios that catch a mutant of it, by id.
    #[must_use]
    pub fn scenarios<'a>(&self, matrix: &'a Matrix) -> BTreeSet<&'a str> {
        let rows = self.mutants.iter().filter_map(|name| row(matrix, Kind::Mutant, name));
        rows.flat_map(|row| row.caught.keys().map(String::as_str)).collect()
    }

    /// What its mutants say that it means to users, each once.
    #[must_use]
    pub fn directions(&self, matrix: &Matrix) -> Vec<Direction> {
        let mut directions = Vec::new();
        for row in self.mutants.iter().filter_map(|name| row(matrix, Kind::Mutant, name)) {
            directions.extend(row.direction.filter(|it| !directions.contains(it)));
        }
        directions
    }
}

fn row<'a>(matrix: &'a Matrix, kind: Kind, name: &str) -> Option<&'a Row> {
    matrix.of(kind).find(|row| row.name == name)
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::super::real::{RealTrouble, RealTroubleKind};
    use super::super::run;
    use super::*;

    const RIGHT: &str = "[[group]]\ntitle = 'A'\n[[group.fault]]\nid = 'CVE-1'\npackage = 'a'\nsays = 'It is wrong.'\n\
        mutants = ['vary-missing']\nobserved = ['simple/get-is-readable']\n\
        [group.fault.real]\nfaulty = 'faulty/a-1'\nfixed = 'faulty/a-2'\npolicy = 'single'\n\
        scenarios = { fail-open = ['origins/suffix-lookalike-is-blocked'] }\n";

    fn read(text: &str) -> Result<Published, PublishedError> {
        Published::read(text, &Suite::embedded().unwrap(), &Mutants::embedded().unwrap())
    }

    #[test]
    fn the_embedded_file_is_read() {
        let (suite, mutants) = (Suite::embedded().unwrap(), Mutants::embedded().unwrap());
        let published = Published::embedded(&suite, &mutants).unwrap_or_else(|it| panic!("{it}"));
        assert!(published.faults().count() > 80);
        assert!(read(RIGHT).is_ok());
    }

    #[test_case("'vary-missing'", "'vary-mising'", "names the mutant `vary-mising`"; "a mutant")]
    #[test_case("mutants", "equivalents", "names the equivalent `vary-missing`"; "an equivalent")]
    #[test_case("simple/get", "simple/got", "names the scenario `simple/got-is-readable`"; "a scenario")]
    #[test_case("'single'", "'double'", "names the policy `double`"; "a policy")]
    #[test_case("suffix-look", "suffix-loke", "names the scenario `origins/suffix-lokealike-is-blocked`"; "a scenario of versions")]
    #[test_case("fail-open", "fail-closed", "for a direction that it has not"; "a direction of versions")]
    #[test_case("['origins/suffix-lookalike-is-blocked']", "[]", "no scenario to tell them apart"; "versions that nothing tells apart")]
    #[test_case("mutants = ['vary-missing']", "", "has no mutant, no equivalent"; "nothing at all")]
    #[test_case("id =", "outside = 'files'\nid =", "and is outside"; "outside and inside")]
    #[test_case("mutants = ['vary-missing']", "equivalents = ['unrelated-headers']", "and no mutant"; "versions of what is harmless")]
    #[test_case("says", "said", "unknown field `said`"; "a misspelt key")]
    fn what_the_file_cannot_say_is_refused(right: &str, wrong: &str, expected: &str) {
        assert!(RIGHT.contains(right));
        let error = read(&RIGHT.replacen(right, wrong, 1)).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn what_is_harmless_has_a_reason() {
        let (text, _) = RIGHT.split_once("[group.fault.real]").unwrap();
        let text =
            text.replace("mutants = ['vary-missing']", "equivalents = ['unrelated-headers']");
        assert!(read(&text).unwrap_err().to_string().contains("no note why it harms nobody"));
    }

    #[test]
    fn a_fault_whose_version_is_not_caught_is_missed() {
        let (suite, mutants) = (Suite::embedded().unwrap(), Mutants::embedded().unwrap());
        let published = read(RIGHT).unwrap();
        let mut matrix = run(&suite, &published.chosen(&mutants), false).unwrap();
        assert_eq!(published.of(Fate::Caught, &matrix), 1);
        let kind = RealTroubleKind::Unasked { reason: "it did not start".to_owned() };
        let target = "faulty/a-1".to_owned();
        matrix.real = vec![RealTrouble { fault: "CVE-1".to_owned(), target, kind }];
        assert_eq!(published.of(Fate::Missed, &matrix), 1);
    }

    #[test]
    fn a_fault_stands_once() {
        let twice = format!("{RIGHT}{}", RIGHT.split_once("'A'\n").unwrap().1);
        assert!(read(&twice).unwrap_err().to_string().contains("stands twice"));
    }

    #[test]
    fn a_fault_that_nothing_was_asked_of_is_missed() {
        let matrix = Matrix::new(&Suite::embedded().unwrap(), Vec::new());
        let published = read(RIGHT).unwrap();
        assert_eq!(published.of(Fate::Missed, &matrix), 1);
    }
}
