//! What the roles of a scenario stand for.

use crate::requirement::ROUTES;
use crate::role::{HEADER_ROLES, Lookalike, METHOD_ROLES, ORIGIN_ROLES};
use crate::scenario::{Expect, Scenario, Step};

impl Scenario {
    /// Each role and route that it names, such as ``the origin `denied` ``, with what that stands for; each once, as they
    /// first occur.
    #[must_use]
    pub fn roles(&self) -> Vec<(String, String)> {
        let mut roles = Roles::default();
        for step in &self.step {
            roles.of_step(step);
            roles.of_expect(&step.expect);
        }
        for variant in self.accept.iter().flat_map(|variant| &variant.expect) {
            roles.of_expect(&variant.expect());
        }
        roles.0
    }
}

#[derive(Default)]
struct Roles(Vec<(String, String)>);

impl Roles {
    fn of_step(&mut self, step: &Step) {
        if let Some(fetch) = &step.fetch {
            self.origin(&fetch.origin);
            self.route(&fetch.route, fetch.to.as_deref());
            self.named("method", METHOD_ROLES, &fetch.method);
            fetch.headers.iter().for_each(|role| self.named("header", HEADER_ROLES, role));
        }
        if let Some(wire) = &step.wire {
            self.template(&wire.method);
            self.route(&wire.route, wire.to.as_deref());
            wire.headers.iter().for_each(|(_, value)| self.template(value));
        }
        if let Some(differential) = &step.differential {
            self.route(&differential.route, differential.to.as_deref());
            self.named("method", METHOD_ROLES, &differential.method);
        }
    }

    fn of_expect(&mut self, expect: &Expect) {
        for header in &expect.header {
            header.value.iter().chain(&header.values).for_each(|value| self.template(value));
        }
    }

    /// The roles in the templates of `text`.
    fn template(&mut self, text: &str) {
        for inner in text.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
            match inner.split_once(':') {
                Some(("origin" | "host", role)) => self.origin(role),
                Some(("method", role)) => self.named("method", METHOD_ROLES, role),
                Some(("header", role)) => {
                    let role = role.strip_suffix(":upper").unwrap_or(role);
                    self.named("header", HEADER_ROLES, role);
                }
                _ => {}
            }
        }
    }

    fn origin(&mut self, role: &str) {
        match Lookalike::named(role) {
            Some(lookalike) => self.add("origin", role, &lookalike_in_words(lookalike)),
            None => self.named("origin", ORIGIN_ROLES, role),
        }
    }

    fn route(&mut self, route: &str, to: Option<&str>) {
        self.named("route", ROUTES, route);
        to.into_iter().for_each(|to| self.named("route", ROUTES, to));
    }

    /// A role of a list; what is not in it is a literal.
    fn named(&mut self, kind: &str, list: &[(&str, &str)], role: &str) {
        if let Some((_, meaning)) = list.iter().find(|(name, _)| *name == role) {
            self.add(kind, role, meaning);
        }
    }

    fn add(&mut self, kind: &str, role: &str, meaning: &str) {
        let role = format!("the {kind} `{role}`");
        if self.0.iter().all(|(known, _)| *known != role) {
            self.0.push((role, meaning.to_owned()));
        }
    }
}

fn lookalike_in_words(lookalike: &Lookalike) -> String {
    let meaning = lookalike.meaning;
    format!("none that is allowed, and resembles one; for `https://app.example`: {meaning}")
}

#[cfg(test)]
mod tests {
    use crate::load::Suite;
    use crate::role::is_origin_role;

    #[test]
    fn every_role_of_a_page_is_explained() {
        for scenario in Suite::embedded().unwrap().scenarios() {
            let roles = scenario.roles();
            for fetch in scenario.step.iter().filter_map(|step| step.fetch.as_ref()) {
                assert!(is_origin_role(&fetch.origin));
                let told = format!("the origin `{}`", fetch.origin);
                let literal = fetch.origin.starts_with("literal:");
                assert!(literal || roles.iter().any(|(role, _)| *role == told), "{}", scenario.id);
            }
        }
    }

    #[test]
    fn a_template_names_its_role_once() {
        let suite = Suite::embedded().unwrap();
        let uses = |text: &str| {
            let scenario = suite.scenarios().iter().find(|scenario| {
                let wires = scenario.step.iter().filter_map(|step| step.wire.as_ref());
                wires.flat_map(|wire| &wire.headers).any(|(_, value)| value == text)
            });
            scenario.unwrap().roles()
        };
        let told = uses("{origin:userinfo-lookalike}");
        let of = |role: &str| told.iter().filter(|(it, _)| it == role).collect::<Vec<_>>();
        assert_eq!(of("the origin `userinfo-lookalike`").len(), 1);
        assert!(
            of("the origin `userinfo-lookalike`")[0].1.contains("https://app.example@evil.test")
        );
    }
}
