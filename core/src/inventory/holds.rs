//! Holds: temporary claims on stock that expire. A hold claims only what is there, all of it or nothing.
//! It ends by being released, converted into an order, or by its time; expired ones end at a tick, and
//! whenever they stand in another command's way.

use std::sync::Arc;

use crate::code::{Code, Faults, Rejection};
use crate::engine::{Answer, Decision, Found, Query, Stop, WorkingSet, locations_of};
use crate::ids::{ID_BYTES_MAX, LINES_MAX, LocationNumber, SKU_BYTES_MAX, StockNumber, name_fault};
use crate::inventory::{
    Demand, ExtendHold, FreeUnits, HeldStock, HeldUnits, Hold, HoldClaim, HoldLine, PlaceHold, ReleaseHold, Sku, Stock,
    Tick, Ticked, choose, takes,
};
use crate::outbox::{EventKind, HoldConversion, HoldEnd};
use crate::planted::planted;
use crate::quantity::{QUANTITY_MAX, is_orderable};
use crate::time::{HOLD_MS_MAX, TIME_MS_MAX};

/// How a hold ends.
pub(crate) enum HoldEnds<'a> {
    /// Its holder gave it back.
    Released,
    /// Its time passed.
    Expired,
    /// This order takes its units over.
    Converted(&'a crate::ids::Name),
}

pub(crate) fn place_hold(decision: &mut Decision<'_>, command: &PlaceHold) -> Result<Answer, Stop> {
    let fingerprint = decision.fingerprint;
    let mut faults = Faults::default();
    let mut stands = None;
    if let Some(fault) = name_fault(&command.hold, ID_BYTES_MAX) {
        faults.add(Code::IdInvalid, || "hold".into(), fault);
    } else {
        stands = decision.rows.hold(&command.hold)?.cloned();
    }
    if let Some(hold) = stands.as_ref().filter(|hold| hold.expires_at_ms > decision.now_ms) {
        if hold.fingerprint == fingerprint {
            return Err(Stop::Repeat(Box::new(Answer::Held(held(decision, hold)?))));
        }
        return Err(Rejection::one(Code::HoldExists, "hold", "a live hold has this id").into());
    }
    let expires_at_ms = expiry(decision, command.lives_ms, &mut faults);
    let mut channel = None;
    if let Some(fault) = name_fault(&command.channel, ID_BYTES_MAX) {
        faults.add(Code::IdInvalid, || "channel".into(), fault);
    } else {
        channel = decision.rows.catalog()?.channels.get(&*command.channel).cloned();
        if channel.is_none() {
            faults.add(Code::ChannelUnknown, || "channel".into(), "is not registered");
        }
    }
    let ranking = match &command.ranking {
        Some(ranking) => {
            if ranking.is_empty() {
                faults.add(Code::LinesMissing, || "ranking".into(), "a ranking needs a location");
            }
            Some(locations_of(decision, "ranking", ranking, &mut faults)?)
        }
        None => None,
    };
    let skus = hold_skus(decision, command, &mut faults)?;
    faults.check()?;
    let Some(channel) = channel else {
        return Err(Rejection::one(Code::ChannelUnknown, "channel", "is not registered").into());
    };

    if let Some(expired) = stands {
        end_hold(decision, &expired, &HoldEnds::Expired)?;
    }

    let lines: Vec<HoldLine> = skus
        .iter()
        .zip(&command.lines)
        .map(|(sku, line)| HoldLine {
            sku_number: sku.number,
            sku: sku.sku.clone(),
            quantity: line.quantity,
            components: sku.components.clone(),
        })
        .collect();
    let demands: Vec<Demand<'_>> = lines
        .iter()
        .map(|line| Demand { sku: line.sku_number, components: &line.components, quantity: line.quantity })
        .collect();
    let locations = ranking.as_deref().unwrap_or(&channel.locations);
    let sourcing = if ranking.is_some() { Default::default() } else { channel.sourcing };
    let free = free_units(decision, &demands, locations)?;
    let locations = choose(sourcing, locations, &demands, &free).into_owned();

    let mut claims = Vec::new();
    let mut short = Faults::default();
    for (index, line) in lines.iter().enumerate() {
        let mut wanted = line.quantity;
        for location in &locations {
            let takes = || takes(line.sku_number, &line.components);
            let measure = if planted!(HoldOnHeld) { Stock::sellable } else { Stock::available };
            let units = whole_units(decision.rows, takes(), *location, measure)?.min(wanted);
            if units > 0 {
                for (sku, per) in takes() {
                    decision.rows.stock_mut(StockNumber::of(sku, *location))?.held += per * units;
                }
                claims.push(HoldClaim { line: index as u32, location: *location, quantity: units });
                wanted -= units;
            }
            if wanted == 0 {
                break;
            }
        }
        if wanted > 0 {
            let detail = format!("{} wanted, {} available", line.quantity, line.quantity - wanted);
            short.add(Code::InsufficientStock, || format!("lines[{index}]"), detail);
        }
    }
    short.check()?;

    let hold = Hold {
        number: decision.next_event()?,
        id: command.hold.clone(),
        channel: channel.channel.clone(),
        expires_at_ms,
        fingerprint,
        lines,
        claims,
    };
    let held = held(decision, &hold)?;
    decision.rows.set_hold(&command.hold, Some(hold))?;
    decision.note(EventKind::HoldPlaced, &held)?;
    Ok(Answer::Held(held))
}

fn hold_skus(decision: &Decision<'_>, command: &PlaceHold, faults: &mut Faults) -> Result<Vec<Arc<Sku>>, Stop> {
    if command.lines.is_empty() {
        faults.add(Code::LinesMissing, || "lines".into(), "at least one is needed");
    }
    if command.lines.len() > LINES_MAX {
        faults.add(Code::TooManyLines, || "lines".into(), format!("more than {LINES_MAX}"));
        return Ok(Vec::new());
    }
    let mut skus = Vec::with_capacity(command.lines.len());
    for (index, line) in command.lines.iter().enumerate() {
        if !is_orderable(line.quantity) {
            let at = || format!("lines[{index}].quantity");
            faults.add(Code::QuantityOutOfRange, at, format!("not 1 to {QUANTITY_MAX}"));
        }
        let at = || format!("lines[{index}].sku");
        match name_fault(&line.sku, SKU_BYTES_MAX) {
            Some(fault) => faults.add(Code::IdInvalid, at, fault),
            None => match decision.rows.sku(&line.sku)? {
                Some(sku) => skus.push(Arc::clone(sku)),
                None => faults.add(Code::SkuUnknown, at, "is not registered"),
            },
        }
    }
    Ok(skus)
}

fn expiry(decision: &Decision<'_>, lives_ms: i64, faults: &mut Faults) -> i64 {
    let lives = if (1..=HOLD_MS_MAX).contains(&lives_ms) { lives_ms } else { 0 };
    if lives == 0 {
        faults.add(Code::TimeOutOfRange, || "lives_ms".into(), format!("not 1 to {HOLD_MS_MAX}"));
    }
    (decision.now_ms + lives).min(TIME_MS_MAX)
}

pub(crate) fn extend_hold(decision: &mut Decision<'_>, command: &ExtendHold) -> Result<Answer, Stop> {
    let mut faults = Faults::default();
    let expires_at_ms = expiry(decision, command.lives_ms, &mut faults);
    let hold = live_hold(decision, &command.hold, &mut faults)?;
    faults.check()?;
    let Some(hold) = hold else {
        return Err(hold_missing().into());
    };
    if hold.expires_at_ms == expires_at_ms {
        return Ok(Answer::Unchanged);
    }
    let extended = Hold { expires_at_ms, ..(*hold).clone() };
    decision.rows.set_hold(&command.hold, Some(extended))?;
    decision.note(EventKind::HoldExtended, &HoldEnd { hold: command.hold.clone(), expires_at_ms })?;
    Ok(Answer::Held(held(decision, &Hold { expires_at_ms, ..(*hold).clone() })?))
}

pub(crate) fn release_hold(decision: &mut Decision<'_>, command: &ReleaseHold) -> Result<Answer, Stop> {
    let mut faults = Faults::default();
    let hold = live_hold(decision, &command.hold, &mut faults)?;
    faults.check()?;
    let Some(hold) = hold else {
        return Err(hold_missing().into());
    };
    end_hold(decision, &hold, &HoldEnds::Released)?;
    Ok(Answer::Done)
}

pub(crate) fn tick(decision: &mut Decision<'_>, command: &Tick) -> Result<Answer, Stop> {
    if !(1..=10_000).contains(&command.limit) {
        return Err(Rejection::one(Code::QuantityOutOfRange, "limit", "not 1 to 10000").into());
    }
    let query = Query::DueHolds { now_ms: decision.now_ms, limit: command.limit };
    let Found::Holds(ids) = decision.rows.found(&query)?.clone() else {
        return Ok(Answer::Unchanged);
    };
    let mut expired = 0;
    for id in &ids {
        if let Some(hold) = decision.rows.hold(id)?.cloned() {
            end_hold(decision, &hold, &HoldEnds::Expired)?;
            expired += 1;
        }
    }
    Ok(Answer::Ticked(Ticked { expired, more: ids.len() == command.limit as usize }))
}

/// The hold, if it is live at the decision's time; else a fault.
fn live_hold(decision: &Decision<'_>, id: &str, faults: &mut Faults) -> Result<Option<Arc<Hold>>, Stop> {
    if let Some(fault) = name_fault(id, ID_BYTES_MAX) {
        faults.add(Code::IdInvalid, || "hold".into(), fault);
        return Ok(None);
    }
    let hold = decision.rows.hold(id)?.filter(|hold| hold.expires_at_ms > decision.now_ms);
    if hold.is_none() {
        faults.add(Code::HoldUnknown, || "hold".into(), "is gone");
    }
    Ok(hold.cloned())
}

fn hold_missing() -> Rejection {
    Rejection::one(Code::HoldUnknown, "hold", "is gone")
}

/// Takes a hold away and gives its units back.
pub(crate) fn end_hold(decision: &mut Decision<'_>, hold: &Hold, ends: &HoldEnds<'_>) -> Result<(), Stop> {
    for (stock, quantity) in hold.claimed().filter(|_| !planted!(LostRelease)) {
        decision.rows.stock_mut(stock)?.held -= quantity;
    }
    decision.rows.set_hold(&hold.id, None)?;
    let end = HoldEnd { hold: hold.id.clone(), expires_at_ms: hold.expires_at_ms };
    match ends {
        HoldEnds::Released => decision.note(EventKind::HoldReleased, &end),
        HoldEnds::Expired => decision.note(EventKind::HoldExpired, &end),
        HoldEnds::Converted(order) => {
            let conversion = HoldConversion { hold: hold.id.clone(), order: (*order).clone() };
            decision.note(EventKind::HoldConverted, &conversion)
        }
    }
}

/// Ends expired holds on a stock row, if without them there is less than wanted.
pub(crate) fn expire_in_the_way(decision: &mut Decision<'_>, number: StockNumber, wanted: i64) -> Result<(), Stop> {
    let stock = decision.rows.stock(number)?;
    if stock.held == 0 || stock.available() >= wanted {
        return Ok(());
    }
    let Found::Holds(ids) = decision.rows.found(&Query::HoldsOn(number))?.clone() else {
        return Ok(());
    };
    for id in &ids {
        let expired = decision.rows.hold(id)?.filter(|hold| hold.expires_at_ms <= decision.now_ms).cloned();
        if let Some(hold) = expired {
            end_hold(decision, &hold, &HoldEnds::Expired)?;
        }
    }
    Ok(())
}

/// The units free at each location for what is wanted, once expired holds are out of the way.
pub(crate) fn free_units(
    decision: &mut Decision<'_>,
    demands: &[Demand<'_>],
    locations: &[LocationNumber],
) -> Result<FreeUnits, Stop> {
    let mut wanted = FreeUnits::default();
    let mut rows = Vec::new();
    for demand in demands {
        for (sku, per) in takes(demand.sku, demand.components) {
            for location in locations {
                let number = StockNumber::of(sku, *location);
                let sum = wanted.entry(number).or_insert_with(|| {
                    rows.push(number);
                    0
                });
                *sum = sum.saturating_add(per.saturating_mul(demand.quantity));
            }
        }
    }
    let mut free = FreeUnits::default();
    for number in rows {
        expire_in_the_way(decision, number, wanted[&number])?;
        free.insert(number, decision.rows.stock(number)?.available());
    }
    Ok(free)
}

/// How many whole units of a SKU or bundle a location has, by the measure given; at least 0.
pub(crate) fn whole_units(
    rows: &WorkingSet,
    takes: impl Iterator<Item = (crate::ids::SkuNumber, i64)>,
    location: LocationNumber,
    measure: fn(&Stock) -> i64,
) -> Result<i64, Stop> {
    let mut units = i64::MAX;
    for (sku, per) in takes {
        units = units.min(measure(rows.stock(StockNumber::of(sku, location))?).div_euclid(per));
    }
    Ok(units.max(0))
}

fn held(decision: &Decision<'_>, hold: &Hold) -> Result<HeldStock, Stop> {
    let mut claims = Vec::with_capacity(hold.claims.len());
    for claim in &hold.claims {
        let sku = hold.lines[claim.line as usize].sku.clone();
        claims.push(HeldUnits { sku, location: decision.location_name(claim.location)?, quantity: claim.quantity });
    }
    Ok(HeldStock { hold: hold.id.clone(), channel: hold.channel.clone(), expires_at_ms: hold.expires_at_ms, claims })
}
