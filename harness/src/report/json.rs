//! `--format json`: one document, written when the run is over.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use crate::escape::json_line;
use crate::event::{CaseResult, Event, SuiteInfo, Summary, TargetReport};
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

/// Collects a run and writes it as one JSON document.
#[derive(Debug)]
pub struct Json<W> {
    out: W,
    suite: Option<SuiteInfo>,
    targets: Vec<TargetReport>,
    results: Vec<CaseResult>,
}

impl<W: Write + Send> Json<W> {
    /// Writes to `out` when the run is over.
    pub fn new(out: W) -> Self {
        Self { out, suite: None, targets: Vec::new(), results: Vec::new() }
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
        let value = serde_json::to_value(&document)?;
        writeln!(self.out, "{}", json_line(&value))?;
        self.out.flush()
    }
}

impl<W: Write + Send> Reporter for Json<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted { suite, .. } => self.suite = Some(suite.clone()),
            Event::Target(target) => self.targets.push(target.clone()),
            Event::Result(result) => self.results.push((**result).clone()),
            Event::Progress { .. } => {}
            Event::RunFinished { summary } => return self.finish(*summary),
        }
        Ok(())
    }
}

/// The JSON Schema of the document, as text that ends with a line feed.
#[must_use]
pub fn schema() -> String {
    let schema = schemars::schema_for!(Document);
    format!("{:#}\n", schema.to_value())
}
