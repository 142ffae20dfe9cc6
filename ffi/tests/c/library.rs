//! The library as hosts get it, and programs in C that are built with it and run.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

/// Where the library lies once it is built.
#[derive(Debug)]
pub(crate) struct Library {
    pub(crate) shared: PathBuf,
    pub(crate) archive: PathBuf,
    /// A directory with the shared library under the names by which programs ask for it.
    pub(crate) names: PathBuf,
}

/// How a program is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Build {
    Shared,
    Static,
    /// With the address, leak and undefined-behaviour sanitizers, and the shared library.
    Sanitized,
}

/// A program in C.
#[derive(Debug)]
pub(crate) struct Program {
    path: PathBuf,
}

/// How a program is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Run {
    Plain,
    Valgrind,
}

pub(crate) fn crate_directory() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn include_directory() -> PathBuf {
    crate_directory().join("../include")
}

/// The folder with the programs in C.
pub(crate) fn sources() -> PathBuf {
    crate_directory().join("tests/c")
}

/// The library built for release, once for all tests.
pub(crate) fn library() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY.get_or_init(build_library)
}

fn build_library() -> Library {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--release", "--locked", "--message-format=json", "--manifest-path"]);
    cargo.arg(crate_directory().join("Cargo.toml")).stderr(Stdio::inherit());
    without_ours(&mut cargo);
    let output = cargo.output().expect("cargo can be started");
    assert!(output.status.success(), "the library cannot be built: {cargo:?}");
    let messages = String::from_utf8(output.stdout).expect("cargo writes text");
    let files: Vec<PathBuf> = messages.lines().filter_map(built).flatten().collect();
    let ending = |ending: &str| {
        let found = files.iter().find(|file| file.extension().is_some_and(|found| found == ending));
        found.unwrap_or_else(|| panic!("cargo built no .{ending}: {files:?}")).clone()
    };
    let (shared, archive) = (ending("so"), ending("a"));
    let names = Path::new(env!("CARGO_TARGET_TMPDIR")).join("libstockroom");
    fs::create_dir_all(&names).expect("a directory");
    for name in ["libstockroom.so", "libstockroom.so.0"] {
        let link = names.join(name);
        drop(fs::remove_file(&link));
        std::os::unix::fs::symlink(&shared, &link).expect("a link");
    }
    Library { shared, archive, names }
}

/// What cargo tells tests of the crate they are of would have build scripts run anew, each time that the library is built
/// from here and then from elsewhere.
fn without_ours(cargo: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "OUT_DIR"].iter().any(|begin| text.starts_with(begin)) {
            cargo.env_remove(name);
        }
    }
}

/// The files that cargo says it has built of the library.
fn built(message: &str) -> Option<Vec<PathBuf>> {
    let message: serde_json::Value = serde_json::from_str(message).ok()?;
    let of_ours = message["reason"] == "compiler-artifact"
        && message["target"]["kind"].as_array()?.iter().any(|kind| kind == "cdylib");
    let files = || message["filenames"].as_array()?.iter().map(|file| Some(file.as_str()?.into())).collect();
    of_ours.then(files)?
}

/// The directory with the libraries that `cargo xtask install` installs, once for all tests.
pub(crate) fn installed() -> &'static Path {
    static INSTALLED: OnceLock<PathBuf> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        let prefix = Path::new(env!("CARGO_TARGET_TMPDIR")).join("installed");
        let mut install = Command::new(env!("CARGO"));
        install.args(["xtask", "install", "--prefix"]).arg(&prefix).current_dir(crate_directory());
        without_ours(&mut install);
        told(&mut install, "install the library");
        prefix.join("lib")
    })
}

/// Builds `NAME.c` of this folder, or of `directory` where it was generated.
pub(crate) fn compile(source: &Path, generated: &Path, build: Build) -> Program {
    linked_with(&library().names, source, generated, build)
}

/// The same with the shared library of a directory.
pub(crate) fn linked_with(names: &Path, source: &Path, generated: &Path, build: Build) -> Program {
    let stem = source.file_stem().and_then(|stem| stem.to_str()).expect("a source has a name");
    let place: String = names.to_string_lossy().replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
    let path = generated.join(format!("{stem}-{build:?}{place}"));
    let mut compiler = Command::new("cc");
    compiler.args(["-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-pedantic", "-g", "-O1"]);
    if build == Build::Sanitized {
        compiler.args(["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"]);
    }
    for directory in [&include_directory(), &sources(), &generated.to_path_buf()] {
        compiler.arg("-I").arg(directory);
    }
    compiler.arg("-o").arg(&path).arg(source).arg("-pthread");
    if build == Build::Static {
        // What Rust's own library needs besides: `rustc --print native-static-libs`.
        compiler.arg(&library().archive).args(["-ldl", "-lm", "-lrt", "-lgcc_s"]);
    } else {
        compiler.arg("-L").arg(names).arg("-lstockroom");
        // The old form of a run path: it comes before what the environment says.
        let mut rpath = OsString::from("-Wl,--disable-new-dtags,-rpath,");
        rpath.push(names);
        compiler.arg(rpath);
    }
    told(&mut compiler, "compile");
    Program { path }
}

/// Runs a command that has to succeed, and returns what it printed.
pub(crate) fn told(command: &mut Command, what: &str) -> String {
    let Output { status, stdout, stderr } =
        command.output().unwrap_or_else(|error| panic!("cannot {what} with {command:?}: {error}"));
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    let kept = stdout.lines().filter(|line| !line.starts_with("provoked ")).collect::<Vec<_>>().join("\n");
    assert!(status.success(), "{status}: cannot {what}: {command:?}\n{kept}\n{stderr}");
    stdout.into_owned()
}

/// Whether something that may be absent was left out by the caller's will: a list of names in `STOCKROOM_SKIP`.
pub(crate) fn is_skipped(name: &str) -> bool {
    let skip = std::env::var("STOCKROOM_SKIP").unwrap_or_default();
    skip.split([',', ' ']).any(|skipped| skipped == name)
}

/// Whether valgrind can be used. Where it is not there, and nobody said that it may be left out, this fails.
pub(crate) fn has_valgrind() -> bool {
    if is_skipped("valgrind") {
        println!("skipped: STOCKROOM_SKIP says so");
        return false;
    }
    let found = Command::new("valgrind").arg("--version").stdout(Stdio::null()).status();
    assert!(
        found.is_ok_and(|status| status.success()),
        "valgrind is not there: `apt-get install valgrind`, or leave it out with STOCKROOM_SKIP=valgrind"
    );
    true
}

impl Program {
    /// Runs it, kills it where it takes longer than it may, and returns what it printed. `prefix` is put before it.
    pub(crate) fn run(&self, run: Run, prefix: &[OsString], arguments: &[OsString], most: Duration) -> String {
        let mut words: Vec<OsString> = vec!["--kill-after=10".into(), most.as_secs().to_string().into()];
        words.extend_from_slice(prefix);
        if run == Run::Valgrind {
            // Not `possible`: what only a pointer into its middle holds, as hashbrown's tables are held by statics.
            words.extend(
                [
                    "valgrind",
                    "--quiet",
                    "--error-exitcode=9",
                    "--leak-check=full",
                    "--show-leak-kinds=definite,indirect",
                    "--errors-for-leak-kinds=definite,indirect",
                    "--child-silent-after-fork=no",
                    "--fair-sched=yes",
                    concat!("--suppressions=", env!("CARGO_MANIFEST_DIR"), "/tests/c/valgrind.supp"),
                ]
                .map(OsString::from),
            );
        }
        words.push(self.path.clone().into());
        words.extend_from_slice(arguments);
        let mut command = Command::new("timeout");
        command.args(words);
        command.env("ASAN_OPTIONS", "detect_leaks=1:halt_on_error=1:exitcode=9");
        command.env("UBSAN_OPTIONS", "print_stacktrace=1:halt_on_error=1");
        told(&mut command, "run")
    }
}
