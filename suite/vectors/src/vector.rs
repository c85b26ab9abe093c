//! What a page does, and what its servers answer.

use corspec_fetch::header_list::HeaderList;
use corspec_fetch::origin::Origin;
use corspec_fetch::page::{EmbedderPolicy, Page};
use corspec_fetch::referrer::parse_policy;
use corspec_fetch::request::{
    Body, CacheMode, CredentialsMode, Mode, RedirectMode, Referrer, ReferrerPolicy, RequestInit,
};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::place::{Place, filled};

/// The path of the page that performs vectors.
pub const PAGE: &str = "/.corspec-page";

/// A sequence of fetches of one page on one URL, and what the servers answer.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Vector {
    /// Its number in its file. The URL of hop n is `/v/ID/n` at the hop's place.
    pub id: u32,
    /// The page.
    #[serde(default, skip_serializing_if = "is_default")]
    pub page: PageAt,
    /// What stands at each place of a redirect chain; the page asks for the first.
    pub hops: Vec<Hop>,
    /// The fetches, in order.
    pub steps: Vec<Init>,
}

/// The page that fetches.
#[derive(Clone, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct PageAt {
    /// Its origin; S where nothing is said.
    #[serde(skip_serializing_if = "is_default")]
    pub at: Place,
    /// Whether a sandboxed frame in it fetches, whose origin is opaque.
    #[serde(skip_serializing_if = "is_default")]
    pub opaque: bool,
    /// The origin of the tab, where the page is a frame in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top: Option<Place>,
    /// Its `Cross-Origin-Embedder-Policy`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedder: Option<String>,
    /// Its `Referrer-Policy`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referrer: Option<String>,
    /// A cookie, name and value, that it sets for all of its host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cookie: Option<String>,
}

/// One place of a redirect chain.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Hop {
    /// Where it is.
    pub host: Place,
    /// What it answers to a preflight.
    pub preflight: Answer,
    /// What it answers to anything else.
    pub actual: Answer,
}

/// What a server answers. In values a character is a byte. `{O}`, `{RM}` and `{RH}` are the
/// request's `Origin` and the method and headers that it asks for, `{P}` is the path `/v/ID`, and
/// letters are [places](Place).
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The header lines, beside `Content-Length`.
    pub headers: Vec<(String, String)>,
}

/// The `init` of one `fetch()`.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Init {
    /// The method.
    pub method: String,
    /// The headers, in the order that the script gives them.
    pub headers: Vec<(String, String)>,
    /// The mode.
    pub mode: String,
    /// The credentials mode.
    pub credentials: String,
    /// The redirect mode.
    pub redirect: String,
    /// The body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The type of the `Blob` that the body is; without it the body is a string.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_type: Option<String>,
    /// The cache mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<String>,
    /// The referrer: empty for none, or a URL, in which letters are places.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referrer: Option<String>,
    /// The referrer policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referrer_policy: Option<String>,
    /// Whether it is an XMLHttpRequest with a listener on its upload, which has no mode but `cors`, and
    /// sends credentials where `include` says so.
    #[serde(default, skip_serializing_if = "is_default")]
    pub upload: bool,
    /// Whether it outlives the page.
    #[serde(default, skip_serializing_if = "is_default")]
    pub keepalive: bool,
    /// The integrity metadata.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integrity: Option<String>,
    /// How many milliseconds the page waits before it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub wait: u64,
}

/// Why a vector is none.
#[derive(Debug, thiserror::Error)]
#[error("`{value}` is no {what}")]
pub struct InvalidVector {
    what: &'static str,
    value: String,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Vector {
    /// The path of its first hop's folder.
    #[must_use]
    pub fn path(&self) -> String {
        format!("/v/{}", self.id)
    }

    /// The URL that its page asks for.
    #[must_use]
    pub fn url(&self) -> String {
        let host = self.hops.first().map_or(Place::S, |hop| hop.host);
        format!("{}{}/0", host.origin(), self.path())
    }
}

impl PageAt {
    /// The URL of the document that fetches, or of the one around its sandboxed frame.
    #[must_use]
    pub fn url(&self) -> String {
        let kind = if self.opaque { "/opaque" } else { "" };
        let pairs =
            [("embedder", &self.embedder), ("referrer", &self.referrer), ("cookie", &self.cookie)];
        let pairs = pairs.iter().filter_map(|(name, it)| Some(format!("{name}={}", it.as_ref()?)));
        let query = pairs.collect::<Vec<_>>().join("&");
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}{PAGE}{kind}{mark}{query}", self.at.origin())
    }

    /// The URL that the tab is opened at.
    #[must_use]
    pub fn tab(&self) -> String {
        match self.top {
            None => self.url(),
            Some(top) => {
                let inner = self.url();
                let query = inner.split_once('?').map_or(String::new(), |(_, it)| format!("&{it}"));
                format!("{}{PAGE}/around?frame={}{query}", top.origin(), self.at)
            }
        }
    }

    /// The page, as the model has it.
    ///
    /// # Errors
    ///
    /// A policy that is none.
    pub fn page(&self) -> Result<Page, InvalidVector> {
        let invalid = |what, value: &str| InvalidVector { what, value: value.to_owned() };
        let url = self.url();
        let url = Url::parse(&url).map_err(|_| invalid("URL", &url))?;
        let around = Origin::of(&url);
        let top = self.top.and_then(|top| Origin::parse(top.origin()).ok());
        let page = match self.opaque {
            true => Page { url: Some(url), top_level: Some(around), ..Page::at(Origin::Opaque) },
            false => Page { url: Some(url), top_level: top, ..Page::at(around) },
        };
        Ok(Page {
            embedder_policy: match self.embedder.as_deref() {
                None => EmbedderPolicy::UnsafeNone,
                Some("require-corp") => EmbedderPolicy::RequireCorp,
                Some("credentialless") => EmbedderPolicy::Credentialless,
                Some(other) => return Err(invalid("embedder policy", other)),
            },
            referrer_policy: policy(self.referrer.as_deref())?,
            ..page
        })
    }
}

fn policy(word: Option<&str>) -> Result<ReferrerPolicy, InvalidVector> {
    let Some(word) = word.filter(|word| !word.is_empty()) else {
        return Ok(ReferrerPolicy::Default);
    };
    parse_policy(word.as_bytes())
        .ok_or_else(|| InvalidVector { what: "referrer policy", value: word.to_owned() })
}

impl Init {
    /// What the script hands to `fetch()` with `url`, as the model has it.
    ///
    /// # Errors
    ///
    /// A mode or a policy that is none.
    pub fn request(&self, url: String) -> Result<RequestInit, InvalidVector> {
        let invalid = |what, value: &str| InvalidVector { what, value: value.to_owned() };
        Ok(RequestInit {
            url,
            method: bytes(&self.method),
            headers: self.lines(),
            mode: match self.mode.as_str() {
                "cors" => Mode::Cors,
                "no-cors" => Mode::NoCors,
                "same-origin" => Mode::SameOrigin,
                other => return Err(invalid("mode", other)),
            },
            credentials: match self.credentials.as_str() {
                "omit" => CredentialsMode::Omit,
                "same-origin" => CredentialsMode::SameOrigin,
                "include" => CredentialsMode::Include,
                other => return Err(invalid("credentials mode", other)),
            },
            redirect: match self.redirect.as_str() {
                "follow" => RedirectMode::Follow,
                "error" => RedirectMode::Error,
                "manual" => RedirectMode::Manual,
                other => return Err(invalid("redirect mode", other)),
            },
            cache: match self.cache.as_deref() {
                None | Some("default") => CacheMode::Default,
                Some("no-store") => CacheMode::NoStore,
                Some("reload") => CacheMode::Reload,
                Some("no-cache") => CacheMode::NoCache,
                Some("force-cache") => CacheMode::ForceCache,
                Some("only-if-cached") => CacheMode::OnlyIfCached,
                Some(other) => return Err(invalid("cache mode", other)),
            },
            referrer: self.named_referrer()?,
            referrer_policy: policy(self.referrer_policy.as_deref())?,
            body: self.body.as_deref().filter(|_| !self.drops_body()).map(|text| self.typed(text)),
            keepalive: self.keepalive,
            integrity: self.integrity.clone().unwrap_or_default(),
            use_cors_preflight: self.upload,
        })
    }

    fn named_referrer(&self) -> Result<Referrer, InvalidVector> {
        let invalid =
            |url: &str| InvalidVector { what: "URL of a referrer", value: url.to_owned() };
        Ok(match self.referrer.as_deref() {
            None => Referrer::Client,
            Some("") => Referrer::NoReferrer,
            Some(url) => Referrer::Url(Url::parse(&filled(url)).map_err(|_| invalid(url))?),
        })
    }

    /// XMLHttpRequest drops the body of a method that has none, where fetch() rejects it.
    fn drops_body(&self) -> bool {
        self.upload && ["GET", "HEAD"].iter().any(|it| self.method.eq_ignore_ascii_case(it))
    }

    /// The header lines that the script gives; XMLHttpRequest joins those of one name.
    fn lines(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let lines = self.headers.iter().map(|(name, it)| (bytes(name), bytes(it)));
        if !self.upload {
            return lines.collect();
        }
        let list: HeaderList = lines.collect();
        let names = list.sort_and_combine();
        names.iter().map(|(name, value)| (name.to_vec(), value.to_vec())).collect()
    }

    fn typed(&self, text: &str) -> Body {
        let body = Body::text(text);
        match self.body_type.as_deref() {
            None => body,
            Some("") => Body { content_type: None, ..body },
            Some(kind) => Body { content_type: Some(kind.to_owned()), ..body },
        }
    }
}

/// The bytes that the characters of `text` stand for; what is above them becomes `?`.
#[must_use]
pub fn bytes(text: &str) -> Vec<u8> {
    text.chars().map(|it| u8::try_from(u32::from(it)).unwrap_or(b'?')).collect()
}

/// A character for each byte.
#[must_use]
pub fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}
