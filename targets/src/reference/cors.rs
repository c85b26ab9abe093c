//! The CORS layer: who may read an answer, and the headers that say so.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use corspec_suite::policy::{OriginPattern, Policy};

use super::preflight::{self, Preflight};
use super::vary;

/// How the origin of a request is looked up: as [`Exactly`] does it, or as a fault has it.
pub(super) trait Lookup: Send + Sync {
    /// The origin that is granted the answer to a request with `headers` for `path`.
    fn granted(&self, policy: &Policy, headers: &HeaderMap, path: &str) -> Option<HeaderValue>;

    /// Whether an origin is looked up also where the policy lets everybody read, or nobody.
    fn echoes(&self) -> bool;
}

/// The right lookup: the request's one `Origin`, if it is one and the policy names it.
pub(super) struct Exactly;

/// A policy, prepared for answering requests.
pub(super) struct Cors {
    policy: Policy,
    lookup: Box<dyn Lookup>,
    sharing: Sharing,
    expose: Option<HeaderValue>,
    preflight: Preflight,
}

/// What the origin of a request has to do with the answer.
enum Sharing {
    /// Nothing: everybody may read it, and `*` says so on every answer.
    Public,
    /// Nothing: nobody may read it.
    Nobody,
    /// Everything: the request's origin is looked up, so that every answer varies by it.
    ByOrigin,
}

/// What a request's origin is granted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Grant {
    /// Everybody may read the answer.
    Everybody,
    /// This origin may.
    To(HeaderValue),
    /// The request has no origin, not a single well-formed one, or one that the policy does not allow.
    Nobody,
}

impl Cors {
    /// Prepares `policy`, with `lookup` for what depends on the origin.
    pub(super) fn new(policy: &Policy, lookup: Box<dyn Lookup>) -> Self {
        let any_origin = policy.allows_any_origin();
        let sharing = if lookup.echoes() {
            Sharing::ByOrigin
        } else if any_origin && !policy.allow_credentials {
            Sharing::Public
        } else if policy.allow_origins.is_empty() && !policy.allow_null_origin {
            Sharing::Nobody
        } else {
            Sharing::ByOrigin
        };
        Self {
            policy: policy.clone(),
            lookup,
            sharing,
            expose: list(&policy.expose_headers),
            preflight: Preflight::new(policy),
        }
    }

    /// What the `Origin` of `request` is granted.
    ///
    /// A public answer is the same for everybody, also for an `Origin` that nobody can read: would it differ, then it
    /// would depend on the origin after all.
    fn grant(&self, request: &Request) -> Grant {
        match self.sharing {
            Sharing::Public => Grant::Everybody,
            Sharing::Nobody => Grant::Nobody,
            Sharing::ByOrigin => self
                .lookup
                .granted(&self.policy, request.headers(), request.uri().path())
                .map_or(Grant::Nobody, Grant::To),
        }
    }

    /// Adds to `headers` that the answer is shared as `grant` says, and what of it depends on the origin.
    fn mark(&self, headers: &mut HeaderMap, grant: &Grant) {
        if let Sharing::ByOrigin = self.sharing {
            vary::add(headers, &[ORIGIN]);
        }
        let origin = match grant {
            Grant::Everybody => HeaderValue::from_static("*"),
            Grant::To(origin) => origin.clone(),
            Grant::Nobody => return,
        };
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if self.policy.allow_credentials {
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
    }
}

impl Lookup for Exactly {
    fn granted(&self, policy: &Policy, headers: &HeaderMap, _path: &str) -> Option<HeaderValue> {
        only(headers, &ORIGIN).filter(|origin| allows(policy, origin)).cloned()
    }

    fn echoes(&self) -> bool {
        false
    }
}

/// Whether `policy` allows `origin`, and it is one: any text passes a policy that allows every origin.
fn allows(policy: &Policy, origin: &HeaderValue) -> bool {
    origin.to_str().is_ok_and(|origin| {
        let is_origin = origin == "null" || matches!(origin.parse(), Ok(OriginPattern::Exact(_)));
        is_origin && policy.allows_origin(origin)
    })
}

/// The layer: answers preflights, passes everything else on, and marks every answer.
pub(super) async fn share(State(cors): State<Arc<Cors>>, request: Request, next: Next) -> Response {
    let grant = cors.grant(&request);
    let is_options = request.method() == Method::OPTIONS;
    let is_preflight = preflight::is_preflight(&request);
    let mut response =
        if is_preflight { cors.preflight.answer(&grant) } else { next.run(request).await };
    let headers = response.headers_mut();
    cors.mark(headers, &grant);
    if let (false, true, Some(names)) = (is_preflight, grant != Grant::Nobody, &cors.expose) {
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, names.clone());
    }
    if is_options {
        // Who answers an `OPTIONS` request, this layer or the application, hangs on these two.
        vary::add(headers, &[ORIGIN, ACCESS_CONTROL_REQUEST_METHOD]);
    }
    response
}

/// `members` as the value of one header; nothing if there are none.
pub(super) fn list(members: &[String]) -> Option<HeaderValue> {
    // Members of a valid policy are tokens; one that is none would leave the list out, which allows nothing.
    let value = HeaderValue::from_str(&members.join(", ")).ok()?;
    (!value.is_empty()).then_some(value)
}

/// The value of `name` if `headers` has exactly one line of it.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut lines = headers.get_all(name).iter();
    lines.next().filter(|_| lines.next().is_none())
}
