//! Writing what a command has to say.

use std::io::{self, ErrorKind, Write as _};

use serde_json::Value;

use super::prepare::complain;
use crate::escape::json_line;
use crate::exit::Exit;

/// Writes `text` to standard output; `exit` is how the command ends where that can be done.
///
/// A reader that has read enough, as `head`, gets no complaint.
pub(super) fn print(text: &str, exit: Exit) -> Exit {
    let mut output = io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Ok(()) => exit,
        Err(error) => {
            if error.kind() != ErrorKind::BrokenPipe {
                complain(&format!("the output could not be written: {error}"));
            }
            Exit::Output
        }
    }
}

/// Writes `value` as one line of JSON.
pub(super) fn print_json(value: &Value) -> Exit {
    print(&(json_line(value) + "\n"), Exit::Expected)
}
