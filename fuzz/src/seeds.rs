//! Good inputs to begin with: a fuzzer that starts at nothing takes hours to find its first brace.

use serde_json::{Value, json};

/// The seeds of a target.
pub fn seeds(target: &str) -> Vec<Vec<u8>> {
    match target {
        "documents" => documents(),
        "exchanges" => exchanges(),
        "webhooks" => webhooks(),
        "backfills" => backfills(),
        "feeds" => feeds(),
        _ => sequences(),
    }
}

/// An input whose first bytes choose.
fn input(chosen: &[u8], text: &str) -> Vec<u8> {
    [chosen, text.as_bytes()].concat()
}

fn documents() -> Vec<Vec<u8>> {
    let line = json!([{ "sku": "mug", "quantity": 2, "unit_price_minor": 100 }]);
    let order = json!({ "key": "k", "action": { "place_order": { "id": "o-2", "channel": "web", "currency": "EUR",
        "lines": line, "policy": "backorder" } } });
    let actions = [
        order.clone(),
        json!({ "action": { "cancel_order": { "order": "o-1" } } }),
        json!({ "action": { "ship_order": { "order": "o-1", "location": "main", "lines": [{ "line": 1, "quantity": 1 }] } } }),
        json!({ "action": { "count_stock": { "sku": "mug", "location": "main", "counted": 3 } } }),
        json!({ "action": { "take_deliveries": { "destination": "wms", "max": 10, "lease_ms": 60_000 } } }),
        json!({ "action": { "tick": {} }, "at_ms": 1_790_000_000_001_i64 }),
    ];
    let reads = [
        json!({ "availability": { "pairs": [{ "sku": "mug", "location": "main" }] } }),
        json!({ "order": { "order": "o-1" } }),
        json!({ "events": { "after": 0, "limit": 100, "source": "/shop" } }),
        json!({ "verify": {} }),
    ];
    let mut all = Vec::new();
    for action in &actions {
        all.extend([input(&[0], &action.to_string()), input(&[2], &action.to_string())]);
    }
    all.push(input(&[1], &Value::from(actions.to_vec()).to_string()));
    all.extend(reads.iter().map(|read| input(&[3], &read.to_string())));
    all.push(input(&[4], r#"{"rest":{"base_url":"https://wms.example","auth":{"bearer":{"token":"t"}}}}"#));
    all.push(input(
        &[5],
        r#"{"warehouse":{"secrets":["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],"source":"wms","location":"main"}}"#,
    ));
    all.push(input(&[6], r#"{"routes":[],"fulfill":true}"#));
    all
}

fn exchanges() -> Vec<Vec<u8>> {
    let answers = [
        r#"{"id":"W-1","fulfillment":"o-1-1","status":"accepted"}"#,
        r#"[{"id":1,"reference_id":"o-1-1","status":"Processing"}]"#,
        r#"{"items":[{"sku":"mug","on_hand":4}],"taken_at":"2026-09-21T14:00:00Z"}"#,
        r#"{"data":{"inventorySetQuantities":{"inventoryAdjustmentGroup":{"id":"gid://x/1"},"userErrors":[]}}}"#,
        r#"{"data":{"inventoryActivate":{"inventoryLevel":{"id":"gid://shopify/InventoryLevel/1","updatedAt":"2026-09-21T13:33:20Z","quantities":[{"name":"available","quantity":86,"updatedAt":null}]},"userErrors":[]}}}"#,
        r#"{"data":{"nodes":[{"id":"gid://shopify/InventoryItem/42","inventoryLevel":{"updatedAt":"2026-09-21T13:33:20Z","quantities":[{"name":"available","quantity":4,"updatedAt":null}]}}]}}"#,
        r#"{"errors":[{"message":"Throttled","extensions":{"code":"THROTTLED"}}]}"#,
        r#"{"inventory_level":{"inventory_item_id":42,"location_id":7,"available":5}}"#,
        r#"{"inventory_levels":[{"inventory_item_id":42,"location_id":7,"available":3}]}"#,
        r#"[{"id":42,"name":"Mug","sku":"mug","type":"simple","manage_stock":true,"stock_quantity":3,"status":"publish"}]"#,
        r#"{"update":[{"id":42,"stock_quantity":3}]}"#,
        "not json",
    ];
    let mut all = Vec::new();
    for exchange in 0..5_u8 {
        for delivery in 0..9_u8 {
            for answer in answers {
                // The same again, so that what looks first gets further.
                all.push(input(&[exchange, delivery, 0], &format!("{answer}\0\0{answer}\0\x0b{answer}")));
            }
        }
    }
    all
}

fn webhooks() -> Vec<Vec<u8>> {
    let shopify = json!({ "id": 5001, "name": "#1001", "test": false, "created_at": "2026-09-21T09:00:00Z",
        "updated_at": "2026-09-21T10:00:00Z", "currency": "EUR", "presentment_currency": "EUR", "total_price": "10.00",
        "line_items": [{ "id": 11, "title": "Mug", "sku": "mug", "variant_id": 91, "quantity": 2, "current_quantity": 2,
            "price": "5.00" }] });
    let level =
        json!({ "inventory_item_id": 42, "location_id": 7, "available": 4, "updated_at": "2026-09-21T12:00:00Z" });
    let woo = json!({ "id": 77, "status": "processing", "currency": "EUR", "date_created_gmt": "2026-09-21T09:00:00",
        "date_modified_gmt": "2026-09-21T10:00:00", "prices_include_tax": true, "refunds": [],
        "line_items": [{ "id": 1, "sku": "mug", "quantity": 1, "total": "5.00", "total_tax": "0.95" }] });
    let shipment = json!({ "type": "shipment.created", "data": { "fulfillment": "o-1-1", "shipment": "S-1",
        "tracking": { "carrier": "DHL", "number": "1Z" } } });
    let stock = json!({ "type": "stock.changed", "data": { "items": [{ "sku": "mug", "on_hand": 4 }],
        "taken_at": "2026-09-21T14:00:00Z" } });
    let parcel = json!({ "id": 1, "status": "Completed", "tracking": { "carrier": "UPS", "tracking_number": "T1" },
        "products": [{ "reference_id": "mug", "inventory_items": [{ "quantity": 1 }] }] });
    let shipbob = json!({ "id": 9, "reference_id": "o-1-1", "status": "X", "shipments": [parcel] });
    let mut all = Vec::new();
    for topic in 0..7_u8 {
        all.push(input(&[0, topic], &shopify.to_string()));
        all.push(input(&[1, topic], &woo.to_string()));
    }
    all.push(input(&[0, 5], &level.to_string()));
    all.push(input(&[2, 0], &shipment.to_string()));
    all.push(input(&[2, 0], &stock.to_string()));
    all.push(input(&[3, 0], &shipbob.to_string()));
    all
}

fn backfills() -> Vec<Vec<u8>> {
    let shopify =
        json!({ "data": { "orders": { "pageInfo": { "hasNextPage": false, "endCursor": null }, "nodes": [] } } });
    let woo = json!([{ "id": 77, "status": "processing", "currency": "EUR", "date_created_gmt": "2026-09-21T09:00:00",
        "date_modified_gmt": "2026-09-21T10:00:00", "line_items": [] }]);
    vec![input(&[0], &shopify.to_string()), input(&[1], &woo.to_string()), input(&[1], "[]"), input(&[0], "!\0?\0{}")]
}

fn feeds() -> Vec<Vec<u8>> {
    vec![
        input(&[0], r#"{"taken_at":"2026-09-21T14:00:00Z","levels":[{"sku":"mug","on_hand":4}]}"#),
        input(&[1], "sku,on_hand\nmug,4\n"),
    ]
}

fn sequences() -> Vec<Vec<u8>> {
    let mut random = 1_u32;
    let mut next = || {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 24) as u8
    };
    (0..20).map(|number| (0..(number + 1) * 40).map(|_| next()).collect()).collect()
}
