//! The caching oracle: answers of one URL that differ by who asked must say so in `Vary`, or a shared cache hands one
//! visitor's answer to another.
//!
//! Two visitors that differ in one request header are replayed through the [model](crate::shared_cache) of a shared
//! cache: the first one's answer is offered to it, the second one asks. Only what the second one is really handed, and
//! would have got otherwise from the server itself, is a failure.

use std::time::Duration;

use crate::exchange::{Exchange, SeenResponse, StepRecord};
use crate::judge::Add;
use crate::policy::Policy;
use crate::scenario::VariedHeader;
use crate::shared_cache::{CacheOptions, SharedCache, date, is_marked_cacheable};

mod story;

/// The response headers that browsers read when they decide whether a page may read an answer, and how much of it.
const READ: [&str; 6] = [
    "access-control-allow-origin",
    "access-control-allow-credentials",
    "access-control-expose-headers",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-max-age",
];

/// Replays each pair of the step's visitors, and tells of the pair that is worst.
pub(crate) fn check(record: &StepRecord, policy: &Policy, add: &mut Add<'_>) {
    let hazards = hazards(&record.exchanges, policy);
    let Some(worst) = hazards.iter().min_by_key(|hazard| (hazard.cache, hazard.harm)) else {
        return;
    };
    let name = worst.header.name();
    add(
        format!("differential {name}"),
        format!(
            "`Vary` names `{name}`, since {} depends on it, or no shared cache may store the answer",
            worst.difference.words()
        ),
        story::of(worst),
    );
}

/// A visitor who is handed what was stored for another.
struct Hazard<'a> {
    cache: Cache,
    harm: Harm,
    /// In what the two differ.
    header: VariedHeader,
    difference: Difference,
    stored_for: &'a Exchange,
    asker: &'a Exchange,
    /// What the asker is handed.
    handed: SeenResponse,
    /// What the server itself gives the asker.
    own: &'a SeenResponse,
}

/// Which caches hand it over, the most usual first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Cache {
    /// Any that follows the standard, by a stated lifetime or one that it may guess.
    Any,
    /// One whose operator has it keep such answers.
    Told,
}

/// What befalls the asker, the worst first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Harm {
    /// It gets the data or the leave of another.
    Leaks,
    /// It does not get its own.
    Breaks,
    /// It gets something else, and nothing comes of it yet.
    Differs,
}

/// In what two answers differ.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Difference {
    Header(&'static str),
    Status,
    Body,
    SetCookie,
}

impl Difference {
    fn words(self) -> String {
        match self {
            Self::Header(name) => format!("`{name}`"),
            Self::Status => "the status".to_owned(),
            Self::Body => "the body".to_owned(),
            Self::SetCookie => "whose cookie is set".to_owned(),
        }
    }
}

fn hazards<'a>(exchanges: &'a [Exchange], policy: &Policy) -> Vec<Hazard<'a>> {
    let body_is_stable = body_is_stable(exchanges);
    let mut hazards = Vec::new();
    for stored_for in exchanges {
        let caches = caches_with(stored_for);
        for asker in exchanges {
            let (Some(header), Ok(own)) = (only_difference(stored_for, asker), &asker.response)
            else {
                continue;
            };
            let handed = caches.iter().find_map(|it| Some((it.0, it.handed_to(asker)?)));
            let Some((cache, handed)) = handed else { continue };
            let signs_in = asker.request.headers.contains(header.name());
            let found = difference(header, &handed, own, body_is_stable, signs_in);
            let Some(difference) = found else { continue };
            // Who is told to keep the answers of those who sign in breaks every server, whatever it says.
            if header.is_credential() && cache == Cache::Told {
                continue;
            }
            let harm = harm(header, difference, asker, &handed, own, policy);
            hazards.push(Hazard {
                cache,
                harm,
                header,
                difference,
                stored_for,
                asker,
                handed,
                own,
            });
        }
    }
    hazards
}

/// The one header in which two visitors differ; `None` where they differ in none or in several.
fn only_difference(one: &Exchange, other: &Exchange) -> Option<VariedHeader> {
    let differs = |header: &VariedHeader| {
        one.request.headers.get(header.name()) != other.request.headers.get(header.name())
    };
    let mut different = VariedHeader::ALL.into_iter().filter(differs);
    different.next().filter(|_| different.next().is_none())
}

/// Whether one visitor who asked twice got the same body twice; not, where nobody asked twice.
fn body_is_stable(exchanges: &[Exchange]) -> bool {
    let body = |exchange: &Exchange| exchange.response.as_ref().ok().map(|it| it.body.clone());
    let Some((last, earlier)) = exchanges.split_last() else { return false };
    earlier.iter().any(|it| it.request.headers == last.request.headers && body(it) == body(last))
}

/// A shared cache that was just offered one answer, and the time there.
struct Offered(Cache, SharedCache, Duration);

impl Offered {
    /// What it hands to `asker`.
    fn handed_to(&self, asker: &Exchange) -> Option<SeenResponse> {
        self.1.stored(&asker.request, self.2)
    }
}

/// The caches that store the answer, the most usual first.
fn caches_with(stored_for: &Exchange) -> Vec<Offered> {
    let Ok(answer) = &stored_for.response else { return Vec::new() };
    let now = date(answer, "date").unwrap_or(Duration::ZERO);
    let offered = |(kind, options)| {
        let mut cache = SharedCache::new(options);
        cache.store(&stored_for.request, answer, now).ok()?;
        Some(Offered(kind, cache, now))
    };
    let kinds = [(Cache::Any, CacheOptions::STANDARD), (Cache::Told, CacheOptions::TOLD)];
    kinds.into_iter().filter_map(offered).collect()
}

/// In what an answer differs from the asker's own, as far as `header` may be the cause.
fn difference(
    header: VariedHeader,
    handed: &SeenResponse,
    own: &SeenResponse,
    body_is_stable: bool,
    asker_signs_in: bool,
) -> Option<Difference> {
    let read = READ.into_iter().find(|name| handed.headers.get(name) != own.headers.get(name));
    if let Some(name) = read {
        return Some(Difference::Header(name));
    }
    if header == VariedHeader::Origin && refuses(handed) && (200..400).contains(&own.status) {
        return Some(Difference::Status);
    }
    if !header.is_credential() {
        return None;
    }
    // Who is refused for its credentials loses nothing by an answer that is for everybody. An answer that asked for
    // credentials is not, and who has none may not get it: that a cache may guess so is left aside here too.
    let is_refused = |answer: &SeenResponse| matches!(answer.status, 401 | 403);
    let is_for_everybody = asker_signs_in || !is_marked_cacheable(handed);
    if is_refused(own) && !is_refused(handed) && is_for_everybody {
        return None;
    }
    if handed.status != own.status {
        return Some(Difference::Status);
    }
    if body_is_stable && handed.body != own.body {
        return Some(Difference::Body);
    }
    // A lifetime that is only guessed is left aside here: no cache in use keeps a cookie unasked.
    let is_kept = is_marked_cacheable(handed) && handed.headers.contains("set-cookie");
    is_kept.then_some(Difference::SetCookie)
}

/// Whether an answer refuses what was asked; not, where there was merely too much asked in a short time.
fn refuses(answer: &SeenResponse) -> bool {
    (400..500).contains(&answer.status) && answer.status != 429
}

fn harm(
    header: VariedHeader,
    difference: Difference,
    asker: &Exchange,
    handed: &SeenResponse,
    own: &SeenResponse,
    policy: &Policy,
) -> Harm {
    if header.is_credential() {
        let signed_in = asker.request.headers.contains(header.name());
        let leaks = !signed_in || difference == Difference::SetCookie;
        return if leaks { Harm::Leaks } else { Harm::Breaks };
    }
    let Some(origin) = asker.request.headers.get("origin") else { return Harm::Differs };
    let allowed = policy.allows_origin(&String::from_utf8_lossy(&origin));
    let shares = |answer: &SeenResponse| {
        let value = answer.headers.get("access-control-allow-origin");
        value.is_some_and(|value| value == b"*" || value == origin)
    };
    match (allowed, shares(handed), shares(own)) {
        (false, true, false) => Harm::Leaks,
        (true, ..) if difference == Difference::Status => Harm::Breaks,
        (true, false, true) => Harm::Breaks,
        _ => Harm::Differs,
    }
}

#[cfg(test)]
mod tests;
