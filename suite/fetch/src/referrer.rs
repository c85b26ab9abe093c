//! The `Referer` header: which URL, how much of it, and what a redirect changes.

use url::Url;

use crate::construct::split_value;
use crate::header_list::HeaderList;
use crate::origin::Origin;
use crate::page::Page;
use crate::profile::Profile;
use crate::redirect::just_crossed_origins;
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

/// What becomes of the referrer from hop to hop.
#[derive(Clone, Debug)]
pub(crate) struct Referrals {
    /// Whether the script asked for none.
    unnamed: bool,
    /// What the policies may go back to.
    whole: Referrer,
    /// What the policies of the hops left of it.
    left: Referrer,
    /// What they left of it at the first.
    first: Option<Referrer>,
    /// The policy that the origin is named by.
    origin_policy: ReferrerPolicy,
    /// Whether the browser goes by another policy than it was asked to.
    defaulted: bool,
}

impl Referrals {
    pub(crate) fn new(source: &Referrer) -> Self {
        Self {
            left: source.clone(),
            unnamed: *source == Referrer::NoReferrer,
            whole: source.clone(),
            first: None,
            origin_policy: ReferrerPolicy::Default,
            defaulted: false,
        }
    }

    /// Determines the referrer for the request's current URL.
    pub(crate) fn determine(&mut self, request: &Request, page: &Page, profile: &Profile) {
        let current = request.current_url();
        let near = page.origin.schemelessly_same_site(&Origin::of(current));
        let before = core::mem::replace(
            &mut self.defaulted,
            profile.default_policy_off_site && !near && tells_more(request.referrer_policy),
        );
        let policy = if self.defaulted { DEFAULT } else { request.referrer_policy };
        let crossed = self.first.is_none() || just_crossed_origins(&request.url_list);
        if crossed || profile.redirect_policy_hides_origin {
            self.origin_policy = policy;
        }
        if before && !self.defaulted && self.left != Referrer::NoReferrer {
            self.left = self.whole.clone();
        }
        let around = profile.upload_names_page_around && request.use_cors_preflight;
        let page = page.url.as_ref().filter(|_| around || !is_opaque(page));
        self.left = determine(&self.left, policy, current, page, profile);
        self.first.get_or_insert_with(|| self.left.clone());
    }

    /// What is left is the whole from now on, where a redirect names a policy.
    pub(crate) fn settle(&mut self) {
        self.whole = self.left.clone();
    }

    /// The referrer as it goes over the wire.
    pub(crate) fn sent(
        &self,
        preflight: bool,
        request: &Request,
        page: &Page,
        profile: &Profile,
    ) -> Option<Url> {
        let named = match &self.first {
            Some(first) if preflight && profile.preflight_names_first_referrer => first,
            _ => &self.left,
        };
        let Referrer::Url(url) = named else { return None };
        let tab = page.top_level_origin();
        let far = !tab.schemelessly_same_site(&Origin::of(request.current_url()));
        if far && profile.trims_referrer_off_tab { strip(url, true) } else { Some(url.clone()) }
    }

    /// The policy that the origin is named by.
    pub(crate) fn origin_policy(&self) -> ReferrerPolicy {
        self.origin_policy
    }

    /// Whether the script asked for no referrer.
    pub(crate) fn unnamed(&self) -> bool {
        self.unnamed
    }
}

fn is_opaque(page: &Page) -> bool {
    matches!(page.origin, Origin::Opaque)
}

/// Whether a policy tells another site more than the default one does.
fn tells_more(policy: ReferrerPolicy) -> bool {
    matches!(
        policy,
        ReferrerPolicy::UnsafeUrl
            | ReferrerPolicy::NoReferrerWhenDowngrade
            | ReferrerPolicy::OriginWhenCrossOrigin
    )
}

/// [Determines a request's referrer](https://w3c.github.io/webappsec-referrer-policy/#determine-requests-referrer).
fn determine(
    referrer: &Referrer,
    policy: ReferrerPolicy,
    current: &Url,
    page: Option<&Url>,
    profile: &Profile,
) -> Referrer {
    let source = match referrer {
        Referrer::NoReferrer => None,
        // A document of an opaque origin gives none.
        Referrer::Client => page,
        Referrer::Url(url) => Some(url),
    };
    let left = source.and_then(|source| by_policy(source, policy, current, profile));
    left.map_or(Referrer::NoReferrer, Referrer::Url)
}

/// What a policy leaves of a referrer; `None` for nothing.
fn by_policy(
    source: &Url,
    policy: ReferrerPolicy,
    current: &Url,
    profile: &Profile,
) -> Option<Url> {
    let stripped = strip(source, false)?;
    let origin_only = strip(source, true)?;
    let full = if stripped.as_str().len() > 4096 { origin_only.clone() } else { stripped };
    let same_origin = Origin::of(&full).same_origin(&Origin::of(current));
    let secure = |url: &Url| match profile.downgrade_is_of_scheme {
        true => url.scheme() == "https",
        false => Origin::of(url).is_potentially_trustworthy(),
    };
    let downgrade = secure(&full) && !secure(current);
    match policy {
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
