//! `corspec targets`: who there is, what is missing, and what is known of each.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

const MANIFEST: &str = "name = 'Fake'\nlanguage = 'sh'\nlibrary = 'none'\n\
                        homepage = 'https://fake.example'\nroutes = ['resource']\n\
                        [[needs]]\ntool = 'a rare tool'\ncheck = ['false']\nget = 'find it'\n\
                        [start]\ncommand = ['true']\n\
                        [variants.box.container]\nimage = 'fake'\nbuild = ['true']\nport = 80\n";

const KNOWN: &str = "[[known]]\nscenario = \"simple/allow-origin-is-sent-once\"\npolicy = \"single\"\n\
                     reason = \"it is sent twice\"\n";

/// A project with the target `fake`, of which this is known.
fn project(known: &str) -> TempDir {
    let project = tempfile::tempdir().unwrap();
    let folder = project.path().join("targets/fake");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("target.toml"), MANIFEST).unwrap();
    fs::write(folder.join("known.toml"), known).unwrap();
    project
}

fn targets(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_corspec"));
    command.arg("targets").args(arguments).current_dir(folder).output().unwrap()
}

#[test]
fn each_target_has_a_line_and_each_variant_another() {
    let output = targets(project(KNOWN).path(), &[]);
    assert_eq!(output.status.code(), Some(0));
    let expected = "\
fake       Fake       sh    unavailable, needs a rare tool: find it · 1 known failure
  fake@box: available
reference  Reference  rust  available
";
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}

#[test]
fn json_has_the_same() {
    let output = targets(project(KNOWN).path(), &["--format", "json"]);
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();
    let fake = &list["targets"][0];
    let missing = json!({"available": false, "missing": ["a rare tool"], "how": "find it"});
    assert_eq!(fake["availability"], missing);
    assert_eq!(fake["variants"], json!({"box": {"available": true}}));
    assert_eq!(fake["known-failures"], 1);
    assert_eq!(list["targets"][1]["id"], "reference");
}

#[test]
fn a_file_that_cannot_be_used_is_shown() {
    let output = targets(project("[[known]]\nscenario = \"simple/*\"\n").path(), &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.starts_with("error: ") && error.contains("reason"), "{error}");
}
