//! What every command owes to the stock rows that it touched, whatever the command: units that became free
//! fill waiting backorders, first come first served, and claims that lost their cover are said.

use crate::engine::decision::Decision;
use crate::engine::needs::{Found, Query};
use crate::engine::working_set::{BackorderChange, Stop};
use crate::ids::{Name, StockNumber};
use crate::inventory::{Backorder, expire_in_the_way};
use crate::order::{ChainReader, order_to_change, refreshed_state};
use crate::outbox::{EventKind, FilledOrder, Shortfall, TouchedHold, TouchedOrder};
use crate::planted::planted;

/// Waiting lines read at a time.
const BACKORDERS_PAGE: u32 = 200;
/// Orders that one shortfall event lists at the most.
const TOUCHED_ORDERS_MAX: usize = 1_000;

/// Fills and says, for all rows that the command has touched. Expired holds go first: what nobody claims any
/// more keeps nobody waiting and is not short.
#[cfg_attr(target_family = "wasm", inline)]
pub(crate) fn settle(decision: &mut Decision<'_>) -> Result<(), Stop> {
    let in_the_way: Vec<StockNumber> = decision
        .rows
        .touched_stock(0)
        .filter(|(_, _, before, now)| now.held > 0 && (now.backordered > 0 || now.shortfall() > before.shortfall()))
        .map(|(_, number, ..)| number)
        .collect();
    for number in in_the_way {
        expire_in_the_way(decision, number, i64::MAX)?;
    }
    let fillable: Vec<StockNumber> = decision
        .rows
        .touched_stock(0)
        .filter(|(_, _, _, now)| now.backordered > 0 && now.fillable() > 0 && !planted!(FillForgotten))
        .map(|(_, number, ..)| number)
        .collect();
    for number in fillable {
        fill(decision, number)?;
    }
    let short: Vec<StockNumber> = decision
        .rows
        .touched_stock(0)
        .filter(|(_, _, before, now)| now.shortfall() > before.shortfall() && !planted!(ShortfallUnsaid))
        .map(|(_, number, ..)| number)
        .collect();
    for number in short {
        say_shortfall(decision, number)?;
    }
    Ok(())
}

/// Gives free units of a row to the order lines that wait for it. A bundle is filled when all its
/// components are free; one that cannot be filled does not keep the next in the queue from its units.
fn fill(decision: &mut Decision<'_>, number: StockNumber) -> Result<(), Stop> {
    let mut after = None;
    loop {
        let query = Query::Backorders { stock: number, after, limit: BACKORDERS_PAGE };
        let Found::Backorders(waiting) = decision.rows.found(&query)?.clone() else {
            return Ok(());
        };
        let last_first = planted!(LastComeFirstServed);
        for place in 0..waiting.len() {
            let backorder = &waiting[if last_first { waiting.len() - 1 - place } else { place }];
            if decision.rows.stock(number)?.fillable() <= 0 {
                return Ok(());
            }
            fill_line(decision, *backorder)?;
        }
        after = waiting.last().copied();
        if waiting.len() < BACKORDERS_PAGE as usize {
            break;
        }
    }
    // Lines that wait since this very command are last in the queue, and not in the store yet.
    for backorder in decision.rows.waiting_since_now(number) {
        fill_line(decision, backorder)?;
    }
    Ok(())
}

fn fill_line(decision: &mut Decision<'_>, backorder: Backorder) -> Result<(), Stop> {
    let location = backorder.stock.location();
    let order = decision.rows.order(backorder.order)?;
    let Some(line) = order.body.lines.get(backorder.line as usize) else {
        return Ok(());
    };
    let waits = |a: &&crate::order::Allocation| {
        a.line == backorder.line && a.location == location && a.since == backorder.since && a.backordered > 0
    };
    // A row read before an earlier fill of this same command may wait no longer.
    let Some(waiting) = order.body.allocations.iter().find(waits).map(|allocation| allocation.backordered) else {
        return Ok(());
    };
    let takes: Vec<_> = line.takes().map(|(sku, per)| (StockNumber::of(sku, location), per)).collect();
    let mut units = waiting;
    for (stock, per) in &takes {
        units = units.min(decision.rows.stock(*stock)?.fillable().div_euclid(*per));
    }
    if units <= 0 {
        return Ok(());
    }
    for (stock, per) in &takes {
        decision.rows.stock_mut(*stock)?.backordered -= per * units;
        if units == waiting {
            decision.rows.change_backorder(BackorderChange::Done(Backorder { stock: *stock, ..backorder }));
        }
    }
    let order = order_to_change(decision, backorder.order)?;
    if let Some(allocation) = order.body.allocations.iter_mut().find(|a| waits(&&**a)) {
        allocation.backordered -= units;
        allocation.open += units;
        if units == waiting {
            allocation.since = 0;
        }
    }
    order.state = refreshed_state(order);
    let (id, state) = (order.id.clone(), order.state);
    let location = decision.location_name(location)?;
    let filled = FilledOrder { order: id, state, line: backorder.line + 1, location, quantity: units };
    decision.note(EventKind::OrderFilled, &filled)
}

/// Says which claims the stock present does not cover: the newest ones, holds before orders, because the
/// oldest claims keep their units.
fn say_shortfall(decision: &mut Decision<'_>, number: StockNumber) -> Result<(), Stop> {
    let stock = *decision.rows.stock(number)?;
    let mut uncovered = stock.shortfall();
    let (sku, location) = decision.rows.stock_names(number)?;
    let mut said = Shortfall {
        sku: sku.clone(),
        location: location.clone(),
        shortfall: uncovered,
        holds: Vec::new(),
        orders: Vec::new(),
    };
    if stock.held > 0 {
        let mut holds = Vec::new();
        if let Found::Holds(ids) = decision.rows.found(&Query::HoldsOn(number))? {
            for id in ids {
                if let Some(hold) = decision.rows.hold(id)? {
                    holds.push((hold.number, id.as_str().into(), hold.claimed_on(number)));
                }
            }
        }
        holds.sort_unstable_by_key(|(number, ..): &(u64, Name, i64)| std::cmp::Reverse(*number));
        for (_, hold, claimed) in holds.into_iter().filter(|(_, _, claimed)| *claimed > 0) {
            let units = claimed.min(uncovered);
            if units > 0 {
                said.holds.push(TouchedHold { hold, units });
                uncovered -= units;
            }
        }
    }
    let mut chain = ChainReader::new(number, stock.last_claim);
    while uncovered > 0 && said.orders.len() < TOUCHED_ORDERS_MAX {
        let Some((order, claimed, backordered)) = next_claim(decision, number, &mut chain)? else {
            break;
        };
        let units = (claimed - backordered).min(uncovered);
        if units > 0 {
            said.orders.push(TouchedOrder { order, units });
            uncovered -= units;
        }
    }
    decision.shortfall_said(number);
    decision.note(EventKind::StockShortfall, &said)
}

/// The next order in a stock row's claim chain that was not met before: its id, its claimed units, and how
/// many of these are backordered.
fn next_claim(
    decision: &Decision<'_>,
    stock: StockNumber,
    chain: &mut ChainReader,
) -> Result<Option<(Name, i64, i64)>, Stop> {
    while let Some(number) = chain.next() {
        let order = match decision.rows.order(number) {
            Err(Stop::Needs(_)) => {
                // Ask for the rest of the chain at once rather than order by order.
                decision.rows.found(&Query::Claims { stock, from: number })?;
                decision.rows.order(number)?
            }
            order => order?,
        };
        if chain.read(order) {
            let (claimed, backordered) = order.claims_on(stock);
            return Ok(Some((order.id.clone(), claimed, backordered)));
        }
    }
    Ok(None)
}
