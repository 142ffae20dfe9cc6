//! Orders of shops. A shop tells an order as it is now; what is told is compared with what was taken in before, and
//! the order is placed, changed or cancelled by the order module's own rules. What is older changes nothing.

use std::collections::BTreeMap;

use crate::channel::batches::rest;
use crate::channel::connect::judge_channel;
use crate::channel::quantity::{count_down, next};
use crate::channel::{
    ChannelLine, ChannelOrder, ChannelSettings, ConflictingOrder, Listing, TakeChannelOrder, TakenOrder,
};
use crate::code::{Code, Faults, Rejection};
use crate::engine::{Answer, Decision, Needs, RecordKey, Stop, WorkingSet};
use crate::fulfillment;
use crate::ids::{ID_BYTES_MAX, KEY_BYTES_MAX, LINES_MAX, Name, OrderNumber, TEXT_BYTES_MAX, name_fault, text_fault};
use crate::order::{self, CancelOrder, EditOrder, LineQuantity, NewLine, NewOrder, Order, OrderState};
use crate::outbox::{EventKind, foresee_message, take_in};
use crate::quantity::{QUANTITY_MAX, is_level};
use crate::time::in_range;

fn key_of(order: &ChannelOrder) -> RecordKey {
    RecordKey::TakenOrder(order.channel.as_str().into(), order.id.as_str().into())
}

pub(crate) fn take_order(decision: &mut Decision<'_>, command: &TakeChannelOrder) -> Result<Answer, Stop> {
    let told = &command.order;
    let mut faults = Faults::default();
    if !take_in(decision, command.message.as_ref(), &mut faults)? {
        return Ok(Answer::Unchanged);
    }
    let known = match is_named(told) {
        true => decision.rows.record::<TakenOrder>(&key_of(told))?.cloned(),
        false => None,
    };
    let is_older =
        |known: &TakenOrder| (told.updated_at_ms, told.told_at_ms) <= (known.updated_at_ms, known.told_at_ms);
    if let Some(known) = known.filter(|known| is_older(known) || known.order != OrderNumber(0)) {
        judge(decision, told, &mut faults)?;
        faults.check()?;
        return if is_older(&known) { Ok(Answer::Unchanged) } else { follow(decision, told, known) };
    }
    take(decision, told, faults)
}

/// Whether an order can be looked for.
fn is_named(told: &ChannelOrder) -> bool {
    [&told.id, &told.channel].iter().all(|name| name_fault(name, ID_BYTES_MAX).is_none())
}

fn judge(decision: &Decision<'_>, told: &ChannelOrder, faults: &mut Faults) -> Result<(), Stop> {
    if let Some(fault) = name_fault(&told.id, ID_BYTES_MAX) {
        faults.add(Code::IdInvalid, || "order.id".into(), fault);
    }
    let mut of_channel = Faults::default();
    judge_channel(decision, &told.channel, &mut of_channel)?;
    if let Some(rejection) = of_channel.into_rejection() {
        faults.absorb(of_told(rejection, &[], &[]));
    }
    if let Some(fault) = name_fault(&told.reference, KEY_BYTES_MAX) {
        faults.add(Code::IdInvalid, || "order.reference".into(), fault);
    }
    for (field, at_ms) in
        [("placed_at_ms", told.placed_at_ms), ("updated_at_ms", told.updated_at_ms), ("told_at_ms", told.told_at_ms)]
    {
        if !in_range(at_ms) {
            faults.add(Code::TimeOutOfRange, || format!("order.{field}"), "not 1970 to 9999");
        }
    }
    if let Some(fault) = told.cancel_reason.as_deref().and_then(|reason| text_fault(reason, TEXT_BYTES_MAX)) {
        faults.add(Code::TextInvalid, || "order.cancel_reason".into(), fault);
    }
    if told.lines.len() > LINES_MAX {
        faults.add(Code::TooManyLines, || "order.lines".into(), format!("more than {LINES_MAX}"));
        return Ok(());
    }
    let mut seen = rustc_hash::FxHashSet::default();
    for (at, line) in told.lines.iter().enumerate() {
        if let Some(fault) = name_fault(&line.line, KEY_BYTES_MAX) {
            faults.add(Code::IdInvalid, || format!("order.lines[{at}].line"), fault);
        } else if !seen.insert(line.line.as_str()) {
            faults.add(Code::DuplicateEntry, || format!("order.lines[{at}].line"), "stands twice");
        }
        if !is_level(line.quantity) {
            let detail = format!("not 0 to {QUANTITY_MAX}");
            faults.add(Code::QuantityOutOfRange, || format!("order.lines[{at}].quantity"), detail);
        }
    }
    Ok(())
}

/// What the order module says of its own commands, said of what the shop told: `lines` and `add` say which of the told
/// lines stand there.
fn of_told(mut rejection: Rejection, lines: &[usize], add: &[usize]) -> Rejection {
    for fault in &mut rejection.faults {
        let index = |field: &str, told: &[usize]| {
            let (index, rest) = fault.at.strip_prefix(field)?.strip_prefix('[')?.split_once(']')?;
            Some(format!("order.lines[{}]{rest}", told.get(index.parse::<usize>().ok()?)?))
        };
        fault.at = match &*fault.at {
            "" => "order".to_owned(),
            "add" => "order.lines".to_owned(),
            "order" => "order.id".to_owned(),
            "reason" => "order.cancel_reason".to_owned(),
            at => index("lines", lines).or_else(|| index("add", add)).unwrap_or_else(|| format!("order.{at}")),
        };
    }
    rejection
}

fn in_told(stop: Stop, lines: &[usize], add: &[usize]) -> Stop {
    match stop {
        Stop::Reject(rejection) => Stop::Reject(of_told(rejection, lines, add)),
        stop => stop,
    }
}

/// Takes in an order that is not known yet, or of which nothing was ours so far.
fn take(decision: &mut Decision<'_>, told: &ChannelOrder, mut faults: Faults) -> Result<Answer, Stop> {
    // Lines that are wrong are judged with the others.
    let places: Vec<usize> = (0..told.lines.len()).filter(|at| told.lines[*at].quantity != 0).collect();
    let lines: Vec<&ChannelLine> = places.iter().map(|at| &told.lines[*at]).collect();
    if told.cancelled || lines.is_empty() {
        judge(decision, told, &mut faults)?;
        faults.check()?;
        // Remembered, so that an older telling that comes later does not place it.
        remember(decision, told, OrderNumber(0), Vec::new())?;
        return Ok(Answer::Done);
    }
    if name_fault(&told.id, ID_BYTES_MAX).is_none() && decision.rows.order_in_the_way(&told.id)?.is_some() {
        return Err(Rejection::one(Code::OrderExists, "order.id", "an order with this id was placed otherwise").into());
    }
    let new = NewOrder {
        id: told.id.clone(),
        channel: told.channel.clone(),
        currency: told.currency.clone(),
        lines: lines.iter().map(|line| new_line(line)).collect(),
        policy: told.policy,
        totals: told.totals.clone(),
        ship_to: told.ship_to.clone(),
        note: told.note.clone(),
        metadata: told.metadata.clone(),
        ..NewOrder::default()
    };
    judge(decision, told, &mut faults)?;
    let mut of_order = Faults::default();
    let judged = order::judge(decision, &new, &mut of_order)?;
    if let Some(rejection) = of_order.into_rejection() {
        faults.absorb(of_told(rejection, &places, &[]));
    }
    faults.check()?;
    let answer = order::place_judged(decision, &new, judged).map_err(|stop| in_told(stop, &places, &[]))?;
    let Answer::OrderPlaced(placed) = &answer else {
        return Ok(answer);
    };
    let names = lines.iter().map(|line| line.line.clone()).collect();
    remember(decision, told, OrderNumber(placed.number), names)?;
    let sold = lines.iter().map(|line| (line.sku.as_str(), line.quantity));
    sold_by_shop(decision, &told.channel, sold, told.placed_at_ms)?;
    Ok(answer)
}

fn new_line(line: &ChannelLine) -> NewLine {
    NewLine { sku: line.sku.clone(), quantity: line.quantity, unit_price_minor: line.unit_price_minor }
}

fn remember(
    decision: &mut Decision<'_>,
    told: &ChannelOrder,
    order: OrderNumber,
    lines: Vec<String>,
) -> Result<(), Stop> {
    decision.rows.set_record(TakenOrder {
        channel: told.channel.as_str().into(),
        id: told.id.as_str().into(),
        order,
        reference: told.reference.clone(),
        placed_at_ms: told.placed_at_ms,
        updated_at_ms: told.updated_at_ms,
        told_at_ms: told.told_at_ms,
        lines,
    })
}

/// The shop sold units: it shows fewer of its own accord, where it does so.
fn sold_by_shop<'l>(
    decision: &mut Decision<'_>,
    channel: &str,
    sold: impl Iterator<Item = (&'l str, i64)>,
    placed_at_ms: i64,
) -> Result<(), Stop> {
    let key = RecordKey::ChannelSettings(channel.into());
    let Some(settings) = decision.rows.record::<ChannelSettings>(&key)?.cloned() else {
        return Ok(());
    };
    if !settings.policy.shop_counts_down {
        return Ok(());
    }
    let mut units: BTreeMap<RecordKey, i64> = BTreeMap::new();
    for (sku, quantity) in sold {
        if let Some(sku) = decision.rows.sku(sku)? {
            let sum = units.entry(RecordKey::Listing(settings.channel.clone(), sku.number)).or_default();
            *sum = sum.saturating_add(quantity);
        }
    }
    decision.rows.need_records(units.keys().cloned())?;
    for (key, units) in units {
        let Some(mut row) = decision.rows.record::<Listing>(&key)?.cloned() else { continue };
        count_down(&mut row, units, placed_at_ms);
        if row.delivery == 0 {
            let now = next(&row, settings.policy.drift_after_ms, decision.now_ms);
            // What it should show is reckoned when the stock that the order claims is seen to have changed.
            rest(decision, &mut row, now);
        }
        decision.rows.set_record(row)?;
    }
    Ok(())
}

/// What brings an order in step with what its shop tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Changes {
    /// All that is left is to be cancelled.
    cancel: bool,
    /// Lines with their new quantities.
    lines: Vec<LineQuantity>,
    /// Indexes of told lines that are new.
    add: Vec<usize>,
    /// Whether the address or the note changed.
    details: bool,
}

/// Compares an order with what its shop tells. A line that the shop does not mention stays as it is.
fn changes(order: &Order, taken: &TakenOrder, told: &ChannelOrder) -> Changes {
    let mut changes = Changes { cancel: told.cancelled, ..Changes::default() };
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    known.extend(taken.lines.iter().enumerate().map(|(at, line)| (line.as_str(), at)));
    let mut left: Vec<i64> = order.body.lines.iter().map(|line| line.quantity - line.cancelled).collect();
    for (at, line) in told.lines.iter().enumerate() {
        match known.get(line.line.as_str()).and_then(|index| left.get_mut(*index).map(|left| (*index, left))) {
            Some((index, left)) if *left != line.quantity => {
                *left = line.quantity;
                changes.lines.push(LineQuantity { line: index as u32 + 1, quantity: line.quantity });
            }
            Some(_) => {}
            None if line.quantity > 0 => changes.add.push(at),
            None => {}
        }
    }
    changes.cancel |= changes.add.is_empty() && left.iter().all(|left| *left == 0);
    let details = order.body.details.as_deref();
    let ship_to =
        told.ship_to.is_some() && details.and_then(|details| details.ship_to.as_ref()) != told.ship_to.as_ref();
    let note = told.note.is_some() && details.and_then(|details| details.note.as_ref()) != told.note.as_ref();
    changes.details = ship_to || note;
    changes
}

/// Brings an order in step with what its shop tells. What cannot be followed any more is said, not refused: the shop
/// would only tell it again.
fn follow(decision: &mut Decision<'_>, told: &ChannelOrder, taken: TakenOrder) -> Result<Answer, Stop> {
    let order = decision.rows.order(taken.order)?.clone();
    let mut names = taken.lines.clone();
    let changes = match order.body.pruned {
        true => Changes::default(),
        false => changes(&order, &taken, told),
    };
    let lines_change = !changes.lines.is_empty() || !changes.add.is_empty();
    let editable = [OrderState::Allocated, OrderState::PartlyAllocated, OrderState::Backordered].contains(&order.state);
    let handed = order.state == OrderState::InFulfillment;
    let answer = if changes.cancel {
        match order.state.is_closed() {
            true => Answer::Unchanged,
            false => {
                let reason = told.cancel_reason.clone();
                let cancel = CancelOrder { order: told.id.clone(), lines: None, reason };
                order::cancel(decision, &cancel).map_err(|stop| in_told(stop, &[], &[]))?
            }
        }
    } else if !lines_change && !changes.details {
        Answer::Unchanged
    } else if editable || (handed && !lines_change && fulfillment::can_readdress(decision, &order)?) {
        names.extend(changes.add.iter().map(|at| told.lines[*at].line.clone()));
        let add: Vec<NewLine> = changes.add.iter().map(|at| new_line(&told.lines[*at])).collect();
        let more: Vec<(String, i64)> = more_sold(&order, &changes, told);
        let changed: Vec<usize> =
            changes.lines.iter().filter_map(|change| told_at(&taken, told, change.line)).collect();
        let edit = EditOrder {
            order: told.id.clone(),
            lines: changes.lines,
            add,
            ship_to: told.ship_to.clone(),
            note: told.note.clone(),
        };
        let answer = order::edit(decision, &edit).map_err(|stop| in_told(stop, &changed, &changes.add))?;
        let more = more.iter().map(|(sku, units)| (sku.as_str(), *units));
        sold_by_shop(decision, &told.channel, more, told.updated_at_ms)?;
        answer
    } else {
        let why = match lines_change {
            true => format!("its lines changed there, and here it is {}", order.state.name()),
            false => format!("its address or note changed there, and here it is {}", order.state.name()),
        };
        let told = ConflictingOrder { channel: taken.channel.clone(), order: taken.id.clone(), why };
        decision.note(EventKind::ChannelOrderConflict, &told)?;
        Answer::Unchanged
    };
    remember(decision, told, taken.order, names)?;
    Ok(answer)
}

/// Where the shop tells a line of ours, by our number of it.
fn told_at(taken: &TakenOrder, told: &ChannelOrder, line: u32) -> Option<usize> {
    let name = taken.lines.get((line as usize).wrapping_sub(1))?;
    told.lines.iter().position(|line| line.line == *name)
}

/// The units that the shop sold with a change, by SKU.
fn more_sold(order: &Order, changes: &Changes, told: &ChannelOrder) -> Vec<(String, i64)> {
    let changed = changes.lines.iter().filter_map(|change| {
        let line = order.body.lines.get((change.line as usize).wrapping_sub(1))?;
        let more = change.quantity - (line.quantity - line.cancelled);
        (more > 0).then(|| (line.sku.to_string(), more))
    });
    let added = changes.add.iter().map(|at| (told.lines[*at].sku.clone(), told.lines[*at].quantity));
    changed.chain(added).collect()
}

/// Whether an order was not taken in before, as far as its names can be looked for.
pub(crate) fn is_new(decision: &Decision<'_>, told: &ChannelOrder) -> Result<bool, Stop> {
    match is_named(told) {
        true => Ok(decision.rows.record::<TakenOrder>(&key_of(told))?.is_none_or(|row| row.order == OrderNumber(0))),
        false => Ok(true),
    }
}

/// Forgets what was taken in of an order that is pruned.
pub(crate) fn forget(decision: &mut Decision<'_>, number: OrderNumber) -> Result<(), Stop> {
    let order = decision.rows.order(number)?;
    let key = RecordKey::TakenOrder(order.channel.clone(), order.id.clone());
    if decision.rows.record::<TakenOrder>(&key)?.is_some() {
        decision.rows.remove_record(&key)?;
    }
    Ok(())
}

/// Asks for what taking an order in is sure to need.
pub(crate) fn foresee_order(rows: &WorkingSet, command: &TakeChannelOrder, needs: &mut Needs) {
    let told = &command.order;
    foresee_message(rows, command.message.as_ref(), needs);
    if !is_named(told) {
        return;
    }
    let channel: Name = told.channel.as_str().into();
    let keys = [key_of(told), RecordKey::ChannelSettings(channel.clone())];
    rows.missing_records(keys.into_iter(), needs);
    rows.missing(None, Some(&told.id), None, needs);
    let Ok(catalog) = rows.catalog() else { return };
    let locations = catalog.channels.get(&channel).map(|channel| channel.locations.clone()).unwrap_or_default();
    for line in told.lines.iter().take(LINES_MAX) {
        rows.missing(Some(&line.sku), None, None, needs);
        rows.missing_stock(&line.sku, &locations, needs);
        if let Ok(Some(sku)) = rows.sku(&line.sku) {
            rows.missing_records(std::iter::once(RecordKey::Listing(channel.clone(), sku.number)), needs);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::{Allocation, Details, Line, OrderBody};

    fn order(lines: &[(i64, i64)]) -> Order {
        let line = |(quantity, cancelled): &(i64, i64)| Line {
            sku_number: crate::ids::SkuNumber(1),
            sku: "mug".into(),
            quantity: *quantity,
            unit_price_minor: 100,
            unfilled: 0,
            cancelled: *cancelled,
            returned: 0,
            components: std::sync::Arc::default(),
        };
        Order {
            number: OrderNumber(1),
            id: "s-1".into(),
            channel: "web".into(),
            currency: "EUR".into(),
            state: OrderState::Allocated,
            placed_at_ms: 0,
            closed_at_ms: None,
            fingerprint: Default::default(),
            body: OrderBody {
                lines: lines.iter().map(line).collect(),
                allocations: Vec::<Allocation>::new(),
                details: Some(Box::new(Details { note: Some("ring".into()), ..Details::default() })),
                ..OrderBody::default()
            },
        }
    }

    fn told(lines: &[(&str, i64)], cancelled: bool, note: Option<&str>) -> ChannelOrder {
        let line = |(line, quantity): &(&str, i64)| ChannelLine {
            line: (*line).to_owned(),
            sku: "mug".into(),
            quantity: *quantity,
            unit_price_minor: 100,
        };
        ChannelOrder {
            lines: lines.iter().map(line).collect(),
            cancelled,
            note: note.map(str::to_owned),
            ..ChannelOrder::default()
        }
    }

    #[test]
    fn faults_are_said_of_the_lines_that_the_shop_told() {
        let cases = [
            ("lines[1].sku", "order.lines[2].sku"),
            ("lines[0]", "order.lines[0]"),
            ("add[0]", "order.lines[4]"),
            ("lines[7].sku", "order.lines[7].sku"),
            ("lines", "order.lines"),
            ("add", "order.lines"),
            ("", "order"),
            ("order", "order.id"),
            ("reason", "order.cancel_reason"),
            ("ship_to.name", "order.ship_to.name"),
        ];
        for (at, expected) in cases {
            let told = of_told(Rejection::one(Code::SkuUnknown, at, ""), &[0, 2], &[4]);
            assert_eq!(told.faults[0].at, expected, "{at}");
        }
    }

    #[test]
    fn what_a_shop_tells_is_compared_with_what_was_taken_in() {
        let taken = TakenOrder {
            channel: "web".into(),
            id: "s-1".into(),
            order: OrderNumber(1),
            reference: "1".into(),
            placed_at_ms: 0,
            updated_at_ms: 0,
            told_at_ms: 0,
            lines: vec!["a".into(), "b".into()],
        };
        let order = order(&[(3, 0), (5, 2)]);
        let show = |told: &ChannelOrder| {
            let found = changes(&order, &taken, told);
            let lines: Vec<(u32, i64)> = found.lines.iter().map(|line| (line.line, line.quantity)).collect();
            (found.cancel, lines, found.add, found.details)
        };
        let cases = [
            // told, cancelled, note; cancel, changed, added, details
            (vec![("a", 3), ("b", 3)], false, None, (false, vec![], vec![], false)),
            (vec![("a", 2), ("b", 3)], false, None, (false, vec![(1, 2)], vec![], false)),
            (vec![("b", 4), ("a", 3)], false, None, (false, vec![(2, 4)], vec![], false)),
            (vec![("a", 3)], false, None, (false, vec![], vec![], false)),
            (vec![("a", 3), ("b", 3), ("c", 1)], false, None, (false, vec![], vec![2], false)),
            (vec![("a", 3), ("b", 3), ("c", 0)], false, None, (false, vec![], vec![], false)),
            (vec![("a", 0), ("b", 0)], false, None, (true, vec![(1, 0), (2, 0)], vec![], false)),
            (vec![("a", 0), ("b", 0), ("c", 1)], false, None, (false, vec![(1, 0), (2, 0)], vec![2], false)),
            (vec![("a", 3), ("b", 3)], true, None, (true, vec![], vec![], false)),
            (vec![("a", 3), ("b", 3)], false, Some("ring"), (false, vec![], vec![], false)),
            (vec![("a", 3), ("b", 3)], false, Some("knock"), (false, vec![], vec![], true)),
        ];
        for (lines, cancelled, note, expected) in cases {
            assert_eq!(show(&told(&lines, cancelled, note)), expected, "{lines:?} {cancelled} {note:?}");
        }
    }
}
