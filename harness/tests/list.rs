//! `corspec list`: what is chosen, its forms, and the page of all scenarios in the docs.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::{self, OpenOptions};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use test_case::test_case;

fn list(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_corspec"));
    command.arg("list").args(arguments);
    command
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

/// The scenarios that are listed.
fn scenarios(arguments: &[&str]) -> Vec<Value> {
    let output = list(&[arguments, &["--format", "json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(output.stderr));
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();
    list["scenarios"].as_array().unwrap().clone()
}

#[test]
fn the_page_of_all_scenarios_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/scenarios.md");
    let written = text(list(&["--format", "markdown"]).stdout);
    assert!(
        fs::read_to_string(path).unwrap() == written,
        "docs/scenarios.md is not of these scenarios any more; write it anew:\n\n    \
         cargo run -- list --format markdown > docs/scenarios.md\n"
    );
}

#[test]
fn everything_is_listed_with_the_policies() {
    let all = scenarios(&[]);
    let shown = text(list(&[]).stdout);
    for scenario in &all {
        let id = scenario["id"].as_str().unwrap();
        assert!(shown.contains(&format!("  {id} ")), "{id}");
    }
    assert!(shown.contains("\n  credentialed  origins https://app.example"), "{shown}");
    assert!(shown.ends_with(&format!("\n{0} of {0} scenarios\n", all.len())));
}

#[test_case(&["preflight"], "id", "preflight/"; "an area")]
#[test_case(&["preflight/*", "--area", "preflight"], "id", "preflight/"; "a glob")]
#[test_case(&["--area", "options"], "id", "options/"; "an area by its option")]
#[test_case(&["--level", "should"], "level", "should"; "a level")]
fn what_is_listed_is_what_was_asked_for(arguments: &[&str], key: &str, begins: &str) {
    let (chosen, all) = (scenarios(arguments), scenarios(&[]));
    assert!(chosen.iter().all(|it| it[key].as_str().unwrap().starts_with(begins)));
    let others = all.iter().filter(|it| !it[key].as_str().unwrap().starts_with(begins));
    assert_eq!(chosen.len() + others.count(), all.len());
}

#[test]
fn a_policy_has_the_scenarios_that_apply_under_it() {
    let ids = |policy| -> Vec<_> {
        scenarios(&["--policy", policy]).iter().map(|it| it["id"].to_string()).collect()
    };
    let (public, credentialed) = (ids("public"), ids("credentialed"));
    let cookies = "\"credentials/";
    let of = |ids: &[String]| ids.iter().filter(|id| id.starts_with(cookies)).count();
    assert!(of(&credentialed) > of(&public));
    assert!(public.iter().any(|id| !credentialed.contains(id)));
}

#[test]
fn json_says_what_a_scenario_is() {
    let chosen = scenarios(&["preflight/unsafe-method-is-allowed"]);
    let [scenario] = chosen.as_slice() else { panic!("{chosen:?}") };
    assert_eq!(scenario["level"], "must");
    assert_eq!(scenario["direction"], "fail-closed");
    assert_eq!(scenario["link"], "https://fetch.spec.whatwg.org/#cors-preflight-fetch");
}

#[test_case(&["preflight/unsafe-method-is-alowed"], 2, "did you mean `preflight/unsafe-method-is-allowed`?"; "a scenario")]
#[test_case(&["preflihgt"], 2, "did you mean `preflight`?"; "an area")]
#[test_case(&["--area", "option"], 2, "did you mean `options`?"; "an area by its option")]
#[test_case(&["--policy", "publik"], 2, "did you mean `public`?"; "a policy")]
#[test_case(&["--level", "may"], 2, "observe"; "a level")]
#[test_case(&["["], 2, "is not a glob"; "no glob")]
#[test_case(&["nothing-*"], 4, "no scenario matches"; "a glob that matches nothing")]
#[test_case(&["preflight", "--area", "options"], 4, "no scenario matches"; "a contradiction")]
fn a_mistake_gets_one_clear_error(arguments: &[&str], code: i32, says: &str) {
    let output = list(arguments);
    let error = text(output.stderr);
    assert_eq!(output.status.code(), Some(code), "{error}");
    assert!(error.contains(says), "{error}");
    assert!(output.stdout.is_empty());
}

#[test]
fn a_reader_that_has_enough_gets_no_complaint() {
    let mut command = command(&["--format", "json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(74));
    assert_eq!(text(output.stderr), "");
}

#[test]
fn output_that_cannot_be_written_is_said() {
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = command(&[]).stdout(full).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(74));
    assert!(text(output.stderr).starts_with("error: the output could not be written: "));
}
