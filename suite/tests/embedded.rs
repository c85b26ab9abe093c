//! The scenarios and policies that the crate carries can all be read, and keep the rules of their format.

use std::collections::BTreeSet;

use corspec_suite::case::{Abilities, Instantiated};
use corspec_suite::load::Suite;
use corspec_suite::scenario::{Direction, Level};

fn suite() -> Suite {
    match Suite::embedded() {
        Ok(suite) => suite,
        Err(error) => panic!("{:?}", miette::Report::new(error)),
    }
}

#[test]
fn every_area_is_there_with_its_scenarios() {
    let suite = suite();
    let areas: BTreeSet<&str> = suite.areas().keys().map(String::as_str).collect();
    let expected = [
        "caching",
        "cookies",
        "credentials",
        "errors",
        "exposed-headers",
        "grammar",
        "hostile-input",
        "isolation",
        "local-network",
        "max-age",
        "methods",
        "non-cors",
        "options",
        "origins",
        "preflight",
        "redirects",
        "representations",
        "request-headers",
        "routes",
        "simple",
        "stateless",
        "throughout",
    ];
    assert_eq!(areas, BTreeSet::from(expected));
    assert!(suite.scenarios().len() >= 150, "only {} scenarios", suite.scenarios().len());
}

#[test]
fn holes_and_outages_are_both_asked_for_in_every_area_that_shares_answers() {
    let suite = suite();
    for area in [
        "credentials",
        "errors",
        "exposed-headers",
        "methods",
        "origins",
        "preflight",
        "redirects",
        "simple",
    ] {
        for direction in [Direction::FailOpen, Direction::FailClosed] {
            let is_asked = |id: &str| id.starts_with(&format!("{area}/"));
            assert!(
                suite.scenarios().iter().any(|s| is_asked(&s.id) && s.direction == Some(direction)),
                "{area} has no scenario for {direction:?}"
            );
        }
    }
}

#[test]
fn texts_are_sentences_of_their_own() {
    for scenario in suite().scenarios() {
        let id = &scenario.id;
        assert!(!scenario.title.ends_with('.'), "{id}: a title has no full stop");
        for text in [&scenario.why, &scenario.impact] {
            assert!(text.ends_with('.'), "{id}: `{text}` ends without a full stop");
        }
        assert_ne!(scenario.why, scenario.impact, "{id}");
    }
}

#[test]
fn what_only_records_names_no_direction() {
    for scenario in suite().scenarios() {
        assert_eq!(
            scenario.direction.is_none(),
            scenario.level == Level::Observe,
            "{}",
            scenario.id
        );
    }
}

#[test]
fn what_is_debated_only_observes_or_names_accepted_variants() {
    for scenario in suite().scenarios().iter().filter(|it| !it.debate.is_empty()) {
        let id = &scenario.id;
        assert!(scenario.level == Level::Observe || !scenario.accept.is_empty(), "{id}");
        let links: BTreeSet<&str> = scenario.debate.iter().map(String::as_str).collect();
        assert_eq!(links.len(), scenario.debate.len(), "{id}: a link stands twice");
        assert!(links.iter().all(|link| link.starts_with("https://")), "{id}: {links:?}");
    }
}

#[test]
fn the_policies_make_five_hundred_cases_of_them() {
    let suite = suite();
    let mut cases = 0;
    for (name, policy) in suite.policies() {
        for scenario in suite.scenarios() {
            if let Instantiated::Case(_) = suite.case(scenario, (name, policy), &Abilities::all()) {
                cases += 1;
            }
        }
    }
    assert!(cases >= 500, "only {cases} cases");
}
