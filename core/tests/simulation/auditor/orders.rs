//! What happens to orders, in the books: placed, filled, edited, cancelled, shipped, returned, forgotten.

use stockroom::outbox::{CancelledOrder, EditedOrder, FilledOrder, ReturnedOrder, ShippedOrder};
use stockroom::{
    Action, Allocated, Answer, ChangedOrder, Disposition, Event, EventData, OrderState, PlacedOrder, StockPolicy, Why,
};

use super::books::{ClaimBook, LineBook, OrderBook};
use super::{Auditor, Broken, Done, broken};
use crate::shape::number_in;

impl Auditor {
    pub(super) fn order_index(&self, id: &str) -> Result<usize, Broken> {
        let index = self.books.order_ids.get(id).copied();
        index.ok_or_else(|| broken("EVENT-IFF", format!("{id} is an order that nobody placed")))
    }

    /// Changes what an order's line claims at a location: units in all, and of these waiting ones.
    fn claim(&mut self, sku: usize, location: usize, units: i64, waiting: i64) {
        for at in 0..self.books.takes[sku].len() {
            let (part, per) = self.books.takes[sku][at];
            let row = self.books.row(part, location);
            let level = self.level(row);
            level.allocated += per * units;
            level.backordered += per * waiting;
        }
    }

    fn queue(&mut self, order: usize, line: usize, location: usize, since: u64, waits: bool) {
        let sku = self.books.orders[order].lines[line].sku;
        for at in 0..self.books.takes[sku].len() {
            let row = self.books.row(self.books.takes[sku][at].0, location);
            let entry = (since, order, line);
            let place = self.books.queues[row].binary_search(&entry);
            match (place, waits) {
                (Err(place), true) => self.books.queues[row].insert(place, entry),
                (Ok(place), false) => drop(self.books.queues[row].remove(place)),
                _ => {}
            }
        }
    }

    fn check_state(&self, order: usize, said: OrderState) -> Result<(), Broken> {
        let state = self.books.orders[order].state();
        match state == said {
            true => Ok(()),
            false => Err(broken("STATE", format!("{} is {state:?}, said {said:?}", self.books.orders[order].id))),
        }
    }

    fn close(&mut self, order: usize, now_ms: i64) {
        let book = &mut self.books.orders[order];
        if book.state().is_closed() && book.closed_at_ms.is_none() {
            book.closed_at_ms = Some(now_ms);
        }
    }

    pub(super) fn order_placed(&mut self, action: &Action, placed: &PlacedOrder, number: u64) -> Result<(), Broken> {
        let wrong = |what: &str| Err(broken("PLACED", format!("{placed:?}: {what}")));
        if self.books.order_ids.contains_key(&*placed.order) {
            return Err(broken("DOUBLED", format!("{} is placed twice", placed.order)));
        }
        let (id, policy, hold, asked): (&str, StockPolicy, Option<&String>, Vec<(&str, i64)>) = match action {
            Action::PlaceOrder(new) => {
                let lines = new.lines.iter().map(|line| (line.sku.as_str(), line.quantity)).collect();
                (&new.id, new.policy, new.hold.as_ref(), lines)
            }
            Action::TakeChannelOrder(taken) => {
                let lines = taken.order.lines.iter().filter(|line| line.quantity > 0);
                let lines = lines.map(|line| (line.sku.as_str(), line.quantity)).collect();
                (&taken.order.id, taken.order.policy, None, lines)
            }
            _ => return wrong("nobody asked for it"),
        };
        let told: Vec<(&str, i64)> = placed.lines.iter().map(|line| (&*line.sku, line.quantity)).collect();
        if *placed.order != *id || told != asked || placed.number != self.books.orders.len() as u64 + 1 {
            return wrong("it is not what was asked for");
        }
        let channel = number_in(&placed.channel);
        let mut book = OrderBook {
            id: id.to_owned(),
            policy,
            placed: placed.clone(),
            lines: Vec::new(),
            claims: Vec::new(),
            handed: Vec::new(),
            left: Vec::new(),
            cancel_requested: false,
            completed: false,
            closed_at_ms: None,
            pruned: false,
            blurred: false,
            changed_by_hand: false,
            conflict_said: false,
        };
        for (sku, quantity) in told {
            let sku = self.books.sku(sku);
            book.lines.push(LineBook { sku, active: quantity, unfilled: quantity, shipped: 0, returned: 0 });
            self.units += quantity;
        }
        let index = self.books.orders.len();
        self.books.orders.push(book);
        self.books.order_ids.insert(id.to_owned(), index);
        self.claims_are(index, &placed.allocations, number)?;
        if hold.is_none() {
            for allocation in &placed.allocations {
                let location = number_in(&allocation.location);
                let sku = self.books.orders[index].lines[allocation.line as usize - 1].sku;
                let known = match action {
                    Action::PlaceOrder(new) if new.ranking.is_some() => true,
                    _ => self.books.channels[channel].contains(&location),
                };
                if !known {
                    return wrong("it is served from where the channel is not");
                }
                let short = self.books.takes[sku].iter().any(|(part, _)| {
                    let level = self.books.levels[self.books.row(*part, location)];
                    allocation.quantity > 0 && level.free_for_waiting() < 0
                });
                if short {
                    return Err(broken("NOT-OVERSOLD", format!("{placed:?}: it claims from stock what is not there")));
                }
            }
        }
        self.check_state(index, placed.state)
    }

    /// The order claims this now, and nothing else.
    fn claims_are(&mut self, order: usize, allocations: &[Allocated], number: u64) -> Result<(), Broken> {
        let before = std::mem::take(&mut self.books.orders[order].claims);
        for claim in &before {
            let sku = self.books.orders[order].lines[claim.line].sku;
            self.claim(sku, claim.location, -(claim.open + claim.waiting), -claim.waiting);
            if claim.waiting > 0 {
                self.queue(order, claim.line, claim.location, claim.since, false);
            }
        }
        let mut claims: Vec<ClaimBook> = Vec::with_capacity(allocations.len());
        for allocation in allocations {
            let (line, location) = (allocation.line as usize - 1, number_in(&allocation.location));
            let (open, waiting) = (allocation.quantity, allocation.backordered);
            if line >= self.books.orders[order].lines.len() || open < 0 || waiting < 0 || open + waiting == 0 {
                return Err(broken("CLAIMED", format!("{allocation:?} cannot be")));
            }
            // What waited goes on waiting where it stood.
            let here = |claim: &&ClaimBook| claim.line == line && claim.location == location && claim.waiting > 0;
            let known = claims.iter().filter(here).count();
            let waited = before.iter().filter(here).nth(known).map(|claim| claim.since);
            if waiting > 0 && !before.is_empty() {
                let more = before.iter().filter(here).map(|claim| claim.waiting).sum::<i64>() < waiting;
                self.books.orders[order].blurred |= more && waited.is_some() || known > 0;
            }
            let since = if waiting > 0 { waited.unwrap_or(number) } else { 0 };
            let sku = self.books.orders[order].lines[line].sku;
            self.claim(sku, location, open + waiting, waiting);
            if waiting > 0 {
                self.queue(order, line, location, since, true);
            }
            claims.push(ClaimBook { line, location, open, waiting, since, why: allocation.why });
        }
        let book = &mut self.books.orders[order];
        book.claims = claims;
        for (at, line) in book.lines.iter_mut().enumerate() {
            let claimed: i64 =
                book.claims.iter().filter(|c| c.line == at).map(|claim| claim.open + claim.waiting).sum();
            line.unfilled = line.active - line.shipped - claimed;
            if line.unfilled < 0 || (line.unfilled > 0 && book.policy != StockPolicy::Partial) {
                let what = format!("{} claims {claimed} of {line:?} with {:?}", book.id, book.policy);
                return Err(broken("CLAIMED", what));
            }
        }
        if book.policy != StockPolicy::Backorder && book.claims.iter().any(|claim| claim.waiting > 0) {
            return Err(broken("CLAIMED", format!("{} waits, and was not to", book.id)));
        }
        Ok(())
    }

    pub(super) fn order_filled(&mut self, filled: &FilledOrder) -> Result<(), Broken> {
        let order = self.order_index(&filled.order)?;
        let (line, location) = (filled.line as usize - 1, number_in(&filled.location));
        let wrong = |what: String| Err(broken("FILLED", format!("{filled:?}: {what}")));
        let book = &mut self.books.orders[order];
        let (sku, blurred) = (book.lines[line].sku, book.blurred);
        let here = |claim: &&mut ClaimBook| claim.line == line && claim.location == location && claim.waiting > 0;
        let Some(since) = book.claims.iter_mut().filter(here).map(|claim| claim.since).min() else {
            return wrong("it does not wait".into());
        };
        let (mut left, mut done) = (filled.quantity, Vec::new());
        // One place in the queue is filled at a time; where places are not followed, as many as it takes.
        for claim in book.claims.iter_mut().filter(here).filter(|claim| blurred || claim.since == since) {
            let units = claim.waiting.min(left);
            claim.waiting -= units;
            claim.open += units;
            left -= units;
            if claim.waiting == 0 {
                done.push(std::mem::take(&mut claim.since));
            }
        }
        if filled.quantity < 1 || left > 0 {
            return wrong(format!("{left} more than wait"));
        }
        self.claim(sku, location, 0, -filled.quantity);
        done.into_iter().for_each(|since| self.queue(order, line, location, since, false));
        // First come, first served: nobody who came before and takes this SKU alone still waits.
        if sku < self.books.shape.plain && !blurred {
            let row = self.books.row(sku, location);
            for (earlier, other, other_line) in &self.books.queues[row] {
                let book = &self.books.orders[*other];
                if *earlier < since && !book.blurred && book.lines[*other_line].sku < self.books.shape.plain {
                    return wrong(format!("{} came before it and waits", book.id));
                }
            }
        }
        self.check_state(order, filled.state)
    }

    pub(super) fn order_edited(&mut self, action: &Action, edited: &EditedOrder, number: u64) -> Result<(), Broken> {
        let order = self.order_index(&edited.order)?;
        let wrong = |what: &str| Err(broken("EDITED", format!("{edited:?}: {what}")));
        if edited.lines.len() < self.books.orders[order].lines.len() {
            return wrong("lines are gone");
        }
        if let Action::EditOrder(command) = action {
            self.books.orders[order].changed_by_hand = true;
            let told: Vec<i64> = edited.lines.iter().map(|line| line.quantity).collect();
            if self.books.orders[order].quantities_after(command) != Some(told) {
                return wrong("it is not what was asked for");
            }
        }
        for (at, line) in edited.lines.iter().enumerate() {
            let sku = self.books.sku(&line.sku);
            match self.books.orders[order].lines.get_mut(at) {
                Some(book) if book.sku == sku => book.active = line.quantity,
                Some(_) => return wrong("a line is for another SKU"),
                None => {
                    let book = LineBook { sku, active: line.quantity, unfilled: 0, shipped: 0, returned: 0 };
                    self.books.orders[order].lines.push(book);
                }
            }
        }
        self.claims_are(order, &edited.allocations, number)?;
        self.check_state(order, edited.state)
    }

    pub(super) fn order_cancelled(
        &mut self,
        action: &Action,
        cancelled: &CancelledOrder,
        now_ms: i64,
    ) -> Result<(), Broken> {
        let order = self.order_index(&cancelled.order)?;
        let wrong = |what: &str| Err(broken("CANCELLED", format!("{cancelled:?}: {what}")));
        let told: Vec<(u32, i64)> = cancelled.lines.iter().map(|line| (line.line, line.quantity)).collect();
        let asked = match action {
            Action::CancelOrder(command) => self.books.orders[order].cancelled_by(command),
            _ => self.books.orders[order].not_shipped(),
        };
        let by_warehouse = !matches!(action, Action::CancelOrder(_) | Action::TakeChannelOrder(_));
        if told != asked || (by_warehouse && !self.books.orders[order].cancel_requested) {
            return wrong("it is not what was asked for");
        }
        if matches!(action, Action::CancelOrder(_)) {
            self.books.orders[order].changed_by_hand = true;
        }
        for (number, quantity) in told {
            self.give_up(order, number as usize - 1, quantity)?;
        }
        self.books.orders[order].cancel_requested = false;
        self.close(order, now_ms);
        self.check_state(order, cancelled.state)
    }

    /// Gives units of a line back: those not promised first, then those that wait, and the newest before the older.
    fn give_up(&mut self, order: usize, line: usize, quantity: i64) -> Result<(), Broken> {
        let book = &mut self.books.orders[order];
        let Some(entry) = book.lines.get_mut(line) else {
            return Err(broken("CANCELLED", "the order has no such line"));
        };
        let unfilled = entry.unfilled.min(quantity);
        entry.unfilled -= unfilled;
        entry.active -= quantity;
        let sku = entry.sku;
        let mut left = quantity - unfilled;
        for waiting in [true, false] {
            for at in (0..self.books.orders[order].claims.len()).rev() {
                let claim = &mut self.books.orders[order].claims[at];
                if claim.line != line {
                    continue;
                }
                let units = if waiting { claim.waiting } else { claim.open }.min(left);
                if units == 0 {
                    continue;
                }
                left -= units;
                let location = claim.location;
                if waiting {
                    claim.waiting -= units;
                    if claim.waiting == 0 {
                        let since = std::mem::take(&mut claim.since);
                        self.queue(order, line, location, since, false);
                    }
                    self.claim(sku, location, -units, -units);
                } else {
                    claim.open -= units;
                    self.claim(sku, location, -units, 0);
                }
            }
        }
        match left {
            0 => Ok(()),
            left => Err(broken("CANCELLED", format!("{left} units more were cancelled than there were"))),
        }
    }

    pub(super) fn order_shipped(&mut self, action: &Action, shipped: &ShippedOrder, now_ms: i64) -> Result<(), Broken> {
        let order = self.order_index(&shipped.order)?;
        let wrong = |what: &str| Err(broken("SHIPPED", format!("{shipped:?}: {what}")));
        if let Action::ShipOrder(command) = action {
            let book = &self.books.orders[order];
            let at = command.location.as_deref().map(number_in);
            let mut asked: Vec<i64> = (0..book.lines.len())
                .map(|line| {
                    let here = |claim: &&ClaimBook| claim.line == line && at.is_none_or(|at| at == claim.location);
                    book.claims.iter().filter(here).map(|claim| claim.open).sum()
                })
                .collect();
            if let Some(lines) = &command.lines {
                asked.fill(0);
                lines.iter().for_each(|line| asked[line.line as usize - 1] = line.quantity);
            }
            for (line, quantity) in (1..).zip(asked) {
                let told: i64 = shipped.lines.iter().filter(|l| l.line == line).map(|l| l.quantity).sum();
                if told != quantity {
                    return wrong("it is not what was asked for");
                }
            }
            let covered = |handed: &super::books::HandedBook| !handed.over && at.is_none_or(|at| at == handed.location);
            if book.handed.iter().any(covered) {
                return wrong("a warehouse works on it");
            }
        }
        for units in &shipped.lines {
            let (line, location) = (units.line as usize - 1, number_in(&units.location));
            let mut left = units.quantity;
            let book = &mut self.books.orders[order];
            let here = book.claims.iter_mut().filter(|claim| claim.line == line && claim.location == location);
            for claim in here {
                let taken = claim.open.min(left);
                claim.open -= taken;
                left -= taken;
            }
            if left > 0 || units.quantity < 1 {
                return Err(broken("DOUBLED", format!("{shipped:?}: {left} of line {} are not claimed", units.line)));
            }
            book.lines[line].shipped += units.quantity;
            book.left.push((line, location));
            let sku = book.lines[line].sku;
            self.claim(sku, location, -units.quantity, 0);
            for at in 0..self.books.takes[sku].len() {
                let (part, per) = self.books.takes[sku][at];
                let row = self.books.row(part, location);
                self.level(row).on_hand -= per * units.quantity;
            }
        }
        self.close(order, now_ms);
        self.check_state(order, shipped.state)
    }

    pub(super) fn order_returned(&mut self, returned: &ReturnedOrder) -> Result<(), Broken> {
        let order = self.order_index(&returned.order)?;
        for units in &returned.lines {
            let index = units.line as usize - 1;
            let book = &mut self.books.orders[order];
            let line = &mut book.lines[index];
            line.returned += units.quantity;
            if line.returned > line.shipped {
                return Err(broken("RETURNED", format!("{returned:?}: more came back than left")));
            }
            if units.disposition == Disposition::Lost {
                continue;
            }
            let sku = line.sku;
            let first = book.left.iter().find(|(line, _)| *line == index).map(|(_, location)| *location);
            let Some(location) = units.location.as_deref().map(number_in).or(first) else { continue };
            for at in 0..self.books.takes[sku].len() {
                let (part, per) = self.books.takes[sku][at];
                let row = self.books.row(part, location);
                let level = self.level(row);
                level.on_hand += per * units.quantity;
                if units.disposition == Disposition::Damaged {
                    level.unavailable += per * units.quantity;
                }
            }
        }
        self.check_state(order, returned.state)
    }

    /// Moves what no warehouse works on from one location to another.
    pub(super) fn move_open(&mut self, order: usize, from: usize, to: usize) -> Result<(), Broken> {
        let lines = self.books.orders[order].lines.len();
        for line in 0..lines {
            let units = self.books.orders[order].free_at(line, from);
            if units <= 0 {
                continue;
            }
            let mut left = units;
            let sku = self.books.orders[order].lines[line].sku;
            for claim in &mut self.books.orders[order].claims {
                if claim.line == line && claim.location == from {
                    let moved = claim.open.min(left);
                    claim.open -= moved;
                    left -= moved;
                }
            }
            self.claim(sku, from, -units, 0);
            self.claim(sku, to, units, 0);
            let short = self.books.takes[sku]
                .iter()
                .any(|(part, _)| self.books.levels[self.books.row(*part, to)].available() < 0);
            if short {
                return Err(broken("NOT-OVERSOLD", "units went to where they are not"));
            }
            let claims = &mut self.books.orders[order].claims;
            let joins = |claim: &&mut ClaimBook| {
                claim.line == line && claim.location == to && claim.why == Why::Reassigned && claim.waiting == 0
            };
            match claims.iter_mut().find(joins) {
                Some(claim) => claim.open += units,
                None => {
                    let why = Why::Reassigned;
                    claims.push(ClaimBook { line, location: to, open: units, waiting: 0, since: 0, why });
                }
            }
        }
        Ok(())
    }

    /// Closed orders from before a time may have lost their details.
    pub(super) fn orders_pruned(&mut self, before_ms: i64) {
        let old = |order: &&mut OrderBook| order.closed_at_ms.is_some_and(|closed| closed < before_ms);
        let mut forgotten = Vec::new();
        for order in self.books.orders.iter_mut().filter(old).filter(|order| !order.pruned) {
            order.pruned = true;
            forgotten.extend(order.handed.iter().map(|handed| handed.name.clone()));
        }
        forgotten.iter().for_each(|name| self.deliveries_forgotten(name));
    }

    /// What the answer says of an order must be so.
    pub(super) fn judge_order_answer(
        &self,
        done: &Done<'_>,
        answer: Option<&Answer>,
        first: bool,
        events: &[Event],
    ) -> Result<(), Broken> {
        let wrong = |what: String| Err(broken("STATE", what));
        match answer {
            Some(Answer::OrderChanged(ChangedOrder { order, state, units })) if first => {
                let Some(book) = self.books.order(order) else { return wrong(format!("{order} is not known")) };
                // An answer tells the order as its event does; units that the command freed may fill it after that.
                let filled =
                    |event: &Event| matches!(&event.data, EventData::OrderFilled(filled) if filled.order == *order);
                if book.state() != *state && !events.iter().any(filled) {
                    return wrong(format!("{order} is {:?}, answered {state:?}", book.state()));
                }
                let asked: Option<i64> = match &done.command.action {
                    Action::CancelOrder(command) => {
                        command.lines.as_ref().map(|lines| lines.iter().map(|line| line.quantity).sum())
                    }
                    Action::ShipOrder(command) => {
                        command.lines.as_ref().map(|lines| lines.iter().map(|line| line.quantity).sum())
                    }
                    Action::ReturnOrder(command) => Some(command.lines.iter().map(|line| line.quantity).sum()),
                    _ => None,
                };
                match asked {
                    Some(asked) if asked != *units => wrong(format!("{asked} units were asked for, {units} done")),
                    _ => Ok(()),
                }
            }
            Some(Answer::OrderPlaced(placed)) => match self.books.order(&placed.order) {
                Some(book) if book.placed == *placed || book.pruned => Ok(()),
                other => Err(broken("LOST", format!("{placed:?} is answered, and the books have {other:?}"))),
            },
            _ => Ok(()),
        }
    }
}
