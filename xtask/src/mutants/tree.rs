//! The copy of the tree that holds the mutants: all of the project's files, so that cargo resolves there what it resolves
//! here, and the core's sources with the mutants woven in. A file that stays the same is not written again, so that cargo
//! builds no more than it has to.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::list::Mutant;
use super::places::{self, Places};
use super::switch;
use super::weave::{Id, Woven, weave};
use crate::workspace::Workspace;

const ROOT: &str = "core/src/lib.rs";
const SWITCH: &str = "core/src/mutant.rs";

/// What verdicts hang on: the core with its tests, what these lean on, and what they are built with.
const JUDGING: [&str; 3] = ["core/", "adapters/conformance/", "Cargo.lock"];

/// What every suite leans on.
const SHARED: [&str; 4] = ["core/Cargo.toml", "core/tests/common/", "adapters/conformance/", "Cargo.lock"];

/// A file of the core and where its mutants are.
struct Source {
    text: String,
    places: Places,
}

/// The copy.
pub(super) struct Copy {
    pub(super) root: PathBuf,
    sources: BTreeMap<String, Source>,
    mutants: usize,
    /// Of the files with mutants, as they were last written.
    woven: BTreeMap<String, Woven>,
}

/// What the texts of files are like, in short: equal texts have equal ones.
#[derive(Debug, Default)]
pub(super) struct Hashes {
    files: BTreeMap<String, String>,
}

impl Hashes {
    pub(super) fn of_tree(workspace: &Workspace) -> Result<Self> {
        let mut hashes = Hashes::default();
        for path in workspace.tree()?.files().filter(|path| JUDGING.iter().any(|prefix| path.starts_with(prefix))) {
            hashes.files.insert(path.to_owned(), hash(&fs::read(workspace.root().join(path))?));
        }
        Ok(hashes)
    }

    pub(super) fn of_file(&self, path: &str) -> &str {
        self.files.get(path).map_or("", String::as_str)
    }

    /// Of the files that make up a suite; `lib` is the tests beside the code.
    pub(super) fn of_suite(&self, name: &str) -> String {
        let (file, folder) = (format!("core/tests/{name}.rs"), format!("core/tests/{name}/"));
        let is_shared = |path: &str| SHARED.iter().any(|prefix| path.starts_with(prefix));
        let belongs = |path: &str| match name {
            "lib" => path.starts_with("core/src/"),
            _ => path == file || path.starts_with(&folder),
        };
        hash(&self.files.iter().filter(|(path, _)| belongs(path) || is_shared(path)).collect::<Vec<_>>())
    }
}

/// The same in every run of one build of this program; another may differ, and then verdicts are found anew.
pub(super) fn hash(value: &impl Hash) -> String {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

impl Copy {
    /// Reads the files that have mutants. Mutants are numbered from one, in the order of the list.
    pub(super) fn of(workspace: &Workspace, root: PathBuf, mutants: &[Mutant]) -> Result<Self> {
        let mut by_file: BTreeMap<&str, Vec<(Id, &Mutant)>> = BTreeMap::new();
        for (id, mutant) in (1..).zip(mutants) {
            by_file.entry(&mutant.file).or_default().push((id, mutant));
        }
        let mut sources = BTreeMap::new();
        for (path, mutants) in by_file {
            let text =
                fs::read_to_string(workspace.root().join(path)).with_context(|| format!("cannot read {path}"))?;
            let places = places::find(&text, &mutants).with_context(|| path.to_owned())?;
            sources.insert(path.to_owned(), Source { text, places });
        }
        Ok(Copy { root, sources, mutants: mutants.len(), woven: BTreeMap::new() })
    }

    /// Those that have no place, with the reason.
    pub(super) fn not_woven(&self) -> impl Iterator<Item = (Id, &'static str)> {
        self.sources.values().flat_map(|source| source.places.not_woven.iter().copied())
    }

    /// Writes everything, with all mutants but some.
    pub(super) fn write(&mut self, workspace: &Workspace, left_out: &BTreeSet<Id>) -> Result<()> {
        self.weave(left_out);
        let tree = workspace.tree()?;
        let mut written: BTreeSet<PathBuf> = BTreeSet::new();
        for path in tree.files() {
            let mut bytes = match self.woven.get(path) {
                Some(woven) => woven.text.clone().into_bytes(),
                None => fs::read(workspace.root().join(path))?,
            };
            if path == ROOT {
                bytes.extend_from_slice(switch::DECLARATION.as_bytes());
            }
            put(&self.root.join(path), &bytes)?;
            written.insert(self.root.join(path));
        }
        put(&self.root.join(SWITCH), switch::module(self.mutants).as_bytes())?;
        written.insert(self.root.join(SWITCH));
        remove_others(&self.root, &written)
    }

    fn weave(&mut self, left_out: &BTreeSet<Id>) {
        let woven = self.sources.iter().map(|(path, source)| {
            let edits: Vec<_> = source.places.edits.iter().filter(|(id, _)| !left_out.contains(id)).cloned().collect();
            (path.clone(), weave(&source.text, &edits))
        });
        self.woven = woven.collect();
    }

    /// A file as it was last written.
    pub(super) fn woven(&self, path: &str) -> Option<&Woven> {
        self.woven.get(path)
    }

    /// Writes a file of the copy, as it is here or otherwise.
    pub(super) fn put(&self, path: &str, text: &str) -> Result<()> {
        put(&self.root.join(path), text.as_bytes())
    }

    /// What the core is like with every mutant, as a hash.
    pub(super) fn hash(&mut self) -> String {
        self.weave(&BTreeSet::new());
        hash(&self.woven.values().map(|woven| woven.text.as_str()).collect::<Vec<_>>())
    }
}

/// Writes a file where it is not so already.
fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// Removes what is in a directory and was not written.
fn remove_others(directory: &Path, written: &BTreeSet<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            remove_others(&path, written)?;
        } else if !written.contains(&path) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_alone_have_equal_hashes() {
        assert_eq!(hash(&"a"), hash(&"a"));
        assert_ne!(hash(&"a"), hash(&"b"));
    }

    #[test]
    fn a_suite_is_its_own_files_and_what_all_share() {
        let with = |paths: &[&str]| Hashes { files: paths.iter().map(|path| ((*path).into(), hash(path))).collect() };
        let all =
            ["core/src/a.rs", "core/tests/a.rs", "core/tests/b/main.rs", "core/tests/common/mod.rs", "Cargo.lock"];
        let changes = |suite: &str, without: usize| {
            let mut others = all.to_vec();
            others.remove(without);
            with(&all).of_suite(suite) != with(&others).of_suite(suite)
        };
        let cases = [
            ("lib", [true, false, false, true, true]),
            ("a", [false, true, false, true, true]),
            ("b", [false, false, true, true, true]),
        ];
        for (suite, expected) in cases {
            assert_eq!([0, 1, 2, 3, 4].map(|without| changes(suite, without)), expected, "{suite}");
        }
    }

    #[test]
    fn a_copy_holds_what_was_written_and_nothing_else() {
        let root = std::env::temp_dir().join(format!("stockroom-mutants-{}", std::process::id()));
        let (kept, other) = (root.join("a/kept"), root.join("b/other"));
        for path in [&kept, &other] {
            put(path, b"text").expect("it can be written");
        }
        let before = fs::metadata(&kept).and_then(|it| it.modified()).expect("it is there");
        put(&kept, b"text").expect("it can be written");
        assert_eq!(fs::metadata(&kept).and_then(|it| it.modified()).expect("it is there"), before);
        remove_others(&root, &[kept.clone()].into()).expect("it can be removed");
        assert!(kept.exists() && !other.exists());
        fs::remove_dir_all(&root).expect("it can be removed");
    }
}
