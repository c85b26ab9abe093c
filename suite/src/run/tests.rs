//! Where an offence is found, and which requests are made.

use test_case::test_case;

use super::*;
use crate::case::{Abilities, Instantiated};
use crate::exchange::{SeenResponse, SentRequest};
use crate::load::Suite;
use crate::policy::Policy;
use crate::scenario::{AreaFile, Direction};

const MAX_AGE: &str = "access-control-max-age";

fn exchange(max_age: &str) -> Exchange {
    Exchange {
        preflight: false,
        request: SentRequest {
            method: b"GET".to_vec(),
            url: "http://127.0.0.1/".to_owned(),
            headers: [("origin", "https://a.example")].into_iter().collect(),
            body: None,
        },
        response: Ok(SeenResponse {
            status: 200,
            status_text: Vec::new(),
            headers: [(MAX_AGE, max_age)].into_iter().collect(),
            body: Vec::new(),
        }),
    }
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
    let records = vec![StepRecord { exchanges: vec![exchange(own)], ..StepRecord::default() }];
    let other = exchange(other);
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
    assert_eq!(failures[0].clause, "grammar");
}

#[test]
fn each_rule_has_a_name_and_a_scenario() {
    let suite = Suite::embedded().unwrap();
    let rules = suite.scenarios().iter().filter_map(RunRule::of);
    let mut names: Vec<String> = rules.map(|it| format!("{} {}", it.clause(), it.name())).collect();
    let want = [
        "grammar allow-credentials",
        "grammar allow-headers",
        "grammar allow-methods",
        "grammar allow-origin",
        "grammar expose-headers",
        "grammar max-age",
        "grammar names",
        "throughout credentials",
        "throughout exposed",
        "throughout headers",
        "throughout max-age",
        "throughout methods",
        "throughout origins",
        "throughout server-errors",
    ];
    names.sort();
    assert_eq!(names, want);
}

#[test_case(ThroughoutRule::Origins, "denied origin"; "origins")]
#[test_case(ThroughoutRule::Credentials, "credentials"; "credentials")]
#[test_case(ThroughoutRule::Methods, "no method"; "methods")]
#[test_case(ThroughoutRule::Headers, "no request header"; "headers")]
#[test_case(ThroughoutRule::Exposed, "exposed"; "exposed")]
#[test_case(ThroughoutRule::MaxAge, "remembered"; "max age")]
#[test_case(ThroughoutRule::ServerErrors, "server error"; "server errors")]
fn a_rule_of_the_policy_says_what_it_asks(rule: ThroughoutRule, about: &str) {
    let words = RunRule::Throughout(rule).words();
    assert!(words.contains(about), "{words}");
}
