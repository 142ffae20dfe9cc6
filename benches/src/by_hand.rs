//! The peer: what a careful engineer would write by hand for the same orders on SQLite. One transaction
//! claims stock with conditional updates and stores the order, its claims and its event; statements are
//! prepared once; many callers share one writer and its commits. It has no idempotency keys, no ledger, no
//! locations and no deliveries: it is the least that such code could do, and so about the fastest. Nothing
//! in it may be made slower for the engine's sake.

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use rusqlite::{Connection, ErrorCode, Statement, params};

use crate::contender::{Contender, Outcome, Placing, Shop, Tally, deal};
use crate::workload::{LINES_PER_ORDER, ON_HAND, SampleLine, SampleOrder, catalogue, event_json, now_ms, order_json};

/// The most orders that the shared writer puts into one transaction.
const ORDERS_PER_COMMIT_MAX: usize = 1_024;

/// A caller's stack: a small one, since 64 of them are started inside the measured time.
const CALLER_STACK_BYTES: usize = 128 * 1024;

/// Each table has the form that measured fastest. Stock is WITHOUT ROWID: an update finds its row in one
/// search instead of two. Orders are numbered and their ids indexed: no slower than ids as the primary key,
/// with or without rowids, and the claims can refer to a small number.
const SCHEMA: &str = "
CREATE TABLE stock (
    sku TEXT PRIMARY KEY,
    on_hand INTEGER NOT NULL,
    allocated INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE orders (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    body TEXT NOT NULL
);
CREATE TABLE claims (
    order_number INTEGER NOT NULL,
    line INTEGER NOT NULL,
    sku TEXT NOT NULL,
    quantity INTEGER NOT NULL
);
CREATE TABLE events (
    number INTEGER PRIMARY KEY,
    body TEXT NOT NULL
);
";

/// Settings of every connection, so that the engine's own can be held against them.
///
/// The page size is SQLite's default. Pages of 8 KiB place batches about a tenth faster and single orders
/// about a tenth slower.
pub(crate) fn pragmas(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "PRAGMA page_size = 4096;
         PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA busy_timeout = 5000;
         PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -16384;
         PRAGMA wal_autocheckpoint = 1000;
         PRAGMA foreign_keys = OFF;",
    )
}

/// The hand-written shop on SQLite.
pub(crate) struct ByHand;

impl Contender for ByHand {
    fn open(&self, directory: &Path) -> Outcome<Box<dyn Shop>> {
        Ok(Box::new(ByHandShop::open(directory, ON_HAND)?))
    }
}

struct ByHandShop {
    connection: Connection,
}

impl ByHandShop {
    fn open(directory: &Path, on_hand: i64) -> Outcome<Self> {
        let mut connection = Connection::open(directory.join("by_hand.sqlite3"))?;
        pragmas(&connection)?;
        connection.execute_batch(SCHEMA)?;
        let transaction = connection.transaction()?;
        {
            let mut insert = transaction.prepare("INSERT INTO stock (sku, on_hand, allocated) VALUES (?1, ?2, 0)")?;
            for sku in catalogue() {
                insert.execute(params![sku, on_hand])?;
            }
        }
        transaction.commit()?;
        Ok(Self { connection })
    }
}

impl Shop for ByHandShop {
    fn place(&mut self, orders: Vec<SampleOrder>, placing: Placing) -> Outcome<()> {
        let mut writer = Writer::new(&self.connection)?;
        match placing {
            Placing::OnePerCommit => one_per_commit(&mut writer, orders),
            Placing::Batch(size) => batch(&mut writer, orders, size),
            Placing::Threads { callers, in_flight } => group_commit(&mut writer, orders, callers, in_flight),
        }
    }

    fn available(&mut self, skus: &[String], per_call: usize) -> Outcome<i64> {
        match per_call {
            1 => available_one(&self.connection, skus),
            _ => available_many(&self.connection, skus, per_call),
        }
    }

    fn tally(&mut self) -> Outcome<Tally> {
        let (orders, events, allocated, claimed): (i64, i64, i64, i64) = self.connection.query_row(
            "SELECT (SELECT count(*) FROM orders),
                    (SELECT count(*) FROM events),
                    (SELECT sum(allocated) FROM stock),
                    (SELECT coalesce(sum(quantity), 0) FROM claims)",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )?;
        if events != orders {
            return Err(format!("{orders} orders but {events} events").into());
        }
        Ok(Tally { orders: u64::try_from(orders)?, allocated, claimed })
    }
}

/// Why an order was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rejection {
    OutOfStock,
    DuplicateId,
}

/// What the shop says to an order.
type Answer = Result<(), Rejection>;

/// In these benchmarks a rejection means that something is wrong with the benchmark.
fn accepted(answer: Answer) -> Outcome<()> {
    answer.map_err(|rejection| format!("the hand-written shop rejected an order: {rejection:?}").into())
}

/// An order with its documents.
struct Prepared {
    id: String,
    lines: [SampleLine; LINES_PER_ORDER],
    body: String,
    event: String,
}

impl Prepared {
    fn new(order: SampleOrder) -> Outcome<Self> {
        let now_ms = now_ms();
        let body = order_json(&order, now_ms)?;
        let event = event_json(&order, now_ms)?;
        Ok(Self { id: order.id, lines: order.lines, body, event })
    }
}

/// The statements that place orders, prepared once for a whole run, transactions and all.
struct Writer<'c> {
    connection: &'c Connection,
    begin: Statement<'c>,
    commit: Statement<'c>,
    allocate: Statement<'c>,
    give_back: Statement<'c>,
    insert_order: Statement<'c>,
    insert_claim: Statement<'c>,
    insert_event: Statement<'c>,
}

impl<'c> Writer<'c> {
    fn new(connection: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            connection,
            begin: connection.prepare("BEGIN IMMEDIATE")?,
            commit: connection.prepare("COMMIT")?,
            allocate: connection.prepare(
                "UPDATE stock SET allocated = allocated + ?1
                 WHERE sku = ?2 AND on_hand - allocated >= ?1",
            )?,
            give_back: connection.prepare("UPDATE stock SET allocated = allocated - ?1 WHERE sku = ?2")?,
            insert_order: connection.prepare("INSERT INTO orders (id, body) VALUES (?1, ?2)")?,
            insert_claim: connection
                .prepare("INSERT INTO claims (order_number, line, sku, quantity) VALUES (?1, ?2, ?3, ?4)")?,
            insert_event: connection.prepare("INSERT INTO events (body) VALUES (?1)")?,
        })
    }

    fn begin(&mut self) -> rusqlite::Result<()> {
        self.begin.execute([]).map(drop)
    }

    fn commit(&mut self) -> rusqlite::Result<()> {
        self.commit.execute([]).map(drop)
    }

    /// Places one order inside the open transaction. A rejected order leaves no trace and the others of the
    /// transaction untouched: what it had taken is given back, which costs the accepted ones nothing, where
    /// a savepoint would cost every order.
    fn place(&mut self, order: &Prepared) -> rusqlite::Result<Answer> {
        for (taken, line) in order.lines.iter().enumerate() {
            if self.allocate.execute(params![line.quantity, line.sku])? == 0 {
                self.give_back(&order.lines[..taken])?;
                return Ok(Err(Rejection::OutOfStock));
            }
        }
        if let Err(error) = self.insert_order.execute([&order.id, &order.body]) {
            if error.sqlite_error_code() != Some(ErrorCode::ConstraintViolation) {
                return Err(error);
            }
            self.give_back(&order.lines)?;
            return Ok(Err(Rejection::DuplicateId));
        }
        let order_number = self.connection.last_insert_rowid();
        for (line_number, line) in (1_i64..).zip(&order.lines) {
            self.insert_claim.execute(params![order_number, line_number, line.sku, line.quantity])?;
        }
        self.insert_event.execute([&order.event])?;
        Ok(Ok(()))
    }

    fn give_back(&mut self, lines: &[SampleLine]) -> rusqlite::Result<()> {
        for line in lines {
            self.give_back.execute(params![line.quantity, line.sku])?;
        }
        Ok(())
    }
}

fn one_per_commit(writer: &mut Writer<'_>, orders: Vec<SampleOrder>) -> Outcome<()> {
    for order in orders {
        let order = Prepared::new(order)?;
        writer.begin()?;
        let answer = writer.place(&order)?;
        writer.commit()?;
        accepted(answer)?;
    }
    Ok(())
}

fn batch(writer: &mut Writer<'_>, orders: Vec<SampleOrder>, size: usize) -> Outcome<()> {
    let mut orders = orders.into_iter().peekable();
    while orders.peek().is_some() {
        writer.begin()?;
        for order in orders.by_ref().take(size) {
            accepted(writer.place(&Prepared::new(order)?)?)?;
        }
        writer.commit()?;
    }
    Ok(())
}

/// An order on its way to the shared writer, and the number of the caller who waits for the answer.
type Request = (usize, Prepared);

/// Many callers, one writer. Every caller has one channel for its answers, made once.
fn group_commit(writer: &mut Writer<'_>, orders: Vec<SampleOrder>, callers: usize, in_flight: usize) -> Outcome<()> {
    thread::scope(|scope| {
        let (send, queue) = channel();
        let mut replies = Vec::with_capacity(callers);
        let mut running = Vec::with_capacity(callers);
        for (caller, hand) in deal(orders, callers).into_iter().enumerate() {
            let (reply, answers) = channel();
            let send = send.clone();
            let start = thread::Builder::new().stack_size(CALLER_STACK_BYTES);
            replies.push(reply);
            running.push(start.spawn_scoped(scope, move || call(caller, hand, in_flight, &send, &answers))?);
        }
        // The queue ends when the last caller has dropped its sender, so this one must go.
        drop(send);
        let written = write_queue(writer, queue, replies);
        for caller in running {
            let called = caller.join().map_err(|_| "a caller panicked")?;
            // A writer that failed takes the callers down with it: its error is the one to report.
            if written.is_ok() {
                called?;
            }
        }
        written
    })
}

/// One caller. It makes its orders' documents itself, so that the one writer that all share spends its time
/// in SQLite.
fn call(
    caller: usize,
    orders: Vec<SampleOrder>,
    in_flight: usize,
    queue: &Sender<Request>,
    answers: &Receiver<Answer>,
) -> Outcome<()> {
    let mut waiting = 0;
    for order in orders {
        let order = Prepared::new(order)?;
        if waiting == in_flight {
            accepted(answers.recv()?)?;
            waiting -= 1;
        }
        queue.send((caller, order)).map_err(|_| "the writer has stopped")?;
        waiting += 1;
    }
    for _ in 0..waiting {
        accepted(answers.recv()?)?;
    }
    Ok(())
}

/// The writer: one transaction takes everything that is queued, and whatever arrives meanwhile. It owns both
/// ends towards the callers, so that its failure ends their waiting.
fn write_queue(writer: &mut Writer<'_>, queue: Receiver<Request>, replies: Vec<Sender<Answer>>) -> Outcome<()> {
    let mut answers = Vec::with_capacity(ORDERS_PER_COMMIT_MAX);
    while let Ok(first) = queue.recv() {
        writer.begin()?;
        let mut next = Some(first);
        while let Some((caller, order)) = next {
            answers.push((caller, writer.place(&order)?));
            next = if answers.len() < ORDERS_PER_COMMIT_MAX { receive_soon(&queue) } else { None };
        }
        writer.commit()?;
        for (caller, answer) in answers.drain(..) {
            // A caller that has given up needs no answer.
            let _ = replies[caller].send(answer);
        }
    }
    Ok(())
}

/// The next order if one is queued, or comes while callers that were just answered get one turn on this
/// processor. Giving them that turn before a commit gained 5 to 10 %; a longer wait gained nothing.
fn receive_soon(queue: &Receiver<Request>) -> Option<Request> {
    queue.try_recv().ok().or_else(|| {
        thread::yield_now();
        queue.try_recv().ok()
    })
}

const SELECT_AVAILABLE: &str = "SELECT on_hand - allocated FROM stock WHERE sku = ?1";

fn available_one(connection: &Connection, skus: &[String]) -> Outcome<i64> {
    let mut select = connection.prepare(SELECT_AVAILABLE)?;
    let mut sum = 0;
    for sku in skus {
        let available: i64 = select.query_row([sku], |row| row.get(0))?;
        sum += available;
    }
    Ok(sum)
}

/// One execution for each SKU, all in one read transaction: the answers belong together, and the locks are
/// taken once. One statement with `sku IN (?, ...)` was measured too and is a fifth to a third slower.
fn available_many(connection: &Connection, skus: &[String], per_call: usize) -> Outcome<i64> {
    let mut begin = connection.prepare("BEGIN")?;
    let mut commit = connection.prepare("COMMIT")?;
    let mut select = connection.prepare(SELECT_AVAILABLE)?;
    let mut sum = 0;
    for call in skus.chunks(per_call) {
        begin.execute([])?;
        let mut answers: Vec<i64> = Vec::with_capacity(call.len());
        for sku in call {
            answers.push(select.query_row([sku], |row| row.get(0))?);
        }
        commit.execute([])?;
        sum += answers.iter().sum::<i64>();
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::{Demand, Orders};

    fn orders(count: usize) -> Vec<SampleOrder> {
        Orders::new(1, Demand::Uniform).take(count).collect()
    }

    fn units(orders: &[SampleOrder]) -> i64 {
        orders.iter().map(SampleOrder::units).sum()
    }

    #[test]
    fn the_pragmas_hold() {
        let directory = tempfile::tempdir().unwrap();
        let shop = ByHandShop::open(directory.path(), 1).unwrap();
        let text = |name: &str| -> String {
            shop.connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0)).unwrap()
        };
        let number =
            |name: &str| -> i64 { shop.connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0)).unwrap() };
        assert_eq!(text("journal_mode"), "wal");
        assert_eq!(number("synchronous"), 2);
        assert_eq!(number("page_size"), 4_096);
        assert_eq!(number("busy_timeout"), 5_000);
        assert_eq!(number("temp_store"), 2);
        assert_eq!(number("cache_size"), -16_384);
        assert_eq!(number("wal_autocheckpoint"), 1_000);
        assert_eq!(number("foreign_keys"), 0);
    }

    #[test]
    fn every_way_of_placing_stores_every_order() {
        for placing in [
            Placing::OnePerCommit,
            Placing::Batch(7),
            Placing::Threads { callers: 5, in_flight: 1 },
            Placing::Threads { callers: 3, in_flight: 4 },
        ] {
            let directory = tempfile::tempdir().unwrap();
            let mut shop = ByHandShop::open(directory.path(), ON_HAND).unwrap();
            let orders = orders(50);
            let units = units(&orders);
            shop.place(orders, placing).unwrap();
            let expected = Tally { orders: 50, allocated: units, claimed: units };
            assert_eq!(shop.tally().unwrap(), expected, "{placing:?}");
        }
    }

    #[test]
    fn a_rejected_order_leaves_no_trace_and_spares_the_others() {
        let directory = tempfile::tempdir().unwrap();
        let shop = ByHandShop::open(directory.path(), 3).unwrap();
        let mut orders = orders(2);
        for line in orders.iter_mut().flat_map(|order| &mut order.lines) {
            line.quantity = 3;
        }
        // The second order finds its first two lines in stock and its third one gone.
        orders[1].lines[2].sku = orders[0].lines[0].sku.clone();
        // The third has an id that is taken, and stock of its own.
        let mut again = orders[0].clone();
        again.lines = std::array::from_fn(|line| SampleLine {
            sku: format!("SKU-0000{line}"),
            quantity: 1,
            unit_price_minor: 1_000,
        });
        orders.push(again);

        let mut writer = Writer::new(&shop.connection).unwrap();
        writer.begin().unwrap();
        let answers: Vec<Answer> =
            orders.into_iter().map(|order| writer.place(&Prepared::new(order).unwrap()).unwrap()).collect();
        writer.commit().unwrap();
        drop(writer);

        assert_eq!(answers, [Ok(()), Err(Rejection::OutOfStock), Err(Rejection::DuplicateId)]);
        let mut shop = shop;
        assert_eq!(shop.tally().unwrap(), Tally { orders: 1, allocated: 9, claimed: 9 });
    }

    #[test]
    fn a_rejection_reaches_the_caller_and_ends_the_run() {
        for placing in [
            Placing::OnePerCommit,
            Placing::Batch(10),
            Placing::Threads { callers: 4, in_flight: 1 },
            Placing::Threads { callers: 2, in_flight: 3 },
        ] {
            let directory = tempfile::tempdir().unwrap();
            let mut shop = ByHandShop::open(directory.path(), 0).unwrap();
            assert!(shop.place(orders(20), placing).is_err(), "{placing:?}");
        }
    }

    #[test]
    fn a_failed_writer_ends_the_callers_waiting() {
        let directory = tempfile::tempdir().unwrap();
        let mut shop = ByHandShop::open(directory.path(), ON_HAND).unwrap();
        let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON events WHEN (SELECT count(*) FROM events) >= 5
                      BEGIN SELECT raise(ABORT, 'the disk is full'); END";
        shop.connection.execute_batch(refuse).unwrap();
        let error = shop.place(orders(50), Placing::Threads { callers: 8, in_flight: 2 }).unwrap_err();
        assert!(error.to_string().contains("the disk is full"), "{error}");
    }

    #[test]
    fn availability_is_what_orders_have_left() {
        let directory = tempfile::tempdir().unwrap();
        let mut shop = ByHandShop::open(directory.path(), 1_000).unwrap();
        let orders = orders(20);
        let units = units(&orders);
        shop.place(orders, Placing::Batch(20)).unwrap();
        let skus: Vec<String> = catalogue().collect();
        let left = 1_000 * skus.len() as i64 - units;
        assert_eq!(shop.available(&skus, 1).unwrap(), left);
        assert_eq!(shop.available(&skus, 100).unwrap(), left);
    }
}
