//! Stock through the engine: registering, receiving, correcting, counting, moving, and the policy of a row, with
//! the answers checked and the levels read back from under a new engine.

use stockroom::inventory::Reason;
use stockroom::{Answer, Code, CountStock, EventKind, MovedStock, ReceiveStock, Source};

use crate::bench::Bench;
use crate::case::cases;
use crate::documents::{
    adjust, backorder_limit, bundle, channel, count, hold, location, order, partial_order, receive, sku, stock_policy,
    transfer,
};
use crate::expect::{Expect, events_of, placed, small_shop};

cases![stock:
    registering_again_changes_nothing,
    a_sku_stays_what_it_was_registered_as,
    received_units_are_on_hand,
    corrections_and_losses,
    counts_allow_for_what_moved_meanwhile,
    transfers_move_what_nobody_claims,
    the_policy_of_a_row_decides_what_is_free,
    availability_of_many_and_of_channels_and_bundles,
    uncovered_claims_are_said_the_newest_first,
    a_long_claim_chain_is_read_to_its_end,
];

fn moved(difference: i64, shortfall: i64, reason: Reason) -> Answer {
    Answer::Moved(MovedStock { difference, shortfall, reason })
}

fn registering_again_changes_nothing(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    let set = bundle("set", &[("mug", 2), ("plate", 1)]);
    assert_eq!(shop.accept(set.clone()), Answer::Done);
    let shop = bench.restart(shop);
    let before = shop.state();
    assert_eq!(shop.accept(sku("mug")), Answer::Unchanged);
    assert_eq!(shop.accept(set), Answer::Unchanged);
    assert_eq!(shop.accept(location("north")), Answer::Unchanged);
    assert_eq!(shop.accept(channel("web", &["main", "north"])), Answer::Unchanged);
    assert_eq!(shop.state(), before);
    assert_eq!(shop.accept(channel("web", &["north", "main"])), Answer::Done);
    let shop = bench.restart(shop);
    let allocated = placed(shop.accept(order("o-1", &[("mug", 1)])));
    assert_eq!(&*allocated.allocations[0].location, "north");
    shop.sound();
}

fn a_sku_stays_what_it_was_registered_as(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    shop.accept(bundle("set", &[("mug", 2)]));
    let shop = bench.restart(shop);
    shop.reject(Code::SkuIsNotBundle, sku("set"));
    shop.reject(Code::SkuIsNotBundle, bundle("set", &[("mug", 3)]));
    shop.reject(Code::SkuIsNotBundle, bundle("mug", &[("plate", 1)]));
    shop.reject(Code::BundleInvalid, bundle("sets", &[("set", 1)]));
    shop.reject(Code::SkuUnknown, bundle("cups", &[("cup", 1)]));
    shop.reject(Code::SkuIsBundle, receive("main", &[("set", 1)]));
    shop.reject(Code::LocationUnknown, channel("till", &["west"]));
    shop.sound();
}

fn received_units_are_on_hand(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    assert_eq!(shop.accept(receive("north", &[("mug", 2), ("plate", 3), ("mug", 1)])), moved(6, 0, Reason::Received));
    let returned = ReceiveStock { source: Source::Customer, ..receive("main", &[("mug", 1)]) };
    assert_eq!(shop.accept(returned), moved(1, 0, Reason::Returned));
    // All lines or none.
    shop.reject(Code::SkuUnknown, receive("main", &[("mug", 1), ("cup", 1)]));
    shop.reject(Code::LocationUnknown, receive("west", &[("mug", 1)]));
    let shop = bench.restart(shop);
    assert_eq!(shop.level("mug", "north").on_hand, 8);
    assert_eq!((shop.free("mug", "main"), shop.free("plate", "north")), (11, 3));
    shop.sound();
}

fn corrections_and_losses(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    assert_eq!(shop.accept(adjust("mug", "main", 4)), moved(4, 0, Reason::Adjusted));
    assert_eq!(shop.accept(adjust("mug", "main", -1)), moved(-1, 0, Reason::Adjusted));
    let mut lost = adjust("mug", "main", -3);
    lost.lost = true;
    assert_eq!(shop.accept(lost), moved(-3, 0, Reason::Lost));
    shop.reject(Code::NotOnHand, adjust("mug", "main", -11));
    shop.accept(adjust("mug", "main", -10));
    let shop = bench.restart(shop);
    assert_eq!(shop.level("mug", "main").on_hand, 0);
    shop.sound();
}

fn counts_allow_for_what_moved_meanwhile(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    assert_eq!(shop.accept(count("mug", "main", 10)), Answer::Unchanged);
    assert_eq!(shop.accept(count("mug", "main", 7)), moved(-3, 0, Reason::Counted));
    // The count began at 7 and found 9; two were sold and shipped since.
    shop.accept(order("o-1", &[("mug", 2)]));
    shop.accept(crate::documents::ship("o-1"));
    let counted = CountStock { expected: Some(7), ..count("mug", "main", 9) };
    assert_eq!(shop.accept(counted), moved(2, 0, Reason::Counted));
    let shop = bench.restart(shop);
    assert_eq!(shop.level("mug", "main").on_hand, 7);
    shop.sound();
}

fn transfers_move_what_nobody_claims(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    shop.accept(order("o-1", &[("mug", 4)]));
    shop.accept(hold("h-1", &[("mug", 1)], 60_000));
    shop.reject(Code::InsufficientStock, transfer("main", "north", &[("mug", 6)]));
    shop.reject(Code::InsufficientStock, transfer("main", "north", &[("plate", 1), ("mug", 6)]));
    shop.reject(Code::DuplicateEntry, transfer("main", "main", &[("mug", 1)]));
    let answer = shop.accept(transfer("main", "north", &[("mug", 5), ("plate", 4)]));
    assert_eq!(answer, moved(0, 0, Reason::Transferred));
    let shop = bench.restart(shop);
    assert_eq!((shop.free("mug", "main"), shop.free("mug", "north")), (0, 10));
    assert_eq!((shop.free("plate", "main"), shop.free("plate", "north")), (0, 4));
    shop.sound();
}

fn the_policy_of_a_row_decides_what_is_free(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    let mut policy = stock_policy("mug", "main");
    (policy.safety_stock, policy.unavailable) = (Some(3), Some(2));
    assert_eq!(shop.accept(policy.clone()), Answer::Done);
    assert_eq!(shop.accept(policy), Answer::Unchanged);
    let mut too_much = stock_policy("mug", "main");
    too_much.unavailable = Some(11);
    shop.reject(Code::NotOnHand, too_much);
    let shop = bench.restart(shop);
    let level = shop.level("mug", "main");
    assert_eq!((level.safety_stock, level.unavailable, level.available), (3, 2, 5));
    shop.reject(Code::InsufficientStock, order("o-1", &[("mug", 11)]));
    assert_eq!(placed(shop.accept(order("o-2", &[("mug", 10)]))).allocations.len(), 2);
    shop.sound();
}

fn availability_of_many_and_of_channels_and_bundles(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    shop.accept(bundle("set", &[("mug", 3), ("plate", 1)]));
    shop.accept(receive("north", &[("plate", 9)]));
    let shop = bench.restart(shop);
    let wanted =
        [("mug", "main"), ("plate", "north"), ("set", "main"), ("set", "north"), ("cup", "main"), ("mug", "west")];
    let free = shop.availability(&wanted).expect("readable");
    assert_eq!(free, [Some(10), Some(9), Some(3), Some(1), None, None]);
    let on_web = shop.channel_availability("web", &["mug", "set", "cup", "plate"]).expect("readable");
    assert_eq!(on_web, [Some(15), Some(4), None, Some(13)]);
    assert_eq!(shop.channel_availability("till", &["mug"]).expect("readable"), [None]);
    // A row that is short counts as nothing on a channel and as what it is by itself.
    shop.accept(backorder_limit("mug", "main", 9));
    shop.accept(crate::documents::backorder("o-1", &[("mug", 20)]));
    assert_eq!(shop.availability(&[("mug", "main"), ("mug", "north")]).expect("readable"), [Some(-5), Some(0)]);
    shop.accept(receive("north", &[("mug", 2)]));
    assert_eq!(shop.channel_availability("web", &["mug"]).expect("readable"), [Some(2)]);
    shop.sound();
}

fn uncovered_claims_are_said_the_newest_first(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    shop.accept(order("o-1", &[("mug", 3)]));
    shop.accept(order("o-2", &[("mug", 2)]));
    shop.accept(hold("h-1", &[("mug", 1)], 60_000));
    shop.accept(partial_order("o-3", &[("mug", 2)]));
    shop.accept(hold("h-2", &[("mug", 1)], 60_000));
    // Nothing is in memory: the claims are found in the store.
    let shop = bench.restart(shop);
    assert_eq!(shop.accept(count("mug", "main", 4)), moved(-6, 5, Reason::Counted));
    let said = events_of(&shop, EventKind::StockShortfall);
    let expected = serde_json::json!({
        "sku": "mug", "location": "main", "shortfall": 5,
        "holds": [{"hold": "h-2", "units": 1}, {"hold": "h-1", "units": 1}],
        "orders": [{"order": "o-3", "units": 2}, {"order": "o-2", "units": 1}],
    });
    assert_eq!(said[0].to_cloud_event("/test")["data"], expected);
    // Less uncovered than before is no new shortfall.
    let shop = bench.restart(shop);
    shop.accept(receive("main", &[("mug", 2)]));
    assert_eq!(events_of(&shop, EventKind::StockShortfall).len(), 1);
    assert_eq!(shop.accept(adjust("mug", "main", -6)), moved(-6, 9, Reason::Adjusted));
    assert_eq!(events_of(&shop, EventKind::StockShortfall).len(), 2);
    shop.sound();
}

/// Hundreds of orders stand in one row's claim chain; some have let go, one claims a second time.
fn a_long_claim_chain_is_read_to_its_end(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    shop.accept(receive("main", &[("mug", 1_000)]));
    let orders = (1..=600).map(|number| order(&format!("o-{number}"), &[("mug", 1)]).into());
    shop.execute_batch(orders).expect("placed");
    for number in (2..=600).step_by(2) {
        shop.accept(crate::documents::cancel(&format!("o-{number}")));
    }
    let mut anew = crate::documents::edit("o-5", &[(1, 0)]);
    anew.add = vec![crate::documents::new_line("mug", 2)];
    shop.accept(anew);
    let shop = bench.restart(shop);
    shop.sound();
    assert_eq!(shop.level("mug", "main").allocated, 301);
    shop.accept(count("mug", "main", 0));
    let said = events_of(&shop, EventKind::StockShortfall);
    let data = &said[0].to_cloud_event("/test")["data"];
    assert_eq!(data["shortfall"], 301);
    let touched: Vec<(&str, i64)> = data["orders"].as_array().expect("a list").iter().map(told).collect();
    let mut expected: Vec<(String, i64)> = vec![("o-5".into(), 2)];
    expected.extend((1..=599).rev().step_by(2).filter(|number| *number != 5).map(|number| (format!("o-{number}"), 1)));
    assert_eq!(touched, expected.iter().map(|(id, units)| (id.as_str(), *units)).collect::<Vec<_>>());
    shop.sound();
}

fn told(order: &serde_json::Value) -> (&str, i64) {
    (order["order"].as_str().unwrap_or_default(), order["units"].as_i64().unwrap_or_default())
}
