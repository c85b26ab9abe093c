//! When a preflight is made.

use corspec_fetch::origin::Origin;
use corspec_fetch::page::Page;
use corspec_fetch::request::{Body, Mode, RequestInit};
use test_case::test_case;

use crate::browser::{API, Browser, CDN, PAGE, allowing, chain, init, open};

#[test_case("GET", PAGE, &[("X-A", "1")] => false; "never for the page's own origin")]
#[test_case("PUT", PAGE, &[] => false; "not for a method there either")]
#[test_case("GET", API, &[] => false; "nothing asks for it")]
#[test_case("GET", API, &[("X-A", "1")] => true; "a header asks for it")]
#[test_case("PUT", API, &[] => true; "a method asks for it")]
#[test_case("PUT", "https://page.example:8443", &[] => true; "another port is another origin")]
#[test_case("PUT", "https://www.page.example", &[] => true; "a sub-domain is another origin")]
fn a_request_is_preflighted(method: &str, url: &str, headers: &[(&str, &str)]) -> bool {
    Browser::new().fetch(&init(method, url, headers), open).preflighted()
}

#[test_case(API, true => true; "across origins")]
#[test_case(API, false => false; "unless nobody listens")]
#[test_case(PAGE, true => false; "not within the origin")]
fn listeners_of_an_upload_ask_for_it(url: &str, use_cors_preflight: bool) -> bool {
    let init = RequestInit { use_cors_preflight, ..init("POST", url, &[]) };
    Browser::new().fetch(&init, open).preflighted()
}

#[test]
fn each_hop_is_preflighted_anew_also_back_home() {
    let urls = ["https://page.example/0", "https://api.test/1", "https://page.example/2"];
    let init = init("PUT", urls[0], &[("X-A", "1")]);
    let fetched = Browser::new().fetch(&init, chain(307, &urls));
    let want = [
        "PUT https://page.example/0",
        "OPTIONS https://api.test/1",
        "PUT https://api.test/1",
        "OPTIONS https://page.example/2",
        "PUT https://page.example/2",
    ];
    assert_eq!(fetched.story(), want);
    let origins: Vec<_> = (0..5).map(|place| fetched.header(place, "origin").unwrap()).collect();
    assert_eq!(origins, [PAGE, PAGE, PAGE, "null", "null"]);
}

/// What the preflight after a redirect from the page's own origin asks for.
#[test_case(301, "POST" => None; "301 drops the body's type")]
#[test_case(302, "POST" => None; "302 does")]
#[test_case(303, "POST" => None; "303 does")]
#[test_case(307, "POST" => Some("content-type".into()); "307 keeps it")]
#[test_case(308, "POST" => Some("content-type".into()); "308 keeps it")]
#[test_case(301, "GET" => Some("content-type".into()); "a GET keeps its header")]
fn what_a_redirect_drops_does_not_count(status: u16, method: &str) -> Option<String> {
    let urls = ["https://page.example/0", "https://api.test/1"];
    let mut init = init(method, urls[0], &[("Content-Type", "application/x-pony")]);
    init.body = (method == "POST").then(|| Body::text("x"));
    let fetched = Browser::new().fetch(&init, chain(status, &urls));
    fetched.header(1, "access-control-request-headers")
}

#[test]
fn removed_authorization_is_not_asked_for() {
    let urls = ["https://page.example/0", "https://api.test/1"];
    let headers = [("Authorization", "x"), ("X-A", "1")];
    let fetched = Browser::new().fetch(&init("GET", urls[0], &headers), chain(302, &urls));
    assert_eq!(fetched.header(1, "access-control-request-headers").unwrap(), "x-a");
    assert_eq!(fetched.header(2, "authorization"), None);
}

#[test]
fn an_opaque_page_is_of_another_origin_than_everything() {
    let mut browser = Browser::with(Page::at(Origin::Opaque));
    let fetched = browser.fetch(&init("PUT", PAGE, &[]), open);
    assert_eq!((fetched.preflighted(), fetched.end()), (true, "cors"));
    assert_eq!(fetched.header(1, "origin").unwrap(), "null");
}

#[test]
fn mode_no_cors_never_preflights() {
    let headers = [("X-A", "1"), ("Content-Type", "application/json"), ("Accept", "a/b")];
    let init = RequestInit { mode: Mode::NoCors, ..init("POST", API, &headers) };
    let fetched = Browser::new().fetch(&init, open);
    assert_eq!(fetched.story(), ["POST https://api.test/"]);
    let kept = ["x-a", "content-type", "accept"].map(|name| fetched.header(0, name));
    assert_eq!(kept, [None, None, Some("a/b".into())]);
}

#[test_case(301)]
#[test_case(302)]
#[test_case(303)]
#[test_case(307)]
#[test_case(308)]
fn a_redirect_of_a_preflight_is_not_followed(status: u16) {
    let location = [("Location", CDN)];
    let fetched =
        Browser::new().fetch(&init("PUT", API, &[]), |it| allowing(it, status, &location));
    assert_eq!((fetched.sent.len(), fetched.end()), (1, "preflight-redirect"));
}
