//! Searches, asked of the store itself: what each finds, in which order, and where it ends. That the engine
//! gets along with them stands in the topics of what they are for.

use stockroom::engine::{Command, Found, Needs, Query};
use stockroom::inventory::Backorder;
use stockroom::ports::{Finish, Mode, Store};
use stockroom::{
    Acknowledge, LocationNumber, OrderNumber, SkuNumber, StockNumber, Subscribe, SubscribeFrom, TimedCommand,
};

use crate::bench::{AnyStore, Bench};
use crate::case::cases;
use crate::direct::{
    at, at_noon, backorders, commit, decide, events, holds, keys, orders, putting, reading, supplied, write,
};
use crate::documents::{
    MINUTE, NOON, backorder, backorder_limit, bundle, cancel, channel, edit, extend, hold, location, order, receive,
    release, ship, sku,
};

cases![searches:
    holds_on_a_stock_row,
    due_holds_by_time_and_number,
    waiting_lines_in_their_order_with_their_orders,
    the_orders_of_a_claim_chain,
    events_that_may_go,
    events_wait_for_every_subscription,
    keys_that_may_go,
    orders_that_may_lose_their_details,
    searches_see_what_the_unit_wrote,
    several_searches_in_one_call,
];

fn asks(query: &Query) -> Needs {
    Needs { queries: vec![query.clone()], ..Needs::default() }
}

/// Expects a search to find this, and to put the holds and orders given.
#[track_caller]
fn expect(store: &mut AnyStore, query: Query, found: Found, hold_ids: &[&str], order_ids: &[&str]) {
    let held: Vec<_> = holds(store).into_iter().filter(|hold| hold_ids.contains(&&*hold.id)).collect();
    let placed: Vec<_> = orders(store).into_iter().filter(|order| order_ids.contains(&&*order.id)).collect();
    assert_eq!((held.len(), placed.len()), (hold_ids.len(), order_ids.len()), "the case names what there is");
    let expected = putting(|rows| {
        for hold in held {
            rows.put_hold(&hold.id.clone(), Some(hold));
        }
        placed.into_iter().for_each(|order| rows.put_order(order));
        rows.put_found(query.clone(), found);
    });
    assert_eq!(reading(store, |store| supplied(store, &asks(&query))), expected, "{query:?}");
}

fn found_holds(ids: &[&str]) -> Found {
    Found::Holds(ids.iter().map(|id| (*id).into()).collect())
}

/// The row of a SKU at a location by their numbers.
fn row(sku: u64, location: u64) -> StockNumber {
    StockNumber::of(SkuNumber(sku), LocationNumber(location))
}

/// Mugs (1), plates (2) and sets of two mugs and a plate (3), at `main` (1) and `north` (2).
fn shop(bench: &Bench<'_>, commands: impl IntoIterator<Item = Command>) -> AnyStore {
    let mut store = bench.store();
    let mut all: Vec<TimedCommand> = at_noon([
        sku("mug").into(),
        sku("plate").into(),
        bundle("set", &[("mug", 2), ("plate", 1)]).into(),
        location("main").into(),
        location("north").into(),
        channel("web", &["main", "north"]).into(),
        receive("main", &[("mug", 20), ("plate", 5)]).into(),
        receive("north", &[("mug", 1)]).into(),
    ]);
    all.extend(at_noon(commands));
    let replies = commit(&mut store, &all);
    assert!(replies.iter().all(|reply| reply.accepted().is_ok()), "{replies:#?}");
    store
}

fn holds_on_a_stock_row(bench: &Bench<'_>) {
    let mut store = shop(
        bench,
        [
            // Their numbers rise in the order of placing, their ids do not.
            hold("z", &[("mug", 1)], 9 * MINUTE).into(),
            hold("y", &[("set", 1)], 8 * MINUTE).into(),
            hold("x", &[("plate", 1)], MINUTE).into(),
            hold("gone", &[("mug", 1)], MINUTE).into(),
            hold("a", &[("mug", 15), ("mug", 2)], 7 * MINUTE).into(),
            release("gone").into(),
        ],
    );
    // The last hold has its last mug at `north`, and twice some at `main`.
    expect(&mut store, Query::HoldsOn(row(1, 1)), found_holds(&["z", "y", "a"]), &["z", "y", "a"], &[]);
    expect(&mut store, Query::HoldsOn(row(2, 1)), found_holds(&["y", "x"]), &["y", "x"], &[]);
    expect(&mut store, Query::HoldsOn(row(1, 2)), found_holds(&["a"]), &["a"], &[]);
    expect(&mut store, Query::HoldsOn(row(3, 1)), found_holds(&[]), &[], &[]);
    expect(&mut store, Query::HoldsOn(row(2, 2)), found_holds(&[]), &[], &[]);
    commit(&mut store, &at_noon([release("y").into(), release("a").into()]));
    expect(&mut store, Query::HoldsOn(row(1, 1)), found_holds(&["z"]), &["z"], &[]);
    expect(&mut store, Query::HoldsOn(row(2, 1)), found_holds(&["x"]), &["x"], &[]);
}

fn due_holds_by_time_and_number(bench: &Bench<'_>) {
    let mut store = shop(
        bench,
        [
            hold("third", &[("mug", 1)], 2 * MINUTE).into(),
            hold("fourth", &[("mug", 1)], 2 * MINUTE).into(),
            hold("first", &[("mug", 1)], MINUTE).into(),
            hold("later", &[("mug", 1)], MINUTE).into(),
            hold("second", &[("mug", 1)], 5 * MINUTE).into(),
            extend("later", 9 * MINUTE).into(),
            extend("second", MINUTE).into(),
        ],
    );
    let due = |after: i64, limit| Query::DueHolds { now_ms: NOON + after, limit };
    expect(&mut store, due(MINUTE - 1, 10), found_holds(&[]), &[], &[]);
    // At its very time a hold is due.
    expect(&mut store, due(MINUTE, 10), found_holds(&["first", "second"]), &["first", "second"], &[]);
    let all = ["first", "second", "third", "fourth"];
    expect(&mut store, due(8 * MINUTE, 10), found_holds(&all), &all, &[]);
    expect(&mut store, due(8 * MINUTE, 4), found_holds(&all), &all, &[]);
    expect(&mut store, due(8 * MINUTE, 3), found_holds(&all[..3]), &all[..3], &[]);
    expect(&mut store, due(8 * MINUTE, 1), found_holds(&all[..1]), &all[..1], &[]);
}

fn waiting_lines_in_their_order_with_their_orders(bench: &Bench<'_>) {
    let mut store = shop(
        bench,
        [
            backorder_limit("plate", "main", 100).into(),
            backorder_limit("mug", "main", 100).into(),
            backorder("b-2", &[("plate", 6)]).into(),
            backorder("b-1", &[("plate", 2), ("plate", 1), ("mug", 1)]).into(),
            backorder("b-4", &[("set", 15)]).into(),
            backorder("gone", &[("plate", 1)]).into(),
            backorder("b-3", &[("plate", 1)]).into(),
            cancel("gone").into(),
        ],
    );
    let all = backorders(&mut store);
    let waiting: Vec<Backorder> = all.iter().copied().filter(|line| line.stock == row(2, 1)).collect();
    let order_and_line: Vec<(u64, u32)> = waiting.iter().map(|line| (line.order.0, line.line)).collect();
    assert_eq!(order_and_line, [(1, 0), (2, 0), (2, 1), (3, 0), (5, 0)]);
    assert!(all.len() > waiting.len(), "another row is waited for too");

    let query = |after, limit| Query::Backorders { stock: row(2, 1), after, limit };
    let ids = ["b-2", "b-1", "b-4", "b-3"];
    expect(&mut store, query(None, 9), Found::Backorders(waiting.clone()), &[], &ids);
    expect(&mut store, query(None, 5), Found::Backorders(waiting.clone()), &[], &ids);
    expect(&mut store, query(None, 1), Found::Backorders(waiting[..1].to_vec()), &[], &ids[..1]);
    expect(&mut store, query(Some(waiting[0]), 2), Found::Backorders(waiting[1..3].to_vec()), &[], &["b-1"]);
    expect(&mut store, query(Some(waiting[1]), 2), Found::Backorders(waiting[2..4].to_vec()), &[], &ids[1..3]);
    expect(&mut store, query(Some(waiting[3]), 9), Found::Backorders(waiting[4..].to_vec()), &[], &ids[3..]);
    expect(&mut store, query(Some(waiting[4]), 9), Found::Backorders(Vec::new()), &[], &[]);
    // A place need not be one where somebody waits: the line may have been served since.
    let between = Backorder { line: 7, ..waiting[0] };
    expect(&mut store, query(Some(between), 1), Found::Backorders(waiting[1..2].to_vec()), &[], &["b-1"]);
    let nowhere = Query::Backorders { stock: row(1, 2), after: None, limit: 9 };
    expect(&mut store, nowhere, Found::Backorders(Vec::new()), &[], &[]);
}

fn the_orders_of_a_claim_chain(bench: &Bench<'_>) {
    let mut store = shop(
        bench,
        [
            order("o-1", &[("mug", 1)]).into(),
            order("o-2", &[("plate", 1)]).into(),
            order("o-3", &[("set", 1), ("mug", 1)]).into(),
            order("o-4", &[("mug", 1)]).into(),
            // It is in the chain already and stays in its place.
            edit("o-1", &[(1, 3)]).into(),
            ship("o-4").into(),
        ],
    );
    let claims = |sku, from| Query::Claims { stock: row(sku, 1), from: OrderNumber(from) };
    expect(&mut store, claims(1, 4), Found::Put, &[], &["o-4", "o-3", "o-1"]);
    expect(&mut store, claims(1, 3), Found::Put, &[], &["o-3", "o-1"]);
    expect(&mut store, claims(1, 1), Found::Put, &[], &["o-1"]);
    expect(&mut store, claims(2, 3), Found::Put, &[], &["o-3", "o-2"]);
    expect(&mut store, claims(1, 0), Found::Put, &[], &[]);
    // A row whose claims have all gone begins a new chain.
    commit(&mut store, &at_noon([ship("o-1").into(), ship("o-3").into(), order("o-5", &[("mug", 2)]).into()]));
    expect(&mut store, claims(1, 5), Found::Put, &[], &["o-5"]);
}

/// Four events at noon, two a minute later and two after another, which share a row each, and a last one.
fn nine_events(bench: &Bench<'_>) -> AnyStore {
    let mut store = bench.store();
    let nothing = Query::PrunableEvents { before_ms: NOON, limit: 10 };
    expect(&mut store, nothing, prunable(0, 0, false), &[], &[]);
    let two = receive("main", &[("mug", 1), ("plate", 1)]);
    commit(&mut store, &at_noon([sku("mug").into(), sku("plate").into(), location("main").into()]));
    commit(&mut store, &[at(NOON, sku("cup")), at(NOON + MINUTE, two.clone())]);
    commit(&mut store, &[at(NOON + 2 * MINUTE, two), at(NOON + 3 * MINUTE, sku("jar"))]);
    let rows: Vec<(u64, u64, i64)> =
        events(&mut store).iter().map(|row| (row.first_number, row.number, row.at_ms - NOON)).collect();
    assert_eq!(
        rows,
        [(1, 1, 0), (2, 2, 0), (3, 3, 0), (4, 4, 0), (5, 6, MINUTE), (7, 8, 2 * MINUTE), (9, 9, 3 * MINUTE)]
    );
    store
}

fn prunable(through: u64, events: u64, more: bool) -> Found {
    Found::PrunableEvents { through: (through > 0).then_some(through), events, more }
}

fn events_that_may_go(bench: &Bench<'_>) {
    let mut store = nine_events(bench);
    let query = |before: i64, limit| Query::PrunableEvents { before_ms: NOON + before, limit };
    for (before, limit, through, events, more) in [
        (0, 100, 0, 0, false),
        (1, 100, 4, 4, false),
        // Exactly the rows looked at may go: there may be more behind them.
        (1, 4, 4, 4, true),
        (1, 3, 3, 3, true),
        (1, 5, 4, 4, false),
        (MINUTE, 100, 4, 4, false),
        (MINUTE + 1, 100, 6, 6, false),
        (MINUTE + 1, 5, 6, 6, true),
        // The last row stays, because the counters are told from it.
        (9 * MINUTE, 100, 8, 8, false),
        (9 * MINUTE, 6, 8, 8, true),
        (9 * MINUTE, 1, 1, 1, true),
    ] {
        expect(&mut store, query(before, limit), prunable(through, events, more), &[], &[]);
    }
}

fn events_wait_for_every_subscription(bench: &Bench<'_>) {
    let mut store = nine_events(bench);
    let query = |limit| Query::PrunableEvents { before_ms: NOON + 9 * MINUTE, limit };
    let subscribe = |name: &str, after| Subscribe { subscription: name.into(), from: SubscribeFrom::After(after) };
    commit(&mut store, &at_noon([subscribe("fast", 9).into()]));
    expect(&mut store, query(100), prunable(8, 8, false), &[], &[]);
    commit(&mut store, &at_noon([subscribe("slow", 0).into()]));
    expect(&mut store, query(100), prunable(0, 0, false), &[], &[]);
    // In the middle of the row of 5 and 6: that row stays whole.
    for (cursor, through) in [(3, 3), (4, 4), (5, 4), (6, 6), (7, 6), (8, 8), (9, 8)] {
        commit(&mut store, &at_noon([Acknowledge { subscription: "slow".into(), through: cursor }.into()]));
        expect(&mut store, query(100), prunable(through, through, false), &[], &[]);
    }
}

fn keys_that_may_go(bench: &Bench<'_>) {
    let mut store = bench.store();
    // In byte order: "Z" "a" "b" "b!" "é"; the second, third and fourth are old.
    let commands = [("b", 0), ("é", 9), ("Z", 5), ("b!", 1), ("a", 2)];
    for (key, minute) in commands {
        let command = Command::from(Subscribe { subscription: key.into(), from: SubscribeFrom::Now }).with_key(key);
        commit(&mut store, &[at(NOON + minute * MINUTE, command)]);
    }
    let kept: Vec<String> = keys(&mut store).into_iter().map(|row| row.key).collect();
    assert_eq!(kept, ["Z", "a", "b", "b!", "é"]);
    let query = |after: &str, before: i64, limit| Query::PrunableKeys {
        after: after.into(),
        before_ms: NOON + before * MINUTE,
        limit,
    };
    let found = |keys: &[&str], next: Option<&str>| Found::PrunableKeys {
        keys: keys.iter().map(|key| (*key).into()).collect(),
        next: next.map(Into::into),
    };
    for (asked, expected) in [
        (query("", 0, 10), found(&[], None)),
        (query("", 1, 10), found(&["b"], None)),
        (query("", 2, 10), found(&["b", "b!"], None)),
        (query("", 9, 10), found(&["Z", "a", "b", "b!"], None)),
        (query("", 10, 10), found(&["Z", "a", "b", "b!", "é"], None)),
        // The limit counts the keys looked at, whether they may go or not.
        (query("", 3, 2), found(&["a"], Some("a"))),
        (query("a", 3, 2), found(&["b", "b!"], Some("b!"))),
        (query("b!", 3, 2), found(&[], None)),
        (query("", 3, 5), found(&["a", "b", "b!"], Some("é"))),
        (query("é", 3, 5), found(&[], None)),
        (query("aa", 3, 1), found(&["b"], Some("b"))),
    ] {
        expect(&mut store, asked, expected, &[], &[]);
    }
}

fn orders_that_may_lose_their_details(bench: &Bench<'_>) {
    let mut store = shop(bench, (1..=5).map(|number| order(&format!("o-{number}"), &[("mug", 1)]).into()));
    // Closed: 1 at once, 3 a minute later, 4 two minutes later; 2 and 5 are open.
    commit(&mut store, &[at(NOON, cancel("o-1"))]);
    commit(&mut store, &[at(NOON + MINUTE, ship("o-3")), at(NOON + 2 * MINUTE, ship("o-4"))]);
    let query = |after, before: i64, limit| Query::PrunableOrders {
        after: OrderNumber(after),
        before_ms: NOON + before,
        limit,
    };
    let found = |orders: &[u64], next: u64| Found::PrunableOrders {
        orders: orders.iter().copied().map(OrderNumber).collect(),
        next: (next > 0).then_some(OrderNumber(next)),
    };
    expect(&mut store, query(0, 0, 9), found(&[], 0), &[], &[]);
    expect(&mut store, query(0, 1, 9), found(&[1], 0), &[], &["o-1"]);
    expect(&mut store, query(0, MINUTE, 9), found(&[1], 0), &[], &["o-1"]);
    expect(&mut store, query(0, MINUTE + 1, 9), found(&[1, 3], 0), &[], &["o-1", "o-3"]);
    expect(&mut store, query(0, 9 * MINUTE, 9), found(&[1, 3, 4], 0), &[], &["o-1", "o-3", "o-4"]);
    expect(&mut store, query(0, 9 * MINUTE, 3), found(&[1, 3], 3), &[], &["o-1", "o-3"]);
    expect(&mut store, query(3, 9 * MINUTE, 2), found(&[4], 5), &[], &["o-4"]);
    expect(&mut store, query(5, 9 * MINUTE, 2), found(&[], 0), &[], &[]);
    expect(&mut store, query(0, 9 * MINUTE, 2), found(&[1], 2), &[], &["o-1"]);
    // What was pruned is not found again.
    let prune = stockroom::Prune { before_ms: NOON + 1, limit: 9, from: stockroom::PruneFrom::Orders(0) };
    commit(&mut store, &[at(NOON + 3 * MINUTE, prune)]);
    expect(&mut store, query(0, 9 * MINUTE, 9), found(&[3, 4], 0), &[], &["o-3", "o-4"]);
}

fn searches_see_what_the_unit_wrote(bench: &Bench<'_>) {
    let mut store = shop(
        bench,
        [
            backorder_limit("plate", "main", 10).into(),
            hold("old", &[("mug", 1)], MINUTE).into(),
            backorder("b-1", &[("plate", 6)]).into(),
            order("o-1", &[("mug", 1)]).into(),
        ],
    );
    let held = Query::HoldsOn(row(1, 1));
    let due = Query::DueHolds { now_ms: NOON + MINUTE, limit: 9 };
    let waiting = Query::Backorders { stock: row(2, 1), after: None, limit: 9 };
    let claims = Query::Claims { stock: row(1, 1), from: OrderNumber(3) };
    let keys_after = Query::PrunableKeys { after: String::new(), before_ms: NOON + 1, limit: 9 };
    let closed = Query::PrunableOrders { after: OrderNumber(0), before_ms: NOON + 1, limit: 9 };
    let old = Query::PrunableEvents { before_ms: NOON + 1, limit: 99 };
    let asked = [held, due, waiting, claims, keys_after, closed, old];
    let before: Vec<_> = asked.iter().map(|query| reading(&mut store, |store| supplied(store, &asks(query)))).collect();

    store.begin(Mode::Write).expect("begins");
    let unit = [
        release("old").into(),
        hold("new", &[("mug", 2)], MINUTE).into(),
        backorder("b-2", &[("plate", 1), ("mug", 1)]).into(),
        cancel("b-1").into(),
        Command::from(ship("o-1")).with_key("k"),
    ];
    decide(&mut store, &at_noon(unit), Finish::Stay);
    let within: Vec<_> = asked.iter().map(|query| supplied(&mut store, &asks(query))).collect();
    for ((query, before), within) in asked.iter().zip(&before).zip(&within) {
        assert_ne!(before, within, "{query:?}");
    }
    write(&mut store, stockroom::engine::Changes::default(), Finish::Commit);
    let after: Vec<_> = asked.iter().map(|query| reading(&mut store, |store| supplied(store, &asks(query)))).collect();
    assert_eq!(within, after);
}

fn several_searches_in_one_call(bench: &Bench<'_>) {
    let mut store = shop(bench, [hold("h", &[("mug", 1)], MINUTE).into(), order("o-1", &[("plate", 1)]).into()]);
    let needs = Needs {
        queries: vec![
            Query::Claims { stock: row(2, 1), from: OrderNumber(1) },
            Query::HoldsOn(row(1, 1)),
            Query::HoldsOn(row(2, 1)),
        ],
        stock: vec![row(9, 1)],
        ..Needs::default()
    };
    let (held, placed) = (holds(&mut store), orders(&mut store));
    let expected = putting(|rows| {
        rows.put_stock(row(9, 1), None);
        placed.into_iter().for_each(|order| rows.put_order(order));
        held.into_iter().for_each(|hold| rows.put_hold("h", Some(hold)));
        rows.put_found(needs.queries[0].clone(), Found::Put);
        rows.put_found(needs.queries[1].clone(), found_holds(&["h"]));
        rows.put_found(needs.queries[2].clone(), found_holds(&[]));
    });
    assert_eq!(reading(&mut store, |store| supplied(store, &needs)), expected);
}
