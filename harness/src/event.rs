//! What a run says while it goes on: the only thing that reporters read.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::console::Console;
use crate::remedy::Remedy;

/// Something that happened in a run, in the order a reader wants it: targets and
/// their results come in a stable order, whatever ran first.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The run begins.
    RunStarted {
        /// The suite that asks.
        suite: SuiteInfo,
        /// How many cases were selected, over all targets and policies.
        selected: usize,
    },
    /// A target answered for itself, or could not.
    Target(TargetReport),
    /// A case has its result.
    Result(Box<CaseResult>),
    /// How far a target is; for progress only, never part of a report.
    Progress {
        /// Who is being asked, with its variant after an `@`.
        target: String,
        /// Under which policy.
        policy: String,
        /// How many of the target's cases have a result.
        done: usize,
        /// How many cases it has.
        of: usize,
    },
    /// What a reader should know of a server before its results; never part of a report.
    Note(String),
    /// The run is over.
    RunFinished {
        /// A count for each result.
        summary: Summary,
    },
}

/// The suite that asked.
#[derive(Clone, Debug, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SuiteInfo {
    /// This program's version.
    pub version: String,
    /// The commit of the Fetch standard that the model follows.
    pub fetch: String,
    /// How many scenarios the suite has.
    pub scenarios: usize,
    /// How many of them were selected.
    pub selected: usize,
    /// The version of HTTP that was asked over, where the user named one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<String>,
}

impl SuiteInfo {
    /// The version that the user named, to stand behind a number of cases.
    pub(crate) fn over(&self) -> String {
        self.http.as_ref().map_or(String::new(), |version| format!(" over {version}"))
    }
}

/// A target as the run met it.
#[derive(Clone, Debug, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct TargetReport {
    /// The target's id, with its variant after an `@`.
    pub id: String,
    /// The name that it gave itself, or that its manifest gives it.
    pub name: String,
    /// The versions that it reported, by component.
    pub versions: BTreeMap<String, String>,
    /// The policies that it was asked under.
    pub policies: Vec<String>,
    /// Whether it could be asked.
    pub state: TargetState,
    /// Why it could not be asked, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How many cases were selected for it and did not run, since it could not be asked at all;
    /// absent where none.
    #[serde(skip_serializing_if = "is_none")]
    pub not_run: usize,
}

/// Whether a target could be asked.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetState {
    /// It ran.
    Ran,
    /// A tool that it needs is not there.
    Unavailable,
    /// It could not be installed or started, or died.
    Failed,
}

/// What the suite says of one case on one target.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResultKind {
    /// What the policy intends is what the page saw.
    Pass,
    /// It is not.
    Fail,
    /// A failure that the target's list of known failures has.
    KnownFailure,
    /// The list has it, and it passes: the entry is to be removed.
    FixedUnexpectedly,
    /// The case cannot be asked here, for the reason given.
    NotApplicable,
    /// The library rejects this policy when it starts.
    RefusedConfig,
    /// The target crashed, hung or could not start.
    TargetError,
    /// A fault of this program.
    HarnessError,
}

impl ResultKind {
    /// Every result, in the order of a census.
    pub const ALL: [Self; 8] = [
        Self::Pass,
        Self::Fail,
        Self::KnownFailure,
        Self::FixedUnexpectedly,
        Self::NotApplicable,
        Self::RefusedConfig,
        Self::TargetError,
        Self::HarnessError,
    ];

    /// The name that reports use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::KnownFailure => "known-failure",
            Self::FixedUnexpectedly => "fixed-unexpectedly",
            Self::NotApplicable => "not-applicable",
            Self::RefusedConfig => "refused-config",
            Self::TargetError => "target-error",
            Self::HarnessError => "harness-error",
        }
    }

    /// Whether the case was really asked.
    #[must_use]
    pub fn ran(self) -> bool {
        matches!(self, Self::Pass | Self::Fail | Self::KnownFailure | Self::FixedUnexpectedly)
    }
}

/// One case on one target, judged.
#[derive(Clone, Debug, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct CaseResult {
    /// The scenario's id.
    pub scenario: String,
    /// The scenario's title.
    pub title: String,
    /// The target's id, with its variant.
    pub target: String,
    /// The policy's name.
    pub policy: String,
    /// `must`, `should` or `observe`.
    pub level: String,
    /// What the level rests on.
    pub basis: String,
    /// What the suite says.
    pub result: ResultKind,
    /// What the failure means: `fail-open`, `fail-closed`, `malformed`, `cache-hazard`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<String>,
    /// Why it is not applicable, refused, known or an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The accepted variant that held, where the scenario names several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// The step of the standard that decided what the page saw.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
    /// What the standard's step found, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<String>,
    /// What browsers print in their consoles for a failure in which the page was blocked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub console: Option<Console>,
    /// What mends the failure, where something is sure to: mostly where the page was blocked that was to
    /// be let in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<Remedy>,
    /// Each expectation that did not hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<Failure>,
    /// Every request and response, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exchanges: Vec<ExchangeReport>,
    /// Why a failure of this scenario matters.
    #[serde(skip)]
    pub why: String,
    /// What users see when it fails.
    #[serde(skip)]
    pub impact: String,
    /// The part of the standard that the scenario is about.
    pub spec: String,
    /// How to see the failure by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reproduce: Option<Reproduce>,
}

impl CaseResult {
    /// Makes it an error of the target, which did not answer for this reason.
    pub(crate) fn unanswered(&mut self, reason: String) {
        self.result = ResultKind::TargetError;
        self.reason = Some(reason);
        self.failures.clear();
        (self.direction, self.console, self.reproduce) = (None, None, None);
        (self.decided_by, self.decision, self.remedy) = (None, None, None);
    }
}

/// How to see a failure by hand.
#[derive(Clone, Debug, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Reproduce {
    /// What starts the server, where it was one that the run started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serve: Option<String>,
    /// A `curl` line that repeats the deciding exchange.
    pub curl: String,
    /// What a page runs, as JavaScript; absent for raw requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub javascript: Option<String>,
    /// The origin of the page that runs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

/// An expectation that did not hold.
#[derive(Clone, Debug, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Failure {
    /// The scenario's step.
    pub step: String,
    /// What was expected, in words.
    pub expected: String,
    /// What was seen, in words.
    pub seen: String,
}

/// A request and its response, secrets redacted.
#[derive(Clone, Debug, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ExchangeReport {
    /// The scenario's step that caused it.
    pub step: String,
    /// Whether it is a CORS-preflight request.
    pub preflight: bool,
    /// The request's method.
    pub method: String,
    /// The request's URL.
    pub url: String,
    /// The request's header lines.
    pub request_headers: Vec<(String, String)>,
    /// The response's status; absent where nothing answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The response's header lines.
    pub response_headers: Vec<(String, String)>,
    /// Why nothing answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// A count for each result.
#[derive(Clone, Copy, Debug, Default, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Summary {
    /// Cases selected.
    pub total: usize,
    /// See [`ResultKind::Pass`].
    pub pass: usize,
    /// See [`ResultKind::Fail`].
    pub fail: usize,
    /// See [`ResultKind::KnownFailure`].
    pub known_failure: usize,
    /// See [`ResultKind::FixedUnexpectedly`].
    pub fixed_unexpectedly: usize,
    /// See [`ResultKind::NotApplicable`].
    pub not_applicable: usize,
    /// See [`ResultKind::RefusedConfig`].
    pub refused_config: usize,
    /// See [`ResultKind::TargetError`].
    pub target_error: usize,
    /// See [`ResultKind::HarnessError`].
    pub harness_error: usize,
    /// See [`TargetReport::not_run`].
    #[serde(skip_serializing_if = "is_none")]
    pub not_run: usize,
}

impl Summary {
    /// Counts one more result.
    pub fn count(&mut self, result: ResultKind) {
        self.total += 1;
        *self.slot(result) += 1;
    }

    /// Counts cases that did not run, since their target could not be asked at all.
    pub fn count_not_run(&mut self, cases: usize) {
        self.total += cases;
        self.not_run += cases;
    }

    /// Every count with its name, in the order of a census.
    pub fn counts(self) -> impl Iterator<Item = (&'static str, usize)> {
        let results = ResultKind::ALL.into_iter().map(move |kind| (kind.name(), self.of(kind)));
        results.chain([("not-run", self.not_run)])
    }

    /// The count of one result.
    #[must_use]
    pub fn of(mut self, result: ResultKind) -> usize {
        *self.slot(result)
    }

    /// How many cases were really asked.
    #[must_use]
    pub fn ran(self) -> usize {
        ResultKind::ALL.into_iter().filter(|kind| kind.ran()).map(|kind| self.of(kind)).sum()
    }

    fn slot(&mut self, result: ResultKind) -> &mut usize {
        match result {
            ResultKind::Pass => &mut self.pass,
            ResultKind::Fail => &mut self.fail,
            ResultKind::KnownFailure => &mut self.known_failure,
            ResultKind::FixedUnexpectedly => &mut self.fixed_unexpectedly,
            ResultKind::NotApplicable => &mut self.not_applicable,
            ResultKind::RefusedConfig => &mut self.refused_config,
            ResultKind::TargetError => &mut self.target_error,
            ResultKind::HarnessError => &mut self.harness_error,
        }
    }
}

/// Whether a count is left out of what is written.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
fn is_none(count: &usize) -> bool {
    *count == 0
}
