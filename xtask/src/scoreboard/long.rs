//! Long runs: what a command said at its end, kept with its date and commit in `docs/runs/`.

use std::fs;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Stamp, last_line};
use crate::process;
use crate::workspace::Workspace;

const RUNS: &str = "docs/runs";

/// One long run.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Run {
    /// What was run, after `cargo xtask`.
    pub(super) command: String,
    pub(super) date: String,
    pub(super) commit: String,
    /// What it said, in short.
    #[serde(skip)]
    pub(super) said: String,
    /// All that it said.
    result: Value,
}

/// Runs a command and keeps what it says.
pub(super) fn record(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let name = arguments.first().context("which command?")?;
    let stamp = Stamp::now(workspace)?;
    let mut command = workspace.cargo(&["run", "--quiet", "--package", "xtask", "--"]);
    let result = last_line(&process::capture(command.args(arguments))?)?;
    let Stamp { date, commit } = stamp;
    let run = Run { command: arguments.join(" "), date, commit, said: String::new(), result };
    let directory = workspace.root().join(RUNS);
    fs::create_dir_all(&directory)?;
    let file = directory.join(format!("{name}.json"));
    fs::write(&file, serde_json::to_string_pretty(&run)? + "\n")?;
    println!("{}: {}", file.display(), in_short(&run.result));
    Ok(())
}

/// Every long run that is kept, by name.
pub(super) fn runs(workspace: &Workspace) -> Result<Vec<Run>> {
    let Ok(entries) = fs::read_dir(workspace.root().join(RUNS)) else { return Ok(Vec::new()) };
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    let read = |file: &std::path::PathBuf| {
        let text = fs::read_to_string(file)?;
        let mut run: Run = serde_json::from_str(&text).with_context(|| file.display().to_string())?;
        run.said = in_short(&run.result);
        Ok(run)
    };
    files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "json")).map(read).collect()
}

/// The figures on the top of what was said: numbers, and how long lists are.
fn in_short(result: &Value) -> String {
    let top = match result.as_object() {
        // Some name themselves first.
        Some(object) if object.len() == 1 => object.values().next().and_then(Value::as_object),
        other => other,
    };
    let shown = top.into_iter().flatten().filter_map(|(name, value)| match value {
        Value::Number(number) if number.is_f64() => Some(format!("{name} {:.1}", number.as_f64().unwrap_or(0.0))),
        Value::Number(number) => Some(format!("{name} {number}")),
        Value::Array(list) => Some(format!("{name} {}", list.len())),
        _ => None,
    });
    shown.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_and_lists_are_shown() {
        let said = json!({ "crash": { "points": 20, "crashed": ["a"], "by": { "x": 1 }, "hours": 0.51 } });
        assert_eq!(in_short(&said), "crashed 1, hours 0.5, points 20");
        assert_eq!(in_short(&json!({ "lost": 0, "commands": 7 })), "commands 7, lost 0");
    }
}
