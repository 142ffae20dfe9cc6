//! The one REST call that the fake knows: `inventory_levels/set.json`, with its leaky bucket. It compares nothing and
//! knows no keys.

use serde_json::{Value, json};

use super::desk::{Desk, LOCATION, Wish};
use super::http::Answer;
use super::payloads;

/// The header that says how full the bucket is.
pub(super) const CALL_LIMIT: &str = "x-shopify-shop-api-call-limit";

fn call_limit(desk: &Desk) -> (&'static str, String) {
    (CALL_LIMIT, format!("{}/{}", desk.rest.max() - desk.rest.left(), desk.rest.max()))
}

/// Answers a request; it is counted already.
pub(super) fn answer(desk: &mut Desk, body: &[u8], is_throttled: bool, now_ms: i64) -> Answer {
    let room = if is_throttled { Err(10) } else { desk.rest.take(1, now_ms) };
    if let Err(wait_ms) = room {
        desk.counts.throttled += 1;
        let errors = json!({"errors": "Exceeded 2 calls per second for api client. Reduce request rates to resume uninterrupted service."});
        let wait = format!("{}.{:03}", wait_ms / 1_000, wait_ms % 1_000);
        return Answer { status: 429, body: errors, headers: vec![("retry-after", wait)] };
    }
    let Answer { status, body, mut headers } = set(desk, body, now_ms);
    headers.push(call_limit(desk));
    Answer { status, body, headers }
}

fn set(desk: &mut Desk, body: &[u8], now_ms: i64) -> Answer {
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        return Answer::new(400, json!({"errors": {"inventory_level": "Required parameter missing or invalid"}}));
    };
    let number = |field: &str| body[field].as_i64();
    let (Some(location), Some(item), Some(quantity)) =
        (number("location_id"), number("inventory_item_id"), number("available"))
    else {
        return Answer::new(400, json!({"errors": {"inventory_level": "Required parameter missing or invalid"}}));
    };
    let wish = Wish { item: Some(item), location: Some(location), quantity, from: None };
    match desk.set_quantities(&[wish], true, now_ms) {
        Ok(()) => {
            let level = desk.item(item).and_then(|item| item.level).unwrap_or_default();
            Answer::new(200, json!({"inventory_level": payloads::level(item, level)}))
        }
        Err(_) if location != LOCATION || desk.item(item).is_none() => Answer::new(404, json!({"errors": "Not Found"})),
        Err(errors) => {
            let messages: Vec<&str> = errors.iter().map(|error| error.message).collect();
            Answer::new(422, json!({"errors": messages}))
        }
    }
}
