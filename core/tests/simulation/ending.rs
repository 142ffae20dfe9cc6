//! The end of a history: clocks are right again, remotes are well, everybody who waits for an answer gets one, lost
//! messages are asked for, and the relays catch up. Then everything must add up and every shop show what it should.

use stockroom::channel::SUBSCRIPTION;
use stockroom::{
    Action, Answer, Command, Fulfill, Outcome, ReconcileChannel, RequeueDelivery, SetListing, Tick, UpdateListings,
};

use crate::auditor::{Broken, broken};
use crate::rng::Rng;
use crate::shape::{HOUR_MS, MINUTE_MS, SECOND_MS, channel_name};
use crate::shop::Shop;
use crate::world::World;

/// Rounds of catching up after which a world that still has work never comes to rest.
const ROUNDS_MAX: usize = 80;
/// Longer than any backoff, lease or pause of a world.
const ROUND_MS: i64 = 16 * MINUTE_MS;

impl World {
    /// Heals the world, lets it come to rest, and checks all of it.
    pub(crate) fn end(&mut self) -> Result<(), Broken> {
        let mut rng = Rng::new(0xE4D);
        let rng = &mut rng;
        if let Some(log) = &mut self.log {
            log.push("the end".into());
        }
        // What a node took while its clock ran ahead is its own until that time comes, and what it wrote is due then.
        self.now_ms = self.now_ms.max(self.latest_ms).max(self.leased_until_ms) + SECOND_MS;
        for node in &mut self.nodes {
            node.ahead_ms = 0;
        }
        self.jobs.clear();
        for pending in std::mem::take(&mut self.reports) {
            self.send(0, pending.report, None)?;
        }
        for command in std::mem::take(&mut self.unanswered) {
            let node = self.any_node(rng);
            self.send(node, command, None)?;
        }
        let lost = std::mem::take(&mut self.lost);
        self.wire.extend(lost);
        let mut refused = Vec::new();
        let mut at_rest = 0;
        for round in 0..ROUNDS_MAX {
            self.now_ms += ROUND_MS;
            match round {
                1 => self.relist()?,
                // Twice: what was refused for want of stock may be taken in once that is mended, and the other way.
                2 | 4 => {
                    refused.clear();
                    for shop in 0..self.shops.len() {
                        refused.extend(self.backfill_from(rng, shop, None)?);
                    }
                }
                6 => self.read_all()?,
                _ => {}
            }
            let busy = self.catch_up(rng)?;
            at_rest = if busy || round < 8 { 0 } else { at_rest + 1 };
            if at_rest == 2 {
                return self.judge_end(&refused);
            }
        }
        Err(broken("SETTLED", "the world never comes to rest"))
    }

    /// Listings that were refused or deleted are listed again.
    fn relist(&mut self) -> Result<(), Broken> {
        let again = self.shape.furnishing();
        let listings: Vec<SetListing> = again
            .into_iter()
            .filter_map(|command| match command.action {
                Action::SetListing(listing) => Some(listing),
                _ => None,
            })
            .collect();
        for shop in &mut self.shops {
            shop.shown.iter_mut().for_each(|shown| *shown = Some(shown.unwrap_or(0)));
        }
        for listing in listings {
            self.send(0, listing, None)?;
        }
        Ok(())
    }

    /// Everything that the shops show is read, and put right.
    fn read_all(&mut self) -> Result<(), Broken> {
        for shop in 0..self.shops.len() {
            let channel = channel_name(self.shops[shop].channel);
            self.send(0, ReconcileChannel { channel, mend: true }, None)?;
        }
        Ok(())
    }

    /// One round of everybody's work; whether there was any.
    fn catch_up(&mut self, rng: &mut Rng) -> Result<bool, Broken> {
        let before = self.auditor.last_event;
        let mut busy = false;
        let node = self.any_node(rng);
        self.send(node, Tick { limit: 10_000 }, None)?;
        while let Some(message) = self.wire.pop_front() {
            busy = true;
            let node = self.any_node(rng);
            self.send(node, message, None)?;
        }
        if let Some(room) = self.nodes.iter().find_map(|node| node.room()) {
            let dead = room.dead_letters(None, usize::MAX).map_err(|error| broken("FAILED", error.to_string()))?;
            for letter in dead {
                busy = true;
                let (destination, number) = (letter.destination.to_string(), letter.number);
                self.send(node, RequeueDelivery { destination, number }, None)?;
            }
        }
        for react in [!self.shape.warehouses.is_empty(), false] {
            loop {
                let command: Command = match react {
                    true => Fulfill { limit: 1_000 }.into(),
                    false if self.shops.is_empty() => break,
                    false => UpdateListings { limit: 1_000 }.into(),
                };
                let sent = self.send(node, command, None)?;
                let more = match sent.reply.map(|reply| reply.outcome) {
                    Some(Outcome::Accepted(Answer::Fulfilled(fulfilled))) => fulfilled.more,
                    Some(Outcome::Accepted(Answer::ListingsUpdated(updated))) => {
                        busy |= updated.queued > 0 || updated.changed > 0;
                        updated.more
                    }
                    _ => false,
                };
                if !more {
                    break;
                }
            }
        }
        for destination in self.destinations() {
            let node = self.any_node(rng);
            busy |= self.take_from(node, destination, 1_000, HOUR_MS, None)? > 0;
        }
        for job in std::mem::take(&mut self.jobs) {
            self.carry_job(rng, job, None)?;
        }
        for pending in std::mem::take(&mut self.reports) {
            let node = self.any_node(rng);
            self.send(node, pending.report, None)?;
        }
        for at in 0..self.warehouses.len() {
            let names: Vec<String> = self.warehouses[at].parcels.keys().cloned().collect();
            for name in names {
                while self.warehouses[at].has_work(&name) {
                    busy = true;
                    self.work_on(rng, at, &name, None);
                }
            }
        }
        Ok(busy || self.auditor.last_event != before)
    }

    fn judge_end(&self, refused: &[String]) -> Result<(), Broken> {
        let room = self.nodes.iter().find_map(|node| node.room()).unwrap_or(&self.observer);
        self.auditor.judge_all(room)?;
        self.auditor.judge_handed()?;
        for order in self.auditor.books.orders.iter().filter(|order| !order.pruned) {
            if let Some(handed) = order.handed.iter().find(|handed| !handed.over) {
                let parcel = self.warehouses.iter().find_map(|warehouse| warehouse.parcels.get(&handed.name));
                let detail = format!("{} never came to its end; the warehouse has {parcel:?}", handed.name);
                return Err(broken("LOST", detail));
            }
        }
        self.judge_shops(refused)
    }

    /// What every listing is to show, as far as the engine has reckoned it, is what the books say.
    pub(crate) fn judge_desired(&self) -> Result<(), Broken> {
        let place = self.observer.subscription(SUBSCRIPTION).map_err(|error| broken("FAILED", error.to_string()))?;
        // What is booked in the reaction itself is read by the next one.
        if place.is_none_or(|place| place.cursor < self.auditor.last_event) {
            return Ok(());
        }
        for shop in &self.shops {
            let channel = channel_name(shop.channel);
            for sku in 0..self.shape.skus() {
                let should = self.should_show(shop, sku);
                match self.observer.listing(&channel, &self.shape.sku_name(sku)) {
                    Ok(Some(listing)) if listing.desired == should => {}
                    other => return Err(broken("SETTLED", format!("{channel} should show {should}: {other:?}"))),
                }
            }
        }
        Ok(())
    }

    /// What a shop should show of a SKU.
    fn should_show(&self, shop: &Shop, sku: usize) -> i64 {
        let buffer = self.buffers.get(&(shop.channel, sku)).copied().unwrap_or(shop.policy.buffer);
        self.auditor.books.should_show(shop.channel, sku, buffer, shop.policy.cap)
    }

    /// SETTLED, by the shops' own books.
    fn judge_shops(&self, refused: &[String]) -> Result<(), Broken> {
        let room = self.nodes.iter().find_map(|node| node.room()).unwrap_or(&self.observer);
        for shop in &self.shops {
            let channel = channel_name(shop.channel);
            let settlement = match room.settled(&channel) {
                Ok(Some(settlement)) if settlement.is_settled() && settlement.lost == 0 => settlement,
                other => return Err(broken("SETTLED", format!("{channel} says {other:?}"))),
            };
            if settlement.listings != shop.shown.len() as u64 {
                return Err(broken("SETTLED", format!("{channel} has listings that nobody set: {settlement:?}")));
            }
            for (sku, shown) in shop.shown.iter().enumerate() {
                let should = self.should_show(shop, sku);
                if *shown != Some(should) {
                    let name = self.shape.sku_name(sku);
                    return Err(broken("SETTLED", format!("{channel} shows {shown:?} of {name}, not {should}")));
                }
            }
            for order in &shop.orders {
                let told = &order.told;
                let units: i64 = told.lines.iter().map(|line| line.quantity).sum();
                let known = self.auditor.books.order(&told.id);
                let is_refused = refused.contains(&told.id);
                if known.is_none() && !told.cancelled && units > 0 && !is_refused {
                    return Err(broken("LOST", format!("nobody took {told:?} in")));
                }
                let Some(book) = known else { continue };
                let untouched = book.handed.is_empty() && book.left.is_empty() && !book.pruned;
                if !untouched || book.changed_by_hand || book.conflict_said || is_refused {
                    continue;
                }
                let ours: i64 = book.lines.iter().map(|line| line.active).sum();
                let theirs = if told.cancelled { 0 } else { units };
                if ours != theirs {
                    return Err(broken("LOST", format!("{told:?} is {book:?}")));
                }
            }
        }
        Ok(())
    }
}
