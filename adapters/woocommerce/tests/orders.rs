//! Orders as commands: statuses, prices, addresses, and what is passed over.

use serde_json::{Value, json};
use stockroom::channel::{ChannelLine, ChannelOrder};
use stockroom::order::{ShipTo, StockPolicy, Totals};
use stockroom_woocommerce::webhook::Incoming;
use stockroom_woocommerce::{OrderOptions, ReadError};

use crate::support::NOW_MS;
use crate::webhook::read_with;

/// An order in the shape of WooCommerce's documentation of v3.
pub(crate) fn order() -> Value {
    json!({
        "id": 727, "parent_id": 0, "number": "727", "status": "processing", "currency": "USD", "version": "9.0.0",
        "date_created": "2026-07-01T11:30:00", "date_created_gmt": "2026-07-01T09:30:00",
        "date_modified": "2026-07-01T11:31:02", "date_modified_gmt": "2026-07-01T09:31:02",
        "discount_total": "1.00", "shipping_total": "10.00", "total_tax": "2.50", "total": "39.50",
        "prices_include_tax": false, "customer_note": "Ring\ntwice",
        "billing": { "first_name": "John", "last_name": "Doe", "company": "", "address_1": "969 Market",
            "address_2": "", "city": "San Francisco", "state": "CA", "postcode": "94103", "country": "US",
            "email": "john.doe@example.com", "phone": "(555) 555-5555" },
        "shipping": { "first_name": "Ada", "last_name": "Lovelace", "company": "Engines Ltd", "address_1": "1 Mill Rd",
            "address_2": "Floor 2", "city": "London", "state": "", "postcode": "SW1Y 4JH", "country": "GB", "phone": "" },
        "line_items": [
            { "id": 315, "name": "Mug", "product_id": 93, "variation_id": 0, "quantity": 2, "subtotal": "6.00",
              "total": "5.00", "sku": "mug-blue", "price": 2.5 },
            { "id": 316, "name": "Plate", "product_id": 22, "variation_id": 23, "quantity": 1, "subtotal": "22.00",
              "total": "22.00", "sku": "plate", "price": 21.999999999999996 },
        ],
        "fee_lines": [], "refunds": []
    })
}

fn options() -> OrderOptions {
    OrderOptions::new("web", "EUR")
}

/// What follows from the order with fields put in place of its own.
fn told(options: OrderOptions, fields: Value) -> Result<Incoming, ReadError> {
    let mut order = order();
    for (name, value) in fields.as_object().unwrap() {
        order[name] = value.clone();
    }
    read_with(options, "order.updated", order.to_string().as_bytes())
}

fn taken(fields: Value) -> ChannelOrder {
    match told(options(), fields) {
        Ok(Incoming::Order { command, .. }) => command.order,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_order_becomes_a_command() {
    let line = |line: &str, sku: &str, quantity, unit_price_minor| ChannelLine {
        line: line.to_owned(),
        sku: sku.to_owned(),
        quantity,
        unit_price_minor,
    };
    let expected = ChannelOrder {
        id: "web-727".to_owned(),
        channel: "web".to_owned(),
        reference: "727".to_owned(),
        placed_at_ms: 1_782_898_200_000,
        updated_at_ms: 1_782_898_262_000,
        told_at_ms: NOW_MS,
        currency: "USD".to_owned(),
        lines: vec![line("315", "mug-blue", 2, 300), line("316", "plate", 1, 2200)],
        policy: StockPolicy::Backorder,
        totals: Some(Totals {
            lines_minor: 2800,
            shipping_minor: 1000,
            tax_minor: 250,
            discount_minor: 100,
            total_minor: 3950,
        }),
        ship_to: Some(ShipTo {
            name: "Ada Lovelace".to_owned(),
            address: vec!["Engines Ltd".to_owned(), "1 Mill Rd".to_owned(), "Floor 2".to_owned()],
            city: "London".to_owned(),
            postal_code: "SW1Y 4JH".to_owned(),
            country: "GB".to_owned(),
            phone: "(555) 555-5555".to_owned(),
            email: "john.doe@example.com".to_owned(),
            ..ShipTo::default()
        }),
        note: Some("Ring twice".to_owned()),
        ..ChannelOrder::default()
    };
    assert_eq!(taken(json!({})), expected);
}

#[test]
fn statuses() {
    let also = |taken: &[&str], cancelled: &[&str]| OrderOptions {
        taken: taken.iter().map(|status| (*status).to_owned()).collect(),
        cancelled: cancelled.iter().map(|status| (*status).to_owned()).collect(),
        ..options()
    };
    for (options, status, expected) in [
        (options(), "processing", "taken"),
        (options(), "on-hold", "taken"),
        (options(), "wc-processing", "taken"),
        (options(), "pending", "passed"),
        (options(), "checkout-draft", "passed"),
        (options(), "completed", "passed"),
        (options(), "made-up-by-a-plugin", "passed"),
        (options(), "cancelled", "cancelled"),
        (options(), "refunded", "cancelled"),
        (options(), "failed", "cancelled"),
        (options(), "trash", "cancelled"),
        (also(&["pending", "made-up"], &["cancelled"]), "pending", "taken"),
        (also(&["pending", "made-up"], &["cancelled"]), "made-up", "taken"),
        (also(&["pending", "made-up"], &["cancelled"]), "processing", "passed"),
        (also(&["pending", "made-up"], &["cancelled"]), "failed", "passed"),
        (also(&["pending", "made-up"], &["cancelled"]), "cancelled", "cancelled"),
    ] {
        let found = match told(options, json!({ "status": status })).unwrap() {
            Incoming::Order { command, .. } if command.order.cancelled => {
                assert_eq!(command.order.cancel_reason.as_deref(), Some(&*format!("the shop's status is `{status}`")));
                "cancelled"
            }
            Incoming::Order { command, .. } => {
                assert_eq!(command.order.cancel_reason, None);
                "taken"
            }
            Incoming::Ignored { .. } => "passed",
            other => panic!("{other:?}"),
        };
        assert_eq!(found, expected, "{status}");
    }
}

#[test]
fn prices_are_exact_or_rounded_once() {
    // Currency, quantity, the line's amount as JSON, and the price of one unit.
    for (currency, quantity, amount, price) in [
        ("EUR", "3", r#""42.93""#, 1431),
        ("EUR", "3", "42.93", 1431),
        ("EUR", "3", r#""42.930000""#, 1431),
        ("EUR", "1", "14.309999999999999", 1431),
        ("EUR", "1", r#""90071992547409.93""#, 9_007_199_254_740_993),
        ("EUR", "1", "90071992547409.93", 9_007_199_254_740_993),
        ("EUR", "3", r#""10.00""#, 333),
        ("EUR", "2", r#""0.01""#, 1),
        ("EUR", "0", r#""0.00""#, 0),
        ("EUR", "2.0", r#""6.00""#, 300),
        ("EUR", r#""2""#, r#""6.00""#, 300),
        ("EUR", "1", r#""-5.00""#, 0),
        ("JPY", "2", r#""1500""#, 750),
        ("JPY", "1", r#""1500.00""#, 1500),
        ("KWD", "1", r#""1.234""#, 1234),
        ("EUR", "1", "1e2", 10_000),
    ] {
        let body = order().to_string();
        let (head, _) = body.split_once("\"line_items\":").unwrap();
        let lines = format!(
            r#""line_items":[{{"id":1,"sku":"a","quantity":{quantity},"subtotal":{amount},"price":0.1}}],"status":"on-hold","currency":"{currency}","date_modified_gmt":"2026-07-01T09:31:02"}}"#
        );
        let Ok(Incoming::Order { command, .. }) =
            read_with(options(), "order.created", format!("{head}{lines}").as_bytes())
        else {
            panic!("{amount}")
        };
        assert_eq!(command.order.lines[0].unit_price_minor, price, "{currency} {quantity} {amount}");
    }
}

#[test]
fn totals_stand_there_only_where_they_add_up() {
    for (what, fields, is_there) in [
        ("as it is", json!({}), true),
        ("a fee", json!({ "fee_lines": [{ "id": 1, "total": "1.00" }] }), false),
        ("a total that is another", json!({ "total": "39.51" }), false),
        ("more decimals", json!({ "total_tax": "2.5049" }), false),
        ("no total", json!({ "total": null }), false),
        ("cancelled", json!({ "status": "cancelled" }), false),
        (
            "a line that does not divide",
            json!({ "line_items": [
            { "id": 1, "sku": "a", "quantity": 3, "subtotal": "28.00" }] }),
            false,
        ),
        (
            "a line that is left out",
            json!({ "line_items": [
            { "id": 1, "sku": "a", "quantity": 1, "subtotal": "28.00" },
            { "id": 2, "sku": "", "quantity": 1, "subtotal": "0.00" }] }),
            false,
        ),
    ] {
        assert_eq!(taken(fields).totals.is_some(), is_there, "{what}");
    }
}

#[test]
fn lines_without_a_sku_are_left_out_and_named() {
    let lines = json!([
        { "id": 1, "sku": null, "quantity": 1, "subtotal": "1.00" },
        { "id": 2, "sku": " ", "quantity": 1, "subtotal": "1.00" },
        { "id": 3, "sku": "a", "quantity": 1, "subtotal": "1.00" },
        { "id": 4, "quantity": "odd" },
    ]);
    let Ok(Incoming::Order { command, left_out }) = told(options(), json!({ "line_items": lines })) else { panic!() };
    assert_eq!(command.order.lines.len(), 1);
    assert_eq!(left_out.iter().map(|line| line.line.as_str()).collect::<Vec<_>>(), ["1", "2", "4"]);
    assert!(taken(json!({ "line_items": [] })).lines.is_empty());
}

#[test]
fn it_was_sold_when_it_was_paid() {
    for (paid, placed_at_ms) in [
        (json!(null), 1_782_898_200_000),
        (json!("2026-07-01T09:31:00"), 1_782_898_260_000),
        (json!("never"), 1_782_898_200_000),
    ] {
        assert_eq!(taken(json!({ "date_paid_gmt": paid })).placed_at_ms, placed_at_ms);
    }
}

#[test]
fn addresses() {
    let to = |fields| taken(fields).ship_to;
    // A shop that does not ship writes an empty object, which is a list in PHP's words.
    for shipping in [json!([]), json!({}), json!(null), json!({ "first_name": "", "address_1": " " })] {
        assert_eq!(to(json!({ "shipping": shipping })).unwrap().name, "John Doe");
    }
    assert_eq!(to(json!({ "shipping": [], "billing": [] })), None);
    let odd = to(json!({ "shipping": { "first_name": "A\u{0}B", "address_1": "x\ty", "postcode": 94103 } })).unwrap();
    assert_eq!((odd.name.as_str(), odd.address[0].as_str(), odd.postal_code.as_str()), ("A B", "x y", "94103"));
    let long = taken(json!({ "customer_note": "é".repeat(5_000), "shipping": { "city": "é".repeat(5_000) } }));
    assert!(long.note.unwrap().len() <= 2_000 && long.ship_to.unwrap().city.len() <= 2_000);
}

#[test]
fn a_number_that_a_plugin_gave_is_kept() {
    assert_eq!(taken(json!({ "number": "W-2026/7" })).metadata["shop_number"], "W-2026/7");
}

#[test]
fn orders_from_before_are_passed_over() {
    for (from_ms, is_taken) in [(1_782_898_200_000, true), (1_782_898_200_001, false)] {
        let options = OrderOptions { placed_from_ms: from_ms, ..options() };
        assert_eq!(matches!(told(options, json!({})), Ok(Incoming::Order { .. })), is_taken);
    }
}

#[test]
fn what_cannot_be_read_is_named() {
    let field = |fields| match told(options(), fields) {
        Err(ReadError::Field { of, field, .. }) => {
            assert!(field == "id" || of == Some(727));
            field
        }
        other => panic!("{other:?}"),
    };
    let line = |name: &str, value: Value| {
        let mut line = json!({ "id": 1, "sku": "a", "quantity": 1, "subtotal": "1.00" });
        line[name] = value;
        json!({ "line_items": [line] })
    };
    for (fields, expected) in [
        (json!({ "id": "x" }), "id"),
        (json!({ "id": 0 }), "id"),
        (json!({ "status": null }), "status"),
        (json!({ "currency": "EURO" }), "currency"),
        (json!({ "date_modified_gmt": "soon", "date_created_gmt": null }), "date_modified_gmt"),
        (json!({ "line_items": {} }), "line_items"),
        (json!({ "line_items": [1] }), "line_items"),
        (line("id", json!(0)), "line_items.id"),
        (line("quantity", json!(2.5)), "line_items.quantity"),
        (line("quantity", json!(-1)), "line_items.quantity"),
        (line("quantity", json!(null)), "line_items.quantity"),
        (line("subtotal", json!("a lot")), "line_items.subtotal"),
        (line("subtotal", json!("1e30")), "line_items.subtotal"),
    ] {
        assert_eq!(field(fields.clone()), expected, "{fields}");
    }
    // That it is cancelled is understood all the same.
    let mut fields = line("quantity", json!(2.5));
    fields["status"] = json!("cancelled");
    assert!(taken(fields).cancelled);
    assert_eq!(taken(json!({ "date_modified_gmt": null })).updated_at_ms, 1_782_898_200_000);
    assert_eq!(taken(json!({ "currency": null })).currency, "EUR");
}
