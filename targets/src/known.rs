//! `known.toml`: the failures of a target that are known, each with its reason.

use std::path::Path;
use std::{fs, io};

use globset::{Glob, GlobMatcher};
use miette::{Diagnostic, NamedSource, SourceSpan};
use serde::Deserialize;
use thiserror::Error;

/// The known failures of one target.
#[derive(Clone, Debug, Default)]
pub struct Known {
    entries: Vec<Entry>,
}

/// A known failure, or several of the same reason.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The scenario's id, or a glob of ids.
    pub scenario: String,
    /// The name of the policy it is known under; `None` for every policy.
    pub policy: Option<String>,
    /// Why it fails.
    pub reason: String,
    /// Where more is said.
    pub link: Option<String>,
    matcher: GlobMatcher,
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
        "each `[[known]]` has `scenario` and `reason`, and may have `policy` and `link`"
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
    scenario: toml::Spanned<String>,
    policy: Option<String>,
    reason: toml::Spanned<String>,
    link: Option<String>,
}

impl Known {
    /// Reads the `known.toml` of the target in `folder`; without that file nothing is known.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, has an unknown key, an entry without reason, or a bad glob.
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
        let wrong = |message: String, span: Option<SourceSpan>| {
            let text = NamedSource::new(name, text.to_owned()).with_language("toml");
            Box::new(KnownError::Wrong { message, text, span })
        };
        let file: KnownFile = toml::from_str(text)
            .map_err(|error| wrong(error.message().to_owned(), error.span().map(Into::into)))?;
        let mut entries = Vec::new();
        for raw in file.known {
            if raw.reason.get_ref().trim().is_empty() {
                let message = "the reason is empty, say why it fails".to_owned();
                return Err(wrong(message, Some(raw.reason.span().into())));
            }
            let span = raw.scenario.span();
            let matcher = Glob::new(raw.scenario.get_ref())
                .map_err(|error| wrong(error.to_string(), Some(span.into())))?
                .compile_matcher();
            entries.push(Entry {
                scenario: raw.scenario.into_inner(),
                policy: raw.policy,
                reason: raw.reason.into_inner(),
                link: raw.link,
                matcher,
            });
        }
        Ok(Self { entries })
    }

    /// All entries, in the file's order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The first entry for `scenario` under `policy`, both by name.
    pub fn entry(&self, scenario: &str, policy: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.matches(scenario, policy))
    }

    /// The entries that match none of `cases`, pairs of scenario and policy.
    pub fn unmatched<'a>(&'a self, cases: &[(&str, &str)]) -> Vec<&'a Entry> {
        let unused = |entry: &&Entry| !cases.iter().any(|(id, policy)| entry.matches(id, policy));
        self.entries.iter().filter(unused).collect()
    }
}

impl Entry {
    /// Whether it speaks of `scenario` under `policy`.
    pub fn matches(&self, scenario: &str, policy: &str) -> bool {
        self.policy.as_deref().is_none_or(|it| it == policy) && self.matcher.is_match(scenario)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_speaks_of_its_glob_under_its_policy_only() {
        let text = "[[known]]\nscenario = 'errors/*'\npolicy = 'public'\nreason = 'r'\n";
        let known = Known::parse("known.toml", text).unwrap();
        assert!(known.entry("errors/a", "public").is_some());
        assert!(known.entry("errors/a", "closed").is_none());
        assert!(known.entry("simple/a", "public").is_none());
        assert_eq!(known.unmatched(&[("simple/a", "public")]).len(), 1);
        assert!(known.unmatched(&[("errors/a", "public")]).is_empty());
    }

    #[test]
    fn an_entry_without_a_reason_is_an_error() {
        assert!(Known::parse("known.toml", "[[known]]\nscenario = 'a'\n").is_err());
        let error = Known::parse("known.toml", "[[known]]\nscenario = 'a'\nreason = ' '\n");
        assert!(error.unwrap_err().to_string().contains("reason is empty"));
    }
}
