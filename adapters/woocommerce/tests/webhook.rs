//! Webhooks: who sent a message, and what it asks of Stockroom.

use base64::Engine;
use hmac::{KeyInit, Mac};
use stockroom::channel::{NoteListings, SeenListing};
use stockroom::outbox::MessageId;
use stockroom::ports::Secret;
use stockroom_woocommerce::webhook::{Incoming, Reader, SecretFault, Verifier, VerifyError};
use stockroom_woocommerce::{OrderOptions, OrderReader, ReadError};

use crate::orders::order;
use crate::support::NOW_MS;

const SECRET: &str = "wc-webhook-secret-0123456789";
const OTHER: &str = "another-secret-abcdefghijkl";
/// As WordPress makes them, with `wp_hash`.
const DELIVERY: &str = "5a1c0e7ad5d34d2a4d2a6cb0c9fb2a3e";

fn sign(secret: &str, body: &[u8]) -> String {
    let mut hash = hmac::Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    hash.update(body);
    base64::engine::general_purpose::STANDARD.encode(hash.finalize().into_bytes())
}

fn headers(topic: &str, signature: &str) -> Vec<(String, String)> {
    let headers = [
        ("X-WC-Webhook-Source", "https://shop.example/"),
        ("x-wc-webhook-topic", topic),
        ("X-Wc-Webhook-Signature", signature),
        ("X-WC-Webhook-Delivery-ID", DELIVERY),
    ];
    headers.map(|(name, text)| (name.to_owned(), text.to_owned())).to_vec()
}

fn verifier(secrets: &[&str]) -> Verifier {
    Verifier::new(&secrets.iter().map(|secret| Secret::new(*secret)).collect::<Vec<_>>()).unwrap()
}

/// What a genuine message asks for.
pub(crate) fn read_with(options: OrderOptions, topic: &str, body: &[u8]) -> Result<Incoming, ReadError> {
    let headers = headers(topic, &sign(SECRET, body));
    let verified = verifier(&[SECRET])
        .verify(&headers, body)
        .map(|verified| Reader::new("shop", OrderReader::new(options).expect("options")).read(&verified, NOW_MS));
    verified.expect("it is genuine")
}

fn read(topic: &str, body: &str) -> Result<Incoming, ReadError> {
    read_with(OrderOptions::new("web", "EUR"), topic, body.as_bytes())
}

#[test]
fn signatures_made_elsewhere_are_genuine() {
    // Made with node 's `crypto.createHmac("sha256", secret).update(body).digest("base64")`.
    let bodies: [(&[u8], &str, &str); 4] = [
        (
            br#"{"id":727,"status":"processing"}"#,
            "h8mlTo/3dGpvJDkqKYyyOg0KoESEDI5oQ3fipBoQbKE=",
            "YZ6yB3ooXfjySYu0wLzIPk+Bt3ek6WSpIa6wlavDJsQ=",
        ),
        (
            br#"{"id":123}"#,
            "tFekPZk4t52RhriWlPdFHwYynsyXj9FQPKQLCg10ihw=",
            "Eg8QNQ8Q9kuMu10JzCYvghQ7tYUYFUBubXFVCQAxQZQ=",
        ),
        (&[0, 255, 1], "QSS9DgzDQTc5eUNhHt643EN4yoD1ufRT3vBb1Hzfil4=", "ZexhfVzeapMdWYd2J3tTntB8faEGGjOPY4ch3TKDS7o="),
        (b"", "g1BUtgmZFfvOPybqbBzxI0VW5ub9F2ksDvnpjv7qPwA=", "2kwRUuG7suVsbDEYEmJzHMTtob7mBC1stsm2jQBursU="),
    ];
    for (body, ours, others) in bodies {
        let verify = |secrets: &[&str], signature: &str| {
            verifier(secrets).verify(&headers("order.updated", signature), body).map(|_| ())
        };
        let no_match = Err(VerifyError::NoSignatureMatches);
        assert_eq!(verify(&[SECRET], ours), Ok(()));
        assert_eq!(verify(&[OTHER], others), Ok(()));
        assert_eq!(verify(&[SECRET], others), no_match);
        assert_eq!(verify(&[OTHER, SECRET], ours), Ok(()), "while secrets are exchanged both count");
        assert_eq!(verify(&[OTHER, SECRET], others), Ok(()));
    }
}

#[test]
fn forged_truncated_and_rewritten_messages_are_not_let_through() {
    let body = order().to_string();
    let body = body.as_bytes();
    let ours = sign(SECRET, body);
    let rewritten = serde_json::to_vec_pretty(&order()).unwrap();
    let mut changed = body.to_vec();
    changed[10] ^= 1;
    let hex: String = ours.bytes().map(|byte| format!("{byte:02x}")).collect();
    for (what, body, signature, is_let_through) in [
        ("genuine", body, ours.as_str(), true),
        ("without padding", body, ours.trim_end_matches('='), true),
        ("with spaces around", body, &format!(" {ours} "), true),
        ("one byte changed", &changed, &ours, false),
        ("cut short", &body[..body.len() - 1], &ours, false),
        ("one byte more", &[body, b"\n"].concat(), &ours, false),
        ("read and written again", &rewritten, &ours, false),
        ("another key's", body, &sign(OTHER, body), false),
        ("cut signature", body, &ours[..20], false),
        ("in hex", body, &hex, false),
        ("no base64", body, "!", false),
        ("an empty signature", body, "", false),
        ("two signatures", body, &format!("{ours},{ours}"), false),
    ] {
        let headers = headers("order.updated", signature);
        let found = verifier(&[SECRET]).verify(&headers, body).map(|_| ());
        let expected = if is_let_through { Ok(()) } else { Err(VerifyError::NoSignatureMatches) };
        assert_eq!(found, expected, "{what}");
    }
}

#[test]
fn each_header_has_to_be_there_and_be_a_word() {
    let body = b"{}";
    let all = headers("order.updated", &sign(SECRET, body));
    for (name, at) in [("X-WC-Webhook-Topic", 1), ("X-WC-Webhook-Signature", 2), ("X-WC-Webhook-Delivery-ID", 3)] {
        let mut without = all.clone();
        without.remove(at);
        assert_eq!(verifier(&[SECRET]).verify(&without, body), Err(VerifyError::MissingHeader(name)));
        if at != 2 {
            for bad in ["", "a b", "a\u{7}", "ä", &"x".repeat(65)] {
                let mut with = all.clone();
                with[at].1 = bad.to_owned();
                assert_eq!(verifier(&[SECRET]).verify(&with, body), Err(VerifyError::BadHeader(name)), "{bad:?}");
            }
        }
    }
}

#[test]
fn secrets_are_judged_and_never_shown() {
    let new = |secrets: &[&str]| {
        Verifier::new(&secrets.iter().map(|secret| Secret::new(*secret)).collect::<Vec<_>>()).map(|_| ())
    };
    assert_eq!(new(&[]), Err(SecretFault::Count));
    assert_eq!(new(&[SECRET, OTHER, SECRET]), Err(SecretFault::Count));
    assert_eq!(new(&["short"]), Err(SecretFault::TooShort));
    assert_eq!(new(&[SECRET, ""]), Err(SecretFault::TooShort));
    assert!(!format!("{:?}", verifier(&[SECRET])).contains(SECRET));
}

#[test]
fn the_ping_of_a_new_webhook_asks_for_nothing() {
    let none: [(&str, &str); 0] = [];
    let verifier = verifier(&[SECRET]);
    let reader = Reader::new("shop", OrderReader::new(OrderOptions::new("web", "EUR")).unwrap());
    let verified = verifier.verify(&none, b"webhook_id=12").unwrap();
    assert!(matches!(reader.read(&verified, NOW_MS), Ok(Incoming::Ignored { event, .. }) if event == "ping"));
    let long = format!("webhook_id={}", "1".repeat(21));
    for body in ["webhook_id=", "webhook_id=1&x=2", "webhook_id=x", "{\"webhook_id\":1}", "", "webhook_id=1\n", &long] {
        assert!(verifier.verify(&none, body.as_bytes()).is_err(), "{body}");
    }
    // With a signature it is a message like any other.
    assert!(verifier.verify(&headers("order.updated", "AAAA"), b"webhook_id=12").is_err());
}

#[test]
fn a_message_that_comes_again_has_the_same_id_and_no_other_has() {
    let id = |topic: &str, body: &str| match read(topic, body) {
        Ok(Incoming::Order { command, .. }) => command.message.unwrap(),
        Ok(Incoming::Listings(NoteListings { message, .. })) => message.unwrap(),
        other => panic!("{other:?}"),
    };
    let expected = format!("order.deleted:{DELIVERY}:185a5203b0ed48bd8b816a83");
    let first = id("order.deleted", r#"{"id":123}"#);
    assert_eq!(first, MessageId { source: "shop".to_owned(), message: expected });
    assert_eq!(id("order.deleted", r#"{"id":123}"#), first);
    // Two within one second have one delivery id.
    assert_ne!(id("order.deleted", r#"{"id":124}"#), first);
    assert_ne!(id("product.deleted", r#"{"id":123}"#), first);

    // The longest that is let through fits a message id.
    let body = r#"{"id":123}"#;
    let mut headers = headers("order.deleted", &sign(SECRET, body.as_bytes()));
    headers[3].1 = "x".repeat(64);
    let verifier = verifier(&[SECRET]);
    let verified = verifier.verify(&headers, body.as_bytes()).unwrap();
    let reader = Reader::new("shop", OrderReader::new(OrderOptions::new("web", "EUR")).unwrap());
    let Ok(Incoming::Order { command, .. }) = reader.read(&verified, NOW_MS) else { panic!() };
    assert!(command.message.unwrap().message.len() <= 128);
}

#[test]
fn topics_about_orders() {
    let order = order().to_string();
    for topic in ["order.created", "order.updated", "order.restored"] {
        let Ok(Incoming::Order { command, .. }) = read(topic, &order) else { panic!("{topic}") };
        assert_eq!((command.order.id.as_str(), command.order.cancelled), ("web-727", false));
        assert_eq!((command.order.updated_at_ms, command.order.told_at_ms), (1_782_898_262_000, NOW_MS));
    }
    let Ok(Incoming::Order { command, .. }) = read("order.deleted", r#"{"id":727}"#) else { panic!() };
    let deleted = command.order;
    assert_eq!((deleted.id.as_str(), deleted.reference.as_str(), deleted.cancelled), ("web-727", "727", true));
    assert_eq!((deleted.updated_at_ms, deleted.currency.as_str(), deleted.lines.len()), (NOW_MS, "EUR", 0));
}

#[test]
fn topics_about_products() {
    let product = |fields: &str| format!(r#"{{"id":794,"date_modified_gmt":"2026-07-01T09:31:02",{fields}}}"#);
    let at_ms = 1_782_898_262_000;
    let simple = r#""type":"simple","manage_stock":true,"stock_quantity":5"#;
    for (topic, body, expected) in [
        ("product.updated", product(simple), Some(("794", at_ms, Some(5)))),
        ("product.created", product(simple), Some(("794", at_ms, Some(5)))),
        ("product.restored", product(simple), Some(("794", at_ms, Some(5)))),
        (
            "product.updated",
            product(r#""type":"variation","parent_id":20,"manage_stock":true,"stock_quantity":"3.0""#),
            Some(("20/794", at_ms, Some(3))),
        ),
        (
            "product.updated",
            product(r#""type":"variation","parent_id":20,"manage_stock":"parent","stock_quantity":8"#),
            Some(("20/794", at_ms, Some(8))),
        ),
        // A product inside a group has a parent and is a product all the same.
        (
            "product.updated",
            product(r#""type":"simple","parent_id":20,"manage_stock":true,"stock_quantity":-1"#),
            Some(("794", at_ms, Some(-1))),
        ),
        (
            "product.updated",
            product(r#""status":"trash","manage_stock":true,"stock_quantity":5"#),
            Some(("794", at_ms, None)),
        ),
        ("product.updated", product(r#""type":"simple","manage_stock":false,"stock_quantity":null"#), None),
        ("product.updated", product(r#""type":"grouped","manage_stock":false,"stock_quantity":null"#), None),
        ("product.deleted", r#"{"id":794}"#.to_owned(), Some(("794", NOW_MS, None))),
    ] {
        let expected = expected.map(|(item, at_ms, quantity)| SeenListing { item: item.to_owned(), at_ms, quantity });
        let found = match read(topic, &body).unwrap() {
            Incoming::Listings(NoteListings { channel, listings, message }) => {
                assert_eq!((channel.as_str(), message.is_some(), listings.len()), ("web", true, 1));
                listings.into_iter().next()
            }
            Incoming::Ignored { .. } => None,
            other => panic!("{other:?}"),
        };
        assert_eq!(found, expected, "{topic} {body}");
    }
    for body in [order().to_string(), product(r#""manage_stock":true,"stock_quantity":"many""#), r#"{"id":794}"#.into()]
    {
        assert!(matches!(read("product.updated", &body), Err(ReadError::Field { of: Some(_), .. })), "{body}");
    }
    let undated = r#"{"id":794,"manage_stock":true,"stock_quantity":5}"#;
    assert!(matches!(read("product.updated", undated), Err(ReadError::Field { field: "date_modified_gmt", .. })));
}

#[test]
fn a_topic_that_was_changed_on_the_way_does_not_change_what_a_message_is() {
    // The topic is not under the signature: a product's body is no order, and the other way round.
    for status in ["publish", "trash", "processing"] {
        let product = format!(
            r#"{{"id":794,"status":"{status}","manage_stock":true,"stock_quantity":5,"date_modified_gmt":"2026-07-01T09:31:02"}}"#
        );
        assert!(matches!(read("order.updated", &product), Err(ReadError::Field { field: "line_items", .. })));
    }
    assert!(read("product.updated", &order().to_string()).is_err());
}

#[test]
fn what_is_of_no_concern_is_ignored_and_what_cannot_be_read_is_said() {
    for topic in ["customer.updated", "coupon.deleted", "action.wc_add_to_cart", "order.refunded", "product.published"]
    {
        assert!(matches!(read(topic, r#"{"id":1}"#), Ok(Incoming::Ignored { event, .. }) if event == topic));
    }
    // The shop sends an error where the thing is gone by the time that it sends.
    let gone = r#"{"code":"woocommerce_rest_shop_order_invalid_id","message":"Invalid ID.","data":{"status":404}}"#;
    assert!(matches!(read("order.updated", gone), Ok(Incoming::Ignored { .. })));
    for body in ["", "[]", "null", "7", "{", "<html>"] {
        assert_eq!(read("order.updated", body), Err(ReadError::NotAnObject), "{body}");
    }
    for error in [ReadError::NotAnObject, ReadError::Field { of: Some(7), field: "id", why: "is no number" }] {
        assert!(!error.to_string().is_empty());
    }
}
