//! Response filtering: what of a response the page may see.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use crate::byte::is_token;
use crate::fetch::HttpResponse;
use crate::header_list::{Extracted, HeaderList};
use crate::outcome::{Response, ResponseType};
use crate::profile::Profile;
use crate::request::{CredentialsMode, Request};

/// The [CORS-safelisted response-header names](https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name)
/// that are always there.
const SAFELISTED: [&str; 7] = [
    "cache-control",
    "content-language",
    "content-length",
    "content-type",
    "expires",
    "last-modified",
    "pragma",
];

/// Whether a status is a [null body status](https://fetch.spec.whatwg.org/#null-body-status).
#[must_use]
pub fn is_null_body_status(status: u16) -> bool {
    matches!(status, 101 | 103 | 204 | 205 | 304)
}

/// The names that the page may read of a cors response
/// ([CORS-exposed header-name list](https://fetch.spec.whatwg.org/#concept-response-cors-exposed-header-name-list)),
/// which [main fetch](https://fetch.spec.whatwg.org/#concept-main-fetch) sets; `None`: all of them.
fn exposed(response: &HeaderList, credentials: CredentialsMode) -> Option<Vec<Vec<u8>>> {
    // Step 14.1: what the server lists, and without credentials `*` for everything.
    match response.extract_tokens("access-control-expose-headers") {
        Extracted::Values(names) => {
            let star = names.iter().any(|name| name == b"*");
            (!star || credentials == CredentialsMode::Include).then_some(names)
        }
        Extracted::Null | Extracted::Failure => Some(Vec::new()),
    }
}

/// The headers of a [CORS filtered response](https://fetch.spec.whatwg.org/#concept-filtered-response-cors).
pub(crate) fn cors_headers(response: &HeaderList, credentials: CredentialsMode) -> HeaderList {
    let exposed = exposed(response, credentials);
    response
        .iter()
        .filter(|(name, _)| is_token(name) && !is_forbidden_response_header_name(name))
        .filter(|(name, _)| {
            let is_exposed =
                |names: &Vec<Vec<u8>>| names.iter().any(|it| it.eq_ignore_ascii_case(name));
            is_always_exposed(name) || exposed.as_ref().is_none_or(is_exposed)
        })
        .collect()
}

/// Whether pages may read a header of this name on any answer, whatever it exposes: a
/// [CORS-safelisted response-header name](https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name).
#[must_use]
pub fn is_always_exposed(name: &[u8]) -> bool {
    SAFELISTED.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(name))
}

/// Whether a name is a [forbidden response-header name](https://fetch.spec.whatwg.org/#forbidden-response-header-name).
#[must_use]
pub fn is_forbidden_response_header_name(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"set-cookie") || name.eq_ignore_ascii_case(b"set-cookie2")
}

/// Makes the [filtered response](https://fetch.spec.whatwg.org/#concept-filtered-response)
/// of that type, as a script reads it: steps of
/// [main fetch](https://fetch.spec.whatwg.org/#concept-main-fetch).
pub(crate) fn filtered(
    kind: ResponseType,
    request: &Request,
    response: &HttpResponse,
    timing_allowed: bool,
    profile: &Profile,
) -> Response {
    // Step 14.2: by the tainting.
    let headers = match kind {
        ResponseType::Basic => response
            .headers
            .iter()
            .filter(|(name, _)| !is_forbidden_response_header_name(name))
            .collect(),
        ResponseType::Cors => cors_headers(&response.headers, request.credentials),
        ResponseType::Opaque | ResponseType::OpaqueRedirect => {
            return opaque(kind, request, response, profile);
        }
    };
    // Step 22: no body for a HEAD, nor with some statuses.
    let shown = response.status == 205 && profile.shows_body_of_205;
    let null_body = request.method == b"HEAD" || is_null_body_status(response.status) && !shown;
    Response {
        kind,
        status: response.status,
        status_text: response.status_text.clone(),
        url: without_fragment(request),
        redirected: request.url_list.len() > 1,
        headers: headers.sort_and_combine(),
        body: if null_body { Vec::new() } else { response.body.clone() },
        body_error: response.body_error.clone().filter(|_| !null_body),
        timing_allowed,
    }
}

/// An opaque response tells nothing; an opaque redirect tells its URL.
fn opaque(
    kind: ResponseType,
    request: &Request,
    response: &HttpResponse,
    profile: &Profile,
) -> Response {
    let redirect = kind == ResponseType::OpaqueRedirect;
    let located = response.headers.get("location").is_some_and(|value| !value.is_empty());
    let unlocated = redirect && !located;
    let body = if unlocated && profile.shows_body_without_location {
        response.body.clone()
    } else {
        Vec::new()
    };
    Response {
        kind,
        status: 0,
        status_text: Vec::new(),
        url: if redirect { without_fragment(request) } else { String::new() },
        // A redirect that is not followed is the first.
        redirected: false,
        headers: HeaderList::new(),
        body,
        body_error: None,
        timing_allowed: false,
    }
}

fn without_fragment(request: &Request) -> String {
    let mut url = request.current_url().clone();
    url.set_fragment(None);
    url.to_string()
}
