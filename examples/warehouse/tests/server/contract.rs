//! The contract, with nothing going wrong.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;
use warehouse::server::{OrderStatus, Request, Settings, WarehouseServer};

use crate::client::{Client, document};

/// A warehouse in which nothing moves by itself while a test looks.
fn still() -> Settings {
    Settings { pick_after_ms: 3_600_000, opening_on_hand: 10, ..Settings::default() }
}

fn start(settings: &Settings) -> (WarehouseServer, Client) {
    let server = WarehouseServer::start(settings).expect("it starts");
    let client = Client::new(&server);
    (server, client)
}

#[test]
fn an_order_is_taken_and_looked_up() {
    let (server, client) = start(&still());
    let answer = client.place(&document("o-1-1")).expect("an answer");
    let body = json!({"id": "WH-1", "fulfillment": "o-1-1", "status": "accepted"});
    assert_eq!((answer.status, answer.json()), (201, body.clone()));
    let answer = client.look_up("o-1-1").expect("an answer");
    assert_eq!((answer.status, answer.json()), (200, body));
    assert_eq!(client.look_up("o-1-2").expect("an answer").status, 404);

    let books = server.stop();
    assert_eq!((books.orders_created(), books.units_shipped(), books.doubled().count()), (1, 0, 0));
    assert_eq!((books.requests_of(Request::Place), books.requests_of(Request::LookUp)), (1, 2));
    assert_eq!(books.faults_total(), 0);
    let order = &books.fulfillments["o-1-1"].orders[0];
    assert_eq!((order.id.as_str(), order.status, order.units()), ("WH-1", OrderStatus::Accepted, 3));
}

#[test]
fn a_name_may_have_any_character() {
    let (_server, client) = start(&still());
    assert_eq!(client.place(&document("o/1 %-1")).expect("an answer").status, 201);
    let answer = client.look_up("o%2F1%20%25-1").expect("an answer");
    assert_eq!(answer.json()["fulfillment"], "o/1 %-1");
    assert_eq!(client.cancel("o%2F1%20%25-1").expect("an answer").status, 200);
    assert_eq!(client.look_up("%ff-1").expect("an answer").status, 404, "a name that is no UTF-8");
}

#[test]
fn a_key_that_is_not_honoured_makes_doubles_and_the_books_count_them() {
    let (server, client) = start(&Settings { pick_after_ms: 0, ship_after_ms: 0, ..still() });
    let ids = [(); 3].map(|()| client.place(&document("o-1-1")).expect("an answer").json()["id"].clone());
    assert_eq!(ids, ["WH-1", "WH-2", "WH-3"]);
    assert_eq!(client.place(&document("o-2-1")).expect("an answer").status, 201);
    assert!(server.wait_until_idle(Duration::from_secs(10)));

    let books = server.books();
    let doubled: Vec<(&str, u64, i64)> =
        books.doubled().map(|(name, book)| (name, book.orders_created(), book.units_shipped())).collect();
    assert_eq!(doubled, [("o-1-1", 3, 9)]);
    assert_eq!((books.orders_created(), books.units_shipped()), (4, 12));
    assert_eq!(books.on_hand["MUG"], 10 - 4 * 2, "what left twice is gone twice");
}

#[test]
fn a_key_that_is_honoured_answers_again_and_refuses_other_content() {
    let (server, client) = start(&Settings { honours_idempotency_key: true, ..still() });
    let first = client.place(&document("o-1-1")).expect("an answer");
    let second = client.place(&document("o-1-1")).expect("an answer");
    assert_eq!((first.status, second.status), (201, 200));
    assert_eq!(first.json(), second.json());
    let mut other = document("o-1-1");
    other["items"][0]["quantity"] = json!(3);
    let third = client.place(&other).expect("an answer");
    assert_eq!((third.status, &third.json()["error"]["code"]), (409, &json!("fulfillment_conflict")));
    assert!(third.json()["error"]["message"].is_string());

    let books = server.stop();
    assert_eq!((books.orders_created(), books.requests_of(Request::Place)), (1, 3));
    assert_eq!(books.fulfillments["o-1-1"].orders[0].units(), 3);
}

#[test]
fn a_malformed_document_is_refused_and_leaves_nothing() {
    let (server, client) = start(&still());
    let good = document("o-1-1").to_string();
    let mut nothing_to_ship = document("o-1-1");
    nothing_to_ship["items"] = json!([]);
    let nothing_to_ship = nothing_to_ship.to_string();
    let table = [
        (Some("o-1-1"), "{"),
        (Some("o-1-1"), ""),
        (Some("o-1-1"), &nothing_to_ship),
        (Some("o-1-2"), &good),
        (None, &good),
    ];
    for (key, body) in table {
        let answer = client.place_as(key, body.as_bytes()).expect("an answer");
        assert_eq!((answer.status, &answer.json()["error"]["code"]), (422, &json!("malformed_document")));
    }
    assert_eq!(server.stop().orders_created(), 0);
}

#[test]
fn what_is_not_in_the_contract_is_refused() {
    let (server, client) = start(&still());
    let status = |path| client.get(path).expect("an answer").status;
    assert_eq!([status("/"), status("/stocks"), status("/fulfillment-orders/a/b")], [404; 3]);
    assert_eq!([status("/fulfillment-orders"), status("/fulfillment-orders/a/cancel")], [405; 2]);
    let large = vec![b' '; 1_024 * 1_024 + 1];
    assert_eq!(client.place_as(Some("o-1-1"), &large).map(|answer| answer.status).unwrap_or(413), 413);
    assert_eq!(server.stop().requests_of(Request::Unknown), 6);
}

#[test]
fn an_order_is_cancelled_until_it_has_left() {
    let (server, client) = start(&still());
    client.place(&document("o-1-1")).expect("an answer");
    for _ in 0..2 {
        let answer = client.cancel("o-1-1").expect("an answer");
        assert_eq!((answer.status, answer.json()), (200, json!({"status": "cancelled"})));
    }
    assert_eq!(client.look_up("o-1-1").expect("an answer").json()["status"], "cancelled");
    assert_eq!(client.cancel("o-9-1").expect("an answer").status, 404);
    assert_eq!(server.stop().fulfillments["o-1-1"].units_shipped(), 0);

    let (server, client) = start(&Settings { pick_after_ms: 0, ship_after_ms: 0, ..still() });
    client.place(&document("o-1-1")).expect("an answer");
    assert!(server.wait_until_idle(Duration::from_secs(10)) && server.settled());
    let answer = client.cancel("o-1-1").expect("an answer");
    assert_eq!((answer.status, answer.json()), (409, json!({"status": "shipped"})));
    assert_eq!(server.stop().fulfillments["o-1-1"].units_shipped(), 3);
}

#[test]
fn a_cancelled_order_is_not_shipped() {
    let (server, client) = start(&Settings { pick_after_ms: 0, ship_after_ms: 1_000, ..still() });
    client.place(&document("o-1-1")).expect("an answer");
    assert_eq!(client.cancel("o-1-1").expect("an answer").status, 200);
    assert!(server.wait_until_idle(Duration::from_secs(10)));
    assert_eq!((server.books().units_shipped(), server.on_hand("MUG")), (0, 10));
}

#[test]
fn stock_is_told_from_its_own_book() {
    let (server, client) = start(&Settings { pick_after_ms: 0, ship_after_ms: 0, ..still() });
    server.set_on_hand("MUG", 7);
    server.set_on_hand("A & B", 1);
    client.place(&document("o-1-1")).expect("an answer");
    assert!(server.wait_until_idle(Duration::from_secs(10)));
    let answer = client.get("/stock?sku=TIN&sku=MUG&sku=A%20%26+B&sku=new").expect("an answer");
    let levels = json!([
        {"sku": "TIN", "on_hand": 9},
        {"sku": "MUG", "on_hand": 5},
        {"sku": "A & B", "on_hand": 1},
        {"sku": "new", "on_hand": 10},
    ]);
    assert_eq!((answer.status, &answer.json()["levels"]), (200, &levels));
    let taken_at = answer.json()["taken_at"].as_str().expect("a time").to_owned();
    let taken_at_s = taken_at.parse::<jiff::Timestamp>().expect("RFC 3339").as_second();
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs() as i64;
    assert!((0..60).contains(&(now_s - taken_at_s)), "{taken_at}");
    let all = client.get("/stock").expect("an answer").json()["levels"].as_array().map(Vec::len);
    assert_eq!(all, Some(3), "those that were set or ordered");
}
