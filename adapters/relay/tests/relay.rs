//! Relays over the store in memory and a sink that the test plays. Nothing here waits for a fixed time: the tests
//! ask until it is so, and fail after a long while.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use stockroom::memory::MemoryStore;
use stockroom::ports::Sink;
use stockroom::{
    Code, Command, ConnectChannel, DeliveryAnswer, DeliveryBody, DeliveryResult, FulfillmentState, LeasedDelivery,
    NewLine, NewOrder, Patience, ReceiveStock, RegisterChannel, RegisterDestination, RegisterLocation, RegisterSku,
    RegisterWarehouse, Retry, RetryCause, SetListing, StockLine, Stockroom,
};
use stockroom_relay::{Relay, RelayOptions, RelayTrouble, Route};

type Room = Arc<Stockroom<MemoryStore>>;

/// A shop whose clock runs a second for every millisecond, so that waits are short.
fn room(orders: usize) -> Room {
    let began = Instant::now();
    let start = AtomicI64::new(1_767_225_600_000);
    let clock = move || start.load(Ordering::Relaxed) + i64::try_from(began.elapsed().as_micros()).unwrap_or(0);
    let room = Stockroom::new(MemoryStore::new(), clock);
    let patience = Patience { attempts_max: 1_000, breaker_failures: 1_000, ..Patience::default() };
    let mut commands: Vec<Command> = vec![
        RegisterSku { sku: "mug".into(), components: None }.into(),
        RegisterLocation { location: "main".into() }.into(),
        RegisterChannel { channel: "web".into(), locations: vec!["main".into()], ..Default::default() }.into(),
        ReceiveStock {
            location: "main".into(),
            lines: vec![StockLine { sku: "mug".into(), quantity: 1_000_000 }],
            ..Default::default()
        }
        .into(),
        RegisterDestination { destination: "wms".into(), patience }.into(),
        RegisterWarehouse { location: "main".into(), destination: "wms".into(), ..Default::default() }.into(),
    ];
    commands.extend((0..orders).map(|number| Command::from(order(number))));
    for reply in room.execute_batch(commands).expect("it works") {
        assert!(reply.accepted().is_ok());
    }
    Arc::new(room)
}

fn order(number: usize) -> NewOrder {
    NewOrder {
        id: format!("o-{number}"),
        channel: "web".into(),
        currency: "EUR".into(),
        lines: vec![NewLine { sku: "mug".into(), quantity: 1, unit_price_minor: 100 }],
        ..Default::default()
    }
}

/// A warehouse that counts what it gets, fails every so often, and notes whether two carried one delivery at once.
#[derive(Default)]
struct Warehouse {
    created: Mutex<BTreeMap<String, u32>>,
    under_way: Mutex<BTreeMap<u64, ()>>,
    overlapped: AtomicBool,
    attempts: AtomicUsize,
    fail_every: usize,
    panics: AtomicBool,
    /// The attempt at which it panics; 0 for none.
    panics_at: usize,
    /// The attempt from which each takes a second; 0 for none.
    slow_from: usize,
}

impl Sink for Warehouse {
    fn deliver(&self, delivery: &LeasedDelivery) -> DeliveryResult {
        if self.under_way.lock().unwrap().insert(delivery.number, ()).is_some() {
            self.overlapped.store(true, Ordering::Relaxed);
        }
        let attempt = self.attempts.fetch_add(1, Ordering::Relaxed) + 1;
        let fails = self.fail_every != 0 && attempt % self.fail_every == 0;
        let DeliveryBody::RequestFulfillment(request) = &delivery.body else { panic!("{delivery:?}") };
        let request = request.get().unwrap();
        let mut created = self.created.lock().unwrap();
        let known = created.contains_key(&request.fulfillment);
        // A failure after it was applied, as the worst warehouses have it: the next attempt looks first.
        if !(known && delivery.doubt) {
            *created.entry(request.fulfillment.clone()).or_default() += 1;
        }
        drop(created);
        self.under_way.lock().unwrap().remove(&delivery.number);
        if self.slow_from != 0 && attempt >= self.slow_from {
            std::thread::sleep(Duration::from_secs(1));
        }
        assert_ne!(attempt, self.panics_at, "the sink panics, as this test wants");
        assert!(!self.panics.swap(false, Ordering::Relaxed), "the sink panics, as this test wants");
        if fails {
            return DeliveryResult::Retry(Retry { doubt: true, why: "hung up".into(), ..Retry::default() });
        }
        DeliveryResult::Done(DeliveryAnswer::Handed { reference: None })
    }
}

fn options() -> RelayOptions {
    RelayOptions { idle: Duration::from_millis(5), lease: Duration::from_secs(3_600), ..RelayOptions::default() }
}

fn start(room: &Room, warehouse: &Arc<Warehouse>, connections: usize) -> Relay {
    let sink = Arc::clone(warehouse) as Arc<dyn Sink>;
    let routes = vec![Route { destination: "wms".into(), sink, connections }];
    Relay::start(room, routes, &options(), None).expect("it starts")
}

#[track_caller]
fn eventually(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(60), "{what} never came about");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn accepted(room: &Room, order: usize) -> bool {
    let rows = room.fulfillment_orders(&format!("o-{order}")).expect("it can be read").expect("it is there");
    rows.iter().all(|row| row.state == FulfillmentState::Accepted) && !rows.is_empty()
}

#[test]
fn every_order_reaches_the_warehouse_once_whatever_fails() {
    let room = room(60);
    let warehouse = Arc::new(Warehouse { fail_every: 3, ..Warehouse::default() });
    let relay = start(&room, &warehouse, 3);
    eventually("all at the warehouse", || (0..60).all(|number| accepted(&room, number)));
    let counts = relay.stop();
    assert_eq!((counts.requested, counts.done), (60, 60));
    assert!(counts.retried >= 20 && counts.looked_up >= counts.retried, "{counts:?}");
    assert_eq!(counts.attempts, counts.done + counts.retried);
    let created = warehouse.created.lock().unwrap();
    assert!(created.len() == 60 && created.values().all(|times| *times == 1), "{created:?}");
    assert!(!warehouse.overlapped.load(Ordering::Relaxed));
    assert!(room.verify().expect("it can be read").is_ok());
}

#[test]
fn two_relays_share_the_work_and_never_hold_one_delivery_both() {
    let room = room(300);
    let warehouse = Arc::new(Warehouse::default());
    let relays = [start(&room, &warehouse, 2), start(&room, &warehouse, 2)];
    eventually("all at the warehouse", || (0..300).all(|number| accepted(&room, number)));
    let done: Vec<u64> = relays.into_iter().map(|relay| relay.stop().done).collect();
    assert_eq!(done.iter().sum::<u64>(), 300);
    assert!(warehouse.created.lock().unwrap().values().all(|times| *times == 1));
    assert!(!warehouse.overlapped.load(Ordering::Relaxed));
}

#[test]
fn orders_that_come_later_are_found_and_stopping_reports_what_was_done() {
    let room = room(0);
    let warehouse = Arc::new(Warehouse::default());
    let relay = start(&room, &warehouse, 1);
    for number in 0..20 {
        room.execute(order(number)).expect("it works");
    }
    eventually("the last at the warehouse", || !warehouse.created.lock().unwrap().is_empty());
    let counts = relay.stop();
    // Whatever the warehouse has is reported.
    let created = warehouse.created.lock().unwrap();
    assert_eq!(counts.done as usize, created.len());
    for fulfillment in created.keys() {
        let number = fulfillment.trim_start_matches("o-").trim_end_matches("-1").parse().expect("a number");
        assert!(accepted(&room, number), "{fulfillment}");
    }
}

#[test]
fn a_sink_that_panics_takes_its_thread_and_no_delivery() {
    let room = room(3);
    let warehouse = Arc::new(Warehouse::default());
    warehouse.panics.store(true, Ordering::Relaxed);
    let relay = start(&room, &warehouse, 2);
    // The lease of what it had ends after an hour of the shop's clock, 3.6 seconds.
    eventually("all at the warehouse", || (0..3).all(|number| accepted(&room, number)));
    drop(relay);
    assert!(warehouse.created.lock().unwrap().values().all(|times| *times == 1), "the doubt was kept");
}

#[test]
fn the_only_connection_that_panics_gives_back_what_it_had_not_begun() {
    let room = room(50);
    let warehouse = Arc::new(Warehouse { panics_at: 10, ..Warehouse::default() });
    let relay = start(&room, &warehouse, 1);
    eventually("it panics", || warehouse.attempts.load(Ordering::Relaxed) == 10);
    let counts = relay.stop();
    // What was carried before is reported, though its thread is gone.
    assert_eq!(counts.done, 9);
    assert_eq!((0..50).filter(|number| accepted(&room, *number)).count(), 9);
    // Only the one that it had is held by its lease, and in doubt; the others can be carried at once.
    let relay = start(&room, &warehouse, 1);
    eventually("all at the warehouse", || (0..50).all(|number| accepted(&room, number)));
    assert_eq!(relay.stop().looked_up, 1);
    assert!(warehouse.created.lock().unwrap().values().all(|times| *times == 1));
}

#[test]
fn stopping_lets_what_is_under_way_end_and_gives_the_rest_back() {
    let room = room(50);
    let warehouse = Arc::new(Warehouse { slow_from: 10, ..Warehouse::default() });
    let relay = start(&room, &warehouse, 1);
    // Many are in hand by now, and they turn out to be slow.
    eventually("it is slow", || warehouse.attempts.load(Ordering::Relaxed) == 10);
    let began = Instant::now();
    let counts = relay.stop();
    assert!(began.elapsed() < Duration::from_secs(20), "not all of them were waited for");
    assert_eq!(counts.attempts, counts.done);
    let reported = (0..50).filter(|number| accepted(&room, *number)).count();
    assert_eq!(reported as u64, counts.done);
    assert!(reported < 50);
    let relay = start(&room, &Arc::new(Warehouse::default()), 1);
    eventually("all at the warehouse", || (0..50).all(|number| accepted(&room, number)));
    assert_eq!(relay.stop().looked_up, 0, "what was given back is in no doubt");
}

#[test]
fn trouble_is_told_and_gone_through() {
    let room = room(1);
    let warehouse: Arc<dyn Sink> = Arc::new(Warehouse::default());
    let told: Arc<Mutex<Vec<Code>>> = Arc::default();
    let heard = Arc::clone(&told);
    let listener = move |trouble: &RelayTrouble| {
        if let RelayTrouble::Refused(rejection) = trouble {
            heard.lock().unwrap().push(rejection.code);
        }
    };
    let routes = vec![Route { destination: "later".into(), sink: warehouse, connections: 1 }];
    let relay = Relay::start(&room, routes, &options(), Some(Arc::new(listener))).expect("it starts");
    eventually("it is told", || told.lock().unwrap().contains(&Code::DestinationUnknown));
    room.execute(RegisterDestination { destination: "later".into(), ..Default::default() }).expect("it works");
    let warehouse = RegisterWarehouse { location: "main".into(), destination: "later".into(), ..Default::default() };
    room.execute(warehouse).expect("it works");
    room.execute(order(7)).expect("it works");
    eventually("it goes on", || accepted(&room, 7));
    drop(relay);
}

#[test]
fn options_out_of_range_are_refused() {
    let room = room(0);
    let sink: Arc<dyn Sink> = Arc::new(Warehouse::default());
    let route = |connections| vec![Route { destination: "wms".into(), sink: Arc::clone(&sink), connections }];
    let wrong = [
        (route(0), options()),
        (route(65), options()),
        (route(1), RelayOptions { take_max: 0, ..options() }),
        (route(1), RelayOptions { lease: Duration::from_millis(999), ..options() }),
        (route(1), RelayOptions { lease: Duration::from_secs(3_601), ..options() }),
    ];
    for (routes, options) in wrong {
        let error = Relay::start(&room, routes, &options, None).expect_err("it is refused");
        assert!(!error.is_retryable());
    }
}

/// A shop that shows what it is sent.
#[derive(Default)]
struct Shown(Mutex<BTreeMap<String, i64>>);

impl Sink for Shown {
    fn deliver(&self, delivery: &LeasedDelivery) -> DeliveryResult {
        let DeliveryBody::SetQuantities(batch) = &delivery.body else { panic!("{delivery:?}") };
        let mut shown = self.0.lock().unwrap();
        shown.extend(batch.listings.iter().map(|entry| (entry.item.clone(), entry.quantity)));
        DeliveryResult::Done(DeliveryAnswer::Taken)
    }
}

#[test]
fn listings_follow_stock_and_a_host_need_not_wait_for_the_next_look() {
    let room = room(0);
    let commands: [Command; 2] = [
        ConnectChannel { channel: "web".into(), destination: "wms".into(), ..Default::default() }.into(),
        SetListing { channel: "web".into(), sku: "mug".into(), item: "I-1".into(), ..Default::default() }.into(),
    ];
    for reply in room.execute_batch(commands).expect("it works") {
        assert!(reply.accepted().is_ok());
    }
    let shown = Arc::new(Shown::default());
    let routes = vec![Route { destination: "wms".into(), sink: Arc::clone(&shown) as Arc<dyn Sink>, connections: 2 }];
    // Nobody looks again by himself within the time of this test.
    let idle = Duration::from_secs(3_600);
    let relay = Relay::start(&room, routes, &RelayOptions { idle, fulfill: false, listings: true, ..options() }, None);
    let relay = relay.expect("it starts");
    let shows = |quantity| shown.0.lock().unwrap().get("I-1") == Some(&quantity);
    eventually("the stock is shown", || shows(1_000_000));
    for number in 0..5 {
        room.execute(order(number)).expect("it works");
        eventually("the sale is shown", || {
            // Again and again: the one before may have come while all were looking.
            relay.wake();
            shows(1_000_000 - i64::try_from(number).expect("few") - 1)
        });
    }
    assert!(relay.stop().queued >= 6);
    assert!(room.settled("web").expect("it can be read").expect("it has a shop").is_settled());
}

/// How long the destination of the next test wants to be left alone: 20 of our milliseconds by the shop's clock.
const PAUSE_MS: i64 = 20_000;

/// A destination that wants a pause now and then, and notes whether it got it.
#[derive(Default)]
struct Busy {
    attempts: AtomicUsize,
    left_alone_until: Mutex<Option<Instant>>,
    disturbed: AtomicBool,
}

impl Sink for Busy {
    fn deliver(&self, _: &LeasedDelivery) -> DeliveryResult {
        let mut until = self.left_alone_until.lock().unwrap();
        // Less than the pause: the engine counts it from the report, and the clocks' units differ.
        self.disturbed.fetch_or(until.is_some_and(|until| Instant::now() < until), Ordering::Relaxed);
        let attempt = self.attempts.fetch_add(1, Ordering::Relaxed);
        let answer = DeliveryAnswer::Handed { reference: None };
        let result = match attempt % 3 {
            0 => {
                let cause = RetryCause::Throttled;
                DeliveryResult::Retry(Retry { after_ms: Some(PAUSE_MS), cause, why: "full".into(), doubt: false })
            }
            1 => DeliveryResult::DoneWithPause { answer, pause_ms: PAUSE_MS },
            _ => DeliveryResult::Done(answer),
        };
        *until = (attempt % 3 < 2).then(|| Instant::now() + Duration::from_millis(10));
        result
    }
}

#[test]
fn a_pause_holds_for_what_was_taken_together() {
    let room = room(9);
    room.execute(stockroom::Fulfill { limit: 100 }).expect("it works");
    let busy = Arc::new(Busy::default());
    let routes = vec![Route { destination: "wms".into(), sink: Arc::clone(&busy) as Arc<dyn Sink>, connections: 1 }];
    let relay = Relay::start(&room, routes, &options(), None).expect("it starts");
    eventually("all at the warehouse", || (0..9).all(|number| accepted(&room, number)));
    let counts = relay.stop();
    assert!(!busy.disturbed.load(Ordering::Relaxed), "it was not left alone");
    assert_eq!((counts.done, counts.looked_up), (9, 0), "what was not tried is not in doubt");
}
