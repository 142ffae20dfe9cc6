//! The engine's pure parts alone, without a store or a clock in the way: `cargo bench -p stockroom-benches
//! --bench pure`. The rows come from an in-memory store once; deciding then finds all of them at hand.

#![forbid(unsafe_code)]

use std::hint::black_box;
use std::slice;
use std::time::{Duration, Instant};

use criterion::Criterion;
use stockroom::engine::{Progress, Step, WorkingSet};
use stockroom::ids::{SKU_BYTES_MAX, name_fault};
use stockroom::memory::MemoryStore;
use stockroom::money::{add_line, decimals};
use stockroom::ports::{Mode, Page, Rows, Store};
use stockroom::{
    Command, NewLine, NewOrder, ReceiveStock, RegisterChannel, RegisterLocation, RegisterSku, Sourcing, StockLine,
    Stockroom, TimedCommand,
};

const LOCATIONS: [&str; 8] = ["l-1", "l-2", "l-3", "l-4", "l-5", "l-6", "l-7", "l-8"];
/// So much that no run comes near the end of it.
const PLENTY: i64 = 1_000_000_000;
const AT_MS: i64 = 1_700_000_000_000;
/// Orders decided over one working set. It keeps every order that it has seen, so it is not used for ever.
const ORDERS_PER_SET: u64 = 1_000;

/// What is stocked where. No one location has `left`, `right` and `both`; only two together do.
const STOCK: [(&str, &[usize]); 7] = [
    ("mug", &[0]),
    ("plate", &[0]),
    ("bowl", &[0]),
    ("left", &[0, 1, 2, 3]),
    ("right", &[4, 5, 6, 7]),
    ("both", &[3, 7]),
    ("gone", &[]),
];

fn shop() -> MemoryStore {
    let channel = |channel: &str, locations: &[&str], sourcing| RegisterChannel {
        channel: channel.into(),
        locations: locations.iter().map(|location| (*location).into()).collect(),
        sourcing,
    };
    let mut commands: Vec<Command> =
        LOCATIONS.iter().map(|location| RegisterLocation { location: (*location).into() }.into()).collect();
    commands.push(channel("web", &LOCATIONS[..1], Sourcing::Priority).into());
    commands.push(channel("wide", &LOCATIONS, Sourcing::FewestSplits).into());
    for (sku, places) in STOCK {
        commands.push(RegisterSku { sku: sku.into(), components: None }.into());
        commands.extend(places.iter().map(|place| {
            let lines = vec![StockLine { sku: sku.into(), quantity: PLENTY }];
            ReceiveStock { location: LOCATIONS[*place].into(), lines, ..Default::default() }.into()
        }));
    }
    let stockroom = Stockroom::new(MemoryStore::new(), || AT_MS);
    let replies = stockroom.execute_batch(commands).expect("the shop opens");
    assert!(replies.iter().all(|reply| reply.accepted().is_ok()));
    stockroom.into_store()
}

fn order(number: u64, channel: &str, skus: [&str; 3]) -> TimedCommand {
    let lines = skus.map(|sku| NewLine { sku: sku.into(), quantity: 1, unit_price_minor: 1_250 });
    let order = NewOrder {
        id: format!("o-{number:010}"),
        channel: channel.into(),
        currency: "GBP".into(),
        lines: lines.into(),
        ..Default::default()
    };
    TimedCommand { at_ms: AT_MS, command: order.into() }
}

/// Decides one order as a batch of its own, up to the changes that a store would write, with every row at
/// hand. Why it was rejected, if it was.
fn decide(rows: &mut WorkingSet, command: &TimedCommand) -> Option<&'static str> {
    let mut step = Step::new(slice::from_ref(command));
    let progress = step.advance(rows).expect("the order is decided");
    assert!(matches!(progress, Progress::Decided), "a row is not at hand: {progress:?}");
    black_box(rows.take_changes().expect("the sums hold"));
    step.into_replies()[0].rejection().map(|rejection| rejection.code.name())
}

/// A working set that has decided such an order before, with the rows that the store supplied for it.
fn warm(store: &mut MemoryStore, command: &TimedCommand) -> WorkingSet {
    let mut rows = WorkingSet::default();
    rows.assume_free(true);
    let mut step = Step::new(slice::from_ref(command));
    store.begin(Mode::Write).expect("the store is there");
    while let Progress::Needs(needs) = step.advance(&mut rows).expect("the order is decided") {
        store.supply(&needs, &mut rows).expect("the store answers");
    }
    store.rollback().expect("the store lets go");
    rows.take_changes().expect("the sums hold");
    rows
}

/// Measures deciding orders that differ in their ids only.
fn bench_orders(criterion: &mut Criterion, name: &str, channel: &str, skus: [&str; 3], rejected: Option<&str>) {
    let mut store = shop();
    criterion.bench_function(name, |bencher| {
        bencher.iter_custom(|iterations| {
            let mut elapsed = Duration::ZERO;
            let mut left = iterations;
            while left > 0 {
                let count = left.min(ORDERS_PER_SET);
                let commands: Vec<_> = (1..=count).map(|number| order(number, channel, skus)).collect();
                let mut rows = warm(&mut store, &order(0, channel, skus));
                let start = Instant::now();
                for command in &commands {
                    assert_eq!(decide(&mut rows, black_box(command)), rejected);
                }
                elapsed += start.elapsed();
                left -= count;
            }
            elapsed
        });
    });
}

/// From the row that a store keeps to the documents of all its events.
fn bench_cloud_events(criterion: &mut Criterion) {
    let stockroom = Stockroom::new(shop(), || AT_MS);
    let command = order(1, "web", ["mug", "plate", "bowl"]).command;
    assert!(stockroom.execute(command).expect("the order is decided").accepted().is_ok());
    let Rows::Events(mut events) = stockroom.page(&Page::Events(0), 1_000).expect("the events are there") else {
        unreachable!("a page of events has events");
    };
    let row = events.pop().expect("placing an order is an event");
    criterion.bench_function("cloud-events/order-of-3-lines", |bencher| {
        bencher.iter(|| {
            let events = black_box(&row).events().expect("the row is whole");
            events.iter().map(|event| event.to_cloud_event("/shop").to_string().len()).sum::<usize>()
        });
    });
}

fn bench_values(criterion: &mut Criterion) {
    for (name, text) in [("name/ascii", "SKU-85123A"), ("name/unicode", "Kaffeebecher-weiß")] {
        criterion.bench_function(name, |bencher| bencher.iter(|| name_fault(black_box(text), SKU_BYTES_MAX)));
    }
    let lines = [(2, 1_250), (1, 9_999), (3, 499)];
    criterion.bench_function("money/add-3-lines", |bencher| {
        bencher.iter(|| black_box(lines).iter().try_fold(0, |sum, (quantity, price)| add_line(sum, *quantity, *price)));
    });
    for (name, currency) in [("currency/common", "GBP"), ("currency/last", "ZWG"), ("currency/unknown", "XYZ")] {
        criterion.bench_function(name, |bencher| bencher.iter(|| decimals(black_box(currency))));
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    bench_orders(&mut criterion, "decide/order-of-3-lines", "web", ["mug", "plate", "bowl"], None);
    bench_orders(&mut criterion, "decide/fewest-splits-of-8", "wide", ["left", "right", "both"], None);
    bench_orders(&mut criterion, "decide/out-of-stock", "web", ["mug", "plate", "gone"], Some("insufficient_stock"));
    bench_cloud_events(&mut criterion);
    bench_values(&mut criterion);
    criterion.final_summary();
}
