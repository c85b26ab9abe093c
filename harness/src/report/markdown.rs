//! `--format markdown`: for a pull request's comment or a job's summary.

use std::io::{self, Write};

use crate::console::Console;
use crate::escape::for_terminal;
use crate::event::{CaseResult, ResultKind, Summary};
use crate::remedy::Setting;
use crate::report::document::{Document, worst};

/// The results that a reader has to look at.
const BLAMED: [ResultKind; 4] = [
    ResultKind::HarnessError,
    ResultKind::TargetError,
    ResultKind::Fail,
    ResultKind::FixedUnexpectedly,
];

/// Writes the document as Markdown: a census by target, each failure, and, where several targets
/// were asked, what each gave for every scenario.
///
/// # Errors
///
/// The output cannot be written.
pub fn write(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    let suite = &document.suite;
    writeln!(out, "# corspec {}\n", suite.version)?;
    writeln!(
        out,
        "{} of {} scenarios, {} cases{}, Fetch at {}.\n",
        suite.selected,
        suite.scenarios,
        document.summary.total,
        suite.over(),
        suite.fetch
    )?;
    census(document, out)?;
    for result in document.results.iter().filter(|it| BLAMED.contains(&it.result)) {
        failure(result, out)?;
    }
    if document.targets.len() > 1 {
        matrix(document, out)?;
    }
    Ok(())
}

fn census(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    let total = document.summary;
    let kinds: Vec<_> = total.counts().filter(|it| it.1 > 0).map(|it| it.0).collect();
    let names: Vec<_> = kinds.iter().map(|it| (*it).to_owned()).collect();
    row(out, "target", &names)?;
    row(out, "---", &vec!["---:".to_owned(); kinds.len()])?;
    let counts = |summary: Summary| -> Vec<String> {
        let shown = summary.counts().filter(|it| kinds.contains(&it.0));
        shown.map(|it| it.1.to_string()).collect()
    };
    for target in &document.targets {
        row(out, &text(&target.id), &counts(document.summary_of(target)))?;
    }
    row(out, "all", &counts(total))?;
    writeln!(out)?;
    for target in &document.targets {
        if let Some(reason) = &target.reason {
            writeln!(out, "**{}**: {}\n", text(&target.id), text(reason))?;
        }
    }
    Ok(())
}

fn row(out: &mut dyn Write, first: &str, cells: &[String]) -> io::Result<()> {
    writeln!(out, "| {first} | {} |", cells.join(" | "))
}

fn failure(result: &CaseResult, out: &mut dyn Write) -> io::Result<()> {
    let direction = result.direction.as_deref().map_or(String::new(), |it| format!(", {it}"));
    writeln!(
        out,
        "## {}: {} on {} under {}\n",
        result.result.name(),
        text(&result.scenario),
        text(&result.target),
        text(&result.policy)
    )?;
    writeln!(out, "{} ({}, {}{direction})\n", text(&result.title), result.level, result.basis)?;
    let mut item = |label: &str, what: &str| writeln!(out, "- {label}: {}", text(what));
    if let Some(reason) = &result.reason {
        item("reason", reason)?;
    }
    for failure in &result.failures {
        item("expected", &failure.expected)?;
        item("seen", &failure.seen)?;
    }
    if let Some(step) = &result.decided_by {
        let found = result.decision.as_deref().map_or(String::new(), |it| format!(": {it}"));
        item("decided by", &format!("{step}{found}"))?;
    }
    for (browser, text) in result.console.iter().flat_map(Console::iter) {
        item(browser, text)?;
    }
    if let Some(remedy) = &result.remedy {
        item("mend", remedy.text)?;
        if let Some(Setting { framework, line, note, docs }) = remedy.setting {
            item("setting", &format!("{line} ({framework}): {note} {docs}"))?;
        }
    }
    if let Some(reproduce) = &result.reproduce {
        item("by hand", &reproduce.curl)?;
    }
    writeln!(out)
}

fn matrix(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "## What each target gave\n\nThe worst over all policies.\n")?;
    let ids: Vec<_> = document.targets.iter().map(|target| text(&target.id)).collect();
    row(out, "scenario", &ids)?;
    row(out, "---", &vec!["---".to_owned(); ids.len()])?;
    for (scenario, cells) in document.matrix() {
        let cell = |id: &str| cells.get(id).and_then(|it| worst(it)).map_or("", word);
        let cells: Vec<_> =
            document.targets.iter().map(|target| cell(&target.id).to_owned()).collect();
        row(out, &text(scenario), &cells)?;
    }
    Ok(())
}

fn word(result: &CaseResult) -> &'static str {
    result.result.name()
}

/// Text that Markdown shows as it is, whatever is in it.
pub(crate) fn text(raw: &str) -> String {
    let mut shown = String::new();
    for it in for_terminal(raw).chars() {
        if matches!(
            it,
            '\\' | '`'
                | '*'
                | '_'
                | '['
                | ']'
                | '<'
                | '>'
                | '|'
                | '&'
                | '~'
                | '#'
                | '$'
                | '!'
                | '@'
        ) {
            shown.push('\\');
        }
        shown.push(it);
    }
    shown
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::text;

    #[test_case("a|b", "a\\|b"; "no cell ends")]
    #[test_case("<img src=x>", "\\<img src=x\\>"; "no element begins")]
    #[test_case("a\nb", "a\\\\u{a}b"; "no line ends")]
    fn hostile_text_stays_text(raw: &str, want: &str) {
        assert_eq!(text(raw), want);
    }
}
