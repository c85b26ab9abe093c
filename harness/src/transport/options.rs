//! How exchanges are made, and the client library's clients that make them so.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::{Certificate, Client, ClientBuilder, Proxy, redirect, retry};

/// How exchanges are made.
#[derive(Clone, Debug)]
pub struct TransportOptions {
    /// How long an exchange may take until the response's headers are there.
    pub timeout: Duration,
    /// How long the body may take after the headers.
    pub body_timeout: Duration,
    /// How many bytes of a body are read.
    pub max_body: usize,
    /// A PEM file with further roots to trust.
    pub cacert: Option<PathBuf>,
    /// Whether any certificate is accepted.
    pub insecure: bool,
    /// Which version of HTTP is spoken.
    pub version: Version,
    /// The port of a SOCKS server on this machine through which everything goes, names unresolved.
    pub socks: Option<u16>,
}

impl Default for TransportOptions {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(10),
            max_body: 8 << 20,
            cacert: None,
            insecure: false,
            version: Version::Negotiated,
            socks: None,
        }
    }
}

/// Which version of HTTP is spoken.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Version {
    /// The one that TLS negotiates, and HTTP/1.1 over plain TCP, as browsers do.
    #[default]
    Negotiated,
    /// HTTP/1.1, also where TLS would negotiate HTTP/2.
    Http1,
    /// HTTP/2 without asking, also over plain TCP.
    Http2,
}

impl Version {
    /// What it is called, where it is one.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Negotiated => None,
            Self::Http1 => Some("HTTP/1.1"),
            Self::Http2 => Some("HTTP/2"),
        }
    }
}

/// Why no transport could be made of the options.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The file of roots cannot be read.
    #[error("`{path}` cannot be read: {source}; name a readable PEM file")]
    UnreadableRoots {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The file of roots holds no certificate.
    #[error("`{path}` holds no PEM certificate; name a file with `BEGIN CERTIFICATE` in it")]
    NoRoots {
        /// The file.
        path: String,
    },
    /// The client could not be built.
    #[error("the HTTP client could not be built: {0}")]
    Client(reqwest::Error),
}

/// Two clients: one that keeps connections, and one that makes a new one for each exchange.
///
/// # Errors
///
/// `cacert` cannot be read or holds no certificate, or the TLS set-up fails.
pub(super) fn clients(options: &TransportOptions) -> Result<[Client; 2], TransportError> {
    // An error says that the process has a provider already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let roots = roots(options)?;
    let client = built(|| builder(options), &roots)?;
    let unpooled = built(|| builder(options).pool_max_idle_per_host(0), &roots)?;
    Ok([client, unpooled])
}

fn built(
    builder: impl Fn() -> ClientBuilder,
    roots: &[Certificate],
) -> Result<Client, TransportError> {
    let with_platform = builder().tls_certs_merge(roots.to_vec()).build();
    // A machine without any root still speaks plain HTTP.
    with_platform
        .or_else(|_| builder().tls_certs_only(roots.to_vec()).build())
        .map_err(TransportError::Client)
}

fn builder(options: &TransportOptions) -> ClientBuilder {
    let builder = Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        // Browsers read a line that goes on in the next one, with a space for the break. Of spaces after a name they
        // make different things, and what skips a line without a name would skip values with control characters too,
        // which they read.
        .http1_allow_obsolete_multiline_headers_in_responses(true)
        .tls_danger_accept_invalid_certs(options.insecure);
    // A port makes a URL of a proxy.
    let proxy = options.socks.map(|port| Proxy::all(format!("socks5h://127.0.0.1:{port}")));
    let builder = match proxy {
        Some(Ok(proxy)) => builder.proxy(proxy),
        Some(Err(_)) | None => builder,
    };
    match options.version {
        Version::Negotiated => builder,
        Version::Http1 => builder.http1_only(),
        Version::Http2 => builder.http2_prior_knowledge(),
    }
}

fn roots(options: &TransportOptions) -> Result<Vec<Certificate>, TransportError> {
    let Some(path) = &options.cacert else {
        return Ok(Vec::new());
    };
    let shown = path.display().to_string();
    let pem = std::fs::read(path)
        .map_err(|source| TransportError::UnreadableRoots { path: shown.clone(), source })?;
    match Certificate::from_pem_bundle(&pem) {
        Ok(roots) if !roots.is_empty() => Ok(roots),
        _ => Err(TransportError::NoRoots { path: shown }),
    }
}
