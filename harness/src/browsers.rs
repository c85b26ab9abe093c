//! The model held against real browsers: every fetch of every case, performed by a page and by the
//! model against the same server, and compared: what the page sees, and what goes over the wire.
//!
//! [`namespace`] keeps browsers off any network, [`socks`] and [`world`] make every origin real to
//! them, [`session`] drives one, and [`run`] compares.

use std::collections::BTreeMap;

use corspec_targets::guardian::Guardian;
use corspec_targets::reference;
use futures_util::stream::{self, StreamExt as _};
use serde_json::Value;
use url::Url;

mod agreement;
mod attempt;
mod compare;
pub mod console;
mod driving;
pub mod engine;
mod expected;
mod known;
pub mod namespace;
mod perform;
mod plain_http;
pub mod record;
pub mod serve;
pub mod servers;
pub mod session;
pub mod socks;
pub mod world;

pub use agreement::{Agreement, Count, Disagreement, Explained, Findings};
pub use attempt::Planned;
pub use compare::Difference;
pub use known::{Known, KnownError};

use crate::transport::{Transport, TransportError};
use attempt::{Attempt, doable, is_hurried};
use compare::differences;
use engine::{Engine, Programs};
use expected::{Expected, expected};
use session::{Session, SessionError};
use world::{World, WorldError};

/// How many cases the model performs at once.
const AT_ONCE: usize = 16;

/// How often a case that differs, or of which nothing was heard, is performed again: only what a browser
/// does every time counts.
const AGAIN: u32 = 2;

/// What is compared.
#[derive(Debug)]
pub struct Plan<'a> {
    /// The cases.
    pub cases: &'a [Planned],
    /// Disagreements that are known.
    pub known: Vec<Known>,
    /// What clears up when the run cannot.
    pub guardian: Guardian,
}

/// Why nothing was compared.
#[derive(Debug, thiserror::Error)]
pub enum BrowsersError {
    /// There is no world for browsers.
    #[error(transparent)]
    World(#[from] WorldError),
    /// There is no client for the model.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The server that redirects to targets does not start.
    #[error("the server that redirects cannot be started: {0}")]
    Elsewhere(std::io::Error),
    /// The browser does not do as it is told.
    #[error(transparent)]
    Session(#[from] SessionError),
}

/// A case that was performed by both.
struct Compared<'a> {
    attempt: Attempt<'a>,
    differences: Result<Vec<Difference>, String>,
}

/// Performs every case of the plan in `engine` and in the model, and compares.
///
/// # Errors
///
/// The browser cannot be started, stops doing as it is told, or a server of ours does not start.
pub async fn run(
    plan: &Plan<'_>,
    engine: Engine,
    programs: &Programs,
) -> Result<Agreement, BrowsersError> {
    let world = World::start().await?;
    let elsewhere = reference::serve_elsewhere().await.map_err(BrowsersError::Elsewhere)?;
    let mut session = Session::start(engine, programs, world.entrance(), &plan.guardian).await?;
    let laboratory = Laboratory {
        engine,
        world: &world,
        transport: world.transport()?,
        elsewhere: elsewhere.base_url().clone(),
    };
    let mut agreement = Agreement::new(engine, session.version.clone());
    for case in plan.cases {
        for (step, why) in doable(&case.case) {
            agreement.hurried += usize::from(why.is_none() && is_hurried(&case.case, step));
            agreement.count_step(why);
        }
    }
    let all: Vec<_> = plan.cases.iter().collect();
    let mut open = laboratory.compared(&all, 0, &mut session).await;
    for round in 1..=AGAIN {
        if open.iter().any(|it| it.differences.is_err()) {
            // It may hang, or have gone.
            session.stop().await;
            session = Session::start(engine, programs, world.entrance(), &plan.guardian).await?;
        }
        let open_ones =
            open.iter().filter(|it| it.differences.as_ref().map_or(true, |d| !d.is_empty()));
        let again: Vec<_> = open_ones.map(|it| it.attempt.planned).collect();
        if again.is_empty() {
            break;
        }
        let second = laboratory.compared(&again, round, &mut session).await;
        let second: BTreeMap<_, _> =
            second.into_iter().map(|it| (std::ptr::from_ref(it.attempt.planned), it)).collect();
        settle(&mut open, second, &mut agreement);
    }
    for Compared { attempt, differences } in open {
        agreement.take(attempt.planned, differences, &plan.known);
    }
    agreement.finish(plan);
    session.stop().await;
    elsewhere.stop().await;
    Ok(agreement)
}

/// Takes the second word on each case that was performed again, where it has fewer differences.
fn settle<'a>(
    first: &mut [Compared<'a>],
    mut second: BTreeMap<*const Planned, Compared<'a>>,
    agreement: &mut Agreement,
) {
    for compared in first {
        let key = std::ptr::from_ref(compared.attempt.planned);
        let Some(again) = second.remove(&key) else { continue };
        let count = |it: &Compared<'_>| it.differences.as_ref().map_or(usize::MAX, Vec::len);
        if count(&again) < count(compared) {
            agreement.unsteady += usize::from(count(&again) == 0);
            *compared = again;
        }
    }
}

/// What a case is performed with.
struct Laboratory<'a> {
    engine: Engine,
    world: &'a World,
    transport: Transport,
    elsewhere: Url,
}

impl Laboratory<'_> {
    async fn compared<'c>(
        &self,
        cases: &[&'c Planned],
        round: u32,
        session: &mut Session,
    ) -> Vec<Compared<'c>> {
        let attempts = cases.iter().enumerate().map(|(index, planned)| {
            let id = format!("{}{round}-{index}", self.engine.name());
            Attempt::new(planned, id, &self.elsewhere, self.world)
        });
        let attempts: Vec<_> = attempts.filter(|attempt| !attempt.steps.is_empty()).collect();
        let profile = self.engine.profile();
        let model = attempts.iter().map(|attempt| expected(attempt, profile, &self.transport));
        let model: Vec<Result<Vec<Expected>, String>> =
            stream::iter(model).buffered(AT_ONCE).collect().await;
        let views = perform::perform(&attempts, round, session).await;
        let both = attempts.into_iter().zip(model);
        let compared = both.map(|(attempt, model)| {
            let seen = views.get(&attempt.id).cloned().unwrap_or_else(|| Ok(Vec::new()));
            let received = attempt.received();
            let differences = model.and_then(|expected| {
                let views: Vec<Value> = seen?;
                Ok(differences(&attempt, &expected, &views, &received))
            });
            Compared { attempt, differences }
        });
        compared.collect()
    }
}
