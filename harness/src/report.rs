//! Reporters: each turns the events of a run into one format.

use std::io;

use crate::event::Event;

pub mod agreement;
pub mod document;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod mutants;
pub mod ndjson;
pub mod text;

/// A consumer of a run's events.
pub trait Reporter: Send {
    /// Takes the next event.
    ///
    /// # Errors
    ///
    /// The output cannot be written.
    fn event(&mut self, event: &Event) -> io::Result<()>;

    /// The run was interrupted, and no event follows. A format that people read says so after what
    /// is known; one that machines read stays unfinished.
    ///
    /// # Errors
    ///
    /// The output cannot be written.
    fn interrupted(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
