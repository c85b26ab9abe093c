//! The snapshots of a run: where they stand, and what is said of a difference.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use corspec_suite::load::Suite;
use corspec_suite::scenario::Scenario;
use corspec_targets::registry::{Registry, is_on_demand};

use crate::escape::for_terminal;
use crate::event::Event;
use crate::exit::Exit;
use crate::snapshot::{Drift, DriftKind, Snapshots, Update, of_no_target, unreferenced};

/// Snapshots to compare a run with.
pub(super) struct Review {
    folder: PathBuf,
    /// Whether that folder was named, for all that is asked.
    named: bool,
    update: Update,
    collected: Snapshots,
    /// Every area of the suite, where it is the one that the snapshots are of.
    known: Option<BTreeSet<String>>,
    /// The folders that targets have, where the snapshots are of all of them.
    targets: Option<BTreeSet<String>>,
    /// The targets that ran.
    ran: BTreeSet<String>,
}

impl Review {
    /// Compares with `named`, or else with the `snapshots` folder beside that of the targets of
    /// `registry` where there is one. `None`: there is nothing to compare with.
    ///
    /// # Errors
    ///
    /// `INSTA_UPDATE` is no word of insta's, or the folder that was named is not there: a name that
    /// is mistyped would be a new folder in which all is missing.
    pub(super) fn new(
        named: Option<&Path>,
        registry: Option<&Registry>,
        areas: BTreeSet<String>,
        known: Option<BTreeSet<String>>,
    ) -> Result<Option<Self>, String> {
        let targets = registry.and_then(Registry::folder);
        let beside = targets.and_then(|it| Some(it.parent()?.join("snapshots")));
        let is_beside = |it: &Path| std::path::absolute(it).ok() == beside;
        let folder = match named {
            Some(named) if named.is_dir() || is_beside(named) => named.to_owned(),
            Some(named) => {
                let named = named.display();
                return Err(format!("there is no folder `{named}`; `mkdir -p {named}` makes it"));
            }
            None => match beside.as_ref().filter(|it| it.is_dir()) {
                Some(beside) => beside.clone(),
                None => return Ok(None),
            },
        };
        let update = Update::from_environment()?;
        let targets = registry.filter(|_| is_beside(&folder)).map(folders);
        let (named, collected, ran) = (named.is_some(), Snapshots::of(areas), BTreeSet::new());
        Ok(Some(Self { folder, named, update, collected, known, targets, ran }))
    }

    /// Takes the next event of the run. What runs on demand only is compared where a folder was named.
    pub(super) fn event(&mut self, event: &Event) {
        let compared = |id: &str| self.named || !is_on_demand(id);
        match event {
            Event::Result(result) if compared(&result.target) => self.collected.take(result),
            Event::Target(target) if compared(&target.id) => {
                let id = target.id.split('@').next().unwrap_or_default();
                self.ran.insert(id.to_owned());
            }
            _ => {}
        }
    }

    /// Compares, says on `out` what differs, and how the run ends for it.
    pub(super) fn finish(&self, out: &mut impl Write) -> Exit {
        match self.drifts() {
            Ok(drifts) => match self.tell(&drifts, out) {
                Ok(()) if drifts.iter().all(|drift| drift.settled) => Exit::Expected,
                Ok(()) => Exit::Snapshots,
                Err(_) => Exit::Output,
            },
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                match writeln!(out, "error: {}", for_terminal(&error.to_string())) {
                    Ok(()) | Err(_) => Exit::Usage,
                }
            }
            Err(error) => {
                let folder = self.folder.display();
                match writeln!(out, "error: cannot use the snapshots in `{folder}`: {error}") {
                    Ok(()) | Err(_) => Exit::Output,
                }
            }
        }
    }

    /// What differs, the files of the targets that ran that are of no area, and the folders of no
    /// target.
    fn drifts(&self) -> io::Result<Vec<Drift>> {
        let mut drifts = self.collected.settle(&self.folder, self.update)?;
        if let Some(known) = &self.known {
            for target in &self.ran {
                drifts.extend(unreferenced(&self.folder, target, |area| known.contains(area))?);
            }
        }
        if let Some(targets) = &self.targets {
            drifts.extend(of_no_target(&self.folder, |name| targets.contains(name))?);
        }
        Ok(drifts)
    }

    fn tell(&self, drifts: &[Drift], out: &mut impl Write) -> io::Result<()> {
        for Drift { path, kind, settled } in drifts {
            let path = path.display();
            match (kind, settled) {
                (_, true) => writeln!(out, "snapshot written: {path}")?,
                (DriftKind::Changed(difference), false) => {
                    writeln!(out, "snapshot differs: {path}")?;
                    for line in difference.lines() {
                        writeln!(out, "{}", for_terminal(line))?;
                    }
                }
                (DriftKind::Missing, false) => writeln!(out, "snapshot missing: {path}")?,
                (DriftKind::Unreferenced, false) => {
                    writeln!(out, "snapshot of no area: {path}: remove it")?;
                }
                (DriftKind::NoTarget, false) => {
                    writeln!(out, "snapshots of no target: {path}: remove them")?;
                }
            }
        }
        let is_of_nothing =
            |kind: &DriftKind| matches!(kind, DriftKind::Unreferenced | DriftKind::NoTarget);
        let differs = |it: &&Drift| !it.settled && !is_of_nothing(&it.kind);
        let count = drifts.iter().filter(differs).count();
        if count > 0 {
            let how = match self.update {
                Update::No => "run again with INSTA_UPDATE=always to accept what was answered",
                _ => "`cargo insta review` shows each; INSTA_UPDATE=always accepts all",
            };
            let differ = if count == 1 { "snapshot differs" } else { "snapshots differ" };
            writeln!(out, "{count} {differ}: {how}")?;
        }
        Ok(())
    }
}

/// The names of the folders that snapshots of targets stand in; a variant has none of its own.
fn folders(registry: &Registry) -> BTreeSet<String> {
    let first = |id: &str| id.split('/').next().map(str::to_owned);
    registry.targets().iter().filter_map(|target| first(&target.id)).collect()
}

/// The areas of the suite all of whose scenarios were chosen.
pub(super) fn whole_areas(suite: &Suite, chosen: &[&Scenario]) -> BTreeSet<String> {
    let area = |scenario: &Scenario| scenario.id.split('/').next().map(str::to_owned);
    let ids: BTreeSet<_> = chosen.iter().map(|scenario| &scenario.id).collect();
    let partial = suite.scenarios().iter().filter(|it| !ids.contains(&it.id));
    let partial: BTreeSet<_> = partial.filter_map(area).collect();
    let areas = chosen.iter().filter_map(|scenario| area(scenario));
    areas.filter(|area| !partial.contains(area)).collect()
}
