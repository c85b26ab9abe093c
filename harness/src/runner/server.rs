//! A server for a target under one policy: the one in this process, or one that is launched.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

use corspec_suite::policy::Policy;
use corspec_targets::launch::{self, Launch, Running, Stopped};
use corspec_targets::reference;
use corspec_targets::registry::Target;
use url::Url;

use crate::runner::{Plan, tail};

/// A server that answers for a target under one policy.
pub(super) enum Server {
    Reference(reference::Server),
    Launched(Box<Running>),
}

/// A target under one policy that could not be asked, and why.
pub(super) enum Absent {
    Refused(String),
    Failed {
        why: Trouble,
        /// Whether there is no use in trying other policies.
        lasting: bool,
    },
}

/// What befell a target, and the end of what it wrote.
pub(super) struct Trouble {
    pub(super) message: String,
    pub(super) output: String,
}

impl Plan<'_> {
    /// Starts a server for `target` under `policy`; with it come the versions of what answers.
    pub(super) async fn serve(
        &self,
        target: &Target,
        variant: Option<&str>,
        policy: &Policy,
    ) -> Result<(Server, BTreeMap<String, String>), Absent> {
        if target.is_builtin() {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
            let server = reference::serve(policy, address).await;
            let server = server.map_err(|error| Absent::failed(error.to_string()))?;
            let version = env!("CARGO_PKG_VERSION").to_owned();
            return Ok((
                Server::Reference(server),
                BTreeMap::from([("corspec".to_owned(), version)]),
            ));
        }
        let Some(guardian) = &self.guardian else {
            return Err(Absent::failed("there is no guardian to start it under".to_owned()));
        };
        match launch::launch(target, variant, &policy.to_json(), guardian).await {
            Launch::Running(running) => {
                let versions = running.versions.clone();
                Ok((Server::Launched(running), versions))
            }
            Launch::RefusedConfig { message } => Err(Absent::Refused(tail::of(&message))),
            Launch::Failed { message, output, lasting } => {
                Err(Absent::Failed { why: Trouble { message, output }, lasting })
            }
        }
    }
}

impl Server {
    /// Where it listens, with the path `/`.
    pub(super) fn base_url(&self) -> &Url {
        match self {
            Self::Reference(server) => server.base_url(),
            Self::Launched(running) => &running.base_url,
        }
    }

    /// Waits until it ends by itself.
    pub(super) async fn ended(&self) {
        match self {
            Self::Reference(_) => std::future::pending().await,
            Self::Launched(running) => running.ended().await,
        }
    }

    pub(super) async fn stop(self) -> Stopped {
        match self {
            Self::Reference(server) => {
                server.stop().await;
                Stopped { died: None, output: String::new() }
            }
            Self::Launched(running) => running.stop().await,
        }
    }
}

impl Absent {
    fn failed(message: String) -> Self {
        Self::Failed { why: Trouble { message, output: String::new() }, lasting: true }
    }
}
