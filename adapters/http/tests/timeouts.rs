//! Each stage of a call ends by its own timeout, and the whole call by its own whatever the other side does.

use std::thread;
use std::time::{Duration, Instant};

use crate::server::{Peer, Server, answer};
use crate::{client, get, lost, not_sent, patient, post};
use stockroom::ports::{HttpFailure, HttpResponse};
use stockroom_http::HttpOptions;

const SHORT_MS: u64 = 250;

/// Much shorter than the patience of the other timeouts, much longer than a loaded machine is late.
const SOON: Duration = Duration::from_secs(10);

/// Runs the call and sees that it took as long as the short timeout and not much longer.
#[track_caller]
fn in_time(call: impl FnOnce() -> Result<HttpResponse, HttpFailure>) -> Result<HttpResponse, HttpFailure> {
    let began = Instant::now();
    let outcome = call();
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(SHORT_MS - 20) && took < SOON, "it took {took:?}: {outcome:?}");
    outcome
}

fn received_then(rest: impl Fn(&mut Peer) + Send + Sync + 'static) -> Server {
    Server::start(move |peer, _| {
        peer.receive();
        rest(peer);
    })
}

#[test]
fn no_answer_ends_by_the_answer_timeout() {
    let server = received_then(Peer::hang);
    let client = client(HttpOptions { answer_timeout_ms: SHORT_MS, ..patient() });
    assert_eq!(lost(in_time(|| client.send(&post(&server.url("/"), b"{}")))), "127.0.0.1: no answer came in time");
}

#[test]
fn a_slow_head_ends_by_the_answer_timeout() {
    let server = received_then(|peer| {
        peer.say("HTTP/1.1 200 OK\r\nX-Long: ");
        peer.trickle(b'a');
    });
    let client = client(HttpOptions { answer_timeout_ms: SHORT_MS, ..patient() });
    assert_eq!(lost(in_time(|| client.send(&get(&server.url("/"))))), "127.0.0.1: no answer came in time");
}

#[test]
fn silence_ends_at_every_stage_of_the_answer() {
    for said in [
        "",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n",
        "HTTP/1.1 200 OK\r\n\r\n12345",
    ] {
        let server = received_then(move |peer| {
            peer.say(said);
            peer.hang();
        });
        let client = client(HttpOptions { silence_timeout_ms: SHORT_MS, ..patient() });
        let why = lost(in_time(|| client.send(&post(&server.url("/"), b"{}"))));
        assert_eq!(why, "127.0.0.1: it fell silent", "{said:?}");
    }
}

#[test]
fn a_trickle_ends_by_the_whole_timeout() {
    for said in
        ["HTTP/1.1 200 OK\r\nX-Long: ", "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"]
    {
        let server = received_then(move |peer| {
            peer.say(said);
            peer.trickle(b'a');
        });
        let options = HttpOptions { whole_timeout_ms: SHORT_MS, ..patient() };
        let why = lost(in_time(|| client(options).send(&get(&server.url("/")))));
        assert_eq!(why, "127.0.0.1: the call took too long", "{said:?}");
        let why = lost(in_time(|| client(patient()).send_within(&get(&server.url("/")), SHORT_MS)));
        assert_eq!(why, "127.0.0.1: the call took too long", "{said:?}");
    }
}

#[test]
fn a_reader_that_stops_or_dawdles_does_not_hold_a_large_request() {
    let large = vec![0; 64 * 1024 * 1024];
    let server = Server::start(|peer, _| {
        peer.read_some(1);
        thread::sleep(SOON);
    });
    let silent = client(HttpOptions { silence_timeout_ms: SHORT_MS, ..patient() });
    let why = lost(in_time(|| silent.send(&post(&server.url("/"), &large))));
    assert_eq!(why, "127.0.0.1: it fell silent");

    let server = Server::start(|peer, _| {
        while peer.read_some(64) {
            thread::sleep(Duration::from_millis(5));
        }
    });
    let whole = client(HttpOptions { whole_timeout_ms: SHORT_MS, ..patient() });
    let why = lost(in_time(|| whole.send(&post(&server.url("/"), &large))));
    assert_eq!(why, "127.0.0.1: the call took too long");
}

/// The answer that comes too late must not be taken for that of the next request.
#[test]
fn a_late_answer_is_nobodys() {
    let server = Server::start(|peer, number| {
        peer.receive();
        if number == 0 {
            thread::sleep(Duration::from_millis(SHORT_MS + 100));
        }
        let body = format!("answer {number}");
        peer.say(answer("200 OK", "", body.as_bytes()));
        peer.hang();
    });
    let client = client(HttpOptions { idle_max_ms: 60_000, ..patient() });
    let why = lost(client.send_within(&post(&server.url("/"), b"first"), SHORT_MS));
    assert_eq!(why, "127.0.0.1: the call took too long");
    thread::sleep(Duration::from_millis(150));
    let response = client.send(&post(&server.url("/"), b"second")).expect("an answer");
    assert_eq!(response.body, b"answer 1");
}

/// A handshake that does not come about is part of connecting: nothing of the request was said.
#[test]
fn a_hanging_handshake_ends_by_the_connect_timeout_and_by_the_whole_one() {
    let server = Server::start(|peer, _| peer.hang());
    let url = format!("https://127.0.0.1:{}/", server.port());
    for (options, kind) in [
        (HttpOptions { connect_timeout_ms: SHORT_MS, ..patient() }, "connecting took too long"),
        (HttpOptions { whole_timeout_ms: SHORT_MS, ..patient() }, "the call took too long to connect"),
    ] {
        let why = not_sent(in_time(|| client(options).send(&post(&url, b"{}"))));
        assert_eq!(why, format!("127.0.0.1: {kind}"));
    }
}

#[test]
fn no_time_is_no_request() {
    let server = Server::answering(answer("200 OK", "", b""));
    let why = not_sent(client(patient()).send_within(&post(&server.url("/"), b"{}"), 0));
    assert_eq!(why, "127.0.0.1: there is no time left");
    assert_eq!(server.connections(), 0);
}
