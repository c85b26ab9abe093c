//! `--format junit`: XML that CI systems show, a suite for each target and policy.

use std::collections::BTreeMap;
use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::escape::for_terminal;
use crate::event::{CaseResult, ResultKind, TargetReport, TargetState};
use crate::report::document::Document;
use crate::report::text::cases;

/// Writes the document as JUnit XML, without times, so that equal runs give equal bytes.
///
/// A known failure is skipped with its reason, as what is not applicable is.
///
/// # Errors
///
/// The output cannot be written.
pub fn write(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    let mut report = Report::new("corspec");
    for target in &document.targets {
        if target.state != TargetState::Ran && document.of(&target.id).next().is_none() {
            report.add_test_suite(absent(target));
        }
        let mut policies: BTreeMap<&str, TestSuite> = BTreeMap::new();
        for result in document.of(&target.id) {
            let name = format!("{}/{}", target.id, result.policy);
            let suite = policies.entry(&result.policy).or_insert_with(|| TestSuite::new(name));
            suite.add_test_case(case(result));
        }
        report.add_test_suites(policies.into_values());
    }
    report.serialize(&mut *out).map_err(io::Error::other)?;
    writeln!(out)
}

/// A target that gave no results: one case that says why.
fn absent(target: &TargetReport) -> TestSuite {
    let reason = for_terminal(target.reason.as_deref().unwrap_or_default());
    let reason = format!("{} not run: {reason}", cases(target.not_run));
    let mut status = match target.state {
        TargetState::Unavailable => TestCaseStatus::skipped(),
        TargetState::Failed | TargetState::Ran => {
            TestCaseStatus::non_success(NonSuccessKind::Error)
        }
    };
    status.set_message(reason);
    let mut suite = TestSuite::new(target.id.clone());
    suite.add_test_case(TestCase::new("starts", status));
    suite
}

fn case(result: &CaseResult) -> TestCase {
    let mut status = match result.result {
        ResultKind::Pass => TestCaseStatus::success(),
        ResultKind::Fail | ResultKind::FixedUnexpectedly => {
            TestCaseStatus::non_success(NonSuccessKind::Failure)
        }
        ResultKind::KnownFailure | ResultKind::NotApplicable | ResultKind::RefusedConfig => {
            TestCaseStatus::skipped()
        }
        ResultKind::TargetError | ResultKind::HarnessError => {
            TestCaseStatus::non_success(NonSuccessKind::Error)
        }
    };
    if result.result != ResultKind::Pass {
        let direction = result.direction.as_deref();
        status.set_type(direction.unwrap_or_else(|| result.result.name()));
        status.set_message(for_terminal(&message(result)));
    }
    if result.result == ResultKind::Fail {
        status.set_description(for_terminal_lines(&description(result)));
    }
    let mut case = TestCase::new(result.scenario.clone(), status);
    case.set_classname(format!("{}.{}", result.target, result.policy));
    case
}

fn message(result: &CaseResult) -> String {
    let seen =
        result.failures.iter().map(|it| format!("expected {}, saw {}", it.expected, it.seen));
    let reason = result.reason.as_ref().map(|it| format!("{}: {it}", result.result.name()));
    reason.into_iter().chain(seen).collect::<Vec<_>>().join("; ")
}

fn description(result: &CaseResult) -> Vec<String> {
    let mut lines = vec![result.title.clone(), format!("why: {}", result.why)];
    if let Some(step) = &result.decided_by {
        let found = result.decision.as_deref().unwrap_or_default();
        lines.push(format!("decided by: {step}: {found}"));
    }
    if let Some(remedy) = &result.remedy {
        lines.push(format!("mend: {}", remedy.text));
        let setting = remedy.setting.map(|it| format!("setting of {}: {}", it.framework, it.line));
        lines.extend(setting);
    }
    if let Some(reproduce) = &result.reproduce {
        lines.extend(reproduce.serve.clone());
        lines.push(reproduce.curl.clone());
    }
    lines
}

fn for_terminal_lines(lines: &[String]) -> String {
    lines.iter().map(|line| for_terminal(line)).collect::<Vec<_>>().join("\n")
}
