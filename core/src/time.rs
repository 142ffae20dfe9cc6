//! Points in time, as milliseconds since the Unix epoch (UTC). The core never asks what time it is.

use jiff::civil::DateTime;
use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};

/// The last millisecond of the year 9999, the latest time that is taken.
pub const TIME_MS_MAX: i64 = 253_402_300_799_999;

/// The longest that a hold may live from now: 400 days, in milliseconds.
pub const HOLD_MS_MAX: i64 = 400 * 24 * 60 * 60 * 1000;

/// Whether a time lies between the epoch and the end of the year 9999.
pub fn in_range(time_ms: i64) -> bool {
    (0..=TIME_MS_MAX).contains(&time_ms)
}

/// An HTTP date in any of the three forms that a recipient has to take (RFC 9110, 5.6.7).
///
/// ```
/// use stockroom::time::http_date_ms;
///
/// for date in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
///     assert_eq!(http_date_ms(date), Some(784_111_777_000));
/// }
/// ```
pub fn http_date_ms(text: &str) -> Option<i64> {
    let parse = |text: &str| rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text).ok();
    let text = text.trim();
    // The two old forms say the same in other places, and the weekday first, which nothing follows from.
    let time = parse(text).or_else(|| match *text.split_ascii_whitespace().collect::<Vec<_>>().as_slice() {
        [_, date, time, "GMT"] => parse(&format!("{} {time} GMT", date.replace('-', " "))),
        [_, month, day, time, year] => parse(&format!("{day} {month} {year} {time} GMT")),
        _ => None,
    })?;
    Some(time.as_millisecond())
}

/// RFC 3339 in UTC with milliseconds, as CloudEvents wants it.
///
/// ```
/// assert_eq!(stockroom::time::rfc3339(1_291_191_960_000), "2010-12-01T08:26:00.000Z");
/// ```
pub fn rfc3339(time_ms: i64) -> String {
    match Timestamp::from_millisecond(time_ms) {
        Ok(timestamp) => format!("{timestamp:.3}"),
        // A timestamp ends a day before its year does, so that it is one in every time zone.
        Err(_) => match EPOCH.checked_add(SignedDuration::from_millis(time_ms)) {
            Ok(datetime) => format!("{datetime:.3}Z"),
            // Not for times that `in_range` let in; a store that holds others is still readable.
            Err(_) => "1970-01-01T00:00:00.000Z".to_owned(),
        },
    }
}

const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_dates_in_their_three_forms_and_others_in_none() {
        for date in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(http_date_ms(date), Some(784_111_777_000), "{date}");
            assert_eq!(http_date_ms(&format!(" {date} ")), Some(784_111_777_000), "{date}");
        }
        for none in ["", "soon", "120", "06 Nov", "Sun Nov 31 08:49:37 1994", "Sunday, 06-Nov-94 08:49:37 CET"] {
            assert_eq!(http_date_ms(none), None, "{none}");
        }
    }

    #[test]
    fn times_are_written_for_events() {
        for (time_ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_291_191_960_001, "2010-12-01T08:26:00.001Z"),
            (TIME_MS_MAX, "9999-12-31T23:59:59.999Z"),
            (i64::MAX, "1970-01-01T00:00:00.000Z"),
        ] {
            assert_eq!(rfc3339(time_ms), text);
            assert_eq!(in_range(time_ms), time_ms <= TIME_MS_MAX);
        }
        assert!(!in_range(-1));
    }
}
