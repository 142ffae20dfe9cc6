//! Shops behind channels: each shows quantities, sells what it shows and sometimes more, counts down by itself or not,
//! is changed by others, and tells of it by its own clock in messages that come late, twice or never.

use std::collections::BTreeMap;

use stockroom::{
    Answer, ChannelLine, ChannelOrder, ChannelPolicy, Command, DeliveryAnswer, DeliveryBody, DeliveryResult,
    LeasedDelivery, MessageId, NoteListings, NoteOrdersThrough, Outcome, ReconcileChannel, SeenListing, Shown,
    ShownQuantities, ShownQuantity, StockPolicy, TakeChannelOrder,
};

use crate::auditor::{Broken, broken};
use crate::faults::Fault;
use crate::rng::Rng;
use crate::shape::{SECOND_MS, channel_name, item_name, number_in, shop_name};
use crate::world::World;

/// An order as a shop has it.
#[derive(Clone, Debug)]
pub(crate) struct ShopOrder {
    pub(crate) told: ChannelOrder,
}

#[derive(Clone, Debug)]
pub(crate) struct Shop {
    pub(crate) channel: usize,
    pub(crate) name: String,
    pub(crate) policy: ChannelPolicy,
    /// What it shows of each SKU; nothing where it has no such listing.
    pub(crate) shown: Vec<Option<i64>>,
    pub(crate) orders: Vec<ShopOrder>,
    /// By how much its clock is ahead of the world's.
    ahead_ms: i64,
    /// Whether its clock shows seconds only.
    by_seconds: bool,
    /// Units by order and SKU that it was told have left; a notice counts once.
    pub(crate) notices: BTreeMap<String, (String, i64)>,
    /// Told times only rise.
    told_ms: i64,
}

impl Shop {
    pub(crate) fn new(channel: usize, policy: ChannelPolicy, skus: usize, rng: &mut Rng) -> Self {
        Shop {
            channel,
            name: shop_name(channel),
            policy,
            shown: (0..skus).map(|_| Some(rng.between(0, 9))).collect(),
            orders: Vec::new(),
            ahead_ms: rng.between(-3, 3) * SECOND_MS,
            by_seconds: rng.chance(50),
            notices: BTreeMap::new(),
            told_ms: 0,
        }
    }

    fn time(&self, now_ms: i64) -> i64 {
        let at_ms = now_ms + self.ahead_ms;
        if self.by_seconds { at_ms / SECOND_MS * SECOND_MS } else { at_ms }
    }

    fn sets(&mut self, sku: usize, quantity: i64, from: Option<i64>) -> Shown {
        match self.shown[sku] {
            None => Shown::Gone,
            Some(shown) if from.is_none_or(|from| from == shown) || shown == quantity => {
                self.shown[sku] = Some(quantity);
                Shown::Set
            }
            Some(shown) => Shown::Shows(shown),
        }
    }
}

impl World {
    fn sku_named(&self, name: &str) -> usize {
        self.auditor.books.sku(name)
    }

    /// What a shop does with a delivery.
    pub(crate) fn at_shop(
        &mut self,
        rng: &mut Rng,
        delivery: &LeasedDelivery,
        fault: Option<Fault>,
    ) -> Result<DeliveryResult, Broken> {
        let channel = number_in(&delivery.destination);
        let Some(at) = self.shops.iter().position(|shop| shop.channel == channel) else {
            return Err(broken("HANDED-ONCE", format!("nobody is at {}", delivery.destination)));
        };
        if fault == Some(Fault::RefusedForNoReason) && !delivery.doubt {
            self.counts.happened(Fault::RefusedForNoReason);
            return Ok(DeliveryResult::Refused { why: "no".into() });
        }
        let at_ms = self.shops[at].time(self.now_ms);
        let mut said: Vec<ShownQuantity> = Vec::new();
        match &delivery.body {
            DeliveryBody::SetQuantities(batch) => {
                for entry in &batch.listings {
                    let sku = self.sku_named(&entry.sku);
                    if entry.item != item_name(sku) || entry.quantity < 0 {
                        return Err(broken("SETTLED", format!("{entry:?} is no listing")));
                    }
                    let shown = self.shops[at].sets(sku, entry.quantity, entry.from);
                    said.push(ShownQuantity { sku: entry.sku.clone(), shown });
                }
            }
            DeliveryBody::ReadQuantities(page) => {
                for entry in &page.listings {
                    let shown = self.shops[at].shown[self.sku_named(&entry.sku)];
                    said.push(ShownQuantity { sku: entry.sku.clone(), shown: shown.map_or(Shown::Gone, Shown::Shows) });
                }
            }
            DeliveryBody::TellShipment(notice) => {
                let units = notice.lines.iter().map(|line| line.quantity).sum();
                self.shops[at].notices.insert(notice.shipment.clone(), (notice.order.to_string(), units));
                return Ok(DeliveryResult::Done(DeliveryAnswer::Taken));
            }
            _ => {}
        }
        if fault == Some(Fault::AnswerIncomplete) {
            self.counts.happened(Fault::AnswerIncomplete);
            said.retain(|_| rng.chance(50));
        }
        let quantities = DeliveryAnswer::Quantities(ShownQuantities { at_ms: Some(at_ms), listings: said });
        Ok(match rng.chance(10) {
            true => DeliveryResult::DoneWithPause { answer: quantities, pause_ms: rng.between(1, 20) * SECOND_MS },
            false => DeliveryResult::Done(quantities),
        })
    }

    fn shop_message(&mut self, at: usize) -> Option<MessageId> {
        self.names.message += 1;
        Some(MessageId { source: self.shops[at].name.clone(), message: format!("m-{}", self.names.message) })
    }

    /// The shop tells what it shows of a SKU now.
    fn tells_level(&mut self, at: usize, sku: usize) {
        let message = self.shop_message(at);
        let shop = &self.shops[at];
        let seen = SeenListing { item: item_name(sku), at_ms: shop.time(self.now_ms), quantity: shop.shown[sku] };
        let note = NoteListings { channel: channel_name(shop.channel), listings: vec![seen], message };
        self.wire.push_back(note.into());
    }

    fn tells_order(&mut self, at: usize, order: usize) {
        let message = self.shop_message(at);
        let told = self.told_now(at, order);
        self.wire.push_back(TakeChannelOrder { order: told, message }.into());
    }

    /// An order as its shop tells it now.
    pub(crate) fn told_now(&mut self, at: usize, order: usize) -> ChannelOrder {
        let shop = &mut self.shops[at];
        shop.told_ms = shop.told_ms.max(self.now_ms + shop.ahead_ms) + 1;
        let mut told = shop.orders[order].told.clone();
        told.told_at_ms = shop.told_ms;
        told
    }

    /// A shop sells.
    pub(crate) fn sale(&mut self, rng: &mut Rng, fault: Option<Fault>) {
        let at = rng.below(self.shops.len());
        let Some(shop) = self.shops.get_mut(at) else { return };
        let at_ms = shop.time(self.now_ms);
        let number = shop.orders.len();
        let mut lines = Vec::new();
        let mut sold = Vec::new();
        for line in 0..1 + rng.below(2) {
            let sku = rng.below(shop.shown.len());
            let Some(shown) = shop.shown[sku] else { continue };
            let quantity = if fault == Some(Fault::ShopSellsBlindly) {
                self.counts.happened(Fault::ShopSellsBlindly);
                shown.max(0) + rng.between(1, 3)
            } else if shown > 0 {
                rng.between(1, shown.min(4))
            } else {
                continue;
            };
            if shop.policy.shop_counts_down {
                shop.shown[sku] = Some(shown - quantity);
                sold.push(sku);
            }
            let sku = self.shape.sku_name(sku);
            lines.push(ChannelLine { line: format!("ln{line}"), sku, quantity, unit_price_minor: 500 });
        }
        if lines.is_empty() {
            return;
        }
        let policy = *rng
            .pick(&[StockPolicy::Backorder, StockPolicy::Backorder, StockPolicy::Partial, StockPolicy::AllOrNothing])
            .unwrap_or(&StockPolicy::Backorder);
        shop.orders.push(ShopOrder {
            told: ChannelOrder {
                id: format!("c{}-{number}", shop.channel),
                channel: channel_name(shop.channel),
                reference: format!("ref-{number}"),
                placed_at_ms: at_ms,
                updated_at_ms: at_ms,
                currency: "EUR".into(),
                lines,
                policy,
                ..ChannelOrder::default()
            },
        });
        self.tells_order(at, number);
        for sku in sold {
            if rng.chance(70) {
                self.tells_level(at, sku);
            }
        }
    }

    /// Somebody changes something at a shop: an order, a quantity, a listing.
    pub(crate) fn shop_change(&mut self, rng: &mut Rng, fault: Option<Fault>) {
        let at = rng.below(self.shops.len());
        let Some(shop) = self.shops.get_mut(at) else { return };
        let sku = rng.below(shop.shown.len());
        match fault {
            Some(Fault::OutsideChange) => {
                self.counts.happened(Fault::OutsideChange);
                if let Some(shown) = &mut shop.shown[sku] {
                    *shown = (*shown + rng.between(-3, 3)).max(0);
                }
                if rng.chance(60) {
                    self.tells_level(at, sku);
                }
            }
            Some(Fault::ListingDeleted) => {
                self.counts.happened(Fault::ListingDeleted);
                shop.shown[sku] = None;
                if rng.chance(60) {
                    self.tells_level(at, sku);
                }
            }
            _ => self.shop_order_changes(rng, at),
        }
    }

    fn shop_order_changes(&mut self, rng: &mut Rng, at: usize) {
        let shop = &mut self.shops[at];
        let recent = shop.orders.len().min(20);
        if recent == 0 {
            return;
        }
        let number = shop.orders.len() - 1 - rng.below(recent);
        let at_ms = shop.time(self.now_ms);
        let told = &mut shop.orders[number].told;
        if told.cancelled {
            return;
        }
        told.updated_at_ms = at_ms.max(told.updated_at_ms);
        let mut sold = None;
        match rng.below(4) {
            0 => told.cancelled = true,
            1 => told.note = Some(format!("note {}", rng.below(5))),
            _ => {
                let line = rng.below(told.lines.len());
                let line = &mut told.lines[line];
                let before = line.quantity;
                line.quantity = rng.between(0, 4);
                let sku = number_in(&line.sku) + if line.sku.starts_with('b') { self.shape.plain } else { 0 };
                let more = line.quantity - before;
                if let (Some(shown), true, true) = (&mut shop.shown[sku], more > 0, shop.policy.shop_counts_down) {
                    *shown -= more;
                    sold = Some(sku);
                }
            }
        }
        self.tells_order(at, number);
        if let Some(sku) = sold {
            self.tells_level(at, sku);
        }
    }

    /// Somebody asks a shop for all its orders.
    pub(crate) fn backfill(&mut self, rng: &mut Rng, fault: Option<Fault>) -> Result<(), Broken> {
        let at = rng.below(self.shops.len());
        if self.shops.is_empty() {
            return Ok(());
        }
        self.backfill_from(rng, at, fault).map(drop)
    }

    /// Takes in every order of a shop as it is now; the ids of those that are refused.
    pub(crate) fn backfill_from(
        &mut self,
        rng: &mut Rng,
        at: usize,
        fault: Option<Fault>,
    ) -> Result<Vec<String>, Broken> {
        let (mut fault, mut refused) = (fault, Vec::new());
        for order in 0..self.shops[at].orders.len() {
            let command = Command::from(TakeChannelOrder { order: self.told_now(at, order), message: None });
            let id = self.shops[at].orders[order].told.id.clone();
            let node = self.any_node(rng);
            match self.send(node, command, fault.take())?.reply.map(|reply| reply.outcome) {
                Some(Outcome::Accepted(Answer::Unchanged | Answer::Done)) | None => {}
                Some(Outcome::Accepted(_)) => {}
                Some(Outcome::Rejected(_)) => refused.push(id),
            }
        }
        let (channel, through_ms) = (channel_name(self.shops[at].channel), self.shops[at].time(self.now_ms));
        let node = self.any_node(rng);
        self.send(node, NoteOrdersThrough { channel, through_ms }, None)?;
        Ok(refused)
    }

    pub(crate) fn reconcile(&mut self, rng: &mut Rng, fault: Option<Fault>) -> Result<(), Broken> {
        let Some(shop) = rng.pick(&self.shops) else { return Ok(()) };
        let command = ReconcileChannel { channel: channel_name(shop.channel), mend: rng.chance(70) };
        let node = self.any_node(rng);
        self.send(node, command, fault).map(drop)
    }
}
