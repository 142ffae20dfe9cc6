//! Dates as HTTP and JSON write them, as milliseconds since the Unix epoch. Nothing here knows what time it is.

use jiff::Timestamp;
pub(crate) use stockroom::time::http_date_ms;

/// The longest wait that a warehouse can ask for, in milliseconds: a day. A clock that is wrong by years must not
/// pause a destination for as long.
pub(crate) const WAIT_MS_MAX: i64 = 24 * 3_600_000;

/// An RFC 3339 date and time with an offset.
pub(crate) fn rfc3339_ms(text: &str) -> Option<i64> {
    let time_ms = text.trim().parse::<Timestamp>().ok()?.as_millisecond();
    stockroom::time::in_range(time_ms).then_some(time_ms)
}

/// The wait that `Retry-After` asks for: seconds, or a date (RFC 9110, 10.2.3). Nothing for what is neither.
pub(crate) fn wait_ms(text: &str, now_ms: i64) -> Option<i64> {
    let text = text.trim();
    let asked_ms = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a number has are a long wait all the same.
        text.parse::<i64>().unwrap_or(i64::MAX).saturating_mul(1000)
    } else {
        http_date_ms(text)?.saturating_sub(now_ms)
    };
    Some(asked_ms.clamp(0, WAIT_MS_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110.
    const EXAMPLE_MS: i64 = 784_111_777_000;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now_ms = EXAMPLE_MS - 90_000;
        for (text, wait) in [
            ("120", Some(120_000)),
            (" 0 ", Some(0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(90_000)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(90_000)),
            ("Sun Nov  6 08:49:37 1994", Some(90_000)),
            ("Tue, 06 Nov 1984 08:49:37 GMT", Some(0)),
            ("Sat, 06 Nov 2094 08:49:37 GMT", Some(WAIT_MS_MAX)),
            ("Mon, 06 Nov 2094 08:49:37 GMT", Some(WAIT_MS_MAX)),
            ("99999999999999999999999", Some(WAIT_MS_MAX)),
            ("", None),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
        ] {
            assert_eq!(wait_ms(text, now_ms), wait, "{text:?}");
        }
    }

    #[test]
    fn times_need_an_offset() {
        for (text, time_ms) in [
            ("1994-11-06T08:49:37Z", Some(EXAMPLE_MS)),
            ("1994-11-06T09:49:37.000+01:00", Some(EXAMPLE_MS)),
            ("1994-11-06T08:49:37", None),
            ("1969-12-31T23:59:59Z", None),
            ("yesterday", None),
        ] {
            assert_eq!(rfc3339_ms(text), time_ms, "{text:?}");
        }
    }
}
