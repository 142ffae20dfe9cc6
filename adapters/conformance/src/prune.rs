//! Pruning: what is old and no longer needed goes, in bounded steps, and everything else goes on as before.

use stockroom::{
    Acknowledge, Answer, Code, Command, Disposition, OrderState, Prune, PruneFrom, Pruned, PrunedTotal, Stockroom,
    Subscribe, SubscribeFrom, Unsubscribe,
};

use crate::bench::{Bench, Shop, shop_over};
use crate::case::cases;
use crate::direct::at;
use crate::documents::{
    MINUTE, NOON, backorder, backorder_limit, cancel, count, edit, give_back, order, receive, ship, sku,
};
use crate::expect::{Expect, small_shop};

cases![prune:
    events_go_when_they_are_old,
    events_stay_until_every_subscription_has_passed_them,
    the_last_events_stay,
    a_forgotten_key_can_be_used_again,
    a_closed_order_loses_its_details_and_keeps_its_id,
    open_orders_and_the_ledger_stay,
    pruned_orders_keep_the_claim_chains_whole,
    every_step_is_bounded_and_says_where_to_go_on,
    pruning_again_finds_nothing,
    a_bad_step_is_refused,
    a_batch_prunes_what_it_made,
    many_rows_are_pruned_to_the_end,
];

/// One step; the answer.
#[track_caller]
fn step(shop: &Shop, before_ms: i64, limit: u32, from: PruneFrom) -> Pruned {
    match shop.accept(Prune { before_ms, limit, from }) {
        Answer::Pruned(pruned) => pruned,
        other => panic!("not a step of pruning: {other:?}"),
    }
}

/// All steps, by an engine whose clock stands at noon.
#[track_caller]
fn prune(shop: &Shop, before_ms: i64) -> PrunedTotal {
    shop.prune(before_ms).expect("prunes")
}

fn subscribe(subscription: &str) -> Subscribe {
    Subscribe { subscription: subscription.into(), from: SubscribeFrom::Start }
}

fn acknowledge(subscription: &str, through: u64) -> Acknowledge {
    Acknowledge { subscription: subscription.into(), through }
}

/// The number of the first event that is kept.
fn first_event(shop: &Shop) -> u64 {
    shop.events(0, 1).expect("readable")[0].number
}

fn events_go_when_they_are_old(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    let furnished = shop.all_events();
    shop.accept_at(NOON + MINUTE, order("o-1", &[("mug", 2)]));
    shop.accept_at(NOON + 2 * MINUTE, ship("o-1"));
    let shop = bench.restart(shop);
    let all = shop.all_events();
    assert_eq!(prune(&shop, NOON).events, 0);
    assert_eq!(prune(&shop, NOON + MINUTE).events, furnished.len() as u64);
    let shop = bench.restart(shop);
    assert_eq!(shop.all_events(), all[furnished.len()..]);
    assert_eq!(first_event(&shop), furnished.len() as u64 + 1);
    shop.sound();
    // The numbers go on.
    shop.accept(sku("cup"));
    assert_eq!(shop.all_events().last().expect("events").number, all.len() as u64 + 1);
    shop.sound();
}

fn events_stay_until_every_subscription_has_passed_them(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    let last = shop.all_events().len() as u64;
    shop.accept(subscribe("fast"));
    shop.accept(subscribe("slow"));
    shop.accept(acknowledge("fast", last));
    shop.accept_at(NOON + MINUTE, sku("cup"));
    let old = NOON + 1;
    let shop = bench.restart(shop);
    assert_eq!(prune(&shop, old).events, 0);
    shop.accept(acknowledge("slow", 2));
    let shop = bench.restart(shop);
    assert_eq!(prune(&shop, old).events, 2);
    assert_eq!(shop.subscribed_events("slow", 1).expect("readable").expect("open")[0].number, 3);
    // The two levels of one delivery stay together.
    shop.accept(acknowledge("slow", 6));
    assert_eq!((prune(&shop, old).events, first_event(&shop)), (3, 6));
    shop.accept(acknowledge("slow", 7));
    assert_eq!((prune(&shop, old).events, first_event(&shop)), (2, 8));
    // A closed one is waited for no longer.
    let shop = bench.restart(shop);
    shop.accept(Unsubscribe { subscription: "slow".into() });
    assert_eq!((prune(&shop, old).events, first_event(&shop)), (1, last + 1));
    shop.sound();
}

fn the_last_events_stay(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    shop.accept_at(NOON + 5 * MINUTE, receive("main", &[("mug", 1), ("plate", 1)]));
    let all = shop.all_events();
    assert_eq!(prune(&shop, NOON + 99 * MINUTE).events, all.len() as u64 - 2);
    let shop = bench.restart(shop);
    assert_eq!(shop.all_events(), all[all.len() - 2..]);
    // Their number and their time go on from them.
    shop.accept(sku("cup"));
    let event = shop.all_events().pop().expect("an event");
    assert_eq!((event.number, event.at_ms), (all.len() as u64 + 1, NOON + 5 * MINUTE));
    shop.sound();
}

fn a_forgotten_key_can_be_used_again(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    let delivery = |key: &str| Command::from(receive("main", &[("mug", 1)])).with_key(key);
    shop.accept_at(NOON, delivery("old"));
    shop.reject_at(NOON, Code::InsufficientStock, order("refused", &[("plate", 9)]));
    shop.accept_at(NOON + MINUTE, delivery("new"));
    let shop = bench.restart(shop);
    assert_eq!(prune(&shop, NOON + MINUTE).keys, 2);
    let shop = bench.restart(shop);
    assert!(shop.reply_at(NOON, delivery("new")).repeated);
    assert!(!shop.reply_at(NOON, delivery("old")).repeated);
    assert_eq!(shop.level("mug", "main").on_hand, 13);
    shop.accept(receive("main", &[("plate", 9)]));
    shop.accept(order("refused", &[("plate", 9)]));
    shop.sound();
}

fn a_closed_order_loses_its_details_and_keeps_its_id(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    shop.accept(order("shipped", &[("mug", 2)]));
    shop.accept(order("cancelled", &[("mug", 2)]));
    shop.accept(ship("shipped"));
    shop.accept(cancel("cancelled"));
    shop.accept_at(NOON + MINUTE, order("later", &[("mug", 1)]));
    shop.accept_at(NOON + 2 * MINUTE, ship("later"));
    let shop = bench.restart(shop);
    let levels = (shop.level("mug", "main"), shop.level("plate", "main"));
    assert_eq!(prune(&shop, NOON + MINUTE).orders, 2);
    let shop = bench.restart(shop);
    for (id, state) in [("shipped", OrderState::Shipped), ("cancelled", OrderState::Cancelled)] {
        let kept = shop.known_order(id);
        assert!(kept.body.pruned && kept.body.lines.is_empty() && kept.body.allocations.is_empty(), "{kept:?}");
        assert_eq!((kept.state, kept.closed_at_ms), (state, Some(NOON)));
        // The id stays taken, and a repeat is not a new order.
        shop.reject(Code::OrderPruned, order(id, &[("mug", 2)]));
        shop.reject(Code::OrderExists, order(id, &[("mug", 1)]));
        shop.reject(Code::OrderPruned, give_back(id, &[(1, 1, Disposition::Restock)]));
        shop.reject(Code::OrderPruned, cancel(id));
        shop.reject(Code::OrderPruned, ship(id));
        shop.reject(Code::OrderPruned, edit(id, &[(1, 1)]));
    }
    assert!(!shop.known_order("later").body.pruned);
    assert_eq!((shop.level("mug", "main"), shop.level("plate", "main")), levels);
    shop.sound();
}

fn open_orders_and_the_ledger_stay(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    shop.accept(backorder_limit("plate", "main", 9));
    shop.accept(order("open", &[("mug", 2)]));
    shop.accept(backorder("waiting", &[("plate", 9)]));
    shop.accept(crate::documents::hold("h-1", &[("mug", 1)], MINUTE));
    let before = (shop.known_order("open"), shop.known_order("waiting"), shop.known_hold("h-1"));
    assert_eq!(prune(&shop, NOON + 99 * MINUTE).orders, 0);
    let shop = bench.restart(shop);
    assert_eq!((shop.known_order("open"), shop.known_order("waiting"), shop.known_hold("h-1")), before);
    let report = shop.verify().expect("readable");
    assert_eq!((report.movements, report.orders, report.holds), (3, 2, 1));
    // The queue still works.
    shop.accept(receive("main", &[("plate", 5)]));
    shop.accept(ship("waiting"));
    assert_eq!(shop.known_order("waiting").state, OrderState::Shipped);
    shop.sound();
}

fn pruned_orders_keep_the_claim_chains_whole(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    for number in 1..=9 {
        shop.accept(order(&format!("o-{number}"), &[("mug", 1)]));
    }
    for number in [2, 3, 5, 8, 9] {
        shop.accept(ship(&format!("o-{number}")));
    }
    assert_eq!(prune(&shop, NOON + 1).orders, 5);
    let shop = bench.restart(shop);
    shop.sound();
    // The chain leads through pruned orders to the open ones behind them.
    shop.accept(count("mug", "main", 0));
    let said = shop.all_events().into_iter().rev().find(|event| event.data.kind().name() == "stock.shortfall");
    let data = said.expect("a shortfall").to_cloud_event("/test")["data"].clone();
    let ids: Vec<&str> =
        data["orders"].as_array().expect("orders").iter().filter_map(|o| o["order"].as_str()).collect();
    assert_eq!(ids, ["o-7", "o-6", "o-4", "o-1"]);
    shop.sound();
}

fn every_step_is_bounded_and_says_where_to_go_on(bench: &Bench<'_>) {
    let shop = bench.shop();
    for name in ["a", "b", "c", "d", "e"] {
        shop.accept(Command::from(sku(name)).with_key(name));
    }
    let old = NOON + 1;
    let pruned = |events, keys, orders, next| Pruned { events, keys, orders, messages: 0, next };
    let messages = || Some(PruneFrom::Messages(String::new(), String::new()));
    assert_eq!(step(&shop, old, 2, PruneFrom::Events), pruned(2, 0, 0, Some(PruneFrom::Events)));
    assert_eq!(first_event(&shop), 3);
    assert_eq!(step(&shop, old, 2, PruneFrom::Events), pruned(2, 0, 0, Some(PruneFrom::Events)));
    let keys = |after: &str| Some(PruneFrom::Keys(after.into()));
    assert_eq!(step(&shop, old, 2, PruneFrom::Events), pruned(0, 0, 0, keys("")));
    assert_eq!(step(&shop, old, 2, PruneFrom::Keys(String::new())), pruned(0, 2, 0, keys("b")));
    let shop = bench.restart(shop);
    assert_eq!(step(&shop, old, 2, PruneFrom::Keys("b".into())), pruned(0, 2, 0, keys("d")));
    assert_eq!(step(&shop, old, 2, PruneFrom::Keys("d".into())), pruned(0, 1, 0, Some(PruneFrom::Orders(0))));
    assert_eq!(step(&shop, old, 2, PruneFrom::Orders(0)), pruned(0, 0, 0, messages()));
    shop.sound();

    shop.accept(crate::documents::location("main"));
    shop.accept(crate::documents::channel("web", &["main"]));
    shop.accept(receive("main", &[("a", 5)]));
    for number in 1..=3 {
        shop.accept(order(&format!("o-{number}"), &[("a", 1)]));
        shop.accept(ship(&format!("o-{number}")));
    }
    assert_eq!(step(&shop, old, 2, PruneFrom::Orders(0)), pruned(0, 0, 2, Some(PruneFrom::Orders(2))));
    assert!(!shop.known_order("o-3").body.pruned);
    assert_eq!(step(&shop, old, 2, PruneFrom::Orders(2)), pruned(0, 0, 1, messages()));
    assert_eq!(messages().map(|from| step(&shop, old, 2, from)), Some(pruned(0, 0, 0, None)));
    shop.sound();
}

fn pruning_again_finds_nothing(bench: &Bench<'_>) {
    let shop = bench.shop();
    crate::expect::furnish(&shop);
    shop.accept(Command::from(order("o-1", &[("mug", 1)])).with_key("k"));
    shop.accept(ship("o-1"));
    let total = prune(&shop, NOON + 1);
    assert!(total.events > 0 && total.keys == 1 && total.orders == 1, "{total:?}");
    let shop = bench.restart(shop);
    let before = shop.state();
    assert_eq!(prune(&shop, NOON + 1), PrunedTotal::default());
    assert_eq!(shop.state(), before);
}

fn a_bad_step_is_refused(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    let before = shop.state();
    for limit in [0, 10_001, u32::MAX] {
        let from = PruneFrom::Events;
        shop.reject(Code::QuantityOutOfRange, Prune { before_ms: NOON, limit, from });
    }
    for before_ms in [-1, i64::MAX] {
        shop.reject(Code::TimeOutOfRange, Prune { before_ms, limit: 1, from: PruneFrom::Events });
    }
    assert_eq!(shop.state(), before);
}

/// Searches see what the batch has done so far, and the counters survive the rows that they came from.
fn a_batch_prunes_what_it_made(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    let old = NOON + 1;
    let mut commands: Vec<Command> = vec![
        Command::from(order("o-1", &[("mug", 1)])).with_key("k-1"),
        ship("o-1").into(),
        order("o-2", &[("mug", 1)]).into(),
        Prune { before_ms: old, limit: 100, from: PruneFrom::Orders(0) }.into(),
        Prune { before_ms: old, limit: 100, from: PruneFrom::Keys(String::new()) }.into(),
        Command::from(receive("main", &[("mug", 1)])).with_key("k-1"),
        Prune { before_ms: old, limit: 100, from: PruneFrom::Events }.into(),
        order("o-1", &[("mug", 1)]).into(),
        order("o-3", &[("mug", 1)]).into(),
    ];
    let twin = shop_over(crate::bench::AnyStore::new(stockroom::memory::MemoryStore::new()));
    crate::expect::furnish(&twin);
    let singly: Vec<_> = commands.iter().map(|command| twin.reply_at(NOON, command.clone())).collect();
    let replies = shop.execute_batch(commands.drain(..)).expect("done");
    assert_eq!(replies, singly);
    let codes: Vec<Option<Code>> = replies.iter().map(|reply| reply.rejection().map(|r| r.code)).collect();
    assert_eq!(codes[7], Some(Code::OrderPruned));
    assert_eq!(codes.iter().flatten().count(), 1);
    let shop = bench.restart(shop);
    assert_eq!(shop.state(), twin.state());
    shop.sound();
}

/// More of everything than one step looks at.
fn many_rows_are_pruned_to_the_end(bench: &Bench<'_>) {
    const COUNT: u64 = 1_200;
    let store = bench.store();
    let shop = Stockroom::new(store, || NOON + 9 * MINUTE);
    crate::expect::furnish(&shop);
    shop.accept(receive("main", &[("mug", 5_000)]));
    let mut commands = Vec::new();
    for number in 1..=COUNT {
        let id = format!("o-{number}");
        commands.push(at(NOON, Command::from(order(&id, &[("mug", 1)])).with_key(format!("key {id}"))));
        commands.push(at(NOON, ship(&id)));
    }
    shop.execute_batch_at(commands).expect("done");
    let events = shop.all_events().len() as u64;
    let total = prune(&shop, NOON + MINUTE);
    // The last command's two events stay.
    assert_eq!(total, PrunedTotal { events: events - 2, keys: COUNT, orders: COUNT, messages: 0 });
    let shop = bench.restart(shop);
    assert_eq!(shop.all_events().len(), 2);
    shop.reject(Code::OrderPruned, Command::from(order("o-7", &[("mug", 1)])).with_key("key o-7"));
    shop.sound();
}
