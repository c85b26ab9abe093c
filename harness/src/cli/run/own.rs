//! `corspec run` of your own server: which options describe it, and what they come to.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use corspec_suite::load::Suite;
use miette::{Diagnostic, Report};
use url::Url;

use super::RunArgs;
use crate::cli::prepare::{Refused, named_policies};
use crate::config::{Config, FILE_NAME, server_url};
use crate::escape::for_terminal;
use crate::exit::Exit;
use crate::own::Own;
use crate::remedy;
use crate::runner::Asked;
use crate::transport::TransportOptions;

/// Where your own server is.
#[derive(Args, Debug)]
#[command(next_help_heading = "Your own server")]
pub(super) struct OwnArgs {
    /// The file that describes it; by default, where no TARGET is named, the corspec.toml of this
    /// folder if there is one. `corspec init` writes one to start from. Failures that are known
    /// stand in a `known.toml` beside it.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["targets", "policy"])]
    config: Option<PathBuf>,
    /// Where it runs: in place of the `url` or `start` of its file, or, with the `--policy` that it
    /// is meant to have, without any file. Then the URL stands for the route `resource`, and what
    /// needs another route is not applicable.
    #[arg(long, conflicts_with = "targets")]
    url: Option<String>,
    /// A PEM file with further certificates to trust.
    #[arg(long, value_name = "FILE")]
    cacert: Option<PathBuf>,
    /// Accept any certificate.
    #[arg(long)]
    insecure: bool,
    /// Follow redirects to other origins as well; cases that need it are else not applicable.
    #[arg(long)]
    pub(super) follow_elsewhere: bool,
}

impl OwnArgs {
    /// The transport's options, with what these say of certificates.
    pub(super) fn trusting(&self, options: TransportOptions) -> TransportOptions {
        TransportOptions { cacert: self.cacert.clone(), insecure: self.insecure, ..options }
    }
}

/// The user's own server, where it is meant and not a target.
pub(super) fn described(args: &RunArgs, suite: &Suite) -> Result<Option<Own>, Refused> {
    if !args.targets.is_empty() {
        return Ok(None);
    }
    let url = args.own.url.as_deref().map(parsed).transpose()?;
    let found = Path::new(FILE_NAME);
    match (args.own.config.as_deref(), url, args.policy.as_slice()) {
        (Some(file), url, _) => configured(file, url).map(Some),
        (None, Some(url), [_]) => {
            let policies = named_policies(suite, &args.policy)?;
            Ok(policies.into_iter().next().map(|(name, policy)| Own::at(url, name, policy)))
        }
        (None, Some(_), [_, _, ..]) => {
            Err(refused("a server has one policy, and `--policy` names several"))
        }
        (None, url, []) if found.is_file() => configured(found, url).map(Some),
        (None, Some(_), []) => {
            let names: Vec<_> = suite.policies().keys().map(String::as_str).collect();
            Err(refused(format!(
                "what is the server meant to allow? Name it with `--policy` ({}), or describe it in \
                 a {FILE_NAME}, which `corspec init` writes",
                names.join(", ")
            )))
        }
        (None, None, [_, ..]) if found.is_file() => Err(refused(format!(
            "the {FILE_NAME} here has its own policy; leave out `--policy`, or name a TARGET such as \
             `reference`"
        ))),
        (None, None, _) => Ok(None),
    }
}

/// The server as one that a run asks; what is known of it is held against `suite`.
pub(super) fn asked<'a>(own: &'a Own, suite: Option<&Suite>) -> Result<Asked<'a>, Refused> {
    let asked = Asked::own(own).map_err(|error| reported(*error))?;
    if let Some(suite) = suite {
        asked.check_known(suite).map_err(|error| reported(*error))?;
    }
    Ok(asked)
}

fn configured(file: &Path, url: Option<Url>) -> Result<Own, Refused> {
    let config = Config::read(file).map_err(reported)?;
    if let Some(name) = config.framework.as_deref().filter(|it| remedy::framework(it).is_none()) {
        warn_of_framework(file, name);
    }
    Own::configured(config, url).map_err(|error| refused(error.to_string()))
}

/// That hints cannot name the settings of what the user named; nothing else depends on it.
fn warn_of_framework(file: &Path, name: &str) {
    let message = format!(
        "{}: no settings are known of the framework `{name}`, so that hints name none; nearest are {}",
        file.display(),
        remedy::nearest(name, 3).join(", ")
    );
    // Where standard error is gone, nothing is lost but a hint.
    let _ = writeln!(io::stderr(), "warning: {}", for_terminal(&message));
}

fn parsed(url: &str) -> Result<Url, Refused> {
    server_url(url).map_err(|(message, help)| refused(format!("`--url`: {message}; {help}")))
}

fn refused(message: impl Into<String>) -> Refused {
    Refused(Exit::Usage, message.into())
}

fn reported(error: impl Diagnostic + Send + Sync + 'static) -> Refused {
    refused(format!("{:?}", Report::new(error)).trim_start())
}
