//! The requests of the contract, as a profile words them. They are made here and nowhere else; what becomes of them
//! is not decided here.

use serde::ser::{Serialize, SerializeMap, Serializer};
use stockroom::fulfillment::{CancelRequest, FulfillmentRequest, RequestedItem, StockCheck};
use stockroom::order::ShipTo;
use stockroom::ports::{HeaderValue, HttpRequest, Method};

use crate::profile::Profile;
use crate::remote::{encoded, header_text};

pub(crate) fn create(profile: &Profile, request: &FulfillmentRequest) -> HttpRequest {
    let mut made = bare(profile, Method::Post, url(profile, &profile.paths.create));
    made.headers.push(plain("Content-Type", "application/json"));
    if !profile.idempotency_header.is_empty() {
        made.headers.push(plain(&profile.idempotency_header, &header_text(&request.fulfillment)));
    }
    // It is text, numbers and lists, which JSON can always hold.
    made.body = serde_json::to_vec(&document(profile, request)).unwrap_or_default();
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

/// An object whose fields' names are the profile's. A field without a name or a value is left out; of two with the same
/// name the later one counts. It is written as it is walked through: a tree of it would be built for each delivery only
/// to be thrown away.
struct Object<'d, const N: usize>([(&'d str, Field<'d>); N]);

/// What stands in a field.
enum Field<'d> {
    None,
    Text(&'d str),
    Number(i64),
    TimeMs(i64),
    ShipTo(&'d ShipTo),
    Items(&'d Profile, &'d [RequestedItem]),
}

impl<const N: usize> Serialize for Object<'_, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let is_there = |(name, field): &(&str, Field<'_>)| !name.is_empty() && !matches!(field, Field::None);
        let Object(fields) = self;
        let mut map = serializer.serialize_map(None)?;
        for (at, entry) in fields.iter().enumerate().filter(|(_, entry)| is_there(entry)) {
            let (name, field) = entry;
            if !fields[at + 1..].iter().any(|later| later.0 == *name && is_there(later)) {
                map.serialize_entry(name, field)?;
            }
        }
        map.end()
    }
}

impl Serialize for Field<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Field::None => serializer.serialize_none(),
            Field::Text(text) => serializer.serialize_str(text),
            Field::Number(number) => serializer.serialize_i64(*number),
            Field::TimeMs(time_ms) => serializer.serialize_str(&stockroom::time::rfc3339(*time_ms)),
            Field::ShipTo(ship_to) => ship_to.serialize(serializer),
            Field::Items(profile, items) => serializer.collect_seq(items.iter().map(|line| item(profile, line))),
        }
    }
}

fn document<'d>(profile: &'d Profile, request: &'d FulfillmentRequest) -> Object<'d, 9> {
    let fields = &profile.request;
    Object([
        (&fields.fulfillment, Field::Text(&request.fulfillment)),
        (&fields.order, Field::Text(&request.order)),
        (&fields.channel, Field::Text(&request.channel)),
        (&fields.location, Field::Text(&request.location)),
        (&fields.placed_at, Field::TimeMs(request.placed_at_ms)),
        (&fields.currency, Field::Text(&request.currency)),
        (&fields.note, request.note.as_deref().map_or(Field::None, Field::Text)),
        (&fields.ship_to, request.ship_to.as_ref().map_or(Field::None, Field::ShipTo)),
        (&fields.items, Field::Items(profile, &request.items)),
    ])
}

fn item<'d>(profile: &'d Profile, item: &'d RequestedItem) -> Object<'d, 3> {
    let fields = &profile.request;
    Object([
        (&fields.line, Field::Number(item.line.into())),
        (&fields.sku, Field::Text(&item.sku)),
        (&fields.quantity, Field::Number(item.quantity)),
    ])
}
