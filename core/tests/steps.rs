//! The steps driven by hand, as a host with a database of its own drives them; and two engines over one
//! store, neither of which may trust what it kept across the other's writes.

mod common;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use common::{START_MS, assert_verified, digest, furnishing, order, receive};
use stockroom::engine::{Changes, Needs, Progress, Step, WorkingSet};
use stockroom::memory::MemoryStore;
use stockroom::ports::{Finish, Freshness, Mode, Page, Rows, Store, Written};
use stockroom::{
    Code, Command, ErrorKind, NewOrder, PlaceHold, RegisterLocation, RegisterSku, Reply, Result, SetStockPolicy,
    StockLine, StockPolicy, Stockroom, Tick, TimedCommand,
};

/// What a batch asked for, by the kind of progress.
#[derive(Debug, Default, PartialEq, Eq)]
struct Asked {
    needs: usize,
    flushes: usize,
}

/// Does one batch over a store as the page of the step interface says.
fn drive(store: &mut MemoryStore, rows: &mut WorkingSet, commands: &[TimedCommand]) -> Result<(Vec<Reply>, Asked)> {
    let mut asked = Asked::default();
    let mut step = Step::new(commands);
    store.begin(Mode::Write)?;
    loop {
        match step.advance(rows)? {
            Progress::Needs(needs) => {
                assert!(!needs.is_empty(), "a need of nothing");
                assert_tidy(&needs);
                asked.needs += 1;
                store.supply(&needs, rows)?;
            }
            Progress::Flush => {
                assert!(rows.is_dirty(), "a flush of nothing");
                asked.flushes += 1;
                assert_eq!(store.write(rows.take_changes()?, Finish::Stay)?, Written::Done);
                assert!(!rows.is_dirty());
            }
            Progress::Decided => break,
        }
    }
    assert_eq!(store.write(rows.take_changes()?, Finish::Commit)?, Written::Done);
    Ok((step.into_replies(), asked))
}

/// In one order and without doubles: a store that locks rows locks them in the order in which everybody does.
fn assert_tidy(needs: &Needs) {
    fn assert_unique<T: Ord + std::fmt::Debug>(list: &[T]) {
        assert!(list.is_sorted() && list.windows(2).all(|pair| pair[0] != pair[1]), "{list:?}");
    }
    assert_unique(&needs.skus);
    assert_unique(&needs.stock);
    assert_unique(&needs.order_ids);
    assert_unique(&needs.orders);
    assert_unique(&needs.holds);
    assert_unique(&needs.keys);
    assert_unique(&needs.records);
}

fn timed(commands: impl IntoIterator<Item = Command>) -> Vec<TimedCommand> {
    commands.into_iter().map(|command| TimedCommand { at_ms: START_MS, command }).collect()
}

fn backorder(id: &str, quantity: i64) -> Command {
    NewOrder { policy: StockPolicy::Backorder, ..order(id, &[("mug", quantity)]) }.into()
}

fn limit(backorder_limit: i64) -> Command {
    let (sku, location) = ("mug".into(), "main".into());
    SetStockPolicy { sku, location, backorder_limit: Some(backorder_limit), ..SetStockPolicy::default() }.into()
}

#[test]
fn a_batch_driven_by_hand_does_what_the_driver_does() {
    let mut batches = vec![timed(furnishing(&[("main", "mug", 3)]))];
    batches.push(timed([limit(9), order("o-1", &[("mug", 2)]).into(), backorder("o-2", 4)]));
    // A search: it must see the order that was placed before it in the batch.
    batches.push(timed([backorder("o-3", 1), receive("main", "mug", 1).into(), Tick::default().into()]));
    batches.push(timed([receive("main", "mug", 1).into()]));

    let (mut store, mut rows) = (MemoryStore::new(), WorkingSet::default());
    let mut asked = Vec::new();
    let mut answers = Vec::new();
    for batch in &batches {
        let (replies, how) = drive(&mut store, &mut rows, batch).expect("it is driven to its end");
        asked.push(how);
        answers.extend(replies);
    }
    let by_hand = Stockroom::new(store, || START_MS);
    assert_verified(&by_hand);

    let room = Stockroom::new(MemoryStore::new(), || START_MS);
    let expected: Vec<Reply> =
        batches.iter().flat_map(|batch| room.execute_batch_at(batch.clone()).expect("it is answered")).collect();
    assert_eq!(answers, expected);
    assert_eq!(digest(&by_hand), digest(&room));
    // Rows are asked for while they are not here; what has been read is not read again.
    assert!(asked[0].needs > 0 && asked[0].flushes == 0, "{asked:?}");
    assert!(asked[2].flushes > 0, "{asked:?}");
    assert_eq!(asked[3], Asked { needs: 1, flushes: 0 }, "only the search for those who wait");
}

#[test]
fn a_batch_that_is_left_in_the_middle_was_never_there() {
    let furnished = || {
        let (mut store, mut rows) = (MemoryStore::new(), WorkingSet::default());
        drive(&mut store, &mut rows, &timed(furnishing(&[("main", "mug", 3)]))).expect("it is driven to its end");
        (store, rows)
    };
    let before = digest(&Stockroom::new(furnished().0, || START_MS));
    let (mut store, mut rows) = furnished();
    let commands = timed([limit(9), backorder("o-1", 9), receive("main", "mug", 3).into()]);
    let mut step = Step::new(&commands);
    let mut flushed = false;
    store.begin(Mode::Write).expect("it begins");
    loop {
        match step.advance(&mut rows).expect("it goes on") {
            Progress::Needs(needs) => store.supply(&needs, &mut rows).expect("it is supplied"),
            Progress::Flush => {
                flushed = true;
                let written =
                    store.write(rows.take_changes().expect("they add up"), Finish::Stay).expect("it is written");
                assert_eq!(written, Written::Done);
            }
            Progress::Decided => break,
        }
    }
    assert!(flushed);
    store.rollback().expect("it is rolled back");
    // The rows go with the unit of work; what is asked from here on is read anew.
    rows.clear();
    let (replies, _) = drive(&mut store, &mut rows, &timed([receive("main", "nosuch", 1).into()])).expect("it goes on");
    assert!(replies[0].rejection().is_some());
    assert_eq!(digest(&Stockroom::new(store, || START_MS)), before);
}

/// A store may be a network away: a batch asks for all its rows in a few calls.
#[test]
fn rows_are_asked_for_in_few_calls() {
    let skus: Vec<String> = (0..500).map(|number| format!("sku-{number}")).collect();
    let mut commands = furnishing(&[]);
    commands.extend(skus.iter().map(|sku| RegisterSku { sku: sku.clone(), components: None }.into()));
    commands.extend(skus.iter().map(|sku| receive("main", sku, 5).into()));
    let (mut store, mut rows) = (MemoryStore::new(), WorkingSet::default());
    drive(&mut store, &mut rows, &timed(commands)).expect("it is driven to its end");

    let orders: Vec<Command> =
        (0..500).map(|n| order(&format!("o-{n}"), &[(&skus[n], 1), (&skus[499 - n], 2)]).into()).collect();
    let mut cold = WorkingSet::default();
    let (replies, asked) = drive(&mut store, &mut cold, &timed(orders)).expect("it is driven to its end");
    assert!(replies.iter().all(|reply| reply.accepted().is_ok()));
    assert!(asked.needs <= 5 && asked.flushes == 0, "{asked:?}");
}

/// One store that several engines write, each of which is told when another wrote.
struct Shared {
    me: usize,
    state: Arc<Mutex<(MemoryStore, usize)>>,
}

impl Shared {
    fn with<T>(&self, act: impl FnOnce(&mut MemoryStore) -> T) -> T {
        act(&mut self.state.lock().expect("no test panics here").0)
    }

    fn freshness_for_me(&self) -> Freshness {
        let last = self.state.lock().expect("no test panics here").1;
        if last == self.me { Freshness::Unchanged } else { Freshness::Foreign }
    }
}

impl Store for Shared {
    fn begin(&mut self, mode: Mode) -> Result<Freshness> {
        self.with(|store| store.begin(mode))?;
        let freshness = self.freshness_for_me();
        // From here on what is kept is good until another writes.
        self.state.lock().expect("no test panics here").1 = self.me;
        Ok(freshness)
    }

    fn supply(&mut self, needs: &Needs, rows: &mut WorkingSet) -> Result<()> {
        self.with(|store| store.supply(needs, rows))
    }

    fn write(&mut self, changes: Changes, finish: Finish) -> Result<Written> {
        self.with(|store| store.write(changes, finish))
    }

    fn rollback(&mut self) -> Result<()> {
        self.with(Store::rollback)
    }

    fn page(&mut self, page: &Page, limit: u32) -> Result<Rows> {
        self.with(|store| store.page(page, limit))
    }

    fn freshness(&mut self) -> Result<Freshness> {
        Ok(self.freshness_for_me())
    }
}

fn two_engines() -> [Stockroom<Shared>; 2] {
    let state = Arc::new(Mutex::new((MemoryStore::new(), 0)));
    let rooms = [1, 2].map(|me| Stockroom::new(Shared { me, state: Arc::clone(&state) }, || START_MS));
    for command in furnishing(&[("main", "mug", 10), ("main", "plate", 10)]) {
        assert!(rooms[0].execute(command).expect("it is answered").accepted().is_ok());
    }
    rooms
}

#[test]
fn two_engines_over_one_store_sell_each_unit_once() {
    let rooms = two_engines();
    let mut sold = 0;
    for number in 0..20 {
        let room = &rooms[number % 2];
        let reply = room.execute(order(&format!("o-{number}"), &[("mug", 1)])).expect("it is answered");
        sold += usize::from(reply.accepted().is_ok());
        // Both read what the other wrote.
        for room in &rooms {
            assert_eq!(room.available("mug", "main").expect("it can be read"), Some(10 - sold as i64));
        }
    }
    assert_eq!(sold, 10);
    assert_verified(&rooms[0]);
    assert_eq!(digest(&rooms[0]), digest(&rooms[1]));
}

#[test]
fn what_one_engine_did_the_other_knows() {
    let [one, other] = two_engines();
    let accept = |room: &Stockroom<Shared>, command: Command| {
        let reply = room.execute(command).expect("it is answered");
        assert!(reply.accepted().is_ok(), "{reply:?}");
        reply.repeated
    };
    let code = |room: &Stockroom<Shared>, command: Command| {
        room.execute(command).expect("it is answered").rejection().map(|rejection| rejection.code)
    };
    let hold = |id: &str| -> Command {
        let lines = vec![StockLine { sku: "plate".into(), quantity: 2 }];
        PlaceHold { hold: id.into(), channel: "web".into(), lines, lives_ms: 1_000, ranking: None }.into()
    };
    let placed = || Command::from(order("o-1", &[("mug", 2)]));
    for _ in 0..2 {
        // Names are taken for free until the store says otherwise: then they are looked up.
        accept(&other, order("warm-up", &[("plate", 1)]).into());
        accept(&one, order("warm-up", &[("plate", 1)]).into());
        accept(&one, placed());
        assert!(accept(&other, placed()), "the order stands");
        assert_eq!(code(&other, order("o-1", &[("mug", 3)]).into()), Some(Code::OrderExists));
        assert!(accept(&one, placed()));
    }
    assert_eq!(code(&one, order("o-2", &[("mug", 99)]).into()), Some(Code::InsufficientStock));
    let again = other.execute(order("o-2", &[("mug", 99)])).expect("it is answered");
    assert!(again.repeated && again.rejection().is_some());
    assert_eq!(code(&other, order("o-2", &[("mug", 1)]).into()), Some(Code::KeyReused));

    accept(&one, Command::from(receive("main", "mug", 1)).with_key("k"));
    assert!(accept(&other, Command::from(receive("main", "mug", 1)).with_key("k")));
    assert_eq!(code(&other, Command::from(receive("main", "mug", 2)).with_key("k")), Some(Code::KeyReused));
    // A name that is taken in the middle of a batch, with others before and after.
    let batch = [order("o-5", &[("mug", 1)]).into(), placed(), order("o-6", &[("mug", 1)]).into()];
    let replies = other.execute_batch(batch).expect("it is answered");
    let repeated: Vec<bool> = replies.iter().map(|reply| reply.accepted().is_ok() && reply.repeated).collect();
    assert_eq!(repeated, [false, true, false]);

    accept(&one, hold("h-1"));
    assert!(accept(&other, hold("h-1")));
    accept(&other, NewOrder { hold: Some("h-1".into()), ..order("o-3", &[("plate", 2)]) }.into());
    let gone = NewOrder { hold: Some("h-1".into()), ..order("o-4", &[("plate", 2)]) };
    assert_eq!(code(&one, gone.into()), Some(Code::HoldUnknown));

    accept(&one, RegisterSku { sku: "new".into(), components: None }.into());
    accept(&other, receive("backup", "new", 1).into());
    assert_eq!(one.available("new", "backup").expect("it can be read"), Some(1));
    assert_verified(&one);
    assert_eq!(digest(&one), digest(&other));
}

/// A store that breaks its word: it says that a name is taken, and when it is asked it is free.
struct Contradictory(MemoryStore);

impl Store for Contradictory {
    fn begin(&mut self, mode: Mode) -> Result<Freshness> {
        self.0.begin(mode)
    }

    fn supply(&mut self, needs: &Needs, rows: &mut WorkingSet) -> Result<()> {
        self.0.supply(needs, rows)
    }

    fn write(&mut self, changes: Changes, finish: Finish) -> Result<Written> {
        if changes.new_orders.is_empty() { self.0.write(changes, finish) } else { Ok(Written::Taken) }
    }

    fn rollback(&mut self) -> Result<()> {
        self.0.rollback()
    }

    fn page(&mut self, page: &Page, limit: u32) -> Result<Rows> {
        self.0.page(page, limit)
    }

    fn freshness(&mut self) -> Result<Freshness> {
        self.0.freshness()
    }
}

#[test]
fn a_store_that_contradicts_itself_is_corrupt_and_asked_no_further() {
    let room = Stockroom::new(Contradictory(MemoryStore::new()), || START_MS);
    for command in furnishing(&[("main", "mug", 1)]) {
        assert!(room.execute(command).expect("it is answered").accepted().is_ok());
    }
    let error = room.execute(order("o-1", &[("mug", 1)])).expect_err("it cannot be placed");
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(room.order("o-1").expect("it can be read").is_none());
    assert_verified(&room);
}

/// How often each sample asks the store, one after the other and where only the catalog is known; a trip to a database
/// elsewhere costs more than all that is decided. A number that falls is to be written here; one that grows is a loss.
const ASKS: &[(&str, &[usize])] = &[
    ("register_sku", &[1]),
    ("register_location", &[0]),
    ("register_channel", &[0]),
    ("receive_stock", &[2]),
    ("adjust_stock", &[2]),
    ("count_stock", &[2]),
    ("transfer_stock", &[2]),
    ("set_stock_policy", &[2]),
    ("place_hold", &[3]),
    ("extend_hold", &[1]),
    ("release_hold", &[2]),
    ("tick", &[3]),
    ("place_order", &[3]),
    ("edit_order", &[2, 3]),
    ("cancel_order", &[2]),
    ("ship_order", &[2]),
    ("return_order", &[2]),
    ("complete_order", &[1]),
    ("subscribe", &[1]),
    ("acknowledge", &[1]),
    ("unsubscribe", &[1]),
    ("prune", &[1]),
    ("register_destination", &[1]),
    ("take_deliveries", &[2]),
    ("requeue_delivery", &[2]),
    ("drop_delivery", &[5]),
    ("report_delivery", &[1, 1, 1, 4, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 1, 4, 4, 4]),
    ("note_fulfillment", &[2, 2, 2, 2]),
    ("note_shipment", &[2]),
    ("reassign_fulfillment", &[6]),
    ("fulfill", &[6]),
    ("register_warehouse", &[3]),
    ("note_warehouse_stock", &[5]),
    ("connect_channel", &[3]),
    ("disconnect_channel", &[2]),
    ("reconcile_channel", &[1]),
    ("note_orders_through", &[1]),
    ("set_listing", &[4]),
    ("remove_listing", &[6]),
    ("update_listings", &[3]),
    ("note_listings", &[4]),
    ("take_channel_order", &[3, 2, 3]),
];

#[test]
fn a_command_asks_at_once_for_all_that_it_is_sure_to_need() {
    let prepared = common::samples::prepared().room.into_store();
    let asks = |command: Command| {
        let (mut store, mut rows) = (prepared.clone(), WorkingSet::default());
        let known = RegisterLocation { location: "main".into() };
        drive(&mut store, &mut rows, &timed([known.into()])).expect("the catalog is read");
        drive(&mut store, &mut rows, &timed([command])).expect("it is driven to its end").1.needs
    };
    let mut found: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for sample in common::samples::samples() {
        let plain = asks(sample.command());
        found.entry(sample.action).or_default().push(plain);
        if ["place_order", "ship_order", "receive_stock"].contains(&sample.action) {
            assert_eq!(asks(sample.command().with_key("k-new")), plain, "{} with a key", sample.action);
        }
    }
    let expected: BTreeMap<&str, Vec<usize>> = ASKS.iter().map(|(action, asks)| (*action, asks.to_vec())).collect();
    assert_eq!(found, expected);
}

/// Whatever a command changed, and be it one kind of row alone.
#[test]
fn what_is_to_be_written_is_known_to_be_there() {
    let prepared = common::samples::prepared().room.into_store();
    for sample in common::samples::samples() {
        let (mut store, mut rows) = (prepared.clone(), WorkingSet::default());
        let commands = timed([sample.command()]);
        let mut step = Step::new(&commands);
        loop {
            match step.advance(&mut rows).expect("it is decided") {
                Progress::Needs(needs) => store.supply(&needs, &mut rows).expect("supplied"),
                Progress::Flush => {
                    let changes = rows.take_changes().expect("whole");
                    assert_eq!(store.write(changes, Finish::Stay).expect("written"), Written::Done);
                }
                Progress::Decided => break,
            }
        }
        let is_dirty = rows.is_dirty();
        let changes = rows.take_changes().expect("whole");
        assert_eq!(is_dirty, !is_nothing(&changes), "{}", sample.action);
        assert!(!rows.is_dirty(), "{}", sample.action);
    }
}

fn is_nothing(changes: &Changes) -> bool {
    let rows = [
        changes.skus.len(),
        changes.locations.len(),
        changes.channels.len(),
        changes.new_stock.len(),
        changes.stock.len(),
        changes.new_orders.len(),
        changes.changed_orders.len(),
        changes.holds.len(),
        changes.gone_holds.len(),
        changes.backorders.len(),
        changes.movements.len(),
        changes.events.len(),
        changes.keys.len(),
        changes.subscriptions.len(),
        changes.forget.len(),
        changes.records.len(),
    ];
    rows.iter().sum::<usize>() == 0
}
