//! What `cargo xtask install` installs: two shared libraries, of which the first loads the second when it is asked to run
//! exchanges. It does so wherever the second lies, and says what is wrong where it does not.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::library::{Build, Run, installed, linked_with, sources, told};
use crate::stage::Stage;
use crate::{MOST, declared, exported, generated};

/// What `ffi/shared/border.rs` names.
const BORDER: [&str; 5] = [
    "stockroom_http_border",
    "stockroom_http_close",
    "stockroom_http_free",
    "stockroom_http_open",
    "stockroom_http_send",
];

/// The file that the first library looks for.
const LOADED: &str = "libstockroom-http.so.0";

#[test]
fn the_installed_libraries_export_their_functions_and_nothing_else() {
    let shared = exported(&installed().join("libstockroom.so"));
    assert_eq!(shared.iter().map(String::as_str).collect::<std::collections::BTreeSet<_>>(), declared());
    assert_eq!(exported(&installed().join(LOADED)).into_iter().collect::<Vec<_>>(), BORDER);
    let dynamic = told(Command::new("readelf").arg("-d").arg(installed().join(LOADED)), "read the dynamic section");
    assert!(dynamic.contains(&format!("soname: [{LOADED}]")), "{dynamic}");
}

/// The first library in a directory, and what else is put there.
fn alone(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("alone").join(name);
    if directory.exists() {
        fs::remove_dir_all(&directory).expect("it can be removed");
    }
    fs::create_dir_all(&directory).expect("a directory");
    for file in ["libstockroom.so", "libstockroom.so.0"] {
        fs::copy(installed().join(file), directory.join(file)).expect("a copy");
    }
    directory
}

/// A warehouse on this machine gets its orders, whatever the program is linked with.
fn delivers(names: &Path, prefix: &[OsString]) {
    let program = linked_with(names, &sources().join("relaying.c"), generated(), Build::Shared);
    let stage = Stage::new();
    program.run(Run::Plain, prefix, &[stage.path().into()], MOST);
}

#[test]
fn exchanges_are_run_by_the_library_that_lies_beside() {
    delivers(installed(), &[]);
}

#[test]
fn exchanges_are_run_by_the_library_that_the_loader_finds() {
    let mut path = OsString::from("LD_LIBRARY_PATH=");
    path.push(installed());
    delivers(&alone("by the loader"), &["env".into(), path]);
}

#[test]
fn exchanges_are_run_under_the_sanitizers() {
    let source = sources().join("relaying.c");
    let program = linked_with(installed(), &source, generated(), Build::Sanitized);
    let stage = Stage::new();
    program.run(Run::Plain, &[], &[stage.path().into()], MOST);
}

/// Runs `without_client.c`, which is to be told so.
fn refused(names: &Path, words: &str) {
    let program = linked_with(names, &sources().join("without_client.c"), generated(), Build::Shared);
    let stage = Stage::new();
    program.run(Run::Plain, &[], &[stage.path().into(), words.into()], MOST);
}

#[test]
fn a_library_that_is_missing_is_named() {
    refused(&alone("missing"), "not installed");
}

/// A library of this C text in the place of ours.
fn another(name: &str, text: &str) -> PathBuf {
    let directory = alone(name);
    let source = directory.join("another.c");
    fs::write(&source, text).expect("a file");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-o"]).arg(directory.join(LOADED)).arg(&source);
    told(&mut compiler, "compile");
    directory
}

#[test]
fn a_library_that_is_another_is_refused() {
    refused(&another("nothing in it", "int other(void) { return 0; }"), "none of Stockroom's");
    let older = "unsigned stockroom_http_border(void) { return 999; }";
    refused(&another("of another version", older), "another version");
    let torn = alone("torn");
    fs::write(torn.join(LOADED), "no library").expect("a file");
    refused(&torn, "cannot be loaded");
}
