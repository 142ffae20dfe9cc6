//! Shops, schemas and secrets that the tests share. No expectations of a single part.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::{Value, json};
use stockroom::memory::MemoryStore;
use stockroom::{LeasedDelivery, Stockroom};
use stockroom_documents::{execute_batch, read, schemas};

pub(crate) const NOW_MS: i64 = 1_790_000_000_000;
/// NOW_MS as HTTP writes it.
pub(crate) const DATE: &str = "Mon, 21 Sep 2026 14:13:20 GMT";

/// Every secret in the settings below, and every form in which one is sent.
pub(crate) const SECRETS: [&str; 8] = [
    "s3cret-t0ken",
    "shpat_s3cret",
    "ck_s3cret",
    "cs_s3cret",
    "Y2tfczNjcmV0OmNzX3MzY3JldA==",
    "shpss_s3cret_0123456789abcdef",
    "wc-webhook-s3cret-0123456789",
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
];

pub(crate) fn rest() -> Value {
    json!({ "rest": { "base_url": "https://wms.example/api", "auth": { "bearer": { "token": SECRETS[0] } } } })
}

pub(crate) fn shipbob() -> Value {
    json!({ "shipbob": { "token": SECRETS[0], "channel_id": 100_102 } })
}

pub(crate) fn shopify_shop() -> Value {
    json!({ "shop": "example.myshopify.com", "token": SECRETS[1], "location": "7", "locations": { "main": "7" } })
}

pub(crate) fn woocommerce_shop() -> Value {
    json!({ "shop_url": "https://shop.example", "consumer_key": SECRETS[2], "consumer_secret": SECRETS[3] })
}

pub(crate) fn bytes(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).unwrap()
}

pub(crate) fn value(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

/// Whether a value has all that another names; lists have to be of one length.
pub(crate) fn has(value: &Value, part: &Value) -> bool {
    match (value, part) {
        (Value::Object(value), Value::Object(part)) => {
            part.iter().all(|(name, part)| value.get(name).is_some_and(|value| has(value, part)))
        }
        (Value::Array(value), Value::Array(part)) => {
            value.len() == part.len() && value.iter().zip(part).all(|(value, part)| has(value, part))
        }
        _ => value == part,
    }
}

/// What is wrong with a document by its published schema, if anything.
pub(crate) fn schema_fault(name: &str, document: &Value) -> Option<String> {
    static VALIDATORS: OnceLock<BTreeMap<String, jsonschema::Validator>> = OnceLock::new();
    let validators = VALIDATORS.get_or_init(|| {
        let compiled = |schema: stockroom_documents::Schema| {
            (schema.name, jsonschema::validator_for(&schema.schema).expect("the schema is one"))
        };
        schemas().into_iter().map(compiled).collect()
    });
    let validator = validators.get(name).unwrap_or_else(|| panic!("there is no schema {name}"));
    validator.iter_errors(document).next().map(|fault| format!("{} at {}", fault, fault.instance_path()))
}

pub(crate) fn assert_valid(name: &str, document: &Value) {
    if let Some(fault) = schema_fault(name, document) {
        panic!("{document} is no {name}: {fault}");
    }
}

pub(crate) fn assert_says_no_secret(text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret} is shown: {text}");
    }
}

pub(crate) type Shop = Stockroom<MemoryStore>;

/// Carries commands out, each of which has to be one by its schema; gives the outcomes.
pub(crate) fn carry_out(shop: &Shop, commands: &Value) -> Vec<Value> {
    assert_valid("commands", commands);
    let replies = value(&execute_batch(shop, &bytes(commands)).unwrap());
    replies.as_array().unwrap().iter().map(|reply| reply["outcome"].clone()).collect()
}

/// Carries actions out that have to be accepted; gives the answers.
pub(crate) fn accept(shop: &Shop, actions: &[Value]) -> Vec<Value> {
    let commands: Vec<Value> = actions.iter().map(|action| json!({ "action": action })).collect();
    let outcomes = carry_out(shop, &json!(commands));
    let answer = |(action, outcome): (&Value, &Value)| {
        outcome.get("accepted").unwrap_or_else(|| panic!("{action}: {outcome}")).clone()
    };
    actions.iter().zip(&outcomes).map(answer).collect()
}

pub(crate) fn ask(shop: &Shop, question: &Value) -> Value {
    value(&read(shop, &bytes(question)).unwrap_or_else(|error| panic!("{question}: {error}")))
}

/// A shop with a warehouse that has an order to ship, and a connected channel with a listing.
pub(crate) fn shop() -> Shop {
    let shop = Stockroom::new(MemoryStore::new(), || NOW_MS);
    accept(
        &shop,
        &[
            json!({ "register_sku": { "sku": "mug" } }),
            json!({ "register_location": { "location": "main" } }),
            json!({ "register_channel": { "channel": "web", "locations": ["main"] } }),
            json!({ "receive_stock": { "location": "main", "lines": [{ "sku": "mug", "quantity": 9 }] } }),
            json!({ "register_destination": { "destination": "wms" } }),
            json!({ "register_destination": { "destination": "shop" } }),
            json!({ "register_warehouse": { "location": "main", "destination": "wms" } }),
            json!({ "connect_channel": { "channel": "web", "destination": "shop" } }),
            json!({ "set_listing": { "channel": "web", "sku": "mug", "item": "42" } }),
            json!({ "place_order": { "id": "o-1", "channel": "web", "currency": "EUR",
                "lines": [{ "sku": "mug", "quantity": 2, "unit_price_minor": 500 }] } }),
            json!({ "fulfill": { "limit": 100 } }),
        ],
    );
    shop
}

/// Takes the deliveries that are due, as documents.
pub(crate) fn take(shop: &Shop, destination: &str) -> Vec<Value> {
    let action = json!({ "take_deliveries": { "destination": destination, "max": 10, "lease_ms": 60_000 } });
    let answer = accept(shop, &[action]).remove(0);
    answer["taken"]["deliveries"].as_array().unwrap_or_else(|| panic!("{answer}")).clone()
}

/// A delivery as a document.
pub(crate) fn delivery(body: Value, doubt: bool) -> Value {
    let delivery = json!({ "destination": "there", "number": 7, "key": "k", "attempt": 2, "doubt": doubt,
        "lease_until_ms": NOW_MS + 60_000, "body": body });
    assert_valid("delivery", &delivery);
    assert_eq!(serde_json::to_value(leased(&delivery)).unwrap(), delivery);
    delivery
}

pub(crate) fn leased(delivery: &Value) -> LeasedDelivery {
    serde_json::from_value(delivery.clone()).unwrap()
}
