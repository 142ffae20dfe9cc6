//! Pages: every kind of row in the order of its keys, the same whatever the size of the page.

use stockroom::channel::Channel;
use stockroom::engine::{Changes, Record, RecordKey, RecordKind};
use stockroom::inventory::{Component, Location, Movement, Reason, Sku, Stock, StockRow};
use stockroom::memory::MemoryStore;
use stockroom::outbox::Subscription;
use stockroom::ports::{Finish, Mode, Page, Rows, Store};
use stockroom::{LocationNumber, OrderNumber, SkuNumber, Sourcing, StockNumber, TimedCommand};

use crate::bench::{AnyStore, Bench};
use crate::case::cases;
use crate::direct::{
    at_noon, backorders, channels, commit, decide, events, holds, keys, locations, movements, orders, records, skus,
    stock, subscriptions, write,
};
use crate::documents::{NOON, adjust, receive, sku, transfer};
use crate::record_samples::{shops, shops_later};
use crate::scene::{SUBSCRIPTIONS, first_act, second_act};

cases![pages:
    every_kind_reads_as_the_twin,
    the_size_of_a_page_does_not_matter,
    keys_rise_and_texts_sort_by_their_bytes,
    a_page_begins_after_its_place,
    beyond_the_last_row_is_nothing,
    rows_are_what_was_written,
    movements_tell_the_whole_ledger,
    a_page_within_a_unit_sees_the_unit,
    many_rows_are_read_in_many_pages,
];

/// The first page of every kind.
fn first_pages() -> [Page; 21] {
    [
        Page::Skus(0),
        Page::Locations(0),
        Page::Channels(String::new()),
        Page::Stock(0),
        Page::Holds(0),
        Page::Backorders(None),
        Page::Movements(0),
        Page::Orders(0),
        Page::Events(0),
        Page::Keys(String::new()),
        Page::Subscriptions(String::new()),
        Page::Records(RecordKind::Destination, None),
        Page::Records(RecordKind::Delivery, None),
        Page::Records(RecordKind::Warehouse, None),
        Page::Records(RecordKind::Fulfillment, None),
        Page::Records(RecordKind::Message, None),
        Page::Records(RecordKind::ChannelSettings, None),
        Page::Records(RecordKind::Listing, None),
        Page::Records(RecordKind::ListedItem, None),
        Page::Records(RecordKind::ListedSku, None),
        Page::Records(RecordKind::TakenOrder, None),
    ]
}

/// The page after rows, and how many they are.
fn after(rows: &Rows) -> Option<(Page, usize)> {
    Some(match rows {
        Rows::Skus(rows) => (Page::Skus(rows.last()?.number.0), rows.len()),
        Rows::Locations(rows) => (Page::Locations(rows.last()?.number.0), rows.len()),
        Rows::Channels(rows) => (Page::Channels((*rows.last()?.channel).into()), rows.len()),
        Rows::Stock(rows) => (Page::Stock(rows.last()?.number.0), rows.len()),
        Rows::Holds(rows) => (Page::Holds(rows.last()?.number), rows.len()),
        Rows::Backorders(rows) => (Page::Backorders(Some(*rows.last()?)), rows.len()),
        Rows::Movements(rows) => (Page::Movements(rows.last()?.number), rows.len()),
        Rows::Orders(rows) => (Page::Orders(rows.last()?.number.0), rows.len()),
        Rows::Events(rows) => (Page::Events(rows.last()?.number), rows.len()),
        Rows::Keys(rows) => (Page::Keys(rows.last()?.key.clone()), rows.len()),
        Rows::Subscriptions(rows) => (Page::Subscriptions(rows.last()?.subscription.clone()), rows.len()),
        Rows::Records(rows) => (Page::Records(rows.last()?.kind(), Some(rows.last()?.key())), rows.len()),
    })
}

/// The rows of a kind in pages of at most `limit`, each page as text.
fn read_all(store: &mut AnyStore, first: &Page, limit: u32) -> Vec<Rows> {
    let mut pages = Vec::new();
    let mut page = first.clone();
    loop {
        let rows = store.page(&page, limit).expect("the store reads");
        let Some((next, count)) = after(&rows) else {
            return pages;
        };
        assert!(count <= limit as usize, "{count} rows where {limit} were asked for");
        assert_ne!(next, page, "the page does not move on");
        pages.push(rows);
        page = next;
    }
}

/// The rows of pages one by one, as text.
fn one_by_one(pages: &[Rows]) -> Vec<String> {
    fn texts<T: std::fmt::Debug>(rows: &[T]) -> Vec<String> {
        rows.iter().map(|row| format!("{row:?}")).collect()
    }
    let texts = pages.iter().map(|rows| match rows {
        Rows::Skus(rows) => texts(rows),
        Rows::Locations(rows) => texts(rows),
        Rows::Channels(rows) => texts(rows),
        Rows::Stock(rows) => texts(rows),
        Rows::Holds(rows) => texts(rows),
        Rows::Backorders(rows) => texts(rows),
        Rows::Movements(rows) => texts(rows),
        Rows::Orders(rows) => texts(rows),
        Rows::Events(rows) => texts(rows),
        Rows::Keys(rows) => texts(rows),
        Rows::Subscriptions(rows) => texts(rows),
        Rows::Records(rows) => texts(rows),
    });
    texts.flatten().collect()
}

fn scene(bench: &Bench<'_>) -> AnyStore {
    let mut store = bench.store();
    play(&mut store, &first_act(), shops());
    store
}

/// An act, and the rows of shops that come after it.
fn play(store: &mut AnyStore, act: &[TimedCommand], shops: Changes) {
    commit(store, act);
    store.begin(Mode::Write).expect("begins");
    write(store, shops, Finish::Commit);
}

fn every_kind_reads_as_the_twin(bench: &Bench<'_>) {
    let mut store = bench.store();
    let mut twin = AnyStore::new(MemoryStore::new());
    for (act, shops) in [(first_act(), shops as fn() -> Changes), (second_act(), shops_later)] {
        play(&mut store, &act, shops());
        play(&mut twin, &act, shops());
        for page in first_pages() {
            assert_eq!(read_all(&mut store, &page, 1_000), read_all(&mut twin, &page, 1_000));
        }
    }
}

fn the_size_of_a_page_does_not_matter(bench: &Bench<'_>) {
    let mut store = scene(bench);
    for page in first_pages() {
        let whole = one_by_one(&read_all(&mut store, &page, u32::MAX));
        assert!(whole.len() >= 4, "{page:?}");
        for limit in [1, 2, 3, whole.len() as u32, 1_000] {
            assert_eq!(one_by_one(&read_all(&mut store, &page, limit)), whole, "{page:?} by {limit}");
        }
        let nothing = store.page(&page, 0).expect("the store reads");
        assert!(after(&nothing).is_none(), "{page:?} by none: {nothing:?}");
    }
}

fn keys_rise_and_texts_sort_by_their_bytes(bench: &Bench<'_>) {
    fn rise<T: PartialOrd + std::fmt::Debug>(keys: Vec<T>) {
        assert!(keys.windows(2).all(|pair| pair[0] < pair[1]), "{keys:?}");
    }
    let mut store = scene(bench);
    rise(skus(&mut store).into_iter().map(|row| row.number).collect());
    rise(locations(&mut store).into_iter().map(|row| row.number).collect());
    rise(stock(&mut store).into_iter().map(|row| row.number).collect());
    rise(holds(&mut store).into_iter().map(|row| row.number).collect());
    rise(backorders(&mut store));
    rise(movements(&mut store).into_iter().map(|row| row.number).collect());
    rise(orders(&mut store).into_iter().map(|row| row.number).collect());
    rise(events(&mut store).into_iter().map(|row| row.number).collect());
    rise(keys(&mut store).into_iter().map(|row| row.key.into_bytes()).collect());
    for kind in RecordKind::ALL {
        rise(records(&mut store, kind).iter().map(Record::key).collect());
    }
    let names: Vec<String> = channels(&mut store).into_iter().map(|row| (*row.channel).into()).collect();
    assert_eq!(names, ["Till", "market", "web", "ö", "中"]);
    let names: Vec<String> = subscriptions(&mut store).into_iter().map(|row| row.subscription).collect();
    // Warehouses bring the place of the fulfillment module with them.
    let mut sorted = [&SUBSCRIPTIONS[..], &[stockroom::fulfillment::SUBSCRIPTION]].concat();
    sorted.sort_unstable_by_key(|name| name.as_bytes());
    assert_eq!(names, sorted);
}

/// The place need not be that of a row.
fn a_page_begins_after_its_place(bench: &Bench<'_>) {
    let mut store = scene(bench);
    let all = orders(&mut store);
    for place in 0..=all.len() {
        let page = store.page(&Page::Orders(place as u64), 2).expect("the store reads");
        assert_eq!(page, Rows::Orders(all[place..].iter().take(2).cloned().collect()));
    }
    let all = keys(&mut store);
    for place in ["", "A", "k", "k-1", "k-1\u{1f}", "k-10", "order\tnone", "order\tnond", "é"] {
        let expected = all.iter().filter(|row| row.key.as_bytes() > place.as_bytes()).take(3).cloned().collect();
        assert_eq!(store.page(&Page::Keys(place.into()), 3).expect("the store reads"), Rows::Keys(expected), "{place}");
    }
    let all = events(&mut store);
    let last = all.last().expect("there are events").number;
    for place in 0..=last {
        let expected = all.iter().filter(|row| row.number > place).take(2).cloned().collect();
        assert_eq!(store.page(&Page::Events(place), 2).expect("the store reads"), Rows::Events(expected), "{place}");
    }
    let all = backorders(&mut store);
    for place in &all {
        for place in [*place, stockroom::inventory::Backorder { line: place.line + 1, ..*place }] {
            let expected = all.iter().filter(|row| **row > place).copied().collect();
            let page = store.page(&Page::Backorders(Some(place)), 99).expect("the store reads");
            assert_eq!(page, Rows::Backorders(expected), "{place:?}");
        }
    }
}

fn beyond_the_last_row_is_nothing(bench: &Bench<'_>) {
    let mut store = scene(bench);
    let last = stockroom::inventory::Backorder {
        stock: StockNumber(u64::MAX),
        since: u64::MAX,
        order: OrderNumber(u64::MAX),
        line: u32::MAX,
    };
    let beyond = [
        Page::Skus(7),
        Page::Skus(u64::MAX),
        Page::Locations(u64::MAX),
        Page::Channels("\u{10ffff}".into()),
        Page::Stock(u64::MAX),
        Page::Holds(u64::MAX),
        Page::Backorders(Some(last)),
        Page::Movements(u64::MAX),
        Page::Orders(u64::MAX),
        Page::Events(u64::MAX),
        Page::Keys("\u{10ffff}".into()),
        Page::Subscriptions("\u{10ffff}".into()),
        Page::Records(RecordKind::Destination, Some(RecordKey::Destination("\u{10ffff}".into()))),
        Page::Records(RecordKind::Delivery, Some(RecordKey::Delivery("\u{10ffff}".into(), 0))),
        Page::Records(RecordKind::Delivery, Some(RecordKey::Delivery("🫖".into(), u64::MAX))),
        Page::Records(RecordKind::Warehouse, Some(RecordKey::Warehouse(LocationNumber(u64::MAX)))),
        Page::Records(RecordKind::Fulfillment, Some(RecordKey::Fulfillment(OrderNumber(u64::MAX), 0))),
        Page::Records(RecordKind::Message, Some(RecordKey::Message("\u{10ffff}".into(), "".into()))),
        Page::Records(RecordKind::ChannelSettings, Some(RecordKey::ChannelSettings("\u{10ffff}".into()))),
        Page::Records(RecordKind::Listing, Some(RecordKey::Listing("\u{10ffff}".into(), SkuNumber(0)))),
        Page::Records(RecordKind::Listing, Some(RecordKey::Listing("ö".into(), SkuNumber(u64::MAX)))),
        Page::Records(RecordKind::ListedItem, Some(RecordKey::ListedItem("\u{10ffff}".into(), "".into()))),
        Page::Records(RecordKind::ListedSku, Some(RecordKey::ListedSku(SkuNumber(u64::MAX)))),
        Page::Records(RecordKind::TakenOrder, Some(RecordKey::TakenOrder("\u{10ffff}".into(), "".into()))),
        // Behind all of its own kind stand the others.
        Page::Records(RecordKind::Delivery, Some(RecordKey::Warehouse(LocationNumber(0)))),
    ];
    for page in beyond {
        let rows = store.page(&page, 10).expect("the store reads");
        assert!(after(&rows).is_none(), "{page:?}: {rows:?}");
    }
}

fn rows_are_what_was_written(bench: &Bench<'_>) {
    let mut store = scene(bench);
    let component =
        |number, name: &str, quantity| Component { sku_number: SkuNumber(number), sku: name.into(), quantity };
    let set = Sku {
        number: SkuNumber(7),
        sku: "set".into(),
        components: [component(1, "mug", 2), component(2, "plate", 1)].into(),
    };
    assert_eq!(skus(&mut store)[6], set);
    assert_eq!(locations(&mut store)[4], Location { number: LocationNumber(5), location: "西".into() });
    let market = Channel {
        channel: "market".into(),
        locations: [2, 4, 1].map(LocationNumber).into(),
        sourcing: Sourcing::FewestSplits,
    };
    assert_eq!(channels(&mut store)[1], market);
    let teapots = StockRow {
        number: StockNumber::of(SkuNumber(6), LocationNumber(2)),
        stock: Stock { on_hand: 1, allocated: 1, last_claim: OrderNumber(2), ..Stock::default() },
    };
    assert!(stock(&mut store).contains(&teapots), "{:?}", stock(&mut store));

    let first = &orders(&mut store)[0];
    let details = first.body.details.as_deref().expect("the order has an address, a note and metadata");
    let ship_to = details.ship_to.as_ref().expect("the order has an address");
    assert_eq!((&*ship_to.name, &*ship_to.address[1]), ("Zoë", "\"Flat\" 2"));
    assert_eq!(details.note.as_deref(), Some("first line\nsecond \\ line"));
    assert_eq!(details.metadata["gift"], "ja 🎁");
    let audit = Subscription { subscription: "audit".into(), cursor: 40 };
    assert!(subscriptions(&mut store).contains(&audit));
    let row = &events(&mut store)[0];
    assert_eq!((row.first_number, row.number, row.at_ms), (1, 1, NOON));
    assert_eq!(row.facts, r#"{"facts":[{"sku.registered":{"sku":"mug"}}],"stock":[]}"#);
}

fn movements_tell_the_whole_ledger(bench: &Bench<'_>) {
    let mut store = bench.store();
    let mut lost = adjust("mug", "main", -2);
    (lost.lost, lost.reference) = (true, Some("form 9".into()));
    let mut delivery = receive("main", &[("mug", 9), ("plate", 3)]);
    delivery.reference = Some("note ☂".into());
    commit(
        &mut store,
        &at_noon([
            sku("mug").into(),
            sku("plate").into(),
            crate::documents::location("main").into(),
            crate::documents::location("north").into(),
            delivery.into(),
            lost.into(),
            transfer("main", "north", &[("mug", 3)]).into(),
        ]),
    );
    let row = |number, sku, location, quantity, reason, reference: &str| Movement {
        number,
        stock: StockNumber::of(SkuNumber(sku), LocationNumber(location)),
        quantity,
        reason,
        reference: reference.into(),
        at_ms: NOON,
    };
    let expected = [
        row(1, 1, 1, 9, Reason::Received, "note ☂"),
        row(2, 2, 1, 3, Reason::Received, "note ☂"),
        row(3, 1, 1, -2, Reason::Lost, "form 9"),
        row(4, 1, 1, -3, Reason::Transferred, ""),
        row(5, 1, 2, 3, Reason::Transferred, ""),
    ];
    assert_eq!(movements(&mut store), expected);
}

fn a_page_within_a_unit_sees_the_unit(bench: &Bench<'_>) {
    let mut store = bench.store();
    let mut twin = AnyStore::new(MemoryStore::new());
    play(&mut store, &first_act(), shops());
    play(&mut twin, &first_act(), shops());
    let before: Vec<_> = first_pages().iter().map(|page| read_all(&mut store, page, 2)).collect();
    store.begin(Mode::Write).expect("begins");
    decide(&mut store, &second_act(), Finish::Stay);
    write(&mut store, shops_later(), Finish::Stay);
    play(&mut twin, &second_act(), shops_later());
    for page in first_pages() {
        assert_eq!(read_all(&mut store, &page, 2), read_all(&mut twin, &page, 2));
    }
    store.rollback().expect("rolls back");
    let after: Vec<_> = first_pages().iter().map(|page| read_all(&mut store, page, 2)).collect();
    assert_eq!(before, after);
}

/// The engine reads a thousand rows at a time: more of a kind must come out whole and once.
fn many_rows_are_read_in_many_pages(bench: &Bench<'_>) {
    const COUNT: u64 = 2_345;
    let mut store = bench.store();
    commit(&mut store, &at_noon((1..=COUNT).map(|number| sku(&format!("sku {number}")).into())));
    let pages = read_all(&mut store, &Page::Skus(0), 1_000);
    let sizes: Vec<usize> = pages.iter().filter_map(after).map(|(_, count)| count).collect();
    assert_eq!(sizes, [1_000, 1_000, 345]);
    let numbers: Vec<u64> = skus(&mut store).iter().map(|row| row.number.0).collect();
    assert_eq!(numbers, (1..=COUNT).collect::<Vec<_>>());
}
