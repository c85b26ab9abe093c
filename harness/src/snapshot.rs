//! What was answered, as text for review: one file a target and area.
//!
//! A snapshot records the wire and never decides a verdict. The files are
//! insta's: `cargo insta review` shows what changed, and `INSTA_UPDATE` says
//! what becomes of a difference.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::event::{CaseResult, ResultKind};

mod render;
mod update;

pub use render::render;
pub use update::Update;

/// What comes before a snapshot's text, as insta writes it.
const HEAD: &str = "---\nsource: harness/tests/conformance.rs\n---\n";

/// The snapshots of a run, as far as it can tell: those of areas that were asked whole.
#[derive(Debug, Default)]
pub struct Snapshots {
    areas: BTreeSet<String>,
    results: BTreeMap<String, Vec<CaseResult>>,
}

/// A snapshot that is not what was answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Drift {
    /// The snapshot's file.
    pub path: PathBuf,
    /// What is the matter with it.
    pub kind: DriftKind,
    /// Whether the file was changed, so that it is as answered now.
    pub settled: bool,
}

/// How a snapshot on disk differs from what was answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum DriftKind {
    /// The wire changed: the text of a line diff.
    Changed(String),
    /// There is no such file yet.
    Missing,
    /// The file belongs to no area of the suite.
    Unreferenced,
    /// The folder belongs to no target.
    NoTarget,
}

impl Snapshots {
    /// Collects results of these areas, each of which the run asks whole.
    #[must_use]
    pub fn of(areas: BTreeSet<String>) -> Self {
        Self { areas, results: BTreeMap::new() }
    }

    /// Takes the next result.
    pub fn take(&mut self, result: &CaseResult) {
        if self.areas.contains(render::area(result)) {
            let target = result.target.split('@').next().unwrap_or_default();
            self.results.entry(target.to_owned()).or_default().push(result.clone());
        }
    }

    /// Compares with the files below `folder`, and changes them as `update` says.
    ///
    /// An area in which something could not be asked is left alone.
    ///
    /// # Errors
    ///
    /// A file or folder cannot be read or written.
    pub fn settle(&self, folder: &Path, update: Update) -> io::Result<Vec<Drift>> {
        let mut drifts = Vec::new();
        for (target, results) in &self.results {
            let broken: BTreeSet<_> =
                results.iter().filter(|it| unanswered(it.result)).map(render::area).collect();
            let whole = results.iter().filter(|it| !broken.contains(render::area(it)));
            for (area, text) in render(whole) {
                drifts.extend(settle(&path(folder, target, &area), &text, update)?);
            }
        }
        Ok(drifts)
    }
}

fn unanswered(result: ResultKind) -> bool {
    matches!(result, ResultKind::TargetError | ResultKind::HarnessError)
}

/// Where the snapshot of an area stands.
#[must_use]
pub fn path(folder: &Path, target: &str, area: &str) -> PathBuf {
    folder.join(target).join(format!("{area}.snap"))
}

/// Compares one snapshot with `text`, and changes it as `update` says.
fn settle(path: &Path, text: &str, update: Update) -> io::Result<Option<Drift>> {
    let kind = match stored(path)? {
        None => DriftKind::Missing,
        Some(old) if old.trim_end() != text.trim_end() => {
            DriftKind::Changed(difference(&old, text))
        }
        Some(_) => return Ok(None),
    };
    let settled = update.write(path, &format!("{HEAD}{text}"), kind == DriftKind::Missing)?;
    Ok(Some(Drift { path: path.to_owned(), kind, settled }))
}

/// The snapshots of `target` below `folder` whose area is not `known`, sorted by path.
///
/// # Errors
///
/// The folder is there and cannot be read.
pub fn unreferenced(
    folder: &Path,
    target: &str,
    known: impl Fn(&str) -> bool,
) -> io::Result<Vec<Drift>> {
    let entries = match fs::read_dir(folder.join(target)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut drifts = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let area = path.file_stem().unwrap_or_default().to_string_lossy();
        if path.extension().is_some_and(|it| it == "snap") && !known(&area) {
            drifts.push(Drift { path, kind: DriftKind::Unreferenced, settled: false });
        }
    }
    drifts.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(drifts)
}

/// The folders of snapshots below `folder` whose target is not `known`, sorted by path.
///
/// # Errors
///
/// The folder is there and cannot be read.
pub fn of_no_target(folder: &Path, known: impl Fn(&str) -> bool) -> io::Result<Vec<Drift>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut drifts = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() && !known(&entry.file_name().to_string_lossy()) {
            drifts.push(Drift { path: entry.path(), kind: DriftKind::NoTarget, settled: false });
        }
    }
    drifts.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(drifts)
}

/// The text of a snapshot without insta's front matter.
fn stored(path: &Path) -> io::Result<Option<String>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            let path = path.display();
            let message = format!("the snapshot `{path}` is not UTF-8; restore or remove it");
            return Err(io::Error::new(error.kind(), message));
        }
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

    use super::{Drift, DriftKind, Update, difference, path, settle, unreferenced};

    #[test]
    fn a_difference_is_found_and_settled_as_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = path(folder.path(), "t", "a");
        let drift = |kind, settled| Some(Drift { path: file.clone(), kind, settled });
        let missing = |settled| drift(DriftKind::Missing, settled);
        let changed = |settled| drift(DriftKind::Changed(difference("old\n", "new\n")), settled);

        assert_eq!(settle(&file, "old\n", Update::No).unwrap(), missing(false));
        assert!(!file.exists());
        assert_eq!(settle(&file, "old\n", Update::Always).unwrap(), missing(true));
        assert_eq!(settle(&file, "old\n", Update::No).unwrap(), None);
        assert_eq!(settle(&file, "new\n", Update::No).unwrap(), changed(false));
        assert_eq!(settle(&file, "new\n", Update::New).unwrap(), changed(false));
        assert!(fs::read_to_string(file.with_extension("snap.new")).unwrap().ends_with("\nnew\n"));
        assert_eq!(settle(&file, "new\n", Update::Always).unwrap(), changed(true));
        assert_eq!(settle(&file, "new\n", Update::No).unwrap(), None);
    }

    #[test]
    fn a_file_of_no_area_is_found() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("t")).unwrap();
        fs::write(path(folder.path(), "t", "a"), "").unwrap();
        fs::write(path(folder.path(), "t", "b"), "").unwrap();
        let found = unreferenced(folder.path(), "t", |area| area == "a").unwrap();
        let paths: Vec<_> = found.into_iter().map(|drift| drift.path).collect();
        assert_eq!(paths, [path(folder.path(), "t", "b")]);
    }

    #[test]
    fn insta_reads_what_is_written() {
        let folder = tempfile::tempdir().unwrap();
        settle(&path(folder.path(), "t", "a"), "a/b\n  under p\n", Update::Always).unwrap();
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(folder.path().join("t"));
        settings.set_prepend_module_to_snapshot(false);
        settings.bind(|| insta::assert_snapshot!("a", "a/b\n  under p\n"));
        assert!(!folder.path().join("t/a.snap.new").exists());
    }
}
