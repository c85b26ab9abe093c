//! The words for a hazard: who stored what, who is handed it, and what comes of it.

use super::{Cache, Difference, Harm, Hazard, READ};
use crate::exchange::{Exchange, SeenResponse};
use crate::judge::shown;
use crate::scenario::VariedHeader;

/// What befalls the next visitor, with the response that it is handed.
pub(super) fn of(hazard: &Hazard<'_>) -> String {
    let Hazard { header, stored_for, asker, handed, own, .. } = hazard;
    let cache = match hazard.cache {
        Cache::Any => "a shared cache",
        Cache::Told => "a cache that is told to keep such answers",
    };
    let vary = match handed.headers.get("vary") {
        Some(value) => format!("`Vary: {}`", shown(&value)),
        None => "no `Vary`".to_owned(),
    };
    format!(
        "{vary} on the answer to {}: {cache} hands it to {}, and {}; handed {}, its own has {}",
        who(*header, stored_for),
        who(*header, asker),
        harm(hazard),
        response(hazard.difference, handed),
        response(hazard.difference, own),
    )
}

/// A visitor, by the header in which it differs from the other one. No credentials are shown.
fn who(header: VariedHeader, exchange: &Exchange) -> String {
    let value = exchange.request.headers.get(header.name());
    match (header, value) {
        (VariedHeader::Origin, Some(origin)) => format!("a page of `{}`", shown(&origin)),
        (VariedHeader::Origin, None) => "a request without `Origin`".to_owned(),
        (VariedHeader::Cookie, Some(_)) => "a visitor with a cookie".to_owned(),
        (VariedHeader::Cookie, None) => "one without a cookie".to_owned(),
        (VariedHeader::Authorization, Some(_)) => "a visitor with `Authorization`".to_owned(),
        (VariedHeader::Authorization, None) => "one without `Authorization`".to_owned(),
        (header, Some(value)) => format!("a preflight with `{}: {}`", header.name(), shown(&value)),
        (header, None) => format!("a preflight without `{}`", header.name()),
    }
}

fn harm(hazard: &Hazard<'_>) -> &'static str {
    match (hazard.harm, hazard.header.is_credential(), hazard.difference) {
        (Harm::Leaks, true, Difference::SetCookie) => "it becomes the other one",
        (Harm::Leaks, true, _) => "it reads what was for the other one",
        (Harm::Leaks, false, _) => "it can read what it must not",
        (Harm::Breaks, true, _) => "it does not get what is its own",
        (Harm::Breaks, false, Difference::Status) => "it is refused although it is allowed",
        (Harm::Breaks, false, _) => "it is blocked although it is allowed",
        (Harm::Differs, ..) => "it gets what was meant for another",
    }
}

/// The part of a response that matters here.
fn response(difference: Difference, response: &SeenResponse) -> String {
    let lines = READ
        .iter()
        .filter_map(|name| Some(format!(", `{name}: {}`", shown(&response.headers.get(name)?))));
    let lines: String = lines.collect();
    let more = match difference {
        Difference::Body => format!(", a body of {} bytes", response.body.len()),
        Difference::SetCookie => ", a cookie".to_owned(),
        Difference::Header(_) if lines.is_empty() => " without a CORS header".to_owned(),
        Difference::Header(_) | Difference::Status => String::new(),
    };
    format!("{}{lines}{more}", response.status)
}
