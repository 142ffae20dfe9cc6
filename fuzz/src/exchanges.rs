//! What remote APIs answer: every exchange, about every kind of delivery, through whole conversations.

use std::sync::{Arc, OnceLock};

use serde_json::{Value, json};
use stockroom::ports::Exchange;
use stockroom_documents::{Conversation, ExchangeSettings, TurnDocument};

use crate::{NOW_MS, chosen, json};

/// More turns than a conversation may take.
const TURNS: usize = 40;

fn exchanges_of_all() -> &'static [Arc<dyn Exchange>] {
    static ALL: OnceLock<Vec<Arc<dyn Exchange>>> = OnceLock::new();
    ALL.get_or_init(|| {
        let shopify = json!({ "shop": "example.myshopify.com", "token": "not-shown", "location": "7", "locations": { "main": "7" } });
        [
            json!({ "rest": { "base_url": "https://wms.example/api", "auth": { "bearer": { "token": "not-shown" } } } }),
            json!({ "shipbob": { "token": "not-shown", "channel_id": 100_102 } }),
            json!({ "shopify": shopify }),
            json!({ "shopify_rest": shopify }),
            json!({ "woocommerce": { "shop_url": "https://shop.example", "consumer_key": "ck_not-shown", "consumer_secret": "cs_not-shown" } }),
        ]
        .iter()
        .map(|settings| {
            ExchangeSettings::parse(settings.to_string().as_bytes()).unwrap_or_else(|error| panic!("{settings}: {error}"))
        })
        .collect()
    })
}

/// One delivery of each kind.
fn deliveries() -> &'static [String] {
    static ALL: OnceLock<Vec<String>> = OnceLock::new();
    ALL.get_or_init(|| {
        let order = json!({ "fulfillment": "o-1-1", "order": "o-1", "location": "main", "channel": "web",
            "placed_at_ms": NOW_MS, "currency": "EUR", "items": [{ "line": 1, "sku": "mug", "quantity": 2 }] });
        let bodies = [
            json!({ "request_fulfillment": order }),
            json!({ "cancel_fulfillment": { "fulfillment": "o-1-1", "reference": "W-1" } }),
            json!({ "check_stock": { "location": "main", "skus": ["mug", "cup"] } }),
            json!({ "read_quantities": { "channel": "web", "listings": [{ "sku": "mug", "item": "42" }] } }),
        ];
        let lease = |(number, body): (usize, &Value)| {
            let doubt = number % 2 == 1;
            json!({ "destination": "wms", "number": number + 1, "key": "k", "attempt": 1 + u32::from(doubt), "doubt": doubt,
                "lease_until_ms": NOW_MS + 3_600_000, "body": body })
            .to_string()
        };
        // Each in doubt and not, by its place.
        let twice = bodies.iter().flat_map(|body| [body, body]);
        let mut all: Vec<String> = twice.enumerate().map(lease).collect();
        all.extend(taken());
        all
    })
}

/// What the engine itself would have carried to the shop.
fn taken() -> Vec<String> {
    let shop = crate::documents::furnished();
    let take = br#"{"action":{"take_deliveries":{"destination":"shopify","max":10,"lease_ms":3600000}}}"#;
    let Ok(reply) = stockroom_documents::execute(&shop, take) else { return Vec::new() };
    let reply = json(&reply);
    let deliveries = reply["outcome"]["accepted"]["taken"]["deliveries"].as_array().cloned().unwrap_or_default();
    deliveries.iter().map(Value::to_string).collect()
}

/// Answers of a remote API: pieces of the input, each with a status, one after the other.
pub fn exchanges(data: &[u8]) {
    converse(data);
}

/// How it ended, where it did.
fn converse(data: &[u8]) -> Option<Value> {
    let (exchange, data) = chosen(data, exchanges_of_all().len());
    let (delivery, data) = chosen(data, deliveries().len());
    let exchange = Arc::clone(&exchanges_of_all()[exchange]);
    let Ok((mut conversation, mut turn)) =
        Conversation::begin_json(exchange, deliveries()[delivery].as_bytes(), NOW_MS)
    else {
        return None;
    };
    let mut rest = data;
    for turn_number in 0..TURNS {
        let told = json(&turn.to_json().unwrap_or_else(|error| panic!("a turn that is no document: {error}")));
        if let TurnDocument::End { .. } = turn {
            assert!(conversation.is_over());
            return Some(told);
        }
        let (answer, left) = answer(rest)?;
        rest = left;
        let said = conversation.answered_json(answer.to_string().as_bytes(), NOW_MS + 10 * turn_number as i64);
        turn = said.unwrap_or_else(|error| panic!("{answer}: {error}"));
    }
    assert!(conversation.is_over(), "it goes on after {TURNS} answers");
    None
}

/// The next answer: a byte for its kind, and the text up to a zero byte. Without end after the end of the input.
fn answer(data: &[u8]) -> Option<(Value, &[u8])> {
    let (kind, rest) = data.split_first()?;
    let end = rest.iter().position(|byte| *byte == 0).unwrap_or(rest.len());
    let (body, left) = (String::from_utf8_lossy(&rest[..end]), rest.get(end + 1..).unwrap_or_default());
    let statuses = [200, 201, 202, 204, 301, 400, 401, 403, 404, 409, 422, 429, 500, 503];
    let answer = match usize::from(*kind) {
        kind if kind < statuses.len() * 2 => {
            // Some with headers that matter.
            let headers = if kind < statuses.len() {
                json!({ "content-type": "application/json" })
            } else {
                let some: String = body.chars().filter(|c| !c.is_control()).take(40).collect();
                json!({ "retry-after": some, "x-retry-after": "2", "link": format!("<{some}>; rel=\"next\"") })
            };
            json!({ "response": { "status": statuses[kind % statuses.len()], "headers": headers, "body": body } })
        }
        kind if kind % 2 == 0 => json!({ "lost": "cut" }),
        _ => json!({ "not_sent": "no address" }),
    };
    Some((answer, left))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_every_exchange_a_seed_comes_to_a_good_end() {
        for exchange in 0..5 {
            let ends = crate::seeds("exchanges")
                .into_iter()
                .filter(|seed| seed[0] == exchange)
                .filter_map(|seed| converse(&seed));
            let ends: Vec<String> = ends.map(|end| end["end"]["result"].to_string()).collect();
            let ends: std::collections::BTreeSet<String> = ends.into_iter().collect();
            assert!(
                ends.iter().any(|end| end.contains("done")),
                "exchange {exchange}: {ends:#?} {:?}",
                &deliveries()[8..]
            );
            assert!(ends.iter().any(|end| !end.contains("done")), "exchange {exchange}: {ends:?}");
        }
    }

    #[test]
    fn there_are_deliveries_of_every_kind() {
        let all = deliveries().join(" ");
        for kind in ["request_fulfillment", "cancel_fulfillment", "check_stock", "_quantities"] {
            assert!(all.contains(kind), "no {kind} in {all}");
        }
    }
}
