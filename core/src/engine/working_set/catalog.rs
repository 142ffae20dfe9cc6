//! What is small enough to be here as a whole: locations, channels, and the numbers given so far.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::channel::Channel;
use crate::error::Error;
use crate::ids::{LocationNumber, Name};
use crate::inventory::Location;

/// The highest numbers given so far, and the time of the last event. Stores derive them from their rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// The last SKU's number.
    pub sku: u64,
    /// The last order's number.
    pub order: u64,
    /// The last movement's number.
    pub movement: u64,
    /// The last event's number.
    pub event: u64,
    /// The time of the last event.
    pub last_event_at_ms: i64,
}

/// Every location and channel, and the counters.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// Locations by number, from 1 without gaps.
    pub locations: Vec<Location>,
    /// Channels by name.
    pub channels: BTreeMap<Name, Arc<Channel>>,
    /// The counters.
    pub counters: Counters,
    pub(crate) by_name: FxHashMap<Name, LocationNumber>,
}

impl Catalog {
    /// Puts a catalog together. Locations may come in any order.
    pub fn new(mut locations: Vec<Location>, channels: Vec<Channel>, counters: Counters) -> Self {
        locations.sort_unstable_by_key(|location| location.number);
        let by_name = locations.iter().map(|l| (l.location.clone(), l.number)).collect();
        let channels = channels.into_iter().map(|channel| (channel.channel.clone(), Arc::new(channel))).collect();
        Catalog { locations, channels, counters, by_name }
    }

    /// The name of a location.
    #[cfg_attr(target_family = "wasm", inline)]
    pub(crate) fn location_name(&self, number: LocationNumber) -> Result<&Name, Error> {
        let index = usize::try_from(number.0).unwrap_or(usize::MAX).wrapping_sub(1);
        let location = self.locations.get(index).map(|location| &location.location);
        location.ok_or_else(|| Error::broken(format!("location {} has no row", number.0)))
    }
}
