//! What an order of a shop becomes.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};
use stockroom::channel::{ChannelLine, ChannelOrder};
use stockroom::order::{ShipTo, StockPolicy, Totals};
use stockroom_shopify::webhook::{Incoming, ReadError, Reader};
use stockroom_shopify::{MappingFault, OrderError, OrderMapping, PricesIn};

use crate::support::any_json;
use crate::webhook::{one_order_both_ways, order_of, read, read_with};

fn taken(mapping: OrderMapping, body: &Value) -> Result<ChannelOrder, ReadError> {
    let reader = Reader::new(mapping, "7").unwrap();
    match read_with(&reader, "orders/create", body.to_string().as_bytes())? {
        Incoming::Order(taken) => Ok(taken.order),
        other => panic!("{other:?}"),
    }
}

fn web() -> OrderMapping {
    OrderMapping::new("web").unwrap()
}

/// A small order in a currency: one line at a price.
fn small(currency: &str, price: Value) -> Value {
    json!({ "id": 1, "updated_at": "2026-09-21T10:00:00Z", "currency": currency,
            "line_items": [{ "id": 11, "sku": "mug", "variant_id": 9, "quantity": 2, "price": price }] })
}

#[test]
fn an_order_is_taken_whole() {
    let (body, _) = one_order_both_ways();
    let line = |line: &str, sku: &str, quantity, unit_price_minor| ChannelLine {
        line: line.to_owned(),
        sku: sku.to_owned(),
        quantity,
        unit_price_minor,
    };
    let metadata = [
        ("shopify_name", "#1001"),
        ("shopify_financial_status", "partially_refunded"),
        ("shopify_source", "web"),
        ("shopify_total", "45.50"),
        ("shopify_other_currency", "JPY"),
        ("shopify_other_total", "9100"),
        ("shopify_discount", "1.50"),
        ("shopify_tip", "1.00"),
        ("shopify_gift_card_lines", "13"),
        ("shopify_tip_lines", "14"),
        ("shopify_lines_without_sku", "15"),
    ];
    let expected = ChannelOrder {
        id: "shopify-5001".to_owned(),
        channel: "web".to_owned(),
        reference: "5001".to_owned(),
        placed_at_ms: 1_789_984_800_000 - 3_600_000,
        updated_at_ms: 1_789_984_800_000,
        told_at_ms: 1_789_984_800_250,
        cancelled: true,
        cancel_reason: Some("customer".to_owned()),
        currency: "GBP".to_owned(),
        // The plate was taken out: it stands here with 0 units.
        lines: vec![line("11", "mug", 2, 500), line("12", "plate", 0, 750)],
        policy: StockPolicy::Backorder,
        totals: None,
        ship_to: Some(ShipTo {
            name: "Ada Lovelace".to_owned(),
            address: vec!["Engines Ltd".to_owned(), "12 St James's Square".to_owned()],
            city: "London".to_owned(),
            region: "England".to_owned(),
            postal_code: "SW1Y 4JH".to_owned(),
            country: "GB".to_owned(),
            email: "ada@example.org".to_owned(),
            ..ShipTo::default()
        }),
        note: Some("Ring twice".to_owned()),
        metadata: metadata.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
    };
    assert_eq!(order_of(&body), expected);
    let seen = taken(web().with_prices_in(PricesIn::Presentment), &body).unwrap();
    assert_eq!((seen.currency.as_str(), seen.lines[0].unit_price_minor), ("JPY", 1000));
    assert_eq!(
        (seen.metadata["shopify_other_currency"].as_str(), seen.metadata["shopify_other_total"].as_str()),
        ("GBP", "45.50")
    );
}

#[test]
fn prices_are_exact_in_every_currency() {
    for (currency, price, expected) in [
        ("GBP", json!("5.00"), Ok(500)),
        ("GBP", json!("0.1"), Ok(10)),
        ("GBP", json!(5), Ok(500)),
        ("GBP", json!(1.1), Ok(110)),
        ("GBP", json!("5.001"), Err(())),
        ("GBP", json!("5.00000"), Ok(500)),
        ("JPY", json!("1000"), Ok(1000)),
        ("JPY", json!("1000.00"), Ok(1000)),
        ("JPY", json!("1000.5"), Err(())),
        ("KWD", json!("1.234"), Ok(1234)),
        ("KWD", json!("1.2345"), Err(())),
        ("GBP", json!("9007199254740993.01"), Ok(900_719_925_474_099_301)),
        ("GBP", json!("99999999999999999999"), Err(())),
        ("GBP", json!(""), Err(())),
        ("GBP", json!("free"), Err(())),
        ("GBP", json!(null), Err(())),
    ] {
        match (taken(web(), &small(currency, price.clone())), expected) {
            (Ok(order), Ok(minor)) => assert_eq!(order.lines[0].unit_price_minor, minor, "{price}"),
            (Err(ReadError::Order(OrderError::Amount { .. })), Err(())) => {}
            (found, _) => panic!("{currency} {price}: {found:?}"),
        }
    }
    for currency in ["USDC", "XXX", "gbp", "", "SLL"] {
        let found = taken(web(), &small(currency, json!("1.00")));
        assert!(matches!(found, Err(ReadError::Order(OrderError::UnknownCurrency(_)))), "{currency}: {found:?}");
    }
    // In another currency and without a price in it there is none, rather than a wrong one.
    let mut mixed = small("GBP", json!("5.00"));
    mixed["presentment_currency"] = json!("JPY");
    assert!(matches!(
        taken(web().with_prices_in(PricesIn::Presentment), &mixed),
        Err(ReadError::Order(OrderError::Amount { .. }))
    ));
    assert_eq!(taken(web(), &mixed).unwrap().lines[0].unit_price_minor, 500);
}

#[test]
fn totals_stand_only_where_they_are_exact() {
    let whole = json!({ "total_price": "13.00", "total_tax": "2.00", "total_discounts": "1.00", "taxes_included": false,
        "total_shipping_price_set": { "shop_money": { "amount": "2.00" } } });
    let with = |changes: Value| {
        let mut body = small("GBP", json!("5.00"));
        for changes in [&whole, &changes] {
            for (name, value) in changes.as_object().unwrap() {
                body[name] = value.clone();
            }
        }
        taken(web(), &body).unwrap().totals
    };
    let exact =
        Totals { lines_minor: 1000, shipping_minor: 200, tax_minor: 200, discount_minor: 100, total_minor: 1300 };
    assert_eq!(with(json!({})), Some(exact.clone()));
    assert_eq!(
        with(json!({ "taxes_included": true, "total_price": "11.00" })),
        Some(Totals { tax_minor: 0, total_minor: 1100, ..exact })
    );
    let line = |more: Value| {
        let mut line = json!({ "id": 11, "sku": "mug", "variant_id": 9, "quantity": 2, "price": "5.00" });
        for (name, value) in more.as_object().unwrap() {
            line[name] = value.clone();
        }
        line
    };
    for changes in [
        json!({ "total_price": "13.01" }),
        json!({ "total_price": "13.001" }),
        json!({ "total_price": null }),
        json!({ "total_tax": null }),
        json!({ "total_discounts": "-1.00", "total_price": "15.00" }),
        json!({ "total_shipping_price_set": null }),
        json!({ "total_tip_received": "1.00" }),
        json!({ "cancelled_at": "2026-09-21T10:00:00Z" }),
        json!({ "line_items": [line(json!({ "current_quantity": 1 }))] }),
        json!({ "line_items": [line(json!({})), line(json!({ "id": 12, "gift_card": true, "price": "0.00" }))] }),
        json!({ "line_items": [line(json!({})), line(json!({ "id": 12, "sku": null, "price": "0.00" }))] }),
    ] {
        assert_eq!(with(changes.clone()), None, "{changes}");
    }
}

#[test]
fn odd_texts_do_not_stop_an_order() {
    let mut body = small("GBP", json!("5.00"));
    body["note"] = json!("a\u{0}b\u{1b}[31m\nc".repeat(1000));
    body["name"] = json!("#1\u{7}");
    body["email"] = json!("x\r\ny");
    body["shipping_address"] = json!({ "name": "Zoë\u{85} 🎁\t", "address1": "é".repeat(3_000), "zip": null });
    body["line_items"][0]["sku"] = json!(" mug\u{0} ");
    let order = order_of(&body);
    assert_eq!(order.lines[0].sku, "mug");
    let ship_to = order.ship_to.unwrap();
    assert_eq!((ship_to.name.as_str(), ship_to.email.as_str()), ("Zoë  🎁", "x  y"));
    let note = order.note.unwrap();
    for text in [&note, &ship_to.address[0], &order.metadata["shopify_name"]] {
        assert_eq!(stockroom::ids::text_fault(text, stockroom::ids::TEXT_BYTES_MAX), None);
    }
    // No address at all is none, whatever the e-mail.
    body["shipping_address"] = json!({ "name": null, "city": "" });
    assert_eq!(order_of(&body).ship_to, None);
}

#[test]
fn lines_are_told_apart() {
    let order = |line: Value| {
        let mut body = small("GBP", json!("5.00"));
        body["line_items"] = json!([line]);
        body
    };
    let metadata = |line: Value| taken(web(), &order(line)).map(|order| (order.lines.len(), order.metadata));
    for (line, name) in [
        (
            json!({ "id": 1, "sku": null, "variant_id": null, "quantity": 1, "price": "1.00", "tip": { "payment_gateway": "x" } }),
            "shopify_tip_lines",
        ),
        (
            json!({ "id": 1, "variant_id": null, "quantity": 1, "price": "1.00", "tip_payment_gateway": "x" }),
            "shopify_tip_lines",
        ),
        (json!({ "id": 1, "sku": "", "variant_id": 9, "quantity": 1, "price": "1.00" }), "shopify_lines_without_sku"),
        (
            json!({ "id": 1, "sku": "card", "gift_card": true, "quantity": 1, "price": "1.00" }),
            "shopify_gift_card_lines",
        ),
        (json!({ "id": 1, "sku": null, "quantity": 1, "price": "free" }), "shopify_lines_without_sku"),
    ] {
        let (lines, metadata) = metadata(line.clone()).unwrap();
        assert_eq!((lines, metadata.get(name).map(String::as_str)), (0, Some("1")), "{line}: {metadata:?}");
    }
    for line in [
        json!({ "sku": "mug", "quantity": 1, "price": "1.00" }),
        json!({ "id": 1, "sku": "mug", "quantity": -1, "price": "1.00" }),
        json!({ "id": 1, "sku": "mug", "quantity": 1, "current_quantity": -1, "price": "1.00" }),
    ] {
        assert!(matches!(metadata(line.clone()), Err(ReadError::Order(OrderError::Line(_)))), "{line}");
    }
    let two = json!({ "id": 1, "sku": "mug", "quantity": 3, "current_quantity": 1, "price": "1.00" });
    assert_eq!(taken(web(), &order(two)).unwrap().lines[0].quantity, 1);
    let many = json!({ "id": 1, "updated_at": "2026-09-21T10:00:00Z", "currency": "GBP",
        "line_items": vec![json!({ "id": 1, "sku": "a", "quantity": 1, "price": "1" }); 10_001] });
    assert_eq!(taken(web(), &many), Err(ReadError::Order(OrderError::TooManyLines(10_001))));
}

#[test]
fn the_host_can_map_its_own_way() {
    let body = small("GBP", json!("5.00"));
    let mapped = taken(web().with_variants(BTreeMap::from([(9, "ours".to_owned())])), &body).unwrap();
    assert_eq!(mapped.lines[0].sku, "ours");
    let kept = taken(web().with_variants(BTreeMap::from([(8, "ours".to_owned())])), &body).unwrap();
    assert_eq!(kept.lines[0].sku, "mug");
    let none = taken(web().with_skus(|_| None), &body).unwrap();
    assert!(none.lines.is_empty());
    let named = taken(web().with_prefix("eu-").unwrap().with_policy(StockPolicy::Partial), &body).unwrap();
    assert_eq!((named.id.as_str(), named.policy), ("eu-1", StockPolicy::Partial));
    assert_eq!(web().with_prefix("x".repeat(45)).err(), Some(MappingFault::Prefix));
    assert_eq!(web().with_prefix("a\n").err(), Some(MappingFault::Prefix));
    assert_eq!(OrderMapping::new("").err(), Some(MappingFault::Channel));
    let mut test = body.clone();
    test["test"] = json!(true);
    assert!(matches!(read("orders/create", test.to_string().as_bytes()), Ok(Incoming::Ignored { .. })));
    assert_eq!(taken(web().with_tests(true), &test).unwrap().metadata["shopify_test"], "true");
    let mut no_id = body.clone();
    no_id["id"] = json!(null);
    assert_eq!(taken(web(), &no_id), Err(ReadError::Order(OrderError::NoId)));
    let mut no_time = body;
    no_time["updated_at"] = json!("yesterday");
    assert_eq!(taken(web(), &no_time), Err(ReadError::Order(OrderError::NoTime)));
}

#[test]
fn a_body_of_many_megabytes_is_read() {
    let mut body = small("GBP", json!("5.00"));
    body["note_attributes"] = json!(vec![json!({ "name": "x", "value": "y".repeat(80) }); 50_000]);
    let line = body["line_items"][0].clone();
    body["line_items"] = (1..=5_000)
        .map(|id| {
            let mut line = line.clone();
            line["id"] = json!(id);
            line
        })
        .collect();
    let text = body.to_string();
    assert!(text.len() > 5_000_000);
    assert!(read("orders/create", text.as_bytes()).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    /// Any value in the place of any field of a good order: it is read or it is not, and nothing falls over.
    #[test]
    fn nothing_in_a_body_makes_a_reader_fall_over(at in 0_usize..60, value in any_json(), topic in 0_usize..6) {
        let (mut body, _) = one_order_both_ways();
        let names: Vec<String> = body.as_object().unwrap().keys().cloned().collect();
        let line_names: Vec<String> = body["line_items"][0].as_object().unwrap().keys().cloned().collect();
        match (names.get(at), line_names.get(at.saturating_sub(names.len()))) {
            (Some(name), _) => body[name.as_str()] = value.clone(),
            (None, Some(name)) => body["line_items"][0][name.as_str()] = value.clone(),
            _ => body["shipping_address"] = json!({ "name": value, "zip": value }),
        }
        let topics = ["orders/create", "orders/updated", "orders/cancelled", "inventory_levels/update", "inventory_items/delete", "app/uninstalled"];
        for body in [body, value] {
            let _ = read(topics[topic], body.to_string().as_bytes());
        }
    }

    #[test]
    fn nothing_at_all_makes_a_reader_fall_over(body in prop::collection::vec(any::<u8>(), 1..200), topic in "[a-z_/]{1,30}") {
        let _ = read(&topic, &body);
        let _ = read("orders/create", &body);
    }
}
