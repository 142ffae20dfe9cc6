//! What a mutant is, which cargo-mutants knows: it lists them all, and tries by its own slow way those that we cannot weave.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::outcomes::Verdict;
use crate::process;
use crate::workspace::Workspace;

const CARGO_MUTANTS: [&str; 3] = ["cargo-mutants", "--version", "^27"];

/// Mutants that cargo-mutants is given at once: their names go on its command line.
const AT_ONCE: usize = 50;

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

/// What cargo-mutants itself says of some mutants, a build for each. Those that do not compile are left out.
pub(super) fn slowly(
    workspace: &Workspace,
    output: &Path,
    suites: &[String],
    names: &[&str],
) -> Result<BTreeMap<String, Verdict>> {
    let mut verdicts = BTreeMap::new();
    for some in names.chunks(AT_ONCE) {
        let mut mutants = Command::new("cargo");
        mutants.current_dir(workspace.root()).env("CARGO_TARGET_DIR", output.join("slow"));
        mutants.args(["mutants", "--package", "stockroom", "--colors", "never", "--cargo-arg=--locked", "--output"]);
        mutants.arg(output);
        for name in some {
            mutants.args(["--re", &format!("^{}$", escaped(name))]);
        }
        mutants.args(["--", "--lib"]);
        for suite in suites {
            mutants.args(["--test", suite]);
        }
        // Standard output is for the figures.
        let status = mutants.stdout(std::io::stderr()).status().context("cargo-mutants does not start")?;
        // 2: some were missed; 3: some ran for too long.
        ensure!(matches!(status.code(), Some(0 | 2 | 3)), "cargo-mutants failed ({status})");
        let said = fs::read_to_string(output.join("mutants.out/outcomes.json"))?;
        verdicts.extend(verdicts_of(&said)?);
    }
    Ok(verdicts)
}

fn verdicts_of(said: &str) -> Result<BTreeMap<String, Verdict>> {
    #[derive(Deserialize)]
    struct Outcomes {
        outcomes: Vec<Outcome>,
    }
    #[derive(Deserialize)]
    struct Outcome {
        scenario: Scenario,
        summary: String,
    }
    /// The tree as it is, or with a change.
    #[derive(Deserialize)]
    enum Scenario {
        Baseline,
        Mutant(Named),
    }
    #[derive(Deserialize)]
    struct Named {
        name: String,
    }
    let Outcomes { outcomes } = serde_json::from_str(said).context("cannot read what cargo-mutants found")?;
    let verdict = |outcome: Outcome| {
        let Scenario::Mutant(Named { name }) = outcome.scenario else { return None };
        let verdict = match outcome.summary.as_str() {
            "CaughtMutant" => Verdict::Caught,
            "Timeout" => Verdict::TimedOut,
            "MissedMutant" => Verdict::Missed,
            _ => return None,
        };
        Some((name, verdict))
    };
    Ok(outcomes.into_iter().filter_map(verdict).collect())
}

/// A name as a regular expression that matches it alone.
fn escaped(name: &str) -> String {
    let mark = |c: char| if c.is_ascii_alphanumeric() || " _/:<>=!&\"',;@%~".contains(c) { None } else { Some('\\') };
    name.chars().flat_map(|c| mark(c).into_iter().chain([c])).collect()
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
    use serde_json::json;

    #[test]
    fn positions_count_characters() {
        let text = "eins\nzwölf == 12\n";
        let at = |line, column| Position { line, column }.offset(text);
        assert_eq!(at(1, 1), Some(0));
        assert_eq!(at(2, 7).map(|at| &text[at..]), Some("== 12\n"));
        assert_eq!((at(0, 1), at(9, 1), at(1, 99)), (None, None, None));
    }

    #[test]
    fn what_cargo_mutants_found_is_read() {
        let mutant = |name: &str, summary: &str| json!({ "scenario": { "Mutant": { "name": name, "file": "core/src/a.rs" } }, "summary": summary });
        let said = json!({ "outcomes": [
            { "scenario": "Baseline", "summary": "Success" },
            mutant("a", "CaughtMutant"), mutant("b", "Timeout"), mutant("c", "Unviable"), mutant("d", "MissedMutant"),
        ] });
        let verdicts = verdicts_of(&said.to_string()).expect("outcomes");
        let expected = [("a", Verdict::Caught), ("b", Verdict::TimedOut), ("d", Verdict::Missed)];
        assert_eq!(verdicts, expected.map(|(name, verdict)| (name.to_owned(), verdict)).into());
    }

    #[test]
    fn a_name_is_escaped() {
        assert_eq!(escaped("a.rs:1: f -> Vec<(u8)> with vec![]"), r"a\.rs:1: f \-> Vec<\(u8\)> with vec!\[\]");
    }
}
