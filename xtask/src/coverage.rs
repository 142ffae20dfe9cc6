//! `cargo xtask coverage`: which branches of the core its own tests take, by cargo-llvm-cov with nightly Rust, since stable
//! Rust counts lines alone. It installs cargo-llvm-cov where that is absent; the LLVM tools come with rustup, or from the
//! system in the compiler's version.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::process;
use crate::workspace::Workspace;

const CARGO_LLVM_COV: [&str; 3] = ["cargo-llvm-cov", "--version", "^0.9"];

/// What llvm-cov exports.
#[derive(Deserialize)]
struct Export {
    data: Vec<Data>,
}

#[derive(Deserialize)]
struct Data {
    totals: Totals,
}

#[derive(Deserialize)]
struct Totals {
    branches: Count,
    lines: Count,
    regions: Count,
}

#[derive(Deserialize)]
struct Count {
    count: u64,
    covered: u64,
    percent: f64,
}

/// Runs the core's tests, and ends with one line of JSON.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    provide()?;
    let mut tests = nightly(&["llvm-cov", "--branch", "--package", "stockroom", "--lib", "--tests", "--locked"]);
    tests.current_dir(workspace.root()).env("CARGO_TARGET_DIR", workspace.target_directory()?.join("coverage"));
    tests.args(["--json", "--summary-only", "--ignore-filename-regex", "/(tests|planted\\.rs)"]);
    if let Some((cov, profdata)) = system_tools()? {
        tests.env("LLVM_COV", cov).env("LLVM_PROFDATA", profdata);
    }
    let said = process::capture(&mut tests)?;
    // What the tests print comes before.
    let export = said.lines().rev().find(|line| line.starts_with('{')).context("llvm-cov told nothing")?;
    println!("{}", figures(&serde_json::from_str(export)?)?);
    Ok(())
}

fn figures(export: &Export) -> Result<Value> {
    let Totals { branches, lines, regions } = &export.data.first().context("llvm-cov told of no code")?.totals;
    ensure!(branches.count > 0, "no branches were counted");
    Ok(json!({ "coverage": {
        "branches": branches.count, "branches_taken": branches.covered, "branches_percent": branches.percent,
        "lines_percent": lines.percent, "regions_percent": regions.percent,
    } }))
}

/// Cargo of nightly Rust: the project's compiler is pinned for us by rustup, and this is another one.
fn nightly(arguments: &[&str]) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.arg("+nightly").args(arguments).env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO").env_remove("RUSTC");
    cargo
}

fn provide() -> Result<()> {
    let has = |arguments: &[&str]| {
        nightly(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    };
    ensure!(has(&["--version"]), "nightly Rust is not here: rustup toolchain install nightly");
    if !has(&["llvm-cov", "--version"]) {
        println!("Installing cargo-llvm-cov, once");
        process::run(Command::new("cargo").args(["install", "--locked"]).args(CARGO_LLVM_COV))?;
    }
    Ok(())
}

/// llvm-cov and llvm-profdata of the system, where rustup brought none with the compiler.
fn system_tools() -> Result<Option<(PathBuf, PathBuf)>> {
    let rustc = |arguments: &[&str]| {
        let mut rustc = Command::new("rustc");
        process::capture(rustc.arg("+nightly").args(arguments).env_remove("RUSTUP_TOOLCHAIN"))
    };
    let about = rustc(&["-vV"])?;
    let field = |name: &str| about.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let host = field("host:").context("rustc does not say its host")?;
    let bundled = Path::new(rustc(&["--print", "sysroot"])?.trim()).join("lib/rustlib").join(host).join("bin/llvm-cov");
    if bundled.exists() {
        return Ok(None);
    }
    let version = field("LLVM version:").and_then(|version| version.split('.').next());
    let major = version.context("rustc does not say its LLVM")?;
    let tool = |name: &str| PathBuf::from(format!("/usr/bin/{name}-{major}"));
    let (cov, profdata) = (tool("llvm-cov"), tool("llvm-profdata"));
    ensure!(
        cov.exists() && profdata.exists(),
        "the LLVM tools are not here: rustup component add llvm-tools --toolchain nightly, or apt install llvm-{major}"
    );
    Ok(Some((cov, profdata)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_those_of_the_whole() {
        let count = json!({ "count": 10, "covered": 9, "percent": 90.0, "notcovered": 1 });
        let whole = json!({ "branches": count, "lines": count, "regions": count, "functions": count });
        let export = json!({ "data": [{ "totals": whole, "files": [] }], "type": "llvm.coverage.json.export" });
        let figures = figures(&serde_json::from_value(export).expect("an export")).expect("figures");
        assert_eq!(figures["coverage"]["branches_taken"], 9);
    }
}
