//! Orders through the engine: placed by every policy, edited, cancelled, shipped, returned and completed, each
//! answer checked, and each state read back from under a new engine.

use stockroom::order::Allocation;
use stockroom::{
    Answer, Code, Disposition, EditOrder, EventKind, LocationNumber, NewOrder, OrderState, RegisterChannel, ReturnLine,
    ReturnOrder, ShipOrder, ShipTo, Sourcing, StockPolicy, Totals, Tracking, Why,
};

use crate::bench::Bench;
use crate::case::cases;
use crate::documents::{
    NOON, backorder, backorder_limit, bundle, cancel, cancel_lines, channel, complete, edit, give_back, location,
    new_line, order, partial_order, receive, ship, ship_lines, sku,
};
use crate::expect::{Expect, allocations, changed, events_of, placed, small_shop};

cases![orders:
    an_order_is_allocated_from_the_first_location_that_has_the_units,
    all_or_nothing_leaves_nothing,
    partial_takes_what_is_there,
    backorders_are_promised_within_the_limit,
    a_bundle_takes_its_components,
    fewest_splits_serve_from_one_place,
    a_ranking_comes_before_the_channels_order,
    what_an_order_says_is_kept,
    faults_are_collected,
    an_edit_takes_and_gives_back,
    an_edit_that_cannot_be_met_changes_nothing,
    a_cancelled_order_gives_everything_back,
    lines_are_cancelled_in_part,
    an_order_ships_in_parts_and_by_location,
    returns_go_where_their_disposition_says,
    a_completed_order_takes_nothing_more,
    orders_are_numbered_in_the_order_of_placing,
    a_large_order_is_one_row,
];

fn an_order_is_allocated_from_the_first_location_that_has_the_units(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    let answer = placed(shop.accept_at(NOON + 5, order("o-1", &[("mug", 12), ("plate", 4), ("mug", 1)])));
    assert_eq!((answer.number, answer.state, answer.value_minor), (1, OrderState::Allocated, 17 * 250));
    assert_eq!(allocations(&answer), [(1, "main", 10, 0), (1, "north", 2, 0), (2, "main", 4, 0), (3, "north", 1, 0)]);
    let shop = bench.restart(shop);
    let kept = shop.known_order("o-1");
    assert_eq!((kept.state, kept.placed_at_ms, kept.closed_at_ms), (OrderState::Allocated, NOON + 5, None));
    let first = Allocation {
        line: 0,
        location: LocationNumber(1),
        open: 10,
        backordered: 0,
        since: 0,
        shipped: 0,
        why: Why::Priority,
    };
    assert_eq!(kept.body.allocations[0], first);
    let level = shop.level("mug", "main");
    assert_eq!((level.on_hand, level.allocated, level.available), (10, 10, 0));
    assert_eq!(shop.free("mug", "north"), 2);
    shop.sound();
}

fn all_or_nothing_leaves_nothing(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    let levels = || [shop.level("mug", "main"), shop.level("plate", "main"), shop.level("mug", "north")];
    let before = levels();
    let reply = shop.reject(Code::InsufficientStock, order("o-1", &[("mug", 15), ("plate", 5)]));
    let faults = &reply.rejection().expect("rejected").faults;
    assert_eq!(faults.iter().map(|fault| &*fault.at).collect::<Vec<_>>(), ["lines[1]"]);
    assert_eq!(levels(), before);
    assert_eq!(shop.order("o-1").expect("readable"), None);
    // Two lines of one SKU are one demand.
    shop.reject(Code::InsufficientStock, order("o-2", &[("plate", 3), ("plate", 2)]));
    shop.accept(order("o-3", &[("plate", 3), ("plate", 1)]));
    assert_eq!(events_of(&shop, EventKind::OrderRejected).len(), 2);
    shop.sound();
}

fn partial_takes_what_is_there(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    let answer = placed(shop.accept(partial_order("o-1", &[("plate", 9), ("mug", 1)])));
    assert_eq!(answer.state, OrderState::PartlyAllocated);
    assert_eq!(allocations(&answer), [(1, "main", 4, 0), (2, "main", 1, 0)]);
    let shop = bench.restart(shop);
    let kept = shop.known_order("o-1");
    assert_eq!((kept.body.lines[0].unfilled, kept.body.policy), (5, StockPolicy::Partial));
    // At least one unit there must be.
    shop.reject(Code::InsufficientStock, partial_order("o-2", &[("plate", 1)]));
    // It does not wait: what comes later is not its.
    shop.accept(receive("main", &[("plate", 9)]));
    assert_eq!(shop.free("plate", "main"), 9);
    assert_eq!(shop.known_order("o-1").body.lines[0].unfilled, 5);
    shop.sound();
}

fn backorders_are_promised_within_the_limit(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    shop.reject(Code::BackorderLimit, backorder("o-0", &[("plate", 5)]));
    shop.accept(backorder_limit("plate", "main", 6));
    let shop = bench.restart(shop);
    shop.reject(Code::BackorderLimit, backorder("o-1", &[("plate", 11)]));
    let answer = placed(shop.accept(backorder("o-2", &[("plate", 9)])));
    assert_eq!((answer.state, allocations(&answer)), (OrderState::Backordered, vec![(1, "main", 4, 5)]));
    let shop = bench.restart(shop);
    assert_eq!(shop.free("plate", "main"), -5);
    shop.reject(Code::BackorderLimit, backorder("o-3", &[("plate", 2)]));
    shop.accept(backorder("o-4", &[("plate", 1)]));
    shop.reject(Code::InsufficientStock, order("o-5", &[("plate", 1)]));
    let level = shop.level("plate", "main");
    assert_eq!((level.allocated, level.backordered, level.backorder_limit), (10, 6, 6));
    shop.sound();
}

fn a_bundle_takes_its_components(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    shop.accept(bundle("set", &[("mug", 2), ("plate", 1)]));
    let shop = bench.restart(shop);
    shop.reject(Code::InsufficientStock, order("o-0", &[("set", 5)]));
    let answer = placed(shop.accept(order("o-1", &[("set", 3), ("mug", 1)])));
    assert_eq!(allocations(&answer), [(1, "main", 3, 0), (2, "main", 1, 0)]);
    assert_eq!((shop.free("mug", "main"), shop.free("plate", "main")), (3, 1));
    let shop = bench.restart(shop);
    assert_eq!(shop.accept(ship_lines("o-1", &[(1, 2)])), changed("o-1", OrderState::PartlyShipped, 2));
    let (mugs, plates) = (shop.level("mug", "main"), shop.level("plate", "main"));
    assert_eq!((mugs.on_hand, mugs.allocated, plates.on_hand, plates.allocated), (6, 3, 2, 1));
    shop.sound();
}

fn fewest_splits_serve_from_one_place(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    shop.accept(location("south"));
    shop.accept(receive("south", &[("mug", 3), ("plate", 3)]));
    let fewest = RegisterChannel { sourcing: Sourcing::FewestSplits, ..channel("few", &["north", "south", "main"]) };
    shop.accept(fewest);
    let shop = bench.restart(shop);
    let order =
        |id: &str, mugs, plates| NewOrder { channel: "few".into(), ..order(id, &[("mug", mugs), ("plate", plates)]) };
    let answer = placed(shop.accept(order("o-1", 3, 3)));
    assert_eq!(allocations(&answer), [(1, "south", 3, 0), (2, "south", 3, 0)]);
    assert_eq!(answer.allocations[0].why, Why::FewestSplits);
    let answer = placed(shop.accept(order("o-2", 12, 1)));
    assert_eq!(allocations(&answer), [(1, "north", 5, 0), (1, "main", 7, 0), (2, "main", 1, 0)]);
    shop.sound();
}

fn a_ranking_comes_before_the_channels_order(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    let ranked = |id: &str, ranking: &[&str], units| NewOrder {
        ranking: Some(ranking.iter().map(|name| (*name).into()).collect()),
        ..order(id, &[("mug", units)])
    };
    let answer = placed(shop.accept(ranked("o-1", &["north", "main"], 6)));
    assert_eq!(allocations(&answer), [(1, "north", 5, 0), (1, "main", 1, 0)]);
    assert_eq!(answer.allocations[0].why, Why::Ranking);
    // Only what is ranked counts.
    shop.reject(Code::InsufficientStock, ranked("o-2", &["north"], 1));
    shop.reject(Code::LocationUnknown, ranked("o-3", &["west"], 1));
    let shop = bench.restart(shop);
    assert_eq!(shop.known_order("o-1").body.ranking, [2, 1].map(LocationNumber));
    // An edit keeps to it.
    shop.accept(receive("north", &[("mug", 2)]));
    shop.accept(edit("o-1", &[(1, 8)]));
    assert_eq!((shop.free("mug", "north"), shop.free("mug", "main")), (0, 9));
    shop.sound();
}

fn what_an_order_says_is_kept(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    let ship_to = ShipTo {
        name: "O'Hara; DROP TABLE".into(),
        address: vec!["Straße 1".into(), "2. Stock".into()],
        city: "Zürich".into(),
        postal_code: "08001".into(),
        country: "CH".into(),
        email: "a@example.com".into(),
        ..ShipTo::default()
    };
    let totals = Totals { lines_minor: 500, shipping_minor: 490, tax_minor: 0, discount_minor: 90, total_minor: 900 };
    let note = "one\ntwo\t\"three\" 🎁 \\u0000 %s".to_owned();
    let new = NewOrder {
        currency: "CHF".into(),
        ship_to: Some(ship_to.clone()),
        note: Some(note.clone()),
        totals: Some(totals),
        metadata: [("b".to_owned(), String::new()), ("a".to_owned(), "1".to_owned())].into(),
        ..order("an order: ✓ 'quoted'", &[("mug", 2)])
    };
    let first = shop.reply_at(NOON, new.clone());
    assert!(first.accepted().is_ok());
    let shop = bench.restart(shop);
    let kept = shop.known_order("an order: ✓ 'quoted'");
    assert_eq!((&*kept.currency, &*kept.channel, kept.value_minor()), ("CHF", "web", 500));
    let details = kept.body.details.as_deref().expect("details");
    assert_eq!((details.ship_to.as_ref(), details.note.as_ref()), (Some(&ship_to), Some(&note)));
    assert_eq!(details.metadata, new.metadata);
    shop.repeat(&first, new);
    let moved =
        EditOrder { ship_to: Some(ShipTo { name: "Neighbour".into(), ..ShipTo::default() }), ..edit(&kept.id, &[]) };
    shop.accept(moved);
    let shop = bench.restart(shop);
    let details = shop.known_order("an order: ✓ 'quoted'").body.details.expect("details");
    assert_eq!((&*details.ship_to.expect("an address").name, details.note), ("Neighbour", Some(note)));
    shop.sound();
}

fn faults_are_collected(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    let bad = NewOrder {
        channel: "till".into(),
        currency: "euro".into(),
        hold: Some("none".into()),
        note: Some("\u{7}".into()),
        ..order("o-1", &[("mug", 0), ("cup", 1)])
    };
    let reply = shop.reject(Code::TextInvalid, bad.clone());
    let mut codes: Vec<Code> = reply.rejection().expect("rejected").faults.iter().map(|fault| fault.code).collect();
    codes.sort_unstable();
    let expected = [
        Code::TextInvalid,
        Code::QuantityOutOfRange,
        Code::CurrencyUnknown,
        Code::SkuUnknown,
        Code::ChannelUnknown,
        Code::HoldUnknown,
    ];
    assert_eq!(codes, expected);
    // The refusal is remembered as it was said.
    let shop = bench.restart(shop);
    shop.repeat(&reply, bad);
    shop.sound();
}

fn an_edit_takes_and_gives_back(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    shop.accept(order("o-1", &[("mug", 4), ("plate", 2)]));
    let shop = bench.restart(shop);
    let edited = EditOrder { add: vec![new_line("mug", 2)], ..edit("o-1", &[(1, 11), (2, 1)]) };
    assert_eq!(shop.accept(edited), changed("o-1", OrderState::Allocated, 0));
    let shop = bench.restart(shop);
    assert_eq!((shop.free("mug", "main"), shop.free("mug", "north"), shop.free("plate", "main")), (0, 2, 3));
    let kept = shop.known_order("o-1");
    assert_eq!(kept.body.lines.iter().map(|line| line.quantity).collect::<Vec<_>>(), [11, 1, 2]);
    assert_eq!(kept.value_minor(), 14 * 250);
    // Placing it again still gets the first answer.
    let again = shop.reply_at(NOON, order("o-1", &[("mug", 4), ("plate", 2)]));
    assert_eq!((again.repeated, again.placed_order().expect("placed").lines.len()), (true, 2));
    assert_eq!(shop.accept(edit("o-1", &[(1, 0), (3, 1)])), changed("o-1", OrderState::Allocated, 0));
    assert_eq!((shop.free("mug", "main"), shop.free("mug", "north")), (10, 4));
    shop.reject(Code::NothingToDo, edit("o-1", &[(2, 0), (3, 0)]));
    shop.reject(Code::NothingToDo, edit("o-1", &[]));
    shop.reject(Code::LineUnknown, edit("o-1", &[(4, 1)]));
    shop.reject(Code::OrderUnknown, edit("o-2", &[(1, 1)]));
    shop.sound();
}

fn an_edit_that_cannot_be_met_changes_nothing(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    shop.accept(order("o-1", &[("mug", 4), ("plate", 2)]));
    let before = shop.state();
    shop.reject(Code::InsufficientStock, edit("o-1", &[(1, 1), (2, 5)]));
    shop.reject(Code::SkuUnknown, EditOrder { add: vec![new_line("cup", 1)], ..edit("o-1", &[(1, 1)]) });
    assert_eq!(shop.state(), before);
    shop.accept(ship_lines("o-1", &[(1, 1)]));
    shop.reject(Code::OrderClosed, edit("o-1", &[(1, 1)]));
    shop.sound();
}

fn a_cancelled_order_gives_everything_back(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    shop.accept(backorder_limit("plate", "main", 9));
    shop.accept(backorder("o-1", &[("mug", 12), ("plate", 9)]));
    let shop = bench.restart(shop);
    assert_eq!(shop.accept_at(NOON + 9, cancel("o-1")), changed("o-1", OrderState::Cancelled, 21));
    let shop = bench.restart(shop);
    assert_eq!((shop.free("mug", "main"), shop.free("mug", "north"), shop.free("plate", "main")), (10, 5, 4));
    let kept = shop.known_order("o-1");
    assert_eq!((kept.state, kept.closed_at_ms, kept.value_minor()), (OrderState::Cancelled, Some(NOON + 9), 0));
    shop.reject(Code::OrderClosed, cancel("o-1"));
    shop.reject(Code::OrderClosed, ship("o-1"));
    shop.reject(Code::OrderUnknown, cancel("o-2"));
    shop.sound();
}

fn lines_are_cancelled_in_part(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    shop.accept(order("o-1", &[("mug", 12), ("plate", 2)]));
    let shop = bench.restart(shop);
    assert_eq!(shop.accept(cancel_lines("o-1", &[(1, 3)])), changed("o-1", OrderState::Allocated, 3));
    // The last location gives back first.
    assert_eq!((shop.free("mug", "north"), shop.free("mug", "main")), (5, 1));
    let shop = bench.restart(shop);
    shop.accept(ship_lines("o-1", &[(1, 9)]));
    shop.reject(Code::AlreadyShipped, cancel_lines("o-1", &[(1, 1)]));
    assert_eq!(shop.accept(cancel("o-1")), changed("o-1", OrderState::Shipped, 2));
    let kept = shop.known_order("o-1");
    assert_eq!((kept.body.lines[0].cancelled, kept.body.lines[1].cancelled), (3, 2));
    shop.sound();
}

fn an_order_ships_in_parts_and_by_location(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    shop.accept(order("o-1", &[("mug", 13), ("plate", 1)]));
    let shop = bench.restart(shop);
    let tracking = Tracking { carrier: "Post".into(), number: "1Z".into(), url: String::new() };
    let north = ShipOrder { location: Some("north".into()), tracking: Some(tracking.clone()), ..ship("o-1") };
    assert_eq!(shop.accept(north.clone()), changed("o-1", OrderState::PartlyShipped, 3));
    shop.reject(Code::NothingToDo, north);
    shop.reject(Code::NotAllocated, ship_lines("o-1", &[(1, 11)]));
    shop.reject(Code::LineUnknown, ship_lines("o-1", &[(3, 1)]));
    let shop = bench.restart(shop);
    assert_eq!(shop.accept(ship_lines("o-1", &[(1, 4)])), changed("o-1", OrderState::PartlyShipped, 4));
    assert_eq!(shop.accept_at(NOON + 7, ship("o-1")), changed("o-1", OrderState::Shipped, 7));
    shop.reject(Code::OrderClosed, ship("o-1"));
    let shop = bench.restart(shop);
    let kept = shop.known_order("o-1");
    assert_eq!((kept.state, kept.closed_at_ms, kept.body.shipments.len()), (OrderState::Shipped, Some(NOON + 7), 3));
    assert_eq!(kept.body.shipments[0].tracking, Some(tracking));
    let (main, north) = (shop.level("mug", "main"), shop.level("mug", "north"));
    assert_eq!((main.on_hand, main.allocated, north.on_hand, north.allocated), (0, 0, 2, 0));
    shop.sound();
}

fn returns_go_where_their_disposition_says(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    shop.accept(order("o-1", &[("mug", 6), ("plate", 1)]));
    shop.reject(Code::NotShipped, give_back("o-1", &[(1, 1, Disposition::Restock)]));
    shop.accept(ship("o-1"));
    let shop = bench.restart(shop);
    let lines = [(1, 2, Disposition::Restock), (1, 1, Disposition::Damaged), (2, 1, Disposition::Lost)];
    assert_eq!(shop.accept(give_back("o-1", &lines)), changed("o-1", OrderState::Shipped, 4));
    let level = shop.level("mug", "main");
    assert_eq!((level.on_hand, level.unavailable, level.available), (7, 1, 6));
    assert_eq!(shop.level("plate", "main").on_hand, 3);
    let elsewhere =
        ReturnLine { line: 1, quantity: 1, disposition: Disposition::Restock, location: Some("north".into()) };
    shop.accept(ReturnOrder { order: "o-1".into(), lines: vec![elsewhere] });
    let shop = bench.restart(shop);
    assert_eq!(shop.free("mug", "north"), 6);
    shop.reject(Code::NotShipped, give_back("o-1", &[(1, 3, Disposition::Restock)]));
    shop.reject(Code::NotShipped, give_back("o-1", &[(2, 1, Disposition::Restock)]));
    assert_eq!(shop.known_order("o-1").body.lines[0].returned, 4);
    shop.sound();
}

fn a_completed_order_takes_nothing_more(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    shop.accept(order("o-1", &[("mug", 6)]));
    shop.reject(Code::OrderClosed, complete("o-1"));
    shop.accept(ship("o-1"));
    assert_eq!(shop.accept(complete("o-1")), changed("o-1", OrderState::Completed, 0));
    let shop = bench.restart(shop);
    let before = shop.state();
    assert_eq!(shop.accept(complete("o-1")), Answer::Unchanged);
    assert_eq!(shop.state(), before);
    shop.reject(Code::OrderClosed, give_back("o-1", &[(1, 1, Disposition::Restock)]));
    shop.reject(Code::OrderClosed, cancel("o-1"));
    shop.sound();
}

fn orders_are_numbered_in_the_order_of_placing(bench: &Bench<'_>) {
    let mut shop = small_shop(bench);
    for number in 1..=4 {
        // A refused order takes no number.
        shop.reject(Code::InsufficientStock, order(&format!("no-{number}"), &[("plate", 99)]));
        let answer = placed(shop.accept(order(&format!("o-{}", 9 - number), &[("mug", 1)])));
        assert_eq!(answer.number, number);
        shop = bench.restart(shop);
    }
    shop.sound();
}

/// As many lines as an order may have, over as many SKUs.
fn a_large_order_is_one_row(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    let name = |number: i64| format!("sku {number}");
    let names: Vec<String> = (0..2_000).map(name).collect();
    shop.execute_batch(names.iter().map(|name| sku(name).into())).expect("registered");
    let lines: Vec<(&str, i64)> = names.iter().map(|name| (name.as_str(), 3)).collect();
    shop.accept(receive("main", &lines));
    let shop = bench.restart(shop);
    let answer = placed(shop.accept(order("o-1", &lines)));
    assert_eq!(answer.allocations.len(), lines.len());
    let shop = bench.restart(shop);
    assert_eq!(shop.accept(ship("o-1")), changed("o-1", OrderState::Shipped, 6_000));
    assert_eq!(shop.level("sku 1999", "main").on_hand, 0);
    shop.sound();
}
