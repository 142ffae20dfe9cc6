//! Deliveries, answers, and a way to hold a conversation. No expectations of a single part.

use proptest::prelude::*;
use serde_json::{Value, json};
use stockroom::channel::{
    NoticedLine, QuantityToRead, QuantityToSet, ReadQuantities, SetQuantities, ShipmentNotice, Shown,
};
use stockroom::order::Tracking;
use stockroom::outbox::{DeliveryAnswer, DeliveryBody, DeliveryResult, LeasedDelivery, Retry, RetryCause};
use stockroom::ports::{Exchange, HttpFailure, HttpRequest, HttpResponse, REQUESTS_MAX, Secret, Step, Turn};
use stockroom_shopify::Shop;

pub(crate) const NOW_MS: i64 = 1_790_000_000_000;
pub(crate) const TOKEN: &str = "shpat_s3cret-t0ken";
pub(crate) const DATE: &str = "Mon, 21 Sep 2026 14:13:20 GMT";
pub(crate) const DATE_MS: i64 = NOW_MS;

pub(crate) fn shop() -> Shop {
    let mut shop = Shop::new("example.myshopify.com", Secret::new(TOKEN), "7");
    shop.locations.insert("north".to_owned(), "7".to_owned());
    shop.locations.insert("south".to_owned(), "gid://shopify/Location/8".to_owned());
    shop
}

pub(crate) fn delivery(body: DeliveryBody, doubt: bool) -> LeasedDelivery {
    LeasedDelivery {
        destination: "shop".into(),
        number: 7,
        key: "web".to_owned(),
        attempt: if doubt { 2 } else { 1 },
        doubt,
        lease_until_ms: NOW_MS + 60_000,
        body,
    }
}

/// Quantities to set: item, quantity, what it shows as far as we know.
pub(crate) fn set(listings: &[(&str, i64, Option<i64>)], doubt: bool) -> LeasedDelivery {
    let listing = |(item, quantity, from): &(&str, i64, Option<i64>)| QuantityToSet {
        sku: format!("sku-{item}").into(),
        item: (*item).to_owned(),
        quantity: *quantity,
        from: *from,
    };
    let listings = listings.iter().map(listing).collect();
    delivery(DeliveryBody::SetQuantities(SetQuantities { channel: "web".into(), listings }), doubt)
}

pub(crate) fn read(items: &[&str]) -> LeasedDelivery {
    let listings = items.iter().map(|item| QuantityToRead { sku: format!("sku-{item}").into(), item: (*item).into() });
    let listings = listings.collect();
    delivery(DeliveryBody::ReadQuantities(ReadQuantities { channel: "web".into(), listings }), false)
}

/// A shipment of lines: the shop's name, SKU, location, units.
pub(crate) fn tell(lines: &[(Option<&str>, &str, &str, i64)], number: &str, doubt: bool) -> LeasedDelivery {
    let line = |(line, sku, location, quantity): &(Option<&str>, &str, &str, i64)| NoticedLine {
        line: line.map(str::to_owned),
        sku: (*sku).into(),
        location: (*location).into(),
        quantity: *quantity,
    };
    let notice = ShipmentNotice {
        channel: "web".into(),
        shipment: "o-1/9".to_owned(),
        order: "o-1".into(),
        reference: "5001".to_owned(),
        lines: lines.iter().map(line).collect(),
        tracking: (!number.is_empty()).then(|| Tracking {
            carrier: "Royal Mail".to_owned(),
            number: number.to_owned(),
            url: "https://track.example/1".to_owned(),
        }),
    };
    delivery(DeliveryBody::TellShipment(Box::new(notice)), doubt)
}

pub(crate) type Answer = Result<HttpResponse, HttpFailure>;

pub(crate) fn answer(status: u16, body: &str) -> Answer {
    Ok(HttpResponse { status, headers: vec![("Date".into(), DATE.into())], body: body.as_bytes().to_vec() })
}

pub(crate) fn answer_with(status: u16, header: (&str, &str), body: &str) -> Answer {
    let headers = vec![(header.0.to_owned(), header.1.to_owned())];
    Ok(HttpResponse { status, headers, body: body.as_bytes().to_vec() })
}

/// Data with a bucket that is full.
pub(crate) fn data(data: Value) -> Answer {
    answer(200, &json!({ "data": data, "extensions": cost(10, 990) }).to_string())
}

pub(crate) fn cost(requested: i64, available: i64) -> Value {
    json!({ "cost": { "requestedQueryCost": requested, "actualQueryCost": requested, "throttleStatus": {
        "maximumAvailable": 1000.0, "currentlyAvailable": available, "restoreRate": 50.0 } } })
}

/// The answer to `inventorySetQuantities` with these user errors: code and place.
pub(crate) fn was_set(errors: &[(&str, Option<usize>)]) -> Answer {
    let error = |(code, index): &(&str, Option<usize>)| {
        let field = index.map(|index| json!(["input", "quantities", index.to_string(), "quantity"]));
        json!({ "code": code, "field": field, "message": format!("no: {code}") })
    };
    let errors: Vec<Value> = errors.iter().map(error).collect();
    let group =
        if errors.is_empty() { json!({ "id": "gid://shopify/InventoryAdjustmentGroup/1" }) } else { Value::Null };
    data(json!({ "inventorySetQuantities": { "inventoryAdjustmentGroup": group, "userErrors": errors } }))
}

/// The answer to a look: a quantity, none where it is not stocked, nothing where it is gone.
pub(crate) fn levels(levels: &[Option<Option<i64>>]) -> Answer {
    let node = |level: &Option<Option<i64>>| match level {
        None => Value::Null,
        Some(quantity) => json!({ "id": "gid://shopify/InventoryItem/1", "inventoryLevel": quantity.map(level_of) }),
    };
    data(json!({ "nodes": levels.iter().map(node).collect::<Vec<_>>() }))
}

pub(crate) fn level_of(quantity: i64) -> Value {
    json!({ "updatedAt": "2026-09-21T13:33:20Z", "quantities": [{ "name": "available", "quantity": quantity,
        "updatedAt": null }] })
}

pub(crate) fn lost() -> Answer {
    Err(HttpFailure::Lost("example.myshopify.com: no answer within 1 ms".to_owned()))
}

pub(crate) fn not_sent() -> Answer {
    Err(HttpFailure::NotSent("example.myshopify.com: connection refused".to_owned()))
}

/// Holds a conversation with these answers; returns the requests and the end. All answers have to be used up.
pub(crate) fn converse(
    exchange: &dyn Exchange,
    delivery: &LeasedDelivery,
    answers: impl IntoIterator<Item = Answer>,
) -> (Vec<HttpRequest>, DeliveryResult) {
    let mut answers = answers.into_iter();
    let said = run(exchange, delivery, |request| {
        answers.next().unwrap_or_else(|| panic!("one more is asked: {}", String::from_utf8_lossy(&request.body)))
    });
    assert_eq!(answers.next(), None, "not all is asked");
    said
}

/// Holds a conversation with whatever answers.
pub(crate) fn run(
    exchange: &dyn Exchange,
    delivery: &LeasedDelivery,
    mut answer: impl FnMut(&HttpRequest) -> Answer,
) -> (Vec<HttpRequest>, DeliveryResult) {
    let mut requests = Vec::new();
    let mut turn = exchange.begin(delivery);
    loop {
        match turn {
            Turn::End(end) => {
                assert_is_shown_safely(&end);
                return (requests, end);
            }
            Turn::Ask { request, step, memo } => {
                let Step(_) = step;
                let answered = answer(&request);
                requests.push(request);
                assert!(requests.len() <= REQUESTS_MAX as usize, "it goes on for ever");
                turn = exchange.answered(delivery, step, &memo, answered.as_ref(), NOW_MS);
            }
        }
    }
}

pub(crate) fn body(request: &HttpRequest) -> Value {
    serde_json::from_slice(&request.body).expect("a request is JSON")
}

pub(crate) fn key(request: &HttpRequest) -> String {
    body(request)["variables"]["key"].as_str().expect("a change has a key").to_owned()
}

/// What a document is for, by its first field.
pub(crate) fn operation(request: &HttpRequest) -> String {
    let query = body(request)["query"].as_str().expect("a document").to_owned();
    let line = query.lines().find(|line| line.starts_with("query ") || line.starts_with("mutation ")).expect("a name");
    line.split(['(', ' ']).nth(1).unwrap_or_default().to_owned()
}

/// The quantities of a request to set them: item, quantity, compared with.
pub(crate) fn quantities(request: &HttpRequest) -> Vec<(String, i64, i64)> {
    let body = body(request);
    let entries = body["variables"]["input"]["quantities"].as_array().expect("quantities").clone();
    let entry = |entry: &Value| {
        assert_eq!(entry["locationId"], "gid://shopify/Location/7");
        let item =
            entry["inventoryItemId"].as_str().unwrap().trim_start_matches("gid://shopify/InventoryItem/").to_owned();
        (item, entry["quantity"].as_i64().unwrap(), entry["changeFromQuantity"].as_i64().unwrap())
    };
    entries.iter().map(entry).collect()
}

/// Whatever an end says, it says no secret and is short.
fn assert_is_shown_safely(end: &DeliveryResult) {
    let why = match end {
        DeliveryResult::Done(_) | DeliveryResult::DoneWithPause { .. } => return,
        DeliveryResult::Retry(retry) => &retry.why,
        DeliveryResult::Refused { why } => why,
    };
    assert!(!why.is_empty() && why.len() <= 500, "{} bytes: {why}", why.len());
    assert!(!why.contains(TOKEN), "{why}");
    assert!(!why.contains(char::is_control), "{why:?}");
}

/// An end in few words: `1=set 2=shows 5 3=gone`, `retry failing in doubt`, `retry throttled after 2000`, `refused`.
pub(crate) fn short(end: &DeliveryResult) -> String {
    match end {
        DeliveryResult::Done(answer) => short_answer(answer),
        DeliveryResult::DoneWithPause { answer, pause_ms } => format!("{}, pause {pause_ms}", short_answer(answer)),
        DeliveryResult::Refused { .. } => "refused".to_owned(),
        DeliveryResult::Retry(Retry { after_ms, doubt, cause, .. }) => {
            let cause = match cause {
                RetryCause::Failing => "failing",
                RetryCause::Throttled => "throttled",
                RetryCause::NotYet => "not yet",
            };
            let after = after_ms.map_or(String::new(), |after_ms| format!(" after {after_ms}"));
            format!("retry {cause}{after}{}", if *doubt { " in doubt" } else { "" })
        }
    }
}

fn short_answer(answer: &DeliveryAnswer) -> String {
    let DeliveryAnswer::Quantities(quantities) = answer else { return format!("{answer:?}").to_lowercase() };
    let shown = quantities.listings.iter().map(|listing| {
        let item = listing.sku.trim_start_matches("sku-");
        match &listing.shown {
            Shown::Set => format!("{item}=set"),
            Shown::Shows(quantity) => format!("{item}=shows {quantity}"),
            Shown::Gone => format!("{item}=gone"),
            Shown::Refused { .. } => format!("{item}=refused"),
            Shown::NotYet { .. } => format!("{item}=not yet"),
        }
    });
    shown.collect::<Vec<_>>().join(" ")
}

/// Any JSON, not too deep.
pub(crate) fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "-?[0-9]{0,25}\\.?[0-9]{0,5}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z_]{1,8}", inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}
