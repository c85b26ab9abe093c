//! Why a fetch ended in a network error: one variant a cause, with the bytes that decided.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::byte::Bytes;
use crate::cors_check::Refusal;

pub use self::description::{CAUSES, Description, describe};

mod description;

/// Why the page got a network error.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Cause {
    /// The URL's port is one that browsers never fetch from.
    #[error("port {port} is blocked for fetches")]
    BadPort {
        /// The port.
        port: u16,
    },
    /// A page that was loaded securely asks for a URL that is not secure.
    #[error("a page of a secure origin may not fetch {url}")]
    MixedContent {
        /// The URL.
        url: String,
    },
    /// The script asked for mode same-origin, and the URL is of another origin.
    #[error("the mode is same-origin, and {url} is of another origin")]
    SameOriginMode {
        /// The URL.
        url: String,
    },
    /// In mode no-cors, another origin's redirects can only be followed.
    #[error("the mode is no-cors, and the redirect mode is not follow")]
    NoCorsRedirectMode,
    /// Only http and https URLs can be fetched across origins.
    #[error("the scheme `{scheme}` cannot be fetched across origins")]
    UnsupportedScheme {
        /// The scheme.
        scheme: String,
    },
    /// The server did not answer: refused, reset, timed out, or not HTTP.
    #[error("nothing answered: {message}")]
    ConnectionFailed {
        /// What the connection said.
        message: String,
    },
    /// A response header's value holds a NUL byte.
    #[error("the value of the response header {name} holds a NUL")]
    ResponseHeaderWithNul {
        /// The header's name.
        name: Bytes,
    },
    /// The server did not answer the preflight: refused, reset, timed out, or not HTTP.
    #[error("nothing answered the preflight: {message}")]
    PreflightConnectionFailed {
        /// What the connection said.
        message: String,
    },
    /// The response does not pass the CORS check.
    #[error("{0}")]
    CorsCheck(Refusal),
    /// The preflight's response does not pass the CORS check.
    #[error("of the preflight: {0}")]
    PreflightCorsCheck(Refusal),
    /// The preflight is answered with a redirect: to a login page, to https, or to a path with a slash.
    #[error(
        "the preflight is answered with a redirect ({status}), and preflights are not redirected"
    )]
    PreflightRedirect {
        /// The status.
        status: u16,
    },
    /// The preflight's status is not 200 to 299: often an authentication layer or a router that does not know OPTIONS.
    #[error("the preflight is answered {status}, and only 200 to 299 allow the request")]
    PreflightStatus {
        /// The status.
        status: u16,
    },
    /// Access-Control-Allow-Methods is not a comma-separated list of tokens; one bad item spoils all.
    #[error("Access-Control-Allow-Methods is {sent}, which is not a list of methods")]
    PreflightMethodsUnparsable {
        /// What the server sent.
        sent: Bytes,
    },
    /// Access-Control-Allow-Headers is not a comma-separated list of tokens; one bad item spoils all.
    #[error("Access-Control-Allow-Headers is {sent}, which is not a list of header names")]
    PreflightHeadersUnparsable {
        /// What the server sent.
        sent: Bytes,
    },
    /// The request's method is not in Access-Control-Allow-Methods; methods are case-sensitive.
    #[error(
        "the method {method} is not among the allowed ones: Access-Control-Allow-Methods {sent}"
    )]
    PreflightMethodNotAllowed {
        /// The request's method.
        method: Bytes,
        /// What the server sent.
        sent: Allowed,
    },
    /// With credentials, `*` in Access-Control-Allow-Methods is no wildcard.
    #[error(
        "credentials are included, so that `*` in Access-Control-Allow-Methods does not stand for {method}"
    )]
    PreflightMethodWildcardWithCredentials {
        /// The request's method.
        method: Bytes,
    },
    /// `*` does not cover Authorization: Access-Control-Allow-Headers must list it by name.
    #[error("authorization must be listed by name: Access-Control-Allow-Headers {sent}")]
    PreflightAuthorizationNotListed {
        /// What the server sent.
        sent: Allowed,
    },
    /// A header of the request is not in Access-Control-Allow-Headers.
    #[error("the header {name} is not among the allowed ones: Access-Control-Allow-Headers {sent}")]
    PreflightHeaderNotAllowed {
        /// The header's name.
        name: Bytes,
        /// What the server sent.
        sent: Allowed,
    },
    /// With credentials, `*` in Access-Control-Allow-Headers is no wildcard.
    #[error(
        "credentials are included, so that `*` in Access-Control-Allow-Headers does not stand for {name}"
    )]
    PreflightHeaderWildcardWithCredentials {
        /// The header's name.
        name: Bytes,
    },
    /// Cross-Origin-Resource-Policy forbids other origins to embed the response.
    #[error("Cross-Origin-Resource-Policy is {sent}, which keeps this page out")]
    CrossOriginResourcePolicy {
        /// What the server sent.
        sent: Bytes,
    },
    /// The page's Cross-Origin-Embedder-Policy asks for a Cross-Origin-Resource-Policy that the response lacks.
    #[error(
        "the page requires Cross-Origin-Resource-Policy, and the response has none that lets it in"
    )]
    EmbedderPolicy,
    /// The script asked for redirect mode error, and the response is a redirect.
    #[error("the response is a redirect ({status}), and the redirect mode is error")]
    RedirectModeError {
        /// The status.
        status: u16,
    },
    /// The redirect's Location cannot be parsed as a URL.
    #[error("{}", location(sent, other.as_ref()))]
    RedirectLocationUnparsable {
        /// What the server sent.
        sent: Bytes,
        /// What it sent on a further line of the header, which is another value.
        other: Option<Bytes>,
    },
    /// The redirect leads to a URL that is neither http nor https.
    #[error("the redirect leads to a `{scheme}` URL, and only http and https are followed")]
    RedirectScheme {
        /// The scheme.
        scheme: String,
    },
    /// The 21st redirect is an error.
    #[error("more than 20 redirects")]
    TooManyRedirects,
    /// A redirect of a cors request to another origin may not carry userinfo in its URL.
    #[error("Location carries a username or password for another origin")]
    RedirectCredentialsCrossOrigin,
    /// Once a request has left its origin, no redirect may carry userinfo in its URL.
    #[error("Location carries a username or password, and the response comes from another origin")]
    RedirectCredentials,
    /// The bodies of keepalive requests are limited to 64 KiB.
    #[error("a keepalive body has {length} bytes, and may have 65536")]
    KeepaliveQuota {
        /// The body's length in bytes.
        length: usize,
    },
    /// The script asked for what is cached, and nothing is.
    #[error("the cache mode is only-if-cached, and nothing is cached")]
    OnlyIfCached,
    /// A 407 comes from a server that is not a proxy.
    #[error("the response is 407, and there is nobody to ask for a password")]
    ProxyAuthentication,
    /// Integrity metadata needs a response that the page may read.
    #[error("the integrity of a response that the page may not read cannot be checked")]
    IntegrityOpaque,
    /// The body's digest is not one that the integrity metadata names.
    #[error("the body does not match the integrity metadata")]
    IntegrityMismatch,
}

/// What an `Access-Control-Allow-…` list said, for a sentence that goes on with it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Allowed(pub Option<Vec<u8>>);

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(value) => write!(f, "is {}", Bytes(value.clone())),
            None => f.write_str("is missing"),
        }
    }
}

/// What is wrong with a `Location`.
fn location(sent: &Bytes, other: Option<&Bytes>) -> String {
    match other {
        Some(other) => alloc::format!("there are several Location lines, {sent} and {other}"),
        None => alloc::format!("Location is {sent}, which is not a URL"),
    }
}

impl Cause {
    /// The name that reports use, in kebab case.
    #[must_use]
    pub fn slug(&self) -> &'static str {
        match self {
            Self::CorsCheck(refusal) => refusal.slug(),
            Self::PreflightCorsCheck(refusal) => refusal.preflight_slug(),
            Self::BadPort { .. } => "bad-port",
            Self::MixedContent { .. } => "mixed-content",
            Self::SameOriginMode { .. } => "same-origin-mode",
            Self::NoCorsRedirectMode => "no-cors-redirect-mode",
            Self::UnsupportedScheme { .. } => "unsupported-scheme",
            Self::ConnectionFailed { .. } => "connection-failed",
            Self::ResponseHeaderWithNul { .. } => "response-header-with-nul",
            Self::PreflightConnectionFailed { .. } => "preflight-connection-failed",
            Self::PreflightRedirect { .. } => "preflight-redirect",
            Self::PreflightStatus { .. } => "preflight-status",
            Self::PreflightMethodsUnparsable { .. } => "preflight-methods-unparsable",
            Self::PreflightHeadersUnparsable { .. } => "preflight-headers-unparsable",
            Self::PreflightMethodNotAllowed { .. } => "preflight-method-not-allowed",
            Self::PreflightMethodWildcardWithCredentials { .. } => {
                "preflight-method-wildcard-with-credentials"
            }
            Self::PreflightAuthorizationNotListed { .. } => "preflight-authorization-not-listed",
            Self::PreflightHeaderNotAllowed { .. } => "preflight-header-not-allowed",
            Self::PreflightHeaderWildcardWithCredentials { .. } => {
                "preflight-header-wildcard-with-credentials"
            }
            Self::CrossOriginResourcePolicy { .. } => "cross-origin-resource-policy",
            Self::EmbedderPolicy => "embedder-policy",
            Self::RedirectModeError { .. } => "redirect-mode-error",
            Self::RedirectLocationUnparsable { .. } => "redirect-location-unparsable",
            Self::RedirectScheme { .. } => "redirect-scheme",
            Self::TooManyRedirects => "too-many-redirects",
            Self::RedirectCredentialsCrossOrigin => "redirect-credentials-cross-origin",
            Self::RedirectCredentials => "redirect-credentials",
            Self::KeepaliveQuota { .. } => "keepalive-quota",
            Self::OnlyIfCached => "only-if-cached",
            Self::ProxyAuthentication => "proxy-authentication",
            Self::IntegrityOpaque => "integrity-opaque",
            Self::IntegrityMismatch => "integrity-mismatch",
        }
    }

    /// The anchor of the algorithm that decided, and the step.
    ///
    /// A cause that no description has would be a fault of this module; a test
    /// makes sure that there is none.
    #[must_use]
    pub fn place(&self) -> (&'static str, &'static str) {
        describe(self.slug()).map_or(("", ""), |found| (found.anchor, found.step))
    }
}

impl Refusal {
    /// The name of this refusal of the response itself.
    #[must_use]
    pub fn slug(&self) -> &'static str {
        match self {
            Self::AllowOriginMissing => "allow-origin-missing",
            Self::AllowOriginMultiple { .. } => "allow-origin-multiple",
            Self::AllowOriginWildcardWithCredentials => "allow-origin-wildcard-with-credentials",
            Self::AllowOriginMismatch { .. } => "allow-origin-mismatch",
            Self::AllowCredentialsMissing => "allow-credentials-missing",
            Self::AllowCredentialsNotTrue { .. } => "allow-credentials-not-true",
        }
    }

    fn preflight_slug(&self) -> &'static str {
        match self {
            Self::AllowOriginMissing => "preflight-allow-origin-missing",
            Self::AllowOriginMultiple { .. } => "preflight-allow-origin-multiple",
            Self::AllowOriginWildcardWithCredentials => {
                "preflight-allow-origin-wildcard-with-credentials"
            }
            Self::AllowOriginMismatch { .. } => "preflight-allow-origin-mismatch",
            Self::AllowCredentialsMissing => "preflight-allow-credentials-missing",
            Self::AllowCredentialsNotTrue { .. } => "preflight-allow-credentials-not-true",
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;
    use alloc::string::ToString as _;
    use alloc::vec::Vec;

    use super::{Allowed, CAUSES, Cause};
    use crate::byte::Bytes;
    use crate::cors_check::Refusal;

    #[test]
    fn slugs_are_unique() {
        let slugs: BTreeSet<_> = CAUSES.iter().map(|cause| cause.slug).collect();
        assert_eq!(slugs.len(), CAUSES.len());
    }

    #[test]
    fn a_refusal_knows_its_step_under_both_names() {
        for refusal in [
            Refusal::AllowOriginMissing,
            Refusal::AllowOriginMultiple { sent: Bytes(Vec::new()) },
            Refusal::AllowOriginWildcardWithCredentials,
            Refusal::AllowCredentialsMissing,
            Refusal::AllowCredentialsNotTrue { sent: Bytes(Vec::new()) },
        ] {
            let want = ("concept-cors-check", refusal.step());
            assert_eq!(Cause::CorsCheck(refusal.clone()).place(), want);
            assert_eq!(Cause::PreflightCorsCheck(refusal).place(), want);
        }
    }

    #[test]
    fn a_list_is_shown_as_sent_or_as_missing() {
        assert_eq!(Allowed(Some(b"a, \x01".to_vec())).to_string(), "is `a, \\x01`");
        assert_eq!(Allowed(None).to_string(), "is missing");
    }

    #[test]
    fn locations_that_differ_are_said_to_be_several() {
        let bytes = |text: &[u8]| Bytes(text.to_vec());
        let cause = |other| Cause::RedirectLocationUnparsable { sent: bytes(b"/a"), other };
        let several = cause(Some(bytes(b"/b"))).to_string();
        assert_eq!(several, "there are several Location lines, `/a` and `/b`");
        assert_eq!(cause(None).to_string(), "Location is `/a`, which is not a URL");
    }

    #[test]
    fn every_description_has_a_place_and_a_meaning() {
        for cause in &CAUSES {
            assert!(!cause.anchor.is_empty() && !cause.step.is_empty(), "{}", cause.slug);
            assert!(cause.meaning.ends_with('.'), "{}", cause.slug);
        }
    }
}
