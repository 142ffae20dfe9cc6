//! What comes of fulfillment orders that a warehouse will not do, or does otherwise than the books say: units are given to
//! another location, cancelled, or counted in.

mod common;

use common::warehouses::{
    available, cancel, fulfillments, hand_over, handed, kinds, note, react, refused, reported, shipment, shop, state,
    states, take,
};
use common::{order, receive};
use stockroom::{
    Answer, CancelOrder, Code, CountStock, DeliveryAnswer, DeliveryBody, DeliveryResult, FulfillmentState, OrderState,
    ReassignFulfillment, RegisterChannel, RegisterLocation, RegisterWarehouse, SetStockPolicy, WarehouseStatus,
};

#[test]
fn what_was_cancelled_after_a_refusal_is_not_reassigned() {
    let shop = shop(&[("main", "mug", 5), ("backup", "mug", 4)]);
    shop.accept(order("o-1", &[("mug", 4)]));
    hand_over(&shop);
    shop.accept(note("o-1-1", WarehouseStatus::Refused { why: "two are broken".into() }));
    let lines = Some(vec![stockroom::LineQuantity { line: 1, quantity: 3 }]);
    shop.accept(CancelOrder { lines, ..cancel("o-1") });
    shop.accept(ReassignFulfillment { fulfillment: "o-1-1".into(), location: None });
    assert_eq!((available(&shop, "mug", "main"), available(&shop, "mug", "backup")), (5, 3));
    assert!(kinds(&shop, "o-1").contains(&"fulfillment.reassigned"));
    shop.assert_verified();
}

#[test]
fn two_refusals_are_given_to_one_location() {
    let shop = shop(&[("main", "mug", 3), ("backup", "mug", 9)]);
    shop.accept(RegisterLocation { location: "depot".into() });
    shop.accept(receive("depot", "mug", 3));
    let locations = ["main", "depot", "backup"].map(str::to_owned).into();
    shop.accept(RegisterChannel { channel: "web".into(), locations, ..RegisterChannel::default() });
    shop.accept(RegisterWarehouse {
        location: "depot".into(),
        destination: "wms-main".into(),
        ..RegisterWarehouse::default()
    });
    shop.accept(order("o-1", &[("mug", 6)]));
    hand_over(&shop);
    for fulfillment in ["o-1-1", "o-1-2"] {
        shop.accept(note(fulfillment, WarehouseStatus::Refused { why: "flooded".into() }));
        shop.accept(ReassignFulfillment { fulfillment: fulfillment.into(), location: Some("backup".into()) });
    }
    let row = shop.room.order("o-1").unwrap().unwrap();
    let open: Vec<i64> = row.body.allocations.iter().map(|allocation| allocation.open).collect();
    assert_eq!((open, available(&shop, "mug", "backup")), (vec![6], 3));
    assert_eq!((available(&shop, "mug", "main"), available(&shop, "mug", "depot")), (3, 3));
    shop.assert_verified();
}

#[test]
fn another_location_has_all_of_it_and_has_not_refused() {
    let shop = shop(&[("main", "mug", 9), ("main", "plate", 9), ("backup", "mug", 9), ("backup", "plate", 9)]);
    shop.accept(RegisterLocation { location: "depot".into() });
    shop.accept(receive("depot", "mug", 9));
    let locations = ["main", "depot", "backup"].map(str::to_owned).into();
    shop.accept(RegisterChannel { channel: "web".into(), locations, ..RegisterChannel::default() });
    shop.accept(order("o-1", &[("mug", 2), ("plate", 2)]));
    hand_over(&shop);
    let refuse = |fulfillment: &str| {
        let said = shop.accept(note(fulfillment, WarehouseStatus::Refused { why: "flooded".into() }));
        let Answer::FulfillmentChanged(told) = said.accepted().unwrap() else { panic!("{said:?}") };
        assert_eq!(told.state, FulfillmentState::Refused);
        ReassignFulfillment { fulfillment: fulfillment.into(), location: None }
    };
    // The depot comes first and has no plates.
    shop.accept(refuse("o-1-1"));
    assert_eq!((available(&shop, "mug", "depot"), available(&shop, "plate", "backup")), (9, 7));
    react(&shop);
    // Main has all of it, and has refused.
    let again = refuse("o-1-2");
    shop.reject_as(Code::InsufficientStock, again.clone());
    shop.accept(receive("depot", "plate", 2));
    shop.accept(again);
    assert_eq!((available(&shop, "mug", "depot"), available(&shop, "plate", "depot")), (7, 0));
    shop.assert_verified();
}

#[test]
fn a_warehouse_that_has_the_question_answers_it_later() {
    let shop = shop(&[("main", "mug", 5)]);
    shop.accept(order("o-1", &[("mug", 5)]));
    hand_over(&shop);
    shop.accept(cancel("o-1"));
    react(&shop);
    let asked = take(&shop, "wms-main");
    assert_eq!(asked.len(), 1);
    shop.accept(reported(&asked[0], DeliveryResult::Done(DeliveryAnswer::Taken)));
    // Whatever else happens, it is not asked again.
    shop.accept(receive("main", "mug", 1));
    shop.accept(order("o-2", &[("mug", 1)]));
    react(&shop);
    let deliveries = take(&shop, "wms-main");
    assert!(deliveries.iter().all(|one| !matches!(one.body, DeliveryBody::CancelFulfillment(_))), "{deliveries:?}");
    assert!(!kinds(&shop, "o-1-1").contains(&"fulfillment.cancel_refused"));
    assert!(fulfillments(&shop, "o-1")[0].cancelling);
    shop.accept(note("o-1-1", WarehouseStatus::Cancelled));
    assert_eq!(state(&shop, "o-1"), OrderState::Cancelled);
    shop.assert_verified();
}

#[test]
fn what_a_warehouse_ships_and_the_books_have_not_was_there() {
    let shop = shop(&[("main", "mug", 6)]);
    shop.accept(order("o-1", &[("mug", 4)]));
    hand_over(&shop);
    // Two are broken and one was lost: three are left that may leave.
    let policy = SetStockPolicy { sku: "mug".into(), location: "main".into(), ..SetStockPolicy::default() };
    shop.accept(SetStockPolicy { unavailable: Some(2), ..policy });
    shop.accept(CountStock { sku: "mug".into(), location: "main".into(), counted: 5, expected: None, reference: None });
    shop.accept(shipment("o-1-1", "S-1", Some(&[("mug", 1)])));
    shop.accept(shipment("o-1-1", "S-2", None));
    assert_eq!(state(&shop, "o-1"), OrderState::Shipped);
    let level = shop.room.stock("mug", "main").unwrap().unwrap();
    assert_eq!((level.on_hand, level.unavailable, level.allocated), (2, 2, 0));
    shop.assert_verified();
}

#[test]
fn a_refusal_waits_for_another_location() {
    let shop = shop(&[("main", "mug", 5), ("backup", "mug", 4)]);
    shop.accept(order("o-1", &[("mug", 4)]));
    react(&shop);
    let deliveries = take(&shop, "wms-main");
    shop.accept(reported(&deliveries[0], refused("we do not carry mugs")));
    assert_eq!(fulfillments(&shop, "o-1")[0].why, "we do not carry mugs");
    assert_eq!((state(&shop, "o-1"), react(&shop).requested), (OrderState::Allocated, 0), "it is not asked again");
    let reassign = |location: Option<&str>| ReassignFulfillment {
        fulfillment: "o-1-1".into(),
        location: location.map(str::to_owned),
    };
    shop.reject_as(Code::DuplicateEntry, reassign(Some("main")));
    shop.reject_as(Code::LocationUnknown, reassign(Some("moon")));
    shop.accept(reassign(None));
    assert_eq!(states(&shop, "o-1"), [FulfillmentState::Refused, FulfillmentState::Requested]);
    assert_eq!((available(&shop, "mug", "main"), available(&shop, "mug", "backup")), (5, 0));
    shop.assert_verified();
    shop.reject_as(Code::FulfillmentClosed, reassign(None));
    let deliveries = take(&shop, "wms-backup");
    shop.accept(reported(&deliveries[0], handed("B-1")));
    shop.accept(shipment("o-1-2", "S-1", None));
    assert_eq!(state(&shop, "o-1"), OrderState::Shipped);
    shop.assert_verified();
}
