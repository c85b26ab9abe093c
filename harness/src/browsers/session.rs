//! A running browser: its processes, its profile's folder, and the session with it.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use corspec_targets::guardian::{Guardian, WatchedFolder};
use corspec_targets::process::ProcessGroup;
use serde_json::Value;
use tokio::time::Instant;

use super::driving::{DriveError, Driver};
use super::engine::{Engine, Programs, firefox_settings};
use super::namespace::{self, NamespaceError};
use super::socks::Entrance;

/// How long a browser may take to start: the first start of all on a busy machine is slow.
const START: Duration = Duration::from_secs(60);

/// How long its processes have to end.
pub(super) const GRACE: Duration = Duration::from_secs(3);

/// Has Firefox trust an authority. It takes any certificate without, as the others do, but makes a
/// second connection of each one then.
const TRUST: &str = "Cc['@mozilla.org/security/x509certdb;1'].getService(Ci.nsIX509CertDB)
  .addCertFromBase64(arguments[0], 'CT,,');";

/// Takes what Firefox has printed in its console of pages: what each message says, and where it comes
/// from.
const CONSOLE: &str = "const all = Services.console.getMessageArray();
  Services.console.reset();
  return all.filter((it) => it instanceof Ci.nsIScriptError)
    .map((it) => ({ text: it.errorMessage, source: it.sourceName }));";

/// A browser that does as it is told. Dropping it kills its processes and removes its folder.
#[derive(Debug)]
pub struct Session {
    /// The browser's version.
    pub version: String,
    engine: Engine,
    driver: Driver,
    // Before the folder, which they write to.
    processes: Vec<ProcessGroup>,
    _folder: WatchedFolder,
}

/// Why there is no browser.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// It could reach a network.
    #[error(transparent)]
    Namespace(#[from] NamespaceError),
    /// Its folder or a process cannot be had.
    #[error("it cannot be started: {0}")]
    Io(#[from] io::Error),
    /// It does not do as it is told.
    #[error(transparent)]
    Drive(#[from] DriveError),
}

impl Session {
    /// Starts `engine`, for which what is behind `entrance` is all that there is.
    ///
    /// # Errors
    ///
    /// There is a network beside loopback, or the browser does not start or trust the authority.
    pub async fn start(
        engine: Engine,
        programs: &Programs,
        entrance: &Entrance,
        guardian: &Guardian,
    ) -> Result<Self, SessionError> {
        Self::begin(engine, programs, (entrance, guardian), false).await
    }

    /// As [`Self::start`], for a browser whose [console](Self::printed) is watched.
    ///
    /// # Errors
    ///
    /// As there.
    pub(super) async fn start_watched(
        engine: Engine,
        programs: &Programs,
        entrance: &Entrance,
        guardian: &Guardian,
    ) -> Result<Self, SessionError> {
        Self::begin(engine, programs, (entrance, guardian), true).await
    }

    /// A browser that does not start is started once more: it happens to each of them on a busy machine.
    async fn begin(
        engine: Engine,
        programs: &Programs,
        with: (&Entrance, &Guardian),
        watched: bool,
    ) -> Result<Self, SessionError> {
        match Self::attempt(engine, programs, with, watched).await {
            Err(SessionError::Drive(_)) => Self::attempt(engine, programs, with, watched).await,
            done => done,
        }
    }

    async fn attempt(
        engine: Engine,
        programs: &Programs,
        (entrance, guardian): (&Entrance, &Guardian),
        watched: bool,
    ) -> Result<Self, SessionError> {
        namespace::check()?;
        let folder = guardian.folder()?;
        let path = folder.path();
        fs::create_dir(path.join("profile"))?;
        let mut starting = Starting::new(path, guardian);
        let capabilities = engine.capabilities(programs, path, entrance.port, watched);
        let started = match engine {
            Engine::Chromium => {
                let driver = programs.path("chromedriver");
                starting.webdriver(driver, &capabilities).await
            }
            Engine::Firefox => starting.firefox(programs, entrance.port, &capabilities).await,
            Engine::WebKit => {
                starting.screen(programs.path("Xvfb")).await?;
                starting.webdriver(programs.path("WebKitWebDriver"), &capabilities).await
            }
        };
        let (mut driver, version) = started.map_err(|error| starting.with_output(error))?;
        driver.run_privileged(TRUST, BASE64_STANDARD.encode(&entrance.authority).into()).await?;
        let processes = starting.processes;
        Ok(Self { engine, version, driver, processes, _folder: folder })
    }

    /// Opens the page at `url` and waits until it has loaded.
    ///
    /// # Errors
    ///
    /// The browser does not do it.
    pub async fn visit(&mut self, url: &str) -> Result<(), DriveError> {
        self.driver.visit(url).await
    }

    /// Runs the body of a function in the page, and returns what it calls its last argument with.
    ///
    /// # Errors
    ///
    /// The browser does not do it, or it takes too long.
    pub async fn run(&mut self, script: &str, argument: Value) -> Result<Value, DriveError> {
        self.driver.run(script, argument).await
    }

    /// What the browser has printed in its console since this was last asked, as its protocol has it:
    /// entries of chromedriver's log, or messages of Firefox's console service. Of WebKit nothing.
    ///
    /// # Errors
    ///
    /// The browser does not say.
    pub(super) async fn printed(&mut self) -> Result<Value, DriveError> {
        match self.engine {
            Engine::Chromium => self.driver.log().await,
            Engine::Firefox => self.driver.run_privileged(CONSOLE, Value::Null).await,
            Engine::WebKit => Ok(Value::Null),
        }
    }

    /// Ends the browser, its driver and its screen.
    pub async fn stop(mut self) {
        // Some never answer that they have quit, having done so.
        drop(tokio::time::timeout(GRACE, self.driver.quit()).await);
        while let Some(process) = self.processes.pop() {
            process.stop(GRACE).await;
        }
    }
}

/// A browser that is being started.
pub(super) struct Starting<'a> {
    path: &'a Path,
    guardian: &'a Guardian,
    env: Vec<(String, String)>,
    /// What was started so far.
    pub(super) processes: Vec<ProcessGroup>,
}

impl<'a> Starting<'a> {
    /// Nothing yet of a browser that keeps everything in the folder at `path`.
    pub(super) fn new(path: &'a Path, guardian: &'a Guardian) -> Self {
        Self { path, guardian, env: environment(path), processes: Vec::new() }
    }

    async fn webdriver(
        &mut self,
        program: String,
        capabilities: &Value,
    ) -> Result<(Driver, String), DriveError> {
        // Nobody else takes ports in this namespace.
        let port = free_port().map_err(|error| self.failed(error.to_string()))?;
        self.spawn(vec![program, format!("--port={port}")])?;
        self.until(|_| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()).await?;
        Driver::webdriver(port, capabilities).await
    }

    async fn firefox(
        &mut self,
        programs: &Programs,
        socks: u16,
        capabilities: &Value,
    ) -> Result<(Driver, String), DriveError> {
        let profile = self.path.join("profile");
        let written = fs::write(profile.join("user.js"), firefox_settings(socks));
        written.map_err(|error| self.failed(error.to_string()))?;
        let program = programs.path("firefox-esr");
        let folder = profile.display().to_string();
        let flags = ["--marionette", "--remote-allow-system-access", "--headless", "--no-remote"];
        let command = [&[program.as_str()], &flags[..], &["--profile", &folder]].concat();
        self.spawn(command.into_iter().map(str::to_owned).collect())?;
        let file = profile.join("MarionetteActivePort");
        let port = self.until(|_| fs::read_to_string(&file).ok()?.trim().parse().ok()).await?;
        Driver::marionette(port, capabilities).await
    }

    /// A screen that nobody sees, at a number that is free.
    pub(super) async fn screen(&mut self, program: String) -> Result<(), DriveError> {
        let arguments = ["-displayfd", "1", "-screen", "0", "1024x768x24", "-nolisten", "tcp"];
        let arguments = arguments.map(str::to_owned);
        self.spawn(std::iter::once(program).chain(arguments).collect())?;
        let number = |output: &str| output.lines().find_map(|line| line.trim().parse::<u32>().ok());
        let number = self.until(number).await?;
        self.env.push(("DISPLAY".to_owned(), format!(":{number}")));
        Ok(())
    }

    /// Starts a process, unless it cannot be.
    pub(super) fn spawn(&mut self, command: Vec<String>) -> Result<(), DriveError> {
        let process = ProcessGroup::start(&command, &self.env, self.path, self.guardian);
        self.processes.push(process.map_err(|error| self.failed(error.to_string()))?);
        Ok(())
    }

    /// Waits until `ready` finds what it looks for, given what the last process has written.
    async fn until<T>(&self, ready: impl Fn(&str) -> Option<T>) -> Result<T, DriveError> {
        let deadline = Instant::now() + START;
        loop {
            let Some(process) = self.processes.last() else {
                return Err(self.failed("nothing was started".to_owned()));
            };
            if let Some(found) = ready(&process.output()) {
                return Ok(found);
            }
            if process.exit().is_some() {
                return Err(self.failed("it ended by itself".to_owned()));
            }
            if Instant::now() > deadline {
                return Err(self.failed(format!("it is not ready within {START:?}")));
            }
            let pause = tokio::time::sleep(Duration::from_millis(20));
            tokio::select! { _ = process.ended() => {}, () = pause => {} }
        }
    }

    fn failed(&self, message: String) -> DriveError {
        let output = self.processes.last().map_or_else(String::new, ProcessGroup::output);
        DriveError::Start { message, output }
    }

    /// A refusal while starting, with what the driver wrote.
    fn with_output(&self, error: DriveError) -> DriveError {
        match error {
            DriveError::Start { .. } => error,
            other => self.failed(other.to_string()),
        }
    }
}

/// Everything that a browser keeps goes into `folder`, and no proxy of the user's is taken.
fn environment(folder: &Path) -> Vec<(String, String)> {
    let folder = folder.display().to_string();
    let homes =
        ["HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "TMPDIR"];
    let fixed = [
        ("GDK_BACKEND", "x11"),
        ("LIBGL_ALWAYS_SOFTWARE", "1"),
        ("NO_AT_BRIDGE", "1"),
        ("MOZ_CRASHREPORTER_DISABLE", "1"),
        ("http_proxy", ""),
        ("https_proxy", ""),
        ("all_proxy", ""),
    ];
    let homes = homes.map(|name| (name.to_owned(), folder.clone()));
    homes.into_iter().chain(fixed.map(|(name, it)| (name.to_owned(), it.to_owned()))).collect()
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
