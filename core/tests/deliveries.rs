//! Deliveries from the outside: taken under a lease, reported, tried again, given up, brought back. The deliveries
//! are fulfillment orders, because those are what the engine writes.

mod common;

use common::{Shop, order};
use stockroom::outbox::Delivery;
use stockroom::{
    Answer, Code, DeliveryAnswer, DeliveryBody, DeliveryResult, DeliveryState, DropDelivery, EventKind, Fulfill,
    FulfillmentState, LeasedDelivery, Outcome, Patience, RegisterDestination, RegisterWarehouse, ReportDelivery,
    RequeueDelivery, Retry, RetryCause, TakeDeliveries, TakenDeliveries,
};

const LEASE_MS: i64 = 60_000;

fn patience() -> Patience {
    Patience {
        attempts_max: 3,
        age_max_ms: 100_000_000,
        backoff_ms: 1_000,
        backoff_max_ms: 8_000,
        breaker_failures: 100,
        breaker_open_ms: 30_000,
        seed: 1,
    }
}

/// A shop with deliveries waiting, one an order: `o-1`, `o-2` and so on.
fn waiting(patience: Patience, orders: u32) -> Shop {
    let shop = Shop::stocked(&[("main", "mug", 1_000)]);
    shop.accept(RegisterDestination { destination: "wms".into(), patience });
    let warehouse = RegisterWarehouse { location: "main".into(), destination: "wms".into(), ..Default::default() };
    shop.accept(warehouse);
    for number in 1..=orders {
        shop.accept(order(&format!("o-{number}"), &[("mug", 1)]));
    }
    shop.accept(Fulfill { limit: 1_000 });
    shop
}

fn take(shop: &Shop, max: u32) -> TakenDeliveries {
    match shop.accept(TakeDeliveries { destination: "wms".into(), max, lease_ms: LEASE_MS }).outcome {
        Outcome::Accepted(Answer::Taken(taken)) => taken,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn take_one(shop: &Shop) -> LeasedDelivery {
    let mut taken = take(shop, 1).deliveries;
    assert_eq!(taken.len(), 1, "nothing is due");
    taken.remove(0)
}

fn report(delivery: &LeasedDelivery, result: DeliveryResult) -> ReportDelivery {
    let LeasedDelivery { destination, number, attempt, .. } = delivery;
    ReportDelivery { destination: destination.clone(), number: *number, attempt: *attempt, result }
}

fn retry(cause: RetryCause) -> DeliveryResult {
    DeliveryResult::Retry(Retry { cause, why: "hung up".into(), ..Retry::default() })
}

fn done() -> DeliveryResult {
    DeliveryResult::Done(DeliveryAnswer::Handed { reference: None })
}

fn pass(shop: &Shop, ms: i64) {
    shop.set_clock(shop.now_ms() + ms);
}

fn dead(shop: &Shop) -> Vec<Delivery> {
    shop.room.dead_letters(Some("wms"), 100).expect("it can be read")
}

fn state(shop: &Shop, order: &str) -> FulfillmentState {
    shop.room.fulfillment_orders(order).unwrap().unwrap()[0].state
}

#[test]
fn deliveries_are_taken_in_their_order_and_once() {
    let shop = waiting(patience(), 5);
    let first = take(&shop, 2);
    assert_eq!(first.deliveries.iter().map(|d| d.number).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(first.next_due_at_ms, Some(shop.now_ms()), "there may be more");
    let rest = take(&shop, 100);
    assert_eq!(rest.deliveries.iter().map(|d| d.number).collect::<Vec<_>>(), [3, 4, 5]);
    let none = take(&shop, 100);
    assert_eq!((none.deliveries.len(), none.next_due_at_ms), (0, Some(shop.now_ms() + LEASE_MS)));
    for delivery in first.deliveries.iter().chain(&rest.deliveries) {
        assert_eq!((delivery.attempt, delivery.doubt), (1, false));
        shop.accept(report(delivery, done()));
    }
    assert_eq!(take(&shop, 1).next_due_at_ms, None);
    shop.assert_verified();
}

#[test]
fn a_failed_attempt_waits_longer_each_time_and_ends_as_a_dead_letter() {
    let shop = waiting(patience(), 1);
    for (attempt, least_ms, most_ms) in [(1, 500, 1_000), (2, 1_000, 2_000)] {
        let delivery = take_one(&shop);
        assert_eq!(delivery.attempt, attempt);
        shop.accept(report(&delivery, retry(RetryCause::Failing)));
        let due_at_ms = take(&shop, 1).next_due_at_ms.expect("it waits");
        assert!((least_ms..=most_ms).contains(&(due_at_ms - shop.now_ms())), "{}", due_at_ms - shop.now_ms());
        shop.set_clock(due_at_ms);
    }
    shop.accept(report(&take_one(&shop), retry(RetryCause::Failing)));
    pass(&shop, 1_000_000);
    assert!(take(&shop, 1).deliveries.is_empty());
    let dead = dead(&shop);
    assert_eq!((dead.len(), dead[0].attempts, &*dead[0].why), (1, 3, "hung up"));
    assert!(shop.events().iter().any(|event| event.data.kind() == EventKind::DeliveryDead));
    assert_eq!(state(&shop, "o-1"), FulfillmentState::Requested);
    shop.assert_verified();
}

#[test]
fn age_ends_a_delivery_too() {
    let shop = waiting(Patience { attempts_max: 1_000, age_max_ms: 5_000, ..patience() }, 1);
    shop.accept(report(&take_one(&shop), retry(RetryCause::Failing)));
    pass(&shop, 5_000);
    shop.accept(report(&take_one(&shop), retry(RetryCause::NotYet)));
    assert_eq!(dead(&shop).len(), 1);
}

#[test]
fn a_requeued_letter_is_as_young_as_a_new_one() {
    let shop = waiting(Patience { attempts_max: 1_000, age_max_ms: 5_000, ..patience() }, 1);
    for age_ms in [4_000, 4_000] {
        pass(&shop, age_ms);
        shop.accept(report(&take_one(&shop), retry(RetryCause::NotYet)));
        assert!(dead(&shop).is_empty());
        pass(&shop, 9_000);
        shop.accept(report(&take_one(&shop), retry(RetryCause::NotYet)));
        assert_eq!(dead(&shop).len(), 1);
        shop.accept(RequeueDelivery { destination: "wms".into(), number: 1 });
    }
}

#[test]
fn a_requeued_letter_has_all_its_attempts_again() {
    let shop = waiting(patience(), 1);
    for _ in 0..2 {
        for left in [2, 1, 0] {
            assert!(dead(&shop).is_empty(), "{left} attempts would have been left");
            shop.accept(report(&take_one(&shop), retry(RetryCause::Failing)));
            pass(&shop, 10_000);
        }
        assert_eq!(dead(&shop).len(), 1);
        shop.accept(RequeueDelivery { destination: "wms".into(), number: 1 });
    }
}

#[test]
fn a_dead_letter_is_requeued_or_dropped() {
    let shop = waiting(Patience { attempts_max: 1, ..patience() }, 1);
    let delivery = take_one(&shop);
    let requeue = RequeueDelivery { destination: "wms".into(), number: 1 };
    let drop = DropDelivery { destination: "wms".into(), number: 1 };
    shop.reject_as(Code::DeliveryAlive, requeue.clone());
    shop.reject_as(Code::DeliveryAlive, drop.clone());
    shop.accept(report(&delivery, retry(RetryCause::Failing)));
    shop.accept(requeue.clone());
    let again = take_one(&shop);
    assert_eq!((again.attempt, again.doubt), (2, true), "it is looked up first");
    // Whoever had it before has nothing to say any more.
    shop.reject_as(Code::LeaseLost, report(&delivery, done()));
    shop.accept(report(&again, retry(RetryCause::Failing)));
    shop.accept(drop.clone());
    assert_eq!((state(&shop, "o-1"), dead(&shop).len()), (FulfillmentState::Refused, 0));
    shop.reject_as(Code::DeliveryUnknown, drop);
    shop.reject_as(Code::DeliveryUnknown, requeue);
    shop.assert_verified();
}

#[test]
fn a_lease_that_ends_leaves_a_doubt_and_its_report_comes_too_late() {
    let shop = waiting(patience(), 1);
    let lost = take_one(&shop);
    pass(&shop, LEASE_MS - 1);
    assert!(take(&shop, 1).deliveries.is_empty());
    pass(&shop, 1);
    let second = take_one(&shop);
    assert_eq!((second.attempt, second.doubt), (2, true));
    shop.reject_as(Code::LeaseLost, report(&lost, done()));
    shop.accept(report(&second, retry(RetryCause::NotYet)));
    shop.reject_as(Code::LeaseLost, report(&second, done()));
    pass(&shop, 10_000);
    let third = take_one(&shop);
    assert!(third.doubt, "a doubt stays until the delivery is done");
    shop.accept(report(&third, done()));
    shop.reject_as(Code::DeliveryUnknown, report(&third, done()));
    shop.assert_verified();
}

#[test]
fn a_delivery_that_nobody_ever_reports_is_given_up() {
    let shop = waiting(patience(), 1);
    for attempt in 1..=3 {
        let delivery = take_one(&shop);
        assert_eq!((delivery.attempt, delivery.doubt), (attempt, attempt > 1));
        pass(&shop, LEASE_MS);
    }
    assert!(take(&shop, 9).deliveries.is_empty());
    assert_eq!(dead(&shop)[0].why, "whoever had it did not report");
    assert!(shop.events().iter().any(|event| event.data.kind() == EventKind::DeliveryDead));
    shop.assert_verified();
}

#[test]
fn a_lease_may_be_late_and_still_be_reported_while_nobody_else_has_it() {
    let shop = waiting(patience(), 1);
    let slow = take_one(&shop);
    pass(&shop, 10 * LEASE_MS);
    shop.accept(report(&slow, done()));
    assert_eq!(state(&shop, "o-1"), FulfillmentState::Accepted);
}

#[test]
fn a_doubt_is_remembered() {
    let shop = waiting(patience(), 1);
    let result = Retry { doubt: true, ..Retry::default() };
    shop.accept(report(&take_one(&shop), DeliveryResult::Retry(result)));
    pass(&shop, 10_000);
    assert!(take_one(&shop).doubt);
}

#[test]
fn one_key_goes_in_order_and_a_dead_letter_holds_those_behind_it() {
    let shop = waiting(Patience { attempts_max: 1, ..patience() }, 2);
    let deliveries = take(&shop, 2).deliveries;
    shop.accept(report(&deliveries[1], done()));
    shop.accept(stockroom::CancelOrder { order: "o-1".into(), ..Default::default() });
    shop.accept(Fulfill { limit: 100 });
    assert!(take(&shop, 9).deliveries.is_empty(), "the cancel waits for the request that is under way");
    shop.accept(report(&deliveries[0], retry(RetryCause::Failing)));
    pass(&shop, 1_000_000);
    assert!(take(&shop, 9).deliveries.is_empty(), "and for the dead letter");
    assert_eq!(take(&shop, 9).next_due_at_ms, None, "until an operator acts");
    shop.accept(DropDelivery { destination: "wms".into(), number: 1 });
    let cancel = take_one(&shop);
    assert!(matches!(cancel.body, DeliveryBody::CancelFulfillment(_)));
    shop.accept(report(&cancel, DeliveryResult::Done(DeliveryAnswer::Cancelled)));
    shop.assert_verified();
}

#[test]
fn retry_after_is_a_least_wait() {
    let shop = waiting(patience(), 1);
    let asked = Retry { after_ms: Some(20_000), ..Retry::default() };
    shop.accept(report(&take_one(&shop), DeliveryResult::Retry(asked)));
    assert_eq!(take(&shop, 1).next_due_at_ms, Some(shop.now_ms() + 20_000));
    pass(&shop, 20_000);
    let short = Retry { after_ms: Some(1), ..Retry::default() };
    shop.accept(report(&take_one(&shop), DeliveryResult::Retry(short)));
    let due_at_ms = take(&shop, 1).next_due_at_ms.expect("it waits");
    assert!(due_at_ms >= shop.now_ms() + 1_000, "backoff is longer");
}

#[test]
fn a_throttle_pauses_the_destination_and_costs_no_attempt() {
    let shop = waiting(Patience { attempts_max: 1, ..patience() }, 2);
    let throttled = Retry { after_ms: Some(5_000), cause: RetryCause::Throttled, ..Retry::default() };
    shop.accept(report(&take_one(&shop), DeliveryResult::Retry(throttled)));
    let paused = take(&shop, 9);
    assert_eq!((paused.deliveries.len(), paused.next_due_at_ms), (0, Some(shop.now_ms() + 5_000)));
    pass(&shop, 5_000);
    assert!(dead(&shop).is_empty());
    // Nor later, when something else fails.
    let patient =
        RegisterDestination { destination: "wms".into(), patience: Patience { attempts_max: 2, ..patience() } };
    shop.accept(patient);
    let taken = take(&shop, 9).deliveries;
    let again = taken.iter().find(|delivery| delivery.number == 1).expect("both are due");
    assert_eq!((taken.len(), again.attempt), (2, 2));
    shop.accept(report(again, retry(RetryCause::Failing)));
    assert!(dead(&shop).is_empty());
}

#[test]
fn the_breaker_opens_and_one_delivery_tries_alone() {
    let shop = waiting(Patience { breaker_failures: 3, attempts_max: 100, ..patience() }, 6);
    for delivery in &take(&shop, 3).deliveries {
        shop.accept(report(delivery, retry(RetryCause::Failing)));
    }
    let open = take(&shop, 9);
    assert_eq!((open.deliveries.len(), open.next_due_at_ms), (0, Some(shop.now_ms() + 30_000)));
    pass(&shop, 30_000);
    let probe = take(&shop, 9).deliveries;
    assert_eq!(probe.len(), 1);
    assert!(take(&shop, 9).deliveries.is_empty(), "nobody else tries meanwhile");
    shop.accept(report(&probe[0], retry(RetryCause::Failing)));
    assert!(take(&shop, 9).deliveries.is_empty(), "it is still down");
    pass(&shop, 30_000);
    let probe = take(&shop, 9).deliveries;
    shop.accept(report(&probe[0], done()));
    pass(&shop, 10_000);
    assert_eq!(take(&shop, 9).deliveries.len(), 5, "all at once again");
}

#[test]
fn one_destination_does_not_hold_up_another() {
    let shop = waiting(Patience { breaker_failures: 1, ..patience() }, 1);
    shop.accept(RegisterDestination { destination: "other".into(), patience: patience() });
    let warehouse = RegisterWarehouse { location: "backup".into(), destination: "other".into(), ..Default::default() };
    shop.accept(warehouse);
    shop.accept(common::receive("backup", "plate", 5));
    shop.accept(order("o-9", &[("plate", 1)]));
    shop.accept(Fulfill { limit: 100 });
    shop.accept(report(&take_one(&shop), retry(RetryCause::Failing)));
    let take = TakeDeliveries { destination: "other".into(), max: 9, lease_ms: LEASE_MS };
    assert!(
        matches!(shop.accept(take).outcome, Outcome::Accepted(Answer::Taken(taken)) if taken.deliveries.len() == 1)
    );
}

#[test]
fn what_is_wrong_is_said() {
    let shop = waiting(patience(), 1);
    let take = |destination: &str, max, lease_ms| TakeDeliveries { destination: destination.into(), max, lease_ms };
    shop.reject_as(Code::DestinationUnknown, take("nowhere", 1, LEASE_MS));
    shop.reject_as(Code::IdInvalid, take("", 1, LEASE_MS));
    shop.reject_as(Code::QuantityOutOfRange, take("wms", 0, LEASE_MS));
    shop.reject_as(Code::QuantityOutOfRange, take("wms", 1_001, LEASE_MS));
    shop.reject_as(Code::TimeOutOfRange, take("wms", 1, 999));
    shop.reject_as(Code::TimeOutOfRange, take("wms", 1, i64::MAX));
    let register = |patience| RegisterDestination { destination: "wms".into(), patience };
    shop.reject_as(Code::QuantityOutOfRange, register(Patience { attempts_max: 0, ..patience() }));
    shop.reject_as(Code::QuantityOutOfRange, register(Patience { breaker_failures: u32::MAX, ..patience() }));
    shop.reject_as(Code::TimeOutOfRange, register(Patience { backoff_ms: 0, ..patience() }));
    shop.reject_as(Code::TimeOutOfRange, register(Patience { age_max_ms: i64::MIN, ..patience() }));
    let nothing = ReportDelivery { destination: "wms".into(), number: 99, attempt: 1, result: done() };
    shop.reject_as(Code::DeliveryUnknown, nothing);
    // Numbers from outside do not overflow, and texts are kept short.
    let delivery = take_one(&shop);
    let wild = Retry { after_ms: Some(i64::MAX), why: "ä".repeat(5_000), ..Retry::default() };
    shop.accept(report(&delivery, DeliveryResult::Retry(wild)));
    assert!(waits_a_year_at_most(&shop));
    shop.assert_verified();
}

/// Whether the one delivery waits, for a year at the most.
fn waits_a_year_at_most(shop: &Shop) -> bool {
    let due_at_ms = take(shop, 1).next_due_at_ms.expect("it waits");
    due_at_ms - shop.now_ms() <= 365 * 24 * 3_600_000
}

#[test]
fn registering_a_destination_again_changes_its_patience_alone() {
    let shop = waiting(patience(), 1);
    let again = shop.accept(RegisterDestination { destination: "wms".into(), patience: patience() });
    assert!(matches!(again.outcome, Outcome::Accepted(Answer::Unchanged)));
    shop.accept(RegisterDestination {
        destination: "wms".into(),
        patience: Patience { attempts_max: 1, ..patience() },
    });
    shop.accept(report(&take_one(&shop), retry(RetryCause::Failing)));
    assert_eq!(dead(&shop)[0].state, DeliveryState::Dead);
    shop.assert_verified();
}
