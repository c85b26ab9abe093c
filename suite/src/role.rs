//! Roles: what a scenario asks for in words, computed from the policy.
//!
//! A role says what a value is to the policy (`allowed`, `suffix-lookalike`), so that one scenario serves every policy.
//! What a policy has no value for is not applicable, with the reason in words.

use url::{Host, Url};

use crate::policy::{OriginPattern, Policy, is_safelisted_method};

mod lookalike;

pub use lookalike::{LOOKALIKES, Lookalike};

/// The origin roles beside the [`LOOKALIKES`], with what each means.
pub const ORIGIN_ROLES: &[(&str, &str)] = &[
    ("allowed", "the first allowed origin"),
    ("other-allowed", "another allowed origin"),
    (EVERY_ALLOWED, "every allowed origin, in a step of its own"),
    ("allowed-ipv6", "an allowed origin whose host is an IPv6 address"),
    ("allowed-punycode", "an allowed origin whose host has letters beyond ASCII"),
    ("allowed-port", "an allowed origin with a port"),
    ("denied", "an origin that has nothing in common with an allowed one, denied"),
    ("null", "the opaque origin, whether allowed or not"),
    ("own", "the target's own origin"),
    ("deep-subdomain", "two labels below a site whose subdomains are allowed"),
    ("subdomain-with-a-digit", "a digit in the label below such a site"),
    ("subdomain-with-a-hyphen", "a hyphen in the label below such a site"),
];

/// The method roles, with what each means; any other method is a literal.
pub const METHOD_ROLES: &[(&str, &str)] = &[
    ("allowed-unsafe", "the first allowed method that needs a preflight, OPTIONS aside"),
    ("other-allowed-unsafe", "another one"),
    ("denied", "a method that the policy does not allow"),
];

/// The header roles, with what each means; `name: value` is a literal.
pub const HEADER_ROLES: &[(&str, &str)] = &[
    ("allowed", "the first allowed header"),
    ("other-allowed", "another one"),
    ("all-allowed", "every allowed header (in a template: joined with commas)"),
    ("denied", "a header that the policy does not allow"),
    ("allowed-upper-case", "the first allowed header, its name in upper case"),
    ("allowed-with-suffix", "a denied header whose name begins with an allowed one"),
];

/// Why a role has no value under a policy, in words.
pub type NotApplicable = String;

/// Whether `role` is an origin role or `literal:…`.
#[must_use]
pub fn is_origin_role(role: &str) -> bool {
    role.starts_with("literal:")
        || ORIGIN_ROLES.iter().any(|(name, _)| *name == role)
        || Lookalike::named(role).is_some()
}

/// Whether no browser sends the origin of `role`, so that only a raw request can carry it.
#[must_use]
pub fn is_wire_only(role: &str) -> bool {
    Lookalike::named(role).is_some_and(|lookalike| lookalike.wire_only)
}

/// The role of which a step becomes a step for each origin.
pub const EVERY_ALLOWED: &str = "every-allowed";

/// The origin that `role` is under `policy` on a server whose own origin is `own`, where that is known; the role `own`
/// gives the template `{base}`. What the policy says of the server's own origin is passed over: its pages need no leave.
///
/// # Errors
/// The reason why the policy has no such origin.
pub fn origin(role: &str, policy: &Policy, own: Option<&str>) -> Result<String, NotApplicable> {
    let resolved = match role.strip_prefix("literal:") {
        Some(literal) => literal.to_owned(),
        None => resolved(role, policy, own)?,
    };
    match own == Some(resolved.as_str()) {
        true => Err(format!("`{resolved}` is the server's own origin")),
        false => Ok(resolved),
    }
}

/// Every origin that the policy allows, the server's own passed over.
///
/// # Errors
/// That there is none.
pub fn every_allowed(policy: &Policy, own: Option<&str>) -> Result<Vec<String>, NotApplicable> {
    let allowed = allowed_origins(policy, own);
    if allowed.is_empty() { Err("the policy allows no origin".to_owned()) } else { Ok(allowed) }
}

fn resolved(role: &str, policy: &Policy, own: Option<&str>) -> Result<String, NotApplicable> {
    match role {
        "deep-subdomain" => below_a_site(policy, "deep.app"),
        "subdomain-with-a-digit" => below_a_site(policy, "tenant1"),
        "subdomain-with-a-hyphen" => below_a_site(policy, "my-team"),
        "null" => Ok("null".to_owned()),
        "own" => Ok("{base}".to_owned()),
        "allowed" => every_allowed(policy, own).map(|mut allowed| allowed.swap_remove(0)),
        "other-allowed" => allowed_origins(policy, own)
            .into_iter()
            .nth(1)
            .ok_or_else(|| "the policy allows no second origin".to_owned()),
        "allowed-ipv6" => {
            exact(policy, own, "an IPv6 address", |url| matches!(url.host(), Some(Host::Ipv6(_))))
        }
        "allowed-punycode" => exact(policy, own, "a host with letters beyond ASCII", |url| {
            url.host_str()
                .is_some_and(|host| host.split('.').any(|label| label.starts_with("xn--")))
        }),
        "allowed-port" => exact(policy, own, "a port", |url| url.port().is_some()),
        "denied" => strangers(policy)
            .find(|host| {
                ["http", "https"].iter().all(|it| !policy.allows_origin(&format!("{it}://{host}")))
            })
            .map(|host| format!("https://{host}"))
            .ok_or_else(|| "the policy allows every origin".to_owned()),
        _ => match Lookalike::named(role) {
            Some(lookalike) => lookalike.resolve(&allowed_origins(policy, own), policy),
            None => Err(format!("there is no origin role `{role}`")),
        },
    }
}

/// Names of hosts, at least one more below each top level than the policy has entries.
fn strangers(policy: &Policy) -> impl Iterator<Item = String> + use<> {
    let entries = policy.allow_origins.len();
    ["test", "invalid"].into_iter().flat_map(move |top| {
        (0..=entries).map(move |n| match n {
            0 => format!("evil.{top}"),
            n => format!("evil{n}.{top}"),
        })
    })
}

/// The host of the origin that `role` is under `policy`, with its port where it has one.
///
/// # Errors
/// The reason why the policy has no such origin, or that it is no host's.
pub fn host(role: &str, policy: &Policy, own: Option<&str>) -> Result<String, NotApplicable> {
    let origin = origin(role, policy, own)?;
    let (_, host) = origin.split_once("://").ok_or_else(|| format!("`{origin}` has no host"))?;
    Ok(host.to_owned())
}

/// `labels` in front of the first site whose subdomains the policy allows.
fn below_a_site(policy: &Policy, labels: &str) -> Result<String, NotApplicable> {
    policy
        .allow_origins
        .iter()
        .find(|pattern| matches!(pattern, OriginPattern::Subdomains { .. }))
        .map(|pattern| pattern.example(labels))
        .ok_or_else(|| "the policy allows no site's subdomains".to_owned())
}

/// The first origin named in the policy that is as asked for; `what` it has, in words.
fn exact(
    policy: &Policy,
    own: Option<&str>,
    what: &str,
    is: fn(&Url) -> bool,
) -> Result<String, NotApplicable> {
    let named = policy.allow_origins.iter().filter_map(|pattern| match pattern {
        OriginPattern::Exact(origin) => Some(origin).filter(|it| own != Some(it.as_str())),
        OriginPattern::Any | OriginPattern::Subdomains { .. } => None,
    });
    named
        .into_iter()
        .find(|origin| Url::parse(origin).is_ok_and(|url| is(&url)))
        .cloned()
        .ok_or_else(|| format!("the policy names no origin with {what}"))
}

/// Origins that the policy allows, but the server's own: two for each entry that leaves it open, the first of each entry
/// in front.
fn allowed_origins(policy: &Policy, own: Option<&str>) -> Vec<String> {
    let first = policy.allow_origins.iter().map(|pattern| pattern.example("app"));
    let open = |pattern: &&OriginPattern| !matches!(pattern, OriginPattern::Exact(_));
    let second = policy.allow_origins.iter().filter(open).map(|pattern| pattern.example("other"));
    first.chain(second).filter(|it| own != Some(it.as_str())).collect()
}

/// The method that `role` is under `policy`; what is no role is itself.
///
/// # Errors
/// The reason why the policy has no such method.
pub fn method(role: &str, policy: &Policy) -> Result<String, NotApplicable> {
    match role {
        "allowed-unsafe" => allowed_unsafe(
            policy,
            0,
            "the policy allows no method that needs a preflight, OPTIONS aside",
        ),
        "other-allowed-unsafe" => allowed_unsafe(
            policy,
            1,
            "the policy allows no second method that needs a preflight, OPTIONS aside",
        ),
        "denied" => ["DELETE", "PATCH", "PUT", "CORSPEC-DENIED"]
            .into_iter()
            .find(|method| !policy.allows_method(method))
            .map(str::to_owned)
            .ok_or_else(|| "the policy allows every method".to_owned()),
        literal => Ok(literal.to_owned()),
    }
}

/// OPTIONS is passed over: who lists it means preflights as a rule, and many servers take any OPTIONS for one.
fn allowed_unsafe(policy: &Policy, index: usize, reason: &str) -> Result<String, NotApplicable> {
    let wildcard = policy.allow_methods.iter().any(|m| m == "*");
    let listed = policy
        .allow_methods
        .iter()
        .map(String::as_str)
        .filter(|m| !matches!(*m, "*" | "OPTIONS") && !is_safelisted_method(m));
    let standing_in = ["PUT", "DELETE"].into_iter().filter(|_| wildcard);
    listed.chain(standing_in).nth(index).map(str::to_owned).ok_or_else(|| reason.to_owned())
}

/// The names and values of the headers that `role` is under `policy`; `name: value` is itself.
///
/// # Errors
/// The reason why the policy has no such header.
pub fn header(role: &str, policy: &Policy) -> Result<Vec<(String, String)>, NotApplicable> {
    if let Some((name, value)) = role.split_once(':') {
        return Ok(vec![(name.trim().to_owned(), value.trim().to_owned())]);
    }
    let names = allowed_headers(policy);
    let pick = |index: usize, reason: &str| {
        names.get(index).map(|name| vec![valued(name)]).ok_or_else(|| reason.to_owned())
    };
    match role {
        "allowed" => pick(0, "the policy allows no request header"),
        "other-allowed" => pick(1, "the policy allows no second request header"),
        "all-allowed" if names.is_empty() => Err("the policy allows no request header".to_owned()),
        "all-allowed" => Ok(names.iter().map(|name| valued(name)).collect()),
        "allowed-upper-case" => {
            let mut headers = pick(0, "the policy allows no request header")?;
            headers.iter_mut().for_each(|(name, _)| name.make_ascii_uppercase());
            Ok(headers)
        }
        "allowed-with-suffix" => names
            .iter()
            .map(|name| format!("{name}-corspec"))
            .find(|name| !policy.allows_header(name))
            .map(|name| vec![valued(&name)])
            .ok_or_else(|| "the policy has no list of request headers".to_owned()),
        "denied" if policy.allows_header("x-corspec-denied") => {
            Err("the policy allows every request header".to_owned())
        }
        "denied" => Ok(vec![valued("x-corspec-denied")]),
        _ => Err(format!("there is no header role `{role}`")),
    }
}

/// Names that the policy allows; two stand in for `*`.
fn allowed_headers(policy: &Policy) -> Vec<String> {
    let wildcard = policy.allow_headers.iter().any(|h| h == "*");
    let listed = policy.allow_headers.iter().filter(|h| *h != "*").cloned();
    let standing_in =
        ["x-corspec-one", "x-corspec-two"].into_iter().filter(|_| wildcard).map(str::to_owned);
    listed.chain(standing_in).collect()
}

/// A header with a value that is not safelisted, so that the name must be allowed.
fn valued(name: &str) -> (String, String) {
    let value = match name.to_ascii_lowercase().as_str() {
        "content-type" => "application/json",
        "authorization" => "Bearer corspec",
        "range" => "items=0-1",
        // A byte that no safelisted value of these three may have.
        "accept" | "accept-language" | "content-language" => "\"corspec\"",
        _ => "1",
    };
    (name.to_owned(), value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    use test_case::test_case;

    const LIST: &str = "allow-origins = ['https://app.example', 'http://localhost:3000']\nallow-methods = ['GET', 'PUT']\nallow-headers = ['content-type', 'x-a']";
    const PATTERN: &str = "allow-origins = ['https://*.example.com']";
    const ANY: &str = "allow-origins = ['*']\nallow-methods = ['*']\nallow-headers = ['*']";

    fn policy(text: &str) -> Policy {
        Policy::from_toml(text).unwrap()
    }

    #[test_case(LIST, "allowed", "https://app.example" ; "allowed of a list")]
    #[test_case(LIST, "other-allowed", "http://localhost:3000" ; "second of a list")]
    #[test_case(LIST, "denied", "https://evil.test" ; "denied")]
    #[test_case("allow-origins = ['https://evil.test']", "denied", "https://evil1.test" ; "denied where that one is allowed")]
    #[test_case("allow-origins = ['http://evil.test']", "denied", "https://evil1.test" ; "denied where that host is allowed by another scheme")]
    #[test_case("allow-origins = ['https://*.test']", "denied", "https://evil.invalid" ; "denied where all below that top level is allowed")]
    #[test_case(PATTERN, "allowed", "https://app.example.com" ; "allowed of a pattern")]
    #[test_case(PATTERN, "other-allowed", "https://other.example.com" ; "second of a pattern")]
    #[test_case(PATTERN, "deep-subdomain", "https://deep.app.example.com" ; "deep")]
    #[test_case(PATTERN, "subdomain-with-a-digit", "https://tenant1.example.com" ; "digit")]
    #[test_case(PATTERN, "subdomain-with-a-hyphen", "https://my-team.example.com" ; "hyphen")]
    #[test_case(ANY, "other-allowed", "https://other.example" ; "second of any")]
    #[test_case("allow-origins = ['https://a.example', 'http://[::1]:8080']", "allowed-ipv6", "http://[::1]:8080" ; "address")]
    #[test_case("allow-origins = ['https://a.example', 'https://xn--bcher-kva.example']", "allowed-punycode", "https://xn--bcher-kva.example" ; "punycode")]
    #[test_case(LIST, "allowed-port", "http://localhost:3000" ; "port")]
    #[test_case("", "literal:https://x.example", "https://x.example" ; "literal")]
    fn origins_resolve(text: &str, role: &str, expected: &str) {
        assert_eq!(origin(role, &policy(text), None).as_deref(), Ok(expected));
    }

    #[test_case("", "allowed", "no origin" ; "allowed of nobody")]
    #[test_case("allow-origins = ['https://a.example']", "other-allowed", "no second" ; "second of one")]
    #[test_case(LIST, "allowed-ipv6", "no origin with an IPv6 address" ; "no address")]
    #[test_case(PATTERN, "allowed-port", "no origin with a port" ; "a pattern is no origin")]
    #[test_case(ANY, "denied", "every origin" ; "denied of any")]
    #[test_case(ANY, "suffix-lookalike", "itself allowed" ; "look-alike of any")]
    fn origins_that_a_policy_has_not_got_are_not_applicable(text: &str, role: &str, reason: &str) {
        let error = origin(role, &policy(text), None).unwrap_err();
        assert!(error.contains(reason), "{error}");
    }

    #[test_case(LIST, "https://app.example", "allowed" => Ok("http://localhost:3000".to_owned()) ; "the first of a list")]
    #[test_case(LIST, "http://localhost:3000", "allowed-port" => Err("the policy names no origin with a port".to_owned()) ; "the one with a port")]
    #[test_case(LIST, "http://localhost:3000", "other-allowed" => Err("the policy allows no second origin".to_owned()) ; "the second of two")]
    #[test_case(PATTERN, "https://app.example.com", "allowed" => Ok("https://other.example.com".to_owned()) ; "below a site")]
    #[test_case(LIST, "https://evil.test", "denied" => Err("`https://evil.test` is the server's own origin".to_owned()) ; "a stranger's")]
    #[test_case(LIST, "https://x.example", "literal:https://x.example" => Err("`https://x.example` is the server's own origin".to_owned()) ; "a literal")]
    #[test_case(LIST, "https://x.example", "own" => Ok("{base}".to_owned()) ; "asked for")]
    fn the_servers_own_origin_is_passed_over(
        text: &str,
        own: &str,
        role: &str,
    ) -> Result<String, String> {
        origin(role, &policy(text), Some(own))
    }

    #[test_case(LIST, "allowed-unsafe", Ok("PUT") ; "listed")]
    #[test_case(LIST, "other-allowed-unsafe", Err(()) ; "no second")]
    #[test_case("allow-methods = ['OPTIONS', 'PATCH']", "allowed-unsafe", Ok("PATCH") ; "another than OPTIONS")]
    #[test_case("allow-methods = ['GET', 'OPTIONS']", "allowed-unsafe", Err(()) ; "OPTIONS alone")]
    #[test_case(ANY, "other-allowed-unsafe", Ok("DELETE") ; "wildcard")]
    #[test_case(LIST, "denied", Ok("DELETE") ; "denied")]
    #[test_case(ANY, "denied", Err(()) ; "all are allowed")]
    #[test_case("", "PATCH", Ok("PATCH") ; "literal")]
    fn methods_resolve(text: &str, role: &str, expected: Result<&str, ()>) {
        assert_eq!(method(role, &policy(text)).map_err(|_| ()), expected.map(str::to_owned));
    }

    #[test_case(LIST, "allowed", Some("content-type") ; "first")]
    #[test_case(LIST, "other-allowed", Some("x-a") ; "second")]
    #[test_case(LIST, "all-allowed", Some("content-type,x-a") ; "all")]
    #[test_case(ANY, "allowed", Some("x-corspec-one") ; "wildcard")]
    #[test_case("", "allowed", None ; "none")]
    #[test_case("", "all-allowed", None ; "none at all")]
    #[test_case(ANY, "denied", None ; "denied of any")]
    #[test_case(LIST, "allowed-upper-case", Some("CONTENT-TYPE") ; "upper case")]
    #[test_case(LIST, "allowed-with-suffix", Some("content-type-corspec") ; "with suffix")]
    #[test_case(ANY, "allowed-with-suffix", None ; "no suffix is denied")]
    #[test_case(LIST, "denied", Some("x-corspec-denied") ; "denied")]
    #[test_case("", "X-Lit: 5", Some("X-Lit") ; "literal")]
    fn headers_resolve(text: &str, role: &str, expected: Option<&str>) {
        let names = header(role, &policy(text))
            .map(|headers| headers.into_iter().map(|(name, _)| name).collect::<Vec<_>>().join(","));
        assert_eq!(names.ok().as_deref(), expected);
    }
}
