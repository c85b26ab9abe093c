//! Starting a user's own server, which knows nothing of corspec.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::header::HeaderMap;

use super::{Launch, Pending, failed, on_port};
use crate::guardian::Guardian;
use crate::install;
use crate::probe::Sign;
use crate::process::ProcessGroup;

/// How long it has to end after it was asked to.
const GRACE: Duration = Duration::from_secs(5);

/// How a server that knows nothing of corspec is started.
#[derive(Clone, Debug)]
pub struct Own {
    /// The program and its arguments; `${host}` and `${port}` stand for where to listen.
    pub command: Vec<String>,
    /// The folder that it runs in.
    pub folder: PathBuf,
    /// The path that answers with a status below 400 once it is ready.
    pub ready: String,
    /// Header fields that it is asked with.
    pub headers: HeaderMap,
    /// How long it may take to get ready.
    pub timeout: Duration,
}

/// Starts `own` on a free port and waits until it is ready. `http2`: it is asked over HTTP/2 without
/// negotiation as well as over HTTP/1.1, since it may speak one of them alone.
pub async fn launch_own(own: &Own, http2: bool, guardian: &Guardian) -> Launch {
    let host = Ipv4Addr::LOCALHOST;
    let sign = Sign::Path { path: &own.ready, headers: &own.headers };
    on_port((host, 0).into(), async |port| {
        let values = [("host", host.to_string()), ("port", port.to_string())];
        let command = install::render(&own.command, &values);
        match ProcessGroup::start(&command, &[], &own.folder, guardian) {
            Ok(process) => {
                let pending = Pending::new(&sign, process, own.timeout, GRACE);
                let pending = Pending { http2, ..pending };
                pending.until_ready(host.into(), async || Some(port)).await
            }
            Err(error) => {
                let program = command.first().map_or("", String::as_str);
                failed(format!("could not run `{program}`: {error}"))
            }
        }
    })
    .await
}
