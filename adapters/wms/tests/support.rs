//! Deliveries, answers, and a way to hold a conversation. No expectations.

use stockroom::fulfillment::{CancelRequest, FulfillmentRequest, RequestedItem, StockCheck};
use stockroom::order::ShipTo;
use stockroom::outbox::{DeliveryAnswer, DeliveryBody, DeliveryResult, LeasedDelivery, Retry, RetryCause};
use stockroom::ports::{Exchange, HeaderValue, HttpFailure, HttpRequest, HttpResponse, Step, TURNS_MAX, Turn};

pub(crate) const NOW_MS: i64 = 1_790_000_000_000;
pub(crate) const TOKEN: &str = "s3cret-t0ken";

pub(crate) fn delivery(body: DeliveryBody, doubt: bool) -> LeasedDelivery {
    LeasedDelivery {
        destination: "wms".into(),
        number: 7,
        key: "o-1-1".to_owned(),
        attempt: if doubt { 2 } else { 1 },
        doubt,
        lease_until_ms: NOW_MS + 60_000,
        body,
    }
}

pub(crate) fn request() -> FulfillmentRequest {
    FulfillmentRequest {
        fulfillment: "o-1-1".to_owned(),
        order: "o-1".into(),
        location: "north".into(),
        channel: "web".into(),
        placed_at_ms: 1_782_898_200_000,
        currency: "GBP".to_owned(),
        ship_to: Some(ShipTo {
            name: "Ada Lovelace".to_owned(),
            address: vec!["12 St James's Square".to_owned(), "Floor 2".to_owned()],
            city: "London".to_owned(),
            postal_code: "SW1Y 4JH".to_owned(),
            country: "GB".to_owned(),
            email: "ada@example.org".to_owned(),
            ..ShipTo::default()
        }),
        note: Some("Please ring twice.".to_owned()),
        items: vec![RequestedItem { line: 1, sku: "mug-blue".into(), quantity: 2 }],
    }
}

pub(crate) fn create(doubt: bool) -> LeasedDelivery {
    delivery(DeliveryBody::RequestFulfillment(request().into()), doubt)
}

pub(crate) fn cancel(reference: Option<&str>, doubt: bool) -> LeasedDelivery {
    let reference = reference.map(str::to_owned);
    delivery(DeliveryBody::CancelFulfillment(CancelRequest { fulfillment: "o-1-1".to_owned(), reference }), doubt)
}

pub(crate) fn check(skus: &[&str]) -> LeasedDelivery {
    let skus = skus.iter().map(|sku| (*sku).into()).collect();
    delivery(DeliveryBody::CheckStock(StockCheck { location: "north".into(), skus }), false)
}

pub(crate) type Answer = Result<HttpResponse, HttpFailure>;

pub(crate) fn answer(status: u16, body: &str) -> Answer {
    Ok(HttpResponse { status, headers: Vec::new(), body: body.as_bytes().to_vec() })
}

pub(crate) fn answer_with(status: u16, header: (&str, &str), body: &str) -> Answer {
    let headers = vec![(header.0.to_owned(), header.1.to_owned())];
    Ok(HttpResponse { status, headers, body: body.as_bytes().to_vec() })
}

pub(crate) fn lost() -> Answer {
    Err(HttpFailure::Lost("the connection was cut".to_owned()))
}

pub(crate) fn not_sent() -> Answer {
    Err(HttpFailure::NotSent("no connection".to_owned()))
}

/// A conversation: what was asked as `METHOD path`, in order, and its end.
pub(crate) struct Held {
    pub(crate) asked: Vec<String>,
    pub(crate) requests: Vec<(HttpRequest, Step)>,
    pub(crate) end: DeliveryResult,
}

/// Holds a conversation with the given answers; one more request than there are answers is a failed test.
pub(crate) fn hold(exchange: &dyn Exchange, delivery: &LeasedDelivery, answers: &[Answer]) -> Held {
    let mut answers = answers.iter();
    let mut held = Vec::new();
    let mut turn = exchange.begin(delivery);
    for _ in 0..=TURNS_MAX {
        match turn {
            Turn::End(end) => {
                assert!(answers.next().is_none(), "it ended before all answers were given: {end:?}");
                let asked = held.iter().map(|(request, _)| line(request)).collect();
                assert_is_shown_safely(&end);
                return Held { asked, requests: held, end };
            }
            Turn::Ask { request, step, memo } => {
                let answer = answers.next().unwrap_or_else(|| panic!("it asks once more: {}", line(&request)));
                held.push((request, step));
                turn = exchange.answered(delivery, step, &memo, answer.as_ref(), NOW_MS);
            }
        }
    }
    panic!("it goes on for ever");
}

fn line(request: &HttpRequest) -> String {
    let rest = request.url.split_once("://").map_or("", |(_, rest)| rest);
    format!("{} {}", request.method.name(), rest.find('/').map_or("", |at| &rest[at..]))
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

/// An end in few words: `handed W-1`, `retry failing in doubt`, `retry throttled after 2000`, `refused`.
pub(crate) fn short(end: &DeliveryResult) -> String {
    match end {
        DeliveryResult::Done(DeliveryAnswer::Handed { reference }) => {
            format!("handed {}", reference.as_deref().unwrap_or("-"))
        }
        DeliveryResult::Done(DeliveryAnswer::Cancelled) => "cancelled".to_owned(),
        DeliveryResult::Done(DeliveryAnswer::TooLate) => "too late".to_owned(),
        DeliveryResult::Done(DeliveryAnswer::Stock(stock)) => {
            let levels = stock.levels.iter().map(|level| format!(" {}={}", level.sku, level.on_hand));
            format!("stock at {}{}", stock.taken_at_ms, levels.collect::<String>())
        }
        DeliveryResult::Done(answer) | DeliveryResult::DoneWithPause { answer, .. } => format!("{answer:?}"),
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

/// A header of a request as it would be sent.
pub(crate) fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    let found = request.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, value)| match value {
        HeaderValue::Plain(text) => text.as_str(),
        HeaderValue::Secret(secret) => secret.reveal(),
    })
}
