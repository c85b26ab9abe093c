//! One fetch, as a state machine: main fetch, HTTP fetch and what they call.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::time::Duration;

use url::Url;

use crate::agent::UserAgent;
use crate::blocked::{bad_port, is_mixed_content};
use crate::byte::Bytes;
use crate::cause::Cause;
use crate::corp::cross_origin_resource_policy_check;
use crate::cors_check::cors_check;
use crate::filter::filtered;
use crate::header_list::HeaderList;
use crate::integrity;
use crate::network::{self, Context};
use crate::origin::Origin;
use crate::outcome::{NetworkError, Outcome, ResponseType};
use crate::page::Page;
use crate::preflight;
use crate::preflight_cache::Key;
use crate::redirect::{self, is_redirect_status};
use crate::referrer;
use crate::request::{CacheMode, CredentialsMode, Mode, RedirectMode, Referrer, Request};
use crate::safelist::{cors_unsafe_request_header_names, is_cors_safelisted_method};
use crate::trace::Trace;

/// A request for the driver to send, exactly as it stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HttpRequest {
    /// Whether it is a CORS-preflight request.
    pub preflight: bool,
    /// The method, byte for byte.
    pub method: Vec<u8>,
    /// The URL, without fragment and userinfo.
    pub url: Url,
    /// Every header but those that HTTP itself needs (`Host`, `Connection` …).
    pub headers: HeaderList,
    /// The body; `None` for no body, which is not an empty one.
    pub body: Option<Vec<u8>>,
}

/// What a server answered.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// The reason phrase.
    pub status_text: Vec<u8>,
    /// The header lines, as sent.
    pub headers: HeaderList,
    /// The body, as far as it came.
    pub body: Vec<u8>,
    /// Why the body ended early.
    pub body_error: Option<String>,
}

/// Nothing that is HTTP came back: refused, reset, malformed, timed out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConnectionFailure {
    /// What happened, in words.
    pub message: String,
}

/// What the driver does next.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Step {
    /// Send this, and give the answer to [`Fetch::respond`].
    Send(HttpRequest),
    /// The fetch is over.
    Done(Outcome),
}

/// A request's [response tainting](https://fetch.spec.whatwg.org/#concept-request-response-tainting).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Tainting {
    Basic,
    Cors,
    Opaque,
}

/// One [fetch](https://fetch.spec.whatwg.org/#concept-fetch) under way.
#[derive(Clone, Debug)]
pub struct Fetch {
    page: Page,
    request: Request,
    tainting: Tainting,
    /// Whether the request was preflighted, or found its permission cached.
    make_preflight: bool,
    became_get: bool,
    referrer_before: Option<Referrer>,
    timing_failed: bool,
    state: State,
    answer: Option<Result<HttpResponse, ConnectionFailure>>,
    trace: Trace,
}

#[derive(Clone, Debug)]
enum State {
    Start,
    Preflight(Box<HttpRequest>),
    Actual(Box<HttpRequest>),
    Done(Box<Outcome>),
}

/// The two ways that an algorithm ends early: an outcome, or a network error.
type Next = Result<State, Cause>;

impl Fetch {
    pub(crate) fn new(page: Page, request: Request) -> Self {
        Self {
            page,
            request,
            tainting: Tainting::Basic,
            make_preflight: false,
            became_get: false,
            referrer_before: None,
            timing_failed: false,
            state: State::Start,
            answer: None,
            trace: Trace::default(),
        }
    }

    /// The decisions so far.
    #[must_use]
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// Says what to do next. Without an answer in between it says the same again.
    ///
    /// `now` is the time since the Unix epoch; it must not go backwards.
    pub fn step(&mut self, agent: &mut UserAgent, now: Duration) -> Step {
        let next = match (&self.state, self.answer.take()) {
            (State::Start, _) => Some(self.main_fetch(agent, now)),
            (State::Preflight(_), Some(answer)) => {
                Some(self.preflight_answered(answer, agent, now))
            }
            (State::Actual(_), Some(answer)) => Some(self.actual_answered(answer, agent, now)),
            (State::Preflight(_) | State::Actual(_), None) | (State::Done(_), _) => None,
        };
        if let Some(next) = next {
            self.state = next.unwrap_or_else(|cause| self.failed(cause, agent));
        }
        match &self.state {
            State::Preflight(request) | State::Actual(request) => Step::Send((**request).clone()),
            State::Done(outcome) => Step::Done((**outcome).clone()),
            // The first step leaves this state.
            State::Start => {
                Step::Done(Outcome::NetworkError(NetworkError::new(Cause::ConnectionFailed {
                    message: String::new(),
                })))
            }
        }
    }

    /// Takes the answer to the request that [`Fetch::step`] asked to send.
    pub fn respond(&mut self, answer: Result<HttpResponse, ConnectionFailure>) {
        self.answer = Some(answer);
    }

    fn context(&self) -> Context<'_> {
        Context {
            page: &self.page,
            request: &self.request,
            tainting: self.tainting,
            became_get: self.became_get,
            referrer_before: self.referrer_before.as_ref(),
        }
    }

    fn key(&self) -> Key {
        let origin = self.context().serialized_origin();
        Key::new(self.page.top_level_origin(), &origin, self.request.current_url())
    }

    fn include(&self) -> bool {
        self.request.credentials == CredentialsMode::Include
    }

    /// [Main fetch](https://fetch.spec.whatwg.org/#concept-main-fetch), as far as the first request.
    fn main_fetch(&mut self, agent: &UserAgent, now: Duration) -> Next {
        let current = self.request.current_url().clone();
        // Steps 1 to 6: set-up, local URLs, policies and upgrades. Not modelled: pages have none here.
        // Step 7: bad ports and mixed content are blocked.
        if let Some(port) = bad_port(&current) {
            return Err(Cause::BadPort { port });
        }
        if is_mixed_content(&self.page, &current, agent.profile) {
            return Err(Cause::MixedContent { url: current.to_string() });
        }
        // Step 8: the referrer policy, the page's where the request has none.
        self.request.referrer_policy =
            referrer::effective_policy(self.request.referrer_policy, &self.page);
        // Step 9: the referrer, which a redirect can only shorten.
        self.request.referrer = referrer::determine(&self.request, &self.page, agent.profile)
            .map_or(Referrer::NoReferrer, Referrer::Url);
        // Step 10: known HSTS hosts. Not modelled: the agent knows none.
        // Step 11: the rest runs in parallel.
        // Step 12: how the response will be tainted, and whether a preflight comes first.
        let same_origin = self.page.origin.same_origin(&Origin::of(&current));
        if same_origin && self.tainting == Tainting::Basic {
            self.trace.add(
                "concept-main-fetch",
                "12",
                format!("{current} is of the page's own origin: basic"),
            );
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
        let names = cors_unsafe_request_header_names(&self.request.headers, agent.profile);
        let needed = self.request.use_cors_preflight
            || !is_cors_safelisted_method(&self.request.method)
            || !names.is_empty();
        let again = self.make_preflight && agent.profile.preflights_again_after_redirect;
        self.make_preflight = needed || again;
        self.http_fetch(needed, again && !needed, agent, now)
    }

    fn scheme_fetch(&mut self, agent: &UserAgent, now: Duration) -> Next {
        let scheme = self.request.current_url().scheme();
        if matches!(scheme, "http" | "https") {
            return self.http_fetch(false, false, agent, now);
        }
        Err(Cause::UnsupportedScheme { scheme: scheme.to_string() })
    }

    /// [HTTP fetch](https://fetch.spec.whatwg.org/#concept-http-fetch), as far as its request.
    ///
    /// `again`: a browser preflights although the request needs it no more.
    fn http_fetch(
        &mut self,
        preflight: bool,
        again: bool,
        agent: &UserAgent,
        now: Duration,
    ) -> Next {
        // Steps 1 to 3: set-up and service workers. Not modelled: there are none.
        // Step 4.1: a preflight, unless the cache has permission for all that needs it.
        if again || preflight && !self.is_cached(agent, now) {
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

    fn send_actual(&mut self, agent: &UserAgent, now: Duration) -> Next {
        if let Some(body) = self.request.body.as_ref().filter(|_| self.request.keepalive) {
            // Step 8.10 of HTTP-network-or-cache fetch: what outlives the page is limited.
            if body.len() > 65_536 {
                return Err(Cause::KeepaliveQuota { length: body.len() });
            }
        }
        if self.request.cache == CacheMode::OnlyIfCached {
            return Err(Cause::OnlyIfCached);
        }
        let request = network::actual(&self.context(), agent, now);
        Ok(State::Actual(Box::new(request)))
    }

    fn is_cached(&mut self, agent: &UserAgent, now: Duration) -> bool {
        let profile = agent.profile;
        let bypass = matches!(self.request.cache, CacheMode::NoStore | CacheMode::Reload);
        if bypass && profile.cache_mode_bypasses_preflight_cache {
            return false;
        }
        let (key, include) = (self.key(), self.include());
        let cache = &agent.preflights;
        let method = &self.request.method;
        let method_needs = !is_cors_safelisted_method(method) || self.request.use_cors_preflight;
        let method_cached = cache.allows_method(&key, include, method, now, profile);
        let names = cors_unsafe_request_header_names(&self.request.headers, profile);
        let names_cached =
            names.iter().all(|name| cache.allows_header_name(&key, include, name, now, profile));
        let cached = (!method_needs || method_cached) && names_cached;
        if cached {
            self.trace.add(
                "concept-http-fetch",
                "4.1",
                "the preflight cache has permission for all of it",
            );
        }
        cached
    }

    /// What the preflight's answer means: from step 7 of the
    /// [CORS-preflight fetch](https://fetch.spec.whatwg.org/#cors-preflight-fetch).
    fn preflight_answered(
        &mut self,
        answer: Result<HttpResponse, ConnectionFailure>,
        agent: &mut UserAgent,
        now: Duration,
    ) -> Next {
        let response = answer
            .map_err(|failure| Cause::PreflightConnectionFailed { message: failure.message })?;
        let mut origin = self.context().serialized_origin();
        if agent.profile.preflight_origin_ignores_taint {
            origin = self.page.origin.to_string().into_bytes();
        }
        let (key, include, profile) = (self.key(), self.include(), agent.profile);
        let evaluated = preflight::evaluate(
            &self.request,
            &origin,
            response.status,
            &response.headers,
            profile,
        );
        let permission = match evaluated {
            Ok(permission) => permission,
            Err(cause) => {
                if profile.caches_refusing_preflight
                    && let Ok(permission) = preflight::permission(
                        &origin,
                        self.request.credentials,
                        response.status,
                        &response.headers,
                        profile,
                    )
                {
                    agent.preflights.store(&key, include, &permission, now, profile);
                }
                return Err(cause);
            }
        };
        self.trace.add("cors-preflight-fetch", "7", "the preflight allows the request");
        agent.preflights.store(&key, include, &permission, now, profile);
        self.send_actual(agent, now)
    }

    /// What the actual answer means: the rest of [HTTP fetch](https://fetch.spec.whatwg.org/#concept-http-fetch).
    fn actual_answered(
        &mut self,
        answer: Result<HttpResponse, ConnectionFailure>,
        agent: &mut UserAgent,
        now: Duration,
    ) -> Next {
        let response =
            answer.map_err(|failure| Cause::ConnectionFailed { message: failure.message })?;
        if let Some((name, _)) = response.headers.iter().find(|(_, value)| value.contains(&0)) {
            return Err(Cause::ResponseHeaderWithNul { name: Bytes(name.to_vec()) });
        }
        self.keep_cookies(&response, agent, now);
        if response.status == 407 && agent.profile.proxy_authentication_is_error {
            return Err(Cause::ProxyAuthentication);
        }
        // Step 4.4: a cors response must pass the CORS check, redirects included.
        if self.tainting == Tainting::Cors {
            let origin = self.context().serialized_origin();
            cors_check(&origin, self.request.credentials, &response.headers)
                .map_err(Cause::CorsCheck)?;
            self.trace.add(
                "concept-cors-check",
                "7",
                format!("the answer ({}) passes the CORS check", response.status),
            );
        }
        // Step 4.5: whether the page may see how long it took.
        self.timing_failed |= !self.tao_check(&response.headers);
        // Step 5: an opaque response must not keep the page out.
        if self.tainting == Tainting::Opaque {
            let credentials = self.context().include_credentials();
            let url = self.request.current_url();
            cross_origin_resource_policy_check(&self.page, url, &response.headers, credentials)?;
        }
        // Step 6: redirects.
        if is_redirect_status(response.status) {
            return self.redirected(&response, agent, now);
        }
        // Step 7: the response is the one.
        self.finish(&response)
    }

    fn keep_cookies(&self, response: &HttpResponse, agent: &mut UserAgent, now: Duration) {
        let context = self.context();
        if !context.include_credentials() {
            return;
        }
        let distance = context.distance(agent.profile);
        for line in response.headers.get_all("set-cookie") {
            let url = self.request.current_url();
            agent.cookies.set(url, line, distance, now, &agent.profile.cookies);
        }
    }

    /// The [TAO check](https://fetch.spec.whatwg.org/#concept-tao-check).
    fn tao_check(&self, response: &HeaderList) -> bool {
        // Step 1: the origin is the page's.
        // Step 2: once failed, always failed.
        if self.timing_failed {
            return false;
        }
        // Step 3: the values.
        let value = response.get("timing-allow-origin").unwrap_or_default();
        let origin = self.context().serialized_origin();
        // Steps 4 and 5: everybody, or this origin.
        let named =
            crate::construct::split_value(&value).any(|item| item == b"*" || item == origin);
        // Step 6: navigations. Not modelled: these are fetches.
        // Step 7: the page's own origin needs no header. Step 8: anybody else does.
        named || self.tainting == Tainting::Basic
    }

    fn redirected(&mut self, response: &HttpResponse, agent: &UserAgent, now: Duration) -> Next {
        // Step 6.3: by the redirect mode.
        match self.request.redirect {
            RedirectMode::Error => Err(Cause::RedirectModeError { status: response.status }),
            RedirectMode::Manual => {
                let opaque = filtered(ResponseType::OpaqueRedirect, &self.request, response, false);
                Ok(State::Done(Box::new(Outcome::Response(opaque))))
            }
            RedirectMode::Follow => self.follow(response, agent, now),
        }
    }

    /// [HTTP-redirect fetch](https://fetch.spec.whatwg.org/#http-redirect-fetch).
    fn follow(&mut self, response: &HttpResponse, agent: &UserAgent, now: Duration) -> Next {
        let profile = agent.profile;
        let empty =
            response.headers.get("location").is_some_and(|it| redirect::stripped(&it).is_empty());
        let location = redirect::location_url(&response.headers, self.request.current_url())?;
        let Some(location) = location.filter(|_| !(empty && profile.empty_location_is_response))
        else {
            // Step 4: a redirect that leads nowhere is an ordinary response.
            return self.finish(response);
        };
        self.trace.add(
            "http-redirect-fetch",
            "18",
            format!("{} leads to {location}", response.status),
        );
        let tainted = self.tainting == Tainting::Cors;
        let count = self.request.url_list.len() - 1;
        let method = self.request.method.clone();
        redirect::apply(
            &mut self.request,
            &self.page.origin,
            tainted,
            count,
            response.status,
            location,
            profile,
        )?;
        self.became_get |= method != self.request.method;
        // Step 19: the response may change the referrer policy.
        if let Some(policy) = referrer::policy_on_redirect(&response.headers) {
            self.request.referrer_policy = policy;
        }
        self.referrer_before = Some(self.request.referrer.clone());
        // Steps 20 to 22: main fetch again, for the new URL.
        self.main_fetch(agent, now)
    }

    /// Main fetch from step 14: what the page gets to see.
    fn finish(&mut self, response: &HttpResponse) -> Next {
        // Step 14: filtered by the tainting.
        let kind = match self.tainting {
            Tainting::Basic => ResponseType::Basic,
            Tainting::Cors => ResponseType::Cors,
            Tainting::Opaque => ResponseType::Opaque,
        };
        // Steps 15 to 20: bookkeeping, and what a page's other policies block. Not modelled.
        // Step 21: a partial response kept for another request. Not modelled: nothing is kept here.
        // Step 22: a null body, by the filter.
        let seen = filtered(kind, &self.request, response, !self.timing_failed);
        // Step 23: integrity.
        if !self.request.integrity.is_empty() {
            if kind == ResponseType::Opaque {
                return Err(Cause::IntegrityOpaque);
            }
            if !integrity::matches(&seen.body, &self.request.integrity) {
                return Err(Cause::IntegrityMismatch);
            }
        }
        self.trace.add(
            "concept-main-fetch",
            "14",
            format!("the page sees a {} response", kind.name()),
        );
        Ok(State::Done(Box::new(Outcome::Response(seen))))
    }

    /// A network error ends the fetch, and may end what the cache remembers.
    fn failed(&mut self, cause: Cause, agent: &mut UserAgent) -> State {
        let profile = agent.profile;
        let in_preflight = matches!(self.state, State::Preflight(_));
        let forgets = if in_preflight {
            profile.forgets_after_refused_preflight
        } else {
            profile.forgets_after_failed_request
        };
        // Step 12 of main fetch, with preflight: a network error clears the entries.
        if self.make_preflight && forgets {
            agent.preflights.clear(&self.key());
        }
        let (anchor, step) = cause.place();
        self.trace.add(anchor, step, cause.to_string());
        State::Done(Box::new(Outcome::NetworkError(NetworkError::new(cause))))
    }
}
