//! What changes under a channel while something is on its way to its shop: a listing that becomes another thing, a
//! shop that is disconnected, a reading that takes another's place.

mod common;

use common::{Shop, order};
use stockroom::{
    Answer, ChannelLine, ChannelOrder, Code, ConnectChannel, DeliveryAnswer, DeliveryBody, DeliveryResult,
    DisconnectChannel, EventData, LeasedDelivery, Outcome, ReconcileChannel, RegisterDestination, ReportDelivery,
    SetListing, Shown, ShownQuantities, ShownQuantity, TakeChannelOrder, TakeDeliveries, Unsubscribe, UpdateListings,
    UpdatedListings,
};

fn connect() -> ConnectChannel {
    let mut connect = ConnectChannel { channel: "web".into(), destination: "shop".into(), ..ConnectChannel::default() };
    connect.policy.batch_max = 1;
    connect
}

/// A shop behind the channel `web`, to which `mug` and `plate` go one by one.
fn connected() -> Shop {
    let shop = Shop::stocked(&[("main", "mug", 10), ("main", "plate", 20)]);
    shop.accept(RegisterDestination { destination: "shop".into(), ..RegisterDestination::default() });
    shop.accept(connect());
    shop
}

fn list(sku: &str, item: &str) -> SetListing {
    SetListing { channel: "web".into(), sku: sku.into(), item: item.into(), ..SetListing::default() }
}

fn update(shop: &Shop) -> UpdatedListings {
    match shop.accept(UpdateListings { limit: 100 }).outcome {
        Outcome::Accepted(Answer::ListingsUpdated(updated)) => updated,
        other => panic!("{other:?}"),
    }
}

fn take(shop: &Shop) -> Vec<LeasedDelivery> {
    let take = TakeDeliveries { destination: "shop".into(), max: 100, lease_ms: 60_000 };
    match shop.accept(take).outcome {
        Outcome::Accepted(Answer::Taken(taken)) => taken.deliveries,
        other => panic!("{other:?}"),
    }
}

/// The delivery is done; of each of its listings the shop says what it is to show now.
fn report(shop: &Shop, delivery: &LeasedDelivery) {
    let listings = match &delivery.body {
        DeliveryBody::SetQuantities(batch) => {
            batch.listings.iter().map(|entry| ShownQuantity { sku: entry.sku.clone(), shown: Shown::Set }).collect()
        }
        DeliveryBody::ReadQuantities(page) => {
            let shows =
                |sku: &str| shop.room.listing("web", sku).expect("it can be read").expect("it is listed").desired;
            let shown = |sku: &stockroom::Name| ShownQuantity { sku: sku.clone(), shown: Shown::Shows(shows(sku)) };
            page.listings.iter().map(|entry| shown(&entry.sku)).collect()
        }
        _ => Vec::new(),
    };
    let answer = DeliveryAnswer::Quantities(ShownQuantities { at_ms: Some(shop.now_ms()), listings });
    let result = DeliveryResult::Done(answer);
    let (number, attempt) = (delivery.number, delivery.attempt);
    shop.accept(ReportDelivery { destination: "shop".into(), number, attempt, result });
    shop.assert_verified();
}

/// Does what is due until nothing is.
fn drain(shop: &Shop) {
    for _ in 0..20 {
        update(shop);
        let taken = take(shop);
        if taken.is_empty() {
            return;
        }
        taken.iter().for_each(|delivery| report(shop, delivery));
    }
    panic!("it does not come to an end");
}

fn reconcile(mend: bool) -> ReconcileChannel {
    ReconcileChannel { channel: "web".into(), mend }
}

/// What the readings that came to their end counted.
fn readings(shop: &Shop) -> Vec<(bool, u64)> {
    let ended = shop.events().into_iter().filter_map(|event| match event.data {
        EventData::ChannelReconciled(read) => {
            assert_eq!((read.differ, read.unsettled, read.gone), (0, 0, 0), "{read:?}");
            Some((read.mend, read.agree))
        }
        _ => None,
    });
    ended.collect()
}

#[test]
fn what_was_sent_for_a_listing_is_not_known_of_the_thing_that_it_is_now() {
    let shop = connected();
    shop.accept(list("mug", "I-old"));
    update(&shop);
    let old = take(&shop);
    shop.accept(list("mug", "I-new"));
    shop.assert_verified();
    report(&shop, &old[0]);
    let listing = shop.room.listing("web", "mug").expect("it can be read").expect("it is listed");
    assert_eq!(listing.acknowledged, None);
    update(&shop);
    let DeliveryBody::SetQuantities(batch) = &take(&shop)[0].body else { panic!("it is to be sent") };
    assert_eq!((&*batch.listings[0].item, batch.listings[0].quantity), ("I-new", 10));
}

#[test]
fn a_listing_on_its_way_is_not_looked_at_again_and_again() {
    let shop = connected();
    shop.accept(list("mug", "I-mug"));
    update(&shop);
    let taken = take(&shop);
    // Its quantity is another from now on; that it is known is enough until the delivery is done.
    shop.accept(SetListing { cap: Some(4), ..list("mug", "I-mug") });
    assert_eq!(update(&shop).changed, 1);
    let listing = || shop.room.listing("web", "mug").expect("it can be read").expect("it is listed");
    assert_eq!((listing().due_at_ms, listing().desired), (0, 4));
    report(&shop, &taken[0]);
    drain(&shop);
    assert_eq!(listing().acknowledged, Some(4));
}

#[test]
fn nothing_is_read_from_a_shop_that_is_not_connected() {
    let shop = connected();
    shop.accept(list("mug", "I-mug"));
    drain(&shop);
    shop.accept(reconcile(false));
    shop.accept(DisconnectChannel { channel: "web".into(), message: None });
    shop.reject_as(Code::ChannelNotConnected, reconcile(false));
    assert_eq!(take(&shop), []);
    shop.accept(connect());
    shop.accept(reconcile(false));
    drain(&shop);
    assert_eq!(readings(&shop), [(false, 1)]);
}

#[test]
fn a_reading_that_takes_the_place_of_another_counts_each_listing_once() {
    let shop = connected();
    shop.accept(list("mug", "I-mug"));
    shop.accept(list("plate", "I-plate"));
    drain(&shop);
    // The first page of the one is under way, and the second in its turn.
    for pages in [0, 1] {
        shop.accept(reconcile(false));
        for _ in 0..pages {
            take(&shop).iter().for_each(|delivery| report(&shop, delivery));
        }
        shop.accept(reconcile(true));
        drain(&shop);
    }
    assert_eq!(readings(&shop), [(true, 2), (true, 2)]);
    // One from before the shop was disconnected does not go on beside the new one.
    shop.accept(reconcile(false));
    let old = take(&shop);
    shop.accept(DisconnectChannel { channel: "web".into(), message: None });
    shop.accept(connect());
    shop.accept(reconcile(false));
    report(&shop, &old[0]);
    drain(&shop);
    assert_eq!(readings(&shop)[2..], [(false, 2)]);
}

#[test]
fn an_order_that_was_placed_otherwise_is_not_said_to_be_refused() {
    let shop = connected();
    shop.accept(order("o-1", &[("mug", 1)]));
    let line = ChannelLine { line: "a".into(), sku: "mug".into(), quantity: 1, unit_price_minor: 1250 };
    let told = ChannelOrder {
        id: "o-1".into(),
        channel: "web".into(),
        reference: "#1".into(),
        currency: "EUR".into(),
        lines: vec![line],
        ..ChannelOrder::default()
    };
    let events = shop.events();
    shop.reject_as(Code::OrderExists, TakeChannelOrder { order: told.clone(), message: None });
    assert_eq!(shop.events(), events);
    // One that is refused is.
    let currency = "XXQ".to_owned();
    let refused = TakeChannelOrder { order: ChannelOrder { id: "o-2".into(), currency, ..told }, message: None };
    assert_eq!(shop.reject_as(Code::CurrencyUnknown, refused).faults[0].at, "order.currency");
    assert!(matches!(shop.events().last().map(|event| &event.data), Some(EventData::OrderRejected(_))));
}

#[test]
fn a_page_that_was_read_of_a_thing_says_nothing_of_the_one_in_its_place() {
    let shop = connected();
    shop.accept(list("mug", "I-old"));
    drain(&shop);
    shop.accept(reconcile(true));
    let page = take(&shop);
    shop.accept(list("mug", "I-new"));
    let listings = vec![ShownQuantity { sku: "mug".into(), shown: Shown::Shows(10) }];
    let answer = DeliveryAnswer::Quantities(ShownQuantities { at_ms: Some(shop.now_ms()), listings });
    let (number, attempt) = (page[0].number, page[0].attempt);
    let result = DeliveryResult::Done(answer);
    shop.accept(ReportDelivery { destination: "shop".into(), number, attempt, result });
    let listing = shop.room.listing("web", "mug").expect("it can be read").expect("it is listed");
    assert_eq!(listing.acknowledged, None);
    drain(&shop);
    assert!(shop.room.settled("web").expect("it can be read").expect("it has a shop").is_settled());
}

#[test]
fn a_channel_whose_place_was_closed_is_read_for_again_when_it_is_connected() {
    let shop = connected();
    shop.accept(list("mug", "I-1"));
    drain(&shop);
    shop.accept(Unsubscribe { subscription: "channel".into() });
    shop.reject_as(Code::ChannelNotConnected, UpdateListings { limit: 1 });
    shop.accept(order("o-1", &[("mug", 1)]));
    shop.accept(connect());
    drain(&shop);
    assert!(shop.room.settled("web").expect("it can be read").expect("it has a shop").is_settled());
}
