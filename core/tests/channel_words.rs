//! What shops say of their listings, by themselves and when they are asked, and what follows: each word at its bound, an
//! older one and one of the same time, about a listing at rest, on its way, or of which something is not explained yet.

mod common;

use common::shopkeeper::{MINUTE_MS, Shopkeeper, all_set, events, said, settled_shop};
use common::{START_MS, Shop, order, receive};
use stockroom::channel::ListingState;
use stockroom::ports::{Page, Rows};
use stockroom::quantity::LEVEL_MAX;
use stockroom::{
    ChannelPolicy, Code, DeliveryBody, DeliveryResult, DriftPolicy, DriftedListing, EventData, EventKind,
    LeasedDelivery, ReconcileChannel, ReconciledChannel, Shown,
};

/// Settled at 10 mugs, of which the shop spoke at the time that the tests begin at.
fn ten_mugs(policy: ChannelPolicy) -> Shop {
    let shop = settled_shop(&[("main", "mug", 10)], policy);
    assert_eq!((shop.listing("mug").acknowledged, shop.listing("mug").observed_at_ms), (Some(10), START_MS));
    shop.wait(1_000);
    shop
}

fn movements(shop: &Shop) -> Rows {
    shop.room.page(&Page::Movements(0), u32::MAX).expect("they can be read")
}

fn drifts(shop: &Shop) -> Vec<DriftedListing> {
    let drifted = |data| match data {
        EventData::ListingDrifted(drift) => drift,
        other => panic!("{other:?}"),
    };
    events(shop, EventKind::ListingDrifted).into_iter().map(drifted).collect()
}

#[test]
fn a_listing_is_gone_and_back_unless_something_later_was_said() {
    let shop = ten_mugs(ChannelPolicy::default());
    assert_eq!(shop.sees("m-1", None, START_MS - 1).stale, 1);
    assert_eq!(shop.listing("mug").state, ListingState::Listed);
    for at_ms in [START_MS, START_MS + 500] {
        assert_eq!(shop.sees("m-1", None, at_ms).gone, 1);
    }
    assert_eq!((shop.listing("mug").state, shop.listing("mug").acknowledged), (ListingState::Gone, None));
    assert_eq!(events(&shop, EventKind::ListingGone).len(), 1, "it is said once");
    let set = events(&shop, EventKind::ListingSet).len();
    assert_eq!(shop.sees("m-1", Some(10), START_MS - 1).stale, 1);
    assert_eq!(shop.listing("mug").state, ListingState::Gone);
    for at_ms in [START_MS + 500, START_MS + 600] {
        assert_eq!(shop.sees("m-1", Some(10), at_ms).agree, 1);
    }
    assert_eq!(shop.listing("mug").state, ListingState::Listed);
    assert_eq!(events(&shop, EventKind::ListingSet).len(), set + 1, "it is said once");
    shop.assert_verified();
}

/// Where a shop does not count its own sales down, no order can explain what it shows.
#[test]
fn what_is_shown_as_it_should_be_needs_no_explanation_where_no_order_can_give_one() {
    for (shop_counts_down, left) in [(true, 2), (false, 0)] {
        let shop = ten_mugs(ChannelPolicy { shop_counts_down, ..ChannelPolicy::default() });
        assert_eq!(shop.sees("m-1", Some(8), START_MS + 1_000).drifting, 1);
        assert_eq!(shop.listing("mug").unexplained, 2, "10 are to be shown");
        shop.accept(order("till-1", &[("mug", 2)]));
        assert_eq!(shop.settle(), 0);
        assert_eq!(shop.sees("m-1", Some(8), START_MS + 2_000).agree, 1);
        let mug = shop.listing("mug");
        assert_eq!((mug.desired, mug.acknowledged, mug.unexplained), (8, Some(8), left), "{shop_counts_down}");
        assert_eq!(mug.drift_since_ms == 0, left == 0);
    }
}

/// The shop shows two fewer, and a till sells two: what it shows is right again, by chance.
#[test]
fn a_change_that_came_right_by_itself_is_left_alone_unless_it_is_taken_over() {
    for (drift, said, left) in [(DriftPolicy::PutRight, 0, 8), (DriftPolicy::TakeOver, 1, 6)] {
        let shop = ten_mugs(ChannelPolicy { drift, ..ChannelPolicy::default() });
        shop.sees("m-1", Some(8), START_MS + 1_000);
        shop.accept(order("till-1", &[("mug", 2)]));
        shop.wait(2 * MINUTE_MS);
        shop.settle();
        assert_eq!((drifts(&shop).len(), shop.listing("mug").acknowledged), (said, Some(left)), "{drift:?}");
        assert_eq!(shop.room.available("mug", "main").unwrap(), Some(left));
        assert!(shop.is_settled());
        shop.assert_verified();
    }
}

#[test]
fn no_more_is_taken_over_than_the_place_can_have() {
    let policy = ChannelPolicy { drift: DriftPolicy::TakeOver, buffer: 2, ..ChannelPolicy::default() };
    // Nothing is there that could go: no unit moves, and the shop is put right.
    let shop = settled_shop(&[("backup", "mug", 6)], policy);
    shop.wait(1_000);
    let before = movements(&shop);
    shop.sees("m-1", Some(1), START_MS + 1_000);
    shop.wait(2 * MINUTE_MS);
    assert_eq!(shop.settle(), 1);
    assert_eq!((movements(&shop), shop.listing("mug").acknowledged), (before, Some(4)));
    // More than there can be: as many are there as there can be.
    let shop = settled_shop(&[("main", "mug", 10)], policy);
    shop.wait(1_000);
    shop.sees("m-1", Some(LEVEL_MAX), START_MS + 1_000);
    shop.wait(2 * MINUTE_MS);
    shop.settle();
    let level = shop.room.stock("mug", "main").unwrap().unwrap();
    assert_eq!((level.on_hand, shop.listing("mug").acknowledged), (LEVEL_MAX, Some(LEVEL_MAX - 2)));
    shop.reject_as(Code::LevelOutOfRange, receive("main", "mug", 1));
    assert!(shop.is_settled());
    shop.assert_verified();
}

/// What a listing is in when its page is read.
#[derive(Clone, Copy, Debug)]
enum Now {
    /// The shop shows 10, as it should.
    Settled,
    /// 15 are on their way; the shop shows 10.
    OnItsWay,
    /// The shop shows 8 where 10 should be, and an order may explain it.
    Unexplained,
}

/// Asks for a reading of all listings; the delivery that reads.
fn reading(shop: &Shop, mend: bool) -> LeasedDelivery {
    shop.accept(ReconcileChannel { channel: "web".into(), mend });
    let taken = shop.take();
    let [delivery] = &taken[..] else { panic!("{taken:?}") };
    assert!(matches!(delivery.body, DeliveryBody::ReadQuantities(_)), "{delivery:?}");
    delivery.clone()
}

fn counted(shop: &Shop) -> (u64, u64, u64, u64) {
    let ends = events(shop, EventKind::ChannelReconciled);
    let [EventData::ChannelReconciled(ReconciledChannel { agree, differ, unsettled, gone, .. })] = &ends[..] else {
        panic!("{ends:?}")
    };
    (*agree, *differ, *unsettled, *gone)
}

/// What is read of the mug; plate and set always show what they should.
#[test]
fn what_is_read_is_judged_by_what_is_known() {
    use Now::{OnItsWay, Settled, Unexplained};
    let shows = |quantity| Some(Shown::Shows(quantity));
    let not_yet = Some(Shown::NotYet { why: "locked".into() });
    type Counts = (u64, u64, u64, u64);
    // What is, what the shop says, when, whether to mend; counted, differences said, known and unexplained then.
    type Case = (Now, Option<Shown>, i64, bool, Counts, usize, Option<i64>, i64);
    let cases: Vec<Case> = vec![
        (Settled, shows(10), 1_000, false, (3, 0, 0, 0), 0, Some(10), 0),
        (Settled, shows(7), 1_000, false, (2, 1, 0, 0), 1, Some(10), 0),
        (Settled, shows(7), 0, false, (2, 1, 0, 0), 1, Some(10), 0),
        (Settled, shows(7), -1, false, (2, 0, 1, 0), 0, Some(10), 0),
        (Settled, shows(7), 1_000, true, (2, 1, 0, 0), 0, Some(7), 3),
        (Settled, Some(Shown::Gone), 1_000, false, (2, 0, 0, 1), 0, None, 0),
        (Settled, not_yet.clone(), 1_000, false, (2, 0, 1, 0), 0, Some(10), 0),
        (Settled, not_yet, 1_000, true, (2, 0, 1, 0), 0, Some(10), 0),
        (Settled, None, 1_000, false, (2, 0, 1, 0), 0, Some(10), 0),
        (OnItsWay, shows(10), 1_000, false, (2, 0, 1, 0), 0, Some(10), 0),
        (OnItsWay, shows(9), 1_000, false, (2, 0, 1, 0), 0, Some(9), 1),
        (OnItsWay, shows(15), 1_000, false, (3, 0, 0, 0), 0, Some(10), 0),
        (Unexplained, shows(8), 1_000, false, (2, 0, 1, 0), 0, Some(8), 2),
        (Unexplained, shows(7), 1_000, false, (2, 0, 1, 0), 0, Some(8), 2),
        (Unexplained, shows(7), 1_000, true, (2, 0, 1, 0), 0, Some(7), 3),
        (Unexplained, shows(10), 1_000, false, (3, 0, 0, 0), 0, Some(10), 0),
    ];
    for (now, shown, at_ms, mend, expected, differences, known, unexplained) in cases {
        let case = format!("{now:?}: {shown:?} at {at_ms}, mend {mend}");
        let shop = ten_mugs(ChannelPolicy::default());
        let mut under_way = None;
        match now {
            Settled => {}
            OnItsWay => {
                shop.accept(receive("main", "mug", 5));
                shop.update();
                under_way = shop.take().pop();
            }
            Unexplained => assert_eq!(shop.sees("m-1", Some(8), START_MS + 500).drifting, 1),
        }
        let page = reading(&shop, mend);
        let all = [("mug", shown), ("plate", shows(0)), ("set", shows(0))];
        let all: Vec<_> = all.into_iter().filter_map(|(sku, shown)| Some((sku, shown?))).collect();
        shop.report(&page, said(START_MS + at_ms, &all));
        assert_eq!((counted(&shop), drifts(&shop).len()), (expected, differences), "{case}");
        let mug = shop.listing("mug");
        assert_eq!((mug.acknowledged, mug.unexplained), (known, unexplained), "{case}");
        for drift in drifts(&shop) {
            let told = (drift.desired, drift.acknowledged, drift.observed, drift.policy);
            assert_eq!(told, (10, Some(10), 7, None), "{case}");
        }
        // What was on its way is so still, and nobody looks at it before it is there.
        if let Some(delivery) = under_way {
            assert_eq!((mug.delivery, mug.sent, mug.due_at_ms), (delivery.number, Some(15), 0), "{case}");
            shop.report(&delivery, all_set(&delivery, START_MS + 2_000));
        }
        shop.assert_verified();
        shop.wait(2 * MINUTE_MS);
        shop.settle();
        let left = shop.room.settled("web").unwrap().expect("it has a shop");
        assert_eq!(left.settled, left.listings, "{case}");
    }
}

#[test]
fn a_page_that_the_shop_will_not_tell_counts_as_unsettled() {
    let shop = ten_mugs(ChannelPolicy::default());
    let page = reading(&shop, true);
    shop.report(&page, DeliveryResult::Refused { why: "no".into() });
    assert_eq!(counted(&shop), (0, 0, 3, 0));
    assert!(shop.is_settled());
}

#[test]
fn a_word_about_what_is_on_its_way_does_not_forget_what_was_sent() {
    let shop = ten_mugs(ChannelPolicy::default());
    shop.accept(receive("main", "mug", 5));
    shop.update();
    let under_way = shop.take();
    // The shop set it, and says so before it answers.
    assert_eq!(shop.sees("m-1", Some(15), START_MS + 1_500).agree, 1);
    let mug = shop.listing("mug");
    assert_eq!((mug.sent, mug.due_at_ms, mug.acknowledged), (Some(15), 0, Some(10)));
    assert_eq!(shop.sees("m-1", Some(15), START_MS + 1_600).agree, 1, "nor is it a change then");
    shop.report(&under_way[0], all_set(&under_way[0], START_MS + 1_500));
    assert!(shop.is_settled());
    shop.assert_verified();
}
