//! Listings from the outside: stock changes, a shop is told, and says what it shows. The shop is played by the test,
//! one delivery at a time.

mod common;

use common::shopkeeper::{
    MINUTE_MS, Shopkeeper, all_set, events, listed, lost, said, sent, settled_shop, shop, taken, told,
};
use common::{START_MS, order, receive};
use stockroom::channel::ListingState;
use stockroom::{
    Answer, CancelOrder, ChannelPolicy, Code, ConnectChannel, CountStock, DeliveryBody, DeliveryResult,
    DisconnectChannel, DriftPolicy, DropDelivery, EventData, EventKind, MessageId, NoteListings, PlaceHold,
    ReconcileChannel, RegisterChannel, ReleaseHold, RemoveListing, Retry, RetryCause, SeenListing, SetListing, Shown,
};

#[test]
fn a_listing_shows_what_all_locations_have_less_the_buffer_up_to_the_cap() {
    let policy = ChannelPolicy { buffer: 2, cap: Some(50), ..ChannelPolicy::default() };
    let shop = shop(&[("main", "mug", 10), ("backup", "mug", 5), ("main", "plate", 100)], policy);
    shop.accept(SetListing { buffer: Some(0), cap: Some(4), ..listed("set", "s-1") });
    let updated = shop.update();
    assert_eq!((updated.changed, updated.queued), (3, 3));
    let taken = shop.take();
    assert_eq!(taken.len(), 1, "they go in one request");
    let expected = [("mug".to_owned(), 13, None), ("plate".to_owned(), 50, None), ("set".to_owned(), 4, None)];
    assert_eq!(sent(&taken[0]), expected);
    assert!(!shop.is_settled());
    shop.report(&taken[0], all_set(&taken[0], shop.now_ms()));
    assert!(shop.is_settled());
    let mug = shop.listing("mug");
    assert_eq!((mug.desired, mug.acknowledged, mug.observed, mug.sent), (13, Some(13), Some(13), None));
    // Nothing changes: nothing is sent.
    assert_eq!(shop.settle(), 0);
    shop.assert_verified();
}

#[test]
fn a_change_of_a_component_changes_its_bundles() {
    let shop = settled_shop(&[("main", "mug", 10), ("main", "plate", 8)], ChannelPolicy::default());
    assert_eq!(shop.listing("set").desired, 4);
    shop.accept(order("o-1", &[("plate", 3)]));
    shop.update();
    let taken = shop.take();
    let expected = [("plate".to_owned(), 5, Some(8)), ("set".to_owned(), 2, Some(4))];
    assert_eq!(sent(&taken[0]), expected);
}

#[test]
fn holds_and_their_end_are_shown() {
    let shop = settled_shop(&[("main", "mug", 10)], ChannelPolicy::default());
    shop.accept(PlaceHold {
        hold: "cart".into(),
        channel: "web".into(),
        lines: vec![stockroom::StockLine { sku: "mug".into(), quantity: 4 }],
        lives_ms: MINUTE_MS,
        ..PlaceHold::default()
    });
    shop.settle();
    assert_eq!(shop.listing("mug").acknowledged, Some(6));
    shop.accept(ReleaseHold { hold: "cart".into() });
    shop.settle();
    assert_eq!(shop.listing("mug").acknowledged, Some(10));
}

#[test]
fn many_changes_make_one_request_and_the_newest_goes() {
    let shop = settled_shop(&[("main", "mug", 100)], ChannelPolicy::default());
    for index in 0..20 {
        shop.accept(order(&format!("o-{index}"), &[("mug", 1)]));
        shop.update();
    }
    let taken = shop.take();
    assert_eq!(taken.len(), 1);
    assert_eq!(sent(&taken[0]), [("mug".to_owned(), 80, Some(100))]);
    // What changes while one is in flight waits for it, and then goes.
    shop.accept(order("o-late", &[("mug", 1)]));
    shop.update();
    assert!(shop.take().is_empty());
    shop.report(&taken[0], all_set(&taken[0], shop.now_ms()));
    shop.update();
    let next = shop.take();
    assert_eq!(sent(&next[0]), [("mug".to_owned(), 79, Some(80))]);
}

#[test]
fn a_waiting_delivery_is_filled_and_reckoned_anew_when_it_is_taken() {
    let policy = ChannelPolicy { batch_max: 2, ..ChannelPolicy::default() };
    let shop = settled_shop(&[("main", "mug", 10), ("main", "plate", 10)], policy);
    shop.accept(order("o-1", &[("plate", 1)]));
    shop.update();
    shop.accept(order("o-2", &[("mug", 1)]));
    shop.update();
    let taken = shop.take();
    let all: Vec<usize> = taken.iter().map(|delivery| sent(delivery).len()).collect();
    assert_eq!(all, [2, 1], "full ones first: plate with set, then mug");
    taken.iter().for_each(|delivery| shop.report(delivery, all_set(delivery, shop.now_ms())));
    shop.settle();
    // What goes back to what the shop shows is not sent at all.
    shop.accept(order("o-3", &[("mug", 1)]));
    shop.update();
    shop.accept(CancelOrder { order: "o-3".into(), ..CancelOrder::default() });
    shop.update();
    assert!(shop.take().is_empty());
    assert!(shop.is_settled());
    shop.assert_verified();
}

#[test]
fn a_lost_answer_is_asked_for_with_the_same_content() {
    let shop = settled_shop(&[("main", "mug", 10)], ChannelPolicy::default());
    shop.accept(order("o-1", &[("mug", 1)]));
    shop.update();
    let first = shop.take();
    shop.accept(order("o-2", &[("mug", 1)]));
    shop.report(&first[0], lost());
    shop.wait(MINUTE_MS);
    shop.update();
    let again = shop.take();
    assert!(again[0].doubt);
    assert_eq!(again[0].body, first[0].body, "only the same again can be told from what was done");
    shop.report(&again[0], all_set(&again[0], shop.now_ms()));
    shop.settle();
    assert_eq!(shop.listing("mug").acknowledged, Some(8));
    // Where it is known that nothing was done, the newest goes.
    shop.accept(order("o-3", &[("mug", 1)]));
    shop.update();
    let first = shop.take();
    shop.accept(order("o-4", &[("mug", 1)]));
    shop.update();
    shop.report(&first[0], DeliveryResult::Retry(Retry { why: "busy".into(), ..Retry::default() }));
    shop.wait(MINUTE_MS);
    assert_eq!(sent(&shop.take()[0]), [("mug".to_owned(), 6, Some(8))]);
}

#[test]
fn an_order_of_the_shop_lowers_what_it_shows_without_a_request() {
    let shop = settled_shop(&[("main", "mug", 10), ("main", "plate", 10)], ChannelPolicy::default());
    shop.wait(1_000);
    shop.accept(taken(told("s-1", 1_000, &[("a", "mug", 2)])));
    assert_eq!(shop.listing("mug").acknowledged, Some(8));
    // The bundle has mugs as well; the shop does not know.
    assert_eq!(shop.settle(), 0, "5 sets can be made of 10 plates and 8 mugs as well");
    assert!(shop.is_settled());
    // What the shop says then is no surprise.
    assert_eq!(shop.sees("m-1", Some(8), START_MS + 1_000).agree, 1);
    assert!(shop.is_settled());
    assert_eq!(events(&shop, EventKind::ListingDrifted), []);
    shop.assert_verified();
}

#[test]
fn a_level_that_comes_before_its_order_is_not_raised_again() {
    let shop = settled_shop(&[("main", "mug", 10)], ChannelPolicy::default());
    shop.wait(1_000);
    assert_eq!(shop.sees("m-1", Some(8), START_MS + 1_000).drifting, 1);
    let mug = shop.listing("mug");
    assert_eq!((mug.acknowledged, mug.unexplained), (Some(8), 2));
    assert_eq!(shop.settle(), 0, "an order may be on its way");
    // Goods arrive meanwhile: even then it is not raised.
    shop.accept(receive("main", "mug", 5));
    assert_eq!(shop.settle(), 0);
    shop.wait(5_000);
    shop.accept(taken(told("s-1", 1_000, &[("a", "mug", 2)])));
    shop.update();
    assert_eq!(sent(&shop.take()[0]), [("mug".to_owned(), 13, Some(8))]);
    assert_eq!(events(&shop, EventKind::ListingDrifted), []);
}

#[test]
fn a_level_with_a_pending_order_may_be_lowered() {
    let shop = settled_shop(&[("main", "mug", 10)], ChannelPolicy::default());
    shop.wait(1_000);
    shop.sees("m-1", Some(9), START_MS + 1_000);
    shop.accept(order("till-1", &[("mug", 4)]));
    shop.update();
    let taken_ones = shop.take();
    assert_eq!(sent(&taken_ones[0]), [("mug".to_owned(), 6, Some(9))]);
    shop.wait(1_000);
    shop.report(&taken_ones[0], all_set(&taken_ones[0], START_MS + 2_000));
    // The order comes late: it was in the level before ours, so it is not counted down twice.
    shop.accept(taken(told("s-1", 1_000, &[("a", "mug", 1)])));
    let mug = shop.listing("mug");
    assert_eq!((mug.acknowledged, mug.unexplained), (Some(6), 0));
    shop.update();
    assert_eq!(sent(&shop.take()[0]), [("mug".to_owned(), 5, Some(6))]);
}

#[test]
fn what_nothing_explains_is_put_right() {
    let shop = settled_shop(&[("main", "mug", 10)], ChannelPolicy::default());
    shop.wait(1_000);
    shop.sees("m-1", Some(25), START_MS + 1_000);
    // More than there is: lowered at once, whatever it was.
    shop.update();
    let first = shop.take();
    assert_eq!(sent(&first[0]), [("mug".to_owned(), 10, Some(25))]);
    shop.report(&first[0], all_set(&first[0], START_MS + 1_500));
    shop.sees("m-1", Some(3), START_MS + 2_000);
    assert_eq!(shop.settle(), 0);
    let due = shop.update().next_due_at_ms.expect("it is looked at again");
    shop.set_clock(due);
    assert_eq!(shop.settle(), 1);
    assert!(shop.is_settled());
    let drifts = events(&shop, EventKind::ListingDrifted);
    let [EventData::ListingDrifted(drift)] = &drifts[..] else { panic!("{drifts:?}") };
    assert_eq!((drift.desired, drift.observed, drift.policy), (10, 3, Some(DriftPolicy::PutRight)));
    shop.assert_verified();
}

#[test]
fn what_nothing_explains_is_taken_over_where_that_is_the_policy() {
    let policy = ChannelPolicy { drift: DriftPolicy::TakeOver, buffer: 1, ..ChannelPolicy::default() };
    let shop = settled_shop(&[("backup", "mug", 4), ("main", "mug", 10)], policy);
    assert_eq!(shop.listing("mug").acknowledged, Some(13));
    shop.wait(1_000);
    shop.sees("m-1", Some(10), START_MS + 1_000);
    shop.wait(2 * MINUTE_MS);
    assert_eq!(shop.settle(), 0, "our books follow");
    assert_eq!(shop.room.available("mug", "main").unwrap(), Some(7));
    assert!(shop.is_settled());
    // More than is on hand cannot go; what is left of the difference is put right.
    shop.sees("m-1", Some(0), shop.now_ms() + 1_000);
    shop.wait(2 * MINUTE_MS);
    shop.settle();
    assert_eq!(shop.room.available("mug", "main").unwrap(), Some(0));
    assert_eq!(shop.listing("mug").acknowledged, Some(3), "4 are left at the other, less 1");
    assert!(shop.is_settled());
    shop.assert_verified();
}

#[test]
fn a_stale_compare_is_the_word_of_the_shop() {
    let shop = settled_shop(&[("main", "mug", 10)], ChannelPolicy::default());
    shop.wait(1_000);
    shop.accept(order("till-1", &[("mug", 1)]));
    shop.update();
    let first = shop.take();
    // The shop sold two meanwhile, and shows it; the order is on its way.
    shop.report(&first[0], said(START_MS + 1_000, &[("mug", Shown::Shows(8))]));
    assert_eq!(shop.settle(), 0);
    shop.accept(taken(told("s-1", 1_000, &[("a", "mug", 2)])));
    shop.update();
    assert_eq!(sent(&shop.take()[0]), [("mug".to_owned(), 7, Some(8))]);
}

#[test]
fn a_person_changes_a_quantity_while_ours_is_in_flight() {
    let shop = settled_shop(&[("main", "mug", 10)], ChannelPolicy::default());
    shop.wait(1_000);
    shop.accept(receive("main", "mug", 2));
    shop.update();
    let first = shop.take();
    // Ours was set at 1,500; the person's word came before and after it.
    shop.sees("m-1", Some(10), START_MS + 1_100);
    shop.sees("m-1", Some(40), START_MS + 2_000);
    shop.report(&first[0], said(START_MS + 1_500, &[("mug", Shown::Set)]));
    let mug = shop.listing("mug");
    assert_eq!(mug.acknowledged, Some(40), "what is newer holds");
    shop.update();
    let second = shop.take();
    assert_eq!(sent(&second[0]), [("mug".to_owned(), 12, Some(40))]);
    shop.report(&second[0], all_set(&second[0], START_MS + 3_000));
    shop.wait(2 * MINUTE_MS);
    shop.settle();
    assert!(shop.is_settled());
}

#[test]
fn old_and_repeated_words_change_nothing() {
    let shop = settled_shop(&[("main", "mug", 10)], ChannelPolicy::default());
    assert_eq!(shop.sees("m-1", Some(3), START_MS - 1).stale, 1);
    assert_eq!(shop.sees("m-1", Some(10), START_MS + 5).agree, 1);
    assert_eq!(shop.sees("nosuch", Some(10), START_MS + 5).unknown, 1);
    let message = Some(MessageId { source: "shop".into(), message: "w-1".into() });
    let listings = vec![SeenListing { item: "m-1".into(), at_ms: START_MS + 10, quantity: Some(4) }];
    let note = NoteListings { channel: "web".into(), listings, message };
    shop.accept(note.clone());
    let again = shop.accept(note);
    assert_eq!(again.accepted().unwrap(), &Answer::Unchanged);
}

#[test]
fn what_the_shop_will_not_have_or_has_not_any_more_is_left_alone() {
    let shop = shop(&[("main", "mug", 10), ("main", "plate", 10)], ChannelPolicy::default());
    shop.update();
    let first = shop.take();
    let refused = Shown::Refused { why: "not tracked".into() };
    shop.report(&first[0], said(START_MS, &[("mug", refused), ("plate", Shown::Gone), ("set", Shown::Set)]));
    assert_eq!(shop.listing("mug").state, ListingState::Refused);
    assert_eq!(shop.listing("mug").why, "not tracked");
    assert_eq!(shop.listing("plate").state, ListingState::Gone);
    shop.accept(receive("main", "mug", 1));
    shop.accept(receive("main", "plate", 1));
    assert_eq!(shop.settle(), 0);
    let settlement = shop.room.settled("web").unwrap().unwrap();
    assert_eq!((settlement.listings, settlement.settled, settlement.lost), (1, 1, 2));
    // Listed anew, or seen there again.
    shop.accept(listed("mug", "m-1"));
    shop.sees("p-1", Some(2), START_MS + 10);
    shop.settle();
    assert!(shop.is_settled());
    assert_eq!(shop.room.settled("web").unwrap().unwrap().listings, 3);
    assert_eq!(events(&shop, EventKind::ListingGone).len(), 1);
    shop.assert_verified();
}

#[test]
fn what_the_shop_said_nothing_of_is_sent_again_after_a_while() {
    let shop = shop(&[("main", "mug", 10)], ChannelPolicy::default());
    shop.update();
    let first = shop.take();
    let later = Shown::NotYet { why: "locked".into() };
    shop.report(&first[0], said(START_MS, &[("mug", later), ("set", Shown::Set)]));
    assert_eq!(shop.settle(), 0);
    shop.wait(MINUTE_MS);
    shop.update();
    let again = shop.take();
    assert_eq!(sent(&again[0]).len(), 2);
    shop.report(&again[0], all_set(&again[0], shop.now_ms()));
    assert!(shop.is_settled());
}

#[test]
fn a_dead_letter_that_is_dropped_counts_as_refused() {
    let shop = shop(&[("main", "mug", 10)], ChannelPolicy::default());
    shop.update();
    for _ in 0..3 {
        for delivery in shop.take() {
            shop.report(&delivery, DeliveryResult::Retry(Retry { why: "down".into(), ..Retry::default() }));
        }
        shop.wait(10 * MINUTE_MS);
    }
    let dead = shop.room.dead_letters(None, 10).unwrap();
    assert_eq!(dead.len(), 1);
    shop.accept(DropDelivery { destination: "shop".into(), number: dead[0].number });
    assert_eq!(shop.listing("mug").state, ListingState::Refused);
    shop.assert_verified();
}

#[test]
fn a_reading_lists_differences_or_mends_them() {
    for mend in [false, true] {
        let policy = ChannelPolicy { batch_max: 2, ..ChannelPolicy::default() };
        let shop = settled_shop(&[("main", "mug", 10), ("main", "plate", 10)], policy);
        shop.wait(1_000);
        shop.accept(ReconcileChannel { channel: "web".into(), mend });
        let again = shop.accept(ReconcileChannel { channel: "web".into(), mend });
        assert_eq!(again.accepted().unwrap(), &Answer::Unchanged);
        let mut pages = 0;
        loop {
            let taken = shop.take();
            let Some(delivery) = taken.first() else { break };
            let DeliveryBody::ReadQuantities(page) = &delivery.body else { panic!("{delivery:?}") };
            pages += 1;
            let shown = |sku: &str| match sku {
                "mug" => Shown::Shows(7),
                "plate" => Shown::Shows(10),
                _ => Shown::Gone,
            };
            let shown: Vec<_> = page.listings.iter().map(|entry| (&*entry.sku, shown(&entry.sku))).collect();
            shop.report(delivery, said(START_MS + 1_000, &shown));
        }
        assert_eq!(pages, 2);
        let ends = events(&shop, EventKind::ChannelReconciled);
        let [EventData::ChannelReconciled(end)] = &ends[..] else { panic!("{ends:?}") };
        assert_eq!((end.agree, end.differ, end.gone, end.unsettled), (1, 1, 1, 0));
        shop.wait(2 * MINUTE_MS);
        assert_eq!(shop.settle(), usize::from(mend));
        assert_eq!(events(&shop, EventKind::ListingDrifted).len(), 1, "{mend}");
        assert_eq!(shop.listing("set").state, ListingState::Gone);
        shop.assert_verified();
    }
}

#[test]
fn other_locations_or_another_policy_make_all_listings_new() {
    let shop = settled_shop(&[("main", "mug", 10), ("backup", "mug", 5)], ChannelPolicy::default());
    shop.accept(RegisterChannel { channel: "web".into(), locations: vec!["main".into()], ..Default::default() });
    shop.settle();
    assert_eq!(shop.listing("mug").acknowledged, Some(10));
    let policy = ChannelPolicy { buffer: 4, ..ChannelPolicy::default() };
    shop.accept(ConnectChannel { channel: "web".into(), destination: "shop".into(), policy });
    shop.settle();
    assert_eq!(shop.listing("mug").acknowledged, Some(6));
    assert!(shop.is_settled());
}

#[test]
fn nothing_is_sent_to_a_shop_that_is_not_connected() {
    let shop = settled_shop(&[("main", "mug", 10)], ChannelPolicy::default());
    shop.accept(order("o-1", &[("mug", 1)]));
    shop.update();
    shop.accept(DisconnectChannel { channel: "web".into(), message: None });
    assert!(shop.take().is_empty());
    shop.accept(order("o-2", &[("mug", 1)]));
    assert_eq!(shop.settle(), 0);
    let policy = ChannelPolicy::default();
    shop.accept(ConnectChannel { channel: "web".into(), destination: "shop".into(), policy });
    shop.settle();
    assert_eq!(shop.listing("mug").acknowledged, Some(8));
    shop.assert_verified();
}

#[test]
fn a_listing_that_is_removed_is_passed_over() {
    let shop = shop(&[("main", "mug", 10), ("main", "plate", 4)], ChannelPolicy::default());
    shop.update();
    shop.accept(RemoveListing { channel: "web".into(), sku: "set".into() });
    let taken = shop.take();
    assert_eq!(sent(&taken[0]).len(), 2);
    shop.accept(RemoveListing { channel: "web".into(), sku: "mug".into() });
    shop.report(&taken[0], all_set(&taken[0], shop.now_ms()));
    assert_eq!(shop.room.listing("web", "mug").unwrap(), None);
    let again = shop.reply(RemoveListing { channel: "web".into(), sku: "mug".into() });
    assert_eq!(again.rejection().unwrap().code, Code::ListingUnknown);
    // Its name is free.
    shop.accept(listed("set", "m-1"));
    let taken_name = shop.reply(listed("plate", "m-1"));
    assert_eq!(taken_name.rejection().unwrap().code, Code::ItemTaken);
    shop.settle();
    assert!(shop.is_settled());
    shop.assert_verified();
}

#[test]
fn a_shop_may_ask_for_a_pause_with_its_answer() {
    let shop = shop(&[("main", "mug", 10)], ChannelPolicy { batch_max: 1, ..ChannelPolicy::default() });
    shop.update();
    let taken = shop.take();
    assert_eq!(taken.len(), 3);
    let DeliveryResult::Done(answer) = all_set(&taken[0], shop.now_ms()) else { panic!("it is done") };
    shop.report(&taken[0], DeliveryResult::DoneWithPause { answer, pause_ms: 5_000 });
    shop.accept(receive("main", "mug", 1));
    shop.update();
    assert!(shop.take().is_empty());
    shop.wait(5_000);
    assert_eq!(shop.take().len(), 1);
    // Throttled: for all, and it does not count.
    let throttled = Retry { after_ms: Some(2_000), cause: RetryCause::Throttled, why: "slow".into(), doubt: false };
    shop.report(&taken[1], DeliveryResult::Retry(throttled));
}

#[test]
fn a_loss_is_shown() {
    let shop = settled_shop(&[("main", "mug", 10)], ChannelPolicy::default());
    let (sku, location) = ("mug".into(), "main".into());
    let counted = CountStock { sku, location, counted: 3, expected: None, reference: None };
    shop.accept(counted);
    shop.settle();
    assert_eq!(shop.listing("mug").acknowledged, Some(3));
    assert!(shop.is_settled());
    shop.assert_verified();
}
