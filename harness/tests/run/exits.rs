//! Every exit code of `corspec run`, provoked.

use std::fs;
use std::process::Stdio;

use libtest_mimic::Trial;

use crate::project::{Check, Project, text};

/// Cases that every target has, and few of them.
const FEW: [&str; 4] = ["--scenario", "simple", "--policy", "public"];

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("exit_0_all_as_expected", || exits(&["good"], &["good"], 0)),
        Trial::test("exit_0_an_unavailable_target_beside_another", || {
            exits(&["good", "unavailable"], &["good", "unavailable"], 0)
        }),
        Trial::test("exit_0_a_refused_policy_is_an_answer", || {
            exits(&["choosy"], &["choosy", "--policy", "single"], 0)
        }),
        Trial::test("exit_4_every_policy_is_refused", all_refused),
        Trial::test("exit_2_a_folder_of_snapshots_that_is_not_there", no_snapshots),
        Trial::test("exit_5_a_snapshot_of_no_area", unreferenced),
        Trial::test("exit_5_snapshots_of_no_target", of_no_target),
        Trial::test("exit_2_a_snapshot_that_is_no_text", no_text),
        Trial::test("a_pipe_gets_the_report", piped),
        Trial::test("what_did_not_run_is_counted", not_run),
        Trial::test("exit_1_an_unexpected_failure", || exits(&["wrong"], &["wrong"], 1)),
        Trial::test("exit_1_an_unexpected_pass", unexpected_pass),
        Trial::test("exit_2_bad_usage", bad_usage),
        Trial::test("exit_2_a_target_without_a_folder_of_targets", no_targets),
        Trial::test("exit_2_a_manifest_that_is_wrong_is_shown", bad_manifest),
        Trial::test("a_target_that_is_named_twice_is_asked_once", named_twice),
        Trial::test("exit_2_known_failures_that_cannot_be_read", bad_known_failures),
        Trial::test("exit_3_required_and_unavailable", || {
            exits(&["unavailable"], &["unavailable", "--require-targets"], 3)
        }),
        Trial::test("exit_3_it_died", || exits(&["crash"], &["crash", "--scenario", "*/*"], 3)),
        Trial::test("exit_3_it_ended_before_it_was_ready", || exits(&["early"], &["early"], 3)),
        Trial::test("exit_3_it_never_got_ready", || exits(&["mute"], &["mute"], 3)),
        Trial::test("exit_3_outranks_a_failure", || {
            exits(&["wrong", "early"], &["wrong", "early"], 3)
        }),
        Trial::test("exit_4_nothing_selected", nothing_selected),
        Trial::test("exit_4_everything_not_applicable", not_applicable),
        Trial::test("exit_4_nothing_available", || exits(&["unavailable"], &["unavailable"], 4)),
        Trial::test("exit_5_snapshots_differ", snapshots_differ),
        #[cfg(target_os = "linux")]
        Trial::test("exit_70_no_guardian_can_be_started", no_guardian),
        Trial::test("exit_74_the_device_is_full", || unwritable("/dev/full")),
        Trial::test("exit_74_there_is_no_such_folder", || unwritable("missing/report.txt")),
        Trial::test("exit_74_nobody_reads_standard_output", nobody_reads),
        Trial::test("a_file_is_replaced_by_the_whole_report", replaced),
    ]
}

/// A run over few cases with these arguments too, in a project of these targets, ends so.
fn exits(targets: &[&str], arguments: &[&str], code: i32) -> Check {
    let output = Project::of(targets)?.run(&[arguments, &FEW].concat())?;
    assert_eq!(output.status.code(), Some(code), "{}", text(&output.stdout));
    Ok(())
}

fn unexpected_pass() -> Check {
    let project = Project::of(&["good"])?;
    let known = "[[known]]\nscenario = \"simple/*\"\nreason = \"it was thought to fail\"\n";
    project.write("targets/good/known.toml", known)?;
    let (report, code) = project.json(&[&["good"][..], &FEW].concat())?;
    assert!(report["summary"]["fixed-unexpectedly"].as_u64().is_some_and(|it| it > 0), "{report}");
    assert_eq!(code, Some(1));
    Ok(())
}

fn bad_usage() -> Check {
    let project = Project::of(&["good"])?;
    let rows: [(&[&str], &str); 10] = [
        (&["goood"], "did you mean `good`?"),
        (&["good@docker"], "no variant `docker`"),
        (&["good", "--scenario", "simple/no-such"], "did you mean `simple/"),
        (&["good", "--scenario", "preflihgt"], "no area `preflihgt`; did you mean `preflight`?"),
        (&["good", "--exclude", "preflihgt"], "no area `preflihgt`; did you mean `preflight`?"),
        (&["good", "--exclude", "simple/no-such"], "did you mean `simple/"),
        (&["good", "--policy", "publik"], "did you mean `public`?"),
        (&["good", "--scenario", "["], "is not a glob"),
        (&["good", "--timeout", "0"], "above 0"),
        (&["good", "--jobs", "0"], "--jobs"),
    ];
    for (arguments, says) in rows {
        let output = project.run(arguments)?;
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains(says), "{arguments:?}: {error}");
        assert!(output.stdout.is_empty(), "{arguments:?}: {}", text(&output.stdout));
    }
    Ok(())
}

/// The nearest name there is would mislead: the folder is not at hand.
fn no_targets() -> Check {
    let project = Project::of(&[])?;
    let here = project.path("").canonicalize()?;
    for arguments in [&["run", "good"][..], &["serve", "good", "--policy", "public"]] {
        let output = project.corspec(arguments).output()?;
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains(&format!("looked for in `{}`", here.display())), "{error}");
        assert!(!error.contains("did you mean"), "{error}");
    }
    Ok(())
}

fn bad_manifest() -> Check {
    let project = Project::of(&["good"])?;
    project.write("targets/bad/target.toml", "name = ")?;
    for arguments in [&["run", "good"][..], &["serve", "good", "--policy", "public"]] {
        let output = project.corspec(arguments).output()?;
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains("bad/target.toml:1:"), "{arguments:?}: {error}");
    }
    Ok(())
}

fn named_twice() -> Check {
    let project = Project::of(&["good"])?;
    let (report, _) = project.json(&[&["good", "good"][..], &FEW].concat())?;
    assert_eq!(report["targets"].as_array().map(Vec::len), Some(1), "{report}");
    Ok(())
}

fn bad_known_failures() -> Check {
    let project = Project::of(&["good"])?;
    project.write("targets/good/known.toml", "[[known]]\nscenario = \"simple/*\"\n")?;
    let output = project.run(&["good"])?;
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("reason"), "{}", text(&output.stderr));
    Ok(())
}

fn nothing_selected() -> Check {
    let project = Project::of(&["good"])?;
    let star = "no scenario matches `*` (a star does not cross the slash of an id)";
    let rows: [(&[&str], &str); 4] = [
        (&["--scenario", "no-such-*/*"], "no scenario matches `no-such-*/*`"),
        (&["--scenario", "simple/*", "--scenario", "no-*/*"], "no scenario matches `no-*/*`"),
        (&["--exclude", "*"], star),
        (&["--exclude", "*/*"], "no scenario matches"),
    ];
    for (arguments, says) in rows {
        let output = project.run(&[&["good"][..], arguments].concat())?;
        assert_eq!(output.status.code(), Some(4), "{arguments:?}");
        assert_eq!(text(&output.stderr), format!("error: {says}; nothing was asked\n"));
    }
    Ok(())
}

fn not_applicable() -> Check {
    let project = Project::of(&["good"])?;
    // A server that allows nobody has no cases of sharing: every one of the area says so.
    let (report, _) = project.json(&["good", "--policy", "closed"])?;
    let results = report["results"].as_array().ok_or("no results")?;
    let inapplicable = results.iter().find(|it| it["result"] == "not-applicable");
    let scenario = inapplicable.and_then(|it| it["scenario"].as_str()).ok_or("all apply")?;
    let output = project.run(&["good", "--policy", "closed", "--scenario", scenario])?;
    assert_eq!(output.status.code(), Some(4));
    assert!(text(&output.stdout).contains("1 case · 0 pass · 1 not-applicable"));
    assert!(text(&output.stderr).contains("nothing was asked"));
    Ok(())
}

fn snapshots_differ() -> Check {
    let project = Project::of(&["good"])?;
    fs::create_dir(project.path("snapshots"))?;
    let output = project.run(&["good", "--scenario", "simple"])?;
    assert_eq!(output.status.code(), Some(5));
    let error = text(&output.stderr);
    assert!(error.contains("snapshot missing: "), "{error}");
    assert!(error.contains("\n1 snapshot differs: "), "{error}");
    Ok(())
}

/// An executable that is gone while it runs cannot be run again as a guardian.
#[cfg(target_os = "linux")]
fn no_guardian() -> Check {
    let project = Project::of(&["good"])?;
    let copy = project.path("corspec");
    fs::copy(env!("CARGO_BIN_EXE_corspec"), &copy)?;
    let script = "exec 3<\"$0\" && rm \"$0\" && exec /proc/self/fd/3 \"$@\"";
    let copy = copy.to_string_lossy();
    let mut command = std::process::Command::new("sh");
    let run = command.args(["-c", script, &copy, "run", "good"]).current_dir(project.path(""));
    let output = run.output()?;
    assert_eq!(output.status.code(), Some(70), "{}", text(&output.stderr));
    assert!(text(&output.stderr).starts_with("error: cannot start the guardian: "));
    Ok(())
}

fn all_refused() -> Check {
    let project = Project::of(&["refuse"])?;
    let output = project.run(&[&["refuse"][..], &FEW].concat())?;
    assert_eq!(output.status.code(), Some(4), "{}", text(&output.stdout));
    let error = text(&output.stderr);
    assert!(error.contains("nothing was asked: the policies were refused"), "{error}");
    Ok(())
}

fn no_snapshots() -> Check {
    let project = Project::of(&["good"])?;
    let output = project.run(&["good", "--scenario", "simple", "--snapshots", "snapshot"])?;
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("there is no folder `snapshot`; `mkdir -p snapshot` makes"), "{error}");
    assert!(!project.path("snapshot").exists());
    // The folder that is looked for anyway is made.
    let arguments = ["good", "--scenario", "simple", "--snapshots", "snapshots"];
    let output = project.command(&arguments).env("INSTA_UPDATE", "always").output()?;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(project.names("snapshots/good")?, ["simple.snap"]);
    Ok(())
}

fn unreferenced() -> Check {
    let project = Project::of(&["good"])?;
    project.write("snapshots/good/no-area.snap", "")?;
    let output = project.run(&[&["good"][..], &FEW].concat())?;
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{error}");
    assert!(error.contains("snapshot of no area: ") && error.contains("no-area.snap"), "{error}");
    assert!(!error.contains("INSTA_UPDATE"), "that does not help: {error}");
    Ok(())
}

fn of_no_target() -> Check {
    let project = Project::of(&["good"])?;
    project.write("snapshots/gone/simple.snap", "")?;
    fs::create_dir(project.path("snapshots/good"))?;
    fs::create_dir(project.path("snapshots/reference"))?;
    let arguments = [&["good"][..], &FEW].concat();
    for more in [&[][..], &["--snapshots", "snapshots"]] {
        let output = project.run(&[&arguments[..], more].concat())?;
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(5), "{error}");
        assert_eq!(error.matches("snapshots of no target: ").count(), 1, "{error}");
        assert!(error.contains("snapshots/gone: remove them\n"), "{error}");
    }
    // Another folder may be of other targets.
    fs::rename(project.path("snapshots"), project.path("others"))?;
    let output = project.run(&[&arguments[..], &["--snapshots", "others"]].concat())?;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    Ok(())
}

fn no_text() -> Check {
    let project = Project::of(&["good"])?;
    fs::create_dir_all(project.path("snapshots/good"))?;
    fs::write(project.path("snapshots/good/simple.snap"), b"\xFF")?;
    let output = project.run(&["good", "--scenario", "simple"])?;
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.starts_with("error: the snapshot `"), "{error}");
    assert!(error.contains("snapshots/good/simple.snap` is not UTF-8; "), "{error}");
    Ok(())
}

/// What reads a pipe gets the report once: the pipe is opened once.
fn piped() -> Check {
    let project = Project::of(&[])?;
    let pipe = project.path("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status()?.success());
    let reader = std::thread::spawn(move || fs::read_to_string(pipe));
    let output = project.run(&[&["reference", "--output", "pipe"][..], &FEW].concat())?;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let report = reader.join().map_err(|_| "the reader panicked")??;
    assert!(report.starts_with("corspec ") && report.contains(" cases · "), "{report}");
    Ok(())
}

fn not_run() -> Check {
    let project = Project::of(&["good", "unavailable"])?;
    let (report, code) = project.json(&[&["good", "unavailable"][..], &FEW].concat())?;
    assert_eq!(code, Some(0));
    let ran = report["results"].as_array().map(Vec::len).ok_or("no results")?;
    assert_eq!(report["summary"]["not-run"], ran, "as many of each");
    assert_eq!(report["summary"]["total"], 2 * ran);
    Ok(())
}

fn unwritable(path: &str) -> Check {
    let project = Project::of(&[])?;
    for format in ["text", "json", "ndjson"] {
        let arguments = ["reference", "--format", format, "--output", path];
        let output = project.run(&[&arguments[..], &FEW].concat())?;
        assert_eq!(output.status.code(), Some(74), "{format}");
        let error = text(&output.stderr);
        assert!(error.lines().any(|it| it.starts_with("error: ")), "{error}");
    }
    Ok(())
}

/// The pipe is closed before anything is written, and the target would hang for ever: the run does
/// not wait for what nobody reads.
fn nobody_reads() -> Check {
    let project = Project::of(&["hang"])?;
    let mut command = project.command(&["hang", "--timeout", "100000"]);
    let mut run = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    drop(run.stdout.take());
    assert_eq!(run.wait()?.code(), Some(74));
    Ok(())
}

fn replaced() -> Check {
    let project = Project::of(&[])?;
    project.write("out/report.txt", "old")?;
    let arguments = ["reference", "--output", "out/report.txt"];
    let output = project.run(&[&arguments[..], &FEW].concat())?;
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stdout), "");
    assert_eq!(text(&output.stderr).lines().count(), 1, "a line for the target");
    let report = fs::read_to_string(project.path("out/report.txt"))?;
    assert!(report.starts_with("corspec ") && report.contains(" cases · "), "{report}");
    assert_eq!(project.names("out")?, ["report.txt"]);
    Ok(())
}
