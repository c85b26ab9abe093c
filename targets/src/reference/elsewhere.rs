//! The server of another origin that a page is redirected from.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::IntoResponse;

use super::Server;
use super::serve::serve_router;

/// What precedes the URL that a request is redirected to, in the path asked for.
const PREFIX: &str = "/to/";

/// Starts a server on a free loopback port that shares everything with everyone, credentials
/// included, and redirects `/to/URL` to URL.
///
/// # Errors
///
/// That no port can be bound.
pub async fn serve_elsewhere() -> io::Result<Server> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    serve_router(Router::new().fallback(answer), address).await
}

async fn answer(method: Method, uri: Uri, request: HeaderMap) -> impl IntoResponse {
    let mut response = HeaderMap::new();
    let mut echo = |from: HeaderName, to: HeaderName| {
        if let Some(value) = request.get(from) {
            response.insert(to, value.clone());
        }
    };
    echo(header::ORIGIN, header::ACCESS_CONTROL_ALLOW_ORIGIN);
    echo(header::ACCESS_CONTROL_REQUEST_METHOD, header::ACCESS_CONTROL_ALLOW_METHODS);
    echo(header::ACCESS_CONTROL_REQUEST_HEADERS, header::ACCESS_CONTROL_ALLOW_HEADERS);
    let always = HeaderValue::from_static("true");
    response.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, always);
    response.insert(header::VARY, HeaderValue::from_static("Origin"));
    // Only this header makes a preflight of it (Fetch, `#cors-preflight-request`); a page may send OPTIONS itself.
    if method == Method::OPTIONS && request.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
        return (StatusCode::NO_CONTENT, response);
    }
    let whole = uri.path_and_query().map_or("", |it| it.as_str());
    match whole.strip_prefix(PREFIX).map(HeaderValue::from_str) {
        Some(Ok(url)) => {
            response.insert(header::LOCATION, url);
            (StatusCode::TEMPORARY_REDIRECT, response)
        }
        Some(Err(_)) | None => (StatusCode::NOT_FOUND, response),
    }
}
