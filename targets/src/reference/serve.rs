//! Running the reference server in this process.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use corspec_suite::policy::Policy;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use url::Url;

use super::router;

/// How long [`Server::stop`] waits for requests in flight.
const GRACE: Duration = Duration::from_secs(1);

/// A running reference server. Dropping it stops it too, but does not wait for that.
#[derive(Debug)]
pub struct Server {
    base_url: Url,
    stop: oneshot::Sender<()>,
    task: JoinHandle<io::Result<()>>,
}

impl Server {
    /// Where the server answers: `http://ADDRESS:PORT/`, with the port that it really got.
    pub fn base_url(&self) -> &Url {
        &self.base_url
    }

    /// Stops accepting, closes idle connections and lets the others finish for at most one second.
    pub async fn stop(self) {
        let Self { stop, mut task, .. } = self;
        drop(stop);
        if tokio::time::timeout(GRACE, &mut task).await.is_err() {
            task.abort();
        }
    }
}

/// Starts the reference server under `policy` on `address`; port 0 picks a free one.
///
/// It speaks HTTP/1.1 with keep-alive, and HTTP/2 to clients that start with its preface. It answers as soon as this
/// returns. It runs on the current tokio runtime, whose I/O and time drivers must be enabled.
///
/// # Errors
///
/// That `policy` makes no sense (of kind `InvalidInput`), or that `address` cannot be bound.
pub async fn serve(policy: &Policy, address: SocketAddr) -> io::Result<Server> {
    policy.validate().map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    serve_router(router(policy), address).await
}

/// Serves any application as [`serve`] does the reference.
///
/// # Errors
///
/// That `address` cannot be bound.
pub async fn serve_router(router: Router, address: SocketAddr) -> io::Result<Server> {
    let listener = TcpListener::bind(address).await?;
    let bound = listener.local_addr()?;
    let base_url = Url::parse(&format!("http://{bound}/")).map_err(io::Error::other)?;
    let (stop, stopped) = oneshot::channel::<()>();
    // Without Nagle's algorithm a small answer on a kept-alive connection is not held back.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let serving = axum::serve(listener, router).with_graceful_shutdown(async move {
        // An error is the sender being dropped, which is how a server is told to stop.
        let _ = stopped.await;
    });
    let task = tokio::spawn(serving.into_future());
    Ok(Server { base_url, stop, task })
}
