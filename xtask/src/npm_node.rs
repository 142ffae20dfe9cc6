//! The steps that test the npm package and its example in Node. What they test stands beside the package.

use anyhow::Result;

use crate::npm;
use crate::process;
use crate::steps::Outcome;
use crate::tools::{self, SQLITE};
use crate::workspace::Workspace;

/// The package: its files, its lock, kills, and the packed tarball as its users have it.
pub(crate) fn package(workspace: &Workspace) -> Result<Outcome> {
    if let Some(reason) = tools::provide(&[SQLITE])?.or(npm::package(workspace)?) {
        return Ok(Outcome::NotRun(reason));
    }
    npm::run(&workspace.root().join("wasm/npm"), "test")?;
    // Turns with a native program on one file; the step `test` had no module for it yet.
    process::run(&mut workspace.cargo(&["test", "--locked", "-p", "stockroom-wasm", "--test", "interop"]))?;
    Ok(Outcome::Passed)
}

/// The shop in Node: its types, and its tests.
pub(crate) fn example(workspace: &Workspace) -> Result<Outcome> {
    if let Some(reason) = npm::package(workspace)? {
        return Ok(Outcome::NotRun(reason));
    }
    let folder = workspace.root().join("examples/node");
    npm::install(&folder)?;
    npm::run(&folder, "types")?;
    npm::run(&folder, "test")?;
    Ok(Outcome::Passed)
}
