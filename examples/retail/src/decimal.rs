//! Decimal text as an exact integer: prices in pence, quantities in units. No float is involved, so that 2.55 is
//! 255 and 0.001 is not whole pence.

use std::fmt;

/// Why a decimal text is not the integer that it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotExact {
    /// It is no decimal number: empty, with letters, with an exponent.
    NotDecimal,
    /// It is a number with more decimals than its unit has.
    NotWhole,
    /// It is a number that is too large for 64 bits.
    TooLarge,
}

impl fmt::Display for NotExact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NotExact::NotDecimal => "is not a decimal number",
            NotExact::NotWhole => "is not whole",
            NotExact::TooLarge => "is too large",
        })
    }
}

/// A price in pounds as pence.
pub(crate) fn pence(text: &str) -> Result<i64, NotExact> {
    scaled(text, 2)
}

/// A quantity as units.
pub(crate) fn units(text: &str) -> Result<i64, NotExact> {
    scaled(text, 0)
}

/// The number times ten to the power of `decimals`. Zeros may follow, other digits may not.
fn scaled(text: &str, decimals: usize) -> Result<i64, NotExact> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
    if !all_digits || (whole.is_empty() && fraction.is_empty()) {
        return Err(NotExact::NotDecimal);
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > decimals {
        return Err(NotExact::NotWhole);
    }
    let zeros = std::iter::repeat_n(b'0', decimals - fraction.len());
    let magnitude = whole
        .bytes()
        .chain(fraction.bytes())
        .chain(zeros)
        .try_fold(0_i64, |number, digit| number.checked_mul(10)?.checked_add(i64::from(digit - b'0')));
    let magnitude = magnitude.ok_or(NotExact::TooLarge)?;
    Ok(if negative { -magnitude } else { magnitude })
}

#[cfg(test)]
mod tests {
    use super::NotExact::{NotDecimal, NotWhole, TooLarge};
    use super::*;

    #[test]
    fn prices_are_exact_pence_or_refused() {
        let table = [
            ("2.55", Ok(255)),
            ("2.5", Ok(250)),
            ("2.", Ok(200)),
            ("2", Ok(200)),
            (".55", Ok(55)),
            ("0.29", Ok(29)),
            ("1.10", Ok(110)),
            ("2.550000", Ok(255)),
            ("0", Ok(0)),
            ("0.0", Ok(0)),
            ("-0.00", Ok(0)),
            ("+1.00", Ok(100)),
            (" 1.25 ", Ok(125)),
            ("-11062.06", Ok(-1_106_206)),
            ("007.10", Ok(710)),
            // Numbers that a float would get wrong.
            ("4.35", Ok(435)),
            ("90071992547409.93", Ok(9_007_199_254_740_993)),
            ("92233720368547758.07", Ok(i64::MAX)),
            ("92233720368547758.08", Err(TooLarge)),
            ("100000000000000000000000", Err(TooLarge)),
            ("0.001", Err(NotWhole)),
            ("2.555", Err(NotWhole)),
            ("-0.001", Err(NotWhole)),
            ("2.5500000000000003", Err(NotWhole)),
            ("", Err(NotDecimal)),
            (".", Err(NotDecimal)),
            ("-", Err(NotDecimal)),
            ("--1", Err(NotDecimal)),
            ("+-1", Err(NotDecimal)),
            ("1.2.3", Err(NotDecimal)),
            ("1,25", Err(NotDecimal)),
            ("1e2", Err(NotDecimal)),
            ("£1.00", Err(NotDecimal)),
            ("1 000", Err(NotDecimal)),
            ("١", Err(NotDecimal)),
            ("NaN", Err(NotDecimal)),
        ];
        for (text, expected) in table {
            assert_eq!(pence(text), expected, "{text:?}");
        }
    }

    #[test]
    fn quantities_are_whole_units_or_refused() {
        let table = [
            ("6", Ok(6)),
            ("-6", Ok(-6)),
            ("0", Ok(0)),
            ("6.0", Ok(6)),
            ("9223372036854775807", Ok(i64::MAX)),
            ("9223372036854775808", Err(TooLarge)),
            // The negation of every quantity that is taken is a quantity: a return turns the sign.
            ("-9223372036854775808", Err(TooLarge)),
            ("2.5", Err(NotWhole)),
            ("six", Err(NotDecimal)),
            ("", Err(NotDecimal)),
        ];
        for (text, expected) in table {
            assert_eq!(units(text), expected, "{text:?}");
        }
    }
}
