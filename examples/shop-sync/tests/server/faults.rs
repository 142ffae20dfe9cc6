//! What goes wrong with requests: what is done and what is not, whatever is answered.

use std::time::Duration;

use serde_json::{Value, json};
use shop_sync::server::{Fault, Faults, Rate, Settings, ShopServer};

use crate::client::{Client, SET, codes, input, quantity};

/// A shop that shows 0 mugs, and that does one thing wrong with every request from now on.
fn with(fault: fn(&mut Faults)) -> (ShopServer, Client, String) {
    let server = ShopServer::start(&Settings::default()).expect("it starts");
    let mug = server.add_item("MUG");
    let mut faults = Faults { late_ms: 1, outage_ms: 1, throttle_burst: 1, ..Faults::none() };
    fault(&mut faults);
    server.set_faults(faults);
    let client = Client::new(&server);
    (server, client, mug)
}

fn shown(server: &ShopServer) -> Option<i64> {
    server.books().items["MUG"].available
}

fn five(mug: &str) -> Value {
    input("a", json!([quantity(mug, 5, Some(0))]))
}

#[test]
fn an_error_comes_before_or_after_the_work() {
    for (after, expected) in [(false, 0), (true, 5)] {
        let (server, client, mug) = match after {
            true => with(|faults| faults.error_after_applying = Rate::ALWAYS),
            false => with(|faults| faults.error_before = Rate::ALWAYS),
        };
        assert_eq!(client.try_ask(SET, &five(&mug)).expect("an answer").status, 500);
        assert_eq!(shown(&server), Some(expected));
        server.set_faults(Faults::none());
        assert!(codes(&client.set("a", five(&mug)["input"]["quantities"].clone())).is_empty(), "the same key again");
        assert_eq!((shown(&server), server.books().counts.quantities_set), (Some(5), 1));
    }
}

#[test]
fn a_request_that_failed_under_its_key_needs_another() {
    let (server, client, mug) = with(|faults| faults.failed_under_key = Rate::ALWAYS);
    assert_eq!(client.try_ask(SET, &five(&mug)).expect("an answer").status, 500);
    server.set_faults(Faults::none());
    let quantities = || five(&mug)["input"]["quantities"].clone();
    assert_eq!(codes(&client.set("a", quantities()))[0].0, "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED");
    assert_eq!(shown(&server), Some(0));
    assert!(codes(&client.set("b", quantities())).is_empty());
}

#[test]
fn answers_are_cut_or_do_not_come_and_the_work_is_done() {
    let hang_up: fn(&mut Faults) = |faults| faults.hang_up = Rate::ALWAYS;
    let cut: fn(&mut Faults) = |faults| faults.cut_body = Rate::ALWAYS;
    for (fault, kind) in [(hang_up, Fault::HangUp), (cut, Fault::CutBody)] {
        let (server, client, mug) = with(fault);
        assert!(client.try_ask(SET, &five(&mug)).is_err(), "{kind:?}");
        assert_eq!((shown(&server), server.books().counts.faults_of(kind)), (Some(5), 1), "{kind:?}");
    }
}

#[test]
fn throttling_comes_in_bursts() {
    let (server, client, mug) = with(|_| {});
    server.set_faults(Faults { throttle: Rate::ALWAYS, throttle_burst: 3, ..Faults::none() });
    for _ in 0..3 {
        let answer = client.ask(SET, five(&mug));
        assert_eq!(answer["errors"][0]["extensions"]["code"], "THROTTLED");
    }
    let counts = server.books().counts;
    assert_eq!((counts.throttled, counts.faults_of(Fault::Throttle)), (3, 1), "one burst");
    assert_eq!(shown(&server), Some(0));
}

#[test]
fn a_person_is_quicker_than_the_request() {
    let (server, client, mug) = with(|faults| faults.edit_first = Rate::ALWAYS);
    assert_eq!(codes(&client.set("a", five(&mug)["input"]["quantities"].clone()))[0].0, "CHANGE_FROM_QUANTITY_STALE");
    let books = server.books();
    assert_eq!((books.counts.edits, books.counts.stale_compares), (1, 1));
    assert!(books.items["MUG"].available.is_some_and(|shown| shown > 0));
}

#[test]
fn after_an_outage_everything_is_answered_at_once() {
    let (server, client, mug) = with(|_| {});
    server.fall_silent(Duration::from_millis(400));
    // A client that does not wait: what it asked is carried out all the same.
    let impatient = Client::waiting(&server, 50);
    assert!(impatient.try_ask(SET, &five(&mug)).is_err());
    // Both are held up until the end; then either may come first, and the other is told to wait or gets its answer.
    let again = || codes(&client.set("a", five(&mug)["input"]["quantities"].clone()));
    let codes = again();
    assert!(codes.is_empty() || codes[0].0 == "IDEMPOTENCY_CONCURRENT_REQUEST", "{codes:?}");
    while !again().is_empty() {}
    assert_eq!((shown(&server), server.books().counts.quantities_set), (Some(5), 1), "once, for they have one key");
}

#[test]
fn the_same_key_while_it_is_under_way_is_a_request_too_many() {
    let (server, client, mug) = with(|_| {});
    server.set_faults(Faults { outage: Rate::per_deck(1), outage_ms: 1, ..Faults::none() });
    // The first is held up for a moment, in which the second comes or not: both end well or one is told to wait.
    let other = Client::new(&server);
    let variables = five(&mug);
    let for_thread = variables.clone();
    let thread = std::thread::spawn(move || other.ask(SET, for_thread));
    let both = [client.ask(SET, variables), thread.join().expect("no panic")];
    for answer in both {
        let codes = codes(&answer["data"]["inventorySetQuantities"]);
        assert!(codes.is_empty() || codes[0].0 == "IDEMPOTENCY_CONCURRENT_REQUEST", "{answer}");
    }
    assert_eq!(server.books().counts.quantities_set, 1);
}

#[test]
fn a_late_answer_is_the_right_one() {
    let (server, client, mug) = with(|faults| faults.late = Rate::ALWAYS);
    assert!(codes(&client.set("a", five(&mug)["input"]["quantities"].clone())).is_empty());
    assert_eq!(shown(&server), Some(5));
}
