//! Failures as JavaScript sees them: an `Error` with a stable `code`, whether a retry can help, and the operation
//! that failed. The package makes a `StockroomError` of it. Rejections are not failures and do not come here.

use js_sys::Reflect;
use stockroom::{Error, ErrorKind};
use wasm_bindgen::JsValue;

/// The code of a kind of failure: its name in Rust, in lower case.
pub(crate) fn code(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Busy => "busy",
        ErrorKind::Io => "io",
        ErrorKind::Full => "full",
        ErrorKind::Corrupt => "corrupt",
        ErrorKind::SchemaTooNew => "schema_too_new",
        ErrorKind::Unsupported => "unsupported",
        ErrorKind::InvariantBroken => "invariant_broken",
        ErrorKind::Aborted => "aborted",
        ErrorKind::Malformed => "malformed",
        _ => "unknown",
    }
}

/// A failure, ready to be thrown. What the host's files said last goes along where SQLite only says that they failed.
pub(crate) fn thrown(error: &Error, host_said: Option<&str>) -> JsValue {
    let text = match host_said {
        Some(said) if matches!(error.kind(), ErrorKind::Io | ErrorKind::Full | ErrorKind::Unsupported) => {
            format!("{error} ({said})")
        }
        _ => error.to_string(),
    };
    let value = JsValue::from(js_sys::Error::new(&text));
    let fields = [
        ("code", JsValue::from(code(error.kind()))),
        ("retryable", JsValue::from(error.is_retryable())),
        ("operation", JsValue::from(error.operation())),
    ];
    for (name, field) in fields {
        // An error that was just made takes properties.
        drop(Reflect::set(&value, &JsValue::from(name), &field));
    }
    value
}

/// A document that could not be read.
pub(crate) fn malformed(operation: &'static str, error: serde_json::Error) -> Error {
    Error::new(ErrorKind::Malformed, operation, error.to_string())
}
