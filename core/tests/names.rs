//! The names that stores, events and hosts keep. What was written with one is read with it for ever, so that each stands
//! here once more, by hand.

use stockroom::channel::{DriftPolicy, ListingState, Sourcing};
use stockroom::engine::RecordKind;
use stockroom::fulfillment::{FulfillmentState, StockReports};
use stockroom::inventory::Reason;
use stockroom::order::{OrderState, Why};
use stockroom::outbox::DeliveryState;
use stockroom::ports::{HttpFailure, Method};
use stockroom::{ErrorKind, EventKind};

/// Every name of a kind, and back where it is read again.
macro_rules! names {
    ($kind:ident: $($of:ident = $name:literal),* $(,)?) => {
        $(assert_eq!($kind::$of.name(), $name);)*
    };
    ($kind:ident and back: $($of:ident = $name:literal),* $(,)?) => {
        $(assert_eq!($kind::$of.name(), $name);
        assert_eq!($kind::from_name($name), Some($kind::$of));)*
        for none in ["", "none such", "xyzzy"] {
            assert_eq!($kind::from_name(none), None);
        }
    };
}

#[test]
fn what_stores_keep_is_read_again() {
    names!(Sourcing and back: Priority = "priority", FewestSplits = "fewest_splits");
    names!(DriftPolicy and back: PutRight = "put_right", TakeOver = "take_over");
    names!(ListingState and back: Listed = "listed", Refused = "refused", Gone = "gone");
    names!(StockReports and back: Report = "report", CountIn = "count_in");
    names!(DeliveryState and back: Waiting = "waiting", Leased = "leased", Dead = "dead");
    names!(OrderState and back: Allocated = "allocated", PartlyAllocated = "partly_allocated",
        Backordered = "backordered", InFulfillment = "in_fulfillment", PartlyShipped = "partly_shipped",
        Shipped = "shipped", Completed = "completed", Cancelled = "cancelled");
    names!(FulfillmentState and back: Requested = "requested", Accepted = "accepted", Picking = "picking",
        PartlyShipped = "partly_shipped", Shipped = "shipped", Refused = "refused", Cancelled = "cancelled");
    names!(Reason and back: Received = "received", Returned = "returned", Adjusted = "adjusted", Lost = "lost",
        Counted = "counted", Transferred = "transferred", Shipped = "shipped");
    names!(EventKind and back: OrderAllocated = "order.allocated",
        DeliveryDead = "delivery.dead", ChannelOrderConflict = "channel.order_conflict");
}

#[test]
fn what_is_told_has_its_name() {
    names!(Why: Priority = "priority", FewestSplits = "fewest_splits", Ranking = "ranking", Hold = "hold",
        Backorder = "backorder", Reassigned = "reassigned");
    names!(Method: Get = "GET", Post = "POST", Put = "PUT", Patch = "PATCH", Delete = "DELETE");
    names!(RecordKind: Destination = "destinations", Delivery = "deliveries", Warehouse = "warehouses",
        Fulfillment = "fulfillment_orders", Message = "messages", ChannelSettings = "channel_settings",
        Listing = "listings", ListedItem = "listed_items", ListedSku = "listed_skus", TakenOrder = "taken_orders");
    names!(ErrorKind: Busy = "busy", Io = "io", Full = "full", Corrupt = "corrupt", SchemaTooNew = "schema_too_new",
        Unsupported = "unsupported", InvariantBroken = "invariant_broken", Aborted = "aborted", Malformed = "malformed");
}

#[test]
fn failures_have_their_numbers() {
    let numbers: Vec<u16> = ErrorKind::ALL.iter().map(|kind| kind.number()).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
}

#[test]
fn a_request_without_an_answer_says_whether_it_was_sent() {
    assert_eq!(HttpFailure::NotSent("no route".into()).to_string(), "not sent: no route");
    assert_eq!(HttpFailure::Lost("hung up".into()).to_string(), "no answer: hung up");
}
