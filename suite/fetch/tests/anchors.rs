//! What the code says about the standard is true: the anchors exist, and the steps are in order.
//!
//! `spec/anchors.txt` lists the fragments of the pinned standard, commit 586cd2a.

use std::collections::BTreeSet;

use source::{linked, sources};

mod source;

fn anchors() -> BTreeSet<&'static str> {
    include_str!("../spec/anchors.txt").lines().collect()
}

#[test]
fn every_linked_anchor_exists_in_the_standard() {
    let anchors = anchors();
    let mut links = 0;
    for (file, text) in sources() {
        for anchor in linked(&text) {
            assert!(anchors.contains(anchor), "{file} links `#{anchor}`");
            links += 1;
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
