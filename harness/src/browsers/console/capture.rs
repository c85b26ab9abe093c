//! What browsers printed, as data, and what is said of it otherwise.

use std::collections::BTreeMap;

use corspec_vectors::vector::InvalidVector;
use serde::{Deserialize, Serialize};

use super::provocation::Provocation;
use super::replay::said;
use crate::browsers::engine::Engine;

/// The form of the file.
pub const SCHEMA: &str = "corspec-console/1";

/// What browsers printed.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Capture {
    /// The form of the file.
    pub schema: String,
    /// The browsers' versions.
    pub engines: BTreeMap<Engine, String>,
    /// What was heard, by the provocation's name and the browser.
    pub heard: BTreeMap<String, BTreeMap<Engine, Heard>>,
}

/// What came of a provocation in one browser.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Heard {
    /// What the page saw: the type and the status of a response, or the name of an error.
    pub seen: String,
    /// The lines of the console; the first says why.
    pub printed: Vec<String>,
}

/// Where this project says something else than a browser prints.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Disagreement {
    /// The provocation's name.
    pub id: String,
    /// The browser.
    pub engine: Engine,
    /// The cause, as the model has it.
    pub cause: Option<&'static str>,
    /// What is said that it prints.
    pub said: Option<String>,
    /// What it prints first.
    pub printed: Option<String>,
}

impl Heard {
    /// Whether the page got a response.
    #[must_use]
    pub fn is_response(&self) -> bool {
        self.seen.ends_with(|it: char| it.is_ascii_digit())
    }
}

impl Capture {
    /// Where this project says something else, among `provocations`.
    ///
    /// # Errors
    ///
    /// A provocation is none.
    pub fn disagreements(
        &self,
        provocations: &[&Provocation],
    ) -> Result<Vec<Disagreement>, InvalidVector> {
        let mut found = Vec::new();
        for provocation in provocations {
            for (engine, heard) in self.heard.get(&provocation.id).into_iter().flatten() {
                let model = said(provocation, engine.profile())?;
                // A line about a response is a warning, of which nothing is said here.
                if model.cause.is_none() && heard.is_response() {
                    continue;
                }
                let said = model.console.of(*engine).map(str::to_owned);
                let printed = heard.printed.first().cloned();
                if said != printed {
                    let (id, engine) = (provocation.id.clone(), *engine);
                    found.push(Disagreement { id, engine, cause: model.cause, said, printed });
                }
            }
        }
        Ok(found)
    }
}
