//! Quantities by REST.

use serde_json::json;
use stockroom::ports::{HttpRequest, Method};
use stockroom_shopify::RestExchange;

use crate::support::*;

fn exchange() -> RestExchange {
    RestExchange::new(shop()).expect("a shop")
}

fn levels(levels: &[(u64, Option<i64>)]) -> Answer {
    let level = |(item, available): &(u64, Option<i64>)| json!({ "inventory_item_id": item, "location_id": 7, "available": available, "updated_at": "2026-09-21T10:00:00Z" });
    answer(200, &json!({ "inventory_levels": levels.iter().map(level).collect::<Vec<_>>() }).to_string())
}

fn was_set(available: i64) -> Answer {
    answer(
        200,
        &json!({ "inventory_level": { "inventory_item_id": 1, "location_id": 7, "available": available } }).to_string(),
    )
}

fn line(request: &HttpRequest) -> String {
    let path = request.url.trim_start_matches("https://example.myshopify.com/admin/api/2026-07/");
    format!("{} {path} {}", request.method.name(), String::from_utf8_lossy(&request.body)).trim_end().to_owned()
}

#[test]
fn a_quantity_is_looked_at_and_then_set() {
    let delivery = set(&[("1", 5, Some(3)), ("gid://shopify/InventoryItem/2", 8, None), ("x", 1, None)], false);
    let answers = [levels(&[(1, Some(3)), (2, Some(9))]), was_set(5), was_set(8)];
    let (requests, end) = converse(&exchange(), &delivery, answers);
    assert_eq!(
        requests.iter().map(line).collect::<Vec<_>>(),
        [
            "GET inventory_levels.json?inventory_item_ids=1,2&location_ids=7&limit=250",
            r#"POST inventory_levels/set.json {"available":5,"inventory_item_id":1,"location_id":7}"#,
            r#"POST inventory_levels/set.json {"available":8,"inventory_item_id":2,"location_id":7}"#,
        ]
    );
    assert!(requests.iter().all(|request| !format!("{request:?}").contains(TOKEN)));
    assert_eq!(short(&end), "1=set gid://shopify/InventoryItem/2=set x=refused");
}

#[test]
fn each_answer_has_its_end() {
    let known = || levels(&[(1, Some(3))]);
    let rows: Vec<(Vec<Answer>, &str)> = vec![
        (vec![levels(&[(1, Some(5))])], "1=set"),
        (vec![levels(&[(1, Some(4))])], "1=shows 4"),
        (vec![levels(&[]), was_set(5)], "1=set"),
        (vec![levels(&[(1, None)])], "1=refused"),
        (vec![levels(&[]), answer(200, r#"{"inventory_level":{"available":null}}"#)], "1=refused"),
        (vec![known(), answer(422, ""), answer(201, "{}"), was_set(5)], "1=set"),
        (vec![known(), answer(422, ""), answer(422, r#"{"errors":["not tracked"]}"#)], "1=refused"),
        (vec![known(), answer(422, ""), answer(201, "{}"), answer(422, "")], "1=refused"),
        (vec![known(), answer(404, ""), answer(404, "")], "1=gone"),
        (vec![known(), answer(404, ""), answer(200, "{}")], "retry failing"),
        (vec![known(), answer(200, "{}")], "retry failing in doubt"),
        (vec![known(), lost()], "retry failing in doubt"),
        (vec![known(), not_sent()], "retry failing"),
        (vec![known(), answer(500, "")], "retry failing in doubt"),
        (vec![known(), answer_with(429, ("Retry-After", "2.0"), "")], "retry throttled after 2000"),
        (vec![known(), answer(401, "")], "retry failing"),
        (vec![known(), answer(402, "")], "retry failing after 900000"),
        (vec![answer(404, "")], "retry failing"),
        (vec![answer(200, "{}")], "retry failing"),
        (vec![lost()], "retry failing"),
    ];
    for (answers, expected) in rows {
        let text = format!("{answers:?}");
        let (_, end) = converse(&exchange(), &set(&[("1", 5, Some(3))], false), answers);
        assert_eq!(short(&end), expected, "{text}");
    }
    let doubt = |level| short(&converse(&exchange(), &set(&[("1", 5, None)], true), [levels(&[(1, Some(level))])]).1);
    assert_eq!([doubt(5), doubt(4)], ["1=set", "1=shows 4"]);
}

#[test]
fn the_pace_is_kept() {
    for (header, expected) in [
        ("10/40", "1=set"),
        ("35/40", "1=set"),
        ("36/40", "1=set, pause 600"),
        ("40/40", "1=set, pause 2600"),
        ("41/40", "1=set, pause 2600"),
        ("soon", "1=set"),
    ] {
        let last =
            answer_with(200, ("x-shopify-shop-api-call-limit", header), r#"{"inventory_level":{"available":5}}"#);
        let (_, end) = converse(&exchange(), &set(&[("1", 5, Some(3))], false), [levels(&[(1, Some(3))]), last]);
        assert_eq!(short(&end), expected, "{header}");
    }
    let two = [("1", 5, Some(3)), ("2", 5, Some(3))];
    let answers = || [levels(&[(1, Some(3)), (2, Some(3))]), was_set(5), answer(429, "")];
    assert_eq!(short(&converse(&exchange(), &set(&two, false), answers()).1), "1=set 2=not yet, pause 1000");
    assert_eq!(short(&converse(&exchange(), &set(&two, true), answers()).1), "retry throttled after 1000 in doubt");
    let many: Vec<String> = (1..=30).map(|item| item.to_string()).collect();
    let many: Vec<(&str, i64, Option<i64>)> = many.iter().map(|item| (item.as_str(), 5, Some(3))).collect();
    let (requests, end) = run(&exchange(), &set(&many, false), |request| match request.method {
        Method::Get => levels(&(1..=30).map(|item| (item, Some(3))).collect::<Vec<_>>()),
        _ => was_set(5),
    });
    assert_eq!(
        (requests.len(), short(&end).matches("=set").count(), short(&end).matches("=not yet").count()),
        (19, 18, 12)
    );
}

#[test]
fn quantities_are_read_and_shipments_go_by_graphql() {
    let (_, end) = converse(&exchange(), &read(&["1", "2", "x"]), [levels(&[(1, Some(4))])]);
    assert_eq!(short(&end), "1=shows 4 2=shows 0 x=refused");
    let (requests, _) = converse(&exchange(), &tell(&[(Some("1"), "x", "north", 1)], "AB1", false), [lost()]);
    assert!(requests[0].url.ends_with("/graphql.json"));
}
