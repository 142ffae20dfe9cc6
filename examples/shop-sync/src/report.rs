//! What came of a run: the engine's database held against the shop's own books.

use std::collections::BTreeMap;
use std::fmt;

use retail::Result;
use serde::Serialize;
use stockroom::OrderState;
use stockroom::channel::{Listing, ListingState};
use stockroom::engine::{Record, RecordKind};
use stockroom::ports::{Page, Rows};
use stockroom_relay::RelayCounts;

use crate::server::Books;
use crate::shop::{CHANNEL, Room, Settled, each_listing};

/// What the host counted.
#[derive(Clone, Copy, Debug, Default)]
pub struct HostCounts {
    /// What the relay did.
    pub relay: RelayCounts,
    /// Webhooks that were accepted.
    pub webhooks_in: u64,
    /// Those among them that had come before, and changed nothing.
    pub duplicates_ignored: u64,
    /// Orders of our own till that were accepted.
    pub till_orders: u64,
}

/// The figures of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// SKUs that the shop lists.
    pub listings: u64,
    /// Those for which the shop's books, the listing and our stock do not say one number.
    pub disagree: u64,
    /// Listings whose items were deleted at the shop.
    pub lost: u64,
    /// Whether the channel is settled, as the engine sees it.
    pub settled: bool,
    /// Quantities that the shop took from us, by its books.
    pub changes: u64,
    /// Requests that the shop was asked, by its books.
    pub requests: u64,
    /// Quantities that were not set because the shop showed something else than we believed.
    pub stale_compares: u64,
    /// Requests that were told to wait.
    pub throttled: u64,
    /// Webhooks that were accepted.
    pub webhooks_in: u64,
    /// Those among them that had come before, and changed nothing.
    pub duplicates_ignored: u64,
    /// Webhooks that the shop never sent.
    pub webhooks_dropped: u64,
    /// Orders of our own till.
    pub till_orders: u64,
    /// Orders of the shop's own customers.
    pub shop_orders: u64,
    /// Those among them that we do not have, or have with other units.
    pub orders_wrong: u64,
    /// Units of them that the shop was told have left.
    pub units_fulfilled: i64,
    /// Quantities that a person changed at the shop.
    pub edits: u64,
    /// Readings of the whole shop at the end.
    pub readings: u64,
    /// Attempts that the relay made.
    pub attempts: u64,
    /// Attempts to be repeated.
    pub retried: u64,
    /// Deliveries given up.
    pub dead: u64,
    /// Faults that the shop made.
    pub faults: u64,
    /// `ok`, or what does not hold in the database.
    pub verify: String,
    /// How long it took, in seconds.
    pub seconds: f64,
}

impl Report {
    /// Holds the database against the shop's books.
    pub fn new(room: &Room, books: &Books, settled: &Settled, counts: HostCounts, seconds: f64) -> Result<Self> {
        let failed = |error| retail::Failure::new("the database", error);
        let mut listings: Vec<Listing> = Vec::new();
        each_listing(room, &mut |listing| listings.push(listing.clone()))?;
        let skus: Vec<&str> = listings.iter().map(|listing| &*listing.sku).collect();
        let available = room.channel_availability(CHANNEL, &skus).map_err(failed)?;
        let (mut disagree, mut lost) = (0, 0);
        for (listing, available) in listings.iter().zip(available) {
            let book = books.items.get(&*listing.sku);
            if listing.state == ListingState::Gone {
                lost += 1;
                disagree += u64::from(book.is_none_or(|book| !book.deleted));
                continue;
            }
            let shown = book.filter(|book| !book.deleted).and_then(|book| book.available);
            let should = available.map(|available| available.max(0));
            disagree += u64::from(shown.is_none() || shown != Some(listing.desired) || shown != should);
        }
        Ok(Report {
            listings: listings.len() as u64,
            disagree,
            lost,
            settled: room.settled(CHANNEL).map_err(failed)?.is_some_and(|settlement| settlement.is_settled()),
            changes: books.counts.quantities_set,
            requests: books.counts.requests_total(),
            stale_compares: books.counts.stale_compares,
            throttled: books.counts.throttled,
            webhooks_in: counts.webhooks_in,
            duplicates_ignored: counts.duplicates_ignored,
            webhooks_dropped: books.counts.webhooks.dropped,
            till_orders: counts.till_orders,
            shop_orders: books.orders.len() as u64,
            orders_wrong: orders_wrong(room, books)?,
            units_fulfilled: books.orders.values().map(|order| order.fulfilled).sum(),
            edits: books.counts.edits,
            readings: settled.readings,
            attempts: counts.relay.attempts,
            retried: counts.relay.retried,
            dead: room.dead_letters(None, usize::MAX).map_err(failed)?.len() as u64,
            faults: books.counts.faults_total(),
            verify: room.verify().map_err(failed)?.to_string(),
            seconds,
        })
    }

    /// Whether the two agree, and the database with itself.
    pub fn is_right(&self) -> bool {
        self.disagree == 0 && self.settled && self.orders_wrong == 0 && self.dead == 0 && self.verify == "ok"
    }
}

/// Orders of the shop's that we do not have as it has them.
fn orders_wrong(room: &Room, books: &Books) -> Result<u64> {
    let failed = |error| retail::Failure::new("the database", error);
    let mut taken = BTreeMap::new();
    let mut after = None;
    loop {
        let rows = room.page(&Page::Records(RecordKind::TakenOrder, after), 1_000).map_err(failed)?;
        let Rows::Records(rows) = rows else { break };
        let Some(last) = rows.last() else { break };
        after = Some(last.key());
        for record in rows {
            if let Record::TakenOrder(row) = record {
                taken.insert(row.reference.clone(), row.id.clone());
            }
        }
    }
    let mut wrong = 0;
    for (number, book) in &books.orders {
        let ours = match taken.get(&number.to_string()) {
            Some(id) => room.order(id).map_err(failed)?,
            None => None,
        };
        let mut units: BTreeMap<&str, i64> = BTreeMap::new();
        let lines = ours.as_ref().map_or_else(Default::default, |order| order.body.lines.clone());
        for line in &lines {
            *units.entry(&line.sku).or_default() += line.quantity - line.cancelled;
        }
        units.retain(|_, units| *units > 0);
        // Of one that was cancelled, or emptied, nothing is left here either; it may never have been placed.
        let theirs = book.units.iter().filter(|(_, units)| **units > 0 && !book.cancelled);
        // One that had left before we heard of the cancel cannot be called back: the engine says so with an event.
        let has_left = book.cancelled && ours.as_ref().is_some_and(|order| order.state == OrderState::Shipped);
        let is_right = has_left || units.into_iter().eq(theirs.map(|(sku, units)| (sku.as_str(), *units)));
        wrong += u64::from(!is_right);
    }
    Ok(wrong)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = [
            ("listings", self.listings.to_string()),
            ("disagree", self.disagree.to_string()),
            ("deleted at the shop", self.lost.to_string()),
            ("settled", if self.settled { "yes".to_owned() } else { "no".to_owned() }),
            ("quantities set", self.changes.to_string()),
            ("requests", self.requests.to_string()),
            ("stale compares", self.stale_compares.to_string()),
            ("throttled", self.throttled.to_string()),
            ("webhooks in", self.webhooks_in.to_string()),
            ("duplicates ignored", self.duplicates_ignored.to_string()),
            ("webhooks never sent", self.webhooks_dropped.to_string()),
            ("orders of our till", self.till_orders.to_string()),
            ("orders of the shop", self.shop_orders.to_string()),
            ("of them wrong", self.orders_wrong.to_string()),
            ("units fulfilled", self.units_fulfilled.to_string()),
            ("changed by people", self.edits.to_string()),
            ("readings", self.readings.to_string()),
            ("attempts", self.attempts.to_string()),
            ("retried", self.retried.to_string()),
            ("dead letters", self.dead.to_string()),
            ("faults of the shop", self.faults.to_string()),
            ("verify", self.verify.clone()),
            ("seconds", format!("{:.2}", self.seconds)),
        ];
        for (name, value) in rows {
            writeln!(f, "{name:>24}  {value}")?;
        }
        Ok(())
    }
}
