//! ONE-EFFECT: the auditor's memory of what was asked for under which name, and which answer it got.

use std::collections::HashMap;

use stockroom::{Action, Code, Command, Outcome, Reply};

use super::{Auditor, Broken, broken};

/// What a name was used for.
struct Used {
    command: Command,
    at_ms: i64,
    /// The answer, once somebody got it.
    outcome: Option<Outcome>,
}

#[derive(Default)]
pub(crate) struct Keys(HashMap<String, Used>);

/// The name of a command's effect, where one remembers it.
fn name_of(command: &Command) -> Option<String> {
    match (&command.key, &command.action) {
        (Some(key), _) => Some(key.clone()),
        (None, Action::PlaceOrder(order)) => Some(format!("order {}", order.id)),
        _ => None,
    }
}

impl Keys {
    /// Forgets what pruning forgot. What an accepted order's own row remembers is not among it.
    pub(crate) fn forget_before(&mut self, before_ms: i64, is_placed: impl Fn(&str) -> bool) {
        let by_itself = |name: &str| name.strip_prefix("order ").is_some_and(&is_placed);
        self.0.retain(|name, used| used.at_ms >= before_ms || by_itself(name));
    }
}

impl Auditor {
    /// Whether the answer fits what was asked for under the same name before. Returns whether the command is the first
    /// with its name, so that its effects are to be expected.
    pub(crate) fn judge_key(&mut self, command: &Command, reply: Option<&Reply>, now_ms: i64) -> Result<bool, Broken> {
        let Some(name) = name_of(command) else {
            return Ok(reply.is_none_or(|reply| !reply.repeated));
        };
        let order_is_pruned = match &command.action {
            Action::PlaceOrder(order) => self.books.order(&order.id).is_some_and(|order| order.pruned),
            _ => false,
        };
        let Some(used) = self.keys.0.get_mut(&name) else {
            let Some(reply) = reply else { return Ok(true) };
            // A key of the caller's own may name an order that another key placed.
            let known = match &command.action {
                Action::PlaceOrder(order) => self.books.order_ids.contains_key(&order.id),
                Action::PlaceHold(hold) => self.books.holds.contains_key(&hold.hold),
                _ => false,
            };
            if reply.repeated && !known {
                return Err(broken("ONE-EFFECT", format!("{name} is answered as repeated, and is new")));
            }
            if reply.repeated {
                // The order's own row answers, and the key is used up by that.
                self.note_key(command, Some(&reply.outcome), now_ms);
            }
            return Ok(!reply.repeated);
        };
        if used.command != *command {
            let Some(reply) = reply else { return Ok(false) };
            let refused = match &reply.outcome {
                Outcome::Rejected(rejection) => matches!(rejection.code, Code::KeyReused | Code::OrderExists),
                Outcome::Accepted(_) => false,
            };
            return match refused || order_is_pruned {
                true => Ok(false),
                false => Err(broken("ONE-EFFECT", format!("{name} was used for something else: {reply:?}"))),
            };
        }
        let Some(reply) = reply else { return Ok(false) };
        match &used.outcome {
            Some(outcome) if *outcome != reply.outcome && !order_is_pruned => {
                let detail = format!("{name} was answered {outcome:?}, and now {:?}", reply.outcome);
                Err(broken("ONE-EFFECT", detail))
            }
            // Only what is accepted or has a key is remembered as repeated by name.
            _ if !reply.repeated && !order_is_pruned => {
                Err(broken("ONE-EFFECT", format!("{name} was done already, and is done again: {reply:?}")))
            }
            _ => {
                used.outcome = Some(reply.outcome.clone());
                Ok(false)
            }
        }
    }

    /// Notes that a command was done under its name. An answer that nobody got is asked for later.
    pub(crate) fn note_key(&mut self, command: &Command, outcome: Option<&Outcome>, at_ms: i64) {
        if let Some(name) = name_of(command) {
            let used = Used { command: command.clone(), at_ms, outcome: outcome.cloned() };
            self.keys.0.entry(name).or_insert(used);
        }
    }
}
