//! `cargo xtask wasm`: builds the npm package: the module into `wasm/npm/module`, and out of it and the TypeScript the
//! package's `wasm/npm/dist`. This file puts the steps in order; how a compiler for WebAssembly is come by is in `wasm/toolchain.rs`.

mod toolchain;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail};
use clap::Args;
use flate2::Compression;
use flate2::write::GzEncoder;

use self::toolchain::{TARGET, Toolchain};
use crate::process;
use crate::workspace::Workspace;

/// What the module may weigh on its way to a browser, in KiB after gzip.
const GZIPPED_KIB_MAX: usize = 900;

/// The module's name.
const NAME: &str = "stockroom";

/// How SQLite is built, beside what its crate sets: the page size of every other build, so that files are alike, and
/// without what the store does not use.
const SQLITE_FLAGS: &[&str] = &[
    "-DSQLITE_DEFAULT_PAGE_SIZE=4096",
    "-DSQLITE_DEFAULT_MEMSTATUS=0",
    "-DSQLITE_DQS=0",
    "-DSQLITE_LIKE_DOESNT_MATCH_BLOBS",
    "-USQLITE_ENABLE_API_ARMOR",
    "-USQLITE_ENABLE_BYTECODE_VTAB",
    "-USQLITE_ENABLE_DBPAGE_VTAB",
    "-USQLITE_ENABLE_DBSTAT_VTAB",
    "-USQLITE_ENABLE_FTS5",
    "-USQLITE_ENABLE_MATH_FUNCTIONS",
    "-USQLITE_ENABLE_OFFSET_SQL_FUNC",
    "-USQLITE_ENABLE_PREUPDATE_HOOK",
    "-USQLITE_ENABLE_RTREE",
    "-USQLITE_ENABLE_SESSION",
    "-USQLITE_ENABLE_STMTVTAB",
    "-USQLITE_ENABLE_UNKNOWN_SQL_FUNCTION",
    "-USQLITE_ENABLE_UNLOCK_NOTIFY",
];

/// The module is optimized for size, but small functions are inlined all the same. Measured with batches of a hundred
/// orders: this weighs 0.9 MB gzipped; for speed with LLVM's threshold of its own 1.3 MB, with one of 50 1.1 MB and
/// no faster; for size alone as much as this and a quarter slower.
const RUST_FLAGS: &str = r#"["-Cllvm-args=-inline-threshold=80"]"#;

/// What rustc and clang may have used, and every Node and browser of the last years has.
const WASM_FEATURES: &[&str] = &[
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// What `wasm-opt` does. Its own levels make the module smaller before gzip and larger after it, and not faster: LLVM has
/// optimized it as a whole already.
const WASM_PASSES: &[&str] = &[
    "--strip-debug",
    "--duplicate-function-elimination",
    "--remove-unused-module-elements",
    "--memory-packing",
    "--reorder-functions",
];

/// The command line of `cargo xtask wasm`.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Leave `wasm-opt` out, for a quicker build while working on it
    #[arg(long)]
    no_opt: bool,
}

/// Builds the package as it is published, the first time that a step asks for it.
pub(crate) fn once(workspace: &Workspace) -> Result<()> {
    static IS_BUILT: Mutex<bool> = Mutex::new(false);
    let mut is_built = IS_BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if !*is_built {
        run(workspace, &Arguments { no_opt: false })?;
        *is_built = true;
    }
    Ok(())
}

/// Builds the module, and says what it weighs.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    let target = workspace.target_directory()?;
    let toolchain = Toolchain::find()?;
    println!("Building with {}", toolchain.about());
    // A folder of its own: another compiler than the workspace's would have it build everything anew, by turns.
    let built = target.join("web");
    let mut build = toolchain.cargo(workspace);
    build.env("SQLITE_WASM_RS_FLAGS", SQLITE_FLAGS.join(" "));
    build.arg("--config").arg(format!("target.{TARGET}.rustflags={RUST_FLAGS}"));
    build.args(["--locked", "--profile", "wasm", "--package", "stockroom-wasm", "--lib", "--target-dir"]).arg(&built);
    process::run(&mut build)?;
    let module = built.join(TARGET).join("wasm/stockroom_wasm.wasm");

    let bound = target.join("web-bindgen");
    let mut bindgen = workspace.cargo(&["run", "--quiet", "--locked", "--package", "xtask-wasm-bindgen", "--"]);
    process::run(bindgen.arg(&module).arg(&bound).arg(NAME))?;

    let package = workspace.root().join("wasm/npm/module");
    fs::create_dir_all(&package)?;
    for file in ["stockroom.js", "stockroom.d.ts"] {
        fs::copy(bound.join(file), package.join(file)).with_context(|| format!("wasm-bindgen made no {file}"))?;
    }
    let npm = install(workspace)?;
    let (from, to) = (bound.join("stockroom_bg.wasm"), package.join("stockroom_bg.wasm"));
    if arguments.no_opt {
        fs::copy(&from, &to)?;
    } else {
        optimize(&npm, &from, &to)?;
    }
    process::run(Command::new("node").current_dir(&npm).arg("tools/build.mjs"))?;
    weigh(&to)
}

/// Installs the package's development dependencies, as its lock file names them. Gives the package's folder.
fn install(workspace: &Workspace) -> Result<PathBuf> {
    let npm = workspace.root().join("wasm/npm");
    // npm writes its own copy of the lock file last: it tells what is installed.
    let is_installed = match (
        fs::metadata(npm.join("node_modules/.package-lock.json")),
        fs::metadata(npm.join("package-lock.json")),
    ) {
        (Ok(installed), Ok(locked)) => installed.modified()? >= locked.modified()?,
        _ => false,
    };
    if !is_installed {
        let install = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
        process::run(Command::new("npm").current_dir(&npm).args(install))
            .context("the package is built with programs that come with npm: TypeScript, esbuild, wasm-opt")?;
    }
    Ok(npm)
}

/// Runs `wasm-opt`, out of the package's development dependencies.
fn optimize(npm: &Path, from: &Path, to: &Path) -> Result<()> {
    let wasm_opt = npm.join("node_modules/binaryen/bin/wasm-opt");
    process::run(Command::new("node").arg(wasm_opt).args(WASM_PASSES).args(WASM_FEATURES).arg(from).arg("-o").arg(to))
}

fn weigh(module: &Path) -> Result<()> {
    let bytes = fs::read(module)?;
    let mut gzipped = GzEncoder::new(Vec::new(), Compression::best());
    gzipped.write_all(&bytes)?;
    let gzipped_kib = gzipped.finish()?.len().div_ceil(1024);
    println!("{}: {} KiB, {gzipped_kib} KiB gzipped", module.display(), bytes.len().div_ceil(1024));
    if gzipped_kib > GZIPPED_KIB_MAX {
        bail!("the module may weigh {GZIPPED_KIB_MAX} KiB gzipped");
    }
    Ok(())
}
