//! The published JSON Schema of the report is that of the types, and reports keep to it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use boon::{Compiler, Schemas};
use corspec::report::json::schema;
use serde_json::{Value, json};
use tempfile::TempDir;

use self::scripted::Scripted;

#[path = "support/scripted.rs"]
mod scripted;

fn published() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/corspec-report-1.json")
}

/// Why `document` does not keep to the published schema, if it does not.
fn offence(document: &Value) -> Option<String> {
    let schema: Value = serde_json::from_slice(&fs::read(published()).unwrap()).unwrap();
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("report.json", schema).unwrap();
    let index = compiler.compile("report.json", &mut schemas).unwrap();
    schemas.validate(document, index).err().map(|error| format!("{error:#}"))
}

/// The report of `corspec run` with these arguments, in a folder that has this scenario file.
fn report(arguments: &[&str], scenarios: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    report_in(&folder, arguments, scenarios)
}

fn report_in(folder: &TempDir, arguments: &[&str], scenarios: &str) -> Value {
    fs::write(folder.path().join("mine.toml"), scenarios).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_corspec"));
    command.args(["run", "--format", "json"]).args(arguments).current_dir(folder.path());
    let output = command.stdin(Stdio::null()).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A scenario that the reference fails.
const WRONG: &str = r#"
area = "mine"
about = "An area."

[[scenario]]
id = "mine/wrong"
title = "An allowed page is blocked"
why = "It matters."
impact = "It breaks."
spec = "fetch#concept-cors-check"
basis = "outcome"
level = "must"
direction = "fail-open"
[[scenario.step]]
fetch = { origin = "allowed", route = "resource" }
expect = { page = "blocked" }
"#;

#[test]
fn the_published_schema_is_that_of_the_types() {
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        fs::write(published(), schema()).unwrap();
    }
    assert!(
        fs::read_to_string(published()).unwrap() == schema(),
        "harness/schema/corspec-report-1.json is not of these types any more; where old reports still keep to it, \
         write it anew:\n\n    UPDATE_SCHEMA=1 cargo test -p corspec --test schema\n"
    );
}

#[test]
fn a_report_keeps_to_the_schema() {
    let report = report(&["--scenario", "preflight"], "");
    assert!(report["results"].as_array().is_some_and(|it| it.len() > 100));
    assert_eq!(offence(&report), None);
}

#[test]
fn a_report_of_a_failure_keeps_to_the_schema() {
    let report = report(&["--suite", ".", "--policy", "single"], WRONG);
    assert_eq!(report["results"][0]["result"], "fail");
    assert!(report["results"][0]["failures"][0]["expected"].is_string(), "{report}");
    assert_eq!(offence(&report), None);
}

#[test]
fn a_report_of_what_mends_a_failure_keeps_to_the_schema() {
    let server = Scripted::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "url = '{}'\nframework = 'nginx'\n[policy]\nallow-origins = ['https://a.example']\n\
         [routes]\nresource = '/two-allow-origins'\n",
        server.url("")
    );
    fs::write(folder.path().join("corspec.toml"), config).unwrap();
    let mut report = report_in(&folder, &["--scenario", "simple/get-is-readable"], "");
    let remedy = &report["results"][0]["remedy"];
    assert!(remedy["text"].is_string() && remedy["setting"]["line"].is_string(), "{report}");
    assert_eq!(offence(&report), None);
    report["results"][0]["remedy"]["text"] = Value::Null;
    assert!(offence(&report).is_some_and(|it| it.contains("/results/0/remedy")));
}

#[test]
fn what_is_no_report_does_not() {
    let whole = report(&["--scenario", "simple", "--policy", "single"], "");
    let mut other = whole.clone();
    other["results"][0]["result"] = json!("passed");
    assert!(offence(&other).is_some_and(|it| it.contains("/results/0/result")));
    let mut cut = whole;
    cut.as_object_mut().unwrap().remove("summary");
    assert!(offence(&cut).is_some_and(|it| it.contains("summary")));
}
