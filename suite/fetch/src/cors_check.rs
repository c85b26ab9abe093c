//! The CORS check: may this page read this response?
//!
//! This is the last gate of the protocol and the smallest. It runs on every
//! response to a CORS request, the preflight's and each redirect's included,
//! and looks at two headers only. Two things surprise server authors:
//!
//! - The origin is compared byte for byte. A trailing slash, another case or a
//!   list of origins is another value.
//! - With credentials `*` is no wildcard. It is compared like any other value,
//!   and no origin is serialised as an asterisk.
//!
//! A failed check is an ordinary answer. That is why [`Refusal`] names what the
//! server got wrong and carries the bytes that it sent.

use crate::byte::Bytes;
use crate::header_list::HeaderList;
use crate::request::CredentialsMode;

/// Runs the [CORS check](https://fetch.spec.whatwg.org/#concept-cors-check).
///
/// `origin` is the request's origin, already
/// [byte-serialised](https://fetch.spec.whatwg.org/#byte-serializing-a-request-origin):
/// an opaque or tainted one is the four bytes `null`.
///
/// # Errors
///
/// The page may not read the response.
pub fn cors_check(
    origin: &[u8],
    credentials: CredentialsMode,
    response: &HeaderList,
) -> Result<(), Refusal> {
    // Step 1: the value that the server allows; several lines are one value with commas.
    let allowed = response.get("access-control-allow-origin");
    // Step 2: no such header, no access.
    let Some(allowed) = allowed else { return Err(Refusal::AllowOriginMissing) };
    let include = credentials == CredentialsMode::Include;
    // Step 3: without credentials, an asterisk allows every origin.
    if !include && allowed == b"*" {
        return Ok(());
    }
    // Step 4: otherwise it must be the very bytes of the request's origin.
    if allowed != origin {
        return Err(Refusal::of_value(allowed, origin));
    }
    // Step 5: without credentials, that is enough.
    if !include {
        return Ok(());
    }
    // Step 6: with credentials, the server must allow them as well.
    let allow_credentials = response.get("access-control-allow-credentials");
    // Step 7: `true`, byte for byte, does.
    // Step 8: nothing else does.
    match allow_credentials {
        Some(value) if value == b"true" => Ok(()),
        Some(value) => Err(Refusal::AllowCredentialsNotTrue { sent: Bytes(value) }),
        None => Err(Refusal::AllowCredentialsMissing),
    }
}

/// What the server got wrong, as the CORS check sees it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// Step 2: there is no `Access-Control-Allow-Origin`.
    #[error("the response has no Access-Control-Allow-Origin")]
    AllowOriginMissing,
    /// Step 4: several values, by several lines or by a list.
    #[error("Access-Control-Allow-Origin has several values, {sent}, and may have one")]
    AllowOriginMultiple {
        /// What the server sent, lines combined.
        sent: Bytes,
    },
    /// Step 4: `*`, where credentials are included.
    #[error(
        "Access-Control-Allow-Origin is `*`, which allows nobody when credentials are included"
    )]
    AllowOriginWildcardWithCredentials,
    /// Step 4: the value is not the origin that asked.
    #[error("Access-Control-Allow-Origin is {sent}, and the origin that asked is {origin}")]
    AllowOriginMismatch {
        /// What the server sent.
        sent: Bytes,
        /// The origin that asked.
        origin: Bytes,
    },
    /// Step 8: credentials are included, and no header allows them.
    #[error("credentials are included, and the response has no Access-Control-Allow-Credentials")]
    AllowCredentialsMissing,
    /// Step 8: the header is there and is not exactly `true`.
    #[error("Access-Control-Allow-Credentials is {sent}, and only `true` allows credentials")]
    AllowCredentialsNotTrue {
        /// What the server sent.
        sent: Bytes,
    },
}

impl Refusal {
    /// Step 4 says no: the value tells which mistake it was.
    fn of_value(allowed: alloc::vec::Vec<u8>, origin: &[u8]) -> Self {
        // Several lines are one value with commas by now.
        if allowed.contains(&b',') || allowed.contains(&b' ') {
            Self::AllowOriginMultiple { sent: Bytes(allowed) }
        } else if allowed == b"*" {
            Self::AllowOriginWildcardWithCredentials
        } else {
            Self::AllowOriginMismatch { sent: Bytes(allowed), origin: Bytes(origin.to_vec()) }
        }
    }

    /// The step of the CORS check that said no.
    #[must_use]
    pub fn step(&self) -> &'static str {
        match self {
            Self::AllowOriginMissing => "2",
            Self::AllowOriginMultiple { .. }
            | Self::AllowOriginWildcardWithCredentials
            | Self::AllowOriginMismatch { .. } => "4",
            Self::AllowCredentialsMissing | Self::AllowCredentialsNotTrue { .. } => "8",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::cors_check;
    use crate::header_list::HeaderList;
    use crate::request::CredentialsMode::{self, Include, Omit, SameOrigin};

    const A: &str = "https://a.example";

    /// What the row shows, the credentials mode, the lines of
    /// `Access-Control-Allow-Origin` and of `Access-Control-Allow-Credentials`,
    /// and the step that says no, if one does.
    type Row = (
        &'static str,
        CredentialsMode,
        &'static [&'static str],
        &'static [&'static str],
        Option<&'static str>,
    );

    #[rustfmt::skip]
    const ROWS: &[Row] = &[
        ("no header at all",              Omit,       &[],                         &[],                Some("2")),
        ("star admits anyone",            Omit,       &["*"],                      &[],                None),
        ("star and credentials header",   Omit,       &["*"],                      &["true"],          None),
        ("same-origin is not include",    SameOrigin, &["*"],                      &[],                None),
        ("exact origin",                  Omit,       &[A],                        &[],                None),
        ("exact origin, same-origin",     SameOrigin, &[A],                        &[],                None),
        ("two stars are not a star",      Omit,       &["*", "*"],                 &[],                Some("4")),
        ("the origin twice",              Omit,       &[A, A],                     &[],                Some("4")),
        ("a list is not an origin",       Omit,       &["https://a.example, *"],   &[],                Some("4")),
        ("a quoted star",                 Omit,       &["\"*\""],                  &[],                Some("4")),
        ("trailing slash",                Omit,       &["https://a.example/"],     &[],                Some("4")),
        ("upper case",                    Omit,       &["https://A.example"],      &[],                Some("4")),
        ("the default port",              Omit,       &["https://a.example:443"],  &[],                Some("4")),
        ("no scheme",                     Omit,       &["a.example"],              &[],                Some("4")),
        ("null for a tuple origin",       Omit,       &["null"],                   &[],                Some("4")),
        ("empty",                         Omit,       &[""],                       &[],                Some("4")),
        ("a vertical tab",                Omit,       &["*\u{b}"],                 &[],                Some("4")),
        ("star with credentials",         Include,    &["*"],                      &["true"],          Some("4")),
        ("credentials allowed",           Include,    &[A],                        &["true"],          None),
        ("credentials not mentioned",     Include,    &[A],                        &[],                Some("8")),
        ("true is case-sensitive",        Include,    &[A],                        &["True"],          Some("8")),
        ("true twice is not true",        Include,    &[A],                        &["true", "true"],  Some("8")),
        ("quoted true",                   Include,    &[A],                        &["\"true\""],      Some("8")),
    ];

    fn response(origins: &[&str], credentials: &[&str]) -> HeaderList {
        let origins = origins.iter().map(|value| ("Access-Control-Allow-Origin", *value));
        let credentials =
            credentials.iter().map(|value| ("Access-Control-Allow-Credentials", *value));
        origins.chain(credentials).collect()
    }

    #[test]
    fn each_row_fails_where_the_standard_says() {
        for &(name, mode, origins, credentials, want) in ROWS {
            let checked = cors_check(A.as_bytes(), mode, &response(origins, credentials));
            assert_eq!(checked.err().map(|refusal| refusal.step()), want, "{name}");
        }
    }

    #[test]
    fn an_opaque_origin_is_matched_by_null() {
        let response = response(&["null"], &["true"]);
        cors_check(b"null", Include, &response).unwrap();
    }
}
