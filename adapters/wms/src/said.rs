//! What a remote said in JSON, of any shape, as it lies in the message: texts are copied where they were escaped, and
//! nowhere else. Most of what is said is not looked at.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

/// A value of JSON.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Said<'b> {
    Null,
    Bool(bool),
    Number(Number),
    String(Cow<'b, str>),
    Array(Vec<Said<'b>>),
    /// In their order. Of several fields with one name the last counts.
    Object(Vec<(Name<'b>, Said<'b>)>),
}

/// The name of a field.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Name<'b>(Cow<'b, str>);

impl<'b> Said<'b> {
    /// The field of an object.
    pub(crate) fn field(&self, name: &str) -> Option<&Said<'b>> {
        let Said::Object(fields) = self else { return None };
        fields.iter().rev().find(|(Name(known), _)| known == name).map(|(_, value)| value)
    }

    pub(crate) fn is_object(&self) -> bool {
        matches!(self, Said::Object(_))
    }

    pub(crate) fn as_bool(&self) -> Option<bool> {
        if let Said::Bool(value) = self { Some(*value) } else { None }
    }

    pub(crate) fn as_i64(&self) -> Option<i64> {
        if let Said::Number(number) = self { number.as_i64() } else { None }
    }

    pub(crate) fn as_u64(&self) -> Option<u64> {
        if let Said::Number(number) = self { number.as_u64() } else { None }
    }
}

impl<'de> Deserialize<'de> for Said<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SaidVisitor)
    }
}

struct SaidVisitor;

impl<'de> Visitor<'de> for SaidVisitor {
    type Value = Said<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any valid JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Said<'de>, E> {
        Ok(Said::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Said<'de>, E> {
        Ok(Said::Bool(value))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Said<'de>, E> {
        Ok(Said::Number(number.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Said<'de>, E> {
        Ok(Said::Number(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Said<'de>, E> {
        Ok(Number::from_f64(number).map_or(Said::Null, Said::Number))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Said<'de>, E> {
        Ok(Said::String(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Said<'de>, E> {
        Ok(Said::String(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Said<'de>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Said::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Said<'de>, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = entries.next_entry()? {
            fields.push(field);
        }
        Ok(Said::Object(fields))
    }
}

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(NameVisitor)
    }
}

struct NameVisitor;

impl<'de> Visitor<'de> for NameVisitor {
    type Value = Name<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Name<'de>, E> {
        Ok(Name(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Name<'de>, E> {
        Ok(Name(Cow::Owned(text.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value};

    use super::*;

    /// The same as serde_json's own tree has it.
    fn value(said: &Said<'_>) -> Value {
        match said {
            Said::Null => Value::Null,
            Said::Bool(value) => Value::Bool(*value),
            Said::Number(number) => Value::Number(number.clone()),
            Said::String(text) => Value::String(text.to_string()),
            Said::Array(items) => items.iter().map(value).collect(),
            Said::Object(fields) => {
                let fields: Map<_, _> =
                    fields.iter().map(|(Name(name), field)| (name.to_string(), value(field))).collect();
                Value::Object(fields)
            }
        }
    }

    #[test]
    fn it_reads_what_serde_json_reads() {
        let deep = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        let (deepest, too_deep) = (deep(127), deep(128));
        for text in [
            r#"{"id":"WH-1","status":"accepted"}"#,
            r#" { "a" : [ 1 , -1, 1.5, 1e2, -0, 18446744073709551615, 18446744073709551616, true, false, null ] } "#,
            r#"{"a":{"b":[{"c":"é\u00e9\n\"\ud83d\ude00"}]},"\u0061b":"","a":2}"#,
            r#"[[],{}]"#,
            "\"text\"",
            "1",
            "",
            "{",
            "{}{}",
            r#"{"a":1,}"#,
            r#"{"a" 1}"#,
            r#"{1:1}"#,
            r#"["\ud800"]"#,
            "[1e999]",
            "[\"\n\"]",
            &deepest,
            &too_deep,
        ] {
            let said = stockroom::read_json::<Said<'_>>(text);
            let expected = stockroom::read_json::<Value>(text);
            match (said, expected) {
                (Ok(said), Ok(expected)) => assert_eq!(value(&said), expected, "{text}"),
                (Err(said), Err(expected)) => assert_eq!(said.to_string(), expected.to_string(), "{text}"),
                (said, expected) => panic!("{text}: {said:?}, and not {expected:?}"),
            }
        }
    }

    #[test]
    fn the_last_of_two_fields_counts_and_plain_texts_are_not_copied() {
        let said: Said<'_> = stockroom::read_json(r#"{"a":1,"b":"\u0062","a":"x"}"#).unwrap();
        assert!(matches!(said.field("a"), Some(Said::String(Cow::Borrowed("x")))));
        assert!(matches!(said.field("b"), Some(Said::String(Cow::Owned(text))) if text == "b"));
        assert_eq!((said.field("c"), Said::Null.field("a")), (None, None));
    }
}
