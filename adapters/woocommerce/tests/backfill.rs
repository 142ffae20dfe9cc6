//! The backfill, against a list of orders that answers as WooCommerce does, and changes meanwhile.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stockroom::ports::{HttpRequest, HttpResponse};
use stockroom::time::rfc3339;
use stockroom_woocommerce::{Backfill, Filled, OVERLAP_MS, OrderOptions, OrderReader, OrderTold, Page, WooProfile};

use crate::orders::order;
use crate::support::{Answer, DATE, NOW_MS, answer, answer_with, error, lost, profile, short_retry};

const SINCE_MS: i64 = 1_789_000_000_000;

fn backfill(items_max: u32) -> Backfill {
    let reader = OrderReader::new(OrderOptions::new("web", "EUR")).unwrap();
    Backfill::new(WooProfile { items_max, ..profile() }, reader, SINCE_MS).unwrap()
}

/// The orders of a shop: their numbers, and when each changed.
struct Orders {
    changed_ms: BTreeMap<u64, i64>,
    takes_modified: bool,
    says_pages: bool,
    /// Orders that the key may not read: they are counted and left out.
    forbidden: Vec<u64>,
}

impl Orders {
    fn with(changed_ms: impl IntoIterator<Item = (u64, i64)>) -> Orders {
        let changed_ms = changed_ms.into_iter().collect();
        Orders { changed_ms, takes_modified: true, says_pages: true, forbidden: Vec::new() }
    }

    fn answer(&self, request: &HttpRequest) -> Answer {
        let query = request.url.split_once('?').expect("a query").1.replace("%3A", ":");
        let query: BTreeMap<&str, &str> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        assert_eq!((query["dates_are_gmt"], query["order"], query["status"]), ("true", "asc", "any"));
        let by_modified = query["orderby"] == "modified";
        if by_modified && !self.takes_modified {
            return error(400, "rest_invalid_param");
        }
        let text = |time_ms: i64| rfc3339(time_ms).split('.').next().unwrap().to_owned();
        // WordPress leaves the second itself out.
        let after = |(_, changed_ms): &(u64, i64)| text(*changed_ms).as_str() > query["modified_after"];
        let mut found: Vec<(u64, i64)> = self.changed_ms.iter().map(|(id, ms)| (*id, *ms)).filter(after).collect();
        if by_modified {
            found.sort_by_key(|(id, changed_ms)| (text(*changed_ms), *id));
        }
        let count: usize = query["per_page"].parse().unwrap();
        let page: usize = query["page"].parse().unwrap();
        let on_page = found.iter().skip((page - 1) * count).take(count);
        let shown = on_page.filter(|(id, _)| !self.forbidden.contains(id)).map(|(id, changed_ms)| {
            let mut order = order();
            order["id"] = json!(id);
            order["date_modified_gmt"] = json!(text(*changed_ms));
            order
        });
        let body = Value::Array(shown.collect()).to_string().into_bytes();
        let mut headers = vec![("date".to_owned(), DATE.to_owned())];
        if self.says_pages {
            headers.push(("x-wp-totalpages".to_owned(), found.len().div_ceil(count).to_string()));
        }
        Ok(HttpResponse { status: 200, headers, body })
    }
}

fn ids(page: &Page) -> Vec<u64> {
    assert_eq!(page.unread, []);
    let id = |told: &OrderTold| match told {
        OrderTold::Take { command, .. } => command.order.reference.parse().unwrap(),
        OrderTold::Passed { order, .. } => *order,
    };
    page.orders.iter().map(id).collect()
}

/// Runs a backfill to its end; `meanwhile` is called before each answer.
fn run(
    mut backfill: Backfill,
    orders: &mut Orders,
    mut meanwhile: impl FnMut(&mut Orders, usize),
) -> (Vec<u64>, usize, i64) {
    let mut seen = Vec::new();
    for asked in 0..200 {
        let request = backfill.request(NOW_MS).expect("there is more");
        meanwhile(orders, asked);
        let answer = orders.answer(&request);
        match backfill.answered(answer.as_ref(), NOW_MS) {
            Filled::More(page) => seen.extend(ids(&page)),
            Filled::Done { page, through } => {
                seen.extend(ids(&page));
                assert_eq!(through.channel, "web");
                assert_eq!(backfill.request(NOW_MS), None);
                seen.sort_unstable();
                seen.dedup();
                return (seen, asked + 1, through.through_ms);
            }
            Filled::Retry(retry) => panic!("{retry:?}"),
        }
    }
    panic!("it comes to no end");
}

#[test]
fn the_request_reaches_back_a_little() {
    let request = backfill(100).request(NOW_MS).unwrap();
    let after = rfc3339(SINCE_MS - OVERLAP_MS).replace(':', "%3A");
    let expected = format!(
        "https://shop.example/wp-json/wc/v3/orders?modified_after={}&dates_are_gmt=true&orderby=modified&order=asc\
         &status=any&per_page=100&page=1",
        after.split('.').next().unwrap()
    );
    assert_eq!(request.url, expected);
}

#[test]
fn every_order_is_found_whatever_the_pages() {
    for (takes_modified, says_pages) in [(true, true), (true, false), (false, true), (false, false)] {
        for count in [0_u64, 1, 9, 10, 11, 35] {
            // Changed one after the other, in bursts of one second, and all in one second.
            for spread_ms in [1_000, 200, 0] {
                let changed = (1..=count).map(|id| (id, SINCE_MS + i64::try_from(count - id).unwrap() * spread_ms));
                let mut orders = Orders { takes_modified, says_pages, ..Orders::with(changed) };
                let (seen, asked, through_ms) = run(backfill(10), &mut orders, |_, _| ());
                assert_eq!(seen, (1..=count).collect::<Vec<_>>(), "{takes_modified} {says_pages} {count} {spread_ms}");
                assert!(asked <= 12, "{asked} requests for {count} orders");
                assert_eq!(through_ms, NOW_MS, "the shop's clock at the first answer");
            }
        }
    }
}

#[test]
fn orders_that_change_meanwhile_hide_no_other() {
    let mut orders = Orders::with((1..=40).map(|id| (id, SINCE_MS + i64::try_from(id).unwrap() * 1_000)));
    let (seen, ..) = run(backfill(10), &mut orders, |orders, asked| {
        // What was on the first pages moves to the end, and one is deleted.
        if let Some(id) = [0, 3, 7, 12].get(asked).filter(|id| **id > 0) {
            orders.changed_ms.insert(*id, NOW_MS - 5_000);
        }
        if asked == 2 {
            orders.changed_ms.remove(&1);
        }
    });
    assert_eq!(seen, (1..=40).collect::<Vec<_>>());
}

#[test]
fn pages_with_holes_are_not_the_last() {
    let mut orders = Orders::with((1..=30).map(|id| (id, SINCE_MS + i64::try_from(id).unwrap() * 1_000)));
    orders.forbidden = (5..=20).collect();
    let (seen, ..) = run(backfill(10), &mut orders, |_, _| ());
    assert_eq!(seen, (1..=4).chain(21..=30).collect::<Vec<_>>());
}

#[test]
fn what_goes_wrong_is_tried_again_with_the_same_request() {
    let mut backfill = backfill(100);
    let request = backfill.request(NOW_MS);
    for (answer, expected) in [
        (lost(), "retry failing"),
        (answer(500, ""), "retry failing"),
        (answer(200, "<html>"), "retry failing"),
        (answer(200, "{}"), "retry failing"),
        (error(400, "rest_no_idea"), "retry failing"),
        (error(401, "woocommerce_rest_cannot_view"), "retry failing"),
        (answer_with(429, ("Retry-After", "3"), ""), "retry throttled after 3000"),
    ] {
        let Filled::Retry(retry) = backfill.answered(answer.as_ref(), NOW_MS) else { panic!("{answer:?}") };
        assert_eq!(short_retry(&retry), expected);
        assert_eq!(backfill.request(NOW_MS), request);
    }
}

#[test]
fn an_order_that_cannot_be_read_is_handed_over_and_holds_nothing_up() {
    let mut other = order();
    other["line_items"] = json!(7);
    let body = json!([other, order(), 1]).to_string();
    let mut backfill = backfill(100);
    backfill.request(NOW_MS - 500);
    let Filled::Done { page, through } = backfill.answered(answer_with(200, ("X-A", "b"), &body).as_ref(), NOW_MS)
    else {
        panic!()
    };
    assert_eq!((page.orders.len(), page.unread.len()), (1, 2));
    let OrderTold::Take { command, .. } = &page.orders[0] else { panic!() };
    assert_eq!((command.order.told_at_ms, command.message.clone()), (NOW_MS - 500, None));
    // Without a date in the answer it is the last change that was seen; and never before where it began.
    assert_eq!(through.through_ms, SINCE_MS.max(command.order.updated_at_ms));
}

#[test]
fn a_list_without_an_end_is_given_up() {
    let mut backfill = backfill(1);
    let answer = answer_with(200, ("X-WP-TotalPages", "4000000000"), "[]");
    let mut asked = 0;
    let retry = loop {
        backfill.request(NOW_MS).unwrap();
        asked += 1;
        match backfill.answered(answer.as_ref(), NOW_MS) {
            Filled::More(_) => assert!(asked <= stockroom_woocommerce::PAGES_MAX),
            Filled::Retry(retry) => break retry,
            Filled::Done { .. } => panic!("it is not over"),
        }
    };
    assert_eq!(short_retry(&retry), "retry failing");
}
