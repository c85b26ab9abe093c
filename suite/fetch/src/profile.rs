//! How a browser differs from the standard: data, never an `if` in an algorithm.
//!
//! Each field says what was observed in Chromium 156, Firefox ESR 153 and
//! WebKitGTK 2.50; the recorded vectors beside the tests show most of it.

/// A browser, as far as it departs from the standard.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Profile {
    /// The name that people choose it by.
    pub name: &'static str,
    /// The `User-Agent` that it sends.
    pub user_agent: &'static str,
    /// The `Accept-Language` that it sends.
    pub accept_language: &'static str,
    /// Chromium counts client hints (`DPR`, `Save-Data`, …) as safelisted.
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
    /// No engine asks that `Authorization` be listed by name; the standard does.
    pub wildcard_covers_authorization: bool,
    /// Chromium preflights for the listeners of an upload only where there is a body to upload.
    pub upload_without_body_needs_preflight: bool,
    /// The upper limit of a preflight's `Access-Control-Max-Age`, in seconds:
    /// Chromium two hours, Firefox a day, WebKit ten minutes.
    pub max_age_cap: u64,
    /// Firefox caches nothing where `Access-Control-Max-Age` is malformed; the
    /// others use the default of five seconds. An empty value is no malformed one.
    pub caches_malformed_max_age: bool,
    /// Firefox makes no cache entry of a `*` in the preflight's answer.
    pub caches_wildcards: bool,
    /// Firefox keeps entries of requests with and without credentials apart.
    pub credentialed_entry_serves_all: bool,
    /// WebKit keeps its entries after a preflight that refused.
    pub forgets_after_refused_preflight: bool,
    /// Only Firefox, as the standard, drops entries when the actual request fails.
    pub forgets_after_failed_request: bool,
    /// WebKit keeps what a preflight allowed even where it refused this request.
    pub caches_refusing_preflight: bool,
    /// Chromium and Firefox go past the preflight cache in the cache modes
    /// `no-store` and `reload`.
    pub cache_mode_bypasses_preflight_cache: bool,
    /// Firefox and WebKit preflight again after a redirect although nothing in
    /// the request asks for it any more.
    pub preflights_again_after_redirect: bool,
    /// Firefox sends the page's real origin on a preflight after a redirect
    /// that tainted the origin; the request itself says `null`.
    pub preflight_origin_ignores_taint: bool,
    /// WebKit sends `Origin` on a GET that a redirect made of another method.
    pub keeps_origin_on_redirect: bool,
    /// WebKit turns a `DELETE` into a `GET` on any redirect to another origin, and keeps its `Content-Type`:
    /// vectors 81, 417, 533, 680, 713, 763, 865 do, 210, 389, 409, 503, 813 stay within one origin.
    pub cross_origin_delete_becomes_get: bool,
    /// Chromium follows no redirect whose URL carries userinfo.
    pub refuses_redirect_credentials: bool,
    /// Firefox compares sites without their schemes for `Sec-Fetch-Site`.
    pub sec_fetch_site_schemeful: bool,
    /// Firefox takes another port of an address or of localhost for another
    /// site once a redirect is involved.
    pub redirect_site_needs_domain: bool,
    /// WebKit sends no `Sec-Fetch-*` on a cors request that a redirect just led
    /// to another origin, and says `cross-site` once the origin is tainted.
    pub drops_sec_fetch_after_cross_origin_redirect: bool,
    /// WebKit keeps the referrer of the URL before on a preflight after a
    /// redirect within the site.
    pub preflight_keeps_referrer: bool,
    /// Chromium and Firefox make `Sec-Fetch-Site` of a preflight from the URL that it goes
    /// to, without those that led there.
    pub preflight_site_of_current_url: bool,
    /// Chromium sends `Sec-Fetch-Mode`, alone, on preflights to untrustworthy URLs.
    pub sec_fetch_mode_on_untrustworthy_preflight: bool,
    /// Chromium sends the real origin where the referrer policy asks for `null`.
    pub origin_ignores_referrer_policy: bool,
    /// Firefox and WebKit trim a cross-site referrer to its origin whatever the policy.
    pub trims_cross_site_referrer: bool,
    /// Chromium sends `Cache-Control: max-age=0` for a script's conditional
    /// request; the others, as the standard, go past the cache.
    pub conditional_is_max_age_0: bool,
    /// Chromium and Firefox announce the cache mode on preflights as well.
    pub cache_headers_on_preflight: bool,
    /// A 407 is a network error: in Chromium, and where nobody can be asked.
    pub proxy_authentication_is_error: bool,
    /// Chromium gives up on a redirect to an empty Location and returns it.
    pub empty_location_is_response: bool,
    /// WebKit blocks an https page from http on this machine.
    pub loopback_is_mixed_content: bool,
    /// What it does with cookies.
    pub cookies: CookieRules,
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
    /// Whether cookies go to another site at all: Chromium and WebKit block
    /// third-party cookies by default, the standard leaves it open.
    pub third_party: bool,
    /// WebKit does not enforce the prefixes `__Host-` and `__Secure-`.
    pub enforces_prefixes: bool,
    /// Firefox refuses a cookie without a name.
    pub allows_nameless: bool,
}

impl Profile {
    /// The standard itself.
    pub const SPEC: Self = Self {
        name: "spec",
        user_agent: concat!("corspec/", env!("CARGO_PKG_VERSION")),
        accept_language: "en-US,en;q=0.9",
        safelists_client_hints: false,
        user_agent_needs_preflight: true,
        repeats_request_header_names: false,
        limits_safelisted_sum: true,
        combines_request_headers: false,
        wildcard_covers_authorization: false,
        upload_without_body_needs_preflight: true,
        max_age_cap: u64::MAX,
        caches_malformed_max_age: true,
        caches_wildcards: true,
        credentialed_entry_serves_all: true,
        forgets_after_refused_preflight: true,
        forgets_after_failed_request: true,
        caches_refusing_preflight: false,
        cache_mode_bypasses_preflight_cache: false,
        preflights_again_after_redirect: false,
        preflight_origin_ignores_taint: false,
        keeps_origin_on_redirect: false,
        cross_origin_delete_becomes_get: false,
        refuses_redirect_credentials: false,
        sec_fetch_site_schemeful: true,
        redirect_site_needs_domain: false,
        drops_sec_fetch_after_cross_origin_redirect: false,
        preflight_keeps_referrer: false,
        preflight_site_of_current_url: false,
        sec_fetch_mode_on_untrustworthy_preflight: false,
        origin_ignores_referrer_policy: false,
        trims_cross_site_referrer: false,
        conditional_is_max_age_0: false,
        cache_headers_on_preflight: false,
        proxy_authentication_is_error: true,
        empty_location_is_response: false,
        loopback_is_mixed_content: false,
        cookies: CookieRules {
            lax_by_default: true,
            none_needs_secure: true,
            schemeful: true,
            same_site_considers_redirects: true,
            third_party: true,
            enforces_prefixes: true,
            allows_nameless: true,
        },
    };

    /// Chromium 156.
    pub const CHROMIUM: Self = Self {
        name: "chromium",
        user_agent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
                     Chrome/156.0.0.0 Safari/537.36",
        safelists_client_hints: true,
        user_agent_needs_preflight: false,
        combines_request_headers: true,
        wildcard_covers_authorization: true,
        upload_without_body_needs_preflight: false,
        max_age_cap: 7_200,
        forgets_after_failed_request: false,
        cache_mode_bypasses_preflight_cache: true,
        refuses_redirect_credentials: true,
        preflight_site_of_current_url: true,
        sec_fetch_mode_on_untrustworthy_preflight: true,
        origin_ignores_referrer_policy: true,
        conditional_is_max_age_0: true,
        cache_headers_on_preflight: true,
        empty_location_is_response: true,
        cookies: CookieRules {
            same_site_considers_redirects: false,
            third_party: false,
            ..Self::SPEC.cookies
        },
        ..Self::SPEC
    };

    /// Firefox ESR 153.
    pub const FIREFOX: Self = Self {
        name: "firefox",
        user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
        accept_language: "en-US,en;q=0.5",
        repeats_request_header_names: true,
        limits_safelisted_sum: false,
        wildcard_covers_authorization: true,
        max_age_cap: 86_400,
        caches_malformed_max_age: false,
        caches_wildcards: false,
        credentialed_entry_serves_all: false,
        cache_mode_bypasses_preflight_cache: true,
        preflights_again_after_redirect: true,
        preflight_origin_ignores_taint: true,
        preflight_site_of_current_url: true,
        sec_fetch_site_schemeful: false,
        redirect_site_needs_domain: true,
        trims_cross_site_referrer: true,
        cache_headers_on_preflight: true,
        proxy_authentication_is_error: false,
        cookies: CookieRules {
            lax_by_default: false,
            schemeful: false,
            third_party: false,
            allows_nameless: false,
            ..Self::SPEC.cookies
        },
        ..Self::SPEC
    };

    /// WebKitGTK 2.50.
    pub const WEBKIT: Self = Self {
        name: "webkit",
        user_agent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                     Version/18.0 Safari/605.1.15",
        accept_language: "en-US",
        combines_request_headers: true,
        wildcard_covers_authorization: true,
        max_age_cap: 600,
        forgets_after_refused_preflight: false,
        forgets_after_failed_request: false,
        caches_refusing_preflight: true,
        preflights_again_after_redirect: true,
        cross_origin_delete_becomes_get: true,
        keeps_origin_on_redirect: true,
        drops_sec_fetch_after_cross_origin_redirect: true,
        preflight_keeps_referrer: true,
        trims_cross_site_referrer: true,
        proxy_authentication_is_error: false,
        loopback_is_mixed_content: true,
        cookies: CookieRules {
            lax_by_default: false,
            none_needs_secure: false,
            schemeful: false,
            same_site_considers_redirects: false,
            third_party: false,
            enforces_prefixes: false,
            ..Self::SPEC.cookies
        },
        ..Self::SPEC
    };

    /// Every profile, the standard first.
    pub const ALL: [&'static Self; 4] =
        [&Self::SPEC, &Self::CHROMIUM, &Self::FIREFOX, &Self::WEBKIT];

    /// The profile of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::ALL.into_iter().find(|profile| profile.name == name)
    }
}
