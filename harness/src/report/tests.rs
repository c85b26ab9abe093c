//! Every form of a report, with text in it that others chose.

use std::collections::BTreeMap;

use quick_junit::TestCaseStatus;
use rstest::rstest;

use super::document::{Collect, Form};
use super::text::Text;
use super::{Reporter, html, json, junit, markdown};
use crate::console::Console;
use crate::event::{
    CaseResult, Event, ExchangeReport, Failure, ResultKind, SuiteInfo, Summary, TargetReport,
    TargetState,
};
use crate::remedy::{Remedy, Setting};

/// An escape sequence, a control character of Latin-1, an element, and a table's cell.
const HOSTILE: &str = "\u{1b}[2J\u{9b}31m<script>alert(1)</script>\"'&|\r\n";

/// What mends a failure, with characters that no hint has.
const REMEDY: Remedy = Remedy {
    text: "a remedy\u{1b}[2J<script>|",
    setting: Some(Setting {
        framework: "a framework\u{9b}31m<script>",
        line: "a line = \"<script>\" | 'a'\u{1b}",
        note: "A note\r\n.",
        docs: "https://docs.example/\u{1b}\"<script>",
    }),
};

fn result(kind: ResultKind, scenario: &str) -> CaseResult {
    CaseResult {
        scenario: scenario.to_owned(),
        title: "A title".to_owned(),
        target: "t".to_owned(),
        policy: "p".to_owned(),
        level: "must".to_owned(),
        basis: "outcome".to_owned(),
        result: kind,
        direction: Some("fail-open".to_owned()),
        reason: Some(HOSTILE.to_owned()),
        variant: None,
        decided_by: Some("cors-check 4".to_owned()),
        decision: Some(HOSTILE.to_owned()),
        console: Some(Console { chromium: Some(HOSTILE.to_owned()), ..Console::default() }),
        remedy: Some(REMEDY),
        failures: vec![Failure {
            step: "1".to_owned(),
            expected: "nothing".to_owned(),
            seen: HOSTILE.to_owned(),
        }],
        exchanges: vec![ExchangeReport {
            step: "1".to_owned(),
            preflight: false,
            method: "GET".to_owned(),
            url: "http://127.0.0.1:8000/".to_owned(),
            request_headers: vec![("origin".to_owned(), HOSTILE.to_owned())],
            status: Some(200),
            response_headers: vec![("access-control-allow-origin".to_owned(), HOSTILE.to_owned())],
            failure: None,
        }],
        why: "w".to_owned(),
        impact: "i".to_owned(),
        spec: "fetch#concept-cors-check 4".to_owned(),
        reproduce: None,
    }
}

fn events() -> Vec<Event> {
    let suite = SuiteInfo {
        version: "0".to_owned(),
        fetch: "f".to_owned(),
        scenarios: 2,
        selected: 2,
        http: Some("HTTP/2".to_owned()),
    };
    let target = |id: &str, state| {
        Event::Target(TargetReport {
            id: id.to_owned(),
            name: HOSTILE.to_owned(),
            versions: BTreeMap::from([("lib".to_owned(), HOSTILE.to_owned())]),
            policies: vec!["p".to_owned()],
            state,
            reason: (state != TargetState::Ran).then(|| HOSTILE.to_owned()),
            not_run: if state == TargetState::Ran { 0 } else { 3 },
        })
    };
    let mut events = vec![Event::RunStarted { suite, selected: 2 }, target("t", TargetState::Ran)];
    let mut summary = Summary::default();
    for kind in ResultKind::ALL {
        summary.count(kind);
        events.push(Event::Result(Box::new(result(kind, &format!("a/{}", kind.name())))));
    }
    events.push(target("absent", TargetState::Failed));
    summary.count_not_run(3);
    events.push(Event::RunFinished { summary });
    events
}

fn written(reporter: impl FnOnce(&mut Vec<u8>, &[Event])) -> String {
    let mut out = Vec::new();
    reporter(&mut out, &events());
    String::from_utf8(out).unwrap()
}

fn collected(form: Form) -> String {
    written(|out, events| {
        let mut collect = Collect::new(out, form);
        events.iter().for_each(|event| collect.event(event).unwrap());
    })
}

#[rstest]
#[case::json(json::write)]
#[case::junit(junit::write)]
#[case::markdown(markdown::write)]
#[case::html(html::write)]
fn no_control_character_gets_out(#[case] form: Form) {
    let text = collected(form);
    let control = text.chars().find(|it| it.is_control() && *it != '\n');
    assert_eq!(control, None, "{text}");
    assert!(text.contains("fixed-unexpectedly"), "{text}");
}

#[test]
fn text_for_a_terminal_has_none_but_its_own_colours() {
    let text = written(|out, events| {
        let mut reporter = Text::new(anstream::StripStream::new(out));
        events.iter().for_each(|event| reporter.event(event).unwrap());
    });
    assert_eq!(text.chars().find(|it| it.is_control() && *it != '\n'), None, "{text}");
}

#[rstest]
#[case::json(json::write, r#""not-run":3"#)]
#[case::junit(junit::write, "3 cases not run: ")]
#[case::markdown(markdown::write, "| all | 1 | 1 | 1 | 1 | 1 | 1 | 1 | 1 | 3 |")]
#[case::html(html::write, r#"<td class="number">3</td>"#)]
fn what_did_not_run_is_counted(#[case] form: Form, #[case] says: &str) {
    let text = collected(form);
    assert!(text.contains(says), "{text}");
}

#[rstest]
#[case::json(json::write, r#""http":"HTTP/2""#)]
#[case::markdown(markdown::write, " cases over HTTP/2, ")]
#[case::html(html::write, " cases over HTTP/2, ")]
fn a_version_of_http_that_was_named_is_said(#[case] form: Form, #[case] says: &str) {
    let text = collected(form);
    assert!(text.contains(says), "{text}");
}

#[rstest]
#[case::json(json::write, "\"remedy\":{\"text\":\"a remedy", "\"line\":\"a line = ")]
#[case::junit(junit::write, "\nmend: a remedy", "\nsetting of a framework")]
#[case::markdown(markdown::write, "\n- mend: a remedy", "\n- setting: a line = ")]
#[case::html(html::write, "<dt>mend</dt><dd>a remedy", "<dt>setting</dt><dd><code>a line = ")]
fn what_mends_a_failure_is_shown(#[case] form: Form, #[case] says: &str, #[case] setting: &str) {
    let text = collected(form);
    assert!(text.contains(says) && text.contains(setting), "{text}");
}

#[test]
fn what_mends_a_failure_is_shown_to_people() {
    let text = written(|out, events| {
        let mut reporter = Text::new(anstream::StripStream::new(out));
        events.iter().for_each(|event| reporter.event(event).unwrap());
    });
    assert!(text.contains("\n    mend        a remedy\\u{1b}[2J<script>|\n"), "{text}");
    assert!(text.contains("\n    setting     a line = \"<script>\" | 'a'\\u{1b}\n"), "{text}");
    assert!(text.contains("                a framework\\u{9b}31m<script>: https://docs"), "{text}");
}

#[test]
fn the_census_for_people_counts_what_did_not_run_and_says_why() {
    let text = written(|out, events| {
        let mut reporter = Text::new(anstream::StripStream::new(out));
        events.iter().for_each(|event| reporter.event(event).unwrap());
    });
    assert!(text.contains("\nNot run: 3 cases of absent: \\u{1b}[2J"), "{text}");
    assert!(text.ends_with(" · 1 harness-error · 3 not-run\n"), "{text}");
}

#[test]
fn no_element_of_others_gets_into_the_page() {
    let page = collected(html::write);
    assert!(!page.contains("<script"), "{page}");
    assert!(page.contains("&lt;script&gt;alert(1)"), "{page}");
}

#[test]
fn what_ci_reads_tells_failures_from_errors() {
    let text = collected(junit::write);
    let report = quick_junit::Report::deserialize_from_str(&text).unwrap();
    assert_eq!((report.tests, report.failures, report.errors), (9, 2, 3));
    let cases = report.test_suites.iter().flat_map(|suite| &suite.test_cases);
    let skipped = cases.filter(|it| matches!(it.status, TestCaseStatus::Skipped { .. }));
    assert_eq!(skipped.count(), 3);
}

#[test]
fn equal_runs_give_equal_bytes() {
    for form in [json::write, junit::write, markdown::write, html::write] as [Form; 4] {
        assert_eq!(collected(form), collected(form));
    }
}
