//! Reading JSON documents into the types that serde derives readers for.
//!
//! serde_json reads a struct from an object and from an array of its fields as well, and a derived reader has code for
//! both. Of ours only a few are ever written as arrays, and that code was a good part of all that reads documents in a
//! library that is to be small: 193,632 of the 4,345,120 bytes that libstockroom has without this file. So this asks
//! serde_json for an object where a struct is to be read, but where the type says that it may be an array; everything else
//! is serde_json's own affair.

use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor,
};

/// Reads a document from JSON text. Structs are objects.
///
/// All readers go this one way, so that the code for each type is there once.
///
/// # Errors
/// As serde_json has them: text that is no JSON, or another document than `T`.
pub fn read_json<'de, T: Deserialize<'de>>(text: &'de str) -> serde_json::Result<T> {
    let mut json = serde_json::Deserializer::from_str(text);
    let document = T::deserialize(Reader(&mut json))?;
    json.end()?;
    Ok(document)
}

/// The same from bytes, which have to be UTF-8 throughout.
///
/// # Errors
/// As [`read_json`], and where they are not.
pub fn read_json_bytes<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> serde_json::Result<T> {
    read_json(std::str::from_utf8(bytes).map_err(|_| serde_json::Error::custom("it is not UTF-8"))?)
}

/// A deserializer that reads structs from maps.
struct Reader<D>(D);

/// Hands on what stands within a value, read the same way.
struct Within<T>(T);

/// Calls of a deserializer that need nothing of ours.
macro_rules! as_it_is {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.0.$method(visitor)
        })*
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Reader<D> {
    type Error = D::Error;

    as_it_is! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64
        deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf deserialize_unit
        deserialize_identifier deserialize_ignored_any
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(Within(visitor))
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_unit_struct(name, visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_option(Within(visitor))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, D::Error> {
        // Not `visit_newtype_struct` at once: serde_json reads some of its own types by their names here.
        self.0.deserialize_newtype_struct(name, Within(visitor))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_seq(Within(visitor))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_seq(Within(visitor))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_seq(Within(visitor))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(Within(visitor))
    }

    /// In WebAssembly a function of its own for each type: the readers of all commands in one are so large that its engines
    /// take a second to translate it. (In a native library that made them larger.)
    #[cfg_attr(target_family = "wasm", inline(never))]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(Within(visitor))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_enum(name, variants, Within(visitor))
    }
}

/// Values that hold nothing.
macro_rules! leaves {
    ($($method:ident: $type:ty)*) => {
        $(fn $method<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.0.$method(value)
        })*
    };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Within<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    leaves! {
        visit_bool: bool visit_i64: i64 visit_u64: u64 visit_f64: f64 visit_str: &str visit_borrowed_str: &'de str
        visit_string: String
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, value: D) -> Result<V::Value, D::Error> {
        self.0.visit_some(Reader(value))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, value: D) -> Result<V::Value, D::Error> {
        self.0.visit_newtype_struct(Reader(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(Within(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Within(entries))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, choice: A) -> Result<V::Value, A::Error> {
        self.0.visit_enum(Within(choice))
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Within<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Reader(value))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Within<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_element_seed(Within(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Within<A> {
    type Error = A::Error;

    /// A key is a text, and holds nothing.
    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.0.next_value_seed(Within(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: EnumAccess<'de>> EnumAccess<'de> for Within<A> {
    type Error = A::Error;
    type Variant = Within<A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), A::Error> {
        let (variant, content) = self.0.variant_seed(seed)?;
        Ok((variant, Within(content)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Within<A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.0.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.0.newtype_variant_seed(Within(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.0.tuple_variant(length, Within(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, A::Error> {
        self.0.newtype_variant_seed(Fields(visitor))
    }
}

/// The fields of a variant, as an object.
struct Fields<V>(V);

impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for Fields<V> {
    type Value = V::Value;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<V::Value, D::Error> {
        value.deserialize_map(Within(self.0))
    }
}

/// Reads a struct from an object or from an array of its fields, whatever the deserializer under it does.
pub(crate) struct Listed<D>(pub(crate) D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Listed<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// Types that are read from objects and from arrays. They derive serde's traits with `remote = "Self"`, which makes
/// functions of their readers and writers; here are the traits.
macro_rules! listed {
    ($($type:ident)*) => {
        $(
            impl<'de> serde::Deserialize<'de> for $type {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    $type::deserialize($crate::json_reader::Listed(deserializer))
                }
            }

            impl serde::Serialize for $type {
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    $type::serialize(self, serializer)
                }
            }
        )*
    };
}
pub(crate) use listed;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Serialize};
    use serde_json::value::RawValue;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        number: i64,
        #[serde(default)]
        text: Option<String>,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Name(String);

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Unit,
        New(Inner),
        Boxed(Box<Kind>),
        Pair(u8, Inner),
        Fields { inner: Inner, more: Vec<Inner> },
    }

    #[derive(Debug, Serialize, Deserialize)]
    struct Outer {
        name: Name,
        kinds: Vec<Kind>,
        pairs: BTreeMap<u16, (Inner, f64)>,
        value: serde_json::Value,
        raw: Box<RawValue>,
    }

    fn inner(number: i64, text: Option<&str>) -> Inner {
        Inner { number, text: text.map(str::to_owned) }
    }

    #[test]
    fn what_was_written_is_read() {
        let outer = Outer {
            name: Name("a\"b\\c\n\u{1F600}".to_owned()),
            kinds: vec![
                Kind::Unit,
                Kind::New(inner(i64::MIN, None)),
                Kind::Boxed(Box::new(Kind::Pair(7, inner(1, Some("ü"))))),
                Kind::Fields { inner: inner(2, Some("")), more: vec![inner(3, None)] },
            ],
            pairs: BTreeMap::from([(1, (inner(4, None), 0.5)), (2, (inner(5, None), -1.0))]),
            value: serde_json::json!({"any": [1, null, {"thing": true}]}),
            raw: serde_json::from_str(r#"{"as": "it", "stands" : [1.0]}"#).unwrap(),
        };
        for text in [serde_json::to_string(&outer).unwrap(), serde_json::to_string_pretty(&outer).unwrap()] {
            let read = read_json::<Outer>(&text).unwrap();
            assert_eq!(read.raw.get(), outer.raw.get());
            assert_eq!(format!("{read:?}"), format!("{outer:?}"));
        }
        // A kind without content may be an object of none.
        assert_eq!(read_json::<Vec<Kind>>(r#"[{"unit":null},"unit"]"#).unwrap(), [Kind::Unit, Kind::Unit]);
        assert_eq!(read_json_bytes::<Vec<&RawValue>>(b"[ 1.50 ]").unwrap()[0].get(), "1.50");
        assert!(read_json_bytes::<serde_json::Value>(b"\"\xff\"").is_err());
    }

    /// Beside arrays in the place of objects, what is refused is what serde_json refuses, in the same words.
    #[test]
    fn what_is_wrong_is_said_as_serde_json_says_it() {
        for text in [
            "",
            "{",
            "[]x",
            r#"[{"new":{"number":1}} , ]"#,
            r#"["none"]"#,
            r#"["new"]"#,
            r#"[{"none":1}]"#,
            r#"[{"new":{"number":"1"}}]"#,
            r#"[{"new":{"text":"1"}}]"#,
            r#"[{"new":{"number":1,"number":1}}]"#,
            r#"[{"new":{"number":1,"other":1}}]"#,
            r#"[{"new":{"number":1}, "unit": null}]"#,
            r#"[{"fields":{"inner":{"number":1}}}]"#,
            r#"[{"fields":"inner"}]"#,
            r#"[{"pair":[1]}]"#,
            r#"[{"unit":1}]"#,
            r#"[{"boxed":"new"}]"#,
        ] {
            let theirs = serde_json::from_str::<Vec<Kind>>(text).unwrap_err().to_string();
            assert_eq!(read_json::<Vec<Kind>>(text).unwrap_err().to_string(), theirs, "{text}");
        }
    }

    #[test]
    fn an_array_is_no_object() {
        for text in [r#"[{"new":[1,null]}]"#, r#"[{"fields":[{"number":1},[]]}]"#] {
            assert!(serde_json::from_str::<Vec<Kind>>(text).is_ok());
            assert!(read_json::<Vec<Kind>>(text).unwrap_err().to_string().contains("invalid type: sequence"), "{text}");
        }
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(remote = "Self")]
    struct Fact {
        number: i64,
        inner: Inner,
        #[serde(default)]
        more: u8,
    }
    listed!(Fact);

    #[test]
    fn an_array_is_an_object_where_the_type_says_so() {
        let fact = Fact { number: -1, inner: inner(1, Some("a\"b")), more: 0 };
        let object = serde_json::to_string(&fact).unwrap();
        assert_eq!(object, r#"{"number":-1,"inner":{"number":1,"text":"a\"b"},"more":0}"#);
        for text in [object.as_str(), r#"[-1,{"number":1,"text":"a\"b"}]"#, r#"[-1,{"number":1,"text":"a\"b"},0]"#] {
            assert_eq!(read_json::<Fact>(text).unwrap(), fact, "{text}");
            assert_eq!(serde_json::from_str::<Fact>(text).unwrap(), fact, "{text}");
        }
        for text in ["[-1]", "[-1,[1,null]]", r#"{"number":-1}"#, "1", r#"[-1,{"number":1},0,0]"#] {
            assert!(read_json::<Fact>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_document_that_is_deep_is_refused() {
        let deep = r#"{"boxed":"#.repeat(200) + "\"unit\"" + &"}".repeat(200);
        assert!(read_json::<Kind>(&deep).unwrap_err().to_string().contains("recursion limit"));
    }
}
