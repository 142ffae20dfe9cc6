//! Subscriptions: places in the events that last, move forward, and know nothing of each other.

use stockroom::outbox::Subscription;
use stockroom::{Acknowledge, Answer, Code, Subscribe, SubscribeFrom, Unsubscribe};

use crate::bench::{Bench, Shop};
use crate::case::cases;
use crate::documents::{order, receive, sku};
use crate::expect::{Expect, small_shop};

cases![subscriptions:
    a_subscription_begins_where_it_says,
    acknowledging_moves_the_place_for_good,
    a_place_moves_forward_within_what_happened,
    subscriptions_know_nothing_of_each_other,
    a_closed_subscription_is_gone,
    a_reader_gets_every_event_once_and_in_order,
    one_batch_opens_moves_and_closes,
];

fn subscribe(subscription: &str, from: SubscribeFrom) -> Subscribe {
    Subscribe { subscription: subscription.into(), from }
}

fn acknowledge(subscription: &str, through: u64) -> Acknowledge {
    Acknowledge { subscription: subscription.into(), through }
}

fn unsubscribe(subscription: &str) -> Unsubscribe {
    Unsubscribe { subscription: subscription.into() }
}

fn cursor(shop: &Shop, subscription: &str) -> Option<u64> {
    shop.subscription(subscription).expect("readable").map(|row| row.cursor)
}

fn a_subscription_begins_where_it_says(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    let last = shop.all_events().len() as u64;
    shop.accept(subscribe("start", SubscribeFrom::Start));
    shop.accept(subscribe("now", SubscribeFrom::Now));
    shop.accept(subscribe("after", SubscribeFrom::After(3)));
    shop.reject(Code::EventNumberInvalid, subscribe("ahead", SubscribeFrom::After(last + 1)));
    shop.reject(Code::SubscriptionExists, subscribe("now", SubscribeFrom::Start));
    shop.reject(Code::IdInvalid, subscribe("", SubscribeFrom::Start));
    // They are no events themselves.
    assert_eq!(shop.all_events().len() as u64, last);
    let shop = bench.restart(shop);
    shop.accept(sku("cup"));
    let begins = |name: &str| shop.subscribed_events(name, 1).expect("readable").expect("open")[0].number;
    assert_eq!((begins("start"), begins("now"), begins("after")), (1, last + 1, 4));
    assert_eq!(shop.subscribed_events("ahead", 1).expect("readable"), None);
    shop.sound();
}

fn acknowledging_moves_the_place_for_good(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    shop.accept(subscribe("mail", SubscribeFrom::Start));
    let shop = bench.restart(shop);
    assert_eq!(shop.accept(acknowledge("mail", 2)), Answer::Done);
    assert_eq!(shop.accept(acknowledge("mail", 2)), Answer::Unchanged);
    let shop = bench.restart(shop);
    let row = Subscription { subscription: "mail".into(), cursor: 2 };
    assert_eq!(shop.subscription("mail").expect("readable"), Some(row));
    assert_eq!(shop.subscribed_events("mail", 1).expect("readable").expect("open")[0].number, 3);
    assert_eq!(shop.accept(acknowledge("mail", 5)), Answer::Done);
    let shop = bench.restart(shop);
    assert_eq!(cursor(&shop, "mail"), Some(5));
}

fn a_place_moves_forward_within_what_happened(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    let last = shop.all_events().len() as u64;
    shop.accept(subscribe("mail", SubscribeFrom::Start));
    shop.accept(acknowledge("mail", 4));
    let shop = bench.restart(shop);
    shop.reject(Code::EventNumberInvalid, acknowledge("mail", 3));
    shop.reject(Code::EventNumberInvalid, acknowledge("mail", last + 1));
    shop.reject(Code::SubscriptionUnknown, acknowledge("post", 1));
    assert_eq!(cursor(&shop, "mail"), Some(4));
    shop.accept(acknowledge("mail", last));
    assert_eq!(shop.subscribed_events("mail", 9).expect("readable"), Some(Vec::new()));
}

fn subscriptions_know_nothing_of_each_other(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    for (name, through) in [("a", 1), ("A", 2), ("a ", 3)] {
        shop.accept(subscribe(name, SubscribeFrom::Start));
        shop.accept(acknowledge(name, through));
    }
    let shop = bench.restart(shop);
    assert_eq!((cursor(&shop, "a"), cursor(&shop, "A"), cursor(&shop, "a ")), (Some(1), Some(2), Some(3)));
    shop.accept(unsubscribe("A"));
    assert_eq!((cursor(&shop, "a"), cursor(&shop, "A"), cursor(&shop, "a ")), (Some(1), None, Some(3)));
}

fn a_closed_subscription_is_gone(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    shop.accept(subscribe("mail", SubscribeFrom::Start));
    shop.accept(acknowledge("mail", 4));
    let shop = bench.restart(shop);
    assert_eq!(shop.accept(unsubscribe("mail")), Answer::Done);
    shop.reject(Code::SubscriptionUnknown, unsubscribe("mail"));
    let shop = bench.restart(shop);
    assert_eq!(cursor(&shop, "mail"), None);
    // Opened again, it begins anew.
    shop.accept(subscribe("mail", SubscribeFrom::Start));
    assert_eq!(cursor(&bench.restart(shop), "mail"), Some(0));
}

/// Read, deal with, acknowledge, with a restart now and then and new events in between.
fn a_reader_gets_every_event_once_and_in_order(bench: &Bench<'_>) {
    let mut shop = small_shop(bench);
    shop.accept(subscribe("mail", SubscribeFrom::Start));
    let mut seen = Vec::new();
    for round in 0..20 {
        match round % 3 {
            0 => drop(shop.accept(receive("north", &[("mug", 1), ("plate", 1)]))),
            1 => drop(shop.accept(order(&format!("o-{round}"), &[("mug", 1)]))),
            _ => shop = bench.restart(shop),
        }
        let events = shop.subscribed_events("mail", 2).expect("readable").expect("open");
        // Reading alone moves nothing.
        assert_eq!(shop.subscribed_events("mail", 2).expect("readable").expect("open"), events);
        if let Some(last) = events.last() {
            shop.accept(acknowledge("mail", last.number));
        }
        seen.extend(events);
    }
    seen.extend(shop.subscribed_events("mail", 1_000).expect("readable").expect("open"));
    assert_eq!(seen, shop.all_events());
}

fn one_batch_opens_moves_and_closes(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    shop.accept(subscribe("old", SubscribeFrom::Start));
    let commands = vec![
        subscribe("new", SubscribeFrom::Start).into(),
        acknowledge("new", 1).into(),
        acknowledge("new", 3).into(),
        subscribe("brief", SubscribeFrom::Now).into(),
        unsubscribe("brief").into(),
        unsubscribe("old").into(),
        subscribe("old", SubscribeFrom::After(2)).into(),
    ];
    let replies = shop.execute_batch(commands).expect("done");
    assert!(replies.iter().all(|reply| reply.accepted().is_ok()), "{replies:?}");
    let shop = bench.restart(shop);
    assert_eq!((cursor(&shop, "new"), cursor(&shop, "brief"), cursor(&shop, "old")), (Some(3), None, Some(2)));
    shop.sound();
}
