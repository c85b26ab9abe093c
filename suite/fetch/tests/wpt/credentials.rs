//! Which credentials go out, and which come back.

use corspec_fetch::origin::Origin;
use corspec_fetch::request::CredentialsMode::{self, Include, Omit, SameOrigin};
use corspec_fetch::request::{Mode, RequestInit};
use test_case::test_case;

use crate::browser::{API, Browser, PAGE, allowing, chain, init, open};

/// Whether a cookie that is there is sent, and whether one that is set comes back later.
#[test_case(PAGE, Mode::Cors, Omit => (false, false); "omit at home")]
#[test_case(PAGE, Mode::Cors, SameOrigin => (true, true); "same-origin at home")]
#[test_case(PAGE, Mode::Cors, Include => (true, true); "include at home")]
#[test_case(API, Mode::Cors, Omit => (false, false); "omit elsewhere")]
#[test_case(API, Mode::Cors, SameOrigin => (false, false); "same-origin elsewhere")]
#[test_case(API, Mode::Cors, Include => (true, true); "include elsewhere")]
#[test_case(API, Mode::NoCors, Include => (true, true); "include in no-cors")]
#[test_case(API, Mode::NoCors, SameOrigin => (false, false); "same-origin in no-cors")]
fn cookies_by_credentials_mode(
    url: &str,
    mode: Mode,
    credentials: CredentialsMode,
) -> (bool, bool) {
    let mut browser = Browser::new().cookie(url, "old=1; SameSite=None; Secure");
    let set = [("Set-Cookie", "new=2; SameSite=None; Secure")];
    let init = RequestInit { mode, credentials, ..init("GET", url, &[]) };
    let first = browser.fetch(&init, |it| allowing(it, 200, &set));
    let then = RequestInit { credentials: Include, ..init };
    let cookies = browser.fetch(&then, open).header(0, "cookie").unwrap();
    (first.header(0, "cookie").is_some(), cookies.contains("new=2"))
}

/// To which URL a cookie of `https://api.test` goes.
#[test_case("https://api.test/x" => true; "its host")]
#[test_case("https://api.test:8443/" => true; "another port")]
#[test_case("https://www.api.test/" => false; "a sub-domain")]
#[test_case("https://other.test/" => false; "another host")]
fn cookies_are_of_a_host(url: &str) -> bool {
    let mut browser = Browser::new().cookie(API, "a=1; SameSite=None; Secure");
    let init = RequestInit { credentials: Include, ..init("GET", url, &[]) };
    browser.fetch(&init, open).header(0, "cookie").is_some()
}

#[test_case(Omit)]
#[test_case(SameOrigin)]
#[test_case(Include)]
fn authorization_of_the_script_is_sent_in_every_mode(credentials: CredentialsMode) {
    let init = RequestInit { credentials, ..init("GET", API, &[("Authorization", "x")]) };
    let fetched = Browser::new().fetch(&init, open);
    assert_eq!(fetched.header(0, "access-control-request-headers").unwrap(), "authorization");
    assert_eq!(fetched.header(1, "authorization").unwrap(), "x");
}

#[test]
fn a_401_is_returned_and_nobody_is_asked() {
    let init = RequestInit { credentials: Include, ..init("GET", API, &[]) };
    let challenge = [("WWW-Authenticate", "Basic realm=x")];
    let fetched = Browser::new().fetch(&init, |it| allowing(it, 401, &challenge));
    assert_eq!((fetched.sent.len(), fetched.seen.unwrap().status), (1, 401));
}

#[test]
fn a_response_that_fails_the_cors_check_sets_cookies() {
    let mut browser = Browser::new();
    let init = RequestInit { credentials: Include, ..init("GET", API, &[]) };
    let refused = browser.fetch(&init, |it| {
        let mut response = allowing(it, 200, &[("Set-Cookie", "a=1; SameSite=None; Secure")]);
        response.headers.delete("access-control-allow-origin");
        response
    });
    assert_eq!(refused.end(), "allow-origin-missing");
    assert_eq!(browser.fetch(&init, open).header(0, "cookie").unwrap(), "a=1");
}

/// Which of three cookies a chain of redirects that ends at the page's host brings there.
#[test_case(&[PAGE] => "strict=1 lax=1 none=1"; "no redirect")]
#[test_case(&["https://www.page.example", PAGE] => "strict=1 lax=1 none=1"; "over the same site")]
#[test_case(&[API, PAGE] => "none=1"; "over another site")]
#[test_case(&["http://page.example", PAGE] => "mixed-content"; "over another scheme, which is blocked")]
fn same_site_looks_at_the_whole_chain(urls: &[&str]) -> String {
    let mut browser = Browser::new();
    for line in ["strict=1; SameSite=Strict", "lax=1; SameSite=Lax", "none=1; SameSite=None"] {
        browser = browser.cookie(PAGE, &format!("{line}; Secure"));
    }
    let init = RequestInit { credentials: Include, ..init("GET", urls[0], &[]) };
    let fetched = browser.fetch(&init, chain(302, urls));
    match fetched.sent.len() {
        0 => fetched.end().to_owned(),
        sent => fetched.header(sent - 1, "cookie").unwrap_or_default().replace(';', ""),
    }
}

#[test_case("https://u:p@page.example/")]
#[test_case("https://u@api.test/")]
#[test_case("https://:p@api.test/")]
fn userinfo_in_the_url_is_rejected(url: &str) {
    let fetched = Browser::new().fetch(&init("GET", url, &[]), open);
    assert_eq!((fetched.end(), fetched.sent.len()), ("type-error", 0));
}

/// Whether a strict cookie of the page's own host goes along, by the tab that the page is in.
#[test_case(None, PAGE => true; "the page is the tab")]
#[test_case(Some("https://www.page.example"), PAGE => true; "a tab of the same site")]
#[test_case(Some(API), PAGE => false; "a tab of another site")]
#[test_case(Some("http://page.example"), PAGE => false; "a tab of another scheme")]
fn a_tab_of_another_site_makes_a_third_party(tab: Option<&str>, url: &str) -> bool {
    let mut browser = Browser::new().cookie(url, "a=1; SameSite=Strict; Secure");
    browser.page.top_level = tab.map(|tab| Origin::parse(tab).unwrap());
    let init = RequestInit { credentials: Include, ..init("GET", url, &[]) };
    browser.fetch(&init, open).header(0, "cookie").is_some()
}
