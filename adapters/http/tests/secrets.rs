//! No text that a person may see holds what only the other side should: neither failures nor `Debug`.

use stockroom::ports::{HeaderValue, HttpFailure, HttpRequest, Secret};
use stockroom_http::HttpOptions;

use crate::server::{Peer, Server, answer, deserted_url};
use crate::{client, patient, post};

const SECRET: &str = "hunter2";

/// A request that has the secret in every place that can hold one.
fn secretive(url: &str) -> HttpRequest {
    let mut request = post(&format!("{}{SECRET}?token={SECRET}#{SECRET}", url), SECRET.as_bytes());
    request.headers.push(("Authorization".to_owned(), HeaderValue::Secret(Secret::new(SECRET))));
    request.headers.push(("X-Plain".to_owned(), HeaderValue::Plain(SECRET.to_owned())));
    request
}

fn with_header(mut request: HttpRequest, name: &str, value: HeaderValue) -> HttpRequest {
    request.headers.push((name.to_owned(), value));
    request
}

fn saying(said: impl AsRef<[u8]> + Send + Sync + 'static) -> Server {
    Server::start(move |peer, _| {
        peer.receive();
        peer.say(said.as_ref());
    })
}

#[test]
fn no_failure_tells_a_secret() {
    let deserted = deserted_url();
    let hanging = Server::start(|peer: &mut Peer, _| peer.hang());
    let host = format!("127.0.0.1:{}", hanging.port());
    let mut requests = vec![
        secretive(&deserted),
        secretive(&format!("http://{SECRET}:{SECRET}@{host}/")),
        secretive(&format!("http://exa mple/{SECRET}")),
        secretive(&format!("ftp://{host}/")),
        secretive(SECRET),
        secretive(&hanging.url("/")),
        secretive(&format!("https://{host}/")),
        with_header(secretive(&deserted), "X-Bad", HeaderValue::Secret(Secret::new(format!("{SECRET}\n")))),
        with_header(secretive(&deserted), &format!("{SECRET} {SECRET}"), HeaderValue::Plain(String::new())),
        with_header(secretive(&deserted), "Host", HeaderValue::Plain(SECRET.to_owned())),
    ];
    // The other side may say back what it was told.
    let servers: Vec<Server> = [
        format!("{SECRET}\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\n{SECRET}\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\nContent-Length: {SECRET}\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{SECRET}"),
        format!("HTTP/1.1 200 OK\r\nContent-Encoding: {SECRET}\r\nContent-Length: 7\r\n\r\n{SECRET}"),
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{SECRET}\r\n"),
        format!("HTTP/1.1 200 OK\r\nX-Long: {}\r\n\r\n", SECRET.repeat(20_000)),
        String::from_utf8(answer("200 OK", "", SECRET.repeat(1000).as_bytes())).expect("text"),
    ]
    .into_iter()
    .map(saying)
    .collect();
    requests.extend(servers.iter().map(|server| secretive(&server.url("/"))));

    let options = HttpOptions { whole_timeout_ms: 300, body_max_bytes: 1000, ..patient() };
    for request in requests {
        let failure = client(options.clone()).send(&request).expect_err("a failure");
        let (HttpFailure::NotSent(why) | HttpFailure::Lost(why)) = &failure;
        for text in [why.clone(), failure.to_string(), format!("{failure:?}")] {
            assert!(!text.contains(SECRET), "{text}");
            assert!(!text.contains(['\n', '?']), "it is one plain line: {text:?}");
        }
    }
}

#[test]
fn debug_tells_no_secret() {
    let server = Server::answering(answer("200 OK", "", b""));
    let client = client(patient());
    client.send(&secretive(&server.url("/"))).expect("an answer");
    let text = format!("{client:?} {:?}", secretive(&server.url("/")).headers[0]);
    assert!(!text.contains(SECRET), "{text}");
    assert!(text.contains("whole_timeout_ms") && text.contains("***"), "{text}");
}
