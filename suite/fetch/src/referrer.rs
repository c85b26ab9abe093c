//! The `Referer` header: which URL, how much of it, and what a redirect changes.

use url::Url;

use crate::construct::split_value;
use crate::header_list::HeaderList;
use crate::origin::Origin;
use crate::page::Page;
use crate::profile::{Profile, TrimsReferrer};
use crate::request::{Referrer, ReferrerPolicy, Request};

/// The default of every browser and of the standard.
const DEFAULT: ReferrerPolicy = ReferrerPolicy::StrictOriginWhenCrossOrigin;

/// The policy that a request goes by: its own, or the page's, or the default.
pub(crate) fn effective_policy(request: ReferrerPolicy, page: &Page) -> ReferrerPolicy {
    [request, page.referrer_policy]
        .into_iter()
        .find(|policy| *policy != ReferrerPolicy::Default)
        .unwrap_or(DEFAULT)
}

/// [Determines a request's referrer](https://w3c.github.io/webappsec-referrer-policy/#determine-requests-referrer):
/// `None` where it sends none.
pub(crate) fn determine(
    referrer: &Referrer,
    request: &Request,
    page: &Page,
    profile: &Profile,
) -> Option<Url> {
    let current = request.current_url();
    let source = match referrer {
        Referrer::NoReferrer => return None,
        Referrer::Client => page.url.clone()?,
        Referrer::Url(url) => url.clone(),
    };
    let stripped = strip(&source, false)?;
    let origin_only = strip(&source, true)?;
    let full = if stripped.as_str().len() > 4096 { origin_only.clone() } else { stripped };
    let same_origin = Origin::of(&full).same_origin(&Origin::of(current));
    let secure = |url: &Url| match profile.downgrade_is_of_scheme {
        true => url.scheme() == "https",
        false => Origin::of(url).is_potentially_trustworthy(),
    };
    let downgrade = secure(&full) && !secure(current);
    match request.referrer_policy {
        ReferrerPolicy::NoReferrer => None,
        ReferrerPolicy::Origin => Some(origin_only),
        ReferrerPolicy::UnsafeUrl => Some(full),
        ReferrerPolicy::StrictOrigin => (!downgrade).then_some(origin_only),
        ReferrerPolicy::StrictOriginWhenCrossOrigin | ReferrerPolicy::Default => {
            if same_origin {
                Some(full)
            } else {
                (!downgrade).then_some(origin_only)
            }
        }
        ReferrerPolicy::SameOrigin => same_origin.then_some(full),
        ReferrerPolicy::OriginWhenCrossOrigin => Some(if same_origin { full } else { origin_only }),
        ReferrerPolicy::NoReferrerWhenDowngrade => (!downgrade).then_some(full),
    }
}

/// The referrer as a browser trims it whatever the policy.
pub(crate) fn trimmed(referrer: Url, current: &Url, page: &Page, profile: &Profile) -> Url {
    let near = |origin: &Origin| origin.schemelessly_same_site(&Origin::of(current));
    let far = match profile.trims_referrer {
        TrimsReferrer::Never => false,
        TrimsReferrer::OffItsSite => !near(&Origin::of(&referrer)),
        TrimsReferrer::OffTheTabsSite => {
            !near(&Origin::of(&referrer)) || !near(page.top_level_origin())
        }
    };
    if far { strip(&referrer, true).unwrap_or(referrer) } else { referrer }
}

/// [Strips a URL](https://w3c.github.io/webappsec-referrer-policy/#strip-url) for
/// use as a referrer; `None` for a URL that never is one.
fn strip(url: &Url, origin_only: bool) -> Option<Url> {
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let mut stripped = url.clone();
    stripped.set_fragment(None);
    stripped.set_username("").ok()?;
    stripped.set_password(None).ok()?;
    if origin_only {
        stripped.set_path("");
        stripped.set_query(None);
    }
    Some(stripped)
}

/// The policy that a redirect's `Referrer-Policy` sets
/// ([on redirect](https://w3c.github.io/webappsec-referrer-policy/#set-requests-referrer-policy-on-redirect)):
/// the last word that is known.
pub(crate) fn policy_on_redirect(response: &HeaderList) -> Option<ReferrerPolicy> {
    let value = response.get("referrer-policy")?;
    split_value(&value).filter_map(parse_policy).last()
}

/// The policy that a word stands for.
#[must_use]
pub fn parse_policy(word: &[u8]) -> Option<ReferrerPolicy> {
    match word.to_ascii_lowercase().as_slice() {
        b"no-referrer" => Some(ReferrerPolicy::NoReferrer),
        b"no-referrer-when-downgrade" => Some(ReferrerPolicy::NoReferrerWhenDowngrade),
        b"same-origin" => Some(ReferrerPolicy::SameOrigin),
        b"origin" => Some(ReferrerPolicy::Origin),
        b"strict-origin" => Some(ReferrerPolicy::StrictOrigin),
        b"origin-when-cross-origin" => Some(ReferrerPolicy::OriginWhenCrossOrigin),
        b"strict-origin-when-cross-origin" => Some(ReferrerPolicy::StrictOriginWhenCrossOrigin),
        b"unsafe-url" => Some(ReferrerPolicy::UnsafeUrl),
        _ => None,
    }
}
