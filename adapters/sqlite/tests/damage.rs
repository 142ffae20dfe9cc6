//! Damaged files: whatever bytes are wrong, the caller gets an answer or an error, never a panic and never a
//! wait without end.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use stockroom::channel::{
    ChannelLine, ChannelOrder, ChannelPolicy, ConnectChannel, DriftPolicy, NoteListings, ReconcileChannel, SeenListing,
    TakeChannelOrder, UpdateListings,
};
use stockroom::engine::{Needs, Query, WorkingSet};
use stockroom::fulfillment::{NoteWarehouseStock, ReassignFulfillment, SkuLevel, WarehouseStatus, WarehouseStock};
use stockroom::outbox::{DeliveryAnswer, DeliveryResult, DropDelivery, RequeueDelivery};
use stockroom::ports::{Finish, Mode, Store, Written};
use stockroom::{Error, ErrorKind, PruneFrom, Result, SkuNumber, Tick};
use stockroom_conformance::documents::{
    NOON, cancel, complete, count, edit, extend, fulfill, hold, message, note, order, receive, release, report, ship,
    shipment, take, transfer,
};
use stockroom_conformance::record_samples::shops;
use stockroom_conformance::scene::{SECOND_ACT, first_act};
use stockroom_conformance::{History, Random, WarehouseHistory};
use stockroom_sqlite::{Options, SqliteStore};

use crate::place::{Place, open, over, quick};

/// How many damaged copies are looked at.
const COPIES: u64 = 250;

/// A file with rows of every kind, in a state that a long history leaves.
fn sound_file(place: &Place) -> Vec<u8> {
    // Checksums would find nearly all of it before a row is read, and rows that make no sense are what this is about.
    let options = Options { checksums: false, ..quick() };
    let shop = over(SqliteStore::open_with(place.file(), &options).expect("opens"));
    shop.execute_batch_at(first_act()).expect("done");
    shop.execute_batch_at(History::new(41).take(250).collect()).expect("done");
    shop.execute_batch_at(WarehouseHistory::new(41).skip(12).take(350).collect()).expect("done");
    let mut store = shop.into_store();
    store.begin(Mode::Write).expect("begins");
    assert_eq!(store.write(shops(), Finish::Commit).expect("writes"), Written::Done);
    drop(store);
    fs::read(place.file()).expect("the file")
}

/// Damages bytes in one of the ways in which disks and people do.
fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(bytes.len() as u64) as usize;
    match random.below(10) {
        // A digit, a quote or a bracket of a document becomes another.
        0..4 => {
            for _ in 0..=random.below(6) {
                let from = random.below(bytes.len() as u64) as usize;
                if let Some(found) = bytes[from..].iter().position(u8::is_ascii_digit) {
                    bytes[from + found] = b'0' + random.below(10) as u8;
                }
            }
        }
        4..6 => {
            for _ in 0..=random.below(8) {
                let at = random.below(bytes.len() as u64) as usize;
                bytes[at] ^= 1 << random.below(8);
            }
        }
        6 => {
            let end = bytes.len().min(at + 1 + random.below(600) as usize);
            bytes[at..end].fill(random.below(256) as u8);
        }
        7 => {
            let (one, other) = (random.below(bytes.len() as u64 / 4096), random.below(bytes.len() as u64 / 4096));
            let (one, other) = (one as usize * 4096, other as usize * 4096);
            let page = bytes[one..one + 4096].to_vec();
            bytes.copy_within(other..other + 4096, one);
            bytes[other..other + 4096].copy_from_slice(&page);
        }
        8 => bytes.truncate(at),
        _ => {
            let page = at / 4096 * 4096;
            bytes[page..page + 4096].fill(0);
        }
    }
}

/// Reads everything and tries a bit of everything. Returns the failures.
fn use_it(path: &Path) -> Vec<Error> {
    let mut store = match open(path) {
        Ok(store) => store,
        Err(error) => return vec![error],
    };
    let mut errors = Vec::new();
    for query in [
        Query::Listings { channel: "web".into(), after: SkuNumber(0), limit: 50 },
        Query::DueListings { now_ms: SECOND_ACT, limit: 50 },
    ] {
        let needs = Needs { queries: vec![query], ..Needs::default() };
        errors.extend(store.begin(Mode::Read).err());
        errors.extend(store.supply(&needs, &mut WorkingSet::default()).err());
        errors.extend(store.rollback().err());
    }
    let shop = over(store);
    let mut keep = |result: Result<()>| errors.extend(result.err());
    keep(shop.verify().map(drop));
    keep(shop.digest().map(drop));
    keep(shop.events(0, u32::MAX).map(drop));
    keep(shop.events(50, 10).map(drop));
    keep(shop.channel_availability("web", &["mug", "plate", "set", "cup"]).map(drop));
    for id in ["o-1", "o-5", "b-1", "o-40"] {
        keep(shop.order(id).map(drop));
        keep(shop.hold(&id.replace('o', "h")).map(drop));
    }
    let now = SECOND_ACT;
    let levels = ["mug", "plate"].map(|sku| SkuLevel { sku: sku.into(), on_hand: 7 }).into();
    let counted = NoteWarehouseStock {
        location: "Ost".into(),
        stock: WarehouseStock { taken_at_ms: now, levels },
        message: Some(message("wms", "counted")),
    };
    let commands: Vec<stockroom::Command> = vec![
        receive("main", &[("Zebra", 9), ("mug", 3), ("plate", 3), ("cup", 3)]).into(),
        order("new", &[("mug", 1), ("set", 1)]).into(),
        stockroom::Command::from(order("o-1", &[("mug", 1)])).with_key("k-1"),
        count("mug", "main", 0).into(),
        count("plate", "north", 0).into(),
        transfer("main", "north", &[("plate", 1)]).into(),
        hold("new", &[("plate", 1)], 60_000).into(),
        extend("h-3", 60_000).into(),
        release("Hold").into(),
        Tick::default().into(),
        edit("o-1", &[(1, 1)]).into(),
        ship("o-1").into(),
        ship("o-40").into(),
        cancel("b-2").into(),
        complete("o-3").into(),
        stockroom::Prune { before_ms: NOON + 1_000, limit: 100, from: PruneFrom::Events }.into(),
        stockroom::Prune { before_ms: NOON + 1_000, limit: 100, from: PruneFrom::Keys(String::new()) }.into(),
        stockroom::Prune { before_ms: now, limit: 100, from: PruneFrom::Orders(0) }.into(),
        fulfill().into(),
        take("wms", 50).into(),
        take("🫖", 50).into(),
        report("wms", 1, 1, DeliveryResult::Done(DeliveryAnswer::Taken)).into(),
        report("wms", 7, 1, DeliveryResult::Refused { why: "no".into() }).into(),
        note("f-2-1", WarehouseStatus::Picking, Some(message("wms", "new"))).into(),
        note("f-6-1", WarehouseStatus::Refused { why: "no".into() }, None).into(),
        shipment("f-1-1", "p-1", Some(message("wms", "m-1"))).into(),
        shipment("f-4-1", "p-4", Some(message("wms", "m-4"))).into(),
        ReassignFulfillment { fulfillment: "f-6-1".into(), location: Some("main".into()) }.into(),
        counted.into(),
        RequeueDelivery { destination: "wms".into(), number: 3 }.into(),
        DropDelivery { destination: "wms".into(), number: 2 }.into(),
        stockroom::Prune { before_ms: now, limit: 100, from: PruneFrom::Messages(String::new(), String::new()) }.into(),
    ];
    for command in commands.into_iter().chain(of_channels(now)) {
        keep(shop.execute_at(now, command).map(drop));
    }
    keep(shop.verify().map(drop));
    errors
}

/// What a shop behind a channel says and is sent. Every listing is reckoned anew.
fn of_channels(now_ms: i64) -> Vec<stockroom::Command> {
    let (channel, destination) = (String::from("web"), String::from("Ä-wms"));
    let policy = ChannelPolicy { buffer: 1, batch_max: 2, drift: DriftPolicy::TakeOver, ..ChannelPolicy::default() };
    let seen = |item: &str, quantity| SeenListing { item: item.into(), at_ms: now_ms, quantity };
    let line =
        |line: &str, sku: &str| ChannelLine { line: line.into(), sku: sku.into(), quantity: 1, unit_price_minor: 100 };
    let told = |id: &str, lines| ChannelOrder {
        id: id.into(),
        channel: channel.clone(),
        reference: id.into(),
        placed_at_ms: now_ms,
        updated_at_ms: now_ms,
        currency: "EUR".into(),
        lines,
        ..ChannelOrder::default()
    };
    let (changed, fresh) = (told("o-1", vec![line("2", "mug")]), told("o-99", vec![line("1", "set")]));
    let listings = vec![seen("web 1", Some(3)), seen("web 2", Some(0)), seen("web 7", None), seen("other", Some(1))];
    vec![
        ConnectChannel { channel: channel.clone(), destination: destination.clone(), policy }.into(),
        UpdateListings { limit: 100 }.into(),
        NoteListings { channel: channel.clone(), listings, message: None }.into(),
        TakeChannelOrder { order: changed, message: None }.into(),
        TakeChannelOrder { order: fresh, message: Some(message("shop", "m-1")) }.into(),
        ReconcileChannel { channel, mend: true }.into(),
        UpdateListings { limit: 100 }.into(),
        take(&destination, 50).into(),
        report(&destination, 1, 1, DeliveryResult::Done(DeliveryAnswer::Taken)).into(),
        report(&destination, 2, 1, DeliveryResult::Refused { why: "no".into() }).into(),
        UpdateListings { limit: 100 }.into(),
    ]
}

#[test]
fn a_sound_file_makes_no_errors() {
    let place = Place::new();
    sound_file(&place);
    let errors = use_it(&place.file());
    assert!(errors.is_empty(), "{errors:?}");
}

#[test]
fn a_damaged_file_is_answered_not_suffered() {
    let place = Place::new();
    let sound = sound_file(&place);
    let (mut harmless, mut told) = (0, 0);
    for seed in 0..COPIES {
        let mut bytes = sound.clone();
        damage(&mut bytes, &mut Random::new(seed));
        let path = place.path(&format!("copy-{seed}"));
        fs::write(&path, bytes).expect("a copy");
        let errors = catch_unwind(AssertUnwindSafe(|| use_it(&path)));
        let errors = errors.unwrap_or_else(|_| panic!("copy {seed} made it panic"));
        for error in &errors {
            let expected = matches!(
                error.kind(),
                ErrorKind::Corrupt
                    | ErrorKind::Unsupported
                    | ErrorKind::Io
                    | ErrorKind::InvariantBroken
                    | ErrorKind::SchemaTooNew
            );
            assert!(expected, "copy {seed}: {error}");
        }
        *(if errors.is_empty() { &mut harmless } else { &mut told }) += 1;
        for suffix in ["", "-wal", "-shm"] {
            drop(fs::remove_file(place.path(&format!("copy-{seed}{suffix}"))));
        }
    }
    // The damages are real, and not so bad that nothing is ever read.
    assert!(told > COPIES / 5 && harmless > COPIES / 10, "{told} told, {harmless} harmless");
}

/// Bytes that are wrong in the write-ahead log: what is not whole there was never committed.
#[test]
fn a_damaged_log_loses_the_end_and_no_more() {
    let place = Place::new();
    drop(place.small_shop());
    let mut random = Random::new(3);
    for round in 0..20 {
        let shop = place.shop();
        for number in 0..5 {
            shop.execute(receive("north", &[("plate", 1 + number)])).expect("done");
        }
        // The file as a power cut leaves it: the log is there, nobody has closed anything.
        let (file, log) = (place.path("cut.sqlite3"), place.path("cut.sqlite3-wal"));
        drop(fs::remove_file(place.path("cut.sqlite3-shm")));
        fs::copy(place.file(), &file).expect("a copy");
        let mut bytes = fs::read(place.path("shop.sqlite3-wal")).expect("a log");
        let at = random.below(bytes.len() as u64) as usize;
        if round % 2 == 0 {
            bytes.truncate(at);
        } else {
            bytes[at] ^= 0x55;
        }
        fs::write(&log, bytes).expect("a copy");
        let cut = over(open(&file).expect("what is whole is there"));
        let report = cut.verify().expect("readable");
        assert!(report.is_ok(), "round {round}: {report}");
        assert!(report.movements <= shop.verify().expect("readable").movements);
    }
}
