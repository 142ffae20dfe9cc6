//! The steps in a browser: the npm package in Chromium, and the till that is built over it. What is tested stands in
//! their own tests; these files bring together what they need.

use anyhow::{Result, bail};

use crate::npm;
use crate::steps::Outcome;
use crate::tools::{self, CHROMIUM, NODE, NPM};
use crate::workspace::Workspace;

/// Runs the package's tests in Chromium, out of the packed package.
pub(crate) fn package(workspace: &Workspace) -> Result<Outcome> {
    if let Some(reason) = lacking(workspace)? {
        bail!("{reason}; or leave the step out with --skip");
    }
    npm::run(&workspace.root().join("wasm/npm"), "test:browser")?;
    Ok(Outcome::Passed)
}

/// Checks the till's types, builds it, and drives it in Chromium.
pub(crate) fn example(workspace: &Workspace) -> Result<Outcome> {
    if let Some(reason) = lacking(workspace)? {
        bail!("{reason}; or leave the step out with --skip");
    }
    let till = workspace.root().join("examples/browser");
    npm::install(&till)?;
    for script in ["types", "build", "test"] {
        npm::run(&till, script)?;
    }
    Ok(Outcome::Passed)
}

/// Why there can be no test in a browser here, if so.
fn lacking(workspace: &Workspace) -> Result<Option<String>> {
    match tools::provide(&[CHROMIUM, NODE, NPM])? {
        Some(reason) => Ok(Some(reason)),
        None => npm::package(workspace),
    }
}
