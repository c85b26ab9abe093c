//! What came of a fetch: what the page saw, or why it saw nothing.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::cause::Cause;
use crate::header_list::HeaderList;

/// What the page saw.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// A response, filtered to what the page may see of it.
    Response(Response),
    /// A [network error](https://fetch.spec.whatwg.org/#concept-network-error):
    /// `fetch()` rejects with a `TypeError` that says nothing.
    NetworkError(NetworkError),
}

/// A [response's type](https://fetch.spec.whatwg.org/#concept-response-type).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ResponseType {
    /// From the page's own origin.
    Basic,
    /// From another origin, which shares it.
    Cors,
    /// From another origin, which was not asked to share it.
    Opaque,
    /// A redirect that was not to be followed.
    OpaqueRedirect,
}

impl ResponseType {
    /// The word that `Response.type` has for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Cors => "cors",
            Self::Opaque => "opaque",
            Self::OpaqueRedirect => "opaqueredirect",
        }
    }
}

/// A [filtered response](https://fetch.spec.whatwg.org/#concept-filtered-response),
/// as a script reads it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Response {
    /// Its type.
    pub kind: ResponseType,
    /// Its status; 0 where it is opaque.
    pub status: u16,
    /// Its status message.
    pub status_text: Vec<u8>,
    /// Its URL without fragment; empty where it is opaque.
    pub url: String,
    /// Whether the URL is not the one that was asked for.
    pub redirected: bool,
    /// The headers that the page may read, in the order that a script walks them.
    pub headers: HeaderList,
    /// The body; empty where there is none to read.
    pub body: Vec<u8>,
    /// Why the body ended early.
    pub body_error: Option<String>,
    /// Whether resource timing is shown to the page
    /// ([TAO check](https://fetch.spec.whatwg.org/#concept-tao-check)).
    pub timing_allowed: bool,
}

/// Why a page saw nothing, and the step of the standard that decided it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NetworkError {
    cause: Cause,
}

impl NetworkError {
    pub(crate) fn new(cause: Cause) -> Self {
        Self { cause }
    }

    /// What went wrong, with the bytes that decided.
    #[must_use]
    pub fn cause(&self) -> &Cause {
        &self.cause
    }

    /// The standard's anchor of the algorithm that decided.
    #[must_use]
    pub fn anchor(&self) -> &'static str {
        self.cause.place().0
    }

    /// The algorithm and the step that decided, such as `cors-preflight-fetch 7.5`.
    #[must_use]
    pub fn step(&self) -> String {
        let (anchor, step) = self.cause.place();
        alloc::format!("{} {step}", anchor.strip_prefix("concept-").unwrap_or(anchor))
    }
}

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use super::NetworkError;
    use crate::cause::Cause;

    #[test]
    fn a_network_error_says_why_and_where_it_was_decided() {
        let error = NetworkError::new(Cause::TooManyRedirects);
        assert_eq!(error.to_string(), "more than 20 redirects");
        assert_eq!(
            (error.anchor(), &*error.step()),
            ("http-redirect-fetch", "http-redirect-fetch 7")
        );
        let error = NetworkError::new(Cause::RedirectModeError { status: 301 });
        assert_eq!((error.anchor(), &*error.step()), ("concept-http-fetch", "http-fetch 6"));
    }
}
