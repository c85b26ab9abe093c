//! The blocks of the text report: a failure's story, and lists grouped by reason.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::{BOLD, DIM, GREEN, RED, YELLOW, cases};
use crate::console::Console;
use crate::escape::for_terminal;
use crate::event::{CaseResult, ExchangeReport, ResultKind};
use crate::remedy::{Remedy, Setting};

/// How wide the left column is.
const MARGIN: usize = 12;

/// One story a scenario: the first policy's in full, the others by name.
pub(super) fn by_scenario(
    out: &mut impl Write,
    results: &[CaseResult],
    kind: ResultKind,
) -> io::Result<()> {
    let mut groups: BTreeMap<&str, Vec<&CaseResult>> = BTreeMap::new();
    for result in results.iter().filter(|result| result.result == kind) {
        groups.entry(&result.scenario).or_default().push(result);
    }
    for group in groups.values() {
        let [first, others @ ..] = group.as_slice() else { continue };
        story(out, first)?;
        if !others.is_empty() {
            let names: Vec<_> = others.iter().map(|other| other.policy.as_str()).collect();
            field(out, "also under", &names.join(", "))?;
        }
    }
    Ok(())
}

/// One story a reason, and every other case of that reason in a list.
pub(super) fn by_reason(
    out: &mut impl Write,
    results: &[CaseResult],
    kind: ResultKind,
) -> io::Result<()> {
    let mut groups: BTreeMap<&str, Vec<&CaseResult>> = BTreeMap::new();
    for result in results.iter().filter(|result| result.result == kind) {
        groups.entry(result.reason.as_deref().unwrap_or_default()).or_default().push(result);
    }
    for (reason, group) in groups {
        let [first, others @ ..] = group.as_slice() else { continue };
        writeln!(out, "\n  {YELLOW}{}{YELLOW:#}  {}", kind.name(), cases(group.len()))?;
        lines(out, "reason", reason)?;
        if first.exchanges.is_empty() {
            continue;
        }
        story(out, first)?;
        let mut scenarios: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for other in others {
            scenarios.entry(&other.scenario).or_default().push(&other.policy);
        }
        for (at, (scenario, policies)) in scenarios.into_iter().enumerate() {
            let label = if at == 0 { "also" } else { "" };
            field(out, label, &format!("{scenario} ({})", policies.join(", ")))?;
        }
    }
    Ok(())
}

/// A case that did not pass, so that its reader needs nothing else.
fn story(out: &mut impl Write, result: &CaseResult) -> io::Result<()> {
    let (style, word) = match result.result {
        ResultKind::FixedUnexpectedly => (GREEN, "FIXED"),
        ResultKind::KnownFailure => (YELLOW, "KNOWN"),
        ResultKind::HarnessError => (RED, "ERROR"),
        _ => (RED, "FAIL"),
    };
    let direction = result.direction.as_deref().map_or(String::new(), |it| format!(" · {it}"));
    writeln!(
        out,
        "\n  {style}{word}{style:#}  {BOLD}{}{BOLD:#}  under {}  {DIM}{} · {}{direction}{DIM:#}",
        result.scenario, result.policy, result.level, result.basis
    )?;
    field(out, "", &result.title)?;
    if result.result != ResultKind::KnownFailure
        && let Some(reason) = &result.reason
    {
        field(out, "reason", reason)?;
    }
    for failure in &result.failures {
        field(out, "expected", &format!("{} (step {})", failure.expected, failure.step))?;
        field(out, "seen", &failure.seen)?;
    }
    if let Some(step) = &result.decided_by {
        let found = result.decision.as_deref().map_or(String::new(), |it| format!(": {it}"));
        field(out, "decided by", &format!("{step}{found}"))?;
    }
    for (browser, text) in result.console.iter().flat_map(Console::iter) {
        field(out, browser, text)?;
    }
    result.remedy.iter().try_for_each(|it| mend(out, it))?;
    for exchange in &result.exchanges {
        self::exchange(out, exchange)?;
    }
    field(out, "why", &result.why)?;
    field(out, "users see", &result.impact)?;
    field(out, "standard", &result.spec)?;
    reproduce(out, result)
}

/// What mends the failure: in general, and with a framework's setting.
fn mend(out: &mut impl Write, remedy: &Remedy) -> io::Result<()> {
    field(out, "mend", remedy.text)?;
    if let Some(Setting { framework, line, note, docs }) = remedy.setting {
        field(out, "setting", line)?;
        field(out, "", note)?;
        field(out, "", &format!("{framework}: {docs}"))?;
    }
    Ok(())
}

fn reproduce(out: &mut impl Write, result: &CaseResult) -> io::Result<()> {
    let Some(reproduce) = &result.reproduce else { return Ok(()) };
    if let Some(serve) = &reproduce.serve {
        field(out, "serve", serve)?;
    }
    field(out, "curl", &reproduce.curl)?;
    if let Some(javascript) = &reproduce.javascript {
        field(out, "javascript", javascript)?;
    }
    if let Some(from) = &reproduce.from {
        field(out, "", &format!("// in the console of a page of {from}"))?;
    }
    Ok(())
}

fn exchange(out: &mut impl Write, exchange: &ExchangeReport) -> io::Result<()> {
    let label = if exchange.preflight { "preflight" } else { "request" };
    field(out, label, &format!("{} {}", exchange.method, exchange.url))?;
    headers(out, '>', &exchange.request_headers)?;
    match (exchange.status, &exchange.failure) {
        (Some(status), _) => field(out, "", &format!("< {status}"))?,
        (None, failure) => {
            field(out, "", &format!("! {}", failure.as_deref().unwrap_or("nothing answered")))?;
        }
    }
    headers(out, '<', &exchange.response_headers)
}

fn headers(out: &mut impl Write, arrow: char, headers: &[(String, String)]) -> io::Result<()> {
    for (name, value) in headers.iter().filter(|(name, _)| matters(name)) {
        field(out, "", &format!("{arrow} {name}: {value}"))?;
    }
    Ok(())
}

/// The headers that decide what a page may read; others only bury them.
fn matters(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("access-control-")
        || matches!(
            name.as_str(),
            "allow"
                | "authorization"
                | "cache-control"
                | "content-type"
                | "cookie"
                | "cross-origin-resource-policy"
                | "location"
                | "origin"
                | "set-cookie"
                | "vary"
                | "www-authenticate"
        )
}

/// A labelled text of several lines, hostile characters escaped.
pub(super) fn lines(out: &mut impl Write, label: &str, text: &str) -> io::Result<()> {
    let mut lines = text.lines();
    field(out, label, lines.next().unwrap_or_default())?;
    lines.try_for_each(|line| field(out, "", line))
}

/// A labelled line, hostile characters escaped.
pub(super) fn field(out: &mut impl Write, label: &str, text: &str) -> io::Result<()> {
    writeln!(out, "    {DIM}{label:MARGIN$}{DIM:#}{}", for_terminal(text))
}
