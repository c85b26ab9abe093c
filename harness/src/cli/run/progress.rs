//! How far a run is, on standard error: a bar for each target on a terminal, else a line for each
//! target that is finished.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::sync::{Mutex, PoisonError};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};

use crate::escape::for_terminal;
use crate::event::Event;

/// How a bar looks.
const STYLE: &str = "{prefix} {bar:24} {pos}/{len} {msg}";

/// A consumer of progress events.
pub(super) struct Progress {
    terminal: MultiProgress,
    bars: Mutex<BTreeMap<String, ProgressBar>>,
    /// Whether lines are said where there is no terminal.
    lines: bool,
}

impl Progress {
    /// On standard error. `quiet`: without lines where that is no terminal, for whoever reads the
    /// report as it comes sees the same.
    pub(super) fn on_stderr(quiet: bool) -> Self {
        Self::on(ProgressDrawTarget::stderr(), !quiet)
    }

    fn on(target: ProgressDrawTarget, lines: bool) -> Self {
        let lines = lines && target.is_hidden();
        let terminal = MultiProgress::with_draw_target(target);
        Self { terminal, bars: Mutex::default(), lines }
    }

    /// Takes the event, and has `report` do so, with the bars out of the way.
    pub(super) fn aside<T>(&self, event: &Event, report: impl FnOnce() -> T) -> T {
        match event {
            Event::Progress { target, policy, done, of } => {
                self.reach(target, policy, (*done, *of));
                report()
            }
            Event::Target(target) => {
                if let Some(bar) = self.bars().remove(&target.id) {
                    self.terminal.remove(&bar);
                    self.say(&format!("{}: {} cases", target.id, bar.position()));
                }
                self.terminal.suspend(report)
            }
            Event::Note(note) => self.terminal.suspend(|| {
                // Where standard error is gone, nothing is lost but a note.
                let _ = writeln!(io::stderr(), "note: {}", for_terminal(note));
                report()
            }),
            Event::RunStarted { .. } | Event::Result(_) | Event::RunFinished { .. } => {
                self.terminal.suspend(report)
            }
        }
    }

    /// Takes the bars away.
    pub(super) fn clear(&self) {
        // Where the terminal is gone, so are they.
        let _ = self.terminal.clear();
    }

    fn reach(&self, target: &str, policy: &str, (done, of): (usize, usize)) {
        let mut bars = self.bars();
        let bar = bars.entry(target.to_owned()).or_insert_with(|| {
            let style = ProgressStyle::with_template(STYLE);
            let bar = ProgressBar::new(of as u64)
                .with_prefix(target.to_owned())
                .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
                .with_finish(ProgressFinish::AndClear);
            self.terminal.add(bar)
        });
        if bar.message() != policy {
            bar.set_message(policy.to_owned());
        }
        bar.set_position(done as u64);
    }

    fn say(&self, line: &str) {
        if self.lines {
            // Progress that nobody can read is none.
            let _ = writeln!(io::stderr(), "{line}");
        }
    }

    fn bars(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, ProgressBar>> {
        self.bars.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use indicatif::{InMemoryTerm, ProgressDrawTarget};

    use super::Progress;
    use crate::event::{Event, Summary};

    fn reach(done: usize, policy: &str) -> Event {
        let (target, policy) = ("a@b".to_owned(), policy.to_owned());
        Event::Progress { target, policy, done, of: 40 }
    }

    #[test]
    fn a_bar_shows_the_target_its_cases_and_the_policy() {
        let terminal = InMemoryTerm::new(10, 80);
        let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
        let progress = Progress::on(target, true);
        progress.aside(&reach(10, "public"), || ());
        progress.aside(&reach(20, "single"), || ());
        let shown = terminal.contents();
        assert!(shown.starts_with("a@b ") && shown.ends_with(" 20/40 single"), "{shown}");
        let finished = Event::RunFinished { summary: Summary::default() };
        let while_reported = progress.aside(&finished, || terminal.contents());
        assert_eq!(while_reported, "", "the bars are out of the way of the report");
        progress.clear();
        assert_eq!(terminal.contents(), "");
    }
}
