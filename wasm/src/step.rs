//! A call of the engine over a database that JavaScript has itself, step by step: what it needs of it, what it is given, and
//! in the end what to write there. Documents as text, as everywhere.

use serde::Serialize;
use serde_json::value::RawValue;
use stockroom::ports::Store;
use stockroom::{Error, ErrorKind, Result, Stockroom, read_json_bytes};
use stockroom_documents::{self as documents, AnyStockroom};
use stockroom_keyvalue::{Decided, Expected, Needs, Supply, Turn};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::errors::{said, text};

/// A call on its way.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Step {
    step: stockroom_keyvalue::Step,
    call: fn(&AnyStockroom, &[u8]) -> Result<Vec<u8>>,
    document: Vec<u8>,
    now_ms: i64,
}

/// How far it has come, as a document.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum TurnDocument<'t> {
    Needs(&'t Needs),
    Decided { answer: &'t RawValue, expects: &'t Option<Expected>, writes: &'t [(String, Option<String>)] },
}

#[wasm_bindgen]
impl Step {
    /// Begins a call of the database's (`execute`, `executeBatch`, `preview`, `read`) at a time.
    ///
    /// # Errors
    /// `unsupported` where there is no such call.
    #[wasm_bindgen(constructor)]
    pub fn new(call: &str, document: &[u8], now_ms: f64) -> Result<Step, JsValue> {
        let call = match call {
            "execute" => documents::execute,
            "executeBatch" => documents::execute_batch,
            "preview" => documents::preview,
            "read" => documents::read_any,
            _ => {
                let message = format!("there is no call {call}");
                return said(Err(Error::new(ErrorKind::Unsupported, "wasm.step", message)));
            }
        };
        Ok(Step { step: stockroom_keyvalue::Step::new(), call, document: document.to_vec(), now_ms: now_ms as i64 })
    }

    /// Decides as far as what was supplied allows: `{"needs":…}`, or `{"decided":…}` with the answer.
    ///
    /// # Errors
    /// As the call's.
    pub fn advance(&mut self) -> Result<String, JsValue> {
        let now_ms = self.now_ms;
        let turn = self.step.advance(|store| {
            let stockroom = Stockroom::new(Box::new(store) as Box<dyn Store>, move || now_ms);
            (self.call)(&stockroom, &self.document)
        });
        said(turn.and_then(|turn| document(&turn)))
    }

    /// Takes in what was needed: `{"cells":[…],"ranges":[[[KEY,CELL],…],…]}`.
    ///
    /// # Errors
    /// `malformed` where it is not what was asked for; nothing of it is taken in.
    pub fn supply(&mut self, supply: &[u8]) -> Result<(), JsValue> {
        let read = |error: serde_json::Error| Error::new(ErrorKind::Malformed, "wasm.step", error.to_string());
        said(read_json_bytes::<Supply>(supply).map_err(read).and_then(|supply| self.step.supply(supply)))
    }
}

fn document(turn: &Turn<Vec<u8>>) -> Result<String> {
    let unwritable = |error: serde_json::Error| Error::new(ErrorKind::InvariantBroken, "wasm.step", error.to_string());
    let answered;
    let turn = match turn {
        Turn::Needs(needs) => TurnDocument::Needs(needs),
        Turn::Decided(Decided { answer, expects, writes }) => {
            answered = text(answer.clone()).and_then(|text| RawValue::from_string(text).map_err(unwritable))?;
            TurnDocument::Decided { answer: &answered, expects, writes }
        }
    };
    serde_json::to_string(&turn).map_err(unwritable)
}
