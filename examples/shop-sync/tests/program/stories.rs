//! What happens between a shop and its host, one thing at a time.

use std::time::Duration;

use shop_sync::server::{Faults, Rate};
use shop_sync::shop;
use stockroom::channel::ListingState;

use crate::scene::Scene;

#[test]
fn sales_at_the_till_and_at_the_shop_are_shown() {
    let scene = Scene::start(4, 10, 5_000);
    assert_eq!(scene.shown("S0"), Some(10));
    scene.sell("t-1", "S0", 3);
    scene.wait("the till's sale", |scene| scene.shown("S0") == Some(7));
    let order = scene.check_out("S0", 2);
    scene.wait("the shop's order", |scene| {
        scene.room.order(&format!("shopify-{order}")).is_ok_and(|order| order.is_some())
    });
    scene.sell("t-2", "S0", 1);
    scene.wait("both", |scene| scene.shown("S0") == Some(4));
    let report = scene.report();
    assert!(report.is_right() && report.listings == 4, "{report}");
}

#[test]
fn a_shop_that_answers_nothing_for_long_gets_everything_at_once() {
    // It is asked again and again meanwhile: each request is held up, and carried out though its client is gone.
    let scene = Scene::start(20, 50, 100);
    scene.server.fall_silent(Duration::from_millis(1_500));
    for round in 0..5 {
        for sku in 0..20 {
            scene.sell(&format!("t-{round}-{sku}"), &format!("S{sku}"), 1);
        }
        scene.check_out("S3", 2);
    }
    scene.wait("an attempt that fails", |scene| scene.relayed().retried > 0);
    let report = scene.report();
    assert!(report.is_right() && report.retried > 0, "{report}");
    assert_eq!((scene.shown("S0"), scene.shown("S3")), (Some(45), Some(35)));
}

#[test]
fn a_listing_that_is_deleted_at_the_shop_is_lost_and_holds_up_no_other() {
    // Whether the shop says so, or it is found out when the next quantity is sent.
    for told in [true, false] {
        let scene = Scene::start(6, 10, 5_000);
        let dropped = if told { Rate::NEVER } else { Rate::ALWAYS };
        scene.server.set_faults(Faults { webhook_dropped: dropped, ..Faults::none() });
        assert!(scene.server.delete_item("S2"));
        for sku in 0..6 {
            scene.sell(&format!("t-{sku}"), &format!("S{sku}"), 1);
        }
        let report = scene.report();
        assert!(report.is_right() && report.lost == 1, "{report}");
        let listing = scene.room.listing(shop::CHANNEL, "S2").expect("it can be read").expect("it is listed");
        assert_eq!(listing.state, ListingState::Gone, "told: {told}");
        assert_eq!(scene.shown("S3"), Some(9));
    }
}

#[test]
fn a_person_changes_a_quantity_while_ours_is_in_flight() {
    let scene = Scene::start(10, 20, 5_000);
    // The person is always quicker, and no webhook tells of it.
    let faults = Faults { edit_first: Rate::ALWAYS, webhook_dropped: Rate::ALWAYS, ..Faults::none() };
    scene.server.set_faults(faults);
    for sku in 0..10 {
        scene.sell(&format!("t-{sku}"), &format!("S{sku}"), 2);
    }
    scene.wait("a comparison that fails", |scene| scene.server.books().counts.stale_compares > 3);
    let report = scene.report();
    assert!(report.is_right() && report.edits > 3, "{report}");
    assert!((0..10).all(|sku| scene.shown(&format!("S{sku}")) == Some(18)), "what was sold is sold");
}

#[test]
fn a_person_changes_a_quantity_and_nobody_tells() {
    let scene = Scene::start(10, 20, 5_000);
    scene.server.set_faults(Faults { webhook_dropped: Rate::ALWAYS, ..Faults::none() });
    assert!(scene.server.edit("S4", 7) && scene.server.edit("S5", -7));
    let order = scene.check_out("S6", 5);
    let report = scene.report();
    assert!(report.is_right() && report.readings > 0, "{report}");
    assert_eq!(["S4", "S5", "S6"].map(|sku| scene.shown(sku)), [Some(20), Some(20), Some(15)]);
    assert!(scene.room.order(&format!("shopify-{order}")).expect("it can be read").is_some(), "found by the look");
}

#[test]
fn a_person_puts_back_what_a_customer_took() {
    let scene = Scene::start(4, 20, 5_000);
    scene.server.set_faults(Faults { webhook_dropped: Rate::ALWAYS, ..Faults::none() });
    scene.server.pass_time(Duration::from_secs(61));
    scene.check_out("S1", 2);
    shop::take_missed_orders(&scene.room, &scene.connection).expect("it works");
    // It shows again what it showed before the order, which is not what it should.
    assert!(scene.server.edit("S1", 2));
    let report = scene.report();
    assert!(report.is_right(), "{report}");
    assert_eq!(scene.shown("S1"), Some(18));
}

#[test]
fn keys_that_have_expired_set_nothing_twice() {
    let scene = Scene::start(10, 20, 5_000);
    // Done, but nobody hears of it; and when it is asked again, the shop has forgotten that it was.
    scene.server.set_faults(Faults { hang_up: Rate::ALWAYS, ..Faults::none() });
    for sku in 0..10 {
        scene.sell(&format!("t-{sku}"), &format!("S{sku}"), 2);
    }
    scene.wait("an answer that is lost", |scene| scene.shown("S0") == Some(18) && scene.relayed().retried > 0);
    scene.server.expire_keys();
    scene.check_out("S0", 1);
    let report = scene.report();
    assert!(report.is_right(), "{report}");
    assert_eq!((scene.shown("S0"), scene.shown("S1")), (Some(17), Some(18)));
}

#[test]
fn two_engines_on_one_database_share_the_work() {
    const UNITS: i64 = 1_000;
    let scene = Scene::start(40, UNITS, 5_000);
    // A second connection to the file, as a second process has.
    let room = shop::open(scene.database()).expect("it opens");
    let relay = shop::start_relay(&room, &scene.connection).expect("it starts");
    let before = scene.relayed().done;
    let mut rounds = 0;
    // As long as it takes until both had something to do: a sale is one delivery, for which whoever looks first is enough, so
    // that on a quiet machine it takes some thirty rounds.
    while relay.counts().done == 0 || scene.relayed().done == before {
        rounds += 1;
        assert!(rounds < 600, "one does all the work");
        for sku in 0..40 {
            scene.sell(&format!("t-{rounds}-{sku}"), &format!("S{sku}"), 1);
            // By turns one of the two knows at once, and the other has to look.
            if rounds % 2 == 1 {
                relay.wake();
            }
        }
        scene.wait("the round", |scene| scene.shown("S39") == Some(UNITS - rounds));
    }
    let report = scene.report();
    assert!(report.is_right(), "{report}");
    assert!(room.verify().expect("it can be read").is_ok());
    assert_eq!(scene.shown("S0"), Some(UNITS - rounds));
}
