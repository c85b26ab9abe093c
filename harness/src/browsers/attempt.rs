//! A case as a browser performs it once: hosts of its own, the steps that a page can do, and why it
//! cannot do the others.

use std::time::Duration;

use corspec_fetch::blocked::bad_port;
use corspec_fetch::request::{CredentialsMode, Mode, RedirectMode};
use corspec_suite::case::{Action, Case, CaseStep, FetchStep};
use serde_json::{Value, json};
use url::Url;

use super::world::{OPAQUE_PAGE, PAGE, Recording, World};

/// For how long a page waits where a step comes later: there is no other way to move the browser's
/// clock.
const LONGEST_WAIT: Duration = Duration::from_secs(6);

/// When a page gives up a fetch.
const PATIENCE: Duration = Duration::from_secs(20);

/// The domain of the hosts at which targets stand, and of the server that redirects to them.
const DOMAINS: [&str; 2] = ["target.test", "elsewhere.test"];

/// The origin of the page around a sandboxed frame.
const AROUND: &str = "https://pages.test";

/// A case of the plan.
#[derive(Debug)]
pub struct Planned {
    /// The target's name.
    pub target: String,
    /// The case.
    pub case: Case,
    /// Where the target listens.
    pub upstream: Url,
}

/// A case, performed once.
#[derive(Debug)]
pub(super) struct Attempt<'a> {
    pub(super) planned: &'a Planned,
    /// Unlike any other's, and the first label of its hosts.
    pub(super) id: String,
    /// What its page does.
    pub(super) steps: Vec<PageStep>,
    /// What its servers received.
    pub(super) recording: Recording,
}

/// Where an attempt's servers and its opaque pages stand: origins.
#[derive(Debug)]
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
    around: String,
}

impl<'a> Attempt<'a> {
    /// The case of `planned` with hosts that no other attempt has; `elsewhere` is the server that
    /// redirects to targets.
    pub(super) fn new(planned: &'a Planned, id: String, elsewhere: &Url, world: &World) -> Self {
        let [target, other] = DOMAINS.map(|domain| format!("{id}.{domain}"));
        let recording = world.record(&[(&target, &planned.upstream), (&other, elsewhere)]);
        let [base, elsewhere] = [target, other].map(|host| format!("https://{host}"));
        Self::at(planned, id, &Place { base, elsewhere, around: AROUND.to_owned() }, recording)
    }

    /// The case of `planned` where its servers are at `place`; what they receive is in `recording`.
    pub(super) fn at(
        planned: &'a Planned,
        id: String,
        place: &Place,
        recording: Recording,
    ) -> Self {
        let case = planned.case.concretize(&place.base, &place.elsewhere);
        let steps = doable(&case).filter_map(|(step, why)| match (why, &step.action) {
            (None, Action::Fetch(fetch)) => {
                let (name, around) = (step.name.clone(), place.around.clone());
                Some(PageStep { name, wait: step.advance, fetch: fetch.clone(), around })
            }
            _ => None,
        });
        Self { planned, id, steps: steps.collect(), recording }
    }

    /// The text without what makes this attempt unlike the next.
    pub(super) fn stable(&self, text: &str) -> String {
        text.replace(&format!("{}.", self.id), "")
    }
}

impl PageStep {
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
    let alongside = |index: usize| {
        let also = case.steps.get(index + 1).is_some_and(|next| next.alongside);
        case.steps[index].alongside || also
    };
    let mut broken = false;
    case.steps.iter().enumerate().map(move |(index, step)| {
        let why = match &step.action {
            _ if broken => Some("it follows a step that cannot be done".to_owned()),
            _ if step.advance > LONGEST_WAIT => {
                broken = true;
                let most = LONGEST_WAIT.as_secs();
                Some(format!("a browser's clock is not moved, and waited for {most} s at most"))
            }
            Action::Wire(_) | Action::Differential(_) => {
                Some("a raw request, which no page makes".to_owned())
            }
            Action::Fetch(_) if alongside(index) => {
                Some("it takes several visitors at the same time".to_owned())
            }
            Action::Fetch(fetch) => impossible(fetch),
        };
        (step, why)
    })
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
    if fetch.headers.iter().any(|(_, value)| value.contains("{answer:")) {
        return Some("it says what an earlier answer said".to_owned());
    }
    if fetch.use_cors_preflight
        && (fetch.mode != Mode::Cors || fetch.redirect != RedirectMode::Follow)
    {
        return Some("XMLHttpRequest has no such mode".to_owned());
    }
    None
}
