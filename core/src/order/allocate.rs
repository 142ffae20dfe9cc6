//! Claiming stock for the lines of an order, new or changed, and giving it back. Works on the parts of an
//! order that is being built or edited; the caller writes the order.

use rustc_hash::FxHashSet;

use crate::engine::{BackorderChange, Decision, Stop};
use crate::ids::{LocationNumber, OrderNumber, StockNumber};
use crate::inventory::{Backorder, Stock, expire_in_the_way, whole_units};
use crate::order::{Allocation, Line, Link, StockPolicy, Why};

/// Claims stock for one order.
pub(super) struct Claimer<'l> {
    pub(super) order: OrderNumber,
    pub(super) locations: &'l [LocationNumber],
    pub(super) policy: StockPolicy,
    pub(super) why: Why,
    /// The stock rows that the order claims already, for an order that exists; `None` for a new one, which
    /// is in a row's claim chain just where it is the last to have claimed.
    pub(super) claimed: Option<FxHashSet<StockNumber>>,
    pub(super) allocations: Vec<Allocation>,
    pub(super) links: Vec<Link>,
}

impl Claimer<'_> {
    /// Claims units of a line, and promises units beyond stock where the policy allows. Returns the units
    /// that found no place.
    pub(super) fn claim_line(
        &mut self,
        decision: &mut Decision<'_>,
        index: u32,
        line: &Line,
        wanted: i64,
    ) -> Result<i64, Stop> {
        let mut wanted = wanted;
        for place in 0..self.locations.len() {
            if wanted == 0 {
                return Ok(0);
            }
            let location = self.locations[place];
            let mut units = whole_units(decision.rows, line.takes(), location, Stock::available)?;
            if units < wanted {
                for (sku, per) in line.takes() {
                    let number = StockNumber::of(sku, location);
                    expire_in_the_way(decision, number, per.saturating_mul(wanted))?;
                }
                units = whole_units(decision.rows, line.takes(), location, Stock::available)?;
            }
            let units = units.min(wanted);
            if units > 0 {
                self.claim_at(decision, index, line, location, units, 0, self.why)?;
                wanted -= units;
            }
        }
        if self.policy != StockPolicy::Backorder {
            return Ok(wanted);
        }
        for place in 0..self.locations.len() {
            if wanted == 0 {
                break;
            }
            let location = self.locations[place];
            let units = whole_units(decision.rows, line.takes(), location, Stock::room)?.min(wanted);
            if units > 0 {
                self.claim_at(decision, index, line, location, 0, units, Why::Backorder)?;
                wanted -= units;
            }
        }
        Ok(wanted)
    }

    /// Claims units of a line at one location: `open` from stock, `backordered` beyond it.
    #[allow(clippy::too_many_arguments)] // They are the columns of one allocation.
    pub(super) fn claim_at(
        &mut self,
        decision: &mut Decision<'_>,
        index: u32,
        line: &Line,
        location: LocationNumber,
        open: i64,
        backordered: i64,
        why: Why,
    ) -> Result<(), Stop> {
        let at = |allocation: &&mut Allocation| allocation.line == index && allocation.location == location;
        // Allocations are in the order of the lines, so that those of the line at hand are the last, but in
        // an edit they may be anywhere.
        let known =
            self.allocations.iter_mut().rev().take_while(|a| self.claimed.is_some() || a.line == index).find(at);
        let waited = known.as_ref().is_some_and(|allocation| allocation.backordered > 0);
        let since = if backordered > 0 { decision.next_event()? } else { 0 };
        match known {
            Some(allocation) => {
                allocation.open += open;
                allocation.backordered += backordered;
                if !waited {
                    allocation.since = since;
                }
            }
            None => {
                let shipped = 0;
                self.allocations.push(Allocation { line: index, location, open, backordered, since, shipped, why });
            }
        }
        for (sku, per) in line.takes() {
            let number = StockNumber::of(sku, location);
            let in_chain = match &mut self.claimed {
                Some(claimed) => !claimed.insert(number),
                None => decision.rows.stock(number)?.last_claim == self.order,
            };
            let (units, beyond) = (per * (open + backordered), per * backordered);
            decision.claim(number, self.order, units, beyond, in_chain, &mut self.links)?;
            if backordered > 0 && !waited {
                let backorder = Backorder { stock: number, since, order: self.order, line: index };
                decision.rows.change_backorder(BackorderChange::Waits(backorder));
            }
        }
        Ok(())
    }
}

/// Gives back units of one allocation: backordered ones first, as they are worth least.
/// Returns how many were given back.
pub(super) fn give_up(
    decision: &mut Decision<'_>,
    order: OrderNumber,
    line: &Line,
    allocation: &mut Allocation,
    wanted: i64,
) -> Result<i64, Stop> {
    let backordered = allocation.backordered.min(wanted);
    let open = allocation.open.min(wanted - backordered);
    if open + backordered == 0 {
        return Ok(0);
    }
    allocation.backordered -= backordered;
    allocation.open -= open;
    for (sku, per) in line.takes() {
        let number = StockNumber::of(sku, allocation.location);
        decision.unclaim(number, per * (open + backordered), per * backordered)?;
    }
    if backordered > 0 && allocation.backordered == 0 {
        let since = std::mem::take(&mut allocation.since);
        for (sku, _) in line.takes() {
            let stock = StockNumber::of(sku, allocation.location);
            let backorder = Backorder { stock, since, order, line: allocation.line };
            decision.rows.change_backorder(BackorderChange::Done(backorder));
        }
    }
    Ok(open + backordered)
}
