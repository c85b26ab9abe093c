//! `corspec serve`: a target under one policy, to be asked by hand.

use std::future::pending;
use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;

use clap::Args;
use corspec_suite::load::Suite;
use corspec_suite::policy::Policy;
use corspec_targets::launch::{Launch, Running, launch_at};
use corspec_targets::reference;
use corspec_targets::registry::{Availability, Target};
use tokio::signal::unix::{Signal, SignalKind, signal};
use url::Url;

use super::prepare::{Refused, complain, named_target, registry, start_guardian, unknown};
use crate::escape::for_terminal;
use crate::exit::Exit;

/// Serve a target under one policy, to be asked by hand.
///
/// Prints one line, the server's URL, once it answers, and serves until Ctrl-C or TERM.
///
/// Exits with 0 after TERM, 130 after Ctrl-C, 2 on bad usage, 3 where the target is unavailable, the
/// port is taken, or the server could not be started or ended by itself, 74 where the URL cannot be
/// written, 78 where the target's library refuses the policy.
#[derive(Args, Debug)]
pub(super) struct ServeArgs {
    /// The target, as ID or ID@VARIANT.
    target: String,
    /// The policy: the name of one of the suite's, a file with one (JSON if it ends in `.json`, else
    /// TOML), or the JSON itself, as a target's start command finds it in CORSPEC_POLICY.
    #[arg(long, value_name = "NAME|FILE|JSON")]
    policy: String,
    /// The port; 0 picks a free one.
    #[arg(long, value_name = "N", default_value = "0")]
    port: u16,
    /// The address to listen on. Whoever can reach it can ask the server.
    #[arg(long, value_name = "ADDR", default_value_t = Ipv4Addr::LOCALHOST.into())]
    host: IpAddr,
}

/// A server that answers.
enum Server {
    Reference(reference::Server),
    Launched(Box<Running>),
}

/// What asks the command to end.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

/// Runs the command.
pub(super) async fn command(args: &ServeArgs) -> Exit {
    served(args).await.unwrap_or_else(|Refused(exit, message)| {
        complain(&message);
        exit
    })
}

async fn served(args: &ServeArgs) -> Result<Exit, Refused> {
    let fault = |error: io::Error| Refused(Exit::Fault, format!("cannot await signals: {error}"));
    let mut signals = Signals::new().map_err(fault)?;
    let server = tokio::select! {
        server = started(args) => server?,
        exit = signals.any() => return Ok(exit),
    };
    let url = server.base_url().as_str().trim_end_matches('/');
    let mut output = io::stdout().lock();
    let written = writeln!(output, "{url}").and_then(|()| output.flush());
    drop(output);
    let ended = match written {
        Ok(()) => tokio::select! {
            () = server.ended() => Err(None),
            exit = signals.any() => Ok(exit),
        },
        Err(error) => Err(Some(error)),
    };
    let output = server.stop().await;
    match ended {
        Ok(exit) => Ok(exit),
        Err(None) => Err(Refused(Exit::Target, with_output("it ended by itself", &output))),
        Err(Some(error)) => {
            Err(Refused(Exit::Output, format!("the URL could not be written: {error}")))
        }
    }
}

async fn started(args: &ServeArgs) -> Result<Server, Refused> {
    let suite = Suite::embedded().map_err(|error| Refused(Exit::Fault, error.to_string()))?;
    let registry = registry()?;
    let (target, variant) = named_target(&args.target, &registry)?;
    let policy = policy(&suite, &args.policy).map_err(|error| Refused(Exit::Usage, error))?;
    match target.availability(variant) {
        Ok(Availability::Available) => {}
        Ok(Availability::Unavailable { missing, how }) => {
            let message = format!("`{}` needs {}: {how}", args.target, missing.join(", "));
            return Err(Refused(Exit::Target, message));
        }
        Err(error) => return Err(Refused(Exit::Usage, error.to_string())),
    }
    let address = SocketAddr::new(args.host, args.port);
    // Known at once, and not from the words in which a server says so.
    TcpListener::bind(address).map(drop).map_err(|error| cannot_listen(address, &error))?;
    start(target, variant, &policy, address).await
}

async fn start(
    target: &Target,
    variant: Option<&str>,
    policy: &Policy,
    address: SocketAddr,
) -> Result<Server, Refused> {
    if target.is_builtin() {
        let server = reference::serve(policy, address).await;
        return server.map(Server::Reference).map_err(|error| cannot_listen(address, &error));
    }
    let guardian = start_guardian()?;
    match launch_at(target, variant, &policy.to_json(), address, &guardian).await {
        Launch::Running(running) => Ok(Server::Launched(running)),
        Launch::RefusedConfig { message } => {
            Err(Refused(Exit::Refused, with_output("its library refuses the policy", &message)))
        }
        Launch::Failed { message, output, .. } => {
            Err(Refused(Exit::Target, with_output(&message, &output)))
        }
    }
}

/// The policy that `text` means: a name, else JSON, else a file.
fn policy(suite: &Suite, text: &str) -> Result<Policy, String> {
    if let Some(policy) = suite.policies().get(text) {
        return Ok(policy.clone());
    }
    if text.trim_start().starts_with('{') {
        return Policy::from_json(text).map_err(|error| format!("`--policy`: {error}"));
    }
    let path = Path::new(text);
    if !path.exists() {
        let names = suite.policies().keys().map(String::as_str);
        return Err(format!("{}, and no such file", unknown("policy", text, names)));
    }
    let content = std::fs::read_to_string(path)
        .map_err(|error| format!("cannot read the policy `{text}`: {error}"))?;
    let policy = match path.extension().is_some_and(|it| it == "json") {
        true => Policy::from_json(&content),
        false => Policy::from_toml(&content),
    };
    policy.map_err(|error| format!("`{text}` is not a policy: {error}"))
}

pub(super) fn cannot_listen(address: SocketAddr, error: &io::Error) -> Refused {
    let message = match error.kind() {
        io::ErrorKind::AddrInUse => {
            format!("{address} is taken; choose another `--port`, or 0 for a free one")
        }
        _ => format!("cannot listen on {address}: {error}"),
    };
    Refused(Exit::Target, message)
}

/// What happened, and under it the end of what the server wrote.
fn with_output(message: &str, output: &str) -> String {
    let lines = output.lines().map(|line| format!("\n  {}", for_terminal(line)));
    lines.fold(message.to_owned(), |all, line| all + &line)
}

impl Server {
    fn base_url(&self) -> &Url {
        match self {
            Self::Reference(server) => server.base_url(),
            Self::Launched(running) => &running.base_url,
        }
    }

    /// Waits until it ends by itself.
    async fn ended(&self) {
        match self {
            Self::Reference(_) => pending().await,
            Self::Launched(running) => running.ended().await,
        }
    }

    /// Stops it; the end of what it wrote.
    async fn stop(self) -> String {
        match self {
            Self::Reference(server) => {
                server.stop().await;
                String::new()
            }
            Self::Launched(running) => {
                let stopped = running.stop().await;
                let died = stopped
                    .died
                    .map(|it| it.told("while it was served") + "\n")
                    .unwrap_or_default();
                died + &stopped.output
            }
        }
    }
}

impl Signals {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for one, and says how the command ends with it.
    pub(super) async fn any(&mut self) -> Exit {
        tokio::select! {
            _ = self.interrupt.recv() => Exit::Interrupted,
            _ = self.terminate.recv() => Exit::Expected,
        }
    }
}
