//! Loading: from text to a checked suite, or an error that points at the place.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use include_dir::{Dir, include_dir};
use miette::{Diagnostic, NamedSource, SourceSpan};

use crate::policy::Policy;
use crate::scenario::{AreaFile, Scenario};

mod lint;

use lint::lint;

static SCENARIOS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/scenarios");
static POLICIES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/policies");

/// Scenarios and policies, checked.
#[derive(Clone, Debug)]
pub struct Suite {
    scenarios: Vec<Scenario>,
    areas: BTreeMap<String, String>,
    policies: BTreeMap<String, Policy>,
}

/// Why a suite cannot be loaded.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum LoadError {
    /// A file cannot be read.
    #[error("cannot read `{path}`: {source}")]
    Unreadable {
        /// Where.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A file says something that it cannot say.
    #[error("{file} is not a scenario file")]
    Invalid {
        /// The file's name.
        file: String,
        /// Its text.
        #[source_code]
        text: Arc<NamedSource<String>>,
        /// What is wrong.
        message: String,
        /// Where.
        #[label("{message}")]
        span: SourceSpan,
        /// What to do.
        #[help]
        hint: Option<String>,
    },
    /// A policy file makes no sense.
    #[error("{file} is not a policy: {message}")]
    Policy {
        /// The file's name.
        file: String,
        /// What is wrong.
        message: String,
    },
}

impl Suite {
    /// The scenarios and policies that are built in.
    ///
    /// # Errors
    /// Never for a released build: a test loads them.
    pub fn embedded() -> Result<Self, LoadError> {
        Self::from_texts(&texts(&SCENARIOS), &texts(&POLICIES))
    }

    /// The scenarios of the `.toml` files in `folder`, with the policies that are built in.
    ///
    /// # Errors
    /// When the folder or a file cannot be read, or says something that it cannot say.
    pub fn load(folder: &Path) -> Result<Self, LoadError> {
        let unreadable = |path: &Path, source| LoadError::Unreadable {
            path: path.display().to_string(),
            source,
        };
        let mut files = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(|e| unreadable(folder, e))? {
            let path = entry.map_err(|e| unreadable(folder, e))?.path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                let text = std::fs::read_to_string(&path).map_err(|e| unreadable(&path, e))?;
                files.push((path.display().to_string(), text));
            }
        }
        files.sort();
        Self::from_texts(&files, &texts(&POLICIES))
    }

    fn from_texts(
        files: &[(String, String)],
        policies: &[(String, String)],
    ) -> Result<Self, LoadError> {
        let mut suite =
            Self { scenarios: Vec::new(), areas: BTreeMap::new(), policies: BTreeMap::new() };
        for (file, text) in policies {
            let name = Path::new(file).file_stem().unwrap_or_default().to_string_lossy();
            let policy = Policy::from_toml(text)
                .map_err(|e| LoadError::Policy { file: file.clone(), message: e.to_string() })?;
            suite.policies.insert(name.into_owned(), policy);
        }
        let mut ids = BTreeSet::new();
        for (file, text) in files {
            let area = read(file, text, &mut ids)?;
            suite.areas.insert(area.area, area.about);
            suite.scenarios.extend(area.scenario);
        }
        suite.scenarios.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(suite)
    }

    /// The scenarios, by id.
    #[must_use]
    pub fn scenarios(&self) -> &[Scenario] {
        &self.scenarios
    }

    /// The scenario of this id or alias.
    #[must_use]
    pub fn scenario(&self, id: &str) -> Option<&Scenario> {
        self.scenarios.iter().find(|s| s.id == id || s.aliases.iter().any(|alias| alias == id))
    }

    /// The policies that launched targets run under, by name.
    #[must_use]
    pub fn policies(&self) -> &BTreeMap<String, Policy> {
        &self.policies
    }

    /// What each area asks, by the area's name.
    #[must_use]
    pub fn areas(&self) -> &BTreeMap<String, String> {
        &self.areas
    }
}

/// The name nearest to `word`, if one is near enough to have been meant.
pub fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(word, name), name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

fn texts(folder: &Dir<'static>) -> Vec<(String, String)> {
    let mut files: Vec<_> = folder
        .files()
        .filter(|file| file.path().extension().is_some_and(|extension| extension == "toml"))
        .map(|file| {
            let text = String::from_utf8_lossy(file.contents()).into_owned();
            (file.path().display().to_string(), text)
        })
        .collect();
    files.sort();
    files
}

/// Reads and checks one file; `ids` are those of the files before.
fn read(file: &str, text: &str, ids: &mut BTreeSet<String>) -> Result<AreaFile, LoadError> {
    let mut area: AreaFile = toml::from_str(text).map_err(|error| syntax(file, text, &error))?;
    for scenario in &mut area.scenario {
        let start = position(text, 0, &scenario.id).0;
        scenario.file = file.to_owned();
        scenario.line = text[..start].lines().count().max(1);
        let mut expects = text[start..].match_indices("expect").map(|(index, _)| start + index);
        for step in &mut scenario.step {
            step.expect.line =
                expects.next().map_or(scenario.line, |at| text[..at].lines().count());
        }
    }
    for scenario in &area.scenario {
        if let Err(fault) = lint(scenario, &area.area, ids) {
            let start = position(text, 0, &scenario.id).0;
            let (at, length) = position(text, start, &fault.word);
            return Err(invalid(file, text, (at, length), fault.message, fault.hint));
        }
    }
    Ok(area)
}

/// Where the quoted `word` stands in `text` at or after `from`, or `from` itself.
fn position(text: &str, from: usize, word: &str) -> (usize, usize) {
    match text[from..].find(&format!("\"{word}\"")) {
        Some(at) => (from + at, word.len() + 2),
        None => (from, 1),
    }
}

fn syntax(file: &str, text: &str, error: &toml::de::Error) -> LoadError {
    let span = error.span().unwrap_or(0..0);
    let names: Vec<&str> = error.message().split('`').skip(1).step_by(2).collect();
    let hint = match names.split_first() {
        Some((word, known)) if error.message().starts_with("unknown") => {
            nearest(word, known.iter().copied()).map(|name| format!("did you mean `{name}`?"))
        }
        _ => None,
    };
    let hint = hint.unwrap_or_else(|| "the fields are described in suite/README.md".to_owned());
    invalid(file, text, (span.start, span.len()), error.message().to_owned(), Some(hint))
}

fn invalid(
    file: &str,
    text: &str,
    span: (usize, usize),
    message: String,
    hint: Option<String>,
) -> LoadError {
    LoadError::Invalid {
        file: file.to_owned(),
        text: Arc::new(NamedSource::new(file, text.to_owned())),
        message,
        span: span.into(),
        hint,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use test_case::test_case;

    const RIGHT: &str = r#"area = "simple"
about = "One."

[[scenario]]
id = "simple/a"
title = "b"
why = "c"
impact = "d"
spec = "fetch#cors-check 4"
basis = "outcome"
level = "must"
direction = "fail-open"
requires = ["credentials"]
[[scenario.step]]
fetch = { origin = "allowed", route = "resource" }
expect = { page = "blocked", cause = ["allow-origin-missing"], header = [ { on = "actual", name = "vary", is = "vary-names", value = "origin" } ] }
"#;

    fn failure(wrong: &str, right: &str) -> String {
        assert!(RIGHT.contains(wrong));
        let text = RIGHT.replacen(wrong, right, 1);
        let error = read("simple.toml", &text, &mut BTreeSet::new()).unwrap_err();
        let mut shown = String::new();
        miette::GraphicalReportHandler::new_themed(miette::GraphicalTheme::unicode_nocolor())
            .render_report(&mut shown, &error)
            .unwrap();
        shown
    }

    #[test]
    fn the_embedded_suite_loads_with_seven_policies() {
        let suite = Suite::embedded().unwrap_or_else(|e| panic!("{:?}", miette::Report::new(e)));
        assert_eq!(suite.policies().len(), 7);
        assert!(suite.scenarios().len() >= 150);
    }

    #[test_case("titel = \"b\"", "title", 6 ; "misspelt key")]
    fn a_misspelt_key_is_shown_with_its_line_and_the_name_meant(
        line: &str,
        meant: &str,
        number: usize,
    ) {
        let shown = failure("title = \"b\"", line);
        assert!(shown.contains(&format!("simple.toml:{number}:1")), "{shown}");
        assert!(shown.contains(&format!("did you mean `{meant}`?")), "{shown}");
    }

    #[test_case("simple/a", "other/a", "an id is `simple/`" ; "area")]
    #[test_case("simple/a", "simple/A b", "an id is `simple/`" ; "slug")]
    #[test_case("\"outcome\"", "\"cache\"", "`must` is for" ; "level and basis")]
    #[test_case("direction = \"fail-open\"", "", "`direction` may be absent" ; "direction")]
    #[test_case("\"fetch#cors-check 4\"", "\"cors-check\"", "`spec` is" ; "spec")]
    #[test_case("fetch#cors-check 4", "fetch#cors-chek 4", "did you mean `fetch#cors-check`?" ; "anchor")]
    #[test_case("fetch#cors-check 4", "fetch#xyz", "no anchor `xyz`" ; "anchor without step")]
    #[test_case("\"allowed\",", "\"allowed\", method = \"trace\",", "simple.toml:15" ; "forbidden method, with its line")]
    #[test_case("\"allowed\",", "\"allowed\", method = \"P T\",", "no page can send" ; "method that is no token")]
    #[test_case("expect = { page = \"blocked\", cause = [\"allow-origin-missing\"], header = [ { on = \"actual\", name = \"vary\", is = \"vary-names\", value = \"origin\" } ] }", "", "passes whatever is answered" ; "no expectation")]
    #[test_case("page = \"blocked\", cause = [\"allow-origin-missing\"], header = [ { on = \"actual\", name = \"vary\", is = \"vary-names\", value = \"origin\" } ]", "page = \"any\"", "passes whatever is answered" ; "an expectation of anything")]
    #[test_case("\"credentials\"", "\"credentails\"", "did you mean `credentials`?" ; "requirement")]
    #[test_case("\"credentials\"", "\"route:resouce\"", "did you mean `resource`?" ; "required route")]
    #[test_case("\"credentials\"", "\"ability:all-method\"", "did you mean `all-methods`?" ; "ability")]
    #[test_case("\"resource\"", "\"resorce\"", "did you mean `resource`?" ; "route")]
    #[test_case("\"allowed\"", "\"alowed\"", "did you mean `allowed`?" ; "role")]
    #[test_case("\"allowed\"", "\"uppercase\"", "use `wire`" ; "wire-only role")]
    #[test_case("route = \"resource\" }", "route = \"resource\", headers = [\"alowed\"] }", "did you mean `allowed`?" ; "header role")]
    #[test_case("route = \"resource\" }", "route = \"redirect\", to = \"resorce\" }", "did you mean `resource`?" ; "where a fetch leads")]
    #[test_case("fetch = { origin = \"allowed\", route", "wire = { headers = [[\"a\", \"{origin:alowed}\"]], route", "did you mean `allowed`?" ; "role in a header")]
    #[test_case("fetch = { origin = \"allowed\", route", "wire = { method = \"{method:denid}\", route", "did you mean `denied`?" ; "role in a method")]
    #[test_case("fetch = { origin = \"allowed\", route", "wire = { to = \"resorce\", route", "did you mean `resource`?" ; "where a raw request leads")]
    #[test_case("[[scenario.step]]", "[[scenario.accept]]\nname = \"a\"\nnote = \"b\"\nexpect = [{ step = \"1\", cause = [\"allow-origin-mising\"] }]\n[[scenario.step]]", "did you mean `allow-origin-missing`?" ; "cause of a variant")]
    #[test_case("value = \"origin\"", "value = \"{origin:alowed}\"", "did you mean `allowed`?" ; "role in an expected value")]
    #[test_case("page = \"blocked\"", "visible-where-sent = [\"{policy:expose-header}\"], page = \"blocked\"", "did you mean `expose-headers`?" ; "list of a policy")]
    #[test_case("\"allow-origin-missing\"", "\"allow-origin-mising\"", "there is no cause" ; "cause")]
    #[test_case(", value = \"origin\"", "", "needs a `value`" ; "operator without value")]
    #[test_case("\"vary-names\"", "\"present\"", "takes no `value`" ; "operator with value")]
    #[test_case("fetch = { origin = \"allowed\", route", "differential = { method = \"POST\", route", "can only `observe`" ; "answers that no cache stores")]
    #[test_case("fetch = { origin = \"allowed\", route", "differential = { by = [\"request-method\"], route", "only with `preflight`" ; "headers of preflights")]
    #[test_case("fetch = { origin = \"allowed\"", "differential = { to = \"redirekt\"", "did you mean `redirect`?" ; "where a redirect leads")]
    #[test_case("requires = ", "grammar = \"max-age\"\nthroughout = \"max-age\"\nrequires = ", "one rule" ; "two rules")]
    #[test_case("fetch = ", "wire = { route = \"resource\" }\nfetch = ", "exactly one of" ; "two actions")]
    #[test_case("fetch = ", "alongside = true\nfetch = ", "`alongside` is for" ; "alongside nothing")]
    #[test_case("[[scenario.step]]", "[[scenario.step]]\nwhere-served = true\nwire = { route = \"vary\" }\n[[scenario.step]]\nalongside = true", "another step needs" ; "what is done alongside and may be left out")]
    #[test_case("[[scenario.step]]", "[[scenario.step]]\nname = \"first\"\nwhere-served = true\nwire = { route = \"vary\" }\n[[scenario.step]]\nwire = { route = \"vary\", headers = [[\"x\", \"{answer:first:etag}\"]] }\n[[scenario.step]]", "no earlier step `first`" ; "an answer that may be left out")]
    #[test_case("[[scenario.step]]", "[[scenario.step]]\nname = \"first\"\nwhere-served = true\nwire = { route = \"vary\" }\n[[scenario.step]]\nwire = { route = \"vary\" }\nexpect = { header = [{ name = \"vary\", is = \"same-as\", step = \"first\" }] }\n[[scenario.step]]", "another step needs" ; "a comparison that may be left out")]
    #[test_case("route = \"resource\" }", "route = \"resource\", headers = [\"x: {answer:1:etag}\"] }", "no earlier step `1`" ; "an answer to itself")]
    fn what_a_scenario_cannot_say_is_refused(wrong: &str, right: &str, expected: &str) {
        let shown = failure(wrong, right);
        assert!(shown.contains(expected), "{shown}");
    }

    #[test]
    fn an_id_is_given_once() {
        let mut ids = BTreeSet::from(["simple/a".to_owned()]);
        assert!(read("simple.toml", RIGHT, &mut ids).is_err());
    }
}
