//! Templates: `{origin:ROLE}`, `{host:ROLE}`, `{method:ROLE}`, `{header:ROLE}`, `{policy:FIELD}`, `{repeat:N:TEXT}` and a route's path.

use url::form_urlencoded::byte_serialize;

use super::Abilities;
use crate::policy::Policy;
use crate::role::{self, EVERY_ALLOWED, HEADER_ROLES, LOOKALIKES, METHOD_ROLES, ORIGIN_ROLES};

/// What the templates of a scenario are filled from.
pub(super) struct Template<'a> {
    pub(super) policy: &'a Policy,
    pub(super) abilities: &'a Abilities,
}

impl Template<'_> {
    /// `text` with each template replaced; `{base}` stays.
    pub(super) fn fill(&self, text: &str) -> Result<String, String> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((inner, next)) = after.split_once('}') else { break };
            filled.push_str(before);
            filled.push_str(&self.value(inner)?);
            rest = next;
        }
        Ok(filled + rest)
    }

    /// The origin that `role` is on this server.
    pub(super) fn origin(&self, role: &str) -> Result<String, String> {
        role::origin(role, self.policy, self.own())
    }

    /// The server's own origin, where it is known.
    pub(super) fn own(&self) -> Option<&str> {
        self.abilities.origin.as_deref()
    }

    fn value(&self, inner: &str) -> Result<String, String> {
        let names = |role: &str| -> Result<String, String> {
            let headers = role::header(role, self.policy)?;
            Ok(headers.into_iter().map(|(name, _)| name).collect::<Vec<_>>().join(","))
        };
        match inner.split_once(':') {
            Some(("origin", role)) => self.origin(role),
            Some(("host", role)) => role::host(role, self.policy, self.own()),
            Some(("method", role)) => role::method(role, self.policy),
            Some(("header", role)) => match role.strip_suffix(":upper") {
                Some(role) => Ok(names(role)?.to_ascii_uppercase()),
                None => names(role),
            },
            Some(("repeat", rest)) => Ok(repeated(rest).unwrap_or_else(|| format!("{{{inner}}}"))),
            Some(("policy", "max-age")) => {
                let age = self.policy.max_age.ok_or("the policy states no max-age")?;
                Ok(age.to_string())
            }
            Some(("policy", "allow-methods")) => Ok(self.policy.allow_methods.join(", ")),
            Some(("policy", "allow-headers")) => Ok(self.policy.allow_headers.join(", ")),
            Some(("policy", "expose-headers")) => Ok(self.policy.expose_headers.join(", ")),
            _ => Ok(format!("{{{inner}}}")),
        }
    }

    /// The URL of a route, from `{base}` on; `to` is the name of the route that a redirect leads to.
    pub(super) fn url(
        &self,
        route: &str,
        code: Option<u16>,
        to: Option<&str>,
        query: Option<&str>,
    ) -> Result<String, String> {
        let mut path = self.path(route)?.to_owned();
        if let Some(code) = code {
            path = path.replace("{code}", &code.to_string());
        }
        if let Some(to) = to {
            let encoded: String = byte_serialize(self.path(to)?.as_bytes()).collect();
            path = path.replace("{url}", &encoded);
        }
        if let Some(query) = query {
            path.push(if path.contains('?') { '&' } else { '?' });
            path.push_str(query);
        }
        Ok(format!("{{base}}{path}"))
    }

    fn path(&self, route: &str) -> Result<&str, String> {
        let path = self.abilities.routes.get(route);
        path.map(String::as_str).ok_or_else(|| format!("the target has no route `{route}`"))
    }
}

/// The first word in a template of `text` that none knows: what it should be, itself, and the words that there are.
///
/// The role of every allowed origin is for pages alone: it makes a step of each.
pub(crate) fn unknown_word(text: &str) -> Option<(&'static str, &str, Vec<&'static str>)> {
    let inner = text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0));
    let mut words = inner.filter_map(|it| it.split_once(':'));
    words.find_map(|(kind, word)| {
        let (kind, known) = match kind {
            "origin" | "host" => ("origin role", origin_roles()),
            "method" => ("method role", names(METHOD_ROLES)),
            "header" => ("header role", names(HEADER_ROLES)),
            "policy" => ("list or number of a policy", FIELDS.to_vec()),
            _ => return None,
        };
        let role = word.strip_suffix(":upper").filter(|_| kind == "header role").unwrap_or(word);
        let is_known = known.contains(&role) || word.starts_with("literal:");
        (!is_known).then_some((kind, word, known))
    })
}

/// What `{policy:FIELD}` is there for.
const FIELDS: [&str; 4] = ["max-age", "allow-methods", "allow-headers", "expose-headers"];

fn origin_roles() -> Vec<&'static str> {
    let lookalikes = LOOKALIKES.iter().map(|it| it.name);
    let roles = ORIGIN_ROLES.iter().map(|it| it.0).filter(|it| *it != EVERY_ALLOWED);
    roles.chain(lookalikes).collect()
}

fn names(roles: &[(&'static str, &str)]) -> Vec<&'static str> {
    roles.iter().map(|it| it.0).collect()
}

/// What `N:TEXT` stands for: the text N times.
fn repeated(rest: &str) -> Option<String> {
    let (times, text) = rest.split_once(':')?;
    Some(text.repeat(times.parse::<u16>().ok()?.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    use test_case::test_case;

    #[test_case("{origin:allowed}, {host:literal:https://a.test} {header:denied:upper}" => None; "known")]
    #[test_case("{base}/{answer:1:etag} {\"a\": 1} {repeat:2:a" => None; "what is no word")]
    #[test_case("{host:denied} {origin:alowed}" => Some("origin role"); "origin")]
    #[test_case("{host:alowed}" => Some("origin role"); "host")]
    #[test_case("{origin:every-allowed}" => Some("origin role"); "a role for pages alone")]
    #[test_case("{origin:allowed:upper}" => Some("origin role"); "upper case is for headers")]
    #[test_case("{method:PUT}" => Some("method role"); "method")]
    #[test_case("{header:alowed:upper}" => Some("header role"); "header")]
    #[test_case("{policy:allow-origins}" => Some("list or number of a policy"); "policy")]
    fn a_word_that_no_template_knows_is_found(text: &str) -> Option<&'static str> {
        unknown_word(text).map(|(kind, ..)| kind)
    }

    #[test_case("{origin:allowed}/path", Ok("https://a.example/path") ; "origin")]
    #[test_case("host={host:allowed};", Ok("host=a.example;") ; "host")]
    #[test_case("{host:null}", Err(()) ; "no host")]
    #[test_case("{method:denied}", Ok("DELETE") ; "method")]
    #[test_case("content-type, {header:allowed:upper}", Ok("content-type, X-A") ; "header in upper case")]
    #[test_case("{policy:max-age}", Ok("5") ; "max age")]
    #[test_case("{policy:allow-headers}", Ok("x-a, x-b") ; "a list")]
    #[test_case("{policy:allow-methods}", Ok("PUT") ; "the methods")]
    #[test_case("{policy:expose-headers}", Ok("") ; "an empty list")]
    #[test_case("https://{repeat:3:ab}.test", Ok("https://ababab.test") ; "repeat")]
    #[test_case("{repeat:many:a}", Ok("{repeat:many:a}") ; "no number")]
    #[test_case("{base}/x", Ok("{base}/x") ; "base stays")]
    #[test_case("{answer:first:etag}", Ok("{answer:first:etag}") ; "an answer stays")]
    #[test_case("://%{", Ok("://%{") ; "a brace alone is itself")]
    #[test_case("{origin:other-allowed}", Err(()) ; "no such role")]
    fn templates_are_filled(text: &str, expected: Result<&str, ()>) {
        let policy = Policy::from_toml(
            "allow-origins = ['https://a.example']\nallow-headers = ['x-a', 'x-b']\nallow-methods = ['PUT']\nmax-age = 5",
        )
        .unwrap();
        let template = Template { policy: &policy, abilities: &Abilities::default() };
        assert_eq!(template.fill(text).map_err(|_| ()), expected.map(str::to_owned));
    }

    #[test_case("status", Some(404), None, None, "{base}/status/404" ; "code")]
    #[test_case("redirect", None, Some("resource"), None, "{base}/redirect?to=%2Fresource" ; "redirect")]
    #[test_case("resource", None, None, Some("a=b"), "{base}/resource?a=b" ; "query")]
    fn urls_are_made(
        route: &str,
        code: Option<u16>,
        to: Option<&str>,
        query: Option<&str>,
        expected: &str,
    ) {
        let abilities = Abilities::all();
        let template = Template { policy: &Policy::default(), abilities: &abilities };
        assert_eq!(template.url(route, code, to, query).as_deref(), Ok(expected));
    }
}
