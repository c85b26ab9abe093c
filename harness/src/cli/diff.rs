//! `corspec diff`: what changed between two reports.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Deserialize;
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::prepare::{Refused, complain};
use super::print::print;
use crate::escape::for_terminal;
use crate::exit::Exit;
use crate::report::document::SCHEMA;

/// Compare two reports of `corspec run --format json`: what a new version changed.
///
/// Names the cases that are new, gone or have another result, and what of their exchanges changed.
///
/// Exits with 0 where nothing changed, 1 where something did, 2 where a file is no report, 74 where
/// the comparison cannot be written.
#[derive(Args, Debug)]
pub(super) struct DiffArgs {
    /// The report from before.
    old: PathBuf,
    /// The report from after.
    new: PathBuf,
}

/// What of a report is compared. Whatever else is in it may change.
#[derive(Deserialize)]
struct Report {
    targets: Vec<TargetRow>,
    results: Vec<CaseRow>,
}

#[derive(Deserialize)]
struct TargetRow {
    id: String,
    versions: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct CaseRow {
    scenario: String,
    target: String,
    policy: String,
    result: String,
    direction: Option<String>,
    #[serde(default)]
    exchanges: Vec<ExchangeRow>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct ExchangeRow {
    step: String,
    method: String,
    url: String,
    request_headers: Vec<(String, String)>,
    status: Option<u16>,
    response_headers: Vec<(String, String)>,
    failure: Option<String>,
}

/// Target, scenario and policy.
type CaseId<'a> = (&'a str, &'a str, &'a str);

/// How many cases changed in which way.
#[derive(Default)]
struct Count {
    new: usize,
    gone: usize,
    results: usize,
    wires: usize,
}

/// Runs the command.
pub(super) fn command(args: &DiffArgs) -> Exit {
    match read(&args.old).and_then(|old| Ok((old, read(&args.new)?))) {
        Ok((old, new)) => {
            let (text, exit) = compared(&old, &new);
            print(&text, exit)
        }
        Err(Refused(exit, message)) => {
            complain(&message);
            exit
        }
    }
}

fn read(path: &Path) -> Result<Report, Refused> {
    let shown = path.display();
    let usage = |message: String| Refused(Exit::Usage, message);
    let text =
        std::fs::read(path).map_err(|error| usage(format!("cannot read `{shown}`: {error}")))?;
    let help = "write one with `corspec run --format json --output FILE`";
    let value: Value = serde_json::from_slice(&text)
        .map_err(|error| usage(format!("`{shown}` is not JSON: {error}; {help}")))?;
    match value.get("schema").and_then(Value::as_str) {
        Some(SCHEMA) => {}
        Some(other) => {
            let other = for_terminal(other);
            return Err(usage(format!(
                "`{shown}` is of the schema `{other}`, not `{SCHEMA}`; {help}"
            )));
        }
        None => {
            return Err(usage(format!("`{shown}` names no schema, so it is no report; {help}")));
        }
    }
    serde_json::from_value(value)
        .map_err(|error| usage(format!("`{shown}` says `{SCHEMA}` and is not: {error}; {help}")))
}

/// The comparison, and how the command ends with it.
fn compared(old: &Report, new: &Report) -> (String, Exit) {
    let mut text = versions(old, new);
    let mut count = Count::default();
    let (before, after) = (by_id(old), by_id(new));
    let ids: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    for id in ids {
        let lines = case(before.get(id).copied(), after.get(id).copied(), &mut count);
        let (target, scenario, policy) = id;
        if let Some((first, rest)) = lines.split_first() {
            let name = format!("{target}  {scenario}  {policy}");
            // Writing to a string cannot fail, here and below.
            let _ = writeln!(text, "{first}  {}", for_terminal(&name));
            rest.iter().for_each(|line| text += &format!("  {}\n", for_terminal(line)));
        }
    }
    let Count { new, gone, results, wires } = count;
    if text.is_empty() {
        let _ = writeln!(text, "nothing changed in {} cases", after.len());
        return (text, Exit::Expected);
    }
    let _ = writeln!(
        text,
        "\n{new} new · {gone} gone · {results} with another result · {wires} with another exchange"
    );
    (text, Exit::Unexpected)
}

/// A line for each target of which another version answered.
fn versions(old: &Report, new: &Report) -> String {
    let words = |target: &TargetRow| {
        let versions = target.versions.iter().map(|(name, version)| format!("{name} {version}"));
        versions.collect::<Vec<_>>().join(", ")
    };
    let mut text = String::new();
    for target in &new.targets {
        let before = old.targets.iter().find(|it| it.id == target.id);
        if let Some(before) = before.filter(|it| it.versions != target.versions) {
            let line = format!("{}: {} → {}", target.id, words(before), words(target));
            let _ = writeln!(text, "version  {}", for_terminal(&line));
        }
    }
    text
}

fn by_id(report: &Report) -> BTreeMap<CaseId<'_>, &CaseRow> {
    let results = report.results.iter();
    results.map(|it| ((&*it.target, &*it.scenario, &*it.policy), it)).collect()
}

/// What changed in a case: how, and each line of its exchanges; nothing where nothing did.
fn case(old: Option<&CaseRow>, new: Option<&CaseRow>, count: &mut Count) -> Vec<String> {
    let (old, new) = match (old, new) {
        (None, None) => return Vec::new(),
        (None, Some(new)) => {
            count.new += 1;
            return vec![format!("new      {}", result(new))];
        }
        (Some(old), None) => {
            count.gone += 1;
            return vec![format!("gone     {}", result(old))];
        }
        (Some(old), Some(new)) => (old, new),
    };
    let wire = wire(old, new);
    count.wires += usize::from(!wire.is_empty());
    let same_result = result(old) == result(new);
    count.results += usize::from(!same_result);
    let first = match (same_result, wire.is_empty()) {
        (true, true) => return Vec::new(),
        (true, false) => format!("wire     {}", result(new)),
        (false, _) => format!("result   {} → {}", result(old), result(new)),
    };
    std::iter::once(first).chain(wire).collect()
}

fn result(case: &CaseRow) -> String {
    let direction = case.direction.as_ref().map_or(String::new(), |it| format!(" ({it})"));
    for_terminal(&format!("{}{direction}", case.result))
}

/// The changed lines of all exchanges, each below its request.
fn wire(old: &CaseRow, new: &CaseRow) -> Vec<String> {
    let text =
        |case: &CaseRow| case.exchanges.iter().flat_map(ExchangeRow::lines).collect::<Vec<_>>();
    let (old, new) = (text(old), text(new));
    let old: Vec<&str> = old.iter().map(String::as_str).collect();
    let new: Vec<&str> = new.iter().map(String::as_str).collect();
    let mut lines = Vec::new();
    let mut request = None;
    for change in TextDiff::from_slices(&old, &new).iter_all_changes() {
        let line = change.value();
        let sign = match change.tag() {
            ChangeTag::Equal if !line.starts_with(' ') => {
                request = Some(line);
                continue;
            }
            ChangeTag::Equal => continue,
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
        };
        lines.extend(request.take().map(|line| format!("  {line}")));
        lines.push(format!("{sign} {line}"));
    }
    lines
}

impl ExchangeRow {
    /// The request's line, and below it what was sent and answered, one thing a line.
    fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("step {}: {} {}", self.step, self.method, self.url)];
        let sent = self.request_headers.iter();
        lines.extend(sent.map(|(name, value)| format!("  > {name}: {value}")));
        lines.extend(self.status.map(|status| format!("  < {status}")));
        let answered = self.response_headers.iter();
        lines.extend(answered.map(|(name, value)| format!("  < {name}: {value}")));
        lines.extend(self.failure.as_ref().map(|failure| format!("  ! {failure}")));
        lines
    }
}
