//! The targets' servers, each under every policy, for as long as browsers ask them.

use std::net::{Ipv4Addr, SocketAddr};

use corspec_suite::case::{Abilities, Case, Instantiated};
use corspec_suite::load::Suite;
use corspec_suite::policy::{OriginPattern, Policy};
use corspec_suite::scenario::Scenario;
use corspec_targets::guardian::Guardian;
use corspec_targets::launch::{Launch, Running, launch};
use corspec_targets::reference;
use corspec_targets::registry::Target;
use url::Url;

use super::attempt::{Address, Planned, repeats_answer};
use crate::runner;
use crate::transport::Transport;

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
    /// Starts `target` under `policy` and adds the cases that `scenarios` come to; where a page says what
    /// somebody else was answered, `transport` asks beforehand.
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
        transport: &Transport,
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
        let abilities = Abilities {
            routes: target.routes(),
            other: target.other_abilities().clone(),
            origin: None,
        };
        for scenario in scenarios {
            if let Instantiated::Case(case) = suite.case(scenario, (name, policy), &abilities) {
                let upstream = server.base_url().clone();
                let case = with_answers(*case, &upstream, transport).await;
                let id = &target.id;
                if allows_localhost(policy) {
                    let (target, case) = (format!("{id} at http://localhost"), case.clone());
                    let upstream = upstream.clone();
                    self.cases.push(Planned {
                        target,
                        case,
                        upstream,
                        address: Address::Localhost,
                    });
                }
                let (target, address) = (id.clone(), Address::Encrypted);
                self.cases.push(Planned { target, case, upstream, address });
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

/// Whether pages of a developer's machine may ask.
fn allows_localhost(policy: &Policy) -> bool {
    let is_local = |it: &OriginPattern| matches!(it, OriginPattern::Exact(origin) if origin.starts_with("http://localhost"));
    policy.allow_origins.iter().any(is_local)
}

/// The case whose pages say what the server at `upstream` answered somebody else before. Where it
/// answered no such thing, they cannot, and the case stays as it is.
async fn with_answers(mut case: Case, upstream: &Url, transport: &Transport) -> Case {
    if !case.steps.iter().any(|step| repeats_answer(&step.action)) {
        return case;
    }
    let base = upstream.as_str().trim_end_matches('/');
    let asked = runner::ask(&case.clone().concretize(base, base), upstream, base, transport).await;
    let records = asked.unwrap_or_default();
    for index in 0..case.steps.len() {
        if let (true, Ok(action)) =
            (repeats_answer(&case.steps[index].action), case.action(index, &records))
        {
            case.steps[index].action = action;
        }
    }
    case
}

impl Server {
    fn base_url(&self) -> &Url {
        match self {
            Self::Reference(server) => server.base_url(),
            Self::Launched(running) => &running.base_url,
        }
    }
}

#[cfg(test)]
mod tests {
    use corspec_suite::case::Action;
    use corspec_targets::reference::Server;

    use super::*;
    use crate::transport::TransportOptions;

    async fn header(upstream: &Url) -> String {
        let suite = Suite::embedded().unwrap();
        let scenario = suite.scenario("representations/page-can-ask-whether-a-document-changed");
        let policy = ("wildcards", &suite.policies()["wildcards"]);
        let made = suite.case(scenario.unwrap(), policy, &Abilities::all());
        let Instantiated::Case(case) = made else { panic!("not applicable") };
        let transport = Transport::new(&TransportOptions::default()).unwrap();
        let case = with_answers(*case, upstream, &transport).await;
        let Action::Fetch(fetch) = &case.steps[1].action else { panic!("no page asks") };
        fetch.headers[0].1.clone()
    }

    #[tokio::test]
    async fn a_page_says_what_was_answered_before() {
        let suite = Suite::embedded().unwrap();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server: Server =
            reference::serve(&suite.policies()["wildcards"], address).await.unwrap();
        let etag = header(server.base_url()).await;
        assert!(etag.starts_with('"') || etag.starts_with("W/"), "{etag}");
        server.stop().await;
    }

    #[tokio::test]
    async fn what_was_not_answered_is_not_filled_in() {
        // Port 0 takes no connection.
        let nowhere = Url::parse("http://127.0.0.1:0/").unwrap();
        assert_eq!(header(&nowhere).await, "{answer:first:etag}");
    }
}
