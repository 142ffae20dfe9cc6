//! What is said of the whole state: its digest, what is pruned of it, and that names of the greatest length are found in it.

mod common;

use common::samples::prepared;
use common::{Shop, order};
use stockroom::{
    Answer, CancelOrder, ChannelPolicy, Command, ConnectChannel, CountStock, EventData, MessageId, NewOrder,
    NoteFulfillment, NoteListings, PlaceHold, Prune, PruneFrom, RegisterDestination, RegisterSku, SeenListing, ShipTo,
    StockLine, Subscribe, SubscribeFrom, WarehouseStatus,
};

/// Hosts keep digests with their backups, so that they stay the same from version to version. Where the shop of the
/// samples changes, so does the second.
#[test]
fn digests_stay_what_they_are() {
    for (shop, digest) in [
        (Shop::empty(), "683f8f98b22adc9fd9c259530c7d3ce12b60e7cb70f5d20c153615f6e92bf4a1"),
        (prepared(), "aba2d16107ecb3438c7627ba1d296e822417b8c788bf328113297730023f7081"),
    ] {
        assert_eq!(shop.room.digest().expect("it can be read").to_string(), digest);
    }
}

#[test]
fn every_kind_of_row_that_is_pruned_is_counted() {
    let shop = prepared();
    let before = shop.room.digest().expect("it can be read");
    let (source, message) = ("wms".into(), "m-1".into());
    shop.accept(NoteFulfillment {
        fulfillment: "o-accepted-1".into(),
        status: WarehouseStatus::Picking,
        message: Some(MessageId { source, message }),
    });
    shop.set_clock(shop.now_ms() + 100 * 24 * 3_600_000);
    let total = shop.room.prune(shop.now_ms()).expect("it is done");
    assert_eq!((total.events, total.keys, total.orders, total.messages), (3, 1, 5, 1));
    assert_ne!(shop.room.digest().expect("it can be read"), before);
    let again = shop.room.prune(shop.now_ms()).expect("it is done");
    assert_eq!((again.keys, again.orders, again.messages), (0, 0, 0));
    shop.assert_verified();
}

/// What happened at the very time stays, and a row at a time is as good as all at once.
#[test]
fn what_is_pruned_is_older_than_the_time_and_found_page_by_page() {
    let shop = prepared();
    let before_ms = shop.now_ms() + 1;
    let whole = shop.room.prune(before_ms).expect("it is done");
    let by_one = prepared();
    let (mut events, mut keys, mut orders) = (0, 0, 0);
    let mut from = Some(PruneFrom::default());
    while let Some(place) = from {
        let reply = by_one.accept(Prune { before_ms, limit: 1, from: place });
        let Ok(Answer::Pruned(pruned)) = reply.accepted() else { panic!("{reply:?}") };
        (events, keys, orders) = (events + pruned.events, keys + pruned.keys, orders + pruned.orders);
        from = pruned.next.clone();
    }
    assert_eq!((events, keys, orders), (whole.events, whole.keys, whole.orders));
    assert!(keys > 0 && orders > 1);
    // All of it happened at one time.
    let at_once = Shop::stocked(&[("main", "mug", 10)]);
    at_once.accept(order("o-1", &[("mug", 1)]));
    at_once.accept(CancelOrder { order: "o-1".into(), ..CancelOrder::default() });
    let none = at_once.room.prune(at_once.now_ms()).expect("it is done");
    assert_eq!((none.events, none.keys, none.orders), (0, 0, 0));
    assert_eq!(at_once.room.prune(at_once.now_ms() + 1).expect("it is done").orders, 1);
    assert_eq!(at_once.room.now_ms(), at_once.now_ms());
}

/// Keys of refused orders and of commands, and messages: a step looks at so many and says where the next begins.
#[test]
fn keys_and_messages_are_pruned_step_by_step() {
    let shop = Shop::stocked(&[("main", "mug", 10)]);
    shop.accept(RegisterDestination { destination: "shop".into(), ..RegisterDestination::default() });
    let (channel, destination) = ("web".into(), "shop".into());
    shop.accept(ConnectChannel { channel, destination, policy: ChannelPolicy::default() });
    for at in 0..5 {
        if at == 4 {
            shop.set_clock(shop.now_ms() + 1_000);
        }
        shop.reply(Command { key: Some(format!("k-{at}")), ..order(&format!("o-{at}"), &[("mug", 99)]).into() });
        let listings = vec![SeenListing { item: "nosuch".into(), at_ms: shop.now_ms(), quantity: None }];
        let message = Some(MessageId { source: "shop".into(), message: format!("m-{at}") });
        shop.accept(NoteListings { channel: "web".into(), listings, message });
    }
    // The last of each is of the very time, and stays.
    let before_ms = shop.now_ms();
    let step = |from, limit| {
        let reply = shop.accept(Prune { before_ms, limit, from });
        let Ok(Answer::Pruned(pruned)) = reply.accepted() else { panic!("{reply:?}") };
        (pruned.keys + pruned.messages, pruned.next.clone())
    };
    let keys = |key: &str| PruneFrom::Keys(key.into());
    let messages = |message: &str| PruneFrom::Messages("shop".into(), message.into());
    assert_eq!(step(keys(""), 2), (2, Some(keys("k-1"))));
    assert_eq!(step(keys("k-1"), 3), (2, Some(keys("k-4"))));
    assert_eq!(step(keys("k-4"), 1), (0, Some(PruneFrom::Orders(0))));
    assert_eq!(step(PruneFrom::Messages(String::new(), String::new()), 2), (2, Some(messages("m-1"))));
    assert_eq!(step(messages("m-1"), 3), (2, Some(messages("m-4"))));
    assert_eq!(step(messages("m-4"), 1), (0, None));
    shop.assert_verified();
}

#[test]
fn names_of_the_greatest_length_are_found_and_longer_ones_are_nobodys() {
    let shop = Shop::stocked(&[("main", "mug", 10)]);
    let name = |letter: &str| letter.repeat(64);
    shop.accept(RegisterSku { sku: name("s"), components: None });
    shop.accept(order(&name("o"), &[("mug", 1)]));
    let (lines, channel) = (vec![StockLine { sku: "mug".into(), quantity: 1 }], "web".into());
    shop.accept(PlaceHold { hold: name("h"), channel, lines, lives_ms: 60_000, ..PlaceHold::default() });
    shop.accept(Subscribe { subscription: name("e"), from: SubscribeFrom::Start });
    let room = &shop.room;
    let longer = |letter: &str| name(letter) + letter;
    let found = (
        room.order(&name("o")).unwrap().is_some(),
        room.hold(&name("h")).unwrap().is_some(),
        room.subscription(&name("e")).unwrap().is_some(),
        room.available(&name("s"), "main").unwrap(),
    );
    assert_eq!(found, (true, true, true, Some(0)));
    let none = (
        room.order(&longer("o")).unwrap().is_some(),
        room.hold(&longer("h")).unwrap().is_some(),
        room.subscription(&longer("e")).unwrap().is_some(),
        room.available(&longer("s"), "main").unwrap(),
    );
    assert_eq!(none, (false, false, false, None));
}

#[test]
fn whatever_detail_an_order_has_is_kept() {
    let shop = Shop::stocked(&[("main", "mug", 10)]);
    let to = || Some(ShipTo { city: "Bergen".into(), ..ShipTo::default() });
    let metadata = || [("gift".to_owned(), "yes".to_owned())].into();
    for (id, ship_to, note, metadata) in [
        ("o-none", None, None, Default::default()),
        ("o-to", to(), None, Default::default()),
        ("o-note", None, Some("ring twice".to_owned()), Default::default()),
        ("o-meta", None, None, metadata()),
    ] {
        let new = NewOrder { ship_to: ship_to.clone(), note: note.clone(), metadata, ..order(id, &[("mug", 1)]) };
        let metadata = new.metadata.clone();
        shop.accept(new);
        let details = shop.room.order(id).unwrap().unwrap().body.details;
        let kept = details.map(|details| (details.ship_to.clone(), details.note.clone(), details.metadata.clone()));
        assert_eq!(kept, (id != "o-none").then_some((ship_to, note, metadata)), "{id}");
    }
}

/// What is pruned between them still leads from one claim to the next.
#[test]
fn claims_are_found_across_orders_that_were_pruned() {
    let shop = Shop::stocked(&[("main", "mug", 6)]);
    for id in ["o-1", "o-2", "o-3"] {
        shop.accept(order(id, &[("mug", 2)]));
    }
    shop.accept(CancelOrder { order: "o-2".into(), ..CancelOrder::default() });
    shop.set_clock(shop.now_ms() + 1_000);
    assert_eq!(shop.room.prune(shop.now_ms()).expect("it is done").orders, 1);
    shop.assert_verified();
    shop.accept(CountStock { sku: "mug".into(), location: "main".into(), counted: 0, expected: None, reference: None });
    let said = shop.events().into_iter().find_map(|event| match event.data {
        EventData::StockShortfall(said) => Some(said),
        _ => None,
    });
    let touched: Vec<_> = said.expect("it is said").orders.into_iter().map(|one| (one.order, one.units)).collect();
    assert_eq!(touched, [("o-3".into(), 2), ("o-1".into(), 2)]);
    shop.assert_verified();
}
