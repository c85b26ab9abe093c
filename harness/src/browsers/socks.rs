//! A SOCKS5 server behind which every host and port answers, with TLS where the client speaks it.
//!
//! It never connects anywhere: each connection is handed to the [`World`](super::world::World),
//! which knows whose page or which target stands at a host.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// The first byte of a TLS connection: a handshake record.
const TLS_HANDSHAKE: u8 = 0x16;

/// Where a client wanted to go.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Destination {
    /// `https` where the client spoke TLS, else `http`.
    pub scheme: &'static str,
    /// The host, as the client named it.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// The server: an [axum listener](Listener) whose connections know where they were meant to go.
#[derive(Debug)]
pub struct Socks {
    connections: mpsc::Receiver<(Stream, Destination)>,
}

/// A connection, encrypted or not.
#[derive(Debug)]
pub enum Stream {
    /// As it came.
    Plain(TcpStream),
    /// Decrypted.
    Tls(Box<TlsStream<TcpStream>>),
}

/// What a browser needs to come through a SOCKS server.
#[derive(Clone, Debug)]
pub struct Entrance {
    /// The port of 127.0.0.1 at which it listens.
    pub port: u16,
    /// The certificate (DER) of the authority that vouches for every host behind it.
    pub authority: Vec<u8>,
}

impl Socks {
    /// Serves SOCKS on a free port of 127.0.0.1 until the listener is dropped; also returns what a
    /// browser needs to come through it.
    ///
    /// # Errors
    ///
    /// No port can be bound, or no certificate can be made.
    pub async fn listen() -> io::Result<(Self, Entrance)> {
        let authority = Arc::new(Authority::new().map_err(io::Error::other)?);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let entrance = Entrance { port, authority: authority.certificate.clone() };
        let (sender, connections) = mpsc::channel(64);
        tokio::spawn(async move {
            loop {
                let accepted = tokio::select! {
                    accepted = listener.accept() => accepted,
                    () = sender.closed() => break,
                };
                let Ok((stream, _)) = accepted else { continue };
                let (sender, authority) = (sender.clone(), Arc::clone(&authority));
                tokio::spawn(async move {
                    // A client that goes away, or speaks something else, is no trouble of ours.
                    if let Ok(connection) = welcomed(stream, &authority).await {
                        let _ = sender.send(connection).await;
                    }
                });
            }
        });
        Ok((Self { connections }, entrance))
    }
}

impl Stream {
    /// Tears the connection down: the client's next read fails.
    ///
    /// # Errors
    ///
    /// It is gone already.
    pub fn reset(self) -> io::Result<()> {
        match &self {
            Self::Plain(stream) => stream.set_zero_linger(),
            Self::Tls(stream) => stream.get_ref().0.set_zero_linger(),
        }
    }
}

impl Listener for Socks {
    type Io = Stream;
    type Addr = Destination;

    async fn accept(&mut self) -> (Stream, Destination) {
        match self.connections.recv().await {
            Some(connection) => connection,
            // The task that accepts ends only after this listener.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Destination> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl Connected<IncomingStream<'_, Socks>> for Destination {
    fn connect_info(stream: IncomingStream<'_, Socks>) -> Self {
        stream.remote_addr().clone()
    }
}

/// Speaks SOCKS5 (RFC 1928) with a client, and finds out whether it speaks TLS.
async fn welcomed(
    mut stream: TcpStream,
    authority: &Authority,
) -> io::Result<(Stream, Destination)> {
    stream.set_nodelay(true)?;
    let (host, port) = requested(&mut stream).await?;
    let mut first = [0];
    if stream.peek(&mut first).await? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    if first != [TLS_HANDSHAKE] {
        return Ok((Stream::Plain(stream), Destination { scheme: "http", host, port }));
    }
    let config = authority.config(&host).map_err(io::Error::other)?;
    let stream = TlsAcceptor::from(config).accept(stream).await?;
    Ok((Stream::Tls(Box::new(stream)), Destination { scheme: "https", host, port }))
}

/// The host and port of the client's CONNECT, which is granted.
async fn requested(stream: &mut TcpStream) -> io::Result<(String, u16)> {
    let wrong = || io::Error::from(io::ErrorKind::InvalidData);
    let [5, methods] = read(stream).await? else { return Err(wrong()) };
    let mut offered = vec![0; usize::from(methods)];
    stream.read_exact(&mut offered).await?;
    // No authentication.
    stream.write_all(&[5, 0]).await?;
    let [5, 1, _, kind] = read(stream).await? else { return Err(wrong()) };
    let host = match kind {
        1 => Ipv4Addr::from(read::<4>(stream).await?).to_string(),
        4 => format!("[{}]", Ipv6Addr::from(read::<16>(stream).await?)),
        3 => {
            let [length] = read(stream).await?;
            let mut name = vec![0; usize::from(length)];
            stream.read_exact(&mut name).await?;
            String::from_utf8(name).map_err(|_| wrong())?.to_ascii_lowercase()
        }
        _ => return Err(wrong()),
    };
    let port = u16::from_be_bytes(read(stream).await?);
    // Granted; the bound address is nobody's business.
    stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    Ok((host, port))
}

async fn read<const N: usize>(stream: &mut TcpStream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

/// A certificate authority of our own, which vouches for any host.
#[derive(Debug)]
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: Vec<u8>,
    configs: Mutex<HashMap<String, Arc<ServerConfig>>>,
}

impl Authority {
    fn new() -> Result<Self, rcgen::Error> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "corspec");
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?.der().to_vec();
        Ok(Self { issuer: Issuer::new(params, key), certificate, configs: Mutex::default() })
    }

    /// The TLS set-up of a host: HTTP/1.1, with a certificate for its name.
    fn config(
        &self,
        host: &str,
    ) -> Result<Arc<ServerConfig>, Box<dyn std::error::Error + Send + Sync>> {
        let mut configs = self.configs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(config) = configs.get(host) {
            return Ok(Arc::clone(config));
        }
        // A certificate's name has neither the dot at the end nor the brackets of IPv6.
        let name = host.trim_end_matches('.').trim_matches(['[', ']']);
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(vec![name.to_owned()])?;
        // Firefox looks certificates up by their subject, and tries all that have the issuer's.
        params.distinguished_name.push(DnType::CommonName, name);
        let certificate = params.signed_by(&key, &self.issuer)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(key.serialize_der().into()),
            )?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let config = Arc::new(config);
        configs.insert(host.to_owned(), Arc::clone(&config));
        Ok(config)
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
