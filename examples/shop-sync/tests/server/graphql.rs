//! Quantities by GraphQL: compared first, all of a request or none, and once for each key.

use serde_json::{Value, json};
use shop_sync::server::{Settings, ShopServer};

use crate::client::{Client, SET, codes, input, quantity};

fn start() -> (ShopServer, Client) {
    let server = ShopServer::start(&Settings::default()).expect("it starts");
    let client = Client::new(&server);
    (server, client)
}

fn shown(server: &ShopServer, sku: &str) -> Option<i64> {
    server.books().items[sku].available
}

#[test]
fn all_of_a_request_is_set_or_none_of_it() {
    let (server, client) = start();
    let [mug, cup] = ["MUG", "CUP"].map(|sku| server.add_item(sku));
    let payload = client.set("a", json!([quantity(&mug, 5, Some(0)), quantity(&cup, 7, None)]));
    assert!(payload["inventoryAdjustmentGroup"]["id"].is_string() && codes(&payload).is_empty(), "{payload}");
    assert_eq!((shown(&server, "MUG"), shown(&server, "CUP")), (Some(5), Some(7)));

    let payload = client.set("b", json!([quantity(&mug, 4, Some(5)), quantity(&cup, 1, Some(6))]));
    assert_eq!(codes(&payload), [("CHANGE_FROM_QUANTITY_STALE".into(), "1".into())]);
    assert_eq!(payload["userErrors"][0]["field"], json!(["input", "quantities", "1", "changeFromQuantity"]));
    assert_eq!(payload["inventoryAdjustmentGroup"], Value::Null);
    assert_eq!((shown(&server, "MUG"), shown(&server, "CUP")), (Some(5), Some(7)), "none of it");
    let counts = server.books().counts;
    assert_eq!((counts.quantities_set, counts.stale_compares), (2, 1));
    assert_eq!(client.available(&mug), 5);
}

#[test]
fn every_entry_that_is_wrong_is_named() {
    let (server, client) = start();
    let [mug, cup, jug] = ["MUG", "CUP", "JUG"].map(|sku| server.add_item(sku));
    assert!(server.delete_item("JUG"));
    let mut elsewhere = quantity(&cup, 1, None);
    elsewhere["locationId"] = json!("gid://shopify/Location/1");
    let payload = client.set(
        "a",
        json!([
            quantity("gid://shopify/InventoryItem/1", 1, None),
            elsewhere,
            quantity(&mug, 1, None),
            quantity(&mug, 2, None),
            quantity(&cup, -1, None),
            quantity(&jug, 1, None),
        ]),
    );
    let expected = [
        ("INVALID_INVENTORY_ITEM", "0"),
        ("INVALID_LOCATION", "1"),
        ("NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR", "3"),
        ("INVALID_QUANTITY_NEGATIVE", "4"),
        ("INVALID_INVENTORY_ITEM", "5"),
    ];
    assert_eq!(codes(&payload), expected.map(|(code, place)| (code.to_owned(), place.to_owned())));
    assert_eq!(client.available(&jug), Value::Null);
    let nodes = client.ask("query { nodes(ids: [\"gid://shopify/InventoryItem/1\"]) { id } }", json!({}));
    assert_eq!(nodes["data"]["nodes"], json!([null]));
}

#[test]
fn what_concerns_the_whole_request_is_said_of_it() {
    let (server, client) = start();
    let mug = server.add_item("MUG");
    for (field, value, code) in [
        ("name", "on_order", "INVALID_NAME"),
        ("reason", "because", "INVALID_REASON"),
        ("referenceDocumentUri", "no uri", "INVALID_REFERENCE_DOCUMENT"),
    ] {
        let mut variables = input(code, json!([quantity(&mug, 5, None)]));
        variables["input"][field] = json!(value);
        let payload = client.ask(SET, variables)["data"]["inventorySetQuantities"].clone();
        assert_eq!(codes(&payload), [(code.to_owned(), String::new())], "{payload}");
    }
    assert_eq!(shown(&server, "MUG"), Some(0));
}

#[test]
fn a_key_has_one_effect() {
    let (server, client) = start();
    let mug = server.add_item("MUG");
    let five = json!([quantity(&mug, 5, Some(0))]);
    let first = client.set("a", five.clone());
    assert_eq!(client.set("a", five.clone()), first, "the same answer, though it shows 5 now");
    let other = client.set("a", json!([quantity(&mug, 6, Some(5))]));
    assert_eq!(codes(&other)[0].0, "IDEMPOTENCY_KEY_PARAMETER_MISMATCH");
    assert_eq!(codes(&client.set("b", five.clone()))[0].0, "CHANGE_FROM_QUANTITY_STALE");
    let counts = server.books().counts;
    assert_eq!((counts.quantities_set, counts.replayed, counts.mismatched), (1, 1, 1));
    // What was refused is refused again, though it would be right now.
    assert!(server.edit("MUG", -5));
    assert_eq!(codes(&client.set("b", five.clone()))[0].0, "CHANGE_FROM_QUANTITY_STALE");
    // Once its time is over a key is a new one.
    server.expire_keys();
    assert!(codes(&client.set("a", five)).is_empty());
    assert_eq!(server.books().counts.quantities_set, 2);
}

#[test]
fn keys_and_comparisons_are_required_by_versions_that_do() {
    let (server, client) = start();
    let mug = server.add_item("MUG");
    let keyless = SET.replace(" @idempotent(key: $key)", "").replace(", $key: String!", "");
    let mut variables = input("a", json!([quantity(&mug, 5, Some(0))]));
    variables.as_object_mut().expect("an object").remove("key");
    let answer = client.ask(&keyless, variables.clone());
    assert!(answer["errors"][0]["message"].as_str().is_some_and(|text| text.contains("idempotent")), "{answer}");
    let mut incomparable = input("a", json!([quantity(&mug, 5, None)]));
    incomparable["input"]["quantities"][0].as_object_mut().expect("an object").remove("changeFromQuantity");
    let answer = client.ask(SET, incomparable.clone());
    assert!(answer["errors"][0]["message"].as_str().is_some_and(|text| text.contains("changeFrom")), "{answer}");
    assert_eq!(shown(&server, "MUG"), Some(0));
    let old = Client::new(&server).with_version("2026-01");
    assert!(old.ask(&keyless, variables).get("errors").is_none());
    assert!(old.ask(SET, incomparable).get("errors").is_none());
    assert!(client.ask(SET, input(" ", json!([])))["errors"].is_array(), "a key of blanks");
}

#[test]
fn more_than_250_of_anything_are_too_many() {
    let (server, client) = start();
    let items: Vec<String> = (0..251).map(|number| server.add_item(&format!("S{number}"))).collect();
    let all =
        |count: usize| Value::from(items[..count].iter().map(|item| quantity(item, 1, Some(0))).collect::<Vec<_>>());
    let answer = client.ask(SET, input("a", all(251)));
    assert_eq!(answer["errors"][0]["extensions"]["code"], "MAX_INPUT_SIZE_EXCEEDED");
    assert!(codes(&client.set("b", all(250))).is_empty());
    assert_eq!(server.books().counts.quantities_set, 250);
    let nodes = client.ask("query Q($ids: [ID!]!) { nodes(ids: $ids) { id } }", json!({"ids": items}));
    assert!(nodes["errors"].is_array());
    let pages = client.ask("query { inventoryItems(first: 251) { nodes { id } } }", json!({}));
    assert!(pages["errors"].is_array());
}

#[test]
fn an_item_is_stocked_before_it_is_set() {
    let settings = Settings { unstocked_every: 1, ..Settings::default() };
    let server = ShopServer::start(&settings).expect("it starts");
    let client = Client::new(&server);
    let mug = server.add_item("MUG");
    assert_eq!(client.available(&mug), Value::Null);
    let five = |key| client.set(key, json!([quantity(&mug, 5, Some(0))]));
    assert_eq!(codes(&five("a")), [("ITEM_NOT_STOCKED_AT_LOCATION".into(), "0".into())]);
    let activate = "mutation A($item: ID!, $location: ID!, $key: String!) {
        inventoryActivate(inventoryItemId: $item, locationId: $location) @idempotent(key: $key) {
            inventoryLevel { quantities(names: [\"available\"]) { quantity } } userErrors { field message } } }";
    let variables = json!({"item": mug, "location": ShopServer::location(), "key": "k"});
    let payload = client.ask(activate, variables)["data"]["inventoryActivate"].clone();
    assert_eq!(payload["inventoryLevel"]["quantities"][0]["quantity"], 0, "{payload}");
    assert!(codes(&five("b")).is_empty());
    // From this version on setting is enough.
    let cup = server.add_item("CUP");
    let new = Client::new(&server).with_version("2026-10");
    assert!(codes(&new.set("c", json!([quantity(&cup, 5, Some(0))]))).is_empty());
    assert_eq!(shown(&server, "CUP"), Some(5));
}

#[test]
fn a_document_that_is_wrong_changes_nothing() {
    let (server, client) = start();
    let mug = server.add_item("MUG");
    let variables = || input("a", json!([quantity(&mug, 5, None)]));
    for query in [
        "",
        "mutation {",
        "query { shop { name } }",
        "mutation { productDelete(id: 1) { id } }",
        "query A { nodes(ids: []) { id } } query B { nodes(ids: []) { id } }",
        "query { nodes(ids: 7) { id } }",
        "query { orders { nodes { id } } }",
    ] {
        let answer = client.ask(query, json!({}));
        assert!(answer["errors"][0]["message"].is_string(), "{query}: {answer}");
    }
    let answer = client.ask(SET, json!({"input": {}}));
    assert!(answer["errors"].is_array(), "a variable is missing");
    let mut more = variables();
    more["other"] = json!(1);
    assert!(client.ask(SET, more)["errors"].is_array(), "a variable is not declared");
    let mut misspelt = variables();
    misspelt["input"]["quantities"][0]["compareQuantity"] = json!(0);
    assert!(client.ask(SET, misspelt)["errors"].is_array(), "a field that this version does not have");
    let unknown = client
        .ask("query Q($ids: [ID!]!) { nodes(ids: $ids) { ... on InventoryItem { cost } } }", json!({"ids": [mug]}));
    assert_eq!(unknown["errors"][0]["extensions"]["code"], "undefinedField", "{unknown}");
    assert_eq!(client.post("graphql.json", "{").expect("an answer").status, 200);
    assert_eq!(shown(&server, "MUG"), Some(0));
}

#[test]
fn fragments_and_aliases_are_carried_out() {
    let (server, client) = start();
    let mug = server.add_item("MUG");
    let query = "query Q($ids: [ID!]!) { found: nodes(ids: $ids) { __typename ...Item } }
        fragment Item on InventoryItem { number: legacyResourceId sku }";
    let answer = client.ask(query, json!({"ids": [mug]}));
    let number = mug.rsplit('/').next().expect("a number");
    let expected = json!([{"__typename": "InventoryItem", "number": number, "sku": "MUG"}]);
    assert_eq!(answer["data"]["found"], expected, "{answer}");
}

#[test]
fn who_has_no_right_token_is_told_nothing() {
    let (server, _) = start();
    let mug = server.add_item("MUG");
    let stranger = Client::new(&server).with_token("shpat_other");
    let answer = stranger.try_ask(SET, &input("a", json!([quantity(&mug, 5, None)]))).expect("an answer");
    assert_eq!(answer.status, 401);
    for (version, path) in [("2026-07", "shop.json"), ("unstable", "graphql.json"), ("26-07", "graphql.json")] {
        let client = Client::new(&server).with_version(version);
        assert_eq!(client.post(path, "{}").expect("an answer").status, 404, "{version} {path}");
    }
    let books = server.books();
    assert_eq!((books.items["MUG"].available, books.counts.denied), (Some(0), 1));
}

#[test]
fn an_empty_bucket_answers_with_throttled_and_the_cost() {
    let settings = Settings { points_max: 20, points_per_second: 0, ..Settings::default() };
    let server = ShopServer::start(&settings).expect("it starts");
    let client = Client::new(&server);
    let mug = server.add_item("MUG");
    for number in 0..2 {
        let answer = client.ask(SET, input(&number.to_string(), json!([quantity(&mug, number, None)])));
        let left = &answer["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"];
        assert_eq!(*left, json!(10 - 10 * number), "{answer}");
    }
    let answer = client.ask(SET, input("c", json!([quantity(&mug, 9, None)])));
    assert_eq!(answer["errors"][0]["extensions"]["code"], "THROTTLED");
    assert_eq!(answer["extensions"]["cost"]["requestedQueryCost"], 10);
    assert!(answer.get("data").is_none());
    assert_eq!((shown(&server, "MUG"), server.books().counts.throttled), (Some(1), 1));
}
