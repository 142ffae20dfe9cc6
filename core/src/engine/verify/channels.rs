//! The audit of what the channel module owns: that its rows find each other, the deliveries that carry listings and
//! the orders taken in from shops. A listing that nothing finds is never brought in step, so that is said of SETTLED;
//! whether quantities are settled is for [`Stockroom::settled`](crate::Stockroom::settled) to say.

use std::hash::{Hash, Hasher};

use rustc_hash::{FxHashMap, FxHashSet, FxHasher};

use super::Verification;
use crate::channel::{ChannelSettings, ListedItem, ListedSku, Listing, TakenOrder};
use crate::ids::{Name, SkuNumber};
use crate::inventory::{Sku, takes};
use crate::order::Order;
use crate::outbox::{Delivery, DeliveryBody};

#[derive(Default)]
pub(super) struct ChannelAuditor {
    channels: FxHashSet<Name>,
    /// The parts of bundles.
    parts: FxHashMap<SkuNumber, Vec<SkuNumber>>,
    /// A hash of the channel and the id of each order, in the order of their numbers: whole names of all orders would
    /// fill the memory.
    orders: Vec<u64>,
    /// The destination of each channel with a shop.
    shops: FxHashMap<Name, Name>,
    /// The deliveries that set a listing's quantity, by channel and SKU.
    carriers: FxHashMap<(Name, Name), Vec<(Name, u64)>>,
    /// Listings by the shop's names for them, as far as nothing was found that finds them so.
    by_item: FxHashMap<(Name, Name), SkuNumber>,
    /// Listings by the SKUs that have a part in them, likewise.
    by_sku: FxHashSet<(SkuNumber, Name, SkuNumber)>,
}

fn hash_of(channel: &str, id: &str) -> u64 {
    let mut hasher = FxHasher::default();
    (channel, id).hash(&mut hasher);
    hasher.finish()
}

impl ChannelAuditor {
    pub(super) fn sku(&mut self, row: &Sku) {
        if !row.components.is_empty() {
            self.parts.insert(row.number, takes(row.number, &row.components).map(|(part, _)| part).collect());
        }
    }

    pub(super) fn channel(&mut self, channel: Name) {
        self.channels.insert(channel);
    }

    pub(super) fn order(&mut self, order: &Order) {
        self.orders.push(hash_of(&order.channel, &order.id));
    }

    pub(super) fn delivery(&mut self, row: &Delivery) {
        let DeliveryBody::SetQuantities(batch) = &row.body else { return };
        for entry in &batch.listings {
            let carriers = self.carriers.entry((batch.channel.clone(), entry.sku.clone())).or_default();
            carriers.push((row.destination.clone(), row.number));
        }
    }

    pub(super) fn settings(
        &mut self,
        row: &ChannelSettings,
        destinations: &FxHashMap<Name, u64>,
        report: &mut Verification,
    ) {
        let last = destinations.get(&row.destination).copied();
        report.must(self.channels.contains(&row.channel) && last.is_some(), "SETTLED", || {
            format!("the shop of channel {} has destination {}: one is not registered", row.channel, row.destination)
        });
        report.must(row.open_batch <= last.unwrap_or(u64::MAX), "SETTLED", || {
            format!("channel {} adds to delivery {}, which is none yet", row.channel, row.open_batch)
        });
        self.shops.insert(row.channel.clone(), row.destination.clone());
    }

    pub(super) fn listing(&mut self, row: &Listing, skus: &FxHashMap<Name, u64>, report: &mut Verification) {
        let what = || format!("the listing of {} on {}", row.sku, row.channel);
        report.must(skus.get(&row.sku) == Some(&row.sku_number.0), "SETTLED", || {
            format!("{} is of SKU {}, which has another name", what(), row.sku_number.0)
        });
        let destination = self.shops.get(&row.channel);
        report.must(destination.is_some(), "SETTLED", || format!("{} has no shop", what()));
        if row.delivery != 0 {
            let carriers = self.carriers.get(&(row.channel.clone(), row.sku.clone()));
            let carried = carriers.into_iter().flatten();
            let found = carried.into_iter().any(|(to, number)| Some(to) == destination && *number == row.delivery);
            // It would wait for the end of that delivery for ever.
            report.must(found, "SETTLED", || format!("{} does not stand in delivery {}", what(), row.delivery));
        }
        let twin = self.by_item.insert((row.channel.clone(), row.item.as_str().into()), row.sku_number);
        report.must(twin.is_none(), "SETTLED", || format!("{} is not the only one of {}", what(), row.item));
        let plain = [row.sku_number];
        for part in self.parts.get(&row.sku_number).map_or(&plain[..], Vec::as_slice) {
            self.by_sku.insert((*part, row.channel.clone(), row.sku_number));
        }
    }

    pub(super) fn item(&mut self, row: &ListedItem, report: &mut Verification) {
        let listing = self.by_item.remove(&(row.channel.clone(), row.item.clone()));
        report.must(listing == Some(row.sku_number), "SETTLED", || {
            format!("{} on {} leads to SKU {}, which is not listed so", row.item, row.channel, row.sku_number.0)
        });
    }

    pub(super) fn listed_sku(&mut self, row: &ListedSku, report: &mut Verification) {
        let part = row.sku_number;
        let rising = row.listings.windows(2).all(|pair| pair[0] < pair[1]);
        report.must(rising && !row.listings.is_empty(), "SETTLED", || {
            format!("the listings of SKU {} are none or not in their order", part.0)
        });
        for (channel, sku) in &row.listings {
            let known = self.by_sku.remove(&(part, channel.clone(), *sku));
            report.must(known, "SETTLED", || {
                format!("SKU {} leads to a listing of SKU {} on {channel}, in which it has no part", part.0, sku.0)
            });
        }
    }

    pub(super) fn taken_order(&mut self, row: &TakenOrder, report: &mut Verification) {
        let known = (row.order.0 as usize).checked_sub(1).map(|index| self.orders.get(index).copied());
        // One that is told again would be placed or changed again.
        report.must(known.is_none_or(|known| known == Some(hash_of(&row.channel, &row.id))), "ONE-EFFECT", || {
            format!("{} of {} was taken in as order {}, which is another", row.id, row.channel, row.order.0)
        });
    }

    pub(super) fn conclude(self, report: &mut Verification) {
        let (items, skus) = (self.by_item.len(), self.by_sku.len());
        report.must(items == 0, "SETTLED", || format!("{items} listings are not found by the shop's names for them"));
        report.must(skus == 0, "SETTLED", || format!("{skus} times a SKU does not lead to a listing of its stock"));
    }
}
