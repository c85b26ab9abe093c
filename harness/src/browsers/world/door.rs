//! A port of this machine that leads into the world, for browsers that come without a proxy.

use std::collections::BTreeSet;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use url::Url;

use super::{Recording, Shared, World, answer};
use crate::browsers::socks::Destination;

/// How often a port that was a door before is passed over.
const REFUSALS: usize = 200;

/// An open door. Dropping it closes it, and nothing stands behind it any more.
#[derive(Debug)]
pub struct Door {
    place: String,
    shared: Arc<Shared>,
    _open: oneshot::Sender<()>,
}

/// The ports that were doors: a browser remembers answers by their URL, so that a second server at
/// a port would be taken for the first.
#[derive(Debug, Default)]
pub struct UsedPorts(Mutex<BTreeSet<u16>>);

impl World {
    /// Opens a door at a free port of `address`, which visitors call `host`.
    ///
    /// # Errors
    ///
    /// No port can be bound.
    pub async fn door(&self, address: IpAddr, host: &str, used: &UsedPorts) -> io::Result<Door> {
        let listener = used.another(address).await?;
        let port = listener.local_addr()?.port();
        let at = Destination { scheme: "http", host: host.to_owned(), port };
        let router = Router::new().fallback(answer).with_state(Arc::clone(&self.shared));
        let service = router.into_make_service_with_connect_info::<Destination>();
        let (open, closed) = oneshot::channel::<()>();
        let serving = axum::serve(Doorway { listener, at }, service);
        let serving = serving.with_graceful_shutdown(async move {
            // An error is the door being dropped.
            let _ = closed.await;
        });
        tokio::spawn(serving.into_future());
        let place = format!("{host}:{port}");
        Ok(Door { place, shared: Arc::clone(&self.shared), _open: open })
    }

    /// Puts servers behind doors, and records what reaches them, in order, as one.
    pub fn behind(&self, doors: &[(&Door, &Url)]) -> Recording {
        let hosts: Vec<_> = doors.iter().map(|(door, url)| (door.place.as_str(), *url)).collect();
        self.record(&hosts)
    }
}

impl Door {
    /// The origin of what is behind it.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.place)
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        let mut routes = self.shared.routes.lock().unwrap_or_else(PoisonError::into_inner);
        routes.remove(&self.place);
    }
}

impl UsedPorts {
    /// A listener at a port that was none before, as far as there is one.
    async fn another(&self, address: IpAddr) -> io::Result<TcpListener> {
        let mut refused = Vec::new();
        loop {
            let listener = TcpListener::bind((address, 0)).await?;
            let port = listener.local_addr()?.port();
            let is_new = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(port);
            if is_new || refused.len() == REFUSALS {
                return Ok(listener);
            }
            // Held for as long as this looks, so that it does not come again.
            refused.push(listener);
        }
    }
}

/// A listener all of whose visitors want the same.
struct Doorway {
    listener: TcpListener,
    at: Destination,
}

impl Listener for Doorway {
    type Io = TcpStream;
    type Addr = Destination;

    async fn accept(&mut self) -> (TcpStream, Destination) {
        let (stream, _) = Listener::accept(&mut self.listener).await;
        // It is slower without, and that is all.
        let _ = stream.set_nodelay(true);
        (stream, self.at.clone())
    }

    fn local_addr(&self) -> io::Result<Destination> {
        Ok(self.at.clone())
    }
}

impl Connected<IncomingStream<'_, Doorway>> for Destination {
    fn connect_info(stream: IncomingStream<'_, Doorway>) -> Self {
        stream.remote_addr().clone()
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use corspec_fetch::header_list::HeaderList;
    use corspec_targets::reference::serve_elsewhere;

    use super::*;
    use crate::driver;
    use crate::transport::{Transport, TransportOptions};

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    async fn status(transport: &Transport, url: String) -> Option<u16> {
        let url = Url::parse(&url).unwrap();
        let exchange = driver::wire(transport, b"GET", url, HeaderList::new(), None).await;
        exchange.response.ok().map(|it| it.status)
    }

    #[tokio::test]
    async fn a_door_leads_to_its_server_until_it_is_dropped() {
        let server = serve_elsewhere().await.unwrap();
        let world = World::start().await.unwrap();
        let door = world.door(HERE, "127.0.0.1", &UsedPorts::default()).await.unwrap();
        let recording = world.behind(&[(&door, server.base_url())]);
        let url = format!("{}/to/http://b.test/", door.origin());
        // A browser comes through the door, and the model, which knows the world, to the same place.
        let direct = Transport::new(&TransportOptions::default()).unwrap();
        assert_eq!(status(&direct, url.clone()).await, Some(307));
        assert_eq!(status(&world.transport().unwrap(), url.clone()).await, Some(307));
        let received = recording.take();
        assert_eq!([&received[0].url, &received[1].url], [&url, &url]);
        drop(door);
        assert_eq!(status(&world.transport().unwrap(), url).await, Some(404));
    }

    #[tokio::test]
    async fn no_port_is_a_door_twice() {
        let was_one = |port: &u16| (port / 2).is_multiple_of(2);
        let used = UsedPorts(Mutex::new((0..=u16::MAX).filter(was_one).collect()));
        for _ in 0..20 {
            let listener = used.another(HERE).await.unwrap();
            assert!(!was_one(&listener.local_addr().unwrap().port()));
        }
    }

    #[tokio::test]
    async fn where_every_port_was_a_door_one_is_again() {
        let used = UsedPorts(Mutex::new((0..=u16::MAX).collect()));
        assert!(used.another(HERE).await.is_ok());
    }
}
