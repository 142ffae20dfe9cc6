//! Telling a shop of shipments.

use serde_json::{Value, json};
use stockroom::outbox::DeliveryResult;
use stockroom::ports::HttpRequest;
use stockroom_shopify::{GraphqlExchange, Shop};

use crate::support::*;

fn exchange() -> GraphqlExchange {
    GraphqlExchange::new(shop()).expect("a shop")
}

/// A fulfillment order: number, location, status; lines: number of the line, SKU, units left.
fn part(number: u64, location: Option<u64>, status: &str, lines: &[(u64, &str, i64)]) -> Value {
    let line = |(line, sku, remaining): &(u64, &str, i64)| {
        json!({ "id": format!("gid://shopify/FulfillmentOrderLineItem/{number}0{line}"), "remainingQuantity": remaining,
                "sku": sku, "lineItem": { "id": format!("gid://shopify/LineItem/{line}") } })
    };
    let actions =
        if matches!(status, "OPEN" | "IN_PROGRESS") { json!([{ "action": "CREATE_FULFILLMENT" }]) } else { json!([]) };
    let location = location.map(|id| json!({ "id": format!("gid://shopify/Location/{id}") }));
    json!({ "id": format!("gid://shopify/FulfillmentOrder/{number}"), "status": status,
            "assignedLocation": { "location": location }, "supportedActions": actions,
            "lineItems": { "nodes": lines.iter().map(line).collect::<Vec<_>>(),
                           "pageInfo": { "hasNextPage": false, "endCursor": null } } })
}

fn open(parts: Vec<Value>) -> Answer {
    open_page(parts, None)
}

fn open_page(parts: Vec<Value>, next: Option<&str>) -> Answer {
    let info = json!({ "hasNextPage": next.is_some(), "endCursor": next });
    data(
        json!({ "order": { "id": "gid://shopify/Order/5001", "fulfillmentOrders": { "nodes": parts, "pageInfo": info } } }),
    )
}

/// A fulfillment: status, tracking number, lines with units.
type Told<'a> = (&'a str, &'a str, &'a [(u64, i64)]);

fn told(fulfillments: &[Told<'_>]) -> Answer {
    let one = |(status, number, lines): &Told<'_>| {
        let line = |(line, units): &(u64, i64)| json!({ "quantity": units, "lineItem": { "id": format!("gid://shopify/LineItem/{line}"), "sku": null } });
        let tracking = if number.is_empty() { json!([]) } else { json!([{ "number": number }]) };
        json!({ "id": "gid://shopify/Fulfillment/1", "status": status, "trackingInfo": tracking,
                "fulfillmentLineItems": { "nodes": lines.iter().map(line).collect::<Vec<_>>(),
                                          "pageInfo": { "hasNextPage": false } } })
    };
    let fulfillments: Vec<Value> = fulfillments.iter().map(one).collect();
    data(json!({ "order": { "id": "gid://shopify/Order/5001", "fulfillments": fulfillments } }))
}

fn created() -> Answer {
    data(
        json!({ "fulfillmentCreate": { "fulfillment": { "id": "gid://shopify/Fulfillment/1", "status": "SUCCESS" }, "userErrors": [] } }),
    )
}

fn not_created() -> Answer {
    data(
        json!({ "fulfillmentCreate": { "fulfillment": null, "userErrors": [{ "field": null, "message": "closed" }] } }),
    )
}

/// What is made, in few words: `1:101x2 2:201x1`, one text a call.
fn made(requests: &[HttpRequest]) -> Vec<String> {
    let creates = requests.iter().filter(|request| operation(request) == "CreateFulfillment");
    let number = |id: &Value| id.as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    creates
        .map(|request| {
            let sent = body(request);
            let orders = sent["variables"]["fulfillment"]["lineItemsByFulfillmentOrder"].as_array().unwrap().clone();
            let parts = orders.iter().flat_map(|order| {
                let lines = order["fulfillmentOrderLineItems"].as_array().unwrap().clone();
                let order = number(&order["fulfillmentOrderId"]);
                lines.into_iter().map(move |line| format!("{order}:{}x{}", number(&line["id"]), line["quantity"]))
            });
            parts.collect::<Vec<_>>().join(" ")
        })
        .collect()
}

#[test]
fn a_shipment_is_told_with_its_tracking() {
    let (requests, end) = converse(
        &exchange(),
        &tell(&[(Some("1"), "mug", "north", 2)], "AB1", false),
        [open(vec![part(1, Some(7), "OPEN", &[(1, "mug", 3), (2, "cup", 1)])]), created()],
    );
    assert_eq!(short(&end), "taken");
    assert_eq!(body(&requests[0])["variables"], json!({ "order": "gid://shopify/Order/5001" }));
    let expected = json!({ "fulfillment": {
        "lineItemsByFulfillmentOrder": [{ "fulfillmentOrderId": "gid://shopify/FulfillmentOrder/1",
            "fulfillmentOrderLineItems": [{ "id": "gid://shopify/FulfillmentOrderLineItem/101", "quantity": 2 }] }],
        "notifyCustomer": false,
        "trackingInfo": { "company": "Royal Mail", "number": "AB1", "url": "https://track.example/1" } } });
    assert_eq!(body(&requests[1])["variables"], expected);
    let notifying = GraphqlExchange::new(Shop { notify_customer: true, ..shop() }).unwrap();
    let answers = [open(vec![part(1, Some(7), "OPEN", &[(1, "mug", 3)])]), created()];
    let (requests, _) = converse(&notifying, &tell(&[(Some("1"), "mug", "north", 2)], "", false), answers);
    let fulfillment = &body(&requests[1])["variables"]["fulfillment"];
    assert_eq!((&fulfillment["notifyCustomer"], fulfillment.get("trackingInfo")), (&json!(true), None));
}

#[test]
fn lines_find_their_fulfillment_orders() {
    let north = |lines: &[(u64, &str, i64)]| part(1, Some(7), "OPEN", lines);
    let south = |lines: &[(u64, &str, i64)]| part(2, Some(8), "IN_PROGRESS", lines);
    type Lines<'a> = &'a [(Option<&'a str>, &'a str, &'a str, i64)];
    let rows: Vec<(&str, Lines<'_>, Vec<Value>, &[&str])> = vec![
        ("by line", &[(Some("1"), "x", "north", 1)], vec![north(&[(2, "x", 1), (1, "y", 1)])], &["1:101x1"]),
        ("by SKU", &[(None, "x", "north", 1)], vec![north(&[(2, "x", 1), (1, "y", 1)])], &["1:102x1"]),
        (
            "by a global id",
            &[(Some("gid://shopify/LineItem/1"), "x", "north", 1)],
            vec![north(&[(1, "y", 1)])],
            &["1:101x1"],
        ),
        (
            "its location first",
            &[(Some("1"), "x", "south", 1)],
            vec![north(&[(1, "x", 1)]), south(&[(1, "x", 1)])],
            &["2:201x1"],
        ),
        (
            "the rest from elsewhere",
            &[(Some("1"), "x", "south", 3)],
            vec![north(&[(1, "x", 5)]), south(&[(1, "x", 1)])],
            &["1:101x2", "2:201x1"],
        ),
        ("a location that is not known", &[(Some("1"), "x", "moon", 1)], vec![north(&[(1, "x", 5)])], &["1:101x1"]),
        (
            "from two locations",
            &[(Some("1"), "x", "north", 1), (Some("1"), "x", "south", 1)],
            vec![north(&[(1, "x", 1)]), south(&[(1, "x", 1)])],
            &["1:101x1", "2:201x1"],
        ),
        (
            "one call a location",
            &[(Some("1"), "x", "north", 1), (Some("2"), "y", "north", 1)],
            vec![north(&[(1, "x", 1)]), part(3, Some(7), "OPEN", &[(2, "y", 1)])],
            &["1:101x1 3:302x1"],
        ),
        (
            "locations that are gone",
            &[(Some("1"), "x", "north", 1), (Some("2"), "y", "north", 1)],
            vec![part(1, None, "OPEN", &[(1, "x", 1)]), part(3, None, "OPEN", &[(2, "y", 1)])],
            &["1:101x1", "3:302x1"],
        ),
        ("no more than is left", &[(Some("1"), "x", "north", 5)], vec![north(&[(1, "x", 2)])], &["1:101x2"]),
        ("shipped already", &[(Some("1"), "x", "north", 5)], vec![north(&[(1, "x", 0)])], &[]),
        ("nothing of it", &[(Some("9"), "x", "north", 5)], vec![north(&[(1, "x", 2)])], &[]),
        ("closed", &[(Some("1"), "x", "north", 5)], vec![], &[]),
        (
            "another part is held",
            &[(Some("1"), "x", "north", 1)],
            vec![part(4, Some(7), "ON_HOLD", &[(1, "x", 1)]), north(&[(1, "x", 1)])],
            &["1:101x1"],
        ),
    ];
    for (what, lines, parts, expected) in rows {
        let answers = [open(parts)].into_iter().chain(expected.iter().map(|_| created()));
        let (requests, end) = converse(&exchange(), &tell(lines, "AB1", false), answers);
        assert_eq!(
            (made(&requests), short(&end).as_str()),
            (expected.iter().map(|text| (*text).to_owned()).collect(), "taken"),
            "{what}"
        );
    }
    let held = open(vec![part(1, Some(7), "ON_HOLD", &[(1, "x", 1)])]);
    let (_, end) = converse(&exchange(), &tell(&[(Some("1"), "x", "north", 1)], "AB1", false), [held]);
    assert_eq!(short(&end), "retry not yet");
}

/// Requests of all kinds that telling a shipment can make.
pub(crate) fn all_requests() -> Vec<HttpRequest> {
    paged().0
}

fn paged() -> (Vec<HttpRequest>, DeliveryResult) {
    let mut long = part(1, Some(7), "OPEN", &[(1, "x", 1)]);
    long["lineItems"]["pageInfo"] = json!({ "hasNextPage": true, "endCursor": "c1" });
    let more = |next: Option<&str>, line: u64| {
        let page = &part(1, None, "OPEN", &[(line, "y", 1)])["lineItems"]["nodes"];
        data(json!({ "fulfillmentOrder": { "id": "x", "lineItems": { "nodes": page,
            "pageInfo": { "hasNextPage": next.is_some(), "endCursor": next } } } }))
    };
    let delivery = tell(
        &[
            (Some("1"), "x", "north", 1),
            (Some("2"), "y", "north", 1),
            (Some("3"), "z", "north", 1),
            (Some("4"), "z", "north", 1),
        ],
        "AB1",
        false,
    );
    let answers = [
        open_page(vec![long], Some("p1")),
        more(Some("c2"), 2),
        more(None, 3),
        open(vec![part(5, Some(7), "OPEN", &[(4, "z", 1)])]),
        created(),
    ];
    converse(&exchange(), &delivery, answers)
}

#[test]
fn pages_are_read_to_their_end() {
    let (requests, end) = paged();
    assert_eq!(short(&end), "taken");
    assert_eq!(made(&requests), ["1:101x1 1:102x1 1:103x1 5:504x1"]);
    assert_eq!(body(&requests[1])["variables"]["after"], "c1");
    assert_eq!(body(&requests[3])["variables"]["after"], "p1");
}

#[test]
fn a_shipment_in_doubt_is_looked_for_first() {
    let lines = [(Some("1"), "x", "north", 2), (Some("2"), "y", "south", 1)];
    let all: &[(u64, i64)] = &[(1, 2), (2, 1)];
    let both = || open(vec![part(1, Some(7), "OPEN", &[(1, "x", 9)]), part(2, Some(8), "OPEN", &[(2, "y", 9)])]);
    let rows: Vec<(&str, &str, Vec<Told<'_>>, &[&str])> = vec![
        ("never told", "AB1", vec![], &["1:101x2", "2:202x1"]),
        ("told", "AB1", vec![("SUCCESS", "AB1", all)], &[]),
        ("told in two", "AB1", vec![("SUCCESS", "AB1", &[(1, 2)]), ("SUCCESS", "AB1", &[(2, 1)])], &[]),
        ("told in part", "AB1", vec![("SUCCESS", "AB1", &[(1, 2)])], &["2:202x1"]),
        ("another shipment", "AB1", vec![("SUCCESS", "CD2", all)], &["1:101x2", "2:202x1"]),
        ("cancelled there", "AB1", vec![("CANCELLED", "AB1", all)], &["1:101x2", "2:202x1"]),
        ("no number, the same units", "", vec![("SUCCESS", "", all)], &[]),
        ("no number, other units", "", vec![("SUCCESS", "", &[(1, 2)])], &["1:101x2", "2:202x1"]),
        ("no number, more units", "", vec![("SUCCESS", "", &[(1, 2), (2, 1), (3, 1)])], &["1:101x2", "2:202x1"]),
        ("no number, that one has one", "", vec![("SUCCESS", "CD2", all)], &["1:101x2", "2:202x1"]),
    ];
    for (what, number, fulfillments, expected) in rows {
        let more = if expected.is_empty() { vec![] } else { vec![both()] };
        let answers = [told(&fulfillments)].into_iter().chain(more).chain(expected.iter().map(|_| created()));
        let (requests, end) = converse(&exchange(), &tell(&lines, number, true), answers);
        assert_eq!(operation(&requests[0]), "Fulfillments");
        assert_eq!(
            (made(&requests), short(&end).as_str()),
            (expected.iter().map(|text| (*text).to_owned()).collect(), "taken"),
            "{what}"
        );
    }
}

#[test]
fn failures_leave_a_doubt_only_where_something_may_be_told() {
    let one = || open(vec![part(1, Some(7), "OPEN", &[(1, "x", 1)])]);
    let two = || open(vec![part(1, Some(7), "OPEN", &[(1, "x", 1)]), part(2, Some(8), "OPEN", &[(1, "x", 1)])]);
    let gone = || data(json!({ "order": null }));
    for (units, answers, expected) in [
        (1, vec![gone()], "refused"),
        (1, vec![lost()], "retry failing"),
        (1, vec![answer(500, "")], "retry failing"),
        (1, vec![answer(429, "")], "retry throttled after 1000"),
        (1, vec![data(json!({}))], "retry failing"),
        (1, vec![data(json!({ "order": {} }))], "retry failing"),
        (1, vec![one(), lost()], "retry failing in doubt"),
        (1, vec![one(), not_sent()], "retry failing"),
        (1, vec![one(), answer(500, "")], "retry failing in doubt"),
        (1, vec![one(), answer(429, "")], "retry throttled after 1000"),
        (1, vec![one(), answer(401, "")], "retry failing"),
        (1, vec![one(), not_created()], "retry not yet"),
        (1, vec![one(), data(json!({ "fulfillmentCreate": null }))], "retry failing in doubt"),
        (2, vec![two(), created(), not_created()], "retry not yet in doubt"),
        (2, vec![two(), created(), not_sent()], "retry failing in doubt"),
        (2, vec![two(), created(), answer(429, "")], "retry throttled after 1000 in doubt"),
    ] {
        let text = format!("{answers:?}");
        let (_, end) = converse(&exchange(), &tell(&[(Some("1"), "x", "north", units)], "AB1", false), answers);
        assert_eq!(short(&end), expected, "{text}");
    }
    let mut unknown = tell(&[(Some("1"), "x", "north", 1)], "AB1", false);
    if let stockroom::outbox::DeliveryBody::TellShipment(notice) = &mut unknown.body {
        notice.reference = "#1001".to_owned();
    }
    assert_eq!(short(&converse(&exchange(), &unknown, []).1), "refused");
}
