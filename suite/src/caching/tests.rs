//! Rows for the oracle: servers in a sentence, and who is broken by them.

use corspec_fetch::header_list::HeaderList;
use test_case::test_case;

use crate::case::{Abilities, Action, Case, Instantiated};
use crate::exchange::{Exchange, SeenResponse, SentRequest, StepRecord};
use crate::judge::{Verdict, judge};
use crate::load::Suite;
use crate::policy::Policy;
use crate::scenario::AreaFile;

const A: &str = "https://a.example";
const ALLOW_ORIGIN: &str = "access-control-allow-origin";

fn case(differential: &str) -> Case {
    let text = format!(
        "area = 's'\nabout = ''\n[[scenario]]\nid = 's/a'\ntitle = ''\nwhy = ''\nimpact = ''\nspec = ''\n\
         basis = 'cache'\nlevel = 'should'\ndirection = 'cache-hazard'\n[[scenario.step]]\n\
         differential = {{ route = 'resource', {differential} }}"
    );
    let area: AreaFile = toml::from_str(&text).unwrap();
    let policy = "allow-origins = ['https://a.example', 'https://b.example']\n\
                  allow-methods = ['PUT', 'DELETE']\nallow-headers = ['x-a']";
    let policy = Policy::from_toml(policy).unwrap();
    let suite = Suite::embedded().unwrap();
    match suite.case(&area.scenario[0], ("p", &policy), &Abilities::all()) {
        Instantiated::Case(case) => *case,
        Instantiated::NotApplicable(reason) => panic!("{reason}"),
    }
}

/// What is wrong with `server`, as the oracle sees it: what it expected and what it saw.
fn fault(differential: &str, server: impl Fn(&SentRequest) -> SeenResponse) -> Option<[String; 2]> {
    let case = case(differential);
    let Action::Differential(probes) = &case.steps[0].action else { panic!("it is differential") };
    let mut record = StepRecord::default();
    for probe in probes {
        let step = probe.request_after(&record.exchanges);
        let request = SentRequest {
            method: step.method.into(),
            url: step.url,
            headers: step.headers.iter().cloned().collect(),
            body: None,
        };
        let response = Ok(server(&request));
        record.exchanges.push(Exchange { preflight: false, request, response });
    }
    match judge(&case, &[record]).result {
        Verdict::Pass { .. } => None,
        Verdict::Fail { mut failures, .. } => {
            assert_eq!(failures.len(), 1, "one failure is enough");
            let failure = failures.remove(0);
            Some([failure.expected, failure.seen])
        }
        other => panic!("{other:?}"),
    }
}

fn answer(status: u16, headers: &[(&str, &str)]) -> SeenResponse {
    SeenResponse {
        status,
        status_text: Vec::new(),
        headers: headers.iter().copied().collect::<HeaderList>(),
        body: b"{}".to_vec(),
    }
}

/// An answer that allows the origins of the policy and no other.
fn listed(request: &SentRequest, status: u16, headers: &[(&str, &str)]) -> SeenResponse {
    let mut answer = answer(status, headers);
    let origin = request.headers.get("origin").unwrap_or_default();
    if origin == A.as_bytes() || origin == b"https://b.example" {
        answer.headers.append(ALLOW_ORIGIN, origin);
    }
    answer
}

type Lines = &'static [(&'static str, &'static str)];

#[test_case(200, &[("vary", "Accept")], true ; "vary names another")]
#[test_case(200, &[("vary", "accept, origin")], false ; "vary names it")]
#[test_case(200, &[("vary", "*")], false ; "asterisk")]
#[test_case(200, &[("cache-control", "private")], false ; "private")]
#[test_case(200, &[("cache-control", "max-age=60, no-store")], false ; "no store")]
#[test_case(200, &[("cache-control", "no-cache")], false ; "validated each time")]
#[test_case(200, &[("expires", "0")], false ; "stale at once")]
#[test_case(200, &[("cache-control", "public, max-age=60")], true ; "stated lifetime")]
#[test_case(404, &[], true ; "a lifetime that may be guessed")]
#[test_case(500, &[], true ; "a cache that is told to keep errors")]
#[test_case(500, &[("vary", "origin")], false ; "and is told apart")]
fn answers_that_differ_by_origin_must_vary(status: u16, headers: Lines, expected: bool) {
    let found = fault("", |request| listed(request, status, headers));
    assert_eq!(found.is_some(), expected, "{found:?}");
}

#[test]
fn each_answer_must_vary_and_not_only_those_that_allow() {
    let found = fault("", |request| {
        let mut answer = listed(request, 200, &[]);
        if answer.headers.contains(ALLOW_ORIGIN) {
            answer.headers.append("vary", "Origin");
        }
        answer
    });
    let [expected, seen] = found.unwrap();
    assert!(expected.starts_with("`Vary` names `Origin`, since `access-control-allow-origin`"));
    let story = "no `Vary` on the answer to a request without `Origin`: a shared cache hands it to a page of \
                 `https://a.example`, and it is blocked although it is allowed; handed 200 without a CORS header, \
                 its own has 200, `access-control-allow-origin: https://a.example`";
    assert_eq!(seen, story);
}

#[test]
fn a_refusal_that_is_for_another_is_told() {
    let found = fault("", |request| match request.headers.contains("origin") {
        true => answer(200, &[(ALLOW_ORIGIN, "*")]),
        false => answer(403, &[(ALLOW_ORIGIN, "*"), ("cache-control", "max-age=60")]),
    });
    let [expected, seen] = found.unwrap();
    assert!(expected.starts_with("`Vary` names `Origin`, since the status depends on it"));
    let story = "no `Vary` on the answer to a request without `Origin`: a shared cache hands it to a page of \
                 `https://a.example`, and it is refused although it is allowed; handed 403, \
                 `access-control-allow-origin: *`, its own has 200, `access-control-allow-origin: *`";
    assert_eq!(seen, story);
}

#[test]
fn an_answer_that_can_be_read_all_the_same_is_but_another() {
    let found = fault("", |request| {
        let exposed = if request.headers.contains("origin") { "x-a" } else { "x-b" };
        answer(200, &[(ALLOW_ORIGIN, "*"), ("access-control-expose-headers", exposed)])
    });
    let [_, seen] = found.unwrap();
    assert!(seen.contains("it gets what was meant for another"), "{seen}");
}

#[test_case(200, 429 ; "one asked too often")]
#[test_case(200, 503 ; "the server was busy")]
#[test_case(404, 403 ; "who asks gets nothing either")]
fn other_statuses_are_no_matter_of_the_origin(with: u16, without: u16) {
    let found = fault("", |request| {
        let status = if request.headers.contains("origin") { with } else { without };
        answer(status, &[(ALLOW_ORIGIN, "*"), ("cache-control", "max-age=60")])
    });
    assert_eq!(found, None);
}

#[test]
fn the_leave_of_another_origin_is_none() {
    let found = fault("", |request| match listed(request, 200, &[]) {
        listed if listed.headers.contains(ALLOW_ORIGIN) => listed,
        _ => answer(200, &[(ALLOW_ORIGIN, A)]),
    });
    let seen = &found.unwrap()[1];
    assert!(seen.contains("and it is blocked although it is allowed"), "{seen}");
}

#[test_case(&[(ALLOW_ORIGIN, "*")] ; "everyone")]
#[test_case(&[(ALLOW_ORIGIN, A)] ; "one for all")]
#[test_case(&[] ; "no one")]
fn answers_that_do_not_differ_need_no_vary(headers: Lines) {
    assert_eq!(fault("", |_| answer(200, headers)), None);
}

#[test]
fn a_leak_is_told_before_an_outage() {
    // Open to those who are signed out of the list, closed to the others: both happen, one is worse.
    let found = fault("", |request| match request.headers.contains("origin") {
        false => answer(200, &[(ALLOW_ORIGIN, "*")]),
        true => listed(request, 200, &[]),
    });
    let seen = &found.unwrap()[1];
    assert!(
        seen.contains(
            "hands it to a page of `https://evil.test`, and it can read what it must not"
        ),
        "{seen}"
    );
}

#[test]
fn a_stated_lifetime_is_told_of_as_any_cache_and_another_status_as_one_that_is_told() {
    let seen =
        |status, headers| fault("", |request| listed(request, status, headers)).unwrap()[1].clone();
    assert!(seen(500, &[("cache-control", "max-age=1")]).contains(": a shared cache hands it"));
    assert!(seen(500, &[]).contains(": a cache that is told to keep such answers hands it"));
}

/// A page that is other to those with `name`.
fn personal(name: &'static str, headers: Lines) -> Option<[String; 2]> {
    let by = format!("by = ['{name}']");
    fault(&by, |request| {
        let mut answer = answer(200, headers);
        if request.headers.contains(name) {
            answer.body = b"{\"name\":\"Ada\"}".to_vec();
        }
        answer
    })
}

#[test_case("cookie", &[], Some("a visitor with a cookie: a shared cache hands it to one without a cookie, and it reads what was for the other one") ; "cookie")]
#[test_case("cookie", &[("vary", "Cookie")], None ; "vary names cookie")]
#[test_case("cookie", &[("cache-control", "private")], None ; "cookie and private")]
#[test_case("authorization", &[], Some("one without `Authorization`: a shared cache hands it to a visitor with `Authorization`, and it does not get what is its own") ; "authorization is not stored, what comes before it is")]
#[test_case("authorization", &[("cache-control", "public")], Some("hands it to one without `Authorization`, and it reads what was for the other one") ; "authorization and public")]
#[test_case("authorization", &[("cache-control", "no-store")], None ; "authorization and no store")]
fn answers_to_those_who_sign_in(name: &'static str, headers: Lines, expected: Option<&str>) {
    let found = personal(name, headers);
    match (&found, expected) {
        (None, None) => {}
        (Some([_, seen]), Some(words)) => assert!(seen.contains(words), "{seen}"),
        _ => panic!("{found:?}"),
    }
}

#[test]
fn a_status_that_depends_on_a_cookie_is_the_visitors_own() {
    let found = fault("by = ['cookie']", |request| {
        let signed_in = request.headers.contains("cookie");
        answer(if signed_in { 200 } else { 404 }, &[])
    });
    assert!(found.unwrap()[0].contains("`Vary` names `Cookie`, since the status depends on it"));
}

#[test]
fn two_visitors_who_differ_twice_prove_nothing() {
    // A page's leave is for those who are signed in; who is, gets an answer of its own.
    let found = fault("by = ['origin', 'cookie']", |request| match request.headers.get("cookie") {
        Some(_) => listed(request, 200, &[("cache-control", "private")]),
        None => answer(200, &[]),
    });
    assert!(found.unwrap()[0].contains("`Vary` names `Cookie`"));
}

#[test]
fn a_refusal_that_no_cache_keeps_unasked_is_right() {
    let server = |request: &SentRequest| match request.headers.contains("authorization") {
        true => answer(200, &[]),
        false => answer(401, &[]),
    };
    assert_eq!(fault("by = ['authorization']", server), None);
}

#[test_case("authorization" ; "authorization")]
#[test_case("cookie" ; "cookie")]
fn who_has_no_credentials_is_not_handed_what_asks_for_them(name: &'static str) {
    let server = |request: &SentRequest| match request.headers.contains(name) {
        true => answer(200, &[("cache-control", "public, max-age=60")]),
        false => answer(401, &[]),
    };
    let found = fault(&format!("by = ['{name}']"), server);
    assert!(found.unwrap()[0].contains("since the status depends on it"));
}

#[test_case("authorization", &[] ; "authorization")]
#[test_case("cookie", &[] ; "cookie")]
#[test_case("cookie", &[("cache-control", "public, max-age=60")] ; "cookie, and an answer to be kept")]
fn bad_credentials_are_refused_though_everybody_may_read(name: &'static str, headers: Lines) {
    let server = |request: &SentRequest| match request.headers.contains(name) {
        true => answer(401, &[]),
        false => answer(200, headers),
    };
    assert_eq!(fault(&format!("by = ['{name}']"), server), None);
}

#[test]
fn a_body_that_changes_by_itself_is_nobodys() {
    let count = std::cell::Cell::new(0);
    let found = fault("by = ['cookie']", |_| {
        count.set(count.get() + 1);
        let body = format!("{}", count.get()).into_bytes();
        SeenResponse { body, ..answer(200, &[]) }
    });
    assert_eq!(found, None);
}

#[test_case(&[("set-cookie", "id=1"), ("cache-control", "public, max-age=60")], true ; "to be kept")]
#[test_case(&[("set-cookie", "id=1")], false ; "a lifetime that is only guessed")]
#[test_case(&[("set-cookie", "id=1"), ("cache-control", "no-cache")], false ; "validated each time")]
fn a_cookie_is_not_for_the_next_visitor(headers: Lines, expected: bool) {
    let found = fault("by = ['cookie']", |_| answer(200, headers));
    assert_eq!(found.is_some(), expected, "{found:?}");
    assert!(found.is_none_or(|[_, seen]| seen.contains("it becomes the other one")));
}

#[test]
fn a_visitor_has_the_cookies_that_the_server_set() {
    let found = fault("by = ['cookie']", |request| {
        let known = request.headers.get("cookie") == Some(b"id=2; b=3".to_vec());
        answer(
            if known { 200 } else { 404 },
            &[("set-cookie", "id=1; Path=/"), ("set-cookie", "id=2"), ("set-cookie", "b=3;Secure")],
        )
    });
    assert!(found.is_some());
}

#[test_case(&[], true ; "no vary")]
#[test_case(&[("vary", "origin, access-control-request-method")], false ; "vary names it")]
fn preflights_that_differ_by_what_they_ask_are_told_apart(headers: Lines, expected: bool) {
    let found = fault("preflight = true, method = 'PUT'", |request| {
        let mut answer = listed(request, 204, headers);
        let method = request.headers.get("access-control-request-method").unwrap();
        answer.headers.append("access-control-allow-methods", method);
        answer
    });
    assert_eq!(found.is_some(), expected, "{found:?}");
}

#[test]
fn header_names_that_a_preflight_asks_for_are_told_apart() {
    let found = fault("preflight = true, method = 'PUT', by = ['request-headers']", |request| {
        let names = request.headers.get("access-control-request-headers").unwrap_or_default();
        let mut answer = answer(204, &[]);
        answer.headers.append("access-control-allow-headers", names);
        answer
    });
    let [expected, seen] = found.unwrap();
    assert!(expected.contains("`Access-Control-Request-Headers`"), "{expected}");
    assert!(seen.contains("a preflight without `Access-Control-Request-Headers`"), "{seen}");
}
