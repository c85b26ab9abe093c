//! What a check of a user's own server gave.

use std::fmt;

use crate::event::{CaseResult, Event, Summary, TargetState};
use crate::exit::Exit;
use crate::report::Reporter as _;
use crate::report::text::Text;
use crate::runner::{Plan, run};

/// What a check gave; shown as the command line's text report.
#[derive(Clone, Debug)]
pub struct Report {
    /// Every case, in the order of the suite.
    pub results: Vec<CaseResult>,
    /// A count for each result.
    pub summary: Summary,
    /// How the command line would end.
    pub exit: Exit,
    text: String,
}

impl Report {
    /// Runs the plan.
    pub(super) async fn of(plan: &Plan<'_>) -> Self {
        let mut shown = Text::new(anstream::StripStream::new(Vec::new()));
        let (mut results, mut failed) = (Vec::new(), false);
        let summary = run(plan, &mut |event| {
            match event {
                Event::Target(target) => failed |= target.state == TargetState::Failed,
                Event::Result(result) => results.push((**result).clone()),
                _ => {}
            }
            shown.event(event).expect("memory takes every line");
        })
        .await;
        let text = String::from_utf8_lossy(&shown.into_inner().into_inner()).into_owned();
        Self { results, summary, exit: Exit::of(summary, failed), text }
    }

    /// Whether all is as expected, and anything was asked.
    #[must_use]
    pub fn is_expected(&self) -> bool {
        self.exit == Exit::Expected
    }

    /// Makes sure that all is as expected.
    ///
    /// # Panics
    ///
    /// With the whole report, where a case failed that is not known to, one passed that is, the
    /// service did not answer, or nothing was asked.
    #[track_caller]
    pub fn assert_expected(&self) {
        assert!(self.is_expected(), "not as expected:\n{self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}
