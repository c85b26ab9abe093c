//! `--write-known`: a target's known failures, as a run has found them.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use corspec_targets::known::{Cases, rewrite};
use miette::Report;

use crate::event::{CaseResult, Event, ResultKind};
use crate::exit::Exit;
use crate::runner::Asked;
use crate::whole_file;

/// What each target was asked and failed.
#[derive(Debug, Default)]
pub(super) struct WriteKnown {
    targets: BTreeMap<String, Found>,
}

#[derive(Debug, Default)]
struct Found {
    asked: Cases,
    failing: Cases,
    /// Something could not be asked, so that nothing can be said of it.
    broken: bool,
}

impl WriteKnown {
    /// Takes the next event of the run.
    pub(super) fn event(&mut self, event: &Event) {
        if let Event::Result(result) = event {
            self.targets.entry(result.target.clone()).or_default().take(result);
        }
    }

    /// Writes the files of all `targets`, says so on `out`, and how the run ends for it.
    pub(super) fn finish(&self, targets: &[Asked<'_>], out: &mut impl Write) -> Exit {
        let mut exit = Exit::Expected;
        for target in targets {
            let (Some(folder), Some(found)) = (target.folder(), self.targets.get(&target.name()))
            else {
                continue;
            };
            let path = folder.join("known.toml");
            let said = match found.write(&path) {
                Ok(Written::Same) => continue,
                Ok(Written::Broken) => {
                    writeln!(out, "not written: {}: not every case could be asked", path.display())
                }
                Ok(Written::New) => {
                    writeln!(out, "written: {}: fill in each reason that is empty", path.display())
                }
                Err(error) => {
                    exit = exit.or_worse(Exit::Output);
                    writeln!(out, "error: cannot write {}: {error}", path.display())
                }
            };
            if said.is_err() {
                exit = exit.or_worse(Exit::Output);
            }
        }
        exit
    }
}

/// What became of a file.
enum Written {
    Same,
    New,
    Broken,
}

impl Found {
    fn take(&mut self, result: &CaseResult) {
        let case = (result.scenario.clone(), result.policy.clone());
        match result.result {
            ResultKind::Pass | ResultKind::FixedUnexpectedly => {
                self.asked.insert(case);
            }
            ResultKind::Fail | ResultKind::KnownFailure => {
                self.asked.insert(case.clone());
                self.failing.insert(case);
            }
            ResultKind::TargetError | ResultKind::HarnessError => self.broken = true,
            ResultKind::NotApplicable | ResultKind::RefusedConfig => {}
        }
    }

    fn write(&self, path: &Path) -> Result<Written, String> {
        if self.broken {
            return Ok(Written::Broken);
        }
        let old = match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            old => old.map_err(|error| error.to_string())?,
        };
        let new = rewrite(&path.display().to_string(), &old, &self.asked, &self.failing)
            .map_err(|error| format!("{:?}", Report::new(*error)))?;
        if new == old || old.is_empty() && self.failing.is_empty() {
            return Ok(Written::Same);
        }
        whole_file::write(path, &new).map_err(|error| error.to_string())?;
        Ok(Written::New)
    }
}
