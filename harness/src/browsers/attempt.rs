//! A case as a browser performs it once: hosts of its own, the steps that a page can do, and why it
//! cannot do the others.

use std::time::Duration;

use corspec_fetch::blocked::bad_port;
use corspec_fetch::request::{CredentialsMode, Mode, RedirectMode};
use corspec_suite::case::{Action, Case, CaseStep, FetchStep};
use serde_json::{Value, json};
use url::Url;

use super::world::{OPAQUE_PAGE, PAGE, Received, Recording, World};

/// For how long a page waits at most where a step comes later: longer than browsers remember a
/// preflight without a max-age.
const LONGEST_WAIT: Duration = Duration::from_secs(6);

/// When a page gives up a fetch.
const PATIENCE: Duration = Duration::from_secs(20);

/// The domain of the hosts at which targets stand, and of the server that redirects to them.
const DOMAINS: [&str; 2] = ["target.test", "elsewhere.test"];

/// The host of the page around a sandboxed frame.
pub(super) const AROUND: &str = "pages.test";

/// A case of the plan.
#[derive(Debug)]
pub struct Planned {
    /// The target's name.
    pub target: String,
    /// The case.
    pub case: Case,
    /// Where the target listens.
    pub upstream: Url,
    /// Where pages find it.
    pub address: Address,
}

/// Where pages find a target.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Address {
    /// At `https://target.test`.
    Encrypted,
    /// At a port of `http://localhost`, as on a developer's machine; where cookies are in play, of a
    /// name below it.
    Localhost,
}

/// A case, performed once.
#[derive(Debug)]
pub(super) struct Attempt<'a> {
    pub(super) planned: &'a Planned,
    /// Unlike any other's, and a label of its hosts.
    pub(super) id: String,
    /// What its pages do.
    pub(super) steps: Vec<PageStep>,
    recordings: Vec<Recording>,
    /// Ports of `localhost` that are its servers', with a colon.
    ports: Vec<String>,
}

/// Where an attempt's servers and its opaque pages stand: origins.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The target.
    pub(super) base: String,
    /// The server that redirects to it.
    pub(super) elsewhere: String,
    /// The page around a sandboxed frame.
    pub(super) around: String,
}

/// A step that a page can do.
#[derive(Debug)]
pub(super) struct PageStep {
    pub(super) name: String,
    pub(super) wait: Duration,
    pub(super) fetch: FetchStep,
    /// Who does it: 0 does what is done alone, and each other number one step at the same time as
    /// others. The hosts of a visitor are their own, so that the browser knows nothing of them yet.
    pub(super) visitor: usize,
    alongside: bool,
    around: String,
}

impl<'a> Attempt<'a> {
    /// The case of `planned` with hosts that no other attempt has; `elsewhere` is the server that
    /// redirects to targets.
    pub(super) fn new(planned: &'a Planned, id: String, elsewhere: &Url, world: &World) -> Self {
        let visitors = cast(&planned.case).map(|(_, visitor)| visitor).max().unwrap_or_default();
        let scheme = planned.address.scheme();
        let mut ports = Vec::new();
        let stages = (0..=visitors).map(|visitor| {
            let label = if visitor == 0 { id.clone() } else { format!("visitor-{visitor}.{id}") };
            let hosts = match planned.address {
                Address::Encrypted => DOMAINS.map(|domain| format!("{label}.{domain}")),
                Address::Localhost => DOMAINS.map(|_| {
                    let port = format!(":{}", world.port());
                    // Cookies are shared by all ports of a host.
                    let own = if takes_cookies(&planned.case) { &*label } else { "" };
                    let host = format!("{own}.localhost{port}");
                    ports.push(port);
                    host.trim_start_matches('.').to_owned()
                }),
            };
            let [target, other] = &hosts;
            let recording = world.record(&[(target, &planned.upstream), (other, elsewhere)]);
            let [base, elsewhere] = hosts.map(|host| format!("{scheme}://{host}"));
            (Place { base, elsewhere, around: format!("{scheme}://{AROUND}") }, recording)
        });
        let stages = stages.collect();
        Self { ports, ..Self::at(planned, id, stages) }
    }

    /// The case of `planned` where the servers of each visitor are at a place, which records what
    /// they receive. There is one place at least, and visitors without one do nothing.
    pub(super) fn at(planned: &'a Planned, id: String, stages: Vec<(Place, Recording)>) -> Self {
        let steps = cast(&planned.case).filter_map(|(index, visitor)| {
            let (place, _) = stages.get(visitor)?;
            let case = planned.case.clone().concretize(&place.base, &place.elsewhere);
            let Action::Fetch(fetch) = &case.steps[index].action else { return None };
            let step = &planned.case.steps[index];
            Some(PageStep {
                name: step.name.clone(),
                wait: wait(&planned.case, step),
                fetch: fetch.clone(),
                visitor,
                alongside: step.alongside,
                around: place.around.clone(),
            })
        });
        let steps = steps.collect();
        let recordings = stages.into_iter().map(|(_, recording)| recording).collect();
        Self { planned, id, steps, recordings, ports: Vec::new() }
    }

    /// What servers received of each visitor since this was asked last.
    pub(super) fn received(&self) -> Vec<Vec<Received>> {
        self.recordings.iter().map(Recording::take).collect()
    }

    /// The text without what makes this attempt unlike the next.
    pub(super) fn stable(&self, text: &str) -> String {
        let ports = self.ports.iter();
        let without = ports.fold(text.to_owned(), |text, port| text.replace(port, ""));
        without.replace(&format!("{}.", self.id), "")
    }
}

impl Address {
    fn scheme(self) -> &'static str {
        match self {
            Self::Encrypted => "https",
            Self::Localhost => "http",
        }
    }
}

impl PageStep {
    /// Whether `next` is done at the same time as this one.
    pub(super) fn is_alongside(&self, next: &Self) -> bool {
        self.visitor != 0 && next.visitor != 0 && next.alongside
    }

    /// The page that does it: its URL, which is that of the tab.
    pub(super) fn page_url(&self) -> String {
        match self.fetch.origin.as_str() {
            "null" => format!("{}{OPAQUE_PAGE}", self.around),
            origin => format!("{origin}{PAGE}"),
        }
    }

    /// The step as the page's script reads it. Each character of a header's value is a byte.
    pub(super) fn script(&self) -> Value {
        let fetch = &self.fetch;
        let headers: Vec<_> =
            fetch.headers.iter().map(|(name, value)| json!([name, bytewise(value)])).collect();
        json!({
            "wait": u64::try_from(self.wait.as_millis()).unwrap_or(u64::MAX),
            "patience": u64::try_from(PATIENCE.as_millis()).unwrap_or(u64::MAX),
            "url": fetch.url,
            "init": {
                "method": fetch.method,
                "headers": headers,
                "credentials": match fetch.credentials {
                    CredentialsMode::Omit => "omit",
                    CredentialsMode::SameOrigin => "same-origin",
                    CredentialsMode::Include => "include",
                },
                "mode": match fetch.mode {
                    Mode::Cors => "cors",
                    Mode::NoCors => "no-cors",
                    Mode::SameOrigin => "same-origin",
                },
                "redirect": match fetch.redirect {
                    RedirectMode::Follow => "follow",
                    RedirectMode::Error => "error",
                    RedirectMode::Manual => "manual",
                },
            },
            "body": fetch.body,
            "type": fetch.body_type,
            "upload": fetch.use_cors_preflight,
        })
    }
}

fn bytewise(text: &str) -> String {
    text.bytes().map(char::from).collect()
}

/// The steps of `case`, each with why a page cannot do it, if so.
pub(super) fn doable(case: &Case) -> impl Iterator<Item = (&CaseStep, Option<String>)> {
    case.steps.iter().map(|step| {
        let why = match &step.action {
            Action::Wire(_) | Action::Differential(_) => {
                Some("a raw request, which no page makes".to_owned())
            }
            Action::Fetch(fetch) => impossible(fetch),
        };
        (step, why)
    })
}

/// What the pages of `case` fetch.
pub(super) fn fetches(case: &Case) -> impl Iterator<Item = &FetchStep> {
    case.steps.iter().filter_map(|step| match &step.action {
        Action::Fetch(fetch) => Some(fetch),
        Action::Wire(_) | Action::Differential(_) => None,
    })
}

/// Whether cookies are in play, which all ports of a host share.
pub(super) fn takes_cookies(case: &Case) -> bool {
    fetches(case).any(|it| match it.credentials {
        CredentialsMode::Include => true,
        CredentialsMode::SameOrigin => it.origin == "{base}",
        CredentialsMode::Omit => false,
    })
}

/// The numbers of the steps of `case` that pages do, each with that of its visitor.
fn cast(case: &Case) -> impl Iterator<Item = (usize, usize)> {
    let possible = doable(case).enumerate().filter(|(_, (_, why))| why.is_none());
    let mut last = 0;
    possible.map(move |(index, _)| {
        let together = is_parallel(case, index);
        last += usize::from(together);
        (index, if together { last } else { 0 })
    })
}

/// Whether the step at `index` is done at the same time as another.
pub(super) fn is_parallel(case: &Case, index: usize) -> bool {
    case.steps[index].alongside || case.steps.get(index + 1).is_some_and(|next| next.alongside)
}

/// How long a page waits before `step`. A browser's clock cannot be moved, so that where the
/// scenario moves it by more than a page would wait, both the page and the model wait for as long as
/// can show something: what a policy has remembered for longer is there at any time that they reach.
fn wait(case: &Case, step: &CaseStep) -> Duration {
    let shows_nothing = |age: u32| age == 0 || Duration::from_secs(age.into()) >= LONGEST_WAIT;
    match case.policy.max_age {
        _ if step.advance <= LONGEST_WAIT => step.advance,
        Some(age) if shows_nothing(age) => Duration::ZERO,
        Some(_) | None => LONGEST_WAIT,
    }
}

/// Whether both do `step` sooner than the scenario says.
pub(super) fn is_hurried(case: &Case, step: &CaseStep) -> bool {
    wait(case, step) < step.advance
}

/// Why no page makes this fetch.
fn impossible(fetch: &FetchStep) -> Option<String> {
    let scheme = fetch.origin.split_once("://").map_or("null", |(scheme, _)| scheme);
    if !["http", "https", "null"].contains(&scheme) && !fetch.origin.starts_with("{base}") {
        return Some(format!("no page here has an origin of the scheme {scheme}"));
    }
    if Url::parse(&fetch.origin).is_ok_and(|url| bad_port(&url).is_some()) {
        return Some("no browser opens a page at a port that is blocked".to_owned());
    }
    if repeats(fetch) {
        return Some("it repeats a header of an earlier answer, which has none".to_owned());
    }
    if fetch.use_cors_preflight
        && (fetch.mode != Mode::Cors || fetch.redirect != RedirectMode::Follow)
    {
        return Some("XMLHttpRequest has no such mode".to_owned());
    }
    None
}

/// Whether a page says what an earlier step was answered, and that is not filled in.
pub(super) fn repeats_answer(action: &Action) -> bool {
    matches!(action, Action::Fetch(fetch) if repeats(fetch))
}

fn repeats(fetch: &FetchStep) -> bool {
    fetch.headers.iter().any(|(_, value)| value.contains("{answer:"))
}

#[cfg(test)]
mod tests {
    use corspec_suite::case::{Abilities, Instantiated};
    use corspec_suite::load::Suite;

    use super::*;

    fn planned(scenario: &str, policy: &str) -> Planned {
        let suite = Suite::embedded().unwrap();
        let scenario = suite.scenario(scenario).unwrap();
        let made = suite.case(scenario, (policy, &suite.policies()[policy]), &Abilities::all());
        let Instantiated::Case(case) = made else { panic!("not applicable") };
        let upstream = Url::parse("http://127.0.0.1:1/").unwrap();
        Planned {
            target: "reference".to_owned(),
            case: *case,
            upstream,
            address: Address::Encrypted,
        }
    }

    async fn steps(planned: &Planned) -> Vec<PageStep> {
        let world = World::start().await.unwrap();
        Attempt::new(planned, "id".to_owned(), &planned.upstream, &world).steps
    }

    #[tokio::test]
    async fn visitors_at_the_same_time_have_hosts_of_their_own() {
        let planned = planned("stateless/parallel-pages-get-their-own-origin", "credentialed");
        let steps = steps(&planned).await;
        let visitors: Vec<_> = steps.iter().map(|step| step.visitor).collect();
        assert_eq!(visitors, (1..=8).collect::<Vec<_>>());
        assert!(steps[1].fetch.url.starts_with("https://visitor-2.id.target.test/"));
        assert!(steps.windows(2).all(|pair| pair[0].is_alongside(&pair[1])));
    }

    #[tokio::test]
    async fn on_a_developers_machine_a_target_has_a_port_or_where_there_are_cookies_a_name() {
        let place = async |scenario: &str| {
            let planned = planned(scenario, "allow-list");
            let planned = Planned { address: Address::Localhost, ..planned };
            let world = World::start().await.unwrap();
            let attempt = Attempt::new(&planned, "id".to_owned(), &planned.upstream, &world);
            let url = attempt.steps[0].fetch.url.clone();
            (attempt.stable(&url), url)
        };
        let (stable, url) = place("simple/get-is-readable").await;
        assert!(url.starts_with("http://localhost:2"), "{url}");
        assert_eq!(stable, "http://localhost/resource");
        let (stable, url) = place("credentials/include-is-blocked-where-not-allowed").await;
        assert!(url.starts_with("http://id.localhost:2"), "{url}");
        assert_eq!(stable, "http://localhost/resource");
    }

    #[tokio::test]
    async fn what_is_done_in_turn_is_done_by_one() {
        let planned = planned("stateless/allowed-origins-take-turns", "credentialed");
        let steps = steps(&planned).await;
        assert!(steps.iter().all(|step| step.visitor == 0));
        assert!(steps[0].fetch.url.starts_with("https://id.target.test/"));
        assert!(!steps[0].is_alongside(&steps[1]));
    }

    #[test]
    fn a_page_waits_where_that_can_show_something() {
        let waits = |scenario, policy| {
            let planned = planned(scenario, policy);
            let steps = planned.case.steps.iter();
            let waits = steps
                .map(|step| (wait(&planned.case, step).as_secs(), is_hurried(&planned.case, step)));
            waits.collect::<Vec<_>>()
        };
        let repeated = "preflight/repeated-preflights-agree";
        assert_eq!(waits(repeated, "wildcards"), [(0, false), (6, true), (6, true)]);
        assert_eq!(waits(repeated, "credentialed"), [(0, false), (0, true), (0, true)]);
        assert_eq!(waits("max-age/zero-keeps-nothing", "single"), [(0, false), (1, false)]);
    }
}
