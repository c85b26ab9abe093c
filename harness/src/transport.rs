//! The transport: one exchange of HTTP, exactly as asked, and nothing of the client's own.
//!
//! No proxy from the environment, no redirects, no cookies. A request that is lost
//! on a connection that had been used before, or that a server of HTTP/2 leaves unread there, is sent
//! once more on a new one, as browsers do, and none else. Whatever a server does is a value: a response, a response whose body
//! broke off, or a [`ConnectionFailure`]. Header names go out in lower case, and
//! the client library adds `accept: */*` where a request has no `Accept`.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use corspec_fetch::fetch::{ConnectionFailure, FailureKind, HttpRequest, HttpResponse};
use corspec_fetch::header_list::HeaderList;
use hyper::body::Frame;
use hyper::ext::ReasonPhrase;
use reqwest::header::{COOKIE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Body, Client, Method, Response};
use tokio::time::{Instant, timeout, timeout_at};
use url::{Origin, Url};

mod coding;
mod failure;
mod options;

pub use failure::{Met, Unreachable};
use failure::{described, failure, is_http2, is_lost, kind};
pub use options::{TransportError, TransportOptions, Version};

/// What is said where HTTP/2 was spoken and nothing came back.
const NO_WORD_OF_HTTP2: &str = "the exchange failed: the connection was closed instead of an answer; \
    the server may not speak HTTP/2 without being asked";

/// A pooled HTTP client; cheap to clone, the clones share the pool.
#[derive(Clone, Debug)]
pub struct Transport {
    client: Client,
    unpooled: Client,
    /// The origins that the pool may have a used connection to; absent where each is a new one.
    used: Option<Arc<Mutex<HashSet<Origin>>>>,
    timeout: Duration,
    body_timeout: Duration,
    max_body: usize,
    version: Version,
    added: Option<Arc<Added>>,
    memory: Option<Arc<Memory>>,
}

/// What answered where a server was looked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Found {
    /// The status.
    pub status: u16,
    /// Whether it came over HTTP/2.
    pub is_http2: bool,
}

/// Header fields of the user's that every request to one origin carries.
#[derive(Debug)]
struct Added {
    origin: Origin,
    headers: HeaderMap,
}

/// The answers to requests, by their bytes.
type Memory = Mutex<HashMap<Vec<u8>, Result<HttpResponse, ConnectionFailure>>>;

impl Transport {
    /// Builds the client.
    ///
    /// # Errors
    ///
    /// `cacert` cannot be read or holds no certificate, or the TLS set-up fails.
    pub fn new(options: &TransportOptions) -> Result<Self, TransportError> {
        let [client, unpooled] = options::clients(options)?;
        let &TransportOptions { timeout, body_timeout, max_body, version, .. } = options;
        let used = Some(Arc::default());
        let (added, memory) = (None, None);
        Ok(Self { client, unpooled, used, timeout, body_timeout, max_body, version, added, memory })
    }

    /// The same client, with a new connection for each exchange.
    ///
    /// A pool that is asked for several connections at once may open more than it needs, and a server with few threads
    /// waits on each of those for a request that never comes.
    #[must_use]
    pub fn without_pool(&self) -> Self {
        Self { client: self.unpooled.clone(), used: None, ..self.clone() }
    }

    /// The same client, which adds `headers` to every request to the origin of `url` and to no
    /// other. They take the place of fields of the same name, but a cookie comes beside the others.
    ///
    /// What was asked for and not what was added is what exchanges tell of, so that no report can
    /// show it.
    #[must_use]
    pub fn adding(&self, url: &Url, headers: HeaderMap) -> Self {
        let added = Some(Arc::new(Added { origin: url.origin(), headers }));
        Self { added, ..self.clone() }
    }

    /// Makes sure that something answers at `url`, or is slow to; what came, where anything did. Who
    /// closes the connection is asked a second time.
    ///
    /// Where HTTP/2 is spoken without asking, who is slow is taken for one that does not speak it.
    ///
    /// # Errors
    ///
    /// No connection could be made, each was closed, or what came is not the version of HTTP that is
    /// spoken, and why.
    pub async fn reach(&self, url: &Url) -> Result<Option<Found>, Unreachable> {
        let ask = async |client: &Client| {
            let mut request = reqwest::Request::new(Method::GET, url.clone());
            self.add(&mut request);
            timeout(self.timeout, client.execute(request)).await
        };
        let mut asked = ask(&self.client).await;
        if matches!(&asked, Ok(Err(error)) if is_lost(error)) {
            asked = ask(&self.unpooled).await;
        }
        match asked {
            Ok(Ok(response)) => Ok(Some(Found {
                status: response.status().as_u16(),
                is_http2: response.version() == reqwest::Version::HTTP_2,
            })),
            Ok(Err(error)) if is_http2(&error) => Ok(None),
            Ok(Err(error)) => Err(Unreachable::of(&error)),
            Err(_) if self.version != Version::Http2 => Ok(None),
            Err(_) => Err(Unreachable::otherwise(self.no_response())),
        }
    }

    fn no_response(&self) -> String {
        format!("no response within {:?}", self.timeout)
    }

    /// Which version of HTTP is spoken.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    fn add(&self, request: &mut reqwest::Request) {
        let Some(added) = &self.added else { return };
        if request.url().origin() != added.origin {
            return;
        }
        for (name, value) in &added.headers {
            let old = request.headers().get(name).filter(|_| name == COOKIE);
            let both = old.map(|old| [old.as_bytes(), b"; ", value.as_bytes()].concat());
            // Two values that may be sent make a third.
            let both = both.and_then(|it| HeaderValue::from_bytes(&it).ok());
            request.headers_mut().insert(name, both.unwrap_or_else(|| value.clone()));
        }
    }

    /// The same client, which makes no exchange twice: for servers that are known to give equal answers to equal requests.
    #[must_use]
    pub fn remembering(&self) -> Self {
        Self { memory: Some(Arc::default()), ..self.clone() }
    }

    /// Sends one request and takes what comes back.
    ///
    /// # Errors
    ///
    /// Nothing that is HTTP came back in time, or HTTP cannot carry the request.
    pub async fn send(&self, request: &HttpRequest) -> Result<HttpResponse, ConnectionFailure> {
        let Some(memory) = &self.memory else { return self.exchange(request).await };
        let key = bytes(request);
        let known = memory.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(answer) = known {
            return answer;
        }
        let answer = self.exchange(request).await;
        memory.lock().unwrap_or_else(PoisonError::into_inner).insert(key, answer.clone());
        answer
    }

    async fn exchange(&self, request: &HttpRequest) -> Result<HttpResponse, ConnectionFailure> {
        let ready = || {
            let mut request = convert(request)?;
            self.add(&mut request);
            Ok(request)
        };
        match timeout(self.timeout, self.answered(ready()?, || ready().ok())).await {
            Ok(Ok(response)) => Ok(self.received(response).await),
            Ok(Err(error)) if self.has_no_word_of_http2(&request.url.origin(), &error) => {
                Err(failure(kind(&error), NO_WORD_OF_HTTP2.to_owned()))
            }
            Ok(Err(error)) => Err(failure(kind(&error), described(&error))),
            Err(_) => Err(failure(FailureKind::Stalled, self.no_response())),
        }
    }

    /// Whether HTTP/2 was spoken without asking to a server that has never answered, and that closed the connection.
    fn has_no_word_of_http2(&self, origin: &Origin, error: &reqwest::Error) -> bool {
        let is_new = |used: &Arc<Mutex<HashSet<Origin>>>| {
            !used.lock().unwrap_or_else(PoisonError::into_inner).contains(origin)
        };
        self.version == Version::Http2
            && is_lost(error)
            && !is_http2(error)
            && self.used.as_ref().is_some_and(is_new)
    }

    /// The head of an answer. A server may close a connection just when it is used again, which says
    /// nothing of the request: what is made `again` is sent in its place.
    async fn answered(
        &self,
        request: reqwest::Request,
        again: impl FnOnce() -> Option<reqwest::Request>,
    ) -> Result<Response, reqwest::Error> {
        let Some(used) = &self.used else { return execute(&self.client, request).await };
        let origin = request.url().origin();
        let was_used = used.lock().unwrap_or_else(PoisonError::into_inner).contains(&origin);
        let again = || again().filter(|_| was_used);
        let response = match execute(&self.client, request).await {
            Err(error) if is_lost(&error) => match again() {
                Some(again) => execute(&self.unpooled, again).await?,
                None => return Err(error),
            },
            response => response?,
        };
        if !was_used {
            used.lock().unwrap_or_else(PoisonError::into_inner).insert(origin);
        }
        Ok(response)
    }

    /// How many bytes of a body are read.
    #[must_use]
    pub fn max_body(&self) -> usize {
        self.max_body
    }

    async fn received(&self, mut response: Response) -> HttpResponse {
        let mut answer = HttpResponse {
            status: response.status().as_u16(),
            status_text: reason(&response),
            headers: response
                .headers()
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_bytes()))
                .collect::<HeaderList>(),
            ..HttpResponse::default()
        };
        let deadline = Instant::now() + self.body_timeout;
        answer.body_error = loop {
            match timeout_at(deadline, response.chunk()).await {
                Ok(Ok(None)) => break None,
                Ok(Ok(Some(chunk))) => {
                    let room = self.max_body - answer.body.len();
                    answer.body.extend_from_slice(&chunk[..chunk.len().min(room)]);
                    if chunk.len() > room {
                        break Some(format!("the body is longer than {} bytes", self.max_body));
                    }
                }
                Ok(Err(error)) => break Some(described(&error)),
                Err(_) => {
                    break Some(format!("the body did not end within {:?}", self.body_timeout));
                }
            }
        };
        let codings = answer.headers.get("content-encoding").unwrap_or_default();
        let decoded = coding::decoded(answer.body, &codings, self.max_body);
        answer.body = decoded.bytes;
        answer.body_error = answer.body_error.or(decoded.error);
        answer
    }
}

/// No body, and no word of its length: over HTTP/2 the client library says of one that is empty that
/// it has 0 bytes, where browsers say nothing of a preflight's.
struct NoBody;

impl hyper::body::Body for NoBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        true
    }
}

async fn execute(
    client: &Client,
    mut request: reqwest::Request,
) -> Result<Response, reqwest::Error> {
    request.body_mut().get_or_insert_with(|| Body::wrap(NoBody));
    client.execute(request).await
}

/// The whole of a request, in bytes that no other request has.
fn bytes(request: &HttpRequest) -> Vec<u8> {
    let mut bytes = request.method.clone();
    let mut add = |part: &[u8]| {
        bytes.extend_from_slice(&part.len().to_be_bytes());
        bytes.extend_from_slice(part);
    };
    add(request.url.as_str().as_bytes());
    for (name, value) in request.headers.iter() {
        add(name);
        add(value);
    }
    if let Some(body) = &request.body {
        add(b"");
        add(body);
    }
    bytes
}

/// The request for the client, or what HTTP libraries refuse to send.
fn convert(request: &HttpRequest) -> Result<reqwest::Request, ConnectionFailure> {
    let unsendable = |what: &str, bytes: &[u8]| {
        let message = format!("cannot send the {what} `{}`", bytes.escape_ascii());
        failure(FailureKind::Malformed, message)
    };
    let method =
        Method::from_bytes(&request.method).map_err(|_| unsendable("method", &request.method))?;
    let mut converted = reqwest::Request::new(method, request.url.clone());
    for (name, value) in request.headers.iter() {
        let name = HeaderName::from_bytes(name).map_err(|_| unsendable("header name", name))?;
        let value =
            HeaderValue::from_bytes(value).map_err(|_| unsendable("header value", value))?;
        converted.headers_mut().append(name, value);
    }
    *converted.body_mut() = request.body.clone().map(Body::from);
    Ok(converted)
}

/// The reason phrase as sent; the client keeps it only where it is not the usual one.
fn reason(response: &Response) -> Vec<u8> {
    if response.version() >= reqwest::Version::HTTP_2 {
        return Vec::new();
    }
    match response.extensions().get::<ReasonPhrase>() {
        Some(phrase) => phrase.as_bytes().to_vec(),
        None => response.status().canonical_reason().unwrap_or_default().into(),
    }
}
