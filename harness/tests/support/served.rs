//! A server for tests of the transport, over plain TCP or TLS.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_ENCODING, HeaderMap, LOCATION, SET_COOKIE,
};
use axum::http::{StatusCode, Version};
use axum::response::AppendHeaders;
use axum::routing::{any, get};
use axum::serve::Listener;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::server::TlsStream;

/// `eighteen bytes, ok` in gzip.
const PACKED: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x4b\xcd\x4c\xcf\x28\x49\x4d\xcd\x53\x48\xaa\x2c\x49\x2d\xd6\x51\xc8\xcf\x06\x00\xd3\xf3\x2d\xf7\x12\x00\x00\x00";

/// A body that says that it is gzip and is not.
const COMPRESSED: &[u8] = b"\x1f\x8b as it was sent";

/// A server that runs as long as the runtime of its test.
pub(crate) struct Served {
    start: String,
    folder: TempDir,
}

impl Served {
    /// Over plain TCP, in HTTP/1.1 and HTTP/2.
    pub(crate) async fn plain() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let start = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, routes()).into_future());
        Self { start, folder: tempfile::tempdir().unwrap() }
    }

    /// Over TLS as `localhost`, with a certificate for `host` by an authority of its own, and what
    /// it offers to speak.
    pub(crate) async fn over_tls(host: &str, alpn: &[&str]) -> Self {
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority =
            CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new([host.to_owned()]).unwrap();
        let leaf = leaf.signed_by(&key, &authority).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("root.pem"), authority.pem()).unwrap();

        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![leaf.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();
        config.alpn_protocols = alpn.iter().map(|it| it.as_bytes().to_vec()).collect();
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let start = format!("https://localhost:{}", tcp.local_addr().unwrap().port());
        let listener = TlsListener { tcp, acceptor: TlsAcceptor::from(Arc::new(config)) };
        tokio::spawn(axum::serve(listener, routes()).into_future());
        Self { start, folder }
    }

    /// The URL of `path`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.start)
    }

    /// The file with the certificate of the server's authority.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("root.pem")
    }
}

fn routes() -> Router {
    let everyone = [(ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
    Router::new()
        .route("/version", get(async move |version: Version| (everyone, format!("{version:?}"))))
        .route("/echo", any(echo))
        .route("/packed", get(async || ([(CONTENT_ENCODING, "gzip")], PACKED)))
        .route("/compressed", get(async || ([(CONTENT_ENCODING, "gzip")], COMPRESSED)))
        .route("/eighteen", get(async || "eighteen bytes, ok"))
        .route(
            "/redirect",
            get(async || {
                (StatusCode::FOUND, [(LOCATION, "/echo"), (SET_COOKIE, "kept=no; Path=/")])
            }),
        )
}

/// The request's header lines, under a header of two lines.
async fn echo(headers: HeaderMap) -> (AppendHeaders<[(&'static str, &'static str); 2]>, String) {
    let line = |(name, value): (_, &axum::http::HeaderValue)| {
        format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes()))
    };
    let lines = headers.iter().map(line).collect();
    (AppendHeaders([("x-twice", "got 1"), ("x-twice", "got 2, 3")]), lines)
}

struct TlsListener {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, address) = Listener::accept(&mut self.tcp).await;
            // A client that refuses the certificate is not served.
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}
