//! `verify()`: checks the whole state against the invariants, from the rows alone. It shares no code with
//! the rules: it reads the ledger, the claims and the event log, and adds up.

mod channels;

use rustc_hash::FxHashMap;
use serde::Serialize;

use self::channels::ChannelAuditor;
use crate::engine::driver::Stockroom;
use crate::engine::pages::{Kind, each_page};
use crate::engine::records::Record;
use crate::error::Result;
use crate::fulfillment::{FulfillmentOrder, FulfillmentState, fulfillment_id};
use crate::ids::{Name, OrderNumber, StockNumber};
use crate::inventory::{Backorder, Stock};
use crate::order::Order;
use crate::outbox::{DeliveryBody, EventData, EventRow, StockLevel};
use crate::ports::{Rows, Store};

/// Problems that a report lists at the most.
const PROBLEMS_MAX: usize = 100;

/// What a verification found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// Rows read, by kind.
    pub stock_rows: u64,
    /// Movements read.
    pub movements: u64,
    /// Orders read.
    pub orders: u64,
    /// Live holds read.
    pub holds: u64,
    /// Events read.
    pub events: u64,
    /// What does not hold, by the name of the invariant; at most 100 are listed.
    pub problems: Vec<Problem>,
    /// How many more problems there are.
    pub more_problems: u64,
}

/// Something that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The invariant's name.
    pub invariant: &'static str,
    /// What was found.
    pub detail: String,
}

impl Verification {
    /// Whether everything holds.
    pub fn is_ok(&self) -> bool {
        self.problems.is_empty()
    }

    fn must(&mut self, holds: bool, invariant: &'static str, detail: impl FnOnce() -> String) {
        if holds {
            return;
        }
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(Problem { invariant, detail: detail() });
        } else {
            self.more_problems += 1;
        }
    }
}

impl std::fmt::Display for Verification {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_ok() {
            return f.write_str("ok");
        }
        for problem in &self.problems {
            writeln!(f, "{}: {}", problem.invariant, problem.detail)?;
        }
        match self.more_problems {
            0 => Ok(()),
            more => write!(f, "and {more} more"),
        }
    }
}

impl<S: Store> Stockroom<S> {
    /// Reads everything and checks every invariant.
    ///
    /// # Errors
    /// Where the store cannot be read. What does not hold is no error; it stands in the report.
    pub fn verify(&self) -> Result<Verification> {
        self.verify_with(&mut |_| {})
    }

    /// As [`Stockroom::verify`], telling how many rows were read after each page.
    ///
    /// # Errors
    /// As [`Stockroom::verify`].
    pub fn verify_with(&self, progress: &mut dyn FnMut(u64)) -> Result<Verification> {
        self.reading(|store| {
            let mut auditor = Auditor::default();
            let mut read = 0;
            for kind in Kind::ALL {
                each_page(store, *kind, &mut |rows| {
                    read += auditor.take(rows)?;
                    progress(read);
                    Ok(())
                })?;
            }
            Ok(auditor.conclude())
        })
    }
}

#[derive(Default)]
struct Sums {
    on_hand: i64,
    held: i64,
    allocated: i64,
    backordered: i64,
    /// (order, previous in the chain), in the order of the orders and of their links.
    links: Vec<(OrderNumber, OrderNumber)>,
    /// Claimed units by order, of orders that claim any.
    claims: Vec<(OrderNumber, i64)>,
}

#[derive(Default)]
struct Auditor {
    report: Verification,
    sums: FxHashMap<StockNumber, Sums>,
    levels: Vec<(StockNumber, Stock)>,
    skus: FxHashMap<Name, u64>,
    locations: FxHashMap<Name, u64>,
    last_levels: FxHashMap<StockNumber, StockLevel>,
    waiting: FxHashMap<Backorder, bool>,
    first_event: u64,
    last_event: u64,
    last_at_ms: i64,
    placed: u64,
    /// The last number of each destination.
    destinations: FxHashMap<Name, u64>,
    /// The deliveries that hand a fulfillment order over, by its name.
    requests: FxHashMap<String, u64>,
    channels: ChannelAuditor,
    /// Of orders with fulfillment orders: the id, how many there must be, how many of them open.
    handed: FxHashMap<OrderNumber, (Name, i64, i64)>,
}

impl Auditor {
    fn take(&mut self, rows: Rows) -> Result<u64> {
        let count = match rows {
            Rows::Skus(rows) => {
                let count = rows.len();
                rows.iter().for_each(|row| self.channels.sku(row));
                self.skus.extend(rows.into_iter().map(|row| (row.sku, row.number.0)));
                count
            }
            Rows::Locations(rows) => {
                let count = rows.len();
                self.locations.extend(rows.into_iter().map(|row| (row.location, row.number.0)));
                count
            }
            Rows::Channels(rows) => {
                let count = rows.len();
                rows.into_iter().for_each(|row| self.channels.channel(row.channel));
                count
            }
            Rows::Stock(rows) => {
                self.report.stock_rows += rows.len() as u64;
                self.levels.extend(rows.iter().map(|row| (row.number, row.stock)));
                rows.len()
            }
            Rows::Holds(rows) => {
                self.report.holds += rows.len() as u64;
                for (stock, units) in rows.iter().flat_map(|hold| hold.claimed()) {
                    self.sums.entry(stock).or_default().held += units;
                }
                rows.len()
            }
            Rows::Backorders(rows) => {
                self.waiting.extend(rows.iter().map(|backorder| (*backorder, false)));
                rows.len()
            }
            Rows::Movements(rows) => {
                for row in &rows {
                    self.report.movements += 1;
                    let expected = self.report.movements;
                    self.report.must(row.number == expected, "CONSERVED", || {
                        format!("movement {} stands where {expected} should", row.number)
                    });
                    self.sums.entry(row.stock).or_default().on_hand += row.quantity;
                }
                rows.len()
            }
            Rows::Orders(rows) => {
                rows.iter().for_each(|order| self.order(order));
                rows.len()
            }
            Rows::Events(rows) => {
                for row in &rows {
                    self.event_row(row)?;
                }
                rows.len()
            }
            Rows::Keys(rows) => rows.len(),
            Rows::Subscriptions(rows) => {
                for row in &rows {
                    let last = self.last_event;
                    self.report.must(row.cursor <= last, "IN-ORDER", || {
                        format!("subscription {} stands at {}, the last event is {last}", row.subscription, row.cursor)
                    });
                }
                rows.len()
            }
            Rows::Records(rows) => {
                rows.iter().for_each(|record| self.record(record));
                rows.len()
            }
        };
        Ok(count as u64)
    }

    fn record(&mut self, record: &Record) {
        match record {
            Record::Destination(row) => drop(self.destinations.insert(row.destination.clone(), row.last_number)),
            Record::Delivery(row) => {
                let last = self.destinations.get(&row.destination).copied().unwrap_or(0);
                self.report.must(row.number <= last, "EVENT-IFF", || {
                    format!("delivery {} to {} is after the last, {last}", row.number, row.destination)
                });
                if let DeliveryBody::RequestFulfillment(request) = &row.body {
                    let name = request.get().map(|request| request.fulfillment.as_str());
                    self.report.must(name.is_ok_and(|name| name == row.key), "HANDED-ONCE", || {
                        format!(
                            "delivery {} to {} hands over another fulfillment order than {}",
                            row.number, row.destination, row.key
                        )
                    });
                    self.requests.insert(row.key.clone(), row.number);
                }
                self.channels.delivery(row);
            }
            Record::Fulfillment(row) => self.fulfillment(row),
            Record::Warehouse(_) | Record::Message(_) => {}
            Record::ChannelSettings(row) => self.channels.settings(row, &self.destinations, &mut self.report),
            Record::Listing(row) => self.channels.listing(row, &self.skus, &mut self.report),
            Record::ListedItem(row) => self.channels.item(row, &mut self.report),
            Record::ListedSku(row) => self.channels.listed_sku(row, &mut self.report),
            Record::TakenOrder(row) => self.channels.taken_order(row, &mut self.report),
        }
    }

    fn fulfillment(&mut self, row: &FulfillmentOrder) {
        let Some((id, sequences, open)) = self.handed.get_mut(&row.order) else {
            let detail = || format!("order {} has fulfillment order {} and does not know", row.order.0, row.sequence);
            return self.report.must(false, "CLAIMED", detail);
        };
        *sequences -= 1;
        *open -= i64::from(!row.state.is_final());
        let id = fulfillment_id(id, row.sequence);
        let delivery = self.requests.remove(&id).unwrap_or(0);
        let on_its_way = row.delivery == 0 && row.state == FulfillmentState::Requested;
        self.report.must(delivery == row.delivery && !on_its_way, "HANDED-ONCE", || {
            format!("fulfillment order {id} is {} by delivery {}, found {delivery}", row.state.name(), row.delivery)
        });
        // Items that could not be read, or that have shipped more than there was, do not add up either.
        let all = row.items().map(|items| items.iter().all(|item| item.shipped == item.quantity));
        self.report.must(all.is_ok_and(|all| (row.state == FulfillmentState::Shipped) == all), "CLAIMED", || {
            format!("fulfillment order {id} is {}: its units do not add up", row.state.name())
        });
    }

    fn order(&mut self, order: &Order) {
        if order.body.fulfillments > 0 {
            let counts =
                (order.id.clone(), i64::from(order.body.fulfillments), i64::from(order.body.open_fulfillments));
            self.handed.insert(order.number, counts);
        }
        self.channels.order(order);
        self.report.orders += 1;
        let expected = self.report.orders;
        self.report.must(order.number.0 == expected, "EVENT-IFF", || {
            format!("order {} stands where {expected} should", order.number.0)
        });
        for link in &order.body.links {
            self.sums.entry(link.stock).or_default().links.push((order.number, link.previous));
        }
        let mut open = 0;
        let mut by_line = vec![[0_i64; 2]; order.body.lines.len()];
        for allocation in &order.body.allocations {
            let units = allocation.open + allocation.backordered;
            open += units;
            let signs = allocation.open >= 0 && allocation.backordered >= 0 && allocation.shipped >= 0;
            self.report.must(signs, "CLAIMED", || format!("order {} has a negative allocation", order.id));
            let Some(sums) = by_line.get_mut(allocation.line as usize) else {
                self.report.must(false, "CLAIMED", || format!("order {} allocates a line it has not", order.id));
                continue;
            };
            sums[0] += units + allocation.shipped;
            sums[1] += allocation.shipped;
            let line = &order.body.lines[allocation.line as usize];
            for (sku, per) in line.takes() {
                let stock = StockNumber::of(sku, allocation.location);
                if allocation.backordered > 0 {
                    let place =
                        Backorder { stock, since: allocation.since, order: order.number, line: allocation.line };
                    let known = self.waiting.get_mut(&place).map(|seen| *seen = true);
                    self.report.must(known.is_some(), "CLAIMED", || {
                        format!("order {} waits for stock row {} without a place in the queue", order.id, stock.0)
                    });
                }
                if units > 0 {
                    let sums = self.sums.entry(stock).or_default();
                    sums.allocated += per * units;
                    sums.backordered += per * allocation.backordered;
                    match sums.claims.last_mut() {
                        Some((number, claimed)) if *number == order.number => *claimed += per * units,
                        _ => sums.claims.push((order.number, per * units)),
                    }
                }
            }
        }
        for (line, [accounted, shipped]) in order.body.lines.iter().zip(by_line) {
            let adds_up = line.quantity == line.unfilled + line.cancelled + accounted;
            let returned = (0..=shipped).contains(&line.returned);
            self.report.must(adds_up && returned, "CLAIMED", || {
                format!("order {}: the units of {} do not add up", order.id, line.sku)
            });
        }
        let closed = order.state.is_closed();
        self.report.must(closed == (open == 0) && closed == order.closed_at_ms.is_some(), "CLAIMED", || {
            format!("order {} is {} with {open} open units", order.id, order.state.name())
        });
    }

    fn event_row(&mut self, row: &EventRow) -> Result<()> {
        if self.first_event == 0 {
            self.first_event = row.first_number;
            self.last_event = row.first_number.saturating_sub(1);
        }
        let expected = self.last_event + 1;
        self.report.must(row.first_number == expected && row.number >= row.first_number, "EVENT-IFF", || {
            format!("event {} stands where {expected} should", row.first_number)
        });
        self.report.must(row.at_ms >= self.last_at_ms, "IN-ORDER", || {
            format!("event {} happened before the one before it", row.first_number)
        });
        self.last_at_ms = row.at_ms;
        let events = row.events()?;
        self.report.must(self.last_event + events.len() as u64 == row.number, "EVENT-IFF", || {
            format!("event row {} has {} events", row.number, events.len())
        });
        self.last_event = row.number;
        self.report.events += events.len() as u64;
        let mut said: Vec<(Name, Name)> = Vec::new();
        for event in events {
            match event.data {
                EventData::OrderAllocated(placed)
                | EventData::OrderPartlyAllocated(placed)
                | EventData::OrderBackordered(placed) => {
                    self.placed += 1;
                    let whole = self.first_event == 1;
                    self.report.must(!whole || placed.number == self.placed, "EVENT-IFF", || {
                        format!("event {} places order {}", event.number, placed.number)
                    });
                }
                EventData::StockShortfall(shortfall) => said.push((shortfall.sku, shortfall.location)),
                EventData::StockChanged(level) => self.level(event.number, level, &said),
                _ => {}
            }
        }
        Ok(())
    }

    /// One step in the history of a stock row.
    fn level(&mut self, event: u64, level: StockLevel, said: &[(Name, Name)]) {
        let number = match (self.skus.get(&level.sku), self.locations.get(&level.location)) {
            (Some(sku), Some(location)) => StockNumber((sku << 16) | location),
            _ => {
                return self.report.must(false, "EVENT-IFF", || {
                    format!("event {event} names {} at {}, which is not registered", level.sku, level.location)
                });
            }
        };
        let claims = |level: &StockLevel| level.held + level.allocated;
        let cover = |level: &StockLevel| level.on_hand - level.unavailable;
        let short = |level: &StockLevel| (claims(level) - level.backordered - cover(level)).max(0);
        let before = self.last_levels.get(&number);
        let (claims_before, short_before) = before.map_or((0, 0), |before| (claims(before), short(before)));
        // Where the history before was pruned, the first step is taken as it is.
        if before.is_some() || self.first_event == 1 {
            let promised = level.on_hand - level.unavailable - level.safety_stock + level.backorder_limit;
            self.report.must(claims(&level) <= claims_before || claims(&level) <= promised, "NOT-OVERSOLD", || {
                format!(
                    "event {event} claims {} of {} at {}, {promised} can be",
                    claims(&level),
                    level.sku,
                    level.location
                )
            });
            let told = said.iter().any(|(sku, location)| *sku == level.sku && *location == level.location);
            self.report.must(short(&level) <= short_before || told, "SHORTFALL-SAID", || {
                format!("event {event} leaves {} at {} short and nothing says so", level.sku, level.location)
            });
        }
        self.last_levels.insert(number, level);
    }

    fn conclude(mut self) -> Verification {
        let levels = std::mem::take(&mut self.levels);
        for (number, stock) in &levels {
            let sums = self.sums.remove(number).unwrap_or_default();
            self.row(*number, stock, &sums);
        }
        let orphans = self
            .sums
            .iter()
            .filter(|(_, sums)| sums.on_hand != 0 || sums.held != 0 || sums.allocated != 0 || sums.backordered != 0);
        let orphans = orphans.count();
        self.report.must(orphans == 0, "CLAIMED", || format!("{orphans} stock rows are claimed or moved but absent"));
        let unclaimed = self.waiting.values().filter(|seen| !**seen).count();
        self.report.must(unclaimed == 0, "CLAIMED", || format!("{unclaimed} places in queues have nobody waiting"));
        let missing = self.handed.values().filter(|(_, sequences, open)| (*sequences, *open) != (0, 0)).count();
        self.report.must(missing == 0, "CLAIMED", || format!("{missing} orders miscount their fulfillment orders"));
        let stray = self.requests.len();
        self.report.must(stray == 0, "HANDED-ONCE", || format!("{stray} deliveries hand over what is not there"));
        self.channels.conclude(&mut self.report);
        let (orders, placed) = (self.report.orders, self.placed);
        self.report.must(self.first_event > 1 || orders == placed, "EVENT-IFF", || {
            format!("{orders} orders, {placed} events that place one")
        });
        self.report
    }

    fn row(&mut self, number: StockNumber, stock: &Stock, sums: &Sums) {
        let row = number.0;
        self.report.must(stock.on_hand == sums.on_hand && stock.on_hand >= 0, "CONSERVED", || {
            format!("stock row {row} has {} on hand, its movements add up to {}", stock.on_hand, sums.on_hand)
        });
        let claims = [stock.held, stock.allocated, stock.backordered];
        let added_up = [sums.held, sums.allocated, sums.backordered];
        self.report.must(claims == added_up, "CLAIMED", || {
            format!("stock row {row} has held, allocated, backordered {claims:?}; its papers add up to {added_up:?}")
        });
        let reached = walk(sums, stock.last_claim);
        self.report.must(reached == stock.allocated, "CLAIMED", || {
            format!("the claim chain of stock row {row} reaches {reached} of {} units", stock.allocated)
        });
        match self.last_levels.get(&number) {
            Some(level) => {
                let same = *level == StockLevel::new(level.sku.clone(), level.location.clone(), stock);
                self.report.must(same, "EVENT-IFF", || format!("stock row {row} is not as its last event says"));
            }
            None => self.report.must(self.first_event != 1, "EVENT-IFF", || format!("stock row {row} has no event")),
        }
    }
}

/// The units claimed by the orders that a row's claim chain leads to.
fn walk(sums: &Sums, from: OrderNumber) -> i64 {
    let mut visits: FxHashMap<OrderNumber, usize> = FxHashMap::default();
    let (mut next, mut reached) = (from, 0);
    while next.0 != 0 {
        let links = sums.links.partition_point(|(order, _)| *order < next);
        let links = &sums.links[links..sums.links.partition_point(|(order, _)| *order <= next)];
        let visit = visits.entry(next).or_default();
        let Some((_, previous)) = links.len().checked_sub(*visit + 1).map(|index| links[index]) else {
            return reached;
        };
        if *visit == 0 {
            let claim = sums.claims.binary_search_by_key(&next, |(order, _)| *order);
            reached += claim.map_or(0, |index| sums.claims[index].1);
        }
        *visit += 1;
        next = previous;
    }
    reached
}
