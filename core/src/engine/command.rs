//! Commands and their answers, as the hosts of every language send and get them: plain documents.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::channel::{
    ConnectChannel, DisconnectChannel, NoteListings, NoteOrdersThrough, NotedListings, ReconcileChannel,
    RegisterChannel, RemoveListing, SetListing, TakeChannelOrder, UpdateListings, UpdatedListings,
};
use crate::code::Rejection;
use crate::fulfillment::{
    ChangedFulfillment, ComparedStock, Fulfill, Fulfilled, NoteFulfillment, NoteShipment, NoteWarehouseStock,
    ReassignFulfillment, RegisterWarehouse,
};
use crate::inventory::{
    AdjustStock, CountStock, ExtendHold, HeldStock, MovedStock, PlaceHold, ReceiveStock, RegisterLocation, RegisterSku,
    ReleaseHold, SetStockPolicy, Tick, Ticked, TransferStock,
};
use crate::order::{
    CancelOrder, ChangedOrder, CompleteOrder, EditOrder, NewOrder, PlacedOrder, ReturnOrder, ShipOrder,
};
use crate::outbox::{
    Acknowledge, DropDelivery, Prune, Pruned, RegisterDestination, ReportDelivery, RequeueDelivery, Subscribe,
    TakeDeliveries, TakenDeliveries, Unsubscribe,
};

/// One thing asked of the engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// The caller's name for this one effect, 1 to 128 bytes. The same key again gets the same answer and
    /// changes nothing; the same key with other content is rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What to do.
    pub action: Action,
}

impl Command {
    /// Names the effect.
    #[must_use]
    pub fn with_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }
}

impl<A: Into<Action>> From<A> for Command {
    fn from(action: A) -> Self {
        Command { key: None, action: action.into() }
    }
}

macro_rules! actions {
    ($($(#[$doc:meta])* $variant:ident($type:ty),)*) => {
        /// What a command does.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Action {
            $($(#[$doc])* $variant($type),)*
        }

        $(impl From<$type> for Action {
            fn from(document: $type) -> Self {
                Action::$variant(document)
            }
        })*
    };
}

actions! {
    /// Registers a SKU or a bundle.
    RegisterSku(RegisterSku),
    /// Registers a location.
    RegisterLocation(RegisterLocation),
    /// Registers or changes a channel.
    RegisterChannel(RegisterChannel),
    /// Takes goods in.
    ReceiveStock(ReceiveStock),
    /// Corrects on-hand by a difference.
    AdjustStock(AdjustStock),
    /// Sets on-hand to a count.
    CountStock(CountStock),
    /// Moves units between locations.
    TransferStock(TransferStock),
    /// Sets safety stock, backorder limit and unavailable units.
    SetStockPolicy(SetStockPolicy),
    /// Claims units until a time.
    PlaceHold(PlaceHold),
    /// Lets a hold end at another time.
    ExtendHold(ExtendHold),
    /// Gives a hold's units back.
    ReleaseHold(ReleaseHold),
    /// Ends holds whose time has passed.
    Tick(Tick),
    /// Places an order.
    PlaceOrder(NewOrder),
    /// Changes an order before it is shipped.
    EditOrder(EditOrder),
    /// Cancels an order or part of it.
    CancelOrder(CancelOrder),
    /// Says that units have left.
    ShipOrder(ShipOrder),
    /// Says that units came back.
    ReturnOrder(ReturnOrder),
    /// Closes an order for good.
    CompleteOrder(CompleteOrder),
    /// Opens a subscription.
    Subscribe(Subscribe),
    /// Moves a subscription's place.
    Acknowledge(Acknowledge),
    /// Closes a subscription.
    Unsubscribe(Unsubscribe),
    /// One step of pruning.
    Prune(Prune),
    /// Registers a destination.
    RegisterDestination(RegisterDestination),
    /// Takes due deliveries.
    TakeDeliveries(TakeDeliveries),
    /// Says what came of a delivery.
    ReportDelivery(ReportDelivery),
    /// Has a dead letter tried again.
    RequeueDelivery(RequeueDelivery),
    /// Drops a dead letter.
    DropDelivery(DropDelivery),
    /// Says that a warehouse runs a location.
    RegisterWarehouse(RegisterWarehouse),
    /// Writes the fulfillment orders that the next events call for.
    Fulfill(Fulfill),
    /// Notes what a warehouse says of a fulfillment order.
    NoteFulfillment(NoteFulfillment),
    /// Notes that a warehouse has shipped.
    NoteShipment(NoteShipment),
    /// Gives the units of a fulfillment order that was refused or given up to another location.
    ReassignFulfillment(ReassignFulfillment),
    /// Notes what a warehouse has.
    NoteWarehouseStock(NoteWarehouseStock),
    /// Connects a channel with the shop behind it.
    ConnectChannel(ConnectChannel),
    /// Sends nothing to a channel's shop any more.
    DisconnectChannel(DisconnectChannel),
    /// Lists a SKU on a channel.
    SetListing(SetListing),
    /// Forgets a listing.
    RemoveListing(RemoveListing),
    /// Brings listings in step with the next events.
    UpdateListings(UpdateListings),
    /// Notes what a shop shows.
    NoteListings(NoteListings),
    /// Reads all that a channel shows.
    ReconcileChannel(ReconcileChannel),
    /// Takes an order in as the shop has it now.
    TakeChannelOrder(TakeChannelOrder),
    /// Says up to when a shop's orders were taken in.
    NoteOrdersThrough(NoteOrdersThrough),
}

/// A command with the time it is decided at: one line of a command log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimedCommand {
    /// Milliseconds since the Unix epoch. A time before that of the last event counts as that.
    pub at_ms: i64,
    /// The command.
    pub command: Command,
}

/// What an accepted command brought about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Done; nothing more to say.
    Done,
    /// It was so already; nothing changed.
    Unchanged,
    /// An order was placed.
    OrderPlaced(PlacedOrder),
    /// An order was changed.
    OrderChanged(ChangedOrder),
    /// Units are held.
    Held(HeldStock),
    /// Stock moved.
    Moved(MovedStock),
    /// Holds were ended.
    Ticked(Ticked),
    /// A step of pruning was done.
    Pruned(Pruned),
    /// Deliveries were taken.
    Taken(TakenDeliveries),
    /// Events were reacted to.
    Fulfilled(Fulfilled),
    /// A fulfillment order changed.
    FulfillmentChanged(ChangedFulfillment),
    /// A warehouse's stock was compared.
    StockCompared(ComparedStock),
    /// Listings were brought in step.
    ListingsUpdated(UpdatedListings),
    /// What a shop shows was noted.
    ListingsNoted(NotedListings),
}

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Accepted(Answer),
    /// It was refused, and nothing changed but what remembers the refusal.
    Rejected(Rejection),
}

/// The answer to one command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reply {
    /// What became of it.
    pub outcome: Outcome,
    /// Whether this is the answer to an earlier command with the same key, and nothing was done now.
    pub repeated: bool,
}

impl Reply {
    /// The answer, or the rejection.
    pub fn accepted(&self) -> Result<&Answer, &Rejection> {
        match &self.outcome {
            Outcome::Accepted(answer) => Ok(answer),
            Outcome::Rejected(rejection) => Err(rejection),
        }
    }

    /// The placed order, where the command placed one.
    pub fn placed_order(&self) -> Option<&PlacedOrder> {
        match &self.outcome {
            Outcome::Accepted(Answer::OrderPlaced(placed)) => Some(placed),
            _ => None,
        }
    }

    /// The rejection, where there is one.
    pub fn rejection(&self) -> Option<&Rejection> {
        self.accepted().err()
    }
}
