//! What the host is told: signed, until it is accepted, and once more or not at all where a fault is dealt.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;
use shop_sync::server::{Fault, Faults, Rate, Settings, ShopServer, Wanted, WebhookSettings};

use crate::client::{Client, quantity};
use crate::host::{Host, Webhook};

const SECRET: &str = "hush-0123456789abcdef";
const PATIENCE: Duration = Duration::from_secs(30);

fn start(host: &Host, faults: Faults, attempts_max: u32) -> ShopServer {
    let webhooks = WebhookSettings { retry_after_ms: 1, attempts_max, ..WebhookSettings::new(host.url(), SECRET) };
    let server = ShopServer::start(&Settings { faults, webhooks: Some(webhooks), ..Settings::default() });
    server.expect("it starts")
}

fn sell_one(server: &ShopServer) -> i64 {
    server.edit("MUG", 5);
    assert!(server.wait_until_idle(PATIENCE));
    server.check_out(&[Wanted { sku: "MUG".into(), quantity: 2, unit_price_minor: 255 }]).expect("an order")
}

fn topics(webhooks: &[Webhook]) -> Vec<&str> {
    webhooks.iter().map(Webhook::topic).collect()
}

#[test]
fn a_sale_is_told_in_signed_webhooks_of_one_event() {
    let host = Host::open(|_| Some(200));
    let server = start(&host, Faults::none(), 8);
    let item = server.add_item("MUG");
    let order = sell_one(&server);
    assert!(server.wait_until_idle(PATIENCE));
    let mut seen = host.seen();
    for webhook in &seen {
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key");
        mac.update(&webhook.body);
        assert_eq!(webhook.header("x-shopify-hmac-sha256"), STANDARD.encode(mac.finalize().into_bytes()));
        assert_eq!(webhook.header("x-shopify-shop-domain"), "sync.myshopify.com");
        assert_eq!(webhook.header("x-shopify-api-version"), "2026-07");
        let triggered = webhook.header("x-shopify-triggered-at").parse::<jiff::Timestamp>().expect("a time");
        let changed =
            webhook.json()["updated_at"].as_str().expect("a time").parse::<jiff::Timestamp>().expect("a time");
        let after_ms = triggered.as_millisecond() - changed.as_millisecond();
        assert!((0..1_000).contains(&after_ms), "whole seconds in the body: {after_ms}");
    }
    let first = seen.remove(0);
    assert_eq!((first.topic(), &first.json()["available"]), ("inventory_levels/update", &json!(5)));
    seen.sort_by_key(|webhook| webhook.topic().to_owned());
    assert_eq!(topics(&seen), ["inventory_levels/update", "orders/create"]);
    assert_eq!(seen[0].header("x-shopify-event-id"), seen[1].header("x-shopify-event-id"), "one action");
    assert_ne!(seen[0].id(), seen[1].id());
    let level = seen[0].json();
    assert_eq!((&level["available"], &level["inventory_item_id"]), (&json!(3), &json!(number(&item))));
    let told = seen[1].json();
    assert_eq!((&told["id"], &told["line_items"][0]["sku"]), (&json!(order), &json!("MUG")));
    assert_eq!((&told["total_price"], &told["line_items"][0]["current_quantity"]), (&json!("5.10"), &json!(2)));
    assert_eq!(told["cancelled_at"], json!(null));
}

fn number(gid: &str) -> i64 {
    gid.rsplit('/').next().and_then(|number| number.parse().ok()).expect("a number")
}

#[test]
fn what_is_not_accepted_comes_again_with_the_same_bytes() {
    let refusals = Mutex::new(0);
    let host = Host::open(move |_| {
        let mut refusals = refusals.lock().expect("no panic");
        *refusals += 1;
        match *refusals {
            1 => Some(500),
            2 => None,
            _ => Some(204),
        }
    });
    let server = start(&host, Faults::none(), 8);
    server.add_item("MUG");
    server.edit("MUG", 5);
    assert!(server.wait_until_idle(PATIENCE));
    let seen = host.seen();
    assert_eq!(seen.len(), 3);
    assert!(seen.iter().all(|webhook| webhook.id() == seen[0].id() && webhook.body == seen[0].body));
    let counts = server.books().counts.webhooks;
    assert_eq!((counts.made, counts.delivered, counts.attempts, counts.given_up), (1, 1, 3, 0));
}

#[test]
fn a_host_that_never_accepts_is_given_up() {
    let host = Host::open(|_| Some(503));
    let server = start(&host, Faults::none(), 3);
    server.add_item("MUG");
    server.edit("MUG", 5);
    assert!(server.wait_until_idle(PATIENCE));
    let counts = server.books().counts.webhooks;
    assert_eq!((counts.delivered, counts.attempts, counts.given_up), (0, 3, 1));
}

#[test]
fn one_webhook_tells_many_changes_of_a_level() {
    let host = Host::open(|_| Some(200));
    // While one is under way, the others wait for its place.
    let webhooks = WebhookSettings { workers: 1, ..WebhookSettings::new(host.url(), SECRET) };
    let server = ShopServer::start(&Settings { webhooks: Some(webhooks), ..Settings::default() }).expect("it starts");
    let item = server.add_item("MUG");
    let client = Client::new(&server);
    for value in 1..=200 {
        client.set(&value.to_string(), json!([quantity(&item, value, None)]));
    }
    assert!(server.wait_until_idle(PATIENCE));
    let seen = host.seen();
    assert!(!seen.is_empty() && seen.len() <= 200);
    assert_eq!(seen.last().map(|webhook| webhook.json()["available"].clone()), Some(json!(200)));
    // What changes nothing is told to nobody.
    client.set("again", json!([quantity(&item, 200, None)]));
    assert!(server.wait_until_idle(PATIENCE));
    assert_eq!(host.seen().len(), seen.len());
}

#[test]
fn webhooks_are_dropped_and_doubled_as_often_as_is_asked() {
    let dropped = Faults { webhook_dropped: Rate::ALWAYS, ..Faults::none() };
    let host = Host::open(|_| Some(200));
    let server = start(&host, dropped, 8);
    server.add_item("MUG");
    sell_one(&server);
    assert!(server.wait_until_idle(PATIENCE));
    assert_eq!((host.seen().len(), server.books().counts.webhooks.dropped), (0, 3));

    let doubled = Faults { webhook_duplicated: Rate::ALWAYS, ..Faults::none() };
    let host = Host::open(|_| Some(200));
    let server = start(&host, doubled, 8);
    server.add_item("MUG");
    sell_one(&server);
    assert!(server.wait_until_idle(PATIENCE));
    let seen = host.seen();
    let ids: BTreeSet<&str> = seen.iter().map(Webhook::id).collect();
    assert_eq!((seen.len(), ids.len()), (6, 3));
    assert_eq!(server.books().counts.faults_of(Fault::WebhookDuplicated), 3);
}

#[test]
fn a_delayed_webhook_says_what_was_so_when_it_was_written() {
    let delayed = Faults { webhook_delayed: Rate::ALWAYS, webhook_delay_ms: 1, ..Faults::none() };
    let host = Host::open(|_| Some(200));
    let server = start(&host, delayed, 8);
    server.add_item("MUG");
    let order = sell_one(&server);
    assert!(server.cancel(order));
    assert!(server.wait_until_idle(PATIENCE));
    let seen = host.seen();
    let create = seen.iter().find(|webhook| webhook.topic() == "orders/create").expect("it came");
    assert_eq!(create.json()["cancelled_at"], json!(null), "the order as it was then");
    let cancelled = seen.iter().find(|webhook| webhook.topic() == "orders/cancelled").expect("it came");
    assert!(cancelled.json()["cancelled_at"].is_string());
}

#[test]
fn a_deleted_item_is_told() {
    let host = Host::open(|_| Some(200));
    let server = start(&host, Faults::none(), 8);
    let item = server.add_item("MUG");
    assert!(server.delete_item("MUG") && !server.delete_item("MUG") && !server.edit("MUG", 1));
    assert!(server.wait_until_idle(PATIENCE));
    let seen = host.seen();
    assert_eq!(topics(&seen), ["inventory_items/delete"]);
    assert_eq!(seen[0].json()["id"], json!(number(&item)));
}
