//! What is told says what changed and nothing else: answers, events, documents and rows. And that nothing is left out where
//! there is much of it.

mod common;

use std::sync::Arc;

use common::{START_MS, Shop, order, receive, warehouses};
use stockroom::engine::{Changes, Record, RecordChange};
use stockroom::memory::MemoryStore;
use stockroom::ports::{Finish, Mode, Store};
use stockroom::{
    Action, AdjustStock, Answer, CancelOrder, Code, EditOrder, ErrorKind, EventData, EventKind, ExtendHold,
    LineQuantity, NewLine, NewOrder, PlaceHold, SetStockPolicy, StockLine, StockPolicy, Stockroom,
};

#[test]
fn an_extended_hold_is_told_with_its_new_end() {
    let shop = Shop::stocked(&[("main", "mug", 5)]);
    shop.accept(PlaceHold {
        hold: "h-1".into(),
        channel: "web".into(),
        lines: vec![StockLine { sku: "mug".into(), quantity: 1 }],
        lives_ms: 1_000,
        ..PlaceHold::default()
    });
    let reply = shop.accept(ExtendHold { hold: "h-1".into(), lives_ms: 9_000 });
    let Ok(Answer::Held(held)) = reply.accepted() else { panic!("{reply:?}") };
    assert_eq!(held.expires_at_ms, shop.now_ms() + 9_000);
}

/// Units that go from one line to another of the same SKU are no change of the stock; which order claimed last is none.
#[test]
fn stock_that_is_as_it_was_is_not_said_to_have_changed() {
    let shop = Shop::stocked(&[("main", "mug", 5)]);
    shop.accept(order("o-1", &[("mug", 2)]));
    shop.accept(order("o-2", &[("mug", 1)]));
    let before = shop.room.stock("mug", "main").unwrap().unwrap();
    let events = shop.events().len();
    shop.accept(EditOrder {
        order: "o-1".into(),
        lines: vec![LineQuantity { line: 1, quantity: 0 }],
        add: vec![NewLine { sku: "mug".into(), quantity: 2, unit_price_minor: 1_250 }],
        ..EditOrder::default()
    });
    let kinds: Vec<EventKind> = shop.events()[events..].iter().map(|event| event.data.kind()).collect();
    assert_eq!(kinds, [EventKind::OrderEdited]);
    let after = shop.room.stock("mug", "main").unwrap().unwrap();
    assert_eq!((after.allocated, after.on_hand), (before.allocated, before.on_hand));
    shop.assert_verified();
}

/// The documents are kept, and keys tell one content from another by them: what is not said is not written.
#[test]
fn what_is_as_usual_is_not_written() {
    let written = |action: Action| serde_json::to_string(&action).unwrap();
    assert_eq!(
        written(receive("main", "mug", 1).into()),
        r#"{"receive_stock":{"location":"main","lines":[{"sku":"mug","quantity":1}]}}"#
    );
    let adjust =
        |lost| AdjustStock { sku: "mug".into(), location: "main".into(), difference: -1, lost, reference: None };
    assert_eq!(written(adjust(false).into()), r#"{"adjust_stock":{"sku":"mug","location":"main","difference":-1}}"#);
    assert!(written(adjust(true).into()).contains(r#""lost":true"#));
}

/// More wait than are read at a time.
#[test]
fn everyone_who_waits_is_served_however_many_they_are() {
    let shop = Shop::stocked(&[]);
    let policy = SetStockPolicy { sku: "mug".into(), location: "main".into(), ..SetStockPolicy::default() };
    shop.accept(SetStockPolicy { backorder_limit: Some(1_000), ..policy });
    let lines = [("mug", 1); 401];
    shop.accept(NewOrder { policy: StockPolicy::Backorder, ..order("o-1", &lines) });
    let waiting = || {
        let row = shop.room.order("o-1").unwrap().unwrap();
        row.body.allocations.iter().map(|allocation| allocation.backordered).sum::<i64>()
    };
    assert_eq!(waiting(), 401);
    shop.accept(receive("main", "mug", 201));
    assert_eq!(waiting(), 200);
    shop.accept(receive("main", "mug", 200));
    assert_eq!(waiting(), 0);
    shop.assert_verified();
}

#[test]
fn a_record_whose_parts_do_not_fit_is_not_taken_from_a_store() {
    let shop = warehouses::shop(&[("main", "mug", 5)]);
    shop.accept(order("o-1", &[("mug", 2)]));
    warehouses::react(&shop);
    let mut row = warehouses::fulfillments(&shop, "o-1").remove(0);
    let mut items = row.items().expect("they can be read").to_vec();
    items[0].shipped = 3;
    row.items = items.into();
    let mut store: MemoryStore = shop.room.into_store();
    let record = Record::Fulfillment(row);
    let change = RecordChange { key: record.key(), new: false, record: Some(Arc::new(record)), stored: None };
    store.begin(Mode::Write).expect("it begins");
    let _ =
        store.write(Changes { records: vec![change], ..Changes::default() }, Finish::Commit).expect("it is written");
    let room = Stockroom::new(store, || START_MS);
    let before = room.digest().expect("it can be read");
    let error = room.execute(warehouses::shipment("o-1-1", "S-1", None)).expect_err("it is damaged");
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Corrupt, false));
    assert_eq!(room.digest().expect("it can be read"), before);
}

#[test]
fn what_was_cancelled_or_given_up_before_is_not_told_again() {
    let shop = Shop::stocked(&[("main", "mug", 5), ("main", "plate", 5)]);
    shop.accept(order("o-1", &[("mug", 2), ("plate", 2)]));
    let lines = Some(vec![LineQuantity { line: 1, quantity: 2 }]);
    shop.accept(CancelOrder { order: "o-1".into(), lines, ..CancelOrder::default() });
    shop.accept(CancelOrder { order: "o-1".into(), ..CancelOrder::default() });
    let told = |event: stockroom::Event| match event.data {
        EventData::OrderCancelled(cancelled) => {
            Some(cancelled.lines.iter().map(|line| (line.line, line.quantity)).collect::<Vec<_>>())
        }
        _ => None,
    };
    let told: Vec<_> = shop.events().into_iter().filter_map(told).collect();
    assert_eq!(told, [[(1, 2)], [(2, 2)]]);
    // Of an edit it is told where the units are now.
    shop.accept(order("o-2", &[("mug", 2), ("plate", 2)]));
    let lines = vec![LineQuantity { line: 1, quantity: 0 }];
    shop.accept(EditOrder { order: "o-2".into(), lines, ..EditOrder::default() });
    let Some(EventData::OrderEdited(edited)) =
        shop.events().into_iter().map(|event| event.data).find(|data| data.kind() == EventKind::OrderEdited)
    else {
        panic!("it is told")
    };
    let places: Vec<_> = edited.allocations.iter().map(|place| (place.line, place.quantity)).collect();
    assert_eq!(places, [(2, 2)]);
    shop.assert_verified();
}

/// Two lines of the SKU: what the one has taken over is not there for the other, whatever else is in the place.
#[test]
fn a_hold_gives_what_it_holds_and_no_more() {
    let shop = Shop::stocked(&[("main", "mug", 3)]);
    let hold = || PlaceHold {
        hold: "h-1".into(),
        channel: "web".into(),
        lines: vec![StockLine { sku: "mug".into(), quantity: 2 }],
        lives_ms: 60_000,
        ..PlaceHold::default()
    };
    shop.accept(hold());
    let policy = SetStockPolicy { sku: "mug".into(), location: "main".into(), ..SetStockPolicy::default() };
    shop.accept(SetStockPolicy { safety_stock: Some(1), ..policy.clone() });
    let taking = |id: &str| NewOrder { hold: Some("h-1".into()), ..order(id, &[("mug", 2), ("mug", 1)]) };
    shop.reject_as(Code::InsufficientStock, taking("o-1"));
    shop.accept(SetStockPolicy { safety_stock: Some(0), ..policy });
    shop.accept(taking("o-2"));
    let row = shop.room.order("o-2").unwrap().unwrap();
    let places: Vec<_> = row.body.allocations.iter().map(|place| (place.line, place.open)).collect();
    assert_eq!(places, [(0, 2), (1, 1)]);
    shop.assert_verified();
}

#[test]
fn a_shortfall_says_of_a_thousand_orders_that_they_are_short() {
    let shop = Shop::stocked(&[("main", "mug", 1_002)]);
    for at in 0..1_002 {
        shop.accept(order(&format!("o-{at}"), &[("mug", 1)]));
    }
    let short = |lost: i64| {
        let (sku, location) = ("mug".into(), "main".into());
        shop.accept(AdjustStock { sku, location, difference: -lost, lost: true, reference: None });
        let said = shop.events().into_iter().rev().find_map(|event| match event.data {
            EventData::StockShortfall(said) => Some((said.shortfall, said.orders.len())),
            _ => None,
        });
        said.expect("it is said")
    };
    assert_eq!((short(1_000), short(1)), ((1_000, 1_000), (1_001, 1_000)));
}
