//! Your own server: one that is no target of corspec's, under the policy that it is meant to have.
//!
//! The command line reads it from a `corspec.toml`. Rust code hands over its service itself, and a
//! test of it is a few lines, with corspec as a dev-dependency:
//!
//! ```
//! use axum::Router;
//! use axum::http::HeaderValue;
//! use axum::routing::get;
//! use corspec::own::{Check, Policy};
//! use tower_http::cors::CorsLayer;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! // In your project this is the application itself, with its CORS middleware.
//! let origin = HeaderValue::from_static("https://app.example");
//! let cors = CorsLayer::new().allow_origin([origin]);
//! let app = Router::new().route("/api/items", get(async || "[]")).layer(cors);
//!
//! let policy = Policy::from_toml("allow-origins = ['https://app.example']").unwrap();
//! let report = Check::of(policy).route("resource", "/api/items").service(app).await.unwrap();
//! report.assert_expected();
//! # }
//! ```
//!
//! [`Check::read`] takes policy and routes from a `corspec.toml` instead, so that the command line
//! and the test ask the same.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use corspec_suite::case::Abilities;
pub use corspec_suite::policy::Policy;
use corspec_targets::launch;
use reqwest::header::HeaderMap;
use thiserror::Error;
use url::Url;

use crate::config::{Config, Server, Start};
use crate::remedy::{self, Framework};

mod check;
mod report;

pub use check::{Check, CheckError};
pub use report::Report;

/// A user's own server: where it is, what it is meant to allow, and its paths.
#[derive(Clone, Debug)]
pub struct Own {
    place: Place,
    title: String,
    policy_name: String,
    policy: Policy,
    routes: BTreeMap<String, String>,
    abilities: BTreeSet<String>,
    headers: HeaderMap,
    folder: Option<PathBuf>,
    framework: Option<&'static Framework>,
}

/// Where a server is.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// It runs there: scheme, host and port, with the path `/`.
    At(Url),
    /// This process serves it there, at a port that was free by chance.
    Here(Url),
    /// The run starts it.
    Start(launch::Own),
}

/// A URL that a server of which more is described cannot be at.
#[derive(Clone, Debug, Error)]
#[error("the URL has a query; leave it out, and put it into the paths of `[routes]`")]
pub struct UrlWithQuery;

impl Own {
    /// The id that reports give to every such server.
    pub const ID: &str = "own-server";

    /// The server that `config` describes; `url` is where it is instead, if given.
    ///
    /// A path in the URL stands before every route.
    ///
    /// # Errors
    ///
    /// The URL has a query.
    pub fn configured(config: Config, url: Option<Url>) -> Result<Self, UrlWithQuery> {
        let (policy_name, folder) = (config.policy_name(), config.folder().to_owned());
        let Config { path, server, framework, policy, mut routes, abilities, headers } = config;
        let file = path.display();
        let (title, place) = match url.map_or(server, Server::At) {
            Server::At(url) if url.query().is_some() => return Err(UrlWithQuery),
            Server::At(url) => {
                let prefix = url.path().trim_end_matches('/');
                routes.values_mut().for_each(|path| path.insert_str(0, prefix));
                let origin = url.origin().ascii_serialization();
                (format!("{origin}, as {file} describes it"), Place::At(root(url)))
            }
            Server::Start(start) => {
                let start = started(start, folder.clone(), headers.clone());
                (format!("started as {file} says"), Place::Start(start))
            }
        };
        let (folder, framework) = (Some(folder), framework.and_then(|it| remedy::framework(&it)));
        Ok(Self {
            place,
            title,
            policy_name,
            policy,
            routes,
            abilities,
            headers,
            folder,
            framework,
        })
    }

    /// A server of which no more is known than a URL, which stands for the route `resource`, and
    /// the policy that it is meant to have.
    #[must_use]
    pub fn at(url: Url, policy_name: &str, policy: &Policy) -> Self {
        let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
        Self {
            routes: BTreeMap::from([("resource".to_owned(), path.to_owned())]),
            title: url.origin().ascii_serialization(),
            place: Place::At(root(url)),
            policy_name: policy_name.to_owned(),
            policy: policy.clone(),
            abilities: BTreeSet::new(),
            headers: HeaderMap::new(),
            folder: None,
            framework: None,
        }
    }

    /// The one policy that it has, by its name in reports.
    #[must_use]
    pub fn policies(&self) -> BTreeMap<&str, &Policy> {
        BTreeMap::from([(self.policy_name.as_str(), &self.policy)])
    }

    /// Which scenarios it can be asked.
    #[must_use]
    pub fn abilities(&self) -> Abilities {
        Abilities { routes: self.routes.clone(), other: self.abilities.clone(), origin: None }
    }

    /// The folder of its configuration, where `known.toml` is looked for.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Whether the run starts it.
    #[must_use]
    pub fn is_launched(&self) -> bool {
        matches!(self.place, Place::Start(_))
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// The route `resource` of the server at `base`.
    pub(crate) fn resource(&self, base: &Url) -> Url {
        let path = self.routes.get("resource").map_or("/", String::as_str);
        base.join(path).unwrap_or_else(|_| base.clone())
    }

    /// The framework whose settings to name in hints, where the user named one that is known.
    pub(crate) fn framework(&self) -> Option<&'static Framework> {
        self.framework
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// What reports call it.
    pub(crate) fn title(&self) -> String {
        self.title.clone()
    }
}

fn root(mut url: Url) -> Url {
    url.set_path("/");
    url.set_query(None);
    url
}

fn started(start: Start, folder: PathBuf, headers: HeaderMap) -> launch::Own {
    let timeout = start.patience();
    launch::Own { command: start.command, folder, ready: start.ready, headers, timeout }
}
