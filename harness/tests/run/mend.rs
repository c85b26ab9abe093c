//! What mends a failure, with the setting of the framework that a configuration or a manifest names.

use std::fs;

use libtest_mimic::Trial;

use crate::own_server::{POLICY, Served};
use crate::project::{Check, Project, text};

/// A scenario that a server fails which shares nothing.
const FEW: [&str; 2] = ["--scenario", "simple/get-is-readable"];

const MEND: &str = "\n    mend        If the page may read the answer, send ";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("mend_a_failure_says_what_mends_it", general),
        Trial::test("mend_a_failure_names_the_setting_of_a_framework", framework),
        Trial::test("mend_a_framework_that_is_not_known_is_said_once", unknown),
        Trial::test("mend_a_target_names_the_setting_of_its_library", library),
    ]
}

/// The configuration of the server at `url`, with one more line.
fn at(url: &str, line: &str) -> String {
    format!("url = '{url}'\n{line}\n[policy]\n{POLICY}[routes]\nresource = '/resource'\n")
}

fn general() -> Check {
    let server = Served::wrong()?;
    let project = Project::of(&[])?;
    project.write("corspec.toml", &at(server.url(), ""))?;
    let report = text(&project.run(&FEW)?.stdout);
    assert!(report.contains(MEND) && !report.contains("\n    setting "), "{report}");
    Ok(())
}

fn framework() -> Check {
    let server = Served::wrong()?;
    let project = Project::of(&[])?;
    project.write("corspec.toml", &at(server.url(), "framework = 'Express'"))?;
    let output = project.run(&FEW)?;
    let report = text(&output.stdout);
    let setting = "\n    setting     app.use(cors({ origin: [";
    assert!(report.contains(MEND) && report.contains(setting), "{report}");
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
    let (report, code) = project.json(&FEW)?;
    assert_eq!(code, Some(1), "{report}");
    assert_eq!(report["results"][0]["remedy"]["setting"]["framework"], "cors");
    Ok(())
}

fn unknown() -> Check {
    let server = Served::reference("")?;
    let project = Project::of(&[])?;
    project.write("corspec.toml", &at(server.url(), "framework = \"djang\\u001b[2J\""))?;
    let output = project.run(&["--scenario", "simple"])?;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    let error = text(&output.stderr);
    let says = "warning: corspec.toml: no settings are known of the framework `djang\\u{1b}[2J`";
    assert!(error.starts_with(says) && error.contains("nearest are django, "), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    Ok(())
}

fn library() -> Check {
    let project = Project::of(&["wrong"])?;
    let manifest = fs::read_to_string(project.path("targets/wrong/target.toml"))?;
    let few = [&["wrong", "--policy", "single"], &FEW[..]].concat();
    let (report, _) = project.json(&few)?;
    let remedy = &report["results"][0]["remedy"];
    assert!(remedy["text"].is_string() && remedy["setting"].is_null(), "{report}");
    let of_django = manifest.replace("library = 'none'", "library = 'django-cors-headers'");
    project.write("targets/wrong/target.toml", &of_django)?;
    let report = text(&project.run(&few)?.stdout);
    let setting = "\n    setting     CORS_ALLOWED_ORIGINS = [";
    assert!(report.contains(MEND) && report.contains(setting), "{report}");
    Ok(())
}
