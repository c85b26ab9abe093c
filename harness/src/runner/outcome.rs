//! From a judgement to a result: known failures, redacted exchanges, and how to
//! see a failure by hand.

use corspec_fetch::header_list::HeaderList;
use corspec_fetch::outcome::Outcome;
use corspec_fetch::request::{CredentialsMode, Mode, RedirectMode};
use corspec_suite::case::{Action, Case, FetchStep};
use corspec_suite::exchange::{Exchange, StepRecord};
use corspec_suite::judge::{self, Verdict};
use corspec_suite::run::{RunExchange, judge_over_run};
use corspec_suite::scenario::Scenario;
use corspec_targets::known::Entry;
use jiff::civil::Date;
use serde::Serialize;
use url::Url;

use crate::console::{Blocked, Console, Last};
use crate::escape::latin1;
use crate::event::{CaseResult, ExchangeReport, Failure, Reproduce, ResultKind};
use crate::redact;
use crate::reproduce::{Call, curl, javascript};
use crate::runner::Asked;
use crate::runner::Elsewhere;
use crate::runner::mend;
use crate::runner::stable::{STAND_IN, hide_time};
use crate::transport::Version;

/// Who was asked, under which policy, and what is known of it.
pub(super) struct Ran<'a> {
    pub(super) asked: &'a Asked<'a>,
    pub(super) target: &'a str,
    pub(super) policy: &'a str,
    pub(super) today: Date,
    /// Where the harness itself listens, to redirect from.
    pub(super) elsewhere: &'a Elsewhere,
    /// What is spoken with them.
    pub(super) version: Version,
}

/// The result of a case that was not judged.
pub(super) fn blank(
    scenario: &Scenario,
    ran: &Ran<'_>,
    result: ResultKind,
    reason: String,
) -> CaseResult {
    CaseResult {
        scenario: scenario.id.clone(),
        title: scenario.title.clone(),
        target: ran.target.to_owned(),
        policy: ran.policy.to_owned(),
        level: word(&scenario.level),
        basis: word(&scenario.basis),
        result,
        direction: None,
        reason: Some(reason),
        variant: None,
        decided_by: None,
        decision: None,
        console: None,
        remedy: None,
        failures: Vec::new(),
        exchanges: Vec::new(),
        why: scenario.why.clone(),
        impact: scenario.impact.clone(),
        spec: scenario.spec.clone(),
        reproduce: None,
    }
}

/// The result of a case that was run, as one of those that had the exchanges of `run`.
pub(super) fn judged(
    scenario: &Scenario,
    ran: &Ran<'_>,
    case: &Case,
    records: &[StepRecord],
    run: &[RunExchange<'_>],
) -> CaseResult {
    let (judgement, offender) = judge_over_run(case, records, run);
    let mut result = blank(scenario, ran, ResultKind::Pass, String::new());
    result.reason = None;
    result.decided_by = judgement.decided_by;
    result.decision = records.iter().rev().find_map(decision);
    result.exchanges = exchanges(case, records);
    if let Some(it) = offender {
        result.exchanges.push(exchange_report(it.scenario, it.exchange));
        // What decided over its own requests has nothing to do with it.
        (result.decided_by, result.decision) = (None, None);
    }
    result.exchanges.iter_mut().for_each(hide_time);
    let known = ran.asked.known().entry(&scenario.id, ran.policy);
    match judgement.result {
        Verdict::Pass { variant } => {
            result.variant = variant;
            if let Some(entry) = known {
                result.result = ResultKind::FixedUnexpectedly;
                result.reason = Some(format!(
                    "known.toml lists it and it passes, take it out there: {}",
                    explained(entry)
                ));
            }
        }
        Verdict::Fail { direction, failures } => {
            (result.result, result.reason) = excused(known, ran.today);
            result.direction = direction.as_ref().map(word);
            let first = failures.first();
            result.console = first.and_then(|it| console(case, records, &it.step));
            result.remedy =
                first.and_then(|it| mend::remedy(case, records, it, ran.asked.framework()));
            result.reproduce = match offender {
                Some(it) => Some(raw(ran, it.exchange)),
                None => first.and_then(|it| reproduce(ran, case, records, &it.step)),
            };
            result.failures = failures.into_iter().map(failure).collect();
        }
        Verdict::NotApplicable(reason) => {
            result.result = ResultKind::NotApplicable;
            result.reason = Some(format!("{reason}; `--follow-elsewhere` follows it"));
        }
        Verdict::Unjudgeable(reason) => {
            result.result = ResultKind::TargetError;
            result.reason = Some(reason);
        }
    }
    result
}

/// What a failure is, given what is known of it.
fn excused(known: Option<&Entry>, today: Date) -> (ResultKind, Option<String>) {
    match known {
        None => (ResultKind::Fail, None),
        Some(entry) if entry.is_expired(today) => {
            let since = entry.expires.map_or(String::new(), |day| format!(" on {day}"));
            let reason = format!("its entry in known.toml expired{since}: {}", explained(entry));
            (ResultKind::Fail, Some(reason))
        }
        Some(entry) => (ResultKind::KnownFailure, Some(explained(entry))),
    }
}

/// Why a failure is known, and where more is said.
fn explained(entry: &Entry) -> String {
    let link = entry.link.as_ref().map_or(String::new(), |link| format!(" ({link})"));
    format!("{}{link}", entry.reason)
}

/// The word that data files have for a value.
fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

fn decision(record: &StepRecord) -> Option<String> {
    match &record.outcome {
        Some(Outcome::NetworkError(error)) => Some(error.to_string()),
        Some(Outcome::Response(_)) | None => None,
    }
}

fn failure(failure: judge::Failure) -> Failure {
    Failure { step: failure.step, expected: failure.expected, seen: failure.seen }
}

fn exchanges(case: &Case, records: &[StepRecord]) -> Vec<ExchangeReport> {
    let steps = case.steps.iter().zip(records);
    steps
        .flat_map(|(step, record)| {
            record.exchanges.iter().map(|it| exchange_report(&step.name, it))
        })
        .collect()
}

fn exchange_report(step: &str, exchange: &Exchange) -> ExchangeReport {
    ExchangeReport {
        step: step.to_owned(),
        preflight: exchange.preflight,
        method: latin1(&exchange.request.method),
        url: exchange.request.url.clone(),
        request_headers: shown(&exchange.request.headers),
        status: exchange.response.as_ref().ok().map(|response| response.status),
        response_headers: exchange
            .response
            .as_ref()
            .map(|response| shown(&response.headers))
            .unwrap_or_default(),
        failure: exchange.response.as_ref().err().map(|it| it.message.clone()),
    }
}

/// What browsers print of a step in which the page was blocked.
fn console(case: &Case, records: &[StepRecord], step: &str) -> Option<Console> {
    let at = case.steps.iter().position(|it| it.name == step)?;
    let record = records.get(at)?;
    let (Action::Fetch(fetch), Some(Outcome::NetworkError(error))) =
        (&case.steps[at].action, &record.outcome)
    else {
        return None;
    };
    let last = record.exchanges.last().map(|it| {
        let answer = it.response.as_ref().ok();
        Last {
            url: &it.request.url,
            sent: &it.request.headers,
            answer: answer.map(|it| (it.status, &it.headers, it.body.as_slice())),
        }
    });
    let page = Url::parse(&fetch.origin).ok();
    let blocked = Blocked {
        cause: error.cause(),
        origin: &fetch.origin,
        page: page.as_ref(),
        init: &fetch.init(),
        first_url: &fetch.url,
        last,
    };
    Some(blocked.console().map(redact::text)).filter(|console| console.iter().next().is_some())
}

/// Header lines with secrets hidden, names in lower case as they went over the wire.
fn shown(headers: &HeaderList) -> Vec<(String, String)> {
    let line = |(name, value)| {
        let mut shown = latin1(name);
        shown.make_ascii_lowercase();
        (shown, latin1(&redact::header(name, value, &[])))
    };
    headers.iter().map(line).collect()
}

/// How to see the failure of a step: its last request, and the page's call.
fn reproduce(ran: &Ran<'_>, case: &Case, records: &[StepRecord], step: &str) -> Option<Reproduce> {
    let at = case.steps.iter().position(|it| it.name == step)?;
    let by_hand = raw(ran, records.get(at)?.exchanges.last()?);
    Some(match &case.steps[at].action {
        Action::Fetch(fetch) => Reproduce {
            javascript: Some(javascript(&call(fetch))),
            from: Some(fetch.origin.clone()),
            ..by_hand
        },
        Action::Wire(_) | Action::Differential(_) => by_hand,
    })
}

/// How to repeat one exchange.
fn raw(ran: &Ran<'_>, exchange: &Exchange) -> Reproduce {
    let body = exchange.request.body.as_deref().map(latin1);
    let headers = shown(&exchange.request.headers);
    let method = latin1(&exchange.request.method);
    let curl = curl(ran.version, &method, &exchange.request.url, &headers, body.as_deref());
    Reproduce { serve: serve(ran), curl, javascript: None, from: None }
}

/// What starts the same server at the address that the report shows.
fn serve(ran: &Ran<'_>) -> Option<String> {
    let (_, port) = STAND_IN.split_once(':')?;
    ran.asked.serve_line(ran.policy, port)
}

fn call(step: &FetchStep) -> Call {
    let word = |differs: bool, word: &str| differs.then(|| word.to_owned());
    Call {
        url: step.url.clone(),
        method: word(step.method != "GET", &step.method),
        headers: step.headers.clone(),
        credentials: match step.credentials {
            CredentialsMode::Omit => Some("omit".to_owned()),
            CredentialsMode::SameOrigin => None,
            CredentialsMode::Include => Some("include".to_owned()),
        },
        mode: match step.mode {
            Mode::Cors => None,
            Mode::NoCors => Some("no-cors".to_owned()),
            Mode::SameOrigin => Some("same-origin".to_owned()),
        },
        redirect: match step.redirect {
            RedirectMode::Follow => None,
            RedirectMode::Error => Some("error".to_owned()),
            RedirectMode::Manual => Some("manual".to_owned()),
        },
        body: step.body.clone(),
    }
}
