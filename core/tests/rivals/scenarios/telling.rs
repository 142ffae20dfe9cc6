//! What is told twice, late, out of order or not at all: events, webhooks, answers, the orders of a till.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use stockroom::planted::Planted;
use stockroom_documents::Webhook;

use crate::peer::Flaw;
use crate::scenario::{Scenario, Wrong};
use crate::shop::{START_MS, Shop, accepted, order, order_with, rejected};

pub(crate) const ALL: &[Scenario] = &[
    Scenario {
        name: "events_are_neither_lost_nor_reordered",
        reports: &[
            "vendurehq/vendure#2735",
            "MassTransit/MassTransit#3512",
            "MassTransit/MassTransit#3791",
            "gruelbox/transaction-outbox#788",
        ],
        others: "Events are handed over after the commit: a restart loses them, parallel delivery reorders or doubles them, \
                 one slow reader stops the others.",
        here: "Each commit has its events; readers get all of them in order until they say that they are done.",
        run: events_are_neither_lost_nor_reordered,
        noticed: &[
            Wrong::Bug(Planted::RejectionUnsaid),
            Wrong::Bug(Planted::EventForgotten),
            Wrong::Peer(Flaw::ReadIsDone),
        ],
    },
    Scenario {
        name: "webhooks_twice_and_out_of_order",
        reports: &["saleor/saleor#14251", "saleor/saleor#14925", "Shopify/shopify-app-js#603"],
        others: "A webhook comes again, or the change of an order comes before the order, and the handler does not know.",
        here: "Signed messages of a shop, twice and in any order, come to one order as it was changed last.",
        run: webhooks_twice_and_out_of_order,
        noticed: &[Wrong::Peer(Flaw::NoInbox)],
    },
    Scenario {
        name: "shipments_told_twice",
        reports: &["saleor/saleor#14251"],
        others: "The repetition of a message about a shipment ships once more.",
        here: "A shipment, and a message, is taken in once, by its own name.",
        run: shipments_told_twice,
        noticed: &[Wrong::Bug(Planted::ShippedTwice), Wrong::Bug(Planted::MessageTakenTwice)],
    },
    Scenario {
        name: "retry_after_a_lost_answer",
        reports: &["odoo/odoo#40567", "doordash-oss/doordash-cli#56"],
        others: "The order was made, the answer got lost, and the retry makes a second one.",
        here: "The same order again gets the same answer, also after a restart and from many callers; another content is refused.",
        run: retry_after_a_lost_answer,
        noticed: &[
            Wrong::Peer(Flaw::NoKeys),
            Wrong::Bug(Planted::KeyForgotten),
            Wrong::Bug(Planted::KeyContentUnchecked),
        ],
    },
    Scenario {
        name: "till_syncs_once",
        reports: &["odoo/odoo#152259", "frappe/erpnext#12971"],
        others: "Orders taken offline are sent by two tabs of the till, or twice by one, and are there twice or not at all.",
        here: "Every receipt is there once, whoever sends it, however often, and stock went down by what was sold.",
        run: till_syncs_once,
        noticed: &[Wrong::Peer(Flaw::NoKeys)],
    },
    Scenario {
        name: "handed_to_one_relay",
        reports: &["MassTransit/MassTransit#3791", "gruelbox/transaction-outbox#788"],
        others: "Two workers send one message, or a worker that hangs keeps it for ever.",
        here: "A delivery is leased to one; when the lease ends the next gets it in doubt, and the first one's word is late.",
        run: handed_to_one_relay,
        noticed: &[Wrong::Bug(Planted::DoubtForgotten), Wrong::Bug(Planted::LateReportTaken)],
    },
];

/// The numbers of events.
fn numbers(events: &[Value]) -> Vec<u64> {
    events.iter().map(|event| event["id"].as_str().and_then(|id| id.parse().ok()).expect("a number")).collect()
}

/// What a subscription has not acknowledged yet.
fn unread(shop: &mut Shop, subscription: &str, limit: u64) -> Vec<Value> {
    let read = json!({ "subscribed_events": { "subscription": subscription, "limit": limit } });
    shop.read(read).as_array().expect("a list").clone()
}

/// vendurehq/vendure#2735: events are dispatched when the transaction is over, so that a restart while they are handled
/// loses them. MassTransit/MassTransit#3512: ten tasks deliver at once, and messages arrive out of order.
/// MassTransit/MassTransit#3791: messages of one consumer are published twice. gruelbox/transaction-outbox#788: one
/// invocation that takes long stops the flush of every other instance.
fn events_are_neither_lost_nor_reordered(shop: &mut Shop) {
    shop.receive("main", "mug", 20);
    for reader in ["mail", "books"] {
        shop.accept(json!({ "subscribe": { "subscription": reader, "from": "start" } }));
    }
    let place = |caller: i32, turn: i32| order(&format!("{caller}-{turn}"), &[("mug", 1)]);
    let replies = shop.together((0..6).map(|caller| (0..5).map(|turn| place(caller, turn)).collect()).collect());
    let placed = replies.iter().flatten().filter(|reply| accepted(reply).is_some()).count();
    assert_eq!(placed, 20);
    shop.accept(json!({ "count_stock": { "sku": "mug", "location": "main", "counted": 25 } }));

    // The reader dies while it works: nothing is lost, and it gets the same again.
    let first = unread(shop, "mail", 10);
    shop.restart();
    assert_eq!(unread(shop, "mail", 10), first, "events were lost with their reader");

    let mut read = Vec::new();
    loop {
        let page = unread(shop, "mail", 7);
        let Some(last) = numbers(&page).last().copied() else { break };
        read.extend(page);
        shop.accept(json!({ "acknowledge": { "subscription": "mail", "through": last } }));
    }
    let ids = numbers(&read);
    assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>(), "in order, without a gap, each once");
    assert_eq!(read, shop.events());
    let about = |kind: &str| -> BTreeSet<String> {
        let of = |event: &&Value| event["type"] == *kind;
        read.iter().filter(of).map(|event| event["subject"].as_str().expect("a name").to_owned()).collect()
    };
    assert_eq!((about("stockroom.order.allocated.v1").len(), about("stockroom.order.rejected.v1").len()), (20, 10));
    // Levels as the events tell them are the levels.
    let changed = |event: &&Value| event["type"] == "stockroom.stock.changed.v1" && event["data"]["location"] == "main";
    let told = read.iter().rfind(changed).expect("stock changed");
    assert_eq!(told["data"]["on_hand"], 25, "{told}");

    // The one who reads nothing keeps nobody waiting, and misses nothing.
    assert_eq!(unread(shop, "mail", 10), Vec::<Value>::new());
    assert_eq!(unread(shop, "books", 10_000), read);
    shop.sound();
}

const SECRET: &str = "shpss_0123456789abcdef0123456789abcdef";

/// A message of a Shopify shop about an order, signed, as the commands that it asks for.
fn from_shopify(shop: &Shop, topic: &str, webhook_id: &str, updated_at: &str, quantity: i64) -> Vec<Value> {
    let body = json!({ "id": 5001, "name": "#1001", "test": false, "created_at": "2026-09-21T09:00:00Z",
        "updated_at": updated_at, "currency": "EUR", "presentment_currency": "EUR", "total_price": "10.00",
        "line_items": [{ "id": 11, "title": "Mug", "sku": "mug", "variant_id": 91, "quantity": quantity,
            "current_quantity": quantity, "price": "5.00" }] })
    .to_string();
    let mut hash = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key of any length");
    hash.update(body.as_bytes());
    let message = json!({ "headers": { "x-shopify-topic": topic, "x-shopify-shop-domain": "example.myshopify.com",
        "x-shopify-webhook-id": webhook_id, "x-shopify-event-id": format!("e-{webhook_id}"),
        "x-shopify-hmac-sha256": STANDARD.encode(hash.finalize().into_bytes()) }, "body": body });
    let settings = json!({ "shopify": { "shop": "example.myshopify.com", "secrets": [SECRET], "location": "7",
        "orders": { "channel": "web" } } });
    let webhook = Webhook::parse(settings.to_string().as_bytes()).expect("the settings are good");
    let told = webhook.read_json(message.to_string().as_bytes(), shop.now_ms).expect("it can be read");
    let told: Value = serde_json::from_slice(&told.to_json().expect("it is JSON")).expect("it is JSON");
    told["commands"].as_array().unwrap_or_else(|| panic!("{told}")).clone()
}

/// Shopify/shopify-app-js#603: `orders/updated` arrives before `orders/create`, within the same second.
/// saleor/saleor#14251: deliveries are repeated, and nothing names the event, so that they cannot be told apart.
/// saleor/saleor#14925: nothing says which messages are about one object and in which order they belong.
fn webhooks_twice_and_out_of_order(shop: &mut Shop) {
    shop.receive("main", "mug", 9);
    let created = from_shopify(shop, "orders/create", "w-1", "2026-09-21T10:00:00Z", 2);
    let changed = from_shopify(shop, "orders/updated", "w-2", "2026-09-21T11:00:00Z", 3);
    let between = from_shopify(shop, "orders/updated", "w-3", "2026-09-21T10:30:00Z", 7);
    // The newest first, then everything older, and all of it again, from several senders at once.
    let taken = |shop: &mut Shop, commands: &[Value]| {
        for reply in shop.batch(commands.to_vec()) {
            assert!(accepted(&reply).is_some(), "{reply}");
        }
    };
    for message in [&changed, &created, &between, &changed] {
        taken(shop, message);
    }
    let all = [created, changed, between.clone()];
    let replies =
        shop.together_commands((0..4).map(|turn| [&all[turn % 3][..], &all[(turn + 1) % 3]].concat()).collect());
    assert!(replies.iter().flatten().all(|reply| accepted(reply).is_some()), "{replies:?}");
    taken(shop, &between);
    let orders = shop.orders();
    assert_eq!(orders.len(), 1, "one order, however often it was told");
    assert_eq!(orders[0]["lines"][0]["quantity"], 3, "as it was changed last");
    let level = shop.level("mug", "main");
    assert_eq!((level.allocated, level.available), (3, 6));
    shop.sound();
}

/// saleor/saleor#14251: messages are repeated without a name that tells a repetition from news. Here the message is a
/// warehouse's, about goods that left.
fn shipments_told_twice(shop: &mut Shop) {
    shop.receive("main", "mug", 10);
    shop.accept(json!({ "register_destination": { "destination": "wms" } }));
    shop.accept(json!({ "register_warehouse": { "location": "main", "destination": "wms" } }));
    shop.accept(order("o", &[("mug", 4)]));
    shop.accept(json!({ "fulfill": { "limit": 100 } }));
    let left = |message: &str, shipment: &str| {
        json!({ "note_shipment": { "fulfillment": "o-1", "shipment": shipment, "items": [{ "sku": "mug", "quantity": 1 }],
            "message": { "source": "wms", "message": message } } })
    };
    let replies = shop.together((0..4).map(|_| vec![left("m-1", "s-1")]).collect());
    assert!(replies.iter().flatten().all(|reply| accepted(reply).is_some()), "{replies:?}");
    assert_eq!(shop.level("mug", "main").on_hand, 9);
    // The same shipment in another message is the same shipment.
    shop.accept(left("m-2", "s-1"));
    assert_eq!(shop.level("mug", "main").on_hand, 9);
    // And the same message is the same message, even where it says something else the second time.
    shop.restart();
    shop.accept(left("m-1", "s-2"));
    assert_eq!(shop.level("mug", "main").on_hand, 9);
    shop.accept(left("m-3", "s-2"));
    let level = shop.level("mug", "main");
    assert_eq!((level.on_hand, level.allocated), (8, 2));
    assert_eq!(shop.state("o"), "partly_shipped");
    shop.sound();
}

/// odoo/odoo#40567: the server stored the order, the answer timed out, and sending it again makes another.
/// doordash-oss/doordash-cli#56: a submit whose response is lost cannot be asked about, and a retry is a second charge.
fn retry_after_a_lost_answer(shop: &mut Shop) {
    shop.receive("main", "mug", 10);
    let wanted = order("web-1001", &[("mug", 2)]);
    let command = json!({ "action": wanted });
    let lost = shop.reply(&command);
    assert_eq!(lost["repeated"], false);
    let again = shop.reply(&command);
    assert_eq!((&again["repeated"], &again["outcome"]), (&json!(true), &lost["outcome"]));
    shop.restart();
    assert_eq!(shop.reply(&command), again, "the answer did not survive");
    // An impatient customer: ten requests at once, none of which sees another's answer.
    let replies = shop.together((0..10).map(|_| vec![order("web-1002", &[("mug", 3)])]).collect());
    let answers: BTreeSet<String> = replies.iter().flatten().map(|reply| reply["outcome"].to_string()).collect();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(replies.iter().flatten().filter(|reply| reply["repeated"] == false).count(), 1);
    assert_eq!(shop.orders().len(), 2);
    assert_eq!(shop.level("mug", "main").allocated, 5);
    // What is another order is not answered as if it were this one.
    shop.reject("order_exists", order("web-1001", &[("mug", 1)]));

    let arrival =
        |units: i64| json!({ "receive_stock": { "location": "main", "lines": [{ "sku": "mug", "quantity": units }] } });
    let keyed = json!({ "key": "note-4711", "action": arrival(5) });
    for _ in 0..2 {
        assert!(accepted(&shop.reply(&keyed)).is_some());
        shop.restart();
    }
    assert_eq!(shop.level("mug", "main").on_hand, 15, "the arrival was booked twice");
    let other = shop.reply(&json!({ "key": "note-4711", "action": arrival(6) }));
    assert_eq!(rejected(&other), Some("key_reused"), "{other}");
    shop.sound();
}

/// odoo/odoo#152259: orders taken offline in one tab are sent again when another tab of the same till goes online.
/// frappe/erpnext#12971: with eight tills one of fifteen invoices is there twice, seconds apart.
fn till_syncs_once(shop: &mut Shop) {
    const RECEIPTS: i64 = 24;
    shop.receive("main", "mug", 20);
    let policy = json!({ "sku": "mug", "location": "main", "backorder_limit": 100 });
    shop.accept(json!({ "set_stock_policy": policy }));
    // They were sold over the counter: that there were too few mugs on the books cannot undo it.
    let receipt =
        |number: i64| order_with(&format!("till-3-{number}"), &[("mug", 1)], &json!({ "policy": "backorder" }));
    let queue: Vec<Value> = (1..=RECEIPTS).map(|number| json!({ "action": receipt(number) })).collect();
    // The connection breaks off in the middle, the till starts anew and sends its queue from the beginning.
    for reply in shop.batch(queue[..10].to_vec()) {
        assert!(accepted(&reply).is_some(), "{reply}");
    }
    shop.restart();
    let backwards = queue.iter().rev().cloned().collect();
    let replies = shop.together_commands(vec![queue.clone(), queue.clone(), backwards]);
    assert!(replies.iter().flatten().all(|reply| accepted(reply).is_some()), "{replies:?}");
    for reply in shop.batch(queue) {
        assert_eq!(reply["repeated"], true, "{reply}");
    }
    let ids: BTreeSet<String> =
        shop.orders().iter().map(|order| order["order"].as_str().expect("a name").to_owned()).collect();
    assert_eq!((ids.len(), shop.orders().len()), (RECEIPTS as usize, RECEIPTS as usize));
    let level = shop.level("mug", "main");
    assert_eq!((level.allocated, level.backordered, level.available), (RECEIPTS, 4, -4));
    shop.sound();
}

/// MassTransit/MassTransit#3791: what one consumer sent is published twice. gruelbox/transaction-outbox#788: while one
/// worker hangs with a message, the others wait.
fn handed_to_one_relay(shop: &mut Shop) {
    shop.receive("main", "mug", 8);
    shop.accept(json!({ "register_destination": { "destination": "wms" } }));
    shop.accept(json!({ "register_warehouse": { "location": "main", "destination": "wms" } }));
    for number in 1..=4 {
        shop.accept(order(&format!("o-{number}"), &[("mug", 1)]));
    }
    let reactions = shop.together((0..3).map(|_| vec![json!({ "fulfill": { "limit": 100 } })]).collect());
    assert!(reactions.iter().flatten().all(|reply| accepted(reply).is_some()));
    let take = json!({ "take_deliveries": { "destination": "wms", "max": 1, "lease_ms": 60_000 } });
    let relays = shop.together((0..6).map(|_| vec![take.clone()]).collect());
    let mut taken: Vec<Value> = relays
        .iter()
        .flatten()
        .flat_map(|reply| reply["outcome"]["accepted"]["taken"]["deliveries"].as_array().cloned().unwrap_or_default())
        .collect();
    let of: BTreeSet<String> = taken.iter().map(|delivery| delivery["body"].to_string()).collect();
    assert_eq!((taken.len(), of.len()), (4, 4), "four requests, each with one relay");
    assert!(taken.iter().all(|delivery| delivery["doubt"] == false));

    let hung = taken.remove(0);
    let report = |delivery: &Value| {
        json!({ "report_delivery": { "destination": "wms", "number": delivery["number"], "attempt": delivery["attempt"],
            "result": { "done": { "handed": {} } } } })
    };
    // The others are not kept waiting by the one that hangs.
    for delivery in &taken {
        shop.accept(report(delivery));
    }
    assert_eq!(shop.now_ms, START_MS);
    shop.wait(60_001);
    let again = shop.accept(take);
    let again = &again["taken"]["deliveries"][0];
    assert_eq!((&again["number"], &again["doubt"]), (&hung["number"], &json!(true)), "it has to be looked for first");
    shop.reject("lease_lost", report(&hung));
    shop.accept(report(again));
    shop.reject("delivery_unknown", report(again));
    shop.sound();
}
