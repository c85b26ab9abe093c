//! A shared cache as a model: what it stores, and to whom it hands what it stored.
//!
//! The rules are those of RFC 9111 as they stand for caches that many users share, such as a CDN or a reverse proxy.
//! No I/O and no clock: `now` is an argument, as the time since the Unix epoch. What a cache may choose, and what real
//! caches do otherwise by design, is a field of [`CacheOptions`]. Left out is what no two users can tell apart:
//! validation (an answer that needs it is asked for anew), ranges, serving stale, and invalidation by unsafe methods.

use std::time::Duration;

use corspec_fetch::header_list::HeaderList;

use crate::exchange::{SeenResponse, SentRequest};

mod directives;
mod freshness;
mod storing;
mod vary;

use directives::Directives;
pub use freshness::{date, is_marked_cacheable};
pub use storing::NotStored;

/// What one cache does where the standard leaves a choice, or where it departs from it.
#[derive(Clone, Debug)]
pub struct CacheOptions {
    /// How long answers that state no lifetime are kept; the first entry for a status counts, and a status without an
    /// entry is not kept ([heuristic freshness](https://httpwg.org/specs/rfc9111.html#heuristic.freshness); nginx:
    /// [`proxy_cache_valid`](https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_cache_valid), Varnish:
    /// [`default_ttl`](https://varnish-cache.org/docs/7.1/reference/varnishd.html#default-ttl)).
    pub unstated: &'static [Lifetime],
    /// How long answers that state no lifetime are kept where their status has no entry but they say `public`, for which
    /// the standard allows a guess as well.
    pub marked_public: Duration,
    /// The statuses that are stored where a lifetime is stated; empty: every final one
    /// ([storing](https://httpwg.org/specs/rfc9111.html#response.cacheability) asks of a cache that it understands the
    /// status only for some answers; Varnish has a
    /// [list](https://varnish-cache.org/docs/7.1/users-guide/increasing-your-hitrate.html)).
    pub stated: &'static [u16],
    /// Whether a stated `Age` counts towards an answer's own age, as the
    /// [standard](https://httpwg.org/specs/rfc9111.html#age.calculations) has it (nginx reads
    /// [other headers](https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_cache_valid) only).
    pub reads_age: bool,
    /// Whether an `Expires` that is no date is in the past, as the
    /// [standard](https://httpwg.org/specs/rfc9111.html#field.expires) has it (Varnish takes it for
    /// [absent](https://github.com/varnishcache/varnish-cache/blob/7.1/bin/varnishd/cache/cache_rfc2616.c)).
    pub expires_without_date: bool,
    /// Whether a request's `Cache-Control` counts, as the
    /// [standard](https://httpwg.org/specs/rfc9111.html#cache-request-directive) has it; reverse proxies keep clients
    /// from emptying the cache.
    pub reads_requests: bool,
    /// Whether an answer with `Set-Cookie` is stored, as the
    /// [standard](https://httpwg.org/specs/rfc9111.html#security.cookies) has it (nginx:
    /// [not](https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_cache_valid), Varnish:
    /// [not](https://varnish-cache.org/docs/7.1/users-guide/increasing-your-hitrate.html#cookies-from-the-backend)).
    pub keeps_set_cookie: bool,
    /// Requests with one of these headers go to the origin, and their answers are not stored (Varnish:
    /// [`Authorization` and `Cookie`](https://varnish-cache.org/docs/7.1/users-guide/increasing-your-hitrate.html),
    /// nginx: what [`proxy_cache_bypass`](https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_cache_bypass)
    /// and `proxy_no_cache` name).
    pub passes: &'static [&'static str],
    /// Whether the origin is asked with GET where a client asks with HEAD, so that the answer is stored for both (nginx:
    /// [`proxy_cache_convert_head`](https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_cache_convert_head)).
    pub head_as_get: bool,
    /// Whether white space around commas, and how a list is split into lines, is no difference of a nominated header
    /// ([allowed](https://httpwg.org/specs/rfc9111.html#caching.negotiated.responses), not demanded).
    pub normalises: bool,
    /// Whether answers to OPTIONS are stored, which the standard forbids and gateways can be set up to do.
    pub keeps_options: bool,
}

/// How long answers of some statuses are kept that state no lifetime.
#[derive(Clone, Copy, Debug)]
pub struct Lifetime {
    /// The statuses; empty: every final one.
    pub statuses: &'static [u16],
    /// How long.
    pub keep: Duration,
}

/// Statuses for which a cache may guess a lifetime ([RFC 9110, 15.1](https://httpwg.org/specs/rfc9110.html#overview.of.status.codes)), but for 206.
pub const HEURISTICALLY_CACHEABLE: &[u16] =
    &[200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501];

/// A guess that is as good as any: no two users who come one after the other can tell it from another.
const A_MINUTE: Duration = Duration::from_secs(60);

impl CacheOptions {
    /// What the standard says, with heuristic freshness where it may be.
    pub const STANDARD: Self = Self {
        unstated: &[Lifetime { statuses: HEURISTICALLY_CACHEABLE, keep: A_MINUTE }],
        marked_public: A_MINUTE,
        stated: &[],
        reads_age: true,
        expires_without_date: true,
        reads_requests: true,
        keeps_set_cookie: true,
        passes: &[],
        head_as_get: false,
        normalises: true,
        keeps_options: false,
    };

    /// A cache whose operator has it keep every answer that does not forbid it, whatever its status and also to OPTIONS.
    pub const TOLD: Self = Self {
        unstated: &[Lifetime { statuses: &[], keep: A_MINUTE }],
        keeps_options: true,
        ..Self::STANDARD
    };
}

/// A shared cache and what it stored.
#[derive(Clone, Debug)]
pub struct SharedCache {
    options: CacheOptions,
    entries: Vec<Entry>,
}

/// An answer that is stored, and what it was an answer to.
#[derive(Clone, Debug)]
struct Entry {
    method: Vec<u8>,
    url: String,
    asked: HeaderList,
    answer: SeenResponse,
    /// When it was stored.
    at: Duration,
    /// How old it was then.
    age: Duration,
    lifetime: Duration,
}

impl SharedCache {
    /// An empty cache.
    #[must_use]
    pub fn new(options: CacheOptions) -> Self {
        Self { options, entries: Vec::new() }
    }

    /// What a client gets that asks `request` at `now`: the stored answer, or that of `origin`, which is stored where it may be.
    pub fn ask(
        &mut self,
        request: &SentRequest,
        now: Duration,
        origin: impl FnOnce(&SentRequest) -> SeenResponse,
    ) -> SeenResponse {
        if let Some(stored) = self.stored(request, now) {
            return stored;
        }
        let mut upstream = request.clone();
        if self.options.head_as_get && request.method == b"HEAD" && !self.passes(request) {
            upstream.method = b"GET".to_vec();
        }
        let mut answer = origin(&upstream);
        // What is not stored is handed on all the same.
        let _: Result<(), NotStored> = self.store(&upstream, &answer, now);
        if request.method == b"HEAD" {
            answer.body.clear();
        }
        answer
    }

    /// The stored answer that `request` gets at `now` without the origin being asked, with its `Age`.
    ///
    /// Source: RFC 9111, section 4.
    #[must_use]
    pub fn stored(&self, request: &SentRequest, now: Duration) -> Option<SeenResponse> {
        let asks_anew = self.options.reads_requests
            && Directives::of(&request.headers, "cache-control").has("no-cache");
        if asks_anew || self.passes(request) {
            return None;
        }
        // Of several that fit the most recent one is used (section 4.1).
        self.entries.iter().rev().find_map(|entry| self.reused(entry, request, now))
    }

    fn reused(&self, entry: &Entry, request: &SentRequest, now: Duration) -> Option<SeenResponse> {
        // What GET asked for answers HEAD too.
        let is_head_of_get = request.method == b"HEAD" && entry.method == b"GET";
        let fits = entry.url == request.url && (entry.method == request.method || is_head_of_get);
        // Section 4.2.3: its age is what it had on arrival and the time since.
        let age = entry.age.saturating_add(now.saturating_sub(entry.at));
        let fresh = age < entry.lifetime;
        let nominated = || {
            vary::matches(&entry.answer, &entry.asked, &request.headers, self.options.normalises)
        };
        if !fits || !fresh || !nominated() {
            return None;
        }
        let mut answer = entry.answer.clone();
        answer.headers.set("age", age.as_secs().to_string());
        if is_head_of_get {
            answer.body.clear();
        }
        Some(answer)
    }

    /// Stores the answer to `request` that came at `now`.
    ///
    /// # Errors
    /// Why it may not be stored.
    pub fn store(
        &mut self,
        request: &SentRequest,
        answer: &SeenResponse,
        now: Duration,
    ) -> Result<(), NotStored> {
        if let Some(name) = self.options.passes.iter().find(|name| request.headers.contains(name)) {
            return Err(NotStored::Passed(name));
        }
        let lifetime = storing::lifetime(&self.options, request, answer, now)?;
        self.entries.push(Entry {
            method: request.method.clone(),
            url: request.url.clone(),
            asked: request.headers.clone(),
            answer: answer.clone(),
            at: now,
            age: freshness::age_on_arrival(answer, now, self.options.reads_age),
            lifetime,
        });
        Ok(())
    }

    fn passes(&self, request: &SentRequest) -> bool {
        self.options.passes.iter().any(|name| request.headers.contains(name))
    }
}

#[cfg(test)]
mod tests;
