//! Asks a server whether it is ready, over HTTP: a bare TCP connect proves nothing where a proxy
//! listens in the server's place.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Response;
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
#[derive(Debug)]
pub(crate) struct Client {
    http1: reqwest::Client,
    /// One that speaks HTTP/2 without asking.
    http2: Option<reqwest::Client>,
}

impl Client {
    /// One that speaks HTTP/1.1, and HTTP/2 first where `http2` says so.
    pub(crate) fn new(http2: bool) -> reqwest::Result<Self> {
        // Another part of the program may have chosen a provider already, which serves as well.
        drop(rustls::crypto::ring::default_provider().install_default());
        let builder = || {
            let builder = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(2));
            builder.redirect(reqwest::redirect::Policy::none())
        };
        let http2 = http2.then(|| builder().http2_prior_knowledge().build()).transpose()?;
        Ok(Self { http1: builder().build()?, http2 })
    }

    /// The answer to a GET, over the first version that has one; the error says what came instead.
    async fn get(&self, url: &Url, headers: &HeaderMap) -> Result<Response, String> {
        let ask = async |client: &reqwest::Client| {
            let request = client.get(url.clone()).headers(headers.clone());
            request.send().await.map_err(|error| innermost(&error))
        };
        let Some(http2) = &self.http2 else { return ask(&self.http1).await };
        match ask(http2).await {
            Ok(response) => Ok(response),
            Err(first) => {
                let second = ask(&self.http1).await;
                second.map_err(|second| format!("{second}, and over HTTP/2: {first}"))
            }
        }
    }
}

impl Sign<'_> {
    /// Asks once; the error says what came instead.
    pub(crate) async fn ask(&self, client: &Client, base_url: &Url) -> Result<Ready, String> {
        match self {
            Self::Name(name) => match named(client, base_url).await? {
                ready if ready.name == *name => Ok(ready),
                ready => Err(format!("`{}` answered in its place", ready.name)),
            },
            Self::Path { path, headers } => {
                let url = base_url.join(path).map_err(|error| format!("`{path}`: {error}"))?;
                match client.get(&url, headers).await?.status().as_u16() {
                    ..400 => Ok(Ready::default()),
                    status => Err(format!("`{path}` answered status {status}")),
                }
            }
        }
    }
}

async fn named(client: &Client, base_url: &Url) -> Result<Ready, String> {
    let mut url = base_url.clone();
    url.set_path("/.corspec");
    let mut response = client.get(&url, &HeaderMap::new()).await?;
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
