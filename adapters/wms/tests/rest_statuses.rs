//! Every status, for everything that is asked: it ends, and in a way that makes sense.

use stockroom::outbox::{DeliveryResult, LeasedDelivery};

use super::rest::{exchange, exchange_with};
use super::support::*;

const BODIES: &[&str] = &[
    "",
    "<html>",
    "null",
    "[]",
    "{}",
    r#"{"id":"W-1","fulfillment":"o-1-1","status":"accepted"}"#,
    r#"{"status":"cancelled"}"#,
    r#"{"error":{"code":"x","message":"y"}}"#,
    r#"{"taken_at":"2026-07-01T09:30:00Z","levels":[{"sku":"mug-blue","on_hand":1}]}"#,
];

/// Holds the conversation with the same answer to everything, however often it asks.
fn end_of(delivery: &LeasedDelivery, status: u16, body: &str) -> (usize, DeliveryResult) {
    for turns in 1..=4 {
        let answers = vec![answer(status, body); turns];
        let mut turn = stockroom::ports::Exchange::begin(&exchange(), delivery);
        for answer in &answers {
            if let stockroom::ports::Turn::Ask { step, .. } = turn {
                turn = stockroom::ports::Exchange::answered(&exchange(), delivery, step, "", answer.as_ref(), NOW_MS);
            }
        }
        if let stockroom::ports::Turn::End(end) = turn {
            return (turns, end);
        }
    }
    panic!("status {status} with {body:?} goes on for ever");
}

#[test]
fn every_status_ends_within_two_more_turns() {
    let deliveries = [create(false), create(true), cancel(None, false), cancel(None, true), check(&["mug-blue"])];
    for status in 100..=599 {
        for delivery in &deliveries {
            for body in BODIES {
                let (turns, end) = end_of(delivery, status, body);
                let end = short(&end);
                let what = format!("{status} {body:?} to {:?}: {end}", delivery.body);
                assert!(turns <= 3, "{what}");
                // What is done was said with a status of success, or is the absence that a cancellation wants.
                if end.starts_with("handed") || end.starts_with("stock") {
                    assert!((200..300).contains(&status), "{what}");
                }
                if end == "cancelled" {
                    assert!(matches!(status, 200..=299 | 404 | 409), "{what}");
                }
                if end == "too late" {
                    assert_eq!(status, 409, "{what}");
                }
                if end == "refused" {
                    assert!(matches!(status, 400 | 409 | 413 | 422), "{what}");
                }
                if end.starts_with("retry throttled") {
                    assert_eq!(status, 429, "{what}");
                }
                if status >= 500 || (300..400).contains(&status) {
                    assert!(end.starts_with("retry failing"), "{what}");
                }
            }
        }
    }
}

#[test]
fn a_profile_gives_statuses_another_meaning() {
    let some = r#"{"error":{"code":"x","message":"y"}}"#;
    let taken = r#"{"id":"W-1"}"#;
    for (profile, answers, end) in [
        (r#","statuses":{"throttled":[429,403]}"#, vec![answer(403, some)], "retry throttled"),
        (r#","statuses":{"refused":[400]}"#, vec![answer(422, some)], "retry failing in doubt"),
        (r#","statuses":{"failing":[422]}"#, vec![answer(422, some)], "retry failing in doubt"),
        (r#","statuses":{"exists":[409]}"#, vec![answer(409, some), answer(200, taken)], "handed W-1"),
        (r#","statuses":{"exists":[409]}"#, vec![answer(409, some), answer(404, "")], "retry failing in doubt"),
        (r#","statuses":{"exists":[409]},"paths":{"look_up":""}"#, vec![answer(409, taken)], "handed W-1"),
        (r#","statuses":{"exists":[409]},"paths":{"look_up":""}"#, vec![answer(409, some)], "handed -"),
    ] {
        let held = hold(&exchange_with(profile), &create(false), &answers);
        assert_eq!(short(&held.end), end, "{profile}");
    }
}
