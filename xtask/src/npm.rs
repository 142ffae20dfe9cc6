//! What the steps in JavaScript have in common: npm's packages installed as their lock files name them, scripts run, and
//! our own package built once a run. How it is built is in `wasm.rs`; what is tested is for the steps.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use anyhow::{Context, Result};

use crate::process;
use crate::tools::{self, NODE, NPM};
use crate::wasm;
use crate::workspace::Workspace;

/// Installs what a folder's `package-lock.json` names, unless it is there already.
pub(crate) fn install(folder: &Path) -> Result<()> {
    // npm writes its own copy of the lock file last: it tells what is installed.
    let is_installed = match (
        fs::metadata(folder.join("node_modules/.package-lock.json")),
        fs::metadata(folder.join("package-lock.json")),
    ) {
        (Ok(installed), Ok(locked)) => installed.modified()? >= locked.modified()?,
        _ => false,
    };
    if is_installed {
        return Ok(());
    }
    let install = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    process::run(npm(folder).args(install)).with_context(|| format!("in {}", folder.display()))
}

/// Runs a script of a folder's `package.json`.
pub(crate) fn run(folder: &Path, script: &str) -> Result<()> {
    process::run(npm(folder).args(["run", "--silent", script]))
}

/// Builds our package, once however many steps ask for it. The reason where it cannot be built here.
pub(crate) fn package(workspace: &Workspace) -> Result<Option<String>> {
    static IS_BUILT: OnceLock<()> = OnceLock::new();
    if let Some(reason) = tools::provide(&[NODE, NPM])? {
        return Ok(Some(reason));
    }
    if IS_BUILT.get().is_none() {
        if let Some(reason) = wasm::lacking() {
            return Ok(Some(reason));
        }
        wasm::build(workspace, true)?;
        IS_BUILT.get_or_init(|| ());
    }
    Ok(None)
}

/// npm at work in a folder. It is never asked anything: a script that waits for a terminal would wait for ever.
fn npm(folder: &Path) -> Command {
    let mut command = Command::new("npm");
    command.current_dir(folder).stdin(Stdio::null());
    command
}
