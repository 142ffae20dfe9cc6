//! Channels: where demand arises, and which locations serve it. Listings and their deliveries will stand
//! here too. Owns the channel rows and writes no others.

mod register;

pub(crate) use register::{CHANNEL_LOCATIONS_MAX, register};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{LocationNumber, Name};

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
