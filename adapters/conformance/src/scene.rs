//! A state with several rows of every kind, in names that sort awkwardly, and a second act that changes, adds
//! and takes away rows of every kind.

use stockroom::engine::Command;
use stockroom::{
    Acknowledge, Disposition, NewOrder, Prune, PruneFrom, RegisterChannel, ShipTo, Sourcing, Subscribe, SubscribeFrom,
    Tick, TimedCommand, Unsubscribe,
};

use crate::direct::at;
use crate::documents::{
    MINUTE, NOON, adjust, backorder, backorder_limit, bundle, cancel, cancel_lines, channel, complete, count, edit,
    extend, give_back, hold, location, order, partial_order, receive, release, ship, ship_lines, sku, stock_policy,
    transfer,
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
    commands.into_iter().zip(0..).map(|(command, index)| at(NOON + index, command)).collect()
}

/// When the second act plays: after some holds have run out.
pub const SECOND_ACT: i64 = NOON + 7 * MINUTE;

/// The second act: every kind of row gains, changes and, where the kind can, loses some.
pub fn second_act() -> Vec<TimedCommand> {
    let converts = NewOrder { hold: Some("h-1".into()), ..order("o-7", &[("mug", 1), ("set", 1)]) };
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
        Prune { before_ms: NOON + MINUTE, limit: 5, from: PruneFrom::Events }.into(),
        Prune { before_ms: NOON + MINUTE, limit: 2, from: PruneFrom::Keys("k-1".into()) }.into(),
        Prune { before_ms: NOON + MINUTE, limit: 100, from: PruneFrom::Orders(0) }.into(),
    ];
    commands.into_iter().map(|command| at(SECOND_ACT, command)).collect()
}
