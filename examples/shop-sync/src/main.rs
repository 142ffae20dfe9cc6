//! A real shop's orders go through the engine, half of them at our own till and half at a shop on the web, and the
//! shop's quantities follow. With `--faults` the shop hangs, forgets its answers, throttles, tells twice or not at all
//! and has people who change what we set; in the end its books are held against the engine's. This file reads the
//! arguments and puts the parts together.

#![forbid(unsafe_code)]

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use retail::{BUNDLED, BUNDLED_NAME, Failure, Invoice, Invoices, Result};
use shop_sync::report::{HostCounts, Report};
use shop_sync::server::{Faults, Settings, ShopServer, Wanted, WebhookSettings};
use shop_sync::shop::{self, Connection, Keeping, Room, Webhooks, new_secret};
use stockroom::Action;

/// The longest that anything is waited for.
const WITHIN: Duration = Duration::from_secs(300);
/// Orders of the till in one commit.
const TILL_BATCH: usize = 20;
/// Times of orders are whole seconds. After so long a look for missed ones knows that nothing more happened in one.
const SECOND_IS_OVER: Duration = Duration::from_secs(61);
/// How long a shop elsewhere is given to tell what it has to.
const ELSEWHERE: Duration = Duration::from_millis(300);

/// Keep a shop's quantities in step with a real shop's orders, over HTTP that fails on request.
#[derive(Debug, Parser)]
#[command(name = "shop-sync", version)]
struct Arguments {
    /// An Online Retail CSV, plain or gzipped; without it, the bundled month of December 2010
    file: Option<PathBuf>,
    /// Units of every SKU on hand before the first order
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(i64).range(0..=1_000_000_000))]
    stock: i64,
    /// Let the shop fail now and then, in the same way for the same seed
    #[arg(long, value_name = "SEED")]
    faults: Option<u64>,
    /// The engine's database, made where there is none; without it, a temporary one
    #[arg(long, value_name = "PATH")]
    db: Option<PathBuf>,
    /// Requests to the shop at the same time
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=64))]
    connections: u64,
    /// Quantities in one request
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=250))]
    batch: u32,
    /// The longest that one request may take, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 250, value_parser = clap::value_parser!(u64).range(50..=60_000))]
    timeout_ms: u64,
    /// Print one JSON object and nothing else
    #[arg(long)]
    json: bool,
    /// Keep a shop in step that runs elsewhere, at this URL, instead of one of its own
    #[arg(
        long,
        value_name = "URL",
        requires = "webhooks_port",
        requires = "webhooks_secret",
        requires = "location",
        requires = "token",
        conflicts_with = "faults"
    )]
    shop: Option<String>,
    /// The location of a shop elsewhere
    #[arg(long, value_name = "ID")]
    location: Option<String>,
    /// The access token of a shop elsewhere
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// The port on which webhooks of a shop elsewhere are listened for
    #[arg(long, value_name = "PORT")]
    webhooks_port: Option<u16>,
    /// The secret that signs them
    #[arg(long, value_name = "SECRET")]
    webhooks_secret: Option<String>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        // The report has said what is wrong.
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            // Not `eprintln!`, which panics where stderr is closed.
            let _ = writeln!(io::stderr(), "shop-sync: {failure}");
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
    let temporary = tempfile::Builder::new().prefix("stockroom-shop-sync-").tempdir();
    let temporary = temporary.map_err(|error| Failure::new("a temporary directory", error))?;
    let path = arguments.db.clone().unwrap_or_else(|| temporary.path().join("shop.sqlite3"));
    let room = shop::open(&path)?;
    shop::set_up(&room, invoices.skus(), arguments.stock)?;

    let defaults = Settings::default();
    let location = arguments.location.clone().unwrap_or_else(ShopServer::location);
    let secret = arguments.webhooks_secret.clone().unwrap_or_else(new_secret);
    let port = arguments.webhooks_port.unwrap_or(0);
    let webhooks = Webhooks::start(&room, port, &defaults.domain, &location, &secret)?;
    let server = match &arguments.shop {
        Some(_) => None,
        None => Some(start_shop(arguments, &invoices, webhooks.url(), secret)?),
    };
    let connection = Connection {
        url: arguments.shop.clone().or(server.as_ref().map(ShopServer::url)).unwrap_or_default(),
        domain: defaults.domain,
        token: arguments.token.clone().unwrap_or(defaults.access_token),
        location,
        timeout_ms: arguments.timeout_ms,
        connections: usize::try_from(arguments.connections).unwrap_or(1),
    };
    let drift_after_ms = i64::try_from(arguments.timeout_ms / 4).unwrap_or(i64::MAX);
    shop::connect(&room, &shop::items(&connection)?, Keeping { batch: arguments.batch, drift_after_ms })?;
    let relay = shop::start_relay(&room, &connection)?;

    let opening = bar(arguments.json, "shown", 0);
    open_the_shop(&room, &opening)?;
    let placing = bar(arguments.json, "invoices placed", invoices.count() as u64);
    let till_orders = sell(&room, server.as_ref(), invoices, arguments.faults.is_some(), &placing)?;
    placing.finish();
    let settling = bar(arguments.json, "settled", 0);
    let drain = || match &server {
        Some(server) => {
            server.wait_until_idle(WITHIN);
            server.pass_time(SECOND_IS_OVER);
        }
        None => std::thread::sleep(ELSEWHERE),
    };
    let settled = shop::settle(&room, &connection, Instant::now() + WITHIN, &drain, &mut |settlement| {
        settling.set_length(settlement.listings);
        settling.set_position(settlement.settled);
    })?;
    settling.finish();
    let relay = relay.stop();
    let (webhooks_in, duplicates_ignored) = (webhooks.accepted(), webhooks.duplicates());
    drop(webhooks);
    let Some(books) = server.map(ShopServer::stop) else {
        // Whoever runs the shop has its books.
        return Ok(settled.settlement.is_settled());
    };
    let counts = HostCounts { relay, webhooks_in, duplicates_ignored, till_orders };
    let report = Report::new(&room, &books, &settled, counts, began.elapsed().as_secs_f64())?;
    let written = match arguments.json {
        true => {
            serde_json::to_string(&report).map_err(io::Error::from).and_then(|json| writeln!(io::stdout(), "{json}"))
        }
        false => write!(io::stdout(), "{report}"),
    };
    written.map_err(|error| Failure::new("stdout", error))?;
    Ok(report.is_right())
}

fn start_shop(arguments: &Arguments, invoices: &Invoices, url: String, secret: String) -> Result<ShopServer> {
    let faults = arguments.faults.map_or_else(Faults::none, Faults::seeded);
    let faults = Faults {
        late_ms: arguments.timeout_ms + arguments.timeout_ms / 4,
        outage_ms: arguments.timeout_ms * 2,
        ..faults
    };
    let unstocked_every = if arguments.faults.is_some() { 7 } else { 0 };
    let webhooks = Some(WebhookSettings::new(url, secret));
    let settings = Settings { faults, unstocked_every, webhooks, ..Settings::default() };
    let server = ShopServer::start(&settings).map_err(|error| Failure::new("the shop", error))?;
    for sku in invoices.skus() {
        server.add_item(sku);
    }
    Ok(server)
}

/// Waits until the shop shows what there is: until then there is nothing to buy.
fn open_the_shop(room: &Arc<Room>, bar: &ProgressBar) -> Result<()> {
    let until = Instant::now() + WITHIN;
    while Instant::now() < until {
        let settled = room.settled(shop::CHANNEL).map_err(|error| Failure::new("the database", error))?;
        let Some(settled) = settled else { break };
        bar.set_length(settled.listings);
        bar.set_position(settled.settled);
        if settled.is_settled() {
            break;
        }
        let is_sent = shop::is_sent(room)?;
        if is_sent {
            // Nothing is on its way, and yet the shop was last seen to show something else. If the webhook that would
            // explain it was lost, only a look tells.
            shop::reconcile(room, until)?;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    bar.finish();
    Ok(())
}

/// Sells: every second invoice at our till, the others to the shop's own customers. A shop elsewhere has customers
/// of whom we know nothing. Answers how many orders of the till were accepted.
fn sell(
    room: &Room,
    server: Option<&ShopServer>,
    invoices: Invoices,
    with_people: bool,
    bar: &ProgressBar,
) -> Result<u64> {
    let mut accepted = 0;
    let mut till = Vec::with_capacity(TILL_BATCH);
    for (place, invoice) in invoices.into_iter().enumerate() {
        bar.inc(1);
        if place % 2 == 0 {
            till.extend(shop::till_order(invoice));
            if till.len() >= TILL_BATCH {
                accepted += shop::execute(room, std::mem::take(&mut till))?;
            }
        } else if let Some(server) = server {
            let order = server.check_out(&wanted(invoice));
            if with_people {
                people_act(server, order, place);
            }
        }
    }
    accepted += shop::execute(room, till)?;
    Ok(accepted)
}

/// People change their minds, and others change quantities that are none of their business.
fn people_act(server: &ShopServer, order: Option<i64>, place: usize) {
    if let Some(order) = order {
        match place % 16 {
            3 => drop(server.cancel(order)),
            7 => drop(server.take_out(order)),
            _ => {}
        }
    }
    if place % 10 == 1 {
        server.edit_any();
    }
}

/// What an invoice's customer wants.
fn wanted(invoice: Invoice) -> Vec<Wanted> {
    let Some(command) = shop::till_order(invoice) else { return Vec::new() };
    let Action::PlaceOrder(order) = command.action else { return Vec::new() };
    let lines = order.lines.into_iter().filter(|line| line.quantity > 0 && line.unit_price_minor >= 0);
    lines
        .map(|line| Wanted { sku: line.sku, quantity: line.quantity, unit_price_minor: line.unit_price_minor })
        .collect()
}

/// Progress for those who wait at a terminal: on stderr, and nowhere when that is not a terminal.
fn bar(hidden: bool, what: &'static str, length: u64) -> ProgressBar {
    let target = if hidden { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let style = ProgressStyle::with_template("{msg:>16} [{bar:40}] {human_pos}/{human_len} {eta}");
    let bar = ProgressBar::with_draw_target(Some(length), target);
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())).with_message(what)
}
