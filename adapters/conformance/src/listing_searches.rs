//! Searches for listings: those of one channel, and those that are to be looked at again.

use std::collections::BTreeMap;

use stockroom::SkuNumber;
use stockroom::channel::Listing;
use stockroom::engine::{Changes, Found, Needs, Query, Record, RecordChange, RecordKey, RecordKind};
use stockroom::memory::MemoryStore;
use stockroom::ports::{Finish, Mode, Store};

use crate::bench::{AnyStore, Bench};
use crate::case::cases;
use crate::direct::{Supplied, digest_of, putting, reading, records, supplied, write};
use crate::documents::NOON;
use crate::random::Random;
use crate::record_rows::{
    AWKWARD, a_listing, changed, changes, commit_channels, commit_records, commit_skus, furnish, gone, new,
};

cases![listing_searches:
    listings_of_a_channel_by_number,
    listings_of_channels_do_not_mix,
    due_listings_by_time_channel_and_number,
    a_listing_without_a_time_is_never_due,
    the_time_of_a_listing_changes,
    searches_for_listings_see_what_the_unit_wrote,
    random_listings_are_found_as_in_the_twin,
];

/// A store with twelve SKUs and channels of awkward names.
fn furnished(bench: &Bench<'_>) -> AnyStore {
    let mut store = bench.store();
    furnish_shops(&mut store);
    store
}

fn furnish_shops(store: &mut AnyStore) {
    furnish(store);
    commit_skus(store);
    commit_channels(store, AWKWARD);
}

/// A listing that is to be looked at some time after noon.
fn due_listing(channel: &str, sku: u64, due_ms: i64) -> Listing {
    Listing { due_at_ms: NOON + due_ms, ..a_listing(channel, sku) }
}

fn find(store: &mut AnyStore, query: &Query) -> Supplied {
    supplied(store, &Needs { queries: vec![query.clone()], ..Needs::default() })
}

fn of_channel(channel: &str, after: u64, limit: u32) -> Query {
    Query::Listings { channel: channel.into(), after: SkuNumber(after), limit }
}

/// Expects a search to find this, and to put these listings, which are there.
#[track_caller]
fn expect(store: &mut AnyStore, query: &Query, found: Found, listings: &[(&str, u64)]) {
    let is_found = |record: &Record| match record {
        Record::Listing(row) => listings.contains(&(&*row.channel, row.sku_number.0)),
        _ => false,
    };
    let put: Vec<Record> = records(store, RecordKind::Listing).into_iter().filter(is_found).collect();
    assert_eq!(put.len(), listings.len(), "the case names what there is");
    let expected = putting(|rows| {
        put.iter().for_each(|record| rows.put_record(record.key(), Some(record.clone())));
        rows.put_found(query.clone(), found);
    });
    assert_eq!(find(store, query), expected, "{query:?}");
}

#[track_caller]
fn expect_listings(store: &mut AnyStore, channel: &str, after: u64, limit: u32, skus: &[u64]) {
    let found = Found::Listings(skus.iter().map(|sku| SkuNumber(*sku)).collect());
    let listings: Vec<(&str, u64)> = skus.iter().map(|sku| (channel, *sku)).collect();
    expect(store, &of_channel(channel, after, limit), found, &listings);
}

#[track_caller]
fn expect_due(store: &mut AnyStore, now_ms: i64, limit: u32, listings: &[(&str, u64)], next_due_at_ms: Option<i64>) {
    let found = listings.iter().map(|(channel, sku)| ((*channel).into(), SkuNumber(*sku))).collect();
    let found = Found::DueListings { listings: found, next_due_at_ms };
    expect(store, &Query::DueListings { now_ms, limit }, found, listings);
}

fn listings_of_a_channel_by_number(bench: &Bench<'_>) {
    let mut store = furnished(bench);
    expect_listings(&mut store, "web", 0, 9, &[]);
    // As text 10 and 12 stand before 2 and 9.
    commit_records(&mut store, [12, 2, 10, 9, 3].map(|sku| new(a_listing("web", sku))));
    expect_listings(&mut store, "web", 0, 9, &[2, 3, 9, 10, 12]);
    expect_listings(&mut store, "web", 0, 5, &[2, 3, 9, 10, 12]);
    expect_listings(&mut store, "web", 0, 4, &[2, 3, 9, 10]);
    expect_listings(&mut store, "web", 0, 1, &[2]);
    expect_listings(&mut store, "web", 0, 0, &[]);
    // The SKU to go on after need not be listed.
    expect_listings(&mut store, "web", 1, 2, &[2, 3]);
    expect_listings(&mut store, "web", 2, 2, &[3, 9]);
    expect_listings(&mut store, "web", 5, 2, &[9, 10]);
    expect_listings(&mut store, "web", 10, 2, &[12]);
    expect_listings(&mut store, "web", 12, 2, &[]);
    expect_listings(&mut store, "web", u64::MAX, 2, &[]);
    expect_listings(&mut store, "web", 0, u32::MAX, &[2, 3, 9, 10, 12]);
    commit_records(&mut store, [gone(RecordKey::Listing("web".into(), SkuNumber(3)))]);
    expect_listings(&mut store, "web", 0, 2, &[2, 9]);
}

fn listings_of_channels_do_not_mix(bench: &Bench<'_>) {
    let mut store = furnished(bench);
    let listings = AWKWARD.iter().zip(1..).map(|(channel, place)| (*channel, 1 + place % 3));
    let listings: Vec<(&str, u64)> = listings.collect();
    for (channel, sku) in &listings {
        commit_records(&mut store, [*sku, sku + 4].map(|sku| new(a_listing(channel, sku))));
    }
    for (channel, sku) in listings {
        expect_listings(&mut store, channel, 0, 9, &[sku, sku + 4]);
        expect_listings(&mut store, channel, sku, 9, &[sku + 4]);
        expect_listings(&mut store, channel, sku + 4, 9, &[]);
    }
    for channel in ["", "web", "nobody", "a\u{1}", "ä ", "\u{10ffff}"] {
        expect_listings(&mut store, channel, 0, 9, &[]);
    }
}

fn due_listings_by_time_channel_and_number(bench: &Bench<'_>) {
    let mut store = furnished(bench);
    expect_due(&mut store, NOON, 9, &[], None);
    let rows = [
        ("a", 10, 5),
        ("a", 9, 5),
        ("a", 1, 6),
        ("a\u{1}b", 1, 5),
        ("a ", 2, 5),
        ("B", 12, 5),
        ("ä", 1, 1),
        ("🫖", 1, 0),
        ("日本", 1, 5),
    ];
    commit_records(&mut store, rows.map(|(channel, sku, due_ms)| new(due_listing(channel, sku, due_ms))));
    // At its very time it is due.
    expect_due(&mut store, NOON - 1, 9, &[], Some(NOON));
    expect_due(&mut store, NOON, 9, &[("🫖", 1)], Some(NOON + 1));
    expect_due(&mut store, NOON + 4, 9, &[("🫖", 1), ("ä", 1)], Some(NOON + 5));
    // Ties go by the channel's bytes, then by the number and not by its digits.
    let all = [("🫖", 1), ("ä", 1), ("B", 12), ("a", 9), ("a", 10), ("a\u{1}b", 1), ("a ", 2), ("日本", 1), ("a", 1)];
    expect_due(&mut store, NOON + 5, 9, &all[..8], Some(NOON + 6));
    for limit in 0..=8 {
        // The limit has no part in when the next one is due.
        expect_due(&mut store, NOON + 5, limit, &all[..limit as usize], Some(NOON + 6));
    }
    expect_due(&mut store, NOON + 6, 99, &all, None);
    expect_due(&mut store, i64::MAX, 99, &all, None);
    expect_due(&mut store, i64::MAX, 3, &all[..3], None);
    expect_due(&mut store, i64::MIN, 99, &[], Some(NOON));
}

/// 0 is no time: only a change makes such a listing one to be looked at.
fn a_listing_without_a_time_is_never_due(bench: &Bench<'_>) {
    let mut store = furnished(bench);
    commit_records(&mut store, [1, 2, 3].map(|sku| new(a_listing("web", sku))));
    for now_ms in [i64::MIN, -1, 0, 1, NOON, i64::MAX] {
        expect_due(&mut store, now_ms, 9, &[], None);
    }
    let ends = [("a", 1, 1), ("b", 1, i64::MAX)];
    commit_channels(&mut store, ["b"]);
    commit_records(&mut store, ends.map(|(name, sku, due_at_ms)| new(Listing { due_at_ms, ..a_listing(name, sku) })));
    expect_due(&mut store, i64::MIN, 9, &[], Some(1));
    expect_due(&mut store, 0, 9, &[], Some(1));
    expect_due(&mut store, 1, 9, &[("a", 1)], Some(i64::MAX));
    expect_due(&mut store, i64::MAX - 1, 9, &[("a", 1)], Some(i64::MAX));
    expect_due(&mut store, i64::MAX, 9, &[("a", 1), ("b", 1)], None);
}

fn the_time_of_a_listing_changes(bench: &Bench<'_>) {
    let mut store = furnished(bench);
    commit_records(&mut store, [1, 2].map(|sku| new(due_listing("web", sku, 0))));
    expect_due(&mut store, NOON, 9, &[("web", 1), ("web", 2)], None);
    commit_records(&mut store, [changed(due_listing("web", 1, 7))]);
    expect_due(&mut store, NOON, 9, &[("web", 2)], Some(NOON + 7));
    commit_records(&mut store, [changed(a_listing("web", 2))]);
    expect_due(&mut store, NOON, 9, &[], Some(NOON + 7));
    commit_records(&mut store, [changed(due_listing("web", 2, 8))]);
    expect_due(&mut store, NOON + 8, 9, &[("web", 1), ("web", 2)], None);
    // What else changes of it has no part in that, and is put as it is now.
    let refused = Listing { why: "no".into(), desired: 5, ..due_listing("web", 1, 7) };
    commit_records(&mut store, [changed(refused)]);
    expect_due(&mut store, NOON + 8, 9, &[("web", 1), ("web", 2)], None);
    commit_records(&mut store, [1, 2].map(|sku| gone(RecordKey::Listing("web".into(), SkuNumber(sku)))));
    expect_due(&mut store, NOON + 8, 9, &[], None);
}

fn searches_for_listings_see_what_the_unit_wrote(bench: &Bench<'_>) {
    let mut store = furnished(bench);
    commit_records(&mut store, [1, 2, 3].map(|sku| new(due_listing("web", sku, 0))));
    let asked = [of_channel("web", 1, 9), Query::DueListings { now_ms: NOON, limit: 9 }];
    let ask = |store: &mut AnyStore| asked.iter().map(|query| find(store, query)).collect::<Vec<_>>();
    let before = reading(&mut store, ask);
    store.begin(Mode::Write).expect("begins");
    let unit = || {
        changes([
            gone(RecordKey::Listing("web".into(), SkuNumber(2))),
            changed(due_listing("web", 3, 4)),
            new(due_listing("a", 9, 0)),
            new(a_listing("web", 9)),
        ])
    };
    write(&mut store, unit(), Finish::Stay);
    expect_listings(&mut store, "web", 1, 9, &[3, 9]);
    expect_due(&mut store, NOON, 9, &[("a", 9), ("web", 1)], Some(NOON + 4));
    let within = ask(&mut store);
    assert!(before.iter().zip(&within).all(|(before, within)| before != within));
    store.rollback().expect("rolls back");
    assert_eq!(reading(&mut store, ask), before);
    store.begin(Mode::Write).expect("begins");
    write(&mut store, unit(), Finish::Stay);
    write(&mut store, Changes::default(), Finish::Commit);
    assert_eq!(reading(&mut store, ask), within);
}

/// Listings that come, go and change their times at random, on both sides alike; units that are rolled back on one.
fn random_listings_are_found_as_in_the_twin(bench: &Bench<'_>) {
    const NAMES: [&str; 4] = ["a", "a\u{1}b", "web", "🫖"];
    let mut random = Random::new(23);
    let (mut store, mut twin) = (furnished(bench), AnyStore::new(MemoryStore::new()));
    furnish_shops(&mut twin);
    let mut there: BTreeMap<RecordKey, Listing> = BTreeMap::new();
    for round in 0..400 {
        let mut unit: BTreeMap<RecordKey, RecordChange> = BTreeMap::new();
        let mut then = there.clone();
        for _ in 0..random.below(6) {
            let row = Listing {
                due_at_ms: if random.percent(30) { 0 } else { NOON + random.between(0, 20) },
                desired: random.between(-5, 5),
                ..a_listing(random.one_of(&NAMES), 1 + random.below(12))
            };
            let key = Record::from(row.clone()).key();
            let known = there.contains_key(&key);
            if random.percent(30) {
                if known {
                    unit.insert(key.clone(), gone(key.clone()));
                } else {
                    unit.remove(&key);
                }
                then.remove(&key);
            } else {
                unit.insert(key.clone(), if known { changed(row.clone()) } else { new(row.clone()) });
                then.insert(key, row);
            }
        }
        let unit: Vec<RecordChange> = unit.into_values().collect();
        if random.percent(25) {
            store.begin(Mode::Write).expect("begins");
            write(&mut store, changes(unit), Finish::Stay);
            store.rollback().expect("rolls back");
            continue;
        }
        commit_records(&mut store, unit.iter().cloned());
        commit_records(&mut twin, unit);
        there = then;
        let (now_ms, limit) = (NOON + random.between(-1, 21), random.below(8) as u32);
        let of_one = of_channel(random.one_of(&NAMES), random.below(13), random.below(8) as u32);
        for query in [Query::DueListings { now_ms, limit }, of_one] {
            assert_eq!(find(&mut store, &query), find(&mut twin, &query), "round {round}: {query:?}");
        }
    }
    assert!(there.len() > 20, "{}", there.len());
    let rows: Vec<Record> = there.into_values().map(Record::Listing).collect();
    assert_eq!(records(&mut store, RecordKind::Listing), rows);
    assert_eq!(digest_of(store).0, digest_of(twin).0);
}
