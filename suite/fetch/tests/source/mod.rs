//! The crate's source, for the tests that read what it says of the standard.

use std::fs;
use std::path::Path;

/// Where the standard is published.
const STANDARD: &str = "https://fetch.spec.whatwg.org/#";

/// Every source file of the crate: its name and its text.
pub(crate) fn sources() -> Vec<(String, String)> {
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

/// The fragments of the standard that a text links to. A link that the code puts together has none.
pub(crate) fn linked(text: &str) -> impl Iterator<Item = &str> {
    let is_of_fragment = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let fragments = text.split(STANDARD).skip(1);
    fragments
        .map(move |rest| &rest[..rest.find(|c| !is_of_fragment(c)).unwrap_or(rest.len())])
        .filter(|anchor| !anchor.is_empty())
}
