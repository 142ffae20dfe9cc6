//! More is sold than there is, or a refused order leaves something behind.

use serde_json::{Value, json};
use stockroom::planted::Planted;

use crate::peer::Flaw;
use crate::place::BUSY;
use crate::scenario::{Scenario, Wrong};
use crate::shop::{Shop, accepted, order, order_with, rejected};

pub(crate) const ALL: &[Scenario] = &[
    Scenario {
        name: "last_unit_many_callers",
        reports: &[
            "magento/inventory#3072",
            "magento/inventory#2722",
            "vendurehq/vendure#3508",
            "nopSolutions/nopCommerce#8085",
        ],
        others: "Buyers who press the button in the same moment all pass the check and all get the last unit.",
        here: "One of sixteen gets it, the others are refused; of a hundred units as many are left as were not sold.",
        run: last_unit_many_callers,
        noticed: &[Wrong::Bug(Planted::GuardSkipped), Wrong::Peer(Flaw::ChecksApart)],
    },
    Scenario {
        name: "check_and_claim_apart",
        reports: &["vendurehq/vendure#1738", "vendurehq/vendure#1355"],
        others: "Stock is checked when the cart is filled and claimed when it is paid; what happens between is not seen.",
        here: "The check is made again with the claim, in one transaction.",
        run: check_and_claim_apart,
        noticed: &[Wrong::Bug(Planted::GuardSkipped)],
    },
    Scenario {
        name: "two_lines_of_one_sku",
        reports: &["medusajs/medusa#16502", "vendurehq/vendure#1028", "vendurehq/vendure#2702"],
        others: "Each line is checked, or counted, as if it were the only one of the order for its SKU.",
        here: "Lines of one SKU, and bundles that share it, are added up before anything is promised.",
        run: two_lines_of_one_sku,
        noticed: &[Wrong::Bug(Planted::GuardSkipped), Wrong::Peer(Flaw::ChecksApart)],
    },
    Scenario {
        name: "callers_take_no_lock",
        reports: &["medusajs/medusa#16569", "medusajs/medusa#16576"],
        others: "Reservations are safe only where every caller remembers to take a lock; else units and counters get lost.",
        here: "No caller locks anything: holds, orders and corrections at once add up to the unit.",
        run: callers_take_no_lock,
        noticed: &[Wrong::Bug(Planted::HoldOnHeld), Wrong::Bug(Planted::LostRelease)],
    },
    Scenario {
        name: "two_processes_on_one_database",
        reports: &["magento/magento2#6363"],
        others: "Several frontends over one database sell the same units; one shop with eighteen of them stood at -14.",
        here: "Two processes sell what there is and no more; where a file can have one owner only, the second is refused.",
        run: two_processes_on_one_database,
        noticed: &[Wrong::BugOnFile(Planted::StaleCache)],
    },
    Scenario {
        name: "refused_order_leaves_no_claim",
        reports: &["medusajs/medusa#16825", "medusajs/medusa#13625"],
        others: "An order that fails half way leaves its reservation, or itself, behind.",
        here: "A refused order leaves its refusal alone: no claim, no row, and the units are sold to the next.",
        run: refused_order_leaves_no_claim,
        noticed: &[Wrong::Bug(Planted::GuardSkipped), Wrong::Bug(Planted::RejectionUnsaid)],
    },
    Scenario {
        name: "every_location_is_asked",
        reports: &["medusajs/medusa#14987", "medusajs/medusa#15132"],
        others: "The sum over all locations is checked, and then everything is claimed at the first one alone.",
        here: "What several locations have together is sold, from where it is.",
        run: every_location_is_asked,
        noticed: &[Wrong::Peer(Flaw::FirstLocation)],
    },
    Scenario {
        name: "split_claims_what_was_asked",
        reports: &["vendurehq/vendure#4030"],
        others: "An order of 13 with 10 units at one location and 15 at the next claims 10 and then 13.",
        here: "The parts of a split add up to what was ordered.",
        run: split_claims_what_was_asked,
        noticed: &[Wrong::Peer(Flaw::SplitsTooMuch)],
    },
    Scenario {
        name: "counters_equal_the_ledger",
        reports: &["magento/inventory#2046", "magento/inventory#2522"],
        others: "Salable quantities drift from the reservations, and a job to find and mend that is part of the product.",
        here: "After a day of everything the counters are what orders, holds and movements add up to.",
        run: counters_equal_the_ledger,
        noticed: &[Wrong::Bug(Planted::LostRelease), Wrong::Bug(Planted::TransferCreates)],
    },
    Scenario {
        name: "backorder_is_filled_once",
        reports: &["solidusio/solidus#5669", "spree/spree#5163"],
        others: "Units that wait become units on hand without any having come, or the same arrival fills two orders.",
        here: "As many units are filled as came, in the order of placing, and none can be shipped before.",
        run: backorder_is_filled_once,
        noticed: &[Wrong::Bug(Planted::FillForgotten), Wrong::Bug(Planted::LastComeFirstServed)],
    },
];

/// How many replies accept, and that the others are refused for want of stock.
#[track_caller]
fn sold(replies: &[Vec<Value>]) -> usize {
    let replies: Vec<&Value> = replies.iter().flatten().collect();
    let refused = replies.iter().filter(|reply| rejected(reply) == Some("insufficient_stock")).count();
    let sold = replies.iter().filter(|reply| accepted(reply).is_some()).count();
    assert_eq!(sold + refused, replies.len(), "{replies:?}");
    sold
}

/// magento/inventory#3072: ten people submit at the same millisecond, and several orders are made of one unit.
/// magento/inventory#2722: the same with two computers. vendurehq/vendure#3508: both checkouts pass the check before
/// either has claimed. nopSolutions/nopCommerce#8085: the quantity is read, reckoned and written back, so that one of two
/// decrements is lost.
fn last_unit_many_callers(shop: &mut Shop) {
    shop.receive("main", "mug", 1);
    let callers = (0..16).map(|caller| vec![order(&format!("last-{caller}"), &[("mug", 1)])]).collect();
    assert_eq!(sold(&shop.together(callers)), 1, "one unit");
    let level = shop.level("mug", "main");
    assert_eq!((level.on_hand, level.allocated, level.available), (1, 1, 0));
    assert_eq!(shop.orders().len(), 1);

    shop.receive("main", "plate", 100);
    let want = |caller: i64, turn: i64| 1 + (caller + turn) % 3;
    let callers: Vec<Vec<Value>> = (0..8)
        .map(|caller| {
            (0..5).map(|turn| order(&format!("c{caller}-{turn}"), &[("plate", want(caller, turn))])).collect()
        })
        .collect();
    let wanted: i64 = (0..8).flat_map(|caller| (0..5).map(move |turn| want(caller, turn))).sum();
    assert_eq!(sold(&shop.together(callers)), 40);
    assert_eq!(shop.level("plate", "main").available, 100 - wanted, "a decrement was lost");
    shop.sound();
}

/// vendurehq/vendure#1738: A has 5 of 20 in the cart, B buys all 20, and A can still check out. vendurehq/vendure#1355:
/// units checked when they came into the cart are gone when it is paid, and are allocated all the same.
fn check_and_claim_apart(shop: &mut Shop) {
    shop.receive("main", "mug", 20);
    assert_eq!(shop.available("mug", "main"), 20, "A's check: enough for five");
    shop.accept(order("b", &[("mug", 20)]));
    shop.reject("insufficient_stock", order("a", &[("mug", 5)]));
    assert_eq!(shop.order("a"), Value::Null);

    shop.receive("main", "plate", 2);
    assert_eq!(shop.available("plate", "main"), 2, "the cart's check: enough for two");
    shop.accept(json!({ "count_stock": { "sku": "plate", "location": "main", "counted": 0 } }));
    shop.reject("insufficient_stock", order("paid", &[("plate", 2)]));
    assert_eq!(shop.level("plate", "main").available, 0);
    shop.sound();
}

/// medusajs/medusa#16502: two lines that share an inventory item, as bundles do, are each checked against the same
/// quantity, and both pass. vendurehq/vendure#1028: of two lines of one variant only the last one's units are counted as
/// allocated. vendurehq/vendure#2702: the same variant twice with another engraving passes the check twice.
fn two_lines_of_one_sku(shop: &mut Shop) {
    shop.receive("main", "mug", 3);
    shop.receive("main", "plate", 50);
    shop.reject("insufficient_stock", order("twice", &[("mug", 2), ("mug", 2)]));
    shop.reject("insufficient_stock", order("shared", &[("set", 2), ("mug", 2)]));
    shop.accept(order("both", &[("mug", 2), ("set", 1)]));
    assert_eq!(shop.available("mug", "main"), 0);

    assert_eq!(shop.level("plate", "main").allocated, 2);
    shop.accept(order("before", &[("plate", 18)]));
    shop.accept(order("apples", &[("plate", 10), ("plate", 5)]));
    let level = shop.level("plate", "main");
    assert_eq!((level.allocated, level.available), (35, 15));
    shop.accept(json!({ "ship_order": { "order": "apples" } }));
    assert_eq!(shop.level("plate", "main").on_hand, 35);
    shop.sound();
}

/// medusajs/medusa#16569: calls that do not go through the flow with the lock both reserve the last unit, and the counter
/// of reserved units loses one of them; it goes below zero when both are deleted. medusajs/medusa#16576: of two
/// corrections at once one is lost.
fn callers_take_no_lock(shop: &mut Shop) {
    shop.receive("main", "mug", 6);
    let place = |id: &str| crate::shop::hold(id, &[("mug", 1)], 60_000);
    let callers = (0..12).map(|caller| vec![place(&format!("h-{caller}"))]).collect();
    assert_eq!(sold(&shop.together(callers)), 6);
    let level = shop.level("mug", "main");
    assert_eq!((level.held, level.available), (6, 0));
    let live: Vec<String> = (0..12)
        .map(|caller| format!("h-{caller}"))
        .filter(|id| shop.read(json!({ "hold": { "hold": id } })) != Value::Null)
        .collect();
    assert_eq!(live.len(), 6);
    let callers = live.iter().map(|id| vec![json!({ "release_hold": { "hold": id } })]).collect();
    assert!(shop.together(callers).iter().flatten().all(|reply| accepted(reply).is_some()));
    assert_eq!(shop.level("mug", "main").held, 0);

    let correct =
        |difference: i64| json!({ "adjust_stock": { "sku": "mug", "location": "main", "difference": difference } });
    let callers = (1..=8).map(|caller| vec![correct(caller), order(&format!("o-{caller}"), &[("mug", 1)])]).collect();
    let replies = shop.together(callers);
    assert!(replies.iter().flatten().all(|reply| accepted(reply).is_some()), "{replies:?}");
    let level = shop.level("mug", "main");
    assert_eq!((level.on_hand, level.allocated), (6 + 36, 8), "a correction or an order was lost");
    shop.sound();
}

/// magento/magento2#6363: two sessions buy more together than there is, and a shop with 18 instances of the frontend had
/// one product of which it sold 14 too many. Where a place has one owner for a file, the second is told that it is in use.
fn two_processes_on_one_database(shop: &mut Shop) {
    shop.receive("main", "mug", 30);
    shop.accept(order("warm", &[("mug", 1)]));
    let mut second = match shop.second() {
        // Nobody but this process can reach it.
        None => return shop.sound(),
        Some(Err(failure)) => {
            assert_eq!((failure.code, failure.retryable), (BUSY, true), "{failure}");
            // The owner is not disturbed, and whoever comes after it finds everything.
            shop.accept(order("owner", &[("mug", 2)]));
            shop.restart();
            assert_eq!(shop.available("mug", "main"), 27);
            return shop.sound();
        }
        Some(Ok(second)) => second,
    };
    assert_eq!(second.available("mug", "main"), 29);
    // What arrives there can be held here at once.
    shop.reject("insufficient_stock", crate::shop::hold("cart", &[("plate", 1)], 60_000));
    second.receive("main", "plate", 1);
    shop.accept(crate::shop::hold("cart", &[("plate", 1)], 60_000));
    second.reject("insufficient_stock", crate::shop::hold("other", &[("plate", 1)], 60_000));
    shop.accept(order("first", &[("mug", 1)]));
    second.accept(order("second", &[("mug", 1)]));
    shop.accept(order("third", &[("mug", 1)]));
    assert_eq!(shop.available("mug", "main"), 26, "what one sold the other does not know");

    let buyers = |process: &str| -> Vec<Vec<Value>> {
        let order = |caller: i32, turn: i32| order(&format!("{process}-{caller}-{turn}"), &[("mug", 1)]);
        (0..4).map(|caller| (0..8).map(|turn| order(caller, turn)).collect()).collect()
    };
    let (here, there) = std::thread::scope(|scope| {
        let there = scope.spawn(|| second.together(buyers("there")));
        let here = shop.together(buyers("here"));
        (here, there.join().expect("it does not panic"))
    });
    assert_eq!(sold(&here) + sold(&there), 26, "of 26 units");
    let level = shop.level("mug", "main");
    assert_eq!((level.allocated, level.available), (30, 0));
    assert_eq!(second.level("mug", "main"), level);
    second.sound();
    shop.sound();
}

/// medusajs/medusa#16825: of two carts that race for one unit the loser is left as an order without reservation or
/// payment. medusajs/medusa#13625: a checkout that is taken back does not give its stock back.
fn refused_order_leaves_no_claim(shop: &mut Shop) {
    shop.receive("main", "mug", 5);
    shop.reject("insufficient_stock", order("half", &[("mug", 5), ("plate", 1)]));
    assert_eq!(shop.available("mug", "main"), 5);
    assert_eq!(shop.order("half"), Value::Null);
    assert_eq!(shop.told("order.rejected", "half"), 1, "the refusal is said");

    // Each wants both; there is one plate.
    shop.receive("main", "plate", 1);
    let callers = (0..8).map(|caller| vec![order(&format!("r-{caller}"), &[("mug", 1), ("plate", 1)])]).collect();
    assert_eq!(sold(&shop.together(callers)), 1);
    assert_eq!(shop.orders().len(), 1, "a loser left an order");
    let level = shop.level("mug", "main");
    assert_eq!((level.allocated, level.available), (1, 4), "a loser left a claim");
    shop.restart();
    shop.accept(order("rest", &[("mug", 4)]));
    shop.sound();
}

/// medusajs/medusa#14987: two locations have enough together, which is confirmed, and the reservation fails at the first.
/// medusajs/medusa#15132: an item that only the second location has is asked for at the first.
fn every_location_is_asked(shop: &mut Shop) {
    shop.receive("main", "mug", 2);
    shop.receive("backup", "mug", 3);
    shop.accept(order("four", &[("mug", 4)]));
    assert_eq!((shop.level("mug", "main").allocated, shop.level("mug", "backup").allocated), (2, 2));
    shop.receive("backup", "plate", 1);
    shop.accept(order("there", &[("mug", 1), ("plate", 1)]));
    assert_eq!(shop.available("mug", "backup"), 0);
    assert_eq!(shop.level("plate", "backup").allocated, 1);
    shop.reject("insufficient_stock", order("none", &[("mug", 1)]));
    shop.sound();
}

/// vendurehq/vendure#4030: 13 units are wanted where one location has 10 and the other 15, and 10 + 13 are allocated.
fn split_claims_what_was_asked(shop: &mut Shop) {
    shop.receive("main", "mug", 10);
    shop.receive("backup", "mug", 15);
    shop.accept(order("thirteen", &[("mug", 13)]));
    assert_eq!((shop.level("mug", "main").allocated, shop.level("mug", "backup").allocated), (10, 3));
    let claimed: i64 = shop.order("thirteen")["allocations"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|allocation| allocation["open"].as_i64().expect("units"))
        .sum();
    assert_eq!(claimed, 13);
    shop.sound();
}

/// magento/inventory#2046: the salable quantity is out of step with the stock, and people truncate the table of
/// reservations to mend it. magento/inventory#2522: the command that lists such inconsistencies fails itself.
fn counters_equal_the_ledger(shop: &mut Shop) {
    shop.receive("main", "mug", 40);
    shop.receive("backup", "plate", 40);
    let mut draw = 11_u64;
    let mut next = |below: u64| {
        draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (draw >> 33) % below
    };
    let mut busy = |caller: usize| -> Vec<Value> {
        let mut actions = Vec::new();
        for turn in 0..12 {
            let (id, sku) = (format!("{caller}-{turn}"), if next(2) == 0 { "mug" } else { "plate" });
            let earlier = format!("{caller}-{}", next(12));
            actions.push(match next(9) {
                0 => crate::shop::hold(&id, &[(sku, 1 + next(3) as i64)], 1_000 + next(5_000) as i64),
                1 => json!({ "release_hold": { "hold": earlier } }),
                2 => crate::shop::ship(&earlier),
                3 => crate::shop::cancel(&earlier),
                4 => json!({ "transfer_stock": { "from": "main", "to": "backup",
                    "lines": [{ "sku": "mug", "quantity": 1 }] } }),
                5 => json!({ "adjust_stock": { "sku": sku, "location": "main", "difference": 1 } }),
                6 => order(&id, &[("set", 1)]),
                _ => order_with(&id, &[(sku, 1 + next(3) as i64)], &json!({ "policy": "partial" })),
            });
        }
        actions
    };
    let callers = (0..6).map(&mut busy).collect();
    shop.together(callers);
    shop.sound();
    shop.wait(60_000);
    shop.accept(json!({ "tick": { "limit": 1_000 } }));
    shop.sound();
    for location in ["main", "backup"] {
        for sku in ["mug", "plate"] {
            assert_eq!(shop.level(sku, location).held, 0, "no hold lives any more");
        }
    }
    let on_hand = |shop: &mut Shop, sku: &str| shop.level(sku, "main").on_hand + shop.level(sku, "backup").on_hand;
    // What the callers left there depends on who came first.
    shop.receive("backup", "mug", 1);
    let before = on_hand(shop, "mug");
    shop.accept(
        json!({ "transfer_stock": { "from": "backup", "to": "main", "lines": [{ "sku": "mug", "quantity": 1 }] } }),
    );
    assert_eq!(on_hand(shop, "mug"), before, "a transfer makes no units");
    shop.restart();
    shop.sound();
}

/// solidusio/solidus#5669: when a shipment is split, units that wait become units on hand. spree/spree#5163: filling the
/// units of one order from stale rows leaves it waiting for ever. That the same arrival fills two orders was not found
/// reported in our search.
fn backorder_is_filled_once(shop: &mut Shop) {
    let policy = json!({ "sku": "mug", "location": "main", "backorder_limit": 10 });
    shop.accept(json!({ "set_stock_policy": policy }));
    for id in ["first", "second", "third"] {
        shop.accept(order_with(id, &[("mug", 3)], &json!({ "policy": "backorder" })));
    }
    assert_eq!(shop.level("mug", "main").backordered, 9);
    shop.reject("nothing_to_do", crate::shop::ship("first"));
    let arrival =
        |units: i64| json!({ "receive_stock": { "location": "main", "lines": [{ "sku": "mug", "quantity": units }] } });
    let replies = shop.together((0..4).map(|_| vec![arrival(1)]).collect());
    assert!(replies.iter().flatten().all(|reply| accepted(reply).is_some()));
    let level = shop.level("mug", "main");
    assert_eq!((level.on_hand, level.allocated, level.backordered), (4, 9, 5), "four came, four are filled");
    let open = |shop: &mut Shop, id: &str| shop.order(id)["allocations"][0]["open"].as_i64();
    assert_eq!(["first", "second", "third"].map(|id| open(shop, id)), [Some(3), Some(1), Some(0)]);
    shop.accept(crate::shop::ship("first"));
    shop.reject("nothing_to_do", crate::shop::ship("third"));
    // What is cancelled fills the next, once.
    shop.accept(crate::shop::cancel("second"));
    assert_eq!(open(shop, "third"), Some(1));
    shop.receive("main", "mug", 5);
    let level = shop.level("mug", "main");
    assert_eq!((level.on_hand, level.allocated, level.backordered, level.available), (6, 3, 0, 3));
    shop.sound();
}
