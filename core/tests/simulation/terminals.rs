//! Terminals: carts, orders and what becomes of them. Each command is one that a till or a shop could send, some of
//! them mistaken, and is sent again until it is answered.

use stockroom::{
    Action, CancelOrder, Command, CompleteOrder, Disposition, EditOrder, ExtendHold, LineQuantity, NewLine, NewOrder,
    PlaceHold, ReleaseHold, ReturnLine, ReturnOrder, ShipOrder, ShipTo, StockLine, StockPolicy, Tick,
};

use crate::auditor::{Broken, broken};
use crate::faults::Fault;
use crate::rng::Rng;
use crate::shape::{MINUTE_MS, SECOND_MS, channel_name, location_name};
use crate::world::{KnownHold, World};

/// Orders that steps look at: the newest.
const RECENT_ORDERS: usize = 60;
/// Holds that terminals remember.
const HOLDS_KNOWN: usize = 20;

impl World {
    fn any_lines(&self, rng: &mut Rng) -> Vec<(usize, i64)> {
        let lines = 1 + rng.below(3);
        let line = |rng: &mut Rng| {
            let most = if rng.chance(6) { 40 } else { 4 };
            (rng.below(self.shape.skus()), rng.between(1, most))
        };
        (0..lines).map(|_| line(rng)).collect()
    }

    fn new_line(&self, sku: usize, quantity: i64) -> NewLine {
        NewLine { sku: self.shape.sku_name(sku), quantity, unit_price_minor: 100 * (sku as i64 + 1) }
    }

    /// An order that nobody placed yet.
    pub(crate) fn new_order(&mut self, rng: &mut Rng) -> Command {
        let lines = self.any_lines(rng);
        let channel = rng.below(self.shape.channels.len());
        self.order_for(rng, channel, &lines, None)
    }

    fn order_for(&mut self, rng: &mut Rng, channel: usize, lines: &[(usize, i64)], hold: Option<String>) -> Command {
        self.names.order += 1;
        let mut order = NewOrder {
            id: format!("o-{}", self.names.order),
            channel: channel_name(channel),
            currency: "EUR".into(),
            lines: lines.iter().map(|(sku, quantity)| self.new_line(*sku, *quantity)).collect(),
            hold,
            ..NewOrder::default()
        };
        order.policy = match rng.below(10) {
            0..=5 => StockPolicy::AllOrNothing,
            6..=7 => StockPolicy::Partial,
            _ => StockPolicy::Backorder,
        };
        if rng.chance(10) {
            let mut places: Vec<usize> = (0..self.shape.locations).collect();
            rng.shuffle(&mut places);
            places.truncate(1 + rng.below(places.len()));
            order.ranking = Some(places.into_iter().map(location_name).collect());
        }
        if rng.chance(20) {
            order.note = Some("ring twice".into());
        }
        if rng.chance(2) {
            order.lines[0].quantity = 0;
        }
        let command = Command::from(order);
        if rng.chance(30) { command.with_key(self.key()) } else { command }
    }

    pub(crate) fn place(&mut self, rng: &mut Rng, fault: Option<Fault>) -> Result<(), Broken> {
        let order = self.new_order(rng);
        self.ask(rng, order, fault).map(drop)
    }

    pub(crate) fn place_from_hold(&mut self, rng: &mut Rng, fault: Option<Fault>) -> Result<(), Broken> {
        let Some(KnownHold { id, channel, mut lines }) = rng.pick(&self.holds).cloned() else { return Ok(()) };
        // A customer who pays late, or for another cart than the one held.
        if rng.chance(10) {
            self.now_ms += MINUTE_MS;
        }
        match rng.below(6) {
            0 => lines[0].1 += 1,
            1 if lines[0].1 > 1 => lines[0].1 -= 1,
            2 => lines.push((rng.below(self.shape.skus()), 1)),
            _ => {}
        }
        let order = self.order_for(rng, channel, &lines, Some(id));
        self.ask(rng, order, fault).map(drop)
    }

    pub(crate) fn hold(&mut self, rng: &mut Rng, fault: Option<Fault>) -> Result<(), Broken> {
        let command = self.new_hold(rng);
        self.ask(rng, command, fault).map(drop)
    }

    fn new_hold(&mut self, rng: &mut Rng) -> PlaceHold {
        // Now and then a terminal takes a name again.
        let again = if rng.chance(10) { rng.pick(&self.holds).map(|hold| hold.id.clone()) } else { None };
        let id = again.unwrap_or_else(|| {
            self.names.hold += 1;
            format!("h-{}", self.names.hold)
        });
        let channel = rng.below(self.shape.channels.len());
        let lines = self.any_lines(rng);
        let line = |(sku, quantity): &(usize, i64)| StockLine { sku: self.shape.sku_name(*sku), quantity: *quantity };
        let command = PlaceHold {
            hold: id.clone(),
            channel: channel_name(channel),
            lines: lines.iter().map(line).collect(),
            lives_ms: *rng.pick(&[5, 60, 600, 5_000]).unwrap_or(&1) * SECOND_MS,
            ranking: None,
        };
        if self.holds.len() == HOLDS_KNOWN {
            self.holds.remove(0);
        }
        self.holds.push(KnownHold { id, channel, lines });
        command
    }

    fn known_hold(&self, rng: &mut Rng) -> Option<String> {
        rng.pick(&self.holds).map(|hold| hold.id.clone())
    }

    pub(crate) fn extend_hold(&mut self, rng: &mut Rng, fault: Option<Fault>) -> Result<(), Broken> {
        let Some(hold) = self.known_hold(rng) else { return Ok(()) };
        let command = ExtendHold { hold, lives_ms: rng.between(1, 900) * SECOND_MS };
        let command = Command::from(command).with_key(self.key());
        self.ask(rng, command, fault).map(drop)
    }

    pub(crate) fn release_hold(&mut self, rng: &mut Rng, fault: Option<Fault>) -> Result<(), Broken> {
        let Some(hold) = self.known_hold(rng) else { return Ok(()) };
        let command = Command::from(ReleaseHold { hold }).with_key(self.key());
        self.ask(rng, command, fault).map(drop)
    }

    /// One of the newest orders that pleases, else any of them; its place in the books.
    fn some_order(&self, rng: &mut Rng, pleases: impl Fn(usize) -> bool) -> Option<usize> {
        let orders = self.auditor.books.orders.len();
        let recent = orders.min(RECENT_ORDERS);
        let first = orders - recent + rng.below(recent);
        if orders == 0 {
            return None;
        }
        let round = (first..orders).chain(orders - recent..first);
        round.into_iter().find(|order| pleases(*order)).or(Some(first))
    }

    fn open_order(&self, rng: &mut Rng) -> Option<usize> {
        let anything = rng.chance(10);
        let open = |order: usize| anything || !self.auditor.books.orders[order].state().is_closed();
        self.some_order(rng, open)
    }

    pub(crate) fn edit(&mut self, rng: &mut Rng, fault: Option<Fault>) -> Result<(), Broken> {
        let Some(command) = self.new_edit(rng) else { return Ok(()) };
        let command = Command::from(command).with_key(self.key());
        self.ask(rng, command, fault).map(drop)
    }

    fn new_edit(&mut self, rng: &mut Rng) -> Option<EditOrder> {
        let order = self.open_order(rng)?;
        let book = &self.auditor.books.orders[order];
        let mut command = EditOrder { order: book.id.clone(), ..EditOrder::default() };
        for line in 1..=book.lines.len() as u32 {
            if rng.chance(50) {
                command.lines.push(LineQuantity { line, quantity: rng.between(0, 6) });
            }
        }
        if rng.chance(25) {
            command.add.push(self.new_line(rng.below(self.shape.skus()), rng.between(1, 3)));
        }
        if rng.chance(20) {
            let city = format!("city {}", rng.below(5));
            command.ship_to = Some(ShipTo { city, ..ShipTo::default() });
            if rng.chance(50) {
                (command.lines, command.add) = (Vec::new(), Vec::new());
            }
        }
        Some(command)
    }

    pub(crate) fn cancel(&mut self, rng: &mut Rng, fault: Option<Fault>) -> Result<(), Broken> {
        let Some(command) = self.new_cancel(rng) else { return Ok(()) };
        let command = Command::from(command).with_key(self.key());
        self.ask(rng, command, fault).map(drop)
    }

    fn new_cancel(&self, rng: &mut Rng) -> Option<CancelOrder> {
        let order = self.open_order(rng)?;
        let lines = if rng.chance(40) { Some(self.some_lines(rng, order)) } else { None };
        Some(CancelOrder { order: self.auditor.books.orders[order].id.clone(), lines, reason: None })
    }

    /// Some units of some lines, at times too many.
    fn some_lines(&self, rng: &mut Rng, order: usize) -> Vec<LineQuantity> {
        let lines = self.auditor.books.orders[order].lines.len() as u32;
        let first = 1 + rng.below(lines as usize) as u32;
        let chosen = (1..=lines).filter(|line| *line == first || rng.chance(30));
        let chosen: Vec<u32> = chosen.collect();
        chosen.into_iter().map(|line| LineQuantity { line, quantity: rng.between(1, 3) }).collect()
    }

    pub(crate) fn ship(&mut self, rng: &mut Rng, fault: Option<Fault>) -> Result<(), Broken> {
        let anything = rng.chance(10);
        let ready = |order: usize| {
            let book = &self.auditor.books.orders[order];
            anything || (book.claims.iter().any(|claim| claim.open > 0) && book.handed.iter().all(|handed| handed.over))
        };
        let Some(order) = self.some_order(rng, ready) else { return Ok(()) };
        let book = &self.auditor.books.orders[order];
        let mut command = ShipOrder { order: book.id.clone(), ..ShipOrder::default() };
        match rng.below(5) {
            0 => command.lines = Some(self.some_lines(rng, order)),
            1 => command.location = Some(location_name(rng.below(self.shape.locations))),
            _ => {}
        }
        let command = Command::from(command).with_key(self.key());
        self.ask(rng, command, fault).map(drop)
    }

    pub(crate) fn give_back(&mut self, rng: &mut Rng, fault: Option<Fault>) -> Result<(), Broken> {
        let anything = rng.chance(10);
        let left = |order: usize| {
            let lines = &self.auditor.books.orders[order].lines;
            anything || lines.iter().any(|line| line.shipped > line.returned)
        };
        let Some(order) = self.some_order(rng, left) else { return Ok(()) };
        let returned = |rng: &mut Rng, LineQuantity { line, quantity }: LineQuantity, locations| ReturnLine {
            line,
            quantity,
            disposition: *rng
                .pick(&[Disposition::Restock, Disposition::Damaged, Disposition::Lost])
                .unwrap_or(&Disposition::Lost),
            location: rng.chance(50).then(|| location_name(rng.below(locations))),
        };
        let lines = self.some_lines(rng, order);
        let lines = lines.into_iter().map(|line| returned(rng, line, self.shape.locations)).collect();
        let command = ReturnOrder { order: self.auditor.books.orders[order].id.clone(), lines };
        let command = Command::from(command).with_key(self.key());
        self.ask(rng, command, fault).map(drop)
    }

    pub(crate) fn complete(&mut self, rng: &mut Rng, fault: Option<Fault>) -> Result<(), Broken> {
        let closed = |order: usize| self.auditor.books.orders[order].state().is_closed();
        let Some(order) = self.some_order(rng, closed) else { return Ok(()) };
        let command = CompleteOrder { order: self.auditor.books.orders[order].id.clone() };
        let command = Command::from(command).with_key(self.key());
        self.ask(rng, command, fault).map(drop)
    }

    /// Several terminals at once: their commands share a commit.
    pub(crate) fn group(&mut self, rng: &mut Rng, fault: Option<Fault>) -> Result<(), Broken> {
        let mut commands: Vec<Command> = Vec::new();
        for _ in 0..2 + rng.below(6) {
            let command = match rng.below(10) {
                0..=5 => Some(self.new_order(rng)),
                6 => Some(self.new_hold(rng).into()),
                7 => self.new_edit(rng).map(|edit| Command::from(edit).with_key(self.key())),
                8 => self.new_cancel(rng).map(|cancel| Command::from(cancel).with_key(self.key())),
                // A search that must see what the commit has done so far.
                9 if rng.chance(50) => Some(Tick { limit: 100 }.into()),
                _ => self.known_hold(rng).map(|hold| Command::from(ReleaseHold { hold }).with_key(self.key())),
            };
            commands.extend(command);
        }
        let node = self.any_node(rng);
        if fault == Some(Fault::CrashWithSubmitted) {
            let at_ms = self.now_ms + self.nodes[node].ahead_ms;
            let timed = |command: &Command| stockroom::TimedCommand { at_ms, command: command.clone() };
            let timed: Vec<_> = commands.iter().map(timed).collect();
            self.nodes[node].submit_and_crash(&self.disk, &timed);
            self.counts.happened(Fault::CrashWithSubmitted);
            self.unanswered.extend(commands);
            return Ok(());
        }
        let as_batch = rng.chance(50);
        match self.send_all(node, commands.clone(), fault, as_batch)? {
            Some(_) => commands.into_iter().for_each(|command| self.remember(command)),
            None => self.unanswered.extend(commands.into_iter().filter(|one| !matches!(one.action, Action::Tick(_)))),
        }
        Ok(())
    }

    /// A terminal that has no answer sends its command again.
    pub(crate) fn retry(&mut self, rng: &mut Rng, fault: Option<Fault>) -> Result<(), Broken> {
        if self.unanswered.is_empty() {
            return Ok(());
        }
        let command = self.unanswered.remove(rng.below(self.unanswered.len()));
        self.ask(rng, command, fault).map(drop)
    }

    /// A command that was answered is sent again all the same.
    pub(crate) fn send_twice(&mut self, rng: &mut Rng) -> Result<(), Broken> {
        let at = rng.below(self.history.len());
        let Some(command) = self.history.get(at).cloned() else { return Ok(()) };
        let node = self.any_node(rng);
        self.counts.happened(Fault::SentTwice);
        self.send(node, command, None).map(drop)
    }

    /// A name that was used is used for something else.
    pub(crate) fn reuse_key(&mut self, rng: &mut Rng) -> Result<(), Broken> {
        let at = rng.below(self.history.len());
        let Some(mut command) = self.history.get(at).cloned() else { return Ok(()) };
        match &mut command.action {
            Action::PlaceOrder(order) => order.lines[0].quantity += 1,
            Action::CancelOrder(cancel) => cancel.reason = Some("another one".into()),
            Action::ReceiveStock(receive) => receive.lines[0].quantity += 1,
            Action::AdjustStock(adjust) => adjust.difference += if adjust.difference == -1 { 2 } else { 1 },
            _ => return Ok(()),
        }
        let node = self.any_node(rng);
        self.counts.happened(Fault::KeyReused);
        self.send(node, command, None).map(drop)
    }

    /// A preview changes nothing and tells what would be.
    pub(crate) fn preview(&mut self, rng: &mut Rng, fault: Option<Fault>) -> Result<(), Broken> {
        let command = match rng.below(3) {
            0 => self.new_cancel(rng).map(|cancel| Command::from(cancel).with_key(self.key())),
            1 => self.new_edit(rng).map(|edit| Command::from(edit).with_key(self.key())),
            _ => Some(self.new_order(rng)),
        };
        let Some(command) = command else { return Ok(()) };
        let node = self.any_node(rng);
        let at_ms = self.now_ms + self.nodes[node].ahead_ms;
        let previewed = match self.nodes[node].room() {
            Some(room) => {
                room.preview_at(at_ms, command.clone()).map_err(|error| broken("FAILED", error.to_string()))?
            }
            None => return Ok(()),
        };
        let sent = self.send(node, command.clone(), fault)?;
        match sent.reply {
            Some(reply) if reply != previewed => {
                Err(broken("PREVIEW", format!("{command:?} was previewed as {previewed:?} and is {reply:?}")))
            }
            Some(_) => {
                self.remember(command);
                Ok(())
            }
            None => {
                self.unanswered.push(command);
                Ok(())
            }
        }
    }
}
