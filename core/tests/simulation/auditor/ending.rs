//! The end of a history: every row that the store has against the books, the log of events against what was told when
//! they happened, and the engine's own verification.

use std::collections::BTreeMap;

use stockroom::order::Order;
use stockroom::ports::{Page, Rows, Store};
use stockroom::{Error, Stockroom};

use super::books::{HandedBook, OrderBook};
use super::{Auditor, Broken, broken, mix};

/// What a store that cannot be read at the end means.
fn unreadable(error: &Error) -> Broken {
    broken("FAILED", error.to_string())
}

impl Auditor {
    /// Compares everything.
    pub(crate) fn judge_all<S: Store>(&self, room: &Stockroom<S>) -> Result<(), Broken> {
        let report = room.verify().map_err(|error| unreadable(&error))?;
        if !report.is_ok() {
            return Err(broken("VERIFY", report.to_string()));
        }
        let page = |page: Page| room.page(&page, u32::MAX).map_err(|error| unreadable(&error));
        self.judge_stock(page(Page::Stock(0))?, page(Page::Movements(0))?)?;
        self.judge_holds(page(Page::Holds(0))?)?;
        self.judge_orders(page(Page::Orders(0))?)?;
        self.judge_log(page(Page::Events(0))?)
    }

    fn judge_stock(&self, rows: Rows, movements: Rows) -> Result<(), Broken> {
        let (Rows::Stock(rows), Rows::Movements(movements)) = (rows, movements) else { return Ok(()) };
        // Numbers are given in the order of registration, from 1, plain SKUs and locations alike.
        let row_of = |number: stockroom::StockNumber| {
            let (sku, location) = (number.sku().0 as usize - 1, number.location().0 as usize - 1);
            (sku < self.books.shape.plain).then(|| self.books.row(sku, location))
        };
        let mut moved: BTreeMap<usize, i64> = BTreeMap::new();
        for movement in &movements {
            if let Some(row) = row_of(movement.stock) {
                *moved.entry(row).or_default() += movement.quantity;
            }
        }
        let mut seen = vec![false; self.books.levels.len()];
        for stock in &rows {
            let Some(row) = row_of(stock.number) else { continue };
            seen[row] = true;
            let booked = self.books.levels[row];
            let there = super::Level {
                on_hand: stock.stock.on_hand,
                unavailable: stock.stock.unavailable,
                safety: stock.stock.safety_stock,
                held: stock.stock.held,
                allocated: stock.stock.allocated,
                backordered: stock.stock.backordered,
                limit: stock.stock.backorder_limit,
            };
            if there != booked || moved.get(&row).copied().unwrap_or(0) != booked.on_hand {
                let name = self.books.row_name(row);
                let detail =
                    format!("{name:?} is {booked:?} in the books, {there:?} in the store, {:?} moved", moved.get(&row));
                return Err(broken("CONSERVED", detail));
            }
        }
        match seen.iter().zip(&self.books.levels).position(|(seen, level)| !seen && *level != super::Level::default()) {
            Some(row) => Err(broken("LOST", format!("the store has no {:?}", self.books.row_name(row)))),
            None => Ok(()),
        }
    }

    fn judge_holds(&self, rows: Rows) -> Result<(), Broken> {
        let Rows::Holds(rows) = rows else { return Ok(()) };
        let there: BTreeMap<&str, i64> = rows.iter().map(|hold| (hold.id.as_str(), hold.expires_at_ms)).collect();
        let booked: BTreeMap<&str, i64> =
            self.books.holds.iter().map(|(id, hold)| (id.as_str(), hold.expires_at_ms)).collect();
        match there == booked {
            true => Ok(()),
            false => Err(broken("CLAIMED", format!("holds {there:?} in the store, {booked:?} in the books"))),
        }
    }

    fn judge_orders(&self, rows: Rows) -> Result<(), Broken> {
        let Rows::Orders(rows) = rows else { return Ok(()) };
        for row in &rows {
            match self.books.order(&row.id) {
                None => return Err(broken("DOUBLED", format!("nobody placed {}", row.id))),
                Some(book) if !same_order(book, row) => {
                    return Err(broken("CLAIMED", format!("{book:?} in the books, {row:?} in the store")));
                }
                Some(_) => {}
            }
        }
        if rows.len() != self.books.orders.len() {
            let detail = format!("{} orders were placed, {} are there", self.books.orders.len(), rows.len());
            return Err(broken("LOST", detail));
        }
        Ok(())
    }

    /// The log still tells what was told, without a gap up to its end.
    fn judge_log(&self, rows: Rows) -> Result<(), Broken> {
        let Rows::Events(rows) = rows else { return Ok(()) };
        let mut next = None;
        for row in &rows {
            if next.is_some_and(|next| next != row.first_number) {
                return Err(broken("IN-ORDER", format!("event {} follows a gap", row.first_number)));
            }
            let hash = mix(row.at_ms as u64, row.facts.as_bytes());
            for number in row.first_number..=row.number {
                if self.hashes.get(number as usize - 1) != Some(&(hash ^ number)) {
                    return Err(broken("IN-ORDER", format!("event {number} tells something else than before")));
                }
            }
            next = Some(row.number + 1);
        }
        match next {
            Some(next) if next != self.last_event + 1 => Err(broken("LOST", "the last events are gone")),
            _ => Ok(()),
        }
    }

    /// What was to be shipped and is not on its way, now that everything had its time.
    pub(crate) fn judge_handed(&self) -> Result<(), Broken> {
        for order in self.books.orders.iter().filter(|order| !order.pruned) {
            let open = order.handed.iter().any(|handed| !handed.over);
            if order.cancel_requested && !open && !order.state().is_closed() {
                return Err(broken("LOST", format!("{} was to be cancelled, and nobody does: {order:?}", order.id)));
            }
            if order.cancel_requested {
                continue;
            }
            for warehouse in &self.books.shape.warehouses {
                let location = warehouse.location;
                // What a warehouse refused or gave up waits for an operator.
                let refused = |handed: &HandedBook| handed.location == location && (handed.refused || handed.given_up);
                let refused = order.handed.iter().any(refused);
                let forgotten = (0..order.lines.len()).any(|line| order.free_at(line, location) > 0);
                if forgotten && !refused {
                    return Err(broken(
                        "LOST",
                        format!("nobody is told to ship {} at l{location}: {order:?}", order.id),
                    ));
                }
            }
        }
        Ok(())
    }
}

/// What lines claim where: open units and waiting ones. Where places in queues are not followed it is not known either
/// which of a line's claims at one location was filled first, so that they count together.
fn claimed(claims: impl Iterator<Item = (usize, usize, i64, i64)>, together: bool) -> Vec<(usize, usize, i64, i64)> {
    let mut found: Vec<(usize, usize, i64, i64)> = Vec::new();
    for (line, location, open, waiting) in claims.filter(|(_, _, open, waiting)| open + waiting > 0) {
        match found.iter_mut().find(|one| together && (one.0, one.1) == (line, location)) {
            Some(one) => (one.2, one.3) = (one.2 + open, one.3 + waiting),
            None => found.push((line, location, open, waiting)),
        }
    }
    if together {
        found.sort_unstable();
    }
    found
}

fn same_order(book: &OrderBook, row: &Order) -> bool {
    if row.state != book.state() || row.body.pruned != book.pruned {
        return false;
    }
    if book.pruned {
        return true;
    }
    let there = row.body.allocations.iter();
    let there =
        claimed(there.map(|a| (a.line as usize, a.location.0 as usize - 1, a.open, a.backordered)), book.blurred);
    let booked = book.claims.iter();
    let booked = claimed(booked.map(|claim| (claim.line, claim.location, claim.open, claim.waiting)), book.blurred);
    let lines: Vec<(i64, i64, i64)> =
        row.body.lines.iter().map(|line| (line.quantity - line.cancelled, line.unfilled, line.returned)).collect();
    let booked_lines: Vec<(i64, i64, i64)> =
        book.lines.iter().map(|line| (line.active, line.unfilled, line.returned)).collect();
    there == booked && lines == booked_lines && row.body.cancel_requested == book.cancel_requested
}
