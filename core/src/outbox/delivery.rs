//! Deliveries as rows and as documents: what is handed to the outside, where it goes, and what came of it.
//! Data only; the rules stand in `deliveries.rs`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::channel::{ReadQuantities, SetQuantities, ShipmentNotice, ShownQuantities};
use crate::engine::Unread;
use crate::error::Error;
use crate::fulfillment::{CancelRequest, FulfillmentRequest, StockCheck, WarehouseStock};
use crate::ids::{Name, read_name};
use crate::json_reader::read_json;

/// The highest number that a delivery may have, so that a store can keep it together with its destination's own in one
/// number of 64 bits. At ten thousand a second it is reached after 55 years.
pub const DELIVERY_NUMBER_MAX: u64 = (1 << 44) - 1;

/// A place outside that deliveries go to, with its patience and its state of health.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destination {
    /// The host's name for it.
    pub destination: Name,
    /// How patient it is.
    pub patience: Patience,
    /// The number of the last delivery to it.
    pub last_number: u64,
    /// Attempts in a row that failed by the destination's fault.
    pub failures: u32,
    /// Nothing is taken for it before this time: the breaker is open, or it asked for a pause.
    pub paused_until_ms: i64,
}

/// How long and how often a destination is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Patience {
    /// Failed attempts after which a delivery is a dead letter, 1 to 1,000.
    pub attempts_max: u32,
    /// Age in milliseconds after which a delivery that fails once more is a dead letter.
    pub age_max_ms: i64,
    /// Wait after the first failed attempt, in milliseconds; it doubles with each further one.
    pub backoff_ms: i64,
    /// The longest wait, in milliseconds.
    pub backoff_max_ms: i64,
    /// Failures in a row that open the breaker, 1 to 1,000.
    pub breaker_failures: u32,
    /// How long the breaker stays open, in milliseconds. Then one delivery is tried alone.
    pub breaker_open_ms: i64,
    /// Seed of the jitter, so that a history replays to the same waits.
    pub seed: u64,
}

impl Default for Patience {
    fn default() -> Self {
        Patience {
            attempts_max: 20,
            age_max_ms: 3 * 24 * 3_600_000,
            backoff_ms: 1_000,
            backoff_max_ms: 15 * 60_000,
            breaker_failures: 10,
            breaker_open_ms: 60_000,
            seed: 0,
        }
    }
}

/// One thing to hand to the outside. A delivery that is done is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Where it goes.
    pub destination: Name,
    /// Its number there, from 1.
    pub number: u64,
    /// Deliveries to one destination with one key go one after the other, in the order of their numbers. Of those that
    /// hand a fulfillment order over, or ask to give it up, it is the fulfillment order's name.
    pub key: String,
    /// Whether it waits, is under way, or was given up.
    pub state: DeliveryState,
    /// How often it was taken. The number of the attempt under way, which no other attempt has.
    pub attempts: u32,
    /// How many attempts failed, since it was written or requeued: those count for giving it up.
    pub failed: u32,
    /// Whether the outcome of an earlier attempt is unknown: look before doing it again.
    pub doubt: bool,
    /// Waiting: not before this time. Leased: the end of the lease.
    pub due_at_ms: i64,
    /// When it was written.
    pub created_at_ms: i64,
    /// Why the last attempt failed; empty before one did.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// What is to be handed over.
    pub body: DeliveryBody,
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// To be taken when it is due.
    Waiting,
    /// A relay has it.
    Leased,
    /// Given up; an operator requeues or drops it. Those behind it with the same key wait for that.
    Dead,
}

impl DeliveryState {
    /// The name as stores keep it.
    pub fn name(self) -> &'static str {
        match self {
            DeliveryState::Waiting => "waiting",
            DeliveryState::Leased => "leased",
            DeliveryState::Dead => "dead",
        }
    }

    /// The state with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [DeliveryState::Waiting, DeliveryState::Leased, DeliveryState::Dead]
            .into_iter()
            .find(|state| state.name() == name)
    }
}

/// What a delivery hands over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DeliveryBody {
    /// A warehouse is to ship. It goes from the store to whoever carries it as it is: the engine finds what it is about
    /// by the delivery's key, which is the fulfillment order's name.
    RequestFulfillment(Unread<FulfillmentRequest>),
    /// A warehouse is not to ship after all.
    CancelFulfillment(CancelRequest),
    /// A warehouse is to say what it has.
    CheckStock(StockCheck),
    /// A shop is to show quantities. They are reckoned anew when the delivery is taken, unless it is in doubt.
    SetQuantities(SetQuantities),
    /// A shop is to say what it shows.
    ReadQuantities(ReadQuantities),
    /// A shop is told of a shipment.
    TellShipment(Box<ShipmentNotice>),
}

/// How the document of a request to ship begins and ends, around the request.
const REQUEST: (&str, &str) = ("{\"request_fulfillment\":", "}");

impl DeliveryBody {
    /// Reads a document as a store keeps it. What a warehouse is asked to ship is not looked at before somebody asks for
    /// it: the engine never does while deliveries are taken and reported.
    ///
    /// # Errors
    /// Where the text is none, as far as it is looked at.
    pub fn of_text(text: &str) -> serde_json::Result<Self> {
        let (begin, end) = REQUEST;
        match text.strip_prefix(begin).and_then(|text| text.strip_suffix(end)) {
            Some(request) => Ok(DeliveryBody::RequestFulfillment(Unread::of_text(request))),
            None => read_json(text),
        }
    }

    /// Reads what is not read yet.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`](crate::ErrorKind::Corrupt) where it cannot be read.
    pub fn check(&self) -> Result<(), Error> {
        match self {
            DeliveryBody::RequestFulfillment(request) => request.get().map(drop),
            _ => Ok(()),
        }
    }
}

/// A delivery that was taken, as whoever runs it gets it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LeasedDelivery {
    /// Where it goes.
    pub destination: Name,
    /// Its number there.
    pub number: u64,
    /// Its ordering key. Of a request to ship and of one to give up, the fulfillment order's name.
    pub key: String,
    /// Which attempt this is, from 1. Say it in the report.
    pub attempt: u32,
    /// Whether an earlier attempt may have been carried out: look before doing it again.
    pub doubt: bool,
    /// Report before this time, or the lease ends and it is taken again, in doubt.
    pub lease_until_ms: i64,
    /// What to hand over.
    pub body: DeliveryBody,
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum DeliveryResult {
    /// It was carried out, and this is what the destination says.
    Done(DeliveryAnswer),
    /// It was carried out, and the destination wants a pause before anything else is sent to it.
    DoneWithPause {
        /// What the destination says.
        answer: DeliveryAnswer,
        /// How long, in milliseconds.
        pause_ms: i64,
    },
    /// It was not, or nobody knows; try again.
    Retry(Retry),
    /// The destination will not have it, however often it is sent.
    Refused {
        /// Why, for people.
        why: String,
    },
}

/// Why and when to try again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// The least wait in milliseconds, as the destination asked (Retry-After); else backoff alone decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_ms: Option<i64>,
    /// Whether the attempt may have been carried out all the same.
    #[serde(default)]
    pub doubt: bool,
    /// Whose fault it is.
    #[serde(default)]
    pub cause: RetryCause,
    /// What went wrong, for people; at most 2,000 bytes are kept.
    pub why: String,
}

/// Whose fault a failed attempt is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RetryCause {
    /// The destination fails; it counts for the breaker.
    #[default]
    Failing,
    /// The destination asks for a slower pace: it is paused, and the attempt does not count.
    Throttled,
    /// This delivery alone is not ready.
    NotYet,
}

/// What a destination says to a delivery that was carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum DeliveryAnswer {
    /// No more than that it has it.
    #[default]
    Taken,
    /// The warehouse took the fulfillment order, under a name of its own.
    Handed {
        /// The warehouse's name for it, where it has one.
        reference: Option<String>,
    },
    /// The warehouse will not ship.
    Cancelled,
    /// The warehouse has shipped, or will.
    TooLate,
    /// What the warehouse has.
    Stock(WarehouseStock),
    /// What the shop says to quantities.
    Quantities(ShownQuantities),
}

/// Registers a destination, or changes how patient it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterDestination {
    /// Its name, 1 to 64 bytes.
    pub destination: String,
    /// How patient it is.
    #[serde(default)]
    pub patience: Patience,
}

/// Takes due deliveries to run them: each is leased, and nobody else gets it until the lease ends. Nodes that share a
/// database need clocks that agree to well within a lease.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeDeliveries {
    /// For which destination.
    pub destination: String,
    /// At most so many, 1 to 1,000.
    pub max: u32,
    /// For how long, 1,000 to 3,600,000 milliseconds: longer than the slowest attempt.
    pub lease_ms: i64,
}

/// The deliveries taken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TakenDeliveries {
    /// They, by the time that they are due since, then in the order in which they were written.
    pub deliveries: Vec<LeasedDelivery>,
    /// When it is worth while to ask again, in milliseconds since the Unix epoch; absent where nothing waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_due_at_ms: Option<i64>,
}

/// Says what came of a delivery that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportDelivery {
    /// Where it went.
    #[serde(deserialize_with = "read_name")]
    pub destination: Name,
    /// Its number there.
    pub number: u64,
    /// Which attempt it was.
    pub attempt: u32,
    /// What came of it.
    pub result: DeliveryResult,
}

/// Has a dead letter tried again, with all its attempts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequeueDelivery {
    /// Where it goes.
    pub destination: String,
    /// Its number there.
    pub number: u64,
}

/// Drops a dead letter. What it was about counts as refused. Where it is in doubt the destination may have carried it out
/// all the same: requeue it, and it is looked up; or look there and say what was done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DropDelivery {
    /// Where it was to go.
    pub destination: String,
    /// Its number there.
    pub number: u64,
}

/// An outside message that was taken in, so that it is not taken in again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxMessage {
    /// Who sends it, as the host names them.
    pub source: String,
    /// Its id there.
    pub message: String,
    /// When it was taken in.
    pub at_ms: i64,
}

/// The name of an outside message, for commands that carry one out: it is carried out once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageId {
    /// Who sends it, 1 to 64 bytes.
    pub source: String,
    /// Its id there, 1 to 128 bytes.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::fulfillment::RequestedItem;

    fn bodies() -> [DeliveryBody; 3] {
        let request = FulfillmentRequest {
            fulfillment: "o-1-1".to_owned(),
            order: "o-1".into(),
            location: "main".into(),
            channel: "web".into(),
            placed_at_ms: 1,
            currency: "EUR".to_owned(),
            ship_to: None,
            note: Some("}".to_owned()),
            items: vec![RequestedItem { line: 1, sku: "mug".into(), quantity: 2 }],
        };
        [
            DeliveryBody::RequestFulfillment(request.into()),
            DeliveryBody::CancelFulfillment(CancelRequest { fulfillment: "o-1-1".to_owned(), reference: None }),
            DeliveryBody::CheckStock(StockCheck { location: "main".into(), skus: vec!["mug".into()] }),
        ]
    }

    #[test]
    fn a_body_is_read_as_it_was_written() {
        for body in bodies() {
            let text = serde_json::to_string(&body).unwrap();
            let read = DeliveryBody::of_text(&text).unwrap();
            // What serde calls the variant is what the text begins with, or it would have been read at once.
            if let DeliveryBody::RequestFulfillment(request) = &read {
                assert!(request.known().is_none());
            }
            assert!(read.check().is_ok());
            assert_eq!(read, body);
            assert_eq!(serde_json::to_string(&read).unwrap(), text);
            let spaced = serde_json::to_string_pretty(&body).unwrap();
            assert_eq!(DeliveryBody::of_text(&spaced).unwrap(), body);
        }
    }

    #[test]
    fn what_is_no_body_is_said_at_once_or_when_it_is_asked_for() {
        for text in ["", "{}", "[]", r#"{"check_stock":{}}"#, r#"{"none":{}}"#, r#"{"request_fulfillment":{}} "#] {
            assert!(DeliveryBody::of_text(text).is_err(), "{text}");
        }
        for text in [
            r#"{"request_fulfillment":{}}"#,
            r#"{"request_fulfillment":}"#,
            r#"{"request_fulfillment":{}"#,
            r#"{"request_fulfillment":{}}}"#,
        ] {
            let body = DeliveryBody::of_text(text).unwrap();
            assert_eq!(body.check().unwrap_err().kind(), ErrorKind::Corrupt, "{text}");
        }
    }
}
