//! HTTP-redirect fetch: where a redirect leads, and what it does to the request.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use url::Url;

use crate::byte::{self, Bytes};
use crate::cause::Cause;
use crate::construct::includes_credentials;
use crate::header_list::HeaderList;
use crate::origin::Origin;
use crate::profile::Profile;
use crate::request::{Mode, Request};

/// Whether a status is a [redirect status](https://fetch.spec.whatwg.org/#redirect-status).
#[must_use]
pub fn is_redirect_status(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// A response's [location URL](https://fetch.spec.whatwg.org/#concept-response-location-url):
/// null where there is no `Location`, an error where it cannot be parsed.
pub(crate) fn location_url(response: &HeaderList, current: &Url) -> Result<Option<Url>, Cause> {
    // Step 1: the caller asks for redirects only.
    // Step 2: the value; several lines that differ are one value that no URL parser takes well.
    let mut lines = response.get_all("location");
    let Some(first) = lines.next() else { return Ok(None) };
    let failure = |sent: &[u8]| Cause::RedirectLocationUnparsable { sent: Bytes(sent.to_vec()) };
    if let Some(other) = lines.find(|other| *other != first) {
        return Err(failure(other));
    }
    // Step 3: parse it against the URL that was asked; bytes above ASCII are percent-encoded.
    let mut location = current.join(&decode(first)).map_err(|_| failure(first))?;
    // Step 4: the fragment is inherited.
    if location.fragment().is_none() {
        location.set_fragment(current.fragment());
    }
    // Step 5: that is it.
    Ok(Some(location))
}

/// UTF-8 where the bytes are UTF-8; otherwise each byte above ASCII by its percent-encoding.
fn decode(value: &[u8]) -> String {
    if let Ok(text) = core::str::from_utf8(value) {
        return text.to_string();
    }
    let mut text = String::new();
    for &byte in value {
        if byte.is_ascii() {
            text.push(char::from(byte));
        } else {
            text.push_str(&alloc::format!("%{byte:02X}"));
        }
    }
    text
}

/// Applies a redirect to `location` to the request: the steps of
/// [HTTP-redirect fetch](https://fetch.spec.whatwg.org/#http-redirect-fetch)
/// from the sixth, but the recursion.
///
/// # Errors
///
/// The redirect is not followed, and why.
pub(crate) fn apply(
    request: &mut Request,
    origin: &Origin,
    tainted: bool,
    count: usize,
    status: u16,
    location: Url,
    profile: &Profile,
) -> Result<(), Cause> {
    // Steps 1 to 5: the location, found by the caller.
    // Step 6: only http and https are followed.
    if !matches!(location.scheme(), "http" | "https") {
        return Err(Cause::RedirectScheme { scheme: location.scheme().to_string() });
    }
    // Step 7: the 21st redirect is one too many.
    if count >= 20 {
        return Err(Cause::TooManyRedirects);
    }
    // Step 8: counted by the caller's list of URLs.
    let userinfo = includes_credentials(&location);
    // Step 9: userinfo for another origin than the page's, in mode cors.
    let foreign = !origin.same_origin(&Origin::of(&location));
    if userinfo && (profile.refuses_redirect_credentials || request.mode == Mode::Cors && foreign) {
        return Err(Cause::RedirectCredentialsCrossOrigin);
    }
    // Step 10: userinfo once the request has left its origin.
    if userinfo && tainted {
        return Err(Cause::RedirectCredentials);
    }
    // Step 11: a body that cannot be sent again. Not modelled: bodies are bytes here.
    // Step 12: some redirects turn the request into a GET.
    let to_get = match status {
        301 | 302 => request.method == b"POST",
        303 => request.method != b"GET" && request.method != b"HEAD",
        _ => false,
    };
    let leaves = !Origin::of(request.current_url()).same_origin(&Origin::of(&location));
    if to_get {
        become_get(request);
    } else if profile.cross_origin_delete_becomes_get && leaves && request.method == b"DELETE" {
        // The headers of the body stay.
        request.method = b"GET".to_vec();
        request.body = None;
    }
    // Step 13: another origin does not get what was meant for this one.
    if leaves {
        request.headers.delete("authorization");
    }
    // Step 14: the body is sent anew, byte for byte.
    // Steps 15 to 17: timing. Not modelled.
    // Step 18: the URL is now the current one.
    request.url_list.push(location);
    Ok(())
}

fn become_get(request: &mut Request) {
    request.method = b"GET".to_vec();
    request.body = None;
    for name in ["content-encoding", "content-language", "content-location", "content-type"] {
        request.headers.delete(name);
    }
}

/// Whether the URLs of a request [taint its origin](https://fetch.spec.whatwg.org/#concept-request-tainted-origin)
/// as far as the `Origin` header cares: a redirect from an origin that is not
/// the page's to yet another.
pub(crate) fn taints_origin(origin: &Origin, url_list: &[Url]) -> bool {
    let origins: Vec<_> = url_list.iter().map(Origin::of).collect();
    // Step 1 to 3: walk the list, each URL with the one before it.
    origins.windows(2).any(|pair| match pair {
        [from, to] => !to.same_origin(from) && !origin.same_origin(from),
        _ => false,
    })
}

/// A header value as a script would read it, without the white space around it.
pub(crate) fn stripped(value: &[u8]) -> &[u8] {
    byte::trim(value, |byte| matches!(byte, b'\t' | b' '))
}
