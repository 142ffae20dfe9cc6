//! Stockroom beside hand-written code, in one run on one machine: `cargo run --release -p
//! stockroom-benches`. This file reads the command line, chooses who takes part, and prints what came out;
//! it measures nothing itself.

#![forbid(unsafe_code)]

mod by_hand;
mod contender;
mod deliveries;
mod engine;
mod growth;
mod in_memory;
mod listings;
mod measure;
mod process;
mod suite;
mod through_c;
mod workload;

use std::error::Error;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use clap::builder::PossibleValuesParser;
use tempfile::TempDir;

use crate::by_hand::ByHand;
use crate::contender::{Contender, Outcome};
use crate::engine::{Durable, Volatile};
use crate::growth::{Grower, Growth, Plan};
use crate::in_memory::InMemory;
use crate::measure::{Progress, Report};
use crate::suite::{BENCHMARKS, Benchmark, Config, Contenders, Pair};

/// Compares Stockroom with hand-written code: the same orders, by turns, medians of several rounds.
#[derive(Parser)]
struct Arguments {
    /// Print one JSON object a line instead of a table.
    #[arg(long)]
    json: bool,
    /// A tenth of the work and fewer rounds: shows that everything runs, not how fast.
    #[arg(long)]
    quick: bool,
    /// The benchmarks to run; all of them if none is named.
    #[arg(value_parser = PossibleValuesParser::new(names()))]
    names: Vec<String>,
    /// Fill one shop for the growth rows and tell how it went: what this program asks of itself.
    #[arg(long, hide = true, value_enum)]
    grow: Option<Grower>,
}

/// Everything that can be run.
fn names() -> impl Iterator<Item = &'static str> {
    BENCHMARKS
        .iter()
        .map(|benchmark| benchmark.name)
        .chain(deliveries::NAMES)
        .chain(listings::NAMES)
        .chain(through_c::NAMES)
        .chain(growth::NAMES)
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        // A reader such as `head` that has seen enough is not a failure.
        Err(error) if is_broken_pipe(error.as_ref()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Outcome<()> {
    let directory = directory_on_disk()?;
    if let Some(grower) = arguments.grow {
        grow(grower, directory.path(), arguments.quick)?;
        return Ok(directory.close()?);
    }
    let config = Config { directory: directory.path(), quick: arguments.quick };
    let contenders = Contenders {
        durable: Pair { ours: Some(&Durable), by_hand: &ByHand },
        in_memory: Pair { ours: Some(&Volatile), by_hand: &InMemory },
    };
    let is_chosen = |name: &str| arguments.names.is_empty() || arguments.names.iter().any(|chosen| chosen == name);
    let chosen: Vec<&Benchmark> = BENCHMARKS.iter().filter(|benchmark| is_chosen(benchmark.name)).collect();
    let chosen_deliveries: Vec<&'static str> = deliveries::NAMES.into_iter().filter(|name| is_chosen(name)).collect();
    let chosen_listings: Vec<&'static str> = listings::NAMES.into_iter().filter(|name| is_chosen(name)).collect();
    let chosen_through_c: Vec<&'static str> = through_c::NAMES.into_iter().filter(|name| is_chosen(name)).collect();
    let growth_runs = if growth::NAMES.into_iter().any(is_chosen) { growth::RUNS } else { 0 };

    let visible = io::stdout().is_terminal() && io::stderr().is_terminal();
    let progress = Progress::new(
        ((chosen.len() + chosen_deliveries.len() + chosen_listings.len() + chosen_through_c.len()) * config.rounds()
            + growth_runs) as u64,
        visible,
    );
    let report = Report::new(arguments.json, &progress)?;
    for benchmark in chosen {
        let row = benchmark.run(&config, &contenders, &progress)?;
        report.row(&row)?;
    }
    for name in chosen_deliveries {
        report.row(&deliveries::run(name, &config, &progress)?)?;
    }
    for name in chosen_listings {
        report.row(&listings::run(name, &config, &progress)?)?;
    }
    for name in chosen_through_c {
        report.row(&through_c::run(name, &config, &progress)?)?;
    }
    if growth_runs > 0 {
        let rows = growth::run(config.quick, &progress)?;
        rows.iter().filter(|row| is_chosen(row.name)).try_for_each(|row| report.row(row))?;
    }
    progress.finish();
    if let Some(bytes) = process::resident_bytes() {
        report.remark(&format!("Resident memory at the end: {} MiB.", bytes >> 20))?;
    }
    directory.close()?;
    Ok(())
}

/// Fills one shop and prints one line of JSON about it.
fn grow(grower: Grower, directory: &Path, quick: bool) -> Outcome<()> {
    let contender: &dyn Contender = match grower {
        Grower::Engine => &Durable,
        Grower::ByHand => &ByHand,
    };
    let growth = Growth::measure(contender, directory, Plan::new(quick))?;
    Ok(writeln!(io::stdout(), "{}", serde_json::to_string(&growth)?)?)
}

/// A directory beside this program, so under the target directory: the system's own temporary directory may
/// be in memory, where a sync costs nothing.
fn directory_on_disk() -> io::Result<TempDir> {
    let program = std::env::current_exe()?;
    let beside = program.parent().map_or_else(|| PathBuf::from("."), PathBuf::from);
    tempfile::Builder::new().prefix("benches-").tempdir_in(beside)
}

fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
