//! What a script asks for: the init of a request, and the request made of it.

use alloc::string::String;
use alloc::vec::Vec;

use url::Url;

use crate::header_list::HeaderList;

/// A [request mode](https://fetch.spec.whatwg.org/#concept-request-mode) that
/// `fetch()` can ask for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Mode {
    /// Only the page's own origin may answer.
    SameOrigin,
    /// Another origin may answer if it takes part in the CORS protocol.
    #[default]
    Cors,
    /// Another origin may answer, and the page sees nothing of it.
    NoCors,
}

/// A request's [credentials mode](https://fetch.spec.whatwg.org/#concept-request-credentials-mode).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum CredentialsMode {
    /// Never send or store credentials.
    Omit,
    /// Send credentials to the page's own origin only.
    #[default]
    SameOrigin,
    /// Send credentials everywhere.
    Include,
}

/// A request's [redirect mode](https://fetch.spec.whatwg.org/#concept-request-redirect-mode).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum RedirectMode {
    /// Follow redirects.
    #[default]
    Follow,
    /// A redirect is a network error.
    Error,
    /// A redirect is an opaque response.
    Manual,
}

/// A request's [cache mode](https://fetch.spec.whatwg.org/#concept-request-cache-mode).
///
/// There is no HTTP cache here; the modes differ in the headers that they add.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum CacheMode {
    /// As HTTP has it.
    #[default]
    Default,
    /// Past the cache, and nothing stored.
    NoStore,
    /// Past the cache.
    Reload,
    /// Through the cache, after asking the server.
    NoCache,
    /// Through the cache, stale or not.
    ForceCache,
    /// Through the cache or not at all.
    OnlyIfCached,
}

/// A [referrer policy](https://w3c.github.io/webappsec-referrer-policy/#referrer-policies).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ReferrerPolicy {
    /// The empty string: the page's own policy, or the default one.
    #[default]
    Default,
    /// `no-referrer`
    NoReferrer,
    /// `no-referrer-when-downgrade`
    NoReferrerWhenDowngrade,
    /// `same-origin`
    SameOrigin,
    /// `origin`
    Origin,
    /// `strict-origin`
    StrictOrigin,
    /// `origin-when-cross-origin`
    OriginWhenCrossOrigin,
    /// `strict-origin-when-cross-origin`
    StrictOriginWhenCrossOrigin,
    /// `unsafe-url`
    UnsafeUrl,
}

/// A request's [referrer](https://fetch.spec.whatwg.org/#concept-request-referrer).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Referrer {
    /// The page's URL.
    #[default]
    Client,
    /// None.
    NoReferrer,
    /// A URL that the script names.
    Url(Url),
}

/// A [body](https://fetch.spec.whatwg.org/#concept-body) and the type that it brings.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Body {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The MIME type that the body itself brings: a string's is
    /// `text/plain;charset=UTF-8`, an `ArrayBuffer` has none.
    pub content_type: Option<String>,
}

impl Body {
    /// The body that a string makes.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self {
            bytes: text.as_bytes().to_vec(),
            content_type: Some(String::from("text/plain;charset=UTF-8")),
        }
    }
}

/// What a script passes to `fetch()`, as
/// [`RequestInit`](https://fetch.spec.whatwg.org/#requestinit) has it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RequestInit {
    /// The absolute URL.
    pub url: String,
    /// The method.
    pub method: Vec<u8>,
    /// The headers, in the order that the script gives them.
    pub headers: Vec<(Vec<u8>, Vec<u8>)>,
    /// The mode.
    pub mode: Mode,
    /// The credentials mode.
    pub credentials: CredentialsMode,
    /// The redirect mode.
    pub redirect: RedirectMode,
    /// The cache mode.
    pub cache: CacheMode,
    /// The referrer.
    pub referrer: Referrer,
    /// The referrer policy.
    pub referrer_policy: ReferrerPolicy,
    /// Whether the request outlives the page.
    pub keepalive: bool,
    /// The integrity metadata; empty for none.
    pub integrity: String,
    /// The body.
    pub body: Option<Body>,
    /// Whether a preflight is made at any rate, as for an XMLHttpRequest with
    /// listeners on its upload.
    pub use_cors_preflight: bool,
}

impl RequestInit {
    /// A GET with every default.
    #[must_use]
    pub fn get(url: &str) -> Self {
        Self {
            url: String::from(url),
            method: b"GET".to_vec(),
            headers: Vec::new(),
            mode: Mode::default(),
            credentials: CredentialsMode::default(),
            redirect: RedirectMode::default(),
            cache: CacheMode::default(),
            referrer: Referrer::default(),
            referrer_policy: ReferrerPolicy::default(),
            keepalive: false,
            integrity: String::new(),
            body: None,
            use_cors_preflight: false,
        }
    }
}

impl Default for RequestInit {
    /// A GET of no URL yet.
    fn default() -> Self {
        Self::get("")
    }
}

/// A [request](https://fetch.spec.whatwg.org/#concept-request) that a script
/// could construct.
#[derive(Clone, Debug)]
pub struct Request {
    pub(crate) method: Vec<u8>,
    pub(crate) url_list: Vec<Url>,
    pub(crate) headers: HeaderList,
    pub(crate) body: Option<Vec<u8>>,
    /// Whether its `Content-Type` is what the body brought.
    pub(crate) typed_by_body: bool,
    pub(crate) mode: Mode,
    pub(crate) credentials: CredentialsMode,
    pub(crate) redirect: RedirectMode,
    pub(crate) cache: CacheMode,
    pub(crate) referrer: Referrer,
    pub(crate) referrer_policy: ReferrerPolicy,
    pub(crate) keepalive: bool,
    pub(crate) integrity: String,
    pub(crate) use_cors_preflight: bool,
}

impl Request {
    /// The method, normalised.
    #[must_use]
    pub fn method(&self) -> &[u8] {
        &self.method
    }

    /// The URL that the script asked for.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url_list[0]
    }

    /// The headers that the script may set, with the body's type.
    #[must_use]
    pub fn headers(&self) -> &HeaderList {
        &self.headers
    }

    /// The [current URL](https://fetch.spec.whatwg.org/#concept-request-current-url).
    pub(crate) fn current_url(&self) -> &Url {
        &self.url_list[self.url_list.len() - 1]
    }
}
