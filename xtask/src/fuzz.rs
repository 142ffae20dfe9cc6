//! `cargo xtask fuzz`: the long fuzzing run. Builds the targets of `fuzz/targets` with nightly Rust and a sanitizer by
//! cargo-fuzz, which it installs where it is absent, and shares the time among them. What crashes is to be kept in
//! `fuzz/crashes/TARGET/`, where the short run of the tests finds it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use serde_json::json;

use crate::process;
use crate::workspace::Workspace;

const CARGO_FUZZ: [&str; 3] = ["cargo-fuzz", "--version", "^0.13"];

/// The command line of `cargo xtask fuzz`.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Hours for all targets together; fractions are taken
    #[arg(long, value_name = "H", default_value_t = 0.1)]
    hours: f64,
    /// Processes that fuzz one target at a time
    #[arg(long, value_name = "N", default_value_t = 2)]
    jobs: u32,
    /// `address` watches memory; `none` is several times quicker, and finds what panics
    #[arg(long, value_name = "NAME", default_value = "address", value_parser = ["address", "none"])]
    sanitizer: String,
    /// The targets; all where none is named
    targets: Vec<String>,
}

/// What a target's run says of itself.
#[derive(Debug, PartialEq, Eq)]
struct Ran {
    executions: u64,
}

/// Fuzzes, and ends with one line of JSON.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    ensure!(arguments.hours > 0.0 && arguments.hours.is_finite(), "--hours is not above 0");
    let directory = workspace.root().join("fuzz/targets");
    let known = targets(&directory)?;
    let chosen = if arguments.targets.is_empty() { &known } else { &arguments.targets };
    if let Some(unknown) = chosen.iter().find(|name| !known.contains(name)) {
        bail!("there is no target `{unknown}`; there are {}", known.join(", "));
    }
    provide()?;
    let build = workspace.target_directory()?.join("fuzz");
    let seconds = (arguments.hours * 3_600.0 / chosen.len() as f64).ceil().max(1.0) as u64;
    let (mut executions, mut crashed) = (BTreeMap::new(), Vec::new());
    for target in chosen {
        println!("{target}: {seconds} s");
        let corpus = build.join("corpus").join(target);
        fs::create_dir_all(&corpus)?;
        write_seeds(workspace, target, &corpus)?;
        let mut fuzz = Command::new("cargo");
        fuzz.current_dir(&directory).stdin(Stdio::null());
        // The project's compiler is pinned for us by rustup; this is another one.
        fuzz.env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO").env("RUSTFLAGS", "");
        fuzz.args(["+nightly", "fuzz", "run", "--fuzz-dir", ".", "--sanitizer", &arguments.sanitizer, "--target-dir"]);
        fuzz.arg(&build).arg(target).arg(&corpus);
        fuzz.args(["--", "-max_len=4096", "-timeout=20", "-rss_limit_mb=4096", "-print_final_stats=1"]);
        fuzz.arg(format!("-max_total_time={seconds}"));
        // A process of its own for each job costs more than most documents take.
        if arguments.jobs > 1 {
            fuzz.arg(format!("-fork={}", arguments.jobs));
        }
        fuzz.arg(format!("-artifact_prefix={}/", build.join("crashed").join(target).display()));
        fs::create_dir_all(build.join("crashed").join(target))?;
        let output =
            fuzz.stdout(Stdio::piped()).stderr(Stdio::piped()).output().context("cargo-fuzz does not start")?;
        let said = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            print!("{}", tail(&said, 60));
            crashed.push(target.clone());
        }
        let ran = read(&said);
        println!("{target}: {} executions", ran.executions);
        executions.insert(target.as_str(), ran.executions);
    }
    let report = json!({ "fuzz": {
        "targets": chosen.len(), "hours": arguments.hours, "sanitizer": arguments.sanitizer, "crashed": crashed,
        "executions": executions.values().sum::<u64>(), "by_target": executions,
    } });
    println!("{report}");
    ensure!(crashed.is_empty(), "{} crashed; see {}", crashed.join(", "), build.join("crashed").display());
    Ok(())
}

/// The targets by their files.
fn targets(directory: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory.join("fuzz_targets"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        names.extend(name.strip_suffix(".rs").map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

/// cargo-fuzz and nightly Rust, or a word how to get them.
fn provide() -> Result<()> {
    let has = |arguments: &[&str]| {
        let mut command = Command::new("cargo");
        command.args(arguments).env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO");
        command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    };
    ensure!(has(&["+nightly", "--version"]), "nightly Rust is not here: rustup toolchain install nightly");
    if !has(&["fuzz", "--version"]) {
        println!("Installing cargo-fuzz, once");
        process::run(Command::new("cargo").args(["install", "--locked"]).args(CARGO_FUZZ))?;
    }
    Ok(())
}

/// The seeds as files, by the crate that knows them.
fn write_seeds(workspace: &Workspace, target: &str, corpus: &Path) -> Result<()> {
    let mut seeds = workspace.cargo(&["run", "--quiet", "--locked", "-p", "stockroom-fuzz", "--bin", "seeds", "--"]);
    process::run(seeds.arg(target).arg(corpus))
}

/// The executions that libFuzzer counts: in its last line in fork mode (`#123: cov: …`), or among its final figures.
fn read(said: &str) -> Ran {
    let final_figure = said.lines().filter_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    let final_figure = final_figure.filter_map(|figure| figure.trim().parse::<u64>().ok()).max();
    let counted = said.lines().filter_map(|line| line.strip_prefix('#')?.split(|c: char| !c.is_ascii_digit()).next());
    let counted = counted.filter_map(|figure| figure.parse::<u64>().ok()).max();
    Ran { executions: counted.max(final_figure).unwrap_or(0) }
}

fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].iter().map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executions_are_read_from_what_the_fuzzer_says() {
        assert_eq!(read("INFO: -fork=2\n#500: cov: 7\n#12345: cov: 9 ft: 10\n").executions, 12_345);
        assert_eq!(read("#8\tpulse\nstat::number_of_executed_units: 99\n").executions, 99);
        assert_eq!(read("nothing").executions, 0);
    }

    #[test]
    fn the_targets_are_found() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/targets");
        let names = targets(&directory).expect("they can be read");
        assert!(names.contains(&"documents".to_owned()) && names.len() > 4, "{names:?}");
    }
}
