//! Has a browser perform vectors: those of one page in batches, each a single script.

use std::collections::BTreeMap;

use corspec_vectors::place::filled;
use corspec_vectors::replay::{Recorded, unnumbered_view};
use corspec_vectors::vector::{Init, PageAt, Vector};
use serde_json::{Value, json};

use super::servers::Servers;
use crate::browsers::perform::HAND_OVER;
use crate::browsers::session::Session;

/// How many vectors are one script.
const BATCH: usize = 60;

/// When a page gives up a fetch, in milliseconds.
const PATIENCE: u32 = 4_000;

/// What a browser made of a vector, or why it made nothing of it.
pub(super) type Made = Result<Recorded, String>;

/// What the browser of `session` makes of each vector, by its number.
pub(super) async fn perform(
    vectors: &[Vector],
    servers: &Servers,
    session: &mut Session,
) -> BTreeMap<u32, Made> {
    servers.put(vectors);
    let mut pages: BTreeMap<&PageAt, Vec<&Vector>> = BTreeMap::new();
    for vector in vectors {
        pages.entry(&vector.page).or_default().push(vector);
    }
    let mut made = BTreeMap::new();
    for (page, vectors) in pages {
        for batch in vectors.chunks(BATCH) {
            let seen = in_page(page, batch, session).await;
            let own = servers.own();
            let own: Vec<_> = own.iter().map(|(name, it)| (name.as_str(), it.as_str())).collect();
            for vector in batch {
                let views = seen.as_ref().map_err(Clone::clone);
                let views = views.and_then(|seen| views_of(vector, seen));
                let recorded = views.map(|seen| {
                    let asked = servers.asked(vector.id);
                    let wire = asked.iter().map(|it| it.recorded(vector, &own)).collect();
                    Recorded { seen, wire }
                });
                made.insert(vector.id, recorded);
            }
        }
    }
    made
}

fn views_of(vector: &Vector, seen: &Value) -> Result<Vec<Value>, String> {
    let views = seen["views"][vector.id.to_string()].as_array().cloned().unwrap_or_default();
    if views.iter().any(|view| view.get("hung").is_some()) {
        return Err("a fetch never ends".to_owned());
    }
    Ok(views.iter().map(|view| unnumbered_view(view, vector)).collect())
}

async fn in_page(page: &PageAt, batch: &[&Vector], session: &mut Session) -> Result<Value, String> {
    let tab = page.tab();
    session.visit(&tab).await.map_err(|error| format!("no page at {tab}: {error}"))?;
    let case = |vector: &&Vector| {
        let steps: Vec<_> = vector.steps.iter().map(|step| script(step, vector)).collect();
        json!({"id": vector.id.to_string(), "steps": steps})
    };
    let cases: Vec<_> = batch.iter().map(case).collect();
    let answer = session.run(HAND_OVER, json!({"page": tab, "cases": cases})).await;
    let answer = answer.map_err(|error| error.to_string())?;
    let answer: Value = serde_json::from_str(answer.as_str().unwrap_or_default())
        .map_err(|error| format!("the page at {tab} answers no JSON: {error}"))?;
    let origin = if page.opaque { "null" } else { page.at.origin() };
    // A browser may show a page of its own where it cannot open one.
    match answer["origin"] == *origin {
        true => Ok(answer),
        false => Err(format!("the page at {tab} has the origin {}", answer["origin"])),
    }
}

/// The step as the page's script reads it.
fn script(step: &Init, vector: &Vector) -> Value {
    let mut init = json!({
        "method": step.method,
        "headers": step.headers,
        "mode": step.mode,
        "credentials": step.credentials,
        "redirect": step.redirect,
    });
    let referrer = step.referrer.as_deref().map(filled);
    let optional = [
        ("cache", &step.cache),
        ("referrer", &referrer),
        ("referrerPolicy", &step.referrer_policy),
        ("integrity", &step.integrity),
    ];
    for (key, value) in optional {
        if let Some(value) = value {
            init[key] = json!(value);
        }
    }
    if step.keepalive {
        init["keepalive"] = json!(true);
    }
    json!({
        "wait": step.wait,
        "patience": PATIENCE,
        "url": vector.url(),
        "init": init,
        "body": step.body,
        "type": step.body_type,
        "upload": step.upload,
    })
}
