//! Commands, lists of commands and reads as text, against a shop that has something of everything.

use stockroom::memory::MemoryStore;
use stockroom::{ErrorKind, Result, Stockroom};
use stockroom_documents::{
    BackfillSettings, ExchangeSettings, RelaySettings, Webhook, execute, execute_batch, preview, read,
};

use crate::{NOW_MS, chosen, json};

const FURNITURE: &[u8] = br#"[
    {"action":{"register_sku":{"sku":"mug"}}}, {"action":{"register_sku":{"sku":"cup"}}},
    {"action":{"register_sku":{"sku":"set","components":[{"sku":"mug","quantity":2}]}}},
    {"action":{"register_location":{"location":"main"}}}, {"action":{"register_location":{"location":"east"}}},
    {"action":{"register_channel":{"channel":"web","locations":["main","east"]}}},
    {"action":{"receive_stock":{"location":"main","lines":[{"sku":"mug","quantity":90}]}}},
    {"action":{"receive_stock":{"location":"east","lines":[{"sku":"cup","quantity":40}]}}},
    {"action":{"subscribe":{"subscription":"mail","from":"start"}}},
    {"action":{"register_destination":{"destination":"wms"}}},
    {"action":{"register_destination":{"destination":"shopify"}}},
    {"action":{"register_warehouse":{"location":"main","destination":"wms"}}},
    {"action":{"connect_channel":{"channel":"web","destination":"shopify"}}},
    {"action":{"set_listing":{"channel":"web","sku":"mug","item":"42"}}},
    {"action":{"place_order":{"id":"o-1","channel":"web","currency":"EUR",
        "lines":[{"sku":"set","quantity":2,"unit_price_minor":1999}]}}},
    {"action":{"fulfill":{"limit":100}}}, {"action":{"update_listings":{"limit":100}}}
]"#;

pub(crate) type Shop = Stockroom<MemoryStore>;

/// A shop with names, stock, an order and deliveries.
pub(crate) fn furnished() -> Shop {
    let shop = Stockroom::new(MemoryStore::new(), || NOW_MS);
    if let Err(error) = execute_batch(&shop, FURNITURE) {
        panic!("the furniture is refused: {error}");
    }
    shop
}

/// The books hold, whatever was asked.
pub(crate) fn must_hold(shop: &Shop) {
    let report = shop.verify().unwrap_or_else(|error| panic!("it cannot be verified: {error}"));
    assert!(report.is_ok(), "{report:?}");
}

/// An answer is JSON; a failure is one that bytes can cause.
fn answer(answer: Result<Vec<u8>>) -> Option<serde_json::Value> {
    match answer {
        Ok(bytes) => Some(json(&bytes)),
        Err(error) => {
            let is_fair = matches!(error.kind(), ErrorKind::Malformed | ErrorKind::Unsupported);
            assert!(is_fair, "{error:?}");
            None
        }
    }
}

/// Text as a command, a list of commands, a preview, a read, or settings.
pub fn documents(data: &[u8]) {
    let (call, text) = chosen(data, 8);
    match call {
        0 | 1 => {
            let shop = furnished();
            let done = if call == 0 { execute(&shop, text) } else { execute_batch(&shop, text) };
            let before = answer(done);
            must_hold(&shop);
            // A command with a key has one effect.
            let again = answer(execute(&shop, text)).filter(|_| call == 0);
            if let (Some(before), Some(again)) = (before, again) {
                if again["repeated"] == true {
                    assert_eq!(before["outcome"], again["outcome"]);
                }
            }
            must_hold(&shop);
        }
        2 => {
            let shop = furnished();
            let digest = shop.digest().ok();
            let foreseen = answer(preview(&shop, text));
            assert_eq!(shop.digest().ok(), digest, "a preview changed something");
            if let (Some(foreseen), Some(done)) = (foreseen, answer(execute(&shop, text))) {
                assert_eq!(foreseen, done, "a preview said something else");
            }
        }
        3 => drop(answer(read(&furnished(), text))),
        4 => drop(ExchangeSettings::parse(text)),
        5 => drop(Webhook::parse(text)),
        6 => drop(RelaySettings::parse(text)),
        _ => drop(serde_json::from_slice::<BackfillSettings>(text)),
    }
}
