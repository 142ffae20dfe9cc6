//! What can be asked of the channel module, what it answers, and what its deliveries say, as plain documents.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::channel::{ChannelPolicy, DriftPolicy, Sourcing};
use crate::ids::Name;
use crate::order::{ShipTo, StockPolicy, Totals, Tracking};
use crate::outbox::MessageId;

/// Registers a channel, or changes the locations and the sourcing of one that is. Open orders keep their
/// allocations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterChannel {
    /// The channel, 1 to 64 bytes.
    pub channel: String,
    /// The locations that serve it, best first, 1 to 1,000.
    pub locations: Vec<String>,
    /// How locations are chosen.
    #[serde(default)]
    pub sourcing: Sourcing,
}

/// Connects a registered channel with the shop behind it, or changes how it is kept in step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectChannel {
    /// The channel.
    pub channel: String,
    /// A registered destination, where its deliveries go.
    pub destination: String,
    /// How it is kept in step.
    #[serde(default)]
    pub policy: ChannelPolicy,
}

/// Sends nothing to a channel's shop any more. Its listings are kept for when it is connected again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DisconnectChannel {
    /// The channel.
    pub channel: String,
    /// The message that asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageId>,
}

/// Lists a SKU on a channel, or changes how it is listed. A listing that was refused or gone is tried again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetListing {
    /// The channel, which must be connected.
    pub channel: String,
    /// The SKU, plain or a bundle.
    pub sku: String,
    /// The shop's name for it, 1 to 128 bytes, such as a Shopify inventory item's id. One SKU has one.
    pub item: String,
    /// Units withheld from it, in place of the channel's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buffer: Option<i64>,
    /// The most units that it shows, in place of the channel's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<i64>,
}

/// Forgets a listing. The shop is not told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveListing {
    /// The channel.
    pub channel: String,
    /// The SKU.
    pub sku: String,
}

/// Brings listings in step with the next events, in one transaction, and writes the deliveries that they call for.
/// It also looks at listings whose time has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateListings {
    /// Commands whose events are read at most, and listings looked at beside them, 1 to 1,000.
    pub limit: u32,
}

/// What bringing listings in step did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UpdatedListings {
    /// Events dealt with.
    pub events: u64,
    /// Listings whose desired quantity changed.
    pub changed: u64,
    /// Listings put into a delivery.
    pub queued: u64,
    /// Shipments that shops are told of.
    pub shipments: u64,
    /// Whether there is more to do at once.
    pub more: bool,
    /// When it is worth while to ask again though nothing happens, in milliseconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_due_at_ms: Option<i64>,
}

/// Notes what a shop shows, from a webhook or from a look.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteListings {
    /// The channel.
    pub channel: String,
    /// What it shows, at most 10,000.
    pub listings: Vec<SeenListing>,
    /// The message that it was said in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageId>,
}

/// A listing as a shop shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeenListing {
    /// The shop's name for it.
    pub item: String,
    /// When it was so, by the shop's clock, in milliseconds since the Unix epoch. What is older than what we know
    /// is passed over.
    pub at_ms: i64,
    /// What it shows; absent where it was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<i64>,
}

/// What was made of what a shop shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotedListings {
    /// Listings that show what we knew, or what they should: echoes of our own quantities among them.
    pub agree: u64,
    /// Listings that show something that nothing explains yet.
    pub drifting: u64,
    /// Listings that are gone.
    pub gone: u64,
    /// What was older than what we know.
    pub stale: u64,
    /// What is not listed.
    pub unknown: u64,
}

/// Reads all that a channel shows, and says or mends the differences. Its end is an event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReconcileChannel {
    /// The channel.
    pub channel: String,
    /// Whether differences are mended by the channel's policy, or only said.
    #[serde(default)]
    pub mend: bool,
}

/// Takes an order in as the shop has it now: places it, or brings ours in step. What is older than what was taken in
/// before changes nothing, so that messages may come twice and in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeChannelOrder {
    /// The order.
    pub order: ChannelOrder,
    /// The message that it was said in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageId>,
}

/// An order as a shop has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelOrder {
    /// Our id of it, 1 to 64 bytes: made from the shop's, so that it is always the same.
    pub id: String,
    /// The channel that it comes from.
    pub channel: String,
    /// The shop's name for it, 1 to 128 bytes.
    pub reference: String,
    /// When it was placed at the shop, in milliseconds since the Unix epoch.
    pub placed_at_ms: i64,
    /// When it changed last at the shop, in milliseconds since the Unix epoch.
    pub updated_at_ms: i64,
    /// When that was said, where the shop says so: tells two changes within one second apart.
    #[serde(default)]
    pub told_at_ms: i64,
    /// Whether it was cancelled.
    #[serde(default)]
    pub cancelled: bool,
    /// Why it was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_reason: Option<String>,
    /// ISO 4217 code of the prices.
    pub currency: String,
    /// The lines that are goods of ours. Lines that stand here with 0 units were taken out.
    pub lines: Vec<ChannelLine>,
    /// How shortages are met: the customer has paid already.
    #[serde(default)]
    pub policy: StockPolicy,
    /// Totals to be checked against the lines when it is placed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totals: Option<Totals>,
    /// Where to ship to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ship_to: Option<ShipTo>,
    /// The customer's note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The host's own pairs, as in an order.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

/// A line of an order as a shop has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelLine {
    /// The shop's name for the line, 1 to 128 bytes, the same in every telling.
    pub line: String,
    /// The SKU.
    pub sku: String,
    /// Units now, 0 to 1,000,000,000.
    pub quantity: i64,
    /// Price of one unit in minor units.
    pub unit_price_minor: i64,
}

/// Says that all orders that a channel's shop changed up to a time were taken in, so that the next look for missed
/// ones begins there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteOrdersThrough {
    /// The channel.
    pub channel: String,
    /// The time, by the shop's clock, in milliseconds since the Unix epoch.
    pub through_ms: i64,
}

/// Quantities that a shop is to show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SetQuantities {
    /// The channel.
    pub channel: Name,
    /// The listings, each once, at most the channel's `batch_max`.
    pub listings: Vec<QuantityToSet>,
}

/// A quantity that a shop is to show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QuantityToSet {
    /// The SKU.
    pub sku: Name,
    /// The shop's name for it.
    pub item: String,
    /// What it is to show.
    pub quantity: i64,
    /// What it shows as far as we know, for shops that can compare before they set; absent where we do not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<i64>,
}

/// Listings that a shop is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReadQuantities {
    /// The channel.
    pub channel: Name,
    /// The listings, at most the channel's `batch_max`.
    pub listings: Vec<QuantityToRead>,
}

/// A listing that a shop is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QuantityToRead {
    /// The SKU.
    pub sku: Name,
    /// The shop's name for it.
    pub item: String,
}

/// What a shop said to quantities, or when it was asked for them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShownQuantities {
    /// When it was so, by the shop's clock, in milliseconds since the Unix epoch; absent where it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_ms: Option<i64>,
    /// What it said of each listing. One that it said nothing of is asked again.
    pub listings: Vec<ShownQuantity>,
}

/// What a shop said of a listing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShownQuantity {
    /// The SKU.
    pub sku: Name,
    /// What it said.
    pub shown: Shown,
}

/// What a shop said of a listing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Shown {
    /// It shows what was sent.
    Set,
    /// It shows this. Where a quantity was sent, it was not set: the shop showed something else than we believed.
    Shows(i64),
    /// It has no such listing any more.
    Gone,
    /// It will not have the quantity.
    Refused {
        /// Why, for people.
        why: String,
    },
    /// It could not tell or do it now.
    NotYet {
        /// Why, for people.
        why: String,
    },
}

/// A shipment that a shop is told of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShipmentNotice {
    /// The channel.
    pub channel: Name,
    /// Our name for the shipment: the order's id and the event's number.
    pub shipment: String,
    /// Our id of the order.
    pub order: Name,
    /// The shop's name for the order.
    pub reference: String,
    /// What left.
    pub lines: Vec<NoticedLine>,
    /// How it can be followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking: Option<Tracking>,
}

/// Units of one line that left one location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoticedLine {
    /// The shop's name for the line; absent for a line that it does not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// The SKU.
    pub sku: Name,
    /// From where.
    pub location: Name,
    /// Units.
    pub quantity: i64,
}

/// How far a channel is from showing what it should.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Settlement {
    /// Listings that the shop has.
    pub listings: u64,
    /// Those whose acknowledged quantity is the desired one, and the desired one what stock says now.
    pub settled: u64,
    /// Listings that were refused or are gone; they are not among the others.
    pub lost: u64,
    /// The first of those that are not settled, at most 100.
    pub unsettled: Vec<UnsettledListing>,
}

impl Settlement {
    /// Whether every listing that the shop has is settled: the invariant SETTLED.
    pub fn is_settled(&self) -> bool {
        self.listings == self.settled
    }
}

/// A listing that does not show what it should.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnsettledListing {
    /// The channel.
    pub channel: Name,
    /// The SKU.
    pub sku: Name,
    /// What stock says that it should show.
    pub should: i64,
    /// What it was last reckoned to show.
    pub desired: i64,
    /// What it shows as far as the shop has told us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<i64>,
}

/// A channel's shop, as events tell it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChannelConnection {
    /// The channel.
    pub channel: Name,
    /// Where its deliveries go.
    pub destination: Name,
    /// How it is kept in step.
    pub policy: ChannelPolicy,
}

/// A listing, as events tell it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangedListing {
    /// The channel.
    pub channel: Name,
    /// The SKU.
    pub sku: Name,
    /// The shop's name for it.
    pub item: String,
    /// Why, where the shop refused it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// A listing that shows what we did not send and nothing explains.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DriftedListing {
    /// The channel.
    pub channel: Name,
    /// The SKU.
    pub sku: Name,
    /// The shop's name for it.
    pub item: String,
    /// What it should show.
    pub desired: i64,
    /// What it showed as far as we knew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<i64>,
    /// What it shows.
    pub observed: i64,
    /// What is done about it; absent where it is only said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<DriftPolicy>,
}

/// What a reading of all that a channel shows found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReconciledChannel {
    /// The channel.
    pub channel: Name,
    /// Whether differences are mended.
    pub mend: bool,
    /// Listings that show what they should.
    pub agree: u64,
    /// Listings that show something else; each had its event.
    pub differ: u64,
    /// Listings that could not be judged: a quantity is on its way to them, or the shop did not answer.
    pub unsettled: u64,
    /// Listings that the shop does not have.
    pub gone: u64,
}

/// A change of an order at its shop that cannot be made here any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConflictingOrder {
    /// The channel.
    pub channel: Name,
    /// The order's id.
    pub order: Name,
    /// What cannot be made, for people.
    pub why: String,
}

/// A shipment that a shop does not want to hear of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RefusedShipment {
    /// The channel.
    pub channel: Name,
    /// The order's id.
    pub order: Name,
    /// Our name for the shipment.
    pub shipment: String,
    /// Why, for people.
    pub why: String,
}
