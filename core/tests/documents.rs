//! Commands as JSON documents: what is not of the published form is refused before it is judged, and the
//! published JSON Schema says of every document what the reader says.

mod common;

use common::samples::samples;
use serde_json::{Value, json};
use stockroom::{Command, Reply, TimedCommand};

fn schema() -> jsonschema::Validator {
    let schema = schemars::schema_for!(Command).to_value();
    jsonschema::validator_for(&schema).expect("the schema is one")
}

/// Every place in a document, itself first.
fn places(value: &Value, pointer: String, list: &mut Vec<String>) {
    list.push(pointer.clone());
    match value {
        Value::Object(map) => map.iter().for_each(|(name, value)| {
            places(value, format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1")), list);
        }),
        Value::Array(values) => values.iter().enumerate().for_each(|(index, value)| {
            places(value, format!("{pointer}/{index}"), list);
        }),
        _ => {}
    }
}

fn documents() -> Vec<Value> {
    let document =
        |sample: common::samples::Sample| json!({ "key": "k-1", "action": { sample.action: sample.document } });
    samples().into_iter().map(document).collect()
}

/// The document with something else at one place.
fn with(document: &Value, pointer: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut changed = document.clone();
    change(changed.pointer_mut(pointer).expect("the place is there"));
    changed
}

/// Whether a document is taken, which schema and reader must agree on.
#[track_caller]
fn is_taken(schema: &jsonschema::Validator, document: &Value, what: &str) -> bool {
    let read = serde_json::from_value::<Command>(document.clone());
    assert_eq!(schema.is_valid(document), read.is_ok(), "{what}: the reader says {read:?} to {document}");
    // The same from bytes.
    assert_eq!(serde_json::from_slice::<Command>(document.to_string().as_bytes()).is_ok(), read.is_ok(), "{what}");
    read.is_ok()
}

#[test]
fn every_sample_is_read_and_written_back() {
    let schema = schema();
    for document in documents() {
        assert!(is_taken(&schema, &document, "a sample"));
        let command: Command = serde_json::from_value(document.clone()).expect("it was read");
        let written = serde_json::to_value(&command).expect("it can be written");
        assert_eq!(serde_json::from_value::<Command>(written).expect("it can be read"), command);
    }
}

#[test]
fn unknown_fields_are_refused_wherever_they_stand() {
    let schema = schema();
    for document in documents() {
        let mut list = Vec::new();
        places(&document, String::new(), &mut list);
        let objects = list.iter().filter(|pointer| document.pointer(pointer).is_some_and(Value::is_object));
        for pointer in objects {
            let more = with(&document, pointer, |value| {
                value.as_object_mut().expect("it is an object").insert("nonsense".into(), "x".into());
            });
            // Metadata is the host's own: any name may stand there.
            let free = pointer.ends_with("/metadata");
            assert_eq!(is_taken(&schema, &more, pointer), free, "{pointer} of {document}");
        }
    }
}

#[test]
fn fields_that_are_missing_are_refused_or_have_the_default_that_the_schema_says() {
    let schema = schema();
    let mut refused = 0;
    for document in documents() {
        let mut list = Vec::new();
        places(&document, String::new(), &mut list);
        for pointer in list.iter().skip(1) {
            let (parent, name) = pointer.rsplit_once('/').expect("it has a parent");
            if document.pointer(parent).is_some_and(Value::is_object) {
                let less = with(&document, parent, |value| {
                    value.as_object_mut().expect("it is an object").remove(name);
                });
                refused += usize::from(!is_taken(&schema, &less, pointer));
            }
        }
    }
    assert!(refused > 60, "only {refused} fields are required");
}

#[test]
fn values_of_another_type_are_refused() {
    let schema = schema();
    let others = [
        json!(null),
        json!(true),
        json!(1.5),
        json!(-1),
        json!(7),
        json!("text"),
        json!("7"),
        json!([]),
        json!([1]),
        json!({}),
        json!({ "a": 1 }),
    ];
    let mut refused = 0;
    for document in documents() {
        let mut list = Vec::new();
        places(&document, String::new(), &mut list);
        for pointer in &list {
            // The reader takes a list for an object too, its fields in their order. The schema does not promise it.
            let is_object = document.pointer(pointer).is_some_and(Value::is_object);
            for other in others.iter().filter(|other| !(is_object && other.is_array())) {
                let changed = with(&document, pointer, |value| *value = other.clone());
                refused += usize::from(!is_taken(&schema, &changed, &format!("{pointer} as {other}")));
            }
        }
    }
    assert!(refused > 1_000, "only {refused} were refused");
}

#[test]
fn numbers_that_no_integer_holds_are_refused() {
    for document in documents() {
        let mut list = Vec::new();
        places(&document, String::new(), &mut list);
        for pointer in list.iter().filter(|pointer| document.pointer(pointer).is_some_and(Value::is_number)) {
            for number in
                ["9223372036854775808e3", "1e400", "1e5", "1.0", "-9223372036854775809", "0x10", "007", "NaN", "+1"]
            {
                let text = with(&document, pointer, |value| *value = "@".into()).to_string().replace("\"@\"", number);
                assert!(serde_json::from_str::<Command>(&text).is_err(), "{pointer} as {number}");
            }
        }
    }
}

#[test]
fn broken_text_is_refused() {
    let text = json!({ "action": { "release_hold": { "hold": "HOLD" } } }).to_string();
    assert!(serde_json::from_str::<Command>(&text).is_ok());
    let (before, after) = text.split_once("HOLD").expect("it is there");
    let with = |hold: &[u8]| [before.as_bytes(), hold, after.as_bytes()].concat();
    // Not UTF-8; a surrogate alone; raw control characters; an unknown escape.
    for hold in [&b"\xff"[..], b"\xc3\x28", b"\xed\xa0\x80", b"\\ud800", b"\\ud800\\u0041", b"a\nb", b"a\0b", b"\\x41"]
    {
        assert!(serde_json::from_slice::<Command>(&with(hold)).is_err(), "{hold:?}");
    }
    // Escaped control characters are text, which is judged as text.
    assert!(serde_json::from_slice::<Command>(&with(b"a\\u0000b")).is_ok());
    for end in 0..text.len() {
        assert!(serde_json::from_str::<Command>(&text[..end]).is_err(), "cut at {end}");
    }
    assert!(serde_json::from_str::<Command>(&format!("{text} x")).is_err());
    let twice = r#"{"action":{"release_hold":{"hold":"a","hold":"b"}}}"#;
    assert!(serde_json::from_str::<Command>(twice).is_err());
    let two = r#"{"action":{"release_hold":{"hold":"a"},"tick":{"limit":1}}}"#;
    assert!(serde_json::from_str::<Command>(two).is_err());
    let deep = "[".repeat(100_000);
    assert!(serde_json::from_str::<Command>(&deep).is_err());
}

#[test]
fn replies_and_log_lines_are_read_back() {
    let shop = common::samples::prepared();
    for (number, sample) in samples().iter().enumerate() {
        let wrong = &sample.wrongs[0];
        for command in [sample.with(wrong).with_key(format!("k-{number}")), sample.command()] {
            let timed = TimedCommand { at_ms: shop.now_ms(), command: command.clone() };
            let line = serde_json::to_string(&timed).expect("it can be written");
            assert_eq!(serde_json::from_str::<TimedCommand>(&line).expect("it can be read"), timed);
            let reply = shop.reply(command);
            let text = serde_json::to_string(&reply).expect("it can be written");
            assert_eq!(serde_json::from_str::<Reply>(&text).expect("it can be read"), reply);
        }
    }
}
