//! A line of a batch: what a page does, read strictly.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use corspec_fetch::origin::Origin;
use corspec_fetch::page::{EmbedderPolicy, Page};
use corspec_fetch::profile::Profile;
use corspec_fetch::request::{Body, Referrer, RequestInit};
use serde::{Deserialize, Deserializer};
use url::Url;

use crate::escape::from_latin1;
use crate::words;

/// A line, ready to be fetched.
pub(super) struct Line {
    pub(super) agent: Option<String>,
    pub(super) profile: Option<&'static Profile>,
    pub(super) advance: Duration,
    pub(super) cookies: Vec<(Url, Vec<u8>)>,
    pub(super) page: Page,
    pub(super) init: RequestInit,
    pub(super) construct: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "an object")]
struct Raw {
    url: String,
    agent: Option<String>,
    profile: Option<String>,
    advance: Option<f64>,
    #[serde(default)]
    cookies: Vec<Cookie>,
    origin: Option<String>,
    page: Option<String>,
    top_level: Option<String>,
    embedder_policy: Option<String>,
    page_referrer_policy: Option<String>,
    method: Option<String>,
    #[serde(default)]
    headers: Vec<(String, String)>,
    body: Option<String>,
    body_base64: Option<String>,
    #[serde(default, deserialize_with = "present")]
    body_type: Option<Option<String>>,
    mode: Option<String>,
    credentials: Option<String>,
    redirect: Option<String>,
    referrer: Option<String>,
    referrer_policy: Option<String>,
    cache: Option<String>,
    integrity: Option<String>,
    #[serde(default)]
    keepalive: bool,
    #[serde(default)]
    use_cors_preflight: bool,
    #[serde(default)]
    construct: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Cookie {
    url: String,
    set_cookie: String,
}

/// Tells `null` from absence.
fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(from).map(Some)
}

impl Line {
    /// Reads a line; the error says what is wrong with it.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        let raw: Raw = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        let seconds = raw.advance.unwrap_or_default();
        Ok(Self {
            profile: raw.profile.as_deref().map(words::profile).transpose()?,
            advance: Duration::try_from_secs_f64(seconds)
                .map_err(|_| format!("`advance` is `{seconds}`; give seconds from 0"))?,
            cookies: raw.cookies.iter().map(cookie).collect::<Result<_, _>>()?,
            page: page(&raw)?,
            init: init(&raw)?,
            construct: raw.construct,
            agent: raw.agent,
        })
    }
}

fn cookie(cookie: &Cookie) -> Result<(Url, Vec<u8>), String> {
    Ok((url("cookies", &cookie.url)?, bytes("set-cookie", &cookie.set_cookie)?))
}

fn page(raw: &Raw) -> Result<Page, String> {
    let url = raw.page.as_deref().map(|it| url("page", it)).transpose()?;
    let origin = match (&raw.origin, &url) {
        (Some(origin), _) => Origin::parse(origin).map_err(|error| error.to_string())?,
        (None, Some(url)) => Origin::of(url),
        (None, None) => return Err(String::from("neither `origin` nor `page` is there; give one")),
    };
    let top_level = raw.top_level.as_deref().map(Origin::parse).transpose();
    Ok(Page {
        url,
        top_level: top_level.map_err(|error| error.to_string())?,
        embedder_policy: match raw.embedder_policy.as_deref() {
            None | Some("unsafe-none") => EmbedderPolicy::UnsafeNone,
            Some("require-corp") => EmbedderPolicy::RequireCorp,
            Some("credentialless") => EmbedderPolicy::Credentialless,
            Some(other) => {
                return Err(format!(
                    "`embedder-policy` is `{other}`; use unsafe-none, require-corp or credentialless"
                ));
            }
        },
        referrer_policy: words::referrer_policy(raw.page_referrer_policy.as_deref())?,
        ..Page::at(origin)
    })
}

fn init(raw: &Raw) -> Result<RequestInit, String> {
    let headers = raw.headers.iter();
    Ok(RequestInit {
        url: raw.url.clone(),
        method: bytes("method", raw.method.as_deref().unwrap_or("GET"))?,
        headers: headers
            .map(|(name, value)| Ok((bytes("headers", name)?, bytes("headers", value)?)))
            .collect::<Result<_, String>>()?,
        mode: words::mode(raw.mode.as_deref())?,
        credentials: words::credentials(raw.credentials.as_deref())?,
        redirect: words::redirect(raw.redirect.as_deref())?,
        cache: words::cache(raw.cache.as_deref())?,
        referrer: referrer(raw)?,
        referrer_policy: words::referrer_policy(raw.referrer_policy.as_deref())?,
        keepalive: raw.keepalive,
        integrity: raw.integrity.clone().unwrap_or_default(),
        body: body(raw)?,
        use_cors_preflight: raw.use_cors_preflight,
    })
}

/// As a script names it: empty for none, `about:client` for the page.
fn referrer(raw: &Raw) -> Result<Referrer, String> {
    match raw.referrer.as_deref() {
        None | Some("about:client") => Ok(Referrer::Client),
        Some("") => Ok(Referrer::NoReferrer),
        Some(text) => url("referrer", text).map(Referrer::Url),
    }
}

fn body(raw: &Raw) -> Result<Option<Body>, String> {
    let mut body = match (&raw.body, &raw.body_base64) {
        (Some(_), Some(_)) => {
            return Err(String::from("`body` and `body-base64` are both there; give one"));
        }
        (Some(text), None) => Body::text(text),
        (None, Some(text)) => Body {
            bytes: STANDARD.decode(text).map_err(|error| format!("`body-base64`: {error}"))?,
            content_type: None,
        },
        (None, None) if raw.body_type.is_some() => {
            return Err(String::from("`body-type` is there without a body; give one"));
        }
        (None, None) => return Ok(None),
    };
    if let Some(content_type) = &raw.body_type {
        body.content_type.clone_from(content_type);
    }
    Ok(Some(body))
}

fn url(key: &str, text: &str) -> Result<Url, String> {
    Url::parse(text).map_err(|error| format!("`{key}` is `{text}`: {error}; give an absolute URL"))
}

fn bytes(key: &str, text: &str) -> Result<Vec<u8>, String> {
    from_latin1(text)
        .ok_or_else(|| format!("`{key}` has `{text}`; write a byte as a character below U+0100"))
}
