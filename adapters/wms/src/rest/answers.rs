//! What a warehouse's answers say, read by a profile. An answer that cannot be relied on is `Err` with the reason;
//! what follows from it is decided by the conversation.

use stockroom::fulfillment::{SkuLevel, StockCheck, WarehouseStock};

use crate::dates::rfc3339_ms;
use crate::profile::{Profile, StatusWords};
use crate::remote::{at, name_at, says_error, word_at};
use crate::said::Said;

/// How far a fulfillment order has come, as far as it matters to a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It is to be shipped, or nothing is said.
    Open,
    Cancelled,
    Shipped,
    Refused,
}

/// A fulfillment order as the warehouse tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) reference: Option<String>,
    /// Whether it said that it is the one that was asked for.
    pub(crate) is_named: bool,
    pub(crate) progress: Progress,
    pub(crate) says_status: bool,
}

/// Reads a fulfillment order from the answer to a request about it.
pub(crate) fn told(profile: &Profile, body: &[u8], fulfillment: &str) -> Result<Told, &'static str> {
    let value = success(profile, body)?;
    let named = word_at(&value, &profile.answer.fulfillment);
    if named.as_deref().is_some_and(|named| named != fulfillment) {
        return Err("the answer is about another fulfillment order");
    }
    let status = word_at(&value, &profile.answer.status);
    Ok(Told {
        reference: name_at(&value, &profile.answer.id),
        is_named: named.is_some(),
        progress: status.as_deref().map_or(Progress::Open, |word| progress(&profile.words, word)),
        says_status: status.is_some(),
    })
}

/// The progress that an answer tells whatever its HTTP status, if it tells any.
pub(crate) fn progress_told(profile: &Profile, body: &[u8]) -> Option<Progress> {
    let value: Said<'_> = stockroom::read_json_bytes(body).ok()?;
    word_at(&value, &profile.answer.status).map(|word| progress(&profile.words, &word))
}

fn progress(words: &StatusWords, word: &str) -> Progress {
    let word = word.trim();
    let is_in = |list: &[String]| list.iter().any(|known| known.eq_ignore_ascii_case(word));
    match () {
        () if is_in(&words.cancelled) => Progress::Cancelled,
        () if is_in(&words.shipped) => Progress::Shipped,
        () if is_in(&words.refused) => Progress::Refused,
        () => Progress::Open,
    }
}

/// Reads stock from the answer to a check. SKUs that were not asked for are passed over; one that the warehouse
/// leaves out is left out.
pub(crate) fn stock(profile: &Profile, body: &[u8], check: &StockCheck) -> Result<WarehouseStock, String> {
    let value = success(profile, body)?;
    let fields = &profile.answer;
    let taken_at_ms = match at(&value, &fields.taken_at) {
        Some(Said::String(text)) => rfc3339_ms(text),
        _ => None,
    };
    let taken_at_ms = taken_at_ms.ok_or("the answer does not say when the stock was so, in RFC 3339")?;
    let Some(Said::Array(entries)) = at(&value, &fields.levels) else {
        return Err("the answer has no list of levels".to_owned());
    };
    let mut levels: Vec<SkuLevel> = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let sku = name_at(entry, &fields.sku).ok_or_else(|| format!("level {index} names no SKU"))?;
        if !check.skus.iter().any(|asked| **asked == *sku) {
            continue;
        }
        let on_hand = at(entry, &fields.on_hand).and_then(Said::as_i64);
        let on_hand = on_hand.ok_or_else(|| format!("level {index} does not say a whole number of units"))?;
        if levels.iter().any(|level| level.sku == sku) {
            return Err(format!("level {index} names a SKU a second time"));
        }
        levels.push(SkuLevel { sku, on_hand });
    }
    Ok(WarehouseStock { taken_at_ms, levels })
}

fn success<'b>(profile: &Profile, body: &'b [u8]) -> Result<Said<'b>, &'static str> {
    let value: Said<'_> = stockroom::read_json_bytes(body).map_err(|_| "the answer is not JSON")?;
    if !value.is_object() {
        return Err("the answer is no JSON object");
    }
    if says_error(&value, &profile.answer.error, &profile.answer.success) {
        return Err("the answer's status is one of success and its body says an error");
    }
    Ok(value)
}
