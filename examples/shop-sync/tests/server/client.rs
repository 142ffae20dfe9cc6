//! A client of the shop for tests: it sends each request once and tells what came back, good or bad. It may not try
//! again.

use std::time::Duration;

use serde_json::{Value, json};
use shop_sync::server::{Settings, ShopServer};
use ureq::Agent;
use ureq::http::Request;

/// How long a client waits: longer than the busiest machine takes.
const PATIENT_MS: u64 = 30_000;

pub(crate) const SET: &str = "mutation Set($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id }
    userErrors { code field message }
  }
}";

/// Asks a shop.
pub(crate) struct Client {
    url: String,
    token: String,
    version: String,
    agent: Agent,
}

/// A whole answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) text: String,
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl Client {
    pub(crate) fn new(server: &ShopServer) -> Self {
        Client::waiting(server, PATIENT_MS)
    }

    pub(crate) fn waiting(server: &ShopServer, timeout_ms: u64) -> Self {
        let timeout = Some(Duration::from_millis(timeout_ms));
        let config = Agent::config_builder().timeout_global(timeout).http_status_as_error(false).build();
        let token = Settings::default().access_token;
        Client { url: server.url(), token, version: "2026-07".to_owned(), agent: config.into() }
    }

    pub(crate) fn with_version(self, version: &str) -> Self {
        Client { version: version.to_owned(), ..self }
    }

    pub(crate) fn with_token(self, token: &str) -> Self {
        Client { token: token.to_owned(), ..self }
    }

    /// Sends a body to a path below the version.
    pub(crate) fn post(&self, path: &str, body: &str) -> Result<Answer, ureq::Error> {
        let request = Request::post(format!("{}/admin/api/{}/{path}", self.url, self.version))
            .header("content-type", "application/json")
            .header("x-shopify-access-token", &self.token)
            .body(body.to_owned())
            .expect("a request");
        let mut response = self.agent.run(request)?;
        let headers = response.headers().iter();
        let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()));
        let headers = headers.collect();
        Ok(Answer { status: response.status().as_u16(), headers, text: response.body_mut().read_to_string()? })
    }

    pub(crate) fn try_ask(&self, query: &str, variables: &Value) -> Result<Answer, ureq::Error> {
        self.post("graphql.json", &json!({"query": query, "variables": variables}).to_string())
    }

    /// Asks, and takes what comes as JSON.
    pub(crate) fn ask(&self, query: &str, variables: Value) -> Value {
        let answer = self.try_ask(query, &variables).expect("an answer");
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    /// Sets quantities, and takes the payload.
    pub(crate) fn set(&self, key: &str, quantities: Value) -> Value {
        self.ask(SET, input(key, quantities))["data"]["inventorySetQuantities"].clone()
    }

    /// What an item shows; null where it is not stocked.
    pub(crate) fn available(&self, item: &str) -> Value {
        let query = "query Read($ids: [ID!]!, $location: ID!) { nodes(ids: $ids) { ... on InventoryItem {
            id inventoryLevel(locationId: $location) { quantities(names: [\"available\"]) { name quantity } } } } }";
        let answer = self.ask(query, json!({"ids": [item], "location": ShopServer::location()}));
        answer["data"]["nodes"][0]["inventoryLevel"]["quantities"][0]["quantity"].clone()
    }
}

/// The variables of [`SET`].
pub(crate) fn input(key: &str, quantities: Value) -> Value {
    json!({"key": key, "input": {"name": "available", "reason": "correction", "quantities": quantities}})
}

/// A quantity to be set where it is `from` now.
pub(crate) fn quantity(item: &str, quantity: i64, from: Option<i64>) -> Value {
    let location = ShopServer::location();
    json!({"inventoryItemId": item, "locationId": location, "quantity": quantity, "changeFromQuantity": from})
}

/// The codes of a payload's user errors with the places that they are about.
pub(crate) fn codes(payload: &Value) -> Vec<(String, String)> {
    let errors = payload["userErrors"].as_array().expect("user errors");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    errors.iter().map(|error| (text(&error["code"]), text(&error["field"][2]))).collect()
}
