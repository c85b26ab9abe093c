//! The React app: built once for what its sources are, and served.

use std::fs;
use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use libtest_mimic::Failed;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use url::Url;

/// What the app is built from, below `targets/react-django`.
const SOURCES: [&str; 9] = [
    "package.json",
    "package-lock.json",
    "vite.config.js",
    "index.html",
    "src/main.jsx",
    "src/App.jsx",
    "src/call.js",
    "src/calls.json",
    "src/app.css",
];

/// The built app, served at a port of its own. Dropping it ends that.
pub(crate) struct App {
    url: Url,
    serving: JoinHandle<io::Result<()>>,
}

/// What is missing to build the app, and how to get it.
pub(crate) fn missing() -> Option<String> {
    let is_new_enough = "process.exit(Number(process.versions.node.split('.')[0] < 18))";
    let succeeds = |program: &str, arguments: &[&str]| {
        Command::new(program).args(arguments).output().is_ok_and(|it| it.status.success())
    };
    let here = succeeds("node", &["-e", is_new_enough]) && succeeds("npm", &["--version"]);
    let missing = "Node 18 or later, with npm, is missing: apt-get install nodejs npm";
    (!here).then(|| missing.to_owned())
}

/// The calls that the app makes.
pub(crate) fn calls() -> Result<Vec<Value>, Failed> {
    Ok(serde_json::from_slice(&fs::read(folder().join("src/calls.json"))?)?)
}

/// Builds the app with npm, unless what is there was built from the same files.
///
/// # Errors
///
/// A file is in the way, or npm fails.
pub(crate) fn build() -> io::Result<()> {
    let built = built();
    let same = |name: &&str| {
        let read = |folder: &Path| fs::read(folder.join(name)).ok();
        read(&built) == read(&folder())
    };
    if built.join("dist").is_dir() && SOURCES.iter().all(same) {
        return Ok(());
    }
    let parent = built.parent().unwrap_or(&built);
    fs::create_dir_all(parent)?;
    // Another run finds a whole one or none.
    let making = tempfile::tempdir_in(parent)?;
    for name in SOURCES {
        let copy = making.path().join(name);
        fs::create_dir_all(copy.parent().unwrap_or(making.path()))?;
        fs::copy(folder().join(name), copy)?;
    }
    npm(&["ci", "--no-audit", "--no-fund"], making.path())?;
    npm(&["run", "build"], making.path())?;
    fs::remove_dir_all(making.path().join("node_modules"))?;
    if built.exists() {
        fs::remove_dir_all(&built)?;
    }
    fs::rename(making.keep(), &built)
}

fn npm(arguments: &[&str], folder: &Path) -> io::Result<()> {
    let output = Command::new("npm").args(arguments).current_dir(folder).output()?;
    if output.status.success() {
        return Ok(());
    }
    let output = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&output);
    Err(io::Error::other(format!("`npm {}` fails:\n{said}", arguments.join(" "))))
}

impl App {
    /// Serves what was built.
    pub(crate) async fn serve() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = Url::parse(&format!("http://{}/", listener.local_addr()?));
        let router = Router::new().fallback(file).with_state(built().join("dist"));
        let serving = tokio::spawn(axum::serve(listener, router).into_future());
        Ok(Self { url: url.map_err(io::Error::other)?, serving })
    }

    /// Where it is.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn file(State(dist): State<PathBuf>, uri: Uri) -> Response {
    let name = match uri.path() {
        "/" => "index.html",
        path => path.trim_start_matches('/'),
    };
    let kind = match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css",
        Some("js") => "text/javascript",
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    match fs::read(dist.join(name)) {
        Ok(bytes) => ([(header::CONTENT_TYPE, kind)], bytes).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../targets/react-django")
}

fn built() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/corspec/react-django")
}
