//! Listings: how fast changes of stock become quantities to send, how few requests they take, and how long a change
//! takes to its request. The shop is a server on loopback that takes every request at once.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use stockroom::ports::Secret;
use stockroom::{
    Answer, ChannelPolicy, Command, ConnectChannel, Outcome as Reply, ReceiveStock, RegisterChannel,
    RegisterDestination, RegisterLocation, RegisterSku, SetListing, StockLine, Stockroom, UpdateListings,
};
use stockroom_clock::SystemClock;
use stockroom_http::{HttpClient, HttpOptions, HttpSink};
use stockroom_relay::{Relay, RelayOptions, Route};
use stockroom_shopify::{GraphqlExchange, Shop};
use stockroom_sqlite::SqliteStore;

use crate::contender::Outcome;
use crate::deliveries;
use crate::measure::{Progress, Row, Sample, Samples, alternate, time};
use crate::suite::Config;

const REACT: &str = "listings/react";
const REQUESTS: &str = "listings/requests";
const LATENCY: &str = "listings/latency";

/// The rows, in the order in which they are printed.
pub(crate) const NAMES: [&str; 3] = [REACT, REQUESTS, LATENCY];

const CHANNEL: &str = "web";
const DESTINATION: &str = "shop";
const LOCATION: &str = "main";
/// Listings in one request, as many as Shopify takes.
const BATCH: u32 = 250;
/// Commands whose events one reaction reads.
const REACTION: u32 = 500;
/// The most requests for each one that cannot be spared.
const TARGET: f64 = 1.05;

type Room = Arc<Stockroom<SqliteStore>>;

/// Measures one row.
pub(crate) fn run(name: &'static str, config: &Config<'_>, progress: &Progress) -> Outcome<Row> {
    progress.begin(name);
    let part = if config.quick { 10 } else { 1 };
    let listings = 10_000 / part;
    let changes = 100_000 / part;
    match name {
        REACT => {
            // The other side is the reaction beside it.
            let samples = alternate(
                config.rounds(),
                Some(&mut || react(config.directory, listings, changes)),
                &mut || deliveries::ours_react(config.directory, 40_000 / part),
                progress,
            )?;
            let note = format!("{changes} changes of {listings} listings; beside it, fulfill/batch");
            Row::new(name, "events/s", None, note, &samples)
        }
        REQUESTS => {
            let least = listings.div_ceil(BATCH as usize);
            let shop = FakeShop::open()?;
            let samples = alternate(
                config.rounds(),
                Some(&mut || requests(config.directory, listings, changes, &shop)),
                &mut || Ok(Sample { rate: least as f64, bytes_per_operation: None }),
                progress,
            )?;
            let note = "requests, beside the least possible; the target is the most".to_owned();
            Row::new(name, "requests", Some(TARGET), note, &samples)
        }
        _ => latency(config, 500 / part, progress),
    }
}

/// A shop that lists SKUs, with nothing left to send.
fn shop(directory: &Path, listings: usize) -> Outcome<Room> {
    let room = Stockroom::new(SqliteStore::open(directory.join("engine.sqlite3"))?, SystemClock);
    let policy = ChannelPolicy { batch_max: BATCH, ..ChannelPolicy::default() };
    let mut commands: Vec<Command> = vec![
        RegisterLocation { location: LOCATION.into() }.into(),
        RegisterChannel { channel: CHANNEL.into(), locations: vec![LOCATION.into()], ..Default::default() }.into(),
        RegisterDestination { destination: DESTINATION.into(), ..Default::default() }.into(),
        ConnectChannel { channel: CHANNEL.into(), destination: DESTINATION.into(), policy }.into(),
    ];
    for number in 0..listings {
        commands.push(RegisterSku { sku: sku(number), components: None }.into());
        let (channel, item) = (CHANNEL.into(), (number + 1).to_string());
        commands.push(SetListing { channel, sku: sku(number), item, ..Default::default() }.into());
    }
    all_accepted(&room, commands)?;
    Ok(Arc::new(room))
}

fn sku(number: usize) -> String {
    format!("sku-{number:05}")
}

fn receive(number: usize) -> Command {
    ReceiveStock {
        location: LOCATION.into(),
        lines: vec![StockLine { sku: sku(number), quantity: 1 }],
        ..ReceiveStock::default()
    }
    .into()
}

fn all_accepted(room: &Stockroom<SqliteStore>, commands: Vec<Command>) -> Outcome<()> {
    for commands in commands.chunks(1_000) {
        for reply in room.execute_batch(commands.to_vec())? {
            reply.accepted().map_err(|rejection| rejection.to_string())?;
        }
    }
    Ok(())
}

/// Changes of stock, spread over all listings as a multiplicative hash does it.
fn change(room: &Stockroom<SqliteStore>, listings: usize, changes: usize) -> Outcome<()> {
    let numbers = (0..changes).map(|number| number.wrapping_mul(2_654_435_761) % listings);
    all_accepted(room, numbers.map(receive).collect())
}

/// Reacts until there is nothing left to react to; the events dealt with.
fn update(room: &Stockroom<SqliteStore>) -> Outcome<u64> {
    let mut events = 0;
    loop {
        match room.execute(UpdateListings { limit: REACTION })?.outcome {
            Reply::Accepted(Answer::ListingsUpdated(updated)) => {
                events += updated.events;
                if !updated.more {
                    return Ok(events);
                }
            }
            other => return Err(format!("{other:?}").into()),
        }
    }
}

fn react(directory: &Path, listings: usize, changes: usize) -> Outcome<Sample> {
    let directory = tempfile::tempdir_in(directory)?;
    let room = shop(directory.path(), listings)?;
    update(&room)?;
    change(&room, listings, changes)?;
    time(changes, || match update(&room)? {
        events if events >= changes as u64 => Ok(()),
        events => Err(format!("{events} of {changes} events were read").into()),
    })
}

fn relay(room: &Room, shop: &FakeShop, connections: usize) -> Outcome<Relay> {
    let base_url = format!("http://{}", shop.address);
    let settings = Shop { base_url, ..Shop::new("fake.myshopify.com", Secret::new("token"), "1") };
    let client = HttpClient::new(HttpOptions { allow_plain_http: true, ..HttpOptions::default() })?;
    let sink = Arc::new(HttpSink::new(GraphqlExchange::new(settings)?, client, SystemClock));
    let options = RelayOptions { fulfill: false, listings: true, ..RelayOptions::default() };
    let routes = vec![Route { destination: DESTINATION.to_owned(), sink, connections }];
    Ok(Relay::start(room, routes, &options, None)?)
}

fn wait_for(what: &str, holds: impl Fn() -> Outcome<bool>) -> Outcome<()> {
    let began = Instant::now();
    while !holds()? {
        if began.elapsed() > Duration::from_secs(300) {
            return Err(format!("{what} never came about").into());
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn is_settled(room: &Room) -> Outcome<bool> {
    Ok(room.settled(CHANNEL)?.is_some_and(|settlement| settlement.is_settled()))
}

/// The requests that it takes to tell a shop of many changes.
fn requests(directory: &Path, listings: usize, changes: usize, fake: &FakeShop) -> Outcome<Sample> {
    let directory = tempfile::tempdir_in(directory)?;
    let room = shop(directory.path(), listings)?;
    // What the shop shows is known before: else each is read first.
    let settled = relay(&room, fake, 1)?;
    wait_for("the first settlement", || is_settled(&room))?;
    let _ = settled.stop();
    change(&room, listings, changes)?;
    update(&room)?;
    let before = fake.requests.load(Ordering::Relaxed);
    let running = relay(&room, fake, 1)?;
    wait_for("the settlement", || is_settled(&room))?;
    let _ = running.stop();
    let made = fake.requests.load(Ordering::Relaxed) - before;
    Ok(Sample { rate: made as f64, bytes_per_operation: None })
}

/// The time from a committed change to its request at the shop.
fn latency(config: &Config<'_>, changes: usize, progress: &Progress) -> Outcome<Row> {
    let directory = tempfile::tempdir_in(config.directory)?;
    let fake = FakeShop::open()?;
    let room = shop(directory.path(), 1_000)?;
    let relay = relay(&room, &fake, 2)?;
    wait_for("the first settlement", || is_settled(&room))?;
    let mut samples = Samples { ours: Vec::new(), by_hand: Vec::new() };
    let mut notes = Vec::new();
    for woken in [false, true] {
        let mut times_ms = Vec::with_capacity(changes);
        for number in 0..changes {
            let seen = fake.seen();
            let began = Instant::now();
            all_accepted(&room, vec![receive(number % 1_000)])?;
            if woken {
                relay.wake();
            }
            let came = fake.wait_beyond(seen)?;
            times_ms.push(came.duration_since(began).as_secs_f64() * 1_000.0);
            // The next one does not ride on this one's answer.
            thread::sleep(Duration::from_millis(5));
        }
        times_ms.sort_by(f64::total_cmp);
        let at = |share: f64| times_ms[((times_ms.len() - 1) as f64 * share) as usize];
        let how = if woken { "woken" } else { "polling" };
        notes.push(format!("{how} p50 {:.1}, p99 {:.1}", at(0.5), at(0.99)));
        let side = if woken { &mut samples.by_hand } else { &mut samples.ours };
        side.push(Sample { rate: at(0.5), bytes_per_operation: None });
        progress.advance();
    }
    let _ = relay.stop();
    let note = format!("{}; ours polls, beside it the host wakes the relay", notes.join("; "));
    Row::new(LATENCY, "ms", None, note, &samples)
}

/// A server on loopback that says yes to every request, and counts those that set quantities.
struct FakeShop {
    address: SocketAddr,
    requests: Arc<AtomicU64>,
    last: Arc<(Mutex<(u64, Instant)>, Condvar)>,
}

impl FakeShop {
    /// It listens until the process ends.
    fn open() -> Outcome<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let requests = Arc::new(AtomicU64::new(0));
        let last = Arc::new((Mutex::new((0, Instant::now())), Condvar::new()));
        let shop = FakeShop { address, requests: Arc::clone(&requests), last: Arc::clone(&last) };
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (requests, last) = (Arc::clone(&requests), Arc::clone(&last));
                thread::spawn(move || drop(answer(&stream, &requests, &last)));
            }
        });
        Ok(shop)
    }

    fn seen(&self) -> u64 {
        self.last.0.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    fn wait_beyond(&self, seen: u64) -> Outcome<Instant> {
        let last = self.last.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.last.1.wait_timeout_while(last, Duration::from_secs(60), |last| last.0 == seen);
        let (last, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        if timeout.timed_out() { Err("no request came".into()) } else { Ok(last.1) }
    }
}

fn answer(stream: &TcpStream, requests: &AtomicU64, last: &(Mutex<(u64, Instant)>, Condvar)) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    let (mut line, mut body) = (String::new(), Vec::new());
    loop {
        let mut length = 0;
        loop {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            if line.trim_end().is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':') {
                if name.eq_ignore_ascii_case("content-length") {
                    length = value.trim().parse().unwrap_or(0);
                }
            }
        }
        body.resize(length, 0);
        reader.read_exact(&mut body)?;
        let document: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        let sets = document["query"].as_str().is_some_and(|query| query.contains("mutation"));
        let answer = if sets {
            requests.fetch_add(1, Ordering::Relaxed);
            let mut last_seen = last.0.lock().unwrap_or_else(PoisonError::into_inner);
            *last_seen = (last_seen.0 + 1, Instant::now());
            last.1.notify_all();
            r#"{"data":{"inventorySetQuantities":{"inventoryAdjustmentGroup":{"createdAt":"2026-01-01T00:00:00Z"},"userErrors":[]}}}"#.to_owned()
        } else {
            shown(&document)
        };
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", answer.len());
        writer.write_all(head.as_bytes())?;
        writer.write_all(answer.as_bytes())?;
    }
}

/// Every item asked for shows nothing yet.
fn shown(document: &serde_json::Value) -> String {
    let ids = document["variables"]["ids"].as_array().cloned().unwrap_or_default();
    let quantities = serde_json::json!([{ "name": "available", "quantity": -1, "updatedAt": null }]);
    let node = |id: serde_json::Value| {
        serde_json::json!({
            "id": id,
            "__typename": "InventoryItem",
            "tracked": true,
            "inventoryLevel": { "id": "1", "isActive": true, "quantities": quantities },
        })
    };
    serde_json::json!({ "data": { "nodes": ids.into_iter().map(node).collect::<Vec<_>>() } }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_is_measured() {
        let directory = tempfile::tempdir().unwrap();
        let fake = FakeShop::open().unwrap();
        assert!(react(directory.path(), 30, 200).unwrap().rate > 0.0);
        // 30 listings fit into one request.
        assert_eq!(requests(directory.path(), 30, 200, &fake).unwrap().rate, 1.0);
    }
}
