//! The page's server: what the page is made of, and what its script asks.

use std::future::IntoFuture as _;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::{Answer, Behind, Offer, Seen, ServeError};
use crate::browsers::world::{self, OPAQUE_PAGE, PAGE};

/// What the page may load: nothing of others but frames, in which cases are performed.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
                              connect-src 'self'; img-src data:; frame-src http:; base-uri 'none'; \
                              form-action 'none'";

/// Takes the cookie of an earlier case away: all ports of a host share it.
const NO_SESSION: &str = "session=; Path=/; Max-Age=0; HttpOnly; SameSite=None; Secure";

/// The page, served. Dropping it ends that, and all that is behind it.
#[derive(Debug)]
pub struct Page {
    /// Where it listens.
    pub address: SocketAddr,
    serving: JoinHandle<io::Result<()>>,
}

impl Page {
    /// Serves the page at `address`; port 0 picks a free one.
    ///
    /// # Errors
    ///
    /// The address cannot be listened on, or a server behind the page does not start.
    pub async fn serve(offer: Offer, address: SocketAddr) -> Result<Self, ServeError> {
        let listener = TcpListener::bind(address).await?;
        let behind = Arc::new(Behind::new(offer, address.ip()).await?);
        let address = listener.local_addr()?;
        let router = Router::new()
            .route(
                "/",
                get(|| async { file("text/html; charset=utf-8", include_str!("index.html")) }),
            )
            .route("/app.js", get(|| async { file("text/javascript", include_str!("app.js")) }))
            .route("/app.css", get(|| async { file("text/css", include_str!("app.css")) }))
            .route(PAGE, get(|| async { world::page(PAGE) }))
            .route(OPAQUE_PAGE, get(|| async { world::page(OPAQUE_PAGE) }))
            .route("/plan", post(plan))
            .route("/begin", post(begin))
            .route("/forget", post(forget))
            .route("/end", post(end))
            .with_state(behind);
        let serving = tokio::spawn(axum::serve(listener, router).into_future());
        Ok(Self { address, serving })
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn file(kind: &'static str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, text).into_response()
}

async fn plan(State(behind): State<Arc<Behind>>, headers: HeaderMap) -> Response {
    let user_agent = text(&headers, header::USER_AGENT);
    json(behind.plan(&text(&headers, header::HOST), &user_agent).await)
}

async fn begin(State(behind): State<Arc<Behind>>, headers: HeaderMap, body: Bytes) -> Response {
    let case = serde_json::from_slice::<usize>(&body).map_err(unreadable);
    json(match case {
        Ok(case) => behind.begin(&text(&headers, header::HOST), case).await,
        Err(error) => Err(error),
    })
}

async fn forget() -> Response {
    ([(header::SET_COOKIE, NO_SESSION)], json(Ok(Value::Null))).into_response()
}

async fn end(State(behind): State<Arc<Behind>>, body: Bytes) -> Response {
    let seen = serde_json::from_slice::<Seen>(&body).map_err(unreadable);
    json(match seen {
        Ok(seen) => behind.end(&seen).await,
        Err(error) => Err(error),
    })
}

fn json(answer: Answer) -> Response {
    let plain = "text/plain; charset=utf-8";
    let (status, kind, text) = match answer.as_ref().map(Value::to_string) {
        Ok(text) => (StatusCode::OK, "application/json", text),
        Err((status, message)) => (*status, plain, message.clone()),
    };
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, text).into_response()
}

fn unreadable(error: serde_json::Error) -> (StatusCode, String) {
    (StatusCode::BAD_REQUEST, format!("this cannot be read: {error}"))
}

fn text(headers: &HeaderMap, name: HeaderName) -> String {
    headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default().to_owned()
}
