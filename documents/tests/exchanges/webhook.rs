//! Webhooks as documents: what a message becomes, which status it gets, and that the engine takes the commands.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{KeyInit, Mac};
use serde_json::{Value, json};
use stockroom::ErrorKind;
use stockroom_documents::{BODY_MAX_BYTES, Webhook};

use crate::support::*;

const SHOPIFY_SECRET: &str = SECRETS[5];
const WOOCOMMERCE_SECRET: &str = SECRETS[6];
const STANDARD_SECRET: &str = SECRETS[7];
const NOW_S: i64 = NOW_MS / 1000;

fn hmac(key: &[u8], parts: &[&[u8]]) -> String {
    let mut hash = hmac::Hmac::<sha2::Sha256>::new_from_slice(key).unwrap();
    parts.iter().for_each(|part| hash.update(part));
    STANDARD.encode(hash.finalize().into_bytes())
}

fn webhook(settings: &Value) -> Webhook {
    assert_valid("webhook_settings", settings);
    let webhook = Webhook::parse(&bytes(settings)).unwrap_or_else(|error| panic!("{settings}: {error}"));
    assert_says_no_secret(&format!("{webhook:?}"));
    webhook
}

/// What a message becomes.
fn told(webhook: &Webhook, message: &Value, received_at_ms: i64) -> Value {
    assert_valid("incoming", message);
    let told = webhook.read_json(&bytes(message), received_at_ms).unwrap_or_else(|error| panic!("{message}: {error}"));
    let told = value(&told.to_json().unwrap());
    assert_valid("told", &told);
    assert_says_no_secret(&told.to_string());
    told
}

/// The status that a message gets, after the commands were carried out.
fn status(shop: &Shop, told: &Value) -> u64 {
    let said = |name: &str| told[name]["status"].as_u64();
    if let Some(status) = said("ignored").or(said("refused")) {
        return status;
    }
    let outcomes = carry_out(shop, &told["commands"]);
    if outcomes.iter().all(|outcome| outcome.get("accepted").is_some()) { 200 } else { 409 }
}

fn shopify() -> Value {
    json!({ "shopify": { "shop": "example.myshopify.com", "secrets": [SHOPIFY_SECRET], "location": "7",
        "orders": { "channel": "web", "variants": { "91": "mug" } } } })
}

fn from_shopify(topic: &str, body: &str) -> Value {
    json!({ "headers": { "x-shopify-topic": topic, "x-shopify-shop-domain": "example.myshopify.com",
        "x-shopify-webhook-id": "w-1", "x-shopify-event-id": "e-1",
        "x-shopify-hmac-sha256": hmac(SHOPIFY_SECRET.as_bytes(), &[body.as_bytes()]) }, "body": body })
}

fn shopify_order(updated_at: &str, quantity: i64) -> String {
    json!({ "id": 5001, "name": "#1001", "test": false, "created_at": "2026-09-21T09:00:00Z", "updated_at": updated_at,
        "currency": "EUR", "presentment_currency": "EUR", "total_price": "10.00", "line_items": [
        { "id": 11, "title": "Mug", "sku": "shop-mug", "variant_id": 91, "quantity": quantity,
          "current_quantity": quantity, "price": "5.00" }] })
    .to_string()
}

#[test]
fn a_shopify_shop_speaks() {
    let shop = shop();
    let webhook = webhook(&shopify());
    let new = from_shopify("orders/create", &shopify_order("2026-09-21T10:00:00Z", 2));
    let first = told(&webhook, &new, NOW_MS);
    assert!(
        has(
            &first,
            &json!({ "commands": [{ "action": { "take_channel_order": { "order": { "id": "shopify-5001",
                "lines": [{ "sku": "mug", "quantity": 2, "unit_price_minor": 500 }], "policy": "backorder" },
                "message": { "source": "shopify web" } } } }] })
        ),
        "{first}"
    );
    assert_eq!(status(&shop, &first), 200);
    let order = ask(&shop, &json!({ "order": { "order": "shopify-5001" } }));
    assert!(has(&order, &json!({ "lines": [{ "sku": "mug", "quantity": 2 }] })), "{order}");

    // The same again changes nothing, and what is older does not undo what is newer.
    let changed = from_shopify("orders/updated", &shopify_order("2026-09-21T11:00:00Z", 3));
    assert_eq!(status(&shop, &told(&webhook, &changed, NOW_MS)), 200);
    let before = shop.digest().unwrap();
    let again = told(&webhook, &new, NOW_MS + 1);
    assert_eq!((status(&shop, &again), &again), (200, &first));
    assert_eq!(shop.digest().unwrap(), before);
    let older = from_shopify("orders/updated", &shopify_order("2026-09-21T10:30:00Z", 1));
    assert_eq!(status(&shop, &told(&webhook, &older, NOW_MS)), 200);
    let order = ask(&shop, &json!({ "order": { "order": "shopify-5001" } }));
    assert_eq!(order["lines"][0]["quantity"], 3);

    let level =
        json!({ "inventory_item_id": 42, "location_id": 7, "available": 4, "updated_at": "2026-09-21T12:00:00Z" });
    let seen = told(&webhook, &from_shopify("inventory_levels/update", &level.to_string()), NOW_MS);
    assert_eq!(status(&shop, &seen), 200);
    assert_eq!(ask(&shop, &json!({ "listing": { "channel": "web", "sku": "mug" } }))["observed"], 4);

    let elsewhere = level.to_string().replace(":7,", ":8,");
    for (what, message, expected) in [
        (
            "another location",
            from_shopify("inventory_levels/update", &elsewhere),
            json!({ "ignored": { "status": 200 } }),
        ),
        (
            "another topic",
            from_shopify("carts/update", "{}"),
            json!({ "ignored": { "status": 200, "event": "carts/update" } }),
        ),
        ("no order", from_shopify("orders/create", "[1]"), json!({ "refused": { "status": 400 } })),
        ("no JSON", from_shopify("orders/create", "hello"), json!({ "refused": { "status": 400 } })),
        ("no body", from_shopify("orders/create", ""), json!({ "refused": { "status": 401 } })),
    ] {
        let told = told(&webhook, &message, NOW_MS);
        assert!(has(&told, &expected), "{what}: {told}");
    }
    let uninstalled = told(&webhook, &from_shopify("app/uninstalled", "{}"), NOW_MS);
    assert_eq!(status(&shop, &uninstalled), 200);
    assert_eq!(ask(&shop, &json!({ "channel": { "channel": "web" } }))["connected"], false);
}

#[test]
fn what_the_engine_will_not_have_comes_again() {
    let shop = shop();
    let webhook = webhook(&json!({ "shopify": { "shop": "example.myshopify.com", "secrets": [SHOPIFY_SECRET],
        "location": "7", "source": "berlin", "orders": { "channel": "moon", "prefix": "m-", "policy": "partial",
        "prices_in": "presentment", "takes_tests": true } } }));
    let told = told(&webhook, &from_shopify("orders/create", &shopify_order("2026-09-21T10:00:00Z", 2)), NOW_MS);
    let expected = json!({ "commands": [{ "action": { "take_channel_order": { "order": { "id": "m-5001", "channel": "moon",
        "lines": [{ "sku": "shop-mug" }], "policy": "partial" }, "message": { "source": "berlin" } } } }] });
    assert!(has(&told, &expected), "{told}");
    assert_eq!(status(&shop, &told), 409);
}

fn woocommerce() -> Value {
    json!({ "woocommerce": { "secrets": ["an-older-secret-0123456789", WOOCOMMERCE_SECRET],
        "orders": { "channel": "web", "currency": "EUR" } } })
}

fn from_woocommerce(topic: &str, body: &str) -> Value {
    json!({ "headers": [["X-WC-Webhook-Topic", topic], ["X-WC-Webhook-Delivery-ID", "5a1c0e7ad5d34d2a4d2a6cb0c9fb2a3e"],
        ["X-WC-Webhook-Signature", hmac(WOOCOMMERCE_SECRET.as_bytes(), &[body.as_bytes()])]],
        "body_base64": STANDARD.encode(body) })
}

#[test]
fn a_woocommerce_shop_speaks() {
    let shop = shop();
    let webhook = webhook(&woocommerce());
    let order = json!({ "id": 727, "status": "processing", "currency": "EUR", "date_created_gmt": "2026-09-21T09:30:00",
        "date_modified_gmt": "2026-09-21T09:31:02", "line_items": [
        { "id": 315, "name": "Mug", "product_id": 42, "variation_id": 0, "quantity": 2, "subtotal": "6.00", "total": "6.00", "sku": "mug" },
        { "id": 316, "name": "Engraving", "product_id": 0, "variation_id": 0, "quantity": 1, "subtotal": "1.00", "total": "1.00", "sku": "" }] });
    let message = from_woocommerce("order.created", &order.to_string());
    let first = told(&webhook, &message, NOW_MS);
    assert!(first["notes"][0].as_str().unwrap().starts_with("line 316: "), "{first}");
    assert_eq!(first["commands"][0]["action"]["take_channel_order"]["message"]["source"], "woocommerce web");
    assert_eq!(status(&shop, &first), 200);
    let before = shop.digest().unwrap();
    assert_eq!(status(&shop, &told(&webhook, &message, NOW_MS)), 200);
    assert_eq!(shop.digest().unwrap(), before, "it is carried out once");
    let taken = ask(&shop, &json!({ "order": { "order": "web-727" } }));
    assert!(has(&taken, &json!({ "lines": [{ "sku": "mug", "quantity": 2 }] })), "{taken}");

    let product = json!({ "id": 42, "type": "simple", "status": "publish", "manage_stock": true, "stock_quantity": 6,
        "date_modified_gmt": "2026-09-21T10:00:00", "parent_id": 0 });
    assert_eq!(status(&shop, &told(&webhook, &from_woocommerce("product.updated", &product.to_string()), NOW_MS)), 200);
    assert_eq!(ask(&shop, &json!({ "listing": { "channel": "web", "sku": "mug" } }))["observed"], 6);

    let ping = json!({ "headers": {}, "body": "webhook_id=12" });
    let mut draft = order.clone();
    draft["status"] = json!("pending");
    for (what, message, expected) in [
        ("a ping", ping, json!({ "ignored": { "status": 200, "event": "ping" } })),
        ("not paid", from_woocommerce("order.created", &draft.to_string()), json!({ "ignored": { "status": 200 } })),
        ("no order", from_woocommerce("order.created", "{\"id\":1}"), json!({ "refused": { "status": 400 } })),
        ("no JSON", from_woocommerce("order.created", "<html>"), json!({ "refused": { "status": 400 } })),
    ] {
        let told = told(&webhook, &message, NOW_MS);
        assert!(has(&told, &expected), "{what}: {told}");
    }
}

fn warehouse() -> Value {
    json!({ "warehouse": { "secrets": [STANDARD_SECRET], "source": "wms", "location": "main" } })
}

fn signed(id: &str, sent_s: i64, body: &str) -> Value {
    let key = STANDARD.decode(STANDARD_SECRET.trim_start_matches("whsec_")).unwrap();
    let time = sent_s.to_string();
    let signature = hmac(&key, &[id.as_bytes(), b".", time.as_bytes(), b".", body.as_bytes()]);
    json!({ "headers": { "Webhook-Id": id, "Webhook-Timestamp": time, "Webhook-Signature": format!("v1,{signature}") },
        "body": body })
}

#[test]
fn a_warehouse_speaks() {
    let shop = shop();
    let webhook = webhook(&warehouse());
    take(&shop, "wms");
    let event = |kind: &str, data: Value| {
        json!({ "type": kind, "timestamp": "2026-09-21T14:13:20Z", "data": data }).to_string()
    };
    let shipped = event(
        "shipment.created",
        json!({ "fulfillment": "o-1-1", "shipment": "S-1",
        "items": [{ "sku": "mug", "quantity": 1 }], "tracking": { "carrier": "DHL", "number": "1Z" } }),
    );
    for (id, body) in [
        ("m1", event("fulfillment.accepted", json!({ "fulfillment": "o-1-1" }))),
        ("m2", shipped.clone()),
        (
            "m3",
            event(
                "stock.levels",
                json!({ "taken_at": "2026-09-21T14:13:20Z", "levels": [{ "sku": "mug", "on_hand": 8 }] }),
            ),
        ),
    ] {
        let told = told(&webhook, &signed(id, NOW_S, &body), NOW_MS);
        assert_eq!(status(&shop, &told), 200, "{told}");
    }
    let order = ask(&shop, &json!({ "fulfillment_orders": { "order": "o-1" } }));
    assert!(has(&order, &json!([{ "items": [{ "shipped": 1 }], "shipments": [{ "shipment": "S-1" }] }])), "{order}");

    // Played again within the tolerance it changes nothing; after it, it is not even read.
    let before = shop.digest().unwrap();
    assert_eq!(status(&shop, &told(&webhook, &signed("m2", NOW_S, &shipped), NOW_MS + 200_000)), 200);
    assert_eq!(shop.digest().unwrap(), before);

    let wrong_levels = event("stock.levels", json!({ "taken_at": "noon", "levels": [] }));
    let mut unsigned = signed("m9", NOW_S, &shipped);
    unsigned["headers"].as_object_mut().unwrap().remove("Webhook-Signature");
    let mut changed = signed("m9", NOW_S, &shipped);
    changed["body"] = json!(shipped.replace("\"quantity\":1", "\"quantity\":9"));
    let five_minutes_ms = 300_000;
    for (what, message, at_ms, expected) in [
        (
            "old",
            signed("m2", NOW_S, &shipped),
            NOW_MS + five_minutes_ms + 1,
            json!({ "refused": { "status": 401, "why": "the message is too old" } }),
        ),
        ("ahead", signed("m2", NOW_S, &shipped), NOW_MS - five_minutes_ms - 1, json!({ "refused": { "status": 401 } })),
        ("unsigned", unsigned, NOW_MS, json!({ "refused": { "status": 401 } })),
        (
            "changed",
            changed,
            NOW_MS,
            json!({ "refused": { "status": 401, "why": "no signature of the message matches" } }),
        ),
        (
            "unknown",
            signed("m9", NOW_S, &event("lunch", json!({}))),
            NOW_MS,
            json!({ "ignored": { "status": 200, "event": "lunch" } }),
        ),
        ("malformed", signed("m9", NOW_S, &wrong_levels), NOW_MS, json!({ "refused": { "status": 400 } })),
        ("no JSON", signed("m9", NOW_S, "hello"), NOW_MS, json!({ "refused": { "status": 400 } })),
        (
            "too large",
            signed("m9", NOW_S, &"x".repeat(BODY_MAX_BYTES + 1)),
            NOW_MS,
            json!({ "refused": { "status": 413 } }),
        ),
    ] {
        let told = told(&webhook, &message, at_ms);
        assert!(has(&told, &expected), "{what}: {told}");
    }
    let patient = super::webhook::webhook(
        &json!({ "warehouse": { "secrets": [STANDARD_SECRET], "source": "wms", "tolerance_ms": 600_000 } }),
    );
    let late = told(&patient, &signed("m2", NOW_S, &shipped), NOW_MS + five_minutes_ms + 1);
    assert!(late.get("commands").is_some(), "{late}");
}

#[test]
fn a_shipbob_account_speaks_in_several_commands() {
    let shop = shop();
    let webhook = webhook(&json!({ "shipbob": { "secrets": [STANDARD_SECRET], "source": "shipbob" } }));
    let part = |id: u64| {
        json!({ "id": id, "status": "Completed", "tracking": { "carrier": "UPS", "tracking_number": format!("T{id}") },
            "products": [{ "reference_id": "mug", "inventory_items": [{ "quantity": 1 }] }] })
    };
    let body = json!({ "id": 5, "reference_id": "o-1-1", "status": "X", "shipments": [part(1), part(2)] }).to_string();
    let message = |topic: Option<&str>| {
        let mut message = signed("m1", NOW_S, &body);
        if let Some(topic) = topic {
            message["headers"]["X-Webhook-Topic"] = json!(topic);
        }
        message
    };
    let shipped = told(&webhook, &message(Some("order.shipped")), NOW_MS);
    let names: Vec<&Value> = shipped["commands"]
        .as_array()
        .unwrap()
        .iter()
        .map(|command| &command["action"]["note_shipment"]["shipment"])
        .collect();
    assert_eq!(names, ["1", "2"]);
    take(&shop, "wms");
    assert_eq!(status(&shop, &shipped), 200);
    let before = shop.digest().unwrap();
    assert_eq!(status(&shop, &shipped), 200);
    assert_eq!(shop.digest().unwrap(), before, "each shipment is noted once");
    let order = ask(&shop, &json!({ "order": { "order": "o-1" } }));
    assert_eq!(order["allocations"][0]["shipped"], 2, "{order}");

    let none = told(&webhook, &message(None), NOW_MS);
    assert!(has(&none, &json!({ "refused": { "status": 400 } })), "{none}");
    let other = told(&webhook, &message(Some("return.created")), NOW_MS);
    assert!(has(&other, &json!({ "ignored": { "status": 200, "event": "return.created" } })), "{other}");
}

#[test]
fn messages_of_others_are_not_read() {
    for (settings, message) in [
        (shopify(), from_shopify("orders/create", &shopify_order("2026-09-21T10:00:00Z", 2))),
        (woocommerce(), from_woocommerce("order.created", "{\"id\":1}")),
        (warehouse(), signed("m", NOW_S, "{}")),
    ] {
        let other = bytes(&settings);
        let other = String::from_utf8(other).unwrap();
        let other = other
            .replace(SHOPIFY_SECRET, "shpss_another_0123456789abcdef")
            .replace(WOOCOMMERCE_SECRET, "wc-webhook-another-0123456789")
            .replace(STANDARD_SECRET, "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD");
        let told = told(&webhook(&value(other.as_bytes())), &message, NOW_MS);
        assert!(has(&told, &json!({ "refused": { "status": 401 } })), "{told}");
    }
}

#[test]
fn what_is_no_message_is_a_failure_of_the_host() {
    let webhook = webhook(&warehouse());
    for (message, says) in [
        (json!({}), "missing field `headers`"),
        (json!({ "headers": {}, "colour": 1 }), "unknown field"),
        (json!({ "headers": 5, "body": "" }), "invalid type: integer, expected headers"),
        (json!({ "headers": {}, "body": "x", "body_base64": "eA==" }), "one of them"),
        (json!({ "headers": {}, "body_base64": "?" }), "no base64"),
        (json!({ "headers": {}, "body": { "private": "Ada" } }), "invalid type: map"),
    ] {
        let error = webhook.read_json(&bytes(&message), NOW_MS).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed);
        assert!(error.to_string().contains(says), "{message}: {error}");
        assert!(!error.to_string().contains("Ada"), "{error}");
    }
}

#[test]
fn settings_that_are_none_are_refused_without_their_secrets() {
    let with = |mut settings: Value, name: &str, field: &str, value: Value| {
        settings[name][field] = value;
        settings
    };
    for (settings, says) in [
        (json!(SHOPIFY_SECRET), "unknown variant"),
        (json!({ "shopify": SHOPIFY_SECRET }), "invalid type: string"),
        (with(shopify(), "shopify", "secrets", json!(SHOPIFY_SECRET)), "invalid type: string, expected a sequence"),
        (with(shopify(), "shopify", "secrets", json!({ SHOPIFY_SECRET: 1 })), "invalid type: map"),
        (with(shopify(), "shopify", "secrets", json!([[SHOPIFY_SECRET]])), "invalid type: sequence"),
        (with(shopify(), "shopify", SHOPIFY_SECRET, json!(1)), "unknown field"),
        (with(shopify(), "shopify", "secrets", json!([])), "1 to 2 secrets"),
        (with(shopify(), "shopify", "secrets", json!(["short"])), "at least 16 bytes"),
        (with(shopify(), "shopify", "location", json!("north")), "no Shopify location"),
        (with(shopify(), "shopify", "source", json!("x".repeat(65))), "source"),
        (with(shopify(), "shopify", "orders", json!({ "channel": "" })), "channel"),
        (with(shopify(), "shopify", "orders", json!({ "channel": "web", "prefix": "x".repeat(60) })), "prefix"),
        (with(shopify(), "shopify", "orders", json!({ "channel": "web", "variants": { "x": "y" } })), "invalid"),
        (with(woocommerce(), "woocommerce", "secrets", json!([WOOCOMMERCE_SECRET, 5])), "invalid type: integer"),
        (with(woocommerce(), "woocommerce", "source", json!("")), "source"),
        (with(warehouse(), "warehouse", "source", json!("")), "source"),
        (with(warehouse(), "warehouse", "secrets", json!([&STANDARD_SECRET[1..]])), "whsec_"),
    ] {
        let error = Webhook::parse(&bytes(&settings)).map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed);
        assert!(error.to_string().contains(says), "{settings}: {error}");
        assert_says_no_secret(&format!("{error} {error:?}"));
        assert!(!error.to_string().contains(&STANDARD_SECRET[6..]), "{error}");
    }
}
