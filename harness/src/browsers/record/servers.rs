//! The servers of all vectors behind one SOCKS server: they answer as each vector says, byte for
//! byte, and write down what they are asked.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::serve::Listener as _;
use corspec_vectors::place::Place;
use corspec_vectors::scripted::{Asked, Reply, led_to, reply};
use corspec_vectors::vector::{PAGE, Vector};
use tokio::io::{AsyncWriteExt as _, BufReader};
use tokio::task::JoinHandle;

use crate::browsers::plain_http::{Request, read};
use crate::browsers::socks::{Destination, Entrance, Socks, Stream};
use crate::browsers::world::SCRIPT;

/// What stands around a frame: it hands on what it is told to run.
const AROUND: &str = "addEventListener('message', ({ data }) => {
  if (JSON.parse(data).run) frames[0].postMessage(data, '*');
});";

/// The servers. Dropping them closes them.
#[derive(Debug)]
pub(super) struct Servers {
    shared: Arc<Shared>,
    entrance: Entrance,
    serving: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Shared {
    vectors: Mutex<HashMap<u32, Arc<Vector>>>,
    asked: Mutex<HashMap<u32, Vec<Asked>>>,
    /// What the browser says of itself where no script has a say.
    own: Mutex<Vec<(String, String)>>,
}

impl Servers {
    /// Starts them; they know no vector yet.
    pub(super) async fn start() -> io::Result<Self> {
        let (mut socks, entrance) = Socks::listen().await?;
        let shared = Arc::<Shared>::default();
        let of_all = Arc::clone(&shared);
        let serving = tokio::spawn(async move {
            loop {
                let (stream, at) = socks.accept().await;
                let shared = Arc::clone(&of_all);
                tokio::spawn(async move {
                    // A browser that closes a connection is no trouble of ours.
                    drop(serve(stream, &at, &shared).await);
                });
            }
        });
        Ok(Self { shared, entrance, serving })
    }

    /// How a browser comes to them.
    pub(super) fn entrance(&self) -> &Entrance {
        &self.entrance
    }

    /// Answers as these vectors say from now on, and forgets all others.
    pub(super) fn put(&self, vectors: &[Vector]) {
        let vectors = vectors.iter().map(|vector| (vector.id, Arc::new(vector.clone())));
        *locked(&self.shared.vectors) = vectors.collect();
        locked(&self.shared.asked).clear();
    }

    /// What was asked of the servers of the vector, in order.
    pub(super) fn asked(&self, id: u32) -> Vec<Asked> {
        locked(&self.shared.asked).get(&id).cloned().unwrap_or_default()
    }

    /// The headers that the browser sends of its own accord when it opens a page.
    pub(super) fn own(&self) -> Vec<(String, String)> {
        locked(&self.shared.own).clone()
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(stream: Stream, at: &Destination, shared: &Shared) -> io::Result<()> {
    let default = matches!((at.scheme, at.port), ("http", 80) | ("https", 443));
    let port = if default { String::new() } else { format!(":{}", at.port) };
    let place = Place::of(&format!("{}://{}{port}", at.scheme, at.host));
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream).await? {
        let bytes = match place {
            _ if request.target.starts_with(PAGE) => shared.page(&request),
            Some(place) => written(&shared.answer(place, &request)),
            None => b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec(),
        };
        stream.write_all(&bytes).await?;
        stream.flush().await?;
    }
    Ok(())
}

impl Shared {
    fn answer(&self, host: Place, request: &Request) -> Reply {
        let path = request.target.split(['?', '#']).next().unwrap_or_default();
        let (id, hop) = led_to(path);
        let vector = id.and_then(|id| locked(&self.vectors).get(&id).cloned());
        let nothing = Reply { status: 404, headers: Vec::new(), body: b"" };
        let (Some(vector), Some(id)) = (vector, id) else { return nothing };
        let asked = Asked {
            host,
            hop,
            method: request.method.clone(),
            headers: request.headers.clone(),
            body: request.body,
        };
        let reply = reply(&vector, &asked);
        locked(&self.asked).entry(id).or_default().push(asked);
        reply
    }

    /// A page that performs vectors, or one with such a page in a frame.
    fn page(&self, request: &Request) -> Vec<u8> {
        let own = |name: &str| request.headers.iter().find(|(it, _)| it == name).cloned();
        let own = ["user-agent", "accept-language"].into_iter().filter_map(own);
        *locked(&self.own) = own.collect();
        let query = request.target.split_once('?').map_or("", |(_, query)| query);
        let pairs: HashMap<_, _> = query.split('&').filter_map(|it| it.split_once('=')).collect();
        let framed =
            Place::ALL.into_iter().find(|it| pairs.get("frame") == Some(&it.to_string().as_str()));
        let mut headers = "Content-Type: text/html\r\nCache-Control: no-store\r\n".to_owned();
        let body = match framed {
            None => {
                for (key, name) in
                    [("embedder", "Cross-Origin-Embedder-Policy"), ("referrer", "Referrer-Policy")]
                {
                    if let Some(value) = pairs.get(key) {
                        headers.extend([name, ": ", value, "\r\n"]);
                    }
                }
                if let Some(cookie) = pairs.get("cookie") {
                    headers.extend(["Set-Cookie: ", cookie, "; Path=/\r\n"]);
                }
                format!("<script>{SCRIPT}</script>")
            }
            Some(place) => {
                let rest = query.split_once('&').map_or(String::new(), |(_, it)| format!("?{it}"));
                let inner = format!("{}{PAGE}{rest}", place.origin());
                format!("<script>{AROUND}</script><iframe src=\"{inner}\"></iframe>")
            }
        };
        let html =
            format!("<!doctype html><title>corspec</title><link rel=icon href=data:,>{body}");
        format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: {}\r\n\r\n{html}", html.len())
            .into_bytes()
    }
}

fn written(reply: &Reply) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {} Answered\r\n", reply.status).into_bytes();
    for (name, value) in &reply.headers {
        bytes.extend([name.as_slice(), b": ", value, b"\r\n"].concat());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(reply.body);
    bytes
}
