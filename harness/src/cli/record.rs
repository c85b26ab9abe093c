//! `corspec browsers --record`: random vectors, recorded in browsers and held against the model.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anstream::{AutoStream, eprintln};
use clap::Args;
use corspec_fetch::profile::Profile;

use super::prepare::{Refused, complain, start_guardian};
use crate::browsers::engine::{Engine, Programs};
use crate::browsers::namespace;
use crate::browsers::record::{Finding, Order, Recording, record};
use crate::escape;
use crate::exit::Exit;
use crate::whole_file;

/// How vectors are recorded.
#[derive(Args, Debug)]
#[command(next_help_heading = "Recording random vectors")]
pub(super) struct RecordArgs {
    /// Make this many random vectors, have the browsers perform them, keep those that do the same
    /// every time, hold the model against them, and reduce what differs. `--output` names the file.
    #[arg(
        long,
        value_name = "N",
        conflicts_with_all = ["scenario", "exclude", "policy", "format"],
        value_parser = clap::value_parser!(u32).range(..1_000_000)
    )]
    record: Option<u32>,
    /// What the vectors are made from: the same seed makes the same ones.
    #[arg(long, value_name = "S", requires = "record", default_value_t = 1)]
    seed: u64,
    /// How often each is performed.
    #[arg(
        long,
        value_name = "N",
        requires = "record",
        default_value_t = 2,
        value_parser = clap::value_parser!(u32).range(1..=100)
    )]
    runs: u32,
    /// Write the vectors that a browser does not do the same every time to this file, one a line.
    #[arg(long, value_name = "FILE", requires = "record")]
    unsteady: Option<PathBuf>,
    /// Hold the browsers against this profile, not their own.
    #[arg(long, value_name = "PROFILE", requires = "record")]
    against: Option<String>,
}

/// What is wanted: an order, but for what clears up.
pub(super) struct Wanted {
    count: u32,
    seed: u64,
    runs: u32,
    unsteady: Option<PathBuf>,
    against: Option<&'static Profile>,
}

impl RecordArgs {
    /// What is to be recorded, if anything.
    pub(super) fn order(&self) -> Result<Option<Wanted>, Refused> {
        let Some(count) = self.record else { return Ok(None) };
        let against = self.against.as_deref().map(|name| {
            Profile::named(name).ok_or_else(|| {
                let names: Vec<_> = Profile::ALL.iter().map(|profile| profile.name).collect();
                let message = format!("there is no profile `{name}`: one of {}", names.join(", "));
                Refused(Exit::Usage, message)
            })
        });
        let unsteady = self.unsteady.clone();
        let against = against.transpose()?;
        Ok(Some(Wanted { count, seed: self.seed, runs: self.runs, unsteady, against }))
    }
}

impl Wanted {
    /// Records in the browsers that were found.
    pub(super) async fn command(
        self,
        found: Vec<(Engine, Result<Programs, String>)>,
        require: bool,
        output: Option<&Path>,
    ) -> Result<Exit, Refused> {
        let mut engines = Vec::new();
        let mut missing = Exit::Expected;
        for (engine, programs) in found {
            match programs {
                Ok(programs) => engines.push((engine, programs)),
                Err(why) => {
                    complain(&format!("{} is unavailable: {why}", engine.name()));
                    missing = if require { Exit::Target } else { Exit::Expected };
                }
            }
        }
        if engines.is_empty() || self.count == 0 {
            return Ok(missing.or_worse(Exit::Nothing));
        }
        namespace::enter().map_err(|error| Refused(Exit::Target, error.to_string()))?;
        let order = Order {
            count: self.count,
            seed: self.seed,
            runs: self.runs,
            against: self.against,
            guardian: start_guardian()?,
        };
        let recording = record(&order, &engines, &|text| eprintln!("{text}"))
            .await
            .map_err(|error| Refused(Exit::Target, error.to_string()))?;
        let written = self.written(&recording, output);
        Ok(missing.or_worse(exit(&recording)).or_worse(written))
    }

    fn written(&self, recording: &Recording, output: Option<&Path>) -> Exit {
        let done = output.map_or(Ok(()), |path| {
            let packed = recording.corpus.pack().map_err(io::Error::other)?;
            whole_file::write(path, packed)
        });
        let done = done.and_then(|()| {
            self.unsteady.as_deref().map_or(Ok(()), |path| {
                let lines = recording.unsteady.iter().map(serde_json::to_string);
                let lines = lines.collect::<Result<Vec<_>, _>>()?;
                whole_file::write(
                    path,
                    lines.iter().flat_map(|line| [line, "\n"]).collect::<String>(),
                )
            })
        });
        let done = done.and_then(|()| {
            let mut out = AutoStream::auto(io::stdout());
            out.write_all(text(recording).as_bytes()).and_then(|()| out.flush())
        });
        match done {
            Ok(()) => Exit::Expected,
            Err(error) => {
                complain(&format!("what was recorded cannot be written: {error}"));
                Exit::Output
            }
        }
    }
}

fn exit(recording: &Recording) -> Exit {
    if recording.corpus.entries.is_empty() {
        return Exit::Target;
    }
    let differs = |it: &Finding| !it.kinds.is_empty();
    if recording.findings.iter().any(differs) { Exit::Unexpected } else { Exit::Expected }
}

/// The report for people.
fn text(recording: &Recording) -> String {
    let kept = recording.corpus.entries.len();
    let mut text = format!("{kept} vectors kept, {} unsteady\n", recording.unsteady.len());
    for finding in &recording.findings {
        // Writing to a string does not fail.
        let _ = of(&mut text, finding, kept);
    }
    text
}

fn of(text: &mut String, finding: &Finding, kept: usize) -> std::fmt::Result {
    let name = finding.engine.name();
    writeln!(
        text,
        "\n{name} {}: page's view {} of {kept}, wire {} of {kept}; {} unsteady",
        finding.version, finding.view, finding.wire, finding.unsteady
    )?;
    for (why, count) in &finding.troubles {
        writeln!(text, "  {count} not performed: {}", escape::for_terminal(why))?;
    }
    for ((part, field), count) in &finding.kinds {
        writeln!(
            text,
            "  {count} differ first in the {}: {}",
            part.words(),
            escape::for_terminal(field)
        )?;
    }
    for (vector, differences) in &finding.smallest {
        let vector = serde_json::to_string(vector).map_err(|_| std::fmt::Error)?;
        writeln!(text, "\n  {}", escape::for_terminal(&vector))?;
        for it in differences {
            let of = format!("{} of {} {}", it.field, it.part.words(), it.at + 1);
            writeln!(text, "    {}", escape::for_terminal(&of))?;
            writeln!(text, "      the model: {}", escape::for_terminal(&it.model))?;
            writeln!(text, "      {name}: {}", escape::for_terminal(&it.browser))?;
        }
    }
    Ok(())
}
