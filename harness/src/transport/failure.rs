//! Why an exchange failed: what the client library says of it, and what that means.

use std::error::Error;
use std::io;

use corspec_fetch::fetch::{ConnectionFailure, FailureKind};
use rustls::{CertificateError, InvalidMessage};

/// Why a server cannot be asked.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{why}")]
pub struct Unreachable {
    why: String,
    /// What was met there.
    pub met: Met,
}

/// What is where a server was looked for that cannot be asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Met {
    /// Nothing listens there.
    Nobody,
    /// TLS fails in a way whose words say what to do.
    OtherTls,
    /// Each connection is closed instead of an answer.
    Closed,
    /// Another protocol than the version of HTTP that is spoken.
    OtherProtocol,
    /// No connection can be made, or no answer comes.
    Otherwise,
}

impl Unreachable {
    /// What an error of a request means that no answer came to.
    pub(super) fn of(error: &reqwest::Error) -> Self {
        let innermost = causes(error).last().unwrap_or(error);
        let io = innermost.downcast_ref::<io::Error>().map(io::Error::kind);
        let said = |why: &str, met| Self { why: why.to_owned(), met };
        if let Some(why) = causes(error).find_map(other_tls) {
            return Self { why, met: Met::OtherTls };
        }
        if let Some(why) = causes(error).find_map(other_version) {
            return said(why, Met::OtherProtocol);
        }
        match error {
            _ if io == Some(io::ErrorKind::ConnectionRefused) => {
                said("the connection was refused", Met::Nobody)
            }
            it if it.is_connect() => said(&innermost.to_string(), Met::Otherwise),
            it if is_lost(it) => {
                said("each connection was closed instead of an answer", Met::Closed)
            }
            _ => said("what came is no HTTP that can be read", Met::OtherProtocol),
        }
    }

    pub(super) fn otherwise(why: String) -> Self {
        Self { why, met: Met::Otherwise }
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
            hyper.is_some_and(|it| it.is_incomplete_message() || it.is_canceled() || it.is_closed())
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
        if let Some(tls) = other_tls(inner) {
            return format!("{what}: {tls}");
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

/// Why there is no TLS with the server and what to do, where that is what `error` says.
fn other_tls(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(inner) = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        return other_tls(inner);
    }
    match error.downcast_ref()? {
        rustls::Error::InvalidCertificate(refusal) => {
            let why = refused_certificate(refusal);
            Some(format!("the server's certificate is not trusted: {why}"))
        }
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            Some("the server does not speak TLS there; `http://` may be meant".to_owned())
        }
        _ => None,
    }
}

/// Why a certificate was refused and what to do.
fn refused_certificate(refusal: &CertificateError) -> String {
    let why = match refusal {
        CertificateError::UnknownIssuer => "no authority that is trusted has issued it".to_owned(),
        // An error of the library below, which rustls has no name of its own for.
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            let why = "it is one of an authority, which cannot be a server's own";
            return format!("{why}; `--insecure` accepts it");
        }
        other => other.to_string(),
    };
    format!("{why}; trust its authority with `--cacert`, or any certificate with `--insecure`")
}
