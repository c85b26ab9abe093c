//! Rows for the rules.

use test_case::test_case;

use super::*;
use crate::exchange::SeenResponse;

const ORIGIN: &str = "access-control-allow-origin";
const CREDENTIALS: &str = "access-control-allow-credentials";
const METHODS: &str = "access-control-allow-methods";
const MAX_AGE: &str = "access-control-max-age";

fn exchange(headers: &[(&str, &str)]) -> Exchange {
    Exchange {
        preflight: false,
        request: SentRequest {
            method: b"GET".to_vec(),
            url: "http://127.0.0.1/".to_owned(),
            headers: [("origin", "%%%")].into_iter().collect(),
            body: None,
        },
        response: Ok(SeenResponse {
            status: 200,
            status_text: Vec::new(),
            headers: headers.iter().copied().collect(),
            body: Vec::new(),
        }),
    }
}

#[test_case(GrammarRule::AllowOrigin, ORIGIN, &["*"] => true ; "everyone")]
#[test_case(GrammarRule::AllowOrigin, ORIGIN, &["null"] => true ; "null")]
#[test_case(GrammarRule::AllowOrigin, ORIGIN, &["https://a.example:8443"] => true ; "origin with a port")]
#[test_case(GrammarRule::AllowOrigin, ORIGIN, &["chrome-extension://abc"] => true ; "another scheme")]
#[test_case(GrammarRule::AllowOrigin, ORIGIN, &["http://[::1]:80"] => true ; "address of version 6")]
#[test_case(GrammarRule::AllowOrigin, ORIGIN, &["http://[::1]"] => true ; "address of version 6 without a port")]
#[test_case(GrammarRule::AllowOrigin, ORIGIN, &["http://[::1"] => false ; "half an address")]
#[test_case(GrammarRule::AllowOrigin, ORIGIN, &["http://a:b:80"] => false ; "a colon within a host")]
#[test_case(GrammarRule::AllowOrigin, ORIGIN, &["http://[a/b]:80"] => false ; "an address with a slash")]
#[test_case(GrammarRule::AllowOrigin, ORIGIN, &["%%%"] => true ; "what the request said")]
#[test_case(GrammarRule::AllowOrigin, ORIGIN, &[] => true ; "absent")]
#[test_case(GrammarRule::AllowOrigin, ORIGIN, &[""] => false ; "empty")]
#[test_case(GrammarRule::AllowOrigin, ORIGIN, &["Null"] => false ; "null in capitals")]
#[test_case(GrammarRule::AllowOrigin, ORIGIN, &["a.example"] => false ; "no scheme")]
#[test_case(GrammarRule::AllowOrigin, ORIGIN, &["1://a.example"] => false ; "a scheme that is none")]
#[test_case(GrammarRule::AllowOrigin, ORIGIN, &["https://"] => false ; "no host")]
#[test_case(GrammarRule::AllowOrigin, ORIGIN, &["https://a.example/"] => false ; "slash")]
#[test_case(GrammarRule::AllowOrigin, ORIGIN, &["https://a@b.example"] => false ; "userinfo")]
#[test_case(GrammarRule::AllowOrigin, ORIGIN, &["https://a.example:x"] => false ; "port that is no number")]
#[test_case(GrammarRule::AllowOrigin, ORIGIN, &["https://a.example:"] => false ; "port that is not there")]
#[test_case(GrammarRule::AllowOrigin, ORIGIN, &["https://a.example, https://b.example"] => false ; "two origins")]
#[test_case(GrammarRule::AllowOrigin, ORIGIN, &["https://a.example https://b.example"] => false ; "two origins and a space")]
#[test_case(GrammarRule::AllowOrigin, ORIGIN, &["*", "*"] => false ; "two lines")]
#[test_case(GrammarRule::AllowCredentials, CREDENTIALS, &["true"] => true ; "credentials")]
#[test_case(GrammarRule::AllowCredentials, CREDENTIALS, &["True"] => false ; "credentials in capitals")]
#[test_case(GrammarRule::AllowCredentials, CREDENTIALS, &["false"] => false ; "no credentials")]
#[test_case(GrammarRule::AllowCredentials, CREDENTIALS, &["true", "true"] => false ; "credentials twice")]
#[test_case(GrammarRule::MaxAge, MAX_AGE, &["0600"] => true ; "seconds")]
#[test_case(GrammarRule::MaxAge, MAX_AGE, &[""] => false ; "no seconds")]
#[test_case(GrammarRule::MaxAge, MAX_AGE, &["-1"] => false ; "sign")]
#[test_case(GrammarRule::MaxAge, MAX_AGE, &["600s"] => false ; "unit")]
#[test_case(GrammarRule::MaxAge, MAX_AGE, &["1.5"] => false ; "fraction")]
#[test_case(GrammarRule::MaxAge, MAX_AGE, &["600", "600"] => false ; "seconds twice")]
#[test_case(GrammarRule::AllowMethods, METHODS, &["GET", "PUT ,, \tM-SEARCH,"] => true ; "lines, spaces and empty members")]
#[test_case(GrammarRule::AllowMethods, METHODS, &[""] => true ; "empty list")]
#[test_case(GrammarRule::AllowMethods, METHODS, &["GET PUT"] => false ; "spaces between")]
#[test_case(GrammarRule::AllowMethods, METHODS, &["GET", "[PUT]"] => false ; "brackets")]
#[test_case(GrammarRule::AllowHeaders, "access-control-allow-headers", &["x-a; x-b"] => false ; "semicolon")]
#[test_case(GrammarRule::ExposeHeaders, "access-control-expose-headers", &["\"x-a\""] => false ; "quotes")]
#[test_case(GrammarRule::Names, "access-control-max-age", &["x"] => true ; "right name")]
#[test_case(GrammarRule::Names, "access-control-allow-private-network", &["true"] => true ; "another name")]
#[test_case(GrammarRule::Names, "access-control-request-method", &["PUT"] => true ; "name of a request's")]
#[test_case(GrammarRule::Names, "access-control-allow-method", &["PUT"] => false ; "letter missing")]
#[test_case(GrammarRule::Names, "Access-Control-Allowed-Origin", &["*"] => false ; "letters too many")]
#[test_case(GrammarRule::Names, "access_control_allow_origin", &["*"] => false ; "underscores")]
fn rules_hold(rule: GrammarRule, name: &str, lines: &[&str]) -> bool {
    let headers: Vec<_> = lines.iter().map(|line| (name, *line)).collect();
    rule.offence(&exchange(&headers)).is_none()
}

#[test]
fn an_offence_shows_every_line_and_escapes_it() {
    let offence = GrammarRule::MaxAge.offence(&exchange(&[(MAX_AGE, "1"), (MAX_AGE, "\u{1b}")]));
    let lines = "`access-control-max-age: 1` and `access-control-max-age: \\x1b`";
    assert_eq!(offence.as_deref(), Some(lines));
}

#[test]
fn a_misspelt_name_is_shown_with_what_is_meant() {
    let offence = GrammarRule::Names.offence(&exchange(&[("Access-Control-Allow-Orgin", "*")]));
    let words = "`Access-Control-Allow-Orgin`, which no browser reads; `access-control-allow-origin` is meant";
    assert_eq!(offence.as_deref(), Some(words));
}
