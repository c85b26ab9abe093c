//! Real browsers are the test: the recorded corpus, replayed in memory.
//!
//! Under a browser's profile the model must say what that browser did. What it does not is listed in
//! `corpus/left-over.json` with the reason, and an entry that agrees by now fails the test as well.
//! `CORSPEC_VECTOR=FILE:ID` prints what differs in one vector.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its data has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use corspec_fetch::profile::Profile;
use corspec_vectors::compare::{Part, differences};
use corspec_vectors::corpus::Corpus;
use corspec_vectors::replay::replay;
use rstest::rstest;
use serde::Deserialize;

/// A group of disagreements of one cause.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LeftOver {
    engine: String,
    part: Part,
    /// The vectors, by the name of their file.
    vectors: BTreeMap<String, BTreeSet<u32>>,
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

fn left_over(engine: &str, part: Part) -> BTreeSet<(String, u32)> {
    let text = fs::read_to_string(folder().join("left-over.json")).unwrap();
    let all: Vec<LeftOver> = serde_json::from_str(&text).unwrap();
    assert!(all.iter().all(|entry| !entry.reason.is_empty()), "an entry has no reason");
    let of = all.into_iter().filter(|entry| entry.engine == engine && entry.part == part);
    let ids = of.flat_map(|entry| entry.vectors);
    ids.flat_map(|(file, ids)| ids.into_iter().map(move |id| (file.clone(), id))).collect()
}

#[rstest]
fn the_model_says_what_the_browser_did(#[values("chromium", "firefox", "webkit")] engine: &str) {
    let profile = Profile::named(engine).unwrap();
    let chosen = std::env::var("CORSPEC_VECTOR").unwrap_or_default();
    let (mut wrong, mut count) = (BTreeMap::<Part, BTreeSet<(String, u32)>>::new(), 0);
    for (file, corpus) in corpora() {
        for entry in &corpus.entries {
            let model = replay(&entry.vector, profile).unwrap();
            let found = differences(&model, &entry.recorded[engine]);
            count += 1;
            let id = entry.vector.id;
            if chosen == format!("{file}:{id}") {
                println!("{}\n{found:#?}", serde_json::to_string(&entry.vector).unwrap());
            }
            for difference in found {
                wrong.entry(difference.part).or_default().insert((file.clone(), id));
            }
        }
    }
    for part in [Part::View, Part::Wire] {
        let wrong = wrong.remove(&part).unwrap_or_default();
        println!("{engine} {part:?}: {} of {count}", count - wrong.len());
        let listed = left_over(engine, part);
        let unlisted: Vec<_> = wrong.difference(&listed).collect();
        let agreeing: Vec<_> = listed.difference(&wrong).collect();
        assert!(unlisted.is_empty(), "{engine} {part:?}: not listed: {unlisted:?}");
        assert!(agreeing.is_empty(), "{engine} {part:?}: listed, and agrees: {agreeing:?}");
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
