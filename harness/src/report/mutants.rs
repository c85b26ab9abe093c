//! The kill matrix, for people, for programs and for the docs.

use std::io::{self, Write};

use corspec_suite::scenario::Direction;
use serde_json::json;

use super::text::{cases, census};
use crate::escape::{for_terminal, json_line};
use crate::mutants::{Fate, Kind, Matrix, Published, Row, Trouble};

mod page;
pub mod published;

pub use page::markdown;

/// How many scenarios of a mutant are named; the others are counted.
const NAMED: usize = 3;

/// Writes the matrix as text: a line for each mutant, what stands against the proof, and the counts. `whole` are the
/// published faults where every mutant was asked.
///
/// # Errors
///
/// The output cannot be written.
pub fn text(matrix: &Matrix, whole: Option<&Published>, mut out: impl Write) -> io::Result<()> {
    for row in matrix.of(Kind::Mutant) {
        let mark = if row.is_right() { "ok  " } else { "FAIL" };
        let direction = row.direction.map_or("", name);
        writeln!(out, "{mark}  {:<44} {direction:<12} {}", row.name, scenarios(row))?;
    }
    let troubles = matrix.troubles(whole.is_some());
    for trouble in &troubles {
        writeln!(out)?;
        for line in words(trouble).lines() {
            writeln!(out, "{}", for_terminal(line))?;
        }
    }
    writeln!(out)?;
    if let Some(size) = size(matrix) {
        writeln!(out, "{size}")?;
    }
    for (what, right, all) in counts(matrix, whole) {
        writeln!(out, "{what:<44} {right} of {all}")?;
    }
    out.flush()
}

/// Writes the matrix as one JSON document. `whole` are the published faults where every mutant was asked.
///
/// # Errors
///
/// The output cannot be written.
pub fn json(matrix: &Matrix, whole: Option<&Published>, mut out: impl Write) -> io::Result<()> {
    let counts: Vec<_> = counts(matrix, whole)
        .into_iter()
        .map(|(what, right, all)| json!({ "what": what, "right": right, "all": all }))
        .collect();
    let document = json!({
        "schema": "corspec-mutants/1",
        "suite": { "scenarios": matrix.of_suite },
        "rows": matrix.rows,
        "scenarios": matrix.scenarios,
        "troubles": matrix.troubles(whole.is_some()),
        "counts": counts,
    });
    writeln!(out, "{}", json_line(&document))?;
    out.flush()
}

/// How large the suite is, and what the reference said to all of it, in the words of `corspec run`.
fn size(matrix: &Matrix) -> Option<String> {
    let summary = matrix.summary()?;
    let (scenarios, cases) = (matrix.of_suite, cases(summary.total));
    Some(format!("{scenarios} scenarios · {cases} of the reference · {}", census(summary)))
}

/// What is counted: how many there are of it, and of how many.
fn counts(matrix: &Matrix, whole: Option<&Published>) -> Vec<(&'static str, usize, usize)> {
    let (reference, one) = matrix.right(Kind::Reference);
    let (equivalents, of_equivalents) = matrix.right(Kind::Equivalent);
    let mut counts = vec![
        ("reference without a failure", reference, one),
        ("equivalents without a failure", equivalents, of_equivalents),
        ("mutants caught", matrix.caught().len(), matrix.of(Kind::Mutant).count()),
    ];
    if let Some(published) = whole {
        let busy = matrix.scenarios.iter().filter(|it| !it.catches.is_empty()).count();
        counts.push(("scenarios that catch a mutant", busy, matrix.scenarios.len()));
        let all = published.faults().count();
        counts.extend([
            ("published faults caught", published.of(Fate::Caught, matrix), all),
            ("published faults harmless and not blamed", published.of(Fate::Harmless, matrix), all),
            ("published faults not about answers", published.of(Fate::Outside, matrix), all),
            ("published faults missed", published.of(Fate::Missed, matrix), all),
        ]);
    }
    counts
}

/// How many scenarios caught the mutant, and the first of them.
fn scenarios(row: &Row) -> String {
    let ids: Vec<_> = row.caught.keys().map(String::as_str).collect();
    if ids.is_empty() { "survived".to_owned() } else { first(&ids) }
}

/// The first of `ids`, and how many more there are.
fn first(ids: &[&str]) -> String {
    let named = ids.get(..NAMED).unwrap_or(ids);
    let more = match ids.len().saturating_sub(named.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    named.join(", ") + &more
}

/// The name that data and reports use.
fn name(direction: Direction) -> &'static str {
    match direction {
        Direction::FailOpen => "fail-open",
        Direction::FailClosed => "fail-closed",
        Direction::Malformed => "malformed",
        Direction::CacheHazard => "cache-hazard",
    }
}

/// What stands against the proof, in a sentence.
fn words(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Survived { name } => format!("{name} survives: no scenario catches it"),
        Trouble::OtherDirection { name, stated } => format!(
            "{name} states {}, and no scenario that catches it has that direction",
            self::name(*stated)
        ),
        Trouble::OppositeDirection { name, scenario, reported } => format!(
            "{name} is caught by {scenario}, whose direction is the opposite: {}",
            self::name(*reported)
        ),
        Trouble::Blamed { name, scenario, policies, expected, seen } => format!(
            "{name} is right, and {scenario} blames it under {}\n  expected  {expected}\n  seen      {seen}",
            policies.join(", ")
        ),
        Trouble::Unanswered { name, scenario, reason } => {
            format!("{name} did not answer {scenario}: {reason}")
        }
        Trouble::CatchesNothing { scenario } => format!("{scenario} catches no mutant"),
    }
}

#[cfg(test)]
mod tests {
    use corspec_suite::load::Suite;
    use corspec_targets::mutant::Mutants;

    use super::{Matrix, Published, markdown, text};

    fn written(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_scenario_that_catches_nothing_is_told_only_where_all_mutants_were_asked() {
        let suite = Suite::embedded().unwrap();
        let published = Published::embedded(&suite, &Mutants::embedded().unwrap()).unwrap();
        let matrix = Matrix::new(&suite, Vec::new());
        let idle = "simple/get-is-readable catches no mutant";
        assert!(written(|out| text(&matrix, Some(&published), out)).contains(idle));
        assert!(!written(|out| text(&matrix, None, out)).contains(idle));
        assert!(written(|out| markdown(&matrix, Some(&published), out)).contains(idle));
    }
}
