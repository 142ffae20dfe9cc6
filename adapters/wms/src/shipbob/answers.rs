//! What ShipBob's answers say. An answer that cannot be relied on is `Err` with the reason; what follows from it is
//! decided by the conversation.

use stockroom::fulfillment::{SkuLevel, StockCheck};

use crate::remote::{at, name_at};
use crate::said::Said;

/// An order as ShipBob tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) id: u64,
    pub(crate) status: String,
}

/// Reads an order from the answer to its creation.
pub(crate) fn created(body: &[u8], fulfillment: &str) -> Result<Order, &'static str> {
    let value: Said<'_> = stockroom::read_json_bytes(body).map_err(|_| "the answer is not JSON")?;
    match name_at(&value, "reference_id") {
        Some(reference) if reference != fulfillment => Err("the answer is about another order"),
        _ => order(&value).ok_or("the answer has no id"),
    }
}

/// Finds an order in the answer to a look-up. Only one with exactly this reference counts.
pub(crate) fn found(body: &[u8], fulfillment: &str) -> Result<Option<Order>, &'static str> {
    let value: Said<'_> = stockroom::read_json_bytes(body).map_err(|_| "the answer is not JSON")?;
    let Said::Array(orders) = value else { return Err("the answer is no list of orders") };
    let ours = orders.iter().find(|order| name_at(order, "reference_id").as_deref() == Some(fulfillment));
    match ours {
        None if orders.is_empty() => Ok(None),
        None => Err("the look-up was answered with other orders"),
        Some(value) => order(value).map(Some).ok_or("the order has no id"),
    }
}

fn order(value: &Said<'_>) -> Option<Order> {
    let id = at(value, "id")?.as_u64().filter(|id| *id > 0)?;
    Some(Order { id, status: name_at(value, "status").unwrap_or_default() })
}

/// Whether a refusal with status 422 may be about a reference id that is taken. ShipBob says 422 for that, and for
/// other faults of an order as well.
pub(crate) fn may_be_duplicate(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body).to_lowercase();
    text.trim().is_empty() || ["reference", "exist", "duplicate"].iter().any(|word| text.contains(word))
}

/// How a cancellation ended, where the answer says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CancelEnd {
    /// Every shipment is cancelled.
    All,
    /// At least one is not, and will leave.
    NotAll,
    Unsaid,
}

pub(crate) fn cancel_end(body: &[u8]) -> CancelEnd {
    let Ok(value) = stockroom::read_json_bytes::<Said<'_>>(body) else { return CancelEnd::Unsaid };
    match name_at(&value, "status").as_deref() {
        Some("Success") => return CancelEnd::All,
        Some("Failure" | "PartialSuccess") => return CancelEnd::NotAll,
        _ => {}
    }
    let Some(Said::Array(results)) = at(&value, "canceled_shipment_results") else { return CancelEnd::Unsaid };
    let successes: Option<Vec<bool>> = results.iter().map(|result| at(result, "is_success")?.as_bool()).collect();
    match successes.as_deref() {
        None | Some([]) => CancelEnd::Unsaid,
        Some(all) if all.iter().all(|success| *success) => CancelEnd::All,
        Some(_) => CancelEnd::NotAll,
    }
}

/// What an order's status means for a wish to cancel it.
pub(crate) fn cancel_end_of_status(status: &str) -> CancelEnd {
    match status {
        "Cancelled" => CancelEnd::All,
        "Fulfilled" | "PartiallyFulfilled" => CancelEnd::NotAll,
        _ => CancelEnd::Unsaid,
    }
}

/// One page of stock: the levels of the SKUs that were asked for, and where the next page is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) levels: Vec<SkuLevel>,
    pub(crate) next: Option<String>,
}

/// Reads a page, of one fulfillment center or of all. Items that share a SKU are added up: they are the same goods.
pub(crate) fn page(body: &[u8], check: &StockCheck, location_id: Option<u64>) -> Result<Page, String> {
    let value: Said<'_> = stockroom::read_json_bytes(body).map_err(|_| "the answer is not JSON")?;
    let Some(Said::Array(items)) = at(&value, "items") else { return Err("the answer has no items".to_owned()) };
    let mut levels: Vec<SkuLevel> = Vec::new();
    for item in items {
        let Some(sku) = name_at(item, "sku") else { continue };
        if !check.skus.iter().any(|asked| **asked == *sku) {
            continue;
        }
        let on_hand = match location_id {
            None => at(item, "total_on_hand_quantity").and_then(Said::as_i64),
            Some(location_id) => on_hand_at(item, location_id),
        };
        let on_hand = on_hand.ok_or("an item does not say a whole number of units")?;
        match levels.iter_mut().find(|level| level.sku == sku) {
            Some(level) => {
                level.on_hand = level.on_hand.checked_add(on_hand).ok_or("the units of a SKU are too many")?;
            }
            None => levels.push(SkuLevel { sku, on_hand }),
        }
    }
    Ok(Page { levels, next: name_at(&value, "next") })
}

/// Units at one fulfillment center. An item that the list of centers leaves out has none there.
fn on_hand_at(item: &Said<'_>, location_id: u64) -> Option<i64> {
    let Some(Said::Array(locations)) = at(item, "locations") else { return Some(0) };
    let is_here = |location: &&Said<'_>| at(location, "location_id").and_then(Said::as_u64) == Some(location_id);
    match locations.iter().find(is_here) {
        None => Some(0),
        Some(location) => at(location, "on_hand_quantity")?.as_i64(),
    }
}
