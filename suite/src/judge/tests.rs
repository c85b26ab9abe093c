//! Rows for the judge and the operators.

use std::time::Duration;

use corspec_fetch::agent::UserAgent;
use corspec_fetch::fetch::{ConnectionFailure, FailureKind, HttpResponse, Step};
use corspec_fetch::header_list::HeaderList;
use corspec_fetch::origin::Origin;
use corspec_fetch::page::Page;
use corspec_fetch::profile::Profile;
use corspec_fetch::request::{Mode, RedirectMode, RequestInit};
use test_case::test_case;

use super::*;
use crate::case::{Abilities, Instantiated};
use crate::exchange::{Exchange, SeenResponse, SentRequest};
use crate::load::Suite;
use crate::policy::Policy;
use crate::scenario::AreaFile;

const POLICY: &str = "allow-origins = ['https://a.example', 'https://b.example']";

fn exchange(
    preflight: bool,
    origin: Option<&str>,
    status: u16,
    headers: &[(&str, &str)],
) -> Exchange {
    Exchange {
        preflight,
        request: SentRequest {
            method: b"GET".to_vec(),
            url: "http://127.0.0.1/".to_owned(),
            headers: origin.map(|origin| ("origin", origin)).into_iter().collect(),
            body: None,
        },
        response: Ok(SeenResponse {
            status,
            status_text: Vec::new(),
            headers: headers.iter().copied().collect::<HeaderList>(),
            body: Vec::new(),
        }),
    }
}

fn case(level: &str, steps: &str) -> Case {
    let text = format!(
        "area = 's'\nabout = ''\n[[scenario]]\nid = 's/a'\ntitle = ''\nwhy = ''\nimpact = ''\nspec = ''\n\
         basis = 'http'\nlevel = '{level}'\ndirection = 'malformed'\n{steps}"
    );
    let area: AreaFile = toml::from_str(&text).unwrap();
    let policy = Policy::from_toml(POLICY).unwrap();
    let suite = Suite::embedded().unwrap();
    match suite.case(&area.scenario[0], ("p", &policy), &Abilities::all()) {
        Instantiated::Case(case) => *case,
        Instantiated::NotApplicable(reason) => panic!("{reason}"),
    }
}

fn wire(expect: &str) -> Case {
    case(
        "should",
        &format!("[[scenario.step]]\nwire = {{ route = 'resource' }}\nexpect = {expect}"),
    )
}

fn record(exchanges: Vec<Exchange>) -> Vec<StepRecord> {
    vec![StepRecord { exchanges, ..StepRecord::default() }]
}

fn passes(case: &Case, records: &[StepRecord]) -> bool {
    matches!(judge(case, records).result, Verdict::Pass { variant: None })
}

#[test_case("absent", "", &[], &["1"] ; "absent")]
#[test_case("present", "", &["1"], &[] ; "present")]
#[test_case("once", "", &["1"], &["1", "1"] ; "once")]
#[test_case("equals", "a", &["a"], &["A"] ; "equals")]
#[test_case("not-equals", "a", &["b"], &["a"] ; "not equals")]
#[test_case("origin", "", &["https://a.example"], &["*"] ; "origin")]
#[test_case("list-contains", "a", &["b , A"], &["ab"] ; "list contains")]
#[test_case("list-lacks", "a", &[], &["b", "a"] ; "list lacks")]
#[test_case("list-within", "a, b", &["B,, a", ""], &["a, c"] ; "list within")]
#[test_case("list-within", "a, b", &[], &["a", "*"] ; "list within, on several lines")]
#[test_case("list-within", "a, sec-*", &["a, Sec-A, SEC-b, sec-"], &["a, secret"] ; "list within, by a prefix")]
#[test_case("list-within", "*, a*", &["*"], &["ab"] ; "list within, no prefix without a hyphen")]
#[test_case("token-list", "", &["a, b"], &["a b"] ; "token list")]
#[test_case("token-list", "", &[",a,, b", ""], &["a", "\"b\""] ; "token list with empty members")]
#[test_case("delta-seconds", "", &["60"], &["-1"] ; "delta seconds")]
#[test_case("delta-seconds", "", &[], &["60", "60"] ; "delta seconds once")]
#[test_case("at-most", "600", &["5", "600"], &["5", "601"] ; "at most")]
#[test_case("at-most", "0", &[], &["99999999999999999999999"] ; "at most nothing")]
#[test_case("at-most", "600", &["-1", "", "1e9"], &["1e9", "3600"] ; "at most of numbers")]
#[test_case("at-most", "600", &["0600", "007"], &["601"] ; "at most, with leading zeros")]
#[test_case("has-attributes", "secure", &["a=1; Path=/; Secure", "b=2;secure"], &["a=1; Secure", "secure=1"] ; "has attributes")]
#[test_case("has-attributes", "secure", &["a=1; secure"], &[] ; "attributes of nothing")]
#[test_case("vary-names", "a", &["*"], &["b"] ; "vary names")]
fn an_operator_holds_for_the_first_lines_and_not_for_the_second(
    operator: &str,
    value: &str,
    right: &[&str],
    wrong: &[&str],
) {
    let value = if value.is_empty() { String::new() } else { format!(", value = '{value}'") };
    let case = wire(&format!("{{ header = [ {{ name = 'x', is = '{operator}'{value} }} ] }}"));
    let answer = |lines: &[&str]| {
        let headers: Vec<_> = lines.iter().map(|line| ("x", *line)).collect();
        record(vec![exchange(false, Some("https://a.example"), 200, &headers)])
    };
    assert!(passes(&case, &answer(right)));
    assert!(!passes(&case, &answer(wrong)));
}

#[test]
fn methods_are_told_apart_by_case() {
    let case = wire(
        "{ header = [ { name = 'access-control-allow-methods', is = 'list-contains', value = 'PUT' } ] }",
    );
    let answer = |value| {
        record(vec![exchange(false, None, 200, &[("access-control-allow-methods", value)])])
    };
    assert!(passes(&case, &answer("GET, PUT")));
    assert!(!passes(&case, &answer("GET, put")));
}

#[test_case("same-as", Some("1"), Some("1"), true ; "same is same")]
#[test_case("same-as", Some("1"), Some("2"), false ; "other is not same")]
#[test_case("same-as", None, None, true ; "no answer is the same as no answer")]
#[test_case("same-as", None, Some("1"), false ; "an answer is other than none")]
#[test_case("differs-from", Some("1"), Some("2"), true ; "other differs")]
#[test_case("differs-from", Some("1"), Some("1"), false ; "same does not differ")]
#[test_case("differs-from", None, Some("1"), true ; "an answer differs from none")]
fn steps_are_compared(operator: &str, first: Option<&str>, second: Option<&str>, expected: bool) {
    let case = case(
        "should",
        &format!(
            "[[scenario.step]]\nname = 'one'\nwire = {{ route = 'resource' }}\n[[scenario.step]]\n\
             wire = {{ route = 'resource' }}\nexpect = {{ header = [ {{ name = 'x', is = '{operator}', step = 'one' }} ] }}"
        ),
    );
    let answered = |value: Option<&str>| {
        let value = value.map(|value| ("x", value));
        let mut exchange = exchange(false, None, 200, value.as_slice());
        if value.is_none() {
            let message = "it was closed".to_owned();
            exchange.response = Err(ConnectionFailure { message, kind: FailureKind::Closed });
        }
        record(vec![exchange])
    };
    let records: Vec<_> = [first, second].into_iter().flat_map(answered).collect();
    assert_eq!(passes(&case, &records), expected);
}

#[test_case("status = 200", true ; "status")]
#[test_case("status = [201, 204]", false ; "other status")]
#[test_case("preflight = 'not-sent'", true ; "no preflight")]
#[test_case("preflight = 'sent'", false ; "preflight missing")]
#[test_case("actual = 'not-sent'", false ; "request that must not be sent")]
#[test_case("header = [ { on = 'preflight', name = 'x', is = 'absent' } ]", false ; "no preflight to look at")]
#[test_case("page = 'readable'", false ; "no page")]
#[test_case("visible = ['x']", false ; "nothing is visible")]
fn clauses_are_judged(expect: &str, expected: bool) {
    let records = record(vec![exchange(false, None, 200, &[])]);
    assert_eq!(passes(&wire(&format!("{{ {expect} }}")), &records), expected);
}

/// The record of a page that asked another origin, which answered 201 with these headers.
fn asked_by_page(init: RequestInit, status: u16, headers: &[(&str, &str)]) -> Vec<StepRecord> {
    let page = Page::at(Origin::parse("https://a.example").unwrap());
    let mut agent = UserAgent::new(&Profile::SPEC);
    let init = RequestInit { url: "https://api.example/".to_owned(), ..init };
    let request = agent.construct(&page, &init).unwrap();
    let mut fetch = agent.fetch(&page, request);
    let headers: HeaderList = headers.iter().copied().collect();
    let outcome = loop {
        match fetch.step(&mut agent, Duration::ZERO) {
            Step::Done(outcome) => break Some(outcome),
            Step::Send(_) => {
                let headers = headers.clone();
                fetch.respond(Ok(HttpResponse { status, headers, ..HttpResponse::default() }));
            }
        }
    };
    // The status of the exchange is not what is judged where a page asked.
    let exchanges = vec![exchange(false, Some("https://a.example"), 500, &[])];
    vec![StepRecord { outcome, exchanges, ..StepRecord::default() }]
}

const SHARED: [(&str, &str); 2] = [("access-control-allow-origin", "*"), ("expires", "0")];

#[test_case("page = 'readable'" => true ; "readable")]
#[test_case("page = 'any'" => true ; "anything")]
#[test_case("page = 'blocked'" => false ; "blocked")]
#[test_case("page = 'opaque'" => false ; "opaque")]
#[test_case("cause = ['allow-origin-missing']" => true ; "a cause, where there is none")]
#[test_case("status = 201" => true ; "the status that the page sees")]
#[test_case("status = 500" => false ; "another status")]
#[test_case("visible = ['expires']" => true ; "a header that it reads")]
#[test_case("visible = ['age']" => false ; "one that it does not")]
#[test_case("hidden = ['age']" => true ; "one that it must not")]
#[test_case("hidden = ['expires']" => false ; "one that it reads and must not")]
fn a_page_that_may_read(expect: &str) -> bool {
    let records = asked_by_page(RequestInit::default(), 201, &SHARED);
    passes(&wire(&format!("{{ {expect} }}")), &records)
}

#[test_case("expires" => true ; "what it reads")]
#[test_case("x-id" => false ; "what it does not")]
#[test_case("expires , X-Id" => false ; "one of a list")]
#[test_case("age, expires" => true ; "what was not sent")]
fn a_page_reads_what_was_sent_of(names: &str) -> bool {
    let mut records = asked_by_page(RequestInit::default(), 201, &SHARED);
    let sent = [("expires", "0"), ("x-id", "1")];
    records[0].exchanges = vec![exchange(false, None, 201, &sent)];
    passes(&wire(&format!("{{ visible-where-sent = ['{names}'] }}")), &records)
}

#[test_case("page = 'blocked'" => true ; "blocked")]
#[test_case("page = 'any'" => true ; "anything")]
#[test_case("page = 'readable'" => false ; "readable")]
#[test_case("page = 'blocked', cause = ['allow-origin-missing']" => true ; "the cause")]
#[test_case("page = 'blocked', cause = ['bad-port', 'allow-origin-missing']" => true ; "one of two causes")]
#[test_case("page = 'blocked', cause = ['bad-port']" => false ; "another cause")]
#[test_case("status = 500" => false ; "no status is seen")]
#[test_case("hidden = ['expires']" => true ; "no header is")]
fn a_page_that_is_blocked(expect: &str) -> bool {
    let records = asked_by_page(RequestInit::default(), 201, &SHARED[1..]);
    passes(&wire(&format!("{{ {expect} }}")), &records)
}

#[test_case(Mode::NoCors, RedirectMode::Follow, 201, "page = 'opaque'" => true ; "opaque")]
#[test_case(Mode::NoCors, RedirectMode::Follow, 201, "page = 'readable'" => false ; "not readable")]
#[test_case(Mode::Cors, RedirectMode::Manual, 302, "page = 'opaque-redirect'" => true ; "a redirect that is not followed")]
#[test_case(Mode::Cors, RedirectMode::Manual, 302, "page = 'opaque'" => false ; "which is another thing")]
fn a_page_that_sees_nothing(mode: Mode, redirect: RedirectMode, status: u16, expect: &str) -> bool {
    let init = RequestInit { mode, redirect, ..RequestInit::default() };
    let records = asked_by_page(init, status, &SHARED);
    passes(&wire(&format!("{{ {expect} }}")), &records)
}

#[test]
fn a_failure_says_where_the_page_was_blocked() {
    let records = asked_by_page(RequestInit::default(), 201, &[]);
    let judgement = judge(&wire("{ page = 'readable', cause = ['bad-port'] }"), &records);
    assert_eq!(judgement.decided_by.as_deref(), Some("cors-check 2"));
    let Verdict::Fail { failures, .. } = judgement.result else { panic!("it fails") };
    let seen: Vec<_> = failures.iter().map(|it| it.seen.as_str()).collect();
    let blocked = "it is blocked at cors-check 2: the response has no Access-Control-Allow-Origin";
    assert_eq!(seen, [blocked, "the cause allow-origin-missing"]);
}

#[test]
fn a_failure_tells_direction_step_and_what_was_seen() {
    let records = record(vec![exchange(false, None, 500, &[])]);
    let Verdict::Fail { direction, failures } = judge(&wire("{ status = 200 }"), &records).result
    else {
        panic!("it fails");
    };
    assert_eq!(direction, Some(Direction::Malformed));
    let Failure { step, expected, seen, .. } = &failures[0];
    assert_eq!(step, "1");
    assert_eq!((expected.as_str(), seen.as_str()), ("the status is 200", "the status is 500"));
}

#[test]
fn a_failure_says_what_the_header_must_be() {
    let expect = "{ header = [ { name = 'vary', is = 'vary-names', value = 'origin' } ] }";
    let lines = [("vary", "a"), ("vary", "b")];
    let records = record(vec![exchange(false, None, 200, &lines)]);
    let Verdict::Fail { failures, .. } = judge(&wire(expect), &records).result else {
        panic!("it fails");
    };
    let Failure { clause, expected, seen, .. } = &failures[0];
    assert_eq!(clause, "vary vary-names origin");
    assert_eq!(
        (expected.as_str(), seen.as_str()),
        ("`vary` names `origin`", "`vary: a, b` on 2 lines")
    );
}

#[test]
fn observing_never_fails_and_records() {
    let case = case(
        "observe",
        "[[scenario.step]]\nwire = { route = 'resource' }\nexpect = { status = 200 }",
    );
    let judgement = judge(&case, &record(vec![exchange(false, None, 500, &[])]));
    assert_eq!(judgement.result, Verdict::Pass { variant: None });
    assert_eq!(judgement.observed.len(), 1);
}

#[test]
fn a_variant_passes_by_its_name() {
    let case = case(
        "should",
        "[[scenario.step]]\nwire = { route = 'resource' }\nexpect = { status = 200 }\n\
         [[scenario.accept]]\nname = 'v'\nnote = ''\nexpect = [ { step = '1', status = 204 } ]",
    );
    let result = |status| judge(&case, &record(vec![exchange(false, None, status, &[])])).result;
    assert_eq!(result(204), Verdict::Pass { variant: Some("v".to_owned()) });
    assert!(matches!(result(500), Verdict::Fail { .. }));
}

#[test]
fn a_target_that_does_not_answer_is_not_judged() {
    let mut records = record(vec![exchange(false, None, 200, &[])]);
    let case = wire("{ status = 500 }");
    let message = "reset".to_owned();
    let failure = ConnectionFailure { message, kind: FailureKind::Stalled };
    records[0].exchanges[0].response = Err(failure);
    assert_eq!(judge(&case, &records).result, Verdict::Unjudgeable("reset".to_owned()));
    assert!(matches!(judge(&case, &[]).result, Verdict::Unjudgeable(_)));
}

#[test_case("{ status = 200 }" => false; "is no success")]
#[test_case("{ header = [ { name = 'access-control-allow-origin', is = 'present' } ] }" => false; "has no header")]
#[test_case("{ header = [ { name = 'access-control-allow-origin', is = 'absent' } ] }" => true; "grants nothing")]
fn a_connection_that_is_closed_instead_of_an_answer(expect: &str) -> bool {
    let mut records = record(vec![exchange(false, None, 200, &[])]);
    let message = "closed".to_owned();
    records[0].exchanges[0].response =
        Err(ConnectionFailure { message, kind: FailureKind::Closed });
    match judge(&wire(expect), &records).result {
        Verdict::Pass { .. } => true,
        Verdict::Fail { .. } => false,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_redirect_that_is_not_followed_makes_the_case_not_applicable() {
    let mut records = record(vec![exchange(false, None, 302, &[])]);
    records[0].not_followed = Some("https://else.example".to_owned());
    assert!(matches!(judge(&wire("{ status = 200 }"), &records).result, Verdict::NotApplicable(_)));
}

#[test]
fn a_step_that_lacked_an_earlier_answer_makes_the_case_not_applicable() {
    let reason = "the answer to the step `1` has no `etag`".to_owned();
    let records = [StepRecord { unfilled: Some(reason.clone()), ..StepRecord::default() }];
    let result = judge(&wire("{}"), &records).result;
    assert_eq!(result, Verdict::NotApplicable(reason));
}

#[test]
fn the_value_of_a_cookie_is_not_told() {
    let case = wire("{ header = [ { name = 'set-cookie', is = 'absent' } ] }");
    let records = record(vec![exchange(false, None, 200, &[("set-cookie", "sid=secret")])]);
    let Verdict::Fail { failures, .. } = judge(&case, &records).result else { panic!("it fails") };
    assert_eq!(failures[0].seen, "`set-cookie: …`");
}
