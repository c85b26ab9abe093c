//! `corspec explain`: what a scenario asks, or what a cause means.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use corspec_fetch::cause::{self, CAUSES, Description};
use corspec_suite::case::{Abilities, Instantiated};
use corspec_suite::load::Suite;
use corspec_suite::requirement::{ABILITIES, Fact, ROUTES};
use corspec_suite::run::RunRule;
use corspec_suite::scenario::Scenario;
use corspec_suite::words::{key, spec_link};

use super::prepare::{Refused, complain, named_framework, suite, unknown};
use super::print::print;
use crate::browsers::engine::Engine;
use crate::console::{self, Template};
use crate::exit::Exit;
use crate::remedy::{self, Framework, Setting};

/// Explain a scenario, or the cause of a network error.
///
/// Exits with 0, 2 where there is neither, 74 where the explanation cannot be written.
#[derive(Args, Debug)]
pub(super) struct ExplainArgs {
    /// A scenario's id or earlier id, as `preflight/denied-method-is-blocked`, or a cause, as
    /// `preflight-status`.
    #[arg(value_name = "ID|CAUSE")]
    name: String,
    /// The framework or library of the server, as `express` or `nginx`: names its setting that mends
    /// the cause.
    #[arg(long, value_name = "NAME")]
    framework: Option<String>,
    /// The folder of scenario files to look in, in place of those that are built in.
    #[arg(long, value_name = "FOLDER")]
    suite: Option<PathBuf>,
}

/// Runs the command.
pub(super) fn command(args: &ExplainArgs) -> Exit {
    let explained = explained(args);
    match explained {
        Ok(text) => print(&text, Exit::Expected),
        Err(Refused(exit, message)) => {
            complain(&message);
            exit
        }
    }
}

fn explained(args: &ExplainArgs) -> Result<String, Refused> {
    let usage = |message: String| Refused(Exit::Usage, message);
    let framework = args.framework.as_deref().map(named_framework).transpose().map_err(usage)?;
    let suite = suite(args.suite.as_deref())?;
    if let Some(scenario) = suite.scenario(&args.name) {
        if framework.is_some() {
            let message = "`--framework` goes with a cause, and this is a scenario; leave it out";
            return Err(usage(message.to_owned()));
        }
        return Ok(about_scenario(scenario, &suite));
    }
    if let Some(cause) = cause::describe(&args.name) {
        return Ok(about_cause(cause, framework, &suite));
    }
    let ids = suite.scenarios().iter().flat_map(|it| std::iter::once(&it.id).chain(&it.aliases));
    let causes = CAUSES.iter().map(|cause| cause.slug);
    let names = ids.map(String::as_str).chain(causes);
    Err(usage(unknown("scenario or cause", &args.name, names)))
}

/// Text in lines of a label and what it says.
#[derive(Default)]
struct Page(String);

impl Page {
    fn line(&mut self, line: &str) {
        self.0 += line;
        self.0.push('\n');
    }

    /// A row of the table at the top, left out where it has nothing to say.
    fn row(&mut self, label: &str, what: &str) {
        if !what.is_empty() {
            // Writing to a string cannot fail.
            let _ = writeln!(self.0, "  {label:9}  {what}");
        }
    }

    fn paragraph(&mut self, label: &str, what: &str) {
        let _ = writeln!(self.0, "\n{label}: {what}");
    }

    fn heading(&mut self, heading: &str) {
        let _ = writeln!(self.0, "\n{heading}");
    }
}

fn about_scenario(scenario: &Scenario, suite: &Suite) -> String {
    let mut page = Page::default();
    page.line(&scenario.id);
    page.line(&format!("{}.\n", scenario.title));
    let (level, basis) = (scenario.level, scenario.basis);
    page.row("level", &format!("{}: {}", key(&level), level.meaning()));
    page.row("basis", &format!("{}: {}", key(&basis), basis.meaning()));
    let failure = scenario.direction.map(|it| format!("{}: {}", key(&it), it.meaning()));
    page.row("a failure", &failure.unwrap_or_default());
    page.row("standard", &place(&scenario.spec));
    let needs: Vec<_> = scenario.requires.iter().map(|it| need(it)).collect();
    page.row("needs", &needs.join("; "));
    page.row("policies", &policies(scenario, suite));
    page.row("was", &scenario.aliases.join(", "));
    page.row("debated", &scenario.debate.join(" "));
    page.paragraph("Why", &scenario.why);
    page.paragraph("When it fails", &scenario.impact);
    steps(scenario, &mut page);
    roles(scenario, &mut page);
    page.0
}

fn steps(scenario: &Scenario, page: &mut Page) {
    page.heading("What is done, and what must come of it");
    for (index, step) in scenario.step.iter().enumerate() {
        page.line(&format!("  {}. {}", step.name_at(index), step.words()));
        for expectation in step.expectations() {
            page.line(&format!("     - {expectation}"));
        }
    }
    if let Some(rule) = RunRule::of(scenario) {
        let (name, words) = (rule.name(), rule.words());
        page.line(&format!("  Every answer of the run keeps the rule `{name}`: {words}"));
    }
    if !scenario.accept.is_empty() {
        page.heading("What is right too");
    }
    for variant in &scenario.accept {
        page.line(&format!("  {}: {}", variant.name, variant.note));
        for step in &variant.expect {
            let words = step.expect().words();
            let words = if words.is_empty() { "anything".to_owned() } else { words.join("; ") };
            page.line(&format!("     - after {}: {words}", step.step));
        }
    }
}

/// What the roles that the scenario names stand for.
fn roles(scenario: &Scenario, page: &mut Page) {
    let roles = scenario.roles();
    if roles.is_empty() {
        return;
    }
    page.heading("Where");
    for (role, meaning) in roles {
        page.line(&format!("  {role} is {meaning}"));
    }
}

/// What a requirement asks for.
fn need(requirement: &str) -> String {
    let named = |list: &[(&str, &str)], name: &str| {
        list.iter().find(|(it, _)| *it == name).map(|(_, meaning)| (*meaning).to_owned())
    };
    let words = if let Some(route) = requirement.strip_prefix("route:") {
        named(ROUTES, route).map(|path| format!("the route `{route}` ({path})"))
    } else if let Some(ability) = requirement.strip_prefix("ability:") {
        named(ABILITIES, ability).map(|meaning| format!("a server of which {meaning}"))
    } else {
        Fact::named(requirement).map(|fact| format!("a policy that {}", fact.meaning))
    };
    words.unwrap_or_else(|| requirement.to_owned())
}

/// The policies under which a server that does everything is asked.
fn policies(scenario: &Scenario, suite: &Suite) -> String {
    let able = Abilities::all();
    let applies = |policy| matches!(suite.case(scenario, policy, &able), Instantiated::Case(_));
    let policies = suite.policies().iter().map(|(name, policy)| (name.as_str(), policy));
    let names: Vec<_> = policies.filter(|it| applies(*it)).map(|(name, _)| name).collect();
    match names.as_slice() {
        [] => "none of the suite's own".to_owned(),
        names => names.join(", "),
    }
}

fn about_cause(
    cause: &'static Description,
    framework: Option<&'static Framework>,
    suite: &Suite,
) -> String {
    let mut page = Page::default();
    page.line(cause.slug);
    page.line(&format!("{}\n", cause.meaning));
    page.row("decided at", &place(&format!("fetch#{} {}", cause.anchor, cause.step)));
    if let Some(remedy) = remedy::remedy(cause.slug, None, None) {
        page.paragraph("What to do", remedy.text);
    }
    match framework {
        Some(framework) => settings(cause.slug, framework, &mut page),
        None => frameworks(cause.slug, &mut page),
    }
    consoles(cause.slug, &mut page);
    let expects = |scenario: &&Scenario| {
        let steps = scenario.step.iter().flat_map(|step| &step.expect.cause);
        let variants = scenario.accept.iter().flat_map(|it| &it.expect).flat_map(|it| &it.cause);
        steps.chain(variants).any(|slug| slug == cause.slug)
    };
    let expected: Vec<_> = suite.scenarios().iter().filter(expects).collect();
    if !expected.is_empty() {
        page.heading("Scenarios that expect it");
    }
    for scenario in expected {
        page.line(&format!("  {}: {}", scenario.id, scenario.title));
    }
    page.0
}

/// The settings of a framework that mend the cause.
fn settings(slug: &str, framework: &'static Framework, page: &mut Page) {
    page.heading(&format!("With {} ({})", framework.name(), framework.what()));
    let mut settings = framework.settings(slug).peekable();
    if settings.peek().is_none() {
        page.line("  no setting is known to mend it");
    }
    for (when, Setting { line, note, docs, .. }) in settings {
        let when = if when.is_empty() { when } else { format!("where the answer is {when}: ") };
        page.line(&format!("  {when}{line}\n    {note}\n    {docs}"));
    }
}

/// The frameworks that have a setting which mends the cause.
fn frameworks(slug: &str, page: &mut Page) {
    let mend = remedy::frameworks().iter().filter(|it| it.settings(slug).next().is_some());
    let names: Vec<_> = mend.map(Framework::name).collect();
    if !names.is_empty() {
        page.paragraph("`--framework` names the setting of", &names.join(", "));
    }
}

/// What browsers print of the cause in their consoles.
fn consoles(slug: &str, page: &mut Page) {
    page.heading("In the console");
    let templates = console::templates(slug);
    for engine in Engine::ALL {
        let own: Vec<_> = templates.iter().filter(|it| it.engine == engine).collect();
        if own.iter().all(|it| !it.when.is_empty()) {
            page.line(&format!("  {}: nothing", engine.title()));
        }
        for Template { when, line, .. } in own {
            let when = if when.is_empty() { String::new() } else { format!(", {when}") };
            let line = if line.is_empty() { "nothing" } else { line };
            page.line(&format!("  {}{when}: {line}", engine.title()));
        }
    }
}

/// A place in a standard: the link, and the step.
fn place(spec: &str) -> String {
    let step = spec.split_once(' ').map_or(String::new(), |(_, step)| format!(", step {step}"));
    spec_link(spec).map_or_else(|| spec.to_owned(), |link| link + &step)
}
