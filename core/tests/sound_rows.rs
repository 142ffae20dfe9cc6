//! Rows that nothing wrote as they are: a quantity that cannot be, a line that is not there. A store may hand them over from
//! a damaged file; nothing is reckoned with them.

mod common;

use common::{Shop, order};
use stockroom::inventory::{Component, Hold};
use stockroom::order::Order;
use stockroom::{PlaceHold, ShipOrder, StockLine};

/// More than any level can be.
const TOO_MUCH: i64 = i64::MAX;

/// An order of a plain line and a bundle, of which something has left.
fn sound_order() -> Order {
    let shop = Shop::stocked(&[("main", "mug", 10), ("main", "plate", 10)]);
    shop.accept(order("o-1", &[("mug", 2), ("set", 1)]));
    shop.accept(ShipOrder { order: "o-1".into(), ..ShipOrder::default() });
    shop.room.order("o-1").expect("it can be read").expect("it is there")
}

#[test]
fn an_order_whose_parts_do_not_fit_is_not_sound() {
    type Damage = fn(&mut Order);
    let cases: &[(&str, Damage)] = &[
        ("a negative quantity", |order| order.body.lines[0].quantity = -1),
        ("a quantity beyond all levels", |order| order.body.lines[0].quantity = TOO_MUCH),
        ("negative units not there", |order| order.body.lines[0].unfilled = -1),
        ("negative units cancelled", |order| order.body.lines[1].cancelled = -1),
        ("negative units returned", |order| order.body.lines[1].returned = -1),
        ("a negative price", |order| order.body.lines[0].unit_price_minor = -1),
        ("a component of nothing", |order| {
            let mut components: Vec<Component> = order.body.lines[1].components.to_vec();
            components[0].quantity = 0;
            order.body.lines[1].components = components.into();
        }),
        ("an allocation of a line that is not there", |order| order.body.allocations[0].line = 2),
        ("a negative claim", |order| order.body.allocations[0].open = -1),
        ("a negative place in a queue", |order| order.body.allocations[0].backordered = -1),
        ("negative units gone", |order| order.body.allocations[0].shipped = -1),
        ("a shipment of a line that is not there", |order| order.body.shipments[0].lines[0].line = 2),
        ("a shipment of negative units", |order| order.body.shipments[0].lines[0].quantity = -1),
        ("a value beyond all money", |order| {
            let line = &mut order.body.lines[0];
            (line.quantity, line.unit_price_minor) = (1_000_000_000, 1_000_000_000_000);
        }),
    ];
    assert!(sound_order().is_sound());
    for (what, damage) in cases {
        let mut order = sound_order();
        damage(&mut order);
        assert!(!order.is_sound(), "{what}");
    }
    // What is cancelled has no value.
    let mut order = sound_order();
    let line = &mut order.body.lines[0];
    (line.quantity, line.cancelled, line.unit_price_minor) = (1_000_000_000, 1_000_000_000, 1_000_000_000_000);
    assert!(order.is_sound());
}

fn sound_hold() -> Hold {
    let shop = Shop::stocked(&[("main", "mug", 10), ("main", "plate", 10)]);
    let lines = ["mug", "set"].map(|sku| StockLine { sku: sku.into(), quantity: 1 });
    let (hold, channel) = ("h-1".into(), "web".into());
    shop.accept(PlaceHold { hold, channel, lives_ms: 60_000, lines: lines.into(), ..PlaceHold::default() });
    shop.room.hold("h-1").expect("it can be read").expect("it is there")
}

#[test]
fn a_hold_whose_parts_do_not_fit_is_not_sound() {
    type Damage = fn(&mut Hold);
    let cases: &[(&str, Damage)] = &[
        ("a negative quantity", |hold| hold.lines[0].quantity = -1),
        ("a quantity beyond all levels", |hold| hold.lines[1].quantity = TOO_MUCH),
        ("a component of nothing", |hold| {
            let mut components: Vec<Component> = hold.lines[1].components.to_vec();
            components[0].quantity = 0;
            hold.lines[1].components = components.into();
        }),
        ("a component of more than there can be", |hold| {
            let mut components: Vec<Component> = hold.lines[1].components.to_vec();
            components[0].quantity = TOO_MUCH;
            hold.lines[1].components = components.into();
        }),
        ("a claim of a line that is not there", |hold| hold.claims[0].line = 2),
        ("a negative claim", |hold| hold.claims[0].quantity = -1),
    ];
    assert!(sound_hold().is_sound());
    for (what, damage) in cases {
        let mut hold = sound_hold();
        damage(&mut hold);
        assert!(!hold.is_sound(), "{what}");
    }
}
