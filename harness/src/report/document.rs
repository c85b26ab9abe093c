//! A whole run as one value, for the formats that are written when it is over.

use std::collections::BTreeMap;
use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use crate::event::{CaseResult, Event, ResultKind, SuiteInfo, Summary, TargetReport};
use crate::report::Reporter;

/// The name and version of the document's form.
pub const SCHEMA: &str = "corspec-report/1";

/// The whole document.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Document {
    /// `corspec-report/1`.
    pub schema: String,
    /// The suite that asked.
    pub suite: SuiteInfo,
    /// Who was asked.
    pub targets: Vec<TargetReport>,
    /// What came of each case, in the order of targets, policies and scenarios.
    pub results: Vec<CaseResult>,
    /// A count for each result.
    pub summary: Summary,
}

/// How a format writes a run.
pub type Form = fn(&Document, &mut dyn Write) -> io::Result<()>;

/// Collects a run, and writes it when it is over.
#[derive(Debug)]
pub struct Collect<W> {
    out: W,
    form: Form,
    suite: Option<SuiteInfo>,
    targets: Vec<TargetReport>,
    results: Vec<CaseResult>,
}

impl<W: Write + Send> Collect<W> {
    /// Writes to `out` in this form.
    pub fn new(out: W, form: Form) -> Self {
        Self { out, form, suite: None, targets: Vec::new(), results: Vec::new() }
    }

    fn finish(&mut self, summary: Summary) -> io::Result<()> {
        let Some(suite) = self.suite.take() else { return Ok(()) };
        let document = Document {
            schema: SCHEMA.to_owned(),
            suite,
            targets: std::mem::take(&mut self.targets),
            results: std::mem::take(&mut self.results),
            summary,
        };
        (self.form)(&document, &mut self.out)?;
        self.out.flush()
    }
}

impl<W: Write + Send> Reporter for Collect<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted { suite, .. } => self.suite = Some(suite.clone()),
            Event::Target(target) => self.targets.push(target.clone()),
            Event::Result(result) => self.results.push((**result).clone()),
            Event::Progress { .. } | Event::Note(_) => {}
            Event::RunFinished { summary } => return self.finish(*summary),
        }
        Ok(())
    }
}

/// The results of a scenario, by target.
pub(super) type Row<'a> = BTreeMap<&'a str, Vec<&'a CaseResult>>;

impl Document {
    /// The results of one target, in order.
    pub(super) fn of(&self, target: &str) -> impl Iterator<Item = &CaseResult> {
        self.results.iter().filter(move |result| result.target == target)
    }

    /// A count for each result of one target.
    pub(super) fn summary_of(&self, target: &TargetReport) -> Summary {
        let mut summary = Summary::default();
        summary.count_not_run(target.not_run);
        self.of(&target.id).for_each(|result| summary.count(result.result));
        summary
    }

    /// What every target gave for every scenario.
    pub(super) fn matrix(&self) -> BTreeMap<&str, Row<'_>> {
        let mut rows: BTreeMap<&str, Row<'_>> = BTreeMap::new();
        for result in &self.results {
            let cells = rows.entry(&result.scenario).or_default();
            cells.entry(&result.target).or_default().push(result);
        }
        rows
    }
}

/// The result that says most of several: what blames comes before what excuses, and a pass before
/// what was not asked.
pub(super) fn worst<'a>(results: &[&'a CaseResult]) -> Option<&'a CaseResult> {
    let rank = |result: &&&CaseResult| match result.result {
        ResultKind::HarnessError => 0,
        ResultKind::TargetError => 1,
        ResultKind::Fail => 2,
        ResultKind::FixedUnexpectedly => 3,
        ResultKind::KnownFailure => 4,
        ResultKind::Pass => 5,
        ResultKind::RefusedConfig => 6,
        ResultKind::NotApplicable => 7,
    };
    results.iter().min_by_key(rank).copied()
}
