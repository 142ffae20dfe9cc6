//! Every request that is sent to a shop, as a value. What follows from its answer is decided elsewhere.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use stockroom::ports::{HeaderValue, HttpRequest, Method, Secret};

use crate::item::Item;
use crate::profile::WooProfile;

/// The fields of a product that are read. WordPress leaves the others out (`_fields`), a plugin may not.
const PRODUCT_FIELDS: &str = "id,type,status,manage_stock,stock_quantity";

/// The products, or the variations of one product, with these numbers.
pub(crate) fn read(profile: &WooProfile, items: &[Item]) -> HttpRequest {
    let ids: Vec<String> = items.iter().map(|item| item.id().to_string()).collect();
    let (path, ids, count) = (items_path(items), ids.join(","), profile.items_max);
    get(profile, &format!("{path}?include={ids}&per_page={count}&_fields={PRODUCT_FIELDS}"))
}

/// One product or variation, whatever lists leave out.
pub(crate) fn look(profile: &WooProfile, item: Item) -> HttpRequest {
    get(profile, &format!("{}/{}?_fields={PRODUCT_FIELDS}", items_path(&[item]), item.id()))
}

/// Sets quantities. All items are of one product, or none is a variation.
pub(crate) fn set(profile: &WooProfile, items: &[(Item, i64)]) -> HttpRequest {
    let update = |(item, quantity): &(Item, i64)| {
        // Without `manage_stock` the shop drops the quantity silently where it does not keep stock of the product.
        json!({ "id": item.id(), "manage_stock": true, "stock_quantity": quantity })
    };
    let path = items_path(&items.iter().map(|(item, _)| *item).collect::<Vec<_>>());
    let body = json!({ "update": items.iter().map(update).collect::<Vec<Value>>() });
    with_body(profile, Method::Post, &format!("{path}/batch"), &body)
}

pub(crate) fn notes(profile: &WooProfile, order: u64) -> HttpRequest {
    get(profile, &format!("/orders/{order}/notes"))
}

pub(crate) fn add_note(profile: &WooProfile, order: u64, note: &str) -> HttpRequest {
    let body = json!({ "note": note, "customer_note": profile.note_to_customer });
    with_body(profile, Method::Post, &format!("/orders/{order}/notes"), &body)
}

pub(crate) fn order(profile: &WooProfile, order: u64) -> HttpRequest {
    get(profile, &format!("/orders/{order}"))
}

pub(crate) fn complete(profile: &WooProfile, order: u64) -> HttpRequest {
    with_body(profile, Method::Put, &format!("/orders/{order}"), &json!({ "status": "completed" }))
}

/// A page of the orders that changed after a time.
pub(crate) fn orders(profile: &WooProfile, after: &str, order_by: &str, page: u32) -> HttpRequest {
    let count = profile.items_max;
    let query = format!("modified_after={after}&dates_are_gmt=true&orderby={order_by}&order=asc&status=any");
    get(profile, &format!("/orders?{query}&per_page={count}&page={page}").replace(':', "%3A"))
}

fn items_path(items: &[Item]) -> String {
    match items.first() {
        Some(Item::Variation { product, .. }) => format!("/products/{product}/variations"),
        _ => "/products".to_owned(),
    }
}

/// All that must be seen nowhere: the key's two parts, and the two as they are sent.
pub(crate) fn secrets(profile: &WooProfile) -> Vec<Secret> {
    vec![profile.consumer_key.clone(), profile.consumer_secret.clone(), Secret::new(basic(profile))]
}

fn basic(profile: &WooProfile) -> String {
    STANDARD.encode(format!("{}:{}", profile.consumer_key.reveal(), profile.consumer_secret.reveal()))
}

fn get(profile: &WooProfile, path: &str) -> HttpRequest {
    let url = format!("{}{}{path}", profile.shop_url.trim_end_matches('/'), profile.api_path.trim_end_matches('/'));
    let headers = vec![
        ("Accept".to_owned(), HeaderValue::Plain("application/json".to_owned())),
        ("Authorization".to_owned(), HeaderValue::Secret(Secret::new(format!("Basic {}", basic(profile))))),
    ];
    HttpRequest { method: Method::Get, url, headers, body: Vec::new() }
}

fn with_body(profile: &WooProfile, method: Method, path: &str, body: &Value) -> HttpRequest {
    let mut request = HttpRequest { method, body: body.to_string().into_bytes(), ..get(profile, path) };
    request.headers.push(("Content-Type".to_owned(), HeaderValue::Plain("application/json".to_owned())));
    request
}
