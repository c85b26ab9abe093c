//! Rows for the look-alikes: what each is under which policy, and that each can be.

use super::*;

use test_case::test_case;

const APP: &str = "allow-origins = ['https://app.example']";
const LOCAL: &str = "allow-origins = ['http://localhost:3000']";
const PATTERN: &str = "allow-origins = ['https://*.example.com']";

#[test_case(APP, "suffix-lookalike", Some("https://app.example.evil.test"))]
#[test_case(PATTERN, "suffix-lookalike", Some("https://app.example.com.evil.test") ; "suffix of a pattern")]
#[test_case(APP, "prefix-lookalike", Some("https://evilapp.example"))]
#[test_case(PATTERN, "prefix-lookalike", Some("https://evilexample.com") ; "prefix of a pattern")]
#[test_case(PATTERN, "hyphen-lookalike", Some("https://evil-example.com"))]
#[test_case(APP, "hyphen-suffix-lookalike", Some("https://app-evil.example"))]
#[test_case(PATTERN, "hyphen-suffix-lookalike", None ; "a label with a hyphen is allowed by the pattern")]
#[test_case(LOCAL, "hyphen-suffix-lookalike", None ; "one label belongs to nobody else")]
#[test_case(APP, "www", Some("https://www.app.example"))]
#[test_case(APP, "longer-tld", Some("https://app.examples"))]
#[test_case(APP, "other-tld", Some("https://app.evil"))]
#[test_case(PATTERN, "unescaped-dot", Some("https://app.examplexcom"))]
#[test_case(APP, "scheme-downgrade", Some("http://app.example"))]
#[test_case(LOCAL, "scheme-downgrade", None ; "no downgrade of http")]
#[test_case(LOCAL, "scheme-upgrade", Some("https://localhost:3000"))]
#[test_case(LOCAL, "other-port", Some("http://localhost:3001"))]
#[test_case(APP, "other-port", Some("https://app.example:8444") ; "other port of a default one")]
#[test_case(LOCAL, "port-lookalike", Some("http://localhost:30001"))]
#[test_case(LOCAL, "no-port", Some("http://localhost"))]
#[test_case(APP, "subdomain", Some("https://sub.app.example"))]
#[test_case(PATTERN, "subdomain", None ; "a subdomain is allowed by the pattern")]
#[test_case(PATTERN, "parent-domain", Some("https://example.com"))]
#[test_case(LOCAL, "parent-domain", None ; "no parent of one label")]
#[test_case(APP, "sibling", Some("https://sibling.example"))]
#[test_case(APP, "trailing-dot", Some("https://app.example."))]
#[test_case(APP, "idn-homograph", Some("https://xn--pp-6kc.example"))]
#[test_case("allow-origins = ['https://xn--bcher-kva.example']", "subdomain", Some("https://sub.xn--bcher-kva.example") ; "subdomain of an internationalised name")]
#[test_case("allow-origins = ['https://xn--bcher-kva.example']", "unescaped-dot", None ; "no punycode")]
#[test_case("allow-origins = ['http://localhost']", "localhost", None ; "localhost where it is allowed")]
#[test_case(APP, "userinfo-lookalike", Some("https://app.example@evil.test"))]
#[test_case(APP, "uppercase", Some("https://APP.EXAMPLE"))]
#[test_case(APP, "explicit-default-port", Some("https://app.example:443"))]
#[test_case(LOCAL, "explicit-default-port", None ; "no default port beside another")]
#[test_case("allow-origins = ['http://10.0.0.1']", "suffix-lookalike", None ; "an address takes no labels")]
fn lookalikes_resolve(text: &str, role: &str, expected: Option<&str>) {
    let policy = Policy::from_toml(text).unwrap();
    assert_eq!(crate::role::origin(role, &policy, None).ok().as_deref(), expected);
}

#[test]
fn every_lookalike_has_a_policy_that_it_resembles_and_is_denied() {
    for lookalike in LOOKALIKES {
        let denied = [APP, LOCAL].iter().any(|text| {
            let policy = Policy::from_toml(text).unwrap();
            crate::role::origin(lookalike.name, &policy, None)
                .is_ok_and(|origin| !policy.allows_origin(&origin))
        });
        assert!(denied, "{}", lookalike.name);
    }
}

#[test]
fn what_browsers_send_parses_as_an_origin() {
    let policy = Policy::from_toml(APP).unwrap();
    for lookalike in LOOKALIKES.iter().filter(|lookalike| !lookalike.wire_only) {
        if let Ok(origin) = crate::role::origin(lookalike.name, &policy, None) {
            let url = url::Url::parse(&origin).unwrap();
            assert!(url.has_host(), "{origin}");
        }
    }
}
