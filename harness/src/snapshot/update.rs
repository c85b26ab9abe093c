//! What becomes of a snapshot that differs: the meanings of insta's `INSTA_UPDATE`.

use std::fs;
use std::io;
use std::path::Path;

use crate::whole_file;

/// What becomes of a snapshot that differs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Update {
    /// Nothing: the files stay as they are.
    No,
    /// It is written beside the old one, with `.new` after its name, for review.
    New,
    /// The file is replaced.
    Always,
    /// A file that is missing is written; a changed one is as with `New`.
    Unseen,
}

impl Update {
    /// What the environment asks for: `INSTA_UPDATE`, or else `New`, but `No` where `CI` is set.
    ///
    /// # Errors
    ///
    /// `INSTA_UPDATE` is no word of insta's; the words that are.
    pub fn from_environment() -> Result<Self, String> {
        let word = std::env::var("INSTA_UPDATE").ok();
        let ci = std::env::var("CI").is_ok_and(|it| !matches!(it.as_str(), "" | "0" | "false"));
        Self::named(word.as_deref().unwrap_or("auto"), ci)
    }

    fn named(word: &str, ci: bool) -> Result<Self, String> {
        match word {
            "" | "auto" if ci => Ok(Self::No),
            "" | "auto" | "new" => Ok(Self::New),
            "always" | "force" | "1" => Ok(Self::Always),
            "unseen" => Ok(Self::Unseen),
            "no" => Ok(Self::No),
            other => Err(format!(
                "INSTA_UPDATE is `{other}`, use auto, always, new, unseen, force or no"
            )),
        }
    }

    /// Writes `text` for the snapshot at `path` where this asks for it, whole or not at all.
    /// Whether the file at `path` is as `text` then.
    pub(super) fn write(self, path: &Path, text: &str, missing: bool) -> io::Result<bool> {
        let replaces = match self {
            Self::No => return Ok(false),
            Self::New => false,
            Self::Always => true,
            Self::Unseen => missing,
        };
        let pending = path.with_extension("snap.new");
        fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
        whole_file::write(if replaces { path } else { &pending }, text)?;
        if replaces && pending.exists() {
            fs::remove_file(pending)?;
        }
        Ok(replaces)
    }
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::Update;

    #[test_case("auto", false => Some(Update::New); "a developer reviews")]
    #[test_case("auto", true => Some(Update::No); "CI only says")]
    #[test_case("always", true => Some(Update::Always); "a word outranks CI")]
    #[test_case("", false => Some(Update::New); "an empty word is none")]
    #[test_case("alwais", false => None; "an unknown word")]
    fn words_are_those_of_insta(word: &str, ci: bool) -> Option<Update> {
        Update::named(word, ci).ok()
    }
}
