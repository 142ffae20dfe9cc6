//! How a compiler for WebAssembly is come by. rustup's target where it is installed; else Debian's own Rust, which
//! brings the source of the standard library to build it from; else a clear word. SQLite is C, so that clang is needed
//! on both ways.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::process;
use crate::workspace::Workspace;

/// What is built for.
pub(super) const TARGET: &str = "wasm32-unknown-unknown";

/// Debian's Rust for its browsers: newer than its ordinary one, and of a version that has our features.
const DEBIAN_RUST: &[&str] = &["rustc-web", "cargo-web", "rust-web-src"];

/// What Node and browsers have for longer than what the package needs of them anyway: SHA-256 is made with it.
const FEATURES: &str = "-Ctarget-feature=+simd128";

/// A panic ends the module, and what it says is heard by nobody. Where the standard library is built along, all that
/// puts these words together is left out.
const NO_LAST_WORDS: &[&str] = &["-Zunstable-options", "-Cpanic=immediate-abort", "-Zlocation-detail=none"];

/// Parts of the standard library that every order passes through again and again: texts, vectors, memory. Built along they
/// are built for size, as all else, but for these: together they made the module 5 KiB smaller after gzip, and a commit
/// of one order about a tenth cheaper.
const QUICK_PARTS: &[&str] = &["alloc", "compiler_builtins", "core", "dlmalloc"];

/// A way to build.
pub(super) enum Toolchain {
    /// The Rust that runs us has the target.
    Installed { clang: PathBuf, archiver: Option<PathBuf> },
    /// Debian's compiler and Debian's LLVM of this version.
    Debian { llvm: u32 },
}

impl Toolchain {
    /// Looks for one, and installs Debian's where that can be done.
    pub(super) fn find() -> Result<Self> {
        if has_target(Path::new("rustc")) {
            let Some(clang) = clang_for_wasm() else {
                bail!(
                    "{TARGET} is installed, but no clang that compiles SQLite's C for it; install clang and llvm, and \
                     put them into PATH (on macOS: `brew install llvm`)"
                );
            };
            let name = clang.to_string_lossy().replace("clang", "llvm-ar");
            let archiver = which(&name).or_else(|| which("llvm-ar"));
            return Ok(Toolchain::Installed { clang, archiver });
        }
        if let Some(llvm) = debian_llvm() {
            return Ok(Toolchain::Debian { llvm });
        }
        if can_install() {
            install(DEBIAN_RUST)?;
            if let Some(llvm) = debian_rust_llvm() {
                install(&[&*format!("clang-{llvm}"), &*format!("lld-{llvm}"), &*format!("llvm-{llvm}")])?;
            }
            if let Some(llvm) = debian_llvm() {
                return Ok(Toolchain::Debian { llvm });
            }
        }
        bail!("{}", missing())
    }

    /// What it is, for people.
    pub(super) fn about(&self) -> String {
        match self {
            Toolchain::Installed { clang, .. } => {
                format!("the installed target {TARGET} and {}", clang.display())
            }
            Toolchain::Debian { llvm } => {
                format!("Debian's rustc, its standard library from source, and LLVM {llvm}")
            }
        }
    }

    /// `cargo build` for the target.
    pub(super) fn cargo(&self, workspace: &Workspace) -> Command {
        match self {
            Toolchain::Installed { clang, archiver } => {
                let mut command = workspace.cargo(&["build", "--target", TARGET, "--config"]);
                command.arg(rustflags(&[FEATURES])).env("CC_wasm32_unknown_unknown", clang);
                if let Some(archiver) = archiver {
                    command.env("AR_wasm32_unknown_unknown", archiver);
                }
                command
            }
            Toolchain::Debian { llvm } => {
                let mut command = Command::new("/usr/bin/cargo");
                command.current_dir(workspace.root());
                // rustup's shims would take over again, and cargo tells us things that are true of the other compiler.
                let path = std::env::var_os("PATH").unwrap_or_default();
                command.env("PATH", without_rustup(&path)).env("RUSTC", "/usr/bin/rustc");
                for variable in ["RUSTUP_TOOLCHAIN", "RUSTC_WRAPPER", "RUSTFLAGS", "CARGO"] {
                    command.env_remove(variable);
                }
                command.env("RUSTC_BOOTSTRAP", "1");
                command.env("CC_wasm32_unknown_unknown", format!("clang-{llvm}"));
                command.env("AR_wasm32_unknown_unknown", format!("llvm-ar-{llvm}"));
                command.args(["build", "--target", TARGET, "-Z", "build-std=std,panic_abort"]);
                command.args(["-Z", "build-std-features=optimize_for_size", "--config"]);
                command.arg(format!("target.{TARGET}.linker=\"wasm-ld-{llvm}\"")).arg("--config");
                command.arg(rustflags(&[NO_LAST_WORDS, &[FEATURES]].concat()));
                for part in QUICK_PARTS {
                    command.arg("--config").arg(format!("profile.wasm.package.{part}.opt-level=3"));
                }
                command
            }
        }
    }
}

/// Flags of rustc's as a setting of cargo's.
fn rustflags(flags: &[&str]) -> String {
    format!("target.{TARGET}.rustflags={flags:?}")
}

/// What to say where there is no way.
fn missing() -> String {
    format!(
        "no compiler for {TARGET} was found. One of these gives it:\n\
         \x20 rustup target add {TARGET}        and clang with LLVM (apt-get install clang llvm)\n\
         \x20 apt-get install {} clang-22 lld-22 llvm-22    on Debian, as root",
        DEBIAN_RUST.join(" ")
    )
}

/// Whether a compiler has the target's standard library.
fn has_target(rustc: &Path) -> bool {
    let Some(libraries) = output(Command::new(rustc).args(["--print", "target-libdir", "--target", TARGET])) else {
        return false;
    };
    let entries = std::fs::read_dir(libraries.trim()).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
}

/// A clang that knows WebAssembly; Apple's does not.
fn clang_for_wasm() -> Option<PathBuf> {
    let named = std::env::var("CC_wasm32_unknown_unknown").ok();
    let versions = (14..=30).rev().map(|version| format!("clang-{version}"));
    let homebrew = ["/opt/homebrew/opt/llvm/bin/clang", "/usr/local/opt/llvm/bin/clang"].map(str::to_owned);
    named.into_iter().chain(["clang".to_owned()]).chain(versions).chain(homebrew).find_map(|name| {
        let clang = which(&name)?;
        let targets = output(Command::new(&clang).arg("--print-targets"))?;
        targets.contains("wasm32").then_some(clang)
    })
}

/// The version of the LLVM that Debian's Rust was built with, where that Rust and its library's source are there.
fn debian_rust_llvm() -> Option<u32> {
    let rustc = Path::new("/usr/bin/rustc");
    let source = "/usr/lib/rustlib/src/rust/library/std/Cargo.toml";
    if !Path::new("/usr/bin/cargo").is_file() || !Path::new(source).is_file() {
        return None;
    }
    llvm_version(&output(Command::new(rustc).arg("-vV"))?)
}

/// The same, where its clang and linker are there too.
fn debian_llvm() -> Option<u32> {
    let llvm = debian_rust_llvm()?;
    let tools = [format!("clang-{llvm}"), format!("wasm-ld-{llvm}"), format!("llvm-ar-{llvm}")];
    tools.iter().all(|tool| which(tool).is_some()).then_some(llvm)
}

/// `LLVM version: 22.1.8` among what `rustc -vV` says.
fn llvm_version(said: &str) -> Option<u32> {
    let version = said.lines().find_map(|line| line.strip_prefix("LLVM version: "))?;
    version.split('.').next()?.parse().ok()
}

fn can_install() -> bool {
    which("apt-get").is_some() && output(Command::new("id").arg("-u")).is_some_and(|id| id.trim() == "0")
}

fn install(packages: &[&str]) -> Result<()> {
    println!("Installing {} with apt-get", packages.join(" "));
    process::run(Command::new("apt-get").args(["update", "--quiet"]))?;
    let mut install = Command::new("apt-get");
    install.env("DEBIAN_FRONTEND", "noninteractive").args(["install", "--yes", "--quiet", "--no-install-recommends"]);
    process::run(install.args(packages))
}

/// The search path without rustup's folder.
fn without_rustup(path: &OsString) -> OsString {
    let kept = std::env::split_paths(path).filter(|folder| !folder.join("rustup").is_file());
    std::env::join_paths(kept).unwrap_or_else(|_| path.clone())
}

fn which(name: &str) -> Option<PathBuf> {
    if name.contains('/') {
        return Some(PathBuf::from(name)).filter(|path| path.is_file());
    }
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// What a command prints, where it succeeds.
fn output(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_llvm_is_read() {
        assert_eq!(llvm_version("rustc 1.96.0\nrelease: 1.96.0\nLLVM version: 22.1.8\n"), Some(22));
        assert_eq!(llvm_version("rustc 1.96.0\n"), None);
    }

    #[test]
    fn flags_are_a_list_of_texts() {
        assert_eq!(rustflags(&["-Ca=b", "-Z"]), format!("target.{TARGET}.rustflags=[\"-Ca=b\", \"-Z\"]"));
    }

    #[test]
    fn what_is_missing_is_named_with_how_to_get_it() {
        let word = missing();
        assert!(
            word.contains("rustup target add wasm32-unknown-unknown") && word.contains("apt-get install rustc-web")
        );
    }

    #[test]
    fn a_compiler_that_is_not_there_has_no_target() {
        assert!(!has_target(Path::new("/no/such/rustc")));
    }
}
