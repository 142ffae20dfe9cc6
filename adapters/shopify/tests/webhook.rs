//! Webhooks: who sent a message, and what it asks of Stockroom.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{KeyInit, Mac};
use serde_json::{Value, json};
use stockroom::channel::{ChannelOrder, DisconnectChannel, NoteListings, SeenListing};
use stockroom::outbox::MessageId;
use stockroom_shopify::OrderMapping;
use stockroom_shopify::webhook::{Incoming, ReadError, Reader, Verifier, VerifierFault, VerifyError};

use crate::npm;
use crate::support::NOW_MS;

pub(crate) const SECRET: &str = "shpss_0123456789abcdef0123456789abcdef";
const OTHER: &str = "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";
const SHOP: &str = "example.myshopify.com";

pub(crate) fn sign(secret: &str, body: &[u8]) -> String {
    let mut hash = hmac::Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    hash.update(body);
    STANDARD.encode(hash.finalize().into_bytes())
}

fn headers(topic: &str, signature: &str) -> Vec<(String, String)> {
    [
        ("X-Shopify-Topic", topic),
        ("X-Shopify-Hmac-Sha256", signature),
        ("X-Shopify-Shop-Domain", SHOP),
        ("X-Shopify-API-Version", "2026-07"),
        ("X-Shopify-Webhook-Id", "w-1"),
        ("X-Shopify-Event-Id", "e-1"),
        ("X-Shopify-Triggered-At", "2026-09-21T10:00:00.250Z"),
    ]
    .map(|(name, text)| (name.to_owned(), text.to_owned()))
    .to_vec()
}

fn verifier() -> Verifier {
    Verifier::new(SHOP, &[SECRET.into()]).unwrap()
}

fn reader() -> Reader {
    Reader::new(OrderMapping::new("web").unwrap(), "7").unwrap()
}

/// Reads a genuine message.
pub(crate) fn read(topic: &str, body: &[u8]) -> Result<Incoming, ReadError> {
    read_with(&reader(), topic, body)
}

pub(crate) fn read_with(reader: &Reader, topic: &str, body: &[u8]) -> Result<Incoming, ReadError> {
    let headers = headers(topic, &sign(SECRET, body));
    reader.read(&verifier().verify(&headers, body, NOW_MS).expect("it is genuine"))
}

pub(crate) fn order_of(body: &Value) -> ChannelOrder {
    match read("orders/updated", body.to_string().as_bytes()) {
        Ok(Incoming::Order(taken)) => taken.order,
        other => panic!("{other:?}"),
    }
}

/// One order as a webhook's body and as a GraphQL node, with a line of each sort.
pub(crate) fn one_order_both_ways() -> (Value, Value) {
    let money = |amount: &str, currency: &str| json!({ "amount": amount, "currency_code": currency });
    let set =
        |shop: &str, seen: &str| json!({ "shop_money": money(shop, "GBP"), "presentment_money": money(seen, "JPY") });
    let bag = |shop: &str, seen: &str| {
        json!({ "shopMoney": { "amount": shop, "currencyCode": "GBP" },
                "presentmentMoney": { "amount": seen, "currencyCode": "JPY" } })
    };
    // id, title, SKU, variant, ordered, now, gift card, price, price seen
    let lines = [
        (11, "Mug", Some("mug"), Some(91), 2, 2, false, "5.00", "1000"),
        (12, "Plate", Some("plate"), Some(92), 3, 0, false, "7.50", "1500"),
        (13, "Gift card", Some("card"), Some(93), 1, 1, true, "10.00", "2000"),
        (14, "Trinkgeld", None, None, 1, 1, false, "1.00", "200"),
        (15, "Engraving", Some(""), None, 1, 1, false, "2.00", "400"),
    ];
    let body_lines = lines.map(|(id, title, sku, variant, ordered, current, is_card, price, seen)| {
        json!({ "id": id, "title": title, "sku": sku, "variant_id": variant, "quantity": ordered,
                "current_quantity": current, "gift_card": is_card, "price": price, "price_set": set(price, seen) })
    });
    let node_lines = lines.map(|(id, title, sku, variant, ordered, current, is_card, price, seen)| {
        json!({ "id": format!("gid://shopify/LineItem/{id}"), "title": title, "sku": sku, "quantity": ordered,
                "variant": variant.map(|id| json!({ "id": format!("gid://shopify/ProductVariant/{id}") })),
                "currentQuantity": current, "isGiftCard": is_card,
                "originalUnitPriceSet": bag(&format!("{price}0"), &format!("{seen}.0")) })
    });
    let body = json!({ "id": 5001, "admin_graphql_api_id": "gid://shopify/Order/5001", "name": "#1001", "test": false,
        "created_at": "2026-09-21T05:00:00-04:00", "updated_at": "2026-09-21T06:00:00-04:00", "cancelled_at": "2026-09-21T06:00:00-04:00", "cancel_reason": "customer",
        "currency": "GBP", "presentment_currency": "JPY", "financial_status": "partially_refunded", "source_name": "web",
        "taxes_included": false, "note": "Ring\u{0} twice\n", "email": "ada@example.org", "total_price": "45.50",
        "total_price_set": set("45.50", "9100"), "total_shipping_price_set": set("0.00", "0"), "total_tax": "0.00",
        "total_tax_set": set("0.00", "0"), "total_discounts": "1.50", "total_discounts_set": set("1.50", "300"),
        "total_tip_received": "1.00",
        "shipping_address": { "name": "Ada Lovelace", "company": "Engines Ltd", "address1": "12 St James's Square",
            "address2": null, "city": "London", "province": "England", "zip": "SW1Y 4JH", "country_code": "GB", "phone": null },
        "line_items": body_lines });
    let node = json!({ "id": "gid://shopify/Order/5001", "name": "#1001", "test": false,
        "createdAt": "2026-09-21T09:00:00Z", "updatedAt": "2026-09-21T10:00:00Z", "cancelledAt": "2026-09-21T10:00:00Z", "cancelReason": "CUSTOMER",
        "currencyCode": "GBP", "presentmentCurrencyCode": "JPY", "displayFinancialStatus": "PARTIALLY_REFUNDED",
        "sourceName": "web", "taxesIncluded": false, "note": "Ring\u{0} twice\n", "email": "ada@example.org",
        "totalPriceSet": bag("45.50", "9100"), "totalShippingPriceSet": bag("0.00", "0"), "totalTaxSet": bag("0.00", "0"),
        "totalDiscountsSet": bag("1.50", "300"), "totalTipReceivedSet": bag("1.00", "200"),
        "shippingAddress": { "name": "Ada Lovelace", "company": "Engines Ltd", "address1": "12 St James's Square",
            "address2": null, "city": "London", "province": "England", "zip": "SW1Y 4JH", "countryCodeV2": "GB", "phone": null },
        "lineItems": { "nodes": node_lines, "pageInfo": { "hasNextPage": false, "endCursor": null } } });
    (body, node)
}

#[test]
fn only_what_is_signed_by_this_shop_is_let_through() {
    let body = br#"{"id":1}"#;
    let ours = sign(SECRET, body);
    let wrong = Err(VerifyError::WrongSignature);
    let at = |name: &'static str| VerifyError::BadHeader(name);
    let changed = |name: &str, text: &str| {
        let mut all = headers("orders/create", &ours);
        all.iter_mut().filter(|(known, _)| known == name).for_each(|(_, value)| *value = text.to_owned());
        all
    };
    let theirs = sign(OTHER, body);
    let (topic, signature, shop) = ("X-Shopify-Topic", "X-Shopify-Hmac-Sha256", "X-Shopify-Shop-Domain");
    for (what, headers, body, expected) in [
        ("genuine", headers("orders/create", &ours), body.as_slice(), Ok(())),
        ("another secret", changed(signature, &theirs), body, wrong),
        ("cut short", changed(signature, &ours[..20]), body, wrong),
        ("without padding", changed(signature, ours.trim_end_matches('=')), body, wrong),
        ("a blank behind", changed(signature, &format!("{ours} ")), body, wrong),
        ("empty", changed(signature, ""), body, wrong),
        ("another body", headers("orders/create", &ours), br#"{"id":2}"#, wrong),
        ("a body cut short", headers("orders/create", &ours), br#"{"id":1"#, wrong),
        ("a body written again", headers("orders/create", &ours), br#"{ "id": 1 }"#, wrong),
        ("a line break more", headers("orders/create", &ours), b"{\"id\":1}\n", wrong),
        ("no body", headers("orders/create", &sign(SECRET, b"")), b"", Err(VerifyError::NoBody)),
        ("another shop", changed(shop, "other.myshopify.com"), body, Err(VerifyError::OtherShop)),
        ("the shop in capitals", changed(shop, "Example.MyShopify.com"), body, Ok(())),
        ("no topic", changed(topic, ""), body, Err(at(topic))),
        ("an odd topic", changed(topic, "orders/\u{7}"), body, Err(at(topic))),
        ("a long id", changed("X-Shopify-Event-Id", &"e".repeat(65)), body, Err(at("X-Shopify-Event-Id"))),
        ("an odd time", changed("X-Shopify-Triggered-At", "soon"), body, Ok(())),
    ] {
        assert_eq!(verifier().verify(&headers, body, NOW_MS).map(|_| ()), expected, "{what}");
    }
    let small: Vec<(String, String)> =
        headers("orders/create", &ours).into_iter().map(|(name, text)| (name.to_lowercase(), text)).collect();
    let verified = verifier();
    let verified = verified.verify(&small, body, NOW_MS).unwrap();
    assert_eq!((verified.topic(), verified.event_id(), verified.body()), ("orders/create", "e-1", body.as_slice()));
    assert_eq!((verified.triggered_at_ms(), verified.received_at_ms()), (Some(1_789_984_800_250), NOW_MS));
    for missing in [topic, signature, shop] {
        let headers: Vec<_> = small.iter().filter(|(name, _)| *name != missing.to_lowercase()).cloned().collect();
        assert_eq!(verifier().verify(&headers, body, NOW_MS), Err(VerifyError::MissingHeader(missing)));
    }
    let no_event: Vec<_> = small.iter().filter(|(name, _)| name != "x-shopify-event-id").cloned().collect();
    assert_eq!(verifier().verify(&no_event, body, NOW_MS).unwrap().event_id(), "w-1");
}

#[test]
fn while_secrets_are_exchanged_both_count_and_none_is_shown() {
    let both = Verifier::new(SHOP, &[SECRET.into(), OTHER.into()]).unwrap();
    for secret in [SECRET, OTHER] {
        let headers = headers("orders/create", &sign(secret, b"x"));
        assert!(both.verify(&headers, b"x", NOW_MS).is_ok());
        assert_eq!(verifier().verify(&headers, b"x", NOW_MS).is_ok(), secret == SECRET);
    }
    assert!(!format!("{both:?}").contains("shpss"));
    for (shop, secrets, fault) in [
        (SHOP, vec![], VerifierFault::Count),
        (SHOP, vec![SECRET, OTHER, SECRET], VerifierFault::Count),
        (SHOP, vec!["short"], VerifierFault::TooShort),
        ("no shop", vec![SECRET], VerifierFault::Domain),
    ] {
        let secrets: Vec<_> = secrets.into_iter().map(Into::into).collect();
        assert_eq!(Verifier::new(shop, &secrets).err(), Some(fault));
    }
}

#[test]
fn shopifys_own_library_signs_and_judges_alike() {
    let bodies = ["{}", r#"{"id":1}"#, "{\"note\":\"Zoë 🎁\\u0000\"}\n", " ", &format!("[{}]", "1,".repeat(100_000))];
    let mut lines = String::new();
    let mut expected = Vec::new();
    for body in bodies {
        let good = sign(SECRET, body.as_bytes());
        let no_event: Vec<_> =
            headers("orders/create", &good).into_iter().filter(|(name, _)| !name.contains("Event")).collect();
        for headers in [
            headers("orders/create", &good),
            headers("orders/create", &sign(OTHER, body.as_bytes())),
            headers("orders/create", &good[..10]),
            headers("orders/create", good.trim_end_matches('=')),
            headers("orders/create", &format!("{good} ")),
            headers("orders/create", &sign(SECRET, format!("{body} ").as_bytes())),
            headers("orders/create", ""),
            no_event,
        ] {
            let of_headers: serde_json::Map<String, Value> =
                headers.iter().map(|(name, text)| (name.clone(), Value::from(text.as_str()))).collect();
            let line = json!({ "secret": SECRET, "headers": of_headers, "body_base64": STANDARD.encode(body) });
            lines.push_str(&format!("{line}\n"));
            expected.push((good.clone(), verifier().verify(&headers, body.as_bytes(), NOW_MS).is_ok()));
        }
    }
    let said = npm::run("judge.mjs", &[], &lines);
    let said: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(said.len(), expected.len());
    for (said, (signature, is_genuine)) in said.iter().zip(&expected) {
        assert_eq!(said["signature"], json!(signature));
        assert_eq!(said["verdict"] == "valid", *is_genuine, "{said}");
    }
    assert!(expected.iter().any(|(_, is_genuine)| *is_genuine) && expected.iter().any(|(_, is_genuine)| !is_genuine));
}

#[test]
fn bodies_by_shopifys_examples_are_read() {
    let lines = npm::run("bodies.mjs", &["25"], "");
    // The examples are test orders.
    let reader = Reader::new(OrderMapping::new("web").unwrap().with_tests(true), "7").unwrap();
    let mut counts = std::collections::BTreeMap::new();
    for line in lines.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let body = STANDARD.decode(line["body_base64"].as_str().unwrap()).unwrap();
        let (topic, mode) = (line["topic"].as_str().unwrap(), line["mode"].as_str().unwrap());
        let read = read_with(&reader, topic, &body);
        // Values by the schema alone mean nothing (`"currency": "lorem"`): they only must not stop anything.
        let is_read = match (&read, topic) {
            (Ok(Incoming::Order(taken)), _) => {
                if mode == "mixed" && topic != "orders/cancelled" {
                    assert!(taken.order.totals.is_some(), "{}", taken.order.id);
                }
                assert!(mode != "mixed" || taken.order.cancelled == (topic == "orders/cancelled"));
                true
            }
            (Ok(Incoming::Listings(_) | Incoming::Disconnected(_)), _) => true,
            // The example is of another location.
            (Ok(Incoming::Ignored { .. }), "inventory_levels/update") => mode == "example",
            _ => false,
        };
        assert!(is_read || mode == "schema", "{topic} {mode}: {read:?}");
        *counts.entry((topic.to_owned(), mode.to_owned())).or_insert(0) += 1;
    }
    assert_eq!(counts.len(), 18, "{counts:?}");
}

fn message(id: &str) -> Option<MessageId> {
    Some(MessageId { source: "shopify web".to_owned(), message: id.to_owned() })
}

#[test]
fn topics_become_commands() {
    let listing = |item: &str, at_ms, quantity, id: &str| {
        let listings = vec![SeenListing { item: item.to_owned(), at_ms, quantity }];
        Incoming::Listings(NoteListings { channel: "web".to_owned(), listings, message: message(id) })
    };
    let ignored = |topic: &str, why| Incoming::Ignored { topic: topic.to_owned(), why };
    let update = "inventory_levels/update";
    let t = 1_789_984_800_000;
    for (topic, body, expected) in [
        (
            update,
            r#"{"inventory_item_id":18446744073709551615,"location_id":7,"available":-3,"updated_at":"2026-09-21T06:00:00-04:00"}"#,
            listing(
                "18446744073709551615",
                t + 250,
                Some(-3),
                "inventory_levels/update e-1 18446744073709551615 1789984800250",
            ),
        ),
        (
            update,
            r#"{"inventory_item_id":"1","location_id":"7","available":3}"#,
            listing("1", t + 250, Some(3), "inventory_levels/update e-1 1 1789984800250"),
        ),
        // A time in a header that is not signed only goes so far.
        (
            update,
            r#"{"inventory_item_id":1,"location_id":7,"available":3,"updated_at":"2026-09-21T09:00:00Z"}"#,
            listing("1", t - 3_600_000 + 5_000, Some(3), "inventory_levels/update e-1 1 1789981205000"),
        ),
        (
            update,
            r#"{"inventory_item_id":1,"location_id":7,"available":3,"updated_at":"2026-09-21T11:00:00Z"}"#,
            listing("1", t + 3_600_000, Some(3), "inventory_levels/update e-1 1 1789988400000"),
        ),
        (
            update,
            r#"{"inventory_item_id":1,"location_id":8,"available":3}"#,
            ignored(update, "it is about another location"),
        ),
        (
            update,
            r#"{"inventory_item_id":1,"location_id":7,"available":null}"#,
            ignored(update, "it says no quantity: the shop does not track the item"),
        ),
        ("inventory_items/delete", r#"{"id":5}"#, listing("5", t + 250, None, "inventory_items/delete e-1 5")),
        ("products/update", "no JSON at all", ignored("products/update", "nothing follows from this topic")),
        (
            "app/uninstalled",
            "{}",
            Incoming::Disconnected(DisconnectChannel {
                channel: "web".to_owned(),
                message: message("app/uninstalled e-1"),
            }),
        ),
    ] {
        assert_eq!(read(topic, body.as_bytes()), Ok(expected), "{body}");
    }
    for (topic, body) in [
        (update, "{}"),
        (update, r#"{"inventory_item_id":1.5,"location_id":7,"available":3}"#),
        (update, r#"{"inventory_item_id":-1,"location_id":7,"available":3}"#),
        (update, r#"{"inventory_item_id":1,"location_id":7,"available":"3"}"#),
        (update, r#"{"inventory_item_id":1,"location_id":7,"available":3,"updated_at":"soon"}"#),
        ("inventory_items/delete", r#"{"id":null}"#),
        ("orders/create", "[]"),
        ("orders/create", "\u{0}"),
        ("orders/updated", r#"{"id":1}"#),
    ] {
        assert!(matches!(read(topic, body.as_bytes()), Err(ReadError::Malformed { .. })), "{body}");
    }
}

#[test]
fn a_message_has_one_name_however_often_it_comes_and_another_has_another() {
    let (body, _) = one_order_both_ways();
    let name = |topic: &str, body: &Value| match read(topic, body.to_string().as_bytes()) {
        Ok(Incoming::Order(taken)) => taken.message.unwrap().message,
        other => panic!("{other:?}"),
    };
    // Played again: the same name, so that it is carried out once.
    assert_eq!(name("orders/updated", &body), name("orders/updated", &body));
    assert_eq!(name("orders/updated", &body), "orders/updated e-1 5001 1789984800000");
    let mut later = body.clone();
    later["updated_at"] = json!("2026-09-21T10:00:01Z");
    let mut other = body.clone();
    other["id"] = json!(u64::MAX);
    let names = [
        name("orders/updated", &body),
        name("orders/create", &body),
        name("orders/updated", &later),
        name("orders/cancelled", &other),
    ];
    for (at, one) in names.iter().enumerate() {
        assert!(one.len() <= 128 && !names[..at].contains(one), "{names:?}");
    }
    // Out of order: which is older stands in the order itself, not in when it came.
    assert!(order_of(&body).updated_at_ms < order_of(&later).updated_at_ms);
}
