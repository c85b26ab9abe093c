//! Has a browser perform attempts: those of one page in batches, each a single script.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::attempt::{AROUND, Attempt, PageStep};
use super::session::Session;
use super::world::PAGE;

/// How many attempts are one script.
const BATCH: usize = 100;

/// The same where they are performed again: one that never ends must not take so many along.
const BATCH_AGAIN: usize = 10;

/// Hands a page its cases by message and waits for its answer: what the page itself does depends on
/// no driver.
pub(super) const HAND_OVER: &str = "const done = arguments[arguments.length - 1];
if (location.href !== arguments[0].page) {
  done(JSON.stringify({ origin: location.href }));
  return;
}
const awaited = arguments[0].windows ? '\"origins\"' : '\"views\"';
const listener = ({ data }) => {
  if (!data.includes(awaited)) return;
  removeEventListener('message', listener);
  done(data);
};
addEventListener('message', listener);
postMessage(JSON.stringify({ run: arguments[0].cases, windows: arguments[0].windows }), '*');";

/// What the page saw, step by step, or why there was no such page.
type Views = Result<Vec<Value>, String>;

/// The views of each attempt, by its id; `round` is 0 where they are performed for the first time.
pub(super) async fn perform(
    attempts: &[Attempt<'_>],
    round: u32,
    session: &mut Session,
) -> BTreeMap<String, Views> {
    let mut views: BTreeMap<String, Views> = BTreeMap::new();
    let mut journeys: BTreeMap<Vec<Stop>, Vec<Journey<'_>>> = BTreeMap::new();
    for attempt in attempts {
        let legs = attempt.steps.chunk_by(|one, next| match one.visitor + next.visitor {
            0 => one.page_url() == next.page_url(),
            _ => one.is_alongside(next),
        });
        let legs: Vec<_> = legs.collect();
        let stops = legs.iter().map(|leg| Stop::of(leg)).collect();
        journeys.entry(stops).or_default().push((&attempt.id, legs));
    }
    for (stops, journeys) in journeys {
        for journeys in journeys.chunks(if round == 0 { BATCH } else { BATCH_AGAIN }) {
            for (index, stop) in stops.iter().enumerate() {
                let batch: Vec<_> = journeys.iter().map(|(id, legs)| (*id, legs[index])).collect();
                for (id, leg) in batch_at(stop, &batch, session).await {
                    let all = views.entry(id).or_insert_with(|| Ok(Vec::new()));
                    match (&mut *all, leg) {
                        (Ok(all), Ok(leg)) => all.extend(leg),
                        (Ok(_), Err(why)) => *all = Err(why),
                        (Err(_), _) => {}
                    }
                }
            }
        }
    }
    views
}

/// An attempt's id, and its steps by where they are done.
type Journey<'a> = (&'a str, Vec<&'a [PageStep]>);

/// Where steps are done: a page, or one that opens the pages of several visitors.
#[derive(Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Stop {
    Page(String),
    Windows(BTreeSet<String>),
}

impl Stop {
    fn of(leg: &[PageStep]) -> Self {
        match leg {
            [step, ..] if step.visitor == 0 => Self::Page(step.page_url()),
            visitors => Self::Windows(visitors.iter().map(PageStep::page_url).collect()),
        }
    }

    fn url(&self) -> String {
        match self {
            Self::Page(url) => url.clone(),
            Self::Windows(_) => format!("https://{AROUND}{PAGE}"),
        }
    }

    /// What a page is told of an attempt's steps.
    fn script(&self, id: &str, steps: &[PageStep]) -> Value {
        let script = |step: &PageStep| match self {
            Self::Page(_) => step.script(),
            Self::Windows(_) => json!({"page": step.page_url(), "step": step.script()}),
        };
        json!({"id": id, "steps": steps.iter().map(script).collect::<Vec<_>>()})
    }
}

/// What is seen at `stop` of each attempt's steps.
async fn batch_at(
    stop: &Stop,
    batch: &[(&str, &[PageStep])],
    session: &mut Session,
) -> BTreeMap<String, Views> {
    let seen = at(stop, batch, session).await;
    let views = batch.iter().map(|(id, _)| {
        let views = seen.as_ref().map_err(Clone::clone);
        let views = views.map(|seen| seen["views"][id].as_array().cloned().unwrap_or_default());
        ((*id).to_owned(), views)
    });
    views.collect()
}

async fn at(
    stop: &Stop,
    batch: &[(&str, &[PageStep])],
    session: &mut Session,
) -> Result<Value, String> {
    let url = stop.url();
    session.visit(&url).await.map_err(|error| format!("no page at {url}: {error}"))?;
    let cases: Vec<_> = batch.iter().map(|(id, steps)| stop.script(id, steps)).collect();
    let argument = match stop {
        Stop::Page(_) => json!({"page": url, "cases": cases}),
        Stop::Windows(pages) => json!({"page": url, "cases": cases, "windows": pages}),
    };
    let answer = session.run(HAND_OVER, argument).await.map_err(|error| error.to_string())?;
    let answer: Value = serde_json::from_str(answer.as_str().unwrap_or_default())
        .map_err(|error| format!("the page at {url} answers no JSON: {error}"))?;
    if let Some(trouble) = answer["trouble"].as_str() {
        return Err(trouble.to_owned());
    }
    // A browser may show a page of its own where it cannot open one.
    for step in batch.iter().flat_map(|(_, steps)| *steps) {
        let page = step.page_url();
        let origin = match stop {
            Stop::Page(_) => &answer["origin"],
            Stop::Windows(_) => &answer["origins"][&page],
        };
        if *origin != *step.fetch.origin {
            return Err(format!("the page at {page} has the origin {origin}"));
        }
    }
    Ok(answer)
}
