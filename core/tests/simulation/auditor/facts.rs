//! EVENT-IFF: which facts a command must leave, which it may, and what each does to the books.

use std::collections::BTreeMap;
use std::mem::discriminant;

use stockroom::outbox::{EditedOrder, EventRow};
use stockroom::{Action, Answer, DriftPolicy, EditOrder, Event, EventData, HeldStock, Outcome, PlaceHold, Reply};

use super::books::{Books, HoldBook};
use super::{Auditor, Broken, Done, broken};
use crate::shape::number_in;

/// Whether a row in a commit of several commands can be this command's. Commits of several carry only commands whose
/// facts name what the command names, and ticks, which do nothing but end holds.
pub(super) fn can_be_of(books: &Books, done: &Done<'_>, row: &EventRow) -> bool {
    if let Some(Reply { outcome, repeated }) = done.reply {
        let refused_order = matches!(&done.command.action, Action::PlaceOrder(_));
        let idle_tick = matches!(outcome, Outcome::Accepted(Answer::Ticked(ticked)) if ticked.expired == 0);
        let silent = *repeated || idle_tick || matches!(outcome, Outcome::Accepted(Answer::Unchanged));
        if silent || (matches!(outcome, Outcome::Rejected(_)) && !refused_order) {
            return false;
        }
    }
    let Ok(events) = row.events() else { return false };
    let has = |is_its: &dyn Fn(&EventData) -> bool| events.iter().any(|event| is_its(&event.data));
    use EventData as E;
    match &done.command.action {
        Action::PlaceOrder(command) => has(&|fact| match fact {
            E::OrderAllocated(_) | E::OrderPartlyAllocated(_) | E::OrderBackordered(_) | E::OrderRejected(_) => {
                fact.subject() == command.id
            }
            _ => false,
        }),
        Action::PlaceHold(command) => has(&|fact| match fact {
            E::HoldPlaced(held) => held.hold == command.hold && is_held_so(command, held, row.at_ms),
            _ => false,
        }),
        Action::ReleaseHold(command) => has(&|fact| matches!(fact, E::HoldReleased(end) if end.hold == command.hold)),
        Action::CancelOrder(command) => has(&|fact| match fact {
            E::OrderCancelled(cancelled) => {
                let told: Vec<(u32, i64)> = cancelled.lines.iter().map(|line| (line.line, line.quantity)).collect();
                books
                    .order(&command.order)
                    .is_some_and(|order| *cancelled.order == *command.order && order.cancelled_by(command) == told)
            }
            E::OrderCancelRequested(_) => fact.subject() == command.order,
            _ => false,
        }),
        Action::EditOrder(command) => has(&|fact| match fact {
            E::OrderEdited(edited) => *edited.order == *command.order && is_edited_so(books, command, edited),
            _ => false,
        }),
        Action::Tick(_) => events.iter().all(|event| {
            matches!(event.data, EventData::HoldExpired(_) | EventData::OrderFilled(_) | EventData::StockChanged(_))
        }),
        _ => false,
    }
}

/// Whether an order has the quantities that it has after an edit. Of two edits of one order whose answers nobody heard, that
/// tells the one that was done from the one that was refused.
fn is_edited_so(books: &Books, command: &EditOrder, edited: &EditedOrder) -> bool {
    let Some(order) = books.order(&command.order) else { return false };
    let told: Vec<i64> = edited.lines.iter().map(|line| line.quantity).collect();
    order.quantities_after(command) == Some(told)
}

/// Whether a hold is what was asked for: of two under one name, the second of which nobody heard that it was refused.
fn is_held_so(command: &PlaceHold, held: &HeldStock, at_ms: i64) -> bool {
    let mut asked: BTreeMap<&str, i64> = BTreeMap::new();
    command.lines.iter().for_each(|line| *asked.entry(&line.sku).or_default() += line.quantity);
    let mut told: BTreeMap<&str, i64> = BTreeMap::new();
    held.claims.iter().for_each(|claim| *told.entry(&claim.sku).or_default() += claim.quantity);
    *held.channel == *command.channel && held.expires_at_ms == at_ms + command.lives_ms && told == asked
}

/// Whether events say no more than that an order was refused.
pub(super) fn refuse(events: &[Event]) -> bool {
    events.iter().all(|event| matches!(event.data, EventData::OrderRejected(_)))
}

/// Whether a command may leave a fact at all.
fn is_warranted(action: &Action, fact: &EventData) -> bool {
    use Action as A;
    use EventData as E;
    match fact {
        E::StockChanged(_) | E::StockShortfall(_) | E::HoldExpired(_) | E::OrderFilled(_) => true,
        E::SkuRegistered(_) => matches!(action, A::RegisterSku(_)),
        E::LocationRegistered(_) => matches!(action, A::RegisterLocation(_)),
        E::ChannelRegistered(_) => matches!(action, A::RegisterChannel(_)),
        E::HoldPlaced(_) => matches!(action, A::PlaceHold(_)),
        E::HoldExtended(_) => matches!(action, A::ExtendHold(_)),
        E::HoldReleased(_) => matches!(action, A::ReleaseHold(_)),
        E::HoldConverted(_) => matches!(action, A::PlaceOrder(_)),
        E::OrderAllocated(_) | E::OrderPartlyAllocated(_) | E::OrderBackordered(_) | E::OrderRejected(_) => {
            matches!(action, A::PlaceOrder(_) | A::TakeChannelOrder(_))
        }
        E::OrderEdited(_) => matches!(action, A::EditOrder(_) | A::TakeChannelOrder(_)),
        E::OrderCancelRequested(_) => matches!(action, A::CancelOrder(_) | A::TakeChannelOrder(_)),
        E::OrderCancelled(_) => matches!(
            action,
            A::CancelOrder(_)
                | A::TakeChannelOrder(_)
                | A::Fulfill(_)
                | A::NoteFulfillment(_)
                | A::NoteShipment(_)
                | A::ReportDelivery(_)
                | A::DropDelivery(_)
        ),
        E::OrderShipped(_) => matches!(action, A::ShipOrder(_) | A::NoteShipment(_)),
        E::OrderReturned(_) => matches!(action, A::ReturnOrder(_)),
        E::OrderCompleted(_) => matches!(action, A::CompleteOrder(_)),
        E::FulfillmentRequested(_) => matches!(action, A::Fulfill(_) | A::ReassignFulfillment(_)),
        E::FulfillmentCancelRequested(_) => matches!(action, A::Fulfill(_)),
        E::FulfillmentAccepted(_) | E::FulfillmentPicking(_) => {
            matches!(action, A::NoteFulfillment(_) | A::ReportDelivery(_))
        }
        E::FulfillmentShipped(_) => matches!(action, A::NoteShipment(_)),
        E::FulfillmentReassigned(_) => matches!(action, A::ReassignFulfillment(_)),
        E::FulfillmentRefused(_) | E::FulfillmentCancelled(_) | E::FulfillmentCancelRefused(_) => {
            matches!(action, A::NoteFulfillment(_) | A::ReportDelivery(_) | A::DropDelivery(_) | A::Fulfill(_))
        }
        E::StockDrifted(_) => matches!(action, A::NoteWarehouseStock(_) | A::ReportDelivery(_)),
        E::ChannelConnected(_) => matches!(action, A::ConnectChannel(_)),
        E::ChannelReconciled(_) => {
            matches!(action, A::ReconcileChannel(_) | A::ReportDelivery(_) | A::DropDelivery(_))
        }
        E::ChannelOrderConflict(_) => matches!(action, A::TakeChannelOrder(_)),
        E::ChannelShipmentRefused(_) => matches!(action, A::ReportDelivery(_) | A::DropDelivery(_)),
        E::ListingSet(_) => matches!(action, A::SetListing(_) | A::NoteListings(_) | A::ReportDelivery(_)),
        E::ListingRemoved(_) => matches!(action, A::RemoveListing(_)),
        E::ListingRefused(_) => matches!(action, A::ReportDelivery(_) | A::DropDelivery(_)),
        E::ListingGone(_) => matches!(action, A::NoteListings(_) | A::ReportDelivery(_)),
        E::ListingDrifted(_) => matches!(action, A::UpdateListings(_) | A::ReportDelivery(_)),
        E::DeliveryDead(_) => matches!(action, A::TakeDeliveries(_) | A::ReportDelivery(_)),
        E::DeliveryRequeued(_) => matches!(action, A::RequeueDelivery(_)),
        E::DeliveryDropped(_) => matches!(action, A::DropDelivery(_)),
        // A kind that the auditor does not know is one that it must be taught.
        _ => false,
    }
}

impl Auditor {
    /// A command that was accepted must have left its fact, and the answer must say the same as the fact.
    pub(super) fn expect_fact(&self, action: &Action, answer: Option<&Answer>, events: &[Event]) -> Result<(), Broken> {
        if answer == Some(&Answer::Unchanged) {
            return match events {
                [] => Ok(()),
                // What a shop tells may be noted without a change of the order.
                _ if matches!(action, Action::TakeChannelOrder(_)) => Ok(()),
                _ => Err(broken("EVENT-IFF", "nothing is said to have changed, and there are events")),
            };
        }
        let has = |wanted: &dyn Fn(&EventData) -> bool| events.iter().any(|event| wanted(&event.data));
        let found = match (action, answer) {
            (Action::PlaceOrder(_), Some(Answer::OrderPlaced(placed)))
            | (Action::TakeChannelOrder(_), Some(Answer::OrderPlaced(placed))) => has(&|fact| match fact {
                EventData::OrderAllocated(told)
                | EventData::OrderPartlyAllocated(told)
                | EventData::OrderBackordered(told) => told == placed,
                _ => false,
            }),
            (Action::PlaceHold(_), Some(Answer::Held(held))) => has(&|fact| match fact {
                EventData::HoldPlaced(told) => told == held,
                _ => false,
            }),
            (Action::ExtendHold(_), Some(Answer::Held(held))) => has(&|fact| match fact {
                EventData::HoldExtended(told) => told.expires_at_ms == held.expires_at_ms,
                _ => false,
            }),
            (Action::ReleaseHold(_), Some(_)) => has(&|fact| matches!(fact, EventData::HoldReleased(_))),
            (Action::EditOrder(_), Some(_)) => has(&|fact| matches!(fact, EventData::OrderEdited(_))),
            (Action::CancelOrder(_), Some(Answer::OrderChanged(told))) => has(&|fact| match fact {
                EventData::OrderCancelled(_) => told.units > 0,
                EventData::OrderCancelRequested(_) => told.units == 0,
                _ => false,
            }),
            (Action::ShipOrder(_), Some(_)) => has(&|fact| matches!(fact, EventData::OrderShipped(_))),
            (Action::ReturnOrder(_), Some(_)) => has(&|fact| matches!(fact, EventData::OrderReturned(_))),
            (Action::CompleteOrder(_), Some(_)) => has(&|fact| matches!(fact, EventData::OrderCompleted(_))),
            (Action::NoteShipment(_), Some(_)) => has(&|fact| matches!(fact, EventData::FulfillmentShipped(_))),
            (Action::NoteFulfillment(_), Some(_)) => has(&|fact| {
                matches!(
                    fact,
                    EventData::FulfillmentAccepted(_)
                        | EventData::FulfillmentPicking(_)
                        | EventData::FulfillmentRefused(_)
                        | EventData::FulfillmentCancelled(_)
                )
            }),
            (Action::ReassignFulfillment(_), Some(_)) => {
                has(&|fact| matches!(fact, EventData::FulfillmentReassigned(_)))
            }
            (Action::RequeueDelivery(_), Some(_)) => has(&|fact| matches!(fact, EventData::DeliveryRequeued(_))),
            (Action::DropDelivery(_), Some(_)) => has(&|fact| matches!(fact, EventData::DeliveryDropped(_))),
            (Action::Tick(_), Some(Answer::Ticked(ticked))) => {
                let ended = events.iter().filter(|event| matches!(event.data, EventData::HoldExpired(_))).count();
                // What was freed may have ended more of them, which stood in the way of who waits.
                ended >= ticked.expired as usize
            }
            (Action::Fulfill(_), Some(Answer::Fulfilled(fulfilled))) => {
                let asked = events.iter().filter(|event| matches!(event.data, EventData::FulfillmentRequested(_)));
                asked.count() as u64 == fulfilled.requested
            }
            _ => true,
        };
        match found {
            true => Ok(()),
            false => Err(broken("EVENT-IFF", format!("the answer {answer:?} has no event that says the same"))),
        }
    }

    /// Books one fact. `number` is that of the command's first event.
    pub(super) fn book_fact(
        &mut self,
        action: &Action,
        fact: &EventData,
        now_ms: i64,
        number: u64,
    ) -> Result<(), Broken> {
        if !is_warranted(action, fact) {
            let name = fact.kind().name();
            return Err(broken("EVENT-IFF", format!("{name} is no event of {:?}", discriminant(action))));
        }
        match fact {
            EventData::StockShortfall(told) => {
                let row = self.books.row_of(&told.sku, &told.location);
                let touched: i64 = told.holds.iter().map(|touched| touched.units).sum::<i64>()
                    + told.orders.iter().map(|touched| touched.units).sum::<i64>();
                if touched != told.shortfall {
                    return Err(broken("SHORTFALL-SAID", format!("{told:?} names claims of {touched}")));
                }
                self.said.push((row, told.shortfall));
            }
            EventData::HoldPlaced(held) => self.hold_placed(action, held, now_ms)?,
            EventData::HoldExtended(end) => match self.books.holds.get_mut(&end.hold) {
                Some(book) if book.expires_at_ms > now_ms => book.expires_at_ms = end.expires_at_ms,
                _ => return Err(broken("CLAIMED", format!("{} does not live and is extended", end.hold))),
            },
            EventData::HoldReleased(end) => {
                self.hold_ends(&end.hold, |expires_at_ms| expires_at_ms > now_ms)?;
            }
            EventData::HoldExpired(end) => self.hold_ends(&end.hold, |expires_at_ms| expires_at_ms <= now_ms)?,
            EventData::HoldConverted(conversion) => {
                let is_its = match action {
                    Action::PlaceOrder(order) => order.hold.as_deref() == Some(&*conversion.hold),
                    _ => false,
                };
                self.hold_ends(&conversion.hold, |expires_at_ms| is_its && expires_at_ms > now_ms)?;
            }
            EventData::OrderAllocated(placed)
            | EventData::OrderPartlyAllocated(placed)
            | EventData::OrderBackordered(placed) => self.order_placed(action, placed, number)?,
            EventData::OrderFilled(filled) => self.order_filled(filled)?,
            EventData::OrderEdited(edited) => self.order_edited(action, edited, number)?,
            EventData::OrderCancelled(cancelled) => self.order_cancelled(action, cancelled, now_ms)?,
            EventData::OrderShipped(shipped) => self.order_shipped(action, shipped, now_ms)?,
            EventData::OrderReturned(returned) => self.order_returned(returned)?,
            EventData::OrderCancelRequested(changed) => {
                let order = self.order_index(&changed.order)?;
                self.books.orders[order].cancel_requested = true;
            }
            EventData::OrderCompleted(changed) => {
                let order = self.order_index(&changed.order)?;
                self.books.orders[order].completed = true;
            }
            EventData::FulfillmentRequested(requested) => self.fulfillment_requested(requested)?,
            EventData::FulfillmentShipped(shipped) => self.fulfillment_shipped(shipped)?,
            EventData::FulfillmentRefused(changed) => self.fulfillment_over(changed, true)?,
            EventData::FulfillmentCancelled(changed) => self.fulfillment_over(changed, false)?,
            EventData::FulfillmentAccepted(changed) | EventData::FulfillmentPicking(changed) => {
                self.fulfillment_moves(changed)?;
            }
            EventData::FulfillmentReassigned(reassigned) => self.fulfillment_reassigned(reassigned)?,
            EventData::StockDrifted(drift) if drift.counted_in => {
                let row = self.books.row_of(&drift.sku, &drift.location);
                if self.books.levels[row].on_hand != drift.on_hand {
                    return Err(broken("CONSERVED", format!("{drift:?} names another level than the books")));
                }
                self.correct(row, drift.reported - drift.on_hand);
            }
            EventData::ListingDrifted(drift) if drift.policy == Some(DriftPolicy::TakeOver) => {
                let sku = self.books.sku(&drift.sku);
                let location = self.books.channels[number_in(&drift.channel)].first().copied();
                if let Some(location) = location.filter(|_| sku < self.books.shape.plain) {
                    let row = self.books.row(sku, location);
                    let there = self.books.levels[row].on_hand;
                    let found = drift.observed - drift.acknowledged.unwrap_or(drift.observed);
                    self.correct(row, found.max(-there));
                }
            }
            EventData::ChannelRegistered(channel) => {
                let locations = channel.locations.iter().map(|location| number_in(location)).collect();
                self.books.channels[number_in(&channel.channel)] = locations;
            }
            EventData::ChannelOrderConflict(conflict) => {
                let order = self.order_index(&conflict.order)?;
                self.books.orders[order].conflict_said = true;
            }
            EventData::DeliveryDead(dead) => self.delivery_dead(&dead.destination, dead.number),
            _ => {}
        }
        Ok(())
    }

    fn hold_placed(&mut self, action: &Action, held: &HeldStock, now_ms: i64) -> Result<(), Broken> {
        let Action::PlaceHold(command) = action else { return Ok(()) };
        let wrong = |what: &str| Err(broken("CLAIMED", format!("{held:?}: {what}")));
        if held.hold != command.hold || self.books.holds.contains_key(&held.hold) {
            return wrong("another hold, or one that there is");
        }
        if held.expires_at_ms != now_ms + command.lives_ms {
            return wrong("it ends at another time");
        }
        for line in &command.lines {
            let asked: i64 = command.lines.iter().filter(|l| l.sku == line.sku).map(|l| l.quantity).sum();
            let got: i64 = held.claims.iter().filter(|claim| *claim.sku == *line.sku).map(|claim| claim.quantity).sum();
            if asked != got {
                return wrong("it holds more or less than asked for");
            }
        }
        let mut claims = Vec::new();
        for claim in &held.claims {
            let sku = self.books.sku(&claim.sku);
            for (part, per) in self.books.takes[sku].clone() {
                let row = self.books.row(part, number_in(&claim.location));
                self.level(row).held += per * claim.quantity;
                claims.push((row, per * claim.quantity));
            }
        }
        for (row, _) in &claims {
            if self.books.levels[*row].available() < 0 {
                let name = self.books.row_name(*row);
                return Err(broken("NOT-OVERSOLD", format!("{} holds at {name:?} what is not there", held.hold)));
            }
        }
        self.books.holds.insert(held.hold.clone(), HoldBook { expires_at_ms: held.expires_at_ms, claims });
        Ok(())
    }

    fn hold_ends(&mut self, hold: &str, may_end: impl Fn(i64) -> bool) -> Result<(), Broken> {
        match self.books.holds.remove(hold) {
            Some(book) if may_end(book.expires_at_ms) => {
                for (row, units) in book.claims {
                    self.level(row).held -= units;
                }
                Ok(())
            }
            other => Err(broken("CLAIMED", format!("{hold} ends like this, and is {other:?}"))),
        }
    }
}
