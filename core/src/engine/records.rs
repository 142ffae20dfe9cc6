//! Records: the rows that are found by their key alone, of the modules around orders and stock. One list of
//! kinds serves the working set, the stores and the digest, so that a new kind is a few lines in each.

use serde::{Deserialize, Serialize};

use crate::channel::{ChannelSettings, ListedItem, ListedSku, Listing, TakenOrder};
use crate::fulfillment::{FulfillmentOrder, Warehouse};
use crate::ids::{LocationNumber, Name, OrderNumber, SkuNumber};
use crate::outbox::{Delivery, Destination, InboxMessage};

/// The key of a record. Keys are in the order of their kinds, and within a kind in the order of their parts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordKey {
    /// A destination by its name.
    Destination(Name),
    /// A delivery by its destination and its number there.
    Delivery(Name, u64),
    /// A warehouse by its location.
    Warehouse(LocationNumber),
    /// A fulfillment order by its order and its sequence.
    Fulfillment(OrderNumber, u32),
    /// A message by its source and its id there.
    Message(Name, Name),
    /// A channel's settings by its name.
    ChannelSettings(Name),
    /// A listing by its channel and its SKU.
    Listing(Name, SkuNumber),
    /// A listing's SKU by its channel and the shop's name for it.
    ListedItem(Name, Name),
    /// The listings that a SKU has a part in.
    ListedSku(SkuNumber),
    /// An order taken in from a shop, by its channel and our id of it.
    TakenOrder(Name, Name),
}

/// A kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // Each is the kind of the key that its name says.
pub enum RecordKind {
    Destination,
    Delivery,
    Warehouse,
    Fulfillment,
    Message,
    ChannelSettings,
    Listing,
    ListedItem,
    ListedSku,
    TakenOrder,
}

impl RecordKind {
    /// Every kind, in the order of the keys.
    pub const ALL: [RecordKind; 10] = [
        RecordKind::Destination,
        RecordKind::Delivery,
        RecordKind::Warehouse,
        RecordKind::Fulfillment,
        RecordKind::Message,
        RecordKind::ChannelSettings,
        RecordKind::Listing,
        RecordKind::ListedItem,
        RecordKind::ListedSku,
        RecordKind::TakenOrder,
    ];

    /// What people call the rows.
    pub fn name(self) -> &'static str {
        match self {
            RecordKind::Destination => "destinations",
            RecordKind::Delivery => "deliveries",
            RecordKind::Warehouse => "warehouses",
            RecordKind::Fulfillment => "fulfillment_orders",
            RecordKind::Message => "messages",
            RecordKind::ChannelSettings => "channel_settings",
            RecordKind::Listing => "listings",
            RecordKind::ListedItem => "listed_items",
            RecordKind::ListedSku => "listed_skus",
            RecordKind::TakenOrder => "taken_orders",
        }
    }
}

impl RecordKey {
    /// Its kind.
    pub fn kind(&self) -> RecordKind {
        match self {
            RecordKey::Destination(_) => RecordKind::Destination,
            RecordKey::Delivery(..) => RecordKind::Delivery,
            RecordKey::Warehouse(_) => RecordKind::Warehouse,
            RecordKey::Fulfillment(..) => RecordKind::Fulfillment,
            RecordKey::Message(..) => RecordKind::Message,
            RecordKey::ChannelSettings(_) => RecordKind::ChannelSettings,
            RecordKey::Listing(..) => RecordKind::Listing,
            RecordKey::ListedItem(..) => RecordKind::ListedItem,
            RecordKey::ListedSku(_) => RecordKind::ListedSku,
            RecordKey::TakenOrder(..) => RecordKind::TakenOrder,
        }
    }
}

/// A record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // Each is the row that its name says.
pub enum Record {
    Destination(Destination),
    Delivery(Delivery),
    Warehouse(Warehouse),
    Fulfillment(FulfillmentOrder),
    Message(InboxMessage),
    ChannelSettings(ChannelSettings),
    Listing(Listing),
    ListedItem(ListedItem),
    ListedSku(ListedSku),
    TakenOrder(TakenOrder),
}

impl Record {
    /// Its key.
    pub fn key(&self) -> RecordKey {
        match self {
            Record::Destination(row) => RecordKey::Destination(row.destination.clone()),
            Record::Delivery(row) => RecordKey::Delivery(row.destination.clone(), row.number),
            Record::Warehouse(row) => RecordKey::Warehouse(row.location),
            Record::Fulfillment(row) => RecordKey::Fulfillment(row.order, row.sequence),
            Record::Message(row) => RecordKey::Message(row.source.as_str().into(), row.message.as_str().into()),
            Record::ChannelSettings(row) => RecordKey::ChannelSettings(row.channel.clone()),
            Record::Listing(row) => RecordKey::Listing(row.channel.clone(), row.sku_number),
            Record::ListedItem(row) => RecordKey::ListedItem(row.channel.clone(), row.item.clone()),
            Record::ListedSku(row) => RecordKey::ListedSku(row.sku_number),
            Record::TakenOrder(row) => RecordKey::TakenOrder(row.channel.clone(), row.id.clone()),
        }
    }

    /// Whether rules can reckon with it.
    pub(crate) fn is_sound(&self) -> bool {
        match self {
            Record::Fulfillment(row) => row.is_sound(),
            _ => true,
        }
    }

    /// The kind of it.
    pub fn kind(&self) -> RecordKind {
        self.key().kind()
    }
}

macro_rules! records {
    ($($variant:ident($type:ty),)*) => {
        $(impl From<$type> for Record {
            fn from(row: $type) -> Self {
                Record::$variant(row)
            }
        }

        impl AsRow for $type {
            fn of(record: &Record) -> Option<&Self> {
                match record {
                    Record::$variant(row) => Some(row),
                    _ => None,
                }
            }
        })*
    };
}

/// A row that is a record of one kind.
pub(crate) trait AsRow: Sized {
    /// The row, where the record is of its kind.
    fn of(record: &Record) -> Option<&Self>;
}

records! {
    Destination(Destination),
    Delivery(Delivery),
    Warehouse(Warehouse),
    Fulfillment(FulfillmentOrder),
    Message(InboxMessage),
    ChannelSettings(ChannelSettings),
    Listing(Listing),
    ListedItem(ListedItem),
    ListedSku(ListedSku),
    TakenOrder(TakenOrder),
}
