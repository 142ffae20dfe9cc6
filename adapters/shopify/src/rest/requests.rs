//! The requests of the REST Admin API, and what their answers hold
//! (<https://shopify.dev/docs/api/admin-rest/latest/resources/inventorylevel>).

use serde_json::{Value, json};
use stockroom::ports::{HttpRequest, HttpResponse, Method};

use crate::graphql::document::headers;
use crate::ids::number;
use crate::settings::{Pace, Shop};

/// A level as the shop tells it.
pub(super) struct Level {
    pub(super) item: u64,
    /// Nothing where the shop does not track the item
    /// (<https://docs.workato.com/ja/connectors/shopify/set-inventory-level.html>).
    pub(super) available: Option<i64>,
}

pub(super) fn look(shop: &Shop, items: &[u64]) -> HttpRequest {
    let items: Vec<String> = items.iter().map(u64::to_string).collect();
    let query = format!("inventory_item_ids={}&location_ids={}&limit=250", items.join(","), location(shop));
    get(shop, &format!("inventory_levels.json?{query}"))
}

pub(super) fn item(shop: &Shop, item: u64) -> HttpRequest {
    get(shop, &format!("inventory_items/{item}.json"))
}

pub(super) fn set(shop: &Shop, item: u64, available: i64) -> HttpRequest {
    let body = json!({ "location_id": location(shop), "inventory_item_id": item, "available": available });
    post(shop, "inventory_levels/set.json", &body)
}

pub(super) fn connect(shop: &Shop, item: u64) -> HttpRequest {
    post(shop, "inventory_levels/connect.json", &json!({ "location_id": location(shop), "inventory_item_id": item }))
}

pub(super) fn levels(body: &Value) -> Option<Vec<Level>> {
    let level = |level: &Value| {
        Some(Level { item: level.get("inventory_item_id")?.as_u64()?, available: level.get("available")?.as_i64() })
    };
    body.get("inventory_levels")?.as_array()?.iter().map(level).collect()
}

/// What a level has after it was set; the inner nothing where the shop does not track the item.
pub(super) fn was_set(body: &Value) -> Option<Option<i64>> {
    body.get("inventory_level")?.get("available").map(Value::as_i64)
}

pub(super) fn pause_ms(response: &HttpResponse, pace: &Pace) -> Option<i64> {
    super::pause_ms(response.header("X-Shopify-Shop-Api-Call-Limit")?, pace)
}

fn location(shop: &Shop) -> u64 {
    number("Location", &shop.location).unwrap_or_default()
}

fn get(shop: &Shop, path: &str) -> HttpRequest {
    HttpRequest { method: Method::Get, url: url(shop, path), headers: headers(shop), body: Vec::new() }
}

fn post(shop: &Shop, path: &str, body: &Value) -> HttpRequest {
    let body = body.to_string().into_bytes();
    HttpRequest { method: Method::Post, url: url(shop, path), headers: headers(shop), body }
}

fn url(shop: &Shop, path: &str) -> String {
    format!("{}/admin/api/{}/{path}", shop.base(), shop.version)
}
