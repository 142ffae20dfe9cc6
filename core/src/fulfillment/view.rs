//! A request to ship as it lies in the store's text, for whoever reads it once to hand it on: without a copy of every
//! field.

use std::borrow::Cow;

use serde::Deserialize;

use crate::engine::Unread;
use crate::error::Error;
use crate::fulfillment::{FulfillmentRequest, RequestedItem};
use crate::order::ShipTo;

/// [`FulfillmentRequest`], borrowed from where it lies.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[allow(missing_docs)] // Each field is the request's of the same name.
pub struct RequestView<'r> {
    #[serde(borrow)]
    pub fulfillment: Cow<'r, str>,
    #[serde(borrow)]
    pub order: Cow<'r, str>,
    #[serde(borrow)]
    pub location: Cow<'r, str>,
    #[serde(borrow)]
    pub channel: Cow<'r, str>,
    pub placed_at_ms: i64,
    #[serde(borrow)]
    pub currency: Cow<'r, str>,
    #[serde(default)]
    pub ship_to: Option<Cow<'r, ShipTo>>,
    #[serde(borrow, default)]
    pub note: Option<Cow<'r, str>>,
    #[serde(borrow)]
    pub items: Vec<ItemView<'r>>,
}

/// [`RequestedItem`], borrowed from where it lies.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[allow(missing_docs)] // Each field is the item's of the same name.
pub struct ItemView<'r> {
    pub line: u32,
    #[serde(borrow)]
    pub sku: Cow<'r, str>,
    pub quantity: i64,
}

impl<'r> From<&'r FulfillmentRequest> for RequestView<'r> {
    fn from(request: &'r FulfillmentRequest) -> Self {
        let FulfillmentRequest { fulfillment, order, location, channel, placed_at_ms, currency, ship_to, note, items } =
            request;
        RequestView {
            fulfillment: Cow::Borrowed(fulfillment),
            order: Cow::Borrowed(order),
            location: Cow::Borrowed(location),
            channel: Cow::Borrowed(channel),
            placed_at_ms: *placed_at_ms,
            currency: Cow::Borrowed(currency),
            ship_to: ship_to.as_ref().map(Cow::Borrowed),
            note: note.as_deref().map(Cow::Borrowed),
            items: items.iter().map(ItemView::from).collect(),
        }
    }
}

impl<'r> From<&'r RequestedItem> for ItemView<'r> {
    fn from(item: &'r RequestedItem) -> Self {
        ItemView { line: item.line, sku: Cow::Borrowed(&item.sku), quantity: item.quantity }
    }
}

impl Unread<FulfillmentRequest> {
    /// The request as it lies: from the store's text where nobody has read it yet, and then without keeping what was read.
    ///
    /// # Errors
    /// As [`Unread::get`].
    pub fn view(&self) -> Result<RequestView<'_>, Error> {
        self.view_as()
    }

    /// The fulfillment order's name, for which the rest need not be read: it stands first in the store's text.
    ///
    /// # Errors
    /// As [`Unread::get`], where the name does not stand there as it was written.
    pub fn name(&self) -> Result<Cow<'_, str>, Error> {
        match self.unread_text().and_then(first_name) {
            Some(name) => Ok(Cow::Borrowed(name)),
            None => Ok(self.view()?.fulfillment),
        }
    }
}

/// The name at the beginning of a request's text, where nothing in it is escaped.
fn first_name(text: &str) -> Option<&str> {
    let (name, _) = text.strip_prefix("{\"fulfillment\":\"")?.split_once('"')?;
    (!name.contains('\\')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn request() -> FulfillmentRequest {
        FulfillmentRequest {
            fulfillment: "o \"1\"-1".to_owned(),
            order: "o \"1\"".into(),
            location: "main".into(),
            channel: "web".into(),
            placed_at_ms: 7,
            currency: "EUR".to_owned(),
            ship_to: Some(ShipTo { name: "Åse\n".to_owned(), ..ShipTo::default() }),
            note: Some("ring \\ knock".to_owned()),
            items: vec![RequestedItem { line: 1, sku: "mug".into(), quantity: 3 }],
        }
    }

    #[test]
    fn a_view_is_the_request_whether_it_was_read_or_not() {
        let bare = FulfillmentRequest { ship_to: None, note: None, items: Vec::new(), ..request() };
        for request in [request(), bare] {
            let unread = Unread::<FulfillmentRequest>::of_text(&serde_json::to_string(&request).unwrap());
            assert_eq!(unread.view().unwrap(), RequestView::from(&request));
            assert_eq!(unread.name().unwrap(), request.fulfillment);
            assert!(unread.known().is_none(), "a view keeps nothing");
            unread.get().unwrap();
            assert_eq!(unread.view().unwrap(), RequestView::from(&request));
            assert_eq!(unread.name().unwrap(), request.fulfillment);
        }
    }

    #[test]
    fn a_name_is_found_wherever_it_stands() {
        for name in ["o-1-1", "", "ä ?#-1", "a\"b-1", "a\\b-1", "a\nb-1"] {
            let text =
                serde_json::to_string(&FulfillmentRequest { fulfillment: name.to_owned(), ..request() }).unwrap();
            assert_eq!(first_name(&text).is_some(), !name.contains(['"', '\\', '\n']), "{text}");
            assert_eq!(Unread::of_text(&text).name().unwrap(), name);
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(Unread::of_text(&format!("{value:#}")).name().unwrap(), name, "another way to write it");
        }
    }

    #[test]
    fn what_is_no_request_has_no_view() {
        for text in ["", "[]", "{}", r#"{"fulfillment":1}"#] {
            let unread = Unread::<FulfillmentRequest>::of_text(text);
            assert_eq!(unread.view().unwrap_err().kind(), ErrorKind::Corrupt, "{text}");
        }
    }
}
