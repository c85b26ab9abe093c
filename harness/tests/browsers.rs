//! `corspec browsers`, from what it refuses to a real browser. A machine without Chromium, or
//! without a way to make a network namespace, performs only the former, and says so;
//! `CORSPEC_REQUIRE_BROWSERS` makes that a failure.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use corspec::browsers::console::capture::Capture;
use corspec_fetch::profile::Profile;
use corspec_vectors::compare::differences;
use corspec_vectors::corpus::{Corpus, Entry};
use corspec_vectors::replay::replay;

fn corspec(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_corspec"));
    command.arg("browsers").args(arguments).stdin(Stdio::null());
    command
}

fn run(command: &mut Command) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = [stdout, stderr].concat();
    (status.code(), String::from_utf8(text).unwrap())
}

/// Whether a browser can be run here.
fn chromium_is_here() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_on_path =
        |program: &str| std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    let namespace = Command::new("unshare").args(["--net", "true"]).status();
    let here = ["chromium", "chromedriver", "ip"].into_iter().all(is_on_path)
        && namespace.is_ok_and(|status| status.success());
    assert!(
        here || std::env::var_os("CORSPEC_REQUIRE_BROWSERS").is_none(),
        "Chromium, its driver, or the right to make a network namespace is missing"
    );
    if !here {
        eprintln!(
            "not performed: Chromium, its driver or the right to make a namespace is missing"
        );
    }
    here
}

/// A folder with these programs, none of which does anything.
fn programs(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        let path = folder.path().join(name);
        fs::write(&path, "#!/bin/sh\nexit 1\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder
}

#[test]
fn a_browser_that_is_not_there_is_said_to_be_unavailable() {
    let nothing = programs(&[]);
    let (code, text) = run(corspec(&["chromium"]).env("PATH", nothing.path()));
    assert_eq!(code, Some(4), "{text}");
    assert!(text.contains("unavailable: chromium, chromedriver is not installed"), "{text}");
    let (code, _) = run(corspec(&["chromium", "--require"]).env("PATH", nothing.path()));
    assert_eq!(code, Some(3));
}

#[test]
fn no_browser_is_started_where_no_namespace_can_be_made() {
    let without_unshare = programs(&["chromium", "chromedriver"]);
    let (code, text) = run(corspec(&["chromium"]).env("PATH", without_unshare.path()));
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("browsers run only where there is no network but loopback"), "{text}");
    assert!(text.contains("run this as root"), "{text}");
}

#[test]
fn a_namespace_with_more_than_loopback_is_refused() {
    let both = programs(&["chromium", "chromedriver"]);
    // As if the command had run itself again already.
    let mut command = corspec(&["chromium"]);
    let (code, text) = run(command.env("PATH", both.path()).env("CORSPEC_IN_NAMESPACE", "1"));
    let table = fs::read_to_string("/proc/self/net/dev").unwrap();
    if table.lines().skip(2).all(|line| line.trim_start().starts_with("lo:")) {
        return;
    }
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("and here is also"), "{text}");
}

#[test]
fn what_does_not_exist_is_a_usage_error() {
    for arguments in [["opera"], ["--policy=publik"], ["--scenario=simple/none"]] {
        let (code, text) = run(&mut corspec(&arguments));
        assert_eq!(code, Some(2), "{text}");
    }
}

#[test]
fn chromium_and_the_model_agree() {
    if !chromium_is_here() {
        return;
    }
    let arguments = [
        "chromium",
        "--scenario=simple",
        "--scenario=stateless/parallel-*",
        "--policy=credentialed",
        "--format=json",
    ];
    let (code, text) = run(&mut corspec(&arguments));
    assert_eq!(code, Some(0), "{text}");
    let found: serde_json::Value = serde_json::from_str(&text).unwrap();
    let chromium = &found["engines"][0];
    assert!(chromium["cases"].as_u64().unwrap() >= 10, "{text}");
    assert_eq!(chromium["view"], chromium["cases"]);
    let impossible = chromium["impossible"].as_object().unwrap();
    let why: Vec<_> = impossible.keys().map(String::as_str).collect();
    assert_eq!(why, ["a raw request, which no page makes"]);
}

#[test]
fn what_cannot_be_recorded_is_a_usage_error() {
    for arguments in [
        &["--record=5", "reference"][..],
        &["--record=5", "--against=opera"],
        &["--record=5", "--policy=public"],
        &["--record=5", "--runs=0"],
        &["--seed=5"],
    ] {
        let (code, text) = run(&mut corspec(arguments));
        assert_eq!(code, Some(2), "{arguments:?}: {text}");
    }
    let (code, _) = run(&mut corspec(&["--record=0"]));
    assert_eq!(code, Some(4));
}

#[test]
fn a_recording_is_a_file_that_the_model_is_held_against_and_a_disagreement_is_reduced() {
    if !chromium_is_here() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vectors.jsonl.gz");
    let output = format!("--output={}", path.display());
    // Another browser's profile is bound to disagree.
    let wrong = ["chromium", "--record=40", "--seed=3", "--runs=1", "--against=webkit", &output];
    let (code, text) = run(&mut corspec(&wrong));
    assert_eq!(code, Some(1), "{text}");
    let corpus = Corpus::unpack(&fs::read(&path).unwrap()).unwrap();
    assert!(corpus.entries.len() >= 35, "{text}");
    assert!(corpus.origin.engines.contains_key("chromium"));
    let own = |entry: &&Entry| {
        let model = replay(&entry.vector, &Profile::CHROMIUM).unwrap();
        differences(&model, &entry.recorded["chromium"]).is_empty()
    };
    let agreeing = corpus.entries.iter().filter(own).count();
    assert!(agreeing >= corpus.entries.len() - 1, "{agreeing} agree\n{text}");
    let smallest = text.lines().filter_map(|line| line.trim().strip_prefix("{\"id\""));
    let smallest: Vec<_> = smallest.collect();
    assert!(!smallest.is_empty(), "{text}");
    let shortest = smallest.iter().map(|line| line.len()).min().unwrap();
    let original = |entry: &Entry| serde_json::to_string(&entry.vector).unwrap().len();
    let least = corpus.entries.iter().map(original).min().unwrap();
    assert!(shortest < least, "{shortest} is not below {least}\n{text}");
}

#[test]
fn what_cannot_be_listened_to_is_a_usage_error() {
    for arguments in [
        &["--console", "reference"][..],
        &["--console", "--policy=public"],
        &["--console", "--record=5"],
        &["--provocation=redirect"],
        &["--console", "--provocation=["],
        &["--console", "--provocation=redirect/lop"],
    ] {
        let (code, text) = run(&mut corspec(arguments));
        assert_eq!(code, Some(2), "{arguments:?}: {text}");
    }
    let (code, text) = run(&mut corspec(&["--console", "--provocation=none/*"]));
    assert_eq!(code, Some(4), "{text}");
    let nothing = programs(&[]);
    let mut command = corspec(&["--console", "--require"]);
    let (code, text) = run(command.env("PATH", nothing.path()));
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("chromium is unavailable"), "{text}");
}

#[test]
fn browsers_print_again_what_was_captured() {
    if !chromium_is_here() {
        return;
    }
    let required = std::env::var_os("CORSPEC_REQUIRE_BROWSERS").is_some();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("console.json");
    let output = format!("--output={}", path.display());
    let asked = ["integrity", "mixed-content", "embedder-policy"];
    let mut command = corspec(&["--console", &output]);
    command.args(asked.map(|it| format!("--provocation={it}")));
    let (code, text) = run(command.args(required.then_some("--require")));
    assert_eq!(code, Some(0), "{text}");
    let read = |bytes: &[u8]| serde_json::from_slice::<Capture>(bytes).unwrap();
    let (now, then) = (read(&fs::read(&path).unwrap()), read(include_bytes!("data/console.json")));
    assert!(now.heard.len() > 10, "{text}");
    for (id, engine, heard) in
        now.heard.iter().flat_map(|(id, it)| it.iter().map(move |(engine, it)| (id, engine, it)))
    {
        // Another version may print more lines after the first, which the command compares.
        if now.engines[engine] == then.engines[engine] {
            assert_eq!(heard, &then.heard[id][engine], "{id} in {engine:?}");
        }
    }
}

#[test]
fn nothing_of_a_browser_outlives_a_killed_run() {
    if !chromium_is_here() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let mut command = corspec(&["chromium", "--scenario=simple"]);
    // All that the run and the browser write goes below this folder.
    let mut run = command.env("TMPDIR", home.path()).stdout(Stdio::piped()).spawn().unwrap();
    let here = home.path().to_str().unwrap();
    await_that("the browser runs", || mentioned_by_processes(here));
    run.kill().unwrap();
    run.wait().unwrap();
    drop(run.stdout.take().unwrap().read_to_end(&mut Vec::new()));
    await_that("no process is left", || !mentioned_by_processes(here));
    await_that("no folder is left", || fs::read_dir(home.path()).unwrap().next().is_none());
}

/// Whether a process has `text` among its arguments.
fn mentioned_by_processes(text: &str) -> bool {
    let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let mut arguments =
        processes.filter_map(|it| fs::read(Path::new(&it.path()).join("cmdline")).ok());
    arguments.any(|it| String::from_utf8_lossy(&it).contains(text))
}

fn await_that(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < deadline, "never: {what}");
        thread::yield_now();
    }
}
