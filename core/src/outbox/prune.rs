//! Pruning, one bounded step at a time. The store finds what may go; what is done to it is decided here.
//! An order keeps its row, its claim links and its fingerprint, so that its id stays taken and the chains
//! that lead through it stay whole.

use crate::channel;
use crate::code::{Code, Faults};
use crate::engine::{Answer, Decision, Forget, Found, Query, Stop};
use crate::fulfillment;
use crate::ids::OrderNumber;
use crate::order::OrderBody;
use crate::outbox::{Prune, PruneFrom, Pruned};
use crate::time::in_range;

pub(crate) fn prune(decision: &mut Decision<'_>, command: &Prune) -> Result<Answer, Stop> {
    let mut faults = Faults::default();
    if !(1..=10_000).contains(&command.limit) {
        faults.add(Code::QuantityOutOfRange, || "limit".into(), "not 1 to 10000");
    }
    if !in_range(command.before_ms) {
        faults.add(Code::TimeOutOfRange, || "before_ms".into(), "not 1970 to 9999");
    }
    faults.check()?;
    let (before_ms, limit) = (command.before_ms, command.limit);
    let mut pruned = Pruned::default();
    match &command.from {
        PruneFrom::Events => {
            let found = decision.rows.found(&Query::PrunableEvents { before_ms, limit })?.clone();
            let Found::PrunableEvents { through, events, more } = found else {
                return Ok(Answer::Unchanged);
            };
            if let Some(through) = through {
                decision.rows.forget(Forget::EventsThrough(through));
                pruned.events = events;
            }
            pruned.next = Some(if more { PruneFrom::Events } else { PruneFrom::Keys(String::new()) });
        }
        PruneFrom::Keys(after) => {
            let query = Query::PrunableKeys { after: after.clone(), before_ms, limit };
            let Found::PrunableKeys { keys, next } = decision.rows.found(&query)?.clone() else {
                return Ok(Answer::Unchanged);
            };
            pruned.keys = keys.len() as u64;
            if !keys.is_empty() {
                decision.rows.forget(Forget::Keys(keys));
            }
            pruned.next = Some(next.map_or(PruneFrom::Orders(0), PruneFrom::Keys));
        }
        PruneFrom::Orders(after) => {
            let query = Query::PrunableOrders { after: OrderNumber(*after), before_ms, limit };
            let Found::PrunableOrders { orders, next } = decision.rows.found(&query)?.clone() else {
                return Ok(Answer::Unchanged);
            };
            pruned.orders = orders.len() as u64;
            for number in orders {
                fulfillment::forget(decision, number)?;
                channel::forget(decision, number)?;
                let order = decision.rows.order_mut(number)?;
                let links = std::mem::take(&mut order.body.links);
                order.body = OrderBody { links, pruned: true, ..OrderBody::default() };
            }
            decision.papers_may_change_silently();
            pruned.next = match next {
                Some(number) => Some(PruneFrom::Orders(number.0)),
                None => Some(PruneFrom::Messages(String::new(), String::new())),
            };
        }
        PruneFrom::Messages(source, message) => {
            let query = Query::PrunableMessages { after: (source.clone(), message.clone()), before_ms, limit };
            let Found::PrunableMessages { messages, next } = decision.rows.found(&query)?.clone() else {
                return Ok(Answer::Unchanged);
            };
            pruned.messages = messages.len() as u64;
            for key in &messages {
                decision.rows.remove_record(key)?;
            }
            pruned.next = next.map(|(source, message)| PruneFrom::Messages(source, message));
        }
    }
    Ok(Answer::Pruned(pruned))
}
