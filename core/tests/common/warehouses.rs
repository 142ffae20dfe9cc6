//! Two locations that warehouses run, played by the test one delivery at a time: what they take, what they say.

use stockroom::fulfillment::FulfillmentOrder;
use stockroom::{
    Answer, CancelOrder, DeliveryAnswer, DeliveryResult, Fulfill, Fulfilled, FulfillmentState, LeasedDelivery,
    NoteFulfillment, NoteShipment, OrderState, RegisterDestination, RegisterWarehouse, ReportDelivery, SkuQuantity,
    TakeDeliveries, WarehouseStatus,
};

use super::Shop;

/// A shop whose two locations are run by warehouses.
pub(crate) fn shop(levels: &[(&str, &str, i64)]) -> Shop {
    let shop = Shop::stocked(levels);
    for (location, destination) in [("main", "wms-main"), ("backup", "wms-backup")] {
        shop.accept(RegisterDestination { destination: destination.into(), ..RegisterDestination::default() });
        shop.accept(RegisterWarehouse {
            location: location.into(),
            destination: destination.into(),
            ..RegisterWarehouse::default()
        });
    }
    shop
}

pub(crate) fn react(shop: &Shop) -> Fulfilled {
    match shop.accept(Fulfill { limit: 100 }).outcome {
        stockroom::Outcome::Accepted(Answer::Fulfilled(fulfilled)) => fulfilled,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn take(shop: &Shop, destination: &str) -> Vec<LeasedDelivery> {
    let take = TakeDeliveries { destination: destination.into(), max: 100, lease_ms: 60_000 };
    match shop.accept(take).outcome {
        stockroom::Outcome::Accepted(Answer::Taken(taken)) => taken.deliveries,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn reported(delivery: &LeasedDelivery, result: DeliveryResult) -> ReportDelivery {
    ReportDelivery {
        destination: delivery.destination.clone(),
        number: delivery.number,
        attempt: delivery.attempt,
        result,
    }
}

pub(crate) fn handed(reference: &str) -> DeliveryResult {
    DeliveryResult::Done(DeliveryAnswer::Handed { reference: Some(reference.into()) })
}

pub(crate) fn refused(why: &str) -> DeliveryResult {
    DeliveryResult::Refused { why: why.into() }
}

/// Reacts, and lets the warehouse at `main` take everything.
pub(crate) fn hand_over(shop: &Shop) {
    react(shop);
    for delivery in take(shop, "wms-main") {
        shop.accept(reported(&delivery, handed("W-1")));
    }
}

pub(crate) fn fulfillments(shop: &Shop, order: &str) -> Vec<FulfillmentOrder> {
    shop.room.fulfillment_orders(order).expect("it can be read").expect("the order exists")
}

pub(crate) fn states(shop: &Shop, order: &str) -> Vec<FulfillmentState> {
    fulfillments(shop, order).iter().map(|row| row.state).collect()
}

pub(crate) fn state(shop: &Shop, order: &str) -> OrderState {
    shop.room.order(order).expect("it can be read").expect("the order exists").state
}

pub(crate) fn note(fulfillment: &str, status: WarehouseStatus) -> NoteFulfillment {
    NoteFulfillment { fulfillment: fulfillment.into(), status, message: None }
}

pub(crate) fn shipment(fulfillment: &str, shipment: &str, items: Option<&[(&str, i64)]>) -> NoteShipment {
    let item = |(sku, quantity): &(&str, i64)| SkuQuantity { sku: (*sku).into(), quantity: *quantity };
    NoteShipment {
        fulfillment: fulfillment.into(),
        shipment: shipment.into(),
        items: items.map(|items| items.iter().map(item).collect()),
        ..NoteShipment::default()
    }
}

pub(crate) fn cancel(order: &str) -> CancelOrder {
    CancelOrder { order: order.into(), ..CancelOrder::default() }
}

pub(crate) fn available(shop: &Shop, sku: &str, location: &str) -> i64 {
    shop.room.available(sku, location).expect("it can be read").expect("it is registered")
}

pub(crate) fn kinds(shop: &Shop, order: &str) -> Vec<&'static str> {
    let about = |event: &stockroom::Event| event.data.subject().starts_with(order);
    shop.events().iter().filter(|event| about(event)).map(|event| event.data.kind().name()).collect()
}
