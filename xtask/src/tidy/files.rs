//! Rules about a Rust file as text: how it opens, what it may not leave behind, how long it may be. What
//! its code may use is the affair of `code.rs`.

use super::Finding;
use crate::workspace::{SourceFile, Tree};

/// The most lines of a Rust file. Well before this a file is asked whether it is two.
const LINES_MAX: usize = 700;

/// Marks of unfinished work. They are put together here so that this file does not hold them.
const LEFTOVER_CALLS: &[&str] = &[concat!("todo", "!("), concat!("unimplemented", "!("), concat!("dbg", "!(")];
const LEFTOVER_WORDS: &[&str] = &[concat!("FIX", "ME"), concat!("XX", "X")];

const FORBID: &str = "#![forbid(unsafe_code)]";
const DENY: &str = "#![deny(unsafe_code)]";

/// A file opens with a `//!` paragraph that says what it is for.
pub(super) fn opens_with_its_purpose(source: &SourceFile) -> Option<Finding> {
    let first = source.text.lines().next().unwrap_or_default();
    let words = first.strip_prefix("//!").map(str::trim);
    if words.is_some_and(|words| !words.is_empty()) {
        return None;
    }
    Some(Finding::new(&source.path, 1, "opening", "the first line is not `//!` and what the file is for"))
}

/// A crate root forbids unsafe code. `ffi/` is free of the rule, and `wasm/` or an adapter with a VFS (a `vfs.rs` or
/// `vfs/` beside its `lib.rs`) denies instead, so that the VFS alone can allow it.
pub(super) fn forbids_unsafe_code(source: &SourceFile, tree: &Tree) -> Option<Finding> {
    let (directory, name) = source.path.rsplit_once('/').unwrap_or(("", &source.path));
    if !matches!(name, "lib.rs" | "main.rs") || source.path.starts_with("ffi/") {
        return None;
    }
    let has_vfs = (directory.starts_with("adapters/") || directory == "wasm/src")
        && (tree.contains(&format!("{directory}/vfs.rs")) || tree.contains(&format!("{directory}/vfs")));
    let has = |attribute| source.text.lines().any(|line| line.trim() == attribute);
    if has(FORBID) || (has_vfs && has(DENY)) {
        return None;
    }
    let wanted = if has_vfs { DENY } else { FORBID };
    Some(Finding::new(&source.path, 1, "unsafe", format!("the crate's root has no `{wanted}`")))
}

/// No mark of unfinished work is left, in code or in comments.
pub(super) fn nothing_left_over(source: &SourceFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, text) in (1..).zip(source.text.lines()) {
        let calls = LEFTOVER_CALLS.iter().filter(|call| has_word(text, call));
        let words = LEFTOVER_WORDS.iter().filter(|word| has_word(text, word));
        for mark in calls.chain(words) {
            findings.push(Finding::new(&source.path, line, "leftover", format!("`{mark}` marks unfinished work")));
        }
    }
    findings
}

/// Whether the text holds the needle as a word of its own. A quote beside it makes it data: a test may
/// well use the currency that stands for none.
fn has_word(text: &str, needle: &str) -> bool {
    let joins = |c: char| c.is_alphanumeric() || c == '_' || c == '"';
    text.match_indices(needle).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + needle.len()..].chars().next();
        let is_call = needle.ends_with('(');
        !before.is_some_and(joins) && (is_call || !after.is_some_and(joins))
    })
}

/// A file is not longer than a person will read.
pub(super) fn not_too_long(source: &SourceFile) -> Option<Finding> {
    let lines = source.text.lines().count();
    (lines > LINES_MAX)
        .then(|| Finding::new(&source.path, lines, "length", format!("{lines} lines, more than {LINES_MAX}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> SourceFile {
        SourceFile { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn a_file_opens_with_what_it_is_for() {
        assert_eq!(opens_with_its_purpose(&file("a.rs", "//! Says so.\n")), None);
        for text in ["", "\n//! Too late.\n", "//!\n//! No words.\n", "// Not a doc.\n", "use std::fmt;\n"] {
            assert!(opens_with_its_purpose(&file("a.rs", text)).is_some(), "{text:?}");
        }
    }

    #[test]
    fn crate_roots_forbid_unsafe_code() {
        let tree = Tree::new([
            "adapters/opfs/src/lib.rs",
            "adapters/opfs/src/vfs.rs",
            "core/src/lib.rs",
            "core/src/vfs.rs",
            "wasm/src/lib.rs",
            "wasm/src/vfs/mod.rs",
        ]);
        let check = |path: &str, text: &str| forbids_unsafe_code(&file(path, text), &tree).is_none();
        let (forbid, deny) = (format!("//! A.\n\n{FORBID}\n"), format!("//! A.\n\n{DENY}\n"));

        assert!(check("core/src/lib.rs", &forbid));
        assert!(!check("core/src/lib.rs", "//! A.\n"));
        assert!(!check("core/src/lib.rs", &format!("//! A.\n// {FORBID}\n")), "a comment forbids nothing");
        assert!(!check("core/src/lib.rs", &deny), "only wasm and adapters may have a VFS");
        assert!(check("wasm/src/lib.rs", &deny));
        assert!(!check("wasm/src/lib.rs", "//! A.\n"));
        assert!(!check("xtask/src/main.rs", "//! A.\n"));
        assert!(check("core/src/order/rows.rs", "//! Not a root.\n"));
        assert!(check("ffi/src/lib.rs", "//! A.\n"));
        assert!(check("adapters/opfs/src/lib.rs", &deny));
        assert!(check("adapters/opfs/src/lib.rs", &forbid));
        assert!(!check("adapters/opfs/src/lib.rs", "//! A.\n"));
        assert!(!check("adapters/sqlite/src/lib.rs", &deny), "it has no VFS");
    }

    #[test]
    fn marks_of_unfinished_work_are_found() {
        for mark in LEFTOVER_CALLS {
            let found = nothing_left_over(&file("a.rs", &format!("//! A.\nfn f() {{ {mark}) }}\n")));
            assert_eq!(found.len(), 1, "{mark}");
            assert_eq!(found[0].line, 2);
        }
        for mark in LEFTOVER_WORDS {
            assert_eq!(nothing_left_over(&file("a.rs", &format!("// {mark}: later\n"))).len(), 1, "{mark}");
            assert_eq!(nothing_left_over(&file("a.rs", &format!("decimals(\"{mark}\")\n"))).len(), 0, "{mark} as data");
            assert_eq!(nothing_left_over(&file("a.rs", &format!("let {mark}L = 1;\n"))).len(), 0, "part of a word");
        }
        let both = format!("{}) // {}\n", LEFTOVER_CALLS[0], LEFTOVER_WORDS[0]);
        assert_eq!(nothing_left_over(&file("a.rs", &both)).len(), 2, "all are found, not the first");
        assert!(nothing_left_over(&file("a.rs", "//! A to-do list for merchants.\nfn todo() {}\n")).is_empty());
    }

    #[test]
    fn a_file_has_an_end() {
        assert_eq!(not_too_long(&file("a.rs", &"\n".repeat(LINES_MAX))), None);
        assert!(not_too_long(&file("a.rs", &"\n".repeat(LINES_MAX + 1))).is_some());
    }
}
