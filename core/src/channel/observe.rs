//! What shops show: what they say of it by themselves, what they say when asked, and what follows where it is not
//! what we sent.

use crate::channel::batches::{carried, rest};
use crate::channel::connect::connected;
use crate::channel::quantity::{Word, next, observe};
use crate::channel::{
    ChannelSettings, DriftPolicy, DriftedListing, ListedItem, Listing, ListingState, NoteListings, NotedListings,
    QuantityToRead, ReadQuantities, ReconcileChannel, ReconciledChannel, Reconciliation, Shown, listings,
};
use crate::code::{Code, Faults, Rejection};
use crate::engine::{Answer, Decision, Found, Query, RecordKey, Stop};
use crate::ids::{KEY_BYTES_MAX, LINES_MAX, Name, SkuNumber, StockNumber, name_fault};
use crate::inventory::count_in;
use crate::outbox::{Delivery, DeliveryAnswer, DeliveryBody, Ended, EventKind, enqueue, take_in};
use crate::quantity::LEVEL_MAX;
use crate::time::in_range;

pub(crate) fn note_listings(decision: &mut Decision<'_>, command: &NoteListings) -> Result<Answer, Stop> {
    let mut faults = Faults::default();
    if !take_in(decision, command.message.as_ref(), &mut faults)? {
        return Ok(Answer::Unchanged);
    }
    judge_seen(command, &mut faults);
    let settings = connected(decision, &command.channel, faults)?;
    let item = |name: &str| RecordKey::ListedItem(settings.channel.clone(), name.into());
    decision.rows.need_records(command.listings.iter().map(|seen| item(&seen.item)))?;
    let mut keys = Vec::with_capacity(command.listings.len());
    for seen in &command.listings {
        let known = decision.rows.record::<ListedItem>(&item(&seen.item))?;
        keys.push(known.map(|row| RecordKey::Listing(settings.channel.clone(), row.sku_number)));
    }
    decision.rows.need_records(keys.iter().flatten().cloned())?;
    let mut noted = NotedListings::default();
    for (seen, key) in command.listings.iter().zip(keys) {
        let row = match &key {
            Some(key) => decision.rows.record::<Listing>(key)?.cloned(),
            None => None,
        };
        let Some(mut row) = row else {
            noted.unknown += 1;
            continue;
        };
        let count = match saw(decision, &settings, &mut row, seen.quantity, seen.at_ms)? {
            Word::Stale => &mut noted.stale,
            _ if seen.quantity.is_none() => &mut noted.gone,
            Word::Echo | Word::Agrees => &mut noted.agree,
            Word::Unexplained => &mut noted.drifting,
        };
        *count += 1;
        if row.delivery == 0 {
            let now = next(&row, settings.policy.drift_after_ms, decision.now_ms);
            rest(decision, &mut row, now);
        }
        decision.rows.set_record(row)?;
    }
    Ok(Answer::ListingsNoted(noted))
}

fn judge_seen(command: &NoteListings, faults: &mut Faults) {
    if command.listings.is_empty() {
        faults.add(Code::LinesMissing, || "listings".into(), "at least one is needed");
    }
    if command.listings.len() > LINES_MAX {
        faults.add(Code::TooManyLines, || "listings".into(), format!("more than {LINES_MAX}"));
        return;
    }
    for (at, seen) in command.listings.iter().enumerate() {
        if let Some(fault) = name_fault(&seen.item, KEY_BYTES_MAX) {
            faults.add(Code::IdInvalid, || format!("listings[{at}].item"), fault);
        }
        if !in_range(seen.at_ms) {
            faults.add(Code::TimeOutOfRange, || format!("listings[{at}].at_ms"), "not 1970 to 9999");
        }
        if seen.quantity.is_some_and(|quantity| !(-LEVEL_MAX..=LEVEL_MAX).contains(&quantity)) {
            let detail = format!("not {LEVEL_MAX} units either way");
            faults.add(Code::QuantityOutOfRange, || format!("listings[{at}].quantity"), detail);
        }
    }
}

/// Notes what a shop shows of a listing, or that it is gone, in the row at hand.
pub(super) fn saw(
    decision: &mut Decision<'_>,
    settings: &ChannelSettings,
    row: &mut Listing,
    quantity: Option<i64>,
    at_ms: i64,
) -> Result<Word, Stop> {
    let Some(quantity) = quantity else {
        if at_ms < row.observed_at_ms {
            return Ok(Word::Stale);
        }
        if row.state != ListingState::Gone {
            row.state = ListingState::Gone;
            (row.acknowledged, row.observed, row.observed_at_ms) = (None, None, at_ms);
            (row.unexplained, row.drift_since_ms) = (0, 0);
            listings::tell(decision, EventKind::ListingGone, row)?;
        }
        return Ok(Word::Agrees);
    };
    // What a shop says is not trusted to be reckoned with.
    let word = observe(row, quantity.clamp(-LEVEL_MAX, LEVEL_MAX), at_ms, decision.now_ms);
    if word != Word::Stale && row.state != ListingState::Listed {
        // It is back.
        row.state = ListingState::Listed;
        row.why.clear();
        listings::tell(decision, EventKind::ListingSet, row)?;
    }
    if !settings.policy.shop_counts_down && row.acknowledged == Some(row.desired) {
        // No order of the shop's own can explain it later: that it shows what it should is all there is to know.
        (row.unexplained, row.drift_since_ms) = (0, 0);
    }
    Ok(word)
}

/// The time for an explanation of what a shop shows is over.
pub(super) fn judge(decision: &mut Decision<'_>, settings: &ChannelSettings, row: &mut Listing) -> Result<(), Stop> {
    let unexplained = std::mem::take(&mut row.unexplained);
    row.drift_since_ms = 0;
    let shown = row.acknowledged.or(row.observed).unwrap_or_default();
    if row.acknowledged == Some(row.desired) && settings.policy.drift == DriftPolicy::PutRight {
        return Ok(());
    }
    let told = DriftedListing {
        channel: row.channel.clone(),
        sku: row.sku.clone(),
        item: row.item.clone(),
        desired: row.desired,
        acknowledged: Some(shown.saturating_add(unexplained)),
        observed: shown,
        policy: Some(settings.policy.drift),
    };
    decision.note(EventKind::ListingDrifted, &told)?;
    if settings.policy.drift == DriftPolicy::TakeOver {
        book(decision, row, unexplained.saturating_neg())?;
    }
    Ok(())
}

/// Books at the channel's first location what somebody changed at its shop. More than is there cannot go.
fn book(decision: &mut Decision<'_>, row: &Listing, difference: i64) -> Result<(), Stop> {
    let channel = decision.rows.catalog()?.channels.get(&row.channel).cloned();
    let Some(location) = channel.and_then(|channel| channel.locations.first().copied()) else {
        return Ok(());
    };
    let plain = decision.rows.sku(&row.sku)?.is_some_and(|sku| sku.components.is_empty());
    if !plain {
        return Ok(());
    }
    let number = StockNumber::of(row.sku_number, location);
    let on_hand = decision.rows.stock(number)?.on_hand;
    let difference = difference.clamp(-on_hand, LEVEL_MAX - on_hand);
    match difference {
        0 => Ok(()),
        _ => count_in(decision, number, difference, &row.channel),
    }
}

pub(crate) fn reconcile(decision: &mut Decision<'_>, command: &ReconcileChannel) -> Result<Answer, Stop> {
    let mut settings = connected(decision, &command.channel, Faults::default())?;
    if !settings.connected {
        return Err(Rejection::one(Code::ChannelNotConnected, "channel", "nothing is sent to its shop now").into());
    }
    if settings.reconciliation.is_some_and(|running| running.mend >= command.mend) {
        return Ok(Answer::Unchanged);
    }
    let running = settings.reconciliation.is_some();
    let began_at_ms = decision.now_ms;
    settings.reconciliation = Some(Reconciliation {
        began_at_ms,
        mend: command.mend,
        after: SkuNumber(0),
        agree: 0,
        differ: 0,
        unsettled: 0,
        gone: 0,
    });
    if running {
        // It begins once the page under way is there.
        decision.rows.set_record(settings)?;
        return Ok(Answer::Done);
    }
    read_on(decision, settings)?;
    Ok(Answer::Done)
}

/// Asks for the next page of a reading, or ends it.
fn read_on(decision: &mut Decision<'_>, mut settings: ChannelSettings) -> Result<(), Stop> {
    let Some(running) = settings.reconciliation.as_mut() else {
        return Ok(());
    };
    let channel = settings.channel.clone();
    let query = Query::Listings { channel: channel.clone(), after: running.after, limit: settings.policy.batch_max };
    let Found::Listings(skus) = decision.rows.found(&query)?.clone() else {
        return Ok(());
    };
    let Some(last) = skus.last().copied() else {
        let event = ReconciledChannel {
            channel,
            mend: running.mend,
            agree: running.agree,
            differ: running.differ,
            unsettled: running.unsettled,
            gone: running.gone,
        };
        settings.reconciliation = None;
        decision.rows.set_record(settings)?;
        return decision.note(EventKind::ChannelReconciled, &event);
    };
    running.after = last;
    let mut page = Vec::with_capacity(skus.len());
    for sku in skus {
        if let Some(row) = decision.rows.record::<Listing>(&RecordKey::Listing(channel.clone(), sku))? {
            page.push(QuantityToRead { sku: row.sku.clone(), item: row.item.clone() });
        }
    }
    let body = DeliveryBody::ReadQuantities(ReadQuantities { channel, listings: page });
    let key = format!("reading of {}", settings.channel);
    enqueue(decision, &settings.destination, key, body)?;
    decision.rows.set_record(settings)
}

/// What came of a page of a reading.
pub(super) fn read(
    decision: &mut Decision<'_>,
    row: &Delivery,
    page: &ReadQuantities,
    ended: &Ended<'_>,
) -> Result<(), Stop> {
    let Some((mut settings, mut known)) = carried(decision, &row.body)? else {
        return Ok(());
    };
    let Some(mut running) = settings.reconciliation else {
        return Ok(());
    };
    let last = match page.listings.last() {
        Some(entry) => decision.rows.sku(&entry.sku)?.map_or(SkuNumber(0), |sku| sku.number),
        None => SkuNumber(0),
    };
    if last != running.after {
        // It belongs to a reading before this one, which begins where it took that one's place.
        return if running.after == SkuNumber(0) { read_on(decision, settings) } else { Ok(()) };
    }
    let (at_ms, said) = match ended {
        Ended::Done(DeliveryAnswer::Quantities(said)) => (said.at_ms, said.listings.as_slice()),
        _ => (None, [].as_slice()),
    };
    let at_ms = at_ms.unwrap_or(decision.now_ms);
    // What is listed as something else by now was not asked for.
    let same = |entry: &QuantityToRead| known.get(&entry.sku).is_none_or(|row| row.item == entry.item);
    let others: Vec<Name> = page.listings.iter().filter(|entry| !same(entry)).map(|entry| entry.sku.clone()).collect();
    others.iter().for_each(|sku| drop(known.remove(sku)));
    let mut judged = 0;
    for entry in said {
        let Some(mut listing) = known.remove(&entry.sku) else { continue };
        judged += 1;
        let quantity = match &entry.shown {
            Shown::Shows(quantity) => Some(*quantity),
            Shown::Gone => None,
            _ => {
                running.unsettled += 1;
                continue;
            }
        };
        let on_its_way = listing.delivery != 0 || at_ms < listing.observed_at_ms;
        let count = match quantity {
            None => &mut running.gone,
            Some(quantity) if quantity == listing.desired => &mut running.agree,
            Some(_) if on_its_way || listing.unexplained != 0 => &mut running.unsettled,
            Some(_) => &mut running.differ,
        };
        *count += 1;
        let differs = quantity.is_some_and(|quantity| quantity != listing.desired) && !on_its_way;
        if running.mend || quantity.is_none() || !differs {
            let _ = saw(decision, &settings, &mut listing, quantity, at_ms)?;
            if listing.delivery == 0 {
                let now = next(&listing, settings.policy.drift_after_ms, decision.now_ms);
                rest(decision, &mut listing, now);
            }
            decision.rows.set_record(listing)?;
        } else if let Some(observed) = quantity.filter(|_| listing.unexplained == 0) {
            let told = DriftedListing {
                channel: listing.channel.clone(),
                sku: listing.sku.clone(),
                item: listing.item.clone(),
                desired: listing.desired,
                acknowledged: listing.acknowledged,
                observed,
                policy: None,
            };
            decision.note(EventKind::ListingDrifted, &told)?;
        }
    }
    running.unsettled += (page.listings.len() as u64).saturating_sub(judged);
    settings.reconciliation = Some(running);
    read_on(decision, settings)
}
