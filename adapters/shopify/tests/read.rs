//! Reading quantities.

use serde_json::json;
use stockroom::outbox::{DeliveryAnswer, DeliveryResult};
use stockroom_shopify::GraphqlExchange;

use crate::support::*;

fn exchange() -> GraphqlExchange {
    GraphqlExchange::new(shop()).expect("a shop")
}

#[test]
fn what_the_shop_has_is_told() {
    let delivery = read(&["1", "x", "gid://shopify/InventoryItem/2", "3", "4"]);
    let given = levels(&[Some(Some(5)), Some(None), None, Some(Some(-2))]);
    let (requests, end) = converse(&exchange(), &delivery, [given]);
    let variables = &body(&requests[0])["variables"];
    let ids = ["1", "2", "3", "4"].map(|id| format!("gid://shopify/InventoryItem/{id}"));
    assert_eq!(*variables, json!({ "ids": ids, "location": "gid://shopify/Location/7" }));
    assert_eq!(short(&end), "1=shows 5 x=refused gid://shopify/InventoryItem/2=shows 0 3=gone 4=shows -2");
    let DeliveryResult::Done(DeliveryAnswer::Quantities(said)) = end else { panic!("{end:?}") };
    assert_eq!(said.at_ms, Some(DATE_MS));
}

#[test]
fn many_are_read_in_parts_and_what_is_known_is_told() {
    let items: Vec<String> = (1..=250).map(|item| item.to_string()).collect();
    let items: Vec<&str> = items.iter().map(String::as_str).collect();
    let delivery = read(&items);
    let counts = |requests: &[stockroom::ports::HttpRequest]| -> Vec<usize> {
        requests.iter().map(|request| body(request)["variables"]["ids"].as_array().unwrap().len()).collect()
    };
    let all = |request: &stockroom::ports::HttpRequest| {
        levels(&vec![Some(Some(1)); counts(std::slice::from_ref(request))[0]])
    };
    let (requests, end) = run(&exchange(), &delivery, all);
    assert_eq!((counts(&requests), short(&end).matches("=shows 1").count()), (vec![100, 100, 50], 250));

    // The bucket is empty half way.
    let mut asked = 0;
    let (_, end) = run(&exchange(), &delivery, |request| {
        asked += 1;
        if asked == 2 { answer(429, "") } else { all(request) }
    });
    assert!(short(&end).ends_with("100=shows 1, pause 1000"), "{}", short(&end));

    // One query may cost less than we believed.
    let too_costly =
        json!({ "errors": [{ "message": "no", "extensions": { "code": "MAX_COST_EXCEEDED" } }] }).to_string();
    let (requests, end) = run(&exchange(), &delivery, |request| {
        if counts(std::slice::from_ref(request))[0] > 30 { answer(200, &too_costly) } else { all(request) }
    });
    assert_eq!((requests.len(), short(&end).matches("=shows 1").count()), (2 + 10, 250));
}

#[test]
fn a_look_is_never_in_doubt() {
    let error =
        json!({ "errors": [{ "message": "no", "extensions": { "code": "INTERNAL_SERVER_ERROR" } }] }).to_string();
    for (given, expected) in [
        (answer(500, ""), "retry failing"),
        (answer(401, ""), "retry failing"),
        (answer(402, ""), "retry failing after 900000"),
        (answer(429, ""), "retry throttled after 1000"),
        (answer(200, &error), "retry failing"),
        (answer(200, r#"{"data":null}"#), "retry failing"),
        (answer(200, r#"{"data":{"nodes":[]}}"#), "retry failing"),
        (answer(200, r#"{"data":{"nodes":[{"id":"x"}]}}"#), "retry failing"),
        (answer(200, r#"{"data":{"nodes":[{"inventoryLevel":{"quantities":[]}}]}}"#), "retry failing"),
        (answer(200, "no JSON"), "retry failing"),
        (lost(), "retry failing"),
        (not_sent(), "retry failing"),
    ] {
        let (_, end) = converse(&exchange(), &read(&["1"]), [given.clone()]);
        assert_eq!(short(&end), expected, "{given:?}");
    }
    assert_eq!(short(&converse(&exchange(), &read(&[]), []).1), "");
}
