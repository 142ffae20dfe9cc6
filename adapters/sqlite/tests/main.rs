//! What only SQLite can get wrong: how a file is opened, who may write when, what is left when something fails
//! or is killed, and what the tables look like to people. What every store must do stands in the shared suite,
//! which `conformance.rs` runs.

#![forbid(unsafe_code)]

mod backup;
mod checksums;
mod child;
mod damage;
mod deliveries;
mod full;
mod host;
mod locking;
mod open;
mod place;
mod processes;
mod records;
mod schema_doc;
mod stock_log;
mod upgrade;
#[cfg(unix)]
mod vfs;

/// A file that is not named above would never run.
#[test]
fn every_file_is_part_of_this_program() {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    for entry in std::fs::read_dir(directory).expect("the directory of this file") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        if path.extension().is_some_and(|extension| extension == "rs") && !["main", "conformance"].contains(&name) {
            assert!(include_str!("main.rs").contains(&format!("\nmod {name};\n")), "{name} is in no program");
        }
    }
}
