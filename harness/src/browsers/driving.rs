//! Driving a browser: a page is opened, and a script is run in it.
//!
//! WebDriver is spoken to chromedriver and WebKitWebDriver, and Marionette, the protocol below it,
//! to Firefox itself. Few commands of each are used.

use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// How long a script may take; a batch of cases is one.
const SCRIPT_TIMEOUT: Duration = Duration::from_secs(120);

/// How long a command may take: the browser gives up first, and stays in step.
pub(super) const COMMAND_TIMEOUT: Duration = Duration::from_secs(150);

/// Why a browser does not do as it is told.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// The driver answers that it cannot.
    #[error("it refuses `{command}`: {message}")]
    Refused {
        /// The command.
        command: String,
        /// What it says.
        message: String,
    },
    /// The driver cannot be spoken to.
    #[error("its driver cannot be spoken to: {0}")]
    Connection(String),
    /// It did not start.
    #[error("it does not start: {message}\n{output}")]
    Start {
        /// What happened.
        message: String,
        /// The end of what it wrote.
        output: String,
    },
}

/// A session with a browser.
#[derive(Debug)]
pub(super) enum Driver {
    /// Through a driver that speaks WebDriver.
    WebDriver { client: Client, session: String },
    /// With Firefox.
    Marionette { stream: BufReader<TcpStream>, last: u64 },
}

impl Driver {
    /// Asks a WebDriver at `port` for a session; also the browser's version.
    pub(super) async fn webdriver(
        port: u16,
        capabilities: &Value,
    ) -> Result<(Self, String), DriveError> {
        // The client asks for one though it speaks no TLS; that there is one already is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = Client::builder().no_proxy().timeout(COMMAND_TIMEOUT);
        let client = builder.build().map_err(|error| DriveError::Connection(error.to_string()))?;
        let root = format!("http://{}:{port}/session", Ipv4Addr::LOCALHOST);
        let body = json!({"capabilities": {"alwaysMatch": capabilities}});
        let answer = webdriver(&client, Method::POST, &root, &body).await?;
        let id = answer["sessionId"].as_str().unwrap_or_default();
        let mut driver = Self::WebDriver { client, session: format!("{root}/{id}") };
        driver.patience().await?;
        Ok((driver, version(&answer["capabilities"])))
    }

    /// Asks the Firefox at `port` for a session; also its version.
    pub(super) async fn marionette(
        port: u16,
        capabilities: &Value,
    ) -> Result<(Self, String), DriveError> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.map_err(broken)?;
        let mut stream = BufReader::new(stream);
        // It greets with its name and the version of its protocol.
        message(&mut stream).await.map_err(broken)?;
        let mut driver = Self::Marionette { stream, last: 0 };
        let answer = driver.marionette_command("WebDriver:NewSession", capabilities).await?;
        driver.patience().await?;
        Ok((driver, version(&answer["capabilities"])))
    }

    /// Opens the page at `url` and waits until it has loaded.
    pub(super) async fn visit(&mut self, url: &str) -> Result<(), DriveError> {
        self.command("url", "WebDriver:Navigate", json!({"url": url})).await.map(drop)
    }

    /// Runs the body of a function in the page; its last argument is the function to answer by.
    pub(super) async fn run(&mut self, script: &str, argument: Value) -> Result<Value, DriveError> {
        let call = json!({"script": script, "args": [argument]});
        self.command("execute/async", "WebDriver:ExecuteAsyncScript", call).await
    }

    /// Runs the body of a function with the rights of Firefox itself; nothing in the others.
    pub(super) async fn run_privileged(
        &mut self,
        script: &str,
        argument: Value,
    ) -> Result<Value, DriveError> {
        if let Self::WebDriver { .. } = self {
            return Ok(Value::Null);
        }
        let context = |name: &str| json!({"value": name});
        self.marionette_command("Marionette:SetContext", &context("chrome")).await?;
        let call = json!({"script": script, "args": [argument], "sandbox": "system"});
        let answer = self.marionette_command("WebDriver:ExecuteScript", &call).await;
        self.marionette_command("Marionette:SetContext", &context("content")).await?;
        Ok(answer?["value"].take())
    }

    /// What Chromium has printed in its console since this was last asked; nothing of the others.
    pub(super) async fn log(&mut self) -> Result<Value, DriveError> {
        self.command("se/log", "", json!({"type": "browser"})).await
    }

    /// Ends the session, and with it the browser.
    pub(super) async fn quit(&mut self) {
        // A browser that does not answer any more is killed after this.
        match self {
            Self::WebDriver { client, session } => {
                drop(webdriver(client, Method::DELETE, session, &json!({})).await);
            }
            Self::Marionette { .. } => {
                drop(self.marionette_command("Marionette:Quit", &json!({})).await);
            }
        }
    }

    async fn patience(&mut self) -> Result<(), DriveError> {
        let timeouts = json!({"script": SCRIPT_TIMEOUT.as_millis(), "pageLoad": 30_000});
        self.command("timeouts", "WebDriver:SetTimeouts", timeouts).await.map(drop)
    }

    async fn command(&mut self, path: &str, name: &str, body: Value) -> Result<Value, DriveError> {
        match self {
            Self::WebDriver { client, session } => {
                webdriver(client, Method::POST, &format!("{session}/{path}"), &body).await
            }
            Self::Marionette { .. } => {
                Ok(self.marionette_command(name, &body).await?["value"].take())
            }
        }
    }

    async fn marionette_command(&mut self, name: &str, body: &Value) -> Result<Value, DriveError> {
        let Self::Marionette { stream, last } = self else { return Ok(Value::Null) };
        *last += 1;
        let text = json!([0, *last, name, body]).to_string();
        let exchange = async {
            stream.write_all(format!("{}:{text}", text.len()).as_bytes()).await?;
            message(stream).await
        };
        let answered = tokio::time::timeout(COMMAND_TIMEOUT, exchange).await;
        let mut answer = answered
            .map_err(|_| DriveError::Connection(format!("no answer to `{name}`")))?
            .map_err(broken)?;
        if answer[2].is_null() {
            return Ok(answer[3].take());
        }
        Err(refused(name, &answer[2]))
    }
}

/// One command of WebDriver: <https://www.w3.org/TR/webdriver2/#protocol>.
async fn webdriver(
    client: &Client,
    method: Method,
    url: &str,
    body: &Value,
) -> Result<Value, DriveError> {
    let request = client.request(method, url).header("content-type", "application/json");
    let broken = |error: reqwest::Error| DriveError::Connection(error.without_url().to_string());
    let response = request.body(body.to_string()).send().await.map_err(broken)?;
    let success = response.status().is_success();
    let bytes = response.bytes().await.map_err(broken)?;
    let mut answer: Value = serde_json::from_slice(&bytes)
        .map_err(|error| DriveError::Connection(format!("its answer is no JSON: {error}")))?;
    let name = url.rsplit('/').next().unwrap_or_default();
    if success { Ok(answer["value"].take()) } else { Err(refused(name, &answer["value"])) }
}

/// One message of Marionette: its length in decimal, a colon, and JSON.
async fn message(stream: &mut BufReader<TcpStream>) -> io::Result<Value> {
    let mut length = Vec::new();
    stream.read_until(b':', &mut length).await?;
    let wrong = || io::Error::from(io::ErrorKind::InvalidData);
    let length = std::str::from_utf8(&length).map_err(|_| wrong())?;
    let length = length.trim_end_matches(':').parse().map_err(|_| wrong())?;
    let mut text = vec![0; length];
    stream.read_exact(&mut text).await?;
    Ok(serde_json::from_slice(&text)?)
}

fn broken(error: io::Error) -> DriveError {
    DriveError::Connection(error.to_string())
}

fn refused(command: &str, error: &Value) -> DriveError {
    let text = |key: &str| error[key].as_str().unwrap_or_default();
    let first = text("message").lines().next().unwrap_or_default();
    DriveError::Refused {
        command: command.to_owned(),
        message: format!("{}: {first}", text("error")),
    }
}

fn version(capabilities: &Value) -> String {
    capabilities["browserVersion"].as_str().unwrap_or("of unknown version").to_owned()
}
