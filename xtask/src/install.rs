//! `cargo xtask install`: builds libstockroom, for size, and puts it where C programs find it, with its header
//! and what pkg-config and CMake read. Which files those are is for `layout.rs`; this file builds and writes.

mod layout;
mod native;

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use serde_json::Value;

use crate::workspace::Workspace;
use crate::{process, sqlite};
use layout::{Content, Item, Release};
use native::NativeLibraries;

/// Where to install, and what.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The directory that gets include/ and lib/; nothing installed names it, so it may be moved
    #[arg(long, value_name = "DIR")]
    pub(crate) prefix: PathBuf,
    /// The libraries' directory below the prefix, such as lib64 or lib/x86_64-linux-gnu
    #[arg(long, value_name = "DIR", default_value = "lib")]
    pub(crate) libdir: String,
    /// Write below this directory, as packagers do
    #[arg(long, value_name = "DIR", env = "DESTDIR")]
    pub(crate) destdir: Option<OsString>,
    /// Keep what is for debuggers in the libraries, which makes them several times as large
    #[arg(long)]
    pub(crate) debug: bool,
    /// Build without what runs exchanges, libstockroom-http: the host does that
    #[arg(long)]
    pub(crate) no_default_features: bool,
}

impl Arguments {
    /// All as it is by default, below a prefix.
    pub(crate) fn new(prefix: PathBuf) -> Self {
        Arguments { prefix, libdir: "lib".to_owned(), destdir: None, debug: false, no_default_features: false }
    }
}

/// Builds, writes every file, and says which.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    if !cfg!(target_os = "linux") {
        bail!("this installs on Linux; elsewhere use cargo-c: `cargo cinstall -p stockroom-ffi`");
    }
    let current = std::env::current_dir().context("there is no current directory")?;
    // An empty one, which makefiles like to pass on, is none.
    let destdir = arguments.destdir.as_deref().filter(|directory| !directory.is_empty()).map(Path::new);
    let root = layout::root(&arguments.prefix, destdir, &current)?;
    let release = build(workspace, arguments.no_default_features)?;
    for item in layout::items(&release, &arguments.libdir)? {
        write(&root, &item, !arguments.debug)?;
        println!("{}", root.join(&item.path).display());
    }
    Ok(())
}

const HEADER: &str = "include/stockroom.h";

/// With a frame pointer a function's stack is told in one line of the tables for unwinding; without it each push has
/// one. The tables are a tenth of the library, and the code grows by less.
const LEANER: &[&str] = &["-Cforce-frame-pointers=yes"];

/// The C library's first version that reads relocations in their packed form, which takes a fiftieth of the room.
const PACKED_SINCE: (u32, u32) = (2, 36);

/// Whether this machine's C library reads packed relocations. The library is built for the system that it is built
/// on; one with an older C library says so and does not load it.
fn has_packed_relocations() -> bool {
    let version = process::capture(Command::new("getconf").arg("GNU_LIBC_VERSION")).unwrap_or_default();
    glibc_version(&version).is_some_and(|version| version >= PACKED_SINCE)
}

/// `glibc 2.36` as numbers.
fn glibc_version(said: &str) -> Option<(u32, u32)> {
    let mut numbers = said.trim().strip_prefix("glibc ")?.split('.').map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

/// The version of the ABI.
pub(crate) fn abi(workspace: &Workspace) -> Result<u32> {
    layout::abi_of(&workspace.read(HEADER)?.text)
}

/// Builds the libraries and learns from the compiler what the static one needs. The shared one loads the HTTP client from
/// a library of its own, so that a till without exchanges carries none; a static one can load nothing, and has it in it.
fn build(workspace: &Workspace, no_default_features: bool) -> Result<Release> {
    const BARE: &[&str] = &["--no-default-features"];
    let (shared, archive) = match no_default_features {
        true => (BARE, BARE),
        false => (["--no-default-features", "--features", "http-loaded"].as_slice(), [].as_slice()),
    };
    let library = |package: &str, kind: &str, features: &[&str]| compile(workspace, package, kind, features);
    let archive = library("stockroom-ffi", "staticlib", archive)?;
    let http = match no_default_features {
        true => None,
        false => Some(library("stockroom-ffi-http", "cdylib", &[])?.library("so")?),
    };
    Ok(Release {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        abi: abi(workspace)?,
        shared: library("stockroom-ffi", "cdylib", shared)?.library("so")?,
        http,
        archive: archive.library("a")?,
        native: archive.native.ok_or_else(|| anyhow!("the compiler did not say what the static library needs"))?,
        header: workspace.root().join(HEADER),
    })
}

/// Builds one library of a package. Gives what cargo said.
fn compile(workspace: &Workspace, package: &str, kind: &str, features: &[&str]) -> Result<Said> {
    let mut command = workspace.cargo(&["rustc", "--profile", "library", "--locked", "-p", package, "--lib"]);
    command.args(["--message-format=json", "--crate-type", kind]).args(features);
    // What the caller sets comes last, and wins.
    let before = |name: &str, ours: &str| format!("{ours} {}", std::env::var(name).unwrap_or_default());
    command.env("LIBSQLITE3_FLAGS", before("LIBSQLITE3_FLAGS", &sqlite::FLAGS.join(" ")).trim());
    command.env("CFLAGS", before("CFLAGS", sqlite::NO_UNWIND_TABLES).trim());
    let mut said = Said::default();
    command.args(["--", "--print", "native-static-libs"]).args(LEANER);
    if has_packed_relocations() {
        command.arg("-Clink-arg=-Wl,-z,pack-relative-relocs");
    }
    process::each_line(&mut command, |line| said.hear(line))?;
    Ok(said)
}

/// How the compiler leads up to its note.
const NATIVE_INTRODUCTION: &str = "link against the following native artifacts";

/// What cargo has said so far, a JSON object a line.
#[derive(Default)]
struct Said {
    native: Option<NativeLibraries>,
    files: Vec<PathBuf>,
}

impl Said {
    /// Takes note of the libraries and of what the compiler says they need; anything else it says is for the user.
    fn hear(&mut self, line: &str) -> Result<()> {
        let message: Value =
            serde_json::from_str(line).with_context(|| format!("cargo says what is no JSON: {line}"))?;
        let text = message["message"]["message"].as_str().unwrap_or_default();
        if let Some(native) = NativeLibraries::from_note(text) {
            self.native = Some(native);
        } else if !text.starts_with(NATIVE_INTRODUCTION) {
            eprint!("{}", message["message"]["rendered"].as_str().unwrap_or_default());
        }
        let is_library = message["target"]["kind"]
            .as_array()
            .is_some_and(|kinds| kinds.iter().any(|k| k == "cdylib" || k == "staticlib"));
        if message["reason"] == "compiler-artifact" && is_library {
            let names = message["filenames"].as_array().into_iter().flatten().filter_map(Value::as_str);
            self.files.extend(names.map(PathBuf::from));
        }
        Ok(())
    }

    fn library(&self, end: &str) -> Result<PathBuf> {
        let found = self.files.iter().find(|file| file.extension().is_some_and(|extension| extension == end));
        found.cloned().ok_or_else(|| anyhow!("cargo built no library that ends in .{end}"))
    }
}

/// Writes one file beside its place and moves it there: a program that has the old one loaded keeps it.
fn write(root: &Path, item: &Item, strip: bool) -> Result<()> {
    let path = root.join(&item.path);
    let (directory, name) = (path.parent().unwrap_or(root), path.file_name().unwrap_or_default());
    let new = directory.join(format!(".{}.new", name.to_string_lossy()));
    let written = || -> Result<()> {
        fs::create_dir_all(directory)?;
        // A rest of an installation that was interrupted.
        if new.symlink_metadata().is_ok() {
            fs::remove_file(&new)?;
        }
        let mode = match &item.content {
            Content::Copy { from, executable } => {
                fs::copy(from, &new)?;
                if strip {
                    strip_library(&new, &item.path)?;
                }
                if *executable { 0o755 } else { 0o644 }
            }
            Content::Text(text) => {
                fs::write(&new, text)?;
                0o644
            }
            Content::Link(target) => {
                link(target, &new)?;
                return Ok(fs::rename(&new, &path)?);
            }
        };
        set_mode(&new, mode)?;
        Ok(fs::rename(&new, &path)?)
    };
    written().with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(unix)]
fn link(target: &str, place: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, place)
}

#[cfg(unix)]
fn set_mode(file: &Path, mode: u32) -> io::Result<()> {
    fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(mode))
}

/// Elsewhere `run` has refused before.
#[cfg(not(unix))]
fn link(_target: &str, _place: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(unix))]
fn set_mode(_file: &Path, _mode: u32) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Takes debug information out; of the archive no more than that, because linkers need its symbols.
fn strip_library(file: &Path, path: &str) -> Result<()> {
    let what = match path {
        path if path.contains(".so") => "--strip-unneeded",
        path if path.ends_with(".a") => "--strip-debug",
        _ => return Ok(()),
    };
    process::run(Command::new("strip").arg(what).arg(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_the_c_library_is_read() {
        assert_eq!(glibc_version("glibc 2.36\n"), Some((2, 36)));
        assert_eq!(glibc_version("glibc 2.4.90"), Some((2, 4)));
        assert_eq!(glibc_version("musl 1.2"), None);
        assert!((2, 4) < PACKED_SINCE && (3, 0) >= PACKED_SINCE);
    }

    const NOTE: &str = r#"{"reason":"compiler-message","message":{"message":"native-static-libs: -lm -lc"}}"#;
    const ARTIFACT: &str = r#"{"reason":"compiler-artifact","target":{"kind":["cdylib","staticlib"]},"filenames":["/t/libstockroom.so","/t/libstockroom.a"]}"#;
    const OTHER: &str = r#"{"reason":"compiler-artifact","target":{"kind":["lib"]},"filenames":["/t/libother.rlib"]}"#;

    #[test]
    fn libraries_and_note_are_read_from_cargos_messages() {
        let mut said = Said::default();
        said.hear(OTHER).expect("JSON");
        assert!(said.library("so").is_err() && said.native.is_none());
        for line in [NOTE, ARTIFACT] {
            said.hear(line).expect("JSON");
        }
        assert_eq!(said.library("so").expect("built"), Path::new("/t/libstockroom.so"));
        assert_eq!(said.library("a").expect("built"), Path::new("/t/libstockroom.a"));
        assert_eq!(said.native.expect("a note").flags(), "-lm");
        assert!(Said::default().hear("no JSON").is_err());
    }

    #[test]
    fn a_file_is_replaced_and_a_rest_is_cleared_away() {
        let root = std::env::temp_dir().join(format!("stockroom-install-{}", std::process::id()));
        let item = |content| Item { path: "lib/x".to_owned(), content };
        for _ in 0..2 {
            write(&root, &item(Content::Text("one".to_owned())), false).expect("written");
            link("gone", &root.join("lib/.x.new")).expect("a rest");
            write(&root, &item(Content::Link("y".to_owned())), false).expect("linked");
            assert_eq!(fs::read_link(root.join("lib/x")).expect("a link"), Path::new("y"));
        }
        fs::remove_dir_all(&root).expect("cleared away");
    }
}
