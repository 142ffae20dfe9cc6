//! Profiles: what they are read from, what is wrong with them, what they change, and that they keep their secrets.

use stockroom_wms::{Auth, Profile, RestExchange, ShipBobExchange, ShipBobProfile};

use super::rest::exchange_with;
use super::support::*;

fn fault(text: &str) -> Option<&'static str> {
    let profile: Profile = serde_json::from_str(text).expect("it reads");
    RestExchange::new(profile).err().map(|fault| fault.field)
}

#[test]
fn a_profile_is_judged_once() {
    for (more, field) in [
        (r#""base_url":"https://wms.example/api/""#, None),
        (r#""base_url":"http://10.0.0.7:8080""#, None),
        (r#""base_url":"""#, Some("base_url")),
        (r#""base_url":"wms.example""#, Some("base_url")),
        (r#""base_url":"ftp://wms.example""#, Some("base_url")),
        (r#""base_url":"https://""#, Some("base_url")),
        (r#""base_url":"https:///path""#, Some("base_url")),
        (r#""base_url":"https://user:word@wms.example""#, Some("base_url")),
        (r#""base_url":"https://wms.example?a=b""#, Some("base_url")),
        (r#""base_url":"https://wms.example/\r\n""#, Some("base_url")),
        (r#""base_url":"https://a","auth":{"bearer":{"token":""}}"#, Some("auth.bearer.token")),
        (r#""base_url":"https://a","auth":{"bearer":{"token":"a\r\nb"}}"#, Some("auth.bearer.token")),
        (r#""base_url":"https://a","auth":{"api_key":{"header":"X Key","key":"k"}}"#, Some("auth.api_key.header")),
        (r#""base_url":"https://a","auth":{"api_key":{"header":"X-Key","key":"\n"}}"#, Some("auth.api_key.key")),
        (r#""base_url":"https://a","auth":{"basic":{"user":"a:b","password":"c"}}"#, Some("auth.basic.user")),
        (r#""base_url":"https://a","headers":{"X-A":"b\r\nX-C: d"}"#, Some("headers")),
        (r#""base_url":"https://a","headers":{"X:A":"b"}"#, Some("headers")),
        (r#""base_url":"https://a","paths":{"create":"orders"}"#, Some("paths.create")),
        (r#""base_url":"https://a","paths":{"create":"/or ders"}"#, Some("paths.create")),
        (r#""base_url":"https://a","paths":{"look_up":"/orders"}"#, Some("paths.look_up")),
        (r#""base_url":"https://a","paths":{"cancel":"/cancel"}"#, Some("paths.cancel")),
        (r#""base_url":"https://a","paths":{"stock_sku_parameter":""}"#, Some("paths.stock_sku_parameter")),
        (r#""base_url":"https://a","idempotency_header":"a b""#, Some("idempotency_header")),
        (r#""base_url":"https://a","paths":{"look_up":""}"#, None),
        (r#""base_url":"https://a","paths":{"look_up":""},"idempotency_honoured":false"#, Some("paths.look_up")),
        (r#""base_url":"https://a","paths":{"look_up":""},"idempotency_header":"""#, Some("paths.look_up")),
        (r#""base_url":"https://a","stock_skus_max":0"#, Some("stock_skus_max")),
        (r#""base_url":"https://a","request":{"items":""}"#, Some("request")),
        (r#""base_url":"https://a","statuses":{"done":[]}"#, Some("statuses.done")),
    ] {
        assert_eq!(fault(&format!("{{{more}}}")), field, "{more}");
    }
    assert!(serde_json::from_str::<Profile>(r#"{"base_uri":"https://a"}"#).is_err(), "a slip is not passed over");
}

#[test]
fn secrets_are_read_and_never_shown() {
    for auth in [
        r#"{"bearer":{"token":"s3cret-t0ken"}}"#,
        r#"{"api_key":{"header":"X-Api-Key","key":"s3cret-t0ken"}}"#,
        r#"{"basic":{"user":"shop","password":"s3cret-t0ken"}}"#,
    ] {
        let text = format!(r#"{{"base_url":"https://wms.example","auth":{auth}}}"#);
        let profile: Profile = serde_json::from_str(&text).unwrap();
        assert_ne!(profile.auth, Auth::None);
        let exchange = RestExchange::new(profile.clone()).unwrap();
        let turn = stockroom::ports::Exchange::begin(&exchange, &create(false));
        let written = serde_json::to_string(&profile).unwrap();
        for shown in [format!("{profile:?}"), format!("{exchange:?}"), format!("{turn:?}"), written.clone()] {
            assert!(!shown.contains(TOKEN) && !shown.contains("c2hvcDpzM2NyZXQtdDBrZW4"), "{shown}");
        }
        // What is written reads as the same profile without its secrets.
        let again: Profile = serde_json::from_str(&written).unwrap();
        assert_eq!(again, Profile { auth: Auth::None, ..profile });
    }
    let profile = ShipBobProfile::new(TOKEN.into(), 1);
    assert!(!format!("{profile:?} {:?}", ShipBobExchange::new(profile.clone()).unwrap()).contains(TOKEN));
}

#[test]
fn requests_are_authenticated_as_the_profile_says() {
    let taken = r#"{"id":"1"}"#;
    for (auth, name, value) in [
        (r#"{"bearer":{"token":"s3cret-t0ken"}}"#, "Authorization", Some("Bearer s3cret-t0ken")),
        (r#"{"api_key":{"header":"X-Api-Key","key":"s3cret-t0ken"}}"#, "X-Api-Key", Some("s3cret-t0ken")),
        // The example of RFC 7617, section 2.
        (
            r#"{"basic":{"user":"Aladdin","password":"open sesame"}}"#,
            "Authorization",
            Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        ),
        (r#""none""#, "Authorization", None),
    ] {
        let text = format!(r#"{{"base_url":"https://wms.example","auth":{auth}}}"#);
        let exchange = RestExchange::new(serde_json::from_str(&text).unwrap()).unwrap();
        let held = hold(&exchange, &create(false), &[answer(201, taken)]);
        assert_eq!(header(&held.requests[0].0, name), value, "{auth}");
    }
    // A warehouse that repeats the encoded credentials gets them hidden as well.
    let text = r#"{"base_url":"https://a","auth":{"basic":{"user":"Aladdin","password":"open sesame"}}}"#;
    let exchange = RestExchange::new(serde_json::from_str(text).unwrap()).unwrap();
    let held = hold(&exchange, &create(false), &[answer(422, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ== open sesame")]);
    let stockroom::outbox::DeliveryResult::Refused { why } = held.end else { panic!("it is refused") };
    assert!(why.ends_with("Basic *** ***"), "{why}");
}

#[test]
fn a_profile_renames_what_is_sent_and_read() {
    let exchange = exchange_with(
        r#","headers":{"X-Tenant":"7"},"idempotency_header":"X-Request-Id","retry_after_headers":["X-Wait"],
        "paths":{"create":"/v2/orders","look_up":"/v2/orders?ref={fulfillment}","cancel":"/v2/orders/{reference}/void",
        "stock":"/v2/stock?depot=north","stock_sku_parameter":"article"},
        "request":{"fulfillment":"ref","channel":"","items":"lines","sku":"article","line":"","note":"remark"},
        "answer":{"id":"data.number","fulfillment":"data.ref","status":"data.state","taken_at":"meta.at","levels":"data.rows",
        "sku":"article","on_hand":"counts.0"},"words":{"cancelled":["void"]}"#,
    );
    let lines = |held: &Held| held.asked.join(", ");

    let held =
        hold(&exchange, &create(true), &[answer(404, ""), answer(200, r#"{"data":{"number":9,"ref":"o-1-1"}}"#)]);
    assert_eq!(lines(&held), "GET /api/v2/orders?ref=o-1-1, POST /api/v2/orders");
    assert_eq!(short(&held.end), "handed 9");
    let (request, _) = &held.requests[1];
    assert_eq!(header(request, "X-Request-Id"), Some("o-1-1"));
    assert_eq!(header(request, "X-Tenant"), Some("7"));
    assert_eq!(header(request, "Idempotency-Key"), None);
    let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body["ref"], "o-1-1");
    assert_eq!(body["lines"], serde_json::json!([{ "article": "mug-blue", "quantity": 2 }]));
    assert_eq!(body["remark"], "Please ring twice.");
    assert!(body.get("channel").is_none() && body.get("fulfillment").is_none());

    for (reference, path) in [(Some("W/1"), "/api/v2/orders/W%2F1/void"), (None, "/api/v2/orders/o-1-1/void")] {
        let held = hold(&exchange, &cancel(reference, false), &[answer(200, r#"{"data":{"state":"VOID"}}"#)]);
        assert_eq!((lines(&held), short(&held.end)), (format!("POST {path}"), "cancelled".to_owned()));
    }
    let stock = r#"{"meta":{"at":"2026-07-01T09:30:00Z"},"data":{"rows":[{"article":"a","counts":[4]}]}}"#;
    let held = hold(&exchange, &check(&["a"]), &[answer(200, stock)]);
    assert_eq!(lines(&held), "GET /api/v2/stock?depot=north&article=a");
    assert_eq!(short(&held.end), "stock at 1782898200000 a=4");
    let held = hold(&exchange, &check(&["a"]), &[answer_with(429, ("x-wait", "3"), "")]);
    assert_eq!(short(&held.end), "retry throttled after 3000");
}

#[test]
fn without_a_look_up_the_key_alone_makes_it_once() {
    let exchange = exchange_with(r#","paths":{"look_up":""}"#);
    for (doubt, answers, asked, end) in [
        (true, vec![answer(200, r#"{"id":"W-1"}"#)], 1, "handed W-1"),
        (true, vec![not_sent()], 1, "retry failing in doubt"),
        (true, vec![answer(429, "")], 1, "retry throttled in doubt"),
        (false, vec![not_sent()], 1, "retry failing"),
        (false, vec![lost()], 1, "retry failing in doubt"),
        (false, vec![answer(201, "{}")], 1, "retry failing in doubt"),
    ] {
        let held = hold(&exchange, &create(doubt), &answers);
        assert_eq!((held.asked.len(), short(&held.end).as_str()), (asked, end));
        assert_eq!(header(&held.requests[0].0, "Idempotency-Key"), Some("o-1-1"));
    }
    let held = hold(&exchange, &cancel(None, false), &[lost()]);
    assert_eq!(short(&held.end), "retry failing in doubt");
}
