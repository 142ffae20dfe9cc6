//! The driver: callers who share commits, tickets asked late or never, stores that fail or panic, the recorder
//! and its replay, previews, the host's rules.

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::time::Duration;

use common::samples::{prepared, samples};
use common::scripted::{Act, Place, Script, ScriptedStore};
use common::{
    Replay, START_MS, Shop, assert_verified, digest, every_row, furnishing, order, receive, replayed,
    rows_of_the_business,
};
use stockroom::ports::Store;
use stockroom::{
    CancelOrder, Code, Command, ErrorKind, EventData, Fault, NewOrder, RegisterSku, SetStockPolicy, StockPolicy,
    Stockroom, Ticket, TimedCommand,
};

/// A furnished shop over a store that does as its script says, with room for a log of what was committed.
fn scripted(levels: &[(&str, &str, i64)]) -> (Stockroom<ScriptedStore>, Arc<Script>, Arc<Mutex<Vec<TimedCommand>>>) {
    let (store, script) = ScriptedStore::new();
    let log: Arc<Mutex<Vec<TimedCommand>>> = Arc::default();
    let copy = Arc::clone(&log);
    let room = Stockroom::new(store, || START_MS)
        .with_recorder(move |timed: &TimedCommand| copy.lock().expect("no test panics here").push(timed.clone()));
    let replies = room.execute_batch(furnishing(levels)).expect("the shop is furnished");
    assert!(replies.iter().all(|reply| reply.accepted().is_ok()));
    (room, script, log)
}

/// The ids of the orders that were placed, in their order.
fn placed<S: Store>(room: &Stockroom<S>) -> Vec<String> {
    let events = room.events(0, u32::MAX).expect("they can be read");
    let placed = events.iter().filter_map(|event| match &event.data {
        EventData::OrderAllocated(placed) => Some(placed.order.to_string()),
        _ => None,
    });
    placed.collect()
}

fn new_order(number: usize) -> NewOrder {
    order(&format!("o-{number}"), &[("mug", 1)])
}

#[test]
fn those_who_come_during_a_commit_share_the_next() {
    let (room, script, log) = scripted(&[("main", "mug", 100)]);
    let before = script.commits();
    let gate = script.stop_commit();
    std::thread::scope(|scope| {
        let first = scope.spawn(|| room.execute(new_order(0)));
        gate.await_arrival();
        let tickets: Vec<Ticket> = (1..=20).map(|number| room.submit(new_order(number))).collect();
        let room = &room;
        let riders: Vec<_> = tickets.into_iter().map(|ticket| scope.spawn(move || room.wait(ticket))).collect();
        gate.open();
        assert!(first.join().expect("it ends").expect("it is answered").accepted().is_ok());
        for (number, rider) in (1..).zip(riders) {
            let reply = rider.join().expect("it ends").expect("it is answered");
            assert_eq!(&*reply.placed_order().expect("it was placed").order, format!("o-{number}"));
        }
    });
    assert_eq!(script.commits(), before + 2);
    // In the order of handing in, for the log too.
    let ids: Vec<String> = (0..=20).map(|number| format!("o-{number}")).collect();
    assert_eq!(placed(&room), ids);
    assert_eq!(log.lock().expect("no test panics here").len(), furnishing(&[("", "", 1)]).len() + 21);
    assert_verified(&room);
}

#[test]
fn tickets_are_asked_late_or_never() {
    let (room, script, _) = scripted(&[("main", "mug", 100)]);
    let before = script.commits();
    let late = room.submit(new_order(1));
    drop(room.submit(new_order(2)));
    drop(room.submit(order("o-bad", &[("nosuch", 1)])));
    assert_eq!(script.commits(), before, "nobody has asked yet");
    assert!(placed(&room).is_empty());
    assert!(room.execute(new_order(3)).expect("it is answered").accepted().is_ok());
    assert_eq!(script.commits(), before + 1);
    assert_eq!(placed(&room), ["o-1", "o-2", "o-3"]);
    assert!(room.wait(late).expect("it is answered").placed_order().is_some());
    assert_eq!(script.commits(), before + 1, "the answer was there");
}

#[test]
fn a_ticket_may_be_asked_by_another_thread() {
    let (room, _, _) = scripted(&[("main", "mug", 100)]);
    let tickets: Vec<Ticket> = (0..8).map(|number| room.submit(new_order(number))).collect();
    std::thread::scope(|scope| {
        let room = &room;
        let asking: Vec<_> = tickets.into_iter().rev().map(|ticket| scope.spawn(move || room.wait(ticket))).collect();
        for (number, asked) in (0..8).rev().zip(asking) {
            let reply = asked.join().expect("it ends").expect("it is answered");
            assert_eq!(&*reply.placed_order().expect("it was placed").order, format!("o-{number}"));
        }
    });
}

#[test]
fn flush_commits_what_was_handed_in() {
    let (room, script, _) = scripted(&[("main", "mug", 100)]);
    let before = script.commits();
    room.flush();
    assert_eq!(script.commits(), before, "there was nothing");
    let ticket = room.submit(new_order(1));
    room.flush();
    assert_eq!((script.commits(), placed(&room).len()), (before + 1, 1));
    room.flush();
    assert!(room.wait(ticket).expect("it is answered").accepted().is_ok());
    assert_eq!(script.commits(), before + 1);
}

#[test]
fn flush_waits_for_a_commit_under_way() {
    let (room, script, _) = scripted(&[("main", "mug", 100)]);
    let gate = script.stop_commit();
    let flushed = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let leader = scope.spawn(|| room.execute(new_order(1)));
        gate.await_arrival();
        let flusher = scope.spawn(|| {
            room.flush();
            flushed.store(true, Ordering::SeqCst);
        });
        // Too short a wait would let a fault pass, never make one.
        std::thread::sleep(Duration::from_millis(50));
        let too_early = flushed.load(Ordering::SeqCst);
        gate.open();
        flusher.join().expect("it ends");
        assert!(leader.join().expect("it ends").is_ok());
        assert!(!too_early, "what was handed in before was not durable yet");
    });
}

#[test]
fn more_commands_than_one_commit_takes() {
    let (room, _, _) = scripted(&[("main", "mug", 10_000)]);
    let tickets: Vec<Ticket> = (0..9_000).map(|number| room.submit(new_order(number))).collect();
    for (number, ticket) in tickets.into_iter().enumerate().rev() {
        let reply = room.wait(ticket).expect("it is answered");
        let placed = reply.placed_order().expect("it was placed");
        assert_eq!((&*placed.order, placed.number), (&*format!("o-{number}"), number as u64 + 1));
    }
    assert_verified(&room);
}

#[test]
fn a_batch_comes_after_what_its_thread_handed_in_before() {
    let (room, _, log) = scripted(&[("main", "mug", 100)]);
    let ticket = room.submit(new_order(1));
    let replies = room.execute_batch([new_order(2).into(), new_order(3).into()]).expect("it is answered");
    assert!(replies.iter().all(|reply| reply.accepted().is_ok()));
    assert!(room.wait(ticket).expect("it is answered").accepted().is_ok());
    assert_eq!(placed(&room), ["o-1", "o-2", "o-3"]);
    let log = log.lock().expect("no test panics here");
    assert_eq!(digest(&replayed(&log, Replay::OneByOne)), digest(&room));
}

#[test]
fn an_empty_batch_is_no_commit() {
    let (room, script, _) = scripted(&[]);
    let before = script.commits();
    assert!(room.execute_batch([]).expect("it is answered").is_empty());
    assert!(room.execute_batch_at(Vec::new()).expect("it is answered").is_empty());
    assert_eq!(script.commits(), before);
}

#[test]
fn a_commit_that_fails_fails_for_everybody_in_it_and_for_nobody_else() {
    for (place, kind) in [
        (Place::Commit, ErrorKind::Io),
        (Place::Commit, ErrorKind::Full),
        (Place::Begin, ErrorKind::Busy),
        (Place::Supply, ErrorKind::Corrupt),
    ] {
        let (room, script, log) = scripted(&[("main", "mug", 100)]);
        let gate = script.stop_commit();
        script.then(place, Act::Fail(kind));
        std::thread::scope(|scope| {
            let room = &room;
            let first = scope.spawn(|| room.execute(new_order(0)));
            gate.await_arrival();
            let tickets: Vec<Ticket> = (1..=5)
                .map(|number| room.submit(RegisterSku { sku: format!("new-{number}"), components: None }))
                .collect();
            let riders: Vec<_> = tickets.into_iter().map(|ticket| scope.spawn(move || room.wait(ticket))).collect();
            gate.open();
            assert!(first.join().expect("it ends").is_ok(), "it was in another commit");
            for rider in riders {
                let error = rider.join().expect("it ends").expect_err("the commit failed");
                assert_eq!((error.kind(), error.operation()), (kind, "scripted.store"));
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                assert_eq!(cause.as_deref(), Some("the disk is on fire"), "everybody is told the cause");
            }
        });
        assert_eq!(placed(&room), ["o-0"]);
        assert_eq!(room.available("new-1", "main").expect("it can be read"), None);
        // The same commands again, and the log knows only what was done.
        for number in 1..=5 {
            let register = RegisterSku { sku: format!("new-{number}"), components: None };
            assert!(!room.execute(register).expect("it is answered").repeated);
        }
        assert_verified(&room);
        let log = log.lock().expect("no test panics here");
        assert_eq!(digest(&replayed(&log, Replay::OneByOne)), digest(&room));
    }
}

#[test]
fn a_preview_does_not_cost_the_next_order_its_rows() {
    let (room, script, _) = scripted(&[("main", "mug", 100)]);
    assert!(room.execute(new_order(1)).expect("it is answered").accepted().is_ok());
    assert!(room.preview(new_order(2)).expect("it is answered").accepted().is_ok());
    // From here on the first read fails: none must be needed.
    script.then(Place::Supply, Act::Fail(ErrorKind::Io));
    assert!(room.execute(new_order(3)).expect("it reads nothing").accepted().is_ok());
    assert!(room.preview(new_order(4)).is_err(), "a preview reads its own rows");
}

#[test]
fn a_failure_in_a_batch_or_a_preview_or_a_read_leaves_nothing() {
    let (room, script, _) = scripted(&[("main", "mug", 100)]);
    let before = every_row(&room);
    script.then(Place::Commit, Act::Fail(ErrorKind::Io));
    let error = room.execute_batch([new_order(1).into(), new_order(2).into()]).expect_err("it failed");
    assert!(error.is_retryable());
    script.then(Place::Begin, Act::Fail(ErrorKind::Busy));
    assert_eq!(room.preview(new_order(1)).expect_err("it failed").kind(), ErrorKind::Busy);
    script.then(Place::Supply, Act::Fail(ErrorKind::Corrupt));
    assert_eq!(room.order("o-1").expect_err("it failed").kind(), ErrorKind::Corrupt);
    assert_eq!(every_row(&room), before);
    // A failure between two writes of one batch: the first is taken back.
    let waits = NewOrder { policy: stockroom::StockPolicy::Backorder, ..order("o-3", &[("mug", 101)]) };
    let policy = stockroom::SetStockPolicy {
        sku: "mug".into(),
        location: "main".into(),
        backorder_limit: Some(9),
        ..Default::default()
    };
    let batch = || [policy.clone().into(), waits.clone().into(), receive("main", "mug", 1).into()];
    script.then(Place::Flush, Act::Pass);
    script.then(Place::Commit, Act::Fail(ErrorKind::Io));
    room.execute_batch(batch()).expect_err("it failed");
    assert_eq!(every_row(&room), before);
    assert!(room.execute_batch(batch()).expect("it is answered").iter().all(|reply| reply.accepted().is_ok()));
    assert_verified(&room);
}

#[test]
fn a_store_that_panics_leaves_nobody_waiting() {
    for place in [Place::Commit, Place::Begin] {
        let (room, script, log) = scripted(&[("main", "mug", 100)]);
        let gate = script.stop_commit();
        script.then(place, Act::Panic);
        std::thread::scope(|scope| {
            let room = &room;
            let first = scope.spawn(|| room.execute(new_order(0)));
            gate.await_arrival();
            let tickets: Vec<Ticket> = (1..=5).map(|number| room.submit(new_order(number))).collect();
            let wait = |ticket| catch_unwind(AssertUnwindSafe(|| room.wait(ticket)));
            let riders: Vec<_> = tickets.into_iter().map(|ticket| scope.spawn(move || wait(ticket))).collect();
            gate.open();
            assert!(first.join().expect("it ends").is_ok());
            let mut panics = 0;
            for rider in riders {
                match rider.join().expect("it ends") {
                    Err(_) => panics += 1,
                    Ok(answer) => {
                        let error = answer.expect_err("nothing was done");
                        assert!(error.kind() == ErrorKind::Aborted && error.is_retryable());
                    }
                }
            }
            assert_eq!(panics, 1, "whoever led panics, the others are told");
        });
        assert_eq!(placed(&room), ["o-0"]);
        assert!(room.execute(new_order(1)).expect("it is answered").accepted().is_ok());
        assert_verified(&room);
        let log = log.lock().expect("no test panics here");
        assert_eq!(digest(&replayed(&log, Replay::OneByOne)), digest(&room));
    }
}

#[test]
fn a_recorder_that_panics_comes_too_late_to_undo() {
    let armed = Arc::new(AtomicBool::new(false));
    let trigger = Arc::clone(&armed);
    let shop = Shop::with(|room| {
        room.with_recorder(move |_: &TimedCommand| assert!(!trigger.load(Ordering::SeqCst), "told to panic"))
    });
    shop.furnish(&[("main", "mug", 9)]);
    armed.store(true, Ordering::SeqCst);
    assert!(catch_unwind(AssertUnwindSafe(|| shop.room.execute(new_order(1)))).is_err());
    armed.store(false, Ordering::SeqCst);
    // It was committed before; sent again, it has its one effect.
    assert!(shop.accept(new_order(1)).repeated);
    shop.accept(new_order(2));
    shop.assert_verified();
}

#[test]
fn many_threads_sell_what_there_is_and_no_more() {
    let (room, _, log) = scripted(&[("main", "mug", 150), ("backup", "mug", 50)]);
    let (threads, orders) = (8, 60);
    let start = Barrier::new(threads);
    let sold: usize = std::thread::scope(|scope| {
        let (room, start) = (&room, &start);
        let selling = (0..threads).map(|thread| {
            scope.spawn(move || {
                start.wait();
                let mut sold = 0;
                for number in 0..orders {
                    let new = order(&format!("o-{thread}-{number}"), &[("mug", 1)]);
                    let reply = match number % 4 {
                        0 => room.execute_batch([new.into()]).map(|mut replies| replies.remove(0)),
                        1 => {
                            let ticket = room.submit(new.clone());
                            let again = room.submit(new);
                            assert!(room.wait(again).expect("it is answered").repeated);
                            room.wait(ticket)
                        }
                        _ => room.execute(new),
                    };
                    sold += usize::from(reply.expect("it is answered").accepted().is_ok());
                    let left = room.available("mug", "main").expect("it can be read").expect("it is registered");
                    assert!(left >= 0);
                    room.preview(receive("main", "mug", 1_000)).expect("it is answered");
                }
                sold
            })
        });
        let selling: Vec<_> = selling.collect();
        selling.into_iter().map(|thread| thread.join().expect("it ends")).sum()
    });
    assert_eq!(sold, 200);
    assert_eq!(placed(&room).len(), 200);
    assert_verified(&room);
    let log = log.lock().expect("no test panics here");
    for how in [Replay::OneByOne, Replay::OneBatch] {
        assert_eq!(digest(&replayed(&log, how)), digest(&room), "{how:?}");
    }
}

#[test]
fn a_recorded_log_replays_to_the_same_bytes() {
    let log: Arc<Mutex<Vec<TimedCommand>>> = Arc::default();
    let copy = Arc::clone(&log);
    let shop = Shop::with(|room| {
        room.with_recorder(move |timed: &TimedCommand| copy.lock().expect("no test panics here").push(timed.clone()))
    });
    shop.furnish(&[("main", "mug", 30), ("main", "plate", 60)]);
    // Everything right and a part of everything wrong, at a clock that jumps.
    for (step, sample) in samples().iter().enumerate() {
        shop.set_clock(START_MS + [5_000, 1_000, 90_000, 0][step % 4]);
        for wrong in sample.wrongs.iter().step_by(7) {
            shop.reply(sample.with(wrong));
        }
        shop.reply(sample.command());
        shop.room.preview(sample.command()).expect("it is answered");
    }
    let log = log.lock().expect("no test panics here");
    for how in [Replay::OneByOne, Replay::Cold, Replay::OneBatch] {
        let again = replayed(&log, how);
        assert_eq!(every_row(&again), every_row(&shop.room), "{how:?}");
        assert_eq!(digest(&again), digest(&shop.room), "{how:?}");
    }
    // As lines of JSON, which is how a log is kept.
    let lines: Vec<String> = log.iter().map(|timed| serde_json::to_string(timed).expect("it can be written")).collect();
    let read: Vec<TimedCommand> =
        lines.iter().map(|line| serde_json::from_str(line).expect("it can be read")).collect();
    assert_eq!(read, *log);
}

#[test]
fn a_preview_of_anything_tells_the_truth_and_changes_nothing() {
    for sample in samples() {
        let shop = prepared();
        let before = every_row(&shop.room);
        let right = shop.room.preview(sample.command()).expect("it is answered");
        assert!(right.accepted().is_ok(), "{}: {right:?}", sample.action);
        let keyed = shop.room.preview(sample.command().with_key("k-1")).expect("it is answered");
        assert_eq!(keyed, right);
        for wrong in sample.wrongs.iter().step_by(5) {
            let reply = shop.room.preview(sample.with(wrong)).expect("it is answered");
            assert_eq!(reply.rejection().map(|rejection| rejection.code), Some(wrong.code));
        }
        assert_eq!(every_row(&shop.room), before, "{}", sample.action);
        assert_eq!(shop.accept(sample.command()), right);
    }
}

#[test]
fn previews_are_made_at_their_own_time() {
    let shop = prepared();
    let place = |at_ms| shop.room.preview_at(at_ms, NewOrder { hold: Some("h-live".into()), ..new_order(1) });
    assert!(place(shop.now_ms()).expect("it is answered").accepted().is_ok());
    let tomorrow = place(shop.now_ms() + 100_000_000).expect("it is answered");
    assert_eq!(tomorrow.rejection().map(|rejection| rejection.code), Some(Code::HoldUnknown));
    assert!(place(shop.now_ms()).expect("it is answered").accepted().is_ok());
}

#[test]
fn rules_of_the_host_are_part_of_the_command_but_not_of_what_it_is() {
    let closed = Arc::new(AtomicBool::new(false));
    let door = Arc::clone(&closed);
    let log: Arc<Mutex<Vec<TimedCommand>>> = Arc::default();
    let copy = Arc::clone(&log);
    let shop = Shop::with(|room| {
        room.with_rule(move |_: &NewOrder, faults: &mut Vec<Fault>| {
            if door.load(Ordering::SeqCst) {
                // Whatever code the rule gives, it is told as a rule of the host's.
                let detail = "we are closed".to_owned();
                faults.push(Fault { code: Code::SkuUnknown, at: "channel".into(), detail });
            }
        })
        .with_rule(|new: &NewOrder, faults: &mut Vec<Fault>| {
            if new.lines.iter().any(|line| line.quantity > 5) {
                faults.push(Fault { code: Code::HostRule, at: "lines".into(), detail: "five at most".into() });
            }
        })
        .with_recorder(move |timed: &TimedCommand| copy.lock().expect("no test panics here").push(timed.clone()))
    });
    shop.furnish(&[("main", "mug", 30)]);
    shop.accept(new_order(1));
    closed.store(true, Ordering::SeqCst);
    // The order stands, whatever the rules say now.
    assert!(shop.accept(new_order(1)).repeated);
    let both = order("o-2", &[("mug", 6), ("nosuch", 1)]);
    let rejection = shop.reject(both.clone());
    let codes: Vec<Code> = rejection.faults.iter().map(|fault| fault.code).collect();
    assert_eq!(codes, [Code::SkuUnknown, Code::HostRule, Code::HostRule]);
    assert_eq!(rejection.code, Code::HostRule);
    assert_eq!((&*rejection.faults[1].at, &*rejection.faults[1].detail), ("channel", "we are closed"));
    let preview = shop.room.preview(new_order(3)).expect("it is answered");
    assert_eq!(preview.rejection().map(|rejection| rejection.code), Some(Code::HostRule));
    let batch = shop.room.execute_batch([new_order(3).into()]).expect("it is answered");
    assert_eq!(batch[0].rejection().map(|rejection| rejection.code), Some(Code::HostRule));
    closed.store(false, Ordering::SeqCst);
    assert!(shop.reply(new_order(3)).repeated, "the refusal stands, whatever the rules say now");
    // A replay needs no rules.
    let log = log.lock().expect("no test panics here");
    assert_eq!(digest(&replayed(&log, Replay::OneBatch)), digest(&shop.room));
}

#[test]
fn rejected_commands_in_a_batch_do_not_touch_the_others() {
    let shop = Shop::stocked(&[("main", "mug", 3)]);
    let batch: Vec<Command> = vec![
        order("o-1", &[("mug", 2)]).into(),
        order("o-2", &[("mug", 2)]).into(),
        order("o-1", &[("mug", 2)]).into(),
        order("o-3", &[("mug", 1)]).into(),
        order("o-2", &[("mug", 2)]).into(),
        Command::from(receive("main", "mug", 1)).with_key("k"),
        Command::from(receive("main", "mug", 1)).with_key("k"),
        Command::from(receive("main", "mug", 2)).with_key("k"),
        order("o-4", &[("mug", 1)]).into(),
    ];
    let replies = shop.room.execute_batch(batch).expect("it is answered");
    let told: Vec<(bool, bool)> = replies.iter().map(|reply| (reply.accepted().is_ok(), reply.repeated)).collect();
    let expected = [
        (true, false),
        (false, false),
        (true, true),
        (true, false),
        (false, true),
        (true, false),
        (true, true),
        (false, false),
        (true, false),
    ];
    assert_eq!(told, expected);
    assert_eq!(replies[7].rejection().map(|rejection| rejection.code), Some(Code::KeyReused));
    shop.assert_verified();
    assert!(!rows_of_the_business(&shop.room).is_empty());
}

#[test]
fn a_repeated_order_is_still_there_for_what_comes_after_it() {
    let shop = Shop::stocked(&[("main", "mug", 5)]);
    for sku in ["mug", "plate"] {
        let (sku, location, backorder_limit) = (sku.into(), "main".into(), Some(10));
        shop.accept(SetStockPolicy { sku, location, backorder_limit, ..SetStockPolicy::default() });
    }
    let first = || Command::from(order("o-1", &[("mug", 1)])).with_key("k-1");
    shop.accept(first());
    // A node that has just begun: it knows the SKUs, and no order but one that waits for plates.
    let room = Stockroom::new(shop.room.into_store(), || START_MS);
    let waits = NewOrder { policy: StockPolicy::Backorder, ..order("o-2", &[("set", 1)]) };
    assert!(room.execute(waits).expect("it waits").accepted().is_ok());
    // Placed again, it is taken for new until those who wait are looked for; only then its key is seen to be used.
    assert!(room.execute(first()).expect("it is answered").repeated);
    assert!(room.order("o-1").expect("it can be read").is_some());
    let cancelled = room.execute(CancelOrder { order: "o-1".into(), ..CancelOrder::default() }).expect("an answer");
    assert!(cancelled.accepted().is_ok(), "{cancelled:?}");
    assert_verified(&room);
}
