//! Reads documents that hold what nobody may see: keys of shops, customers' names. What is wrong with one is said
//! without a word of it, since that word may be the secret.

use std::fmt::Display;

use serde::Deserialize;
use serde_json::error::Category;
use stockroom::{Error, ErrorKind, Result, read_json};

use crate::calls::text;

/// What serde calls the kinds of things that were not expected.
const KINDS: [&str; 12] = [
    "null",
    "string",
    "integer",
    "floating point",
    "boolean",
    "character",
    "map",
    "sequence",
    "unit variant",
    "newtype variant",
    "tuple variant",
    "struct variant",
];

/// Reads a document; says where it is not what it should be, and repeats nothing that stands in it.
pub(crate) fn parse_unquoted<'de, T: Deserialize<'de>>(bytes: &'de [u8], operation: &'static str) -> Result<T> {
    read_json(text(bytes, operation)?).map_err(|error| malformed(operation, unquoted(&error)))
}

/// A document that is not what it should be.
pub(crate) fn malformed(operation: &'static str, why: impl Into<String>) -> Error {
    Error::new(ErrorKind::Malformed, operation, why)
}

/// What was made of a document, where its settings are good.
pub(crate) fn good<T, F: Display>(made: Result<T, F>, operation: &'static str) -> Result<T> {
    made.map_err(|fault| malformed(operation, fault.to_string()))
}

/// The fault's text without what was found in the document. Only words of ours and of serde pass: the kind of fault,
/// the kind of thing, and behind the last "expected" what should have stood there.
fn unquoted(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if error.classify() != Category::Data {
        // Faults of the form quote nothing.
        return text;
    }
    let place = match error.line() {
        0 => String::new(),
        line => format!(" at line {line} column {}", error.column()),
    };
    let text = text.strip_suffix(&place).unwrap_or(&text);
    let expected = || text.rsplit_once(", expected ").map_or(String::new(), |(_, words)| format!(", expected {words}"));
    let what = if ["missing field `", "duplicate field `"].iter().any(|start| text.starts_with(start)) {
        // These are names of our own.
        text.to_owned()
    } else if let Some(found) = text.strip_prefix("invalid type: ") {
        let kind = KINDS.into_iter().find(|kind| found.starts_with(kind)).unwrap_or("something else");
        format!("invalid type: {kind}{}", expected())
    } else {
        let starts = ["unknown field", "unknown variant", "invalid value", "invalid length"];
        match starts.into_iter().find(|start| text.starts_with(start)) {
            Some(start) => format!("{start}{}", expected()),
            None => "it is not what it should be".to_owned(),
        }
    };
    what + &place
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case", deny_unknown_fields)]
    #[allow(dead_code)]
    enum Settings {
        Shop { token: String, pages: u8, more: Option<BTreeMap<u64, String>>, kind: Option<Kind> },
        Other(Untagged),
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Small,
        Large,
    }

    #[derive(Debug, Deserialize)]
    #[serde(untagged)]
    #[allow(dead_code)]
    enum Untagged {
        One(u8),
    }

    #[test]
    fn what_stands_in_a_document_is_not_repeated() {
        for (document, says) in [
            ("", "EOF while parsing a value at line 1 column 0"),
            ("s3cret", "expected value at line 1 column 1"),
            (r#""s3cret""#, "unknown variant, expected `shop` or `other` at line 1 column 8"),
            (r#"{"s3cret":{}}"#, "unknown variant, expected `shop` or `other` at line 1 column 9"),
            (r#"{"shop":"s3cret"}"#, "invalid type: string, expected struct variant Settings::Shop"),
            (r#"{"shop":{"token":["s3cret"]}}"#, "invalid type: sequence, expected a string"),
            (r#"{"shop":{"token":{"s3cret":1}}}"#, "invalid type: map, expected a string"),
            (r#"{"shop":{"token":123456}}"#, "invalid type: integer, expected a string"),
            (r#"{"shop":{"token":123456.5}}"#, "invalid type: floating point, expected a string"),
            (r#"{"shop":{"token":null}}"#, "invalid type: null, expected a string"),
            (r#"{"shop":{"s3cret":1}}"#, "unknown field, expected one of `token`, `pages`, `more`, `kind`"),
            (r#"{"shop":{"token, expected s3cret":1}}"#, "unknown field, expected one of `token`, `pages`"),
            (r#"{"shop":{"pages":", expected s3cret"}}"#, "invalid type: string, expected u8"),
            (r#"{"shop":{"pages":123456}}"#, "invalid value, expected u8"),
            (r#"{"shop":{"token":"s3cret"}}"#, "missing field `pages`"),
            (r#"{"shop":{"token":"s3cret","token":"s3cret"}}"#, "duplicate field `token`"),
            (r#"{"shop":{"more":{"s3cret":"x"}}}"#, "invalid"),
            (r#"{"shop":{"kind":"s3cret"}}"#, "unknown variant, expected `small` or `large`"),
            (r#"{"other":"s3cret"}"#, "it is not what it should be"),
        ] {
            let error = parse_unquoted::<Settings>(document.as_bytes(), "test").unwrap_err().to_string();
            assert!(error.contains(says), "{document}: {error}");
            assert!(!error.contains("s3cret") && !error.contains("123456"), "{document}: {error}");
        }
    }
}
