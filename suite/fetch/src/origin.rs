//! Origins and sites: who is the same as whom.

use alloc::string::{String, ToString as _};
use core::fmt;
use core::net::IpAddr;

use url::{Host, Url};

/// An [origin](https://html.spec.whatwg.org/#concept-origin).
///
/// Opaque origins are never the same as one another here: the model has one
/// page, and what is opaque to it is another's.
#[derive(Clone, Debug)]
pub enum Origin {
    /// Of a sandboxed frame or a `data:` page: serialised as `null`.
    Opaque,
    /// A scheme, a host and a port.
    Tuple {
        /// The scheme, in lower case.
        scheme: String,
        /// The host.
        host: Host<String>,
        /// The port, unless it is the scheme's default.
        port: Option<u16>,
    },
}

/// A text that is not a serialised origin.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{}` is not an origin: {problem}", .text.escape_default())]
pub struct InvalidOrigin {
    text: String,
    problem: &'static str,
}

impl Origin {
    /// Reads a serialised origin, or `null`.
    ///
    /// # Errors
    ///
    /// The text is not exactly what a browser would serialise: it has a path,
    /// userinfo, a default port, upper case, or is no origin at all.
    pub fn parse(text: &str) -> Result<Self, InvalidOrigin> {
        let invalid = |problem| InvalidOrigin { text: text.to_string(), problem };
        if text == "null" {
            return Ok(Self::Opaque);
        }
        let Some((_, rest)) = text.split_once("://") else {
            return Err(invalid("write scheme://host, or null"));
        };
        if rest.is_empty() || rest.contains(['/', '?', '#', '\\']) {
            return Err(invalid("an origin is scheme://host:port and nothing after it"));
        }
        let url = Url::parse(text).map_err(|_| invalid("its host or port cannot be parsed"))?;
        let host = match url.host() {
            Some(host) => host.to_owned(),
            None => return Err(invalid("it has no host")),
        };
        let origin = Self::Tuple { scheme: url.scheme().to_string(), host, port: url.port() };
        if origin.to_string() != text {
            return Err(invalid("a browser would write it in another way"));
        }
        Ok(origin)
    }

    /// The [origin of a URL](https://url.spec.whatwg.org/#concept-url-origin).
    #[must_use]
    pub fn of(url: &Url) -> Self {
        match (url.scheme(), url.host()) {
            (scheme @ ("http" | "https" | "ws" | "wss" | "ftp"), Some(host)) => {
                Self::Tuple { scheme: scheme.to_string(), host: host.to_owned(), port: url.port() }
            }
            _ => Self::Opaque,
        }
    }

    /// Whether two origins are the [same](https://html.spec.whatwg.org/#same-origin).
    #[must_use]
    pub fn same_origin(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Tuple { scheme, host, port },
                Self::Tuple { scheme: other_scheme, host: other_host, port: other_port },
            ) => scheme == other_scheme && host == other_host && port == other_port,
            _ => false,
        }
    }

    /// Whether two origins are of the [same site](https://html.spec.whatwg.org/#same-site),
    /// scheme included.
    #[must_use]
    pub fn same_site(&self, other: &Self) -> bool {
        self.scheme() == other.scheme() && self.schemelessly_same_site(other)
    }

    /// Whether two origins are [schemelessly same site](https://html.spec.whatwg.org/#schemelessly-same-site).
    #[must_use]
    pub fn schemelessly_same_site(&self, other: &Self) -> bool {
        let (Self::Tuple { host, .. }, Self::Tuple { host: other, .. }) = (self, other) else {
            return false;
        };
        if host == other {
            return true;
        }
        match (registrable_domain(host), registrable_domain(other)) {
            (Some(one), Some(other)) => one == other,
            _ => false,
        }
    }

    /// The scheme of a tuple origin.
    #[must_use]
    pub fn scheme(&self) -> Option<&str> {
        match self {
            Self::Opaque => None,
            Self::Tuple { scheme, .. } => Some(scheme),
        }
    }

    /// Whether the origin is [potentially trustworthy](https://w3c.github.io/webappsec-secure-contexts/#is-origin-trustworthy):
    /// encrypted, or on this machine.
    #[must_use]
    pub fn is_potentially_trustworthy(&self) -> bool {
        match self {
            Self::Opaque => false,
            Self::Tuple { scheme, host, .. } => {
                matches!(scheme.as_str(), "https" | "wss" | "file") || is_loopback(host)
            }
        }
    }
}

/// Whether a host is this machine: 127.0.0.0/8, ::1, `localhost` and what ends with it.
#[must_use]
pub fn is_loopback(host: &Host<String>) -> bool {
    match host {
        Host::Ipv4(address) => IpAddr::from(*address).is_loopback(),
        Host::Ipv6(address) => IpAddr::from(*address).is_loopback(),
        Host::Domain(domain) => {
            let domain = domain.strip_suffix('.').unwrap_or(domain);
            domain == "localhost" || domain.ends_with(".localhost")
        }
    }
}

/// The [registrable domain](https://url.spec.whatwg.org/#host-registrable-domain)
/// of a host: `None` for addresses and public suffixes.
#[must_use]
pub fn registrable_domain(host: &Host<String>) -> Option<&str> {
    match host {
        Host::Domain(domain) => psl::domain_str(domain),
        Host::Ipv4(_) | Host::Ipv6(_) => None,
    }
}

impl fmt::Display for Origin {
    /// [Serialises](https://html.spec.whatwg.org/#ascii-serialisation-of-an-origin).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opaque => f.write_str("null"),
            Self::Tuple { scheme, host, port: None } => write!(f, "{scheme}://{host}"),
            Self::Tuple { scheme, host, port: Some(port) } => write!(f, "{scheme}://{host}:{port}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use test_case::test_case;

    use super::Origin;

    #[test_case("https://app.example"; "a domain")]
    #[test_case("http://localhost:3000"; "a port")]
    #[test_case("http://[::1]:8000"; "an IPv6 address")]
    #[test_case("https://xn--bcher-kva.example"; "punycode")]
    #[test_case("chrome-extension://abcdef"; "an extension")]
    #[test_case("capacitor://localhost"; "a wrapped page")]
    #[test_case("null"; "an opaque origin")]
    fn what_a_browser_serialises_is_read_back(text: &str) {
        assert_eq!(Origin::parse(text).unwrap().to_string(), text);
    }

    #[test_case("https://app.example/"; "a path")]
    #[test_case("https://app.example:443"; "the default port")]
    #[test_case("https://App.example"; "upper case")]
    #[test_case("HTTPS://app.example"; "scheme in upper case")]
    #[test_case("https://u@app.example"; "userinfo")]
    #[test_case("app.example"; "no scheme")]
    #[test_case("*"; "a star")]
    #[test_case("https://b\u{fc}cher.example"; "a name that is not ASCII")]
    #[test_case("https://"; "no host")]
    #[test_case("NULL"; "null in upper case")]
    fn anything_else_is_refused(text: &str) {
        Origin::parse(text).unwrap_err();
    }

    #[test_case("https://app.example/", "nothing after it"; "a path")]
    #[test_case("https://", "nothing after it"; "no host")]
    #[test_case("https://a:b", "its host or port"; "a port that is none")]
    #[test_case("app.example", "write scheme://host"; "no scheme")]
    #[test_case("https://APP.example", "in another way"; "upper case")]
    fn what_is_wrong_is_said(text: &str, want: &str) {
        let said = Origin::parse(text).unwrap_err().to_string();
        assert!(said.contains(want), "{said}");
    }

    #[test_case("https://a.example", "https://a.example", true, true, true; "the same")]
    #[test_case("https://a.example", "https://a.example:8443", false, true, true; "another port")]
    #[test_case("https://a.example", "http://a.example", false, false, true; "another scheme")]
    #[test_case("https://a.b.example", "https://c.b.example", false, true, true; "sub-domains")]
    #[test_case("https://a.co.uk", "https://b.co.uk", false, false, false; "a public suffix")]
    #[test_case("http://127.0.0.1", "http://127.0.0.2", false, false, false; "addresses")]
    #[test_case("http://localhost:1", "http://localhost:2", false, true, true; "localhost")]
    #[test_case("null", "null", false, false, false; "opaque origins")]
    fn sameness(one: &str, other: &str, origin: bool, site: bool, schemeless: bool) {
        let (one, other) = (Origin::parse(one).unwrap(), Origin::parse(other).unwrap());
        assert_eq!(one.same_origin(&other), origin);
        assert_eq!(one.same_site(&other), site);
        assert_eq!(one.schemelessly_same_site(&other), schemeless);
    }

    #[test_case("https://a.example", true; "encrypted")]
    #[test_case("http://a.example", false; "not encrypted")]
    #[test_case("http://127.8.9.1:80", true; "loopback")]
    #[test_case("http://x.localhost", true; "below localhost")]
    #[test_case("http://localhost.evil.example", false; "not below localhost")]
    fn trustworthiness(origin: &str, want: bool) {
        let origin = origin.strip_suffix(":80").unwrap_or(origin);
        assert_eq!(Origin::parse(origin).unwrap().is_potentially_trustworthy(), want);
    }
}
