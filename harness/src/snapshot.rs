//! What was answered, as text for review: one file a target and area.
//!
//! A snapshot records the wire and never decides a verdict. Policies whose
//! exchanges are the same share a block, so that a changed line is a changed
//! behaviour. Ports, dates and secrets are out.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::escape::for_terminal;
use crate::event::{CaseResult, ExchangeReport};

/// Response headers that a policy is made of, or that caches and redirects read.
const KEPT: [&str; 8] = [
    "age",
    "allow",
    "cache-control",
    "cross-origin-resource-policy",
    "location",
    "set-cookie",
    "timing-allow-origin",
    "vary",
];

/// The snapshots of one target, by area: what went over the wire in `results`.
///
/// `origins` are the servers of this run and the words that stand for them. A
/// case without exchanges has no place in a snapshot.
#[must_use]
pub fn render(results: &[CaseResult], origins: &[(String, &str)]) -> BTreeMap<String, String> {
    let mut areas: BTreeMap<&str, BTreeMap<&str, Vec<Block<'_>>>> = BTreeMap::new();
    for result in results.iter().filter(|result| !result.exchanges.is_empty()) {
        let area = result.scenario.split('/').next().unwrap_or_default();
        let blocks = areas.entry(area).or_default().entry(&result.scenario).or_default();
        blocks.push(Block { wire: wire(&result.exchanges, origins), policy: &result.policy });
    }
    let text = |(area, scenarios): (&str, BTreeMap<_, _>)| {
        let parts: Vec<_> = scenarios.into_iter().map(|(id, blocks)| part(id, blocks)).collect();
        (area.to_owned(), parts.join("\n"))
    };
    areas.into_iter().map(text).collect()
}

/// What went over the wire for one scenario under one policy.
struct Block<'a> {
    wire: String,
    policy: &'a str,
}

/// One scenario: each different wire once, with the policies that gave it.
fn part(id: &str, blocks: Vec<Block<'_>>) -> String {
    let mut distinct: Vec<(String, Vec<&str>)> = Vec::new();
    for Block { wire, policy } in blocks {
        match distinct.iter_mut().find(|(known, _)| *known == wire) {
            Some((_, policies)) => policies.push(policy),
            None => distinct.push((wire, vec![policy])),
        }
    }
    let mut text = format!("{id}\n");
    for (wire, mut policies) in distinct {
        policies.sort_unstable();
        let _ = write!(text, "  under {}\n{wire}", policies.join(", "));
    }
    text
}

fn wire(exchanges: &[ExchangeReport], origins: &[(String, &str)]) -> String {
    let mut text = String::new();
    for exchange in exchanges {
        let mut line = |line: String| {
            let named =
                origins.iter().fold(line, |line, (origin, word)| line.replace(origin, word));
            let _ = writeln!(text, "    {}", for_terminal(&named));
        };
        line(format!("> {} {}", exchange.method, exchange.url));
        for (name, value) in asked(&exchange.request_headers) {
            line(format!("> {name}: {value}"));
        }
        match exchange.status {
            Some(status) => line(format!("< {status}")),
            None => line("! no answer".to_owned()),
        }
        for (name, value) in answered(&exchange.response_headers) {
            line(format!("< {name}: {value}"));
        }
    }
    text
}

fn asked(headers: &[(String, String)]) -> Vec<(String, String)> {
    let mut lines = kept(headers, |name| {
        name == "origin" || name == "cookie" || name.starts_with("access-control-")
    });
    let authorized = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    lines.extend(authorized.then(|| ("authorization".to_owned(), "(given)".to_owned())));
    lines
}

fn answered(headers: &[(String, String)]) -> Vec<(String, String)> {
    kept(headers, |name| KEPT.contains(&name) || name.starts_with("access-control-"))
}

/// The headers that `keep` names, lower-cased and sorted; several lines of one
/// name keep their order. Of cookies, only the names are left.
fn kept(headers: &[(String, String)], keep: impl Fn(&str) -> bool) -> Vec<(String, String)> {
    let mut lines: Vec<_> = headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .filter(|(name, _)| keep(name))
        .map(|(name, value)| {
            let value = if name.ends_with("cookie") { cookie_names(value) } else { value.clone() };
            (name, value)
        })
        .collect();
    lines.sort_by(|one, other| one.0.cmp(&other.0));
    lines
}

/// The name of a `Set-Cookie`, or the names of a `Cookie`.
fn cookie_names(value: &str) -> String {
    let pairs = value.split(';').map(str::trim);
    let attributes =
        ["path", "domain", "max-age", "expires", "samesite", "secure", "httponly", "partitioned"];
    let names = pairs.filter_map(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        (!attributes.contains(&name.to_ascii_lowercase().as_str())).then_some(name)
    });
    names.collect::<Vec<_>>().join("; ")
}

/// How a snapshot on disk differs from what was answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Drift {
    /// The wire changed: the text of a line diff.
    Changed(String),
    /// There is no such file yet.
    Missing,
    /// The file belongs to no area of the suite.
    Unreferenced,
}

/// Where the snapshot of an area stands.
#[must_use]
pub fn path(folder: &Path, target: &str, area: &str) -> PathBuf {
    folder.join(target).join(format!("{area}.snap"))
}

/// Compares `rendered` with the files of `target` below `folder`.
///
/// # Errors
///
/// A file or the folder is there and cannot be read.
pub fn compare(
    folder: &Path,
    target: &str,
    rendered: &BTreeMap<String, String>,
) -> io::Result<Vec<(PathBuf, Drift)>> {
    let mut drifts = Vec::new();
    for (area, text) in rendered {
        let path = path(folder, target, area);
        match stored(&path)? {
            None => drifts.push((path, Drift::Missing)),
            Some(old) if old.trim_end() != text.trim_end() => {
                drifts.push((path, Drift::Changed(difference(&old, text))));
            }
            Some(_) => {}
        }
    }
    for path in unreferenced(folder, target, |area| rendered.contains_key(area))? {
        drifts.push((path, Drift::Unreferenced));
    }
    Ok(drifts)
}

/// The snapshots of `target` whose area is not `known`, sorted.
///
/// # Errors
///
/// The folder is there and cannot be read.
pub fn unreferenced(
    folder: &Path,
    target: &str,
    known: impl Fn(&str) -> bool,
) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder.join(target)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let area = path.file_stem().unwrap_or_default().to_string_lossy();
        if path.extension().is_some_and(|it| it == "snap") && !known(&area) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// The text of a snapshot without insta's front matter.
fn stored(path: &Path) -> io::Result<Option<String>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let body = text.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n"));
    Ok(Some(body.map_or(text.clone(), |(_, body)| body.to_owned())))
}

fn difference(old: &str, new: &str) -> String {
    let diff = similar::TextDiff::from_lines(old, new);
    diff.unified_diff().context_radius(3).to_string()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Drift, compare, cookie_names, difference, path};

    #[test]
    fn cookies_leave_their_names_only() {
        assert_eq!(cookie_names("sid=secret; Path=/; SameSite=None; Secure"), "sid");
        assert_eq!(cookie_names("a=1; b=2"), "a; b");
    }

    #[test]
    fn each_kind_of_drift_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let rendered = [("a", "1\n"), ("b", "new\n"), ("c", "3\n")];
        let rendered = rendered.map(|(area, text)| (area.to_owned(), text.to_owned())).into();
        fs::create_dir(folder.path().join("t")).unwrap();
        let file = |area| path(folder.path(), "t", area);
        fs::write(file("a"), "---\nsource: x\n---\n1\n").unwrap();
        fs::write(file("b"), "---\nsource: x\n---\nold\n").unwrap();
        fs::write(file("d"), "---\nsource: x\n---\n4\n").unwrap();
        let want = [
            (file("b"), Drift::Changed(difference("old\n", "new\n"))),
            (file("c"), Drift::Missing),
            (file("d"), Drift::Unreferenced),
        ];
        assert_eq!(compare(folder.path(), "t", &rendered).unwrap(), want);
    }
}
