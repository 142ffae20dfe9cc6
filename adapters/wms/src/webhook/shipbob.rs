//! ShipBob's webhooks as Stockroom's commands. Their signature is that of Standard Webhooks and is proved before;
//! the shapes of the bodies are published by example only, so what is not understood is an error or is ignored with
//! a reason, never guessed. `docs/wms.md` names the sources.

use stockroom::fulfillment::{NoteFulfillment, NoteShipment, SkuQuantity, WarehouseStatus};
use stockroom::order::Tracking;
use stockroom::outbox::MessageId;

use super::{Incoming, ReadError, Verified};
use crate::remote::{at, name_at, shown};
use crate::said::Said;

/// Reads the messages of a ShipBob account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShipBobReader {
    source: String,
}

impl ShipBobReader {
    /// The header that names what a message is about. It is not under the signature, so the body has to agree.
    pub const TOPIC_HEADER: &'static str = "x-webhook-topic";

    /// A reader for messages of a source, as the host names it.
    pub fn new(source: impl Into<String>) -> Self {
        ShipBobReader { source: source.into() }
    }

    /// What a message asks of Stockroom. `topic` is the text of [`Self::TOPIC_HEADER`].
    pub fn read(&self, message: &Verified<'_>, topic: &str) -> Result<Incoming, ReadError> {
        let value: Said<'_> = stockroom::read_json_bytes(message.body())
            .map_err(|fault| ReadError::NotAnEnvelope { why: shown(&fault.to_string(), &[]) })?;
        if !value.is_object() {
            return Err(ReadError::NotAnEnvelope { why: "the body is no JSON object".to_owned() });
        }
        // Both are seen: the resource itself, and the resource within `data`.
        let body = at(&value, "data").filter(|data| data.is_object()).unwrap_or(&value);
        match topic {
            "order.shipped" => self.shipped(message, topic, body),
            "order.shipment.cancelled" => self.cancelled(message, topic, body),
            _ => Ok(Incoming::Ignored { event: shown(topic, &[]), why: "nothing in Stockroom changes by it" }),
        }
    }

    fn shipped(&self, message: &Verified<'_>, topic: &str, body: &Said<'_>) -> Result<Incoming, ReadError> {
        let malformed = |why: &str| ReadError::Malformed { event: topic.to_owned(), why: why.to_owned() };
        let fulfillment = reference(body).ok_or_else(|| malformed("there is no reference_id"))?;
        let all = shipments(body);
        let live: Vec<&Said<'_>> = all.iter().copied().filter(|shipment| !is_cancelled(shipment)).collect();
        if live.is_empty() {
            return Err(malformed("its only shipments are cancelled"));
        }
        // Several commands of one message: the shipments' own names keep each from being noted twice.
        let message_id = (live.len() == 1).then(|| self.message_id(message));
        // One shipment is all of the order, and then its units need not be said.
        let is_whole = all.len() == 1;
        let mut notes = Vec::with_capacity(live.len());
        for shipment in live {
            let name = name_at(shipment, "id").ok_or_else(|| malformed("a shipment has no id"))?;
            let items = if is_whole {
                None
            } else {
                Some(items(shipment).ok_or_else(|| malformed("the units of one of several shipments are not said"))?)
            };
            notes.push(NoteShipment {
                fulfillment: fulfillment.clone(),
                shipment: name,
                items,
                tracking: tracking(shipment),
                message: message_id.clone(),
            });
        }
        Ok(Incoming::Shipments(notes))
    }

    fn cancelled(&self, message: &Verified<'_>, topic: &str, body: &Said<'_>) -> Result<Incoming, ReadError> {
        let malformed = |why: &str| ReadError::Malformed { event: topic.to_owned(), why: why.to_owned() };
        let ignored = |why| Ok(Incoming::Ignored { event: topic.to_owned(), why });
        let fulfillment = reference(body).ok_or_else(|| malformed("there is no reference_id"))?;
        if !is_list(body) {
            return ignored("one shipment of the order is cancelled, and the message does not tell of the others");
        }
        if !shipments(body).iter().all(|shipment| is_cancelled(shipment)) {
            return ignored("not all shipments of the order are cancelled");
        }
        Ok(Incoming::Fulfillment(NoteFulfillment {
            fulfillment,
            status: WarehouseStatus::Cancelled,
            message: Some(self.message_id(message)),
        }))
    }

    fn message_id(&self, message: &Verified<'_>) -> MessageId {
        MessageId { source: self.source.clone(), message: message.id().to_owned() }
    }
}

fn reference(body: &Said<'_>) -> Option<String> {
    name_at(body, "reference_id")
}

fn is_list(body: &Said<'_>) -> bool {
    matches!(at(body, "shipments"), Some(Said::Array(shipments)) if !shipments.is_empty())
}

/// The shipments of an order; a body without a list of them is one shipment itself.
fn shipments<'s, 'b>(body: &'s Said<'b>) -> Vec<&'s Said<'b>> {
    match at(body, "shipments") {
        Some(Said::Array(shipments)) if !shipments.is_empty() => shipments.iter().collect(),
        _ => vec![body],
    }
}

fn is_cancelled(shipment: &Said<'_>) -> bool {
    name_at(shipment, "status").is_some_and(|status| matches!(status.as_str(), "Cancelled" | "Canceled"))
}

/// The units of a shipment, where each product is one stocked item. ShipBob says units of items, not of products.
fn items(shipment: &Said<'_>) -> Option<Vec<SkuQuantity>> {
    let Some(Said::Array(products)) = at(shipment, "products") else { return None };
    let mut items = Vec::with_capacity(products.len());
    for product in products {
        let sku = name_at(product, "reference_id").or_else(|| name_at(product, "sku"))?;
        let Some(Said::Array(stocked)) = at(product, "inventory_items") else { return None };
        let [item] = stocked.as_slice() else { return None };
        items.push(SkuQuantity { sku, quantity: at(item, "quantity")?.as_i64()? });
    }
    (!items.is_empty()).then_some(items)
}

fn tracking(shipment: &Said<'_>) -> Option<Tracking> {
    let text = |path: &str| name_at(shipment, path).unwrap_or_default();
    let tracking = Tracking {
        carrier: text("tracking.carrier"),
        number: text("tracking.tracking_number"),
        url: text("tracking.tracking_url"),
    };
    (tracking != Tracking::default()).then_some(tracking)
}
