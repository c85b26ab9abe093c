//! Reading a `Set-Cookie` line.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use crate::byte;
use crate::cookie::date;

/// What a line says, attribute by attribute; of repeated ones, the last.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct SetCookie {
    pub(super) name: Vec<u8>,
    pub(super) value: Vec<u8>,
    /// Whether there is no `=`.
    pub(super) bare: bool,
    pub(super) domain: Option<String>,
    pub(super) path: Option<String>,
    pub(super) secure: bool,
    pub(super) partitioned: bool,
    /// In lower case.
    pub(super) same_site: Option<Vec<u8>>,
    /// In seconds; what is out of range is as far as it goes.
    pub(super) max_age: Option<i64>,
    pub(super) expires: Option<Duration>,
}

/// Parses a line as [RFC 6265bis section 5.6](https://httpwg.org/http-extensions/draft-ietf-httpbis-rfc6265bis.html#name-the-set-cookie-header-field)
/// does; `None` where there is no cookie in it.
pub(super) fn parse(line: &[u8]) -> Option<SetCookie> {
    if line.iter().any(|&byte| byte.is_ascii_control() && byte != b'\t') {
        return None;
    }
    let mut parts = line.split(|&byte| byte == b';');
    let pair = parts.next()?;
    let (name, value) = match pair.iter().position(|&byte| byte == b'=') {
        Some(at) => (&pair[..at], &pair[at + 1..]),
        None => (&[][..], pair),
    };
    let (name, value, bare) = (trim(name), trim(value), !pair.contains(&b'='));
    if name.len() + value.len() > 4096 {
        return None;
    }
    let mut cookie =
        SetCookie { name: name.to_vec(), value: value.to_vec(), bare, ..SetCookie::default() };
    for part in parts {
        let (name, value) = match part.iter().position(|&byte| byte == b'=') {
            Some(at) => (&part[..at], &part[at + 1..]),
            None => (part, &[][..]),
        };
        attribute(&mut cookie, trim(name), trim(value));
    }
    Some(cookie)
}

fn attribute(cookie: &mut SetCookie, name: &[u8], value: &[u8]) {
    match name.to_ascii_lowercase().as_slice() {
        b"expires" => cookie.expires = date::parse(value).or(cookie.expires),
        b"max-age" => cookie.max_age = max_age(value).or(cookie.max_age),
        b"domain" => {
            let domain = value.strip_prefix(b".").unwrap_or(value).to_ascii_lowercase();
            cookie.domain = core::str::from_utf8(&domain).ok().map(ToString::to_string);
        }
        b"path" => {
            let path = core::str::from_utf8(value).ok().filter(|path| path.starts_with('/'));
            cookie.path = path.map(ToString::to_string);
        }
        b"secure" => cookie.secure = true,
        b"partitioned" => cookie.partitioned = true,
        b"samesite" => cookie.same_site = Some(value.to_ascii_lowercase()),
        _ => {}
    }
}

fn max_age(value: &[u8]) -> Option<i64> {
    let (negative, digits) = match value.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, value),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digit = |sum: i64, byte: &u8| sum.saturating_mul(10).saturating_add(i64::from(byte - b'0'));
    let seconds = digits.iter().fold(0, digit);
    Some(if negative { -seconds } else { seconds })
}

fn trim(bytes: &[u8]) -> &[u8] {
    byte::trim(bytes, |byte| matches!(byte, b'\t' | b' '))
}
