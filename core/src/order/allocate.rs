//! Claiming stock for the lines of an order, new or changed, and giving it back. Works on the parts of an
//! order that is being built or edited; the caller writes the order.

use rustc_hash::FxHashSet;

use crate::engine::{BackorderChange, Decision, Stop};
use crate::ids::{LocationNumber, OrderNumber, StockNumber};
use crate::inventory::{Backorder, Stock, expire_in_the_way, whole_units};
use crate::order::{Allocation, Line, Link, StockPolicy, Why};
use crate::planted::planted;

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
    #[cfg_attr(target_family = "wasm", inline)]
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
            let units = if planted!(GuardSkipped) { wanted } else { units.min(wanted) };
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
    #[cfg_attr(target_family = "wasm", inline)]
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
        // Units that wait already keep their place in the queue; those that come to wait now get the last one.
        // Units from stock join those that are there for the same reason.
        let joins = |a: &Allocation| if backordered > 0 { a.backordered == 0 } else { a.why == why };
        let at = |a: &&mut Allocation| a.line == index && a.location == location && joins(a);
        // Allocations are in the order of the lines, so that those of the line at hand are the last, but in
        // an edit they may be anywhere.
        let known =
            self.allocations.iter_mut().rev().take_while(|a| self.claimed.is_some() || a.line == index).find(at);
        let since = if backordered > 0 { decision.next_event()? } else { 0 };
        match known {
            Some(allocation) => {
                allocation.open += open;
                if backordered > 0 {
                    (allocation.backordered, allocation.since) = (backordered, since);
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
            if backordered > 0 {
                let backorder = Backorder { stock: number, since, order: self.order, line: index };
                decision.rows.change_backorder(BackorderChange::Waits(backorder));
            }
        }
        Ok(())
    }
}

/// The places of each line's allocations among all of them.
pub(super) fn places_by_line(lines: usize, allocations: &[Allocation]) -> Vec<Vec<usize>> {
    let mut places = vec![Vec::new(); lines];
    for (place, allocation) in allocations.iter().enumerate() {
        places[allocation.line as usize].push(place);
    }
    places
}

/// Gives back units of one line: those that were not promised first, then those promised beyond stock, as
/// they are worth least, and the newest claims before the older. `places` says which allocations are the
/// line's. Returns how many could not be given back.
pub(super) fn give_up(
    decision: &mut Decision<'_>,
    order: OrderNumber,
    line: &mut Line,
    allocations: &mut [Allocation],
    places: &[usize],
    wanted: i64,
) -> Result<i64, Stop> {
    let unfilled = line.unfilled.min(wanted);
    line.unfilled -= unfilled;
    let mut left = wanted - unfilled;
    for beyond_stock in [true, false] {
        for place in places.iter().rev() {
            if left == 0 {
                return Ok(0);
            }
            let allocation = &mut allocations[*place];
            let (open, backordered) = match beyond_stock {
                true => (0, allocation.backordered.min(left)),
                false => (allocation.open.min(left), 0),
            };
            give_up_at(decision, order, line, allocation, open, backordered)?;
            left -= open + backordered;
        }
    }
    Ok(left)
}

fn give_up_at(
    decision: &mut Decision<'_>,
    order: OrderNumber,
    line: &Line,
    allocation: &mut Allocation,
    open: i64,
    backordered: i64,
) -> Result<(), Stop> {
    if open + backordered == 0 {
        return Ok(());
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
    Ok(())
}
