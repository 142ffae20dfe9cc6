//! Backfills as documents: the pages of a shop become commands that the engine takes, and the end is noted.

use serde_json::{Value, json};
use stockroom::ErrorKind;
use stockroom_documents::Backfill;

use crate::support::*;

const SINCE_MS: i64 = NOW_MS - 86_400_000;

fn settings(shop: &str) -> Value {
    match shop {
        "shopify" => json!({ "shopify": { "shop": shopify_shop(), "orders": { "channel": "web" } } }),
        _ => {
            json!({ "woocommerce": { "shop": woocommerce_shop(), "orders": { "channel": "web", "currency": "EUR" } } })
        }
    }
}

fn begin(settings: &Value) -> Backfill {
    assert_valid("backfill_settings", settings);
    let look = Backfill::parse(&bytes(settings), SINCE_MS).unwrap_or_else(|error| panic!("{settings}: {error}"));
    assert_says_no_secret(&format!("{look:?}"));
    look
}

fn request(look: &mut Backfill) -> Value {
    assert_says_no_secret(&format!("{:?}", look.request(NOW_MS)));
    let request = value(&look.request_json(NOW_MS).unwrap());
    assert_valid("backfill_request", &request);
    request
}

fn answered(look: &mut Backfill, answer: &Value) -> Value {
    assert_valid("answer", answer);
    let page = value(&look.answered_json(&bytes(answer), NOW_MS).unwrap().to_json().unwrap());
    assert_valid("backfill", &page);
    assert_says_no_secret(&page.to_string());
    page
}

fn answer(body: &Value, pages: u32) -> Value {
    json!({ "response": { "status": 200, "headers": { "Date": DATE, "X-WP-TotalPages": pages.to_string() },
        "body": body.to_string() } })
}

/// Has a look with these answers, carries each page out, and gives the pages.
fn look(shop: &Shop, settings: &Value, answers: &[Value]) -> Vec<Value> {
    let mut look = begin(settings);
    let mut pages = Vec::new();
    for answer in answers {
        let asked = request(&mut look);
        assert!(asked["url"].as_str().unwrap().starts_with("https://"), "{asked}");
        assert_eq!(asked["timeout_ms"], 60_000);
        let page = answered(&mut look, answer);
        for outcome in carry_out(shop, &page["commands"]) {
            assert!(outcome.get("accepted").is_some(), "{outcome}");
        }
        pages.push(page);
    }
    assert_eq!(request(&mut look), Value::Null, "it asks for more");
    let error = look.answered_json(b"{\"lost\":\"x\"}", NOW_MS).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed, "it is over");
    pages
}

fn bag(amount: &str) -> Value {
    json!({ "shopMoney": { "amount": amount, "currencyCode": "EUR" },
            "presentmentMoney": { "amount": amount, "currencyCode": "EUR" } })
}

fn shopify_order(id: u64, currency: &str) -> Value {
    json!({ "id": format!("gid://shopify/Order/{id}"), "name": format!("#{id}"), "test": false,
        "updatedAt": "2026-09-21T10:00:00Z", "cancelledAt": null, "cancelReason": null, "currencyCode": currency,
        "presentmentCurrencyCode": currency, "displayFinancialStatus": "PAID", "sourceName": "web",
        "taxesIncluded": true, "note": null, "email": "ada@example.org", "totalPriceSet": bag("10.0"),
        "totalShippingPriceSet": bag("0.0"), "totalTaxSet": bag("1.67"), "totalDiscountsSet": bag("0.0"),
        "totalTipReceivedSet": bag("0.0"), "shippingAddress": null, "lineItems": { "nodes": [
            { "id": "gid://shopify/LineItem/11", "title": "Mug", "sku": "mug", "quantity": 2, "currentQuantity": 2,
              "isGiftCard": false, "variant": null, "originalUnitPriceSet": bag("5.0") }],
            "pageInfo": { "hasNextPage": false, "endCursor": null } } })
}

fn shopify_page(orders: &[Value], next: Option<&str>) -> Value {
    let orders = json!({ "nodes": orders, "pageInfo": { "hasNextPage": next.is_some(), "endCursor": next } });
    let low = json!({ "cost": { "requestedQueryCost": 800, "actualQueryCost": 800, "throttleStatus": {
        "maximumAvailable": 1000.0, "currentlyAvailable": 50, "restoreRate": 50.0 } } });
    answer(&json!({ "data": { "orders": orders }, "extensions": low }), 1)
}

#[test]
fn a_shopify_shop_is_read_to_its_end() {
    let shop = shop();
    let first = shopify_page(&[shopify_order(1, "EUR"), shopify_order(2, "USDC")], Some("p1"));
    let last = shopify_page(&[shopify_order(3, "EUR")], None);
    let throttled = json!({ "response": { "status": 429, "headers": { "Retry-After": "3" }, "body": "" } });
    let lost = json!({ "lost": "shpat_s3cret was heard, and no answer came" });
    let pages = look(&shop, &settings("shopify"), &[throttled, lost.clone(), lost, first, last]);
    let failures: Vec<(&Value, &Value)> =
        pages[..3].iter().map(|page| (&page["wait_ms"], &page["failure"]["failures"])).collect();
    assert_eq!(failures, [(&json!(3000), &json!(1)), (&json!(2000), &json!(2)), (&json!(4000), &json!(3))]);
    assert_eq!(pages[0]["failure"]["cause"], "throttled");
    assert!(pages[..4].iter().all(|page| page["more"] == true));
    let faults = &pages[3]["faults"];
    assert!(has(faults, &json!([{ "order": "2" }])), "{faults}");
    assert!(pages[3]["wait_ms"].as_i64().unwrap() > 1000, "the bucket is nearly empty: {}", pages[3]);
    assert_eq!(pages[4]["more"], false);
    let commands = pages[4]["commands"].as_array().unwrap();
    assert!(commands[0]["action"].get("take_channel_order").is_some());
    assert!(commands[1]["action"].get("note_orders_through").is_some(), "the end is the last");
    assert!(ask(&shop, &json!({ "order": { "order": "shopify-1" } })).is_object());
    assert_eq!(ask(&shop, &json!({ "channel": { "channel": "web" } }))["orders_through_ms"], NOW_MS - 120_000);
}

fn woocommerce_order(id: u64, status: &str) -> Value {
    json!({ "id": id, "status": status, "currency": "EUR", "date_created_gmt": "2026-09-21T09:30:00",
        "date_modified_gmt": "2026-09-21T09:31:02", "line_items": [
        { "id": 315, "name": "Mug", "product_id": 42, "variation_id": 0, "quantity": 2, "subtotal": "6.00",
          "total": "6.00", "sku": "mug" },
        { "id": 316, "name": "Engraving", "product_id": 0, "variation_id": 0, "quantity": 1, "subtotal": "1.00",
          "total": "1.00", "sku": "" }] })
}

#[test]
fn a_woocommerce_shop_is_read_to_its_end() {
    let shop = shop();
    let first =
        answer(&json!([woocommerce_order(727, "processing"), woocommerce_order(728, "pending"), { "id": 729 }]), 2);
    let last = answer(&json!([woocommerce_order(730, "processing")]), 1);
    let down = json!({ "response": { "status": 500, "body": "cs_s3cret" } });
    let pages = look(&shop, &settings("woocommerce"), &[down, first, last]);
    assert!(has(&pages[0], &json!({ "commands": [], "more": true, "wait_ms": 1000 })), "{}", pages[0]);
    assert!(has(&pages[1]["faults"], &json!([{ "order": "729" }])), "{}", pages[1]);
    assert!(has(&pages[1]["notes"], &json!([{ "order": "727" }, { "order": "728" }])), "{}", pages[1]);
    assert_eq!(pages[2]["more"], false);
    assert!(ask(&shop, &json!({ "order": { "order": "web-730" } })).is_object());
    assert_eq!(ask(&shop, &json!({ "channel": { "channel": "web" } }))["orders_through_ms"], NOW_MS);
}

#[test]
fn an_answer_belongs_to_a_request() {
    let mut look = begin(&settings("shopify"));
    let page = bytes(&shopify_page(&[], None));
    assert_eq!(look.answered_json(&page, NOW_MS).unwrap_err().kind(), ErrorKind::Malformed, "nothing was asked");
    let asked = request(&mut look);
    assert_eq!(look.answered_json(b"{\"response\":{\"status\":5}}", NOW_MS).unwrap_err().kind(), ErrorKind::Malformed);
    assert_eq!(request(&mut look), asked, "it stands where it stood");
    assert_eq!(answered(&mut look, &value(&page))["more"], false);
}

#[test]
fn settings_that_are_none_are_refused_without_their_secrets() {
    let mut no_channel = settings("shopify");
    no_channel["shopify"]["orders"]["channel"] = json!("");
    let mut no_token = settings("shopify");
    no_token["shopify"]["shop"]["token"] = json!({ SECRETS[1]: 1 });
    let mut no_url = settings("woocommerce");
    no_url["woocommerce"]["shop"]["shop_url"] = json!("shop.example");
    let mut no_currency = settings("woocommerce");
    no_currency["woocommerce"]["orders"]["currency"] = json!("XXQ");
    for (settings, says) in
        [(no_channel, "channel"), (no_token, "invalid type: map"), (no_url, "shop_url"), (no_currency, "currency")]
    {
        let error = Backfill::parse(&bytes(&settings), SINCE_MS).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed);
        assert!(error.to_string().contains(says), "{settings}: {error}");
        assert_says_no_secret(&format!("{error} {error:?}"));
    }
}
