//! The application behind the CORS layer: the routes of the target contract. It sets no CORS header.

use std::collections::HashMap;
use std::panic::resume_unwind;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Query, Request, State};
use axum::http::header::{
    ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, COOKIE, HeaderMap, HeaderValue, LOCATION,
    PROXY_AUTHENTICATE, SET_COOKIE, UPGRADE, VARY, WWW_AUTHENTICATE,
};
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{any, get};
use corspec_suite::policy::Policy;
use serde_json::{Value, json};

use super::document::document;

/// The longest request body that is read, in bytes.
const MAX_BODY: usize = 1 << 20;

/// The methods that `/resource` answers under every policy.
const RESOURCE_METHODS: [Method; 6] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

/// Methods that no page can send and that a `*` in the policy does not mean; plain `OPTIONS` has a route of its own.
const UNSERVABLE: [Method; 3] = [Method::OPTIONS, Method::CONNECT, Method::TRACE];

/// The challenge of everything that wants an `Authorization`.
const CHALLENGE: HeaderValue = HeaderValue::from_static("Bearer realm=\"reference\"");

/// The cookie of `/session`, as it is sent back.
const SESSION: &str = "session=reference";

/// What `/session` sets: a page of another site gets the cookie sent only with `SameSite=None`, which browsers take only
/// with `Secure`, which on loopback they take over plain HTTP as well.
const SET_SESSION: HeaderValue =
    HeaderValue::from_static("session=reference; Path=/; HttpOnly; SameSite=None; Secure");

/// The application under `policy`, of which it knows only the methods.
pub(super) fn routes(policy: &Policy) -> Router {
    Router::new()
        .route("/.corspec", get(about))
        .route("/resource", any(resource))
        .route("/status/{code}", any(status))
        .route("/private", any(private))
        .route("/session", any(session))
        .route("/throws", any(throws))
        .route("/redirect", any(redirect))
        .route("/slash", any(to_slash))
        .route("/slash/", any(slash))
        .route("/vary", get(vary))
        .route("/cacheable", get(cacheable))
        .route("/document", get(document))
        .route("/options", get(with_options).options(options))
        .fallback(not_found)
        .layer(middleware::from_fn(read_body))
        .with_state(Arc::new(policy.clone()))
}

/// Reads the request's body before the application answers: a connection that is closed over an unread body may lose
/// the answer.
async fn read_body(request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    match to_bytes(body, MAX_BODY).await {
        Ok(body) => next.run(Request::from_parts(head, Body::from(body))).await,
        Err(_) => error(StatusCode::PAYLOAD_TOO_LARGE, "the body is too long or broke off"),
    }
}

/// Says who answers: the target contract's readiness probe.
async fn about() -> Response {
    let about = json!({
        "name": "reference",
        "versions": { "corspec": env!("CARGO_PKG_VERSION") },
    });
    answer(StatusCode::OK, &about)
}

/// Serves every method of the contract, and whatever else the policy allows.
async fn resource(State(policy): State<Arc<Policy>>, method: Method) -> Response {
    let is_served = RESOURCE_METHODS.contains(&method)
        || !UNSERVABLE.contains(&method) && policy.allows_method(method.as_str());
    if !is_served {
        let allow = [(ALLOW, allowed_methods(&policy))];
        return (allow, error(StatusCode::METHOD_NOT_ALLOWED, "this method is not served here"))
            .into_response();
    }
    let headers = [("x-exposed", "1"), ("x-hidden", "1")];
    (headers, answer(StatusCode::OK, &json!({ "method": method.as_str() }))).into_response()
}

/// The `Allow` of `/resource`.
fn allowed_methods(policy: &Policy) -> String {
    let served = RESOURCE_METHODS.map(|method| method.to_string());
    let more = policy.allow_methods.iter().filter(|&method| {
        method != "*"
            && !served.contains(method)
            && !UNSERVABLE.iter().any(|unservable| unservable.as_str() == method)
    });
    let methods: Vec<&str> = served.iter().chain(more).map(String::as_str).collect();
    methods.join(", ")
}

/// Answers with the status in the path, and with the headers that RFC 9110 demands of it.
async fn status(Path(code): Path<u16>) -> Response {
    let status = match StatusCode::from_u16(code) {
        Ok(status) if (200..600).contains(&code) => status,
        _ => return error(StatusCode::BAD_REQUEST, "a final status is 200 to 599"),
    };
    let mut response = match status {
        StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED => {
            status.into_response()
        }
        _ => answer(status, &json!({ "status": code })),
    };
    let demanded = match status {
        StatusCode::UNAUTHORIZED => Some((WWW_AUTHENTICATE, CHALLENGE)),
        StatusCode::METHOD_NOT_ALLOWED => Some((ALLOW, HeaderValue::from_static(""))),
        StatusCode::PROXY_AUTHENTICATION_REQUIRED => Some((PROXY_AUTHENTICATE, CHALLENGE)),
        StatusCode::UPGRADE_REQUIRED => Some((UPGRADE, HeaderValue::from_static("h2c"))),
        _ => None,
    };
    response.headers_mut().extend(demanded);
    response
}

/// Wants an `Authorization`, and takes any.
async fn private(headers: HeaderMap) -> Response {
    if headers.contains_key(AUTHORIZATION) {
        return answer(StatusCode::OK, &json!({ "private": true }));
    }
    let challenge = [(WWW_AUTHENTICATE, CHALLENGE)];
    (challenge, error(StatusCode::UNAUTHORIZED, "an `Authorization` header is needed"))
        .into_response()
}

/// Wants the cookie that it sets on every answer.
async fn session(headers: HeaderMap) -> Response {
    let is_known = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .any(|cookie| cookie.trim() == SESSION);
    let response = if is_known {
        answer(StatusCode::OK, &json!({ "session": true }))
    } else {
        error(StatusCode::UNAUTHORIZED, "the cookie of this route is needed")
    };
    let challenge = (!is_known).then_some([(WWW_AUTHENTICATE, CHALLENGE)]);
    let headers =
        [(SET_COOKIE, SET_SESSION), (CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (challenge, headers, response).into_response()
}

/// Panics, but without the message that would litter the terminal of an in-process run.
async fn throws() -> Response {
    resume_unwind(Box::new("this route panics"))
}

/// Redirects to the URL in `to`, whichever it is.
async fn redirect(Query(query): Query<HashMap<String, String>>) -> Response {
    let location = query.get("to").and_then(|to| HeaderValue::from_str(to).ok());
    match location {
        Some(location) => (StatusCode::FOUND, [(LOCATION, location)]).into_response(),
        None => error(StatusCode::BAD_REQUEST, "a URL in the query's `to` is needed"),
    }
}

/// Redirects to the same path with its slash, keeping method and query.
async fn to_slash(uri: Uri) -> Redirect {
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    Redirect::permanent(&format!("/slash/{query}"))
}

/// Where the redirect that adds the slash leads.
async fn slash() -> Response {
    answer(StatusCode::OK, &json!({ "slash": true }))
}

/// Sets a `Vary` of its own.
async fn vary() -> Response {
    let vary = [(VARY, "Accept-Encoding")];
    (vary, answer(StatusCode::OK, &json!({ "vary": true }))).into_response()
}

/// May be stored by every cache for a minute.
async fn cacheable() -> Response {
    let fresh = [(CACHE_CONTROL, "public, max-age=60")];
    (fresh, answer(StatusCode::OK, &json!({ "cacheable": true }))).into_response()
}

/// What `/options` says to other methods than `OPTIONS`.
async fn with_options() -> Response {
    answer(StatusCode::OK, &json!({ "options": false }))
}

/// Answers plain `OPTIONS` as the application, with its own status, `Allow` and body.
async fn options() -> Response {
    let allow = [(ALLOW, "GET, HEAD, OPTIONS")];
    (allow, answer(StatusCode::OK, &json!({ "options": true }))).into_response()
}

/// Answers for every path that is no route.
async fn not_found() -> Response {
    error(StatusCode::NOT_FOUND, "there is nothing at this path")
}

/// An answer with a JSON body that says what is wrong.
fn error(status: StatusCode, message: &str) -> Response {
    answer(status, &json!({ "error": message }))
}

/// An answer with a JSON body.
fn answer(status: StatusCode, body: &Value) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}
