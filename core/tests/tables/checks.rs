//! What a table can say of the state and of the events after a command. Each check compares the words of a
//! line with what the shop answers; none of them changes anything.

use std::fmt::Write as _;

use stockroom::ports::{Page, Rows};
use stockroom::{Code, EventData};

use crate::notation::{Parsed, Words};
use crate::scene::Scene;

impl Scene {
    /// Checks a line that names no command.
    pub(crate) fn check(&self, line: &str) -> Parsed<()> {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest.trim();
        match verb {
            "stock" => self.stock(rest),
            "available" => self.available(rest),
            "sellable" => self.sellable(rest),
            "state" => self.state(rest),
            "claims" => same(rest, self.claims(rest)?),
            "reply" => same(rest, self.reply_claims()?),
            "held" => same(rest, self.held(rest)?),
            "lines" => same(rest, self.lines(rest)?),
            "ledger" => same(rest, self.ledger(rest)?),
            "subscription" => same(rest, self.subscription(rest)?),
            "events" => same(rest, self.event_names()),
            "filled" => same(rest, self.filled()),
            "short" => same(rest, self.short()),
            "shipped" => same(rest, self.shipped()),
            "expired" => same(rest, self.expired()),
            "faults" => same(rest, self.faults()?),
            "no" => self.none(rest),
            _ => Err("the check is not understood".to_owned()),
        }
    }

    /// `main mug on_hand 10 allocated 2`: the quantities named, and no others.
    fn stock(&self, rest: &str) -> Parsed<()> {
        let mut words = Words::of(rest);
        let (location, sku) = (words.next("a location")?, words.next("a SKU")?);
        let level = self.shop.room.stock(sku, location).map_err(|error| error.to_string())?;
        let level = level.ok_or_else(|| format!("{sku} or {location} is not registered"))?;
        while !words.is_empty() {
            let name = words.next("a quantity's name")?;
            let found = match name {
                "on_hand" => level.on_hand,
                "unavailable" => level.unavailable,
                "safety" => level.safety_stock,
                "held" => level.held,
                "allocated" => level.allocated,
                "backordered" => level.backordered,
                "limit" => level.backorder_limit,
                "available" => level.available,
                other => return Err(format!("{other} is no quantity")),
            };
            let expected: i64 = words.number("units")?;
            if found != expected {
                return Err(format!("{name} is {found}, in {level:?}"));
            }
        }
        Ok(())
    }

    /// `main mug 8`: available-to-promise at a location.
    fn available(&self, rest: &str) -> Parsed<()> {
        let mut words = Words::of(rest);
        let (location, sku) = (words.next("a location")?, words.next("a SKU")?);
        let expected: i64 = words.number("units")?;
        let found = self.shop.room.available(sku, location).map_err(|error| error.to_string())?;
        if found == Some(expected) { Ok(()) } else { Err(format!("{found:?} available")) }
    }

    /// `web mug 8 plate 3`: available-to-promise on a channel, of all SKUs named in one call.
    fn sellable(&self, rest: &str) -> Parsed<()> {
        let mut words = Words::of(rest);
        let channel = words.next("a channel")?;
        let (mut skus, mut expected) = (Vec::new(), Vec::new());
        while !words.is_empty() {
            skus.push(words.next("a SKU")?);
            expected.push(Some(words.number::<i64>("units")?));
        }
        let found = self.shop.room.channel_availability(channel, &skus).map_err(|error| error.to_string())?;
        if found == expected { Ok(()) } else { Err(format!("{found:?} available")) }
    }

    /// `o-1 backordered value 1250`.
    fn state(&self, rest: &str) -> Parsed<()> {
        let mut words = Words::of(rest);
        let order = self.order(words.next("an order")?)?;
        let state = words.next("a state")?;
        let value = if words.take("value") { Some(words.number::<i64>("minor units")?) } else { None };
        words.end()?;
        if order.state.name() == state && value.is_none_or(|value| order.value_minor() == value) {
            return Ok(());
        }
        Err(format!("it is {} with a value of {}", order.state.name(), order.value_minor()))
    }

    /// `o-1: line 1 main 3+2 priority`: open and backordered units by line and location, and why there.
    fn claims(&self, rest: &str) -> Parsed<String> {
        let id = rest.split(':').next().unwrap_or_default();
        let order = self.order(id)?;
        let mut parts = Vec::new();
        for allocation in order.body.allocations.iter().filter(|a| a.open + a.backordered > 0) {
            let location = self.location_name(allocation.location.0)?;
            let why = name_of(&allocation.why);
            parts.push(claim(allocation.line + 1, &location, allocation.open, allocation.backordered, &why));
        }
        Ok(format!("{id}: {}", list(&parts)))
    }

    /// The same as the answer tells it.
    fn reply_claims(&self) -> Parsed<String> {
        let placed = self.last()?.placed_order().ok_or("the last command placed no order")?;
        let parts = placed.allocations.iter().map(|allocated| {
            let why = name_of(&allocated.why);
            claim(allocated.line, &allocated.location, allocated.quantity, allocated.backordered, &why)
        });
        Ok(list(&parts.collect::<Vec<_>>()))
    }

    /// `h-1: mug main 2, plate backup 1`.
    fn held(&self, rest: &str) -> Parsed<String> {
        let id = rest.split(':').next().unwrap_or_default();
        let hold = self.shop.room.hold(id).map_err(|error| error.to_string())?.ok_or("there is no such hold")?;
        let mut parts = Vec::new();
        for claim in &hold.claims {
            let location = self.location_name(claim.location.0)?;
            parts.push(format!("{} {location} {}", hold.lines[claim.line as usize].sku, claim.quantity));
        }
        Ok(format!("{id}: {}", list(&parts)))
    }

    /// `o-1: mug 5 unfilled 2 cancelled 1 returned 1, plate 1`: the order's lines.
    fn lines(&self, rest: &str) -> Parsed<String> {
        let id = rest.split(':').next().unwrap_or_default();
        let order = self.order(id)?;
        let parts = order.body.lines.iter().map(|line| {
            let mut part = format!("{} {}", line.sku, line.quantity);
            for (name, units) in
                [("unfilled", line.unfilled), ("cancelled", line.cancelled), ("returned", line.returned)]
            {
                if units > 0 {
                    write!(part, " {name} {units}").expect("a string takes it");
                }
            }
            part
        });
        Ok(format!("{id}: {}", list(&parts.collect::<Vec<_>>())))
    }

    /// `main mug: received +10 DN-1, shipped -2 o-1`: the movements of a SKU at a location.
    fn ledger(&self, rest: &str) -> Parsed<String> {
        let place = rest.split(':').next().unwrap_or_default();
        let (location, sku) = place.split_once(' ').ok_or("a location and a SKU are wanted")?;
        let Ok(Rows::Movements(rows)) = self.shop.room.page(&Page::Movements(0), u32::MAX) else {
            return Err("the movements cannot be read".to_owned());
        };
        let mut parts = Vec::new();
        for row in rows {
            if self.location_name(row.stock.location().0)? == location && self.sku_name(row.stock.sku().0)? == sku {
                let part = format!("{} {:+} {}", row.reason.name(), row.quantity, row.reference);
                parts.push(part.trim_end().to_owned());
            }
        }
        Ok(format!("{place}: {}", list(&parts)))
    }

    /// `erp at 3, to read 4 5`: a subscription's place and the numbers of the events that it has not seen.
    fn subscription(&self, rest: &str) -> Parsed<String> {
        let name = rest.split(' ').next().unwrap_or_default();
        let room = &self.shop.room;
        let row = room.subscription(name).map_err(|error| error.to_string())?.ok_or("there is no such subscription")?;
        let events = room.subscribed_events(name, u32::MAX).map_err(|error| error.to_string())?.unwrap_or_default();
        let numbers: Vec<String> = events.iter().map(|event| event.number.to_string()).collect();
        let numbers = if numbers.is_empty() { "nothing".to_owned() } else { numbers.join(" ") };
        Ok(format!("{name} at {}, to read {numbers}", row.cursor))
    }

    /// The last command's events by name; a `stock.changed` with its SKU and location.
    fn event_names(&self) -> String {
        let parts = self.events.iter().map(|event| match &event.data {
            EventData::StockChanged(level) => format!("stock.changed {} {}", level.location, level.sku),
            data => format!("{} {}", data.kind().name(), data.subject()),
        });
        list(&parts.collect::<Vec<_>>())
    }

    /// `o-1 line 1 main 3`: what the last command filled, in order.
    fn filled(&self) -> String {
        let parts = self.events.iter().filter_map(|event| match &event.data {
            EventData::OrderFilled(filled) => {
                Some(format!("{} line {} {} {}", filled.order, filled.line, filled.location, filled.quantity))
            }
            _ => None,
        });
        list(&parts.collect::<Vec<_>>())
    }

    /// `main mug 3: h-2 2 o-1 1`: the shortfalls that the last command said, with the holds and the orders.
    fn short(&self) -> String {
        let parts = self.events.iter().filter_map(|event| match &event.data {
            EventData::StockShortfall(said) => {
                let mut part = format!("{} {} {}:", said.location, said.sku, said.shortfall);
                let holds = said.holds.iter().map(|touched| (&touched.hold, touched.units));
                let orders = said.orders.iter().map(|touched| (&touched.order, touched.units));
                for (name, units) in holds.chain(orders) {
                    write!(part, " {name} {units}").expect("a string takes it");
                }
                Some(part)
            }
            _ => None,
        });
        list(&parts.collect::<Vec<_>>())
    }

    /// `line 1 mug main 2, DHL 123`: what the last command shipped, and its tracking.
    fn shipped(&self) -> String {
        let parts = self.events.iter().filter_map(|event| match &event.data {
            EventData::OrderShipped(shipped) => {
                let units =
                    shipped.lines.iter().map(|l| format!("line {} {} {} {}", l.line, l.sku, l.location, l.quantity));
                let tracking = shipped.tracking.iter().map(|t| format!("{} {}", t.carrier, t.number));
                Some(list(&units.chain(tracking).collect::<Vec<_>>()))
            }
            _ => None,
        });
        list(&parts.collect::<Vec<_>>())
    }

    /// The holds that expired by the last command.
    fn expired(&self) -> String {
        let parts = self.events.iter().filter_map(|event| match &event.data {
            EventData::HoldExpired(end) => Some(end.hold.clone()),
            _ => None,
        });
        list(&parts.collect::<Vec<_>>())
    }

    /// `sku_unknown lines[0].sku, price_out_of_range lines[1].unit_price_minor`: every fault of the rejection.
    fn faults(&self) -> Parsed<String> {
        let rejection = self.last()?.rejection().ok_or("the last command was accepted")?;
        let lowest: Option<Code> = rejection.faults.iter().map(|fault| fault.code).min();
        if lowest != Some(rejection.code) {
            return Err(format!("the code is {}, the lowest of the faults {lowest:?}", rejection.code));
        }
        let parts = rejection.faults.iter().map(|fault| format!("{} {}", fault.code, fault.at).trim_end().to_owned());
        Ok(list(&parts.collect::<Vec<_>>()))
    }

    /// `no order o-1`, `no hold h-1`, `no subscription erp`.
    fn none(&self, rest: &str) -> Parsed<()> {
        let mut words = Words::of(rest);
        let (kind, id) = (words.next("a kind")?, words.next("an id")?);
        let room = &self.shop.room;
        let there = match kind {
            "order" => room.order(id).map(|found| found.is_some()),
            "hold" => room.hold(id).map(|found| found.is_some()),
            "subscription" => room.subscription(id).map(|found| found.is_some()),
            _ => return Err("the check is not understood".to_owned()),
        };
        match there {
            Ok(false) => Ok(()),
            Ok(true) => Err(format!("there is {kind} {id}")),
            Err(error) => Err(error.to_string()),
        }
    }

    fn order(&self, id: &str) -> Parsed<stockroom::order::Order> {
        self.shop.room.order(id).map_err(|error| error.to_string())?.ok_or_else(|| format!("there is no order {id}"))
    }

    fn location_name(&self, number: u64) -> Parsed<String> {
        match self.shop.room.page(&Page::Locations(number - 1), 1) {
            Ok(Rows::Locations(rows)) if !rows.is_empty() => Ok(rows[0].location.to_string()),
            other => Err(format!("location {number}: {other:?}")),
        }
    }

    fn sku_name(&self, number: u64) -> Parsed<String> {
        match self.shop.room.page(&Page::Skus(number - 1), 1) {
            Ok(Rows::Skus(rows)) if !rows.is_empty() => Ok(rows[0].sku.to_string()),
            other => Err(format!("SKU {number}: {other:?}")),
        }
    }
}

fn claim(line: u32, location: &str, open: i64, backordered: i64, why: &str) -> String {
    match backordered {
        0 => format!("line {line} {location} {open} {why}"),
        _ => format!("line {line} {location} {open}+{backordered} {why}"),
    }
}

fn name_of(why: &stockroom::Why) -> String {
    serde_json::to_value(why).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn list(parts: &[String]) -> String {
    if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
}

/// Compares what a line says with what is so, whatever the spaces between the words.
fn same(expected: &str, found: String) -> Parsed<()> {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    if words(expected) == words(&found) { Ok(()) } else { Err(format!("found    {found}")) }
}
