//! What the shop is told: signed, in order unless a fault is drawn, and again and again until it is accepted.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;
use warehouse::server::{Callbacks, Fault, Faults, Rate, Settings, WarehouseServer};

use crate::client::{Client, document};
use crate::shop::{Callback, Shop};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const PATIENCE: Duration = Duration::from_secs(30);

fn start(shop: &Shop, faults: Faults) -> WarehouseServer {
    let callbacks = Callbacks { retry_after_ms: 1, ..Callbacks::new(shop.url(), SECRET) };
    let settings =
        Settings { pick_after_ms: 1, ship_after_ms: 1, callbacks: Some(callbacks), faults, ..Settings::default() };
    WarehouseServer::start(&settings).expect("it starts")
}

fn kinds(callbacks: &[Callback]) -> Vec<String> {
    callbacks.iter().map(Callback::kind).collect()
}

#[test]
fn an_order_is_told_in_three_signed_callbacks() {
    let shop = Shop::open(|_| Some(204));
    let server = start(&shop, Faults::none());
    let mut wanted = document("o-1-1");
    wanted["items"][1]["sku"] = json!("MUG");
    Client::new(&server).place(&wanted).expect("an answer");
    assert!(server.wait_until_idle(PATIENCE) && server.settled());

    let seen = shop.seen();
    assert_eq!(kinds(&seen), ["fulfillment.accepted", "fulfillment.picking", "shipment.created"]);
    let key = STANDARD.decode(&SECRET["whsec_".len()..]).expect("base64");
    for callback in &seen {
        let timestamp = callback.header("webhook-timestamp");
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key");
        mac.update(format!("{}.{timestamp}.", callback.id()).as_bytes());
        mac.update(&callback.body);
        let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        assert_eq!(callback.header("webhook-signature"), expected);
        assert!(callback.id().starts_with("msg_") && !callback.id().contains('.'));
        assert_eq!(callback.header("content-type"), "application/json");
        let at = callback.json()["timestamp"].as_str().expect("a time").parse::<jiff::Timestamp>().expect("RFC 3339");
        let sent_at_s: i64 = timestamp.parse().expect("seconds");
        assert!((sent_at_s - at.as_second()).abs() < 30, "{at} and {timestamp}");
        assert_eq!(callback.json()["data"]["fulfillment"], "o-1-1");
        assert_eq!(callback.json()["data"]["items"], json!([{"sku": "MUG", "quantity": 3}]));
    }
    assert_eq!(seen.iter().map(Callback::id).collect::<BTreeSet<_>>().len(), 3);
    let shipped = seen[2].json();
    assert_eq!(shipped["data"]["shipment"], "SH-1");
    for field in ["carrier", "number", "url"] {
        assert!(shipped["data"]["tracking"][field].as_str().is_some_and(|text| !text.is_empty()), "{field}");
    }
    assert_eq!(seen[0].json()["data"].get("shipment"), None);
    assert_eq!(seen[0].json()["data"].get("tracking"), None);
}

#[test]
fn a_callback_comes_again_with_the_same_id_until_it_is_accepted() {
    let refusals: Mutex<HashMap<String, u32>> = Mutex::default();
    // Refused twice, hung up on once, then accepted.
    let shop = Shop::open(move |callback| {
        let mut refusals = refusals.lock().expect("no panic");
        let times = refusals.entry(callback.id().to_owned()).or_default();
        *times += 1;
        match *times {
            1 => Some(500),
            2 => Some(301),
            3 => None,
            _ => Some(200),
        }
    });
    let server = start(&shop, Faults::none());
    Client::new(&server).place(&document("o-1-1")).expect("an answer");
    assert!(server.wait_until_idle(PATIENCE) && server.settled());
    let seen = shop.seen();
    let mut bodies: BTreeMap<&str, Vec<&[u8]>> = BTreeMap::new();
    for callback in &seen {
        bodies.entry(callback.id()).or_default().push(&callback.body);
    }
    assert_eq!(bodies.len(), 3);
    for bodies in bodies.values() {
        assert_eq!(bodies.len(), 4);
        assert!(bodies.iter().all(|body| *body == bodies[0]), "the same bytes");
    }
    let counts = server.books().callbacks;
    assert_eq!((counts.made, counts.delivered, counts.given_up, counts.attempts), (3, 3, 0, 12));
}

#[test]
fn a_shop_that_never_accepts_holds_up_no_goods_and_is_given_up() {
    let shop = Shop::open(|_| Some(503));
    let callbacks = Callbacks { retry_after_ms: 1, attempts_max: 3, ..Callbacks::new(shop.url(), SECRET) };
    let settings = Settings { pick_after_ms: 0, ship_after_ms: 0, callbacks: Some(callbacks), ..Settings::default() };
    let server = WarehouseServer::start(&settings).expect("it starts");
    Client::new(&server).place(&document("o-1-1")).expect("an answer");
    assert!(server.wait_until_idle(PATIENCE));
    assert!(!server.settled(), "it is idle, and the shop knows nothing");
    let books = server.stop();
    assert_eq!(books.units_shipped(), 3);
    assert_eq!((books.callbacks.made, books.callbacks.delivered, books.callbacks.given_up), (3, 0, 3));
    assert_eq!((books.callbacks.attempts, shop.seen().len()), (9, 9));
}

#[test]
fn an_unsettled_warehouse_says_so() {
    let shop = Shop::open(|_| Some(503));
    let server = start(&shop, Faults::none());
    assert!(server.idle() && server.settled(), "nothing was asked of it");
    Client::new(&server).place(&document("o-1-1")).expect("an answer");
    assert!(!server.wait_until_idle(Duration::from_millis(50)));
    assert!(!server.idle() && !server.settled());
}

#[test]
fn callbacks_come_twice_with_the_same_id_on_request() {
    let shop = Shop::open(|_| Some(200));
    let server = start(&shop, Faults { duplicate_callback: Rate::ALWAYS, ..Faults::none() });
    Client::new(&server).place(&document("o-1-1")).expect("an answer");
    assert!(server.wait_until_idle(PATIENCE) && server.settled());
    let ids: Vec<String> = shop.seen().iter().map(|callback| callback.id().to_owned()).collect();
    assert_eq!(ids.len(), 6);
    assert!(ids.chunks(2).all(|pair| pair[0] == pair[1]), "{ids:?}");
    let books = server.stop();
    assert_eq!(books.faults, BTreeMap::from([(Fault::DuplicateCallback, 3)]));
    assert_eq!((books.callbacks.made, books.callbacks.delivered, books.callbacks.attempts), (3, 3, 6));
}

#[test]
fn the_shipment_comes_first_on_request() {
    let shop = Shop::open(|_| Some(200));
    let server = start(&shop, Faults { callback_out_of_order: Rate::ALWAYS, ..Faults::none() });
    Client::new(&server).place(&document("o-1-1")).expect("an answer");
    assert!(server.wait_until_idle(PATIENCE) && server.settled());
    assert_eq!(kinds(&shop.seen()), ["shipment.created", "fulfillment.accepted", "fulfillment.picking"]);
    assert_eq!(server.stop().faults, BTreeMap::from([(Fault::CallbackOutOfOrder, 1)]));
}

#[test]
fn a_cancelled_order_has_no_shipment_to_tell() {
    let shop = Shop::open(|_| Some(200));
    let callbacks = Some(Callbacks::new(shop.url(), SECRET));
    let settings = Settings { pick_after_ms: 1_000, callbacks, ..Settings::default() };
    let server = WarehouseServer::start(&settings).expect("it starts");
    let client = Client::new(&server);
    client.place(&document("o-1-1")).expect("an answer");
    assert_eq!(client.cancel("o-1-1").expect("an answer").status, 200);
    assert!(server.wait_until_idle(PATIENCE) && server.settled());
    assert_eq!(kinds(&shop.seen()), ["fulfillment.accepted"]);
}

#[test]
fn thousands_of_orders_take_seconds() {
    const ORDERS: usize = 2_000;
    let shop = Shop::open(|_| Some(200));
    let server = start(&shop, Faults { client_timeout_ms: 20, timeout_margin_ms: 10, ..Faults::none() });
    let began = Instant::now();
    thread::scope(|scope| {
        for part in 0..4 {
            let client = Client::new(&server);
            scope.spawn(move || {
                for order in (part..ORDERS).step_by(4) {
                    client.place(&document(&format!("o-{order}-1"))).expect("an answer");
                }
            });
        }
    });
    assert!(server.wait_until_idle(PATIENCE) && server.settled());
    println!("{ORDERS} orders and {} callbacks in {:?}", 3 * ORDERS, began.elapsed());
    let books = server.stop();
    assert_eq!((books.orders_created(), books.callbacks.delivered), (ORDERS as u64, 3 * ORDERS as u64));
}
