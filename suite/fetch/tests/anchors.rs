//! What the code says about the standard is true: the anchors exist, and the steps are in order.
//!
//! `spec/anchors.txt` lists the fragments of the pinned standard, commit 586cd2a.

use std::{collections::BTreeSet, fs, path::Path};

/// Where the standard is published.
const STANDARD: &str = "https://fetch.spec.whatwg.org/#";

/// Every source file of the crate: its name and its text.
fn sources() -> Vec<(String, String)> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = fs::read_to_string(&path).expect("a source file");
                sources.push((path.display().to_string(), text));
            }
        }
    }
    sources
}

fn anchors() -> BTreeSet<&'static str> {
    include_str!("../spec/anchors.txt").lines().collect()
}

#[test]
fn every_linked_anchor_exists_in_the_standard() {
    let anchors = anchors();
    let is_of_fragment = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let mut links = 0;
    for (file, text) in sources() {
        for rest in text.split(STANDARD).skip(1) {
            let end = rest.find(|c| !is_of_fragment(c)).unwrap_or(rest.len());
            let anchor = &rest[..end];
            // A link that the code puts together has no fragment in the text.
            if !anchor.is_empty() {
                assert!(anchors.contains(anchor), "{file} links `#{anchor}`");
                links += 1;
            }
        }
    }
    assert!(links > 40, "only {links} links were found");
}

#[test]
fn every_cause_and_decision_names_an_anchor_of_the_standard() {
    let anchors = anchors();
    let mut named = 0;
    for (file, text) in sources() {
        for rest in text.split("anchor: \"").skip(1) {
            let anchor = rest.split('"').next().unwrap_or_default();
            assert!(anchors.contains(anchor), "{file} names `{anchor}`");
            named += 1;
        }
    }
    assert!(named > 30, "only {named} anchors were found");
}

/// The top-level number of a step comment.
fn step(line: &str) -> Option<u32> {
    let number = line.trim_start().strip_prefix("// Step ")?;
    let end = number.find(|c: char| !c.is_ascii_digit())?;
    number[..end].parse().ok()
}

#[test]
fn steps_of_a_function_do_not_go_back() {
    let mut steps = 0;
    for (file, text) in sources() {
        let (mut last, mut indent) = (0, None);
        for (line, text) in (1..).zip(text.lines()) {
            if text.contains("fn ") && text.trim_start().starts_with(['f', 'p']) {
                (last, indent) = (0, None);
            }
            // A step that names another algorithm is a step of that one.
            if let Some(step) = step(text).filter(|_| !text.contains(" of ")) {
                // A branch may end the algorithm early by a later step: only the outermost count.
                let depth = text.len() - text.trim_start().len();
                if depth > *indent.get_or_insert(depth) {
                    continue;
                }
                assert!(step >= last, "{file}:{line}: step {step} comes after step {last}");
                last = step;
                steps += 1;
            }
        }
    }
    assert!(steps > 50, "only {steps} steps were found");
}
