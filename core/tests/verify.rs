//! That a broken state is found: `verify()` over a store whose rows were tampered with, and the checks made on
//! every commit over a store that lies about what it holds.

mod common;

use common::samples::prepared;
use common::{START_MS, furnishing, order, receive};
use stockroom::engine::{Changes, Needs, Record, WorkingSet};
use stockroom::fulfillment::{FulfillmentOrder, FulfillmentState};
use stockroom::inventory::Stock;
use stockroom::memory::MemoryStore;
use stockroom::order::OrderState;
use stockroom::ports::{Finish, Freshness, Mode, Page, Rows, Store, Written};
use stockroom::{
    AdjustStock, CancelOrder, Command, DeliveryBody, ErrorKind, NewOrder, OrderNumber, ReleaseHold, Result,
    SetStockPolicy, StockPolicy, Stockroom, Verification,
};

/// A store over the one in memory that changes what it hands out.
struct Tampered<R, S> {
    store: MemoryStore,
    /// Changes the rows of a page.
    rows: R,
    /// Changes the stock rows that are supplied.
    supplied: S,
}

impl<R: Fn(&mut Rows), S: Fn(&mut WorkingSet, &Needs)> Store for Tampered<R, S> {
    fn begin(&mut self, mode: Mode) -> Result<Freshness> {
        self.store.begin(mode)
    }

    fn supply(&mut self, needs: &Needs, rows: &mut WorkingSet) -> Result<()> {
        self.store.supply(needs, rows)?;
        (self.supplied)(rows, needs);
        Ok(())
    }

    fn write(&mut self, changes: Changes, finish: Finish) -> Result<Written> {
        self.store.write(changes, finish)
    }

    fn rollback(&mut self) -> Result<()> {
        self.store.rollback()
    }

    fn page(&mut self, page: &Page, limit: u32) -> Result<Rows> {
        let mut rows = self.store.page(page, limit)?;
        (self.rows)(&mut rows);
        Ok(rows)
    }

    fn freshness(&mut self) -> Result<Freshness> {
        self.store.freshness()
    }
}

/// A store in which something of everything stands: stock, holds, orders in every state, one that waits.
fn full_store() -> MemoryStore {
    let shop = prepared();
    let policy = SetStockPolicy { sku: "mug".into(), location: "main".into(), ..SetStockPolicy::default() };
    shop.accept(SetStockPolicy { backorder_limit: Some(99), ..policy });
    shop.accept(NewOrder { policy: StockPolicy::Backorder, ..order("o-waits", &[("mug", 50)]) });
    shop.assert_verified();
    shop.room.into_store()
}

/// What a verification finds when the pages of a kind are tampered with.
fn found(tamper: impl Fn(&mut Rows)) -> Verification {
    let store = Tampered { store: full_store(), rows: tamper, supplied: |_: &mut WorkingSet, _: &Needs| {} };
    Stockroom::new(store, || START_MS).verify().expect("it can be read")
}

/// Units that left of what was to be picked, by how many there were.
fn set_shipped(row: &mut FulfillmentOrder, shipped: fn(i64) -> i64) {
    let mut items = row.items().expect("they can be read").to_vec();
    items.iter_mut().for_each(|item| item.shipped = shipped(item.quantity));
    row.items = items.into();
}

#[test]
fn a_state_that_was_not_tampered_with_is_whole() {
    let report = found(|_| {});
    assert!(report.is_ok(), "{report}");
    assert!(
        report.stock_rows >= 3 && report.orders >= 7 && report.holds == 1 && report.events > 20 && report.movements > 3
    );
    assert_eq!(report.to_string(), "ok");
}

#[test]
fn whatever_is_tampered_with_is_found_under_its_name() {
    type Tamper = fn(&mut Rows);
    let cases: &[(&str, &str, Tamper)] = &[
        ("CONSERVED", "a unit more on hand", |rows| {
            if let Rows::Stock(rows) = rows {
                rows.iter_mut().for_each(|row| row.stock.on_hand += 1);
            }
        }),
        ("CONSERVED", "a movement gone", |rows| {
            if let Rows::Movements(rows) = rows {
                drop(rows.drain(..rows.len().min(1)));
            }
        }),
        ("CONSERVED", "a movement of another quantity", |rows| {
            if let Rows::Movements(rows) = rows {
                rows.iter_mut().take(1).for_each(|row| row.quantity += 1);
            }
        }),
        ("CLAIMED", "a unit more held", |rows| {
            if let Rows::Stock(rows) = rows {
                rows.iter_mut().take(1).for_each(|row| row.stock.held += 1);
            }
        }),
        ("CLAIMED", "a unit less allocated", |rows| {
            if let Rows::Stock(rows) = rows {
                rows.iter_mut().take(1).for_each(|row| row.stock.allocated -= 1);
            }
        }),
        ("CLAIMED", "a unit more backordered", |rows| {
            if let Rows::Stock(rows) = rows {
                rows.iter_mut().take(1).for_each(|row| row.stock.backordered += 1);
            }
        }),
        ("CLAIMED", "the claim chain cut", |rows| {
            if let Rows::Stock(rows) = rows {
                rows.iter_mut().for_each(|row| row.stock.last_claim = OrderNumber(0));
            }
        }),
        ("CLAIMED", "links lost", |rows| {
            if let Rows::Orders(rows) = rows {
                rows.iter_mut().for_each(|row| row.body.links.clear());
            }
        }),
        ("CLAIMED", "an order that claims a unit more", |rows| {
            if let Rows::Orders(rows) = rows {
                rows.iter_mut().flat_map(|row| row.body.allocations.first_mut()).for_each(|a| a.open += 1);
            }
        }),
        ("CLAIMED", "a line of more units than are accounted for", |rows| {
            if let Rows::Orders(rows) = rows {
                rows.iter_mut().flat_map(|row| row.body.lines.first_mut()).for_each(|line| line.quantity += 1);
            }
        }),
        ("CLAIMED", "more returned than shipped", |rows| {
            if let Rows::Orders(rows) = rows {
                rows.iter_mut().flat_map(|row| row.body.lines.first_mut()).for_each(|line| line.returned = 9);
            }
        }),
        ("CLAIMED", "an open order that is closed", |rows| {
            if let Rows::Orders(rows) = rows {
                rows.iter_mut().for_each(|row| row.state = OrderState::Cancelled);
            }
        }),
        ("CLAIMED", "a hold gone", |rows| {
            if let Rows::Holds(rows) = rows {
                drop(rows.pop());
            }
        }),
        ("CLAIMED", "a place in the queue gone", |rows| {
            if let Rows::Backorders(rows) = rows {
                rows.clear();
            }
        }),
        ("CLAIMED", "a place in the queue that nobody has", |rows| {
            if let Rows::Backorders(rows) = rows {
                rows.iter_mut().for_each(|row| row.since += 1);
            }
        }),
        ("EVENT-IFF", "an order gone", |rows| {
            if let Rows::Orders(rows) = rows {
                drop(rows.drain(..rows.len().min(1)));
            }
        }),
        ("EVENT-IFF", "an event gone", |rows| {
            if let Rows::Events(rows) = rows {
                rows.retain(|row| row.first_number != 7);
            }
        }),
        ("EVENT-IFF", "a level that no event said", |rows| {
            if let Rows::Stock(rows) = rows {
                rows.iter_mut().for_each(|row| row.stock.safety_stock += 1);
            }
        }),
        ("IN-ORDER", "an event before its time", |rows| {
            if let Rows::Events(rows) = rows {
                rows.last_mut().into_iter().for_each(|row| row.at_ms = 0);
            }
        }),
        ("IN-ORDER", "a subscription ahead of everything", |rows| {
            if let Rows::Subscriptions(rows) = rows {
                rows.iter_mut().for_each(|row| row.cursor = 1_000_000);
            }
        }),
    ];
    for (invariant, what, tamper) in cases {
        let report = found(tamper);
        assert!(!report.is_ok(), "{what} was not found");
        assert!(report.problems.iter().any(|problem| problem.invariant == *invariant), "{what}: {report}");
    }
}

/// Each of what a stock row adds up, without any row to stand in.
#[test]
fn what_is_claimed_or_moved_at_no_row_is_found() {
    type Left = fn(&mut Rows) -> bool;
    let cases: &[(&str, bool, Left)] = &[
        ("units on hand", true, |rows| matches!(rows, Rows::Movements(_))),
        ("held units", true, |rows| matches!(rows, Rows::Holds(_))),
        ("claims and places in queues", true, |rows| matches!(rows, Rows::Orders(_))),
        ("orders that claim nothing any more", false, |rows| match rows {
            Rows::Orders(orders) => {
                orders.retain(|order| order.state.is_closed());
                true
            }
            _ => false,
        }),
    ];
    for (what, is_found, left) in cases {
        let report = found(|rows| {
            if left(rows) {
                return;
            }
            match rows {
                Rows::Stock(stock) => stock.clear(),
                Rows::Movements(movements) => movements.clear(),
                Rows::Holds(holds) => holds.clear(),
                Rows::Orders(orders) => orders.clear(),
                _ => {}
            }
        });
        let said = report
            .problems
            .iter()
            .any(|problem| problem.detail.ends_with("stock rows are claimed or moved but absent"));
        assert_eq!(said, *is_found, "{what}: {report}");
    }
}

/// Changes every record of the kind that the pattern names.
macro_rules! each {
    ($variant:ident, $row:ident => $change:expr) => {
        |rows: &mut Rows| {
            if let Rows::Records(rows) = rows {
                for record in rows {
                    if let Record::$variant($row) = record {
                        $change;
                    }
                }
            }
        }
    };
}

/// Takes the first record of the kind that the pattern names away.
macro_rules! without {
    ($variant:ident) => {
        |rows: &mut Rows| {
            if let Rows::Records(rows) = rows {
                if rows.len() > 1 && matches!(rows[0], Record::$variant(_)) {
                    drop(rows.remove(0));
                }
            }
        }
    };
}

#[test]
fn rows_of_channels_that_do_not_fit_together_are_found() {
    type Tamper = fn(&mut Rows);
    let cases: &[(&str, &str, Tamper)] = &[
        ("SETTLED", "a shop of no channel", each!(ChannelSettings, row => row.channel = "nosuch".into())),
        ("SETTLED", "a shop of no destination", each!(ChannelSettings, row => row.destination = "nosuch".into())),
        ("SETTLED", "a batch that is not written yet", each!(ChannelSettings, row => row.open_batch = 99)),
        ("SETTLED", "a listing gone", without!(Listing)),
        ("SETTLED", "a listing of another SKU", each!(Listing, row => row.sku = "plate".into())),
        ("SETTLED", "a listing under another name", each!(Listing, row => row.item.push('x'))),
        ("SETTLED", "listings under one name", each!(Listing, row => row.item = "I-mug".into())),
        ("SETTLED", "a listing of a channel without a shop", each!(Listing, row => row.channel = "web".into())),
        ("SETTLED", "a listing in no delivery", each!(Listing, row => row.delivery = 1)),
        (
            "SETTLED",
            "a listing in another's delivery",
            each!(Listing, row => {
                row.delivery = if row.delivery == 2 { 5 } else { row.delivery };
            }),
        ),
        (
            "SETTLED",
            "a delivery without its listings",
            each!(Delivery, row => {
                if let DeliveryBody::SetQuantities(batch) = &mut row.body {
                    batch.listings.clear();
                }
            }),
        ),
        (
            "SETTLED",
            "a delivery of another channel",
            each!(Delivery, row => {
                if let DeliveryBody::SetQuantities(batch) = &mut row.body {
                    batch.channel = "web".into();
                }
            }),
        ),
        ("SETTLED", "a shop's name gone", without!(ListedItem)),
        ("SETTLED", "a shop's name of another SKU", each!(ListedItem, row => row.sku_number.0 += 1)),
        ("SETTLED", "a SKU that leads nowhere", without!(ListedSku)),
        (
            "SETTLED",
            "a SKU that does not lead to a bundle's listing",
            each!(ListedSku, row => {
                row.listings.retain(|(_, sku)| *sku == row.sku_number);
            }),
        ),
        (
            "SETTLED",
            "a SKU that leads to what is not listed",
            each!(ListedSku, row => {
                row.listings.push(("web".into(), row.sku_number));
            }),
        ),
        ("SETTLED", "a SKU's listings in another order", each!(ListedSku, row => row.listings.reverse())),
        (
            "ONE-EFFECT",
            "an order taken in as another",
            each!(TakenOrder, row => {
                row.order.0 -= u64::from(row.order.0 > 1);
            }),
        ),
        (
            "ONE-EFFECT",
            "an order taken in as none that is",
            each!(TakenOrder, row => {
                row.order.0 = if row.order.0 > 0 { u64::MAX } else { 0 };
            }),
        ),
        ("ONE-EFFECT", "an order taken in of another channel", each!(TakenOrder, row => row.channel = "web".into())),
    ];
    for (invariant, what, tamper) in cases {
        let report = found(tamper);
        assert!(!report.is_ok(), "{what} was not found");
        assert!(report.problems.iter().all(|problem| problem.invariant == *invariant), "{what}: {report}");
    }
    // An order of which nothing is ours names none.
    let report = found(each!(TakenOrder, row => row.order.0 = 0));
    assert!(report.is_ok(), "{report}");
}

#[test]
fn a_claim_beyond_what_may_be_promised_is_found_in_the_events() {
    // The level after the order for 50 of 13 mugs, were none of them promised beyond stock.
    let report = found(|rows| {
        if let Rows::Events(rows) = rows {
            for row in rows {
                row.facts = row.facts.replace(",99]", ",0]");
            }
        }
    });
    assert!(report.problems.iter().any(|problem| problem.invariant == "NOT-OVERSOLD"), "{report}");
}

#[test]
fn a_shortfall_that_nobody_said_is_found() {
    let shop = prepared();
    let lost = AdjustStock { sku: "mug".into(), location: "main".into(), difference: -23, lost: true, reference: None };
    shop.accept(lost);
    shop.assert_verified();
    let silence = |rows: &mut Rows| {
        if let Rows::Events(rows) = rows {
            let last = rows.last_mut().filter(|row| row.facts.contains("stock.shortfall"));
            // The fact is put in the place of another kind that says nothing of stock.
            if let Some(row) = last {
                let levels = row.facts.split_once("],\"stock\":").expect("a row has facts and levels").1.to_owned();
                row.facts =
                    format!("{{\"facts\":[{{\"location.registered\":{{\"location\":\"main\"}}}}],\"stock\":{levels}");
            }
        }
    };
    let store = Tampered { store: shop.room.into_store(), rows: silence, supplied: |_: &mut WorkingSet, _: &Needs| {} };
    let report = Stockroom::new(store, || START_MS).verify().expect("it can be read");
    assert!(report.problems.iter().any(|problem| problem.invariant == "SHORTFALL-SAID"), "{report}");
}

#[test]
fn events_that_cannot_be_read_are_a_corrupt_store() {
    let garble = |rows: &mut Rows| {
        if let Rows::Events(rows) = rows {
            rows.iter_mut().for_each(|row| row.facts.truncate(5));
        }
    };
    let store = Tampered { store: full_store(), rows: garble, supplied: |_: &mut WorkingSet, _: &Needs| {} };
    let room = Stockroom::new(store, || START_MS);
    assert_eq!(room.verify().expect_err("they cannot be read").kind(), ErrorKind::Corrupt);
    assert_eq!(room.events(0, 10).expect_err("they cannot be read").kind(), ErrorKind::Corrupt);
}

#[test]
fn problems_beyond_a_hundred_are_counted() {
    let shop = common::Shop::stocked(&[]);
    let skus: Vec<String> = (0..150).map(|number| format!("sku-{number}")).collect();
    for sku in &skus {
        shop.accept(stockroom::RegisterSku { sku: sku.clone(), components: None });
        shop.accept(receive("main", sku, 1));
    }
    let more = |rows: &mut Rows| {
        if let Rows::Stock(rows) = rows {
            rows.iter_mut().for_each(|row| row.stock.held += 1);
        }
    };
    let store = Tampered { store: shop.room.into_store(), rows: more, supplied: |_: &mut WorkingSet, _: &Needs| {} };
    let report = Stockroom::new(store, || START_MS).verify().expect("it can be read");
    assert_eq!(report.problems.len(), 100);
    assert!(report.more_problems >= 50 && report.to_string().contains("more"), "{report}");
}

/// A command over a store that supplies every stock row with other quantities than it holds.
fn over_a_lie(level: Stock, command: impl Into<Command>) -> (Result<stockroom::Reply>, bool) {
    let lie = move |rows: &mut WorkingSet, needs: &Needs| {
        needs.stock.iter().for_each(|number| rows.put_stock(*number, Some(level)));
    };
    let room = Stockroom::new(Tampered { store: full_store(), rows: |_: &mut Rows| {}, supplied: lie }, || START_MS);
    let before = room.digest().expect("it can be read");
    let reply = room.execute_at(START_MS + 120_000, command);
    (reply, room.digest().expect("it can be read") == before)
}

#[test]
fn what_would_break_an_invariant_is_not_written() {
    let cancel = || CancelOrder { order: "o-open".into(), ..CancelOrder::default() };
    let level = Stock { on_hand: 100, allocated: 2, last_claim: OrderNumber(1), ..Stock::default() };
    let cases: Vec<(&str, Stock, Command)> = vec![
        ("fewer allocated than the order claims", level, cancel().into()),
        ("none held where a hold is released", level, ReleaseHold { hold: "h-live".into() }.into()),
        ("claims without a chain", Stock { last_claim: OrderNumber(0), ..level }, receive("main", "mug", 1).into()),
        ("a chain without claims", Stock { allocated: 0, ..level }, receive("main", "mug", 1).into()),
        ("more backordered than allocated", Stock { backordered: 3, ..level }, receive("main", "mug", 1).into()),
    ];
    for (what, level, command) in cases {
        let (reply, untouched) = over_a_lie(level, command);
        let error = reply.expect_err(what);
        assert_eq!(error.kind(), ErrorKind::InvariantBroken, "{what}: {error}");
        assert!(!error.is_retryable());
        assert!(untouched, "{what}");
    }
}

#[test]
fn what_no_command_could_have_written_is_not_taken_from_a_store() {
    let level = Stock { on_hand: 100, allocated: 2, last_claim: OrderNumber(1), ..Stock::default() };
    for (what, level) in [
        ("less than nothing unavailable", Stock { unavailable: -1, ..level }),
        ("less than nothing held", Stock { held: -1, ..level }),
    ] {
        let (reply, untouched) = over_a_lie(level, receive("main", "mug", 1));
        let error = reply.expect_err(what);
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{what}: {error}");
        assert!(!error.is_retryable());
        assert!(untouched, "{what}");
    }
}

#[test]
fn an_honest_store_is_believed() {
    let room = Stockroom::new(MemoryStore::new(), || START_MS);
    for command in furnishing(&[("main", "mug", 1)]) {
        assert!(room.execute(command).expect("it is answered").accepted().is_ok());
    }
    assert!(room.verify().expect("it can be read").is_ok());
    let mut told = Vec::new();
    room.verify_with(&mut |read| told.push(read)).expect("it can be read");
    assert!(told.windows(2).all(|pair| pair[0] <= pair[1]) && told.last() > Some(&5), "{told:?}");
}

/// Each condition by itself, told by what is said of it: another that fails as well must not hide that it was looked at.
#[test]
fn what_is_wrong_is_said() {
    type Tamper = fn(&mut Rows);
    let cases: &[(&str, &str, Tamper)] = &[
        ("has a negative allocation", "open", |rows| {
            if let Rows::Orders(rows) = rows {
                rows.iter_mut().flat_map(|row| row.body.allocations.first_mut()).for_each(|a| a.open = -1);
            }
        }),
        ("has a negative allocation", "beyond stock", |rows| {
            if let Rows::Orders(rows) = rows {
                rows.iter_mut().flat_map(|row| row.body.allocations.first_mut()).for_each(|a| a.backordered = -1);
            }
        }),
        ("has a negative allocation", "gone", |rows| {
            if let Rows::Orders(rows) = rows {
                rows.iter_mut().flat_map(|row| row.body.allocations.first_mut()).for_each(|a| a.shipped = -1);
            }
        }),
        ("do not add up", "more came back than left", |rows| {
            if let Rows::Orders(rows) = rows {
                rows.iter_mut().flat_map(|row| row.body.lines.first_mut()).for_each(|line| line.returned = 99);
            }
        }),
        ("open units", "closed at no time", |rows| {
            if let Rows::Orders(rows) = rows {
                rows.iter_mut().filter(|row| row.state.is_closed()).for_each(|row| row.closed_at_ms = None);
            }
        }),
        ("open units", "open, and closed at a time", |rows| {
            if let Rows::Orders(rows) = rows {
                rows.iter_mut().filter(|row| !row.state.is_closed()).for_each(|row| row.closed_at_ms = Some(START_MS));
            }
        }),
        ("stands where", "an event row that ends before it begins", |rows| {
            if let Rows::Events(rows) = rows {
                rows.iter_mut().skip(3).take(1).for_each(|row| row.number = row.first_number - 1);
            }
        }),
        ("stands where", "an event row that begins later", |rows| {
            if let Rows::Events(rows) = rows {
                rows.iter_mut().skip(3).take(1).for_each(|row| row.first_number += 1);
            }
        }),
        (
            "its units do not add up",
            "more gone than there were",
            each!(Fulfillment, row => {
                if row.state != FulfillmentState::Shipped {
                    set_shipped(row, |quantity| quantity + 1);
                }
            }),
        ),
        (
            "its units do not add up",
            "shipped with units left",
            each!(Fulfillment, row => {
                set_shipped(row, |_| 0);
                row.state = FulfillmentState::Shipped;
            }),
        ),
        ("one is not registered", "a shop of no channel", each!(ChannelSettings, row => row.channel = "nosuch".into())),
        ("one is not registered", "one to nowhere", each!(ChannelSettings, row => row.destination = "nosuch".into())),
        (
            "not in their order",
            "listings of a SKU twice",
            each!(ListedSku, row => row.listings.push(row.listings[0].clone())),
        ),
        ("not in their order", "no listings of a SKU", each!(ListedSku, row => row.listings.clear())),
        (
            "not in their order",
            "a listing said twice",
            each!(ListedSku, row => {
                row.listings.truncate(1);
                row.listings.push(row.listings[0].clone());
            }),
        ),
        ("hands over another", "a delivery under another key", each!(Delivery, row => row.key.push('x'))),
        ("by delivery", "another delivery", each!(Fulfillment, row => row.delivery += u64::from(row.delivery > 0))),
        (
            "by delivery",
            "requested by none",
            each!(Fulfillment, row => {
                if row.state == FulfillmentState::Accepted {
                    row.state = FulfillmentState::Requested;
                }
            }),
        ),
    ];
    for (said, what, tamper) in cases {
        let report = found(tamper);
        assert!(report.problems.iter().any(|problem| problem.detail.contains(said)), "{what}: {report}");
    }
}

/// Levels of mugs at `main`, one event after the other: on hand, unavailable, safety stock, held, allocated, backordered,
/// backorder limit. Whether the last claims more than may be promised, and whether it is short and nothing says so.
#[test]
fn each_step_of_a_level_is_judged_by_the_one_before_it() {
    type Level = [i64; 7];
    let cases: &[(&[Level], bool, bool)] = &[
        (&[[10, 0, 0, 0, 10, 0, 0]], false, false),
        (&[[10, 0, 0, 0, 11, 0, 0]], true, true),
        (&[[10, 0, 0, 4, 6, 0, 0]], false, false),
        (&[[10, 0, 0, 5, 6, 0, 0]], true, true),
        (&[[10, 2, 0, 0, 8, 0, 0]], false, false),
        (&[[10, 2, 0, 0, 9, 0, 0]], true, true),
        (&[[10, 0, 3, 0, 7, 0, 0]], false, false),
        (&[[10, 0, 3, 0, 8, 0, 0]], true, false),
        (&[[10, 0, 0, 0, 12, 2, 2]], false, false),
        (&[[10, 0, 0, 0, 13, 3, 2]], true, false),
        (&[[10, 0, 0, 0, 12, 1, 2]], false, true),
        // What was promised rightly stays promised, and what is short was said before.
        (&[[10, 0, 0, 0, 8, 0, 0], [10, 0, 5, 0, 8, 0, 0]], false, false),
        (&[[10, 0, 0, 0, 8, 0, 0], [10, 0, 5, 0, 9, 0, 0]], true, false),
        (&[[10, 0, 0, 0, 8, 0, 0], [5, 0, 0, 0, 8, 0, 0]], false, true),
        (&[[10, 0, 0, 2, 9, 0, 0], [10, 0, 0, 2, 9, 0, 0]], false, false),
        (&[[10, 0, 0, 2, 9, 0, 0], [9, 0, 0, 2, 9, 0, 0]], false, true),
    ];
    for (steps, oversold, short) in cases {
        let shop = common::Shop::stocked(&[]);
        let first = shop.events().len() as u64 + 1;
        steps.iter().for_each(|_| drop(shop.accept(receive("main", "mug", 1))));
        let levels = |rows: &mut Rows| {
            let Rows::Events(rows) = rows else { return };
            for row in rows.iter_mut().filter(|row| row.number >= first) {
                let level = steps[(row.number - first) as usize].map(|units| units.to_string()).join(",");
                row.facts = format!("{{\"facts\":[],\"stock\":[[\"mug\",\"main\",{level}]]}}");
            }
        };
        let last = first + steps.len() as u64 - 1;
        let report = verified(shop, levels);
        let says = |invariant: &str| {
            let event = format!("event {last} ");
            report.problems.iter().any(|it| it.invariant == invariant && it.detail.starts_with(&event))
        };
        assert_eq!((says("NOT-OVERSOLD"), says("SHORTFALL-SAID")), (*oversold, *short), "{steps:?}: {report}");
    }
}

/// What a verification finds in a shop whose pages are tampered with.
fn verified(shop: common::Shop, rows: impl Fn(&mut Rows)) -> Verification {
    let store = Tampered { store: shop.room.into_store(), rows, supplied: |_: &mut WorkingSet, _: &Needs| {} };
    Stockroom::new(store, || START_MS).verify().expect("it can be read")
}

#[test]
fn a_shortfall_is_said_of_its_own_sku_and_place() {
    for (sku, location, is_said) in [("mug", "main", true), ("mug", "backup", false), ("plate", "main", false)] {
        let shop = common::Shop::stocked(&[("main", "mug", 10)]);
        let short = |rows: &mut Rows| {
            let Rows::Events(rows) = rows else { return };
            let Some(row) = rows.last_mut() else { return };
            let shortfall =
                format!(r#"{{"sku":"{sku}","location":"{location}","shortfall":1,"holds":[],"orders":[]}}"#);
            row.facts =
                format!(r#"{{"facts":[{{"stock.shortfall":{shortfall}}}],"stock":[["mug","main",10,0,0,0,11,0,0]]}}"#);
        };
        let report = verified(shop, short);
        let unsaid = report.problems.iter().any(|problem| problem.invariant == "SHORTFALL-SAID");
        assert_eq!(unsaid, !is_said, "{sku} at {location}: {report}");
    }
}

#[test]
fn orders_and_the_events_that_place_them_are_counted_together() {
    let says = |report: &Verification, what: &str| report.problems.iter().any(|it| it.detail.contains(what));
    let report = found(|rows| {
        if let Rows::Orders(rows) = rows {
            drop(rows.pop());
        }
    });
    assert!(says(&report, "events that place one"), "{report}");
    let shop = common::Shop::stocked(&[("main", "mug", 10)]);
    shop.accept(order("o-1", &[("mug", 1)]));
    let report = verified(shop, |rows| {
        if let Rows::Events(rows) = rows {
            rows.iter_mut().for_each(|row| row.facts = row.facts.replace(r#"["o-1",1,"#, r#"["o-1",7,"#));
        }
    });
    assert!(says(&report, "places order 7"), "{report}");
}

/// The events before are gone, so that they can say nothing: neither of orders, nor of claims that lost their cover.
#[test]
fn what_is_left_after_pruning_is_whole() {
    let shop = common::Shop::stocked(&[("main", "mug", 10)]);
    shop.accept(order("o-1", &[("mug", 4)]));
    shop.accept(order("o-2", &[("mug", 4)]));
    let lost = AdjustStock { sku: "mug".into(), location: "main".into(), difference: -5, lost: true, reference: None };
    shop.accept(lost);
    shop.set_clock(START_MS + 1_000);
    shop.accept(receive("main", "mug", 1));
    shop.accept(receive("main", "plate", 3));
    shop.accept(order("o-3", &[("plate", 1)]));
    assert!(shop.room.prune(START_MS + 1_000).expect("it prunes").events > 0);
    assert!(shop.events()[0].number > 1);
    shop.assert_verified();
    // What comes after it is judged.
    let report = verified(shop, |rows| {
        if let Rows::Events(rows) = rows {
            let too_many = r#"["plate","main",3,0,0,0,9,0,0]"#;
            rows.iter_mut().for_each(|row| {
                row.facts = row.facts.replace(r#"["plate","main",3,0,0,0,1,0,0]"#, too_many);
            });
        }
    });
    assert!(report.problems.iter().any(|problem| problem.invariant == "NOT-OVERSOLD"), "{report}");
}

#[test]
fn a_claim_chain_that_begins_too_far_back_is_found() {
    let shop = common::Shop::stocked(&[("main", "mug", 10)]);
    shop.accept(order("o-1", &[("mug", 1)]));
    shop.accept(order("o-2", &[("mug", 2)]));
    let report = verified(shop, |rows| {
        if let Rows::Stock(rows) = rows {
            rows.iter_mut().for_each(|row| row.stock.last_claim = OrderNumber(1));
        }
    });
    assert!(report.problems.iter().any(|it| it.detail.ends_with("reaches 1 of 3 units")), "{report}");
}
