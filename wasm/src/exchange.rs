//! Warehouses and shops as JavaScript holds them: exchanges and their conversations, webhooks, backfills. The host sends
//! and receives; here documents become documents (`docs/documents.md`). Times are milliseconds since the Unix epoch,
//! by the clock of the database.

use std::sync::Arc;

use stockroom_documents as documents;
use stockroom_documents::ExchangeSettings;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::errors::{said, text};

/// How to speak with one warehouse or shop.
#[wasm_bindgen]
pub struct Exchange(Arc<dyn stockroom::ports::Exchange>);

#[wasm_bindgen]
impl Exchange {
    /// An exchange of its settings.
    ///
    /// # Errors
    /// `malformed` where they are none; the message repeats nothing of them.
    #[wasm_bindgen(constructor)]
    pub fn new(settings: &str) -> Result<Exchange, JsValue> {
        said(ExchangeSettings::parse(settings.as_bytes())).map(Exchange)
    }

    /// Begins the conversation about a delivery.
    ///
    /// # Errors
    /// `malformed` where it is no delivery; the message repeats nothing of it.
    pub fn begin(&self, delivery: &str, now_ms: f64) -> Result<Conversation, JsValue> {
        let begun = documents::Conversation::begin_json(Arc::clone(&self.0), delivery.as_bytes(), now_ms as i64)
            .and_then(|(conversation, first)| Ok(Conversation { conversation, turn: text(first.to_json()?)? }));
        said(begun)
    }
}

/// The conversation about one delivery.
#[wasm_bindgen]
pub struct Conversation {
    conversation: documents::Conversation,
    turn: String,
}

#[wasm_bindgen]
impl Conversation {
    /// The turn that it stands at.
    #[wasm_bindgen(getter)]
    pub fn turn(&self) -> String {
        self.turn.clone()
    }

    /// Takes in the answer to what was asked last, and gives the next turn.
    ///
    /// # Errors
    /// `malformed` where it is no answer, or the conversation is over. It stands where it stood.
    pub fn answered(&mut self, answer: &str, now_ms: f64) -> Result<String, JsValue> {
        let next = self.conversation.answered_json(answer.as_bytes(), now_ms as i64);
        self.turn = said(next.and_then(|turn| text(turn.to_json()?)))?;
        Ok(self.turn.clone())
    }
}

/// Reads the messages of one warehouse or shop.
#[wasm_bindgen]
pub struct Webhook(documents::Webhook);

#[wasm_bindgen]
impl Webhook {
    /// A reader of its settings.
    ///
    /// # Errors
    /// `malformed` where they are none; the message repeats no secret.
    #[wasm_bindgen(constructor)]
    pub fn new(settings: &str) -> Result<Webhook, JsValue> {
        said(documents::Webhook::parse(settings.as_bytes())).map(Webhook)
    }

    /// What a message asks for.
    ///
    /// # Errors
    /// `malformed` where the host's document is no message; what is wrong with the message itself stands in the answer.
    pub fn read(&self, message: &str, now_ms: f64) -> Result<String, JsValue> {
        said(self.0.read_json(message.as_bytes(), now_ms as i64).and_then(|told| text(told.to_json()?)))
    }
}

/// A look for a shop's orders from a time on.
#[wasm_bindgen]
pub struct Backfill(documents::Backfill);

#[wasm_bindgen]
impl Backfill {
    /// A look of its settings.
    ///
    /// # Errors
    /// `malformed` where they are none; the message repeats no secret.
    #[wasm_bindgen(constructor)]
    pub fn new(settings: &str, since_ms: f64) -> Result<Backfill, JsValue> {
        said(documents::Backfill::parse(settings.as_bytes(), since_ms as i64)).map(Backfill)
    }

    /// The next request, `null` at the end.
    ///
    /// # Errors
    /// None that a look of ours can meet.
    pub fn request(&mut self, now_ms: f64) -> Result<String, JsValue> {
        said(self.0.request_json(now_ms as i64).and_then(text))
    }

    /// Takes in the answer to the last request.
    ///
    /// # Errors
    /// `malformed` where it is no answer, or nothing was asked. The look stands where it stood.
    pub fn answered(&mut self, answer: &str, now_ms: f64) -> Result<String, JsValue> {
        said(self.0.answered_json(answer.as_bytes(), now_ms as i64).and_then(|page| text(page.to_json()?)))
    }
}
