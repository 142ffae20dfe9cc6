//! A proxy in the environment is used when the options ask for it, and else nothing is told to it. The environment
//! is a process's, so each case runs in one of its own: this program again, with one test.

use std::process::Command;

use crate::server::{Server, answer};
use crate::{client, get, not_sent, patient};
use stockroom_http::HttpOptions;

const URL: &str = "STOCKROOM_HTTP_TEST_URL";
const CASE: &str = "STOCKROOM_HTTP_TEST_CASE";

/// Run by the other tests only: sends one request as the environment says.
#[test]
#[ignore = "run by the tests beside it, with a proxy in the environment"]
fn send_as_the_environment_says() {
    let (Ok(url), Ok(case)) = (std::env::var(URL), std::env::var(CASE)) else { return };
    let client = client(HttpOptions { proxy_from_environment: case != "direct", ..patient() });
    let outcome = client.send(&get(&url));
    if case == "refused" {
        let why = not_sent(outcome);
        assert!(why.starts_with("warehouse.invalid: ") && !why.contains("hunter2"), "{why}");
    } else {
        assert_eq!(outcome.expect("an answer").body, b"text");
    }
    assert!(!format!("{client:?}").contains("hunter2"));
}

/// Runs the test above in a process with this proxy.
#[track_caller]
fn send_with(proxy: &Server, url: &str, case: &str) {
    let proxy_url = format!("http://user:hunter2@127.0.0.1:{}", proxy.port());
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", "proxy::send_as_the_environment_says", "--ignored"]);
    for name in ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "all_proxy", "https_proxy", "http_proxy"] {
        command.env(name, &proxy_url);
    }
    let command = command.env_remove("NO_PROXY").env_remove("no_proxy").env(URL, url).env(CASE, case);
    let output = command.output().expect("this program again");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn the_environments_proxy_is_not_used_unless_asked() {
    let server = Server::answering(answer("200 OK", "", b"text"));
    let proxy = Server::answering("HTTP/1.1 502 Bad Gateway\r\n\r\n");
    send_with(&proxy, &server.url("/"), "direct");
    assert_eq!((server.connections(), proxy.connections()), (1, 0));
}

#[test]
fn the_environments_proxy_is_used_when_asked() {
    // It connects to nobody, and plays the server itself once the connection stands.
    let proxy = Server::start(|peer, _| {
        peer.receive();
        peer.say("HTTP/1.1 200 Connected\r\n\r\n");
        peer.receive();
        peer.say(answer("200 OK", "", b"text"));
    });
    send_with(&proxy, "http://warehouse.invalid/orders", "connected");
    let lines: Vec<String> = proxy.received().iter().map(|received| received.line().to_owned()).collect();
    assert_eq!(lines, ["CONNECT warehouse.invalid:80 HTTP/1.1", "GET /orders HTTP/1.1"]);
}

/// What was said to the proxy is not the request, so nothing was carried out.
#[test]
fn a_proxy_that_does_not_connect_is_not_sent() {
    for said in ["HTTP/1.1 502 Bad Gateway\r\n\r\n", "nonsense\r\n\r\n", ""] {
        let proxy = Server::start(move |peer, _| {
            peer.receive();
            peer.say(said);
        });
        send_with(&proxy, "http://warehouse.invalid/orders", "refused");
        assert_eq!(proxy.received().len(), 1);
    }
}
