//! The module `mutant` of the woven core: which mutant is on, as the environment says, and which were asked for. It is
//! in the copy alone.

/// The number of the mutant that is on. Without it, none is.
pub(super) const ON: &str = "STOCKROOM_MUTANT";

/// A directory in which each process writes the numbers of the switches that it comes to, one a line.
pub(super) const REACHED: &str = "STOCKROOM_MUTANTS_REACHED";

/// The module's text, for so many mutants.
pub(super) fn module(mutants: usize) -> String {
    MODULE.replace("@COUNT", &(mutants + 1).to_string()).replace("@ON", ON).replace("@REACHED", REACHED)
}

/// What declares it at the end of the crate's root.
pub(super) const DECLARATION: &str = "\n#[doc(hidden)]\npub mod mutant;\n";

// A tester asks millions of times: one load and two comparisons, where nothing is recorded.
const MODULE: &str = r#"//! The switch of the mutants.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

const NOT_READ: u32 = u32::MAX;
const RECORDING: u32 = u32::MAX - 1;

static STATE: AtomicU32 = AtomicU32::new(NOT_READ);
static SEEN: [AtomicBool; @COUNT] = [const { AtomicBool::new(false) }; @COUNT];
static RECORD: OnceLock<Option<File>> = OnceLock::new();

/// Whether a mutant is on.
#[inline]
pub fn on(id: u32) -> bool {
    let state = STATE.load(Ordering::Relaxed);
    if state < RECORDING { state == id } else { asked(id) }
}

#[cold]
fn asked(id: u32) -> bool {
    let number = std::env::var("@ON").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    let file = RECORD.get_or_init(|| {
        let path = std::path::PathBuf::from(std::env::var_os("@REACHED")?).join(std::process::id().to_string());
        Some(OpenOptions::new().create(true).append(true).open(path).expect("what is reached can be written"))
    });
    let Some(mut file) = file.as_ref() else {
        STATE.store(number, Ordering::Relaxed);
        return number == id;
    };
    STATE.store(RECORDING, Ordering::Relaxed);
    if !SEEN[id as usize].swap(true, Ordering::Relaxed) {
        file.write_all(format!("{id}\n").as_bytes()).expect("what is reached can be written");
    }
    false
}
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_module_is_rust_and_knows_every_mutant() {
        let text = module(7);
        syn::parse_file(&text).expect("Rust");
        assert!(text.contains("[AtomicBool; 8]") && text.contains("\"STOCKROOM_MUTANT\"") && !text.contains('@'));
    }
}
