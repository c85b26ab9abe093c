//! `corspec.toml`: a user's own server, what it is meant to allow, and which of
//! its paths stand for the suite's routes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use corspec_suite::policy::Policy;
use miette::{Diagnostic, NamedSource, SourceSpan};
use serde::Deserialize;
use thiserror::Error;
use toml::Spanned;
use url::Url;

/// The routes a configuration may name, as the design's table of routes has them.
pub const ROUTES: [&str; 10] = [
    "resource",
    "status",
    "private",
    "session",
    "throws",
    "redirect",
    "slash",
    "vary",
    "cacheable",
    "options",
];

/// A user's own server, read from a `corspec.toml`.
#[derive(Debug)]
pub struct Config {
    /// Where the server already runs, unless `start` says how to start it.
    pub url: Option<Url>,
    /// How to start the server.
    pub start: Option<Start>,
    /// Whose settings to name in hints.
    pub framework: Option<String>,
    /// What the server is meant to allow.
    pub policy: Policy,
    /// Route names and the paths that stand for them.
    pub routes: BTreeMap<String, String>,
    /// Header fields sent with every request, kept out of every report.
    pub headers: Vec<(String, String)>,
}

/// A command that starts the user's server on a port that the harness picks.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Start {
    /// The program and its arguments; `${port}` stands for the port.
    pub command: Vec<String>,
    /// The path that answers once the server is ready.
    pub ready: String,
    /// How long the server may take to become ready, in seconds.
    #[serde(default = "start_seconds")]
    pub timeout: u64,
}

impl Start {
    /// How long the server may take to become ready.
    #[must_use]
    pub fn patience(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }
}

fn start_seconds() -> u64 {
    30
}

/// Why a configuration cannot be used: where, and what to do.
#[derive(Debug, Diagnostic, Error)]
pub enum ConfigError {
    /// The file is not there or cannot be read.
    #[error("cannot read `{}`: {source}", path.display())]
    #[diagnostic(help("`corspec init` writes a corspec.toml to start from"))]
    Unreadable {
        /// The file asked for.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is there and is not a configuration.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Invalid(#[from] Box<Invalid>),
}

/// What is wrong in a configuration, and where.
#[derive(Debug, Diagnostic, Error)]
#[error("{message}")]
pub struct Invalid {
    message: String,
    #[source_code]
    text: NamedSource<String>,
    #[label("here")]
    at: Option<SourceSpan>,
    #[help]
    help: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    url: Option<Spanned<String>>,
    start: Option<Spanned<Start>>,
    framework: Option<String>,
    policy: Policy,
    routes: Spanned<BTreeMap<Spanned<String>, Spanned<String>>>,
    #[serde(default)]
    requests: Requests,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Requests {
    #[serde(default)]
    headers: BTreeMap<Spanned<String>, Spanned<String>>,
}

impl Config {
    /// Reads and checks the file at `path`.
    ///
    /// `${NAME}` in a header value is replaced by that environment variable.
    ///
    /// # Errors
    ///
    /// One error that points at the line: the file cannot be read, is no TOML,
    /// has an unknown key, a bad URL, path or header, or names no server.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        Self::parse(&path.display().to_string(), &text, |name| std::env::var(name).ok())
    }

    /// Reads a configuration from `text`; `name` is shown in errors, and
    /// `environment` answers `${NAME}`.
    ///
    /// # Errors
    ///
    /// As [`Config::read`].
    pub fn parse(
        name: &str,
        text: &str,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let source = Source { name, text };
        let file: File = toml::from_str(text).map_err(|error| {
            source.error(error.message().to_owned(), error.span(), Some(KEYS.to_owned()))
        })?;
        let start = file.start.map(|start| source.start(start)).transpose()?;
        let url = file.url.map(|url| source.url(&url)).transpose()?;
        if start.is_some() == url.is_some() {
            let message = "a server needs either `url` or `start`, and not both".to_owned();
            return Err(source.error(message, None, Some(KEYS.to_owned())));
        }
        let headers = file
            .requests
            .headers
            .into_iter()
            .map(|(name, value)| source.header(name, &value, &environment))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            url,
            start,
            framework: file.framework,
            policy: file.policy,
            routes: source.routes(file.routes)?,
            headers,
        })
    }
}

const KEYS: &str = "a configuration has `url` or `start`, `framework`, `[policy]`, `[routes]` and \
                    `[requests]`; `corspec init` writes an example";

struct Source<'a> {
    name: &'a str,
    text: &'a str,
}

impl Source<'_> {
    fn error(
        &self,
        message: String,
        at: Option<std::ops::Range<usize>>,
        help: Option<String>,
    ) -> ConfigError {
        let text = NamedSource::new(self.name, self.text.to_owned()).with_language("TOML");
        Box::new(Invalid { message, text, at: at.map(Into::into), help }).into()
    }

    fn start(&self, start: Spanned<Start>) -> Result<Start, ConfigError> {
        let span = start.span();
        let start = start.into_inner();
        let wrong = if start.command.is_empty() {
            "`command` is empty"
        } else if !start.command.iter().any(|part| part.contains("${port}")) {
            "`command` does not use `${port}`, so the server cannot be told where to listen"
        } else if !start.ready.starts_with('/') {
            "`ready` is not a path"
        } else {
            return Ok(start);
        };
        let help = "for example start = { command = [\"./serve\", \"--port\", \"${port}\"], ready = \"/\" }";
        Err(self.error(wrong.to_owned(), Some(span), Some(help.to_owned())))
    }

    fn url(&self, url: &Spanned<String>) -> Result<Url, ConfigError> {
        server_url(url.as_ref())
            .map_err(|(message, help)| self.error(message, Some(url.span()), Some(help.to_owned())))
    }

    fn routes(
        &self,
        routes: Spanned<BTreeMap<Spanned<String>, Spanned<String>>>,
    ) -> Result<BTreeMap<String, String>, ConfigError> {
        let table = routes.span();
        let mut known = BTreeMap::new();
        for (name, path) in routes.into_inner() {
            if !ROUTES.contains(&name.as_ref().as_str()) {
                let message = format!("`{}` is not a route of the suite", name.as_ref());
                let help = format!("the routes are {}", ROUTES.join(", "));
                return Err(self.error(message, Some(name.span()), Some(help)));
            }
            if !path.as_ref().starts_with('/') {
                let message = format!("`{}` is not a path", path.as_ref());
                let help = "a route is a path on this server, such as \"/api/items\"".to_owned();
                return Err(self.error(message, Some(path.span()), Some(help)));
            }
            known.insert(name.into_inner(), path.into_inner());
        }
        if known.contains_key("resource") {
            return Ok(known);
        }
        let help = "name a path that answers GET with 200, such as resource = \"/api/items\"";
        Err(self.error("`resource` is missing".to_owned(), Some(table), Some(help.to_owned())))
    }

    fn header(
        &self,
        name: Spanned<String>,
        value: &Spanned<String>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<(String, String), ConfigError> {
        if reqwest::header::HeaderName::from_bytes(name.as_ref().as_bytes()).is_err() {
            let message = format!("`{}` is not a header name", name.as_ref());
            return Err(self.error(message, Some(name.span()), None));
        }
        let expanded = expand(value.as_ref(), environment).map_err(|missing| {
            let message = format!("the environment variable `{missing}` is not set");
            let help = format!("set {missing}, or write the value itself");
            self.error(message, Some(value.span()), Some(help))
        })?;
        if reqwest::header::HeaderValue::from_str(&expanded).is_err() {
            let message = format!("the value of `{}` cannot be sent in a header", name.as_ref());
            return Err(self.error(message, Some(value.span()), None));
        }
        Ok((name.into_inner(), expanded))
    }
}

/// Checks the URL of a user's server: what is wrong with it and what to do.
///
/// # Errors
///
/// It is no absolute HTTP(S) URL, or it carries userinfo.
pub fn server_url(url: &str) -> Result<Url, (String, &'static str)> {
    let absolute = "write the whole URL, such as http://127.0.0.1:8000";
    let parsed = Url::parse(url).map_err(|error| (format!("not a URL: {error}"), absolute))?;
    if !matches!(parsed.scheme(), "http" | "https") {
        return Err((format!("`{}` is not http or https", parsed.scheme()), absolute));
    }
    if !parsed.username().is_empty() || parsed.password().is_some() {
        let help = "put credentials in [requests] headers, which are kept out of every report";
        return Err(("the URL carries a username or password".to_owned(), help));
    }
    Ok(parsed)
}

/// Replaces each `${NAME}`; the error is the name that is not set.
fn expand(value: &str, environment: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut expanded = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, after)) = after.split_once('}') else { break };
        expanded.push_str(before);
        expanded.push_str(&environment(name).ok_or_else(|| name.to_owned())?);
        rest = after;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::Config;

    const POLICY: &str = "[policy]\nallow-origins = [\"https://app.example\"]\n";

    fn parse(text: &str) -> Result<Config, String> {
        let environment = |name: &str| (name == "API_KEY").then(|| "s3cret".to_owned());
        Config::parse("corspec.toml", text, environment).map_err(|error| error.to_string())
    }

    #[test]
    fn a_whole_file_is_read() {
        let text = format!(
            "url = \"http://127.0.0.1:8000\"\nframework = \"django-cors-headers\"\n{POLICY}\
             [routes]\nresource = \"/api/items\"\nstatus = \"/status/{{code}}\"\n\
             [requests]\nheaders = {{ x-api-key = \"k ${{API_KEY}}\" }}\n"
        );
        let config = parse(&text).unwrap();
        assert_eq!(config.url.unwrap().as_str(), "http://127.0.0.1:8000/");
        assert_eq!(config.routes["status"], "/status/{code}");
        assert_eq!(config.headers, [("x-api-key".to_owned(), "k s3cret".to_owned())]);
    }

    #[test_case("", "[routes]\nresource = \"/\"", "either `url` or `start`"; "no server")]
    #[test_case("url = \"ftp://x\"", "[routes]\nresource = \"/\"", "`ftp` is not http or https"; "another scheme")]
    #[test_case("url = \"http://u:p@x\"", "[routes]\nresource = \"/\"", "carries a username"; "userinfo")]
    #[test_case("url = \"x\"", "[routes]\nresource = \"/\"", "not a URL"; "no URL at all")]
    #[test_case("url = \"http://x\"", "[routes]\nprivate = \"/\"", "`resource` is missing"; "no resource")]
    #[test_case("url = \"http://x\"", "[routes]\nresource = \"x\"", "`x` is not a path"; "a relative path")]
    #[test_case("url = \"http://x\"", "[routes]\nresource = \"/\"\nresorce = \"/\"", "`resorce` is not a route"; "an unknown route")]
    #[test_case("url = \"http://x\"", "[routes]\nresource = \"/\"\n[requests]\nheaders = { x = \"${NOPE}\" }", "`NOPE` is not set"; "an unset variable")]
    #[test_case("url = \"http://x\"\nurll = 1", "[routes]\nresource = \"/\"", "unknown field `urll`"; "an unknown key")]
    #[test_case("start = { command = [\"x\"], ready = \"/\" }", "[routes]\nresource = \"/\"", "does not use `${port}`"; "a command without the port")]
    fn each_mistake_has_its_own_words(head: &str, tail: &str, words: &str) {
        let error = parse(&format!("{head}\n{POLICY}{tail}\n")).unwrap_err();
        assert!(error.contains(words), "{error}");
    }
}
