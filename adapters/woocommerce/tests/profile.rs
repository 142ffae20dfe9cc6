//! Profiles: what is refused, and that nothing secret is shown.

use stockroom::ports::Secret;
use stockroom_woocommerce::{Completion, OrderOptions, OrderReader, WooExchange, WooProfile};

use crate::support::{SECRET, exchange, profile};

#[test]
fn faults_are_named() {
    for (field, profile) in [
        ("", profile()),
        ("", WooProfile { shop_url: "http://127.0.0.1:8080/shop".into(), ..profile() }),
        ("shop_url", WooProfile { shop_url: "shop.example".into(), ..profile() }),
        ("shop_url", WooProfile { shop_url: "https://".into(), ..profile() }),
        ("shop_url", WooProfile { shop_url: "https://a:b@shop.example".into(), ..profile() }),
        ("shop_url", WooProfile { shop_url: "https://shop.example?a=b".into(), ..profile() }),
        ("shop_url", WooProfile { shop_url: "https://shöp.example".into(), ..profile() }),
        ("consumer_key", WooProfile { consumer_key: Secret::new(""), ..profile() }),
        ("consumer_key", WooProfile { consumer_key: Secret::new("ck:1"), ..profile() }),
        ("consumer_secret", WooProfile { consumer_secret: Secret::new("cs\n"), ..profile() }),
        ("api_path", WooProfile { api_path: "wp-json".into(), ..profile() }),
        ("api_path", WooProfile { api_path: "/?rest_route=/wc/v3".into(), ..profile() }),
        ("items_max", WooProfile { items_max: 0, ..profile() }),
        ("items_max", WooProfile { items_max: 101, ..profile() }),
    ] {
        assert_eq!(WooExchange::new(profile).err().map_or("", |fault| fault.field), field);
    }
}

#[test]
fn it_is_read_from_json_and_shows_no_secret() {
    let text = r#"{"shop_url":"https://shop.example","consumer_key":"ck_test","consumer_secret":"cs_s3cret",
        "note_to_customer":true,"completion":"when_whole","items_max":20}"#;
    let read: WooProfile = serde_json::from_str(text).unwrap();
    assert_eq!((read.completion, read.items_max, read.note_to_customer), (Completion::WhenWhole, 20, true));
    assert!(!format!("{read:?} {:?}", exchange()).contains(SECRET));
    let misspelt = text.replace("items_max", "item_max");
    assert!(serde_json::from_str::<WooProfile>(&misspelt).is_err());
}

#[test]
fn options_of_orders_are_judged() {
    let options = || OrderOptions::new("web", "EUR");
    let twice = vec!["failed".to_owned()];
    for (field, options) in [
        ("", options()),
        ("channel", OrderOptions { channel: String::new(), ..options() }),
        ("currency", OrderOptions { currency: "EURO".into(), ..options() }),
        ("id_prefix", OrderOptions { id_prefix: Some(String::new()), ..options() }),
        ("id_prefix", OrderOptions { channel: "c".repeat(64), ..options() }),
        ("", OrderOptions { channel: "c".repeat(64), id_prefix: Some("c-".into()), ..options() }),
        ("taken", OrderOptions { taken: twice, ..options() }),
    ] {
        assert_eq!(OrderReader::new(options).err().map_or("", |fault| fault.field), field);
    }
    let read: OrderOptions = serde_json::from_str(r#"{"channel":"web","currency":"EUR"}"#).unwrap();
    assert_eq!(read, options());
}
