//! `cargo xtask tidy`: the house rules as code. This file gathers what the rules look at and prints what
//! they find; each rule is a pure function over plain data in a file below `tidy/`.

mod code;
mod dependencies;
mod docs;
mod files;
mod lex;

use std::fmt;

use anyhow::{Context, Result, bail};

use crate::process;
use crate::workspace::{SourceFile, Workspace};

/// One place where a rule does not hold.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    path: String,
    line: usize,
    rule: &'static str,
    message: String,
}

impl Finding {
    fn new(path: &str, line: usize, rule: &'static str, message: impl Into<String>) -> Self {
        Finding { path: path.to_owned(), line, rule, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.path, self.line, self.rule, self.message)
    }
}

/// Checks every rule, prints every finding, and fails if there is one.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let mut findings = findings(workspace)?;
    findings.sort();
    for finding in &findings {
        println!("{finding}");
    }
    if !findings.is_empty() {
        bail!("{} findings of tidy", findings.len());
    }
    Ok(())
}

fn findings(workspace: &Workspace) -> Result<Vec<Finding>> {
    let tree = workspace.tree()?;
    let read = |chosen: fn(&str) -> bool| -> Result<Vec<SourceFile>> {
        tree.files().filter(|path| chosen(path)).map(|path| workspace.read(path)).collect()
    };
    let sources = read(|path| path.ends_with(".rs"))?;
    let documents = read(docs::is_checked)?;
    let metadata =
        process::capture(&mut workspace.cargo(&["metadata", "--format-version=1", "--no-deps", "--locked"]))?;
    let mut packages = dependencies::parse(&metadata).context("cannot read what `cargo metadata` says")?;
    for package in &mut packages {
        package.manifest = workspace.read(&package.manifest_path())?.text;
    }

    let mut findings = dependencies::check(&packages);
    findings.extend(sources.iter().flat_map(files::opens_with_its_purpose));
    findings.extend(sources.iter().flat_map(|source| files::forbids_unsafe_code(source, &tree)));
    findings.extend(sources.iter().flat_map(files::nothing_left_over));
    findings.extend(sources.iter().flat_map(files::not_too_long));
    findings.extend(code::check(&sources));
    let commands = crate::subcommand_names();
    findings.extend(documents.iter().flat_map(|document| docs::check(document, &tree, &commands)));
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_reads_as_path_line_rule_message() {
        let finding = Finding::new("core/src/lib.rs", 7, "length", "too long");
        assert_eq!(finding.to_string(), "core/src/lib.rs:7: length: too long");
    }
}
