//! Judging: what the page saw and what went over the wire, held against a case's expectations.

use std::collections::BTreeMap;

use corspec_fetch::fetch::FailureKind;
use corspec_fetch::outcome::{NetworkError, Outcome, Response, ResponseType};
use serde::Serialize;

use crate::caching;
use crate::case::{Action, Case};
use crate::exchange::StepRecord;
use crate::run::judge_over_run;
use crate::scenario::{Direction, Expect, Level, PageSees, Sent};
use crate::words::{joined, key, readable};

mod header;

pub(crate) use header::{list, number, shown};

/// What the suite says of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Judgement {
    /// The verdict.
    pub result: Verdict,
    /// What an `observe` case saw that it did not expect.
    pub observed: Vec<Failure>,
    /// The model's deciding step where the page was blocked, such as `cors-check 4`.
    pub decided_by: Option<String>,
}

/// A verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As expected.
    Pass {
        /// The accepted variant that holds, where the main expectation does not.
        variant: Option<String>,
    },
    /// Not as expected.
    Fail {
        /// What that means.
        direction: Option<Direction>,
        /// What is not as expected.
        failures: Vec<Failure>,
    },
    /// It cannot be said, for this reason.
    NotApplicable(String),
    /// The target did not answer: the runner's `target-error`.
    Unjudgeable(String),
}

/// One expectation that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The step's name.
    pub step: String,
    /// The expectation, as it stands in the scenario.
    pub clause: String,
    /// What was expected, in words.
    pub expected: String,
    /// What was seen, in words, control characters escaped.
    pub seen: String,
    /// The scenario's file.
    pub file: String,
    /// The line of the step's expectation, from 1; 0 where unknown.
    pub line: usize,
}

/// Holds the records of a case's steps, in order, against its expectations.
///
/// A record that is missing, or has an exchange without answer, makes the case [`Verdict::Unjudgeable`]. But
/// to close the connection is an answer of a kind: the page sees a network error, and that is judged.
#[must_use]
pub fn judge(case: &Case, records: &[StepRecord]) -> Judgement {
    judge_over_run(case, records, &[]).0
}

/// Judges the expectations of the steps alone, without a rule over the run.
pub(crate) fn judge_steps(case: &Case, records: &[StepRecord]) -> Judgement {
    let mut errors = records.iter().filter_map(|r| network_error(r.outcome.as_ref()));
    let decided_by = errors.next_back().map(NetworkError::step);
    let mut observed = Vec::new();
    let result = match unanswered(case, records) {
        Some(verdict) => verdict,
        None => verdict(case, records, &mut observed),
    };
    Judgement { result, observed, decided_by }
}

fn unanswered(case: &Case, records: &[StepRecord]) -> Option<Verdict> {
    for record in records {
        for exchange in &record.exchanges {
            match &exchange.response {
                Err(failure) if failure.kind != FailureKind::Closed => {
                    return Some(Verdict::Unjudgeable(failure.message.clone()));
                }
                Ok(_) | Err(_) => {}
            }
        }
        if let Some(location) = &record.not_followed {
            let place = shown(location.as_bytes());
            return Some(Verdict::NotApplicable(format!(
                "the redirect to {place} is not followed"
            )));
        }
        if let Some(reason) = &record.unfilled {
            return Some(Verdict::NotApplicable(reason.clone()));
        }
    }
    (records.len() < case.steps.len())
        .then(|| Verdict::Unjudgeable("not every step was run".to_owned()))
}

fn verdict(case: &Case, records: &[StepRecord], observed: &mut Vec<Failure>) -> Verdict {
    let failures = failures(case, records, &BTreeMap::new());
    if failures.is_empty() {
        return Verdict::Pass { variant: None };
    }
    let holds = |variant: &&crate::case::CaseAccept| {
        self::failures(case, records, &variant.expect).is_empty()
    };
    if let Some(variant) = case.accept.iter().find(holds) {
        return Verdict::Pass { variant: Some(variant.name.clone()) };
    }
    if case.level == Level::Observe {
        *observed = failures;
        return Verdict::Pass { variant: None };
    }
    Verdict::Fail { direction: case.direction, failures }
}

/// What does not hold, with the expectations of `instead` for the steps named there.
fn failures(
    case: &Case,
    records: &[StepRecord],
    instead: &BTreeMap<String, Expect>,
) -> Vec<Failure> {
    let mut failures = Vec::new();
    for (step, record) in case.steps.iter().zip(records) {
        let expect = instead.get(&step.name).unwrap_or(&step.expect);
        let mut add = |clause: String, expected: String, seen: String| {
            let (step, file, line) = (step.name.clone(), case.file.clone(), step.expect.line);
            failures.push(Failure { step, clause, expected, seen, file, line });
        };
        page(expect, record, &mut add);
        requests(expect, record, &mut add);
        for clause in &expect.header {
            let other = clause.step.as_ref().and_then(|name| {
                Some(&records[case.steps.iter().position(|step| step.name == *name)?])
            });
            header::check(clause, record, other, &mut add);
        }
        let replaced = instead.contains_key(&step.name);
        if let (Action::Differential(_), false) = (&step.action, replaced) {
            caching::check(record, &case.policy, &mut add);
        }
    }
    failures
}

/// Takes a clause, what was expected, and what was seen.
pub(crate) type Add<'a> = dyn FnMut(String, String, String) + 'a;

fn page(expect: &Expect, record: &StepRecord, add: &mut Add<'_>) {
    let outcome = record.outcome.as_ref();
    let (sees, words) = seen(outcome);
    if let Some(page) = expect.page
        && page != PageSees::Any
        && Some(page) != sees
    {
        add(format!("page = {}", key(&page)), page.words().to_owned(), words.clone());
    }
    if let Some(error) = network_error(outcome) {
        let slug = error.cause().slug();
        // Who closes the connection on a page refuses it, whatever else is wrong with it.
        let refused = matches!(slug, "connection-failed" | "preflight-connection-failed");
        let any = expect.cause.is_empty() || refused;
        if !any && !expect.cause.iter().any(|cause| cause == slug) {
            add(
                "cause".to_owned(),
                format!("the cause {}", joined(&expect.cause, "or")),
                format!("the cause {slug}"),
            );
        }
    }
    if let Some(status) = &expect.status {
        let last = record.exchanges.last().and_then(|e| e.response.as_ref().ok()).map(|r| r.status);
        let seen = match outcome {
            Some(_) => response(outcome).map(|response| response.status),
            None => last,
        };
        if !seen.is_some_and(|seen| status.accepts(seen)) {
            let lost = record.exchanges.last().and_then(|it| it.response.as_ref().err());
            let words = lost.map_or(words, |failure| failure.message.clone());
            let seen = seen.map_or(words, |seen| format!("the status is {seen}"));
            add("status".to_owned(), status.words(), seen);
        }
    }
    visibility(expect, record, add);
}

/// What the page can read of the headers.
fn visibility(expect: &Expect, record: &StepRecord, add: &mut Add<'_>) {
    let reads =
        |name: &str| response(record.outcome.as_ref()).is_some_and(|r| r.headers.contains(name));
    for name in expect.visible.iter().filter(|name| !reads(name)) {
        add(format!("visible = {name}"), readable(name, true), readable(name, false));
    }
    let answer = record.exchanges.last().and_then(|it| it.response.as_ref().ok());
    let sent = |name: &&str| answer.is_some_and(|it| it.headers.contains(name));
    let names = expect.visible_where_sent.iter().flat_map(|names| names.split(','));
    for name in names.map(str::trim).filter(sent).filter(|name| !reads(name)) {
        add(format!("visible = {name}"), readable(name, true), readable(name, false));
    }
    for name in expect.hidden.iter().filter(|name| reads(name)) {
        add(format!("hidden = {name}"), readable(name, false), readable(name, true));
    }
}

fn network_error(outcome: Option<&Outcome>) -> Option<&NetworkError> {
    match outcome {
        Some(Outcome::NetworkError(error)) => Some(error),
        _ => None,
    }
}

fn response(outcome: Option<&Outcome>) -> Option<&Response> {
    match outcome {
        Some(Outcome::Response(response)) => Some(response),
        _ => None,
    }
}

fn seen(outcome: Option<&Outcome>) -> (Option<PageSees>, String) {
    match outcome {
        None => (None, "no page asked".to_owned()),
        Some(Outcome::NetworkError(error)) => (
            Some(PageSees::Blocked),
            format!("it is blocked at {}: {}", error.step(), shown(error.to_string().as_bytes())),
        ),
        Some(Outcome::Response(response)) => {
            let sees = match response.kind {
                ResponseType::Basic | ResponseType::Cors => PageSees::Readable,
                ResponseType::Opaque => PageSees::Opaque,
                ResponseType::OpaqueRedirect => PageSees::OpaqueRedirect,
            };
            (Some(sees), format!("{}, with the status {}", sees.words(), response.status))
        }
    }
}

fn requests(expect: &Expect, record: &StepRecord, add: &mut Add<'_>) {
    for (clause, preflight, wanted) in
        [("preflight", true, expect.preflight), ("actual", false, expect.actual)]
    {
        let Some(wanted) = wanted else { continue };
        let sent = record.exchanges.iter().any(|exchange| exchange.preflight == preflight);
        if sent == (wanted == Sent::Sent) {
            continue;
        }
        let kind = if preflight { "a preflight" } else { "the request itself" };
        let seen = if sent { Sent::Sent } else { Sent::NotSent };
        add(clause.to_owned(), wanted.words(kind), seen.words(kind));
    }
}

#[cfg(test)]
mod tests;
