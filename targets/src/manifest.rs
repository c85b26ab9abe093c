//! `target.toml`: what a target is, what it needs, and how it is installed and started.
//!
//! The keys are described for authors in `targets/README.md`. Unknown keys are errors.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use miette::{Diagnostic, NamedSource, SourceSpan};
use serde::Deserialize;
use thiserror::Error;

use crate::route;

/// How long a command that installs or builds may take where its manifest does not say.
const INSTALL_SECONDS: u64 = 900;

/// A target's manifest.
///
/// In every command `${target}` is the target's folder, `${install}` the folder that its install
/// commands fill, and `${image}` the tag of a variant's image; in a start command and its `env`,
/// `${host}` and `${port}` are where to listen, `${temp}` is a new folder that is removed once the
/// server has ended, and `${corspec}` the executable of corspec itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Manifest {
    /// The name that people know it by, as `Django + django-cors-headers`.
    pub name: String,
    /// The programming language of the server.
    pub language: String,
    /// The library or feature whose CORS is tested.
    pub library: String,
    /// Where that library lives.
    pub homepage: String,
    /// The tools it needs on this machine.
    #[serde(default)]
    pub needs: Vec<Need>,
    /// What to do once before it can start.
    #[serde(default)]
    pub install: Install,
    /// How it is started. Absent only for a server that is part of corspec.
    pub start: Option<Start>,
    /// Names of the [routes](crate::route) that it serves.
    pub routes: BTreeSet<String>,
    /// What else it can do that scenarios may require.
    #[serde(default)]
    pub abilities: BTreeSet<String>,
    /// Other ways to run the same target, by name.
    #[serde(default)]
    pub variants: BTreeMap<String, Variant>,
}

/// A tool that must be on the machine.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Need {
    /// What it is called in the report of what is missing.
    pub tool: String,
    /// A command that succeeds where the tool is present and good enough.
    pub check: Vec<String>,
    /// How to get it: a command or a sentence.
    pub get: String,
}

/// What is done once, before the first start.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Install {
    /// The commands, run in the target's folder in this order.
    #[serde(default)]
    pub commands: Vec<Vec<String>>,
    /// Files, relative to the target's folder, whose change asks for a new install.
    #[serde(default)]
    pub watch: Vec<String>,
    /// Seconds that each command may take; absent: 900.
    pub seconds: Option<u64>,
}

/// How the server is started.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Start {
    /// Program and arguments, run in the target's folder.
    pub command: Vec<String>,
    /// Environment variables that it gets beside the contract's own.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Seconds it may take until it is ready.
    #[serde(default = "default_ready_seconds")]
    pub ready_seconds: u64,
    /// Seconds between asking it to end and killing it.
    #[serde(default = "default_grace_seconds")]
    pub grace_seconds: u64,
}

/// Another way to run a target: as a container.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Variant {
    /// The tools that this variant needs instead of the target's own.
    #[serde(default)]
    pub needs: Vec<Need>,
    /// The container.
    pub container: Container,
}

/// A container that serves the target's app.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Container {
    /// The image's name, without a tag: the tag is the digest of what it is built from.
    pub image: String,
    /// The command that builds `${image}`. It is run before every start and should be quick when
    /// nothing has changed.
    pub build: Vec<String>,
    /// Seconds that building may take.
    #[serde(default = "default_build_seconds")]
    pub build_seconds: u64,
    /// The port that the app listens on within the container.
    pub port: u16,
    /// Environment variables that it gets beside the contract's own.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Seconds it may take until it is ready.
    #[serde(default = "default_ready_seconds")]
    pub ready_seconds: u64,
    /// Seconds between asking it to end and killing it.
    #[serde(default = "default_grace_seconds")]
    pub grace_seconds: u64,
}

/// A manifest that cannot be used, and where in it the trouble is.
#[derive(Debug, Diagnostic, Error)]
#[error("{message}")]
#[diagnostic(help("the keys are described in targets/README.md"))]
pub struct ManifestError {
    message: String,
    #[source_code]
    source_code: NamedSource<String>,
    #[label("here")]
    span: Option<SourceSpan>,
}

impl Install {
    /// How long each command may take.
    pub fn patience(&self) -> Duration {
        Duration::from_secs(self.seconds.unwrap_or(INSTALL_SECONDS))
    }
}

impl Manifest {
    /// Reads the manifest `text`; `name` is how errors call it.
    ///
    /// # Errors
    ///
    /// When the text is no TOML, has an unknown key, misses one, or names an unknown route.
    pub fn parse(name: &str, text: &str) -> Result<Self, ManifestError> {
        let error = |message: String, span: Option<SourceSpan>| {
            let source_code = NamedSource::new(name, text.to_owned()).with_language("toml");
            ManifestError { message, source_code, span }
        };
        let manifest: Self = toml::from_str(text)
            .map_err(|source| error(source.message().to_owned(), source.span().map(Into::into)))?;
        if let Some(unknown) = manifest.routes.iter().find(|name| route::path(name).is_none()) {
            let known: Vec<_> = route::ROUTES.iter().map(|(name, _)| *name).collect();
            let span =
                text.find(&format!("\"{unknown}\"")).map(|at| (at, unknown.len() + 2).into());
            let message = format!("unknown route `{unknown}`, use one of {}", known.join(", "));
            return Err(error(message, span));
        }
        let start = manifest.start.iter().map(|start| ("start.command", &start.command));
        let install = manifest.install.commands.iter().map(|command| ("install.commands", command));
        let build = manifest.variants.values().map(|it| ("container.build", &it.container.build));
        let check = manifest.needs.iter().map(|need| ("needs.check", &need.check));
        match start.chain(install).chain(build).chain(check).find(|(_, it)| it.is_empty()) {
            Some((key, _)) => Err(error(format!("`{key}` has an empty command"), None)),
            None => Ok(manifest),
        }
    }
}

fn default_build_seconds() -> u64 {
    INSTALL_SECONDS
}

fn default_ready_seconds() -> u64 {
    30
}

fn default_grace_seconds() -> u64 {
    5
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str =
        "name = 'A'\nlanguage = 'sh'\nlibrary = 'a'\nhomepage = 'https://a.example'\n";

    #[test]
    fn an_unknown_key_is_pointed_at() {
        let text = format!("{HEAD}routes = []\nruotes = []\n");
        let error = Manifest::parse("target.toml", &text).unwrap_err();
        let at = error.span.unwrap().offset();
        assert_eq!(&text[at..at + 6], "ruotes", "{error}");
    }

    #[test]
    fn an_unknown_route_is_pointed_at() {
        let text = format!("{HEAD}routes = [\"resource\", \"sesion\"]\n");
        let error = Manifest::parse("target.toml", &text).unwrap_err();
        let span = error.span.unwrap();
        assert_eq!(&text[span.offset()..span.offset() + span.len()], "\"sesion\"");
        assert!(error.message.contains("session"), "{error}");
    }

    #[test]
    fn an_empty_command_is_an_error() {
        let text = format!("{HEAD}routes = []\n[start]\ncommand = []\n");
        let error = Manifest::parse("target.toml", &text).unwrap_err();
        assert_eq!(error.message, "`start.command` has an empty command");
    }
}
