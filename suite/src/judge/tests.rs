//! Rows for the judge and the operators.

use corspec_fetch::header_list::HeaderList;
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
#[test_case("token-list", "", &["a, b"], &["a b"] ; "token list")]
#[test_case("token-list", "", &[",a,, b", ""], &["a", "\"b\""] ; "token list with empty members")]
#[test_case("delta-seconds", "", &["60"], &["-1"] ; "delta seconds")]
#[test_case("delta-seconds", "", &[], &["60", "60"] ; "delta seconds once")]
#[test_case("at-most", "600", &["5", "600"], &["5", "601"] ; "at most")]
#[test_case("at-most", "0", &[], &["99999999999999999999999"] ; "at most nothing")]
#[test_case("at-most", "600", &["-1", "", "1e9"], &["1e9", "3600"] ; "at most of numbers")]
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

#[test_case("same-as", "1", true ; "same is same")]
#[test_case("same-as", "2", false ; "other is not same")]
#[test_case("differs-from", "2", true ; "other differs")]
#[test_case("differs-from", "1", false ; "same does not differ")]
fn steps_are_compared(operator: &str, second: &str, expected: bool) {
    let case = case(
        "should",
        &format!(
            "[[scenario.step]]\nname = 'one'\nwire = {{ route = 'resource' }}\n[[scenario.step]]\n\
             wire = {{ route = 'resource' }}\nexpect = {{ header = [ {{ name = 'x', is = '{operator}', step = 'one' }} ] }}"
        ),
    );
    let mut records = record(vec![exchange(false, None, 200, &[("x", "1")])]);
    records.extend(record(vec![exchange(false, None, 200, &[("x", second)])]));
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
    records[0].exchanges[0].response = Err("reset".to_owned());
    assert_eq!(judge(&case, &records).result, Verdict::Unjudgeable("reset".to_owned()));
    assert!(matches!(judge(&case, &[]).result, Verdict::Unjudgeable(_)));
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
