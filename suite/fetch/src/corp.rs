//! Cross-Origin-Resource-Policy: may this page embed what it may not read?

use url::Url;

use crate::byte::Bytes;
use crate::cause::Cause;
use crate::header_list::HeaderList;
use crate::origin::Origin;
use crate::page::{EmbedderPolicy, Page};
use crate::profile::Profile;

/// Runs the [cross-origin resource policy check](https://fetch.spec.whatwg.org/#cross-origin-resource-policy-check)
/// on a response from `url`.
///
/// `credentials`: whether the request carried any.
///
/// # Errors
///
/// The response is blocked, and why.
pub(crate) fn cross_origin_resource_policy_check(
    page: &Page,
    url: &Url,
    response: &HeaderList,
    credentials: bool,
    profile: &Profile,
) -> Result<(), Cause> {
    let sent = response.get("cross-origin-resource-policy");
    let known = sent.as_deref().is_none_or(|word| word.is_empty() || is_policy(word));
    if !known && !profile.unknown_resource_policy_is_none {
        return Ok(());
    }
    // Step 2: the page's embedder policy.
    let embedder = page.embedder_policy;
    // Step 3: the response's own policy, as if the page asked nothing of it.
    internal_check(page, url, response, EmbedderPolicy::UnsafeNone, credentials)?;
    // Step 5: the response's policy, as the page's embedder policy has it.
    // Step 7: otherwise blocked.
    internal_check(page, url, response, embedder, credentials)
}

/// Whether a value is one that has a meaning.
fn is_policy(word: &[u8]) -> bool {
    matches!(word, b"same-origin" | b"same-site" | b"cross-origin")
}

/// The [internal check](https://fetch.spec.whatwg.org/#cross-origin-resource-policy-internal-check).
fn internal_check(
    page: &Page,
    url: &Url,
    response: &HeaderList,
    embedder: EmbedderPolicy,
    credentials: bool,
) -> Result<(), Cause> {
    // Step 2: the value, lines combined.
    let sent = response.get("cross-origin-resource-policy");
    // Step 3: a word that is not known counts as none.
    let policy = sent.as_deref().filter(|word| is_policy(word));
    // Step 4: without one, the embedder policy may stand in.
    let implied = match embedder {
        EmbedderPolicy::UnsafeNone => false,
        EmbedderPolicy::Credentialless => credentials,
        EmbedderPolicy::RequireCorp => true,
    };
    let blocked = || match &sent {
        Some(sent) if policy.is_some() => {
            Cause::CrossOriginResourcePolicy { sent: Bytes(sent.clone()) }
        }
        _ => Cause::EmbedderPolicy,
    };
    // Step 5: the policy decides.
    let origin = Origin::of(url);
    let allowed = match policy {
        Some(b"same-origin") => page.origin.same_origin(&origin),
        Some(b"same-site") => {
            page.origin.schemelessly_same_site(&origin)
                && (page.origin.scheme() == Some("https") || origin.scheme() != Some("https"))
        }
        Some(_) => true,
        None => !implied || page.origin.same_origin(&origin),
    };
    if allowed { Ok(()) } else { Err(blocked()) }
}
