//! Secrets, kept out of every output but `fetch --batch`.

use std::borrow::Cow;

use corspec_fetch::header_list::HeaderList;

/// What stands in a secret's place.
pub const REDACTED: &str = "<redacted>";

/// A header's value without its secret: credentials, the values of cookies,
/// userinfo in URLs, and the headers that `secret` names (in any case).
#[must_use]
pub fn header<'v>(name: &[u8], value: &'v [u8], secret: &[String]) -> Cow<'v, [u8]> {
    let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
    if is("authorization") || is("proxy-authorization") || secret.iter().any(|it| is(it)) {
        return REDACTED.as_bytes().into();
    }
    if is("cookie") {
        let cookies: Vec<_> = value.split(|&it| it == b';').map(cookie).collect();
        return cookies.join(&b';').into();
    }
    if is("set-cookie") {
        let end = value.iter().position(|&it| it == b';').unwrap_or(value.len());
        return [cookie(&value[..end]), value[end..].to_vec()].concat().into();
    }
    match std::str::from_utf8(value) {
        // What has no `@` has no userinfo.
        Ok(value) if value.contains('@') => text(value).into_bytes().into(),
        _ => value.into(),
    }
}

/// The list with every value as [`header`] gives it.
#[must_use]
pub fn headers(list: &HeaderList, secret: &[String]) -> HeaderList {
    list.iter().map(|(name, value)| (name, header(name, value, secret))).collect()
}

/// The text with the userinfo of every URL in it taken out.
#[must_use]
pub fn text(text: &str) -> String {
    let mut parts = text.split("://");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        shown.push_str("://");
        let end = part
            .find(|it: char| it.is_whitespace() || "/?#\\\"'`,<>".contains(it))
            .unwrap_or(part.len());
        match part[..end].rfind('@') {
            Some(at) => {
                shown.push_str(REDACTED);
                shown.push_str(&part[at..]);
            }
            None => shown.push_str(part),
        }
    }
    shown
}

/// A cookie's pair; one without a name is all value.
fn cookie(pair: &[u8]) -> Vec<u8> {
    let name = pair.iter().position(|&it| it == b'=').map_or(&[][..], |at| &pair[..=at]);
    [name, REDACTED.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::{header, text};

    #[test_case("Authorization", "Bearer s3cret" => "<redacted>"; "authorization")]
    #[test_case("proxy-authorization", "Basic s3cret" => "<redacted>"; "proxy authorization")]
    #[test_case("Cookie", "a=s3cret; b=t" => "a=<redacted>; b=<redacted>"; "cookie")]
    #[test_case("Set-Cookie", "a=s3cret; Path=/" => "a=<redacted>; Path=/"; "set cookie")]
    #[test_case("Set-Cookie", "s3cret" => "<redacted>"; "a cookie without a name")]
    #[test_case("X-Api-Key", "s3cret" => "<redacted>"; "a configured header")]
    #[test_case("Location", "http://u:p@h/x" => "http://<redacted>@h/x"; "userinfo")]
    #[test_case("X-Other", "shown" => "shown"; "any other")]
    fn a_secret_is_not_shown(name: &str, value: &str) -> String {
        let shown = header(name.as_bytes(), value.as_bytes(), &[String::from("x-api-key")]);
        String::from_utf8(shown.into_owned()).unwrap_or_default()
    }

    #[test]
    fn userinfo_is_taken_out_of_any_text() {
        assert_eq!(
            text("from http://u:p@a/ to https://b/@c and ftp://x@y"),
            "from http://<redacted>@a/ to https://b/@c and ftp://<redacted>@y"
        );
    }
}
