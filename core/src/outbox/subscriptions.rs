//! Subscriptions: opening one, moving its place, closing it. They are bookkeeping of the reader's, so they
//! make no events themselves.

use crate::code::{Code, Rejection};
use crate::engine::{Answer, Decision, Stop, SubscriptionChange};
use crate::ids::{ID_BYTES_MAX, name_fault};
use crate::outbox::{Acknowledge, Subscribe, SubscribeFrom, Subscription, Unsubscribe};

pub(crate) fn subscribe(decision: &mut Decision<'_>, command: &Subscribe) -> Result<Answer, Stop> {
    judge_name(&command.subscription)?;
    let last = decision.rows.catalog()?.counters.event;
    let cursor = match command.from {
        SubscribeFrom::Start => 0,
        SubscribeFrom::Now => last,
        SubscribeFrom::After(number) if number <= last => number,
        SubscribeFrom::After(number) => {
            let detail = format!("{number} is ahead of the last event, {last}");
            return Err(Rejection::one(Code::EventNumberInvalid, "from", detail).into());
        }
    };
    if decision.rows.subscription(&command.subscription)?.is_some() {
        return Err(Rejection::one(Code::SubscriptionExists, "subscription", "exists").into());
    }
    let row = Subscription { subscription: command.subscription.clone(), cursor };
    decision.rows.change_subscription(SubscriptionChange::Put(row));
    Ok(Answer::Done)
}

pub(crate) fn acknowledge(decision: &mut Decision<'_>, command: &Acknowledge) -> Result<Answer, Stop> {
    let known = known(decision, &command.subscription)?;
    let last = decision.rows.catalog()?.counters.event;
    if command.through == known.cursor {
        return Ok(Answer::Unchanged);
    }
    if command.through < known.cursor || command.through > last {
        let detail = format!("{} is not {} to {last}", command.through, known.cursor);
        return Err(Rejection::one(Code::EventNumberInvalid, "through", detail).into());
    }
    let row = Subscription { cursor: command.through, ..known };
    decision.rows.change_subscription(SubscriptionChange::Put(row));
    Ok(Answer::Done)
}

pub(crate) fn unsubscribe(decision: &mut Decision<'_>, command: &Unsubscribe) -> Result<Answer, Stop> {
    let known = known(decision, &command.subscription)?;
    decision.rows.change_subscription(SubscriptionChange::Closed(known.subscription));
    Ok(Answer::Done)
}

/// Puts the place of a module that reads events itself, in the transaction of its reaction.
pub(crate) fn put_place(decision: &mut Decision<'_>, subscription: &str, cursor: u64) {
    let row = Subscription { subscription: subscription.to_owned(), cursor };
    decision.rows.change_subscription(SubscriptionChange::Put(row));
}

fn known(decision: &Decision<'_>, name: &str) -> Result<Subscription, Stop> {
    judge_name(name)?;
    let row = decision.rows.subscription(name)?.cloned();
    row.ok_or_else(|| Rejection::one(Code::SubscriptionUnknown, "subscription", "does not exist").into())
}

fn judge_name(name: &str) -> Result<(), Rejection> {
    match name_fault(name, ID_BYTES_MAX) {
        Some(fault) => Err(Rejection::one(Code::IdInvalid, "subscription", fault)),
        None => Ok(()),
    }
}
