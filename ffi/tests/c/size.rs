//! The library does not grow unseen. It is to come along with a till, so that it is to be smaller yet: 4 MiB is the aim,
//! and docs/c.md says what stands between.

use std::process::Command;

use crate::library::{library, told};

/// The most that the stripped shared library may have by now, without PostgreSQL.
const BYTES_MAX: u64 = 11 * 1024 * 1024;

#[test]
fn the_stripped_library_does_not_grow_unseen() {
    let stripped = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("libstockroom.stripped.so");
    told(Command::new("strip").arg("-o").arg(&stripped).arg(&library().shared), "strip the library");
    let bytes = std::fs::metadata(&stripped).expect("the stripped library").len();
    let sections = told(Command::new("size").arg("-A").arg(&stripped), "list sections");
    println!("{bytes} bytes of {BYTES_MAX}\n{sections}");
    assert!(bytes < BYTES_MAX, "the stripped library has {bytes} bytes; {BYTES_MAX} is the limit\n{sections}");
}
