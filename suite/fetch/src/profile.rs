//! How a browser differs from the standard: data, never an `if` in an algorithm.
//!
//! Each field says what was observed in Chromium 156, Firefox ESR 153 and
//! WebKitGTK 2.50. Vectors are named by their file in `suite/vectors/corpus` and their number; a number
//! alone is of `given`, and from 1000 on of `given-more`.

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
    /// The content codings that it says it reads.
    pub codings: &'static str,
    /// The same where the URL is not encrypted: what has been on the way for longest.
    pub codings_in_the_open: &'static str,
    /// Chromium and Firefox say it all to this machine as well.
    pub says_all_codings_to_loopback: bool,
    /// Chromium counts client hints (`DPR`, `Save-Data` with the value `on`, …) as safelisted, where their
    /// values are well-formed (vectors 29, 73 and 108, seed-102:512 and seed-105:464).
    pub safelists_client_hints: bool,
    /// Firefox takes a `Content-Type` with a comma for an unsafe one, which in mode no-cors keeps
    /// a second line out (vectors seed-102:89 and seed-102:440).
    pub content_type_may_have_comma: bool,
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
    /// The standard preflights an upload again unless the preflight cache has its method, however safelisted;
    /// the engines ask their caches for no safelisted method (vectors seed-2002:2 and seed-2002:309).
    pub upload_method_must_be_cached: bool,
    /// A preflight's answer that names no methods allows the upload's, whatever it is: not in Chromium
    /// and Firefox (vector seed-31415926:198).
    pub upload_method_is_implied: bool,
    /// The upper limit of a preflight's `Access-Control-Max-Age`, in seconds:
    /// Chromium two hours, Firefox a day, WebKit ten minutes.
    pub max_age_cap: u64,
    /// Chromium and WebKit take an `Access-Control-Max-Age` beyond 64 bits for a malformed one (vector seed-104:351).
    pub huge_max_age_is_malformed: bool,
    /// Firefox caches nothing where `Access-Control-Max-Age` is malformed; the
    /// others use the default of five seconds. An empty value is no malformed one (vectors 652 and 1009).
    pub caches_malformed_max_age: bool,
    /// What a `*` that the preflight cache remembers stands for (vectors 246, 1009 and 1031).
    pub cached_wildcard: CachedWildcard,
    /// Chromium preflights again where a remembered `*` would have to cover `Authorization` (vector 1067).
    pub cached_wildcard_covers_authorization: bool,
    /// Firefox takes an answer from the preflight cache for a HEAD only where it names HEAD (vector 246).
    pub cached_head_is_listed: bool,
    /// Whether the preflight cache knows a tainted origin again.
    pub tainted_origins: TaintedOrigins,
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
    /// Firefox forgets what it knows of the URL that redirected, where it does not go on to the new one,
    /// such as mixed content; the standard, of the new one (vectors seed-101:384 and seed-103:388).
    pub forgets_last_asked: bool,
    /// WebKit keeps what a preflight allowed even where it refused this request (vectors 1184 and 1185).
    pub caches_refusing_preflight: bool,
    /// WebKit forgets what it knows of a URL once a request needs more, whatever comes of the preflight
    /// that it makes then (vector seed-3001:329).
    pub forgets_what_does_not_suffice: bool,
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
    /// Firefox does not bring back the type that the body of an XMLHttpRequest brought, once a redirect
    /// has taken the body (vector seed-2002:106; where the body stays, seed-2002:12).
    pub restores_body_type_of_upload: bool,
    /// WebKit sends its own `User-Agent` after a redirect, whatever the script gave, unless the URL that
    /// it leads to is asked with CORS (vector seed-102:777).
    pub redirects_forget_user_agent: bool,
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
    /// Firefox looks at the schemes of who asks for `Sec-Fetch-Site`, and not at that of who is asked:
    /// a page is encrypted, or of this machine, and whoever redirects is encrypted, or else all that
    /// is not of the page's own origin is of another site (vectors 51 and 172).
    pub sec_fetch_site_of_askers: bool,
    /// WebKit sends no `Sec-Fetch-*` on a cors request that a redirect just led
    /// to another origin, and says `cross-site` once the origin is tainted (vectors 8, 10 and 24).
    pub drops_sec_fetch_after_cross_origin_redirect: bool,
    /// WebKit names the referrer of the first request on every preflight, whatever the redirects made
    /// of it since (vectors seed-102:86, seed-102:263 and seed-101:378).
    pub preflight_names_first_referrer: bool,
    /// Chromium and Firefox make `Sec-Fetch-Site` of a preflight from the URL that it goes
    /// to, without those that led there (vectors 26 and 71).
    pub preflight_site_of_current_url: bool,
    /// Chromium sends `Sec-Fetch-Mode`, alone, on preflights to untrustworthy URLs.
    pub sec_fetch_mode_on_untrustworthy_preflight: bool,
    /// Chromium drops the client hints of a script, but `Save-Data`, on a redirect to another
    /// origin than the page's, and on every one in a frame of another origin than its tab's: such hints
    /// are for the tab's own origin (vectors 1024, 1057, 1112 and seed-990017:95).
    pub drops_client_hints_on_redirect: bool,
    /// Chromium drops no client hints of a request that outlives the page: `keepalive` (vector seed-2002:258).
    pub drops_client_hints_of_keepalive: bool,
    /// Chromium says `Origin: null` once a redirect of a request in mode no-cors has crossed
    /// origins (vector 1044).
    pub no_cors_redirect_nulls_origin: bool,
    /// Firefox sends the last of several lines of a header that is no list, such as `Content-Type`
    /// or `User-Agent` (with a body, at first the first `Content-Type`); of others, those from the last
    /// empty one on (vectors 1000 to 1003, seed-102:591, seed-104:242 and seed-104:707).
    pub joins_request_header_lines: bool,
    /// Chromium sends the real origin where the referrer policy asks for `null`.
    pub origin_ignores_referrer_policy: bool,
    /// Firefox goes by the default policy where another would tell another site than the page's more
    /// (`unsafe-url`, `no-referrer-when-downgrade`, `origin-when-cross-origin`), and begins anew with
    /// the whole referrer once it may go by the policy again (vectors seed-101:342 and seed-101:794).
    pub default_policy_off_site: bool,
    /// WebKit gives the page around a sandboxed frame for the referrer of the frame's XMLHttpRequest; the
    /// standard, and its own fetch(), give none (vectors seed-107:215 and seed-107:304).
    pub upload_names_page_around: bool,
    /// WebKit trims a referrer to its origin on the way to another site than the tab's, whatever
    /// the policy and the page; a redirect back brings the whole (vectors seed-101:844 and seed-104:728).
    pub trims_referrer_off_tab: bool,
    /// All engines withhold a referrer where https leads to http, also on this machine, and nowhere
    /// else; the standard asks whether the URL is potentially trustworthy.
    pub downgrade_is_of_scheme: bool,
    /// WebKit names the origin on a redirect within an origin as before, whatever policy the redirect
    /// sets (vector seed-106:329).
    pub redirect_policy_hides_origin: bool,
    /// Firefox and WebKit say `Origin: null` outside of mode cors where the script asked for no referrer.
    pub no_referrer_nulls_origin: bool,
    /// WebKit writes the 8-bit bytes of a script's header values as UTF-8.
    pub writes_values_as_utf8: bool,
    /// WebKit sends a script's `User-Agent` on the preflight as well.
    pub preflight_has_user_agent: bool,
    /// WebKit lets a body bring any type in mode no-cors; the standard lets three.
    pub no_cors_takes_any_body_type: bool,
    /// Firefox leaves out an empty line of an answer beside another of the same name; where it judges,
    /// an `Access-Control-Allow-Origin` with such a line names several origins all the same (vector seed-101:496).
    pub drops_empty_response_lines: bool,
    /// WebKit reads an answer's values as UTF-8, and what is none becomes U+FFFD.
    pub reads_values_as_utf8: bool,
    /// When a request in mode no-cors, with credentials, of a frame of another site to the site of its
    /// tab names the origin, as one does that may ask for storage access.
    pub names_origin_to_the_tab: NamesOrigin,
    /// Chromium sends `Cache-Control: max-age=0` for a script's conditional
    /// request; the others, as the standard, go past the cache (vectors 19 and 220).
    pub conditional_is_max_age_0: bool,
    /// Chromium goes past the HTTP cache where a credentialless page asks another origin in mode
    /// no-cors, since the answer must not be one that credentials got, and on every redirect from
    /// there (vectors seed-102:534 and seed-103:310).
    pub withheld_credentials_bypass_cache: bool,
    /// Firefox goes past no cache for a script's condition where XMLHttpRequest sends it (vectors seed-107:203 and seed-107:276).
    pub condition_of_upload_counts: bool,
    /// WebKit announces no cache mode on the cors request that a redirect just led to another
    /// origin (vectors 447 and 831).
    pub cache_headers_cross_origins: bool,
    /// Chromium and Firefox announce the cache mode on preflights as well (vectors 19 and 220).
    pub cache_headers_on_preflight: bool,
    /// A 407 is a network error: in Chromium, and where nobody can be asked.
    pub proxy_authentication_is_error: bool,
    /// Chromium and Firefox keep no cookies of a 407 (vector seed-102:335).
    pub keeps_cookies_of_407: bool,
    /// WebKit joins several `Location` lines; the others take equal ones for one (vectors seed-104:677 and seed-106:897).
    pub joins_location_lines: bool,
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
    /// Whether a response that has no body, by its status or the method HEAD, fails any integrity metadata: in
    /// the standard; browsers take its body for an empty one (vector probes:0 and probes:15).
    pub integrity_needs_body: bool,
    /// What the integrity metadata of a redirect that is not followed is held against.
    pub opaque_redirect_integrity: OpaqueRedirectIntegrity,
    /// Chromium and Firefox know the names of digests in lower case alone (vector probes:42).
    pub integrity_ignores_case: bool,
    /// WebKit shows the body of a redirect that it does not follow, where there is no `Location` (vectors 1199 and 1200).
    pub shows_body_without_location: bool,
    /// WebKit shows the body of a 205 (vectors 1242 and 1243).
    pub shows_body_of_205: bool,
    /// Firefox lets everybody have an answer whose `Cross-Origin-Resource-Policy` is a word that it does not
    /// know, also where the page's embedder policy would stand in for none (vector seed-2002:1).
    pub unknown_resource_policy_is_none: bool,
    /// WebKit asks the server for what only the HTTP cache may give (cache mode `only-if-cached`).
    pub only_if_cached_asks_server: bool,
    /// Every engine keeps a sandboxed page that came by TLS from mixed content; in the standard its
    /// opaque origin is that of no secure page.
    pub sandboxed_page_is_secure: bool,
    /// WebKit blocks an https page from http on this machine.
    pub loopback_is_mixed_content: bool,
    /// What it does with cookies.
    pub cookies: CookieRules,
}

/// What becomes of the bytes of a cookie that are not ASCII.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EightBit {
    /// They stay, as in RFC 6265bis, and in Chromium.
    Kept,
    /// What is no UTF-8 in the value becomes U+FFFD (Firefox; vectors seed-103:466 and seed-105:880).
    Replaced,
    /// The name or value ends before the first of them (WebKit; vectors seed-103:466 and seed-105:319).
    CutOff,
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

/// Whether the preflight cache knows a tainted origin again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TaintedOrigins {
    /// It is `null`, as in the standard.
    AlwaysTheSame,
    /// It is one opaque origin as long as the fetch goes on (WebKit; vectors 698, 983 and seed-105:431).
    OneForAFetch,
    /// It is a new opaque origin at each redirect (Chromium).
    AlwaysNew,
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

/// When a frame names its origin to the site of its tab, although the method and mode do not ask for it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NamesOrigin {
    /// Never, as in the standard.
    Never,
    /// Where the first URL is of that site, then on every redirect until one changes the method
    /// (Chromium; vectors seed-101:462, seed-101:597 and seed-104:412).
    OfTheFirst,
    /// Where the URL is of that site whatever the scheme, potentially trustworthy, and no redirect
    /// tainted the origin (Firefox; vectors seed-101:505, seed-104:85 and seed-104:824).
    WhereTrusted,
}

/// What the integrity metadata of a redirect that is not followed is held against.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OpaqueRedirectIntegrity {
    /// Nothing: it fails, as in the standard, and in Chromium (vector probes:19).
    Refused,
    /// The body that the server sent (Firefox; vector probes:5).
    OfTheAnswer,
    /// The body that the page sees, which is mostly empty (WebKit; vectors probes:5 and probes:6).
    OfWhatIsSeen,
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
    /// WebKit sends a cookie with `SameSite` after a redirect to another origin only where the host is
    /// that of the tab (vectors seed-101:525, seed-102:856 and seed-104:791; within one origin, seed-102:298),
    /// or the fetch began at the page's own origin and did not leave the site (seed-3002:261 and seed-3002:708).
    pub redirects_narrow_site_to_host: bool,
    /// WebKit refuses a `Domain` that is a public suffix, such as `localhost`, also where it is the
    /// host itself (vectors seed-103:895 and seed-105:897).
    pub refuses_domain_of_suffix: bool,
    /// What it makes of bytes above ASCII.
    pub eight_bit: EightBit,
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
