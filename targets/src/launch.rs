//! Starting a target under one policy, and stopping it.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{io, process};

use tokio::time::Instant;
use url::Url;

use crate::guardian::{Guardian, WatchedFolder};
use crate::install::{self, InstallError};
use crate::manifest::{Container, Start};
use crate::probe::{Client, Sign};
use crate::process::{Exit, ProcessGroup};
use crate::registry::Target;

mod own;

pub use own::{Own, launch_own};

/// The exit status by which a target says that its library rejects the policy.
const REFUSED: i32 = 78;

/// How often a start is tried again on another port, when the chosen one was taken meanwhile.
const ATTEMPTS: u32 = 3;

/// Any free port of this machine alone.
const ANYWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// What came of starting a target.
#[derive(Debug)]
pub enum Launch {
    /// It is ready.
    Running(Box<Running>),
    /// Its library rejects the policy.
    RefusedConfig {
        /// The end of what it wrote.
        message: String,
    },
    /// It could not be installed or started, or did not get ready.
    Failed {
        /// What happened.
        message: String,
        /// The end of what it wrote to its standard output and error.
        output: String,
        /// Whether it would do no better under another policy.
        lasting: bool,
    },
}

/// How a target was found when it was stopped.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Stopped {
    /// How it had ended by itself before it was asked to, if it had.
    pub died: Option<Exit>,
    /// The end of what it wrote to its standard output and error.
    pub output: String,
}

/// A target that is ready. Dropping it kills it; [`Running::stop`] lets it end well.
#[derive(Debug)]
pub struct Running {
    /// Where it listens, with the path `/`.
    pub base_url: Url,
    /// What it calls itself: its id.
    pub name: String,
    /// The versions of what answers, by name.
    pub versions: BTreeMap<String, String>,
    process: ProcessGroup,
    temporary: Option<WatchedFolder>,
    grace: Duration,
}

/// Installs `target` where needed and starts it, or its `variant`, under `policy`, the policy's
/// JSON. A built-in target is not launched but served in-process.
pub async fn launch(
    target: &Target,
    variant: Option<&str>,
    policy: &str,
    guardian: &Guardian,
) -> Launch {
    launch_at(target, variant, policy, ANYWHERE, guardian).await
}

/// As [`launch`], listening at `address`; port 0 picks a free one.
pub async fn launch_at(
    target: &Target,
    variant: Option<&str>,
    policy: &str,
    address: SocketAddr,
    guardian: &Guardian,
) -> Launch {
    let Some(folder) = &target.folder else {
        return failed(format!("target `{}` is built in and has no process", target.id));
    };
    let launch = match (variant, &target.manifest.start) {
        (Some(name), _) => match target.manifest.variants.get(name) {
            Some(it) => {
                launch_container(target, &it.container, folder, policy, address, guardian).await
            }
            None => return failed(format!("target `{}` has no variant `{name}`", target.id)),
        },
        (None, Some(start)) => {
            launch_process(target, start, folder, policy, address, guardian).await
        }
        (None, None) => return failed(format!("target `{}` has no start command", target.id)),
    };
    launch.unwrap_or_else(|error| match error {
        InstallError::Command { output, command, reason } => {
            let message = format!("`{command}` failed: {reason}");
            Launch::Failed { message, output, lasting: true }
        }
        InstallError::Io { ref source, .. } => failed(format!("{error}: {source}")),
    })
}

impl Running {
    /// Waits until it ends by itself.
    pub async fn ended(&self) {
        self.process.ended().await;
    }

    /// Asks it to end, and kills what is left after the manifest's grace.
    pub async fn stop(self) -> Stopped {
        let Self { process, temporary, grace, .. } = self;
        let (died, output) = process.stop(grace).await;
        drop(temporary);
        Stopped { died, output }
    }
}

async fn launch_process(
    target: &Target,
    start: &Start,
    folder: &Path,
    policy: &str,
    address: SocketAddr,
    guardian: &Guardian,
) -> Result<Launch, InstallError> {
    let install = install::install(target, guardian).await?;
    let sign = Sign::Name(&target.id);
    let host = address.ip();
    let launch = on_port(address, async |port| {
        let mut words = start.command.iter().chain(start.env.values());
        let asks = words.any(|word| word.contains("${temp}"));
        let temporary = match asks.then(|| guardian.folder()).transpose() {
            Ok(temporary) => temporary,
            Err(error) => return failed(format!("no temporary folder could be made: {error}")),
        };
        let values = [
            ("target", install::path(folder)),
            ("install", install::path(&install)),
            ("corspec", install::path(guardian.executable())),
            ("temp", temporary.as_ref().map(|it| install::path(it.path())).unwrap_or_default()),
            ("host", host.to_string()),
            ("port", port.to_string()),
        ];
        let mut env = contract(target, policy, host, port);
        for (name, value) in &start.env {
            env.extend(
                install::render(std::slice::from_ref(value), &values)
                    .pop()
                    .map(|it| (name.clone(), it)),
            );
        }
        let command = install::render(&start.command, &values);
        let process = match ProcessGroup::start(&command, &env, folder, guardian) {
            Ok(process) => process,
            Err(error) => return failed(format!("could not run `{}`: {error}", command[0])),
        };
        let patience = Duration::from_secs(start.ready_seconds);
        let grace = Duration::from_secs(start.grace_seconds);
        let pending = Pending::new(&sign, process, patience, grace);
        let pending = Pending { temporary, ..pending };
        pending.until_ready(host, async || Some(port)).await
    });
    Ok(launch.await)
}

/// Starts on the port of `address`. Where that is 0, on a free one, and again on another one where
/// it was taken meanwhile.
async fn on_port(address: SocketAddr, start: impl AsyncFn(u16) -> Launch) -> Launch {
    if address.port() != 0 {
        return start(address.port()).await;
    }
    let mut attempt = 1;
    loop {
        let port = match free_port(address) {
            Ok(port) => port,
            Err(error) => return failed(format!("no port is free: {error}")),
        };
        let launch = start(port).await;
        match &launch {
            Launch::Failed { output, .. } if attempt < ATTEMPTS && port_was_taken(output) => {
                attempt += 1;
            }
            _ => return launch,
        }
    }
}

async fn launch_container(
    target: &Target,
    container: &Container,
    folder: &Path,
    policy: &str,
    address: SocketAddr,
    guardian: &Guardian,
) -> Result<Launch, InstallError> {
    let image = format!("{}:{}", container.image, install::digest(target)?);
    let values = [("target", install::path(folder)), ("image", image.clone())];
    let build = install::render(&container.build, &values);
    let patience = Duration::from_secs(container.build_seconds);
    install::execute(&build, folder, patience, guardian).await?;
    let name = unused_name();
    let publish = publish(address, container.port);
    let mut command: Vec<String> =
        ["docker", "run", "--rm", "--name", &name, "--publish", &publish].map(str::to_owned).into();
    let mut env = contract(target, policy, Ipv4Addr::UNSPECIFIED.into(), container.port);
    env.extend(container.env.clone());
    for (name, value) in env {
        command.extend(["--env".to_owned(), format!("{name}={value}")]);
    }
    command.push(image);
    let client = ProcessGroup::start_client(&command, &[], folder, Some(name.clone()), guardian);
    let process = match client {
        Ok(process) => process,
        Err(error) => return Ok(failed(format!("could not run `docker`: {error}"))),
    };
    let sign = Sign::Name(&target.id);
    let patience = Duration::from_secs(container.ready_seconds);
    let grace = Duration::from_secs(container.grace_seconds);
    let pending = Pending::new(&sign, process, patience, grace);
    let port = async || published_port(name.clone(), container.port).await;
    Ok(pending.until_ready(address.ip(), port).await)
}

/// A process that is not ready yet.
struct Pending<'a> {
    sign: &'a Sign<'a>,
    process: ProcessGroup,
    temporary: Option<WatchedFolder>,
    /// Whether it is asked over HTTP/2 as well.
    http2: bool,
    ready_by: Instant,
    grace: Duration,
}

impl<'a> Pending<'a> {
    fn new(sign: &'a Sign<'a>, process: ProcessGroup, patience: Duration, grace: Duration) -> Self {
        let ready_by = Instant::now() + patience;
        Self { sign, process, temporary: None, http2: false, ready_by, grace }
    }

    /// Asks again and again, at the port of `host` that `port` tells once it knows it.
    async fn until_ready(self, host: IpAddr, port: impl AsyncFn() -> Option<u16>) -> Launch {
        let client = match Client::new(self.http2) {
            Ok(client) => client,
            Err(error) => return failed(format!("could not make an HTTP client: {error}")),
        };
        let mut seen = "nothing listens".to_owned();
        loop {
            if let Some(exit) = self.process.exit() {
                return self.ended_early(exit).await;
            }
            if Instant::now() >= self.ready_by {
                let message = format!("it did not get ready in time: {seen}");
                let output = self.process.give_up(self.grace).await;
                return Launch::Failed { message, output, lasting: true };
            }
            if let Some(base_url) = port().await.and_then(|port| url_of(host, port)) {
                match self.sign.ask(&client, &base_url).await {
                    Ok(ready) if self.process.exit().is_none() => {
                        return Launch::Running(Box::new(Running {
                            base_url,
                            name: ready.name,
                            versions: ready.versions,
                            process: self.process,
                            temporary: self.temporary,
                            grace: self.grace,
                        }));
                    }
                    Ok(_) => {}
                    Err(instead) => seen = instead,
                }
            }
            let pause = tokio::time::sleep(Duration::from_millis(20));
            tokio::select! { _ = self.process.ended() => {}, () = pause => {} }
        }
    }

    async fn ended_early(self, exit: Exit) -> Launch {
        let output = self.process.settled_output().await;
        match exit {
            Exit::Status(REFUSED) if matches!(self.sign, Sign::Name(_)) => {
                Launch::RefusedConfig { message: output }
            }
            exit => {
                Launch::Failed { message: exit.told("before it was ready"), output, lasting: false }
            }
        }
    }
}

/// A name that nothing else of this machine has.
fn unused_name() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    format!("corspec-{}-{now:x}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The variables of the contract between corspec and every target.
fn contract(target: &Target, policy: &str, host: IpAddr, port: u16) -> Vec<(String, String)> {
    let variables = [
        ("CORSPEC_TARGET", target.id.clone()),
        ("CORSPEC_POLICY", policy.to_owned()),
        ("CORSPEC_HOST", host.to_string()),
        ("CORSPEC_PORT", port.to_string()),
    ];
    variables.map(|(name, value)| (name.to_owned(), value)).into()
}

/// A port that was free a moment ago.
fn free_port(address: SocketAddr) -> io::Result<u16> {
    Ok(TcpListener::bind(address)?.local_addr()?.port())
}

fn port_was_taken(output: &str) -> bool {
    let output = output.to_ascii_lowercase();
    ["address already in use", "connection in use", "eaddrinuse"]
        .iter()
        .any(|it| output.contains(it))
}

/// The port of this machine at which the engine serves the container's port `inner`.
async fn published_port(container: String, inner: u16) -> Option<u16> {
    let ask =
        move || Command::new("docker").args(["port", &container, &inner.to_string()]).output();
    let answer = tokio::task::spawn_blocking(ask).await.ok()?.ok()?;
    String::from_utf8(answer.stdout).ok()?.lines().next()?.rsplit(':').next()?.trim().parse().ok()
}

/// How the engine is told where to publish the container's port `inner`.
fn publish(address: SocketAddr, inner: u16) -> String {
    let host = match address.ip() {
        IpAddr::V4(host) => host.to_string(),
        IpAddr::V6(host) => format!("[{host}]"),
    };
    match address.port() {
        0 => format!("{host}::{inner}"),
        port => format!("{host}:{port}:{inner}"),
    }
}

/// Where a server that listens on `host` is asked from this machine.
fn url_of(host: IpAddr, port: u16) -> Option<Url> {
    let host = match host {
        IpAddr::V4(it) if it.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(it) if it.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        host => host,
    };
    Url::parse(&format!("http://{}/", SocketAddr::new(host, port))).ok()
}

fn failed(message: String) -> Launch {
    Launch::Failed { message, output: String::new(), lasting: true }
}
