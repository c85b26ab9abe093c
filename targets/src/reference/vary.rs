//! Adding to `Vary` without losing what is there.
//!
//! Source: RFC 9110, 12.5.5.

use axum::http::header::{HeaderMap, HeaderName, HeaderValue, VARY};

/// Makes the `Vary` of `headers` name every one of `names`, after the members that it already has.
///
/// A name that is there in any letter case is not repeated, and nothing is added to `*`, which covers everything.
pub(super) fn add(headers: &mut HeaderMap, names: &[HeaderName]) {
    let lines: Vec<&[u8]> = headers.get_all(VARY).iter().map(HeaderValue::as_bytes).collect();
    let mut value = lines.join(&b", "[..]);
    for name in names {
        if !covers(&value, name) {
            if !value.is_empty() {
                value.extend_from_slice(b", ");
            }
            value.extend_from_slice(spelling(name).as_bytes());
        }
    }
    // The value is made of header values, names and `, `: an error is impossible, and would leave what was there.
    if let (false, Ok(value)) = (value.is_empty(), HeaderValue::from_bytes(&value)) {
        headers.insert(VARY, value);
    }
}

/// Whether the list in `value` has the member `name` or `*`.
fn covers(value: &[u8], name: &HeaderName) -> bool {
    value
        .split(|&byte| byte == b',')
        .map(<[u8]>::trim_ascii)
        .any(|member| member == b"*" || member.eq_ignore_ascii_case(name.as_str().as_bytes()))
}

/// `name` with the capitals that readers expect: `access-control-request-method` as `Access-Control-Request-Method`.
fn spelling(name: &HeaderName) -> String {
    let words = name.as_str().split('-').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_ascii_uppercase() + rest
    });
    words.collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use axum::http::header::{ACCESS_CONTROL_REQUEST_METHOD, ORIGIN};
    use test_case::test_case;

    use super::*;

    #[test_case(&[] => vec!["Origin, Access-Control-Request-Method"]; "nothing there")]
    #[test_case(&["Accept-Encoding"] => vec!["Accept-Encoding, Origin, Access-Control-Request-Method"]; "another name")]
    #[test_case(&["a", "b"] => vec!["a, b, Origin, Access-Control-Request-Method"]; "two lines become one")]
    #[test_case(&["a,oRiGiN ,b"] => vec!["a,oRiGiN ,b, Access-Control-Request-Method"]; "one name is there")]
    #[test_case(&["X-Origin"] => vec!["X-Origin, Origin, Access-Control-Request-Method"]; "a longer name is another")]
    #[test_case(&["a", "*"] => vec!["a, *"]; "a star covers everything")]
    fn names_are_added_to_what_is_there(before: &[&'static str]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for line in before {
            headers.append(VARY, HeaderValue::from_static(line));
        }
        add(&mut headers, &[ORIGIN, ACCESS_CONTROL_REQUEST_METHOD]);
        headers.get_all(VARY).iter().map(|value| value.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn nothing_to_add_adds_no_header() {
        let mut headers = HeaderMap::new();
        add(&mut headers, &[]);
        assert!(headers.is_empty());
    }
}
