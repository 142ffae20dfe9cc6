//! Messages of shops and warehouses. They are signed here, for a message whose sender is not proved is never read.

use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use stockroom_documents::{Webhook, execute_batch};

use crate::documents::{furnished, must_hold};
use crate::{NOW_MS, chosen, json};

const SECRET: &str = "a-shared-secret-0123456789";
const KEY: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

const SHOPIFY_TOPICS: [&str; 7] = [
    "orders/create",
    "orders/updated",
    "orders/cancelled",
    "orders/edited",
    "refunds/create",
    "inventory_levels/update",
    "fulfillments/create",
];
const WOO_TOPICS: [&str; 5] = ["order.created", "order.updated", "order.deleted", "order.restored", "product.updated"];

fn readers() -> &'static [Webhook; 4] {
    static ALL: OnceLock<[Webhook; 4]> = OnceLock::new();
    ALL.get_or_init(|| {
        [
            json!({ "shopify": { "shop": "example.myshopify.com", "secrets": [SECRET], "location": "7",
                "orders": { "channel": "web", "variants": { "91": "mug" } } } }),
            json!({ "woocommerce": { "secrets": [SECRET], "orders": { "channel": "web", "currency": "EUR" } } }),
            json!({ "warehouse": { "secrets": [format!("whsec_{KEY}")], "source": "wms", "location": "main" } }),
            json!({ "shipbob": { "secrets": [format!("whsec_{KEY}")], "source": "wms" } }),
        ]
        .map(|settings| {
            Webhook::parse(settings.to_string().as_bytes()).unwrap_or_else(|error| panic!("{settings}: {error}"))
        })
    })
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> String {
    let Ok(mut hash) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    parts.iter().for_each(|part| hash.update(part));
    STANDARD.encode(hash.finalize().into_bytes())
}

/// A body as a message of one of the senders, and what the engine makes of it.
pub fn webhooks(data: &[u8]) {
    tell(data);
}

/// Whether commands came of it.
fn tell(data: &[u8]) -> bool {
    let (sender, data) = chosen(data, readers().len());
    let (topic, body) = chosen(data, SHOPIFY_TOPICS.len());
    let headers = headers(sender, topic, body);
    let message = json!({ "headers": headers, "body_base64": STANDARD.encode(body) });
    let told = readers()[sender]
        .read_json(message.to_string().as_bytes(), NOW_MS)
        .unwrap_or_else(|error| panic!("a message of any bytes is read: {error}"));
    let told = json(&told.to_json().unwrap_or_else(|error| panic!("told is no document: {error}")));
    let Some(commands) = told.get("commands") else {
        assert!(told["ignored"]["status"] == 200 || told["refused"]["status"].is_u64(), "{told}");
        // An empty body is refused before anything is proved.
        assert!(body.is_empty() || told["refused"]["status"] != 401, "it was signed: {told}");
        return false;
    };
    let shop = furnished();
    let text = commands.to_string();
    let replies = execute_batch(&shop, text.as_bytes()).unwrap_or_else(|error| panic!("{commands}: {error}"));
    must_hold(&shop);
    let digest = shop.digest().ok();
    // The sender sends it again. What was refused is refused again, which is told of again.
    let is_taken = json(&replies)
        .as_array()
        .is_some_and(|replies| replies.iter().all(|reply| reply["outcome"]["rejected"].is_null()));
    execute_batch(&shop, text.as_bytes()).unwrap_or_else(|error| panic!("{commands}: {error}"));
    must_hold(&shop);
    assert!(!is_taken || shop.digest().ok() == digest, "the same message changed something again: {commands}");
    true
}

fn headers(sender: usize, topic: usize, body: &[u8]) -> Value {
    let seconds = (NOW_MS / 1_000).to_string();
    match sender {
        0 => json!({ "x-shopify-topic": SHOPIFY_TOPICS[topic], "x-shopify-shop-domain": "example.myshopify.com",
            "x-shopify-webhook-id": "w-1", "x-shopify-event-id": "e-1",
            "x-shopify-hmac-sha256": hmac(SECRET.as_bytes(), &[body]) }),
        1 => json!({ "x-wc-webhook-topic": WOO_TOPICS[topic % WOO_TOPICS.len()], "x-wc-webhook-delivery-id": "d-1",
            "x-wc-webhook-id": "1", "x-wc-webhook-source": "https://shop.example/",
            "x-wc-webhook-resource": "order", "x-wc-webhook-event": "updated",
            "x-wc-webhook-signature": hmac(SECRET.as_bytes(), &[body]) }),
        _ => {
            let key = STANDARD.decode(KEY).unwrap_or_default();
            let signature = format!("v1,{}", hmac(&key, &[b"m-1.", seconds.as_bytes(), b".", body]));
            json!({ "webhook-id": "m-1", "webhook-timestamp": seconds, "webhook-signature": signature,
                "x-webhook-topic": "order.shipped" })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_every_sender_a_seed_becomes_commands() {
        for sender in 0..4 {
            let seeds = crate::seeds("webhooks");
            assert!(seeds.iter().any(|seed| seed[0] == sender && tell(seed)), "none of sender {sender}");
        }
    }
}
