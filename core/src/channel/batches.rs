//! Deliveries of quantities. Many listings stand in one; each stands in one at most. A quantity is reckoned when its
//! delivery is taken, so that what changed while it waited goes along, and nothing is sent that became needless.

use std::collections::BTreeMap;

use crate::channel::observe::saw;
use crate::channel::quantity::{Next, confirm, next};
use crate::channel::{
    ChannelSettings, Listing, ListingState, QuantityToSet, SetQuantities, Shown, ShownQuantities, listings,
};
use crate::engine::{Decision, Needs, RecordKey, Stop, WorkingSet};
use crate::ids::Name;
use crate::outbox::{Delivery, DeliveryAnswer, DeliveryBody, Ended, EventKind, backoff_ms, enqueue, patience, replace};

/// Puts listings of one channel into deliveries: first into the one that is not full and not taken yet.
pub(super) fn queue(
    decision: &mut Decision<'_>,
    settings: &mut ChannelSettings,
    mut listings: Vec<Listing>,
) -> Result<(), Stop> {
    let full = settings.policy.batch_max as usize;
    let room = full.saturating_sub(settings.open_count as usize);
    if settings.open_batch != 0 && room > 0 {
        let rest = listings.split_off(room.min(listings.len()));
        let added: Vec<QuantityToSet> = listings.iter().map(to_set).collect();
        let count = settings.open_count + added.len() as u32;
        let number = settings.open_batch;
        let joined = replace(decision, &settings.destination, number, |body| match body {
            DeliveryBody::SetQuantities(batch) => {
                let mut batch = batch.clone();
                batch.listings.extend(added.iter().cloned());
                Ok(DeliveryBody::SetQuantities(batch))
            }
            other => Ok(other.clone()),
        })?;
        if joined {
            settings.open_count = count;
            stand_in(decision, listings, number)?;
            listings = rest;
        } else {
            // It was taken; the next one is begun.
            settings.open_batch = 0;
            listings.extend(rest);
        }
    }
    while !listings.is_empty() {
        let rest = listings.split_off(full.min(listings.len()));
        settings.batches += 1;
        let body = DeliveryBody::SetQuantities(SetQuantities {
            channel: settings.channel.clone(),
            listings: listings.iter().map(to_set).collect(),
        });
        let key = format!("quantities of {}, {}", settings.channel, settings.batches);
        settings.open_batch = enqueue(decision, &settings.destination, key, body)?;
        settings.open_count = listings.len() as u32;
        stand_in(decision, listings, settings.open_batch)?;
        listings = rest;
    }
    decision.rows.set_record(settings.clone())
}

fn stand_in(decision: &mut Decision<'_>, listings: Vec<Listing>, delivery: u64) -> Result<(), Stop> {
    for row in listings {
        decision.rows.set_record(Listing { delivery, due_at_ms: 0, ..row })?;
    }
    Ok(())
}

fn to_set(row: &Listing) -> QuantityToSet {
    QuantityToSet { sku: row.sku.clone(), item: row.item.clone(), quantity: row.desired, from: row.acknowledged }
}

/// The channel and the SKUs that a delivery is about, where it is about listings.
fn named(body: &DeliveryBody) -> Option<(&Name, Vec<&Name>)> {
    match body {
        DeliveryBody::SetQuantities(batch) => {
            Some((&batch.channel, batch.listings.iter().map(|entry| &entry.sku).collect()))
        }
        DeliveryBody::ReadQuantities(page) => {
            Some((&page.channel, page.listings.iter().map(|entry| &entry.sku).collect()))
        }
        _ => None,
    }
}

/// Asks for the listings that deliveries carry, all at once.
pub(crate) fn foresee_delivered(rows: &WorkingSet, body: &DeliveryBody, needs: &mut Needs) {
    let Some((channel, skus)) = named(body) else { return };
    let mut keys = vec![RecordKey::ChannelSettings(channel.clone())];
    for name in skus {
        match rows.sku(name) {
            Ok(Some(sku)) => keys.push(RecordKey::Listing(channel.clone(), sku.number)),
            Ok(None) => {}
            Err(_) => needs.skus.push(name.to_string()),
        }
    }
    rows.missing_records(keys.into_iter(), needs);
}

/// A delivery's channel with its listings.
type Carried = (ChannelSettings, BTreeMap<Name, Listing>);

/// The listings of a delivery by the names of their SKUs, as far as they are there.
pub(super) fn carried(decision: &Decision<'_>, body: &DeliveryBody) -> Result<Option<Carried>, Stop> {
    let mut needs = Needs::default();
    foresee_delivered(decision.rows, body, &mut needs);
    if !needs.is_empty() {
        return Err(Stop::Needs(Box::new(needs)));
    }
    let Some((channel, skus)) = named(body) else { return Ok(None) };
    let key = RecordKey::ChannelSettings(channel.clone());
    let Some(settings) = decision.rows.record::<ChannelSettings>(&key)?.cloned() else {
        return Ok(None);
    };
    let mut listings = BTreeMap::new();
    for name in skus {
        let Some(sku) = decision.rows.sku(name)? else { continue };
        let key = RecordKey::Listing(channel.clone(), sku.number);
        if let Some(row) = decision.rows.record::<Listing>(&key)? {
            listings.insert(name.clone(), row.clone());
        }
    }
    Ok(Some((settings, listings)))
}

/// A delivery that is about to be taken, with the quantities of now; `None` where nothing of it is left to send, and
/// it is to be forgotten. One in doubt stays as it is: only the same again can be told from what was done before.
pub(crate) fn refresh(decision: &mut Decision<'_>, row: &Delivery) -> Result<Option<DeliveryBody>, Stop> {
    if let DeliveryBody::ReadQuantities(_) = &row.body {
        // Nobody waits for what a shop shows that is not connected any more.
        let wanted = carried(decision, &row.body)?.is_some_and(|(settings, _)| settings.reconciliation.is_some());
        return Ok(wanted.then(|| row.body.clone()));
    }
    let DeliveryBody::SetQuantities(batch) = &row.body else {
        return Ok(Some(row.body.clone()));
    };
    if row.doubt {
        return Ok(Some(row.body.clone()));
    }
    let Some((settings, mut known)) = carried(decision, &row.body)? else {
        return Ok(None);
    };
    let mut fresh = Vec::with_capacity(batch.listings.len());
    for entry in &batch.listings {
        let Some(mut listing) = known.remove(&entry.sku).filter(|listing| listing.delivery == row.number) else {
            continue;
        };
        listing.delivery = 0;
        let now = next(&listing, settings.policy.drift_after_ms, decision.now_ms);
        if settings.connected && now == Next::Send {
            listing.delivery = row.number;
            listing.sent = Some(listing.desired);
            fresh.push(to_set(&listing));
        } else {
            rest(decision, &mut listing, now);
        }
        decision.rows.set_record(listing)?;
    }
    let body = SetQuantities { channel: batch.channel.clone(), listings: fresh };
    Ok((!body.listings.is_empty()).then_some(DeliveryBody::SetQuantities(body)))
}

/// Notes when a listing that stands in no delivery is to be looked at.
pub(super) fn rest(decision: &Decision<'_>, listing: &mut Listing, next: Next) {
    listing.sent = None;
    listing.due_at_ms = match next {
        Next::Rest => 0,
        Next::Look { at_ms } => at_ms,
        Next::Judge | Next::Send => decision.now_ms.max(1),
    };
}

/// What came of quantities that were sent.
pub(super) fn sent(
    decision: &mut Decision<'_>,
    row: &Delivery,
    batch: &SetQuantities,
    ended: &Ended<'_>,
) -> Result<(), Stop> {
    let Some((settings, mut known)) = carried(decision, &row.body)? else {
        return Ok(());
    };
    let nothing = ShownQuantities::default();
    let said = match ended {
        Ended::Done(DeliveryAnswer::Quantities(said)) => said,
        _ => &nothing,
    };
    // What a host says that knows no more than that it was done.
    let all_set = matches!(ended, Ended::Done(DeliveryAnswer::Taken));
    let refused = match ended {
        Ended::Refused(why) => Some((*why).to_owned()),
        Ended::Dropped => Some("the delivery was dropped".to_owned()),
        Ended::Done(_) => None,
    };
    // Not collected: that would sort first, with code of its own for this one kind of pair.
    let mut by_sku: BTreeMap<&Name, &Shown> = BTreeMap::new();
    by_sku.extend(said.listings.iter().map(|entry| (&entry.sku, &entry.shown)));
    let at_ms = said.at_ms.unwrap_or(decision.now_ms);
    let wait_ms = backoff_ms(&patience(decision, &row.destination)?, row.number, row.failed.max(1));
    for entry in &batch.listings {
        let Some(mut listing) = known.remove(&entry.sku).filter(|listing| listing.delivery == row.number) else {
            continue;
        };
        listing.delivery = 0;
        let mut later = false;
        match by_sku.get(&entry.sku).copied() {
            _ if all_set => confirm(&mut listing, entry.quantity, entry.from, at_ms),
            Some(Shown::Set) => confirm(&mut listing, entry.quantity, entry.from, at_ms),
            Some(Shown::Shows(quantity)) => {
                // Nothing of ours was set, so it is no echo.
                listing.sent = None;
                // It was asked after all that we knew then, whatever the clocks say.
                let known = listing.acknowledged == entry.from;
                let at_ms = if known { at_ms.max(listing.observed_at_ms) } else { at_ms };
                let _ = saw(decision, &settings, &mut listing, Some(*quantity), at_ms)?;
            }
            Some(Shown::Gone) => {
                let _ = saw(decision, &settings, &mut listing, None, at_ms)?;
            }
            Some(Shown::Refused { why }) => refuse(decision, &mut listing, why)?,
            _ => match &refused {
                Some(why) => refuse(decision, &mut listing, why)?,
                None => later = true,
            },
        }
        let now = next(&listing, settings.policy.drift_after_ms, decision.now_ms);
        rest(decision, &mut listing, now);
        if later && listing.due_at_ms > 0 {
            listing.due_at_ms = listing.due_at_ms.saturating_add(wait_ms);
        }
        decision.rows.set_record(listing)?;
    }
    Ok(())
}

/// The shop will not have a listing's quantity.
fn refuse(decision: &mut Decision<'_>, listing: &mut Listing, why: &str) -> Result<(), Stop> {
    listing.state = ListingState::Refused;
    listing.why = crate::outbox::kept(why);
    listings::tell(decision, EventKind::ListingRefused, listing)
}
