//! A check of a user's own server from Rust.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use axum::Router;
use axum::extract::Request;
use axum::response::IntoResponse;
use corspec_suite::load::{LoadError, Suite};
use corspec_suite::policy::{Policy, PolicyError};
use corspec_targets::known::KnownError;
use corspec_targets::reference;
use reqwest::header::HeaderMap;
use thiserror::Error;
use tower_service::Service;
use url::Url;

use super::{Own, Place, Report};
use crate::config::{self, Config, ConfigError, WrongName};
use crate::remedy;
use crate::runner::{Asked, Plan};
use crate::selection::{BadGlob, Selection};
use crate::transport::{Transport, TransportError, TransportOptions};

/// How many cases are under way at once.
const JOBS: usize = 16;

/// What a check is told: what the server is meant to allow, and its paths.
#[derive(Clone, Debug)]
pub struct Check {
    policy_name: String,
    policy: Policy,
    routes: Vec<(String, String)>,
    abilities: BTreeSet<String>,
    headers: HeaderMap,
    folder: Option<PathBuf>,
    framework: Option<String>,
    include: Vec<String>,
    exclude: Vec<String>,
}

/// Why nothing could be checked.
#[derive(Debug, Error)]
pub enum CheckError {
    /// The configuration cannot be used.
    #[error("{}", text(.0))]
    Config(#[from] ConfigError),
    /// The policy makes no sense.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// There is no such route or ability, or a path cannot stand for the route.
    #[error("{}; {}", .0.message, .0.help)]
    Wrong(WrongName),
    /// No route `resource` was given.
    #[error("there is no route `resource`; name a path that answers GET with 200")]
    NoResource,
    /// A pattern is no glob.
    #[error(transparent)]
    Glob(#[from] BadGlob),
    /// No scenario matches.
    #[error("no scenario matches; nothing was asked")]
    Nothing,
    /// The list of known failures cannot be used.
    #[error("{}", text(&**.0))]
    Known(#[from] Box<KnownError>),
    /// The service cannot be served.
    #[error("the service cannot be served: {0}")]
    Serve(#[from] std::io::Error),
    /// There is no client.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The suite that is part of this crate cannot be read, which is a fault of corspec.
    #[error(transparent)]
    Suite(#[from] LoadError),
}

fn text(error: &impl miette::Diagnostic) -> String {
    let mut text = error.to_string();
    if let Some(help) = error.help() {
        text.push_str("; ");
        text.push_str(&help.to_string());
    }
    text
}

impl Check {
    /// A check against `policy`, what the server is meant to allow. A server without a route
    /// [`resource`](Self::route) cannot be asked.
    #[must_use]
    pub fn of(policy: Policy) -> Self {
        Self {
            policy_name: "policy".to_owned(),
            policy,
            routes: Vec::new(),
            abilities: BTreeSet::new(),
            headers: HeaderMap::new(),
            folder: None,
            framework: None,
            include: Vec::new(),
            exclude: Vec::new(),
        }
    }

    /// A check against the policy and with the routes and headers of a `corspec.toml`, whose `url`
    /// or `start` is not used. The `known.toml` beside it lists the failures that are known.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is wrong.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, CheckError> {
        let config = Config::read(path.as_ref())?;
        Ok(Self {
            policy_name: config.policy_name(),
            folder: Some(config.folder().to_owned()),
            routes: config.routes.into_iter().collect(),
            abilities: config.abilities,
            headers: config.headers,
            framework: config.framework,
            ..Self::of(config.policy)
        })
    }

    /// The path that stands for one of the suite's routes, such as `resource` or `status`. What
    /// needs a route that is not given is not applicable.
    #[must_use]
    pub fn route(mut self, name: impl Into<String>, path: impl Into<String>) -> Self {
        self.routes.push((name.into(), path.into()));
        self
    }

    /// What `resource` does beyond answering GET: `all-methods`, if it answers those with 200, and
    /// `exposed-header`, if it sends `X-Exposed: 1` and `X-Hidden: 1`.
    #[must_use]
    pub fn ability(mut self, name: impl Into<String>) -> Self {
        self.abilities.insert(name.into());
        self
    }

    /// Only scenarios whose id `glob` matches, or of this area; may be repeated.
    #[must_use]
    pub fn scenario(mut self, glob: impl Into<String>) -> Self {
        self.include.push(glob.into());
        self
    }

    /// Without scenarios whose id `glob` matches, or of this area; may be repeated.
    #[must_use]
    pub fn exclude(mut self, glob: impl Into<String>) -> Self {
        self.exclude.push(glob.into());
        self
    }

    /// The folder whose `known.toml` lists the failures that are known.
    #[must_use]
    pub fn known_in(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// The framework or library whose settings the report names where it says what mends a failure,
    /// such as `tower-http`. A name that is not known changes nothing.
    #[must_use]
    pub fn framework(mut self, name: impl Into<String>) -> Self {
        self.framework = Some(name.into());
        self
    }

    /// Asks `service`, an [`axum::Router`] or any other service of tower's, which is served on a
    /// free port of the loopback interface for as long as it takes. A report with failures is no
    /// error: [`Report::assert_expected`] makes it one.
    ///
    /// It needs a tokio runtime with I/O and time.
    ///
    /// # Errors
    ///
    /// The check makes no sense, or the service cannot be served.
    pub async fn service<S>(&self, service: S) -> Result<Report, CheckError>
    where
        S: Service<Request, Error = Infallible> + Clone + Send + Sync + 'static,
        S::Response: IntoResponse,
        S::Future: Send + 'static,
    {
        self.validate()?;
        let suite = Suite::embedded()?;
        let router = Router::new().fallback_service(service);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = reference::serve_router(router, address).await?;
        let report = self.report(&suite, &self.own(server.base_url().clone())).await;
        server.stop().await;
        report
    }

    async fn report(&self, suite: &Suite, own: &Own) -> Result<Report, CheckError> {
        let selection = Selection::new(&self.include, &self.exclude)?;
        let scenarios: Vec<_> = suite.scenarios().iter().filter(|it| selection.takes(it)).collect();
        if scenarios.is_empty() {
            return Err(CheckError::Nothing);
        }
        let asked = Asked::own(own)?;
        asked.check_known(suite)?;
        let plan = Plan {
            suite,
            scenarios,
            policies: own.policies(),
            targets: vec![asked],
            jobs: JOBS,
            transport: Transport::new(&TransportOptions::default())?,
            guardian: None,
            follow_elsewhere: false,
        };
        Ok(Report::of(&plan).await)
    }

    fn validate(&self) -> Result<(), CheckError> {
        self.policy.validate()?;
        for (name, path) in &self.routes {
            config::check_route(name, path).map_err(CheckError::Wrong)?;
        }
        for name in &self.abilities {
            config::check_ability(name).map_err(CheckError::Wrong)?;
        }
        match self.routes.iter().any(|(name, _)| name == "resource") {
            true => Ok(()),
            false => Err(CheckError::NoResource),
        }
    }

    fn own(&self, url: Url) -> Own {
        Own {
            place: Place::Here(url),
            title: "a service of this process".to_owned(),
            policy_name: self.policy_name.clone(),
            policy: self.policy.clone(),
            routes: self.routes.iter().cloned().collect(),
            abilities: self.abilities.clone(),
            headers: self.headers.clone(),
            folder: self.folder.clone(),
            framework: self.framework.as_deref().and_then(remedy::framework),
        }
    }
}
