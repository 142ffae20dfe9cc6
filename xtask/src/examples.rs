//! The steps that run the examples in other languages against an installation of libstockroom. What the till in C has
//! to survive is in `till.rs`; the others test themselves.

mod till;

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail, ensure};

use crate::embed::Installation;
use crate::process;
use crate::steps::Outcome;
use crate::tools::{self, CC, MAKE, PHP, PKG_CONFIG, PYTHON};
use crate::workspace::Workspace;

/// Builds the till as its Makefile does, sells a morning with it, then kills it again and again.
pub(crate) fn c(workspace: &Workspace) -> Result<Outcome> {
    if let Some(reason) = tools::provide(&[CC, MAKE, PKG_CONFIG])? {
        bail!("{reason}; or leave the step out with --skip");
    }
    let installed = Installation::fresh(workspace, "example-c")?;
    let mut make = Command::new("make");
    make.arg("--silent")
        .arg("-C")
        .arg(workspace.root().join("examples/c"))
        .arg("run")
        .arg("CFLAGS=-O2 -g -Wall -Wextra -Werror -pedantic");
    make.arg(format!("PREFIX={}", installed.prefix.display())).arg(format!("BUILD={}", installed.scratch.display()));
    shows(&mut make, &["sold s-1", "no pot: 100 left", "again s-2", "mug 97", "verify: ok"])?;
    till::survives(&installed.scratch.join("till"), &installed.scratch)?;
    Ok(Outcome::Passed)
}

/// Runs the shop and the module's tests.
pub(crate) fn python(workspace: &Workspace) -> Result<Outcome> {
    if let Some(reason) = tools::provide(&[PYTHON])? {
        bail!("{reason}; or leave the step out with --skip");
    }
    let installed = Installation::fresh(workspace, "example-python")?;
    let directory = workspace.root().join("examples/python");
    let python = || {
        let mut command = installed.host("python3");
        // Nothing is left behind beside the sources.
        command.env("PYTHONDONTWRITEBYTECODE", "1").current_dir(&directory);
        command
    };
    shop_runs(python().arg("shop.py"), &installed.scratch)?;
    process::run(python().args(["-m", "unittest", "--quiet", "test_stockroom"]))?;
    Ok(Outcome::Passed)
}

/// Runs the shop and the class's tests.
pub(crate) fn php(workspace: &Workspace) -> Result<Outcome> {
    if let Some(reason) = tools::provide(&[PHP])? {
        bail!("{reason}; or leave the step out with --skip");
    }
    let has_ffi = process::capture(Command::new("php").args(["-r", "echo extension_loaded('FFI') ? 'yes' : 'no';"]))?;
    if has_ffi != "yes" {
        bail!("this php has no FFI extension; or leave the step out with --skip");
    }
    let installed = Installation::fresh(workspace, "example-php")?;
    let php = |file: &str| {
        let mut command = installed.host("php");
        command.args(["-d", "ffi.enable=1", "-d", "error_reporting=-1", "-d", "display_errors=stderr"]);
        command.arg(workspace.root().join("examples/php").join(file));
        command
    };
    shop_runs(&mut php("shop.php"), &installed.scratch)?;
    process::run(&mut php("test.php"))?;
    Ok(Outcome::Passed)
}

impl Installation {
    /// A language's own program, told where library and header are.
    fn host(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("STOCKROOM_LIBRARY", self.shared());
        command.env("STOCKROOM_HEADER", self.prefix.join("include/stockroom.h"));
        command
    }
}

/// The shops of all languages do the same, and nothing more when they are run again on the same file.
fn shop_runs(shop: &mut Command, scratch: &Path) -> Result<()> {
    shop.arg(scratch.join("shop.sqlite3"));
    let lines =
        ["order o-1: allocated, 58.00 EUR", "sent again: repeated", "order o-2: no, insufficient_stock", "verify: ok"];
    for _ in 0..2 {
        shows(shop, &lines)?;
    }
    Ok(())
}

/// Runs a program that says certain lines, in this order among others.
fn shows(command: &mut Command, lines: &[&str]) -> Result<()> {
    let text = process::capture(command)?;
    let mut said = text.lines();
    for line in lines {
        ensure!(said.any(|found| found == *line), "`{line}` is missing, or not in its place, in:\n{text}");
    }
    Ok(())
}
