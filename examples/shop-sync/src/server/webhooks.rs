//! Webhooks to the host: signed, sent again until they are accepted or given up, and now and then dropped, late, twice or
//! in another order. It may not decide what there is to tell: the desk does.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::CONTENT_TYPE;
use hyper::{StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::desk::Notice;
use super::faults::Fault;
use super::payloads;
use super::running::{Shared, StartError};
use super::settings::WebhookSettings;
use super::signature::Signer;
use super::times::exact;

/// The most that is read of an answer: its status is all that counts.
const ANSWER_BYTES_MAX: usize = 64 * 1_024;
/// The version that webhooks are written in.
const VERSION: &str = "2026-07";
/// How much later a webhook is sent that is to come after the next one.
const REORDERED_BY: Duration = Duration::from_millis(25);

/// Sends webhooks.
#[derive(Debug)]
pub(super) struct Courier {
    settings: WebhookSettings,
    domain: String,
    url: Uri,
    signer: Signer,
    client: Client<HttpConnector, Full<Bytes>>,
    /// One for each request that may be under way.
    workers: Semaphore,
    /// Actions that were told of.
    events: AtomicU64,
}

/// A webhook: the same bytes at every attempt.
#[derive(Debug)]
struct Message {
    topic: &'static str,
    webhook: String,
    event: String,
    triggered_at_ms: i64,
    body: Bytes,
}

impl Courier {
    /// A courier to a host, or what is wrong with the way there.
    pub(super) fn new(settings: &WebhookSettings, domain: &str) -> Result<Self, StartError> {
        let signer = Signer::new(&settings.secret).ok_or(StartError::Secret)?;
        let url: Uri = settings.url.parse().map_err(|_| StartError::WebhookUrl(settings.url.clone()))?;
        if url.scheme_str() != Some("http") || url.authority().is_none() {
            return Err(StartError::WebhookUrl(settings.url.clone()));
        }
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connector);
        let workers = Semaphore::new(usize::from(settings.workers.max(1)));
        let events = AtomicU64::new(0);
        Ok(Courier { settings: settings.clone(), domain: domain.to_owned(), url, signer, client, workers, events })
    }

    /// A name for what one action of a person or a request brings about.
    pub(super) fn new_event(&self) -> String {
        uuid("event", self.events.fetch_add(1, Ordering::Relaxed))
    }

    /// One attempt.
    async fn send(&self, shared: &Shared, message: &Message) -> bool {
        shared.desk().counts.webhooks.attempts += 1;
        let request = hyper::Request::post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("X-Shopify-Topic", message.topic)
            .header("X-Shopify-Hmac-Sha256", self.signer.sign(&message.body))
            .header("X-Shopify-Shop-Domain", &self.domain)
            .header("X-Shopify-API-Version", VERSION)
            .header("X-Shopify-Webhook-Id", &message.webhook)
            .header("X-Shopify-Event-Id", &message.event)
            .header("X-Shopify-Triggered-At", exact(message.triggered_at_ms))
            .body(Full::new(message.body.clone()));
        let Ok(request) = request else {
            return false;
        };
        let exchange = async {
            let response = self.client.request(request).await.ok()?;
            let status = response.status();
            // An answer that is read to its end leaves its connection to the next webhook.
            let _ = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
            Some(status)
        };
        let answer = timeout(Duration::from_millis(self.settings.timeout_ms), exchange).await;
        answer.ok().flatten().is_some_and(|status: StatusCode| status.is_success())
    }
}

/// Sees a notice through: until the host has it, or it is given up.
pub(super) async fn see_through(shared: &Shared, notice: Notice, event: String) {
    if let Some(courier) = shared.courier() {
        tell(shared, courier, notice, event).await;
    }
    shared.put_down();
}

async fn tell(shared: &Shared, courier: &Courier, notice: Notice, event: String) {
    let (fault, number, delay_ms) = {
        let mut desk = shared.desk();
        let number = desk.counts.webhooks.made;
        desk.counts.webhooks.made += 1;
        (desk.draw_webhook(notice.topic, number), number, desk.faults().webhook_delay_ms)
    };
    match fault {
        Some(Fault::WebhookDropped) => {
            let mut desk = shared.desk();
            // What changes later is told in a webhook of its own.
            desk.tell_level(notice.about);
            desk.counts.webhooks.dropped += 1;
            return;
        }
        Some(Fault::WebhookReordered) => sleep(REORDERED_BY).await,
        _ => {}
    }
    // The permits are never taken away, so that there is always one to wait for.
    let Ok(worker) = courier.workers.acquire().await else { return };
    let Some(message) = Message::of(shared, notice, number, event) else { return };
    drop(worker);
    if fault == Some(Fault::WebhookDelayed) {
        // Written already: what it says is old when it comes.
        sleep(Duration::from_millis(delay_ms)).await;
    }
    let mut wait_ms = courier.settings.retry_after_ms;
    let mut attempt = 1;
    loop {
        let Ok(_worker) = courier.workers.acquire().await else { return };
        if courier.send(shared, &message).await {
            break;
        }
        drop(_worker);
        if attempt >= courier.settings.attempts_max {
            shared.desk().counts.webhooks.given_up += 1;
            return;
        }
        attempt += 1;
        sleep(Duration::from_millis(wait_ms)).await;
        wait_ms = wait_ms.saturating_mul(2).min(courier.settings.retry_after_max_ms);
    }
    shared.desk().counts.webhooks.delivered += 1;
    if fault == Some(Fault::WebhookDuplicated) {
        let Ok(_worker) = courier.workers.acquire().await else { return };
        // What the host makes of it changes nothing: it has accepted this id.
        if courier.send(shared, &message).await {
            shared.desk().counts.webhooks.duplicated += 1;
        }
    }
}

impl Message {
    /// What a notice says now; nothing where its item is gone.
    fn of(shared: &Shared, notice: Notice, number: u64, event: String) -> Option<Self> {
        let (body, triggered_at_ms) = match notice.body {
            Some(body) => (body, notice.at_ms),
            None => {
                let level = shared.desk().tell_level(notice.about)?;
                (payloads::level(notice.about, level), level.updated_at_ms)
            }
        };
        let webhook = uuid(notice.topic, number);
        Some(Message { topic: notice.topic, webhook, event, triggered_at_ms, body: Bytes::from(body.to_string()) })
    }
}

/// A name in the form of a UUID, the same for the same things.
fn uuid(what: &str, number: u64) -> String {
    let digest = Sha256::digest(format!("{what} {number}"));
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
