//! How long an answer is fresh, and how old it is.

use std::time::{Duration, UNIX_EPOCH};

use super::directives::{Directives, delta_seconds};
use crate::exchange::SeenResponse;

/// The lifetime that an answer states for a shared cache; `None` where it states none.
///
/// Source: RFC 9111, section 4.2.1.
pub(super) fn stated(
    answer: &SeenResponse,
    now: Duration,
    expires_without_date: bool,
) -> Option<Duration> {
    let control = Directives::of(&answer.headers, "cache-control");
    let directive = control.seconds("s-maxage").or_else(|| control.seconds("max-age"));
    if let Some(seconds) = directive {
        return Some(Duration::from_secs(seconds));
    }
    // What is no date is in the past (section 5.3). Without a date of its own the answer was made now.
    let past =
        || answer.headers.get("expires").filter(|_| expires_without_date).map(|_| Duration::ZERO);
    let expires = date(answer, "expires").or_else(past)?;
    Some(expires.saturating_sub(date(answer, "date").unwrap_or(now)))
}

/// Whether an answer says itself that a shared cache may keep it: it states a lifetime, or is `public`.
#[must_use]
pub fn is_marked_cacheable(answer: &SeenResponse) -> bool {
    let lifetime = stated(answer, Duration::ZERO, true);
    lifetime.is_some() || Directives::of(&answer.headers, "cache-control").has("public")
}

/// How old an answer is when it arrives.
///
/// Source: RFC 9111, section 4.2.3, for an exchange that takes no time.
pub(super) fn age_on_arrival(answer: &SeenResponse, now: Duration, reads_age: bool) -> Duration {
    if !reads_age {
        return Duration::ZERO;
    }
    let apparent = now.saturating_sub(date(answer, "date").unwrap_or(now));
    let first = answer.headers.get_all("age").next().map(String::from_utf8_lossy);
    let said = first.map_or(0, |age| delta_seconds(age.trim()));
    apparent.max(Duration::from_secs(said))
}

/// The date in the header `name` of an answer, as time since the Unix epoch; `None` where there is none or it is no date.
///
/// Source: RFC 9110, section 5.6.7.
#[must_use]
pub fn date(answer: &SeenResponse, name: &str) -> Option<Duration> {
    let value = answer.headers.get(name)?;
    let time = httpdate::parse_http_date(std::str::from_utf8(&value).ok()?).ok()?;
    time.duration_since(UNIX_EPOCH).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    use test_case::test_case;

    #[test_case(&[] => false ; "nothing")]
    #[test_case(&[("cache-control", "max-age=60")] => true ; "a lifetime")]
    #[test_case(&[("cache-control", "public")] => true ; "public")]
    #[test_case(&[("expires", "0")] => true ; "a date, be it none")]
    #[test_case(&[("cache-control", "no-cache")] => false ; "something else")]
    fn answers_marked_cacheable(headers: &[(&str, &str)]) -> bool {
        is_marked_cacheable(&SeenResponse {
            status: 200,
            status_text: Vec::new(),
            headers: headers.iter().copied().collect(),
            body: Vec::new(),
        })
    }
}
