//! What is too large ends the call soon, whether it came so or grew so.

use std::time::{Duration, Instant};

use crate::answers::gzip;
use crate::server::{Peer, Server, answer};
use crate::{client, get, lost, patient};
use stockroom_http::{BODY_MAX_BYTES, HttpOptions};

const LIMIT_BYTES: u64 = 100_000;

const TOO_LARGE: &str = "127.0.0.1: the answer's body is too large";

fn limited() -> HttpOptions {
    HttpOptions { body_max_bytes: LIMIT_BYTES, ..patient() }
}

/// Says the beginning and then the rest again and again, until nobody listens.
fn endless(beginning: &'static str, rest: &'static [u8]) -> Server {
    Server::start(move |peer: &mut Peer, _| {
        peer.receive();
        peer.say(beginning);
        let rest = rest.repeat(1000);
        while peer.say(&rest) {}
    })
}

#[test]
fn an_endless_body_ends_at_the_limit() {
    for (head, rest) in [
        ("HTTP/1.1 200 OK\r\n\r\n", b"text".as_slice()),
        ("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n", b"text"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"4\r\ntext\r\n"),
        ("HTTP/1.1 500 No\r\n\r\n", b"text"),
    ] {
        let began = Instant::now();
        let server = endless(head, rest);
        assert_eq!(lost(client(limited()).send(&get(&server.url("/")))), TOO_LARGE, "{head:?}");
        assert!(began.elapsed() < Duration::from_secs(10));
    }
}

#[test]
fn endless_headers_and_chunk_lines_end() {
    for (head, rest) in [
        ("HTTP/1.1 200 OK\r\n", b"X-More: text\r\n".as_slice()),
        ("HTTP/1.1 200 OK\r\nX-Long: ", b"text"),
        ("HTTP/1.1 ", b"2"),
        ("", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1;"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X-More: text\r\n"),
    ] {
        let server = endless(head, rest);
        // Some of these are ended by the size of a buffer, others only by time.
        let began = Instant::now();
        lost(client(limited()).send_within(&get(&server.url("/")), 300));
        assert!(began.elapsed() < Duration::from_secs(10), "{head:?}");
    }
}

#[test]
fn a_body_may_be_as_large_as_the_limit() {
    let full = vec![b'a'; LIMIT_BYTES as usize];
    let more = vec![b'a'; LIMIT_BYTES as usize + 1];
    for zip in [false, true] {
        let said = |body: &[u8]| {
            if zip { answer("200 OK", "Content-Encoding: gzip\r\n", &gzip(body)) } else { answer("200 OK", "", body) }
        };
        let server = Server::answering(said(&full));
        assert_eq!(client(limited()).send(&get(&server.url("/"))).expect("an answer").body, full);
        let server = Server::answering(said(&more));
        assert_eq!(lost(client(limited()).send(&get(&server.url("/")))), TOO_LARGE);
    }
}

#[test]
fn a_gzip_bomb_ends_at_the_limit() {
    let bomb = gzip(&vec![0; 16 * 1024 * 1024]);
    assert!((bomb.len() as u64) < LIMIT_BYTES, "it comes in as small: {} bytes", bomb.len());
    // Several members in one body are decoded as one after the other.
    let members = gzip(&vec![0; 60_000]).repeat(50);
    // Whoever decodes on behind the limit comes upon what is no gzip, and says that instead.
    let [bomb, members] = [bomb, members].map(|body| [body.as_slice(), b"no gzip"].concat());
    for body in [bomb, members] {
        let server = Server::answering(answer("200 OK", "Content-Encoding: gzip\r\n", &body));
        let began = Instant::now();
        assert_eq!(lost(client(limited()).send(&get(&server.url("/")))), TOO_LARGE);
        assert!(began.elapsed() < Duration::from_secs(10));
    }
}

#[test]
fn the_limit_is_four_mebibytes_unless_said() {
    assert_eq!(HttpOptions::default().body_max_bytes, BODY_MAX_BYTES);
    let server = Server::answering(answer("200 OK", "", &vec![b'a'; BODY_MAX_BYTES as usize]));
    let response = client(patient()).send(&get(&server.url("/"))).expect("an answer");
    assert_eq!(response.body.len() as u64, BODY_MAX_BYTES);
}
