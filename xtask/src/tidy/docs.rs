//! The rule that the docs name nothing that is gone: links, paths in backticks, and commands. It looks at
//! the words of one document and the list of what exists, and may not touch the disk.

use pulldown_cmark::{Event, Options, Parser, Tag};

use super::Finding;
use crate::workspace::{SourceFile, Tree};

const RULE: &str = "docs";

/// Code that ends like this, or starts like that, is taken for a path of the repository.
const PATH_ENDS: &[&str] = &[".md", ".rs", ".toml", ".sql", ".sh"];
const PATH_STARTS: &[&str] =
    &["core/", "documents/", "adapters/", "ffi/", "include/", "docs/", "examples/", "benches/", "xtask/"];

/// What stands for something else in a path; what comes before it is still checked.
const PLACEHOLDERS: &[char] = &['<', '*', '{', '…'];

/// Which files the rule looks at.
pub(super) fn is_checked(path: &str) -> bool {
    let is_document =
        ["docs/", "ffi/", "examples/"].iter().any(|start| path.starts_with(start)) && path.ends_with(".md");
    is_document || matches!(path, "README.md" | "ARCHITECTURE.md" | "CONTRIBUTING.md" | "CHANGELOG.md")
}

/// Checks one document; `commands` are the subcommands that exist.
pub(super) fn check(document: &SourceFile, tree: &Tree, commands: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let text = document.text.as_str();
    for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
        let fault = match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                link_fault(&document.path, &dest_url, tree)
            }
            Event::Code(code) => path_fault(&document.path, &code, tree),
            _ => None,
        };
        if let Some(fault) = fault {
            let line = 1 + text[..range.start].matches('\n').count();
            findings.push(Finding::new(&document.path, line, RULE, fault));
        }
    }
    for (line, text) in (1..).zip(text.lines()) {
        for command in named_commands(text) {
            if !commands.iter().any(|known| known == command) {
                let message = format!("`cargo xtask {command}` is no command (there are: {})", commands.join(", "));
                findings.push(Finding::new(&document.path, line, RULE, message));
            }
        }
    }
    findings
}

fn link_fault(document: &str, target: &str, tree: &Tree) -> Option<String> {
    let path = target.split(['#', '?']).next().unwrap_or_default();
    if path.is_empty() || target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let exists = resolve(directory_of(document), path).is_some_and(|path| tree.contains(&path));
    (!exists).then(|| format!("the link to `{target}` leads nowhere in the repository"))
}

fn path_fault(document: &str, code: &str, tree: &Tree) -> Option<String> {
    let path = without_line(code);
    if !is_path(path) {
        return None;
    }
    let exists = match path.find(PLACEHOLDERS) {
        // Only the directory before the placeholder can be looked up.
        Some(at) => tree.contains(path[..at].rsplit_once('/').map_or("", |(directory, _)| directory)),
        // A bare name may stand for a file that the sentence has placed already.
        None if !path.contains('/') => tree.contains_name(path),
        None => {
            ["", directory_of(document)].iter().filter_map(|base| resolve(base, path)).any(|path| tree.contains(&path))
        }
    };
    (!exists).then(|| format!("`{code}` is not in the repository"))
}

fn is_path(code: &str) -> bool {
    // `.rs` alone is an ending, and words with spaces are a command or a sentence.
    let name = code.rsplit('/').next().unwrap_or_default();
    let ends = PATH_ENDS.iter().any(|end| name.ends_with(end) && name.len() > end.len());
    let starts = PATH_STARTS.iter().any(|start| code.starts_with(start));
    (ends || starts) && !code.contains(char::is_whitespace) && !code.contains("://")
}

/// The path without a line number at its end.
fn without_line(code: &str) -> &str {
    match code.rsplit_once(':') {
        Some((path, line)) if !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit()) => path,
        _ => code,
    }
}

fn directory_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

/// A relative path as one from the root, or nothing where it leads out of the repository.
fn resolve(base: &str, path: &str) -> Option<String> {
    if path.starts_with('/') {
        return None;
    }
    let mut parts = Vec::new();
    for part in base.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The words that follow `cargo xtask` in a line.
fn named_commands(line: &str) -> Vec<&str> {
    let is_end = |c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    let rests = line.match_indices("cargo xtask ").map(|(at, found)| line[at + found.len()..].trim_start());
    rests
        .filter_map(|rest| rest.split(is_end).next())
        .filter(|word| !word.is_empty() && !word.starts_with('-'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<Finding> {
        let tree =
            Tree::new(["README.md", "core/src/lib.rs", "core/src/order/rows.rs", "docs/orders.md", "docs/map.png"]);
        let document = SourceFile { path: path.to_owned(), text: text.to_owned() };
        check(&document, &tree, &["test".to_owned(), "tidy".to_owned()])
    }

    fn accepts(path: &str, text: &str) {
        assert_eq!(found(path, text), [], "{path}: {text}");
    }

    fn rejects(path: &str, text: &str) {
        assert_eq!(found(path, text).len(), 1, "{path}: {text}: {:?}", found(path, text));
    }

    #[test]
    fn only_the_docs_are_checked() {
        for path in ["README.md", "docs/orders.md", "docs/adr/1.md", "ffi/CONTRACT.md", "examples/c/README.md"] {
            assert!(is_checked(path), "{path}");
        }
        assert!(!is_checked("core/README.md") && !is_checked("docs/map.png") && !is_checked("LICENSE-MIT"));
    }

    #[test]
    fn links_lead_somewhere() {
        accepts("README.md", "[a](docs/orders.md) [b](core/) [c](docs/orders.md#life) [d](#here) ![e](docs/map.png)");
        accepts("README.md", "[a](https://example.com/gone.md) <mailto:a@example.com> [b][c]\n\n[c]: core/src/lib.rs");
        accepts("docs/orders.md", "[a](../README.md) [b](map.png) [c](./orders.md)");
        rejects("README.md", "[a](docs/gone.md)");
        rejects("README.md", "[a](../shared/README.md)");
        rejects("README.md", "![a](gone.png)");
        rejects("README.md", "[b][c]\n\n[c]: core/src/gone.rs");
        rejects("docs/orders.md", "[a](README.md)");
    }

    #[test]
    fn paths_in_backticks_exist() {
        accepts("README.md", "`core/src/lib.rs` `core/src/` `core/src/lib.rs:12` `lib.rs` `docs/orders.md`");
        accepts("README.md", "`core/src/<module>/rows.rs` `core/src/*.rs` `core/{a,b}.rs` `.rs` `cat gone.md` `a.b()`");
        accepts("docs/orders.md", "`core/src/lib.rs` `../README.md`");
        accepts("README.md", "```sh\ncat core/src/gone.rs\n```\n");
        rejects("README.md", "`core/src/gone.rs`");
        rejects("README.md", "`core/src/gone.rs:12`");
        rejects("README.md", "`gone.rs`");
        rejects("README.md", "`src/lib.rs`");
        rejects("README.md", "`docs/gone/`");
        rejects("README.md", "`core/gone/<module>.rs`");
        rejects("README.md", "| a |\n|---|\n| `gone.toml` |\n");
    }

    #[test]
    fn commands_exist() {
        accepts(
            "README.md",
            "`cargo xtask test`, `cargo xtask` and `cargo xtask --help`\n```\ncargo xtask tidy\n```\n",
        );
        rejects("README.md", "Run `cargo xtask lint`.");
        rejects("README.md", "```\ncargo xtask tests --skip a\n```\n");
    }

    #[test]
    fn every_finding_has_its_line() {
        let lines: Vec<usize> =
            found("README.md", "`gone.md`\n\n[a](gone.md)\ncargo xtask gone\n").iter().map(|f| f.line).collect();
        assert_eq!(lines, [1, 3, 4]);
    }
}
