//! What happens to an order while warehouses work on it: units are handed over, let go again, or move to another
//! location. Called by the fulfillment module, whose own rows say which units those are.

use crate::code::{Code, Faults};
use crate::engine::{Decision, Stop};
use crate::ids::{LocationNumber, OrderNumber, StockNumber};
use crate::inventory::expire_in_the_way;
use crate::order::change::{cancel, replace};
use crate::order::{Allocation, CancelOrder, Order, Why, order_to_change, refresh};
use crate::planted::planted;

/// Counts one more fulfillment order for an order and returns its sequence.
pub(crate) fn hand_over(decision: &mut Decision<'_>, number: OrderNumber) -> Result<u32, Stop> {
    let now_ms = decision.now_ms;
    let order = order_to_change(decision, number)?;
    order.body.fulfillments += 1;
    order.body.open_fulfillments += 1;
    let sequence = order.body.fulfillments;
    refresh(order, now_ms);
    Ok(sequence)
}

/// One fulfillment order of an order is over. Where it was the last and the order was to be cancelled, what is
/// left of it is.
pub(crate) fn let_go(decision: &mut Decision<'_>, number: OrderNumber) -> Result<(), Stop> {
    let now_ms = decision.now_ms;
    let order = order_to_change(decision, number)?;
    order.body.open_fulfillments = order.body.open_fulfillments.saturating_sub(1);
    refresh(order, now_ms);
    let over = order.body.open_fulfillments == 0 && order.body.cancel_requested;
    if over && !order.state.is_closed() && !planted!(CancelForgotten) {
        let command = CancelOrder { order: order.id.to_string(), ..CancelOrder::default() };
        cancel(decision, &command)?;
    }
    Ok(())
}

/// Moves open units of an order from one location to another, where they must be free. `units` are by line index.
pub(crate) fn move_units(
    decision: &mut Decision<'_>,
    number: OrderNumber,
    from: LocationNumber,
    to: LocationNumber,
    units: &[(usize, i64)],
) -> Result<(), Stop> {
    let mut order: Order = decision.rows.order(number)?.clone();
    let mut short = Faults::default();
    for (index, quantity) in units {
        let line = order.body.lines[*index].clone();
        for (sku, per) in line.takes() {
            let (leaves, comes) = (StockNumber::of(sku, from), StockNumber::of(sku, to));
            let wanted = per * quantity;
            expire_in_the_way(decision, comes, wanted)?;
            let available = decision.rows.stock(comes)?.available();
            if available < wanted {
                let detail = format!("{wanted} of {} wanted, {} to be had", line.sku, available.max(0));
                short.add(Code::InsufficientStock, || "location".into(), detail);
                continue;
            }
            let claims = order.claims().any(|(stock, ..)| stock == comes);
            decision.unclaim(leaves, wanted, 0)?;
            decision.claim(comes, number, wanted, 0, claims, &mut order.body.links)?;
        }
        let line = *index as u32;
        let mut left = *quantity;
        for allocation in order.body.allocations.iter_mut().filter(|a| a.line == line && a.location == from) {
            let moved = allocation.open.min(left);
            allocation.open -= moved;
            left -= moved;
        }
        debug_assert_eq!(left, 0);
        let there = order
            .body
            .allocations
            .iter_mut()
            .find(|a| a.line == line && a.location == to && a.why == Why::Reassigned && a.backordered == 0);
        match there {
            Some(allocation) => allocation.open += quantity,
            None => order.body.allocations.push(Allocation {
                line,
                location: to,
                open: *quantity,
                why: Why::Reassigned,
                shipped: 0,
                backordered: 0,
                since: 0,
            }),
        }
    }
    short.check()?;
    // A place that neither claims nor shipped anything says nothing.
    order.body.allocations.retain(|a| a.open + a.shipped + a.backordered > 0);
    refresh(&mut order, decision.now_ms);
    replace(decision, order)
}
