//! Calling a store without the engine's driver: deciding commands step by step, reading whole tables, and
//! seeing what a store puts into a working set.

use stockroom::TimedCommand;
use stockroom::channel::Channel;
use stockroom::engine::{Changes, Command, Needs, Progress, Record, RecordKind, Step, WorkingSet};
use stockroom::inventory::{Backorder, Hold, Location, Movement, Sku, StockRow};
use stockroom::order::Order;
use stockroom::outbox::{EventRow, KeyRow, Subscription};
use stockroom::ports::{Finish, Mode, Page, Rows, Store, Written};
use stockroom::{Reply, StateDigest};

use crate::bench::{AnyStore, shop_over};
use crate::documents::NOON;

/// A command at a time.
pub(crate) fn at(at_ms: i64, command: impl Into<Command>) -> TimedCommand {
    TimedCommand { at_ms, command: command.into() }
}

/// Does commands as one unit of work that is committed.
pub(crate) fn commit(store: &mut AnyStore, commands: &[TimedCommand]) -> Vec<Reply> {
    store.begin(Mode::Write).expect("a unit of work begins");
    decide(store, commands, Finish::Commit)
}

/// Decides commands within the unit of work that is open, with a working set of their own, and writes what
/// they change. Fails where the store leaves a need unanswered.
pub(crate) fn decide(store: &mut AnyStore, commands: &[TimedCommand], finish: Finish) -> Vec<Reply> {
    let mut rows = WorkingSet::default();
    let mut step = Step::new(commands);
    let mut asked: Vec<Needs> = Vec::new();
    loop {
        match step.advance(&mut rows).expect("the rows allow a decision") {
            Progress::Needs(needs) => {
                assert!(needs.queries.is_empty() || asked.last() != Some(&*needs), "asked in vain: {needs:?}");
                for before in &asked {
                    assert!(!shares_a_row(before, &needs), "asked again for what was supplied: {needs:?}");
                }
                store.supply(&needs, &mut rows).expect("the store supplies");
                asked.push(*needs);
            }
            Progress::Flush => {
                write(store, rows.take_changes().expect("the changes add up"), Finish::Stay);
            }
            Progress::Decided => break,
        }
    }
    write(store, rows.take_changes().expect("the changes add up"), finish);
    step.into_replies()
}

/// Writes changes whose names are all free.
pub(crate) fn write(store: &mut AnyStore, changes: Changes, finish: Finish) {
    assert_eq!(store.write(changes, finish).expect("the store writes"), Written::Done);
}

/// Whether a row that is kept for the whole batch is asked for in both.
fn shares_a_row(one: &Needs, other: &Needs) -> bool {
    fn common<T: PartialEq>(one: &[T], other: &[T]) -> bool {
        one.iter().any(|row| other.contains(row))
    }
    (one.catalog && other.catalog)
        || common(&one.skus, &other.skus)
        || common(&one.stock, &other.stock)
        || common(&one.order_ids, &other.order_ids)
        || common(&one.order_numbers, &other.order_numbers)
        || common(&one.holds, &other.holds)
        || common(&one.keys, &other.keys)
        || common(&one.subscriptions, &other.subscriptions)
        || common(&one.records, &other.records)
}

/// What a store put into an empty working set, as text to compare.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Supplied {
    /// The words of the rows, sorted: a working set keeps them in maps without an order.
    words: Vec<String>,
    /// What searches found, in order.
    found: String,
}

impl Supplied {
    /// What a working set holds.
    pub(crate) fn of(rows: &WorkingSet) -> Self {
        let text = format!("{rows:?}");
        let separators = |c: char| c.is_whitespace() || ",:{}()[]".contains(c);
        let mut words: Vec<String> = text.split(separators).map(str::to_owned).collect();
        words.retain(|word| !word.is_empty());
        words.sort_unstable();
        let found = text.split("found: ").nth(1).and_then(|rest| rest.split(", pending: ").next());
        Supplied { words, found: found.expect("a working set shows what was found").to_owned() }
    }
}

/// What the store puts for needs.
pub(crate) fn supplied(store: &mut AnyStore, needs: &Needs) -> Supplied {
    let mut rows = WorkingSet::default();
    store.supply(needs, &mut rows).expect("the store supplies");
    Supplied::of(&rows)
}

/// What somebody else would put.
pub(crate) fn putting(put: impl FnOnce(&mut WorkingSet)) -> Supplied {
    let mut rows = WorkingSet::default();
    put(&mut rows);
    Supplied::of(&rows)
}

/// Runs something inside a unit of work for reading.
pub(crate) fn reading<T>(store: &mut AnyStore, read: impl FnOnce(&mut AnyStore) -> T) -> T {
    store.begin(Mode::Read).expect("a unit of work begins");
    let value = read(store);
    store.rollback().expect("the unit of work ends");
    value
}

/// The digest of what a store holds, and the store again.
pub(crate) fn digest_of(store: AnyStore) -> (StateDigest, AnyStore) {
    let shop = shop_over(store);
    let digest = shop.digest().expect("the state can be read");
    (digest, shop.into_store())
}

macro_rules! tables {
    ($($function:ident $kind:ident($from:expr) -> $row:ty;)*) => {$(
        /// Every row of the kind.
        pub(crate) fn $function(store: &mut AnyStore) -> Vec<$row> {
            match store.page(&Page::$kind($from), u32::MAX).expect("the store reads") {
                Rows::$kind(rows) => rows,
                other => panic!("rows of another kind: {other:?}"),
            }
        }
    )*};
}

tables! {
    skus Skus(0) -> Sku;
    locations Locations(0) -> Location;
    channels Channels(String::new()) -> Channel;
    stock Stock(0) -> StockRow;
    holds Holds(0) -> Hold;
    backorders Backorders(None) -> Backorder;
    movements Movements(0) -> Movement;
    orders Orders(0) -> Order;
    events Events(0) -> EventRow;
    keys Keys(String::new()) -> KeyRow;
    subscriptions Subscriptions(String::new()) -> Subscription;
}

/// Every record of a kind.
pub(crate) fn records(store: &mut AnyStore, kind: RecordKind) -> Vec<Record> {
    match store.page(&Page::Records(kind, None), u32::MAX).expect("the store reads") {
        Rows::Records(rows) => rows,
        other => panic!("rows of another kind: {other:?}"),
    }
}

/// How many rows of each kind there are, in the order of the digest.
pub(crate) fn row_counts(store: &mut AnyStore) -> [usize; 21] {
    let [destinations, deliveries, warehouses, fulfillment_orders, messages, settings, listings, items, listed, taken] =
        RecordKind::ALL.map(|kind| records(store, kind).len());
    [
        skus(store).len(),
        locations(store).len(),
        channels(store).len(),
        stock(store).len(),
        holds(store).len(),
        backorders(store).len(),
        movements(store).len(),
        orders(store).len(),
        events(store).len(),
        keys(store).len(),
        subscriptions(store).len(),
        destinations,
        deliveries,
        warehouses,
        fulfillment_orders,
        messages,
        settings,
        listings,
        items,
        listed,
        taken,
    ]
}

/// Commands at noon, in order.
pub(crate) fn at_noon(commands: impl IntoIterator<Item = Command>) -> Vec<TimedCommand> {
    commands.into_iter().map(|command| at(NOON, command)).collect()
}
