//! Which request-headers a page may send to another origin without asking.

use alloc::string::String;
use alloc::vec::Vec;
use core::str::FromStr as _;

use data_url::mime::Mime;

use crate::byte;
use crate::header_list::HeaderList;
use crate::profile::Profile;

/// Whether a method is [CORS-safelisted](https://fetch.spec.whatwg.org/#cors-safelisted-method).
#[must_use]
pub fn is_cors_safelisted_method(method: &[u8]) -> bool {
    matches!(method, b"GET" | b"HEAD" | b"POST")
}

/// Whether a name is a [CORS non-wildcard request-header name](https://fetch.spec.whatwg.org/#cors-non-wildcard-request-header-name):
/// one that `*` does not cover.
#[must_use]
pub fn is_cors_non_wildcard_request_header_name(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"authorization")
}

/// Whether a header is a [CORS-safelisted request-header](https://fetch.spec.whatwg.org/#cors-safelisted-request-header).
#[must_use]
pub fn is_cors_safelisted_request_header(name: &[u8], value: &[u8], profile: &Profile) -> bool {
    // Step 1: a long value is never safe.
    if value.len() > 128 {
        return false;
    }
    // Step 2: otherwise it depends on the name.
    match name.to_ascii_lowercase().as_slice() {
        b"accept" => !value.iter().any(|&byte| is_cors_unsafe_request_header_byte(byte)),
        b"accept-language" | b"content-language" => {
            value.iter().all(|byte| byte.is_ascii_alphanumeric() || b" *,-.;=".contains(byte))
        }
        b"content-type" => {
            is_safe_content_type(value)
                && (profile.content_type_may_have_comma || !value.contains(&b','))
        }
        b"range" => is_safe_range(value),
        name => profile.safelists_client_hints && is_client_hint(name, value),
    }
    // Step 3: nothing else is left.
}

/// Whether a byte is a [CORS-unsafe request-header byte](https://fetch.spec.whatwg.org/#cors-unsafe-request-header-byte).
#[must_use]
pub fn is_cors_unsafe_request_header_byte(byte: u8) -> bool {
    (byte < 0x20 && byte != b'\t') || b"\"():<>?@[\\]{}\x7f".contains(&byte)
}

fn is_safe_content_type(value: &[u8]) -> bool {
    if value.iter().any(|&byte| is_cors_unsafe_request_header_byte(byte)) {
        return false;
    }
    let Ok(mime) = Mime::from_str(&isomorphic_decode(value)) else { return false };
    matches!(
        (mime.type_.as_str(), mime.subtype.as_str()),
        ("application", "x-www-form-urlencoded") | ("multipart", "form-data") | ("text", "plain")
    )
}

/// A [single range](https://fetch.spec.whatwg.org/#simple-range-header-value)
/// without space and with a start.
fn is_safe_range(value: &[u8]) -> bool {
    // Steps 2 to 5: the unit and an equals sign, without space.
    let Some(rest) = value.strip_prefix(b"bytes=") else { return false };
    // Steps 8 to 11: a dash after the start.
    let Some(dash) = rest.iter().position(|&byte| byte == b'-') else { return false };
    let (start, end) = (&rest[..dash], &rest[dash + 1..]);
    // Steps 14 to 16: digits only.
    // Step 17: a safe range has a start.
    if start.is_empty() || !start.iter().chain(end).all(u8::is_ascii_digit) {
        return false;
    }
    // Step 18: which is not beyond its end.
    // Step 19: then it is one.
    end.is_empty() || decimal_at_most(start, end)
}

/// Whether the decimal number `one` is at most `other`; both may be of any length.
fn decimal_at_most(one: &[u8], other: &[u8]) -> bool {
    let one = byte::trim_start(one, b'0');
    let other = byte::trim_start(other, b'0');
    (one.len(), one) <= (other.len(), other)
}

/// The client hints that Chromium lets a script send without asking.
pub(crate) const CLIENT_HINTS: [&str; 8] =
    ["device-memory", "downlink", "dpr", "ect", "rtt", "save-data", "viewport-width", "width"];

fn is_client_hint(name: &[u8], value: &[u8]) -> bool {
    let digits = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    match name {
        b"device-memory" | b"dpr" | b"downlink" => {
            let (whole, rest) = match value.iter().position(|&byte| byte == b'.') {
                Some(at) => (&value[..at], Some(&value[at + 1..])),
                None => (value, None),
            };
            digits(whole) && rest.is_none_or(digits)
        }
        b"rtt" | b"viewport-width" | b"width" => digits(value),
        b"ect" => [&b"slow-2g"[..], b"2g", b"3g", b"4g"].contains(&value),
        b"save-data" => value.eq_ignore_ascii_case(b"on"),
        _ => false,
    }
}

/// The [CORS-unsafe request-header names](https://fetch.spec.whatwg.org/#cors-unsafe-request-header-names)
/// of a list: lower-cased, sorted, each once.
#[must_use]
pub fn cors_unsafe_request_header_names(headers: &HeaderList, profile: &Profile) -> Vec<Vec<u8>> {
    // Step 1: the names that are unsafe by themselves.
    let mut unsafe_names: Vec<Vec<u8>> = Vec::new();
    // Step 2: the names that are safe unless all of them are too long together.
    let mut potentially_unsafe_names = Vec::new();
    // Step 3: how long the safe values are together.
    let mut safelist_value_size = 0;
    // Step 4: sort each header into one of the two.
    let combined = headers.sort_and_combine();
    let judged = if profile.combines_request_headers { &combined } else { headers };
    for (name, value) in judged.iter() {
        if !profile.user_agent_needs_preflight && name.eq_ignore_ascii_case(b"user-agent") {
            continue;
        }
        if is_cors_safelisted_request_header(name, value, profile) {
            potentially_unsafe_names.push(name.to_ascii_lowercase());
            safelist_value_size += value.len();
        } else {
            unsafe_names.push(name.to_ascii_lowercase());
        }
    }
    // Step 5: more than 1024 bytes make all of them unsafe.
    if safelist_value_size > 1024 && profile.limits_safelisted_sum {
        unsafe_names.append(&mut potentially_unsafe_names);
    }
    // Step 6: sorted, lower case, no repeats.
    unsafe_names.sort();
    if !profile.repeats_request_header_names {
        unsafe_names.dedup();
    }
    unsafe_names
}

/// Whether a name is a [no-CORS-safelisted request-header name](https://fetch.spec.whatwg.org/#no-cors-safelisted-request-header-name).
#[must_use]
pub fn is_no_cors_safelisted_request_header_name(name: &[u8]) -> bool {
    matches!(
        name.to_ascii_lowercase().as_slice(),
        b"accept" | b"accept-language" | b"content-language" | b"content-type"
    )
}

/// Bytes as text, one character a byte.
#[must_use]
pub fn isomorphic_decode(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec;
    use alloc::vec::Vec;

    use test_case::test_case;

    use super::{cors_unsafe_request_header_names, is_cors_safelisted_request_header};
    use crate::header_list::HeaderList;
    use crate::profile::Profile;

    /// What the row shows, the name, the value, and whether it is safe.
    type Row = (&'static str, &'static str, &'static [u8], bool);

    #[rustfmt::skip]
    const ROWS: &[Row] = &[
        ("any accept",                   "Accept", b"application/json",                 true),
        ("a tab is safe",                "Accept", b"a\tb",                             true),
        ("a byte above ASCII is safe",   "Accept", b"\xe4",                             true),
        ("a parenthesis",                "Accept", b"text/html(x)",                     false),
        ("a colon",                      "Accept", b"x:y",                              false),
        ("a bracket",                    "Accept", b"x[y]",                             false),
        ("a quote",                      "Accept", b"\"",                               false),
        ("a control character",          "Accept", b"\x01",                             false),
        ("DEL",                          "Accept", b"\x7f",                             false),
        ("languages",                    "accept-language", b"en;q=0.5, *",             true),
        ("an underscore",                "accept-language", b"en_US",                   false),
        ("an at sign",                   "content-language", b"de@x",                   false),
        ("plain text",                   "content-type", b"text/plain",                 true),
        ("upper case",                   "Content-Type", b"TEXT/PLAIN",                 true),
        ("a form",                       "content-type", b"application/x-www-form-urlencoded", true),
        ("a multipart form",             "content-type", b"multipart/form-data; boundary=x", true),
        ("a garbage parameter",          "content-type", b"text/plain;garbage",         true),
        ("space before the semicolon",   "content-type", b"text/plain ; charset=utf-8", true),
        ("JSON",                         "content-type", b"application/json",           false),
        ("another form",                 "content-type", b"application/www-form-urlencoded", false),
        ("space within",                 "content-type", b"text /plain",                false),
        ("two types",                    "content-type", b"text/plain,text/plain",      false),
        ("a quoted parameter",           "content-type", b"text/plain; a=\"b",          false),
        ("no type",                      "content-type", b"",                           false),
        ("half a type",                  "content-type", b"text",                       false),
        ("a form feed",                  "content-type", b"text/plain\x0c",             false),
        ("a range",                      "range", b"bytes=100-200",                     true),
        ("an open range",                "range", b"bytes=200-",                        true),
        ("one byte",                     "range", b"bytes=0-0",                         true),
        ("leading zeros",                "range", b"bytes=009-10",                      true),
        ("a suffix",                     "range", b"bytes=-200",                        false),
        ("backwards",                    "range", b"bytes=200-100",                     false),
        ("space",                        "range", b"bytes= 0-5",                        false),
        ("two ranges",                   "range", b"bytes=0-5,7-9",                     false),
        ("no equals sign",               "range", b"bytes 0-5",                         false),
        ("upper case unit",              "range", b"BYTES=0-5",                         false),
        ("no dash",                      "range", b"bytes=5",                           false),
        ("authorization",                "authorization", b"x",                         false),
        ("a condition",                  "if-none-match", b"x",                         false),
        ("a client hint",                "save-data", b"on",                            false),
        ("last-event-id",                "last-event-id", b"7",                         false),
        ("anything else",                "x-a", b"",                                    false),
    ];

    #[test]
    fn each_row_is_as_safe_as_the_standard_says() {
        let wrong: Vec<_> = ROWS
            .iter()
            .filter(|(_, name, value, want)| {
                is_cors_safelisted_request_header(name.as_bytes(), value, &Profile::SPEC) != *want
            })
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test_case("accept", 128, true; "at the limit")]
    #[test_case("accept", 129, false; "beyond the limit")]
    fn a_value_has_128_bytes(name: &str, length: usize, want: bool) {
        let value = vec![b'a'; length];
        assert_eq!(
            is_cors_safelisted_request_header(name.as_bytes(), &value, &Profile::SPEC),
            want
        );
    }

    #[test_case("ect", "4g", true; "a connection's kind")]
    #[test_case("ect", "slow-2g", true; "the slowest")]
    #[test_case("ect", "5g", false; "a kind that is none")]
    #[test_case("dpr", "1.5", true; "a fraction")]
    #[test_case("dpr", "1.", false; "a fraction without digits")]
    #[test_case("rtt", "50", true; "a whole number")]
    #[test_case("rtt", "5.0", false; "a fraction of what is whole")]
    fn a_client_hint_is_safe_in_chromium_where_it_is_well_formed(
        name: &str,
        value: &str,
        want: bool,
    ) {
        let safe =
            |profile| is_cors_safelisted_request_header(name.as_bytes(), value.as_bytes(), profile);
        assert_eq!([&Profile::CHROMIUM, &Profile::SPEC].map(safe), [want, false]);
    }

    #[test]
    fn a_range_of_any_length_is_compared() {
        let range = |range: &str| {
            is_cors_safelisted_request_header(b"range", range.as_bytes(), &Profile::SPEC)
        };
        assert!(range("bytes=99999999999999999999999-99999999999999999999999"));
        assert!(!range("bytes=99999999999999999999999-99999999999999999999998"));
    }

    fn names(lines: &[(&str, usize)]) -> Vec<String> {
        let headers: HeaderList =
            lines.iter().map(|&(name, length)| (name, vec![b'1'; length])).collect();
        let names = cors_unsafe_request_header_names(&headers, &Profile::SPEC);
        names.into_iter().map(|name| String::from_utf8(name).unwrap()).collect()
    }

    #[test]
    fn names_are_lower_cased_sorted_and_unique() {
        assert_eq!(names(&[("X-B", 1), ("x-a", 1), ("Accept", 1), ("x-b", 1)]), ["x-a", "x-b"]);
    }

    #[test]
    fn more_than_1024_bytes_in_sum_are_unsafe() {
        let mut lines = vec![("accept", 128); 8];
        assert!(names(&lines).is_empty());
        lines.push(("accept-language", 1));
        assert_eq!(names(&lines), ["accept", "accept-language"]);
    }
}
