//! Which units are handed to which warehouse when an order is looked at again: after backorders were filled, after a refusal,
//! while it is to be cancelled; and what becomes of its allocations when units go elsewhere.

mod common;

use common::warehouses::{
    available, cancel, fulfillments, hand_over, handed, note, react, refused, reported, shipment, shop, state, states,
    take,
};
use common::{Shop, order, receive};
use stockroom::ports::{Page, Rows};
use stockroom::{
    Answer, BundleComponent, Code, DeliveryAnswer, DeliveryBody, DeliveryResult, EditOrder, EventData, Fulfill,
    Fulfilled, FulfillmentState, LeasedDelivery, NewLine, NewOrder, Outcome, ReassignFulfillment, RegisterChannel,
    RegisterLocation, RegisterSku, RegisterWarehouse, SetStockPolicy, ShipTo, SkuLevel, StockPolicy, StockReports,
    WarehouseStatus, WarehouseStock,
};

const HOUR_MS: i64 = 3_600_000;
const PARTLY: FulfillmentState = FulfillmentState::PartlyShipped;

/// Units may be promised beyond stock there.
fn promise(shop: &Shop, sku: &str, location: &str) {
    let policy = SetStockPolicy { sku: sku.into(), location: location.into(), ..SetStockPolicy::default() };
    shop.accept(SetStockPolicy { backorder_limit: Some(10), ..policy });
}

fn backorder(id: &str, lines: &[(&str, i64)]) -> NewOrder {
    NewOrder { policy: StockPolicy::Backorder, ..order(id, lines) }
}

fn reassign(shop: &Shop, fulfillment: &str, location: &str) {
    shop.accept(ReassignFulfillment { fulfillment: fulfillment.into(), location: Some(location.into()) });
}

/// Where the order's units are: the location's number, open, shipped, beyond stock.
fn places(shop: &Shop, id: &str) -> Vec<(u64, i64, i64, i64)> {
    let order = shop.room.order(id).unwrap().unwrap();
    order.body.allocations.iter().map(|a| (a.location.0, a.open, a.shipped, a.backordered)).collect()
}

fn asks(deliveries: &[LeasedDelivery]) -> usize {
    deliveries.iter().filter(|one| matches!(one.body, DeliveryBody::CancelFulfillment(_))).count()
}

#[test]
fn a_round_reads_as_many_commands_as_it_may_and_says_whether_there_are_more() {
    // The limit; what each round says: events, orders handed over, whether there are more.
    type Said = (u64, u64, bool);
    let cases: &[(u32, &[Said])] = &[
        // The orders, two events each, and then what the rounds before wrote themselves.
        (1, &[(2, 1, true), (2, 1, true), (2, 1, true), (1, 0, true)]),
        (2, &[(4, 2, true), (4, 1, true), (1, 0, false), (0, 0, false)]),
        (3, &[(6, 3, true), (3, 0, false), (0, 0, false)]),
        (4, &[(6, 3, false), (3, 0, false), (0, 0, false)]),
    ];
    for (limit, rounds) in cases {
        let shop = shop(&[("main", "mug", 10)]);
        react(&shop);
        for id in ["o-1", "o-2", "o-3"] {
            shop.accept(order(id, &[("mug", 1)]));
        }
        let round = |_: &Said| match shop.accept(Fulfill { limit: *limit }).outcome {
            Outcome::Accepted(Answer::Fulfilled(Fulfilled { events, requested, more })) => (events, requested, more),
            other => panic!("{other:?}"),
        };
        assert_eq!(rounds.iter().map(round).collect::<Vec<_>>(), *rounds, "{limit}");
        shop.assert_verified();
    }
}

#[test]
fn filled_backorders_of_a_bundle_are_handed_over_beside_what_was() {
    let shop = shop(&[("main", "plate", 4)]);
    let components = Some(vec![BundleComponent { sku: "plate".into(), quantity: 2 }]);
    shop.accept(RegisterSku { sku: "pair".into(), components });
    promise(&shop, "plate", "main");
    shop.accept(backorder("o-1", &[("pair", 5)]));
    assert_eq!(react(&shop).requested, 1);
    shop.accept(receive("main", "plate", 6));
    assert_eq!(react(&shop).requested, 1);
    let plates: Vec<i64> =
        fulfillments(&shop, "o-1").iter().map(|row| row.items().expect("read")[0].quantity).collect();
    assert_eq!(plates, [4, 6]);
    shop.assert_verified();
}

#[test]
fn what_an_edit_adds_to_an_order_that_waits_is_handed_over() {
    let shop = shop(&[("main", "plate", 4)]);
    promise(&shop, "mug", "main");
    shop.accept(backorder("o-1", &[("mug", 2)]));
    assert_eq!(react(&shop).requested, 0);
    let add = vec![NewLine { sku: "plate".into(), quantity: 3, unit_price_minor: 1_250 }];
    shop.accept(EditOrder { order: "o-1".into(), add, ..EditOrder::default() });
    assert_eq!(react(&shop).requested, 1);
    // Of too many it is said how many there are.
    hand_over(&shop);
    let too_many = shop.reject_as(Code::NotAllocated, shipment("o-1-1", "S-1", Some(&[("plate", 4)])));
    assert_eq!((&*too_many.faults[0].at, &*too_many.faults[0].detail), ("items[0]", "4 to ship, 3 left to"));
    shop.assert_verified();
}

#[test]
fn a_location_that_refused_is_not_asked_again_and_others_are() {
    for (waits_at, requested) in [("main", 0), ("backup", 1)] {
        let shop = shop(&[("main", "mug", 2), ("backup", "mug", 1)]);
        promise(&shop, "mug", waits_at);
        shop.accept(backorder("o-1", &[("mug", 5)]));
        assert_eq!(react(&shop).requested, 2);
        shop.accept(reported(&take(&shop, "wms-main")[0], refused("we do not carry mugs")));
        shop.accept(receive(waits_at, "mug", 2));
        assert_eq!(react(&shop).requested, requested, "{waits_at}");
        shop.assert_verified();
    }
}

/// An order that is with both warehouses.
fn with_both() -> Shop {
    let shop = shop(&[("main", "mug", 3), ("backup", "plate", 2)]);
    shop.accept(order("o-1", &[("mug", 3), ("plate", 2)]));
    react(&shop);
    for destination in ["wms-main", "wms-backup"] {
        take(&shop, destination).iter().for_each(|one| drop(shop.accept(reported(one, handed("W-1")))));
    }
    assert_eq!(states(&shop, "o-1"), [FulfillmentState::Accepted; 2]);
    shop
}

#[test]
fn who_has_refused_is_not_asked_to_give_up() {
    let shop = with_both();
    shop.accept(note("o-1-1", WarehouseStatus::Refused { why: "flooded".into() }));
    shop.accept(cancel("o-1"));
    react(&shop);
    assert_eq!((asks(&take(&shop, "wms-main")), asks(&take(&shop, "wms-backup"))), (0, 1));
    let cancelling: Vec<bool> = fulfillments(&shop, "o-1").iter().map(|row| row.cancelling).collect();
    assert_eq!(cancelling, [false, true]);
    shop.assert_verified();
}

#[test]
fn who_has_the_question_is_not_asked_again_when_another_is() {
    let shop = with_both();
    shop.accept(cancel("o-1"));
    react(&shop);
    let (main, backup) = (take(&shop, "wms-main"), take(&shop, "wms-backup"));
    assert_eq!((asks(&main), asks(&backup)), (1, 1));
    shop.accept(reported(&main[0], DeliveryResult::Done(DeliveryAnswer::TooLate)));
    shop.accept(reported(&backup[0], DeliveryResult::Done(DeliveryAnswer::Taken)));
    shop.accept(cancel("o-1"));
    react(&shop);
    assert_eq!((asks(&take(&shop, "wms-main")), asks(&take(&shop, "wms-backup"))), (1, 0));
    shop.assert_verified();
}

#[test]
fn a_note_can_change_until_the_warehouse_has_it() {
    let shop = shop(&[("main", "mug", 5)]);
    let ship_to = || Some(ShipTo { city: "Oslo".into(), ..ShipTo::default() });
    shop.accept(NewOrder { ship_to: ship_to(), note: Some("ring".into()), ..order("o-1", &[("mug", 2)]) });
    react(&shop);
    shop.accept(EditOrder { order: "o-1".into(), note: Some("knock".into()), ..EditOrder::default() });
    let deliveries = take(&shop, "wms-main");
    let DeliveryBody::RequestFulfillment(request) = &deliveries[0].body else { panic!("{deliveries:?}") };
    let request = request.get().unwrap();
    assert_eq!((request.note.as_deref(), &request.ship_to), (Some("knock"), &ship_to()));
}

/// The warehouse shipped before it answered, and never did.
#[test]
fn nothing_is_handed_over_of_an_order_that_was_pruned() {
    let shop = shop(&[("main", "mug", 5)]);
    shop.accept(order("o-1", &[("mug", 2)]));
    react(&shop);
    shop.accept(shipment("o-1-1", "S-1", None));
    shop.set_clock(shop.now_ms() + HOUR_MS);
    assert_eq!(shop.room.prune(shop.now_ms()).unwrap().orders, 1);
    assert_eq!(take(&shop, "wms-main"), []);
    shop.assert_verified();
}

#[test]
fn what_goes_elsewhere_leaves_the_other_units_of_its_order_where_they_are() {
    // Of two places the second refuses.
    let first = shop(&[("main", "mug", 2), ("backup", "mug", 3)]);
    first.accept(RegisterLocation { location: "depot".into() });
    first.accept(receive("depot", "mug", 9));
    first.accept(order("o-1", &[("mug", 5)]));
    hand_over(&first);
    first.accept(reported(&take(&first, "wms-backup")[0], refused("flooded")));
    reassign(&first, "o-1-2", "depot");
    assert_eq!(places(&first, "o-1"), [(1, 2, 0, 0), (3, 3, 0, 0)]);
    first.assert_verified();
    // Some have left.
    let second = shop(&[("main", "mug", 4), ("backup", "mug", 4)]);
    second.accept(order("o-1", &[("mug", 4)]));
    hand_over(&second);
    second.accept(shipment("o-1-1", "S-1", Some(&[("mug", 2)])));
    second.accept(note("o-1-1", WarehouseStatus::Cancelled));
    reassign(&second, "o-1-1", "backup");
    assert_eq!(places(&second, "o-1"), [(1, 0, 2, 0), (2, 2, 0, 0)]);
    second.assert_verified();
    // Others wait there, and come there.
    let third = shop(&[("main", "mug", 2), ("backup", "mug", 2)]);
    promise(&third, "mug", "main");
    third.accept(RegisterChannel { channel: "web".into(), locations: vec!["main".into()], ..Default::default() });
    third.accept(backorder("o-1", &[("mug", 5)]));
    hand_over(&third);
    third.accept(note("o-1-1", WarehouseStatus::Refused { why: "flooded".into() }));
    reassign(&third, "o-1-1", "backup");
    assert_eq!(places(&third, "o-1"), [(1, 2, 0, 1), (2, 2, 0, 0)], "what became free there fills what waits");
    third.assert_verified();
    third.accept(receive("main", "mug", 1));
    assert_eq!(places(&third, "o-1"), [(1, 3, 0, 0), (2, 2, 0, 0)]);
    assert_eq!(state(&third, "o-1"), stockroom::OrderState::InFulfillment);
    third.assert_verified();
}

/// What a warehouse answers to a check: by when it was taken, and whether it can be right.
#[test]
fn an_answer_to_a_check_is_used_if_it_is_neither_old_nor_wrong() {
    let level = |sku: &str, on_hand| SkuLevel { sku: sku.into(), on_hand };
    let nine = || vec![level("mug", 9)];
    let cases = [
        ("now", 0, nine(), true),
        ("a day old", -24 * HOUR_MS, nine(), true),
        ("older than a day", -24 * HOUR_MS - 1, nine(), false),
        ("as far ahead as clocks may be", 60_000, nine(), true),
        ("further ahead", 60_001, nine(), false),
        ("a SKU twice", 0, vec![level("mug", 9), level("mug", 9)], false),
        ("fewer than none", 0, vec![level("mug", 9), level("plate", -1)], false),
    ];
    for (what, age_ms, levels, is_used) in cases {
        let shop = shop(&[("main", "mug", 5), ("main", "plate", 5)]);
        let warehouse =
            RegisterWarehouse { location: "main".into(), destination: "wms-main".into(), ..Default::default() };
        let warehouse = RegisterWarehouse { stock: StockReports::CountIn, check_on_allocation: true, ..warehouse };
        shop.accept(warehouse);
        shop.set_clock(shop.now_ms() + 30 * HOUR_MS);
        shop.accept(order("o-1", &[("mug", 3)]));
        react(&shop);
        let deliveries = take(&shop, "wms-main");
        let check = deliveries.iter().find(|delivery| matches!(delivery.body, DeliveryBody::CheckStock(_)));
        let stock = WarehouseStock { taken_at_ms: shop.now_ms() + age_ms, levels };
        let answer = DeliveryResult::Done(DeliveryAnswer::Stock(stock));
        shop.accept(reported(check.expect("there is a check"), answer));
        assert_eq!(available(&shop, "mug", "main"), if is_used { 6 } else { 2 }, "{what}");
        shop.assert_verified();
    }
}

/// What left of each in the events of an order's shipments.
fn left(shop: &Shop) -> Vec<Vec<(String, i64)>> {
    let items = |event: stockroom::Event| match event.data {
        EventData::FulfillmentShipped(left) => {
            Some(left.items.iter().map(|item| (item.sku.clone(), item.quantity)).collect())
        }
        _ => None,
    };
    shop.events().into_iter().filter_map(items).collect()
}

#[test]
fn what_is_left_is_what_did_not_leave_before() {
    let shop = shop(&[("main", "mug", 5), ("main", "plate", 5)]);
    shop.accept(order("o-1", &[("mug", 3), ("plate", 2)]));
    hand_over(&shop);
    shop.accept(shipment("o-1-1", "S-1", Some(&[("mug", 1), ("plate", 2)])));
    shop.accept(shipment("o-1-1", "S-2", None));
    let one = |sku: &str, quantity| (sku.to_owned(), quantity);
    assert_eq!(left(&shop), [vec![one("mug", 1), one("plate", 2)], vec![one("mug", 2)]]);
    shop.assert_verified();
}

/// The order has shipped nothing until all of a bundle has left, and nothing but what left is booked.
#[test]
fn a_part_of_a_bundle_may_leave_by_itself() {
    let shop = shop(&[("main", "mug", 2), ("main", "plate", 2)]);
    shop.accept(order("o-1", &[("set", 1), ("mug", 1)]));
    hand_over(&shop);
    shop.accept(shipment("o-1-1", "S-1", Some(&[("plate", 2)])));
    assert_eq!((states(&shop, "o-1"), state(&shop, "o-1")), ([PARTLY].to_vec(), stockroom::OrderState::InFulfillment));
    shop.accept(shipment("o-1-1", "S-2", None));
    assert_eq!(state(&shop, "o-1"), stockroom::OrderState::Shipped);
    let Rows::Movements(rows) = shop.room.page(&Page::Movements(0), u32::MAX).unwrap() else {
        panic!("they are there")
    };
    let shipped: Vec<i64> = rows.iter().map(|movement| movement.quantity).filter(|quantity| *quantity <= 0).collect();
    assert_eq!(shipped, [-1, -2, -1]);
    shop.assert_verified();
}
