//! The snapshots of a run: where they stand, and what is said of a difference.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use corspec_suite::load::Suite;
use corspec_suite::scenario::Scenario;
use corspec_targets::registry::is_on_demand;

use crate::escape::for_terminal;
use crate::event::Event;
use crate::exit::Exit;
use crate::snapshot::{Drift, DriftKind, Snapshots, Update};

/// Snapshots to compare a run with.
pub(super) struct Review {
    folder: PathBuf,
    /// Whether that folder was named, for all that is asked.
    named: bool,
    update: Update,
    collected: Snapshots,
}

impl Review {
    /// Compares with `named`, or else with the `snapshots` folder beside that of the targets
    /// where there is one. `None`: there is nothing to compare with.
    ///
    /// # Errors
    ///
    /// `INSTA_UPDATE` is no word of insta's.
    pub(super) fn new(
        named: Option<&Path>,
        targets: Option<&Path>,
        areas: BTreeSet<String>,
    ) -> Result<Option<Self>, String> {
        let beside = || Some(targets?.parent()?.join("snapshots")).filter(|it| it.is_dir());
        let Some(folder) = named.map(Path::to_owned).or_else(beside) else { return Ok(None) };
        let update = Update::from_environment()?;
        let collected = Snapshots::of(areas);
        Ok(Some(Self { folder, named: named.is_some(), update, collected }))
    }

    /// Takes the next event of the run. What runs on demand only is compared where a folder was named.
    pub(super) fn event(&mut self, event: &Event) {
        if let Event::Result(result) = event
            && (self.named || !is_on_demand(&result.target))
        {
            self.collected.take(result);
        }
    }

    /// Compares, says on `out` what differs, and how the run ends for it.
    pub(super) fn finish(&self, out: &mut impl Write) -> Exit {
        match self.collected.settle(&self.folder, self.update) {
            Ok(drifts) => match self.tell(&drifts, out) {
                Ok(()) if drifts.iter().all(|drift| drift.settled) => Exit::Expected,
                Ok(()) => Exit::Snapshots,
                Err(_) => Exit::Output,
            },
            Err(error) => {
                let folder = self.folder.display();
                match writeln!(out, "error: cannot use the snapshots in `{folder}`: {error}") {
                    Ok(()) | Err(_) => Exit::Output,
                }
            }
        }
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
                    writeln!(out, "snapshot of no area: {path}")?;
                }
            }
        }
        if drifts.iter().any(|drift| !drift.settled) {
            let how = match self.update {
                Update::No => "run again with INSTA_UPDATE=always to accept what was answered",
                _ => "`cargo insta review` shows each; INSTA_UPDATE=always accepts all",
            };
            writeln!(out, "{} snapshots differ: {how}", drifts.len())?;
        }
        Ok(())
    }
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
