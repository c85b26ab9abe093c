//! From an answer to an outcome, or to the next URL: the rest of HTTP fetch,
//! HTTP-redirect fetch, and the end of main fetch.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString as _};
use core::time::Duration;

use super::{ConnectionFailure, Fetch, HttpRequest, HttpResponse, Next, State, Tainting};
use crate::agent::UserAgent;
use crate::byte::Bytes;
use crate::cause::Cause;
use crate::construct::split_value;
use crate::corp::cross_origin_resource_policy_check;
use crate::cors_check::cors_check;
use crate::filter::filtered;
use crate::header_list::HeaderList;
use crate::integrity;
use crate::origin::Origin;
use crate::outcome::{NetworkError, Outcome, ResponseType};
use crate::preflight::{self, Asked};
use crate::profile::{Forgets, Profile};
use crate::redirect::{self, Redirect, is_redirect_status, just_crossed_origins};
use crate::referrer;
use crate::request::{CredentialsMode, RedirectMode};

impl Fetch {
    /// What the preflight's answer means: from step 7 of the
    /// [CORS-preflight fetch](https://fetch.spec.whatwg.org/#cors-preflight-fetch).
    pub(super) fn preflight_answered(
        &mut self,
        answer: Result<HttpResponse, ConnectionFailure>,
        agent: &mut UserAgent,
        now: Duration,
    ) -> Next {
        let profile = agent.profile;
        let key = self.key(profile);
        if let Some(key) = key.as_ref().filter(|_| profile.forgets_what_does_not_suffice) {
            agent.preflights.clear(key);
        }
        let response = answer
            .map(|response| as_read(response, profile))
            .map_err(|failure| Cause::PreflightConnectionFailed { message: failure.message })?;
        let origin = self.preflight_origin(profile);
        let own = self.page.origin.same_origin(&Origin::of(self.request.current_url()));
        let asked = Asked {
            request: &self.request,
            judged: &self.judged,
            origin: &origin,
            checked: !own || profile.checks_preflight_of_own_origin,
        };
        let (status, headers) = (response.status, &response.headers);
        let allowed = preflight::evaluate(&asked, status, headers, profile);
        let remembered = match &allowed {
            Err(_) if profile.caches_refusing_preflight => {
                preflight::permission(&asked, status, headers, profile).ok()
            }
            allowed => allowed.as_ref().ok().cloned(),
        };
        if let (Some(permission), Some(key)) = (remembered, key) {
            agent.preflights.store(&key, self.include(), &permission, now, profile);
        }
        allowed?;
        self.trace.add("cors-preflight-fetch", "7", "the preflight allows the request");
        self.send_actual(agent, now)
    }

    /// What comes of the actual answer: the rest of
    /// [HTTP-network-or-cache fetch](https://fetch.spec.whatwg.org/#concept-http-network-or-cache-fetch).
    pub(super) fn actual_answered(
        &mut self,
        request: &HttpRequest,
        answer: Result<HttpResponse, ConnectionFailure>,
        agent: &mut UserAgent,
        now: Duration,
    ) -> Next {
        let response = answer
            .map(|response| as_read(response, agent.profile))
            .map_err(|failure| Cause::ConnectionFailed { message: failure.message })?;
        if let Some((name, _)) = response.headers.iter().find(|(_, value)| value.contains(&0)) {
            return Err(Cause::ResponseHeaderWithNul { name: Bytes(name.to_vec()) });
        }
        // Step 17 of `concept-http-network-fetch`: cookies are kept, whatever the page may see.
        self.keep_cookies(&response, agent, now);
        // Step 11.5: the answer is the response, and may be kept.
        let (mode, profile) = (self.context().cache_mode(agent.profile), agent.profile);
        agent.kept.learn(&self.site(), request, mode, &response, profile.keeps_statuses);
        // Step 16.1: nobody can be asked for a proxy's password.
        if response.status == 407 && profile.proxy_authentication_is_error {
            return Err(Cause::ProxyAuthentication);
        }
        self.judge(&response, agent, now)
    }

    /// Whether the page may have the answer, be it kept or new, and whether it leads on:
    /// the rest of [HTTP fetch](https://fetch.spec.whatwg.org/#concept-http-fetch).
    pub(super) fn judge(
        &mut self,
        response: &HttpResponse,
        agent: &UserAgent,
        now: Duration,
    ) -> Next {
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
            let credentials = self.context().include_credentials(agent.profile);
            let url = self.request.current_url();
            let headers = &response.headers;
            cross_origin_resource_policy_check(
                &self.page,
                url,
                headers,
                credentials,
                agent.profile,
            )?;
        }
        // Step 6.3: redirects.
        if is_redirect_status(response.status) {
            return self.redirected(response, agent, now);
        }
        // Step 7: the response is the one.
        self.finish(response, agent)
    }

    /// Why a browser refuses to follow a redirect once it has prepared the next request.
    fn refused_late(&self, response: &HeaderList, profile: &Profile) -> Option<Cause> {
        let began_here = self.page.origin.same_origin(&Origin::of(self.request.url()));
        let kept = began_here && self.request.credentials == CredentialsMode::SameOrigin;
        if self.tainting != Tainting::Cors || !kept || !profile.redirect_check_keeps_credentials {
            return None;
        }
        let origin = self.context().serialized_origin();
        cors_check(&origin, CredentialsMode::Include, response).err().map(Cause::CorsCheck)
    }

    fn keep_cookies(&self, response: &HttpResponse, agent: &mut UserAgent, now: Duration) {
        let context = self.context();
        let refused = response.status == 407 && !agent.profile.keeps_cookies_of_407;
        if refused || !context.include_credentials(agent.profile) {
            return;
        }
        let tab = self.site();
        let distance = context.distance(agent.profile, &tab);
        for line in response.headers.get_all("set-cookie") {
            let url = self.request.current_url();
            agent.cookies.set(url, line, distance, now, &agent.profile.cookies);
        }
    }

    /// The [TAO check](https://fetch.spec.whatwg.org/#concept-tao-check).
    fn tao_check(&self, response: &HeaderList) -> bool {
        // Step 2: once failed, always failed.
        if self.timing_failed {
            return false;
        }
        // Step 3: the values.
        let value = response.get("timing-allow-origin").unwrap_or_default();
        let origin = self.context().serialized_origin();
        // Steps 4 and 5: everybody, or this origin.
        let named = split_value(&value).any(|item| item == b"*" || item == origin);
        // Step 7: the page's own origin needs no header.
        // Step 8: anybody else does.
        named || self.tainting == Tainting::Basic
    }

    /// The sixth step of [HTTP fetch](https://fetch.spec.whatwg.org/#concept-http-fetch).
    fn redirected(&mut self, response: &HttpResponse, agent: &UserAgent, now: Duration) -> Next {
        let profile = agent.profile;
        let located = response.headers.get("location").is_some_and(|value| !value.is_empty());
        // Step 6.3: by the redirect mode.
        match self.request.redirect {
            RedirectMode::Error if profile.error_mode_needs_location && !located => {
                self.finish(response, agent)
            }
            RedirectMode::Error => Err(Cause::RedirectModeError { status: response.status }),
            RedirectMode::Manual => {
                if profile.manual_mode_parses_location {
                    let current = self.request.current_url();
                    redirect::location_url(&response.headers, current, profile)?;
                }
                let opaque =
                    filtered(ResponseType::OpaqueRedirect, &self.request, response, false, profile);
                integrity::check(&self.request, response, &opaque, profile)?;
                Ok(State::Done(Box::new(Outcome::Response(opaque))))
            }
            RedirectMode::Follow => self.follow(response, agent, now),
        }
    }

    /// [HTTP-redirect fetch](https://fetch.spec.whatwg.org/#http-redirect-fetch).
    fn follow(&mut self, response: &HttpResponse, agent: &UserAgent, now: Duration) -> Next {
        let profile = agent.profile;
        let current = self.request.current_url();
        // Step 3: where it leads.
        // Step 5: an error where that is no URL.
        let Some(location) = redirect::location_url(&response.headers, current, profile)? else {
            // Step 4: a redirect that leads nowhere is an ordinary response.
            return self.finish(response, agent);
        };
        self.trace.add(
            "http-redirect-fetch",
            "18",
            format!("{} leads to {location}", response.status),
        );
        let tainted = self.tainting == Tainting::Cors;
        let count = self.request.url_list.len() - 1;
        let method = self.request.method.clone();
        let redirect = Redirect {
            origin: &self.page.origin,
            tab: self.page.top_level_origin(),
            tainted,
            count,
            status: response.status,
            location,
            first: &self.first,
        };
        redirect.check()?;
        let refusal = redirect.refusal(&self.request, profile);
        let late = profile.preflights_refused_redirects && !tainted;
        if let Some(cause) = refusal.clone().filter(|_| !late) {
            return Err(cause);
        }
        self.doomed = refusal.or_else(|| self.refused_late(&response.headers, profile));
        self.judged = redirect.apply(&mut self.request, profile);
        self.became_get |= method != self.request.method;
        self.became_get &= !just_crossed_origins(&self.request.url_list);
        // Step 19: the response may change the referrer policy.
        self.take_policy(&response.headers);
        // Steps 20 to 22: main fetch again, for the new URL.
        self.main_fetch(agent, now)
    }

    fn take_policy(&mut self, redirect: &HeaderList) {
        if let Some(policy) = referrer::policy_on_redirect(redirect) {
            self.request.referrer_policy = policy;
            self.referrals.settle();
        }
    }

    /// [Main fetch](https://fetch.spec.whatwg.org/#concept-main-fetch) from step 14: what the page gets to see.
    pub(super) fn finish(&mut self, response: &HttpResponse, agent: &UserAgent) -> Next {
        // Step 14: filtered by the tainting.
        let kind = match self.tainting {
            Tainting::Basic => ResponseType::Basic,
            Tainting::Cors => ResponseType::Cors,
            Tainting::Opaque => ResponseType::Opaque,
        };
        // Step 19: whether the page may see how long it took.
        let timing = !self.timing_failed;
        let mut shown = response.clone();
        if agent.profile.drops_empty_response_lines {
            shown.headers = shown.headers.without_empty_repeats("");
        }
        let seen = filtered(kind, &self.request, &shown, timing, agent.profile);
        // Step 23: integrity.
        integrity::check(&self.request, response, &seen, agent.profile)?;
        // Step 24: the page has it.
        self.trace.add(
            "concept-main-fetch",
            "14",
            format!("the page sees a {} response", kind.name()),
        );
        Ok(State::Done(Box::new(Outcome::Response(seen))))
    }

    /// A network error ends the fetch, and may end what the cache remembers:
    /// [main fetch](https://fetch.spec.whatwg.org/#concept-main-fetch).
    pub(super) fn failed(&mut self, cause: Cause, agent: &mut UserAgent) -> State {
        let profile = agent.profile;
        let in_preflight = matches!(self.state, State::Preflight(_));
        let forgets = if in_preflight {
            profile.forgets_after_refused_preflight
        } else {
            match profile.forgets_after_failed_request {
                Forgets::Always => true,
                Forgets::ButByRedirectMode => !matches!(cause, Cause::RedirectModeError { .. }),
                Forgets::Never => false,
            }
        };
        // Step 12: where there was a preflight, a network error clears the entries.
        let key = if profile.forgets_last_asked { self.asked.take() } else { self.key(profile) };
        if let Some(key) = key.filter(|_| self.make_preflight && forgets) {
            agent.preflights.clear(&key);
        }
        let (anchor, step) = cause.place();
        self.trace.add(anchor, step, cause.to_string());
        State::Done(Box::new(Outcome::NetworkError(NetworkError::new(cause))))
    }
}

/// An answer as the browser reads its lines.
fn as_read(mut response: HttpResponse, profile: &Profile) -> HttpResponse {
    if profile.reads_values_as_utf8 {
        let lines = response.headers.iter();
        let read = |value| String::from_utf8_lossy(value).into_owned();
        response.headers = lines.map(|(name, value)| (name.to_vec(), read(value))).collect();
    }
    if profile.drops_empty_response_lines {
        response.headers = response.headers.without_empty_repeats("access-control-allow-origin");
    }
    response
}
