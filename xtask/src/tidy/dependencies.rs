//! The dependency rule: who may depend on whom in the workspace, and what the core may use at all. It
//! reads what `cargo metadata` says and may not look at the disk.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Deserialize;

use super::Finding;

const RULE: &str = "dependency";

const HTTP: &str = "stockroom-http";
const CONFORMANCE: &str = "stockroom-conformance";
const CLOCK: &str = "stockroom-clock";

/// The adapters that speak with remote APIs as plain values.
const SPEAKERS: &[&str] = &["stockroom-shopify", "stockroom-wms", "stockroom-woocommerce"];

/// The feature that plants bugs for the simulation. The core's own tests alone may turn it on.
const PLANTED_BUGS: &str = "planted-bugs";

/// What the core may use. Each does no I/O in the way that the core uses it; a new one needs a reason.
const CORE_MAY_USE: &[&str] = &["itoa", "jiff", "rustc-hash", "schemars", "serde", "serde_json", "sha2"];

/// A package of the workspace.
#[derive(Debug)]
pub(super) struct Package {
    name: String,
    /// Its directory from the root, empty for the root itself.
    directory: String,
    dependencies: Vec<Dependency>,
    /// Its own features, with what each turns on.
    features: BTreeMap<String, Vec<String>>,
    /// The text of its manifest, to tell the line of a dependency.
    pub(super) manifest: String,
}

/// A dependency as its package declares it.
#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
    /// The name that the package uses instead.
    rename: Option<String>,
    /// `dev` or `build`; nothing for a normal one.
    kind: Option<String>,
    /// The features that it turns on.
    #[serde(default)]
    features: Vec<String>,
}

/// What the rule knows a package as.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Place {
    Core,
    Adapter,
    /// It puts adapters together, and nothing depends on it.
    Face,
    /// What examples share; it knows no adapter.
    Sample,
    /// What the faces share: the engine's calls as documents, with the adapters that do no I/O.
    Documents,
    /// Tests that put adapters together and plant bugs; nothing depends on it.
    Proof,
    /// The project's own commands.
    Tool,
    Unknown,
}

/// Reads the packages of the workspace out of the JSON of `cargo metadata --no-deps`.
pub(super) fn parse(metadata: &str) -> Result<Vec<Package>> {
    #[derive(Deserialize)]
    struct Metadata {
        workspace_root: String,
        packages: Vec<MetadataPackage>,
    }
    #[derive(Deserialize)]
    struct MetadataPackage {
        name: String,
        manifest_path: String,
        dependencies: Vec<Dependency>,
        #[serde(default)]
        features: BTreeMap<String, Vec<String>>,
    }

    let metadata: Metadata = serde_json::from_str(metadata)?;
    let root = metadata.workspace_root;
    let directory = |manifest_path: &str| {
        let path = manifest_path.strip_prefix(&root).unwrap_or(manifest_path).replace('\\', "/");
        path.trim_start_matches('/').trim_end_matches("Cargo.toml").trim_end_matches('/').to_owned()
    };
    let packages = metadata.packages.into_iter().map(|package| Package {
        directory: directory(&package.manifest_path),
        name: package.name,
        dependencies: package.dependencies,
        features: package.features,
        manifest: String::new(),
    });
    Ok(packages.collect())
}

/// Checks every dependency between packages of the workspace, and all of the core's.
pub(super) fn check(packages: &[Package]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in packages {
        if package.place() == Place::Unknown {
            let message = format!("`{}` is in a place for which the dependency rule says nothing", package.name);
            findings.push(Finding::new(&package.manifest_path(), 1, RULE, message));
        }
        for (feature, turned_on) in &package.features {
            if turned_on.iter().any(|name| name.rsplit('/').next() == Some(PLANTED_BUGS)) {
                let message = format!("`{}`'s feature `{feature}` turns `{PLANTED_BUGS}` on", package.name);
                findings.push(Finding::new(&package.manifest_path(), 1, RULE, message));
            }
        }
        for dependency in &package.dependencies {
            let target = packages.iter().find(|other| other.name == dependency.name);
            let fault = match target {
                Some(target) => edge_fault(package, target, dependency),
                None => foreign_fault(package, dependency),
            };
            if let Some(fault) = fault {
                let line = package.line_of(dependency);
                let message = format!("`{}` depends on `{}`: {fault}", package.name, dependency.name);
                findings.push(Finding::new(&package.manifest_path(), line, RULE, message));
            }
        }
    }
    findings
}

/// What is wrong with a dependency on a package of the workspace.
fn edge_fault(package: &Package, target: &Package, dependency: &Dependency) -> Option<&'static str> {
    let is_core_in_its_tests = package.name == target.name && dependency.is_dev();
    let may_plant = is_core_in_its_tests || (package.place() == Place::Proof && dependency.is_dev());
    if dependency.features.iter().any(|feature| feature == PLANTED_BUGS) && !may_plant {
        return Some("only the core's own tests may plant bugs in it");
    }
    if package.place() == Place::Proof && !dependency.is_dev() {
        return Some("a package of tests has dev-dependencies alone");
    }
    if matches!(target.place(), Place::Face | Place::Proof | Place::Tool) {
        return Some("nothing depends on what puts adapters together, or on xtask");
    }
    let is_suite = target.name == CONFORMANCE;
    let is_suite_in_tests = is_suite && dependency.is_dev();
    if target.place() == Place::Sample && package.place() != Place::Face {
        return Some("only examples depend on what they share");
    }
    match package.place() {
        Place::Sample if target.place() == Place::Core => None,
        Place::Sample => Some("what the examples share depends on the core alone"),
        Place::Documents if SPEAKERS.contains(&target.name.as_str()) || target.place() == Place::Core => None,
        Place::Documents => Some("what faces share depends on the core and on adapters that do no I/O"),
        Place::Proof => None,
        _ if target.place() == Place::Documents && package.place() != Place::Face => {
            Some("only faces depend on what they share")
        }
        Place::Core if is_suite_in_tests || is_core_in_its_tests => None,
        Place::Core => Some("the core depends on no crate of the workspace (the conformance suite in tests apart)"),
        Place::Adapter if target.place() == Place::Core || target.name == HTTP || is_suite_in_tests => None,
        Place::Adapter if is_suite => Some("the conformance suite is for tests: make it a dev-dependency"),
        Place::Adapter => Some("an adapter depends on the core and on no other adapter (http apart)"),
        Place::Face => None,
        Place::Tool | Place::Unknown if target.place() == Place::Adapter => {
            Some("only ffi, wasm, examples and benches put adapters together")
        }
        Place::Tool | Place::Unknown => None,
    }
}

/// What is wrong with a dependency on a package from elsewhere.
fn foreign_fault(package: &Package, dependency: &Dependency) -> Option<&'static str> {
    let is_free = package.place() != Place::Core || dependency.is_dev();
    if is_free || CORE_MAY_USE.contains(&dependency.name.as_str()) {
        return None;
    }
    Some("it is not among the few crates that the core may use")
}

impl Package {
    pub(super) fn manifest_path(&self) -> String {
        if self.directory.is_empty() { "Cargo.toml".to_owned() } else { format!("{}/Cargo.toml", self.directory) }
    }

    fn place(&self) -> Place {
        let parts: Vec<&str> = self.directory.split('/').collect();
        match parts.as_slice() {
            ["core"] => Place::Core,
            ["core", "tests", _] => Place::Proof,
            ["adapters", _, ..] => Place::Adapter,
            _ if self.name == CLOCK => Place::Adapter,
            // What the examples share: data as commands, without any adapter.
            ["examples", "retail"] => Place::Sample,
            ["documents"] => Place::Documents,
            ["ffi" | "wasm" | "examples" | "benches" | "fuzz", ..] => Place::Face,
            ["xtask", ..] => Place::Tool,
            _ => Place::Unknown,
        }
    }

    /// The line of the manifest that declares the dependency, as far as it can be told from the text.
    fn line_of(&self, dependency: &Dependency) -> usize {
        let name = dependency.rename.as_ref().unwrap_or(&dependency.name);
        let declares = |line: &str| {
            let line = line.trim().trim_start_matches('[').trim_end_matches(']');
            let entry = line.rsplit_once("dependencies.").map_or(line, |(_, entry)| entry);
            let rest = entry.trim_start_matches('"').strip_prefix(name.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', ' ', '=', '"']))
        };
        self.manifest.lines().position(declares).map_or(1, |index| index + 1)
    }
}

impl Dependency {
    fn is_dev(&self) -> bool {
        self.kind.as_deref() == Some("dev")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A workspace of every kind of package, to which a test adds one dependency.
    const WORKSPACE: &[(&str, &str)] = &[
        ("stockroom", "core"),
        ("stockroom-rivals", "core/tests/rivals"),
        ("stockroom-conformance", "adapters/conformance"),
        ("stockroom-http", "adapters/http"),
        ("stockroom-clock", "adapters/clock"),
        ("stockroom-sqlite", "adapters/sqlite"),
        ("stockroom-wms", "adapters/wms"),
        ("stockroom-documents", "documents"),
        ("stockroom-ffi", "ffi"),
        ("stockroom-wasm", "wasm"),
        ("replay", "examples/replay"),
        ("stockroom-benches", "benches"),
        ("xtask", "xtask"),
        ("xtask-wasm-bindgen", "xtask/wasm-bindgen"),
    ];

    fn faults(from: &str, to: &str, kind: Option<&str>) -> usize {
        faults_with(from, to, kind, &[])
    }

    fn faults_with(from: &str, to: &str, kind: Option<&str>, features: &[&str]) -> usize {
        let features: Vec<String> = features.iter().map(|feature| (*feature).to_owned()).collect();
        let packages: Vec<Package> = WORKSPACE
            .iter()
            .map(|(name, directory)| {
                let kind = kind.map(str::to_owned);
                let dependency = Dependency { name: to.to_owned(), rename: None, kind, features: features.clone() };
                Package {
                    name: (*name).to_owned(),
                    directory: (*directory).to_owned(),
                    dependencies: if *name == from { vec![dependency] } else { vec![] },
                    features: BTreeMap::new(),
                    manifest: String::new(),
                }
            })
            .collect();
        check(&packages).len()
    }

    #[test]
    fn allowed_dependencies_are_accepted() {
        for (from, to, kind) in [
            ("stockroom", "serde", None),
            ("stockroom", "proptest", Some("dev")),
            ("stockroom", "stockroom-conformance", Some("dev")),
            ("stockroom-sqlite", "stockroom", None),
            ("stockroom-sqlite", "stockroom-http", None),
            ("stockroom-sqlite", "stockroom-conformance", Some("dev")),
            ("stockroom-sqlite", "rusqlite", None),
            ("stockroom-conformance", "stockroom", None),
            ("stockroom-clock", "stockroom", None),
            ("stockroom-ffi", "stockroom-sqlite", None),
            ("stockroom-ffi", "stockroom-clock", None),
            ("stockroom-wasm", "stockroom-http", None),
            ("stockroom-ffi", "stockroom-documents", None),
            ("stockroom-documents", "stockroom", None),
            ("stockroom-documents", "stockroom-wms", None),
            ("stockroom-rivals", "stockroom-sqlite", Some("dev")),
            ("stockroom-rivals", "stockroom-documents", Some("dev")),
            ("replay", "stockroom-sqlite", None),
            ("stockroom-benches", "stockroom-sqlite", Some("dev")),
            ("xtask", "stockroom", None),
            ("xtask", "clap", None),
            ("xtask-wasm-bindgen", "wasm-bindgen-cli-support", None),
        ] {
            assert_eq!(faults(from, to, kind), 0, "{from} -> {to} ({kind:?})");
        }
    }

    #[test]
    fn other_dependencies_are_rejected() {
        for (from, to, kind) in [
            ("stockroom", "rusqlite", None),
            ("stockroom", "cc", Some("build")),
            ("stockroom", "stockroom-conformance", None),
            ("stockroom", "stockroom-sqlite", Some("dev")),
            ("stockroom", "stockroom-clock", Some("build")),
            ("stockroom-sqlite", "stockroom-conformance", None),
            ("stockroom-sqlite", "stockroom-clock", None),
            ("stockroom-http", "stockroom-sqlite", Some("dev")),
            ("stockroom-conformance", "stockroom-sqlite", None),
            ("stockroom-sqlite", "stockroom-benches", Some("dev")),
            ("stockroom-ffi", "stockroom-wasm", None),
            ("stockroom-documents", "stockroom-sqlite", None),
            ("stockroom-documents", "stockroom-http", None),
            ("stockroom-wms", "stockroom-documents", None),
            ("stockroom-wms", "stockroom-documents", Some("dev")),
            ("stockroom", "stockroom-rivals", Some("dev")),
            ("stockroom-benches", "stockroom-rivals", None),
            ("stockroom-rivals", "stockroom-sqlite", None),
            ("stockroom-rivals", "stockroom-ffi", Some("dev")),
            ("stockroom-benches", "replay", None),
            ("stockroom-benches", "xtask", None),
            ("xtask", "stockroom-sqlite", None),
            ("xtask-wasm-bindgen", "stockroom-wasm", None),
            ("xtask", "stockroom-conformance", Some("dev")),
        ] {
            assert_eq!(faults(from, to, kind), 1, "{from} -> {to} ({kind:?})");
        }
    }

    #[test]
    fn bugs_are_planted_by_the_cores_own_tests_alone() {
        assert_eq!(faults_with("stockroom", "stockroom", Some("dev"), &["planted-bugs"]), 0);
        assert_eq!(faults_with("stockroom-rivals", "stockroom", Some("dev"), &["planted-bugs"]), 0);
        assert_eq!(faults_with("stockroom", "stockroom", None, &["planted-bugs"]), 1);
        assert_eq!(faults_with("stockroom-rivals", "stockroom", None, &["planted-bugs"]), 1);
        assert_eq!(faults_with("stockroom-sqlite", "stockroom", Some("dev"), &["planted-bugs"]), 1);
        assert_eq!(faults_with("stockroom-benches", "stockroom", None, &["planted-bugs"]), 1);
        assert_eq!(faults_with("stockroom-benches", "stockroom", None, &["other"]), 0);
        for turned_on in ["planted-bugs", "stockroom/planted-bugs"] {
            let package = Package {
                name: "stockroom".to_owned(),
                directory: "core".to_owned(),
                dependencies: vec![],
                features: BTreeMap::from([("default".to_owned(), vec![turned_on.to_owned()])]),
                manifest: String::new(),
            };
            assert_eq!(check(&[package]).len(), 1, "{turned_on}");
        }
    }

    #[test]
    fn a_package_in_an_unknown_place_is_a_finding() {
        let package = |directory: &str| Package {
            name: "tools".to_owned(),
            directory: directory.to_owned(),
            dependencies: vec![],
            features: BTreeMap::new(),
            manifest: String::new(),
        };
        assert_eq!(check(&[package("tools")]).len(), 1);
        assert_eq!(check(&[package("core/tools")]).len(), 1);
        assert_eq!(check(&[package("examples/tools")]).len(), 0);
    }

    #[test]
    fn metadata_is_read_and_a_finding_names_the_line() {
        let metadata = r#"{
            "workspace_root": "/work",
            "packages": [
                { "name": "stockroom", "manifest_path": "/work/core/Cargo.toml", "dependencies": [
                    { "name": "serde", "rename": null, "kind": null },
                    { "name": "rusqlite", "rename": "sql", "kind": null }
                ] }
            ]
        }"#;
        let mut packages = parse(metadata).expect("the JSON is well-formed");
        assert_eq!(packages[0].manifest_path(), "core/Cargo.toml");
        packages[0].manifest =
            "[dependencies]\nserde.workspace = true\nsqlx = \"1\"\nsql.workspace = true\n".to_owned();
        let findings = check(&packages);
        assert_eq!(findings.len(), 1);
        assert_eq!((findings[0].path.as_str(), findings[0].line), ("core/Cargo.toml", 4));
        assert!(parse("{}").is_err());
    }
}
