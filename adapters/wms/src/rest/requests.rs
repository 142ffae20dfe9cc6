//! The requests of the contract, as a profile words them. They are made here and nowhere else; what becomes of them
//! is not decided here.

use serde_json::{Map, Value};
use stockroom::fulfillment::{CancelRequest, FulfillmentRequest, RequestedItem, StockCheck};
use stockroom::ports::{HeaderValue, HttpRequest, Method};

use crate::profile::Profile;
use crate::remote::{encoded, header_text};

pub(crate) fn create(profile: &Profile, request: &FulfillmentRequest) -> HttpRequest {
    let mut made = bare(profile, Method::Post, url(profile, &profile.paths.create));
    made.headers.push(plain("Content-Type", "application/json"));
    if !profile.idempotency_header.is_empty() {
        made.headers.push(plain(&profile.idempotency_header, &header_text(&request.fulfillment)));
    }
    made.body = document(profile, request).to_string().into_bytes();
    made
}

pub(crate) fn look_up(profile: &Profile, fulfillment: &str) -> HttpRequest {
    let path = profile.paths.look_up.replace("{fulfillment}", &encoded(fulfillment));
    bare(profile, Method::Get, url(profile, &path))
}

pub(crate) fn cancel(profile: &Profile, request: &CancelRequest) -> HttpRequest {
    let reference = request.reference.as_deref().unwrap_or(&request.fulfillment);
    // A name holds no brace once it is encoded, so the second replacement finds only the template's.
    let path = profile.paths.cancel.replace("{fulfillment}", &encoded(&request.fulfillment));
    let path = path.replace("{reference}", &encoded(reference));
    bare(profile, Method::Post, url(profile, &path))
}

pub(crate) fn stock(profile: &Profile, check: &StockCheck) -> HttpRequest {
    let name = encoded(&profile.paths.stock_sku_parameter);
    let parameters: Vec<String> = check.skus.iter().map(|sku| format!("{name}={}", encoded(sku))).collect();
    let joint = if profile.paths.stock.contains('?') { '&' } else { '?' };
    let url = format!("{}{joint}{}", url(profile, &profile.paths.stock), parameters.join("&"));
    bare(profile, Method::Get, url)
}

fn url(profile: &Profile, path: &str) -> String {
    format!("{}{path}", profile.base_url.trim_end_matches('/'))
}

fn bare(profile: &Profile, method: Method, url: String) -> HttpRequest {
    let mut headers = vec![plain("Accept", "application/json")];
    headers.extend(profile.headers.iter().map(|(name, value)| plain(name, value)));
    headers.extend(profile.auth.header());
    HttpRequest { method, url, headers, body: Vec::new() }
}

fn plain(name: &str, value: &str) -> (String, HeaderValue) {
    (name.to_owned(), HeaderValue::Plain(value.to_owned()))
}

fn document(profile: &Profile, request: &FulfillmentRequest) -> Value {
    let fields = &profile.request;
    let mut document = Map::new();
    let mut put = |name: &str, value: Value| {
        if !name.is_empty() {
            document.insert(name.to_owned(), value);
        }
    };
    put(&fields.fulfillment, Value::from(request.fulfillment.as_str()));
    put(&fields.order, Value::from(&*request.order));
    put(&fields.channel, Value::from(&*request.channel));
    put(&fields.location, Value::from(&*request.location));
    put(&fields.placed_at, Value::from(stockroom::time::rfc3339(request.placed_at_ms)));
    put(&fields.currency, Value::from(request.currency.as_str()));
    if let Some(note) = &request.note {
        put(&fields.note, Value::from(note.as_str()));
    }
    // An address is text in lists and fields, which JSON can always hold.
    if let Some(ship_to) = request.ship_to.as_ref().and_then(|ship_to| serde_json::to_value(ship_to).ok()) {
        put(&fields.ship_to, ship_to);
    }
    put(&fields.items, request.items.iter().map(|line| item(profile, line)).collect());
    Value::Object(document)
}

fn item(profile: &Profile, item: &RequestedItem) -> Value {
    let fields = &profile.request;
    let mut document = Map::new();
    for (name, value) in [
        (&fields.line, Value::from(item.line)),
        (&fields.sku, Value::from(&*item.sku)),
        (&fields.quantity, Value::from(item.quantity)),
    ] {
        if !name.is_empty() {
            document.insert(name.clone(), value);
        }
    }
    Value::Object(document)
}
