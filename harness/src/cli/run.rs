//! `corspec run`: the suite against targets.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use corspec_suite::load::Suite;
use corspec_suite::policy::Policy;
use corspec_suite::scenario::Scenario;
use corspec_targets::known::KnownError;
use corspec_targets::registry::{REFERENCE, Registry};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;

use super::prepare::{
    Refused, chosen, complain, named_policies, named_target, registry, start_guardian, suite,
};
use super::version::VersionArgs;
use crate::event::{Event, TargetState};
use crate::exit::Exit;
use crate::report::document::Collect;
use crate::report::ndjson::Ndjson;
use crate::report::text::Text;
use crate::report::{Reporter, html, json, junit, markdown};
use crate::runner::{Asked, Plan, field_of_http_1, run};
use crate::transport::{Transport, TransportOptions, Version};

mod known;
mod output;
mod own;
mod progress;
mod snapshots;

use known::WriteKnown;
use output::Output;
use own::OwnArgs;
use progress::Progress;
use snapshots::{Review, whole_areas};

/// Run the suite against your own server, or against targets.
///
/// Where no TARGET is named, the server that the corspec.toml of this folder describes is asked, and
/// without such a file the reference server.
///
/// Exits with 0 where all is as expected, 1 on an unexpected failure or pass, 2 on bad usage, 3
/// where a target could not be asked, 4 where nothing was asked, 5 where verdicts are as expected
/// and snapshots differ, 74 where the output cannot be written, 130 when interrupted.
#[derive(Args, Debug)]
pub(super) struct RunArgs {
    /// The targets, each as ID or ID@VARIANT.
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
    /// Only scenarios whose id this glob matches, or of this area; may be repeated.
    #[arg(long, value_name = "GLOB")]
    scenario: Vec<String>,
    /// Without scenarios whose id this glob matches, or of this area; may be repeated.
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
    /// The scenario files of this folder in place of the built-in ones, without snapshots.
    #[arg(long, value_name = "FOLDER")]
    suite: Option<PathBuf>,
    /// Only under this policy; may be repeated. With `--url`: the policy that the server is meant
    /// to have.
    #[arg(long, value_name = "NAME")]
    policy: Vec<String>,
    /// The form of the report.
    #[arg(long, default_value = "text")]
    format: Format,
    /// Where to write the report, whole when the run is over; standard output by default.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// How many cases of a target are under way at once.
    #[arg(long, value_name = "N", default_value = "16")]
    jobs: NonZeroUsize,
    /// How long an exchange may take, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = super::seconds)]
    timeout: Duration,
    /// Exit with 3 where a target is unavailable.
    #[arg(long)]
    require_targets: bool,
    /// Rewrite each target's `known.toml` as the run has found it: what passes goes, what fails and
    /// is not listed comes in with an empty reason, which you have to fill in.
    #[arg(long, conflicts_with_all = ["scenario", "exclude", "policy", "suite"])]
    write_known: bool,
    /// The folder of snapshots to compare with; by default `snapshots` beside the folder of targets,
    /// where it is there. An area is compared where all of it is asked. `INSTA_UPDATE` says what
    /// becomes of a difference, as with insta.
    #[arg(long, value_name = "FOLDER")]
    snapshots: Option<PathBuf>,
    #[command(flatten)]
    version: VersionArgs,
    #[command(flatten)]
    own: OwnArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One JSON document.
    Json,
    /// One event a line, as JSON.
    Ndjson,
    /// JUnit's XML, for CI systems.
    Junit,
    /// Markdown, for a pull request.
    Markdown,
    /// A page that stands alone.
    Html,
}

/// How much of a body is read: what a page sees of it does not depend on the rest.
const MAX_BODY: usize = 1 << 20;

/// Runs the command.
pub(super) async fn command(args: RunArgs) -> Exit {
    let exit = match signal(SignalKind::interrupt()) {
        Ok(interrupt) => prepared(&args, interrupt).await,
        Err(error) => Err(Refused(Exit::Fault, format!("cannot listen for Ctrl-C: {error}"))),
    };
    exit.unwrap_or_else(|Refused(exit, message)| {
        complain(&message);
        exit
    })
}

async fn prepared(args: &RunArgs, interrupt: Signal) -> Result<Exit, Refused> {
    let usage = |message: String| Refused(Exit::Usage, message);
    let suite = suite(args.suite.as_deref())?;
    let registry = registry()?;
    let scenarios = chosen(&suite, &args.scenario, &args.exclude)?;
    // What is known is known of the built-in scenarios.
    let known_in = args.suite.is_none().then_some(&suite);
    let own = own::described(args, &suite)?;
    let (policies, targets) = match &own {
        Some(own) => (own.policies(), vec![own::asked(own, known_in)?]),
        None => (policies(args, &suite)?, targets(args, &registry, known_in)?),
    };
    let launched = targets.iter().any(Asked::is_launched);
    let guardian = launched.then(start_guardian).transpose()?;
    let options = TransportOptions {
        timeout: args.timeout,
        body_timeout: args.timeout,
        max_body: MAX_BODY,
        version: args.version.version(),
        ..TransportOptions::default()
    };
    let options = args.own.trusting(options);
    let transport = Transport::new(&options).map_err(|error| usage(error.to_string()))?;
    let jobs = args.jobs.get();
    let areas = match args.policy.is_empty() && args.suite.is_none() {
        true => whole_areas(&suite, &recorded(&scenarios, transport.version())),
        false => BTreeSet::new(),
    };
    // Snapshots are of the built-in scenarios.
    let known = args.suite.is_none().then(|| suite.areas().keys().cloned().collect());
    // What an own server answers is compared only where it is asked for.
    let of = Some(&registry).filter(|_| own.is_none());
    let review = Review::new(args.snapshots.as_deref(), of, areas, known).map_err(usage)?;
    let follow_elsewhere = args.own.follow_elsewhere;
    let suite = &suite;
    let plan =
        Plan { suite, scenarios, policies, targets, jobs, transport, guardian, follow_elsewhere };
    let output = Output::to(args.output.as_deref())
        .map_err(|error| Refused(Exit::Output, error.to_string()))?;
    Ok(report(&plan, args, output, review, interrupt).await)
}

/// The scenarios that are asked as they were for the snapshots, which are of HTTP/1.1.
fn recorded<'a>(scenarios: &[&'a Scenario], version: Version) -> Vec<&'a Scenario> {
    let is_asked = |it: &&&Scenario| version != Version::Http2 || field_of_http_1(it).is_none();
    scenarios.iter().filter(is_asked).copied().collect()
}

/// The policies that were named, or all.
fn policies<'a>(
    args: &RunArgs,
    suite: &'a Suite,
) -> Result<BTreeMap<&'a str, &'a Policy>, Refused> {
    match args.policy.as_slice() {
        [] => Ok(suite.policies().iter().map(|(name, policy)| (name.as_str(), policy)).collect()),
        names => named_policies(suite, names),
    }
}

/// The targets that were named, each once, or the reference.
fn targets<'a>(
    args: &RunArgs,
    registry: &'a Registry,
    suite: Option<&Suite>,
) -> Result<Vec<Asked<'a>>, Refused> {
    match args.targets.as_slice() {
        [] => Ok(vec![asked(REFERENCE, registry, suite)?]),
        names => {
            let mut seen = BTreeSet::new();
            let once = names.iter().filter(|name| seen.insert(*name));
            once.map(|name| asked(name, registry, suite)).collect()
        }
    }
}

/// The target that `name` means; what is known of it is held against `suite`.
fn asked<'a>(
    name: &str,
    registry: &'a Registry,
    suite: Option<&Suite>,
) -> Result<Asked<'a>, Refused> {
    let (target, variant) = named_target(name, registry)?;
    let wrong =
        |error: Box<KnownError>| Refused(Exit::Usage, format!("{:?}", miette::Report::new(*error)));
    let asked = Asked::new(target, variant.map(ToOwned::to_owned)).map_err(wrong)?;
    if let Some(suite) = suite {
        asked.check_known(suite).map_err(wrong)?;
    }
    Ok(asked)
}

/// Runs the plan into the report that was asked for.
async fn report(
    plan: &Plan<'_>,
    args: &RunArgs,
    output: Output,
    mut review: Option<Review>,
    mut interrupt: Signal,
) -> Exit {
    let progress = Progress::on_stderr(output.is_read_here(args.format));
    let mut reporter = args.format.reporter(output.writer());
    let mut write_known = args.write_known.then(WriteKnown::default);
    let unwritable = Notify::new();
    let mut written = Ok(());
    let (mut died, mut unavailable) = (false, false);
    let mut take = |event: &Event| {
        if let Event::Target(target) = event {
            died |= target.state == TargetState::Failed;
            unavailable |= target.state == TargetState::Unavailable;
        }
        if let Some(review) = &mut review {
            review.event(event);
        }
        if let Some(write_known) = &mut write_known {
            write_known.event(event);
        }
        if written.is_ok() {
            written = progress.aside(event, || reporter.event(event));
            if written.is_err() {
                unwritable.notify_one();
            }
        }
    };
    let summary = tokio::select! {
        summary = run(plan, &mut take) => Ok(summary),
        () = unwritable.notified() => Err(Exit::Output),
        _ = interrupt.recv() => Err(Exit::Interrupted),
    };
    progress.clear();
    let exit = match summary {
        Ok(summary) => {
            let reviewed = review.map_or(Exit::Expected, |it| it.finish(&mut io::stderr().lock()));
            let rewritten = write_known
                .map_or(Exit::Expected, |it| it.finish(&plan.targets, &mut io::stderr().lock()));
            Exit::of(summary, died || unavailable && args.require_targets)
                .or_worse(reviewed)
                .or_worse(rewritten)
        }
        Err(exit) => exit,
    };
    if exit == Exit::Nothing {
        let refused = summary.is_ok_and(|it| it.refused_config > 0);
        let why = if refused { ": the policies were refused" } else { "" };
        complain(&format!("nothing was asked{why}"));
    }
    if exit == Exit::Interrupted {
        written = written.and_then(|()| reporter.interrupted());
    } else {
        written = written.and_then(|()| output.keep());
    }
    match written {
        Ok(()) => exit,
        Err(error) => {
            complain(&format!("the report could not be written: {error}"));
            exit.or_worse(Exit::Output)
        }
    }
}

impl Format {
    fn reporter(self, out: Box<dyn Write + Send>) -> Box<dyn Reporter> {
        match self {
            Self::Text => Box::new(Text::new(out)),
            Self::Ndjson => Box::new(Ndjson::new(out)),
            Self::Json => Box::new(Collect::new(out, json::write)),
            Self::Junit => Box::new(Collect::new(out, junit::write)),
            Self::Markdown => Box::new(Collect::new(out, markdown::write)),
            Self::Html => Box::new(Collect::new(out, html::write)),
        }
    }
}
