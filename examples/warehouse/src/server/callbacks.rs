//! The work on an order and what the shop is told of it: each order has a task that picks and ships it, and beside
//! it one that sends its callbacks, so that a shop that does not answer holds up no goods. It may not decide what
//! happens to an order: the floor does.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::CONTENT_TYPE;
use hyper::{StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{sleep, timeout};

use super::books::SkuQuantity;
use super::faults::{Event, Fault};
use super::floor::Job;
use super::running::{Shared, StartError};
use super::settings::Callbacks;
use super::signature::WebhookSecret;

/// The most that is read of an answer: its status is all that counts.
const ANSWER_BYTES_MAX: usize = 64 * 1_024;

/// Sends callbacks.
#[derive(Debug)]
pub(super) struct Courier {
    settings: Callbacks,
    url: Uri,
    secret: WebhookSecret,
    client: Client<HttpConnector, Full<Bytes>>,
    /// One for each request that may be under way.
    workers: Semaphore,
}

/// A callback: the same bytes at every attempt.
#[derive(Debug)]
struct Message {
    event: Event,
    id: String,
    body: Bytes,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    timestamp: String,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    fulfillment: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    shipment: Option<String>,
    items: &'a [SkuQuantity],
    #[serde(skip_serializing_if = "Option::is_none")]
    tracking: Option<Tracking>,
}

#[derive(Serialize)]
struct Tracking {
    carrier: &'static str,
    number: String,
    url: String,
}

impl Courier {
    /// A courier to a shop, or what is wrong with the way there.
    pub(super) fn new(settings: &Callbacks) -> Result<Self, StartError> {
        let secret = WebhookSecret::parse(&settings.secret).map_err(StartError::Secret)?;
        let url: Uri = settings.url.parse().map_err(|_| StartError::CallbackUrl(settings.url.clone()))?;
        if url.scheme_str() != Some("http") || url.authority().is_none() {
            return Err(StartError::CallbackUrl(settings.url.clone()));
        }
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connector);
        let workers = Semaphore::new(usize::from(settings.workers.max(1)));
        Ok(Courier { settings: settings.clone(), url, secret, client, workers })
    }

    /// Sends a callback until it is accepted or given up. Whether it was accepted is the answer.
    async fn deliver(&self, shared: &Shared, message: &Message) -> bool {
        let mut wait_ms = self.settings.retry_after_ms;
        for attempt in 1..=self.settings.attempts_max.max(1) {
            if attempt > 1 {
                sleep(Duration::from_millis(wait_ms)).await;
                wait_ms = wait_ms.saturating_mul(2).min(self.settings.retry_after_max_ms);
            }
            if self.send(shared, message).await {
                return true;
            }
        }
        false
    }

    /// One attempt.
    async fn send(&self, shared: &Shared, message: &Message) -> bool {
        // The permits are never taken away, so that there is always one to wait for.
        let Ok(_worker) = self.workers.acquire().await else {
            return false;
        };
        shared.floor().callbacks_mut().attempts += 1;
        let timestamp_s = now_ms().div_euclid(1_000);
        let request = hyper::Request::post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", &message.id)
            .header("webhook-timestamp", timestamp_s)
            .header("webhook-signature", self.secret.sign(&message.id, timestamp_s, &message.body))
            .body(Full::new(message.body.clone()));
        let Ok(request) = request else {
            return false;
        };
        let exchange = async {
            let response = self.client.request(request).await.ok()?;
            let status = response.status();
            // An answer that is read to its end leaves its connection to the next callback. One that is not whole is
            // an answer all the same: the shop has said what it did.
            let _ = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
            Some(status)
        };
        let answer = timeout(Duration::from_millis(self.settings.timeout_ms), exchange).await;
        answer.ok().flatten().is_some_and(|status: StatusCode| status.is_success())
    }
}

/// Sees an order through: until it is shipped or cancelled, and the shop knows or cannot be reached.
pub(super) async fn see_through(shared: &Shared, job: &Job) {
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::join!(work(shared, job, sender), tell(shared, job, receiver));
    shared.put_down();
}

/// Picks and ships.
async fn work(shared: &Shared, job: &Job, sender: mpsc::UnboundedSender<Message>) {
    let say = |event| {
        if shared.courier().is_some() {
            shared.floor().callbacks_mut().made += 1;
            // The other end is there until this one is dropped.
            let _ = sender.send(Message::new(job, event, now_ms()));
        }
    };
    say(Event::Accepted);
    sleep(shared.pick_after()).await;
    if !shared.floor().pick(job.place) {
        return;
    }
    say(Event::Picking);
    sleep(shared.ship_after()).await;
    if shared.floor().ship(job.place) {
        say(Event::Shipped);
    }
}

/// Sends an order's callbacks one after the other, in their order or with the shipment first.
async fn tell(shared: &Shared, job: &Job, mut receiver: mpsc::UnboundedReceiver<Message>) {
    let Some(courier) = shared.courier() else {
        return;
    };
    if !shared.floor().faults().draw_out_of_order(&job.fulfillment, job.number) {
        while let Some(message) = receiver.recv().await {
            tell_one(shared, courier, job, &message).await;
        }
        return;
    }
    let mut messages = Vec::new();
    while let Some(message) = receiver.recv().await {
        messages.push(message);
    }
    // An order that was cancelled has no shipment to tell.
    if let Some(place) = messages.iter().position(|message| message.event == Event::Shipped) {
        messages.rotate_left(place);
        shared.floor().count_fault(Fault::CallbackOutOfOrder);
    }
    for message in &messages {
        tell_one(shared, courier, job, message).await;
    }
}

async fn tell_one(shared: &Shared, courier: &Courier, job: &Job, message: &Message) {
    if !courier.deliver(shared, message).await {
        shared.floor().callbacks_mut().given_up += 1;
        return;
    }
    let twice = {
        let mut floor = shared.floor();
        floor.callbacks_mut().delivered += 1;
        let twice = floor.faults().draw_duplicate(&job.fulfillment, job.number, message.event);
        if twice {
            floor.count_fault(Fault::DuplicateCallback);
        }
        twice
    };
    if twice {
        // What the shop makes of it changes nothing: it has accepted this id.
        courier.send(shared, message).await;
    }
}

impl Message {
    fn new(job: &Job, event: Event, at_ms: i64) -> Self {
        let order = job.place + 1;
        let is_shipment = event == Event::Shipped;
        let tracking = || {
            let number = format!("EX{order:09}");
            Tracking { carrier: "Example Parcel", url: format!("https://parcel.example/{number}"), number }
        };
        let body = Body {
            kind: event.name(),
            timestamp: rfc3339(at_ms),
            data: Data {
                fulfillment: &job.fulfillment,
                shipment: is_shipment.then(|| format!("SH-{order}")),
                items: &job.units,
                tracking: is_shipment.then(tracking),
            },
        };
        // Texts and integers: they have no way to fail to be JSON.
        let body = serde_json::to_vec(&body).unwrap_or_default();
        Message { event, id: message_id(job, event), body: Bytes::from(body) }
    }
}

/// The id of a callback. It is made from what it tells, so that the same run has the same ids, and hashed, because a
/// fulfillment's name may have any character and an id may not.
fn message_id(job: &Job, event: Event) -> String {
    let text = format!("{} {} {}", event.name(), job.number, job.fulfillment);
    let hex = Sha256::digest(text).iter().take(12).map(|byte| format!("{byte:02x}")).collect::<String>();
    format!("msg_{hex}")
}

/// The time now, in milliseconds since the Unix epoch.
pub(super) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// A time as callbacks and answers tell it.
pub(super) fn rfc3339(at_ms: i64) -> String {
    Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}
