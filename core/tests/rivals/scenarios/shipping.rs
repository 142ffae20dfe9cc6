//! Units leave, come back or are counted: from the wrong place, twice, or while something else happens to them.

use serde_json::{Value, json};
use stockroom::planted::Planted;

use crate::peer::Flaw;
use crate::scenario::{Scenario, Wrong};
use crate::shop::{Shop, accepted, cancel, order, rejected, ship};

pub(crate) const ALL: &[Scenario] = &[
    Scenario {
        name: "leaves_from_where_it_was_claimed",
        reports: &["medusajs/medusa#16338", "medusajs/medusa#16488", "solidusio/solidus#2285"],
        others: "Units are shipped, or moved, at another location than the one that has the claim, and both are wrong then.",
        here: "Only the location with the claim ships; moving a claim needs the units there and settles both sides.",
        run: leaves_from_where_it_was_claimed,
        noticed: &[Wrong::Peer(Flaw::ShipsFromAnywhere)],
    },
    Scenario {
        name: "released_once",
        reports: &["Adyen/adyen-magento2#1174", "Adyen/adyen-magento2#594", "magento/magento2#9969"],
        others: "Two notices of one refused payment each give the units back, so that one too many is for sale.",
        here: "The first cancel gives them back; every other finds an order that is closed.",
        run: released_once,
        noticed: &[Wrong::Peer(Flaw::ReleasesTwice)],
    },
    Scenario {
        name: "returned_once",
        reports: &["idhlagency/magento2-disable-stock-reservation#90"],
        others: "A refund of a shipped order adds the units to stock twice.",
        here: "No more comes back than left, and each return with its own key comes back once.",
        run: returned_once,
        noticed: &[Wrong::Bug(Planted::ReturnedTooOften), Wrong::Bug(Planted::KeyForgotten)],
    },
    Scenario {
        name: "cancel_races_shipment",
        reports: &["spree/spree#5203", "janavipandole/Cara#5625"],
        others: "An order is cancelled, and its units are back in stock, while they are on the truck.",
        here: "One of the two wins; a warehouse that has the order decides, and what it shipped has left.",
        run: cancel_races_shipment,
        noticed: &[Wrong::Peer(Flaw::ReleasesTwice), Wrong::Bug(Planted::ShippedTwice)],
    },
    Scenario {
        name: "sale_while_counting",
        reports: &["odoo/odoo#62515"],
        others: "A count that is booked while goods leave sets the stock back to what was on the shelf before.",
        here: "A count names what the books said when it began; only the difference is booked.",
        run: sale_while_counting,
        noticed: &[Wrong::Bug(Planted::CountUndoesSales)],
    },
];

/// medusajs/medusa#16338: the form for a shipment names another location than the reservation's, and stock becomes wrong at
/// both. medusajs/medusa#16488: a reservation is moved to a location that has not enough, unchecked.
/// solidusio/solidus#2285: moving units between shipments restocks and unstocks the wrong quantities.
fn leaves_from_where_it_was_claimed(shop: &mut Shop) {
    shop.receive("main", "mug", 2);
    shop.receive("backup", "mug", 1);
    for (location, destination) in [("main", "wms-main"), ("backup", "wms-backup")] {
        shop.accept(json!({ "register_destination": { "destination": destination } }));
        shop.accept(json!({ "register_warehouse": { "location": location, "destination": destination } }));
    }
    shop.accept(order("o", &[("mug", 2)]));
    let levels = |shop: &mut Shop| [shop.level("mug", "main"), shop.level("mug", "backup")];
    let before = levels(shop);
    shop.reject("nothing_to_do", json!({ "ship_order": { "order": "o", "location": "backup" } }));
    assert_eq!(levels(shop), before, "a refused shipment moved units");

    // The warehouse of the first location will not do it: the claim can go where the units are, and nowhere else.
    shop.accept(json!({ "fulfill": { "limit": 100 } }));
    let refusal = json!({ "refused": { "why": "the aisle is flooded" } });
    shop.accept(json!({ "note_fulfillment": { "fulfillment": "o-1", "status": refusal } }));
    let elsewhere = json!({ "reassign_fulfillment": { "fulfillment": "o-1", "location": "backup" } });
    shop.reject("insufficient_stock", elsewhere.clone());
    assert_eq!(levels(shop), before, "a refused move moved units");
    shop.receive("backup", "mug", 1);
    shop.accept(elsewhere);
    let [main, backup] = levels(shop);
    assert_eq!((main.on_hand, main.allocated, main.available), (2, 0, 2));
    assert_eq!((backup.on_hand, backup.allocated, backup.available), (2, 2, 0));
    shop.accept(json!({ "note_shipment": { "fulfillment": "o-2", "shipment": "s-1" } }));
    let [main, backup] = levels(shop);
    assert_eq!((main.on_hand, backup.on_hand, backup.allocated), (2, 0, 0));
    assert_eq!(shop.state("o"), "shipped");
    shop.sound();
}

/// Adyen/adyen-magento2#1174: a refused payment cancels the order, and the notification that comes later cancels it again;
/// the table of reservations has two compensations for one order. Adyen/adyen-magento2#594: the same after a cancel by
/// hand. magento/magento2#9969: cancelling at the payment page gives the unit back twice.
fn released_once(shop: &mut Shop) {
    shop.receive("main", "mug", 1);
    shop.accept(order("refused-payment", &[("mug", 1)]));
    let notices = (0..6).map(|_| vec![cancel("refused-payment")]).collect();
    let replies = shop.together(notices);
    let won = replies.iter().flatten().filter(|reply| accepted(reply).is_some()).count();
    assert_eq!(won, 1, "{replies:?}");
    assert_eq!(shop.available("mug", "main"), 1, "one unit is for sale, not two");
    shop.reject("order_closed", cancel("refused-payment"));
    shop.restart();
    shop.reject("order_closed", cancel("refused-payment"));
    assert_eq!(shop.told("order.cancelled", "refused-payment"), 1);
    shop.accept(order("next", &[("mug", 1)]));
    shop.reject("insufficient_stock", order("one-too-many", &[("mug", 1)]));
    let level = shop.level("mug", "main");
    assert_eq!((level.on_hand, level.allocated), (1, 1));
    shop.sound();
}

/// idhlagency/magento2-disable-stock-reservation#90: of 15 units that were shipped and refunded 30 come back.
fn returned_once(shop: &mut Shop) {
    shop.receive("main", "mug", 115);
    shop.accept(order("refund", &[("mug", 15)]));
    shop.accept(ship("refund"));
    let back = |units: i64| {
        json!({ "return_order": { "order": "refund",
            "lines": [{ "line": 1, "quantity": units, "disposition": "restock" }] } })
    };
    // The same refund, told by two systems.
    let told = json!({ "key": "refund-77", "action": back(10) });
    let replies = shop.together_commands(vec![vec![told.clone()], vec![told.clone()]]);
    assert!(replies.iter().flatten().all(|reply| accepted(reply).is_some()), "{replies:?}");
    assert_eq!(shop.level("mug", "main").on_hand, 110);
    shop.restart();
    assert_eq!(shop.reply(&told)["repeated"], true);
    shop.reject("not_shipped", back(6));
    shop.accept(back(5));
    shop.reject("not_shipped", back(1));
    assert_eq!(shop.level("mug", "main").on_hand, 115, "not 130");
    shop.sound();
}

/// spree/spree#5203: an order is cancelled before whoever packs it reports the shipment, so that one that was shipped is
/// cancelled for ever. janavipandole/Cara#5625: any order of the last 24 hours can be cancelled and restocked, shipped ones
/// too.
fn cancel_races_shipment(shop: &mut Shop) {
    const ORDERS: i64 = 12;
    shop.receive("main", "mug", ORDERS);
    let ids: Vec<String> = (0..ORDERS).map(|number| format!("o-{number}")).collect();
    for id in &ids {
        shop.accept(order(id, &[("mug", 1)]));
    }
    let packers = ids.iter().map(|id| ship(id)).collect();
    let callers = ids.iter().rev().map(|id| cancel(id)).collect();
    shop.together(vec![packers, callers]);
    let mut shipped = 0;
    for id in &ids {
        let ends = (shop.told("order.shipped", id), shop.told("order.cancelled", id));
        match shop.state(id).as_str() {
            "shipped" => {
                assert_eq!(ends, (1, 0), "{id}");
                shipped += 1;
            }
            "cancelled" => assert_eq!(ends, (0, 1), "{id}"),
            other => panic!("{id} is {other}"),
        }
    }
    let level = shop.level("mug", "main");
    assert_eq!((level.on_hand, level.allocated, level.available), (ORDERS - shipped, 0, ORDERS - shipped));

    // A warehouse has it: the cancel asks, the truck was faster, and the shipment is told twice.
    shop.receive("main", "plate", 1);
    shop.accept(json!({ "register_destination": { "destination": "wms" } }));
    shop.accept(json!({ "register_warehouse": { "location": "main", "destination": "wms" } }));
    shop.accept(order("truck", &[("plate", 1)]));
    shop.accept(json!({ "fulfill": { "limit": 1000 } }));
    shop.accept(json!({ "note_fulfillment": { "fulfillment": "truck-1", "status": "accepted" } }));
    shop.accept(cancel("truck"));
    assert_eq!(shop.available("plate", "main"), 0, "given back before the warehouse let go");
    shop.accept(json!({ "note_shipment": { "fulfillment": "truck-1", "shipment": "s-1" } }));
    let again = shop.reply(&json!({ "action": { "note_shipment": { "fulfillment": "truck-1", "shipment": "s-1" } } }));
    assert_eq!(accepted(&again), Some(&json!("unchanged")), "{again}");
    assert_eq!(shop.state("truck"), "shipped");
    assert_eq!(shop.level("plate", "main").on_hand, 0);
    let late = shop.reply(&json!({ "action": cancel("truck") }));
    assert_eq!(rejected(&late), Some("order_closed"), "{late}");
    shop.sound();
}

/// odoo/odoo#62515: an inventory adjustment is validated while a transfer takes its units, and more are reserved than are
/// there.
fn sale_while_counting(shop: &mut Shop) {
    shop.receive("main", "mug", 10);
    let begins = shop.level("mug", "main").on_hand;
    // While somebody counts ten on the shelf, three are sold and leave.
    for number in 0..3 {
        let id = format!("o-{number}");
        shop.together(vec![vec![order(&id, &[("mug", 1)]), ship(&id)]]);
    }
    let count = |counted: i64, expected: i64| json!({ "count_stock": { "sku": "mug", "location": "main", "counted": counted, "expected": expected } });
    let booked = shop.accept(count(10, begins));
    assert_eq!(booked, json!("unchanged"), "nothing was missing");
    assert_eq!(shop.level("mug", "main").on_hand, 7, "the sales were undone");

    // One is missing, and what is claimed stays claimed.
    shop.accept(order("claimed", &[("mug", 6)]));
    let begins = shop.level("mug", "main").on_hand;
    shop.accept(order("during", &[("mug", 1)]));
    shop.accept(ship("during"));
    shop.accept(count(5, begins));
    let level = shop.level("mug", "main");
    assert_eq!((level.on_hand, level.allocated), (4, 6));
    let said: Vec<Value> =
        shop.events().into_iter().filter(|event| event["type"] == "stockroom.stock.shortfall.v1").collect();
    assert_eq!(said.len(), 1, "claims that lost their cover are said");
    shop.sound();
}
