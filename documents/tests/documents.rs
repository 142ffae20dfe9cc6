//! The documents that hosts in other languages send and get: every read answers what its schema says, and the
//! published schemas are held against the code. With `STOCKROOM_BLESS=1` the files are written anew.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};
use stockroom::memory::MemoryStore;
use stockroom::{ErrorKind, Stockroom};
use stockroom_documents::{Failure, ReadKind, execute, execute_batch, preview, read, schemas};

const NOW_MS: i64 = 1_700_000_000_000;

fn shop() -> Stockroom<MemoryStore> {
    Stockroom::new(MemoryStore::new(), || NOW_MS)
}

/// Does commands that must be accepted.
fn accept(shop: &Stockroom<MemoryStore>, actions: &[Value]) {
    let commands: Vec<Value> = actions.iter().map(|action| json!({ "action": action })).collect();
    let replies = execute_batch(shop, &serde_json::to_vec(&commands).unwrap()).unwrap();
    let replies: Vec<Value> = serde_json::from_slice(&replies).unwrap();
    assert_eq!(replies.len(), actions.len());
    for (action, reply) in actions.iter().zip(&replies) {
        assert!(reply["outcome"].get("accepted").is_some(), "{action}: {reply}");
    }
}

fn ask(shop: &Stockroom<MemoryStore>, question: &Value) -> Value {
    let answer =
        read(shop, &serde_json::to_vec(question).unwrap()).unwrap_or_else(|error| panic!("{question}: {error}"));
    serde_json::from_slice(&answer).unwrap()
}

/// A shop in which every read has something to tell: an order with a bundle at a warehouse that gave up on it, a
/// hold, a listing, a subscription.
fn full_shop() -> Stockroom<MemoryStore> {
    let shop = shop();
    accept(
        &shop,
        &[
            json!({ "register_sku": { "sku": "mug" } }),
            json!({ "register_sku": { "sku": "cup" } }),
            json!({ "register_sku": { "sku": "set", "components": [{ "sku": "mug", "quantity": 2 }] } }),
            json!({ "register_location": { "location": "main" } }),
            json!({ "register_location": { "location": "east" } }),
            json!({ "register_channel": { "channel": "web", "locations": ["main", "east"] } }),
            json!({ "receive_stock": { "location": "main", "lines": [{ "sku": "mug", "quantity": 9 }] } }),
            json!({ "receive_stock": { "location": "east", "lines": [{ "sku": "cup", "quantity": 4 }] } }),
            json!({ "subscribe": { "subscription": "mail", "from": "start" } }),
            json!({ "register_destination": { "destination": "wms", "patience": { "attempts_max": 1 } } }),
            json!({ "register_destination": { "destination": "shopify" } }),
            json!({ "register_warehouse": { "location": "main", "destination": "wms" } }),
            json!({ "connect_channel": { "channel": "web", "destination": "shopify" } }),
            json!({ "set_listing": { "channel": "web", "sku": "mug", "item": "42" } }),
            json!({ "place_hold": { "hold": "cart-1", "channel": "web", "lives_ms": 60_000,
            "lines": [{ "sku": "cup", "quantity": 1 }] } }),
            json!({ "place_order": { "id": "o-1", "channel": "web", "currency": "EUR", "note": "ring twice",
            "metadata": { "till": "3" },
            "lines": [{ "sku": "set", "quantity": 2, "unit_price_minor": 1999 },
                      { "sku": "cup", "quantity": 1, "unit_price_minor": 500 }] } }),
            json!({ "ship_order": { "order": "o-1", "location": "east", "lines": [{ "line": 2, "quantity": 1 }] } }),
            json!({ "fulfill": { "limit": 1000 } }),
            json!({ "take_deliveries": { "destination": "wms", "max": 1, "lease_ms": 1000 } }),
            json!({ "report_delivery": { "destination": "wms", "number": 1, "attempt": 1,
            "result": { "retry": { "why": "the line is dead" } } } }),
        ],
    );
    shop
}

/// What each read is asked and what it answers there, in part.
fn questions() -> Vec<(Value, Value)> {
    vec![
        (json!({ "available": { "sku": "mug", "location": "main" } }), json!(5)),
        (json!({ "available": { "sku": "jug", "location": "main" } }), json!(null)),
        (
            json!({ "availability": { "pairs": [{ "sku": "set", "location": "main" }, { "sku": "cup", "location": "east" },
                { "sku": "cup", "location": "moon" }] } }),
            json!([2, 2, null]),
        ),
        (json!({ "availability": { "pairs": [] } }), json!([])),
        (json!({ "channel_availability": { "channel": "web", "skus": ["mug", "set"] } }), json!([5, 2])),
        (
            json!({ "stock": { "sku": "mug", "location": "main" } }),
            json!({ "on_hand": 9, "allocated": 4, "available": 5 }),
        ),
        (
            json!({ "stock_levels": { "limit": 1 } }),
            json!({ "levels": [{ "sku": "mug", "location": "main" }], "next": 65537 }),
        ),
        (
            json!({ "stock_levels": { "after": 65537 } }),
            json!({ "levels": [{ "sku": "cup", "location": "east", "held": 1 }] }),
        ),
        (
            json!({ "skus": { "after": 2 } }),
            json!([{ "number": 3, "sku": "set", "components": [{ "sku": "mug", "quantity": 2 }] }]),
        ),
        (json!({ "locations": {} }), json!(["main", "east"])),
        (
            json!({ "order": { "order": "o-1" } }),
            json!({ "order": "o-1", "number": 1, "note": "ring twice", "metadata": { "till": "3" }, "value_minor": 4498,
                "lines": [{ "sku": "set", "components": [{ "sku": "mug", "quantity": 2 }] }, { "sku": "cup" }],
                "allocations": [{ "line": 0, "location": "main", "open": 2, "why": "priority" },
                                { "line": 1, "location": "east", "shipped": 1 }],
                "shipments": [{ "at_ms": NOW_MS, "lines": [{ "line": 1, "location": "east", "quantity": 1 }] }] }),
        ),
        (json!({ "order": { "order": "o-2" } }), json!(null)),
        (json!({ "orders": {} }), json!([{ "order": "o-1" }])),
        (
            json!({ "hold": { "hold": "cart-1" } }),
            json!({ "hold": "cart-1", "lines": [{ "sku": "cup", "quantity": 1 }], "claims": [{ "location": "east" }] }),
        ),
        (json!({ "subscription": { "subscription": "mail" } }), json!({ "cursor": 0 })),
        (
            json!({ "events": { "limit": 1 } }),
            json!([{ "type": "stockroom.sku.registered.v1", "source": "/stockroom" }]),
        ),
        (
            json!({ "subscribed_events": { "subscription": "mail", "limit": 1, "source": "/berlin" } }),
            json!([{ "id": "1", "source": "/berlin", "data": { "sku": "mug" } }]),
        ),
        (json!({ "subscribed_events": { "subscription": "post" } }), json!(null)),
        (
            json!({ "fulfillment_orders": { "order": "o-1" } }),
            json!([{ "fulfillment": "o-1-1", "location": "main", "destination": "wms", "state": "requested",
                "items": [{ "line": 0, "sku": "mug", "quantity": 4, "shipped": 0 }] }]),
        ),
        (
            json!({ "dead_letters": { "destination": "wms" } }),
            json!([{ "number": 1, "state": "dead", "failed": 1, "why": "the line is dead" }]),
        ),
        (json!({ "dead_letters": { "destination": "shopify" } }), json!([])),
        (json!({ "channel": { "channel": "web" } }), json!({ "destination": "shopify", "connected": true })),
        (json!({ "listing": { "channel": "web", "sku": "mug" } }), json!({ "item": "42", "state": "listed" })),
        (json!({ "settled": { "channel": "web" } }), json!({ "listings": 1, "settled": 0 })),
        (json!({ "verify": {} }), json!({ "ok": true, "orders": 1, "problems": [] })),
    ]
}

/// Whether a value has all that another names; lists have to be of one length.
fn has(value: &Value, part: &Value) -> bool {
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

fn validators() -> BTreeMap<String, jsonschema::Validator> {
    let compiled = |schema: stockroom_documents::Schema| {
        (schema.name, jsonschema::validator_for(&schema.schema).expect("the schema is one"))
    };
    schemas().into_iter().map(compiled).collect()
}

#[test]
fn every_read_answers_what_its_schema_says() {
    let shop = full_shop();
    let validators = validators();
    let mut asked: Vec<String> = vec!["digest".into()];
    for (question, expected) in questions() {
        let name = question.as_object().unwrap().keys().next().unwrap().clone();
        assert!(validators["read"].is_valid(&question), "{question}");
        let answer = ask(&shop, &question);
        if name != "events" && name != "subscribed_events" {
            assert!(has(&answer, &expected), "{question}: {answer}");
        } else if !expected.is_null() {
            assert!(has(&answer[0], &expected[0]), "{question}: {answer}");
        }
        let schema = &validators[&format!("read.{name}")];
        assert!(schema.is_valid(&answer), "{question}: {answer}: {:?}", schema.iter_errors(&answer).next());
        asked.push(name);
    }
    let digest = ask(&shop, &json!({ "digest": {} }));
    assert_eq!(digest, json!(shop.digest().unwrap().to_string()));
    for kind in ReadKind::ALL {
        assert!(asked.iter().any(|name| name == kind.name()), "nothing asks for {}", kind.name());
    }
}

#[test]
fn reads_go_on_where_they_ended() {
    let shop = full_shop();
    let mut after = 0;
    let mut found = Vec::new();
    loop {
        let page = ask(&shop, &json!({ "skus": { "after": after, "limit": 2 } }));
        let Some(last) = page.as_array().unwrap().last() else { break };
        after = last["number"].as_u64().unwrap();
        found.extend(page.as_array().unwrap().iter().map(|sku| sku["sku"].clone()));
    }
    assert_eq!(found, [json!("mug"), json!("cup"), json!("set")]);
}

#[test]
fn what_is_no_document_is_refused_and_says_where() {
    let shop = full_shop();
    let before = shop.digest().unwrap();
    let cases: &[(&[u8], &str)] = &[
        (b"", "EOF"),
        (b"{", "EOF"),
        (b"null", "invalid type"),
        (b"{\"action\":{\"tick\":{\"limit\":1}}} x", "trailing"),
        (b"{\"action\":{\"dance\":{}}}", "dance"),
        (b"{\"action\":{\"tick\":{\"limit\":1}},\"colour\":1}", "colour"),
        (b"{\"action\":{\"receive_stock\":{\"location\":\"main\",\"lines\":[{\"sku\":\"mug\",\"quantity\":1.5}]}}}", "1.5"),
        (b"{\"action\":{\"receive_stock\":{\"location\":\"main\",\"lines\":[{\"sku\":\"mug\",\"quantity\":9223372036854775808}]}}}", "9223372036854775808"),
        (b"{\"action\":{\"tick\":{\"limit\":1}},\"key\":\"\xff\"}", "UTF-8"),
    ];
    for (bytes, says) in cases {
        for call in [execute, preview] {
            let error = call(&shop, bytes).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");
            assert!(error.to_string().contains(says), "{error} does not say {says}");
            let failure = Failure::from(&error);
            assert_eq!((failure.kind, failure.code, failure.retryable), ("malformed", 9, false));
        }
        assert_eq!(execute_batch(&shop, bytes).unwrap_err().kind(), ErrorKind::Malformed);
        assert_eq!(read(&shop, bytes).unwrap_err().kind(), ErrorKind::Malformed);
    }
    // One that is none spoils the batch: nothing of it is done.
    let batch = br#"[{"action":{"register_sku":{"sku":"new"}}},{"action":{"dance":{}}}]"#;
    assert_eq!(execute_batch(&shop, batch).unwrap_err().kind(), ErrorKind::Malformed);
    for question in [json!({ "skus": { "limit": 0 } }), json!({ "events": { "limit": 10_001 } })] {
        let error = read(&shop, &serde_json::to_vec(&question).unwrap()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed);
    }
    assert_eq!(shop.digest().unwrap(), before);
}

#[test]
fn a_deep_document_is_refused() {
    let deep = "[".repeat(1_000_000);
    assert_eq!(execute(&shop(), deep.as_bytes()).unwrap_err().kind(), ErrorKind::Malformed);
}

#[test]
fn times_may_be_given_with_each_command() {
    let shop = shop();
    accept(
        &shop,
        &[json!({ "register_sku": { "sku": "mug" } }), json!({ "register_location": { "location": "main" } })],
    );
    let receive = |at_ms: i64| {
        json!({ "at_ms": at_ms, "action":
            { "receive_stock": { "location": "main", "lines": [{ "sku": "mug", "quantity": 1 }] } } })
    };
    execute(&shop, &serde_json::to_vec(&receive(NOW_MS + 5)).unwrap()).unwrap();
    let batch = [receive(NOW_MS + 7), receive(NOW_MS + 9)];
    execute_batch(&shop, &serde_json::to_vec(&batch).unwrap()).unwrap();
    let times: Vec<i64> = shop.events(2, 100).unwrap().into_iter().map(|event| event.at_ms - NOW_MS).collect();
    assert_eq!(times, [5, 7, 9]);
    let reply = preview(&shop, &serde_json::to_vec(&receive(NOW_MS + 11)).unwrap()).unwrap();
    assert!(serde_json::from_slice::<Value>(&reply).unwrap()["outcome"]["accepted"]["moved"].is_object());
    assert_eq!(shop.available("mug", "main").unwrap(), Some(3));
}

/// A document with its fields in the order of their names, however the map that holds them is built.
struct Sorted<'a>(&'a Value);

impl serde::Serialize for Sorted<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(map) => {
                let sorted: BTreeMap<_, _> = map.iter().map(|(name, value)| (name, Sorted(value))).collect();
                serializer.collect_map(sorted)
            }
            Value::Array(list) => serializer.collect_seq(list.iter().map(Sorted)),
            other => other.serialize(serializer),
        }
    }
}

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/documents")
}

#[test]
fn the_published_schemas_are_those_of_the_code() {
    let bless = std::env::var_os("STOCKROOM_BLESS").is_some_and(|value| value == "1");
    let mut names = Vec::new();
    for schema in schemas() {
        let name = format!("{}.schema.json", schema.name);
        let path = directory().join(&name);
        let text = serde_json::to_string_pretty(&Sorted(&schema.schema)).unwrap() + "\n";
        if bless {
            std::fs::create_dir_all(directory()).unwrap();
            std::fs::write(&path, &text).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(kept == text, "{name} is out of date: run the tests with STOCKROOM_BLESS=1 and look at what changed");
        names.push(name);
    }
    for entry in std::fs::read_dir(directory()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(names.contains(&name), "{name} is of no document any more");
    }
}
