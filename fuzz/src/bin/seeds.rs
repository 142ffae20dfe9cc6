//! Writes a target's seeds as files, for the fuzzer: `seeds TARGET DIRECTORY`.

#![forbid(unsafe_code)]

use std::io;
use std::path::Path;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [target, directory] = arguments.as_slice() else {
        return Err(io::Error::other("usage: seeds TARGET DIRECTORY"));
    };
    for (number, seed) in stockroom_fuzz::seeds(target).iter().enumerate() {
        std::fs::write(Path::new(directory).join(format!("seed-{number}")), seed)?;
    }
    Ok(())
}
