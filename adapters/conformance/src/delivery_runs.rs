//! Deliveries by the many, as relays have them: written one behind the other, taken together, reported together, tried
//! again, given up, taken again after their lease. A store may keep such runs as it likes; what it says of each is what a
//! store says that keeps each by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use stockroom::StockCheck;
use stockroom::engine::{Needs, Query, Record, RecordChange, RecordKey, RecordKind};
use stockroom::memory::MemoryStore;
use stockroom::outbox::{Delivery, DeliveryBody, DeliveryState};
use stockroom::ports::{Finish, Mode, Store};

use crate::bench::{AnyStore, Bench};
use crate::case::cases;
use crate::direct::{digest_of, reading, records, supplied, write};
use crate::documents::NOON;
use crate::random::Random;
use crate::record_rows::{a_delivery, a_destination, changes, commit_records, furnish, furnished, gone, new};

cases![delivery_runs:
    runs_are_as_in_the_twin,
    runs_are_as_in_the_twin_with_a_clock_that_goes_back,
    runs_are_as_in_the_twin_where_many_have_one_key,
];

const LEASE_MS: i64 = 60_000;
const ROUNDS: u32 = 250;

/// What a history is made of.
#[derive(Clone, Copy)]
struct Mix {
    seed: u64,
    /// Of a hundred deliveries so many have the key of another.
    shared_keys: u64,
    /// Of a hundred rounds so many have a clock that goes before the others.
    ahead: u64,
}

fn runs_are_as_in_the_twin(bench: &Bench<'_>) {
    run(bench, Mix { seed: 41, shared_keys: 3, ahead: 0 });
}

fn runs_are_as_in_the_twin_with_a_clock_that_goes_back(bench: &Bench<'_>) {
    run(bench, Mix { seed: 42, shared_keys: 3, ahead: 30 });
}

fn runs_are_as_in_the_twin_where_many_have_one_key(bench: &Bench<'_>) {
    run(bench, Mix { seed: 43, shared_keys: 40, ahead: 10 });
}

/// Two destinations, so that there is one whose deliveries stand behind those of another.
const NAMES: [&str; 2] = ["shop", "wms"];

struct Side {
    store: AnyStore,
    twin: AnyStore,
    there: BTreeMap<RecordKey, Delivery>,
    last: u64,
}

impl Side {
    /// Has both sides search for what is due.
    fn search(&mut self, destination: &str, now_ms: i64, limit: u32) {
        let query = Query::DueDeliveries { destination: destination.into(), now_ms, limit };
        let needs = Needs { queries: vec![query], ..Needs::default() };
        let ours = reading(&mut self.store, |store| supplied(store, &needs));
        assert_eq!(ours, reading(&mut self.twin, |twin| supplied(twin, &needs)), "{needs:?}");
    }

    /// Those that are due and are the first with their keys.
    fn due(&self, destination: &str, now_ms: i64, limit: u64) -> Vec<Delivery> {
        let mut keys = BTreeSet::new();
        let there = self.there.values().filter(|row| *row.destination == *destination);
        let mut due: Vec<&Delivery> = there
            .filter(|row| keys.insert(&row.key) && row.state != DeliveryState::Dead && row.due_at_ms <= now_ms)
            .collect();
        due.sort_by_key(|row| (row.due_at_ms, row.number));
        due.into_iter().take(limit as usize).cloned().collect()
    }

    /// A change of a delivery as the engine hands it on: with the row that was decided on.
    fn change(&self, row: Delivery) -> RecordChange {
        let key = RecordKey::Delivery(row.destination.clone(), row.number);
        let stored = self.there.get(&key).map(|stored| Arc::new(Record::from(stored.clone())));
        RecordChange { new: stored.is_none(), stored, ..new(row) }
    }

    /// Those of a destination in a state.
    fn in_state(&self, destination: &str, state: DeliveryState) -> Vec<Delivery> {
        let there = self.there.values().filter(|row| *row.destination == *destination && row.state == state);
        there.cloned().collect()
    }
}

/// What is written in one round.
fn unit(side: &mut Side, random: &mut Random, mix: Mix, now_ms: i64) -> BTreeMap<RecordKey, RecordChange> {
    let destination = random.one_of(&NAMES);
    let mut unit = BTreeMap::new();
    if random.percent(50) {
        let ahead_ms = if random.percent(mix.ahead) { random.between(0, 9_000) } else { 0 };
        for _ in 0..random.below(60) {
            side.last += 1;
            let shared = random.percent(mix.shared_keys);
            let key = if shared { format!("shared {}", random.below(9)) } else { format!("key {}", side.last) };
            let due_at_ms = now_ms + ahead_ms;
            let row = Delivery { key, due_at_ms, created_at_ms: due_at_ms, ..a_delivery(destination, side.last) };
            unit.insert(RecordKey::Delivery(destination.into(), side.last), new(row));
        }
    }
    let end = |row: Delivery, random: &mut Random| match random.below(40) {
        0 => Some(Delivery { state: DeliveryState::Dead, failed: row.failed + 1, why: "no".into(), ..row }),
        1 => {
            let due_at_ms = now_ms + random.between(0, 20_000);
            let (failed, doubt) = (row.failed + 1, row.doubt | random.percent(50));
            Some(Delivery { state: DeliveryState::Waiting, due_at_ms, failed, doubt, why: "later".into(), ..row })
        }
        _ => None,
    };
    if random.percent(70) {
        // Reported in the order in which they were taken, to where it is known how they ended.
        let leased = side.in_state(destination, DeliveryState::Leased);
        let (some, from) = (random.below(70) as usize, random.below(20) as usize);
        for row in leased.into_iter().skip(from % 3 * from).take(some) {
            let key = RecordKey::Delivery(row.destination.clone(), row.number);
            let change = end(row, random).map_or_else(|| gone(key.clone()), |row| side.change(row));
            unit.insert(key, change);
        }
    }
    if random.percent(15) {
        // What nobody has tried is withdrawn, or says something else.
        for row in side.in_state(destination, DeliveryState::Waiting) {
            if row.attempts == 0 && random.percent(6) {
                let key = RecordKey::Delivery(row.destination.clone(), row.number);
                let check = StockCheck { location: "main".into(), skus: vec!["plate".into()] };
                let other = Delivery { body: DeliveryBody::CheckStock(check), ..row };
                let change = if random.percent(50) { gone(key.clone()) } else { side.change(other) };
                unit.insert(key, change);
            }
        }
    }
    if random.percent(8) {
        // No relay does that; a store need not know.
        for row in side.in_state(destination, DeliveryState::Leased) {
            let key = RecordKey::Delivery(row.destination.clone(), row.number);
            let longer = Delivery { due_at_ms: now_ms + LEASE_MS, ..row };
            unit.entry(key).or_insert_with(|| side.change(longer));
        }
    }
    if random.percent(20) {
        for row in side.in_state(destination, DeliveryState::Dead) {
            let key = RecordKey::Delivery(row.destination.clone(), row.number);
            let again = Delivery { state: DeliveryState::Waiting, failed: 0, due_at_ms: now_ms, ..row };
            let change = if random.percent(50) { gone(key.clone()) } else { side.change(again) };
            unit.insert(key, change);
        }
    }
    if random.percent(70) {
        for row in side.due(destination, now_ms, random.below(90)) {
            let key = RecordKey::Delivery(destination.into(), row.number);
            if unit.contains_key(&key) {
                continue;
            }
            let lost = row.state == DeliveryState::Leased;
            let (attempts, failed) = (row.attempts + 1, row.failed + u32::from(lost));
            let (state, due_at_ms) = (DeliveryState::Leased, now_ms + LEASE_MS);
            let row = Delivery { state, attempts, failed, doubt: row.doubt | lost, due_at_ms, ..row };
            unit.insert(key, side.change(row));
        }
    }
    unit
}

fn run(bench: &Bench<'_>, mix: Mix) {
    let mut random = Random::new(mix.seed);
    let mut twin = AnyStore::new(MemoryStore::new());
    furnish(&mut twin);
    let mut side = Side { store: furnished(bench), twin, there: BTreeMap::new(), last: 0 };
    for store in [&mut side.store, &mut side.twin] {
        commit_records(store, NAMES.map(|name| new(a_destination(name))));
    }
    let (mut now_ms, mut most) = (NOON, 0);
    for round in 0..ROUNDS {
        // Now and then longer than a lease, so that what is taken is lost.
        now_ms += if random.percent(8) { LEASE_MS + 1 } else { random.between(0, 2_000) };
        let unit = unit(&mut side, &mut random, mix, now_ms);
        if random.percent(10) {
            side.store.begin(Mode::Write).expect("begins");
            write(&mut side.store, changes(unit.into_values()), Finish::Stay);
            side.store.rollback().expect("rolls back");
        } else {
            for (key, change) in &unit {
                match change.record.as_deref() {
                    Some(Record::Delivery(row)) => drop(side.there.insert(key.clone(), row.clone())),
                    _ => drop(side.there.remove(key)),
                }
            }
            for store in [&mut side.store, &mut side.twin] {
                commit_records(store, unit.values().cloned());
            }
        }
        most = most.max(side.in_state(NAMES[1], DeliveryState::Leased).len());
        for name in NAMES {
            for now_ms in [now_ms, now_ms + random.between(-9_000, LEASE_MS + 9_000)] {
                side.search(name, now_ms, random.below(200) as u32);
            }
        }
        let keys: Vec<RecordKey> = side.there.keys().cloned().collect();
        if !keys.is_empty() {
            let needs = Needs { records: (0..5).map(|_| random.one_of(&keys)).collect(), ..Needs::default() };
            let ours = reading(&mut side.store, |store| supplied(store, &needs));
            assert_eq!(ours, reading(&mut side.twin, |twin| supplied(twin, &needs)), "round {round}");
        }
        if round % 10 == 0 {
            let rows: Vec<Record> = side.there.values().cloned().map(Record::from).collect();
            assert_eq!(records(&mut side.store, RecordKind::Delivery), rows, "round {round}");
        }
    }
    assert!(most > 80, "{most} under way at once");
    assert_eq!(digest_of(side.store).0, digest_of(side.twin).0);
}
