//! A random history from a seed: commands of every kind with times that mostly advance, over a few SKUs,
//! locations and channels, so that they meet. The same seed is the same history on every machine.

use stockroom::{
    Acknowledge, AdjustStock, CancelOrder, Command, CountStock, Disposition, EditOrder, NewOrder, PlaceHold, Prune,
    PruneFrom, ReceiveStock, RegisterChannel, ReturnLine, ReturnOrder, SetStockPolicy, ShipOrder, ShipTo, Source,
    Sourcing, StockPolicy, Subscribe, SubscribeFrom, Tick, TimedCommand, Totals, Tracking, TransferStock, Unsubscribe,
};

use crate::documents::{
    MINUTE, NOON, bundle, channel, complete, extend, hold, line_quantities, location, new_line, release, sku,
    stock_lines,
};
use crate::random::Random;

/// The SKUs of a history; the last two are bundles of the first.
pub(crate) const SKUS: [&str; 7] = ["mug", "plate", "cup", "jar", "bowl", "set", "pair"];
/// Its locations.
pub(crate) const LOCATIONS: [&str; 3] = ["main", "north", "süd"];
/// Its channels.
pub(crate) const CHANNELS: [&str; 2] = ["web", "market"];

/// The SKUs that hold stock themselves.
const PLAIN: usize = 5;
const DAY: i64 = 24 * 60 * MINUTE;

/// A random history, command by command, without an end.
#[derive(Clone, Debug)]
pub struct History {
    random: Random,
    now_ms: i64,
    given: u64,
    orders: u64,
    holds: u64,
    /// Roughly how many events have happened.
    events: u64,
    /// Commands that had a key, to be sent again.
    keyed: Vec<Command>,
    placed: Vec<NewOrder>,
}

impl History {
    /// The history that follows from a seed.
    pub fn new(seed: u64) -> Self {
        History {
            random: Random::new(seed),
            now_ms: NOON,
            given: 0,
            orders: 0,
            holds: 0,
            events: 0,
            keyed: Vec::new(),
            placed: Vec::new(),
        }
    }

    /// The registrations that every history begins with.
    fn opening(number: u64) -> Option<Command> {
        let opening: Vec<Command> = SKUS[..PLAIN]
            .iter()
            .map(|name| sku(name).into())
            .chain(LOCATIONS.iter().map(|name| location(name).into()))
            .chain([
                bundle("set", &[("mug", 2), ("plate", 1)]).into(),
                bundle("pair", &[("cup", 1), ("plate", 1)]).into(),
                channel("web", &LOCATIONS).into(),
                RegisterChannel { sourcing: Sourcing::FewestSplits, ..channel("market", &["süd", "north", "main"]) }
                    .into(),
            ])
            .collect();
        opening.into_iter().nth(usize::try_from(number).unwrap_or(usize::MAX))
    }

    fn advance(&mut self) -> i64 {
        let random = &mut self.random;
        match random.below(100) {
            0..85 => self.now_ms += random.between(0, 2 * MINUTE),
            85..88 => self.now_ms += random.between(0, DAY),
            // The clock is set back: for this one command, or for good.
            88..96 => return (self.now_ms - random.between(0, 60 * MINUTE)).max(0),
            96..98 => self.now_ms -= random.between(0, 10 * MINUTE),
            98 => return random.one_of(&[0, -1, i64::MIN, i64::MAX, NOON]),
            _ => {}
        }
        self.now_ms
    }

    fn plain_sku(&mut self) -> &'static str {
        self.random.one_of(&SKUS[..PLAIN])
    }

    fn any_sku(&mut self) -> &'static str {
        if self.random.percent(1) { "no such thing" } else { self.random.one_of(&SKUS) }
    }

    fn place(&mut self) -> &'static str {
        if self.random.percent(1) { "nowhere" } else { self.random.one_of(&LOCATIONS) }
    }

    fn any_channel(&mut self) -> &'static str {
        if self.random.percent(1) { "unheard of" } else { self.random.one_of(&CHANNELS) }
    }

    /// Lines of one to three SKUs, which may be the same.
    fn lines(&mut self, plain: bool, quantity_max: i64) -> Vec<(&'static str, i64)> {
        let count = self.random.between(1, 3);
        let line = |history: &mut Self| {
            let sku = if plain { history.plain_sku() } else { history.any_sku() };
            (sku, history.random.between(1, quantity_max))
        };
        (0..count).map(|_| line(self)).collect()
    }

    fn ranking(&mut self) -> Option<Vec<String>> {
        if !self.random.percent(15) {
            return None;
        }
        let (first, second) = (self.place(), self.place());
        Some(vec![first.into(), second.into()])
    }

    /// The id of an order, mostly one of the latest.
    fn order_id(&mut self) -> String {
        let back = if self.random.percent(80) { 12 } else { self.orders + 2 };
        format!("o-{}", self.orders.saturating_sub(self.random.below(back)))
    }

    fn hold_id(&mut self) -> String {
        let back = if self.random.percent(80) { 6 } else { self.holds + 2 };
        format!("h-{}", self.holds.saturating_sub(self.random.below(back)))
    }

    fn subscription(&mut self) -> String {
        format!("reader {}", self.random.below(4))
    }

    fn new_order(&mut self) -> NewOrder {
        self.orders += 1;
        let lines: Vec<_> = self.lines(false, 5).into_iter().map(|(sku, quantity)| new_line(sku, quantity)).collect();
        let lines_minor = lines.iter().map(|line| line.quantity * line.unit_price_minor).sum();
        let totals = Totals { lines_minor, total_minor: lines_minor, ..Totals::default() };
        let ship_to = ShipTo { name: "Zoë".into(), city: "Köln".into(), ..ShipTo::default() };
        let policies =
            [StockPolicy::AllOrNothing, StockPolicy::Partial, StockPolicy::Backorder, StockPolicy::Backorder];
        let new = NewOrder {
            id: format!("o-{}", self.orders),
            channel: self.any_channel().into(),
            currency: if self.random.percent(2) { "euro".into() } else { "EUR".into() },
            lines,
            policy: self.random.one_of(&policies),
            ranking: self.ranking(),
            hold: self.random.percent(15).then(|| self.hold_id()),
            totals: self.random.percent(20).then_some(totals),
            ship_to: self.random.percent(20).then_some(ship_to),
            note: self.random.percent(10).then(|| "leave it\nat the door".to_owned()),
            ..NewOrder::default()
        };
        self.placed.push(new.clone());
        new
    }

    /// A hold or an order with the id of an earlier one and, mostly, other content.
    fn same_id(&mut self) -> Command {
        if self.random.percent(50) || self.placed.is_empty() {
            let lives_ms = self.random.between(1, 30) * MINUTE;
            return hold(&self.hold_id(), &[("mug", self.random.between(1, 2))], lives_ms).into();
        }
        let known = self.random.one_of(&self.placed);
        NewOrder { lines: vec![new_line(self.plain_sku(), self.random.between(1, 2))], ..known }.into()
    }

    fn receive(&mut self) -> ReceiveStock {
        ReceiveStock {
            location: self.place().into(),
            lines: stock_lines(&self.lines(true, 12)),
            source: if self.random.percent(90) { Source::Supply } else { Source::Customer },
            reference: self.random.percent(30).then(|| format!("note {}", self.given)),
        }
    }

    fn policy(&mut self) -> SetStockPolicy {
        SetStockPolicy {
            sku: self.plain_sku().into(),
            location: self.place().into(),
            safety_stock: self.random.percent(30).then(|| self.random.between(0, 4)),
            backorder_limit: self.random.percent(70).then(|| self.random.between(0, 30)),
            unavailable: self.random.percent(30).then(|| self.random.between(0, 4)),
        }
    }

    fn edit(&mut self) -> EditOrder {
        let added = if self.random.percent(30) { self.lines(false, 3) } else { Vec::new() };
        EditOrder {
            order: self.order_id(),
            lines: line_quantities(&self.some_lines(6)),
            add: added.into_iter().take(1).map(|(sku, quantity)| new_line(sku, quantity)).collect(),
            ship_to: None,
            note: self.random.percent(20).then(|| "changed".to_owned()),
        }
    }

    /// Numbers and quantities of an order's lines, some of which it may have.
    fn some_lines(&mut self, quantity_max: i64) -> Vec<(u32, i64)> {
        let mut lines = vec![(1, self.random.between(0, quantity_max))];
        if self.random.percent(30) {
            lines.push((2, self.random.between(1, quantity_max)));
        }
        lines
    }

    fn give_back(&mut self) -> ReturnOrder {
        let disposition = self.random.one_of(&[Disposition::Restock, Disposition::Damaged, Disposition::Lost]);
        let location = self.random.percent(30).then(|| self.place().to_owned());
        let line = ReturnLine { line: 1, quantity: self.random.between(1, 2), disposition, location };
        ReturnOrder { order: self.order_id(), lines: vec![line] }
    }

    fn prune(&mut self) -> Prune {
        let from = match self.random.below(5) {
            0 | 1 => PruneFrom::Events,
            2 => PruneFrom::Keys(String::new()),
            3 => PruneFrom::Keys("k-1".into()),
            _ => PruneFrom::Orders(self.random.below(self.orders + 1) / 2),
        };
        Prune {
            before_ms: (self.now_ms - self.random.between(0, 2 * DAY)).max(0),
            limit: 1 + self.random.below(60) as u32,
            from,
        }
    }

    /// A command of a random kind. The weights make most of them possible: goods come in about as fast as
    /// they are sold.
    fn action(&mut self) -> Command {
        match self.random.below(100) {
            0..25 => self.new_order().into(),
            25..32 => {
                self.holds += 1;
                PlaceHold {
                    hold: format!("h-{}", self.holds),
                    channel: self.any_channel().into(),
                    lines: stock_lines(&self.lines(false, 3)),
                    lives_ms: self.random.between(1, 30) * MINUTE,
                    ranking: self.ranking(),
                }
                .into()
            }
            32..35 => extend(&self.hold_id(), self.random.between(0, 60) * MINUTE).into(),
            35..38 => release(&self.hold_id()).into(),
            38..41 => Tick { limit: 1 + self.random.below(5) as u32 }.into(),
            41..52 => self.receive().into(),
            52..55 => AdjustStock {
                sku: self.any_sku().into(),
                location: self.place().into(),
                difference: self.random.between(-6, 4),
                lost: self.random.percent(40),
                reference: None,
            }
            .into(),
            55..58 => CountStock {
                sku: self.plain_sku().into(),
                location: self.place().into(),
                counted: self.random.between(0, 15),
                expected: self.random.percent(30).then(|| self.random.between(0, 15)),
                reference: self.random.percent(30).then(|| "count".to_owned()),
            }
            .into(),
            58..62 => TransferStock {
                from: self.place().into(),
                to: self.place().into(),
                lines: stock_lines(&self.lines(true, 4)),
                reference: None,
            }
            .into(),
            62..67 => self.policy().into(),
            67..72 => self.edit().into(),
            72..77 => CancelOrder {
                order: self.order_id(),
                lines: self.random.percent(50).then(|| line_quantities(&self.some_lines(3))),
                reason: self.random.percent(30).then(|| "changed my mind".to_owned()),
            }
            .into(),
            77..85 => ShipOrder {
                order: self.order_id(),
                lines: self.random.percent(30).then(|| line_quantities(&self.some_lines(3))),
                location: self.random.percent(20).then(|| self.place().to_owned()),
                tracking: self.random.percent(20).then(|| Tracking { carrier: "Post".into(), ..Tracking::default() }),
            }
            .into(),
            85..89 => self.give_back().into(),
            89..92 => complete(&self.order_id()).into(),
            92 => Subscribe {
                subscription: self.subscription(),
                from: self.random.one_of(&[
                    SubscribeFrom::Start,
                    SubscribeFrom::Now,
                    SubscribeFrom::After(self.events / 2),
                ]),
            }
            .into(),
            93..95 => {
                Acknowledge { subscription: self.subscription(), through: self.random.below(self.events + 1) }.into()
            }
            95 => Unsubscribe { subscription: self.subscription() }.into(),
            96..98 => self.prune().into(),
            98 => sku(self.random.one_of(&SKUS)).into(),
            _ => {
                let mut again = channel(self.random.one_of(&CHANNELS), &LOCATIONS);
                again.locations.rotate_left(self.random.below(3) as usize);
                again.into()
            }
        }
    }
}

impl Iterator for History {
    type Item = TimedCommand;

    fn next(&mut self) -> Option<TimedCommand> {
        let number = self.given;
        self.given += 1;
        self.events += 2;
        if let Some(command) = Self::opening(number) {
            return Some(TimedCommand { at_ms: self.now_ms, command });
        }
        let at_ms = self.advance();
        // What was sent before comes again: the same, or with other content.
        let again = self.random.below(100);
        if again < 4 && !self.keyed.is_empty() {
            let command = self.random.one_of(&self.keyed);
            return Some(TimedCommand { at_ms, command });
        }
        if again < 6 && !self.placed.is_empty() {
            let command = self.random.one_of(&self.placed).into();
            return Some(TimedCommand { at_ms, command });
        }
        if again == 6 {
            return Some(TimedCommand { at_ms, command: self.same_id() });
        }
        let mut command = self.action();
        if again < 9 && !self.keyed.is_empty() {
            command.key = self.random.one_of(&self.keyed).key;
        } else if again < 40 {
            command.key = Some(format!("k-{number}"));
            self.keyed.push(command.clone());
        }
        Some(TimedCommand { at_ms, command })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_history() {
        let take = |seed| History::new(seed).take(500).collect::<Vec<_>>();
        assert_eq!(take(1), take(1));
        assert_ne!(take(1), take(2));
    }
}
