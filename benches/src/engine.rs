//! The engine as a contender: over SQLite with the settings that it has by default, and over its in-memory
//! store. Everything is on: keys, events, invariants, claims that can be listed.

use std::collections::VecDeque;
use std::path::Path;
use std::thread;

use stockroom::memory::MemoryStore;
use stockroom::ports::{Page, Rows, Store};
use stockroom::{
    Command, NewLine, NewOrder, ReceiveStock, RegisterChannel, RegisterLocation, RegisterSku, Reply, StockLine,
    Stockroom,
};
use stockroom_clock::SystemClock;
use stockroom_sqlite::SqliteStore;

use crate::contender::{Contender, Outcome, Placing, Shop, Tally, deal};
use crate::workload::{CHANNEL, ON_HAND, SampleOrder, catalogue};

pub(crate) const LOCATION: &str = "main";
/// A caller's stack, as in the hand-written shop.
const CALLER_STACK_BYTES: usize = 128 * 1024;

/// The engine on SQLite.
pub(crate) struct Durable;

impl Contender for Durable {
    fn open(&self, directory: &Path) -> Outcome<Box<dyn Shop>> {
        let store = SqliteStore::open(directory.join("engine.sqlite3"))?;
        Ok(Box::new(EngineShop::open(store)?))
    }
}

/// The engine in memory.
pub(crate) struct Volatile;

impl Contender for Volatile {
    fn open(&self, _directory: &Path) -> Outcome<Box<dyn Shop>> {
        Ok(Box::new(EngineShop::open(MemoryStore::new())?))
    }
}

/// A shop with the whole catalogue in stock.
fn stocked<S: Store>(store: S) -> Outcome<Stockroom<S>> {
    let stockroom = Stockroom::new(store, SystemClock);
    let mut commands: Vec<Command> = vec![
        RegisterLocation { location: LOCATION.into() }.into(),
        RegisterChannel { channel: CHANNEL.into(), locations: vec![LOCATION.into()], ..Default::default() }.into(),
    ];
    commands.extend(catalogue().map(|sku| RegisterSku { sku, components: None }.into()));
    all_accepted(stockroom.execute_batch(commands)?)?;
    let lines: Vec<StockLine> = catalogue().map(|sku| StockLine { sku, quantity: ON_HAND }).collect();
    let delivery = ReceiveStock { location: LOCATION.into(), lines, ..Default::default() };
    all_accepted(vec![stockroom.execute(delivery)?])?;
    Ok(stockroom)
}

/// The engine as a shop.
pub(crate) struct EngineShop<S> {
    pub(crate) stockroom: Stockroom<S>,
}

impl<S: Store> EngineShop<S> {
    /// A shop over an empty store, with the whole catalogue in stock.
    pub(crate) fn open(store: S) -> Outcome<Self> {
        Ok(EngineShop { stockroom: stocked(store)? })
    }

    /// A shop over a store that was stocked before.
    pub(crate) fn over(store: S) -> Self {
        EngineShop { stockroom: Stockroom::new(store, SystemClock) }
    }
}

fn new_order(order: SampleOrder) -> NewOrder {
    let lines = order.lines.map(|line| NewLine {
        sku: line.sku,
        quantity: line.quantity,
        unit_price_minor: line.unit_price_minor,
    });
    NewOrder {
        id: order.id,
        channel: order.channel.into(),
        currency: order.currency.into(),
        lines: lines.into(),
        ..Default::default()
    }
}

fn all_accepted(replies: Vec<Reply>) -> Outcome<()> {
    for reply in replies {
        reply.accepted().map_err(|rejection| format!("the engine rejected a command: {rejection}"))?;
    }
    Ok(())
}

impl<S: Store + Send> Shop for EngineShop<S> {
    fn place(&mut self, orders: Vec<SampleOrder>, placing: Placing) -> Outcome<()> {
        match placing {
            Placing::OnePerCommit => {
                orders.into_iter().try_for_each(|order| all_accepted(vec![self.stockroom.execute(new_order(order))?]))
            }
            Placing::Batch(size) => {
                let mut orders = orders.into_iter().peekable();
                while orders.peek().is_some() {
                    let batch = orders.by_ref().take(size).map(|order| new_order(order).into());
                    all_accepted(self.stockroom.execute_batch(batch)?)?;
                }
                Ok(())
            }
            Placing::Threads { callers, in_flight } => thread::scope(|scope| {
                let mut running = Vec::with_capacity(callers);
                for hand in deal(orders, callers) {
                    let start = thread::Builder::new().stack_size(CALLER_STACK_BYTES);
                    running.push(start.spawn_scoped(scope, || call(&self.stockroom, hand, in_flight))?);
                }
                running.into_iter().try_for_each(|caller| caller.join().map_err(|_| "a caller panicked")?)
            }),
        }
    }

    fn available(&mut self, skus: &[String], per_call: usize) -> Outcome<i64> {
        let missing = "a SKU is not known";
        let mut sum = 0;
        if per_call == 1 {
            for sku in skus {
                sum += self.stockroom.available(sku, LOCATION)?.ok_or(missing)?;
            }
            return Ok(sum);
        }
        for call in skus.chunks(per_call) {
            let wanted: Vec<(&str, &str)> = call.iter().map(|sku| (sku.as_str(), LOCATION)).collect();
            for available in self.stockroom.availability(&wanted)? {
                sum += available.ok_or(missing)?;
            }
        }
        Ok(sum)
    }

    fn tally(&mut self) -> Outcome<Tally> {
        let mut tally = Tally { orders: 0, allocated: 0, claimed: 0 };
        let mut after = 0;
        while let Rows::Stock(rows) = self.stockroom.page(&Page::Stock(after), 1_000)? {
            let Some(last) = rows.last() else { break };
            after = last.number.0;
            tally.allocated += rows.iter().map(|row| row.stock.allocated).sum::<i64>();
        }
        let mut after = 0;
        while let Rows::Orders(orders) = self.stockroom.page(&Page::Orders(after), 1_000)? {
            let Some(last) = orders.last() else { break };
            after = last.number.0;
            tally.orders += orders.len() as u64;
            tally.claimed += orders.iter().flat_map(|order| order.claims()).map(|(_, units, _)| units).sum::<i64>();
        }
        Ok(tally)
    }
}

/// One caller: its orders, with up to `in_flight` of them without an answer.
fn call<S: Store>(stockroom: &Stockroom<S>, orders: Vec<SampleOrder>, in_flight: usize) -> Outcome<()> {
    if in_flight == 1 {
        return orders.into_iter().try_for_each(|order| all_accepted(vec![stockroom.execute(new_order(order))?]));
    }
    let mut tickets = VecDeque::with_capacity(in_flight);
    for order in orders {
        if tickets.len() == in_flight {
            if let Some(ticket) = tickets.pop_front() {
                all_accepted(vec![stockroom.wait(ticket)?])?;
            }
        }
        tickets.push_back(stockroom.submit(new_order(order)));
    }
    tickets.into_iter().try_for_each(|ticket| all_accepted(vec![stockroom.wait(ticket)?]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::{Demand, Orders};

    #[test]
    fn every_way_of_placing_stores_every_order() {
        for placing in [
            Placing::OnePerCommit,
            Placing::Batch(7),
            Placing::Threads { callers: 5, in_flight: 1 },
            Placing::Threads { callers: 3, in_flight: 4 },
        ] {
            let mut shop = Volatile.open(Path::new("unused")).unwrap();
            let orders: Vec<_> = Orders::new(1, Demand::Uniform).take(50).collect();
            let units = orders.iter().map(SampleOrder::units).sum();
            shop.place(orders, placing).unwrap();
            assert_eq!(shop.tally().unwrap(), Tally { orders: 50, allocated: units, claimed: units }, "{placing:?}");
        }
    }
}
