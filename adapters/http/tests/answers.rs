//! What comes back: every status is an answer, and what is not a whole answer is none.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

use crate::server::{Server, answer, deserted_url};
use crate::{client, get, lost, not_sent, patient, post};
use stockroom_http::HttpOptions;

pub(crate) fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).expect("memory");
    encoder.finish().expect("memory")
}

#[test]
fn status_headers_and_body_come_back() {
    let server = Server::answering(answer("200 OK", "X-Twice: one\r\nx-twice: two\r\nX-Name: caf\u{e9}\r\n", b"text"));
    let response = client(patient()).send(&get(&server.url("/"))).expect("an answer");
    assert_eq!((response.status, response.body.as_slice()), (200, b"text".as_slice()));
    assert_eq!(response.header("X-TWICE"), Some("one"));
    assert_eq!(response.headers.iter().filter(|(name, _)| name == "x-twice").count(), 2);
    assert_eq!(response.header("x-name"), Some("caf\u{e9}"));
}

#[test]
fn every_status_is_an_answer() {
    for status in [200, 201, 202, 304, 400, 401, 404, 409, 422, 429, 500, 502, 503, 599] {
        let server = Server::answering(answer(&format!("{status} Said"), "Retry-After: 7\r\n", b""));
        let response = client(patient()).send(&post(&server.url("/"), b"{}")).expect("an answer");
        assert_eq!((response.status, response.header("retry-after")), (status, Some("7")));
    }
    let server = Server::answering("HTTP/1.1 204 No Content\r\n\r\n");
    assert_eq!(client(patient()).send(&get(&server.url("/"))).expect("an answer").status, 204);
}

#[test]
fn an_interim_answer_is_passed_over() {
    let interim = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".to_vec();
    let server = Server::answering([interim, answer("200 OK", "", b"text")].concat());
    let response = client(patient()).send(&get(&server.url("/"))).expect("an answer");
    assert_eq!((response.status, response.body.as_slice()), (200, b"text".as_slice()));
}

#[test]
fn bodies_come_in_chunks_until_the_end_and_in_gzip() {
    let text = b"text".repeat(1000);
    let zipped = gzip(&text);
    let chunked = [
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n", text.len()).as_bytes(),
        &text,
        b"\r\n0\r\n\r\n",
    ]
    .concat();
    let to_the_end = [b"HTTP/1.1 200 OK\r\n\r\n".as_slice(), &text].concat();
    for said in [chunked, to_the_end, answer("200 OK", "Content-Encoding: gzip\r\n", &zipped)] {
        let server = Server::start(move |peer, _| {
            peer.receive();
            peer.say(&said);
        });
        assert_eq!(client(patient()).send(&get(&server.url("/"))).expect("an answer").body, text);
    }
    let server = Server::answering(answer("200 OK", "Content-Encoding: gzip\r\n", b""));
    assert_eq!(client(patient()).send(&get(&server.url("/"))).expect("an answer").body, b"");
}

#[test]
fn a_body_that_cannot_be_decoded_is_lost() {
    let zipped = gzip(&b"text".repeat(1000));
    for (headers, body, kind) in [
        ("Content-Encoding: gzip\r\n", &zipped[..zipped.len() / 2], "gzip is damaged"),
        ("Content-Encoding: gzip\r\n", b"text".as_slice(), "gzip is damaged"),
        ("Content-Encoding: br\r\n", b"text".as_slice(), "not asked for"),
        ("Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n", zipped.as_slice(), "not asked for"),
    ] {
        let server = Server::answering(answer("200 OK", headers, body));
        let why = lost(client(patient()).send(&get(&server.url("/"))));
        assert!(why.contains(kind), "{headers:?}: {why}");
    }
}

#[test]
fn a_cut_answer_is_lost() {
    for said in [
        "",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n123",
    ] {
        let server = Server::start(move |peer, _| {
            peer.receive();
            peer.say(said);
        });
        let why = lost(client(patient()).send(&post(&server.url("/"), b"{}")));
        assert_eq!(why, "127.0.0.1: the connection was cut", "{said:?}");
    }
}

/// A body without a length ends where the connection ends, so only how it ends tells whether it is whole.
#[test]
fn a_body_without_a_length_is_lost_when_the_connection_breaks() {
    let server = Server::start(|peer, _| {
        peer.read_some(1);
        peer.say("HTTP/1.1 200 OK\r\n\r\n12345");
        // The answer is to be read before the connection breaks. What is still unread when it is closed makes the
        // system reset it instead of ending it.
        thread::sleep(Duration::from_millis(50));
    });
    assert_eq!(lost(client(patient()).send(&get(&server.url("/")))), "127.0.0.1: the connection was cut");
}

#[test]
fn what_is_not_http_is_lost() {
    for said in [
        "220 mail.example ESMTP\r\n\r\n",
        "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/1.1 99999 OK\r\n\r\n",
        "HTTP/9.9 200 OK\r\n\r\n",
        "\u{0}\u{0}\u{0}\u{0}\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    ] {
        let server = Server::start(move |peer, _| {
            peer.receive();
            peer.say(said);
        });
        let why = lost(client(patient()).send(&post(&server.url("/"), b"{}")));
        assert!(why.starts_with("127.0.0.1: the answer"), "{said:?}: {why}");
    }
}

#[test]
fn a_redirect_is_an_answer_and_leads_nowhere() {
    let inner = Server::answering(answer("200 OK", "", b"inner"));
    for status in [301, 302, 303, 307, 308] {
        let location = inner.url("/latest/meta-data");
        let said = answer(&format!("{status} Elsewhere"), &format!("Location: {location}\r\n"), b"go");
        let outer = Server::answering(said);
        for sent in [get(&outer.url("/")), post(&outer.url("/"), b"{}")] {
            let response = client(patient()).send(&sent).expect("an answer");
            assert_eq!((response.status, response.header("location")), (status, Some(location.as_str())));
            assert_eq!(response.body, b"go");
        }
    }
    assert_eq!(inner.connections(), 0);
}

#[test]
fn cookies_are_not_kept() {
    let server = Server::answering(answer("200 OK", "Set-Cookie: session=1\r\n", b""));
    let client = client(patient());
    for _ in 0..2 {
        client.send(&get(&server.url("/"))).expect("an answer");
    }
    assert!(server.received()[1].values("cookie").is_empty());
}

#[test]
fn a_refused_connection_is_not_sent() {
    assert_eq!(not_sent(client(patient()).send(&post(&deserted_url(), b"{}"))), "127.0.0.1: it refused the connection");
}

#[test]
fn a_host_without_an_address_is_not_sent() {
    // No resolver answers for a name that is longer than DNS allows, so this needs no network.
    let url = format!("http://{}.invalid/", "a".repeat(70));
    let why = not_sent(client(patient()).send(&post(&url, b"{}")));
    assert!(why.ends_with("no address was found for the host"), "{why}");
}

#[test]
fn connections_are_used_again_while_they_are_young() {
    let server = Server::answering(answer("200 OK", "", b"text"));
    let keeping = client(HttpOptions { idle_max_ms: 60_000, ..patient() });
    for _ in 0..3 {
        keeping.send_within(&get(&server.url("/")), 10_000).expect("an answer");
    }
    assert_eq!(server.connections(), 1);

    let server = Server::answering(answer("200 OK", "", b"text"));
    let forgetting = client(HttpOptions { idle_max_ms: 0, ..patient() });
    for _ in 0..3 {
        forgetting.send(&get(&server.url("/"))).expect("an answer");
    }
    assert_eq!(server.connections(), 3);
}

#[test]
fn a_host_with_a_thread_for_each_request_uses_connections_again() {
    let server = Server::answering(answer("200 OK", "", b"text"));
    let client = client(HttpOptions { idle_max_ms: 60_000, ..patient() });
    for _ in 0..100 {
        let send = || client.send_within(&get(&server.url("/")), 10_000).expect("an answer");
        thread::scope(|scope| drop(scope.spawn(send).join().expect("no panic")));
    }
    assert!(server.connections() <= 8, "{} connections", server.connections());
}

#[test]
fn connections_that_were_in_use_at_once_are_all_kept() {
    const CALLERS: usize = 64;
    let all_are_here = Barrier::new(CALLERS);
    let server = Server::start(move |peer, _| {
        while peer.receive() {
            all_are_here.wait();
            peer.say(answer("200 OK", "", b"text"));
        }
    });
    let client = client(HttpOptions { idle_max_ms: 60_000, ..patient() });
    let all_are_idle = Barrier::new(CALLERS);
    thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(|| {
                for _ in 0..3 {
                    client.send_within(&get(&server.url("/")), 10_000).expect("an answer");
                    all_are_idle.wait();
                }
            });
        }
    });
    assert_eq!(server.connections(), CALLERS);
}

/// The other side may have read the request before it closed the connection that was kept open.
#[test]
fn a_request_on_a_stale_connection_is_lost_and_not_sent_again() {
    for method in [post as fn(&str, &[u8]) -> _, |url, _| get(url)] {
        let server = Server::start(|peer, _| {
            peer.receive();
            peer.say(answer("200 OK", "", b""));
            peer.receive();
        });
        let client = client(HttpOptions { idle_max_ms: 60_000, ..patient() });
        client.send(&method(&server.url("/"), b"first")).expect("an answer");
        assert_eq!(lost(client.send(&method(&server.url("/"), b"second"))), "127.0.0.1: the connection was cut");
        assert_eq!((server.connections(), server.received().len()), (1, 2));
    }
}
