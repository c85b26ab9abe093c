//! `--format text`: for people. Passes are quiet, a failure tells its whole story.

use std::collections::BTreeMap;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use crate::escape::for_terminal;
use crate::event::{CaseResult, Event, ResultKind, SuiteInfo, Summary, TargetReport, TargetState};
use crate::report::Reporter;

mod block;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const RED: Style = AnsiColor::Red.on_default().bold();
const GREEN: Style = AnsiColor::Green.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();

/// Writes a run for people to read.
#[derive(Debug)]
pub struct Text<W> {
    out: W,
    current: Option<TargetReport>,
    results: Vec<CaseResult>,
    not_applicable: BTreeMap<String, usize>,
    not_run: Vec<TargetReport>,
}

impl<W: Write + Send> Text<W> {
    /// Writes to `out`, which strips colours where they are not wanted.
    pub fn new(out: W) -> Self {
        Self {
            out,
            current: None,
            results: Vec::new(),
            not_applicable: BTreeMap::new(),
            not_run: Vec::new(),
        }
    }

    /// What it wrote to.
    pub fn into_inner(self) -> W {
        self.out
    }

    fn started(&mut self, suite: &SuiteInfo, selected: usize) -> io::Result<()> {
        let SuiteInfo { version, fetch, scenarios, selected: chosen, .. } = suite;
        writeln!(
            self.out,
            "{BOLD}corspec {version}{BOLD:#} · {chosen} of {scenarios} scenarios · {}{} · Fetch at {fetch}",
            cases(selected),
            suite.over()
        )
    }

    fn target(&mut self, target: &TargetReport) -> io::Result<()> {
        self.finish_target()?;
        let versions: Vec<_> =
            target.versions.iter().map(|(what, version)| format!("{what} {version}")).collect();
        write!(self.out, "\n{BOLD}{}{BOLD:#}  {}", target.id, for_terminal(&target.name))?;
        if !versions.is_empty() {
            write!(self.out, " ({})", for_terminal(&versions.join(", ")))?;
        }
        writeln!(self.out)?;
        if let Some(reason) = &target.reason {
            let (style, word) = match target.state {
                TargetState::Unavailable => (YELLOW, "UNAVAILABLE"),
                TargetState::Failed | TargetState::Ran => (RED, "TARGET ERROR"),
            };
            let mut lines = reason.lines().map(for_terminal);
            writeln!(self.out, "  {style}{word}{style:#}  {}", lines.next().unwrap_or_default())?;
            lines.try_for_each(|line| writeln!(self.out, "    {DIM}|{DIM:#} {line}"))?;
        }
        if target.not_run > 0 {
            self.not_run.push(target.clone());
        }
        self.current = Some(target.clone());
        Ok(())
    }

    /// Everything of one target is known: its failures, then its line of the census.
    fn finish_target(&mut self) -> io::Result<()> {
        let Some(target) = self.current.take() else { return Ok(()) };
        let results = std::mem::take(&mut self.results);
        for kind in [ResultKind::HarnessError, ResultKind::Fail, ResultKind::FixedUnexpectedly] {
            block::by_scenario(&mut self.out, &results, kind)?;
        }
        block::by_reason(&mut self.out, &results, ResultKind::KnownFailure)?;
        // What kept a whole policy from being asked was said above.
        let said = |reason: &str| target.reason.as_ref().is_some_and(|it| it.contains(reason));
        let asked = |it: &&CaseResult| !it.reason.as_deref().is_some_and(said);
        let asked: Vec<_> = results.iter().filter(asked).cloned().collect();
        block::by_reason(&mut self.out, &asked, ResultKind::TargetError)?;
        block::by_reason(&mut self.out, &results, ResultKind::RefusedConfig)?;
        if target.not_run > 0 {
            return Ok(());
        }
        let mut summary = Summary::default();
        for result in &results {
            summary.count(result.result);
        }
        let (style, word) = if blames(summary) { (RED, "FAIL") } else { (GREEN, "ok") };
        writeln!(self.out, "  {style}{word}{style:#}  {}", census(summary))
    }

    fn finished(&mut self, summary: Summary) -> io::Result<()> {
        self.finish_target()?;
        writeln!(self.out)?;
        if !self.not_applicable.is_empty() {
            writeln!(self.out, "{DIM}Not applicable, by reason:{DIM:#}")?;
            let mut reasons: Vec<_> =
                std::mem::take(&mut self.not_applicable).into_iter().collect();
            reasons.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
            for (reason, count) in reasons {
                writeln!(self.out, "{DIM}{count:>6}  {}{DIM:#}", for_terminal(&reason))?;
            }
        }
        for TargetReport { id, reason, not_run, .. } in std::mem::take(&mut self.not_run) {
            let reason = reason.as_deref().and_then(|it| it.lines().next()).unwrap_or_default();
            let line = format!("Not run: {} of {id}: {}", cases(not_run), for_terminal(reason));
            writeln!(self.out, "{YELLOW}{line}{YELLOW:#}")?;
        }
        writeln!(self.out, "{BOLD}{}{BOLD:#} · {}", cases(summary.total), census(summary))?;
        self.out.flush()
    }
}

/// How many there are, in words.
pub(super) fn cases(count: usize) -> String {
    if count == 1 { "1 case".to_owned() } else { format!("{count} cases") }
}

impl<W: Write + Send> Reporter for Text<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted { suite, selected } => self.started(suite, *selected),
            Event::Target(target) => self.target(target),
            Event::Result(result) => {
                if result.result == ResultKind::NotApplicable {
                    let reason = result.reason.clone().unwrap_or_default();
                    *self.not_applicable.entry(reason).or_default() += 1;
                }
                self.results.push((**result).clone());
                Ok(())
            }
            Event::Progress { .. } | Event::Note(_) => Ok(()),
            Event::RunFinished { summary } => self.finished(*summary),
        }
    }

    fn interrupted(&mut self) -> io::Result<()> {
        self.finish_target()?;
        writeln!(
            self.out,
            "\n{RED}Interrupted:{RED:#} the targets above are all that was finished."
        )?;
        self.out.flush()
    }
}

fn blames(summary: Summary) -> bool {
    summary.fail + summary.fixed_unexpectedly + summary.target_error + summary.harness_error > 0
}

/// Every result that occurred, with its count.
pub(super) fn census(summary: Summary) -> String {
    let parts: Vec<_> = summary
        .counts()
        .filter(|&(name, count)| count > 0 || name == ResultKind::Pass.name())
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    parts.join(" · ")
}
