//! What the fields of each object are. A field that is not here is one that the fake does not have: asking for it is an
//! error, as it is at Shopify.

use serde_json::Value;

use super::arguments::Arguments;
use super::out::{Out, Thing, Wrong};
use crate::server::desk::{Desk, LOCATION, Line, Order, VARIANT_OFFSET, gid, level_gid};
use crate::server::payloads::{CURRENCY, amount};
use crate::server::times::utc;

/// A field of an object.
pub(super) fn field(desk: &Desk, thing: &Thing, name: &str, arguments: &Arguments) -> Result<Out, Wrong> {
    if name == "__typename" {
        return Ok(Out::leaf(thing.type_name()));
    }
    let found = match thing {
        Thing::Location => location(name),
        Thing::Item(id) => return item(desk, *id, name, arguments),
        Thing::Variant(item) => variant(desk, *item, name),
        Thing::Level(item) => return level(desk, *item, name, arguments),
        Thing::Order(id) => return order(known(desk, *id)?, name, arguments),
        Thing::Line(id, place) => line(line_at(desk, *id, *place)?, name),
        Thing::FulfillmentOrder(id) => return fulfillment_order(known(desk, *id)?, name, arguments),
        Thing::FulfillmentOrderLine(id, place) => {
            fulfillment_order_line(line_at(desk, *id, *place)?, *id, *place, name)
        }
        Thing::Fulfillment(id, place) => return fulfillment(known(desk, *id)?, *place, name, arguments),
        Thing::Record(record) => record.1.iter().find(|(known, _)| *known == name).map(|(_, out)| out.clone()),
    };
    found.ok_or_else(|| Wrong::no_field(thing.type_name(), name))
}

fn known(desk: &Desk, id: i64) -> Result<&Order, Wrong> {
    desk.orders.get(&id).ok_or_else(|| Wrong::new("the order is gone"))
}

fn line_at(desk: &Desk, id: i64, place: usize) -> Result<&Line, Wrong> {
    known(desk, id)?.lines.get(place).ok_or_else(|| Wrong::new("the line is gone"))
}

fn location(name: &str) -> Option<Out> {
    Some(match name {
        "id" => Out::leaf(gid("Location", LOCATION)),
        "legacyResourceId" => Out::leaf(LOCATION.to_string()),
        "name" => Out::leaf("Main"),
        "isActive" => Out::leaf(true),
        _ => return None,
    })
}

fn item(desk: &Desk, id: i64, name: &str, arguments: &Arguments) -> Result<Out, Wrong> {
    let item = desk.items.get(&id);
    Ok(match name {
        "id" => Out::leaf(gid("InventoryItem", id)),
        "legacyResourceId" => Out::leaf(id.to_string()),
        "sku" => Out::text(item.map(|item| item.sku.clone())),
        "tracked" => Out::leaf(true),
        "duplicateSkuCount" => Out::leaf(0),
        "inventoryLevel" => {
            let here = arguments.id("locationId", "Location")? == Some(LOCATION);
            let stocked = item.is_some_and(|item| item.level.is_some());
            if here && stocked { Out::Thing(Thing::Level(id)) } else { Out::Null }
        }
        _ => return Err(Wrong::no_field("InventoryItem", name)),
    })
}

fn variant(desk: &Desk, item: i64, name: &str) -> Option<Out> {
    Some(match name {
        "id" => Out::leaf(gid("ProductVariant", item + VARIANT_OFFSET)),
        "legacyResourceId" => Out::leaf((item + VARIANT_OFFSET).to_string()),
        "sku" => Out::text(desk.items.get(&item).map(|item| item.sku.clone())),
        "inventoryItem" => Out::Thing(Thing::Item(item)),
        _ => return None,
    })
}

fn level(desk: &Desk, item: i64, name: &str, arguments: &Arguments) -> Result<Out, Wrong> {
    let level = desk.items.get(&item).and_then(|item| item.level).unwrap_or_default();
    let updated_at = utc(level.updated_at_ms);
    Ok(match name {
        "id" => Out::leaf(level_gid(item)),
        "item" => Out::Thing(Thing::Item(item)),
        "location" => Out::Thing(Thing::Location),
        "isActive" => Out::leaf(true),
        "updatedAt" => Out::leaf(updated_at),
        "quantities" => {
            let mut quantities = Vec::new();
            for name in arguments.ids("names")? {
                let quantity = match name.as_str() {
                    "available" => level.available,
                    "committed" => level.committed,
                    "on_hand" => level.available + level.committed,
                    _ => return Err(Wrong::new(&format!("The quantity name '{name}' is not one"))),
                };
                let fields = vec![
                    ("name", Out::leaf(name)),
                    ("quantity", Out::leaf(quantity)),
                    ("updatedAt", Out::leaf(updated_at.clone())),
                ];
                quantities.push(Out::record("InventoryQuantity", fields));
            }
            Out::Many(quantities)
        }
        _ => return Err(Wrong::no_field("InventoryLevel", name)),
    })
}

/// An amount in the shop's currency and in the customer's.
fn money(minor: i64) -> Out {
    let one = || {
        let fields = vec![("amount", Out::leaf(amount(minor))), ("currencyCode", Out::leaf(CURRENCY))];
        Out::record("MoneyV2", fields)
    };
    Out::record("MoneyBag", vec![("shopMoney", one()), ("presentmentMoney", one())])
}

fn address() -> Out {
    let fields = [
        ("name", Some("Ada Lovelace")),
        ("company", None),
        ("address1", Some("12 St James's Square")),
        ("address2", None),
        ("city", Some("London")),
        ("province", None),
        ("zip", Some("SW1Y 4JH")),
        ("country", Some("United Kingdom")),
        ("countryCodeV2", Some("GB")),
        ("phone", None),
    ];
    let fields = fields.map(|(name, value)| (name, Out::text(value.map(str::to_owned))));
    Out::record("MailingAddress", fields.into())
}

fn order(order: &Order, name: &str, arguments: &Arguments) -> Result<Out, Wrong> {
    let ordered: i64 = order.lines.iter().map(|line| line.quantity.saturating_mul(line.price_minor)).sum();
    Ok(match name {
        "id" => Out::leaf(gid("Order", order.id)),
        "legacyResourceId" => Out::leaf(order.id.to_string()),
        "name" => Out::leaf(format!("#{}", order.number)),
        "test" => Out::leaf(false),
        "createdAt" | "processedAt" => Out::leaf(utc(order.created_at_ms)),
        "updatedAt" => Out::leaf(utc(order.updated_at_ms)),
        "cancelledAt" => Out::text(order.cancelled_at_ms.map(utc)),
        "cancelReason" => Out::text(order.cancelled_at_ms.map(|_| "CUSTOMER".to_owned())),
        "currencyCode" | "presentmentCurrencyCode" => Out::leaf(CURRENCY),
        "displayFinancialStatus" => Out::leaf("PAID"),
        "sourceName" => Out::leaf("web"),
        "taxesIncluded" => Out::leaf(true),
        "note" => Out::Null,
        "email" => Out::leaf(""),
        "totalPriceSet" => money(ordered),
        "currentTotalPriceSet" => money(order.total_minor()),
        "totalShippingPriceSet" | "totalTaxSet" | "totalDiscountsSet" | "totalTipReceivedSet" => money(0),
        "shippingAddress" => address(),
        "lineItems" => {
            let lines = order.lines.iter().enumerate();
            let lines = lines.map(|(place, line)| (line.id.to_string(), Out::Thing(Thing::Line(order.id, place))));
            arguments.page("LineItemConnection", lines.collect())?
        }
        "fulfillmentOrders" => {
            let one = (order.id.to_string(), Out::Thing(Thing::FulfillmentOrder(order.id)));
            arguments.page("FulfillmentOrderConnection", vec![one])?
        }
        "fulfillments" => {
            let count = arguments.first().and_then(|first| usize::try_from(first).ok()).unwrap_or(usize::MAX);
            let places = (0..order.fulfillments.len()).take(count);
            Out::Many(places.map(|place| Out::Thing(Thing::Fulfillment(order.id, place))).collect())
        }
        _ => return Err(Wrong::no_field("Order", name)),
    })
}

fn line(line: &Line, name: &str) -> Option<Out> {
    Some(match name {
        "id" => Out::leaf(gid("LineItem", line.id)),
        "title" | "name" | "sku" => Out::leaf(line.sku.clone()),
        "quantity" => Out::leaf(line.quantity),
        "currentQuantity" => Out::leaf(line.current_quantity),
        "isGiftCard" => Out::leaf(false),
        "requiresShipping" => Out::leaf(true),
        "variant" => Out::Thing(Thing::Variant(line.item)),
        "originalUnitPriceSet" => money(line.price_minor),
        _ => return None,
    })
}

fn fulfillment_order(order: &Order, name: &str, arguments: &Arguments) -> Result<Out, Wrong> {
    let is_open = order.cancelled_at_ms.is_none() && order.remaining() > 0;
    Ok(match name {
        "id" => Out::leaf(gid("FulfillmentOrder", order.id)),
        "status" => Out::leaf(match (is_open, order.fulfillments.is_empty()) {
            (true, true) => "OPEN",
            (true, false) => "IN_PROGRESS",
            (false, _) => "CLOSED",
        }),
        "requestStatus" => Out::leaf("UNSUBMITTED"),
        "assignedLocation" => {
            let fields = vec![("name", Out::leaf("Main")), ("location", Out::Thing(Thing::Location))];
            Out::record("FulfillmentOrderAssignedLocation", fields)
        }
        "supportedActions" => {
            let actions: &[&str] = if is_open { &["CREATE_FULFILLMENT", "HOLD"] } else { &[] };
            let action =
                |action: &&str| Out::record("FulfillmentOrderSupportedAction", vec![("action", Out::leaf(*action))]);
            Out::Many(actions.iter().map(action).collect())
        }
        "lineItems" => {
            // What was taken out of an order is not in its fulfillment order any more.
            let lines = order.lines.iter().enumerate().filter(|(_, line)| line.current_quantity > 0);
            let lines = lines
                .map(|(place, line)| (line.id.to_string(), Out::Thing(Thing::FulfillmentOrderLine(order.id, place))));
            arguments.page("FulfillmentOrderLineItemConnection", lines.collect())?
        }
        _ => return Err(Wrong::no_field("FulfillmentOrder", name)),
    })
}

fn fulfillment_order_line(line: &Line, order: i64, place: usize, name: &str) -> Option<Out> {
    Some(match name {
        "id" => Out::leaf(gid("FulfillmentOrderLineItem", line.fulfillment_line())),
        "totalQuantity" => Out::leaf(line.current_quantity),
        "remainingQuantity" => Out::leaf(line.remaining()),
        "sku" => Out::leaf(line.sku.clone()),
        "inventoryItemId" => Out::leaf(gid("InventoryItem", line.item)),
        "lineItem" => Out::Thing(Thing::Line(order, place)),
        _ => return None,
    })
}

fn fulfillment(order: &Order, place: usize, name: &str, arguments: &Arguments) -> Result<Out, Wrong> {
    let one = order.fulfillments.get(place).ok_or_else(|| Wrong::new("the fulfillment is gone"))?;
    Ok(match name {
        "id" => Out::leaf(gid("Fulfillment", one.id)),
        "status" => Out::leaf("SUCCESS"),
        "trackingInfo" => {
            let number = |number: &String| {
                let fields = vec![("number", Out::leaf(number.clone())), ("company", Out::Null), ("url", Out::Null)];
                Out::record("FulfillmentTrackingInfo", fields)
            };
            Out::Many(one.tracking.iter().map(number).collect())
        }
        "fulfillmentLineItems" => {
            let lines = one.parts.iter().enumerate().map(|(number, part)| {
                let line = Out::Thing(Thing::Line(order.id, part.line));
                let fields = vec![("quantity", Out::leaf(part.quantity)), ("lineItem", line)];
                (number.to_string(), Out::record("FulfillmentLineItem", fields))
            });
            arguments.page("FulfillmentLineItemConnection", lines.collect())?
        }
        _ => return Err(Wrong::no_field("Fulfillment", name)),
    })
}

/// The object of an id, as `nodes` finds it.
pub(super) fn node(desk: &Desk, id: &str) -> Out {
    use crate::server::desk::number_in;
    let item = number_in(id, "InventoryItem").filter(|id| desk.item(*id).is_some());
    let order = number_in(id, "Order").filter(|id| desk.orders.contains_key(id));
    match (item, order) {
        (Some(id), _) => Out::Thing(Thing::Item(id)),
        (_, Some(id)) => Out::Thing(Thing::Order(id)),
        _ => Out::Null,
    }
}

/// Nothing but scalars, for records that are as they are.
pub(super) fn user_error(code: Option<&str>, field: Option<Vec<String>>, message: &str) -> Out {
    let field = field.map_or(Out::Null, |field| Out::Leaf(Value::from(field)));
    let mut fields = vec![("field", field), ("message", Out::leaf(message))];
    match code {
        Some(code) => {
            fields.push(("code", Out::leaf(code)));
            Out::record("InventorySetQuantitiesUserError", fields)
        }
        None => Out::record("UserError", fields),
    }
}
