//! What a preflight's answer allows.

use corspec_fetch::fetch::HttpRequest;
use corspec_fetch::request::CredentialsMode::{self, Include, Omit};
use corspec_fetch::request::RequestInit;
use test_case::test_case;

use crate::browser::{API, Browser, PAGE, allowing, answer, init, open};

#[test]
fn only_the_statuses_200_to_299_allow_anything() {
    let ended = |status| {
        let answer = |it: &HttpRequest| {
            if it.preflight { allowing(it, status, &[]) } else { open(it) }
        };
        Browser::new().fetch(&init("PUT", API, &[]), answer).end()
    };
    for status in 200..=299 {
        assert_eq!(ended(status), "cors", "{status}");
    }
    for status in [100, 199, 300, 304, 305, 306, 309, 400, 401, 403, 404, 405, 500, 501, 680, 790] {
        assert_eq!(ended(status), "preflight-status", "{status}");
    }
}

/// What the row shows, the method, the headers, the credentials mode, the lines of
/// `Access-Control-Allow-Methods` and `Access-Control-Allow-Headers`, and how it ends.
type Row<'a> =
    (&'a str, &'a str, &'a [&'a str], CredentialsMode, &'a [&'a str], &'a [&'a str], &'a str);

#[rustfmt::skip]
const ROWS: &[Row<'static>] = &[
    ("the method is listed",               "PUT",   &[],                Omit,    &["PUT"],               &[],                    "cors"),
    ("among others, with empty members",   "PUT",   &[],                Omit,    &[", GET,\t,PUT ,"],    &[],                    "cors"),
    ("in another line",                    "PUT",   &[],                Omit,    &["GET", "PUT"],        &[],                    "cors"),
    ("it is not listed",                   "PUT",   &[],                Omit,    &["GET"],               &[],                    "preflight-method-not-allowed"),
    ("there is no list",                   "PUT",   &[],                Omit,    &[],                    &[],                    "preflight-method-not-allowed"),
    ("the list is empty",                  "PUT",   &[],                Omit,    &[""],                  &[],                    "preflight-method-not-allowed"),
    ("methods are case-sensitive",         "PUT",   &[],                Omit,    &["put"],               &[],                    "preflight-method-not-allowed"),
    ("patch is not PATCH",                 "patch", &[],                Omit,    &["PATCH"],             &[],                    "preflight-method-not-allowed"),
    ("patch is patch",                     "patch", &[],                Omit,    &["patch"],             &[],                    "cors"),
    ("safelisted methods always pass",     "GET",   &["x-a"],           Omit,    &["get"],               &["x-a"],               "cors"),
    ("HEAD does",                          "HEAD",  &["x-a"],           Omit,    &["PUT"],               &["x-a"],               "cors"),
    ("POST does",                          "POST",  &["x-a"],           Omit,    &[],                    &["x-a"],               "cors"),
    ("a bad item fails a listed method",   "PUT",   &[],                Omit,    &["PUT, a b"],          &[],                    "preflight-methods-unparsable"),
    ("a bad item fails also a GET",        "GET",   &["x-a"],           Omit,    &["a b"],               &["x-a"],               "preflight-methods-unparsable"),
    ("a bad item in another line",         "PUT",   &[],                Omit,    &["PUT", "\"x\""],      &[],                    "preflight-methods-unparsable"),
    ("the asterisk stands for all",        "PUT",   &[],                Omit,    &["*"],                 &[],                    "cors"),
    ("among others as well",               "PUT",   &[],                Omit,    &["GET, *"],            &[],                    "cors"),
    ("with credentials it does not",       "PUT",   &[],                Include, &["*"],                 &[],                    "preflight-method-wildcard-with-credentials"),
    ("but for itself",                     "*",     &[],                Include, &["*"],                 &[],                    "cors"),
    ("the header is listed",               "GET",   &["x-a"],           Omit,    &[],                    &["x-a"],               "cors"),
    ("in another case",                    "GET",   &["X-a"],           Omit,    &[],                    &["x-A"],               "cors"),
    ("over two lines",                     "GET",   &["x-a", "x-b"],    Omit,    &[],                    &["x-a,", ",x-b"],      "cors"),
    ("one of two is not listed",           "GET",   &["x-a", "x-b"],    Omit,    &[],                    &["x-a"],               "preflight-header-not-allowed"),
    ("there is no list of headers",        "GET",   &["x-a"],           Omit,    &[],                    &[],                    "preflight-header-not-allowed"),
    ("a bad name fails them all",          "GET",   &["x-ok"],          Omit,    &[],                    &["x-ok,Bad value"],    "preflight-headers-unparsable"),
    ("also where no header needs it",      "PUT",   &[],                Omit,    &["PUT"],               &["a\u{b}"],            "preflight-headers-unparsable"),
    ("the asterisk stands for a header",   "GET",   &["x-a"],           Omit,    &[],                    &["*"],                 "cors"),
    ("with credentials it does not",       "GET",   &["x-a"],           Include, &[],                    &["*"],                 "preflight-header-wildcard-with-credentials"),
    ("but for the header of that name",    "GET",   &["*"],             Include, &[],                    &["*"],                 "cors"),
    ("authorization is listed",            "GET",   &["authorization"], Omit,    &[],                    &["Authorization"],     "cors"),
    ("beside an asterisk",                 "GET",   &["authorization"], Omit,    &[],                    &["*, authorization"],  "cors"),
    ("an asterisk does not cover it",      "GET",   &["authorization"], Omit,    &[],                    &["*"],                 "preflight-authorization-not-listed"),
    ("nor with credentials",               "GET",   &["authorization"], Include, &[],                    &["*"],                 "preflight-authorization-not-listed"),
];

#[test]
fn each_row_ends_as_the_standard_says() {
    let mut wrong = Vec::new();
    for &(name, method, headers, credentials, methods, allowed, want) in ROWS {
        let headers: Vec<_> = headers.iter().map(|name| (*name, "1")).collect();
        let init = RequestInit { credentials, ..init(method, API, &headers) };
        let fetched = Browser::new().fetch(&init, |request| {
            let methods = methods.iter().map(|it| ("Access-Control-Allow-Methods", *it));
            let names = allowed.iter().map(|it| ("Access-Control-Allow-Headers", *it));
            let mut lines: Vec<_> = methods.chain(names).filter(|_| request.preflight).collect();
            lines.push(("Access-Control-Allow-Origin", PAGE));
            lines.push(("Access-Control-Allow-Credentials", "true"));
            answer(200, &lines)
        });
        // A preflight that refuses is the last request.
        let sent = if want == "cors" { 2 } else { 1 };
        if (fetched.end(), fetched.sent.len()) != (want, sent) {
            wrong.push((name, fetched.end()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test_case(true, &[] => "cors"; "no list is needed for the flag")]
#[test_case(true, &[("Access-Control-Allow-Methods", "GET")] => "preflight-method-not-allowed"; "a list counts")]
#[test_case(false, &[] => "preflight-method-not-allowed"; "without the flag it is")]
fn a_preflight_by_flag(use_cors_preflight: bool, lines: &[(&str, &str)]) -> &'static str {
    let init = RequestInit { use_cors_preflight, ..init("PUT", API, &[]) };
    let origin = [("Access-Control-Allow-Origin", "*")];
    Browser::new().fetch(&init, |_| answer(200, &[&origin[..], lines].concat())).end()
}

#[test_case("*", "*", Omit => "cors"; "an asterisk in both")]
#[test_case("*", PAGE, Omit => "cors"; "an asterisk, then the origin")]
#[test_case(PAGE, "*", Omit => "cors"; "the origin, then an asterisk")]
#[test_case(PAGE, "null", Omit => "allow-origin-mismatch"; "the response is judged by itself")]
#[test_case("null", PAGE, Omit => "preflight-allow-origin-mismatch"; "and so is the preflight")]
#[test_case("*", PAGE, Include => "preflight-allow-origin-wildcard-with-credentials"; "by the credentials of the request")]
#[test_case(PAGE, "*", Include => "allow-origin-wildcard-with-credentials"; "which count for both")]
fn preflight_and_response_are_judged_apart(
    first: &str,
    second: &str,
    credentials: CredentialsMode,
) -> &'static str {
    let init = RequestInit { credentials, ..init("PUT", API, &[]) };
    let fetched = Browser::new().fetch(&init, |request| {
        let origin = if request.preflight { first } else { second };
        let lines = [
            ("Access-Control-Allow-Origin", origin),
            ("Access-Control-Allow-Credentials", "true"),
            ("Access-Control-Allow-Methods", "PUT"),
        ];
        answer(200, &lines)
    });
    fetched.end()
}

#[test_case(&[] => "preflight-allow-credentials-missing"; "missing")]
#[test_case(&[("Access-Control-Allow-Credentials", "True")] => "preflight-allow-credentials-not-true"; "in another case")]
fn credentials_must_be_allowed_by_the_preflight(lines: &[(&str, &str)]) -> &'static str {
    let init = RequestInit { credentials: Include, ..init("PUT", API, &[]) };
    let more = [("Access-Control-Allow-Origin", PAGE), ("Access-Control-Allow-Methods", "PUT")];
    Browser::new().fetch(&init, |_| answer(200, &[&more[..], lines].concat())).end()
}
