//! A server that misbehaves on purpose: what it does on a path is written down in [`SCRIPTS`], byte for byte.
//!
//! It answers one request a connection and then closes. Everything that is an answer at all allows every origin to read
//! it, so that the misbehaviour decides and not CORS. Behind `/after-preflight`, as in `/after-preflight/reset`,
//! preflights get a right answer and only the request that follows meets the script.
//!
//! Nothing here waits for time to pass: to hang is to say nothing more until the client leaves.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::thread::{self, JoinHandle};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

/// One thing that the server does on a connection. After the last one it closes.
#[derive(Clone, Copy)]
enum Act {
    /// Sends the bytes.
    Send(&'static [u8]),
    /// Sends the bytes one at a time, each in a write of its own.
    Drip(&'static [u8]),
    /// Sends the bytes so many times.
    Repeat(usize, &'static [u8]),
    /// Sends the bytes until the client leaves.
    Forever(&'static [u8]),
    /// Does nothing until the client leaves.
    Hang,
    /// Resets the connection.
    Reset,
}

use Act::{Drip, Forever, Hang, Repeat, Reset, Send};

/// An answer's first lines, and its headers so far.
const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nConnection: close\r\n";

/// The end of the headers of an answer whose body is five bytes, and that body.
const FIVE: &[u8] = b"Content-Length: 5\r\n\r\nhello";

/// What happens on each path.
const SCRIPTS: &[(&str, &[Act])] = &[
    ("/ok", &[Send(HEAD), Send(FIVE)]),
    // Silence.
    ("/hang", &[Hang]),
    ("/hang-in-head", &[Send(HEAD), Hang]),
    ("/hang-in-body", &[Send(HEAD), Send(b"Content-Length: 9\r\n\r\nhello"), Hang]),
    // Broken connections.
    ("/close", &[]),
    ("/close-in-head", &[Send(HEAD)]),
    ("/close-in-body", &[Send(HEAD), Send(b"Content-Length: 9\r\n\r\nhello")]),
    ("/close-in-chunk", &[Send(HEAD), Send(b"Transfer-Encoding: chunked\r\n\r\n9\r\nhello")]),
    (
        "/close-before-last-chunk",
        &[Send(HEAD), Send(b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")],
    ),
    ("/reset", &[Reset]),
    ("/reset-in-head", &[Send(HEAD), Reset]),
    ("/reset-in-body", &[Send(HEAD), Send(b"Content-Length: 9\r\n\r\nhello"), Reset]),
    // Pace and size.
    ("/drip", &[Drip(HEAD), Drip(FIVE)]),
    ("/endless-head", &[Send(HEAD), Forever(b"X-More: more\r\n")]),
    ("/endless-body", &[Send(HEAD), Send(b"\r\n"), Forever(&[b'x'; 4096])]),
    (
        "/endless-chunks",
        &[Send(HEAD), Send(b"Transfer-Encoding: chunked\r\n\r\n"), Forever(b"5\r\nhello\r\n")],
    ),
    (
        "/huge-header",
        &[Send(HEAD), Send(b"X-Huge: "), Repeat(1024, &[b'x'; 1024]), Send(b"\r\n"), Send(FIVE)],
    ),
    ("/many-headers", &[Send(HEAD), Repeat(10_000, b"X-Many: 1\r\n"), Send(FIVE)]),
    // Interim answers.
    (
        "/informational",
        &[
            Send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"),
            Send(HEAD),
            Send(FIVE),
        ],
    ),
    ("/endless-informational", &[Forever(b"HTTP/1.1 103 Early Hints\r\n\r\n")]),
    (
        "/switching-protocols",
        &[Send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")],
    ),
    // Malformed first lines.
    ("/no-status-line", &[Send(b"hello, this is no HTTP at all\r\n\r\n")]),
    ("/status-not-a-number", &[Send(b"HTTP/1.1 abc OK\r\n"), Send(FIVE)]),
    ("/status-of-two-digits", &[Send(b"HTTP/1.1 20 OK\r\n"), Send(FIVE)]),
    (
        "/status-below-100",
        &[Send(b"HTTP/1.1 099 Low\r\nAccess-Control-Allow-Origin: *\r\n"), Send(FIVE)],
    ),
    (
        "/status-999",
        &[Send(b"HTTP/1.1 999 High\r\nAccess-Control-Allow-Origin: *\r\n"), Send(FIVE)],
    ),
    (
        "/odd-reason",
        &[Send(b"HTTP/1.1 200 \x80\xFF\x1B[31m\r\nAccess-Control-Allow-Origin: *\r\n"), Send(FIVE)],
    ),
    // Malformed headers.
    ("/header-without-colon", &[Send(HEAD), Send(b"no colon here\r\n"), Send(FIVE)]),
    ("/space-before-colon", &[Send(HEAD), Send(b"X-Space : 1\r\n"), Send(FIVE)]),
    ("/folded-header", &[Send(HEAD), Send(b"X-Folded: 1,\r\n 2\r\n"), Send(FIVE)]),
    ("/nul-in-header", &[Send(HEAD), Send(b"X-Nul: a\0b\r\n"), Send(FIVE)]),
    (
        "/odd-bytes",
        &[
            Send(HEAD),
            Send(b"Access-Control-Expose-Headers: *\r\nX-Odd: \x80\x85\x9B\xA0\xE9\xFF\r\n"),
            Send(FIVE),
        ],
    ),
    (
        "/odd-allow-origin",
        &[Send(b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: \x80\xFF\r\n"), Send(FIVE)],
    ),
    ("/two-allow-origins", &[Send(HEAD), Send(b"Access-Control-Allow-Origin: *\r\n"), Send(FIVE)]),
    // Lengths that lie.
    ("/length-too-short", &[Send(HEAD), Send(b"Content-Length: 2\r\n\r\nhello")]),
    ("/length-not-a-number", &[Send(HEAD), Send(b"Content-Length: many\r\n\r\nhello")]),
    ("/length-negative", &[Send(HEAD), Send(b"Content-Length: -5\r\n\r\nhello")]),
    ("/two-lengths", &[Send(HEAD), Send(b"Content-Length: 2\r\nContent-Length: 5\r\n\r\nhello")]),
    (
        "/chunk-size-not-a-number",
        &[Send(HEAD), Send(b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n")],
    ),
];

/// The right answer to the preflights of `/after-preflight`.
const PREFLIGHT: &[Act] = &[Send(b"HTTP/1.1 204 No Content\r\nAccess-Control-Allow-Origin: *\r\n\
    Access-Control-Allow-Methods: *\r\nAccess-Control-Allow-Headers: *\r\nConnection: close\r\n\r\n")];

/// What happens on a path that is not in the list.
const UNKNOWN: &[Act] =
    &[Send(b"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")];

/// The running server, on a thread of its own, so that a test may block. Dropping it ends every connection.
pub(crate) struct Scripted {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Scripted {
    /// Starts the server on a free port of the loopback interface.
    ///
    /// # Errors
    ///
    /// That no port can be bound or no runtime be made.
    pub(crate) fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_io().build()?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let thread = thread::spawn(move || accept(&runtime, &listener, stopped));
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    /// The URL of `path`, which starts with a slash: one of the scripts, or `/after-preflight` and one of them.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been printed, and a second one while dropping would abort the tests.
            let _ = thread.join();
        }
    }
}

/// Plays connections until `stopped`; the runtime then drops those that are left.
fn accept(runtime: &Runtime, listener: &TcpListener, stopped: oneshot::Receiver<()>) {
    let accepting = async {
        while let Ok((stream, _)) = listener.accept().await {
            // An error is the client having left, which ends the script.
            tokio::spawn(async move { drop(play(stream).await) });
        }
    };
    runtime.block_on(async {
        tokio::select! {
            () = accepting => {}
            _ = stopped => {}
        }
    });
}

/// Reads one request head and plays the script of its path.
async fn play(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let head = read_head(&mut stream).await?;
    for act in script(&head) {
        perform(*act, &mut stream).await?;
    }
    stream.shutdown().await?;
    // Closing over bytes that nobody read would reset the connection, and lose what was sent.
    wait_until_left(&mut stream).await
}

/// The script for the request with `head`.
fn script(head: &str) -> &'static [Act] {
    let mut words = head.split_ascii_whitespace();
    let (method, path) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let path = match path.strip_prefix("/after-preflight") {
        Some(_) if method == "OPTIONS" => return PREFLIGHT,
        Some(rest) => rest,
        None => path,
    };
    let found = SCRIPTS.iter().find(|(name, _)| *name == path);
    found.map_or(UNKNOWN, |(_, acts)| acts)
}

/// Does one act.
async fn perform(act: Act, stream: &mut TcpStream) -> io::Result<()> {
    match act {
        Send(bytes) => stream.write_all(bytes).await,
        Drip(bytes) => {
            for byte in bytes {
                stream.write_all(&[*byte]).await?;
                tokio::task::yield_now().await;
            }
            Ok(())
        }
        Repeat(times, bytes) => stream.write_all(&bytes.repeat(times)).await,
        Forever(bytes) => loop {
            stream.write_all(bytes).await?;
        },
        Hang => wait_until_left(stream).await,
        Reset => {
            stream.set_zero_linger()?;
            Err(io::ErrorKind::ConnectionReset.into())
        }
    }
}

/// Reads up to the empty line that ends a request's head; what follows it in the same read is passed over.
async fn read_head(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        if stream.read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// Reads what the client still sends, until it closes or resets.
async fn wait_until_left(stream: &mut TcpStream) -> io::Result<()> {
    let mut passed_over = [0; 4096];
    while stream.read(&mut passed_over).await? > 0 {}
    Ok(())
}
