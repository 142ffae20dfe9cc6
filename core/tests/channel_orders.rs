//! Orders of shops from the outside: taken in once, followed as they change there, and shipments told back.

mod common;

use common::shopkeeper::{MINUTE_MS, Shopkeeper, all_set, events, line, sent, settled_shop, taken, told};
use common::{START_MS, order, receive};
use stockroom::{
    Answer, ChannelOrder, ChannelPolicy, Code, DeliveryBody, DeliveryResult, EventKind, Fulfill, MessageId,
    NoteOrdersThrough, OrderState, Patience, RegisterDestination, RegisterWarehouse, ShipOrder, ShipTo, ShipmentNotice,
    StockPolicy, TakeChannelOrder, TakeDeliveries, Tracking,
};

#[test]
fn an_order_of_a_shop_is_placed_once_and_followed() {
    let shop = settled_shop(&[("main", "mug", 10), ("main", "plate", 10)], ChannelPolicy::default());
    let first = told("s-1", 1_000, &[("a", "mug", 2), ("b", "plate", 1), ("c", "mug", 0)]);
    assert!(shop.accept(taken(first.clone())).placed_order().is_some());
    assert_eq!(shop.accept(taken(first.clone())).accepted().unwrap(), &Answer::Unchanged);
    // Newer: one mug less, a line more.
    let newer = ChannelOrder {
        lines: vec![line("a", "mug", 1), line("b", "plate", 1), line("c", "mug", 0), line("d", "plate", 2)],
        note: Some("ring twice".into()),
        updated_at_ms: START_MS + 5_000,
        ..first.clone()
    };
    shop.accept(taken(newer.clone()));
    let row = shop.room.order("s-1").unwrap().unwrap();
    let quantities: Vec<i64> = row.body.lines.iter().map(|line| line.quantity).collect();
    assert_eq!(quantities, [1, 1, 2]);
    // Older ones come late.
    shop.accept(taken(ChannelOrder { updated_at_ms: START_MS + 3_000, ..first.clone() }));
    assert_eq!(shop.room.order("s-1").unwrap().unwrap(), row);
    // Within one second, what was said later counts.
    let more = vec![line("a", "mug", 1), line("b", "plate", 1), line("d", "plate", 3)];
    let same_second = ChannelOrder { lines: more, told_at_ms: START_MS + 5_500, ..newer.clone() };
    shop.accept(taken(same_second.clone()));
    assert_eq!(shop.room.order("s-1").unwrap().unwrap().body.lines[2].quantity, 3);
    let cancelled = ChannelOrder {
        cancelled: true,
        cancel_reason: Some("customer".into()),
        updated_at_ms: START_MS + 9_000,
        ..same_second
    };
    shop.accept(taken(cancelled));
    assert_eq!(shop.room.order("s-1").unwrap().unwrap().state, OrderState::Cancelled);
    assert_eq!(shop.room.available("mug", "main").unwrap(), Some(10));
    shop.wait(10 * MINUTE_MS);
    shop.settle();
    assert!(shop.is_settled());
    shop.assert_verified();
}

/// A shop takes what it sells off what it shows, and puts nothing back when an order shrinks.
#[test]
fn what_a_shop_sold_with_a_change_is_not_sent_to_it() {
    let shop = settled_shop(&[("main", "mug", 10), ("main", "plate", 20)], ChannelPolicy::default());
    let sends = || {
        shop.update();
        let deliveries = shop.take();
        let mut all: Vec<_> = deliveries.iter().flat_map(sent).filter(|(sku, ..)| sku != "set").collect();
        deliveries.iter().for_each(|delivery| shop.report(delivery, all_set(delivery, shop.now_ms())));
        all.sort();
        all
    };
    let first = told("s-1", 1_000, &[("a", "mug", 2), ("b", "mug", 1)]);
    shop.accept(taken(first.clone()));
    assert_eq!(sends(), []);
    let lines = vec![line("b", "mug", 1), line("a", "mug", 5), line("c", "plate", 3)];
    let more = ChannelOrder { lines, updated_at_ms: START_MS + 2_000, ..first };
    shop.accept(taken(more.clone()));
    assert_eq!(sends(), []);
    let lines = vec![line("b", "mug", 1), line("a", "mug", 1), line("c", "plate", 3)];
    shop.accept(taken(ChannelOrder { lines, updated_at_ms: START_MS + 3_000, ..more }));
    assert_eq!(sends(), [("mug".to_owned(), 8, Some(4))]);
    assert!(shop.is_settled());
    shop.assert_verified();
}

#[test]
fn what_is_wrong_with_a_change_is_said_of_the_line_as_the_shop_tells_it() {
    let shop = settled_shop(&[("main", "mug", 10), ("main", "plate", 10)], ChannelPolicy::default());
    let first = told("s-1", 1_000, &[("a", "mug", 2), ("b", "plate", 1)]);
    shop.accept(taken(first.clone()));
    let lines = vec![line("c", "mug", 1), line("b", "plate", 1), line("a", "mug", 99)];
    let more = ChannelOrder { lines, updated_at_ms: START_MS + 2_000, ..first };
    let rejection = shop.reject_as(Code::InsufficientStock, taken(more));
    let places: Vec<&str> = rejection.faults.iter().map(|fault| &*fault.at).collect();
    assert_eq!(places, ["order.lines[2]", "order.lines[0]"], "nothing is left for the new line either");
}

#[test]
fn a_cancellation_that_comes_before_its_order_keeps_it_from_being_placed() {
    let shop = settled_shop(&[("main", "mug", 10)], ChannelPolicy::default());
    let first = told("s-1", 1_000, &[("a", "mug", 2)]);
    let cancelled = ChannelOrder { cancelled: true, updated_at_ms: START_MS + 2_000, ..first.clone() };
    shop.accept(taken(cancelled));
    shop.accept(taken(first));
    assert_eq!(shop.room.order("s-1").unwrap(), None);
    // One without goods is no order, until it has some.
    shop.accept(taken(told("s-2", 1_000, &[])));
    assert_eq!(shop.room.order("s-2").unwrap(), None);
    shop.accept(taken(told("s-2", 2_000, &[("a", "mug", 1)])));
    assert!(shop.room.order("s-2").unwrap().is_some());
    shop.assert_verified();
}

#[test]
fn an_order_of_a_shop_that_is_refused_is_an_event_and_may_come_again() {
    let shop = settled_shop(&[("main", "mug", 1)], ChannelPolicy::default());
    let message = Some(MessageId { source: "shop".into(), message: "w-1".into() });
    let take = TakeChannelOrder { order: told("s-1", 1_000, &[("a", "mug", 2)]), message };
    let reply = shop.reply(take.clone());
    assert_eq!(reply.rejection().unwrap().code, Code::InsufficientStock);
    assert_eq!(events(&shop, EventKind::OrderRejected).len(), 1);
    shop.accept(receive("main", "mug", 1));
    assert!(shop.accept(take).placed_order().is_some());
    // What a customer has paid may be promised.
    let policy = StockPolicy::Partial;
    shop.accept(receive("main", "mug", 1));
    shop.accept(taken(ChannelOrder { policy, ..told("s-2", 2_000, &[("a", "mug", 5)]) }));
    assert_eq!(shop.room.order("s-2").unwrap().unwrap().state, OrderState::PartlyAllocated);
    shop.assert_verified();
}

#[test]
fn a_change_that_cannot_be_followed_is_said() {
    let shop = settled_shop(&[("main", "mug", 10)], ChannelPolicy::default());
    let first = told("s-1", 1_000, &[("a", "mug", 2)]);
    shop.accept(taken(first.clone()));
    shop.accept(ShipOrder { order: "s-1".into(), ..ShipOrder::default() });
    let fewer = ChannelOrder { lines: vec![line("a", "mug", 1)], updated_at_ms: START_MS + 2_000, ..first };
    shop.accept(taken(fewer));
    let said = events(&shop, EventKind::ChannelOrderConflict);
    assert_eq!(said.len(), 1, "{said:?}");
    shop.assert_verified();
}

/// Without its lines changing: before a warehouse has it, once it waits to be handed over, and when it was handed over.
#[test]
fn a_new_address_is_followed_until_a_warehouse_was_told_the_old_one() {
    let shop = settled_shop(&[("main", "mug", 10)], ChannelPolicy::default());
    shop.accept(RegisterDestination { destination: "wms".into(), patience: Patience::default() });
    let warehouse = RegisterWarehouse { location: "main".into(), destination: "wms".into(), ..Default::default() };
    shop.accept(warehouse);
    let mut order = told("s-1", 1_000, &[("a", "mug", 2)]);
    let mut moves_to = |city: &str| {
        order.ship_to = Some(ShipTo { city: city.into(), ..ShipTo::default() });
        order.updated_at_ms += 1_000;
        shop.accept(taken(order.clone())).accepted().unwrap().clone()
    };
    let city = || {
        let row = shop.room.order("s-1").unwrap().unwrap();
        row.body.details.as_ref().and_then(|details| details.ship_to.clone()).map(|to| to.city.to_string())
    };
    moves_to("Bergen");
    assert_eq!(moves_to("Bergen"), Answer::Unchanged);
    moves_to("Oslo");
    assert_eq!(city().as_deref(), Some("Oslo"));
    shop.accept(Fulfill { limit: 100 });
    assert_eq!(shop.room.order("s-1").unwrap().unwrap().state, OrderState::InFulfillment);
    moves_to("Tromsø");
    assert_eq!((city().as_deref(), events(&shop, EventKind::ChannelOrderConflict).len()), (Some("Tromsø"), 0));
    let take = TakeDeliveries { destination: "wms".into(), max: 1, lease_ms: MINUTE_MS };
    let Answer::Taken(handed) = shop.accept(take).accepted().unwrap().clone() else { panic!("nothing is taken") };
    let [delivery] = &handed.deliveries[..] else { panic!("{handed:?}") };
    let DeliveryBody::RequestFulfillment(request) = &delivery.body else { panic!("{delivery:?}") };
    let request = request.get().unwrap();
    assert_eq!(request.ship_to.as_ref().map(|to| &*to.city), Some("Tromsø"));
    moves_to("Bodø");
    assert_eq!((city().as_deref(), events(&shop, EventKind::ChannelOrderConflict).len()), (Some("Tromsø"), 1));
    shop.assert_verified();
}

#[test]
fn the_shop_is_told_of_shipments_of_its_own_orders() {
    let shop = settled_shop(&[("main", "mug", 10), ("backup", "plate", 10)], ChannelPolicy::default());
    shop.accept(taken(told("s-1", 1_000, &[("a", "mug", 2), ("b", "plate", 1)])));
    shop.accept(order("till-1", &[("mug", 1)]));
    shop.settle();
    shop.accept(ShipOrder { order: "till-1".into(), ..ShipOrder::default() });
    let tracking = Some(Tracking { number: "1Z".into(), ..Tracking::default() });
    shop.accept(ShipOrder { order: "s-1".into(), tracking: tracking.clone(), ..ShipOrder::default() });
    assert_eq!(shop.update().shipments, 1);
    let taken_ones = shop.take();
    let notices: Vec<&ShipmentNotice> = taken_ones
        .iter()
        .filter_map(|delivery| match &delivery.body {
            DeliveryBody::TellShipment(notice) => Some(&**notice),
            _ => None,
        })
        .collect();
    let [notice] = notices[..] else { panic!("{taken_ones:?}") };
    assert_eq!((&*notice.order, &*notice.reference, &notice.tracking), ("s-1", "gid-s-1", &tracking));
    let lines: Vec<_> =
        notice.lines.iter().map(|line| (line.line.as_deref(), &*line.sku, &*line.location, line.quantity)).collect();
    assert_eq!(lines, [(Some("a"), "mug", "main", 2), (Some("b"), "plate", "backup", 1)]);
    let delivery = taken_ones.iter().find(|one| matches!(one.body, DeliveryBody::TellShipment(_))).unwrap();
    shop.report(delivery, DeliveryResult::Refused { why: "order unknown".into() });
    assert_eq!(events(&shop, EventKind::ChannelShipmentRefused).len(), 1);
}

#[test]
fn orders_are_known_to_be_taken_in_up_to_a_time() {
    let shop = settled_shop(&[], ChannelPolicy::default());
    let through = |through_ms| NoteOrdersThrough { channel: "web".into(), through_ms };
    shop.accept(through(START_MS));
    assert_eq!(shop.accept(through(START_MS - 1)).accepted().unwrap(), &Answer::Unchanged);
    assert_eq!(shop.room.channel_settings("web").unwrap().unwrap().orders_through_ms, START_MS);
}
