//! The steps that test the npm package and its examples in Node. What they test stands beside the package.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::npm;
use crate::process;
use crate::steps::Outcome;
use crate::tools::{self, PG_VIRTUALENV, SQLITE};
use crate::workspace::Workspace;

/// The package: its files, its lock, kills, and the packed tarball as its users have it.
pub(crate) fn package(workspace: &Workspace) -> Result<Outcome> {
    if let Some(reason) = tools::provide(&[SQLITE])?.or(npm::package(workspace)?) {
        bail!("{reason}; or leave the step out with --skip");
    }
    npm::run(&workspace.root().join("wasm/npm"), "test")?;
    tables(workspace)?;
    // Turns with a native program on one file; the step `test` had no module for it yet.
    process::run(&mut workspace.cargo(&["test", "--locked", "-p", "stockroom-wasm", "--test", "interop"]))?;
    Ok(Outcome::Passed)
}

/// The core's tables of behaviour through the package: recorded by the core's own tests, done again in Node.
fn tables(workspace: &Workspace) -> Result<()> {
    let log = workspace.target_directory()?.join("tmp/xtask/tables");
    if log.exists() {
        fs::remove_dir_all(&log).with_context(|| format!("cannot clear {}", log.display()))?;
    }
    fs::create_dir_all(&log)?;
    let mut record = workspace.cargo(&["test", "--quiet", "--locked", "-p", "stockroom", "--test", "tables"]);
    process::run(record.env("STOCKROOM_TABLES_LOG", &log))?;
    let program = workspace.root().join("wasm/npm/test/support/tables.mjs");
    process::run(Command::new("node").arg(program).arg(&log))
}

/// The shop in Node: its types, and its tests.
pub(crate) fn example(workspace: &Workspace) -> Result<Outcome> {
    example_in(workspace, "examples/node")
}

/// Tills over PostgreSQL, likewise.
pub(crate) fn own_database(workspace: &Workspace) -> Result<Outcome> {
    if let Some(reason) = tools::provide(&[PG_VIRTUALENV])? {
        bail!("{reason}; or leave the step out with --skip");
    }
    example_in(workspace, "examples/own-database")
}

fn example_in(workspace: &Workspace, folder: &str) -> Result<Outcome> {
    if let Some(reason) = npm::package(workspace)? {
        bail!("{reason}; or leave the step out with --skip");
    }
    let folder = workspace.root().join(folder);
    npm::install(&folder)?;
    npm::run(&folder, "types")?;
    npm::run(&folder, "test")?;
    Ok(Outcome::Passed)
}
