//! `corspec diff`: what changed between two reports.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;
use test_case::test_case;

fn corspec(folder: &TempDir, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

fn command(folder: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_corspec"));
    command.args(arguments).current_dir(folder.path()).stdin(Stdio::null());
    command
}

/// A report of a real run, as `old.json` in a folder of its own.
fn reported() -> (TempDir, Value) {
    let folder = tempfile::tempdir().unwrap();
    let run = ["run", "reference", "--scenario", "simple/*", "--policy", "single"];
    let output =
        corspec(&folder, &[&run[..], &["--format", "json", "--output", "old.json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let report = serde_json::from_slice(&fs::read(folder.path().join("old.json")).unwrap());
    (folder, report.unwrap())
}

/// What is said of `old.json` and a `new.json` with this text, and the exit code.
fn compared(folder: &TempDir, new: &str) -> (String, Option<i32>) {
    fs::write(folder.path().join("new.json"), new).unwrap();
    let output = corspec(folder, &["diff", "old.json", "new.json"]);
    let said = [output.stdout, output.stderr].concat();
    (String::from_utf8(said).unwrap(), output.status.code())
}

fn results(report: &mut Value) -> &mut Vec<Value> {
    report["results"].as_array_mut().unwrap()
}

/// The place among the results of the first that was asked.
fn asked(report: &mut Value) -> usize {
    results(report).iter().position(|it| it["exchanges"].is_array()).unwrap()
}

#[test]
fn the_same_report_has_no_change() {
    let (folder, mut report) = reported();
    let count = results(&mut report).len();
    let said = format!("nothing changed in {count} cases\n");
    assert_eq!(compared(&folder, &report.to_string()), (said, Some(0)));
}

#[test]
fn cases_in_another_order_are_no_change() {
    let (folder, mut report) = reported();
    results(&mut report).reverse();
    assert_eq!(compared(&folder, &report.to_string()).1, Some(0));
}

#[test]
fn another_result_is_said() {
    let (folder, mut report) = reported();
    let at = asked(&mut report);
    let case = &mut results(&mut report)[at];
    (case["result"], case["direction"]) = (json!("fail"), json!("fail-open"));
    let first = format!(
        "result   pass → fail (fail-open)  reference  {}  single\n",
        case["scenario"].as_str().unwrap()
    );
    let (said, code) = compared(&folder, &report.to_string());
    assert_eq!(code, Some(1));
    assert!(said.starts_with(&first), "{said}");
    assert!(said.ends_with("\n0 new · 0 gone · 1 with another result · 0 with another exchange\n"));
}

#[test]
fn another_wire_is_said_below_its_request() {
    let (folder, mut report) = reported();
    let at = asked(&mut report);
    let exchange = &mut results(&mut report)[at]["exchanges"][0];
    exchange["response-headers"] = json!([["vary", "\u{1b}[31morigin"]]);
    exchange["status"] = json!(201);
    let (said, code) = compared(&folder, &report.to_string());
    assert_eq!(code, Some(1));
    assert!(said.starts_with("wire     pass  reference  simple/"), "{said}");
    let request = said.find("\n    step 1: ").unwrap();
    let (gone, come) =
        (said.find("\n  -   < 200\n").unwrap(), said.find("\n  +   < 201\n").unwrap());
    assert!(request < gone && request < come, "{said}");
    assert!(said.contains("\n  +   < vary: \\u{1b}[31morigin\n"), "{said}");
    assert!(!said.contains("> "), "what is the same is not shown: {said}");
}

#[test]
fn new_and_gone_cases_are_said() {
    let (folder, mut report) = reported();
    let mut first = results(&mut report).remove(0);
    let gone = first["scenario"].as_str().unwrap().to_owned();
    first["scenario"] = json!("simple/a-new-one");
    results(&mut report).push(first);
    let (said, code) = compared(&folder, &report.to_string());
    assert_eq!(code, Some(1));
    let find = |kind: &str, id: &str| {
        let mut lines = said.lines().filter(|line| line.starts_with(kind));
        lines.any(|line| line.ends_with(&format!("  reference  {id}  single")))
    };
    assert!(find("new ", "simple/a-new-one") && find("gone ", &gone), "{said}");
    assert!(said.contains("\n1 new · 1 gone · "), "{said}");
}

#[test]
fn another_version_is_said() {
    let (folder, mut report) = reported();
    report["targets"][0]["versions"]["corspec"] = json!("99.0.0");
    let (said, code) = compared(&folder, &report.to_string());
    assert_eq!(code, Some(1));
    assert!(
        said.starts_with("version  reference: corspec ") && said.contains(" → corspec 99.0.0\n")
    );
}

#[test_case("{", "is not JSON"; "no JSON")]
#[test_case("{}", "names no schema"; "no schema")]
#[test_case("{\"schema\": \"corspec-list/1\"}", "is of the schema `corspec-list/1`, not `corspec-report/1`"; "another schema")]
#[test_case("{\"schema\": \"corspec-report/1\"}", "and is not: missing field"; "no results")]
fn what_is_no_report_is_refused(text: &str, says: &str) {
    let (folder, _) = reported();
    let (said, code) = compared(&folder, text);
    assert_eq!(code, Some(2));
    assert!(said.starts_with("error: `new.json` ") && said.contains(says), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn a_file_that_is_not_there_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let output = corspec(&folder, &["diff", "old.json", "new.json"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("error: cannot read `old.json`: "));
}

#[test]
fn a_comparison_that_cannot_be_written_ends_with_74() {
    let (folder, _) = reported();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = command(&folder, &["diff", "old.json", "old.json"]);
    let status = command.stdout(full).stderr(Stdio::null()).status().unwrap();
    assert_eq!(status.code(), Some(74));
}
