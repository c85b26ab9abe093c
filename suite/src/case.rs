//! Cases: a scenario made concrete for one policy and one target.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use corspec_fetch::origin::{InvalidOrigin, Origin};
use corspec_fetch::page::Page;
use corspec_fetch::request::{Body, CredentialsMode, Mode, RedirectMode, RequestInit};
use url::Url;

use crate::load::Suite;
use crate::policy::Policy;
use crate::requirement::{ABILITIES, Fact, ROUTES};
use crate::role;
use crate::run::RunRule;
use crate::scenario::{
    Basis, CredentialsChoice, Direction, Expect, FetchAction, Level, ModeChoice, RedirectChoice,
    Scenario, Step, WireAction,
};

mod answer;
mod probe;
mod template;

pub(crate) use answer::references;
pub use probe::Probe;
use template::Template;
pub(crate) use template::unknown_word;

/// What a target can do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Abilities {
    /// Path of each route that it serves, by the route's name; `{code}` and `{url}` stand for what varies.
    pub routes: BTreeMap<String, String>,
    /// Names of its other abilities.
    pub other: BTreeSet<String>,
    /// The origin at which it is asked, where that is known: it is not asked for as another's.
    pub origin: Option<String>,
}

impl Abilities {
    /// Those of a target that serves everything at the paths of launched targets.
    #[must_use]
    pub fn all() -> Self {
        Self {
            routes: ROUTES
                .iter()
                .map(|(name, path)| ((*name).to_owned(), (*path).to_owned()))
                .collect(),
            other: ABILITIES.iter().map(|(name, _)| (*name).to_owned()).collect(),
            origin: None,
        }
    }
}

/// What a scenario comes to under a policy on a target.
#[derive(Clone, Debug)]
pub enum Instantiated {
    /// A case to run.
    Case(Box<Case>),
    /// Nothing, for this reason.
    NotApplicable(String),
}

/// A scenario made concrete for one policy. `{base}` and `{elsewhere}` stand for servers until
/// [`Case::concretize`].
#[derive(Clone, Debug)]
pub struct Case {
    /// The scenario's id.
    pub scenario: String,
    /// The policy's name.
    pub policy_name: String,
    /// The policy.
    pub policy: Policy,
    /// A sentence that is true when the case passes.
    pub title: String,
    /// What the expectation rests on.
    pub basis: Basis,
    /// How binding it is.
    pub level: Level,
    /// What a failure means.
    pub direction: Option<Direction>,
    /// `standard#anchor step`.
    pub spec: String,
    /// A rule that every answer of the run must keep.
    pub rule: Option<RunRule>,
    /// Paths of the target's routes on which a server error is no fault; `{code}` stands for the status.
    pub failing: Vec<String>,
    /// What is done, in order.
    pub steps: Vec<CaseStep>,
    /// Variants that pass too.
    pub accept: Vec<CaseAccept>,
    /// The scenario's file.
    pub file: String,
}

/// One step of a case.
#[derive(Clone, Debug)]
pub struct CaseStep {
    /// Its name.
    pub name: String,
    /// How far the agent's clock moves before it.
    pub advance: Duration,
    /// Whether it is done at the same time as the step before it, each by a visitor with a browser of its own.
    pub alongside: bool,
    /// What is done.
    pub action: Action,
    /// What must come of it.
    pub expect: Expect,
}

/// A variant of a case: the steps named in it expect this instead.
#[derive(Clone, Debug)]
pub struct CaseAccept {
    /// Its name.
    pub name: String,
    /// Expectations by the step's name.
    pub expect: BTreeMap<String, Expect>,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum Action {
    /// A page calls `fetch()`.
    Fetch(FetchStep),
    /// A raw request.
    Wire(WireStep),
    /// Raw requests of several visitors for one URL, in this order.
    Differential(Vec<Probe>),
}

/// A page's call of `fetch()`.
#[derive(Clone, Debug)]
pub struct FetchStep {
    /// The page's origin, serialised.
    pub origin: String,
    /// The URL.
    pub url: String,
    /// The method.
    pub method: String,
    /// The headers that the page sets.
    pub headers: Vec<(String, String)>,
    /// The credentials mode.
    pub credentials: CredentialsMode,
    /// The mode.
    pub mode: Mode,
    /// The redirect mode.
    pub redirect: RedirectMode,
    /// The body.
    pub body: Option<String>,
    /// The body's own type; absent: a string's.
    pub body_type: Option<String>,
    /// Whether a preflight is asked in any case.
    pub use_cors_preflight: bool,
}

impl FetchStep {
    /// The page that fetches: the first one of its origin's site, where that is one of the web. What is opaque or an
    /// app's own has no URL that browsers would show.
    ///
    /// # Errors
    /// When the origin is none, as a scenario's `literal:…` may be.
    pub fn page(&self) -> Result<Page, InvalidOrigin> {
        let origin = Origin::parse(&self.origin)?;
        let url =
            Url::parse(&self.origin).ok().filter(|it| matches!(it.scheme(), "http" | "https"));
        Ok(Page { url, ..Page::at(origin) })
    }

    /// What the page hands to `fetch()`.
    #[must_use]
    pub fn init(&self) -> RequestInit {
        let bytes = |(name, value): &(String, String)| {
            (name.clone().into_bytes(), value.clone().into_bytes())
        };
        let mut init = RequestInit::get(&self.url);
        init.method = self.method.clone().into_bytes();
        init.headers = self.headers.iter().map(bytes).collect();
        init.credentials = self.credentials;
        init.mode = self.mode;
        init.redirect = self.redirect;
        init.use_cors_preflight = self.use_cors_preflight;
        init.body = self.body.as_deref().map(|text| {
            let mut body = Body::text(text);
            if self.body_type.is_some() {
                body.content_type.clone_from(&self.body_type);
            }
            body
        });
        init
    }
}

/// A raw request.
#[derive(Clone, Debug)]
pub struct WireStep {
    /// The method.
    pub method: String,
    /// The URL.
    pub url: String,
    /// The header lines.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<String>,
}

impl Suite {
    /// What `scenario` comes to under `policy` on a target of these abilities.
    #[must_use]
    pub fn case(
        &self,
        scenario: &Scenario,
        (name, policy): (&str, &Policy),
        abilities: &Abilities,
    ) -> Instantiated {
        match instantiate(scenario, name, policy, abilities) {
            Ok(case) => Instantiated::Case(Box::new(case)),
            Err(reason) => Instantiated::NotApplicable(reason),
        }
    }
}

impl Case {
    /// The case with the URLs (scheme, host and port, no slash at the end) of the target and of the
    /// server [elsewhere](crate::scenario::FetchAction::through_elsewhere) in their places.
    #[must_use]
    pub fn concretize(mut self, base: &str, elsewhere: &str) -> Self {
        let put = |text: &mut String| {
            if text.contains('{') {
                *text = text.replace("{elsewhere}", elsewhere).replace("{base}", base);
            }
        };
        let wire = |wire: &mut WireStep| {
            put(&mut wire.url);
            wire.headers.iter_mut().for_each(|(_, value)| put(value));
        };
        for step in &mut self.steps {
            match &mut step.action {
                Action::Fetch(fetch) => {
                    put(&mut fetch.url);
                    put(&mut fetch.origin);
                }
                Action::Wire(request) => wire(request),
                Action::Differential(probes) => {
                    probes.iter_mut().for_each(|p| wire(&mut p.request))
                }
            }
        }
        self
    }
}

/// The routes whose very purpose is an error.
const FAILING: [&str; 2] = ["throws", "status"];

fn instantiate(
    scenario: &Scenario,
    name: &str,
    policy: &Policy,
    abilities: &Abilities,
) -> Result<Case, String> {
    if !scenario.policies.is_empty() && !scenario.policies.iter().any(|p| p == name) {
        return Err(format!("it is for the policies {} alone", scenario.policies.join(", ")));
    }
    for requirement in &scenario.requires {
        check(requirement, policy, abilities)?;
    }
    let template = Template { policy, abilities };
    let rule = RunRule::of(scenario);
    let steps = steps(scenario, &template, rule)?;
    let mut accept = Vec::new();
    for variant in &scenario.accept {
        let expects = variant.expect.iter();
        let expect = expects
            .map(|e| Ok((e.step.clone(), expect(&e.expect(), &template)?)))
            .collect::<Result<_, String>>()?;
        accept.push(CaseAccept { name: variant.name.clone(), expect });
    }
    Ok(Case {
        scenario: scenario.id.clone(),
        policy_name: name.to_owned(),
        policy: policy.clone(),
        title: scenario.title.clone(),
        basis: scenario.basis,
        level: scenario.level,
        direction: scenario.direction,
        spec: scenario.spec.clone(),
        rule,
        failing: FAILING.iter().filter_map(|route| abilities.routes.get(*route)).cloned().collect(),
        steps,
        accept,
        file: scenario.file.clone(),
    })
}

fn steps(
    scenario: &Scenario,
    template: &Template<'_>,
    rule: Option<RunRule>,
) -> Result<Vec<CaseStep>, String> {
    let expanded = expanded(scenario, template)?;
    let mut steps = Vec::with_capacity(expanded.len());
    for (name, step) in expanded {
        let action = match action(&step, template) {
            // A rule over the run looks at whatever is answered: what a policy has no value for is left out.
            Err(_) if rule.is_some() => continue,
            action => action?,
        };
        steps.push(CaseStep {
            name,
            advance: Duration::from_secs(step.advance),
            alongside: step.alongside,
            action,
            expect: expect(&step.expect, template)?,
        });
    }
    match steps.is_empty() {
        true => Err("none of its requests can be made here".to_owned()),
        false => Ok(steps),
    }
}

/// The steps with their names, but for those of routes that need not be there and are not; one for every allowed origin
/// is as many as there are.
fn expanded<'a>(
    scenario: &'a Scenario,
    template: &Template<'_>,
) -> Result<Vec<(String, Cow<'a, Step>)>, String> {
    let is_served = |step: &Step| {
        let routes = &template.abilities.routes;
        !step.where_served || step.routes().all(|route| routes.contains_key(route))
    };
    let mut expanded = Vec::new();
    for (index, step) in scenario.step.iter().enumerate().filter(|(_, step)| is_served(step)) {
        let name = step.name_at(index);
        match step.fetch.as_ref().filter(|fetch| fetch.origin == role::EVERY_ALLOWED) {
            None => expanded.push((name, Cow::Borrowed(step))),
            Some(fetch) => {
                for origin in role::every_allowed(template.policy, template.own())? {
                    let fetch =
                        FetchAction { origin: format!("literal:{origin}"), ..fetch.clone() };
                    let step = Step { fetch: Some(fetch), ..step.clone() };
                    expanded.push((format!("{name} of {origin}"), Cow::Owned(step)));
                }
            }
        }
    }
    Ok(expanded)
}

fn action(step: &Step, template: &Template<'_>) -> Result<Action, String> {
    match (&step.fetch, &step.wire, &step.differential) {
        (Some(fetch), ..) => Ok(Action::Fetch(fetch_step(fetch, template)?)),
        (_, Some(wire), _) => Ok(Action::Wire(wire_step(wire, template)?)),
        (_, _, Some(differential)) => {
            Ok(Action::Differential(probe::probes(differential, template)?))
        }
        (None, None, None) => Err("a step of it does nothing".to_owned()),
    }
}

fn check(requirement: &str, policy: &Policy, abilities: &Abilities) -> Result<(), String> {
    if let Some(route) = requirement.strip_prefix("route:") {
        return match abilities.routes.contains_key(route) {
            true => Ok(()),
            false => Err(format!("the target has no route `{route}`")),
        };
    }
    if let Some(ability) = requirement.strip_prefix("ability:") {
        return match abilities.other.contains(ability) {
            true => Ok(()),
            false => Err(format!("the target lacks the ability `{ability}`")),
        };
    }
    match Fact::named(requirement) {
        Some(fact) if fact.holds(policy) => Ok(()),
        Some(fact) => Err(format!("it needs a policy that {}", fact.meaning)),
        None => Err(format!("there is no requirement `{requirement}`")),
    }
}

fn fetch_step(fetch: &FetchAction, template: &Template<'_>) -> Result<FetchStep, String> {
    let policy = template.policy;
    let mut headers = Vec::new();
    for role in &fetch.headers {
        headers.extend(role::header(role, policy)?);
    }
    let query = fetch.query.as_deref();
    let url = template.url(&fetch.route, fetch.code, fetch.to.as_deref(), query)?;
    let url = longer(&url, fetch.suffix.as_deref().unwrap_or_default());
    Ok(FetchStep {
        origin: template.origin(&fetch.origin)?,
        url: if fetch.through_elsewhere { format!("{{elsewhere}}/to/{url}") } else { url },
        method: role::method(&fetch.method, policy)?,
        headers,
        credentials: match fetch.credentials {
            CredentialsChoice::Omit => CredentialsMode::Omit,
            CredentialsChoice::SameOrigin => CredentialsMode::SameOrigin,
            CredentialsChoice::Include => CredentialsMode::Include,
            CredentialsChoice::AsPolicy if policy.allow_credentials => CredentialsMode::Include,
            CredentialsChoice::AsPolicy => CredentialsMode::Omit,
        },
        mode: match fetch.mode {
            ModeChoice::Cors => Mode::Cors,
            ModeChoice::NoCors => Mode::NoCors,
            ModeChoice::SameOrigin => Mode::SameOrigin,
        },
        redirect: match fetch.redirect {
            RedirectChoice::Follow => RedirectMode::Follow,
            RedirectChoice::Error => RedirectMode::Error,
            RedirectChoice::Manual => RedirectMode::Manual,
        },
        body: fetch.body.clone(),
        body_type: fetch.body_type.clone(),
        use_cors_preflight: fetch.use_cors_preflight,
    })
}

/// A URL with `suffix` at the end of its path.
fn longer(url: &str, suffix: &str) -> String {
    let end = url.find('?').unwrap_or(url.len());
    let (path, query) = url.split_at(end);
    format!("{path}{suffix}{query}")
}

fn wire_step(wire: &WireAction, template: &Template<'_>) -> Result<WireStep, String> {
    let header = |(name, value): &(String, String)| Ok((name.clone(), template.fill(value)?));
    Ok(WireStep {
        method: template.fill(&wire.method)?,
        url: template.url(&wire.route, wire.code, wire.to.as_deref(), wire.query.as_deref())?,
        headers: wire.headers.iter().map(header).collect::<Result<_, String>>()?,
        body: wire.body.clone(),
    })
}

fn expect(expect: &Expect, template: &Template<'_>) -> Result<Expect, String> {
    let mut filled = expect.clone();
    for header in &mut filled.header {
        for value in header.value.iter_mut().chain(&mut header.values) {
            *value = template.fill(value)?;
        }
    }
    for names in &mut filled.visible_where_sent {
        *names = template.fill(names)?;
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    use test_case::test_case;

    use crate::scenario::AreaFile;

    fn count(abilities: &Abilities) -> usize {
        let suite = Suite::embedded().unwrap();
        let pairs = suite
            .scenarios()
            .iter()
            .flat_map(|scenario| suite.policies().iter().map(move |policy| (scenario, policy)));
        pairs
            .filter(|(scenario, (name, policy))| {
                matches!(suite.case(scenario, (name, policy), abilities), Instantiated::Case(_))
            })
            .count()
    }

    #[test]
    fn a_step_of_every_allowed_origin_is_one_for_each() {
        let suite = Suite::embedded().unwrap();
        let id = "origins/every-allowed-origin-is-readable";
        let scenario = suite.scenarios().iter().find(|it| it.id == id).unwrap();
        let origins = ["https://a.example", "https://b.example", "https://c.example"];
        let policy = Policy::from_toml(&format!("allow-origins = {origins:?}")).unwrap();
        let origin = Some(origins[1].to_owned());
        let abilities = Abilities { origin, ..Abilities::all() };
        let made = suite.case(scenario, ("p", &policy), &abilities);
        let Instantiated::Case(case) = made else { panic!("{made:?}") };
        let names: Vec<_> = case.steps.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["1 of https://a.example", "1 of https://c.example"]);
    }

    #[test]
    fn a_full_target_has_at_least_five_hundred_cases() {
        let cases = count(&Abilities::all());
        assert!(cases >= 500, "{cases}");
    }

    #[test]
    fn a_target_without_routes_has_no_case() {
        assert_eq!(count(&Abilities::default()), 0);
    }

    #[test]
    fn every_scenario_is_a_case_under_some_policy() {
        let suite = Suite::embedded().unwrap();
        let null =
            Policy::from_toml("allow-origins = ['https://a.example']\nallow-null-origin = true")
                .unwrap();
        for scenario in suite.scenarios() {
            let policies = suite.policies().iter().map(|(name, policy)| (name.as_str(), policy));
            let applicable = policies.chain([("null", &null)]).any(|policy| {
                matches!(suite.case(scenario, policy, &Abilities::all()), Instantiated::Case(_))
            });
            assert!(applicable, "{}", scenario.id);
        }
    }

    #[test]
    fn every_page_of_a_case_parses_once_concrete() {
        let suite = Suite::embedded().unwrap();
        for scenario in suite.scenarios() {
            for (name, policy) in suite.policies() {
                let Instantiated::Case(case) =
                    suite.case(scenario, (name, policy), &Abilities::all())
                else {
                    continue;
                };
                for step in case.concretize("http://127.0.0.1:8000", "http://127.0.0.1:8001").steps
                {
                    if let Action::Fetch(fetch) = step.action {
                        let page = fetch.page().unwrap();
                        // What the referrer is made from.
                        let is_of_the_web = fetch.origin.starts_with("http");
                        assert_eq!(page.url.is_some(), is_of_the_web, "{}", fetch.origin);
                        let url = fetch.init().url;
                        let first = url.strip_prefix("http://127.0.0.1:8001/to/").unwrap_or(&url);
                        assert!(first.starts_with("http://127.0.0.1:8000/"), "{}", scenario.id);
                    }
                }
            }
        }
    }

    /// Names of the steps that are done of three that ask a target with the route `vary` alone.
    fn done(where_served: [bool; 3]) -> Result<Vec<String>, String> {
        let step = |(route, may): (&str, bool)| {
            format!(
                "[[scenario.step]]\nname = '{route}'\nwhere-served = {may}\nwire = {{ route = '{route}' }}\n"
            )
        };
        let steps: String =
            ["vary", "throws", "slash"].into_iter().zip(where_served).map(step).collect();
        let text = format!(
            "area = 's'\nabout = ''\n[[scenario]]\nid = 's/a'\ntitle = ''\nwhy = ''\nimpact = ''\nspec = ''\n\
             basis = 'http'\nlevel = 'observe'\n{steps}"
        );
        let area: AreaFile = toml::from_str(&text).unwrap();
        let routes = [("vary".to_owned(), "/vary".to_owned())].into_iter().collect();
        let abilities = Abilities { routes, ..Abilities::default() };
        let case = instantiate(&area.scenario[0], "p", &Policy::default(), &abilities)?;
        Ok(case.steps.into_iter().map(|step| step.name).collect())
    }

    #[test]
    fn what_may_be_left_out_is_where_its_route_is_missing() {
        assert_eq!(done([true; 3]), Ok(vec!["vary".to_owned()]));
        assert_eq!(done([true, true, false]), Err("the target has no route `slash`".to_owned()));
    }

    #[test]
    fn a_case_of_which_nothing_is_left_is_not_applicable() {
        let text = "area = 's'\nabout = ''\n[[scenario]]\nid = 's/a'\ntitle = ''\nwhy = ''\nimpact = ''\nspec = ''\n\
                    basis = 'http'\nlevel = 'observe'\n[[scenario.step]]\nwhere-served = true\nwire = { route = 'redirect', to = 'vary' }\n";
        let area: AreaFile = toml::from_str(text).unwrap();
        let mut abilities = Abilities::all();
        assert!(instantiate(&area.scenario[0], "p", &Policy::default(), &abilities).is_ok());
        abilities.routes.remove("vary");
        let error = instantiate(&area.scenario[0], "p", &Policy::default(), &abilities);
        assert_eq!(error.unwrap_err(), "none of its requests can be made here");
    }

    #[test_case("{base}/a", "+b", "{base}/a+b" ; "a path")]
    #[test_case("{base}/a?c=d", "+b", "{base}/a+b?c=d" ; "before a query")]
    #[test_case("{base}/a?c=d", "", "{base}/a?c=d" ; "nothing")]
    fn a_suffix_is_of_the_path(url: &str, suffix: &str, expected: &str) {
        assert_eq!(longer(url, suffix), expected);
    }

    #[test_case("credentials", "it needs a policy that allows credentials" ; "fact")]
    #[test_case("route:private", "the target has no route `private`" ; "route")]
    #[test_case("ability:all-methods", "the target lacks the ability `all-methods`" ; "ability")]
    fn what_is_missing_is_said_in_words(requirement: &str, reason: &str) {
        let error = check(requirement, &Policy::default(), &Abilities::default());
        assert_eq!(error, Err(reason.to_owned()));
    }
}
