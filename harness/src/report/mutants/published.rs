//! Published faults: which are caught and by what, for people, for programs and for the docs.

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::page::cell;
use super::{first, name};
use crate::escape::{for_terminal, json_line};
use crate::mutants::real::Real;
use crate::mutants::{Fate, Matrix, Published, PublishedFault};

/// Writes them as text, a line for each, and the counts.
///
/// # Errors
///
/// The output cannot be written.
pub fn text(published: &Published, matrix: &Matrix, mut out: impl Write) -> io::Result<()> {
    for group in &published.groups {
        writeln!(out, "{}", group.title)?;
        for fault in &group.faults {
            let package = if fault.faulty.is_empty() { "" } else { &fault.package };
            let line = format!(
                "  {:<8}  {}  {package} {}\n            {}\n            {}",
                word(fault.fate(matrix)),
                fault.id,
                fault.faulty,
                fault.says,
                proof(fault, matrix),
            );
            for line in line.lines() {
                writeln!(out, "{}", for_terminal(line.trim_end()))?;
            }
        }
        writeln!(out)?;
    }
    for (what, count) in counts(published, matrix) {
        writeln!(out, "{what:<44} {count}")?;
    }
    out.flush()
}

/// Writes them as one JSON document.
///
/// # Errors
///
/// The output cannot be written.
pub fn json(published: &Published, matrix: &Matrix, mut out: impl Write) -> io::Result<()> {
    let groups = published.groups.iter().map(|group| {
        let faults: Vec<_> = group.faults.iter().map(|fault| as_json(fault, matrix)).collect();
        json!({ "title": group.title, "faults": faults })
    });
    let counts: serde_json::Map<_, _> = counts(published, matrix)
        .into_iter()
        .map(|(what, count)| (what.to_owned(), count.into()))
        .collect();
    let groups: Vec<_> = groups.collect();
    let document = json!({
        "schema": "corspec-published/1",
        "groups": groups,
        "counts": counts,
        "real-troubles": matrix.real,
    });
    writeln!(out, "{}", json_line(&document))?;
    out.flush()
}

fn as_json(fault: &PublishedFault, matrix: &Matrix) -> Value {
    json!({
        "id": fault.id,
        "package": fault.package,
        "faulty": fault.faulty,
        "fixed": fault.fixed,
        "says": fault.says,
        "fate": fault.fate(matrix),
        "mutants": fault.mutants,
        "equivalents": fault.equivalents,
        "observed": fault.observed,
        "reason": fault.outside.as_ref().or(fault.note.as_ref()),
        "directions": fault.directions(matrix),
        "scenarios": fault.scenarios(matrix),
        "real": fault.real,
    })
}

/// Writes them as a page of the docs.
///
/// # Errors
///
/// The output cannot be written.
pub fn markdown(published: &Published, matrix: &Matrix, mut out: impl Write) -> io::Result<()> {
    writeln!(
        out,
        "# Published faults: which are caught, and by what\n\n\
         Written by `corspec mutants --published --format markdown`; CI holds it to what a run gives.\n\
         Each is reproduced by [mutants](mutants.md), in `code`. Where the faulty version and the one that mended it are\n\
         targets too, they are linked, and the scenarios that fail on the first and pass on the second are named first:\n\
         CI asks both, with `corspec mutants --published --real`.\n\n\
         | | |\n|---|---:|"
    )?;
    for (what, count) in counts(published, matrix) {
        writeln!(out, "| {what} | {count} |")?;
    }
    for group in &published.groups {
        writeln!(
            out,
            "\n## {}\n\n| fault | package | versions | what goes wrong | reproduced by | | direction | scenarios, or why none |\n|---|---|---|---|---|---|---|---|",
            group.title
        )?;
        for fault in &group.faults {
            let directions: Vec<_> = fault.directions(matrix).into_iter().map(name).collect();
            writeln!(
                out,
                "{} {} | {} | {} |",
                row_head(fault),
                word(fault.fate(matrix)),
                directions.join(", "),
                cell(&proof(fault, matrix))
            )?;
        }
    }
    out.flush()
}

/// What a row of the page says whatever a run gives: which fault, and what reproduces it.
#[must_use]
pub fn row_head(fault: &PublishedFault) -> String {
    let versions = match fault.faulty.is_empty() {
        true => String::new(),
        false => format!("{} → {}", fault.faulty, fault.fixed),
    };
    let mutants = fault.mutants.iter().chain(&fault.equivalents);
    let mut by: Vec<_> = mutants.map(|name| format!("`{name}`")).collect();
    by.extend(fault.real.iter().map(|it| format!("{} → {}", link(&it.faulty), link(&it.fixed))));
    format!(
        "| {} | {} | {} | {} | {} |",
        cell(&fault.id),
        cell(&fault.package),
        cell(&versions),
        cell(&fault.says),
        by.join("<br>")
    )
}

/// A link to the folder of a target.
fn link(target: &str) -> String {
    let name = target.rsplit('/').next().unwrap_or_default();
    format!("[{name}](../targets/{target})")
}

/// The scenarios that catch it, or why it is not blamed.
fn proof(fault: &PublishedFault, matrix: &Matrix) -> String {
    if let Some(reason) = fault.outside.as_ref().or(fault.note.as_ref()) {
        let observed = fault.observed.join(", ");
        return if observed.is_empty() { reason.clone() } else { format!("{reason} ({observed})") };
    }
    let caught = fault.scenarios(matrix);
    let real: BTreeSet<&str> = fault.real.iter().flat_map(Real::ids).collect();
    let others = caught.into_iter().filter(|id| !real.contains(id));
    let ids: Vec<&str> = real.iter().copied().chain(others).collect();
    if ids.is_empty() { "none".to_owned() } else { first(&ids) }
}

fn word(fate: Fate) -> &'static str {
    match fate {
        Fate::Caught => "caught",
        Fate::Missed => "missed",
        Fate::Harmless => "harmless",
        Fate::Outside => "outside",
    }
}

fn counts(published: &Published, matrix: &Matrix) -> [(&'static str, usize); 6] {
    let of = |fate| published.of(fate, matrix);
    [
        ("published faults", published.faults().count()),
        ("caught", of(Fate::Caught)),
        (
            "of these also in the published version itself",
            published.faults().filter(|it| it.real.is_some()).count(),
        ),
        ("missed", of(Fate::Missed)),
        ("harmless: no page and no cache can tell, not blamed", of(Fate::Harmless)),
        ("outside: not about what a server answers", of(Fate::Outside)),
    ]
}
