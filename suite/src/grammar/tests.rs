//! Rows for the rules, and where an offence is found.

use test_case::test_case;

use super::*;
use crate::case::{Abilities, Instantiated};
use crate::exchange::SeenResponse;
use crate::load::Suite;
use crate::policy::Policy;
use crate::scenario::{AreaFile, Direction};

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

fn case(level: &str, steps: &str) -> Result<Case, String> {
    let text = format!(
        "area = 's'\nabout = ''\n[[scenario]]\nid = 's/a'\ntitle = ''\nwhy = ''\nimpact = ''\nspec = ''\n\
         basis = 'grammar'\nlevel = '{level}'\ndirection = 'malformed'\ngrammar = 'max-age'\n{steps}"
    );
    let area: AreaFile = toml::from_str(&text).unwrap();
    let suite = Suite::embedded().unwrap();
    match suite.case(&area.scenario[0], ("p", &Policy::default()), &Abilities::all()) {
        Instantiated::Case(case) => Ok(*case),
        Instantiated::NotApplicable(reason) => Err(reason),
    }
}

const STEP: &str = "[[scenario.step]]\nwire = { route = 'resource' }\n";

/// The verdict on an own exchange and one of another scenario, with the `Max-Age` of each.
fn judged(level: &str, own: &str, other: &str) -> (Judgement, bool) {
    let records =
        vec![StepRecord { exchanges: vec![exchange(&[(MAX_AGE, own)])], ..StepRecord::default() }];
    let other = exchange(&[(MAX_AGE, other)]);
    let run = [RunExchange { scenario: "t/b", exchange: &other }];
    let (judgement, offender) = judge_over_run(&case(level, STEP).unwrap(), &records, &run);
    (judgement, offender.is_some())
}

#[test_case("1", "1", None ; "both keep it")]
#[test_case("x", "1", Some("1") ; "its own breaks it")]
#[test_case("1", "x", Some("t/b") ; "another's breaks it")]
#[test_case("x", "x", Some("1") ; "its own comes first")]
fn an_offence_is_found_and_named_by_where_it_is(own: &str, other: &str, at: Option<&str>) {
    let (judgement, offender) = judged("must", own, other);
    match (judgement.result, at) {
        (Verdict::Pass { .. }, None) => {}
        (Verdict::Fail { direction, failures }, Some(at)) => {
            assert_eq!(direction, Some(Direction::Malformed));
            assert_eq!(failures.iter().map(|it| it.step.as_str()).collect::<Vec<_>>(), [at]);
            assert_eq!(failures[0].seen, "`access-control-max-age: x`");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(offender, at == Some("t/b"));
}

#[test]
fn observing_records_the_offence() {
    let (judgement, _) = judged("observe", "1", "x");
    assert_eq!(judgement.result, Verdict::Pass { variant: None });
    assert_eq!(judgement.observed.len(), 1);
}

#[test]
fn requests_that_a_policy_has_no_role_for_are_left_out() {
    let allowed = "[[scenario.step]]\nwire = { route = 'resource', headers = [['origin', '{origin:allowed}']] }\n";
    let both = case("must", &format!("{allowed}{STEP}")).unwrap();
    assert_eq!(both.steps.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["2"]);
    assert!(case("must", allowed).is_err());
}

#[test]
fn a_failure_says_what_the_rule_asks() {
    let Verdict::Fail { failures, .. } = judged("must", "x", "1").0.result else {
        panic!("it fails");
    };
    assert_eq!(failures[0].expected, "one line of digits");
}
