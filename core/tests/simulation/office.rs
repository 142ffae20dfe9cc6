//! The back office: goods come in, are counted, moved and withheld; holds are ticked, old things pruned; hosts read
//! their events; somebody changes which locations serve a channel.

use stockroom::{
    Acknowledge, AdjustStock, Answer, Command, CountStock, Outcome, Prune, PruneFrom, ReceiveStock, SetStockPolicy,
    Sourcing, StockLine, Tick, TransferStock,
};

use crate::auditor::{Broken, broken};
use crate::faults::Fault;
use crate::rng::Rng;
use crate::shape::{HOUR_MS, READERS, location_name, register_channel};
use crate::world::World;

impl World {
    fn any_row(&self, rng: &mut Rng) -> (usize, usize) {
        (rng.below(self.shape.plain), rng.below(self.shape.locations))
    }

    pub(crate) fn receive(&mut self, rng: &mut Rng, fault: Option<Fault>) -> Result<(), Broken> {
        let location = location_name(rng.below(self.shape.locations));
        let line = |rng: &mut Rng| StockLine {
            sku: self.shape.sku_name(rng.below(self.shape.plain)),
            quantity: rng.between(1, 12),
        };
        let lines = (0..1 + rng.below(3)).map(|_| line(rng)).collect();
        let command = ReceiveStock { location, lines, ..ReceiveStock::default() };
        let command = Command::from(command).with_key(self.key());
        self.ask(rng, command, fault).map(drop)
    }

    pub(crate) fn adjust(&mut self, rng: &mut Rng, fault: Option<Fault>) -> Result<(), Broken> {
        let (sku, location) = self.any_row(rng);
        let lost = rng.chance(50);
        let difference = if lost { -rng.between(1, 6) } else { *rng.pick(&[-3, -1, 1, 4]).unwrap_or(&1) };
        let (sku, location) = (self.shape.sku_name(sku), location_name(location));
        let command = AdjustStock { sku, location, difference, lost, reference: None };
        let command = Command::from(command).with_key(self.key());
        self.ask(rng, command, fault).map(drop)
    }

    /// Somebody begins to count, and sees what the books say then.
    pub(crate) fn count_begins(&mut self, rng: &mut Rng) {
        let (sku, location) = self.any_row(rng);
        let books = &self.auditor.books;
        self.counting.push((sku, location, books.levels[books.row(sku, location)].on_hand));
    }

    /// The count is handed in, with or without what was there when it began.
    pub(crate) fn count_ends(&mut self, rng: &mut Rng, fault: Option<Fault>) -> Result<(), Broken> {
        if self.counting.is_empty() {
            return Ok(());
        }
        let (sku, location, seen) = self.counting.remove(rng.below(self.counting.len()));
        let counted = (seen + rng.between(-2, 2)).max(0);
        let expected = rng.chance(70).then_some(seen);
        let (sku, location) = (self.shape.sku_name(sku), location_name(location));
        let command = CountStock { sku, location, counted, expected, reference: None };
        let command = Command::from(command).with_key(self.key());
        self.ask(rng, command, fault).map(drop)
    }

    pub(crate) fn transfer(&mut self, rng: &mut Rng, fault: Option<Fault>) -> Result<(), Broken> {
        let (sku, from) = self.any_row(rng);
        let to = rng.below(self.shape.locations);
        let lines = vec![StockLine { sku: self.shape.sku_name(sku), quantity: rng.between(1, 5) }];
        let command = TransferStock { from: location_name(from), to: location_name(to), lines, reference: None };
        let command = Command::from(command).with_key(self.key());
        self.ask(rng, command, fault).map(drop)
    }

    pub(crate) fn policy(&mut self, rng: &mut Rng, fault: Option<Fault>) -> Result<(), Broken> {
        let (sku, location) = self.any_row(rng);
        let command = SetStockPolicy {
            sku: self.shape.sku_name(sku),
            location: location_name(location),
            safety_stock: rng.chance(40).then(|| rng.between(0, 4)),
            backorder_limit: rng.chance(50).then(|| rng.between(0, 12)),
            unavailable: rng.chance(30).then(|| rng.between(0, 4)),
        };
        let command = Command::from(command).with_key(self.key());
        self.ask(rng, command, fault).map(drop)
    }

    pub(crate) fn tick(&mut self, rng: &mut Rng, fault: Option<Fault>) -> Result<(), Broken> {
        let node = self.any_node(rng);
        self.send(node, Tick { limit: 1 + rng.below(20) as u32 }, fault).map(drop)
    }

    /// Prunes all that is old enough, step by step.
    pub(crate) fn prune(&mut self, rng: &mut Rng, fault: Option<Fault>) -> Result<(), Broken> {
        let before_ms = self.now_ms - rng.between(1, 24) * HOUR_MS;
        let mut from = PruneFrom::Events;
        let mut fault = fault;
        loop {
            let node = self.any_node(rng);
            let sent = self.send(node, Prune { before_ms, limit: 10_000, from: from.clone() }, fault.take())?;
            match sent.reply.map(|reply| reply.outcome) {
                Some(Outcome::Accepted(Answer::Pruned(pruned))) => match pruned.next {
                    Some(next) => from = next,
                    None => return Ok(()),
                },
                Some(_) => return Ok(()),
                // A step that was not answered is done again.
                None => {}
            }
        }
    }

    /// A host reads on, and says how far it came.
    pub(crate) fn read(&mut self, rng: &mut Rng, fault: Option<Fault>) -> Result<(), Broken> {
        let (node, reader) = (self.any_node(rng), rng.below(READERS.len()));
        let Some(room) = self.nodes[node].room() else { return Ok(()) };
        let limit = 1 + rng.below(200) as u32;
        let events = match room.subscribed_events(READERS[reader], limit) {
            Ok(Some(events)) => events,
            Ok(None) => return Err(broken("IN-ORDER", "a subscription is gone")),
            Err(error) => return Err(broken("FAILED", error.to_string())),
        };
        self.auditor.judge_reading(reader, &events)?;
        let Some(last) = events.last() else { return Ok(()) };
        let through = if rng.chance(80) { last.number } else { self.auditor.cursor(reader) + 1 };
        self.send(node, Acknowledge { subscription: READERS[reader].into(), through }, fault).map(drop)
    }

    pub(crate) fn rechannel(&mut self, rng: &mut Rng, fault: Option<Fault>) -> Result<(), Broken> {
        let channel = rng.below(self.shape.channels.len());
        let mut places: Vec<usize> = (0..self.shape.locations).collect();
        rng.shuffle(&mut places);
        places.truncate(1 + rng.below(places.len()));
        let sourcing = if rng.chance(50) { Sourcing::Priority } else { Sourcing::FewestSplits };
        let command = Command::from(register_channel(channel, &places, sourcing)).with_key(self.key());
        self.ask(rng, command, fault).map(drop)
    }
}
