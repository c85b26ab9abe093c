//! The servers of all provocations behind one SOCKS server, and the page that calls them, which asks
//! its own server what to do next.

use std::io;
use std::sync::Arc;

use axum::serve::Listener as _;
use corspec_vectors::vector::{PAGE, bytes};
use serde_json::Value;
use tokio::io::{AsyncWriteExt as _, BufReader};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

use super::provocation::{ALL, Failure, Reply};
use crate::browsers::plain_http::{Request, read};
use crate::browsers::socks::{Entrance, Socks, Stream};

/// The page's script.
const SCRIPT: &str = include_str!("page.js");

/// An opaque page is of another origin than its own server.
const SHARED: &str = "Access-Control-Allow-Origin: *\r\n";

/// What the page does next.
type Orders = Arc<Mutex<mpsc::Receiver<Value>>>;

/// The servers. Dropping them closes them.
#[derive(Debug)]
pub(super) struct Servers {
    entrance: Entrance,
    orders: mpsc::Sender<Value>,
    serving: JoinHandle<()>,
}

impl Servers {
    /// Starts them.
    pub(super) async fn start() -> io::Result<Self> {
        let (mut socks, entrance) = Socks::listen().await?;
        let (orders, taken) = mpsc::channel(1);
        let taken = Arc::new(Mutex::new(taken));
        let serving = tokio::spawn(async move {
            loop {
                let (stream, _) = socks.accept().await;
                let orders = Arc::clone(&taken);
                // A browser that closes a connection is no trouble of ours.
                tokio::spawn(async move { drop(serve(stream, &orders).await) });
            }
        });
        Ok(Self { entrance, orders, serving })
    }

    /// How a browser comes to them.
    pub(super) fn entrance(&self) -> &Entrance {
        &self.entrance
    }

    /// Has the page do this next.
    pub(super) async fn order(&self, order: Value) {
        // The other end is there for as long as this is.
        drop(self.orders.send(order).await);
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Answers one connection until an answer is to close it.
async fn serve(stream: Stream, orders: &Orders) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream).await? {
        let bytes = match request.target.strip_prefix(PAGE) {
            Some("/next") => next(orders).await,
            Some("/turn") => answered("text/plain", SHARED, ""),
            Some(query) => page(query),
            None => match reply(&request) {
                Ok(reply) => written(&reply),
                Err(Failure::Reset) => return stream.into_inner().reset(),
                Err(Failure::Closed | Failure::Refused) => return Ok(()),
            },
        };
        stream.write_all(&bytes).await?;
        stream.flush().await?;
    }
    Ok(())
}

async fn next(orders: &Orders) -> Vec<u8> {
    let order = orders.lock().await.recv().await.unwrap_or_default();
    answered("application/json", SHARED, &order.to_string())
}

fn reply(request: &Request) -> Result<Reply, Failure> {
    let path = request.target.split('?').next().unwrap_or_default();
    let parts = path.strip_prefix('/').and_then(|path| path.rsplit_once('/'));
    let (id, place) = parts.ok_or(Failure::Closed)?;
    let provocation = ALL.iter().find(|it| it.id == id).ok_or(Failure::Closed)?;
    let preflight =
        request.method == "OPTIONS" && request.header("access-control-request-method").is_some();
    let origin = request.header("origin").unwrap_or_default();
    provocation.reply(place.parse().unwrap_or(usize::MAX), preflight, origin)
}

fn page(query: &str) -> Vec<u8> {
    let headers = match query.trim_start_matches('?').split_once('=') {
        Some((_, policy)) => format!("Cross-Origin-Embedder-Policy: {policy}\r\n"),
        None if query == "?opaque" => "Content-Security-Policy: sandbox allow-scripts\r\n".into(),
        None => String::new(),
    };
    let html = format!(
        "<!doctype html><title>corspec</title><link rel=icon href=data:,><script>{SCRIPT}</script>"
    );
    answered("text/html; charset=utf-8", &headers, &html)
}

fn answered(kind: &str, headers: &str, text: &str) -> Vec<u8> {
    let length = text.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\
         Cache-Control: no-store\r\n{headers}\r\n"
    );
    (head + text).into_bytes()
}

fn written(reply: &Reply) -> Vec<u8> {
    let mut written = format!("HTTP/1.1 {} Answered\r\n", reply.status).into_bytes();
    for (name, value) in &reply.headers {
        written.extend([&bytes(name), &b": "[..], &bytes(value), b"\r\n"].concat());
    }
    written.extend([b"\r\n", reply.body.as_bytes()].concat());
    written
}
