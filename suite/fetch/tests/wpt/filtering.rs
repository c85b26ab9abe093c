//! What of a response the page gets to see.

use corspec_fetch::fetch::HttpResponse;
use corspec_fetch::request::CredentialsMode::{self, Include, Omit};
use corspec_fetch::request::{Mode, RequestInit};
use test_case::test_case;

use crate::browser::{API, Browser, PAGE, allowing, answer, init, text};

/// The names that the page reads of a response with these headers.
fn read(url: &str, credentials: CredentialsMode, headers: &[(&str, &str)]) -> String {
    let init = RequestInit { credentials, ..init("GET", url, &[]) };
    let fetched = Browser::new().fetch(&init, |it| {
        let mut response = allowing(it, 200, headers);
        response.headers.delete("access-control-allow-methods");
        response
    });
    let seen = fetched.seen.unwrap();
    let names: Vec<_> = seen.headers.iter().map(|(name, _)| text(name)).collect();
    names.join(" ")
}

const ALL: [(&str, &str); 14] = [
    ("Cache-Control", "private"),
    ("Content-Language", "en"),
    ("Content-Length", "5"),
    ("Content-Type", "text/plain"),
    ("Expires", "0"),
    ("Last-Modified", "0"),
    ("Pragma", "x"),
    ("Age", "1"),
    ("Server", "x"),
    ("Warning", "x"),
    ("Date", "0"),
    ("X-A", "1"),
    ("Set-Cookie", "a=1"),
    ("Set-Cookie2", "a=1"),
];

const SAFELISTED: &str =
    "cache-control content-language content-length content-type expires last-modified pragma";

#[test]
fn seven_headers_are_always_readable() {
    assert_eq!(read(API, Omit, &ALL), SAFELISTED);
}

#[test]
fn at_home_everything_is_but_cookies() {
    let names = read(PAGE, Omit, &ALL);
    assert_eq!(
        names,
        "access-control-allow-credentials age cache-control content-language content-length \
         content-type date expires last-modified pragma server warning x-a"
    );
}

/// What the lines of `Access-Control-Expose-Headers` show of six headers.
#[test_case(&[], Omit => ""; "nothing")]
#[test_case(&["x-a"], Omit => "x-a"; "one")]
#[test_case(&["X-A, x-B"], Omit => "x-a x-b"; "in another case")]
#[test_case(&["x-a", "x-b"], Omit => "x-a x-b"; "over two lines")]
#[test_case(&[",, x-a,\t,x-b ,"], Omit => "x-a x-b"; "empty members")]
#[test_case(&["'bb-8'"], Omit => "'bb-8'"; "an apostrophe is a token")]
#[test_case(&["x-a,\"bb-8\""], Omit => ""; "a quoted name voids the list")]
#[test_case(&["x-a,x b"], Omit => ""; "a space within does")]
#[test_case(&["x-a,x-b\u{b}"], Omit => ""; "a vertical tab does")]
#[test_case(&["\u{c}x-a"], Omit => ""; "a form feed does")]
#[test_case(&["x-a", "x b"], Omit => ""; "also in another line")]
#[test_case(&["*"], Omit => "'bb-8' * access-control-allow-credentials access-control-allow-origin access-control-expose-headers x-a x-b"; "an asterisk shows all but cookies")]
#[test_case(&["x-a, *"], Omit => "'bb-8' * access-control-allow-credentials access-control-allow-origin access-control-expose-headers x-a x-b"; "among others as well")]
#[test_case(&["*"], Include => "*"; "with credentials only the header of that name")]
#[test_case(&["*, x-a"], Include => "* x-a"; "with credentials, and others")]
#[test_case(&["set-cookie, set-cookie2, x-a"], Omit => "x-a"; "cookies never")]
fn exposed_headers(lines: &[&str], credentials: CredentialsMode) -> String {
    let lines = lines.iter().map(|line| ("Access-Control-Expose-Headers", *line));
    let sent = [
        ("X-A", "1"),
        ("X-B", "2"),
        ("*", "3"),
        ("'bb-8'", "4"),
        ("Set-Cookie", "a=1"),
        ("Set-Cookie2", "a=1"),
    ];
    read(API, credentials, &lines.chain(sent).collect::<Vec<_>>())
}

#[test]
fn values_of_a_name_are_combined_as_bytes() {
    let lines: Vec<_> = ["a", "", "b", "\u{e4}"]
        .iter()
        .map(|value| ("X-A", crate::browser::latin1(value)))
        .collect();
    let fetched = Browser::new().fetch(&init("GET", PAGE, &[]), |_| HttpResponse {
        headers: lines.iter().cloned().collect(),
        ..answer(200, &[])
    });
    assert_eq!(fetched.seen.unwrap().headers.get("x-a").unwrap(), b"a, , b, \xe4");
}

#[test]
fn an_opaque_response_says_nothing() {
    let init = RequestInit { mode: Mode::NoCors, ..init("GET", API, &[]) };
    let seen = Browser::new().fetch(&init, |it| allowing(it, 201, &ALL)).seen.unwrap();
    assert_eq!((seen.kind.name(), seen.status, seen.url.as_str()), ("opaque", 0, ""));
    assert!(seen.headers.is_empty() && seen.body.is_empty() && seen.status_text.is_empty());
    assert!(!seen.redirected);
}

#[test_case("GET", 200 => "hello"; "a body")]
#[test_case("HEAD", 200 => ""; "none for a HEAD")]
#[test_case("GET", 204 => ""; "no content")]
#[test_case("GET", 205 => ""; "reset content")]
#[test_case("GET", 304 => ""; "not modified")]
#[test_case("GET", 206 => "hello"; "a part")]
#[test_case("GET", 404 => "hello"; "not found")]
fn some_responses_have_no_body(method: &str, status: u16) -> String {
    let seen = Browser::new().fetch(&init(method, API, &[]), |it| allowing(it, status, &[])).seen;
    text(&seen.unwrap().body)
}

#[test_case("GET", 200 => Some("reset".into()); "a body that broke off")]
#[test_case("HEAD", 200 => None; "no body")]
#[test_case("GET", 204 => None; "no content")]
fn a_body_that_is_shown_may_break_off(method: &str, status: u16) -> Option<String> {
    let fetched = Browser::new().fetch(&init(method, API, &[]), |it| HttpResponse {
        body_error: Some("reset".into()),
        ..allowing(it, status, &[])
    });
    fetched.seen.unwrap().body_error
}
