//! The exit codes of the `corspec` binary: a documented, stable contract.

use std::process::{ExitCode, Termination};

use crate::event::{ResultKind, Summary};

/// How a run of the command ended, as the number that the shell sees.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Exit {
    /// Everything was as expected; for `fetch`, the page got a response.
    Expected,
    /// An unexpected failure or an unexpected pass; for `fetch`, the page got an error.
    Unexpected,
    /// Bad usage, configuration or scenario file; nothing was run.
    Usage,
    /// A target could not be installed, started or reached, or died.
    Target,
    /// Nothing was selected, or everything was not applicable or under a policy that was refused.
    Nothing,
    /// Verdicts were as expected, and snapshots differ.
    Snapshots,
    /// A fault of this program.
    Fault,
    /// The output could not be written.
    Output,
    /// The library refuses the policy; for `serve` alone, since for a run that is an answer.
    Refused,
    /// Interrupted by the user.
    Interrupted,
}

impl Exit {
    /// The number for the shell.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Expected => 0,
            Self::Unexpected => 1,
            Self::Usage => 2,
            Self::Target => 3,
            Self::Nothing => 4,
            Self::Snapshots => 5,
            Self::Fault => 70,
            Self::Output => 74,
            Self::Refused => 78,
            Self::Interrupted => 130,
        }
    }

    /// The one of two that is reported where both hold: the first of 130, 2, 70, 74, 3, 78, 4, 1, 5.
    #[must_use]
    pub fn or_worse(self, other: Self) -> Self {
        if self.rank() <= other.rank() { self } else { other }
    }

    /// How a run with these results ends; `absent` says that a target could not be asked.
    #[must_use]
    pub fn of(summary: Summary, absent: bool) -> Self {
        let count = |kind| summary.of(kind);
        let mut exit = Self::Expected;
        if count(ResultKind::Fail) + count(ResultKind::FixedUnexpectedly) > 0 {
            exit = exit.or_worse(Self::Unexpected);
        }
        if absent || count(ResultKind::TargetError) > 0 {
            exit = exit.or_worse(Self::Target);
        }
        if count(ResultKind::HarnessError) > 0 {
            exit = exit.or_worse(Self::Fault);
        }
        if exit == Self::Expected && summary.ran() == 0 {
            return Self::Nothing;
        }
        exit
    }

    fn rank(self) -> u8 {
        match self {
            Self::Interrupted => 0,
            Self::Usage => 1,
            Self::Fault => 2,
            Self::Output => 3,
            Self::Target => 4,
            Self::Refused => 5,
            Self::Nothing => 6,
            Self::Unexpected => 7,
            Self::Snapshots => 8,
            Self::Expected => 9,
        }
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self.code())
    }
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::{Exit, ResultKind, Summary};

    #[test_case(Exit::Unexpected, Exit::Target => Exit::Target; "a dead target outranks a failure")]
    #[test_case(Exit::Snapshots, Exit::Unexpected => Exit::Unexpected; "a failure outranks a snapshot")]
    #[test_case(Exit::Output, Exit::Fault => Exit::Fault; "our fault outranks unwritable output")]
    #[test_case(Exit::Target, Exit::Output => Exit::Output; "unwritable output outranks a dead target")]
    #[test_case(Exit::Expected, Exit::Snapshots => Exit::Snapshots; "anything outranks success")]
    fn the_worse_of_two_is_reported(one: Exit, other: Exit) -> Exit {
        assert_eq!(one.or_worse(other), other.or_worse(one));
        one.or_worse(other)
    }

    #[test_case(&[ResultKind::Pass], false => Exit::Expected; "a pass")]
    #[test_case(&[ResultKind::Pass, ResultKind::HarnessError], false => Exit::Fault; "a fault of ours")]
    #[test_case(&[ResultKind::Fail, ResultKind::HarnessError], true => Exit::Fault; "a fault of ours before all")]
    #[test_case(&[ResultKind::Fail, ResultKind::TargetError], false => Exit::Target; "a target before a failure")]
    #[test_case(&[ResultKind::Pass], true => Exit::Target; "an absent target")]
    #[test_case(&[ResultKind::KnownFailure], false => Exit::Expected; "a known failure")]
    #[test_case(&[ResultKind::NotApplicable], false => Exit::Nothing; "nothing asked")]
    #[test_case(&[ResultKind::Pass, ResultKind::RefusedConfig], false => Exit::Expected; "a refused policy is an answer")]
    #[test_case(&[ResultKind::RefusedConfig], false => Exit::Nothing; "nothing but refused policies")]
    fn a_run_ends_as_its_worst_result(results: &[ResultKind], absent: bool) -> Exit {
        let mut summary = Summary::default();
        results.iter().for_each(|it| summary.count(*it));
        Exit::of(summary, absent)
    }
}
