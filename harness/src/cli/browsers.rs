//! `corspec browsers`: the model held against real browsers.

mod console;
mod serve;

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::PathBuf;

use anstream::AutoStream;
use clap::{Args, ValueEnum};
use corspec_suite::load::Suite;
use corspec_suite::policy::Policy;
use corspec_suite::scenario::Scenario;
use corspec_targets::install::install;
use corspec_targets::registry::{Availability, Registry, Target};

use super::prepare::{
    Refused, chosen, complain, named_policies, named_target, registry, start_guardian,
};
use super::record::{self, RecordArgs};
use crate::browsers::engine::{Engine, Programs};
use crate::browsers::servers::Servers;
use crate::browsers::{self, Agreement, Findings, Known, Plan, namespace};
use crate::exit::Exit;
use crate::report::agreement;
use crate::transport::{Transport, TransportOptions};
use crate::whole_file;

/// Hold the model against real browsers: what a page sees, and what goes over the wire.
///
/// Each fetch of each case is performed by a page in the browser and by the model, against the same
/// server. The browsers run in a network namespace that has loopback alone, which the command makes
/// itself.
///
/// With `--console` it holds what they print in their consoles against what `corspec fetch` says.
///
/// With `--serve` it starts none, and serves a page that does the same in the browser of whoever
/// opens it, as far as the ports of one host go as origins.
///
/// Exits with 0 where both agree or the difference is known, 1 where they do not, 2 on bad usage, 3
/// where a target, a namespace or (with `--require`) a browser is missing, 4 where nothing was asked,
/// 74 where the output cannot be written, 130 when interrupted.
#[derive(Args, Debug)]
pub(super) struct BrowsersArgs {
    /// Browsers (chromium, firefox, webkit; all three by default) and targets (the reference by
    /// default), in any order.
    #[arg(value_name = "BROWSER|TARGET")]
    names: Vec<String>,
    /// Only scenarios whose id this glob matches, or of this area; may be repeated.
    #[arg(long, value_name = "GLOB")]
    scenario: Vec<String>,
    /// Without scenarios whose id this glob matches, or of this area; may be repeated.
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
    /// Only under this policy; may be repeated.
    #[arg(long, value_name = "NAME")]
    policy: Vec<String>,
    /// The form of the report.
    #[arg(long, default_value = "text")]
    format: Format,
    /// Where to write the report; standard output by default.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Exit with 3 where a browser is not installed.
    #[arg(long)]
    require: bool,
    #[command(flatten)]
    record: RecordArgs,
    #[command(flatten)]
    console: console::ConsoleArgs,
    #[command(flatten)]
    serve: serve::ServeArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One JSON document.
    Json,
    /// Markdown, for the documentation.
    Markdown,
}

/// What is asked of which browsers.
struct Asked<'a> {
    engines: Vec<Engine>,
    targets: Vec<&'a Target>,
    suite: &'a Suite,
    scenarios: Vec<&'a Scenario>,
    policies: BTreeMap<&'a str, &'a Policy>,
    known: Vec<Known>,
}

/// Runs the command.
pub(super) async fn command(args: &BrowsersArgs) -> Exit {
    if args.serve.serve {
        return serve::command(args).await;
    }
    let exit = tokio::select! {
        exit = async {
            if args.console.console {
                return console::command(args).await;
            }
            match args.record.order()? {
                Some(order) => recorded(args, order).await,
                None => prepared(args).await,
            }
        } => exit,
        _ = tokio::signal::ctrl_c() => Ok(Exit::Interrupted),
    };
    exit.unwrap_or_else(|Refused(exit, message)| {
        complain(&message);
        exit
    })
}

async fn prepared(args: &BrowsersArgs) -> Result<Exit, Refused> {
    let suite = Suite::embedded().map_err(|error| Refused(Exit::Fault, error.to_string()))?;
    let registry = registry()?;
    let asked = asked(args, &suite, &registry)?;
    let found = asked.engines.iter().map(|engine| (*engine, engine.programs()));
    let found: Vec<(Engine, Result<Programs, String>)> =
        found.map(|(engine, it)| (engine, it.map_err(|missing| how(&missing)))).collect();
    if found.iter().any(|(_, programs)| programs.is_ok()) {
        // What needs a network is done before there is none.
        installed(&asked.targets).await?;
        namespace::enter().map_err(|error| Refused(Exit::Target, error.to_string()))?;
    }
    let findings = compared(args, &asked, found).await?;
    not_performed(&findings, args.require).iter().for_each(|why| complain(why));
    let exit = exit(&findings, args.require);
    Ok(exit.or_worse(written(&findings, args)))
}

async fn recorded(args: &BrowsersArgs, order: record::Wanted) -> Result<Exit, Refused> {
    let engines = named_engines(args)?;
    let found = engines.iter().map(|engine| (*engine, engine.programs().map_err(|it| how(&it))));
    order.command(found.collect(), args.require, args.output.as_deref()).await
}

/// The browsers that are named, all where none is, by a command that asks no targets.
fn named_engines(args: &BrowsersArgs) -> Result<Vec<Engine>, Refused> {
    let mut engines = Vec::new();
    for name in &args.names {
        engines.push(Engine::from_str(name, false).map_err(|_| {
            let message = format!("`{name}` is no browser, and servers of its own are asked here");
            Refused(Exit::Usage, message)
        })?);
    }
    if engines.is_empty() {
        engines = Engine::ALL.into();
    }
    engines.sort();
    engines.dedup();
    Ok(engines)
}

fn asked<'a>(
    args: &BrowsersArgs,
    suite: &'a Suite,
    registry: &'a Registry,
) -> Result<Asked<'a>, Refused> {
    let mut engines = Vec::new();
    let mut targets = Vec::new();
    for name in &args.names {
        if let Ok(engine) = Engine::from_str(name, false) {
            engines.push(engine);
            continue;
        }
        let (target, variant) = named_target(name, registry)?;
        if variant.is_some() {
            let message =
                format!("`{name}` runs in a container, which a browser here cannot reach");
            return Err(Refused(Exit::Usage, message));
        }
        targets.push(target);
    }
    if engines.is_empty() {
        engines = Engine::ALL.into();
    }
    engines.sort();
    engines.dedup();
    if targets.is_empty() {
        targets.push(named_target("reference", registry)?.0);
    }
    let scenarios = chosen(suite, &args.scenario, &args.exclude)?;
    let policies = match args.policy.as_slice() {
        [] => suite.policies().iter().map(|(name, policy)| (name.as_str(), policy)).collect(),
        names => named_policies(suite, names)?,
    };
    let known = Known::embedded().map_err(|error| Refused(Exit::Fault, error.to_string()))?;
    Ok(Asked { engines, targets, suite, scenarios, policies, known })
}

/// What is missing, and how to get it.
fn how(missing: &[&str]) -> String {
    format!(
        "{} is not installed; scripts/install-browsers.sh does it on Debian and says what to do elsewhere",
        missing.join(", ")
    )
}

async fn installed(targets: &[&Target]) -> Result<(), Refused> {
    let launched: Vec<_> = targets.iter().filter(|target| !target.is_builtin()).collect();
    if launched.is_empty() {
        return Ok(());
    }
    let guardian = start_guardian()?;
    for target in launched {
        match target.availability(None) {
            Ok(Availability::Available) => {}
            Ok(Availability::Unavailable { missing, how }) => {
                let message = format!("`{}` needs {}: {how}", target.id, missing.join(", "));
                return Err(Refused(Exit::Target, message));
            }
            Err(error) => return Err(Refused(Exit::Usage, error.to_string())),
        }
        let done = install(target, &guardian).await;
        done.map_err(|error| Refused(Exit::Target, format!("`{}`: {error}", target.id)))?;
    }
    Ok(())
}

async fn compared(
    args: &BrowsersArgs,
    asked: &Asked<'_>,
    found: Vec<(Engine, Result<Programs, String>)>,
) -> Result<Findings, Refused> {
    let guardian = start_guardian()?;
    let mut servers = Servers::default();
    if found.iter().any(|(_, programs)| programs.is_ok()) {
        let transport = Transport::new(&TransportOptions::default())
            .map_err(|error| Refused(Exit::Fault, error.to_string()))?;
        for target in &asked.targets {
            for (name, policy) in &asked.policies {
                let cases = (asked.suite, asked.scenarios.as_slice());
                let added = servers.add(target, (name, policy), cases, &guardian, &transport).await;
                added.map_err(|message| Refused(Exit::Target, message))?;
            }
        }
    }
    let known = asked.known.clone();
    let plan = Plan { cases: &servers.cases, known, guardian: guardian.clone() };
    let mut engines = Vec::new();
    for (engine, programs) in found {
        engines.push(match programs {
            Err(why) => Agreement::unavailable(engine, why),
            Ok(programs) => browsers::run(&plan, engine, &programs)
                .await
                .map_err(|error| Refused(Exit::Target, format!("{}: {error}", engine.name())))?,
        });
    }
    let findings = Findings {
        schema: "corspec-browsers/1",
        version: env!("CARGO_PKG_VERSION"),
        command: command_line(args),
        targets: asked.targets.iter().map(|target| target.id.clone()).collect(),
        policies: asked.policies.keys().map(|name| (*name).to_owned()).collect(),
        refused: servers.refused.clone(),
        engines,
    };
    drop(plan);
    servers.stop().await;
    Ok(findings)
}

/// What was asked, as somebody would ask it again.
fn command_line(args: &BrowsersArgs) -> String {
    let mut words = vec!["corspec browsers".to_owned()];
    words.extend(args.names.iter().cloned());
    let options =
        [("scenario", &args.scenario), ("exclude", &args.exclude), ("policy", &args.policy)];
    for (option, values) in options {
        words.extend(values.iter().map(|value| format!("--{option} '{value}'")));
    }
    words.push("--format markdown".to_owned());
    words.join(" ")
}

fn written(findings: &Findings, args: &BrowsersArgs) -> Exit {
    let text = match args.format {
        Format::Text => agreement::text(findings),
        Format::Json => agreement::json(findings),
        Format::Markdown => agreement::markdown(findings),
    };
    let done = match &args.output {
        Some(path) => whole_file::write(path, anstream::adapter::strip_str(&text).to_string()),
        None => {
            let mut out = AutoStream::auto(io::stdout());
            out.write_all(text.as_bytes()).and_then(|()| out.flush())
        }
    };
    match done {
        Ok(()) => Exit::Expected,
        Err(error) => {
            complain(&format!("the report cannot be written: {error}"));
            Exit::Output
        }
    }
}

/// What was to be performed and was not, in a sentence each.
fn not_performed(findings: &Findings, require: bool) -> Vec<String> {
    let mut sentences = Vec::new();
    for agreement in &findings.engines {
        let name = agreement.engine.name();
        if let Some(why) = agreement.unavailable.as_ref().filter(|_| require) {
            sentences.push(format!("{name} is unavailable: {why}"));
        }
        for (why, count) in &agreement.troubles {
            sentences.push(format!("{name}: {count} cases were not performed: {why}"));
        }
    }
    sentences
}

/// How a comparison of these findings ends.
fn exit(findings: &Findings, require: bool) -> Exit {
    let mut exit = Exit::Expected;
    for agreement in &findings.engines {
        exit = exit.or_worse(match () {
            () if agreement.unavailable.is_some() && require => Exit::Target,
            () if agreement.unavailable.is_some() => Exit::Expected,
            () if !agreement.troubles.is_empty() => Exit::Target,
            () if !agreement.is_as_known() => Exit::Unexpected,
            () => Exit::Expected,
        });
    }
    let asked = findings.engines.iter().map(|it| it.cases).sum::<usize>();
    if exit == Exit::Expected && asked == 0 { Exit::Nothing } else { exit }
}
