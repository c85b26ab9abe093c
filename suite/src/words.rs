//! Scenarios in words, for people: what a step does and what must come of it.
//!
//! The judge says with the same words what it expected, so that an explanation and a failure agree.

use serde::Serialize;

use crate::scenario::{
    Basis, CredentialsChoice, DifferentialAction, Direction, Expect, FetchAction, HeaderExpect,
    Level, ModeChoice, On, Operator, PageSees, RedirectChoice, Sent, StatusMatch, Step, WireAction,
};

mod roles;

/// The word that stands for `value` in scenario files, such as `fail-open`.
#[must_use]
pub fn key<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// `a`, `a or b`, `a, b or c`.
#[must_use]
pub fn joined<T: AsRef<str>>(words: &[T], last: &str) -> String {
    match words {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [first @ .., end] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} {last} {}", first.join(", "), end.as_ref())
        }
    }
}

fn quoted<T: AsRef<str>>(words: &[T]) -> Vec<String> {
    let quote = |word: &str| if word.is_empty() { "empty".to_owned() } else { format!("`{word}`") };
    words.iter().map(|word| quote(word.as_ref())).collect()
}

/// Where the place that a scenario's `spec` names is published; `None` where it names no standard known here.
///
/// The step after the anchor is not part of it.
#[must_use]
pub fn spec_link(spec: &str) -> Option<String> {
    let place = spec.split(' ').next()?;
    let (standard, anchor) = place.split_once('#')?;
    let published = match standard {
        "fetch" => "https://fetch.spec.whatwg.org/".to_owned(),
        "html" => "https://html.spec.whatwg.org/".to_owned(),
        rfc if rfc.starts_with("rfc") => format!("https://www.rfc-editor.org/rfc/{rfc}"),
        _ => return None,
    };
    Some(format!("{published}#{anchor}"))
}

impl Level {
    /// What it means for whoever fails.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Must => "browsers or the grammar decide it",
            Self::Should => "advice: nothing in the browser enforces it",
            Self::Observe => "it never fails, it records",
        }
    }
}

impl Basis {
    /// What the expectation rests on.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Outcome => "what browsers do with the answer, measured against the policy",
            Self::Grammar => "the grammar of a header",
            Self::Cache => "what a cache between may do with the answer",
            Self::Http => "HTTP itself",
            Self::Hardening => "no standard: it is safer so",
            Self::Interop => "how implementations get along",
        }
    }
}

impl Direction {
    /// What a failure means.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::FailOpen => "shared although the policy forbids it: a hole",
            Self::FailClosed => "blocked although the policy allows it: an outage",
            Self::Malformed => "not what the grammar allows",
            Self::CacheHazard => "a cache may break or leak to other visitors",
        }
    }
}

impl Step {
    /// What is done.
    #[must_use]
    pub fn words(&self) -> String {
        let action = match (&self.fetch, &self.wire, &self.differential) {
            (Some(fetch), ..) => fetch.words(),
            (_, Some(wire), _) => wire.words(),
            (.., Some(differential)) => differential.words(),
            (None, None, None) => "nothing is done".to_owned(),
        };
        let served = if self.where_served { "where that route is served, " } else { "" };
        let action = format!("{served}{action}");
        match (self.advance, self.alongside) {
            (0, false) => action,
            (0, true) => format!("at the same time, {action}"),
            (seconds, _) => format!("{seconds} s later, {action}"),
        }
    }

    /// Each thing that must come of it.
    #[must_use]
    pub fn expectations(&self) -> Vec<String> {
        let mut words = self.expect.words();
        if self.differential.is_some() {
            words.push("answers that differ in a CORS header name in `vary` what the difference depends on".to_owned());
            words.push(
                "a shared cache between hands no visitor an answer that breaks or leaks".to_owned(),
            );
        }
        words
    }
}

/// `resource`, with what the route leaves open.
fn place(route: &str, code: Option<u16>, to: Option<&str>, query: Option<&str>) -> String {
    let mut place = format!("`{route}`");
    if let Some(code) = code {
        place += &format!(" ({code})");
    }
    if let Some(to) = to {
        place += &format!(" to `{to}`");
    }
    if let Some(query) = query {
        place += &format!(" with the query `{query}`");
    }
    place
}

impl FetchAction {
    fn words(&self) -> String {
        let mut place = place(&self.route, self.code, self.to.as_deref(), self.query.as_deref());
        if let Some(suffix) = &self.suffix {
            place += &format!(" with `{suffix}` at the end of its path");
        }
        let mut parts = vec![format!(
            "a page of the origin `{}` fetches {place} with the method `{}`",
            self.origin, self.method
        )];
        let mut add = |condition: bool, words: &str| {
            if condition {
                parts.push(words.to_owned());
            }
        };
        let headers = joined(&quoted(&self.headers), "and");
        add(!self.headers.is_empty(), &format!("the headers {headers}"));
        let body_type = self.body_type.as_deref().map(|it| format!("a body of the type `{it}`"));
        add(self.body.is_some(), body_type.as_deref().unwrap_or("a body"));
        match self.credentials {
            CredentialsChoice::SameOrigin => {}
            CredentialsChoice::Omit => add(true, "no credentials"),
            CredentialsChoice::Include => add(true, "credentials"),
            CredentialsChoice::AsPolicy => add(true, "credentials where the policy allows them"),
        }
        match self.mode {
            ModeChoice::Cors => {}
            ModeChoice::NoCors => add(true, "the mode `no-cors`"),
            ModeChoice::SameOrigin => add(true, "the mode `same-origin`"),
        }
        match self.redirect {
            RedirectChoice::Follow => {}
            RedirectChoice::Error => add(true, "the redirect mode `error`"),
            RedirectChoice::Manual => add(true, "the redirect mode `manual`"),
        }
        add(self.use_cors_preflight, "a preflight in any case");
        let by = if self.through_elsewhere {
            ", by way of a server of another origin, which redirects there"
        } else {
            ""
        };
        format!("{}{by}", joined(&parts, "and"))
    }
}

impl WireAction {
    fn words(&self) -> String {
        let place = place(&self.route, self.code, self.to.as_deref(), self.query.as_deref());
        let line = |(name, value): &(String, String)| format!("`{name}: {value}`");
        let lines: Vec<String> = self.headers.iter().map(line).collect();
        let mut words = format!("a raw request: `{}` for {place}", self.method);
        match lines.len() {
            0 => {}
            1 => words += &format!(" with the line {}", lines[0]),
            _ => words += &format!(" with the lines {}", joined(&lines, "and")),
        }
        if self.body.is_some() {
            words += ", with a body";
        }
        words
    }
}

impl DifferentialAction {
    fn words(&self) -> String {
        let names: Vec<_> = self.varied().iter().map(|header| header.name()).collect();
        let place = place(&self.route, self.code, self.to.as_deref(), None);
        let asked = match self.preflight {
            true => format!("send the preflight for the method `{}` to", self.method),
            false => format!("send `{}` to", self.method),
        };
        format!("visitors that differ in {} {asked} {place}", joined(&quoted(&names), "or"))
    }
}

impl Expect {
    /// Each thing that is asked.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        words.extend(
            self.page.filter(|page| *page != PageSees::Any).map(|it| it.words().to_owned()),
        );
        if !self.cause.is_empty() {
            words.push(format!(
                "where it is blocked, the cause is {}",
                joined(&quoted(&self.cause), "or")
            ));
        }
        words.extend(self.preflight.map(|sent| sent.words("a preflight")));
        words.extend(self.actual.map(|sent| sent.words("the request itself")));
        words.extend(self.status.as_ref().map(StatusMatch::words));
        words.extend(self.visible.iter().map(|name| readable(name, true)));
        words.extend(
            self.visible_where_sent
                .iter()
                .map(|names| format!("the page can read what the answer has of `{names}`")),
        );
        words.extend(self.hidden.iter().map(|name| readable(name, false)));
        words.extend(self.header.iter().map(HeaderExpect::words));
        words
    }
}

/// Whether the page can read the header.
pub(crate) fn readable(name: &str, can: bool) -> String {
    format!("the page {} read `{name}`", if can { "can" } else { "cannot" })
}

impl PageSees {
    /// What the page gets.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Readable => "the page can read the response",
            Self::Blocked => "the page is blocked by a network error",
            Self::Opaque => "the page gets an opaque response",
            Self::OpaqueRedirect => "the page gets an opaque redirect",
            Self::Any => "the page gets anything",
        }
    }
}

impl Sent {
    /// Whether `request` reaches the server.
    pub(crate) fn words(self, request: &str) -> String {
        match self {
            Self::Sent => format!("{request} reaches the server"),
            Self::NotSent => format!("{request} is not sent"),
        }
    }
}

impl StatusMatch {
    /// What the status is.
    #[must_use]
    pub fn words(&self) -> String {
        format!("the status is {self}")
    }
}

impl On {
    /// The answers, as the subject of a sentence.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Preflight => "the preflight's answer",
            Self::First => "the first answer that is no preflight's",
            Self::Actual => "the last answer that is no preflight's",
            Self::Every => "every answer",
            Self::Response => "the answer",
        }
    }
}

impl HeaderExpect {
    /// What the header must be, on which answers.
    #[must_use]
    pub fn words(&self) -> String {
        let operands: Vec<_> = self.value.iter().chain(&self.values).collect();
        let is = self.is.words(&operands, self.step.as_deref().unwrap_or_default());
        match self.on {
            On::Response => format!("`{}` {is}", self.name),
            on => format!("on {}, `{}` {is}", on.words(), self.name),
        }
    }
}

impl Operator {
    /// What a header must be, as the rest of a sentence that begins with its name. `operands` are the operator's values,
    /// `step` the name of the step that it compares with.
    #[must_use]
    pub fn words<T: AsRef<str>>(self, operands: &[T], step: &str) -> String {
        let values = quoted(operands);
        let or = joined(&values, "or");
        let and = joined(&values, "and");
        match self {
            Self::Absent => "is absent".to_owned(),
            Self::Present => "is present".to_owned(),
            Self::Once => "stands on exactly one line".to_owned(),
            Self::Equals => format!("is {or}"),
            Self::NotEquals => format!("is not {or}"),
            Self::Origin => "is the request's `origin`".to_owned(),
            Self::ListContains => format!("lists {and}"),
            Self::ListLacks => format!("does not list {or}"),
            Self::ListWithin => format!("lists nothing beyond {and}"),
            Self::TokenList => "is absent or a list of tokens".to_owned(),
            Self::DeltaSeconds => "is absent or one line of digits".to_owned(),
            Self::AtMost => format!("is absent or at most {or}"),
            Self::HasAttributes => format!("has on each line the attribute {and}"),
            Self::VaryNames => format!("names {and}"),
            Self::SameAs => format!("is the same as in the step `{step}`"),
            Self::DiffersFrom => format!("differs from that in the step `{step}`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;
    use crate::load::Suite;

    fn header(text: &str) -> HeaderExpect {
        toml::from_str(text).unwrap()
    }

    #[test_case("name = 'a'\nis = 'absent'", "`a` is absent" ; "absent")]
    #[test_case("name = 'a'\nis = 'equals'\nvalues = ['1', '2', '3']", "`a` is `1`, `2` or `3`" ; "one of several")]
    #[test_case("name = 'a'\nis = 'not-equals'\nvalue = ''", "`a` is not empty" ; "not empty")]
    #[test_case("name = 'vary'\nis = 'vary-names'\nvalue = 'origin'", "`vary` names `origin`" ; "vary")]
    #[test_case("name = 'set-cookie'\nis = 'has-attributes'\nvalue = 'secure'", "`set-cookie` has on each line the attribute `secure`" ; "a cookie")]
    #[test_case("name = 'a'\nis = 'list-contains'\nvalues = ['b', 'c']", "`a` lists `b` and `c`" ; "a list")]
    #[test_case("on = 'preflight'\nname = 'a'\nis = 'once'", "on the preflight's answer, `a` stands on exactly one line" ; "of the preflight")]
    #[test_case("name = 'a'\nis = 'same-as'\nstep = 'b'", "`a` is the same as in the step `b`" ; "another step")]
    fn a_header_expectation_is_a_sentence(text: &str, words: &str) {
        assert_eq!(header(text).words(), words);
    }

    #[test_case("200", "the status is 200" ; "one")]
    #[test_case("[200, 204]", "the status is 200 or 204" ; "two")]
    fn a_status_is_a_sentence(text: &str, words: &str) {
        let expect: Expect = toml::from_str(&format!("status = {text}")).unwrap();
        assert_eq!(expect.words(), [words]);
    }

    #[test]
    fn a_step_is_a_sentence() {
        let step: Step = toml::from_str(
            "advance = 5\nfetch = { origin = 'allowed', route = 'status', code = 404, method = 'PUT', headers = ['denied'], credentials = 'include' }",
        )
        .unwrap();
        assert_eq!(
            step.words(),
            "5 s later, a page of the origin `allowed` fetches `status` (404) with the method `PUT`, the headers `denied` and credentials"
        );
        let step: Step =
            toml::from_str("fetch = { origin = 'denied', route = 'missing', suffix = '+a' }")
                .unwrap();
        assert_eq!(
            step.words(),
            "a page of the origin `denied` fetches `missing` with `+a` at the end of its path with the method `GET`"
        );
    }

    #[test]
    fn a_step_that_may_be_left_out_says_so() {
        let step: Step = toml::from_str("where-served = true\nwire = { route = 'vary' }").unwrap();
        assert_eq!(step.words(), "where that route is served, a raw request: `GET` for `vary`");
    }

    #[test]
    fn no_step_of_the_suite_shows_how_it_is_coded() {
        for scenario in Suite::embedded().unwrap().scenarios() {
            for step in &scenario.step {
                let words = format!("{}\n{}", step.words(), step.expectations().join("\n"));
                for code in ["Some(", "AnyOf", "One(", "[\"", "``"] {
                    assert!(!words.contains(code), "{}: {words}", scenario.id);
                }
            }
        }
    }

    #[test_case("fetch#cors-check 4", Some("https://fetch.spec.whatwg.org/#cors-check") ; "with a step")]
    #[test_case("rfc9110#section-5.3", Some("https://www.rfc-editor.org/rfc/rfc9110#section-5.3") ; "an RFC")]
    #[test_case("elsewhere#here", None ; "no standard")]
    fn a_place_has_a_link(spec: &str, link: Option<&str>) {
        assert_eq!(spec_link(spec).as_deref(), link);
    }

    #[test]
    fn every_scenario_has_a_link() {
        for scenario in Suite::embedded().unwrap().scenarios() {
            assert!(spec_link(&scenario.spec).is_some(), "{}", scenario.id);
        }
    }

    #[test]
    fn a_key_is_the_word_of_the_files() {
        assert_eq!(key(&Direction::FailOpen), "fail-open");
        assert_eq!(key(&Operator::VaryNames), "vary-names");
    }
}
