//! Preflights: which requests are one, and how they are answered.

use axum::extract::Request;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use corspec_suite::policy::Policy;

use super::cors::{Grant, list};

/// The part of a policy that only preflights are told.
///
/// It is the same in every answer: whatever a preflight asks for, the lists of the policy are the answer, and the
/// browser compares. So no answer depends on the method or the header names that were asked for, or repeats them.
pub(super) struct Preflight {
    methods: Option<HeaderValue>,
    headers: Option<HeaderValue>,
    max_age: Option<HeaderValue>,
}

impl Preflight {
    /// Prepares `policy`.
    pub(super) fn new(policy: &Policy) -> Self {
        Self {
            methods: list(&policy.allow_methods),
            headers: list(&policy.allow_headers),
            max_age: policy.max_age.map(HeaderValue::from),
        }
    }

    /// The answer to a preflight whose origin got `grant`, but for what every answer carries.
    ///
    /// It is 204 also when something is refused: the headers decide, and say to the developer what is amiss.
    /// An origin without a grant learns nothing of the policy.
    pub(super) fn answer(&self, grant: &Grant) -> Response {
        let mut response = StatusCode::NO_CONTENT.into_response();
        if *grant == Grant::Nobody {
            return response;
        }
        let told = [
            (ACCESS_CONTROL_ALLOW_METHODS, &self.methods),
            (ACCESS_CONTROL_ALLOW_HEADERS, &self.headers),
            (ACCESS_CONTROL_MAX_AGE, &self.max_age),
        ];
        let told = told.into_iter().filter_map(|(name, value)| Some((name, value.clone()?)));
        response.headers_mut().extend(told);
        response
    }
}

/// Whether `request` is a CORS-preflight request.
///
/// Source: Fetch, #cors-preflight-request.
pub(super) fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(ORIGIN)
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}
