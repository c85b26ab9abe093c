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
    make: Make,
}

/// How a look-alike is made.
#[derive(Debug)]
enum Make {
    /// Of an allowed origin.
    Of(fn(&Parts<'_>) -> Option<String>),
    /// It is the same whatever is allowed.
    Always(&'static str),
}

impl Make {
    fn of(&self, allowed: &str) -> Option<String> {
        match self {
            Self::Of(make) => make(&Parts::of(allowed)?),
            Self::Always(origin) => Some((*origin).to_owned()),
        }
    }
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
        let made = allowed.iter().filter_map(|origin| self.make.of(origin));
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
    Lookalike { name, meaning, wire_only: false, make: Make::Of(make) }
}

const fn wire(
    name: &'static str,
    meaning: &'static str,
    make: fn(&Parts<'_>) -> Option<String>,
) -> Lookalike {
    Lookalike { name, meaning, wire_only: true, make: Make::Of(make) }
}

const fn always(name: &'static str, meaning: &'static str, origin: &'static str) -> Lookalike {
    Lookalike { name, meaning, wire_only: false, make: Make::Always(origin) }
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
    always("localhost", "`http://localhost`", "http://localhost"),
    always("localhost-lookalike", "`http://localhost.evil.test`", "http://localhost.evil.test"),
    always("ipv4", "`http://127.0.0.1`", "http://127.0.0.1"),
    always("ipv6", "`http://[::1]`", "http://[::1]"),
    always(
        "extension",
        "`chrome-extension://…`",
        "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
    ),
    always("capacitor", "`capacitor://localhost`", "capacitor://localhost"),
    always("tauri", "`tauri://localhost`", "tauri://localhost"),
    always(
        "firefox-extension",
        "`moz-extension://…`",
        "moz-extension://5a3e0f8e-0b9d-4a6b-9c7c-1f2e3d4c5b6a",
    ),
    always("https-localhost", "`https://localhost`", "https://localhost"),
    always("localhost-subdomain", "`http://app.localhost`", "http://app.localhost"),
    always("private-ipv4", "`http://192.168.0.1`", "http://192.168.0.1"),
    always("private-ipv6", "`http://[fd00::1]`", "http://[fd00::1]"),
    always("link-local", "`http://169.254.169.254`", "http://169.254.169.254"),
    always("mdns-name", "`http://printer.local`", "http://printer.local"),
    always("intranet", "`http://intranet`", "http://intranet"),
    always("shared-hosting", "`https://evil.github.io`", "https://evil.github.io"),
    always("deploy-preview", "`https://evil.vercel.app`", "https://evil.vercel.app"),
    always("static-site", "`https://evil.netlify.app`", "https://evil.netlify.app"),
    always("tunnel", "`https://evil.ngrok.io`", "https://evil.ngrok.io"),
    always("localhost-3000", "`http://localhost:3000`", "http://localhost:3000"),
    always("localhost-4000", "`http://localhost:4000`", "http://localhost:4000"),
    always("localhost-4200", "`http://localhost:4200`", "http://localhost:4200"),
    always("localhost-5000", "`http://localhost:5000`", "http://localhost:5000"),
    always("localhost-5173", "`http://localhost:5173`", "http://localhost:5173"),
    always("localhost-8000", "`http://localhost:8000`", "http://localhost:8000"),
    always("localhost-8080", "`http://localhost:8080`", "http://localhost:8080"),
    always("localhost-8081", "`http://localhost:8081`", "http://localhost:8081"),
    always("ipv4-3000", "`http://127.0.0.1:3000`", "http://127.0.0.1:3000"),
    always("ipv4-5500", "`http://127.0.0.1:5500`", "http://127.0.0.1:5500"),
    always("ipv4-8000", "`http://127.0.0.1:8000`", "http://127.0.0.1:8000"),
    always("any-ipv4-3000", "`http://0.0.0.0:3000`", "http://0.0.0.0:3000"),
    always("ipv6-3000", "`http://[::1]:3000`", "http://[::1]:3000"),
    always("private-ipv4-10", "`http://10.0.0.1`", "http://10.0.0.1"),
    always("private-ipv4-172", "`http://172.16.0.1`", "http://172.16.0.1"),
    always("pages-hosting", "`https://evil.pages.dev`", "https://evil.pages.dev"),
    always("bucket", "`https://evil.s3.amazonaws.com`", "https://evil.s3.amazonaws.com"),
    always("app-hosting", "`https://evil.herokuapp.com`", "https://evil.herokuapp.com"),
    always("sandbox", "`https://evil.csb.app`", "https://evil.csb.app"),
    always("ionic", "`ionic://localhost`", "ionic://localhost"),
    always("app-scheme", "`app://localhost`", "app://localhost"),
    always("editor-webview", "`vscode-webview://…`", "vscode-webview://1kq2b3c4d5e6f7g8h9i0jkl"),
    always(
        "safari-extension",
        "`safari-web-extension://…`",
        "safari-web-extension://5A3E0F8E-0B9D-4A6B-9C7C-1F2E3D4C5B6A",
    ),
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
mod tests;
