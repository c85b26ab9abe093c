//! What a server means to allow: the declared policy that every verdict is measured against.
//!
//! Field names are those of the Gateway API's CORS filter. A policy is written as TOML in files and as JSON in the
//! environment of a launched target. Matching here is exact, byte for byte, as the browser compares origins.

use corspec_fetch::construct::{
    is_forbidden_method, is_forbidden_request_header, normalize_method,
};
use serde::{Deserialize, Serialize};

mod pattern;

pub use pattern::OriginPattern;

/// What a server means to allow to pages of other origins.
///
/// The default allows nobody. Made by [`Policy::from_toml`], [`Policy::from_json`] or by hand; [`Policy::validate`]
/// tells what makes no sense.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Policy {
    /// Origins that may read answers: exact, `*`, or `https://*.example.com`. Empty: nobody may.
    pub allow_origins: Vec<OriginPattern>,
    /// Whether requests may carry cookies and their answers be read.
    pub allow_credentials: bool,
    /// Methods that pages may use, or `*`. The safelisted ones (GET, HEAD, POST) need no leave.
    pub allow_methods: Vec<String>,
    /// Names of request headers that pages may set, or `*` (which never covers `Authorization`).
    pub allow_headers: Vec<String>,
    /// Names of response headers that pages may read beside the safelisted ones, or `*`.
    pub expose_headers: Vec<String>,
    /// Seconds for which a browser may remember a preflight's answer; absent: the server says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age: Option<u32>,
    /// Whether the opaque origin `null` (sandboxed frames, local files) may read answers.
    pub allow_null_origin: bool,
}

/// Why a policy makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The text is not TOML or JSON of a policy.
    #[error("{0}")]
    Syntax(String),
    /// `*` beside other origins.
    #[error(
        "`*` in `allow-origins` already allows every origin, remove the other entries or the `*`"
    )]
    AnyOriginBesideOthers,
    /// An origin twice.
    #[error("`{0}` stands twice in `allow-origins`, remove one")]
    DuplicateOrigin(String),
    /// A method or header name that is not a token.
    #[error("`{value}` in `{field}` is not an HTTP token, write a name such as `{example}`")]
    NotAToken {
        /// The policy's field.
        field: &'static str,
        /// What stands there.
        value: String,
        /// What could stand there.
        example: &'static str,
    },
    /// A method that no page can send.
    #[error("`{0}` in `allow-methods` is forbidden to pages by the Fetch standard, remove it")]
    ForbiddenMethod(String),
    /// A method that browsers send in upper case, whatever case a page writes.
    #[error("`{0}` in `allow-methods` never equals what browsers send, write `{1}`")]
    NotNormalized(String, String),
    /// A lower-case `patch`, the one common method whose case browsers leave alone.
    #[error(
        "`{0}` in `allow-methods` is another method than `PATCH`, write `PATCH` (or both, if pages send both)"
    )]
    NotPatch(String),
    /// A request header that no page can set.
    #[error("`{0}` in `allow-headers` is forbidden to pages by the Fetch standard, remove it")]
    ForbiddenHeader(String),
    /// `*` in a list together with credentials, where browsers read it as a plain name.
    #[error("`*` in `{0}` is no wildcard when `allow-credentials` is true, list the names")]
    WildcardWithCredentials(&'static str),
}

impl Policy {
    /// Reads a policy from TOML and validates it.
    ///
    /// # Errors
    /// When the text is not TOML, has an unknown key, or the policy makes no sense.
    pub fn from_toml(text: &str) -> Result<Self, PolicyError> {
        let policy: Self = toml::from_str(text).map_err(|e| PolicyError::Syntax(e.to_string()))?;
        policy.validate()?;
        Ok(policy)
    }

    /// Reads a policy from the JSON that [`Policy::to_json`] writes, and validates it.
    ///
    /// # Errors
    /// When the text is not JSON, has an unknown key, or the policy makes no sense.
    pub fn from_json(text: &str) -> Result<Self, PolicyError> {
        let policy: Self =
            serde_json::from_str(text).map_err(|e| PolicyError::Syntax(e.to_string()))?;
        policy.validate()?;
        Ok(policy)
    }

    /// The policy on one line of JSON, as launched targets find it in `CORSPEC_POLICY`. Every key but `max-age` is there.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self)
            .expect("a policy is strings, booleans and a number, and its keys are strings")
    }

    /// Whether the policy makes sense.
    ///
    /// # Errors
    /// The first thing that does not.
    pub fn validate(&self) -> Result<(), PolicyError> {
        if self.allows_any_origin() && self.allow_origins.len() > 1 {
            return Err(PolicyError::AnyOriginBesideOthers);
        }
        for (index, pattern) in self.allow_origins.iter().enumerate() {
            if self.allow_origins[..index].contains(pattern) {
                return Err(PolicyError::DuplicateOrigin(pattern.to_string()));
            }
        }
        self.validate_names("allow-methods", &self.allow_methods, "PUT")?;
        self.validate_names("allow-headers", &self.allow_headers, "content-type")?;
        self.validate_names("expose-headers", &self.expose_headers, "x-request-id")?;
        self.allow_methods.iter().try_for_each(|method| self.validate_method(method))?;
        // Which names are forbidden whatever the value (Fetch, `#forbidden-request-header` steps 1 and 2).
        let forbidden = |name: &&String| is_forbidden_request_header(name.as_bytes(), b"");
        match self.allow_headers.iter().find(forbidden) {
            Some(name) => Err(PolicyError::ForbiddenHeader(name.clone())),
            None => Ok(()),
        }
    }

    /// Whether a page can send `method`, as it is written (Fetch, `#concept-method-normalize`).
    fn validate_method(&self, method: &str) -> Result<(), PolicyError> {
        if is_forbidden_method(method.as_bytes()) {
            return Err(PolicyError::ForbiddenMethod(method.to_owned()));
        }
        if normalize_method(method.as_bytes()) != method.as_bytes() {
            let upper = method.to_ascii_uppercase();
            return Err(PolicyError::NotNormalized(method.to_owned(), upper));
        }
        let is_meant = |listed: &String| listed == "PATCH";
        match method.eq_ignore_ascii_case("PATCH") && !self.allow_methods.iter().any(is_meant) {
            true => Err(PolicyError::NotPatch(method.to_owned())),
            false => Ok(()),
        }
    }

    fn validate_names(
        &self,
        field: &'static str,
        names: &[String],
        example: &'static str,
    ) -> Result<(), PolicyError> {
        for name in names {
            if !is_token(name.as_bytes()) {
                return Err(PolicyError::NotAToken { field, value: name.clone(), example });
            }
            if name == "*" && self.allow_credentials {
                return Err(PolicyError::WildcardWithCredentials(field));
            }
        }
        Ok(())
    }

    /// Whether `*` stands in `allow-origins`.
    #[must_use]
    pub fn allows_any_origin(&self) -> bool {
        self.allow_origins.contains(&OriginPattern::Any)
    }

    /// Whether a page of the origin `serialized` (as browsers write it in `Origin`, or `null`) may read answers.
    ///
    /// Anything but a serialised origin is denied, unless the policy allows every origin.
    #[must_use]
    pub fn allows_origin(&self, serialized: &str) -> bool {
        if serialized == "null" {
            return self.allow_null_origin || self.allows_any_origin();
        }
        self.allow_origins.iter().any(|pattern| pattern.matches(serialized))
    }

    /// Whether a page may use `method`, which is compared case-sensitively as browsers do.
    ///
    /// GET, HEAD and POST are safelisted: no answer to a preflight can forbid them.
    #[must_use]
    pub fn allows_method(&self, method: &str) -> bool {
        is_safelisted_method(method)
            || self.allow_methods.iter().any(|listed| listed == method || listed == "*")
    }

    /// Whether a page may set the request header `name` to a value that is not safelisted.
    ///
    /// `*` does not cover `Authorization` (Fetch, `#cors-non-wildcard-request-header-name`).
    #[must_use]
    pub fn allows_header(&self, name: &str) -> bool {
        let wildcard = !name.eq_ignore_ascii_case("authorization");
        self.allow_headers
            .iter()
            .any(|listed| listed.eq_ignore_ascii_case(name) || (wildcard && listed == "*"))
    }

    /// Whether a page may read the response header `name`, the safelisted names aside.
    #[must_use]
    pub fn exposes_header(&self, name: &str) -> bool {
        self.expose_headers.iter().any(|listed| listed.eq_ignore_ascii_case(name) || listed == "*")
    }
}

/// Whether `method` needs no leave in a preflight (Fetch, `#cors-safelisted-method`).
pub(crate) fn is_safelisted_method(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "POST")
}

/// Whether `bytes` are a `token` (RFC 9110, section 5.6.2).
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty()
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    use test_case::test_case;

    fn policy(text: &str) -> Policy {
        Policy::from_toml(text).unwrap()
    }

    #[test_case("allow-origins = ['*', 'https://a.example']", "`*` in `allow-origins` already" ; "any beside another")]
    #[test_case("allow-origins = ['https://a.example', 'https://a.example']", "stands twice" ; "twice")]
    #[test_case("allow-methods = ['P T']", "`P T` in `allow-methods` is not an HTTP token" ; "method with a space")]
    #[test_case("allow-headers = ['']", "`` in `allow-headers` is not an HTTP token" ; "empty header")]
    #[test_case("expose-headers = ['x:y']", "`x:y` in `expose-headers`" ; "colon")]
    #[test_case("allow-methods = ['trace']", "`trace` in `allow-methods` is forbidden" ; "forbidden method")]
    #[test_case("allow-methods = ['GET', 'put']", "`put` in `allow-methods` never equals what browsers send, write `PUT`" ; "method in lower case")]
    #[test_case("allow-methods = ['Get']", "write `GET`" ; "safelisted method in mixed case")]
    #[test_case("allow-methods = ['patch']", "`patch` in `allow-methods` is another method than `PATCH`" ; "patch alone")]
    #[test_case("allow-headers = ['Cookie']", "`Cookie` in `allow-headers` is forbidden" ; "forbidden header")]
    #[test_case("allow-headers = ['*', 'sec-ch-ua']", "`sec-ch-ua` in `allow-headers` is forbidden" ; "forbidden prefix")]
    #[test_case("allow-credentials = true\nallow-methods = ['*']", "no wildcard when `allow-credentials`" ; "wildcard with credentials")]
    #[test_case("allow-origin = []", "unknown field `allow-origin`" ; "unknown key")]
    #[test_case("max-age = -1", "invalid value" ; "negative age")]
    fn nonsense_is_refused_with_what_to_do(text: &str, expected: &str) {
        let error = Policy::from_toml(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn json_keeps_the_policy() {
        let before = policy(include_str!("../policies/allow-list.toml"));
        assert_eq!(Policy::from_json(&before.to_json()).unwrap(), before);
    }

    #[test_case("", "null", false ; "nobody, so not null")]
    #[test_case("allow-null-origin = true", "null", true ; "null by its own key")]
    #[test_case("allow-origins = ['*']", "null", true ; "any origin is null too")]
    #[test_case("allow-origins = ['https://a.example']", "https://a.example", true ; "exact")]
    #[test_case("allow-origins = ['https://a.example']", "https://a.example/", false ; "slash")]
    #[test_case("allow-origins = ['https://a.example']", "https://A.example", false ; "case")]
    #[test_case("allow-origins = ['https://a.example']", "http://a.example", false ; "scheme")]
    fn origins_are_matched_byte_for_byte(text: &str, origin: &str, expected: bool) {
        assert_eq!(policy(text).allows_origin(origin), expected);
    }

    #[test_case("", "POST", true ; "safelisted")]
    #[test_case("", "PUT", false ; "not listed")]
    #[test_case("allow-methods = ['PATCH']", "PATCH", true ; "listed")]
    #[test_case("allow-methods = ['PATCH', 'patch']", "patch", true ; "both of them")]
    #[test_case("allow-methods = ['brew']", "BREW", false ; "a method of its own in lower case")]
    #[test_case("allow-methods = ['PATCH']", "patch", false ; "other case")]
    #[test_case("allow-methods = ['*']", "BREW", true ; "wildcard")]
    fn methods_are_matched_by_case(text: &str, method: &str, expected: bool) {
        assert_eq!(policy(text).allows_method(method), expected);
    }

    #[test_case("allow-headers = ['X-A']", "x-a", true ; "other case")]
    #[test_case("allow-headers = ['X-A']", "x-b", false ; "not listed")]
    #[test_case("allow-headers = ['*']", "x-b", true ; "wildcard")]
    #[test_case("allow-headers = ['*']", "Authorization", false ; "wildcard does not cover authorization")]
    #[test_case("allow-headers = ['*', 'authorization']", "Authorization", true ; "authorization beside the wildcard")]
    fn headers_are_matched_without_case(text: &str, name: &str, expected: bool) {
        assert_eq!(policy(text).allows_header(name), expected);
    }
}
