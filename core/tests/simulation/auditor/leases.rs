//! The auditor's books of deliveries: who has which, until when, what was reported, and whether it must be looked up
//! before it is sent again. HANDED-ONCE rests on that.

use std::collections::{BTreeMap, HashSet};

use stockroom::{
    Code, DeliveryBody, DeliveryResult, DropDelivery, Outcome, ReportDelivery, RequeueDelivery, TakeDeliveries,
    TakenDeliveries,
};

use super::{Auditor, Broken, broken};

/// What is known of a delivery.
#[derive(Clone, Debug)]
struct LeaseBook {
    key: String,
    /// Whether it hands a fulfillment order over.
    hands_over: bool,
    attempt: u32,
    until_ms: i64,
    /// Whether the attempt was reported; nobody knows where an answer was lost.
    reported: Option<bool>,
    /// Whether an attempt may have been carried out whose end nobody knows.
    doubt: bool,
}

#[derive(Default)]
pub(crate) struct Leases {
    known: BTreeMap<(String, u64), LeaseBook>,
    /// Those that nobody may be given again.
    over: HashSet<(String, u64)>,
    /// Destinations from which deliveries were taken by somebody who never heard which.
    taken_unheard: BTreeMap<String, bool>,
}

impl Leases {
    fn ends(&mut self, at: (String, u64)) {
        self.known.remove(&at);
        self.over.insert(at);
    }
}

impl Auditor {
    /// Checks deliveries that were taken.
    pub(crate) fn taken(
        &mut self,
        command: &TakeDeliveries,
        taken: Option<&TakenDeliveries>,
        now_ms: i64,
    ) -> Result<(), Broken> {
        let Some(taken) = taken else {
            self.leases.taken_unheard.insert(command.destination.clone(), true);
            return Ok(());
        };
        let unheard = self.leases.taken_unheard.get(&command.destination).copied().unwrap_or(false);
        for delivery in &taken.deliveries {
            let at = (delivery.destination.to_string(), delivery.number);
            let must = |holds: bool, what: &str| match holds {
                true => Ok(()),
                false => Err(broken("HANDED-ONCE", format!("delivery {at:?}, {delivery:?}: {what}"))),
            };
            let before = self.leases.known.get(&at);
            must(!self.leases.over.contains(&at), "it is over")?;
            must(delivery.lease_until_ms == now_ms + command.lease_ms, "its lease is another")?;
            if let Some(before) = before {
                must(delivery.attempt > before.attempt, "its attempt is not a later one")?;
                let skipped = delivery.attempt > before.attempt + 1;
                must(!skipped || unheard, "attempts are missing")?;
                let unreported = before.reported == Some(false);
                must(!unreported || now_ms >= before.until_ms, "somebody has it")?;
                must(delivery.doubt || !(unreported || before.doubt || skipped), "nobody knows of it and no doubt")?;
            } else {
                must(delivery.attempt == 1 || unheard, "attempts are missing")?;
                must(delivery.attempt == 1 || delivery.doubt, "nobody heard of it and no doubt")?;
            }
            let range = (at.0.clone(), 0)..at.clone();
            // One whose report was not answered may be over.
            let stands = |one: &LeaseBook| one.reported.is_some() && one.key == delivery.key;
            let earlier = self.leases.known.range(range).find(|(_, one)| stands(one));
            must(earlier.is_none(), "one with its key is before it")?;
            let book = LeaseBook {
                key: delivery.key.clone(),
                hands_over: matches!(delivery.body, DeliveryBody::RequestFulfillment(_)),
                attempt: delivery.attempt,
                until_ms: delivery.lease_until_ms,
                reported: Some(false),
                doubt: delivery.doubt,
            };
            self.leases.known.insert(at, book);
        }
        Ok(())
    }

    /// Checks a report.
    pub(crate) fn reported(&mut self, command: &ReportDelivery, outcome: Option<&Outcome>) -> Result<(), Broken> {
        let at = (command.destination.to_string(), command.number);
        let unheard = self.leases.taken_unheard.get(&*command.destination).copied().unwrap_or(false);
        let Some(book) = self.leases.known.get_mut(&at) else {
            let taken = matches!(outcome, Some(Outcome::Accepted(_))) && self.leases.over.contains(&at);
            return match taken {
                true => Err(broken("HANDED-ONCE", format!("the report {command:?} was taken for what is over"))),
                false => Ok(()),
            };
        };
        let is_current = book.attempt == command.attempt;
        let done = match outcome {
            None => {
                // Where it was current it was taken in.
                let done = is_current && book.reported == Some(false) && !unheard;
                if is_current {
                    book.reported = None;
                }
                done
            }
            Some(Outcome::Accepted(_)) => {
                if !is_current || book.reported == Some(true) {
                    let detail = format!("the report {command:?} was taken for attempt {}", book.attempt);
                    return Err(broken("HANDED-ONCE", detail));
                }
                true
            }
            Some(Outcome::Rejected(rejection)) => {
                let lost = matches!(rejection.code, Code::LeaseLost | Code::DeliveryUnknown);
                if is_current && book.reported == Some(false) && lost && !unheard {
                    let detail = format!("the report {command:?} was refused: {rejection}");
                    return Err(broken("HANDED-ONCE", detail));
                }
                // The report that nobody answered was taken in.
                if is_current && rejection.code == Code::DeliveryUnknown {
                    self.leases.ends(at);
                }
                return Ok(());
            }
        };
        if done {
            book.reported = if outcome.is_some() { Some(true) } else { book.reported };
            match &command.result {
                DeliveryResult::Retry(retry) => book.doubt |= retry.doubt,
                _ => self.leases.ends(at),
            }
        }
        Ok(())
    }

    pub(crate) fn requeued(&mut self, command: &RequeueDelivery) {
        if let Some(book) = self.leases.known.get_mut(&(command.destination.clone(), command.number)) {
            book.doubt = true;
            book.reported = Some(true);
        }
    }

    pub(crate) fn dropped(&mut self, command: &DropDelivery) {
        self.leases.ends((command.destination.clone(), command.number));
    }

    /// A delivery that was given up is nobody's.
    pub(super) fn delivery_dead(&mut self, destination: &str, number: u64) {
        if let Some(book) = self.leases.known.get_mut(&(destination.to_owned(), number)) {
            book.doubt |= book.reported == Some(false);
            book.reported = Some(true);
        }
    }

    /// A fulfillment order that was forgotten with its order is handed to nobody any more.
    pub(super) fn deliveries_forgotten(&mut self, key: &str) {
        let gone = self.leases.known.iter().filter(|(_, book)| book.hands_over && book.key == key);
        let gone: Vec<_> = gone.map(|(at, _)| at.clone()).collect();
        gone.into_iter().for_each(|at| self.leases.ends(at));
    }
}
