//! How a browser differs from the standard: data, never an `if` in an algorithm.
//!
//! Each field says what was observed in Chromium 156, Firefox ESR 153 and
//! WebKitGTK 2.50; the recorded vectors beside the tests show most of it.

use crate::request::CacheMode;

mod browsers;

/// A browser, as far as it departs from the standard.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Profile {
    /// The name that people choose it by.
    pub name: &'static str,
    /// The `User-Agent` that it sends.
    pub user_agent: &'static str,
    /// The `Accept-Language` that it sends.
    pub accept_language: &'static str,
    /// Chromium counts client hints (`DPR`, `Save-Data` with the value `on`, …) as safelisted (vectors 29, 73 and 108).
    pub safelists_client_hints: bool,
    /// Chromium drops a script's `User-Agent`, which therefore needs no preflight.
    pub user_agent_needs_preflight: bool,
    /// Firefox names a header that the script appended twice twice in
    /// `Access-Control-Request-Headers` (vectors 105 and 115).
    pub repeats_request_header_names: bool,
    /// Firefox sets no limit to the sum of the safelisted values (vector 164).
    pub limits_safelisted_sum: bool,
    /// Chromium and WebKit join the lines of a name before it asks whether the value
    /// is safelisted; the standard asks of each line (vectors 152 and 164).
    pub combines_request_headers: bool,
    /// No engine asks that `Authorization` be listed by name; the standard does (vectors 470, 548 and 597).
    pub wildcard_covers_authorization: bool,
    /// Chromium preflights for the listeners of an upload only where there is a body to upload.
    pub upload_without_body_needs_preflight: bool,
    /// The upper limit of a preflight's `Access-Control-Max-Age`, in seconds:
    /// Chromium two hours, Firefox a day, WebKit ten minutes.
    pub max_age_cap: u64,
    /// Firefox caches nothing where `Access-Control-Max-Age` is malformed; the
    /// others use the default of five seconds. An empty value is no malformed one (vectors 652 and 1009).
    pub caches_malformed_max_age: bool,
    /// What a `*` that the preflight cache remembers stands for (vectors 246, 1009 and 1031).
    pub cached_wildcard: CachedWildcard,
    /// Chromium preflights again where a remembered `*` would have to cover `Authorization` (vector 1067).
    pub cached_wildcard_covers_authorization: bool,
    /// Firefox takes an answer from the preflight cache for a HEAD only where it names HEAD (vector 246).
    pub cached_head_is_listed: bool,
    /// Chromium and WebKit remember no preflight of a tainted origin: each is as opaque as it is new
    /// (vectors 698 and 983).
    pub caches_preflights_of_tainted_origins: bool,
    /// Chromium remembers no preflight of a page whose origin is opaque; the others know it again.
    pub caches_preflights_of_opaque_pages: bool,
    /// Chromium and WebKit keep one answer a URL: the next preflight's replaces it, where the
    /// standard adds to what is known (vectors 1160 to 1163).
    pub keeps_one_preflight_answer: bool,
    /// Firefox keeps entries of requests with and without credentials apart (vectors 61, 637 and 699).
    pub credentialed_entry_serves_all: bool,
    /// WebKit keeps its entries after a preflight that refused (vectors 527 and 1184).
    pub forgets_after_refused_preflight: bool,
    /// When the failure of the actual request drops the entries of the preflight cache (vectors 526, 559 and 1115).
    pub forgets_after_failed_request: Forgets,
    /// WebKit keeps what a preflight allowed even where it refused this request (vectors 1184 and 1185).
    pub caches_refusing_preflight: bool,
    /// The cache modes that go past the preflight cache: in Chromium and Firefox those that go
    /// past the HTTP cache, in Chromium also `no-cache`; a script's condition counts as one (vectors 1062 and 1137).
    pub modes_past_preflight_cache: &'static [CacheMode],
    /// Firefox and WebKit preflight again after a redirect although nothing in the request
    /// asks for it any more, unless an answer is remembered (vectors 369, 850 and 968).
    pub preflights_again_after_redirect: bool,
    /// Which headers a preflight after a redirect asks for (vectors 369, 432, 447, 813 and 1090).
    pub redirected_preflight_asks: RedirectedPreflight,
    /// Firefox and WebKit begin each hop with the headers of the first request: what one
    /// redirect removed is sent again after the next (vectors 313 and 482).
    pub redirects_restore_headers: RestoredHeaders,
    /// Firefox takes the headers of the body away by the first request's method, which a
    /// redirect may have changed since (a POST redirected by 302, then by 302 again) (vectors 1021, 1030 and 1095).
    pub first_method_decides_body_headers: bool,
    /// Firefox sends `Authorization` again after a redirect within the origin that an earlier
    /// redirect led to without it (vectors 1012 and 1119).
    pub restores_authorization: bool,
    /// Firefox asks no permission of a preflight's answer that comes from the page's own origin,
    /// which a redirect led back to; methods and headers count (vectors 487, 716 and 983).
    pub checks_preflight_of_own_origin: bool,
    /// Firefox sends the page's real origin on a preflight after a redirect
    /// that tainted the origin; the request itself says `null` (vectors 8, 24 and 26).
    pub preflight_origin_ignores_taint: bool,
    /// WebKit sends `Origin` on a GET that a redirect made of another method (vectors 772, 849 and 928).
    pub keeps_origin_on_redirect: bool,
    /// WebKit preflights the redirect that leaves the page's origin with userinfo, or that leads to
    /// mixed content, and refuses it then (vectors 1006 and 1083).
    pub preflights_refused_redirects: bool,
    /// WebKit checks the answer that redirects as if credentials were included, where the fetch
    /// began with those of the page's own origin; it has preflighted the next request by then (vectors 1088 and 1132).
    pub redirect_check_keeps_credentials: bool,
    /// WebKit goes on with the credentials of the page's own origin where a redirect leads a
    /// request in mode no-cors away from it (vectors 1076 and 1107).
    pub no_cors_redirect_keeps_credentials: bool,
    /// WebKit turns a `DELETE` into a `GET` on any redirect to another origin, and keeps its `Content-Type`:
    /// vectors 81, 417, 533, 680, 713, 763, 865 do, 210, 389, 409, 503, 813 stay within one origin.
    pub cross_origin_delete_becomes_get: bool,
    /// Chromium follows no redirect whose URL carries userinfo (vectors 1083 and 1107).
    pub refuses_redirect_credentials: bool,
    /// Firefox compares sites without their schemes for `Sec-Fetch-Site`.
    pub sec_fetch_site_schemeful: bool,
    /// Firefox takes another port of an address or of localhost for another
    /// site once a redirect is involved (vectors 51 and 172).
    pub redirect_site_needs_domain: bool,
    /// WebKit sends no `Sec-Fetch-*` on a cors request that a redirect just led
    /// to another origin, and says `cross-site` once the origin is tainted (vectors 8, 10 and 24).
    pub drops_sec_fetch_after_cross_origin_redirect: bool,
    /// Which referrer a preflight after redirects names (vector 850).
    pub preflight_referrer: PreflightReferrer,
    /// Chromium and Firefox make `Sec-Fetch-Site` of a preflight from the URL that it goes
    /// to, without those that led there (vectors 26 and 71).
    pub preflight_site_of_current_url: bool,
    /// Chromium sends `Sec-Fetch-Mode`, alone, on preflights to untrustworthy URLs.
    pub sec_fetch_mode_on_untrustworthy_preflight: bool,
    /// Chromium drops the client hints of a script, but `Save-Data`, on a redirect to another
    /// origin than the page's: such hints are for the page's own origin (vectors 1024, 1057 and 1112).
    pub drops_client_hints_on_redirect: bool,
    /// Chromium says `Origin: null` once a redirect of a request in mode no-cors has crossed
    /// origins (vector 1044).
    pub no_cors_redirect_nulls_origin: bool,
    /// Firefox sends the last of several `Content-Type` or `Authorization` lines (with a body, at
    /// first the first `Content-Type`), and no empty value beside another of the same name (vectors 1000 to 1003).
    pub joins_request_header_lines: bool,
    /// Chromium sends the real origin where the referrer policy asks for `null`.
    pub origin_ignores_referrer_policy: bool,
    /// When a referrer is trimmed to its origin whatever the policy.
    pub trims_referrer: TrimsReferrer,
    /// All engines withhold a referrer where https leads to http, also on this machine, and nowhere
    /// else; the standard asks whether the URL is potentially trustworthy.
    pub downgrade_is_of_scheme: bool,
    /// Firefox and WebKit say `Origin: null` outside of mode cors where the script asked for no referrer.
    pub no_referrer_nulls_origin: bool,
    /// WebKit writes the 8-bit bytes of a script's header values as UTF-8.
    pub writes_values_as_utf8: bool,
    /// WebKit sends a script's `User-Agent` on the preflight as well.
    pub preflight_has_user_agent: bool,
    /// WebKit lets a body bring any type in mode no-cors; the standard lets three.
    pub no_cors_takes_any_body_type: bool,
    /// Firefox leaves out an empty line of an answer beside another of the same name, but not of
    /// `Access-Control-Allow-Origin`, which then names several origins.
    pub drops_empty_response_lines: bool,
    /// WebKit reads an answer's values as UTF-8, and what is none becomes U+FFFD.
    pub reads_values_as_utf8: bool,
    /// Chromium and Firefox name the origin on any request in mode no-cors, with credentials, of a
    /// frame to the site of its tab, whose cookies it may ask for.
    pub names_origin_to_the_tab: bool,
    /// Chromium sends `Cache-Control: max-age=0` for a script's conditional
    /// request; the others, as the standard, go past the cache (vectors 19 and 220).
    pub conditional_is_max_age_0: bool,
    /// WebKit announces no cache mode on the cors request that a redirect just led to another
    /// origin (vectors 447 and 831).
    pub cache_headers_cross_origins: bool,
    /// Chromium and Firefox announce the cache mode on preflights as well (vectors 19 and 220).
    pub cache_headers_on_preflight: bool,
    /// A 407 is a network error: in Chromium, and where nobody can be asked.
    pub proxy_authentication_is_error: bool,
    /// What a redirect with an empty `Location` is (vectors 1079, 1198 and 1201).
    pub empty_location: EmptyLocation,
    /// Chromium and WebKit take a redirect without a `Location`, or with an empty one, for an
    /// ordinary response also in redirect mode `error` (vectors 1079, 1190 and 1191).
    pub error_mode_needs_location: bool,
    /// Chromium fails on a `Location` that cannot be parsed also in redirect mode `manual` (vectors 1202 and 1203).
    pub manual_mode_parses_location: bool,
    /// The statuses that it keeps for good where nothing says how long, so that the next request
    /// is spared: 300, 301, 308 and 410 in Chromium (vector 972), 410 in Firefox. The standard
    /// leaves it to the browser.
    pub keeps_statuses: &'static [u16],
    /// WebKit shows the body of a redirect that it does not follow, where there is no `Location` (vectors 1199 and 1200).
    pub shows_body_without_location: bool,
    /// WebKit shows the body of a 205 (vectors 1242 and 1243).
    pub shows_body_of_205: bool,
    /// WebKit blocks an https page from http on this machine.
    pub loopback_is_mixed_content: bool,
    /// What it does with cookies.
    pub cookies: CookieRules,
}

/// What a `*` stands for that the preflight cache remembers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CachedWildcard {
    /// Everything, as in the standard.
    Anything,
    /// Everything, where the preflight was for a request without credentials (Chromium).
    AskedWithoutCredentials,
    /// Everything, for a request without credentials (WebKit).
    WithoutCredentials,
    /// The method or header `*` (Firefox; vector 905).
    Itself,
}

/// When a failed request drops what the preflight cache knows of its URL.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Forgets {
    /// However it failed, as in the standard.
    Always,
    /// Unless the redirect mode failed it (Firefox).
    ButByRedirectMode,
    /// Never (Chromium and WebKit).
    Never,
}

/// When a redirect brings back the headers that an earlier one removed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RestoredHeaders {
    /// Never, as in the standard.
    Never,
    /// By a 307 or 308, and where the URL that it leads to is asked with CORS (WebKit).
    WithCors,
    /// Always (Firefox).
    Always,
}

/// What a redirect with an empty `Location` is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EmptyLocation {
    /// A redirect to the same URL, as in the standard.
    SameUrl,
    /// An ordinary response (Chromium).
    Response,
    /// An error (WebKit).
    Error,
}

/// Which headers a preflight after a redirect asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RedirectedPreflight {
    /// Those that the request still has, as in the standard.
    Current,
    /// Those of the first request, but what this redirect takes away (Firefox).
    FirstWithoutRemoved,
    /// Those of the first request, also what is sent no more (WebKit; vectors 369, 432, 447 and 813).
    First,
}

/// What becomes of the cookies of another site than the tab's.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ThirdParty {
    /// They are as good as any.
    Allowed,
    /// What another site sets is kept for the site of the tab in which it did, and what it set
    /// elsewhere stays away (Firefox).
    Partitioned,
    /// The same for cookies with the attribute `Partitioned`, and no others (Chromium).
    WhereAsked,
    /// There are none (WebKit).
    Blocked,
}

/// Which referrer a preflight after redirects names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PreflightReferrer {
    /// The request's, which each redirect may have shortened.
    Requests,
    /// What the policies left of it; that it was trimmed for another site is not remembered (Firefox).
    Untrimmed,
    /// What the policy left of it for the first URL, where the URL is of the page's site (WebKit).
    FirstWithinSite,
}

/// When a referrer is trimmed to its origin whatever the policy.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TrimsReferrer {
    /// Never, as in the standard, and in Chromium.
    Never,
    /// For another site than its own (Firefox).
    OffItsSite,
    /// For another site than its own or the tab's (WebKit).
    OffTheTabsSite,
}

/// How a browser treats cookies.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CookieRules {
    /// Chromium treats a cookie without `SameSite` as `Lax`; the others as `None`.
    pub lax_by_default: bool,
    /// Chromium and Firefox refuse `SameSite=None` without `Secure`.
    pub none_needs_secure: bool,
    /// Chromium compares sites with their schemes.
    pub schemeful: bool,
    /// Whether a hop over another site makes a request cross-site: in Firefox
    /// and in the standard; Chromium and WebKit look at the URL alone.
    pub same_site_considers_redirects: bool,
    /// What becomes of the cookies of another site than the tab's; the standard leaves it open.
    pub third_party: ThirdParty,
    /// WebKit does not enforce the prefixes `__Host-` and `__Secure-`.
    pub enforces_prefixes: bool,
    /// WebKit asks whether a URL is of the tab's site, whatever the page: a sandboxed frame's
    /// opaque origin makes no difference.
    pub asks_tab_alone: bool,
    /// WebKit takes and sends a `Secure` cookie over https alone; the others also on this machine.
    pub secure_is_https: bool,
    /// WebKit sends the cookies of one host before those of its domain, where their paths are
    /// as long.
    pub host_only_first: bool,
    /// Firefox has no cookie without a name: it refuses `=value`, and takes `word` for a name.
    pub allows_nameless: bool,
}

impl Profile {
    /// Every profile, the standard first.
    pub const ALL: [&'static Self; 4] =
        [&Self::SPEC, &Self::CHROMIUM, &Self::FIREFOX, &Self::WEBKIT];

    /// The profile of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::ALL.into_iter().find(|profile| profile.name == name)
    }
}
