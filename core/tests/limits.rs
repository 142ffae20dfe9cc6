//! How long lists may be, and how far quantities may go: of each limit the last that is right and the first that is not, told
//! apart by the code that the limit has.

mod common;

use common::warehouses::{fulfillments, hand_over, shipment};
use common::{Shop, order};
use stockroom::fulfillment::parse_fulfillment_id;
use stockroom::ids::{LINES_MAX, METADATA_MAX};
use stockroom::quantity::QUANTITY_MAX;
use stockroom::{
    AdjustStock, Answer, BundleComponent, CancelOrder, Code, Command, ConnectChannel, Disposition, EditOrder,
    EventData, LineQuantity, NewLine, NewOrder, NoteListings, NoteShipment, NoteWarehouseStock, PlaceHold,
    ReceiveStock, RegisterChannel, RegisterDestination, RegisterSku, ReturnLine, ReturnOrder, SeenListing, ShipOrder,
    ShipTo, SkuLevel, SkuQuantity, StockLine, TakeChannelOrder, WarehouseStock,
};

/// An order is with a warehouse, another has left; the channel has a shop.
fn busy_shop() -> Shop {
    let shop = common::warehouses::shop(&[("main", "mug", 10), ("backup", "plate", 10)]);
    shop.accept(order("o-handed", &[("mug", 2)]));
    hand_over(&shop);
    shop.accept(order("o-open", &[("mug", 2)]));
    shop.accept(order("o-gone", &[("plate", 2)]));
    shop.accept(ShipOrder { order: "o-gone".into(), ..ShipOrder::default() });
    shop.accept(RegisterDestination { destination: "shop".into(), ..RegisterDestination::default() });
    let (channel, destination) = ("web".into(), "shop".into());
    shop.accept(ConnectChannel { channel, destination, ..ConnectChannel::default() });
    shop
}

fn many<T>(count: usize, one: impl Fn(usize) -> T) -> Vec<T> {
    (0..count).map(one).collect()
}

#[test]
fn lists_are_as_long_as_they_may_be() {
    type Make = fn(usize) -> Command;
    // Nothing in them is right, so that nothing is done: what is said first is the length, where it is too great.
    let lines = LINES_MAX;
    let cases: &[(&str, usize, Code, Make)] = &[
        ("received", lines, Code::TooManyLines, |count| {
            let lines = many(count, |_| StockLine { sku: "nosuch".into(), quantity: 1 });
            ReceiveStock { location: "main".into(), lines, ..ReceiveStock::default() }.into()
        }),
        ("held", lines, Code::TooManyLines, |count| {
            let lines = many(count, |_| StockLine { sku: "nosuch".into(), quantity: 1 });
            let (hold, channel) = ("h-1".into(), "web".into());
            PlaceHold { hold, channel, lives_ms: 1_000, lines, ..PlaceHold::default() }.into()
        }),
        ("ordered", lines, Code::TooManyLines, |count| {
            order(&format!("o-{count}"), &vec![("nosuch", 1); count]).into()
        }),
        ("edited", lines, Code::TooManyLines, |count| {
            let lines = many(count, |_| LineQuantity { line: 9, quantity: 1 });
            EditOrder { order: "o-open".into(), lines, ..EditOrder::default() }.into()
        }),
        ("added", lines, Code::TooManyLines, |count| {
            let add = many(count, |_| NewLine { sku: "nosuch".into(), quantity: 1, unit_price_minor: 1 });
            EditOrder { order: "o-none".into(), add, ..EditOrder::default() }.into()
        }),
        // The order has one line already.
        ("in all", lines - 1, Code::TooManyLines, |count| {
            let add = many(count, |_| NewLine { sku: "nosuch".into(), quantity: 1, unit_price_minor: 1 });
            EditOrder { order: "o-open".into(), add, ..EditOrder::default() }.into()
        }),
        ("cancelled", lines, Code::TooManyLines, |count| {
            let lines = Some(many(count, |_| LineQuantity { line: 9, quantity: 1 }));
            CancelOrder { order: "o-open".into(), lines, ..CancelOrder::default() }.into()
        }),
        ("shipped", lines, Code::TooManyLines, |count| {
            let lines = Some(many(count, |_| LineQuantity { line: 9, quantity: 1 }));
            ShipOrder { order: "o-open".into(), lines, ..ShipOrder::default() }.into()
        }),
        ("returned", lines, Code::TooManyLines, |count| {
            let line = |_| ReturnLine { line: 9, quantity: 1, disposition: Disposition::Lost, location: None };
            ReturnOrder { order: "o-gone".into(), lines: many(count, line) }.into()
        }),
        ("told by a shop", lines, Code::TooManyLines, |count| {
            let mut told = common::shopkeeper::told("s-1", 0, &[]);
            told.lines = many(count, |at| common::shopkeeper::line(&at.to_string(), "nosuch", 1));
            TakeChannelOrder { order: told, message: None }.into()
        }),
        ("seen at a shop", lines, Code::TooManyLines, |count| {
            let listings = many(count, |_| SeenListing { item: "nosuch".into(), at_ms: -1, quantity: None });
            NoteListings { channel: "web".into(), listings, message: None }.into()
        }),
        ("left a warehouse", lines, Code::TooManyLines, |count| {
            let items = Some(many(count, |_| SkuQuantity { sku: "nosuch".into(), quantity: 1 }));
            NoteShipment { items, ..shipment("o-handed-1", "S-1", None) }.into()
        }),
        ("there at a warehouse", lines, Code::TooManyLines, |count| {
            let levels = many(count, |_| SkuLevel { sku: "mug".into(), on_hand: 1 });
            let stock = WarehouseStock { taken_at_ms: common::START_MS, levels };
            NoteWarehouseStock { location: "main".into(), stock, message: None }.into()
        }),
        ("parts of a bundle", 100, Code::TooManyEntries, |count| {
            let components = many(count, |_| BundleComponent { sku: "nosuch".into(), quantity: 1 });
            RegisterSku { sku: "heap".into(), components: Some(components) }.into()
        }),
        ("places of a channel", 1_000, Code::TooManyEntries, |count| {
            let locations = many(count, |_| "nosuch".into());
            RegisterChannel { channel: "new".into(), locations, ..RegisterChannel::default() }.into()
        }),
        ("lines of an address", 10, Code::TooManyEntries, |count| {
            let ship_to = Some(ShipTo { address: many(count, |_| "a".into()), ..ShipTo::default() });
            NewOrder { ship_to, ..order(&format!("a-{count}"), &[("nosuch", 1)]) }.into()
        }),
        ("metadata", METADATA_MAX, Code::TooManyEntries, |count| {
            let metadata = (0..count).map(|at| (format!("name-{at}"), String::new())).collect();
            NewOrder { metadata, ..order(&format!("m-{count}"), &[("nosuch", 1)]) }.into()
        }),
    ];
    let shop = busy_shop();
    for (what, most, code, make) in cases {
        for (count, is_too_long) in [(*most, false), (most + 1, true), (most + 100, true)] {
            let rejection = shop.reject(make(count));
            assert_eq!(rejection.code == *code, is_too_long, "{count} {what}: {rejection}");
        }
    }
    shop.assert_verified();
}

#[test]
fn a_line_may_have_so_many_units_with_those_that_were_cancelled() {
    let shop = Shop::stocked(&[("main", "mug", 10)]);
    shop.accept(order("o-1", &[("mug", 5)]));
    let lines = Some(vec![LineQuantity { line: 1, quantity: 2 }]);
    shop.accept(CancelOrder { order: "o-1".into(), lines, ..CancelOrder::default() });
    let edit = |quantity| {
        let lines = vec![LineQuantity { line: 1, quantity }];
        shop.reject(EditOrder { order: "o-1".into(), lines, ..EditOrder::default() }).code
    };
    assert_eq!(edit(QUANTITY_MAX - 2), Code::InsufficientStock);
    for quantity in [QUANTITY_MAX - 1, QUANTITY_MAX] {
        assert_eq!(edit(quantity), Code::QuantityOutOfRange);
    }
    // An edit is told without the units that were cancelled.
    shop.accept(EditOrder { order: "o-1".into(), note: Some("ring".into()), ..EditOrder::default() });
    let Some(EventData::OrderEdited(edited)) = shop.events().last().map(|event| event.data.clone()) else {
        panic!("it is told")
    };
    assert_eq!(edited.lines.iter().map(|line| line.quantity).collect::<Vec<_>>(), [3]);
}

#[test]
fn what_is_wrong_is_said_once() {
    let shop = busy_shop();
    let faults = |command: Command| -> Vec<(Code, String)> {
        shop.reject(command).faults.into_iter().map(|fault| (fault.code, fault.at)).collect()
    };
    let nothing =
        AdjustStock { sku: "mug".into(), location: "main".into(), difference: 0, lost: true, reference: None };
    assert_eq!(faults(nothing.into()), [(Code::QuantityOutOfRange, "difference".into())]);
    let stock = WarehouseStock { taken_at_ms: shop.now_ms(), levels: vec![SkuLevel { sku: "mug".into(), on_hand: 1 }] };
    let elsewhere = NoteWarehouseStock { location: "moon".into(), stock, message: None };
    assert_eq!(faults(elsewhere.into()), [(Code::LocationUnknown, "location".into())]);
}

#[test]
fn a_report_may_be_as_far_ahead_as_clocks_are_apart_and_a_day_old() {
    for (age_ms, is_used) in [(60_000, true), (60_001, false), (-86_400_000, true), (-86_400_001, false)] {
        let shop = busy_shop();
        shop.set_clock(shop.now_ms() + 200_000_000);
        let levels = vec![SkuLevel { sku: "mug".into(), on_hand: 10 }];
        let stock = WarehouseStock { taken_at_ms: shop.now_ms() + age_ms, levels };
        let reply = shop.reply(NoteWarehouseStock { location: "main".into(), stock, message: None });
        match reply.rejection() {
            None => assert!(is_used, "{age_ms}"),
            Some(rejection) => assert_eq!((rejection.code, is_used), (Code::StockReportStale, false), "{age_ms}"),
        }
    }
}

#[test]
fn a_hold_claims_nothing_where_there_is_nothing() {
    let shop = Shop::stocked(&[("backup", "mug", 3)]);
    let lines = vec![StockLine { sku: "mug".into(), quantity: 2 }];
    let (hold, channel) = ("h-1".into(), "web".into());
    let reply = shop.accept(PlaceHold { hold, channel, lives_ms: 1_000, lines, ..PlaceHold::default() });
    let Ok(Answer::Held(held)) = reply.accepted() else { panic!("{reply:?}") };
    let claims: Vec<_> = held.claims.iter().map(|claim| (&*claim.location, claim.quantity)).collect();
    assert_eq!(claims, [("backup", 2)]);
}

#[test]
fn fulfillment_orders_are_counted_from_one() {
    for (name, parsed) in [("o-1-1", Some(("o-1", 1))), ("o-1-0", None), ("-1", None), ("o-1-01", None)] {
        assert_eq!(parse_fulfillment_id(name), parsed, "{name}");
    }
    let shop = busy_shop();
    assert_eq!(fulfillments(&shop, "o-handed")[0].sequence, 1);
}
