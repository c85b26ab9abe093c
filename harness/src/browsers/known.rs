//! Disagreements whose cause is known: `known.toml`, beside this file.

use corspec_vectors::compare::Part;
use serde::Deserialize;

use super::compare::Difference;
use super::engine::Engine;
use crate::selection::{BadGlob, Selection};

/// An entry as it stands in the file.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Line {
    engine: Vec<Engine>,
    part: Part,
    scenario: Vec<String>,
    #[serde(default)]
    policy: Vec<String>,
    field: Vec<String>,
    cause: String,
    link: Option<String>,
    #[serde(default)]
    sometimes: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    known: Vec<Line>,
}

/// A disagreement that is known, and why it is one.
#[derive(Clone, Debug)]
pub struct Known {
    line: Line,
    scenarios: Selection,
}

/// Why `known.toml` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KnownError {
    /// It is not what it should be.
    #[error("known.toml of the browsers: {0}")]
    Toml(#[from] toml::de::Error),
    /// A scenario of it is no glob.
    #[error("known.toml of the browsers: {0}")]
    Glob(#[from] BadGlob),
    /// An entry does not say why.
    #[error("known.toml of the browsers: an entry for {0} has no cause")]
    NoCause(String),
}

impl Known {
    /// The entries of the embedded file.
    ///
    /// # Errors
    ///
    /// The file is no TOML of this form, or an entry has no cause.
    pub fn embedded() -> Result<Vec<Self>, KnownError> {
        Self::parse(include_str!("known.toml"))
    }

    fn parse(text: &str) -> Result<Vec<Self>, KnownError> {
        let file: File = toml::from_str(text)?;
        let known = file.known.into_iter().map(|line| {
            if line.cause.trim().is_empty() {
                return Err(KnownError::NoCause(line.scenario.join(", ")));
            }
            Ok(Self { scenarios: Selection::new(&line.scenario, &[])?, line })
        });
        known.collect()
    }

    /// Whether it speaks of this case in this browser.
    #[must_use]
    pub fn is_about(&self, engine: Engine, scenario: &str, policy: &str) -> bool {
        self.line.engine.contains(&engine)
            && self.scenarios.chooses(&[scenario])
            && (self.line.policy.is_empty() || self.line.policy.iter().any(|it| it == policy))
    }

    /// Whether it is this difference, of a case that it speaks of.
    #[must_use]
    pub fn covers(&self, difference: &Difference) -> bool {
        let field = |it: &String| {
            let (name, of) = difference.field.split_once(' ').unwrap_or((&difference.field, ""));
            *it == difference.field || (!of.is_empty() && it == name)
        };
        self.line.part == difference.part && self.line.field.iter().any(field)
    }

    /// What both come from.
    #[must_use]
    pub fn cause(&self) -> &str {
        &self.line.cause
    }

    /// Where more is said.
    #[must_use]
    pub fn link(&self) -> Option<&str> {
        self.line.link.as_deref()
    }

    /// Whether the browser does it at times only, so that an agreement is no surprise.
    #[must_use]
    pub fn is_by_chance(&self) -> bool {
        self.line.sometimes
    }

    /// Its scenarios and fields, as the file has them.
    #[must_use]
    pub fn named(&self) -> String {
        format!("{} ({})", self.line.scenario.join(", "), self.line.field.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: &str = "[[known]]\nengine = ['webkit']\npart = 'wire'\nscenario = ['redirects/*']\n\
                         policy = ['public']\nfield = ['origin', 'referer']\n";

    fn difference(part: Part, field: &str) -> Difference {
        let text = String::new;
        Difference { step: text(), part, field: field.to_owned(), model: text(), browser: text() }
    }

    #[test]
    fn the_embedded_file_is_read() {
        Known::embedded().unwrap();
    }

    #[test]
    fn an_entry_is_about_what_it_names() {
        let known = Known::parse(&format!("{ENTRY}cause = 'c'")).unwrap();
        let about = |engine, scenario, policy| known[0].is_about(engine, scenario, policy);
        assert!(about(Engine::WebKit, "redirects/chain", "public"));
        assert!(!about(Engine::Firefox, "redirects/chain", "public"));
        assert!(!about(Engine::WebKit, "simple/chain", "public"));
        assert!(!about(Engine::WebKit, "redirects/chain", "single"));
        assert!(known[0].covers(&difference(Part::Wire, "origin")));
        assert!(known[0].covers(&difference(Part::Wire, "origin of the preflight")));
        assert!(!known[0].covers(&difference(Part::View, "origin")));
        assert!(!known[0].covers(&difference(Part::Wire, "cookie")));
    }

    #[test]
    fn an_entry_without_a_cause_is_an_error() {
        let error = Known::parse(&format!("{ENTRY}cause = ' '")).unwrap_err();
        assert!(error.to_string().contains("redirects/*"), "{error}");
    }
}
