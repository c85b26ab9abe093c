//! Chromium as anyone has it, without a proxy, through chromedriver.

use std::time::Duration;

use corspec::browsers::engine::Engine;
use corspec::browsers::namespace;
use corspec_targets::guardian::{Guardian, WatchedFolder};
use corspec_targets::process::ProcessGroup;
use libtest_mimic::Failed;
use reqwest::{Client, Method};
use serde_json::{Value, json};

/// How long the driver and the browser have to end.
const GRACE: Duration = Duration::from_secs(3);

/// A running browser. Dropping it kills its processes and removes its folder.
pub(crate) struct Chromium {
    client: Client,
    session: String,
    process: ProcessGroup,
    _folder: WatchedFolder,
}

impl Chromium {
    /// Starts it; a script may run for as long as `patience`.
    pub(crate) async fn start(guardian: &Guardian, patience: Duration) -> Result<Self, Failed> {
        namespace::check()?;
        Engine::Chromium.programs().map_err(|missing| missing.join(", "))?;
        let folder = guardian.folder()?;
        let command = ["chromedriver", "--port=0"].map(str::to_owned);
        let home = folder.path().display().to_string();
        let env = ["HOME", "TMPDIR"].map(|name| (name.to_owned(), home.clone()));
        let process = ProcessGroup::start(&command, &env, folder.path(), guardian)?;
        let port = port(&process).await?;
        let client = Client::builder().no_proxy().timeout(patience).build()?;
        let root = format!("http://127.0.0.1:{port}/session");
        let mut chromium = Self { client, session: root, process, _folder: folder };
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-dev-shm-usage",
            "--no-proxy-server",
            &format!("--user-data-dir={home}/profile"),
        ];
        let capabilities = json!({"alwaysMatch": {"goog:chromeOptions": {"args": arguments}}});
        let answer = chromium.command("", json!({"capabilities": capabilities})).await?;
        let id = answer["sessionId"].as_str().ok_or("no session")?;
        chromium.session = format!("{}/{id}", chromium.session);
        let timeouts = json!({"script": patience.as_millis()});
        chromium.command("/timeouts", timeouts).await?;
        Ok(chromium)
    }

    /// Opens the page at `url`.
    pub(crate) async fn visit(&mut self, url: &str) -> Result<(), Failed> {
        self.command("/url", json!({"url": url})).await.map(drop)
    }

    /// Runs the body of a function, which answers by calling its last argument.
    pub(crate) async fn run(&mut self, script: &str, argument: Value) -> Result<Value, Failed> {
        self.command("/execute/async", json!({"script": script, "args": [argument]})).await
    }

    /// Ends it.
    pub(crate) async fn stop(self) {
        // Its processes are ended whatever it answers.
        drop(self.client.request(Method::DELETE, &self.session).send().await);
        self.process.stop(GRACE).await;
    }

    async fn command(&mut self, path: &str, body: Value) -> Result<Value, Failed> {
        let url = format!("{}{path}", self.session);
        let answer = self.client.post(url).body(body.to_string()).send().await?;
        let succeeded = answer.status().is_success();
        let mut answer: Value = serde_json::from_slice(&answer.bytes().await?)?;
        if succeeded { Ok(answer["value"].take()) } else { Err(answer["value"].to_string().into()) }
    }
}

/// The port that the driver says it listens at.
async fn port(process: &ProcessGroup) -> Result<u16, Failed> {
    loop {
        let output = process.output();
        let said = output.split("on port ").skip(1).find_map(|rest| {
            let (digits, _) = rest.split_once(|it: char| !it.is_ascii_digit())?;
            digits.parse().ok().filter(|port| *port != 0)
        });
        if let Some(port) = said {
            return Ok(port);
        }
        if process.exit().is_some() {
            return Err(format!("chromedriver ended: {output}").into());
        }
        tokio::task::yield_now().await;
    }
}
