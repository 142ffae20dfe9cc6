//! Deliveries: how fast allocated orders become fulfillment orders, and how fast those reach a warehouse over HTTP.
//! The peer of the first is hand-written SQL that reads its events and writes an instruction and an outbox row for
//! each. The second has three peers: a bare loop that posts the same bodies and keeps no books at all, the same with a
//! warehouse that takes a millisecond as a network does, and a relay with its books in hand-written SQL.

mod by_hand;
mod warehouse;

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, params};
use stockroom::engine::{Record, RecordKind};
use stockroom::ports::{Page, Rows};
use stockroom::{Answer, DeliveryBody, Fulfill, FulfillmentRequest, RegisterDestination, RegisterWarehouse, Stockroom};
use stockroom_clock::SystemClock;
use stockroom_http::{HttpClient, HttpOptions, HttpSink};
use stockroom_relay::{Relay, RelayOptions, Route};
use stockroom_sqlite::SqliteStore;
use stockroom_wms::{Profile, RestExchange};

use self::warehouse::Warehouse;
use crate::by_hand::pragmas;
use crate::contender::{Outcome, Placing, Shop};
use crate::engine::{EngineShop, LOCATION};
use crate::measure::{Progress, Row, Sample, alternate, time};
use crate::suite::{Config, SEED};
use crate::workload::{Demand, Orders, SampleOrder, event_json, now_ms};

const REACT: &str = "fulfill/batch";
/// What is measured of deliveries over HTTP.
struct Plan {
    name: &'static str,
    /// So many that a relay's start and end weigh little.
    orders: usize,
    connections: usize,
    /// How long the warehouse takes.
    delay: Duration,
    has_books: bool,
    target: Option<f64>,
}

/// The share of a bare loop that the relay should reach.
const TARGET: Option<f64> = Some(0.8);
const SHORT_TRIP: Duration = Duration::from_millis(1);

const DELIVER: [Plan; 4] = [
    Plan { name: "deliver/1", orders: 10_000, connections: 1, delay: Duration::ZERO, has_books: false, target: TARGET },
    Plan { name: "deliver/8", orders: 40_000, connections: 8, delay: Duration::ZERO, has_books: false, target: TARGET },
    Plan { name: "deliver/8-1ms", orders: 10_000, connections: 8, delay: SHORT_TRIP, has_books: false, target: TARGET },
    Plan {
        name: "deliver/8-sql",
        orders: 40_000,
        connections: 8,
        delay: Duration::ZERO,
        has_books: true,
        target: None,
    },
];

/// The rows, in the order in which they are printed.
pub(crate) const NAMES: [&str; 5] = [REACT, DELIVER[0].name, DELIVER[1].name, DELIVER[2].name, DELIVER[3].name];

const DESTINATION: &str = "warehouse";
/// Events read in one reaction, on both sides.
const REACTION: u32 = 500;
/// Measures one row.
pub(crate) fn run(name: &'static str, config: &Config<'_>, progress: &Progress) -> Outcome<Row> {
    progress.begin(name);
    let part = if config.quick { 10 } else { 1 };
    if name == REACT {
        let orders = 40_000 / part;
        let samples = alternate(
            config.rounds(),
            Some(&mut || ours_react(config.directory, orders)),
            &mut || by_hand_react(config.directory, orders),
            progress,
        )?;
        return Row::new(name, "orders/s", None, "an order's events to its stored instruction".to_owned(), &samples);
    }
    let plan = DELIVER.iter().find(|plan| plan.name == name).ok_or("there is no such row")?;
    let orders = plan.orders / part;
    let warehouse = Warehouse::open(plan.delay)?;
    let bodies = bodies(orders)?;
    let samples = alternate(
        config.rounds(),
        Some(&mut || ours_deliver(config.directory, orders, plan.connections, &warehouse)),
        &mut || match plan.has_books {
            true => by_hand::relay(config.directory, &bodies, plan.connections, &warehouse),
            false => by_hand::bare_loop(&bodies, plan.connections, &warehouse),
        },
        progress,
    )?;
    let peer = if plan.has_books { "a relay over hand-written SQL" } else { "a bare loop without books" };
    let note = format!("loopback, {} connections; the peer is {peer}", plan.connections);
    Row::new(plan.name, "deliveries/s", plan.target, note, &samples)
}

/// A shop with allocated orders and a warehouse that has not been told of them.
fn allocated(directory: &Path, orders: usize) -> Outcome<Arc<Stockroom<SqliteStore>>> {
    let mut shop = EngineShop::open(SqliteStore::open(directory.join("engine.sqlite3"))?)?;
    for reply in shop.stockroom.execute_batch([
        RegisterDestination { destination: DESTINATION.into(), ..Default::default() }.into(),
        RegisterWarehouse { location: LOCATION.into(), destination: DESTINATION.into(), ..Default::default() }.into(),
    ])? {
        reply.accepted().map_err(|rejection| rejection.to_string())?;
    }
    shop.place(sample_orders(orders), Placing::Batch(1_000))?;
    Ok(Arc::new(shop.stockroom))
}

fn sample_orders(count: usize) -> Vec<SampleOrder> {
    Orders::new(SEED, Demand::Uniform).take(count).collect()
}

fn react(room: &Stockroom<SqliteStore>) -> Outcome<u64> {
    let mut requested = 0;
    loop {
        match room.execute(Fulfill { limit: REACTION })?.outcome {
            stockroom::Outcome::Accepted(Answer::Fulfilled(fulfilled)) if fulfilled.events > 0 => {
                requested += fulfilled.requested
            }
            stockroom::Outcome::Accepted(_) => return Ok(requested),
            stockroom::Outcome::Rejected(rejection) => return Err(rejection.to_string().into()),
        }
    }
}

fn expect(found: u64, expected: usize, what: &str) -> Outcome<()> {
    if found == expected as u64 { Ok(()) } else { Err(format!("{found} of {expected} {what}").into()) }
}

/// How fast orders' events become fulfillment orders.
pub(crate) fn ours_react(directory: &Path, orders: usize) -> Outcome<Sample> {
    let directory = tempfile::tempdir_in(directory)?;
    let room = allocated(directory.path(), orders)?;
    time(orders, || expect(react(&room)?, orders, "orders have an instruction"))
}

fn by_hand_react(directory: &Path, orders: usize) -> Outcome<Sample> {
    let directory = tempfile::tempdir_in(directory)?;
    let connection = Connection::open(directory.path().join("by_hand.sqlite3"))?;
    pragmas(&connection)?;
    connection.execute_batch(
        "CREATE TABLE events (number INTEGER PRIMARY KEY, body TEXT NOT NULL);
         CREATE TABLE instructions (order_id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
         CREATE TABLE outbox (number INTEGER PRIMARY KEY, body TEXT NOT NULL, due INTEGER NOT NULL);
         CREATE TABLE reader (cursor INTEGER NOT NULL);
         INSERT INTO reader VALUES (0);
         BEGIN",
    )?;
    for order in sample_orders(orders) {
        connection.prepare_cached("INSERT INTO events (body) VALUES (?1)")?.execute([event_json(&order, now_ms())?])?;
    }
    connection.execute_batch("COMMIT")?;
    time(orders, || {
        while by_hand_reaction(&connection)? > 0 {}
        let told: i64 = connection.query_row("SELECT count(*) FROM outbox", [], |row| row.get(0))?;
        expect(u64::try_from(told)?, orders, "orders have an instruction")
    })
}

fn by_hand_reaction(connection: &Connection) -> Outcome<usize> {
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let mut read = connection.prepare_cached(
        "SELECT number, body FROM events WHERE number > (SELECT cursor FROM reader) ORDER BY number LIMIT ?1",
    )?;
    let rows = read.query_map([REACTION], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let rows: Vec<(i64, String)> = rows.collect::<rusqlite::Result<_>>()?;
    let mut instruct = connection.prepare_cached("INSERT INTO instructions (order_id, body) VALUES (?1, ?2)")?;
    let mut send = connection.prepare_cached("INSERT INTO outbox (body, due) VALUES (?1, ?2)")?;
    for (_, body) in &rows {
        let event: serde_json::Value = serde_json::from_str(body)?;
        let order = event["data"]["order"].as_str().or(event["subject"].as_str()).ok_or("an event names its order")?;
        let instruction = serde_json::to_string(&event["data"])?;
        instruct.execute(params![order, instruction])?;
        send.execute(params![instruction, i64::try_from(now_ms())?])?;
    }
    if let Some((last, _)) = rows.last() {
        connection.prepare_cached("UPDATE reader SET cursor = ?1")?.execute([last])?;
    }
    connection.prepare_cached("COMMIT")?.execute([])?;
    Ok(rows.len())
}

fn ours_deliver(directory: &Path, orders: usize, connections: usize, warehouse: &Warehouse) -> Outcome<Sample> {
    let directory = tempfile::tempdir_in(directory)?;
    let room = allocated(directory.path(), orders)?;
    expect(react(&room)?, orders, "orders have an instruction")?;
    let profile = Profile { base_url: warehouse.url(), ..Profile::default() };
    let client = HttpClient::new(HttpOptions { allow_plain_http: true, ..HttpOptions::default() })?;
    let sink = Arc::new(HttpSink::new(RestExchange::new(profile)?, client, SystemClock));
    let options = RelayOptions { fulfill: false, idle: Duration::from_millis(2), ..RelayOptions::default() };
    let sample = time(orders, || {
        let routes = vec![Route { destination: DESTINATION.to_owned(), sink, connections }];
        let relay = Relay::start(&room, routes, &options, None)?;
        while relay.counts().done < orders as u64 {
            thread::sleep(Duration::from_millis(3));
        }
        // It ends with the last report committed.
        expect(relay.stop().done, orders, "deliveries are done")
    })?;
    match room.page(&Page::Records(RecordKind::Delivery, None), 1)? {
        Rows::Records(rows) if rows.is_empty() => Ok(sample),
        _ => Err("a delivery is left".into()),
    }
}

/// The bodies that the engine would post, made beforehand.
fn bodies(orders: usize) -> Outcome<Vec<(String, String)>> {
    let directory = tempfile::tempdir()?;
    let room = allocated(directory.path(), orders)?;
    react(&room)?;
    let mut bodies = Vec::with_capacity(orders);
    let mut after = None;
    loop {
        let Rows::Records(rows) = room.page(&Page::Records(RecordKind::Delivery, after), 1_000)? else { break };
        let Some(last) = rows.last() else { break };
        after = Some(last.key());
        for record in &rows {
            if let Record::Delivery(row) = record {
                if let DeliveryBody::RequestFulfillment(request) = &row.body {
                    let request: &FulfillmentRequest = request.get()?;
                    bodies.push((request.fulfillment.clone(), serde_json::to_string(request)?));
                }
            }
        }
    }
    Ok(bodies)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_side_does_what_it_is_measured_for() {
        let directory = tempfile::tempdir().unwrap();
        let warehouse = Warehouse::open(Duration::ZERO).unwrap();
        let bodies = bodies(60).unwrap();
        assert!(ours_react(directory.path(), 60).unwrap().rate > 0.0);
        assert!(by_hand_react(directory.path(), 60).unwrap().rate > 0.0);
        for connections in [1, 3] {
            assert!(ours_deliver(directory.path(), 60, connections, &warehouse).unwrap().rate > 0.0);
            assert!(by_hand::bare_loop(&bodies, connections, &warehouse).unwrap().rate > 0.0);
            assert!(by_hand::relay(directory.path(), &bodies, connections, &warehouse).unwrap().rate > 0.0);
        }
        assert_eq!(bodies.len(), 60);
    }
}
