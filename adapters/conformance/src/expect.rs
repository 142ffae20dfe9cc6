//! What cases expect of an engine, each in one call that fails where the case stands.

use stockroom::engine::{Answer, Command, StateDigest};
use stockroom::inventory::Hold;
use stockroom::order::Order;
use stockroom::outbox::StockLevel;
use stockroom::ports::Store;
use stockroom::{ChangedOrder, Code, Event, EventKind, HeldStock, OrderState, PlacedOrder, Reply, Stockroom};

use crate::bench::{Bench, Shop};
use crate::documents::{NOON, channel, location, receive, sku};

/// Calls that fail where the answer is not of the kind expected.
pub trait Expect {
    /// Does a command at a time, whatever comes of it.
    fn reply_at(&self, at_ms: i64, command: impl Into<Command>) -> Reply;

    /// Does a command at noon and expects it to be accepted for the first time.
    #[track_caller]
    fn accept(&self, command: impl Into<Command>) -> Answer {
        self.accept_at(NOON, command)
    }

    /// Does a command at a time and expects it to be accepted for the first time.
    #[track_caller]
    fn accept_at(&self, at_ms: i64, command: impl Into<Command>) -> Answer {
        let reply = self.reply_at(at_ms, command);
        assert!(!reply.repeated, "repeated: {reply:?}");
        match reply.accepted() {
            Ok(answer) => answer.clone(),
            Err(rejection) => panic!("rejected: {rejection}"),
        }
    }

    /// Does a command at noon and expects it to be rejected with a code.
    #[track_caller]
    fn reject(&self, code: Code, command: impl Into<Command>) -> Reply {
        self.reject_at(NOON, code, command)
    }

    /// Does a command at a time and expects it to be rejected with a code.
    #[track_caller]
    fn reject_at(&self, at_ms: i64, code: Code, command: impl Into<Command>) -> Reply {
        let reply = self.reply_at(at_ms, command);
        match reply.rejection() {
            Some(rejection) => assert_eq!(rejection.code, code, "{rejection}"),
            None => panic!("accepted where {code} was expected: {reply:?}"),
        }
        reply
    }

    /// Does a command and expects the answer that an earlier one got.
    #[track_caller]
    fn repeat(&self, first: &Reply, command: impl Into<Command>) {
        let again = self.reply_at(NOON, command);
        assert!(again.repeated, "not repeated: {again:?}");
        assert_eq!(again.outcome, first.outcome);
    }

    /// Expects every invariant to hold.
    #[track_caller]
    fn sound(&self);

    /// Available-to-promise of a SKU at a location that are both registered.
    #[track_caller]
    fn free(&self, sku: &str, location: &str) -> i64;

    /// All quantities of a SKU at a location that are both registered.
    #[track_caller]
    fn level(&self, sku: &str, location: &str) -> StockLevel;

    /// An order that exists.
    #[track_caller]
    fn known_order(&self, id: &str) -> Order;

    /// A hold that lives.
    #[track_caller]
    fn known_hold(&self, id: &str) -> Hold;

    /// Every event.
    #[track_caller]
    fn all_events(&self) -> Vec<Event>;

    /// The digest of the state.
    #[track_caller]
    fn state(&self) -> StateDigest;
}

impl<S: Store> Expect for Stockroom<S> {
    #[track_caller]
    fn reply_at(&self, at_ms: i64, command: impl Into<Command>) -> Reply {
        let command = command.into();
        let said = format!("{command:?}");
        self.execute_at(at_ms, command).unwrap_or_else(|error| panic!("{error}: {said}"))
    }

    #[track_caller]
    fn sound(&self) {
        let report = self.verify().expect("the state can be read");
        assert!(report.is_ok(), "{report}");
    }

    #[track_caller]
    fn free(&self, sku: &str, location: &str) -> i64 {
        let units = self.available(sku, location).expect("the state can be read");
        units.unwrap_or_else(|| panic!("{sku} or {location} is not registered"))
    }

    #[track_caller]
    fn level(&self, sku: &str, location: &str) -> StockLevel {
        let level = self.stock(sku, location).expect("the state can be read");
        level.unwrap_or_else(|| panic!("{sku} or {location} is not registered"))
    }

    #[track_caller]
    fn known_order(&self, id: &str) -> Order {
        self.order(id).expect("the state can be read").unwrap_or_else(|| panic!("there is no order {id}"))
    }

    #[track_caller]
    fn known_hold(&self, id: &str) -> Hold {
        self.hold(id).expect("the state can be read").unwrap_or_else(|| panic!("there is no hold {id}"))
    }

    #[track_caller]
    fn all_events(&self) -> Vec<Event> {
        self.events(0, u32::MAX).expect("the events can be read")
    }

    #[track_caller]
    fn state(&self) -> StateDigest {
        self.digest().expect("the state can be read")
    }
}

/// The placed order in an answer.
#[track_caller]
pub fn placed(answer: Answer) -> PlacedOrder {
    match answer {
        Answer::OrderPlaced(placed) => placed,
        other => panic!("not a placed order: {other:?}"),
    }
}

/// The hold in an answer.
#[track_caller]
pub fn held(answer: Answer) -> HeldStock {
    match answer {
        Answer::Held(held) => held,
        other => panic!("not a hold: {other:?}"),
    }
}

/// The answer to a change of an order.
pub fn changed(order: &str, state: OrderState, units: i64) -> Answer {
    Answer::OrderChanged(ChangedOrder { order: order.into(), state, units })
}

/// The allocations of a placed order as (line, location, units, backordered units).
pub fn allocations(placed: &PlacedOrder) -> Vec<(u32, &str, i64, i64)> {
    placed.allocations.iter().map(|a| (a.line, &*a.location, a.quantity, a.backordered)).collect()
}

/// The kinds of events, by name.
pub fn kinds(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(|event| event.data.kind().name()).collect()
}

/// How many events of a kind there are.
pub fn events_of<S: Store>(shop: &Stockroom<S>, kind: EventKind) -> Vec<Event> {
    shop.all_events().into_iter().filter(|event| event.data.kind() == kind).collect()
}

/// A shop with the SKUs `mug` and `plate`, the locations `main` and `north`, and the channel `web` that tries
/// them in this order; with 10 mugs and 4 plates at `main`, and 5 mugs at `north`.
pub(crate) fn small_shop(bench: &Bench<'_>) -> Shop {
    let shop = bench.shop();
    furnish(&shop);
    shop
}

/// Brings an empty shop into the state of `small_shop`.
pub fn furnish<S: Store>(shop: &Stockroom<S>) {
    shop.accept(sku("mug"));
    shop.accept(sku("plate"));
    shop.accept(location("main"));
    shop.accept(location("north"));
    shop.accept(channel("web", &["main", "north"]));
    shop.accept(receive("main", &[("mug", 10), ("plate", 4)]));
    shop.accept(receive("north", &[("mug", 5)]));
}
