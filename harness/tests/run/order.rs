//! Cases run side by side, and their results come in one order.

use libtest_mimic::Trial;

use crate::project::{Check, Project};

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("results_are_in_the_order_of_targets_policies_and_scenarios", ordered)]
}

fn ordered() -> Check {
    let project = Project::of(&["good"])?;
    let arguments = ["good", "reference", "--policy", "public", "--policy", "allow-list"];
    let (report, _) = project.json(&arguments)?;
    let word = |result: &serde_json::Value, name: &str| {
        result[name].as_str().unwrap_or_default().to_owned()
    };
    let results = report["results"].as_array().ok_or("no results")?;
    let came: Vec<_> = results
        .iter()
        .map(|it| (word(it, "target"), word(it, "policy"), word(it, "scenario")))
        .collect();
    assert!(came.len() > 2000, "{}", came.len());
    assert!(came.is_sorted());
    Ok(())
}
