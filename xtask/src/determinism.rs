//! The step that has one recorded command log done again in every way that the engine can be had, and holds the digests
//! of what came of it against each other: in Rust over SQLite, where it was recorded; through C, in memory; in Node, in a
//! file; in Chromium, in a database that lasts.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::embed::{Installation, STRICT};
use crate::npm;
use crate::process;
use crate::steps::Outcome;
use crate::tools::{self, CC, CHROMIUM, PKG_CONFIG};
use crate::workspace::Workspace;

/// Commands done in one commit.
const BATCH: usize = 1_000;

const C_PROGRAM: &str = "xtask/src/determinism/log.c";
const NODE_PROGRAM: &str = "wasm/npm/test/support/log.mjs";
const BROWSER_PROGRAM: &str = "wasm/npm/test/browser/support/log.js";

/// The step `determinism`.
pub(crate) fn run(workspace: &Workspace) -> Result<Outcome> {
    if let Some(reason) = tools::provide(&[CC, PKG_CONFIG, CHROMIUM])?.or(npm::package(workspace)?) {
        bail!("{reason}; or leave the step out with --skip");
    }
    let installed = Installation::fresh(workspace, "determinism")?;
    let (trace, batches) = (installed.scratch.join("trace.jsonl"), installed.scratch.join("batches.jsonl"));
    let mut replay = workspace.cargo(&["run", "--quiet", "--release", "--locked", "-p", "replay", "--", "--json"]);
    let report = process::capture(replay.arg("--trace").arg(&trace))?;
    let report: Value = serde_json::from_str(&report).context("the replay's report is not JSON")?;
    let recorded = report["digest"].as_str().context("the replay's report has no digest")?;
    let commands = write_batches(&trace, &batches)?;
    ensure!(commands > BATCH, "the log has {commands} commands: too few to show anything");

    let through_c = process::capture(c_program(workspace, &installed)?.arg(&batches))?;
    let mut node = Command::new("node");
    node.arg(workspace.root().join(NODE_PROGRAM)).arg(&batches).arg(installed.scratch.join("node.sqlite3"));
    let in_node = process::capture(&mut node)?;
    let mut browser = Command::new("node");
    browser.arg(workspace.root().join(BROWSER_PROGRAM)).arg(&batches);
    let in_chromium = process::capture(&mut browser)?;
    for (place, found) in [("C", &through_c), ("Node", &in_node), ("Chromium", &in_chromium)] {
        let found = found.trim();
        ensure!(found == recorded, "{commands} commands give {recorded} in Rust and {found} through {place}");
    }
    Ok(Outcome::Passed)
}

fn c_program(workspace: &Workspace, installed: &Installation) -> Result<Command> {
    let program = installed.scratch.join("log");
    let mut compile = Command::new("cc");
    compile.args(STRICT).arg(workspace.root().join(C_PROGRAM)).arg("-o").arg(&program);
    process::run(compile.args(installed.pkg_config(&["--cflags", "--libs"])?))?;
    Ok(installed.program(&program))
}

/// Writes a command log as lists of commands, as hosts in other languages send them. Gives how many there are.
fn write_batches(trace: &Path, batches: &Path) -> Result<usize> {
    let mut out = BufWriter::new(File::create(batches)?);
    let (mut batch, mut count) = (Vec::with_capacity(BATCH), 0);
    for line in BufReader::new(File::open(trace)?).lines() {
        batch.push(command(&line?)?);
        count += 1;
        if batch.len() == BATCH {
            writeln!(out, "{}", Value::Array(std::mem::take(&mut batch)))?;
        }
    }
    writeln!(out, "{}", Value::Array(batch))?;
    out.flush()?;
    Ok(count)
}

/// A line of the log, `{"at_ms": …, "command": {…}}`, as a command that says when.
fn command(line: &str) -> Result<Value> {
    let mut timed: Value = serde_json::from_str(line).context("a line of the log is not JSON")?;
    let at_ms = timed["at_ms"].take();
    let mut command = timed["command"].take();
    command.as_object_mut().context("a line of the log has no command")?.insert("at_ms".to_owned(), at_ms);
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_line_of_the_log_becomes_a_command() {
        let line = r#"{"at_ms":7,"command":{"key":"k","action":{"tick":{"limit":1}}}}"#;
        let expected = json!({ "at_ms": 7, "key": "k", "action": { "tick": { "limit": 1 } } });
        assert_eq!(command(line).expect("a command"), expected);
        assert!(command(r#"{"at_ms":7}"#).is_err() && command("").is_err());
    }
}
