//! Changing levels: receiving, adjusting, counting, transferring, and the policy of a stock row. What the
//! freed or lost units mean for waiting and claimed orders is settled after every command, in one place
//! (`engine/settle.rs`).

use crate::code::{Code, Faults, Rejection};
use crate::engine::{Answer, Decision, Stop};
use crate::ids::{
    ID_BYTES_MAX, LINES_MAX, LocationNumber, Name, SKU_BYTES_MAX, SkuNumber, StockNumber, name_fault, text_fault,
};
use crate::inventory::{
    AdjustStock, CountStock, MovedStock, Reason, ReceiveStock, SetStockPolicy, Source, StockLine, TransferStock,
    expire_in_the_way,
};
use crate::planted::planted;
use crate::quantity::{LEVEL_MAX, QUANTITY_MAX, is_level, is_orderable};

pub(crate) fn receive(decision: &mut Decision<'_>, command: &ReceiveStock) -> Result<Answer, Stop> {
    let mut faults = Faults::default();
    let location = known_location(decision, "location", &command.location, &mut faults)?;
    let skus = stock_lines(decision, &command.lines, &mut faults)?;
    let reference = reference(command.reference.as_deref(), &mut faults);
    faults.check()?;
    let reason = match command.source {
        Source::Supply => Reason::Received,
        Source::Customer => Reason::Returned,
    };
    let mut difference = 0;
    let mut touched = Vec::with_capacity(skus.len());
    for (sku, line) in skus.into_iter().zip(&command.lines) {
        touched.push(StockNumber::of(sku, location));
        decision.move_stock(StockNumber::of(sku, location), line.quantity, reason, &reference)?;
        difference += line.quantity;
    }
    let shortfall = shortfall(decision, touched)?;
    Ok(Answer::Moved(MovedStock { difference, shortfall, reason }))
}

/// The units by which claims pass the stock present, once expired holds are out of the way.
fn shortfall(decision: &mut Decision<'_>, mut touched: Vec<StockNumber>) -> Result<i64, Stop> {
    touched.sort_unstable();
    touched.dedup();
    let mut sum = 0;
    for number in touched {
        if decision.rows.stock(number)?.shortfall() > 0 {
            expire_in_the_way(decision, number, i64::MAX)?;
            sum += decision.rows.stock(number)?.shortfall();
        }
    }
    Ok(sum)
}

pub(crate) fn adjust(decision: &mut Decision<'_>, command: &AdjustStock) -> Result<Answer, Stop> {
    let mut faults = Faults::default();
    if command.difference == 0 || !(-QUANTITY_MAX..=QUANTITY_MAX).contains(&command.difference) {
        let detail = format!("not 1 to {QUANTITY_MAX} either way");
        faults.add(Code::QuantityOutOfRange, || "difference".into(), detail);
    }
    if command.lost && command.difference > 0 {
        faults.add(Code::QuantityOutOfRange, || "difference".into(), "lost units go, they do not come");
    }
    let stock = stock_row(decision, &command.sku, &command.location, &mut faults)?;
    let reference = reference(command.reference.as_deref(), &mut faults);
    faults.check()?;
    let reason = if command.lost { Reason::Lost } else { Reason::Adjusted };
    correct(decision, stock, command.difference, reason, &reference)
}

pub(crate) fn count(decision: &mut Decision<'_>, command: &CountStock) -> Result<Answer, Stop> {
    let mut faults = Faults::default();
    if !is_level(command.counted) {
        faults.add(Code::QuantityOutOfRange, || "counted".into(), format!("not 0 to {QUANTITY_MAX}"));
    }
    if command.expected.is_some_and(|expected| !(0..=LEVEL_MAX).contains(&expected)) {
        faults.add(Code::QuantityOutOfRange, || "expected".into(), format!("not 0 to {LEVEL_MAX}"));
    }
    let stock = stock_row(decision, &command.sku, &command.location, &mut faults)?;
    let reference = reference(command.reference.as_deref(), &mut faults);
    faults.check()?;
    let on_hand = decision.rows.stock(stock)?.on_hand;
    let expected = command.expected.filter(|_| !planted!(CountUndoesSales));
    let difference = command.counted - expected.unwrap_or(on_hand);
    if difference == 0 {
        return Ok(Answer::Unchanged);
    }
    correct(decision, stock, difference, Reason::Counted, &reference)
}

/// Books the difference to what a warehouse says it has.
pub(crate) fn count_in(
    decision: &mut Decision<'_>,
    number: StockNumber,
    difference: i64,
    reference: &Name,
) -> Result<(), Stop> {
    correct(decision, number, difference, Reason::Counted, reference).map(drop)
}

/// Books a difference that somebody found. Units that are gone take unavailable ones along where fewer
/// are left than were unavailable.
fn correct(
    decision: &mut Decision<'_>,
    number: StockNumber,
    difference: i64,
    reason: Reason,
    reference: &Name,
) -> Result<Answer, Stop> {
    let stock = decision.rows.stock(number)?;
    let left = stock.on_hand + difference;
    if left >= 0 && left < stock.unavailable {
        decision.rows.stock_mut(number)?.unavailable = left;
    }
    decision.move_stock(number, difference, reason, reference)?;
    let shortfall = shortfall(decision, vec![number])?;
    Ok(Answer::Moved(MovedStock { difference, shortfall, reason }))
}

pub(crate) fn transfer(decision: &mut Decision<'_>, command: &TransferStock) -> Result<Answer, Stop> {
    let mut faults = Faults::default();
    let from = known_location(decision, "from", &command.from, &mut faults)?;
    let to = known_location(decision, "to", &command.to, &mut faults)?;
    if command.from == command.to {
        faults.add(Code::DuplicateEntry, || "to".into(), "is where the units are");
    }
    let skus = stock_lines(decision, &command.lines, &mut faults)?;
    let reference = reference(command.reference.as_deref(), &mut faults);
    faults.check()?;
    let mut short = Faults::default();
    let mut touched = Vec::with_capacity(2 * skus.len());
    for (index, (sku, line)) in skus.into_iter().zip(&command.lines).enumerate() {
        let (leaves, comes) = (StockNumber::of(sku, from), StockNumber::of(sku, to));
        expire_in_the_way(decision, leaves, line.quantity)?;
        // Safety stock may be moved: it is withheld from sale, not from the warehouse.
        let stock = decision.rows.stock(leaves)?;
        let movable = (stock.available() + stock.safety_stock).max(0);
        if movable < line.quantity {
            let detail = format!("{} wanted, {movable} unclaimed", line.quantity);
            short.add(Code::InsufficientStock, || format!("lines[{index}]"), detail);
            continue;
        }
        if !planted!(TransferCreates) {
            decision.move_stock(leaves, -line.quantity, Reason::Transferred, &reference)?;
        }
        decision.move_stock(comes, line.quantity, Reason::Transferred, &reference)?;
        touched.extend([leaves, comes]);
    }
    short.check()?;
    let shortfall = shortfall(decision, touched)?;
    Ok(Answer::Moved(MovedStock { difference: 0, shortfall, reason: Reason::Transferred }))
}

pub(crate) fn policy(decision: &mut Decision<'_>, command: &SetStockPolicy) -> Result<Answer, Stop> {
    let mut faults = Faults::default();
    let given = [
        ("safety_stock", command.safety_stock),
        ("backorder_limit", command.backorder_limit),
        ("unavailable", command.unavailable),
    ];
    for (field, quantity) in given {
        if quantity.is_some_and(|quantity| !is_level(quantity)) {
            faults.add(Code::QuantityOutOfRange, || field.into(), format!("not 0 to {QUANTITY_MAX}"));
        }
    }
    let number = stock_row(decision, &command.sku, &command.location, &mut faults)?;
    faults.check()?;
    let before = *decision.rows.stock(number)?;
    if command.unavailable.is_some_and(|unavailable| unavailable > before.on_hand) {
        let detail = format!("more than the {} units on hand", before.on_hand);
        return Err(Rejection::one(Code::NotOnHand, "unavailable", detail).into());
    }
    let mut after = before;
    after.safety_stock = command.safety_stock.unwrap_or(before.safety_stock);
    after.backorder_limit = command.backorder_limit.unwrap_or(before.backorder_limit);
    after.unavailable = command.unavailable.unwrap_or(before.unavailable);
    if after == before {
        return Ok(Answer::Unchanged);
    }
    *decision.rows.stock_mut(number)? = after;
    Ok(Answer::Done)
}

/// The location's number; where it is not known, a fault and a number that is never used.
fn known_location(
    decision: &Decision<'_>,
    field: &'static str,
    name: &str,
    faults: &mut Faults,
) -> Result<LocationNumber, Stop> {
    if let Some(fault) = name_fault(name, ID_BYTES_MAX) {
        faults.add(Code::IdInvalid, || field.into(), fault);
    } else if let Some(number) = decision.location(name)? {
        return Ok(number);
    } else {
        faults.add(Code::LocationUnknown, || field.into(), "is not registered");
    }
    Ok(LocationNumber(0))
}

fn stock_row(decision: &Decision<'_>, sku: &str, location: &str, faults: &mut Faults) -> Result<StockNumber, Stop> {
    let sku = stocked_sku(decision, sku, || "sku".into(), faults)?;
    let location = known_location(decision, "location", location, faults)?;
    Ok(StockNumber::of(sku, location))
}

/// The number of a SKU that holds stock itself; else a fault and a number that is never used.
fn stocked_sku(
    decision: &Decision<'_>,
    sku: &str,
    at: impl FnOnce() -> String,
    faults: &mut Faults,
) -> Result<SkuNumber, Stop> {
    if let Some(fault) = name_fault(sku, SKU_BYTES_MAX) {
        faults.add(Code::IdInvalid, at, fault);
        return Ok(SkuNumber(0));
    }
    match decision.rows.sku(sku)? {
        None => faults.add(Code::SkuUnknown, at, "is not registered"),
        Some(sku) if !sku.components.is_empty() => faults.add(Code::SkuIsBundle, at, "is a bundle"),
        Some(sku) => return Ok(sku.number),
    }
    Ok(SkuNumber(0))
}

/// The SKUs of delivery-note lines, one a line.
fn stock_lines(decision: &Decision<'_>, lines: &[StockLine], faults: &mut Faults) -> Result<Vec<SkuNumber>, Stop> {
    if lines.is_empty() {
        faults.add(Code::LinesMissing, || "lines".into(), "at least one is needed");
    }
    if lines.len() > LINES_MAX {
        faults.add(Code::TooManyLines, || "lines".into(), format!("more than {LINES_MAX}"));
        return Ok(Vec::new());
    }
    let mut skus = Vec::with_capacity(lines.len());
    for (index, line) in lines.iter().enumerate() {
        skus.push(stocked_sku(decision, &line.sku, || format!("lines[{index}].sku"), faults)?);
        if !is_orderable(line.quantity) {
            let at = || format!("lines[{index}].quantity");
            faults.add(Code::QuantityOutOfRange, at, format!("not 1 to {QUANTITY_MAX}"));
        }
    }
    Ok(skus)
}

fn reference(text: Option<&str>, faults: &mut Faults) -> Name {
    let text = text.unwrap_or_default();
    if let Some(fault) = text_fault(text, ID_BYTES_MAX) {
        faults.add(Code::TextInvalid, || "reference".into(), fault);
    }
    text.into()
}
