//! Turns what rustc made of `wasm/` into the module and the JavaScript that talks to it. A program of its own,
//! because its libraries are large and only `cargo xtask wasm` needs them.

#![forbid(unsafe_code)]

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let wanted = "usage: xtask-wasm-bindgen <the module> <the folder for what is made of it> <its name>";
    let (input, folder, name) =
        (|| Some((arguments.next()?, arguments.next()?, arguments.next()?)))().context(wanted)?;
    Bindgen::new()
        .input_path(input)
        .out_name(&name)
        // One form for all: the package's own files load the module where they run, in Node and in browsers.
        .web(true)?
        .typescript(true)
        .generate(&folder)
        .with_context(|| format!("wasm-bindgen failed; what it made is in {folder}"))
}
