//! The places that a vector speaks of: letters for origins.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A letter that stands for an origin. `{A}` in a header's value is that origin, `{A@}` the same
/// with userinfo before the host, and `{AU}` the same in upper case.
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize,
)]
pub enum Place {
    /// `http://localhost:8001`
    #[default]
    S,
    /// Another port of S.
    Y,
    /// An address on this machine.
    X,
    /// `https://app.example.com`
    A,
    /// Another host of A's site.
    B,
    /// Another site, https.
    C,
    /// B without TLS.
    D,
    /// A without TLS.
    E,
    /// C without TLS.
    F,
    /// Another port of A.
    G,
}

impl Place {
    /// All of them.
    pub const ALL: [Self; 10] =
        [Self::S, Self::Y, Self::X, Self::A, Self::B, Self::C, Self::D, Self::E, Self::F, Self::G];

    /// The origin that it stands for.
    #[must_use]
    pub fn origin(self) -> &'static str {
        match self {
            Self::S => "http://localhost:8001",
            Self::Y => "http://localhost:8002",
            Self::X => "http://127.0.0.1:8003",
            Self::A => "https://app.example.com",
            Self::B => "https://api.example.com",
            Self::C => "https://api.example.net",
            Self::D => "http://api.example.com",
            Self::E => "http://app.example.com",
            Self::F => "http://api.example.net",
            Self::G => "https://app.example.com:8443",
        }
    }

    /// The place with that origin.
    #[must_use]
    pub fn of(origin: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|place| place.origin() == origin)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// Replaces the letters in braces by what they stand for.
#[must_use]
pub fn filled(text: &str) -> String {
    if !text.contains('{') {
        return text.to_owned();
    }
    Place::ALL.into_iter().fold(text.to_owned(), |text, place| {
        let origin = place.origin();
        let with_userinfo = origin.replacen("://", "://u:p@", 1);
        text.replace(&format!("{{{place}}}"), origin)
            .replace(&format!("{{{place}@}}"), &with_userinfo)
            .replace(&format!("{{{place}U}}"), &origin.to_uppercase())
    })
}

/// Puts letters in braces where origins stand.
#[must_use]
pub fn named(text: &str) -> String {
    if !text.contains("://") {
        return text.to_owned();
    }
    // G's origin begins with A's.
    Place::ALL
        .into_iter()
        .rev()
        .fold(text.to_owned(), |text, place| text.replace(place.origin(), &format!("{{{place}}}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_becomes_its_origin_and_an_origin_its_letter() {
        for place in Place::ALL {
            let text = format!("<{{{place}}}/x>");
            assert_eq!(named(&filled(&text)), text);
            assert_eq!(Place::of(place.origin()), Some(place));
        }
        assert_eq!(filled("{A@}/"), "https://u:p@app.example.com/");
        assert_eq!(filled("{SU}"), "HTTP://LOCALHOST:8001");
        assert_eq!(filled("{O}"), "{O}");
    }
}
