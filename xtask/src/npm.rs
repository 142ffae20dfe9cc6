//! The steps that test the npm package and its example in Node. What they test stands beside the package; here it is
//! built, and what they need is fetched.

use std::process::{Command, Stdio};

use anyhow::Result;

use crate::process;
use crate::steps::Outcome;
use crate::tools::{self, NODE, NPM, SQLITE};
use crate::wasm;
use crate::workspace::Workspace;

/// The package: its files, its lock, kills, and the packed tarball as its users have it.
pub(crate) fn package(workspace: &Workspace) -> Result<Outcome> {
    if let Some(reason) = tools::provide(&[NODE, NPM, SQLITE])? {
        return Ok(Outcome::NotRun(reason));
    }
    wasm::once(workspace)?;
    process::run(npm(workspace, "wasm/npm").arg("test"))?;
    // Turns with a native program on one file; the step `test` had no module for it yet.
    process::run(&mut workspace.cargo(&["test", "--locked", "-p", "stockroom-wasm", "--test", "interop"]))?;
    Ok(Outcome::Passed)
}

/// The shop in Node: its types, and its tests.
pub(crate) fn example(workspace: &Workspace) -> Result<Outcome> {
    if let Some(reason) = tools::provide(&[NODE, NPM])? {
        return Ok(Outcome::NotRun(reason));
    }
    wasm::once(workspace)?;
    process::run(npm(workspace, "examples/node").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))?;
    process::run(npm(workspace, "examples/node").args(["run", "--silent", "types"]))?;
    process::run(npm(workspace, "examples/node").arg("test"))?;
    Ok(Outcome::Passed)
}

/// npm in a folder, without a terminal to ask questions on.
pub(crate) fn npm(workspace: &Workspace, folder: &str) -> Command {
    let mut command = Command::new("npm");
    command.current_dir(workspace.root().join(folder)).stdin(Stdio::null());
    command
}
