//! Every kind of fault happens to the client, is counted, and leaves in the books what it says it leaves.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use warehouse::server::{Books, Fault, Faults, Rate, Request, Settings, WarehouseServer};

use crate::client::{Answer, Client, IMPATIENT_MS, document};

fn still(faults: Faults) -> Settings {
    Settings { pick_after_ms: 3_600_000, faults, ..Settings::default() }
}

/// What one POST comes to under faults, and the books after it.
fn place(faults: Faults) -> (Result<Answer, ureq::Error>, Books) {
    let server = WarehouseServer::start(&still(faults)).expect("it starts");
    let answer = Client::new(&server).place(&document("o-1-1"));
    (answer, server.stop())
}

/// Asserts that there was this fault once and no other, and how many orders there are.
fn assert_books(books: &Books, fault: Fault, orders_created: u64) {
    assert_eq!(books.faults, BTreeMap::from([(fault, 1)]));
    assert_eq!((books.orders_created(), books.requests_of(Request::Place)), (orders_created, 1));
}

#[test]
fn an_error_after_applying_leaves_an_order() {
    let (answer, books) = place(Faults { error_after_applying: Rate::ALWAYS, ..Faults::none() });
    assert_eq!(answer.expect("an answer").status, 500);
    assert_books(&books, Fault::ErrorAfterApplying, 1);
}

#[test]
fn an_error_before_leaves_nothing() {
    let (answer, books) = place(Faults { error_before: Rate::ALWAYS, ..Faults::none() });
    assert_eq!(answer.expect("an answer").status, 500);
    assert_books(&books, Fault::ErrorBefore, 0);
}

#[test]
fn a_throttled_request_is_told_when_to_come_back_and_leaves_nothing() {
    for throttle_seconds in [0, 1] {
        let (answer, books) = place(Faults { throttle: Rate::ALWAYS, throttle_seconds, ..Faults::none() });
        let answer = answer.expect("an answer");
        assert_eq!((answer.status, answer.retry_after), (429, Some(throttle_seconds.to_string())));
        assert_books(&books, Fault::Throttle, 0);
    }
}

#[test]
fn a_cut_body_begins_and_does_not_end_and_leaves_an_order() {
    let faults = Faults { cut_body: Rate::ALWAYS, ..Faults::none() };
    let (answer, books) = place(faults.clone());
    assert!(matches!(answer, Err(ureq::Error::Io(_))), "{answer:?}");
    assert_books(&books, Fault::CutBody, 1);

    // What goes over the wire: the head, the length of all, and half of the body.
    let server = WarehouseServer::start(&still(faults)).expect("it starts");
    let text = raw(&server, "GET /stock HTTP/1.1\r\nhost: a\r\n\r\n");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    assert!(head.starts_with("HTTP/1.1 200"), "{text}");
    let announced = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
    let announced: usize = announced.parse().expect("a number");
    assert!(!body.is_empty() && body.len() == announced / 2, "{text}");
}

#[test]
fn a_hang_closes_the_connection_without_a_byte_and_leaves_an_order() {
    let faults = Faults { hang: Rate::ALWAYS, ..Faults::none() };
    let began = Instant::now();
    let (answer, books) = place(faults.clone());
    assert!(answer.is_err(), "{answer:?}");
    assert!(began.elapsed() < Duration::from_secs(10), "it is closed, not left open");
    assert_books(&books, Fault::Hang, 1);
    let server = WarehouseServer::start(&still(faults)).expect("it starts");
    assert_eq!(raw(&server, "GET /stock HTTP/1.1\r\nhost: a\r\n\r\n"), "");
}

#[test]
fn wrong_json_is_of_both_kinds_and_leaves_an_order() {
    let (mut no_json, mut other_shape) = (0, 0);
    for seed in 0..16 {
        let (answer, books) = place(Faults { seed, wrong_json: Rate::ALWAYS, ..Faults::none() });
        let answer = answer.expect("an answer");
        assert_eq!(answer.status, 201);
        match serde_json::from_str::<serde_json::Value>(&answer.text) {
            Ok(body) => {
                assert_eq!(body.get("id"), None);
                other_shape += 1;
            }
            Err(_) => no_json += 1,
        }
        assert_books(&books, Fault::WrongJson, 1);
    }
    assert!(no_json > 0 && other_shape > 0, "{no_json} and {other_shape}");
}

#[test]
fn a_good_status_with_an_error_inside_leaves_nothing() {
    let (answer, books) = place(Faults { ok_with_error_inside: Rate::ALWAYS, ..Faults::none() });
    let answer = answer.expect("an answer");
    assert_eq!(answer.status, 200);
    assert!(answer.json()["error"]["code"].is_string() && answer.json().get("id").is_none());
    assert_books(&books, Fault::OkWithErrorInside, 0);
}

#[test]
fn a_slow_answer_comes_just_in_time_and_a_late_one_does_not() {
    // A margin that a busy machine does not use up.
    let base = Faults { client_timeout_ms: IMPATIENT_MS, timeout_margin_ms: 700, ..Faults::none() };
    let ask = |faults| {
        let server = WarehouseServer::start(&still(faults)).expect("it starts");
        let answer = Client::impatient(&server).place(&document("o-1-1"));
        (answer, server.stop())
    };
    let began = Instant::now();
    let (answer, books) = ask(Faults { slow: Rate::ALWAYS, ..base.clone() });
    assert_eq!(answer.expect("an answer").status, 201);
    assert!(began.elapsed() >= Duration::from_millis(IMPATIENT_MS - 700));
    assert_books(&books, Fault::Slow, 1);

    let (answer, books) = ask(Faults { late: Rate::ALWAYS, ..base });
    assert!(matches!(answer, Err(ureq::Error::Timeout(_))), "{answer:?}");
    assert_books(&books, Fault::Late, 1);
}

#[test]
fn other_requests_have_faults_too() {
    let server = WarehouseServer::start(&still(Faults::none())).expect("it starts");
    let client = Client::new(&server);
    assert_eq!(client.place(&document("o-1-1")).expect("an answer").status, 201);
    server.set_faults(Faults { error_before: Rate::ALWAYS, ..Faults::none() });
    assert_eq!(client.cancel("o-1-1").expect("an answer").status, 500);
    server.set_faults(Faults::none());
    assert_eq!(client.look_up("o-1-1").expect("an answer").json()["status"], "accepted", "it was not cancelled");
    server.set_faults(Faults { error_after_applying: Rate::ALWAYS, ..Faults::none() });
    assert_eq!(client.cancel("o-1-1").expect("an answer").status, 500);
    assert_eq!(client.look_up("o-1-1").expect("an answer").status, 500);
    assert_eq!(client.get("/stock?sku=MUG").expect("an answer").status, 500);
    server.set_faults(Faults::none());
    assert_eq!(client.look_up("o-1-1").expect("an answer").json()["status"], "cancelled");
    let books = server.stop();
    assert_eq!((books.faults_of(Fault::ErrorBefore), books.faults_of(Fault::ErrorAfterApplying)), (1, 3));
}

#[test]
fn the_same_seed_has_the_same_faults_whatever_comes_first() {
    let seeded = |seed| Faults { client_timeout_ms: 20, timeout_margin_ms: 10, ..Faults::seeded(seed) };
    // Twice as many draws as orders; the second run does them backwards, from four threads.
    let run = |seed, backwards: bool| {
        let server = WarehouseServer::start(&still(seeded(seed))).expect("it starts");
        let mut names: Vec<String> = (0..300).map(|order| format!("o-{order}-1")).collect();
        if backwards {
            names.reverse();
        }
        let size = if backwards { names.len() / 4 } else { names.len() };
        thread::scope(|scope| {
            for part in names.chunks(size) {
                let client = Client::new(&server);
                scope.spawn(move || {
                    for name in part {
                        let _ = client.place(&document(name));
                        let _ = client.look_up(name);
                    }
                });
            }
        });
        server.stop()
    };
    let (first, second, other) = (run(11, false), run(11, true), run(12, false));
    assert_eq!(first.faults, second.faults);
    let kept = |books: &Books| books.fulfillments.keys().cloned().collect::<Vec<_>>();
    assert_eq!(kept(&first), kept(&second), "the same requests were not carried out");
    assert_ne!(kept(&first), kept(&other));
    // And they are those that anybody can work out beforehand.
    let mut expected = BTreeMap::new();
    for name in (0..300).map(|order| format!("o-{order}-1")) {
        for fault in [Request::Place, Request::LookUp].map(|request| seeded(11).draw(request, &name, 1)) {
            *expected.entry(fault).or_insert(0_u64) += 1;
        }
    }
    expected.remove(&None);
    let expected: BTreeMap<Fault, u64> =
        expected.into_iter().filter_map(|(fault, times)| Some((fault?, times))).collect();
    assert_eq!(first.faults, expected);
}

#[test]
fn a_client_that_asks_until_it_is_answered_gets_through_and_doubles_are_seen() {
    let faults = Faults { client_timeout_ms: 20, timeout_margin_ms: 10, ..Faults::seeded(5) };
    let server = WarehouseServer::start(&still(faults)).expect("it starts");
    let client = Client::new(&server);
    for order in 0..300 {
        let name = format!("o-{order}-1");
        // It never looks whether the order is there: what a careless shop does.
        let taken = (0..20).any(|_| {
            client.place(&document(&name)).is_ok_and(|answer| {
                let body: Option<serde_json::Value> = serde_json::from_str(&answer.text).ok();
                answer.status == 201 && body.is_some_and(|body| body["fulfillment"] == json!(name))
            })
        });
        assert!(taken, "{name}");
    }
    let books = server.stop();
    assert_eq!(books.fulfillments.len(), 300);
    let doubled = books.doubled().count();
    assert!(doubled > 10, "{doubled}");
    assert!(books.orders_created() >= 300 + doubled as u64);
}

/// All that comes back for these bytes, until the connection is closed.
fn raw(server: &WarehouseServer, request: &str) -> String {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(server.address()).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut text = Vec::new();
    stream.read_to_end(&mut text).expect("a closed connection");
    String::from_utf8(text).expect("UTF-8")
}
