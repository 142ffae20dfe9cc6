//! Connecting a channel with the shop behind it, and how far its orders were taken in.

use crate::channel::{
    ChannelConnection, ChannelPolicy, ChannelSettings, ConnectChannel, DisconnectChannel, NoteOrdersThrough,
    SUBSCRIPTION,
};
use crate::code::{Code, Faults, Rejection};
use crate::engine::{Answer, Decision, RecordKey, Stop};
use crate::ids::{ID_BYTES_MAX, Name, SkuNumber, name_fault};
use crate::outbox::{EventKind, judge_destination, put_place, take_in};
use crate::quantity::{QUANTITY_MAX, is_level};
use crate::time::in_range;

/// The longest time that an outside change may be left alone: a day.
const DRIFT_AFTER_MS_MAX: i64 = 24 * 3_600_000;
/// The most listings in one request. No shop's API takes more.
const BATCH_MAX: u32 = 1_000;

pub(crate) fn connect(decision: &mut Decision<'_>, command: &ConnectChannel) -> Result<Answer, Stop> {
    let mut faults = Faults::default();
    judge_channel(decision, &command.channel, &mut faults)?;
    judge_destination(decision, &command.destination.as_str().into(), &mut faults)?;
    judge_policy(&command.policy, &mut faults);
    let channel: Name = command.channel.as_str().into();
    let destination: Name = command.destination.as_str().into();
    let key = RecordKey::ChannelSettings(channel.clone());
    let known = match name_fault(&channel, ID_BYTES_MAX) {
        None => decision.rows.record::<ChannelSettings>(&key)?.cloned(),
        Some(_) => None,
    };
    let other = known.as_ref().map(|known| &known.destination).filter(|other| **other != destination);
    if let Some(other) = other.filter(|_| name_fault(&destination, ID_BYTES_MAX).is_none()) {
        // Its listings stand in deliveries to the other.
        let detail = format!("the channel's deliveries go to {other}");
        faults.absorb(Rejection::one(Code::DestinationUnknown, "destination", detail));
    }
    faults.check()?;
    let subscribed = decision.rows.subscription(SUBSCRIPTION)?.is_some();
    let row = match known {
        Some(known) if known.connected && known.policy == command.policy && subscribed => return Ok(Answer::Unchanged),
        Some(known) => {
            // All its listings are reckoned anew.
            ChannelSettings { connected: true, policy: command.policy, recount_after: Some(SkuNumber(0)), ..known }
        }
        None => ChannelSettings {
            channel: channel.clone(),
            destination: destination.clone(),
            connected: true,
            policy: command.policy,
            open_batch: 0,
            open_count: 0,
            batches: 0,
            recount_after: None,
            reconciliation: None,
            orders_through_ms: 0,
        },
    };
    decision.rows.set_record(row)?;
    // The first shop begins the reading of events: listings begin with the stock that there is then.
    if !subscribed {
        let cursor = decision.rows.catalog()?.counters.event;
        put_place(decision, SUBSCRIPTION, cursor);
    }
    let told = ChannelConnection { channel, destination, policy: command.policy };
    decision.note(EventKind::ChannelConnected, &told)?;
    Ok(Answer::Done)
}

fn judge_policy(policy: &ChannelPolicy, faults: &mut Faults) {
    judge_limits(Some(policy.buffer), policy.cap, "policy.", faults);
    if !(0..=DRIFT_AFTER_MS_MAX).contains(&policy.drift_after_ms) {
        faults.add(Code::TimeOutOfRange, || "policy.drift_after_ms".into(), "not 0 to 24 hours");
    }
    if !(1..=BATCH_MAX).contains(&policy.batch_max) {
        faults.add(Code::QuantityOutOfRange, || "policy.batch_max".into(), format!("not 1 to {BATCH_MAX}"));
    }
}

/// Judges a buffer and a cap, of a channel or of one listing.
pub(super) fn judge_limits(buffer: Option<i64>, cap: Option<i64>, at: &'static str, faults: &mut Faults) {
    for (field, units) in [("buffer", buffer), ("cap", cap)] {
        if units.is_some_and(|units| !is_level(units)) {
            faults.add(Code::QuantityOutOfRange, || format!("{at}{field}"), format!("not 0 to {QUANTITY_MAX}"));
        }
    }
}

pub(crate) fn disconnect(decision: &mut Decision<'_>, command: &DisconnectChannel) -> Result<Answer, Stop> {
    let mut faults = Faults::default();
    if !take_in(decision, command.message.as_ref(), &mut faults)? {
        return Ok(Answer::Unchanged);
    }
    let settings = connected(decision, &command.channel, faults)?;
    if !settings.connected {
        return Ok(Answer::Unchanged);
    }
    let told = ChannelConnection {
        channel: settings.channel.clone(),
        destination: settings.destination.clone(),
        policy: settings.policy,
    };
    // What waits is dropped when it would be taken.
    decision.rows.set_record(ChannelSettings { connected: false, reconciliation: None, ..settings })?;
    decision.note(EventKind::ChannelDisconnected, &told)?;
    Ok(Answer::Done)
}

pub(crate) fn note_orders_through(decision: &mut Decision<'_>, command: &NoteOrdersThrough) -> Result<Answer, Stop> {
    let mut faults = Faults::default();
    if !in_range(command.through_ms) {
        faults.add(Code::TimeOutOfRange, || "through_ms".into(), "not 1970 to 9999");
    }
    let settings = connected(decision, &command.channel, faults)?;
    if command.through_ms <= settings.orders_through_ms {
        return Ok(Answer::Unchanged);
    }
    decision.rows.set_record(ChannelSettings { orders_through_ms: command.through_ms, ..settings })?;
    Ok(Answer::Done)
}

/// Notes a fault where no channel has this name.
pub(super) fn judge_channel(decision: &Decision<'_>, channel: &str, faults: &mut Faults) -> Result<(), Stop> {
    if let Some(fault) = name_fault(channel, ID_BYTES_MAX) {
        faults.add(Code::IdInvalid, || "channel".into(), fault);
    } else if !decision.rows.catalog()?.channels.contains_key(channel) {
        faults.add(Code::ChannelUnknown, || "channel".into(), "is not registered");
    }
    Ok(())
}

/// The settings of a channel that a command names, once nothing is wrong with the command; whether it is connected
/// now stands in them.
pub(super) fn connected(decision: &Decision<'_>, channel: &str, mut faults: Faults) -> Result<ChannelSettings, Stop> {
    judge_channel(decision, channel, &mut faults)?;
    let key = RecordKey::ChannelSettings(channel.into());
    let known = match name_fault(channel, ID_BYTES_MAX) {
        None => decision.rows.record::<ChannelSettings>(&key)?.cloned(),
        Some(_) => None,
    };
    if known.is_none() && decision.rows.catalog()?.channels.contains_key(channel) {
        faults.add(Code::ChannelNotConnected, || "channel".into(), "has no shop behind it");
    }
    faults.check()?;
    known.ok_or_else(|| Rejection::one(Code::ChannelNotConnected, "channel", "has no shop behind it").into())
}
