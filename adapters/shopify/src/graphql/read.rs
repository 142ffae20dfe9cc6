//! Reading what a shop shows: some items a turn, so that one query stays below the most that one may cost. Nothing is
//! changed, so nothing is ever in doubt.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stockroom::channel::{QuantityToRead, ReadQuantities, Shown, ShownQuantities, ShownQuantity};
use stockroom::ports::{HttpFailure, HttpResponse, REQUESTS_MAX, Step, Turn};

use super::answer::{self, FaultKind};
use super::document::{READ_QUANTITIES, request};
use crate::ids::gid;
use crate::remote::shown;
use crate::settings::{ENTRIES_MAX, Shop};
use crate::turns::{ask, failing, told};

pub(super) const READ: Step = Step("read");

/// Items that one query asks for: each costs about four points of the thousand that one query may cost
/// (<https://shopify.engineering/rate-limiting-graphql-apis-calculating-query-complexity>).
pub(super) const ITEMS_MAX: usize = 100;

#[derive(Debug, Serialize, Deserialize)]
struct Progress {
    /// Requests so far.
    turns: u32,
    /// Items that one query asks for.
    items: usize,
    /// When the oldest of what is known was so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at_ms: Option<i64>,
    /// What the shop said, in the order of the listings.
    shown: Vec<Shown>,
}

pub(super) fn begin(shop: &Shop, read: &ReadQuantities) -> Turn {
    go_on(shop, read, Progress { turns: 0, items: ITEMS_MAX, at_ms: None, shown: Vec::new() }, None)
}

pub(super) fn answered(
    shop: &Shop,
    read: &ReadQuantities,
    memo: &str,
    answer: Result<&HttpResponse, &HttpFailure>,
    now_ms: i64,
) -> Turn {
    let Ok(mut progress) = stockroom::read_json::<Progress>(memo) else {
        return failing(false, "what was read before this turn is lost");
    };
    let response = match answer {
        Ok(response) => response,
        Err(failure) => return failing(false, shown(&failure.to_string(), &shop.secrets())),
    };
    match answer::read(shop, response, now_ms) {
        Ok(answer) => {
            let asked = next_listings(read, &progress).iter().filter(|entry| item(entry).is_some()).count();
            let Some(levels) = levels(&answer.data, asked) else {
                return failing(false, answer::why(shop, "the answer is not about what was asked", response));
            };
            let mut levels = levels.into_iter();
            for entry in next_listings(read, &progress).to_vec() {
                progress.shown.push(match item(&entry) {
                    None => not_an_id(&entry.item),
                    Some(_) => match levels.next() {
                        Some(Level::Shows(quantity)) => Shown::Shows(quantity),
                        // What is not stocked at the location cannot be bought from there.
                        Some(Level::NotStocked) => Shown::Shows(0),
                        Some(Level::Gone) | None => Shown::Gone,
                    },
                });
            }
            progress.at_ms = earlier(progress.at_ms, answer.at_ms);
            go_on(shop, read, progress, answer.pause_ms)
        }
        Err(fault) if fault.kind == FaultKind::TooCostly && progress.items > 1 => {
            progress.items /= 2;
            go_on(shop, read, progress, None)
        }
        // What is known is told, so that a bucket smaller than the whole question does not stop all.
        Err(fault) if fault.kind == FaultKind::Throttled && !progress.shown.is_empty() => {
            end(read, progress, fault.after_ms)
        }
        Err(fault) => fault.end(false, false),
    }
}

fn go_on(shop: &Shop, read: &ReadQuantities, mut progress: Progress, pause_ms: Option<i64>) -> Turn {
    loop {
        let next = next_listings(read, &progress);
        if next.is_empty() || progress.turns >= REQUESTS_MAX {
            return end(read, progress, pause_ms);
        }
        let ids: Vec<String> = next.iter().filter_map(item).collect();
        if ids.is_empty() {
            let unreadable: Vec<Shown> = next.iter().map(|entry| not_an_id(&entry.item)).collect();
            progress.shown.extend(unreadable);
            continue;
        }
        progress.turns += 1;
        let memo = serde_json::to_string(&progress).unwrap_or_default();
        return ask(read_request(shop, &ids), READ, memo);
    }
}

/// What is not known is left out: it is asked again.
fn end(read: &ReadQuantities, progress: Progress, pause_ms: Option<i64>) -> Turn {
    let listings = read.listings.iter().zip(progress.shown);
    let listings = listings.map(|(entry, shown)| ShownQuantity { sku: entry.sku.clone(), shown }).collect();
    told(ShownQuantities { at_ms: progress.at_ms, listings }, pause_ms)
}

fn next_listings<'a>(read: &'a ReadQuantities, progress: &Progress) -> &'a [QuantityToRead] {
    let from = progress.shown.len().min(read.listings.len());
    let to = read.listings.len().min(from + progress.items.clamp(1, ENTRIES_MAX));
    &read.listings[from..to]
}

fn item(entry: &QuantityToRead) -> Option<String> {
    gid("InventoryItem", &entry.item)
}

pub(super) fn not_an_id(item: &str) -> Shown {
    Shown::Refused { why: format!("`{}` is no inventory item's id", shown(item, &[])) }
}

/// The earlier of two times of which one may be unknown.
pub(super) fn earlier(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    one.into_iter().chain(other).min()
}

/// What a shop has of an item at the location.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Shows(i64),
    NotStocked,
    Gone,
}

pub(super) fn read_request(shop: &Shop, ids: &[String]) -> stockroom::ports::HttpRequest {
    #[derive(Serialize)]
    struct Variables<'a> {
        ids: &'a [String],
        location: String,
    }
    request(shop, READ_QUANTITIES, &Variables { ids, location: shop.location_gid() })
}

/// The levels of so many items, in their order; nothing where the answer has another form.
pub(super) fn levels(data: &Value, count: usize) -> Option<Vec<Level>> {
    let nodes = data.get("nodes")?.as_array().filter(|nodes| nodes.len() == count)?;
    nodes.iter().map(level).collect()
}

fn level(node: &Value) -> Option<Level> {
    if node.is_null() {
        return Some(Level::Gone);
    }
    match node.get("inventoryLevel")? {
        Value::Null => Some(Level::NotStocked),
        level => available(level).map(Level::Shows),
    }
}

/// The quantity that an inventory level has available.
pub(super) fn available(level: &Value) -> Option<i64> {
    let quantities = level.get("quantities")?.as_array()?;
    let available =
        quantities.iter().find(|quantity| quantity.get("name").and_then(Value::as_str) == Some("available"));
    available?.get("quantity")?.as_i64()
}
