//! What a static library of Rust needs of the system: read from what the compiler says, and told to linkers in the
//! words of pkg-config and of CMake. Plain values in, plain values out.

/// How rustc's note begins.
const NOTE: &str = "native-static-libs: ";

/// Every C compiler links these by itself, and `gcc_s` cannot be linked into a program that is wholly static.
const ALWAYS_LINKED: &[&str] = &["-lc", "-lgcc_s"];

/// Linker flags in their order, each once.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NativeLibraries(Vec<String>);

impl NativeLibraries {
    /// Takes the flags as rustc lists them.
    pub(crate) fn new(flags: &str) -> Self {
        let mut kept: Vec<String> = Vec::new();
        for flag in flags.split_whitespace().filter(|flag| !ALWAYS_LINKED.contains(flag)) {
            if !kept.iter().any(|known| known == flag) {
                kept.push(flag.to_owned());
            }
        }
        NativeLibraries(kept)
    }

    /// Reads the compiler's note; nothing where the message is another.
    pub(crate) fn from_note(message: &str) -> Option<Self> {
        message.strip_prefix(NOTE).map(NativeLibraries::new)
    }

    /// As a linker's arguments.
    pub(crate) fn flags(&self) -> String {
        self.0.join(" ")
    }

    /// As a list of CMake, where a library goes by its bare name.
    pub(crate) fn cmake_list(&self) -> String {
        let names = self.0.iter().map(|flag| flag.strip_prefix("-l").unwrap_or(flag));
        names.collect::<Vec<_>>().join(";")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_kept_in_order_and_once() {
        for (note, flags, cmake) in [
            ("-lgcc_s -lutil -lrt -lpthread -lm -ldl -lc", "-lutil -lrt -lpthread -lm -ldl", "util;rt;pthread;m;dl"),
            ("-lm  -lpthread -lm", "-lm -lpthread", "m;pthread"),
            ("-L/opt/lib -lm", "-L/opt/lib -lm", "-L/opt/lib;m"),
            ("-lc", "", ""),
            ("", "", ""),
        ] {
            let libraries = NativeLibraries::from_note(&format!("native-static-libs: {note}")).expect("a note");
            assert_eq!((libraries.flags().as_str(), libraries.cmake_list().as_str()), (flags, cmake), "{note}");
        }
        assert_eq!(NativeLibraries::from_note("unused variable: `x`"), None);
    }
}
