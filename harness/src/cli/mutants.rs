//! `corspec mutants`: what the suite catches, and whom it does not blame.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use anstream::AutoStream;
use clap::{Args, ValueEnum};
use corspec_suite::load::Suite;
use corspec_targets::mutant::{Mutant, Mutants};
use corspec_targets::registry::Registry;
use globset::{Glob, GlobSet, GlobSetBuilder};
use miette::Diagnostic;

use super::prepare::{Refused, complain, start_guardian};
use crate::exit::Exit;
use crate::mutants::real::{RealTrouble, With};
use crate::mutants::{Matrix, Published, run};
use crate::report::mutants;
use crate::selection::is_literal;
use crate::transport::{Transport, TransportOptions};

/// Prove the suite: ask all of it of servers with one fault each, which it must catch, and of servers that are right in
/// another way, which it must not blame.
///
/// Exits with 0 where the reference and every equivalent pass, every mutant is caught as it states, and every scenario
/// that can fail catches one; with 1 otherwise, 2 on bad usage, 4 where nothing was chosen, 74 where the output cannot be
/// written. With `--published` it exits with 0 where every published fault that can be caught is; with `--real` also with
/// 3 where a published version could not be asked.
#[derive(Args, Debug)]
pub(super) struct MutantsArgs {
    /// Only mutants and equivalents whose name this glob matches; all by default.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Only what published faults are reproduced by: which of them are caught, and by which scenarios.
    #[arg(long, conflicts_with = "names")]
    published: bool,
    /// Ask published versions themselves too, where they are targets: one that has the fault has to be caught, and the one
    /// that mended it has to pass. Installs them, and takes minutes at first.
    #[arg(long, requires = "published")]
    real: bool,
    /// Ask every case under every policy, also of mutants that are caught already; takes longer.
    #[arg(long)]
    everything: bool,
    /// The form of the report.
    #[arg(long, default_value = "text")]
    format: Format,
    /// Where to write the report; standard output by default.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One JSON document.
    Json,
    /// The page of the docs.
    Markdown,
}

/// Runs the command.
pub(super) async fn command(args: MutantsArgs) -> Exit {
    tokio::select! {
        exit = prepared(&args) => exit.unwrap_or_else(|(exit, message)| {
            eprintln!("error: {message}");
            exit
        }),
        _ = tokio::signal::ctrl_c() => Exit::Interrupted,
    }
}

async fn prepared(args: &MutantsArgs) -> Result<Exit, (Exit, String)> {
    let suite = Suite::embedded().map_err(|error| (Exit::Fault, error.to_string()))?;
    let all = Mutants::embedded().map_err(|error| (Exit::Fault, error.to_string()))?;
    let whole = args.names.is_empty();
    let published =
        Published::embedded(&suite, &all).map_err(|error| (Exit::Fault, error.to_string()))?;
    let chosen = match (args.published, whole) {
        (true, _) => published.chosen(&all),
        (false, true) => all,
        (false, false) => choose(&all, &args.names)?,
    };
    let everything = args.everything;
    let suite = Arc::new(suite);
    let real = match args.real {
        true => versions(&suite, &published).await?,
        false => Vec::new(),
    };
    let (done, asked) = tokio::sync::oneshot::channel();
    // A thread of its own, which an interrupted command need not wait for.
    std::thread::spawn(move || done.send(run(&suite, &chosen, everything)));
    let fault = |message: String| (Exit::Fault, format!("cannot ask the mutants: {message}"));
    let matrix = asked.await.map_err(|error| fault(error.to_string()))?;
    let mut matrix = matrix.map_err(|error| fault(error.to_string()))?;
    matrix.real = real;
    let is_right = matrix.troubles(whole && !args.published).is_empty() && matrix.real.is_empty();
    let exit = if is_right { Exit::Expected } else { Exit::Unexpected };
    let absent = matrix.real.iter().any(RealTrouble::is_unasked);
    let exit = exit.or_worse(if absent { Exit::Target } else { Exit::Expected });
    match write(&matrix, &published, args) {
        Ok(()) => Ok(exit),
        Err(error) => Err((Exit::Output, format!("cannot write the report: {error}"))),
    }
}

/// Asks the published versions that are targets, and tells on standard error what is not as stated.
async fn versions(
    suite: &Suite,
    published: &Published,
) -> Result<Vec<RealTrouble>, (Exit, String)> {
    let usage = |error: &dyn Diagnostic| {
        let help = error.help().map_or(String::new(), |help| format!("; {help}"));
        (Exit::Usage, format!("{error}{help}"))
    };
    let registry = Registry::discover(None).map_err(|error| usage(&error))?;
    let transport = Transport::new(&TransportOptions::default());
    let transport = transport.map_err(|error| (Exit::Fault, error.to_string()))?;
    let guardian = start_guardian().map_err(|Refused(exit, message)| (exit, message))?;
    let with = With { suite, registry: &registry, transport, guardian };
    let mut troubles = Vec::new();
    for fault in published.faults() {
        let Some(real) = &fault.real else { continue };
        eprintln!("{}: {} and {}", fault.id, real.faulty, real.fixed);
        let found = real.ask(&fault.id, &with).await.map_err(|error| usage(&error))?;
        for trouble in &found {
            complain(&trouble.to_string());
        }
        troubles.extend(found);
    }
    Ok(troubles)
}

/// Those whose name a pattern matches.
fn choose(all: &Mutants, patterns: &[String]) -> Result<Mutants, (Exit, String)> {
    let names = || all.mutants.iter().chain(&all.equivalents).map(|it| it.name.as_str());
    let mut globs = GlobSetBuilder::new();
    for pattern in patterns {
        if is_literal(pattern) && !names().any(|name| name == pattern) {
            let nearest = names().min_by_key(|it| strsim::damerau_levenshtein(it, pattern));
            let help = nearest.map_or(String::new(), |it| format!("; did you mean `{it}`?"));
            return Err((Exit::Usage, format!("there is no mutant `{pattern}`{help}")));
        }
        let glob = Glob::new(pattern)
            .map_err(|error| (Exit::Usage, format!("`{pattern}` is not a glob: {error}")))?;
        globs.add(glob);
    }
    let globs = globs.build().map_err(|error| (Exit::Usage, error.to_string()))?;
    let chosen = Mutants {
        mutants: matching(&all.mutants, &globs),
        equivalents: matching(&all.equivalents, &globs),
        policies: all.policies.clone(),
    };
    match chosen.mutants.is_empty() && chosen.equivalents.is_empty() {
        true => Err((Exit::Nothing, format!("no mutant matches {}", patterns.join(", ")))),
        false => Ok(chosen),
    }
}

fn matching(mutants: &[Mutant], globs: &GlobSet) -> Vec<Mutant> {
    mutants.iter().filter(|it| globs.is_match(&it.name)).cloned().collect()
}

fn write(matrix: &Matrix, published: &Published, args: &MutantsArgs) -> io::Result<()> {
    let out: Box<dyn Write> = match &args.output {
        None => Box::new(AutoStream::auto(io::stdout())),
        Some(path) => Box::new(File::create(path)?),
    };
    if args.published {
        return match args.format {
            Format::Text => mutants::published::text(published, matrix, out),
            Format::Json => mutants::published::json(published, matrix, out),
            Format::Markdown => mutants::published::markdown(published, matrix, out),
        };
    }
    let whole = args.names.is_empty().then_some(published);
    match args.format {
        Format::Text => mutants::text(matrix, whole, out),
        Format::Json => mutants::json(matrix, whole, out),
        Format::Markdown => mutants::markdown(matrix, whole, out),
    }
}
