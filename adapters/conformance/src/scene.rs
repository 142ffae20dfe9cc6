//! A state with several rows of every kind, in names that sort awkwardly, and a second act that changes, adds
//! and takes away rows of every kind.

use stockroom::engine::Command;
use stockroom::fulfillment::{
    NoteShipment, NoteWarehouseStock, RegisterWarehouse, SkuLevel, SkuQuantity, StockReports, WarehouseStatus,
    WarehouseStock,
};
use stockroom::outbox::{
    DeliveryAnswer, DeliveryResult, DropDelivery, Patience, RegisterDestination, RequeueDelivery, Retry,
};
use stockroom::{
    Acknowledge, Disposition, NewOrder, Prune, PruneFrom, RegisterChannel, ShipTo, Sourcing, Subscribe, SubscribeFrom,
    Tick, TimedCommand, Unsubscribe,
};

use crate::direct::at;
use crate::documents::{
    MINUTE, NOON, adjust, backorder, backorder_limit, bundle, cancel, cancel_lines, channel, complete, count,
    destination, edit, extend, fulfill, give_back, hold, location, message, note, order, partial_order, receive,
    release, report, ship, ship_lines, shipment, sku, stock_policy, take, transfer, warehouse,
};

/// Capitals, letters beyond ASCII and beyond the first plane: stores must sort them by their bytes.
pub const SUBSCRIPTIONS: [&str; 5] = ["Ä", "audit", "mail", "z", "🫖"];

fn subscribe(subscription: &str) -> Subscribe {
    Subscribe { subscription: subscription.into(), from: SubscribeFrom::Start }
}

fn acknowledge(subscription: &str, through: u64) -> Acknowledge {
    Acknowledge { subscription: subscription.into(), through }
}

/// The first act: at least four rows of every kind, orders in every state that can be reached.
pub fn first_act() -> Vec<TimedCommand> {
    let mut commands: Vec<Command> = Vec::new();
    let mut say = |command: Command| commands.push(command);
    for name in ["mug", "plate", "Zebra", "ä-cup", "日本茶", "🫖"] {
        say(sku(name).into());
    }
    say(bundle("set", &[("mug", 2), ("plate", 1)]).into());
    for name in ["main", "north", "Ost", "süd", "西"] {
        say(location(name).into());
    }
    say(channel("web", &["main", "north"]).into());
    for name in ["Till", "ö", "中"] {
        say(channel(name, &["Ost", "main"]).into());
    }
    let market = channel("market", &["north", "süd", "main"]);
    say(RegisterChannel { sourcing: Sourcing::FewestSplits, ..market }.into());
    say(Command::from(receive("main", &[("mug", 40), ("plate", 20), ("Zebra", 3), ("日本茶", 2)])).with_key("k-10"));
    say(receive("north", &[("mug", 5), ("ä-cup", 7), ("🫖", 1)]).into());
    say(transfer("main", "süd", &[("mug", 4), ("plate", 2)]).into());
    say(backorder_limit("Zebra", "main", 50).into());
    say(backorder_limit("日本茶", "north", 9).into());
    let mut plates = stock_policy("plate", "main");
    (plates.safety_stock, plates.unavailable) = (Some(1), Some(2));
    say(plates.into());
    say(adjust("mug", "main", -1).into());
    say(count("plate", "süd", 3).into());
    for (index, id) in ["h-1", "h-2", "h-3", "Hold", "ü"].into_iter().enumerate() {
        let lives_ms = MINUTE * (10 - index as i64);
        say(hold(id, &[("mug", 1), ("set", 1)], lives_ms).into());
    }
    say(extend("h-3", 3 * MINUTE).into());
    let address =
        ShipTo { name: "Zoë".into(), address: vec!["1 Main St".into(), "\"Flat\" 2".into()], ..ShipTo::default() };
    let detailed = NewOrder {
        ship_to: Some(address),
        note: Some("first line\nsecond \\ line".into()),
        metadata: [("gift".to_owned(), "ja 🎁".to_owned())].into(),
        ..order("o-1", &[("mug", 2), ("plate", 1)])
    };
    say(Command::from(detailed).with_key("k-1"));
    say(partial_order("o-2", &[("🫖", 3)]).into());
    say(Command::from(order("o-3", &[("mug", 1)])).with_key("Ключ"));
    say(ship("o-3").into());
    say(order("o-4", &[("set", 1), ("ä-cup", 1)]).into());
    say(cancel("o-4").into());
    say(order("o-5", &[("mug", 3)]).into());
    say(ship_lines("o-5", &[(1, 2)]).into());
    say(order("o-6", &[("plate", 2), ("mug", 1)]).into());
    say(ship("o-6").into());
    say(give_back("o-6", &[(1, 1, Disposition::Damaged), (2, 1, Disposition::Restock)]).into());
    say(complete("o-6").into());
    for (index, id) in ["b-1", "b-2", "b-3", "b-4", "b-5"].into_iter().enumerate() {
        say(backorder(id, &[("Zebra", 2 + index as i64)]).into());
    }
    say(backorder("b-6", &[("日本茶", 4), ("mug", 1)]).into());
    say(cancel_lines("b-2", &[(1, 1)]).into());
    say(order("none", &[("Zebra", 1)]).into());
    say(order("o-é", &[("🫖", 9)]).into());
    for name in SUBSCRIPTIONS {
        say(Command::from(subscribe(name)).with_key(format!("sub {name}")));
        say(acknowledge(name, 40).into());
    }
    commands.extend(warehouses_open());
    commands.into_iter().zip(0..).map(|(command, index)| at(NOON + index, command)).collect()
}

/// The end of the first act: warehouses take over some locations, and get what is allocated there from then on.
fn warehouses_open() -> Vec<Command> {
    let mut commands: Vec<Command> = Vec::new();
    let mut say = |command: Command| commands.push(command);
    let patience = Patience { attempts_max: 1, seed: u64::MAX, ..Patience::default() };
    say(RegisterDestination { patience, ..destination("wms") }.into());
    for name in ["Ä-wms", "z", "🫖"] {
        say(destination(name).into());
    }
    let checked = RegisterWarehouse { stock: StockReports::CountIn, ..warehouse("Ost", "wms") };
    say(checked.into());
    for (location, destination) in [("süd", "wms"), ("north", "🫖"), ("西", "Ä-wms")] {
        say(Command::from(warehouse(location, destination)).with_key(format!("runs {location}")));
    }
    say(receive("Ost", &[("mug", 50), ("plate", 20)]).into());
    for number in 1..=8 {
        let lines: &[(&str, i64)] = if number == 3 { &[("set", 1), ("mug", 2)] } else { &[("mug", 2)] };
        say(NewOrder { channel: "Till".into(), ..order(&format!("f-{number}"), lines) }.into());
    }
    say(fulfill().into());
    say(take("wms", 5).into());
    let handed = DeliveryAnswer::Handed { reference: Some("W \"1\"".into()) };
    say(report("wms", 1, 1, DeliveryResult::Done(handed)).into());
    for number in [2, 3] {
        let again = Retry { why: "503 'später'".into(), ..Retry::default() };
        say(report("wms", number, 1, DeliveryResult::Retry(again)).into());
    }
    say(note("f-1-1", WarehouseStatus::Picking, Some(message("wms", "m-1"))).into());
    let some = SkuQuantity { sku: "mug".into(), quantity: 1 };
    let parcel = shipment("f-1-1", "parcel 'ä'", Some(message("wms", "m-10")));
    say(NoteShipment { items: Some(vec![some]), ..parcel }.into());
    say(note("f-4-1", WarehouseStatus::Refused { why: "\"no\"".into() }, Some(message("Wms", "m-1"))).into());
    say(note("f-5-1", WarehouseStatus::Accepted, Some(message("🫖", "Ü"))).into());
    say(note("f-6-1", WarehouseStatus::Accepted, Some(message("wms", "Ä"))).into());
    commands
}

/// When the second act plays: after some holds have run out.
pub const SECOND_ACT: i64 = NOON + 7 * MINUTE;

/// The second act: every kind of row gains, changes and, where the kind can, loses some.
pub fn second_act() -> Vec<TimedCommand> {
    let converts = NewOrder { hold: Some("h-1".into()), ..order("o-7", &[("mug", 1), ("set", 1)]) };
    let plates = SkuLevel { sku: "plate".into(), on_hand: 25 };
    let counted_by_the_warehouse = NoteWarehouseStock {
        location: "Ost".into(),
        stock: WarehouseStock { taken_at_ms: SECOND_ACT, levels: vec![plates] },
        message: Some(message("wms", "count")),
    };
    let commands: Vec<Command> = vec![
        sku("late").into(),
        bundle("late set", &[("late", 3)]).into(),
        location("late").into(),
        channel("web", &["north", "late", "main"]).into(),
        channel("late", &["late"]).into(),
        Command::from(converts).with_key("k-2"),
        release("h-2").into(),
        Tick { limit: 1 }.into(),
        hold("h-3", &[("mug", 2)], 5 * MINUTE).into(),
        extend("h-3", 20 * MINUTE).into(),
        receive("main", &[("Zebra", 9)]).into(),
        receive("late", &[("late", 1)]).into(),
        cancel("b-5").into(),
        backorder("b-7", &[("Zebra", 30)]).into(),
        ship("o-1").into(),
        edit("o-2", &[(1, 1)]).into(),
        count("mug", "main", 3).into(),
        order("none", &[("Zebra", 1)]).into(),
        order("refused", &[("no such thing", 1)]).into(),
        acknowledge("mail", 60).into(),
        Unsubscribe { subscription: "z".into() }.into(),
        Unsubscribe { subscription: "audit".into() }.into(),
        Subscribe { subscription: "late".into(), from: SubscribeFrom::Now }.into(),
        destination("late").into(),
        warehouse("late", "late").into(),
        NewOrder { channel: "Till".into(), ..order("f-9", &[("set", 2)]) }.into(),
        NewOrder { channel: "Till".into(), ..order("f-10", &[("mug", 1)]) }.into(),
        NewOrder { channel: "Till".into(), ..order("f-11", &[("mug", 1)]) }.into(),
        NewOrder { channel: "Till".into(), ..order("f-12", &[("mug", 1)]) }.into(),
        cancel("f-5").into(),
        cancel("f-8").into(),
        report("wms", 5, 1, DeliveryResult::Done(DeliveryAnswer::Taken)).into(),
        // Four more to ship, and the request to give up the one that the warehouse has heard of.
        fulfill().into(),
        RequeueDelivery { destination: "wms".into(), number: 2 }.into(),
        DropDelivery { destination: "wms".into(), number: 3 }.into(),
        take("wms", 99).into(),
        report("wms", 2, 2, DeliveryResult::Refused { why: "no".into() }).into(),
        report("wms", 13, 1, DeliveryResult::Done(DeliveryAnswer::TooLate)).into(),
        receive("late", &[("mug", 5)]).into(),
        stockroom::ReassignFulfillment { fulfillment: "f-4-1".into(), location: Some("late".into()) }.into(),
        shipment("f-1-1", "p-2", Some(message("wms", "m-11"))).into(),
        counted_by_the_warehouse.into(),
        Prune { before_ms: NOON + MINUTE, limit: 5, from: PruneFrom::Events }.into(),
        Prune { before_ms: NOON + MINUTE, limit: 2, from: PruneFrom::Keys("k-1".into()) }.into(),
        Prune { before_ms: NOON + MINUTE, limit: 100, from: PruneFrom::Orders(0) }.into(),
    ];
    commands.into_iter().map(|command| at(SECOND_ACT, command)).collect()
}
