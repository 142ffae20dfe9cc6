//! One decision in the making: the working set, the time, and the facts noted so far. Every rule gets one.
//! What all rules share stands here: noting facts, giving numbers, moving and claiming stock.

use serde::Serialize;

use crate::code::{Code, Rejection};
use crate::engine::working_set::{Stop, WorkingSet};
use crate::error::Error;
use crate::ids::{LocationNumber, Name, OrderNumber, StockNumber};
use crate::inventory::{Fingerprint, Movement, Reason};
use crate::order::Link;
use crate::outbox::{EventKind, EventRow, write_stock_fact};
use crate::planted::planted;
use crate::quantity::LEVEL_MAX;

/// Room for the facts of an ordinary order, so that they are written without growing.
const FACTS_BYTES: usize = 512;

/// One decision in the making.
pub(crate) struct Decision<'w> {
    pub(crate) rows: &'w mut WorkingSet,
    pub(crate) now_ms: i64,
    facts: Vec<u8>,
    fact_count: u64,
    shortfalls_said: Vec<StockNumber>,
    silent: bool,
    /// Whether an order to place has its id for a key.
    pub(crate) keyed_by_id: bool,
    /// Tells the command's content from another's, where it has a key or names what it makes.
    pub(crate) fingerprint: Fingerprint,
}

impl<'w> Decision<'w> {
    #[cfg_attr(target_family = "wasm", inline)]
    pub(crate) fn new(rows: &'w mut WorkingSet, now_ms: i64, fingerprint: Fingerprint) -> Self {
        Decision {
            rows,
            now_ms,
            facts: Vec::new(),
            fact_count: 0,
            shortfalls_said: Vec::new(),
            silent: false,
            keyed_by_id: false,
            fingerprint,
        }
    }

    /// Forgetting details is no fact of the business: pruning changes orders without an event.
    pub(crate) fn papers_may_change_silently(&mut self) {
        self.silent = true;
    }

    /// Notes a fact, which becomes an event if the command is accepted.
    pub(crate) fn note<T: Serialize>(&mut self, kind: EventKind, data: &T) -> Result<(), Stop> {
        self.open_fact(kind);
        append_json(&mut self.facts, data)?;
        self.facts.push(b'}');
        Ok(())
    }

    /// Notes a fact that writes its own JSON.
    #[cfg_attr(target_family = "wasm", inline)]
    pub(crate) fn note_written(&mut self, kind: EventKind, write: impl FnOnce(&mut Vec<u8>)) {
        self.open_fact(kind);
        write(&mut self.facts);
        self.facts.push(b'}');
    }

    #[cfg_attr(target_family = "wasm", inline)]
    fn open_fact(&mut self, kind: EventKind) {
        if self.facts.is_empty() {
            self.facts.reserve(FACTS_BYTES);
        }
        self.facts.extend_from_slice(if self.fact_count == 0 { b"{\"facts\":[{\"" } else { b",{\"" });
        self.facts.extend_from_slice(kind.name().as_bytes());
        self.facts.extend_from_slice(b"\":");
        self.fact_count += 1;
    }

    /// Forgets the facts noted, when a command is taken back.
    pub(crate) fn forget_facts(&mut self) {
        self.facts.clear();
        self.fact_count = 0;
        self.shortfalls_said.clear();
    }

    pub(crate) fn shortfall_said(&mut self, stock: StockNumber) {
        self.shortfalls_said.push(stock);
    }

    /// Writes the facts and the changed stock levels down as the command's event row, and asserts on the
    /// way what must hold after every command.
    #[cfg_attr(target_family = "wasm", inline)]
    pub(crate) fn write_events(mut self) -> Result<(), Stop> {
        let papers = self.rows.touched_papers();
        if papers && self.fact_count == 0 && !self.silent {
            return Err(Error::broken("EVENT-IFF: an order or a hold changed without an event").into());
        }
        if self.fact_count == 0 {
            self.facts.extend_from_slice(b"{\"facts\":[");
        }
        self.facts.extend_from_slice(b"],\"stock\":[");
        let mut levels = 0;
        for (_, number, before, now) in self.rows.touched_stock(0) {
            let covered = self.shortfalls_said.contains(&number) || now.shortfall() <= before.shortfall();
            check_stock(number, before, now, covered)?;
            let (sku, location) = self.rows.stock_names(number)?;
            if !now.same_level(before) {
                if levels > 0 {
                    self.facts.push(b',');
                }
                write_stock_fact(&mut self.facts, sku, location, now);
                levels += 1;
            }
        }
        self.facts.extend_from_slice(b"]}");
        let count = self.fact_count + levels;
        if count > 0 && !(planted!(EventForgotten) && self.fact_count == 0) {
            let counters = &mut self.rows.catalog_mut()?.counters;
            let first_number = counters.event + 1;
            counters.event += count;
            counters.last_event_at_ms = self.now_ms;
            let number = counters.event;
            let facts = String::from_utf8(self.facts)
                .map_err(|error| Error::broken("a fact is not UTF-8").with_source(error))?;
            self.rows.push_event(EventRow { number, first_number, at_ms: self.now_ms, facts });
        }
        Ok(())
    }

    /// The number that the command's first event will have.
    pub(crate) fn next_event(&self) -> Result<u64, Stop> {
        Ok(self.rows.catalog()?.counters.event + 1)
    }

    #[cfg_attr(target_family = "wasm", inline)]
    pub(crate) fn location(&self, name: &str) -> Result<Option<LocationNumber>, Stop> {
        Ok(self.rows.catalog()?.by_name.get(name).copied())
    }

    #[cfg_attr(target_family = "wasm", inline)]
    pub(crate) fn location_name(&self, number: LocationNumber) -> Result<Name, Stop> {
        Ok(self.rows.catalog()?.location_name(number)?.clone())
    }

    /// Changes on-hand and writes the movement.
    pub(crate) fn move_stock(
        &mut self,
        number: StockNumber,
        quantity: i64,
        reason: Reason,
        reference: &Name,
    ) -> Result<(), Stop> {
        let stock = self.rows.stock_mut(number)?;
        stock.on_hand += quantity;
        let unavailable = stock.unavailable;
        if stock.on_hand > LEVEL_MAX {
            return Err(level_out_of_range());
        }
        if stock.on_hand < 0 || (stock.on_hand < unavailable && quantity < 0) {
            let there = stock.on_hand - quantity;
            let detail = format!("{} to leave, {there} on hand of which {unavailable} unavailable", -quantity);
            return Err(Rejection::one(Code::NotOnHand, "", detail).into());
        }
        let counters = &mut self.rows.catalog_mut()?.counters;
        counters.movement += 1;
        let movement = Movement {
            number: counters.movement,
            stock: number,
            quantity,
            reason,
            reference: reference.clone(),
            at_ms: self.now_ms,
        };
        self.rows.push_movement(movement);
        Ok(())
    }

    /// Claims units of a stock row for an order; `links` are the order's, which get one more where the
    /// order is not in the row's claim chain already (`in_chain`).
    #[cfg_attr(target_family = "wasm", inline)]
    pub(crate) fn claim(
        &mut self,
        number: StockNumber,
        order: OrderNumber,
        claimed: i64,
        backordered: i64,
        in_chain: bool,
        links: &mut Vec<Link>,
    ) -> Result<(), Stop> {
        let stock = self.rows.stock_mut(number)?;
        stock.allocated += claimed;
        stock.backordered += backordered;
        if stock.allocated > LEVEL_MAX {
            return Err(level_out_of_range());
        }
        if !in_chain {
            links.push(Link { stock: number, previous: stock.last_claim });
            stock.last_claim = order;
        }
        Ok(())
    }

    /// Gives back units that an order claimed. The chain of a row that nobody claims any more is cut.
    pub(crate) fn unclaim(&mut self, number: StockNumber, claimed: i64, backordered: i64) -> Result<(), Stop> {
        let stock = self.rows.stock_mut(number)?;
        stock.allocated -= claimed;
        stock.backordered -= backordered;
        if stock.allocated == 0 {
            stock.last_claim = OrderNumber(0);
        }
        Ok(())
    }
}

pub(crate) fn level_out_of_range() -> Stop {
    Rejection::one(Code::LevelOutOfRange, "", format!("more than {LEVEL_MAX} units")).into()
}

fn append_json<T: Serialize>(bytes: &mut Vec<u8>, value: &T) -> Result<(), Error> {
    serde_json::to_writer(bytes, value)
        .map_err(|error| Error::broken("a fact cannot be written as JSON").with_source(error))
}

/// What must hold of a stock row after every command, whatever the command.
fn check_stock(
    number: StockNumber,
    before: &crate::inventory::Stock,
    now: &crate::inventory::Stock,
    shortfall_said: bool,
) -> Result<(), Error> {
    let quantities = [now.on_hand, now.unavailable, now.safety_stock, now.held, now.backordered, now.backorder_limit];
    let broken = if quantities.iter().any(|quantity| !(0..=LEVEL_MAX).contains(quantity)) {
        "a quantity is below 0 or too large"
    } else if now.allocated < now.backordered || now.allocated > LEVEL_MAX {
        "CLAIMED: allocated is below backordered or too large"
    } else if (now.allocated == 0) != (now.last_claim.0 == 0) {
        "CLAIMED: the claim chain does not begin where there are claims"
    } else if now.held + now.allocated > before.held + before.allocated
        && now.room() < 0
        && !(planted!(GuardSkipped) || planted!(HoldOnHeld))
    {
        "NOT-OVERSOLD: claims rose above what may be promised"
    } else if !shortfall_said && !planted!(ShortfallUnsaid) {
        "SHORTFALL-SAID: claims lost their cover without an event"
    } else {
        return Ok(());
    };
    Err(Error::broken(format!("{broken}: stock row {} went from {before:?} to {now:?}", number.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Catalog;
    use crate::inventory::{Hold, Stock};

    const ROW: StockNumber = StockNumber(1 << 16 | 1);

    fn over<T>(stock: Stock, rule: impl FnOnce(&mut Decision<'_>) -> T) -> T {
        let mut rows = WorkingSet::default();
        rows.put_catalog(Catalog::default());
        rows.put_stock(ROW, Some(stock));
        rows.put_hold("h-1", None);
        assert!(rows.begin_command().is_ok());
        rule(&mut Decision::new(&mut rows, 0, Fingerprint::default()))
    }

    fn rejection<T>(result: Result<T, Stop>) -> Option<(Code, String)> {
        match result {
            Err(Stop::Reject(rejection)) => Some((rejection.code, rejection.faults[0].detail.clone())),
            Err(_) => panic!("it is neither done nor rejected"),
            Ok(_) => None,
        }
    }

    #[test]
    fn stock_moves_within_what_is_there_and_what_can_be() {
        let too_few = |detail: &str| Some((Code::NotOnHand, detail.to_owned()));
        let too_many = || Some((Code::LevelOutOfRange, "more than 9007199254740991 units".to_owned()));
        let cases = [
            // on hand, unavailable, moved
            (LEVEL_MAX - 1, 0, 1, None),
            (LEVEL_MAX, 0, 1, too_many()),
            (LEVEL_MAX, 0, 1_000, too_many()),
            (5, 0, -5, None),
            (5, 0, -6, too_few("6 to leave, 5 on hand of which 0 unavailable")),
            (5, 2, -3, None),
            (5, 2, -4, too_few("4 to leave, 5 on hand of which 2 unavailable")),
            // What comes is welcome, even where more is unavailable than there is.
            (1, 5, 1, None),
        ];
        for (on_hand, unavailable, quantity, expected) in cases {
            let stock = Stock { on_hand, unavailable, ..Stock::default() };
            let moved = over(stock, |it| it.move_stock(ROW, quantity, Reason::Adjusted, &"".into()));
            assert_eq!(rejection(moved), expected, "{quantity} of {on_hand}, {unavailable} unavailable");
        }
    }

    #[test]
    fn claims_go_up_to_what_can_be() {
        for (allocated, is_possible) in [(LEVEL_MAX - 1, true), (LEVEL_MAX, false), (LEVEL_MAX - 1_000, true)] {
            let stock = Stock { on_hand: LEVEL_MAX, allocated, last_claim: OrderNumber(1), ..Stock::default() };
            let claimed = over(stock, |it| it.claim(ROW, OrderNumber(2), 1, 0, false, &mut Vec::new()));
            assert_eq!(rejection(claimed).is_none(), is_possible, "{allocated}");
        }
    }

    #[test]
    fn papers_do_not_change_without_an_event_unless_that_is_meant() {
        let hold = || Hold {
            number: 1,
            id: "h-1".into(),
            channel: "web".into(),
            expires_at_ms: 1,
            fingerprint: Fingerprint::default(),
            lines: Vec::new(),
            claims: Vec::new(),
        };
        type Also = fn(&mut Decision<'_>);
        let cases: [(&str, Also, bool); 3] = [
            ("nothing", |_| {}, false),
            ("an event", |it| assert!(it.note(EventKind::HoldPlaced, &()).is_ok()), true),
            ("silence that is meant", |it| it.papers_may_change_silently(), true),
        ];
        for (what, also, is_right) in cases {
            let mut rows = WorkingSet::default();
            rows.put_catalog(Catalog::default());
            rows.put_hold("h-1", None);
            assert!(rows.begin_command().is_ok());
            let mut decision = Decision::new(&mut rows, 0, Fingerprint::default());
            assert!(decision.rows.set_hold("h-1", Some(hold())).is_ok());
            also(&mut decision);
            assert_eq!(decision.write_events().is_ok(), is_right, "{what}");
        }
    }

    #[test]
    fn what_must_hold_of_a_stock_row() {
        type Change = fn(&mut Stock);
        let level = Stock { on_hand: 10, allocated: 2, last_claim: OrderNumber(1), ..Stock::default() };
        // What the row was, what it is now, both beside the level above; what does not hold.
        let cases: &[(Change, Change, Option<&str>)] = &[
            (|_| {}, |_| {}, None),
            (|now| now.on_hand = LEVEL_MAX, |now| now.on_hand = LEVEL_MAX, None),
            (|_| {}, |now| now.on_hand = LEVEL_MAX + 1, Some("a quantity")),
            (|_| {}, |now| now.on_hand = -1, Some("a quantity")),
            (|_| {}, |now| now.unavailable = -1, Some("a quantity")),
            (|_| {}, |now| now.safety_stock = -1, Some("a quantity")),
            (|_| {}, |now| now.held = -1, Some("a quantity")),
            (|_| {}, |now| now.backordered = -1, Some("a quantity")),
            (|_| {}, |now| now.backorder_limit = -1, Some("a quantity")),
            (|now| now.allocated = LEVEL_MAX, |now| now.allocated = LEVEL_MAX, None),
            (|now| now.allocated = LEVEL_MAX + 1, |now| now.allocated = LEVEL_MAX + 1, Some("CLAIMED: allocated")),
            (|_| {}, |now| now.backordered = 2, None),
            (|_| {}, |now| now.backordered = 3, Some("CLAIMED: allocated")),
            (|_| {}, |now| now.last_claim = OrderNumber(0), Some("CLAIMED: the claim chain")),
            (|_| {}, |now| now.allocated = 0, Some("CLAIMED: the claim chain")),
            (|_| {}, |now| (now.allocated, now.last_claim) = (0, OrderNumber(0)), None),
            (|_| {}, |now| now.allocated = 10, None),
            (|_| {}, |now| now.allocated = 11, Some("NOT-OVERSOLD")),
            (|_| {}, |now| now.held = 8, None),
            (|_| {}, |now| now.held = 9, Some("NOT-OVERSOLD")),
            (|_| {}, |now| (now.allocated, now.backordered, now.backorder_limit) = (12, 2, 2), None),
            // Claims that were there before may lose their cover; that a claim goes from a hold to an order is no new one.
            (|_| {}, |now| now.on_hand = 1, None),
            (|now| now.held = 9, |now| now.allocated = 11, None),
            (|now| now.held = 9, |now| (now.held, now.allocated) = (1, 11), Some("NOT-OVERSOLD")),
        ];
        for (was, is, expected) in cases {
            let (mut before, mut now) = (level, level);
            was(&mut before);
            is(&mut now);
            let error = check_stock(ROW, &before, &now, true).err().map(|error| error.to_string());
            match (&error, expected) {
                (None, None) => assert!(check_stock(ROW, &before, &now, false).is_err(), "{now:?}"),
                (Some(error), Some(expected)) => assert!(error.contains(expected), "{now:?}: {error}"),
                _ => panic!("{before:?} to {now:?}: {error:?}"),
            }
        }
    }
}
