//! `corspec targets`: whom there is to ask, and what is missing.

use std::fmt::Write as _;

use clap::{Args, ValueEnum};
use corspec_suite::case::{Abilities, Instantiated};
use corspec_suite::load::Suite;
use corspec_targets::known::Known;
use corspec_targets::registry::{Availability, RegistryError, Target};
use serde_json::{Value, json};

use super::prepare::{Refused, complain, registry, suite};
use super::print::{print, print_json};
use crate::exit::Exit;

/// List the targets: what is there, what is missing, and how to get it.
///
/// Exits with 0, 2 where a target's files cannot be used, 74 where the list cannot be written.
#[derive(Args, Debug)]
pub(super) struct TargetsArgs {
    /// The form of the list.
    #[arg(long, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// A line for each.
    Text,
    /// One JSON document.
    Json,
}

/// A target, and what this machine has for it.
struct Row<'a> {
    target: &'a Target,
    availability: Availability,
    variants: Vec<(&'a str, Availability)>,
    known_failures: usize,
}

/// Runs the command.
pub(super) fn command(args: &TargetsArgs) -> Exit {
    listed(args).unwrap_or_else(|Refused(exit, message)| {
        complain(&message);
        exit
    })
}

fn listed(args: &TargetsArgs) -> Result<Exit, Refused> {
    let suite = suite(None)?;
    let registry = registry()?;
    let rows = registry.targets().iter().map(|target| row(target, &suite));
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    Ok(match args.format {
        Format::Text => print(&text(&rows), Exit::Expected),
        Format::Json => {
            let targets: Vec<_> = rows.iter().map(as_json).collect();
            print_json(&json!({"schema": "corspec-targets/1", "targets": targets}))
        }
    })
}

fn row<'a>(target: &'a Target, suite: &Suite) -> Result<Row<'a>, Refused> {
    let usage = |error: RegistryError| Refused(Exit::Usage, error.to_string());
    let known = target.folder.as_deref().map(Known::read).transpose();
    let known = known
        .map_err(|error| Refused(Exit::Usage, format!("{:?}", miette::Report::new(*error))))?
        .unwrap_or_default();
    let variants = target.manifest.variants.keys();
    let variants =
        variants.map(|name| Ok((name.as_str(), target.availability(Some(name)).map_err(usage)?)));
    Ok(Row {
        target,
        availability: target.availability(None).map_err(usage)?,
        variants: variants.collect::<Result<_, Refused>>()?,
        known_failures: known_failures(target, &known, suite),
    })
}

/// How many of the cases that the suite has for the target are known to fail.
fn known_failures(target: &Target, known: &Known, suite: &Suite) -> usize {
    let able = Abilities {
        routes: target.routes(),
        other: target.other_abilities().clone(),
        origin: None,
    };
    let policies = || suite.policies().iter().map(|(name, policy)| (name.as_str(), policy));
    let pairs = suite.scenarios().iter().flat_map(|it| policies().map(move |policy| (it, policy)));
    let known = pairs.filter(|(scenario, (name, _))| known.entry(&scenario.id, name).is_some());
    known
        .filter(|(it, policy)| matches!(suite.case(it, *policy, &able), Instantiated::Case(_)))
        .count()
}

fn text(rows: &[Row<'_>]) -> String {
    let width = |of: fn(&Target) -> &str| {
        rows.iter().map(|row| of(row.target).chars().count()).max().unwrap_or_default()
    };
    let (ids, names) = (width(|it| &it.id), width(|it| &it.manifest.name));
    let languages = width(|it| &it.manifest.language);
    let mut text = String::new();
    for row in rows {
        let Target { id, manifest, .. } = row.target;
        let known = match row.known_failures {
            0 => String::new(),
            1 => " · 1 known failure".to_owned(),
            count => format!(" · {count} known failures"),
        };
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(
            text,
            "{id:ids$}  {:names$}  {:languages$}  {}{known}",
            manifest.name,
            manifest.language,
            state(&row.availability)
        );
        for (variant, availability) in &row.variants {
            let _ = writeln!(text, "  {id}@{variant}: {}", state(availability));
        }
    }
    text
}

fn state(availability: &Availability) -> String {
    match availability {
        Availability::Available => "available".to_owned(),
        Availability::Unavailable { missing, how } => {
            format!("unavailable, needs {}: {how}", missing.join(", "))
        }
    }
}

fn as_json(row: &Row<'_>) -> Value {
    let Target { id, manifest, .. } = row.target;
    let variants = row.variants.iter();
    let variants: serde_json::Map<_, _> =
        variants.map(|(name, it)| ((*name).to_owned(), availability(it))).collect();
    json!({
        "id": id,
        "name": manifest.name,
        "language": manifest.language,
        "library": manifest.library,
        "homepage": manifest.homepage,
        "availability": availability(&row.availability),
        "variants": variants,
        "known-failures": row.known_failures,
    })
}

fn availability(availability: &Availability) -> Value {
    match availability {
        Availability::Available => json!({"available": true}),
        Availability::Unavailable { missing, how } => {
            json!({"available": false, "missing": missing, "how": how})
        }
    }
}
