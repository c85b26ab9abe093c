//! Mutants: the reference server with one fault each, and equivalents: variations of it that are right too.
//!
//! Both are data, in `targets/mutants/`, and part of the program. A suite that catches every mutant and blames no
//! equivalent is worth its verdicts.

use std::collections::{BTreeMap, BTreeSet};

use corspec_suite::policy::{Policy, PolicyError};
use corspec_suite::scenario::Direction;
use include_dir::{Dir, include_dir};
use serde::Deserialize;

use crate::reference::fault::Fault;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/mutants");

/// A server that departs from the reference.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Mutant {
    /// Its permanent name, in kebab-case.
    pub name: String,
    /// What it does, in a sentence.
    pub says: String,
    /// What its fault means to users; an equivalent has none.
    pub direction: Option<Direction>,
    /// Directions that its failures may have beside that, though the two exclude each other.
    #[serde(default)]
    pub also: Vec<Direction>,
    /// What it does otherwise.
    pub fault: Fault,
}

/// All mutants and equivalents, each sorted by name.
#[derive(Clone, Debug, Default)]
pub struct Mutants {
    /// Servers with a fault.
    pub mutants: Vec<Mutant>,
    /// Servers that are right in another way.
    pub equivalents: Vec<Mutant>,
    /// Policies for what cannot be asked under those that launched targets run under, by name.
    pub policies: BTreeMap<String, Policy>,
}

/// One file of `targets/mutants/`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    mutant: Vec<Mutant>,
    equivalent: Vec<Mutant>,
}

/// Why mutants cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum MutantError {
    /// A file says what it cannot say.
    #[error("{file}: {message}")]
    Invalid {
        /// The file's name.
        file: String,
        /// What is wrong, and where.
        message: String,
    },
    /// A name stands twice, or is not in kebab-case.
    #[error("{file}: `{name}` is not a name of its own in kebab-case")]
    Name {
        /// The file's name.
        file: String,
        /// The name.
        name: String,
    },
    /// A mutant without a direction, or an equivalent with one.
    #[error("{file}: `{name}` {problem}")]
    Direction {
        /// The file's name.
        file: String,
        /// The name.
        name: String,
        /// What is wrong.
        problem: &'static str,
    },
}

impl Mutants {
    /// Those that are part of the program.
    ///
    /// # Errors
    ///
    /// Never for a released build: a test reads them.
    pub fn embedded() -> Result<Self, MutantError> {
        let texts = FILES.files().filter_map(|file| {
            let name = file.path().to_str()?;
            Some((name, file.contents_utf8()?))
        });
        let mut all = Self::read(texts)?;
        for file in FILES.get_dir("policies").into_iter().flat_map(Dir::files) {
            let policy = Policy::from_toml(file.contents_utf8().unwrap_or_default());
            let invalid = |error: PolicyError| MutantError::Invalid {
                file: file.path().display().to_string(),
                message: error.to_string(),
            };
            let name = file.path().file_stem().unwrap_or_default().to_string_lossy();
            all.policies.insert(name.into_owned(), policy.map_err(invalid)?);
        }
        Ok(all)
    }

    /// Those in `files`, each with its name and its text.
    ///
    /// # Errors
    ///
    /// The first thing that no such file can say.
    pub fn read<'a>(files: impl Iterator<Item = (&'a str, &'a str)>) -> Result<Self, MutantError> {
        let mut all = Self::default();
        let mut names = BTreeSet::new();
        for (file, text) in files {
            let read: File = toml::from_str(text).map_err(|error| MutantError::Invalid {
                file: file.to_owned(),
                message: error.to_string(),
            })?;
            for mutant in read.mutant.iter().chain(&read.equivalent) {
                let name = mutant.name.clone();
                if !is_kebab(&name) || !names.insert(name.clone()) {
                    return Err(MutantError::Name { file: file.to_owned(), name });
                }
            }
            let wrong = |name: &str, problem| {
                let (file, name) = (file.to_owned(), name.to_owned());
                Err(MutantError::Direction { file, name, problem })
            };
            if let Some(mutant) = read.mutant.iter().find(|it| it.direction.is_none()) {
                return wrong(&mutant.name, "has no direction, say what its fault means");
            }
            if let Some(it) = read.equivalent.iter().find(|it| it.direction.is_some()) {
                return wrong(&it.name, "is an equivalent and has a direction, remove it");
            }
            all.mutants.extend(read.mutant);
            all.equivalents.extend(read.equivalent);
        }
        all.mutants.sort_by(|a, b| a.name.cmp(&b.name));
        all.equivalents.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }
}

fn is_kebab(name: &str) -> bool {
    !name.is_empty()
        && name.split('-').all(|word| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        })
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::Mutants;

    const RIGHT: &str = r#"
[[mutant]]
name = "no-origin"
says = "Nobody is allowed."
direction = "fail-closed"
fault = { origins = "nobody", response = [{ when = { status = ["4xx"], routes = ["missing"], policy = ["credentials"] }, set = [["vary", "{origin}"]] }] }
"#;

    fn error(text: &str) -> String {
        Mutants::read([("a.toml", text)].into_iter()).unwrap_err().to_string()
    }

    #[test]
    fn the_embedded_files_are_read() {
        let all = Mutants::embedded().unwrap_or_else(|error| panic!("{error}"));
        assert!(!all.mutants.is_empty() && !all.equivalents.is_empty());
    }

    /// Answers of the others are asked for only once.
    #[test]
    fn the_mutants_that_remember_are_those_of_their_own_file() {
        let remembers = |it: &&super::Mutant| it.fault.remembers();
        let all = Mutants::embedded().unwrap();
        let names: Vec<_> = all.mutants.iter().filter(remembers).map(|it| &it.name).collect();
        let file = super::FILES.get_file("memory.toml").unwrap().contents_utf8().unwrap();
        assert_eq!(names.len(), file.matches("[[mutant]]").count(), "{names:?}");
        assert!(names.iter().all(|name| name.starts_with("memory-")), "{names:?}");
        assert!(!all.equivalents.iter().any(|it| it.fault.remembers()));
    }

    #[test]
    fn a_right_file_is_read() {
        assert_eq!(Mutants::read([("a.toml", RIGHT)].into_iter()).unwrap().mutants.len(), 1);
    }

    #[test_case("origins", "origin", "unknown field `origin`"; "a misspelt key")]
    #[test_case("nobody", "no-body", "unknown variant `no-body`"; "a misspelt lookup")]
    #[test_case("4xx", "4x", "`4x` is no status"; "a misspelt status")]
    #[test_case("\"missing\"", "\"mising\"", "there is no route `mising`"; "a misspelt route")]
    #[test_case("\"credentials\"", "\"credential\"", "there is no fact `credential`"; "a misspelt fact")]
    #[test_case("\"vary\"", "\"va ry\"", "`va ry` is no header name"; "a misspelt header")]
    #[test_case("{origin}", "{origni}", "has a word that no template knows"; "a misspelt word")]
    #[test_case("no-origin", "No origin", "not a name of its own"; "a name with a space")]
    #[test_case("direction = \"fail-closed\"", "", "has no direction"; "a mutant without direction")]
    #[test_case("[[mutant]]", "[[equivalent]]", "is an equivalent and has a direction"; "an equivalent with one")]
    fn what_no_file_can_say_is_refused(right: &str, wrong: &str, expected: &str) {
        assert!(RIGHT.contains(right));
        let error = error(&RIGHT.replacen(right, wrong, 1));
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn a_name_is_given_once() {
        assert!(error(&format!("{RIGHT}{RIGHT}")).contains("not a name of its own"));
    }
}
