//! The CORS-preflight fetch: what is asked before the request, and what the
//! answer allows.

use alloc::vec::Vec;

use crate::byte::Bytes;
use crate::cause::{Allowed, Cause};
use crate::cors_check::cors_check;
use crate::header_list::{Extracted, HeaderList};
use crate::profile::Profile;
use crate::request::{CredentialsMode, Request};
use crate::safelist::{
    cors_unsafe_request_header_names, is_cors_non_wildcard_request_header_name,
    is_cors_safelisted_method,
};

/// What a preflight's answer allows, and for how long.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Permission {
    /// The methods that it names.
    pub(crate) methods: Vec<Vec<u8>>,
    /// The header names that it names.
    pub(crate) header_names: Vec<Vec<u8>>,
    /// How long it may be remembered, in seconds; `None`: not at all.
    pub(crate) max_age: Option<u64>,
}

/// What a preflight asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    /// The request that it asks for.
    pub(crate) request: &'a Request,
    /// The headers of the request that need permission, among others.
    pub(crate) judged: &'a HeaderList,
    /// The origin that it named.
    pub(crate) origin: &'a [u8],
    /// Whether the answer must pass the CORS check.
    pub(crate) checked: bool,
}

/// The headers that a [CORS-preflight fetch](https://fetch.spec.whatwg.org/#cors-preflight-fetch)
/// adds of its own, before those of every HTTP request.
///
/// `judged`: the headers of the request that it asks permission for.
pub(crate) fn preflight_headers(
    request: &Request,
    judged: &HeaderList,
    profile: &Profile,
) -> HeaderList {
    // Step 1: the preflight is an OPTIONS request to the same URL, with the caller.
    let mut preflight = HeaderList::new();
    // Step 2: it accepts anything.
    preflight.append("Accept", "*/*");
    // Step 3: it names the method, byte for byte.
    preflight.append("Access-Control-Request-Method", &request.method);
    // Step 4: the headers that need permission.
    let names = cors_unsafe_request_header_names(judged, profile);
    // Step 5: it names them, with commas and no space; no such header where there are none.
    if !names.is_empty() {
        preflight.append("Access-Control-Request-Headers", names.join(&b","[..]));
    }
    preflight
}

/// Evaluates the answer to a preflight: the second half of the
/// [CORS-preflight fetch](https://fetch.spec.whatwg.org/#cors-preflight-fetch),
/// from its seventh step.
///
/// # Errors
///
/// The actual request is not made, and why.
pub(crate) fn evaluate(
    asked: &Asked<'_>,
    status: u16,
    response: &HeaderList,
    profile: &Profile,
) -> Result<Permission, Cause> {
    let permission = permission(asked, status, response, profile)?;
    allows(asked, response, &permission, profile)?;
    // Step 7.16: the request may be made.
    Ok(permission)
}

/// What the answer allows anybody, whether or not that is enough for this request: the first steps
/// with the answer to a [CORS-preflight fetch](https://fetch.spec.whatwg.org/#cors-preflight-fetch).
pub(crate) fn permission(
    asked: &Asked<'_>,
    status: u16,
    response: &HeaderList,
    profile: &Profile,
) -> Result<Permission, Cause> {
    // Step 7: only an ok status that passes the CORS check allows anything.
    if matches!(status, 301 | 302 | 303 | 307 | 308) {
        // Step 8: otherwise a network error; preflights are not redirected.
        return Err(Cause::PreflightRedirect { status });
    }
    if asked.checked {
        cors_check(asked.origin, asked.request.credentials, response)
            .map_err(Cause::PreflightCorsCheck)?;
    }
    if !(200..=299).contains(&status) {
        return Err(Cause::PreflightStatus { status });
    }
    let sent = |name| Bytes(response.get(name).unwrap_or_default());
    // Step 7.1: the methods.
    let methods = response.extract_tokens("access-control-allow-methods");
    // Step 7.2: the header names.
    let header_names = response.extract_tokens("access-control-allow-headers");
    // Step 7.3: one bad item in either list fails both, even where nothing needs it.
    if methods == Extracted::Failure {
        let sent = sent("access-control-allow-methods");
        return Err(Cause::PreflightMethodsUnparsable { sent });
    }
    if header_names == Extracted::Failure {
        let sent = sent("access-control-allow-headers");
        return Err(Cause::PreflightHeadersUnparsable { sent });
    }
    // Step 7.4: no list allows the method of a request that only a flag preflighted.
    let methods = match methods {
        Extracted::Null if asked.request.use_cors_preflight && profile.upload_method_is_implied => {
            Vec::from([asked.request.method.clone()])
        }
        methods => methods.values().unwrap_or_default().to_vec(),
    };
    Ok(Permission {
        methods,
        header_names: header_names.values().unwrap_or_default().to_vec(),
        max_age: max_age(response, profile),
    })
}

/// Whether what was allowed is enough for this request: the middle of the
/// [CORS-preflight fetch](https://fetch.spec.whatwg.org/#cors-preflight-fetch).
fn allows(
    asked: &Asked<'_>,
    response: &HeaderList,
    permission: &Permission,
    profile: &Profile,
) -> Result<(), Cause> {
    let Asked { request, judged, .. } = *asked;
    let include = request.credentials == CredentialsMode::Include;
    let star = |list: &[Vec<u8>]| list.iter().any(|item| item == b"*");
    let allowed = |name: &str| Allowed(response.get(name));
    // Step 7.5: the method is listed, or safelisted, or covered by `*` without credentials.
    let listed = permission.methods.contains(&request.method);
    if !listed && !is_cors_safelisted_method(&request.method) {
        if !star(&permission.methods) {
            let sent = allowed("access-control-allow-methods");
            let method = Bytes(request.method.clone());
            return Err(Cause::PreflightMethodNotAllowed { method, sent });
        }
        if include {
            let method = Bytes(request.method.clone());
            return Err(Cause::PreflightMethodWildcardWithCredentials { method });
        }
    }
    let named =
        |name: &[u8]| permission.header_names.iter().any(|item| item.eq_ignore_ascii_case(name));
    // Step 7.6: `Authorization` is listed by name.
    let by_name = |name: &[u8]| {
        is_cors_non_wildcard_request_header_name(name) && !profile.wildcard_covers_authorization
    };
    if judged.iter().any(|(name, _)| by_name(name) && !named(name)) {
        let sent = allowed("access-control-allow-headers");
        return Err(Cause::PreflightAuthorizationNotListed { sent });
    }
    // Step 7.7: every other unsafe name is listed, or covered by `*` without credentials.
    for name in cors_unsafe_request_header_names(judged, profile) {
        if named(&name) {
            continue;
        }
        if !star(&permission.header_names) {
            let sent = allowed("access-control-allow-headers");
            return Err(Cause::PreflightHeaderNotAllowed { name: Bytes(name), sent });
        }
        if include {
            return Err(Cause::PreflightHeaderWildcardWithCredentials { name: Bytes(name) });
        }
    }
    Ok(())
}

/// How long the answer may be remembered: steps 7.8 to 7.10 of the
/// [CORS-preflight fetch](https://fetch.spec.whatwg.org/#cors-preflight-fetch).
fn max_age(response: &HeaderList, profile: &Profile) -> Option<u64> {
    // Step 7.8: the value, if it is one number.
    let value = response.get("access-control-max-age").filter(|value| !value.is_empty());
    let seconds = match value {
        // Step 7.9: five seconds by default.
        None => 5,
        Some(value) => match delta_seconds(&value, profile) {
            Some(seconds) => seconds,
            None if profile.caches_malformed_max_age => 5,
            None => return None,
        },
    };
    // Step 7.10: no longer than the browser's own limit.
    Some(seconds.min(profile.max_age_cap))
}

/// A [delta-seconds](https://httpwg.org/specs/rfc9111.html#delta-seconds) value,
/// the largest number standing for all beyond; a negative one, which is no such
/// value, ends up as 0 in every browser.
fn delta_seconds(value: &[u8], profile: &Profile) -> Option<u64> {
    if let Some(digits) = value.strip_prefix(b"-") {
        let negative = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
        return negative.then_some(0);
    }
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digit = |sum: u64, byte: &u8| sum.checked_mul(10)?.checked_add(u64::from(byte - b'0'));
    let number = value.iter().try_fold(0, digit);
    number.or((!profile.huge_max_age_is_malformed).then_some(u64::MAX))
}
