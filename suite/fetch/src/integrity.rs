//! Subresource integrity: does a body match the digests that the page names?

use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use crate::cause::Cause;
use crate::fetch::HttpResponse;
use crate::filter::is_null_body_status;
use crate::outcome::{Response, ResponseType};
use crate::profile::{OpaqueRedirectIntegrity, Profile};
use crate::request::Request;

#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
enum Algorithm {
    Sha256,
    Sha384,
    Sha512,
}

/// The digest of `bytes` by the strongest algorithm that the metadata names, and that algorithm's name;
/// `None` where it names none that is known.
#[must_use]
pub fn computed(bytes: &[u8], metadata: &str, profile: &Profile) -> Option<(&'static str, String)> {
    let known = metadata.split_ascii_whitespace().filter_map(|item| parse(item, profile));
    let strongest = known.map(|(algorithm, _)| algorithm).max()?;
    Some((strongest.name(), strongest.digest(bytes)))
}

/// Holds a response against the request's integrity metadata, if it has some: steps of
/// [main fetch](https://fetch.spec.whatwg.org/#concept-main-fetch).
///
/// # Errors
///
/// It may not be read, or does not match.
pub(crate) fn check(
    request: &Request,
    answer: &HttpResponse,
    seen: &Response,
    profile: &Profile,
) -> Result<(), Cause> {
    if request.integrity.is_empty() {
        return Ok(());
    }
    let bodiless = request.method == b"HEAD" || is_null_body_status(seen.status);
    // Step 23.1: whatever goes wrong is a network error.
    // Step 23.2: what has no body cannot match.
    let body = match (seen.kind, profile.opaque_redirect_integrity) {
        (ResponseType::Opaque, _)
        | (ResponseType::OpaqueRedirect, OpaqueRedirectIntegrity::Refused) => None,
        (ResponseType::OpaqueRedirect, OpaqueRedirectIntegrity::OfTheAnswer) => Some(&answer.body),
        _ if bodiless && profile.integrity_needs_body => None,
        _ => Some(&seen.body),
    };
    let body = body.ok_or(Cause::IntegrityOpaque)?;
    // Steps 23.3 and 23.4: the whole body is read, and held against it.
    match matches(body, &request.integrity, profile) {
        true => Ok(()),
        false => Err(Cause::IntegrityMismatch),
    }
}

/// Whether [bytes match the metadata](https://w3c.github.io/webappsec-subresource-integrity/#does-response-match-metadatalist):
/// any digest of the strongest algorithm that is named.
///
/// Metadata that names no known algorithm matches everything.
#[must_use]
pub fn matches(bytes: &[u8], metadata: &str, profile: &Profile) -> bool {
    let parsed = metadata.split_ascii_whitespace().filter_map(|item| parse(item, profile));
    let known: Vec<_> = parsed.collect();
    let Some(strongest) = known.iter().map(|(algorithm, _)| *algorithm).max() else { return true };
    let digest = strongest.digest(bytes);
    let padded = |text: &str| text.trim_end_matches('=').len();
    known.iter().any(|(algorithm, value)| {
        // The digest may be written in the URL-safe alphabet as well, and without padding.
        let value = value.replace('-', "+").replace('_', "/");
        *algorithm == strongest && value[..padded(&value)] == digest[..padded(&digest)]
    })
}

impl Algorithm {
    fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    fn digest(self, bytes: &[u8]) -> String {
        match self {
            Self::Sha256 => STANDARD.encode(Sha256::digest(bytes)),
            Self::Sha384 => STANDARD.encode(Sha384::digest(bytes)),
            Self::Sha512 => STANDARD.encode(Sha512::digest(bytes)),
        }
    }
}

fn parse<'a>(item: &'a str, profile: &Profile) -> Option<(Algorithm, &'a str)> {
    let item = item.split('?').next()?;
    let (name, value) = item.split_once('-')?;
    if value.is_empty() {
        return None;
    }
    let lower = name.to_ascii_lowercase();
    let algorithm = match if profile.integrity_ignores_case { &lower } else { name } {
        "sha256" => Algorithm::Sha256,
        "sha384" => Algorithm::Sha384,
        "sha512" => Algorithm::Sha512,
        _ => return None,
    };
    Some((algorithm, value))
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::{computed, matches};
    use crate::profile::Profile;

    #[test_case("sha256-AAAA" => Some(("sha256", "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=".into())); "the one that is named")]
    #[test_case("sha384-AAAA sha256-AAAA md5-AAAA" => Some(("sha384", "WeF0h3dEjGnea4ANejO7+5/xtGPkQ1TDVTvNucZm+pASWjx5+QOXvfX2oT3oKGhP".into())); "the strongest")]
    #[test_case("md5-AAAA" => None; "none that is known")]
    fn hello_comes_to(metadata: &str) -> Option<(&'static str, alloc::string::String)> {
        computed(b"hello", metadata, &Profile::SPEC)
    }

    #[test_case("sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=" => true; "the digest of hello")]
    #[test_case("sha384-WeF0h3dEjGnea4ANejO7+5/xtGPkQ1TDVTvNucZm+pASWjx5+QOXvfX2oT3oKGhP" => true; "a longer digest")]
    #[test_case("sha384-AAAA" => false; "another longer digest")]
    #[test_case("sha256-AAAA" => false; "another digest")]
    #[test_case("sha256-AAAA sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=?ct=x" => true; "either of two")]
    #[test_case("sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ= sha512-AAAA" => false; "the strongest counts")]
    #[test_case("md5-AAAA" => true; "an unknown algorithm is no restriction")]
    #[test_case("sha256-" => true; "nor is a digest that is missing")]
    #[test_case("sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ" => true; "the padding may be missing")]
    #[test_case("SHA256-AAAA" => false; "upper case is as good")]
    fn hello_matches(metadata: &str) -> bool {
        matches(b"hello", metadata, &Profile::SPEC)
    }

    #[test_case(&Profile::CHROMIUM => true; "Chromium")]
    #[test_case(&Profile::FIREFOX => true; "Firefox")]
    #[test_case(&Profile::WEBKIT => false; "WebKit")]
    fn some_know_no_digest_in_upper_case(profile: &Profile) -> bool {
        matches(b"hello", "SHA256-AAAA", profile)
    }
}
