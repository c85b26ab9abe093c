//! The servers of these tests: the reference, but for one thing, which the target's id names.
//!
//! Each connects to the project's witness socket as soon as it starts and holds the connection for
//! as long as it lives, so that the end of file is the proof that it is gone. On it, it says
//! `asked` and its id when the first case arrives.

use std::future::pending;
use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::process::{ExitCode, exit};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, thread};

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::ACCESS_CONTROL_ALLOW_ORIGIN;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use corspec_suite::policy::Policy;
use corspec_targets::reference;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// The argument under which this executable is a server.
pub(crate) const ARGUMENT: &str = "serve-as-target";

/// The name of the witness socket, in the project's folder.
pub(crate) const WITNESS: &str = "witness";

/// After so many requests the target `crash` ends.
const CRASH_AFTER: usize = 40;

/// What a server knows of itself.
struct Server {
    id: String,
    asked: AtomicUsize,
    alive: UnixStream,
}

/// Serves until killed, or as the id says.
pub(crate) fn serve() -> ExitCode {
    let id = env::var("CORSPEC_TARGET").unwrap_or_default();
    let Ok(alive) = UnixStream::connect(format!("../../{WITNESS}")) else {
        return ExitCode::FAILURE;
    };
    match id.as_str() {
        "choosy" if !env::var("CORSPEC_POLICY").is_ok_and(|it| it.contains("\"*\"")) => {}
        "refuse" | "choosy" => {
            eprintln!("this library allows nobody `*`");
            return ExitCode::from(78);
        }
        "early" => {
            eprintln!("no module named \u{1b}[31mcors");
            return ExitCode::from(3);
        }
        "mute" => loop {
            thread::park();
        },
        "flood" => drop(thread::spawn(|| {
            loop {
                println!("flood");
                eprintln!("flood");
            }
        })),
        _ => {}
    }
    let server = Server { id, asked: AtomicUsize::new(0), alive };
    match Runtime::new().map(|runtime| runtime.block_on(listen(server))) {
        Ok(Some(())) => ExitCode::SUCCESS,
        Ok(None) | Err(_) => ExitCode::FAILURE,
    }
}

async fn listen(server: Server) -> Option<()> {
    let address = format!("127.0.0.1:{}", env::var("CORSPEC_PORT").ok()?);
    let listener = TcpListener::bind(address).await.ok()?;
    if server.id == "garbage" {
        return garbage(&listener, &server.id).await;
    }
    let policy: Policy = serde_json::from_str(&env::var("CORSPEC_POLICY").ok()?).ok()?;
    let server = Arc::new(server);
    let layer = from_fn(move |request, next| answer(Arc::clone(&server), request, next));
    axum::serve(listener, reference::router(&policy).layer(layer)).await.ok()
}

async fn answer(server: Arc<Server>, request: Request<Body>, next: Next) -> Response {
    let asked = server.asked.load(Ordering::SeqCst);
    if request.uri().path() == "/.corspec" {
        return match (server.id.as_str(), asked) {
            ("hang", 1..) => pending().await,
            _ => about(&server.id).into_response(),
        };
    }
    if server.asked.fetch_add(1, Ordering::SeqCst) == 0 {
        // Only some tests read it.
        let _ = writeln!(&server.alive, "asked {}", server.id);
    }
    match server.id.as_str() {
        "hang" => return pending().await,
        "dead-end" if request.uri().path() == "/redirect" => return pending().await,
        "crash" if asked == CRASH_AFTER => {
            eprintln!("out of cheese");
            exit(9);
        }
        "good" if request.uri().path() == "/die" => exit(9),
        _ => {}
    }
    let mut response = next.run(request).await;
    if server.id == "wrong" {
        response.headers_mut().remove(ACCESS_CONTROL_ALLOW_ORIGIN);
    }
    response
}

/// Answers nothing but the question whether it is ready with HTTP.
async fn garbage(listener: &TcpListener, id: &str) -> Option<()> {
    let about = about(id);
    let ready = format!(
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{about}",
        about.len()
    );
    loop {
        let (mut stream, _) = listener.accept().await.ok()?;
        let ready = ready.clone();
        tokio::spawn(async move {
            let mut head = [0; 4096];
            let length = stream.read(&mut head).await.unwrap_or_default();
            let answer = match head[..length].starts_with(b"GET /.corspec ") {
                true => ready.as_bytes(),
                false => b"\0\x01 no HTTP at all\r\n\r\n",
            };
            // A client that has left is as good.
            let _ = stream.write_all(answer).await;
        });
    }
}

/// What the server says of itself once it is ready.
fn about(id: &str) -> String {
    format!("{{\"name\":\"{id}\",\"versions\":{{\"fake\":\"1\"}}}}")
}
