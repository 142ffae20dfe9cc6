//! News of shipments: the note, that it is written once, and the order's status.

use serde_json::{Value, json};
use stockroom::outbox::DeliveryBody;
use stockroom_woocommerce::{Completion, WooExchange, WooProfile};

use crate::shop::Shop;
use crate::support::{
    Answer, answer, converse, delivery, error, exchange, hold, lost, not_sent, notice, profile, short, tell,
};

const MARK: &str = "[shipment web-727%2F12]";

fn with(completion: Completion) -> WooExchange {
    WooExchange::new(WooProfile { completion, ..profile() }).unwrap()
}

fn shop() -> Shop {
    let order = json!({ "id": 727, "status": "processing", "line_items": [
        { "id": 315, "sku": "mug-blue", "quantity": 2 }, { "id": 316, "sku": "plate & cup", "quantity": 1 },
        { "id": 317, "sku": null, "quantity": 1 },
    ]});
    Shop { orders: [(727, order)].into(), ..Shop::default() }
}

#[test]
fn a_note_says_what_left_and_how_to_follow_it() {
    let mut shop = shop();
    let held = converse(&exchange(), &tell(false), |request| shop.answer(request));
    assert_eq!((held.asked, short(&held.end)), (vec!["POST /orders/727/notes".to_owned()], "taken".to_owned()));
    let text = "Shipped: 2 × mug-blue, 1 × plate & cup. Tracking: Royal Mail AB123456789GB \
                https://track.example/AB123456789GB. [shipment web-727%2F12]";
    assert_eq!(shop.notes[&727], [text]);
    let body: Value = serde_json::from_slice(&held.requests[0].body).unwrap();
    assert_eq!(body["customer_note"], json!(false));

    let to_customer = WooExchange::new(WooProfile { note_to_customer: true, ..profile() }).unwrap();
    let held = converse(&to_customer, &tell(false), |request| shop.answer(request));
    let body: Value = serde_json::from_slice(&held.requests[0].body).unwrap();
    assert_eq!(body["customer_note"], json!(true));
}

#[test]
fn it_is_written_once_whatever_is_lost() {
    // Which request's answer is lost, and whether the shop carried it out.
    for (lost_at, is_carried_out) in [(1, true), (1, false), (2, true)] {
        let mut shop = shop();
        let mut doubt = false;
        let mut asked = 0;
        for attempt in 0.. {
            assert!(attempt < 5, "it comes to no end");
            let held = converse(&exchange(), &tell(doubt), |request| {
                asked += 1;
                let reaches = asked != lost_at || is_carried_out;
                let right: Answer = if reaches { shop.answer(request) } else { lost() };
                // Of two, the first is lost as well: it is the one that leads to the look.
                if asked == lost_at || (lost_at == 2 && asked == 1) { lost() } else { right }
            });
            match short(&held.end).as_str() {
                "taken" => break,
                "retry failing in doubt" => doubt = true,
                other => panic!("{other}"),
            }
        }
        assert_eq!(shop.notes[&727].len(), 1, "{lost_at} {is_carried_out}");
    }
}

#[test]
fn answers_to_a_note() {
    let note = |text: &str| answer(200, &json!([{ "id": 1, "note": text }]).to_string());
    let ours = || note(&format!("Shipped. {MARK}"));
    let written = || answer(201, r#"{"id":281}"#);
    for (what, doubt, answers, end) in [
        ("written", false, vec![written()], "taken"),
        ("no such order", false, vec![error(404, "woocommerce_rest_order_invalid_id")], "refused"),
        ("no such path", false, vec![error(404, "rest_no_route")], "retry failing"),
        ("404 by a proxy", false, vec![answer(404, "")], "retry failing"),
        ("refused", false, vec![error(400, "rest_invalid_param")], "refused"),
        ("the key is refused", false, vec![error(401, "woocommerce_rest_cannot_create")], "retry failing"),
        ("throttled", false, vec![answer(429, "")], "retry throttled"),
        ("fails", false, vec![answer(500, "")], "retry failing in doubt"),
        ("not sent", false, vec![not_sent()], "retry failing"),
        ("not sent, in doubt", true, vec![not_sent()], "retry failing in doubt"),
        ("lost, and there", false, vec![lost(), ours()], "taken"),
        ("lost, and not there", false, vec![lost(), answer(200, "[]")], "retry failing in doubt"),
        ("lost, and the look is lost", false, vec![lost(), lost()], "retry failing in doubt"),
        ("HTML, and there", false, vec![answer(200, "<html>"), ours()], "taken"),
        ("HTML, and HTML", false, vec![answer(200, "<html>"), answer(200, "<html>")], "retry failing in doubt"),
        ("in doubt, and there", true, vec![ours()], "taken"),
        ("in doubt, and not there", true, vec![answer(200, "[]"), written()], "taken"),
        ("in doubt, and another's", true, vec![note("[shipment web-727%2F123]"), written()], "taken"),
        (
            "in doubt, and the order is gone",
            true,
            vec![error(404, "woocommerce_rest_shop_order_invalid_id")],
            "refused",
        ),
        ("in doubt, and throttled", true, vec![answer(429, "")], "retry throttled in doubt"),
    ] {
        assert_eq!(short(&hold(&exchange(), &tell(doubt), &answers).end), end, "{what}");
    }
}

#[test]
fn an_order_is_completed_where_the_profile_says_so() {
    let only_mugs = || {
        let mut notice = notice();
        notice.lines.truncate(1);
        delivery(DeliveryBody::TellShipment(Box::new(notice)), false)
    };
    for (completion, delivery, before, after) in [
        (Completion::Never, tell(false), "processing", "processing"),
        (Completion::Always, tell(false), "processing", "completed"),
        (Completion::Always, only_mugs(), "on-hold", "completed"),
        (Completion::Always, tell(false), "cancelled", "cancelled"),
        (Completion::Always, tell(false), "refunded", "refunded"),
        (Completion::WhenWhole, tell(false), "processing", "completed"),
        (Completion::WhenWhole, only_mugs(), "processing", "processing"),
        (Completion::WhenWhole, tell(true), "processing", "completed"),
    ] {
        let mut shop = shop();
        shop.orders.get_mut(&727).unwrap()["status"] = json!(before);
        let held = converse(&with(completion), &delivery, |request| shop.answer(request));
        assert_eq!(short(&held.end), "taken");
        assert_eq!(shop.orders[&727]["status"], json!(after), "{completion:?} {before}");
        assert_eq!(shop.notes[&727].len(), 1);
    }
}

#[test]
fn once_the_note_is_written_every_failure_leaves_a_doubt() {
    let written = || answer(201, r#"{"id":281}"#);
    let order = || answer(200, r#"{"id":727,"status":"processing","line_items":[]}"#);
    for (what, answers, end) in [
        ("the order is not read", vec![written(), not_sent()], "retry failing in doubt"),
        ("another order", vec![written(), answer(200, r#"{"id":1,"status":"processing"}"#)], "retry failing in doubt"),
        ("throttled", vec![written(), answer(429, "")], "retry throttled in doubt"),
        ("not completed", vec![written(), order(), answer(403, "")], "retry failing in doubt"),
        ("HTML", vec![written(), order(), answer(200, "<html>")], "retry failing in doubt"),
        ("the order is gone", vec![written(), error(404, "woocommerce_rest_shop_order_invalid_id")], "refused"),
        ("completed", vec![written(), order(), answer(200, r#"{"id":727,"status":"completed"}"#)], "taken"),
    ] {
        assert_eq!(short(&hold(&with(Completion::Always), &tell(false), &answers).end), end, "{what}");
    }
}

#[test]
fn an_order_that_is_none_of_woocommerces_is_refused() {
    for reference in ["", "#727", "gid://x/727", "0", "0727"] {
        let mut notice = notice();
        notice.reference = reference.to_owned();
        let delivery = delivery(DeliveryBody::TellShipment(Box::new(notice)), false);
        assert_eq!(short(&hold(&exchange(), &delivery, &[]).end), "refused", "{reference}");
    }
}
