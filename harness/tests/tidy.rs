//! The invariants of ARCHITECTURE.md that a compiler cannot hold.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its data has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use corspec::remedy::framework;
use corspec::snapshot::of_no_target;
use corspec_targets::registry::Registry;

/// Which crates of this workspace each crate may depend on: arrows run one way.
const ARROWS: [(&str, &[&str]); 5] = [
    ("suite/fetch", &[]),
    ("suite/vectors", &["corspec-fetch"]),
    ("suite", &["corspec-fetch"]),
    ("targets", &["corspec-suite"]),
    ("harness", &["corspec-fetch", "corspec-suite", "corspec-targets", "corspec-vectors"]),
];

/// What the pure crates must not reach for: input, output, threads and clocks.
const IMPURE: [&str; 11] = [
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "SystemTime",
    "Instant::now",
    "std::env",
    "std::io",
    "tokio",
    "reqwest",
    "println!",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every file below `folder` with this extension, with its text.
fn files(folder: &Path, extension: &str) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|it| it == extension) {
            let text = fs::read_to_string(&path).unwrap();
            found.insert(path, text);
        }
    }
    found
}

fn rust(folder: &str) -> BTreeMap<PathBuf, String> {
    files(&root().join(folder), "rs")
}

/// A source file without its unit tests, which stand last.
fn without_tests(text: &str) -> &str {
    text.split_once("#[cfg(test)]").map_or(text, |(code, _)| code)
}

fn assert_none(problems: &[String]) {
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn crates_depend_along_the_arrows_only() {
    let mut problems = Vec::new();
    for (folder, allowed) in ARROWS {
        let manifest = fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap();
        let manifest: toml::Table = toml::from_str(&manifest).unwrap();
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let names = manifest.get(section).and_then(|it| it.as_table()).into_iter().flatten();
            for (name, _) in names {
                if name.starts_with("corspec") && !allowed.contains(&name.as_str()) {
                    problems.push(format!("{folder} has an arrow to {name} in [{section}]"));
                }
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn the_model_is_built_without_the_standard_library() {
    let lib = fs::read_to_string(root().join("suite/fetch/src/lib.rs")).unwrap();
    assert!(lib.contains("#![no_std]"));
    let std = rust("suite/fetch/src").into_iter().filter(|(_, text)| {
        let code = without_tests(text);
        code.contains("extern crate std") || code.contains("std::")
    });
    assert_none(&std.map(|(path, _)| path.display().to_string()).collect::<Vec<_>>());
}

#[test]
fn the_pure_crates_touch_nothing() {
    let mut problems = Vec::new();
    // The loader reads the folder that a user names; nothing else in the suite does. The packer
    // of vectors speaks to its library through the traits of `std::io`, in memory.
    let reads = |path: &Path| {
        path.ends_with("suite/src/load.rs") || path.ends_with("suite/vectors/src/corpus.rs")
    };
    let sources = ["suite/src", "suite/fetch/src", "suite/vectors/src"];
    let sources = sources.into_iter().flat_map(rust);
    for (path, text) in sources.filter(|(path, _)| !reads(path)) {
        let code = without_tests(&text);
        let code = code.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in code {
            if let Some(word) = IMPURE.iter().find(|word| line.contains(*word)) {
                problems.push(format!("{}: `{word}` in `{}`", path.display(), line.trim()));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn one_module_knows_both_the_model_and_the_transport() {
    let knows: Vec<_> = rust("harness/src")
        .into_iter()
        .filter(|(_, text)| {
            let code = without_tests(text);
            code.contains("corspec_fetch::fetch") && code.contains("crate::transport")
        })
        .map(|(path, _)| path.strip_prefix(root()).unwrap().display().to_string())
        .filter(|path| !path.starts_with("harness/src/driver"))
        .collect();
    assert_none(&knows);
}

#[test]
fn a_scenario_names_no_product() {
    let products = ["django", "express", "fastapi", "flask", "nginx", "spring", "axum", "gunicorn"];
    let mut problems = Vec::new();
    for (path, text) in files(&root().join("suite/scenarios"), "toml") {
        let text = text.to_lowercase();
        // A link to where practice is debated may lead to a product's tracker.
        let prose = text.lines().filter(|line| !line.contains("https://github.com/"));
        for line in prose {
            let mut words = line.split(|it: char| !it.is_ascii_alphanumeric());
            if let Some(product) = words.find(|word| products.contains(word)) {
                problems.push(format!("{}: names {product}: {line}", path.display()));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn a_target_names_no_scenario_but_in_its_known_failures() {
    let areas: Vec<_> = files(&root().join("suite/scenarios"), "toml")
        .into_keys()
        .map(|path| format!("\"{}/", path.file_stem().unwrap().to_string_lossy()))
        .collect();
    let mut problems = Vec::new();
    for (path, text) in files(&root().join("targets"), "toml") {
        let known = path.file_name().is_some_and(|name| name == "known.toml");
        if !known && areas.iter().any(|area| text.contains(area)) {
            problems.push(path.display().to_string());
        }
    }
    assert_none(&problems);
}

#[test]
fn a_target_whose_library_is_none_for_cors_blames_none() {
    let mut problems = Vec::new();
    for (path, text) in files(&root().join("targets"), "toml") {
        let manifest = path.with_file_name("target.toml");
        if path.file_name().is_none_or(|name| name != "known.toml") || !manifest.is_file() {
            continue;
        }
        let manifest: toml::Table = fs::read_to_string(manifest).unwrap().parse().unwrap();
        if manifest["library"].as_str().unwrap().contains("cors") {
            continue;
        }
        let reasons = text.lines().filter(|line| line.starts_with("reason"));
        let blamed = reasons.filter(|it| it.contains("the library") || it.contains("CORS_"));
        problems.extend(blamed.map(|line| format!("{}: {line}", path.display())));
    }
    assert_none(&problems);
}

#[test]
fn the_library_of_a_target_has_hints_unless_its_cors_is_not_its_own() {
    let mut without = BTreeSet::new();
    for (path, text) in files(&root().join("targets"), "toml") {
        if path.file_name().is_some_and(|name| name == "target.toml") {
            let manifest: toml::Table = text.parse().unwrap();
            let library = manifest["library"].as_str().unwrap().to_owned();
            without.extend(framework(&library).is_none().then_some(library));
        }
    }
    let without: Vec<_> = without.iter().map(String::as_str).collect();
    assert_eq!(without, ["corspec", "nginx proxy_cache", "varnish"]);
}

#[test]
fn every_source_file_says_what_it_is_and_is_no_longer_than_its_name_can_bear() {
    let mut problems = Vec::new();
    for folder in ["suite", "targets", "harness"] {
        for (path, text) in rust(folder) {
            let first = text.lines().find(|line| !line.starts_with("#!")).unwrap_or_default();
            if !first.starts_with("//!") {
                problems.push(format!("{}: no module doc", path.display()));
            }
            let lines = text.lines().count();
            if lines > 600 {
                problems.push(format!("{}: {lines} lines", path.display()));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn every_target_of_the_folder_has_its_manifest() {
    let folder = root().join("targets");
    let mut problems = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let known = path.join("known.toml").exists();
        if known && !path.join("target.toml").exists() {
            problems.push(format!("{}: known failures of no target", path.display()));
        }
    }
    assert_none(&problems);
}

#[test]
fn every_folder_of_snapshots_is_of_a_target() {
    let registry = Registry::discover(Some(&root().join("targets"))).unwrap();
    let is_target = |name: &str| registry.targets().iter().any(|target| target.id == name);
    assert_eq!(of_no_target(&root().join("snapshots"), is_target).unwrap(), []);
}

#[test]
fn versions_on_demand_are_pinned_by_their_digests() {
    let mut problems = Vec::new();
    let mut locks = 0;
    for entry in fs::read_dir(root().join("targets/faulty")).unwrap() {
        let folder = entry.unwrap().path();
        let Ok(manifest) = fs::read_to_string(folder.join("target.toml")) else { continue };
        let manifest: toml::Table = toml::from_str(&manifest).unwrap();
        for command in manifest["install"]["commands"].as_array().unwrap() {
            let words = command.as_array().unwrap().iter();
            let words: Vec<_> = words.map(|word| word.as_str().unwrap()).collect();
            let found = match () {
                () if words.contains(&"pip") => unpinned_by_pip(&folder, &words),
                () if words.contains(&"npm") => unpinned_by_npm(&folder, &words),
                () => continue,
            };
            problems.extend(found.iter().map(|it| format!("{}: {it}", folder.display())));
            locks += 1;
        }
    }
    assert!(locks > 0);
    assert_none(&problems);
}

/// What a command of `pip` installs without a version or a digest.
fn unpinned_by_pip(folder: &Path, words: &[&str]) -> Vec<String> {
    let lock = words.last().unwrap().replace("${target}", &folder.to_string_lossy());
    let lock = fs::read_to_string(lock).unwrap().replace("\\\n", " ");
    let requirements = lock.lines().filter(|it| !it.is_empty() && !it.starts_with('#'));
    let unpinned = requirements.filter(|it| !it.contains("==") || !it.contains("--hash=sha256:"));
    let unpinned = unpinned.map(str::to_owned);
    let asks = (!words.contains(&"--require-hashes")).then(|| words.join(" "));
    unpinned.chain(asks).collect()
}

/// What a command of `npm` installs without a digest.
fn unpinned_by_npm(folder: &Path, words: &[&str]) -> Vec<String> {
    let lock = fs::read_to_string(folder.join("package-lock.json")).unwrap();
    let lock: serde_json::Value = serde_json::from_str(&lock).unwrap();
    let packages =
        lock["packages"].as_object().unwrap().iter().filter(|(name, _)| !name.is_empty());
    let digest = |it: &serde_json::Value| it.as_str().is_some_and(|it| it.starts_with("sha512-"));
    let unpinned = packages.filter(|(_, it)| !digest(&it["integrity"]));
    let unpinned = unpinned.map(|(name, _)| name.clone());
    let asks = (!words.contains(&"ci")).then(|| words.join(" "));
    unpinned.chain(asks).collect()
}
