//! JSON from outside, read leniently and without floats: a number is its digits, a field that is not what it should be
//! is as good as absent. PHP writes an empty object as `[]`, plugins write numbers as texts and texts as numbers.
//! Nothing here trusts a byte or decides anything.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::decimal::Decimal;

/// A body as text that JSON can be read from: without a byte order mark, and with a space for each raw control
/// character, which some plugins let into texts and JSON forbids there.
pub(crate) fn cleaned(body: &[u8]) -> String {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    String::from_utf8_lossy(body).chars().map(|c| if c.is_ascii_control() { ' ' } else { c }).collect()
}

/// An object: its fields as they stand in the text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Object<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> Object<'a> {
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        stockroom::read_json(text).ok().map(Object)
    }

    /// The field as it stands in the text; empty where it is absent.
    pub(crate) fn raw(&self, name: &str) -> &'a str {
        self.0.get(name).map_or("", |value| value.get())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        !matches!(self.raw(name), "" | "null")
    }

    /// A text, or a number as its digits, trimmed and with spaces for control characters. An empty one is none.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let raw = self.raw(name);
        let text = if raw.starts_with('"') {
            stockroom::read_json::<String>(raw).ok()?
        } else if raw.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
            raw.to_owned()
        } else {
            return None;
        };
        let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// A number, or a text that is one.
    pub(crate) fn number(&self, name: &str) -> Option<Decimal> {
        Decimal::parse(&self.text(name)?)
    }

    /// A number that names something: whole and above 0.
    pub(crate) fn id(&self, name: &str) -> Option<u64> {
        let text = self.text(name)?;
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse().ok().filter(|id| *id > 0)).flatten()
    }

    pub(crate) fn object(&self, name: &str) -> Option<Object<'a>> {
        Object::parse(self.0.get(name)?.get())
    }

    /// The entries of a list; none where it is no list.
    pub(crate) fn list(&self, name: &str) -> Option<Vec<&'a RawValue>> {
        list(self.0.get(name)?.get())
    }
}

/// The entries of a list.
pub(crate) fn list(text: &str) -> Option<Vec<&RawValue>> {
    stockroom::read_json(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_as_far_as_they_can_be() {
        let text = cleaned(
            b"\xef\xbb\xbf{\"a\":\"x\x01y\",\"b\":1.50,\"c\":\" 7 \",\"d\":[],\"e\":null,\"f\":{\"g\":3},\
            \"h\":-1,\"i\":\"\",\"j\":true,\"k\":\"a\\u0000b\",\"l\":\"\\ud800\",\"m\":1e3}\n",
        );
        let object = Object::parse(&text).unwrap();
        assert_eq!(object.text("a").as_deref(), Some("x y"));
        assert_eq!(object.text("b").as_deref(), Some("1.50"));
        assert_eq!(object.number("b"), Decimal::parse("1.5"));
        assert_eq!((object.id("c"), object.id("h"), object.id("b"), object.id("m")), (Some(7), None, None, None));
        assert!(object.object("d").is_none() && object.list("d").unwrap().is_empty());
        assert!(!object.has("e") && !object.has("z") && object.has("d"));
        assert_eq!(object.object("f").and_then(|inner| inner.id("g")), Some(3));
        assert_eq!((object.text("i"), object.text("j"), object.raw("j")), (None, None, "true"));
        assert_eq!(object.text("k").as_deref(), Some("a b"));
        assert_eq!(object.text("l"), None);
    }

    #[test]
    fn what_is_no_object_is_none() {
        for text in ["", "[]", "null", "1", "\"a\"", "{\"a\":", "<html>", "{\"a\":1}x"] {
            assert!(Object::parse(text).is_none(), "{text}");
        }
        let deep = "[".repeat(100_000);
        assert!(Object::parse(&deep).is_none() && list(&deep).is_none());
    }
}
