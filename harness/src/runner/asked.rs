//! Whom a run asks: a target, or a user's own server.

use std::path::Path;

use corspec_suite::case::{Abilities, Instantiated};
use corspec_suite::load::Suite;
use corspec_targets::known::{Known, KnownError};
use corspec_targets::registry::{Availability, Target};

use crate::own::Own;
use crate::remedy::{self, Framework};
use crate::runner::secret::Secrets;

/// A target or a user's own server, with the failures that are known of it.
#[derive(Debug)]
pub struct Asked<'a> {
    pub(super) whom: Whom<'a>,
    known: Known,
}

#[derive(Debug)]
pub(super) enum Whom<'a> {
    Target { target: &'a Target, variant: Option<String> },
    Own(&'a Own),
}

impl<'a> Asked<'a> {
    /// A target, by the variant that was named, with the failures that are known of it.
    ///
    /// # Errors
    ///
    /// Its `known.toml` cannot be used.
    pub fn new(target: &'a Target, variant: Option<String>) -> Result<Self, Box<KnownError>> {
        let known = target.folder.as_deref().map(Known::read).transpose()?.unwrap_or_default();
        Ok(Self { whom: Whom::Target { target, variant }, known })
    }

    /// A user's own server, with the failures that the `known.toml` beside its configuration lists.
    ///
    /// # Errors
    ///
    /// That `known.toml` cannot be used.
    pub fn own(own: &'a Own) -> Result<Self, Box<KnownError>> {
        let known = own.folder().map(Known::read).transpose()?.unwrap_or_default();
        Ok(Self { whom: Whom::Own(own), known })
    }

    /// Makes sure that everything in its `known.toml` speaks of a case that `suite` has for it.
    ///
    /// # Errors
    ///
    /// What speaks of none.
    pub fn check_known(&self, suite: &Suite) -> Result<(), Box<KnownError>> {
        if self.known.entries().is_empty() {
            return Ok(());
        }
        let abilities = self.abilities();
        let policies: Vec<_> = match &self.whom {
            Whom::Target { .. } => {
                suite.policies().iter().map(|(name, it)| (&**name, it)).collect()
            }
            Whom::Own(own) => own.policies().into_iter().collect(),
        };
        let pairs = policies
            .into_iter()
            .flat_map(|policy| suite.scenarios().iter().map(move |it| (it, policy)))
            .filter(|(it, policy)| {
                matches!(suite.case(it, *policy, &abilities), Instantiated::Case(_))
            });
        let cases: Vec<_> = pairs.map(|(it, (policy, _))| (it.id.as_str(), policy)).collect();
        self.known.check_matches(&cases)
    }

    /// Whether the run starts a process for it, which needs a guardian.
    #[must_use]
    pub fn is_launched(&self) -> bool {
        match &self.whom {
            Whom::Target { target, .. } => !target.is_builtin(),
            Whom::Own(own) => own.is_launched(),
        }
    }

    /// What is known of it.
    pub(super) fn known(&self) -> &Known {
        &self.known
    }

    /// The folder that its `known.toml` belongs into, if it has one.
    #[must_use]
    pub fn folder(&self) -> Option<&'a Path> {
        match &self.whom {
            Whom::Target { target, .. } => target.folder.as_deref(),
            Whom::Own(own) => own.folder(),
        }
    }

    /// Its name in reports: the id, with the variant after an `@`.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.whom {
            Whom::Target { target, variant: None } => target.id.clone(),
            Whom::Target { target, variant: Some(variant) } => format!("{}@{variant}", target.id),
            Whom::Own(_) => Own::ID.to_owned(),
        }
    }

    /// What it is, in words.
    pub(super) fn title(&self) -> String {
        match &self.whom {
            Whom::Target { target, .. } => target.manifest.name.clone(),
            Whom::Own(own) => own.title(),
        }
    }

    /// What it can do.
    #[must_use]
    pub fn abilities(&self) -> Abilities {
        match &self.whom {
            Whom::Target { target, .. } => Abilities {
                routes: target.routes(),
                other: target.other_abilities().clone(),
                origin: None,
            },
            Whom::Own(own) => own.abilities(),
        }
    }

    /// Whose settings to name in hints: a target's library, or what the user named, where it is known.
    pub(super) fn framework(&self) -> Option<&'static Framework> {
        match &self.whom {
            Whom::Target { target, .. } => remedy::framework(&target.manifest.library),
            Whom::Own(own) => own.framework(),
        }
    }

    /// What is sent with every request and never shown.
    pub(super) fn secrets(&self) -> Secrets {
        match &self.whom {
            Whom::Target { .. } => Secrets::default(),
            Whom::Own(own) => Secrets::of(own.headers()),
        }
    }

    /// What starts the same server again by hand, under a policy and at a port.
    pub(super) fn serve_line(&self, policy: &str, port: &str) -> Option<String> {
        match &self.whom {
            Whom::Target { .. } => {
                let name = self.name();
                Some(format!("corspec serve {name} --policy {policy} --port {port}"))
            }
            Whom::Own(_) => None,
        }
    }

    /// Runs the checks of what it needs, which may take a while.
    pub(super) async fn availability(&self) -> Result<Availability, String> {
        let Whom::Target { target, variant } = &self.whom else {
            return Ok(Availability::Available);
        };
        let (target, variant) = ((*target).clone(), variant.clone());
        let checked = tokio::task::spawn_blocking(move || target.availability(variant.as_deref()));
        checked.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
    }
}
