//! The rows that the channel module owns: channels, the shops behind them, listings and what finds them, and the
//! orders taken in from shops. Data only; the rules stand beside it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{LocationNumber, Name, OrderNumber, SkuNumber};

/// A registered channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// The host's name for it.
    pub channel: Name,
    /// The locations that serve it, best first.
    pub locations: Vec<LocationNumber>,
    /// How locations are chosen.
    pub sourcing: Sourcing,
}

/// How the locations that serve an order are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sourcing {
    /// Each line from the first location that has it, in the channel's order.
    #[default]
    Priority,
    /// From as few locations as can serve the whole order; among equals, the channel's order.
    FewestSplits,
}

impl Sourcing {
    /// The name as stores keep it.
    pub fn name(self) -> &'static str {
        match self {
            Sourcing::Priority => "priority",
            Sourcing::FewestSplits => "fewest_splits",
        }
    }

    /// The sourcing with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Sourcing::Priority, Sourcing::FewestSplits].into_iter().find(|sourcing| sourcing.name() == name)
    }
}

/// The shop behind a channel: how it is kept in step, and how far that has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelSettings {
    /// The channel.
    pub channel: Name,
    /// Where its deliveries go.
    pub destination: Name,
    /// Whether anything is sent to it.
    pub connected: bool,
    /// How it is kept in step.
    pub policy: ChannelPolicy,
    /// The number of the delivery that quantities may still be added to; 0 for none.
    pub open_batch: u64,
    /// How many listings stand in it.
    pub open_count: u32,
    /// How many deliveries of quantities there were.
    pub batches: u64,
    /// Every listing after this SKU is to be reckoned anew; absent where none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recount_after: Option<SkuNumber>,
    /// The reconciliation under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconciliation: Option<Reconciliation>,
    /// All orders that the shop changed up to this time were taken in.
    pub orders_through_ms: i64,
}

/// How a channel is kept in step with stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ChannelPolicy {
    /// Units withheld from each of its listings, from 0.
    pub buffer: i64,
    /// The most units that a listing shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cap: Option<i64>,
    /// What is done where the shop shows what we did not send.
    pub drift: DriftPolicy,
    /// How long such a quantity is left alone, 0 to 24 hours in milliseconds: the order that explains it may be on
    /// its way. Until then it is never raised.
    pub drift_after_ms: i64,
    /// Listings in one request, 1 to 1,000; as many as the shop's API takes.
    pub batch_max: u32,
    /// Whether the shop lowers a quantity by itself when it takes an order.
    pub shop_counts_down: bool,
    /// Whether the shop is told of shipments.
    pub tell_shipments: bool,
}

impl Default for ChannelPolicy {
    fn default() -> Self {
        ChannelPolicy {
            buffer: 0,
            cap: None,
            drift: DriftPolicy::default(),
            drift_after_ms: 60_000,
            batch_max: 100,
            shop_counts_down: true,
            tell_shipments: true,
        }
    }
}

/// What is done where somebody else changed a quantity at the shop. It is reported in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DriftPolicy {
    /// The quantity is sent again.
    #[default]
    PutRight,
    /// The difference is booked at the channel's first location. That of a bundle is put right.
    TakeOver,
}

impl DriftPolicy {
    /// The name as stores keep it.
    pub fn name(self) -> &'static str {
        match self {
            DriftPolicy::PutRight => "put_right",
            DriftPolicy::TakeOver => "take_over",
        }
    }

    /// The policy with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [DriftPolicy::PutRight, DriftPolicy::TakeOver].into_iter().find(|policy| policy.name() == name)
    }
}

/// A reading of all that a channel shows, while it is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciliation {
    /// When it began, in milliseconds since the Unix epoch.
    pub began_at_ms: i64,
    /// Whether differences are mended, or only said.
    pub mend: bool,
    /// The last SKU that was asked for.
    pub after: SkuNumber,
    /// Listings that show what they should.
    pub agree: u64,
    /// Listings that show something else.
    pub differ: u64,
    /// Listings that could not be judged: a quantity is on its way to them.
    pub unsettled: u64,
    /// Listings that the shop does not have.
    pub gone: u64,
}

/// A SKU as one channel shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// The channel.
    pub channel: Name,
    /// The SKU.
    pub sku_number: SkuNumber,
    /// The SKU.
    pub sku: Name,
    /// The shop's name for it.
    pub item: String,
    /// Units withheld from it, in place of the channel's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buffer: Option<i64>,
    /// The most units that it shows, in place of the channel's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<i64>,
    /// Whether the shop has it.
    pub state: ListingState,
    /// Why it was refused; empty where it was not.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// What it should show.
    pub desired: i64,
    /// What is being sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<i64>,
    /// What it shows as far as the shop has told us: the last quantity of ours that it confirmed, less what its own
    /// orders took since. Absent before it said anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<i64>,
    /// What it was last seen to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed: Option<i64>,
    /// When, by the shop's clock where it says.
    pub observed_at_ms: i64,
    /// How many units fewer it shows than we can explain; below 0, how many more.
    pub unexplained: i64,
    /// Since when; 0 where all is explained.
    pub drift_since_ms: i64,
    /// When it is to be looked at again; 0 where only a change makes that necessary.
    pub due_at_ms: i64,
    /// The delivery that it stands in; 0 for none.
    pub delivery: u64,
}

/// Whether a shop has a listing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ListingState {
    /// It has, as far as we know.
    #[default]
    Listed,
    /// It refused a quantity. None is sent until the listing is set again or the shop is seen to show it.
    Refused,
    /// It was deleted there.
    Gone,
}

impl ListingState {
    /// The name as stores keep it.
    pub fn name(self) -> &'static str {
        match self {
            ListingState::Listed => "listed",
            ListingState::Refused => "refused",
            ListingState::Gone => "gone",
        }
    }

    /// The state with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [ListingState::Listed, ListingState::Refused, ListingState::Gone].into_iter().find(|state| state.name() == name)
    }
}

/// Finds a listing by the shop's name for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedItem {
    /// The channel.
    pub channel: Name,
    /// The shop's name.
    pub item: Name,
    /// The SKU.
    pub sku_number: SkuNumber,
}

/// Finds the listings that a SKU's stock has a part in: its own, and those of bundles that it is a component of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedSku {
    /// The SKU.
    pub sku_number: SkuNumber,
    /// Channels with the SKU listed there, in rising order.
    pub listings: Vec<(Name, SkuNumber)>,
}

/// An order that was taken in from a shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenOrder {
    /// The channel.
    pub channel: Name,
    /// Our id of it.
    pub id: Name,
    /// The order; 0 where nothing of it is ours to ship, or it was cancelled before we heard of it.
    pub order: OrderNumber,
    /// The shop's name for it.
    pub reference: String,
    /// When it was placed at the shop, by its clock.
    pub placed_at_ms: i64,
    /// The shop's state that was taken in last: when the order changed there.
    pub updated_at_ms: i64,
    /// When that was said, where the shop says so; else 0.
    pub told_at_ms: i64,
    /// The shop's names of the order's lines, in their order.
    pub lines: Vec<String>,
}
