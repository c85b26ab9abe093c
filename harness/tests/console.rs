//! What three real browsers printed for fetches that were blocked, held against what is said here.
//!
//! `data/console.json` is what `corspec browsers --console --output` writes.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its data has failed")]

use std::collections::{BTreeMap, BTreeSet};

use corspec::browsers::console::capture::{Capture, SCHEMA};
use corspec::browsers::console::provocation::{ALL, NOT_PROVOKED, Provocation};
use corspec::browsers::console::replay::said;
use corspec::browsers::engine::Engine;
use corspec::console::lines;
use corspec_fetch::cause::CAUSES;
use corspec_fetch::profile::Profile;

fn capture() -> Capture {
    serde_json::from_str(include_str!("data/console.json")).unwrap()
}

fn all() -> Vec<&'static Provocation> {
    ALL.iter().collect()
}

#[test]
fn browsers_print_what_is_said() {
    let other = capture().disagreements(&all()).unwrap();
    let other = other.iter().map(|it| format!("{it:#?}")).collect::<Vec<_>>();
    assert!(other.is_empty(), "{}", other.join("\n"));
}

#[test]
fn every_provocation_was_performed_in_every_browser() {
    let capture = capture();
    assert_eq!(capture.schema, SCHEMA);
    assert!(capture.engines.keys().eq(&Engine::ALL));
    let names: BTreeSet<_> = ALL.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(names.len(), ALL.len(), "two provocations have one name");
    assert!(capture.heard.keys().map(String::as_str).eq(names));
    for (id, heard) in &capture.heard {
        assert!(heard.keys().eq(&Engine::ALL), "{id}");
    }
}

/// The causes that were provoked in each browser: the model names it, and the page got no response.
fn provoked() -> BTreeSet<(&'static str, Engine)> {
    let capture = capture();
    let mut provoked = BTreeSet::new();
    for provocation in ALL.iter() {
        for (engine, heard) in &capture.heard[&provocation.id] {
            let cause = said(provocation, engine.profile()).unwrap().cause;
            provoked.extend(cause.filter(|_| !heard.is_response()).map(|it| (it, *engine)));
        }
    }
    provoked
}

#[test]
fn every_cause_is_provoked_in_every_browser_or_it_is_said_why_not() {
    let provoked = provoked();
    let mut excused = BTreeMap::new();
    for it in NOT_PROVOKED.iter() {
        assert!(it.reason.ends_with('.'), "{}: no reason", it.cause);
        for engine in &it.engines {
            let before = excused.insert((it.cause.as_str(), *engine), &it.reason);
            assert!(before.is_none(), "{} in {engine:?} stands twice", it.cause);
        }
    }
    let mut problems = Vec::new();
    for cause in CAUSES.iter().map(|it| it.slug) {
        for engine in Engine::ALL {
            match (provoked.contains(&(cause, engine)), excused.remove(&(cause, engine))) {
                (true, None) | (false, Some(_)) => {}
                (true, Some(_)) => problems.push(format!("{cause} is provoked in {engine:?}")),
                (false, None) => problems.push(format!("{cause} is never provoked in {engine:?}")),
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(excused.is_empty(), "no such cause: {excused:?}");
}

/// What WebKit alone does otherwise: it stops at the first redirect, and takes two Locations for one.
const OTHERWISE: [&str; 2] =
    ["redirect/null-origin-after-two-redirects", "redirect/location-two-lines"];

#[test]
fn what_is_said_does_not_depend_on_the_profile_of_the_fetch() {
    let capture = capture();
    let mut problems = Vec::new();
    for (profile, provocation) in
        Profile::ALL.iter().flat_map(|profile| ALL.iter().map(move |it| (*profile, it)))
    {
        if OTHERWISE.contains(&provocation.id.as_str()) {
            continue;
        }
        let model = said(provocation, profile).unwrap();
        for (engine, heard) in &capture.heard[&provocation.id] {
            let (said, printed) = (model.console.of(*engine), heard.printed.first());
            let comparable = model.cause.is_some() && !heard.is_response();
            if comparable && said != printed.map(String::as_str) {
                let (name, id) = (profile.name, &provocation.id);
                problems.push(format!("{id} by {name} in {engine:?}:\n  {said:?}\n  {printed:?}"));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_line_was_printed_by_some_browser() {
    for engine in Engine::ALL {
        let mut never: BTreeSet<_> = lines(engine).collect();
        assert!(!never.is_empty());
        for profile in Profile::ALL {
            for provocation in ALL.iter() {
                said(provocation, profile).unwrap().lines.get(&engine).map(|it| never.remove(it));
            }
        }
        assert!(never.is_empty(), "in {engine:?} nothing shows {never:?}");
    }
}

#[test]
fn the_model_blocks_what_browsers_block() {
    let capture = capture();
    for provocation in ALL.iter() {
        for (engine, heard) in &capture.heard[&provocation.id] {
            let model = said(provocation, engine.profile()).unwrap();
            let excused = NOT_PROVOKED
                .iter()
                .any(|it| Some(it.cause.as_str()) == model.cause && it.engines.contains(engine));
            let alike = heard.is_response() == (model.cause.is_none() && !model.rejected);
            assert!(alike || excused, "{} in {engine:?}: {heard:?}, {model:?}", provocation.id);
        }
    }
}
