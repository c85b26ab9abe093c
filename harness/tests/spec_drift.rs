//! `scripts/spec-drift`: a newer standard shows what it changes, and every anchor that is named has its digest.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

const STANDARD: &str = "<h3 id=checks>Checks</h3>\n\n<div algorithm>\n<p>To <dfn id=cors-check>check</dfn>:\n<ol>\n\
    <li><p>Do one thing.\n</ol>\n</div>\n\n<p>A <dfn>null status</dfn> is 204.\n\n<h3 id=other>Other</h3>\n";

const CODE: &str = "//! <https://fetch.spec.whatwg.org/#cors-check>\n\nfn before() {}\n\n/// The\n\
    /// [check](https://fetch.spec.whatwg.org/#cors-check).\npub(crate) async fn check() {\n    \
    // <https://fetch.spec.whatwg.org/#null-status>\n    let anchor: \"null-status\";\n}\n\nfn after() {}\n";

const SCENARIOS: &str = "[[scenario]]\nid = \"simple/one\"\nspec = \"fetch#cors-check 4\"\n[[scenario]]\nid = \"simple/two\"\n\
     spec = \"fetch#null-status\"\n";

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/spec-drift")
}

/// A small project with a copy of the script, whose digests are those of `STANDARD`.
fn project() -> TempDir {
    let project = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = project.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("scripts/spec-drift", &fs::read_to_string(script()).unwrap());
    write("suite/fetch/src/check.rs", CODE);
    write("suite/scenarios/simple.toml", SCENARIOS);
    write("suite/fetch/spec/digests.txt", "");
    write("fetch.bs", STANDARD);
    let pinned = drift(project.path(), &["--pin", "fetch.bs"]);
    assert_eq!(pinned.status.code(), Some(0), "{pinned:?}");
    project
}

fn drift(project: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new("python3");
    command.arg(project.join("scripts/spec-drift")).args(arguments).current_dir(project);
    command.output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn every_anchor_that_is_named_has_a_digest() {
    let output = Command::new("python3").arg(script()).arg("--check").output().unwrap();
    assert_eq!((output.status.code(), said(&output)), (Some(0), String::new()));
}

#[test]
fn what_changes_is_named_with_what_rests_on_it() {
    let project = project();
    let edit = |from: &str, to: &str| {
        assert!(STANDARD.contains(from));
        fs::write(project.path().join("new.bs"), STANDARD.replace(from, to)).unwrap();
        let output = drift(project.path(), &["new.bs"]);
        (output.status.code(), said(&output))
    };
    let nothing = (Some(0), "0 of 2 anchors have changed\n".to_owned());
    assert_eq!(edit("one thing", "one\n  thing"), nothing);
    assert_eq!(edit("Other</h3>", "Others</h3>"), nothing);
    let algorithm = "#cors-check has changed\n  suite/fetch/src/check.rs\n  suite/fetch/src/check.rs: check\n  \
                     suite/scenarios/simple.toml: simple/one\n\
                     1 of 2 anchors have changed\n";
    assert_eq!(edit("one thing", "another thing"), (Some(1), algorithm.to_owned()));
    let definition = "#null-status is gone\n  suite/fetch/src/check.rs: check\n  suite/scenarios/simple.toml: simple/two\n\
                      1 of 2 anchors have changed\n";
    assert_eq!(edit("null status", "empty status"), (Some(1), definition.to_owned()));
}

#[test]
fn a_new_anchor_without_a_digest_is_named() {
    let project = project();
    let code = format!("{CODE}// <https://fetch.spec.whatwg.org/#other>\n");
    fs::write(project.path().join("suite/fetch/src/check.rs"), code).unwrap();
    let output = drift(project.path(), &["--check"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).starts_with("#other is named and has no digest"), "{output:?}");
}

#[test]
fn a_damaged_digest_is_none() {
    let project = project();
    let digests = project.path().join("suite/fetch/spec/digests.txt");
    let damaged = fs::read_to_string(&digests).unwrap().replace("cors-check ", "cors-check x");
    fs::write(digests, damaged).unwrap();
    let output = drift(project.path(), &["--check"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).starts_with("#cors-check is named and has no digest"), "{output:?}");
}

#[test]
fn bad_usage_is_said() {
    let project = project();
    for arguments in [&[][..], &["no-such.bs"], &["fetch.bs", "fetch.bs"]] {
        assert_eq!(drift(project.path(), arguments).status.code(), Some(2), "{arguments:?}");
    }
}
