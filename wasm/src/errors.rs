//! Failures as JavaScript sees them: an `Error` with the fields of the document `failure`, of which the package makes a
//! `StockroomError`. Rejections are not failures and do not come here.

use js_sys::Reflect;
use stockroom::{Error, ErrorKind};
use stockroom_documents::Failure;
use wasm_bindgen::JsValue;

/// A failure, ready to be thrown. What the host's files said last goes along where SQLite only says that they failed.
pub(crate) fn thrown(error: &Error, host_said: Option<&str>) -> JsValue {
    let Failure { kind, code, retryable, operation, message } = Failure::from(error);
    let message = match host_said {
        Some(said) if matches!(error.kind(), ErrorKind::Io | ErrorKind::Full | ErrorKind::Unsupported) => {
            format!("{message} ({said})")
        }
        _ => message,
    };
    let value = JsValue::from(js_sys::Error::new(&message));
    let fields = [
        // JavaScript's errors call the name a code; the number is C's status.
        ("code", JsValue::from(kind)),
        ("number", JsValue::from(code)),
        ("retryable", JsValue::from(retryable)),
        ("operation", JsValue::from(operation)),
    ];
    for (name, field) in fields {
        // An error that was just made takes properties.
        drop(Reflect::set(&value, &JsValue::from(name), &field));
    }
    value
}

/// A result for JavaScript: a failure is thrown.
#[cfg(any(feature = "exchanges", feature = "steps"))]
pub(crate) fn said<T>(result: stockroom::Result<T>) -> Result<T, JsValue> {
    result.map_err(|error| thrown(&error, None))
}

/// A document for JavaScript, which takes texts.
pub(crate) fn text(document: Vec<u8>) -> stockroom::Result<String> {
    String::from_utf8(document)
        .map_err(|_| Error::new(ErrorKind::Corrupt, "wasm.document", "a document of ours is not UTF-8"))
}
