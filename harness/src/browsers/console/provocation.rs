//! What provokes a network error: a call of a page, and what its servers answer, as `provocations.toml`
//! has it.

use std::sync::LazyLock;

use corspec_fetch::origin::Origin;
use corspec_fetch::page::Page;
use corspec_fetch::request::RequestInit;
use corspec_vectors::vector::{Init, InvalidVector, PAGE, PageAt};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use crate::browsers::engine::Engine;

/// The origin of the page, where nothing else is said.
pub const PAGE_ORIGIN: &str = "https://app.test";

/// A call of a page, and what the servers answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provocation {
    /// Its name, which is also in its URLs.
    pub id: String,
    /// The page that calls.
    #[serde(default)]
    pub page: CallingPage,
    /// What it hands to `fetch()`.
    #[serde(default)]
    pub fetch: Call,
    /// The servers' answers, by place of a chain of redirects.
    #[serde(default)]
    pub hops: Vec<Hop>,
}

/// The page.
#[derive(Clone, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(deny_unknown_fields)]
pub struct CallingPage {
    /// Its origin, where it is not [`PAGE_ORIGIN`].
    pub origin: Option<String>,
    /// Its `Cross-Origin-Embedder-Policy`.
    pub embedder: Option<String>,
    /// Whether it is sandboxed, and its origin opaque.
    #[serde(default)]
    pub opaque: bool,
}

/// The arguments of a call; what is absent is absent there.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// The URL, where it is not that of the first place.
    url: Option<String>,
    method: Option<String>,
    #[serde(default)]
    headers: Vec<(String, String)>,
    mode: Option<String>,
    credentials: Option<String>,
    redirect: Option<String>,
    cache: Option<String>,
    integrity: Option<String>,
    keepalive: Option<bool>,
    body: Option<String>,
    /// A body of this many bytes.
    body_of: Option<usize>,
}

/// One place.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hop {
    /// Its origin, which may have userinfo.
    pub at: String,
    /// What it answers to a preflight, where that is something else.
    pub preflight: Option<Answer>,
    /// What it answers.
    pub actual: Answer,
}

/// A status, header lines and after an empty one the body; or what [becomes](Failure) of the connection
/// instead. In the lines `{origin}` is the request's `Origin`, and `{1}` is the URL of the second place.
#[derive(Clone, Debug, Deserialize)]
pub struct Answer(Vec<String>);

/// What becomes of a connection on which nothing is answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Failure {
    /// `closed`: it is closed.
    Closed,
    /// `refused`: nothing listens.
    Refused,
    /// `reset`: it is torn down.
    Reset,
}

/// What an answer comes to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The header lines.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

/// A cause that none of them provokes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotProvoked {
    /// Its slug.
    pub cause: String,
    /// The browsers in which it is not.
    pub engines: Vec<Engine>,
    /// Why not, in a sentence.
    pub reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    provocation: Vec<Provocation>,
    not_provoked: Vec<NotProvoked>,
}

static FILE: LazyLock<File> = LazyLock::new(|| {
    toml::from_str(include_str!("provocations.toml"))
        .expect("the provocations are part of this crate, and a test reads them")
});

/// Every provocation.
pub static ALL: LazyLock<&[Provocation]> = LazyLock::new(|| &FILE.provocation);

/// Every cause that is not provoked in a browser, with the reason.
pub static NOT_PROVOKED: LazyLock<&[NotProvoked]> = LazyLock::new(|| &FILE.not_provoked);

impl Provocation {
    /// The URL of a place.
    #[must_use]
    pub fn place(&self, index: usize) -> String {
        let at = self.hops.get(index).map_or(PAGE_ORIGIN, |hop| hop.at.as_str());
        format!("{at}/{}/{index}", self.id)
    }

    /// The URL that the page asks for.
    #[must_use]
    pub fn url(&self) -> String {
        self.fetch.url.as_deref().map_or_else(|| self.place(0), |url| self.filled(url, ""))
    }

    /// What is answered to a preflight, or another request, at a place.
    ///
    /// # Errors
    ///
    /// The connection fails; it is closed where there is no such place.
    pub fn reply(&self, place: usize, preflight: bool, origin: &str) -> Result<Reply, Failure> {
        let hop = self.hops.get(place).ok_or(Failure::Closed)?;
        let answer = hop.preflight.as_ref().filter(|_| preflight).unwrap_or(&hop.actual);
        let (status, lines) = answer.0.split_first().ok_or(Failure::Closed)?;
        let status = match status.as_str() {
            "refused" => return Err(Failure::Refused),
            "reset" => return Err(Failure::Reset),
            status => status.parse().map_err(|_| Failure::Closed)?,
        };
        let mut parts = lines.splitn(2, String::is_empty);
        let headers = parts.next().unwrap_or_default().iter().map(|line| {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            (name.to_owned(), self.filled(value.trim(), origin))
        });
        let mut headers: Vec<_> = headers.collect();
        let body = parts.next().unwrap_or_default().concat();
        if !matches!(status, 204 | 304) {
            headers.push(("Content-Length".to_owned(), body.len().to_string()));
        }
        Ok(Reply { status, headers, body })
    }

    /// What the script hands to `fetch()` beside the URL.
    #[must_use]
    pub fn script(&self) -> Value {
        let call = &self.fetch;
        let mut init = json!({});
        let texts = [
            ("method", &call.method),
            ("mode", &call.mode),
            ("credentials", &call.credentials),
            ("redirect", &call.redirect),
            ("cache", &call.cache),
            ("integrity", &call.integrity),
            ("body", &call.body()),
        ];
        for (key, value) in texts {
            if let Some(value) = value {
                init[key] = json!(value);
            }
        }
        if !call.headers.is_empty() {
            init["headers"] = json!(call.headers);
        }
        if let Some(keepalive) = call.keepalive {
            init["keepalive"] = json!(keepalive);
        }
        init
    }

    /// The same, as the model has it.
    ///
    /// # Errors
    ///
    /// A mode that is none.
    pub fn init(&self) -> Result<RequestInit, InvalidVector> {
        let call = &self.fetch;
        let or = |text: &Option<String>, default: &str| text.clone().unwrap_or(default.to_owned());
        let init = Init {
            method: or(&call.method, "GET"),
            headers: call.headers.clone(),
            mode: or(&call.mode, "cors"),
            credentials: or(&call.credentials, "same-origin"),
            redirect: or(&call.redirect, "follow"),
            cache: call.cache.clone(),
            body: call.body(),
            keepalive: call.keepalive.unwrap_or_default(),
            integrity: call.integrity.clone(),
            ..Init::default()
        };
        init.request(self.url())
    }

    /// `text` with a URL for each number in braces, and `origin` for that word.
    fn filled(&self, text: &str, origin: &str) -> String {
        let mut filled = text.replace("{origin}", origin);
        for index in 0..self.hops.len() {
            filled = filled.replace(&format!("{{{index}}}"), &self.place(index));
        }
        filled
    }
}

impl Call {
    fn body(&self) -> Option<String> {
        self.body.clone().or_else(|| self.body_of.map(|length| "x".repeat(length)))
    }
}

impl CallingPage {
    /// Its origin.
    #[must_use]
    pub fn origin(&self) -> &str {
        if self.opaque { "null" } else { self.place() }
    }

    /// The origin of its URL.
    fn place(&self) -> &str {
        self.origin.as_deref().unwrap_or(PAGE_ORIGIN)
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        let query = match &self.embedder {
            Some(policy) => format!("?embedder={policy}"),
            None if self.opaque => "?opaque".to_owned(),
            None => String::new(),
        };
        format!("{}{PAGE}{query}", self.place())
    }

    /// The same, as the model has it.
    ///
    /// # Errors
    ///
    /// It has a policy that is none.
    pub fn page(&self) -> Result<Page, InvalidVector> {
        // Where it stands is of no matter to the policies.
        let policies = PageAt { embedder: self.embedder.clone(), ..PageAt::default() }.page()?;
        let url = Url::parse(&self.url()).ok();
        let origin = url.as_ref().filter(|_| !self.opaque).map_or(Origin::Opaque, Origin::of);
        Ok(Page { url, origin, ..policies })
    }
}
