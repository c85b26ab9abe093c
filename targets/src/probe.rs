//! Asks a server whether it is ready, over HTTP: a bare TCP connect proves nothing where a proxy
//! listens in the server's place.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::header::HeaderMap;
use serde::Deserialize;
use url::Url;

/// An answer longer than this is none of a target's.
const LONGEST_ANSWER: usize = 64 * 1024;

/// How a server shows that it is ready.
#[derive(Debug)]
pub(crate) enum Sign<'a> {
    /// `/.corspec` answers with this name.
    Name(&'a str),
    /// A path answers with a status below 400.
    Path {
        /// The path.
        path: &'a str,
        /// Header fields of the question.
        headers: &'a HeaderMap,
    },
}

/// What a ready target says of itself.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Ready {
    /// The target's id.
    pub(crate) name: String,
    /// The versions of what answers, by name.
    pub(crate) versions: BTreeMap<String, String>,
}

/// A client for probes. It goes to loopback only, whatever proxy the environment names.
pub(crate) fn client() -> reqwest::Result<reqwest::Client> {
    // Another part of the program may have chosen a provider already, which serves as well.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(2))
        .build()
}

impl Sign<'_> {
    /// Asks once; the error says what came instead.
    pub(crate) async fn ask(
        &self,
        client: &reqwest::Client,
        base_url: &Url,
    ) -> Result<Ready, String> {
        match self {
            Self::Name(name) => match named(client, base_url).await? {
                ready if ready.name == *name => Ok(ready),
                ready => Err(format!("`{}` answered in its place", ready.name)),
            },
            Self::Path { path, headers } => {
                let url = base_url.join(path).map_err(|error| format!("`{path}`: {error}"))?;
                let request = client.get(url).headers((*headers).clone());
                let status = request.send().await.map_err(|error| innermost(&error))?.status();
                match status.as_u16() {
                    ..400 => Ok(Ready::default()),
                    status => Err(format!("`{path}` answered status {status}")),
                }
            }
        }
    }
}

async fn named(client: &reqwest::Client, base_url: &Url) -> Result<Ready, String> {
    let mut url = base_url.clone();
    url.set_path("/.corspec");
    let mut response = client.get(url).send().await.map_err(|error| innermost(&error))?;
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| innermost(&error))? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST_ANSWER {
            return Err(format!("`/.corspec` answered more than {LONGEST_ANSWER} bytes"));
        }
    }
    if status != 200 {
        return Err(format!("`/.corspec` answered status {status}"));
    }
    serde_json::from_slice(&body)
        .map_err(|error| format!("`/.corspec` answered no name and versions: {error}"))
}

fn innermost(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), innermost)
}
