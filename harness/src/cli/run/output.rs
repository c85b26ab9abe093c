//! Where a report goes: standard output, or a file that is written whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anstream::AutoStream;
use anstream::adapter::strip_bytes;
use thiserror::Error;

use super::Format;
use crate::whole_file;

/// Where a report goes.
pub(super) struct Output {
    file: Option<(Destination, Buffer)>,
}

/// What a report is written to.
enum Destination {
    /// A file, which is replaced.
    File(PathBuf),
    /// What cannot be replaced, as a pipe: open from the start, since what reads a pipe takes the
    /// first that writes to it leaving for the end.
    InPlace(File),
}

/// A file that a report cannot be written to.
#[derive(Debug, Error)]
#[error("cannot write `{}`: {source}", path.display())]
pub(super) struct Unwritable {
    path: PathBuf,
    source: io::Error,
}

/// A report on its way to a file: nothing is on the disk until it is whole, so that whatever ends
/// the run leaves an old file as it was, and no other.
#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Output {
    /// The file at `path`, or else standard output.
    ///
    /// # Errors
    ///
    /// No file can be written there, which is better known before the run than after it.
    pub(super) fn to(path: Option<&Path>) -> Result<Self, Unwritable> {
        let Some(path) = path else { return Ok(Self { file: None }) };
        let file = || Destination::File(path.to_owned());
        let destination = match in_place(path) {
            true => File::options().write(true).open(path).map(Destination::InPlace),
            false => tempfile::tempfile_in(whole_file::folder(path)).map(|_| file()),
        };
        match destination {
            Ok(destination) => Ok(Self { file: Some((destination, Buffer::default())) }),
            Err(source) => Err(Unwritable { path: path.to_owned(), source }),
        }
    }

    /// What a reporter writes to.
    pub(super) fn writer(&self) -> Box<dyn Write + Send> {
        match &self.file {
            None => Box::new(AutoStream::auto(io::stdout())),
            Some((_, buffer)) => Box::new(buffer.clone()),
        }
    }

    /// Whether the reader of standard output sees each target as it finishes.
    pub(super) fn is_read_here(&self, format: Format) -> bool {
        self.file.is_none() && matches!(format, Format::Text)
    }

    /// The report is whole: writes the file.
    ///
    /// # Errors
    ///
    /// It cannot be written; an old file is as it was.
    pub(super) fn keep(&self) -> io::Result<()> {
        let Some((destination, buffer)) = &self.file else { return Ok(()) };
        let styled = buffer.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = strip_bytes(&styled).into_vec();
        match destination {
            Destination::InPlace(file) => (&*file).write_all(&text),
            Destination::File(path) => {
                // A link stays a link.
                whole_file::write(&fs::canonicalize(path).unwrap_or_else(|_| path.clone()), &text)
            }
        }
    }
}

/// Whether `path` is something that cannot be replaced, as a pipe.
fn in_place(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|it| !it.is_file())
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
