//! HTTP-redirect fetch: where a redirect leads, and what it does to the request.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use url::Url;

use crate::byte::{self, Bytes};
use crate::cause::Cause;
use crate::construct::includes_credentials;
use crate::header_list::HeaderList;
use crate::origin::Origin;
use crate::profile::{EmptyLocation, Profile, RedirectedPreflight, RestoredHeaders};
use crate::request::{Mode, Request};
use crate::safelist::CLIENT_HINTS;

/// Whether a status is a [redirect status](https://fetch.spec.whatwg.org/#redirect-status).
#[must_use]
pub fn is_redirect_status(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// A response's [location URL](https://fetch.spec.whatwg.org/#concept-response-location-url):
/// null where there is no `Location`, an error where it cannot be parsed.
pub(crate) fn location_url(
    response: &HeaderList,
    current: &Url,
    profile: &Profile,
) -> Result<Option<Url>, Cause> {
    // Step 1: the caller asks for redirects only.
    // Step 2: the value; several lines that differ are none.
    let Some(joined) = response.get("location") else { return Ok(None) };
    let mut lines = response.get_all("location");
    let first = match lines.next() {
        Some(first) if !profile.joins_location_lines => first,
        _ => &joined,
    };
    let failure = |other: Option<&[u8]>| Cause::RedirectLocationUnparsable {
        sent: Bytes(first.to_vec()),
        other: other.map(|it| Bytes(it.to_vec())),
    };
    let other = lines.find(|other| !profile.joins_location_lines && *other != first);
    if other.is_some() {
        return Err(failure(other));
    }
    match profile.empty_location {
        EmptyLocation::Response if stripped(first).is_empty() => return Ok(None),
        EmptyLocation::Error if stripped(first).is_empty() => return Err(failure(None)),
        _ => {}
    }
    // Step 3: parse it against the URL that was asked; bytes above ASCII are percent-encoded.
    let mut location = current.join(&decode(first)).map_err(|_| failure(None))?;
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

/// A redirect that is about to be followed.
#[derive(Debug)]
pub(crate) struct Redirect<'a> {
    /// The page's origin.
    pub(crate) origin: &'a Origin,
    /// The tab's.
    pub(crate) tab: &'a Origin,
    /// Whether the request's response is tainted `cors` by now.
    pub(crate) tainted: bool,
    /// How many redirects came before.
    pub(crate) count: usize,
    /// The status.
    pub(crate) status: u16,
    /// Where it leads.
    pub(crate) location: Url,
    /// The request as the script made it.
    pub(crate) first: &'a First,
}

/// What a request began with, which some browsers go back to at each redirect.
#[derive(Clone, Debug)]
pub(crate) struct First {
    /// Its method.
    pub(crate) method: Vec<u8>,
    /// Its headers.
    pub(crate) headers: HeaderList,
}

/// The headers that describe a body
/// ([request-body-header name](https://fetch.spec.whatwg.org/#request-body-header-name)).
const BODY_HEADERS: [&str; 4] =
    ["content-encoding", "content-language", "content-location", "content-type"];

impl Redirect<'_> {
    /// Applies the redirect to the request: the steps of
    /// [HTTP-redirect fetch](https://fetch.spec.whatwg.org/#http-redirect-fetch)
    /// from the twelfth, but the recursion. Returns the headers that a preflight would judge.
    pub(crate) fn apply(self, request: &mut Request, profile: &Profile) -> HeaderList {
        // Step 12: some redirects turn the request into a GET.
        let to_get = becomes_get(self.status, &request.method);
        let leaves = self.leaves(request);
        let dropped = profile.cross_origin_delete_becomes_get && leaves;
        // The headers that describe a body go below, and stay where a browser drops a DELETE of its own.
        if to_get || dropped && request.method == b"DELETE" {
            request.method = b"GET".to_vec();
            request.body = None;
        }
        // Step 13: another origin does not get what was meant for this one.
        self.remove_headers(request, to_get, leaves, profile);
        if self.drops_client_hints(request, profile) {
            CLIENT_HINTS.iter().filter(|hint| **hint != "save-data").for_each(|hint| {
                request.headers.delete(hint);
            });
        }
        let judged = match profile.redirected_preflight_asks {
            RedirectedPreflight::Current => request.headers.clone(),
            RedirectedPreflight::First => self.first.headers.clone(),
            RedirectedPreflight::FirstWithoutRemoved => {
                without(self.first.headers.clone(), to_get, leaves)
            }
        };
        // Step 14: the body is sent anew, byte for byte.
        // Step 18: the URL is now the current one.
        request.url_list.push(self.location);
        judged
    }

    /// Whether the redirect can be followed at all, as
    /// [HTTP-redirect fetch](https://fetch.spec.whatwg.org/#http-redirect-fetch) has it.
    ///
    /// # Errors
    ///
    /// It cannot, and why.
    pub(crate) fn check(&self) -> Result<(), Cause> {
        // Step 6: only http and https are followed.
        if !matches!(self.location.scheme(), "http" | "https") {
            return Err(Cause::RedirectScheme { scheme: self.location.scheme().to_string() });
        }
        // Step 7: the 21st redirect is one too many.
        if self.count >= 20 {
            return Err(Cause::TooManyRedirects);
        }
        // Step 8: the list of URLs counts.
        Ok(())
    }

    /// Why the userinfo of the location forbids to follow it, if it does:
    /// [HTTP-redirect fetch](https://fetch.spec.whatwg.org/#http-redirect-fetch).
    pub(crate) fn refusal(&self, request: &Request, profile: &Profile) -> Option<Cause> {
        if !includes_credentials(&self.location) {
            return None;
        }
        // Step 9: userinfo for another origin than the page's, in mode cors.
        if request.mode == Mode::Cors && self.is_foreign() || profile.refuses_redirect_credentials {
            return Some(Cause::RedirectCredentialsCrossOrigin);
        }
        // Step 10: userinfo once the request has left its origin.
        self.tainted.then_some(Cause::RedirectCredentials)
    }

    /// Whether the script's client hints stay behind: they are for the tab's own origin.
    fn drops_client_hints(&self, request: &Request, profile: &Profile) -> bool {
        profile.drops_client_hints_on_redirect
            && (profile.drops_client_hints_of_keepalive || !request.keepalive)
            && !(self.tab.same_origin(self.origin)
                && self.tab.same_origin(&Origin::of(&self.location)))
    }

    /// Whether the redirect leads to another origin than the page's.
    fn is_foreign(&self) -> bool {
        !self.origin.same_origin(&Origin::of(&self.location))
    }

    /// Whether the redirect leads to another origin than the one that it comes from.
    fn leaves(&self, request: &Request) -> bool {
        !Origin::of(request.current_url()).same_origin(&Origin::of(&self.location))
    }

    fn remove_headers(&self, request: &mut Request, to_get: bool, leaves: bool, profile: &Profile) {
        let cors = request.mode == Mode::Cors && (self.tainted || self.is_foreign());
        let forgets = profile.redirects_forget_user_agent && !cors;
        let restores = match profile.redirects_restore_headers {
            RestoredHeaders::Never => false,
            RestoredHeaders::WithCors => cors || matches!(self.status, 307 | 308),
            RestoredHeaders::Always => true,
        };
        if !restores {
            request.headers = without(core::mem::take(&mut request.headers), to_get, leaves);
            if forgets {
                request.headers.delete("user-agent");
            }
            return;
        }
        let body = if profile.first_method_decides_body_headers {
            becomes_get(self.status, &self.first.method)
        } else {
            to_get
        };
        let gone = !profile.restores_authorization && !request.headers.contains("authorization");
        request.headers = without(self.first.headers.clone(), body, leaves || gone);
        let bodiless = request.typed_by_body && request.body.is_none();
        if bodiless && request.use_cors_preflight && !profile.restores_body_type_of_upload {
            request.headers.delete("content-type");
        }
        if forgets {
            request.headers.delete("user-agent");
        }
    }
}

/// Whether a redirect of that status makes a GET of the method.
fn becomes_get(status: u16, method: &[u8]) -> bool {
    match status {
        301 | 302 => method == b"POST",
        303 => method != b"GET" && method != b"HEAD",
        _ => false,
    }
}

/// The headers without those of the body, and without `Authorization`.
fn without(mut headers: HeaderList, body: bool, authorization: bool) -> HeaderList {
    if body {
        for name in BODY_HEADERS {
            headers.delete(name);
        }
    }
    if authorization {
        headers.delete("authorization");
    }
    headers
}

/// Whether the URLs of a request [taint its origin](https://fetch.spec.whatwg.org/#concept-request-tainted-origin)
/// as far as the `Origin` header cares: a redirect from an origin that is not
/// the page's to yet another.
pub(crate) fn taints_origin(origin: &Origin, url_list: &[Url]) -> bool {
    let origins: Vec<_> = url_list.iter().map(Origin::of).collect();
    // Steps 2 to 4: walk the list, each URL with the one before it.
    origins.windows(2).any(|pair| match pair {
        [from, to] => !to.same_origin(from) && !origin.same_origin(from),
        _ => false,
    })
}

/// Whether some redirect of the chain led from one origin to another.
pub(crate) fn crosses_origins(url_list: &[Url]) -> bool {
    url_list.windows(2).any(|pair| match pair {
        [from, to] => !Origin::of(from).same_origin(&Origin::of(to)),
        _ => false,
    })
}

/// Whether the last redirect led from one origin to another.
pub(crate) fn just_crossed_origins(url_list: &[Url]) -> bool {
    match url_list {
        [.., from, to] => !Origin::of(from).same_origin(&Origin::of(to)),
        _ => false,
    }
}

/// A header value as a script would read it, without the white space around it.
fn stripped(value: &[u8]) -> &[u8] {
    byte::trim(value, |byte| matches!(byte, b'\t' | b' '))
}
