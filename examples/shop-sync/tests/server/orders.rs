//! The shop's own customers: what they take, and what becomes of it.

use std::time::Duration;

use serde_json::{Value, json};
use shop_sync::server::{Settings, ShopServer, Wanted};

use crate::client::{Client, quantity};

const FULFILL: &str = "mutation F($fulfillment: FulfillmentInput!) { fulfillmentCreate(fulfillment: $fulfillment) {
    fulfillment { id status } userErrors { field message } } }";

fn start(shown: i64) -> (ShopServer, Client) {
    let server = ShopServer::start(&Settings::default()).expect("it starts");
    let client = Client::new(&server);
    for sku in ["MUG", "CUP"] {
        let item = server.add_item(sku);
        client.set(sku, json!([quantity(&item, shown, None)]));
    }
    (server, client)
}

fn wanted(lines: &[(&str, i64)]) -> Vec<Wanted> {
    let line =
        |(sku, quantity): &(&str, i64)| Wanted { sku: (*sku).into(), quantity: *quantity, unit_price_minor: 255 };
    lines.iter().map(line).collect()
}

fn levels(server: &ShopServer, sku: &str) -> (Option<i64>, i64) {
    let book = server.books().items[sku].clone();
    (book.available, book.committed)
}

#[test]
fn customers_buy_what_is_shown_and_no_more() {
    let (server, _) = start(5);
    let order = server.check_out(&wanted(&[("MUG", 3), ("CUP", 9), ("HAT", 1)])).expect("an order");
    assert_eq!((levels(&server, "MUG"), levels(&server, "CUP")), ((Some(2), 3), (Some(0), 5)));
    let book = server.books().orders[&order].clone();
    assert_eq!(book.units.into_iter().collect::<Vec<_>>(), [("CUP".to_owned(), 5), ("MUG".to_owned(), 3)]);
    assert_eq!(server.check_out(&wanted(&[("CUP", 1)])), None, "nothing of it is there");
}

#[test]
fn what_is_cancelled_or_taken_out_is_there_again() {
    let (server, _) = start(5);
    let order = server.check_out(&wanted(&[("MUG", 3)])).expect("an order");
    assert!(server.take_out(order));
    assert_eq!(levels(&server, "MUG"), (Some(3), 2));
    assert!(server.cancel(order) && !server.cancel(order) && !server.take_out(order));
    assert_eq!(levels(&server, "MUG"), (Some(5), 0));
}

#[test]
fn orders_are_found_by_the_time_of_their_last_change() {
    let (server, client) = start(50);
    let minute = Duration::from_secs(60);
    let orders: Vec<i64> = (0..3)
        .map(|_| {
            server.pass_time(minute);
            server.check_out(&wanted(&[("MUG", 1), ("CUP", 2)])).expect("an order")
        })
        .collect();
    server.pass_time(minute);
    assert!(server.cancel(orders[0]));
    let query = "query O($query: String!, $after: String) {
        orders(first: 2, after: $after, query: $query, sortKey: UPDATED_AT) {
            nodes { id updatedAt cancelledAt currencyCode totalPriceSet { shopMoney { amount } }
                lineItems(first: 1) { nodes { sku currentQuantity } pageInfo { hasNextPage endCursor } } }
            pageInfo { hasNextPage endCursor } } }";
    let page = |query_text: &str, after: Value| {
        let answer = client.ask(query, json!({"query": query_text, "after": after}));
        assert!(answer.get("errors").is_none(), "{answer}");
        answer["data"]["orders"].clone()
    };
    let ids = |page: &Value| -> Vec<i64> {
        let id = |node: &Value| node["id"].as_str().and_then(|id| id.rsplit('/').next()?.parse().ok());
        page["nodes"].as_array().expect("nodes").iter().filter_map(id).collect()
    };
    let first = page("updated_at:>='2020-01-01T00:00:00Z'", Value::Null);
    assert_eq!(ids(&first), orders[1..]);
    assert_eq!(first["nodes"][0]["totalPriceSet"]["shopMoney"]["amount"], "7.65");
    assert_eq!(first["nodes"][0]["lineItems"]["pageInfo"]["hasNextPage"], true);
    assert_eq!(first["pageInfo"]["hasNextPage"], true);
    let second = page("updated_at:>='2020-01-01T00:00:00Z'", first["pageInfo"]["endCursor"].clone());
    assert_eq!((ids(&second), &second["pageInfo"]["hasNextPage"]), (vec![orders[0]], &json!(false)));
    // From the last change on: the order that changed again, and what changed within the same second.
    let since = second["nodes"][0]["updatedAt"].as_str().expect("a time");
    assert_eq!(ids(&page(&format!("updated_at:>='{since}'"), Value::Null)), [orders[0]]);
    let wrong = client.ask(query, json!({"query": "name:#1001"}));
    assert!(wrong["errors"].is_array(), "a search that is not understood is not passed over");
}

fn fulfillment_order(client: &Client, order: i64) -> Value {
    let query = "query F($order: ID!) { order(id: $order) { fulfillmentOrders(first: 5) { nodes {
        id status assignedLocation { location { id } } supportedActions { action }
        lineItems(first: 30) { nodes { id remainingQuantity sku lineItem { id } } } } } } }";
    let answer = client.ask(query, json!({"order": format!("gid://shopify/Order/{order}")}));
    answer["data"]["order"]["fulfillmentOrders"]["nodes"][0].clone()
}

#[test]
fn what_left_is_noted_once_and_no_more_than_was_ordered() {
    let (server, client) = start(5);
    let order = server.check_out(&wanted(&[("MUG", 3)])).expect("an order");
    let open = fulfillment_order(&client, order);
    assert_eq!((&open["status"], &open["lineItems"]["nodes"][0]["remainingQuantity"]), (&json!("OPEN"), &json!(3)));
    let fulfill = |quantity: i64| {
        let line = json!({"id": open["lineItems"]["nodes"][0]["id"], "quantity": quantity});
        let lines = json!([{"fulfillmentOrderId": open["id"], "fulfillmentOrderLineItems": [line]}]);
        let fulfillment = json!({"lineItemsByFulfillmentOrder": lines, "trackingInfo": {"number": "T1"}});
        client.ask(FULFILL, json!({"fulfillment": fulfillment}))["data"]["fulfillmentCreate"].clone()
    };
    assert_eq!(fulfill(2)["fulfillment"]["status"], "SUCCESS");
    assert_eq!(fulfill(2)["userErrors"].as_array().map(Vec::len), Some(1), "one is left");
    assert_eq!(fulfill(1)["userErrors"], json!([]));
    let closed = fulfillment_order(&client, order);
    assert_eq!((&closed["status"], &closed["supportedActions"]), (&json!("CLOSED"), &json!([])));
    assert_eq!((levels(&server, "MUG"), server.books().orders[&order].fulfilled), ((Some(2), 0), 3));
    assert!(!server.cancel(order), "it has left");
    let query = "query F($order: ID!) { order(id: $order) { fulfillments(first: 10) { trackingInfo(first: 5) { number }
        fulfillmentLineItems(first: 30) { nodes { quantity lineItem { sku } } pageInfo { hasNextPage } } } } }";
    let told = client.ask(query, json!({"order": format!("gid://shopify/Order/{order}")}));
    let first = &told["data"]["order"]["fulfillments"][0];
    assert_eq!(first["fulfillmentLineItems"]["nodes"], json!([{"quantity": 2, "lineItem": {"sku": "MUG"}}]));
    assert_eq!(first["trackingInfo"], json!([{"number": "T1"}]));
}
