//! The other peer: the same shop in plain hash maps, with the same JSON of orders and events kept. It
//! survives nothing. It shows what the engine's own bookkeeping costs when no database is in the way.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::Path;

use crate::contender::{Contender, Outcome, Placing, Shop, Tally};
use crate::workload::{ON_HAND, SampleOrder, catalogue, event_json, now_ms, order_json};

/// The hand-written shop in memory.
pub(crate) struct InMemory;

impl Contender for InMemory {
    fn open(&self, _directory: &Path) -> Outcome<Box<dyn Shop>> {
        Ok(Box::new(InMemoryShop::new(ON_HAND)))
    }
}

#[derive(Default)]
struct InMemoryShop {
    stock: HashMap<String, Stock>,
    orders: HashMap<String, StoredOrder>,
    claims: Vec<Claim>,
    events: Vec<String>,
}

struct Stock {
    number: u32,
    on_hand: i64,
    allocated: i64,
}

/// An order's JSON, and where its claims begin.
struct StoredOrder {
    body: String,
    first_claim: usize,
}

/// A claim names its SKU by number: a string more for each line would cost more than the rest of it.
struct Claim {
    sku: u32,
    quantity: i64,
}

impl InMemoryShop {
    fn new(on_hand: i64) -> Self {
        let stock = (0..).zip(catalogue()).map(|(number, sku)| (sku, Stock { number, on_hand, allocated: 0 }));
        Self { stock: stock.collect(), ..Self::default() }
    }

    fn place_one(&mut self, order: SampleOrder) -> Outcome<()> {
        let now_ms = now_ms();
        let body = order_json(&order, now_ms)?;
        let event = event_json(&order, now_ms)?;
        let first_claim = self.claims.len();
        let Entry::Vacant(place) = self.orders.entry(order.id) else {
            return Err("an order's id is taken".into());
        };
        for line in &order.lines {
            match self.stock.get_mut(&line.sku) {
                Some(stock) if stock.on_hand - stock.allocated >= line.quantity => {
                    stock.allocated += line.quantity;
                    self.claims.push(Claim { sku: stock.number, quantity: line.quantity });
                }
                _ => {
                    // The lines before this one give back what they took.
                    for (claim, line) in self.claims.drain(first_claim..).zip(&order.lines) {
                        if let Some(stock) = self.stock.get_mut(&line.sku) {
                            stock.allocated -= claim.quantity;
                        }
                    }
                    return Err(format!("no stock of {} for an order", line.sku).into());
                }
            }
        }
        place.insert(StoredOrder { body, first_claim });
        self.events.push(event);
        Ok(())
    }
}

impl Shop for InMemoryShop {
    fn place(&mut self, orders: Vec<SampleOrder>, placing: Placing) -> Outcome<()> {
        if let Placing::Threads { .. } = placing {
            return Err("the shop in memory has one caller".into());
        }
        orders.into_iter().try_for_each(|order| self.place_one(order))
    }

    fn available(&mut self, skus: &[String], per_call: usize) -> Outcome<i64> {
        let mut sum = 0;
        for call in skus.chunks(per_call) {
            let mut answers = Vec::with_capacity(call.len());
            for sku in call {
                let stock = self.stock.get(sku).ok_or("an unknown SKU")?;
                answers.push(stock.on_hand - stock.allocated);
            }
            sum += answers.iter().sum::<i64>();
        }
        Ok(sum)
    }

    fn tally(&mut self) -> Outcome<Tally> {
        if self.events.len() != self.orders.len() {
            return Err(format!("{} orders but {} events", self.orders.len(), self.events.len()).into());
        }
        let unfounded = |order: &StoredOrder| order.body.is_empty() || order.first_claim >= self.claims.len();
        if self.orders.values().any(unfounded) {
            return Err("an order without claims or without its document".into());
        }
        if self.claims.iter().any(|claim| claim.sku as usize >= self.stock.len()) {
            return Err("a claim on no SKU".into());
        }
        Ok(Tally {
            orders: self.orders.len() as u64,
            allocated: self.stock.values().map(|stock| stock.allocated).sum(),
            claimed: self.claims.iter().map(|claim| claim.quantity).sum(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::{Demand, Orders};

    #[test]
    fn it_stores_every_order() {
        let mut shop = InMemoryShop::new(ON_HAND);
        let orders: Vec<_> = Orders::new(1, Demand::Hot).take(50).collect();
        let units = orders.iter().map(SampleOrder::units).sum();
        shop.place(orders, Placing::OnePerCommit).unwrap();
        assert_eq!(shop.tally().unwrap(), Tally { orders: 50, allocated: units, claimed: units });
    }

    #[test]
    fn a_rejected_order_leaves_no_trace() {
        let mut shop = InMemoryShop::new(3);
        let mut orders: Vec<_> = Orders::new(1, Demand::Uniform).take(1).collect();
        orders[0].lines[2].quantity = 4;
        assert!(shop.place(orders, Placing::OnePerCommit).is_err());
        assert_eq!(shop.tally().unwrap(), Tally { orders: 0, allocated: 0, claimed: 0 });
    }
}
