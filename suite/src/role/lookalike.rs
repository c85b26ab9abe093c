//! Origins that resemble an allowed one and are not it.

use corspec_fetch::origin::Origin;

use crate::policy::Policy;

/// A way to make an origin that resembles an allowed one.
#[derive(Debug)]
pub struct Lookalike {
    /// The role's name.
    pub name: &'static str,
    /// What it is, by example: what becomes of `https://app.example`.
    pub meaning: &'static str,
    /// Whether no browser sends such an origin.
    pub wire_only: bool,
    make: fn(&Parts<'_>) -> Option<String>,
}

impl Lookalike {
    /// The look-alike of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        LOOKALIKES.iter().find(|lookalike| lookalike.name == name)
    }

    /// The first look-alike of `allowed` that the policy denies.
    pub(super) fn resolve(&self, allowed: &[String], policy: &Policy) -> Result<String, String> {
        if allowed.is_empty() {
            return Err("the policy allows no origin that another could resemble".to_owned());
        }
        let made = allowed.iter().filter_map(|origin| (self.make)(&Parts::of(origin)?));
        // What becomes of an internationalised name may be no name that a browser knows.
        let made: Vec<String> =
            made.filter(|origin| self.wire_only || Origin::parse(origin).is_ok()).collect();
        let Some(first) = made.first() else {
            return Err(format!("no allowed origin has a look-alike of the kind `{}`", self.name));
        };
        made.iter()
            .find(|origin| !policy.allows_origin(origin))
            .cloned()
            .ok_or_else(|| format!("the look-alike `{first}` is itself allowed"))
    }
}

/// A serialised origin, taken apart.
struct Parts<'a> {
    scheme: &'a str,
    host: &'a str,
    port: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(origin: &'a str) -> Option<Self> {
        let (scheme, authority) = origin.split_once("://")?;
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => (host, Some(port)),
            _ => (authority, None),
        };
        Some(Self { scheme, host, port })
    }

    fn with_host(&self, host: &str) -> String {
        match self.port {
            Some(port) => format!("{}://{host}:{port}", self.scheme),
            None => format!("{}://{host}", self.scheme),
        }
    }

    fn with_scheme(&self, scheme: &str) -> String {
        match self.port {
            Some(port) => format!("{scheme}://{}:{port}", self.host),
            None => format!("{scheme}://{}", self.host),
        }
    }

    fn whole(&self) -> String {
        self.with_host(self.host)
    }

    /// Whether the host is a name, not an address, so that labels can be put to it.
    fn is_name(&self) -> bool {
        !self.host.starts_with('[') && self.host.bytes().any(|b| b.is_ascii_alphabetic())
    }

    fn name_with(&self, host: impl FnOnce(&str) -> String) -> Option<String> {
        self.is_name().then(|| self.with_host(&host(self.host)))
    }

    fn other_port(&self) -> String {
        let port = match self.port.and_then(|port| port.parse::<u16>().ok()) {
            Some(port) => port.checked_add(1).unwrap_or(1024),
            None => 8444,
        };
        format!("{}://{}:{port}", self.scheme, self.host)
    }
}

const fn row(
    name: &'static str,
    meaning: &'static str,
    make: fn(&Parts<'_>) -> Option<String>,
) -> Lookalike {
    Lookalike { name, meaning, wire_only: false, make }
}

const fn wire(
    name: &'static str,
    meaning: &'static str,
    make: fn(&Parts<'_>) -> Option<String>,
) -> Lookalike {
    Lookalike { name, meaning, wire_only: true, make }
}

/// Every look-alike; each resolves to an origin that the policy denies, or is not applicable.
pub const LOOKALIKES: &[Lookalike] = &[
    row("suffix-lookalike", "`https://app.example.evil.test`", |p| {
        p.name_with(|h| format!("{h}.evil.test"))
    }),
    row(
        "prefix-lookalike",
        "`https://evilapp.example` (of a pattern: `https://evilexample.com`)",
        |p| {
            let bare =
                p.host.strip_prefix("app.").filter(|rest| rest.contains('.')).unwrap_or(p.host);
            p.name_with(|_| format!("evil{bare}"))
        },
    ),
    row("hyphen-lookalike", "`https://evil-app.example`", |p| {
        let bare = p.host.strip_prefix("app.").filter(|rest| rest.contains('.')).unwrap_or(p.host);
        p.name_with(|_| format!("evil-{bare}"))
    }),
    row("hyphen-suffix-lookalike", "`https://app-evil.example`", |p| {
        p.name_with(str::to_owned)?;
        let (first, rest) = p.host.split_once('.')?;
        Some(p.with_host(&format!("{first}-evil.{rest}")))
    }),
    row("longer-tld", "`https://app.examples`", |p| p.name_with(|h| format!("{h}s"))),
    row("other-tld", "`https://app.evil`", |p| {
        p.name_with(str::to_owned)?;
        let (rest, _) = p.host.rsplit_once('.')?;
        Some(p.with_host(&format!("{rest}.evil")))
    }),
    row("unescaped-dot", "`https://appxexample`", |p| {
        p.name_with(str::to_owned)?;
        let (rest, last) = p.host.rsplit_once('.')?;
        Some(p.with_host(&format!("{rest}x{last}")))
    }),
    row("scheme-downgrade", "`http://app.example`", |p| {
        (p.scheme == "https").then(|| p.with_scheme("http"))
    }),
    row("scheme-upgrade", "of an `http:` origin, the `https:` one", |p| {
        (p.scheme == "http").then(|| p.with_scheme("https"))
    }),
    row("other-port", "`https://app.example:8444`", |p| Some(p.other_port())),
    row("port-lookalike", "of `http://localhost:3000`, `http://localhost:30001`", |p| {
        let longer = format!("{}1", p.port?).parse::<u16>().ok()?;
        Some(format!("{}://{}:{longer}", p.scheme, p.host))
    }),
    row("no-port", "of an origin with a port, the one without", |p| {
        p.port.map(|_| format!("{}://{}", p.scheme, p.host))
    }),
    row("subdomain", "`https://sub.app.example`", |p| p.name_with(|h| format!("sub.{h}"))),
    row("www", "`https://www.app.example`", |p| p.name_with(|h| format!("www.{h}"))),
    row("parent-domain", "`https://example`", |p| {
        p.name_with(str::to_owned)?;
        Some(p.with_host(p.host.split_once('.')?.1))
    }),
    row("sibling", "`https://sibling.example`", |p| {
        p.name_with(str::to_owned)?;
        Some(p.with_host(&format!("sibling.{}", p.host.split_once('.')?.1)))
    }),
    row("trailing-dot", "`https://app.example.`", |p| p.name_with(|h| format!("{h}."))),
    row("underscore", "`https://app.example_.evil.test`", |p| {
        p.name_with(|h| format!("{h}_.evil.test"))
    }),
    row("idn-homograph", "the host with a Cyrillic letter, as punycode", |p| {
        p.name_with(str::to_owned)?;
        let index = p.host.find(['a', 'e', 'o', 'c', 'p', 'x'])?;
        let twin = match p.host.as_bytes()[index] {
            b'a' => 'а',
            b'e' => 'е',
            b'o' => 'о',
            b'c' => 'с',
            b'p' => 'р',
            _ => 'х',
        };
        let host = format!("{}{twin}{}", &p.host[..index], &p.host[index + 1..]);
        let url = url::Url::parse(&format!("https://{host}")).ok()?;
        Some(p.with_host(url.host_str()?))
    }),
    row("localhost", "`http://localhost`", |_| Some("http://localhost".to_owned())),
    row("localhost-lookalike", "`http://localhost.evil.test`", |_| {
        Some("http://localhost.evil.test".to_owned())
    }),
    row("ipv4", "`http://127.0.0.1`", |_| Some("http://127.0.0.1".to_owned())),
    row("ipv6", "`http://[::1]`", |_| Some("http://[::1]".to_owned())),
    row("extension", "`chrome-extension://…`", |_| {
        Some("chrome-extension://abcdefghijklmnopabcdefghijklmnop".to_owned())
    }),
    row("capacitor", "`capacitor://localhost`", |_| Some("capacitor://localhost".to_owned())),
    row("tauri", "`tauri://localhost`", |_| Some("tauri://localhost".to_owned())),
    row("firefox-extension", "`moz-extension://…`", |_| {
        Some("moz-extension://5a3e0f8e-0b9d-4a6b-9c7c-1f2e3d4c5b6a".to_owned())
    }),
    row("https-localhost", "`https://localhost`", |_| Some("https://localhost".to_owned())),
    row("localhost-subdomain", "`http://app.localhost`", |_| {
        Some("http://app.localhost".to_owned())
    }),
    row("private-ipv4", "`http://192.168.0.1`", |_| Some("http://192.168.0.1".to_owned())),
    row("private-ipv6", "`http://[fd00::1]`", |_| Some("http://[fd00::1]".to_owned())),
    row("link-local", "`http://169.254.169.254`", |_| Some("http://169.254.169.254".to_owned())),
    row("mdns-name", "`http://printer.local`", |_| Some("http://printer.local".to_owned())),
    row("intranet", "`http://intranet`", |_| Some("http://intranet".to_owned())),
    row("shared-hosting", "`https://evil.github.io`", |_| {
        Some("https://evil.github.io".to_owned())
    }),
    row("deploy-preview", "`https://evil.vercel.app`", |_| {
        Some("https://evil.vercel.app".to_owned())
    }),
    row("static-site", "`https://evil.netlify.app`", |_| {
        Some("https://evil.netlify.app".to_owned())
    }),
    row("tunnel", "`https://evil.ngrok.io`", |_| Some("https://evil.ngrok.io".to_owned())),
    wire("special-character", "``https://app.example`.evil.test``", |p| {
        p.name_with(|h| format!("{h}`.evil.test"))
    }),
    wire("userinfo-lookalike", "`https://app.example@evil.test`", |p| {
        p.name_with(|h| format!("{h}@evil.test"))
    }),
    wire("uppercase", "`https://APP.EXAMPLE`", |p| p.name_with(str::to_ascii_uppercase)),
    wire("uppercase-scheme", "`HTTPS://app.example`", |p| {
        Some(p.with_scheme(&p.scheme.to_ascii_uppercase()))
    }),
    wire("explicit-default-port", "`https://app.example:443`", |p| {
        let port = match (p.scheme, p.port) {
            ("https", None) => 443,
            ("http", None) => 80,
            _ => return None,
        };
        Some(format!("{}:{port}", p.whole()))
    }),
    wire("trailing-slash", "`https://app.example/`", |p| Some(format!("{}/", p.whole()))),
    wire("with-path", "`https://app.example/index.html`", |p| {
        Some(format!("{}/index.html", p.whole()))
    }),
    wire("path-lookalike", "`https://evil.test/app.example`", |p| {
        Some(format!("{}://evil.test/{}", p.scheme, p.host))
    }),
    wire("without-scheme", "`app.example`", |p| Some(p.host.to_owned())),
    wire("list-of-two", "`https://app.example https://evil.test`", |p| {
        Some(format!("{} https://evil.test", p.whole()))
    }),
    wire("comma-list", "`https://app.example, https://evil.test`", |p| {
        Some(format!("{}, https://evil.test", p.whole()))
    }),
    wire("asterisk", "`*`", |_| Some("*".to_owned())),
    wire("garbage", "`%%%`", |_| Some("%%%".to_owned())),
    wire("overlong", "an origin of 4000 characters", |_| {
        Some(format!("https://{}.test", "a".repeat(3987)))
    }),
];

#[cfg(test)]
mod tests {
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
        assert_eq!(super::super::origin(role, &policy, None).ok().as_deref(), expected);
    }

    #[test]
    fn every_lookalike_has_a_policy_that_it_resembles_and_is_denied() {
        for lookalike in LOOKALIKES {
            let denied = [APP, LOCAL].iter().any(|text| {
                let policy = Policy::from_toml(text).unwrap();
                super::super::origin(lookalike.name, &policy, None)
                    .is_ok_and(|origin| !policy.allows_origin(&origin))
            });
            assert!(denied, "{}", lookalike.name);
        }
    }

    #[test]
    fn what_browsers_send_parses_as_an_origin() {
        let policy = Policy::from_toml(APP).unwrap();
        for lookalike in LOOKALIKES.iter().filter(|lookalike| !lookalike.wire_only) {
            if let Ok(origin) = super::super::origin(lookalike.name, &policy, None) {
                let url = url::Url::parse(&origin).unwrap();
                assert!(url.has_host(), "{origin}");
            }
        }
    }
}
