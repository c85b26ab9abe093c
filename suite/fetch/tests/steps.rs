//! No step of an algorithm is lost: the code names it, or `spec/left-out.txt` says why it does not.
//!
//! `spec/steps.txt` has the steps of the pinned standard; `scripts/spec-steps` writes it.
//! An algorithm is the model's where some link of the code leads to it. A step is named by
//! a comment (`// Step 4.1: …`) below the link of its function, by a decision of the trace or by
//! a cause. Where a step below another is named, all of those beside it must be.

use std::collections::{BTreeMap, BTreeSet};

use source::{linked, sources};

mod source;

/// The algorithms of the standard: of each anchor the steps, in the order of the text.
type Algorithms = BTreeMap<&'static str, Vec<&'static str>>;

/// A step: the anchor of its algorithm, and its number.
type Step = (String, String);

fn algorithms() -> Algorithms {
    let line = |line: &'static str| {
        let mut words = line.split(' ');
        (words.next().unwrap_or_default(), words.collect())
    };
    include_str!("../spec/steps.txt").lines().map(line).collect()
}

/// The number of the step that the given one stands below; empty for a top-level one.
fn parent(step: &str) -> &str {
    step.rsplit_once('.').map_or("", |(parent, _)| parent)
}

/// The steps that a text such as `4`, `4 and 5`, `4 to 7` or `4, 6 to 7` means.
fn expanded(known: &[&str], text: &str) -> Result<Vec<String>, String> {
    let place = |step: &str| {
        known.iter().position(|it| *it == step).ok_or_else(|| format!("there is no step {step}"))
    };
    let mut steps = Vec::new();
    for part in text.split(", ").flat_map(|part| part.split(" and ")) {
        let (first, last) = part.split_once(" to ").unwrap_or((part, part));
        let range = place(first)?..=place(last)?;
        let siblings = known[range].iter().filter(|it| parent(it) == parent(first));
        steps.extend(siblings.map(ToString::to_string));
    }
    Ok(steps)
}

/// What `spec/left-out.txt` lists, with its reasons.
fn left_out(algorithms: &Algorithms) -> BTreeMap<Step, String> {
    let mut listed = BTreeMap::new();
    for line in include_str!("../spec/left-out.txt").lines().filter(|line| !line.is_empty()) {
        let (place, reason) = line.split_once(": ").unwrap_or_else(|| panic!("no reason: {line}"));
        let (anchor, steps) = place.split_once(' ').unwrap_or_else(|| panic!("no step: {line}"));
        let known = algorithms.get(anchor).unwrap_or_else(|| panic!("no algorithm: {line}"));
        for step in expanded(known, steps).unwrap_or_else(|error| panic!("{error}: {line}")) {
            let before = listed.insert((anchor.to_owned(), step), reason.to_owned());
            assert_eq!(before, None, "listed twice: {line}");
        }
    }
    listed
}

/// The steps that a source file names, each with its line; and what it names wrongly.
fn named(text: &str, algorithms: &Algorithms) -> (Vec<Step>, Vec<String>) {
    let (mut steps, mut wrong) = (Vec::new(), Vec::new());
    // The algorithm that the documentation above a function links first.
    let (mut documented, mut current) = (None, None);
    for (line, text) in (1..).zip(text.lines().map(str::trim_start)) {
        if text.starts_with("///") {
            documented = documented.or(linked(text).find(|it| algorithms.contains_key(it)));
        } else if text.contains("fn ") && !text.starts_with("//") {
            current = documented.take();
        } else if let Some(comment) =
            ["// Step ", "// Steps "].iter().find_map(|start| text.strip_prefix(start))
        {
            let place = comment.split(':').next().unwrap_or_default();
            let (numbers, anchor) = match place.split_once(" of ") {
                Some((numbers, anchor)) => (numbers, Some(anchor.trim_matches('`'))),
                None => (place, current),
            };
            let known = anchor.and_then(|anchor| Some((anchor, algorithms.get(anchor)?)));
            match known.ok_or("no algorithm".to_owned()).and_then(|(anchor, known)| {
                Ok(expanded(known, numbers)?.into_iter().map(|step| (anchor.to_owned(), step)))
            }) {
                Ok(found) => steps.extend(found),
                Err(error) => wrong.push(format!("{line}: {error}: {text}")),
            }
        } else if !text.starts_with('#') && !text.starts_with("//") {
            documented = None;
        }
    }
    (steps, wrong)
}

/// The steps that decisions and causes name: an anchor, and a number on the same or the next line.
fn decided(text: &str, algorithms: &Algorithms) -> Vec<Step> {
    let words: Vec<_> = text.split('"').collect();
    let is_number = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
    let pairs = words.windows(3).filter(|words| {
        algorithms.contains_key(words[0]) && words[1].len() < 40 && is_number(words[2])
    });
    pairs.map(|words| (words[0].to_owned(), words[2].to_owned())).collect()
}

/// The steps that nothing accounts for: top-level ones, and those beside one that is accounted for.
fn missing(known: &[&str], covered: &BTreeSet<&str>) -> Vec<String> {
    let below = |step: &str| {
        let prefix = format!("{step}.");
        covered.iter().any(|it| it.starts_with(&prefix))
    };
    let asked = |step: &str| parent(step).is_empty() || below(parent(step));
    let lost = |step: &&&str| asked(step) && !covered.contains(**step) && !below(step);
    known.iter().filter(lost).map(ToString::to_string).collect()
}

#[test]
fn every_step_is_named_or_listed_with_a_reason() {
    let algorithms = algorithms();
    let listed = left_out(&algorithms);
    let (mut all, mut modelled, mut wrong) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for (file, text) in sources() {
        let (steps, errors) = named(&text, &algorithms);
        let decided = decided(&text, &algorithms);
        modelled.extend(linked(&text).map(str::to_owned));
        for (anchor, step) in decided.iter().chain(&steps) {
            if !algorithms[anchor.as_str()].contains(&step.as_str()) {
                wrong.push(format!("{file} names {anchor} {step}, which there is not"));
            }
        }
        wrong.extend(errors.into_iter().map(|error| format!("{file}:{error}")));
        all.extend(steps.into_iter().chain(decided));
    }
    modelled.extend(all.iter().map(|(anchor, _)| anchor.clone()));
    for (anchor, step) in listed.keys() {
        if all.contains(&(anchor.clone(), step.clone())) {
            wrong.push(format!("{anchor} {step} is listed as left out, and the code names it"));
        }
        if !modelled.contains(anchor) {
            wrong.push(format!("{anchor} {step} is listed, and nothing links that algorithm"));
        }
    }
    let accounted: BTreeSet<&Step> = all.iter().chain(listed.keys()).collect();
    for (anchor, known) in algorithms.iter().filter(|(anchor, _)| modelled.contains(**anchor)) {
        let covered = accounted.iter().filter(|(of, _)| of == anchor).map(|(_, step)| &**step);
        for step in missing(known, &covered.collect()) {
            wrong.push(format!("{anchor} {step} is neither named nor listed"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(all.len() > 150, "only {} steps were found", all.len());
}
