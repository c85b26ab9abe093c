//! Subresource integrity: does a body match the digests that the page names?

use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
enum Algorithm {
    Sha256,
    Sha384,
    Sha512,
}

/// Whether [bytes match the metadata](https://w3c.github.io/webappsec-subresource-integrity/#does-response-match-metadatalist):
/// any digest of the strongest algorithm that is named.
///
/// Metadata that names no known algorithm matches everything.
#[must_use]
pub fn matches(bytes: &[u8], metadata: &str) -> bool {
    let known: Vec<_> = metadata.split_ascii_whitespace().filter_map(parse).collect();
    let Some(strongest) = known.iter().map(|(algorithm, _)| *algorithm).max() else { return true };
    let digest = match strongest {
        Algorithm::Sha256 => STANDARD.encode(Sha256::digest(bytes)),
        Algorithm::Sha384 => STANDARD.encode(Sha384::digest(bytes)),
        Algorithm::Sha512 => STANDARD.encode(Sha512::digest(bytes)),
    };
    known.iter().any(|(algorithm, value)| {
        // The digest may be written in the URL-safe alphabet as well.
        *algorithm == strongest && value.replace('-', "+").replace('_', "/") == digest
    })
}

fn parse(item: &str) -> Option<(Algorithm, &str)> {
    let item = item.split('?').next()?;
    let (name, value) = item.split_once('-')?;
    let algorithm = match name.to_ascii_lowercase().as_str() {
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

    use super::matches;

    #[test_case("sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=" => true; "the digest of hello")]
    #[test_case("sha384-WeF0h3dEjGnea4ANejO7+5/xtGPkQ1TDVTvNucZm+pASWjx5+QOXvfX2oT3oKGhP" => true; "a longer digest")]
    #[test_case("sha384-AAAA" => false; "another longer digest")]
    #[test_case("sha256-AAAA" => false; "another digest")]
    #[test_case("sha256-AAAA sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=?ct=x" => true; "either of two")]
    #[test_case("sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ= sha512-AAAA" => false; "the strongest counts")]
    #[test_case("md5-AAAA" => true; "an unknown algorithm is no restriction")]
    fn hello_matches(metadata: &str) -> bool {
        matches(b"hello", metadata)
    }
}
