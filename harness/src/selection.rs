//! Which cases a run asks: globs over scenario ids.

use corspec_suite::scenario::Scenario;
use globset::{GlobBuilder, GlobMatcher};
use thiserror::Error;

/// A choice of scenarios: those that any `include` matches, without those that
/// any `exclude` matches. No `include` means all.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    include: Vec<GlobMatcher>,
    exclude: Vec<GlobMatcher>,
}

/// A pattern that is no glob.
#[derive(Debug, Error)]
#[error("`{pattern}` is not a glob: {source}")]
pub struct BadGlob {
    pattern: String,
    source: globset::Error,
}

impl Selection {
    /// A choice from the globs of `--scenario` and `--exclude`.
    ///
    /// A pattern without a slash or a wildcard names an area.
    ///
    /// # Errors
    ///
    /// A pattern is no glob.
    pub fn new(include: &[String], exclude: &[String]) -> Result<Self, BadGlob> {
        let compile = |patterns: &[String]| {
            patterns.iter().map(|it| glob(it)).collect::<Result<Vec<_>, BadGlob>>()
        };
        Ok(Self { include: compile(include)?, exclude: compile(exclude)? })
    }

    /// Whether the scenario with one of these ids (its own, then its aliases) is chosen.
    #[must_use]
    pub fn chooses(&self, ids: &[&str]) -> bool {
        let any =
            |globs: &[GlobMatcher]| globs.iter().any(|it| ids.iter().any(|id| it.is_match(id)));
        (self.include.is_empty() || any(&self.include)) && !any(&self.exclude)
    }

    /// Whether `scenario` is chosen, by its id or one of its aliases.
    #[must_use]
    pub fn takes(&self, scenario: &Scenario) -> bool {
        let aliases = scenario.aliases.iter().map(String::as_str);
        self.chooses(&std::iter::once(scenario.id.as_str()).chain(aliases).collect::<Vec<_>>())
    }

    /// Whether everything is chosen.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }
}

/// Whether `pattern` names exactly one thing, so that its absence is a mistake.
#[must_use]
pub fn is_literal(pattern: &str) -> bool {
    !pattern.contains(['*', '?', '[', '{'])
}

fn glob(pattern: &str) -> Result<GlobMatcher, BadGlob> {
    let area = is_literal(pattern) && !pattern.contains('/');
    let whole = if area { format!("{pattern}/*") } else { pattern.to_owned() };
    match GlobBuilder::new(&whole).literal_separator(true).build() {
        Ok(glob) => Ok(glob.compile_matcher()),
        Err(source) => Err(BadGlob { pattern: pattern.to_owned(), source }),
    }
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::Selection;

    #[test_case(&[], &[], true; "everything by default")]
    #[test_case(&["preflight/*"], &[], true; "a glob over an area")]
    #[test_case(&["preflight"], &[], true; "an area by its name")]
    #[test_case(&["*"], &[], false; "a star does not cross the slash")]
    #[test_case(&["*/status-204"], &[], true; "any area")]
    #[test_case(&["simple/*", "preflight/old-name"], &[], true; "an alias")]
    #[test_case(&["preflight"], &["*/status-*"], false; "excluded after all")]
    #[test_case(&["simple"], &[], false; "another area")]
    fn globs_choose(include: &[&str], exclude: &[&str], want: bool) {
        let owned = |globs: &[&str]| globs.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        let selection = Selection::new(&owned(include), &owned(exclude)).unwrap();
        assert_eq!(selection.chooses(&["preflight/status-204", "preflight/old-name"]), want);
    }
}
