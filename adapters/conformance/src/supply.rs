//! Supplying rows for needs: each row that is there as it was written, and "none" for each that is not.

use stockroom::channel::Channel;
use stockroom::engine::{Catalog, Command, Counters, Needs};
use stockroom::inventory::{Component, Location, Sku, Stock};
use stockroom::outbox::Subscription;
use stockroom::{Acknowledge, LocationNumber, OrderNumber, RegisterChannel, SkuNumber, Sourcing, StockNumber};
use stockroom::{Outcome, Subscribe, SubscribeFrom, Tick};

use crate::bench::{AnyStore, Bench};
use crate::case::cases;
use crate::direct::{at, at_noon, commit, holds, keys, orders, putting, reading, supplied};
use crate::documents::{
    MINUTE, NOON, backorder_limit, bundle, channel, hold, location, order, order_key, receive, ship, sku, stock_policy,
};
use crate::scene::{first_act, second_act};

cases![supply:
    an_empty_place_has_a_catalog_of_zeros,
    the_catalog_is_every_location_and_channel_and_the_counters,
    the_counters_follow_the_last_event_row,
    skus_by_name_and_by_number,
    stock_rows,
    orders_by_id_and_by_number,
    holds_by_id,
    keys_with_their_answers,
    subscriptions_by_name,
    names_are_told_apart_to_the_byte,
    many_rows_in_one_call,
    what_a_whole_scene_needs_is_supplied_as_by_the_twin,
    nothing_is_asked_twice,
];

/// Expects that exactly this is put for the needs.
#[track_caller]
fn expect(store: &mut AnyStore, needs: &Needs, put: impl FnOnce(&mut stockroom::engine::WorkingSet)) {
    assert_eq!(reading(store, |store| supplied(store, needs)), putting(put), "for {needs:?}");
}

fn needs_skus(names: &[&str]) -> Needs {
    Needs { skus: names.iter().map(|name| (*name).into()).collect(), ..Needs::default() }
}

fn subscribe(subscription: &str, from: SubscribeFrom) -> Subscribe {
    Subscribe { subscription: subscription.into(), from }
}

fn an_empty_place_has_a_catalog_of_zeros(bench: &Bench<'_>) {
    let needs = Needs { catalog: true, ..Needs::default() };
    let empty = Catalog::new(Vec::new(), Vec::new(), Counters::default());
    expect(&mut bench.store(), &needs, |rows| rows.put_catalog(empty));
}

fn the_catalog_is_every_location_and_channel_and_the_counters(bench: &Bench<'_>) {
    let mut store = bench.store();
    let web = RegisterChannel { sourcing: Sourcing::FewestSplits, ..channel("web", &["north", "main"]) };
    commit(
        &mut store,
        &at_noon([
            location("north").into(),
            location("main").into(),
            channel("web", &["main"]).into(),
            web.into(),
            channel("till", &["main"]).into(),
            sku("mug").into(),
            sku("plate").into(),
            receive("main", &[("mug", 5), ("plate", 5)]).into(),
            receive("north", &[("mug", 5)]).into(),
            order("o-1", &[("mug", 1)]).into(),
        ]),
    );
    let place = |number, name: &str| Location { number: LocationNumber(number), location: name.into() };
    let channels = vec![
        Channel { channel: "till".into(), locations: vec![LocationNumber(2)], sourcing: Sourcing::Priority },
        Channel {
            channel: "web".into(),
            locations: vec![LocationNumber(1), LocationNumber(2)],
            sourcing: Sourcing::FewestSplits,
        },
    ];
    // Seven registrations, three changes of stock, and the order with its change of stock.
    let counters = Counters { sku: 2, order: 1, movement: 3, event: 12, last_event_at_ms: NOON };
    let catalog = Catalog::new(vec![place(1, "north"), place(2, "main")], channels, counters);
    let needs = Needs { catalog: true, ..Needs::default() };
    expect(&mut store, &needs, |rows| rows.put_catalog(catalog));
}

/// The time of the last event is that of the row with the highest number, whatever the clock did.
fn the_counters_follow_the_last_event_row(bench: &Bench<'_>) {
    let mut store = bench.store();
    let commands =
        [at(NOON + 9, sku("a")), at(NOON, sku("b")), at(NOON + 4, subscribe("reader", SubscribeFrom::Start))];
    commit(&mut store, &commands);
    let counters = Counters { sku: 2, order: 0, movement: 0, event: 2, last_event_at_ms: NOON + 9 };
    let needs = Needs { catalog: true, ..Needs::default() };
    expect(&mut store, &needs, |rows| rows.put_catalog(Catalog::new(Vec::new(), Vec::new(), counters)));
}

fn skus_by_name_and_by_number(bench: &Bench<'_>) {
    let mut store = bench.store();
    let set = bundle("set", &[("plate", 2), ("mug", 3)]);
    commit(&mut store, &at_noon([sku("mug").into(), sku("plate").into(), set.into()]));
    let plain = |number, name: &str| Sku { number: SkuNumber(number), sku: name.into(), components: [].into() };
    let component =
        |number, name: &str, quantity| Component { sku_number: SkuNumber(number), sku: name.into(), quantity };
    let set = Sku {
        number: SkuNumber(3),
        sku: "set".into(),
        components: [component(2, "plate", 2), component(1, "mug", 3)].into(),
    };
    expect(&mut store, &needs_skus(&["mug", "set"]), |rows| {
        rows.put_sku("mug", Some(plain(1, "mug")));
        rows.put_sku("set", Some(set));
    });
    expect(&mut store, &needs_skus(&["cup", "plate"]), |rows| {
        rows.put_sku("cup", None);
        rows.put_sku("plate", Some(plain(2, "plate")));
    });
    let needs = Needs { sku_numbers: vec![SkuNumber(2)], ..Needs::default() };
    expect(&mut store, &needs, |rows| rows.put_sku("plate", Some(plain(2, "plate"))));
}

fn stock_rows(bench: &Bench<'_>) {
    let mut store = bench.store();
    let mut mugs = stock_policy("mug", "main");
    (mugs.safety_stock, mugs.unavailable, mugs.backorder_limit) = (Some(3), Some(1), Some(20));
    commit(
        &mut store,
        &at_noon([
            sku("mug").into(),
            location("main").into(),
            location("north").into(),
            channel("web", &["main"]).into(),
            receive("main", &[("mug", 10)]).into(),
            mugs.into(),
            hold("h-1", &[("mug", 2)], MINUTE).into(),
            crate::documents::backorder("o-1", &[("mug", 9)]).into(),
        ]),
    );
    let main = StockNumber::of(SkuNumber(1), LocationNumber(1));
    let north = StockNumber::of(SkuNumber(1), LocationNumber(2));
    let stock = Stock {
        on_hand: 10,
        unavailable: 1,
        safety_stock: 3,
        held: 2,
        allocated: 9,
        backordered: 5,
        backorder_limit: 20,
        last_claim: OrderNumber(1),
    };
    let needs = Needs { stock: vec![main, north], ..Needs::default() };
    expect(&mut store, &needs, |rows| {
        rows.put_stock(main, Some(stock));
        rows.put_stock(north, None);
    });
}

fn orders_by_id_and_by_number(bench: &Bench<'_>) {
    let mut store = bench.store();
    commit(&mut store, &first_act());
    let known = orders(&mut store);
    let [first, second] = [known[0].clone(), known[1].clone()];
    let needs = Needs { order_ids: vec![(*first.id).into(), "nobody's".into()], ..Needs::default() };
    expect(&mut store, &needs, |rows| {
        rows.put_order(first.clone());
        rows.put_no_order("nobody's");
    });
    let needs = Needs { order_numbers: vec![(*first.id).into(), "nobody's".into()], ..Needs::default() };
    expect(&mut store, &needs, |rows| {
        rows.put_order_number(&first.id, Some(first.number));
        rows.put_order_number("nobody's", None);
    });
    let needs = Needs { orders: vec![first.number, second.number], ..Needs::default() };
    expect(&mut store, &needs, |rows| {
        rows.put_order(first);
        rows.put_order(second);
    });
    // The row that changed last is the one supplied.
    commit(&mut store, &[at(NOON + MINUTE, ship("o-1"))]);
    let shipped = orders(&mut store).swap_remove(0);
    assert!(shipped.state.is_closed());
    let needs = Needs { order_ids: vec!["o-1".into()], ..Needs::default() };
    expect(&mut store, &needs, |rows| rows.put_order(shipped));
}

fn holds_by_id(bench: &Bench<'_>) {
    let mut store = bench.store();
    commit(&mut store, &first_act());
    let known = holds(&mut store);
    assert_eq!(known.len(), 5);
    for hold in known {
        let needs = Needs { holds: vec![hold.id.clone()], ..Needs::default() };
        let id = hold.id.clone();
        expect(&mut store, &needs, |rows| rows.put_hold(&id, Some(hold)));
    }
    // It may have run out: the rules judge its time, not the store.
    commit(&mut store, &[at(NOON + 4 * MINUTE, Tick { limit: 1 })]);
    let needs = Needs { holds: vec!["h-3".into()], ..Needs::default() };
    expect(&mut store, &needs, |rows| rows.put_hold("h-3", None));
}

fn keys_with_their_answers(bench: &Bench<'_>) {
    let mut store = bench.store();
    let replies = commit(&mut store, &first_act());
    let known = keys(&mut store);
    for row in &known {
        let needs = Needs { keys: vec![row.key.clone()], ..Needs::default() };
        expect(&mut store, &needs, |rows| rows.put_key(&row.key, Some(row.clone())));
    }
    // What is kept is what was answered.
    let refused = known.iter().find(|row| row.key == order_key("none")).expect("a refused order is remembered");
    assert!(replies.iter().any(|reply| reply.outcome == refused.outcome));
    assert!(matches!(refused.outcome, Outcome::Rejected(_)));
    let needs = Needs { keys: vec!["k".into(), order_key("o-1")], ..Needs::default() };
    expect(&mut store, &needs, |rows| {
        rows.put_key("k", None);
        rows.put_key(&order_key("o-1"), None);
    });
}

fn subscriptions_by_name(bench: &Bench<'_>) {
    let mut store = bench.store();
    let moved = Acknowledge { subscription: "b".into(), through: 1 };
    commit(
        &mut store,
        &at_noon([
            sku("mug").into(),
            subscribe("a", SubscribeFrom::Now).into(),
            subscribe("b", SubscribeFrom::Start).into(),
            moved.into(),
        ]),
    );
    let row = |name: &str, cursor| Some(Subscription { subscription: name.into(), cursor });
    let needs = Needs { subscriptions: vec!["a".into(), "b".into(), "c".into()], ..Needs::default() };
    expect(&mut store, &needs, |rows| {
        rows.put_subscription("a", row("a", 1));
        rows.put_subscription("b", row("b", 1));
        rows.put_subscription("c", None);
    });
}

/// No folding of case, no trimming, no Unicode normalization, no pattern characters.
fn names_are_told_apart_to_the_byte(bench: &Bench<'_>) {
    let names =
        ["mug", "Mug", "mug ", " mug", "m%g", "m_g", "caf\u{e9}", "cafe\u{301}", "'mug'", "mug\\", "0", "00", "0.0"];
    let mut store = bench.store();
    commit(&mut store, &at_noon(names.map(|name| sku(name).into())));
    for (name, number) in names.into_iter().zip(1..) {
        let row = Sku { number: SkuNumber(number), sku: name.into(), components: [].into() };
        expect(&mut store, &needs_skus(&[name]), |rows| rows.put_sku(name, Some(row)));
    }
    for name in ["MUG", "mug  ", "m*g", "mu", "mugs", "cafe", "\"mug\"", "000"] {
        expect(&mut store, &needs_skus(&[name]), |rows| rows.put_sku(name, None));
    }
    // The same for the other rows that are found by name.
    let mut others = Vec::<Command>::new();
    others.push(location("main").into());
    others.push(channel("web", &["main"]).into());
    others.push(receive("main", &[("mug", 100)]).into());
    for name in names {
        others.push(hold(name, &[("mug", 1)], MINUTE).into());
        others.push(Command::from(order(name, &[("mug", 1)])).with_key(name));
        others.push(subscribe(name, SubscribeFrom::Now).into());
    }
    let replies = commit(&mut store, &at_noon(others));
    assert!(replies.iter().all(|reply| reply.accepted().is_ok() && !reply.repeated), "{replies:?}");
    for name in ["MUG", "mug  ", "m*g", "cafe"] {
        let list = || vec![name.to_owned()];
        let needs = Needs { order_numbers: list(), ..Needs::default() };
        expect(&mut store, &needs, |rows| rows.put_order_number(name, None));
        let needs = Needs { holds: list(), order_ids: list(), keys: list(), subscriptions: list(), ..Needs::default() };
        expect(&mut store, &needs, |rows| {
            rows.put_no_order(name);
            rows.put_hold(name, None);
            rows.put_key(name, None);
            rows.put_subscription(name, None);
        });
    }
}

/// More than fits the limits on variables or on the length of one statement that databases have.
fn many_rows_in_one_call(bench: &Bench<'_>) {
    const COUNT: u64 = 3_000;
    let name = |number: u64| format!("a rather long name for one of very many SKUs, number {number}");
    let mut store = bench.store();
    let mut commands: Vec<Command> = (1..=COUNT).map(|number| sku(&name(number)).into()).collect();
    commands.push(location("main").into());
    commands.extend((1..=COUNT).map(|number| receive("main", &[(&name(number), number as i64)]).into()));
    commit(&mut store, &at_noon(commands));
    let numbers = || (1..=COUNT + 5).map(|number| StockNumber::of(SkuNumber(number), LocationNumber(1)));
    let needs = Needs {
        catalog: true,
        skus: (1..=COUNT + 5).map(name).collect(),
        stock: numbers().collect(),
        keys: (1..=COUNT).map(name).collect(),
        order_ids: (1..=COUNT).map(name).collect(),
        holds: (1..=COUNT).map(name).collect(),
        ..Needs::default()
    };
    let counters = Counters { sku: COUNT, order: 0, movement: COUNT, event: 2 * COUNT + 1, last_event_at_ms: NOON };
    let place = Location { number: LocationNumber(1), location: "main".into() };
    expect(&mut store, &needs, |rows| {
        rows.put_catalog(Catalog::new(vec![place], Vec::new(), counters));
        for number in 1..=COUNT + 5 {
            let text = name(number);
            let row = Sku { number: SkuNumber(number), sku: text.as_str().into(), components: [].into() };
            rows.put_sku(&text, (number <= COUNT).then_some(row));
            if number <= COUNT {
                rows.put_no_order(&text);
                rows.put_hold(&text, None);
                rows.put_key(&text, None);
            }
        }
        for (number, on_hand) in numbers().zip(1..) {
            let stock = Stock { on_hand, ..Stock::default() };
            rows.put_stock(number, (on_hand <= COUNT as i64).then_some(stock));
        }
    });
}

fn what_a_whole_scene_needs_is_supplied_as_by_the_twin(bench: &Bench<'_>) {
    let mut store = bench.store();
    let mut twin = AnyStore::new(stockroom::memory::MemoryStore::new());
    for act in [first_act(), second_act()] {
        commit(&mut store, &act);
        commit(&mut twin, &act);
        let needs = Needs {
            catalog: true,
            skus: crate::direct::skus(&mut twin).iter().map(|row| (*row.sku).into()).collect(),
            sku_numbers: (1..9).map(SkuNumber).collect(),
            stock: crate::direct::stock(&mut twin).iter().map(|row| row.number).collect(),
            order_ids: orders(&mut twin).iter().map(|row| (*row.id).into()).collect(),
            holds: ["h-1", "h-2", "h-3", "Hold", "ü"].map(Into::into).into(),
            keys: ["k-1", "k-2", "k-10", "Ключ", &order_key("none"), &order_key("refused")].map(Into::into).into(),
            subscriptions: crate::scene::SUBSCRIPTIONS.map(Into::into).into(),
            ..Needs::default()
        };
        let expected = supplied(&mut twin, &needs);
        assert_eq!(reading(&mut store, |store| supplied(store, &needs)), expected);
    }
}

/// `decide` fails where a need is asked again after it was supplied: absence counts as an answer.
fn nothing_is_asked_twice(bench: &Bench<'_>) {
    let mut store = bench.store();
    for command in first_act().into_iter().chain(second_act()) {
        commit(&mut store, &[command]);
    }
    let strangers: [Command; 8] = [
        receive("nowhere", &[("nothing", 1)]).into(),
        backorder_limit("nothing", "main", 1).into(),
        order("o-99", &[("nothing", 1), ("mug", 1), ("neither", 1)]).into(),
        ship("nobody's").into(),
        crate::documents::release("nobody's").into(),
        Acknowledge { subscription: "nobody's".into(), through: 1 }.into(),
        Command::from(ship("nobody's")).with_key("fresh"),
        hold("h-9", &[("nothing", 1)], MINUTE).into(),
    ];
    for command in strangers {
        let replies = commit(&mut store, &[at(NOON, command)]);
        assert!(replies[0].rejection().is_some(), "{replies:?}");
    }
}
