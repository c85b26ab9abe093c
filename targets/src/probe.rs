//! Asks a server whether it is ready: `GET /.corspec` over HTTP, for a bare TCP connect proves
//! nothing where a proxy listens in the server's place.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use url::Url;

/// An answer longer than this is none of a target's.
const LONGEST_ANSWER: usize = 64 * 1024;

/// What a ready target says of itself.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
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

/// Asks once; the error says what came instead.
pub(crate) async fn ask(client: &reqwest::Client, base_url: &Url) -> Result<Ready, String> {
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
