//! Behaviour as tables that a merchant can read: each `.txt` file of this directory is a list of scenes, and
//! each scene is done on the store in memory, with every invariant verified after every line. `README.md`
//! explains the notation.

#![forbid(unsafe_code)]

#[path = "../common/mod.rs"]
mod common;

mod checks;
mod notation;
mod record;
mod scene;

macro_rules! tables {
    ($($name:ident)*) => {
        /// The names of the files that are tested.
        const TABLES: &[&str] = &[$(stringify!($name)),*];

        $(#[test]
        fn $name() {
            let file = concat!(stringify!($name), ".txt");
            scene::run_table(file, include_str!(concat!(stringify!($name), ".txt")));
        })*
    };
}

tables! {
    backorders
    bundles
    cancelling
    catalog
    editing
    holds
    levels
    placing
    reading
    shipping
    shortfalls
    sourcing
}

#[test]
fn every_table_is_tested() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tables");
    let mut files: Vec<String> = std::fs::read_dir(directory)
        .expect("the directory of the tables")
        .map(|entry| entry.expect("an entry of it").file_name().into_string().expect("a name in UTF-8"))
        .filter_map(|name| name.strip_suffix(".txt").map(str::to_owned))
        .collect();
    files.sort_unstable();
    assert_eq!(files, TABLES);
}

/// A table that cannot fail would be worth nothing: each of these must.
#[test]
fn a_table_that_is_wrong_fails() {
    let wrong = [
        ("sku mug => unchanged", "expected `unchanged`"),
        ("ship o-1", "rejected"),
        ("ship o-1 => rejected order_closed", "order_unknown"),
        ("sku mug\n  events", "sku.registered"),
        ("location main\nsku mug\nreceive main mug:1\n  stock main mug on_hand 2", "on_hand"),
        ("sku mug\n  no such check", "not understood"),
        ("nonsense", "not understood"),
    ];
    for (table, complaint) in wrong {
        let text = format!("== wrong\n{table}\n");
        let failure = scene::table_failure("wrong.txt", &text).unwrap_or_else(|| panic!("{table:?} did not fail"));
        assert!(failure.contains(complaint) && failure.starts_with("wrong.txt:"), "{table:?} failed by: {failure}");
    }
}
