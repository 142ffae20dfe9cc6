//! The contract as `docs/wms.openapi.json` writes it down, against the code: every request that the exchange makes is
//! one that the document allows, and every example in the document is understood.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use stockroom::outbox::{DeliveryBody, LeasedDelivery};
use stockroom::ports::{HttpRequest, HttpResponse};
use stockroom_wms::feed::read_json;
use stockroom_wms::webhook::{Incoming, Reader};

use super::rest::exchange;
use super::support::*;
use super::webhook::with_proof;

const SERVER: &str = "https://wms.example/api";

fn document() -> Value {
    serde_json::from_str(include_str!("../../../docs/wms.openapi.json")).expect("it is JSON")
}

/// A validator of a schema that stands in the document, whose references lead into it.
fn validator(document: &Value, schema: &Value) -> jsonschema::Validator {
    let whole = json!({ "allOf": [schema], "components": document["components"] });
    jsonschema::draft202012::options().should_validate_formats(true).build(&whole).expect("it is a JSON Schema")
}

fn assert_valid(document: &Value, schema: &Value, value: &Value, what: &str) {
    let validator = validator(document, schema);
    let faults: Vec<String> = validator.iter_errors(value).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{what}: {value}: {}", faults.join("; "));
}

fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.bytes());
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits: String = [rest.next(), rest.next()].into_iter().flatten().map(char::from).collect();
            bytes.push(u8::from_str_radix(&digits, 16).expect("two digits follow"));
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).expect("it is UTF-8")
}

/// The operation that a request is of, and what its path holds where the template has a parameter.
fn operation<'a>(document: &'a Value, request: &HttpRequest) -> (&'a Value, Vec<(String, String)>) {
    let path = request.url.strip_prefix(SERVER).expect("it goes to the server").split('?').next().unwrap();
    let segments: Vec<&str> = path.split('/').collect();
    for (template, item) in document["paths"].as_object().unwrap() {
        let wanted: Vec<&str> = template.split('/').collect();
        let mut parameters = Vec::new();
        let fits = wanted.len() == segments.len()
            && wanted.iter().zip(&segments).all(|(wanted, segment)| {
                match wanted.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                    Some(name) => {
                        parameters.push((name.to_owned(), decoded(segment)));
                        true
                    }
                    None => wanted == segment,
                }
            });
        if let (true, Some(operation)) = (fits, item.get(request.method.name().to_lowercase())) {
            return (operation, parameters);
        }
    }
    panic!("the document has no {} {path}", request.method.name());
}

fn assert_allowed(document: &Value, request: &HttpRequest) -> String {
    let (operation, in_path) = operation(document, request);
    let name = operation["operationId"].as_str().unwrap();
    let query = request.url.split_once('?').map_or("", |(_, query)| query);
    let in_query: Vec<(String, String)> = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect();

    let none = Vec::new();
    let mut known_headers = BTreeSet::from(["accept", "authorization", "content-type"].map(str::to_owned));
    let mut known_query = BTreeSet::new();
    for parameter in operation["parameters"].as_array().unwrap_or(&none) {
        let parameter_name = parameter["name"].as_str().unwrap();
        let what = format!("{name}: {parameter_name}");
        let value = match parameter["in"].as_str().unwrap() {
            "path" => {
                let found = in_path.iter().find(|(known, _)| known == parameter_name);
                found.map(|(_, value)| json!(value))
            }
            "header" => {
                known_headers.insert(parameter_name.to_lowercase());
                header(request, parameter_name).map(|value| json!(value))
            }
            "query" => {
                known_query.insert(parameter_name.to_owned());
                let values = in_query.iter().filter(|(known, _)| known == parameter_name).map(|(_, value)| value);
                Some(values.collect::<Vec<_>>()).filter(|values| !values.is_empty()).map(|values| json!(values))
            }
            other => panic!("{what}: {other}"),
        };
        match value {
            Some(value) => assert_valid(document, &parameter["schema"], &value, &what),
            None => assert_ne!(parameter["required"], true, "{what} is missing"),
        }
    }
    for (header, _) in &request.headers {
        assert!(known_headers.contains(&header.to_lowercase()), "{name}: the header {header} is not in the document");
    }
    for (parameter, _) in &in_query {
        assert!(known_query.contains(parameter), "{name}: the parameter {parameter} is not in the document");
    }
    match operation.get("requestBody") {
        Some(body) => {
            assert_eq!(header(request, "Content-Type"), Some("application/json"), "{name}");
            let value = serde_json::from_slice(&request.body).expect("the body is JSON");
            assert_valid(document, &body["content"]["application/json"]["schema"], &value, name);
        }
        None => assert!(request.body.is_empty(), "{name} has no body"),
    }
    name.to_owned()
}

fn deliveries() -> Vec<LeasedDelivery> {
    let mut bare = request();
    (bare.ship_to, bare.note) = (None, None);
    let mut odd = request();
    odd.fulfillment = "Bestellung 7/ä%?#-1".to_owned();
    let bodies = [request(), bare, odd].map(|request| DeliveryBody::RequestFulfillment(request.into()));
    let mut deliveries: Vec<LeasedDelivery> =
        bodies.into_iter().flat_map(|body| [delivery(body.clone(), false), delivery(body, true)]).collect();
    let hundred: Vec<String> = (0..100).map(|number| format!("sku {number}&")).collect();
    deliveries.extend([cancel(None, false), cancel(Some("W-1"), true), check(&["mug-blue"])]);
    deliveries.push(check(&hundred.iter().map(String::as_str).collect::<Vec<_>>()));
    deliveries
}

#[test]
fn every_request_is_one_that_the_document_allows() {
    let document = document();
    let mut seen = BTreeSet::new();
    for delivery in deliveries() {
        // Answers that lead through all steps: lost ones to the looks, absences to the creation after a look.
        for reply in [lost(), not_sent(), answer(404, ""), answer(204, ""), answer(500, "")] {
            let mut turn = stockroom::ports::Exchange::begin(&exchange(), &delivery);
            while let stockroom::ports::Turn::Ask { request, step, memo } = turn {
                seen.insert(assert_allowed(&document, &request));
                turn =
                    stockroom::ports::Exchange::answered(&exchange(), &delivery, step, &memo, reply.as_ref(), NOW_MS);
            }
        }
    }
    let all = document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values());
    let all: BTreeSet<String> = all.map(|operation| operation["operationId"].as_str().unwrap().to_owned()).collect();
    assert_eq!(seen, all, "no operation stands in the document that is never asked for");
}

/// All examples: the place, the name, the schema and the value.
fn examples<'a>(place: &str, media: &'a Value) -> Vec<(String, String, &'a Value, &'a Value)> {
    let schema = &media["schema"];
    let named = media["examples"].as_object().unwrap_or_else(|| panic!("{place} has examples"));
    named.iter().map(|(name, example)| (place.to_owned(), name.clone(), schema, &example["value"])).collect()
}

fn all_examples(document: &Value) -> Vec<(String, String, &Value, &Value)> {
    let mut all = Vec::new();
    for group in ["paths", "webhooks"] {
        for (path, item) in document[group].as_object().unwrap() {
            for operation in item.as_object().unwrap().values() {
                if let Some(body) = operation.get("requestBody") {
                    all.extend(examples(&format!("{path} request"), &body["content"]["application/json"]));
                }
                for (status, response) in operation["responses"].as_object().unwrap() {
                    if let Some(content) = response.get("content") {
                        all.extend(examples(&format!("{path} {status}"), &content["application/json"]));
                    }
                }
            }
        }
    }
    all
}

#[test]
fn the_document_follows_its_own_schemas() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let all = all_examples(&document);
    assert!(all.len() >= 30, "{} examples", all.len());
    for (place, name, schema, value) in all {
        assert_valid(&document, schema, value, &format!("{place} {name}"));
    }
    // A schema that let everything through would prove nothing.
    let schema = json!({ "$ref": "#/components/schemas/NewFulfillmentOrder" });
    assert!(!validator(&document, &schema).is_valid(&json!({ "fulfillment": "o-1-1" })));
    let schema = json!({ "$ref": "#/components/schemas/Stock" });
    assert!(!validator(&document, &schema).is_valid(&json!({ "taken_at": "today", "levels": [] })));
}

#[test]
fn every_answer_in_the_document_is_understood() {
    let stock = || check(&["mug-blue", "mug-red"]);
    // The example's name, the delivery, the answers before it, and the end after it.
    let table: Vec<(&str, LeasedDelivery, Vec<Answer>, &str)> = vec![
        ("taken", create(false), vec![], "handed W-20417"),
        ("taken_before", create(false), vec![], "handed W-20417"),
        ("malformed", create(false), vec![], "refused"),
        ("other_content", create(false), vec![], "refused"),
        ("refused", create(false), vec![], "refused"),
        ("found", create(true), vec![], "handed W-20417"),
        ("unknown", create(false), vec![lost()], "retry failing in doubt"),
        ("cancelled", cancel(None, false), vec![], "cancelled"),
        ("cancelled_in_short", cancel(None, false), vec![], "cancelled"),
        ("never_here", cancel(None, false), vec![], "cancelled"),
        ("too_late", cancel(None, false), vec![], "too late"),
        ("too_late_in_short", cancel(None, false), vec![], "too late"),
        ("levels", stock(), vec![], "stock at 1782898200000 mug-blue=12 mug-red=0"),
        ("unknown_left_out", stock(), vec![], "stock at 1782898200000"),
        ("refused_check", stock(), vec![], "refused"),
        ("credentials", stock(), vec![], "retry failing"),
        ("throttled", stock(), vec![], "retry throttled"),
        ("failing", stock(), vec![], "retry failing"),
    ];
    let document = document();
    let mut seen = BTreeSet::new();
    for (place, name, _, value) in all_examples(&document) {
        let Some(status) = place.rsplit(' ').next().and_then(|status| status.parse::<u16>().ok()) else { continue };
        let found = table.iter().find(|(known, ..)| *known == name);
        let (_, delivery, before, end) = found.unwrap_or_else(|| panic!("{place} {name} has no row"));
        seen.insert(name.clone());
        let mut answers = before.clone();
        answers.push(Ok(HttpResponse { status, headers: Vec::new(), body: value.to_string().into_bytes() }));
        let held = hold(&exchange(), delivery, &answers);
        assert_eq!(&short(&held.end), end, "{place} {name}");
    }
    assert_eq!(seen.len(), table.len(), "each row is of an example");
}

#[test]
fn every_message_in_the_document_is_understood() {
    let document = document();
    let reader = Reader::new("wms").with_location("north");
    for (event, item) in document["webhooks"].as_object().unwrap() {
        for (_, name, _, value) in examples(event, &item["post"]["requestBody"]["content"]["application/json"]) {
            assert_eq!(value["type"], event.as_str(), "{name}");
            let incoming = with_proof(&value.to_string(), |message| reader.read(message)).expect("it reads");
            let is_right = match event.split('.').next().unwrap() {
                "fulfillment" => matches!(incoming, Incoming::Fulfillment(_)),
                "shipment" => matches!(incoming, Incoming::Shipments(_)),
                _ => matches!(incoming, Incoming::Stock(_)),
            };
            assert!(is_right, "{event} {name}: {incoming:?}");
        }
    }
    let stock = &document["paths"]["/stock"]["get"]["responses"]["200"]["content"]["application/json"]["examples"];
    assert!(read_json(stock["levels"]["value"].to_string().as_bytes()).is_ok(), "the stock contract is the feed's");
}

#[test]
fn the_examples_in_the_prose_hold() {
    let document = document();
    let prose = include_str!("../../../docs/wms.md");
    let blocks = prose.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap_or_default());
    let mut seen = Vec::new();
    for block in blocks {
        let value: Value = serde_json::from_str(block).unwrap_or_else(|fault| panic!("{fault}: {block}"));
        if value.get("base_url").is_some() {
            let profile = serde_json::from_value(value).expect("it is a profile");
            assert!(stockroom_wms::RestExchange::new(profile).is_ok());
            seen.push("profile");
        } else if value.get("type").is_some() {
            let incoming = with_proof(&value.to_string(), |message| Reader::new("wms").read(message));
            assert!(matches!(incoming, Ok(Incoming::Shipments(_))), "{incoming:?}");
            seen.push("message");
        } else {
            let schema = json!({ "$ref": "#/components/schemas/NewFulfillmentOrder" });
            assert_valid(&document, &schema, &value, "the order in the prose");
            seen.push("order");
        }
    }
    assert_eq!(seen, ["order", "message", "profile"]);
}
