//! Sets of bytes that the standards name, and bytes shown to people.

use alloc::vec::Vec;
use core::fmt;

/// Whether `bytes` is a [token](https://httpwg.org/specs/rfc9110.html#tokens),
/// as a method or a header name must be.
#[must_use]
pub fn is_token(bytes: &[u8]) -> bool {
    let token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !bytes.is_empty() && bytes.iter().all(token)
}

/// Whether `byte` is [HTTP whitespace](https://fetch.spec.whatwg.org/#http-whitespace-byte).
#[must_use]
pub fn is_http_whitespace(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\r' | b' ')
}

/// `bytes` without those at both ends that `strip` names.
#[must_use]
pub fn trim(bytes: &[u8], strip: impl Fn(u8) -> bool) -> &[u8] {
    let Some(start) = bytes.iter().position(|&byte| !strip(byte)) else { return &[] };
    let end = bytes.iter().rposition(|&byte| !strip(byte)).map_or(start, |last| last + 1);
    &bytes[start..end]
}

/// `bytes` without the leading bytes that are `strip`.
#[must_use]
pub fn trim_start(bytes: &[u8], strip: u8) -> &[u8] {
    let start = bytes.iter().position(|&byte| byte != strip).unwrap_or(bytes.len());
    &bytes[start..]
}

/// A header value as sent; shown escaped and in backticks, because it need not be text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Bytes(pub Vec<u8>);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`")?;
        for &byte in &self.0 {
            // Quotes need no escape between backticks, and would only hide what was sent.
            match byte {
                b'"' | b'\'' => write!(f, "{}", char::from(byte))?,
                b'`' => f.write_str("\\x60")?,
                byte => write!(f, "{}", byte.escape_ascii())?,
            }
        }
        f.write_str("`")
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;
    use alloc::vec::Vec;

    use test_case::test_case;

    use super::{Bytes, is_token, trim};

    #[test_case(b"x-a_1~" => true; "token characters")]
    #[test_case(b"" => false; "nothing")]
    #[test_case(b"a b" => false; "a space")]
    #[test_case(b"a:" => false; "a colon")]
    #[test_case(b"\xe4" => false; "a byte above ASCII")]
    fn tokens(bytes: &[u8]) -> bool {
        is_token(bytes)
    }

    #[test]
    fn only_the_ends_are_trimmed() {
        assert_eq!(trim(b"  a b ", |byte| byte == b' '), b"a b");
        assert_eq!(trim(b"   ", |byte| byte == b' '), b"");
    }

    #[test]
    fn hostile_bytes_are_shown_escaped() {
        let shown = Bytes(Vec::from(*b"a\x1b\x00\x9f\"`")).to_string();
        assert_eq!(shown, "`a\\x1b\\x00\\x9f\"\\x60`");
    }
}
