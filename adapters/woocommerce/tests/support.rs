//! Deliveries, answers, and a way to hold a conversation. No expectations but those that hold of every conversation.

use stockroom::channel::{
    NoticedLine, QuantityToRead, QuantityToSet, ReadQuantities, SetQuantities, ShipmentNotice, Shown,
};
use stockroom::order::Tracking;
use stockroom::outbox::{DeliveryAnswer, DeliveryBody, DeliveryResult, LeasedDelivery, Retry, RetryCause};
use stockroom::ports::{Exchange, HeaderValue, HttpFailure, HttpRequest, HttpResponse, Secret, TURNS_MAX, Turn};
use stockroom_woocommerce::{WooExchange, WooProfile};

pub(crate) const NOW_MS: i64 = 1_790_000_000_000;
/// NOW_MS as the shop writes it in the header `Date`.
pub(crate) const DATE: &str = "Mon, 21 Sep 2026 14:13:20 GMT";
pub(crate) const KEY: &str = "ck_test";
pub(crate) const SECRET: &str = "cs_s3cret";
/// Made with node: `Buffer.from("ck_test:cs_s3cret").toString("base64")`.
pub(crate) const BASIC: &str = "Y2tfdGVzdDpjc19zM2NyZXQ=";

pub(crate) fn profile() -> WooProfile {
    WooProfile::new("https://shop.example/", Secret::new(KEY), Secret::new(SECRET))
}

pub(crate) fn exchange() -> WooExchange {
    WooExchange::new(profile()).expect("a profile")
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

/// Listings as (item, quantity, from); the SKU is `sku-` and the item.
pub(crate) fn set(listings: &[(&str, i64, Option<i64>)], doubt: bool) -> LeasedDelivery {
    let listings = listings.iter().map(|(item, quantity, from)| QuantityToSet {
        sku: format!("sku-{item}").into(),
        item: (*item).to_owned(),
        quantity: *quantity,
        from: *from,
    });
    delivery(DeliveryBody::SetQuantities(SetQuantities { channel: "web".into(), listings: listings.collect() }), doubt)
}

pub(crate) fn read(items: &[&str]) -> LeasedDelivery {
    let listings =
        items.iter().map(|item| QuantityToRead { sku: format!("sku-{item}").into(), item: (*item).to_owned() });
    delivery(
        DeliveryBody::ReadQuantities(ReadQuantities { channel: "web".into(), listings: listings.collect() }),
        false,
    )
}

pub(crate) fn notice() -> ShipmentNotice {
    let line = |line: Option<&str>, sku: &str, quantity| NoticedLine {
        line: line.map(str::to_owned),
        sku: sku.into(),
        location: "north".into(),
        quantity,
    };
    ShipmentNotice {
        channel: "web".into(),
        shipment: "web-727/12".to_owned(),
        order: "web-727".into(),
        reference: "727".to_owned(),
        lines: vec![line(Some("315"), "mug-blue", 2), line(Some("316"), "plate & cup", 1)],
        tracking: Some(Tracking {
            carrier: "Royal Mail".to_owned(),
            number: "AB123456789GB".to_owned(),
            url: "https://track.example/AB123456789GB".to_owned(),
        }),
    }
}

pub(crate) fn tell(doubt: bool) -> LeasedDelivery {
    delivery(DeliveryBody::TellShipment(Box::new(notice())), doubt)
}

pub(crate) type Answer = Result<HttpResponse, HttpFailure>;

pub(crate) fn answer(status: u16, body: &str) -> Answer {
    answer_with(status, ("Date", DATE), body)
}

pub(crate) fn answer_with(status: u16, header: (&str, &str), body: &str) -> Answer {
    let headers = vec![(header.0.to_owned(), header.1.to_owned())];
    Ok(HttpResponse { status, headers, body: body.as_bytes().to_vec() })
}

pub(crate) fn error(status: u16, code: &str) -> Answer {
    answer(status, &format!(r#"{{"code":"{code}","message":"No.","data":{{"status":{status}}}}}"#))
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
    pub(crate) requests: Vec<HttpRequest>,
    pub(crate) end: DeliveryResult,
}

/// Holds a conversation with whatever answers, in as many turns as the project's client allows.
pub(crate) fn converse(
    exchange: &dyn Exchange,
    delivery: &LeasedDelivery,
    mut answers: impl FnMut(&HttpRequest) -> Answer,
) -> Held {
    let mut requests: Vec<HttpRequest> = Vec::new();
    let mut turn = exchange.begin(delivery);
    assert_eq!(turn, exchange.begin(delivery), "the same delivery begins in the same way");
    for _ in 1..=TURNS_MAX {
        match turn {
            Turn::End(end) => {
                assert_is_shown_safely(&end);
                return Held { asked: requests.iter().map(line).collect(), requests, end };
            }
            Turn::Ask { request, step, memo } => {
                let seen = format!("{request:?} {memo}");
                assert!(![KEY, SECRET, BASIC].iter().any(|secret| seen.contains(secret)), "{seen}");
                assert_eq!(header(&request, "Authorization"), Some(format!("Basic {BASIC}").as_str()));
                assert_eq!(header(&request, "Content-Type").is_some(), !request.body.is_empty());
                let answer = answers(&request);
                requests.push(request);
                turn = exchange.answered(delivery, step, &memo, answer.as_ref(), NOW_MS);
                let repeated = exchange.answered(delivery, step, &memo, answer.as_ref(), NOW_MS);
                assert_eq!(turn, repeated, "an exchange remembers");
            }
        }
    }
    panic!("it has more turns than there are: {:?}", requests.iter().map(line).collect::<Vec<_>>());
}

/// Holds a conversation with the given answers; one more request than there are answers is a failed test.
pub(crate) fn hold(exchange: &dyn Exchange, delivery: &LeasedDelivery, answers: &[Answer]) -> Held {
    let mut left = answers.iter();
    let held = converse(exchange, delivery, |request| {
        left.next().unwrap_or_else(|| panic!("it asks once more: {}", line(request))).clone()
    });
    assert!(left.next().is_none(), "it ended before all answers were given: {:?}", held.end);
    held
}

fn line(request: &HttpRequest) -> String {
    let path = request.url.strip_prefix("https://shop.example/wp-json/wc/v3").expect("it begins with the shop");
    // What is the same in every reading of products.
    let path = path.replace("&_fields=id,type,status,manage_stock,stock_quantity", "");
    let path = path.replace("?_fields=id,type,status,manage_stock,stock_quantity", "").replace("&per_page=100", "");
    format!("{} {path}", request.method.name())
}

/// Whatever an end says, it says no secret and is short.
fn assert_is_shown_safely(end: &DeliveryResult) {
    let shown = format!("{end:?}");
    assert!(![KEY, SECRET, BASIC].iter().any(|secret| shown.contains(secret)), "{shown}");
    let why = match end {
        DeliveryResult::Done(_) | DeliveryResult::DoneWithPause { .. } => return,
        DeliveryResult::Retry(retry) => &retry.why,
        DeliveryResult::Refused { why } => why,
    };
    assert!(!why.is_empty() && why.len() <= 500, "{} bytes: {why}", why.len());
    assert!(!why.contains(char::is_control), "{why:?}");
}

/// An end in few words: `1=set 2=shows 5`, `retry failing in doubt`, `pause 2000: 1=set`, `refused`, `taken`.
pub(crate) fn short(end: &DeliveryResult) -> String {
    match end {
        DeliveryResult::Done(answer) => short_answer(answer),
        DeliveryResult::DoneWithPause { answer, pause_ms } => format!("pause {pause_ms}: {}", short_answer(answer)),
        DeliveryResult::Refused { .. } => "refused".to_owned(),
        DeliveryResult::Retry(retry) => short_retry(retry),
    }
}

pub(crate) fn short_retry(retry: &Retry) -> String {
    let cause = match retry.cause {
        RetryCause::Failing => "failing",
        RetryCause::Throttled => "throttled",
        RetryCause::NotYet => "not yet",
    };
    let after = retry.after_ms.map_or(String::new(), |after_ms| format!(" after {after_ms}"));
    format!("retry {cause}{after}{}", if retry.doubt { " in doubt" } else { "" })
}

fn short_answer(answer: &DeliveryAnswer) -> String {
    let DeliveryAnswer::Quantities(quantities) = answer else {
        return format!("{answer:?}").to_lowercase();
    };
    let listings = quantities.listings.iter().map(|listing| {
        let shown = match &listing.shown {
            Shown::Set => "set".to_owned(),
            Shown::Shows(quantity) => format!("shows {quantity}"),
            Shown::Gone => "gone".to_owned(),
            Shown::Refused { .. } => "refused".to_owned(),
            Shown::NotYet { .. } => "not yet".to_owned(),
        };
        format!("{}={shown}", listing.sku.trim_start_matches("sku-"))
    });
    listings.collect::<Vec<_>>().join(" ")
}

/// A header of a request as it would be sent.
pub(crate) fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    let found = request.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, value)| match value {
        HeaderValue::Plain(text) => text.as_str(),
        HeaderValue::Secret(secret) => secret.reveal(),
    })
}
