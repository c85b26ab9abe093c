//! What a preflight allowed, and for how long it is remembered.

use std::time::Duration;

use corspec_fetch::fetch::{HttpRequest, HttpResponse};
use corspec_fetch::origin::Origin;
use corspec_fetch::request::CredentialsMode::{self, Include, Omit};
use corspec_fetch::request::{RedirectMode, RequestInit};
use test_case::test_case;
use url::Url;

use crate::browser::{API, Browser, PAGE, allowing, chain, init, open};

/// A server that allows everything for as long as the lines say.
fn lasting<'a>(lines: &'a [&'a str]) -> impl Fn(&HttpRequest) -> HttpResponse + 'a {
    let lines: Vec<_> = lines.iter().map(|it| ("Access-Control-Max-Age", *it)).collect();
    move |it| allowing(it, 200, if it.preflight { &lines } else { &[] })
}

/// After how many of these seconds the preflight is made again.
fn lasts(lines: &[&str]) -> u64 {
    let seconds = [0, 1, 4, 5, 59, 60, 599, 600, 86_399, 86_400, 10_000_000_000];
    let again = |later: &u64| {
        let mut browser = Browser::new();
        browser.fetch(&init("PUT", API, &[]), lasting(lines));
        browser.now += Duration::from_secs(*later);
        browser.fetch(&init("PUT", API, &[]), open).preflighted()
    };
    seconds.into_iter().find(again).unwrap_or(u64::MAX)
}

#[test_case(&[] => 5; "five seconds by default")]
#[test_case(&[""] => 5; "an empty value is none")]
#[test_case(&["x"] => 5; "garbage is none")]
#[test_case(&["1.5"] => 5; "nor is a fraction")]
#[test_case(&["+60"] => 5; "nor a sign")]
#[test_case(&["-"] => 5; "nor a dash")]
#[test_case(&["-6x"] => 5; "nor half a number")]
#[test_case(&["60, 60"] => 5; "nor a list")]
#[test_case(&["60", "60"] => 5; "nor two lines")]
#[test_case(&["60 "] => 5; "space is the transport's to strip")]
#[test_case(&["0"] => 0; "not at all")]
#[test_case(&["-1"] => 0; "a negative number is not at all")]
#[test_case(&["1"] => 1; "a second")]
#[test_case(&["0060"] => 60; "leading zeros")]
#[test_case(&["600"] => 600; "ten minutes")]
#[test_case(&["99999999999999999999999"] => u64::MAX; "for ever, where the browser sets no limit")]
fn an_age(lines: &[&str]) -> u64 {
    lasts(lines)
}

#[test]
fn the_age_on_the_response_itself_does_not_count() {
    let mut browser = Browser::new();
    let answer = |it: &HttpRequest| {
        allowing(it, 200, if it.preflight { &[] } else { &[("Access-Control-Max-Age", "600")] })
    };
    browser.fetch(&init("PUT", API, &[]), answer);
    browser.now += Duration::from_secs(5);
    assert!(browser.fetch(&init("PUT", API, &[]), open).preflighted());
}

const X: (&str, &str) = ("X-A", "1");

/// Whether the second of two requests is preflighted, after a preflight for the first.
#[test_case(("PUT", "/", &[]), ("PUT", "/", &[]) => false; "the same")]
#[test_case(("PUT", "/", &[]), ("DELETE", "/", &[]) => true; "another method")]
#[test_case(("patch", "/", &[]), ("PATCH", "/", &[]) => true; "a method in another case")]
#[test_case(("PUT", "/", &[]), ("GET", "/", &[X]) => true; "a header")]
#[test_case(("PUT", "/", &[X]), ("PUT", "/", &[]) => false; "less than was allowed")]
#[test_case(("PUT", "/", &[X]), ("GET", "/", &[X]) => false; "a part of it")]
#[test_case(("GET", "/", &[X]), ("PUT", "/", &[]) => true; "a method that was not asked")]
#[test_case(("GET", "/", &[X]), ("POST", "/", &[X]) => false; "safelisted methods need no entry")]
#[test_case(("GET", "/", &[X]), ("GET", "/", &[("x-a", "2")]) => false; "another value")]
#[test_case(("GET", "/", &[X]), ("GET", "/", &[X, ("X-B", "1")]) => true; "one more header")]
#[test_case(("PUT", "/", &[]), ("PUT", "/x", &[]) => true; "another path")]
#[test_case(("PUT", "/?a", &[]), ("PUT", "/?b", &[]) => true; "another query")]
#[test_case(("PUT", "/?a", &[]), ("PUT", "/?a#b", &[]) => true; "a fragment, which is part of a URL")]
fn entries(first: (&str, &str, &[(&str, &str)]), then: (&str, &str, &[(&str, &str)])) -> bool {
    let mut browser = Browser::new();
    let ask =
        |(method, path, headers): (&str, &str, _)| init(method, &format!("{API}{path}"), headers);
    assert!(browser.fetch(&ask(first), lasting(&["60"])).preflighted());
    browser.fetch(&ask(then), open).preflighted()
}

#[test]
fn entries_of_several_answers_add_up() {
    let mut browser = Browser::new();
    for init in [init("PUT", API, &[]), init("GET", API, &[X]), init("GET", API, &[("X-B", "1")])] {
        assert!(browser.fetch(&init, lasting(&["60"])).preflighted());
    }
    let all = init("PUT", API, &[X, ("X-B", "1")]);
    assert!(!browser.fetch(&all, open).preflighted());
}

#[test]
fn a_new_answer_gives_an_entry_its_age() {
    let mut browser = Browser::new();
    browser.fetch(&init("PUT", API, &[X]), lasting(&["60"]));
    // A further header asks anew, and the answer lasts a second for all that it names.
    browser.fetch(&init("PUT", API, &[X, ("X-B", "1")]), lasting(&["1"]));
    browser.now += Duration::from_secs(1);
    assert!(browser.fetch(&init("PUT", API, &[]), lasting(&["60"])).preflighted());
    assert!(browser.fetch(&init("GET", API, &[X]), open).preflighted());
}

#[test]
fn an_entry_outlives_a_shorter_answer_that_does_not_name_it() {
    let mut browser = Browser::new();
    browser.fetch(&init("PUT", API, &[]), lasting(&["60"]));
    browser.fetch(&init("GET", API, &[X]), lasting(&["1"]));
    browser.now += Duration::from_secs(1);
    assert!(!browser.fetch(&init("PUT", API, &[]), open).preflighted());
}

/// By the credentials of the preflight's request and of the next.
#[test_case(Omit, Omit => false; "both without")]
#[test_case(Include, Include => false; "both with")]
#[test_case(Include, Omit => false; "one with credentials serves both")]
#[test_case(Omit, Include => true; "one without does not")]
fn credentials(first: CredentialsMode, then: CredentialsMode) -> bool {
    let mut browser = Browser::new();
    let ask = |credentials| RequestInit { credentials, ..init("PUT", API, &[X]) };
    browser.fetch(&ask(first), lasting(&["60"]));
    browser.fetch(&ask(then), open).preflighted()
}

/// By the tab of the page that asks next, and its origin.
#[test_case("https://page.example/", None => false; "the same page")]
#[test_case("https://page.example/other", Some("https://www.page.example/") => false; "in a tab of the same site")]
#[test_case("https://page.example/", Some("https://tab.test/") => true; "in a tab of another site")]
#[test_case("https://page.example/", Some("http://page.example/") => true; "in a tab of another scheme")]
#[test_case("https://www.page.example/", Some("https://page.example/") => true; "another origin in the same tab")]
fn partitions(page: &str, tab: Option<&str>) -> bool {
    let mut browser = Browser::new();
    browser.fetch(&init("PUT", API, &[]), lasting(&["60"]));
    let url = Url::parse(page).unwrap();
    browser.page.top_level = tab.map(|tab| Origin::of(&Url::parse(tab).unwrap()));
    browser.page.origin = Origin::of(&url);
    browser.page.url = Some(url);
    browser.fetch(&init("PUT", API, &[]), open).preflighted()
}

/// A remembered asterisk, by what is asked next.
#[test_case("DELETE", &[X], Omit => false; "any method and header")]
#[test_case("GET", &[("Authorization", "x")], Omit => true; "but authorization")]
#[test_case("GET", &[("*", "x")], Omit => false; "the header of that name")]
fn a_remembered_asterisk(
    method: &str,
    headers: &[(&str, &str)],
    credentials: CredentialsMode,
) -> bool {
    let mut browser = Browser::new();
    browser.fetch(&init("PUT", API, &[]), |it| {
        let mut response = lasting(&["60"])(it);
        response.headers.set("Access-Control-Allow-Methods", "*");
        response.headers.set("Access-Control-Allow-Headers", "*");
        response
    });
    let init = RequestInit { credentials, ..init(method, API, headers) };
    browser.fetch(&init, open).preflighted()
}

/// Whether a preflight is made again after a request that was preflighted, and failed.
#[test_case(RedirectMode::Follow, &[] => false; "it did not fail")]
#[test_case(RedirectMode::Follow, &["access-control-allow-origin"] => true; "by the CORS check")]
#[test_case(RedirectMode::Error, &["location"] => true; "by its redirect mode")]
fn an_error_clears_the_entries(redirect: RedirectMode, without: &[&str]) -> bool {
    let mut browser = Browser::new();
    let ask = RequestInit { redirect, ..init("PUT", API, &[]) };
    let first = browser.fetch(&ask, |it| {
        let mut response = lasting(&["60"])(it);
        if !it.preflight {
            for name in without {
                response.headers.delete(name);
            }
            response.status = if redirect == RedirectMode::Error { 302 } else { 200 };
        }
        response
    });
    assert_eq!(first.seen.is_ok(), without.is_empty());
    browser.fetch(&init("PUT", API, &[]), open).preflighted()
}

#[test]
fn an_error_of_a_request_without_preflight_clears_nothing() {
    let mut browser = Browser::new();
    browser.fetch(&init("PUT", API, &[]), lasting(&["60"]));
    let refused = browser.fetch(&init("GET", API, &[]), |_| HttpResponse::default());
    assert_eq!(refused.end(), "allow-origin-missing");
    assert!(!browser.fetch(&init("PUT", API, &[]), open).preflighted());
}

#[test]
fn a_refused_preflight_is_not_remembered() {
    let mut browser = Browser::new();
    let refused = browser.fetch(&init("PUT", API, &[X]), |it| {
        let mut response = lasting(&["60"])(it);
        response.headers.delete("access-control-allow-headers");
        response
    });
    assert_eq!(refused.end(), "preflight-header-not-allowed");
    assert!(browser.fetch(&init("PUT", API, &[]), open).preflighted());
}

#[test]
fn an_entry_of_a_flag_has_the_method() {
    let mut browser = Browser::new();
    let ask = RequestInit { use_cors_preflight: true, ..init("POST", API, &[]) };
    let first = browser.fetch(&ask, |it| {
        let mut response = lasting(&["60"])(it);
        response.headers.delete("access-control-allow-methods");
        response
    });
    assert_eq!((first.preflighted(), first.end()), (true, "cors"));
    assert!(!browser.fetch(&ask, open).preflighted());
}

#[test]
fn a_redirected_request_has_entries_of_its_own_origin_and_urls() {
    let mut browser = Browser::new();
    let urls = ["https://page.example/0", "https://api.test/1"];
    let preflights = |browser: &mut Browser, urls: &[&str]| {
        let mut follow = chain(307, urls);
        let fetched = browser.fetch(&init("PUT", urls[0], &[]), |it| {
            let mut response = follow(it);
            response.headers.append("Access-Control-Max-Age", "60");
            response
        });
        fetched.sent.iter().filter(|it| it.preflight).count()
    };
    assert_eq!([0, 1].map(|_| preflights(&mut browser, &urls)), [1, 0]);
    assert_eq!(preflights(&mut browser, &urls[1..]), 0);
    // Tainted by another origin, the page is another's: `null`.
    assert_eq!(preflights(&mut browser, &["https://cdn.invalid/0", "https://api.test/1"]), 2);
    assert_eq!(PAGE, browser.page.origin.to_string());
}
