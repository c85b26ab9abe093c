//! The world that a browser sees: pages of any origin, the targets, and a record of who asked them.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use corspec_fetch::header_list::HeaderList;
use futures_util::stream;
use tokio::task::JoinHandle;
use url::Url;

use super::socks::{Destination, Entrance, Socks};
use crate::driver;
use crate::escape::latin1;
use crate::transport::{Transport, TransportError, TransportOptions};

mod door;

pub use door::{Door, UsedPorts};

/// The path of the page that performs cases, at every origin; no server of ours has such a path.
pub const PAGE: &str = "/.corspec-page";

/// The path of a page that performs them in a sandboxed frame, which has an opaque origin.
pub const OPAQUE_PAGE: &str = "/.corspec-page/opaque";

/// The page's script; the same for every page.
pub(super) const SCRIPT: &str = include_str!("page.js");

/// How much of a request's body is taken.
const MAX_BODY: usize = 1 << 20;

/// A request that reached a server, as it was received.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Received {
    /// The method.
    pub method: String,
    /// The URL.
    pub url: String,
    /// The header lines, names in lower case.
    pub headers: Vec<(String, String)>,
}

/// Everything behind the SOCKS server. Dropping it closes it.
#[derive(Debug)]
pub struct World {
    shared: Arc<Shared>,
    entrance: Entrance,
    next_port: AtomicU16,
    serving: JoinHandle<io::Result<()>>,
}

#[derive(Debug)]
struct Shared {
    transport: Transport,
    routes: Mutex<HashMap<String, Route>>,
}

/// The first of the ports that are handed out: above those that no page may ask, and those of pages.
const FIRST_PORT: u16 = 20_000;

/// What stands at a host: the server that answers there, and what reached it.
#[derive(Debug)]
struct Route {
    upstream: Url,
    received: Arc<Mutex<Vec<Received>>>,
}

/// Why there is no world.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// The client that forwards could not be made.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The SOCKS server could not be started.
    #[error("the SOCKS server could not be started: {0}")]
    Socks(#[from] io::Error),
}

/// Where a case's requests are recorded: the hosts that are its own.
#[derive(Clone, Debug)]
pub struct Recording(Arc<Mutex<Vec<Received>>>);

impl World {
    /// Starts the world; no host of it leads to a target yet.
    ///
    /// # Errors
    ///
    /// The SOCKS server or the client that forwards to targets cannot be made.
    pub async fn start() -> Result<Self, WorldError> {
        let transport = Transport::new(&TransportOptions::default())?;
        let shared = Arc::new(Shared { transport, routes: Mutex::default() });
        let (socks, entrance) = Socks::listen().await?;
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        let service = router.into_make_service_with_connect_info::<Destination>();
        let serving = tokio::spawn(axum::serve(socks, service).into_future());
        Ok(Self { shared, entrance, next_port: AtomicU16::new(FIRST_PORT), serving })
    }

    /// How a browser comes to it.
    #[must_use]
    pub fn entrance(&self) -> &Entrance {
        &self.entrance
    }

    /// A client that sees the world as the browsers do.
    ///
    /// # Errors
    ///
    /// The client cannot be made.
    pub fn transport(&self) -> Result<Transport, TransportError> {
        let options = TransportOptions {
            socks: Some(self.entrance.port),
            insecure: true,
            ..TransportOptions::default()
        };
        Transport::new(&options)
    }

    /// A port that is nobody's, and was not handed out before.
    pub fn port(&self) -> u16 {
        self.next_port.fetch_add(1, Ordering::Relaxed)
    }

    /// Puts servers at hosts, or at one port of a host (`localhost:3000`), and records what reaches
    /// them, in order, as one.
    pub fn record(&self, hosts: &[(&str, &Url)]) -> Recording {
        let received = Arc::default();
        let mut routes = self.shared.routes.lock().unwrap_or_else(PoisonError::into_inner);
        for (host, upstream) in hosts {
            let route = Route { upstream: (*upstream).clone(), received: Arc::clone(&received) };
            routes.insert((*host).to_owned(), route);
        }
        Recording(received)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Recording {
    /// What was received so far, which is forgotten.
    #[must_use]
    pub fn take(&self) -> Vec<Received> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(at): ConnectInfo<Destination>,
    request: Request,
) -> Response {
    if request.uri().path().starts_with(PAGE) {
        return page(request.uri().path());
    }
    let upstream = shared.received(&at, &request);
    match upstream {
        Some(upstream) => shared.forwarded(&upstream, request).await,
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The page that performs cases, at `path`.
pub(super) fn page(path: &str) -> Response {
    let html = format!(
        "<!doctype html><title>corspec</title><link rel=icon href=data:,><script>{SCRIPT}</script>"
    );
    if path == PAGE || path == OPAQUE_PAGE {
        return ([(header::CACHE_CONTROL, "no-store")], Html(html)).into_response();
    }
    StatusCode::NOT_FOUND.into_response()
}

impl Shared {
    /// Records a request for a host that has a server, and says which.
    fn received(&self, at: &Destination, request: &Request) -> Option<Url> {
        let routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        let with_port = format!("{}:{}", at.host, at.port);
        let route = routes.get(&with_port).or_else(|| routes.get(&at.host))?;
        let default = matches!((at.scheme, at.port), ("http", 80) | ("https", 443));
        let port = if default { String::new() } else { format!(":{}", at.port) };
        let received = Received {
            method: request.method().as_str().to_owned(),
            url: format!("{}://{}{port}{}", at.scheme, at.host, request.uri()),
            headers: request
                .headers()
                .iter()
                .map(|(name, value)| (name.as_str().to_owned(), latin1(value.as_bytes())))
                .collect(),
        };
        route.received.lock().unwrap_or_else(PoisonError::into_inner).push(received);
        Some(route.upstream.clone())
    }

    /// The answer of the server at `upstream`. Where there is none, 502: the model and the browser
    /// are told the same.
    async fn forwarded(&self, upstream: &Url, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let Ok(body) = to_bytes(body, MAX_BODY).await else {
            return StatusCode::PAYLOAD_TOO_LARGE.into_response();
        };
        let Ok(url) = upstream.join(&parts.uri.to_string()) else {
            return StatusCode::BAD_REQUEST.into_response();
        };
        let method = parts.method.as_str().as_bytes();
        let body = (!body.is_empty()).then(|| body.to_vec());
        let headers = end_to_end(&parts.headers);
        match driver::wire(&self.transport, method, url, headers, body).await.response {
            Err(_) => StatusCode::BAD_GATEWAY.into_response(),
            Ok(answer) => {
                let mut response = Response::new(body_of(&answer.headers, answer.body));
                *response.status_mut() =
                    StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_GATEWAY);
                for (name, value) in answer.headers.iter().filter(|(name, _)| !is_hop_by_hop(name))
                {
                    // They were parsed by the same library.
                    if let (Ok(name), Ok(value)) = (
                        header::HeaderName::from_bytes(name),
                        header::HeaderValue::from_bytes(value),
                    ) {
                        response.headers_mut().append(name, value);
                    }
                }
                response
            }
        }
    }
}

/// A body of the length that the answer declared, or of none declared.
fn body_of(headers: &HeaderList, body: Vec<u8>) -> Body {
    if headers.contains("content-length") {
        return Body::from(body);
    }
    let chunk = (!body.is_empty()).then(|| Ok::<_, io::Error>(Bytes::from(body)));
    Body::from_stream(stream::iter(chunk))
}

fn end_to_end(headers: &HeaderMap) -> HeaderList {
    let lines = headers.iter().filter(|(name, _)| !is_hop_by_hop(name.as_str().as_bytes()));
    lines.map(|(name, value)| (name.as_str(), value.as_bytes())).collect()
}

/// Whether a header is of one connection alone (RFC 9110, 7.6.1).
fn is_hop_by_hop(name: &[u8]) -> bool {
    ["connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"]
        .iter()
        .any(|it| name.eq_ignore_ascii_case(it.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    use corspec_targets::reference::serve_elsewhere;

    async fn asked(world: &World, url: &str) -> (u16, HeaderList) {
        let transport = world.transport().unwrap();
        let url = Url::parse(url).unwrap();
        let headers = HeaderList::from_iter([("X-One", "1"), ("Origin", "null")]);
        let response = driver::wire(&transport, b"GET", url, headers, None).await.response.unwrap();
        (response.status, response.headers)
    }

    #[tokio::test]
    async fn a_host_leads_to_its_server_encrypted_or_not_and_is_recorded() {
        let server = serve_elsewhere().await.unwrap();
        let world = World::start().await.unwrap();
        let recording = world.record(&[("a.test", server.base_url())]);
        let (status, headers) = asked(&world, "https://a.test/to/http://b.test/").await;
        assert_eq!(status, 307);
        assert_eq!(headers.get("location").as_deref(), Some(&b"http://b.test/"[..]));
        assert_eq!(asked(&world, "http://a.test:8000/none").await.0, 404);
        let received = recording.take();
        let urls: Vec<_> = received.iter().map(|it| it.url.as_str()).collect();
        assert_eq!(urls, ["https://a.test/to/http://b.test/", "http://a.test:8000/none"]);
        assert!(received[0].headers.contains(&("x-one".to_owned(), "1".to_owned())));
        assert!(recording.take().is_empty());
        server.stop().await;
    }

    #[tokio::test]
    async fn a_port_of_a_host_may_have_a_server_of_its_own() {
        let [one, other] = [serve_elsewhere().await.unwrap(), serve_elsewhere().await.unwrap()];
        let world = World::start().await.unwrap();
        let all = world.record(&[("a.test", one.base_url())]);
        let port = world.record(&[("a.test:8000", other.base_url())]);
        for url in ["http://a.test/", "http://a.test:8000/", "http://a.test:8001/"] {
            assert_eq!(asked(&world, url).await.0, 404);
        }
        assert_eq!((all.take().len(), port.take().len()), (2, 1));
    }

    #[tokio::test]
    async fn every_other_host_has_the_page_and_nothing_else() {
        let world = World::start().await.unwrap();
        for origin in ["https://app.example", "http://localhost:3000", "http://[2001:db8::1]:8080"]
        {
            assert_eq!(asked(&world, &format!("{origin}{PAGE}")).await.0, 200);
            assert_eq!(asked(&world, &format!("{origin}/")).await.0, 404);
        }
    }

    #[tokio::test]
    async fn where_no_server_answers_the_answer_is_502() {
        let world = World::start().await.unwrap();
        // Port 0 takes no connection.
        let nowhere = Url::parse("http://127.0.0.1:0/").unwrap();
        world.record(&[("a.test", &nowhere)]);
        assert_eq!(asked(&world, "https://a.test/").await.0, 502);
    }
}
