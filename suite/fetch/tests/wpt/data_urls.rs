//! `data:` URLs: no server is asked, and what they say themselves is the answer.

use corspec_fetch::request::{Mode, RequestInit};
use test_case::test_case;

use crate::browser::{Browser, PAGE, answer, init};

#[test_case("data:,a%20b" => ("text/plain;charset=US-ASCII".into(), "a b".into()); "without a type")]
#[test_case("data:text/css;base64,YSBi" => ("text/css".into(), "a b".into()); "in base64")]
#[test_case("data:image/png,#f" => ("image/png".into(), String::new()); "the fragment is none of it")]
fn what_it_says_is_the_answer(url: &str) -> (String, String) {
    let fetched = Browser::new().fetch(&init("GET", url, &[]), |_| answer(404, &[]));
    assert_eq!((fetched.end(), fetched.sent.len()), ("basic", 0));
    let response = fetched.seen.unwrap();
    let kind = String::from_utf8(response.headers.get("content-type").unwrap()).unwrap();
    (kind, String::from_utf8(response.body).unwrap())
}

#[test_case("POST", Mode::Cors => "basic"; "with any method")]
#[test_case("GET", Mode::NoCors => "basic"; "in mode no-cors")]
#[test_case("GET", Mode::SameOrigin => "basic"; "in mode same-origin")]
fn it_is_of_nobodys_origin(method: &str, mode: Mode) -> &'static str {
    let init = RequestInit { mode, ..init(method, "data:,x", &[]) };
    Browser::at(PAGE).fetch(&init, |_| answer(404, &[])).end()
}

#[test_case("data:x" => "unsupported-scheme"; "a data URL without a comma")]
#[test_case("data:;base64,=" => "unsupported-scheme"; "what is no base64")]
#[test_case("about:blank" => "unsupported-scheme"; "another scheme")]
fn what_is_none_is_a_network_error(url: &str) -> &'static str {
    Browser::new().fetch(&init("GET", url, &[]), |_| answer(200, &[])).end()
}
