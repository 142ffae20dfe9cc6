//! Parts of rows that most commands pass over: a store may hand them over as the JSON text that it has, and they are read
//! when somebody first asks.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, ErrorKind};
use crate::json_reader::read_json;

/// A value, or the text of one that nobody has looked at yet. Copies share what is read.
#[derive(Clone)]
pub struct Unread<T>(Arc<Part<T>>);

struct Part<T> {
    /// What the store has; `None` where the value was made here.
    text: Option<Box<str>>,
    value: OnceLock<T>,
}

impl<T> From<T> for Unread<T> {
    fn from(value: T) -> Self {
        Unread(Arc::new(Part { text: None, value: OnceLock::from(value) }))
    }
}

impl<T: DeserializeOwned> Unread<T> {
    /// A value by its JSON text. Whether it is one is found out when it is asked for.
    pub fn of_text(text: &str) -> Self {
        Unread(Arc::new(Part { text: Some(text.into()), value: OnceLock::new() }))
    }

    /// The value.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] where the text is none.
    pub fn get(&self) -> Result<&T, Error> {
        if let Some(value) = self.0.value.get() {
            return Ok(value);
        }
        let value = self.read()?;
        Ok(self.0.value.get_or_init(|| value))
    }

    /// The value as another type that borrows from it, or from the text where nobody has read that yet. Nothing is kept.
    pub(crate) fn view_as<'u, V: From<&'u T> + Deserialize<'u>>(&'u self) -> Result<V, Error> {
        match self.known() {
            Some(value) => Ok(value.into()),
            None => self.read(),
        }
    }

    /// The store's text, where nobody has read it yet.
    pub(crate) fn unread_text(&self) -> Option<&str> {
        if self.known().is_some() { None } else { self.0.text.as_deref() }
    }

    fn read<'u, V: Deserialize<'u>>(&'u self) -> Result<V, Error> {
        let unreadable = |why: String| Error::new(ErrorKind::Corrupt, "engine.read", why);
        let text = self.0.text.as_deref().ok_or_else(|| unreadable("a row lacks a part".to_owned()))?;
        read_json(text).map_err(|error| unreadable(format!("a part of a row: {error}")).with_source(error))
    }

    /// The value if it was read, or made here.
    pub(crate) fn known(&self) -> Option<&T> {
        self.0.value.get()
    }
}

impl<T: DeserializeOwned + PartialEq> PartialEq for Unread<T> {
    /// Texts that are the same are of the same value; a text that is none is equal to itself alone.
    fn eq(&self, other: &Self) -> bool {
        if Arc::ptr_eq(&self.0, &other.0) || (self.0.text.is_some() && self.0.text == other.0.text) {
            return true;
        }
        matches!((self.get(), other.get()), (Ok(one), Ok(other)) if one == other)
    }
}

impl<T: DeserializeOwned + Eq> Eq for Unread<T> {}

impl<T: DeserializeOwned + fmt::Debug> fmt::Debug for Unread<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.get() {
            Ok(value) => value.fmt(f),
            Err(_) => self.0.text.fmt(f),
        }
    }
}

impl<T: DeserializeOwned + Serialize> Serialize for Unread<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.get().map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Unread<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Unread::from)
    }
}

impl<T: JsonSchema> JsonSchema for Unread<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_when_it_is_asked_for_and_only_once() {
        let unread = Unread::<Vec<u32>>::of_text("[1, 2]");
        let copy = unread.clone();
        assert!(unread.known().is_none());
        assert_eq!(unread.get().unwrap(), &[1, 2]);
        assert!(std::ptr::eq(unread.get().unwrap(), copy.get().unwrap()), "copies share what is read");
        assert_eq!(copy.known(), Some(&vec![1, 2]));
        assert_eq!(serde_json::to_string(&unread).unwrap(), "[1,2]");
        assert_eq!(format!("{:?}", Unread::<Vec<u32>>::of_text("[1,2]")), "[1, 2]");
        assert_eq!(serde_json::from_str::<Unread<Vec<u32>>>("[1,2]").unwrap(), unread);
    }

    #[test]
    fn a_text_that_is_none_is_corrupt_whenever_it_is_asked_for() {
        for text in ["", "[", "{}", "[-1]"] {
            let unread = Unread::<Vec<u32>>::of_text(text);
            for _ in 0..2 {
                assert_eq!(unread.get().unwrap_err().kind(), ErrorKind::Corrupt, "{text}");
            }
            assert!(serde_json::to_string(&unread).is_err(), "{text}");
            assert_eq!(format!("{unread:?}"), format!("Some({text:?})"));
            assert_ne!(unread, Unread::from(Vec::new()), "{text}");
            assert_eq!(unread, Unread::of_text(text));
        }
    }

    #[test]
    fn what_is_the_same_is_equal_however_it_came() {
        let made = Unread::from(vec![1_u32]);
        assert_eq!(made, Unread::of_text("[1]"));
        assert_eq!(Unread::<Vec<u32>>::of_text("[ 1]"), Unread::of_text("[1]"));
        assert_ne!(made, Unread::of_text("[2]"));
        assert_ne!(made, Unread::from(vec![2]));
    }
}
