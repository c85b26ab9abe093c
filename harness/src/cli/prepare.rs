//! What commands have in common before they do anything: what the user names is found, or refused.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::Path;

use corspec_suite::load::Suite;
use corspec_suite::policy::Policy;
use corspec_suite::scenario::Scenario;
use corspec_targets::guardian::Guardian;
use corspec_targets::registry::{Registry, RegistryError, Target};
use miette::Diagnostic;

use crate::exit::Exit;
use crate::remedy::{self, Framework};
use crate::selection::{Selection, is_literal};

/// What the user asked for cannot be run, and how that ends.
pub(in crate::cli) struct Refused(pub(in crate::cli) Exit, pub(in crate::cli) String);

/// Says what went wrong; where standard error is gone, the exit code still does.
pub(in crate::cli) fn complain(message: &str) {
    let _ = writeln!(io::stderr(), "error: {message}");
}

/// The scenarios that the globs of `--scenario` and `--exclude` choose, of which there must be one.
pub(in crate::cli) fn chosen<'a>(
    suite: &'a Suite,
    scenario: &[String],
    exclude: &[String],
) -> Result<Vec<&'a Scenario>, Refused> {
    let selection = Selection::new(scenario, exclude)
        .map_err(|error| Refused(Exit::Usage, error.to_string()))?;
    scenario.iter().chain(exclude).try_for_each(|pattern| matches_some(suite, pattern))?;
    let scenarios: Vec<_> = suite.scenarios().iter().filter(|it| selection.takes(it)).collect();
    if scenarios.is_empty() {
        return Err(Refused(Exit::Nothing, "no scenario matches; nothing was asked".to_owned()));
    }
    Ok(scenarios)
}

/// That a pattern of `--scenario` or `--exclude` means something of the suite: what names an area or
/// a scenario that there is not is a mistake, and a glob that matches nothing asks nothing.
fn matches_some(suite: &Suite, pattern: &String) -> Result<(), Refused> {
    let ids = || suite.scenarios().iter().map(|scenario| scenario.id.as_str());
    match (is_literal(pattern), pattern.contains('/')) {
        (true, true) if suite.scenario(pattern).is_none() => {
            Err(Refused(Exit::Usage, unknown("scenario", pattern, ids())))
        }
        (true, false) if !suite.areas().contains_key(pattern) => {
            let areas = suite.areas().keys().map(String::as_str);
            Err(Refused(Exit::Usage, unknown("area", pattern, areas)))
        }
        (true, _) => Ok(()),
        (false, _) => {
            let only = Selection::new(std::slice::from_ref(pattern), &[])
                .map_err(|error| Refused(Exit::Usage, error.to_string()))?;
            match suite.scenarios().iter().any(|it| only.takes(it)) {
                true => Ok(()),
                false => Err(Refused(Exit::Nothing, matches_none(pattern))),
            }
        }
    }
}

/// That a glob matches nothing, and what is easily forgotten.
fn matches_none(pattern: &str) -> String {
    let help =
        if pattern.contains('/') { "" } else { " (a star does not cross the slash of an id)" };
    format!("no scenario matches `{pattern}`{help}; nothing was asked")
}

/// The targets of the nearest `targets/`, and the reference.
pub(in crate::cli) fn registry() -> Result<Registry, Refused> {
    Registry::discover(None).map_err(|error| {
        let report = format!("{:?}", miette::Report::new(error));
        Refused(Exit::Usage, report.trim_start().to_owned())
    })
}

/// The scenario files of `folder`, or those that are built in.
pub(in crate::cli) fn suite(folder: Option<&Path>) -> Result<Suite, Refused> {
    let Some(folder) = folder else {
        return Suite::embedded().map_err(|error| Refused(Exit::Fault, error.to_string()));
    };
    let suite = Suite::load(folder)
        .map_err(|error| Refused(Exit::Usage, format!("{:?}", miette::Report::new(error))))?;
    if suite.scenarios().is_empty() {
        let message = format!("there is no scenario file in `{}`", folder.display());
        return Err(Refused(Exit::Usage, message));
    }
    Ok(suite)
}

/// The target and the variant that `name` means, as ID or ID@VARIANT.
pub(in crate::cli) fn named_target<'a, 'n>(
    name: &'n str,
    registry: &'a Registry,
) -> Result<(&'a Target, Option<&'n str>), Refused> {
    let (id, variant) = name.split_once('@').map_or((name, None), |(id, it)| (id, Some(it)));
    let target = registry.target(id).map_err(|error| {
        let help = Diagnostic::help(&error).map_or(String::new(), |help| format!("; {help}"));
        Refused(Exit::Usage, format!("{error}{help}"))
    })?;
    if let Some(variant) = variant.filter(|it| !target.manifest.variants.contains_key(*it)) {
        let error =
            RegistryError::UnknownVariant { id: id.to_owned(), variant: variant.to_owned() };
        return Err(Refused(Exit::Usage, error.to_string()));
    }
    Ok((target, variant))
}

/// The policies of the suite that have these names.
pub(in crate::cli) fn named_policies<'a>(
    suite: &'a Suite,
    names: &[String],
) -> Result<BTreeMap<&'a str, &'a Policy>, Refused> {
    let find = |name: &String| {
        let found = suite.policies().get_key_value(name).map(|(name, it)| (name.as_str(), it));
        found.ok_or_else(|| {
            let names = suite.policies().keys().map(String::as_str);
            Refused(Exit::Usage, unknown("policy", name, names))
        })
    };
    names.iter().map(find).collect()
}

/// The framework or library of this name whose settings are known.
///
/// # Errors
///
/// There is none; the nearest name, and all that there are.
pub(in crate::cli) fn named_framework(name: &str) -> Result<&'static Framework, String> {
    remedy::framework(name).ok_or_else(|| {
        let missing = unknown("framework", name, remedy::nearest(name, 1).into_iter());
        let known: Vec<_> = remedy::frameworks().iter().map(Framework::name).collect();
        format!("{missing} Settings are known of {}", known.join(", "))
    })
}

/// That there is no such thing, and the nearest name that there is.
pub(in crate::cli) fn unknown<'a>(
    what: &str,
    name: &str,
    names: impl Iterator<Item = &'a str>,
) -> String {
    let nearest = names.min_by_key(|it| strsim::damerau_levenshtein(it, name));
    let help = nearest.map_or(String::new(), |it| format!("; did you mean `{it}`?"));
    format!("there is no {what} `{name}`{help}")
}

/// Starts what clears up when this process cannot.
pub(in crate::cli) fn start_guardian() -> Result<Guardian, Refused> {
    let fault =
        |error: io::Error| Refused(Exit::Fault, format!("cannot start the guardian: {error}"));
    Guardian::start(std::env::current_exe().map_err(fault)?).map_err(fault)
}
