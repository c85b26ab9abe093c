//! Real browsers are the test: the recorded corpus, replayed in memory.
//!
//! Under a browser's profile the model must say what that browser did, and under `spec` what all
//! three did, wherever they did the same. What it does not is listed in `corpus/left-over.json` with
//! the reason, and an entry that agrees by now fails the test as well.
//! `CORSPEC_VECTOR=FILE:ID` prints what differs in one vector.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its data has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use corspec_fetch::profile::Profile;
use corspec_vectors::compare::{Part, differences};
use corspec_vectors::corpus::{Corpus, Entry, Origin};
use corspec_vectors::replay::{Recorded, replay};
use corspec_vectors::scripted::Sent;
use rstest::rstest;
use serde::Deserialize;
use serde_json::Value;

/// A group of disagreements of one cause.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LeftOver {
    engine: String,
    part: Part,
    /// The vectors, by the name of their file.
    vectors: BTreeMap<String, BTreeSet<u32>>,
    /// Where the standard says otherwise than the browsers.
    link: Option<String>,
    reason: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// Every file of the corpus, by its name.
fn corpora() -> BTreeMap<String, Corpus> {
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let packed = files.filter(|path| path.extension().is_some_and(|it| it == "gz"));
    let corpora = packed.map(|path| {
        let name = path.file_name().unwrap().to_str().unwrap().trim_end_matches(".jsonl.gz");
        (name.to_owned(), Corpus::unpack(&fs::read(&path).unwrap()).unwrap())
    });
    corpora.collect()
}

fn all_left_over() -> Vec<LeftOver> {
    let text = fs::read_to_string(folder().join("left-over.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The vectors that the model has otherwise than a browser did, and how many there are.
#[derive(Default)]
struct Told {
    wrong: BTreeMap<Part, BTreeSet<(String, u32)>>,
    count: BTreeMap<Part, usize>,
}

impl Told {
    /// Holds the model against what was recorded of a vector, as far as there is something to hold it against.
    fn add(
        &mut self,
        (file, origin): (&str, &Origin),
        entry: &Entry,
        profile: &'static Profile,
        want: Wanted<'_>,
    ) {
        let id = entry.vector.id;
        let mut model = replay(&entry.vector, profile).unwrap();
        origin.limit(&mut model);
        let browser = Recorded {
            seen: want.seen.unwrap_or(&model.seen).clone(),
            wire: want.wire.unwrap_or(&model.wire).clone(),
        };
        let found = differences(&model, &browser);
        if std::env::var("CORSPEC_VECTOR").is_ok_and(|it| it == format!("{file}:{id}")) {
            println!("{}\n{found:#?}", serde_json::to_string(&entry.vector).unwrap());
        }
        let parts = [(Part::View, want.seen.is_some()), (Part::Wire, want.wire.is_some())];
        for (part, _) in parts.into_iter().filter(|(_, is_there)| *is_there) {
            *self.count.entry(part).or_default() += 1;
        }
        for difference in found {
            self.wrong.entry(difference.part).or_default().insert((file.to_owned(), id));
        }
    }

    /// What is wrong is listed, and what is listed is wrong.
    fn is_as_listed(&self, engine: &str) {
        for part in [Part::View, Part::Wire] {
            let wrong = self.wrong.get(&part).cloned().unwrap_or_default();
            let count = self.count.get(&part).copied().unwrap_or_default();
            println!("{engine} {part:?}: {} of {count}", count - wrong.len());
            let all = all_left_over();
            let of = all.iter().filter(|entry| entry.engine == engine && entry.part == part);
            let listed = of.flat_map(|entry| &entry.vectors);
            let listed: BTreeSet<(String, u32)> =
                listed.flat_map(|(file, ids)| ids.iter().map(|id| (file.clone(), *id))).collect();
            let unlisted: Vec<_> = wrong.difference(&listed).collect();
            let agreeing: Vec<_> = listed.difference(&wrong).collect();
            assert!(unlisted.is_empty(), "{engine} {part:?}: not listed: {unlisted:?}");
            assert!(agreeing.is_empty(), "{engine} {part:?}: listed, and agrees: {agreeing:?}");
        }
    }
}

/// What the model must say of a vector; `None` where the browsers do not agree.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    seen: Option<&'a Vec<Value>>,
    wire: Option<&'a Vec<Sent>>,
}

#[rstest]
fn the_model_says_what_the_browser_did(#[values("chromium", "firefox", "webkit")] engine: &str) {
    let profile = Profile::named(engine).unwrap();
    let mut told = Told::default();
    for (file, corpus) in corpora() {
        for entry in &corpus.entries {
            let recorded = &entry.recorded[engine];
            let want = Wanted { seen: Some(&recorded.seen), wire: Some(&recorded.wire) };
            told.add((&file, &corpus.origin), entry, profile, want);
        }
    }
    told.is_as_listed(engine);
}

#[test]
fn the_standard_says_what_all_browsers_did() {
    let mut told = Told::default();
    for (file, corpus) in corpora() {
        for entry in &corpus.entries {
            let all: Vec<_> = entry.recorded.values().collect();
            let same_view = all.iter().all(|it| it.seen == all[0].seen);
            let same_wire = all.iter().all(|it| it.wire == all[0].wire);
            let want = Wanted {
                seen: same_view.then_some(&all[0].seen),
                wire: same_wire.then_some(&all[0].wire),
            };
            told.add((&file, &corpus.origin), entry, &Profile::SPEC, want);
        }
    }
    told.is_as_listed(Profile::SPEC.name);
}

#[test]
fn what_is_left_over_has_a_reason_and_a_link_where_the_standard_says_otherwise() {
    let anchors = include_str!("../../fetch/spec/anchors.txt");
    for entry in all_left_over() {
        let LeftOver { engine, vectors, link, reason, .. } = entry;
        assert!(!reason.is_empty(), "{vectors:?} of {engine} has no reason");
        let link = link.unwrap_or_default();
        let known = match link.strip_prefix("https://fetch.spec.whatwg.org/#") {
            Some(anchor) => anchors.lines().any(|known| known == anchor),
            None => link.starts_with("https://w3c.github.io/"),
        };
        let is_known = known || engine != Profile::SPEC.name;
        assert!(is_known, "`{link}` of {vectors:?} is no anchor of a standard");
    }
}

#[test]
fn the_corpus_is_as_large_as_it_is_said_to_be_and_each_vector_is_of_all_browsers() {
    let corpora = corpora();
    let entries = corpora.values().flat_map(|corpus| &corpus.entries);
    let count = entries.clone().count();
    assert!(count >= 5_000, "{count} vectors");
    assert!(entries.into_iter().all(|entry| entry.recorded.len() == 3));
}
