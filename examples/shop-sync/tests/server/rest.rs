//! The REST call: quantities without comparison, and the leaky bucket.

use serde_json::json;
use shop_sync::server::{Settings, ShopServer};

use crate::client::{Answer, Client};

fn number(gid: &str) -> i64 {
    gid.rsplit('/').next().and_then(|number| number.parse().ok()).expect("a number")
}

fn set(client: &Client, item: i64, available: i64) -> Answer {
    let location = number(&ShopServer::location());
    let body = json!({"location_id": location, "inventory_item_id": item, "available": available});
    client.post("inventory_levels/set.json", &body.to_string()).expect("an answer")
}

#[test]
fn it_sets_what_it_is_told_until_the_bucket_is_full() {
    let settings = Settings { rest_max: 3, rest_per_second: 0, unstocked_every: 1, ..Settings::default() };
    let server = ShopServer::start(&settings).expect("it starts");
    let client = Client::new(&server);
    let mug = number(&server.add_item("MUG"));
    let answer = set(&client, mug, 7);
    assert_eq!((answer.status, answer.header("x-shopify-shop-api-call-limit")), (200, Some("1/3")));
    assert_eq!(answer.json()["inventory_level"]["available"], 7);
    assert_eq!(set(&client, 1, 7).status, 404);
    assert_eq!(set(&client, mug, -1).status, 422);
    let full = set(&client, mug, 8);
    assert_eq!((full.status, full.header("retry-after").is_some()), (429, true));
    let books = server.books();
    assert_eq!((books.items["MUG"].available, books.counts.throttled), (Some(7), 1));
}

#[test]
fn a_body_that_is_no_level_is_refused() {
    let server = ShopServer::start(&Settings::default()).expect("it starts");
    let client = Client::new(&server);
    for body in ["", "{", "[]", "{\"available\":1}", "{\"location_id\":1,\"inventory_item_id\":\"x\",\"available\":1}"]
    {
        assert_eq!(client.post("inventory_levels/set.json", body).expect("an answer").status, 400, "{body}");
    }
}
