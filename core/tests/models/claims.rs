//! Holds, orders and shipments of one SKU at one place: every history to a bound, through the engine over the store in
//! memory. The model keeps no books of its own but what came and went; what must hold is told from orders, holds and the
//! stock row as any reader sees them.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex};

use stateright::{Model, Property};
use stockroom::memory::MemoryStore;
use stockroom::planted::{Planted, plant};
use stockroom::ports::{Page, Rows};
use stockroom::{
    Action as Command, AdjustStock, CancelOrder, EventKind, NewLine, NewOrder, PlaceHold, ReceiveStock,
    RegisterChannel, RegisterLocation, RegisterSku, ReleaseHold, SetStockPolicy, ShipOrder, StockLine, StockPolicy,
    Stockroom, Tick,
};

use crate::{breaks, deeper, holds};

/// Steps of a history.
const DEPTH: usize = 7;
const START_MS: i64 = 1_767_225_600_000;
/// How long a hold lives; one wait is as long.
const HOLD_MS: i64 = 1_000;
/// Units at the beginning.
const UNITS: i64 = 2;

/// The world: two holds of one unit, and three orders.
#[derive(Clone)]
pub(crate) struct Claims {
    bug: Option<Planted>,
    depth: usize,
}

/// The orders: units, what is done where there are too few, and the hold that is taken over.
const ORDERS: [(i64, StockPolicy, Option<u8>); 3] =
    [(2, StockPolicy::AllOrNothing, None), (1, StockPolicy::AllOrNothing, Some(0)), (2, StockPolicy::Backorder, None)];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Hold(u8),
    Release(u8),
    Order(u8),
    Cancel(u8),
    Ship(u8),
    Receive,
    Lose,
    Wait,
    Tick,
}

/// What the rules can see of a history.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct View {
    on_hand: i64,
    held: i64,
    allocated: i64,
    backordered: i64,
    /// The holds that have a row, and whether they live.
    holds: Vec<(String, bool)>,
    /// By the order of placing: id, state, open, backordered, shipped, cancelled.
    orders: Vec<(String, &'static str, i64, i64, i64, i64)>,
    /// What each order was answered first.
    answers: [Option<bool>; 3],
    /// Whether claims lost their cover, and whether that was said.
    lost: bool,
    said: bool,
    /// What a step did that none may.
    faults: Vec<&'static str>,
}

#[derive(Clone)]
pub(crate) struct State {
    view: View,
    store: Arc<Mutex<MemoryStore>>,
    now_ms: i64,
    steps: usize,
    /// Units that came, less units that were lost.
    came: i64,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.view.fmt(f)
    }
}

impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        self.view == other.view
    }
}

impl Hash for State {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.view.hash(state);
    }
}

fn hold_id(number: u8) -> String {
    format!("h{number}")
}

fn order_id(number: u8) -> String {
    format!("o{number}")
}

fn command(step: Step) -> Option<Command> {
    let mug = |quantity| vec![StockLine { sku: "mug".into(), quantity }];
    Some(match step {
        Step::Hold(number) => PlaceHold {
            hold: hold_id(number),
            channel: "web".into(),
            lines: mug(1),
            lives_ms: HOLD_MS,
            ..PlaceHold::default()
        }
        .into(),
        Step::Release(number) => ReleaseHold { hold: hold_id(number) }.into(),
        Step::Order(number) => {
            let (quantity, policy, hold) = ORDERS[usize::from(number)];
            let line = NewLine { sku: "mug".into(), quantity, unit_price_minor: 1 };
            NewOrder {
                id: order_id(number),
                channel: "web".into(),
                currency: "EUR".into(),
                lines: vec![line],
                policy,
                hold: hold.map(hold_id),
                ..NewOrder::default()
            }
            .into()
        }
        Step::Cancel(number) => CancelOrder { order: order_id(number), ..CancelOrder::default() }.into(),
        Step::Ship(number) => ShipOrder { order: order_id(number), ..ShipOrder::default() }.into(),
        Step::Receive => ReceiveStock { location: "main".into(), lines: mug(1), ..ReceiveStock::default() }.into(),
        Step::Lose => {
            AdjustStock { sku: "mug".into(), location: "main".into(), difference: -1, lost: true, reference: None }
                .into()
        }
        Step::Tick => Tick::default().into(),
        Step::Wait => return None,
    })
}

/// The engine over a copy of a store.
fn engine(store: &Arc<Mutex<MemoryStore>>, now_ms: i64) -> Stockroom<MemoryStore> {
    Stockroom::new(store.lock().expect("nobody panics with it").clone(), move || now_ms)
}

fn view(room: &Stockroom<MemoryStore>, now_ms: i64, before: &View) -> View {
    let level = room.stock("mug", "main").expect("readable").expect("registered");
    let mut view = View {
        on_hand: level.on_hand,
        held: level.held,
        allocated: level.allocated,
        backordered: level.backordered,
        ..before.clone()
    };
    let Rows::Orders(orders) = room.page(&Page::Orders(0), 100).expect("readable") else { panic!("other rows") };
    view.orders = orders
        .iter()
        .map(|order| {
            let sum = |of: fn(&stockroom::order::Allocation) -> i64| order.body.allocations.iter().map(of).sum::<i64>();
            let cancelled = order.body.lines.iter().map(|line| line.cancelled).sum();
            let (open, waits, shipped) = (sum(|row| row.open), sum(|row| row.backordered), sum(|row| row.shipped));
            (order.id.to_string(), order.state.name(), open, waits, shipped, cancelled)
        })
        .collect();
    let hold = |number| room.hold(&hold_id(number)).expect("readable");
    view.holds = (0..2).filter_map(hold).map(|hold| (hold.id.clone(), hold.expires_at_ms > now_ms)).collect();
    let said = |event: &stockroom::Event| event.data.kind() == EventKind::StockShortfall;
    view.said |= room.events(0, u32::MAX).expect("readable").iter().any(said);
    view
}

impl Model for Claims {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        plant(None);
        let room = Stockroom::new(MemoryStore::new(), || START_MS);
        let commands: [Command; 5] = [
            RegisterSku { sku: "mug".into(), components: None }.into(),
            RegisterLocation { location: "main".into() }.into(),
            RegisterChannel { channel: "web".into(), locations: vec!["main".into()], ..RegisterChannel::default() }
                .into(),
            ReceiveStock {
                location: "main".into(),
                lines: vec![StockLine { sku: "mug".into(), quantity: UNITS }],
                ..ReceiveStock::default()
            }
            .into(),
            SetStockPolicy {
                sku: "mug".into(),
                location: "main".into(),
                backorder_limit: Some(1),
                ..SetStockPolicy::default()
            }
            .into(),
        ];
        for command in commands {
            assert!(room.execute(command).expect("it is answered").accepted().is_ok());
        }
        let view = view(&room, START_MS, &View::default());
        let store = Arc::new(Mutex::new(room.into_store()));
        vec![State { view, store, now_ms: START_MS, steps: 0, came: UNITS }]
    }

    fn actions(&self, _: &State, steps: &mut Vec<Step>) {
        steps.extend([Step::Receive, Step::Lose, Step::Wait, Step::Tick]);
        steps.extend((0..2).flat_map(|number| [Step::Hold(number), Step::Release(number)]));
        steps.extend((0..3).flat_map(|number| [Step::Order(number), Step::Cancel(number), Step::Ship(number)]));
    }

    fn next_state(&self, last: &State, step: Step) -> Option<State> {
        plant(self.bug);
        let mut next = State { steps: last.steps + 1, ..last.clone() };
        let Some(action) = command(step) else {
            next.now_ms += HOLD_MS;
            next.view = view(&engine(&last.store, next.now_ms), next.now_ms, &last.view);
            return (next.view != last.view).then_some(next);
        };
        let room = engine(&last.store, next.now_ms);
        // Orders come with a key, so that a refusal has to be remembered under it.
        let key = if let Step::Order(number) = step { Some(order_id(number)) } else { None };
        let reply = match room.execute(stockroom::Command { key, action }) {
            Ok(reply) => reply,
            // The engine's own assertions stand behind the rules.
            Err(_) => {
                next.view.faults.push("ASSERTED");
                return Some(next);
            }
        };
        let accepted = reply.accepted().is_ok();
        next.view = view(&room, next.now_ms, &last.view);
        match step {
            Step::Receive if accepted => next.came += 1,
            Step::Lose if accepted => {
                next.came -= 1;
                next.view.lost |= next.view.held + next.view.allocated - next.view.backordered > next.view.on_hand;
            }
            Step::Order(number) => {
                let answer = &mut next.view.answers[usize::from(number)];
                if answer.is_some_and(|first| first != accepted) {
                    next.view.faults.push("ONE-ANSWER");
                }
                let first = answer.is_none();
                answer.get_or_insert(accepted);
                let (_, _, hold) = ORDERS[usize::from(number)];
                let expired = |(id, lives): &(String, bool)| hold.map(hold_id).as_ref() == Some(id) && !lives;
                if first && accepted && last.view.holds.iter().any(expired) {
                    next.view.faults.push("EXPIRED-IS-OVER");
                }
            }
            _ => {}
        }
        if next.view == last.view {
            return None;
        }
        next.store = Arc::new(Mutex::new(room.into_store()));
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("NEVER-OVERSOLD", |_, state: &State| never_oversold(&state.view)),
            Property::always("NO-DOUBLE-CLAIM", |_, state: &State| no_double_claim(&state.view)),
            Property::always("SHIPPED-ONCE", shipped_once),
            Property::always("ONE-ANSWER", |_, state: &State| !state.view.faults.contains(&"ONE-ANSWER")),
            Property::always("EXPIRED-IS-OVER", |_, state: &State| !state.view.faults.contains(&"EXPIRED-IS-OVER")),
            Property::always("NOTHING-ASSERTED", |_, state: &State| !state.view.faults.contains(&"ASSERTED")),
            Property::always("EVERY-ORDER-ENDS", every_order_ends),
            // The world is not so small that nothing happens in it.
            Property::sometimes("an order waits", |_, state: &State| state.view.backordered > 0),
            Property::sometimes("claims lose their cover", |_, state: &State| state.view.lost),
            Property::sometimes("all is sold and shipped", |_, state: &State| {
                state.view.orders.len() == 2 && state.view.orders.iter().all(|order| order.1 == "shipped")
            }),
        ]
    }

    fn within_boundary(&self, state: &State) -> bool {
        state.steps <= self.depth
    }
}

/// Claims stay within what is there, but where goods were lost under them; and then it was said.
fn never_oversold(view: &View) -> bool {
    let live: i64 = view.holds.len() as i64;
    let open: i64 = view.orders.iter().map(|order| order.2).sum();
    open + live <= view.on_hand || (view.lost && view.said)
}

/// Every unit of an order stands in one place, and the stock row has what orders and holds claim, no more and no less.
fn no_double_claim(view: &View) -> bool {
    let whole = |order: &(String, &str, i64, i64, i64, i64)| {
        let number: usize = order.0[1..].parse().expect("an order's number");
        order.2 + order.3 + order.4 + order.5 == ORDERS[number].0
    };
    let claimed: i64 = view.orders.iter().map(|order| order.2 + order.3).sum();
    let waits: i64 = view.orders.iter().map(|order| order.3).sum();
    view.orders.iter().all(whole)
        && (view.held, view.allocated, view.backordered) == (view.holds.len() as i64, claimed, waits)
}

/// What left is what orders shipped.
fn shipped_once(_: &Claims, state: &State) -> bool {
    let shipped: i64 = state.view.orders.iter().map(|order| order.4).sum();
    state.came - state.view.on_hand == shipped
}

/// From here every accepted order can be brought to its end: goods come, time passes, what is ready is shipped.
fn every_order_ends(model: &Claims, state: &State) -> bool {
    plant(model.bug);
    let now_ms = state.now_ms + 2 * HOLD_MS;
    let room = engine(&state.store, now_ms);
    let mut steps = vec![Step::Receive; 6];
    steps.push(Step::Tick);
    steps.extend((0..3).map(Step::Ship));
    for step in steps {
        if room.execute(command(step).expect("a command")).is_err() {
            return false;
        }
    }
    let view = view(&room, now_ms, &state.view);
    let ended = |order: &(String, &str, i64, i64, i64, i64)| matches!(order.1, "shipped" | "cancelled");
    view.orders.iter().all(ended) && view.held == 0 && view.allocated == 0
}

fn world(bug: Option<Planted>) -> Claims {
    Claims { bug, depth: DEPTH + deeper() }
}

#[test]
fn claims_hold() {
    holds("claims", world(None));
}

#[test]
fn wrong_rules_are_found() {
    for (bug, property) in [
        (Planted::GuardSkipped, "NEVER-OVERSOLD"),
        (Planted::HoldOnHeld, "NEVER-OVERSOLD"),
        // The engine adds the papers up itself, on every commit.
        (Planted::LostRelease, "NOTHING-ASSERTED"),
        (Planted::KeyForgotten, "ONE-ANSWER"),
        (Planted::ExpiredHoldConverts, "EXPIRED-IS-OVER"),
        (Planted::FillForgotten, "EVERY-ORDER-ENDS"),
    ] {
        breaks(bug.name(), property, world(Some(bug)));
    }
}
