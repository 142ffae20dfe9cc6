//! Names and numbers. Hosts name things with text; the engine numbers them, and the numbers are what
//! rows are keyed by.

use std::sync::Arc;

use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, Serialize};

/// A name that many rows share: a SKU, a location or a channel.
pub type Name = Arc<str>;

/// Reads a name as serde does by itself, without a `String` on the way: for documents that are read by the thousand.
///
/// # Errors
/// Where there is no text.
pub(crate) fn read_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Name, D::Error> {
    struct AName;

    impl Visitor<'_> for AName {
        type Value = Name;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a string")
        }

        fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Name, E> {
            Ok(name.into())
        }
    }

    deserializer.deserialize_str(AName)
}

/// The longest SKU, in bytes of UTF-8.
pub const SKU_BYTES_MAX: usize = 128;
/// The longest order, hold, location, channel or subscription id, in bytes of UTF-8.
pub const ID_BYTES_MAX: usize = 64;
/// The longest idempotency key, in bytes of UTF-8.
pub const KEY_BYTES_MAX: usize = 128;
/// The longest free text (note, reason, reference), in bytes of UTF-8.
pub const TEXT_BYTES_MAX: usize = 2000;
/// The most lines that one order, hold or delivery note may have.
pub const LINES_MAX: usize = 10_000;
/// The most pairs of metadata on one order.
pub const METADATA_MAX: usize = 50;
/// The most locations there can be: their number is the low 16 bits of a stock row's.
pub const LOCATIONS_MAX: u64 = 65_535;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[derive(schemars::JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl $name {
            /// The number as stores keep it.
            #[cfg_attr(target_family = "wasm", inline)]
            pub fn as_i64(self) -> i64 {
                i64::try_from(self.0).unwrap_or(i64::MAX)
            }

            /// The number read from a store.
            pub fn from_i64(number: i64) -> Self {
                $name(u64::try_from(number).unwrap_or(0))
            }
        }
    };
}

number! {
    /// A SKU's number, from 1 in the order of registration.
    SkuNumber
}
number! {
    /// A location's number, from 1 in the order of registration; at most [`LOCATIONS_MAX`].
    LocationNumber
}
number! {
    /// An order's number, from 1 in the order of placing.
    OrderNumber
}
number! {
    /// A stock row's number: its SKU's number × 65536 + its location's.
    StockNumber
}

impl StockNumber {
    /// The row of a SKU at a location.
    ///
    /// ```
    /// use stockroom::{LocationNumber, SkuNumber, StockNumber};
    /// let stock = StockNumber::of(SkuNumber(3), LocationNumber(2));
    /// assert_eq!(stock, StockNumber(3 * 65536 + 2));
    /// assert_eq!((stock.sku(), stock.location()), (SkuNumber(3), LocationNumber(2)));
    /// ```
    #[cfg_attr(target_family = "wasm", inline)]
    pub fn of(sku: SkuNumber, location: LocationNumber) -> Self {
        StockNumber((sku.0 << 16) | (location.0 & 0xffff))
    }

    /// The SKU's number.
    #[cfg_attr(target_family = "wasm", inline)]
    pub fn sku(self) -> SkuNumber {
        SkuNumber(self.0 >> 16)
    }

    /// The location's number.
    #[cfg_attr(target_family = "wasm", inline)]
    pub fn location(self) -> LocationNumber {
        LocationNumber(self.0 & 0xffff)
    }
}

/// What is wrong with a text that should be a name, or `None`. Names are 1 to `bytes_max` bytes
/// without control characters; case and inner spaces are kept as they are.
///
/// ```
/// use stockroom::ids::name_fault;
/// assert_eq!(name_fault("85123A", 64), None);
/// assert_eq!(name_fault("", 64), Some("is empty"));
/// assert_eq!(name_fault("a\0b", 64), Some("has a control character"));
/// assert_eq!(name_fault("abc", 2), Some("is too long"));
/// ```
#[cfg_attr(target_family = "wasm", inline)]
pub fn name_fault(text: &str, bytes_max: usize) -> Option<&'static str> {
    if text.is_empty() { Some("is empty") } else { text_fault(text, bytes_max) }
}

/// What is wrong with a free text, or `None`. It may be empty and may have line breaks and tabs.
#[cfg_attr(target_family = "wasm", inline)]
pub fn text_fault(text: &str, bytes_max: usize) -> Option<&'static str> {
    if text.len() > bytes_max {
        return Some("is too long");
    }
    // ASCII without control bytes, which nearly every text is, needs no decoding.
    if text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return None;
    }
    let control = |c: char| c.is_control() && !(bytes_max >= TEXT_BYTES_MAX && matches!(c, '\n' | '\r' | '\t'));
    text.chars().any(control).then_some("has a control character")
}
