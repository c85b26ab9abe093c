//! The closed vocabulary of a scenario's `requires`.

use crate::policy::{OriginPattern, Policy, is_safelisted_method};

/// A fact of a policy that a scenario may require.
#[derive(Debug)]
pub struct Fact {
    /// Its name in `requires`.
    pub name: &'static str,
    /// What it says, in words that complete "needs a policy that …".
    pub meaning: &'static str,
    holds: fn(&Policy) -> bool,
}

impl Fact {
    /// The fact of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        FACTS.iter().find(|fact| fact.name == name)
    }

    /// Whether the fact is true of `policy`.
    #[must_use]
    pub fn holds(&self, policy: &Policy) -> bool {
        (self.holds)(policy)
    }
}

const fn fact(name: &'static str, meaning: &'static str, holds: fn(&Policy) -> bool) -> Fact {
    Fact { name, meaning, holds }
}

/// Every fact.
pub const FACTS: &[Fact] = &[
    fact("credentials", "allows credentials", |p| p.allow_credentials),
    fact("no-credentials", "does not allow credentials", |p| !p.allow_credentials),
    fact("any-origin", "allows every origin", Policy::allows_any_origin),
    fact("listed-origins", "names the origins that it allows", |p| {
        !p.allow_origins.is_empty() && !p.allows_any_origin()
    }),
    fact("origin-allowed", "allows an origin", |p| !p.allow_origins.is_empty()),
    fact("no-origin-allowed", "allows nobody", |p| {
        p.allow_origins.is_empty() && !p.allow_null_origin
    }),
    fact("origin-denied", "denies an origin", |p| !p.allows_any_origin()),
    fact("several-origins", "allows more than one origin", |p| {
        p.allow_origins.len() > 1
            || p.allow_origins.iter().any(|o| !matches!(o, OriginPattern::Exact(_)))
    }),
    fact("single-origin", "allows exactly one origin", |p| {
        matches!(p.allow_origins.as_slice(), [OriginPattern::Exact(_)])
    }),
    fact("subdomain-pattern", "allows every subdomain of a site", |p| {
        p.allow_origins.iter().any(|o| matches!(o, OriginPattern::Subdomains { .. }))
    }),
    fact("null-allowed", "allows the origin `null`", |p| p.allows_origin("null")),
    fact("null-denied", "does not allow the origin `null`", |p| !p.allows_origin("null")),
    fact("unsafe-method-allowed", "allows a method beyond GET, HEAD and POST", |p| {
        p.allow_methods.iter().any(|m| !is_safelisted_method(m))
    }),
    fact("any-method", "allows every method", |p| p.allow_methods.iter().any(|m| m == "*")),
    fact("listed-methods", "names the methods that it allows", |p| {
        !p.allow_methods.is_empty() && p.allow_methods.iter().all(|m| m != "*")
    }),
    fact("method-denied", "denies a method", |p| p.allow_methods.iter().all(|m| m != "*")),
    fact("put-allowed", "allows PUT", |p| p.allows_method("PUT")),
    fact("put-denied", "does not allow PUT", |p| !p.allows_method("PUT")),
    fact("patch-allowed", "allows PATCH", |p| p.allows_method("PATCH")),
    fact("patch-denied", "does not allow PATCH", |p| !p.allows_method("PATCH")),
    fact("delete-allowed", "allows DELETE", |p| p.allows_method("DELETE")),
    fact("delete-denied", "does not allow DELETE", |p| !p.allows_method("DELETE")),
    fact("head-allowed", "names HEAD, or allows every method", |p| names(&p.allow_methods, "HEAD")),
    fact("post-allowed", "names POST, or allows every method", |p| names(&p.allow_methods, "POST")),
    fact("header-allowed", "allows a request header", |p| !p.allow_headers.is_empty()),
    fact("any-header", "allows every request header", |p| p.allow_headers.iter().any(|h| h == "*")),
    fact("listed-headers", "names the request headers that it allows", |p| {
        !p.allow_headers.is_empty() && p.allow_headers.iter().all(|h| h != "*")
    }),
    fact("header-denied", "denies a request header", |p| p.allow_headers.iter().all(|h| h != "*")),
    fact("content-type-allowed", "allows `Content-Type`", |p| p.allows_header("content-type")),
    fact("content-type-denied", "does not allow `Content-Type`", |p| {
        !p.allows_header("content-type")
    }),
    fact("authorization-allowed", "allows `Authorization`", |p| p.allows_header("authorization")),
    fact("authorization-denied", "does not allow `Authorization`", |p| {
        !p.allows_header("authorization")
    }),
    fact("if-none-match-allowed", "allows `If-None-Match`", |p| p.allows_header("if-none-match")),
    fact("if-none-match-denied", "does not allow `If-None-Match`", |p| {
        !p.allows_header("if-none-match")
    }),
    fact("range-denied", "does not allow `Range`", |p| !p.allows_header("range")),
    fact("exposes-headers", "exposes a response header", |p| !p.expose_headers.is_empty()),
    fact("exposes-nothing", "exposes no response header", |p| p.expose_headers.is_empty()),
    fact("hides-headers", "does not expose every response header", |p| {
        p.expose_headers.iter().all(|h| h != "*")
    }),
    fact("exposes-any", "exposes every response header", |p| {
        p.expose_headers.iter().any(|h| h == "*")
    }),
    fact("exposes-listed", "names the response headers that it exposes", |p| {
        !p.expose_headers.is_empty() && p.expose_headers.iter().all(|h| h != "*")
    }),
    fact("exposes-x-exposed", "exposes `X-Exposed`", |p| p.exposes_header("x-exposed")),
    fact("hides-x-hidden", "does not expose `X-Hidden`", |p| !p.exposes_header("x-hidden")),
    fact("max-age", "states a max-age", |p| p.max_age.is_some()),
    fact("max-age-positive", "states a max-age above 0", |p| p.max_age.is_some_and(|age| age > 0)),
    fact("max-age-of-a-minute", "states a max-age of a minute or more", |p| {
        p.max_age.is_some_and(|age| age >= 60)
    }),
    fact("max-age-zero", "states a max-age of 0", |p| p.max_age == Some(0)),
    fact("no-max-age", "states no max-age", |p| p.max_age.is_none()),
];

/// Whether a list of the policy has `name`, or `*`.
fn names(list: &[String], name: &str) -> bool {
    list.iter().any(|entry| entry == name || entry == "*")
}

/// Names of the routes that a target may serve, with the path on launched targets.
pub const ROUTES: &[(&str, &str)] = &[
    ("resource", "/resource"),
    ("status", "/status/{code}"),
    ("private", "/private"),
    ("session", "/session"),
    ("throws", "/throws"),
    ("redirect", "/redirect?to={url}"),
    ("slash", "/slash"),
    ("vary", "/vary"),
    ("cacheable", "/cacheable"),
    ("document", "/document"),
    ("options", "/options"),
    ("missing", "/no-such-route"),
];

/// Names of the other abilities that a target may have, with what each means.
pub const ABILITIES: &[(&str, &str)] = &[
    ("all-methods", "`resource` answers GET, HEAD, POST, PUT, PATCH and DELETE with 200"),
    ("exposed-header", "`resource` sends `X-Exposed: 1` and `X-Hidden: 1`"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use test_case::test_case;

    use super::*;

    use crate::role::{HEADER_ROLES, LOOKALIKES, METHOD_ROLES, ORIGIN_ROLES};

    #[test]
    fn the_readme_has_a_row_for_every_name() {
        let readme = include_str!("../README.md");
        let roles = [ORIGIN_ROLES, METHOD_ROLES, HEADER_ROLES, ROUTES, ABILITIES].concat();
        let rows = roles.into_iter().chain(FACTS.iter().map(|fact| (fact.name, fact.meaning)));
        for (name, meaning) in rows.chain(LOOKALIKES.iter().map(|l| (l.name, l.meaning))) {
            assert!(readme.contains(&format!("| `{name}` | {meaning}")), "{name}: {meaning}");
        }
    }

    #[test]
    fn every_fact_stands_once() {
        let names: BTreeSet<_> = FACTS.iter().map(|fact| fact.name).collect();
        assert_eq!(names.len(), FACTS.len());
    }

    #[test_case("credentials", "allow-credentials = true", "" ; "credentials")]
    #[test_case("no-credentials", "", "allow-credentials = true" ; "no credentials")]
    #[test_case("any-origin", "allow-origins = ['*']", "allow-origins = ['https://a.example']" ; "any origin")]
    #[test_case("listed-origins", "allow-origins = ['https://a.example']", "allow-origins = ['*']" ; "listed origins")]
    #[test_case("origin-allowed", "allow-origins = ['*']", "" ; "origin allowed")]
    #[test_case("no-origin-allowed", "", "allow-null-origin = true" ; "no origin allowed")]
    #[test_case("several-origins", "allow-origins = ['https://*.a.example']", "allow-origins = ['https://a.example']" ; "several origins")]
    #[test_case("single-origin", "allow-origins = ['https://a.example']", "allow-origins = ['https://*.a.example']" ; "single origin")]
    #[test_case("subdomain-pattern", "allow-origins = ['https://*.a.example']", "allow-origins = ['*']" ; "subdomain pattern")]
    #[test_case("null-allowed", "allow-null-origin = true", "" ; "null allowed")]
    #[test_case("null-denied", "", "allow-origins = ['*']" ; "null denied")]
    #[test_case("unsafe-method-allowed", "allow-methods = ['PUT']", "allow-methods = ['POST']" ; "unsafe method")]
    #[test_case("any-method", "allow-methods = ['*']", "allow-methods = ['PUT']" ; "any method")]
    #[test_case("listed-methods", "allow-methods = ['PUT']", "allow-methods = ['*']" ; "listed methods")]
    #[test_case("put-allowed", "allow-methods = ['PUT']", "allow-methods = ['GET']" ; "put allowed")]
    #[test_case("put-denied", "allow-methods = ['GET']", "allow-methods = ['*']" ; "put denied")]
    #[test_case("patch-allowed", "allow-methods = ['PATCH']", "allow-methods = ['GET']" ; "patch allowed")]
    #[test_case("patch-denied", "allow-methods = ['GET']", "allow-methods = ['*']" ; "patch denied")]
    #[test_case("delete-allowed", "allow-methods = ['DELETE']", "allow-methods = ['GET']" ; "delete allowed")]
    #[test_case("delete-denied", "allow-methods = ['GET']", "allow-methods = ['*']" ; "delete denied")]
    #[test_case("head-allowed", "allow-methods = ['HEAD']", "allow-methods = ['GET']" ; "head allowed")]
    #[test_case("post-allowed", "allow-methods = ['POST']", "allow-methods = ['GET']" ; "post allowed")]
    #[test_case("if-none-match-allowed", "allow-headers = ['*']", "allow-headers = ['x-a']" ; "if-none-match allowed")]
    #[test_case("if-none-match-denied", "", "allow-headers = ['if-none-match']" ; "if-none-match denied")]
    #[test_case("range-denied", "allow-headers = ['x-a']", "allow-headers = ['range']" ; "range denied")]
    #[test_case("hides-x-hidden", "expose-headers = ['x-exposed']", "expose-headers = ['*']" ; "hides x-hidden")]
    #[test_case("max-age-of-a-minute", "max-age = 60", "max-age = 59" ; "max age of a minute")]
    #[test_case("header-allowed", "allow-headers = ['x-a']", "" ; "header allowed")]
    #[test_case("any-header", "allow-headers = ['*']", "allow-headers = ['x-a']" ; "any header")]
    #[test_case("listed-headers", "allow-headers = ['x-a']", "allow-headers = ['*']" ; "listed headers")]
    #[test_case("content-type-allowed", "allow-headers = ['*']", "" ; "content type")]
    #[test_case("content-type-denied", "", "allow-headers = ['content-type']" ; "no content type")]
    #[test_case("authorization-allowed", "allow-headers = ['authorization']", "allow-headers = ['*']" ; "authorization")]
    #[test_case("authorization-denied", "allow-headers = ['*']", "allow-headers = ['authorization']" ; "no authorization")]
    #[test_case("exposes-headers", "expose-headers = ['x-a']", "" ; "exposes")]
    #[test_case("exposes-nothing", "", "expose-headers = ['x-a']" ; "exposes nothing")]
    #[test_case("exposes-any", "expose-headers = ['*']", "expose-headers = ['x-a']" ; "exposes any")]
    #[test_case("exposes-listed", "expose-headers = ['x-a']", "expose-headers = ['*']" ; "exposes listed")]
    #[test_case("exposes-x-exposed", "expose-headers = ['X-Exposed']", "expose-headers = ['x-a']" ; "exposes x-exposed")]
    #[test_case("origin-denied", "", "allow-origins = ['*']" ; "origin denied")]
    #[test_case("method-denied", "", "allow-methods = ['*']" ; "method denied")]
    #[test_case("header-denied", "", "allow-headers = ['*']" ; "header denied")]
    #[test_case("hides-headers", "", "expose-headers = ['*']" ; "hides headers")]
    #[test_case("max-age", "max-age = 0", "" ; "max age")]
    #[test_case("max-age-positive", "max-age = 1", "max-age = 0" ; "max age positive")]
    #[test_case("max-age-zero", "max-age = 0", "max-age = 1" ; "max age zero")]
    #[test_case("no-max-age", "", "max-age = 0" ; "no max age")]
    #[test_case("put-allowed", "allow-methods = ['PUT']", "" ; "put")]
    #[test_case("put-denied", "", "allow-methods = ['PUT']" ; "no put")]
    #[test_case("patch-allowed", "allow-methods = ['PATCH']", "" ; "patch")]
    #[test_case("patch-denied", "", "allow-methods = ['PATCH']" ; "no patch")]
    #[test_case("delete-allowed", "allow-methods = ['DELETE']", "" ; "delete")]
    #[test_case("delete-denied", "", "allow-methods = ['DELETE']" ; "no delete")]
    #[test_case("post-allowed", "allow-methods = ['POST']", "" ; "post")]
    #[test_case("head-allowed", "allow-methods = ['HEAD']", "" ; "head")]
    #[test_case("hides-x-hidden", "", "expose-headers = ['*']" ; "hides")]
    #[test_case("range-denied", "", "allow-headers = ['range']" ; "no range")]
    #[test_case("max-age-of-a-minute", "max-age = 60", "max-age = 59" ; "a minute")]
    fn facts_hold_for_the_first_policy_and_not_for_the_second(name: &str, yes: &str, no: &str) {
        let fact = Fact::named(name).unwrap();
        assert!(fact.holds(&Policy::from_toml(yes).unwrap()));
        assert!(!fact.holds(&Policy::from_toml(no).unwrap()));
    }
}
