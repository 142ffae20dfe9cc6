//! What is compared: a contender opens a shop, and the shop places orders and answers how much is
//! available. The harness drives every contender through these two traits alone and holds the clock
//! itself, so that no contender measures differently from another.

use std::error::Error;
use std::path::Path;

use crate::workload::SampleOrder;

/// A failed benchmark says why and stops the run; nothing here recovers.
pub(crate) type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// How orders are brought to the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placing {
    /// One caller; every order is durable before the next one is looked at.
    OnePerCommit,
    /// One caller hands over this many orders at a time; each order stands or falls alone.
    Batch(usize),
    /// `callers` threads place orders one at a time. Each may have `in_flight` orders without an answer;
    /// when it has, it waits for the answer to its oldest one before it sends another. An answer is given
    /// only after its commit is durable.
    Threads { callers: usize, in_flight: usize },
}

/// Something that can run a shop: the engine, or what it is held against.
pub(crate) trait Contender {
    /// A new shop with the whole catalogue in stock, in an empty directory of its own. Not timed.
    fn open(&self, directory: &Path) -> Outcome<Box<dyn Shop>>;
}

/// One shop.
pub(crate) trait Shop {
    /// Places the orders, all of which must be accepted. Timed.
    fn place(&mut self, orders: Vec<SampleOrder>, placing: Placing) -> Outcome<()>;

    /// Asks for what is available of `per_call` SKUs at a time and adds up all the answers. Timed.
    fn available(&mut self, skus: &[String], per_call: usize) -> Outcome<i64>;

    /// What the shop's books say, so that a contender which lost or skipped work is found out. Not timed.
    fn tally(&mut self) -> Outcome<Tally>;
}

/// Sums over everything that a shop has stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Orders stored.
    pub(crate) orders: u64,
    /// Units that the stock rows show as allocated.
    pub(crate) allocated: i64,
    /// Units that the orders' claims add up to.
    pub(crate) claimed: i64,
}

/// Deals the orders out to the callers like cards, so that ids stay about in insertion order.
pub(crate) fn deal(orders: Vec<SampleOrder>, callers: usize) -> Vec<Vec<SampleOrder>> {
    let mut hands: Vec<Vec<SampleOrder>> =
        (0..callers).map(|_| Vec::with_capacity(orders.len() / callers + 1)).collect();
    for (position, order) in orders.into_iter().enumerate() {
        hands[position % callers].push(order);
    }
    hands
}
