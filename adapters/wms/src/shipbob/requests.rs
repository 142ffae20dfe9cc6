//! The requests of ShipBob's API that the exchange makes. Field names and paths are ShipBob's; `docs/wms.md` names
//! where they are written down.

use serde_json::{Map, Value, json};
use stockroom::fulfillment::{FulfillmentRequest, StockCheck};
use stockroom::order::ShipTo;
use stockroom::ports::{HeaderValue, HttpRequest, Method, Secret};

use super::ShipBobProfile;
use crate::remote::encoded;

/// The most characters of a recipient's name and of a telephone number (ShipBob's OpenAPI of 2026-01,
/// `Orders.RecipientInfoViewModel`).
const NAME_CHARS_MAX: usize = 300;
const PHONE_CHARS_MAX: usize = 50;

/// The creation, or why ShipBob cannot take the order.
pub(crate) fn create(profile: &ShipBobProfile, request: &FulfillmentRequest) -> Result<HttpRequest, &'static str> {
    let ship_to = request.ship_to.as_ref().ok_or("ShipBob takes no order without a recipient")?;
    let recipient = recipient(ship_to)?;
    let products: Vec<Value> = request
        .items
        .iter()
        .map(|item| {
            // ShipBob wants a name, for the product that it makes where it knows none by this reference id.
            json!({
                "reference_id": &*item.sku,
                "name": &*item.sku,
                "quantity": item.quantity,
                "external_line_id": item.line,
            })
        })
        .collect();
    let mut document = Map::new();
    document.insert("reference_id".to_owned(), Value::from(request.fulfillment.as_str()));
    document.insert("order_number".to_owned(), Value::from(&*request.order));
    document.insert("type".to_owned(), Value::from("DTC"));
    document.insert("shipping_method".to_owned(), Value::from(profile.shipping_method.as_str()));
    document.insert("purchase_date".to_owned(), Value::from(stockroom::time::rfc3339(request.placed_at_ms)));
    document.insert("recipient".to_owned(), recipient);
    document.insert("products".to_owned(), Value::from(products));
    if let Some(location_id) = profile.location_id {
        document.insert("location_id".to_owned(), Value::from(location_id));
    }
    let mut made = bare(profile, Method::Post, url(profile, "/order"));
    made.headers.push(("Content-Type".to_owned(), HeaderValue::Plain("application/json".to_owned())));
    made.body = Value::Object(document).to_string().into_bytes();
    Ok(made)
}

pub(crate) fn look_up(profile: &ShipBobProfile, fulfillment: &str) -> HttpRequest {
    bare(profile, Method::Get, url(profile, &format!("/order?ReferenceIds={}", encoded(fulfillment))))
}

/// The cancellation of an order by ShipBob's number for it.
pub(crate) fn cancel(profile: &ShipBobProfile, order: u64) -> HttpRequest {
    bare(profile, Method::Post, url(profile, &format!("/order/{order}:cancel")))
}

/// One SKU is searched for; several are looked for in the whole list, as there is no search for several.
pub(crate) fn stock(profile: &ShipBobProfile, check: &StockCheck) -> HttpRequest {
    let mut parameters = Vec::new();
    if let Some(location_id) = profile.location_id {
        parameters.push(format!("LocationId={location_id}"));
    }
    if let [sku] = check.skus.as_slice() {
        parameters.push(format!("SearchBy={}", encoded(sku)));
    }
    parameters.push(format!("PageSize={}", profile.page_size));
    let path = if profile.location_id.is_some() { "/inventory-level/locations" } else { "/inventory-level" };
    bare(profile, Method::Get, url(profile, &format!("{path}?{}", parameters.join("&"))))
}

/// The next page of a list, or why its address is not one that the token may be sent to.
pub(crate) fn next_page(profile: &ShipBobProfile, next: &str) -> Result<HttpRequest, &'static str> {
    let base = profile.base_url.trim_end_matches('/');
    let url = match next.strip_prefix(base) {
        Some(path) if path.starts_with('/') => next.to_owned(),
        _ if next.starts_with('/') && !next.starts_with("//") => format!("{base}{next}"),
        _ => return Err("the next page of the list is not at ShipBob's address"),
    };
    if !url.bytes().all(|byte| byte.is_ascii_graphic()) || url.contains('\\') {
        return Err("the address of the list's next page is none");
    }
    Ok(bare(profile, Method::Get, url))
}

fn recipient(ship_to: &ShipTo) -> Result<Value, &'static str> {
    let Some((first, others)) = ship_to.address.split_first() else {
        return Err("ShipBob takes no order without a line of address");
    };
    for (text, fault) in [
        (&ship_to.name, "ShipBob takes no order without the recipient's name"),
        (first, "ShipBob takes no order without a line of address"),
        (&ship_to.city, "ShipBob takes no order without a city"),
        (&ship_to.country, "ShipBob takes no order without a country"),
    ] {
        if text.trim().is_empty() {
            return Err(fault);
        }
    }
    if ship_to.name.chars().count() > NAME_CHARS_MAX {
        return Err("the recipient's name is longer than ShipBob takes");
    }
    if ship_to.phone.chars().count() > PHONE_CHARS_MAX {
        return Err("the telephone number is longer than ShipBob takes");
    }
    let mut address = Map::new();
    let second = others.join(", ");
    for (name, text) in [
        ("address1", first),
        ("address2", &second),
        ("city", &ship_to.city),
        ("state", &ship_to.region),
        ("zip_code", &ship_to.postal_code),
        ("country", &ship_to.country),
    ] {
        if !text.is_empty() {
            address.insert(name.to_owned(), Value::from(text.as_str()));
        }
    }
    let mut recipient = Map::new();
    recipient.insert("name".to_owned(), Value::from(ship_to.name.as_str()));
    recipient.insert("address".to_owned(), Value::Object(address));
    for (name, text) in [("email", &ship_to.email), ("phone_number", &ship_to.phone)] {
        if !text.is_empty() {
            recipient.insert(name.to_owned(), Value::from(text.as_str()));
        }
    }
    Ok(Value::Object(recipient))
}

fn url(profile: &ShipBobProfile, path: &str) -> String {
    format!("{}/{}{path}", profile.base_url.trim_end_matches('/'), profile.version)
}

fn bare(profile: &ShipBobProfile, method: Method, url: String) -> HttpRequest {
    let headers = vec![
        ("Accept".to_owned(), HeaderValue::Plain("application/json".to_owned())),
        ("shipbob_channel_id".to_owned(), HeaderValue::Plain(profile.channel_id.to_string())),
        ("Authorization".to_owned(), HeaderValue::Secret(Secret::new(format!("Bearer {}", profile.token.reveal())))),
    ];
    HttpRequest { method, url, headers, body: Vec::new() }
}
