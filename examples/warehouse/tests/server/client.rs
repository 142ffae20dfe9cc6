//! A client of the warehouse for tests: it sends each request once and tells what came back, good or bad. It may not
//! try again.

use std::time::Duration;

use serde_json::{Value, json};
use ureq::http::{Request, Response};
use ureq::{Agent, Body};
use warehouse::server::WarehouseServer;

/// How long an impatient client waits for an answer.
pub(crate) const IMPATIENT_MS: u64 = 1_000;

/// How long any other waits: longer than the busiest machine takes.
const PATIENT_MS: u64 = 30_000;

/// Asks a warehouse.
pub(crate) struct Client {
    url: String,
    agent: Agent,
}

/// A whole answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<String>,
    pub(crate) text: String,
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

impl Client {
    pub(crate) fn new(server: &WarehouseServer) -> Self {
        Client::waiting(server, PATIENT_MS)
    }

    pub(crate) fn impatient(server: &WarehouseServer) -> Self {
        Client::waiting(server, IMPATIENT_MS)
    }

    fn waiting(server: &WarehouseServer, timeout_ms: u64) -> Self {
        let timeout = Some(Duration::from_millis(timeout_ms));
        let config = Agent::config_builder().timeout_global(timeout).http_status_as_error(false).build();
        Client { url: server.url(), agent: config.into() }
    }

    /// Sends a document under its own key.
    pub(crate) fn place(&self, document: &Value) -> Result<Answer, ureq::Error> {
        let key = document["fulfillment"].as_str().unwrap_or_default();
        self.place_as(Some(key), document.to_string().as_bytes())
    }

    /// Sends any bytes under any key.
    pub(crate) fn place_as(&self, key: Option<&str>, body: &[u8]) -> Result<Answer, ureq::Error> {
        let mut request = Request::post(self.to("/fulfillment-orders")).header("content-type", "application/json");
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        read(self.agent.run(request.body(body).expect("a request"))?)
    }

    pub(crate) fn look_up(&self, fulfillment: &str) -> Result<Answer, ureq::Error> {
        self.get(&format!("/fulfillment-orders/{fulfillment}"))
    }

    pub(crate) fn cancel(&self, fulfillment: &str) -> Result<Answer, ureq::Error> {
        read(self.agent.post(self.to(&format!("/fulfillment-orders/{fulfillment}/cancel"))).send_empty()?)
    }

    pub(crate) fn get(&self, path: &str) -> Result<Answer, ureq::Error> {
        read(self.agent.get(self.to(path)).call()?)
    }

    fn to(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }
}

fn read(mut response: Response<Body>) -> Result<Answer, ureq::Error> {
    let retry_after = response.headers().get("retry-after").map(|value| value.to_str().expect("text").to_owned());
    let status = response.status().as_u16();
    Ok(Answer { status, retry_after, text: response.body_mut().read_to_string()? })
}

/// A fulfillment order of two units of one SKU and one of another.
pub(crate) fn document(fulfillment: &str) -> Value {
    json!({
        "fulfillment": fulfillment,
        "order": "o-1",
        "channel": "web",
        "location": "main",
        "placed_at": "2026-01-02T03:04:05Z",
        "currency": "EUR",
        "items": [{"line": 1, "sku": "MUG", "quantity": 2}, {"line": 2, "sku": "TIN", "quantity": 1}],
    })
}
