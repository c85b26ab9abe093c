//! `corspec explain`: scenarios and causes in words.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::{self, OpenOptions};
use std::process::{Command, Output, Stdio};

use corspec_fetch::cause::CAUSES;
use corspec_suite::load::Suite;
use test_case::test_case;

fn explain(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_corspec"));
    command.arg("explain").args(arguments);
    command
}

fn told(arguments: &[&str]) -> String {
    let output = explain(arguments);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_scenario_is_told_whole() {
    let text = told(&["preflight/denied-method-is-blocked"]);
    let suite = Suite::embedded().unwrap();
    let scenario = suite.scenario("preflight/denied-method-is-blocked").unwrap();
    let says = [
        scenario.title.as_str(),
        scenario.why.as_str(),
        scenario.impact.as_str(),
        "must: ",
        "fail-open: ",
        "https://fetch.spec.whatwg.org/#cors-preflight-fetch, step 7.5",
        "a page of the origin `allowed` fetches `resource` with the method `denied`",
        "- the page is blocked by a network error\n",
        "- the request itself is not sent\n",
        "the method `denied` is a method that the policy does not allow\n",
    ];
    for it in says {
        assert!(text.contains(it), "{it} in {text}");
    }
    let policies = text.lines().find(|line| line.starts_with("  policies")).unwrap();
    assert!(policies.contains("credentialed") && !policies.contains("wildcards"), "{policies}");
}

#[test]
fn a_cause_is_told_with_what_to_do() {
    let text = told(&["preflight-method-not-allowed"]);
    assert!(text.contains("https://fetch.spec.whatwg.org/#cors-preflight-fetch, step 7.5"));
    assert!(text.contains("What to do: If the method is to be allowed, name it in `"), "{text}");
}

#[test]
fn a_cause_is_told_with_what_browsers_print() {
    let text = told(&["mixed-content"]);
    assert!(
        text.contains("In the console\n  Chromium: Mixed Content: The page at '{page}'"),
        "{text}"
    );
    assert!(text.contains("  WebKit, after a redirect: Fetch API cannot load {url}"), "{text}");
    assert!(told(&["keepalive-quota"]).contains("  Firefox: nothing\n"));
    assert!(told(&["bad-port"]).contains("  Firefox: nothing\n  Firefox, after a redirect: "));
}

#[test]
fn a_cause_is_told_with_the_setting_of_a_framework() {
    let text = told(&["preflight-method-not-allowed", "--framework", "FastAPI"]);
    let says = "What to do: If the method is to be allowed, name it in `";
    assert!(text.contains(says), "{text}");
    let says =
        "\n\nWith starlette (CORSMiddleware of Starlette and FastAPI)\n  allow_methods=[\"GET\", ";
    assert!(text.contains(says), "{text}");
    assert!(text.contains("\n    https://www.starlette.io/middleware/"), "{text}");
    assert!(!text.contains("--framework"), "{text}");
}

#[test]
fn a_setting_that_is_for_some_answers_says_for_which() {
    let text = told(&["allow-origin-missing", "--framework", "django-cors-headers"]);
    assert!(text.contains("\n  CORS_ALLOWED_ORIGINS = "), "{text}");
    let says = "\n  where the answer is a redirect or an error: MIDDLEWARE = ";
    assert!(text.contains(says), "{text}");
}

#[test]
fn a_cause_says_whose_settings_mend_it() {
    let text = told(&["allow-origin-multiple"]);
    assert!(text.contains("\n`--framework` names the setting of: nginx\n"), "{text}");
    assert!(!told(&["bad-port"]).contains("--framework"));
    let text = told(&["bad-port", "--framework", "nginx"]);
    assert!(text.contains("With nginx (add_header of nginx)\n  no setting is known"), "{text}");
}

#[test_case(&["preflight-status", "--framework", "djang-cors-header"], "did you mean `django-cors-headers`? Settings are known of django-cors-headers, django, "; "a name that nobody has")]
#[test_case(&["simple/get-is-readable", "--framework", "django"], "leave it out"; "a scenario")]
fn a_framework_that_cannot_be_told_of_is_refused(arguments: &[&str], says: &str) {
    let output = explain(arguments);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains(says), "{error}");
    assert!(output.stdout.is_empty());
}

#[test]
fn every_cause_can_be_asked() {
    for cause in &CAUSES {
        assert!(told(&[cause.slug]).contains("What to do: "), "{}", cause.slug);
    }
}

/// An area of a test's own, with an earlier id, a variant, a cause and a requirement.
const AREA: &str = r#"
area = "mine"
about = "An area."

[[scenario]]
id = "mine/new-name"
title = "It holds"
why = "It matters."
impact = "It breaks."
spec = "rfc9110#section-5.3"
basis = "http"
level = "should"
direction = "malformed"
aliases = ["mine/old-name"]
requires = ["credentials", "route:private"]
[[scenario.step]]
fetch = { origin = "allowed", route = "private", credentials = "include" }
expect = { page = "blocked", cause = ["allow-origin-missing"] }
[[scenario.accept]]
name = "shared"
note = "It may be shared."
expect = [{ step = "1", page = "readable", status = [200, 204] }]
"#;

#[test]
fn an_earlier_id_and_ones_own_scenarios_are_told() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mine.toml"), AREA).unwrap();
    let suite = folder.path().to_str().unwrap();
    let text = told(&["mine/old-name", "--suite", suite]);
    let says = [
        "mine/new-name\nIt holds.\n",
        "  was        mine/old-name\n",
        "  needs      a policy that allows credentials; the route `private` (/private)\n",
        "- where it is blocked, the cause is `allow-origin-missing`\n",
        "  shared: It may be shared.\n     - after 1: the page can read the response; the status is 200 or 204\n",
    ];
    for it in says {
        assert!(text.contains(it), "{it} in {text}");
    }
    let text = told(&["allow-origin-missing", "--suite", suite]);
    assert!(text.contains("Scenarios that expect it\n  mine/new-name: It holds\n"), "{text}");
}

#[test_case("preflight/denied-method-is-bloked", "did you mean `preflight/denied-method-is-blocked`?"; "a scenario")]
#[test_case("preflight-statsu", "did you mean `preflight-status`?"; "a cause")]
fn what_there_is_not_gets_the_nearest_name(name: &str, says: &str) {
    let output = explain(&[name]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(error.contains(says), "{error}");
    assert!(output.stdout.is_empty());
}

#[test]
fn output_that_cannot_be_written_ends_with_74() {
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = command(&["preflight-status"]);
    let status = command.stdout(full).stderr(Stdio::null()).status().unwrap();
    assert_eq!(status.code(), Some(74));
}
