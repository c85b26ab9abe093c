//! From a URL to a request: main fetch and HTTP fetch, as far as the wire.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::ToString as _;
use core::time::Duration;

use data_url::DataUrl;
use url::Url;

use super::{Fetch, HttpResponse, Next, State, Tainting};
use crate::agent::UserAgent;
use crate::blocked::{bad_port, is_mixed_content};
use crate::byte::Bytes;
use crate::cause::Cause;
use crate::network;
use crate::origin::Origin;
use crate::referrer;
use crate::request::{CacheMode, Mode, RedirectMode};
use crate::safelist::{cors_unsafe_request_header_names, is_cors_safelisted_method};

impl Fetch {
    /// [Main fetch](https://fetch.spec.whatwg.org/#concept-main-fetch), as far as the first request.
    pub(super) fn main_fetch(&mut self, agent: &UserAgent, now: Duration) -> Next {
        let current = self.request.current_url().clone();
        // Step 7: bad ports and mixed content are blocked.
        if let Some(port) = bad_port(&current) {
            return Err(Cause::BadPort { port });
        }
        if is_mixed_content(&self.page, &current, agent.profile) {
            let cause = Cause::MixedContent { url: current.to_string() };
            let late =
                self.request.url_list.len() > 1 && agent.profile.preflights_refused_redirects;
            if !late {
                return Err(cause);
            }
            self.doomed.get_or_insert(cause);
        }
        // Step 8: the referrer policy, the page's where the request has none.
        self.request.referrer_policy =
            referrer::effective_policy(self.request.referrer_policy, &self.page);
        // Step 9: the referrer, which a redirect can only shorten.
        self.referrals.determine(&self.request, &self.page, agent.profile);
        self.choose(&current, agent, now)
    }

    /// The twelfth step of [main fetch](https://fetch.spec.whatwg.org/#concept-main-fetch).
    fn choose(&mut self, current: &Url, agent: &UserAgent, now: Duration) -> Next {
        // Step 12: how the response will be tainted, and whether a preflight comes first.
        let same_origin = self.page.origin.same_origin(&Origin::of(current));
        if same_origin && self.tainting == Tainting::Basic {
            self.trace.add(
                "concept-main-fetch",
                "12",
                format!("{current} is of the page's own origin: basic"),
            );
            return self.scheme_fetch(agent, now);
        }
        if current.scheme() == "data" && self.tainting == Tainting::Basic {
            self.trace.add("concept-main-fetch", "12", "a data: URL is of nobody's origin: basic");
            return self.scheme_fetch(agent, now);
        }
        match self.request.mode {
            Mode::SameOrigin => return Err(Cause::SameOriginMode { url: current.to_string() }),
            Mode::NoCors => {
                if self.request.redirect != RedirectMode::Follow {
                    return Err(Cause::NoCorsRedirectMode);
                }
                self.tainting = Tainting::Opaque;
                self.trace.add(
                    "concept-main-fetch",
                    "12",
                    format!("{current} is of another origin, mode no-cors: opaque"),
                );
                return self.scheme_fetch(agent, now);
            }
            Mode::Cors => {}
        }
        if !matches!(current.scheme(), "http" | "https") {
            return Err(Cause::UnsupportedScheme { scheme: current.scheme().to_string() });
        }
        self.tainting = Tainting::Cors;
        self.trace.add(
            "concept-main-fetch",
            "12",
            format!("{current} is of another origin, mode cors: cors"),
        );
        let names = |headers| cors_unsafe_request_header_names(headers, agent.profile);
        let needed = self.request.use_cors_preflight
            || !is_cors_safelisted_method(&self.request.method)
            || !names(&self.judged).is_empty();
        let before = self.make_preflight || !names(&self.first.headers).is_empty();
        let again = before && agent.profile.preflights_again_after_redirect;
        self.make_preflight = needed || again;
        self.http_fetch(self.make_preflight, agent, now)
    }

    /// [Scheme fetch](https://fetch.spec.whatwg.org/#concept-scheme-fetch).
    fn scheme_fetch(&mut self, agent: &UserAgent, now: Duration) -> Next {
        // Step 2: the request is the fetch's own.
        let current = self.request.current_url().clone();
        // Step 3: by the scheme.
        match current.scheme() {
            "http" | "https" => self.http_fetch(false, agent, now),
            "data" => self.data_fetch(&current, agent),
            // Step 4: no other is fetched.
            scheme => Err(Cause::UnsupportedScheme { scheme: scheme.to_string() }),
        }
    }

    /// What a `data:` URL itself says.
    fn data_fetch(&mut self, url: &Url, agent: &UserAgent) -> Next {
        let invalid = || Cause::UnsupportedScheme { scheme: url.scheme().to_string() };
        let parsed = DataUrl::process(url.as_str()).map_err(|_| invalid())?;
        let (body, _) = parsed.decode_to_vec().map_err(|_| invalid())?;
        let headers = [("Content-Type", parsed.mime_type().to_string())].into_iter().collect();
        let (status, status_text) = (200, b"OK".to_vec());
        let response = HttpResponse { status, status_text, headers, body, body_error: None };
        self.finish(&response, agent)
    }

    /// [HTTP fetch](https://fetch.spec.whatwg.org/#concept-http-fetch), as far as its request.
    fn http_fetch(&mut self, preflight: bool, agent: &UserAgent, now: Duration) -> Next {
        self.asked = self.key(agent.profile);
        // Step 4.1: a preflight, unless the cache has permission for all that needs it.
        if preflight && !self.is_cached(agent, now) {
            let request = network::preflight(&self.context(), agent.profile);
            let names = request.headers.get("access-control-request-headers").unwrap_or_default();
            self.trace.add(
                "concept-http-fetch",
                "4.1",
                format!(
                    "a preflight asks for method {} and headers {}",
                    Bytes(self.request.method.clone()),
                    Bytes(names),
                ),
            );
            return Ok(State::Preflight(Box::new(request)));
        }
        self.send_actual(agent, now)
    }

    /// [HTTP-network-or-cache fetch](https://fetch.spec.whatwg.org/#concept-http-network-or-cache-fetch) for
    /// the request itself, as far as the wire.
    pub(super) fn send_actual(&mut self, agent: &UserAgent, now: Duration) -> Next {
        if let Some(cause) = self.doomed.take() {
            return Err(cause);
        }
        if let Some(body) = self.request.body.as_ref().filter(|_| self.request.keepalive) {
            // Step 8.10: what outlives the page is limited.
            if body.len() > 65_536 {
                return Err(Cause::KeepaliveQuota { length: body.len() });
            }
        }
        let request = network::actual(&self.context(), agent, now);
        let mode = self.context().cache_mode(agent.profile);
        // Step 8.26: an answer that the browser has kept spares the request.
        if let Some(response) = agent.kept.answer(&self.site(), &request, mode) {
            self.trace.add(
                "concept-http-network-or-cache-fetch",
                "8.26",
                format!("the browser has kept the answer ({})", response.status),
            );
            return Ok(State::Kept(Box::new(response)));
        }
        // Step 11.1: there is no cache that could have it.
        let asks = agent.profile.only_if_cached_asks_server;
        if self.request.cache == CacheMode::OnlyIfCached && !asks {
            return Err(Cause::OnlyIfCached);
        }
        // Step 11.2: otherwise the network is asked.
        Ok(State::Actual(Box::new(request)))
    }

    fn is_cached(&mut self, agent: &UserAgent, now: Duration) -> bool {
        let profile = agent.profile;
        let mode = self.context().cache_mode(profile);
        if profile.modes_past_preflight_cache.contains(&mode) {
            return false;
        }
        let Some(key) = self.key(profile) else { return false };
        let include = self.include();
        let cache = &agent.preflights;
        let method = &self.request.method;
        let method_needs = !is_cors_safelisted_method(method)
            || self.request.use_cors_preflight && profile.upload_method_must_be_cached
            || profile.cached_head_is_listed && method == b"HEAD";
        let method_cached = cache.allows_method(&key, include, method, now, profile);
        let names = cors_unsafe_request_header_names(&self.judged, profile);
        let names_cached =
            names.iter().all(|name| cache.allows_header_name(&key, include, name, now, profile));
        // A request that needs no permission is preflighted by some browsers, and only until they have an answer.
        let nothing_needed = !method_needs && names.is_empty();
        let answered = !nothing_needed || cache.knows_an_answer(&key, include, now, profile);
        let cached = (!method_needs || method_cached) && names_cached && answered;
        if cached {
            self.trace.add(
                "concept-http-fetch",
                "4.1",
                "the preflight cache has permission for all of it",
            );
        }
        cached
    }
}
