//! The network namespace that browsers run in: loopback, and nothing else.
//!
//! Browsers ask their makers for updates, settings and the time whatever their flags say, and one
//! of them connects directly where it does not understand its proxy setting. So the command runs
//! itself again in a namespace that leads nowhere, and no browser starts elsewhere.

use std::convert::Infallible;
use std::ffi::OsStr;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::{env, fs, io};

/// Set for the command that was run again, so that it is run again only once.
const MARK: &str = "CORSPEC_IN_NAMESPACE";

/// A second address of the loopback interface, from the block for documentation: where a machine
/// has 127.0.0.1 alone, WebKit's resolver takes it to be offline.
const SECOND_ADDRESS: &str = "192.0.2.1/32";

/// The ways to make a namespace: for root, and for everybody where the kernel allows it.
const WAYS: [&[&str]; 2] = [&["--net"], &["--user", "--map-root-user", "--net"]];

/// Why there is no namespace to run browsers in, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum NamespaceError {
    /// None can be made.
    #[error(
        "browsers run only where there is no network but loopback, and such a namespace cannot be \
         made here ({0}); run this as root, allow unprivileged user namespaces (sysctl \
         kernel.unprivileged_userns_clone=1), or start it under `unshare --net`"
    )]
    Unavailable(String),
    /// It has more than loopback.
    #[error(
        "browsers run only where there is no network but loopback, and here is also {0}; start \
         this without a network namespace of your own"
    )]
    Interfaces(String),
    /// Its loopback cannot be used.
    #[error("the loopback interface does not come up: {0}; `ip` of iproute2 must be there")]
    Loopback(String),
}

/// Returns where this process is in a namespace that has loopback alone, with loopback up.
/// Elsewhere this process becomes itself again, in such a namespace.
///
/// # Errors
///
/// No such namespace can be made, or its loopback does not come up.
pub fn enter() -> Result<(), NamespaceError> {
    if let Err(error) = check() {
        return match env::var_os(MARK) {
            Some(_) => Err(error),
            None => again().map(|never| match never {}),
        };
    }
    if !loopback_is_up() {
        ip(&["link", "set", "lo", "up"])?;
        // That it has the address already is as good.
        let _ = ip(&["address", "add", SECOND_ADDRESS, "dev", "lo"]);
    }
    if loopback_is_up() {
        return Ok(());
    }
    Err(NamespaceError::Loopback("127.0.0.1 cannot be reached".to_owned()))
}

/// Whether there is no interface but loopback. Asked again before each browser starts.
///
/// # Errors
///
/// There is another interface, or the kernel does not say.
pub fn check() -> Result<(), NamespaceError> {
    let table = fs::read_to_string("/proc/self/net/dev")
        .map_err(|error| NamespaceError::Interfaces(format!("no list of interfaces: {error}")))?;
    match others(&table).as_slice() {
        [] => Ok(()),
        others => Err(NamespaceError::Interfaces(others.join(", "))),
    }
}

/// The interfaces of `/proc/net/dev` beside loopback.
fn others(table: &str) -> Vec<&str> {
    let rows = table.lines().filter_map(|line| line.split_once(':'));
    rows.map(|(name, _)| name.trim()).filter(|name| *name != "lo" && !name.contains('|')).collect()
}

/// Becomes the same command in a namespace of its own. The process stays the same, so that signals,
/// streams and the exit code need no passing on.
fn again() -> Result<Infallible, NamespaceError> {
    let unavailable = |error: io::Error| NamespaceError::Unavailable(error.to_string());
    let executable = env::current_exe().map_err(unavailable)?;
    let mut reason = String::new();
    for way in WAYS {
        match tried(way) {
            Ok(()) => {
                let mut command = Command::new("unshare");
                command.args(way).arg("--").arg(&executable).args(env::args_os().skip(1));
                return Err(unavailable(command.env(MARK, "1").exec()));
            }
            Err(why) => reason = why,
        }
    }
    Err(NamespaceError::Unavailable(reason))
}

/// Whether a namespace can be made in this way.
fn tried(way: &[&str]) -> Result<(), String> {
    run("unshare", way.iter().copied().chain(["--", "true"]))
}

fn ip(arguments: &[&str]) -> Result<(), NamespaceError> {
    run("ip", arguments).map_err(NamespaceError::Loopback)
}

fn run(
    program: &str,
    arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
) -> Result<(), String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    match output {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => Err(format!("`{program}`: {error}")),
    }
}

fn loopback_is_up() -> bool {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let reached = listener.and_then(|it| TcpStream::connect(it.local_addr()?).map(drop));
    reached.is_ok()
}

#[cfg(test)]
mod tests {
    use super::others;

    const HEAD: &str = "Inter-|   Receive                 |  Transmit\n \
                        face |bytes    packets errs drop |bytes    packets\n";

    #[test]
    fn loopback_alone_is_nothing_else() {
        assert!(others(&format!("{HEAD}    lo:  84 1 0 0 84 1\n")).is_empty());
    }

    #[test]
    fn any_other_interface_is_named() {
        let table = format!("{HEAD}    lo:  84 1 0 0 84 1\n  eth0:84 1 0 0 84 1\n   sit0: 0 0\n");
        assert_eq!(others(&table), ["eth0", "sit0"]);
    }
}
