//! Decimal numbers as they are written, without floats: prices to minor units, quantities to whole units. PHP writes
//! the result of its float arithmetic, such as `14.309999999999999`, and plugins write quantities such as `5.0`.

/// The most digits that count. More are no price and no quantity.
const DIGITS_MAX: usize = 30;
/// The largest exponent, either way, that a number may be written with.
const EXPONENT_MAX: i32 = 40;

/// A decimal number: digits × 10^-scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    digits: i128,
    scale: u32,
}

/// A whole number that a decimal comes to, and whether nothing was rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rounded {
    pub(crate) number: i64,
    pub(crate) exact: bool,
}

impl Decimal {
    /// Reads a number: digits, with a sign, a fraction and an exponent where there are any.
    pub(crate) fn parse(text: &str) -> Option<Decimal> {
        let text = text.trim();
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.strip_prefix('+').unwrap_or(exponent).parse().ok()?),
            None => (text, 0_i32),
        };
        let is_negative = mantissa.starts_with('-');
        let mantissa = mantissa.strip_prefix(['-', '+']).unwrap_or(mantissa);
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.len() + fraction.len() == 0 || !are_digits(whole) || !are_digits(fraction) {
            return None;
        }
        let fraction = fraction.trim_end_matches('0');
        let text = [whole.trim_start_matches('0'), fraction].concat();
        if text.len() > DIGITS_MAX || exponent.checked_abs()? > EXPONENT_MAX {
            return None;
        }
        let digits: i128 = if text.is_empty() { 0 } else { text.parse().ok()? };
        if digits == 0 {
            return Some(Decimal { digits: 0, scale: 0 });
        }
        let digits = if is_negative { -digits } else { digits };
        let scale = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        match u32::try_from(scale) {
            Ok(scale) => Some(Decimal { digits, scale }),
            Err(_) => {
                Some(Decimal { digits: digits.checked_mul(10_i128.checked_pow(scale.unsigned_abs())?)?, scale: 0 })
            }
        }
    }

    /// The whole units in it: what is left of the fraction, downwards.
    pub(crate) fn floor(self) -> Option<i64> {
        match 10_i128.checked_pow(self.scale) {
            Some(unit) => i64::try_from(self.digits.div_euclid(unit)).ok(),
            // So many decimals that only the sign is left.
            None => Some(if self.digits < 0 { -1 } else { 0 }),
        }
    }

    /// The number in minor units of so many decimals, where it is a whole number of them.
    pub(crate) fn minor(self, decimals: u8) -> Option<i64> {
        let rounded = self.minor_each(1, decimals)?;
        rounded.exact.then_some(rounded.number)
    }

    /// One of `count` equal parts, in minor units, rounded half away from zero.
    pub(crate) fn minor_each(self, count: i64, decimals: u8) -> Option<Rounded> {
        let shift = self.scale.checked_sub(u32::from(decimals));
        let (numerator, divisor) = match shift {
            Some(shift) => (self.digits, 10_i128.checked_pow(shift)?),
            None => {
                let factor = 10_i128.checked_pow(u32::from(decimals) - self.scale)?;
                (self.digits.checked_mul(factor)?, 1)
            }
        };
        let divisor = divisor.checked_mul(i128::from(count)).filter(|divisor| *divisor > 0)?;
        let (quotient, rest) = (numerator / divisor, numerator % divisor);
        let up = if rest.unsigned_abs().checked_mul(2)? >= divisor.unsigned_abs() { numerator.signum() } else { 0 };
        Some(Rounded { number: i64::try_from(quotient.checked_add(up)?).ok()?, exact: rest == 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_units() {
        for (text, units) in [
            ("5", Some(5)),
            ("5.0", Some(5)),
            ("005", Some(5)),
            ("-3", Some(-3)),
            ("+3", Some(3)),
            ("2.5", Some(2)),
            ("-2.5", Some(-3)),
            ("0", Some(0)),
            ("-0.0", Some(0)),
            ("5e2", Some(500)),
            ("5E+2", Some(500)),
            ("1.5e-40", Some(0)),
            ("-1e-40", Some(-1)),
            ("9223372036854775807", Some(i64::MAX)),
            ("9223372036854775808", None),
            ("1e40", None),
            ("1e41", None),
            ("1e-2147483648", None),
            ("1e99999999999", None),
            ("", None),
            (".", None),
            ("-", None),
            ("1,5", None),
            ("0x5", None),
            ("NaN", None),
            ("1.2.3", None),
            ("1234567890123456789012345678901", None),
        ] {
            assert_eq!(Decimal::parse(text).and_then(Decimal::floor), units, "{text:?}");
        }
    }

    #[test]
    fn minor_units_are_exact_or_none() {
        for (text, decimals, minor) in [
            ("14.31", 2, Some(1431)),
            ("14.310000", 2, Some(1431)),
            ("14.3", 2, Some(1430)),
            ("14", 2, Some(1400)),
            ("1.431e1", 2, Some(1431)),
            ("-10.00", 2, Some(-1000)),
            ("14.309999999999999", 2, None),
            ("0.001", 2, None),
            ("500", 0, Some(500)),
            ("500.5", 0, None),
            ("1.234", 3, Some(1234)),
            ("92233720368547758.07", 2, Some(i64::MAX)),
            ("92233720368547758.08", 2, None),
        ] {
            assert_eq!(Decimal::parse(text).and_then(|number| number.minor(decimals)), minor, "{text} {decimals}");
        }
    }

    #[test]
    fn parts_say_whether_they_are_rounded() {
        for (text, count, number, exact) in [
            ("42.93", 3, 1431, true),
            ("10.00", 3, 333, false),
            ("0.05", 10, 1, false),
            ("0.04", 10, 0, false),
            ("-0.05", 10, -1, false),
            ("14.309999999999999", 1, 1431, false),
        ] {
            let rounded = Decimal::parse(text).unwrap().minor_each(count, 2);
            assert_eq!(rounded, Some(Rounded { number, exact }), "{text} / {count}");
        }
        for count in [0, -1] {
            assert_eq!(Decimal::parse("1").unwrap().minor_each(count, 2), None);
        }
    }
}
