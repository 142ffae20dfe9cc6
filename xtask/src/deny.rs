//! `cargo xtask deny`: what may be linked (licences, sources, duplicates), by cargo-deny and `deny.toml`. It installs
//! cargo-deny where that is absent.

use std::process::{Command, Stdio};

use anyhow::Result;

use crate::process;
use crate::workspace::Workspace;

/// Advisories are left out: their database is on the network, and not everywhere to be had.
const CHECKS: [&str; 4] = ["check", "licenses", "bans", "sources"];

/// Checks the dependencies of the whole workspace.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    provide()?;
    let mut deny = workspace.cargo(&["deny", "--offline", "--log-level", "error"]);
    process::run(deny.args(CHECKS))
}

fn provide() -> Result<()> {
    let mut version = Command::new("cargo");
    version.args(["deny", "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
    if version.status().is_ok_and(|status| status.success()) {
        return Ok(());
    }
    println!("Installing cargo-deny, once");
    process::run(Command::new("cargo").args(["install", "--locked", "cargo-deny"]))
}
