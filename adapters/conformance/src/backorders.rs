//! Backorders through the engine: who waits is served first come first served, however the units come and
//! however many wait.

use stockroom::{EventKind, OrderState};

use crate::bench::{Bench, Shop};
use crate::case::cases;
use crate::documents::{
    MINUTE, backorder, backorder_limit, bundle, cancel, cancel_lines, count, edit, hold, order, receive, release, ship,
    stock_policy, transfer,
};
use crate::expect::{Expect, changed, events_of, small_shop};

cases![backorders:
    units_that_come_go_to_the_first_in_the_queue,
    units_that_become_free_in_any_way_fill,
    who_leaves_the_queue_makes_room,
    a_bundle_is_filled_when_all_its_components_are_there,
    what_waits_cannot_be_shipped,
    an_edited_order_keeps_its_place_for_what_it_waits_for,
    a_long_queue_is_filled_to_its_end,
    one_batch_sees_the_queue_that_it_makes,
];

/// A shop where all four plates are sold and a hundred more may be promised.
fn sold_out(bench: &Bench<'_>) -> Shop {
    let shop = small_shop(bench);
    shop.accept(backorder_limit("plate", "main", 100));
    shop.accept(order("o-0", &[("plate", 4)]));
    shop
}

/// The units of an order that wait, and those that are claimed from stock.
fn waiting(shop: &Shop, id: &str) -> (i64, i64) {
    let order = shop.known_order(id);
    let allocations = order.body.allocations.iter();
    allocations.fold((0, 0), |(waiting, open), a| (waiting + a.backordered, open + a.open))
}

/// The orders and units that were filled so far.
fn filled(shop: &Shop) -> Vec<(String, i64)> {
    let told = |event: &stockroom::Event| {
        let units = event.to_cloud_event("/test")["data"]["quantity"].as_i64().unwrap_or(0);
        (event.data.subject().to_owned(), units)
    };
    events_of(shop, EventKind::OrderFilled).iter().map(told).collect()
}

fn units_that_come_go_to_the_first_in_the_queue(bench: &Bench<'_>) {
    let shop = sold_out(bench);
    shop.accept(backorder("b-2", &[("plate", 3)]));
    shop.accept(backorder("b-1", &[("plate", 2), ("plate", 1)]));
    shop.accept(backorder("b-3", &[("plate", 2)]));
    let shop = bench.restart(shop);
    shop.accept(receive("main", &[("plate", 4)]));
    assert_eq!(filled(&shop), [("b-2".into(), 3), ("b-1".into(), 1)]);
    assert_eq!((waiting(&shop, "b-2"), waiting(&shop, "b-1"), waiting(&shop, "b-3")), ((0, 3), (2, 1), (2, 0)));
    assert_eq!(shop.known_order("b-2").state, OrderState::Allocated);
    let shop = bench.restart(shop);
    shop.accept(receive("main", &[("plate", 9)]));
    assert_eq!(filled(&shop)[2..], [("b-1".into(), 1), ("b-1".into(), 1), ("b-3".into(), 2)]);
    assert_eq!(shop.free("plate", "main"), 5);
    assert_eq!(shop.level("plate", "main").backordered, 0);
    shop.sound();
}

fn units_that_become_free_in_any_way_fill(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    shop.accept(backorder_limit("plate", "main", 100));
    let mut policy = stock_policy("plate", "main");
    (policy.safety_stock, policy.unavailable) = (Some(1), Some(1));
    shop.accept(policy);
    shop.accept(hold("h-1", &[("plate", 1)], MINUTE));
    shop.accept(order("o-1", &[("plate", 1)]));
    shop.accept(backorder("b-1", &[("plate", 20)]));
    assert_eq!(waiting(&shop, "b-1"), (20, 0));
    let shop = bench.restart(shop);
    let mut policy = stock_policy("plate", "main");
    policy.unavailable = Some(0);
    shop.accept(policy.clone());
    assert_eq!(waiting(&shop, "b-1"), (19, 1));
    (policy.unavailable, policy.safety_stock) = (None, Some(0));
    shop.accept(policy);
    assert_eq!(waiting(&shop, "b-1"), (18, 2));
    let shop = bench.restart(shop);
    shop.accept(release("h-1"));
    assert_eq!(waiting(&shop, "b-1"), (17, 3));
    shop.accept(cancel("o-1"));
    assert_eq!(waiting(&shop, "b-1"), (16, 4));
    let shop = bench.restart(shop);
    shop.accept(count("plate", "main", 5));
    assert_eq!(waiting(&shop, "b-1"), (15, 5));
    shop.accept(receive("north", &[("plate", 2)]));
    assert_eq!(waiting(&shop, "b-1"), (15, 5));
    shop.accept(transfer("north", "main", &[("plate", 2)]));
    assert_eq!(waiting(&shop, "b-1"), (13, 7));
    shop.sound();
}

fn who_leaves_the_queue_makes_room(bench: &Bench<'_>) {
    let shop = sold_out(bench);
    shop.accept(backorder("b-1", &[("plate", 3)]));
    shop.accept(backorder("b-2", &[("plate", 3)]));
    shop.accept(backorder("b-3", &[("plate", 3)]));
    let shop = bench.restart(shop);
    shop.accept(cancel("b-1"));
    assert_eq!(shop.accept(cancel_lines("b-2", &[(1, 2)])), changed("b-2", OrderState::Backordered, 2));
    let shop = bench.restart(shop);
    shop.accept(receive("main", &[("plate", 2)]));
    assert_eq!(filled(&shop), [("b-2".into(), 1), ("b-3".into(), 1)]);
    // The four that were sold are given back: the queue takes what it still wants.
    shop.accept(cancel("o-0"));
    assert_eq!((waiting(&shop, "b-3"), shop.free("plate", "main")), ((0, 3), 2));
    shop.sound();
}

fn a_bundle_is_filled_when_all_its_components_are_there(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    shop.accept(bundle("set", &[("mug", 4), ("plate", 2)]));
    for sku in ["mug", "plate"] {
        shop.accept(backorder_limit(sku, "main", 100));
    }
    shop.accept(order("o-1", &[("mug", 10), ("plate", 4)]));
    shop.accept(backorder("b-1", &[("set", 3)]));
    shop.accept(backorder("b-2", &[("plate", 1)]));
    let shop = bench.restart(shop);
    // Plates alone do not make a set, and do not wait for one: the next in the queue takes one.
    shop.accept(receive("main", &[("plate", 5)]));
    assert_eq!((waiting(&shop, "b-1"), waiting(&shop, "b-2")), ((3, 0), (0, 1)));
    let shop = bench.restart(shop);
    shop.accept(receive("main", &[("mug", 11)]));
    assert_eq!(waiting(&shop, "b-1"), (1, 2));
    let level = shop.level("mug", "main");
    assert_eq!((level.allocated, level.backordered, level.on_hand), (22, 4, 21));
    let shop = bench.restart(shop);
    shop.accept(receive("main", &[("plate", 1), ("mug", 1)]));
    assert_eq!(waiting(&shop, "b-1"), (1, 2));
    shop.accept(receive("main", &[("plate", 1)]));
    assert_eq!(waiting(&shop, "b-1"), (0, 3));
    shop.sound();
}

fn what_waits_cannot_be_shipped(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    shop.accept(backorder_limit("plate", "main", 9));
    shop.accept(backorder("b-1", &[("plate", 6)]));
    let shop = bench.restart(shop);
    assert_eq!(shop.accept(ship("b-1")), changed("b-1", OrderState::PartlyShipped, 4));
    shop.reject(stockroom::Code::NothingToDo, ship("b-1"));
    assert_eq!(waiting(&shop, "b-1"), (2, 0));
    shop.accept(receive("main", &[("plate", 3)]));
    let shop = bench.restart(shop);
    assert_eq!(shop.accept(ship("b-1")), changed("b-1", OrderState::Shipped, 2));
    assert_eq!(shop.free("plate", "main"), 1);
    shop.sound();
}

fn an_edited_order_keeps_its_place_for_what_it_waits_for(bench: &Bench<'_>) {
    let shop = sold_out(bench);
    shop.accept(backorder("b-1", &[("plate", 3)]));
    shop.accept(backorder("b-2", &[("plate", 3)]));
    let shop = bench.restart(shop);
    // Less is still first; what comes on top is last.
    shop.accept(edit("b-1", &[(1, 2)]));
    shop.accept(edit("b-1", &[(1, 4)]));
    let shop = bench.restart(shop);
    shop.accept(receive("main", &[("plate", 5)]));
    assert_eq!((waiting(&shop, "b-1"), waiting(&shop, "b-2")), ((2, 2), (0, 3)));
    shop.sound();
    let shop = bench.restart(shop);
    shop.accept(receive("main", &[("plate", 2)]));
    assert_eq!(waiting(&shop, "b-1"), (0, 4));
    shop.sound();
}

/// More wait than the engine reads at a time, and some of them cannot be served.
fn a_long_queue_is_filled_to_its_end(bench: &Bench<'_>) {
    const COUNT: u64 = 450;
    let shop = small_shop(bench);
    shop.accept(bundle("set", &[("mug", 1), ("plate", 1)]));
    shop.accept(backorder_limit("plate", "main", 10_000));
    shop.accept(backorder_limit("mug", "main", 10_000));
    shop.accept(order("o-0", &[("plate", 4), ("mug", 15)]));
    let orders = (1..=COUNT).map(|number| {
        let sku = if number % 2 == 0 { "set" } else { "plate" };
        backorder(&format!("b-{number}"), &[(sku, 2)]).into()
    });
    shop.execute_batch(orders).expect("placed");
    let shop = bench.restart(shop);
    // No mugs come, so every second order stays in the queue.
    shop.accept(receive("main", &[("plate", 449)]));
    assert_eq!(filled(&shop).len(), 225);
    assert_eq!((waiting(&shop, "b-447"), waiting(&shop, "b-449")), ((0, 2), (1, 1)));
    assert_eq!(waiting(&shop, "b-2"), (2, 0));
    shop.sound();
    let shop = bench.restart(shop);
    shop.accept(receive("main", &[("plate", 1_000), ("mug", 1_000)]));
    let level = shop.level("plate", "main");
    assert_eq!((level.backordered, shop.level("mug", "main").backordered), (0, 0));
    assert_eq!(level.allocated, 4 + 2 * COUNT as i64);
    shop.sound();
}

fn one_batch_sees_the_queue_that_it_makes(bench: &Bench<'_>) {
    let shop = sold_out(bench);
    let commands = vec![
        backorder("b-1", &[("plate", 3)]).into(),
        backorder("b-2", &[("plate", 3)]).into(),
        receive("main", &[("plate", 4)]).into(),
        cancel("b-1").into(),
        backorder("b-3", &[("plate", 2)]).into(),
        receive("main", &[("plate", 1)]).into(),
        cancel("b-2").into(),
        receive("main", &[("plate", 1)]).into(),
    ];
    let replies = shop.execute_batch(commands).expect("done");
    assert!(replies.iter().all(|reply| reply.accepted().is_ok()), "{replies:?}");
    // The cancelled order gave three back: two for the next, one for the newest, which still lacked one.
    let expected: [(&str, i64); 4] = [("b-1", 3), ("b-2", 1), ("b-2", 2), ("b-3", 1)];
    assert_eq!(filled(&shop), expected.map(|(id, units)| (id.to_owned(), units)));
    let shop = bench.restart(shop);
    assert_eq!(waiting(&shop, "b-3"), (0, 2));
    assert_eq!(shop.free("plate", "main"), 4);
    shop.sound();
}
