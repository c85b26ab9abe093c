//! The targets' servers, each under every policy, for as long as browsers ask them.

use std::net::{Ipv4Addr, SocketAddr};

use corspec_suite::case::{Abilities, Instantiated};
use corspec_suite::load::Suite;
use corspec_suite::policy::Policy;
use corspec_suite::scenario::Scenario;
use corspec_targets::guardian::Guardian;
use corspec_targets::launch::{Launch, Running, launch};
use corspec_targets::reference;
use corspec_targets::registry::Target;
use url::Url;

use super::attempt::Planned;

/// Servers that run, and the cases that there are for them.
#[derive(Debug, Default)]
pub struct Servers {
    /// The cases.
    pub cases: Vec<Planned>,
    /// Which target refuses which policy, and why.
    pub refused: Vec<String>,
    running: Vec<Server>,
}

#[derive(Debug)]
enum Server {
    Reference(reference::Server),
    Launched(Box<Running>),
}

impl Servers {
    /// Starts `target` under `policy` and adds the cases that `scenarios` come to.
    ///
    /// # Errors
    ///
    /// It cannot be started, in words.
    pub async fn add(
        &mut self,
        target: &Target,
        (name, policy): (&str, &Policy),
        (suite, scenarios): (&Suite, &[&Scenario]),
        guardian: &Guardian,
    ) -> Result<(), String> {
        let server = if target.is_builtin() {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
            let server = reference::serve(policy, address).await;
            Server::Reference(server.map_err(|error| error.to_string())?)
        } else {
            match launch(target, None, &policy.to_json(), guardian).await {
                Launch::Running(running) => Server::Launched(running),
                Launch::RefusedConfig { message } => {
                    let why = message.lines().last().unwrap_or_default();
                    self.refused.push(format!("{} under {name}: {why}", target.id));
                    return Ok(());
                }
                Launch::Failed { message, output, .. } => {
                    return Err(format!("{} under {name}: {message}\n{output}", target.id));
                }
            }
        };
        let abilities =
            Abilities { routes: target.routes(), other: target.other_abilities().clone() };
        for scenario in scenarios {
            if let Instantiated::Case(case) = suite.case(scenario, (name, policy), &abilities) {
                let upstream = server.base_url().clone();
                self.cases.push(Planned { target: target.id.clone(), case: *case, upstream });
            }
        }
        self.running.push(server);
        Ok(())
    }

    /// Stops them all.
    pub async fn stop(self) {
        for server in self.running {
            match server {
                Server::Reference(server) => server.stop().await,
                Server::Launched(running) => drop(running.stop().await),
            }
        }
    }
}

impl Server {
    fn base_url(&self) -> &Url {
        match self {
            Self::Reference(server) => server.base_url(),
            Self::Launched(running) => &running.base_url,
        }
    }
}
