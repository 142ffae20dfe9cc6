//! The steps in a browser: the npm package in Chromium, and the till that is built over it. What is tested stands in
//! their own tests; here they are given what they need.

use anyhow::Result;

use crate::npm::npm;
use crate::process;
use crate::steps::Outcome;
use crate::tools::{self, CHROMIUM, NODE, NPM};
use crate::wasm;
use crate::workspace::Workspace;

/// Runs the package's tests in Chromium, out of the packed package.
pub(crate) fn package(workspace: &Workspace) -> Result<Outcome> {
    if let Some(reason) = tools::provide(&[CHROMIUM, NODE, NPM])? {
        return Ok(Outcome::NotRun(reason));
    }
    wasm::once(workspace)?;
    process::run(npm(workspace, "wasm/npm").args(["run", "--silent", "test:browser"]))?;
    Ok(Outcome::Passed)
}

/// Checks the till's types, builds it, and drives it in Chromium.
pub(crate) fn example(workspace: &Workspace) -> Result<Outcome> {
    if let Some(reason) = tools::provide(&[CHROMIUM, NODE, NPM])? {
        return Ok(Outcome::NotRun(reason));
    }
    wasm::once(workspace)?;
    let till = || npm(workspace, "examples/browser");
    process::run(till().args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))?;
    for script in ["types", "build", "test"] {
        process::run(till().args(["run", "--silent", script]))?;
    }
    Ok(Outcome::Passed)
}
