//! The life of a delivery: written, taken under a lease, reported, tried again after a growing wait, given up as
//! a dead letter. And the health of destinations: pauses and the breaker. What a delivery was about is told to
//! the module that wrote it, in the same decision.

use std::sync::Arc;

use crate::channel;
use crate::code::{Code, Faults, Rejection};
use crate::engine::{Answer, Decision, Found, Needs, Query, Record, RecordKey, Stop, WorkingSet};
use crate::error::Error;
use crate::fulfillment;
use crate::ids::{ID_BYTES_MAX, Name, TEXT_BYTES_MAX, name_fault};
use crate::outbox::{
    DELIVERY_NUMBER_MAX, DeadDelivery, Delivery, DeliveryAnswer, DeliveryBody, DeliveryResult, DeliveryState,
    Destination, DropDelivery, EventKind, LeasedDelivery, Patience, RegisterDestination, ReportDelivery,
    RequeueDelivery, Retry, RetryCause, TakeDeliveries, TakenDeliveries,
};
use crate::planted::planted;
use crate::time::TIME_MS_MAX;

/// The longest wait or age that a destination may be given: a year.
const WAIT_MS_MAX: i64 = 365 * 24 * 3_600_000;
const LEASE_MS: std::ops::RangeInclusive<i64> = 1_000..=3_600_000;
const TAKE_MAX: u32 = 1_000;

/// What became of a delivery, for the module that wrote it.
pub(crate) enum Ended<'r> {
    Done(&'r DeliveryAnswer),
    Refused(&'r str),
    Dropped,
}

pub(crate) fn register_destination(decision: &mut Decision<'_>, command: &RegisterDestination) -> Result<Answer, Stop> {
    let mut faults = Faults::default();
    if let Some(fault) = name_fault(&command.destination, ID_BYTES_MAX) {
        faults.add(Code::IdInvalid, || "destination".into(), fault);
    }
    judge_patience(&command.patience, &mut faults);
    faults.check()?;
    let name: Name = command.destination.as_str().into();
    let patience = command.patience;
    let known = decision.rows.record::<Destination>(&RecordKey::Destination(name.clone()))?.cloned();
    let row = match known {
        Some(known) if known.patience == patience => return Ok(Answer::Unchanged),
        Some(known) => Destination { patience, ..known },
        None => Destination { destination: name, patience, last_number: 0, failures: 0, paused_until_ms: 0 },
    };
    decision.rows.set_record(row)?;
    Ok(Answer::Done)
}

fn judge_patience(patience: &Patience, faults: &mut Faults) {
    for (field, count) in [("attempts_max", patience.attempts_max), ("breaker_failures", patience.breaker_failures)] {
        if !(1..=1_000).contains(&count) {
            faults.add(Code::QuantityOutOfRange, || format!("patience.{field}"), "not 1 to 1000");
        }
    }
    for (field, wait_ms) in [
        ("age_max_ms", patience.age_max_ms),
        ("backoff_ms", patience.backoff_ms),
        ("backoff_max_ms", patience.backoff_max_ms),
        ("breaker_open_ms", patience.breaker_open_ms),
    ] {
        if !(1..=WAIT_MS_MAX).contains(&wait_ms) {
            faults.add(Code::TimeOutOfRange, || format!("patience.{field}"), "not 1 millisecond to 365 days");
        }
    }
}

/// Writes a delivery to a registered destination, and returns its number there.
pub(crate) fn enqueue(
    decision: &mut Decision<'_>,
    destination: &Name,
    key: String,
    body: DeliveryBody,
) -> Result<u64, Stop> {
    let mut row = registered(decision, destination)?;
    if row.last_number >= DELIVERY_NUMBER_MAX {
        let detail = format!("{destination} has had {DELIVERY_NUMBER_MAX} deliveries");
        return Err(Rejection::one(Code::TooManyEntries, "destination", detail).into());
    }
    row.last_number += 1;
    let number = row.last_number;
    // Nobody has this number yet; that need not be looked up.
    decision.rows.put_record(RecordKey::Delivery(destination.clone(), number), None);
    decision.rows.set_record(Delivery {
        destination: destination.clone(),
        number,
        key,
        state: DeliveryState::Waiting,
        attempts: 0,
        failed: 0,
        doubt: false,
        due_at_ms: decision.now_ms,
        created_at_ms: decision.now_ms,
        why: String::new(),
        body,
    })?;
    decision.rows.set_record(row)?;
    Ok(number)
}

/// Takes a delivery back that nobody has tried yet. Whether it could.
pub(crate) fn withdraw(decision: &mut Decision<'_>, destination: &Name, number: u64) -> Result<bool, Stop> {
    let untried = untried(decision, destination, number)?;
    if untried {
        decision.rows.remove_record(&RecordKey::Delivery(destination.clone(), number))?;
    }
    Ok(untried)
}

/// Whether a delivery is there that nobody has tried yet.
pub(crate) fn untried(decision: &Decision<'_>, destination: &Name, number: u64) -> Result<bool, Stop> {
    let key = RecordKey::Delivery(destination.clone(), number);
    Ok(decision.rows.record::<Delivery>(&key)?.is_some_and(|delivery| delivery.attempts == 0))
}

/// Forgets a delivery, wherever it stands: what it was about is forgotten too.
pub(crate) fn remove(decision: &mut Decision<'_>, destination: &Name, number: u64) -> Result<(), Stop> {
    decision.rows.remove_record(&RecordKey::Delivery(destination.clone(), number))
}

/// Puts another document in the place of one that waits and that nobody has tried yet. Whether it could.
pub(crate) fn replace(
    decision: &mut Decision<'_>,
    destination: &Name,
    number: u64,
    body: impl FnOnce(&DeliveryBody) -> Result<DeliveryBody, Error>,
) -> Result<bool, Stop> {
    let row = decision.rows.record::<Delivery>(&RecordKey::Delivery(destination.clone(), number))?.cloned();
    let Some(row) = row.filter(|row| row.attempts == 0) else {
        return Ok(false);
    };
    let body = body(&row.body)?;
    decision.rows.set_record(Delivery { body, ..row })?;
    Ok(true)
}

pub(crate) fn take(decision: &mut Decision<'_>, command: &TakeDeliveries) -> Result<Answer, Stop> {
    let mut faults = Faults::default();
    let name: Name = command.destination.as_str().into();
    judge_destination(decision, &name, &mut faults)?;
    if !(1..=TAKE_MAX).contains(&command.max) {
        faults.add(Code::QuantityOutOfRange, || "max".into(), format!("not 1 to {TAKE_MAX}"));
    }
    if !LEASE_MS.contains(&command.lease_ms) {
        let detail = format!("not {} to {} milliseconds", LEASE_MS.start(), LEASE_MS.end());
        faults.add(Code::TimeOutOfRange, || "lease_ms".into(), detail);
    }
    faults.check()?;
    let destination = registered(decision, &name)?;
    let now_ms = decision.now_ms;
    if destination.paused_until_ms > now_ms {
        let next_due_at_ms = Some(destination.paused_until_ms);
        return Ok(Answer::Taken(TakenDeliveries { deliveries: Vec::new(), next_due_at_ms }));
    }
    // After the breaker was open one delivery goes alone, to see.
    let probing = destination.failures >= destination.patience.breaker_failures;
    let limit = if probing { 1 } else { command.max };
    let query = Query::DueDeliveries { destination: destination.destination.clone(), now_ms, limit };
    let Found::DueDeliveries { numbers, mut next_due_at_ms } = decision.rows.found(&query)?.clone() else {
        return Ok(Answer::Unchanged);
    };
    let lease_until_ms = now_ms.saturating_add(command.lease_ms);
    let mut due = Vec::with_capacity(numbers.len());
    let mut foreseen = Needs::default();
    for number in &numbers {
        let key = RecordKey::Delivery(destination.destination.clone(), *number);
        let Some(record) = decision.rows.shared_record(&key)? else { continue };
        channel::foresee_delivered(decision.rows, &delivery(&record)?.body, &mut foreseen);
        due.push((key, record));
    }
    if !foreseen.is_empty() {
        return Err(Stop::Needs(Box::new(foreseen)));
    }
    let mut taken = Vec::with_capacity(due.len());
    for (key, record) in due {
        let mut row = delivery(&record)?.clone();
        if row.state == DeliveryState::Leased {
            // Who had it did not report: whether it was carried out nobody knows.
            row.doubt |= !planted!(DoubtForgotten);
            row.failed = row.failed.saturating_add(1);
            if is_hopeless(&row, &destination.patience, now_ms) {
                row.why = "whoever had it did not report".to_owned();
                give_up(decision, row)?;
                continue;
            }
        }
        // What is said is said as it is now.
        let Some(body) = channel::refresh(decision, &row)? else {
            decision.rows.remove_record(&key)?;
            continue;
        };
        row.body = body;
        row.state = DeliveryState::Leased;
        row.attempts = row.attempts.saturating_add(1);
        row.due_at_ms = lease_until_ms;
        taken.push(LeasedDelivery {
            destination: row.destination.clone(),
            number: row.number,
            key: row.key.clone(),
            attempt: row.attempts,
            doubt: row.doubt,
            lease_until_ms,
            body: row.body.clone(),
        });
        decision.rows.set_record(row)?;
    }
    if numbers.len() == limit as usize {
        next_due_at_ms = Some(now_ms);
    }
    if probing && !taken.is_empty() {
        // Nobody else tries while this one does.
        decision.rows.set_record(Destination { paused_until_ms: lease_until_ms, ..destination })?;
        next_due_at_ms = Some(lease_until_ms);
    }
    Ok(Answer::Taken(TakenDeliveries { deliveries: taken, next_due_at_ms }))
}

pub(crate) fn report(decision: &mut Decision<'_>, command: &ReportDelivery) -> Result<Answer, Stop> {
    let destination = named(decision, &command.destination)?;
    let record = known(decision, &destination.destination, command.number)?;
    let row = delivery(&record)?;
    let current = row.attempts == command.attempt || planted!(LateReportTaken);
    if row.state != DeliveryState::Leased || !current {
        let detail = format!("attempt {} is {}", row.attempts, row.state.name());
        return Err(Rejection::one(Code::LeaseLost, "attempt", detail).into());
    }
    match &command.result {
        DeliveryResult::Done(answer) => {
            recovered(decision, destination)?;
            end(decision, row, &Ended::Done(answer))?;
        }
        DeliveryResult::DoneWithPause { answer, pause_ms } => {
            recovered(decision, destination)?;
            pause(decision, &row.destination, *pause_ms)?;
            end(decision, row, &Ended::Done(answer))?;
        }
        DeliveryResult::Refused { why } => {
            // It answers, so it is well.
            recovered(decision, destination)?;
            end(decision, row, &Ended::Refused(&kept(why)))?;
        }
        DeliveryResult::Retry(retry) => try_again(decision, row.clone(), destination, retry)?,
    }
    Ok(Answer::Done)
}

/// Asks for what a report is sure to need: the delivery and, once that is here, what it is about.
pub(crate) fn foresee_report(rows: &WorkingSet, command: &ReportDelivery, needs: &mut Needs) {
    let key = RecordKey::Delivery(command.destination.clone(), command.number);
    match rows.record::<Delivery>(&key) {
        Err(_) => needs.records.push(key),
        Ok(None) => {}
        Ok(Some(row)) => match &row.body {
            DeliveryBody::RequestFulfillment(_) => fulfillment::foresee_report(rows, &row.key, needs),
            DeliveryBody::CancelFulfillment(request) => fulfillment::foresee_report(rows, &request.fulfillment, needs),
            DeliveryBody::CheckStock(_) => {}
            body => channel::foresee_delivered(rows, body, needs),
        },
    }
}

/// Nothing is taken for a destination for a while, or for longer where that is so already.
fn pause(decision: &mut Decision<'_>, destination: &Name, pause_ms: i64) -> Result<(), Stop> {
    let row = registered(decision, destination)?;
    let until_ms = decision.now_ms.saturating_add(pause_ms.clamp(0, WAIT_MS_MAX));
    decision.rows.set_record(Destination { paused_until_ms: row.paused_until_ms.max(until_ms), ..row })
}

/// The destination answers: failures are forgotten, and a pause that the breaker made ends.
fn recovered(decision: &mut Decision<'_>, mut destination: Destination) -> Result<(), Stop> {
    if destination.failures == 0 {
        return Ok(());
    }
    if destination.failures >= destination.patience.breaker_failures {
        destination.paused_until_ms = decision.now_ms;
    }
    destination.failures = 0;
    decision.rows.set_record(destination)
}

fn try_again(
    decision: &mut Decision<'_>,
    mut row: Delivery,
    mut destination: Destination,
    retry: &Retry,
) -> Result<(), Stop> {
    let now_ms = decision.now_ms;
    let patience = destination.patience;
    let asked_ms = retry.after_ms.unwrap_or(0).clamp(0, WAIT_MS_MAX);
    let counted = retry.cause != RetryCause::Throttled;
    row.failed = row.failed.saturating_add(u32::from(counted));
    let wait_ms = backoff_ms(&patience, row.number, row.failed).max(asked_ms);
    row.due_at_ms = now_ms.saturating_add(wait_ms).min(TIME_MS_MAX);
    row.doubt |= retry.doubt;
    row.why = kept(&retry.why);
    row.state = DeliveryState::Waiting;
    match retry.cause {
        RetryCause::Failing => {
            destination.failures = destination.failures.saturating_add(1);
            if destination.failures >= patience.breaker_failures {
                destination.paused_until_ms = now_ms.saturating_add(patience.breaker_open_ms.max(asked_ms));
            }
        }
        RetryCause::Throttled => {
            // It asked for a slower pace, for all; that is no fault of this delivery.
            let pause_ms = retry.after_ms.map_or(patience.backoff_ms, |_| asked_ms);
            destination.paused_until_ms = destination.paused_until_ms.max(now_ms.saturating_add(pause_ms));
            row.due_at_ms = now_ms.saturating_add(pause_ms);
            destination.failures = 0;
        }
        RetryCause::NotYet => {}
    }
    decision.rows.set_record(destination)?;
    match is_hopeless(&row, &patience, now_ms) {
        true => give_up(decision, row),
        false => decision.rows.set_record(row),
    }
}

/// Whether a delivery that failed once more has had its attempts or its time.
fn is_hopeless(row: &Delivery, patience: &Patience, now_ms: i64) -> bool {
    row.failed >= patience.attempts_max || now_ms.saturating_sub(row.created_at_ms) >= patience.age_max_ms
}

fn give_up(decision: &mut Decision<'_>, mut row: Delivery) -> Result<(), Stop> {
    row.state = DeliveryState::Dead;
    decision.note(EventKind::DeliveryDead, &told(&row))?;
    if planted!(DeadLetterLost) {
        return remove(decision, &row.destination, row.number);
    }
    decision.rows.set_record(row)
}

/// The wait after an attempt that failed: doubled each time up to the longest, of which at least half, the rest
/// by a hash of the seed, the delivery and the attempt.
pub(crate) fn backoff_ms(patience: &Patience, number: u64, attempt: u32) -> i64 {
    let doublings = attempt.saturating_sub(1).min(40);
    let full = patience.backoff_ms.saturating_mul(1_i64 << doublings).min(patience.backoff_max_ms).max(1);
    // SplitMix64, so that the same history has the same waits everywhere.
    let mut hash = patience.seed ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ u64::from(attempt) << 32;
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    hash ^= hash >> 31;
    let half = full / 2;
    half + (hash % (full - half + 1).unsigned_abs()) as i64
}

/// The delivery is over and gone; whoever wrote it is told.
fn end(decision: &mut Decision<'_>, row: &Delivery, ended: &Ended<'_>) -> Result<(), Stop> {
    remove(decision, &row.destination, row.number)?;
    fulfillment::delivered(decision, row, ended)?;
    channel::delivered(decision, row, ended)
}

pub(crate) fn requeue(decision: &mut Decision<'_>, command: &RequeueDelivery) -> Result<Answer, Stop> {
    let row = dead(decision, &command.destination, command.number)?;
    decision.note(EventKind::DeliveryRequeued, &told(&row))?;
    let now_ms = decision.now_ms;
    decision.rows.set_record(Delivery {
        state: DeliveryState::Waiting,
        failed: 0,
        // Its attempts are numbered on, so that a late report of an old one is told from those to come; and whatever
        // those did, it is looked up first.
        doubt: true,
        due_at_ms: now_ms,
        created_at_ms: now_ms,
        ..row
    })?;
    Ok(Answer::Done)
}

pub(crate) fn drop_dead(decision: &mut Decision<'_>, command: &DropDelivery) -> Result<Answer, Stop> {
    let row = dead(decision, &command.destination, command.number)?;
    decision.note(EventKind::DeliveryDropped, &told(&row))?;
    end(decision, &row, &Ended::Dropped)?;
    Ok(Answer::Done)
}

fn told(row: &Delivery) -> DeadDelivery {
    DeadDelivery {
        destination: row.destination.clone(),
        number: row.number,
        key: row.key.clone(),
        attempts: row.attempts,
        why: row.why.clone(),
    }
}

fn dead(decision: &Decision<'_>, destination: &str, number: u64) -> Result<Delivery, Stop> {
    let destination = named(decision, &destination.into())?.destination;
    let record = known(decision, &destination, number)?;
    let row = delivery(&record)?;
    match row.state {
        DeliveryState::Dead => Ok(row.clone()),
        state => Err(Rejection::one(Code::DeliveryAlive, "number", format!("is {}", state.name())).into()),
    }
}

/// The record of a delivery, to a destination that is registered, that a command names.
fn known(decision: &Decision<'_>, destination: &Name, number: u64) -> Result<Arc<Record>, Stop> {
    let record = decision.rows.shared_record(&RecordKey::Delivery(destination.clone(), number))?;
    record.ok_or_else(|| Rejection::one(Code::DeliveryUnknown, "number", "there is no such delivery").into())
}

fn delivery(record: &Record) -> Result<&Delivery, Stop> {
    match record {
        Record::Delivery(row) => Ok(row),
        // A working set holds no record under another's key.
        _ => Err(Error::broken("a delivery's key has another record").into()),
    }
}

/// How patient a destination is.
pub(crate) fn patience(decision: &Decision<'_>, destination: &Name) -> Result<Patience, Stop> {
    Ok(registered(decision, destination)?.patience)
}

/// The destination that a command names.
fn named(decision: &Decision<'_>, destination: &Name) -> Result<Destination, Stop> {
    match name_fault(destination, ID_BYTES_MAX) {
        Some(fault) => Err(Rejection::one(Code::IdInvalid, "destination", fault).into()),
        None => registered(decision, destination),
    }
}

fn registered(decision: &Decision<'_>, destination: &Name) -> Result<Destination, Stop> {
    let row = decision.rows.record::<Destination>(&RecordKey::Destination(destination.clone()))?.cloned();
    row.ok_or_else(|| Rejection::one(Code::DestinationUnknown, "destination", "is not registered").into())
}

/// Notes a fault where no destination has this name.
pub(crate) fn judge_destination(decision: &Decision<'_>, destination: &Name, faults: &mut Faults) -> Result<(), Stop> {
    if let Some(fault) = name_fault(destination, ID_BYTES_MAX) {
        faults.add(Code::IdInvalid, || "destination".into(), fault);
    } else if decision.rows.record::<Destination>(&RecordKey::Destination(destination.clone()))?.is_none() {
        faults.add(Code::DestinationUnknown, || "destination".into(), "is not registered");
    }
    Ok(())
}

/// A text from outside as it is kept: what passes the limit is cut off, at a character, and control characters are
/// spaces.
pub(crate) fn kept(text: &str) -> String {
    let mut end = text.len().min(TEXT_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = &text[..end];
    // What has none, as nearly every text, is copied as it is.
    match text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        true => text.to_owned(),
        false => text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Catalog;
    use crate::fulfillment::StockCheck;
    use crate::inventory::Fingerprint;

    #[test]
    fn waits_double_up_to_the_longest_and_vary_by_half() {
        let patience = Patience { backoff_ms: 1_000, backoff_max_ms: 10_000, ..Patience::default() };
        for (attempt, full) in
            [(1, 1_000), (2, 2_000), (3, 4_000), (4, 8_000), (5, 10_000), (60, 10_000), (1_000, 10_000)]
        {
            let waits: Vec<i64> = (0..200).map(|number| backoff_ms(&patience, number, attempt)).collect();
            assert!(waits.iter().all(|wait| (full / 2..=full).contains(wait)), "{attempt}: {waits:?}");
            assert!(waits.iter().any(|wait| *wait < full * 6 / 10) && waits.iter().any(|wait| *wait > full * 9 / 10));
        }
        let other = Patience { seed: 1, ..patience };
        assert_ne!(backoff_ms(&patience, 1, 4), backoff_ms(&other, 1, 4));
        assert_eq!(backoff_ms(&patience, 1, 4), backoff_ms(&patience, 1, 4));
        // Recorded histories replay to these.
        assert_eq!([1, 2, 3].map(|attempt| backoff_ms(&Patience::default(), 1, attempt)), [625, 1669, 3768]);
    }

    #[test]
    fn a_destinations_deliveries_are_numbered_up_to_the_last() {
        for (last_number, number) in
            [(0, Some(1)), (DELIVERY_NUMBER_MAX - 1, Some(DELIVERY_NUMBER_MAX)), (DELIVERY_NUMBER_MAX, None)]
        {
            let destination = Destination {
                destination: "wms".into(),
                patience: Patience::default(),
                last_number,
                failures: 0,
                paused_until_ms: 0,
            };
            let mut rows = WorkingSet::default();
            rows.put_catalog(Catalog::default());
            rows.put_record(RecordKey::Destination("wms".into()), Some(destination.into()));
            assert!(rows.begin_command().is_ok());
            let mut decision = Decision::new(&mut rows, 0, Fingerprint::default());
            let body = DeliveryBody::CheckStock(StockCheck { location: "main".into(), skus: Vec::new() });
            let enqueued = enqueue(&mut decision, &"wms".into(), "key".to_owned(), body);
            match (enqueued, number) {
                (Ok(enqueued), Some(number)) => assert_eq!(enqueued, number),
                (Err(Stop::Reject(rejection)), None) => assert_eq!(rejection.code, Code::TooManyEntries),
                _ => panic!("after {last_number}"),
            }
        }
    }

    #[test]
    fn texts_from_outside_are_cut_at_a_character_and_have_no_controls() {
        assert_eq!(kept("a\nb\u{7f}"), "a b ");
        let long = "ä".repeat(TEXT_BYTES_MAX);
        assert_eq!(kept(&long).len(), TEXT_BYTES_MAX);
        let odd = format!("x{long}");
        assert_eq!(kept(&odd).len(), TEXT_BYTES_MAX - 1);
    }
}
