//! `corspec browsers --console`: what browsers print, held against what is said here.

use std::io::{self, Write as _};
use std::path::Path;

use anstream::AutoStream;
use clap::Args;

use super::{BrowsersArgs, how, named_engines};
use crate::browsers::console::capture::{Capture, Disagreement, SCHEMA};
use crate::browsers::console::listen;
use crate::browsers::console::provocation::{ALL, Provocation};
use crate::browsers::namespace;
use crate::cli::prepare::{Refused, complain, start_guardian, unknown};
use crate::escape;
use crate::exit::Exit;
use crate::selection::{Selection, is_literal};
use crate::whole_file;

/// How consoles are listened to.
#[derive(Args, Debug)]
#[command(next_help_heading = "Listening to consoles")]
pub(super) struct ConsoleArgs {
    /// Provoke every cause of a network error in the browsers, and hold what they print in their
    /// consoles against what `corspec fetch` says that they print. `--output` names a file for it.
    #[arg(long, conflicts_with_all = ["scenario", "exclude", "policy", "format", "record", "serve"])]
    pub(super) console: bool,
    /// With `--console`: only provocations whose name this glob matches, or of this area; may be
    /// repeated.
    #[arg(long, value_name = "GLOB", requires = "console")]
    provocation: Vec<String>,
}

impl ConsoleArgs {
    /// The provocations that are asked for.
    fn chosen(&self) -> Result<Vec<&'static Provocation>, Refused> {
        let selection = Selection::new(&self.provocation, &[])
            .map_err(|error| Refused(Exit::Usage, error.to_string()))?;
        for name in self.provocation.iter().filter(|it| is_literal(it) && it.contains('/')) {
            if !ALL.iter().any(|it| it.id == *name) {
                let names = ALL.iter().map(|it| it.id.as_str());
                return Err(Refused(Exit::Usage, unknown("provocation", name, names)));
            }
        }
        let chosen: Vec<_> = ALL.iter().filter(|it| selection.chooses(&[&it.id])).collect();
        if chosen.is_empty() {
            let message = "no provocation matches; nothing was asked".to_owned();
            return Err(Refused(Exit::Nothing, message));
        }
        Ok(chosen)
    }
}

/// Listens to the browsers that are asked for.
pub(super) async fn command(args: &BrowsersArgs) -> Result<Exit, Refused> {
    let provocations = args.console.chosen()?;
    let mut missing = Exit::Expected;
    let mut engines = Vec::new();
    for engine in named_engines(args)? {
        match engine.programs() {
            Ok(programs) => engines.push((engine, programs)),
            Err(programs) => {
                complain(&format!("{} is unavailable: {}", engine.name(), how(&programs)));
                missing = if args.require { Exit::Target } else { Exit::Expected };
            }
        }
    }
    if engines.is_empty() {
        return Ok(missing.or_worse(Exit::Nothing));
    }
    namespace::enter().map_err(|error| Refused(Exit::Target, error.to_string()))?;
    let guardian = start_guardian()?;
    let mut capture = Capture { schema: SCHEMA.to_owned(), ..Capture::default() };
    for (engine, programs) in &engines {
        let listened = listen(&provocations, *engine, programs, &guardian).await;
        let listened = listened
            .map_err(|error| Refused(Exit::Target, format!("{}: {error}", engine.name())))?;
        capture.engines.insert(*engine, listened.version);
        for (id, heard) in listened.heard {
            capture.heard.entry(id).or_default().insert(*engine, heard);
        }
    }
    let disagreements = capture
        .disagreements(&provocations)
        .map_err(|error| Refused(Exit::Fault, error.to_string()))?;
    let agree = if disagreements.is_empty() { Exit::Expected } else { Exit::Unexpected };
    let written = written(&capture, &disagreements, args.output.as_deref());
    Ok(missing.or_worse(agree).or_worse(written))
}

fn written(capture: &Capture, disagreements: &[Disagreement], output: Option<&Path>) -> Exit {
    let done = output.map_or(Ok(()), |path| {
        let text = serde_json::to_string_pretty(capture).map_err(io::Error::other)?;
        whole_file::write(path, text + "\n")
    });
    let done = done.and_then(|()| {
        let mut out = AutoStream::auto(io::stdout());
        out.write_all(text(capture, disagreements).as_bytes()).and_then(|()| out.flush())
    });
    match done {
        Ok(()) => Exit::Expected,
        Err(error) => {
            complain(&format!("what was printed cannot be written: {error}"));
            Exit::Output
        }
    }
}

/// The report for people.
fn text(capture: &Capture, disagreements: &[Disagreement]) -> String {
    let mut text = String::new();
    for (engine, version) in &capture.engines {
        let other = disagreements.iter().filter(|it| it.engine == *engine).count();
        let (name, all) = (engine.name(), capture.heard.len());
        let agree = all - other;
        text += &format!("{name} {version}: {agree} of {all} printed as said\n");
    }
    for Disagreement { id, engine, cause, said, printed } in disagreements {
        let shown = |line: &Option<String>| {
            line.as_deref().map_or_else(|| "nothing".to_owned(), escape::for_terminal)
        };
        let cause = cause.unwrap_or("no network error");
        text += &format!(
            "\n{id} in {}: {cause}\n  said:    {}\n  printed: {}\n",
            engine.name(),
            shown(said),
            shown(printed)
        );
    }
    text
}
