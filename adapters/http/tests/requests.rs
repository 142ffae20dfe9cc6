//! What arrives of a request, and which requests are never sent.

use stockroom::ports::{HeaderValue, HttpRequest, Method, Secret};
use stockroom_http::{HttpOptions, HttpSetupError};

use crate::server::{Server, answer};
use crate::{client, get, not_sent, patient, post, request};

fn plain(name: &str, value: &str) -> (String, HeaderValue) {
    (name.to_owned(), HeaderValue::Plain(value.to_owned()))
}

#[test]
fn method_path_headers_and_body_arrive() {
    let server = Server::answering(answer("200 OK", "", b"{}"));
    let mut sent = post(&server.url("/orders?page=2"), b"{\"a\":1}");
    sent.headers.push(plain("Content-Type", "application/json"));
    sent.headers.push(plain("X-Twice", "one"));
    sent.headers.push(plain("X-Twice", "two"));
    sent.headers.push(("Authorization".to_owned(), HeaderValue::Secret(Secret::new("Bearer hunter2"))));
    client(patient()).send(&sent).expect("an answer");

    let received = &server.received()[0];
    assert_eq!(received.line(), "POST /orders?page=2 HTTP/1.1");
    assert_eq!(received.body, b"{\"a\":1}");
    assert_eq!(received.values("content-type"), ["application/json"]);
    assert_eq!(received.values("x-twice"), ["one", "two"]);
    assert_eq!(received.values("authorization"), ["Bearer hunter2"]);
    assert_eq!(received.values("content-length"), ["7"]);
    assert_eq!(received.values("host"), [format!("127.0.0.1:{}", server.port())]);
    assert_eq!(received.values("user-agent"), [concat!("stockroom/", env!("CARGO_PKG_VERSION"))]);
    assert_eq!(received.values("accept-encoding"), ["gzip"]);
}

#[test]
fn the_user_agent_is_the_options() {
    let server = Server::answering(answer("200 OK", "", b""));
    let client = client(HttpOptions { user_agent: "shop 7 (ops@example.com)".to_owned(), ..patient() });
    client.send(&get(&server.url("/"))).expect("an answer");
    assert_eq!(server.received()[0].values("user-agent"), ["shop 7 (ops@example.com)"]);
}

#[test]
fn every_method_goes_with_a_body_and_without() {
    let server = Server::answering(answer("200 OK", "", b""));
    let client = client(patient());
    for method in [Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete] {
        for body in [b"".as_slice(), b"text"] {
            let sent = HttpRequest { body: body.to_vec(), ..request(method, &server.url("/")) };
            client.send(&sent).expect("an answer");
            let received = server.received().pop().expect("a request");
            assert_eq!(received.line(), format!("{} / HTTP/1.1", method.name()));
            assert_eq!(received.body, body);
            // A server may wait for the body of a method that has one, unless it hears that there is none.
            let says_length = !body.is_empty() || !matches!(method, Method::Get | Method::Delete);
            let wanted = body.len().to_string();
            assert_eq!(received.values("content-length"), if says_length { vec![wanted.as_str()] } else { vec![] });
            assert!(received.values("transfer-encoding").is_empty());
        }
    }
}

#[test]
fn a_request_that_cannot_be_meant_is_not_sent() {
    let server = Server::answering(answer("200 OK", "", b""));
    let client = client(patient());
    let host = format!("127.0.0.1:{}", server.port());
    for (url, kind) in [
        (String::new(), "cannot be read"),
        ("http://exa mple/".to_owned(), "cannot be read"),
        ("/orders".to_owned(), "not absolute"),
        (format!("ftp://{host}/"), "neither https:// nor http://"),
        (format!("http://user:hunter2@{host}/"), "credentials"),
    ] {
        let why = not_sent(client.send(&get(&url)));
        assert!(why.contains(kind), "{url}: {why}");
    }
    for (name, value, kind) in [
        ("Content-Length", "0", "own to set"),
        ("transfer-encoding", "chunked", "own to set"),
        ("Host", "elsewhere.example", "own to set"),
        ("User-Agent", "me", "own to set"),
        ("Expect", "100-continue", "own to set"),
        ("X-Bad", "a\r\nX-Smuggled: b", "value cannot be sent"),
        ("X Bad", "a", "name cannot be sent"),
    ] {
        let mut sent = get(&server.url("/"));
        sent.headers.push(plain(name, value));
        let why = not_sent(client.send(&sent));
        assert!(why.contains(kind), "{name}: {why}");
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn plain_http_has_to_be_allowed() {
    let server = Server::answering(answer("200 OK", "", b""));
    let strict = client(HttpOptions { allow_plain_http: false, ..patient() });
    assert_eq!(not_sent(strict.send(&get(&server.url("/")))), "127.0.0.1: http:// is not allowed, only https://");
    assert_eq!(server.connections(), 0);
    assert!(!HttpOptions::default().allow_plain_http);
}

#[test]
fn options_that_cannot_be_used_are_refused() {
    let refused = |options| stockroom_http::HttpClient::new(options).expect_err("a refusal");
    for (options, name) in [
        (HttpOptions { connect_timeout_ms: 0, ..patient() }, "connect_timeout_ms"),
        (HttpOptions { silence_timeout_ms: 0, ..patient() }, "silence_timeout_ms"),
        (HttpOptions { answer_timeout_ms: 0, ..patient() }, "answer_timeout_ms"),
        (HttpOptions { whole_timeout_ms: 0, ..patient() }, "whole_timeout_ms"),
    ] {
        assert_eq!(refused(options), HttpSetupError::NoTime(name));
    }
    for user_agent in ["", "  ", "a\r\nX-Smuggled: b", "caf\u{e9}"] {
        let options = HttpOptions { user_agent: user_agent.to_owned(), ..patient() };
        assert_eq!(refused(options), HttpSetupError::UserAgent);
    }
}
