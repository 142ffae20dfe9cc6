//! What the tests of the core share: a shop over the store in memory with a clock that the test sets, and a
//! look at every row. It holds no expectations of its own but one, that the invariants hold.

// Each test target compiles this file for itself and uses its own part of it.
#![allow(dead_code)]

pub(crate) mod samples;
pub(crate) mod scripted;
pub(crate) mod shopkeeper;
pub(crate) mod warehouses;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use stockroom::engine::RecordKind;
use stockroom::memory::MemoryStore;
use stockroom::ports::{Page, Rows, Store};
use stockroom::{
    Code, Command, Event, NewLine, NewOrder, ReceiveStock, RegisterChannel, RegisterLocation, RegisterSku, Rejection,
    Reply, StockLine, Stockroom, TimedCommand,
};

/// When the tests' time begins: the first of January 2026.
pub(crate) const START_MS: i64 = 1_767_225_600_000;

/// A shop over a store in memory, with a clock that stands still until it is set.
pub(crate) struct Shop {
    pub(crate) room: Stockroom<MemoryStore>,
    clock: Arc<AtomicI64>,
}

impl Shop {
    /// A shop without anything.
    pub(crate) fn empty() -> Self {
        Shop::with(|room| room)
    }

    /// An empty shop with rules or a recorder.
    pub(crate) fn with(more: impl FnOnce(Stockroom<MemoryStore>) -> Stockroom<MemoryStore>) -> Self {
        let clock = Arc::new(AtomicI64::new(START_MS));
        let hand = Arc::clone(&clock);
        let room = Stockroom::new(MemoryStore::new(), move || hand.load(Ordering::Relaxed));
        Shop { room: more(room), clock }
    }

    /// A shop with the locations `main` and `backup`, the channel `web` that both serve in this order, the
    /// SKUs `mug` and `plate`, and the bundle `set` of one mug and two plates.
    pub(crate) fn stocked(levels: &[(&str, &str, i64)]) -> Self {
        let shop = Shop::empty();
        shop.furnish(levels);
        shop
    }

    /// Registers what [`Shop::stocked`] has and receives the units given.
    pub(crate) fn furnish(&self, levels: &[(&str, &str, i64)]) {
        furnishing(levels).into_iter().for_each(|command| {
            self.accept(command);
        });
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.load(Ordering::Relaxed)
    }

    pub(crate) fn set_clock(&self, at_ms: i64) {
        self.clock.store(at_ms, Ordering::Relaxed);
    }

    /// Does a command that may be accepted or rejected; a failure is none of the two.
    #[track_caller]
    pub(crate) fn reply(&self, command: impl Into<Command>) -> Reply {
        self.room.execute(command).expect("the command is answered")
    }

    /// Does a command that must be accepted.
    #[track_caller]
    pub(crate) fn accept(&self, command: impl Into<Command>) -> Reply {
        let reply = self.reply(command);
        assert!(reply.accepted().is_ok(), "rejected: {}", reply.rejection().expect("it was not accepted"));
        reply
    }

    /// Does a command that must be rejected.
    #[track_caller]
    pub(crate) fn reject(&self, command: impl Into<Command>) -> Rejection {
        let reply = self.reply(command);
        reply.rejection().cloned().unwrap_or_else(|| panic!("accepted: {reply:?}"))
    }

    /// Does a command that must be rejected with this code.
    #[track_caller]
    pub(crate) fn reject_as(&self, code: Code, command: impl Into<Command>) -> Rejection {
        let rejection = self.reject(command);
        assert_eq!(rejection.code, code, "{rejection}");
        rejection
    }

    /// The events from the beginning.
    pub(crate) fn events(&self) -> Vec<Event> {
        self.room.events(0, u32::MAX).expect("the events can be read")
    }

    #[track_caller]
    pub(crate) fn assert_verified(&self) {
        assert_verified(&self.room);
    }
}

/// The commands that furnish a shop as [`Shop::stocked`] says.
pub(crate) fn furnishing(levels: &[(&str, &str, i64)]) -> Vec<Command> {
    let part = |sku: &str, quantity| stockroom::BundleComponent { sku: sku.into(), quantity };
    let mut commands: Vec<Command> = vec![
        RegisterSku { sku: "mug".into(), components: None }.into(),
        RegisterSku { sku: "plate".into(), components: None }.into(),
        RegisterSku { sku: "set".into(), components: Some(vec![part("mug", 1), part("plate", 2)]) }.into(),
        RegisterLocation { location: "main".into() }.into(),
        RegisterLocation { location: "backup".into() }.into(),
        RegisterChannel {
            channel: "web".into(),
            locations: vec!["main".into(), "backup".into()],
            ..RegisterChannel::default()
        }
        .into(),
    ];
    commands.extend(levels.iter().map(|(location, sku, quantity)| receive(location, sku, *quantity).into()));
    commands
}

#[track_caller]
pub(crate) fn assert_verified<S: Store>(room: &Stockroom<S>) {
    let report = room.verify().expect("the store can be read");
    assert!(report.is_ok(), "{report}");
}

pub(crate) fn receive(location: &str, sku: &str, quantity: i64) -> ReceiveStock {
    ReceiveStock {
        location: location.into(),
        lines: vec![StockLine { sku: sku.into(), quantity }],
        ..ReceiveStock::default()
    }
}

/// An order of the channel `web` for some units of some SKUs at 12.50 each.
pub(crate) fn order(id: &str, lines: &[(&str, i64)]) -> NewOrder {
    let line =
        |(sku, quantity): &(&str, i64)| NewLine { sku: (*sku).into(), quantity: *quantity, unit_price_minor: 1250 };
    NewOrder {
        id: id.into(),
        channel: "web".into(),
        currency: "EUR".into(),
        lines: lines.iter().map(line).collect(),
        ..NewOrder::default()
    }
}

/// Every row of the store, one entry a kind, in the order of the keys.
pub(crate) fn every_row<S: Store>(room: &Stockroom<S>) -> Vec<Rows> {
    let first_pages = [
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
    ];
    let pages = first_pages.into_iter().chain(RecordKind::ALL.map(|kind| Page::Records(kind, None)));
    pages.map(|page| room.page(&page, u32::MAX).expect("the rows can be read")).collect()
}

/// Every row but the events and the idempotency keys: what a refusal may not change.
pub(crate) fn rows_of_the_business<S: Store>(room: &Stockroom<S>) -> Vec<Rows> {
    let mut rows = every_row(room);
    rows.retain(|rows| !matches!(rows, Rows::Events(_) | Rows::Keys(_)));
    rows
}

/// The digest as text.
pub(crate) fn digest<S: Store>(room: &Stockroom<S>) -> String {
    room.digest().expect("the store can be read").to_string()
}

/// Does the commands on a fresh store and returns it.
pub(crate) fn replayed(commands: &[TimedCommand], how: Replay) -> Stockroom<MemoryStore> {
    let fresh = |store| Stockroom::new(store, || START_MS);
    let mut room = fresh(MemoryStore::new());
    match how {
        Replay::OneByOne => commands.iter().for_each(|timed| {
            room.execute_at(timed.at_ms, timed.command.clone()).expect("the command is answered");
        }),
        Replay::Cold => {
            for timed in commands {
                room.execute_at(timed.at_ms, timed.command.clone()).expect("the command is answered");
                room = fresh(room.into_store());
            }
        }
        Replay::OneBatch => {
            room.execute_batch_at(commands.to_vec()).expect("the batch is answered");
        }
    }
    room
}

/// How a log is replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Replay {
    /// Each command in a commit of its own.
    OneByOne,
    /// The same, and no row is kept in memory from one command to the next.
    Cold,
    /// All commands in one commit.
    OneBatch,
}
