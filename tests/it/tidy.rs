//! The rules of the repository that the compiler does not check. Each is stated in
//! CONTRIBUTING.md.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use planc_ir::CODES;
use planc_passes::pipeline::{ANALYZE, BLOCKS, NORMALIZE};

/// No file is longer than this, in lines.
const LONGEST: usize = 800;
/// Nine files in ten are no longer than this, in lines.
const LONG: usize = 400;
/// Names that say nothing of what a file holds.
const EMPTY_NAMES: [&str; 9] =
    ["util", "utils", "common", "helper", "helpers", "manager", "managers", "misc", "shared"];

/// Which of our crates each crate may use. The root package, `planc`, may use them all.
const LAYERS: [(&str, &[&str]); 7] = [
    ("ir", &[]),
    ("frontend", &["planc-ir"]),
    ("passes", &["planc-ir"]),
    ("artifacts", &["planc-ir"]),
    ("backend", &["planc-ir"]),
    ("conformance", &["planc-ir", "planc-passes", "planc-backend"]),
    ("proof", &["planc-ir", "planc-frontend", "planc-passes"]),
];

/// Which crates may name these dependencies, so that a change of library touches one crate.
const GUARDED: [(&str, &[&str]); 4] = [
    ("deltalake", &["backend"]),
    ("polyglot-sql", &["frontend"]),
    ("sqlparser", &["frontend", "proof"]),
    ("object_store", &["artifacts", "backend"]),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn assert_none(what: &str, offenders: &[String]) {
    assert!(offenders.is_empty(), "{what}:\n  {}", offenders.join("\n  "));
}

#[test]
fn crates_depend_downwards_only() {
    let mut offenders = Vec::new();
    let layers: BTreeMap<_, _> = LAYERS.into_iter().collect();
    for (folder, dependencies) in all_dependencies() {
        for dependency in &dependencies {
            let ours = dependency.starts_with("planc");
            let allowed = folder == "." || layers[folder.as_str()].contains(&dependency.as_str());
            if ours && !allowed {
                offenders.push(format!("{folder}/Cargo.toml names {dependency}"));
            }
        }
    }
    assert_none(
        "ir is below frontend, passes, artifacts and backend, and siblings are strangers",
        &offenders,
    );
}

#[test]
fn guarded_dependencies_stay_in_their_crates() {
    let mut offenders = Vec::new();
    for (folder, dependencies) in all_dependencies() {
        for (guarded, owners) in GUARDED {
            if dependencies.contains(guarded) && !owners.contains(&folder.as_str()) {
                offenders
                    .push(format!("{folder}/Cargo.toml names {guarded}, which is for {owners:?}"));
            }
        }
    }
    assert_none("dependencies outside their crates", &offenders);
}

#[test]
fn files_are_small() {
    let mut lengths: Vec<(usize, String)> = files("rs")
        .iter()
        .map(|path| (fs::read_to_string(path).unwrap().lines().count(), shown(path)))
        .collect();
    lengths.sort();
    let named = |limit: usize| -> Vec<String> {
        let long = lengths.iter().rev().filter(|(lines, _)| *lines > limit);
        long.map(|(lines, path)| format!("{path}: {lines} lines")).collect()
    };
    assert_none(&format!("files of more than {LONGEST} lines"), &named(LONGEST));
    let long = named(LONG);
    assert!(
        long.len() * 10 <= lengths.len(),
        "{} of {} files have more than {LONG} lines, which is over one in ten:\n  {}",
        long.len(),
        lengths.len(),
        long.join("\n  ")
    );
}

#[test]
fn names_say_what_is_inside() {
    let mut offenders = Vec::new();
    for path in files("") {
        let relative = shown(&path);
        let parts = relative.split('/').map(|part| part.split('.').next().unwrap_or(part));
        if parts.clone().any(|part| EMPTY_NAMES.contains(&part)) {
            offenders.push(relative.clone());
        }
    }
    assert_none("files or folders with names that say nothing", &offenders);
}

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let pages: BTreeSet<String> = files("md")
        .into_iter()
        .filter(|path| path.parent() == Some(&root().join("ir/src/codes")))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    let codes: BTreeSet<String> = CODES.iter().map(|code| code.id.to_owned()).collect();
    assert_eq!(pages, codes, "the files of ir/src/codes and the table of ir/src/code.rs");
}

#[test]
fn passes_modules_and_golden_files_agree() {
    let stems = |folder: &str, extension: &str| -> BTreeSet<String> {
        let folder = root().join(folder);
        let inside = files(extension).into_iter().filter(|path| path.parent() == Some(&folder));
        inside.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect()
    };
    let listed: Vec<String> =
        ANALYZE.iter().chain(NORMALIZE).map(|pass| pass.name.to_owned()).collect();
    let blocks = BLOCKS.iter().map(|pass| pass.name.to_owned());
    let listed: BTreeSet<String> = listed.into_iter().chain(blocks).collect();
    let mut modules = stems("passes/src/rewrite", "rs");
    modules.remove("mod");
    assert_eq!(modules, listed, "the modules of passes/src/rewrite and the list of pipeline.rs");

    let golden = stems("golden/rewrite", "md");
    let orphans: Vec<_> = golden.difference(&listed).cloned().collect();
    assert_none("files of golden/rewrite that belong to no pass", &orphans);
    let missing: Vec<_> = listed.difference(&golden).cloned().collect();
    assert_none("passes without golden/rewrite/PASS.md", &missing);
}

/// Every dependency of every crate of the workspace, by the crate's folder (`.` is the root
/// package): normal, dev and build ones, of all targets, by their names on crates.io.
fn all_dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let workspace = manifest(".");
    let members = workspace["workspace"]["members"].as_array().unwrap();
    let folders = members.iter().map(|member| member.as_str().unwrap().to_owned());
    let listed: BTreeSet<String> = folders.clone().collect();
    let known: BTreeSet<String> = LAYERS.iter().map(|(folder, _)| (*folder).to_owned()).collect();
    assert_eq!(listed, known, "the workspace's members and the layers of this test");
    folders
        .chain([".".to_owned()])
        .map(|folder| {
            let mut names = BTreeSet::new();
            let manifest = manifest(&folder);
            add_dependencies(&manifest, &mut names);
            if let Some(targets) = manifest.get("target").and_then(toml::Value::as_table) {
                for target in targets.values() {
                    add_dependencies(target.as_table().unwrap(), &mut names);
                }
            }
            (folder, names)
        })
        .collect()
}

fn add_dependencies(table: &toml::Table, names: &mut BTreeSet<String>) {
    for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
        let Some(section) = table.get(section).and_then(toml::Value::as_table) else { continue };
        for (key, value) in section {
            let renamed = value.get("package").and_then(toml::Value::as_str);
            names.insert(renamed.unwrap_or(key).to_owned());
        }
    }
}

fn manifest(folder: &str) -> toml::Table {
    let path = root().join(folder).join("Cargo.toml");
    fs::read_to_string(&path).unwrap().parse().unwrap()
}

/// The repository's files with this extension, or all of them where it is empty. Hidden
/// folders, build folders and demo projects are left out.
fn files(extension: &str) -> Vec<PathBuf> {
    let skipped = |name: &str| name.starts_with('.') || name == "target" || name == "planc-demo";
    walkdir::WalkDir::new(root())
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || !skipped(&entry.file_name().to_string_lossy()))
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .filter(|path| {
            extension.is_empty() || path.extension().is_some_and(|found| found == extension)
        })
        .collect()
}

/// A path as messages show it: from the root, with `/` between the parts.
fn shown(path: &Path) -> String {
    let relative = path.strip_prefix(root()).unwrap();
    relative
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect::<Vec<_>>()
        .join("/")
}
