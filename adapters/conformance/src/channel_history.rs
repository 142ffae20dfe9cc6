//! A random history of a shop that also sells through shops of others: the history with warehouses as ever, and in
//! between listings, what the shops show, and orders of theirs that come late, twice and changed. What is said depends
//! on what was answered, so the history is lived through in memory while it is made. The same seed is the same history
//! on every machine.

use stockroom::channel::{
    ChannelLine, ChannelOrder, ChannelPolicy, ConnectChannel, DisconnectChannel, DriftPolicy, NoteListings,
    NoteOrdersThrough, QuantityToRead, QuantityToSet, ReconcileChannel, RemoveListing, SeenListing, SetListing, Shown,
    ShownQuantities, ShownQuantity, TakeChannelOrder, UpdateListings,
};
use stockroom::memory::MemoryStore;
use stockroom::outbox::{DeliveryAnswer, DeliveryBody, DeliveryResult, LeasedDelivery, MessageId, Retry};
use stockroom::{Answer, CancelOrder, Command, Outcome, StockPolicy, Stockroom, TakeDeliveries, TimedCommand};

use crate::documents::{MINUTE, NOON, destination, message, report, ship};
use crate::history::{CHANNELS, SKUS};
use crate::random::Random;
use crate::warehouse_history::WarehouseHistory;

/// Where the deliveries of the channels go, in the order of the channels.
const DESTINATIONS: [&str; 2] = ["shop", "ä-shop"];

/// How many commands come before the shops: registrations, warehouses and a little more.
const BEFORE: u64 = 50;
const YEAR: i64 = 365 * 24 * 60 * MINUTE;

/// A random history with shops behind the channels, command by command, without an end.
#[derive(Debug)]
pub struct ChannelHistory {
    rest: WarehouseHistory,
    random: Random,
    lived: Stockroom<MemoryStore>,
    now_ms: i64,
    given: u64,
    /// What was taken last, the newest at the end.
    taken: Vec<LeasedDelivery>,
    /// The orders that shops told of last, as they told them last.
    told: Vec<ChannelOrder>,
    /// How many orders and messages shops sent.
    orders: u64,
    messages: u64,
}

impl ChannelHistory {
    /// The history that follows from a seed.
    pub fn new(seed: u64) -> Self {
        ChannelHistory {
            rest: WarehouseHistory::new(seed),
            random: Random::new(seed ^ 0xc4a7),
            lived: Stockroom::new(MemoryStore::new(), || NOON),
            now_ms: NOON,
            given: 0,
            taken: Vec::new(),
            told: Vec::new(),
            orders: 0,
            messages: 0,
        }
    }

    /// What connects the shops.
    fn opening(number: u64) -> Option<Command> {
        let by_hand = ChannelPolicy {
            buffer: 1,
            cap: Some(20),
            drift: DriftPolicy::TakeOver,
            batch_max: 3,
            shop_counts_down: false,
            ..ChannelPolicy::default()
        };
        let mut opening: Vec<Command> = DESTINATIONS.iter().map(|name| destination(name).into()).collect();
        opening.push(connect(0, ChannelPolicy { batch_max: 4, ..ChannelPolicy::default() }).into());
        opening.push(connect(1, by_hand).into());
        for sku in SKUS {
            opening.push(listing(CHANNELS[0], sku).into());
        }
        opening.into_iter().nth(usize::try_from(number).unwrap_or(usize::MAX))
    }

    fn channel(&mut self) -> String {
        if self.random.percent(2) { "unheard of".into() } else { self.random.one_of(&CHANNELS).into() }
    }

    fn sku(&mut self) -> &'static str {
        self.random.one_of(&SKUS)
    }

    /// A message of its own, one that was sent before, or none.
    fn message(&mut self) -> Option<MessageId> {
        self.messages += 1;
        match self.random.below(10) {
            0..4 => None,
            4 => Some(message("shop", &format!("m-{}", self.random.below(self.messages)))),
            _ => Some(message("shop", &format!("m-{}", self.messages))),
        }
    }

    /// The shop's clock: near ours.
    fn shop_ms(&mut self) -> i64 {
        self.now_ms + self.random.between(-MINUTE, MINUTE / 10)
    }

    fn take(&mut self) -> TakeDeliveries {
        TakeDeliveries {
            destination: self.random.one_of(&DESTINATIONS).into(),
            max: 1 + self.random.below(6) as u32,
            lease_ms: self.random.between(1_000, 5 * MINUTE),
        }
    }

    /// What came of something that was taken: mostly that it was done.
    fn report(&mut self) -> Command {
        if self.taken.is_empty() {
            return self.take().into();
        }
        let at = self.random.below(self.taken.len() as u64) as usize;
        let taken = self.taken.swap_remove(at);
        let refuses = if matches!(taken.body, DeliveryBody::TellShipment(_)) { 50 } else { 0 };
        let result = match self.random.below(20) {
            _ if self.random.percent(refuses) => DeliveryResult::Refused { why: "unknown".into() },
            0..16 => DeliveryResult::Done(self.answer(&taken.body)),
            16..19 => {
                let doubt = self.random.percent(50);
                DeliveryResult::Retry(Retry { doubt, why: "503 'später'".into(), ..Retry::default() })
            }
            _ => DeliveryResult::Refused { why: "\"no\"".into() },
        };
        report(&taken.destination, taken.number, taken.attempt, result).into()
    }

    fn answer(&mut self, body: &DeliveryBody) -> DeliveryAnswer {
        let at_ms = self.random.percent(70).then(|| self.shop_ms());
        let listings = match body {
            DeliveryBody::SetQuantities(_) if self.random.percent(20) => return DeliveryAnswer::Taken,
            DeliveryBody::SetQuantities(batch) => {
                let mut said = |entry: &QuantityToSet| {
                    let shown = match self.random.below(20) {
                        0 => Shown::Gone,
                        1 => Shown::Refused { why: "not \"tracked\"".into() },
                        2 => Shown::NotYet { why: "busy".into() },
                        3..5 => Shown::Shows(entry.quantity + self.random.between(-2, 2)),
                        _ => Shown::Set,
                    };
                    ShownQuantity { sku: entry.sku.clone(), shown }
                };
                batch.listings.iter().map(&mut said).collect()
            }
            DeliveryBody::ReadQuantities(page) => {
                let mut said = |entry: &QuantityToRead| {
                    let shown = match self.random.below(10) {
                        0 => Shown::Gone,
                        1 => Shown::NotYet { why: "busy".into() },
                        _ => Shown::Shows(self.random.between(-1, 20)),
                    };
                    ShownQuantity { sku: entry.sku.clone(), shown }
                };
                page.listings.iter().map(&mut said).collect()
            }
            _ => return DeliveryAnswer::Taken,
        };
        DeliveryAnswer::Quantities(ShownQuantities { at_ms, listings })
    }

    /// What a shop shows, by webhook.
    fn seen(&mut self) -> NoteListings {
        let mut listings = Vec::new();
        for _ in 0..=self.random.below(3) {
            let quantity = (!self.random.percent(5)).then(|| self.random.between(-1, 20));
            let item = format!("item {}", self.sku());
            listings.push(SeenListing { item, at_ms: self.shop_ms(), quantity });
        }
        NoteListings { channel: self.channel(), listings, message: self.message() }
    }

    fn new_order(&mut self) -> ChannelOrder {
        self.orders += 1;
        let mut lines = Vec::new();
        for number in 0..=self.random.below(3) {
            let (sku, quantity) = (self.sku().into(), self.random.between(0, 3));
            lines.push(ChannelLine { line: format!("line {number}"), sku, quantity, unit_price_minor: 100 });
        }
        let placed_at_ms = self.shop_ms();
        ChannelOrder {
            id: format!("s-{}", self.orders),
            channel: self.channel(),
            reference: format!("#{}", 1_000 + self.orders),
            placed_at_ms,
            updated_at_ms: placed_at_ms,
            cancelled: self.random.percent(5),
            currency: "EUR".into(),
            lines,
            policy: self.random.one_of(&[StockPolicy::Backorder, StockPolicy::Partial, StockPolicy::AllOrNothing]),
            ..ChannelOrder::default()
        }
    }

    /// An order that was told before: changed, cancelled, or as it was some time ago.
    fn told_again(&mut self) -> ChannelOrder {
        if self.told.is_empty() {
            return self.new_order();
        }
        let mut order = self.random.one_of(&self.told);
        order.updated_at_ms += self.random.between(-MINUTE, 5 * MINUTE);
        for line in &mut order.lines {
            line.quantity = (line.quantity + self.random.between(-1, 1)).max(0);
        }
        order.cancelled = self.random.percent(20);
        if self.random.percent(20) {
            order.note = Some(format!("note {}", self.given));
        }
        order
    }

    /// An order of a shop's that ours may have.
    fn order(&mut self) -> String {
        self.told
            .last()
            .filter(|_| self.random.percent(60))
            .map_or_else(|| format!("s-{}", 1 + self.random.below(self.orders + 1)), |order| order.id.clone())
    }

    fn action(&mut self) -> Command {
        match self.random.below(100) {
            0..26 => UpdateListings { limit: 1 + self.random.below(30) as u32 }.into(),
            26..38 => self.take().into(),
            38..55 => self.report(),
            55..64 => TakeChannelOrder { order: self.new_order(), message: self.message() }.into(),
            64..71 => TakeChannelOrder { order: self.told_again(), message: self.message() }.into(),
            71..79 => self.seen().into(),
            79..84 => {
                let plain = listing(&self.channel(), self.sku());
                let (buffer, cap) = (self.random.percent(30).then_some(2), self.random.percent(30).then_some(9));
                SetListing { buffer, cap, ..plain }.into()
            }
            84..86 => RemoveListing { channel: self.channel(), sku: self.sku().into() }.into(),
            86..89 => ReconcileChannel { channel: self.channel(), mend: self.random.percent(70) }.into(),
            89 => DisconnectChannel { channel: self.channel(), message: self.message() }.into(),
            90..93 => {
                let drift = self.random.one_of(&[DriftPolicy::PutRight, DriftPolicy::TakeOver]);
                let (buffer, drift_after_ms) = (self.random.between(0, 2), self.random.between(0, 2 * MINUTE));
                let policy = ChannelPolicy { buffer, drift, drift_after_ms, batch_max: 4, ..ChannelPolicy::default() };
                connect(self.random.below(2) as usize, policy).into()
            }
            93..95 => NoteOrdersThrough { channel: self.channel(), through_ms: self.shop_ms() }.into(),
            95..99 => ship(&self.order()).into(),
            _ => CancelOrder { order: self.order(), ..CancelOrder::default() }.into(),
        }
    }

    fn command(&mut self) -> Option<TimedCommand> {
        let opened = self.given.checked_sub(BEFORE);
        let own = match opened.map(Self::opening) {
            Some(Some(command)) => Some(command),
            Some(None) if self.random.percent(60) => Some(self.action()),
            _ => None,
        };
        let Some(command) = own else {
            let timed = self.rest.next()?;
            // The clock is also set to the ends of time, which are refused.
            if (NOON..NOON + YEAR).contains(&timed.at_ms) {
                self.now_ms = timed.at_ms;
            }
            return Some(timed);
        };
        self.now_ms += self.random.between(0, MINUTE / 2);
        Some(TimedCommand { at_ms: self.now_ms, command })
    }

    /// Remembers what was taken, so that it can be reported, and what was told.
    fn learn(&mut self, command: &Command, outcome: Outcome) {
        if let stockroom::Action::TakeChannelOrder(TakeChannelOrder { order, .. }) = &command.action {
            self.told.retain(|told| told.id != order.id);
            self.told.push(order.clone());
        }
        if let Outcome::Accepted(Answer::Taken(taken)) = outcome {
            let of_shops = |delivery: &LeasedDelivery| DESTINATIONS.contains(&&*delivery.destination);
            self.taken.extend(taken.deliveries.into_iter().filter(of_shops));
        }
        let drop_first = |length: usize, keep: usize| 0..length.saturating_sub(keep);
        self.taken.drain(drop_first(self.taken.len(), 12));
        self.told.drain(drop_first(self.told.len(), 12));
    }
}

fn connect(channel: usize, policy: ChannelPolicy) -> ConnectChannel {
    ConnectChannel { channel: CHANNELS[channel].into(), destination: DESTINATIONS[channel].into(), policy }
}

fn listing(channel: &str, sku: &str) -> SetListing {
    SetListing { channel: channel.into(), sku: sku.into(), item: format!("item {sku}"), buffer: None, cap: None }
}

impl Iterator for ChannelHistory {
    type Item = TimedCommand;

    fn next(&mut self) -> Option<TimedCommand> {
        let timed = self.command()?;
        self.given += 1;
        let reply = self.lived.execute_at(timed.at_ms, timed.command.clone()).ok()?;
        self.learn(&timed.command, reply.outcome);
        Some(timed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_history() {
        let take = |seed| ChannelHistory::new(seed).take(400).collect::<Vec<_>>();
        assert_eq!(take(1), take(1));
        assert_ne!(take(1), take(2));
    }
}
