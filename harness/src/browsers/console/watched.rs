//! A browser whose console is read, and whose page asks for itself what to do.

use std::fs;

use corspec_targets::guardian::{Guardian, WatchedFolder};
use corspec_targets::process::ProcessGroup;

use super::lines::{self, Line};
use crate::browsers::driving::DriveError;
use crate::browsers::engine::{Engine, NOBODY, Programs};
use crate::browsers::namespace;
use crate::browsers::session::{GRACE, Session, SessionError, Starting};
use crate::browsers::socks::Entrance;

/// A browser.
#[derive(Debug)]
pub(super) enum Watched {
    /// Chromium and Firefox, whose drivers say what was printed.
    Driven(Engine, Session),
    /// WebKit: it prints its console to its standard output, but only where no driver drives it.
    Alone(Alone),
}

/// WebKit's browser, as a person would start it.
#[derive(Debug)]
pub(super) struct Alone {
    version: String,
    // Before the folder, which they write to.
    processes: Vec<ProcessGroup>,
    _folder: WatchedFolder,
}

impl Watched {
    /// Starts `engine` and has it open the page at `url`.
    ///
    /// # Errors
    ///
    /// There is a network beside loopback, or the browser does not start.
    pub(super) async fn start(
        (engine, programs): (Engine, &Programs),
        url: &str,
        entrance: &Entrance,
        guardian: &Guardian,
    ) -> Result<Self, SessionError> {
        if engine == Engine::WebKit {
            return Alone::start(programs, url, entrance, guardian).await.map(Self::Alone);
        }
        let mut session = Session::start_watched(engine, programs, entrance, guardian).await?;
        session.visit(url).await?;
        Ok(Self::Driven(engine, session))
    }

    /// The browser's version.
    pub(super) fn version(&self) -> &str {
        match self {
            Self::Driven(_, session) => &session.version,
            Self::Alone(alone) => &alone.version,
        }
    }

    /// Adds to `lines` what was printed since this was last asked. Of WebKit they become what it has
    /// printed last.
    ///
    /// # Errors
    ///
    /// The browser does not say.
    pub(super) async fn printed(&mut self, lines: &mut Vec<Line>) -> Result<(), DriveError> {
        match self {
            Self::Driven(engine, session) => {
                lines.extend(lines::of(*engine, &session.printed().await?));
            }
            Self::Alone(alone) => {
                let output = alone.processes.last().map_or_else(String::new, ProcessGroup::output);
                *lines = lines::of_webkit(&output);
            }
        }
        Ok(())
    }

    /// Ends it.
    pub(super) async fn stop(self) {
        match self {
            Self::Driven(_, session) => session.stop().await,
            Self::Alone(mut alone) => {
                while let Some(process) = alone.processes.pop() {
                    process.stop(GRACE).await;
                }
            }
        }
    }
}

impl Alone {
    async fn start(
        programs: &Programs,
        url: &str,
        entrance: &Entrance,
        guardian: &Guardian,
    ) -> Result<Self, SessionError> {
        // It tells its version to its driver alone.
        let driven = Session::start(Engine::WebKit, programs, entrance, guardian).await?;
        let version = driven.version.clone();
        driven.stop().await;
        namespace::check()?;
        let folder = guardian.folder()?;
        fs::create_dir(folder.path().join("profile"))?;
        let mut starting = Starting::new(folder.path(), guardian);
        starting.screen(programs.path("Xvfb")).await?;
        starting.spawn(vec![
            programs.path("MiniBrowser"),
            format!("--proxy=socks5://127.0.0.1:{}", entrance.port),
            format!("--ignore-host={NOBODY}"),
            "--ignore-tls-errors".to_owned(),
            "--enable-write-console-messages-to-stdout=true".to_owned(),
            url.to_owned(),
        ])?;
        let processes = starting.processes;
        Ok(Self { version, processes, _folder: folder })
    }
}
