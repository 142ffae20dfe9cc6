//! Listings: set, forgotten, found by the shop's names for them, and reckoned from stock.

use std::sync::Arc;

use crate::channel::connect::{connected, judge_limits};
use crate::channel::quantity::desired;
use crate::channel::{
    ChangedListing, Channel, ChannelPolicy, ListedItem, ListedSku, Listing, ListingState, RemoveListing, SetListing,
};
use crate::code::{Code, Faults, Rejection};
use crate::engine::{Answer, Decision, Needs, RecordKey, Stop, WorkingSet};
use crate::ids::{KEY_BYTES_MAX, Name, SKU_BYTES_MAX, SkuNumber, name_fault};
use crate::inventory::{Sku, Stock, takes, whole_units};
use crate::outbox::EventKind;

pub(crate) fn set_listing(decision: &mut Decision<'_>, command: &SetListing) -> Result<Answer, Stop> {
    let mut faults = Faults::default();
    judge_limits(command.buffer, command.cap, "", &mut faults);
    if let Some(fault) = name_fault(&command.item, KEY_BYTES_MAX) {
        faults.add(Code::IdInvalid, || "item".into(), fault);
    }
    let sku = known_sku(decision, &command.sku, &mut faults)?;
    let settings = connected(decision, &command.channel, faults)?;
    let Some(sku) = sku else {
        return Err(Rejection::one(Code::SkuUnknown, "sku", "is not registered").into());
    };
    let channel = settings.channel;
    let key = RecordKey::Listing(channel.clone(), sku.number);
    let item = RecordKey::ListedItem(channel.clone(), command.item.as_str().into());
    decision.rows.need_records([key.clone(), item.clone()].into_iter())?;
    let taken = decision.rows.record::<ListedItem>(&item)?.is_some_and(|row| row.sku_number != sku.number);
    if taken {
        return Err(Rejection::one(Code::ItemTaken, "item", "another SKU is listed as this").into());
    }
    let known = decision.rows.record::<Listing>(&key)?.cloned();
    let now_ms = decision.now_ms;
    let row = match known {
        Some(known) => {
            let same = known.item == command.item && known.buffer == command.buffer && known.cap == command.cap;
            if same && known.state == ListingState::Listed {
                return Ok(Answer::Unchanged);
            }
            let mut row = Listing {
                buffer: command.buffer,
                cap: command.cap,
                state: ListingState::Listed,
                why: String::new(),
                due_at_ms: now_ms.max(1),
                ..known
            };
            if row.item != command.item {
                // Another thing at the shop: nothing is known of what it shows.
                let old = RecordKey::ListedItem(channel.clone(), row.item.as_str().into());
                decision.rows.remove_record(&old)?;
                (row.acknowledged, row.observed, row.observed_at_ms) = (None, None, 0);
                (row.unexplained, row.drift_since_ms) = (0, 0);
                // Nor is it what a delivery under way sets.
                (row.sent, row.delivery) = (None, 0);
                row.item = command.item.clone();
            }
            row
        }
        None => {
            join(decision, &channel, &sku)?;
            Listing {
                channel: channel.clone(),
                sku_number: sku.number,
                sku: sku.sku.clone(),
                item: command.item.clone(),
                buffer: command.buffer,
                cap: command.cap,
                state: ListingState::Listed,
                why: String::new(),
                desired: 0,
                sent: None,
                acknowledged: None,
                observed: None,
                observed_at_ms: 0,
                unexplained: 0,
                drift_since_ms: 0,
                // The next look reckons it and sends it.
                due_at_ms: now_ms.max(1),
                delivery: 0,
            }
        }
    };
    let found = ListedItem { channel, item: row.item.as_str().into(), sku_number: row.sku_number };
    decision.rows.set_record(found)?;
    tell(decision, EventKind::ListingSet, &row)?;
    decision.rows.set_record(row)?;
    Ok(Answer::Done)
}

pub(crate) fn remove_listing(decision: &mut Decision<'_>, command: &RemoveListing) -> Result<Answer, Stop> {
    let mut faults = Faults::default();
    let sku = known_sku(decision, &command.sku, &mut faults)?;
    let settings = connected(decision, &command.channel, faults)?;
    let unknown = || Rejection::one(Code::ListingUnknown, "sku", "is not listed on the channel");
    let sku = sku.ok_or_else(unknown)?;
    let key = RecordKey::Listing(settings.channel.clone(), sku.number);
    let row = decision.rows.record::<Listing>(&key)?.cloned().ok_or_else(unknown)?;
    // A delivery that it stands in passes over what is not there any more.
    decision.rows.remove_record(&RecordKey::ListedItem(settings.channel.clone(), row.item.as_str().into()))?;
    for (part, _) in takes(sku.number, &sku.components) {
        let key = RecordKey::ListedSku(part);
        let Some(mut part) = decision.rows.record::<ListedSku>(&key)?.cloned() else { continue };
        part.listings.retain(|(channel, number)| (&**channel, *number) != (&*settings.channel, sku.number));
        match part.listings.is_empty() {
            true => decision.rows.remove_record(&key)?,
            false => decision.rows.set_record(part)?,
        }
    }
    decision.rows.remove_record(&key)?;
    tell(decision, EventKind::ListingRemoved, &row)?;
    Ok(Answer::Done)
}

fn known_sku(decision: &Decision<'_>, sku: &str, faults: &mut Faults) -> Result<Option<Arc<Sku>>, Stop> {
    if let Some(fault) = name_fault(sku, SKU_BYTES_MAX) {
        faults.add(Code::IdInvalid, || "sku".into(), fault);
        return Ok(None);
    }
    let known = decision.rows.sku(sku)?.cloned();
    if known.is_none() {
        faults.add(Code::SkuUnknown, || "sku".into(), "is not registered");
    }
    Ok(known)
}

/// Notes that a SKU's stock, or that of its components, has a part in a listing.
fn join(decision: &mut Decision<'_>, channel: &Name, sku: &Sku) -> Result<(), Stop> {
    let parts: Vec<SkuNumber> = takes(sku.number, &sku.components).map(|(part, _)| part).collect();
    decision.rows.need_records(parts.iter().map(|part| RecordKey::ListedSku(*part)))?;
    for part in parts {
        let known = decision.rows.record::<ListedSku>(&RecordKey::ListedSku(part))?.cloned();
        let mut row = known.unwrap_or(ListedSku { sku_number: part, listings: Vec::new() });
        let entry = (channel.clone(), sku.number);
        if let Err(place) = row.listings.binary_search(&entry) {
            row.listings.insert(place, entry);
            decision.rows.set_record(row)?;
        }
    }
    Ok(())
}

/// Says what became of a listing.
pub(super) fn tell(decision: &mut Decision<'_>, kind: EventKind, row: &Listing) -> Result<(), Stop> {
    let told = ChangedListing {
        channel: row.channel.clone(),
        sku: row.sku.clone(),
        item: row.item.clone(),
        why: row.why.clone(),
    };
    decision.note(kind, &told)
}

/// What a listing should show of the stock that there is: the units of all the channel's locations, where one that
/// is short counts as none.
pub(crate) fn should_show(
    rows: &WorkingSet,
    channel: &Channel,
    policy: &ChannelPolicy,
    row: &Listing,
) -> Result<i64, Stop> {
    let mut available: i64 = 0;
    if let Some(sku) = rows.sku(&row.sku)? {
        for location in &channel.locations {
            let parts = takes(sku.number, &sku.components);
            available = available.saturating_add(whole_units(rows, parts, *location, Stock::available)?);
        }
    }
    Ok(desired(available, row.buffer.unwrap_or(policy.buffer), row.cap.or(policy.cap)))
}

/// Asks at once for the stock that listings are reckoned from.
pub(crate) fn need_stock<'l>(
    rows: &WorkingSet,
    listings: impl Iterator<Item = (&'l Listing, Arc<Channel>)>,
) -> Result<(), Stop> {
    let mut needs = Needs::default();
    for (row, channel) in listings {
        rows.missing(Some(&row.sku), None, None, &mut needs);
        rows.missing_stock(&row.sku, &channel.locations, &mut needs);
    }
    if needs.is_empty() { Ok(()) } else { Err(Stop::Needs(Box::new(needs))) }
}
