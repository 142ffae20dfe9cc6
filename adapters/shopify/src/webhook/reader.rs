//! What a shop's messages ask of Stockroom. It judges the form only: whether an order can be placed or an item is listed
//! is for the engine to say.

use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;
use stockroom::channel::{DisconnectChannel, NoteListings, SeenListing, TakeChannelOrder};
use stockroom::ids::{ID_BYTES_MAX, name_fault};
use stockroom::outbox::MessageId;

use super::Verified;
use crate::dates::rfc3339_ms;
use crate::ids::number;
use crate::order::money::text_of;
use crate::order::{OrderError, OrderMapping, body};
use crate::remote::shown;

/// How much later than its body a message may say that something happened, in milliseconds. The header is not signed,
/// so it only tells what happened within one second apart.
const TRIGGERED_MS_MAX: i64 = 5_000;

/// What a message asks of Stockroom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// An order is there, or has changed.
    Order(Box<TakeChannelOrder>),
    /// The shop shows a quantity, or has an item no more.
    Listings(NoteListings),
    /// The app was taken out of the shop.
    Disconnected(DisconnectChannel),
    /// Nothing: answer it as received.
    Ignored {
        /// The topic.
        topic: String,
        /// Why nothing follows.
        why: &'static str,
    },
}

/// Why a message of a known sender cannot be read. It reads the same when it comes again: answer it as failed, so that
/// the shop shows it to somebody, and look at what it sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// The body is not the JSON that it should be.
    Malformed {
        /// The topic.
        topic: String,
        /// What is wrong.
        why: String,
    },
    /// The order cannot be taken in.
    Order(OrderError),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Malformed { topic, why } => write!(f, "the body of `{topic}` cannot be read: {why}"),
            ReadError::Order(fault) => fault.fmt(f),
        }
    }
}

impl std::error::Error for ReadError {}

/// What is wrong with what a reader is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReaderFault {
    /// The source of its messages is no name.
    Source,
    /// This is no location's number and no global id of one.
    Location(String),
}

impl fmt::Display for ReaderFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReaderFault::Source => f.write_str("the source is empty, longer than 64 bytes or has a control character"),
            ReaderFault::Location(location) => write!(f, "`{location}` is no Shopify location's id"),
        }
    }
}

impl std::error::Error for ReaderFault {}

/// Reads the messages of one shop.
#[derive(Clone, Debug)]
pub struct Reader {
    orders: OrderMapping,
    location: u64,
    source: String,
}

#[derive(Deserialize)]
struct Level<'a> {
    #[serde(borrow)]
    inventory_item_id: &'a RawValue,
    #[serde(borrow)]
    location_id: &'a RawValue,
    #[serde(default)]
    available: Option<i64>,
    #[serde(default)]
    updated_at: Option<String>,
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
}

impl Reader {
    /// A reader for the channel of a mapping, whose quantities are those of a Shopify location. Its messages are of the
    /// source `shopify` and the channel's name.
    pub fn new(orders: OrderMapping, location: &str) -> Result<Self, ReaderFault> {
        let location = number("Location", location).ok_or_else(|| ReaderFault::Location(location.to_owned()))?;
        let source = format!("shopify {}", orders.channel());
        Reader { orders, location, source: String::new() }.with_source(source)
    }

    /// The same with another source of its messages, 1 to 64 bytes.
    pub fn with_source(self, source: impl Into<String>) -> Result<Self, ReaderFault> {
        let source = source.into();
        if name_fault(&source, ID_BYTES_MAX).is_some() {
            return Err(ReaderFault::Source);
        }
        Ok(Reader { source, ..self })
    }

    /// What a message asks of Stockroom.
    pub fn read(&self, message: &Verified<'_>) -> Result<Incoming, ReadError> {
        match message.topic() {
            "orders/create" | "orders/updated" | "orders/cancelled" => self.order(message),
            "inventory_levels/update" => self.level(message),
            "inventory_items/delete" => {
                let item: Item<'_> = parse(message)?;
                let item = id(message, item.id)?;
                let at_ms = message.triggered_at_ms().unwrap_or(message.received_at_ms());
                let message = self.message_id(message, item, 0);
                Ok(self.listing(item, at_ms, None, message))
            }
            "app/uninstalled" => Ok(Incoming::Disconnected(DisconnectChannel {
                channel: self.orders.channel().to_owned(),
                message: Some(self.message_id(message, 0, 0)),
            })),
            _ => Ok(ignored(message, "nothing follows from this topic")),
        }
    }

    fn order(&self, message: &Verified<'_>) -> Result<Incoming, ReadError> {
        let order = body::read(message.body()).map_err(|fault| malformed(message, &fault.to_string()))?;
        let told_at_ms = message.triggered_at_ms().unwrap_or(0);
        let Some(taken) = self.orders.map(&order, told_at_ms).map_err(ReadError::Order)? else {
            return Ok(ignored(message, "it is a test order"));
        };
        let message = self.message_id(message, order.id, taken.updated_at_ms);
        Ok(Incoming::Order(Box::new(TakeChannelOrder { order: taken, message: Some(message) })))
    }

    fn level(&self, message: &Verified<'_>) -> Result<Incoming, ReadError> {
        let level: Level<'_> = parse(message)?;
        let (item, location) = (id(message, level.inventory_item_id)?, id(message, level.location_id)?);
        if location != self.location {
            return Ok(ignored(message, "it is about another location"));
        }
        let Some(available) = level.available else {
            return Ok(ignored(message, "it says no quantity: the shop does not track the item"));
        };
        let updated_at_ms = level
            .updated_at
            .as_deref()
            .map(|text| rfc3339_ms(text).ok_or_else(|| malformed(message, "updated_at is no time in RFC 3339")));
        let at_ms = match (updated_at_ms.transpose()?, message.triggered_at_ms()) {
            (Some(updated), Some(triggered)) => triggered.clamp(updated, updated.saturating_add(TRIGGERED_MS_MAX)),
            (Some(at_ms), None) | (None, Some(at_ms)) => at_ms,
            (None, None) => return Err(malformed(message, "it does not say when it was so")),
        };
        let message = self.message_id(message, item, at_ms);
        Ok(self.listing(item, at_ms, Some(available), message))
    }

    fn listing(&self, item: u64, at_ms: i64, quantity: Option<i64>, message: MessageId) -> Incoming {
        Incoming::Listings(NoteListings {
            channel: self.orders.channel().to_owned(),
            listings: vec![SeenListing { item: item.to_string(), at_ms, quantity }],
            message: Some(message),
        })
    }

    /// One action of a merchant may have one event id for many orders or items, so the thing and its time stand in the
    /// id as well.
    fn message_id(&self, message: &Verified<'_>, thing: u64, at_ms: i64) -> MessageId {
        let (topic, event) = (message.topic(), message.event_id());
        let mut id = format!("{topic} {event}");
        if thing != 0 {
            id.push_str(&format!(" {thing}"));
        }
        if at_ms != 0 {
            id.push_str(&format!(" {at_ms}"));
        }
        MessageId { source: self.source.clone(), message: id }
    }
}

fn parse<'a, Body: Deserialize<'a>>(message: &Verified<'a>) -> Result<Body, ReadError> {
    stockroom::read_json_bytes(message.body()).map_err(|fault| malformed(message, &fault.to_string()))
}

fn id(message: &Verified<'_>, raw: &RawValue) -> Result<u64, ReadError> {
    let id = text_of(raw).parse().ok().filter(|id| *id > 0);
    id.ok_or_else(|| malformed(message, "an id is no whole number"))
}

fn malformed(message: &Verified<'_>, why: &str) -> ReadError {
    ReadError::Malformed { topic: shown(message.topic(), &[]), why: shown(why, &[]) }
}

fn ignored(message: &Verified<'_>, why: &'static str) -> Incoming {
    Incoming::Ignored { topic: shown(message.topic(), &[]), why }
}
