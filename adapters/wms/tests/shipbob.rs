//! Conversations with ShipBob: tables of what is answered and what follows. The shapes of the answers are those of
//! ShipBob's published OpenAPI.

use stockroom::outbox::{DeliveryBody, LeasedDelivery};
use stockroom::ports::Exchange;
use stockroom_wms::{SHIPBOB_VERSION, ShipBobExchange, ShipBobProfile};

use super::support::*;

fn profile() -> ShipBobProfile {
    ShipBobProfile::new(TOKEN.into(), 100_102)
}

fn exchange() -> ShipBobExchange {
    ShipBobExchange::new(profile()).unwrap()
}

const POST: &str = "POST /2026-07/order";
const GET: &str = "GET /2026-07/order?ReferenceIds=o-1-1";
const CANCEL: &str = "POST /2026-07/order/77:cancel";

const ORDER: &str = r#"{"id":77,"reference_id":"o-1-1","status":"Processing","shipments":[]}"#;
const FOUND: &str = r#"[{"id":77,"reference_id":"o-1-1","status":"Processing"}]"#;
const OTHERS: &str = r#"[{"id":78,"reference_id":"o-1-10","status":"Processing"}]"#;
const TAKEN: &str = r#"{"":["Cannot insert order with existing ReferenceId"]}"#;

/// Spoils a request.
type Spoil = fn(&mut stockroom::fulfillment::FulfillmentRequest);

type Rows<'a> = &'a [(&'a str, bool, &'a [Answer], &'a [&'a str], &'a str)];

fn hold_all(exchange: &dyn Exchange, delivery: impl Fn(bool) -> LeasedDelivery, rows: Rows<'_>) {
    for (what, doubt, answers, asked, end) in rows {
        let held = hold(exchange, &delivery(*doubt), answers);
        assert_eq!(&held.asked, asked, "{what}");
        assert_eq!(&short(&held.end), end, "{what}: {:?}", held.end);
    }
}

#[test]
fn an_order_is_created_once() {
    let wait = answer_with(429, ("x-retry-after", "25"), r#"{"statusCode":429,"message":"Rate limit is exceeded."}"#);
    hold_all(
        &exchange(),
        create,
        &[
            ("created", false, &[answer(201, ORDER)], &[POST], "handed 77"),
            ("throttled", false, std::slice::from_ref(&wait), &[POST], "retry throttled after 25000"),
            ("bad", false, &[answer(400, r#"{"Recipient":["missing"]}"#)], &[POST], "refused"),
            ("other fault", false, &[answer(422, r#"{"Products":["no quantity"]}"#)], &[POST], "refused"),
            ("token", false, &[answer(401, "")], &[POST], "retry failing"),
            ("scope", false, &[answer(403, "")], &[POST], "retry failing"),
            ("retired version", false, &[answer(404, "")], &[POST], "retry failing in doubt"),
            ("down", false, &[answer(500, "")], &[POST], "retry failing in doubt"),
            ("redirect", false, &[answer(302, "")], &[POST], "retry failing in doubt"),
            ("not sent", false, &[not_sent()], &[POST], "retry failing"),
            ("there", false, &[answer(422, TAKEN), answer(200, FOUND)], &[POST, GET], "handed 77"),
            ("there, no text", false, &[answer(422, ""), answer(200, FOUND)], &[POST, GET], "handed 77"),
            (
                "taken, not found",
                false,
                &[answer(422, TAKEN), answer(200, "[]")],
                &[POST, GET],
                "retry failing in doubt",
            ),
            ("lost, there", false, &[lost(), answer(200, FOUND)], &[POST, GET], "handed 77"),
            ("lost, not there", false, &[lost(), answer(200, "[]")], &[POST, GET], "retry failing in doubt"),
            ("lost twice", false, &[lost(), lost()], &[POST, GET], "retry failing in doubt"),
            ("no id", false, &[answer(201, "{}"), answer(200, FOUND)], &[POST, GET], "handed 77"),
            (
                "an odd id",
                false,
                &[answer(201, r#"{"id":-1}"#), answer(200, "[]")],
                &[POST, GET],
                "retry failing in doubt",
            ),
            ("in doubt, there", true, &[answer(200, FOUND)], &[GET], "handed 77"),
            ("in doubt, not there", true, &[answer(200, "[]"), answer(201, ORDER)], &[GET, POST], "handed 77"),
            ("in doubt, others", true, &[answer(200, OTHERS)], &[GET], "retry failing in doubt"),
            ("in doubt, no list", true, &[answer(200, "{}")], &[GET], "retry failing in doubt"),
            ("in doubt, no path", true, &[answer(404, "")], &[GET], "retry failing in doubt"),
            ("in doubt, throttled", true, std::slice::from_ref(&wait), &[GET], "retry throttled after 25000 in doubt"),
        ],
    );
}

#[test]
fn an_order_is_cancelled_or_it_is_too_late() {
    let state = |status: &str| answer(200, &format!(r#"[{{"id":77,"reference_id":"o-1-1","status":"{status}"}}]"#));
    let ended = |status: &str| answer(200, &format!(r#"{{"order_id":77,"status":"{status}"}}"#));
    let results = |some: &str| answer(200, &format!(r#"{{"canceled_shipment_results":[{some}]}}"#));
    let (yes, no) = (r#"{"is_success":true}"#, r#"{"is_success":false,"reason":"picked"}"#);
    hold_all(
        &exchange(),
        |doubt| cancel(Some("77"), doubt),
        &[
            ("done", false, &[ended("Success")], &[CANCEL], "cancelled"),
            ("too late", false, &[ended("Failure")], &[CANCEL], "too late"),
            ("in part", false, &[ended("PartialSuccess")], &[CANCEL], "too late"),
            ("each", false, &[results(&format!("{yes},{yes}"))], &[CANCEL], "cancelled"),
            ("not each", false, &[results(&format!("{yes},{no}"))], &[CANCEL], "too late"),
            ("none said", false, &[results(""), state("Cancelled")], &[CANCEL, GET], "cancelled"),
            ("refused, left", false, &[answer(422, "{}"), state("Fulfilled")], &[CANCEL, GET], "too late"),
            (
                "refused, partly left",
                false,
                &[answer(400, ""), state("PartiallyFulfilled")],
                &[CANCEL, GET],
                "too late",
            ),
            ("refused, was done", false, &[answer(422, "{}"), state("Cancelled")], &[CANCEL, GET], "cancelled"),
            ("refused, open", false, &[answer(422, ""), state("Processing")], &[CANCEL, GET], "retry not yet in doubt"),
            ("no such path", false, &[answer(404, ""), answer(404, "")], &[CANCEL, GET], "retry failing in doubt"),
            ("gone", false, &[answer(404, ""), answer(200, "[]")], &[CANCEL, GET], "retry failing in doubt"),
            ("lost, done", false, &[lost(), state("Cancelled")], &[CANCEL, GET], "cancelled"),
            ("lost twice", false, &[lost(), lost()], &[CANCEL, GET], "retry failing in doubt"),
            ("throttled", false, &[answer(429, "")], &[CANCEL], "retry throttled"),
            ("down", false, &[answer(500, "")], &[CANCEL], "retry failing in doubt"),
            ("not sent", false, &[not_sent()], &[CANCEL], "retry failing"),
            ("in doubt, done", true, &[state("Cancelled")], &[GET], "cancelled"),
            ("in doubt, open", true, &[state("Processing"), ended("Success")], &[GET, CANCEL], "cancelled"),
            ("in doubt, left", true, &[state("Fulfilled")], &[GET], "too late"),
        ],
    );
    for reference in [None, Some("not a number")] {
        hold_all(
            &exchange(),
            |doubt| cancel(reference, doubt),
            &[
                ("never had it", false, &[answer(200, "[]")], &[GET], "cancelled"),
                ("has it", false, &[state("Exception"), ended("Success")], &[GET, CANCEL], "cancelled"),
                ("has left", false, &[state("Fulfilled")], &[GET], "too late"),
                ("look lost", false, &[lost()], &[GET], "retry failing"),
            ],
        );
    }
}

#[test]
fn stock_of_one_sku_is_searched_for_and_of_several_has_to_fit_on_a_page() {
    let one = "GET /2026-07/inventory-level?SearchBy=mug%20blue&PageSize=250";
    let several = "GET /2026-07/inventory-level?PageSize=250";
    let dated = |body: &str| answer_with(200, ("Date", "Wed, 01 Jul 2026 09:30:00 GMT"), body);
    let blue = r#"{"sku":"mug blue","total_on_hand_quantity":4}"#;
    let page = |items: &str, next: &str| dated(&format!(r#"{{"items":[{items}],"next":{next}}}"#));
    let both = format!(r#"{blue},{{"sku":"mug","total_on_hand_quantity":9}},{{"sku":null}}"#);
    let more = r#""https://api.shipbob.com/2026-07/inventory-level?cursor=2""#;
    let at = "stock at 1782898200000";

    hold_all(
        &exchange(),
        |_| check(&["mug blue"]),
        &[
            ("exact matches only", false, &[page(&both, "null")], &[one], &format!("{at} mug blue=4")),
            (
                "one SKU, two items",
                false,
                &[page(&format!("{blue},{blue}"), "null")],
                &[one],
                &format!("{at} mug blue=8"),
            ),
            ("unknown there", false, &[page("", "null")], &[one], at),
            (
                "on the second page",
                false,
                &[page("", more), page(blue, "null")],
                &[one, "GET /2026-07/inventory-level?cursor=2"],
                &format!("{at} mug blue=4"),
            ),
            (
                "a path alone",
                false,
                &[page("", r#""/2026-07/inventory-level?cursor=3""#), page(blue, "null")],
                &[one, "GET /2026-07/inventory-level?cursor=3"],
                &format!("{at} mug blue=4"),
            ),
            ("elsewhere", false, &[page("", r#""https://evil.example/2026-07""#)], &[one], "retry failing"),
            (
                "nearly there",
                false,
                &[page("", r#""https://api.shipbob.com.evil.example/a""#)],
                &[one],
                "retry failing",
            ),
            (
                "user in front",
                false,
                &[page("", r#""https://api.shipbob.com@evil.example/a""#)],
                &[one],
                "retry failing",
            ),
            ("no host", false, &[page("", r#""//evil.example/a""#)], &[one], "retry failing"),
            ("no units", false, &[page(r#"{"sku":"mug blue"}"#, "null")], &[one], "retry failing"),
            ("no items", false, &[dated("{}")], &[one], "retry failing"),
            ("throttled", false, &[answer(429, "")], &[one], "retry throttled"),
            ("lost", false, &[lost()], &[one], "retry failing"),
        ],
    );
    hold_all(
        &exchange(),
        |_| check(&["mug blue", "mug"]),
        &[
            ("both", false, &[page(&both, more)], &[several], &format!("{at} mug blue=4 mug=9")),
            ("one unknown", false, &[page(blue, "null")], &[several], &format!("{at} mug blue=4")),
            ("on another page", false, &[page(blue, more)], &[several], "refused"),
        ],
    );
    assert_eq!(short(&hold(&exchange(), &check(&[]), &[]).end), "refused");
    // Without a date in the answer it is now.
    let held = hold(&exchange(), &check(&["a"]), &[answer(200, r#"{"items":[]}"#)]);
    assert_eq!(short(&held.end), format!("stock at {NOW_MS}"));

    let here = ShipBobExchange::new(ShipBobProfile { location_id: Some(10), ..profile() }).unwrap();
    let locations = r#"{"sku":"a","locations":[{"location_id":9,"on_hand_quantity":5},{"location_id":10,"on_hand_quantity":6}]},
        {"sku":"b","locations":[]}"#;
    hold_all(
        &here,
        |_| check(&["a", "b"]),
        &[(
            "of one center",
            false,
            &[page(locations, "null")],
            &["GET /2026-07/inventory-level/locations?LocationId=10&PageSize=250"],
            &format!("{at} a=6 b=0"),
        )],
    );
}

#[test]
fn every_status_ends() {
    let deliveries = [create(false), create(true), cancel(Some("77"), false), cancel(None, true), check(&["a"])];
    for status in 100..=599 {
        for delivery in &deliveries {
            for body in ["", "[]", ORDER, FOUND, TAKEN, r#"{"items":[],"next":null}"#] {
                let response = answer(status, body);
                let mut turn = exchange().begin(delivery);
                for _ in 0..4 {
                    if let stockroom::ports::Turn::Ask { step, .. } = turn {
                        turn = exchange().answered(delivery, step, "", response.as_ref(), NOW_MS);
                    }
                }
                let stockroom::ports::Turn::End(end) = turn else { panic!("{status} {body} goes on for ever") };
                let end = short(&end);
                if !matches!(status, 200 | 201) {
                    let known = end.starts_with("retry") || (end == "refused" && matches!(status, 400 | 413 | 422));
                    assert!(known, "{status} {body}: {end}");
                }
            }
        }
    }
}

#[test]
fn the_request_is_one_that_shipbob_takes() {
    let mut wanted = profile();
    wanted.location_id = Some(10);
    let held = hold(&ShipBobExchange::new(wanted).unwrap(), &create(false), &[answer(201, ORDER)]);
    let (request, _) = &held.requests[0];
    assert_eq!(request.url, format!("https://api.shipbob.com/{SHIPBOB_VERSION}/order"));
    assert_eq!(header(request, "shipbob_channel_id"), Some("100102"));
    assert_eq!(header(request, "Authorization"), Some("Bearer s3cret-t0ken"));
    let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(
        body,
        serde_json::json!({
            "reference_id": "o-1-1", "order_number": "o-1", "type": "DTC", "shipping_method": "Standard",
            "purchase_date": "2026-07-01T09:30:00.000Z", "location_id": 10,
            "recipient": {
                "name": "Ada Lovelace", "email": "ada@example.org",
                "address": { "address1": "12 St James's Square", "address2": "Floor 2", "city": "London",
                    "zip_code": "SW1Y 4JH", "country": "GB" },
            },
            "products": [{ "reference_id": "mug-blue", "name": "mug-blue", "quantity": 2, "external_line_id": 1 }],
        })
    );
}

#[test]
fn what_shipbob_cannot_take_is_refused_before_it_is_sent() {
    let faults: [(&str, Spoil); 6] = [
        ("no recipient", |request| request.ship_to = None),
        ("no name", |request| request.ship_to.as_mut().unwrap().name.clear()),
        ("no address", |request| request.ship_to.as_mut().unwrap().address.clear()),
        ("no city", |request| request.ship_to.as_mut().unwrap().city = " ".to_owned()),
        ("no country", |request| request.ship_to.as_mut().unwrap().country.clear()),
        ("a comma in the name", |request| request.fulfillment = "a,b-1".to_owned()),
    ];
    for (what, change) in faults {
        let mut changed = request();
        change(&mut changed);
        let body = DeliveryBody::RequestFulfillment(changed.into());
        assert_eq!(short(&hold(&exchange(), &delivery(body, false), &[]).end), "refused", "{what}");
    }
}

#[test]
fn a_profile_is_judged_once() {
    let read = |more: &str| {
        let text = format!(r#"{{"token":"t","channel_id":1{more}}}"#);
        ShipBobExchange::new(serde_json::from_str(&text).unwrap()).err().map(|fault| fault.field)
    };
    for (more, field) in [
        ("", None),
        (r#","base_url":"https://sandbox-api.shipbob.com","version":"2026-01""#, None),
        (r#","base_url":"shipbob""#, Some("base_url")),
        (r#","version":"2.0""#, Some("version")),
        (r#","version":"2026-07/../1.0""#, Some("version")),
        (r#","shipping_method":"""#, Some("shipping_method")),
        (r#","page_size":0"#, Some("page_size")),
    ] {
        assert_eq!(read(more), field, "{more}");
    }
}
