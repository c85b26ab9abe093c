//! The `Referer` header by policy, and what a redirect changes of it.

use corspec_fetch::request::ReferrerPolicy::{
    self, Default as Unset, NoReferrer, NoReferrerWhenDowngrade, Origin, OriginWhenCrossOrigin,
    SameOrigin, StrictOrigin, StrictOriginWhenCrossOrigin, UnsafeUrl,
};
use corspec_fetch::request::{Referrer, RequestInit};
use test_case::test_case;
use url::Url;

use crate::browser::{API, Browser, PAGE, allowing, init, open};

const DOWNGRADE: &str = "http://127.0.0.1:8000";
const WHOLE: Option<&str> = Some("https://page.example/app?q");
const SHORT: Option<&str> = Some("https://page.example/");

/// The policy, the word that servers send for it, and the header at home and elsewhere.
type Row<'a> = (ReferrerPolicy, &'a str, [Option<&'a str>; 2]);

#[rustfmt::skip]
const ROWS: &[Row<'static>] = &[
    (Unset,                       "",                                [WHOLE, SHORT]),
    (NoReferrer,                  "no-referrer",                     [None,  None]),
    (NoReferrerWhenDowngrade,     "no-referrer-when-downgrade",      [WHOLE, WHOLE]),
    (SameOrigin,                  "same-origin",                     [WHOLE, None]),
    (Origin,                      "origin",                          [SHORT, SHORT]),
    (StrictOrigin,                "strict-origin",                   [SHORT, SHORT]),
    (OriginWhenCrossOrigin,       "origin-when-cross-origin",        [WHOLE, SHORT]),
    (StrictOriginWhenCrossOrigin, "strict-origin-when-cross-origin", [WHOLE, SHORT]),
    (UnsafeUrl,                   "unsafe-url",                      [WHOLE, WHOLE]),
];

/// A page that is not secure, and the same policies: there is nothing to downgrade.
const INSECURE: &str = "http://page.test/app";

fn referrer(browser: &mut Browser, url: &str, referrer_policy: ReferrerPolicy) -> Option<String> {
    let init = RequestInit { referrer_policy, ..init("GET", url, &[]) };
    browser.fetch(&init, open).header(0, "referer")
}

#[test]
fn each_policy_of_a_request() {
    for &(policy, name, [home, elsewhere]) in ROWS {
        let got = [PAGE, API].map(|url| referrer(&mut Browser::new(), url, policy));
        assert_eq!(got.each_ref().map(Option::as_deref), [home, elsewhere], "{name}");
        // This machine is trustworthy, so that there is no downgrade.
        let got = referrer(&mut Browser::new(), DOWNGRADE, policy);
        assert_eq!(got.as_deref(), elsewhere, "{name}");
    }
}

#[test]
fn each_policy_of_a_page() {
    for &(policy, name, [home, elsewhere]) in ROWS {
        let mut browser = Browser::new();
        browser.page.referrer_policy = policy;
        let got = [PAGE, API].map(|url| referrer(&mut browser, url, Unset));
        assert_eq!(got.each_ref().map(Option::as_deref), [home, elsewhere], "{name}");
        assert_eq!(referrer(&mut browser, API, Origin).as_deref(), SHORT, "the request's own");
    }
}

#[test]
fn each_policy_of_a_redirect() {
    for &(_, name, [_, elsewhere]) in ROWS {
        let follow = |policies: &[&str]| {
            let fetched = Browser::new().fetch(&init("GET", PAGE, &[]), |it| {
                let more: Vec<_> = policies.iter().map(|it| ("Referrer-Policy", *it)).collect();
                let location = [("Location", API)];
                let home = it.url.as_str().starts_with(PAGE);
                if home { allowing(it, 302, &[&location[..], &more].concat()) } else { open(it) }
            });
            fetched.header(1, "referer")
        };
        let upper = name.to_uppercase();
        assert_eq!(follow(&[name]).as_deref(), elsewhere, "{name}");
        assert_eq!(follow(&[&upper]).as_deref(), elsewhere, "{upper}");
        if !name.is_empty() {
            for before in ["no-referrer, unknown", "unsafe-url"] {
                assert_eq!(follow(&[before, name]).as_deref(), elsewhere, "{name} last");
            }
            assert_eq!(follow(&[&format!("{name}, unknown,")]).as_deref(), elsewhere, "{name}");
        }
    }
}

#[test]
fn a_redirect_does_not_lengthen_the_referrer() {
    let fetched = Browser::new().fetch(&init("GET", API, &[]), |it| {
        let more = [("Location", "https://page.example/1"), ("Referrer-Policy", "unsafe-url")];
        if it.url.path() == "/" { allowing(it, 302, &more) } else { open(it) }
    });
    assert_eq!(
        [0, 1].map(|hop| fetched.header(hop, "referer")),
        [SHORT, SHORT].map(|it| it.map(Into::into))
    );
}

#[test_case(StrictOriginWhenCrossOrigin => Some("http://page.test/".into()); "the default")]
#[test_case(StrictOrigin => Some("http://page.test/".into()); "strict-origin")]
#[test_case(NoReferrerWhenDowngrade => Some("http://page.test/app".into()); "no-referrer-when-downgrade")]
fn a_page_that_is_not_secure_has_nothing_to_downgrade(policy: ReferrerPolicy) -> Option<String> {
    referrer(&mut Browser::at(INSECURE), "http://api.test/", policy)
}

/// A page of this machine is trustworthy, though its own requests may go where they like.
#[test_case(Unset => None; "the default")]
#[test_case(StrictOrigin => None; "strict-origin")]
#[test_case(NoReferrerWhenDowngrade => None; "no-referrer-when-downgrade")]
#[test_case(Origin => Some("http://localhost:3000/".into()); "origin")]
#[test_case(OriginWhenCrossOrigin => Some("http://localhost:3000/".into()); "origin-when-cross-origin")]
#[test_case(UnsafeUrl => Some("http://localhost:3000/app".into()); "unsafe-url")]
fn from_this_machine_to_a_url_that_is_not_secure(policy: ReferrerPolicy) -> Option<String> {
    referrer(&mut Browser::at("http://localhost:3000/app"), "http://api.test/", policy)
}

/// What a script names as its referrer.
#[test_case("https://page.example/other?x#y" => Some("https://page.example/other?x".into()); "a URL of its origin")]
#[test_case("https://u:p@page.example/other" => Some("https://page.example/other".into()); "userinfo is never sent")]
#[test_case("https://api.test/other" => Some("https://page.example/app?q".into()); "another origin means the page")]
#[test_case("about:client" => Some("https://page.example/app?q".into()); "so does about:client")]
fn a_referrer_of_the_script(url: &str) -> Option<String> {
    let referrer = Referrer::Url(Url::parse(url).unwrap());
    let init = RequestInit { referrer, ..init("GET", PAGE, &[]) };
    Browser::new().fetch(&init, open).header(0, "referer")
}

#[test]
fn a_script_may_name_none() {
    let init = RequestInit { referrer: Referrer::NoReferrer, ..init("GET", PAGE, &[]) };
    assert_eq!(Browser::new().fetch(&init, open).header(0, "referer"), None);
}

#[test_case(4096 => 4096; "at the limit")]
#[test_case(4097 => 21; "beyond it, only the origin")]
fn a_referrer_has_at_most_4096_bytes(length: usize) -> usize {
    let start = "https://page.example/";
    let page = format!("{start}{}", "a".repeat(length - start.len()));
    referrer(&mut Browser::at(&page), PAGE, Unset).unwrap().len()
}

#[test]
fn a_page_without_a_url_has_none() {
    let mut browser = Browser::new();
    browser.page.url = Some(Url::parse("about:srcdoc").unwrap());
    assert_eq!(referrer(&mut browser, PAGE, UnsafeUrl), None);
}
