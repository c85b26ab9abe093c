//! Installing a target, once for each content of its manifest and lock files.
//!
//! An install lives in `target/corspec/<id>-<digest>/` beside the targets' folder. A lock file
//! keeps concurrent runs apart, and a marker written last tells a whole install from one that was
//! interrupted, which is removed and done again.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::guardian::Guardian;
use crate::process::{Exit, ProcessGroup};
use crate::registry::Target;

const MARKER: &str = ".installed";

/// Why a target could not be installed.
#[derive(Debug, Error)]
pub enum InstallError {
    /// A file or folder is in the way.
    #[error("could not use `{}`", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A command could not be run, or failed.
    #[error("`{command}` failed: {reason}\n{output}")]
    Command {
        /// The command, as run.
        command: String,
        /// How it ended.
        reason: String,
        /// The end of what it wrote.
        output: String,
    },
}

/// Installs `target` unless its install is there already, and returns the folder of the install.
/// A built-in target has none, and a target without install commands an empty one.
///
/// # Errors
///
/// When a watched file cannot be read, the cache cannot be written, or a command fails or does not
/// end in time.
pub async fn install(target: &Target, guardian: &Guardian) -> Result<PathBuf, InstallError> {
    let Some(folder) = &target.folder else { return Ok(PathBuf::new()) };
    let cache = cache_folder(&target.id, folder);
    let name = format!("{}-{}", target.id.replace('/', "-"), digest(target)?);
    let (install, lock_path) = (cache.join(&name), cache.join(format!("{name}.lock")));
    if install.join(MARKER).is_file() {
        return Ok(install);
    }
    fs::create_dir_all(&cache).map_err(failed_at(&cache))?;
    let _lock = lock(&lock_path).await.map_err(failed_at(&lock_path))?;
    // Another run may have finished it while this one waited.
    if install.join(MARKER).is_file() {
        return Ok(install);
    }
    if install.exists() {
        fs::remove_dir_all(&install).map_err(failed_at(&install))?;
    }
    fs::create_dir_all(&install).map_err(failed_at(&install))?;
    for command in &target.manifest.install.commands {
        let command = render(command, &[("target", path(folder)), ("install", path(&install))]);
        execute(&command, folder, target.manifest.install.patience(), guardian).await?;
    }
    fs::write(install.join(MARKER), []).map_err(failed_at(&install))?;
    Ok(install)
}

/// The first 16 hexadecimal digits of the SHA-256 of the manifest and of every watched file.
pub(crate) fn digest(target: &Target) -> Result<String, InstallError> {
    let Some(folder) = &target.folder else { return Ok(String::new()) };
    let mut digest = Sha256::new();
    let watched = target.manifest.install.watch.iter().map(String::as_str);
    for name in ["target.toml"].into_iter().chain(watched) {
        let file = folder.join(name);
        let bytes = fs::read(&file).map_err(failed_at(&file))?;
        digest.update((name.len() as u64).to_be_bytes());
        digest.update(name);
        digest.update((bytes.len() as u64).to_be_bytes());
        digest.update(bytes);
    }
    Ok(digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect())
}

/// Puts the `values` in place of each `${name}` in the words of `command`.
pub(crate) fn render(command: &[String], values: &[(&str, String)]) -> Vec<String> {
    let fill = |word: &String| {
        values
            .iter()
            .fold(word.clone(), |word, (name, value)| word.replace(&format!("${{{name}}}"), value))
    };
    command.iter().map(fill).collect()
}

/// Runs `command` to its end, for which it has `patience`.
pub(crate) async fn execute(
    command: &[String],
    folder: &Path,
    patience: Duration,
    guardian: &Guardian,
) -> Result<(), InstallError> {
    let failed = |reason: String, output: String| InstallError::Command {
        command: command.join(" "),
        reason,
        output,
    };
    let process = ProcessGroup::start(command, &[], folder, guardian)
        .map_err(|error| failed(error.to_string(), String::new()))?;
    let reason = match tokio::time::timeout(patience, process.ended()).await {
        Ok(Exit::Status(0)) => return Ok(()),
        Ok(Exit::Status(status)) => format!("exit status {status}"),
        Ok(Exit::Signal(signal)) => format!("signal {signal}"),
        Err(_) => format!("it did not end within {} s", patience.as_secs()),
    };
    Err(failed(reason, process.settled_output().await))
}

/// A path as a word of a command.
pub(crate) fn path(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// The folder of installs, in the `target/` beside `targets/`, for the target `id` in `folder`: `targets/<id>`.
fn cache_folder(id: &str, folder: &Path) -> PathBuf {
    let project = folder.ancestors().nth(id.split('/').count() + 1).unwrap_or(folder);
    project.join("target").join("corspec")
}

/// Takes the lock, which is released when the file is closed.
async fn lock(path: &Path) -> io::Result<File> {
    let file = File::create(path)?;
    let locked = tokio::task::spawn_blocking(move || {
        flock(&file, FlockOperation::LockExclusive).map(|()| file)
    });
    Ok(locked.await.map_err(io::Error::other)??)
}

fn failed_at(path: &Path) -> impl FnOnce(io::Error) -> InstallError {
    let path = path.to_owned();
    move |source| InstallError::Io { path, source }
}
