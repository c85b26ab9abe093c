//! `known.toml`: the failures of a target that are known, each with its reason.

use std::ops::Range;
use std::path::Path;
use std::{fs, io};

use globset::{Glob, GlobMatcher};
use jiff::civil::Date;
use miette::{Diagnostic, NamedSource, SourceSpan};
use serde::Deserialize;
use thiserror::Error;
use toml::Spanned;
use toml::value::Datetime;

mod rewrite;

pub use rewrite::{Cases, rewrite};

/// The known failures of one target.
#[derive(Clone, Debug)]
pub struct Known {
    entries: Vec<Entry>,
    source: NamedSource<String>,
}

/// A known failure, or several of the same reason.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Why it fails.
    pub reason: String,
    /// Where more is said.
    pub link: Option<String>,
    /// The day after which it counts as unexpected again.
    pub expires: Option<Date>,
    scenarios: Vec<Spoken<GlobMatcher>>,
    /// None: every policy.
    policies: Vec<Spoken<String>>,
}

/// A part of an entry, with where it stands in the file.
#[derive(Clone, Debug)]
struct Spoken<T> {
    value: T,
    span: Range<usize>,
}

/// A `known.toml` that cannot be used.
#[derive(Debug, Diagnostic, Error)]
pub enum KnownError {
    /// It could not be read.
    #[error("could not read `{path}`")]
    Read {
        /// Which file.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is wrong.
    #[error("{message}")]
    #[diagnostic(help(
        "each `[[known]]` has `scenario` and `reason`, and may have `policy`, `link` and `expires`"
    ))]
    Wrong {
        /// What is wrong.
        message: String,
        /// The file's text.
        #[source_code]
        text: NamedSource<String>,
        /// Where in it.
        #[label("here")]
        span: Option<SourceSpan>,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KnownFile {
    #[serde(default)]
    known: Vec<RawEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct RawEntry {
    scenario: Spanned<Names>,
    policy: Option<Spanned<Names>>,
    reason: Spanned<String>,
    link: Option<String>,
    expires: Option<Spanned<Datetime>>,
}

/// One name, or a list of names.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a string, or a list of strings")]
enum Names {
    One(String),
    Several(Vec<String>),
}

impl Known {
    /// Reads the `known.toml` of the target in `folder`; without that file nothing is known.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, has an unknown key, an entry without reason, a bad glob or day.
    pub fn read(folder: &Path) -> Result<Self, Box<KnownError>> {
        let path = folder.join("known.toml");
        match fs::read_to_string(&path) {
            Ok(text) => Self::parse(&path.to_string_lossy(), &text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(Box::new(KnownError::Read {
                path: path.to_string_lossy().into_owned(),
                source,
            })),
        }
    }

    /// Reads `text`; `name` is how errors call it.
    ///
    /// # Errors
    ///
    /// As [`Known::read`].
    pub fn parse(name: &str, text: &str) -> Result<Self, Box<KnownError>> {
        let source = NamedSource::new(name, text.to_owned()).with_language("toml");
        let known = Self { entries: Vec::new(), source };
        let file: KnownFile = toml::from_str(text)
            .map_err(|error| known.wrong(error.message().to_owned(), error.span()))?;
        let entries = file.known.into_iter().map(|raw| known.checked(raw));
        Ok(Self { entries: entries.collect::<Result<_, _>>()?, ..known })
    }

    fn checked(&self, raw: RawEntry) -> Result<Entry, Box<KnownError>> {
        if raw.reason.get_ref().trim().is_empty() {
            let message = "the reason is empty, say why it fails".to_owned();
            return Err(self.wrong(message, Some(raw.reason.span())));
        }
        let glob = |Spoken { value, span }: Spoken<String>| match Glob::new(&value) {
            Ok(glob) => Ok(Spoken { value: glob.compile_matcher(), span }),
            Err(error) => Err(self.wrong(error.to_string(), Some(span))),
        };
        let day = |date: Spanned<Datetime>| {
            date.get_ref().to_string().parse::<Date>().map_err(|_| {
                let message = "not a day, write for example 2027-06-30".to_owned();
                self.wrong(message, Some(date.span()))
            })
        };
        Ok(Entry {
            reason: raw.reason.into_inner(),
            link: raw.link,
            expires: raw.expires.map(day).transpose()?,
            scenarios: self.spoken(raw.scenario).map(glob).collect::<Result<_, _>>()?,
            policies: raw.policy.into_iter().flat_map(|names| self.spoken(names)).collect(),
        })
    }

    /// Each of `names`, with where it stands.
    fn spoken(&self, names: Spanned<Names>) -> impl Iterator<Item = Spoken<String>> {
        let whole = names.span();
        let names = match names.into_inner() {
            Names::One(name) => vec![name],
            Names::Several(names) => names,
        };
        names.into_iter().map(move |value| {
            let text = self.source.inner().get(whole.clone()).unwrap_or_default();
            let within = text.match_indices(&value).find(|(at, _)| {
                text[..*at].ends_with(['"', '\''])
                    && text[at + value.len()..].starts_with(['"', '\''])
            });
            let span = within
                .map_or(whole.clone(), |(at, _)| whole.start + at..whole.start + at + value.len());
            Spoken { value, span }
        })
    }

    /// All entries, in the file's order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The first entry for `scenario` under `policy`, both by name.
    pub fn entry(&self, scenario: &str, policy: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.matches(scenario, policy))
    }

    /// Makes sure that everything in every entry speaks of one of `cases`, pairs of scenario and
    /// policy.
    ///
    /// # Errors
    ///
    /// The first scenario or policy that matches nothing, and where it stands.
    pub fn check_matches(&self, cases: &[(&str, &str)]) -> Result<(), Box<KnownError>> {
        for entry in &self.entries {
            for Spoken { value: glob, span } in &entry.scenarios {
                let speaks =
                    |(id, policy): &(&str, &str)| glob.is_match(id) && entry.is_under(policy);
                if !cases.iter().any(speaks) {
                    let message = format!("`{}` matches no case", glob.glob());
                    return Err(self.wrong(message, Some(span.clone())));
                }
            }
            for Spoken { value: name, span } in &entry.policies {
                let speaks = |(id, policy): &(&str, &str)| policy == name && entry.is_of(id);
                if !cases.iter().any(speaks) {
                    let message = format!("no case of this entry is asked under `{name}`");
                    return Err(self.wrong(message, Some(span.clone())));
                }
            }
        }
        Ok(())
    }

    fn wrong(&self, message: String, span: Option<Range<usize>>) -> Box<KnownError> {
        let text = self.source.clone();
        Box::new(KnownError::Wrong { message, text, span: span.map(Into::into) })
    }
}

impl Entry {
    /// Whether it speaks of `scenario` under `policy`.
    #[must_use]
    pub fn matches(&self, scenario: &str, policy: &str) -> bool {
        self.is_under(policy) && self.is_of(scenario)
    }

    /// Whether its day is over on `today`.
    #[must_use]
    pub fn is_expired(&self, today: Date) -> bool {
        self.expires.is_some_and(|expires| expires < today)
    }

    fn is_under(&self, policy: &str) -> bool {
        self.policies.is_empty() || self.policies.iter().any(|it| it.value == policy)
    }

    fn is_of(&self, scenario: &str) -> bool {
        self.scenarios.iter().any(|it| it.value.is_match(scenario))
    }
}

impl Default for Known {
    fn default() -> Self {
        Self { entries: Vec::new(), source: NamedSource::new("known.toml", String::new()) }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use miette::Diagnostic as _;
    use test_case::test_case;

    use super::*;

    fn known(text: &str) -> Known {
        Known::parse("known.toml", &format!("[[known]]\n{text}\n")).unwrap()
    }

    #[test_case("errors/a", "public" => true; "the glob under the policy")]
    #[test_case("errors/a", "closed" => false; "another policy")]
    #[test_case("simple/a", "public" => false; "another scenario")]
    #[test_case("simple/b", "single" => true; "the second of each list")]
    fn an_entry_speaks_of_its_scenarios_under_its_policies(id: &str, policy: &str) -> bool {
        let lists = "scenario = ['errors/*', 'simple/b']\npolicy = ['public', 'single']";
        known(&format!("{lists}\nreason = 'r'")).entry(id, policy).is_some()
    }

    #[test]
    fn without_policies_an_entry_speaks_of_all() {
        assert!(known("scenario = 'a/b'\nreason = 'r'").entry("a/b", "any").is_some());
    }

    #[test_case("scenario = 'a/b'" => None; "all is matched")]
    #[test_case("scenario = ['a/b', 'c/*']" => Some("c/*".to_owned()); "a glob is not")]
    #[test_case("scenario = 'a/b'\npolicy = ['p', 'q']" => Some("q".to_owned()); "a policy is not")]
    fn what_matches_nothing_is_pointed_at(text: &str) -> Option<String> {
        let text = format!("[[known]]\n{text}\nreason = 'r'\n");
        let known = Known::parse("known.toml", &text).unwrap();
        let error = known.check_matches(&[("a/b", "p"), ("d/e", "q")]).err()?;
        let label = error.labels().unwrap().next().unwrap();
        Some(text[label.offset()..label.offset() + label.len()].to_owned())
    }

    #[test]
    fn an_entry_holds_through_its_last_day() {
        let known = known("scenario = 'a/b'\nreason = 'r'\nexpires = 2027-06-30");
        let entry = known.entry("a/b", "p").unwrap();
        assert!(!entry.is_expired(date(2027, 6, 30)));
        assert!(entry.is_expired(date(2027, 7, 1)));
    }

    #[test_case("scenario = 'a'", "missing field `reason`"; "no reason")]
    #[test_case("scenario = 'a'\nreason = ' '", "reason is empty"; "an empty reason")]
    #[test_case("scenario = '['\nreason = 'r'", "unclosed"; "no glob")]
    #[test_case("scenario = 'a'\nreason = 'r'\nexpires = 10:00:00", "not a day"; "a time of day")]
    #[test_case("scenario = 'a'\nreason = 'r'\nwhy = ''", "unknown field `why`"; "an unknown key")]
    #[test_case("scenario = 1\nreason = 'r'", "a string, or a list of strings"; "a number")]
    fn each_mistake_has_its_own_words(text: &str, words: &str) {
        let error = Known::parse("known.toml", &format!("[[known]]\n{text}\n")).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
}
