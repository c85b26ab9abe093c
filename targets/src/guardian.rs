//! The guardian: the process that clears what a run leaves behind when the run cannot.
//!
//! A run starts one, by running its own executable with a hidden first argument, and tells it over
//! a pipe which process groups, containers and folders exist. However the run ends, by Ctrl-C, a
//! panic or `kill -9`, the pipe closes; the guardian then ends what was not forgotten.
//!
//! Two things keep it exact. A process is *gated*: it starts as the same executable, which waits
//! for a byte on its standard input before it becomes or starts the server, and the byte is sent
//! only after the guardian knows its group. And a group is forgotten before its leader is reaped, so that its
//! number cannot belong to somebody else while the guardian holds it.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitCode, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{fs, thread};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::keeper;

/// The hidden first argument under which an executable must call [`run`].
pub const ARGUMENT: &str = "__guardian";

/// How long the groups have between TERM and KILL.
const GRACE: Duration = Duration::from_secs(3);

/// How the name of every watched folder begins.
const FOLDER_PREFIX: &str = "corspec-run-";

/// How often a folder is removed that somebody may still be writing to.
const REMOVALS: u32 = 3;

/// How long a container's client may take to end while its container is being removed.
const REMOVAL: Duration = Duration::from_secs(60);

/// A run's handle on its guardian; clones share it. When the last is dropped, the guardian clears
/// what is left, and is waited for.
#[derive(Clone, Debug)]
pub struct Guardian {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    executable: PathBuf,
    pipe: Mutex<Option<ChildStdin>>,
    process: Mutex<Child>,
}

/// Something that must not outlive the run.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Charge {
    /// A process group.
    Group {
        /// The leader's id.
        leader: i32,
        /// The container that the leader runs as a client of the engine `docker`, by its name.
        container: Option<String>,
    },
    /// A folder of the run's own making.
    Folder(PathBuf),
}

/// A temporary folder that does not outlive the run: dropping it removes it, and the guardian does
/// where the run cannot.
#[derive(Debug)]
pub struct WatchedFolder {
    folder: Option<TempDir>,
    path: PathBuf,
    guardian: Guardian,
}

impl WatchedFolder {
    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for WatchedFolder {
    fn drop(&mut self) {
        // What cannot be removed now, because something still writes there, stays the guardian's.
        if self.folder.take().is_some_and(|folder| folder.close().is_ok()) {
            drop(self.guardian.forget(Charge::Folder(self.path.clone())));
        }
    }
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Message {
    Watch(Charge),
    Forget(Charge),
}

impl Guardian {
    /// Starts a guardian by running `executable`, whose `main` must call [`run`] when its first
    /// argument is [`ARGUMENT`].
    ///
    /// # Errors
    ///
    /// When the executable cannot be run.
    pub fn start(executable: PathBuf) -> io::Result<Self> {
        let mut process = Command::new(&executable)
            .args([ARGUMENT, "watch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A group of its own: a terminal's Ctrl-C must not end it before its work.
            .process_group(0)
            .spawn()?;
        let pipe = Mutex::new(process.stdin.take());
        let inner = Inner { executable, pipe, process: Mutex::new(process) };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Makes a temporary folder that is removed however the run ends.
    ///
    /// # Errors
    ///
    /// The folder cannot be made, or the guardian is gone.
    pub fn folder(&self) -> io::Result<WatchedFolder> {
        let alone = fs::Permissions::from_mode(0o700);
        let folder = tempfile::Builder::new().prefix(FOLDER_PREFIX).permissions(alone).tempdir()?;
        let path = folder.path().to_owned();
        self.watch(Charge::Folder(path.clone()))?;
        Ok(WatchedFolder { folder: Some(folder), path, guardian: self.clone() })
    }

    /// Has `charge` cleared if the run ends before it is forgotten.
    pub(crate) fn watch(&self, charge: Charge) -> io::Result<()> {
        self.send(&Message::Watch(charge))
    }

    /// Takes back a charge that the run has cleared itself.
    pub(crate) fn forget(&self, charge: Charge) -> io::Result<()> {
        self.send(&Message::Forget(charge))
    }

    /// The executable that guards: in a run, corspec itself.
    pub(crate) fn executable(&self) -> &Path {
        &self.inner.executable
    }

    /// A command that becomes `program` once a byte arrives on its standard input, or where it is
    /// `kept`, starts it under a keeper. It ends when the pipe closes without the byte.
    pub(crate) fn gated(&self, program: &str, kept: bool) -> Command {
        let mut command = Command::new(&self.inner.executable);
        let word = if kept { "keep" } else { "exec" };
        command.args([ARGUMENT, word, program]).stdin(Stdio::piped()).process_group(0);
        command
    }

    fn send(&self, message: &Message) -> io::Result<()> {
        let mut line = serde_json::to_vec(message)?;
        line.push(b'\n');
        let mut pipe = self.inner.pipe.lock().unwrap_or_else(PoisonError::into_inner);
        pipe.as_mut().ok_or(io::ErrorKind::BrokenPipe)?.write_all(&line)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.pipe.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        let process = self.process.get_mut().unwrap_or_else(PoisonError::into_inner);
        // A guardian that cannot be waited for has already ended.
        drop(process.wait());
    }
}

/// What an executable does under [`ARGUMENT`]; `arguments` are those after it.
pub fn run(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    match arguments.next().as_deref().and_then(|word| word.to_str()) {
        Some("watch") => watch(io::stdin().lock()),
        Some("exec") => keeper::exec(arguments),
        #[cfg(target_os = "linux")]
        Some("keep") => keeper::keep(arguments),
        #[cfg(target_os = "linux")]
        Some("follow") => keeper::follow(arguments),
        _ => {
            eprintln!("error: `{ARGUMENT}` is for corspec's own use");
            ExitCode::from(2)
        }
    }
}

fn watch(pipe: impl Read) -> ExitCode {
    let mut charges = Vec::new();
    for line in BufReader::new(pipe).lines().map_while(Result::ok) {
        match serde_json::from_str(&line) {
            Ok(Message::Watch(charge)) => charges.push(charge),
            Ok(Message::Forget(charge)) => charges.retain(|it| *it != charge),
            // The last line of a killed run may be cut.
            Err(_) => break,
        }
    }
    clear(&charges);
    ExitCode::SUCCESS
}

fn clear(charges: &[Charge]) {
    let (mut clients, mut others) = (Vec::new(), Vec::new());
    for charge in charges {
        // Not above 1: the number of no group of ours.
        if let Charge::Group { leader, container } = charge
            && let Some(group) = Pid::from_raw(*leader).filter(|_| *leader > 1)
        {
            match container {
                Some(container) => clients.push((group, container)),
                None => others.push(group),
            }
        }
    }
    end_groups(others);
    for (group, container) in &clients {
        remove_container(container, || test_kill_process_group(*group).is_ok());
    }
    end_groups(clients.into_iter().map(|(group, _)| group).collect());
    // Last, when nobody is left who writes to them.
    for charge in charges {
        if let Charge::Folder(path) = charge {
            remove_folder(path);
        }
    }
}

fn end_groups(mut groups: Vec<Pid>) {
    for group in &groups {
        let _ = kill_process_group(*group, Signal::TERM);
    }
    let deadline = Instant::now() + GRACE;
    loop {
        groups.retain(|group| test_kill_process_group(*group).is_ok());
        if groups.is_empty() || Instant::now() > deadline {
            break;
        }
        thread::sleep(Duration::from_millis(20));
    }
    for group in groups {
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// Removes a folder that a run made: no other has such a name.
fn remove_folder(path: &Path) {
    let name = path.file_name().and_then(|name| name.to_str());
    if name.is_some_and(|name| name.starts_with(FOLDER_PREFIX)) {
        // A process that was just killed may still be adding a file.
        let emptied = |_: &u32| match fs::remove_dir_all(path) {
            Err(error) => error.kind() != io::ErrorKind::DirectoryNotEmpty,
            Ok(()) => true,
        };
        (0..REMOVALS).find(emptied);
    }
}

/// Removes a container, running or not. While its client lives, the container may still be in the
/// making, and out of reach: it is removed again until the client, left without it, has ended.
pub(crate) fn remove_container(name: &str, client_lives: impl Fn() -> bool) {
    let deadline = Instant::now() + REMOVAL;
    loop {
        let last = !client_lives() || Instant::now() > deadline;
        let mut docker = Command::new("docker");
        docker.args(["rm", "--force", "--volumes", name]);
        // That there is none is as good.
        drop(docker.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status());
        if last {
            break;
        }
        thread::sleep(Duration::from_millis(20));
    }
}
