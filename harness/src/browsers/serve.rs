//! The page for people: whoever opens it in a browser of theirs sees how far the model and that
//! browser agree, without a driver and without a proxy.
//!
//! Each case gets ports of its own, which are origins of their own; the page performs it in frames
//! of those origins, and this side compares what the page saw and what servers received with what
//! the model says. What takes origins that no port can be is counted, with the reason.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::StatusCode;
use corspec_suite::case::Abilities;
use corspec_suite::load::Suite;
use corspec_targets::reference;
use serde_json::{Value, json};
use url::Url;

mod routes;
mod stand;

pub use routes::Page;

use super::agreement::Agreement;
use super::attempt::{Attempt, Place};
use super::compare::differences;
use super::engine::Engine;
use super::expected::expected;
use super::known::Known;
use super::world::{Door, Recording, UsedPorts, World, WorldError};
use crate::transport::{Transport, TransportError};
use stand::Stand;

/// How many hosts the page is known by at once.
const MOST_STANDS: usize = 8;

/// How many attempts may be under way; the oldest goes first.
const MOST_ATTEMPTS: usize = 64;

/// What visitors' browsers are asked.
#[derive(Debug)]
pub struct Offer {
    /// All there is.
    pub suite: Suite,
    /// The ids of the scenarios that are chosen.
    pub scenarios: Vec<String>,
    /// The names of the policies that are chosen.
    pub policies: Vec<String>,
    /// What the reference can do.
    pub abilities: Abilities,
    /// Disagreements that are known.
    pub known: Vec<Known>,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// There is no world for browsers.
    #[error(transparent)]
    World(#[from] WorldError),
    /// There is no client for the model.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// A server of ours does not start.
    #[error("a server cannot be started: {0}")]
    Io(#[from] io::Error),
}

/// What is behind the page.
#[derive(Debug)]
struct Behind {
    offer: Offer,
    address: IpAddr,
    world: World,
    transport: Transport,
    elsewhere: reference::Server,
    used: UsedPorts,
    stands: tokio::sync::Mutex<BTreeMap<String, Arc<Stand>>>,
    open: Mutex<Attempts>,
}

/// The attempts that are under way, by their number.
#[derive(Debug, Default)]
struct Attempts {
    last: u64,
    all: BTreeMap<u64, Open>,
}

/// A case that a page performs.
#[derive(Debug)]
struct Open {
    stand: Arc<Stand>,
    case: usize,
    place: Place,
    recording: Recording,
    _doors: Vec<Door>,
}

/// An answer to the page's script, or why there is none.
type Answer = Result<Value, (StatusCode, String)>;

impl Behind {
    async fn new(offer: Offer, address: IpAddr) -> Result<Self, ServeError> {
        let world = World::start().await?;
        Ok(Self {
            offer,
            address,
            transport: world.transport()?,
            world,
            elsewhere: reference::serve_elsewhere().await?,
            used: UsedPorts::default(),
            stands: tokio::sync::Mutex::default(),
            open: Mutex::default(),
        })
    }

    /// What there is for a visitor who calls this server `authority`.
    async fn stand(&self, authority: &str) -> Result<Arc<Stand>, (StatusCode, String)> {
        let url = known_host(authority)?;
        let origin = url.origin().ascii_serialization();
        let mut stands = self.stands.lock().await;
        if let Some(stand) = stands.get(&origin) {
            return Ok(Arc::clone(stand));
        }
        if stands.len() == MOST_STANDS {
            let message = "this server is known by too many names; start it again".to_owned();
            return Err((StatusCode::SERVICE_UNAVAILABLE, message));
        }
        let stand = Arc::new(Stand::new(self, &url).await.map_err(failed)?);
        stands.insert(origin, Arc::clone(&stand));
        Ok(stand)
    }

    /// What the page is to do, for a browser that introduces itself as `user_agent`.
    async fn plan(&self, authority: &str, user_agent: &str) -> Answer {
        let stand = self.stand(authority).await?;
        let cases: Vec<_> = stand.cases.iter().map(stand::Here::outline).collect();
        Ok(json!({
            "schema": "corspec-browsers-page/1",
            "version": env!("CARGO_PKG_VERSION"),
            "origin": stand.origin,
            "pages": stand.pages(),
            "engine": engine_of(user_agent),
            "engines": Engine::ALL,
            "policies": stand.policies,
            "cases": cases,
            "impossible": stand.impossible,
        }))
    }

    /// Makes case number `case` ready, and says what the page is to do.
    async fn begin(&self, authority: &str, case: usize) -> Answer {
        let stand = self.stand(authority).await?;
        let nothing = || (StatusCode::NOT_FOUND, format!("there is no case {case}"));
        let here = stand.cases.get(case).ok_or_else(nothing)?;
        let door = || self.world.door(self.address, &stand.host, &self.used);
        let mut doors = vec![door().await.map_err(failed)?];
        let mut servers = vec![here.planned.upstream.clone()];
        let mut place = Place {
            base: doors[0].origin(),
            elsewhere: String::new(),
            around: stand.origin.clone(),
        };
        if here.goes_elsewhere {
            doors.push(door().await.map_err(failed)?);
            servers.push(self.elsewhere.base_url().clone());
            place.elsewhere = doors[1].origin();
        }
        let pairs: Vec<_> = doors.iter().zip(&servers).collect();
        let recording = self.world.behind(&pairs);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.last += 1;
        let id = open.last;
        let attempt =
            Attempt::at(&here.planned, id.to_string(), vec![(place.clone(), recording.clone())]);
        let steps = attempt.steps.iter().map(|step| {
            json!({"page": step.page_url(), "origin": step.fetch.origin, "script": step.script()})
        });
        let answer = json!({"id": id, "steps": steps.collect::<Vec<_>>()});
        open.all
            .insert(id, Open { stand: Arc::clone(&stand), case, place, recording, _doors: doors });
        while open.all.len() > MOST_ATTEMPTS {
            open.all.pop_first();
        }
        Ok(answer)
    }

    /// Takes what the page saw, and says what differs.
    async fn end(&self, seen: &Seen) -> Answer {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner).all.remove(&seen.id);
        let nothing = || (StatusCode::NOT_FOUND, format!("there is no attempt {}", seen.id));
        let open = open.ok_or_else(nothing)?;
        let planned = &open.stand.cases[open.case].planned;
        let recording = open.recording.clone();
        let attempt = Attempt::at(planned, seen.id.to_string(), vec![(open.place, recording)]);
        let found = match &seen.trouble {
            Some(trouble) => Err(trouble.clone()),
            None => {
                let received = attempt.received();
                let model = expected(&attempt, seen.engine.profile(), &self.transport).await;
                model.map(|model| differences(&attempt, &model, &seen.views, &received))
            }
        };
        let mut agreement = Agreement::new(seen.engine, String::new());
        agreement.take(planned, found, &self.offer.known);
        Ok(json!({
            "cases": agreement.cases,
            "steps": attempt.steps.len(),
            "view": agreement.view,
            "wire": agreement.wire,
            "as-known": agreement.is_as_known(),
            "troubles": agreement.troubles,
            "disagreements": agreement.disagreements,
        }))
    }
}

/// What a page saw of a case.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    id: u64,
    engine: Engine,
    #[serde(default)]
    views: Vec<Value>,
    /// Why it was not performed.
    trouble: Option<String>,
}

/// The URL of a server that a visitor calls `authority`. Any name could be a stranger's that leads
/// here for a moment, so that only addresses and `localhost` are taken.
fn known_host(authority: &str) -> Result<Url, (StatusCode, String)> {
    let url = Url::parse(&format!("http://{authority}/")).ok();
    let is_known = |url: &Url| match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(_) => true,
        None => false,
    };
    url.filter(is_known).ok_or_else(|| {
        let message = "open this page by the server's address, not by a name";
        (StatusCode::MISDIRECTED_REQUEST, message.to_owned())
    })
}

/// The engine of a browser, by how it introduces itself. On iOS all of them are WebKit.
fn engine_of(user_agent: &str) -> Engine {
    let has = |word: &str| user_agent.contains(word);
    if has("iPhone") || has("iPad") || has("CriOS") || has("FxiOS") {
        return Engine::WebKit;
    }
    match () {
        () if has("Firefox/") => Engine::Firefox,
        () if has("Chrome/") || has("Chromium/") => Engine::Chromium,
        () if has("AppleWebKit/") => Engine::WebKit,
        () => Engine::Chromium,
    }
}

fn failed(error: io::Error) -> (StatusCode, String) {
    (StatusCode::INTERNAL_SERVER_ERROR, format!("a server cannot be started: {error}"))
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    #[test_case(
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        Engine::Firefox
    )]
    #[test_case(
        "Mozilla/5.0 (X11) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/150.0.0.0 Safari/537.36",
        Engine::Chromium
    )]
    #[test_case(
        "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15",
        Engine::WebKit
    )]
    #[test_case(
        "Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/150.0 Mobile/15E148 Safari/604.1",
        Engine::WebKit
    )]
    fn engines_are_known_by_how_they_introduce_themselves(user_agent: &str, engine: Engine) {
        assert_eq!(engine_of(user_agent), engine);
    }

    #[test_case("127.0.0.1:8000", Some("http://127.0.0.1:8000"))]
    #[test_case("[::1]:8000", Some("http://[::1]:8000"))]
    #[test_case("localhost:8000", Some("http://localhost:8000"))]
    #[test_case("rebound.example:8000", None ; "a name")]
    #[test_case("", None ; "nothing")]
    fn only_addresses_and_localhost_are_this_server(authority: &str, origin: Option<&str>) {
        let url = known_host(authority).ok();
        let serialized = url.map(|it| it.origin().ascii_serialization());
        assert_eq!(serialized.as_deref(), origin);
    }
}
