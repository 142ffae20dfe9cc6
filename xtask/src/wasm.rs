//! `cargo xtask wasm`: builds the npm package: the modules into `wasm/npm/module`, and out of them and the TypeScript the
//! package's `wasm/npm/dist`. This file puts the steps in order; how a compiler for WebAssembly is come by is in `wasm/toolchain.rs`.

mod toolchain;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Args;
use flate2::Compression;
use flate2::write::GzEncoder;

use self::toolchain::{TARGET, Toolchain};
use crate::workspace::Workspace;
use crate::{npm, process, sqlite};

/// What a module may weigh on its way to a browser, in KiB after gzip.
const GZIPPED_KIB_MAX: usize = 900;

/// A module of the package.
struct Module {
    name: &'static str,
    /// The feature of the crate that it is built of.
    feature: &'static str,
    /// Whether every order passes through it.
    is_hot: bool,
}

/// The first is the one that every program loads.
const MODULES: &[Module] = &[
    Module { name: "stockroom", feature: "engine", is_hot: true },
    Module { name: "exchanges", feature: "exchanges", is_hot: false },
    Module { name: "steps", feature: "steps", is_hot: false },
];

/// How SQLite is built, beside what every build of ours is: the page size of every other build, so that files are alike,
/// without what only this crate of it sets, and without what only a program's own statements could ask for.
const SQLITE_FLAGS: &[&str] = &[
    "-DSQLITE_DEFAULT_PAGE_SIZE=4096",
    "-DSQLITE_DQS=0",
    "-DSQLITE_LIKE_DOESNT_MATCH_BLOBS",
    "-DSQLITE_OMIT_COMPILEOPTION_DIAGS",
    "-DSQLITE_OMIT_DECLTYPE",
    "-DSQLITE_OMIT_DESERIALIZE",
    "-DSQLITE_OMIT_INCRBLOB",
    "-DSQLITE_OMIT_INTROSPECTION_PRAGMAS",
    "-DSQLITE_OMIT_LIKE_OPTIMIZATION",
    "-DSQLITE_OMIT_TRACE",
    "-DSQLITE_UNTESTABLE",
    "-USQLITE_ENABLE_BYTECODE_VTAB",
    "-USQLITE_ENABLE_DBPAGE_VTAB",
    "-USQLITE_ENABLE_MATH_FUNCTIONS",
    "-USQLITE_ENABLE_OFFSET_SQL_FUNC",
    "-USQLITE_ENABLE_PREUPDATE_HOOK",
    "-USQLITE_ENABLE_SESSION",
    "-USQLITE_ENABLE_STMTVTAB",
    "-USQLITE_ENABLE_UNKNOWN_SQL_FUNCTION",
    "-USQLITE_ENABLE_UNLOCK_NOTIFY",
];

/// What rustc and clang may have used, and every Node and browser of the last years has.
const WASM_FEATURES: &[&str] = &[
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
    "--enable-simd",
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

/// What it does before that to a module that is hot. For size LLVM calls even the smallest functions; these sizes, in
/// instructions, are as large as the module's weight allows: 5 % less CPU for an order, and 19 KiB more after gzip.
const INLINING: &[&str] = &[
    "--optimize-level=3",
    "--shrink-level=0",
    "--always-inline-max-function-size=21",
    "--flexible-inline-max-function-size=36",
    "--one-caller-inline-max-function-size=10",
    "--inlining-optimizing",
];

/// The command line of `cargo xtask wasm`.
#[derive(Args, Default)]
pub(crate) struct Arguments {
    /// Leave `wasm-opt` out, for a quicker build while working on it
    #[arg(long)]
    no_opt: bool,
}

/// Builds the modules and the package, and says what the modules weigh.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    build(workspace, !arguments.no_opt)?.iter().try_for_each(|module| weigh(module))
}

/// Why the package cannot be built here, if so. What is missing is installed where that can be done.
pub(crate) fn lacking() -> Option<String> {
    Toolchain::find().err().map(|error| error.to_string())
}

/// Builds the modules, and the package out of them. Gives the modules' files.
pub(crate) fn build(workspace: &Workspace, optimizes: bool) -> Result<Vec<PathBuf>> {
    let target = workspace.target_directory()?;
    let toolchain = Toolchain::find()?;
    println!("Building with {}", toolchain.about());
    let bound = target.join("web-bindgen");
    for module in MODULES {
        let compiled = compile(workspace, &toolchain, &target, module)?;
        let mut bindgen = workspace.cargo(&["run", "--quiet", "--locked", "--package", "xtask-wasm-bindgen", "--"]);
        process::run(bindgen.arg(&compiled).arg(&bound).arg(module.name))?;
    }

    let package = workspace.root().join("wasm/npm/module");
    fs::create_dir_all(&package)?;
    let npm = workspace.root().join("wasm/npm");
    npm::install(&npm)
        .context("the package is built with programs that come with npm: TypeScript, esbuild, wasm-opt")?;
    let mut modules = Vec::new();
    for Module { name, is_hot, .. } in MODULES {
        for file in [format!("{name}.js"), format!("{name}.d.ts")] {
            fs::copy(bound.join(&file), package.join(&file)).with_context(|| format!("wasm-bindgen made no {file}"))?;
        }
        let file = format!("{name}_bg.wasm");
        let (from, to) = (bound.join(&file), package.join(&file));
        if optimizes {
            optimize(&npm, &from, &to, *is_hot)?;
        } else {
            fs::copy(&from, &to)?;
        }
        modules.push(to);
    }
    npm::run(&npm, "build")?;
    Ok(modules)
}

/// Has rustc build a module.
fn compile(workspace: &Workspace, toolchain: &Toolchain, target: &Path, module: &Module) -> Result<PathBuf> {
    // A folder of its own: another compiler than the workspace's would have it build everything anew, by turns.
    let built = target.join("web");
    let mut build = toolchain.cargo(workspace);
    build.env("SQLITE_WASM_RS_FLAGS", [SQLITE_FLAGS, sqlite::FLAGS].concat().join(" "));
    build.args(["--locked", "--profile", "wasm", "--package", "stockroom-wasm", "--lib"]);
    build.args(["--no-default-features", "--features", module.feature, "--target-dir"]).arg(&built);
    process::run(&mut build)?;
    Ok(built.join(TARGET).join("wasm/stockroom_wasm.wasm"))
}

/// Runs `wasm-opt`, out of the package's development dependencies.
fn optimize(npm: &Path, from: &Path, to: &Path, is_hot: bool) -> Result<()> {
    let mut command = Command::new("node");
    command.arg(npm.join("node_modules/binaryen/bin/wasm-opt"));
    if is_hot {
        command.args(INLINING);
    }
    process::run(command.args(WASM_PASSES).args(WASM_FEATURES).arg(from).arg("-o").arg(to))
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
