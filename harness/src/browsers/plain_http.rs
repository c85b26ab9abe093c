//! Requests as they come over a connection, byte by byte: what answers them may be no HTTP at all.

use std::io;

use corspec_vectors::vector::latin1;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader};

/// How long a request's head may be.
const LONGEST_HEAD: usize = 1 << 18;

/// A request as it was read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Request {
    pub(super) method: String,
    /// The path and the query.
    pub(super) target: String,
    /// The header lines, names in lower case.
    pub(super) headers: Vec<(String, String)>,
    /// How many bytes the body had.
    pub(super) body: usize,
}

impl Request {
    /// The value of the first line of this name.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }
}

/// The next request of a connection; `None` at its end.
pub(super) async fn read(
    stream: &mut BufReader<impl AsyncRead + Unpin>,
) -> io::Result<Option<Request>> {
    let mut lines = Vec::new();
    let mut length = 0;
    loop {
        let mut line = Vec::new();
        let read = stream.read_until(b'\n', &mut line).await?;
        length += read;
        if read == 0 || length > LONGEST_HEAD {
            return Ok(None);
        }
        let line = latin1(&line);
        match line.trim_end_matches(['\r', '\n']) {
            "" if lines.is_empty() => {}
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let mut words = lines[0].split(' ');
    let mut word = || words.next().unwrap_or_default().to_owned();
    let (method, target) = (word(), word());
    let headers: Vec<(String, String)> = lines[1..]
        .iter()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| {
            (name.to_ascii_lowercase(), value.trim_matches([' ', '\t']).to_owned())
        })
        .collect();
    let mut request = Request { method, target, headers, body: 0 };
    request.body = request.header("content-length").and_then(|it| it.parse().ok()).unwrap_or(0);
    stream.read_exact(&mut vec![0; request.body]).await?;
    Ok(Some(request))
}
