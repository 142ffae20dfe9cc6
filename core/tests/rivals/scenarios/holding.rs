//! Units that are held for somebody: for too long, not long enough, or against the one who holds them.

use serde_json::{Value, json};
use stockroom::planted::Planted;

use crate::peer::Flaw;
use crate::scenario::{Scenario, Wrong};
use crate::shop::{Shop, accepted, hold, order, order_with};

pub(crate) const ALL: &[Scenario] = &[
    Scenario {
        name: "two_carts_both_paid",
        reports: &["vendurehq/vendure#3065"],
        others: "Two carts pass the check, both customers pay, and one of them cannot be served.",
        here: "Who holds units can pay for them; who cannot hold them learns it before paying.",
        run: two_carts_both_paid,
        noticed: &[Wrong::Bug(Planted::HoldOnHeld)],
    },
    Scenario {
        name: "hold_expires_before_payment",
        reports: &["vendurehq/vendure#3065", "be-BOP-io-SA/be-BOP#533"],
        others: "A reservation ends while its holder is away; somebody else buys, and then the payment arrives.",
        here: "An order cannot take over a hold that ended: it is refused, or has to claim anew what is there.",
        run: hold_expires_before_payment,
        noticed: &[Wrong::Bug(Planted::ExpiredHoldConverts)],
    },
    Scenario {
        name: "own_hold_serves_own_checkout",
        reports: &["woocommerce/woocommerce#67354"],
        others: "A shopper's own reservation of the last unit blocks the same shopper's checkout.",
        here: "The checkout names its hold and takes its units over, however often it is begun again.",
        run: own_hold_serves_own_checkout,
        noticed: &[Wrong::Peer(Flaw::ForgetsOwnHold)],
    },
    Scenario {
        name: "holds_are_counted_while_they_live",
        reports: &["saleor/saleor#10877", "be-BOP-io-SA/be-BOP#533"],
        others: "What is reserved counts as in stock in one read and not in another; what has expired blocks the next buyer.",
        here: "A live hold lowers every read of what can be promised; an expired one stands in nobody's way.",
        run: holds_are_counted_while_they_live,
        noticed: &[Wrong::Bug(Planted::LostRelease), Wrong::Bug(Planted::HoldOnHeld)],
    },
];

/// vendurehq/vendure#3065: two customers have the one item in their carts, the check before the payment passes for both,
/// both are charged, and the slower one's order cannot go on.
fn two_carts_both_paid(shop: &mut Shop) {
    shop.receive("main", "mug", 1);
    assert_eq!(shop.available("mug", "main"), 1, "both carts see it");
    let replies =
        shop.together(["ann", "bob"].map(|cart| vec![hold(cart, &[("mug", 1)], 900_000)]).into_iter().collect());
    let may_pay: Vec<bool> = replies.iter().map(|replies| accepted(&replies[0]).is_some()).collect();
    assert_eq!(may_pay.iter().filter(|may| **may).count(), 1, "{replies:?}");
    let (payer, other) = if may_pay[0] { ("ann", "bob") } else { ("bob", "ann") };
    shop.reject("insufficient_stock", order(&format!("o-{other}"), &[("mug", 1)]));
    // Between authorization and capture others go on trying.
    shop.wait(600_000);
    shop.reject("insufficient_stock", order("passer-by", &[("mug", 1)]));
    shop.accept(order_with(&format!("o-{payer}"), &[("mug", 1)], &json!({ "hold": payer })));
    let level = shop.level("mug", "main");
    assert_eq!((level.held, level.allocated, level.available), (0, 1, 0));
    shop.sound();
}

/// vendurehq/vendure#3065: the payment succeeds after the stock went to zero. be-BOP-io-SA/be-BOP#533: a cart is renewed
/// after its reservation expired and somebody else reserved the product.
fn hold_expires_before_payment(shop: &mut Shop) {
    shop.receive("main", "mug", 1);
    shop.accept(hold("slow", &[("mug", 1)], 60_000));
    shop.wait(60_001);
    shop.accept(order("quick", &[("mug", 1)]));
    shop.reject("hold_unknown", order_with("paid", &[("mug", 1)], &json!({ "hold": "slow" })));
    assert_eq!(shop.order("paid"), Value::Null);
    assert_eq!(shop.level("mug", "main").allocated, 1, "sold twice");

    // Nobody bought it meanwhile, and nothing has swept the hold up yet: it is over all the same.
    shop.receive("main", "plate", 1);
    shop.accept(hold("away", &[("plate", 1)], 60_000));
    shop.wait(60_001);
    shop.reject("hold_unknown", order_with("late", &[("plate", 1)], &json!({ "hold": "away" })));
    shop.reject("hold_unknown", json!({ "extend_hold": { "hold": "away", "lives_ms": 60_000 } }));
    shop.accept(order("anew", &[("plate", 1)]));
    let level = shop.level("plate", "main");
    assert_eq!((level.held, level.allocated), (0, 1));
    shop.sound();
}

/// woocommerce/woocommerce#67354: the session has moved on to a new draft order, so the reservation of the old one, which
/// is the same shopper's, leaves nothing of the last unit for the checkout.
fn own_hold_serves_own_checkout(shop: &mut Shop) {
    shop.receive("main", "mug", 1);
    let checkout = hold("session-7", &[("mug", 1)], 3_600_000);
    let held = shop.accept(checkout.clone());
    // The page is loaded again, the process starts anew, the session says the same.
    assert_eq!(shop.accept(checkout.clone()), held);
    shop.restart();
    assert_eq!(shop.accept(checkout), held);
    assert_eq!(shop.level("mug", "main").held, 1, "held twice");
    shop.reject("insufficient_stock", hold("session-8", &[("mug", 1)], 3_600_000));
    shop.accept(order_with("draft-2", &[("mug", 1)], &json!({ "hold": "session-7" })));
    let level = shop.level("mug", "main");
    assert_eq!((level.held, level.allocated), (0, 1));
    shop.sound();
}

/// saleor/saleor#10877: the filter for products in stock does not see reservations, so that what can no longer be reserved
/// is offered. be-BOP-io-SA/be-BOP#533: an expired cart and the one who came after it both see no stock.
fn holds_are_counted_while_they_live(shop: &mut Shop) {
    shop.receive("main", "mug", 3);
    shop.accept(hold("cart", &[("mug", 3)], 60_000));
    assert_eq!(shop.available("mug", "main"), 0);
    let channel = shop.read(json!({ "channel_availability": { "channel": "web", "skus": ["mug", "set"] } }));
    assert_eq!(channel, json!([0, 0]));
    assert_eq!(shop.level("mug", "main").available, 0);
    shop.reject("insufficient_stock", hold("next", &[("mug", 1)], 60_000));

    shop.wait(60_001);
    // Without any tick: whoever comes sweeps it out of the way.
    shop.accept(hold("next", &[("mug", 2)], 60_000));
    let level = shop.level("mug", "main");
    assert_eq!((level.held, level.available), (2, 1));
    shop.wait(60_001);
    let ticked = shop.accept(json!({ "tick": { "limit": 100 } }));
    assert_eq!(ticked["ticked"]["expired"], 1);
    assert_eq!(shop.available("mug", "main"), 3);
    shop.sound();
}
