//! Placing an order: judge it, choose locations, claim stock, or say no and leave nothing behind.

use crate::code::{Code, Faults, Rejection};
use crate::engine::{Answer, Decision, Stop};
use crate::ids::{Name, OrderNumber};
use crate::inventory::{Demand, Fingerprint, Hold, HoldEnds, Stock, choose, end_hold, free_units, whole_units};
use crate::order::allocate::Claimer;
use crate::order::validate::{Judged, judge};
use crate::order::{
    Details, Line, NewOrder, Order, OrderBody, OrderState, PlacedOrder, StockPolicy, Why, placed_answer,
    refreshed_state,
};
use crate::outbox::EventKind;

#[cfg_attr(target_family = "wasm", inline)]
pub(crate) fn place(decision: &mut Decision<'_>, new: &NewOrder) -> Result<Answer, Stop> {
    let mut faults = Faults::default();
    let judged = judge(decision, new, &mut faults)?;
    faults.check()?;
    place_judged(decision, new, judged)
}

/// Places an order in which no fault was found.
#[cfg_attr(target_family = "wasm", inline)]
pub(crate) fn place_judged(
    decision: &mut Decision<'_>,
    new: &NewOrder,
    judged: Option<Judged>,
) -> Result<Answer, Stop> {
    let judged = judged.ok_or_else(|| Rejection::one(Code::ChannelUnknown, "channel", "is not registered"))?;
    let counters = &mut decision.rows.catalog_mut()?.counters;
    counters.order += 1;
    let number = OrderNumber(counters.order);
    let mut order = new_order(decision, new, &judged, number);

    let mut claimed_from_hold = vec![];
    let mut claimer = Claimer {
        order: number,
        locations: &[],
        policy: new.policy,
        why: Why::Hold,
        claimed: None,
        allocations: Vec::with_capacity(new.lines.len()),
        links: Vec::with_capacity(new.lines.len()),
    };
    if let Some(hold) = &judged.hold {
        end_hold(decision, hold, &HoldEnds::Converted(&order.id))?;
        claimed_from_hold = claim_held(decision, &mut claimer, hold, &order.body.lines)?;
    }
    let (locations, why) = locations_to_try(decision, &judged, &order.body.lines, &claimed_from_hold)?;
    (claimer.locations, claimer.why) = (&locations, why);
    let mut short = Faults::default();
    for (index, line) in order.body.lines.iter_mut().enumerate() {
        let wanted = line.quantity - claimed_from_hold.get(index).copied().unwrap_or(0);
        let left = claimer.claim_line(decision, index as u32, line, wanted)?;
        line.unfilled = left;
        if left > 0 && new.policy != StockPolicy::Partial {
            note_shortage(&mut short, "lines", index, line.quantity, left, new.policy);
        }
    }
    short.check()?;
    order.body.allocations = claimer.allocations;
    order.body.links = claimer.links;
    if order.open_units() == 0 {
        return Err(Rejection::one(Code::InsufficientStock, "lines", "nothing of them is available").into());
    }
    order.state = refreshed_state(&order);
    let answer = placed_answer(&order, decision.rows.catalog()?)?;
    let kind = match order.state {
        OrderState::Backordered => EventKind::OrderBackordered,
        OrderState::PartlyAllocated => EventKind::OrderPartlyAllocated,
        _ => EventKind::OrderAllocated,
    };
    decision.note_written(kind, |bytes| answer.write_fact(bytes));
    decision.rows.insert_order(order, decision.keyed_by_id);
    Ok(Answer::OrderPlaced(answer))
}

#[cfg_attr(target_family = "wasm", inline)]
fn new_order(decision: &Decision<'_>, new: &NewOrder, judged: &Judged, number: OrderNumber) -> Order {
    let lines = judged.skus.iter().zip(&new.lines).map(|(sku, line)| Line {
        sku_number: sku.number,
        sku: sku.sku.clone(),
        quantity: line.quantity,
        unit_price_minor: line.unit_price_minor,
        unfilled: 0,
        cancelled: 0,
        returned: 0,
        components: sku.components.clone(),
    });
    let details = (new.ship_to.is_some() || new.note.is_some() || !new.metadata.is_empty()).then(|| {
        Box::new(Details { ship_to: new.ship_to.clone(), note: new.note.clone(), metadata: new.metadata.clone() })
    });
    let body = OrderBody {
        lines: lines.collect(),
        policy: new.policy,
        ranking: judged.ranking.clone(),
        details,
        ..OrderBody::default()
    };
    Order {
        number,
        id: Name::from(new.id.as_str()),
        channel: judged.channel.channel.clone(),
        currency: new.currency.clone(),
        state: OrderState::Allocated,
        placed_at_ms: decision.now_ms,
        closed_at_ms: None,
        fingerprint: decision.fingerprint,
        body,
    }
}

/// The locations to try in order for what is not claimed yet, and what is said of the choice.
#[cfg_attr(target_family = "wasm", inline)]
fn locations_to_try(
    decision: &mut Decision<'_>,
    judged: &Judged,
    lines: &[Line],
    claimed: &[i64],
) -> Result<(Vec<crate::ids::LocationNumber>, Why), Stop> {
    use crate::channel::Sourcing;
    if !judged.ranking.is_empty() {
        return Ok((judged.ranking.clone(), Why::Ranking));
    }
    let channel = &judged.channel;
    if channel.sourcing == Sourcing::Priority {
        return Ok((channel.locations.clone(), Why::Priority));
    }
    let claimed = claimed.iter().copied().chain(std::iter::repeat(0));
    let demands: Vec<Demand<'_>> = lines
        .iter()
        .zip(claimed)
        .map(|(line, claimed)| Demand {
            sku: line.sku_number,
            components: &line.components,
            quantity: line.quantity - claimed,
        })
        .collect();
    let free = free_units(decision, &demands, &channel.locations)?;
    Ok((choose(channel.sourcing, &channel.locations, &demands, &free).into_owned(), Why::FewestSplits))
}

/// Claims for the order's lines what the hold had claimed, where it had. Units that a loss has taken from
/// under the hold are not there to claim: who pays first gets what is left. Returns the units claimed by line.
fn claim_held(
    decision: &mut Decision<'_>,
    claimer: &mut Claimer<'_>,
    hold: &Hold,
    lines: &[Line],
) -> Result<Vec<i64>, Stop> {
    // What a hold claims it keeps, though the safety stock was raised since or others wait for units to come.
    let unclaimed = |stock: &Stock| stock.on_hand - stock.unavailable - (stock.allocated - stock.backordered);
    let mut left: Vec<i64> = hold.claims.iter().map(|claim| claim.quantity).collect();
    let mut claimed = vec![0; lines.len()];
    // Claims by SKU, so that an order of many lines is not a search of many claims each.
    let mut by_sku: rustc_hash::FxHashMap<_, Vec<usize>> = rustc_hash::FxHashMap::default();
    for (index, claim) in hold.claims.iter().enumerate() {
        by_sku.entry(hold.lines[claim.line as usize].sku_number).or_default().push(index);
    }
    for (index, line) in lines.iter().enumerate() {
        for claim in by_sku.get(&line.sku_number).into_iter().flatten() {
            let location = hold.claims[*claim].location;
            let there = whole_units(decision.rows, line.takes(), location, unclaimed)?;
            let units = (line.quantity - claimed[index]).min(left[*claim]).min(there);
            if units > 0 {
                claimer.claim_at(decision, index as u32, line, location, units, 0, Why::Hold)?;
                claimed[index] += units;
                left[*claim] -= units;
            }
        }
    }
    Ok(claimed)
}

pub(super) fn note_shortage(
    faults: &mut Faults,
    field: &'static str,
    index: usize,
    wanted: i64,
    left: i64,
    policy: StockPolicy,
) {
    let code = match policy {
        StockPolicy::Backorder => Code::BackorderLimit,
        _ => Code::InsufficientStock,
    };
    faults.add(code, || format!("{field}[{index}]"), format!("{wanted} wanted, {} to be had", wanted - left));
}

/// What an order that exists means for a command to place it: the same again, or another with its id.
pub(crate) fn repeated(decision: &Decision<'_>, number: OrderNumber, fingerprint: Fingerprint) -> Result<Stop, Stop> {
    let order = decision.rows.order(number)?;
    if order.fingerprint != fingerprint {
        return Ok(Rejection::one(Code::OrderExists, "id", "an order with other content has this id").into());
    }
    if order.body.pruned {
        return Ok(Rejection::one(Code::OrderPruned, "id", "the order was placed; its details were pruned").into());
    }
    let answer: PlacedOrder = match &order.body.placed {
        Some(placed) => (**placed).clone(),
        None => placed_answer(order, decision.rows.catalog()?)?,
    };
    Ok(Stop::Repeat(Box::new(Answer::OrderPlaced(answer))))
}
