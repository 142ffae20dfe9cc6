//! `cargo xtask bench`: hands its arguments to the benchmark program. It may not know what the
//! benchmarks are or read their results.

use std::path::Path;
use std::process::Command;

use anyhow::Result;
use clap::Args;

use crate::process;
use crate::wasm;
use crate::workspace::Workspace;

/// What is passed through to the benchmark program.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Print the results as JSON
    #[arg(long)]
    json: bool,
    /// Run shorter, for a first look
    #[arg(long)]
    quick: bool,
    /// Run the npm package beside better-sqlite3 in Node, and nothing else
    #[arg(long, conflicts_with_all = ["json", "names"])]
    node: bool,
    /// The benchmarks to run; all where none is named
    names: Vec<String>,
}

/// Builds the benchmark program in release mode and runs it.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    if arguments.node {
        return in_node(workspace, arguments.quick);
    }
    // The rows through C need the library beside the program.
    process::run(&mut workspace.cargo(&["build", "--quiet", "--release", "--locked", "-p", "stockroom-ffi"]))?;
    let mut command = workspace.cargo(&["run", "--quiet", "--release", "--locked", "-p", "stockroom-benches", "--"]);
    process::run(command.args(passed(arguments)))
}

/// better-sqlite3 is compiled here: against Node's own headers where they are installed beside it, as Debian does.
fn in_node(workspace: &Workspace, quick: bool) -> Result<()> {
    wasm::once(workspace)?;
    let folder = workspace.root().join("wasm/bench");
    let mut install = Command::new("npm");
    install.current_dir(&folder).args(["ci", "--no-audit", "--no-fund", "--silent"]);
    if Path::new("/usr/include/node/node.h").is_file() {
        install.env("npm_config_nodedir", "/usr");
    }
    process::run(&mut install)?;
    let amounts: &[&str] = if quick { &["2000", "3"] } else { &[] };
    process::run(Command::new("node").current_dir(&folder).arg("main.js").args(amounts))
}

fn passed(arguments: &Arguments) -> Vec<&str> {
    let flags = [(arguments.json, "--json"), (arguments.quick, "--quick")];
    let flags = flags.into_iter().filter_map(|(given, flag)| given.then_some(flag));
    flags.chain(arguments.names.iter().map(String::as_str)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_passed_through() {
        let arguments = Arguments { json: true, quick: false, node: false, names: vec!["orders".to_owned()] };
        assert_eq!(passed(&arguments), ["--json", "orders"]);
        assert!(passed(&Arguments { json: false, quick: false, node: false, names: vec![] }).is_empty());
    }
}
