//! The page that fetches: its origin, and what its own response said of it.

use url::Url;

use crate::origin::Origin;
use crate::request::ReferrerPolicy;

/// The document whose script calls `fetch()`: what the model needs of an
/// [environment settings object](https://html.spec.whatwg.org/#environment-settings-object).
#[derive(Clone, Debug)]
pub struct Page {
    /// The document's URL, from which the referrer is made, or that of the document around a sandboxed
    /// frame; `None` for a page that has none to show.
    pub url: Option<Url>,
    /// The document's origin.
    pub origin: Origin,
    /// The origin of the tab, where the page is a frame in it.
    pub top_level: Option<Origin>,
    /// The page's `Cross-Origin-Embedder-Policy`.
    pub embedder_policy: EmbedderPolicy,
    /// The page's own `Referrer-Policy`.
    pub referrer_policy: ReferrerPolicy,
}

impl Page {
    /// A page of `origin` at the top of its tab, with every default.
    #[must_use]
    pub fn at(origin: Origin) -> Self {
        Self {
            url: None,
            origin,
            top_level: None,
            embedder_policy: EmbedderPolicy::UnsafeNone,
            referrer_policy: ReferrerPolicy::Default,
        }
    }

    /// The origin of the tab: what the caches are partitioned by.
    #[must_use]
    pub fn top_level_origin(&self) -> &Origin {
        self.top_level.as_ref().unwrap_or(&self.origin)
    }
}

/// An [embedder policy value](https://html.spec.whatwg.org/#embedder-policy-value).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum EmbedderPolicy {
    /// Anything may be embedded.
    #[default]
    UnsafeNone,
    /// Only what agrees to be embedded.
    RequireCorp,
    /// Anything, but without credentials unless it agrees.
    Credentialless,
}
