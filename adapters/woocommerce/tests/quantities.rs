//! Quantities, against a shop in memory: what is asked, what the shop shows afterwards, and what is reported.

use serde_json::{Value, json};
use stockroom::channel::ShownQuantities;
use stockroom::outbox::{DeliveryAnswer, DeliveryResult, LeasedDelivery};
use stockroom::ports::{HttpFailure, TURNS_MAX};
use stockroom_woocommerce::{WooExchange, WooProfile};

use crate::shop::Shop;
use crate::support::{Held, NOW_MS, answer_with, converse, exchange, hold, lost, not_sent, profile, read, set, short};

fn run(shop: &mut Shop, delivery: &LeasedDelivery) -> Held {
    converse(&exchange(), delivery, |request| shop.answer(request))
}

#[test]
fn products_and_variations_are_read_and_then_set() {
    let mut shop = Shop::with([(0, 11, 5), (0, 12, 6), (20, 21, 7), (30, 31, 8)]);
    let wanted = [("20/21", 1, Some(7)), ("11", 2, Some(5)), ("30/31", 3, Some(8)), ("12", 4, None)];
    let held = run(&mut shop, &set(&wanted, false));
    assert_eq!(
        held.asked,
        [
            "GET /products?include=11,12",
            "POST /products/batch",
            "GET /products/20/variations?include=21",
            "POST /products/20/variations/batch",
            "GET /products/30/variations?include=31",
            "POST /products/30/variations/batch",
        ]
    );
    assert_eq!(short(&held.end), "20/21=set 11=set 30/31=set 12=set");
    assert_eq!([11, 12, 21, 31].map(|id| shop.quantity(id)), [Some(2), Some(4), Some(1), Some(3)]);
    let body: Value = serde_json::from_slice(&held.requests[1].body).unwrap();
    assert_eq!(
        body,
        json!({ "update": [
            { "id": 11, "manage_stock": true, "stock_quantity": 2 },
            { "id": 12, "manage_stock": true, "stock_quantity": 4 },
        ]})
    );
}

#[test]
fn what_somebody_else_changed_is_reported_and_left_alone() {
    let mut shop = Shop::with([(0, 11, 4), (0, 12, 9), (0, 13, 3), (0, 14, 7)]);
    let wanted = [("11", 8, Some(5)), ("12", 9, Some(2)), ("13", 1, Some(3)), ("14", 6, None)];
    let held = run(&mut shop, &set(&wanted, false));
    assert_eq!(short(&held.end), "11=shows 4 12=set 13=set 14=set");
    assert_eq!([11, 12, 13, 14].map(|id| shop.quantity(id)), [Some(4), Some(9), Some(1), Some(6)]);
    let body: Value = serde_json::from_slice(&held.requests[1].body).unwrap();
    assert_eq!(body["update"].as_array().unwrap().len(), 2, "what shows the quantity already is not sent: {body}");

    let DeliveryResult::Done(DeliveryAnswer::Quantities(ShownQuantities { at_ms, .. })) = held.end else { panic!() };
    assert_eq!(at_ms, Some(NOW_MS));
}

#[test]
fn what_the_shop_does_not_count_is_made_to_count() {
    let mut shop = Shop::with([(0, 11, 0), (20, 21, 0), (0, 12, 0), (0, 13, 0)]);
    shop.products.get_mut(&11).unwrap().manage_stock = json!(false);
    shop.products.get_mut(&11).unwrap().stock_quantity = Value::Null;
    shop.products.get_mut(&21).unwrap().manage_stock = json!("parent");
    shop.products.get_mut(&12).unwrap().stock_quantity = json!("2.50");
    shop.products.get_mut(&13).unwrap().stock_quantity = json!("lots");
    // The parent's quantity is as good as what is wanted, and is not the variation's own.
    shop.products.get_mut(&21).unwrap().stock_quantity = json!(3);
    let wanted = [("11", 1, Some(9)), ("20/21", 3, Some(3)), ("12", 4, Some(2)), ("13", 5, Some(1))];
    let held = run(&mut shop, &set(&wanted, false));
    assert_eq!(short(&held.end), "11=set 20/21=set 12=set 13=set");
    assert_eq!([11, 21, 12, 13].map(|id| shop.quantity(id)), [Some(1), Some(3), Some(4), Some(5)]);
    assert!(shop.products.values().all(|product| product.manage_stock == json!(true)));
}

#[test]
fn what_cannot_be_set_says_why() {
    let mut shop = Shop::with([(0, 11, 5), (0, 12, 5), (0, 13, 5), (0, 14, 5), (0, 15, 5), (20, 21, 5)]);
    shop.products.get_mut(&11).unwrap().kind = "grouped";
    shop.products.get_mut(&12).unwrap().status = "trash";
    shop.locked.insert(13);
    shop.forbidden.insert(14);
    shop.unlisted.insert(15);
    let wanted = ["11", "12", "13", "14", "15", "16", "20/22", "30/21", "x", "0", "20/", "011", "21"];
    let held = run(&mut shop, &set(&wanted.map(|item| (item, 1, Some(5))), false));
    assert_eq!(
        short(&held.end),
        "11=refused 12=gone 13=not yet 14=not yet 15=set 16=gone 20/22=gone 30/21=gone x=refused 0=refused \
         20/=refused 011=refused 21=refused"
    );
    // A variation is never sent under another product: it would move there.
    assert_eq!(shop.products[&21].parent, 20);
    assert_eq!(shop.quantity(15), Some(1), "lists leave it out, and it is there");
}

#[test]
fn a_shop_that_keeps_no_stock_at_all_is_noticed() {
    let mut shop = Shop { keeps_no_stock: true, ..Shop::with([(0, 11, 5)]) };
    let held = run(&mut shop, &set(&[("11", 1, Some(5))], false));
    assert_eq!(short(&held.end), "11=not yet");
}

#[test]
fn reading_says_what_is_shown_and_changes_nothing() {
    let mut shop = Shop::with([(0, 11, 5), (0, 12, -2), (20, 21, 7), (0, 13, 0), (0, 14, 1), (0, 15, 0)]);
    shop.products.get_mut(&21).unwrap().manage_stock = json!("parent");
    shop.products.get_mut(&13).unwrap().manage_stock = json!(false);
    shop.products.get_mut(&14).unwrap().kind = "external";
    shop.products.get_mut(&15).unwrap().stock_quantity = json!(3.999);
    let before = format!("{:?}", shop.products);
    let held = run(&mut shop, &read(&["11", "12", "20/21", "13", "14", "15", "16", "20/29", "?"]));
    assert_eq!(
        short(&held.end),
        "11=shows 5 12=shows -2 20/21=shows 7 13=not yet 14=refused 15=shows 3 16=gone 20/29=gone ?=refused"
    );
    assert_eq!(format!("{:?}", shop.products), before);
    assert!(held.asked.iter().all(|asked| asked.starts_with("GET ")));
}

#[test]
fn many_go_in_as_few_requests_as_can_be() {
    let ids: Vec<u64> = (1..=250).collect();
    let mut shop = Shop::with(ids.iter().map(|id| (0, *id, 5)));
    let items: Vec<String> = ids.iter().map(u64::to_string).collect();
    let wanted: Vec<_> = items.iter().map(|item| (item.as_str(), 1, Some(5))).collect();
    let held = run(&mut shop, &set(&wanted, false));
    assert_eq!(held.asked.len(), 6);
    assert!(ids.iter().all(|id| shop.quantity(*id) == Some(1)));

    let smaller = WooExchange::new(WooProfile { items_max: 50, ..profile() }).unwrap();
    let held = converse(&smaller, &read(&items.iter().map(String::as_str).collect::<Vec<_>>()), |request| {
        assert!(request.url.contains("per_page=50"));
        shop.answer(request)
    });
    assert_eq!(held.asked.len(), 5);
}

#[test]
fn what_the_turns_do_not_reach_is_not_told_of_and_comes_again() {
    let products: Vec<(u64, u64, i64)> = (1..=30).map(|id| (1000 + id, id, 5)).collect();
    let mut shop = Shop::with(products.clone());
    let items: Vec<String> = products.iter().map(|(parent, id, _)| format!("{parent}/{id}")).collect();
    let mut left: Vec<&str> = items.iter().map(String::as_str).collect();
    let mut told = Vec::new();
    while !left.is_empty() {
        let wanted: Vec<_> = left.iter().map(|item| (*item, 1, Some(5))).collect();
        let held = run(&mut shop, &set(&wanted, false));
        assert!(held.asked.len() < TURNS_MAX as usize);
        let DeliveryResult::Done(DeliveryAnswer::Quantities(answer)) = held.end else { panic!() };
        told.push(answer.listings.len());
        left.retain(|item| !answer.listings.iter().any(|listing| listing.sku.ends_with(item)));
    }
    assert_eq!(told, [9, 9, 9, 3]);
    assert!(products.iter().all(|(_, id, _)| shop.quantity(*id) == Some(1)));

    // Products that are gone are looked for one by one, and in the end all of them are told of.
    let gone: Vec<String> = (501..=540).map(|id| id.to_string()).collect();
    let held = run(&mut shop, &read(&gone.iter().map(String::as_str).collect::<Vec<_>>()));
    let DeliveryResult::Done(DeliveryAnswer::Quantities(answer)) = held.end else { panic!() };
    assert_eq!((held.asked.len(), answer.listings.len()), (19, 18));
}

#[test]
fn a_lease_that_ends_stops_it_with_what_is_known() {
    let mut shop = Shop::with([(0, 11, 5), (20, 21, 5)]);
    let mut delivery = set(&[("11", 1, Some(5)), ("20/21", 1, Some(5))], false);
    delivery.lease_until_ms = NOW_MS + 19_999;
    let held = run(&mut shop, &delivery);
    assert_eq!((held.asked.len(), short(&held.end)), (2, "11=set".to_owned()));
    assert_eq!(shop.quantity(21), Some(5));
}

#[test]
fn a_shop_that_fails_half_way() {
    // The number of the request that goes wrong, how, what is reported, and whether the second product was set.
    let many = || answer_with(429, ("Retry-After", "2"), "");
    let busy = || answer_with(503, ("Retry-After", "600"), "<html>Briefly unavailable</html>");
    let html = || answer_with(200, ("X-A", "b"), "<html>Fatal error</html>");
    for (doubt, at, what, wrong, end) in [
        (false, 1, "throttled at once", many(), "retry throttled after 2000"),
        (true, 1, "throttled at once, in doubt", many(), "retry throttled after 2000 in doubt"),
        (false, 1, "lost at once", lost(), "retry failing"),
        (false, 2, "throttled before anything is set", many(), "retry throttled after 2000"),
        (false, 2, "the first set is lost", lost(), "retry failing in doubt"),
        (false, 2, "the first set is not sent", not_sent(), "retry failing"),
        (false, 2, "maintenance", busy(), "retry throttled after 600000 in doubt"),
        (false, 2, "a page of HTML", html(), "retry failing in doubt"),
        (false, 3, "throttled half way", many(), "pause 2000: 11=set"),
        (false, 3, "throttled without a time", answer_with(429, ("X-A", "b"), ""), "pause 60000: 11=set"),
        (true, 3, "throttled half way, in doubt", many(), "retry throttled after 2000 in doubt"),
        (false, 3, "the second look is lost", lost(), "11=set"),
        (false, 3, "the second look fails", answer_with(500, ("X-A", "b"), ""), "11=set"),
        (false, 4, "the second set is throttled", many(), "pause 2000: 11=set"),
        (false, 4, "the second set is refused", answer_with(403, ("X-A", "b"), ""), "11=set"),
        (false, 4, "the second set is not sent", not_sent(), "11=set"),
        (false, 4, "the second set is lost", lost(), "retry failing in doubt"),
        (false, 4, "the second set fails", answer_with(502, ("X-A", "b"), ""), "retry failing in doubt"),
    ] {
        let mut shop = Shop::with([(0, 11, 5), (20, 21, 5)]);
        let delivery = set(&[("11", 1, Some(5)), ("20/21", 1, Some(5))], doubt);
        let held = converse(&exchange(), &delivery, |request| {
            let right = shop.answer(request);
            if shop.asked == at { wrong.clone() } else { right }
        });
        assert_eq!(short(&held.end), end, "{what}");

        // Whatever it was: the next attempt, in doubt or not, brings the shop to what it should show.
        let again = matches!(held.end, DeliveryResult::Retry(_));
        let held = run(&mut shop, &set(&[("11", 1, Some(5)), ("20/21", 1, Some(5))], again));
        assert_eq!(short(&held.end), "11=set 20/21=set", "{what}, again");
        assert_eq!([11, 21].map(|id| shop.quantity(id)), [Some(1), Some(1)]);
    }
}

#[test]
fn reading_is_never_in_doubt() {
    let mut delivery = read(&["11"]);
    delivery.doubt = true;
    for answer in [lost(), not_sent(), answer_with(500, ("X-A", "b"), "")] {
        let held = converse(&exchange(), &delivery, |_| answer.clone());
        assert_eq!(short(&held.end), "retry failing");
    }
    let failure = HttpFailure::Lost("x".to_owned());
    assert_eq!(short(&converse(&exchange(), &read(&[]), |_| Err(failure.clone())).end), "");
}

#[test]
fn what_was_set_is_so_since_then_and_what_was_seen_since_it_was_read() {
    let date =
        |second: u32, body: &str| answer_with(200, ("Date", &format!("Mon, 21 Sep 2026 14:13:{second} GMT")), body);
    let product = |quantity: i64| format!(r#"{{"id":11,"manage_stock":true,"stock_quantity":{quantity}}}"#);
    let reading = |quantity| date(20, &format!("[{}]", product(quantity)));
    let setting = || date(23, &format!(r#"{{"update":[{}]}}"#, product(1)));
    let wanted = set(&[("11", 1, Some(5))], false);
    for (delivery, answers, expected_ms) in [
        (&wanted, vec![reading(5), setting()], NOW_MS + 3_000),
        (&wanted, vec![reading(4)], NOW_MS),
        (&read(&["11"]), vec![reading(4)], NOW_MS),
    ] {
        let DeliveryResult::Done(DeliveryAnswer::Quantities(said)) = hold(&exchange(), delivery, &answers).end else {
            panic!()
        };
        assert_eq!(said.at_ms, Some(expected_ms));
    }
}
