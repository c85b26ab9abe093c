//! An origin behind a cache: each of its paths answers by a function of the request, and every answer says how often
//! its path has been asked.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use corspec_fetch::header_list::HeaderList;
use corspec_suite::exchange::{SeenResponse, SentRequest};

/// What a path answers.
pub(crate) type Answer = fn(&SentRequest) -> SeenResponse;

/// Answers, and how often each path was asked. A path is a name between slashes, whatever follows it.
#[derive(Debug, Default)]
pub(crate) struct Script {
    answers: HashMap<String, Answer>,
    asked: Mutex<HashMap<String, usize>>,
}

impl Script {
    /// Of these answers, by name.
    pub(crate) fn new(answers: impl IntoIterator<Item = (String, Answer)>) -> Self {
        Self { answers: answers.into_iter().collect(), asked: Mutex::default() }
    }

    /// The answer to `request`, whose URL is a path, with its number in `X-Answer`.
    pub(crate) fn answer(&self, request: &SentRequest) -> SeenResponse {
        let name = request.url.split(['/', '?']).nth(1).unwrap_or_default();
        let Some(answer) = self.answers.get(name) else {
            let headers = HeaderList::new();
            return SeenResponse {
                status: 404,
                status_text: Vec::new(),
                headers,
                body: Vec::new(),
            };
        };
        let mut answer = answer(request);
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let count = asked.entry(name.to_owned()).or_default();
        *count += 1;
        answer.headers.append("x-answer", count.to_string());
        answer
    }
}

/// The running server. Dropping it ends its thread.
pub(crate) struct Origin {
    address: SocketAddr,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Origin {
    /// Starts the server on a free port of the loopback interface.
    ///
    /// # Errors
    ///
    /// That no port can be bound.
    pub(crate) fn start(script: Script) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let stopped = Arc::new(AtomicBool::new(false));
        let (script, seen) = (Arc::new(script), Arc::clone(&stopped));
        let thread = thread::spawn(move || {
            for stream in listener.incoming().take_while(|_| !seen.load(Ordering::SeqCst)).flatten()
            {
                let script = Arc::clone(&script);
                // An error is the cache having left.
                thread::spawn(move || drop(serve(&stream, &script)));
            }
        });
        Ok(Self { address, stopped, thread: Some(thread) })
    }

    /// Its URL, without a slash at the end.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // Wakes the thread, which then sees that it is to stop.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been printed, and a second one while dropping would abort the tests.
            let _ = thread.join();
        }
    }
}

/// Answers one request and closes.
fn serve(stream: &TcpStream, script: &Script) -> io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().ok_or(io::ErrorKind::UnexpectedEof)??;
    let mut words = first.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = HeaderList::new();
    for line in lines {
        let line = line?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.append(name, value.trim());
    }
    let request = SentRequest { method: method.into(), url: path.to_owned(), headers, body: None };
    let answer = script.answer(&request);
    let mut head =
        format!("HTTP/1.1 {} Scripted\r\nConnection: close\r\n", answer.status).into_bytes();
    for (name, value) in answer.headers.iter() {
        head.extend([name, b": ", value, b"\r\n"].concat());
    }
    let body = if method == "HEAD" { &[][..] } else { &answer.body };
    head.extend(format!("Content-Length: {}\r\n\r\n", answer.body.len()).into_bytes());
    let mut stream = stream;
    stream.write_all(&[&head, body].concat())
}
