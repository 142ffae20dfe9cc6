//! Events: one for every change and none without, numbered without a gap, and readable from any number on.

use stockroom::{Code, Event, EventKind, OrderState};

use crate::bench::{Bench, Shop};
use crate::case::cases;
use crate::channel_history::ChannelHistory;
use crate::direct::at;
use crate::documents::{MINUTE, NOON, cancel, hold, location, order, receive, ship, sku};
use crate::expect::{Expect, kinds, small_shop};
use crate::scene::{first_act, second_act};

cases![events:
    a_command_says_what_it_changed,
    a_command_that_changes_nothing_says_nothing,
    numbers_rise_without_a_gap,
    reading_begins_at_any_number,
    the_limit_is_met_and_a_commands_events_come_together,
    times_never_go_back,
    what_was_said_stays_as_it_was_said,
    every_kind_of_event_is_read_back,
    every_kind_of_event_of_shops_is_read_back,
];

fn a_command_says_what_it_changed(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    let begin = shop.all_events().len() as u64;
    shop.accept(order("o-1", &[("mug", 12), ("plate", 1)]));
    let shop = bench.restart(shop);
    let said = shop.events(begin, 100).expect("readable");
    assert_eq!(kinds(&said), ["order.allocated", "stock.changed", "stock.changed", "stock.changed"]);
    let order_said = &said[0].to_cloud_event("/shop")["data"];
    assert_eq!((order_said["order"].as_str(), order_said["value_minor"].as_i64()), (Some("o-1"), Some(13 * 250)));
    let level = &said[1].to_cloud_event("/shop")["data"];
    assert_eq!((level["sku"].as_str(), level["location"].as_str()), (Some("mug"), Some("main")));
    assert_eq!((level["allocated"].as_i64(), level["available"].as_i64()), (Some(10), Some(0)));
    shop.accept(ship("o-1"));
    let shop = bench.restart(shop);
    let said = shop.events(begin + 4, 100).expect("readable");
    assert_eq!(kinds(&said), ["order.shipped", "stock.changed", "stock.changed", "stock.changed"]);
    let envelope = said[0].to_cloud_event("/shop");
    assert_eq!(envelope["type"], "stockroom.order.shipped.v1");
    assert_eq!(envelope["data"]["state"], OrderState::Shipped.name());
}

fn a_command_that_changes_nothing_says_nothing(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    let before = shop.all_events();
    shop.accept(sku("mug"));
    shop.reject(Code::SkuUnknown, receive("main", &[("cup", 1)]));
    shop.reject(Code::OrderUnknown, cancel("o-1"));
    shop.reject(Code::InsufficientStock, hold("h-1", &[("mug", 99)], MINUTE));
    assert_eq!(shop.all_events(), before);
    // A refused order is a fact of the business.
    shop.reject(Code::SkuUnknown, order("o-1", &[("cup", 1)]));
    let said = shop.all_events();
    assert_eq!(kinds(&said[before.len()..]), ["order.rejected"]);
    shop.sound();
}

/// Both acts, as one history of single commands.
fn acted(bench: &Bench<'_>) -> Shop {
    let shop = bench.shop();
    // Pruning would take the first events away.
    for timed in first_act().into_iter().chain(second_act().into_iter().filter(unpruned)) {
        shop.reply_at(timed.at_ms, timed.command);
    }
    bench.restart(shop)
}

fn numbers_rise_without_a_gap(bench: &Bench<'_>) {
    let shop = acted(bench);
    let numbers: Vec<u64> = shop.all_events().iter().map(|event| event.number).collect();
    assert!(numbers.len() > 100, "{}", numbers.len());
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
}

fn reading_begins_at_any_number(bench: &Bench<'_>) {
    let shop = acted(bench);
    let all = shop.all_events();
    for after in 0..=all.len() {
        let read = shop.events(after as u64, 5).expect("readable");
        let expected: &[Event] = &all[after..];
        assert_eq!(read, expected[..read.len()], "after {after}");
        assert!(read.len() >= expected.len().min(5), "after {after}");
    }
    assert_eq!(shop.events(all.len() as u64 + 100, 5).expect("readable"), []);
    assert_eq!(shop.events(u64::MAX, 5).expect("readable"), []);
    // Reading on from the last number gives every event once.
    let (mut read, mut after) = (Vec::new(), 0);
    loop {
        let some = shop.events(after, 7).expect("readable");
        let Some(last) = some.last() else { break };
        after = last.number;
        read.extend(some);
    }
    assert_eq!(read, all);
}

fn the_limit_is_met_and_a_commands_events_come_together(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    let begin = shop.all_events().len() as u64;
    shop.accept(order("o-1", &[("mug", 12), ("plate", 1)]));
    shop.accept(location("west"));
    for limit in 1..=4 {
        assert_eq!(shop.events(begin, limit).expect("readable").len(), 4, "{limit}");
        assert_eq!(shop.events(begin + 3, limit).expect("readable").len(), limit.min(2) as usize, "{limit}");
    }
    assert_eq!(shop.events(begin, 5).expect("readable").len(), 5);
    assert_eq!(shop.events(begin, 0).expect("readable").len(), 4);
}

fn times_never_go_back(bench: &Bench<'_>) {
    let shop = bench.shop();
    let times = [NOON, NOON + 5, NOON - MINUTE, 0, NOON + 4, NOON + 6];
    for (at_ms, name) in times.into_iter().zip(["a", "b", "c", "d", "e", "f"]) {
        shop.accept_at(at_ms, sku(name));
    }
    let shop = bench.restart(shop);
    shop.accept_at(NOON, sku("g"));
    let said: Vec<i64> = shop.all_events().iter().map(|event| event.at_ms - NOON).collect();
    assert_eq!(said, [0, 5, 5, 5, 5, 6, 6]);
    for at_ms in [-1, i64::MIN, i64::MAX, 253_402_300_800_000] {
        shop.reject_at(at_ms, Code::TimeOutOfRange, sku("h"));
    }
    shop.accept_at(253_402_300_799_999, sku("h"));
    assert_eq!(shop.all_events().last().expect("events").at_ms, 253_402_300_799_999);
    shop.sound();
}

fn what_was_said_stays_as_it_was_said(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    shop.accept(order("o-1", &[("mug", 3)]));
    let before = shop.all_events();
    let mut shop = bench.restart(shop);
    for command in [ship("o-1").into(), stockroom::Command::from(cancel("o-1")), receive("main", &[("mug", 1)]).into()]
    {
        shop.execute_batch_at(vec![at(NOON + MINUTE, command)]).expect("done");
        shop = bench.restart(shop);
        assert_eq!(shop.all_events()[..before.len()], before);
    }
}

fn unpruned(timed: &stockroom::TimedCommand) -> bool {
    !matches!(timed.command.action, stockroom::Action::Prune(_))
}

/// Whether it is of the shops behind channels, whom the acts do not have.
fn is_of_shops(kind: EventKind) -> bool {
    kind.name().starts_with("listing.") || (kind.name().starts_with("channel.") && kind != EventKind::ChannelRegistered)
}

fn every_kind_of_event_is_read_back(bench: &Bench<'_>) {
    let acts = first_act().into_iter().chain(second_act().into_iter().filter(unpruned)).collect();
    expect_read_back(&acted(bench), acts, |kind| !is_of_shops(kind));
}

fn every_kind_of_event_of_shops_is_read_back(bench: &Bench<'_>) {
    let history: Vec<_> = ChannelHistory::new(6).take(2_000).filter(unpruned).collect();
    let shop = bench.shop();
    for batch in history.chunks(100) {
        shop.execute_batch_at(batch.to_vec()).expect("works");
    }
    expect_read_back(&bench.restart(shop), history, is_of_shops);
}

/// Expects the events of these commands, those of some kinds among them.
fn expect_read_back(shop: &Shop, commands: Vec<stockroom::TimedCommand>, some: fn(EventKind) -> bool) {
    let said = shop.all_events();
    for kind in EventKind::ALL.iter().filter(|kind| some(**kind)) {
        assert!(said.iter().any(|event| event.data.kind() == *kind), "{} never happened", kind.name());
    }
    let twin = stockroom::Stockroom::new(stockroom::memory::MemoryStore::new(), || NOON);
    for timed in commands {
        twin.execute_at(timed.at_ms, timed.command).expect("works");
    }
    assert_eq!(said, twin.events(0, u32::MAX).expect("readable"));
}
