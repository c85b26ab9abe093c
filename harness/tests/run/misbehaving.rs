//! Targets that misbehave in the middle of a run: each costs its own cases, and nobody else's.

use libtest_mimic::{Failed, Trial};
use serde_json::Value;

use crate::project::{Check, Project, census, text};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("a_crash_costs_its_own_cases", crash),
        Trial::test("a_silent_target_is_given_up", silent),
        Trial::test("a_dead_endpoint_costs_the_cases_that_use_it", dead_end),
        Trial::test("garbage_costs_its_own_cases", garbage),
        Trial::test("endless_output_is_drained", flood),
        Trial::test("a_report_is_whole_where_nothing_could_be_asked", nothing_could_be_asked),
        Trial::test("the_text_report_shows_the_last_words", last_words),
    ]
}

/// The report of a run of these targets, and that the good one beside them is as it is alone.
fn beside_a_good_one(id: &str, arguments: &[&str]) -> Result<Value, Failed> {
    let project = Project::of(&[id, "good"])?;
    let (alone, code) = project.json(&[&["good"], arguments].concat())?;
    assert_eq!(code, Some(0));
    let (report, code) = project.json(&[&[id, "good"], arguments].concat())?;
    assert_eq!(code, Some(3));
    assert_eq!(census(&report, "good"), census(&alone, "good"));
    let total = census(&report, id).iter().map(|(_, count)| count).sum::<usize>();
    assert_eq!(total, census(&alone, "good").iter().map(|(_, count)| count).sum::<usize>());
    assert_eq!(report["targets"][0]["id"], id);
    Ok(report)
}

/// How many results of a kind a target has.
fn count(report: &Value, id: &str, kind: &str) -> usize {
    census(report, id).into_iter().find(|(name, _)| name == kind).map_or(0, |(_, count)| count)
}

fn crash() -> Check {
    let policies = ["--policy", "public", "--policy", "closed"];
    let report = beside_a_good_one("crash", &policies)?;
    assert!(count(&report, "crash", "pass") > 0, "what was asked before stands");
    let reason = report["targets"][0]["reason"].as_str().ok_or("no reason")?;
    let died = "it ended with exit status 9 during the run";
    assert_eq!(reason, format!("under `closed`: {died}\nout of cheese"));
    for policy in ["closed", "public"] {
        let results = report["results"].as_array().into_iter().flatten();
        let mut lost =
            results.filter(|it| it["policy"] == policy && it["result"] == "target-error");
        assert!(lost.clone().next().is_some(), "each policy has a server of its own");
        assert!(lost.all(|it| it["reason"] == died));
    }
    Ok(())
}

fn silent() -> Check {
    let report = beside_a_good_one("hang", &["--timeout", "2", "--scenario", "simple"])?;
    let mut kinds = census(&report, "hang").into_iter().map(|(kind, _)| kind);
    assert!(kinds.all(|it| it == "not-applicable" || it == "target-error"));
    let reason = report["targets"][0]["reason"].as_str().ok_or("no reason")?;
    assert_eq!(reason, "under `allow-list`: it stopped answering, and was given up");
    Ok(())
}

fn dead_end() -> Check {
    // More cases than run at once lead into the dead end.
    let arguments = ["--timeout", "2", "--policy", "public", "--jobs", "2"];
    let scenarios = ["--scenario", "redirects", "--scenario", "simple"];
    let report = beside_a_good_one("dead-end", &[&arguments[..], &scenarios].concat())?;
    let results = report["results"].as_array().ok_or("no results")?;
    let (mut lost, mut kept) = (0, 0);
    for result in results.iter().filter(|it| it["target"] == "dead-end") {
        match result["result"].as_str() {
            Some("target-error") => lost += 1,
            Some("pass") => kept += 1,
            other => assert_eq!(other, Some("not-applicable")),
        }
        let simple = result["scenario"].as_str().is_some_and(|it| it.starts_with("simple/"));
        assert!(!(simple && result["result"] == "target-error"), "{result}");
    }
    assert!(lost > 5 && kept > 5, "{lost} lost, {kept} kept");
    let given_up = results.iter().filter_map(|it| it["reason"].as_str());
    let given_up = given_up.filter(|it| it.starts_with("`/redirect` left 3 exchanges in a row"));
    assert!(given_up.count() > 0);
    assert_eq!(report["targets"][0]["state"], "ran");
    Ok(())
}

fn garbage() -> Check {
    let report = beside_a_good_one("garbage", &["--policy", "public"])?;
    assert_eq!(count(&report, "garbage", "pass"), 0);
    let results = report["results"].as_array().into_iter().flatten();
    let mut reasons = results.filter_map(|it| it["reason"].as_str());
    assert!(reasons.any(|it| it.starts_with("the exchange failed: ")));
    Ok(())
}

fn flood() -> Check {
    let project = Project::of(&["flood"])?;
    let (report, code) = project.json(&["flood", "--policy", "public"])?;
    assert_eq!(code, Some(0), "{}", report["summary"]);
    assert!(count(&report, "flood", "pass") > 100);
    Ok(())
}

fn nothing_could_be_asked() -> Check {
    let project = Project::of(&["early", "mute"])?;
    let (report, code) = project.json(&["early", "mute"])?;
    assert_eq!(code, Some(3));
    let total = report["results"].as_array().map(Vec::len);
    assert_eq!(report["summary"]["target-error"].as_u64(), total.map(|it| it as u64));
    assert_eq!(report["summary"]["total"], report["summary"]["target-error"]);
    let reason = |at: usize| report["targets"][at]["reason"].as_str().unwrap_or_default();
    let early = "it ended with exit status 3 before it was ready\nno module named \u{1b}[31mcors";
    assert_eq!(reason(0), format!("under `allow-list`: {early}"));
    assert!(reason(1).starts_with("under `allow-list`: it did not get ready in time: "));
    let results = report["results"].as_array().into_iter().flatten();
    let mut later = results.filter(|it| it["target"] == "mute" && it["policy"] != "allow-list");
    assert!(later.all(|it| it["reason"] == "given up under `allow-list`"));
    Ok(())
}

fn last_words() -> Check {
    let project = Project::of(&["early", "refuse"])?;
    let output = project.run(&["early", "refuse", "--policy", "public"])?;
    let report = text(&output.stdout);
    for line in [
        "  TARGET ERROR  under `public`: it ended with exit status 3 before it was ready",
        "    | no module named \\u{1b}[31mcors",
        "    reason      this library allows nobody `*`",
    ] {
        assert!(report.lines().any(|it| it == line), "no line `{line}` in\n{report}");
    }
    Ok(())
}
