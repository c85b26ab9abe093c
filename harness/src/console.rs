//! What browsers print in their consoles for a fetch that a page may not read.
//!
//! The texts are data, in `console/messages.toml`. Which of them a browser prints follows from the
//! cause and from what was answered, since browsers look at an answer in different orders.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use corspec_fetch::cause::Cause;
use corspec_fetch::header_list::HeaderList;
use corspec_fetch::outcome::Outcome;
use corspec_fetch::page::Page;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::driver::{Driven, Ending};
use crate::escape::latin1;

/// A blocked fetch, as far as consoles speak of it.
#[derive(Clone, Copy, Debug)]
pub struct Blocked<'a> {
    /// Why it was blocked.
    pub cause: &'a Cause,
    /// The origin of the page, serialised.
    pub origin: &'a str,
    /// The page's URL, where it has one.
    pub page: Option<&'a Url>,
    /// The URL that the page asked for.
    pub first_url: &'a str,
    /// The URL at which the fetch failed.
    pub url: &'a str,
    /// The status and header lines that were answered there, if anything was.
    pub answer: Option<(u16, &'a HeaderList)>,
}

/// What each browser prints; absent where it prints nothing, or that is not known.
#[derive(Clone, Debug, Default, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Console {
    /// Chromium's line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chromium: Option<String>,
    /// Firefox's line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firefox: Option<String>,
    /// WebKit's line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webkit: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Messages {
    chromium: Chromium,
    firefox: Firefox,
    webkit: Webkit,
}

type Texts = BTreeMap<String, String>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Chromium {
    blocked: String,
    blocked_after_redirect: String,
    preflight: String,
    messages: Texts,
    lines: Texts,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Firefox {
    blocked: String,
    messages: Texts,
    lines: Texts,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Webkit {
    lines: Texts,
}

static MESSAGES: LazyLock<Messages> = LazyLock::new(|| {
    toml::from_str(include_str!("console/messages.toml"))
        .expect("the messages are part of this crate, and a test reads them")
});

/// What browsers print of a fetch of `asked` by `page`; `None` where the page got a response.
#[must_use]
pub fn of(driven: &Driven, page: &Page, asked: &Url) -> Option<Console> {
    let Ending::Outcome(Outcome::NetworkError(error)) = &driven.ending else { return None };
    let last = driven.exchanges.last();
    let answer = last.and_then(|exchange| exchange.response.as_ref().ok());
    let blocked = Blocked {
        cause: error.cause(),
        origin: &page.origin.to_string(),
        page: page.url.as_ref(),
        first_url: asked.as_str(),
        url: last.map_or(asked, |exchange| &exchange.request.url).as_str(),
        answer: answer.map(|response| (response.status, &response.headers)),
    };
    Some(blocked.console())
}

impl Console {
    /// Each browser's name, and what it prints.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all =
            [("Chromium", &self.chromium), ("Firefox", &self.firefox), ("WebKit", &self.webkit)];
        all.into_iter().filter_map(|(name, text)| Some((name, text.as_deref()?)))
    }

    /// The same, each text as `change` makes it.
    #[must_use]
    pub fn map(self, change: impl Fn(&str) -> String) -> Self {
        let each = |text: Option<String>| text.map(|text| change(&text));
        Self {
            chromium: each(self.chromium),
            firefox: each(self.firefox),
            webkit: each(self.webkit),
        }
    }
}

impl Blocked<'_> {
    /// What each browser prints of it.
    #[must_use]
    pub fn console(&self) -> Console {
        Console { chromium: self.chromium(), firefox: self.firefox(), webkit: self.webkit() }
    }

    fn chromium(&self) -> Option<String> {
        let texts = &MESSAGES.chromium;
        let slug = self.key();
        if let Some(line) = texts.lines.get(slug) {
            return self.fill(line);
        }
        let (preflight, slug) = within_preflight(slug);
        let invalid = slug == "allow-origin-mismatch" && !self.allows_an_origin();
        let key = if invalid { "allow-origin-invalid" } else { slug };
        let message = self.fill(texts.messages.get(key)?)?;
        let before = if preflight { texts.preflight.as_str() } else { "" };
        let frame = match self.first_url == self.url {
            true => &texts.blocked,
            false => &texts.blocked_after_redirect,
        };
        Some(format!("{}{before}{message}", self.fill(frame)?))
    }

    fn firefox(&self) -> Option<String> {
        let texts = &MESSAGES.firefox;
        let (_, slug) = within_preflight(self.key());
        if let Some(line) = texts.lines.get(slug) {
            return self.fill(line);
        }
        let key = match (slug, self.lines("access-control-allow-origin")) {
            // Several values in one line are one value to Firefox.
            ("allow-origin-multiple", 1) => "allow-origin-mismatch",
            ("preflight-redirect", 0) => "allow-origin-missing",
            (slug, _) => slug,
        };
        let message = self.fill(texts.messages.get(key)?)?;
        Some(format!("{}{message}", self.fill(&texts.blocked)?))
    }

    fn webkit(&self) -> Option<String> {
        let (_, slug) = within_preflight(self.cause.slug());
        self.fill(MESSAGES.webkit.lines.get(slug)?)
    }

    /// The cause's slug, with the scheme where browsers have words of their own for it.
    fn key(&self) -> &'static str {
        match self.cause {
            Cause::RedirectScheme { scheme } if scheme == "data" => "redirect-scheme-data",
            Cause::UnsupportedScheme { scheme } if scheme == "file" => "unsupported-scheme-file",
            cause => cause.slug(),
        }
    }

    /// The template with each placeholder in its place; `None` where one has no value.
    fn fill(&self, template: &str) -> Option<String> {
        let mut filled = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, next) = after.split_once('}')?;
            filled.push_str(before);
            filled.push_str(&self.value(name)?);
            rest = next;
        }
        Some(filled + rest)
    }

    fn value(&self, name: &str) -> Option<String> {
        match (name, self.cause) {
            ("url", _) => Some(self.url.to_owned()),
            ("first-url", _) => Some(self.first_url.to_owned()),
            ("origin", _) => Some(self.origin.to_owned()),
            ("page", _) => Some(self.page?.to_string()),
            ("status", _) => Some(self.answer?.0.to_string()),
            ("method", Cause::PreflightMethodNotAllowed { method, .. })
            | ("method", Cause::PreflightMethodWildcardWithCredentials { method }) => {
                Some(latin1(&method.0))
            }
            ("header", Cause::PreflightHeaderNotAllowed { name, .. })
            | ("header", Cause::PreflightHeaderWildcardWithCredentials { name }) => {
                Some(latin1(&name.0).to_ascii_lowercase())
            }
            ("scheme", Cause::UnsupportedScheme { scheme }) => Some(scheme.clone()),
            ("token", Cause::PreflightMethodsUnparsable { sent })
            | ("token", Cause::PreflightHeadersUnparsable { sent }) => Some(first_bad(&sent.0)),
            ("allow-origin" | "allow-credentials" | "allow-methods" | "allow-headers", _) => {
                Some(self.sent(&format!("access-control-{name}")))
            }
            _ => None,
        }
    }

    fn sent(&self, name: &str) -> String {
        let value = self.answer.and_then(|(_, headers)| headers.get(name));
        value.map_or(String::new(), |value| latin1(&value))
    }

    fn lines(&self, name: &str) -> usize {
        self.answer.map_or(0, |(_, headers)| headers.get_all(name).count())
    }

    /// Whether what is allowed is an origin at all: Chromium tells a wrong one from nonsense.
    fn allows_an_origin(&self) -> bool {
        let value = self.sent("access-control-allow-origin");
        value == "null" || Url::parse(&value).is_ok_and(|url| url.has_host())
    }
}

/// Whether the cause is a CORS check of the preflight's answer, and the cause of such a check.
fn within_preflight(slug: &'static str) -> (bool, &'static str) {
    match slug.strip_prefix("preflight-") {
        Some(check) if check.starts_with("allow-") => (true, check),
        Some(_) | None => (false, slug),
    }
}

/// The first member of a list that is no token.
fn first_bad(list: &[u8]) -> String {
    let token = |member: &[u8]| {
        member.iter().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
    };
    let mut members = list.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    members.find(|member| !token(member)).map_or(String::new(), latin1)
}
