//! Every kind of command, kept complete by the compiler, and for each the right commands that are tried, over a shop in
//! which they are accepted. They are the samples that the core's own tests use, each with a key, so that it can be sent
//! again.

use std::sync::{Arc, Mutex, PoisonError};

use stockroom::{Action, Command, Prune, PruneFrom, TimedCommand};

use crate::common::samples::{prepare, samples};
use crate::common::{START_MS, Shop, receive};

macro_rules! kinds {
    ($($variant:ident $name:literal,)*) => {
        /// The kind of a command, as documents call it. A kind that is new has no row here, and does not compile.
        pub(crate) fn kind(action: &Action) -> &'static str {
            match action {
                $(Action::$variant(_) => $name,)*
            }
        }

        /// Every kind.
        pub(crate) const KINDS: &[&str] = &[$($name,)*];
    };
}

kinds! {
    RegisterSku "register_sku",
    RegisterLocation "register_location",
    RegisterChannel "register_channel",
    ReceiveStock "receive_stock",
    AdjustStock "adjust_stock",
    CountStock "count_stock",
    TransferStock "transfer_stock",
    SetStockPolicy "set_stock_policy",
    PlaceHold "place_hold",
    ExtendHold "extend_hold",
    ReleaseHold "release_hold",
    Tick "tick",
    PlaceOrder "place_order",
    EditOrder "edit_order",
    CancelOrder "cancel_order",
    ShipOrder "ship_order",
    ReturnOrder "return_order",
    CompleteOrder "complete_order",
    Subscribe "subscribe",
    Acknowledge "acknowledge",
    Unsubscribe "unsubscribe",
    Prune "prune",
    RegisterDestination "register_destination",
    TakeDeliveries "take_deliveries",
    ReportDelivery "report_delivery",
    RequeueDelivery "requeue_delivery",
    DropDelivery "drop_delivery",
    RegisterWarehouse "register_warehouse",
    Fulfill "fulfill",
    NoteFulfillment "note_fulfillment",
    NoteShipment "note_shipment",
    ReassignFulfillment "reassign_fulfillment",
    NoteWarehouseStock "note_warehouse_stock",
    ConnectChannel "connect_channel",
    DisconnectChannel "disconnect_channel",
    SetListing "set_listing",
    RemoveListing "remove_listing",
    UpdateListings "update_listings",
    NoteListings "note_listings",
    ReconcileChannel "reconcile_channel",
    TakeChannelOrder "take_channel_order",
    NoteOrdersThrough "note_orders_through",
}

/// When the prepared shop stands still.
pub(crate) const NOW_MS: i64 = START_MS + 120_000;
/// When there is something to prune.
const LATER_MS: i64 = START_MS + 200_000;

/// What the prepared shop was made of, and one change of stock that nobody has told the shops of yet.
pub(crate) fn preparation() -> Vec<TimedCommand> {
    let log: Arc<Mutex<Vec<TimedCommand>>> = Arc::default();
    let copy = Arc::clone(&log);
    let record = move |timed: &TimedCommand| copy.lock().unwrap_or_else(PoisonError::into_inner).push(timed.clone());
    drop(prepare(Shop::with(|room| room.with_recorder(record))));
    let mut log = std::mem::take(&mut *log.lock().unwrap_or_else(PoisonError::into_inner));
    log.push(TimedCommand { at_ms: NOW_MS, command: receive("loft", "mug", 3).into() });
    log
}

/// A command of each kind and of each way in which it works, without a key, with the name that it is tried under.
pub(crate) fn commands() -> Vec<(String, TimedCommand)> {
    // That of the samples finds nothing to prune: its place is taken by one for each thing that is pruned.
    let right = samples().into_iter().map(|sample| sample.command()).filter(|command| kind(&command.action) != "prune");
    let mut commands: Vec<TimedCommand> = right.map(|command| TimedCommand { at_ms: NOW_MS, command }).collect();
    let places = [
        PruneFrom::Events,
        PruneFrom::Keys(String::new()),
        PruneFrom::Orders(0),
        PruneFrom::Messages(String::new(), String::new()),
    ];
    commands.extend(places.map(|from| {
        let prune = Prune { before_ms: NOW_MS + 1, limit: 100, from };
        TimedCommand { at_ms: LATER_MS, command: prune.into() }
    }));
    let mut seen: Vec<&'static str> = Vec::new();
    let named = commands.into_iter().map(|timed| {
        let kind = kind(&timed.command.action);
        seen.push(kind);
        match seen.iter().filter(|seen| **seen == kind).count() {
            1 => (kind.to_owned(), timed),
            number => (format!("{kind}.{number}"), timed),
        }
    });
    named.collect()
}

/// The same command with a key, under which it can be sent again.
pub(crate) fn keyed(timed: TimedCommand, key: impl Into<String>) -> TimedCommand {
    let command: Command = timed.command.with_key(key);
    TimedCommand { command, ..timed }
}
