//! The engine through its C ABI beside the engine in Rust, in the same run: what the border costs. The C side is a
//! program of its own (c/through_c.c), compiled here against the library that stands beside this program. Both sides
//! open a shop that was stocked and closed before, and ask for every SKU once before the clock starts, so that neither
//! has anything in its caches that the other has not.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use stockroom_sqlite::SqliteStore;

use crate::contender::{Contender, Outcome, Placing, Shop, Tally};
use crate::engine::{Durable, EngineShop};
use crate::measure::{Progress, Row, Sample, alternate, time};
use crate::suite::{Config, SEED};
use crate::workload::{Demand, ON_HAND, Orders, SampleOrder, catalogue, questions};

/// The rows, in the order in which they run.
pub(crate) const NAMES: [&str; 5] =
    ["c/one-per-commit", "c/batch-1000", "c/batch-1000-json", "c/availability-1", "c/availability-100"];

const BATCH: usize = 1_000;

/// What one row does.
struct Plan {
    name: &'static str,
    /// How the C program calls it.
    mode: &'static str,
    work: Work,
    operations: usize,
    target: Option<f64>,
}

#[derive(Clone, Copy)]
enum Work {
    Place(Placing),
    Ask { skus_per_call: usize },
}

fn plan(name: &'static str) -> Plan {
    let batch = Work::Place(Placing::Batch(BATCH));
    let (mode, work, operations, target) = match name {
        "c/one-per-commit" => ("place-one", Work::Place(Placing::OnePerCommit), 10_000, Some(0.9)),
        "c/batch-1000" => ("place-batch", batch, 150_000, Some(0.9)),
        "c/batch-1000-json" => ("place-json", batch, 150_000, None),
        "c/availability-1" => ("available-1", Work::Ask { skus_per_call: 1 }, 500_000, Some(0.8)),
        _ => ("available-100", Work::Ask { skus_per_call: 100 }, 20_000, Some(0.8)),
    };
    Plan { name, mode, work, operations, target }
}

/// Measures one row: through C as ours, in Rust as the peer.
pub(crate) fn run(name: &'static str, config: &Config<'_>, progress: &Progress) -> Outcome<Row> {
    progress.begin(name);
    let plan = plan(name);
    let operations = if config.quick { plan.operations / 10 } else { plan.operations };
    let program = compile(config.directory)?;
    let mut through_c = || match plan.work {
        Work::Place(_) => place_through_c(&program, plan.mode, config, operations),
        Work::Ask { skus_per_call } => ask_through_c(&program, plan.mode, config, operations, skus_per_call),
    };
    let mut in_rust = || match plan.work {
        Work::Place(placing) => place_in_rust(config, operations, placing),
        Work::Ask { skus_per_call } => ask_in_rust(config, operations, skus_per_call),
    };
    let unit = match plan.work {
        Work::Place(_) => "orders/s",
        Work::Ask { .. } => "calls/s",
    };
    let samples = alternate(config.rounds(), Some(&mut through_c), &mut in_rust, progress)?;
    Row::new(plan.name, unit, plan.target, "the peer is the engine in Rust".to_owned(), &samples)
}

fn orders(count: usize) -> (Vec<SampleOrder>, Tally) {
    let orders: Vec<SampleOrder> = Orders::new(SEED, Demand::Uniform).take(count).collect();
    let units = orders.iter().map(SampleOrder::units).sum();
    (orders, Tally { orders: count as u64, allocated: units, claimed: units })
}

fn must_be(expected: &Tally, shop: &mut dyn Shop) -> Outcome<()> {
    let found = shop.tally()?;
    if found != *expected {
        return Err(format!("the books are wrong: expected {expected:?}, found {found:?}").into());
    }
    Ok(())
}

fn place_in_rust(config: &Config<'_>, count: usize, placing: Placing) -> Outcome<Sample> {
    let (orders, expected) = orders(count);
    let directory = tempfile::tempdir_in(config.directory)?;
    let mut shop = warm(directory.path())?;
    let sample = time(count, || shop.place(orders, placing))?;
    must_be(&expected, &mut shop)?;
    Ok(sample)
}

fn place_through_c(program: &Program, mode: &str, config: &Config<'_>, count: usize) -> Outcome<Sample> {
    let (orders, expected) = orders(count);
    let mut text = String::new();
    for order in &orders {
        write!(text, "{}\t{}\t{}", order.id, order.channel, order.currency)?;
        for line in &order.lines {
            write!(text, "\t{}\t{}\t{}", line.sku, line.quantity, line.unit_price_minor)?;
        }
        text.push('\n');
    }
    let directory = tempfile::tempdir_in(config.directory)?;
    let (sample, _) = program.run(mode, directory.path(), &text, count)?;
    must_be(&expected, &mut stocked(directory.path())?)?;
    Ok(sample)
}

fn ask_in_rust(config: &Config<'_>, calls: usize, skus_per_call: usize) -> Outcome<Sample> {
    let skus = questions(SEED, calls * skus_per_call);
    let directory = tempfile::tempdir_in(config.directory)?;
    let mut shop = warm(directory.path())?;
    let mut found = 0;
    let sample = time(calls, || {
        found = shop.available(&skus, skus_per_call)?;
        Ok(())
    })?;
    must_find(found, skus.len())?;
    Ok(sample)
}

fn ask_through_c(
    program: &Program,
    mode: &str,
    config: &Config<'_>,
    calls: usize,
    skus_per_call: usize,
) -> Outcome<Sample> {
    let skus = questions(SEED, calls * skus_per_call);
    let directory = tempfile::tempdir_in(config.directory)?;
    let (sample, found) = program.run(mode, directory.path(), &(skus.join("\n") + "\n"), calls)?;
    must_find(found, skus.len())?;
    Ok(sample)
}

fn must_find(found: i64, skus: usize) -> Outcome<()> {
    let expected = ON_HAND * skus as i64;
    if found != expected {
        return Err(format!("wrong availability: expected {expected} in all, found {found}").into());
    }
    Ok(())
}

/// A database that was stocked before, to count its books.
fn stocked(directory: &Path) -> Outcome<EngineShop<SqliteStore>> {
    Ok(EngineShop::over(SqliteStore::open(directory.join("engine.sqlite3"))?))
}

/// The Rust side's shop: stocked, opened again, and asked for every SKU, as the C side's is.
fn warm(directory: &Path) -> Outcome<EngineShop<SqliteStore>> {
    drop(Durable.open(directory)?);
    let mut shop = stocked(directory)?;
    let skus: Vec<String> = catalogue().collect();
    must_find(shop.available(&skus, 1)?, skus.len())?;
    Ok(shop)
}

/// The C side, compiled.
struct Program {
    path: PathBuf,
    /// Where the library is found by its soname.
    libraries: PathBuf,
}

/// Compiles the C side against the library beside this program.
fn compile(directory: &Path) -> Outcome<Program> {
    let here = std::env::current_exe()?;
    let built = here.parent().ok_or("this program is nowhere")?;
    let library =
        [built, &built.join("..")].iter().map(|place| place.join("libstockroom.so")).find(|path| path.exists());
    let library =
        library.ok_or("libstockroom.so is not beside this program: cargo build --release -p stockroom-ffi")?;
    let libraries = directory.join("lib");
    std::fs::create_dir_all(&libraries)?;
    for name in ["libstockroom.so", "libstockroom.so.0"] {
        std::fs::copy(&library, libraries.join(name))?;
    }
    let sources = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = directory.join("through_c");
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let status = Command::new(compiler)
        .args(["-std=gnu99", "-O2", "-Wall", "-Wextra", "-Werror", "-I"])
        .arg(sources.join("../include"))
        .arg(sources.join("c/through_c.c"))
        .arg("-o")
        .arg(&path)
        .arg("-L")
        .arg(&libraries)
        .arg("-lstockroom")
        .status()?;
    if !status.success() {
        return Err(format!("the C side cannot be compiled: {status}").into());
    }
    Ok(Program { path, libraries })
}

impl Program {
    /// Stocks a shop and lets the C side work in it. Gives what it took, and the sum that it found.
    fn run(&self, mode: &str, directory: &Path, workload: &str, operations: usize) -> Outcome<(Sample, i64)> {
        drop(Durable.open(directory)?);
        let (file, skus) = (directory.join("workload"), directory.join("skus"));
        std::fs::write(&file, workload)?;
        std::fs::write(&skus, catalogue().collect::<Vec<_>>().join("\n") + "\n")?;
        let output = Command::new(&self.path)
            .arg(mode)
            .arg(directory.join("engine.sqlite3"))
            .arg(&file)
            .arg(&skus)
            .env("LD_LIBRARY_PATH", &self.libraries)
            .output()?;
        if !output.status.success() {
            let told = String::from_utf8_lossy(&output.stderr);
            return Err(format!("the C side failed: {}: {}", output.status, told.trim()).into());
        }
        let told = String::from_utf8(output.stdout)?;
        let (seconds, sum) = told.trim().split_once(' ').ok_or("the C side said something else")?;
        let seconds: f64 = seconds.parse()?;
        Ok((Sample { rate: operations as f64 / seconds, bytes_per_operation: None }, sum.parse()?))
    }
}
