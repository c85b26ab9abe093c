//! Rules that are held against every answer of a run, whichever scenario asked for it.
//!
//! A scenario with a rule has a few requests of its own, and is judged over these and over the exchanges of all other
//! cases that the same run had with the same server under the same policy.

use crate::case::Case;
use crate::exchange::{Exchange, StepRecord};
use crate::grammar::GrammarRule;
use crate::judge::{Failure, Judgement, Verdict, judge_steps};
use crate::scenario::{Level, Scenario};
use crate::throughout::ThroughoutRule;
use crate::words::key;

/// What must hold of each answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunRule {
    /// How the header lines must look.
    Grammar(GrammarRule),
    /// What the policy has to say of the answer.
    Throughout(ThroughoutRule),
}

/// An exchange of another case in the same run.
#[derive(Clone, Copy, Debug)]
pub struct RunExchange<'a> {
    /// The scenario's id.
    pub scenario: &'a str,
    /// The exchange.
    pub exchange: &'a Exchange,
}

impl RunRule {
    /// The rule of `scenario`, where it has one.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Option<Self> {
        let throughout = scenario.throughout.map(Self::Throughout);
        scenario.grammar.map(Self::Grammar).or(throughout)
    }

    /// The key of the scenario format that it stands under.
    #[must_use]
    pub fn clause(self) -> &'static str {
        match self {
            Self::Grammar(_) => "grammar",
            Self::Throughout(_) => "throughout",
        }
    }

    /// Its name in the scenario format.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Grammar(rule) => key(&rule),
            Self::Throughout(rule) => key(&rule),
        }
    }

    /// What it asks, in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Grammar(rule) => rule.words(),
            Self::Throughout(rule) => rule.words(),
        }
    }

    fn offence(self, exchange: &Exchange, case: &Case) -> Option<String> {
        match self {
            Self::Grammar(rule) => rule.offence(exchange),
            Self::Throughout(rule) => rule.offence(exchange, case),
        }
    }
}

/// Judges a case as [`judge`](crate::judge::judge) does, and its rule, where it has one, also over the exchanges of the
/// `run`.
///
/// With the judgement comes the first exchange of the run that breaks the rule, where the case's own ones keep it.
#[must_use]
pub fn judge_over_run<'a>(
    case: &Case,
    records: &[StepRecord],
    run: &[RunExchange<'a>],
) -> (Judgement, Option<RunExchange<'a>>) {
    let mut judgement = judge_steps(case, records);
    let (Some(rule), Verdict::Pass { .. }) = (case.rule, &judgement.result) else {
        return (judgement, None);
    };
    let own = case.steps.iter().zip(records).find_map(|(step, record)| {
        let mut offences = record.exchanges.iter().filter_map(|it| rule.offence(it, case));
        Some((step.name.clone(), step.expect.line, offences.next()?, None))
    });
    let found = own.or_else(|| {
        run.iter().find_map(|offender| {
            let offence = rule.offence(offender.exchange, case)?;
            Some((offender.scenario.to_owned(), 0, offence, Some(*offender)))
        })
    });
    let Some((step, line, seen, offender)) = found else { return (judgement, None) };
    let (clause, expected) = (rule.clause().to_owned(), rule.words().to_owned());
    let failures = vec![Failure { step, clause, expected, seen, file: case.file.clone(), line }];
    match case.level {
        Level::Observe => judgement.observed = failures,
        Level::Must | Level::Should => {
            judgement.result = Verdict::Fail { direction: case.direction, failures };
        }
    }
    (judgement, offender)
}

#[cfg(test)]
mod tests;
