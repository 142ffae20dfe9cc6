//! Every document and every request against Shopify's own schemas, in each version from 2026-04 on.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use stockroom::ports::{Exchange, HttpRequest, Turn};
use stockroom_shopify::graphql::codes::SET_QUANTITIES_CODES;
use stockroom_shopify::graphql::document::DOCUMENTS;
use stockroom_shopify::settings::VERSION_MIN;
use stockroom_shopify::{Backfill, GraphqlExchange, OrderMapping};

use crate::support::*;
use crate::{backfill, conformance, npm, ship};

/// One request of every kind, as conversations make them.
fn requests() -> Vec<HttpRequest> {
    let exchange = GraphqlExchange::new(shop()).expect("a shop");
    let mut requests = Vec::new();
    for body in conformance::bodies() {
        for doubt in [false, true] {
            if let Turn::Ask { request, .. } = exchange.begin(&delivery(body.clone(), doubt)) {
                requests.push(request);
            }
        }
    }
    let not_stocked = was_set(&[("ITEM_NOT_STOCKED_AT_LOCATION", Some(0))]);
    requests.extend(converse(&exchange, &set(&[("1", 5, Some(3))], false), [not_stocked, lost()]).0);
    requests.extend(ship::all_requests());
    let orders = OrderMapping::new("web").expect("a channel");
    requests.extend(Backfill::new(&exchange, orders, NOW_MS).request());
    requests.extend(backfill::all_requests());
    requests
}

#[test]
fn every_document_is_one_that_each_version_takes() {
    let requests = requests();
    let kinds: BTreeSet<String> = requests.iter().map(operation).collect();
    assert_eq!(kinds.len(), DOCUMENTS.len(), "a document is not in the test: {kinds:?}");
    let documents: Map<String, Value> =
        DOCUMENTS.iter().map(|(name, text)| ((*name).to_owned(), Value::from(*text))).collect();
    let input = json!({ "documents": documents, "requests": requests.iter().map(body).collect::<Vec<_>>() });
    let found: Map<String, Value> =
        serde_json::from_str(&npm::run("schemas.mjs", &[], &input.to_string())).expect("JSON");
    let versions: Vec<&str> = found.keys().map(String::as_str).collect();
    assert!(versions.contains(&VERSION_MIN) && versions.len() >= 3, "{versions:?}");
    for (version, found) in &found {
        assert_eq!(found["errors"], json!([]), "{version}");
        for code in found["codes"].as_array().expect("codes") {
            let known = SET_QUANTITIES_CODES.iter().any(|(name, _)| Some(*name) == code.as_str());
            assert!(known, "{version} has the code {code}, and nothing says what follows from it");
        }
    }
    let all: Vec<&Value> = found.values().flat_map(|found| found["codes"].as_array().expect("codes")).collect();
    for (code, _) in SET_QUANTITIES_CODES {
        assert!(all.iter().any(|known| known.as_str() == Some(code)), "no version has {code}");
    }
}

#[test]
fn a_wrong_document_is_found() {
    let input = json!({ "documents": { "wrong": "query Q { shop { nonsense } }" },
        "requests": [{ "query": "query Q($id: ID!) { node(id: $id) { id } }", "variables": {} }] });
    let found: Value = serde_json::from_str(&npm::run("schemas.mjs", &[], &input.to_string())).expect("JSON");
    assert_eq!(found[VERSION_MIN]["errors"].as_array().expect("errors").len(), 2);
}
