//! `CORSPEC_CONFIG`: this same executable, run again with a server of its own.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Output};
use std::{env, fs, io};

use corspec_suite::policy::Policy;
use corspec_targets::reference;
use libtest_mimic::{Failed, Trial};

/// What the server allows.
const ALLOWED: &str = "https://app.example";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("corspec-config/your-own-server-is-asked", asked),
        Trial::test("corspec-config/listing-starts-nothing", listed),
        Trial::test("corspec-config/a-file-that-is-wrong-is-an-error", wrong),
    ]
}

/// Runs this executable with a configuration.
fn run(config: &str, arguments: &[&str]) -> io::Result<Output> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("corspec.toml");
    fs::write(&path, config)?;
    Command::new(env::current_exe()?)
        .args(arguments)
        .env("CORSPEC_CONFIG", path)
        .env_remove("CORSPEC_TARGETS")
        .env_remove("NEXTEST")
        .output()
}

fn configuration(server: &str, allowed: &str) -> String {
    format!("{server}\n[policy]\nallow-origins = ['{allowed}']\n[routes]\nresource = '/resource'\n")
}

/// How the trial of `scenario` ended.
fn ended(output: &Output, scenario: &str) -> Option<String> {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let name = format!("test own-server/corspec.toml/{scenario} ");
    let line = text.lines().find(|line| line.starts_with(&name))?;
    Some(line.split_once("... ")?.1.to_owned())
}

fn asked() -> Result<(), Failed> {
    let policy = Policy::from_toml(&format!("allow-origins = ['{ALLOWED}']"))?;
    let runtime = tokio::runtime::Runtime::new()?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = runtime.block_on(reference::serve(&policy, address))?;
    let url = format!("url = '{}'", server.base_url());
    let right = run(&configuration(&url, ALLOWED), &["--test-threads", "2"])?;
    let text = String::from_utf8_lossy(&right.stdout);
    assert!(right.status.success(), "{text}");
    assert_eq!(ended(&right, "simple/get-is-readable").as_deref(), Some("ok"));
    let ignored = ended(&right, "errors/status-404-is-readable");
    assert_eq!(ignored.as_deref(), Some("ignored (the target has no route `status`)"));
    let mut trials = text.lines().filter(|line| line.contains(" ... "));
    assert!(trials.all(|line| line.starts_with("test own-server/")), "{text}");
    let other = run(&configuration(&url, "https://other.example"), &["simple"])?;
    assert_eq!(ended(&other, "simple/get-is-readable").as_deref(), Some("FAILED"));
    runtime.block_on(server.stop());
    Ok(())
}

fn listed() -> Result<(), Failed> {
    let start = "start = { command = ['corspec-has-no-such-program', '${port}'], ready = '/' }";
    let output = run(&configuration(start, ALLOWED), &["--list"])?;
    assert!(output.status.success());
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("own-server/corspec.toml/simple/get-is-readable: test"), "{text}");
    let output = run(&configuration(start, ALLOWED), &["simple/get-is-readable"])?;
    assert_eq!(ended(&output, "simple/get-is-readable").as_deref(), Some("FAILED"));
    Ok(())
}

fn wrong() -> Result<(), Failed> {
    let output = run(&configuration("urll = 'http://127.0.0.1:1'", ALLOWED), &[])?;
    assert!(!output.status.success() && output.stdout.is_empty());
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("corspec.toml:1:1") && error.contains("unknown field"), "{error}");
    Ok(())
}
