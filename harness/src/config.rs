//! `corspec.toml`: a user's own server, what it is meant to allow, and which of
//! its paths stand for the suite's routes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use corspec_suite::policy::Policy;
use miette::{Diagnostic, NamedSource, SourceSpan};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use thiserror::Error;
use toml::Spanned;
use url::Url;

mod mask;
mod route;

pub use route::{WrongName, check as check_route, check_ability};

/// The file that is looked for in the working directory.
pub const FILE_NAME: &str = "corspec.toml";

/// What `corspec init` writes: a configuration to start from.
pub const EXAMPLE: &str = include_str!("config/example.toml");

/// Header fields that corspec sends by what a browser does or HTTP asks for, and nobody may set.
const NOT_TO_BE_SET: [&str; 7] = [
    "access-control-request-headers",
    "access-control-request-method",
    "connection",
    "content-length",
    "host",
    "origin",
    "transfer-encoding",
];

/// A user's own server, read from a `corspec.toml`.
#[derive(Debug)]
pub struct Config {
    /// The file that it was read from.
    pub path: PathBuf,
    /// Where the server is.
    pub server: Server,
    /// Whose settings to name in hints.
    pub framework: Option<String>,
    /// What the server is meant to allow.
    pub policy: Policy,
    /// Route names and the paths that stand for them.
    pub routes: BTreeMap<String, String>,
    /// What else its routes do that a scenario may require.
    pub abilities: BTreeSet<String>,
    /// Header fields sent with every request, kept out of every report.
    pub headers: HeaderMap,
}

/// Where a user's server is.
#[derive(Clone, Debug)]
pub enum Server {
    /// It runs there already.
    At(Url),
    /// It is started for the run.
    Start(Start),
}

/// A command that starts the user's server on a port that the harness picks.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Start {
    /// The program and its arguments; `${port}` stands for the port, `${host}` for the address.
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
    #[error("cannot read `{}`: {why}", path.display())]
    #[diagnostic(help("`corspec init` writes a corspec.toml to start from"))]
    Unreadable {
        /// The file asked for.
        path: PathBuf,
        /// What the system said.
        why: std::io::Error,
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
    #[serde(default)]
    abilities: Vec<Spanned<String>>,
    policy: Spanned<Policy>,
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
            .map_err(|why| ConfigError::Unreadable { path: path.to_owned(), why })?;
        Self::parse(path, &text, |name| std::env::var(name).ok())
    }

    /// Reads a configuration from `text`; `path` is shown in errors, and
    /// `environment` answers `${NAME}`.
    ///
    /// # Errors
    ///
    /// As [`Config::read`].
    pub fn parse(
        path: &Path,
        text: &str,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let source = Source { path, text };
        let file: File = toml::from_str(text).map_err(|error| source.syntax(&error))?;
        let start = file.start.map(|start| source.start(start)).transpose()?;
        let url = file.url.map(|url| source.url(&url)).transpose()?;
        let server = match (url, start) {
            (Some(url), None) => Server::At(url),
            (None, Some(start)) => Server::Start(start),
            (Some(_), Some(_)) | (None, None) => {
                let message = "a server needs either `url` or `start`, and not both".to_owned();
                return Err(source.error(message, None, Some(KEYS.to_owned())));
            }
        };
        let policy = source.policy(file.policy)?;
        let headers = file
            .requests
            .headers
            .iter()
            .map(|(name, value)| source.header(name, value, &environment))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            path: path.to_owned(),
            server,
            framework: file.framework,
            abilities: source.abilities(file.abilities)?,
            policy,
            routes: source.routes(file.routes)?,
            headers,
        })
    }

    /// What reports call the policy: the file's name.
    #[must_use]
    pub fn policy_name(&self) -> String {
        self.path.file_name().unwrap_or(self.path.as_os_str()).to_string_lossy().into_owned()
    }

    /// The folder that the file stands in: where the server is started, and where `known.toml` is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            Some(_) | None => Path::new("."),
        }
    }
}

const KEYS: &str = "a configuration has `url` or `start`, `framework`, `abilities`, `[policy]`, \
                    `[routes]` and `[requests]`; `corspec init` writes an example";

struct Source<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Source<'_> {
    fn error(
        &self,
        message: String,
        at: Option<std::ops::Range<usize>>,
        help: Option<String>,
    ) -> ConfigError {
        let (text, _) = mask::masked(self.text);
        let text = NamedSource::new(self.path.display().to_string(), text).with_language("TOML");
        Box::new(Invalid { message, text, at: at.map(Into::into), help }).into()
    }

    /// What the parser says, but where it could quote a secret.
    fn syntax(&self, error: &toml::de::Error) -> ConfigError {
        let (_, secret) = mask::masked(self.text);
        let near = |span: std::ops::Range<usize>| {
            secret.iter().any(|it| span.start < it.end && it.start <= span.end)
        };
        let quotes = !error.message().starts_with("unknown field");
        let message = match error.span() {
            Some(span) if quotes && near(span.clone()) => {
                "`[requests]` holds `headers = { name = \"value\" }`, and this is something else"
            }
            Some(_) | None => error.message(),
        };
        self.error(message.to_owned(), error.span(), Some(KEYS.to_owned()))
    }

    fn policy(&self, policy: Spanned<Policy>) -> Result<Policy, ConfigError> {
        let span = policy.span();
        let policy = policy.into_inner();
        match policy.validate() {
            Ok(()) => Ok(policy),
            Err(error) => Err(self.error(error.to_string(), Some(span), None)),
        }
    }

    fn start(&self, start: Spanned<Start>) -> Result<Start, ConfigError> {
        let span = start.span();
        let start = start.into_inner();
        let wrong = if start.command.is_empty() {
            "`command` is empty"
        } else if !start.command.iter().any(|part| part.contains("${port}")) {
            "`command` does not use `${port}`, so the server cannot be told where to listen"
        } else if !route::is_path(&start.ready) {
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
            route::check(name.as_ref(), path.as_ref()).map_err(|wrong| {
                let at = if wrong.in_name { name.span() } else { path.span() };
                self.error(wrong.message, Some(at), Some(wrong.help))
            })?;
            known.insert(name.into_inner(), path.into_inner());
        }
        if known.contains_key("resource") {
            return Ok(known);
        }
        let help = "name a path that answers GET with 200, such as resource = \"/api/items\"";
        Err(self.error("`resource` is missing".to_owned(), Some(table), Some(help.to_owned())))
    }

    fn abilities(&self, abilities: Vec<Spanned<String>>) -> Result<BTreeSet<String>, ConfigError> {
        let checked = abilities.into_iter().map(|ability| {
            check_ability(ability.as_ref()).map_err(|wrong| {
                self.error(wrong.message, Some(ability.span()), Some(wrong.help))
            })?;
            Ok(ability.into_inner())
        });
        checked.collect()
    }

    fn header(
        &self,
        name: &Spanned<String>,
        value: &Spanned<String>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<(HeaderName, HeaderValue), ConfigError> {
        let expanded = expand(value.as_ref(), environment)
            .map_err(|(message, help)| self.error(message, Some(value.span()), Some(help)))?;
        header(name.as_ref(), &expanded)
            .map_err(|message| self.error(message, Some(name.span()), None))
    }
}

/// A header field for every request to a user's server; its value never shows in debug output.
///
/// # Errors
///
/// What is wrong with it; the value is not quoted.
pub fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    let parsed = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| format!("`{}` is not a header name", name.escape_default()))?;
    if NOT_TO_BE_SET.contains(&parsed.as_str()) {
        return Err(format!("`{name}` is what corspec itself sends, and cannot be set"));
    }
    let mut value = HeaderValue::from_str(value)
        .map_err(|_| format!("the value of `{name}` cannot be sent in a header"))?;
    value.set_sensitive(true);
    Ok((parsed, value))
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
        let help = "put credentials in `[requests]` headers, which are kept out of every report";
        return Err(("the URL carries a username or password".to_owned(), help));
    }
    if parsed.fragment().is_some() {
        return Err(("the URL has a fragment, which is never sent".to_owned(), absolute));
    }
    Ok(parsed)
}

/// Replaces each `${NAME}`; the error is what is wrong, without the value, and what to do.
fn expand(
    value: &str,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<String, (String, String)> {
    let mut expanded = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, after)) = after.split_once('}') else {
            let help = "write the name of an environment variable as ${NAME}";
            return Err(("a `${` is not closed".to_owned(), help.to_owned()));
        };
        let missing = || {
            let message = format!("the environment variable `{name}` is not set");
            (message, format!("set {name}, or write the value itself"))
        };
        expanded.push_str(before);
        expanded.push_str(&environment(name).ok_or_else(missing)?);
        rest = after;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use std::path::Path;

    use super::{Config, EXAMPLE, Server};

    const POLICY: &str = "[policy]\nallow-origins = [\"https://app.example\"]\n";

    fn parse(text: &str) -> Result<Config, String> {
        let environment = |name: &str| (name == "API_KEY").then(|| "s3cret".to_owned());
        Config::parse(Path::new("corspec.toml"), text, environment)
            .map_err(|error| format!("{:?}", miette::Report::new(error)))
    }

    #[test]
    fn the_example_is_read() {
        let config = parse(EXAMPLE).unwrap();
        assert_eq!(config.routes["resource"], "/");
        assert_eq!(config.policy_name(), "corspec.toml");
        assert_eq!(config.folder(), Path::new("."));
    }

    #[test]
    fn every_line_of_the_example_that_is_commented_out_is_read() {
        let lines = EXAMPLE.lines().filter(|line| !line.starts_with("url ="));
        let lines = lines.map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest.contains(" = ") || rest == "[requests]" => rest,
            _ => line,
        });
        let config = parse(&lines.collect::<Vec<_>>().join("\n")).unwrap();
        assert!(matches!(config.server, Server::Start(_)) && config.framework.is_some());
        assert_eq!(config.routes.len(), corspec_suite::requirement::ROUTES.len());
        assert_eq!(config.headers["x-api-key"], "s3cret");
    }

    #[test_case("headers = { x-api-key = \"s3cret\\u0007\" }", "cannot be sent"; "a control character")]
    #[test_case("headers = { origin = \"s3cret\" }", "cannot be set"; "a header of corspec's own")]
    #[test_case("headers = \"s3cret\"", "something else"; "no table")]
    #[test_case("headers = { x-api-key = \"s3cret }", "something else"; "an open string")]
    #[test_case("headers = { x-api-key = \"s3cret\" }\nother = 1", "unknown field `other`"; "an error beside it")]
    fn no_error_shows_a_secret(requests: &str, words: &str) {
        let head = format!("url = \"http://a\"\n{POLICY}[routes]\nresource = \"/\"\n");
        let error = parse(&format!("{head}[requests]\n{requests}\n")).unwrap_err();
        let unwrapped = error.replace("\n  │", "");
        assert!(unwrapped.contains(words), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
        assert!(
            error.contains("[corspec.toml:7:") || error.contains("[corspec.toml:8:"),
            "{error}"
        );
    }

    #[test]
    fn a_whole_file_is_read() {
        let text = format!(
            "url = \"http://127.0.0.1:8000\"\nframework = \"django-cors-headers\"\n{POLICY}\
             [routes]\nresource = \"/api/items\"\nstatus = \"/status/{{code}}\"\n\
             [requests]\nheaders = {{ x-api-key = \"k ${{API_KEY}}\" }}\n"
        );
        let config = parse(&text).unwrap();
        assert!(!format!("{config:?}").contains("s3cret"), "{config:?}");
        let Server::At(url) = config.server else { panic!("{:?}", config.server) };
        assert_eq!(url.as_str(), "http://127.0.0.1:8000/");
        assert_eq!(config.routes["status"], "/status/{code}");
        assert_eq!(config.headers["x-api-key"], "k s3cret");
    }

    #[test_case("", "[routes]\nresource = \"/\"", "either `url` or `start`"; "no server")]
    #[test_case("url = \"ftp://x\"", "[routes]\nresource = \"/\"", "`ftp` is not http or https"; "another scheme")]
    #[test_case("url = \"http://u:p@x\"", "[routes]\nresource = \"/\"", "carries a username"; "userinfo")]
    #[test_case("url = \"http://x/#a\"", "[routes]\nresource = \"/\"", "has a fragment"; "a fragment")]
    #[test_case("url = \"x\"", "[routes]\nresource = \"/\"", "not a URL"; "no URL at all")]
    #[test_case("url = \"http://x\"", "[routes]\nprivate = \"/\"", "`resource` is missing"; "no resource")]
    #[test_case("url = \"http://x\"", "[routes]\nresource = \"x\"", "`x` is not a path"; "a relative path")]
    #[test_case("url = \"http://x\"", "[routes]\nresource = \"/\"\nresorce = \"/\"", "`resorce` is not a route"; "an unknown route")]
    #[test_case("url = \"http://x\"", "[routes]\nresource = \"/\"\n[requests]\nheaders = { x = \"${NOPE}\" }", "`NOPE` is not set"; "an unset variable")]
    #[test_case("url = \"http://x\"", "[routes]\nresource = \"/\"\n[requests]\nheaders = { x = \"${NOPE\" }", "a `${` is not closed"; "a variable without its end")]
    #[test_case("start = { command = [\"x\", \"${port}\"], ready = \"//x\" }", "[routes]\nresource = \"/\"", "`ready` is not a path"; "ready elsewhere")]
    #[test_case("url = \"http://x\"\nurll = 1", "[routes]\nresource = \"/\"", "unknown field `urll`"; "an unknown key")]
    #[test_case("url = \"http://x\"", "max-age = -1\n[routes]\nresource = \"/\"", "corspec.toml:4"; "a bad age")]
    #[test_case("url = \"http://x\"", "allow-methods = [\"TRACE\"]\n[routes]\nresource = \"/\"", "forbidden to pages"; "a method that is forbidden")]
    #[test_case("start = { command = [\"x\"], ready = \"/\" }", "[routes]\nresource = \"/\"", "does not use `${port}`"; "a command without the port")]
    fn each_mistake_has_its_own_words(head: &str, tail: &str, words: &str) {
        let error = parse(&format!("{head}\n{POLICY}{tail}\n")).unwrap_err();
        assert!(error.contains(words), "{error}");
    }
}
