//! The twin: long random histories on the store under test and on the in-memory store side by side. Every answer
//! and every row must be the same, whichever side does single commands and whichever does batches.

use std::collections::BTreeSet;

use stockroom::memory::MemoryStore;
use stockroom::{Code, EventKind, Outcome, TimedCommand};

use crate::bench::{AnyStore, Bench, Shop, shop_over};
use crate::case::cases;
use crate::channel_history::ChannelHistory;
use crate::expect::Expect;
use crate::history::{CHANNELS, History, LOCATIONS, SKUS};
use crate::random::Random;
use crate::warehouse_history::WarehouseHistory;

cases![twin:
    a_history_in_batches_of_random_size,
    another_history_in_batches_of_random_size,
    a_history_in_large_batches,
    a_history_of_single_commands_against_batches,
    a_history_with_restarts_and_previews,
    a_history_with_warehouses_in_batches,
    a_history_with_warehouses_of_single_commands,
    a_history_with_warehouses_restarts_and_previews,
    a_history_with_channels_in_batches,
    a_history_with_channels_of_single_commands,
    a_history_with_channels_restarts_and_previews,
    histories_do_everything_there_is,
];

const COMMANDS: usize = 2_000;
/// How many commands lie between two checks of the whole state.
const CHECK_EVERY: usize = 400;

fn twin() -> Shop {
    shop_over(AnyStore::new(MemoryStore::new()))
}

fn history(seed: u64) -> Vec<TimedCommand> {
    History::new(seed).take(COMMANDS).collect()
}

fn warehouse_history(seed: u64) -> Vec<TimedCommand> {
    let history: Vec<_> = WarehouseHistory::new(seed).take(COMMANDS).collect();
    assert_eq!(history.len(), COMMANDS, "it was lived through to the end");
    history
}

fn channel_history(seed: u64) -> Vec<TimedCommand> {
    let history: Vec<_> = ChannelHistory::new(seed).take(COMMANDS).collect();
    assert_eq!(history.len(), COMMANDS, "it was lived through to the end");
    history
}

/// Compares the whole state, and what can be read of it.
fn compare(shop: &Shop, twin: &Shop, done: usize) {
    assert_eq!(shop.state(), twin.state(), "after {done} commands");
    let pairs: Vec<(&str, &str)> = SKUS.iter().flat_map(|sku| LOCATIONS.iter().map(move |at| (*sku, *at))).collect();
    assert_eq!(shop.availability(&pairs).expect("readable"), twin.availability(&pairs).expect("readable"));
    for channel in CHANNELS {
        let read = |shop: &Shop| shop.channel_availability(channel, &SKUS).expect("readable");
        assert_eq!(read(shop), read(twin), "after {done} commands");
    }
    shop.sound();
}

/// Runs a history in batches of up to `batch_max` here, and as single commands there.
fn run(batches: &Shop, singly: &Shop, seed: u64, batch_max: u64) {
    run_history(&history(seed), batches, singly, seed, batch_max);
}

fn run_history(history: &[TimedCommand], batches: &Shop, singly: &Shop, seed: u64, batch_max: u64) {
    let mut random = Random::new(seed ^ 0xba7c);
    let (mut done, mut checked) = (0, 0);
    while done < history.len() {
        let size = 1 + random.below(batch_max) as usize;
        let batch = &history[done..history.len().min(done + size)];
        let replies = batches.execute_batch_at(batch.to_vec()).expect("the batch is done");
        for (timed, reply) in batch.iter().zip(replies) {
            assert_eq!(reply, singly.reply_at(timed.at_ms, timed.command.clone()), "to {timed:?}");
        }
        done += batch.len();
        if done >= checked + CHECK_EVERY {
            compare(batches, singly, done);
            checked = done;
        }
    }
    compare(batches, singly, done);
    singly.sound();
}

fn a_history_in_batches_of_random_size(bench: &Bench<'_>) {
    run(&bench.shop(), &twin(), 1, 40);
}

fn another_history_in_batches_of_random_size(bench: &Bench<'_>) {
    run(&bench.shop(), &twin(), 2, 12);
}

fn a_history_in_large_batches(bench: &Bench<'_>) {
    run(&bench.shop(), &twin(), 3, 700);
}

fn a_history_of_single_commands_against_batches(bench: &Bench<'_>) {
    run(&twin(), &bench.shop(), 4, 60);
}

fn a_history_with_warehouses_in_batches(bench: &Bench<'_>) {
    run_history(&warehouse_history(6), &bench.shop(), &twin(), 6, 30);
}

fn a_history_with_warehouses_of_single_commands(bench: &Bench<'_>) {
    run_history(&warehouse_history(7), &twin(), &bench.shop(), 7, 50);
}

fn a_history_with_channels_in_batches(bench: &Bench<'_>) {
    run_history(&channel_history(9), &bench.shop(), &twin(), 9, 30);
}

fn a_history_with_channels_of_single_commands(bench: &Bench<'_>) {
    run_history(&channel_history(10), &twin(), &bench.shop(), 10, 50);
}

/// With nothing in memory every few commands, and every command foretold.
fn a_history_with_restarts_and_previews(bench: &Bench<'_>) {
    restart_and_preview(bench, history(5));
}

fn a_history_with_warehouses_restarts_and_previews(bench: &Bench<'_>) {
    restart_and_preview(bench, warehouse_history(8));
}

fn a_history_with_channels_restarts_and_previews(bench: &Bench<'_>) {
    restart_and_preview(bench, channel_history(11));
}

fn restart_and_preview(bench: &Bench<'_>, history: Vec<TimedCommand>) {
    let (mut shop, twin) = (bench.shop(), twin());
    let mut random = Random::new(5);
    for (done, timed) in history.into_iter().enumerate() {
        if random.percent(10) {
            shop = bench.restart(shop);
        }
        let foretold = random.percent(30).then(|| shop.preview_at(timed.at_ms, timed.command.clone()).expect("works"));
        let reply = shop.reply_at(timed.at_ms, timed.command.clone());
        assert_eq!(reply, twin.reply_at(timed.at_ms, timed.command.clone()), "to {timed:?}");
        assert!(foretold.is_none_or(|foretold| foretold == reply), "to {timed:?}");
        if done % CHECK_EVERY == 0 {
            compare(&shop, &twin, done);
        }
    }
    compare(&bench.restart(shop), &twin, COMMANDS);
}

/// The histories are worth running: together they do every kind of command, make every kind of event, and are
/// refused for all that a well-formed command can be refused for.
fn histories_do_everything_there_is(bench: &Bench<'_>) {
    let mut accepted = BTreeSet::new();
    let mut refused = BTreeSet::new();
    let (mut kinds, mut repeated, mut count) = (BTreeSet::new(), 0, 0);
    for seed in 1..=6 {
        // One on the store under test, for what its searches bring about.
        let shop = if seed == 1 { bench.shop() } else { twin() };
        let mut read = 0;
        let history = match seed {
            1 | 2 => history(seed),
            3 | 4 => warehouse_history(seed),
            _ => channel_history(seed),
        };
        for timed in history {
            let action = format!("{:?}", timed.command.action);
            let action = action.split('(').next().unwrap_or_default().to_owned();
            let reply = shop.reply_at(timed.at_ms, timed.command);
            repeated += usize::from(reply.repeated);
            // Before pruning takes them.
            let said = shop.events(read, u32::MAX).expect("readable");
            read = said.last().map_or(read, |event| event.number);
            kinds.extend(said.iter().map(|event| event.data.kind().name()));
            match reply.outcome {
                Outcome::Accepted(_) if !reply.repeated => {
                    accepted.insert(action);
                    count += 1;
                }
                Outcome::Accepted(_) => {}
                Outcome::Rejected(rejection) => drop(refused.insert(rejection.code)),
            }
        }
    }
    assert_eq!(accepted.len(), 42, "{accepted:?}");
    assert!(count > COMMANDS, "{count} of {} accepted", 6 * COMMANDS);
    assert!(repeated > 100, "{repeated}");
    let never: Vec<&str> = EventKind::ALL.iter().map(|kind| kind.name()).filter(|name| !kinds.contains(name)).collect();
    assert_eq!(never, [""; 0]);
    let expected = [
        Code::KeyReused,
        Code::OrderExists,
        Code::HoldExists,
        Code::CurrencyUnknown,
        Code::TimeOutOfRange,
        Code::DuplicateEntry,
        Code::SkuUnknown,
        Code::LocationUnknown,
        Code::ChannelUnknown,
        Code::OrderUnknown,
        Code::HoldUnknown,
        Code::LineUnknown,
        Code::SubscriptionUnknown,
        Code::OrderClosed,
        Code::OrderPruned,
        Code::SkuIsBundle,
        Code::SkuIsNotBundle,
        Code::AlreadyShipped,
        Code::NotAllocated,
        Code::NotShipped,
        Code::NothingToDo,
        Code::EventNumberInvalid,
        Code::SubscriptionExists,
        Code::InsufficientStock,
        Code::BackorderLimit,
        Code::NotOnHand,
        Code::DestinationUnknown,
        Code::DeliveryUnknown,
        Code::DeliveryAlive,
        Code::LeaseLost,
        Code::WarehouseUnknown,
        Code::FulfillmentUnknown,
        Code::FulfillmentClosed,
        Code::InFulfillment,
        Code::StockReportStale,
    ];
    let missing: Vec<&Code> = expected.iter().filter(|code| !refused.contains(code)).collect();
    assert_eq!(missing, [&Code::HostRule; 0]);
}
