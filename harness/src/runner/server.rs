//! A server for a target under one policy: the one in this process, or one that is launched.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

use corspec_fetch::redirect::is_redirect_status;
use corspec_suite::policy::Policy;
use corspec_targets::guardian::Guardian;
use corspec_targets::launch::{self, Launch, Running, Stopped};
use corspec_targets::reference;
use url::Url;

use crate::own::{Own, Place};
use crate::runner::asked::{Asked, Whom};
use crate::runner::{Plan, stable, tail};
use crate::transport::{Found, Met, Transport, Unreachable, Version};

/// A server that answers for a target under one policy.
pub(super) enum Server {
    Reference(reference::Server),
    Launched(Box<Running>),
    /// A user's, which runs already.
    Own(Url),
    /// A user's, which this process serves.
    Here(Url),
}

/// A server that can be asked, and what is known of it.
pub(super) struct Served {
    pub(super) server: Server,
    /// The versions of what answers, by name.
    pub(super) versions: BTreeMap<String, String>,
    /// Whether it is asked over HTTP/2.
    pub(super) is_http2: bool,
    /// What a reader should know of it before the results.
    pub(super) note: Option<String>,
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
    /// Starts a server for `asked` under `policy`, or finds it where it is.
    pub(super) async fn serve(&self, asked: &Asked<'_>, policy: &Policy) -> Result<Served, Absent> {
        match &asked.whom {
            Whom::Target { target, .. } if target.is_builtin() => {
                let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
                let server = reference::serve(policy, address).await;
                let server = server.map_err(|error| Absent::failed(error.to_string()))?;
                let version = env!("CARGO_PKG_VERSION").to_owned();
                let versions = BTreeMap::from([("corspec".to_owned(), version)]);
                Ok(self.served(Server::Reference(server), versions))
            }
            Whom::Target { target, variant } => {
                let policy = policy.to_json();
                let start = async |guardian: &Guardian| {
                    launch::launch(target, variant.as_deref(), &policy, guardian).await
                };
                self.speaking(self.launched(start).await?).await
            }
            Whom::Own(own) => match own.place() {
                Place::Start(start) => {
                    let is_http2 = self.transport.version() == Version::Http2;
                    let start = async |guardian: &Guardian| {
                        launch::launch_own(start, is_http2, guardian).await
                    };
                    self.reached(asked, own, self.launched(start).await?).await
                }
                Place::At(url) => {
                    let served = self.served(Server::Own(url.clone()), BTreeMap::new());
                    self.reached(asked, own, served).await
                }
                Place::Here(url) => Ok(self.served(Server::Here(url.clone()), BTreeMap::new())),
            },
        }
    }

    /// A server that is asked over plain TCP.
    fn served(&self, server: Server, versions: BTreeMap<String, String>) -> Served {
        let is_http2 = self.transport.version() == Version::Http2;
        Served { server, versions, is_http2, note: None }
    }

    /// The same transport with what the user has it send.
    pub(super) fn transport_to(&self, asked: &Asked<'_>, base: &Url) -> Transport {
        match &asked.whom {
            Whom::Target { .. } => self.transport.clone(),
            Whom::Own(own) => self.transport.adding(base, own.headers().clone()),
        }
    }

    /// A user's server, if the page that is asked for is there.
    async fn reached(
        &self,
        asked: &Asked<'_>,
        own: &Own,
        served: Served,
    ) -> Result<Served, Absent> {
        let base = served.server.base_url().clone();
        let resource = own.resource(&base);
        let message = match self.transport_to(asked, &base).reach(&resource).await {
            // Nothing that could be said of such a page would be about who may read it.
            Ok(Some(Found { status: status @ (404 | 405 | 410), .. })) => format!(
                "a GET of {resource} is answered {status}: the route `resource` must be a page \
                 that there is; name one in corspec.toml, as `resource = \"/path\"` under [routes]"
            ),
            Ok(Some(Found { status, is_http2 })) => {
                return Ok(Served { is_http2, note: note_on(status, &resource), ..served });
            }
            Ok(None) => return Ok(served),
            Err(error) => self.unreached(&resource, &error),
        };
        let message = match served.server.is_ours() {
            true => stable::without_address(&message, &base),
            false => message,
        };
        let Stopped { died, output } = served.server.stop().await;
        let message = died.map_or(message, |exit| exit.told("before it was asked"));
        Err(Absent::Failed { why: Trouble { message, output }, lasting: true })
    }

    /// That nothing could be asked where `resource` is, why, and what to do.
    fn unreached(&self, resource: &Url, error: &Unreachable) -> String {
        let base = &resource[..url::Position::BeforePath];
        let is_http2 = self.transport.version() == Version::Http2;
        let over = if is_http2 && error.met != Met::Nobody { " over HTTP/2" } else { "" };
        let hint = match error.met {
            Met::Nobody => "; is the server running?",
            Met::OtherTls => "",
            _ if is_http2 => "; leave out `--http2` where it speaks HTTP/1.1 alone",
            Met::OtherProtocol if resource.scheme() == "http" => {
                "; where it speaks HTTP/2 alone, add `--http2`, and where TLS, its URL has `https://`"
            }
            Met::OtherProtocol | Met::Closed | Met::Otherwise => "; check its URL",
        };
        format!("nothing could be asked at {base}{over}: {error}{hint}")
    }

    async fn launched(
        &self,
        start: impl AsyncFnOnce(&Guardian) -> Launch,
    ) -> Result<Served, Absent> {
        let Some(guardian) = &self.guardian else {
            return Err(Absent::failed("there is no guardian to start it under".to_owned()));
        };
        match start(guardian).await {
            Launch::Running(running) => {
                let versions = running.versions.clone();
                Ok(self.served(Server::Launched(running), versions))
            }
            Launch::RefusedConfig { message } => Err(Absent::Refused(tail::of(&message))),
            Launch::Failed { message, output, lasting } => {
                Err(Absent::Failed { why: Trouble { message, output }, lasting })
            }
        }
    }

    /// A target that was launched, unless it does not speak what the run does: it has got ready over HTTP/1.1.
    async fn speaking(&self, served: Served) -> Result<Served, Absent> {
        let mut ready = served.server.base_url().clone();
        ready.set_path("/.corspec");
        if self.transport.version() == Version::Http2
            && let Err(error) = self.transport.reach(&ready).await
        {
            served.server.stop().await;
            return Err(Absent::failed(format!(
                "it does not speak HTTP/2 without being asked ({error}); leave out `--http2`"
            )));
        }
        Ok(served)
    }
}

/// What a user should know where a plain GET of `resource` is answered with `status`, if anything.
fn note_on(status: u16, resource: &Url) -> Option<String> {
    let what = match status {
        200..300 => return None,
        401 | 403 => "headers that it needs go under [requests]",
        status if is_redirect_status(status) => {
            "where the page that it leads to is meant, name that one as `resource` under [routes]"
        }
        _ => {
            "name another page as `resource` under [routes], or headers that it needs under [requests],"
        }
    };
    let path = resource.path();
    Some(format!(
        "a GET of `{path}` is answered {status}: what needs a successful answer will fail; {what} in \
         corspec.toml"
    ))
}

impl Server {
    /// Where it listens, with the path `/`.
    pub(super) fn base_url(&self) -> &Url {
        match self {
            Self::Reference(server) => server.base_url(),
            Self::Launched(running) => &running.base_url,
            Self::Own(url) | Self::Here(url) => url,
        }
    }

    /// Waits until it ends by itself.
    pub(super) async fn ended(&self) {
        match self {
            Self::Reference(_) | Self::Own(_) | Self::Here(_) => std::future::pending().await,
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
            Self::Own(_) | Self::Here(_) => Stopped { died: None, output: String::new() },
        }
    }

    /// Whether the run started it, at a port that was free by chance.
    pub(super) fn is_ours(&self) -> bool {
        !matches!(self, Self::Own(_))
    }
}

impl Absent {
    fn failed(message: String) -> Self {
        Self::Failed { why: Trouble { message, output: String::new() }, lasting: true }
    }
}
