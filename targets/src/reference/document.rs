//! `/document`: a file with validators, sent whole, in part, or not at all where it is unchanged.
//!
//! Source: RFC 9110, sections 13 and 14.

use axum::http::header::{
    ACCEPT_RANGES, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, LAST_MODIFIED, RANGE,
};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};

/// The file.
const TEXT: &str = "abcdefghijklmnopqrstuvwxyz";

/// Its entity tag.
const TAG: &str = "\"alphabet\"";

/// When it was changed.
const MODIFIED: &str = "Sun, 01 Nov 2026 00:00:00 GMT";

/// Serves the file to GET and HEAD.
pub(super) async fn document(method: Method, headers: HeaderMap) -> Response {
    let validators = [(ETAG, TAG), (LAST_MODIFIED, MODIFIED)];
    if is_unchanged(&headers) {
        return (StatusCode::NOT_MODIFIED, validators).into_response();
    }
    // A range means something to GET alone.
    let asked = headers.get(RANGE).filter(|_| method == Method::GET);
    let part = asked.and_then(|value| value.to_str().ok()).and_then(range);
    let common = (validators, [(ACCEPT_RANGES, "bytes"), (CONTENT_TYPE, "text/plain")]);
    let length = TEXT.len();
    match part {
        None => (common, TEXT).into_response(),
        Some((first, last)) => match TEXT.get(first..length.min(last.saturating_add(1))) {
            Some(part) if !part.is_empty() => {
                let place = format!("bytes {first}-{}/{length}", first + part.len() - 1);
                (StatusCode::PARTIAL_CONTENT, common, [(CONTENT_RANGE, place)], part)
                    .into_response()
            }
            _ => {
                let place = [(CONTENT_RANGE, format!("bytes */{length}"))];
                (StatusCode::RANGE_NOT_SATISFIABLE, place).into_response()
            }
        },
    }
}

/// Whether who asks has the file as it is; the date counts only without a tag.
fn is_unchanged(headers: &HeaderMap) -> bool {
    if headers.contains_key(IF_NONE_MATCH) {
        let lines = headers.get_all(IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
        let mut tags = lines.flat_map(|line| line.split(',')).map(str::trim);
        return tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == TAG);
    }
    headers.get(IF_MODIFIED_SINCE).map(HeaderValue::as_bytes) == Some(MODIFIED.as_bytes())
}

/// First and last byte of `bytes=A-B` or `bytes=A-`; nothing where it is another range, which may be ignored.
fn range(value: &str) -> Option<(usize, usize)> {
    let (first, last) = value.strip_prefix("bytes=")?.split_once('-')?;
    let last = if last.is_empty() { usize::MAX } else { last.parse().ok()? };
    let first = first.parse().ok()?;
    (first <= last).then_some((first, last))
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use test_case::test_case;

    use super::*;

    async fn answer(
        method: Method,
        name: &'static str,
        value: &'static str,
    ) -> (u16, String, Option<String>) {
        let headers =
            HeaderMap::from_iter([(name.parse().unwrap(), HeaderValue::from_static(value))]);
        let response = document(method, headers).await;
        let place = response.headers().get(CONTENT_RANGE).map(|it| it.to_str().unwrap().to_owned());
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 100).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap(), place)
    }

    #[test_case("bytes=0-3", 206, "abcd", Some("bytes 0-3/26") ; "closed")]
    #[test_case("bytes=24-", 206, "yz", Some("bytes 24-25/26") ; "open")]
    #[test_case("bytes=25-99", 206, "z", Some("bytes 25-25/26") ; "beyond the end")]
    #[test_case("bytes=26-", 416, "", Some("bytes */26") ; "behind the end")]
    #[test_case("bytes=3-1", 200, TEXT, None ; "backwards is ignored")]
    #[test_case("bytes=-3", 200, TEXT, None ; "the end is ignored")]
    #[test_case("bytes=0-1,3-4", 200, TEXT, None ; "several are ignored")]
    #[tokio::test]
    async fn parts_are_cut(range: &'static str, status: u16, body: &str, place: Option<&str>) {
        let answer = answer(Method::GET, "range", range).await;
        assert_eq!(answer, (status, body.to_owned(), place.map(str::to_owned)));
    }

    #[tokio::test]
    async fn head_has_no_parts() {
        assert_eq!(answer(Method::HEAD, "range", "bytes=0-3").await.0, 200);
    }

    #[test_case("if-none-match", TAG, 304 ; "tag")]
    #[test_case("if-none-match", "\"a\", W/\"alphabet\"", 304 ; "tag in a list, weak")]
    #[test_case("if-none-match", "*", 304 ; "any")]
    #[test_case("if-none-match", "\"a\"", 200 ; "other tag")]
    #[test_case("if-modified-since", MODIFIED, 304 ; "date")]
    #[test_case("if-modified-since", "Sun, 01 Nov 2020 00:00:00 GMT", 200 ; "other date")]
    #[tokio::test]
    async fn what_is_unchanged_is_not_sent(name: &'static str, value: &'static str, status: u16) {
        assert_eq!(answer(Method::GET, name, value).await.0, status);
    }
}
