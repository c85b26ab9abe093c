//! A child process in its own group, known to the guardian, with its output always drained.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::sync::{oneshot, watch};

use crate::guardian::{Charge, Guardian, remove_container};
use crate::keeper;

/// How many bytes of the end of a process's output are kept.
const KEPT: usize = 16 * 1024;

/// A process group started by us.
#[derive(Debug)]
pub struct ProcessGroup {
    child: Child,
    leader: Pid,
    /// The end of it has the keeper, where the leader is one, kill all that it keeps.
    keeper: Option<ChildStdin>,
    /// The name of the container that the leader runs as a client of the engine.
    container: Option<String>,
    guardian: Guardian,
    exit: watch::Receiver<Option<Exit>>,
    output: Output,
    /// Each ends when its pipe has been read to the end.
    readers: Vec<oneshot::Receiver<()>>,
    cleared: bool,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Exit {
    /// With this status.
    Status(i32),
    /// By this signal.
    Signal(i32),
}

impl Exit {
    /// That a server ended so, and `when`; what to do, where it may live on in the background.
    #[must_use]
    pub fn told(self, when: &str) -> String {
        match self {
            Self::Status(0) => format!(
                "it ended with exit status 0 {when}; a server has to stay in the foreground (nginx: \
                 `daemon off;`), since what it leaves in the background is ended with it"
            ),
            Self::Status(status) => format!("it ended with exit status {status} {when}"),
            Self::Signal(signal) => format!("it was ended by signal {signal} {when}"),
        }
    }
}

/// The end of what a process has written to its standard output and error.
#[derive(Clone, Debug, Default)]
pub struct Output(Arc<Mutex<VecDeque<u8>>>);

impl ProcessGroup {
    /// Starts `command` in `folder` with the variables `env` added.
    ///
    /// # Errors
    ///
    /// The command is empty, or the guardian is gone. That the program cannot be run shows as an
    /// early end.
    pub fn start(
        command: &[String],
        env: &[(String, String)],
        folder: &Path,
        guardian: &Guardian,
    ) -> io::Result<Self> {
        Self::start_client(command, env, folder, None, guardian)
    }

    /// As [`Self::start`]; the command runs `container`, which ends with it.
    pub(crate) fn start_client(
        command: &[String],
        env: &[(String, String)],
        folder: &Path,
        container: Option<String>,
        guardian: &Guardian,
    ) -> io::Result<Self> {
        let [program, arguments @ ..] = command else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the command is empty"));
        };
        let kept = keeper::KEEPS && container.is_none();
        let mut child = guardian
            .gated(program, kept)
            .args(arguments)
            .envs(env.iter().map(|(name, value)| (name, value)))
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let leader = Pid::from_child(&child);
        let pipe = child.stdin.take();
        let output = Output::default();
        let readers = [output.drain(child.stdout.take()), output.drain(child.stderr.take())];
        let readers = readers.into_iter().flatten().collect();
        let exit = await_exit(leader);
        let mut group = Self {
            child,
            leader,
            keeper: pipe,
            container,
            guardian: guardian.clone(),
            exit,
            output,
            readers,
            cleared: false,
        };
        // From here on dropping the group ends the process, so that an error leaves none.
        guardian.watch(group.charge())?;
        group.keeper.as_mut().ok_or(io::ErrorKind::BrokenPipe)?.write_all(b"!")?;
        group.keeper.take_if(|_| !kept);
        Ok(group)
    }

    /// How it ended, if it has.
    pub fn exit(&self) -> Option<Exit> {
        *self.exit.borrow()
    }

    /// Waits until it ends.
    pub async fn ended(&self) -> Exit {
        let mut exit = self.exit.clone();
        let ended = exit.wait_for(Option::is_some).await.ok().and_then(|exit| *exit);
        // The thread that waits always sends before it goes.
        ended.unwrap_or(Exit::Status(-1))
    }

    /// The end of its output so far.
    pub fn output(&self) -> String {
        self.output.text()
    }

    /// Kills what is left of the group and returns the end of all its output: what was written
    /// last may still be in the pipes.
    pub async fn settled_output(mut self) -> String {
        self.clear();
        let read = async {
            for reader in &mut self.readers {
                // An error is the reader's end, which is what is waited for.
                let _ = reader.await;
            }
        };
        // A process that left the group may hold a pipe open for ever.
        drop(tokio::time::timeout(Duration::from_secs(1), read).await);
        self.output()
    }

    /// Asks the group to end, and kills what is left of it after `grace`. How it had ended by
    /// itself before that, and the end of its output.
    pub async fn stop(self, grace: Duration) -> (Option<Exit>, String) {
        let died = self.exit();
        let _ = kill_process_group(self.leader, Signal::TERM);
        // Whether it ended or ran out of time, what is left is killed.
        drop(tokio::time::timeout(grace, self.ended()).await);
        (died, self.settled_output().await)
    }

    /// Gives up a server that is not ready: [`Self::stop`], except that the client of a container
    /// is not asked to end, because one that ends while it makes the container may leave it behind.
    pub(crate) async fn give_up(self, grace: Duration) -> String {
        match self.container {
            Some(_) => self.settled_output().await,
            None => self.stop(grace).await.1,
        }
    }

    fn charge(&self) -> Charge {
        let leader = self.leader.as_raw_nonzero().get();
        Charge::Group { leader, container: self.container.clone() }
    }

    /// Removes the container, kills the group, has both forgotten, and only then reaps the leader.
    fn clear(&mut self) {
        if self.cleared {
            return;
        }
        self.cleared = true;
        if let Some(container) = &self.container {
            remove_container(container, || self.exit().is_none());
        }
        #[cfg(target_os = "linux")]
        if self.keeper.take().is_some() {
            keeper::await_end(self.leader);
        }
        let _ = kill_process_group(self.leader, Signal::KILL);
        drop(self.guardian.forget(self.charge()));
        drop(self.child.wait());
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        self.clear();
    }
}

impl Output {
    fn drain(&self, pipe: Option<impl Read + Send + 'static>) -> Option<oneshot::Receiver<()>> {
        let (mut pipe, kept) = (pipe?, self.clone());
        let (reading, read) = oneshot::channel();
        thread::spawn(move || {
            let _reading = reading;
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = pipe.read(&mut buffer) {
                let mut kept = kept.0.lock().unwrap_or_else(PoisonError::into_inner);
                kept.extend(&buffer[..length]);
                let excess = kept.len().saturating_sub(KEPT);
                kept.drain(..excess);
            }
        });
        Some(read)
    }

    fn text(&self) -> String {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&kept.iter().copied().collect::<Vec<_>>()).trim().to_owned()
    }
}

/// The end of the process, once there is one.
fn await_exit(leader: Pid) -> watch::Receiver<Option<Exit>> {
    let (sender, receiver) = watch::channel(None);
    on_exit(leader, move |exit| _ = sender.send_replace(Some(exit)));
    receiver
}

/// Waits on a thread for the process to end, without reaping it, and tells `then` of it.
pub(crate) fn on_exit(leader: Pid, then: impl FnOnce(Exit) + Send + 'static) {
    thread::spawn(move || {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        let status = loop {
            match waitid(WaitId::Pid(leader), options) {
                Err(rustix::io::Errno::INTR) => {}
                other => break other.ok().flatten(),
            }
        };
        then(status.map_or(Exit::Status(-1), |status| match status.exit_status() {
            Some(code) => Exit::Status(code),
            None => Exit::Signal(status.terminating_signal().unwrap_or_default()),
        }));
    });
}
