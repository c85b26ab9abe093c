//! A project of its own for a test: a folder of targets, each of which behaves as its id says.

use std::ffi::OsStr;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;
use std::{env, fs, io};

use libtest_mimic::Failed;
use serde_json::Value;
use tempfile::TempDir;

use crate::server;

pub(crate) type Check = Result<(), Failed>;

/// A folder that is removed when the test is over.
pub(crate) struct Project {
    folder: TempDir,
    witness: UnixListener,
}

impl Project {
    /// With these targets.
    pub(crate) fn of(ids: &[&str]) -> Result<Self, Failed> {
        let folder = tempfile::tempdir()?;
        let witness = UnixListener::bind(folder.path().join(server::WITNESS))?;
        fs::create_dir(folder.path().join("tmp"))?;
        let project = Self { folder, witness };
        for id in ids {
            project.add(id)?;
        }
        Ok(project)
    }

    fn add(&self, id: &str) -> Check {
        let needs = match id {
            "unavailable" => {
                "[[needs]]\ntool = 'a rare tool'\ncheck = ['false']\nget = 'find it'\n"
            }
            _ => "",
        };
        // Long enough for any machine where it gets ready at all.
        let ready = if id == "mute" { 1 } else { 60 };
        let manifest = format!(
            "name = 'Fake'\nlanguage = 'rust'\nlibrary = 'none'\nhomepage = 'https://fake.example'\n\
             routes = ['resource', 'status', 'private', 'session', 'throws', 'redirect', 'slash', 'vary', 'cacheable', 'options', 'missing']\n\
             {needs}[start]\ncommand = ['{}', '{}']\nready-seconds = {ready}\ngrace-seconds = 1\n",
            env::current_exe()?.display(),
            server::ARGUMENT,
        );
        self.write(&format!("targets/{id}/target.toml"), &manifest)
    }

    /// Writes a file of the project.
    pub(crate) fn write(&self, name: &str, text: &str) -> Check {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("/")))?;
        Ok(fs::write(path, text)?)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What stands below a folder of the project.
    pub(crate) fn names(&self, folder: &str) -> io::Result<Vec<String>> {
        let entries = fs::read_dir(self.path(folder))?;
        entries.map(|it| Ok(it?.file_name().to_string_lossy().into_owned())).collect()
    }

    /// `corspec run` in this project.
    pub(crate) fn command(&self, arguments: &[impl AsRef<OsStr>]) -> Command {
        self.program(env!("CARGO_BIN_EXE_corspec"), arguments)
    }

    /// Another program in the place of `corspec`.
    pub(crate) fn program(&self, program: &str, arguments: &[impl AsRef<OsStr>]) -> Command {
        let mut command = self.here(program);
        command.arg("run").args(arguments);
        command
    }

    /// Any subcommand of `corspec` in this project.
    pub(crate) fn corspec(&self, arguments: &[impl AsRef<OsStr>]) -> Command {
        let mut command = self.here(env!("CARGO_BIN_EXE_corspec"));
        command.args(arguments);
        command
    }

    fn here(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        command.env("TMPDIR", self.path("tmp")).env("INSTA_UPDATE", "no");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> io::Result<Output> {
        self.command(arguments).output()
    }

    /// The report of a run as JSON, and its exit code.
    pub(crate) fn json(&self, arguments: &[&str]) -> Result<(Value, Option<i32>), Failed> {
        let output = self.run(&[arguments, &["--format", "json"]].concat())?;
        Ok((serde_json::from_slice(&output.stdout)?, output.status.code()))
    }

    /// Waits for a server of the project to start: what it holds open for as long as it lives.
    pub(crate) fn started(&self) -> io::Result<UnixStream> {
        let (alive, _) = self.witness.accept()?;
        alive.set_read_timeout(Some(Duration::from_secs(60)))?;
        Ok(alive)
    }
}

/// How many results of `target` are of each kind; only those that occur.
pub(crate) fn census(report: &Value, target: &str) -> Vec<(String, usize)> {
    let mut counts = std::collections::BTreeMap::new();
    for result in report["results"].as_array().into_iter().flatten() {
        if result["target"] == target {
            *counts.entry(result["result"].as_str().unwrap_or_default().to_owned()).or_default() +=
                1;
        }
    }
    counts.into_iter().collect()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
