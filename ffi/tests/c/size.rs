//! The libraries do not grow unseen: a till carries the first along, and the second where it runs exchanges. What is in them
//! is told in docs/c.md.

use std::process::Command;

use crate::library::{installed, told};

/// What the shared library has to stay below, as `cargo xtask install` installs it, without PostgreSQL.
const BYTES_MAX: u64 = 4 * 1024 * 1024;

/// The same of the library that it loads to run exchanges.
const LOADED_BYTES_MAX: u64 = 2 * 1024 * 1024;

#[test]
fn the_installed_libraries_do_not_grow_unseen() {
    for (name, most) in [("libstockroom.so", BYTES_MAX), ("libstockroom-http.so.0", LOADED_BYTES_MAX)] {
        let file = installed().join(name);
        let bytes = std::fs::metadata(&file).expect("an installed library").len();
        let sections = told(Command::new("size").arg("-A").arg(&file), "list sections");
        println!("{name}: {bytes} bytes of {most}\n{sections}");
        assert!(bytes < most, "{name} has {bytes} bytes; {most} is the limit\n{sections}");
    }
}
