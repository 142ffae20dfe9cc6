//! A warehouse's stock beside ours. A report is a picture of the past: what moved since it was taken is not judged
//! by it, and fewer units than we have may be a shipment that we have not heard of yet.

use crate::code::{Code, Faults, Rejection};
use crate::engine::{Answer, Decision, Found, Query, RecordKey, Stop};
use crate::fulfillment::{ComparedStock, NoteWarehouseStock, StockDrift, StockReports, Warehouse, WarehouseStock};
use crate::ids::{LINES_MAX, LocationNumber, Name, SKU_BYTES_MAX, StockNumber, name_fault};
use crate::inventory::count_in;
use crate::outbox::{EventKind, take_in};
use crate::quantity::{QUANTITY_MAX, is_level};

/// How old a report may be.
const AGE_MS_MAX: i64 = 24 * 3_600_000;
/// By how much a warehouse's clock may differ from ours: movements that are this much older than the report are
/// taken for later ones.
const CLOCKS_APART_MS: i64 = 60_000;

pub(crate) fn note_stock(decision: &mut Decision<'_>, command: &NoteWarehouseStock) -> Result<Answer, Stop> {
    let mut faults = Faults::default();
    if !take_in(decision, command.message.as_ref(), &mut faults)? {
        return Ok(Answer::Unchanged);
    }
    let location = super::register::location(decision, &command.location, &mut faults)?;
    // No location has the number 0, which one that is not registered is given.
    let warehouse = match location {
        LocationNumber(0) => None,
        number => decision.rows.record::<Warehouse>(&RecordKey::Warehouse(number))?.cloned(),
    };
    if warehouse.is_none() && location != LocationNumber(0) {
        faults.add(Code::WarehouseUnknown, || "location".into(), "no warehouse runs it");
    }
    judge(&command.stock, &mut faults);
    faults.check()?;
    let Some(warehouse) = warehouse else {
        return Err(Rejection::one(Code::WarehouseUnknown, "location", "no warehouse runs it").into());
    };
    let taken_at_ms = command.stock.taken_at_ms;
    let (oldest, newest) = (decision.now_ms - AGE_MS_MAX, decision.now_ms + CLOCKS_APART_MS);
    if taken_at_ms < oldest.max(warehouse.stock_taken_at_ms) || taken_at_ms > newest {
        let detail = format!("taken at {taken_at_ms}, the last one used at {}", warehouse.stock_taken_at_ms);
        return Err(Rejection::one(Code::StockReportStale, "stock.taken_at_ms", detail).into());
    }
    decision.rows.set_record(Warehouse { stock_taken_at_ms: taken_at_ms, ..warehouse.clone() })?;
    compare(decision, location, warehouse.stock, &command.stock).map(Answer::StockCompared)
}

/// Uses the answer to a check, if it is of use: a stale or a wrong one is passed over.
pub(super) fn note_checked(decision: &mut Decision<'_>, location: &Name, stock: &WarehouseStock) -> Result<(), Stop> {
    let mut faults = Faults::default();
    judge(stock, &mut faults);
    let Some(location) = decision.location(location)?.filter(|_| faults.is_empty()) else {
        return Ok(());
    };
    let Some(warehouse) = decision.rows.record::<Warehouse>(&RecordKey::Warehouse(location))?.cloned() else {
        return Ok(());
    };
    let (oldest, newest) = (decision.now_ms - AGE_MS_MAX, decision.now_ms + CLOCKS_APART_MS);
    if (oldest.max(warehouse.stock_taken_at_ms)..=newest).contains(&stock.taken_at_ms) {
        compare(decision, location, warehouse.stock, stock)?;
    }
    Ok(())
}

fn judge(stock: &WarehouseStock, faults: &mut Faults) {
    if !crate::time::in_range(stock.taken_at_ms) {
        faults.add(Code::TimeOutOfRange, || "stock.taken_at_ms".into(), "not 1970 to 9999");
    }
    if stock.levels.is_empty() {
        faults.add(Code::LinesMissing, || "stock.levels".into(), "at least one is needed");
    }
    if stock.levels.len() > LINES_MAX {
        faults.add(Code::TooManyLines, || "stock.levels".into(), format!("more than {LINES_MAX}"));
        return;
    }
    let mut seen = rustc_hash::FxHashSet::default();
    for (at, level) in stock.levels.iter().enumerate() {
        if let Some(fault) = name_fault(&level.sku, SKU_BYTES_MAX) {
            faults.add(Code::IdInvalid, || format!("stock.levels[{at}].sku"), fault);
        } else if !seen.insert(level.sku.as_str()) {
            faults.add(Code::DuplicateEntry, || format!("stock.levels[{at}].sku"), "stands twice");
        }
        if !is_level(level.on_hand) {
            let detail = format!("not 0 to {QUANTITY_MAX}");
            faults.add(Code::QuantityOutOfRange, || format!("stock.levels[{at}].on_hand"), detail);
        }
    }
}

/// What a reported level says about ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Agree,
    Unsettled,
    Drift,
}

fn verdict(on_hand: i64, allocated: i64, reported: i64, moved_since: bool) -> Verdict {
    let difference = reported - on_hand;
    match difference {
        _ if moved_since => Verdict::Unsettled,
        0 => Verdict::Agree,
        // Fewer, but not by more than what is claimed there: it may have left already.
        _ if difference < 0 && -difference <= allocated => Verdict::Unsettled,
        _ => Verdict::Drift,
    }
}

fn compare(
    decision: &mut Decision<'_>,
    location: LocationNumber,
    policy: StockReports,
    stock: &WarehouseStock,
) -> Result<ComparedStock, Stop> {
    let query = Query::MovedSince { location, at_ms: stock.taken_at_ms - CLOCKS_APART_MS };
    let Found::Moved(moved) = decision.rows.found(&query)?.clone() else {
        return Ok(ComparedStock::default());
    };
    decision.rows.need_stock(location, stock.levels.iter().map(|level| level.sku.as_str()))?;
    let mut compared = ComparedStock::default();
    let location_name = decision.location_name(location)?;
    for level in &stock.levels {
        let Some(sku) = decision.rows.sku(&level.sku)?.filter(|sku| sku.components.is_empty()).cloned() else {
            compared.unknown.push(level.sku.clone());
            continue;
        };
        let number = StockNumber::of(sku.number, location);
        let row = *decision.rows.stock(number)?;
        match verdict(row.on_hand, row.allocated, level.on_hand, moved.binary_search(&number).is_ok()) {
            Verdict::Agree => compared.agree += 1,
            Verdict::Unsettled => compared.unsettled += 1,
            Verdict::Drift => {
                let counted_in = policy == StockReports::CountIn;
                if counted_in {
                    count_in(decision, number, level.on_hand - row.on_hand, &location_name)?;
                }
                let drift = StockDrift {
                    sku: sku.sku.clone(),
                    location: location_name.clone(),
                    on_hand: row.on_hand,
                    reported: level.on_hand,
                    counted_in,
                };
                decision.note(EventKind::StockDrifted, &drift)?;
                compared.drifts.push(drift);
            }
        }
    }
    Ok(compared)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_level_says() {
        let cases = [
            // on hand, allocated, reported, moved since
            (10, 0, 10, false, Verdict::Agree),
            (10, 0, 12, false, Verdict::Drift),
            (10, 0, 7, false, Verdict::Drift),
            (10, 3, 7, false, Verdict::Unsettled),
            (10, 2, 7, false, Verdict::Drift),
            (10, 5, 12, false, Verdict::Drift),
            (10, 0, 12, true, Verdict::Unsettled),
            (10, 0, 10, true, Verdict::Unsettled),
            (0, 0, 0, false, Verdict::Agree),
        ];
        for (on_hand, allocated, reported, moved, expected) in cases {
            assert_eq!(verdict(on_hand, allocated, reported, moved), expected, "{on_hand} {allocated} {reported}");
        }
    }
}
