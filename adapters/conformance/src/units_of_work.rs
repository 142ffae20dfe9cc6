//! The rules of a unit of work: what it writes is its own until it commits, and all or none stays.

use std::sync::Arc;

use stockroom::engine::{BackorderChange, Changes, Needs};
use stockroom::inventory::Backorder;
use stockroom::memory::MemoryStore;
use stockroom::order::Order;
use stockroom::ports::{Finish, Freshness, Mode, Store};
use stockroom::{OrderNumber, Outcome, StockNumber};

use crate::bench::{AnyStore, Bench};
use crate::case::cases;
use crate::direct::{
    at_noon, commit, decide, digest_of, keys, orders, reading, row_counts, skus, stock, subscriptions, supplied, write,
};
use crate::documents::{channel, location, order, order_key, receive, sku};
use crate::expect::{Expect, furnish, small_shop};
use crate::scene::{first_act, second_act};

cases![units_of_work:
    a_fresh_place_is_empty,
    the_scene_has_every_kind_of_row,
    what_a_unit_writes_it_sees,
    several_writes_are_one_unit,
    rollback_drops_all_that_a_unit_wrote,
    rollback_without_a_unit_does_nothing,
    rollback_after_a_commit_changes_nothing,
    beginning_drops_an_abandoned_unit,
    a_reading_unit_ends_without_a_trace,
    a_write_that_fails_leaves_nothing_of_its_unit,
    an_empty_commit_is_a_commit,
    a_committed_unit_is_there_when_opened_anew(Durable),
    an_open_unit_is_lost_with_its_store(Durable),
    others_do_not_see_an_open_unit(Shared),
    others_see_a_committed_unit(Shared),
    a_foreign_commit_is_noticed(Shared),
    a_foreign_rollback_changes_nothing(Shared),
    a_reading_unit_sees_one_state(Shared),
];

fn shop_commands() -> Vec<stockroom::TimedCommand> {
    at_noon([
        sku("mug").into(),
        location("main").into(),
        channel("web", &["main"]).into(),
        receive("main", &[("mug", 10)]).into(),
    ])
}

fn a_fresh_place_is_empty(bench: &Bench<'_>) {
    let mut store = bench.store();
    assert_eq!(row_counts(&mut store), [0; 21]);
    let (digest, _) = digest_of(store);
    assert_eq!(digest, digest_of(AnyStore::new(MemoryStore::new())).0);
    let shop = bench.shop();
    shop.sound();
    assert_eq!(shop.available("mug", "main").expect("readable"), None);
}

/// How many kinds of rows the two acts bring about. Those of the shops behind channels come by hand: see `shops`.
const BY_COMMANDS: usize = 16;

/// The other cases lean on the two acts: each of their commands must do what it is there for.
fn the_scene_has_every_kind_of_row(bench: &Bench<'_>) {
    let mut store = bench.store();
    let replies = commit(&mut store, &first_act());
    let rejected = replies.iter().filter(|reply| matches!(reply.outcome, Outcome::Rejected(_))).count();
    assert_eq!(rejected, 2, "the two orders that ask too much: {replies:#?}");
    let before = row_counts(&mut store);
    let (before, of_shops) = before.split_at(BY_COMMANDS);
    assert_eq!(of_shops, [0; 5], "the acts connect no shop");
    assert!(before.iter().all(|count| *count >= 4), "{before:?}");

    let replies = commit(&mut store, &second_act());
    let rejected = replies.iter().filter(|reply| matches!(reply.outcome, Outcome::Rejected(_))).count();
    assert_eq!(rejected, 2, "the one that was refused before, and the one of nothing: {replies:#?}");
    let after = row_counts(&mut store);
    assert!(before.iter().zip(after).all(|(before, after)| *before != after), "{before:?} became {after:?}");
    digest_of(store);
}

fn what_a_unit_writes_it_sees(bench: &Bench<'_>) {
    let mut store = bench.store();
    let mut twin = AnyStore::new(MemoryStore::new());
    store.begin(Mode::Write).expect("begins");
    decide(&mut store, &first_act(), Finish::Stay);
    commit(&mut twin, &first_act());
    assert_eq!(row_counts(&mut store), row_counts(&mut twin));
    let needs = Needs { skus: vec!["mug".into()], order_ids: vec!["o-1".into()], ..Needs::default() };
    assert_eq!(supplied(&mut store, &needs), supplied(&mut twin, &needs));

    // What it took away is gone for it too.
    decide(&mut store, &second_act(), Finish::Stay);
    commit(&mut twin, &second_act());
    assert_eq!(row_counts(&mut store), row_counts(&mut twin));
    assert_eq!(keys(&mut store), keys(&mut twin));
    assert_eq!(orders(&mut store), orders(&mut twin));
    write(&mut store, Changes::default(), Finish::Commit);
    assert_eq!(digest_of(store).0, digest_of(twin).0);
}

fn several_writes_are_one_unit(bench: &Bench<'_>) {
    let mut store = bench.store();
    let mut twin = AnyStore::new(MemoryStore::new());
    store.begin(Mode::Write).expect("begins");
    for command in first_act() {
        decide(&mut store, std::slice::from_ref(&command), Finish::Stay);
    }
    decide(&mut store, &second_act(), Finish::Commit);
    commit(&mut twin, &first_act());
    commit(&mut twin, &second_act());
    store.rollback().expect("nothing is open");
    assert_eq!(digest_of(store).0, digest_of(twin).0);
}

fn rollback_drops_all_that_a_unit_wrote(bench: &Bench<'_>) {
    let mut store = bench.store();
    commit(&mut store, &first_act());
    let (before, mut store) = digest_of(store);
    store.begin(Mode::Write).expect("begins");
    // In two writes, because the second changes rows that the first has written.
    let act = second_act();
    let (first, second) = act.split_at(12);
    decide(&mut store, first, Finish::Stay);
    decide(&mut store, second, Finish::Stay);
    store.rollback().expect("rolls back");
    let (after, store) = digest_of(store);
    assert_eq!(before, after);
    let shop = crate::bench::shop_over(store);
    shop.sound();
}

fn rollback_without_a_unit_does_nothing(bench: &Bench<'_>) {
    let mut store = bench.store();
    store.rollback().expect("nothing to roll back");
    commit(&mut store, &shop_commands());
    store.rollback().expect("nothing to roll back");
    store.rollback().expect("nothing to roll back");
    assert_eq!(skus(&mut store).len(), 1);
    commit(&mut store, &at_noon([sku("plate").into()]));
    assert_eq!(skus(&mut store).len(), 2);
}

fn rollback_after_a_commit_changes_nothing(bench: &Bench<'_>) {
    let mut store = bench.store();
    store.begin(Mode::Write).expect("begins");
    decide(&mut store, &shop_commands(), Finish::Stay);
    decide(&mut store, &at_noon([order("o-1", &[("mug", 3)]).into()]), Finish::Commit);
    store.rollback().expect("nothing is open");
    assert_eq!(orders(&mut store).len(), 1);
    assert_eq!(stock(&mut store)[0].stock.allocated, 3);
}

fn beginning_drops_an_abandoned_unit(bench: &Bench<'_>) {
    let mut store = bench.store();
    commit(&mut store, &shop_commands());
    for mode in [Mode::Write, Mode::Read] {
        store.begin(Mode::Write).expect("begins");
        decide(&mut store, &at_noon([order("lost", &[("mug", 3)]).into()]), Finish::Stay);
        store.begin(mode).expect("begins anew");
        assert_eq!(orders(&mut store), [], "{mode:?}");
        assert_eq!(stock(&mut store)[0].stock.allocated, 0, "{mode:?}");
        store.rollback().expect("rolls back");
    }
    store.begin(Mode::Read).expect("begins");
    commit(&mut store, &at_noon([order("kept", &[("mug", 4)]).into()]));
    assert_eq!(stock(&mut store)[0].stock.allocated, 4);
}

fn a_reading_unit_ends_without_a_trace(bench: &Bench<'_>) {
    let mut store = bench.store();
    commit(&mut store, &first_act());
    let (before, mut store) = digest_of(store);
    reading(&mut store, |store| assert_eq!(skus(store).len(), 7));
    assert_eq!(digest_of(store).0, before);
}

/// A store may notice that changes contradict its rows, or not: the in-memory one does not. If it does, its
/// unit of work is over and nothing of it stays.
fn a_write_that_fails_leaves_nothing_of_its_unit(bench: &Bench<'_>) {
    let mut store = bench.store();
    commit(&mut store, &first_act());
    let stranger = Order { number: OrderNumber(99), ..orders(&mut store).swap_remove(0) };
    let (before, mut store) = digest_of(store);
    let nobody = Backorder { stock: StockNumber(65_537), since: 1, order: OrderNumber(99), line: 0 };
    let nobody_waits = vec![BackorderChange::Done(nobody)];
    let contradictions = [
        Changes { changed_orders: vec![Arc::new(stranger)], ..Changes::default() },
        Changes { backorders: nobody_waits, ..Changes::default() },
    ];
    for contradiction in &contradictions {
        store.begin(Mode::Write).expect("begins");
        decide(&mut store, &second_act(), Finish::Stay);
        if store.write(contradiction.clone(), Finish::Stay).is_ok() {
            store.rollback().expect("rolls back");
        }
        let (after, again) = digest_of(store);
        assert_eq!(before, after, "{contradiction:?}");
        store = again;
        store.rollback().expect("nothing is open");
    }
    commit(&mut store, &second_act());
    assert_ne!(digest_of(store).0, before, "the store goes on");
}

fn an_empty_commit_is_a_commit(bench: &Bench<'_>) {
    let mut store = bench.store();
    commit(&mut store, &shop_commands());
    let (before, mut store) = digest_of(store);
    store.begin(Mode::Write).expect("begins");
    write(&mut store, Changes::default(), Finish::Stay);
    write(&mut store, Changes::default(), Finish::Commit);
    let (after, mut store) = digest_of(store);
    assert_eq!(before, after);
    commit(&mut store, &at_noon([sku("plate").into()]));
    assert_eq!(skus(&mut store).len(), 2);
}

fn a_committed_unit_is_there_when_opened_anew(bench: &Bench<'_>) {
    let mut store = bench.store();
    commit(&mut store, &first_act());
    commit(&mut store, &second_act());
    let (before, store) = digest_of(store);
    drop(store);
    let shop = bench.shop();
    assert_eq!(shop.state(), before);
    shop.sound();
}

fn an_open_unit_is_lost_with_its_store(bench: &Bench<'_>) {
    let mut store = bench.store();
    commit(&mut store, &first_act());
    let (before, mut store) = digest_of(store);
    store.begin(Mode::Write).expect("begins");
    decide(&mut store, &second_act(), Finish::Stay);
    drop(store);
    assert_eq!(digest_of(bench.store()).0, before);
}

fn others_do_not_see_an_open_unit(bench: &Bench<'_>) {
    let (mut one, mut other) = (bench.store(), bench.store());
    commit(&mut one, &shop_commands());
    one.begin(Mode::Write).expect("begins");
    decide(&mut one, &at_noon([order("o-1", &[("mug", 3)]).into()]), Finish::Stay);
    let needs = Needs { order_ids: vec!["o-1".into()], ..Needs::default() };
    let absent = crate::direct::putting(|rows| rows.put_no_order("o-1"));
    assert_eq!(reading(&mut other, |other| supplied(other, &needs)), absent);
    assert_eq!(reading(&mut other, orders), []);
    write(&mut one, Changes::default(), Finish::Commit);
    assert_ne!(reading(&mut other, |other| supplied(other, &needs)), absent);
}

fn others_see_a_committed_unit(bench: &Bench<'_>) {
    let mut one = bench.store();
    let other = bench.store();
    commit(&mut one, &first_act());
    commit(&mut one, &second_act());
    assert_eq!(digest_of(one).0, digest_of(other).0);
}

fn a_foreign_commit_is_noticed(bench: &Bench<'_>) {
    let (mut one, mut other) = (bench.store(), bench.store());
    commit(&mut one, &shop_commands());
    for mode in [Mode::Read, Mode::Write] {
        one.begin(mode).expect("begins");
        one.rollback().expect("rolls back");
        commit(&mut other, &at_noon([receive("main", &[("mug", 1)]).into()]));
        assert_eq!(one.begin(mode).expect("begins"), Freshness::Foreign, "{mode:?}");
        one.rollback().expect("rolls back");
        commit(&mut other, &at_noon([receive("main", &[("mug", 1)]).into()]));
        assert_eq!(one.freshness().expect("asked outside"), Freshness::Foreign, "{mode:?}");
    }
    // The engine's cache is not trusted either, whether it reads or decides.
    let (one, other) = (bench.shop(), bench.shop());
    assert_eq!((one.free("mug", "main"), other.free("mug", "main")), (14, 14));
    one.accept(order("o-1", &[("mug", 9)]));
    assert_eq!(other.free("mug", "main"), 5);
    other.reject(stockroom::Code::InsufficientStock, order("o-2", &[("mug", 6)]));
    other.accept(order("o-3", &[("mug", 5)]));
    assert_eq!(one.free("mug", "main"), 0);
    one.reject(stockroom::Code::InsufficientStock, order("o-4", &[("mug", 1)]));
    assert!(one.reply_at(crate::documents::NOON, order("o-3", &[("mug", 5)])).repeated);
    assert_eq!(one.state(), other.state());
    one.sound();
}

fn a_foreign_rollback_changes_nothing(bench: &Bench<'_>) {
    let one = small_shop(bench);
    let mut other = bench.store();
    other.begin(Mode::Write).expect("begins");
    decide(&mut other, &at_noon([order("lost", &[("mug", 9)]).into()]), Finish::Stay);
    other.rollback().expect("rolls back");
    assert_eq!(one.free("mug", "main"), 10);
    assert_eq!(one.order("lost").expect("readable"), None);
    one.accept(order("o-1", &[("mug", 15)]));
    one.sound();
}

fn a_reading_unit_sees_one_state(bench: &Bench<'_>) {
    let other = bench.shop();
    furnish(&other);
    let mut one = bench.store();
    one.begin(Mode::Read).expect("begins");
    let before = (stock(&mut one), orders(&mut one), subscriptions(&mut one));
    let needs = Needs { keys: vec![order_key("o-2")], order_ids: vec!["o-1".into()], ..Needs::default() };
    let supplied_before = supplied(&mut one, &needs);
    other.accept(order("o-1", &[("mug", 3)]));
    other.reject(stockroom::Code::SkuUnknown, order("o-2", &[("cup", 3)]));
    assert_eq!((stock(&mut one), orders(&mut one), subscriptions(&mut one)), before);
    assert_eq!(supplied(&mut one, &needs), supplied_before);
    one.rollback().expect("ends");
    assert_eq!(orders(&mut one).len(), 1);
    assert_ne!(supplied(&mut one, &needs), supplied_before);
}
