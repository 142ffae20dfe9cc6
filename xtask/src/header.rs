//! `cargo xtask header`: has the header's test write include/stockroom.h anew. How it is made is for that test.

use anyhow::Result;

use crate::process;
use crate::workspace::Workspace;

/// Writes the header from the code.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let mut command = workspace.cargo(&["test", "--quiet", "--locked", "-p", "stockroom-ffi", "--test", "header"]);
    process::run(command.env("STOCKROOM_BLESS", "1"))
}
