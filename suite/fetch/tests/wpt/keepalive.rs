//! Requests that outlive their page: the same rules, and a limit to their bodies.

use corspec_fetch::request::{Body, RequestInit};
use test_case::test_case;

use crate::browser::{API, Browser, PAGE, answer, chain, init, open};

fn keepalive(url: &str, method: &str, length: Option<usize>) -> RequestInit {
    let body = length.map(|length| Body::text(&"x".repeat(length)));
    RequestInit { keepalive: true, body, ..init(method, url, &[]) }
}

#[test_case(Some(65_536), true => "cors"; "64 KiB")]
#[test_case(Some(65_537), true => "keepalive-quota"; "a byte more")]
#[test_case(Some(65_537), false => "cors"; "without keepalive")]
#[test_case(Some(0), true => "cors"; "an empty body")]
#[test_case(None, true => "cors"; "no body")]
fn a_body_has_64_kib(length: Option<usize>, outlives: bool) -> &'static str {
    let init = RequestInit { keepalive: outlives, ..keepalive(API, "POST", length) };
    Browser::new().fetch(&init, open).end()
}

#[test]
fn preflights_and_redirects_go_on() {
    let urls = ["https://page.example/0", "https://api.test/1"];
    let fetched = Browser::new().fetch(&keepalive(urls[0], "PUT", Some(1)), chain(307, &urls));
    let want =
        ["PUT https://page.example/0", "OPTIONS https://api.test/1", "PUT https://api.test/1"];
    assert_eq!((fetched.story(), fetched.end()), (want.map(str::to_owned).to_vec(), "cors"));
}

#[test_case(API => "allow-origin-missing"; "the CORS check holds")]
#[test_case(PAGE => "basic"; "at home as well")]
fn an_answer_without_permission(url: &str) -> &'static str {
    Browser::new().fetch(&keepalive(url, "GET", None), |_| answer(200, &[])).end()
}

#[test_case("data:,x" => "redirect-scheme"; "data")]
#[test_case("file:///x" => "redirect-scheme"; "a file")]
#[test_case("http://api.test/" => "mixed-content"; "not secure")]
fn a_redirect_is_not_followed(location: &str) -> &'static str {
    Browser::new().fetch(&keepalive(PAGE, "GET", None), chain(302, &[PAGE, location])).end()
}
