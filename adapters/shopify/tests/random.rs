//! Answers of all kinds: whatever a shop says, a conversation ends and nothing falls over.

use proptest::prelude::*;
use serde_json::{Value, json};
use stockroom::outbox::DeliveryResult;
use stockroom_shopify::{Backfill, BackfillTurn, GraphqlExchange, OrderMapping, RestExchange};

use crate::support::*;
use crate::{backfill, conformance};

/// Good answers to all questions, in one: each conversation finds its own.
fn good() -> Value {
    let order = backfill::order(1, vec![], None);
    let page = json!({ "hasNextPage": false, "endCursor": null });
    let lines = json!({ "nodes": [{ "id": "gid://shopify/FulfillmentOrderLineItem/1", "remainingQuantity": 2, "sku": "mug",
        "lineItem": { "id": "gid://shopify/LineItem/11" } }], "pageInfo": page });
    let parts = json!({ "nodes": [{ "id": "gid://shopify/FulfillmentOrder/1", "status": "OPEN",
        "assignedLocation": { "location": { "id": "gid://shopify/Location/7" } },
        "supportedActions": [{ "action": "CREATE_FULFILLMENT" }], "lineItems": lines }], "pageInfo": page });
    json!({ "data": {
        "inventorySetQuantities": { "userErrors": [{ "code": "CHANGE_FROM_QUANTITY_STALE", "field": ["input", "quantities", "0"], "message": "no" }] },
        "inventoryActivate": { "inventoryLevel": level_of(1), "userErrors": [] },
        "nodes": [{ "id": "gid://shopify/InventoryItem/1", "inventoryLevel": level_of(4) }, null],
        "order": { "id": "gid://shopify/Order/5001", "fulfillments": [], "fulfillmentOrders": parts },
        "orders": { "nodes": [order], "pageInfo": page },
        "fulfillmentCreate": { "fulfillment": { "id": "x" }, "userErrors": [] } },
        "extensions": cost(10, 50), "inventory_levels": [{ "inventory_item_id": 1, "available": 3 }],
        "inventory_level": { "available": 5 } })
}

/// Puts a value in the place of the nth one of a document.
fn replace(document: &mut Value, nth: &mut usize, value: &Value) {
    if *nth == 0 {
        *document = value.clone();
        *nth = usize::MAX;
        return;
    }
    *nth -= 1;
    match document {
        Value::Array(entries) => entries.iter_mut().for_each(|entry| replace(entry, nth, value)),
        Value::Object(fields) => fields.values_mut().for_each(|field| replace(field, nth, value)),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_500) })]

    #[test]
    fn whatever_is_said_a_conversation_ends(
        nth in 0_usize..120, value in any_json(), status in prop_oneof![8 => Just(200_u16), 1 => 100_u16..600],
        kind in 0_usize..6, doubt: bool, by_rest: bool,
    ) {
        let mut said = good();
        replace(&mut said, &mut nth.clone(), &value);
        let text = said.to_string();
        let graphql = GraphqlExchange::new(shop()).unwrap();
        let rest = RestExchange::new(shop()).unwrap();
        let delivery = delivery(conformance::bodies()[kind].clone(), doubt);
        let exchange: &dyn stockroom::ports::Exchange = if by_rest { &rest } else { &graphql };
        let (_, end) = run(exchange, &delivery, |_| answer(status, &text));
        if let DeliveryResult::Retry(retry) = end {
            prop_assert!(retry.after_ms.is_none_or(|after_ms| after_ms >= 0));
        }
        let mut look = Backfill::new(&graphql, OrderMapping::new("web").unwrap(), 0);
        let said = answer(status, &text);
        for _ in 0..50 {
            if look.request().is_none() {
                break;
            }
            if let BackfillTurn::Retry(_) = look.answered(said.as_ref(), NOW_MS) {
                break;
            }
        }
    }
}
