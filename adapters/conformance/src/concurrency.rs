//! Many callers at once: they share commits, none oversells, and each gets the answer to its own command.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use stockroom::{Command, Event, Outcome, Reply, Subscribe, SubscribeFrom};

use crate::bench::{Bench, Shop};
use crate::case::cases;
use crate::documents::{MINUTE, cancel, hold, order, receive, release, transfer};
use crate::expect::{Expect, small_shop};
use crate::random::Random;

cases![concurrency:
    many_callers_sell_what_there_is_and_no_more,
    tickets_are_answered_in_any_order,
    one_key_from_many_callers_has_one_effect,
    readers_see_whole_commands,
    a_reader_follows_the_events_of_many_writers,
    several_engines_sell_what_there_is_and_no_more(Shared),
    one_key_at_several_engines_has_one_effect(Shared),
    readers_elsewhere_see_whole_commands(Shared),
];

const THREADS: u64 = 8;

/// Does a command, again where the store was busy with another engine.
fn persist(shop: &Shop, command: impl Into<Command>) -> Reply {
    let command = command.into();
    for _ in 0..1_000 {
        match shop.execute(command.clone()) {
            Ok(reply) => return reply,
            Err(error) if error.is_retryable() => thread::yield_now(),
            Err(error) => panic!("{error}"),
        }
    }
    panic!("the store stays busy");
}

/// Sells single mugs until there are none, by holds, cancellations and orders. Returns how many were sold.
fn sell(shop: &Shop, seller: u64, orders: u64) -> i64 {
    let mut random = Random::new(seller);
    let mut sold = 0;
    for number in 0..orders {
        let id = format!("{seller}-{number}");
        match random.below(10) {
            0 => {
                if persist(shop, hold(&id, &[("mug", 2)], MINUTE)).accepted().is_ok() {
                    assert!(persist(shop, release(&id)).accepted().is_ok());
                }
            }
            1 => {
                if persist(shop, order(&id, &[("mug", 1)])).accepted().is_ok() {
                    assert!(persist(shop, cancel(&id)).accepted().is_ok());
                }
            }
            _ => {
                let reply = persist(shop, order(&id, &[("mug", 1)]));
                assert!(!reply.repeated);
                sold += reply.placed_order().map_or(0, |placed| placed.lines[0].quantity);
            }
        }
    }
    sold
}

/// What must be true when 200 mugs were there and many more wanted.
fn all_sold(shop: &Shop, sold: i64) {
    shop.sound();
    assert_eq!(sold, 200);
    let allocated = shop.level("mug", "main").allocated + shop.level("mug", "north").allocated;
    assert_eq!((allocated, shop.free("mug", "main"), shop.free("mug", "north")), (200, 0, 0));
}

fn with_200_mugs(bench: &Bench<'_>) -> Shop {
    let shop = small_shop(bench);
    shop.accept(receive("main", &[("mug", 90)]));
    shop.accept(receive("north", &[("mug", 95)]));
    shop
}

fn many_callers_sell_what_there_is_and_no_more(bench: &Bench<'_>) {
    let shop = with_200_mugs(bench);
    let sold: i64 = thread::scope(|scope| {
        let sellers: Vec<_> = (0..THREADS)
            .map(|seller| {
                scope.spawn({
                    let shop = &shop;
                    move || sell(shop, seller, 60)
                })
            })
            .collect();
        sellers.into_iter().map(joined).sum()
    });
    // A cancelled or released unit may have come back when everybody was done.
    let sold = sold + sell(&shop, 99, 20);
    all_sold(&bench.restart(shop), sold);
}

fn joined<T>(handle: thread::ScopedJoinHandle<'_, T>) -> T {
    handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn tickets_are_answered_in_any_order(bench: &Bench<'_>) {
    let shop = with_200_mugs(bench);
    let sold: i64 = thread::scope(|scope| {
        let sellers: Vec<_> = (0..4_u64)
            .map(|seller| {
                let shop = &shop;
                scope.spawn(move || {
                    let ids: Vec<String> = (0..80).map(|number| format!("{seller}-{number}")).collect();
                    let mut tickets: Vec<_> =
                        ids.iter().map(|id| (id, shop.submit(order(id, &[("mug", 1)])))).collect();
                    if seller % 2 == 0 {
                        tickets.reverse();
                    }
                    let mut sold = 0;
                    for (id, ticket) in tickets {
                        let reply = shop.wait(ticket).expect("answered");
                        // Each ticket has the answer to its own command.
                        if let Some(placed) = reply.placed_order() {
                            assert_eq!(&*placed.order, id);
                            sold += 1;
                        }
                    }
                    sold
                })
            })
            .collect();
        sellers.into_iter().map(joined).sum()
    });
    shop.flush();
    all_sold(&bench.restart(shop), sold);
}

fn one_key_from_many_callers_has_one_effect(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    let replies: Vec<Reply> = thread::scope(|scope| {
        let calls = (0..THREADS).map(|_| {
            scope.spawn(|| persist(&shop, Command::from(receive("main", &[("mug", 7)])).with_key("delivery 12")))
        });
        let calls: Vec<_> = calls.collect();
        calls.into_iter().map(joined).collect()
    });
    assert_eq!(replies.iter().filter(|reply| !reply.repeated).count(), 1);
    assert!(replies.iter().all(|reply| reply.outcome == replies[0].outcome));
    assert_eq!(shop.level("mug", "main").on_hand, 17);
    shop.sound();
}

/// Units go to and fro between two places; whoever looks sees as many in all.
fn move_to_and_fro(shop: &Shop, done: &AtomicBool) {
    let _done = Done(done);
    for round in 0..150 {
        let (from, to) = if round % 2 == 0 { ("main", "north") } else { ("north", "main") };
        let reply = persist(shop, transfer(from, to, &[("mug", 1 + (round / 2) % 4)]));
        assert!(matches!(reply.outcome, Outcome::Accepted(_)), "{reply:?}");
    }
}

/// Says that something is done, a panic included, so that nobody waits for ever.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn watch(shop: &Shop, done: &AtomicBool) {
    while !done.load(Ordering::SeqCst) {
        let free = shop.availability(&[("mug", "main"), ("mug", "north")]).expect("readable");
        assert_eq!(free.into_iter().flatten().sum::<i64>(), 15);
        assert_eq!(shop.channel_availability("web", &["mug"]).expect("readable"), [Some(15)]);
        thread::yield_now();
    }
}

fn readers_see_whole_commands(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| move_to_and_fro(&shop, &done));
        scope.spawn(|| watch(&shop, &done));
        watch(&shop, &done);
    });
    shop.sound();
}

fn a_reader_follows_the_events_of_many_writers(bench: &Bench<'_>) {
    let shop = with_200_mugs(bench);
    shop.accept(Subscribe { subscription: "mail".into(), from: SubscribeFrom::Start });
    let done = AtomicBool::new(false);
    let read: Vec<Event> = thread::scope(|scope| {
        let sellers: Vec<_> = (0..4)
            .map(|seller| {
                scope.spawn({
                    let shop = &shop;
                    move || sell(shop, seller, 40)
                })
            })
            .collect();
        let reader = scope.spawn(|| {
            let mut read: Vec<Event> = Vec::new();
            loop {
                let last_look = done.load(Ordering::SeqCst);
                let events = shop.subscribed_events("mail", 10).expect("readable").expect("open");
                match events.last() {
                    Some(last) => {
                        let through = last.number;
                        read.extend(events);
                        shop.accept(stockroom::Acknowledge { subscription: "mail".into(), through });
                    }
                    None if last_look => return read,
                    None => thread::yield_now(),
                }
            }
        });
        sellers.into_iter().map(joined).for_each(|sold| assert!(sold <= 200));
        done.store(true, Ordering::SeqCst);
        joined(reader)
    });
    assert_eq!(read, shop.all_events());
    shop.sound();
}

fn several_engines_sell_what_there_is_and_no_more(bench: &Bench<'_>) {
    let shop = with_200_mugs(bench);
    let sold: i64 = thread::scope(|scope| {
        let engines: Vec<Shop> = (0..3).map(|_| bench.shop()).collect();
        let sellers: Vec<_> =
            (0..3).zip(engines).map(|(seller, engine)| scope.spawn(move || sell(&engine, seller, 90))).collect();
        sellers.into_iter().map(joined).sum()
    });
    let sold = sold + sell(&shop, 99, 60);
    all_sold(&shop, sold);
    assert_eq!(shop.state(), bench.shop().state());
}

fn one_key_at_several_engines_has_one_effect(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    for round in 0..10 {
        let engines: Vec<Shop> = (0..3).map(|_| bench.shop()).collect();
        let id = format!("o-{round}");
        let replies: Vec<Reply> = thread::scope(|scope| {
            let calls: Vec<_> =
                engines.iter().map(|engine| scope.spawn(|| persist(engine, order(&id, &[("mug", 1)])))).collect();
            calls.into_iter().map(joined).collect()
        });
        assert_eq!(replies.iter().filter(|reply| !reply.repeated).count(), 1, "{replies:?}");
    }
    let ids: BTreeSet<u64> = (0..10).map(|round| shop.known_order(&format!("o-{round}")).number.0).collect();
    assert_eq!(ids, (1..=10).collect());
    assert_eq!(shop.level("mug", "main").allocated, 10);
    shop.sound();
}

fn readers_elsewhere_see_whole_commands(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    let done = AtomicBool::new(false);
    let elsewhere = [bench.shop(), bench.shop()];
    thread::scope(|scope| {
        scope.spawn(|| move_to_and_fro(&shop, &done));
        scope.spawn(|| watch(&elsewhere[0], &done));
        watch(&elsewhere[1], &done);
    });
    assert_eq!(elsewhere[0].state(), shop.state());
    shop.sound();
}
