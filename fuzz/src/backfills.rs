//! Pages of a shop's orders: what Shopify and WooCommerce answer to a backfill.

use serde_json::json;
use stockroom_documents::{Backfill, execute_batch};

use crate::documents::{furnished, must_hold};
use crate::{NOW_MS, chosen, json};

/// More answers than any input has pages.
const PAGES: usize = 20;

/// Answers, one page after the other.
pub fn backfills(data: &[u8]) {
    look(data);
}

/// How many commands came of it.
fn look(data: &[u8]) -> usize {
    let (shop, mut rest) = chosen(data, 2);
    let settings = if shop == 0 {
        json!({ "shopify": { "shop": { "shop": "example.myshopify.com", "token": "not-shown", "location": "7" },
            "orders": { "channel": "web", "variants": { "91": "mug" } } } })
    } else {
        json!({ "woocommerce": {
            "shop": { "shop_url": "https://shop.example", "consumer_key": "ck_not-shown", "consumer_secret": "cs_not-shown" },
            "orders": { "channel": "web", "currency": "EUR" } } })
    };
    let mut backfill = Backfill::parse(settings.to_string().as_bytes(), NOW_MS - 86_400_000)
        .unwrap_or_else(|error| panic!("{settings}: {error}"));
    let shop = furnished();
    let mut count = 0;
    for page in 0..PAGES {
        let now_ms = NOW_MS + page as i64 * 1_000;
        if backfill.request(now_ms).is_none() {
            break;
        }
        let end = rest.iter().position(|byte| *byte == 0).unwrap_or(rest.len());
        let (status, body) = match rest.first() {
            Some(b'!') => (429, "{}".into()),
            Some(b'?') => (500, String::from_utf8_lossy(&rest[..end])),
            _ => (200, String::from_utf8_lossy(&rest[..end])),
        };
        let answer = json!({ "response": { "status": status, "headers": { "x-wp-totalpages": "2" }, "body": body } });
        let Ok(page) = backfill.answered_json(answer.to_string().as_bytes(), now_ms) else { break };
        let told = json(&page.to_json().unwrap_or_else(|error| panic!("a page that is no document: {error}")));
        count += told["commands"].as_array().map_or(0, Vec::len);
        let commands = told["commands"].to_string();
        execute_batch(&shop, commands.as_bytes()).unwrap_or_else(|error| panic!("{commands}: {error}"));
        if rest.is_empty() || told["more"] == false {
            break;
        }
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    must_hold(&shop);
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_both_shops_a_seed_becomes_commands() {
        for shop in 0..2 {
            let seeds = crate::seeds("backfills");
            assert!(seeds.iter().any(|seed| seed[0] == shop && look(seed) > 0), "none of shop {shop}");
        }
    }
}
