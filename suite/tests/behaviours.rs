//! Each behaviour of a server that is worth asking for has scenarios, and the table of them in the docs is fresh.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use corspec_suite::load::Suite;
use corspec_suite::scenario::{Level, Scenario};
use globset::Glob;
use serde::Deserialize;

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/behaviours.md");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    group: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    title: String,
    behaviour: Vec<Behaviour>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Behaviour {
    number: usize,
    text: String,
    scenarios: Vec<String>,
    /// What else asks for it, in words.
    also: Option<String>,
}

fn read() -> (File, Suite) {
    let file = toml::from_str(include_str!("../behaviours.toml")).expect("the file is of its form");
    (file, Suite::embedded().expect("the suite loads"))
}

/// The scenarios of the suite that `glob` names, by id.
fn named<'a>(glob: &str, suite: &'a Suite) -> Vec<&'a Scenario> {
    let glob = Glob::new(glob).expect("a glob").compile_matcher();
    suite.scenarios().iter().filter(|scenario| glob.is_match(&scenario.id)).collect()
}

#[test]
fn behaviours_are_numbered_in_order() {
    let numbers: Vec<usize> =
        read().0.group.iter().flat_map(|it| &it.behaviour).map(|it| it.number).collect();
    assert_eq!(numbers, (1..=numbers.len()).collect::<Vec<_>>());
    assert!(numbers.len() >= 53);
}

#[test]
fn every_behaviour_names_scenarios_that_there_are() {
    let (file, suite) = read();
    for behaviour in file.group.iter().flat_map(|group| &group.behaviour) {
        assert!(!behaviour.scenarios.is_empty(), "{}", behaviour.number);
        for glob in &behaviour.scenarios {
            assert!(!named(glob, &suite).is_empty(), "{}: `{glob}`", behaviour.number);
        }
    }
}

/// To write it anew: `UPDATE_DOCS=1 cargo test -p corspec-suite --test behaviours`.
#[test]
fn the_table_in_the_docs_is_fresh() {
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(Path::new(TABLE).parent().unwrap()).unwrap();
        std::fs::write(TABLE, table()).unwrap();
    }
    assert_eq!(std::fs::read_to_string(TABLE).unwrap(), table());
}

fn table() -> String {
    let (file, suite) = read();
    let mut text = "# Behaviours, and the scenarios that ask for them\n\n\
        What goes wrong on servers, and what has to go right. A scenario in *italics* only observes;\n\
        where a behaviour has no other, the reason stands beside it.\n\
        Made of `suite/behaviours.toml` by `UPDATE_DOCS=1 cargo test -p corspec-suite --test behaviours`.\n"
        .to_owned();
    for group in file.group {
        let _ =
            write!(text, "\n## {}\n\n| # | behaviour | scenarios |\n|---|---|---|\n", group.title);
        for behaviour in group.behaviour {
            let scenarios: BTreeMap<&str, &Scenario> = behaviour
                .scenarios
                .iter()
                .flat_map(|glob| named(glob, &suite))
                .map(|scenario| (scenario.id.as_str(), scenario))
                .collect();
            let only_observed = scenarios.values().all(|it| it.level == Level::Observe);
            let cells = scenarios.values().map(|it| cell(it, only_observed));
            let cells = Vec::from_iter(cells.chain(behaviour.also)).join("<br>");
            let _ = writeln!(text, "| {} | {} | {cells} |", behaviour.number, behaviour.text);
        }
    }
    text
}

fn cell(scenario: &Scenario, with_reason: bool) -> String {
    match scenario.level {
        Level::Observe if with_reason => format!("*{}*: {}", scenario.id, scenario.why),
        Level::Observe => format!("*{}*", scenario.id),
        Level::Must | Level::Should => scenario.id.clone(),
    }
}
