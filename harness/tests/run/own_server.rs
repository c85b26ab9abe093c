//! Users' own servers: some run on a thread of the test, some are started by the run.

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, COOKIE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::any;
use axum::serve::Listener;
use bytes::Bytes;
use corspec_suite::policy::Policy;
use corspec_targets::reference;
use futures_util::stream;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

use crate::server::WITNESS;

/// The argument under which this executable is a server.
pub(crate) const ARGUMENT: &str = "serve-as-own";

/// What the servers allow.
pub(crate) const POLICY: &str = "allow-origins = ['https://app.example', 'http://localhost:3000']\n\
     allow-credentials = true\nallow-methods = ['GET', 'PUT']\nallow-headers = ['content-type']\n\
     max-age = 600\n";

/// The header of the user's key.
const KEY: HeaderName = HeaderName::from_static("x-api-key");

/// What a server saw of a request.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) key: Option<String>,
    pub(crate) cookie: Option<String>,
}

type Log = Arc<Mutex<Vec<(String, Seen)>>>;

/// A server on threads of this process, gone when dropped.
pub(crate) struct Served {
    url: String,
    log: Log,
    _runtime: Runtime,
}

impl Served {
    /// The reference, all of it below `prefix`.
    pub(crate) fn reference(prefix: &str) -> io::Result<Self> {
        Self::of(if prefix.is_empty() { right() } else { Router::new().nest(prefix, right()) })
    }

    /// The reference where every request brings `key`, but for one CORS header. It shows the key in
    /// its answers.
    pub(crate) fn guarded(key: &'static str) -> io::Result<Self> {
        let guard = move |request: Request<Body>, next: Next| async move {
            if request.headers().get(KEY).is_none_or(|it| it != key) {
                return StatusCode::FORBIDDEN.into_response();
            }
            let mut response = without_allow_origin(next.run(request).await);
            let value = HeaderValue::from_static(key);
            response.headers_mut().insert(KEY, value.clone());
            response.headers_mut().insert("x-echo", value.clone());
            response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, value);
            response
        };
        Self::of(right().layer(from_fn(guard)))
    }

    /// The reference without the header that matters most.
    pub(crate) fn wrong() -> io::Result<Self> {
        let spoil = async |request: Request<Body>, next: Next| {
            without_allow_origin(next.run(request).await)
        };
        Self::of(right().layer(from_fn(spoil)))
    }

    /// Redirects what is no preflight to `url`.
    pub(crate) fn redirecting_to(url: &str) -> io::Result<Self> {
        let url = url.to_owned();
        let away = move |request: Request<Body>| async move {
            let shared = request.headers().get("origin").cloned();
            let mut response = Redirect::temporary(&url).into_response();
            let origin = shared.unwrap_or(HeaderValue::from_static("*"));
            response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            response
        };
        Self::of(Router::new().fallback(away))
    }

    /// Answers everything with `status`, and nothing more.
    pub(crate) fn answering(status: u16) -> io::Result<Self> {
        let status = StatusCode::from_u16(status).map_err(io::Error::other)?;
        Self::of(Router::new().fallback(move || async move { status }))
    }

    /// Begins answers to what asks for `/resource`, and never ends them.
    pub(crate) fn endless() -> io::Result<Self> {
        let body = || Body::from_stream(stream::pending::<io::Result<Bytes>>());
        Self::of(Router::new().route("/resource", any(async move || body())))
    }

    fn of(router: Router) -> io::Result<Self> {
        let log = Log::default();
        let shared = Arc::clone(&log);
        let layer = from_fn(move |request: Request<Body>, next: Next| {
            note(&shared, &request);
            next.run(request)
        });
        let runtime = Runtime::new()?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
        let url = format!("http://{}", listener.local_addr()?);
        // Around everything, so that what no route takes is seen too.
        let router = Router::new().fallback_service(router).layer(layer);
        runtime.spawn(async move { axum::serve(listener, router).await });
        Ok(Self { url, log, _runtime: runtime })
    }

    /// Without a slash at its end.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Path and query of each request so far, and what else matters of it.
    pub(crate) fn seen(&self) -> Vec<(String, Seen)> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn note(log: &Log, request: &Request<Body>) {
    let header = |name: HeaderName| {
        let value = request.headers().get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let seen =
        Seen { method: request.method().to_string(), key: header(KEY), cookie: header(COOKIE) };
    let path = request.uri().to_string();
    log.lock().unwrap_or_else(PoisonError::into_inner).push((path, seen));
}

fn without_allow_origin(mut response: Response) -> Response {
    response.headers_mut().remove(ACCESS_CONTROL_ALLOW_ORIGIN);
    response
}

/// The reference under the policy.
fn right() -> Router {
    reference::router(&Policy::from_toml(POLICY).expect("the policy is part of this test"))
}

/// What this executable does under [`ARGUMENT`], with what to do and the port after it.
pub(crate) fn serve(mut arguments: impl Iterator<Item = String>) -> ExitCode {
    let what = arguments.next().unwrap_or_default();
    let port = arguments.next().and_then(|port| port.parse().ok()).unwrap_or_default();
    if matches!(what.as_str(), "fails" | "unready") {
        eprintln!("got s3cret-k3y");
    }
    if what == "fails" {
        return ExitCode::from(78);
    }
    // It runs in the folder of its file, which is one below the project's where there is a witness.
    let alive = UnixStream::connect(format!("../{WITNESS}")).ok();
    let served = Runtime::new().map(|runtime| runtime.block_on(listen(&what, port, alive)));
    match served {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(_)) | Err(_) => ExitCode::FAILURE,
    }
}

async fn listen(what: &str, port: u16, alive: Option<UnixStream>) -> io::Result<()> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    let (hangs, ready) = (what == "hangs", what != "unready");
    let alive = Arc::new(alive);
    let layer = from_fn(move |request: Request<Body>, next: Next| {
        let alive = Arc::clone(&alive);
        async move {
            if request.uri().path() == "/ready" {
                return match ready && request.headers().contains_key(KEY) {
                    true => StatusCode::OK.into_response(),
                    false => StatusCode::SERVICE_UNAVAILABLE.into_response(),
                };
            }
            if hangs {
                // Only some tests read it.
                alive.as_ref().as_ref().map(|mut it| it.write_all(b"asked"));
                return std::future::pending().await;
            }
            next.run(request).await
        }
    });
    let router = right().layer(layer);
    match what {
        "http1" => axum::serve(OneVersion { listener, http2: false }, router).await,
        "http2" => axum::serve(OneVersion { listener, http2: true }, router).await,
        _ => axum::serve(listener, router).await,
    }
}

/// A listener that closes connections of another version of HTTP than its own.
struct OneVersion {
    listener: TcpListener,
    http2: bool,
}

impl Listener for OneVersion {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, address) = Listener::accept(&mut self.listener).await;
            let mut first = [0; 1];
            // What every client of HTTP/2 begins with, and no method of HTTP/1.1 that is asked for here.
            if stream.peek(&mut first).await.is_ok() && (first == *b"P") == self.http2 {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}
