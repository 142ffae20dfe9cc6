//! What can be asked and changed: the fields of `QueryRoot` and of `Mutation`.

use serde_json::Value;

use super::Asking;
use super::arguments::{Arguments, MANY_MAX};
use super::out::{Out, Thing, Wrong};
use super::things::{node, user_error};
use crate::server::desk::{Desk, FulfillmentLine, Key, LOCATION, Wish, gid, number_in};
use crate::server::times;

/// The version from which a key and an explicit comparison are required.
const STRICT_SINCE: &str = "2026-04";
/// The version from which an item is stocked by setting its quantity.
const STOCKS_BY_ITSELF_SINCE: &str = "2026-10";

/// A field of the query root.
pub(super) fn ask(desk: &Desk, name: &str, arguments: &Arguments) -> Result<Out, Wrong> {
    let order = |known: Option<i64>, thing: fn(i64) -> Thing| {
        known.filter(|id| desk.orders.contains_key(id)).map_or(Out::Null, |id| Out::Thing(thing(id)))
    };
    Ok(match name {
        "nodes" => {
            let ids = arguments.ids("ids")?;
            if ids.len() > MANY_MAX {
                return Err(too_many(ids.len(), "ids"));
            }
            Out::Many(ids.iter().map(|id| node(desk, id)).collect())
        }
        "node" => node(desk, &arguments.text("id")?),
        "location" => Out::Thing(Thing::Location),
        "inventoryItem" => node(desk, &arguments.text("id")?),
        "inventoryItems" => {
            let items = desk.items.iter().filter(|(_, item)| !item.deleted);
            let items = items.map(|(id, _)| (id.to_string(), Out::Thing(Thing::Item(*id))));
            arguments.page("InventoryItemConnection", items.collect())?
        }
        "order" => order(arguments.id("id", "Order")?, Thing::Order),
        "fulfillmentOrder" => order(arguments.id("id", "FulfillmentOrder")?, Thing::FulfillmentOrder),
        "orders" => {
            let since_ms = match arguments.get("query").and_then(Value::as_str) {
                Some(query) => since(query)?,
                None => i64::MIN,
            };
            // The shop's times are whole seconds.
            let changed_s = |updated_at_ms: i64| updated_at_ms.div_euclid(1_000);
            let mut orders: Vec<(i64, i64)> =
                desk.orders.values().map(|order| (changed_s(order.updated_at_ms), order.id)).collect();
            orders.retain(|(changed_s, _)| *changed_s >= since_ms.div_euclid(1_000));
            orders.sort_unstable();
            let orders = orders.into_iter();
            let orders = orders.map(|(at_s, id)| (format!("{at_s}-{id}"), Out::Thing(Thing::Order(id))));
            arguments.page("OrderConnection", orders.collect())?
        }
        _ => return Err(Wrong::no_field("QueryRoot", name)),
    })
}

/// The time in `updated_at:>='2026-07-01T00:00:00Z'`: the only term that is understood, alone or with others of
/// its kind.
fn since(query: &str) -> Result<i64, Wrong> {
    let mut since_ms = i64::MIN;
    for term in query.split_whitespace().filter(|term| *term != "AND") {
        let time = term.strip_prefix("updated_at:>=").map(|time| time.trim_matches(['\'', '"']));
        match time.and_then(times::parse) {
            Some(at_ms) => since_ms = since_ms.max(at_ms),
            // Shopify passes over what it does not understand. Here that would hide a mistake.
            None => return Err(Wrong::new(&format!("this search is not understood: {term}"))),
        }
    }
    Ok(since_ms)
}

fn too_many(count: usize, of: &str) -> Wrong {
    let message = format!("The input array size of {count} is greater than the maximum allowed of {MANY_MAX} ({of})");
    Wrong::with_code(&message, "MAX_INPUT_SIZE_EXCEEDED")
}

/// A field of the mutation root.
pub(super) fn change(
    desk: &mut Desk,
    asking: &Asking<'_>,
    name: &str,
    arguments: &Arguments,
    key: Option<String>,
) -> Result<Out, Wrong> {
    if name == "fulfillmentCreate" {
        return fulfill(desk, asking, arguments);
    }
    if !["inventorySetQuantities", "inventoryActivate"].contains(&name) {
        return Err(Wrong::no_field("Mutation", name));
    }
    let Some(key) = key else {
        if asking.question.version.as_str() >= STRICT_SINCE {
            return Err(Wrong::new("The @idempotent directive is required for this mutation but was not provided."));
        }
        return carry_out(desk, asking, name, arguments);
    };
    let asked = arguments.asked(name);
    match desk.look_up_key(&key, &asked, asking.now_ms) {
        Key::Known(answer) => Ok(answer),
        Key::Wrong(code) => Ok(payload(name, Out::Null, vec![key_error(name, code)])),
        Key::New => {
            let answer = carry_out(desk, asking, name, arguments)?;
            desk.keep_answer(&key, &asked, answer.clone(), asking.now_ms);
            Ok(answer)
        }
    }
}

fn key_error(name: &str, code: &str) -> Out {
    let message = match code {
        "IDEMPOTENCY_CONCURRENT_REQUEST" => "This request is currently in progress, please try again.",
        "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED" => {
            "A previous request with this idempotency key failed. Retry with a new idempotency key."
        }
        _ => "The same idempotency key cannot be used with different operation parameters.",
    };
    user_error((name == "inventorySetQuantities").then_some(code), None, message)
}

fn carry_out(desk: &mut Desk, asking: &Asking<'_>, name: &str, arguments: &Arguments) -> Result<Out, Wrong> {
    match name {
        "inventorySetQuantities" => set_quantities(desk, asking, arguments),
        _ => activate(desk, asking, arguments),
    }
}

/// What a change answers.
fn payload(name: &str, done: Out, errors: Vec<Out>) -> Out {
    let (type_name, field) = match name {
        "inventorySetQuantities" => ("InventorySetQuantitiesPayload", "inventoryAdjustmentGroup"),
        "inventoryActivate" => ("InventoryActivatePayload", "inventoryLevel"),
        _ => ("FulfillmentCreatePayload", "fulfillment"),
    };
    Out::record(type_name, vec![(field, done), ("userErrors", Out::Many(errors))])
}

fn set_quantities(desk: &mut Desk, asking: &Asking<'_>, arguments: &Arguments) -> Result<Out, Wrong> {
    const NAME: &str = "inventorySetQuantities";
    let input = arguments.get("input").and_then(Value::as_object);
    let input = input.ok_or_else(|| Wrong::new("Argument 'input' is required"))?;
    for field in input.keys() {
        if !["name", "quantities", "reason", "referenceDocumentUri"].contains(&field.as_str()) {
            return Err(Wrong::new(&format!("Field '{field}' is not defined on InventorySetQuantitiesInput")));
        }
    }
    let quantities = input.get("quantities").and_then(Value::as_array);
    let quantities = quantities.ok_or_else(|| Wrong::new("input.quantities is required"))?;
    if quantities.len() > MANY_MAX {
        return Err(too_many(quantities.len(), "input.quantities"));
    }
    let text = |field: &str| input.get(field).and_then(Value::as_str);
    let refuse = |field: &str, code: &str, message: &str| {
        let field = Some(vec!["input".to_owned(), field.to_owned()]);
        Ok(payload(NAME, Out::Null, vec![user_error(Some(code), field, message)]))
    };
    // The shop of this example has one name of a quantity that may be set.
    if text("name") != Some("available") {
        let message = "The quantity name must be either 'available' or 'on_hand'.";
        return refuse("name", "INVALID_NAME", message);
    }
    if !text("reason").is_some_and(|reason| REASONS.contains(&reason)) {
        return refuse("reason", "INVALID_REASON", "The specified reason is invalid.");
    }
    if text("referenceDocumentUri").is_some_and(|uri| !uri.contains("://")) {
        let message = "The specified reference document is invalid.";
        return refuse("referenceDocumentUri", "INVALID_REFERENCE_DOCUMENT", message);
    }
    let is_strict = asking.question.version.as_str() >= STRICT_SINCE;
    let wishes: Result<Vec<Wish>, Wrong> = quantities.iter().map(|one| wish(one, is_strict)).collect();
    let stocks_by_itself = asking.question.version.as_str() >= STOCKS_BY_ITSELF_SINCE;
    match desk.set_quantities(&wishes?, stocks_by_itself, asking.now_ms) {
        Ok(()) => {
            let id = gid("InventoryAdjustmentGroup", desk.counts.quantities_set as i64);
            let group = vec![
                ("id", Out::leaf(id)),
                ("createdAt", Out::leaf(times::utc(asking.now_ms))),
                ("reason", Out::text(text("reason").map(str::to_owned))),
            ];
            Ok(payload(NAME, Out::record("InventoryAdjustmentGroup", group), Vec::new()))
        }
        Err(errors) => {
            let errors = errors.iter().map(|error| {
                let mut field = vec!["input".to_owned(), "quantities".to_owned(), error.place.to_string()];
                if !error.field.is_empty() {
                    field.push(error.field.to_owned());
                }
                user_error(Some(error.code), Some(field), error.message)
            });
            Ok(payload(NAME, Out::Null, errors.collect()))
        }
    }
}

/// Reasons that a person may give, as Shopify names them.
const REASONS: &[&str] = &[
    "correction",
    "cycle_count_available",
    "damaged",
    "movement_created",
    "movement_updated",
    "movement_received",
    "movement_canceled",
    "other",
    "promotion",
    "quality_control",
    "received",
    "reservation_created",
    "reservation_deleted",
    "reservation_updated",
    "restock",
    "safety_stock",
    "shrinkage",
];

fn wish(one: &Value, is_strict: bool) -> Result<Wish, Wrong> {
    let wrong = |what: &str| Wrong::new(&format!("Variable $input was provided invalid value: {what}"));
    let fields = one.as_object().ok_or_else(|| wrong("a quantity is no object"))?;
    for field in fields.keys() {
        if !["changeFromQuantity", "inventoryItemId", "locationId", "quantity"].contains(&field.as_str()) {
            return Err(wrong(&format!("Field is not defined on InventoryQuantityInput: {field}")));
        }
    }
    if is_strict && !fields.contains_key("changeFromQuantity") {
        return Err(wrong("changeFromQuantity must be given, even as null"));
    }
    let id = |field: &str, kind: &str| {
        let text = one[field].as_str().ok_or_else(|| wrong(&format!("{field} is no id")))?;
        Ok(number_in(text, kind))
    };
    let from = &one["changeFromQuantity"];
    Ok(Wish {
        item: id("inventoryItemId", "InventoryItem")?,
        location: id("locationId", "Location")?,
        quantity: one["quantity"].as_i64().ok_or_else(|| wrong("quantity is no Int"))?,
        from: match from.is_null() {
            true => None,
            false => Some(from.as_i64().ok_or_else(|| wrong("changeFromQuantity is no Int"))?),
        },
    })
}

fn activate(desk: &mut Desk, asking: &Asking<'_>, arguments: &Arguments) -> Result<Out, Wrong> {
    let item = arguments.id("inventoryItemId", "InventoryItem")?;
    let refuse = |field: &str, message: &str| {
        Ok(payload("inventoryActivate", Out::Null, vec![user_error(None, Some(vec![field.to_owned()]), message)]))
    };
    if arguments.id("locationId", "Location")? != Some(LOCATION) {
        return refuse("locationId", "The specified location could not be found.");
    }
    match item.filter(|id| desk.activate(*id, asking.now_ms)) {
        Some(id) => Ok(payload("inventoryActivate", Out::Thing(Thing::Level(id)), Vec::new())),
        None => refuse("inventoryItemId", "The specified inventory item could not be found."),
    }
}

fn fulfill(desk: &mut Desk, asking: &Asking<'_>, arguments: &Arguments) -> Result<Out, Wrong> {
    const NAME: &str = "fulfillmentCreate";
    let wrong = |what: &str| Wrong::new(&format!("Variable $fulfillment was provided invalid value: {what}"));
    let input = arguments.get("fulfillment").ok_or_else(|| wrong("it is required"))?;
    let groups = input["lineItemsByFulfillmentOrder"].as_array().ok_or_else(|| wrong("there are no lines"))?;
    let tracking = input["trackingInfo"]["number"].as_str().map(str::to_owned);
    // Every order of this shop has one fulfillment order.
    let [group] = groups.as_slice() else {
        let message = "All fulfillment orders must be of one order and one location.";
        return Ok(payload(NAME, Out::Null, vec![user_error(None, None, message)]));
    };
    let order = group["fulfillmentOrderId"].as_str().ok_or_else(|| wrong("fulfillmentOrderId is no id"))?;
    let lines = match group["fulfillmentOrderLineItems"].as_array() {
        None => None,
        Some(lines) => {
            let line = |line: &Value| {
                let id = line["id"].as_str().ok_or_else(|| wrong("id is no id"))?;
                let id = number_in(id, "FulfillmentOrderLineItem").unwrap_or_default();
                let quantity = line["quantity"].as_i64().ok_or_else(|| wrong("quantity is no Int"))?;
                Ok(FulfillmentLine { id, quantity })
            };
            Some(lines.iter().map(line).collect::<Result<Vec<_>, Wrong>>()?)
        }
    };
    let order = number_in(order, "FulfillmentOrder").unwrap_or_default();
    match desk.fulfill(order, lines.as_deref(), tracking, asking.now_ms) {
        Ok(_) => {
            let place = desk.orders.get(&order).map_or(0, |order| order.fulfillments.len().saturating_sub(1));
            Ok(payload(NAME, Out::Thing(Thing::Fulfillment(order, place)), Vec::new()))
        }
        Err(message) => {
            Ok(payload(NAME, Out::Null, vec![user_error(None, Some(vec!["fulfillment".into()]), &message)]))
        }
    }
}
