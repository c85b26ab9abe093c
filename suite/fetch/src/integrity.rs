//! Subresource integrity: does a body match the digests that the page names?

use alloc::string::String;
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

/// The digest of `bytes` by the strongest algorithm that the metadata names, and that algorithm's name;
/// `None` where it names none that is known.
#[must_use]
pub fn computed(bytes: &[u8], metadata: &str) -> Option<(&'static str, String)> {
    let known = metadata.split_ascii_whitespace().filter_map(parse);
    let strongest = known.map(|(algorithm, _)| algorithm).max()?;
    Some((strongest.name(), strongest.digest(bytes)))
}

/// Whether [bytes match the metadata](https://w3c.github.io/webappsec-subresource-integrity/#does-response-match-metadatalist):
/// any digest of the strongest algorithm that is named.
///
/// Metadata that names no known algorithm matches everything.
#[must_use]
pub fn matches(bytes: &[u8], metadata: &str) -> bool {
    let known: Vec<_> = metadata.split_ascii_whitespace().filter_map(parse).collect();
    let Some(strongest) = known.iter().map(|(algorithm, _)| *algorithm).max() else { return true };
    let digest = strongest.digest(bytes);
    known.iter().any(|(algorithm, value)| {
        // The digest may be written in the URL-safe alphabet as well.
        *algorithm == strongest && value.replace('-', "+").replace('_', "/") == digest
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

    use super::{computed, matches};

    #[test_case("sha256-AAAA" => Some(("sha256", "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=".into())); "the one that is named")]
    #[test_case("sha384-AAAA sha256-AAAA md5-AAAA" => Some(("sha384", "WeF0h3dEjGnea4ANejO7+5/xtGPkQ1TDVTvNucZm+pASWjx5+QOXvfX2oT3oKGhP".into())); "the strongest")]
    #[test_case("md5-AAAA" => None; "none that is known")]
    fn hello_comes_to(metadata: &str) -> Option<(&'static str, alloc::string::String)> {
        computed(b"hello", metadata)
    }

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
