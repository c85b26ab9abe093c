//! Whether the page may read a response: what the server allows, and what then is seen of it.

use corspec_fetch::fetch::HttpResponse;
use corspec_fetch::origin::Origin;
use corspec_fetch::page::Page;
use corspec_fetch::request::CredentialsMode::{self, Include, Omit, SameOrigin};
use corspec_fetch::request::RequestInit;
use test_case::test_case;

use crate::browser::{API, Browser, PAGE, answer, init, open, text};

/// What the row shows, the credentials mode, the lines of `Access-Control-Allow-Origin`
/// and of `Access-Control-Allow-Credentials`, and how the fetch ends.
type Row<'a> = (&'a str, CredentialsMode, &'a [&'a str], &'a [&'a str], &'a str);

#[rustfmt::skip]
const ROWS: &[Row<'static>] = &[
    ("nothing",                        Omit,       &[],                           &[],               "allow-origin-missing"),
    ("the origin",                     Omit,       &[PAGE],                       &[],               "cors"),
    ("an asterisk",                    Omit,       &["*"],                        &[],               "cors"),
    ("an asterisk, same-origin",       SameOrigin, &["*"],                        &["false"],        "cors"),
    ("upper case",                     Omit,       &["HTTPS://PAGE.EXAMPLE"],     &[],               "allow-origin-mismatch"),
    ("the host in upper case",         Omit,       &["https://Page.example"],     &[],               "allow-origin-mismatch"),
    ("a slash",                        Omit,       &["https://page.example/"],    &[],               "allow-origin-mismatch"),
    ("a question mark",                Omit,       &["https://page.example?"],    &[],               "allow-origin-mismatch"),
    ("a number sign",                  Omit,       &["https://page.example#"],    &[],               "allow-origin-mismatch"),
    ("a path",                         Omit,       &["https://page.example/app"], &[],               "allow-origin-mismatch"),
    ("the default port",               Omit,       &["https://page.example:443"], &[],               "allow-origin-mismatch"),
    ("no scheme",                      Omit,       &["page.example"],             &[],               "allow-origin-mismatch"),
    ("the other scheme",               Omit,       &["http://page.example"],      &[],               "allow-origin-mismatch"),
    ("the server's own origin",        Omit,       &[API],                        &[],               "allow-origin-mismatch"),
    ("null",                           Omit,       &["null"],                     &[],               "allow-origin-mismatch"),
    ("empty",                          Omit,       &[""],                         &[],               "allow-origin-mismatch"),
    ("two asterisks",                  Omit,       &["**"],                       &[],               "allow-origin-mismatch"),
    ("a quoted asterisk",              Omit,       &["\"*\""],                    &[],               "allow-origin-mismatch"),
    ("a vertical tab after",           Omit,       &["*\u{b}"],                   &[],               "allow-origin-mismatch"),
    ("a form feed before",             Omit,       &["\u{c}*"],                   &[],               "allow-origin-mismatch"),
    ("a list",                         Omit,       &["https://page.example,*"],   &[],               "allow-origin-multiple"),
    ("a list with spaces",             Omit,       &["* *"],                      &[],               "allow-origin-multiple"),
    ("two lines with asterisks",       Omit,       &["*", "*"],                   &[],               "allow-origin-multiple"),
    ("the origin on two lines",        Omit,       &[PAGE, PAGE],                 &[],               "allow-origin-multiple"),
    ("an empty line before",           Omit,       &["", PAGE],                   &[],               "allow-origin-multiple"),
    ("credentials, not asked for",     Omit,       &[PAGE],                       &["nonsense"],     "cors"),
    ("an asterisk with credentials",   Include,    &["*"],                        &["true"],         "allow-origin-wildcard-with-credentials"),
    ("the origin with credentials",    Include,    &[PAGE],                       &["true"],         "cors"),
    ("credentials not mentioned",      Include,    &[PAGE],                       &[],               "allow-credentials-missing"),
    ("in upper case",                  Include,    &[PAGE],                       &["TRUE"],         "allow-credentials-not-true"),
    ("false",                          Include,    &[PAGE],                       &["false"],        "allow-credentials-not-true"),
    ("quoted",                         Include,    &[PAGE],                       &["\"true\""],     "allow-credentials-not-true"),
    ("with a comma",                   Include,    &[PAGE],                       &["true,"],        "allow-credentials-not-true"),
    ("twice",                          Include,    &[PAGE],                       &["true", "true"], "allow-credentials-not-true"),
    ("with a vertical tab",            Include,    &[PAGE],                       &["true\u{b}"],    "allow-credentials-not-true"),
    ("with a form feed",               Include,    &[PAGE],                       &["\u{c}true"],    "allow-credentials-not-true"),
];

fn lines<'a>(origins: &[&'a str], credentials: &[&'a str]) -> Vec<(&'static str, &'a str)> {
    let origins = origins.iter().map(|it| ("Access-Control-Allow-Origin", *it));
    origins.chain(credentials.iter().map(|it| ("Access-Control-Allow-Credentials", *it))).collect()
}

#[test]
fn each_row_ends_as_the_standard_says() {
    let mut wrong = Vec::new();
    for &(name, credentials, origins, allowed, want) in ROWS {
        let init = RequestInit { credentials, ..init("GET", API, &[]) };
        let got = Browser::new().fetch(&init, |_| answer(200, &lines(origins, allowed))).end();
        if got != want {
            wrong.push((name, got));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test_case("null", Omit => "cors"; "null")]
#[test_case("*", Omit => "cors"; "an asterisk")]
#[test_case("null", Include => "cors"; "null, with credentials")]
#[test_case("*", Include => "allow-origin-wildcard-with-credentials"; "an asterisk, with credentials")]
#[test_case("NULL", Omit => "allow-origin-mismatch"; "null in upper case")]
fn an_opaque_origin_is_null(origin: &str, credentials: CredentialsMode) -> &'static str {
    let init = RequestInit { credentials, ..init("GET", API, &[]) };
    let lines = lines(&[origin], &["true"]);
    Browser::with(Page::at(Origin::Opaque)).fetch(&init, |_| answer(200, &lines)).end()
}

#[test_case(201)]
#[test_case(304)]
#[test_case(399)]
#[test_case(401)]
#[test_case(404)]
#[test_case(500)]
#[test_case(699)]
fn every_status_is_shown_where_it_is_allowed(status: u16) {
    let fetched = Browser::new().fetch(&init("GET", API, &[]), |it| HttpResponse {
        status,
        status_text: b"Odd \xe4".to_vec(),
        ..open(it)
    });
    let seen = fetched.seen.unwrap();
    let body = if status == 304 { "" } else { "hello" };
    assert_eq!((seen.status, text(&seen.body).as_str()), (status, body));
    assert_eq!(seen.status_text, b"Odd \xe4");
}

/// A script's own condition: the answer to it is judged, and shown, as any other.
#[test_case(&[] => Err("allow-origin-missing"); "without permission")]
#[test_case(&[("Access-Control-Allow-Origin", "*")] => Ok(304); "with permission")]
fn an_answer_to_a_script_s_condition(lines: &[(&str, &str)]) -> Result<u16, &'static str> {
    let init = init("GET", API, &[("If-None-Match", "\"a\"")]);
    let fetched =
        Browser::new().fetch(&init, |it| if it.preflight { open(it) } else { answer(304, lines) });
    fetched.seen.map(|seen| seen.status)
}

#[test_case("X-A", "a\0b" => "response-header-with-nul"; "in any header")]
#[test_case("Access-Control-Allow-Origin", "*\0" => "response-header-with-nul"; "in the permission")]
#[test_case("X-A", "a\u{1}\u{b}b" => "cors"; "another control character is fine")]
fn a_nul_ends_the_fetch(name: &str, value: &str) -> &'static str {
    let more = [("Access-Control-Allow-Origin", "*"), (name, value)];
    Browser::new().fetch(&init("GET", API, &[]), |_| answer(200, &more)).end()
}
