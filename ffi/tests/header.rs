//! The committed header is the one that cbindgen makes of the crate. With `STOCKROOM_BLESS=1`, which
//! `cargo xtask header` sets, it is written anew.

use std::path::Path;

#[test]
fn the_header_is_that_of_the_code() {
    let crate_directory = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(crate_directory.join("cbindgen.toml")).expect("the settings can be read");
    let mut fresh = Vec::new();
    cbindgen::generate_with_config(crate_directory, config).expect("a header can be made").write(&mut fresh);
    let fresh = String::from_utf8(fresh).expect("it is text");
    let path = crate_directory.join("../include/stockroom.h");
    if std::env::var_os("STOCKROOM_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(&path, &fresh).expect("the header can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == fresh, "include/stockroom.h is out of date: run `cargo xtask header` and look at what changed");
}
