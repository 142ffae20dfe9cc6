//! The requests of the contract, as a profile words them. They are made here and nowhere else; what becomes of them
//! is not decided here.

use stockroom::fulfillment::{CancelRequest, RequestView, StockCheck};
use stockroom::ports::{HeaderValue, HttpRequest, Method};

use super::json::{Field, Labels, write_value};
use crate::profile::Profile;
use crate::remote::{encoded, header_text};

/// The names of a request's fields.
#[derive(Clone, Debug)]
pub(crate) struct Wording {
    request: Labels<9>,
    item: Labels<3>,
}

impl Wording {
    pub(crate) fn new(profile: &Profile) -> Self {
        let names = &profile.request;
        Wording {
            request: Labels::new([
                &names.fulfillment,
                &names.order,
                &names.channel,
                &names.location,
                &names.placed_at,
                &names.currency,
                &names.note,
                &names.ship_to,
                &names.items,
            ]),
            item: Labels::new([&names.line, &names.sku, &names.quantity]),
        }
    }

    fn document(&self, request: &RequestView<'_>) -> Vec<u8> {
        let ship_to = request.ship_to.as_ref();
        let write_ship_to = |json: &mut Vec<u8>| write_value(json, &ship_to);
        let write_items = |json: &mut Vec<u8>| {
            json.push(b'[');
            for (at, item) in request.items.iter().enumerate() {
                if at > 0 {
                    json.push(b',');
                }
                let (line, quantity) = (Field::Number(item.line.into()), Field::Number(item.quantity));
                self.item.write(json, [line, Field::Text(&item.sku), quantity]);
            }
            json.push(b']');
        };
        let mut json = Vec::with_capacity(DOCUMENT_BYTES + request.items.len().saturating_mul(ITEM_BYTES));
        self.request.write(
            &mut json,
            [
                Field::Text(&request.fulfillment),
                Field::Text(&request.order),
                Field::Text(&request.channel),
                Field::Text(&request.location),
                Field::TimeMs(request.placed_at_ms),
                Field::Text(&request.currency),
                request.note.as_deref().map_or(Field::None, Field::Text),
                ship_to.map_or(Field::None, |_| Field::Document(&write_ship_to)),
                Field::Document(&write_items),
            ],
        );
        json
    }
}

/// About how long a document is without its items, and with each of them.
const DOCUMENT_BYTES: usize = 512;
const ITEM_BYTES: usize = 64;

pub(crate) fn create(profile: &Profile, wording: &Wording, request: &RequestView<'_>) -> HttpRequest {
    let mut made = bare(profile, Method::Post, url(profile, &profile.paths.create));
    made.headers.push(plain("Content-Type", "application/json"));
    if !profile.idempotency_header.is_empty() {
        made.headers.push(plain(&profile.idempotency_header, &header_text(&request.fulfillment)));
    }
    made.body = wording.document(request);
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
    [profile.base_url.trim_end_matches('/'), path].concat()
}

fn bare(profile: &Profile, method: Method, url: String) -> HttpRequest {
    // With room for those of a creation.
    let mut headers = Vec::with_capacity(profile.headers.len() + 4);
    headers.push(plain("Accept", "application/json"));
    headers.extend(profile.headers.iter().map(|(name, value)| plain(name, value)));
    headers.extend(profile.auth.header());
    HttpRequest { method, url, headers, body: Vec::new() }
}

fn plain(name: &str, value: &str) -> (String, HeaderValue) {
    (name.to_owned(), HeaderValue::Plain(value.to_owned()))
}
