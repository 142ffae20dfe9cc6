//! The peers that post: a bare loop, and a relay as a careful engineer would write it over SQL.

use std::path::Path;
use std::sync::Mutex;
use std::sync::mpsc;
use std::thread;

use rusqlite::{Connection, params};

use super::warehouse::Warehouse;
use crate::by_hand::pragmas;
use crate::contender::Outcome;
use crate::measure::{Sample, time};
use crate::workload::now_ms;

/// Rows leased in one commit.
const BATCH: usize = 500;
const LEASE_MS: i64 = 120_000;

/// Posts one body and reads the warehouse's name for it.
fn post(agent: &ureq::Agent, url: &str, fulfillment: &str, body: &str) -> Outcome<String> {
    let request = agent.post(url).header("Content-Type", "application/json").header("Idempotency-Key", fulfillment);
    let answer = request.send(body)?.body_mut().read_to_string()?;
    let answer: serde_json::Value = serde_json::from_str(&answer)?;
    Ok(answer["id"].as_str().ok_or("an answer without an id")?.to_owned())
}

/// As a careful engineer sets it up. Without a timeout: with one, ureq 3.5 starts a thread for a lookup at each request.
/// One for each connection: those that share one wait for each other at its lock.
fn agent() -> ureq::Agent {
    ureq::Agent::new_with_defaults()
}

fn url(warehouse: &Warehouse) -> String {
    format!("{}/fulfillment-orders", warehouse.url())
}

/// Posts the bodies, each connection its share, and keeps nothing.
pub(super) fn bare_loop(bodies: &[(String, String)], connections: usize, warehouse: &Warehouse) -> Outcome<Sample> {
    let url = &url(warehouse);
    time(bodies.len(), || {
        thread::scope(|scope| {
            let share = bodies.len().div_ceil(connections);
            let running: Vec<_> = bodies
                .chunks(share)
                .map(|some| {
                    let agent = agent();
                    let post =
                        move |(fulfillment, body): &(String, String)| post(&agent, url, fulfillment, body).map(drop);
                    let posting = move || some.iter().try_for_each(post).map_err(|error| error.to_string());
                    thread::Builder::new().name("bare loop".to_owned()).spawn_scoped(scope, posting)
                })
                .collect();
            running.into_iter().try_for_each(|poster| Ok(poster?.join().map_err(|_| "a poster panicked")??))
        })
    })
}

struct Leased {
    number: i64,
    fulfillment: String,
    body: String,
}

struct Done {
    number: i64,
    fulfillment: String,
    reference: String,
}

/// A relay with an outbox: rows are leased by the batch, posted by the connections, and deleted when they are done,
/// while the instruction gets the warehouse's name for it. What was done is written in the commit that leases more.
pub(super) fn relay(
    directory: &Path,
    bodies: &[(String, String)],
    connections: usize,
    warehouse: &Warehouse,
) -> Outcome<Sample> {
    let directory = tempfile::tempdir_in(directory)?;
    let mut connection = Connection::open(directory.path().join("relay.sqlite3"))?;
    pragmas(&connection)?;
    fill(&mut connection, bodies)?;
    let url = url(warehouse);
    let sample = time(bodies.len(), || {
        let (give, given) = mpsc::channel::<Leased>();
        let (tell, told) = mpsc::channel::<Outcome<Done>>();
        let given = Mutex::new(given);
        thread::scope(|scope| {
            for _ in 0..connections {
                let (given, tell, agent, url) = (&given, tell.clone(), agent(), &url);
                let carry = move || {
                    loop {
                        let next = given.lock().map(|given| given.recv());
                        let Ok(Ok(Leased { number, fulfillment, body })) = next else { return };
                        let done = post(&agent, url, &fulfillment, &body);
                        if tell.send(done.map(|reference| Done { number, fulfillment, reference })).is_err() {
                            return;
                        }
                    }
                };
                thread::Builder::new().name("by hand".to_owned()).spawn_scoped(scope, carry)?;
            }
            keep_books(&mut connection, bodies.len(), give, &told)
        })
    })?;
    let left: i64 = connection.query_row(
        "SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM instructions WHERE state <> 'accepted')",
        [],
        |row| row.get(0),
    )?;
    if left == 0 { Ok(sample) } else { Err(format!("{left} rows are not done").into()) }
}

fn fill(connection: &mut Connection, bodies: &[(String, String)]) -> Outcome<()> {
    connection.execute_batch(
        "CREATE TABLE instructions (id TEXT PRIMARY KEY, state TEXT NOT NULL, reference TEXT, body TEXT NOT NULL)
         WITHOUT ROWID;
         CREATE TABLE outbox (number INTEGER PRIMARY KEY, id TEXT NOT NULL, body TEXT NOT NULL, due INTEGER NOT NULL,
         attempts INTEGER NOT NULL);
         CREATE INDEX outbox_due ON outbox (due);",
    )?;
    let transaction = connection.transaction()?;
    for (fulfillment, body) in bodies {
        let instruct = "INSERT INTO instructions VALUES (?1, 'requested', NULL, ?2)";
        transaction.prepare_cached(instruct)?.execute([fulfillment, body])?;
        let send = "INSERT INTO outbox (id, body, due, attempts) VALUES (?1, ?2, 0, 0)";
        transaction.prepare_cached(send)?.execute([fulfillment, body])?;
    }
    Ok(transaction.commit()?)
}

/// Leases and writes down what is done, so that the connections always have something, until all is done.
fn keep_books(
    connection: &mut Connection,
    total: usize,
    give: mpsc::Sender<Leased>,
    told: &mpsc::Receiver<Outcome<Done>>,
) -> Outcome<()> {
    let (mut written, mut under_way, mut done) = (0, 0, Vec::new());
    while written < total {
        let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        written += done.len();
        for Done { number, fulfillment, reference } in done.drain(..) {
            transaction.prepare_cached("DELETE FROM outbox WHERE number = ?1")?.execute([number])?;
            transaction
                .prepare_cached("UPDATE instructions SET state = 'accepted', reference = ?2 WHERE id = ?1")?
                .execute([fulfillment, reference])?;
        }
        let mut leased = Vec::new();
        if under_way <= BATCH {
            let now_ms = i64::try_from(now_ms())?;
            let mut due = transaction
                .prepare_cached("SELECT number, id, body FROM outbox WHERE due <= ?1 ORDER BY due, number LIMIT ?2")?;
            let rows = due.query_map(params![now_ms, BATCH as i64], |row| {
                Ok(Leased { number: row.get(0)?, fulfillment: row.get(1)?, body: row.get(2)? })
            })?;
            leased = rows.collect::<rusqlite::Result<Vec<_>>>()?;
            let lease = "UPDATE outbox SET due = ?2, attempts = attempts + 1 WHERE number = ?1";
            let mut lease = transaction.prepare_cached(lease)?;
            for row in &leased {
                lease.execute(params![row.number, now_ms + LEASE_MS])?;
            }
        }
        transaction.commit()?;
        under_way += leased.len();
        for row in leased {
            give.send(row)?;
        }
        // A commit for each would cost more than a post.
        for _ in 0..under_way.min(BATCH / 2) {
            done.push(told.recv()??);
        }
        under_way -= done.len();
    }
    Ok(())
}
