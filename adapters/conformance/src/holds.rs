//! Holds through the engine: they claim, they end in each of their ways, and their units are free again.

use stockroom::{Answer, Code, EventKind, HeldUnits, NewOrder, PlaceHold, Tick, Ticked, Why};

use crate::bench::Bench;
use crate::case::cases;
use crate::documents::{MINUTE, NOON, adjust, bundle, count, extend, hold, order, receive, release, transfer};
use crate::expect::{Expect, allocations, events_of, held, kinds, placed, small_shop};

cases![holds:
    a_hold_claims_until_its_time,
    all_of_a_hold_or_none,
    the_same_hold_again_is_the_same_hold,
    an_extended_hold_lives_longer,
    a_released_hold_gives_back,
    a_tick_ends_what_is_due_and_no_more,
    an_expired_hold_does_not_stand_in_the_way,
    an_id_can_be_used_again,
    an_order_takes_a_hold_over,
    an_order_takes_what_is_left_under_a_hold,
    a_hold_of_a_bundle_claims_its_components,
    one_batch_places_ends_and_places_again,
];

fn ticked(expired: u32, more: bool) -> Answer {
    Answer::Ticked(Ticked { expired, more })
}

fn a_hold_claims_until_its_time(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    let answer = held(shop.accept(hold("h-1", &[("mug", 12), ("plate", 1)], 5 * MINUTE)));
    let claim =
        |sku: &str, location: &str, quantity| HeldUnits { sku: sku.into(), location: location.into(), quantity };
    assert_eq!(answer.claims, [claim("mug", "main", 10), claim("mug", "north", 2), claim("plate", "main", 1)]);
    assert_eq!(answer.expires_at_ms, NOON + 5 * MINUTE);
    let shop = bench.restart(shop);
    assert_eq!(shop.known_hold("h-1").expires_at_ms, NOON + 5 * MINUTE);
    assert_eq!((shop.level("mug", "main").held, shop.free("mug", "north")), (10, 3));
    shop.reject_at(NOON + 4 * MINUTE, Code::InsufficientStock, order("o-1", &[("mug", 4)]));
    shop.accept_at(NOON + 4 * MINUTE, order("o-2", &[("mug", 3)]));
    shop.sound();
}

fn all_of_a_hold_or_none(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    let before = shop.state();
    shop.reject(Code::InsufficientStock, hold("h-1", &[("mug", 15), ("plate", 5)], MINUTE));
    shop.reject(Code::InsufficientStock, hold("h-1", &[("plate", 3), ("plate", 2)], MINUTE));
    shop.reject(Code::SkuUnknown, hold("h-1", &[("cup", 1)], MINUTE));
    shop.reject(Code::TimeOutOfRange, hold("h-1", &[("mug", 1)], 0));
    shop.reject(Code::ChannelUnknown, PlaceHold { channel: "till".into(), ..hold("h-1", &[("mug", 1)], MINUTE) });
    assert_eq!(shop.state(), before);
    assert_eq!(shop.hold("h-1").expect("readable"), None);
}

fn the_same_hold_again_is_the_same_hold(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    let first = shop.reply_at(NOON, hold("h-1", &[("mug", 2)], MINUTE));
    let shop = bench.restart(shop);
    let before = shop.state();
    shop.repeat(&first, hold("h-1", &[("mug", 2)], MINUTE));
    shop.reject(Code::HoldExists, hold("h-1", &[("mug", 3)], MINUTE));
    assert_eq!(shop.state(), before);
    shop.sound();
}

fn an_extended_hold_lives_longer(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    shop.accept(hold("h-1", &[("mug", 10)], MINUTE));
    shop.accept(hold("h-2", &[("mug", 2)], 9 * MINUTE));
    let shop = bench.restart(shop);
    assert_eq!(held(shop.accept(extend("h-1", 7 * MINUTE))).expires_at_ms, NOON + 7 * MINUTE);
    assert_eq!(held(shop.accept(extend("h-2", 2 * MINUTE))).expires_at_ms, NOON + 2 * MINUTE);
    assert_eq!(shop.accept(extend("h-2", 2 * MINUTE)), Answer::Unchanged);
    let shop = bench.restart(shop);
    assert_eq!(shop.accept_at(NOON + 3 * MINUTE, Tick::default()), ticked(1, false));
    assert_eq!(shop.hold("h-2").expect("readable"), None);
    assert_eq!(shop.known_hold("h-1").expires_at_ms, NOON + 7 * MINUTE);
    shop.reject_at(NOON + 8 * MINUTE, Code::HoldUnknown, extend("h-1", MINUTE));
    shop.reject(Code::HoldUnknown, extend("h-3", MINUTE));
    assert_eq!(shop.accept_at(NOON + 8 * MINUTE, Tick::default()), ticked(1, false));
    shop.sound();
}

fn a_released_hold_gives_back(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    shop.accept(hold("h-1", &[("mug", 12), ("mug", 1), ("plate", 2)], MINUTE));
    let shop = bench.restart(shop);
    assert_eq!(shop.accept(release("h-1")), Answer::Done);
    shop.reject(Code::HoldUnknown, release("h-1"));
    let shop = bench.restart(shop);
    assert_eq!((shop.free("mug", "main"), shop.free("mug", "north"), shop.free("plate", "main")), (10, 5, 4));
    assert_eq!(shop.hold("h-1").expect("readable"), None);
    shop.reject(Code::HoldUnknown, release("h-1"));
    shop.sound();
}

fn a_tick_ends_what_is_due_and_no_more(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    for minutes in 1..=5 {
        shop.accept(hold(&format!("h-{minutes}"), &[("mug", 1)], minutes * MINUTE));
    }
    let shop = bench.restart(shop);
    assert_eq!(shop.accept_at(NOON + MINUTE - 1, Tick::default()), ticked(0, false));
    assert_eq!(shop.accept_at(NOON + 4 * MINUTE, Tick { limit: 2 }), ticked(2, true));
    assert_eq!(shop.level("mug", "main").held, 3);
    let shop = bench.restart(shop);
    assert_eq!(shop.accept_at(NOON + 4 * MINUTE, Tick { limit: 2 }), ticked(2, true));
    assert_eq!(shop.accept_at(NOON + 4 * MINUTE, Tick { limit: 2 }), ticked(0, false));
    // The earliest go first.
    let gone: Vec<String> =
        events_of(&shop, EventKind::HoldExpired).iter().map(|event| event.data.subject().to_owned()).collect();
    assert_eq!(gone, ["h-1", "h-2", "h-3", "h-4"]);
    assert_eq!(shop.level("mug", "main").held, 1);
    shop.reject(Code::QuantityOutOfRange, Tick { limit: 0 });
    shop.sound();
}

fn an_expired_hold_does_not_stand_in_the_way(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    let later = NOON + 2 * MINUTE;
    shop.accept(hold("h-1", &[("mug", 6)], MINUTE));
    shop.accept(hold("h-2", &[("mug", 3)], 9 * MINUTE));
    shop.accept(hold("h-3", &[("plate", 4)], MINUTE));
    // Until somebody needs the units, the hold stays and its units count as held.
    let shop = bench.restart(shop);
    shop.accept_at(later, order("o-1", &[("mug", 1)]));
    assert_eq!(shop.level("mug", "main").held, 9);
    let shop = bench.restart(shop);
    let answer = placed(shop.accept_at(later, order("o-2", &[("mug", 5)])));
    assert_eq!(allocations(&answer), [(1, "main", 5, 0)]);
    assert_eq!(shop.hold("h-1").expect("readable"), None);
    assert_eq!(shop.level("mug", "main").held, 3);
    // For a hold and for a transfer too.
    let shop = bench.restart(shop);
    shop.accept_at(later, transfer("main", "north", &[("plate", 1)]));
    assert_eq!(shop.hold("h-3").expect("readable"), None);
    shop.accept_at(later, hold("h-4", &[("plate", 3)], MINUTE));
    shop.accept_at(later + 2 * MINUTE, hold("h-5", &[("plate", 4)], MINUTE));
    assert_eq!(shop.hold("h-4").expect("readable"), None);
    shop.sound();
}

fn an_id_can_be_used_again(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    shop.accept(hold("h", &[("mug", 1)], MINUTE));
    shop.accept(release("h"));
    shop.accept(hold("h", &[("mug", 2)], MINUTE));
    let first = shop.known_hold("h").number;
    let shop = bench.restart(shop);
    // It ran out, and the same command means a new hold now.
    shop.accept_at(NOON + 2 * MINUTE, hold("h", &[("mug", 2)], MINUTE));
    let second = shop.known_hold("h");
    assert!(second.number > first);
    assert_eq!(shop.level("mug", "main").held, 2);
    assert_eq!(kinds(&events_of(&shop, EventKind::HoldExpired)).len(), 1);
    shop.sound();
}

fn an_order_takes_a_hold_over(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    shop.accept(hold("h-1", &[("mug", 12), ("plate", 3)], MINUTE));
    let shop = bench.restart(shop);
    // More than was held of one, less of the other, and what was not held at all.
    let converts = |id: &str| NewOrder { hold: Some("h-1".into()), ..order(id, &[("mug", 14), ("plate", 1)]) };
    let answer = placed(shop.accept(converts("o-1")));
    // What was held and what was not are told apart by the reason.
    let whole = [(1, "main", 10, 0), (1, "north", 2, 0), (2, "main", 1, 0), (1, "north", 2, 0)];
    assert_eq!(allocations(&answer), whole);
    let why: Vec<Why> = answer.allocations.iter().map(|allocated| allocated.why).collect();
    assert_eq!(why, [Why::Hold, Why::Hold, Why::Hold, Why::Priority]);
    let shop = bench.restart(shop);
    assert_eq!(shop.hold("h-1").expect("readable"), None);
    assert_eq!((shop.level("plate", "main").held, shop.free("plate", "main")), (0, 3));
    shop.reject(Code::HoldUnknown, converts("o-2"));
    assert_eq!(events_of(&shop, EventKind::HoldConverted).len(), 1);
    // A hold that has run out cannot be taken over, whether a tick came by or not.
    shop.accept(hold("h-2", &[("plate", 3)], MINUTE));
    let late = NewOrder { hold: Some("h-2".into()), ..order("o-3", &[("plate", 3)]) };
    shop.reject_at(NOON + MINUTE, Code::HoldUnknown, late);
    shop.sound();
}

fn an_order_takes_what_is_left_under_a_hold(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    shop.accept(hold("h-1", &[("plate", 3)], MINUTE));
    shop.accept(hold("h-2", &[("plate", 1)], MINUTE));
    shop.accept(adjust("plate", "main", -2));
    let shop = bench.restart(shop);
    let converts = |id: &str, hold: &str, units| NewOrder { hold: Some(hold.into()), ..order(id, &[("plate", units)]) };
    shop.reject(Code::InsufficientStock, converts("o-1", "h-1", 3));
    // Who pays first gets what is left.
    shop.accept(converts("o-2", "h-1", 2));
    shop.reject(Code::InsufficientStock, converts("o-3", "h-2", 1));
    shop.accept(count("plate", "main", 3));
    let shop = bench.restart(shop);
    shop.accept(converts("o-4", "h-2", 1));
    shop.sound();
}

fn a_hold_of_a_bundle_claims_its_components(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    shop.accept(bundle("set", &[("mug", 2), ("plate", 1)]));
    shop.accept(hold("h-1", &[("set", 2), ("mug", 1)], MINUTE));
    let shop = bench.restart(shop);
    assert_eq!((shop.level("mug", "main").held, shop.level("plate", "main").held), (5, 2));
    shop.reject(Code::InsufficientStock, hold("h-2", &[("set", 3)], MINUTE));
    let converts = NewOrder { hold: Some("h-1".into()), ..order("o-1", &[("set", 1)]) };
    shop.accept(converts);
    let (mugs, plates) = (shop.level("mug", "main"), shop.level("plate", "main"));
    assert_eq!((mugs.held, mugs.allocated, plates.held, plates.allocated), (0, 2, 0, 1));
    shop.sound();
}

/// Within one unit of work a row may come, go and come back under the same id.
fn one_batch_places_ends_and_places_again(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    shop.accept(hold("kept", &[("mug", 1)], MINUTE));
    let commands = vec![
        hold("h", &[("mug", 1)], MINUTE).into(),
        release("h").into(),
        hold("h", &[("mug", 2)], MINUTE).into(),
        release("kept").into(),
        hold("kept", &[("plate", 1)], MINUTE).into(),
        release("kept").into(),
        hold("kept", &[("plate", 2)], MINUTE).into(),
        receive("main", &[("mug", 1)]).into(),
        hold("brief", &[("mug", 9)], MINUTE).into(),
        release("brief").into(),
    ];
    let replies = shop.execute_batch(commands).expect("done");
    assert!(replies.iter().all(|reply| reply.accepted().is_ok()), "{replies:?}");
    let shop = bench.restart(shop);
    assert_eq!((shop.level("mug", "main").held, shop.level("plate", "main").held), (2, 2));
    assert_eq!(shop.known_hold("kept").lines[0].quantity, 2);
    assert_eq!(shop.hold("brief").expect("readable"), None);
    shop.sound();
}
