//! A delivery to a warehouse, two relays, and everything that goes wrong between them: every history to a bound. The leases
//! are the engine's own; the relays keep the protocol of `docs/documents.md`, or in a mutant do not; the warehouse is the
//! worst there is, which carries out whatever it is sent, however often.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex};

use stateright::{Model, Property};
use stockroom::engine::{Record, RecordKind};
use stockroom::memory::MemoryStore;
use stockroom::planted::{Planted, plant};
use stockroom::ports::{Page, Rows};
use stockroom::{
    Action as Command, Answer, DeliveryAnswer, DeliveryResult, DeliveryState, EditOrder, Fulfill, NewLine, NewOrder,
    NoteShipment, Outcome, Patience, ReceiveStock, RegisterChannel, RegisterDestination, RegisterLocation, RegisterSku,
    RegisterWarehouse, ReportDelivery, Retry, SkuQuantity, StockLine, Stockroom, TakeDeliveries,
};

use crate::{breaks, deeper, holds};

/// Steps of a history.
const DEPTH: usize = 12;
const START_MS: i64 = 1_767_225_600_000;
const LEASE_MS: i64 = 60_000;
const RELAYS: usize = 2;
/// Units ordered, each of which the warehouse ships by itself.
const UNITS: i64 = 2;

/// What a relay does badly, in a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Badly {
    /// It sends though its lease has ended.
    SendsLate,
    /// Its clock stands still: it holds its lease for ever.
    HoldsOn,
    /// It sends again without a look, though nobody knows what became of the attempt before.
    NeverLooks,
}

#[derive(Clone)]
pub(crate) struct Leases {
    bug: Option<Planted>,
    badly: Option<Badly>,
    depth: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Take(usize),
    /// Asks whether an earlier attempt was carried out.
    Look(usize),
    /// Sends, and has the answer.
    Send(usize),
    /// Sends; it is carried out and no answer comes.
    SendAndLose(usize),
    Report(usize),
    Crash(usize),
    /// Time passes until leases are over.
    Wait,
    /// Something is said about the order, and reacted to.
    React,
    /// The warehouse tells of a shipment, for the first time or again.
    Tell(u8),
}

/// A relay with a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Hands {
    number: u64,
    attempt: u32,
    doubt: bool,
    looked: bool,
    /// What it will report.
    outcome: Came,
    /// Whether its lease lives.
    leased: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Came {
    Nothing,
    Done,
    Unknown,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct View {
    relays: [Option<Hands>; RELAYS],
    /// The deliveries: number, state, attempts, doubt, whether it is due.
    deliveries: Vec<(u64, &'static str, u32, bool, bool)>,
    fulfillments: Vec<(&'static str, i64)>,
    order: (&'static str, i64),
    on_hand: i64,
    /// How often the warehouse carried the request out.
    carried_out: u32,
    /// The shipments that were told at least once.
    told: [bool; UNITS as usize],
    faults: Vec<&'static str>,
}

#[derive(Clone)]
pub(crate) struct State {
    view: View,
    store: Arc<Mutex<MemoryStore>>,
    now_ms: i64,
    steps: usize,
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

fn engine(store: &Arc<Mutex<MemoryStore>>, now_ms: i64) -> Stockroom<MemoryStore> {
    Stockroom::new(store.lock().expect("nobody panics with it").clone(), move || now_ms)
}

/// Looks at what the store has now.
fn look_around(room: &Stockroom<MemoryStore>, now_ms: i64, before: &View) -> View {
    let page = |kind| match room.page(&Page::Records(kind, None), 100).expect("readable") {
        Rows::Records(rows) => rows,
        _ => panic!("other rows"),
    };
    let mut view = before.clone();
    view.deliveries = page(RecordKind::Delivery)
        .iter()
        .filter_map(|row| match row {
            Record::Delivery(row) => {
                Some((row.number, row.state.name(), row.attempts, row.doubt, row.due_at_ms <= now_ms))
            }
            _ => None,
        })
        .collect();
    view.fulfillments = room
        .fulfillment_orders("o")
        .expect("readable")
        .expect("it is there")
        .iter()
        .map(|row| (row.state.name(), row.items().into_iter().flatten().map(|item| item.shipped).sum()))
        .collect();
    let order = room.order("o").expect("readable").expect("it is there");
    view.order = (order.state.name(), order.body.allocations.iter().map(|row| row.shipped).sum());
    view.on_hand = room.stock("mug", "main").expect("readable").expect("registered").on_hand;
    view
}

impl Leases {
    /// One step on the engine and around it; nothing where it cannot be done.
    fn step(&self, room: &Stockroom<MemoryStore>, view: &mut View, now_ms: i64, step: Step) -> Option<()> {
        let accepts = |command: Command| room.execute(command).is_ok_and(|reply| reply.accepted().is_ok());
        match step {
            Step::Take(relay) => {
                if view.relays[relay].is_some() {
                    return None;
                }
                let take = TakeDeliveries { destination: "wms".into(), max: 1, lease_ms: LEASE_MS };
                let reply = room.execute(take).ok()?;
                let Outcome::Accepted(Answer::Taken(taken)) = reply.outcome else { return None };
                let delivery = taken.deliveries.first()?;
                view.relays[relay] = Some(Hands {
                    number: delivery.number,
                    attempt: delivery.attempt,
                    doubt: delivery.doubt,
                    looked: false,
                    outcome: Came::Nothing,
                    leased: true,
                });
            }
            Step::Look(relay) => {
                let carried_out = view.carried_out > 0;
                let hands = view.relays[relay].as_mut()?;
                if !hands.doubt || hands.looked || !hands.leased {
                    return None;
                }
                hands.looked = true;
                if carried_out {
                    hands.outcome = Came::Done;
                }
            }
            Step::Send(relay) | Step::SendAndLose(relay) => {
                let hands = view.relays[relay].as_mut()?;
                let may = hands.leased || self.badly == Some(Badly::SendsLate);
                let knows = !hands.doubt || hands.looked || self.badly == Some(Badly::NeverLooks);
                if hands.outcome != Came::Nothing || !may || !knows {
                    return None;
                }
                hands.outcome = if matches!(step, Step::Send(_)) { Came::Done } else { Came::Unknown };
                view.carried_out += 1;
            }
            Step::Report(relay) => {
                let hands = view.relays[relay].as_ref()?;
                let result = match hands.outcome {
                    Came::Nothing => return None,
                    Came::Done => DeliveryResult::Done(DeliveryAnswer::Handed { reference: None }),
                    Came::Unknown => DeliveryResult::Retry(Retry { doubt: true, ..Retry::default() }),
                };
                let number = hands.number;
                // What of it is late is seen by the row: another attempt is under way.
                let current = self.current(room, number);
                let is_late = current != Some(hands.attempt);
                let report = ReportDelivery { destination: "wms".into(), number, attempt: hands.attempt, result };
                if accepts(report.into()) && is_late {
                    view.faults.push("LATE-IS-LATE");
                }
                view.relays[relay] = None;
            }
            Step::Crash(relay) => {
                view.relays[relay].take()?;
            }
            Step::Wait if self.badly == Some(Badly::HoldsOn) => {}
            Step::Wait => view.relays.iter_mut().flatten().for_each(|hands| hands.leased = false),
            Step::React => {
                let note = Some(format!("news {}", room.events(0, u32::MAX).ok()?.len()));
                accepts(EditOrder { order: "o".into(), note, ..EditOrder::default() }.into());
                accepts(Fulfill { limit: 100 }.into());
            }
            Step::Tell(unit) => {
                if view.carried_out == 0 {
                    return None;
                }
                let items = Some(vec![SkuQuantity { sku: "mug".into(), quantity: 1 }]);
                let shipment = format!("s{unit}");
                accepts(NoteShipment { fulfillment: "o-1".into(), shipment, items, ..NoteShipment::default() }.into());
                view.told[usize::from(unit)] = true;
            }
        }
        *view = look_around(room, now_ms, view);
        Some(())
    }

    fn current(&self, room: &Stockroom<MemoryStore>, number: u64) -> Option<u32> {
        let Ok(Rows::Records(rows)) = room.page(&Page::Records(RecordKind::Delivery, None), 100) else { return None };
        rows.iter().find_map(|row| match row {
            Record::Delivery(row) if row.number == number && row.state == DeliveryState::Leased => Some(row.attempts),
            _ => None,
        })
    }
}

impl Model for Leases {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        plant(None);
        let room = Stockroom::new(MemoryStore::new(), || START_MS);
        let commands: [Command; 8] = [
            RegisterSku { sku: "mug".into(), components: None }.into(),
            RegisterLocation { location: "main".into() }.into(),
            RegisterChannel { channel: "web".into(), locations: vec!["main".into()], ..RegisterChannel::default() }
                .into(),
            ReceiveStock {
                location: "main".into(),
                lines: vec![StockLine { sku: "mug".into(), quantity: 10 }],
                ..ReceiveStock::default()
            }
            .into(),
            RegisterDestination {
                destination: "wms".into(),
                patience: Patience { backoff_ms: 1, backoff_max_ms: 1, ..Patience::default() },
            }
            .into(),
            RegisterWarehouse { location: "main".into(), destination: "wms".into(), ..RegisterWarehouse::default() }
                .into(),
            NewOrder {
                id: "o".into(),
                channel: "web".into(),
                currency: "EUR".into(),
                lines: vec![NewLine { sku: "mug".into(), quantity: UNITS, unit_price_minor: 1 }],
                ..NewOrder::default()
            }
            .into(),
            Fulfill { limit: 100 }.into(),
        ];
        for command in commands {
            assert!(room.execute(command).expect("it is answered").accepted().is_ok());
        }
        let view = look_around(&room, START_MS, &View::default());
        vec![State { view, store: Arc::new(Mutex::new(room.into_store())), now_ms: START_MS, steps: 0 }]
    }

    fn actions(&self, _: &State, steps: &mut Vec<Step>) {
        steps.extend([Step::Wait, Step::React, Step::Tell(0), Step::Tell(1)]);
        for relay in 0..RELAYS {
            let of = [Step::Take, Step::Look, Step::Send, Step::SendAndLose, Step::Report, Step::Crash];
            steps.extend(of.map(|step| step(relay)));
        }
    }

    fn next_state(&self, last: &State, step: Step) -> Option<State> {
        plant(self.bug);
        let mut next = State { steps: last.steps + 1, ..last.clone() };
        if step == Step::Wait {
            next.now_ms += LEASE_MS;
        }
        let room = engine(&last.store, next.now_ms);
        self.step(&room, &mut next.view, next.now_ms, step)?;
        if next.view == last.view {
            return None;
        }
        next.store = Arc::new(Mutex::new(room.into_store()));
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("ONE-HOLDER", |_, state: &State| {
                let leased = |relay: usize| state.view.relays[relay].as_ref().filter(|hands| hands.leased);
                leased(0).zip(leased(1)).is_none_or(|(one, other)| one.number != other.number)
            }),
            Property::always("LATE-IS-LATE", |_, state: &State| !state.view.faults.contains(&"LATE-IS-LATE")),
            Property::always("HANDED-ONCE", |_, state: &State| state.view.carried_out <= 1),
            Property::always("SHIPPED-ONCE", |_, state: &State| {
                let told = state.view.told.iter().filter(|told| **told).count() as i64;
                state.view.order.1 <= told && 10 - state.view.on_hand == state.view.order.1
            }),
            Property::always("EVERY-ORDER-ENDS", every_order_ends),
            Property::sometimes("a relay takes what another had", |_, state: &State| {
                state.view.relays.iter().all(Option::is_some)
            }),
            Property::sometimes("the order is shipped", |_, state: &State| state.view.order.0 == "shipped"),
        ]
    }

    fn within_boundary(&self, state: &State) -> bool {
        state.steps <= self.depth
    }
}

/// From here the order can be brought to its end by a relay that works and a warehouse that tells all.
fn every_order_ends(model: &Leases, state: &State) -> bool {
    plant(model.bug);
    let now_ms = state.now_ms + 2 * LEASE_MS;
    let room = engine(&state.store, now_ms);
    let mut view = state.view.clone();
    let mut steps = vec![Step::Wait, Step::Crash(0), Step::Crash(1), Step::React];
    steps.extend([Step::Take(0), Step::Look(0), Step::Send(0), Step::Report(0)]);
    steps.extend([Step::Tell(0), Step::Tell(1)]);
    for step in steps {
        // What cannot be done need not be: it was done before.
        let _: Option<()> = model.step(&room, &mut view, now_ms, step);
    }
    view.order == ("shipped", UNITS) && view.deliveries.is_empty()
}

fn world(bug: Option<Planted>, badly: Option<Badly>) -> Leases {
    Leases { bug, badly, depth: DEPTH + deeper() }
}

#[test]
fn leases_hold() {
    holds("leases", world(None, None));
}

#[test]
fn wrong_rules_are_found() {
    for (bug, property) in [
        (Planted::DoubtForgotten, "HANDED-ONCE"),
        (Planted::HandedTwice, "HANDED-ONCE"),
        (Planted::LateReportTaken, "LATE-IS-LATE"),
        (Planted::ShippedTwice, "SHIPPED-ONCE"),
    ] {
        breaks(bug.name(), property, world(Some(bug), None));
    }
}

#[test]
fn relays_that_break_the_protocol_are_found() {
    for (badly, property) in
        [(Badly::SendsLate, "HANDED-ONCE"), (Badly::NeverLooks, "HANDED-ONCE"), (Badly::HoldsOn, "ONE-HOLDER")]
    {
        breaks(&format!("a relay that {badly:?}"), property, world(None, Some(badly)));
    }
}
