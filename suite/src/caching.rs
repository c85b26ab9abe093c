//! The caching oracle: answers of one URL that differ by who asked must say so in `Vary`, or a shared cache hands one
//! visitor's answer to another.

use corspec_fetch::header_list::HeaderList;

use crate::case::Probe;
use crate::exchange::{SeenResponse, StepRecord};
use crate::judge::{Add, list, shown};
use crate::policy::Policy;

/// The response headers that browsers read when they decide whether a page may read an answer, and how much of it.
const READ: [&str; 6] = [
    "access-control-allow-origin",
    "access-control-allow-credentials",
    "access-control-expose-headers",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-max-age",
];

/// Compares the answers of `record`, one for each of `probes`, and tells of the first pair that a cache would mix up.
pub(crate) fn check(probes: &[Probe], record: &StepRecord, policy: &Policy, add: &mut Add<'_>) {
    let answers: Vec<(&Probe, &SeenResponse)> = probes
        .iter()
        .zip(&record.exchanges)
        .filter_map(|(probe, exchange)| Some((probe, exchange.response.as_ref().ok()?)))
        .collect();
    for (index, (stored_for, stored)) in answers.iter().enumerate() {
        let mixed_up = answers.iter().enumerate().find_map(|(other, (asker, own))| {
            let header = differing(stored, own)?;
            (other != index
                && !varies_by_origin(&stored.headers)
                && !is_kept_from_caches(&stored.headers))
            .then_some((asker, header))
        });
        if let Some((asker, header)) = mixed_up {
            add(
                "differential".to_owned(),
                format!("`Vary` names `Origin`, since `{header}` depends on who asks"),
                story(stored_for, stored, asker, policy),
            );
            return;
        }
    }
}

/// The first header of [`READ`] that differs between the answers.
fn differing(one: &SeenResponse, other: &SeenResponse) -> Option<&'static str> {
    READ.into_iter().find(|name| one.headers.get(name) != other.headers.get(name))
}

fn varies_by_origin(headers: &HeaderList) -> bool {
    headers
        .get_all("vary")
        .flat_map(list)
        .any(|name| name == b"*" || name.eq_ignore_ascii_case(b"origin"))
}

/// Whether no shared cache may store the answer (RFC 9111, section 3).
fn is_kept_from_caches(headers: &HeaderList) -> bool {
    headers
        .get_all("cache-control")
        .flat_map(list)
        .any(|item| item.eq_ignore_ascii_case(b"no-store") || item.eq_ignore_ascii_case(b"private"))
}

/// What befalls the next visitor when the stored answer is handed to them.
fn story(stored_for: &Probe, stored: &SeenResponse, asker: &Probe, policy: &Policy) -> String {
    let who = |probe: &Probe| match &probe.origin {
        Some(origin) => format!("a page of `{}`", shown(origin.as_bytes())),
        None => "a request without `Origin`".to_owned(),
    };
    let vary = stored
        .headers
        .get("vary")
        .map_or("no `Vary`".to_owned(), |v| format!("`Vary: {}`", shown(&v)));
    let allow = stored.headers.get("access-control-allow-origin");
    let shares = |origin: &str| {
        allow.as_deref().is_some_and(|value| value == b"*" || value == origin.as_bytes())
    };
    let harm = match &asker.origin {
        Some(origin) if policy.allows_origin(origin) && !shares(origin) => {
            "it is blocked although it is allowed"
        }
        Some(origin) if !policy.allows_origin(origin) && shares(origin) => {
            "it can read what it must not"
        }
        _ => "it gets what was meant for another",
    };
    let cached = if is_stored_unasked(stored) {
        "a shared cache"
    } else {
        "a cache that is told to keep such answers"
    };
    format!(
        "{vary} on the answer to {}: {cached} hands it to {}, and {harm}",
        who(stored_for),
        who(asker)
    )
}

/// Whether a shared cache may store the answer without being told to: it states a lifetime, or its status lets caches
/// guess one (RFC 9111 section 4.2.2, RFC 9110 section 15.1).
fn is_stored_unasked(stored: &SeenResponse) -> bool {
    let lifetime = stored.headers.get_all("cache-control").flat_map(list).any(|item| {
        let name = item.split(|b| *b == b'=').next().unwrap_or_default();
        name.eq_ignore_ascii_case(b"max-age") || name.eq_ignore_ascii_case(b"s-maxage")
    });
    let guessed =
        [200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501].contains(&stored.status);
    lifetime || stored.headers.contains("expires") || guessed
}
