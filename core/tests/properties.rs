//! Properties of random histories: one SKU at one place against a model of plain integers that shares no code
//! with the engine; many SKUs and places against the invariants; sourcing against a search through all
//! subsets. The histories are the same in every run; with `STOCKROOM_RANDOM=1` they are new ones, and
//! `PROPTEST_CASES` says how many.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{Replay, START_MS, Shop, assert_verified, digest, order, receive, replayed, rows_of_the_business};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseResult, TestRng, TestRunner};
use stockroom::ports::{Page, Rows};
use stockroom::{
    Action, AdjustStock, CancelOrder, Command, CompleteOrder, CountStock, Disposition, EditOrder, ExtendHold,
    LineQuantity, NewOrder, PlaceHold, RegisterChannel, ReleaseHold, ReturnLine, ReturnOrder, SetStockPolicy,
    ShipOrder, Sourcing, StockLine, StockNumber, StockPolicy, Tick, TimedCommand, TransferStock,
};

/// Runs a test over `cases` random values.
fn check<S: Strategy>(cases: u32, strategy: &S, test: impl Fn(S::Value) -> TestCaseResult) {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(cases);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let mut runner = match std::env::var_os("STOCKROOM_RANDOM") {
        Some(_) => TestRunner::new(config),
        None => TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha)),
    };
    if let Err(error) = runner.run(strategy, test) {
        panic!("{error}");
    }
}

/// What happens to one SKU at one place. Orders and holds are named by their place in the history.
#[derive(Clone, Debug)]
enum Happens {
    Receive(i64),
    Adjust(i64),
    Count(i64),
    Policy { safety: i64, limit: i64, unavailable: i64 },
    Hold { units: i64, lives_ms: i64 },
    Extend { hold: usize, lives_ms: i64 },
    Release(usize),
    Order { units: i64, policy: StockPolicy, hold: Option<usize> },
    Edit { order: usize, units: i64 },
    Cancel { order: usize, units: i64 },
    Ship { order: usize, units: i64 },
    Return { order: usize, units: i64, disposition: Disposition },
    Tick,
    Wait(i64),
}

fn stock_policy() -> impl Strategy<Value = StockPolicy> {
    prop_oneof![Just(StockPolicy::AllOrNothing), Just(StockPolicy::Partial), Just(StockPolicy::Backorder)]
}

fn disposition() -> impl Strategy<Value = Disposition> {
    prop_oneof![Just(Disposition::Restock), Just(Disposition::Damaged), Just(Disposition::Lost)]
}

fn happens() -> impl Strategy<Value = Happens> {
    let one = 0..8_usize;
    prop_oneof![
        3 => (1..6_i64).prop_map(Happens::Receive),
        1 => (-4..4_i64).prop_map(Happens::Adjust),
        1 => (0..8_i64).prop_map(Happens::Count),
        1 => (0..3_i64, 0..6_i64, 0..3_i64)
            .prop_map(|(safety, limit, unavailable)| Happens::Policy { safety, limit, unavailable }),
        2 => (1..4_i64, 1..4_i64).prop_map(|(units, lives_ms)| Happens::Hold { units, lives_ms }),
        1 => (one.clone(), 1..4_i64).prop_map(|(hold, lives_ms)| Happens::Extend { hold, lives_ms }),
        1 => one.clone().prop_map(Happens::Release),
        5 => (1..6_i64, stock_policy(), proptest::option::of(one.clone()))
            .prop_map(|(units, policy, hold)| Happens::Order { units, policy, hold }),
        2 => (one.clone(), 0..7_i64).prop_map(|(order, units)| Happens::Edit { order, units }),
        2 => (one.clone(), 1..4_i64).prop_map(|(order, units)| Happens::Cancel { order, units }),
        2 => (one.clone(), 1..4_i64).prop_map(|(order, units)| Happens::Ship { order, units }),
        1 => (one, 1..3_i64, disposition())
            .prop_map(|(order, units, disposition)| Happens::Return { order, units, disposition }),
        1 => Just(Happens::Tick),
        2 => (1..3_i64).prop_map(Happens::Wait),
    ]
}

/// One order of the model: units of one SKU.
#[derive(Clone, Debug, Default)]
struct ModelOrder {
    open: i64,
    unfilled: i64,
    shipped: i64,
    returned: i64,
    policy: StockPolicy,
}

/// One SKU at one place, in plain integers.
#[derive(Clone, Debug, Default)]
struct Model {
    now: i64,
    on_hand: i64,
    unavailable: i64,
    safety: i64,
    limit: i64,
    /// Units and end, by number.
    holds: BTreeMap<usize, (i64, i64)>,
    orders: Vec<Option<ModelOrder>>,
    /// Who waits for how many units, first come first.
    queue: Vec<(usize, i64)>,
    next_hold: usize,
}

impl Model {
    fn held(&self) -> i64 {
        self.holds.values().map(|(units, _)| units).sum()
    }

    fn waiting(&self) -> i64 {
        self.queue.iter().map(|(_, units)| units).sum()
    }

    fn waits(&self, order: usize) -> i64 {
        self.queue.iter().filter(|(who, _)| *who == order).map(|(_, units)| units).sum()
    }

    fn open(&self) -> i64 {
        self.orders.iter().flatten().map(|order| order.open).sum()
    }

    fn available(&self) -> i64 {
        self.on_hand - self.unavailable - self.safety - self.held() - self.open() - self.waiting()
    }

    fn short(&self) -> i64 {
        (self.held() + self.open() - (self.on_hand - self.unavailable)).max(0)
    }

    fn expire(&mut self) {
        let now = self.now;
        self.holds.retain(|_, (_, end)| *end > now);
    }

    /// Claims units of an order; returns those that found no place.
    fn claim(&mut self, order: usize, units: i64) -> i64 {
        if self.available() < units {
            self.expire();
        }
        let from_stock = self.available().clamp(0, units);
        let model = self.orders[order].as_mut().expect("it exists");
        let policy = model.policy;
        model.open += from_stock;
        let left = units - from_stock;
        if policy != StockPolicy::Backorder || left == 0 {
            return left;
        }
        let beyond = (self.available() + self.limit).clamp(0, left);
        if beyond > 0 {
            self.queue.push((order, beyond));
        }
        left - beyond
    }

    /// Takes units away from an order: those not promised, then those that wait, the last first, then others.
    fn give_up(&mut self, order: usize, mut units: i64) {
        let model = self.orders[order].as_mut().expect("it exists");
        let unfilled = units.min(model.unfilled);
        model.unfilled -= unfilled;
        units -= unfilled;
        for (who, waiting) in self.queue.iter_mut().rev().filter(|(who, _)| *who == order) {
            debug_assert_eq!(*who, order);
            let taken = units.min(*waiting);
            *waiting -= taken;
            units -= taken;
        }
        self.queue.retain(|(_, waiting)| *waiting > 0);
        model.open -= units;
    }

    /// What is owed after every change of the place.
    fn settle(&mut self, short_before: i64) {
        if self.waiting() > 0 || self.short() > short_before {
            self.expire();
        }
        let mut free = self.on_hand - self.unavailable - self.safety - self.held() - self.open();
        for (order, waiting) in &mut self.queue {
            let units = free.clamp(0, *waiting);
            *waiting -= units;
            free -= units;
            self.orders[*order].as_mut().expect("it exists").open += units;
        }
        self.queue.retain(|(_, waiting)| *waiting > 0);
    }

    /// Whether it is accepted; if it is not, nothing has changed.
    fn step(&mut self, happens: &Happens) -> bool {
        let before = self.clone();
        let accepted = self.attempt(happens);
        if !accepted {
            let orders = self.orders.len();
            *self = before;
            self.orders.resize(orders, None);
        }
        accepted
    }

    fn attempt(&mut self, happens: &Happens) -> bool {
        let short_before = self.short();
        let order_at = |model: &Model, order: usize| model.orders.get(order).cloned().flatten();
        match happens {
            Happens::Receive(units) => self.correct(*units),
            Happens::Adjust(difference) => {
                if *difference == 0 || self.on_hand + difference < 0 {
                    return false;
                }
                self.correct(*difference);
            }
            Happens::Count(counted) => {
                if *counted == self.on_hand {
                    return true;
                }
                self.correct(counted - self.on_hand);
            }
            Happens::Policy { safety, limit, unavailable } => {
                if *unavailable > self.on_hand {
                    return false;
                }
                if (*safety, *limit, *unavailable) == (self.safety, self.limit, self.unavailable) {
                    return true;
                }
                (self.safety, self.limit, self.unavailable) = (*safety, *limit, *unavailable);
            }
            Happens::Hold { units, lives_ms } => {
                let number = self.next_hold;
                self.next_hold += 1;
                if self.available() < *units {
                    self.expire();
                }
                if self.available() < *units {
                    return false;
                }
                self.holds.insert(number, (*units, self.now + lives_ms));
            }
            Happens::Extend { hold, lives_ms } => {
                let end = self.now + lives_ms;
                return match self.holds.get_mut(hold) {
                    Some((_, ends)) if *ends > self.now => {
                        *ends = end;
                        true
                    }
                    _ => false,
                };
            }
            Happens::Release(hold) => match self.holds.get(hold) {
                Some((_, end)) if *end > self.now => {
                    self.holds.remove(hold);
                }
                _ => return false,
            },
            Happens::Order { units, policy, hold } => {
                let number = self.orders.len();
                self.orders.push(Some(ModelOrder { policy: *policy, ..ModelOrder::default() }));
                let mut left = *units;
                if let Some(hold) = hold {
                    let Some((held, _)) = self.holds.get(hold).copied().filter(|(_, end)| *end > self.now) else {
                        return false;
                    };
                    self.holds.remove(hold);
                    // The others' holds do not count: who pays first gets what is left.
                    let there = self.on_hand - self.unavailable - self.open();
                    let taken = left.min(held).min(there.max(0));
                    self.orders[number].as_mut().expect("it is new").open += taken;
                    left -= taken;
                }
                let left = if left > 0 { self.claim(number, left) } else { 0 };
                let waits = self.waits(number);
                let order = self.orders[number].as_mut().expect("it is new");
                order.unfilled = left;
                if (left > 0 && *policy != StockPolicy::Partial) || order.open + waits == 0 {
                    return false;
                }
            }
            Happens::Edit { order, units } => {
                let Some(model) = order_at(self, *order) else { return false };
                let active = model.open + model.unfilled + self.waits(*order);
                if model.shipped > 0 || model.open + self.waits(*order) == 0 {
                    return false;
                }
                if *units == active {
                    return true;
                }
                if *units < active {
                    self.give_up(*order, active - units);
                } else {
                    let left = self.claim(*order, units - active);
                    if left > 0 && model.policy != StockPolicy::Partial {
                        return false;
                    }
                    self.orders[*order].as_mut().expect("it exists").unfilled += left;
                }
                if self.orders[*order].as_ref().is_some_and(|order| order.open == 0) && self.waits(*order) == 0 {
                    return false;
                }
            }
            Happens::Cancel { order, units } => {
                let Some(model) = order_at(self, *order) else { return false };
                let waits = self.waits(*order);
                if model.open + waits == 0 || *units > model.open + model.unfilled + waits {
                    return false;
                }
                self.give_up(*order, *units);
                if *units <= model.unfilled {
                    return true; // Stock is not concerned.
                }
            }
            Happens::Ship { order, units } => {
                let Some(model) = order_at(self, *order) else { return false };
                if *units > model.open || self.on_hand - units < self.unavailable {
                    return false;
                }
                let model = self.orders[*order].as_mut().expect("it exists");
                (model.open, model.shipped) = (model.open - units, model.shipped + units);
                self.on_hand -= units;
            }
            Happens::Return { order, units, disposition } => {
                let Some(model) = order_at(self, *order) else { return false };
                if *units > model.shipped - model.returned {
                    return false;
                }
                self.orders[*order].as_mut().expect("it exists").returned += units;
                match disposition {
                    Disposition::Lost => return true,
                    Disposition::Damaged => self.unavailable += units,
                    Disposition::Restock => {}
                }
                self.on_hand += units;
            }
            Happens::Tick => {
                let holds = self.holds.len();
                self.expire();
                if self.holds.len() == holds {
                    return true;
                }
            }
            Happens::Wait(time_ms) => {
                self.now += time_ms;
                return true;
            }
        }
        self.settle(short_before);
        true
    }

    fn correct(&mut self, difference: i64) {
        self.on_hand += difference;
        self.unavailable = self.unavailable.min(self.on_hand);
        if self.short() > 0 {
            self.expire();
        }
    }
}

/// The command that says so, or nothing where only time passes.
fn command(happens: &Happens, orders: usize, holds: usize) -> Option<Command> {
    let (sku, location) = ("mug".to_owned(), "main".to_owned());
    let order_id = |number: usize| format!("o-{number}");
    let hold_id = |number: usize| format!("h-{number}");
    let lines = |quantity| Some(vec![LineQuantity { line: 1, quantity }]);
    let action: Action = match happens {
        Happens::Receive(units) => receive("main", "mug", *units).into(),
        Happens::Adjust(difference) => {
            AdjustStock { sku, location, difference: *difference, lost: false, reference: None }.into()
        }
        Happens::Count(counted) => {
            CountStock { sku, location, counted: *counted, expected: None, reference: None }.into()
        }
        Happens::Policy { safety, limit, unavailable } => SetStockPolicy {
            sku,
            location,
            safety_stock: Some(*safety),
            backorder_limit: Some(*limit),
            unavailable: Some(*unavailable),
        }
        .into(),
        Happens::Hold { units, lives_ms } => PlaceHold {
            hold: hold_id(holds),
            channel: "one".into(),
            lines: vec![StockLine { sku, quantity: *units }],
            lives_ms: *lives_ms,
            ranking: None,
        }
        .into(),
        Happens::Extend { hold, lives_ms } => ExtendHold { hold: hold_id(*hold), lives_ms: *lives_ms }.into(),
        Happens::Release(hold) => ReleaseHold { hold: hold_id(*hold) }.into(),
        Happens::Order { units, policy, hold } => NewOrder {
            channel: "one".into(),
            policy: *policy,
            hold: hold.map(hold_id),
            ..order(&order_id(orders), &[("mug", *units)])
        }
        .into(),
        Happens::Edit { order, units } => {
            EditOrder { order: order_id(*order), lines: lines(*units).unwrap_or_default(), ..EditOrder::default() }
                .into()
        }
        Happens::Cancel { order, units } => {
            CancelOrder { order: order_id(*order), lines: lines(*units), reason: None }.into()
        }
        Happens::Ship { order, units } => {
            ShipOrder { order: order_id(*order), lines: lines(*units), ..ShipOrder::default() }.into()
        }
        Happens::Return { order, units, disposition } => {
            let line = ReturnLine { line: 1, quantity: *units, disposition: *disposition, location: None };
            ReturnOrder { order: order_id(*order), lines: vec![line] }.into()
        }
        Happens::Tick => Tick::default().into(),
        Happens::Wait(_) => return None,
    };
    Some(action.into())
}

#[test]
fn one_sku_at_one_place_behaves_as_plain_integers_do() {
    check(400, &vec(happens(), 1..60), |history| {
        let shop = Shop::stocked(&[]);
        shop.accept(RegisterChannel { channel: "one".into(), locations: vec!["main".into()], ..Default::default() });
        let mut model = Model::default();
        for (step, happens) in history.iter().enumerate() {
            let command = command(happens, model.orders.len(), model.next_hold);
            let claims_before = model.held() + model.open() + model.waiting();
            let accepted = model.step(happens);
            if matches!(happens, Happens::Hold { .. }) && !accepted {
                model.next_hold += 1; // Its name is not used again.
            }
            shop.set_clock(START_MS + model.now);
            let Some(command) = command else { continue };
            let reply = shop.reply(command);
            prop_assert_eq!(reply.accepted().is_ok(), accepted, "step {}: {:?}, {:?}", step, happens, reply);

            let level = shop.room.stock("mug", "main").expect("it can be read").expect("it is registered");
            let quantities = [level.on_hand, level.unavailable, level.safety_stock, level.held];
            let claims = [level.allocated, level.backordered, level.available];
            prop_assert_eq!(
                quantities,
                [model.on_hand, model.unavailable, model.safety, model.held()],
                "step {}",
                step
            );
            let expected = [model.open() + model.waiting(), model.waiting(), model.available()];
            prop_assert_eq!(claims, expected, "step {}: {:?}", step, happens);
            // NOT-OVERSOLD, from the model's numbers alone.
            let claimed = model.held() + model.open() + model.waiting();
            let sellable = model.on_hand - model.unavailable - model.safety + model.limit;
            prop_assert!(claimed <= claims_before.max(sellable), "step {}: {:?} oversold", step, happens);
            for (number, expected) in model.orders.iter().enumerate() {
                let order = shop.room.order(&format!("o-{number}")).expect("it can be read");
                prop_assert_eq!(order.is_some(), expected.is_some(), "step {}: order {}", step, number);
                let (Some(order), Some(expected)) = (order, expected) else { continue };
                let units = |part: fn(&stockroom::order::Allocation) -> i64| -> i64 {
                    order.body.allocations.iter().map(part).sum()
                };
                let found = [units(|a| a.open), units(|a| a.backordered), units(|a| a.shipped)];
                let wanted = [expected.open, model.waits(number), expected.shipped];
                prop_assert_eq!(found, wanted, "step {}: order {} after {:?}", step, number, happens);
                prop_assert_eq!(order.body.lines[0].unfilled, expected.unfilled, "step {}: order {}", step, number);
            }
        }
        assert_verified(&shop.room);
        Ok(())
    });
}

/// Anything, over two SKUs, their bundle and two locations.
fn anything() -> impl Strategy<Value = Action> {
    let sku = prop::sample::select(vec!["mug", "plate", "set"]);
    let plain = prop::sample::select(vec!["mug", "plate"]);
    let location = prop::sample::select(vec!["main", "backup"]);
    let order_id = (0..8_u32).prop_map(|number| format!("o-{number}"));
    let hold_id = (0..4_u32).prop_map(|number| format!("h-{number}"));
    let sold = vec((sku.clone(), 1..4_i64), 1..4);
    let stock = vec((plain.clone(), 1..6_i64), 1..3)
        .prop_map(|lines| lines.into_iter().map(|(sku, quantity)| StockLine { sku: sku.into(), quantity }).collect());
    let numbers = vec((1..4_u32, 1..3_i64), 1..3).prop_map(|lines| {
        lines.into_iter().map(|(line, quantity)| LineQuantity { line, quantity }).collect::<Vec<_>>()
    });
    let ranking = proptest::option::of(Just(vec!["backup".to_owned(), "main".to_owned()]));
    let place = (location.clone(), plain);
    prop_oneof![
        4 => (location.clone(), stock).prop_map(|(location, lines)| {
            stockroom::ReceiveStock { location: location.into(), lines, ..Default::default() }.into()
        }),
        1 => (place.clone(), -3..3_i64).prop_map(|((location, sku), difference)| {
            let (sku, location) = (sku.into(), location.into());
            AdjustStock { sku, location, difference, lost: false, reference: None }.into()
        }),
        1 => (place.clone(), 0..9_i64).prop_map(|((location, sku), counted)| {
            CountStock { sku: sku.into(), location: location.into(), counted, expected: None, reference: None }.into()
        }),
        1 => (place.clone(), 1..4_i64).prop_map(|((location, sku), quantity)| {
            let to = if location == "main" { "backup" } else { "main" };
            let lines = vec![StockLine { sku: sku.into(), quantity }];
            TransferStock { from: location.into(), to: to.into(), lines, reference: None }.into()
        }),
        2 => (place, 0..2_i64, 0..9_i64, proptest::option::of(0..2_i64)).prop_map(|((location, sku), safety, limit, unavailable)| {
            SetStockPolicy {
                sku: sku.into(),
                location: location.into(),
                safety_stock: Some(safety),
                backorder_limit: Some(limit),
                unavailable,
            }.into()
        }),
        3 => (hold_id.clone(), sold.clone(), 1..40_i64, ranking.clone()).prop_map(|(hold, sold, lives_ms, ranking)| {
            let lines = sold.into_iter().map(|(sku, quantity)| StockLine { sku: sku.into(), quantity }).collect();
            PlaceHold { hold, channel: "web".into(), lines, lives_ms, ranking }.into()
        }),
        1 => (hold_id.clone(), 1..40_i64).prop_map(|(hold, lives_ms)| ExtendHold { hold, lives_ms }.into()),
        1 => hold_id.clone().prop_map(|hold| ReleaseHold { hold }.into()),
        1 => (1..3_u32).prop_map(|limit| Tick { limit }.into()),
        8 => (order_id.clone(), sold.clone(), stock_policy(), proptest::option::weighted(0.3, hold_id), ranking)
            .prop_map(|(id, sold, policy, hold, ranking)| {
                NewOrder { policy, hold, ranking, ..order(&id, &sold) }.into()
            }),
        3 => (order_id.clone(), numbers.clone(), proptest::option::of(sold)).prop_map(|(id, lines, sold)| {
            let add = order("", &sold.unwrap_or_default()).lines;
            EditOrder { order: id, lines, add, ..EditOrder::default() }.into()
        }),
        2 => (order_id.clone(), proptest::option::of(numbers.clone()))
            .prop_map(|(order, lines)| CancelOrder { order, lines, reason: None }.into()),
        3 => (order_id.clone(), proptest::option::of(numbers), proptest::option::of(location.clone())).prop_map(
            |(order, lines, location)| {
                ShipOrder { order, lines, location: location.map(Into::into), tracking: None }.into()
            }
        ),
        2 => (order_id.clone(), 1..3_u32, 1..3_i64, disposition(), proptest::option::of(location)).prop_map(
            |(order, line, quantity, disposition, location)| {
                let line = ReturnLine { line, quantity, disposition, location: location.map(Into::into) };
                ReturnOrder { order, lines: vec![line] }.into()
            }
        ),
        1 => order_id.prop_map(|order| CompleteOrder { order }.into()),
        1 => prop_oneof![Just(Sourcing::Priority), Just(Sourcing::FewestSplits)].prop_map(|sourcing| {
            let locations = vec!["main".into(), "backup".into()];
            RegisterChannel { channel: "web".into(), locations, sourcing }.into()
        }),
    ]
}

/// An order line that waits though all that it waits for is free.
fn waits_for_nothing(shop: &Shop) -> Option<String> {
    let Ok(Rows::Backorders(waiting)) = shop.room.page(&Page::Backorders(None), u32::MAX) else {
        panic!("they can be read");
    };
    let Ok(Rows::Stock(levels)) = shop.room.page(&Page::Stock(0), u32::MAX) else { panic!("they can be read") };
    let Ok(Rows::Orders(orders)) = shop.room.page(&Page::Orders(0), u32::MAX) else { panic!("they can be read") };
    let free = |number: StockNumber| {
        let level = levels.iter().find(|row| row.number == number).expect("it is claimed").stock;
        level.on_hand - level.unavailable - level.safety_stock - level.held - (level.allocated - level.backordered)
    };
    waiting.iter().find_map(|backorder| {
        let order = orders.iter().find(|order| order.number == backorder.order).expect("it waits");
        let line = &order.body.lines[backorder.line as usize];
        let parts: Vec<(StockNumber, i64)> = match line.components.is_empty() {
            true => vec![(backorder.stock, 1)],
            false => {
                let at = |sku| StockNumber::of(sku, backorder.stock.location());
                line.components.iter().map(|part| (at(part.sku_number), part.quantity)).collect()
            }
        };
        let fillable = parts.iter().all(|(number, per)| free(*number) >= *per);
        fillable.then(|| format!("line {} of {}", backorder.line + 1, order.id))
    })
}

#[test]
fn random_histories_keep_the_invariants_and_replay_to_the_same_state() {
    // Time jumps about, back too.
    let history = vec((anything(), -5..30_i64, proptest::option::weighted(0.2, 0..6_u32)), 1..80);
    check(150, &history, |history| {
        let mut log: Vec<TimedCommand> =
            common::furnishing(&[]).into_iter().map(|command| TimedCommand { at_ms: START_MS, command }).collect();
        // Promises beyond stock are allowed at one place from the start, so that queues come about.
        log.extend(["mug", "plate"].map(|sku| {
            let (sku, location) = (sku.into(), "main".into());
            let limit = SetStockPolicy { sku, location, backorder_limit: Some(9), ..SetStockPolicy::default() };
            TimedCommand { at_ms: START_MS, command: limit.into() }
        }));
        let mut at_ms = START_MS;
        log.extend(history.into_iter().map(|(action, passes_ms, key)| {
            at_ms += passes_ms;
            TimedCommand { at_ms, command: Command { key: key.map(|key| format!("k-{key}")), action } }
        }));
        let shop = Shop::empty();
        for timed in &log {
            let before = rows_of_the_business(&shop.room);
            let foretold = shop.room.preview_at(timed.at_ms, timed.command.clone()).expect("it is answered");
            let reply = shop.room.execute_at(timed.at_ms, timed.command.clone()).expect("it is answered");
            prop_assert_eq!(&reply, &foretold, "{:?}", timed);
            if reply.repeated || reply.rejection().is_some() {
                prop_assert_eq!(rows_of_the_business(&shop.room), before, "{:?}", timed);
            }
            let report = shop.room.verify().expect("it can be read");
            prop_assert!(report.is_ok(), "{:?}: {}", timed, report);
            prop_assert_eq!(waits_for_nothing(&shop), None, "{:?}", timed);
            if let (Action::PlaceOrder(new), Some(placed)) = (&timed.command.action, reply.placed_order()) {
                for (line, wanted) in (1..).zip(&new.lines) {
                    let claimed: i64 = placed
                        .allocations
                        .iter()
                        .filter(|allocated| allocated.line == line)
                        .map(|allocated| allocated.quantity + allocated.backordered)
                        .sum();
                    prop_assert!(claimed <= wanted.quantity, "{:?}", placed);
                    prop_assert!(claimed == wanted.quantity || new.policy == StockPolicy::Partial, "{:?}", placed);
                }
            }
        }
        let state = digest(&shop.room);
        for how in [Replay::OneByOne, Replay::Cold, Replay::OneBatch] {
            prop_assert_eq!(digest(&replayed(&log, how)), state.clone(), "{:?}", how);
        }
        Ok(())
    });
}

/// The fewest locations that hold enough of every SKU, by trying every subset; `None` where not even all do.
fn fewest(levels: &[[i64; 2]], wanted: [i64; 2]) -> Option<u32> {
    (0..1_u32 << levels.len())
        .filter(|subset| {
            (0..2).all(|sku| {
                let there: i64 = (0..levels.len()).filter(|i| subset >> i & 1 == 1).map(|i| levels[i][sku]).sum();
                there >= wanted[sku]
            })
        })
        .map(u32::count_ones)
        .min()
}

#[test]
fn fewest_splits_are_the_fewest() {
    let case = (vec([0..5_i64, 0..5_i64], 1..6), [1..7_i64, 1..7_i64]);
    check(200, &case, |(levels, wanted)| {
        let shop = Shop::stocked(&[]);
        let names: Vec<String> = (0..levels.len()).map(|number| format!("l-{number}")).collect();
        for (name, level) in names.iter().zip(&levels) {
            shop.accept(stockroom::RegisterLocation { location: name.clone() });
            for (sku, units) in ["mug", "plate"].into_iter().zip(level).filter(|(_, units)| **units > 0) {
                shop.accept(receive(name, sku, *units));
            }
        }
        let sourcing = Sourcing::FewestSplits;
        shop.accept(RegisterChannel { channel: "all".into(), locations: names, sourcing });
        let new = order("o-1", &[("mug", wanted[0]), ("plate", wanted[1])]);
        let reply = shop.reply(NewOrder { channel: "all".into(), ..new });
        match (reply.placed_order(), fewest(&levels, wanted)) {
            (None, None) => {}
            (Some(placed), Some(fewest)) => {
                let used: BTreeSet<_> = placed.allocations.iter().map(|allocated| &allocated.location).collect();
                prop_assert_eq!(used.len() as u32, fewest, "{:?}", placed);
            }
            (placed, fewest) => prop_assert!(false, "{:?} where {:?} locations serve", placed, fewest),
        }
        Ok(())
    });
}
