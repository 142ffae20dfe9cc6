//! The digest of the whole state, and what it proves: previews write nothing, batches equal single commands, and
//! no kind of row is left out.

use std::collections::BTreeSet;

use stockroom::memory::MemoryStore;
use stockroom::{Command, Subscribe, SubscribeFrom, TimedCommand};

use crate::bench::{AnyStore, Bench, Shop, shop_over};
use crate::case::cases;
use crate::documents::{
    MINUTE, NOON, backorder, backorder_limit, channel, hold, location, order, partial_order, receive, release, ship,
    sku,
};
use crate::expect::{Expect, small_shop};
use crate::scene::{first_act, second_act};

cases![digest:
    equal_histories_have_equal_digests,
    every_change_of_any_row_changes_the_digest,
    a_restart_changes_nothing,
    reading_changes_nothing,
    a_preview_foretells_and_writes_nothing,
    batches_equal_single_commands,
];

fn twin() -> Shop {
    shop_over(AnyStore::new(MemoryStore::new()))
}

fn equal_histories_have_equal_digests(bench: &Bench<'_>) {
    let (shop, twin) = (bench.shop(), twin());
    assert_eq!(shop.state(), twin.state());
    for timed in first_act().into_iter().chain(second_act()) {
        let reply = shop.execute_at(timed.at_ms, timed.command.clone()).expect("works");
        assert_eq!(reply, twin.execute_at(timed.at_ms, timed.command).expect("works"));
        assert_eq!(shop.state(), twin.state());
    }
}

fn every_change_of_any_row_changes_the_digest(bench: &Bench<'_>) {
    let shop = bench.shop();
    let mut seen = BTreeSet::from([shop.state().0]);
    let audit = Subscribe { subscription: "audit".into(), from: SubscribeFrom::Start };
    let commands: Vec<Command> = vec![
        sku("mug").into(),
        sku("plate").into(),
        location("main").into(),
        channel("web", &["main"]).into(),
        receive("main", &[("mug", 5)]).into(),
        receive("main", &[("mug", 5)]).into(),
        backorder_limit("plate", "main", 9).into(),
        order("o-1", &[("mug", 1)]).into(),
        partial_order("o-2", &[("mug", 99)]).into(),
        backorder("o-3", &[("plate", 1)]).into(),
        ship("o-1").into(),
        receive("main", &[("mug", 5)]).into(),
        hold("h-1", &[("mug", 1)], MINUTE).into(),
        crate::documents::extend("h-1", 2 * MINUTE).into(),
        release("h-1").into(),
        // These change nothing but what is remembered.
        Command::from(sku("mug")).with_key("k-1"),
        Command::from(sku("mug")).with_key("k-2"),
        order("o-4", &[("cup", 1)]).into(),
        audit.into(),
        stockroom::Acknowledge { subscription: "audit".into(), through: 1 }.into(),
        stockroom::Prune { before_ms: NOON + 1, limit: 9, from: stockroom::PruneFrom::Keys(String::new()) }.into(),
        stockroom::Prune { before_ms: NOON + 1, limit: 9, from: stockroom::PruneFrom::Orders(0) }.into(),
        stockroom::Prune { before_ms: NOON + 1, limit: 1, from: stockroom::PruneFrom::Events }.into(),
    ];
    for command in commands {
        let said = format!("{command:?}");
        shop.reply_at(NOON, command);
        assert!(seen.insert(shop.state().0), "the digest is as it was before: {said}");
    }
}

fn a_restart_changes_nothing(bench: &Bench<'_>) {
    let shop = bench.shop();
    shop.execute_batch_at(first_act()).expect("works");
    let before = shop.state();
    let shop = bench.restart(shop);
    assert_eq!(shop.state(), before);
    shop.execute_batch_at(second_act()).expect("works");
    let before = shop.state();
    let shop = bench.restart(bench.restart(shop));
    assert_eq!(shop.state(), before);
    shop.sound();
}

fn reading_changes_nothing(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    shop.accept(order("o-1", &[("mug", 2)]));
    shop.accept(hold("h-1", &[("mug", 2)], MINUTE));
    let before = shop.state();
    for _ in 0..2 {
        shop.free("mug", "main");
        shop.available("cup", "west").expect("readable");
        shop.channel_availability("web", &["mug", "cup"]).expect("readable");
        shop.level("plate", "north");
        shop.known_order("o-1");
        shop.order("o-2").expect("readable");
        shop.known_hold("h-1");
        shop.all_events();
        shop.subscription("audit").expect("readable");
        shop.sound();
        assert_eq!(shop.state(), before);
    }
}

fn a_preview_foretells_and_writes_nothing(bench: &Bench<'_>) {
    let shop = bench.shop();
    for TimedCommand { at_ms, command } in first_act().into_iter().chain(second_act()) {
        let before = shop.state();
        let foretold = shop.preview_at(at_ms, command.clone()).expect("works");
        let again = shop.preview_at(at_ms, command.clone()).expect("works");
        assert_eq!(foretold, again);
        assert_eq!(shop.state(), before, "{command:?}");
        assert_eq!(shop.execute_at(at_ms, command).expect("works"), foretold);
    }
    shop.sound();
}

fn batches_equal_single_commands(bench: &Bench<'_>) {
    let (batches, singly) = (bench.shop(), twin());
    let history: Vec<TimedCommand> = first_act().into_iter().chain(second_act()).collect();
    let mut rest: &[TimedCommand] = &history;
    for size in [1, 2, 3, 5, 8, 13, 21, 34, 55, 89] {
        let (batch, later) = rest.split_at(size.min(rest.len()));
        let replies = batches.execute_batch_at(batch.to_vec()).expect("works");
        let expected: Vec<_> = batch.iter().map(|timed| singly.reply_at(timed.at_ms, timed.command.clone())).collect();
        assert_eq!(replies, expected);
        assert_eq!(batches.state(), singly.state());
        rest = later;
    }
    assert!(rest.is_empty());
    assert_eq!(batches.execute_batch(Vec::new()).expect("works"), []);
    batches.sound();
}
