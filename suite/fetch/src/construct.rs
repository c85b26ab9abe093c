//! `new Request()`: what a script may ask for at all.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use url::Url;

use crate::byte::{self, Bytes, is_http_whitespace, is_token};
use crate::header_list::HeaderList;
use crate::page::Page;
use crate::profile::Profile;
use crate::request::{CacheMode, Mode, Referrer, Request, RequestInit};
use crate::safelist::{
    is_cors_safelisted_method, is_cors_safelisted_request_header,
    is_no_cors_safelisted_request_header_name,
};

/// What `fetch()` or `new Request()` rejects before anything is fetched.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TypeError {
    /// The URL cannot be parsed, or is relative.
    #[error("the URL `{}` cannot be parsed: {problem}", .url.escape_default())]
    InvalidUrl {
        /// The URL as given.
        url: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The URL carries a username or password.
    #[error("the URL carries a username or password")]
    UrlWithCredentials,
    /// The method is no token.
    #[error("{0} is not a method")]
    InvalidMethod(Bytes),
    /// The method is forbidden to scripts.
    #[error("the method {0} is forbidden to scripts")]
    ForbiddenMethod(Bytes),
    /// The mode `no-cors` allows three methods.
    #[error("the method {0} is not allowed in mode no-cors")]
    MethodInNoCors(Bytes),
    /// A header's name is no token.
    #[error("{0} is not a header name")]
    InvalidHeaderName(Bytes),
    /// A header's value has a byte that none may have.
    #[error("{0} is not a header value")]
    InvalidHeaderValue(Bytes),
    /// GET and HEAD have no body.
    #[error("a request with method GET or HEAD cannot have a body")]
    BodyNotAllowed,
    /// The cache mode `only-if-cached` is for the page's own origin.
    #[error("the cache mode only-if-cached needs the mode same-origin")]
    OnlyIfCachedNeedsSameOrigin,
}

/// Constructs a [request](https://fetch.spec.whatwg.org/#dom-request) from what
/// a script passes.
///
/// # Errors
///
/// What a script would see as a `TypeError`.
pub(crate) fn construct(
    page: &Page,
    init: &RequestInit,
    profile: &Profile,
) -> Result<Request, TypeError> {
    // Step 5: the URL.
    let url = parse_url(&init.url)?;
    // Step 21: what is cached only the page's own origin may ask for.
    if init.cache == CacheMode::OnlyIfCached && init.mode != Mode::SameOrigin {
        return Err(TypeError::OnlyIfCachedNeedsSameOrigin);
    }
    // Steps 25 and 32: the method, of which mode no-cors has few.
    let method = method(init)?;
    let mut headers = HeaderList::new();
    // Step 33: the headers, under the guard of the mode.
    for (name, value) in &init.headers {
        append_header(&mut headers, name, value, init.mode, profile)?;
    }
    // Steps 35 to 37: the body, and the type that it brings.
    let typed = headers.contains("content-type");
    let body = body(init, &method, &mut headers, profile)?;
    // Steps 14 to 24: everything else is as the script says.
    // Step 42: with that body.
    let asks = body.is_some() || profile.upload_without_body_needs_preflight;
    Ok(Request {
        method,
        url_list: Vec::from([url]),
        typed_by_body: !typed && headers.contains("content-type"),
        headers,
        body,
        mode: init.mode,
        credentials: init.credentials,
        redirect: init.redirect,
        cache: init.cache,
        referrer: referrer(page, &init.referrer),
        referrer_policy: init.referrer_policy,
        keepalive: init.keepalive,
        integrity: init.integrity.clone(),
        use_cors_preflight: init.use_cors_preflight && asks,
    })
}

fn parse_url(url: &str) -> Result<Url, TypeError> {
    let parsed = Url::parse(url).map_err(|error| TypeError::InvalidUrl {
        url: url.to_string(),
        problem: error.to_string(),
    })?;
    if includes_credentials(&parsed) {
        return Err(TypeError::UrlWithCredentials);
    }
    Ok(parsed)
}

/// Whether a URL [includes credentials](https://url.spec.whatwg.org/#include-credentials).
pub(crate) fn includes_credentials(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some_and(|password| !password.is_empty())
}

fn method(init: &RequestInit) -> Result<Vec<u8>, TypeError> {
    if !is_token(&init.method) {
        return Err(TypeError::InvalidMethod(Bytes(init.method.clone())));
    }
    if is_forbidden_method(&init.method) {
        return Err(TypeError::ForbiddenMethod(Bytes(init.method.clone())));
    }
    let method = normalize_method(&init.method);
    if init.mode == Mode::NoCors && !is_cors_safelisted_method(&method) {
        return Err(TypeError::MethodInNoCors(Bytes(method)));
    }
    Ok(method)
}

/// Whether a method is [forbidden](https://fetch.spec.whatwg.org/#forbidden-method).
#[must_use]
pub fn is_forbidden_method(method: &[u8]) -> bool {
    [&b"CONNECT"[..], b"TRACE", b"TRACK"].iter().any(|it| it.eq_ignore_ascii_case(method))
}

/// [Normalises](https://fetch.spec.whatwg.org/#concept-method-normalize) a
/// method: six are upper-cased, `patch` is not.
#[must_use]
pub fn normalize_method(method: &[u8]) -> Vec<u8> {
    let upper = method.to_ascii_uppercase();
    let known = [&b"DELETE"[..], b"GET", b"HEAD", b"OPTIONS", b"POST", b"PUT"];
    if known.contains(&upper.as_slice()) { upper } else { method.to_vec() }
}

/// [Appends](https://fetch.spec.whatwg.org/#concept-headers-append) a script's
/// header to the list, under the guard of the mode.
fn append_header(
    headers: &mut HeaderList,
    name: &[u8],
    value: &[u8],
    mode: Mode,
    profile: &Profile,
) -> Result<(), TypeError> {
    // Step 1: normalise the value.
    let value = byte::trim(value, is_http_whitespace);
    // Step 2: validate the name and the value; a forbidden header is left out.
    if !is_token(name) {
        return Err(TypeError::InvalidHeaderName(Bytes(name.to_vec())));
    }
    if value.iter().any(|byte| b"\0\n\r".contains(byte)) {
        return Err(TypeError::InvalidHeaderValue(Bytes(value.to_vec())));
    }
    if is_forbidden_request_header(name, value) {
        return Ok(());
    }
    // Step 3: the mode no-cors takes safelisted headers only, their lines combined.
    if mode == Mode::NoCors {
        let Ok(text) = core::str::from_utf8(name) else { return Ok(()) };
        let combined = match headers.get(text) {
            Some(mut before) => {
                before.extend_from_slice(b", ");
                before.extend_from_slice(value);
                before
            }
            None => value.to_vec(),
        };
        let safe = is_no_cors_safelisted_request_header_name(name)
            && is_cors_safelisted_request_header(name, &combined, profile);
        if !safe {
            return Ok(());
        }
    }
    // Step 4: append.
    headers.append(name, value);
    Ok(())
}

/// Whether a header is a [forbidden request-header](https://fetch.spec.whatwg.org/#forbidden-request-header).
#[must_use]
pub fn is_forbidden_request_header(name: &[u8], value: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    // Step 1: names that only the browser sets.
    let forbidden: [&[u8]; 21] = [
        b"accept-charset",
        b"accept-encoding",
        b"access-control-request-headers",
        b"access-control-request-method",
        b"connection",
        b"content-length",
        b"cookie",
        b"cookie2",
        b"date",
        b"dnt",
        b"expect",
        b"host",
        b"keep-alive",
        b"origin",
        b"referer",
        b"set-cookie",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"via",
    ];
    if forbidden.contains(&name.as_slice()) {
        return true;
    }
    // Step 2: prefixes that are the browser's own.
    if name.starts_with(b"proxy-") || name.starts_with(b"sec-") {
        return true;
    }
    // Step 3: a forbidden method in disguise.
    if matches!(
        name.as_slice(),
        b"x-http-method" | b"x-http-method-override" | b"x-method-override"
    ) {
        return split_value(value).any(is_forbidden_method);
    }
    // Step 4: anything else is the script's.
    false
}

/// [Splits](https://fetch.spec.whatwg.org/#header-value-get-decode-and-split) a
/// value at commas outside of quoted strings.
pub(crate) fn split_value(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    // Steps 2 to 5: item by item; a comma within quotes ends none, and a backslash there escapes.
    let mut quoted = false;
    let mut escaped = false;
    value
        .split(move |&byte| {
            let comma = byte == b',' && !quoted;
            if escaped {
                escaped = false;
            } else if quoted && byte == b'\\' {
                escaped = true;
            } else if byte == b'"' {
                quoted = !quoted;
            }
            comma
        })
        .map(|item| byte::trim(item, |byte| matches!(byte, b'\t' | b' ')))
}

fn body(
    init: &RequestInit,
    method: &[u8],
    headers: &mut HeaderList,
    profile: &Profile,
) -> Result<Option<Vec<u8>>, TypeError> {
    let Some(body) = &init.body else { return Ok(None) };
    if matches!(method, b"GET" | b"HEAD") {
        return Err(TypeError::BodyNotAllowed);
    }
    if let Some(kind) = &body.content_type
        && !headers.contains("content-type")
    {
        if init.mode == Mode::NoCors && profile.no_cors_takes_any_body_type {
            headers.append("Content-Type", kind.as_bytes());
        } else {
            append_header(headers, b"Content-Type", kind.as_bytes(), init.mode, profile)?;
        }
    }
    Ok(Some(body.bytes.clone()))
}

/// A script may name a referrer of its own origin; another's means the page's.
fn referrer(page: &Page, referrer: &Referrer) -> Referrer {
    match referrer {
        Referrer::Url(url)
            if url.scheme() == "about"
                || !crate::origin::Origin::of(url).same_origin(&page.origin) =>
        {
            Referrer::Client
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString as _};
    use alloc::vec::Vec;

    use test_case::test_case;

    use super::{TypeError, construct, is_forbidden_request_header, normalize_method};
    use crate::origin::Origin;
    use crate::page::Page;
    use crate::profile::Profile;
    use crate::request::{Body, CacheMode, Mode, Request, RequestInit};

    fn make(init: &RequestInit) -> Result<Request, TypeError> {
        construct(&Page::at(Origin::Opaque), init, &Profile::SPEC)
    }

    fn with_headers(
        mode: Mode,
        headers: &[(&str, &str)],
    ) -> Result<Vec<(String, String)>, TypeError> {
        let lines = headers.iter().map(|(name, value)| (Vec::from(*name), Vec::from(*value)));
        let init = RequestInit { mode, headers: lines.collect(), ..RequestInit::get("http://a/") };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let request = make(&init)?;
        Ok(request.headers().iter().map(|(name, value)| (text(name), text(value))).collect())
    }

    #[test_case("get", "GET"; "get")]
    #[test_case("dElEtE", "DELETE"; "delete")]
    #[test_case("patch", "patch"; "patch is left alone")]
    #[test_case("foo", "foo"; "so are unknown ones")]
    fn methods_are_normalised(method: &str, want: &str) {
        assert_eq!(normalize_method(method.as_bytes()), want.as_bytes());
    }

    #[test_case("trace"; "trace")]
    #[test_case("CONNECT"; "connect")]
    #[test_case("a b"; "no token")]
    fn some_methods_are_rejected(method: &str) {
        make(&RequestInit { method: method.into(), ..RequestInit::get("http://a/") }).unwrap_err();
    }

    #[test_case(&Profile::SPEC, None, true; "the standard asks without a body")]
    #[test_case(&Profile::CHROMIUM, None, false; "Chromium does not")]
    #[test_case(&Profile::CHROMIUM, Some("a"), true; "Chromium with a body")]
    fn listeners_of_an_upload_ask_for_a_preflight(
        profile: &'static Profile,
        body: Option<&str>,
        want: bool,
    ) {
        let mut init = RequestInit::get("http://a/");
        init.method = b"POST".into();
        init.body = body.map(Body::text);
        init.use_cors_preflight = true;
        let request = construct(&Page::at(Origin::Opaque), &init, profile).unwrap();
        assert_eq!(request.use_cors_preflight, want);
    }

    #[test_case("http://u:p@a/", TypeError::UrlWithCredentials; "userinfo")]
    #[test_case("http://:p@a/", TypeError::UrlWithCredentials; "a password")]
    fn userinfo_is_rejected(url: &str, want: TypeError) {
        assert_eq!(make(&RequestInit::get(url)).unwrap_err(), want);
    }

    #[test]
    fn empty_userinfo_is_none() {
        make(&RequestInit::get("http://:@a/")).unwrap();
    }

    #[test_case("Cookie", "a=1", true; "cookie")]
    #[test_case("Sec-Fake", "1", true; "a prefix")]
    #[test_case("proxy-x", "1", true; "another prefix")]
    #[test_case("sec", "1", false; "the prefix without its dash")]
    #[test_case("Set-Cookie2", "1", false; "a name that is free")]
    #[test_case("User-Agent", "1", false; "the user agent")]
    #[test_case("X-HTTP-Method-Override", "GET, track ", true; "a method in disguise")]
    #[test_case("X-Method-Override", "\",TRACE\",", false; "a quoted string")]
    #[test_case("X-HTTP-Method", "PUT", false; "an allowed method in disguise")]
    fn forbidden_headers(name: &str, value: &str, want: bool) {
        assert_eq!(is_forbidden_request_header(name.as_bytes(), value.as_bytes()), want);
    }

    #[test]
    fn forbidden_headers_are_dropped_without_a_word() {
        let headers = with_headers(Mode::Cors, &[("Host", "x"), ("X-A", "\t1 \r\n")]).unwrap();
        assert_eq!(headers, [("X-A".to_string(), "1".to_string())]);
    }

    #[test]
    fn in_no_cors_only_safelisted_headers_are_kept() {
        let long = "a".repeat(127);
        let headers = [("X-A", "1"), ("Range", "bytes=0-1"), ("Accept", &long), ("Accept", "b")];
        let kept = with_headers(Mode::NoCors, &headers).unwrap();
        assert_eq!(kept, [("Accept".to_string(), long)]);
    }

    #[test_case("X A", "1"; "a space in a name")]
    #[test_case("X-A", "a\nb"; "a line feed in a value")]
    #[test_case("X-A", "a\0b"; "a NUL in a value")]
    fn malformed_headers_are_rejected(name: &str, value: &str) {
        with_headers(Mode::Cors, &[(name, value)]).unwrap_err();
    }

    #[test]
    fn a_body_brings_its_type_unless_the_script_names_one() {
        let mut init = RequestInit {
            method: "POST".into(),
            body: Some(Body::text("hello")),
            ..RequestInit::get("http://a/")
        };
        let kind = |init: &RequestInit| make(init).unwrap().headers().get("content-type").unwrap();
        assert_eq!(kind(&init), b"text/plain;charset=UTF-8");
        init.headers.push((b"content-type".to_vec(), b"application/json".to_vec()));
        assert_eq!(kind(&init), b"application/json");
        assert_eq!(make(&init).unwrap().method(), b"POST");
        init.method = "GET".into();
        assert_eq!(make(&init).unwrap_err(), TypeError::BodyNotAllowed);
    }

    #[test]
    fn no_cors_and_only_if_cached_have_their_limits() {
        let put = RequestInit {
            method: "PUT".into(),
            mode: Mode::NoCors,
            ..RequestInit::get("http://a/")
        };
        assert!(matches!(make(&put).unwrap_err(), TypeError::MethodInNoCors(_)));
        let cached =
            RequestInit { cache: CacheMode::OnlyIfCached, ..RequestInit::get("http://a/") };
        assert_eq!(make(&cached).unwrap_err(), TypeError::OnlyIfCachedNeedsSameOrigin);
    }
}
