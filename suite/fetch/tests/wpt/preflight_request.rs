//! What a preflight looks like on the wire.

use corspec_fetch::request::{Body, CredentialsMode, ReferrerPolicy, RequestInit};
use test_case::test_case;

use crate::browser::{API, Browser, PAGE, init, open, text};

#[test]
fn every_byte_of_a_preflight() {
    let mut browser = Browser::new().cookie("https://api.test/", "c=1; SameSite=None; Secure");
    let headers = [("X-B", "1"), ("Authorization", "x"), ("Accept-Language", "de")];
    let init = RequestInit {
        credentials: CredentialsMode::Include,
        body: Some(Body::text("hello")),
        ..init("PUT", "https://api.test/x?y#z", &headers)
    };
    let fetched = browser.fetch(&init, open);
    let [preflight, request] = fetched.sent.as_slice() else { panic!("two requests") };
    let lines: Vec<_> =
        preflight.headers.iter().map(|(name, value)| (text(name), text(value))).collect();
    let [language, agent] =
        ["accept-language", "user-agent"].map(|name| fetched.header(0, name).unwrap());
    let want = [
        ("Accept", "*/*"),
        ("Access-Control-Request-Method", "PUT"),
        ("Access-Control-Request-Headers", "authorization,x-b"),
        ("Accept-Language", &language),
        ("Referer", "https://page.example/"),
        ("Origin", PAGE),
        ("Sec-Fetch-Dest", "empty"),
        ("Sec-Fetch-Mode", "cors"),
        ("Sec-Fetch-Site", "cross-site"),
        ("User-Agent", &agent),
        ("Accept-Encoding", "gzip, deflate, br"),
    ];
    assert_eq!(lines, want.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_ne!(language, "de");
    assert_eq!((text(&preflight.method).as_str(), &preflight.body), ("OPTIONS", &None));
    assert_eq!(preflight.url.as_str(), "https://api.test/x?y");
    assert_eq!(request.url, preflight.url);
    let sent = ["cookie", "authorization", "user-agent"].map(|name| fetched.header(1, name));
    assert_eq!(sent, [Some("c=1".into()), Some("x".into()), Some(agent)]);
}

#[test_case("patcH" => "patcH")]
#[test_case("NEW" => "NEW")]
#[test_case("chicken" => "chicken")]
#[test_case("*" => "*"; "an asterisk")]
#[test_case("put" => "PUT"; "a method that is normalised")]
fn the_method_is_named_byte_for_byte(method: &str) -> String {
    let fetched = Browser::new().fetch(&init(method, API, &[]), open);
    assert_eq!(
        text(&fetched.sent[1].method),
        fetched.header(0, "access-control-request-method").unwrap()
    );
    fetched.header(0, "access-control-request-method").unwrap()
}

#[test_case(&["X-Custom-V", "x-custom-s", "X-Custom-Test", "X-Custom-UA", "x-custom-u"] => Some("x-custom-s,x-custom-test,x-custom-u,x-custom-ua,x-custom-v".into()); "sorted by bytes")]
#[test_case(&["X-A", "x-a", "X-a"] => Some("x-a".into()); "each once")]
#[test_case(&["x_a", "x-a", "x1"] => Some("x-a,x1,x_a".into()); "a dash before digits before an underscore")]
#[test_case(&["Accept", "Accept-Language", "Content-Language"] => None; "no safelisted ones, and no empty header")]
#[test_case(&["Origin", "Cookie", "Host", "Sec-A", "X-A"] => Some("x-a".into()); "none that only the browser sets")]
#[test_case(&["Authorization", "Accept"] => Some("authorization".into()); "authorization as any other")]
fn unsafe_names_are_listed(names: &[&str]) -> Option<String> {
    let headers: Vec<_> = names.iter().map(|name| (*name, "1")).collect();
    let fetched = Browser::new().fetch(&init("PUT", API, &headers), open);
    // Nothing of what the script set is on the preflight itself.
    assert!(names.iter().all(|it| fetched.header(0, it).as_deref() != Some("1")));
    fetched.header(0, "access-control-request-headers")
}

#[test_case(CredentialsMode::Omit)]
#[test_case(CredentialsMode::SameOrigin)]
#[test_case(CredentialsMode::Include)]
fn no_mode_brings_credentials(credentials: CredentialsMode) {
    let mut browser = Browser::new().cookie("https://api.test/", "c=1; SameSite=None; Secure");
    let fetched = browser.fetch(&RequestInit { credentials, ..init("PUT", API, &[]) }, open);
    assert_eq!((fetched.preflighted(), fetched.header(0, "cookie")), (true, None));
}

#[test_case(ReferrerPolicy::NoReferrer => None; "none")]
#[test_case(ReferrerPolicy::Origin => Some("https://page.example/".into()); "the origin")]
#[test_case(ReferrerPolicy::UnsafeUrl => Some("https://page.example/app?q".into()); "all of it")]
fn the_referrer_is_that_of_the_request(referrer_policy: ReferrerPolicy) -> Option<String> {
    let fetched =
        Browser::new().fetch(&RequestInit { referrer_policy, ..init("PUT", API, &[]) }, open);
    assert_eq!(fetched.header(0, "referer"), fetched.header(1, "referer"));
    assert_eq!(fetched.header(0, "origin").unwrap(), PAGE);
    fetched.header(0, "referer")
}
