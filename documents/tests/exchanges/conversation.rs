//! Conversations as documents: they end as the same exchange does when it is run directly, by the same requests.

use std::sync::Arc;

use serde_json::{Value, json};
use stockroom::ports::{Exchange, HeaderValue, HttpFailure, HttpRequest, HttpResponse, Method, Step, TURNS_MAX, Turn};
use stockroom::{DeliveryAnswer, DeliveryResult, ErrorKind, LeasedDelivery};
use stockroom_documents::{
    ANSWER_MAX_MS, BODY_MAX_BYTES, Conversation, ExchangeSettings, LEASE_MARGIN_MS, TurnDocument,
};

use crate::support::*;

fn exchange(settings: &Value) -> Arc<dyn Exchange> {
    assert_valid("exchange_settings", settings);
    ExchangeSettings::parse(&bytes(settings)).unwrap_or_else(|error| panic!("{settings}: {error}"))
}

fn document(turn: &TurnDocument) -> Value {
    let document = value(&turn.to_json().unwrap());
    assert_valid("turn", &document);
    document
}

fn answer(status: u16, body: &str) -> Value {
    json!({ "response": { "status": status, "headers": { "date": DATE }, "body": body } })
}

fn answer_with(status: u16, name: &str, text: &str) -> Value {
    json!({ "response": { "status": status, "headers": [[name, text]], "body": "" } })
}

fn lost() -> Value {
    json!({ "lost": "no answer came in time" })
}

fn not_sent() -> Value {
    json!({ "not_sent": "it refused the connection" })
}

/// An answer as an exchange takes it.
fn outcome(answer: &Value) -> Result<HttpResponse, HttpFailure> {
    let why = |name: &str| answer[name].as_str().map(str::to_owned);
    if let Some(why) = why("lost") {
        return Err(HttpFailure::Lost(why));
    }
    if let Some(why) = why("not_sent") {
        return Err(HttpFailure::NotSent(why));
    }
    let response = &answer["response"];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let headers = match &response["headers"] {
        Value::Array(pairs) => pairs.iter().map(|pair| (text(&pair[0]), text(&pair[1]))).collect(),
        Value::Object(object) => object.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
        other => panic!("{other}"),
    };
    let status = u16::try_from(response["status"].as_u64().unwrap()).unwrap();
    Ok(HttpResponse { status, headers, body: text(&response["body"]).into_bytes() })
}

/// A request as its document shows it.
fn shown(request: &HttpRequest) -> Value {
    let headers: Vec<(&str, &str)> = request
        .headers
        .iter()
        .map(|(name, value)| match value {
            HeaderValue::Plain(text) => (name.as_str(), text.as_str()),
            HeaderValue::Secret(secret) => (name.as_str(), secret.reveal()),
        })
        .collect();
    let mut shown = json!({ "method": request.method.name(), "url": request.url, "headers": headers,
        "timeout_ms": 60_000 - LEASE_MARGIN_MS });
    if !request.body.is_empty() {
        shown["body"] = json!(std::str::from_utf8(&request.body).unwrap());
    }
    shown
}

/// The requests and the end of an exchange that is run directly.
fn run_directly(exchange: &dyn Exchange, delivery: &LeasedDelivery, answers: &[Value]) -> (Vec<Value>, DeliveryResult) {
    let mut requests = Vec::new();
    let mut answers = answers.iter();
    let mut turn = exchange.begin(delivery);
    loop {
        match turn {
            Turn::End(result) => {
                assert_eq!(answers.next(), None, "not all is asked");
                return (requests, result);
            }
            Turn::Ask { request, step, memo } => {
                let answer = answers.next().unwrap_or_else(|| panic!("one more is asked: {request:?}"));
                requests.push(shown(&request));
                turn = exchange.answered(delivery, step, &memo, outcome(answer).as_ref(), NOW_MS);
            }
        }
    }
}

/// The requests and the end of a conversation.
fn converse(exchange: Arc<dyn Exchange>, delivery: &Value, answers: &[Value]) -> (Vec<Value>, Value) {
    let mut requests = Vec::new();
    let mut answers = answers.iter();
    let (mut conversation, mut turn) = Conversation::begin_json(exchange, &bytes(delivery), NOW_MS).unwrap();
    loop {
        let seen = format!("{conversation:?} {turn:?}");
        assert_says_no_secret(&seen);
        assert_eq!(conversation.is_over(), matches!(turn, TurnDocument::End(_)));
        let mut document = document(&turn);
        if let Some(end) = document.get_mut("end") {
            assert_says_no_secret(&end.to_string());
            let error = conversation.answered_json(&bytes(&lost()), NOW_MS).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Malformed, "it is over");
            return (requests, end.take());
        }
        requests.push(document["ask"].take());
        let answer = answers.next().expect("one more is asked");
        assert_valid("answer", answer);
        turn = conversation.answered_json(&bytes(answer), NOW_MS).unwrap();
    }
}

struct Row {
    what: &'static str,
    body: Value,
    doubt: bool,
    answers: Vec<Value>,
    /// What of the end is expected.
    end: Value,
}

fn hold_all(settings: &Value, rows: Vec<Row>) {
    let exchange = exchange(settings);
    for Row { what, body, doubt, answers, end } in rows {
        let delivery = delivery(body, doubt);
        let (requests, result) = run_directly(exchange.as_ref(), &leased(&delivery), &answers);
        let (asked, ended) = converse(Arc::clone(&exchange), &delivery, &answers);
        assert_eq!(asked, requests, "{what}");
        assert_eq!(ended["result"], serde_json::to_value(&result).unwrap(), "{what}");
        assert!(has(&ended["result"], &end), "{what}: {ended}");
        let report = json!({ "action": { "report_delivery": { "destination": "there", "number": 7, "attempt": 2,
            "result": ended["result"] } } });
        assert_eq!(ended["report"], report, "{what}");
        assert_valid("command", &ended["report"]);
        // Secrets are sent, and stand nowhere else.
        for request in &asked {
            assert!(SECRETS.iter().any(|secret| request["headers"].to_string().contains(secret)), "{request}");
            assert_says_no_secret(request["url"].as_str().unwrap());
        }
    }
}

macro_rules! rows {
    ($($what:literal: $body:expr, $doubt:literal, [$($answer:expr),* $(,)?] => $end:tt;)*) => {
        vec![$(Row { what: $what, body: $body, doubt: $doubt, answers: vec![$($answer),*], end: json!($end) }),*]
    };
}

fn request_body() -> Value {
    json!({ "request_fulfillment": { "fulfillment": "o-1-1", "order": "o-1", "location": "main", "channel": "web",
        "placed_at_ms": NOW_MS, "currency": "GBP", "ship_to": { "name": "Ada Løvelace", "address": ["1 Mill Rd"],
        "city": "London", "postal_code": "SW1Y 4JH", "country": "GB", "email": "a@example.org" },
        "items": [{ "line": 0, "sku": "mug", "quantity": 2 }] } })
}

fn cancel_body(reference: Option<&str>) -> Value {
    let mut body = json!({ "cancel_fulfillment": { "fulfillment": "o-1-1" } });
    if let Some(reference) = reference {
        body["cancel_fulfillment"]["reference"] = json!(reference);
    }
    body
}

fn set_body() -> Value {
    json!({ "set_quantities": { "channel": "web", "listings": [{ "sku": "mug", "item": "42", "quantity": 5, "from": 3 }] } })
}

fn read_body() -> Value {
    json!({ "read_quantities": { "channel": "web", "listings": [{ "sku": "mug", "item": "42" }] } })
}

#[test]
fn warehouses_of_the_contract() {
    let taken = || answer(201, r#"{"id":"W-1","fulfillment":"o-1-1","status":"accepted"}"#);
    let told_the_token = || answer(401, r#"{"error":{"message":"s3cret-t0ken is wrong"}}"#);
    hold_all(
        &rest(),
        rows! {
            "done": request_body(), false, [taken()] => { "done": { "handed": { "reference": "W-1" } } };
            "throttled": request_body(), false, [answer_with(429, "Retry-After", "7")]
                => { "retry": { "after_ms": 7000, "doubt": false, "cause": "throttled" } };
            "lost, and found": request_body(), false, [lost(), taken()]
                => { "done": { "handed": { "reference": "W-1" } } };
            "lost, and not found": request_body(), false, [lost(), answer(404, "")] => { "retry": { "doubt": true } };
            "in doubt, found": request_body(), true, [taken()] => { "done": { "handed": { "reference": "W-1" } } };
            "in doubt, not found, done": request_body(), true, [answer(404, ""), taken()]
                => { "done": { "handed": { "reference": "W-1" } } };
            "not sent": request_body(), false, [not_sent()] => { "retry": { "doubt": false, "cause": "failing" } };
            "refused": request_body(), false, [answer(422, r#"{"error":"no such street"}"#)]
                => { "refused": {} };
            "the token is told": request_body(), false, [told_the_token()] => { "retry": { "cause": "failing" } };
            "cancelled": cancel_body(None), false, [answer(200, r#"{"status":"cancelled"}"#)] => { "done": "cancelled" };
            "too late": cancel_body(None), false, [answer(409, r#"{"status":"shipped"}"#)] => { "done": "too_late" };
            "stock": json!({ "check_stock": { "location": "main", "skus": ["mug"] } }), false,
                [answer(200, r#"{"taken_at":"2026-09-21T14:00:00Z","levels":[{"sku":"mug","on_hand":4}]}"#)]
                => { "done": { "stock": { "levels": [{ "sku": "mug", "on_hand": 4 }] } } };
            "a page of HTML, and the look fails": request_body(), false, [answer(200, "<html>"), answer(500, "")]
                => { "retry": { "doubt": true } };
        },
    );
}

#[test]
fn shipbob_accounts() {
    let found = || answer(200, r#"[{"id":77,"reference_id":"o-1-1","status":"Processing"}]"#);
    hold_all(
        &shipbob(),
        rows! {
            "done": request_body(), false, [answer(201, r#"{"id":77,"reference_id":"o-1-1","status":"Processing"}"#)]
                => { "done": { "handed": { "reference": "77" } } };
            "throttled": request_body(), false, [answer_with(429, "X-Retry-After", "25")]
                => { "retry": { "after_ms": 25_000, "cause": "throttled", "doubt": false } };
            "lost, and found": request_body(), false, [lost(), found()] => { "done": { "handed": { "reference": "77" } } };
            "lost twice": request_body(), false, [lost(), lost()] => { "retry": { "doubt": true } };
            "in doubt": request_body(), true, [found()] => { "done": { "handed": { "reference": "77" } } };
            "not sent": request_body(), false, [not_sent()] => { "retry": { "doubt": false } };
            "refused": request_body(), false, [answer(400, r#"{"Recipient":["missing"]}"#)] => { "refused": {} };
            "cancelled": cancel_body(Some("77")), false, [answer(200, r#"{"order_id":77,"status":"Success"}"#)]
                => { "done": "cancelled" };
        },
    );
}

fn data(data: Value) -> Value {
    answer(200, &json!({ "data": data }).to_string())
}

#[test]
fn shopify_shops() {
    let was_set = || {
        data(
            json!({ "inventorySetQuantities": { "inventoryAdjustmentGroup": { "id": "gid://x/1" }, "userErrors": [] } }),
        )
    };
    let is_stale = || {
        data(json!({ "inventorySetQuantities": { "inventoryAdjustmentGroup": null, "userErrors": [
            { "code": "CHANGE_FROM_QUANTITY_STALE", "field": ["input", "quantities", "0", "quantity"], "message": "no" }] } }))
    };
    let level = |quantity: i64| {
        json!({ "id": "gid://shopify/InventoryItem/42", "inventoryLevel": { "updatedAt": "2026-09-21T13:33:20Z",
            "quantities": [{ "name": "available", "quantity": quantity, "updatedAt": null }] } })
    };
    let listing =
        |shown: Value| json!({ "done": { "quantities": { "listings": [{ "sku": "mug", "shown": shown }] } } });
    let set = || listing(json!("set"));
    hold_all(
        &json!({ "shopify": shopify_shop() }),
        rows! {
            "done": set_body(), false, [was_set()] => (set());
            "in doubt": set_body(), true, [was_set()] => (set());
            "stale": set_body(), false, [is_stale(), data(json!({ "nodes": [level(9)] }))]
                => (listing(json!({ "shows": 9 })));
            "gone": set_body(), false, [is_stale(), data(json!({ "nodes": [null] }))] => (listing(json!("gone")));
            "throttled": set_body(), false, [answer_with(429, "Retry-After", "3")]
                => { "retry": { "after_ms": 3000, "cause": "throttled" } };
            "lost": set_body(), false, [lost()] => { "retry": { "doubt": true } };
            "not sent": set_body(), false, [not_sent()] => { "retry": { "doubt": false } };
            "the token is told": set_body(), false, [answer(401, r#"{"errors":"shpat_s3cret is wrong"}"#)]
                => { "retry": { "cause": "failing" } };
            "read": read_body(), false, [data(json!({ "nodes": [level(4)] }))] => (listing(json!({ "shows": 4 })));
        },
    );
}

#[test]
fn shopify_shops_by_rest() {
    let level = |available: i64| {
        answer(
            200,
            &json!({ "inventory_levels": [{ "inventory_item_id": 42, "location_id": 7, "available": available,
            "updated_at": "2026-09-21T10:00:00Z" }] })
            .to_string(),
        )
    };
    let was_set = || answer(200, r#"{"inventory_level":{"inventory_item_id":42,"location_id":7,"available":5}}"#);
    let shown = |shown: Value| json!({ "done": { "quantities": { "listings": [{ "sku": "mug", "shown": shown }] } } });
    hold_all(
        &json!({ "shopify_rest": shopify_shop() }),
        rows! {
            "done": set_body(), false, [level(3), was_set()] => (shown(json!("set")));
            "changed by others": set_body(), false, [level(4)] => (shown(json!({ "shows": 4 })));
            "throttled": set_body(), false, [answer_with(429, "Retry-After", "2")] => { "retry": { "after_ms": 2000 } };
            "lost": set_body(), false, [level(3), lost()] => { "retry": { "doubt": true } };
        },
    );
}

#[test]
fn woocommerce_shops() {
    let product = |quantity: i64| json!({ "id": 42, "type": "simple", "status": "publish", "manage_stock": true, "stock_quantity": quantity });
    let list = |quantity: i64| answer(200, &json!([product(quantity)]).to_string());
    let was_set = || answer(200, &json!({ "update": [product(5)] }).to_string());
    let shown = |shown: Value| json!({ "done": { "quantities": { "listings": [{ "sku": "mug", "shown": shown }] } } });
    hold_all(
        &json!({ "woocommerce": woocommerce_shop() }),
        rows! {
            "done": set_body(), false, [list(3), was_set()] => (shown(json!("set")));
            "changed by others": set_body(), false, [list(4)] => (shown(json!({ "shows": 4 })));
            "throttled": set_body(), false, [answer_with(429, "Retry-After", "2")]
                => { "retry": { "after_ms": 2000, "cause": "throttled" } };
            "lost": set_body(), false, [list(3), lost()] => { "retry": { "doubt": true } };
            "not sent": set_body(), false, [not_sent()] => { "retry": { "doubt": false } };
            "the key is told": set_body(), false, [answer(401, r#"{"message":"cs_s3cret is wrong"}"#)]
                => { "retry": { "cause": "failing" } };
            "read": read_body(), false, [list(4)] => (shown(json!({ "shows": 4 })));
        },
    );
}

#[test]
fn a_delivery_is_taken_run_and_reported_by_documents_alone() {
    let shop = shop();
    let deliveries = take(&shop, "wms");
    assert_eq!(deliveries.len(), 1);
    let answers = [lost(), answer(200, r#"{"id":"W-1","fulfillment":"o-1-1","status":"accepted"}"#)];
    let (_, end) = converse(exchange(&rest()), &deliveries[0], &answers);
    let outcomes = carry_out(&shop, &json!([end["report"]]));
    assert!(outcomes[0].get("accepted").is_some(), "{outcomes:?}");
    let order = ask(&shop, &json!({ "fulfillment_orders": { "order": "o-1" } }));
    assert!(has(&order, &json!([{ "state": "accepted", "reference": "W-1" }])), "{order}");
    // The same report again changes nothing.
    let before = shop.digest().unwrap();
    carry_out(&shop, &json!([end["report"]]));
    assert_eq!(shop.digest().unwrap(), before);
}

/// An exchange that never ends by itself. Each request has the number of its turn as its memo.
struct Endless(Method);

impl Exchange for Endless {
    fn begin(&self, _: &LeasedDelivery) -> Turn {
        self.ask(1)
    }

    fn answered(
        &self,
        _: &LeasedDelivery,
        _: Step,
        memo: &str,
        answer: Result<&HttpResponse, &HttpFailure>,
        _: i64,
    ) -> Turn {
        match answer {
            Ok(response) if response.status == 299 => Turn::End(DeliveryResult::Done(DeliveryAnswer::Taken)),
            Err(HttpFailure::Lost(why)) if why.contains("large") => {
                Turn::End(DeliveryResult::Refused { why: why.clone() })
            }
            _ => self.ask(memo.parse::<u32>().unwrap() + 1),
        }
    }
}

impl Endless {
    fn ask(&self, turn: u32) -> Turn {
        let body = if turn == 2 { vec![0xff, 0] } else { Vec::new() };
        let request = HttpRequest { method: self.0, url: "https://x.example".into(), headers: Vec::new(), body };
        Turn::Ask { request, step: Step("again"), memo: turn.to_string() }
    }
}

fn leased_until(lease_until_ms: i64, doubt: bool) -> LeasedDelivery {
    LeasedDelivery { lease_until_ms, ..leased(&delivery(request_body(), doubt)) }
}

#[test]
fn a_conversation_ends_after_so_many_turns() {
    for (method, doubt, given, expected_doubt) in [
        (Method::Get, false, lost(), false),
        (Method::Get, true, lost(), true),
        (Method::Post, false, not_sent(), false),
        (Method::Post, false, lost(), true),
        (Method::Put, false, answer(500, ""), true),
    ] {
        let delivery = leased_until(NOW_MS + 60_000, doubt);
        let (mut conversation, mut turn) = Conversation::begin(Arc::new(Endless(method)), delivery, NOW_MS);
        let mut asked = 0;
        while let TurnDocument::Ask(_) = &turn {
            asked += 1;
            turn = conversation.answered_json(&bytes(&given), NOW_MS).unwrap();
        }
        // As adapters/http says it.
        assert_eq!(asked, TURNS_MAX - 1);
        let expected = json!({ "retry": { "cause": "failing", "doubt": expected_doubt,
            "why": "the conversation came to no end within 20 turns, the next was `again`" } });
        assert_eq!(document(&turn)["end"]["result"], expected, "{method:?} {doubt} {given}");
    }
}

#[test]
fn a_conversation_keeps_within_its_lease() {
    let end = |turn: &TurnDocument| document(turn)["end"]["result"].clone();
    let begin = |left_ms: i64| {
        Conversation::begin(Arc::new(Endless(Method::Post)), leased_until(NOW_MS + left_ms, false), NOW_MS)
    };
    let (_, turn) = begin(LEASE_MARGIN_MS + 99);
    let expected = json!({ "retry": { "cause": "not_yet", "doubt": false,
        "why": "too little was left of the lease to begin, the next was `again`" } });
    assert_eq!(end(&turn), expected);

    let (_, turn) = begin(3_600_000);
    assert_eq!(document(&turn)["ask"]["timeout_ms"], ANSWER_MAX_MS);

    let (mut conversation, turn) = begin(10_000);
    assert_eq!(document(&turn)["ask"]["timeout_ms"], 9_000);
    let answer = bytes(&answer(500, ""));
    let turn = conversation.answered_json(&answer, NOW_MS + 4_000).unwrap();
    assert_eq!(document(&turn)["ask"]["timeout_ms"], 5_000);
    // A clock that is set back gives no time back.
    let turn = conversation.answered_json(&answer, NOW_MS - 60_000).unwrap();
    assert_eq!(document(&turn)["ask"]["timeout_ms"], 5_000);
    let turn = conversation.answered_json(&answer, NOW_MS + 8_901).unwrap();
    let expected = json!({ "retry": { "cause": "failing", "doubt": true,
        "why": "the conversation took too long for its lease, the next was `again`" } });
    assert_eq!(end(&turn), expected);
    let (_, turn) = Conversation::begin(Arc::new(Endless(Method::Get)), leased_until(i64::MIN, true), i64::MAX);
    assert!(has(&end(&turn), &json!({ "retry": { "cause": "not_yet", "doubt": true } })));
}

#[test]
fn answers_come_in_several_forms() {
    let forms = [
        json!({ "response": { "status": 299 } }),
        json!({ "response": { "status": 299, "headers": {}, "body": "" } }),
        json!({ "response": { "status": 299, "headers": [["A", "b"], ["A", "c"]], "body_base64": "/wA=" } }),
        json!({ "response": { "status": 299, "headers": { "a": "b", "set-cookie": ["c", "d"] }, "body_base64": "/wA" } }),
    ];
    for form in forms {
        assert_valid("answer", &form);
        let delivery = leased_until(NOW_MS + 60_000, false);
        let (mut conversation, _) = Conversation::begin(Arc::new(Endless(Method::Post)), delivery, NOW_MS);
        let turn = conversation.answered_json(&bytes(&form), NOW_MS).unwrap();
        assert_eq!(document(&turn)["end"]["result"], json!({ "done": "taken" }), "{form}");
    }
}

#[test]
fn a_body_that_is_no_text_goes_in_base64() {
    let delivery = leased_until(NOW_MS + 60_000, false);
    let (mut conversation, first) = Conversation::begin(Arc::new(Endless(Method::Post)), delivery, NOW_MS);
    assert_eq!(document(&first)["ask"].get("body"), None);
    let second = document(&conversation.answered_json(&bytes(&lost()), NOW_MS).unwrap());
    assert_eq!((second["ask"].get("body"), &second["ask"]["body_base64"]), (None, &json!("/wA=")));
}

#[test]
fn what_is_no_answer_leaves_the_conversation_where_it_stood() {
    let delivery = leased_until(NOW_MS + 60_000, false);
    let (mut conversation, _) = Conversation::begin(Arc::new(Endless(Method::Post)), delivery, NOW_MS);
    let faults = [
        (json!({}), "expected value"),
        (json!({ "dance": "x" }), "unknown variant"),
        (json!({ "lost": 5 }), "invalid type: integer"),
        (json!({ "response": { "status": 299, "colour": 1 } }), "unknown field"),
        (json!({ "response": { "status": 0 } }), "0 is no status"),
        (json!({ "response": { "status": 1000 } }), "1000 is no status"),
        (json!({ "response": { "status": 70_000 } }), "invalid value"),
        (json!({ "response": { "status": 299, "headers": "x" } }), "invalid type: string, expected headers"),
        (json!({ "response": { "status": 299, "body": "a", "body_base64": "YQ==" } }), "one of them"),
        (json!({ "response": { "status": 299, "body_base64": "?" } }), "no base64"),
    ];
    for (answer, says) in faults {
        let error = conversation.answered_json(&bytes(&answer), NOW_MS).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed);
        assert!(error.to_string().contains(says), "{answer}: {error}");
        assert!(!conversation.is_over());
    }
    // What is too large to be read counts as lost, as with the project's own client.
    let large = json!({ "response": { "status": 299, "body": "x".repeat(BODY_MAX_BYTES + 1) } });
    let turn = conversation.answered_json(&bytes(&large), NOW_MS).unwrap();
    assert_eq!(document(&turn)["end"]["result"], json!({ "refused": { "why": "the answer's body is too large" } }));

    for no_delivery in [json!({}), json!({ "destination": "s3cret-t0ken" }), json!("s3cret-t0ken")] {
        let begun = Conversation::begin_json(Arc::new(Endless(Method::Post)), &bytes(&no_delivery), NOW_MS);
        let error = begun.map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed);
        assert_says_no_secret(&error.to_string());
    }
}

#[test]
fn settings_that_are_none_are_refused_without_their_secrets() {
    let token = SECRETS[0];
    let rest = |auth: Value| json!({ "rest": { "base_url": "https://wms.example", "auth": auth } });
    let shopify = |more: Value| {
        let mut shop = shopify_shop();
        for (name, value) in more.as_object().unwrap() {
            shop[name] = value.clone();
        }
        json!({ "shopify": shop })
    };
    let mut two = shipbob();
    two["rest"] = json!({});
    let cases = [
        (json!(token), "unknown variant"),
        (json!({ token: {} }), "unknown variant"),
        (json!({ "rest": token }), "invalid type: string"),
        (rest(json!(token)), "unknown variant, expected one of `none`, `bearer`"),
        (rest(json!({ "bearer": token })), "invalid type: string"),
        (rest(json!({ "bearer": { "token": [token] } })), "invalid type: sequence"),
        (rest(json!({ "bearer": { "token": { token: 1 } } })), "invalid type: map"),
        (rest(json!({ "bearer": { token: token } })), "missing field `token`"),
        (rest(json!({ token: { "token": token } })), "unknown variant"),
        (rest(json!({ "bearer": { "token": format!("{token}\n") } })), "auth.bearer.token"),
        (json!({ "rest": { "base_url": "ftp://x", "auth": { "bearer": { "token": token } } } }), "base_url"),
        (json!({ "shipbob": { "token": token, "channel_id": token } }), "invalid type: string, expected u64"),
        (json!({ "shipbob": { "token": token, "channel_id": 1, token: 1 } }), "unknown field"),
        (shopify(json!({ "token": [SECRETS[1]] })), "invalid type: sequence"),
        (shopify(json!({ "version": "2020-01" })), "version"),
        (shopify(json!({ "tokn": SECRETS[1] })), "unknown field"),
        (json!({ "woocommerce": { "consumer_key": SECRETS[2], "consumer_secret": SECRETS[3] } }), "`shop_url`"),
        (two, "at line 1"),
    ];
    for (settings, says) in cases {
        let error = ExchangeSettings::parse(&bytes(&settings)).map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed);
        assert!(error.to_string().contains(says), "{settings}: {error}");
        assert_says_no_secret(&format!("{error} {error:?}"));
    }
    // A number where a token should be is a token that lost its quotation marks.
    let number = br#"{"shipbob":{"token":9876543210,"channel_id":1}}"#;
    assert!(!ExchangeSettings::parse(number).map(|_| ()).unwrap_err().to_string().contains("9876543210"));
    for settings in
        [json!({ "rest": rest(json!({ "api_key": { "header": "X-Key", "key": token } }))["rest"] }), shopify(json!({}))]
    {
        let read: ExchangeSettings = serde_json::from_value(settings).unwrap();
        assert_says_no_secret(&format!("{read:?}"));
    }
}
