//! Which item of the shop is which SKU: read from the shop once, as a host does that links the two by their SKUs.

use std::time::Duration;

use retail::{Failure, Result};
use serde_json::{Value, json};
use stockroom::ports::{HeaderValue, HttpRequest, Method, Secret};
use stockroom_http::HttpClient;

use crate::shop::Connection;

const QUERY: &str = "query Items($after: String) {
  inventoryItems(first: 250, after: $after) { nodes { legacyResourceId sku } pageInfo { hasNextPage endCursor } }
}";
/// Attempts at one page.
const ATTEMPTS_MAX: u32 = 60;
/// The wait between two of them.
const AGAIN_AFTER: Duration = Duration::from_millis(50);

/// Every SKU with the shop's item for it.
pub fn items(connection: &Connection) -> Result<Vec<(String, String)>> {
    let client = connection.client()?;
    let mut items = Vec::new();
    let mut after = Value::Null;
    loop {
        let page = page(&client, connection, &after)?;
        for node in page["nodes"].as_array().into_iter().flatten() {
            if let (Some(sku), Some(item)) = (node["sku"].as_str(), node["legacyResourceId"].as_str()) {
                items.push((sku.to_owned(), item.to_owned()));
            }
        }
        if page["pageInfo"]["hasNextPage"] != Value::Bool(true) {
            return Ok(items);
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

fn page(client: &HttpClient, connection: &Connection, after: &Value) -> Result<Value> {
    let request = HttpRequest {
        method: Method::Post,
        url: format!("{}/admin/api/{}/graphql.json", connection.url, stockroom_shopify::settings::VERSION),
        headers: vec![
            ("Content-Type".to_owned(), HeaderValue::Plain("application/json".to_owned())),
            ("X-Shopify-Access-Token".to_owned(), HeaderValue::Secret(Secret::new(&*connection.token))),
        ],
        body: json!({"query": QUERY, "variables": {"after": after}}).to_string().into_bytes(),
    };
    let mut why = String::new();
    for _ in 0..ATTEMPTS_MAX {
        match client.send(&request) {
            Ok(answer) => {
                let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
                let page = &body["data"]["inventoryItems"];
                if page["nodes"].is_array() {
                    return Ok(page.clone());
                }
                why = format!("status {}, {}", answer.status, body["errors"]);
            }
            Err(failure) => why = failure.to_string(),
        }
        std::thread::sleep(AGAIN_AFTER);
    }
    Err(Failure::new("the shop's items", why))
}
