//! `corspec list`: the scenarios and policies that there are.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use corspec_suite::case::{Abilities, Instantiated};
use corspec_suite::load::Suite;
use corspec_suite::policy::Policy;
use corspec_suite::scenario::{Level, Scenario};
use corspec_suite::words::{key, spec_link};
use serde_json::{Value, json};

use super::prepare::{Refused, complain, named_policies, suite, unknown};
use super::print::{print, print_json};
use crate::exit::Exit;
use crate::selection::{Selection, is_literal};

mod markdown;

/// List scenarios and policies.
///
/// Exits with 0, 2 on bad usage, 4 where no scenario matches, 74 where the list cannot be written.
#[derive(Args, Debug)]
pub(super) struct ListArgs {
    /// Only scenarios whose id this glob matches, or of this area.
    #[arg(value_name = "GLOB")]
    globs: Vec<String>,
    /// Only this area; may be repeated.
    #[arg(long, value_name = "NAME")]
    area: Vec<String>,
    /// Only this level; may be repeated.
    #[arg(long)]
    level: Vec<LevelArg>,
    /// Only what a server that does everything is asked under this policy; may be repeated.
    #[arg(long, value_name = "NAME")]
    policy: Vec<String>,
    /// The folder of scenario files to list, in place of those that are built in.
    #[arg(long, value_name = "FOLDER")]
    suite: Option<PathBuf>,
    /// The form of the list.
    #[arg(long, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LevelArg {
    /// Browsers or the grammar decide it.
    Must,
    /// Advice.
    Should,
    /// Never fails.
    Observe,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// A line for each.
    Text,
    /// One JSON document.
    Json,
    /// Markdown, a table for each area.
    Markdown,
}

/// What was chosen of a suite.
struct Listed<'a> {
    suite: &'a Suite,
    scenarios: Vec<&'a Scenario>,
    policies: BTreeMap<&'a str, &'a Policy>,
    /// Whether people are shown the policies too: not where they asked for some of the scenarios.
    shows_policies: bool,
}

/// Runs the command.
pub(super) fn command(args: &ListArgs) -> Exit {
    listed(args).unwrap_or_else(|Refused(exit, message)| {
        complain(&message);
        exit
    })
}

fn listed(args: &ListArgs) -> Result<Exit, Refused> {
    let suite = suite(args.suite.as_deref())?;
    let policies = match args.policy.is_empty() {
        true => suite.policies().iter().map(|(name, it)| (name.as_str(), it)).collect(),
        false => named_policies(&suite, &args.policy)?,
    };
    let scenarios = chosen(args, &suite, &policies)?;
    if scenarios.is_empty() {
        return Err(Refused(Exit::Nothing, "no scenario matches".to_owned()));
    }
    let shows_policies = args.globs.is_empty() && args.area.is_empty() && args.level.is_empty();
    let listed = Listed { suite: &suite, scenarios, policies, shows_policies };
    Ok(match args.format {
        Format::Text => print(&listed.text(), Exit::Expected),
        Format::Json => print_json(&listed.json()),
        Format::Markdown => print(&listed.markdown(), Exit::Expected),
    })
}

fn chosen<'a>(
    args: &ListArgs,
    suite: &'a Suite,
    policies: &BTreeMap<&str, &Policy>,
) -> Result<Vec<&'a Scenario>, Refused> {
    let usage = |message: String| Refused(Exit::Usage, message);
    let areas = || suite.areas().keys().map(String::as_str);
    for glob in args.globs.iter().filter(|glob| is_literal(glob)) {
        let is_area = suite.areas().contains_key(glob);
        if !is_area && suite.scenario(glob).is_none() {
            let ids = suite.scenarios().iter().map(|scenario| scenario.id.as_str());
            return Err(usage(unknown("scenario or area", glob, ids.chain(areas()))));
        }
    }
    if let Some(area) = args.area.iter().find(|area| !suite.areas().contains_key(*area)) {
        return Err(usage(unknown("area", area, areas())));
    }
    let selection = Selection::new(&args.globs, &[]).map_err(|error| usage(error.to_string()))?;
    let levels: Vec<_> = args.level.iter().map(|level| level.level()).collect();
    let able = Abilities::all();
    let applies = |scenario: &Scenario| {
        policies.iter().any(|(name, policy)| {
            matches!(suite.case(scenario, (name, policy), &able), Instantiated::Case(_))
        })
    };
    let chosen = suite.scenarios().iter().filter(|scenario| {
        selection.takes(scenario)
            && (args.area.is_empty() || args.area.iter().any(|it| it == area(scenario)))
            && (levels.is_empty() || levels.contains(&scenario.level))
            && (args.policy.is_empty() || applies(scenario))
    });
    Ok(chosen.collect())
}

/// The area of a scenario: how its id begins.
fn area(scenario: &Scenario) -> &str {
    scenario.id.split('/').next().unwrap_or_default()
}

/// The word for what a failure means; `-` where none can fail.
fn direction(scenario: &Scenario) -> String {
    scenario.direction.as_ref().map_or("-".to_owned(), key)
}

impl LevelArg {
    fn level(self) -> Level {
        match self {
            Self::Must => Level::Must,
            Self::Should => Level::Should,
            Self::Observe => Level::Observe,
        }
    }
}

impl<'a> Listed<'a> {
    /// The chosen scenarios of each area that has any, with what the area asks.
    fn areas(&self) -> Vec<(&'a str, &'a str, Vec<&'a Scenario>)> {
        let of = |name: &str| -> Vec<_> {
            self.scenarios.iter().copied().filter(|it| area(it) == name).collect()
        };
        let areas = self.suite.areas().iter();
        let areas = areas.map(|(name, about)| (name.as_str(), about.as_str(), of(name)));
        areas.filter(|(.., scenarios)| !scenarios.is_empty()).collect()
    }

    fn text(&self) -> String {
        let mut text = String::new();
        let width = self.scenarios.iter().map(|it| it.id.chars().count()).max().unwrap_or_default();
        for (name, about, scenarios) in self.areas() {
            // Writing to a string cannot fail, here and below.
            let _ = writeln!(text, "{name}: {about}");
            for it in scenarios {
                let (level, direction) = (key(&it.level), direction(it));
                let line = format!("{:width$}  {level:7}  {direction:12}  {}", it.id, it.title);
                let _ = writeln!(text, "  {line}");
            }
            text.push('\n');
        }
        if self.shows_policies {
            let _ = writeln!(text, "Policies");
            for (name, policy) in &self.policies {
                let _ = writeln!(text, "  {name:12}  {}", policy_in_words(policy));
            }
            text.push('\n');
        }
        let (chosen, all) = (self.scenarios.len(), self.suite.scenarios().len());
        let _ = writeln!(text, "{chosen} of {all} scenarios");
        text
    }

    fn json(&self) -> Value {
        let areas: BTreeMap<_, _> =
            self.areas().into_iter().map(|(name, about, _)| (name, about)).collect();
        let scenarios: Vec<_> = self.scenarios.iter().map(|it| scenario_as_json(it)).collect();
        json!({
            "schema": "corspec-list/1",
            "areas": areas,
            "scenarios": scenarios,
            "policies": self.policies,
        })
    }
}

fn scenario_as_json(scenario: &Scenario) -> Value {
    json!({
        "id": scenario.id,
        "aliases": scenario.aliases,
        "title": scenario.title,
        "why": scenario.why,
        "impact": scenario.impact,
        "level": scenario.level,
        "basis": scenario.basis,
        "direction": scenario.direction,
        "spec": scenario.spec,
        "link": spec_link(&scenario.spec),
        "requires": scenario.requires,
        "policies": scenario.policies,
        "tags": scenario.tags,
        "debate": scenario.debate,
    })
}

/// What a policy allows, on one line.
fn policy_in_words(policy: &Policy) -> String {
    let list =
        |words: &[String]| if words.is_empty() { "none".to_owned() } else { words.join(" ") };
    let mut origins: Vec<_> = policy.allow_origins.iter().map(ToString::to_string).collect();
    if policy.allow_null_origin {
        origins.push("null".to_owned());
    }
    let mut words = vec![format!("origins {}", list(&origins))];
    if policy.allow_credentials {
        words.push("credentials".to_owned());
    }
    words.push(format!("methods {}", list(&policy.allow_methods)));
    words.push(format!("headers {}", list(&policy.allow_headers)));
    words.push(format!("exposes {}", list(&policy.expose_headers)));
    words.extend(policy.max_age.map(|seconds| format!("max-age {seconds}")));
    words.join(" · ")
}
