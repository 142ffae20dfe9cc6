//! The shop's HTTP side: requests as calls to the desk, and its answers as responses, spoilt where a fault was dealt.
//! It may not hold the desk while it waits.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderValue;
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::body::{AnswerBody, HungUp, cut, whole};
use super::faults::Fault;
use super::graphql::{Question, extensions};
use super::rest;
use super::running::Shared;
use super::times::http_date;

/// The longest request that is read.
const BODY_BYTES_MAX: usize = 1_024 * 1_024;
/// The header with the access token.
const TOKEN: &str = "x-shopify-access-token";
/// Points that answers say a throttled request costs.
const THROTTLED_COST: i64 = 10;

/// What a request asks for.
#[derive(Debug)]
enum Call {
    Graphql(Box<Question>),
    SetLevel(Bytes),
    /// It cannot be asked; the answer says why.
    Wrong(Answer),
}

/// An answer before it is spoilt.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
    pub(super) headers: Vec<(&'static str, String)>,
}

/// How an answer goes out.
#[derive(Debug)]
struct Spoilt {
    answer: Answer,
    how: Option<Fault>,
}

/// Answers a request.
pub(super) async fn answer(
    shared: Arc<Shared>,
    request: hyper::Request<Incoming>,
) -> Result<Response<AnswerBody>, HungUp> {
    let (parts, body) = request.into_parts();
    let date_of = Arc::clone(&shared);
    let call = match Limited::new(body, BODY_BYTES_MAX).collect().await {
        Ok(body) => Call::read(&shared, &parts, body.to_bytes()),
        Err(_) => Call::Wrong(Answer::error(413, "the body is cut or too large")),
    };
    // A client that hangs up does not take back what it has asked: it is carried out all the same.
    let carried_out = tokio::spawn(async move { carry_out(&shared, call).await }).await;
    match carried_out {
        Ok(Spoilt { how: Some(Fault::HangUp), .. }) | Err(_) => Err(HungUp),
        Ok(Spoilt { answer, how }) => Ok(answer.into_response(how == Some(Fault::CutBody), date_of.now_ms())),
    }
}

async fn carry_out(shared: &Arc<Shared>, call: Call) -> Spoilt {
    let fault = {
        let mut desk = shared.desk();
        let name = match &call {
            Call::Graphql(question) => known_name(&question.name()),
            Call::SetLevel(_) => "inventory_levels/set",
            Call::Wrong(answer) => return Spoilt { answer: answer.clone(), how: None },
        };
        *desk.counts.requests.entry(name).or_default() += 1;
        desk.draw()
    };
    let key = match &call {
        Call::Graphql(question) => question.key(),
        _ => None,
    };
    let outage = Duration::from_millis(if fault == Some(Fault::Outage) { shared.desk().faults().outage_ms } else { 0 });
    if let Some(left) = shared.outage(outage) {
        let begun = key.as_ref().filter(|(key, asked)| shared.desk().keep_begun(key, asked, shared.now_ms()));
        sleep(left).await;
        if let Some((key, _)) = begun {
            shared.desk().forget_begun(key);
        }
    }
    // What is not done:
    match fault {
        Some(Fault::ErrorBefore) => return Spoilt { answer: Answer::failure(), how: None },
        Some(Fault::FailedUnderKey) => {
            if let Some((key, asked)) = &key {
                shared.desk().keep_failed(key, asked, shared.now_ms());
            }
            return Spoilt { answer: Answer::failure(), how: None };
        }
        _ => {}
    }
    let now_ms = shared.now_ms();
    let answer = shared.with_desk(|desk| {
        if fault == Some(Fault::EditFirst) {
            let items = match &call {
                Call::Graphql(question) => question.items(),
                _ => Vec::new(),
            };
            desk.edit_one_of(&items, now_ms);
        }
        let is_throttled = fault == Some(Fault::Throttle);
        match &call {
            Call::Graphql(question) => graphql(desk, question, is_throttled, now_ms),
            Call::SetLevel(body) => rest::answer(desk, body, is_throttled, now_ms),
            Call::Wrong(answer) => answer.clone(),
        }
    });
    // What is done, and answered as if it were not, or not in time:
    match fault {
        Some(Fault::Late) => {
            let late = Duration::from_millis(shared.desk().faults().late_ms);
            sleep(late).await;
        }
        Some(Fault::ErrorAfterApplying) => return Spoilt { answer: Answer::failure(), how: None },
        _ => {}
    }
    Spoilt { answer, how: fault }
}

/// The names that requests are counted under.
fn known_name(name: &str) -> &'static str {
    const NAMES: &[&str] = &[
        "nodes",
        "orders",
        "order",
        "fulfillmentOrder",
        "inventoryItems",
        "inventorySetQuantities",
        "inventoryActivate",
        "fulfillmentCreate",
    ];
    NAMES.iter().find(|known| **known == name).copied().unwrap_or("other")
}

fn graphql(desk: &mut super::desk::Desk, question: &Question, is_throttled: bool, now_ms: i64) -> Answer {
    let cost = question.cost();
    if is_throttled {
        desk.points.spill();
    }
    if is_throttled || desk.points.take(cost, now_ms).is_err() {
        desk.counts.throttled += 1;
        let errors = json!([{
            "message": "Throttled",
            "extensions": {"code": "THROTTLED", "documentation": "https://shopify.dev/api/usage/rate-limits"},
        }]);
        let extensions = extensions(desk, cost.max(THROTTLED_COST), None);
        return Answer::new(200, json!({"errors": errors, "extensions": extensions}));
    }
    match question.answer(desk, now_ms) {
        Ok(data) => Answer::new(200, json!({"data": data, "extensions": extensions(desk, cost, Some(cost))})),
        Err(wrong) => Answer::new(200, json!({"errors": [wrong.into_value()]})),
    }
}

impl Call {
    fn read(shared: &Shared, parts: &Parts, body: Bytes) -> Self {
        let path = parts.uri.path();
        let Some((version, rest)) = path.strip_prefix("/admin/api/").and_then(|path| path.split_once('/')) else {
            return Call::Wrong(Answer::error(404, "Not Found"));
        };
        let is_version = version.len() == 7 && version.starts_with("20") && version.as_bytes()[4] == b'-';
        if !is_version || !["graphql.json", "inventory_levels/set.json"].contains(&rest) {
            return Call::Wrong(Answer::error(404, "Not Found"));
        }
        if parts.method != Method::POST {
            return Call::Wrong(Answer::error(406, "Not Acceptable"));
        }
        if parts.headers.get(TOKEN).map(HeaderValue::as_bytes) != Some(shared.access_token().as_bytes()) {
            shared.desk().counts.denied += 1;
            let message = "[API] Invalid API key or access token (unrecognized login or wrong password)";
            return Call::Wrong(Answer::error(401, message));
        }
        let is_json =
            parts.headers.get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
        if !is_json {
            return Call::Wrong(Answer::error(415, "Unsupported Media Type"));
        }
        match rest {
            "graphql.json" => match Question::read(&body, version) {
                Ok(question) => Call::Graphql(Box::new(question)),
                Err(wrong) => Call::Wrong(Answer::new(200, json!({"errors": [wrong.into_value()]}))),
            },
            _ => Call::SetLevel(body),
        }
    }
}

impl Answer {
    pub(super) fn new(status: u16, body: Value) -> Self {
        Answer { status, body, headers: Vec::new() }
    }

    fn error(status: u16, message: &str) -> Self {
        Answer::new(status, json!({"errors": message}))
    }

    fn failure() -> Self {
        Answer::error(500, "Internal Server Error")
    }

    fn into_response(self, is_cut: bool, now_ms: i64) -> Response<AnswerBody> {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let data = Bytes::from(self.body.to_string());
        let mut response = if is_cut { cut(status, data) } else { whole(status, data) };
        for (name, value) in self.headers.into_iter().chain([("date", http_date(now_ms))]) {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}
