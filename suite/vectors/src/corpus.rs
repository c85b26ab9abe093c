//! The file of recordings: gzip of one JSON value a line, the first of which says how it was made.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};

use crate::replay::Recorded;
use crate::vector::Vector;

/// How the recordings of a file were made.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The form of the file.
    pub schema: String,
    /// What the vectors were made from.
    pub seed: u64,
    /// How often each was performed, the same every time.
    pub runs: u32,
    /// The version of each browser, by its name.
    pub engines: BTreeMap<String, String>,
    /// The headers of requests that were written down, where they are not those of today.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headers: Option<BTreeSet<String>>,
}

impl Origin {
    /// Leaves out of a recording made today what these recordings do not have.
    pub fn limit(&self, recorded: &mut Recorded) {
        let Some(known) = &self.headers else { return };
        for request in &mut recorded.wire {
            request.headers.retain(|name, _| known.contains(name));
        }
    }
}

/// The word for the form of these files.
pub const SCHEMA: &str = "corspec-vectors/1";

/// A vector, and what the browsers made of it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The vector.
    pub vector: Vector,
    /// What each browser made of it, by its name.
    pub recorded: BTreeMap<String, Recorded>,
}

/// A file of recordings.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Corpus {
    /// How they were made.
    pub origin: Origin,
    /// The vectors, in order.
    pub entries: Vec<Entry>,
}

/// A line as it stands in the file: browsers that made the same of a vector share it.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Line {
    vector: Vector,
    recorded: Vec<(Vec<String>, Recorded)>,
}

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CorpusError {
    /// It is no gzip of text.
    #[error("it cannot be unpacked: {0}")]
    Unpack(#[from] std::io::Error),
    /// A line is not what it should be.
    #[error("line {line}: {error}")]
    Line {
        /// The line's number, from 1.
        line: usize,
        /// What is wrong.
        error: serde_json::Error,
    },
    /// It is empty, or of another form.
    #[error("its form is not {SCHEMA}")]
    Form,
}

impl Corpus {
    /// The bytes of the file; the same for the same recordings.
    ///
    /// # Errors
    ///
    /// It cannot be packed.
    pub fn pack(&self) -> Result<Vec<u8>, CorpusError> {
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        let json = |line, it: serde_json::Result<String>| {
            it.map_err(|error| CorpusError::Line { line, error })
        };
        writeln!(packer, "{}", json(1, serde_json::to_string(&self.origin))?)?;
        for (index, entry) in self.entries.iter().enumerate() {
            writeln!(packer, "{}", json(index + 2, serde_json::to_string(&Line::of(entry)))?)?;
        }
        Ok(packer.finish()?)
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    ///
    /// They are not what [`Corpus::pack`] makes.
    pub fn unpack(bytes: &[u8]) -> Result<Self, CorpusError> {
        let mut text = String::new();
        GzDecoder::new(bytes).read_to_string(&mut text)?;
        let mut lines = text.lines();
        let first = lines.next().ok_or(CorpusError::Form)?;
        let wrong = |line, error| CorpusError::Line { line, error };
        let origin: Origin = serde_json::from_str(first).map_err(|error| wrong(1, error))?;
        if origin.schema != SCHEMA {
            return Err(CorpusError::Form);
        }
        let entries = lines.enumerate().map(|(index, text)| {
            let line: Line = serde_json::from_str(text).map_err(|error| wrong(index + 2, error))?;
            Ok(line.entry())
        });
        Ok(Self { origin, entries: entries.collect::<Result<_, CorpusError>>()? })
    }
}

impl Line {
    fn of(entry: &Entry) -> Self {
        let mut recorded: Vec<(Vec<String>, Recorded)> = Vec::new();
        for (engine, it) in &entry.recorded {
            match recorded.iter_mut().find(|(_, known)| known == it) {
                Some((engines, _)) => engines.push(engine.clone()),
                None => recorded.push((vec![engine.clone()], it.clone())),
            }
        }
        Self { vector: entry.vector.clone(), recorded }
    }

    fn entry(self) -> Entry {
        let each = self
            .recorded
            .into_iter()
            .flat_map(|(engines, it)| engines.into_iter().map(move |engine| (engine, it.clone())));
        Entry { recorded: each.collect(), vector: self.vector }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_packed_is_unpacked() {
        let one = Recorded { seen: vec![json!({"error": "TypeError"})], wire: vec![] };
        let other = Recorded { seen: vec![json!({"rejected": "TypeError"})], wire: vec![] };
        let recorded = [("a", &one), ("b", &other), ("c", &one)];
        let recorded = recorded.map(|(engine, it)| (engine.to_owned(), it.clone()));
        let vector = json!({"id": 7, "hops": [], "steps": [], "page": {"at": "B"}});
        let entry = Entry {
            vector: serde_json::from_value(vector).unwrap(),
            recorded: recorded.into_iter().collect(),
        };
        let origin = Origin {
            schema: SCHEMA.to_owned(),
            seed: 1,
            runs: 2,
            engines: BTreeMap::from([("a".to_owned(), "1.0".to_owned())]),
            headers: None,
        };
        let corpus = Corpus { origin, entries: vec![entry] };
        let packed = corpus.pack().unwrap();
        assert_eq!(packed, corpus.pack().unwrap());
        assert_eq!(Corpus::unpack(&packed).unwrap(), corpus);
    }

    #[test]
    fn anything_else_is_an_error() {
        assert!(matches!(Corpus::unpack(b"{}"), Err(CorpusError::Unpack(_))));
        let packed = |text: &str| {
            let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
            packer.write_all(text.as_bytes()).unwrap();
            packer.finish().unwrap()
        };
        assert!(matches!(Corpus::unpack(&packed("")), Err(CorpusError::Form)));
        let error = Corpus::unpack(&packed("{}")).unwrap_err();
        assert!(error.to_string().starts_with("line 1: "), "{error}");
    }
}
