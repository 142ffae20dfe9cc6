//! Registering channels and changing which locations serve them.

use crate::channel::{Channel, RegisterChannel};
use crate::code::{Code, Faults};
use crate::engine::{Answer, Decision, Stop, locations_of};
use crate::ids::{ID_BYTES_MAX, name_fault};
use crate::outbox::{EventKind, RegisteredChannel};

/// The most locations that serve one channel.
pub(crate) const CHANNEL_LOCATIONS_MAX: usize = 1_000;

pub(crate) fn register(decision: &mut Decision<'_>, command: &RegisterChannel) -> Result<Answer, Stop> {
    let mut faults = Faults::default();
    if let Some(fault) = name_fault(&command.channel, ID_BYTES_MAX) {
        faults.add(Code::IdInvalid, || "channel".into(), fault);
    }
    if command.locations.is_empty() {
        faults.add(Code::LinesMissing, || "locations".into(), "a channel needs a location");
    }
    let locations = locations_of(decision, "locations", &command.locations, &mut faults)?;
    faults.check()?;
    let channel = Channel { channel: command.channel.as_str().into(), locations, sourcing: command.sourcing };
    if decision.rows.catalog()?.channels.get(&*command.channel).is_some_and(|known| **known == channel) {
        return Ok(Answer::Unchanged);
    }
    let names: Result<_, Stop> = channel.locations.iter().map(|number| decision.location_name(*number)).collect();
    let registered =
        RegisteredChannel { channel: channel.channel.clone(), locations: names?, sourcing: channel.sourcing };
    decision.note(EventKind::ChannelRegistered, &registered)?;
    decision.rows.set_channel(channel)?;
    Ok(Answer::Done)
}
