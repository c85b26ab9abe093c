//! Which targets there are: the folders of `targets/`, and the built-in `reference`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use miette::Diagnostic;
use thiserror::Error;

use crate::manifest::{Manifest, ManifestError};
use crate::need::{self, Check};
use crate::route;

/// The id of the target that is part of corspec and runs in its process.
pub const REFERENCE: &str = "reference";

/// The folder below that of the targets whose own folders are targets too, but run on demand only: versions with a
/// published fault, and those that mended it. The id of such a target has it in front: `faulty/litestar-2.19.0`.
pub const ON_DEMAND: &str = "faulty";

/// All targets, by id.
#[derive(Clone, Debug)]
pub struct Registry {
    folder: Result<PathBuf, NoFolder>,
    targets: Vec<Target>,
}

/// That no folder of targets was found.
#[derive(Clone, Debug)]
struct NoFolder {
    /// The folder in which, and above which, it was looked for.
    from: PathBuf,
}

/// A server that can be tested.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its permanent name: that of its folder, with [`ON_DEMAND`] in front where it is within that one.
    pub id: String,
    /// What its `target.toml` says.
    pub manifest: Manifest,
    /// Its folder; `None` for the built-in target.
    pub folder: Option<PathBuf>,
}

/// Whether a target can run on this machine.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Availability {
    /// It can.
    Available,
    /// It cannot: these tools are missing.
    Unavailable {
        /// The missing tools, in the manifest's order.
        missing: Vec<String>,
        /// How to get them.
        how: String,
    },
}

/// Why the targets cannot be listed, or one of them not be found.
#[derive(Debug, Diagnostic, Error)]
pub enum RegistryError {
    /// A file or folder could not be read.
    #[error("could not read `{}`", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A manifest is wrong.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Manifest(#[from] ManifestError),
    /// There is no target of that id.
    #[error("there is no target `{id}`")]
    Unknown {
        /// What was asked for.
        id: String,
        /// What may have been meant.
        #[help]
        help: String,
    },
    /// There is no target of that id, since there is no folder of targets.
    #[error("there is no target `{id}`: without a folder of targets there is `reference` alone")]
    #[diagnostic(help(
        "`targets/*/target.toml` was looked for in `{}` and in every folder above it; run corspec in a clone of its \
         repository, or where there is such a folder of your own",
        from.display()
    ))]
    NoFolder {
        /// What was asked for.
        id: String,
        /// The folder in which, and above which, targets were looked for.
        from: PathBuf,
    },
    /// The target has no variant of that name.
    #[error("target `{id}` has no variant `{variant}`")]
    UnknownVariant {
        /// The target.
        id: String,
        /// What was asked for.
        variant: String,
    },
}

impl Registry {
    /// Reads the targets of `folder`, or else of the nearest `targets/` in the working directory
    /// and those above it. Without any there is the reference alone.
    ///
    /// # Errors
    ///
    /// When a folder cannot be read or a manifest is wrong.
    pub fn discover(folder: Option<&Path>) -> Result<Self, RegistryError> {
        let folder = match folder {
            Some(folder) => Ok(folder.to_owned()),
            None => nearest_targets_folder(),
        };
        let mut targets = vec![reference()];
        if let Ok(folder) = &folder {
            targets.extend(read_targets(folder, "")?);
            let on_demand = folder.join(ON_DEMAND);
            if on_demand.is_dir() {
                targets.extend(read_targets(&on_demand, &format!("{ON_DEMAND}/"))?);
            }
        }
        targets.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(Self { folder, targets })
    }

    /// The folder that the targets were read from; `None` where the reference is all there is.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref().ok()
    }

    /// All targets, sorted by id.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// Those that are asked where none is named, sorted by id: all but those that run on demand.
    pub fn usual(&self) -> impl Iterator<Item = &Target> {
        self.targets.iter().filter(|target| !target.is_on_demand())
    }

    /// The target `id`.
    ///
    /// # Errors
    ///
    /// When there is none: with the nearest id there is, or with where a folder of targets was looked for in vain.
    pub fn target(&self, id: &str) -> Result<&Target, RegistryError> {
        self.targets.iter().find(|target| target.id == id).ok_or_else(|| {
            let id = id.to_owned();
            if let Err(NoFolder { from }) = &self.folder {
                return RegistryError::NoFolder { id, from: from.clone() };
            }
            let nearest = self
                .targets
                .iter()
                .min_by_key(|target| strsim::damerau_levenshtein(&id, &target.id))
                .map_or(REFERENCE, |target| &target.id);
            RegistryError::Unknown { id, help: format!("did you mean `{nearest}`?") }
        })
    }
}

impl Target {
    /// Whether it runs within corspec's own process.
    pub fn is_builtin(&self) -> bool {
        self.folder.is_none()
    }

    /// Whether it runs on demand only, so that what it answers is not on record.
    pub fn is_on_demand(&self) -> bool {
        is_on_demand(&self.id)
    }

    /// The path template of each route that it serves, by the route's name.
    pub fn routes(&self) -> BTreeMap<String, String> {
        let path = |name: &String| Some((name.clone(), route::path(name)?.to_owned()));
        self.manifest.routes.iter().filter_map(path).collect()
    }

    /// What else it can do that a scenario may require.
    pub fn other_abilities(&self) -> &BTreeSet<String> {
        &self.manifest.abilities
    }

    /// Whether this machine has what the target, or its `variant`, needs. Runs the manifest's checks.
    ///
    /// # Errors
    ///
    /// When there is no such variant.
    pub fn availability(&self, variant: Option<&str>) -> Result<Availability, RegistryError> {
        let needs = match variant {
            None => &self.manifest.needs,
            Some(name) => match self.manifest.variants.get(name) {
                Some(variant) => &variant.needs,
                None => {
                    let variant = name.to_owned();
                    return Err(RegistryError::UnknownVariant { id: self.id.clone(), variant });
                }
            },
        };
        let checked = needs.iter().map(|need| (need, need::check(need)));
        let missing: Vec<_> = checked.filter(|(_, check)| *check != Check::Met).collect();
        if missing.is_empty() {
            return Ok(Availability::Available);
        }
        let how: Vec<_> = missing.iter().map(|(need, _)| need.get.as_str()).collect();
        Ok(Availability::Unavailable {
            how: how.join("; "),
            missing: missing.iter().map(|(need, check)| need.missing(*check)).collect(),
        })
    }
}

/// Whether the target of this id runs on demand only.
pub fn is_on_demand(id: &str) -> bool {
    id.split_once('/').is_some_and(|(folder, _)| folder == ON_DEMAND)
}

fn nearest_targets_folder() -> Result<PathBuf, NoFolder> {
    let here = env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    let found = here.ancestors().map(|folder| folder.join("targets")).find(|folder| {
        let mut entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.any(|entry| entry.path().join("target.toml").is_file())
    });
    found.ok_or(NoFolder { from: here })
}

/// The targets that are folders within `folder`; `prefix` stands before the names of these in their ids.
fn read_targets(folder: &Path, prefix: &str) -> Result<Vec<Target>, RegistryError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| RegistryError::Read { path, source }
    };
    let folder = fs::canonicalize(folder).map_err(unreadable(folder))?;
    let mut targets = Vec::new();
    for entry in fs::read_dir(&folder).map_err(unreadable(&folder))? {
        let folder = entry.map_err(unreadable(&folder))?.path();
        let path = folder.join("target.toml");
        let Some(name) = folder.file_name().and_then(|name| name.to_str()) else { continue };
        let id = format!("{prefix}{name}");
        if id == REFERENCE || !path.is_file() {
            continue;
        }
        let text = fs::read_to_string(&path).map_err(unreadable(&path))?;
        let manifest = Manifest::parse(&path.to_string_lossy(), &text)?;
        targets.push(Target { id, manifest, folder: Some(folder) });
    }
    Ok(targets)
}

fn reference() -> Target {
    let manifest =
        Manifest::parse("reference/target.toml", include_str!("../reference/target.toml"))
            .expect("the manifest is part of this crate, and a test reads it");
    Target { id: REFERENCE.to_owned(), manifest, folder: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Need;

    #[test]
    fn every_manifest_of_the_project_is_read() {
        let registry = Registry::discover(Some(Path::new(env!("CARGO_MANIFEST_DIR")))).unwrap();
        let ids: Vec<_> = registry.usual().map(|target| target.id.as_str()).collect();
        assert_eq!(
            ids,
            [
                "django-cors-headers",
                "django-late-middleware",
                "django-manual-headers",
                "nginx-cache",
                "reference",
                "varnish-cache",
            ]
        );
    }

    #[test]
    fn a_version_with_a_published_fault_is_found_by_name_only() {
        let registry = Registry::discover(Some(Path::new(env!("CARGO_MANIFEST_DIR")))).unwrap();
        let target = registry.target("faulty/litestar-2.19.0").unwrap();
        assert!(target.folder.as_ref().unwrap().ends_with("faulty/litestar-2.19.0"));
        assert!(target.is_on_demand());
        assert!(registry.usual().all(|usual| usual.id != target.id));
    }

    #[test]
    fn an_unknown_id_gets_the_nearest_one() {
        let registry = Registry::discover(Some(Path::new(env!("CARGO_MANIFEST_DIR")))).unwrap();
        let error = registry.target("referense").unwrap_err();
        let help = Diagnostic::help(&error).unwrap().to_string();
        assert!(help.contains("`reference`"), "{help}");
    }

    #[test]
    fn the_reference_serves_every_route() {
        assert_eq!(reference().routes().len(), route::ROUTES.len());
    }

    #[test]
    fn a_missing_tool_is_named_with_how_to_get_it() {
        let mut target = reference();
        target.manifest.needs = vec![Need {
            tool: "a tool".to_owned(),
            check: vec!["no-such-program-of-corspec".to_owned()],
            get: "build it".to_owned(),
        }];
        let unavailable = Availability::Unavailable {
            missing: vec!["a tool".to_owned()],
            how: "build it".to_owned(),
        };
        assert_eq!(target.availability(None).unwrap(), unavailable);
    }
}
