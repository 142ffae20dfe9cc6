//! The values of the exchange port: what a request and its answer are made of.

use stockroom::ports::{HttpResponse, Method, Secret};

#[test]
fn methods_that_may_be_sent_twice() {
    // RFC 9110, 9.2.2.
    for (method, is_idempotent) in [
        (Method::Get, true),
        (Method::Put, true),
        (Method::Delete, true),
        (Method::Post, false),
        (Method::Patch, false),
    ] {
        assert_eq!(method.is_idempotent(), is_idempotent, "{method:?}");
    }
}

#[test]
fn a_secret_is_told_to_who_asks_for_it_alone() {
    let secret = Secret::from("hush");
    assert_eq!((secret.reveal(), format!("{secret:?}").as_str()), ("hush", "***"));
    assert_eq!(secret, Secret::new("hush"));
    assert_ne!(secret, Secret::default());
}

#[test]
fn a_header_is_found_whatever_its_case() {
    let headers = [("Retry-After", "5"), ("X-Limit", "first"), ("x-limit", "second"), ("Empty", "")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let response = HttpResponse { status: 200, headers, body: Vec::new() };
    for (name, value) in
        [("retry-after", Some("5")), ("X-LIMIT", Some("first")), ("empty", Some("")), ("retry", None), ("", None)]
    {
        assert_eq!(response.header(name), value, "{name}");
    }
}
