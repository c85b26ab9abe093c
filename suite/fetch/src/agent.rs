//! The user agent: what a browser remembers from one fetch to the next.

use core::time::Duration;

use url::Url;

use crate::construct::{TypeError, construct};
use crate::cookie::{CookieJar, Distance};
use crate::fetch::Fetch;
use crate::kept::KeptAnswers;
use crate::page::Page;
use crate::preflight_cache::PreflightCache;
use crate::profile::Profile;
use crate::request::{Request, RequestInit};

/// A browser: its profile, its preflight cache, its cookies and the answers that it keeps.
#[derive(Clone, Debug)]
pub struct UserAgent {
    pub(crate) profile: &'static Profile,
    pub(crate) preflights: PreflightCache,
    pub(crate) cookies: CookieJar,
    pub(crate) kept: KeptAnswers,
    /// How many fetches it began.
    fetches: u64,
}

impl UserAgent {
    /// A browser that remembers nothing yet.
    #[must_use]
    pub fn new(profile: &'static Profile) -> Self {
        Self {
            profile,
            preflights: PreflightCache::default(),
            cookies: CookieJar::default(),
            kept: KeptAnswers::default(),
            fetches: 0,
        }
    }

    /// The browser that this is.
    #[must_use]
    pub fn profile(&self) -> &'static Profile {
        self.profile
    }

    /// Constructs a [`Request`](https://fetch.spec.whatwg.org/#dom-request) as a
    /// script of `page` would.
    ///
    /// # Errors
    ///
    /// What the script would see as a `TypeError`; nothing is fetched then.
    pub fn construct(&self, page: &Page, init: &RequestInit) -> Result<Request, TypeError> {
        construct(page, init, self.profile)
    }

    /// Starts to fetch `request` for `page`. Nothing is sent before the first step.
    pub fn fetch(&mut self, page: &Page, request: Request) -> Fetch {
        self.fetches += 1;
        Fetch::new(self.fetches, page.clone(), request)
    }

    /// Takes a `Set-Cookie` line as if the user had visited `url`.
    ///
    /// `now` is the time since the Unix epoch, as for every other call.
    pub fn set_cookie(&mut self, url: &Url, line: &[u8], now: Duration) {
        self.cookies.set(url, line, Distance::VISIT, now, &self.profile.cookies);
    }
}
