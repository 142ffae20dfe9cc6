//! Orders that were missed: pages, lines of long orders, failures, and the same order as a webhook tells.

use serde_json::{Value, json};
use stockroom::channel::NoteOrdersThrough;
use stockroom::ports::HttpRequest;
use stockroom_shopify::{Backfill, BackfillPage, BackfillTurn, GraphqlExchange, OrderMapping};

use crate::support::*;
use crate::webhook;

const SINCE_MS: i64 = NOW_MS - 86_400_000;

fn look() -> Backfill {
    let exchange = GraphqlExchange::new(shop()).expect("a shop");
    Backfill::new(&exchange, OrderMapping::new("web").expect("a channel"), SINCE_MS)
}

fn bag(amount: &str) -> Value {
    json!({ "shopMoney": { "amount": amount, "currencyCode": "GBP" },
            "presentmentMoney": { "amount": amount, "currencyCode": "GBP" } })
}

fn line(id: u64) -> Value {
    json!({ "id": format!("gid://shopify/LineItem/{id}"), "title": "Mug", "sku": format!("mug-{id}"), "quantity": 2,
            "currentQuantity": 2, "isGiftCard": false, "variant": { "id": "gid://shopify/ProductVariant/9" },
            "originalUnitPriceSet": bag("5.0") })
}

pub(crate) fn order(id: u64, lines: Vec<Value>, more: Option<&str>) -> Value {
    json!({ "id": format!("gid://shopify/Order/{id}"), "name": format!("#{id}"), "test": false,
            "updatedAt": "2026-09-21T10:00:00Z", "cancelledAt": null, "cancelReason": null, "currencyCode": "GBP",
            "presentmentCurrencyCode": "GBP", "displayFinancialStatus": "PAID", "sourceName": "web",
            "taxesIncluded": true, "note": null, "email": "ada@example.org", "totalPriceSet": bag("10.0"),
            "totalShippingPriceSet": bag("0.0"), "totalTaxSet": bag("1.67"), "totalDiscountsSet": bag("0.0"),
            "totalTipReceivedSet": bag("0.0"), "shippingAddress": null,
            "lineItems": { "nodes": lines, "pageInfo": { "hasNextPage": more.is_some(), "endCursor": more } } })
}

fn page(orders: Vec<Value>, next: Option<&str>) -> Answer {
    data(json!({ "orders": { "nodes": orders, "pageInfo": { "hasNextPage": next.is_some(), "endCursor": next } } }))
}

fn lines(id: u64, lines: Vec<Value>, next: Option<&str>) -> Answer {
    data(json!({ "order": { "id": format!("gid://shopify/Order/{id}"), "updatedAt": "2026-09-21T10:00:00Z",
        "lineItems": { "nodes": lines, "pageInfo": { "hasNextPage": next.is_some(), "endCursor": next } } } }))
}

/// Has a look with these answers; all of them have to be used up.
fn looked(answers: Vec<Answer>) -> (Vec<HttpRequest>, Vec<BackfillPage>) {
    let (mut look, mut requests, mut pages) = (look(), Vec::new(), Vec::new());
    let mut answers = answers.into_iter();
    while let Some(request) = look.request() {
        requests.push(request);
        match look.answered(answers.next().expect("one more is asked").as_ref(), NOW_MS) {
            BackfillTurn::Page(page) => pages.push(page),
            BackfillTurn::Retry(retry) => panic!("{retry:?}"),
        }
    }
    assert_eq!(answers.next(), None);
    (requests, pages)
}

fn long() -> (Vec<HttpRequest>, Vec<BackfillPage>) {
    looked(vec![
        page(vec![order(1, vec![line(11)], None), order(2, vec![line(21)], Some("l1"))], Some("p1")),
        lines(2, vec![line(22)], Some("l2")),
        lines(2, vec![line(23)], None),
        page(vec![order(3, vec![line(31)], None)], None),
    ])
}

/// Requests of all kinds that a look can make.
pub(crate) fn all_requests() -> Vec<HttpRequest> {
    long().0
}

#[test]
fn pages_are_followed_to_their_end() {
    let (requests, pages) = long();
    let variables: Vec<Value> = requests.iter().map(|request| body(request)["variables"].clone()).collect();
    assert_eq!(variables[0], json!({ "query": "updated_at:>='2026-09-20T14:13:20Z'", "first": 5 }));
    assert_eq!(variables[1], json!({ "order": "gid://shopify/Order/2", "after": "l1" }));
    assert_eq!(variables[2]["after"], "l2");
    assert_eq!(variables[3]["after"], "p1");
    let taken: Vec<(&str, usize)> = pages
        .iter()
        .flat_map(|page| &page.orders)
        .map(|taken| (taken.order.id.as_str(), taken.order.lines.len()))
        .collect();
    assert_eq!(taken, [("shopify-1", 1), ("shopify-2", 3), ("shopify-3", 1)]);
    let ends: Vec<&NoteOrdersThrough> = pages.iter().filter_map(|page| page.end.as_ref()).collect();
    assert_eq!(ends, [&NoteOrdersThrough { channel: "web".into(), through_ms: DATE_MS - 120_000 }]);
    assert!(pages.last().unwrap().end.is_some());
    assert!(pages.iter().flat_map(|page| &page.orders).all(|taken| taken.message.is_none()));
    assert_eq!(pages[0].orders[0].order.told_at_ms, DATE_MS);
}

#[test]
fn an_order_that_changes_meanwhile_comes_again_and_one_that_cannot_be_taken_is_named() {
    let mut changed = lines(2, vec![line(22)], None).unwrap();
    let text = String::from_utf8(changed.body).unwrap().replace("10:00:00Z", "10:00:01Z");
    changed.body = text.into_bytes();
    let mut odd = order(4, vec![line(41)], None);
    odd["currencyCode"] = json!("USDC");
    let (_, pages) = looked(vec![
        page(vec![order(2, vec![line(21)], Some("l1")), odd, order(5, vec![line(51)], Some("l1"))], None),
        Ok(changed),
        data(json!({ "order": null })),
    ]);
    assert!(pages.iter().all(|page| page.orders.is_empty()));
    assert_eq!(pages[0].faults.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [4]);
    assert!(pages[2].end.is_some());
    // An order that changed a moment ago may change again within the second.
    let mut new = order(6, vec![line(61)], None);
    new["updatedAt"] = json!("2026-09-21T14:13:00Z");
    let (_, pages) = looked(vec![page(vec![new], None)]);
    assert_eq!(pages[0].orders[0].order.told_at_ms, 0);
}

#[test]
fn failures_ask_the_same_again() {
    let throttled = json!({ "errors": [{ "message": "Throttled", "extensions": { "code": "THROTTLED" } }],
        "extensions": cost(500, 100) });
    for (given, expected) in [
        (answer(200, &throttled.to_string()), Some(8_100)),
        (answer_with(429, ("Retry-After", "3"), ""), Some(3_000)),
        (answer(500, ""), None),
        (answer(401, ""), None),
        (answer(200, "{}"), None),
        (answer(200, r#"{"data":{}}"#), None),
        (answer(200, r#"{"data":{"orders":{"nodes":[{}],"pageInfo":{"hasNextPage":false}}}}"#), None),
        (lost(), None),
        (not_sent(), None),
    ] {
        let mut look = look();
        let before = look.request();
        match look.answered(given.as_ref(), NOW_MS) {
            BackfillTurn::Retry(retry) => assert_eq!((retry.after_ms, retry.doubt), (expected, false), "{given:?}"),
            BackfillTurn::Page(page) => panic!("{given:?}: {page:?}"),
        }
        assert_eq!(look.request(), before);
    }
    // A shop that gives the same page for ever is not followed.
    let mut look = look();
    let same = page(vec![], Some("p1"));
    assert!(matches!(look.answered(same.as_ref(), NOW_MS), BackfillTurn::Page(_)));
    assert!(matches!(look.answered(same.as_ref(), NOW_MS), BackfillTurn::Retry(_)));
    // A page that costs too much is asked for in smaller parts.
    let error = json!({ "errors": [{ "message": "no", "extensions": { "code": "MAX_COST_EXCEEDED" } }] }).to_string();
    let (requests, _) = looked(vec![answer(200, &error), answer(200, &error), page(vec![], None)]);
    let firsts: Vec<i64> =
        requests.iter().map(|request| body(request)["variables"]["first"].as_i64().unwrap()).collect();
    assert_eq!(firsts, [5, 2, 1]);
    let low = json!({ "data": { "orders": { "nodes": [], "pageInfo": { "hasNextPage": false } } }, "extensions": cost(10, 50) });
    assert_eq!(looked(vec![answer(200, &low.to_string())]).1[0].pause_ms, Some(9_100));
}

#[test]
fn an_order_is_the_same_as_its_webhook_says() {
    let (body, node) = webhook::one_order_both_ways();
    let mut told = webhook::order_of(&body);
    let (_, pages) = looked(vec![page(vec![node], None)]);
    let mut looked = pages[0].orders[0].order.clone();
    // Only when it was said differs.
    (told.told_at_ms, looked.told_at_ms) = (0, 0);
    assert_eq!(looked, told);
}
