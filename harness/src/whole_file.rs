//! Files that are there whole or not at all.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Writes `bytes` to the file at `path`, or leaves what was there. A file that was there keeps its
/// permissions.
///
/// # Errors
///
/// The folder is not there, or cannot be written to.
pub(crate) fn write(path: &Path, bytes: impl AsRef<[u8]>) -> io::Result<()> {
    let old = fs::metadata(path).map(|it| it.permissions());
    let permissions = old.unwrap_or_else(|_| fs::Permissions::from_mode(0o644));
    let mut builder = tempfile::Builder::new();
    let mut file = builder.permissions(permissions).tempfile_in(folder(path))?;
    file.write_all(bytes.as_ref())?;
    file.persist(path)?;
    Ok(())
}

/// The folder that `path` is in.
pub(crate) fn folder(path: &Path) -> &Path {
    path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
