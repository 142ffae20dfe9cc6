//! Several processes on one file, and processes that are killed in the middle of their work.

use std::collections::BTreeSet;
use std::time::Duration;

use stockroom::order::OrderState;
use stockroom_conformance::Random;
use stockroom_conformance::documents::{NOON, order, receive, ship};
use stockroom_conformance::expect::Expect;

use crate::child::Worker;
use crate::place::Place;

#[test]
fn three_processes_sell_what_there_is_and_no_more() {
    let place = Place::new();
    let shop = place.small_shop();
    shop.accept(receive("main", &[("mug", 185)]));
    let workers: Vec<Worker> =
        ["a", "bb", "ccc"].into_iter().map(|name| Worker::start("sell", &place.file(), name)).collect();
    let lines: Vec<String> = workers.into_iter().flat_map(Worker::finish).collect();
    assert_eq!(lines.len(), 3 * 120);
    let sold = lines.iter().filter(|line| *line == "sold").count();
    assert_eq!(sold, 200, "of 200 mugs");
    let allocated = shop.level("mug", "main").allocated + shop.level("mug", "north").allocated;
    assert_eq!((allocated, shop.free("mug", "main"), shop.free("mug", "north")), (200, 0, 0));
    let report = shop.verify().expect("readable");
    assert!(report.is_ok(), "{report}");
    assert_eq!((report.orders, report.holds), (200, 0));
}

/// Kills a worker after it has said so many things. Returns everything that it had said.
fn kill_after(mut worker: Worker, lines: usize) -> Vec<String> {
    let mut said: Vec<String> = (0..lines).map_while(|_| worker.line()).collect();
    assert_eq!(said.len(), lines, "it ended early");
    said.extend(worker.kill());
    said
}

/// The engine after a kill: every order that was said to be done is there, and everything adds up.
fn expect_all(place: &Place, said: &BTreeSet<String>) {
    let shop = place.shop();
    for id in said {
        let known = shop.known_order(id);
        assert_eq!(known.state, OrderState::Allocated, "{id}");
    }
    shop.sound();
    let report = shop.verify().expect("readable");
    assert!(report.orders >= said.len() as u64);
    // The file is in use again at once.
    let id = format!("after {}", said.len());
    shop.accept(receive("main", &[("mug", 1)]));
    shop.accept(order(&id, &[("mug", 1)]));
    shop.accept(ship(&id));
    shop.sound();
}

#[test]
fn a_killed_process_loses_nothing_that_it_had_acknowledged() {
    let place = Place::new();
    drop(place.small_shop());
    let mut random = Random::new(9);
    let mut all = BTreeSet::new();
    for round in 0..8 {
        let worker = Worker::start("sell on", &place.file(), &format!("run {round}"));
        all.extend(kill_after(worker, 1 + random.below(120) as usize));
        expect_all(&place, &all);
    }
    assert!(all.len() > 100, "{}", all.len());
}

/// In the middle of a large batch, part of which is written and not committed.
#[test]
fn a_process_killed_in_a_batch_leaves_whole_batches() {
    let place = Place::new();
    drop(place.small_shop());
    let mut random = Random::new(10);
    let mut all = BTreeSet::new();
    for round in 0..6 {
        let mut worker = Worker::start("sell batches", &place.file(), &format!("run {round}"));
        all.extend((0..200).map_while(|_| worker.line()));
        std::thread::sleep(Duration::from_millis(random.below(40)));
        all.extend(worker.kill());
        expect_all(&place, &all);
        let placed = place.shop().verify().expect("readable").orders;
        // One order was placed after each round.
        assert_eq!((placed - round - 1) % 200, 0, "a batch was torn");
    }
}

/// What a killed process had sent and not heard of is sent again: it happens once.
#[test]
fn what_was_under_way_is_done_once() {
    let place = Place::new();
    let shop = place.small_shop();
    for round in 0..4 {
        let name = format!("run {round}");
        let said = kill_after(Worker::start("sell on", &place.file(), &name), 3 + 5 * round);
        let before = shop.level("mug", "main");
        let first = said.len() - 1;
        for number in first..first + 3 {
            let id = format!("{name}-{number}");
            let delivery = stockroom::Command::from(receive("main", &[("mug", 2)])).with_key(format!("in {id}"));
            let known = [
                shop.reply_at(NOON, delivery.clone()).repeated,
                shop.reply_at(NOON, order(&id, &[("mug", 2)])).repeated,
            ];
            assert!(number > first || known == [true, true], "{id} was acknowledged");
            assert!(!known[1] || known[0], "the order came after the delivery");
            assert!(shop.reply_at(NOON, delivery).repeated);
        }
        // Two mugs came in for every two that were sold.
        let after = shop.level("mug", "main");
        assert_eq!((after.on_hand - 10) % 2, 0);
        assert_eq!(after.on_hand - after.allocated, 10);
        assert!(after.on_hand > before.on_hand);
        shop.sound();
    }
}

#[test]
fn processes_killed_side_by_side_leave_the_others_at_work() {
    let place = Place::new();
    let shop = place.small_shop();
    let mut doomed: Vec<Worker> =
        (0..2).map(|number| Worker::start("sell on", &place.file(), &format!("doomed {number}"))).collect();
    let mut survivor = Worker::start("sell on", &place.file(), "survivor");
    let mut said = BTreeSet::new();
    for worker in &mut doomed {
        said.extend((0..5).map_while(|_| worker.line()));
    }
    for worker in doomed {
        said.extend(worker.kill());
        let goes_on: Vec<String> = (0..5).map_while(|_| survivor.line()).collect();
        assert_eq!(goes_on.len(), 5, "the survivor stopped");
        said.extend(goes_on);
    }
    said.extend(survivor.kill());
    drop(shop);
    expect_all(&place, &said);
}

#[test]
fn a_process_killed_while_it_prunes_leaves_a_sound_file() {
    let place = Place::new();
    let mut random = Random::new(11);
    for _ in 0..4 {
        let shop = place.shop();
        if shop.available("mug", "main").expect("readable").is_none() {
            stockroom_conformance::expect::furnish(&shop);
        }
        let number = shop.verify().expect("readable").orders;
        shop.accept(receive("main", &[("mug", 600)]));
        let ids: Vec<String> = (number..number + 600).map(|number| format!("o-{number}")).collect();
        shop.execute_batch(ids.iter().map(|id| order(id, &[("mug", 1)]).into())).expect("placed");
        shop.execute_batch(ids.iter().map(|id| ship(id).into())).expect("shipped");
        drop(shop);
        let mut worker = Worker::start("prune", &place.file(), "");
        assert_eq!(worker.line().as_deref(), Some("begins"));
        std::thread::sleep(Duration::from_millis(random.below(60)));
        worker.kill();
        let shop = place.shop();
        shop.sound();
        // Whoever prunes next goes on.
        shop.prune(NOON + 1).expect("prunes");
        assert_eq!(shop.verify().expect("readable").orders, number + 600);
        shop.sound();
    }
}
