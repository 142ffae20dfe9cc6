//! The reaction to changes of stock: what listings should show is reckoned anew, and what differs from what shops
//! show goes into deliveries. Shops are told of shipments. It looks at stock as it is now, whatever the events said.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::channel::batches::{queue, rest};
use crate::channel::listings::{need_stock, should_show};
use crate::channel::observe::judge;
use crate::channel::quantity::{Next, next};
use crate::channel::{
    Channel, ChannelSettings, ListedSku, Listing, NoticedLine, SUBSCRIPTION, ShipmentNotice, TakenOrder,
    UpdateListings, UpdatedListings,
};
use crate::code::{Code, Faults, Rejection};
use crate::engine::{Answer, Decision, Found, Needs, Query, RecordKey, Stop};
use crate::ids::{Name, SkuNumber};
use crate::outbox::{DeliveryBody, EventData, EventRow, ShippedOrder, enqueue, put_place};
use crate::planted::planted;

/// Commands whose events one reaction reads, and listings that it looks at beside them, at most.
const LIMIT_MAX: u32 = 1_000;

/// What the events call for.
#[derive(Default)]
struct Called {
    /// SKUs whose stock changed.
    skus: BTreeSet<Name>,
    /// Channels that other locations serve now.
    channels: BTreeSet<Name>,
    /// What left, with the event's number.
    shipments: Vec<(u64, ShippedOrder)>,
}

pub(crate) fn update_listings(decision: &mut Decision<'_>, command: &UpdateListings) -> Result<Answer, Stop> {
    if !(1..=LIMIT_MAX).contains(&command.limit) {
        let mut faults = Faults::default();
        faults.add(Code::QuantityOutOfRange, || "limit".into(), format!("not 1 to {LIMIT_MAX}"));
        faults.check()?;
    }
    let Some(place) = decision.rows.subscription(SUBSCRIPTION)?.cloned() else {
        return Err(Rejection::one(Code::ChannelNotConnected, "", "no channel has a shop behind it").into());
    };
    let (rows, due, next_due_at_ms) = find(decision, place.cursor, command.limit)?;
    let called = called_for(&rows)?;
    let mut settings = all_settings(decision, &called.channels)?;
    let mut keys: BTreeSet<(Name, SkuNumber)> = BTreeSet::new();
    keys.extend(due.iter().cloned());
    let mut updated = UpdatedListings { next_due_at_ms, ..UpdatedListings::default() };
    updated.more = rows.len() == command.limit as usize || due.len() == command.limit as usize;
    updated.more |= recount(decision, &mut settings, command.limit, &mut keys)?;
    concerned(decision, &called.skus, &mut keys)?;
    bring_up_to_date(decision, &mut settings, keys, &mut updated)?;
    let taken = |shipped: &ShippedOrder| RecordKey::TakenOrder(shipped.channel.clone(), shipped.order.clone());
    let shops = called.shipments.iter().filter(|(_, shipped)| settings.contains_key(&shipped.channel));
    decision.rows.need_records(shops.map(|(_, shipped)| taken(shipped)))?;
    for (number, shipped) in called.shipments {
        updated.shipments += u64::from(tell_shipment(decision, &settings, number, shipped)?);
    }
    if let Some(last) = rows.last().map(|row| row.number) {
        let last = if planted!(ListingCursorTooFar) { decision.rows.catalog()?.counters.event } else { last };
        put_place(decision, SUBSCRIPTION, last);
        updated.events = last - place.cursor;
    }
    Ok(Answer::ListingsUpdated(updated))
}

type FoundWork = (Vec<EventRow>, Vec<(Name, SkuNumber)>, Option<i64>);

/// The next events and the listings whose time has come, asked for at once.
fn find(decision: &Decision<'_>, cursor: u64, limit: u32) -> Result<FoundWork, Stop> {
    let events = Query::EventsAfter { number: cursor, limit };
    let due = Query::DueListings { now_ms: decision.now_ms, limit };
    let mut needs = Needs::default();
    for query in [&events, &due] {
        if decision.rows.found(query).is_err() {
            needs.queries.push(query.clone());
        }
    }
    if !needs.is_empty() {
        return Err(Stop::Needs(Box::new(needs)));
    }
    let rows = match decision.rows.found(&events)? {
        Found::Events(rows) => rows.clone(),
        _ => Vec::new(),
    };
    match decision.rows.found(&due)? {
        Found::DueListings { listings, next_due_at_ms } => Ok((rows, listings.clone(), *next_due_at_ms)),
        _ => Ok((rows, Vec::new(), None)),
    }
}

fn called_for(rows: &[EventRow]) -> Result<Called, Stop> {
    let mut called = Called::default();
    for row in rows {
        for event in row.events()? {
            match event.data {
                EventData::StockChanged(level) => drop(called.skus.insert(level.sku)),
                EventData::ChannelRegistered(channel) => drop(called.channels.insert(channel.channel)),
                EventData::OrderShipped(shipped) => called.shipments.push((event.number, shipped)),
                _ => {}
            }
        }
    }
    Ok(called)
}

/// The settings of every channel that has a shop. Where other locations serve one, all its listings are to be
/// reckoned anew.
fn all_settings(
    decision: &mut Decision<'_>,
    changed: &BTreeSet<Name>,
) -> Result<BTreeMap<Name, (ChannelSettings, Arc<Channel>)>, Stop> {
    let channels: Vec<Arc<Channel>> = decision.rows.catalog()?.channels.values().cloned().collect();
    let key = |channel: &Name| RecordKey::ChannelSettings(channel.clone());
    decision.rows.need_records(channels.iter().map(|channel| key(&channel.channel)))?;
    let mut all = BTreeMap::new();
    for channel in channels {
        let Some(mut settings) = decision.rows.record::<ChannelSettings>(&key(&channel.channel))?.cloned() else {
            continue;
        };
        if changed.contains(&channel.channel) {
            settings.recount_after = Some(SkuNumber(0));
            decision.rows.set_record(settings.clone())?;
        }
        all.insert(channel.channel.clone(), (settings, channel));
    }
    Ok(all)
}

/// The next listings of channels whose listings are all to be reckoned anew; whether there are more.
fn recount(
    decision: &mut Decision<'_>,
    settings: &mut BTreeMap<Name, (ChannelSettings, Arc<Channel>)>,
    limit: u32,
    keys: &mut BTreeSet<(Name, SkuNumber)>,
) -> Result<bool, Stop> {
    let mut more = false;
    for (settings, _) in settings.values_mut() {
        let Some(after) = settings.recount_after else { continue };
        let query = Query::Listings { channel: settings.channel.clone(), after, limit };
        let Found::Listings(skus) = decision.rows.found(&query)?.clone() else { continue };
        let full = skus.len() == limit as usize;
        settings.recount_after = skus.last().copied().filter(|_| full);
        more |= full;
        keys.extend(skus.into_iter().map(|sku| (settings.channel.clone(), sku)));
        decision.rows.set_record(settings.clone())?;
    }
    Ok(more)
}

/// The listings that changed stock has a part in.
fn concerned(
    decision: &Decision<'_>,
    skus: &BTreeSet<Name>,
    keys: &mut BTreeSet<(Name, SkuNumber)>,
) -> Result<(), Stop> {
    let mut needs = Needs::default();
    skus.iter().for_each(|sku| decision.rows.missing(Some(sku), None, None, &mut needs));
    if !needs.is_empty() {
        return Err(Stop::Needs(Box::new(needs)));
    }
    let mut numbers = Vec::with_capacity(skus.len());
    for sku in skus {
        numbers.extend(decision.rows.sku(sku)?.map(|sku| RecordKey::ListedSku(sku.number)));
    }
    decision.rows.need_records(numbers.iter().cloned())?;
    for number in numbers {
        if let Some(row) = decision.rows.record::<ListedSku>(&number)? {
            let own = |listing: &&(Name, SkuNumber)| !planted!(BundleForgotten) || listing.1 == row.sku_number;
            keys.extend(row.listings.iter().filter(own).cloned());
        }
    }
    Ok(())
}

fn bring_up_to_date(
    decision: &mut Decision<'_>,
    settings: &mut BTreeMap<Name, (ChannelSettings, Arc<Channel>)>,
    keys: BTreeSet<(Name, SkuNumber)>,
    updated: &mut UpdatedListings,
) -> Result<(), Stop> {
    let record = |(channel, sku): &(Name, SkuNumber)| RecordKey::Listing(channel.clone(), *sku);
    decision.rows.need_records(keys.iter().map(record))?;
    let mut listings = Vec::with_capacity(keys.len());
    for key in &keys {
        let row = decision.rows.record::<Listing>(&record(key))?.cloned();
        listings.extend(row.filter(|row| settings.contains_key(&row.channel)));
    }
    let channel_of = |row: &Listing| settings.get(&row.channel).map(|(_, channel)| Arc::clone(channel));
    need_stock(decision.rows, listings.iter().filter_map(|row| Some((row, channel_of(row)?))))?;
    let mut to_send: BTreeMap<Name, Vec<Listing>> = BTreeMap::new();
    for mut row in listings {
        let Some((settings, channel)) = settings.get(&row.channel) else { continue };
        let should = should_show(decision.rows, channel, &settings.policy, &row)?;
        updated.changed += u64::from(should != row.desired);
        row.desired = should;
        let after_ms = settings.policy.drift_after_ms;
        if !settings.connected {
            row.due_at_ms = 0;
        } else if row.delivery == 0 {
            if next(&row, after_ms, decision.now_ms) == Next::Judge {
                judge(decision, settings, &mut row)?;
                // What was taken over is stock now.
                row.desired = should_show(decision.rows, channel, &settings.policy, &row)?;
            }
            let now = next(&row, after_ms, decision.now_ms);
            if now == Next::Send {
                to_send.entry(row.channel.clone()).or_default().push(row);
                continue;
            }
            rest(decision, &mut row, now);
        } else {
            // What comes of its delivery says when it is looked at again.
            row.due_at_ms = 0;
        }
        decision.rows.set_record(row)?;
    }
    for (channel, rows) in to_send {
        updated.queued += rows.len() as u64;
        if let Some((settings, _)) = settings.get_mut(&channel) {
            queue(decision, settings, rows)?;
        }
    }
    Ok(())
}

/// Tells a shop that units of an order of its own left; whether there is anybody to tell.
fn tell_shipment(
    decision: &mut Decision<'_>,
    settings: &BTreeMap<Name, (ChannelSettings, Arc<Channel>)>,
    number: u64,
    shipped: ShippedOrder,
) -> Result<bool, Stop> {
    let Some((settings, _)) = settings.get(&shipped.channel).filter(|(row, _)| row.connected) else {
        return Ok(false);
    };
    let key = RecordKey::TakenOrder(shipped.channel.clone(), shipped.order.clone());
    let Some(taken) = decision.rows.record::<TakenOrder>(&key)?.cloned() else {
        return Ok(false);
    };
    if !settings.policy.tell_shipments {
        return Ok(false);
    }
    let line = |number: u32| taken.lines.get((number as usize).wrapping_sub(1)).cloned();
    let lines = shipped.lines.into_iter().map(|units| NoticedLine {
        line: line(units.line),
        sku: units.sku,
        location: units.location,
        quantity: units.quantity,
    });
    let notice = ShipmentNotice {
        channel: shipped.channel,
        shipment: format!("{}/{number}", shipped.order),
        order: shipped.order.clone(),
        reference: taken.reference,
        lines: lines.collect(),
        tracking: shipped.tracking,
    };
    let destination = settings.destination.clone();
    enqueue(
        decision,
        &destination,
        format!("shipments of {}", shipped.order),
        DeliveryBody::TellShipment(Box::new(notice)),
    )?;
    Ok(true)
}
