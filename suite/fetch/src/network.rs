//! HTTP-network-or-cache fetch: the request as it goes over the wire, and what
//! is kept of the answer.

use core::time::Duration;

use alloc::string::ToString as _;

use url::Url;

use crate::agent::UserAgent;
use crate::cookie::Distance;
use crate::fetch::{HttpRequest, Tainting};
use crate::header_list::HeaderList;
use crate::origin::Origin;
use crate::page::{EmbedderPolicy, Page};
use crate::preflight::preflight_headers;
use crate::profile::Profile;
use crate::redirect::taints_origin;
use crate::request::{CacheMode, CredentialsMode, Mode, Referrer, ReferrerPolicy, Request};
use crate::sec_fetch::append_metadata;

/// What stands around a request when it is put on the wire.
pub(crate) struct Context<'a> {
    pub(crate) page: &'a Page,
    pub(crate) request: &'a Request,
    pub(crate) tainting: Tainting,
    /// Whether a redirect turned the method into GET.
    pub(crate) became_get: bool,
    /// The referrer that the URL before had; `None` before any redirect.
    pub(crate) referrer_before: Option<&'a Referrer>,
}

impl Context<'_> {
    /// The request's origin as the `Origin` header says it
    /// ([byte-serialising](https://fetch.spec.whatwg.org/#byte-serializing-a-request-origin)).
    pub(crate) fn serialized_origin(&self) -> alloc::vec::Vec<u8> {
        // Step 1: a tainted origin is null.
        if taints_origin(&self.page.origin, &self.request.url_list) {
            return b"null".to_vec();
        }
        // Step 2: otherwise the serialisation, which is ASCII.
        self.page.origin.to_string().into_bytes()
    }

    fn is_same_site(&self) -> bool {
        self.page.origin.schemelessly_same_site(&Origin::of(self.request.current_url()))
    }

    /// Whether the request carries credentials, and keeps those of the answer.
    pub(crate) fn include_credentials(&self) -> bool {
        // Step 8.3: by the credentials mode.
        let include = match self.request.credentials {
            CredentialsMode::Include => true,
            CredentialsMode::SameOrigin => self.tainting == Tainting::Basic,
            CredentialsMode::Omit => false,
        };
        // Step 8.4: a credentialless page sends none to another origin that was not asked.
        let current = Origin::of(self.request.current_url());
        let withheld = self.page.embedder_policy == EmbedderPolicy::Credentialless
            && self.request.mode == Mode::NoCors
            && !self.page.origin.same_origin(&current);
        include && !withheld
    }

    /// How far the URL is from the site of the page, for cookies.
    pub(crate) fn distance(&self, profile: &Profile) -> Distance {
        let same = |one: &Origin, other: &Origin| {
            if profile.cookies.schemeful {
                one.same_site(other)
            } else {
                one.schemelessly_same_site(other)
            }
        };
        let near = |url: &Url| same(&self.page.origin, &Origin::of(url));
        let first_party = same(self.page.top_level_origin(), &self.page.origin)
            && near(self.request.current_url());
        let chain = !profile.cookies.same_site_considers_redirects
            || self.request.url_list.iter().all(near);
        Distance { first_party, same_site: first_party && chain }
    }
}

/// The request that goes over the wire: the eighth step of
/// [HTTP-network-or-cache fetch](https://fetch.spec.whatwg.org/#concept-http-network-or-cache-fetch).
pub(crate) fn actual(context: &Context<'_>, agent: &UserAgent, now: Duration) -> HttpRequest {
    let request = context.request;
    let profile = agent.profile;
    let mut headers = request.headers.clone();
    accept(&mut headers, profile);
    // Steps 8.5 to 8.9: the body's length, which is 0 for a POST or PUT without one.
    let length = request.body.as_ref().map(alloc::vec::Vec::len);
    let empty = matches!(request.method.as_slice(), b"POST" | b"PUT").then_some(0);
    if let Some(length) = length.or(empty) {
        headers.append("Content-Length", length.to_string());
    }
    common(&mut headers, context, profile, false);
    cache_mode(&mut headers, effective_cache_mode(request, profile), request);
    // Step 8.19: a range is asked for as it is, without a coding.
    if headers.contains("range") {
        headers.append("Accept-Encoding", "identity");
    }
    // Step 8.20: what HTTP itself needs is the transport's business.
    // Step 8.21: credentials.
    if context.include_credentials() {
        let distance = context.distance(profile);
        let url = request.current_url();
        if let Some(cookies) = agent.cookies.header(url, distance, now, &profile.cookies) {
            headers.append("Cookie", cookies);
        }
    }
    HttpRequest {
        preflight: false,
        method: request.method.clone(),
        url: wire_url(request.current_url()),
        headers,
        body: request.body.clone(),
    }
}

/// The preflight that goes over the wire: steps 1 to 5 of the
/// [CORS-preflight fetch](https://fetch.spec.whatwg.org/#cors-preflight-fetch).
pub(crate) fn preflight(context: &Context<'_>, profile: &Profile) -> HttpRequest {
    let mut headers = preflight_headers(context.request, profile);
    headers.append("Accept-Language", profile.accept_language);
    common(&mut headers, context, profile, true);
    if profile.cache_headers_on_preflight {
        let mode = effective_cache_mode(context.request, profile);
        cache_mode(&mut headers, mode, context.request);
    }
    HttpRequest {
        preflight: true,
        method: b"OPTIONS".to_vec(),
        url: wire_url(context.request.current_url()),
        headers,
        body: None,
    }
}

/// A URL without what never goes over the wire.
fn wire_url(url: &Url) -> Url {
    let mut url = url.clone();
    url.set_fragment(None);
    // A URL with a host takes both; one without carries no userinfo.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}

/// `Accept` and `Accept-Language`, where the script does not set them
/// ([fetch](https://fetch.spec.whatwg.org/#concept-fetch)).
fn accept(headers: &mut HeaderList, profile: &Profile) {
    if !headers.contains("accept") {
        headers.append("Accept", "*/*");
    }
    if !headers.contains("accept-language") {
        headers.append("Accept-Language", profile.accept_language);
    }
}

fn common(headers: &mut HeaderList, context: &Context<'_>, profile: &Profile, preflight: bool) {
    let request = context.request;
    // Step 8.11: the referrer.
    let page = context.page;
    let kept = preflight && profile.preflight_keeps_referrer && context.is_same_site();
    let referrer = context.referrer_before.filter(|_| kept).unwrap_or(&request.referrer);
    if let Referrer::Url(url) = referrer {
        headers.append("Referer", url.as_str());
    }
    // Step 8.12: the origin.
    append_origin(headers, context, profile, preflight);
    // Step 8.13: the Fetch metadata headers.
    let mode = if preflight { Mode::Cors } else { request.mode };
    append_metadata(headers, &page.origin, &request.url_list, mode, preflight, profile);
    // Step 8.15: the browser's name, unless the script gives another.
    if !headers.contains("user-agent") || !profile.user_agent_needs_preflight {
        headers.set("User-Agent", profile.user_agent);
    }
}

/// [Appends a request `Origin` header](https://fetch.spec.whatwg.org/#append-a-request-origin-header).
fn append_origin(
    headers: &mut HeaderList,
    context: &Context<'_>,
    profile: &Profile,
    preflight: bool,
) {
    // Step 1: the origin is the page's.
    let request = context.request;
    // Step 2: serialised.
    let mut serialized = context.serialized_origin();
    if preflight && profile.preflight_origin_ignores_taint {
        serialized = context.page.origin.to_string().into_bytes();
    }
    // Step 3: a cors response always says who asks.
    if preflight || context.tainting == Tainting::Cors {
        headers.append("Origin", serialized);
        return;
    }
    // Step 4: otherwise only where the method may change something.
    let untainted = serialized != b"null";
    let kept = context.became_get && untainted && profile.keeps_origin_on_redirect;
    if matches!(request.method.as_slice(), b"GET" | b"HEAD") && !kept {
        return;
    }
    // Step 4.1: outside of mode cors, the referrer policy has a say.
    if request.mode != Mode::Cors && !profile.origin_ignores_referrer_policy {
        let current = Origin::of(request.current_url());
        let hidden = match request.referrer_policy {
            ReferrerPolicy::NoReferrer => true,
            ReferrerPolicy::NoReferrerWhenDowngrade
            | ReferrerPolicy::StrictOrigin
            | ReferrerPolicy::StrictOriginWhenCrossOrigin => {
                context.page.origin.scheme() == Some("https") && current.scheme() != Some("https")
            }
            ReferrerPolicy::SameOrigin => !context.page.origin.same_origin(&current),
            _ => false,
        };
        if hidden {
            serialized = b"null".to_vec();
        }
    }
    // Step 4.2: say who asks.
    headers.append("Origin", serialized);
}

/// The cache mode, which a script's own conditions change.
fn effective_cache_mode(request: &Request, profile: &Profile) -> CacheMode {
    let conditions =
        ["if-modified-since", "if-none-match", "if-unmodified-since", "if-match", "if-range"];
    // Step 8.16: a conditional request goes past the cache.
    let conditional = conditions.into_iter().any(|name| request.headers.contains(name));
    match request.cache {
        CacheMode::Default if conditional && profile.conditional_is_max_age_0 => CacheMode::NoCache,
        CacheMode::Default if conditional => CacheMode::NoStore,
        mode => mode,
    }
}

fn cache_mode(headers: &mut HeaderList, mode: CacheMode, request: &Request) {
    let given = request.headers.contains("cache-control");
    // Step 8.17: asking the server before using the cache.
    if mode == CacheMode::NoCache && !given {
        headers.append("Cache-Control", "max-age=0");
    }
    // Step 8.18: past the cache.
    if matches!(mode, CacheMode::NoStore | CacheMode::Reload) {
        if !headers.contains("pragma") {
            headers.append("Pragma", "no-cache");
        }
        if !given {
            headers.append("Cache-Control", "no-cache");
        }
    }
}
