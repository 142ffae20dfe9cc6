//! What an answer of the GraphQL API is: data, or the reason why there is none, with what is left in the bucket. A
//! status of success says nothing yet: most errors come with 200. What follows for a delivery is decided elsewhere.

use serde_json::Value;
use stockroom::outbox::RetryCause;
use stockroom::ports::{HttpResponse, Turn};

use crate::dates::{WAIT_MS_MAX, http_date_ms, wait_ms};
use crate::remote::excerpt;
use crate::settings::{Pace, Shop};
use crate::turns::retry;

/// The wait where the shop throttles and does not say for how long, in milliseconds.
const THROTTLED_MS: i64 = 1_000;
/// The wait where a shop is closed or frozen, in milliseconds: it is a matter of hours at least.
const CLOSED_MS: i64 = 15 * 60_000;

/// An answer with data.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) data: Value,
    /// When it was given, by the shop's clock.
    pub(crate) at_ms: Option<i64>,
    /// How long the shop is better left alone now.
    pub(crate) pause_ms: Option<i64>,
}

/// Why there is no data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: FaultKind,
    pub(crate) after_ms: Option<i64>,
    pub(crate) why: String,
}

/// What kind of fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// The bucket is empty. Nothing was carried out.
    Throttled,
    /// One query may not cost as much. Nothing was carried out.
    TooCostly,
    /// Nothing was carried out: no right to it, no shop, no such version.
    NotDone,
    /// A change may have been carried out.
    Unknown,
}

impl Fault {
    /// The end that follows. `doubt` says whether something may have been carried out before, `is_change` whether this
    /// request may have.
    pub(crate) fn end(self, doubt: bool, is_change: bool) -> Turn {
        let (cause, may_be_done) = match self.kind {
            FaultKind::Throttled => (RetryCause::Throttled, false),
            FaultKind::TooCostly | FaultKind::NotDone => (RetryCause::Failing, false),
            FaultKind::Unknown => (RetryCause::Failing, is_change),
        };
        retry(cause, doubt || may_be_done, self.after_ms, self.why)
    }
}

/// Reads an answer.
pub(crate) fn read(shop: &Shop, response: &HttpResponse, now_ms: i64) -> Result<Answer, Fault> {
    if response.status != 200 {
        return Err(by_status(shop, response, now_ms));
    }
    let fault = |kind, after_ms, what: &str| Fault { kind, after_ms, why: why(shop, what, response) };
    let Ok(mut value) = stockroom::read_json_bytes::<Value>(&response.body) else {
        return Err(fault(FaultKind::Unknown, None, "the answer is no JSON"));
    };
    let cost = value.pointer("/extensions/cost");
    // `errors` is a text where the shop has no place for a list: a bad token with status 200 has been seen.
    if let Some(errors) = value.get("errors").filter(|errors| !is_nothing(errors)) {
        let codes: Vec<&str> = match errors {
            Value::Array(errors) => errors.iter().filter_map(code).collect(),
            _ => Vec::new(),
        };
        // Older answers have no code, only this message.
        let says_throttled = errors.pointer("/0/message").and_then(Value::as_str) == Some("Throttled");
        let has = |code: &str| codes.contains(&code);
        return Err(if has("THROTTLED") || says_throttled {
            let wait_ms = cost.and_then(|cost| wait_for_ms(cost, &shop.pace)).unwrap_or(THROTTLED_MS);
            fault(FaultKind::Throttled, Some(wait_ms), "the shop asks for a slower pace")
        } else if has("MAX_COST_EXCEEDED") {
            fault(FaultKind::TooCostly, None, "one query may not cost as much")
        } else if has("ACCESS_DENIED") {
            fault(FaultKind::NotDone, None, "the access token may not do it; check the app's scopes")
        } else if has("SHOP_INACTIVE") {
            fault(FaultKind::NotDone, Some(CLOSED_MS), "the shop is not active")
        } else {
            fault(FaultKind::Unknown, None, "the shop answers with an error")
        });
    }
    let pause_ms = cost.and_then(|cost| pause_ms(cost, &shop.pace));
    let data = value.get_mut("data").map(Value::take).unwrap_or_default();
    if !data.is_object() {
        return Err(fault(FaultKind::Unknown, None, "the answer has no data"));
    }
    Ok(Answer { data, at_ms: date_ms(response), pause_ms })
}

/// When an answer was given, by its `Date`, to the second.
pub(crate) fn date_ms(response: &HttpResponse) -> Option<i64> {
    response.header("Date").and_then(http_date_ms).filter(|at_ms| stockroom::time::in_range(*at_ms))
}

/// What a status means that is not success, for both APIs (<https://shopify.dev/docs/api/usage/response-codes>).
pub(crate) fn by_status(shop: &Shop, response: &HttpResponse, now_ms: i64) -> Fault {
    let asked_ms = response.header("Retry-After").and_then(|text| wait_ms(text, now_ms));
    let (kind, after_ms, what) = match response.status {
        429 => {
            let body = stockroom::read_json_bytes::<Value>(&response.body).unwrap_or_default();
            let by_cost = || body.pointer("/extensions/cost").and_then(|cost| wait_for_ms(cost, &shop.pace));
            let wait_ms = asked_ms.or_else(by_cost).unwrap_or(THROTTLED_MS);
            (FaultKind::Throttled, Some(wait_ms), "the shop asks for a slower pace")
        }
        401 | 403 => (FaultKind::NotDone, asked_ms, "the access token is refused, or may not do it"),
        402 => (FaultKind::NotDone, asked_ms.or(Some(CLOSED_MS)), "the shop is frozen: its owner has to pay"),
        423 => (FaultKind::NotDone, asked_ms.or(Some(CLOSED_MS)), "the shop is locked"),
        404 => (FaultKind::NotDone, asked_ms, "there is no such shop, or no such version of its API"),
        300..=399 => {
            (FaultKind::NotDone, asked_ms, "the shop has moved, and redirects are not followed; correct the address")
        }
        400 | 405 | 406 | 413..=415 | 422 | 430 => (FaultKind::NotDone, asked_ms, "the shop will not have the request"),
        _ => (FaultKind::Unknown, asked_ms, "the shop fails"),
    };
    Fault { kind, after_ms, why: why(shop, what, response) }
}

/// The status and the message of an answer, behind what is made of it.
pub(crate) fn why(shop: &Shop, what: &str, response: &HttpResponse) -> String {
    let said = excerpt(&response.body, &shop.secrets());
    let status = response.status;
    if said.is_empty() { format!("{what}: status {status}") } else { format!("{what}: status {status}: {said}") }
}

fn code(error: &Value) -> Option<&str> {
    error.pointer("/extensions/code").and_then(Value::as_str)
}

fn is_nothing(errors: &Value) -> bool {
    match errors {
        Value::Null => true,
        Value::Array(entries) => entries.is_empty(),
        _ => false,
    }
}

/// How long until the requested cost is there again.
fn wait_for_ms(cost: &Value, pace: &Pace) -> Option<i64> {
    let requested = cost.get("requestedQueryCost").and_then(Value::as_f64)?;
    let status = cost.get("throttleStatus")?;
    restored_ms(status, requested, pace).map(|wait_ms| wait_ms.max(1))
}

/// How long a pause is needed after an answer: none while there is enough left.
fn pause_ms(cost: &Value, pace: &Pace) -> Option<i64> {
    let status = cost.get("throttleStatus")?;
    let available = status.get("currentlyAvailable").and_then(Value::as_f64)?;
    if available >= f64::from(pace.points_low) {
        return None;
    }
    let enough = f64::from(pace.points_enough.max(pace.points_low));
    // A bucket smaller than what is wished for is full at its own size.
    let size = status.get("maximumAvailable").and_then(Value::as_f64).unwrap_or(enough);
    restored_ms(status, enough.min(size), pace).filter(|pause_ms| *pause_ms > 0)
}

/// How long until so many points are available. Nothing for numbers that cannot be.
fn restored_ms(status: &Value, wanted: f64, pace: &Pace) -> Option<i64> {
    let available = status.get("currentlyAvailable").and_then(Value::as_f64)?;
    let rate = status.get("restoreRate").and_then(Value::as_f64).filter(|rate| *rate > 0.0)?;
    let wait_ms = (((wanted - available) / rate) * 1000.0).ceil().max(0.0) + f64::from(pace.margin_ms);
    // As far as a cast can go wrong it stops at the ends of its range, and NaN is 0.
    #[allow(clippy::cast_possible_truncation)]
    let wait_ms = wait_ms as i64;
    Some(wait_ms.clamp(0, WAIT_MS_MAX))
}
