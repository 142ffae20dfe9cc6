//! A delivery ends before its lease does, whatever the other side and the clock do.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use stockroom::outbox::{LeasedDelivery, RetryCause};
use stockroom::ports::{Exchange, Method, Sink};
use stockroom_http::{HttpSink, LEASE_MARGIN_MS, REQUEST_LEAST_MS};

use crate::server::{Peer, Server, answer};
use crate::turns::{NOW_MS, delivery, retry, stubborn};
use crate::{client, patient, request};

/// Time that a conversation gets, in milliseconds.
const SHORT_MS: i64 = 600;

fn leased_until(lease_until_ms: i64) -> LeasedDelivery {
    LeasedDelivery { lease_until_ms, ..delivery(false) }
}

fn hanging() -> Server {
    Server::start(|peer: &mut Peer, _| {
        peer.receive();
        peer.hang();
    })
}

/// A clock that goes on from the time of these tests.
fn clock() -> impl Fn() -> i64 + Send + Sync {
    let began = Instant::now();
    move || NOW_MS + i64::try_from(began.elapsed().as_millis()).expect("a short test")
}

fn asking(server: &Server, method: Method) -> impl Exchange {
    stubborn(request(method, &server.url("/")))
}

#[test]
fn a_hanging_destination_is_left_before_the_lease_ends() {
    for (method, doubt) in [(Method::Post, true), (Method::Get, false)] {
        let server = hanging();
        let sink = HttpSink::new(asking(&server, method), client(patient()), clock());
        let began = Instant::now();
        let retry = retry(sink.deliver(&leased_until(NOW_MS + SHORT_MS + LEASE_MARGIN_MS)));
        let took = began.elapsed();
        assert!(took >= Duration::from_millis(SHORT_MS as u64 - 100) && took < Duration::from_secs(10), "{took:?}");
        assert_eq!((retry.doubt, retry.cause, retry.after_ms), (doubt, RetryCause::Failing, None));
        assert_eq!(retry.why, "the conversation took too long for its lease, the next was `again`");
        assert_eq!(server.received().len(), 1);
    }
}

#[test]
fn nothing_is_begun_when_too_little_is_left() {
    let server = Server::answering(answer("200 OK", "", b""));
    for left_ms in [i64::MIN / 2, -1, 0, LEASE_MARGIN_MS, LEASE_MARGIN_MS + REQUEST_LEAST_MS - 1] {
        for doubt in [false, true] {
            let sink = HttpSink::new(asking(&server, Method::Post), client(patient()), || NOW_MS);
            let retry = retry(sink.deliver(&LeasedDelivery { doubt, ..leased_until(NOW_MS + left_ms) }));
            assert_eq!((retry.doubt, retry.cause), (doubt, RetryCause::NotYet), "{left_ms}");
            assert_eq!(retry.why, "too little was left of the lease to begin, the next was `begin`");
        }
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn the_margin_is_the_hosts_to_say() {
    let server = Server::answering(answer("200 OK", "", b""));
    let sink = HttpSink::new(asking(&server, Method::Get), client(patient()), || NOW_MS);
    let none_left = leased_until(NOW_MS + LEASE_MARGIN_MS);
    assert_eq!(retry(sink.deliver(&none_left)).cause, RetryCause::NotYet);
    assert_eq!(server.connections(), 0);
    for margin_ms in [LEASE_MARGIN_MS / 2, -5] {
        let sink = HttpSink::new(asking(&server, Method::Get), client(patient()), || NOW_MS).with_margin_ms(margin_ms);
        assert_eq!(retry(sink.deliver(&none_left)).cause, RetryCause::Failing);
    }
}

#[test]
fn a_clock_that_jumps_does_not_stretch_the_lease() {
    const HOUR_MS: i64 = 3_600_000;
    for jump_ms in [-HOUR_MS, HOUR_MS] {
        let server = hanging();
        let asked = AtomicUsize::new(0);
        // Right only when it is asked first.
        let jumping = move || if asked.fetch_add(1, Ordering::SeqCst) == 0 { NOW_MS } else { NOW_MS + jump_ms };
        let sink = HttpSink::new(asking(&server, Method::Post), client(patient()), jumping);
        let began = Instant::now();
        let retry = retry(sink.deliver(&leased_until(NOW_MS + SHORT_MS + LEASE_MARGIN_MS)));
        assert!(began.elapsed() < Duration::from_secs(10));
        // Set forward, the lease is over by the clock before anything was sent.
        assert_eq!(retry.doubt, jump_ms < 0);
    }
}
