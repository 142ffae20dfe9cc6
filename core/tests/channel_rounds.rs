//! Rounds of looking at listings and at orders of shops: how far one round comes, whether another is worth while, which
//! deliveries are filled, and what a round forgets.

mod common;

use common::shopkeeper::{MINUTE_MS, Shopkeeper, events, line, listed, said, sent, settled_shop, shop, taken, told};
use common::{START_MS, Shop, order, receive};
use stockroom::channel::ListingState;
use stockroom::engine::{Record, RecordKind};
use stockroom::ports::{Page, Rows};
use stockroom::{
    Answer, ChannelOrder, ChannelPolicy, Code, ConnectChannel, DeliveryBody, DisconnectChannel, EventKind, Outcome,
    ReconcileChannel, RegisterChannel, SetListing, Shown, UpdateListings, UpdatedListings,
};

fn round(shop: &Shop, limit: u32) -> UpdatedListings {
    match shop.accept(UpdateListings { limit }).outcome {
        Outcome::Accepted(Answer::ListingsUpdated(updated)) => updated,
        other => panic!("{other:?}"),
    }
}

/// The deliveries of quantities that wait, by the SKUs in each.
fn waiting(shop: &Shop) -> Vec<Vec<String>> {
    let skus = |delivery| sent(delivery).into_iter().map(|(sku, ..)| sku).collect();
    shop.take().iter().map(skus).collect()
}

#[test]
fn a_round_reads_as_many_commands_as_it_may_and_says_whether_there_are_more() {
    // The limit; what each round says: events and whether there are more.
    let cases: &[(u32, &[(u64, bool)])] = &[
        (1, &[(2, true), (2, true), (2, true), (0, false)]),
        (2, &[(4, true), (2, false), (0, false)]),
        (3, &[(6, true), (0, false)]),
        (4, &[(6, false), (0, false)]),
    ];
    for (limit, rounds) in cases {
        let shop = settled_shop(&[("main", "mug", 10)], ChannelPolicy::default());
        let before = shop.events().len() as u64;
        for id in ["o-1", "o-2", "o-3"] {
            shop.accept(order(id, &[("mug", 1)]));
        }
        assert_eq!(shop.events().len() as u64, before + 6, "each is placed, and changes the stock");
        let said: Vec<_> = rounds.iter().map(|_| round(&shop, *limit)).map(|said| (said.events, said.more)).collect();
        assert_eq!(said, *rounds, "{limit}");
        assert_eq!(shop.listing("mug").desired, 7);
        shop.assert_verified();
    }
}

#[test]
fn a_round_looks_at_as_many_due_listings_as_it_may_and_says_whether_there_are_more() {
    // What is said of each is an event, which the next round reads.
    let cases: &[(u32, &[(u64, bool)])] = &[
        (1, &[(0, true), (1, true), (1, true), (0, false)]),
        (2, &[(0, true), (2, false), (0, false)]),
        (3, &[(0, false), (2, false), (0, false)]),
    ];
    for (limit, rounds) in cases {
        let shop = settled_shop(&[("main", "mug", 10), ("main", "plate", 10)], ChannelPolicy::default());
        for item in ["m-1", "p-1"] {
            assert_eq!(shop.sees(item, Some(9), START_MS + 1_000).drifting, 1);
        }
        shop.settle();
        shop.wait(MINUTE_MS);
        let said: Vec<_> = rounds.iter().map(|_| round(&shop, *limit)).map(|said| (said.events, said.more)).collect();
        assert_eq!(said, *rounds, "{limit}");
        assert_eq!(events(&shop, EventKind::ListingDrifted).len(), 2);
    }
}

#[test]
fn listings_that_are_all_to_be_reckoned_anew_are_so_over_several_rounds() {
    for (limit, rounds) in [(2, 2), (3, 2), (4, 1)] {
        let shop = settled_shop(&[("main", "mug", 10), ("main", "plate", 10)], ChannelPolicy::default());
        let policy = ChannelPolicy { buffer: 1, ..ChannelPolicy::default() };
        shop.accept(ConnectChannel { channel: "web".into(), destination: "shop".into(), policy });
        let mut done = 1;
        while round(&shop, limit).more {
            done += 1;
        }
        assert_eq!(done, rounds, "{limit}");
        assert_eq!(["mug", "plate", "set"].map(|sku| shop.listing(sku).desired), [9, 9, 4], "{limit}");
    }
}

#[test]
fn a_delivery_that_waits_is_filled_before_another_is_begun() {
    let shop = shop(&[], ChannelPolicy { batch_max: 3, ..ChannelPolicy::default() });
    for sku in ["a", "b", "c", "d", "e"] {
        shop.accept(stockroom::RegisterSku { sku: sku.into(), components: None });
        shop.accept(listed(sku, sku));
    }
    shop.settle();
    for some in [&["a"][..], &["b"], &["c", "d"], &["e"]] {
        some.iter().for_each(|sku| drop(shop.accept(receive("main", sku, 1))));
        assert_eq!(shop.update().queued, some.len() as u64);
    }
    assert_eq!(waiting(&shop), [&["a", "b", "c"][..], &["d", "e"]]);
    // Both are taken: what comes now goes by itself.
    shop.accept(receive("main", "mug", 1));
    shop.update();
    assert_eq!(waiting(&shop), [["mug"]]);
    shop.assert_verified();
}

/// The shop will not tell of the mug; meanwhile another is sold, or the one that was is brought back.
#[test]
fn what_the_shop_did_not_do_waits_only_if_it_is_still_to_be_done() {
    for (cancelled, due) in [(false, true), (true, false)] {
        let shop = settled_shop(&[("main", "mug", 10)], ChannelPolicy::default());
        shop.accept(order("o-1", &[("mug", 1)]));
        shop.update();
        let taken = shop.take();
        if cancelled {
            shop.accept(stockroom::CancelOrder { order: "o-1".into(), ..Default::default() });
            shop.update();
        }
        shop.report(&taken[0], said(shop.now_ms(), &[("mug", Shown::NotYet { why: "locked".into() })]));
        assert_eq!(shop.listing("mug").due_at_ms > shop.now_ms(), due, "{cancelled}");
        assert_eq!(shop.listing("mug").due_at_ms != 0, due, "{cancelled}");
        assert_eq!(shop.settle(), 0);
        shop.wait(MINUTE_MS);
        assert_eq!(shop.settle(), usize::from(due));
        assert!(shop.is_settled());
    }
}

#[test]
fn connecting_as_it_is_changes_nothing() {
    let shop = settled_shop(&[("main", "mug", 10)], ChannelPolicy::default());
    let connect = |policy| ConnectChannel { channel: "web".into(), destination: "shop".into(), policy };
    let told = || events(&shop, EventKind::ChannelConnected).len();
    let (before, events_before) = (told(), shop.events().len());
    assert_eq!(shop.accept(connect(ChannelPolicy::default())).accepted().unwrap(), &Answer::Unchanged);
    assert_eq!(shop.events().len(), events_before);
    // Another policy, and being connected again, are told.
    let policy = ChannelPolicy { buffer: 1, ..ChannelPolicy::default() };
    assert_eq!(shop.accept(connect(policy)).accepted().unwrap(), &Answer::Done);
    shop.accept(DisconnectChannel { channel: "web".into(), message: None });
    assert_eq!(shop.accept(connect(policy)).accepted().unwrap(), &Answer::Done);
    assert_eq!(told(), before + 2);
    // Its deliveries go where they go.
    shop.accept(stockroom::RegisterDestination { destination: "other".into(), patience: Default::default() });
    let elsewhere = ConnectChannel { destination: "other".into(), ..connect(policy) };
    let rejection = shop.reject_as(Code::DestinationUnknown, elsewhere);
    assert_eq!(rejection.faults[0].at, "destination");
}

#[test]
fn a_listing_is_set_anew_where_anything_of_it_is_another() {
    let plain = || listed("mug", "m-1");
    let cases: [(SetListing, Option<i64>); 4] = [
        (plain(), None),
        (SetListing { buffer: Some(3), ..plain() }, Some(7)),
        (SetListing { cap: Some(4), ..plain() }, Some(4)),
        (listed("mug", "m-2"), Some(10)),
    ];
    for (set, sent_then) in cases {
        let shop = settled_shop(&[("main", "mug", 10)], ChannelPolicy::default());
        let before = shop.events().len();
        let answer = shop.accept(set.clone()).accepted().unwrap().clone();
        assert_eq!(answer == Answer::Unchanged, sent_then.is_none(), "{set:?}");
        assert_eq!(shop.events().len() - before, usize::from(sent_then.is_some()), "{set:?}");
        shop.update();
        let quantities: Vec<_> = shop.take().iter().flat_map(sent).map(|(_, quantity, _)| quantity).collect();
        assert_eq!(quantities, Vec::from_iter(sent_then), "{set:?}");
        // The same once more is nothing new.
        assert_eq!(shop.accept(set).accepted().unwrap(), &Answer::Unchanged);
        shop.assert_verified();
    }
}

#[test]
fn a_refused_listing_that_is_set_again_is_as_new() {
    let shop = shop(&[("main", "mug", 10)], ChannelPolicy::default());
    shop.update();
    let refused = Shown::Refused { why: "not tracked".into() };
    let taken = shop.take();
    shop.report(&taken[0], said(START_MS, &[("mug", refused), ("plate", Shown::Set), ("set", Shown::Set)]));
    shop.accept(listed("mug", "m-1"));
    let mug = shop.listing("mug");
    assert_eq!((mug.state, &*mug.why), (ListingState::Listed, ""));
    assert_eq!(shop.settle(), 1);
    assert!(shop.is_settled());
}

/// The shop sells one of what is on its way to it, and of what it could not explain before.
#[test]
fn a_sale_of_the_shop_leaves_what_is_on_its_way_and_ends_a_wait() {
    let shop = settled_shop(&[("main", "mug", 10)], ChannelPolicy::default());
    shop.accept(receive("main", "mug", 5));
    shop.update();
    let under_way = shop.take();
    shop.accept(taken(told("s-1", 1_000, &[("a", "mug", 1)])));
    let mug = shop.listing("mug");
    assert_eq!((mug.sent, mug.delivery, mug.due_at_ms), (Some(15), under_way[0].number, 0));
    assert_eq!(mug.acknowledged, Some(9));
    // The other: fewer are shown, then the order comes that says why.
    let shop = settled_shop(&[("main", "mug", 10)], ChannelPolicy::default());
    shop.sees("m-1", Some(8), START_MS + 1_000);
    assert!(shop.listing("mug").due_at_ms > 0);
    shop.accept(taken(told("s-1", 1_000, &[("a", "mug", 2)])));
    let mug = shop.listing("mug");
    assert_eq!((mug.acknowledged, mug.unexplained), (Some(8), 0));
    shop.settle();
    assert_eq!(shop.listing("mug").due_at_ms, 0);
    assert!(shop.is_settled());
}

#[test]
fn an_order_is_said_to_be_refused_only_while_nothing_of_it_is_ours() {
    let shop = settled_shop(&[("main", "mug", 3)], ChannelPolicy::default());
    let refusals = || events(&shop, EventKind::OrderRejected).len();
    // Of what is ours a change is refused, not the order.
    shop.accept(taken(told("s-1", 1_000, &[("a", "mug", 2)])));
    shop.reject_as(Code::InsufficientStock, taken(told("s-1", 2_000, &[("a", "mug", 9)])));
    assert_eq!(refusals(), 0);
    // Of what had no goods so far the order is.
    shop.accept(taken(told("s-2", 1_000, &[])));
    shop.reject_as(Code::InsufficientStock, taken(told("s-2", 2_000, &[("a", "mug", 9)])));
    assert_eq!(refusals(), 1);
}

#[test]
fn a_change_of_what_left_by_hand_is_said_and_not_refused() {
    let shop = settled_shop(&[("main", "mug", 10)], ChannelPolicy::default());
    let first = told("s-1", 1_000, &[("a", "mug", 2)]);
    shop.accept(taken(first.clone()));
    shop.accept(stockroom::ShipOrder { order: "s-1".into(), ..Default::default() });
    let changed = ChannelOrder { note: Some("ring".into()), updated_at_ms: START_MS + 2_000, ..first };
    assert_eq!(shop.accept(taken(changed)).accepted().unwrap(), &Answer::Unchanged);
    assert_eq!(events(&shop, EventKind::ChannelOrderConflict).len(), 1);
}

/// Lines and address, before a warehouse has taken what waits for it.
#[test]
fn of_what_waits_for_a_warehouse_the_address_can_change_and_the_lines_cannot() {
    let shop = settled_shop(&[("main", "mug", 10)], ChannelPolicy::default());
    shop.accept(stockroom::RegisterDestination { destination: "wms".into(), patience: Default::default() });
    let warehouse = stockroom::RegisterWarehouse {
        location: "main".into(),
        destination: "wms".into(),
        ..stockroom::RegisterWarehouse::default()
    };
    shop.accept(warehouse);
    let first = told("s-1", 1_000, &[("a", "mug", 2)]);
    shop.accept(taken(first.clone()));
    shop.accept(stockroom::Fulfill { limit: 100 });
    let conflicts = || events(&shop, EventKind::ChannelOrderConflict).len();
    let fewer = ChannelOrder { lines: vec![line("a", "mug", 1)], updated_at_ms: START_MS + 2_000, ..first.clone() };
    shop.accept(taken(fewer));
    assert_eq!(conflicts(), 1);
    let more = vec![line("a", "mug", 2), line("b", "mug", 1)];
    shop.accept(taken(ChannelOrder { lines: more, updated_at_ms: START_MS + 3_000, ..first.clone() }));
    assert_eq!(conflicts(), 2);
    let noted = ChannelOrder { note: Some("ring".into()), updated_at_ms: START_MS + 4_000, ..first };
    shop.accept(taken(noted));
    assert_eq!(conflicts(), 2);
    let row = shop.room.order("s-1").unwrap().unwrap();
    assert_eq!(row.body.details.and_then(|details| details.note).as_deref(), Some("ring"));
    shop.assert_verified();
}

#[test]
fn what_a_shop_leaves_out_of_an_order_stays_as_it_is() {
    let shop = settled_shop(&[("main", "mug", 10)], ChannelPolicy::default());
    let ship_to = Some(stockroom::ShipTo { city: "Oslo".into(), ..Default::default() });
    let first = ChannelOrder { ship_to, note: Some("ring".into()), ..told("s-1", 1_000, &[("a", "mug", 2)]) };
    shop.accept(taken(first.clone()));
    let row = || shop.room.order("s-1").unwrap().unwrap();
    let before = row();
    let without = ChannelOrder { ship_to: None, note: None, updated_at_ms: START_MS + 2_000, ..first };
    assert_eq!(shop.accept(taken(without)).accepted().unwrap(), &Answer::Unchanged);
    assert_eq!(row(), before);
}

#[test]
fn nothing_is_kept_of_an_order_of_a_shop_that_was_pruned() {
    let shop = settled_shop(&[("main", "mug", 10)], ChannelPolicy::default());
    for id in ["s-1", "s-2"] {
        shop.accept(taken(told(id, 1_000, &[("a", "mug", 1)])));
    }
    shop.accept(stockroom::CancelOrder { order: "s-1".into(), ..Default::default() });
    shop.wait(MINUTE_MS);
    assert_eq!(shop.room.prune(shop.now_ms()).unwrap().orders, 1);
    let page = Page::Records(RecordKind::TakenOrder, None);
    let Rows::Records(rows) = shop.room.page(&page, u32::MAX).unwrap() else { panic!("they are records") };
    let [Record::TakenOrder(left)] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!(&*left.id, "s-2");
    shop.assert_verified();
}

/// The shop showed another quantity than was believed, so that ours was not set. Its clock may be behind.
#[test]
fn what_a_shop_showed_instead_is_known_unless_something_later_was_said_meanwhile() {
    // When it answers by its clock; whether it spoke meanwhile; what is known, how much of it is not explained.
    let cases = [
        (1_000, false, (8, 2)),
        (0, false, (8, 2)),
        (-5_000, false, (8, 2)),
        (1_000, true, (8, 2)),
        (600, true, (8, 2)),
        (500, true, (8, 2)),
        (499, true, (9, 1)),
    ];
    for (at_ms, spoke, expected) in cases {
        let shop = settled_shop(&[("main", "mug", 10)], ChannelPolicy::default());
        shop.accept(receive("main", "mug", 5));
        shop.update();
        let under_way = shop.take();
        if spoke {
            shop.sees("m-1", Some(9), START_MS + 500);
        }
        shop.report(&under_way[0], said(START_MS + at_ms, &[("mug", Shown::Shows(8))]));
        let mug = shop.listing("mug");
        assert_eq!((mug.acknowledged, mug.unexplained), (Some(expected.0), expected.1), "{at_ms} {spoke}");
        assert_eq!((mug.sent, mug.delivery), (None, 0));
        assert!(mug.due_at_ms > shop.now_ms(), "an order may explain it");
    }
}

#[test]
fn what_the_shop_did_not_do_waits_as_long_as_its_destination_wants() {
    let shop = shop(&[("main", "mug", 10)], ChannelPolicy::default());
    let patience =
        stockroom::Patience { backoff_ms: 50 * MINUTE_MS, backoff_max_ms: 60 * MINUTE_MS, ..Default::default() };
    shop.accept(stockroom::RegisterDestination { destination: "shop".into(), patience });
    shop.update();
    let taken = shop.take();
    shop.report(&taken[0], said(shop.now_ms(), &[("mug", Shown::NotYet { why: "locked".into() })]));
    let wait_ms = shop.listing("mug").due_at_ms - shop.now_ms();
    assert!((25 * MINUTE_MS..=50 * MINUTE_MS).contains(&wait_ms), "{wait_ms}");
}

/// The other has the same SKU, and comes after it in the order of the names.
#[test]
fn each_channel_is_reckoned_and_read_by_itself() {
    let shop = settled_shop(&[("main", "mug", 10)], ChannelPolicy::default());
    shop.accept(RegisterChannel { channel: "zoo".into(), locations: vec!["main".into()], ..Default::default() });
    shop.accept(stockroom::RegisterDestination { destination: "far".into(), patience: Default::default() });
    let policy = ChannelPolicy::default();
    shop.accept(ConnectChannel { channel: "zoo".into(), destination: "far".into(), policy });
    shop.accept(SetListing { channel: "zoo".into(), ..listed("mug", "z-1") });
    shop.settle();
    shop.accept(ReconcileChannel { channel: "web".into(), mend: false });
    let page = shop.take();
    let [delivery] = &page[..] else { panic!("{page:?}") };
    let DeliveryBody::ReadQuantities(asked) = &delivery.body else { panic!("{delivery:?}") };
    let items: Vec<&str> = asked.listings.iter().map(|entry| &*entry.item).collect();
    assert_eq!(items, ["m-1", "p-1", "s-1"]);
    // All of the one are reckoned anew, in as many rounds as it takes for them alone.
    let policy = ChannelPolicy { buffer: 1, ..policy };
    shop.accept(ConnectChannel { channel: "web".into(), destination: "shop".into(), policy });
    assert!(!round(&shop, 4).more);
    assert_eq!(shop.room.listing("zoo", "mug").unwrap().map(|row| row.desired), Some(10));
    let listings = |channel: &str| shop.room.settled(channel).unwrap().map(|settlement| settlement.listings);
    assert_eq!((listings("web"), listings("zoo")), (Some(3), Some(1)));
    shop.assert_verified();
}

/// Each is said with what it should show, up to a hundred; all are counted.
#[test]
fn listings_that_are_not_settled_are_said() {
    for (count, said) in [(1, 1), (100, 100), (101, 100)] {
        let shop = settled_shop(&[], ChannelPolicy::default());
        for at in 0..count {
            let sku = format!("sku-{at}");
            shop.accept(stockroom::RegisterSku { sku: sku.clone(), components: None });
            shop.accept(receive("main", &sku, 7));
            shop.accept(listed(&sku, &sku));
        }
        let settlement = shop.room.settled("web").unwrap().expect("it has a shop");
        assert_eq!((settlement.listings, settlement.settled), (count + 3, 3), "the three show none, as they should");
        assert_eq!(settlement.unsettled.len(), said);
        assert_eq!((&*settlement.unsettled[0].sku, settlement.unsettled[0].should), ("sku-0", 7));
    }
}
