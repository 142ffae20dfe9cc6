//! Short ways to write the documents that the cases send, for the tests of one store alone as well.

#![allow(missing_docs)] // Each is the document that its name says.

use stockroom::fulfillment::{Fulfill, NoteFulfillment, NoteShipment, RegisterWarehouse, WarehouseStatus};
use stockroom::outbox::{DeliveryResult, MessageId, RegisterDestination, ReportDelivery, TakeDeliveries};
use stockroom::{
    AdjustStock, BundleComponent, CancelOrder, CompleteOrder, CountStock, Disposition, EditOrder, ExtendHold,
    LineQuantity, NewLine, NewOrder, PlaceHold, ReceiveStock, RegisterChannel, RegisterLocation, RegisterSku,
    ReleaseHold, ReturnLine, ReturnOrder, SetStockPolicy, ShipOrder, Sourcing, StockLine, StockPolicy, TransferStock,
};

/// The time at which most cases play, in milliseconds since the Unix epoch.
pub const NOON: i64 = 1_700_000_000_000;

/// A minute in milliseconds.
pub const MINUTE: i64 = 60_000;

pub fn sku(sku: &str) -> RegisterSku {
    RegisterSku { sku: sku.into(), components: None }
}

pub fn bundle(sku: &str, components: &[(&str, i64)]) -> RegisterSku {
    let component = |(sku, quantity): &(&str, i64)| BundleComponent { sku: (*sku).into(), quantity: *quantity };
    RegisterSku { sku: sku.into(), components: Some(components.iter().map(component).collect()) }
}

pub fn location(location: &str) -> RegisterLocation {
    RegisterLocation { location: location.into() }
}

pub fn channel(channel: &str, locations: &[&str]) -> RegisterChannel {
    let locations = locations.iter().map(|location| (*location).into()).collect();
    RegisterChannel { channel: channel.into(), locations, sourcing: Sourcing::Priority }
}

pub fn stock_lines(lines: &[(&str, i64)]) -> Vec<StockLine> {
    lines.iter().map(|(sku, quantity)| StockLine { sku: (*sku).into(), quantity: *quantity }).collect()
}

pub fn receive(location: &str, lines: &[(&str, i64)]) -> ReceiveStock {
    ReceiveStock { location: location.into(), lines: stock_lines(lines), ..Default::default() }
}

pub fn adjust(sku: &str, location: &str, difference: i64) -> AdjustStock {
    AdjustStock { sku: sku.into(), location: location.into(), difference, lost: false, reference: None }
}

pub fn count(sku: &str, location: &str, counted: i64) -> CountStock {
    CountStock { sku: sku.into(), location: location.into(), counted, expected: None, reference: None }
}

pub fn transfer(from: &str, to: &str, lines: &[(&str, i64)]) -> TransferStock {
    TransferStock { from: from.into(), to: to.into(), lines: stock_lines(lines), reference: None }
}

pub fn backorder_limit(sku: &str, location: &str, limit: i64) -> SetStockPolicy {
    SetStockPolicy { backorder_limit: Some(limit), ..stock_policy(sku, location) }
}

pub fn stock_policy(sku: &str, location: &str) -> SetStockPolicy {
    SetStockPolicy { sku: sku.into(), location: location.into(), ..Default::default() }
}

pub fn new_line(sku: &str, quantity: i64) -> NewLine {
    NewLine { sku: sku.into(), quantity, unit_price_minor: 250 }
}

/// An order on the channel `web` in euros, each unit at 2.50.
pub fn order(id: &str, lines: &[(&str, i64)]) -> NewOrder {
    NewOrder {
        id: id.into(),
        channel: "web".into(),
        currency: "EUR".into(),
        lines: lines.iter().map(|(sku, quantity)| new_line(sku, *quantity)).collect(),
        ..Default::default()
    }
}

pub fn partial_order(id: &str, lines: &[(&str, i64)]) -> NewOrder {
    NewOrder { policy: StockPolicy::Partial, ..order(id, lines) }
}

pub fn backorder(id: &str, lines: &[(&str, i64)]) -> NewOrder {
    NewOrder { policy: StockPolicy::Backorder, ..order(id, lines) }
}

/// A hold on the channel `web`.
pub fn hold(id: &str, lines: &[(&str, i64)], lives_ms: i64) -> PlaceHold {
    PlaceHold { hold: id.into(), channel: "web".into(), lines: stock_lines(lines), lives_ms, ranking: None }
}

pub fn extend(hold: &str, lives_ms: i64) -> ExtendHold {
    ExtendHold { hold: hold.into(), lives_ms }
}

pub fn release(hold: &str) -> ReleaseHold {
    ReleaseHold { hold: hold.into() }
}

pub fn line_quantities(lines: &[(u32, i64)]) -> Vec<LineQuantity> {
    lines.iter().map(|(line, quantity)| LineQuantity { line: *line, quantity: *quantity }).collect()
}

pub fn edit(order: &str, lines: &[(u32, i64)]) -> EditOrder {
    EditOrder { order: order.into(), lines: line_quantities(lines), ..Default::default() }
}

pub fn cancel(order: &str) -> CancelOrder {
    CancelOrder { order: order.into(), lines: None, reason: None }
}

pub fn cancel_lines(order: &str, lines: &[(u32, i64)]) -> CancelOrder {
    CancelOrder { lines: Some(line_quantities(lines)), ..cancel(order) }
}

pub fn ship(order: &str) -> ShipOrder {
    ShipOrder { order: order.into(), ..Default::default() }
}

pub fn ship_lines(order: &str, lines: &[(u32, i64)]) -> ShipOrder {
    ShipOrder { lines: Some(line_quantities(lines)), ..ship(order) }
}

pub fn give_back(order: &str, lines: &[(u32, i64, Disposition)]) -> ReturnOrder {
    let line = |(line, quantity, disposition): &(u32, i64, Disposition)| ReturnLine {
        line: *line,
        quantity: *quantity,
        disposition: *disposition,
        location: None,
    };
    ReturnOrder { order: order.into(), lines: lines.iter().map(line).collect() }
}

/// The key under which a refused order without a key of its own is remembered.
pub fn order_key(id: &str) -> String {
    format!("{}{id}", stockroom::outbox::ORDER_KEY_PREFIX)
}

pub fn complete(order: &str) -> CompleteOrder {
    CompleteOrder { order: order.into() }
}

pub fn destination(destination: &str) -> RegisterDestination {
    RegisterDestination { destination: destination.into(), ..Default::default() }
}

pub fn warehouse(location: &str, destination: &str) -> RegisterWarehouse {
    RegisterWarehouse { location: location.into(), destination: destination.into(), ..Default::default() }
}

pub fn fulfill() -> Fulfill {
    Fulfill { limit: 1_000 }
}

/// A lease of ten minutes.
pub fn take(destination: &str, max: u32) -> TakeDeliveries {
    TakeDeliveries { destination: destination.into(), max, lease_ms: 10 * MINUTE }
}

pub fn report(destination: &str, number: u64, attempt: u32, result: DeliveryResult) -> ReportDelivery {
    ReportDelivery { destination: destination.into(), number, attempt, result }
}

pub fn message(source: &str, message: &str) -> MessageId {
    MessageId { source: source.into(), message: message.into() }
}

pub fn note(fulfillment: &str, status: WarehouseStatus, message: Option<MessageId>) -> NoteFulfillment {
    NoteFulfillment { fulfillment: fulfillment.into(), status, message }
}

/// All that is left of a fulfillment order left.
pub fn shipment(fulfillment: &str, shipment: &str, message: Option<MessageId>) -> NoteShipment {
    NoteShipment { fulfillment: fulfillment.into(), shipment: shipment.into(), message, ..Default::default() }
}
