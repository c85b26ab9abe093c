//! `CORSPEC_REQUIRE_TARGETS`: this same executable, run again where a target's tools are not.

use std::process::{Command, Output};
use std::{env, io};

use libtest_mimic::{Failed, Trial};

pub(crate) fn trial() -> Trial {
    Trial::test("corspec-require-targets/whatever-is-chosen-of-a-missing-one-fails", missing)
}

/// Runs a part of a target with a `PATH` that has no tool.
fn run(required: bool) -> io::Result<Output> {
    let nothing = tempfile::tempdir()?;
    let mut command = Command::new(env::current_exe()?);
    command
        .arg("django-cors-headers/credentialed/preflight/")
        .env("PATH", nothing.path())
        .env("CORSPEC_TARGETS", "django-cors-headers")
        .env_remove("CORSPEC_CONFIG")
        .env_remove("CORSPEC_REQUIRE_TARGETS")
        .env_remove("NEXTEST");
    if required {
        command.env("CORSPEC_REQUIRE_TARGETS", "1");
    }
    command.output()
}

fn missing() -> Result<(), Failed> {
    assert!(run(false)?.status.success(), "it was not required");
    let output = run(true)?;
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success(), "{text}");
    let trial = "test django-cors-headers/credentialed/preflight/preflight-status-is-ok ";
    let failed = text.lines().any(|it| it.starts_with(trial) && it.ends_with("... FAILED"));
    assert!(failed && text.contains("is missing: "), "{text}");
    Ok(())
}
