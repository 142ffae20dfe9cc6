//! Amounts as Shopify writes them, exactly: decimal texts (or JSON numbers, by their digits) to minor units. No float is
//! ever made of one.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use stockroom::money::decimals;

/// A decimal number as its text; empty for none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Decimal(pub(crate) String);

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Decimal(text_of(<&RawValue>::deserialize(deserializer)?)))
    }
}

/// The text of a JSON string or of a number as it stands; empty for all else.
pub(crate) fn text_of(raw: &RawValue) -> String {
    let raw = raw.get();
    match raw.as_bytes().first() {
        Some(b'"') => stockroom::read_json::<String>(raw).unwrap_or_default(),
        Some(b'-' | b'0'..=b'9') => raw.to_owned(),
        _ => String::new(),
    }
}

/// What is wrong with an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AmountFault {
    /// It is no plain decimal number.
    NoNumber,
    /// It has a part smaller than the currency's minor unit.
    TooFine,
    /// It is more than fits.
    TooLarge,
}

/// An amount in minor units of a currency with so many decimals. Zeros beyond them are nothing.
pub(crate) fn minor(text: &str, decimals: u8) -> Result<i64, AmountFault> {
    let text = text.trim();
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(fraction) || digits.ends_with('.') {
        return Err(AmountFault::NoNumber);
    }
    let decimals = usize::from(decimals);
    let (kept, rest) = fraction.split_at(fraction.len().min(decimals));
    if rest.bytes().any(|byte| byte != b'0') {
        return Err(AmountFault::TooFine);
    }
    let mut minor: i64 = 0;
    let padding = decimals - kept.len();
    for digit in whole.bytes().chain(kept.bytes()).chain(std::iter::repeat_n(b'0', padding)) {
        let next = minor.checked_mul(10).and_then(|minor| minor.checked_add(i64::from(digit - b'0')));
        minor = next.ok_or(AmountFault::TooLarge)?;
    }
    Ok(if is_negative { -minor } else { minor })
}

/// How many decimals a currency of Shopify has: ISO 4217, and codes that Shopify still uses for currencies that have a
/// successor there (`CurrencyCode` of the schema). The engine knows the former only.
pub(crate) fn currency_decimals(currency: &str) -> Option<u8> {
    decimals(currency)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact() {
        for (text, places, expected) in [
            ("29.99", 2, Ok(2999)),
            ("0.10", 2, Ok(10)),
            ("10", 2, Ok(1000)),
            ("10.0", 2, Ok(1000)),
            ("1000", 0, Ok(1000)),
            ("1000.00", 0, Ok(1000)),
            ("1000.5", 0, Err(AmountFault::TooFine)),
            ("1.234", 3, Ok(1234)),
            ("1.2", 3, Ok(1200)),
            ("29.999", 2, Err(AmountFault::TooFine)),
            ("29.99000000000000000000000000", 2, Ok(2999)),
            ("-5.00", 2, Ok(-500)),
            ("000.01", 2, Ok(1)),
            ("92233720368547758.07", 2, Ok(i64::MAX)),
            ("92233720368547758.08", 2, Err(AmountFault::TooLarge)),
            ("", 2, Err(AmountFault::NoNumber)),
            (".5", 2, Err(AmountFault::NoNumber)),
            ("5.", 2, Err(AmountFault::NoNumber)),
            ("1e3", 2, Err(AmountFault::NoNumber)),
            ("1,50", 2, Err(AmountFault::NoNumber)),
            ("+1", 2, Err(AmountFault::NoNumber)),
            ("--1", 2, Err(AmountFault::NoNumber)),
            ("1.-5", 2, Err(AmountFault::NoNumber)),
            ("٣", 2, Err(AmountFault::NoNumber)),
        ] {
            assert_eq!(minor(text, places), expected, "{text}");
        }
    }

    #[test]
    fn numbers_are_read_by_their_digits() {
        for (json, text) in [
            (r#""29.99""#, "29.99"),
            ("29.99", "29.99"),
            ("0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"),
            ("null", ""),
            ("true", ""),
            ("{}", ""),
            (r#""\u0031.5""#, "1.5"),
        ] {
            assert_eq!(serde_json::from_str::<Decimal>(json).unwrap().0, text, "{json}");
        }
    }
}
