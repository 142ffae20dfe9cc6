//! `cargo xtask rivals`: the scenarios by name (`core/tests/rivals`), wherever the engine runs. It builds what the places
//! need, a host in C against an installation and the npm package for Node, and hands over to the tests. It may not know
//! what a scenario does.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::embed::Installation;
use crate::process;
use crate::steps::Outcome;
use crate::tools::{self, CC, PKG_CONFIG};
use crate::wasm;
use crate::workspace::Workspace;

/// The npm package as `cargo xtask wasm` builds it.
const PACKAGE: &str = "wasm/npm/dist/node.js";
const HOST: &str = "core/tests/rivals/hosts/host.c";

/// Where to run.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The places: memory, sqlite, c, node
    #[arg(long, value_name = "PLACES", value_delimiter = ',', default_value = "memory,sqlite,c,node",
          value_parser = ["memory", "sqlite", "c", "node"])]
    on: Vec<String>,
}

/// Builds what the places need, runs every scenario there, and prints the table.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    let is_on = |place: &str| arguments.on.iter().any(|named| named == place);
    let mut host = None;
    if is_on("c") {
        if let Some(reason) = tools::provide(&[CC, PKG_CONFIG])? {
            bail!("the place c needs a compiler: {reason}");
        }
        host = Some(c_host(workspace)?);
    }
    let package = workspace.root().join(PACKAGE);
    if is_on("node") {
        wasm::run(workspace, &wasm::Arguments::default())?;
        ensure!(package.is_file(), "`cargo xtask wasm` left no {PACKAGE}");
    }
    table(workspace, &arguments.on, host.as_deref(), &package)
}

/// The step `rivals`: in Node too where the package is built already.
pub(crate) fn step(workspace: &Workspace) -> Result<Outcome> {
    if let Some(reason) = tools::provide(&[CC, PKG_CONFIG])? {
        bail!("{reason}; or leave the step out with --skip");
    }
    let mut on = vec!["memory".to_owned(), "sqlite".to_owned(), "c".to_owned()];
    let host = Some(c_host(workspace)?);
    let package = workspace.root().join(PACKAGE);
    if package.is_file() {
        on.push("node".to_owned());
    } else {
        println!("not in Node: {PACKAGE} is not built (cargo xtask wasm)");
    }
    table(workspace, &on, host.as_deref(), &package)?;
    Ok(Outcome::Passed)
}

/// Compiles the host in C against an installation of its own.
fn c_host(workspace: &Workspace) -> Result<PathBuf> {
    let installed = Installation::fresh(workspace, "rivals")?;
    let host = installed.scratch.join("host");
    let mut compile = Command::new("cc");
    compile.args(["-std=c11", "-O2", "-g", "-Wall", "-Wextra", "-Werror", "-pedantic", "-o"]).arg(&host);
    compile.arg(workspace.root().join(HOST)).args(installed.pkg_config(&["--cflags", "--libs"])?);
    compile.arg(format!("-Wl,-rpath,{}", installed.libdir().display())).arg("-lpthread");
    process::run(&mut compile).context("the host in C")?;
    Ok(host)
}

fn table(workspace: &Workspace, on: &[String], host: Option<&Path>, package: &Path) -> Result<()> {
    let test = ["test", "--quiet", "--locked", "-p", "stockroom-rivals", "--test", "rivals", "--", "table", "--on"];
    let mut command = workspace.cargo(&test);
    if let Some(host) = host {
        command.env("STOCKROOM_RIVALS_C", host);
    }
    process::run(command.arg(on.join(",")).env("STOCKROOM_RIVALS_NODE", package))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        arguments: Arguments,
    }

    #[test]
    fn places_are_named_in_a_list() {
        let on = |line: &[&str]| Cli::try_parse_from(line).map(|cli| cli.arguments.on);
        assert_eq!(on(&["rivals"]).unwrap(), ["memory", "sqlite", "c", "node"]);
        assert_eq!(on(&["rivals", "--on", "memory,c"]).unwrap(), ["memory", "c"]);
        assert!(on(&["rivals", "--on", "memory,moon"]).is_err());
    }
}
