//! Mode no-cors: what may be asked, and what is seen of it.

use corspec_fetch::page::EmbedderPolicy;
use corspec_fetch::request::{Body, CredentialsMode, Mode, RequestInit};
use test_case::test_case;

use crate::browser::{API, Browser, PAGE, allowing, answer, init, open};

fn no_cors(method: &str, url: &str, headers: &[(&str, &str)]) -> RequestInit {
    RequestInit { mode: Mode::NoCors, ..init(method, url, headers) }
}

#[test_case("get" => "opaque")]
#[test_case("HEAD" => "opaque")]
#[test_case("Post" => "opaque")]
#[test_case("PUT" => "type-error")]
#[test_case("options" => "type-error")]
#[test_case("patch" => "type-error")]
#[test_case("NEW" => "type-error")]
fn three_methods_are_allowed(method: &str) -> &'static str {
    Browser::new().fetch(&no_cors(method, API, &[]), open).end()
}

/// What is sent of a header, its lines combined; `None`: what the browser sends anyway.
#[test_case("Accept", &["a/b"] => Some("a/b".into()); "accept")]
#[test_case("Accept", &["a/b(c)"] => None; "an unsafe byte")]
#[test_case("Accept", &["a/b", "c/d"] => Some("a/b, c/d".into()); "two lines")]
#[test_case("Accept", &["a/b", "\""] => Some("a/b".into()); "the unsafe one of two lines is left out")]
#[test_case("Accept-Language", &["de"] => Some("de".into()); "a language")]
#[test_case("Content-Language", &["de"] => Some("de".into()); "the language of the content")]
#[test_case("Content-Language", &["d@e"] => None; "an unsafe language")]
#[test_case("Content-Type", &["text/plain"] => Some("text/plain".into()); "a safe type")]
#[test_case("Content-Type", &["application/json"] => None; "another type")]
#[test_case("Range", &["bytes=0-1"] => None; "a range")]
#[test_case("Authorization", &["x"] => None; "authorization")]
#[test_case("X-A", &["1"] => None; "any other")]
fn few_headers_are_kept(name: &str, values: &[&str]) -> Option<String> {
    let headers: Vec<_> = values.iter().map(|value| (name, *value)).collect();
    let fetched = Browser::new().fetch(&no_cors("POST", API, &headers), open);
    let anyway = Browser::new().fetch(&no_cors("POST", API, &[]), open).header(0, name);
    fetched.header(0, name).filter(|sent| Some(sent) != anyway.as_ref())
}

#[test_case(63, 63 => 128; "128 bytes with the comma and the space")]
#[test_case(63, 64 => 63; "a byte more, and the second line is left out")]
fn lines_are_long_together(first: usize, second: usize) -> usize {
    let values = [first, second].map(|length| "a".repeat(length));
    let headers = [("Accept", values[0].as_str()), ("Accept", values[1].as_str())];
    Browser::new().fetch(&no_cors("GET", API, &headers), open).header(0, "accept").unwrap().len()
}

#[test_case(Some("text/plain;charset=UTF-8") => Some("text/plain;charset=UTF-8".into()); "a string")]
#[test_case(Some("application/json") => None; "a blob whose type is not safe")]
fn the_type_of_a_body(kind: Option<&str>) -> Option<String> {
    let body = Some(Body { bytes: b"x".to_vec(), content_type: kind.map(Into::into) });
    let init = RequestInit { body, ..no_cors("POST", API, &[]) };
    Browser::new().fetch(&init, open).header(0, "content-type")
}

#[test_case(PAGE => "basic"; "at home")]
#[test_case(API => "opaque"; "elsewhere")]
fn the_type_of_a_response(url: &str) -> &'static str {
    Browser::new().fetch(&no_cors("GET", url, &[]), |_| answer(200, &[])).end()
}

/// The digest of `hello`, and of something else.
const RIGHT: &str = "sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=";
const WRONG: &str = "sha256-AAAA";

#[test_case(Mode::NoCors, API, RIGHT => "integrity-opaque"; "an opaque response has none")]
#[test_case(Mode::NoCors, PAGE, RIGHT => "basic"; "at home it has")]
#[test_case(Mode::Cors, API, RIGHT => "cors"; "and with permission")]
#[test_case(Mode::Cors, API, WRONG => "integrity-mismatch"; "which must match")]
fn integrity(mode: Mode, url: &str, integrity: &str) -> &'static str {
    let init = RequestInit { mode, integrity: integrity.into(), ..init("GET", url, &[]) };
    Browser::new().fetch(&init, open).end()
}

#[test_case(206)]
#[test_case(416)]
fn a_partial_response_that_nobody_asked_for_is_opaque(status: u16) {
    let range = [("Content-Range", "bytes 0-1/2")];
    let fetched =
        Browser::new().fetch(&no_cors("GET", API, &[]), |it| allowing(it, status, &range));
    assert_eq!(fetched.end(), "opaque");
}

/// Whether cookies go to another origin from a page with an embedder policy.
#[test_case(EmbedderPolicy::UnsafeNone, Mode::NoCors, API => true; "no policy")]
#[test_case(EmbedderPolicy::Credentialless, Mode::NoCors, API => false; "credentialless")]
#[test_case(EmbedderPolicy::Credentialless, Mode::NoCors, PAGE => true; "credentialless, at home")]
#[test_case(EmbedderPolicy::Credentialless, Mode::Cors, API => true; "credentialless, with CORS")]
#[test_case(EmbedderPolicy::RequireCorp, Mode::NoCors, API => true; "require-corp")]
fn cookies_of_embedded_requests(policy: EmbedderPolicy, mode: Mode, url: &str) -> bool {
    let mut browser = Browser::new().cookie(url, "a=1; SameSite=None; Secure");
    browser.page.embedder_policy = policy;
    let init = RequestInit { mode, credentials: CredentialsMode::Include, ..init("GET", url, &[]) };
    browser.fetch(&init, open).header(0, "cookie").is_some()
}
