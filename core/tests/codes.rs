//! Rejection codes: that `docs/codes.md` explains every one and no other, that every one can happen, and that
//! the lowest number wins where several apply.

mod common;

use std::collections::BTreeSet;

use common::samples::{Sample, Wrong, prepared, samples};
use common::{START_MS, Shop, order, receive};
use stockroom::engine::{Changes, Needs, WorkingSet};
use stockroom::inventory::Stock;
use stockroom::memory::MemoryStore;
use stockroom::ports::{Finish, Freshness, Mode, Page, Rows, Store, Written};
use stockroom::quantity::LEVEL_MAX;
use stockroom::{
    AdjustStock, Code, Command, EditOrder, NewOrder, OrderNumber, RegisterLocation, Reply, Result, SetStockPolicy,
    ShipOrder, StockPolicy, Stockroom,
};

#[test]
fn the_page_has_one_heading_for_every_code_in_order() {
    let page = include_str!("../../docs/codes.md");
    let is_code = |heading: &&str| heading.starts_with(|first: char| first.is_ascii_digit());
    let headings: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("## ")).filter(is_code).collect();
    let codes: Vec<String> = Code::ALL.iter().map(|code| format!("{} {}", code.number(), code.name())).collect();
    assert_eq!(headings, codes);
    // Each says something.
    for heading in headings {
        let (_, after) = page.split_once(&format!("\n## {heading}\n")).expect("it is there");
        let text = after.split("\n## ").next().unwrap_or_default();
        assert!(text.trim().len() > 25, "{heading} is not explained");
    }
}

#[test]
fn numbers_and_names_are_for_ever() {
    // A released code keeps its number and its name. Add to this list; never change a line of it.
    let released = "100 key_invalid, 101 key_reused, 102 order_exists, 103 hold_exists, 200 id_invalid, \
        201 text_invalid, 202 lines_missing, 203 too_many_lines, 204 quantity_out_of_range, 205 price_out_of_range, \
        206 value_out_of_range, 207 currency_unknown, 208 totals_mismatch, 209 time_out_of_range, \
        210 duplicate_entry, 211 too_many_entries, 212 bundle_invalid, 250 host_rule, 300 sku_unknown, \
        301 location_unknown, 302 channel_unknown, 303 order_unknown, 304 hold_unknown, 305 line_unknown, \
        306 subscription_unknown, 400 order_closed, 401 order_pruned, 402 sku_is_bundle, 403 sku_is_not_bundle, \
        404 already_shipped, 405 not_allocated, 406 not_shipped, 407 nothing_to_do, 408 event_number_invalid, \
        409 subscription_exists, 410 location_limit, 500 insufficient_stock, 501 backorder_limit, 502 not_on_hand, \
        503 level_out_of_range, 307 destination_unknown, 308 delivery_unknown, 309 fulfillment_unknown, \
        310 warehouse_unknown, 411 in_fulfillment, 412 lease_lost, 413 delivery_alive, 414 fulfillment_closed, \
        415 stock_report_stale, 311 listing_unknown, 312 channel_not_connected, 416 item_taken";
    for line in released.split(", ") {
        let (number, name) = line.split_once(' ').expect("number and name");
        let code = Code::from_name(name).unwrap_or_else(|| panic!("{name} is gone"));
        assert_eq!(code.number().to_string(), number);
    }
}

/// A store whose stock rows all stand at a level that no test could reach in time.
struct Rigged {
    store: MemoryStore,
    level: Stock,
}

impl Store for Rigged {
    fn begin(&mut self, mode: Mode) -> Result<Freshness> {
        self.store.begin(mode)
    }

    fn supply(&mut self, needs: &Needs, rows: &mut WorkingSet) -> Result<()> {
        self.store.supply(needs, rows)?;
        needs.stock.iter().for_each(|number| rows.put_stock(*number, Some(self.level)));
        Ok(())
    }

    fn write(&mut self, changes: Changes, finish: Finish) -> Result<Written> {
        self.store.write(changes, finish)
    }

    fn rollback(&mut self) -> Result<()> {
        self.store.rollback()
    }

    fn page(&mut self, page: &Page, limit: u32) -> Result<Rows> {
        self.store.page(page, limit)
    }

    fn freshness(&mut self) -> Result<Freshness> {
        self.store.freshness()
    }
}

/// The answer to a command over stock rows that all stand at one level.
fn reply_at_level(level: Stock, command: impl Into<Command>) -> Reply {
    let room = Stockroom::new(Rigged { store: MemoryStore::new(), level }, || START_MS);
    for command in common::furnishing(&[]) {
        assert!(room.execute(command).expect("it is answered").accepted().is_ok());
    }
    room.execute(command).expect("it is answered")
}

/// The codes that need more than one wrong value in a right command, with how to get them.
fn further_cases() -> Vec<(Code, Reply)> {
    let shop = prepared();
    let tick = || Command::from(stockroom::Tick::default());
    let backorder = NewOrder { policy: StockPolicy::Backorder, ..order("o-1", &[("mug", 1_000)]) };
    let full = Stock { on_hand: LEVEL_MAX, ..Stock::default() };
    let dear = stockroom::NewLine { sku: "mug".into(), quantity: 9_008, unit_price_minor: 1_000_000_000_000 };
    vec![
        (Code::ValueOutOfRange, shop.reply(NewOrder { lines: vec![dear], ..order("o-2", &[]) })),
        (Code::KeyInvalid, shop.reply(tick().with_key(""))),
        (Code::KeyReused, shop.reply(tick().with_key("k-used"))),
        (Code::NothingToDo, shop.reply(EditOrder { order: "o-open".into(), ..EditOrder::default() })),
        (Code::BackorderLimit, shop.reply(backorder)),
        (Code::InFulfillment, shop.reply(ShipOrder { order: "o-accepted".into(), ..ShipOrder::default() })),
        (Code::LevelOutOfRange, reply_at_level(full, receive("main", "mug", 1))),
        (Code::LocationLimit, location_limit()),
    ]
}

fn location_limit() -> Reply {
    let shop = Shop::empty();
    let register = |number: u32| Command::from(RegisterLocation { location: format!("l-{number}") });
    let replies = shop.room.execute_batch((1..=65_535).map(register)).expect("it is answered");
    assert!(replies.iter().all(|reply| reply.accepted().is_ok()));
    // The last number works like the first.
    shop.accept(stockroom::RegisterSku { sku: "mug".into(), components: None });
    shop.accept(receive("l-65535", "mug", 3));
    assert_eq!(shop.room.available("mug", "l-65535").expect("it can be read"), Some(3));
    assert_eq!(shop.room.available("mug", "l-1").expect("it can be read"), Some(0));
    shop.reply(register(65_536))
}

#[test]
fn every_code_can_happen() {
    let mut seen: BTreeSet<Code> = BTreeSet::new();
    for (code, reply) in further_cases() {
        assert_eq!(reply.rejection().map(|rejection| rejection.code), Some(code), "{reply:?}");
        seen.insert(code);
    }
    for sample in samples() {
        let shop = prepared();
        for wrong in &sample.wrongs {
            if !seen.contains(&wrong.code) {
                let command = sample.with(wrong).with_key(wrong.code.name());
                assert_eq!(shop.reject(command).code, wrong.code, "{}{}", sample.action, wrong.pointer);
                seen.insert(wrong.code);
            }
        }
    }
    let never: Vec<&Code> = Code::ALL.iter().filter(|code| !seen.contains(code)).collect();
    assert!(never.is_empty(), "nothing here gets {never:?}");
}

#[test]
fn levels_end_at_two_to_the_53_by_whatever_way() {
    let full = Stock { on_hand: LEVEL_MAX, ..Stock::default() };
    let adjust =
        AdjustStock { sku: "mug".into(), location: "main".into(), difference: 1, lost: false, reference: None };
    let count = stockroom::CountStock {
        sku: "mug".into(),
        location: "main".into(),
        counted: 1,
        expected: Some(0),
        reference: None,
    };
    let transfer = stockroom::TransferStock {
        from: "main".into(),
        to: "backup".into(),
        lines: vec![stockroom::StockLine { sku: "mug".into(), quantity: 1 }],
        reference: None,
    };
    // All is promised, and a promise beyond stock is asked for.
    let promised = Stock { allocated: LEVEL_MAX, backorder_limit: 1_000_000_000, last_claim: OrderNumber(1), ..full };
    let backorder = NewOrder { policy: StockPolicy::Backorder, ..order("o-1", &[("mug", 1)]) };
    let cases: [(Stock, Command); 5] = [
        (full, receive("main", "mug", 1).into()),
        (full, adjust.into()),
        (full, count.into()),
        (full, transfer.into()),
        (promised, backorder.into()),
    ];
    for (level, command) in cases {
        let reply = reply_at_level(level, command.clone());
        let code = reply.rejection().map(|rejection| rejection.code);
        assert_eq!(code, Some(Code::LevelOutOfRange), "{command:?}: {reply:?}");
    }
    // One unit below, all of them but the last case work.
    let room = Stock { on_hand: LEVEL_MAX - 1, ..Stock::default() };
    assert!(reply_at_level(room, receive("main", "mug", 1)).accepted().is_ok());
    let policy = SetStockPolicy { sku: "mug".into(), location: "main".into(), ..SetStockPolicy::default() };
    let most = SetStockPolicy { safety_stock: Some(1_000_000_000), backorder_limit: Some(1_000_000_000), ..policy };
    assert!(reply_at_level(full, most).accepted().is_ok());
}

/// One wrong value for each field and code: enough for pairs.
fn representatives(sample: &Sample) -> Vec<&Wrong> {
    let mut seen: BTreeSet<(&str, Code)> = BTreeSet::new();
    sample.wrongs.iter().filter(|wrong| seen.insert((&wrong.pointer, wrong.code))).collect()
}

/// Whether both can be wrong at once, each by itself: neither stands within the other.
fn independent(one: &Wrong, other: &Wrong) -> bool {
    let within = |inner: &Wrong, outer: &Wrong| {
        inner.pointer == outer.pointer || inner.pointer.starts_with(&format!("{}/", outer.pointer))
    };
    if within(one, other) || within(other, one) {
        return false;
    }
    // Line numbers are judged by the order's lines, so that another order may have or may not have them.
    let of_the_order = [one, other].iter().any(|wrong| wrong.pointer == "/order");
    let by_number = [one, other].iter().any(|wrong| wrong.code == Code::LineUnknown);
    if of_the_order && by_number {
        return false;
    }
    // So it is with a delivery's number and its destination's deliveries, with what a warehouse has left to ship of
    // a fulfillment order that is open, and with what is listed on a channel.
    let both = |pointer: &str, codes: &[Code]| {
        let is = |wrong: &Wrong| codes.contains(&wrong.code) && wrong.pointer != pointer;
        (one.pointer == pointer && is(other)) || (other.pointer == pointer && is(one))
    };
    let by_delivery = [Code::DeliveryUnknown, Code::DeliveryAlive, Code::LeaseLost];
    if both("/destination", &by_delivery)
        || both("/number", &by_delivery)
        || both("/fulfillment", &[Code::NotAllocated])
        || both("/channel", &[Code::ListingUnknown])
    {
        return false;
    }
    // What stands twice does so only while the other of the two stands. A transfer's `to` and `from` are two, and so
    // are the location of a reassignment and that of the fulfillment order.
    let top = |pointer: &str| pointer.strip_prefix("/order/").or(pointer.strip_prefix('/')).map(str::to_owned);
    let field = |wrong: &Wrong| match top(&wrong.pointer).unwrap_or_default().split('/').next().unwrap_or_default() {
        "to" => "from".to_owned(),
        "location" => "fulfillment".to_owned(),
        field => field.to_owned(),
    };
    let twice = one.code == Code::DuplicateEntry || other.code == Code::DuplicateEntry || one.value == other.value;
    !(twice && field(one) == field(other))
}

#[test]
fn of_two_faults_the_lower_number_is_the_code() {
    let mut pairs = 0;
    for sample in samples() {
        let shop = prepared();
        let wrongs = representatives(&sample);
        for (index, one) in wrongs.iter().enumerate() {
            for other in wrongs[index + 1..].iter().filter(|other| independent(one, other)) {
                let command = sample.with_all(&[one, other]);
                let command =
                    if sample.action == "place_order" { command.with_key(pairs.to_string()) } else { command };
                let what =
                    || format!("{}: {} {}, {} {}", sample.action, one.pointer, one.what, other.pointer, other.what);
                let reply = shop.reply(command);
                let rejection = reply.rejection().unwrap_or_else(|| panic!("{} was accepted", what()));
                assert_eq!(rejection.code, one.code.min(other.code), "{}: {rejection}", what());
                assert_eq!(rejection.faults.iter().map(|fault| fault.code).min(), Some(rejection.code), "{}", what());
                // Form and names are collected together.
                if (200..400).contains(&one.code.number()) && (200..400).contains(&other.code.number()) {
                    for wrong in [one, other] {
                        assert!(
                            rejection.faults.iter().any(|fault| fault.code == wrong.code),
                            "{}: {rejection}",
                            what()
                        );
                    }
                }
                pairs += 1;
            }
        }
        shop.assert_verified();
    }
    assert!(pairs > 1_400, "only {pairs} pairs");
}

#[test]
fn the_key_goes_before_everything() {
    for sample in samples() {
        let shop = prepared();
        for wrong in representatives(&sample) {
            shop.reject_as(Code::KeyInvalid, sample.with(wrong).with_key("\0"));
            shop.reject_as(Code::KeyReused, sample.with(wrong).with_key("k-used"));
        }
    }
}

#[test]
fn a_wrong_time_goes_before_everything_but_the_names() {
    for sample in samples() {
        let shop = prepared();
        for wrong in representatives(&sample) {
            let at = |command| shop.room.execute_at(-1, command).expect("it is answered");
            let code = |reply: Reply| reply.rejection().map(|rejection| rejection.code);
            let expected = wrong.code.min(Code::TimeOutOfRange);
            let names = wrong.code == Code::OrderExists && sample.action == "place_order";
            assert_eq!(code(at(sample.with(wrong))), Some(if names { expected } else { Code::TimeOutOfRange }));
            assert_eq!(code(at(sample.with(wrong).with_key("\0"))), Some(Code::KeyInvalid));
            assert_eq!(code(at(sample.with(wrong).with_key("k-used"))), Some(Code::KeyReused));
        }
    }
}

#[test]
fn later_groups_wait_for_the_earlier_ones() {
    let shop = prepared();
    // 5xx after 4xx after 3xx: one command, repaired step by step.
    let mut ship = ShipOrder {
        order: "o-shipped".into(),
        lines: Some(vec![stockroom::LineQuantity { line: 9, quantity: 5 }]),
        ..ShipOrder::default()
    };
    let only = |code: Code, ship: &ShipOrder| {
        let rejection = shop.reject_as(code, ship.clone());
        assert!(rejection.faults.iter().all(|fault| fault.code == code), "{rejection}");
    };
    only(Code::LineUnknown, &ship);
    ship.lines = Some(vec![stockroom::LineQuantity { line: 1, quantity: 5 }]);
    only(Code::OrderClosed, &ship);
    ship.order = "o-open".into();
    only(Code::NotAllocated, &ship);
    // The goods are gone from the shelf.
    shop.accept(stockroom::CountStock {
        sku: "mug".into(),
        location: "main".into(),
        counted: 0,
        expected: None,
        reference: None,
    });
    ship.lines = Some(vec![stockroom::LineQuantity { line: 1, quantity: 4 }]);
    only(Code::NotOnHand, &ship);
}

/// What `docs/codes.md` says of what a refusal leaves behind.
#[test]
fn refusals_without_a_memory_are_judged_anew() {
    let shop = Shop::stocked(&[]);
    let rows = || common::every_row(&shop.room);
    let leaves_nothing = |code: Code, command: Command| {
        let before = rows();
        shop.reject_as(code, command.clone());
        assert_eq!(rows(), before, "{command:?}");
        assert!(!shop.reply(command).repeated);
    };
    let hold = stockroom::PlaceHold {
        hold: "h-1".into(),
        channel: "web".into(),
        lines: vec![stockroom::StockLine { sku: "mug".into(), quantity: 1 }],
        lives_ms: 1,
        ranking: None,
    };
    leaves_nothing(Code::KeyInvalid, Command::from(order("o-1", &[])).with_key(""));
    leaves_nothing(Code::InsufficientStock, hold.into());
    leaves_nothing(Code::IdInvalid, order("", &[("mug", 1)]).into());
    leaves_nothing(Code::LocationUnknown, receive("nowhere", "mug", 1).into());
    shop.accept(receive("main", "mug", 1));
    shop.accept(order("o-1", &[("mug", 1)]));
    leaves_nothing(Code::OrderExists, order("o-1", &[("mug", 2)]).into());
    // And one that leaves its answer.
    let before = rows();
    shop.reject_as(Code::InsufficientStock, order("o-2", &[("mug", 1)]));
    assert_ne!(rows(), before);
    assert!(shop.reply(order("o-2", &[("mug", 1)])).repeated);
}
