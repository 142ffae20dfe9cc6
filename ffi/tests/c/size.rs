//! The library does not grow unseen. It is to come along with a till, so that it is to be smaller yet: 4 MiB is the aim,
//! and docs/c.md says what stands between.

use std::path::Path;
use std::process::Command;

use crate::library::{crate_directory, told};

/// The most that the shared library may have by now, as `cargo xtask install` installs it, without PostgreSQL.
const BYTES_MAX: u64 = 6 * 1024 * 1024;

#[test]
fn the_installed_library_does_not_grow_unseen() {
    let prefix = Path::new(env!("CARGO_TARGET_TMPDIR")).join("installed");
    let mut install = Command::new(env!("CARGO"));
    install.args(["xtask", "install", "--prefix"]).arg(&prefix).current_dir(crate_directory());
    told(&mut install, "install the library");
    let installed = prefix.join("lib/libstockroom.so");
    let bytes = std::fs::metadata(&installed).expect("the installed library").len();
    let sections = told(Command::new("size").arg("-A").arg(&installed), "list sections");
    println!("{bytes} bytes of {BYTES_MAX}\n{sections}");
    assert!(bytes < BYTES_MAX, "the installed library has {bytes} bytes; {BYTES_MAX} is the limit\n{sections}");
}
