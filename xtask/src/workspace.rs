//! Where the repository is and which files belong to it. It may look at the disk, but knows no rule
//! about what it finds there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;

/// The repository's root directory.
pub(crate) struct Workspace {
    root: PathBuf,
}

/// A text file of the repository, with its path from the root.
pub(crate) struct SourceFile {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Every path of the repository, files and the directories that hold them.
#[derive(Default)]
pub(crate) struct Tree {
    files: BTreeSet<String>,
    directories: BTreeSet<String>,
}

impl Workspace {
    /// The directory above this package.
    pub(crate) fn locate() -> Self {
        // Cargo sets the variable when it runs us. It comes first because two clones that share a target
        // directory may also share this executable, and the compiled-in path is then the other clone's.
        let package = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = package.parent().unwrap_or(&package).to_path_buf();
        Workspace { root }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A `cargo` that runs in the root: the one that runs us, so that a chosen toolchain stays chosen.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.current_dir(&self.root).args(arguments);
        command
    }

    /// Where cargo puts what it builds.
    pub(crate) fn target_directory(&self) -> Result<PathBuf> {
        #[derive(serde::Deserialize)]
        struct Metadata {
            target_directory: PathBuf,
        }
        let metadata = process::capture(&mut self.cargo(&["metadata", "--format-version=1", "--no-deps", "--locked"]))?;
        let metadata: Metadata = serde_json::from_str(&metadata).context("cannot read what `cargo metadata` says")?;
        Ok(metadata.target_directory)
    }

    /// What git tracks and what it would track: all files but the ignored ones and those deleted on disk.
    pub(crate) fn tree(&self) -> Result<Tree> {
        let mut command = Command::new("git");
        command.current_dir(&self.root).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
        let listing = process::capture(&mut command)?;
        let paths = listing.split('\0').filter(|path| !path.is_empty() && self.root.join(path).is_file());
        Ok(Tree::new(paths))
    }

    /// Reads a file of the tree. Bytes that are not UTF-8 are replaced, for a rule to stumble over.
    pub(crate) fn read(&self, path: &str) -> Result<SourceFile> {
        let bytes = fs::read(self.root.join(path)).with_context(|| format!("cannot read {path}"))?;
        Ok(SourceFile { path: path.to_owned(), text: String::from_utf8_lossy(&bytes).into_owned() })
    }
}

impl Tree {
    pub(crate) fn new<'a>(paths: impl IntoIterator<Item = &'a str>) -> Self {
        let mut tree = Tree::default();
        for path in paths {
            let slashes = path.match_indices('/').map(|(at, _)| path[..at].to_owned());
            tree.directories.extend(slashes);
            tree.files.insert(path.to_owned());
        }
        tree
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(String::as_str)
    }

    /// Whether a path from the root is a file or a directory; the root itself is the empty path.
    pub(crate) fn contains(&self, path: &str) -> bool {
        path.is_empty() || self.files.contains(path) || self.directories.contains(path)
    }

    /// Whether some directory holds a file of this name.
    pub(crate) fn contains_name(&self, name: &str) -> bool {
        self.files().any(|path| path.rsplit('/').next() == Some(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_knows_files_directories_and_names() {
        let tree = Tree::new(["README.md", "core/src/lib.rs"]);
        for path in ["", "README.md", "core", "core/src", "core/src/lib.rs"] {
            assert!(tree.contains(path), "{path}");
        }
        for path in ["cor", "src", "lib.rs", "core/src/lib.r"] {
            assert!(!tree.contains(path), "{path}");
        }
        assert!(tree.contains_name("lib.rs"));
        assert!(!tree.contains_name("src"));
    }
}
