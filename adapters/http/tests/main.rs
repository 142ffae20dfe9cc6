//! The client and the sink against small servers of their own on the loopback device: what arrives over there, and
//! that nothing that a server does keeps the caller longer, costs it more, or leads it elsewhere than it allowed.

#![forbid(unsafe_code)]

mod answers;
mod lease;
mod limits;
mod proxy;
mod requests;
mod secrets;
mod server;
mod timeouts;
mod tls;
mod turns;

use stockroom::ports::{HttpFailure, HttpRequest, HttpResponse, Method};
use stockroom_http::{HttpClient, HttpOptions};

/// Options for servers on this machine: plain HTTP, and patience that outlasts a loaded machine unless a test says
/// otherwise.
fn patient() -> HttpOptions {
    HttpOptions {
        connect_timeout_ms: 20_000,
        silence_timeout_ms: 20_000,
        answer_timeout_ms: 20_000,
        whole_timeout_ms: 20_000,
        allow_plain_http: true,
        ..HttpOptions::default()
    }
}

fn client(options: HttpOptions) -> HttpClient {
    HttpClient::new(options).expect("options that can be used")
}

fn request(method: Method, url: &str) -> HttpRequest {
    HttpRequest { method, url: url.to_owned(), headers: Vec::new(), body: Vec::new() }
}

fn get(url: &str) -> HttpRequest {
    request(Method::Get, url)
}

fn post(url: &str, body: &[u8]) -> HttpRequest {
    HttpRequest { body: body.to_vec(), ..request(Method::Post, url) }
}

/// The text of a failure after which the request cannot have been carried out.
#[track_caller]
fn not_sent(outcome: Result<HttpResponse, HttpFailure>) -> String {
    match outcome {
        Err(HttpFailure::NotSent(why)) => why,
        other => panic!("not a request that was not sent: {other:?}"),
    }
}

/// The text of a failure after which nobody knows.
#[track_caller]
fn lost(outcome: Result<HttpResponse, HttpFailure>) -> String {
    match outcome {
        Err(HttpFailure::Lost(why)) => why,
        other => panic!("not a lost answer: {other:?}"),
    }
}

/// A file that is not named above would never run.
#[test]
fn every_file_is_part_of_this_program() {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    for entry in std::fs::read_dir(directory).expect("the directory of this file") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        if path.extension().is_some_and(|extension| extension == "rs") && name != "main" {
            assert!(include_str!("main.rs").contains(&format!("\nmod {name};\n")), "{name} is in no program");
        }
    }
}
