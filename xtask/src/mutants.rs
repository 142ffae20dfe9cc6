//! `cargo xtask mutants`: mutation testing of the core by cargo-mutants, which it installs where it is absent. Each mutant is
//! one change to one rule; the core's own tests must fail with it. All of them take days, so that a run takes every n-th,
//! and leaves out the suites that look at wrong input for minutes: what is missed may still be found by those. What is not
//! changed, and why, stands in `.cargo/mutants.toml`.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde::Deserialize;
use serde_json::json;

use crate::process;
use crate::workspace::Workspace;

const CARGO_MUTANTS: [&str; 3] = ["cargo-mutants", "--version", "^27"];

/// Suites of the core that take longer than all others together; `rivals` is a package of its own.
const SLOW: [&str; 4] = ["bad_input", "codes", "documents", "models"];
const NO_SUITES: [&str; 2] = ["common", "rivals"];

/// The command line of `cargo xtask mutants`.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Which of the mutants: the K-th of N parts, each a sample of the whole
    #[arg(long, value_name = "K/N", default_value = "0/50")]
    shard: String,
    /// Mutants tried at once
    #[arg(long, value_name = "N", default_value_t = 1)]
    jobs: u32,
}

/// What cargo-mutants writes of a run.
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
    Mutant(Mutant),
}

#[derive(Deserialize)]
struct Mutant {
    name: String,
}

/// How the tests fared.
#[derive(Debug, Default, PartialEq, Eq)]
struct Score {
    caught: usize,
    /// Does not compile: nothing to test.
    unviable: usize,
    missed: Vec<String>,
}

impl Score {
    fn of(outcomes: Outcomes) -> Self {
        let mut score = Score::default();
        for Outcome { scenario, summary } in outcomes.outcomes {
            let Scenario::Mutant(mutant) = scenario else { continue };
            match summary.as_str() {
                // One that runs for ever is found as well.
                "CaughtMutant" | "Timeout" => score.caught += 1,
                "Unviable" => score.unviable += 1,
                _ => score.missed.push(mutant.name),
            }
        }
        score
    }

    /// Caught mutants in percent of those that compile.
    fn percent(&self) -> f64 {
        100.0 * self.caught as f64 / (self.caught + self.missed.len()).max(1) as f64
    }
}

/// Tries mutants, and ends with one line of JSON. That some are missed is no failure: it is what the run is to find.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    provide()?;
    let output = workspace.target_directory()?.join("mutants");
    fs::create_dir_all(&output)?;
    let mut mutants = Command::new("cargo");
    mutants.current_dir(workspace.root()).arg("mutants");
    mutants.args(["--package", "stockroom", "--jobs", &arguments.jobs.to_string()]);
    // By turns: else a part is a few files, and no sample of the whole.
    mutants.args(["--shard", &arguments.shard, "--sharding", "round-robin"]);
    mutants.args(["--colors", "never", "--cargo-arg=--locked", "--output"]).arg(&output);
    // With one at a time what was built before serves again.
    if arguments.jobs == 1 {
        mutants.env("CARGO_TARGET_DIR", output.join("build"));
    }
    mutants.args(["--", "--lib"]);
    for suite in suites(&workspace.root().join("core/tests"))? {
        mutants.args(["--test", &suite]);
    }
    // 2: some were missed; 3: some ran for too long.
    let status = mutants.status().context("cargo-mutants does not start")?;
    ensure!(matches!(status.code(), Some(0 | 2 | 3)), "cargo-mutants failed ({status})");
    let said = fs::read_to_string(output.join("mutants.out/outcomes.json"))?;
    let score = Score::of(serde_json::from_str(&said)?);
    let percent = score.percent();
    let Score { caught, unviable, missed } = score;
    println!(
        "{}",
        json!({ "mutants": {
            "shard": arguments.shard, "caught": caught, "missed": missed, "unviable": unviable, "percent": percent,
        } })
    );
    Ok(())
}

/// The core's suites that are quick, by their files and folders.
fn suites(directory: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        names.push(name.strip_suffix(".rs").map_or(name.clone(), str::to_owned));
    }
    names.retain(|name| !SLOW.contains(&name.as_str()) && !NO_SUITES.contains(&name.as_str()));
    names.sort();
    Ok(names)
}

fn provide() -> Result<()> {
    let mut version = Command::new("cargo");
    version.args(["mutants", "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
    if !version.status().is_ok_and(|status| status.success()) {
        println!("Installing cargo-mutants, once");
        process::run(Command::new("cargo").args(["install", "--locked"]).args(CARGO_MUTANTS))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_are_left_out_by_names_that_are_there() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/tests");
        let names = suites(&directory).expect("they can be read");
        assert!(names.contains(&"simulation".to_owned()) && names.contains(&"deliveries".to_owned()), "{names:?}");
        let is_there = |name: &&str| directory.join(name).exists() || directory.join(format!("{name}.rs")).exists();
        assert!(SLOW.iter().chain(&NO_SUITES).all(is_there));
    }

    #[test]
    fn what_compiles_and_is_not_caught_counts_against_the_tests() {
        let mutant = |name: &str, summary: &str| json!({ "scenario": { "Mutant": { "name": name, "file": "core/src/a.rs" } }, "summary": summary });
        let said = json!({ "outcomes": [
            { "scenario": "Baseline", "summary": "Success" },
            mutant("a", "CaughtMutant"), mutant("b", "Timeout"), mutant("c", "Unviable"), mutant("d", "MissedMutant"),
        ] });
        let score = Score::of(serde_json::from_value(said).expect("outcomes"));
        assert_eq!(score, Score { caught: 2, unviable: 1, missed: vec!["d".into()] });
        assert!((score.percent() - 66.6).abs() < 0.1);
    }
}
