//! No container outlives a run that is killed or interrupted, whether it was in the making or served.
//!
//! This asks a real Docker engine about the Django app's container. Where none answers the trials are ignored, unless
//! `CORSPEC_REQUIRE_DOCKER` is set: `scripts/with-docker.sh` brings one.

use std::env;
use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, ExitCode, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use libtest_mimic::{Arguments, Failed, Trial};
use rustix::process::{Pid, Signal, kill_process};

/// How long the engine is listened to. Nothing waits for it but a test that fails.
const PATIENCE: Duration = Duration::from_secs(600);

fn main() -> ExitCode {
    let trial = |name: &str, at, signal| {
        let trial = Trial::test(name, move || outlived_by_none(at, signal));
        trial.with_ignored_flag(!is_here() && env::var_os("CORSPEC_REQUIRE_DOCKER").is_none())
    };
    let mut arguments = Arguments::from_args();
    // Each run's events are told apart by their order.
    arguments.test_threads = Some(1);
    let trials = vec![
        trial("a_run_killed_while_its_container_is_made", "create", Signal::KILL),
        trial("a_run_killed_while_its_container_serves", "start", Signal::KILL),
        trial("a_run_interrupted_while_its_container_is_made", "create", Signal::INT),
        trial("a_run_interrupted_while_its_container_serves", "start", Signal::INT),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn is_here() -> bool {
    let mut docker = Command::new("docker");
    docker.arg("info").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    docker.status().is_ok_and(|status| status.success())
}

/// A run that gets `signal` when the engine tells of `moment` in the life of its container.
fn outlived_by_none(moment: &str, signal: Signal) -> Result<(), Failed> {
    let mut events = Events::listen()?;
    let mut run = Command::new(env!("CARGO_BIN_EXE_corspec"))
        .args(["run", "django-cors-headers@docker", "--policy", "public"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .stdout(Stdio::null())
        .spawn()?;
    let container = events.next_of(moment, "corspec-")?;
    kill_process(Pid::from_child(&run), signal)?;
    events.next_of("destroy", &container)?;
    let status = run.wait()?;
    assert_eq!(status.code(), (signal == Signal::INT).then_some(130), "{status}");
    Ok(())
}

/// What the engine tells of its containers.
struct Events {
    client: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Events {
    fn listen() -> Result<Self, Failed> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
        let mut client = Command::new("docker")
            .args(["events", "--filter", "type=container", "--format"])
            .arg("{{.Action}} {{.Actor.Attributes.name}}")
            .args(["--since", &format!("{}.{:09}", since.as_secs(), since.subsec_nanos())])
            .args(["--until", &(since + PATIENCE).as_secs().to_string()])
            .stdout(Stdio::piped())
            .spawn()?;
        let lines = BufReader::new(client.stdout.take().ok_or("no output")?).lines();
        Ok(Self { client, lines })
    }

    /// The name of the next container, of those whose name begins so, that this happens to.
    fn next_of(&mut self, action: &str, name: &str) -> Result<String, Failed> {
        for line in &mut self.lines {
            let line = line?;
            if let Some((what, whose)) = line.split_once(' ')
                && what == action
                && whose.starts_with(name)
            {
                return Ok(whose.to_owned());
            }
        }
        Err(format!("no `{action}` of a container `{name}`").into())
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        drop(self.client.kill());
        drop(self.client.wait());
    }
}
