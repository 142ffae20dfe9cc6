//! Channels: where demand arises, which locations serve it, and the shops behind them. A SKU as a channel shows it
//! is a listing; the module keeps listings in step with stock, takes orders in from shops and tells them of
//! shipments. Owns channels, their settings, listings and taken orders, and writes no others.

mod batches;
mod commands;
mod connect;
mod listings;
mod observe;
mod orders;
mod quantity;
mod react;
mod register;
mod rows;

pub(crate) use batches::{foresee_delivered, refresh};
pub use commands::{
    ChangedListing, ChannelConnection, ChannelLine, ChannelOrder, ConflictingOrder, ConnectChannel, DisconnectChannel,
    DriftedListing, NoteListings, NoteOrdersThrough, NotedListings, NoticedLine, QuantityToRead, QuantityToSet,
    ReadQuantities, ReconcileChannel, ReconciledChannel, RefusedShipment, RegisterChannel, RemoveListing, SeenListing,
    SetListing, SetQuantities, Settlement, ShipmentNotice, Shown, ShownQuantities, ShownQuantity, TakeChannelOrder,
    UnsettledListing, UpdateListings, UpdatedListings,
};
pub(crate) use connect::{connect, disconnect, note_orders_through};
pub(crate) use listings::{need_stock, remove_listing, set_listing, should_show};
pub(crate) use observe::{note_listings, reconcile};
pub(crate) use orders::{foresee_order, forget, is_new, take_order};
pub(crate) use react::update_listings;
pub(crate) use register::{CHANNEL_LOCATIONS_MAX, register};
pub use rows::{
    Channel, ChannelPolicy, ChannelSettings, DriftPolicy, ListedItem, ListedSku, Listing, ListingState, Reconciliation,
    Sourcing, TakenOrder,
};

use crate::engine::{Decision, Stop};
use crate::outbox::{Delivery, DeliveryBody, Ended, EventKind};

/// The subscription by which the module reads events. Connecting the first channel opens it.
pub const SUBSCRIPTION: &str = "channel";

/// What came of a delivery that this module wrote.
pub(crate) fn delivered(decision: &mut Decision<'_>, row: &Delivery, ended: &Ended<'_>) -> Result<(), Stop> {
    match &row.body {
        DeliveryBody::SetQuantities(batch) => batches::sent(decision, row, batch, ended),
        DeliveryBody::ReadQuantities(page) => observe::read(decision, row, page, ended),
        DeliveryBody::TellShipment(notice) => {
            let why = match ended {
                Ended::Done(_) => return Ok(()),
                Ended::Refused(why) => (*why).to_owned(),
                Ended::Dropped => "the delivery was dropped".to_owned(),
            };
            let told = RefusedShipment {
                channel: notice.channel.clone(),
                order: notice.order.clone(),
                shipment: notice.shipment.clone(),
                why,
            };
            decision.note(EventKind::ChannelShipmentRefused, &told)
        }
        _ => Ok(()),
    }
}
