//! The story of a fetch: every decision, with the step of the standard that took it.

use alloc::string::String;
use alloc::vec::Vec;

/// The decisions of one fetch, in order.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Trace {
    /// Each decision.
    pub steps: Vec<TraceStep>,
}

/// One decision.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TraceStep {
    /// The standard's anchor of the algorithm, without `#`.
    pub anchor: &'static str,
    /// The step's number within the algorithm.
    pub step: &'static str,
    /// What was decided, in words; bytes of others are escaped.
    pub what: String,
}

impl Trace {
    pub(crate) fn add(
        &mut self,
        anchor: &'static str,
        step: &'static str,
        what: impl Into<String>,
    ) {
        self.steps.push(TraceStep { anchor, step, what: what.into() });
    }
}
