//! HTTP-network-or-cache fetch: the request as it goes over the wire, and what
//! is kept of the answer.

use core::time::Duration;

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use url::Url;

use crate::agent::UserAgent;
use crate::cookie::Distance;
use crate::fetch::{HttpRequest, Tainting};
use crate::header_list::HeaderList;
use crate::origin::{Origin, is_loopback};
use crate::page::{EmbedderPolicy, Page};
use crate::preflight::preflight_headers;
use crate::preflight_cache::site;
use crate::profile::{NamesOrigin, Profile};
use crate::redirect::{crosses_origins, just_crossed_origins, taints_origin};
use crate::referrer::Referrals;
use crate::request::{CacheMode, CredentialsMode, Mode, ReferrerPolicy, Request};
use crate::sec_fetch::append_metadata;

/// What stands around a request when it is put on the wire.
pub(crate) struct Context<'a> {
    pub(crate) page: &'a Page,
    pub(crate) request: &'a Request,
    pub(crate) tainting: Tainting,
    /// The method that the script gave.
    pub(crate) first_method: &'a [u8],
    /// The headers that a preflight judges.
    pub(crate) judged: &'a HeaderList,
    /// Whether a redirect turned the method into GET, and no later one crossed origins.
    pub(crate) became_get: bool,
    /// The referrer.
    pub(crate) referrals: &'a Referrals,
}

impl Context<'_> {
    /// The request's origin as the `Origin` header says it
    /// ([serialising a request origin](https://fetch.spec.whatwg.org/#serializing-a-request-origin)).
    pub(crate) fn serialized_origin(&self) -> Vec<u8> {
        // Step 2: a tainted origin is null.
        if taints_origin(&self.page.origin, &self.request.url_list) {
            return b"null".to_vec();
        }
        // Step 3: otherwise the serialisation, which is ASCII.
        self.page.origin.to_string().into_bytes()
    }

    /// The origin that a preflight names, and whose answers are remembered.
    pub(crate) fn preflight_origin(&self, profile: &Profile) -> Vec<u8> {
        if profile.preflight_origin_ignores_taint {
            return self.page.origin.to_string().into_bytes();
        }
        self.serialized_origin()
    }

    /// Whether a frame of another site than the tab's asks the tab's site, whose cookies it might
    /// be given, so that the server is told who asks.
    fn asks_the_tab(&self, profile: &Profile) -> bool {
        if self.request.credentials != CredentialsMode::Include {
            return false;
        }
        let (tab, page) = (self.page.top_level_origin(), &self.page.origin);
        let current = Origin::of(self.request.current_url());
        match profile.names_origin_to_the_tab {
            NamesOrigin::Never => false,
            NamesOrigin::OfTheFirst => {
                let kept = self.request.method == *self.first_method;
                kept && !tab.same_site(page) && tab.same_site(&Origin::of(self.request.url()))
            }
            NamesOrigin::WhereTrusted => {
                current.is_potentially_trustworthy()
                    && !page.schemelessly_same_site(&current)
                    && tab.schemelessly_same_site(&current)
                    && !taints_origin(page, &self.request.url_list)
            }
        }
    }

    /// Whether the request carries credentials, and keeps those of the answer: steps of
    /// [HTTP-network-or-cache fetch](https://fetch.spec.whatwg.org/#concept-http-network-or-cache-fetch).
    pub(crate) fn include_credentials(&self, profile: &Profile) -> bool {
        // Step 8.3: by the credentials mode.
        let include = match self.request.credentials {
            CredentialsMode::Include => true,
            CredentialsMode::SameOrigin => {
                let began_here = self.page.origin.same_origin(&Origin::of(self.request.url()));
                let kept = self.request.mode == Mode::NoCors && began_here;
                self.tainting == Tainting::Basic
                    || kept && profile.no_cors_redirect_keeps_credentials
            }
            CredentialsMode::Omit => false,
        };
        // Step 8.4: a credentialless page sends none to another origin that was not asked.
        include && !self.withholds_credentials(self.request.current_url())
    }

    /// Whether a credentialless page asks an origin that had no say in it.
    fn withholds_credentials(&self, url: &Url) -> bool {
        self.page.embedder_policy == EmbedderPolicy::Credentialless
            && self.request.mode == Mode::NoCors
            && !self.page.origin.same_origin(&Origin::of(url))
    }

    /// The cache mode that the request goes by: a step of
    /// [HTTP-network-or-cache fetch](https://fetch.spec.whatwg.org/#concept-http-network-or-cache-fetch).
    pub(crate) fn cache_mode(&self, profile: &Profile) -> CacheMode {
        let withheld = self.request.url_list.iter().any(|url| self.withholds_credentials(url));
        if withheld && profile.withheld_credentials_bypass_cache {
            return CacheMode::Reload;
        }
        let conditions =
            ["if-modified-since", "if-none-match", "if-unmodified-since", "if-match", "if-range"];
        let headers = &self.request.headers;
        // Step 8.16: a conditional request goes past the cache.
        let counts = profile.condition_of_upload_counts || !self.request.use_cors_preflight;
        let conditional = counts && conditions.into_iter().any(|name| headers.contains(name));
        match self.request.cache {
            CacheMode::Default if conditional && profile.conditional_is_max_age_0 => {
                CacheMode::NoCache
            }
            CacheMode::Default if conditional => CacheMode::NoStore,
            mode => mode,
        }
    }

    /// How far the URL is from the site of the page, for cookies.
    pub(crate) fn distance<'t>(&self, profile: &Profile, tab: &'t str) -> Distance<'t> {
        let same = |one: &Origin, other: &Origin| {
            if profile.cookies.schemeful {
                one.same_site(other)
            } else {
                one.schemelessly_same_site(other)
            }
        };
        let urls = &self.request.url_list;
        let near = |url: &Url| same(&self.page.origin, &Origin::of(url));
        let tab_of = self.page.top_level_origin();
        let first_party = match profile.cookies.asks_tab_alone {
            true => same(tab_of, &Origin::of(self.request.current_url())),
            false => same(tab_of, &self.page.origin) && near(self.request.current_url()),
        };
        let chain = !profile.cookies.same_site_considers_redirects || urls.iter().all(near);
        let host = |origin: &Origin| match origin {
            Origin::Tuple { host, .. } => Some(host.clone()),
            Origin::Opaque => None,
        };
        let elsewhere = host(tab_of) != host(&Origin::of(self.request.current_url()));
        let began_here = self.page.origin.same_origin(&Origin::of(self.request.url()));
        let stayed = began_here && urls.iter().all(near);
        let narrowed = profile.cookies.redirects_narrow_site_to_host
            && crosses_origins(urls)
            && !stayed
            && elsewhere;
        let same_site = first_party && chain;
        Distance { first_party, same_site, sends_restricted: same_site && !narrowed, tab }
    }
}

/// The request that goes over the wire: the eighth step of
/// [HTTP-network-or-cache fetch](https://fetch.spec.whatwg.org/#concept-http-network-or-cache-fetch).
pub(crate) fn actual(context: &Context<'_>, agent: &UserAgent, now: Duration) -> HttpRequest {
    let request = context.request;
    let profile = agent.profile;
    let mut headers = if profile.joins_request_header_lines {
        request.headers.clone()
    } else {
        last_or_joined(&request.headers, request.body.is_some() && request.url_list.len() == 1)
    };
    if profile.writes_values_as_utf8 {
        headers = headers.iter().map(|(name, value)| (name.to_vec(), utf8(value))).collect();
    }
    accept(&mut headers, profile);
    // Step 8.2: a copy of the request goes over the wire; the request itself stays as it is.
    // Steps 8.5 to 8.9: the body's length, which is 0 for a POST or PUT without one.
    let length = request.body.as_ref().map(Vec::len);
    let empty = matches!(request.method.as_slice(), b"POST" | b"PUT").then_some(0);
    if let Some(length) = length.or(empty) {
        headers.append("Content-Length", length.to_string());
    }
    common(&mut headers, context, profile, false);
    let crossed = request.mode == Mode::Cors && just_crossed_origins(&request.url_list);
    if profile.cache_headers_cross_origins || !crossed {
        cache_mode(&mut headers, context.cache_mode(profile));
    }
    append_codings(&mut headers, request.current_url(), profile);
    // Step 8.21.1: the cookies.
    if context.include_credentials(profile) {
        let tab = site(context.page.top_level_origin());
        let distance = context.distance(profile, &tab);
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
    let mut headers = preflight_headers(context.request, context.judged, profile);
    headers.append("Accept-Language", profile.accept_language);
    if profile.preflight_has_user_agent
        && let Some(value) = context.request.headers.get("user-agent")
    {
        headers.append("User-Agent", value);
    }
    common(&mut headers, context, profile, true);
    append_codings(&mut headers, context.request.current_url(), profile);
    if profile.cache_headers_on_preflight {
        cache_mode(&mut headers, context.cache_mode(profile));
    }
    HttpRequest {
        preflight: true,
        method: b"OPTIONS".to_vec(),
        url: wire_url(context.request.current_url()),
        headers,
        body: None,
    }
}

/// Each byte as the character that it is in ISO 8859-1, in UTF-8.
fn utf8(value: &[u8]) -> Vec<u8> {
    value.iter().map(|&byte| char::from(byte)).collect::<String>().into_bytes()
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

/// `Accept` and `Accept-Language`, where the script does not set them: steps of
/// [fetch](https://fetch.spec.whatwg.org/#concept-fetch).
fn accept(headers: &mut HeaderList, profile: &Profile) {
    // Step 12: a fetch by script accepts anything.
    if !headers.contains("accept") {
        headers.append("Accept", "*/*");
    }
    // Step 14: the languages of the browser.
    if !headers.contains("accept-language") {
        headers.append("Accept-Language", profile.accept_language);
    }
}

/// What preflights and requests have alike: steps of
/// [HTTP-network-or-cache fetch](https://fetch.spec.whatwg.org/#concept-http-network-or-cache-fetch).
fn common(headers: &mut HeaderList, context: &Context<'_>, profile: &Profile, preflight: bool) {
    let request = context.request;
    // Step 8.11: the referrer.
    let page = context.page;
    if let Some(url) = context.referrals.sent(preflight, request, page, profile) {
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

/// The codings of a body that the browser reads: steps of
/// [HTTP-network-or-cache fetch](https://fetch.spec.whatwg.org/#concept-http-network-or-cache-fetch).
fn append_codings(headers: &mut HeaderList, url: &Url, profile: &Profile) {
    let origin = Origin::of(url);
    let is_here = matches!(&origin, Origin::Tuple { host, .. } if is_loopback(host));
    let is_secret = url.scheme() == "https" || is_here && profile.says_all_codings_to_loopback;
    // Step 8.19: a range is asked for as it is, without a coding.
    // Step 8.20: else as the browser can; what else HTTP itself needs is the driver's to add.
    let codings = match headers.contains("range") {
        true => "identity",
        false if is_secret => profile.codings,
        false => profile.codings_in_the_open,
    };
    headers.append("Accept-Encoding", codings);
}

/// [Appends a request `Origin` header](https://fetch.spec.whatwg.org/#append-a-request-origin-header).
fn append_origin(
    headers: &mut HeaderList,
    context: &Context<'_>,
    profile: &Profile,
    preflight: bool,
) {
    let request = context.request;
    // Step 2: serialised.
    let mut serialized =
        if preflight { context.preflight_origin(profile) } else { context.serialized_origin() };
    let no_cors = context.tainting == Tainting::Opaque;
    if no_cors && profile.no_cors_redirect_nulls_origin && crosses_origins(&request.url_list) {
        serialized = b"null".to_vec();
    }
    // Step 3: a cors response always says who asks.
    if preflight || context.tainting == Tainting::Cors {
        headers.append("Origin", serialized);
        return;
    }
    if no_cors && context.asks_the_tab(profile) {
        headers.append("Origin", serialized);
        return;
    }
    // Step 4: otherwise only where the method may change something.
    let kept = context.became_get && profile.keeps_origin_on_redirect;
    if matches!(request.method.as_slice(), b"GET" | b"HEAD") && !kept {
        return;
    }
    // Step 4.1: outside of mode cors, the referrer policy has a say.
    if request.mode != Mode::Cors && !profile.origin_ignores_referrer_policy {
        let current = Origin::of(request.current_url());
        let hidden = match context.referrals.origin_policy() {
            ReferrerPolicy::NoReferrer => true,
            ReferrerPolicy::NoReferrerWhenDowngrade
            | ReferrerPolicy::StrictOrigin
            | ReferrerPolicy::StrictOriginWhenCrossOrigin => {
                context.page.origin.scheme() == Some("https") && current.scheme() != Some("https")
            }
            ReferrerPolicy::SameOrigin => !context.page.origin.same_origin(&current),
            _ => false,
        };
        if hidden || context.referrals.unnamed() && profile.no_referrer_nulls_origin {
            serialized = b"null".to_vec();
        }
    }
    // Step 4.2: say who asks.
    headers.append("Origin", serialized);
}

/// Headers of which Firefox sends one line.
const SINGLE: [&str; 6] = [
    "authorization",
    "content-type",
    "from",
    "if-modified-since",
    "if-unmodified-since",
    "user-agent",
];

/// The lines of a script's headers as Firefox puts them together: an empty one takes back what was
/// said before it.
///
/// `typed`: the body says what type it has, which is the first that the script named.
fn last_or_joined(headers: &HeaderList, typed: bool) -> HeaderList {
    let mut joined = HeaderList::new();
    for (name, value) in headers.iter() {
        let Ok(text) = core::str::from_utf8(name) else { continue };
        let before = joined.get(text);
        if before.is_some() && typed && text.eq_ignore_ascii_case("content-type") {
            continue;
        }
        let single = SINGLE.iter().any(|single| single.eq_ignore_ascii_case(text));
        if single || value.is_empty() || before.as_ref().is_some_and(Vec::is_empty) {
            joined.set(text, value);
        } else {
            joined.append(name, value);
        }
    }
    joined
}

/// What the cache mode tells the caches on the way: steps of
/// [HTTP-network-or-cache fetch](https://fetch.spec.whatwg.org/#concept-http-network-or-cache-fetch).
fn cache_mode(headers: &mut HeaderList, mode: CacheMode) {
    let given = headers.contains("cache-control");
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
