//! The events of the contract of `docs/wms.md` as Stockroom's commands. It judges the form only: whether the
//! fulfillment order exists and the units add up is for the engine to say.

use serde::Deserialize;
use serde_json::Value;
use stockroom::fulfillment::{
    NoteFulfillment, NoteShipment, NoteWarehouseStock, SkuLevel, SkuQuantity, WarehouseStatus, WarehouseStock,
};
use stockroom::order::Tracking;
use stockroom::outbox::MessageId;

use super::{Incoming, ReadError, Verified};
use crate::dates::rfc3339_ms;
use crate::feed::LEVELS_MAX;
use crate::remote::{shown, unplaced};

/// Reads the messages of one warehouse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    source: String,
    location: Option<String>,
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "type")]
    event: String,
    #[serde(default)]
    data: Value,
}

#[derive(Deserialize)]
struct FulfillmentData {
    fulfillment: String,
    #[serde(default)]
    why: Option<String>,
}

#[derive(Deserialize)]
struct ShipmentData {
    fulfillment: String,
    shipment: String,
    #[serde(default)]
    items: Option<Vec<ItemData>>,
    #[serde(default)]
    tracking: Option<TrackingData>,
}

#[derive(Deserialize)]
struct ItemData {
    sku: String,
    quantity: i64,
}

#[derive(Deserialize)]
struct TrackingData {
    #[serde(default)]
    carrier: Option<String>,
    #[serde(default)]
    number: Option<String>,
    #[serde(default)]
    url: Option<String>,
}

#[derive(Deserialize)]
struct StockData {
    #[serde(default)]
    location: Option<String>,
    taken_at: String,
    levels: Vec<LevelData>,
}

#[derive(Deserialize)]
struct LevelData {
    sku: String,
    on_hand: i64,
}

impl Reader {
    /// A reader for messages of a source, as the host names it: it tells this warehouse's message ids from those of
    /// others.
    pub fn new(source: impl Into<String>) -> Self {
        Reader { source: source.into(), location: None }
    }

    /// The same with the location that stock is of where a message names none.
    #[must_use]
    pub fn with_location(self, location: impl Into<String>) -> Self {
        Reader { location: Some(location.into()), ..self }
    }

    /// What a message asks of Stockroom.
    pub fn read(&self, message: &Verified<'_>) -> Result<Incoming, ReadError> {
        let envelope: Envelope = stockroom::read_json_bytes(message.body())
            .map_err(|fault| ReadError::NotAnEnvelope { why: shown(&fault.to_string(), &[]) })?;
        let Envelope { event, data } = envelope;
        match event.as_str() {
            "fulfillment.accepted" => self.fulfillment(message, &event, data, |_| WarehouseStatus::Accepted),
            "fulfillment.picking" => self.fulfillment(message, &event, data, |_| WarehouseStatus::Picking),
            "fulfillment.cancelled" => self.fulfillment(message, &event, data, |_| WarehouseStatus::Cancelled),
            "fulfillment.refused" => self.fulfillment(message, &event, data, |why| WarehouseStatus::Refused {
                why: why.unwrap_or_else(|| "the warehouse gave no reason".to_owned()),
            }),
            "shipment.created" => {
                let data: ShipmentData = fields(&event, data)?;
                Ok(Incoming::Shipments(vec![NoteShipment {
                    fulfillment: data.fulfillment,
                    shipment: data.shipment,
                    items: data.items.map(|items| items.into_iter().map(ItemData::command).collect()),
                    tracking: data.tracking.map(TrackingData::command),
                    message: Some(self.message_id(message)),
                }]))
            }
            "stock.levels" => {
                let data: StockData = fields(&event, data)?;
                self.stock(message, event, data)
            }
            _ => Ok(Incoming::Ignored { event: shown(&event, &[]), why: "it is no event of the contract" }),
        }
    }

    fn fulfillment(
        &self,
        message: &Verified<'_>,
        event: &str,
        data: Value,
        status: fn(Option<String>) -> WarehouseStatus,
    ) -> Result<Incoming, ReadError> {
        let data: FulfillmentData = fields(event, data)?;
        Ok(Incoming::Fulfillment(NoteFulfillment {
            fulfillment: data.fulfillment,
            status: status(data.why),
            message: Some(self.message_id(message)),
        }))
    }

    fn stock(&self, message: &Verified<'_>, event: String, data: StockData) -> Result<Incoming, ReadError> {
        if data.levels.len() > LEVELS_MAX {
            // One message is carried out once, so it cannot become several commands.
            return Err(ReadError::TooManyLevels(data.levels.len()));
        }
        let taken_at_ms = rfc3339_ms(&data.taken_at)
            .ok_or_else(|| ReadError::Malformed { event, why: "taken_at is no time in RFC 3339".to_owned() })?;
        let location = data.location.or_else(|| self.location.clone()).ok_or(ReadError::NoLocation)?;
        let levels = data.levels.into_iter().map(|level| SkuLevel { sku: level.sku, on_hand: level.on_hand });
        Ok(Incoming::Stock(NoteWarehouseStock {
            location,
            stock: WarehouseStock { taken_at_ms, levels: levels.collect() },
            message: Some(self.message_id(message)),
        }))
    }

    fn message_id(&self, message: &Verified<'_>) -> MessageId {
        MessageId { source: self.source.clone(), message: message.id().to_owned() }
    }
}

impl ItemData {
    fn command(self) -> SkuQuantity {
        SkuQuantity { sku: self.sku, quantity: self.quantity }
    }
}

impl TrackingData {
    fn command(self) -> Tracking {
        Tracking {
            carrier: self.carrier.unwrap_or_default(),
            number: self.number.unwrap_or_default(),
            url: self.url.unwrap_or_default(),
        }
    }
}

fn fields<Data: for<'de> Deserialize<'de>>(event: &str, data: Value) -> Result<Data, ReadError> {
    stockroom::read_json(&data.to_string())
        .map_err(|fault| ReadError::Malformed { event: event.to_owned(), why: shown(&unplaced(&fault), &[]) })
}
