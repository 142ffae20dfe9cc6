//! Conversations of the REST contract: tables of what is answered and what follows.

use stockroom::ports::Exchange;
use stockroom_wms::{Profile, RestExchange};

use super::support::*;

const BASE: &str = r#""base_url":"https://wms.example/api","auth":{"bearer":{"token":"s3cret-t0ken"}}"#;

pub(crate) fn exchange() -> RestExchange {
    exchange_with("")
}

pub(crate) fn exchange_with(more: &str) -> RestExchange {
    let profile: Profile = serde_json::from_str(&format!("{{{BASE}{more}}}")).expect("it is a profile");
    RestExchange::new(profile).expect("it is a good one")
}

const POST: &str = "POST /api/fulfillment-orders";
const GET: &str = "GET /api/fulfillment-orders/o-1-1";
const CANCEL: &str = "POST /api/fulfillment-orders/o-1-1/cancel";

const TAKEN: &str = r#"{"id":"W-1","fulfillment":"o-1-1","status":"accepted","more":[1]}"#;
const ERROR: &str = r#"{"error":{"code":"x","message":"the token s3cret-t0ken is wrong"}}"#;

struct Row {
    what: &'static str,
    doubt: bool,
    answers: Vec<Answer>,
    asked: Vec<&'static str>,
    end: &'static str,
}

fn hold_all(exchange: &dyn Exchange, delivery: impl Fn(bool) -> stockroom::outbox::LeasedDelivery, rows: Vec<Row>) {
    for row in rows {
        let held = hold(exchange, &delivery(row.doubt), &row.answers);
        assert_eq!(held.asked, row.asked, "{}", row.what);
        assert_eq!(short(&held.end), row.end, "{}: {:?}", row.what, held.end);
    }
}

macro_rules! rows {
    ($($what:literal: $doubt:literal, [$($answer:expr),* $(,)?] => [$($asked:expr),* $(,)?], $end:literal;)*) => {
        vec![$(Row { what: $what, doubt: $doubt, answers: vec![$($answer),*], asked: vec![$($asked),*], end: $end }),*]
    };
}

#[test]
fn a_fulfillment_order_is_handed_over_once() {
    let rows = rows! {
        "created": false, [answer(201, TAKEN)] => [POST], "handed W-1";
        "had already": false, [answer(200, TAKEN)] => [POST], "handed W-1";
        "a number as id": false, [answer(201, r#"{"id":12}"#)] => [POST], "handed 12";
        "same name, other content": false, [answer(409, ERROR)] => [POST], "refused";
        "malformed": false, [answer(400, "")] => [POST], "refused";
        "refused": false, [answer(422, ERROR)] => [POST], "refused";
        "refused in the status": false, [answer(201, r#"{"id":"W-1","status":"rejected"}"#)] => [POST], "refused";
        "throttled": false, [answer_with(429, ("retry-after", "2"), ERROR)] => [POST], "retry throttled after 2000";
        "throttled without a time": false, [answer(429, "")] => [POST], "retry throttled";
        "unavailable": false, [answer_with(503, ("Retry-After", "7"), "")] => [POST], "retry failing after 7000 in doubt";
        "a server's fault": false, [answer(500, "<html>")] => [POST], "retry failing in doubt";
        "credentials": false, [answer(401, ERROR)] => [POST], "retry failing";
        "forbidden": false, [answer(403, ERROR)] => [POST], "retry failing";
        "a redirect": false, [answer_with(301, ("Location", "https://elsewhere.example"), "")] => [POST],
            "retry failing in doubt";
        "no such path": false, [answer(404, "")] => [POST], "retry failing in doubt";
        "not sent": false, [not_sent()] => [POST], "retry failing";

        "lost, and it is there": false, [lost(), answer(200, TAKEN)] => [POST, GET], "handed W-1";
        "lost, and it is not there yet": false, [lost(), answer(404, ERROR)] => [POST, GET], "retry failing in doubt";
        "lost, and so is the look": false, [lost(), lost()] => [POST, GET], "retry failing in doubt";
        "lost, and the look is not sent": false, [lost(), not_sent()] => [POST, GET], "retry failing in doubt";
        "lost, and the look is throttled": false, [lost(), answer(429, "")] => [POST, GET],
            "retry throttled in doubt";

        "success without an id": false, [answer(201, r#"{"fulfillment":"o-1-1"}"#), answer(200, TAKEN)] => [POST, GET],
            "handed W-1";
        "success without a body": false, [answer(204, ""), answer(200, TAKEN)] => [POST, GET], "handed W-1";
        "success that is no JSON": false, [answer(200, "OK"), answer(200, TAKEN)] => [POST, GET], "handed W-1";
        "success about another": false, [answer(201, r#"{"id":"W-2","fulfillment":"o-2-1"}"#), answer(404, "")]
            => [POST, GET], "retry failing in doubt";
        "success that is an error": false, [answer(200, ERROR), answer(404, "")] => [POST, GET],
            "retry failing in doubt";
        "success that is false": false, [answer(200, r#"{"id":"W-1","success":false}"#), answer(200, TAKEN)]
            => [POST, GET], "handed W-1";
        "an id that is no name": false, [answer(201, r#"{"id":{"a":1}}"#), answer(200, r#"{"id":""}"#)] => [POST, GET],
            "retry failing in doubt";

        "in doubt, and it is there": true, [answer(200, TAKEN)] => [GET], "handed W-1";
        "in doubt, there without an id": true, [answer(200, r#"{"fulfillment":"o-1-1"}"#)] => [GET], "handed -";
        "in doubt, there as refused": true, [answer(200, r#"{"id":"W-1","status":"Refused"}"#)] => [GET], "refused";
        "in doubt, and it is not there": true, [answer(404, ""), answer(201, TAKEN)] => [GET, POST], "handed W-1";
        "in doubt, not there, not sent": true, [answer(404, ""), not_sent()] => [GET, POST], "retry failing";
        "in doubt, not there, throttled": true, [answer(404, ""), answer(429, "")] => [GET, POST], "retry throttled";
        "in doubt, not there, lost": true, [answer(404, ""), lost(), answer(200, TAKEN)] => [GET, POST, GET],
            "handed W-1";
        "in doubt, not there, lost, not there": true, [answer(404, ""), lost(), answer(404, "")] => [GET, POST, GET],
            "retry failing in doubt";
        "in doubt, the look fails": true, [answer(500, "")] => [GET], "retry failing in doubt";
        "in doubt, the look is refused": true, [answer(422, ERROR)] => [GET], "retry failing in doubt";
        "in doubt, the look lacks credentials": true, [answer(401, ERROR)] => [GET], "retry failing in doubt";
        "in doubt, the look is throttled": true, [answer_with(429, ("Retry-After", "1"), "")] => [GET],
            "retry throttled after 1000 in doubt";
        "in doubt, the look is lost": true, [lost()] => [GET], "retry failing in doubt";
        "in doubt, the look is not sent": true, [not_sent()] => [GET], "retry failing in doubt";
        "in doubt, the look is no JSON": true, [answer(200, "<html>")] => [GET], "retry failing in doubt";
        "in doubt, the look is about another": true, [answer(200, r#"{"id":"1","fulfillment":"o-2-1"}"#)] => [GET],
            "retry failing in doubt";
    };
    hold_all(&exchange(), create, rows);
}

#[test]
fn a_cancellation_ends_as_the_warehouse_says() {
    let rows = rows! {
        "given up": false, [answer(200, r#"{"status":"cancelled"}"#)] => [CANCEL], "cancelled";
        "never had it": false, [answer(404, "")] => [CANCEL], "cancelled";
        "refused it anyway": false, [answer(200, r#"{"status":"refused"}"#)] => [CANCEL], "cancelled";
        "shipped": false, [answer(409, r#"{"status":"shipped"}"#)] => [CANCEL], "too late";
        "will ship": false, [answer(409, r#"{"status":"picking"}"#)] => [CANCEL], "too late";
        "too late without a body": false, [answer(409, "")] => [CANCEL], "too late";
        "too late, for it is cancelled": false, [answer(409, r#"{"status":"Cancelled"}"#)] => [CANCEL], "cancelled";
        "success that says shipped": false, [answer(200, r#"{"status":"shipped"}"#)] => [CANCEL], "too late";
        "asked for, not done yet": false, [answer(202, r#"{"status":"cancelling"}"#)] => [CANCEL],
            "retry not yet in doubt";
        "refused": false, [answer(422, ERROR)] => [CANCEL], "refused";
        "throttled": false, [answer(429, "")] => [CANCEL], "retry throttled";
        "in doubt and throttled": true, [answer(429, "")] => [CANCEL], "retry throttled in doubt";
        "credentials": false, [answer(403, "")] => [CANCEL], "retry failing";
        "failing": false, [answer(502, "")] => [CANCEL], "retry failing in doubt";
        "not sent": false, [not_sent()] => [CANCEL], "retry failing";
        "in doubt and not sent": true, [not_sent()] => [CANCEL], "retry failing in doubt";
        "in doubt, asked again": true, [answer(200, r#"{"status":"cancelled"}"#)] => [CANCEL], "cancelled";

        "lost, and it is cancelled": false, [lost(), answer(200, r#"{"id":"1","status":"cancelled"}"#)] => [CANCEL, GET],
            "cancelled";
        "lost, and it has left": false, [lost(), answer(200, r#"{"id":"1","status":"partly_shipped"}"#)]
            => [CANCEL, GET], "too late";
        "lost, and it never was": false, [lost(), answer(404, "")] => [CANCEL, GET], "cancelled";
        "lost, and it goes on": false, [lost(), answer(200, TAKEN)] => [CANCEL, GET], "retry failing in doubt";
        "lost, and so is the look": false, [lost(), lost()] => [CANCEL, GET], "retry failing in doubt";
        "success without a status": false, [answer(200, "{}"), answer(200, r#"{"status":"cancelled"}"#)]
            => [CANCEL, GET], "cancelled";
        "success without a body": false, [answer(204, ""), answer(200, TAKEN)] => [CANCEL, GET],
            "retry failing in doubt";
        "success that is an error": false, [answer(200, ERROR), answer(500, "")] => [CANCEL, GET],
            "retry failing in doubt";
    };
    hold_all(&exchange(), |doubt| cancel(Some("W-1"), doubt), rows);
}

#[test]
fn stock_is_asked_for_and_read() {
    let ask = "GET /api/stock?sku=mug-blue&sku=a%20b%26c";
    let delivery = |_| check(&["mug-blue", "a b&c"]);
    let levels = r#"{"taken_at":"2026-07-01T09:30:00Z","levels":[{"sku":"mug-blue","on_hand":3},{"sku":"other"},
        {"sku":"a b&c","on_hand":-1}]}"#;
    // The engine judges the numbers; a SKU that was not asked for is not even read.
    hold_all(
        &exchange(),
        delivery,
        rows! {
            "levels": false, [answer(200, levels)] => [ask], "stock at 1782898200000 mug-blue=3 a b&c=-1";
            "none known": false, [answer(200, r#"{"taken_at":"2026-07-01T09:30:00Z","levels":[]}"#)] => [ask],
                "stock at 1782898200000";
            "no time": false, [answer(200, r#"{"levels":[]}"#)] => [ask], "retry failing";
            "a time without an offset": false,
                [answer(200, r#"{"taken_at":"2026-07-01T09:30:00","levels":[]}"#)] => [ask], "retry failing";
            "no levels": false, [answer(200, r#"{"taken_at":"2026-07-01T09:30:00Z"}"#)] => [ask], "retry failing";
            "a fraction": false, [answer(200, r#"{"taken_at":"2026-07-01T09:30:00Z","levels":[{"sku":"mug-blue",
                "on_hand":1.5}]}"#)] => [ask], "retry failing";
            "a SKU twice": false, [answer(200, r#"{"taken_at":"2026-07-01T09:30:00Z","levels":[{"sku":"mug-blue",
                "on_hand":1},{"sku":"mug-blue","on_hand":1}]}"#)] => [ask], "retry failing";
            "an error": false, [answer(200, ERROR)] => [ask], "retry failing";
            "refused": false, [answer(422, ERROR)] => [ask], "refused";
            "not found": false, [answer(404, "")] => [ask], "retry failing";
            "throttled": false, [answer(429, "")] => [ask], "retry throttled";
            "failing": false, [answer(500, "")] => [ask], "retry failing";
            "lost": false, [lost()] => [ask], "retry failing";
            "not sent": false, [not_sent()] => [ask], "retry failing";
        },
    );
}

#[test]
fn a_check_that_one_answer_cannot_hold_is_refused() {
    let names = |count: usize| (0..count).map(|number| format!("sku-{number}")).collect::<Vec<_>>();
    let delivery = |names: &[String]| check(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let levels = r#"{"taken_at":"2026-07-01T09:30:00Z","levels":[]}"#;

    let held = hold(&exchange(), &delivery(&names(100)), &[answer(200, levels)]);
    assert_eq!(short(&held.end), "stock at 1782898200000");
    for skus in [Vec::new(), names(101), vec!["ä".repeat(64); 30]] {
        assert_eq!(short(&hold(&exchange(), &delivery(&skus), &[]).end), "refused", "{} SKUs", skus.len());
    }
    let larger = exchange_with(r#","stock_skus_max":200"#);
    assert_eq!(short(&hold(&larger, &delivery(&names(101)), &[answer(200, levels)]).end), "stock at 1782898200000");
}

#[test]
fn the_request_says_what_is_to_be_shipped() {
    let held = hold(&exchange(), &create(false), &[answer(201, TAKEN)]);
    let (request, _) = &held.requests[0];
    assert_eq!(header(request, "Idempotency-Key"), Some("o-1-1"));
    assert_eq!(header(request, "Content-Type"), Some("application/json"));
    assert_eq!(header(request, "Authorization"), Some("Bearer s3cret-t0ken"));
    let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(
        body,
        serde_json::json!({
            "fulfillment": "o-1-1", "order": "o-1", "channel": "web", "location": "north",
            "placed_at": "2026-07-01T09:30:00.000Z", "currency": "GBP", "note": "Please ring twice.",
            "ship_to": {
                "name": "Ada Lovelace", "address": ["12 St James's Square", "Floor 2"], "city": "London",
                "postal_code": "SW1Y 4JH", "country": "GB", "email": "ada@example.org",
            },
            "items": [{ "line": 1, "sku": "mug-blue", "quantity": 2 }],
        })
    );
}

#[test]
fn a_name_stays_one_segment_of_the_path() {
    for (name, asked) in [
        ("a/b-1", Some("GET /api/fulfillment-orders/a%2Fb-1")),
        ("ä ?#-1", Some("GET /api/fulfillment-orders/%C3%A4%20%3F%23-1")),
        ("{reference}-1", Some("GET /api/fulfillment-orders/%7Breference%7D-1")),
        ("..", None),
        (".", None),
        ("", None),
    ] {
        let mut request = request();
        request.fulfillment = name.to_owned();
        let body = stockroom::outbox::DeliveryBody::RequestFulfillment(request.into());
        let answers: &[Answer] = if asked.is_some() { &[answer(500, "")] } else { &[] };
        let held = hold(&exchange(), &delivery(body, true), answers);
        assert_eq!(held.asked.first().map(String::as_str), asked, "{name:?}");
        if asked.is_none() {
            assert_eq!(short(&held.end), "refused");
        }
    }
}

#[test]
fn a_step_that_is_not_its_own_ends_the_conversation() {
    let response = answer(200, TAKEN);
    for delivery in [create(true), cancel(None, true)] {
        for step in ["stock", "what"] {
            let step = stockroom::ports::Step(step);
            let turn = exchange().answered(&delivery, step, "", response.as_ref(), NOW_MS);
            let stockroom::ports::Turn::End(end) = turn else { panic!("it ends") };
            assert_eq!(short(&end), "retry failing in doubt");
        }
    }
}

#[test]
fn what_the_remote_says_is_repeated_in_bounds_and_without_the_token() {
    let long = format!(r#"{{"error":{{"message":"{} s3cret-t0ken"}}}}"#, "x".repeat(5_000));
    for body in [ERROR, &long, "s3cret-t0ken", "\0\u{7}"] {
        for status in [401, 409, 422, 500] {
            // `hold` looks at every end for the token, for control characters and for its length.
            hold(&exchange(), &create(false), &[answer(status, body)]);
        }
    }
    let held = hold(&exchange(), &create(false), &[answer(422, ERROR)]);
    let stockroom::outbox::DeliveryResult::Refused { why } = held.end else { panic!("it is refused") };
    assert_eq!(why, "the warehouse refuses it: status 422: the token *** is wrong");
}
