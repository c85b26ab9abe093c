//! `--format ndjson`: one event a line, as it happens.

use std::io::{self, Write};

use crate::escape::json_line;
use crate::event::Event;
use crate::report::Reporter;

/// Writes each event as a line of JSON.
#[derive(Debug)]
pub struct Ndjson<W> {
    out: W,
}

impl<W: Write + Send> Ndjson<W> {
    /// Writes to `out`, flushed after each line.
    pub fn new(out: W) -> Self {
        Self { out }
    }
}

impl<W: Write + Send> Reporter for Ndjson<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        if matches!(event, Event::Progress { .. } | Event::Note(_)) {
            return Ok(());
        }
        let line = serde_json::to_value(event)?;
        writeln!(self.out, "{}", json_line(&line))?;
        self.out.flush()
    }
}
