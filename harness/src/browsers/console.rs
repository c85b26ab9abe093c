//! What browsers print in their consoles: every cause of a network error is provoked in each, and what
//! is printed is held against what this project says of it.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use corspec_targets::guardian::Guardian;
use serde_json::json;
use tokio::time::Instant;

pub mod capture;
mod lines;
pub mod provocation;
pub mod replay;
mod servers;
mod watched;

use super::driving::DriveError;
use super::engine::{Engine, Programs};
use super::session::SessionError;
use capture::Heard;
use provocation::Provocation;
use servers::Servers;
use watched::Watched;

/// How long a console may take to have what was printed: a fetch may be tried ten times.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why nothing was heard.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// The servers cannot be started.
    #[error("the servers of the provocations cannot be started: {0}")]
    Servers(#[from] io::Error),
    /// The browser does not start.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The browser does not say what it has printed.
    #[error(transparent)]
    Drive(#[from] DriveError),
    /// The browser does not print what it must.
    #[error("it never prints what the page throws at the end of `{0}`")]
    Silent(String),
}

/// What one browser printed.
#[derive(Clone, Debug)]
pub struct Listened {
    /// Its version.
    pub version: String,
    /// What was heard, by the provocation's name.
    pub heard: BTreeMap<String, Heard>,
}

/// Has `engine` perform the provocations, and takes what it prints.
///
/// # Errors
///
/// The servers or the browser do not start, or the browser does not do as it is told.
pub async fn listen(
    provocations: &[&Provocation],
    engine: Engine,
    programs: &Programs,
    guardian: &Guardian,
) -> Result<Listened, ConsoleError> {
    let servers = Servers::start().await?;
    let mut ordered = provocations.to_vec();
    ordered.sort_by_key(|it| (it.page.url(), &it.id));
    let mut page = ordered.first().map_or_else(String::new, |it| it.page.url());
    let mut browser =
        Watched::start((engine, programs), &page, servers.entrance(), guardian).await?;
    let mut listened = Listened { version: browser.version().to_owned(), heard: BTreeMap::new() };
    for provocation in ordered {
        let url = provocation.page.url();
        if page != url {
            servers.order(json!({"visit": url})).await;
            page = url;
        }
        let call = json!({"url": provocation.url(), "init": provocation.script()});
        servers.order(json!({"fetch": call, "mark": lines::mark(&provocation.id)})).await;
        let heard = heard(&provocation.id, &mut browser).await?;
        listened.heard.insert(provocation.id.clone(), heard);
    }
    browser.stop().await;
    Ok(listened)
}

/// What the browser prints until it has printed that `id` has ended.
async fn heard(id: &str, browser: &mut Watched) -> Result<Heard, ConsoleError> {
    let deadline = Instant::now() + PATIENCE;
    let mut lines = Vec::new();
    loop {
        browser.printed(&mut lines).await?;
        if let Some((seen, printed)) = lines::between(&lines, id) {
            return Ok(Heard { seen, printed });
        }
        if Instant::now() > deadline {
            return Err(ConsoleError::Silent(id.to_owned()));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
