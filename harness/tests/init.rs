//! `corspec init`: what it writes, and what it leaves alone.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use corspec::config::{Config, EXAMPLE};
use corspec::remedy::framework;

fn init(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_corspec"))
        .arg("init")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

#[test]
fn the_file_that_is_written_is_a_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let output = init(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let path = folder.path().join("corspec.toml");
    assert_eq!(fs::read_to_string(&path).unwrap(), EXAMPLE);
    Config::read(&path).unwrap();
}

#[test]
fn the_frameworks_that_it_speaks_of_are_known() {
    let (before, setting) = EXAMPLE.split_once("\n# framework = ").unwrap();
    let (_, about) = before.rsplit_once("\n\n").unwrap();
    let named = format!("{about} {}", setting.lines().next().unwrap());
    let names: Vec<_> = named.split('"').skip(1).step_by(2).collect();
    assert_eq!(names.len(), 5, "{named}");
    assert_eq!(names.into_iter().find(|it| framework(it).is_none()), None);
}

#[test]
fn a_file_that_is_there_is_left_alone_unless_forced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("corspec.toml");
    fs::write(&path, "mine").unwrap();
    let output = init(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("--force"), "{output:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    assert_eq!(init(folder.path(), &["--force"]).status.code(), Some(0));
    assert_eq!(fs::read_to_string(&path).unwrap(), EXAMPLE);
}

#[test]
fn a_folder_that_cannot_be_written_to_is_said() {
    let folder = tempfile::tempdir().unwrap();
    // A folder in the file's place cannot be replaced by it, whoever runs the test.
    fs::create_dir(folder.path().join("corspec.toml")).unwrap();
    let output = init(folder.path(), &["--force"]);
    assert_eq!(output.status.code(), Some(74), "{output:?}");
}
