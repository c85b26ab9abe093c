//! The recorder: random vectors, performed by real browsers, kept where they do the same every time,
//! and held against the model at once.

use std::collections::BTreeMap;

use corspec_fetch::profile::Profile;
use corspec_targets::guardian::Guardian;
use corspec_vectors::compare::{Difference, Part, differences};
use corspec_vectors::corpus::{Corpus, Entry, Origin, SCHEMA};
use corspec_vectors::replay::replay;
use corspec_vectors::vector::Vector;

mod dice;
mod edit;
pub mod generate;
mod minimise;
mod perform;
mod servers;
mod vocabulary;

use super::engine::{Engine, Programs};
use super::session::{Session, SessionError};
use minimise::minimised;
use perform::{Made, perform};
use servers::Servers;

/// How many disagreements of one kind are reduced: more of them say the same.
const OF_A_KIND: usize = 2;

/// What is recorded.
#[derive(Debug)]
pub struct Order {
    /// How many vectors are made.
    pub count: u32,
    /// What they are made from.
    pub seed: u64,
    /// How often each is performed.
    pub runs: u32,
    /// The profile that the browsers are held against, where it is not their own.
    pub against: Option<&'static Profile>,
    /// What clears up when the run cannot.
    pub guardian: Guardian,
}

/// What was recorded.
#[derive(Debug)]
pub struct Recording {
    /// What is kept.
    pub corpus: Corpus,
    /// What is not, since a browser did not do the same every time.
    pub unsteady: Vec<Vector>,
    /// How the model fares, by browser.
    pub findings: Vec<Finding>,
}

/// The model held against one browser.
#[derive(Debug)]
pub struct Finding {
    /// The browser.
    pub engine: Engine,
    /// Its version.
    pub version: String,
    /// How many vectors it did not do the same every time.
    pub unsteady: usize,
    /// How many it did not do at all, by what happened.
    pub troubles: BTreeMap<String, usize>,
    /// How many kept vectors the page saw as the model says.
    pub view: usize,
    /// In how many servers received what the model says.
    pub wire: usize,
    /// The kinds of differences, and how many vectors show each.
    pub kinds: BTreeMap<(Part, String), usize>,
    /// The smallest vectors found for them, and what differs there.
    pub smallest: Vec<(Vector, Vec<Difference>)>,
}

/// What one browser made of all vectors.
struct Performed {
    engine: Engine,
    version: String,
    unsteady: usize,
    troubles: BTreeMap<String, usize>,
    steady: BTreeMap<u32, corspec_vectors::replay::Recorded>,
}

/// Why nothing was recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The servers cannot be started.
    #[error("the servers of the vectors cannot be started: {0}")]
    Servers(#[from] std::io::Error),
    /// The browser does not do as it is told.
    #[error("{0}: {1}")]
    Session(&'static str, SessionError),
}

/// Makes the vectors of `order`, has every browser perform them, and holds the model against it.
/// `progress` is told what is done next.
///
/// # Errors
///
/// A browser cannot be started, or the servers cannot.
pub async fn record(
    order: &Order,
    engines: &[(Engine, Programs)],
    progress: &dyn Fn(&str),
) -> Result<Recording, RecordError> {
    let vectors: Vec<_> = (0..order.count).map(|it| generate::vector(order.seed, it)).collect();
    let servers = Servers::start().await?;
    let mut all = Vec::new();
    for (engine, programs) in engines {
        all.push(performed(order, (*engine, programs), &vectors, &servers, progress).await?);
    }
    let is_steady = |vector: &&Vector| all.iter().all(|it| it.steady.contains_key(&vector.id));
    let (kept, unsteady): (Vec<&Vector>, Vec<_>) = vectors.iter().partition(is_steady);
    let entries: Vec<Entry> = kept
        .iter()
        .map(|vector| Entry {
            vector: (*vector).clone(),
            recorded: all
                .iter()
                .filter_map(|it| {
                    Some((it.engine.name().to_owned(), it.steady.get(&vector.id)?.clone()))
                })
                .collect(),
        })
        .collect();
    let mut findings = Vec::new();
    for (performed, (_, programs)) in all.iter().zip(engines) {
        findings.push(finding(order, performed, programs, &entries, &servers, progress).await?);
    }
    let versions = all.iter().map(|it| (it.engine.name().to_owned(), it.version.clone()));
    let origin = Origin {
        schema: SCHEMA.to_owned(),
        seed: order.seed,
        runs: order.runs,
        engines: versions.collect(),
        headers: None,
    };
    let unsteady = unsteady.into_iter().cloned().collect();
    Ok(Recording { corpus: Corpus { origin, entries }, unsteady, findings })
}

async fn performed(
    order: &Order,
    (engine, programs): (Engine, &Programs),
    vectors: &[Vector],
    servers: &Servers,
    progress: &dyn Fn(&str),
) -> Result<Performed, RecordError> {
    let mut version = String::new();
    let mut runs: Vec<BTreeMap<u32, Made>> = Vec::new();
    for run in 1..=order.runs {
        let name = engine.name();
        progress(&format!("{name}, run {run} of {}: {} vectors", order.runs, vectors.len()));
        let mut session = Session::start(engine, programs, servers.entrance(), &order.guardian)
            .await
            .map_err(|error| RecordError::Session(name, error))?;
        version.clone_from(&session.version);
        runs.push(perform(vectors, servers, &mut session).await);
        session.stop().await;
    }
    let mut performed = Performed {
        engine,
        version,
        unsteady: 0,
        troubles: BTreeMap::new(),
        steady: BTreeMap::new(),
    };
    for vector in vectors {
        let all: Result<Vec<_>, String> = runs
            .iter_mut()
            .map(|run| {
                run.remove(&vector.id).unwrap_or_else(|| Err("nothing came of it".to_owned()))
            })
            .collect();
        match all {
            Err(why) => *performed.troubles.entry(why).or_default() += 1,
            Ok(all) if all.iter().any(|it| *it != all[0]) => performed.unsteady += 1,
            Ok(all) => performed.steady.extend(all.into_iter().next().map(|it| (vector.id, it))),
        }
    }
    Ok(performed)
}

/// Holds the model against what was recorded, and reduces what differs.
async fn finding(
    order: &Order,
    performed: &Performed,
    programs: &Programs,
    entries: &[Entry],
    servers: &Servers,
    progress: &dyn Fn(&str),
) -> Result<Finding, RecordError> {
    let name = performed.engine.name();
    let profile = order.against.unwrap_or_else(|| performed.engine.profile());
    let mut finding = Finding {
        engine: performed.engine,
        version: performed.version.clone(),
        unsteady: performed.unsteady,
        troubles: performed.troubles.clone(),
        view: 0,
        wire: 0,
        kinds: BTreeMap::new(),
        smallest: Vec::new(),
    };
    let mut open: Vec<(Vector, Difference)> = Vec::new();
    for entry in entries {
        let found = found(entry, name, profile);
        let differs = |part| found.iter().any(|it| it.part == part);
        finding.view += usize::from(!differs(Part::View));
        finding.wire += usize::from(!differs(Part::Wire));
        if let Some(first) = found.into_iter().next() {
            let kind = (first.part, first.field.clone());
            let count = finding.kinds.entry(kind).or_default();
            *count += 1;
            if *count <= OF_A_KIND {
                open.push((entry.vector.clone(), first));
            }
        }
    }
    if !open.is_empty() {
        progress(&format!("{name}: reducing {} disagreements", open.len()));
        let mut session =
            Session::start(performed.engine, programs, servers.entrance(), &order.guardian)
                .await
                .map_err(|error| RecordError::Session(name, error))?;
        finding.smallest = minimised(&open, profile, servers, &mut session).await;
        session.stop().await;
    }
    Ok(finding)
}

fn found(entry: &Entry, engine: &str, profile: &'static Profile) -> Vec<Difference> {
    let model = replay(&entry.vector, profile).unwrap_or_default();
    entry.recorded.get(engine).map(|browser| differences(&model, browser)).unwrap_or_default()
}
