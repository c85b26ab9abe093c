//! Whether a tool that a target needs is on this machine.

use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

use crate::manifest::Need;
use crate::process::{Exit, on_exit};

/// How long a check may take. It asks for a version and not for work.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a check has shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Check {
    /// The tool is there.
    Met,
    /// It is not there, or not good enough.
    Unmet,
    /// The check did not end in time, and was ended.
    Hung,
}

/// Runs the check of `need`.
pub(crate) fn check(need: &Need) -> Check {
    check_within(need, PATIENCE)
}

impl Need {
    /// How what is missing is called after `check`.
    pub(crate) fn missing(&self, check: Check) -> String {
        match check {
            Check::Met | Check::Unmet => self.tool.clone(),
            Check::Hung => {
                let (tool, command) = (&self.tool, self.check.join(" "));
                format!("{tool} (`{command}` did not end within {} s)", PATIENCE.as_secs())
            }
        }
    }
}

fn check_within(need: &Need, patience: Duration) -> Check {
    let [program, arguments @ ..] = need.check.as_slice() else { return Check::Unmet };
    let spawned = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn();
    let Ok(mut child) = spawned else { return Check::Unmet };
    let leader = Pid::from_child(&child);
    let (ending, end) = mpsc::channel();
    // Nobody listens any more where it came too late.
    on_exit(leader, move |exit| _ = ending.send(exit));
    let ended = end.recv_timeout(patience);
    // What is left of the group is not needed any more, and the leader is not reaped yet.
    let _ = kill_process_group(leader, Signal::KILL);
    drop(child.wait());
    match ended {
        Ok(Exit::Status(0)) => Check::Met,
        Ok(_) => Check::Unmet,
        Err(_) => Check::Hung,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(script: &str) -> Need {
        Need {
            tool: "a tool".to_owned(),
            check: ["sh", "-c", script].map(str::to_owned).into(),
            get: "apt install a-tool".to_owned(),
        }
    }

    #[test]
    fn a_status_tells() {
        assert_eq!(check(&need("exit 0")), Check::Met);
        assert_eq!(check(&need("exit 1")), Check::Unmet);
        assert_eq!(check(&need("kill -9 $$")), Check::Unmet);
    }

    #[test]
    fn a_check_without_end_is_ended_and_said() {
        let hung = need("sleep 1000; exit 0");
        assert_eq!(check_within(&hung, Duration::ZERO), Check::Hung);
        let said = "a tool (`sh -c sleep 1000; exit 0` did not end within 10 s)";
        assert_eq!(hung.missing(Check::Hung), said);
    }
}
