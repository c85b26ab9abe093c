//! Who the browser says that asks.

use corspec_fetch::origin::Origin;
use corspec_fetch::page::Page;
use corspec_fetch::request::ReferrerPolicy::{
    self, Default as Unset, NoReferrer, NoReferrerWhenDowngrade, Origin as OriginOnly,
    OriginWhenCrossOrigin, SameOrigin as SameOriginOnly, StrictOrigin, StrictOriginWhenCrossOrigin,
    UnsafeUrl,
};
use corspec_fetch::request::{Mode, RequestInit};
use test_case::test_case;

use crate::browser::{API, Browser, CDN, PAGE, chain, init, open};

/// A URL of another origin that is not secure, which a secure page may fetch.
const DOWNGRADE: &str = "http://127.0.0.1:8000";

/// What the row shows, the mode, the method, the URL, the referrer policy, and the header.
type Row<'a> = (&'a str, Mode, &'a str, &'a str, ReferrerPolicy, Option<&'a str>);

#[rustfmt::skip]
const ROWS: &[Row<'static>] = &[
    ("cors always says it",            Mode::Cors,       "GET",    API,       Unset,                       Some(PAGE)),
    ("whatever the policy",            Mode::Cors,       "GET",    API,       NoReferrer,                  Some(PAGE)),
    ("also for a PUT",                 Mode::Cors,       "PUT",    API,       SameOriginOnly,              Some(PAGE)),
    ("also on a downgrade",            Mode::Cors,       "GET",    DOWNGRADE, StrictOrigin,                Some(PAGE)),
    ("a GET at home does not",         Mode::Cors,       "GET",    PAGE,      Unset,                       None),
    ("a HEAD does not",                Mode::Cors,       "HEAD",   PAGE,      Unset,                       None),
    ("a POST at home does",            Mode::Cors,       "POST",   PAGE,      Unset,                       Some(PAGE)),
    ("whatever the policy in cors",    Mode::Cors,       "DELETE", PAGE,      NoReferrer,                  Some(PAGE)),
    ("a custom method does",           Mode::Cors,       "NEW",    PAGE,      Unset,                       Some(PAGE)),
    ("same-origin: a GET does not",    Mode::SameOrigin, "GET",    PAGE,      Unset,                       None),
    ("same-origin: a PUT does",        Mode::SameOrigin, "PUT",    PAGE,      Unset,                       Some(PAGE)),
    ("but null without a referrer",    Mode::SameOrigin, "PUT",    PAGE,      NoReferrer,                  Some("null")),
    ("no-cors: a GET does not",        Mode::NoCors,     "GET",    API,       Unset,                       None),
    ("no-cors: a POST does",           Mode::NoCors,     "POST",   API,       Unset,                       Some(PAGE)),
    ("no-referrer",                    Mode::NoCors,     "POST",   API,       NoReferrer,                  Some("null")),
    ("same-origin, across origins",    Mode::NoCors,     "POST",   API,       SameOriginOnly,              Some("null")),
    ("same-origin, at home",           Mode::NoCors,     "POST",   PAGE,      SameOriginOnly,              Some(PAGE)),
    ("origin",                         Mode::NoCors,     "POST",   DOWNGRADE, OriginOnly,                  Some(PAGE)),
    ("unsafe-url",                     Mode::NoCors,     "POST",   DOWNGRADE, UnsafeUrl,                   Some(PAGE)),
    ("origin-when-cross-origin",       Mode::NoCors,     "POST",   DOWNGRADE, OriginWhenCrossOrigin,       Some(PAGE)),
    ("strict-origin, secure",          Mode::NoCors,     "POST",   API,       StrictOrigin,                Some(PAGE)),
    ("strict-origin, not secure",      Mode::NoCors,     "POST",   DOWNGRADE, StrictOrigin,                Some("null")),
    ("the default, not secure",        Mode::NoCors,     "POST",   DOWNGRADE, Unset,                       Some("null")),
    ("its name, not secure",           Mode::NoCors,     "POST",   DOWNGRADE, StrictOriginWhenCrossOrigin, Some("null")),
    ("when-downgrade, not secure",     Mode::NoCors,     "POST",   DOWNGRADE, NoReferrerWhenDowngrade,     Some("null")),
    ("when-downgrade, secure",         Mode::NoCors,     "POST",   API,       NoReferrerWhenDowngrade,     Some(PAGE)),
];

#[test]
fn each_row_says_who_asks_as_the_standard_does() {
    let mut wrong = Vec::new();
    for &(name, mode, method, url, referrer_policy, want) in ROWS {
        let init = RequestInit { mode, referrer_policy, ..init(method, url, &[]) };
        let fetched = Browser::new().fetch(&init, open);
        let got = fetched.header(fetched.sent.len() - 1, "origin");
        if got.as_deref() != want {
            wrong.push((name, got));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test_case("http://page.example/" => "http://page.example"; "a page that is not secure loses nothing")]
#[test_case("https://page.example:443/" => "https://page.example"; "the default port is elided")]
#[test_case("http://page.example:8080/" => "http://page.example:8080"; "another port is not")]
#[test_case("https://b\u{fc}cher.example/" => "https://xn--bcher-kva.example"; "punycode")]
#[test_case("https://PAGE.example/" => "https://page.example"; "lower case")]
#[test_case("https://[::1]:8000/" => "https://[::1]:8000"; "an IPv6 address")]
#[test_case("https://page.example./" => "https://page.example."; "a trailing dot")]
fn an_origin_is_serialised(page: &str) -> String {
    Browser::at(page).fetch(&init("GET", API, &[]), open).header(0, "origin").unwrap()
}

#[test_case(Mode::Cors, "GET", API => Some("null".into()); "cors")]
#[test_case(Mode::Cors, "POST", PAGE => Some("null".into()); "cors to the host of its URL")]
#[test_case(Mode::NoCors, "GET", API => None; "no-cors, a GET")]
#[test_case(Mode::NoCors, "POST", API => Some("null".into()); "no-cors, a POST")]
fn an_opaque_origin_is_null(mode: Mode, method: &str, url: &str) -> Option<String> {
    let init = RequestInit { mode, ..init(method, url, &[]) };
    Browser::with(Page::at(Origin::Opaque)).fetch(&init, open).header(0, "origin")
}

/// The origins that a chain of redirects sends, request by request.
#[test_case("PUT", &[PAGE, PAGE, PAGE] => "page PUT, page PUT, page PUT"; "at home")]
#[test_case("GET", &[PAGE, API] => "- GET, page GET"; "away from home")]
#[test_case("GET", &[API, API] => "page GET, page GET"; "within another origin")]
#[test_case("GET", &[API, CDN] => "page GET, null GET"; "from another to yet another")]
#[test_case("GET", &[API, PAGE] => "page GET, null GET"; "from another back home")]
#[test_case("GET", &[PAGE, API, PAGE, PAGE] => "- GET, page GET, null GET, null GET"; "null stays null")]
#[test_case("PUT", &[API, CDN, CDN] => "page OPTIONS, page PUT, null OPTIONS, null PUT, null OPTIONS, null PUT"; "on preflights as well")]
fn a_redirect_may_taint_the_origin(method: &str, chain_of: &[&str]) -> String {
    let urls: Vec<_> = (0..).zip(chain_of).map(|(at, it)| format!("{it}/{at}")).collect();
    let urls: Vec<_> = urls.iter().map(String::as_str).collect();
    let fetched = Browser::new().fetch(&init(method, urls[0], &[]), chain(307, &urls));
    assert!(fetched.seen.is_ok(), "{}", fetched.end());
    let short = |place| match fetched.header(place, "origin").as_deref() {
        Some(PAGE) => "page",
        Some("null") => "null",
        None => "-",
        Some(_) => "another",
    };
    let line = |at| format!("{} {}", short(at), fetched.story()[at].split(' ').next().unwrap());
    (0..fetched.sent.len()).map(line).collect::<Vec<_>>().join(", ")
}

#[test_case(301 => None)]
#[test_case(302 => None)]
#[test_case(303 => None)]
#[test_case(307 => Some(PAGE.into()))]
#[test_case(308 => Some(PAGE.into()))]
fn a_post_at_home_says_it_until_a_redirect_makes_it_a_get(status: u16) -> Option<String> {
    let urls = ["https://page.example/0", "https://page.example/1"];
    let fetched = Browser::new().fetch(&init("POST", urls[0], &[]), chain(status, &urls));
    assert_eq!(fetched.header(0, "origin").unwrap(), PAGE);
    fetched.header(1, "origin")
}
