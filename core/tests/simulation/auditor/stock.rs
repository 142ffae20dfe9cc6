//! CONSERVED, CLAIMED, NOT-OVERSOLD and SHORTFALL-SAID: what commands do to stock by themselves, and whether the
//! levels that the events tell are those of the books.

use stockroom::{Action, Answer, Event, EventData, MovedStock, NewOrder, StockLevel, StockPolicy};

use super::books::Level;
use super::{Auditor, Broken, broken};
use crate::shape::number_in;

impl Auditor {
    /// The level of a row, about to change.
    pub(super) fn level(&mut self, row: usize) -> &mut Level {
        if self.marks[row] != self.epoch {
            self.marks[row] = self.epoch;
            self.before.push((row, self.books.levels[row]));
        }
        &mut self.books.levels[row]
    }

    /// Books a difference that somebody found. Unavailable units go along where fewer are left than those.
    pub(super) fn correct(&mut self, row: usize, difference: i64) {
        let level = self.level(row);
        level.on_hand += difference;
        level.unavailable = level.unavailable.min(level.on_hand.max(0));
    }

    /// What a command does to on-hand and to what may be sold, by its own words.
    pub(super) fn book_stock(&mut self, action: &Action, answer: Option<&Answer>, now_ms: i64) -> Result<(), Broken> {
        if matches!(answer, Some(Answer::Unchanged)) {
            return Ok(());
        }
        let mut difference = None;
        match action {
            Action::ReceiveStock(command) => {
                for line in &command.lines {
                    let row = self.books.row_of(&line.sku, &command.location);
                    self.level(row).on_hand += line.quantity;
                }
                difference = Some(command.lines.iter().map(|line| line.quantity).sum());
            }
            Action::AdjustStock(command) => {
                self.correct(self.books.row_of(&command.sku, &command.location), command.difference);
                difference = Some(command.difference);
            }
            Action::CountStock(command) => {
                let row = self.books.row_of(&command.sku, &command.location);
                let found = command.counted - command.expected.unwrap_or(self.books.levels[row].on_hand);
                self.correct(row, found);
                difference = Some(found);
            }
            Action::TransferStock(command) => {
                for line in &command.lines {
                    let from = self.books.row_of(&line.sku, &command.from);
                    let to = self.books.row_of(&line.sku, &command.to);
                    self.level(from).on_hand -= line.quantity;
                    self.level(to).on_hand += line.quantity;
                    let level = self.books.levels[from];
                    let claimed = level.held - self.books.expired_at(from, now_ms) + level.allocated;
                    if level.on_hand - level.unavailable - claimed < 0 {
                        return Err(broken("NOT-OVERSOLD", format!("claimed units were moved away: {level:?}")));
                    }
                }
                difference = Some(0);
            }
            Action::SetStockPolicy(command) => {
                let row = self.books.row_of(&command.sku, &command.location);
                let level = self.level(row);
                level.safety = command.safety_stock.unwrap_or(level.safety);
                level.limit = command.backorder_limit.unwrap_or(level.limit);
                level.unavailable = command.unavailable.unwrap_or(level.unavailable);
            }
            _ => {}
        }
        match (difference, answer) {
            (Some(difference), Some(Answer::Moved(MovedStock { difference: said, .. }))) if *said != difference => {
                Err(broken("CONSERVED", format!("{difference} units moved, and the answer says {said}")))
            }
            _ => Ok(()),
        }
    }

    /// Whether an order for one plain SKU would find its units, so that refusing it for want of stock is wrong.
    pub(super) fn would_fit(&self, order: &NewOrder, now_ms: i64) -> bool {
        let [line] = order.lines.as_slice() else { return false };
        if order.hold.is_some() || order.ranking.is_some() || line.sku.starts_with('b') {
            return false;
        }
        let Some(locations) = self.books.channels.get(number_in(&order.channel)) else { return false };
        let sku = self.books.sku(&line.sku);
        let there = |location: &usize| {
            let row = self.books.row(sku, *location);
            (self.books.levels[row].available() + self.books.expired_at(row, now_ms)).max(0)
        };
        let there: i64 = locations.iter().map(there).sum();
        match order.policy {
            StockPolicy::AllOrNothing => there >= line.quantity,
            StockPolicy::Partial | StockPolicy::Backorder => there > 0,
        }
    }

    /// Every row that the command changed has its event, and every event of a level its change; and what must hold of
    /// a row after every command does.
    pub(super) fn judge_levels(&mut self, events: &[Event]) -> Result<(), Broken> {
        let mut told = 0;
        for event in events {
            let EventData::StockChanged(level) = &event.data else { continue };
            told += 1;
            let row = self.books.row_of(&level.sku, &level.location);
            let Some((_, before)) = self.before.iter().find(|(touched, _)| *touched == row) else {
                return Err(broken("EVENT-IFF", format!("nothing of the command changes {level:?}")));
            };
            let booked = self.books.levels[row];
            let seen = level_of(level);
            if seen != booked {
                let name = if seen.on_hand != booked.on_hand { "CONSERVED" } else { "CLAIMED" };
                return Err(broken(name, format!("{level:?} should be {booked:?}, and was {before:?}")));
            }
            if booked == *before {
                return Err(broken("EVENT-IFF", format!("{level:?} is what it was")));
            }
        }
        let changed = self.before.iter().filter(|(row, before)| self.books.levels[*row] != *before).count();
        if changed != told {
            let row = |(row, before): &(usize, Level)| (self.books.row_name(*row), *before, self.books.levels[*row]);
            let rows: Vec<_> = self.before.iter().map(row).collect();
            return Err(broken("EVENT-IFF", format!("{changed} rows changed, {told} were told of: {rows:?}")));
        }
        for (row, before) in &self.before {
            let now = &self.books.levels[*row];
            let quantities = [now.on_hand, now.unavailable, now.safety, now.held, now.backordered, now.limit];
            if quantities.iter().any(|quantity| *quantity < 0) || now.allocated < now.backordered {
                return Err(broken("CLAIMED", format!("a quantity is below what can be: {now:?}")));
            }
            let rose = now.held + now.allocated > before.held + before.allocated;
            if rose && now.available() + now.limit < 0 {
                let name = self.books.row_name(*row);
                return Err(broken("NOT-OVERSOLD", format!("{name:?} went from {before:?} to {now:?}")));
            }
            let said = self.said.iter().rev().find(|(at, _)| at == row).map(|(_, units)| *units);
            if now.uncovered() > before.uncovered() && said != Some(now.uncovered()) {
                let name = self.books.row_name(*row);
                return Err(broken("SHORTFALL-SAID", format!("{name:?} lacks {}, said {said:?}", now.uncovered())));
            }
        }
        Ok(())
    }

    /// Nobody waits where there is something to be had.
    pub(super) fn judge_queues(&self) -> Result<(), Broken> {
        for (row, _) in &self.before {
            if self.books.levels[*row].backordered == 0 || self.books.levels[*row].free_for_waiting() <= 0 {
                continue;
            }
            for (_, order, line) in &self.books.queues[*row] {
                let book = &self.books.orders[*order];
                let location = row % self.books.shape.locations;
                let parts = &self.books.takes[book.lines[*line].sku];
                let free = |(sku, per): &(usize, i64)| {
                    self.books.levels[self.books.row(*sku, location)].free_for_waiting().div_euclid(*per)
                };
                if parts.iter().map(free).min().unwrap_or(0) > 0 {
                    let detail = format!("{} waits at {:?} for what is there", book.id, self.books.row_name(*row));
                    return Err(broken("FILLED", detail));
                }
            }
        }
        Ok(())
    }

    /// What a reader is told of a row must be what the books say.
    pub(crate) fn judge_read(&self, row: usize, level: Option<&StockLevel>) -> Result<(), Broken> {
        let booked = self.books.levels[row];
        match level {
            Some(level) if level_of(level) == booked && level.available == booked.available() => Ok(()),
            other => {
                let name = self.books.row_name(row);
                Err(broken("STALE-READ", format!("{name:?} is {booked:?}, and a node says {other:?}")))
            }
        }
    }
}

pub(super) fn level_of(level: &StockLevel) -> Level {
    Level {
        on_hand: level.on_hand,
        unavailable: level.unavailable,
        safety: level.safety_stock,
        held: level.held,
        allocated: level.allocated,
        backordered: level.backordered,
        limit: level.backorder_limit,
    }
}
