//! The warehouse's HTTP side: requests as calls to the floor, and its answers as responses, spoilt where a fault was
//! drawn. It may not hold the floor while it waits.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::callbacks::{now_ms, rfc3339, see_through};
use super::document::Document;
use super::faults::{Fault, Request};
use super::floor::{Cancelled, Placed, View};
use super::running::Shared;

/// The longest document that is read.
const DOCUMENT_BYTES_MAX: usize = 1_024 * 1_024;

/// What a request asks for, with all that it takes to answer it.
#[derive(Debug)]
enum Call {
    Place(Document),
    LookUp(String),
    Cancel(String),
    Stock {
        query: String,
    },
    /// It cannot be asked; the answer says why.
    Wrong(Request, Answer),
}

/// An answer before it is spoilt.
#[derive(Clone, Debug, PartialEq)]
struct Answer {
    status: StatusCode,
    body: Value,
}

/// The connection is to be closed without an answer.
#[derive(Debug)]
pub(super) struct HungUp;

/// The body of a response: whole, or cut where it ends.
#[derive(Debug)]
pub(super) struct AnswerBody {
    data: Option<Bytes>,
    cut: Cut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    No,
    /// What there is goes out first: hyper sends nothing of a body that fails at once.
    AfterSending,
    Now,
}

/// Answers a request.
pub(super) async fn answer(
    shared: Arc<Shared>,
    request: hyper::Request<Incoming>,
) -> Result<Response<AnswerBody>, HungUp> {
    let (parts, body) = request.into_parts();
    let call = match Limited::new(body, DOCUMENT_BYTES_MAX).collect().await {
        Ok(body) => Call::read(&parts, &body.to_bytes()),
        Err(_) => Call::Wrong(Request::Unknown, Answer::error(413, "body_unreadable", "the body is cut or too large")),
    };
    let (request, key) = match &call {
        Call::Place(document) => (Request::Place, document.fulfillment.clone()),
        Call::LookUp(fulfillment) => (Request::LookUp, fulfillment.clone()),
        Call::Cancel(fulfillment) => (Request::Cancel, fulfillment.clone()),
        Call::Stock { query } => (Request::Stock, query.clone()),
        Call::Wrong(request, answer) => {
            shared.floor().count_request(*request);
            return Ok(answer.clone().into_response());
        }
    };
    let (fault, attempt, faults) = {
        let mut floor = shared.floor();
        floor.count_request(request);
        let (fault, attempt) = floor.draw(request, &key);
        (fault, attempt, floor.faults().clone())
    };
    // What is not done:
    match fault {
        Some(Fault::ErrorBefore) => return Ok(Answer::failure().into_response()),
        Some(Fault::Throttle) => {
            let mut response = Answer::error(429, "too_many_requests", "come back later").into_response();
            response.headers_mut().insert(RETRY_AFTER, faults.throttle_seconds.into());
            return Ok(response);
        }
        Some(Fault::OkWithErrorInside) => {
            let inside = Answer::error(200, "temporarily_unavailable", "the order desk is being restarted");
            return Ok(inside.into_response());
        }
        _ => {}
    }
    let answer = carry_out(&shared, call);
    // What is done, and answered as if it were not, or not in time:
    match fault {
        Some(Fault::Slow) => {
            sleep(Duration::from_millis(faults.client_timeout_ms.saturating_sub(faults.timeout_margin_ms))).await;
        }
        Some(Fault::Late) => {
            sleep(Duration::from_millis(faults.client_timeout_ms.saturating_add(faults.timeout_margin_ms))).await;
        }
        Some(Fault::ErrorAfterApplying) => return Ok(Answer::failure().into_response()),
        Some(Fault::CutBody) => return Ok(answer.into_cut_response()),
        Some(Fault::Hang) => return Err(HungUp),
        Some(Fault::WrongJson) => {
            let text = if faults.draw_wrong_shape(&key, attempt) { "{\"result\":[\"ok\"]}" } else { "{\"id\":\"WH-" };
            return Ok(response(answer.status, Bytes::from_static(text.as_bytes()), Cut::No));
        }
        _ => {}
    }
    Ok(answer.into_response())
}

/// Does what is asked.
fn carry_out(shared: &Arc<Shared>, call: Call) -> Answer {
    match call {
        Call::Place(document) => {
            let placed = shared.floor().place(document);
            match placed {
                Placed::Created(view, job) => {
                    let shared = Arc::clone(shared);
                    tokio::spawn(async move { see_through(&shared, &job).await });
                    Answer::of(201, &view)
                }
                Placed::Known(view) => Answer::of(200, &view),
                Placed::Conflict => {
                    Answer::error(409, "fulfillment_conflict", "this fulfillment is known with other content")
                }
            }
        }
        Call::LookUp(fulfillment) => match shared.floor().look_up(&fulfillment) {
            Some(view) => Answer::of(200, &view),
            None => Answer::unknown(),
        },
        Call::Cancel(fulfillment) => match shared.floor().cancel(&fulfillment) {
            Cancelled::Done => Answer::new(200, json!({"status": "cancelled"})),
            Cancelled::Shipped => Answer::new(409, json!({"status": "shipped"})),
            Cancelled::Unknown => Answer::unknown(),
        },
        Call::Stock { query } => stock(shared, &query),
        Call::Wrong(_, answer) => answer,
    }
}

/// The levels of the SKUs that are asked for, or of all.
fn stock(shared: &Shared, query: &str) -> Answer {
    let skus: Vec<String> = form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| name == "sku")
        .map(|(_, sku)| sku.into_owned())
        .collect();
    let floor = shared.floor();
    let level = |sku: &str| json!({"sku": sku, "on_hand": floor.on_hand(sku)});
    let levels: Vec<Value> = if skus.is_empty() {
        floor.stock().keys().map(|sku| level(sku)).collect()
    } else {
        skus.iter().map(|sku| level(sku)).collect()
    };
    // Taken while the floor is held, so that the time and the levels are of one moment.
    Answer::new(200, json!({"taken_at": rfc3339(now_ms()), "levels": levels}))
}

impl Call {
    fn read(parts: &Parts, body: &[u8]) -> Self {
        let segments: Vec<&str> = parts.uri.path().split('/').skip(1).collect();
        let named = |segment: &str, call: fn(String) -> Call| match percent_decode_str(segment).decode_utf8() {
            Ok(name) => call(name.into_owned()),
            Err(_) => Call::Wrong(Request::Unknown, Answer::unknown()),
        };
        match (&parts.method, segments.as_slice()) {
            (&Method::POST, ["fulfillment-orders"]) => Call::place(parts, body),
            (&Method::GET, ["fulfillment-orders", name]) => named(name, Call::LookUp),
            (&Method::POST, ["fulfillment-orders", name, "cancel"]) => named(name, Call::Cancel),
            (&Method::GET, ["stock"]) => Call::Stock { query: parts.uri.query().unwrap_or_default().to_owned() },
            (
                _,
                ["stock"] | ["fulfillment-orders"] | ["fulfillment-orders", _] | ["fulfillment-orders", _, "cancel"],
            ) => Call::Wrong(Request::Unknown, Answer::error(405, "method_not_allowed", "not with this method")),
            _ => Call::Wrong(Request::Unknown, Answer::error(404, "no_such_path", "there is nothing here")),
        }
    }

    fn place(parts: &Parts, body: &[u8]) -> Self {
        let malformed = |why: &str| Call::Wrong(Request::Place, Answer::error(422, "malformed_document", why));
        let document = match Document::parse(body) {
            Ok(document) => document,
            Err(why) => return malformed(&why),
        };
        match parts.headers.get("idempotency-key") {
            Some(key) if key.as_bytes() == document.fulfillment.as_bytes() => Call::Place(document),
            Some(_) => malformed("Idempotency-Key is not the fulfillment"),
            None => malformed("Idempotency-Key is missing"),
        }
    }
}

impl Answer {
    fn new(status: u16, body: Value) -> Self {
        Answer { status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), body }
    }

    fn of(status: u16, view: &View) -> Self {
        Answer::new(status, json!({"id": view.id, "fulfillment": view.fulfillment, "status": view.status}))
    }

    fn error(status: u16, code: &str, message: &str) -> Self {
        Answer::new(status, json!({"error": {"code": code, "message": message}}))
    }

    fn failure() -> Self {
        Answer::error(500, "internal", "something went wrong in the warehouse")
    }

    fn unknown() -> Self {
        Answer::error(404, "unknown_fulfillment", "there is no such fulfillment")
    }

    fn into_response(self) -> Response<AnswerBody> {
        response(self.status, Bytes::from(self.body.to_string()), Cut::No)
    }

    /// Half of the answer under the length of all of it.
    fn into_cut_response(self) -> Response<AnswerBody> {
        let mut data = Bytes::from(self.body.to_string());
        let length = data.len();
        data.truncate(length / 2);
        let mut response = response(self.status, data, Cut::AfterSending);
        response.headers_mut().insert(CONTENT_LENGTH, length.into());
        response
    }
}

fn response(status: StatusCode, data: Bytes, cut: Cut) -> Response<AnswerBody> {
    let mut response = Response::new(AnswerBody { data: Some(data), cut });
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static("application/json"));
    response
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = HungUp;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, HungUp>>> {
        if let Some(data) = self.data.take() {
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        match self.cut {
            Cut::No => Poll::Ready(None),
            Cut::AfterSending => {
                self.cut = Cut::Now;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Cut::Now => Poll::Ready(Some(Err(HungUp))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_none() && self.cut == Cut::No
    }

    fn size_hint(&self) -> SizeHint {
        match (&self.data, self.cut) {
            (data, Cut::No) => SizeHint::with_exact(data.as_ref().map_or(0, |data| data.len() as u64)),
            // The header says how long it would have been.
            _ => SizeHint::default(),
        }
    }
}

impl fmt::Display for HungUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the warehouse hung up, as it was asked to")
    }
}

impl std::error::Error for HungUp {}
