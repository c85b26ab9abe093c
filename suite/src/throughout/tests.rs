//! Rows for the rules: what breaks each, and what only looks like it.

use test_case::test_case;

use super::*;
use crate::case::{Abilities, Instantiated};
use crate::load::Suite;
use crate::scenario::AreaFile;

const ALLOWED: &str = "https://a.example";
const DENIED: &str = "https://evil.test";
const SERVER: &str = "http://127.0.0.1:8000";

/// A case under a policy of one origin, some names, and no credentials.
fn case() -> Case {
    let text = "area = 's'\nabout = ''\n[[scenario]]\nid = 's/a'\ntitle = ''\nwhy = ''\nimpact = ''\nspec = ''\n\
                basis = 'http'\nlevel = 'should'\nthroughout = 'origins'\n[[scenario.step]]\nwire = { route = 'resource' }\n";
    let policy = "allow-origins = ['https://a.example']\nallow-methods = ['PUT']\nallow-headers = ['x-a']\n\
                  expose-headers = ['x-e']\nmax-age = 600";
    let (area, policy): (AreaFile, _) =
        (toml::from_str(text).unwrap(), Policy::from_toml(policy).unwrap());
    let suite = Suite::embedded().unwrap();
    match suite.case(&area.scenario[0], ("p", &policy), &Abilities::all()) {
        Instantiated::Case(case) => *case,
        Instantiated::NotApplicable(reason) => panic!("{reason}"),
    }
}

/// A request with these lines, the first of them of an `Origin`, and an answer to it.
fn exchange(
    (method, path): (&str, &str),
    asked: &[(&str, &str)],
    (status, answered): (u16, &[(&str, &str)]),
) -> Exchange {
    Exchange {
        preflight: false,
        request: SentRequest {
            method: method.as_bytes().to_vec(),
            url: format!("{SERVER}{path}"),
            headers: asked.iter().copied().collect(),
            body: None,
        },
        response: Ok(SeenResponse {
            status,
            status_text: Vec::new(),
            headers: answered.iter().copied().collect(),
            body: Vec::new(),
        }),
    }
}

/// Whether an answer of `status` to `method`, with that `Access-Control-Allow-Origin`, lets a page in that was not to be.
#[test_case("GET", DENIED, 200, DENIED => true ; "the stranger's own")]
#[test_case("GET", DENIED, 404, "*" => true ; "everyone, on an error")]
#[test_case("GET", "null", 200, "null" => true ; "null")]
#[test_case("GET", DENIED, 200, ALLOWED => false ; "another's")]
#[test_case("GET", DENIED, 200, "null" => false ; "null to another")]
#[test_case("GET", ALLOWED, 200, ALLOWED => false ; "an allowed page")]
#[test_case("GET", SERVER, 200, SERVER => false ; "the server's own page")]
#[test_case("GET", "HTTPS://EVIL.TEST", 200, "*" => false ; "what no browser sends")]
#[test_case("GET", DENIED, 302, "*" => false ; "a redirect")]
#[test_case("PUT", DENIED, 200, "*" => false ; "what needs a preflight")]
#[test_case("OPTIONS", DENIED, 200, "*" => false ; "an OPTIONS that is no preflight")]
fn a_page_is_let_in(method: &str, origin: &str, status: u16, allowed: &str) -> bool {
    let answer = (status, [(ORIGIN, allowed)]);
    let exchange = exchange((method, "/resource"), &[("origin", origin)], (answer.0, &answer.1));
    ThroughoutRule::Origins.offence(&exchange, &case()).is_some()
}

#[test]
fn requests_without_one_origin_are_of_no_page() {
    let shared = (200, &[(ORIGIN, "*")][..]);
    let ask = |lines: &[(&str, &str)]| exchange(("GET", "/resource"), lines, shared);
    for lines in [&[][..], &[("origin", DENIED), ("origin", DENIED)]] {
        assert_eq!(ThroughoutRule::Origins.offence(&ask(lines), &case()), None);
    }
    let own_name = [("origin", "http://evil.test"), ("host", "evil.test")];
    assert_eq!(ThroughoutRule::Origins.offence(&ask(&own_name), &case()), None);
}

/// Whether a preflight of a denied page is let pass that asks for a method and a header.
#[test_case("GET", None, 204, &[] => true ; "what needs no leave")]
#[test_case("PUT", None, 204, &[(METHODS, "PUT")] => true ; "a method")]
#[test_case("PUT", None, 204, &[(METHODS, "*")] => true ; "any method")]
#[test_case("PUT", None, 204, &[(METHODS, "put")] => false ; "another method")]
#[test_case("GET", Some("x-a,x-b"), 204, &[(HEADERS, "X-A, X-B")] => true ; "headers")]
#[test_case("GET", Some("x-a,x-b"), 204, &[(HEADERS, "X-A")] => false ; "one of two headers")]
#[test_case("GET", None, 403, &[] => false ; "a refusal")]
fn a_preflight_passes(
    method: &str,
    headers: Option<&str>,
    status: u16,
    lists: &[(&str, &str)],
) -> bool {
    let mut asked = vec![("origin", DENIED), ("access-control-request-method", method)];
    asked.extend(headers.map(|it| ("access-control-request-headers", it)));
    let answer = [&[(ORIGIN, DENIED)], lists].concat();
    let exchange = exchange(("OPTIONS", "/resource"), &asked, (status, &answer));
    ThroughoutRule::Origins.offence(&exchange, &case()).is_some()
}

#[test_case(ALLOWED, "true" => true ; "an allowed page")]
#[test_case("*", "true" => false ; "everyone, in vain")]
#[test_case(ALLOWED, "True" => false ; "what is no leave")]
#[test_case(DENIED, "true" => false ; "another page")]
fn credentials_are_allowed(allowed: &str, credentials: &str) -> bool {
    let answer = [(ORIGIN, allowed), (CREDENTIALS, credentials)];
    let exchange = exchange(("GET", "/resource"), &[("origin", ALLOWED)], (200, &answer));
    ThroughoutRule::Credentials.offence(&exchange, &case()).is_some()
}

#[test]
fn credentials_that_the_policy_allows_are_no_offence() {
    let mut case = case();
    case.policy.allow_credentials = true;
    let answer = [(ORIGIN, ALLOWED), (CREDENTIALS, "true")];
    let exchange = exchange(("GET", "/resource"), &[("origin", ALLOWED)], (200, &answer));
    assert_eq!(ThroughoutRule::Credentials.offence(&exchange, &case), None);
}

#[test_case(ThroughoutRule::Methods, METHODS, "put, OPTIONS, POST, TRACE" => None ; "methods of no consequence")]
#[test_case(ThroughoutRule::Methods, METHODS, "PUT, DELETE" => Some("`access-control-allow-methods` has `DELETE`".to_owned()) ; "a method")]
#[test_case(ThroughoutRule::Methods, METHODS, "*" => Some("`access-control-allow-methods` has `*`".to_owned()) ; "every method")]
#[test_case(ThroughoutRule::Headers, HEADERS, "X-A, Accept, Cookie, Sec-Fetch-Mode, Proxy-Authorization" => None ; "headers of no consequence")]
#[test_case(ThroughoutRule::Headers, HEADERS, "x-a, x-b" => Some("`access-control-allow-headers` has `x-b`".to_owned()) ; "a header")]
#[test_case(ThroughoutRule::Headers, HEADERS, "x-b; x-c" => None ; "what is no list")]
#[test_case(ThroughoutRule::MaxAge, MAX_AGE, "0600" => None ; "the age")]
#[test_case(ThroughoutRule::MaxAge, MAX_AGE, "601" => Some("`access-control-max-age` has `601`".to_owned()) ; "a greater age")]
#[test_case(ThroughoutRule::MaxAge, MAX_AGE, "99999999999999999999" => Some("`access-control-max-age` has `99999999999999999999`".to_owned()) ; "an age beyond numbers")]
#[test_case(ThroughoutRule::MaxAge, MAX_AGE, "600s" => None ; "what is no age")]
#[test_case(ThroughoutRule::Exposed, EXPOSED, "x-b" => None ; "what nobody reads on a preflight")]
fn a_preflight_says(rule: ThroughoutRule, name: &str, value: &str) -> Option<String> {
    let asked = [("origin", ALLOWED), ("access-control-request-method", "PUT")];
    let answer = [(ORIGIN, ALLOWED), (name, value)];
    let told = |answer: (u16, &[_])| exchange(("OPTIONS", "/resource"), &asked, answer);
    for nobody in [(403, &answer[..]), (204, &answer[1..])] {
        assert_eq!(rule.offence(&told(nobody), &case()), None);
    }
    rule.offence(&told((204, &answer)), &case())
}

#[test_case(ThroughoutRule::Exposed, EXPOSED, "X-E, Content-Type, Set-Cookie" => None ; "headers of no consequence")]
#[test_case(ThroughoutRule::Exposed, EXPOSED, "x-e, x-b" => Some("`access-control-expose-headers` has `x-b`".to_owned()) ; "a header")]
#[test_case(ThroughoutRule::Methods, METHODS, "DELETE" => None ; "what nobody reads here")]
fn an_answer_says(rule: ThroughoutRule, name: &str, value: &str) -> Option<String> {
    let answer = [(ORIGIN, "*"), (name, value)];
    let told = |answer: &[_]| exchange(("GET", "/x"), &[("origin", ALLOWED)], (200, answer));
    assert_eq!(rule.offence(&told(&answer[1..]), &case()), None);
    rule.offence(&told(&answer), &case())
}

#[test_case("/resource", 500 => true ; "an error")]
#[test_case("/resource?a=b", 503 => true ; "unavailable")]
#[test_case("/resource", 501 => false ; "not implemented")]
#[test_case("/resource", 404 => false ; "a client's error")]
#[test_case("/status/500", 500 => false ; "asked for")]
#[test_case("/status/none", 500 => true ; "no status")]
#[test_case("/throws", 500 => false ; "thrown")]
#[test_case("/throws?a=b", 500 => false ; "thrown, with a query")]
#[test_case("/throws-not", 500 => true ; "nearly thrown")]
fn a_server_fails(path: &str, status: u16) -> bool {
    let exchange = exchange(("GET", path), &[], (status, &[]));
    ThroughoutRule::ServerErrors.offence(&exchange, &case()).is_some()
}

#[test]
fn an_offence_names_the_page() {
    let answer = [(ORIGIN, DENIED)];
    let exchange = exchange(("GET", "/resource"), &[("origin", DENIED)], (200, &answer));
    let words =
        "`access-control-allow-origin: https://evil.test` for a page of `https://evil.test`";
    assert_eq!(ThroughoutRule::Origins.offence(&exchange, &case()).as_deref(), Some(words));
}
