//! Setting quantities: what is sent, and what each answer leads to.

use serde_json::json;
use stockroom::outbox::{DeliveryAnswer, DeliveryResult};
use stockroom::ports::{Exchange, Method, REQUESTS_MAX, Turn};
use stockroom_shopify::GraphqlExchange;
use stockroom_shopify::graphql::codes::{Handling, SET_QUANTITIES_CODES};

use crate::support::*;

fn exchange() -> GraphqlExchange {
    GraphqlExchange::new(shop()).expect("a shop")
}

#[test]
fn a_request_compares_before_it_sets_and_has_a_key() {
    let (requests, end) = converse(&exchange(), &set(&[("1", 5, Some(3)), ("2", 0, Some(0))], false), [was_set(&[])]);
    let request = &requests[0];
    assert_eq!(request.method, Method::Post);
    assert_eq!(request.url, "https://example.myshopify.com/admin/api/2026-07/graphql.json");
    assert!(request.headers.iter().any(|(name, _)| name == "X-Shopify-Access-Token"));
    assert!(!format!("{request:?}").contains(TOKEN));
    let sent = body(request);
    assert_eq!(sent["variables"]["input"]["name"], "available");
    assert_eq!(sent["variables"]["input"]["reason"], "correction");
    assert_eq!(sent["variables"]["input"]["referenceDocumentUri"], "gid://stockroom/Delivery/shop-7");
    assert!(sent["query"].as_str().unwrap().contains("@idempotent(key: $key)"));
    assert_eq!(quantities(request), [("1".to_owned(), 5, 3), ("2".to_owned(), 0, 0)]);
    let key = key(request);
    assert_eq!((key.len(), key.as_bytes()[14]), (36, b'8'), "{key}");
    assert_eq!(short(&end), "1=set 2=set");
    let DeliveryResult::Done(DeliveryAnswer::Quantities(said)) = end else { panic!("{end:?}") };
    assert_eq!(said.at_ms, Some(DATE_MS));
}

#[test]
fn the_same_content_has_the_same_key_and_other_content_another() {
    let key_of = |delivery| match exchange().begin(&delivery) {
        Turn::Ask { request, .. } => key(&request),
        Turn::End(end) => panic!("{end:?}"),
    };
    let base = set(&[("1", 5, Some(3))], false);
    let mut again = set(&[("gid://shopify/InventoryItem/1", 5, Some(3))], true);
    again.attempt = 9;
    assert_eq!(key_of(base.clone()), key_of(again));
    let mut other_number = base.clone();
    other_number.number = 8;
    let mut other_destination = base.clone();
    other_destination.destination = "shop2".into();
    let others = [
        other_number,
        other_destination,
        set(&[("1", 6, Some(3))], false),
        set(&[("1", 5, Some(4))], false),
        set(&[("2", 5, Some(3))], false),
        set(&[("1", 5, Some(3)), ("2", 1, Some(0))], false),
    ];
    let mut keys: Vec<String> = others.into_iter().map(key_of).collect();
    keys.push(key_of(base));
    let count = keys.len();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), count);
}

#[test]
fn each_user_error_has_its_handling() {
    let stale = "CHANGE_FROM_QUANTITY_STALE";
    let one = [("1", 5, Some(3))];
    let two = [("1", 5, Some(3)), ("2", 8, Some(2))];
    type Row<'a> = (&'a [(&'a str, i64, Option<i64>)], Vec<Answer>, &'a str);
    let activated =
        |quantity| data(json!({ "inventoryActivate": { "inventoryLevel": level_of(quantity), "userErrors": [] } }));
    let not_activated = || {
        data(
            json!({ "inventoryActivate": { "inventoryLevel": null, "userErrors": [{ "field": null, "message": "no" }] } }),
        )
    };
    let rows: Vec<Row<'_>> = vec![
        (&one, vec![was_set(&[])], "1=set"),
        (&one, vec![was_set(&[(stale, Some(0))]), levels(&[Some(Some(9))])], "1=shows 9"),
        (&one, vec![was_set(&[("COMPARE_QUANTITY_STALE", Some(0))]), levels(&[Some(Some(9))])], "1=shows 9"),
        (&one, vec![was_set(&[(stale, Some(0))]), levels(&[Some(Some(5))])], "1=set"),
        (&one, vec![was_set(&[(stale, Some(0))]), levels(&[None])], "1=gone"),
        (&one, vec![was_set(&[(stale, None)]), levels(&[Some(Some(4))])], "1=shows 4"),
        // The other entry is sent again without the one in error, then that one is looked at.
        (&two, vec![was_set(&[(stale, Some(1))]), was_set(&[]), levels(&[Some(Some(1))])], "1=set 2=shows 1"),
        (
            &two,
            vec![was_set(&[(stale, Some(0)), (stale, Some(1))]), levels(&[Some(Some(1)), Some(Some(8))])],
            "1=shows 1 2=set",
        ),
        // Nobody says which it is: one at a time.
        (
            &two,
            vec![was_set(&[(stale, None)]), was_set(&[]), was_set(&[(stale, Some(0))]), levels(&[Some(Some(1))])],
            "1=set 2=shows 1",
        ),
        (&two, vec![was_set(&[("INVALID_INVENTORY_ITEM", Some(0))]), was_set(&[])], "1=gone 2=set"),
        (&two, vec![was_set(&[("NON_MUTABLE_INVENTORY_ITEM", Some(0))]), was_set(&[])], "1=refused 2=set"),
        (&two, vec![was_set(&[("INVALID_QUANTITY_NEGATIVE", Some(1))]), was_set(&[])], "1=set 2=refused"),
        (&one, vec![was_set(&[("INVALID_QUANTITY_TOO_HIGH", Some(0))])], "1=refused"),
        (&one, vec![was_set(&[("INVALID_QUANTITY_TOO_LOW", Some(0))])], "1=refused"),
        (
            &two,
            vec![was_set(&[("NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR", Some(1))]), was_set(&[])],
            "1=set 2=refused",
        ),
        (
            &two,
            vec![was_set(&[("ITEM_NOT_STOCKED_AT_LOCATION", Some(1))]), was_set(&[]), activated(0), was_set(&[])],
            "1=set 2=set",
        ),
        (&one, vec![was_set(&[("ITEM_NOT_STOCKED_AT_LOCATION", Some(0))]), activated(5)], "1=set"),
        (&one, vec![was_set(&[("ITEM_NOT_STOCKED_AT_LOCATION", Some(0))]), not_activated()], "1=refused"),
        (
            &one,
            vec![
                was_set(&[("ITEM_NOT_STOCKED_AT_LOCATION", Some(0))]),
                activated(0),
                was_set(&[("ITEM_NOT_STOCKED_AT_LOCATION", Some(0))]),
            ],
            "1=not yet",
        ),
        (&two, vec![was_set(&[("SOMETHING_NEW", Some(0))]), was_set(&[])], "1=not yet 2=set"),
        (&one, vec![was_set(&[("SOMETHING_NEW", None)])], "1=not yet"),
        (&one, vec![was_set(&[("INVALID_LOCATION", Some(0))])], "retry failing"),
        (&one, vec![was_set(&[("INVALID_REASON", None)])], "retry failing"),
        (&one, vec![was_set(&[("INVALID_REFERENCE_DOCUMENT", None)])], "retry failing"),
        (&one, vec![was_set(&[("INVALID_NAME", None)])], "retry failing"),
        (&one, vec![was_set(&[("COMPARE_QUANTITY_REQUIRED", None)])], "retry failing"),
        (&one, vec![was_set(&[("IDEMPOTENCY_CONCURRENT_REQUEST", None)])], "retry not yet after 2000 in doubt"),
        (&one, vec![was_set(&[("IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED", None)]), was_set(&[])], "1=set"),
        (&one, vec![was_set(&[("IDEMPOTENCY_KEY_PARAMETER_MISMATCH", None)]), was_set(&[])], "1=set"),
    ];
    let mut seen: Vec<String> = Vec::new();
    for (listings, answers, expected) in rows {
        let text = format!("{answers:?}");
        seen.extend(answers.iter().flatten().map(|answer| String::from_utf8_lossy(&answer.body).into_owned()));
        let (_, end) = converse(&exchange(), &set(listings, false), answers);
        assert_eq!(short(&end), expected, "{text}");
    }
    for (code, _) in SET_QUANTITIES_CODES {
        assert!(seen.iter().any(|body| body.contains(&format!("\"{code}\""))), "no row for {code}");
    }
}

#[test]
fn a_key_that_was_used_up_is_followed_by_the_next_each_time_the_same() {
    let delivery = set(&[("1", 5, Some(3))], false);
    let failed = || was_set(&[("IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED", None)]);
    let (first, _) = converse(&exchange(), &delivery, [failed(), lost()]);
    let (second, _) = converse(&exchange(), &set(&[("1", 5, Some(3))], true), [failed(), was_set(&[])]);
    assert_eq!(first.iter().map(key).collect::<Vec<_>>(), second.iter().map(key).collect::<Vec<_>>());
    assert_ne!(key(&first[0]), key(&first[1]));
    // A shop that never has one does not hold the conversation up for ever.
    let (requests, end) = run(&exchange(), &delivery, |_| failed());
    assert_eq!((requests.len(), short(&end).as_str()), (REQUESTS_MAX as usize, "1=not yet"));
}

/// Somebody changed it and changed it back, and the shop says under a key what it said before.
#[test]
fn a_quantity_that_went_back_is_set_with_another_key() {
    let listings = [("1", 5, Some(3))];
    let stale = || was_set(&[("CHANGE_FROM_QUANTITY_STALE", Some(0))]);
    let looked = || levels(&[Some(Some(3))]);
    let (first, _) = converse(&exchange(), &set(&listings, false), [stale(), looked(), lost()]);
    let [sent, again] = [0, 2].map(|place| body(&first[place])["variables"]["input"].clone());
    assert_eq!(sent, again);
    assert_ne!(key(&first[0]), key(&first[2]));
    // The answer was lost: the next attempt asks under the same keys, however often it went back.
    let answers = [stale(), looked(), stale(), looked(), was_set(&[])];
    let (second, end) = converse(&exchange(), &set(&listings, true), answers);
    assert_eq!([0, 2].map(|place| key(&first[place])), [0, 2].map(|place| key(&second[place])));
    assert_ne!(key(&second[2]), key(&second[4]));
    assert_eq!(short(&end), "1=set");
}

#[test]
fn what_is_not_known_is_read_first() {
    let unknown = [("1", 5, None), ("2", 8, Some(2))];
    let delivery = set(&unknown, false);
    let (requests, end) = converse(&exchange(), &delivery, [was_set(&[]), levels(&[Some(Some(4))]), was_set(&[])]);
    assert_eq!(
        requests.iter().map(operation).collect::<Vec<_>>(),
        ["SetQuantities", "ReadQuantities", "SetQuantities"]
    );
    assert_eq!(quantities(&requests[0]), [("2".to_owned(), 8, 2)]);
    assert_eq!(quantities(&requests[2]), [("1".to_owned(), 5, 4)]);
    assert_eq!(short(&end), "1=set 2=set");
    for (level, more, expected) in [
        (Some(Some(5)), vec![], "1=set"),
        (None, vec![], "1=gone"),
        (
            Some(None),
            vec![data(json!({ "inventoryActivate": { "inventoryLevel": level_of(5), "userErrors": [] } }))],
            "1=set",
        ),
    ] {
        let answers = [levels(&[level])].into_iter().chain(more);
        let (_, end) = converse(&exchange(), &set(&[("1", 5, None)], false), answers);
        assert_eq!(short(&end), expected);
    }
}

#[test]
fn in_doubt_what_was_not_known_is_told_and_not_set_over() {
    let delivery = set(&[("1", 5, None)], true);
    for (level, expected) in [(5, "1=set"), (4, "1=shows 4")] {
        assert_eq!(short(&converse(&exchange(), &delivery, [levels(&[Some(Some(level))])]).1), expected);
    }
}

#[test]
fn what_cannot_be_sent_is_refused_here() {
    let listings = [
        ("x", 1, Some(0)),
        ("1", 1, Some(0)),
        ("gid://shopify/InventoryItem/1", 2, Some(0)),
        ("3", 1_000_000_001, Some(0)),
        ("gid://shopify/Order/4", 1, Some(0)),
        ("5", 1, Some(i64::MAX)),
    ];
    let (requests, end) = converse(&exchange(), &set(&listings, false), [was_set(&[]), levels(&[Some(Some(1))])]);
    assert_eq!(quantities(&requests[0]), [("1".to_owned(), 1, 0)]);
    let expected =
        "x=refused 1=set gid://shopify/InventoryItem/1=refused 3=refused gid://shopify/Order/4=refused 5=set";
    assert_eq!(short(&end), expected);
    assert_eq!(short(&converse(&exchange(), &set(&[], false), []).1), "");
}

#[test]
fn a_large_delivery_goes_in_parts() {
    let items: Vec<String> = (1..=600).map(|item| item.to_string()).collect();
    let listings: Vec<(&str, i64, Option<i64>)> = items.iter().map(|item| (item.as_str(), 5, Some(3))).collect();
    let (requests, end) = run(&exchange(), &set(&listings, false), |_| was_set(&[]));
    assert_eq!(requests.iter().map(|request| quantities(request).len()).collect::<Vec<_>>(), [250, 250, 100]);
    assert_eq!(short(&end).matches("=set").count(), 600);
}

#[test]
fn every_answer_ends_sensibly() {
    let throttled = |available: i64| {
        let errors = json!([{ "message": "Throttled", "extensions": { "code": "THROTTLED" } }]);
        json!({ "errors": errors, "extensions": cost(500, available) }).to_string()
    };
    let error = |code: &str| json!({ "errors": [{ "message": "no", "extensions": { "code": code } }] }).to_string();
    let low = json!({ "data": { "inventorySetQuantities": { "userErrors": [] } }, "extensions": cost(10, 50) });
    let rows: Vec<(Answer, &str)> = vec![
        (answer(200, &throttled(100)), "retry throttled after 8100"),
        (answer(200, &throttled(499)), "retry throttled after 120"),
        (answer(200, &throttled(600)), "retry throttled after 100"),
        (answer(429, &throttled(100)), "retry throttled after 8100"),
        (answer(200, r#"{"errors":[{"message":"Throttled"}]}"#), "retry throttled after 1000"),
        (answer_with(429, ("retry-after", "2.0"), ""), "retry throttled after 2000"),
        (answer(429, ""), "retry throttled after 1000"),
        (answer(200, &error("ACCESS_DENIED")), "retry failing"),
        (answer(200, &error("SHOP_INACTIVE")), "retry failing after 900000"),
        (answer(200, &error("INTERNAL_SERVER_ERROR")), "retry failing in doubt"),
        (answer(200, &error("SOMETHING_NEW")), "retry failing in doubt"),
        (answer(200, r#"{"errors":"[API] Invalid API key or access token"}"#), "retry failing in doubt"),
        (answer(200, r#"{"data":null}"#), "retry failing in doubt"),
        (answer(200, r#"{"data":{}}"#), "retry failing in doubt"),
        (answer(200, r#"{"data":{"inventorySetQuantities":null}}"#), "retry failing in doubt"),
        (answer(200, r#"{"data":{"inventorySetQuantities":{}}}"#), "retry failing in doubt"),
        (answer(200, "{}"), "retry failing in doubt"),
        (answer(200, "<html>"), "retry failing in doubt"),
        (answer(200, ""), "retry failing in doubt"),
        (answer(201, "{}"), "retry failing in doubt"),
        (answer(301, ""), "retry failing"),
        (answer(400, ""), "retry failing"),
        (answer(401, TOKEN), "retry failing"),
        (answer(402, ""), "retry failing after 900000"),
        (answer(403, ""), "retry failing"),
        (answer(404, ""), "retry failing"),
        (answer(423, ""), "retry failing after 900000"),
        (answer(430, ""), "retry failing"),
        (answer(500, ""), "retry failing in doubt"),
        (answer_with(503, ("Retry-After", "5"), ""), "retry failing after 5000 in doubt"),
        (lost(), "retry failing in doubt"),
        (not_sent(), "retry failing"),
        (answer(200, &low.to_string()), "1=set, pause 9100"),
    ];
    for (given, expected) in rows {
        let (_, end) = converse(&exchange(), &set(&[("1", 5, Some(3))], false), [given.clone()]);
        assert_eq!(short(&end), expected, "{given:?}");
        // An old doubt lives on until it is settled.
        let (_, end) = converse(&exchange(), &set(&[("1", 5, Some(3))], true), [given]);
        assert!(short(&end).contains("in doubt") || short(&end).starts_with("1=set"), "{}", short(&end));
    }
}

#[test]
fn what_was_done_is_told_before_the_rest_is_left() {
    let throttled = || answer(429, "");
    let stale = was_set(&[("CHANGE_FROM_QUANTITY_STALE", Some(1))]);
    let two = [("1", 5, Some(3)), ("2", 8, Some(2))];
    let (_, end) = converse(&exchange(), &set(&two, false), [stale.clone(), was_set(&[]), throttled()]);
    assert_eq!(short(&end), "1=set 2=not yet, pause 1000");
    let (_, end) = converse(&exchange(), &set(&two, false), [stale.clone(), throttled()]);
    assert_eq!(short(&end), "retry throttled after 1000");
    let (_, end) = converse(&exchange(), &set(&two, true), [stale.clone(), was_set(&[]), throttled()]);
    assert_eq!(short(&end), "retry throttled after 1000 in doubt");
    let (_, end) = converse(&exchange(), &set(&two, false), [stale.clone(), was_set(&[]), not_sent()]);
    assert_eq!(short(&end), "retry failing in doubt");
    let (_, end) = converse(&exchange(), &set(&two, false), [stale, was_set(&[]), lost()]);
    assert_eq!(short(&end), "retry failing in doubt");
}

#[test]
fn codes_stand_in_the_table_once() {
    let mut codes: Vec<&str> = SET_QUANTITIES_CODES.iter().map(|(code, _)| *code).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), SET_QUANTITIES_CODES.len());
    assert!(SET_QUANTITIES_CODES.contains(&("CHANGE_FROM_QUANTITY_STALE", Handling::Look)));
}

#[test]
fn other_deliveries_and_lost_memos_do_no_harm() {
    let delivery = set(&[("1", 5, Some(3))], false);
    let Turn::Ask { step, .. } = exchange().begin(&delivery) else { panic!("it asks") };
    for memo in
        ["", "{}", "null", "[]", r#"{"turns":1,"salt":0,"items":1,"sets":1,"changed":false,"entries":[],"asked":[5]}"#]
    {
        let said = was_set(&[]);
        let Turn::End(end) = exchange().answered(&delivery, step, memo, said.as_ref(), NOW_MS) else {
            panic!("{memo}")
        };
        assert_eq!(short(&end), "retry failing in doubt", "{memo}");
    }
}
