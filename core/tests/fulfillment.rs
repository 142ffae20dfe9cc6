//! Fulfillment orders from the outside: an order is allocated, a warehouse is told, says what it says, and the
//! order follows. The warehouse is played by the test, one delivery at a time.

mod common;

use common::warehouses::{
    available, cancel, fulfillments, hand_over, handed, kinds, note, react, refused, reported, shipment, shop, state,
    states, take,
};
use common::{Shop, order, receive};
use stockroom::fulfillment::FulfillmentOrder;
use stockroom::{
    Answer, CancelOrder, Code, DeliveryAnswer, DeliveryBody, DeliveryResult, EventKind, Fulfill, FulfillmentState,
    MessageId, NewOrder, NoteFulfillment, NoteWarehouseStock, OrderState, Patience, ReassignFulfillment,
    RegisterDestination, RegisterWarehouse, Retry, ShipOrder, SkuLevel, StockPolicy, StockReports, TransferStock,
    WarehouseStatus, WarehouseStock,
};

const HOUR_MS: i64 = 3_600_000;

#[test]
fn an_order_goes_to_its_warehouse_and_leaves_in_two_parcels() {
    let shop = shop(&[("main", "mug", 10), ("main", "plate", 10)]);
    shop.accept(order("o-1", &[("mug", 3), ("plate", 2)]));
    assert_eq!(react(&shop).requested, 1);
    assert_eq!(react(&shop).requested, 0, "what was read is not read again");
    assert_eq!(
        (state(&shop, "o-1"), states(&shop, "o-1")),
        (OrderState::InFulfillment, vec![FulfillmentState::Requested])
    );
    let deliveries = take(&shop, "wms-main");
    let DeliveryBody::RequestFulfillment(request) = &deliveries[0].body else { panic!("{deliveries:?}") };
    let request = request.get().unwrap();
    let items: Vec<_> = request.items.iter().map(|item| (item.line, &*item.sku, item.quantity)).collect();
    assert_eq!((&*request.fulfillment, items), ("o-1-1", vec![(1, "mug", 3), (2, "plate", 2)]));
    assert!(take(&shop, "wms-main").is_empty(), "it is leased");
    shop.accept(reported(&deliveries[0], handed("W-7")));
    assert_eq!(fulfillments(&shop, "o-1")[0].reference.as_deref(), Some("W-7"));
    shop.accept(note("o-1-1", WarehouseStatus::Picking));
    shop.accept(shipment("o-1-1", "S-1", Some(&[("mug", 2)])));
    assert_eq!(
        (state(&shop, "o-1"), states(&shop, "o-1")),
        (OrderState::PartlyShipped, vec![FulfillmentState::PartlyShipped])
    );
    shop.accept(shipment("o-1-1", "S-2", None));
    assert_eq!((state(&shop, "o-1"), states(&shop, "o-1")), (OrderState::Shipped, vec![FulfillmentState::Shipped]));
    assert_eq!((available(&shop, "mug", "main"), available(&shop, "plate", "main")), (7, 8));
    assert_eq!(
        kinds(&shop, "o-1"),
        [
            "order.allocated",
            "fulfillment.requested",
            "fulfillment.accepted",
            "fulfillment.picking",
            "fulfillment.shipped",
            "order.shipped",
            "fulfillment.shipped",
            "order.shipped"
        ]
    );
    shop.assert_verified();
}

#[test]
fn each_location_of_an_order_gets_its_own() {
    let shop = shop(&[("main", "mug", 2), ("backup", "mug", 9)]);
    shop.accept(order("o-1", &[("mug", 5)]));
    assert_eq!(react(&shop).requested, 2);
    let units = |destination: &str| match &take(&shop, destination)[0].body {
        DeliveryBody::RequestFulfillment(request) => request.get().unwrap().items[0].quantity,
        other => panic!("{other:?}"),
    };
    assert_eq!((units("wms-main"), units("wms-backup")), (2, 3));
    shop.assert_verified();
}

#[test]
fn a_location_without_a_warehouse_ships_by_hand() {
    let shop = Shop::stocked(&[("main", "mug", 2), ("backup", "mug", 9)]);
    shop.accept(RegisterDestination { destination: "wms-main".into(), ..RegisterDestination::default() });
    shop.reject_as(Code::WarehouseUnknown, Fulfill { limit: 1 });
    shop.reject_as(
        Code::DestinationUnknown,
        RegisterWarehouse { location: "main".into(), destination: "none".into(), ..RegisterWarehouse::default() },
    );
    shop.accept(order("o-0", &[("mug", 1)]));
    shop.accept(RegisterWarehouse {
        location: "main".into(),
        destination: "wms-main".into(),
        ..RegisterWarehouse::default()
    });
    shop.accept(order("o-1", &[("mug", 3)]));
    assert_eq!(react(&shop).requested, 1, "o-0 was there before the warehouse, backup has none");
    shop.reject_as(Code::InFulfillment, ShipOrder { order: "o-1".into(), ..ShipOrder::default() });
    let at =
        |location: &str| ShipOrder { order: "o-1".into(), location: Some(location.into()), ..ShipOrder::default() };
    shop.reject_as(Code::InFulfillment, at("main"));
    shop.accept(at("backup"));
    hand_over(&shop);
    shop.accept(shipment("o-1-1", "S-1", None));
    assert_eq!(state(&shop, "o-1"), OrderState::Shipped);
    shop.assert_verified();
}

#[test]
fn backorders_are_handed_over_when_they_are_filled() {
    let shop = shop(&[("main", "mug", 2)]);
    let policy = stockroom::SetStockPolicy {
        sku: "mug".into(),
        location: "main".into(),
        backorder_limit: Some(10),
        ..Default::default()
    };
    shop.accept(policy);
    shop.accept(NewOrder { policy: StockPolicy::Backorder, ..order("o-1", &[("mug", 5)]) });
    assert_eq!(react(&shop).requested, 1);
    shop.accept(receive("main", "mug", 3));
    assert_eq!(react(&shop).requested, 1);
    let items = |row: &FulfillmentOrder| row.items().expect("they can be read")[0].quantity;
    assert_eq!(fulfillments(&shop, "o-1").iter().map(items).collect::<Vec<_>>(), [2, 3]);
    hand_over(&shop);
    shop.accept(shipment("o-1-1", "S-1", None));
    shop.accept(shipment("o-1-2", "S-2", None));
    assert_eq!(state(&shop, "o-1"), OrderState::Shipped);
    shop.assert_verified();
}

#[test]
fn a_bundle_is_picked_and_shipped_as_its_components() {
    let shop = shop(&[("main", "mug", 10), ("main", "plate", 10)]);
    shop.accept(order("o-1", &[("set", 3), ("mug", 1)]));
    hand_over(&shop);
    let row = &fulfillments(&shop, "o-1")[0];
    let items = row.items().expect("they can be read");
    let items: Vec<_> = items.iter().map(|item| (item.line, &*item.sku, item.quantity)).collect();
    assert_eq!(items, [(0, "mug", 3), (0, "plate", 6), (1, "mug", 1)]);
    // Two mugs and three plates are one whole set; the rest waits for its other half.
    shop.accept(shipment("o-1-1", "S-1", Some(&[("mug", 2), ("plate", 3)])));
    let shipped: i64 = shop.room.order("o-1").unwrap().unwrap().body.allocations.iter().map(|a| a.shipped).sum();
    assert_eq!(shipped, 1);
    shop.accept(shipment("o-1-1", "S-2", Some(&[("plate", 3), ("mug", 2)])));
    assert_eq!(state(&shop, "o-1"), OrderState::Shipped);
    shop.assert_verified();
}

#[test]
fn what_nobody_was_told_of_is_cancelled_at_once() {
    let shop = shop(&[("main", "mug", 5)]);
    shop.accept(order("o-1", &[("mug", 5)]));
    react(&shop);
    shop.reject_as(
        Code::InFulfillment,
        CancelOrder { lines: Some(vec![stockroom::LineQuantity { line: 1, quantity: 1 }]), ..cancel("o-1") },
    );
    shop.accept(cancel("o-1"));
    assert_eq!(state(&shop, "o-1"), OrderState::InFulfillment);
    react(&shop);
    assert_eq!((state(&shop, "o-1"), states(&shop, "o-1")), (OrderState::Cancelled, vec![FulfillmentState::Cancelled]));
    assert_eq!(available(&shop, "mug", "main"), 5);
    assert!(take(&shop, "wms-main").is_empty(), "the delivery was taken back");
    shop.assert_verified();
}

#[test]
fn an_address_can_change_until_the_warehouse_has_it() {
    let shop = shop(&[("main", "mug", 5)]);
    shop.accept(order("o-1", &[("mug", 2)]));
    react(&shop);
    let city = |city: &str| stockroom::EditOrder {
        order: "o-1".into(),
        ship_to: Some(stockroom::ShipTo { city: city.into(), ..Default::default() }),
        ..Default::default()
    };
    shop.accept(city("Bergen"));
    let lines = vec![stockroom::LineQuantity { line: 1, quantity: 1 }];
    shop.reject_as(Code::InFulfillment, stockroom::EditOrder { lines, ..city("Oslo") });
    shop.accept(city("Tromsø"));
    let deliveries = take(&shop, "wms-main");
    let DeliveryBody::RequestFulfillment(request) = &deliveries[0].body else { panic!("{deliveries:?}") };
    let request = request.get().unwrap();
    assert_eq!((deliveries.len(), request.ship_to.as_ref().map(|to| &*to.city)), (1, Some("Tromsø")));
    shop.reject_as(Code::InFulfillment, city("Oslo"));
    shop.accept(reported(&deliveries[0], handed("W-1")));
    shop.reject_as(Code::InFulfillment, city("Oslo"));
    assert_eq!(state(&shop, "o-1"), OrderState::InFulfillment);
    shop.assert_verified();
}

#[test]
fn a_cancel_that_races_a_shipment_is_decided_by_the_warehouse() {
    for too_late in [false, true] {
        let shop = shop(&[("main", "mug", 5)]);
        shop.accept(order("o-1", &[("mug", 5)]));
        hand_over(&shop);
        shop.accept(cancel("o-1"));
        react(&shop);
        assert!(matches!(shop.accept(cancel("o-1")).outcome, stockroom::Outcome::Accepted(Answer::Unchanged)));
        let asked = take(&shop, "wms-main");
        assert!(matches!(asked[0].body, DeliveryBody::CancelFulfillment(_)));
        let answer = if too_late { DeliveryAnswer::TooLate } else { DeliveryAnswer::Cancelled };
        shop.accept(reported(&asked[0], DeliveryResult::Done(answer)));
        if too_late {
            assert_eq!(states(&shop, "o-1"), [FulfillmentState::Accepted]);
            shop.accept(shipment("o-1-1", "S-1", None));
            assert_eq!((state(&shop, "o-1"), available(&shop, "mug", "main")), (OrderState::Shipped, 0));
        } else {
            assert_eq!((state(&shop, "o-1"), available(&shop, "mug", "main")), (OrderState::Cancelled, 5));
            shop.reject_as(Code::FulfillmentClosed, shipment("o-1-1", "S-1", None));
        }
        shop.assert_verified();
    }
}

#[test]
fn a_warehouse_that_refused_to_cancel_may_be_asked_again_and_may_answer_later() {
    let shop = shop(&[("main", "mug", 5)]);
    shop.accept(order("o-1", &[("mug", 5)]));
    hand_over(&shop);
    let ask = || {
        shop.accept(cancel("o-1"));
        react(&shop);
        take(&shop, "wms-main").remove(0)
    };
    shop.accept(reported(&ask(), DeliveryResult::Done(DeliveryAnswer::TooLate)));
    // This time it says that it heard, and what it did comes by itself.
    shop.accept(reported(&ask(), DeliveryResult::Done(DeliveryAnswer::Taken)));
    assert_eq!(states(&shop, "o-1"), [FulfillmentState::Accepted]);
    shop.accept(note("o-1-1", WarehouseStatus::Cancelled));
    assert_eq!((state(&shop, "o-1"), available(&shop, "mug", "main")), (OrderState::Cancelled, 5));
    shop.assert_verified();
}

#[test]
fn a_part_that_left_before_the_cancel_stays_shipped() {
    let shop = shop(&[("main", "mug", 5)]);
    shop.accept(order("o-1", &[("mug", 5)]));
    hand_over(&shop);
    shop.accept(shipment("o-1-1", "S-1", Some(&[("mug", 2)])));
    shop.accept(cancel("o-1"));
    react(&shop);
    let asked = take(&shop, "wms-main");
    shop.accept(reported(&asked[0], DeliveryResult::Done(DeliveryAnswer::Cancelled)));
    assert_eq!((state(&shop, "o-1"), available(&shop, "mug", "main")), (OrderState::Shipped, 3));
    shop.assert_verified();
}

#[test]
fn what_a_warehouse_gives_up_by_itself_can_go_elsewhere() {
    let shop = shop(&[("main", "mug", 5), ("backup", "mug", 4)]);
    shop.accept(order("o-1", &[("mug", 4)]));
    hand_over(&shop);
    shop.accept(note("o-1-1", WarehouseStatus::Cancelled));
    assert_eq!((state(&shop, "o-1"), react(&shop).requested), (OrderState::Allocated, 0), "it is not asked again");
    shop.accept(ReassignFulfillment { fulfillment: "o-1-1".into(), location: None });
    assert_eq!(states(&shop, "o-1"), [FulfillmentState::Cancelled, FulfillmentState::Requested]);
    assert_eq!((available(&shop, "mug", "main"), available(&shop, "mug", "backup")), (5, 0));
    shop.assert_verified();
}

#[test]
fn what_is_to_be_cancelled_goes_nowhere_else() {
    let shop = shop(&[("main", "mug", 3), ("backup", "plate", 2), ("backup", "mug", 3)]);
    shop.accept(order("o-1", &[("mug", 3), ("plate", 2)]));
    hand_over(&shop);
    shop.accept(note("o-1-1", WarehouseStatus::Refused { why: "flooded".into() }));
    // The other warehouse is still to be asked.
    shop.accept(cancel("o-1"));
    react(&shop);
    let reassign = ReassignFulfillment { fulfillment: "o-1-1".into(), location: None };
    shop.reject_as(Code::FulfillmentClosed, reassign);
    shop.accept(note("o-1-2", WarehouseStatus::Cancelled));
    assert_eq!((state(&shop, "o-1"), available(&shop, "mug", "backup")), (OrderState::Cancelled, 3));
    shop.assert_verified();
}

#[test]
fn a_refusal_that_nobody_else_can_serve_stays() {
    let shop = shop(&[("main", "mug", 5), ("backup", "mug", 3)]);
    shop.accept(order("o-1", &[("mug", 4)]));
    hand_over(&shop);
    shop.accept(note("o-1-1", WarehouseStatus::Refused { why: "flooded".into() }));
    for location in [None, Some("backup".to_owned())] {
        let reassign = ReassignFulfillment { fulfillment: "o-1-1".into(), location };
        shop.reject_as(Code::InsufficientStock, reassign);
    }
    // A cancel needs to ask nobody any more.
    shop.accept(cancel("o-1"));
    assert_eq!((state(&shop, "o-1"), available(&shop, "mug", "main")), (OrderState::Cancelled, 5));
    shop.assert_verified();
}

#[test]
fn what_a_warehouse_says_of_nothing_twice_or_too_much_is_answered() {
    let shop = shop(&[("main", "mug", 5)]);
    shop.accept(order("o-1", &[("mug", 3)]));
    hand_over(&shop);
    for unknown in ["o-2-1", "o-1-2", "o-1", "-1", "o-1-01", "o-1-0", ""] {
        shop.reject_as(Code::FulfillmentUnknown, shipment(unknown, "S-1", None));
        shop.reject_as(Code::FulfillmentUnknown, note(unknown, WarehouseStatus::Picking));
    }
    shop.reject_as(Code::NotAllocated, shipment("o-1-1", "S-1", Some(&[("mug", 4)])));
    shop.reject_as(Code::NotAllocated, shipment("o-1-1", "S-1", Some(&[("plate", 1)])));
    shop.reject_as(Code::LinesMissing, shipment("o-1-1", "S-1", Some(&[])));
    shop.reject_as(Code::QuantityOutOfRange, shipment("o-1-1", "S-1", Some(&[("mug", 0)])));
    shop.reject_as(Code::IdInvalid, shipment("o-1-1", "", None));
    shop.accept(shipment("o-1-1", "S-1", Some(&[("mug", 1)])));
    let again = shop.accept(shipment("o-1-1", "S-1", Some(&[("mug", 1)])));
    assert!(matches!(again.outcome, stockroom::Outcome::Accepted(Answer::Unchanged)));
    // Words that come late change nothing.
    for status in [WarehouseStatus::Accepted, WarehouseStatus::Picking] {
        shop.accept(note("o-1-1", status));
    }
    assert_eq!(states(&shop, "o-1"), [FulfillmentState::PartlyShipped]);
    shop.accept(shipment("o-1-1", "S-2", None));
    shop.accept(note("o-1-1", WarehouseStatus::Cancelled));
    shop.reject_as(Code::FulfillmentClosed, shipment("o-1-1", "S-3", None));
    assert_eq!((states(&shop, "o-1"), available(&shop, "mug", "main")), (vec![FulfillmentState::Shipped], 2));
    shop.assert_verified();
}

#[test]
fn a_callback_may_be_faster_than_the_answer() {
    let shop = shop(&[("main", "mug", 5)]);
    shop.accept(order("o-1", &[("mug", 3)]));
    react(&shop);
    let deliveries = take(&shop, "wms-main");
    shop.accept(shipment("o-1-1", "S-1", None));
    shop.accept(reported(&deliveries[0], handed("W-1")));
    assert_eq!(states(&shop, "o-1"), [FulfillmentState::Shipped]);
    shop.assert_verified();
}

#[test]
fn what_has_left_has_left_though_the_books_had_less() {
    let shop = shop(&[("main", "mug", 5)]);
    shop.accept(order("o-1", &[("mug", 5)]));
    hand_over(&shop);
    shop.accept(stockroom::CountStock {
        sku: "mug".into(),
        location: "main".into(),
        counted: 2,
        expected: None,
        reference: None,
    });
    shop.accept(shipment("o-1-1", "S-1", None));
    assert_eq!((state(&shop, "o-1"), available(&shop, "mug", "main")), (OrderState::Shipped, 0));
    shop.assert_verified();
}

#[test]
fn a_message_is_taken_in_once_and_a_refused_one_may_come_again() {
    let shop = shop(&[("main", "mug", 5)]);
    shop.accept(order("o-1", &[("mug", 3)]));
    let with = |message: &str, status| NoteFulfillment {
        message: Some(MessageId { source: "wms".into(), message: message.into() }),
        ..note("o-1-1", status)
    };
    shop.reject_as(Code::FulfillmentUnknown, with("m-1", WarehouseStatus::Picking));
    hand_over(&shop);
    let first = shop.accept(with("m-1", WarehouseStatus::Picking));
    assert!(matches!(first.outcome, stockroom::Outcome::Accepted(Answer::FulfillmentChanged(_))));
    // The same message with other content is the same message.
    let second = shop.accept(with("m-1", WarehouseStatus::Refused { why: "no".into() }));
    assert!(matches!(second.outcome, stockroom::Outcome::Accepted(Answer::Unchanged)));
    assert_eq!(states(&shop, "o-1"), [FulfillmentState::Picking]);
    shop.reject_as(Code::IdInvalid, with("", WarehouseStatus::Picking));
    // It is kept for a set time: pruning decides which.
    assert_eq!(shop.room.prune(shop.now_ms()).expect("it prunes").messages, 0);
    shop.set_clock(shop.now_ms() + HOUR_MS);
    assert_eq!(shop.room.prune(shop.now_ms()).expect("it prunes").messages, 1);
    shop.accept(with("m-1", WarehouseStatus::Refused { why: "no".into() }));
    assert_eq!(states(&shop, "o-1"), [FulfillmentState::Refused]);
    shop.assert_verified();
}

fn report(taken_at_ms: i64, levels: &[(&str, i64)]) -> NoteWarehouseStock {
    let level = |(sku, on_hand): &(&str, i64)| SkuLevel { sku: (*sku).into(), on_hand: *on_hand };
    NoteWarehouseStock {
        location: "main".into(),
        stock: WarehouseStock { taken_at_ms, levels: levels.iter().map(level).collect() },
        message: None,
    }
}

fn compared(reply: &stockroom::Reply) -> (u64, u64, Vec<(String, i64, bool)>, usize) {
    match &reply.outcome {
        stockroom::Outcome::Accepted(Answer::StockCompared(compared)) => (
            compared.agree,
            compared.unsettled,
            compared.drifts.iter().map(|d| (d.sku.to_string(), d.reported - d.on_hand, d.counted_in)).collect(),
            compared.unknown.len(),
        ),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_stock_report_is_compared_and_by_policy_counted_in() {
    for (policy, counted_in) in [(StockReports::Report, false), (StockReports::CountIn, true)] {
        let shop = shop(&[("main", "mug", 5), ("main", "plate", 5)]);
        let warehouse = RegisterWarehouse {
            location: "main".into(),
            destination: "wms-main".into(),
            stock: policy,
            ..RegisterWarehouse::default()
        };
        shop.accept(warehouse);
        shop.set_clock(shop.now_ms() + HOUR_MS);
        let taken_at_ms = shop.now_ms() - 1_000;
        let reply = shop.accept(report(taken_at_ms, &[("mug", 7), ("plate", 5), ("spoon", 1), ("set", 1)]));
        assert_eq!(compared(&reply), (1, 0, vec![("mug".into(), 2, counted_in)], 2));
        assert_eq!(available(&shop, "mug", "main"), if counted_in { 7 } else { 5 });
        assert_eq!(shop.events().iter().filter(|event| event.data.kind() == EventKind::StockDrifted).count(), 1);
        shop.reject_as(Code::StockReportStale, report(taken_at_ms - 1, &[("mug", 9)]));
        shop.assert_verified();
    }
}

#[test]
fn a_report_taken_before_a_movement_does_not_undo_it() {
    let shop = shop(&[("main", "mug", 5), ("main", "plate", 5)]);
    shop.accept(RegisterWarehouse {
        location: "main".into(),
        destination: "wms-main".into(),
        stock: StockReports::CountIn,
        ..RegisterWarehouse::default()
    });
    shop.set_clock(shop.now_ms() + HOUR_MS);
    let taken_at_ms = shop.now_ms();
    shop.set_clock(taken_at_ms + 600_000);
    let transfer = TransferStock {
        from: "main".into(),
        to: "backup".into(),
        lines: vec![stockroom::StockLine { sku: "mug".into(), quantity: 2 }],
        reference: None,
    };
    shop.accept(transfer);
    // The picture is from before: it shows five mugs. And a plate that is really missing.
    let reply = shop.accept(report(taken_at_ms, &[("mug", 5), ("plate", 4)]));
    assert_eq!(compared(&reply), (0, 1, vec![("plate".into(), -1, true)], 0));
    assert_eq!((available(&shop, "mug", "main"), available(&shop, "plate", "main")), (3, 4));
    // A clock that runs a little ahead of ours is no reason to undo it either.
    let reply = shop.accept(report(shop.now_ms() + 30_000, &[("mug", 5)]));
    assert_eq!(compared(&reply).1, 1);
    // A later picture is believed.
    shop.set_clock(shop.now_ms() + HOUR_MS);
    let reply = shop.accept(report(shop.now_ms(), &[("mug", 4)]));
    assert_eq!(compared(&reply).2, [("mug".to_owned(), 1, true)]);
    shop.reject_as(Code::StockReportStale, report(shop.now_ms() + 61_000, &[("mug", 4)]));
    shop.set_clock(shop.now_ms() + 25 * HOUR_MS);
    shop.reject_as(Code::StockReportStale, report(shop.now_ms() - 24 * HOUR_MS - 1, &[("mug", 4)]));
    shop.assert_verified();
}

#[test]
fn fewer_units_may_be_a_shipment_that_is_not_known_yet_and_a_loss_is_said_to_its_orders() {
    let shop = shop(&[("main", "mug", 5)]);
    shop.accept(RegisterWarehouse {
        location: "main".into(),
        destination: "wms-main".into(),
        stock: StockReports::CountIn,
        ..RegisterWarehouse::default()
    });
    shop.accept(order("o-1", &[("mug", 3)]));
    hand_over(&shop);
    shop.set_clock(shop.now_ms() + HOUR_MS);
    let reply = shop.accept(report(shop.now_ms(), &[("mug", 2)]));
    assert_eq!(compared(&reply), (0, 1, vec![], 0), "three may have left");
    let reply = shop.accept(report(shop.now_ms(), &[("mug", 1)]));
    assert_eq!(compared(&reply).2, [("mug".to_owned(), -4, true)]);
    let said = shop.events().into_iter().any(|event| event.data.kind() == EventKind::StockShortfall);
    assert!(said, "two of three claimed mugs are not there");
    shop.assert_verified();
}

#[test]
fn an_allocation_may_have_its_stock_checked() {
    let shop = shop(&[("main", "mug", 5)]);
    shop.accept(RegisterWarehouse {
        location: "main".into(),
        destination: "wms-main".into(),
        stock: StockReports::CountIn,
        check_on_allocation: true,
    });
    shop.set_clock(shop.now_ms() + HOUR_MS);
    shop.accept(order("o-1", &[("mug", 3)]));
    react(&shop);
    let deliveries = take(&shop, "wms-main");
    let check = deliveries.iter().find(|delivery| matches!(delivery.body, DeliveryBody::CheckStock(_)));
    let levels = vec![SkuLevel { sku: "mug".into(), on_hand: 9 }];
    let stock = WarehouseStock { taken_at_ms: shop.now_ms(), levels };
    let answer = DeliveryResult::Done(DeliveryAnswer::Stock(stock));
    shop.accept(reported(check.expect("there is a check"), answer));
    assert_eq!(available(&shop, "mug", "main"), 6);
    shop.assert_verified();
}

#[test]
fn a_history_with_warehouses_replays_to_the_same_bytes() {
    let log = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let writer = std::sync::Arc::clone(&log);
    let shop = Shop::with(move |room| {
        room.with_recorder(move |timed| writer.lock().expect("no test panics here").push(timed.clone()))
    });
    shop.furnish(&[("main", "mug", 50), ("backup", "mug", 50)]);
    let patience = Patience { attempts_max: 2, seed: 7, ..Patience::default() };
    shop.accept(RegisterDestination { destination: "wms-main".into(), patience });
    let warehouse =
        RegisterWarehouse { location: "main".into(), destination: "wms-main".into(), ..RegisterWarehouse::default() };
    shop.accept(warehouse);
    for number in 0..12 {
        shop.accept(order(&format!("o-{number}"), &[("mug", 2)]));
        if number % 3 == 0 {
            react(&shop);
        }
        for (at, delivery) in take(&shop, "wms-main").into_iter().enumerate() {
            let result = match at % 3 {
                0 => handed("W"),
                1 => refused("no"),
                _ => DeliveryResult::Retry(Retry { doubt: true, why: "hung".into(), ..Retry::default() }),
            };
            shop.accept(reported(&delivery, result));
        }
        shop.set_clock(shop.now_ms() + 700);
        shop.reply(shipment(&format!("o-{number}-1"), "S-1", None));
        if number % 4 == 0 {
            shop.reply(cancel(&format!("o-{number}")));
        }
    }
    shop.assert_verified();
    let log = log.lock().expect("no test panics here").clone();
    let right = common::digest(&shop.room);
    for how in [common::Replay::OneByOne, common::Replay::Cold, common::Replay::OneBatch] {
        assert_eq!(common::digest(&common::replayed(&log, how)), right);
    }
}
