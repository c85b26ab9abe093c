//! What mends a blocked fetch: what the server must answer, and the setting of a framework with
//! which it does.
//!
//! Both are data, in `hints.toml`: a remedy for each cause, and for each framework the hints that
//! its documentation has. Nothing that a server sent gets into them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The finding that a page may not read a header of an answer that it may read.
pub const HEADER_NOT_EXPOSED: &str = "header-not-exposed";

/// The finding that `Vary` does not name `Origin`.
pub const VARY_LACKS_ORIGIN: &str = "vary-lacks-origin";

/// What mends a failure.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Remedy {
    /// What the server must answer, or the page must do.
    pub text: &'static str,
    /// The setting of the framework that was named, where one is known to mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setting: Option<Setting>,
}

/// A setting of a framework.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Setting {
    /// The framework's name.
    pub framework: &'static str,
    /// The setting, as a line of configuration or code; its values are examples.
    pub line: &'static str,
    /// How it is meant.
    pub note: &'static str,
    /// Where it is documented.
    pub docs: &'static str,
}

/// A framework or library whose settings are known.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Framework {
    name: String,
    #[serde(default)]
    also: Vec<String>,
    what: String,
    docs: String,
    hint: Vec<Hint>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Hint {
    /// Causes, findings, and groups of them.
    mends: BTreeSet<String>,
    /// Only where this was answered; empty: whatever was.
    #[serde(default)]
    on: BTreeSet<Answer>,
    setting: String,
    note: String,
    docs: Option<String>,
}

/// The kinds of answers that a hint may be for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "kebab-case")]
enum Answer {
    Redirect,
    Error,
}

/// What stands in `hints.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hints {
    remedies: BTreeMap<String, String>,
    groups: BTreeMap<String, BTreeSet<String>>,
    framework: Vec<Framework>,
}

static HINTS: LazyLock<Hints> = LazyLock::new(|| {
    toml::from_str(include_str!("../hints.toml"))
        .expect("the hints are part of this crate, and a test reads them")
});

/// What mends the cause or finding of this slug, where the answer that decided, if there was one,
/// had this status; `None` where there is no such cause.
#[must_use]
pub fn remedy(
    slug: &str,
    status: Option<u16>,
    framework: Option<&'static Framework>,
) -> Option<Remedy> {
    let text = HINTS.remedies.get(slug)?;
    Some(Remedy { text, setting: framework.and_then(|it| it.setting(slug, status)) })
}

/// Every framework whose settings are known, in the order of the file.
#[must_use]
pub fn frameworks() -> &'static [Framework] {
    &HINTS.framework
}

/// The framework that goes by this name, whatever the case of its letters.
#[must_use]
pub fn framework(name: &str) -> Option<&'static Framework> {
    frameworks().iter().find(|it| it.names().any(|own| own.eq_ignore_ascii_case(name)))
}

/// The names of the `count` frameworks that are written most like `name`, the most like first.
#[must_use]
pub fn nearest(name: &str, count: usize) -> Vec<&'static str> {
    let name = name.to_ascii_lowercase();
    let distance = |it: &Framework| {
        it.names().map(|own| strsim::damerau_levenshtein(own, &name)).min().unwrap_or(usize::MAX)
    };
    let mut all: Vec<_> = frameworks().iter().map(|it| (distance(it), it.name())).collect();
    all.sort_by_key(|(distance, _)| *distance);
    all.into_iter().take(count).map(|(_, name)| name).collect()
}

impl Framework {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is, in words.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }

    /// The settings that mend the cause of this slug, each with the answers that it is for, in words:
    /// empty where it is for any.
    pub fn settings(&'static self, slug: &str) -> impl Iterator<Item = (String, Setting)> {
        self.hints(slug).map(|hint| (hint.when(), self.setting_of(hint)))
    }

    /// The setting that mends the cause where the answer had this status.
    fn setting(&'static self, slug: &str, status: Option<u16>) -> Option<Setting> {
        let answer = status.and_then(Answer::of);
        let fits = self.hints(slug).filter(|hint| {
            hint.on.is_empty() || answer.is_some_and(|answer| hint.on.contains(&answer))
        });
        // One that is for this very answer comes first.
        fits.max_by_key(|hint| !hint.on.is_empty()).map(|hint| self.setting_of(hint))
    }

    fn hints(&'static self, slug: &str) -> impl Iterator<Item = &'static Hint> {
        self.hint.iter().filter(move |hint| hint.mended().any(|mended| mended == slug))
    }

    fn setting_of(&'static self, hint: &'static Hint) -> Setting {
        Setting {
            framework: &self.name,
            line: &hint.setting,
            note: &hint.note,
            docs: hint.docs.as_ref().unwrap_or(&self.docs),
        }
    }

    /// Every name that it goes by.
    fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.name).chain(&self.also).map(String::as_str)
    }
}

impl Hint {
    /// The causes and findings that it mends, those of its groups among them.
    fn mended(&self) -> impl Iterator<Item = &str> {
        let of_groups = self.mends.iter().filter_map(|name| HINTS.groups.get(name)).flatten();
        let own = self.mends.iter().filter(|name| !HINTS.groups.contains_key(*name));
        own.chain(of_groups).map(String::as_str)
    }

    fn when(&self) -> String {
        self.on.iter().map(|answer| answer.words()).collect::<Vec<_>>().join(" or ")
    }
}

impl Answer {
    fn of(status: u16) -> Option<Self> {
        match status {
            301..=303 | 307 | 308 => Some(Self::Redirect),
            400.. => Some(Self::Error),
            _ => None,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Redirect => "a redirect",
            Self::Error => "an error",
        }
    }
}

#[cfg(test)]
mod tests;
