//! The shop's clock, and its times as texts: to the second with an offset in webhooks, as UTC in GraphQL.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

/// Hours that the shop's wall clock is from UTC.
const OFFSET_HOURS: i8 = -5;

/// The time now, in milliseconds since the Unix epoch.
pub(super) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn timestamp(at_ms: i64) -> Timestamp {
    Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// `2026-07-01T07:00:00-05:00`: whole seconds, as webhooks say when a thing changed.
pub(super) fn local(at_ms: i64) -> String {
    let at = timestamp(at_ms);
    let shifted = at.checked_add(SignedDuration::from_hours(OFFSET_HOURS.into())).unwrap_or(at);
    format!("{}{OFFSET_HOURS:+03}:00", Offset::UTC.to_datetime(shifted).strftime("%Y-%m-%dT%H:%M:%S"))
}

/// `2026-07-01T12:00:00Z`: whole seconds, as GraphQL says it.
pub(super) fn utc(at_ms: i64) -> String {
    Offset::UTC.to_datetime(timestamp(at_ms)).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `2026-07-01T12:00:00.123000000Z`, as X-Shopify-Triggered-At says it.
pub(super) fn exact(at_ms: i64) -> String {
    Offset::UTC.to_datetime(timestamp(at_ms)).strftime("%Y-%m-%dT%H:%M:%S.%9fZ").to_string()
}

/// `Wed, 01 Jul 2026 12:00:00 GMT`, as the header `Date` says it.
pub(super) fn http_date(at_ms: i64) -> String {
    Offset::UTC.to_datetime(timestamp(at_ms)).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// A time as a filter of a search names it.
pub(super) fn parse(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_of_the_same_time() {
        let at_ms = 1_782_907_200_123;
        assert_eq!(local(at_ms), "2026-07-01T07:00:00-05:00");
        assert_eq!(utc(at_ms), "2026-07-01T12:00:00Z");
        assert_eq!(exact(at_ms), "2026-07-01T12:00:00.123000000Z");
        for text in [local(at_ms), utc(at_ms)] {
            assert_eq!(parse(&text), Some(1_782_907_200_000), "{text}");
        }
        assert_eq!(parse(&exact(at_ms)), Some(at_ms));
        assert_eq!(http_date(at_ms), "Wed, 01 Jul 2026 12:00:00 GMT");
        assert_eq!(parse("yesterday"), None);
    }
}
