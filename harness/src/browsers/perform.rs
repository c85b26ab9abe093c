//! Has a browser perform attempts: those of one page in batches, each a single script.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::attempt::{Attempt, PageStep};
use super::session::Session;

/// How many attempts are one script.
const BATCH: usize = 100;

/// Hands a page its cases by message and waits for its answer: what the page itself does depends on
/// no driver.
pub(super) const HAND_OVER: &str = "const done = arguments[arguments.length - 1];
if (location.href !== arguments[0].page) {
  done(JSON.stringify({ origin: location.href }));
  return;
}
const listener = ({ data }) => {
  if (!data.includes('\"views\"')) return;
  removeEventListener('message', listener);
  done(data);
};
addEventListener('message', listener);
postMessage(JSON.stringify({ run: arguments[0].cases }), '*');";

/// What the page saw, step by step, or why there was no such page.
type Views = Result<Vec<Value>, String>;

/// The views of each attempt, by its id.
pub(super) async fn perform(
    attempts: &[Attempt<'_>],
    session: &mut Session,
) -> BTreeMap<String, Views> {
    let mut views: BTreeMap<String, Views> = BTreeMap::new();
    let mut journeys: BTreeMap<Vec<String>, Vec<Journey<'_>>> = BTreeMap::new();
    for attempt in attempts {
        let legs = attempt.steps.chunk_by(|one, next| one.page_url() == next.page_url());
        let legs: Vec<_> = legs.collect();
        let pages = legs.iter().map(|leg| leg[0].page_url()).collect();
        journeys.entry(pages).or_default().push((&attempt.id, legs));
    }
    for (pages, journeys) in journeys {
        for journeys in journeys.chunks(BATCH) {
            for (index, page) in pages.iter().enumerate() {
                let batch: Vec<_> = journeys.iter().map(|(id, legs)| (*id, legs[index])).collect();
                for (id, leg) in batch_at(page, &batch, session).await {
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

/// An attempt's id, and its steps by the page that does them.
type Journey<'a> = (&'a str, Vec<&'a [PageStep]>);

/// What the page at `url` sees of each attempt's steps.
async fn batch_at(
    url: &str,
    batch: &[(&str, &[PageStep])],
    session: &mut Session,
) -> BTreeMap<String, Views> {
    let seen = in_page(url, batch, session).await;
    let views = batch.iter().map(|(id, _)| {
        let views = seen.as_ref().map_err(Clone::clone);
        let views = views.map(|seen| seen["views"][id].as_array().cloned().unwrap_or_default());
        ((*id).to_owned(), views)
    });
    views.collect()
}

async fn in_page(
    url: &str,
    batch: &[(&str, &[PageStep])],
    session: &mut Session,
) -> Result<Value, String> {
    session.visit(url).await.map_err(|error| format!("no page at {url}: {error}"))?;
    let cases: Vec<_> = batch
        .iter()
        .map(|(id, steps)| {
            json!({"id": id, "steps": steps.iter().map(PageStep::script).collect::<Vec<_>>()})
        })
        .collect();
    let answer = session
        .run(HAND_OVER, json!({"page": url, "cases": cases}))
        .await
        .map_err(|error| error.to_string())?;
    let answer: Value = serde_json::from_str(answer.as_str().unwrap_or_default())
        .map_err(|error| format!("the page at {url} answers no JSON: {error}"))?;
    // A browser may show a page of its own where it cannot open one.
    let origin = batch.first().and_then(|(_, steps)| steps.first()).map(|it| &it.fetch.origin);
    match origin {
        Some(origin) if answer["origin"] != **origin => {
            Err(format!("the page at {url} has the origin {}", answer["origin"]))
        }
        _ => Ok(answer),
    }
}
