//! Judging a new order's form and the things it names. Every fault is collected, not only the first.

use std::sync::Arc;

use crate::channel::Channel;
use crate::code::{Code, Faults};
use crate::engine::{Decision, Stop, locations_of};
use crate::ids::{
    ID_BYTES_MAX, LINES_MAX, LocationNumber, METADATA_MAX, SKU_BYTES_MAX, TEXT_BYTES_MAX, name_fault, text_fault,
};
use crate::inventory::{Hold, Sku};
use crate::money::{PRICE_MINOR_MAX, VALUE_MINOR_MAX, add_line, decimals, is_price};
use crate::order::{NewLine, NewOrder, ShipTo, Totals, Tracking};
use crate::planted::planted;
use crate::quantity::{QUANTITY_MAX, is_orderable};

/// The most entries of an address.
const ADDRESS_MAX: usize = 10;

/// A new order whose form is right, with the rows that it names.
pub(crate) struct Judged {
    pub(super) channel: Arc<Channel>,
    pub(super) ranking: Vec<LocationNumber>,
    pub(super) skus: Vec<Arc<Sku>>,
    pub(super) hold: Option<Arc<Hold>>,
}

/// Judges a new order; `None` only where faults are found.
#[cfg_attr(target_family = "wasm", inline)]
pub(crate) fn judge(decision: &Decision<'_>, order: &NewOrder, faults: &mut Faults) -> Result<Option<Judged>, Stop> {
    if let Some(fault) = name_fault(&order.id, ID_BYTES_MAX) {
        faults.add(Code::IdInvalid, || "id".into(), fault);
    }
    let channel = match name_fault(&order.channel, ID_BYTES_MAX) {
        Some(fault) => {
            faults.add(Code::IdInvalid, || "channel".into(), fault);
            None
        }
        None => {
            let channel = decision.rows.catalog()?.channels.get(&*order.channel).cloned();
            if channel.is_none() {
                faults.add(Code::ChannelUnknown, || "channel".into(), "is not registered");
            }
            channel
        }
    };
    if decimals(&order.currency).is_none() {
        faults.add(Code::CurrencyUnknown, || "currency".into(), "is not a code of ISO 4217");
    }
    let skus = judge_lines(decision, "lines", &order.lines, true, faults)?;
    let value = lines_value(&order.lines);
    if value.is_none() {
        faults.add(Code::ValueOutOfRange, || "lines".into(), format!("their value passes {VALUE_MINOR_MAX}"));
    }
    if let Some(totals) = &order.totals {
        judge_totals(totals, value, faults);
    }
    let hold = match &order.hold {
        None => None,
        Some(id) => match name_fault(id, ID_BYTES_MAX) {
            Some(fault) => {
                faults.add(Code::IdInvalid, || "hold".into(), fault);
                None
            }
            None => {
                let live = decision
                    .rows
                    .hold(id)?
                    .filter(|hold| hold.expires_at_ms > decision.now_ms || planted!(ExpiredHoldConverts));
                if live.is_none() {
                    faults.add(Code::HoldUnknown, || "hold".into(), "is gone");
                }
                live.cloned()
            }
        },
    };
    let ranking = match &order.ranking {
        None => Vec::new(),
        Some(ranking) => {
            if ranking.is_empty() {
                faults.add(Code::LinesMissing, || "ranking".into(), "a ranking needs a location");
            }
            locations_of(decision, "ranking", ranking, faults)?
        }
    };
    if let Some(ship_to) = &order.ship_to {
        judge_address(ship_to, faults);
    }
    judge_text("note", order.note.as_deref(), faults);
    judge_metadata(order, faults);
    for (index, fault) in order.host_faults.iter().enumerate() {
        // What the host says is kept with the answer, so that it is judged like any other text.
        match text_fault(&fault.at, TEXT_BYTES_MAX).or(text_fault(&fault.detail, TEXT_BYTES_MAX)) {
            Some(wrong) => faults.add(Code::TextInvalid, || format!("host_faults[{index}]"), wrong),
            None => faults.add(Code::HostRule, || fault.at.clone(), fault.detail.clone()),
        }
    }
    Ok(channel.map(|channel| Judged { channel, ranking, skus, hold }))
}

/// The SKUs of the lines, one a line where every line is right.
#[cfg_attr(target_family = "wasm", inline)]
pub(super) fn judge_lines(
    decision: &Decision<'_>,
    field: &'static str,
    lines: &[NewLine],
    needed: bool,
    faults: &mut Faults,
) -> Result<Vec<Arc<Sku>>, Stop> {
    if needed && lines.is_empty() {
        faults.add(Code::LinesMissing, || field.into(), "at least one is needed");
    }
    if lines.len() > LINES_MAX {
        faults.add(Code::TooManyLines, || field.into(), format!("more than {LINES_MAX}"));
        return Ok(Vec::new());
    }
    let mut skus = Vec::with_capacity(lines.len());
    for (index, line) in lines.iter().enumerate() {
        if !is_orderable(line.quantity) {
            let at = || format!("{field}[{index}].quantity");
            faults.add(Code::QuantityOutOfRange, at, format!("{} is not 1 to {QUANTITY_MAX}", line.quantity));
        }
        if !is_price(line.unit_price_minor) {
            let at = || format!("{field}[{index}].unit_price_minor");
            faults.add(Code::PriceOutOfRange, at, format!("{} is not 0 to {PRICE_MINOR_MAX}", line.unit_price_minor));
        }
        let at = || format!("{field}[{index}].sku");
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

#[cfg_attr(target_family = "wasm", inline)]
fn lines_value(lines: &[NewLine]) -> Option<i64> {
    lines.iter().try_fold(0, |sum, line| add_line(sum, line.quantity, line.unit_price_minor))
}

fn judge_totals(totals: &Totals, lines_minor: Option<i64>, faults: &mut Faults) {
    let parts = [
        ("shipping_minor", totals.shipping_minor),
        ("tax_minor", totals.tax_minor),
        ("discount_minor", totals.discount_minor),
    ];
    for (field, part) in parts {
        if !(0..=VALUE_MINOR_MAX).contains(&part) {
            faults.add(Code::PriceOutOfRange, || format!("totals.{field}"), format!("not 0 to {VALUE_MINOR_MAX}"));
        }
    }
    if lines_minor.is_some_and(|lines| lines != totals.lines_minor) {
        let detail = format!("{} given, the lines say {}", totals.lines_minor, lines_minor.unwrap_or(0));
        faults.add(Code::TotalsMismatch, || "totals.lines_minor".into(), detail);
    }
    let total = totals
        .lines_minor
        .checked_add(totals.shipping_minor)
        .and_then(|sum| sum.checked_add(totals.tax_minor))
        .and_then(|sum| sum.checked_sub(totals.discount_minor));
    if total != Some(totals.total_minor) || !(0..=VALUE_MINOR_MAX).contains(&totals.total_minor) {
        let detail = "is not lines + shipping + tax - discount";
        faults.add(Code::TotalsMismatch, || "totals.total_minor".into(), detail);
    }
}

pub(super) fn judge_address(ship_to: &ShipTo, faults: &mut Faults) {
    if ship_to.address.len() > ADDRESS_MAX {
        faults.add(Code::TooManyEntries, || "ship_to.address".into(), format!("more than {ADDRESS_MAX}"));
    }
    let fields = [
        ("ship_to.name", &ship_to.name),
        ("ship_to.city", &ship_to.city),
        ("ship_to.region", &ship_to.region),
        ("ship_to.postal_code", &ship_to.postal_code),
        ("ship_to.country", &ship_to.country),
        ("ship_to.phone", &ship_to.phone),
        ("ship_to.email", &ship_to.email),
    ];
    for (field, text) in fields {
        judge_text(field, Some(text), faults);
    }
    for text in &ship_to.address {
        judge_text("ship_to.address", Some(text), faults);
    }
}

pub(crate) fn judge_tracking(tracking: &Tracking, faults: &mut Faults) {
    judge_text("tracking.carrier", Some(&tracking.carrier), faults);
    judge_text("tracking.number", Some(&tracking.number), faults);
    judge_text("tracking.url", Some(&tracking.url), faults);
}

pub(super) fn judge_text(field: &'static str, text: Option<&str>, faults: &mut Faults) {
    if let Some(fault) = text.and_then(|text| text_fault(text, TEXT_BYTES_MAX)) {
        faults.add(Code::TextInvalid, || field.into(), fault);
    }
}

fn judge_metadata(order: &NewOrder, faults: &mut Faults) {
    if order.metadata.len() > METADATA_MAX {
        faults.add(Code::TooManyEntries, || "metadata".into(), format!("more than {METADATA_MAX}"));
        return;
    }
    for (index, (name, value)) in order.metadata.iter().enumerate() {
        if let Some(fault) = name_fault(name, ID_BYTES_MAX) {
            faults.add(Code::IdInvalid, || format!("metadata[{index}] (name)"), fault);
        }
        if let Some(fault) = text_fault(value, TEXT_BYTES_MAX) {
            faults.add(Code::TextInvalid, || format!("metadata[{index}] (value)"), fault);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(lines: i64, shipping: i64, tax: i64, discount: i64, total: i64) -> Totals {
        Totals {
            lines_minor: lines,
            shipping_minor: shipping,
            tax_minor: tax,
            discount_minor: discount,
            total_minor: total,
        }
    }

    #[test]
    fn totals_cases() {
        let max = i64::MAX;
        let cases = [
            (totals(1000, 0, 0, 0, 1000), None),
            (totals(1000, 500, 190, 90, 1600), None),
            (totals(1000, 0, 0, 0, 999), Some(Code::TotalsMismatch)),
            (totals(999, 0, 0, 0, 999), Some(Code::TotalsMismatch)),
            (totals(1000, -1, 0, 0, 999), Some(Code::PriceOutOfRange)),
            (totals(1000, max, max, 0, 1000), Some(Code::PriceOutOfRange)),
            (totals(1000, 0, 0, 1001, -1), Some(Code::TotalsMismatch)),
        ];
        for (totals, code) in cases {
            let mut faults = Faults::default();
            judge_totals(&totals, Some(1000), &mut faults);
            assert_eq!(faults.into_rejection().map(|rejection| rejection.code), code, "{totals:?}");
        }
    }

    #[test]
    fn values_are_summed_without_overflow() {
        let line = |quantity, unit_price_minor| NewLine { sku: "a".into(), quantity, unit_price_minor };
        assert_eq!(lines_value(&[line(3, 250), line(1, 1)]), Some(751));
        assert_eq!(lines_value(&[line(QUANTITY_MAX, PRICE_MINOR_MAX)]), None);
        assert_eq!(lines_value(&[line(1, VALUE_MINOR_MAX), line(1, 1)]), None);
        assert_eq!(lines_value(&[line(i64::MIN, i64::MAX)]), None);
    }
}
