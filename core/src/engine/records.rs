//! Records: the rows that are found by their key alone, of the modules around orders and stock. One list of
//! kinds serves the working set, the stores and the digest, so that a new kind is a few lines in each.

use serde::{Deserialize, Serialize};

use crate::fulfillment::{FulfillmentOrder, Warehouse};
use crate::ids::{LocationNumber, Name, OrderNumber};
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
}

impl RecordKind {
    /// Every kind, in the order of the keys.
    pub const ALL: [RecordKind; 5] = [
        RecordKind::Destination,
        RecordKind::Delivery,
        RecordKind::Warehouse,
        RecordKind::Fulfillment,
        RecordKind::Message,
    ];

    /// What people call the rows.
    pub fn name(self) -> &'static str {
        match self {
            RecordKind::Destination => "destinations",
            RecordKind::Delivery => "deliveries",
            RecordKind::Warehouse => "warehouses",
            RecordKind::Fulfillment => "fulfillment_orders",
            RecordKind::Message => "messages",
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
}
