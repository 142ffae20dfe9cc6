//! A shop hands a real shop's orders to a warehouse over HTTP, through SQLite, and the warehouse ships them. With
//! `--faults` the warehouse hangs, forgets its answers, fails after it has acted and calls back twice; in the end its
//! books are held against the shop's database. This file reads the arguments and puts the parts together.

#![forbid(unsafe_code)]

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use retail::{BUNDLED, BUNDLED_NAME, Failure, Result};
use stockroom::OrderState;
use warehouse::report::Report;
use warehouse::server::{Callbacks, Faults, Settings, WarehouseServer};
use warehouse::shop::{self, Connections, Webhooks, new_secret};

/// The longest that the shop waits for callbacks once everything is handed over.
const CALLBACKS_WITHIN: Duration = Duration::from_secs(120);

/// Hand a real shop's orders to a warehouse over HTTP that fails on request.
#[derive(Debug, Parser)]
#[command(name = "warehouse", version)]
struct Arguments {
    /// An Online Retail CSV, plain or gzipped; without it, the bundled month of December 2010
    file: Option<PathBuf>,
    /// Units of every SKU on hand before the first order
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(i64).range(0..=1_000_000_000))]
    stock: i64,
    /// Let the warehouse fail now and then, in the same way for the same seed
    #[arg(long, value_name = "SEED")]
    faults: Option<u64>,
    /// The shop's database, made where there is none; without it, a temporary one
    #[arg(long, value_name = "PATH")]
    db: Option<PathBuf>,
    /// Requests to the warehouse at the same time
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=64))]
    connections: u64,
    /// The longest that one request may take, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 250, value_parser = clap::value_parser!(u64).range(50..=60_000))]
    timeout_ms: u64,
    /// Print one JSON object and nothing else
    #[arg(long)]
    json: bool,
    /// Hand over to a warehouse that runs elsewhere, at this URL, instead of one of its own
    #[arg(
        long,
        value_name = "URL",
        requires = "callbacks_port",
        requires = "callbacks_secret",
        conflicts_with = "faults"
    )]
    warehouse: Option<String>,
    /// The port on which callbacks of a warehouse elsewhere are listened for
    #[arg(long, value_name = "PORT")]
    callbacks_port: Option<u16>,
    /// The secret that signs them, `whsec_` and base64
    #[arg(long, value_name = "SECRET")]
    callbacks_secret: Option<String>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        // The report has said what is wrong.
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            // Not `eprintln!`, which panics where stderr is closed.
            let _ = writeln!(io::stderr(), "warehouse: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<bool> {
    let began = Instant::now();
    let invoices = match &arguments.file {
        Some(path) => retail::read_file(path)?,
        None => retail::read(BUNDLED, BUNDLED_NAME)?,
    };
    let temporary = tempfile::Builder::new().prefix("stockroom-warehouse-").tempdir();
    let temporary = temporary.map_err(|error| Failure::new("a temporary directory", error))?;
    let path = arguments.db.clone().unwrap_or_else(|| temporary.path().join("shop.sqlite3"));
    let room = shop::open(&path)?;
    shop::set_up(&room, &invoices, arguments.stock)?;

    let secret = arguments.callbacks_secret.clone().unwrap_or_else(new_secret);
    let webhooks = Webhooks::start(&room, arguments.callbacks_port.unwrap_or(0), &secret)?;
    let (server, url) = match &arguments.warehouse {
        Some(url) => (None, url.clone()),
        None => {
            let server = start_warehouse(arguments, webhooks.url(), secret)?;
            let url = server.url();
            (Some(server), url)
        }
    };
    let connections =
        Connections { count: usize::try_from(arguments.connections).unwrap_or(1), timeout_ms: arguments.timeout_ms };
    let relay = shop::start_relay(&room, &url, connections)?;

    let placing = bar(arguments.json, "invoices placed", invoices.count() as u64);
    let accepted = shop::place_orders(&room, invoices, &mut |count| placing.inc(count))?;
    placing.finish();
    let handing = bar(arguments.json, "handed over", accepted);
    shop::hand_everything_over(&room, &relay, &mut |counts| handing.set_position(counts.done))?;
    handing.finish();
    let shipping = bar(arguments.json, "shipped", accepted);
    let wait = Instant::now();
    // The warehouse may be done before its last callback is carried out, and it may be elsewhere.
    while shop::orders_in(&room, OrderState::Shipped)? < accepted && wait.elapsed() < CALLBACKS_WITHIN {
        shipping.set_position(shop::orders_in(&room, OrderState::Shipped)?);
        std::thread::sleep(Duration::from_millis(50));
    }
    shipping.finish();
    let counts = relay.stop();
    if let Some(server) = &server {
        server.wait_until_idle(CALLBACKS_WITHIN);
    }
    drop(webhooks);
    let Some(books) = server.map(WarehouseServer::stop) else {
        // Whoever runs the warehouse has its books.
        return Ok(true);
    };
    let report = Report::new(&room, &books, counts, began.elapsed().as_secs_f64())?;
    let written = match arguments.json {
        true => {
            serde_json::to_string(&report).map_err(io::Error::from).and_then(|json| writeln!(io::stdout(), "{json}"))
        }
        false => write!(io::stdout(), "{report}"),
    };
    written.map_err(|error| Failure::new("stdout", error))?;
    Ok(report.is_right())
}

fn start_warehouse(arguments: &Arguments, callbacks_url: String, secret: String) -> Result<WarehouseServer> {
    let faults = arguments.faults.map_or_else(Faults::none, Faults::seeded);
    let faults =
        Faults { client_timeout_ms: arguments.timeout_ms, timeout_margin_ms: arguments.timeout_ms / 4, ..faults };
    let settings = Settings {
        faults,
        opening_on_hand: arguments.stock,
        callbacks: Some(Callbacks::new(callbacks_url, secret)),
        ..Settings::default()
    };
    WarehouseServer::start(&settings).map_err(|error| Failure::new("the warehouse", error))
}

/// Progress for those who wait at a terminal: on stderr, and nowhere when that is not a terminal.
fn bar(hidden: bool, what: &'static str, length: u64) -> ProgressBar {
    let target = if hidden { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let style = ProgressStyle::with_template("{msg:>16} [{bar:40}] {human_pos}/{human_len} {eta}");
    let bar = ProgressBar::with_draw_target(Some(length), target);
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())).with_message(what)
}
