//! The suite of the exchange port: what must hold of every conversation with a warehouse or a shop, whatever its API.
//! The exchange is a value without I/O, so the suite plays the remote side itself: every status, lost answers,
//! requests that were never sent, bodies of all kinds.

use stockroom::ports::{Exchange, HttpFailure, HttpRequest, HttpResponse, Method, REQUESTS_MAX, Turn};
use stockroom::{
    CancelRequest, DeliveryAnswer, DeliveryBody, DeliveryResult, FulfillmentRequest, LeasedDelivery, RequestedItem,
    RetryCause, ShipTo, StockCheck,
};

use crate::documents::NOON;

/// The most that a reason may say, in bytes: it is kept with the delivery.
const WHY_BYTES_MAX: usize = 2_000;

/// What an exchange needs to be tried.
pub struct ExchangeBench<'a> {
    /// The exchange.
    pub exchange: &'a dyn Exchange,
    /// Texts that must be seen in no reason and in no `Debug`.
    pub secrets: &'a [&'a str],
    /// Whether the remote takes two requests with one key for one, so that none has to be looked up.
    pub honours_key: bool,
}

impl std::fmt::Debug for ExchangeBench<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExchangeBench").finish_non_exhaustive()
    }
}

/// Tries everything over what goes to a warehouse. Panics with a sentence where something does not hold.
pub fn check(bench: &ExchangeBench<'_>) {
    check_over(bench, &bodies());
}

/// Tries everything over these bodies, each with and without a doubt. A request that only reads has to be a GET here:
/// where an API reads by POST, the caller puts an exchange between that says so.
pub fn check_over(bench: &ExchangeBench<'_>, bodies: &[DeliveryBody]) {
    for doubt in [false, true] {
        for body in bodies {
            let delivery = leased(body.clone(), doubt);
            what_is_in_doubt_is_looked_up_first(bench, &delivery);
            every_status_ends_sensibly(bench, &delivery);
            lost_answers_leave_a_doubt(bench, &delivery);
            what_was_not_sent_leaves_no_new_doubt(bench, &delivery);
            bodies_of_all_kinds_end(bench, &delivery);
        }
    }
}

/// One body of every kind that goes to a warehouse.
fn bodies() -> [DeliveryBody; 4] {
    let item = |line, sku: &str| RequestedItem { line, sku: sku.into(), quantity: i64::from(line) };
    let request = FulfillmentRequest {
        fulfillment: "o 1/ä-1".into(),
        order: "o 1/ä".into(),
        location: "main".into(),
        channel: "web".into(),
        placed_at_ms: NOON,
        currency: "EUR".into(),
        ship_to: Some(ShipTo {
            name: "Kari \"K\" Nordmann".into(),
            address: vec!["Storgata 1".into()],
            city: "Tromsø".into(),
            country: "NO".into(),
            postal_code: "9008".into(),
            ..ShipTo::default()
        }),
        note: Some("ring\ntwice".into()),
        items: vec![item(1, "mug"), item(2, "plate & cup")],
    };
    let cancel = |reference: Option<&str>| {
        DeliveryBody::CancelFulfillment(CancelRequest {
            fulfillment: "o 1/ä-1".into(),
            reference: reference.map(str::to_owned),
        })
    };
    let check = StockCheck { location: "main".into(), skus: vec!["mug".into(), "plate & cup".into()] };
    [
        DeliveryBody::RequestFulfillment(request.into()),
        cancel(None),
        cancel(Some("100")),
        DeliveryBody::CheckStock(check),
    ]
}

fn leased(body: DeliveryBody, doubt: bool) -> LeasedDelivery {
    LeasedDelivery {
        destination: "wms".into(),
        number: 7,
        key: "o 1/ä-1".into(),
        attempt: 3,
        doubt,
        lease_until_ms: NOON + 60_000,
        body,
    }
}

/// Holds a whole conversation, answering every request in the same way; returns the requests and the end.
fn converse(
    bench: &ExchangeBench<'_>,
    delivery: &LeasedDelivery,
    answer: &dyn Fn(&HttpRequest) -> Result<HttpResponse, HttpFailure>,
) -> (Vec<HttpRequest>, DeliveryResult) {
    let mut asked = Vec::new();
    let mut turn = bench.exchange.begin(delivery);
    assert_eq!(turn, bench.exchange.begin(delivery), "the same delivery begins in the same way");
    loop {
        let (request, step, memo) = match turn {
            Turn::End(result) => {
                judge(bench, &result);
                return (asked, result);
            }
            Turn::Ask { request, step, memo } => (request, step, memo),
        };
        let shown = format!("{request:?}");
        for secret in bench.secrets {
            assert!(!shown.contains(secret) && !request.url.contains(secret), "a secret is shown: {shown}");
        }
        assert!(request.url.starts_with("http") && request.url.is_ascii(), "{}", request.url);
        let answered = answer(&request);
        asked.push(request);
        assert!(asked.len() <= REQUESTS_MAX as usize, "the conversation does not end: {asked:?}");
        turn = bench.exchange.answered(delivery, step, &memo, answered.as_ref(), NOON);
        assert_eq!(
            turn,
            bench.exchange.answered(delivery, step, &memo, answered.as_ref(), NOON),
            "an exchange remembers"
        );
    }
}

fn judge(bench: &ExchangeBench<'_>, result: &DeliveryResult) {
    let why = match result {
        DeliveryResult::Done(_) | DeliveryResult::DoneWithPause { .. } => return,
        DeliveryResult::Retry(retry) => {
            assert!(retry.after_ms.is_none_or(|after_ms| after_ms >= 0), "{retry:?}");
            &retry.why
        }
        DeliveryResult::Refused { why } => why,
    };
    assert!(!why.is_empty() && why.len() <= WHY_BYTES_MAX, "{result:?}");
    assert!(bench.secrets.iter().all(|secret| !why.contains(secret)), "a secret is told: {why}");
}

fn response(status: u16, body: &[u8]) -> HttpResponse {
    HttpResponse { status, headers: vec![("retry-after".into(), "5".into())], body: body.to_vec() }
}

fn is_change(delivery: &LeasedDelivery) -> bool {
    !matches!(delivery.body, DeliveryBody::CheckStock(_) | DeliveryBody::ReadQuantities(_))
}

fn what_is_in_doubt_is_looked_up_first(bench: &ExchangeBench<'_>, delivery: &LeasedDelivery) {
    let creates = matches!(delivery.body, DeliveryBody::RequestFulfillment(_));
    if !creates || !delivery.doubt || bench.honours_key {
        return;
    }
    match bench.exchange.begin(delivery) {
        Turn::Ask { request, .. } => assert_eq!(request.method, Method::Get, "it is not looked up: {}", request.url),
        Turn::End(result) => panic!("nothing is asked: {result:?}"),
    }
}

fn every_status_ends_sensibly(bench: &ExchangeBench<'_>, delivery: &LeasedDelivery) {
    for status in 100..=599 {
        let echo = bench.secrets.join(" ");
        for body in [String::new(), "{}".into(), "[]".into(), format!("{{\"error\":{{\"message\":\"{echo}\"}}}}")] {
            let (_, result) = converse(bench, delivery, &|_| Ok(response(status, body.as_bytes())));
            match (status, &result) {
                (500..=599, result) => {
                    assert!(matches!(result, DeliveryResult::Retry(_)), "{status} is for now: {result:?}");
                }
                (429, DeliveryResult::Retry(retry)) => {
                    assert_eq!(retry.cause, RetryCause::Throttled, "{retry:?}");
                }
                (429, result) => panic!("a throttled request is no answer: {result:?}"),
                (300..=399, DeliveryResult::Done(answer)) => panic!("a redirect is no answer: {answer:?}"),
                _ => {}
            }
            if let DeliveryResult::Done(DeliveryAnswer::Handed { .. }) = result {
                panic!("{status} with `{body}` says that nothing was handed over");
            }
        }
    }
}

fn lost_answers_leave_a_doubt(bench: &ExchangeBench<'_>, delivery: &LeasedDelivery) {
    let lost = |_: &HttpRequest| Err(HttpFailure::Lost("host: no answer within 1 ms".into()));
    let (asked, result) = converse(bench, delivery, &lost);
    let DeliveryResult::Retry(retry) = result else { panic!("nobody knows what came of it: {result:?}") };
    let changed = asked.iter().any(|request| request.method != Method::Get);
    // What only reads can be done again without a look.
    assert_eq!(retry.doubt, is_change(delivery) && (delivery.doubt || changed), "{asked:?} {retry:?}");
    assert_eq!(retry.cause, RetryCause::Failing);
}

fn what_was_not_sent_leaves_no_new_doubt(bench: &ExchangeBench<'_>, delivery: &LeasedDelivery) {
    let refused = |_: &HttpRequest| Err(HttpFailure::NotSent("host: connection refused".into()));
    let (asked, result) = converse(bench, delivery, &refused);
    let DeliveryResult::Retry(retry) = result else { panic!("it was never sent: {result:?}") };
    let doubt = is_change(delivery) && delivery.doubt;
    assert_eq!((asked.len(), retry.doubt, retry.cause), (1, doubt, RetryCause::Failing), "{retry:?}");
}

fn bodies_of_all_kinds_end(bench: &ExchangeBench<'_>, delivery: &LeasedDelivery) {
    let deep = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
    let bodies: [&[u8]; 9] = [
        b"null",
        b"\xff\xfe",
        b"{\"id\":",
        b"{\"id\":{}}",
        b"{\"id\":-1e999}",
        b"{\"id\":\"\\u0000\"}",
        b"[[]]",
        b"<html>sorry</html>",
        &deep,
    ];
    for status in [200, 201, 202, 404, 409, 422] {
        for body in bodies {
            let (_, _) = converse(bench, delivery, &|_| Ok(response(status, body)));
        }
    }
}
