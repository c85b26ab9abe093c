//! Why an exchange failed: what the client library says of it, and what that means.

use std::error::Error;
use std::io;

use corspec_fetch::fetch::{ConnectionFailure, FailureKind};
use rustls::CertificateError;

/// Why no connection to a server could be made, or none of HTTP/2.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{why}")]
pub struct Unreachable {
    why: String,
    /// Whether nothing listens there.
    pub refused: bool,
}

impl Unreachable {
    pub(super) fn of(error: &reqwest::Error) -> Self {
        let mut innermost: &dyn Error = error;
        while let Some(inner) = innermost.source() {
            innermost = inner;
        }
        let io = innermost.downcast_ref::<io::Error>();
        let refused = io.is_some_and(|it| it.kind() == io::ErrorKind::ConnectionRefused);
        let why =
            if refused { "the connection was refused".to_owned() } else { innermost.to_string() };
        Self { why, refused }
    }

    pub(super) fn otherwise(why: String) -> Self {
        Self { why, refused: false }
    }
}

/// Whether a server that failed a request did so in HTTP/2.
pub(super) fn is_http2(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| cause.downcast_ref::<h2::Error>().is_some_and(h2::Error::is_remote))
}

/// Whether the connection ended without a byte of an answer, or the server said that it has not read the request.
pub(super) fn is_lost(error: &reqwest::Error) -> bool {
    !error.is_connect()
        && causes(error).any(|cause| {
            let io = cause.downcast_ref::<io::Error>().map(io::Error::kind);
            let hyper = cause.downcast_ref::<hyper::Error>();
            hyper.is_some_and(|it| it.is_incomplete_message() || it.is_canceled())
                || cause.downcast_ref::<h2::Error>().is_some_and(is_unread)
                || matches!(io, Some(io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe))
        })
}

/// What caused an error, the nearest first.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(error.source(), |it| (*it).source())
}

/// Whether a server of HTTP/2 that is about to close the connection left the request to another one
/// ([RFC 9113 section 8.7](https://www.rfc-editor.org/rfc/rfc9113#section-8.7)).
fn is_unread(error: &h2::Error) -> bool {
    error.is_remote()
        && match error.reason() {
            Some(h2::Reason::NO_ERROR) => error.is_go_away(),
            Some(h2::Reason::REFUSED_STREAM) => error.is_reset(),
            _ => false,
        }
}

pub(super) fn kind(error: &reqwest::Error) -> FailureKind {
    match error {
        it if it.is_connect() => FailureKind::Unreachable,
        it if is_lost(it) => FailureKind::Closed,
        _ => FailureKind::Malformed,
    }
}

pub(super) fn failure(kind: FailureKind, message: String) -> ConnectionFailure {
    ConnectionFailure { message, kind }
}

/// An error with what caused it, the URL left out.
pub(super) fn described(error: &reqwest::Error) -> String {
    let what = match error {
        it if it.is_connect() => "could not connect",
        it if it.is_body() || it.is_decode() => "the body broke off",
        _ => "the exchange failed",
    };
    let mut text = what.to_owned();
    for inner in causes(error) {
        if let Some(certificate) = refused_certificate(inner) {
            return format!("{what}: the server's certificate is not trusted: {certificate}");
        }
        if let Some(other) = other_version(inner) {
            return format!("{what}: {other}");
        }
        text.push_str(": ");
        text.push_str(&inner.to_string());
    }
    text
}

/// That the server does not speak the version of HTTP that it was asked in, where that is what `error` says.
fn other_version(error: &(dyn Error + 'static)) -> Option<&'static str> {
    use rustls::{AlertDescription, Error::AlertReceived};
    if let Some(inner) = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        return other_version(inner);
    }
    if let Some(AlertReceived(AlertDescription::NoApplicationProtocol)) = error.downcast_ref() {
        return Some("the server does not speak the version of HTTP that it was asked for");
    }
    // The first letters of text, read as the length of a frame, are far too long.
    let error = error.downcast_ref::<h2::Error>().filter(|it| !it.is_remote())?;
    (error.reason() == Some(h2::Reason::FRAME_SIZE_ERROR)).then_some("the answer is not HTTP/2")
}

/// Why the certificate was refused and what to do, where that is what `error` says.
fn refused_certificate(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(inner) = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        return refused_certificate(inner);
    }
    let rustls::Error::InvalidCertificate(refusal) = error.downcast_ref()? else { return None };
    let why = match refusal {
        CertificateError::UnknownIssuer => "no authority that is trusted has issued it".to_owned(),
        // An error of the library below, which rustls has no name of its own for.
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            let why = "it is one of an authority, which cannot be a server's own";
            return Some(format!("{why}; `--insecure` accepts it"));
        }
        other => other.to_string(),
    };
    let how = "trust its authority with `--cacert`, or any certificate with `--insecure`";
    Some(format!("{why}; {how}"))
}
