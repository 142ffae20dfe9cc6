//! The end of a run: everything is sent and taken in, and the shop is read once more, until every listing shows what it
//! should.

use std::time::{Duration, Instant};

use retail::Result;
use stockroom::channel::{Listing, ReconciledChannel, SUBSCRIPTION};
use stockroom::engine::{Record, RecordKind};
use stockroom::outbox::{Event, EventData};
use stockroom::ports::{Page, Rows};
use stockroom::{Command, DeliveryState, OrderState, ReconcileChannel, Settlement, ShipOrder};

use crate::shop::{CHANNEL, Connection, Room, database, execute, take_missed_orders};

/// The wait between two looks.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(10);

/// What settling came to.
#[derive(Clone, Debug, Default)]
pub struct Settled {
    /// How far the channel is from showing what it should.
    pub settlement: Settlement,
    /// Readings of the whole shop that it took.
    pub readings: u64,
    /// Orders that a look for missed ones went through.
    pub looked_at: u64,
}

/// Whether everything that has happened was reacted to, and every delivery is done or given up.
pub fn is_sent(room: &Room) -> Result<bool> {
    let cursor = room.subscription(SUBSCRIPTION).map_err(database)?.map_or(0, |subscription| subscription.cursor);
    if !room.events(cursor, 1).map_err(database)?.is_empty() {
        return Ok(false);
    }
    let rows = room.page(&Page::Records(RecordKind::Delivery, None), 1_000).map_err(database)?;
    let Rows::Records(rows) = rows else { return Ok(true) };
    Ok(rows.iter().all(|record| matches!(record, Record::Delivery(row) if row.state == DeliveryState::Dead)))
}

/// Has the shop read and mended, and waits for the end of it and of what follows from it. What the reading found is the
/// answer; nothing where the time is over.
pub fn reconcile(room: &Room, until: Instant) -> Result<Option<ReconciledChannel>> {
    let before = last_event(room)?;
    execute(room, vec![ReconcileChannel { channel: CHANNEL.into(), mend: true }.into()])?;
    let is_over = || -> Result<bool> {
        let settings = room.channel_settings(CHANNEL).map_err(database)?;
        Ok(settings.is_none_or(|row| row.reconciliation.is_none()) && is_sent(room)?)
    };
    if !wait(until, is_over)? {
        return Ok(None);
    }
    let mut found = None;
    each_event(room, before, &mut |event| {
        if let EventData::ChannelReconciled(reading) = &event.data {
            found = Some(reading.clone());
        }
    })?;
    Ok(found)
}

fn last_event(room: &Room) -> Result<u64> {
    let mut last = 0;
    each_event(room, 0, &mut |event| last = event.number)?;
    Ok(last)
}

fn each_event(room: &Room, after: u64, look: &mut dyn FnMut(&Event)) -> Result<()> {
    let mut after = after;
    loop {
        let events = room.events(after, 1_000).map_err(database)?;
        let Some(last) = events.last() else { return Ok(()) };
        after = last.number;
        events.iter().for_each(&mut *look);
    }
}

/// Waits until something is so, or until the time is over, which is answered with `false`.
fn wait(until: Instant, is_so: impl Fn() -> Result<bool>) -> Result<bool> {
    while !is_so()? {
        if Instant::now() >= until {
            return Ok(false);
        }
        std::thread::sleep(LOOK_AGAIN_AFTER);
    }
    Ok(true)
}

/// Takes in what was missed and mends what differs, until nothing does or the time is over. `drain` waits until the
/// shop has told all that it will tell by itself.
pub fn settle(
    room: &Room,
    connection: &Connection,
    until: Instant,
    drain: &dyn Fn(),
    told: &mut dyn FnMut(&Settlement),
) -> Result<Settled> {
    let mut settled = Settled::default();
    loop {
        drain();
        settled.looked_at += take_missed_orders(room, connection)?;
        ship_orders(room)?;
        wait(until, || is_sent(room))?;
        drain();
        settled.readings += 1;
        let reading = reconcile(room, until)?;
        settled.settlement = room.settled(CHANNEL).map_err(database)?.unwrap_or_default();
        told(&settled.settlement);
        // What the last reading had mended was told by webhooks in its turn.
        drain();
        let is_settled = settled.settlement.is_settled()
            // What could not be judged may be anything.
            && reading.as_ref().is_some_and(|reading| reading.unsettled == 0)
            && is_sent(room)?
            && room.settled(CHANNEL).map_err(database)?.is_some_and(|settlement| settlement.is_settled());
        if is_settled || reading.is_none() || Instant::now() >= until {
            return Ok(settled);
        }
        std::thread::sleep(LOOK_AGAIN_AFTER);
    }
}

/// Ships every third of the shop's orders that can be, so that there is something to tell.
pub fn ship_orders(room: &Room) -> Result<u64> {
    let mut commands: Vec<Command> = Vec::new();
    let mut after = 0;
    loop {
        let rows = room.page(&Page::Orders(after), 1_000).map_err(database)?;
        let Rows::Orders(rows) = rows else { break };
        let Some(last) = rows.last() else { break };
        after = last.number.0;
        let ready = rows.iter().filter(|order| {
            *order.channel == *CHANNEL && order.state == OrderState::Allocated && order.number.0 % 3 == 0
        });
        commands.extend(ready.map(|order| {
            Command::from(ShipOrder { order: order.id.to_string(), ..ShipOrder::default() })
                .with_key(retail::key("ship", &order.id))
        }));
    }
    execute(room, commands)
}

/// Looks at every listing of the channel.
pub fn each_listing(room: &Room, look: &mut dyn FnMut(&Listing)) -> Result<()> {
    let mut after = None;
    loop {
        let rows = room.page(&Page::Records(RecordKind::Listing, after), 1_000).map_err(database)?;
        let Rows::Records(rows) = rows else { return Ok(()) };
        let Some(last) = rows.last() else { return Ok(()) };
        after = Some(last.key());
        for record in &rows {
            if let Record::Listing(listing) = record {
                look(listing);
            }
        }
    }
}
