//! What may be stored.

use std::time::Duration;

use super::directives::Directives;
use super::{CacheOptions, freshness};
use crate::exchange::{SeenResponse, SentRequest};

/// Why an answer is not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotStored {
    /// Only answers to GET and HEAD are.
    #[error("answers to this method are not stored")]
    Method,
    /// It is not final, or the cache does not keep that status.
    #[error("answers of this status are not stored")]
    Status,
    /// The request or the answer says `no-store`.
    #[error("`no-store` forbids it")]
    NoStore,
    /// The answer says `private`.
    #[error("`private` forbids it")]
    Private,
    /// The request carries `Authorization`, and the answer does not allow it all the same.
    #[error("the request carries `Authorization`")]
    Authorization,
    /// The answer says nothing that lets a cache keep it.
    #[error("it states no lifetime, and its status lets nobody guess one")]
    Unstated,
    /// This cache stores no answer with `Set-Cookie`.
    #[error("this cache stores no answer with `Set-Cookie`")]
    SetCookie,
    /// This cache passes requests with that header on.
    #[error("this cache passes requests with `{0}` on")]
    Passed(&'static str),
}

/// How long the answer to `request` is fresh in a cache that may store it.
///
/// # Errors
/// Why it may not be stored. Source: RFC 9111, section 3.
pub(super) fn lifetime(
    options: &CacheOptions,
    request: &SentRequest,
    answer: &SeenResponse,
    now: Duration,
) -> Result<Duration, NotStored> {
    let asked = Directives::of(&request.headers, "cache-control");
    let said = Directives::of(&answer.headers, "cache-control");
    // The method is understood, and its answers may be stored (RFC 9110, section 9.2.3).
    let is_kept = matches!(request.method.as_slice(), b"GET" | b"HEAD")
        || options.keeps_options && request.method == b"OPTIONS";
    if !is_kept {
        return Err(NotStored::Method);
    }
    // The status is final, and the answer is whole: the model puts no parts together.
    if !(200..600).contains(&answer.status) || matches!(answer.status, 206 | 304) {
        return Err(NotStored::Status);
    }
    if said.has("no-store") || options.reads_requests && asked.has("no-store") {
        return Err(NotStored::NoStore);
    }
    // With names after it, it may be read as without (section 5.2.2.7).
    if said.has("private") {
        return Err(NotStored::Private);
    }
    // Section 3.5 has the three directives.
    let allows = ["must-revalidate", "public", "s-maxage"].iter().any(|name| said.has(name));
    if request.headers.contains("authorization") && !allows {
        return Err(NotStored::Authorization);
    }
    if answer.headers.contains("set-cookie") && !options.keeps_set_cookie {
        return Err(NotStored::SetCookie);
    }
    let lifetime = match freshness::stated(answer, now, options.expires_without_date) {
        Some(_) if !options.stated.is_empty() && !options.stated.contains(&answer.status) => {
            return Err(NotStored::Status);
        }
        Some(lifetime) => lifetime,
        None => unstated(options, answer.status, said.has("public"))?,
    };
    // It is stored, but used only after validation (section 5.2.2.4).
    Ok(if said.has("no-cache") { Duration::ZERO } else { lifetime })
}

/// The lifetime of an answer that states none.
///
/// Source: RFC 9111, section 4.2.2: a guess is allowed for some statuses, and where `public` is said.
fn unstated(options: &CacheOptions, status: u16, public: bool) -> Result<Duration, NotStored> {
    let entry = options
        .unstated
        .iter()
        .find(|entry| entry.statuses.is_empty() || entry.statuses.contains(&status));
    match entry {
        Some(entry) => Ok(entry.keep),
        None if public => Ok(options.marked_public),
        None => Err(NotStored::Unstated),
    }
}
