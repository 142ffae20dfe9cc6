//! What a mutant is, which cargo-mutants knows: it lists them all.

use std::ops::Range;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::process;
use crate::workspace::Workspace;

const CARGO_MUTANTS: [&str; 3] = ["cargo-mutants", "--version", "^27"];

/// One change to one rule.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Mutant {
    /// From the root.
    pub(super) file: String,
    /// What is changed, where, and how, in one line. No two have the same.
    pub(super) name: String,
    pub(super) genre: Genre,
    /// What stands in place of the span.
    pub(super) replacement: String,
    pub(super) span: Span,
    pub(super) function: Option<Function>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum Genre {
    BinaryOperator,
    FnValue,
    MatchArm,
    MatchArmGuard,
    StructField,
    UnaryOperator,
    #[serde(other)]
    Other,
}

/// From the first character to the one behind the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(super) struct Span {
    start: Position,
    end: Position,
}

/// Both count from one, columns by characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
struct Position {
    line: usize,
    column: usize,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Function {
    pub(super) return_type: String,
}

impl Mutant {
    /// The bytes of the file that it replaces.
    pub(super) fn range(&self, text: &str) -> Option<Range<usize>> {
        Some(self.span.start.offset(text)?..self.span.end.offset(text)?)
    }

    /// The file with the change, as cargo-mutants makes it.
    pub(super) fn applied(&self, text: &str) -> Option<String> {
        let range = self.range(text)?;
        Some(format!("{}{}{}", &text[..range.start], self.replacement, &text[range.end..]))
    }

    /// Whether it is the result of a function that says no more of its type than what it can do.
    pub(super) fn is_of_hidden_type(&self) -> bool {
        self.genre == Genre::FnValue && self.function.as_ref().is_some_and(|it| it.return_type.contains("impl "))
    }
}

impl Position {
    fn offset(self, text: &str) -> Option<usize> {
        let line = text.split_inclusive('\n').nth(self.line.checked_sub(1)?)?;
        let start = line.as_ptr() as usize - text.as_ptr() as usize;
        let column = self.column.checked_sub(1)?;
        let within = line.char_indices().map(|(at, _)| at).chain([line.len()]).nth(column)?;
        Some(start + within)
    }
}

/// All mutants of the core.
pub(super) fn all(workspace: &Workspace) -> Result<Vec<Mutant>> {
    provide()?;
    let mut list = Command::new("cargo");
    list.current_dir(workspace.root()).args(["mutants", "--list", "--json", "--package", "stockroom"]);
    serde_json::from_str(&process::capture(&mut list)?).context("cannot read what cargo-mutants lists")
}

fn provide() -> Result<()> {
    let mut version = Command::new("cargo");
    version.args(["mutants", "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
    if !version.status().is_ok_and(|status| status.success()) {
        eprintln!("Installing cargo-mutants, once");
        process::run(Command::new("cargo").args(["install", "--locked"]).args(CARGO_MUTANTS))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters() {
        let text = "eins\nzwölf == 12\n";
        let at = |line, column| Position { line, column }.offset(text);
        assert_eq!(at(1, 1), Some(0));
        assert_eq!(at(2, 7).map(|at| &text[at..]), Some("== 12\n"));
        assert_eq!((at(0, 1), at(9, 1), at(1, 99)), (None, None, None));
    }
}
