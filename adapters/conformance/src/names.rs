//! Names taken for free until the write: a store finds out that an order's id or a key is there already, ends
//! the unit of work with nothing written, and the engine looks and decides again.

use std::sync::Arc;

use stockroom::engine::{Changes, NewKey, NewOrderRow};
use stockroom::order::Order;
use stockroom::outbox::KeyRow;
use stockroom::ports::{Finish, Mode, Store, Written};
use stockroom::{Code, Command, OrderNumber, Outcome, Prune, PruneFrom, TimedCommand};

use crate::bench::{AnyStore, Bench, Shop, shop_over};
use crate::case::cases;
use crate::direct::{at, at_noon, commit, decide, digest_of, keys, orders};
use crate::documents::{NOON, cancel, order, order_key, receive, ship, sku};
use crate::expect::{Expect, furnish, small_shop};
use crate::scene::first_act;

cases![names:
    an_id_that_is_taken_is_told,
    an_order_that_was_refused_is_told_by_its_key,
    a_key_that_is_taken_is_told,
    a_refusal_of_an_order_that_exists_is_told,
    names_of_the_same_unit_are_taken_too,
    names_that_were_forgotten_are_free,
    a_taken_name_ends_the_unit_with_nothing,
    a_repeat_anywhere_in_a_large_batch_is_found,
    a_swarm_of_repeats_is_answered,
    a_large_batch_equals_single_commands,
    a_large_batch_that_fails_leaves_nothing,
];

/// The first act's rows: an order that was placed and one that was refused under its id, and a key.
struct Known {
    store: AnyStore,
    placed: Order,
    key: KeyRow,
    refused: KeyRow,
}

fn known(bench: &Bench<'_>) -> Known {
    let mut store = bench.store();
    commit(&mut store, &first_act());
    let placed = orders(&mut store).swap_remove(0);
    let find = |keys: &[KeyRow], name: &str| {
        keys.iter().find(|row| row.key == name).unwrap_or_else(|| panic!("there is no key {name}: {keys:?}")).clone()
    };
    let all = keys(&mut store);
    Known { store, placed, key: find(&all, "k-1"), refused: find(&all, &order_key("none")) }
}

impl Known {
    /// An order like the known one with the next number and another id.
    fn new_order(&mut self, id: &str) -> Arc<Order> {
        let last = orders(&mut self.store).pop().expect("there are orders");
        Arc::new(Order { number: OrderNumber(last.number.0 + 1), id: id.into(), ..self.placed.clone() })
    }

    fn new_key(&self, key: &str) -> KeyRow {
        KeyRow { key: key.into(), ..self.key.clone() }
    }

    /// What becomes of a write in a unit of its own, which must leave nothing where a name is taken.
    fn write(self, changes: Changes) -> (Written, AnyStore) {
        let (before, mut store) = digest_of(self.store);
        store.begin(Mode::Write).expect("begins");
        let written = store.write(changes, Finish::Commit).expect("the store writes");
        let (after, store) = digest_of(store);
        assert_eq!(written == Written::Taken, before == after);
        (written, store)
    }
}

fn an_id_that_is_taken_is_told(bench: &Bench<'_>) {
    let mut known = known(bench);
    let taken = known.new_order("o-1");
    let changes = |keyed_by_id| Changes {
        new_orders: vec![NewOrderRow { order: Arc::clone(&taken), keyed_by_id }],
        ..Changes::default()
    };
    let (written, mut store) = known.write(changes(true));
    assert_eq!(written, Written::Taken);
    store.begin(Mode::Write).expect("begins");
    assert_eq!(store.write(changes(false), Finish::Commit).expect("writes"), Written::Taken);
    assert!(!orders(&mut store).contains(&taken));
}

fn an_order_that_was_refused_is_told_by_its_key(bench: &Bench<'_>) {
    let mut known = known(bench);
    assert!(matches!(known.refused.outcome, Outcome::Rejected(_)));
    let refused = known.new_order("none");
    let row = NewOrderRow { order: Arc::clone(&refused), keyed_by_id: true };
    let (written, store) = known.write(Changes { new_orders: vec![row], ..Changes::default() });
    assert_eq!(written, Written::Taken);
    // Under a key of its own it is another try.
    let mut store = store;
    store.begin(Mode::Write).expect("begins");
    let row = NewOrderRow { order: Arc::clone(&refused), keyed_by_id: false };
    let changes = Changes { new_orders: vec![row], ..Changes::default() };
    assert_eq!(store.write(changes, Finish::Commit).expect("writes"), Written::Done);
    assert!(orders(&mut store).contains(&refused));
}

fn a_key_that_is_taken_is_told(bench: &Bench<'_>) {
    let known = known(bench);
    let taken = KeyRow { at_ms: NOON + 9, ..known.new_key("k-1") };
    let fresh = known.new_key("fresh");
    let rows = [fresh.clone(), taken.clone()].map(|row| NewKey { row, refused_order: None });
    let (written, mut store) = known.write(Changes { keys: rows.to_vec(), ..Changes::default() });
    assert_eq!(written, Written::Taken);
    store.begin(Mode::Write).expect("begins");
    let changes = Changes { keys: rows[..1].to_vec(), ..Changes::default() };
    assert_eq!(store.write(changes, Finish::Commit).expect("writes"), Written::Done);
    let kept = keys(&mut store);
    assert!(kept.contains(&fresh) && !kept.contains(&taken));
}

fn a_refusal_of_an_order_that_exists_is_told(bench: &Bench<'_>) {
    let known = known(bench);
    let row = known.new_key("fresh");
    let refusal =
        |order| Changes { keys: vec![NewKey { row: row.clone(), refused_order: Some(order) }], ..Changes::default() };
    let (written, mut store) = known.write(refusal("o-1".to_owned()));
    assert_eq!(written, Written::Taken);
    store.begin(Mode::Write).expect("begins");
    assert_eq!(store.write(refusal("o-99".to_owned()), Finish::Commit).expect("writes"), Written::Done);
    assert!(keys(&mut store).contains(&row));
}

fn names_of_the_same_unit_are_taken_too(bench: &Bench<'_>) {
    let mut known = known(bench);
    let (new, key) = (known.new_order("o-99"), known.new_key("fresh"));
    let mut store = known.store;
    store.begin(Mode::Write).expect("begins");
    let first = Changes {
        new_orders: vec![NewOrderRow { order: Arc::clone(&new), keyed_by_id: true }],
        keys: vec![NewKey { row: key.clone(), refused_order: None }],
        ..Changes::default()
    };
    assert_eq!(store.write(first.clone(), Finish::Stay).expect("writes"), Written::Done);
    let again = Arc::new(Order { number: OrderNumber(new.number.0 + 1), ..Order::clone(&new) });
    let second = Changes { new_orders: vec![NewOrderRow { order: again, keyed_by_id: true }], ..Changes::default() };
    assert_eq!(store.write(second, Finish::Stay).expect("writes"), Written::Taken);
    assert!(!orders(&mut store).contains(&new) && !keys(&mut store).contains(&key));
    store.begin(Mode::Write).expect("begins");
    assert_eq!(store.write(first.clone(), Finish::Stay).expect("writes"), Written::Done);
    let second = Changes { keys: vec![NewKey { row: key.clone(), refused_order: None }], ..Changes::default() };
    assert_eq!(store.write(second, Finish::Commit).expect("writes"), Written::Taken);
    assert!(!orders(&mut store).contains(&new) && !keys(&mut store).contains(&key));
}

fn names_that_were_forgotten_are_free(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    let delivery = || Command::from(receive("main", &[("mug", 1)])).with_key("k");
    let prune = || Prune { before_ms: NOON + 1, limit: 9, from: PruneFrom::Keys(String::new()) };
    shop.accept(delivery());
    shop.reject(Code::InsufficientStock, order("o-1", &[("plate", 5)]));
    let replies = shop
        .execute_batch([
            delivery(),
            prune().into(),
            delivery(),
            receive("main", &[("plate", 1)]).into(),
            order("o-1", &[("plate", 5)]).into(),
            delivery(),
            prune().into(),
            delivery(),
        ])
        .expect("done");
    let repeated: Vec<bool> = replies.iter().map(|reply| reply.repeated).collect();
    assert_eq!(repeated, [true, false, false, false, false, true, false, false]);
    assert!(replies.iter().all(|reply| reply.accepted().is_ok()), "{replies:?}");
    let shop = bench.restart(shop);
    assert_eq!(shop.level("mug", "main").on_hand, 13);
    assert!(shop.reply_at(NOON, delivery()).repeated);
    shop.sound();
}

fn a_taken_name_ends_the_unit_with_nothing(bench: &Bench<'_>) {
    let mut known = known(bench);
    let taken = known.new_order("o-1");
    let (before, mut store) = digest_of(known.store);
    for finish in [Finish::Stay, Finish::Commit] {
        store.begin(Mode::Write).expect("begins");
        decide(&mut store, &at_noon([sku("lost").into(), order("lost", &[("ä-cup", 1)]).into()]), Finish::Stay);
        let changes = Changes {
            new_orders: vec![NewOrderRow { order: Arc::clone(&taken), keyed_by_id: true }],
            ..Changes::default()
        };
        assert_eq!(store.write(changes, finish).expect("writes"), Written::Taken, "{finish:?}");
        let (after, again) = digest_of(store);
        assert_eq!(before, after, "{finish:?}");
        store = again;
        store.rollback().expect("nothing is open");
    }
    commit(&mut store, &at_noon([order("kept", &[("ä-cup", 1)]).into()]));
    assert_ne!(digest_of(store).0, before);
}

/// Orders for one mug each; stores write the first of so many while the engine decides the last.
fn many_orders(count: usize) -> Vec<TimedCommand> {
    (0..count).map(|number| at(NOON, order(&format!("o-{number}"), &[("mug", 1)]))).collect()
}

fn with_mugs(bench: &Bench<'_>) -> Shop {
    let shop = small_shop(bench);
    shop.accept(receive("main", &[("mug", 5_000)]));
    shop
}

fn a_repeat_anywhere_in_a_large_batch_is_found(bench: &Bench<'_>) {
    let mut shop = with_mugs(bench);
    let old = shop.reply_at(NOON, order("old", &[("mug", 7)]));
    let refused = shop.reject(Code::InsufficientStock, order("refused", &[("plate", 9)]));
    let mut allocated = 7;
    for (round, place) in [0, 1, 63, 64, 65, 200, 399].into_iter().enumerate() {
        // Nothing of the orders before is in memory.
        shop = bench.restart(shop);
        let mut batch: Vec<TimedCommand> =
            (0..400).map(|number| at(NOON, order(&format!("o-{round}-{number}"), &[("mug", 1)]))).collect();
        batch[place] = at(NOON, order("old", &[("mug", 7)]));
        batch[(place + 100) % 400] = at(NOON, order("refused", &[("plate", 9)]));
        batch[(place + 200) % 400] = at(NOON, order("old", &[("mug", 8)]));
        let replies = shop.execute_batch_at(batch).expect("done");
        allocated += 397;
        assert_eq!((replies[place].repeated, &replies[place].outcome), (true, &old.outcome));
        let again = &replies[(place + 100) % 400];
        assert_eq!((again.repeated, &again.outcome), (true, &refused.outcome));
        let other = replies[(place + 200) % 400].rejection().expect("refused");
        assert_eq!(other.code, Code::OrderExists);
        assert_eq!(replies.iter().filter(|reply| !reply.repeated && reply.accepted().is_ok()).count(), 397);
        assert_eq!(shop.level("mug", "main").allocated, allocated, "round {round}");
    }
    bench.restart(shop).sound();
}

/// A client that lost all its answers sends everything again.
fn a_swarm_of_repeats_is_answered(bench: &Bench<'_>) {
    let shop = with_mugs(bench);
    let first = shop.execute_batch_at(many_orders(300)).expect("done");
    let mut shop = bench.restart(shop);
    let before = shop.state();
    for _ in 0..3 {
        let again = shop.execute_batch_at(many_orders(300)).expect("done");
        assert!(again.iter().all(|reply| reply.repeated));
        assert!(again.iter().zip(&first).all(|(again, first)| again.outcome == first.outcome));
        assert_eq!(shop.state(), before);
        shop = bench.restart(shop);
    }
    // And goes on.
    let more = shop.execute_batch_at(many_orders(301)).expect("done");
    assert_eq!(more.iter().filter(|reply| !reply.repeated).count(), 1);
    shop.sound();
}

fn a_large_batch_equals_single_commands(bench: &Bench<'_>) {
    let shop = with_mugs(bench);
    let twin = shop_over(AnyStore::new(stockroom::memory::MemoryStore::new()));
    furnish(&twin);
    twin.accept(receive("main", &[("mug", 5_000)]));
    let mut batch = many_orders(500);
    batch[130] = at(NOON, ship("o-3"));
    batch[250] = at(NOON, cancel("o-200"));
    batch[251] = at(NOON, order("too many", &[("mug", 9_999)]));
    batch[333] = at(NOON, Command::from(order("o-333", &[("plate", 1)])).with_key("k"));
    batch[480] = at(NOON, order("o-7", &[("mug", 1)]));
    let replies = shop.execute_batch_at(batch.clone()).expect("done");
    for (timed, reply) in batch.into_iter().zip(replies) {
        assert_eq!(twin.reply_at(timed.at_ms, timed.command), reply);
    }
    let shop = bench.restart(shop);
    assert_eq!(shop.state(), twin.state());
    shop.sound();
}

/// What was written ahead goes with the unit, when a name turns out to be taken or the caller gives up.
fn a_large_batch_that_fails_leaves_nothing(bench: &Bench<'_>) {
    let shop = with_mugs(bench);
    shop.accept(order("o-299", &[("mug", 2)]));
    let before = shop.state();
    let mut store = shop.into_store();
    store.begin(Mode::Write).expect("begins");
    let new: Vec<Arc<Order>> = {
        let like = orders(&mut store).swap_remove(0);
        let order =
            |number: u64| Order { number: OrderNumber(2 + number), id: format!("n-{number}").into(), ..like.clone() };
        (0..300).map(order).map(Arc::new).collect()
    };
    let rows = |range: std::ops::Range<usize>| Changes {
        new_orders: new[range]
            .iter()
            .map(|order| NewOrderRow { order: Arc::clone(order), keyed_by_id: true })
            .collect(),
        ..Changes::default()
    };
    for chunk in 0..4 {
        let written = store.write(rows(chunk * 70..chunk * 70 + 70), Finish::Stay).expect("writes");
        assert_eq!(written, Written::Done);
    }
    store.rollback().expect("rolls back");
    let (after, mut store) = digest_of(store);
    assert_eq!(after, before, "given up");

    // The name that is taken stands in the second of five; some later call must tell.
    store.begin(Mode::Write).expect("begins");
    let mut told = None;
    for chunk in 0..5 {
        let mut changes = rows(chunk * 60..chunk * 60 + 60);
        let taken = Arc::new(Order { id: "o-299".into(), ..Order::clone(&new[61]) });
        if chunk == 1 {
            changes.new_orders[1].order = taken.clone();
        }
        let finish = if chunk == 4 { Finish::Commit } else { Finish::Stay };
        if store.write(changes, finish).expect("writes") == Written::Taken {
            told = Some(chunk);
            break;
        }
    }
    assert!(told >= Some(1), "{told:?}");
    let (after, _) = digest_of(store);
    assert_eq!(after, before, "taken");
}
