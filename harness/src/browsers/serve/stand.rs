//! What there is for visitors who call this server by one name: origins, servers, and the cases that
//! those origins suffice for.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use corspec_suite::case::{Action, Case, CaseStep, Instantiated};
use corspec_suite::policy::{OriginPattern, Policy};
use corspec_suite::role;
use corspec_targets::reference;
use serde_json::{Value, json};
use url::Url;

use super::Behind;
use crate::browsers::attempt::{Address, Planned, doable, fetches, is_parallel, takes_cookies};
use crate::browsers::world::Door;

/// Servers, and what they can be asked from the origins at hand.
#[derive(Debug)]
pub(super) struct Stand {
    /// The page's own origin.
    pub(super) origin: String,
    /// The host in it.
    pub(super) host: String,
    /// The cases.
    pub(super) cases: Vec<Here>,
    /// The policies that they are of.
    pub(super) policies: Vec<String>,
    /// How many steps cannot be done, by the reason.
    pub(super) impossible: BTreeMap<String, usize>,
    others: [Door; 2],
    servers: Vec<reference::Server>,
}

/// A case that can be performed here.
#[derive(Debug)]
pub(super) struct Here {
    pub(super) planned: Planned,
    /// Whether it takes the server that redirects to the target.
    pub(super) goes_elsewhere: bool,
    /// Whether cookies are in play, which all ports of a host share.
    alone: bool,
}

/// The origins that pages can have here, beside that of the target itself and the opaque one.
struct Origins {
    /// The page's own, which policies allow first.
    own: String,
    /// Another that they allow.
    other: String,
    /// One that no policy names.
    stranger: String,
}

impl Stand {
    /// Opens the page's other origins, and starts the reference under each policy.
    pub(super) async fn new(behind: &Behind, url: &Url) -> io::Result<Self> {
        let host = url.host_str().unwrap_or_default().to_owned();
        let door = || behind.world.door(behind.address, &host, &behind.used);
        let others = [door().await?, door().await?];
        let own = url.origin().ascii_serialization();
        let [other, stranger] = others.each_ref().map(Door::origin);
        let origins = Origins { own: own.clone(), other, stranger };
        let mut stand = Self {
            origin: own,
            host,
            cases: Vec::new(),
            policies: Vec::new(),
            impossible: BTreeMap::new(),
            others,
            servers: Vec::new(),
        };
        for name in &behind.offer.policies {
            let Some(policy) = behind.offer.suite.policies().get(name) else { continue };
            stand.add(behind, (name, &origins.policy(policy)), &origins).await?;
        }
        Ok(stand)
    }

    /// The origins that stay the same from case to case.
    pub(super) fn pages(&self) -> Vec<String> {
        let others = self.others.iter().map(Door::origin);
        std::iter::once(self.origin.clone()).chain(others).collect()
    }

    async fn add(
        &mut self,
        behind: &Behind,
        (name, policy): (&str, &Policy),
        origins: &Origins,
    ) -> io::Result<()> {
        let server = reference::serve(policy, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let offer = &behind.offer;
        for scenario in offer.scenarios.iter().filter_map(|id| offer.suite.scenario(id)) {
            let made = offer.suite.case(scenario, (name, policy), &offer.abilities);
            let Instantiated::Case(mut case) = made else { continue };
            self.keep_possible(&mut case, origins);
            if case.steps.is_empty() {
                continue;
            }
            let planned = Planned {
                target: reference_id(),
                case: *case,
                upstream: server.base_url().clone(),
                address: Address::Localhost,
            };
            self.cases.push(Here::new(planned));
        }
        self.policies.push(name.to_owned());
        self.servers.push(server);
        Ok(())
    }

    /// Leaves the steps that a page here can do, from origins that it can have, and counts the others.
    fn keep_possible(&mut self, case: &mut Case, origins: &Origins) {
        let mut why: Vec<_> = doable(case).map(|(_, why)| why).collect();
        for (index, why) in why.iter_mut().enumerate().filter(|(_, why)| why.is_none()) {
            let several = "it takes several visitors at the same time, and here is one";
            *why = is_parallel(case, index).then(|| several.to_owned());
        }
        for (step, why) in case.steps.iter_mut().zip(&mut why) {
            let Action::Fetch(fetch) = &mut step.action else { continue };
            let url = fetch.url.replace("{base}", "").replace("{elsewhere}", "");
            if why.is_none() && url.contains("://") {
                *why = Some("it leads to a host that is not here".to_owned());
            }
            match origins.stand_in(&fetch.origin, &case.policy) {
                Some(origin) => fetch.origin = origin,
                None if why.is_none() => {
                    let reason = "its page is of an origin that no port of this host can be";
                    *why = Some(reason.to_owned());
                }
                None => {}
            }
        }
        let mut steps = Vec::new();
        for (step, why) in std::mem::take(&mut case.steps).into_iter().zip(why) {
            match why {
                None => steps.push(CaseStep { alongside: false, ..step }),
                Some(why) => *self.impossible.entry(why).or_default() += 1,
            }
        }
        case.steps = steps;
    }
}

impl Here {
    fn new(planned: Planned) -> Self {
        let goes_elsewhere = fetches(&planned.case).any(|it| it.url.contains("{elsewhere}"));
        let alone = takes_cookies(&planned.case);
        Self { planned, goes_elsewhere, alone }
    }

    /// What the page needs to know of it beforehand.
    pub(super) fn outline(&self) -> Value {
        let case = &self.planned.case;
        let steps = case.steps.len();
        json!({"scenario": case.scenario, "policy": case.policy_name, "steps": steps, "alone": self.alone})
    }
}

impl Origins {
    /// `policy` with origins that are here in place of those that it names. What it leaves open stays.
    fn policy(&self, policy: &Policy) -> Policy {
        let mut here = [&self.own, &self.other].into_iter();
        let origins = policy.allow_origins.iter().filter_map(|pattern| match pattern {
            OriginPattern::Exact(_) => here.next().cloned().map(OriginPattern::Exact),
            OriginPattern::Any | OriginPattern::Subdomains { .. } => Some(pattern.clone()),
        });
        Policy { allow_origins: origins.collect(), ..policy.clone() }
    }

    /// The origin here that is to `policy` what `origin` is.
    fn stand_in(&self, origin: &str, policy: &Policy) -> Option<String> {
        if ["null", "{base}"].contains(&origin) {
            return Some(origin.to_owned());
        }
        let pairs = [
            ("allowed", &self.own),
            ("other-allowed", &self.other),
            ("denied", &self.stranger),
            ("other-port", &self.stranger),
        ];
        let is = |role: &str| role::origin(role, policy, None).is_ok_and(|it| it == origin);
        let found = pairs.into_iter().find(|(role, _)| is(role));
        let here = found.map(|(_, here)| here.clone());
        // What a pattern allows is allowed at no other origin.
        here.filter(|here| policy.allows_origin(here) == policy.allows_origin(origin))
    }
}

fn reference_id() -> String {
    corspec_targets::registry::REFERENCE.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins() -> Origins {
        let [own, other, stranger] = [1, 2, 3].map(|port| format!("http://127.0.0.1:{port}"));
        Origins { own, other, stranger }
    }

    fn stand_in(policy: &str, role: &str) -> Option<String> {
        let policy = origins().policy(&Policy::from_toml(policy).unwrap());
        origins().stand_in(&role::origin(role, &policy, None).unwrap(), &policy)
    }

    #[test]
    fn each_role_that_a_port_can_have_has_one() {
        let list =
            "allow-origins = ['https://a.example', 'https://b.example', 'https://c.example']";
        let origin = |port: u8| Some(format!("http://127.0.0.1:{port}"));
        assert_eq!(stand_in(list, "allowed"), origin(1));
        assert_eq!(stand_in(list, "other-allowed"), origin(2));
        assert_eq!(stand_in(list, "denied"), origin(3));
        assert_eq!(stand_in(list, "other-port"), origin(3));
        assert_eq!(stand_in("allow-origins = ['*']", "allowed"), origin(1));
        assert_eq!(stand_in(list, "null").as_deref(), Some("null"));
    }

    #[test]
    fn what_no_port_can_be_has_none() {
        let list = "allow-origins = ['https://a.example']";
        assert_eq!(stand_in(list, "literal:http://127.0.0.1.evil.test"), None);
        assert_eq!(stand_in("allow-origins = ['https://*.example.com']", "allowed"), None);
    }
}
