//! The GraphQL documents, and the requests made of them. The documents stand in files of their own, which the tests
//! hold against Shopify's schemas. What becomes of a request is not decided here.

use serde::Serialize;
use sha2::{Digest, Sha256};
use stockroom::outbox::LeasedDelivery;
use stockroom::ports::{HeaderValue, HttpRequest, Method};

use crate::settings::Shop;

/// Sets quantities.
pub const SET_QUANTITIES: &str = include_str!("../../graphql/set_quantities.graphql");
/// Reads quantities.
pub const READ_QUANTITIES: &str = include_str!("../../graphql/read_quantities.graphql");
/// Stocks an item at a location.
pub const ACTIVATE: &str = include_str!("../../graphql/activate.graphql");
/// Reads what the shop was told to have left.
pub const FULFILLMENTS: &str = include_str!("../../graphql/fulfillments.graphql");
/// Reads what is left to ship of an order.
pub const FULFILLMENT_ORDERS: &str = include_str!("../../graphql/fulfillment_orders.graphql");
/// Reads more lines of a fulfillment order.
pub const FULFILLMENT_ORDER_LINES: &str = include_str!("../../graphql/fulfillment_order_lines.graphql");
/// Tells of a shipment.
pub const CREATE_FULFILLMENT: &str = include_str!("../../graphql/create_fulfillment.graphql");
/// Reads orders by the time of their last change.
pub const ORDERS: &str = include_str!("../../graphql/orders.graphql");
/// Reads more lines of an order.
pub const ORDER_LINES: &str = include_str!("../../graphql/order_lines.graphql");

/// Every document that is ever sent, by its file's name.
pub const DOCUMENTS: &[(&str, &str)] = &[
    ("set_quantities", SET_QUANTITIES),
    ("read_quantities", READ_QUANTITIES),
    ("activate", ACTIVATE),
    ("fulfillments", FULFILLMENTS),
    ("fulfillment_orders", FULFILLMENT_ORDERS),
    ("fulfillment_order_lines", FULFILLMENT_ORDER_LINES),
    ("create_fulfillment", CREATE_FULFILLMENT),
    ("orders", ORDERS),
    ("order_lines", ORDER_LINES),
];

/// The header with the access token (<https://shopify.dev/docs/api/admin-graphql>).
pub const TOKEN_HEADER: &str = "X-Shopify-Access-Token";

#[derive(Serialize)]
struct Body<'a, Variables> {
    query: &'a str,
    variables: &'a Variables,
}

/// The request for a document with its variables. The same values give the same bytes: Shopify takes a repeated key
/// for a repeated request only where all parameters are the same.
pub(crate) fn request<Variables: Serialize>(shop: &Shop, document: &str, variables: &Variables) -> HttpRequest {
    HttpRequest {
        method: Method::Post,
        url: format!("{}/admin/api/{}/graphql.json", shop.base(), shop.version),
        headers: headers(shop),
        // Texts, numbers and lists of them can always be written.
        body: serde_json::to_vec(&Body { query: document, variables }).unwrap_or_default(),
    }
}

pub(crate) fn headers(shop: &Shop) -> Vec<(String, HeaderValue)> {
    vec![
        ("Content-Type".to_owned(), HeaderValue::Plain("application/json".to_owned())),
        ("Accept".to_owned(), HeaderValue::Plain("application/json".to_owned())),
        (TOKEN_HEADER.to_owned(), HeaderValue::Secret(shop.token.clone())),
    ]
}

/// The idempotency key of a change: a UUID (RFC 9562, version 8) from SHA-256 over the delivery's name and all that is
/// sent for it. The same content of the same delivery has the same key, whoever makes it, and other content another.
/// `salt` counts the keys that the shop will not have again.
pub(crate) fn key<Variables: Serialize>(
    delivery: &LeasedDelivery,
    what: &str,
    salt: u32,
    variables: &Variables,
) -> String {
    let mut hash = Sha256::new();
    let content = serde_json::to_vec(variables).unwrap_or_default();
    for part in [b"stockroom shopify 1".as_slice(), delivery.destination.as_bytes(), what.as_bytes(), &content] {
        // Lengths in front, so that no two lists of parts are one text.
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    hash.update(delivery.number.to_be_bytes());
    hash.update(salt.to_be_bytes());
    let digest = hash.finalize();
    let mut text = String::with_capacity(36);
    for (index, byte) in digest.iter().take(16).enumerate() {
        let byte = match index {
            6 => (byte & 0x0f) | 0x80,
            8 => (byte & 0x3f) | 0x80,
            _ => *byte,
        };
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}
