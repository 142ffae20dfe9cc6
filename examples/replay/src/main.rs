//! Replays the orders of a real shop through Stockroom into an SQLite file, and says what came of it.
//!
//! This file reads the arguments and puts the parts together: the crate `retail` reads the CSV and makes commands
//! of it, `run` has them done, `state` looks at what is in the database afterwards, `report` prints, and
//! `trace` writes and reads command logs. A wrong file or database ends in a sentence on stderr and exit 1.

#![forbid(unsafe_code)]

mod database;
mod progress;
mod report;
mod run;
mod state;
mod trace;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use stockroom::quantity::QUANTITY_MAX;

use crate::database::Database;
use crate::progress::Progress;
use crate::report::{RebuildReport, ReplayReport, Timing};
use crate::trace::TraceWriter;
use retail::{BUNDLED, BUNDLED_NAME, Failure, Result};

/// Replay the orders of a real shop through Stockroom into an SQLite file.
#[derive(Debug, Parser)]
#[command(name = "replay", version)]
struct Arguments {
    /// An Online Retail CSV, plain or gzipped; without it, the bundled month of December 2010
    file: Option<PathBuf>,
    /// Units of every SKU on hand before the first invoice
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(i64).range(0..=QUANTITY_MAX))]
    stock: i64,
    /// The database file, made where there is none; without it, a temporary one that is removed at the end
    #[arg(long, value_name = "PATH")]
    db: Option<PathBuf>,
    /// Print one JSON object and nothing else
    #[arg(long)]
    json: bool,
    /// Write the command log: one JSON object a line
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Rebuild the state from a command log instead of replaying invoices
    #[arg(long, value_name = "FILE", conflicts_with_all = ["file", "stock", "trace"])]
    from_trace: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match &arguments.from_trace {
        Some(log) => rebuild(&arguments, log),
        None => replay(&arguments),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        // The report has said what does not hold.
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            // Not `eprintln!`, which panics where stderr is closed.
            let _ = writeln!(std::io::stderr(), "replay: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Replays invoices. Whether the state verifies is the answer.
fn replay(arguments: &Arguments) -> Result<bool> {
    let progress = Progress::new(!arguments.json);
    let mut timing = Timing::default();
    let mut clock = Instant::now();
    let mut lap = move || std::mem::replace(&mut clock, Instant::now()).elapsed().as_secs_f64();

    let (name, invoices) = match &arguments.file {
        Some(path) => (path.display().to_string(), retail::read_file(path)?),
        None => (BUNDLED_NAME.to_owned(), retail::read(BUNDLED, BUNDLED_NAME)?),
    };
    timing.read = lap();

    // The file was read first, so that a wrong one leaves no database and no log behind.
    let trace = arguments.trace.as_deref().map(TraceWriter::create).transpose()?;
    let database = Database::open(arguments.db.as_deref(), trace.as_ref())?;
    let mut run = run::Run::new(&database.shop);
    run.set_up(&invoices, arguments.stock, &progress)?;
    timing.set_up = lap();
    run.invoices(invoices, &progress)?;
    timing.invoices = lap();
    let tally = run.finish();
    trace.map(TraceWriter::finish).transpose()?;
    lap();

    let state = state::examine(&database.shop, &progress)?;
    timing.examine = lap();
    let report = ReplayReport::new(&tally, &state, &timing);
    let sound = state.is_sound();
    let text = match arguments.json {
        true => report::json(&report)?,
        false => report::replay_table(&name, arguments, &tally, &report, &timing),
    };
    print(&text)?;
    Ok(sound)
}

/// Rebuilds the state from a command log. Whether the state verifies is the answer.
fn rebuild(arguments: &Arguments, log: &std::path::Path) -> Result<bool> {
    let progress = Progress::new(!arguments.json);
    let started = Instant::now();
    let reader = trace::open(log)?;
    let database = Database::open(arguments.db.as_deref(), None)?;
    let counts = trace::rebuild(&database.shop, reader, log, &progress)?;
    let state = state::examine(&database.shop, &progress)?;
    let report = RebuildReport::new(&counts, &state, started.elapsed().as_secs_f64());
    let sound = state.is_sound();
    let text = match arguments.json {
        true => report::json(&report)?,
        false => report::rebuild_table(log, arguments, &report),
    };
    print(&text)?;
    Ok(sound)
}

/// Writes to stdout. Not `println!`, which panics where a reader such as `head` has gone.
fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| Failure::new("stdout", error))
}
