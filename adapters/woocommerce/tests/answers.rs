//! Every kind of answer to the first request of every kind of delivery, and to a set: what is reported. These are the
//! demands of the suite that every exchange must pass, for the deliveries that go to a shop.

use stockroom::outbox::{DeliveryAnswer, DeliveryResult, LeasedDelivery, RetryCause};
use stockroom::ports::{HttpRequest, Method};
use stockroom_woocommerce::WooExchange;

use crate::support::{
    Answer, BASIC, KEY, SECRET, answer, answer_with, converse, error, exchange, hold, lost, not_sent, read, set, short,
    tell,
};

fn deliveries(doubt: bool) -> Vec<LeasedDelivery> {
    let mut read = read(&["11", "20/21"]);
    read.doubt = doubt;
    vec![set(&[("11", 2, Some(5)), ("20/21", 3, None)], doubt), read, tell(doubt)]
}

fn is_reading(delivery: &LeasedDelivery) -> bool {
    format!("{:?}", delivery.body).starts_with("ReadQuantities")
}

#[test]
fn every_status_ends_sensibly() {
    let echo = format!("{{\"message\":\"{KEY} {SECRET} {BASIC}\"}}");
    for doubt in [false, true] {
        for delivery in deliveries(doubt) {
            for status in 100..=599 {
                for body in ["", "{}", "[]", "[{}]", &echo] {
                    let held = converse(&exchange(), &delivery, |_| answer(status, body));
                    let what = format!("{status} {body} {:?}", delivery.body);
                    match (status, held.end) {
                        (429, DeliveryResult::Retry(retry)) => assert_eq!(retry.cause, RetryCause::Throttled, "{what}"),
                        (200 | 201, _) => {}
                        (_, DeliveryResult::Retry(retry)) => assert_eq!(retry.cause, RetryCause::Failing, "{what}"),
                        (400 | 422, DeliveryResult::Refused { .. }) => assert!(what.contains("TellShipment"), "{what}"),
                        (_, end) => panic!("{what}: {end:?}"),
                    }
                }
            }
        }
    }
}

#[test]
fn what_may_have_been_done_is_in_doubt() {
    for doubt in [false, true] {
        for delivery in deliveries(doubt) {
            let may = |requests: &[HttpRequest]| requests.iter().any(|request| request.method != Method::Get);
            let held = converse(&exchange(), &delivery, |_| lost());
            let DeliveryResult::Retry(retry) = &held.end else { panic!("{:?}", held.end) };
            assert_eq!(retry.doubt, !is_reading(&delivery) && (doubt || may(&held.requests)), "{:?}", held.asked);

            let held = converse(&exchange(), &delivery, |_| not_sent());
            let DeliveryResult::Retry(retry) = &held.end else { panic!("{:?}", held.end) };
            assert_eq!((held.asked.len(), retry.doubt), (1, !is_reading(&delivery) && doubt));
        }
    }
}

#[test]
fn answers_to_a_reading() {
    let one = r#"[{"id":11,"type":"simple","manage_stock":true,"stock_quantity":5}]"#;
    for (what, answers, end) in [
        ("what is shown", vec![answer(200, one)], "11=shows 5"),
        ("with a byte order mark", vec![answer(200, &format!("\u{feff}{one}"))], "11=shows 5"),
        ("with control characters", vec![answer(200, &one.replace("simple", "sim\u{1}ple"))], "11=shows 5"),
        ("HTML", vec![answer(200, "<!DOCTYPE html><html>Login</html>")], "retry failing"),
        ("a warning before the JSON", vec![answer(200, &format!("<b>Warning</b>{one}"))], "retry failing"),
        ("cut", vec![answer(200, &one[..20])], "retry failing"),
        ("nothing", vec![answer(200, "")], "retry failing"),
        ("an object", vec![answer(200, r#"{"id":11}"#)], "retry failing"),
        ("204", vec![answer(204, "")], "retry failing"),
        ("moved", vec![answer_with(301, ("Location", "https://www.shop.example/"), "")], "retry failing"),
        ("the key is refused", vec![error(401, "woocommerce_rest_cannot_view")], "retry failing"),
        ("no such path", vec![error(404, "rest_no_route")], "retry failing"),
        (
            "404 of a product in a list of products",
            vec![error(404, "woocommerce_rest_product_invalid_id")],
            "retry failing",
        ),
        ("404 by a proxy", vec![answer(404, "<html>nginx</html>")], "retry failing"),
        ("too fast", vec![answer_with(429, ("Retry-After", "7"), "")], "retry throttled after 7000"),
        (
            "too fast, as a date",
            vec![answer_with(429, ("Retry-After", "Mon, 21 Sep 2026 14:13:50 GMT"), "")],
            "retry throttled after 30000",
        ),
        ("503", vec![answer(503, "")], "retry failing"),
        ("503 with a time", vec![answer_with(503, ("Retry-After", "600"), "")], "retry throttled after 600000"),
        (
            "not there, and unknown",
            vec![answer(200, "[]"), error(404, "woocommerce_rest_product_invalid_id")],
            "11=gone",
        ),
        ("not there, and 404 by a proxy", vec![answer(200, "[]"), answer(404, "")], "retry failing"),
        (
            "not there, and not ours to read",
            vec![answer(200, "[]"), error(403, "woocommerce_rest_cannot_view")],
            "11=not yet",
        ),
        (
            "not there, and the key is refused",
            vec![answer(200, "[]"), error(401, "woocommerce_rest_cannot_view")],
            "retry failing",
        ),
        (
            "not there, and in the trash",
            vec![answer(200, "[]"), answer(200, r#"{"id":11,"status":"trash"}"#)],
            "11=gone",
        ),
        ("not there, and another", vec![answer(200, "[]"), answer(200, r#"{"id":12}"#)], "retry failing"),
        ("entries without a number", vec![answer(200, "[1,null,{},{\"id\":{}}]"), answer(200, "[]")], "retry failing"),
    ] {
        let held = hold(&exchange(), &read(&["11"]), &answers);
        assert_eq!(short(&held.end), end, "{what}");
    }
}

#[test]
fn the_variations_of_a_product_that_is_gone_are_gone() {
    let held = hold(&exchange(), &read(&["20/21", "20/22"]), &[error(404, "woocommerce_rest_product_invalid_id")]);
    assert_eq!(short(&held.end), "20/21=gone 20/22=gone");
    let held = hold(&exchange(), &read(&["20/21"]), &[error(404, "rest_no_route")]);
    assert_eq!(short(&held.end), "retry failing");
}

#[test]
fn answers_to_a_set() {
    let read = || answer(200, r#"[{"id":11,"manage_stock":true,"stock_quantity":5}]"#);
    let entry = |entry: &str| answer(200, &format!("{{\"update\":[{entry}]}}"));
    let failed = |code: &str, status: u16| {
        entry(&format!(r#"{{"id":11,"error":{{"code":"{code}","message":"No.","data":{{"status":{status}}}}}}}"#))
    };
    for (what, second, end) in [
        ("set", entry(r#"{"id":11,"manage_stock":true,"stock_quantity":2}"#), "11=set"),
        ("set, as a text", entry(r#"{"id":11,"manage_stock":true,"stock_quantity":"2.00"}"#), "11=set"),
        ("another quantity", entry(r#"{"id":11,"manage_stock":true,"stock_quantity":3}"#), "11=shows 3"),
        ("not kept", entry(r#"{"id":11,"manage_stock":false,"stock_quantity":null}"#), "11=not yet"),
        ("unknown", failed("woocommerce_rest_product_invalid_id", 400), "11=gone"),
        ("a variation", failed("woocommerce_rest_invalid_product_id", 404), "11=refused"),
        ("not saved", failed("woocommerce_rest_product_not_created", 400), "11=not yet"),
        ("not allowed", failed("woocommerce_rest_cannot_edit", 403), "11=not yet"),
        ("refused by a plugin", failed("plugin_says_no", 400), "11=refused"),
        ("broken", failed("internal", 500), "11=not yet"),
        ("an error without words", entry(r#"{"id":11,"error":{}}"#), "11=not yet"),
        ("an error as a list", entry(r#"{"id":11,"error":[]}"#), "11=not yet"),
        ("of another", entry(r#"{"id":12,"manage_stock":true,"stock_quantity":2}"#), "11=not yet"),
        ("of none", answer(200, r#"{"update":[]}"#), "11=not yet"),
        ("without updates", answer(200, "{}"), "retry failing in doubt"),
        ("HTML", answer(200, "<html>"), "retry failing in doubt"),
        ("no right to write", error(403, "woocommerce_rest_cannot_batch"), "retry failing"),
        ("too many", error(413, "woocommerce_rest_request_entity_too_large"), "retry failing"),
        ("refused", error(400, "rest_invalid_param"), "retry failing"),
        ("tired of waiting", answer(408, ""), "retry failing in doubt"),
        ("too fast", answer(429, ""), "retry throttled"),
        ("500", error(500, "internal_server_error"), "retry failing in doubt"),
        ("504", answer(504, "<html>"), "retry failing in doubt"),
    ] {
        let held = hold(&exchange(), &set(&[("11", 2, Some(5))], false), &[read(), second]);
        assert_eq!(short(&held.end), end, "{what}");
    }
}

#[test]
fn bodies_of_all_kinds_end() {
    let deep = "[".repeat(100_000);
    for delivery in deliveries(false).into_iter().chain(deliveries(true)) {
        for status in [200, 201, 202, 400, 404, 409] {
            for body in
                ["null", "\u{0}", "{\"id\":", "{\"id\":{}}", "[{\"id\":-1e999}]", "[[]]", "[null]", "\"a\"", &deep]
            {
                converse(&exchange(), &delivery, |_| answer(status, body));
            }
        }
    }
}

#[test]
fn what_is_not_for_a_shop_is_left_alone() {
    use stockroom::fulfillment::StockCheck;
    use stockroom::outbox::DeliveryBody;
    use stockroom::ports::{Exchange, Step, Turn};

    let check = DeliveryBody::CheckStock(StockCheck { location: "north".into(), skus: Vec::new() });
    let end = |turn: Turn| match turn {
        Turn::End(end) => short(&end),
        Turn::Ask { .. } => panic!("it asks"),
    };
    let shop: WooExchange = exchange();
    assert_eq!(end(shop.begin(&crate::support::delivery(check, false))), "retry failing");
    let answer: Answer = answer(200, "[]");
    for (delivery, step, memo) in [
        (set(&[("1", 1, None)], true), "read", "no memo"),
        (set(&[("1", 1, None)], true), "dance", "{}"),
        (tell(true), "dance", ""),
    ] {
        let turn = shop.answered(&delivery, Step(step), memo, answer.as_ref(), 0);
        assert_eq!(end(turn), "retry failing in doubt");
    }
    assert!(matches!(shop.begin(&set(&[], false)), Turn::End(DeliveryResult::Done(DeliveryAnswer::Quantities(_)))));
}
