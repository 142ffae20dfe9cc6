//! The page for hosts: each of its documents is what it says, by the published schema, and what it shows as an answer is
//! what the calls before it answer.

use serde_json::Value;
use stockroom::Stockroom;
use stockroom::memory::MemoryStore;
use stockroom_documents::{
    Backfill, Conversation, ExchangeSettings, Failure, ReadKind, RelaySettings, Webhook, execute, read, schemas,
};

use crate::support::*;

/// The documents of the page, with the names of their schemas.
fn documents() -> Vec<(String, Value)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/documents.md");
    let page = std::fs::read_to_string(path).unwrap();
    assert!(!page.contains("```json\n"), "a document on the page names no schema");
    let document = |part: &str| {
        let (name, rest) = part.split_once('\n').unwrap();
        let (text, _) = rest.split_once("```").unwrap();
        let document = serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}: {text}"));
        (name.trim().to_owned(), document)
    };
    page.split("```json ").skip(1).map(document).collect()
}

/// A document with the body of its request as JSON: the order of the fields in it is nobody's promise.
fn read_through(document: &Value) -> Value {
    let mut document = document.clone();
    if let Some(body) = document.pointer_mut("/ask/body") {
        *body = serde_json::from_str(body.as_str().unwrap()).unwrap();
    }
    document
}

/// A host that reads the page from its top to its end and does what it says.
struct Reader {
    shop: Shop,
    delivery: Value,
    conversation: Option<Conversation>,
    webhook: Option<Webhook>,
    backfill: Option<Backfill>,
    /// What the last call answered.
    said: Value,
}

impl Reader {
    fn does(&mut self, name: &str, document: &Value) {
        let text = bytes(document);
        match name {
            "command" => self.said = value(&execute(&self.shop, &text).unwrap()),
            "commands" => {
                let outcomes = carry_out(&self.shop, document);
                assert!(outcomes.iter().all(|outcome| outcome.get("accepted").is_some()), "{document}: {outcomes:?}");
            }
            "read" => self.said = value(&read(&self.shop, &text).unwrap()),
            "delivery" => {
                assert_eq!(&self.said["outcome"]["accepted"]["taken"]["deliveries"][0], document);
                self.delivery = document.clone();
            }
            "exchange_settings" => {
                let exchange = ExchangeSettings::parse(&text).unwrap();
                let (conversation, turn) = Conversation::begin_json(exchange, &bytes(&self.delivery), NOW_MS).unwrap();
                (self.conversation, self.said) = (Some(conversation), value(&turn.to_json().unwrap()));
            }
            "answer" => self.said = self.answered(&text),
            "relay_settings" => {
                let settings = RelaySettings::parse(&text).unwrap();
                assert!(settings.routes.into_iter().all(|route| route.exchange.exchange().is_ok()));
            }
            "webhook_settings" => self.webhook = Some(Webhook::parse(&text).unwrap()),
            "incoming" => {
                let told = self.webhook.as_ref().expect("there is a webhook").read_json(&text, NOW_MS).unwrap();
                self.said = value(&told.to_json().unwrap());
            }
            "backfill_settings" => {
                let mut backfill = Backfill::parse(&text, NOW_MS - 86_400_000).unwrap();
                self.said = value(&backfill.request_json(NOW_MS).unwrap());
                self.backfill = Some(backfill);
            }
            "failure" => {
                let error = execute(&self.shop, br#"{"action": {"tick": {}}}"#).unwrap_err();
                assert_eq!(&serde_json::to_value(Failure::from(&error)).unwrap(), document);
            }
            // All else is an answer.
            _ => assert_eq!(read_through(&self.said), read_through(document), "{name}"),
        }
        if let Some(report) = document.pointer("/end/report") {
            carry_out(&self.shop, &Value::Array(vec![report.clone()]));
        }
    }

    fn answered(&mut self, answer: &[u8]) -> Value {
        if let Some(conversation) = self.conversation.as_mut().filter(|conversation| !conversation.is_over()) {
            return value(&conversation.answered_json(answer, NOW_MS).unwrap().to_json().unwrap());
        }
        let backfill = self.backfill.as_mut().expect("somebody asked");
        value(&backfill.answered_json(answer, NOW_MS).unwrap().to_json().unwrap())
    }
}

#[test]
fn its_documents_are_valid_and_its_answers_are_given() {
    let shop = Stockroom::new(MemoryStore::new(), || NOW_MS);
    let mut reader =
        Reader { shop, delivery: Value::Null, conversation: None, webhook: None, backfill: None, said: Value::Null };
    let documents = documents();
    for (name, document) in &documents {
        assert_valid(name, document);
        reader.does(name, document);
    }
    let handed = ask(&reader.shop, &serde_json::json!({ "fulfillment_orders": { "order": "o-1" } }));
    assert_eq!(handed[0]["reference"], "W-1", "the page's conversation is carried out");
    let is_answer_of_a_read = |name: &str| ReadKind::ALL.iter().any(|kind| name == format!("read.{}", kind.name()));
    for schema in schemas() {
        let is_shown = documents.iter().any(|(name, _)| *name == schema.name);
        assert!(
            is_shown || is_answer_of_a_read(&schema.name) || schema.name == "replies",
            "no {} is shown",
            schema.name
        );
    }
}
